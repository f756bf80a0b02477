// SPDX-License-Identifier: MIT
// A kernel's weights for all taps of an axis.
#pragma once

#include <bracewell/detail/core/simd.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The weights of all taps of an axis at fractions f, by the kernel's own `weights` or else by `value`, lane by lane; or
/// their slopes.
template <bool Slope, int Taps, class Kernel, class P>
KOKKOS_INLINE_FUNCTION void kernel_weights(const Kernel& kernel, const P& f, P (&w)[Taps]) {
  const auto each = [&](auto t) {
    if constexpr (Slope) {
      return kernel.slope(t);
    } else {
      return kernel.value(t);
    }
  };
  if constexpr (!Slope && requires { kernel.weights(f, w); }) {
    kernel.weights(f, w);
  } else if constexpr (Slope && requires { kernel.slopes(f, w); }) {
    kernel.slopes(f, w);
  } else {
    for (int j = 0; j < Taps; ++j) {
      const P t = f + simd::Lane<P>(Taps / 2 - 1 - j);
      if constexpr (simd::lanes<P> == 1) {
        w[j] = each(t);
      } else {
        for (int lane = 0; lane < simd::lanes<P>; ++lane) w[j][lane] = each(t[lane]);
      }
    }
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
