// SPDX-License-Identifier: MIT
// From a point to its place in an image, x = scale · p(q) + centre with p = R q + t or a user's projection, and derivatives.
//
// A lens has
//   load(b, p)                             what holds for all points of an image, with
//     place(q, x)                          for packs of points
//     move(q, q_dot, x_dot)                the tangent of x; q_dot may be none
//     pull<Points, First, Second>(q, x_bar, q_bar, sums)
//                                          adds to the cotangents of points and to the sums over points of those of the
//                                          first and the second array of parameters, where wanted
//   size<First, Second>                    the number of these sums
#pragma once

#include <bracewell/detail/concepts.hpp>
#include <bracewell/detail/simd.hpp>
#include <bracewell/detail/slicing.hpp>
#include <bracewell/points.hpp>

#include <cstdint>

namespace bracewell::detail {

/// An array of any layout, [B][n] and up to two axes more. A batch of one has stride 0.
template <class V>
using Table = PoseArray<V>;

/// An element, or what None stands for.
template <class T, class V>
KOKKOS_INLINE_FUNCTION T element(const Table<V>& table, T otherwise, std::int64_t b, std::int64_t i, int e = 0, int d = 0) {
  if constexpr (std::is_same_v<std::remove_const_t<V>, None>) {
    return otherwise;
  } else {
    return T(table(b, i, e, d));
  }
}

/// From p, or a change of it, to voxels: x_e = scale_e p_e + centre_e.
template <int M>
struct Frame {
  int extent[M];
  double scale[M], centre[M];

  /// \param voxel_size 0: p in −1 … 1 spans the grid; else voxel ⌊n/2⌋ is at p = 0.
  Frame(const std::int64_t* extents, double voxel_size) {
    for (int e = 0; e < M; ++e) {
      extent[e] = int(extents[M - 1 - e]);
      scale[e] = voxel_size > 0 ? 1 / voxel_size : 0.5 * extent[e];
      centre[e] = voxel_size > 0 ? extent[e] / 2 : 0.5 * (extent[e] - 1);
    }
  }
};

/// p = R q + t. The first array is R, the second t.
template <class T, int N, int M, class Rotation, class Shift, class RotationDot, class ShiftDot>
struct Affine {
  static constexpr bool moves = !std::is_same_v<RotationDot, None> || !std::is_same_v<ShiftDot, None>;

  Frame<M> frame;
  Table<const Rotation> rotations;
  Table<const Shift> shifts;
  Table<const RotationDot> rotations_dot;
  Table<const ShiftDot> shifts_dot;

  struct Image {
    T matrix[M][N], offset[M];  // x = matrix · q + offset
    T matrix_dot[moves ? M : 1][N], offset_dot[moves ? M : 1];
    T scale[M];

    template <class P>
    KOKKOS_INLINE_FUNCTION void place(const P (&q)[N], P (&x)[M]) const {
      for (int e = 0; e < M; ++e) {
        x[e] = P{} + offset[e];
        for (int d = 0; d < N; ++d) x[e] += matrix[e][d] * q[d];
      }
    }

    template <class P, class Dot>
    KOKKOS_INLINE_FUNCTION void move(const P (&q)[N], const Dot& q_dot, P (&x_dot)[M]) const {
      for (int e = 0; e < M; ++e) {
        x_dot[e] = P{};
        if constexpr (moves) {
          x_dot[e] += offset_dot[e];
          for (int d = 0; d < N; ++d) x_dot[e] += matrix_dot[e][d] * q[d];
        }
        if constexpr (Given<Dot>)
          for (int d = 0; d < N; ++d) x_dot[e] += matrix[e][d] * q_dot[d];
      }
    }

    template <bool Points, bool First, bool Second, class P, int Size>
    KOKKOS_INLINE_FUNCTION void pull(const P (&q)[N], const P (&x_bar)[M], P (&q_bar)[N], P (&sums)[Size]) const {
      int k = 0;
      for (int e = 0; e < M; ++e) {
        const P p_bar = scale[e] * x_bar[e];
        if constexpr (Points)
          for (int d = 0; d < N; ++d) q_bar[d] += matrix[e][d] * x_bar[e];
        if constexpr (First)
          for (int d = 0; d < N; ++d) sums[k++] += p_bar * q[d];
        if constexpr (Second) sums[(First ? M * N : 0) + e] += p_bar;
      }
    }
  };

  template <bool First, bool Second>
  static constexpr int size = (First ? M * N : 0) + (Second ? M : 0);

