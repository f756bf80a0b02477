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

/// What images are made of: points and weights, the projection, and the kernel that spreads points.
template <class T_, int N_, int M_, class Points, class Weights, class ProjectionType, class KernelType>
struct RasterProblem {
  using T = T_;
  using C = CoordinateType<T, Points>;
  using Projection = ProjectionType;
  using Kernel = KernelType;
  static constexpr int N = N_, M = M_;

  std::int64_t objects, poses, count;  // count: points of an object
  int channels;
  Points points;  // Tables, of None where all weights are 1
  Weights weights;
  Projection projection;
  PoseTable<false> out_weight;
  Kernel kernel;
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
