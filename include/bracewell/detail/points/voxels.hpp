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

/// Weights are of type A, computed in T. Wide: points have widths, and the kernel takes them. ByWidth is with Slopes only.
template <class T, class A, int M, int Reach, bool Wide, bool Slopes, bool ByWidth, int Count>
struct PointTaps {
  static constexpr int taps = 2 * Reach;
  static constexpr bool wide = Wide, slopes = Slopes;
  using Int = simd::Integer<T>;

  Int inside[Count];    // whether any tap falls on a voxel
  Int first[M][Count];  // voxel of the first tap; from 1 − taps on for points inside
  A weight[M][taps][Count];
  A slope[Slopes ? M : 1][taps][Count];      // dweight/dx
  A by_width[ByWidth ? M : 1][taps][Count];  // dweight/dwidth

  /// Sets the taps of points at x in images of these extents. `widths`: PointWidths, or None.
  template <class Kernel, class Widths>
  KOKKOS_INLINE_FUNCTION void set(const Kernel& kernel, const T (&x)[M][Count], [[maybe_unused]] const Widths& widths,
                                  const int (&extent)[M]) {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    using I = simd::Pack<Int, W>;
    for (int lane = 0; lane < Count; lane += W) {
      I valid = I{} + Int(1);
      [[maybe_unused]] P width{};
      if constexpr (Wide) {
        width = simd::load<P>(widths.width + lane);
        const P most = P{} + Kokkos::Experimental::finite_max_v<T>;
        valid = simd::select(width >= P{}, simd::select(width <= most, valid, I{}), I{});
        width = simd::select(valid > I{}, width, P{});
      }
      for (int e = 0; e < M; ++e) {
        P at = simd::load<P>(x[e] + lane);
        const I start = first_tap<Reach>(at, extent[e], valid);
        const P f = at - simd::convert<P>(I(start + Int(Reach - 1)));
        P w[taps];
        simd::store(first[e] + lane, start);
        if constexpr (Wide) {
          P w_slope[taps], w_by_width[taps];
          kernel.template weights<Slopes>(f, P(width * widths.scale[e]), w, w_slope, w_by_width);
          for (int j = 0; j < taps; ++j) {
            store_as(weight[e][j] + lane, w[j]);
            if constexpr (Slopes) store_as(slope[e][j] + lane, w_slope[j]);
            if constexpr (ByWidth) store_as(by_width[e][j] + lane, P(widths.scale[e] * w_by_width[j]));
          }
        } else {
          kernel_weights<false>(kernel, f, w);
          for (int j = 0; j < taps; ++j) store_as(weight[e][j] + lane, w[j]);
          if constexpr (Slopes) {
            kernel_weights<true>(kernel, f, w);
            for (int j = 0; j < taps; ++j) store_as(slope[e][j] + lane, w[j]);
          }
        }
      }
      simd::store(inside + lane, valid);
    }
  }

  /// Makes slopes the rates of change of weights where points move at x_dot and widen at width_dot, which may be None.
  template <class WidthDot>
  KOKKOS_INLINE_FUNCTION void set_rates(const T (&x_dot)[M][Count], [[maybe_unused]] const WidthDot& width_dot) {
    for (int e = 0; e < M; ++e)
      for (int j = 0; j < taps; ++j)
        for (int lane = 0; lane < Count; ++lane) {
          A rate = A(x_dot[e][lane] * slope[e][j][lane]);
          if constexpr (ByWidth) rate += A(width_dot[lane] * by_width[e][j][lane]);
          slope[e][j][lane] = rate;
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

/// What slopes a walk has: by x, by the width, or rates of change, which make its weights dual numbers.
enum class Slope { by_x, by_width, rate };

/// The rows of taps of one point in an array that has all of them.
template <class Taps, Slope By = Slope::by_x>
struct TapWalk {
  static constexpr int taps = Taps::taps;

  const Taps& point;
  const std::int64_t* stride;
  int lane;

  KOKKOS_INLINE_FUNCTION std::int64_t step(int axis, int j, std::int64_t where) const { return where + j * stride[axis]; }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const { return !idle(axis, j); }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const {
    if constexpr (By == Slope::by_width) {
      return of_tap(point.by_width[axis], j);
    } else {
      return of_tap(point.slope[axis], j);
    }
  }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const {
    const auto w = of_tap(point.weight[axis], j);
    if constexpr (By == Slope::rate) {
      return Dual<std::remove_const_t<decltype(w)>>{w, slope(axis, j)};
    } else {
      return w;
    }
  }
  /// Whether a tap is beyond what a point of its width needs.
  KOKKOS_INLINE_FUNCTION bool idle([[maybe_unused]] int axis, [[maybe_unused]] int j) const {
    if constexpr (!Taps::wide) {
      return false;
    } else if constexpr (Taps::slopes) {
      return of_tap(point.weight[axis], j) == 0 && slope(axis, j) == 0;
    } else {
      return of_tap(point.weight[axis], j) == 0;
    }
  }

 private:
  template <class Numbers>
  KOKKOS_INLINE_FUNCTION auto of_tap(const Numbers& numbers, int j) const {
    return tap_at<taps>(j, [&](int i) { return numbers[i][lane]; });
  }
};

/// The same in an image with edges. Rows outside are at −1.
template <class Taps, Slope By = Slope::by_x>
struct EdgeWalk : TapWalk<Taps, By> {
  using Base = TapWalk<Taps, By>;

  const int* extent;

  KOKKOS_INLINE_FUNCTION EdgeWalk(const Taps& point_, const std::int64_t* stride_, int lane_, const int* extent_)
      : Base{point_, stride_, lane_}, extent(extent_) {}

  KOKKOS_INLINE_FUNCTION int index(int axis, int j) const { return int(this->point.first[axis][this->lane]) + j; }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const {
    return unsigned(index(axis, j)) < unsigned(extent[axis]) && Base::owns(axis, j);
  }
  KOKKOS_INLINE_FUNCTION std::int64_t step(int axis, int j, std::int64_t where) const {
    return where >= 0 && owns(axis, j) ? where + index(axis, j) * this->stride[axis] : -1;
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
