// SPDX-License-Identifier: MIT
// The rasterizer for the derivative harness.
#pragma once

#include "raster.hpp"
#include "slice_derivatives.hpp"

namespace support {

/// A problem whose points keep away from where a linear kernel has kinks.
inline RasterProblem smooth_raster(Random& random, int axes, int image_axes) {
  while (true) {
    RasterProblem s = random_raster(random, axes, image_axes);
    bool smooth = true;
    for (int b = 0; b < s.objects; ++b)
      for (int p = 0; p < s.poses; ++p)
        for (int i = 0; i < s.count; ++i)
          for (const double x : place(s, b, p, i)) smooth = smooth && std::abs(2 * x - std::round(2 * x)) > 1e-3;
    if (smooth) return s;
  }
}

inline Arguments raster_inputs(const RasterProblem& s) {
  return {s.points, s.weights, s.rotations, s.shifts, s.background, s.out_weight};
}

/// raster, of all its inputs.
template <class T, int N, int M, bool Subsets, class Kernel>
Differentiable differentiable_raster(const RasterProblem& s, const Kernel& kernel) {
  namespace bw = bracewell;
  using Arrays = RasterArrays<N, M, T>;
  const auto arrays = [s](const Arguments& in) { return Arrays(s, in[0], in[1], in[2], in[3], in[4], in[5]); };
  const auto before = SliceArrays<T, N, M>::before;
  const std::size_t size = s.objects * s.poses * s.channels * s.voxels();
  const bw::RasterOptions options{.voxel_size = s.voxel_size};
  Differentiable op;
  op.inputs = {"points", "weights", "rotations", "shifts", "background", "out_weight"};
  op.value = [=](const Arguments& in) -> Arguments {
    const Arrays a = arrays(in);
    const auto images = upload<T, M + 3>(s.image_shape(), before(nullptr, 0, size));
    bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images, options, kernel);
    return {download(images)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    const Arrays a = arrays(in), d = arrays(dot);
    const auto images = upload<T, M + 3>(s.image_shape(), before(start, 0, size));
    auto o = options;
    o.accumulate = start;
    with_subset<Subsets>(
        given,
        [&](const auto& points, const auto& weights, const auto& rotations, const auto& shifts, const auto& background,
            const auto& out_weight) {
          bw::raster_jvp(Exec(), a.cloud(), bw::PointCloud{points, weights}, a.poses(), bw::Poses{rotations, shifts},
                         a.exposure(), bw::Exposure{background, out_weight}, images, o, kernel);
        },
        d.points, d.weights, d.rotations, d.shifts, d.background, d.out_weight);
    return {download(images)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) -> Arguments {
    Arguments begin;
    for (int i = 0; i < 6; ++i) begin.push_back(before(start, i, in[i].size()));
    const Arrays a = arrays(in), bars = arrays(begin);
    const auto images = upload<T, M + 3>(s.image_shape(), bar[0]);
    auto o = options;
    o.accumulate = start;
    Arguments result;
    with_subset<Subsets>(
        wanted,
        [&](const auto& points, const auto& weights, const auto& rotations, const auto& shifts, const auto& background,
            const auto& out_weight) {
          bw::raster_vjp(Exec(), a.cloud(), a.poses(), a.exposure(), images, bw::PointCloud{points, weights},
                         bw::Poses{rotations, shifts}, bw::Exposure{background, out_weight}, o, kernel);
          result = {flat_download(points), flat_download(weights),    flat_download(rotations),
                    flat_download(shifts), flat_download(background), flat_download(out_weight)};
        },
        bars.points, bars.weights, bars.rotations, bars.shifts, bars.background, bars.out_weight);
    return result;
  };
  return op;
}

}  // namespace support
