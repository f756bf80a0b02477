// SPDX-License-Identifier: MIT
// What every operation must return, summed literally in double: slow, plain, and independent of the library's headers.
// Extents are those of real arrays in memory order, x last; vectors of coordinates are x first.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <vector>

namespace reference {

using Complex = std::complex<double>;
using Extents = std::vector<int>;

inline constexpr double pi = 3.14159265358979323846;

struct Kernel {
  int reach;
  std::function<double(double)> value;
};

Kernel linear();

Kernel cubic();

/// I₀ by the periodic trapezoid rule.
double bessel_i0(double z);

Kernel kaiser_bessel(int reach, double padding);

std::size_t stored_size(const Extents& n);

/// n of axis d, x first.
int extent(const Extents& n, std::size_t d);

/// Signed frequencies, x first, of the stored samples in memory order.
std::vector<std::vector<int>> frequencies(const Extents& n);

struct Stored {
  std::size_t offset;
  bool conjugate;
};

/// Where lattice point m, any integers, is stored.
Stored locate(std::vector<int> m, const Extents& n);

Complex conjugate_if(bool conjugate, Complex z);

/// One pose and what goes with it. R is [M][N], row-major.
struct Geometry {
  Extents extents, slice;
  std::vector<double> rotation, shift;
  double oversampling = 1, cutoff = 0.5;
};

std::vector<double> kappa(const Geometry& g, const std::vector<int>& k);

Complex phase(const Geometry& g, const std::vector<int>& k);

bool counts(const Geometry& g, const std::vector<int>& k, const std::vector<double>& at);

/// visit(stored place, weight) of every tap of κ.
template <class Visit>
void taps(const Kernel& kernel, const std::vector<double>& at, const Extents& n, const Visit& visit) {
  const std::size_t width = 2 * kernel.reach;
  std::vector<int> first;
  std::vector<double> weights;  // [axis][tap]
  std::size_t count = 1;
  for (const double x : at) {
    first.push_back(int(std::floor(x)) + 1 - kernel.reach);
    for (std::size_t j = 0; j < width; ++j) weights.push_back(kernel.value(x - (first.back() + int(j))));
    count *= width;
  }
  std::vector<int> m(at.size());
  for (std::size_t i = 0; i < count; ++i) {
    double weight = 1;
    std::size_t rest = i;
    for (std::size_t d = 0; d < at.size(); ++d) {
      const std::size_t j = rest % width;
      rest /= width;
      m[d] = first[d] + int(j);
      weight *= weights[d * width + j];
    }
    visit(locate(m, n), weight);
  }
}

std::vector<Complex> project(const std::vector<Complex>& f, const Geometry& g, const Kernel& kernel);

/// V(n) ← g(n) + conj g(−n) on the self-conjugate planes.
template <class V>
std::vector<V> symmetrise(const std::vector<V>& g, const Extents& n) {
  std::vector<V> result = g;
  const auto all = frequencies(n);
  for (std::size_t i = 0; i < g.size(); ++i)
    if (2 * all[i][0] % n.back() == 0) {
      std::vector<int> mate = all[i];
      for (std::size_t d = 1; d < mate.size(); ++d) mate[d] = -mate[d];
      const V other = g[locate(mate, n).offset];
      if constexpr (std::is_same_v<V, Complex>) {
        result[i] += std::conj(other);
      } else {
        result[i] += other;
      }
    }
  return result;
}

struct Insertion {
  std::vector<Complex> data;
  std::vector<double> density;
};

/// Without weights, ones are inserted.
Insertion backproject(const std::vector<Complex>& slice, const std::vector<double>& weights, const Geometry& g,
                      const Kernel& kernel);

}  // namespace reference
