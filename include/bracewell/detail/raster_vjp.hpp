// SPDX-License-Identifier: MIT
// The launches of raster_vjp.
#pragma once

#include <bracewell/detail/gather_device.hpp>
#include <bracewell/detail/raster_arguments.hpp>

namespace bracewell::detail {

/// Adds the parts of sums to the array they belong to: `first` is its first sum, rows · columns its sums an image.
template <int Axes, class Exec, class Bar>
void add_sums(const Exec& exec, const std::string& label, const Bar& bar, const SumParts& sums, int first, int rows,
              int columns, std::int64_t objects, std::int64_t poses, bool accumulate) {
  if constexpr (Given<Bar>) {
    const std::int64_t batch = int(Bar::rank()) == Axes + 2 ? std::int64_t(bar.extent(0)) : 1;
    using V = typename Bar::value_type;
    const AddSums<V> task{
        make_pose_array<Axes, V>(bar), sums, first, rows, columns, objects, poses, batch != objects, accumulate};
    launch(exec, label, batch * poses * rows * columns, task);
  }
}

/// Axes of an array after those of the batch and of the points or poses.
template <class Bar, class Types>
constexpr int inner_axes() {
  if constexpr (Given<Bar>) {
    return int(Bar::rank()) - 1 - Types::batch;
  } else {
    return 0;
  }
}

template <class Types, class Exec, class Scene, class ImagesType, class CloudBar, class PosesBar, class ExposureBar>
void gather_cotangents(const Exec& exec, const std::string& label, const Scene& scene, const ImagesType& images,
                       const CloudBar& cloud_bar, const PosesBar& poses_bar, const ExposureBar& exposure_bar,
                       const RasterOptions& options) {
  using T = typename Scene::Real;
  constexpr int N = Types::N, M = Types::M;
  const auto& points_bar = points_of(cloud_bar);
  const auto& weights_bar = weights_of(cloud_bar);
  const auto& first_bar = first_of(poses_bar);
  const auto& second_bar = second_of(poses_bar);
  const auto& background_bar = background_of(exposure_bar);
  const auto& out_weight_bar = out_weight_of(exposure_bar);
  using PointsBar = PointsOf<CloudBar>;
  using WeightsBar = WeightsOf<CloudBar>;
  using Want = Wanted<Given<PointsBar>, Given<WeightsBar>, Given<FirstOf<PosesBar>>, Given<SecondOf<PosesBar>>,
                      Given<OutWeightOf<ExposureBar>>>;
  using Op = Gather<Scene, Want>;
  constexpr bool reads_points = Want::slopes || Want::weights || Want::out_weight;
  constexpr bool sums_voxels = Given<BackgroundOf<ExposureBar>>;
  const Op op{scene, images};
  const std::int64_t objects = scene.objects, all = objects * scene.poses, n = scene.count;

  constexpr std::int64_t stretch = 4096;
  const auto objects_of = [&](const auto& bar) -> std::int64_t {
    if constexpr (Given<std::decay_t<decltype(bar)>> && Types::batch == 1) {
      return std::int64_t(bar.extent(0));
    } else {
      return 1;
    }
  };
  const auto is_shared = [&](const auto& bar) { return Given<std::decay_t<decltype(bar)>> && objects_of(bar) != objects; };
  const std::int64_t pieces = divide(n, stretch), groups = is_shared(points_bar) || is_shared(weights_bar) ? 1 : objects;
  const std::int64_t parts =
      std::clamp<std::int64_t>(divide(many, std::max<std::int64_t>(pieces * groups, 1)), 1,
                               std::max<std::int64_t>(all / std::max<std::int64_t>(groups, 1) / 4, 1));
  const std::int64_t voxel_parts = divide(images.voxels(), 1 << 16);

  Scratch scratch(options.workspace);
  const std::size_t sums_at = scratch.template add<double>(all * pieces * Op::sums);
  const std::size_t voxels_at = scratch.template add<double>(sums_voxels ? all * voxel_parts : 0);
  // Hosts: cotangents of points and weights, of all of them where images are in parts, else of a stretch for each worker.
  PointParts<T> point_parts{nullptr, objects_of(points_bar), N, parts > 1 ? n : stretch, is_shared(points_bar)};
  PointParts<T> weight_parts{nullptr, objects_of(weights_bar), scene.channels, point_parts.count, is_shared(weights_bar)};
  std::size_t next = 0, memory = 0;
  const std::int64_t memory_size =
      divide(((Want::points ? point_parts.size() : 0) + (Want::weights ? weight_parts.size() : 0)) * std::int64_t(sizeof(T)),
             64) *
      8;
  if constexpr (on_host<Exec>) {
    next = scratch.template add<std::int64_t>(1);
    memory = scratch.template add<double>(memory_size * (parts > 1 ? parts : exec.concurrency()));
  }
  scratch.allocate(exec);
  const SumParts sums{scratch.template at<double>(sums_at), pieces, Op::sums};
  const SumParts voxel_sums{scratch.template at<double>(voxels_at), voxel_parts, 1};
  const SumVoxels<T, M> sum_voxels{images, scene.poses, scene.channels, voxel_sums};

  if constexpr (on_host<Exec>) {
    const auto points_table = make_pose_array<1, Number<PointsBar>>(points_bar);
    const auto weights_table = make_pose_array<inner_axes<WeightsBar, Types>(), Number<WeightsBar>>(weights_bar);
    point_parts.data = scratch.template at<T>(memory);
    weight_parts.data = point_parts.data + (Want::points ? parts * point_parts.size() : 0);
    if constexpr (reads_points)
      for_workers(
          exec, label, groups * parts * pieces, scratch.template at<double>(memory), memory_size,
          scratch.template at<std::int64_t>(next),
          GatherPoints<Op, Number<PointsBar>, Number<WeightsBar>>{op, points_table, weights_table, point_parts, weight_parts,
                                                                  sums, stretch, groups, parts, options.accumulate});
    const auto add_points = [&](const auto& table, const PointParts<T>& from) {
      using V = std::remove_pointer_t<decltype(table.data)>;
      launch(exec, label + "_points", from.objects * pieces,
             AddPoints<T, V>{table, from, parts, stretch, options.accumulate});
    };
    if (parts > 1) {
      if constexpr (Want::points) add_points(points_table, point_parts);
      if constexpr (Want::weights) add_points(weights_table, weight_parts);
    }
    if constexpr (sums_voxels) launch(exec, label + "_background", all * voxel_parts, sum_voxels);
  } else {
    const auto teams = [&](std::int64_t count) { return Kokkos::TeamPolicy<Exec>(exec, int(count), Kokkos::AUTO); };
    if (!options.accumulate) {
      fill_zero(exec, points_bar);
      fill_zero(exec, weights_bar);
    }
    if constexpr (reads_points)
      if (all * pieces > 0)
        Kokkos::parallel_for(
            label, teams(all * pieces),
            GatherTeam<Op, Number<PointsBar>, Number<WeightsBar>>{
                op, make_pose_array<1, Number<PointsBar>>(points_bar),
                make_pose_array<inner_axes<WeightsBar, Types>(), Number<WeightsBar>>(weights_bar), sums, stretch});
    if constexpr (sums_voxels)
      if (all > 0) Kokkos::parallel_for(label + "_background", teams(all * voxel_parts), VoxelTeam<T, M>{sum_voxels});
  }

  constexpr int rows = Types::camera ? Types::K : M, columns = Types::camera ? 1 : N;
  const bool accumulate = options.accumulate;
  add_sums<Types::camera ? 1 : 2>(exec, label + "_poses", first_bar, sums, 0, rows, columns, objects, scene.poses,
                                  accumulate);
  add_sums<1>(exec, label + "_shifts", second_bar, sums, Want::first ? M * N : 0, M, 1, objects, scene.poses, accumulate);
  add_sums<0>(exec, label + "_out_weight", out_weight_bar, sums, Op::pose_sums, 1, 1, objects, scene.poses, accumulate);
  add_sums<0>(exec, label + "_background", background_bar, voxel_sums, 0, 1, 1, objects, scene.poses, accumulate);
}

}  // namespace bracewell::detail
