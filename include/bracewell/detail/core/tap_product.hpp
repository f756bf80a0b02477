// SPDX-License-Identifier: MIT
// The one recursion over axes: sums over the taps of a product kernel (gather) and its transpose (spread), for any
// number of axes, with or without derivatives.
//
// A walk knows the taps of one sample, or of a pack of samples. It has `taps`, their number on an axis, weight(axis, j),
// slope(axis, j), for `spread` owns(axis, j), and step(axis, j, where), which goes to tap j of an axis; it may have
// idle(axis, j), whether a tap adds nothing. The recursion goes over the axes above x. What happens along x, where memory is
// contiguous, is the leaf's part.
#pragma once

#include <bracewell/detail/core/device.hpp>
#include <bracewell/detail/core/simd_groups.hpp>

#include <Kokkos_Core.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// A value with its derivatives along K axes.
template <class V, int K>
struct Jet {
  V value;
  V slope[K];
};
template <class V>
struct Jet<V, 0> {
  V value;
};

/// A number and its rate of change, for products in forward mode. A Jet has derivatives along axes instead.
template <class T>
struct Dual {
  T value, rate;
};
template <class T>
KOKKOS_INLINE_FUNCTION Dual<T> operator*(const Dual<T>& a, const Dual<T>& b) {
  return {a.value * b.value, a.value * b.rate + a.rate * b.value};
}

template <class T>
KOKKOS_INLINE_FUNCTION void add_product(Kokkos::complex<T>& sum, T factor, const Kokkos::complex<T>& term) {
  sum.real() += factor * term.real();
  sum.imag() += factor * term.imag();
}
template <class T>
KOKKOS_INLINE_FUNCTION void add_product(T& sum, T factor, const T& term) {
  sum += factor * term;
}
template <class T, int Length>
KOKKOS_INLINE_FUNCTION void add_product(simd::Strip<T, Length>& sum, T factor, const simd::Strip<T, Length>& term) {
  sum.add(factor, term);
}

/// Σ over the taps of axes Axis … 1 of Π weights · leaf(where). With Slopes it is followed by its derivative along each of
/// these axes, those that the leaf took along x first. A walk that interpolates linearly may have `lerps` = true: its weights on
/// an axis are 1 − f and f = weight(axis, 1), and slopes −1 and 1.
template <int Axis, bool Slopes, class Walk, class Where, class Leaf>
KOKKOS_INLINE_FUNCTION auto gather(const Walk& walk, const Where& where, const Leaf& leaf) {
  if constexpr (Axis == 0) {
    return leaf(where);
  } else {
    constexpr int inner = Leaf::slopes + (Slopes ? Axis - 1 : 0);
    Jet<typename Leaf::Value, inner + (Slopes ? 1 : 0)> sum{};
    constexpr int taps = Walk::taps;
    if constexpr (requires { requires Walk::lerps; }) {
      const auto low = gather<Axis - 1, Slopes>(walk, walk.step(Axis, 0, where), leaf);
      const auto high = gather<Axis - 1, Slopes>(walk, walk.step(Axis, 1, where), leaf);
      const auto f = walk.weight(Axis, 1);
      sum.value = low.value + f * (high.value - low.value);
      if constexpr (inner > 0)
        for (int k = 0; k < inner; ++k) sum.slope[k] = low.slope[k] + f * (high.slope[k] - low.slope[k]);
      if constexpr (Slopes) sum.slope[inner] = high.value - low.value;
    } else {
      BRACEWELL_UNROLL_BY(Unrolled<taps, Axis, typename Leaf::Value, Slopes>::copies)
      for (int j = 0; j < taps; ++j) {
        if constexpr (requires { walk.idle(Axis, j); })
          if (walk.idle(Axis, j)) continue;
        const auto term = gather<Axis - 1, Slopes>(walk, walk.step(Axis, j, where), leaf);
        const auto weight = walk.weight(Axis, j);
        add_product(sum.value, weight, term.value);
        if constexpr (inner > 0)
          for (int k = 0; k < inner; ++k) add_product(sum.slope[k], weight, term.slope[k]);
        if constexpr (Slopes) add_product(sum.slope[inner], walk.slope(Axis, j), term.value);
      }
    }
    return sum;
  }
}

/// The transpose: leaf(where, Π weights) at every tap of axes Axis … 1 that the walk owns.
template <int Axis, class Walk, class Where, class T, class Leaf>
KOKKOS_INLINE_FUNCTION void spread(const Walk& walk, const Where& where, T product, const Leaf& leaf) {
  if constexpr (Axis == 0) {
    leaf(where, product);
  } else {
    constexpr int taps = Walk::taps;
    BRACEWELL_UNROLL_BY(Unrolled<taps, Axis, T, false>::copies)
    for (int j = 0; j < taps; ++j)
      if (walk.owns(Axis, j)) spread<Axis - 1>(walk, walk.step(Axis, j, where), product * walk.weight(Axis, j), leaf);
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
