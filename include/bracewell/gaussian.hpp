// SPDX-License-Identifier: MIT
/// \file gaussian.hpp
/// The kernel of points that have widths (points.hpp), such as atoms with B-factors.
///
/// A point of width σ is drawn as one without is, by φ(t) = 1 − |t|, blurred by a normal distribution g of standard deviation
/// s = σ voxels that ends at ±a s and is normalised, so that an image keeps the whole weight of a point wherever that lies:
///
///     φ_s(t) = ∫ (1 − |t − τ|)₊ g_s(τ) dτ,     Σ_v φ_s(x − v) = 1,     a = min(4, (reach − 1) / s)
///
/// With width 0 it is `Linear`, bit for bit. In closed form it is the second difference φ_s(t) = D(t + 1) − 2 D(t) + D(t − 1)
/// of the twofold integral D of g, of even part
///
///     D(t) = s (E(u) − ϕ(a)) / Z  for |u| < a,  else |t| / 2,     u = t / s,     E(u) = ϕ(u) + ½ u erf(u / √2),
///
/// where ϕ is the standard normal density and Z = erf(a / √2); slopes follow from E′ = ½ erf(u / √2), the derivative by the
/// width from E − u E′ = ϕ.
///
/// - The transform of a blob is that of φ, sinc²(k) along each axis at k cycles a voxel, times that of g, which differs from a
///   Gaussian's, exp(−2π² s² k²), by less than 1.3e-4 at any k as long as s ≤ (reach − 1) / 4.
/// - Its variance along an axis is 1/6 voxel² + s² (to 0.1 % of s²). To draw a density of width σ, such as an atom's of
///   B-factor B = 8π² σ², give √(σ² − voxel_size² / 6): then the transform is the density's but for terms in k⁴ (0.4 % less at
///   half the Nyquist frequency, 8 % at it), or divide by sinc² there.
#pragma once

#include <Kokkos_Core.hpp>

#include <bracewell/detail/core/simd.hpp>

#include <cmath>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Given as the kernel of `raster` and its derivatives where points have widths. Work grows with the widths along all axes but
/// x, and with Reach along x: where most points are narrow and some are wide, draw them in several calls.
///
/// Points wider than (Reach − 1) / 4 voxels end sooner than at 4 s, those of more than 4 (Reach − 1) voxels are drawn as of
/// that width.
template <int Reach>
class Gaussian {
  static_assert(Reach >= 2, "Gaussian<r>: r must be 2 or more");

 public:
  static constexpr int reach = Reach;

  /// The widest points, in voxels, that are drawn to 4 standard deviations.
  static constexpr double widest = (Reach - 1) / 4.0;

  Gaussian() {
    // E solves E″ + u E′ = E: its power series in y = u²/8 − 1, which is −1 … 1 for |u| ≤ 4.
    const double erf = std::erf(2.0);
    double e[double_terms] = {std::exp(-4.0) / std::sqrt(2 * Kokkos::numbers::pi) + std::sqrt(2.0) * erf,
                              erf / std::sqrt(2.0)};
    for (int n = 0; n + 2 < double_terms; ++n)
      e[n + 2] = -((n + 1) * (n + 4.5) * e[n + 1] + (4 * n - 2) * e[n]) / ((n + 2) * (n + 1));
    for (int n = 0; n < double_terms; ++n) double_[n] = e[n];
    for (int n = 0; n < float_terms; ++n) float_[n] = float(e[n]);
  }

  /// φ_s and, where wanted, its derivatives by t and by s at the taps t = f + Reach − 1 − j, 0 ≤ f < 1, for single numbers and
  /// for packs of them.
  template <bool Derivatives, class V>
  KOKKOS_FUNCTION void weights(V f, V s, V (&w)[2 * Reach], V (&slope)[2 * Reach], V (&by_width)[2 * Reach]) const {
    using T = detail::simd::Lane<V>;
    constexpr T last = Reach - 1;
    const V zero = 0 * f, most = zero + 4 * last;
    const V width = s < most ? s : most, inverse = 1 / (width > T(1e-30) ? width : zero + T(1e-30));
    const V end = 4 * width < last ? 4 * width : zero + last, a = 4 * width < last ? zero + 4 : last * inverse;
    V rim, slope_at_a;
    evaluate(a, rim, slope_at_a);
    rim -= a * slope_at_a;  // ϕ(a)
    const V norm = 1 / (2 * slope_at_a);
    // Since the end of g depends on s where that is at Reach − 1.
    const V by_end = 4 * width < last ? zero : a * rim * norm;
    const V widens = s < most ? zero + 1 : zero;

    // Of D but |t| / 2 at t = f + Reach − i, and of its derivatives: they end where g does.
    V d[2 * Reach + 2], d_slope[2 * Reach + 2], d_width[2 * Reach + 2];
    for (const int i : {0, 1, 2 * Reach, 2 * Reach + 1}) d[i] = d_slope[i] = d_width[i] = zero;
    for (int i = 2; i < 2 * Reach; ++i) {
      const T sign = i <= Reach ? 1 : -1;
      const V distance = sign * (f + T(Reach - i)), at = distance < end ? distance * inverse : a;
      V value, rate;
      evaluate(at, value, rate);
      const V density = value - at * rate;  // ϕ(u)
      value = (value - rim) * norm;
      d[i] = distance < end ? width * value - T(0.5) * distance : zero;
      if constexpr (Derivatives) {
        d_slope[i] = distance < end ? sign * (rate * norm - T(0.5)) : zero;
        d_width[i] = distance < end ? widens * ((density - rim) * norm - by_end * (a - 2 * value)) : zero;
      }
    }
    for (int j = 0; j < 2 * Reach; ++j) {
      w[j] = d[j] - 2 * d[j + 1] + d[j + 2];
      if constexpr (Derivatives) {
        slope[j] = d_slope[j] - 2 * d_slope[j + 1] + d_slope[j + 2];
        by_width[j] = d_width[j] - 2 * d_width[j + 1] + d_width[j + 2];
      }
    }
    w[Reach - 1] += 1 - f;
    w[Reach] += f;
    if constexpr (Derivatives) {
      slope[Reach - 1] -= 1;
      slope[Reach] += 1;
    }
  }

 private:
  static constexpr int double_terms = 28, float_terms = 20;  // for 6e-15 in double, rounding in float

  double double_[double_terms];
  float float_[float_terms];

  /// E(u) and E′(u) for |u| ≤ 4.
  template <class V>
  KOKKOS_FUNCTION void evaluate(V u, V& value, V& slope) const {
    const V y = u * u * 0.125f - 1;
    if constexpr (std::is_same_v<detail::simd::Lane<V>, float>) {
      horner(float_, y, value, slope);
    } else {
      horner(double_, y, value, slope);
    }
    slope *= u * 0.25f;
  }

  /// A polynomial and its derivative.
  template <class T, int Terms, class V>
  KOKKOS_FUNCTION static void horner(const T (&c)[Terms], V y, V& value, V& slope) {
    value = slope = 0 * y;
    for (int k = Terms - 1; k >= 0; --k) {
      slope = slope * y + value;
      value = value * y + c[k];
    }
  }
};

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
