// SPDX-License-Identifier: MIT
// The derivative harness: everything that must hold of an operation's jvp and vjp, for any operation whose arguments are
// flattened to real numbers (complex ones to pairs).
#pragma once

#include "compare.hpp"
#include "random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <string>
#include <vector>

namespace support {

/// One flattened real array an argument.
using Arguments = std::vector<std::vector<double>>;

/// An operation with its derivatives. Bit i of `given` or `wanted` says whether argument i takes part; where not, the
/// operation is called with `none`, and what stands for it in Arguments is ignored or left empty.
/// `start`: what the outputs hold before an accumulating call; null for an overwriting one, whose outputs hold NaN before.
struct Differentiable {
  std::vector<std::string> inputs;  // names of those with derivatives
  std::function<Arguments(const Arguments& inputs)> value;
  std::function<Arguments(const Arguments& inputs, const Arguments& dots, unsigned given, const Arguments* start)> jvp;
  std::function<Arguments(const Arguments& inputs, const Arguments& bars, unsigned wanted, const Arguments* start)> vjp;
  /// Makes a random tangent of input i an admissible one (Hermitian, say).
  std::function<void(int i, std::vector<double>& dot)> admit = [](int, std::vector<double>&) {};
};

struct DerivativeTolerance {
  double dot = 1e-12;        // of ⟨bar, jvp⟩ = ⟨vjp, dot⟩, relative to the products of norms
  double same = 1e-12;       // of results that different calls share
  double difference = 1e-7;  // of finite differences; 0: not compared
  double step = 3e-6;
  bool subsets = true;  // call with every subset of arguments; else with all of them only, to spare instantiations
};

namespace derivatives {

inline double dot(const Arguments& a, const Arguments& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a[i].size(); ++j) sum += a[i][j] * b[i][j];
  return sum;
}

inline Arguments axpy(const Arguments& x, double a, const Arguments& y) {
  Arguments sum = x;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x[i].size(); ++j) sum[i][j] += a * y[i][j];
  return sum;
}

inline double norm(const Arguments& a) { return std::sqrt(dot(a, a)); }

/// Largest difference relative to the largest value, of all arguments together; infinite for NaN.
inline double error(const Arguments& a, const Arguments& b) {
  std::vector<double> x, y;
  for (const auto& v : a) x.insert(x.end(), v.begin(), v.end());
  for (const auto& v : b) y.insert(y.end(), v.begin(), v.end());
  return relative_error(x, y);
}

inline Arguments random_like(Random& random, const Arguments& a) {
  Arguments r;
  for (const auto& v : a) r.push_back(random.normals(v.size()));
  return r;
}

}  // namespace derivatives

/// Checks at `inputs`: finite differences against jvp; jvp against vjp by a dot product; every subset of tangents and of
/// cotangents against the whole; accumulation against overwriting.
void check_derivatives(const Differentiable& op, const Arguments& inputs, Random& random,
                       const DerivativeTolerance& tolerance = {});

}  // namespace support
