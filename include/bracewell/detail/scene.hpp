// SPDX-License-Identifier: MIT
// Points, cameras, exposure and images as plain structures that kernels hold.
#pragma once

#include <bracewell/detail/arrays.hpp>
#include <bracewell/detail/lens.hpp>

#include <Kokkos_Core.hpp>

#include <type_traits>
#include <utility>

namespace bracewell::detail {

/// A number an image, [B][P], or one for all.
struct Level {
  const float* single;
  const double* precise;
  std::int64_t stride[2];
  double number;

  KOKKOS_INLINE_FUNCTION double operator()(std::int64_t b, std::int64_t p) const {
    const std::int64_t i = b * stride[0] + p * stride[1];
    return single ? double(single[i]) : precise ? precise[i] : number;
  }
};

/// Of a View, of a number, or of None, which stands for `otherwise`.
template <class X>
Level make_level(const X& x, double otherwise) {
  Level level{nullptr, nullptr, {}, otherwise};
  if constexpr (Kokkos::is_view_v<X>) {
    const auto table = make_pose_array<0, const typename X::non_const_value_type>(x);
    if constexpr (std::is_same_v<typename X::non_const_value_type, float>) {
      level.single = x.data();
    } else {
      level.precise = x.data();
    }
    level.stride[0] = table.stride[0];
    level.stride[1] = table.stride[1];
  } else if constexpr (Given<X>) {
    level.number = double(x);
  }
  return level;
}

/// Images [B][P][C], and an axis of M each, x first and contiguous.
template <class V, int M>
struct Images {
  V* data;
  std::int64_t batch_stride[3];
  std::int64_t stride[M];
  int extent[M];

  KOKKOS_INLINE_FUNCTION V* at(std::int64_t b, std::int64_t p, int c) const {
    return data + b * batch_stride[0] + p * batch_stride[1] + c * batch_stride[2];
  }

  KOKKOS_INLINE_FUNCTION std::int64_t voxels() const {
    std::int64_t count = 1;
    for (int e = 0; e < M; ++e) count *= extent[e];
    return count;
  }
};

/// What is drawn, and where images look from.
template <class T, int N, int M, class Point, class Weight, class LensType, class KernelType>
struct Scene {
  using Real = T;
  using Lens = LensType;
  using Kernel = KernelType;
  static constexpr int point_axes = N, axes = M;

  std::int64_t objects, poses, count;  // count: points of an object
  int channels;
  Table<const Point> points;
  Table<const Weight> weights;
  Lens lens;
  Level out_weight;
  Kernel kernel;
};

/// Lanes of the packs that Count values side by side are worked on in.
template <class T, int Count>
inline constexpr int pack_width = Count < simd::width<T> ? Count : simd::width<T>;

/// Packs of coordinates from packs of points, q[d][i] = from[N i + d].
template <int N, class P>
struct Deinterleave {
  static constexpr int W = simd::lanes<P>;

  /// The place in packs a and b, side by side, of lane i of coordinate d, once the first `step` packs have been looked
  /// through: a holds what was found in them, b is the next.
  KOKKOS_INLINE_FUNCTION static constexpr int from(int d, int step, int i) {
    const int place = N * i + d - step * W;
    return step == 1 ? (place + W < 2 * W ? place + W : 0) : place >= 0 && place < W ? W + place : i;
  }

  template <int D, int... Lane>
  KOKKOS_INLINE_FUNCTION static P pick(const simd::Lane<P>* points, std::integer_sequence<int, Lane...>) {
#if defined(__CUDACC__)  // which mangles the other half
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

/// Coordinates of the points i … i + count − 1, side by side; idle lanes hold NaN, which drops out. With N = 1, of column `first`.
template <class T, int N, int Count, class V>
KOKKOS_INLINE_FUNCTION void load_points(const Table<V>& points, std::int64_t b, std::int64_t i, int count, T (&q)[N][Count],
                                        int first = 0) {
  const V* from = points.data + b * points.stride[0] + i * points.stride[1] + first * points.stride[2];
  if constexpr (Count > 1 && simd::width < T >> 1 && std::is_same_v<std::remove_const_t<V>, T>) {
    if (count == Count && points.stride[1] == N && (N == 1 || points.stride[2] == 1)) {
      using P = simd::Pack<T, pack_width<T, Count>>;
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
      q[d][lane] =
          lane < count ? T(from[lane * points.stride[1] + d * points.stride[2]]) : Kokkos::Experimental::quiet_NaN_v<T>;
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