  KOKKOS_INLINE_FUNCTION Image load(std::int64_t b, std::int64_t p) const {
    Image image;
    for (int e = 0; e < M; ++e) {
      image.scale[e] = T(frame.scale[e]);
      image.offset[e] = T(frame.scale[e] * element(shifts, 0.0, b, p, e) + frame.centre[e]);
      for (int d = 0; d < N; ++d) image.matrix[e][d] = T(frame.scale[e] * double(rotations(b, p, e, d)));
      if constexpr (moves) {
        image.offset_dot[e] = T(frame.scale[e] * element(shifts_dot, 0.0, b, p, e));
        for (int d = 0; d < N; ++d) image.matrix_dot[e][d] = T(frame.scale[e] * element(rotations_dot, 0.0, b, p, e, d));
      }
    }
    return image;
  }
};

/// A user's projection, point by point. The first array is that of its K parameters, and there is no second.
template <class T, int N, int M, int K, class Projection, class Parameter, class ParameterDot>
struct Projected {
  Frame<M> frame;
  Projection projection;
  Table<const Parameter> parameters;
  Table<const ParameterDot> parameters_dot;

  struct Image {
    static constexpr bool moves = !std::is_same_v<ParameterDot, None>;
    using Point = Kokkos::Array<T, N>;
    using Parameters = Kokkos::Array<T, K>;

    Projection projection;
    T scale[M], centre[M];
    Parameters parameters, parameters_dot;

    template <class P>
    KOKKOS_INLINE_FUNCTION void place(const P (&q)[N], P (&x)[M]) const {
      each_lane<P>(q, [&](int lane, const Point& point, auto& put) {
        const Kokkos::Array<T, M> p = projection(point, parameters);
        for (int e = 0; e < M; ++e) put(x[e], lane, scale[e] * p[e] + centre[e]);
      });
    }

    template <class P, class Dot>
    KOKKOS_INLINE_FUNCTION void move(const P (&q)[N], const Dot& q_dot, P (&x_dot)[M]) const {
      each_lane<P>(q, [&](int lane, const Point& point, auto& put) {
        Kokkos::Array<Point, M> by_point;
        Kokkos::Array<Parameters, M> by_parameter;
        projection.derivatives(point, parameters, by_point, by_parameter);
        for (int e = 0; e < M; ++e) {
          T p_dot = 0;
          if constexpr (Given<Dot>)
            for (int d = 0; d < N; ++d) p_dot += by_point[e][d] * lane_of(q_dot[d], lane);
          if constexpr (moves)
            for (int k = 0; k < K; ++k) p_dot += by_parameter[e][k] * parameters_dot[k];
          put(x_dot[e], lane, scale[e] * p_dot);
        }
      });
    }

    template <bool Points, bool First, bool Second, class P, int Size>
    KOKKOS_INLINE_FUNCTION void pull(const P (&q)[N], const P (&x_bar)[M], P (&q_bar)[N], P (&sums)[Size]) const {
      each_lane<P>(q, [&](int lane, const Point& point, auto& put) {
        bool seen = false;  // elsewhere derivatives need not be finite
        for (int e = 0; e < M; ++e) seen = seen || lane_of(x_bar[e], lane) != 0;
        if (!seen) return;
        Kokkos::Array<Point, M> by_point;
        Kokkos::Array<Parameters, M> by_parameter;
        projection.derivatives(point, parameters, by_point, by_parameter);
        for (int e = 0; e < M; ++e) {
          const T p_bar = scale[e] * lane_of(x_bar[e], lane);
          if constexpr (Points)
            for (int d = 0; d < N; ++d) put(q_bar[d], lane, lane_of(q_bar[d], lane) + p_bar * by_point[e][d]);
          if constexpr (First)
            for (int k = 0; k < K; ++k) put(sums[k], lane, lane_of(sums[k], lane) + p_bar * by_parameter[e][k]);
        }
      });
    }

   private:
    template <class P>
    KOKKOS_INLINE_FUNCTION static T lane_of(const P& pack, int lane) {
      if constexpr (simd::lanes<P> == 1) {
        return pack;
      } else {
        return pack[lane];
      }
    }

    template <class P, class Each>
    KOKKOS_INLINE_FUNCTION static void each_lane(const P (&q)[N], const Each& each) {
      const auto put = [](P& pack, int lane, T value) {
        if constexpr (simd::lanes<P> == 1) {
          pack = value;
        } else {
          pack[lane] = value;
        }
      };
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        Point point;
        for (int d = 0; d < N; ++d) point[d] = lane_of(q[d], lane);
        each(lane, point, put);
      }
    }
  };

  template <bool First, bool Second>
  static constexpr int size = First ? K : 0;

  KOKKOS_INLINE_FUNCTION Image load(std::int64_t b, std::int64_t p) const {
    Image image{projection, {}, {}, {}, {}};
    for (int e = 0; e < M; ++e) {
      image.scale[e] = T(frame.scale[e]);
      image.centre[e] = T(frame.centre[e]);
    }
    for (int k = 0; k < K; ++k) {
      image.parameters[k] = T(parameters(b, p, k));
      image.parameters_dot[k] = element(parameters_dot, T(0), b, p, k);
    }
    return image;
  }
};

}  // namespace bracewell::detail
