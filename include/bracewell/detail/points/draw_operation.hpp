// SPDX-License-Identifier: MIT
// Points onto images, out = background + out_weight Σ_i weight_i Π_e φ(x_e − v_e), and its rate of change: the same sums
// over dual numbers.
#pragma once

#include <bracewell/detail/core/nontemporal.hpp>
#include <bracewell/detail/points/load.hpp>
#include <bracewell/detail/points/problem.hpp>
#include <bracewell/detail/points/voxels.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// A few points at their places in an image. Idle lanes have x far outside, and the index of another point.
template <class C, int M, bool Tangent, int Count>
struct ProjectedPoints {
  C x[M][Count];
  C x_dot[Tangent ? M : 1][Count];
  std::int32_t index[Count];
};

/// Draws points. With Tangent, images are rates of change, and `background` is the rate of change of the background.
template <class RasterProblem, bool Tangent, class PointsDot, class WeightsDot, class WidthsDot>
struct DrawOperation {
  using T = typename RasterProblem::T;
  using C = typename RasterProblem::C;
  using ForOneImage = typename RasterProblem::Projection::ForOneImage;
  static constexpr int N = RasterProblem::N, M = RasterProblem::M, taps = 2 * RasterProblem::Kernel::reach;
  static constexpr bool tangent = Tangent;
  static constexpr bool points_move = !std::is_same_v<PointsDot, Table<const None>>;
  static constexpr bool widths_move = !std::is_same_v<WidthsDot, Table<const None>>;
  /// Whether more belongs to a point than its place.
  static constexpr bool indexed = RasterProblem::wide ||
                                  !std::is_same_v<decltype(RasterProblem::weights), Table<const None>> ||
                                  !std::is_same_v<WeightsDot, Table<const None>>;
  template <int Count>
  using PointsOnImage = ProjectedPoints<C, M, Tangent, Count>;
  template <class A, int Count>
  using TapsOf = PointTaps<C, A, M, RasterProblem::Kernel::reach, RasterProblem::wide, Tangent, widths_move, Count>;

  RasterProblem problem;
  ImageStack<T, M> images;
  PoseTable<false> background, out_weight_dot;
  PointsDot points_dot;
  WeightsDot weights_dot;
  WidthsDot widths_dot;
  bool accumulate;

  /// Points i … i + count − 1 of object b on an image.
  template <int Count>
  KOKKOS_INLINE_FUNCTION void project(const ForOneImage& projection, std::int64_t b, std::int64_t i, int count,
                                      PointsOnImage<Count>& projected) const {
    constexpr int W = simd::pack_width<C, Count>;
    using P = simd::Pack<C, W>;
    C q[N][Count], q_dot[points_move ? N : 1][Count];
    load_points(problem.points, b, i, count, q);
    if constexpr (points_move) load_points(points_dot, b, i, count, q_dot);
    for (int lane = 0; lane < Count; lane += W) {
      P at[N], x[M];
      for (int d = 0; d < N; ++d) at[d] = simd::load<P>(q[d] + lane);
      projection.value(at, x);
      for (int e = 0; e < M; ++e) simd::store(projected.x[e] + lane, x[e]);
      if constexpr (Tangent) {
        P x_dot[M];
        if constexpr (points_move) {
          P at_dot[N];
          for (int d = 0; d < N; ++d) at_dot[d] = simd::load<P>(q_dot[d] + lane);
          projection.jvp(at, at_dot, x_dot);
        } else {
          projection.jvp(at, None{}, x_dot);
        }
        for (int e = 0; e < M; ++e) simd::store(projected.x_dot[e] + lane, x_dot[e]);
      }
    }
    drop_idle_lanes(count, projected.x);
    for (int lane = 0; lane < Count; ++lane) projected.index[lane] = std::int32_t(i + (lane < count ? lane : 0));
  }

  /// The taps of points on an image of object b. With Tangent, their slopes are rates of change.
  template <class A, int Count>
  KOKKOS_INLINE_FUNCTION void set_taps(std::int64_t b, const PointsOnImage<Count>& projected,
                                       TapsOf<A, Count>& point) const {
    const auto index = [&](int lane) { return projected.index[lane]; };
    point.set(problem.kernel, projected.x, problem.template load_widths<Count>(b, index), images.extent);
    if constexpr (widths_move) {
      C width_dot[Count];
      for (int lane = 0; lane < Count; ++lane) width_dot[lane] = C(widths_dot(b, index(lane)));
      point.set_rates(projected.x_dot, width_dot);
    } else if constexpr (Tangent) {
      point.set_rates(projected.x_dot, None{});
    }
  }

  /// Whether images are written past the caches.
  bool nontemporal() const {
    return !accumulate && problem.objects * problem.poses * problem.channels * images.voxels() * std::int64_t(sizeof(T)) >=
                              nontemporal_bytes;
  }

  /// The out_weight of an image, and with Tangent its rate.
  KOKKOS_INLINE_FUNCTION Product<double, Tangent> out_weight(std::int64_t b, std::int64_t p) const {
    if constexpr (Tangent) {
      return {problem.out_weight(b, p), out_weight_dot(b, p)};
    } else {
      return problem.out_weight(b, p);
    }
  }

  /// The same times the weight of a point in a channel.
  KOKKOS_INLINE_FUNCTION Product<double, Tangent> amplitude(const Product<double, Tangent>& out_weight, std::int64_t b,
                                                            std::int32_t index, int c) const {
    const double weight = element(problem.weights, 1.0, b, index, c);
    if constexpr (Tangent) {
      return out_weight * Dual<double>{weight, element(weights_dot, 0.0, b, index, c)};
    } else {
      return out_weight * weight;
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
