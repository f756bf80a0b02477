// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

namespace support {

inline double modulus(double x) { return std::abs(x); }
inline double modulus(const std::complex<double>& z) { return std::abs(z); }

/// max |a − b| / max |b|; infinite where a value is NaN or sizes differ. 0 where both are 0 or empty.
template <class V>
double relative_error(const std::vector<V>& a, const std::vector<V>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double e = modulus(a[i] - b[i]);
    if (!(e <= std::numeric_limits<double>::max())) return std::numeric_limits<double>::infinity();
    error = std::max(error, e);
    scale = std::max(scale, modulus(b[i]));
  }
  return error == 0 ? 0 : error / scale;
}

/// Bit for bit, without printing either.
template <class V>
bool identical(const std::vector<V>& a, const std::vector<V>& b) {
  return a == b;
}

}  // namespace support
