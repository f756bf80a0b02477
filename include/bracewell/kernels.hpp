// SPDX-License-Identifier: MIT
/// \file kernels.hpp
/// Interpolation kernels φ: even functions of the distance t, in index units, that vanish for |t| ≥ reach.
///
/// The interpolant of a lattice F is F~(κ) = Σ_m F[m] Π_d φ(κ_d − m_d), with 2·reach taps an axis.
///
/// A kernel of your own is any copyable object with
///
///     static constexpr int reach;                              // r ≥ 1
///     template <class T> KOKKOS_FUNCTION T value(T t) const;   // φ(t), for float and double
///     template <class T> KOKKOS_FUNCTION T slope(T t) const;   // φ′(t); only derivatives need it
///     KOKKOS_FUNCTION double transform(double u) const;        // ∫ φ(t) cos(2πut) dt; only gridding correction needs it
///     double absolute_integral() const;                        // ∫ |φ|, likewise; 1 where it is missing
///
/// and ∫φ = 1, so that slices carry the right scale. Given as the last argument of an operation it replaces
/// `options.interpolation`. The kernels below also give all taps of an axis at once, as `weights` and `slopes` of the
/// fraction f = κ − ⌊κ⌋, for single numbers and for packs of them; a kernel of your own may.
#pragma once

#include <Kokkos_Core.hpp>

#include <bracewell/detail/arguments/refuse.hpp>
#include <bracewell/detail/core/simd.hpp>

#include <cmath>
#include <string>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

namespace detail {

using Kokkos::numbers::pi;

KOKKOS_INLINE_FUNCTION double sinc(double u) { return u == 0 ? 1 : Kokkos::sin(pi * u) / (pi * u); }

}  // namespace detail

/// φ(t) = 1 − |t|.
struct Linear {
  static constexpr int reach = 1;

  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    t = Kokkos::abs(t);
    return t < 1 ? 1 - t : T(0);
  }

  /// At the kinks, the slope to the right.
  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    return t < -1 || t >= 1 ? T(0) : t < 0 ? T(1) : T(-1);
  }

  /// w[j] = φ(f + reach − 1 − j), 0 ≤ f < 1: the weights of the taps ⌊κ⌋ + 1 − reach … ⌊κ⌋ + reach.
  template <class V>
  KOKKOS_FUNCTION void weights(V f, V (&w)[2]) const {
    w[0] = 1 - f;
    w[1] = f;
  }

  /// Their derivatives.
  template <class V>
  KOKKOS_FUNCTION void slopes(V f, V (&w)[2]) const {
    w[0] = 0 * f - 1;
    w[1] = 0 * f + 1;
  }

  /// sinc²(u)
  KOKKOS_FUNCTION double transform(double u) const { return detail::sinc(u) * detail::sinc(u); }
  double absolute_integral() const { return 1; }
};

/// Catmull–Rom, Keys' cubic convolution with a = −½ (R. G. Keys, IEEE Trans. ASSP 29, 1153 (1981)).
struct Cubic {
  static constexpr int reach = 2;

  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    t = Kokkos::abs(t);
    return t < 1 ? (1.5f * t - 2.5f) * t * t + 1 : t < 2 ? ((-0.5f * t + 2.5f) * t - 4) * t + 2 : T(0);
  }

  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    const T a = Kokkos::abs(t);
    const T s = a < 1 ? (4.5f * a - 5) * a : a < 2 ? (-1.5f * a + 5) * a - 4 : T(0);
    return t < 0 ? -s : s;
  }

  // Literals of float are exact here and mix with packs of float as well as of double.
  template <class V>
  KOKKOS_FUNCTION void weights(V f, V (&w)[4]) const {
    const V g = 1 - f;
    w[0] = -0.5f * f * g * g;
    w[1] = (1.5f * f - 2.5f) * f * f + 1;
    w[2] = ((-1.5f * f + 2) * f + 0.5f) * f;
    w[3] = -0.5f * g * f * f;
  }

  template <class V>
  KOKKOS_FUNCTION void slopes(V f, V (&w)[4]) const {
    w[0] = (-1.5f * f + 2) * f - 0.5f;
    w[1] = (4.5f * f - 5) * f;
    w[2] = (-4.5f * f + 4) * f + 0.5f;
    w[3] = (1.5f * f - 1) * f;
  }

  /// sinc³(u) (3 sinc(u) − 2 cos πu)
  KOKKOS_FUNCTION double transform(double u) const {
    const double s = detail::sinc(u);
    return s * s * s * (3 * s - 2 * Kokkos::cos(detail::pi * u));
  }
  double absolute_integral() const { return 7.0 / 6; }
};

