// SPDX-License-Identifier: MIT
// Fourier shell correlation of two half spectra of one cube.
#pragma once

#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <vector>

namespace examples {

/// FSC(s) = Σ a conj b / √(Σ|a|² Σ|b|²) over shell s, the frequencies of length s − ½ … s + ½ of the full lattice, for
/// s = 0 … n/2 (G. Harauz, M. van Heel, Optik 73, 146 (1986)).
template <class Spectrum>
std::vector<double> fourier_shell_correlation(const Spectrum& a, const Spectrum& b) {
  const int n = int(a.extent(0));
  std::vector<double> cross(n / 2 + 1), power_a(n / 2 + 1), power_b(n / 2 + 1), fsc(n / 2 + 1);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        const double kz = bracewell::frequency(z, n), ky = bracewell::frequency(y, n);
        const int shell = int(std::lround(std::sqrt(kz * kz + ky * ky + double(x) * x)));
        if (shell > n / 2) continue;
        const double multiplicity = x == 0 || 2 * x == n ? 1 : 2;
        const auto u = a(z, y, x), v = b(z, y, x);
        cross[shell] += multiplicity * (double(u.real()) * v.real() + double(u.imag()) * v.imag());
        power_a[shell] += multiplicity * (double(u.real()) * u.real() + double(u.imag()) * u.imag());
        power_b[shell] += multiplicity * (double(v.real()) * v.real() + double(v.imag()) * v.imag());
      }
  for (std::size_t s = 0; s < fsc.size(); ++s) {
    const double power = std::sqrt(power_a[s] * power_b[s]);
    fsc[s] = power > 0 ? cross[s] / power : 0;
  }
  return fsc;
}

/// The shell, between integers, at which the curve first falls below a level; negative where it never does.
inline double crossing(const std::vector<double>& fsc, double level) {
  for (std::size_t s = 1; s < fsc.size(); ++s)
    if (fsc[s] < level) return double(s - 1) + (fsc[s - 1] - level) / (fsc[s - 1] - fsc[s]);
  return -1;
}

}  // namespace examples
