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
    T sum = 0;
    for (int e = 0; e < M; ++e) {
      image.scale[e] = T(frame.scale[e]);
      image.offset[e] = T(frame.scale[e] * element(shifts, 0.0, b, p, e) + frame.centre[e]);
      sum += Kokkos::abs(image.offset[e]);
      for (int d = 0; d < N; ++d) {
        image.matrix[e][d] = T(frame.scale[e] * double(rotations(b, p, e, d)));
        sum += Kokkos::abs(image.matrix[e][d]);
      }
      if constexpr (moves) {
        image.offset_dot[e] = T(frame.scale[e] * element(shifts_dot, 0.0, b, p, e));
        for (int d = 0; d < N; ++d) image.matrix_dot[e][d] = T(frame.scale[e] * element(rotations_dot, 0.0, b, p, e, d));
      }
    }
    if (!Kokkos::isfinite(sum))  // no point is seen, and nothing of this goes into cotangents
      for (int e = 0; e < M; ++e) {
        image.offset[e] = Kokkos::Experimental::quiet_NaN_v<T>;
        for (int d = 0; d < N; ++d) image.matrix[e][d] = 0;
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
      const Lanes<P, N> at(q);
      Lanes<P, M> to;
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        const Kokkos::Array<T, M> p = projection(at.point(lane), parameters);
        for (int e = 0; e < M; ++e) to.value[e][lane] = scale[e] * p[e] + centre[e];
      }
      for (int e = 0; e < M; ++e) x[e] = to[e];
    }

    template <class P, class Dot>
    KOKKOS_INLINE_FUNCTION void move(const P (&q)[N], const Dot& q_dot, P (&x_dot)[M]) const {
      constexpr bool points_move = Given<Dot>;
      const Lanes<P, N> at(q);
      Lanes<P, N> at_dot;
      if constexpr (points_move) at_dot = Lanes<P, N>(q_dot);
      Lanes<P, M> to;
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        const Slopes by(projection, at.point(lane), parameters);
        for (int e = 0; e < M; ++e) {
          T p_dot = 0;
          if constexpr (points_move)
            for (int d = 0; d < N; ++d) p_dot += by.point[e][d] * at_dot.value[d][lane];
          if constexpr (moves)
            for (int k = 0; k < K; ++k) p_dot += by.parameter[e][k] * parameters_dot[k];
          to.value[e][lane] = scale[e] * p_dot;
        }
      }
      for (int e = 0; e < M; ++e) x_dot[e] = to[e];
    }

    template <bool Points, bool First, bool Second, class P, int Size>
    KOKKOS_INLINE_FUNCTION void pull(const P (&q)[N], const P (&x_bar)[M], P (&q_bar)[N], P (&sums)[Size]) const {
      const Lanes<P, N> at(q);
      const Lanes<P, M> bar(x_bar);
      Lanes<P, N> point;
      Lanes<P, K> parameter;
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        bool seen = false;  // elsewhere derivatives need not be finite
        for (int e = 0; e < M; ++e) seen = seen || bar.value[e][lane] != 0;
        if (!seen) continue;
        const Slopes by(projection, at.point(lane), parameters);
        for (int e = 0; e < M; ++e) {
          const T p_bar = scale[e] * bar.value[e][lane];
          if constexpr (Points)
            for (int d = 0; d < N; ++d) point.value[d][lane] += p_bar * by.point[e][d];
          if constexpr (First)
            for (int k = 0; k < K; ++k) parameter.value[k][lane] += p_bar * by.parameter[e][k];
        }
      }
      if constexpr (Points)
        for (int d = 0; d < N; ++d) q_bar[d] += point[d];
      if constexpr (First)
        for (int k = 0; k < K; ++k) sums[k] += parameter[k];
    }

   private:
    /// Packs, number by number.
    template <class P, int Size>
    struct Lanes {
      T value[Size][simd::lanes<P>] = {};

      Lanes() = default;
      KOKKOS_INLINE_FUNCTION explicit Lanes(const P (&packs)[Size]) {
        for (int i = 0; i < Size; ++i) simd::store(value[i], packs[i]);
      }
      KOKKOS_INLINE_FUNCTION P operator[](int i) const { return simd::load<P>(value[i]); }
      KOKKOS_INLINE_FUNCTION Kokkos::Array<T, Size> point(int lane) const {
        Kokkos::Array<T, Size> array;
        for (int i = 0; i < Size; ++i) array[i] = value[i][lane];
        return array;
      }
    };

    struct Slopes {
      Kokkos::Array<Point, M> point;
      Kokkos::Array<Parameters, M> parameter;

      KOKKOS_INLINE_FUNCTION Slopes(const Projection& projection, const Point& q, const Parameters& c) {
        projection.derivatives(q, c, point, parameter);
      }
    };
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
