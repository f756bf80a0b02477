// SPDX-License-Identifier: MIT
// Points, cameras, exposure and images as plain structures that kernels hold.
#pragma once

#include <bracewell/detail/arrays.hpp>
#include <bracewell/detail/lens.hpp>

#include <Kokkos_Core.hpp>

#include <type_traits>

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

template <int M, bool Batched, bool Channels, class V, class X>
Images<V, M> make_images(const X& x) {
  constexpr int rank = int(X::rank());
  Images<V, M> images{x.data(), {}, {}, {}};
  if constexpr (Batched) images.batch_stride[0] = std::int64_t(x.stride(0));
  images.batch_stride[1] = std::int64_t(x.stride(Batched ? 1 : 0));
  if constexpr (Channels) images.batch_stride[2] = std::int64_t(x.stride(rank - M - 1));
  for (int e = 0; e < M; ++e) {
    images.extent[e] = int(x.extent(rank - 1 - e));
    images.stride[e] = e == 0 ? 1 : std::int64_t(x.stride(rank - 1 - e));
  }
  return images;
}

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

/// Coordinates of the points i … i + count − 1, side by side; idle lanes hold NaN, which drops out.
template <class T, int N, int Count, class V>
KOKKOS_INLINE_FUNCTION void load_points(const Table<V>& points, std::int64_t b, std::int64_t i, int count, T (&q)[N][Count]) {
  const V* from = points.data + b * points.stride[0] + i * points.stride[1];
  if (count == Count && points.stride[1] == N && points.stride[2] == 1) {  // known strides make vector loads
    for (int lane = 0; lane < Count; ++lane)
      for (int d = 0; d < N; ++d) q[d][lane] = T(from[N * lane + d]);
    return;
  }
  for (int d = 0; d < N; ++d)
    for (int lane = 0; lane < Count; ++lane)
      q[d][lane] = lane < count ? T(from[lane * points.stride[1] + d * points.stride[2]])
                                : Kokkos::Experimental::quiet_NaN_v<T>;
}

}  // namespace bracewell::detail
