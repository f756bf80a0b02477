// SPDX-License-Identifier: MIT
// How the rasterizer's operations are run, by what they write and where:
//
//                              host                                      device
//   images                     host_draw: a tile each, or host_sort      device_draw
//   cotangents of points       host_gradient                             device_gradient
//   those of whole images      host_gradient + ordered_sums              device_gradient by teams + ordered_sums
#pragma once

#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/points/arguments.hpp>
#include <bracewell/detail/points/device_draw.hpp>
#include <bracewell/detail/points/device_gradient.hpp>
#include <bracewell/detail/points/host_draw.hpp>
#include <bracewell/detail/points/host_gradient.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The operation that draws images on the background of an exposure, or, as Tangent, their rates of change.
template <class P, bool Tangent, class RasterProblem, class Images, class Start, class ExposureDot, class CloudDot>
auto make_draw(const RasterProblem& problem, const Images& images, const Start& start, const ExposureDot& exposure_dot,
               const CloudDot& cloud_dot, const RasterOptions& options) {
  auto points_dot = input_table<1>(points_of(cloud_dot));
  auto weights_dot = input_table<P::channels>(weights_of(cloud_dot));
  return DrawOperation<RasterProblem, Tangent, decltype(points_dot), decltype(weights_dot)>{
      problem,
      images,
      make_pose_table<0>(background_of(start)),
      make_pose_table<0>(out_weight_of(exposure_dot)),
      points_dot,
      weights_dot,
      options.accumulate};
}

template <class Exec, class Op>
void draw(const Exec& exec, const std::string& label, const Op& op, Workspace* workspace) {
  if constexpr (on_host<Exec>) {
    draw_on_host(exec, label, op, workspace);
  } else {
    const std::int64_t images = op.problem.objects * op.problem.poses;
    launch(exec, label + "_background", images * op.problem.channels * op.images.voxels(), FillBackground<Op>{op});
    launch(exec, label, images * op.problem.count, AddPoint<Op>{op});
  }
}

