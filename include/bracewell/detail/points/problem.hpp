// SPDX-License-Identifier: MIT
// Points, projections and images as plain structures that kernels hold.
#pragma once

#include <bracewell/detail/core/arrays.hpp>

#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Images [B][P][C] of M axes each, x first and contiguous.
template <class V, int M>
struct ImageStack {
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

/// What coordinates are computed in: double for double points, whatever images are made of.
template <class T, class Points>
using CoordinateType = std::conditional_t<std::is_same_v<Points, Table<const double>>, double, T>;

/// Widths of points, and how many voxels their unit of length has along each axis.
template <class T, int M, int Count>
struct PointWidths {
  T width[Count], scale[M];
};

/// What images are made of: points, weights and widths, the projection, and the kernel that spreads points.
template <class T_, int N_, int M_, class Points, class Weights, class Widths, class ProjectionType, class KernelType>
struct RasterProblem {
  using T = T_;
  using C = CoordinateType<T, Points>;
  using Projection = ProjectionType;
  using Kernel = KernelType;
  static constexpr int N = N_, M = M_;
  static constexpr bool wide = !std::is_same_v<Widths, Table<const None>>;

  std::int64_t objects, poses, count;  // count: points of an object
  int channels;
  Points points;  // Tables, of None where all weights are 1
  Weights weights;
  Widths widths;  // of None where there are none
  Projection projection;
  PoseTable<false> out_weight;
  Kernel kernel;

  /// Widths of Count points of object b, whose indices are index(lane); None where there are none.
  template <int Count, class Index>
  KOKKOS_INLINE_FUNCTION auto load_widths([[maybe_unused]] std::int64_t b, [[maybe_unused]] const Index& index) const {
    if constexpr (wide) {
      PointWidths<C, M, Count> loaded;
      for (int lane = 0; lane < Count; ++lane) loaded.width[lane] = C(widths(b, index(lane)));
      for (int e = 0; e < M; ++e) loaded.scale[e] = C(projection.frame.scale[e]);
      return loaded;
    } else {
      return None{};
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
