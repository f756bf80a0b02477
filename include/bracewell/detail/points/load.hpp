// SPDX-License-Identifier: MIT
// Points and their weights into packs.
#pragma once

#include <bracewell/detail/core/arrays.hpp>
#include <bracewell/detail/core/simd.hpp>

#include <type_traits>
#include <utility>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Packs of coordinates from packs of points, q[d][i] = from[N i + d].
template <int N, class P>
struct Deinterleave {
  static constexpr int W = simd::lanes<P>;

  /// Coordinates are picked by one shuffle for each pack of points. This is where lane i of coordinate d is for shuffle
  /// `step`, in packs a and b side by side: b is pack `step`, a holds what was picked before.
  KOKKOS_INLINE_FUNCTION static constexpr int from(int d, int step, int i) {
    const int place = N * i + d - step * W;
    return step == 1 ? (place + W < 2 * W ? place + W : 0) : place >= 0 && place < W ? W + place : i;
  }

  template <int D, int... Lane>
  KOKKOS_INLINE_FUNCTION static P pick(const simd::Lane<P>* points, std::integer_sequence<int, Lane...>) {
#if defined(__CUDACC__)  // nvcc cannot compile the other branch, which it never takes
    return points[D];
#else
    if constexpr (simd::lanes<P> == 1) {
      return points[D];
    } else {
      P picked = simd::load<P>(points);
      const auto look = [&]<int Step>(std::integral_constant<int, Step>) {
        const P next = simd::load<P>(points + Step * W);
        picked = __builtin_shufflevector(picked, next, from(D, Step, Lane)...);
      };
      [&]<int... Step>(std::integer_sequence<int, Step...>) { (look(std::integral_constant<int, Step + 1>{}), ...); }
      (std::make_integer_sequence<int, N - 1>{});
      return picked;
    }
#endif
  }

  KOKKOS_INLINE_FUNCTION static void run(const simd::Lane<P>* points, P (&q)[N]) {
    [&]<int... D>(std::integer_sequence<int, D...>) {
      ((q[D] = pick<D>(points, std::make_integer_sequence<int, W>{})), ...);
    }
    (std::make_integer_sequence<int, N>{});
  }
};

/// Coordinates of the points i … i + count − 1, side by side, count ≥ 1; idle lanes hold point i once more. With N = 1,
/// column `first`.
template <class T, int N, int Count, class V>
KOKKOS_INLINE_FUNCTION void load_points(const Table<V>& points, std::int64_t b, std::int64_t i, int count, T (&q)[N][Count],
                                        int first = 0) {
  const V* from = points.data + b * points.stride[0] + i * points.stride[1] + first * points.stride[2];
  if constexpr (Count > 1 && simd::width < T >> 1 && std::is_same_v<std::remove_const_t<V>, T>) {
    if (count == Count && points.stride[1] == N && (N == 1 || points.stride[2] == 1)) {
      using P = simd::Pack<T, simd::pack_width<T, Count>>;
      for (int lane = 0; lane < Count; lane += simd::lanes<P>) {
        P at[N];
        Deinterleave<N, P>::run(from + N * lane, at);
        for (int d = 0; d < N; ++d) simd::store(q[d] + lane, at[d]);
      }
      return;
    }
  }
  for (int d = 0; d < N; ++d)
    for (int lane = 0; lane < Count; ++lane)
      q[d][lane] = T(from[(lane < count ? lane : 0) * points.stride[1] + d * points.stride[2]]);
}

/// Lanes from `count` on are idle: their places become one that is far outside of every image. It is not NaN, which would be
/// an invalid operation, and unknown to compilers that may take all numbers for finite.
template <class T, int M, int Count>
KOKKOS_INLINE_FUNCTION void drop_idle_lanes(int count, T (&x)[M][Count]) {
  for (int e = 0; e < M; ++e)
    for (int lane = count; lane < Count; ++lane) x[e][lane] = T(-(1 << 30));
}

/// Weights of the points i … i + count − 1 in a channel; ones where there are none.
template <class T, int Count, class V>
KOKKOS_INLINE_FUNCTION void load_weights(const Table<V>& weights, std::int64_t b, std::int64_t i, int count, int c,
                                         T (&weight)[1][Count]) {
  if constexpr (std::is_same_v<std::remove_const_t<V>, None>) {
    for (int lane = 0; lane < Count; ++lane) weight[0][lane] = 1;
  } else {
    load_points(weights, b, i, count, weight, c);
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
