// SPDX-License-Identifier: MIT
// Points onto images, wherever the execution space is. On a device a thread has one point of one image, and adds atomically.
#pragma once

#include <bracewell/detail/scatter_host.hpp>
#include <bracewell/detail/scatter_op.hpp>

namespace bracewell::detail {

/// Device: what a voxel starts from.
template <class Op>
struct FillBase {
  Op op;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    using T = typename Op::T;
    std::int64_t offset = 0;
    for (int e = 0; e < Op::M; ++e) {
      offset += i % op.images.extent[e] * op.images.stride[e];
      i /= op.images.extent[e];
    }
    const int c = int(i % op.scene.channels);
    i /= op.scene.channels;
    const std::int64_t b = i / op.scene.poses, p = i % op.scene.poses;
    T& to = op.images.at(b, p, c)[offset];
    to = (op.accumulate ? to : T(0)) + T(op.base(b, p));
  }
};

/// Device: one point of one image.
template <class Op>
struct AddPoint {
  Op op;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    using T = typename Op::T;
    constexpr int M = Op::M;
    const std::int64_t image = i / op.scene.count, b = image / op.scene.poses, p = image % op.scene.poses;
    typename Op::template SpotsOf<1> spot;
    op.template place<1>(op.scene.lens.load(b, p), b, i % op.scene.count, 1, spot);
    using Taps = typename Op::template TapsOf<T, 1>;
    Taps point;
    point.set(op.scene.kernel, spot.x, op.images.extent);
    if (!point.inside[0]) return;
    const auto gain = op.gain(b, p);
    using XDot = std::conditional_t<Op::tangent, const T(*)[1], None>;
    XDot x_dot{};
    if constexpr (Op::tangent) x_dot = spot.x_dot;
    const EdgeWalk<Taps, M, XDot> walk(point, op.images.stride, x_dot, 0, op.images.extent);
    for (int c = 0; c < op.scene.channels; ++c) {
      const auto strength = op.strength(gain, b, spot.index[0], c);
      T* const to = op.images.at(b, p, c);
      spread<M - 1>(walk, std::int64_t(0), one<T, Op::tangent>(), [&](std::int64_t where, const auto& product) {
        for (int j = 0; j < Op::taps; ++j) {
          if (!walk.owns(0, j)) continue;
          T* const voxel = to + where + walk.index(0, j);
          const auto weight = product * walk.weight(0, j);
          if constexpr (Op::tangent) {
            Kokkos::atomic_add(voxel, T(strength.value) * weight.rate + T(strength.rate) * weight.value);
          } else {
            Kokkos::atomic_add(voxel, T(strength) * weight);
          }
        }
      });
    }
  }
};

template <class Exec, class Op>
void scatter(const Exec& exec, const std::string& label, const Op& op, Workspace* workspace) {
  if constexpr (on_host<Exec>) {
    scatter_on_host(exec, label, op, workspace);
  } else {
    const std::int64_t images = op.scene.objects * op.scene.poses;
    launch(exec, label + "_background", images * op.scene.channels * op.images.voxels(), FillBase<Op>{op});
    launch(exec, label, images * op.scene.count, AddPoint<Op>{op});
  }
}

}  // namespace bracewell::detail
