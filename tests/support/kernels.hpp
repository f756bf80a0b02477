// SPDX-License-Identifier: MIT
// Kernels of the tests, and the literal ones that they are checked against.
#pragma once

#include "reference.hpp"

#include <bracewell/kernels.hpp>
#include <bracewell/options.hpp>

#include <array>

namespace support {

/// A user's own kernel, of a reach that none of the library's has: the quadratic B-spline, centred and of reach 2.
struct QuadraticSpline {
  static constexpr int reach = 2;

  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    t = Kokkos::abs(t);
    return t < T(0.5) ? T(0.75) - t * t : t < T(1.5) ? T(0.5) * (T(1.5) - t) * (T(1.5) - t) : T(0);
  }
  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    const T a = Kokkos::abs(t), s = a < T(0.5) ? -2 * a : a < T(1.5) ? a - T(1.5) : T(0);
    return t < 0 ? -s : s;
  }
  KOKKOS_FUNCTION double transform(double u) const {
    const double x = Kokkos::numbers::pi * u, s = x == 0 ? 1 : Kokkos::sin(x) / x;
    return s * s * s;
  }
};

inline reference::Kernel reference_kernel(bracewell::Interpolation interpolation, double padding) {
  using bracewell::Interpolation;
  switch (interpolation) {
    case Interpolation::linear:
      return reference::linear();
    case Interpolation::cubic:
      return reference::cubic();
    case Interpolation::kaiser_bessel_4:
      return reference::kaiser_bessel(2, padding);
    case Interpolation::kaiser_bessel_6:
      return reference::kaiser_bessel(3, padding);
    default:
      return reference::kaiser_bessel(4, padding);
  }
}

inline reference::Kernel quadratic_spline() {
  return {QuadraticSpline::reach, [](double t) { return QuadraticSpline{}.value(t); }};
}

inline constexpr std::array interpolations{
    bracewell::Interpolation::linear, bracewell::Interpolation::cubic, bracewell::Interpolation::kaiser_bessel_4,
    bracewell::Interpolation::kaiser_bessel_6, bracewell::Interpolation::kaiser_bessel_8};

}  // namespace support
