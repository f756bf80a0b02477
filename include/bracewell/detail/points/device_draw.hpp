// SPDX-License-Identifier: MIT
// Device: points onto images. A thread has one point of one image, and adds atomically.
#pragma once

#include <bracewell/detail/points/draw_operation.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Device: what a voxel starts from.
template <class Op>
struct FillBackground {
  Op op;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    using T = typename Op::T;
    std::int64_t offset = 0;
    for (int e = 0; e < Op::M; ++e) {
      offset += i % op.images.extent[e] * op.images.stride[e];
      i /= op.images.extent[e];
    }
    const int c = int(i % op.problem.channels);
    i /= op.problem.channels;
    const std::int64_t b = i / op.problem.poses, p = i % op.problem.poses;
    T& to = op.images.at(b, p, c)[offset];
    to = (op.accumulate ? to : T(0)) + T(op.background(b, p));
  }
};

/// Device: one point of one image.
template <class Op>
struct AddPoint {
  Op op;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    using T = typename Op::T;
    constexpr int M = Op::M;
    const std::int64_t image = i / op.problem.count, b = image / op.problem.poses, p = image % op.problem.poses;
    typename Op::template PointsOnImage<1> projected;
    op.template project<1>(op.problem.projection.load(b, p), b, i % op.problem.count, 1, projected);
    using Taps = typename Op::template TapsOf<T, 1>;
    Taps point;
    op.set_taps(b, projected, point);
    if (!point.inside[0]) return;
    const auto out_weight = op.out_weight(b, p);
    const EdgeWalk<Taps, Op::tangent ? Slope::rate : Slope::by_x> walk(point, op.images.stride, 0, op.images.extent);
    for (int c = 0; c < op.problem.channels; ++c) {
      const auto amplitude = op.amplitude(out_weight, b, projected.index[0], c);
      T* const to = op.images.at(b, p, c);
      spread<M - 1>(walk, std::int64_t(0), one<T, Op::tangent>(), [&](std::int64_t where, const auto& product) {
        for (int j = 0; j < Op::taps; ++j) {
          if (!walk.owns(0, j)) continue;
          T* const voxel = to + where + walk.index(0, j);
          const auto weight = product * walk.weight(0, j);
          if constexpr (Op::tangent) {
            Kokkos::atomic_add(voxel, T(amplitude.value) * weight.rate + T(amplitude.rate) * weight.value);
          } else {
            Kokkos::atomic_add(voxel, T(amplitude) * weight);
          }
        }
      });
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
