// SPDX-License-Identifier: MIT
// The rasterizer for the derivative harness.
#pragma once

#include "differentiable.hpp"
#include "operations.hpp"
#include "raster.hpp"

namespace support {

inline Arguments raster_inputs(const RasterProblem& s) {
  Arguments in{s.points, s.weights, s.rotations, s.shifts, s.background, s.out_weight};
  if (!s.widths.empty()) in.push_back(s.widths);
  return in;
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

/// raster, of all its inputs. Wide: points have widths, the last of the inputs.
template <class T, int N, int M, bool Subsets, bool Wide = false, class Kernel>
Differentiable differentiable_raster(const RasterProblem& s, const Kernel& kernel) {
  namespace bw = bracewell;
  using Arrays = RasterArrays<N, M, T>;
  const auto arrays = [s](const Arguments& in) {
    return Arrays(s, in[0], in[1], in[2], in[3], in[4], in[5], Wide ? in[6] : std::vector<double>());
  };
  const auto cloud = [](const Arrays& a) {
    if constexpr (Wide) {
      return a.wide_cloud();
    } else {
      return a.cloud();
    }
  };
  // run(views...) with those of all inputs.
  const auto with_views = [](const Arrays& a, const auto& run) {
    if constexpr (Wide) {
      return run(a.points, a.weights, a.rotations, a.shifts, a.background, a.out_weight, a.widths);
    } else {
      return run(a.points, a.weights, a.rotations, a.shifts, a.background, a.out_weight);
    }
  };
  const bw::RasterOptions options{.voxel_size = s.voxel_size};
  Differentiable op;
  op.inputs = {"points", "weights", "rotations", "shifts", "background", "out_weight"};
  if (Wide) op.inputs.push_back("widths");
  op.value = [=](const Arguments& in) -> Arguments {
    const Arrays a = arrays(in);
    const auto images = images_before<T, M>(s, nullptr);
    bw::raster(Exec(), cloud(a), a.poses(), a.exposure(), images, options, kernel);
    return {download(images)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    const Arrays a = arrays(in), d = arrays(dot);
    const auto images = images_before<T, M>(s, start);
    const auto run = [&](const auto& points, const auto& weights, const auto& rotations, const auto& shifts,
                         const auto& background, const auto& out_weight, const auto&... widths) {
      bw::raster_jvp(Exec(), cloud(a), bw::PointCloud{points, weights, widths...}, a.poses(), bw::Poses{rotations, shifts},
                     a.exposure(), bw::Exposure{background, out_weight}, images, accumulating(options, start), kernel);
    };
    with_views(d, [&](const auto&... views) { with_subset<Subsets>(given, run, views...); });
    return {download(images)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) {
    const Arrays a = arrays(in), bars = arrays(cotangents_before(in, start));
    const auto images = upload<T, M + 3>(s.image_shape(), bar[0]);
    const auto run = [&](const auto& points, const auto& weights, const auto& rotations, const auto& shifts,
                         const auto& background, const auto& out_weight, const auto&... widths) {
      bw::raster_vjp(Exec(), cloud(a), a.poses(), a.exposure(), images, bw::PointCloud{points, weights, widths...},
                     bw::Poses{rotations, shifts}, bw::Exposure{background, out_weight}, accumulating(options, start),
                     kernel);
    };
    return with_views(bars, [&](const auto&... views) { return written<Subsets>(wanted, run, views...); });
  };
  return op;
}

}  // namespace support
