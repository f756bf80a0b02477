// SPDX-License-Identifier: MIT
// Random inputs. Seeds are fixed, and Catch2 prints them with a failure through the INFO of their maker.
#pragma once

#include "reference.hpp"

#include <catch2/catch_message.hpp>

#include <random>

namespace support {

class Random {
 public:
  explicit Random(unsigned seed_) : seed(seed_), generator_(seed_) {}

  const unsigned seed;

  double normal() { return std::normal_distribution<double>()(generator_); }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(generator_); }
  int integer(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator_); }

  std::vector<double> normals(std::size_t count) {
    std::vector<double> values(count);
    for (double& v : values) v = normal();
    return values;
  }

  std::vector<double> uniforms(std::size_t count, double low, double high) {
    std::vector<double> values(count);
    for (double& v : values) v = uniform(low, high);
    return values;
  }

  std::vector<reference::Complex> complex(std::size_t count) {
    std::vector<reference::Complex> values(count);
    for (auto& v : values) v = {normal(), normal()};
    return values;
  }

  /// The half spectrum of some real array: Hermitian on its self-conjugate planes.
  std::vector<reference::Complex> spectrum(const reference::Extents& n) {
    auto values = reference::symmetrise(complex(reference::stored_size(n)), n);
    return values;
  }

  /// The first `rows` rows of a rotation of `axes` dimensions: orthonormal rows.
  std::vector<double> rotation(int rows, int axes) {
    std::vector<double> r = normals(std::size_t(rows) * axes);
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j <= i; ++j) {
        double dot = 0;
        for (int d = 0; d < axes; ++d) dot += r[i * axes + d] * r[j * axes + d];
        for (int d = 0; d < axes; ++d)
          r[i * axes + d] = j < i ? r[i * axes + d] - dot * r[j * axes + d] : r[i * axes + d] / std::sqrt(dot);
      }
    }
    return r;
  }

 private:
  std::mt19937 generator_;
};

}  // namespace support