/// Cotangents of everything from those of images.
template <class P, class Exec, class RasterProblem, class ImagesType, class CloudBar, class PosesBar, class ExposureBar>
void gather_cotangents(const Exec& exec, const std::string& label, const RasterProblem& problem, const ImagesType& images,
                       const CloudBar& cloud_bar, const PosesBar& poses_bar, const ExposureBar& exposure_bar,
                       const RasterOptions& options) {
  using T = typename RasterProblem::T;
  constexpr int N = P::N, M = P::M;
  const auto& points_bar = points_of(cloud_bar);
  const auto& weights_bar = weights_of(cloud_bar);
  using PointsBar = points_type<CloudBar>;
  using WeightsBar = weights_type<CloudBar>;
  using Want =
      Wanted<Given<PointsBar>, Given<WeightsBar>, Given<rotations_type<PosesBar>> || Given<parameters_type<PosesBar>>,
             Given<shifts_type<PosesBar>>, Given<out_weight_type<ExposureBar>>>;
  using Op = GradientOperation<RasterProblem, Want>;
  constexpr bool reads_points = Want::slopes || Want::weights || Want::out_weight;
  constexpr bool sums_voxels = Given<background_type<ExposureBar>>;
  const Op op{problem, images};
  const std::int64_t objects = problem.objects, all = objects * problem.poses, n = problem.count;

  constexpr std::int64_t points_per_task = 4096;
  const auto objects_of = [&](const auto& bar) -> std::int64_t {
    if constexpr (Given<std::decay_t<decltype(bar)>> && P::batch == 1) {
      return std::int64_t(bar.extent(0));
    } else {
      return 1;
    }
  };
  const auto is_shared = [&](const auto& bar) { return Given<std::decay_t<decltype(bar)>> && objects_of(bar) != objects; };
  const std::int64_t pieces = ceil_div(n, points_per_task),
                     groups = is_shared(points_bar) || is_shared(weights_bar) ? 1 : objects;
  const std::int64_t parts =
      std::clamp<std::int64_t>(ceil_div(enough_worker_tasks, std::max<std::int64_t>(pieces * groups, 1)), 1,
                               std::max<std::int64_t>(all / std::max<std::int64_t>(groups, 1) / 4, 1));
  const std::int64_t voxel_parts = ceil_div(images.voxels(), 1 << 16);

  Scratch scratch(options.workspace);
  const std::size_t sums_at = scratch.template add<double>(all * pieces * Op::sums);
  const std::size_t voxels_at = scratch.template add<double>(sums_voxels ? all * voxel_parts : 0);
  // On hosts, cotangents of points and weights: of all points where images are shared out in parts, else of a task's points and
  // its group's objects, for each worker.
  const bool apart = parts == 1 && groups > 1;
  const auto parts_of = [&](const auto& bar, std::int64_t components) {
    return PointParts<T>{nullptr, apart ? 1 : objects_of(bar), components, parts > 1 ? n : std::min(n, points_per_task),
                         apart || is_shared(bar)};
  };
  PointParts<T> point_parts = parts_of(points_bar, N), weight_parts = parts_of(weights_bar, problem.channels);
  std::size_t next = 0, memory = 0;
  const std::int64_t memory_size =
      ceil_div(
          ((Want::points ? point_parts.size() : 0) + (Want::weights ? weight_parts.size() : 0)) * std::int64_t(sizeof(T)),
          64) *
      8;
  if constexpr (on_host<Exec>) {
    next = scratch.template add<std::int64_t>(1);
    memory = scratch.template add<double>(memory_size * (parts > 1 ? parts : exec.concurrency()));
  }
  scratch.allocate(exec);
  const SharedSums sums{scratch.template at<double>(sums_at), pieces, Op::sums};
  const SharedSums voxel_sums{scratch.template at<double>(voxels_at), voxel_parts, 1};
  const SumVoxels<T, M> sum_voxels{images, problem.poses, problem.channels, voxel_sums};

  const auto points_table = output_table<1>(points_bar);
  const auto weights_table = output_table<P::channels>(weights_bar);
  if constexpr (on_host<Exec>) {
    point_parts.data = scratch.template at<T>(memory);
    weight_parts.data = point_parts.data + (Want::points ? parts * point_parts.size() : 0);
    if constexpr (reads_points)
      for_workers(exec, label, groups * parts * pieces, scratch.template at<double>(memory), memory_size,
                  scratch.template at<std::int64_t>(next),
                  GatherPoints<Op, std::decay_t<decltype(points_table)>, std::decay_t<decltype(weights_table)>>{
                      op, points_table, weights_table, point_parts, weight_parts, sums, points_per_task, groups, parts,
                      options.accumulate});
    const auto add_points = [&](const auto& table, const PointParts<T>& from) {
      using V = std::remove_pointer_t<decltype(table.data)>;
      launch(exec, label + "_points", from.objects * pieces,
             AddPoints<T, V>{table, from, parts, points_per_task, options.accumulate});
    };
    if (parts > 1) {
      if constexpr (Want::points) add_points(points_table, point_parts);
      if constexpr (Want::weights) add_points(weights_table, weight_parts);
    }
    if constexpr (sums_voxels) launch(exec, label + "_background", all * voxel_parts, sum_voxels);
  } else {
    if (!options.accumulate) {
      fill_zero(exec, points_bar);
      fill_zero(exec, weights_bar);
    }
    if constexpr (reads_points)
      launch_teams(exec, label, all * pieces,
                   GatherTeam<Op, std::decay_t<decltype(points_table)>, std::decay_t<decltype(weights_table)>>{
                       op, points_table, weights_table, sums, points_per_task});
    if constexpr (sums_voxels) launch_teams(exec, label + "_background", all * voxel_parts, VoxelTeam<T, M>{sum_voxels});
  }

  const auto add = [&](auto axes, const char* suffix, const auto& bar, const SharedSums& from, const auto& place) {
    add_shares<decltype(axes)::value>(exec, label + suffix, bar, from, place, objects, problem.poses, options.accumulate);
  };
  constexpr std::integral_constant<int, 0> scalar;
  constexpr std::integral_constant<int, 1> vector;
  constexpr std::integral_constant<int, 2> matrix;
  add(vector, "_poses", parameters_of(poses_bar), sums, sums_of_array < P::camera ? P::K : 1, 1 > (0));
  add(matrix, "_poses", rotations_of(poses_bar), sums, sums_of_array<M, N>(0));
  add(vector, "_shifts", shifts_of(poses_bar), sums, sums_of_array<M, 1>(Want::parameters ? M * N : 0));
  add(scalar, "_out_weight", out_weight_of(exposure_bar), sums, sums_of_array<1, 1>(Op::pose_sums));
  add(scalar, "_background", background_of(exposure_bar), voxel_sums, sums_of_array<1, 1>(0));
  scratch.release(exec);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
