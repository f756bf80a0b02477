// SPDX-License-Identifier: MIT
// From a point to its place in an image, x = scale · p(q) + centre with p = R q + t or a user's projection, and derivatives.
//
// A projection has
//   load(b, p)                             what holds for all points of an image, with
//     value(q, x)                          for packs of points
//     jvp(q, q_dot, x_dot)                 the tangent of x; q_dot may be none
//     vjp<Points, Parameters, Shifts>(q, x_bar, q_bar, sums)
//                                          adds to the cotangents of points and to the sums over points of those of its
//                                          parameters (rotations, or a camera's) and of shifts, where wanted
//   sum_count<Parameters, Shifts>          the number of these sums
#pragma once

#include <bracewell/detail/arguments/kinds.hpp>
#include <bracewell/detail/core/arrays.hpp>
#include <bracewell/detail/core/simd.hpp>
#include <bracewell/points.hpp>

#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// From p, or a change of it, to voxels: x_e = scale_e p_e + centre_e.
template <int M>
struct VoxelFrame {
  double scale[M], centre[M];

  /// \param voxel_size 0: p in −1 … 1 spans the grid; else voxel ⌊n/2⌋ is at p = 0.
  VoxelFrame(const int (&extent)[M], double voxel_size) {
    for (int e = 0; e < M; ++e) {
      scale[e] = voxel_size > 0 ? 1 / voxel_size : 0.5 * extent[e];
      centre[e] = voxel_size > 0 ? extent[e] / 2 : 0.5 * (extent[e] - 1);
    }
  }
};

/// A table of tangents, or None where there are none.
template <bool Moves>
using TangentTable = std::conditional_t<Moves, PoseTable<false>, None>;

/// The rotations of points that are seen as they are.
struct Identity {
  template <int E, int D>
  KOKKOS_INLINE_FUNCTION void read(std::int64_t, std::int64_t, double (&rotation)[E][D]) const {
    for (int e = 0; e < E; ++e)
      for (int d = 0; d < D; ++d) rotation[e][d] = e == d ? 1 : 0;
  }
};

/// p = R q + t, with tangents of R and t where it Moves. Rotations: a table, or Identity.
template <class T, int N, int M, bool Moves, class Rotations>
struct AffineProjection {
  VoxelFrame<M> frame;
  Rotations rotations;
  PoseTable<false> shifts;
  TangentTable<Moves> rotations_dot, shifts_dot;

  struct ForOneImage {
    T matrix[M][N], offset[M];  // x = matrix · q + offset
    T matrix_dot[Moves ? M : 1][N], offset_dot[Moves ? M : 1];
    T scale[M];

    template <class P>
    KOKKOS_INLINE_FUNCTION void value(const P (&q)[N], P (&x)[M]) const {
      for (int e = 0; e < M; ++e) {
        x[e] = P{} + offset[e];
        for (int d = 0; d < N; ++d) x[e] += matrix[e][d] * q[d];
      }
    }

    template <class P, class Dot>
    KOKKOS_INLINE_FUNCTION void jvp(const P (&q)[N], const Dot& q_dot, P (&x_dot)[M]) const {
      for (int e = 0; e < M; ++e) {
        x_dot[e] = P{};
        if constexpr (Moves) {
          x_dot[e] += offset_dot[e];
          for (int d = 0; d < N; ++d) x_dot[e] += matrix_dot[e][d] * q[d];
        }
        if constexpr (Given<Dot>)
          for (int d = 0; d < N; ++d) x_dot[e] += matrix[e][d] * q_dot[d];
      }
    }

    template <bool Points, bool Parameters, bool Shifts, class P, int Size>
    KOKKOS_INLINE_FUNCTION void vjp(const P (&q)[N], const P (&x_bar)[M], P (&q_bar)[N], P (&sums)[Size]) const {
      int k = 0;
      for (int e = 0; e < M; ++e) {
        const P p_bar = scale[e] * x_bar[e];
        if constexpr (Points)
          for (int d = 0; d < N; ++d) q_bar[d] += matrix[e][d] * x_bar[e];
        if constexpr (Parameters)
          for (int d = 0; d < N; ++d) sums[k++] += p_bar * q[d];
        if constexpr (Shifts) sums[(Parameters ? M * N : 0) + e] += p_bar;
      }
    }
  };

  template <bool Parameters, bool Shifts>
  static constexpr int sum_count = (Parameters ? M * N : 0) + (Shifts ? M : 0);

  KOKKOS_INLINE_FUNCTION ForOneImage load(std::int64_t b, std::int64_t p) const {
    ForOneImage image;
    T sum = 0;
    double rotation[M][N], shift[M][1];
    rotations.read(b, p, rotation);
    shifts.read(b, p, shift);
    for (int e = 0; e < M; ++e) {
      image.scale[e] = T(frame.scale[e]);
      image.offset[e] = T(frame.scale[e] * shift[e][0] + frame.centre[e]);
      sum += Kokkos::abs(image.offset[e]);
      for (int d = 0; d < N; ++d) {
        image.matrix[e][d] = T(frame.scale[e] * rotation[e][d]);
        sum += Kokkos::abs(image.matrix[e][d]);
      }
    }
    if constexpr (Moves) {
      rotations_dot.read(b, p, rotation);
      shifts_dot.read(b, p, shift);
      for (int e = 0; e < M; ++e) {
        image.offset_dot[e] = T(frame.scale[e] * shift[e][0]);
        for (int d = 0; d < N; ++d) image.matrix_dot[e][d] = T(frame.scale[e] * rotation[e][d]);
      }
    }
    if (!Kokkos::isfinite(sum))  // no point is drawn, and nothing is added to cotangents
      for (int e = 0; e < M; ++e) {
        image.offset[e] = Kokkos::Experimental::quiet_NaN_v<T>;
        for (int d = 0; d < N; ++d) image.matrix[e][d] = 0;
      }
    return image;
  }
};

