// SPDX-License-Identifier: MIT
// Taps and weights of a few samples at once: Count of them side by side on the host, one on a device.
#pragma once

#include <bracewell/detail/core/kernel_taps.hpp>
#include <bracewell/detail/slicing/friedel.hpp>
#include <bracewell/kernels.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Samples are folded to κ_x ≥ 0, where taps are stored: F~(κ) = conj F~(−κ). Along x, weights belong to the columns of a
/// window (friedel.hpp), above x to taps.
template <class T, int N, int Reach, bool Slopes, bool Symmetric, int Count>
struct alignas(simd::alignment<Count>) Stencil {
  static constexpr int taps = 2 * Reach, count = Count;
  using Int = simd::Integer<T>;

  T sign[Count];        // −1 for a folded sample: it is the conjugate of what its taps give
  Int first[N][Count];  // lattice index of the first tap; for x, column of the window
  Int mirrored[Count];  // not 0 where there are weights on mates' rows
  T weight[N][taps][Count];
  T slope[Slopes ? N : 1][taps][Count];  // dweight/dκ
  T mate_weight[taps][Count];            // along x; set where mirrored
  T mate_slope[Slopes ? taps : 1][Count];

  /// Fills the lanes of a pack from `lane` on with the samples at base + κ, within the range of int. With Absolute, the
  /// kernel is |φ|. Returns whether some are mirrored.
  template <bool Absolute, class Kernel, class P>
  KOKKOS_INLINE_FUNCTION bool set(int lane, const Kernel& kernel, const int (&base)[N], const P (&kappa)[N], int width) {
    using I = simd::Pack<Int, simd::lanes<P>>;
    const auto negative = kappa[0] + T(base[0]) < 0;
    const P side = simd::select(negative, simd::broadcast<P>(-1), simd::broadcast<P>(1));
    simd::store(sign + lane, side);
    for (int d = 0; d < N; ++d) {
      const P folded = side * kappa[d];
      const I whole = simd::floor(folded);
      const P f = folded - simd::convert<P>(whole);
      const I from = simd::select(negative, simd::broadcast<I>(-base[d]), simd::broadcast<I>(base[d]));
      P w[taps];
      simd::store(first[d] + lane, I(whole + from + (1 - Reach)));
      kernel_weights<false>(kernel, f, w);
      P s[Slopes ? taps : 1];
      if constexpr (Slopes) kernel_weights<true>(kernel, f, s);
      for (int j = 0; j < taps; ++j) {
        if constexpr (Absolute && Slopes) s[j] = simd::select(w[j] < 0, P(-s[j]), s[j]);
        if constexpr (Absolute) w[j] = simd::select(w[j] < 0, P(-w[j]), w[j]);
        if constexpr (Slopes) simd::store(slope[d][j] + lane, P(s[j] * side));
        simd::store(weight[d][j] + lane, w[j]);
      }
    }
    const I x = simd::load<I>(first[0] + lane);
    const auto moved = (x < first_direct<Symmetric>) | (x > last_direct<taps, Symmetric>(width));
    simd::store(mirrored + lane, I(moved));
    if (!simd::any(I(moved))) return false;
    for (int i = lane; i < lane + simd::lanes<P>; ++i)
      if (mirrored[i]) {
        const int x_i = int(first[0][i]);
        split_lane(x_i, width, i, weight[0], mate_weight);
        if constexpr (Slopes) split_lane(x_i, width, i, slope[0], mate_slope);
        first[0][i] = stored_window<taps>(x_i, width);
      }
    return true;
  }

 private:
  KOKKOS_INLINE_FUNCTION static void split_lane(int x, int width, int lane, T (&own)[taps][Count], T (&mate)[taps][Count]) {
    T tap[taps], own_lane[taps], mate_lane[taps];
    T *own_tap = &own[0][lane], *mate_tap = &mate[0][lane];  // g++ 12 misjudges the bounds of own[j][lane]
    for (int j = 0; j < taps; ++j) tap[j] = own_tap[j * Count];
    split_mates<taps, Symmetric>(x, width, tap, own_lane, mate_lane);
    for (int j = 0; j < taps; ++j) {
      own_tap[j * Count] = own_lane[j];
      mate_tap[j * Count] = mate_lane[j];
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