/// Kaiser–Bessel: φ(t) = c I₀(β √(1 − (t/r)²)) for |t| < r and 0 from r on, ∫φ = 1, with
/// β = π √((2r/s)² (s − ½)² − 0.8) for references padded s-fold (Beatty, Nishimura, Pauly, IEEE TMI 24, 799 (2005)).
/// Far more accurate than the others after gridding correction. Not interpolating. φ has a step of c = φ(0) / I₀(β) at |t| = r, which
/// is met where κ is an integer and nowhere else: 1/168 of φ(0) for r = 2, 1/7000 for r = 3, 1/284,000 for r = 4 at s = 1.25, less at
/// more padding: a part of the error that the table in README shows. Derivatives in κ leave it out.
///
/// Between integers φ is evaluated as a polynomial through Chebyshev nodes: of degree 15 in double (within 1e-14 of
/// φ(0)) and 9 in float (1e-8). Construction computes them, some µs; copies are cheap.
template <int Reach>
class KaiserBessel {
  static_assert(Reach >= 2 && Reach <= 4, "KaiserBessel<r>: r must be 2, 3 or 4");

 public:
  static constexpr int reach = Reach;

  /// `padding` is s, the ratio of the padded extent to the object's.
  /// \throws std::invalid_argument where no β belongs to it.
  explicit KaiserBessel(double padding) {
    const double ratio = 2 * Reach / padding * (padding - 0.5);
    const double radicand = ratio * ratio - 0.8;
    if (!(padding > 0.5 && radicand > 0 && std::isfinite(padding)))
      detail::refuse("KaiserBessel", "padding", std::to_string(padding),
                     "a finite number large enough for (2 reach / padding)² (padding − ½)² > 0.8");
    beta_ = detail::pi * std::sqrt(radicand);
    scale_ = beta_ / (2 * Reach * std::sinh(beta_));
    for (int piece = 0; piece < Reach; ++piece) {
      interpolate(piece, double_[piece]);
      interpolate(piece, float_[piece]);
    }
  }

  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    t = Kokkos::abs(t);
    if (!(t < Reach)) return T(0);
    const int piece = int(t);
    const T u = t - piece - 0.5f;
    return even(piece, u * u) + u * odd(piece, u * u);
  }

  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    const T a = Kokkos::abs(t);
    if (!(a < Reach)) return T(0);
    const int piece = int(a);
    const T u = a - piece - 0.5f;
    const T s = even_slope(piece, u * u) + u * odd_slope(piece, u * u);
    return t < 0 ? -s : s;
  }

  template <class V>
  KOKKOS_FUNCTION void weights(V f, V (&w)[2 * Reach]) const {
    const V u = f - 0.5f;
    for (int i = 0; i < Reach; ++i) {  // the taps at f + i and, mirrored, at −(1 − f + i) share one polynomial
      const V e = even(i, V(u * u)), o = u * odd(i, V(u * u));
      w[Reach - 1 - i] = e + o;
      w[Reach + i] = e - o;
    }
    w[2 * Reach - 1] = f == 0 ? V(0 * f) : w[2 * Reach - 1];  // φ(−r) = 0
  }

  template <class V>
  KOKKOS_FUNCTION void slopes(V f, V (&w)[2 * Reach]) const {
    const V u = f - 0.5f;
    for (int i = 0; i < Reach; ++i) {
      const V e = even_slope(i, V(u * u)), o = u * odd_slope(i, V(u * u));
      w[Reach - 1 - i] = e + o;
      w[Reach + i] = o - e;
    }
    w[2 * Reach - 1] = f == 0 ? V(0 * f) : w[2 * Reach - 1];
  }

  /// 2rc sinh(z)/z with z = √(β² − (2πru)²), and sin for sinh where that is imaginary.
  KOKKOS_FUNCTION double transform(double u) const {
    const double x = 2 * detail::pi * Reach * u, z2 = beta_ * beta_ - x * x;
    const double z = Kokkos::sqrt(Kokkos::abs(z2));
    return 2 * Reach * scale_ * (z < 1e-6 ? 1 + z2 / 6 : (z2 > 0 ? Kokkos::sinh(z) : Kokkos::sin(z)) / z);
  }
  double absolute_integral() const { return 1; }

 private:
  static constexpr int double_terms = 16, float_terms = 10;

  double beta_, scale_;
  double double_[Reach][double_terms];  // φ(i + ½ + u) = Σ_k double_[i][k] uᵏ for |u| ≤ ½
  float float_[Reach][float_terms];

  /// I₀(z) = Σ_k (z/2)^2k / k!²; all terms are positive.
  static double bessel_i0(double z) {
    double sum = 1, term = 1;
    for (int k = 1; term > 1e-17 * sum; ++k) sum += term *= z * z / (4.0 * k * k);
    return sum;
  }

  /// The polynomial through φ at the Chebyshev nodes of a unit interval: Σ_k a_k T_k(2u), then sorted by powers of u.
  template <class T, int Terms>
  void interpolate(int piece, T (&coefficient)[Terms]) const {
    double sample[Terms], power[Terms] = {}, chebyshev[2][Terms] = {{1}, {0, 2}};  // T_0, T_1 as powers of u
    for (int n = 0; n < Terms; ++n) {
      const double t = (piece + 0.5 + 0.5 * std::cos(detail::pi * (n + 0.5) / Terms)) / Reach;
      sample[n] = scale_ * bessel_i0(beta_ * std::sqrt(1 - t * t));
    }
    for (int k = 0; k < Terms; ++k) {
      double a = 0;
      for (int n = 0; n < Terms; ++n) a += sample[n] * std::cos(detail::pi * k * (n + 0.5) / Terms);
      a *= (k == 0 ? 1.0 : 2.0) / Terms;
      double* now = chebyshev[k % 2];
      const double* before = chebyshev[1 - k % 2];
      if (k > 1)  // T_k = 2 (2u) T_k−1 − T_k−2
        for (int i = Terms - 1; i >= 0; --i) now[i] = (i > 0 ? 4 * before[i - 1] : 0) - now[i];
      for (int i = 0; i < Terms; ++i) power[i] += a * now[i];
    }
    for (int i = 0; i < Terms; ++i) coefficient[i] = T(power[i]);
  }

  template <class V>
  static constexpr bool single = std::is_same_v<detail::simd::Lane<V>, float>;

  template <class V>
  KOKKOS_FUNCTION const auto& coefficients(int piece) const {
    if constexpr (single<V>) {
      return float_[piece];
    } else {
      return double_[piece];
    }
  }

  // The even and odd parts of the polynomial and of its derivative, in v = u².
  template <class V>
  KOKKOS_FUNCTION V even(int piece, V v) const {
    return horner<0, false>(piece, v);
  }
  template <class V>
  KOKKOS_FUNCTION V odd(int piece, V v) const {
    return horner<1, false>(piece, v);
  }
  template <class V>
  KOKKOS_FUNCTION V even_slope(int piece, V v) const {
    return horner<1, true>(piece, v);
  }
  template <class V>
  KOKKOS_FUNCTION V odd_slope(int piece, V v) const {
    return horner<2, true>(piece, v);
  }

  /// Σ over k = First, First + 2, … of c_k v^((k − First)/2), each term times k for a derivative.
  template <int First, bool Derivative, class V>
  KOKKOS_FUNCTION V horner(int piece, V v) const {
    using T = detail::simd::Lane<V>;
    const auto& c = coefficients<V>(piece);
    constexpr int terms = single<V> ? float_terms : double_terms;
    constexpr int last = terms - 1 - (terms - 1 - First) % 2;
    V sum = 0 * v + c[last] * T(Derivative ? last : 1);
    for (int k = last - 2; k >= First; k -= 2) sum = sum * v + c[k] * T(Derivative ? k : 1);
    return sum;
  }
};

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
