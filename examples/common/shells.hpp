// SPDX-License-Identifier: MIT
// Fourier shell correlation of two half spectra of one cube.
#pragma once

#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace examples {

/// visit(shell, multiplicity, z, y, x) for the stored frequencies of a cube's half spectrum. Shell s has those of length s − ½ …
/// s + ½ of the full lattice, s = 0 … n/2.
template <class Visit>
void for_shells(int n, const Visit& visit) {
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        const double kz = bracewell::frequency(z, n), ky = bracewell::frequency(y, n);
        const int shell = int(std::lround(std::sqrt(kz * kz + ky * ky + double(x) * x)));
        if (shell <= n / 2) visit(std::size_t(shell), x == 0 || 2 * x == n ? 1.0 : 2.0, z, y, x);
      }
}

/// FSC(s) = Σ a conj b / √(Σ|a|² Σ|b|²) over shell s (G. Harauz, M. van Heel, Optik 73, 146 (1986)).
template <class Spectrum>
std::vector<double> fourier_shell_correlation(const Spectrum& a, const Spectrum& b) {
  const int n = int(a.extent(0));
  std::vector<double> cross(n / 2 + 1), power_a(n / 2 + 1), power_b(n / 2 + 1), fsc(n / 2 + 1);
  for_shells(n, [&](std::size_t shell, double multiplicity, int z, int y, int x) {
    const auto u = a(z, y, x), v = b(z, y, x);
    cross[shell] += multiplicity * (double(u.real()) * v.real() + double(u.imag()) * v.imag());
    power_a[shell] += multiplicity * (double(u.real()) * u.real() + double(u.imag()) * u.imag());
    power_b[shell] += multiplicity * (double(v.real()) * v.real() + double(v.imag()) * v.imag());
  });
  for (std::size_t s = 0; s < fsc.size(); ++s) {
    const double power = std::sqrt(power_a[s] * power_b[s]);
    fsc[s] = power > 0 ? cross[s] / power : 0;
  }
  return fsc;
}

/// The mean |a|² of each shell.
template <class Spectrum>
std::vector<double> shell_power(const Spectrum& a) {
  const int n = int(a.extent(0));
  std::vector<double> power(n / 2 + 1), count(n / 2 + 1);
  for_shells(n, [&](std::size_t shell, double multiplicity, int z, int y, int x) {
    const auto u = a(z, y, x);
    power[shell] += multiplicity * (double(u.real()) * u.real() + double(u.imag()) * u.imag());
    count[shell] += multiplicity;
  });
  for (std::size_t s = 0; s < power.size(); ++s) power[s] /= count[s];
  return power;
}

/// Where a curve first falls below a level. Shell 0, the mean, tells of no detail and is left out.
struct Crossing {
  enum { at_once, within, never } where;  // at_once: shell 1 is below already
  double shell = 0;                       // between integers; of `within` alone
};

inline Crossing crossing(const std::vector<double>& fsc, double level) {
  for (std::size_t s = 1; s < fsc.size(); ++s)
    if (!(fsc[s] >= level)) {
      if (s == 1) return {Crossing::at_once};
      return {Crossing::within, double(s - 1) + (fsc[s - 1] - level) / (fsc[s - 1] - fsc[s])};
    }
  return {Crossing::never};
}

/// The resolution at a level in words, for a box of an extent in Å: nothing is told of what lies outside the curve.
inline std::string resolution(const std::vector<double>& fsc, double level, double box) {
  const Crossing c = crossing(fsc, level);
  char text[128];
  if (c.where == Crossing::within) {
    std::snprintf(text, sizeof text, "%.2f Å", box / c.shell);
  } else if (c.where == Crossing::at_once) {
    std::snprintf(text, sizeof text, "none: the curve begins below it, %.3f at %.2f Å", fsc.size() > 1 ? fsc[1] : 0, box);
  } else {
    std::snprintf(text, sizeof text, "not reached: above it up to the last shell, %.2f Å", box / double(fsc.size() - 1));
  }
  return text;
}

}  // namespace examples