/// A user's projection, point by point, with K parameters an image and, where it Moves, their tangents.
template <class T, int N, int M, int K, class Projection, bool Moves>
struct CameraProjection {
  VoxelFrame<M> frame;
  Projection projection;
  PoseTable<false> parameters;
  TangentTable<Moves> parameters_dot;

  struct ForOneImage {
    using Point = Kokkos::Array<T, N>;
    using ParameterArray = Kokkos::Array<T, K>;

    Projection projection;
    T scale[M], centre[M];
    ParameterArray parameters, parameters_dot;

    template <class P>
    KOKKOS_INLINE_FUNCTION void value(const P (&q)[N], P (&x)[M]) const {
      const PackArray<P, N> at(q);
      PackArray<P, M> to;
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        const Kokkos::Array<T, M> p = projection(at.point(lane), parameters);
        for (int e = 0; e < M; ++e) to.value[e][lane] = scale[e] * p[e] + centre[e];
      }
      for (int e = 0; e < M; ++e) x[e] = to[e];
    }

    template <class P, class Dot>
    KOKKOS_INLINE_FUNCTION void jvp(const P (&q)[N], const Dot& q_dot, P (&x_dot)[M]) const {
      constexpr bool points_move = Given<Dot>;
      const PackArray<P, N> at(q);
      PackArray<P, N> at_dot;
      if constexpr (points_move) at_dot = PackArray<P, N>(q_dot);
      PackArray<P, M> to;
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        const Slopes by(projection, at.point(lane), parameters);
        for (int e = 0; e < M; ++e) {
          T p_dot = 0;
          if constexpr (points_move)
            for (int d = 0; d < N; ++d) p_dot += by.point[e][d] * at_dot.value[d][lane];
          if constexpr (Moves)
            for (int k = 0; k < K; ++k) p_dot += by.parameter[e][k] * parameters_dot[k];
          to.value[e][lane] = scale[e] * p_dot;
        }
      }
      for (int e = 0; e < M; ++e) x_dot[e] = to[e];
    }

    template <bool Points, bool Parameters, bool Shifts, class P, int Size>
    KOKKOS_INLINE_FUNCTION void vjp(const P (&q)[N], const P (&x_bar)[M], P (&q_bar)[N], P (&sums)[Size]) const {
      const PackArray<P, N> at(q);
      const PackArray<P, M> bar(x_bar);
      PackArray<P, N> point;
      PackArray<P, K> parameter;
      for (int lane = 0; lane < simd::lanes<P>; ++lane) {
        bool seen = false;  // where there is no cotangent, derivatives need not be finite
        for (int e = 0; e < M; ++e) seen = seen || bar.value[e][lane] != 0;
        if (!seen) continue;
        const Slopes by(projection, at.point(lane), parameters);
        for (int e = 0; e < M; ++e) {
          const T p_bar = scale[e] * bar.value[e][lane];
          if constexpr (Points)
            for (int d = 0; d < N; ++d) point.value[d][lane] += p_bar * by.point[e][d];
          if constexpr (Parameters)
            for (int k = 0; k < K; ++k) parameter.value[k][lane] += p_bar * by.parameter[e][k];
        }
      }
      if constexpr (Points)
        for (int d = 0; d < N; ++d) q_bar[d] += point[d];
      if constexpr (Parameters)
        for (int k = 0; k < K; ++k) sums[k] += parameter[k];
    }

   private:
    /// Packs whose lanes can be had one by one.
    template <class P, int Size>
    struct PackArray {
      T value[Size][simd::lanes<P>] = {};

      PackArray() = default;
      KOKKOS_INLINE_FUNCTION explicit PackArray(const P (&packs)[Size]) {
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
      Kokkos::Array<ParameterArray, M> parameter;

      KOKKOS_INLINE_FUNCTION Slopes(const Projection& projection, const Point& q, const ParameterArray& c) {
        projection.derivatives(q, c, point, parameter);
      }
    };
  };

  template <bool Parameters, bool Shifts>
  static constexpr int sum_count = Parameters ? K : 0;

  KOKKOS_INLINE_FUNCTION ForOneImage load(std::int64_t b, std::int64_t p) const {
    ForOneImage image{projection, {}, {}, {}, {}};
    for (int e = 0; e < M; ++e) {
      image.scale[e] = T(frame.scale[e]);
      image.centre[e] = T(frame.centre[e]);
    }
    for (int k = 0; k < K; ++k) {
      image.parameters[k] = T(parameters(b, p, k));
      image.parameters_dot[k] = 0;
      if constexpr (Moves) image.parameters_dot[k] = T(parameters_dot(b, p, k));
    }
    return image;
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
