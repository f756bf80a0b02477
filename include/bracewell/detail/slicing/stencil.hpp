// SPDX-License-Identifier: MIT
// Taps and weights of a few samples at once: Count of them side by side on the host, one on a device.
#pragma once

#include <bracewell/detail/core/kernel_taps.hpp>
#include <bracewell/detail/slicing/block.hpp>
#include <bracewell/detail/slicing/friedel.hpp>
#include <bracewell/kernels.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// What of a kernel is known to types: its reach, and whether it is that of linear interpolation.
template <int Reach, bool Lerps>
struct TapsOfReach {
  static constexpr int reach = Reach;
  static constexpr bool lerps = Lerps;
};
template <class Kernel>
using TapsOf = TapsOfReach<Kernel::reach, std::is_same_v<Kernel, Linear>>;

/// Samples are folded to κ_x ≥ 0, where taps are stored: F~(κ) = conj F~(−κ). Along x, weights belong to the columns of a
/// window (friedel.hpp), above x to taps.
template <class T, int N, class Taps, bool Slopes, bool Symmetric, int Count>
struct alignas(simd::alignment<Count>) Stencil {
  static constexpr int reach = Taps::reach, taps = 2 * reach, count = Count;
  static constexpr bool lerps = Taps::lerps;
  using Int = simd::Integer<T>;

  T sign[Count];        // −1 for a folded sample: it is the conjugate of what its taps give
  Int first[N][Count];  // lattice index of the first tap; for x, column of the window
  Int mirrored[Count];  // not 0 where there are weights on mates' rows
  T weight[N][taps][Count];
  T slope[Slopes ? N : 1][taps][Count];  // dweight/dκ
  T mate_weight[taps][Count];            // along x; set where mirrored
  T mate_slope[Slopes ? taps : 1][Count];

  /// Fills the lanes of a pack from `lane` on with the samples at base + κ, within the range of int. With Absolute, the
  /// kernel is |φ|. Returns which are mirrored: split_mates is to follow if some are.
  template <bool Absolute, class Kernel, class P>
  KOKKOS_INLINE_FUNCTION auto set(int lane, const Kernel& kernel, const int* base, const P (&kappa)[N], int width) {
    using I = simd::Pack<Int, simd::lanes<P>>;
    const auto negative = kappa[0] + T(base[0]) < 0;
    const P side = simd::select(negative, simd::broadcast<P>(-1), simd::broadcast<P>(1));
    const I minus = simd::select(negative, simd::broadcast<I>(-1), I{});  // (x ^ −1) + 1 is −x
    I whole[N];
    P fraction[N];
    for (int d = 0; d < N; ++d) {
      const P folded = side * kappa[d], down = simd::round_down(folded);
      const I from = (simd::broadcast<I>(base[d]) ^ minus) - minus;
      whole[d] = simd::to_integers(down) + from;
      fraction[d] = folded - down;
    }
    return set_folded<Absolute>(lane, kernel, side, whole, fraction, width);
  }

  /// The same where κ_x ≥ 0 and fractions are in [0, 1), of samples or, where side is −1, of their mates.
  template <bool Absolute, class Kernel, class P, class Whole>
  KOKKOS_INLINE_FUNCTION auto set_folded(int lane, const Kernel& kernel, const P& side, const Whole (&whole)[N],
                                         const P (&fraction)[N], int width) {
    using I = simd::Pack<Int, simd::lanes<P>>;
    simd::store(sign + lane, side);
    for (int d = 0; d < N; ++d) {
      P w[taps];
      simd::store(first[d] + lane, I(whole[d] + (1 - reach)));
      kernel_weights<false>(kernel, fraction[d], w);
      P s[Slopes ? taps : 1];
      if constexpr (Slopes) kernel_weights<true>(kernel, fraction[d], s);
      for (int j = 0; j < taps; ++j) {
        if constexpr (Absolute && Slopes) s[j] = simd::select(w[j] < 0, P(-s[j]), s[j]);
        if constexpr (Absolute) w[j] = simd::select(w[j] < 0, P(-w[j]), w[j]);
        if constexpr (Slopes) simd::store(slope[d][j] + lane, P(s[j] * side));
        simd::store(weight[d][j] + lane, w[j]);
      }
    }
    const I x = simd::load<I>(first[0] + lane);
    auto moved = x > last_direct<taps, Symmetric>(width);
    if constexpr (1 - reach < first_direct<Symmetric>) moved |= x < first_direct<Symmetric>;
    simd::store(mirrored + lane, I(moved));
    return I(moved);
  }

  /// Makes them the weights of |φ|; no two taps of a sample may share a column.
  KOKKOS_INLINE_FUNCTION void make_absolute() {
    if constexpr (lerps) return;
    const auto turn = [](T(&w)[Count], T(&s)[Count]) {
      for (int lane = 0; lane < Count; ++lane) {
        if constexpr (Slopes) s[lane] = w[lane] < 0 ? -s[lane] : s[lane];
        w[lane] = w[lane] < 0 ? -w[lane] : w[lane];
      }
    };
    for (int j = 0; j < taps; ++j) {
      for (int d = 0; d < N; ++d) turn(weight[d][j], slope[Slopes ? d : 0][j]);
      turn(mate_weight[j], mate_slope[Slopes ? j : 0]);
    }
  }

  /// Divides the weights of mirrored samples among their taps' own rows and mates'.
  KOKKOS_INLINE_FUNCTION void split_mates(int width, LaneRange lanes) {
    constexpr int W = simd::pack_width<T, Count>;  // idle lanes of packs are read as well
    if (W > 1 && packs_have_columns<taps>(width)) {
      for (int lane = lanes.template first_of<W>(); lane < lanes.end; lane += W) split_pack<W>(lane, width);
    } else {
      for (int lane = lanes.template first_of<W>(); lane < lanes.end || lane % W != 0; ++lane)
        if (mirrored[lane]) split_pack<1>(lane, width);
    }
  }

 private:
  template <int W>
  KOKKOS_INLINE_FUNCTION void split_pack(int lane, int width) {
    using Columns = simd::Pack<Int, W>;
    using I = std::conditional_t<W == 1, int, Columns>;  // a device has few registers
    const I x = I(simd::load<Columns>(first[0] + lane));
    split_weights<W>(x, width, lane, weight[0], mate_weight);
    if constexpr (Slopes) split_weights<W>(x, width, lane, slope[0], mate_slope);
    simd::store(first[0] + lane, Columns(stored_window<taps>(x, width)));
  }

  template <int W, class I>
  KOKKOS_INLINE_FUNCTION static void split_weights(const I& x, int width, int lane, T (&own)[taps][Count],
                                                   T (&mate)[taps][Count]) {
    using P = simd::Pack<T, W>;
    T *own_tap = &own[0][lane], *mate_tap = &mate[0][lane];  // g++ 12 misjudges the bounds of own[j][lane]
    P tap[taps], of_own[taps], of_mate[taps];
    for (int j = 0; j < taps; ++j) tap[j] = simd::load<P>(own_tap + j * Count);
    detail::split_mates<taps, Symmetric>(x, width, tap, of_own, of_mate);
    for (int j = 0; j < taps; ++j) {
      simd::store(own_tap + j * Count, of_own[j]);
      simd::store(mate_tap + j * Count, of_mate[j]);
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
