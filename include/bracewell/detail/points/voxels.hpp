// SPDX-License-Identifier: MIT
// The voxels that points fall on: taps and weights of a few points at once, Count of them side by side on the host, one on a
// device. Axes end: what would fall beyond drops out.
#pragma once

#include <bracewell/detail/arguments/kinds.hpp>
#include <bracewell/detail/core/kernel_taps.hpp>
#include <bracewell/detail/core/tap_product.hpp>
#include <bracewell/options.hpp>

#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The first tap along one axis, for a pack of points at x = `at`. `valid` becomes 0 where no tap falls on a voxel; where x
/// is beyond all taps, NaN or infinite, `at` becomes a place outside.
template <int Reach, class P, class I>
KOKKOS_INLINE_FUNCTION I first_tap(P& at, int extent, I& valid) {
  using T = simd::Lane<P>;
  using Int = simd::Lane<I>;
  const P outside = P{} - T(2 * Reach), low = P{} - T(Reach), high = P{} + T(extent + Reach);
  const I none{};
  // Comparing reals first makes their conversion to integers safe; comparing the integers is exact.
  at = simd::select(at >= low, simd::select(at < high, at, outside), outside);
  const I first = simd::floor(at) + Int(1 - Reach);
  valid = simd::select(first > I(none - Int(2 * Reach)), simd::select(first < I(none + Int(extent)), valid, none), none);
  return first;
}

/// Weights are of type A, computed in T.
template <class T, class A, int M, int Reach, bool Slopes, int Count>
struct PointTaps {
  static constexpr int taps = 2 * Reach;
  using Int = simd::Integer<T>;

  Int inside[Count];    // whether any tap falls on a voxel
  Int first[M][Count];  // voxel of the first tap; from 1 − taps on for points inside
  A weight[M][taps][Count];
  A slope[Slopes ? M : 1][taps][Count];  // dweight/dx

  /// Sets the taps of points at x in images of these extents.
  template <class Kernel>
  KOKKOS_INLINE_FUNCTION void set(const Kernel& kernel, const T (&x)[M][Count], const int (&extent)[M]) {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    using I = simd::Pack<Int, W>;
    for (int lane = 0; lane < Count; lane += W) {
      I valid = I{} + Int(1);
      for (int e = 0; e < M; ++e) {
        P at = simd::load<P>(x[e] + lane);
        const I start = first_tap<Reach>(at, extent[e], valid);
        const P f = at - simd::convert<P>(I(start + Int(Reach - 1)));
        P w[taps];
        simd::store(first[e] + lane, start);
        kernel_weights<false>(kernel, f, w);
        for (int j = 0; j < taps; ++j) store_as(weight[e][j] + lane, w[j]);
        if constexpr (Slopes) {
          kernel_weights<true>(kernel, f, w);
          for (int j = 0; j < taps; ++j) store_as(slope[e][j] + lane, w[j]);
        }
      }
      simd::store(inside + lane, valid);
    }
  }

 private:
  template <class P>
  KOKKOS_INLINE_FUNCTION static void store_as(A* to, const P& pack) {
    simd::Pack<A, simd::lanes<P>> converted;
    simd::convert_to(converted, pack);
    simd::store(to, converted);
  }
};

/// The product of weights along the axes above x, with its rate of change where points move at x_dot.
template <class T, bool Tangent>
using Product = std::conditional_t<Tangent, Dual<T>, T>;

template <class T, bool Tangent>
KOKKOS_INLINE_FUNCTION Product<T, Tangent> one() {
  if constexpr (Tangent) {
    return {1, 0};
  } else {
    return 1;
  }
}

/// The rows of taps of one point in an array that has all of them.
template <class Taps, class Stride, class XDot>
struct TapWalk {
  static constexpr int taps = Taps::taps;

  const Taps& point;
  const Stride* stride;
  XDot x_dot;  // rows of Count numbers, or None
  int lane;

  KOKKOS_INLINE_FUNCTION std::int64_t step(int axis, int j, std::int64_t where) const { return where + j * stride[axis]; }
  KOKKOS_INLINE_FUNCTION bool owns(int, int) const { return true; }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const { return point.slope[axis][j][lane]; }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const {
    const auto w = point.weight[axis][j][lane];
    if constexpr (Given<XDot>) {
      using W = std::remove_const_t<decltype(w)>;
      return Dual<W>{w, W(x_dot[axis][lane] * slope(axis, j))};
    } else {
      return w;
    }
  }
};

/// The same in an image with edges. Rows outside are at −1.
template <class Taps, int M, class XDot>
struct EdgeWalk : TapWalk<Taps, std::int64_t, XDot> {
  using Base = TapWalk<Taps, std::int64_t, XDot>;

  const int* extent;

  KOKKOS_INLINE_FUNCTION EdgeWalk(const Taps& point_, const std::int64_t* stride_, XDot x_dot_, int lane_,
                                  const int* extent_)
      : Base{point_, stride_, x_dot_, lane_}, extent(extent_) {}

  KOKKOS_INLINE_FUNCTION int index(int axis, int j) const { return int(this->point.first[axis][this->lane]) + j; }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const { return unsigned(index(axis, j)) < unsigned(extent[axis]); }
  KOKKOS_INLINE_FUNCTION std::int64_t step(int axis, int j, std::int64_t where) const {
    return where >= 0 && owns(axis, j) ? where + index(axis, j) * this->stride[axis] : -1;
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
