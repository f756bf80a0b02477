// SPDX-License-Identifier: MIT
// The rasterizer for the derivative harness.
#pragma once

#include "differentiable.hpp"
#include "operations.hpp"
#include "raster.hpp"

namespace support {

inline Arguments raster_inputs(const RasterProblem& s) {
  return {s.points, s.weights, s.rotations, s.shifts, s.background, s.out_weight};
}

/// What a problem's images hold before a call.
template <class T, int M>
Images<T, M> images_before(const RasterProblem& s, const Arguments* start) {
  return upload<T, M + 3>(s.image_shape(), before(start, 0, s.objects * s.poses * s.channels * s.voxels()));
}

/// What the cotangents of these inputs hold before a call.
inline Arguments cotangents_before(const Arguments& in, const Arguments* start) {
  Arguments begin;
  for (int i = 0; i < int(in.size()); ++i) begin.push_back(before(start, i, in[i].size()));
  return begin;
}

/// raster, of all its inputs.
template <class T, int N, int M, bool Subsets, class Kernel>
Differentiable differentiable_raster(const RasterProblem& s, const Kernel& kernel) {
  namespace bw = bracewell;
  using Arrays = RasterArrays<N, M, T>;
  const auto arrays = [s](const Arguments& in) { return Arrays(s, in[0], in[1], in[2], in[3], in[4], in[5]); };
  const bw::RasterOptions options{.voxel_size = s.voxel_size};
  Differentiable op;
  op.inputs = {"points", "weights", "rotations", "shifts", "background", "out_weight"};
  op.value = [=](const Arguments& in) -> Arguments {
    const Arrays a = arrays(in);
    const auto images = images_before<T, M>(s, nullptr);
    bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images, options, kernel);
    return {download(images)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    const Arrays a = arrays(in), d = arrays(dot);
    const auto images = images_before<T, M>(s, start);
    with_subset<Subsets>(
        given,
        [&](const auto& points, const auto& weights, const auto& rotations, const auto& shifts, const auto& background,
            const auto& out_weight) {
          bw::raster_jvp(Exec(), a.cloud(), bw::PointCloud{points, weights}, a.poses(), bw::Poses{rotations, shifts},
                         a.exposure(), bw::Exposure{background, out_weight}, images, accumulating(options, start), kernel);
        },
        d.points, d.weights, d.rotations, d.shifts, d.background, d.out_weight);
    return {download(images)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) {
    const Arrays a = arrays(in), bars = arrays(cotangents_before(in, start));
    const auto images = upload<T, M + 3>(s.image_shape(), bar[0]);
    return written<Subsets>(
        wanted,
        [&](const auto& points, const auto& weights, const auto& rotations, const auto& shifts, const auto& background,
            const auto& out_weight) {
          bw::raster_vjp(Exec(), a.cloud(), a.poses(), a.exposure(), images, bw::PointCloud{points, weights},
                         bw::Poses{rotations, shifts}, bw::Exposure{background, out_weight}, accumulating(options, start),
                         kernel);
        },
        bars.points, bars.weights, bars.rotations, bars.shifts, bars.background, bars.out_weight);
  };
  return op;
}

}  // namespace support
