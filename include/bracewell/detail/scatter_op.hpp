// SPDX-License-Identifier: MIT
// Points onto images, out = base + out_weight Σ_i weight_i Π_e φ(x_e − v_e), and its rate of change: the same sums over dual
// numbers.
#pragma once

#include <bracewell/detail/scene.hpp>
#include <bracewell/detail/stream.hpp>
#include <bracewell/detail/taps.hpp>

namespace bracewell::detail {

/// A few points where they are on an image. In idle lanes x is NaN, and the index that of another.
template <class T, int M, bool Tangent, int Count>
struct Spots {
  T x[M][Count];
  T x_dot[Tangent ? M : 1][Count];
  std::int32_t index[Count];
};

/// The operation. Tangent: images are rates of change; their base is that of the background.
template <class SceneType, bool Tangent, class PointDot, class WeightDot>
struct Scatter {
  using Scene = SceneType;
  using T = typename Scene::Real;
  using Image = typename Scene::Lens::Image;
  static constexpr int N = Scene::point_axes, M = Scene::axes, taps = 2 * Scene::Kernel::reach;
  static constexpr bool tangent = Tangent;
  static constexpr bool weighted =
      !std::is_same_v<decltype(Scene::weights), Table<const None>> || !std::is_same_v<WeightDot, None>;
  template <int Count>
  using SpotsOf = Spots<T, M, Tangent, Count>;
  template <class A, int Count>
  using TapsOf = PointTaps<T, A, M, Scene::Kernel::reach, Tangent, Count>;

  Scene scene;
  Images<T, M> images;
  Level base, out_weight_dot;
  Table<const PointDot> points_dot;
  Table<const WeightDot> weights_dot;
  bool accumulate;

  /// Points i … i + count − 1 of object b on an image.
  template <int Count>
  KOKKOS_INLINE_FUNCTION void place(const Image& image, std::int64_t b, std::int64_t i, int count,
                                    SpotsOf<Count>& spots) const {
    constexpr int W = pack_width<T, Count>;
    constexpr bool points_move = !std::is_same_v<PointDot, None>;
    using P = simd::Pack<T, W>;
    T q[N][Count], q_dot[points_move ? N : 1][Count];
    load_points(scene.points, b, i, count, q);
    if constexpr (points_move) load_points(points_dot, b, i, count, q_dot);
    for (int lane = 0; lane < Count; lane += W) {
      P at[N], x[M];
      for (int d = 0; d < N; ++d) at[d] = simd::load<P>(q[d] + lane);
      image.place(at, x);
      for (int e = 0; e < M; ++e) simd::store(spots.x[e] + lane, x[e]);
      if constexpr (Tangent) {
        P x_dot[M];
        if constexpr (points_move) {
          P at_dot[N];
          for (int d = 0; d < N; ++d) at_dot[d] = simd::load<P>(q_dot[d] + lane);
          image.move(at, at_dot, x_dot);
        } else {
          image.move(at, None{}, x_dot);
        }
        for (int e = 0; e < M; ++e) simd::store(spots.x_dot[e] + lane, x_dot[e]);
      }
    }
    for (int lane = 0; lane < Count; ++lane) spots.index[lane] = std::int32_t(i + (lane < count ? lane : 0));
  }

  /// Whether images are written past the caches.
  bool streams() const {
    return !accumulate &&
           scene.objects * scene.poses * scene.channels * images.voxels() * std::int64_t(sizeof(T)) >= stream_bytes;
  }

  /// What an image multiplies its points by.
  KOKKOS_INLINE_FUNCTION Product<double, Tangent> gain(std::int64_t b, std::int64_t p) const {
    if constexpr (Tangent) {
      return {scene.out_weight(b, p), out_weight_dot(b, p)};
    } else {
      return scene.out_weight(b, p);
    }
  }

  /// And a point with its weight.
  KOKKOS_INLINE_FUNCTION Product<double, Tangent> strength(const Product<double, Tangent>& gain, std::int64_t b,
                                                           std::int32_t index, int c) const {
    const double weight = element(scene.weights, 1.0, b, index, c);
    if constexpr (Tangent) {
      return gain * Dual<double>{weight, element(weights_dot, 0.0, b, index, c)};
    } else {
      return gain * weight;
    }
  }
};

}  // namespace bracewell::detail
