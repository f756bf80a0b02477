// SPDX-License-Identifier: MIT
// What projector.hpp and reconstructor.hpp must return, by Fourier sums over voxels: slow, plain and independent of them.
#pragma once

#include <bracewell/poses.hpp>

#include "arrays.hpp"
#include "random.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <functional>
#include <vector>

namespace support {

using HostExec = Kokkos::DefaultHostExecutionSpace;

template <class V, int Rank>
using Array = Dense<V, Rank, Kokkos::HostSpace>;

template <int Rank>
Array<double, Rank> filled(const std::vector<long>& shape, const std::vector<double>& values) {
  Array<double, Rank> a("a", layout(shape));
  std::copy(values.begin(), values.end(), a.data());
  return a;
}
template <class A>
std::vector<double> values(const A& a) {
  return {a.data(), a.data() + a.size()};
}

/// Signed coordinates, x first, of a dense array's elements in memory order, from element ⌊n/2⌋.
template <int A>
std::vector<std::array<double, A>> coordinates(const std::array<long, A>& extents) {
  long size = 1;
  for (const long n : extents) size *= n;
  std::vector<std::array<double, A>> all(size);
  for (long i = 0; i < size; ++i) {
    long rest = i;
    for (int d = 0; d < A; ++d) {
      const long n = extents[A - 1 - d];
      all[i][d] = double(rest % n - n / 2);
      rest /= n;
    }
  }
  return all;
}

/// Frequencies of a lattice in cycles per voxel, x first, the signed ones −⌊n/2⌋ … ⌈n/2⌉ − 1, all of them.
template <int A>
std::vector<std::array<double, A>> full_frequencies(const std::array<long, A>& extents) {
  auto all = coordinates<A>(extents);
  for (auto& k : all)
    for (int d = 0; d < A; ++d) k[d] /= double(extents[A - 1 - d]);
  return all;
}

/// A job: images at poses of a map, R as [P][M][N], shifts as [P][M].
template <int N, int M>
struct Job {
  std::array<long, N> map;
  std::array<long, M> image;
  std::vector<double> rotations, shifts;
  double pixel = 1, scale = 1, cutoff = 0.5;
  std::function<std::complex<double>(int, const std::array<double, M>&)> modulation = [](int, const std::array<double, M>&) {
    return 1.0;
  };

  int poses() const { return int(shifts.size()) / M; }
  static long size(const auto& extents) {
    long size = 1;
    for (const long n : extents) size *= n;
    return size;
  }

  struct Sample {
    int pose;
    std::array<double, M> k;      // cycles per pixel
    std::array<double, N> at;     // cycles per voxel
    std::complex<double> factor;  // of V there in the image's spectrum
  };

  /// All of the full lattice of all images that count: within the cutoff, and where the map has frequencies.
  std::vector<Sample> samples() const {
    std::vector<Sample> all;
    for (int p = 0; p < poses(); ++p)
      for (const auto& k : full_frequencies<M>(image)) {
        double square = 0, turns = 0;
        std::array<double, N> at{};
        for (int e = 0; e < M; ++e) {
          square += k[e] * k[e];
          turns += k[e] * shifts[p * M + e];
          for (int d = 0; d < N; ++d) at[d] += rotations[(p * M + e) * N + d] * k[e] / pixel;
        }
        bool inside = std::sqrt(square) <= cutoff * (1 + 1e-6);
        for (const double q : at) inside = inside && std::abs(q) <= 0.5 * (1 + 1e-6);
        if (inside)
          all.push_back({p, k, at, scale / std::pow(pixel, M) * modulation(p, k) * std::polar(1.0, -2 * M_PI * turns)});
      }
    return all;
  }

  /// The images of a map; frequencies at the edge of an even lattice stand for both signs.
  std::vector<double> images(const std::vector<double>& v) const {
    const auto voxels = coordinates<N>(map);
    const auto pixels = coordinates<M>(image);
    std::vector<double> u(poses() * pixels.size(), 0.0);
    for (const Sample& s : samples()) {
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < voxels.size(); ++i) sum += v[i] * std::polar(1.0, -2 * M_PI * dot(s.at, voxels[i]));
      sum *= s.factor / double(pixels.size());
      for (std::size_t j = 0; j < pixels.size(); ++j)
        u[s.pose * pixels.size() + j] += (sum * std::polar(1.0, 2 * M_PI * dot(s.k, pixels[j]))).real();
    }
    return u;
  }

  template <std::size_t A>
  static double dot(const std::array<double, A>& a, const std::array<double, A>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < A; ++i) sum += a[i] * b[i];
    return sum;
  }
};

/// With random poses.
template <int N, int M>
Job<N, M> random_job(Random& random, const std::array<long, N>& map, const std::array<long, M>& image, int poses) {
  Job<N, M> job{map, image, {}, {}};
  for (int p = 0; p < poses; ++p) {
    const auto r = random.rotation(M, N);
    job.rotations.insert(job.rotations.end(), r.begin(), r.end());
  }
  job.shifts = random.normals(std::size_t(poses) * M);
  return job;
}

template <std::size_t A>
std::vector<long> shape_of(std::initializer_list<long> front, const std::array<long, A>& extents) {
  std::vector<long> shape(front);
  shape.insert(shape.end(), extents.begin(), extents.end());
  return shape;
}

template <int N, int M>
auto poses_of(const Job<N, M>& job) {
  return bracewell::Poses{filled<3>({job.poses(), M, N}, job.rotations), filled<2>({job.poses(), M}, job.shifts)};
}

}  // namespace support
