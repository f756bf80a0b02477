// SPDX-License-Identifier: MIT
// How the rasterizer's operations are run, by what they write and where:
//
//                              host                                      device
//   images                     host_draw: a tile each, or host_sort      device_draw: in tiles, or point by point
//   cotangents of points       host_gradient                             device_gradient
//   those of whole images      host_gradient + ordered_sums              device_gradient by teams + ordered_sums
#pragma once

#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/points/arguments.hpp>
#include <bracewell/detail/points/device_draw.hpp>
#include <bracewell/detail/points/device_gradient.hpp>
#include <bracewell/detail/points/host_draw.hpp>
#include <bracewell/detail/points/host_gradient.hpp>

#include <optional>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The operation that draws images on the background of an exposure, or, as Tangent, their rates of change.
template <class P, bool Tangent, class RasterProblem, class Images, class Start, class ExposureDot, class CloudDot>
auto make_draw(const RasterProblem& problem, const Images& images, const Start& start, const ExposureDot& exposure_dot,
               const CloudDot& cloud_dot, const RasterOptions& options) {
  auto points_dot = input_table<1>(points_of(cloud_dot));
  auto weights_dot = input_table<P::channels>(weights_of(cloud_dot));
  auto widths_dot = input_table<0>(widths_of(cloud_dot));
  return DrawOperation<RasterProblem, Tangent, decltype(points_dot), decltype(weights_dot), decltype(widths_dot)>{
      problem,
      images,
      make_pose_table<0>(per_image<P>(background_of(start))),
      make_pose_table<0>(per_image<P>(out_weight_of(exposure_dot))),
      points_dot,
      weights_dot,
      widths_dot,
      options.accumulate};
}

/// When a device draws images in tiles, else none. An addition to shared memory costs a fraction of one to an image, but each tile of
/// an image reads all its points, each share of the points is added to the image voxel by voxel, and few teams leave processors idle.
template <class Exec, class Op>
std::optional<ImageTiles> image_tiles(const Op& op) {
  constexpr std::int64_t most_bands = 8, terms_per_voxel = 2, fewest_points = 1024, most_teams = 1024, fewest_teams = 64;
  const int extent = op.images.extent[Op::M - 1];
  const std::int64_t n = op.problem.count, voxels = op.images.voxels(),
                     images = op.problem.objects * op.problem.poses * op.problem.channels;
  if (images == 0 || voxels == 0) return {};
  std::int64_t taps = 1;
  for (int e = 0; e < Op::M; ++e) taps *= Op::taps;
  const std::int64_t room = (Kokkos::TeamPolicy<Exec>::scratch_size_max(0) - 64) / std::int64_t(sizeof(typename Op::T)),
                     most_planes = room / (voxels / extent), most_shares = n * taps / (terms_per_voxel * voxels);
  if (most_planes * most_bands < extent || most_shares == 0) return {};
  ImageTiles tiles{};
  tiles.bands = int(ceil_div(extent, most_planes));
  tiles.planes = int(ceil_div(extent, tiles.bands));
  const std::int64_t wanted = std::min(most_teams / (images * tiles.bands), n / fewest_points);
  tiles.points_per_share = ceil_div(n, std::clamp<std::int64_t>(wanted, 1, most_shares));
  tiles.shares = ceil_div(n, tiles.points_per_share);
  return images * tiles.bands * tiles.shares < fewest_teams ? std::nullopt : std::optional(tiles);
}

template <class Exec, class Op>
void draw(const Exec& exec, const std::string& label, const Op& op, Workspace* workspace) {
  if constexpr (on_host<Exec>) {
    draw_on_host(exec, label, op, workspace);
  } else {
    const std::int64_t images = op.problem.objects * op.problem.poses, channels = op.problem.channels;
    const auto tiles = image_tiles<Exec>(op);
    if (!tiles || tiles->shares > 1)
      launch(exec, label + "_background", images * channels * op.images.voxels(), FillBackground<Op>{op});
    if (tiles) {
      const std::int64_t voxels = op.images.voxels() / op.images.extent[Op::M - 1] * tiles->planes;
      launch_teams(exec, label + "_tiles", images * channels * tiles->bands * tiles->shares, DrawTile<Op>{op, *tiles},
                   voxels * std::int64_t(sizeof(typename Op::T)));
    } else {
      const DrawPoints<Op> add(op);
      launch(exec, label, images * add.threads, add);
    }
  }
}

/// How cotangents are shared out. A task has a range of the points, on a host on some images of a group.
struct GradientTasks {
  std::int64_t groups, images;                  // images: of a group
  std::int64_t at_once;                         // of these images, which all points read before the next ones
  std::int64_t points_per_task, pieces, parts;  // parts: of a group's images
  bool kept;                                    // sums of points are kept from one part, or range of images, to the next

  /// \param bytes: of an image.
  GradientTasks(bool host, std::int64_t groups_, std::int64_t images_, std::int64_t points, std::int64_t bytes)
      : groups(groups_), images(images_), at_once(host && worth_reading_first(points, bytes) ? cache / bytes : images_) {
    at_once = std::clamp<std::int64_t>(at_once, 1, std::max<std::int64_t>(images, 1));
    const bool all_at_once = at_once >= images;
    points_per_task = all_at_once ? 4096
                                  : std::clamp<std::int64_t>(points / enough_worker_tasks, 512, 4096) / points_per_block *
                                        points_per_block;
    pieces = ceil_div(points, points_per_task);
    const std::int64_t wanted = ceil_div(enough_worker_tasks, std::max<std::int64_t>(pieces * groups, 1));
    parts = all_at_once ? std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(images / 4, 1)) : 1;
    kept = parts > 1 || !all_at_once;
  }

  bool all_at_once() const { return at_once >= images; }

 private:
  static constexpr std::int64_t cache = 4 << 20;

  /// An image that is too large for a core's own cache, but not for that of all cores, is read from memory row by row as its
  /// voxels are summed, which is faster than at random, if there are enough points to read most of it.
  static bool worth_reading_first(std::int64_t points, std::int64_t bytes) {
    constexpr std::int64_t line = 64;
    return bytes > cache / 16 && bytes <= 4 * cache && 2 * line * points >= bytes;
  }
};

/// Cotangents of everything from those of images.
template <class P, class Exec, class RasterProblem, class ImagesType, class CloudBar, class PosesBar, class ExposureBar>
void gather_cotangents(const Exec& exec, const std::string& label, const RasterProblem& problem, const ImagesType& images,
                       const CloudBar& cloud_bar, const PosesBar& poses_bar, const ExposureBar& exposure_bar,
                       const RasterOptions& options) {
  using T = typename RasterProblem::T;
  constexpr int N = P::N, M = P::M;
  const auto& points_bar = points_of(cloud_bar);
  const auto& weights_bar = weights_of(cloud_bar);
  const auto& widths_bar = widths_of(cloud_bar);
  using Want = Wanted<Given<points_type<CloudBar>>, Given<weights_type<CloudBar>>, Given<widths_type<CloudBar>>,
                      Given<rotations_type<PosesBar>> || Given<parameters_type<PosesBar>>, Given<shifts_type<PosesBar>>,
                      Given<out_weight_type<ExposureBar>>>;
  using Op = GradientOperation<RasterProblem, Want>;
  constexpr bool reads_points = Want::slopes || Want::weights || Want::widths || Want::out_weight;
  constexpr bool sums_voxels = Given<background_type<ExposureBar>>;
  const Op op{problem, images};
  const std::int64_t objects = problem.objects, all = objects * problem.poses, n = problem.count;

  const auto objects_of = [&](const auto& bar) -> std::int64_t {
    if constexpr (Given<std::decay_t<decltype(bar)>> && P::batch == 1) {
      return std::int64_t(bar.extent(0));
    } else {
      return 1;
    }
  };
  const auto is_shared = [&](const auto& bar) { return Given<std::decay_t<decltype(bar)>> && objects_of(bar) != objects; };
  const bool shared = is_shared(points_bar) || is_shared(weights_bar) || is_shared(widths_bar);
  const std::int64_t groups = shared ? 1 : std::max<std::int64_t>(objects, 1);
  const GradientTasks tasks(on_host<Exec>, groups, all / groups, reads_points ? n : 0,
                            images.voxels() * problem.channels * std::int64_t(sizeof(T)));
  const bool reads_voxels = sums_voxels || !tasks.all_at_once();
  const std::int64_t voxel_parts = ceil_div(images.voxels(), 1 << 16);

  Scratch scratch(options.workspace);
  const std::size_t sums_at = scratch.template add<double>(all * tasks.pieces * Op::sums);
  const std::size_t voxels_at = scratch.template add<double>(reads_voxels ? all * voxel_parts : 0);
  // On hosts, cotangents of points, weights and widths: of all points where they are kept, else of a task's points and its
  // group's objects, for each worker.
  const bool apart = !tasks.kept && groups > 1;
  const CloudBars bars{output_table<1>(points_bar), output_table<P::channels>(weights_bar), output_table<0>(widths_bar)};
  const auto parts_of = [&](const auto& bar, std::int64_t components) {
    return PointParts<T>{nullptr, apart ? 1 : objects_of(bar), components,
                         tasks.kept ? n : std::min(n, tasks.points_per_task), apart || is_shared(bar)};
  };
  CloudParts<T> cloud{parts_of(points_bar, N), parts_of(weights_bar, problem.channels), parts_of(widths_bar, 1)};
  std::size_t next = 0, memory = 0;
  const std::int64_t memory_size = ceil_div(wanted_size(cloud, bars) * std::int64_t(sizeof(T)), 64) * 8;
  if constexpr (on_host<Exec>) {
    next = scratch.template add<std::int64_t>(1);
    memory = scratch.template add<double>(memory_size * (tasks.kept ? tasks.parts : exec.concurrency()));
  }
  scratch.allocate(exec);
  const SharedSums sums{scratch.template at<double>(sums_at), tasks.pieces, Op::sums};
  const SharedSums voxel_sums{scratch.template at<double>(voxels_at), voxel_parts, 1};

  if constexpr (on_host<Exec>) {
    place_wanted(cloud, bars, tasks.parts, scratch.template at<T>(memory));
    for (std::int64_t first = 0; first == 0 || first < tasks.images; first += tasks.at_once) {
      const ImageRange range{tasks.images, first, std::min(tasks.at_once, tasks.images - first)};
      if (reads_voxels)
        launch(exec, label + "_background", groups * range.count * voxel_parts,
               SumVoxels<T, M>{images, problem.poses, problem.channels, voxel_sums, range});
      if constexpr (reads_points)
        for_workers(exec, label, groups * tasks.parts * tasks.pieces, scratch.template at<double>(memory), memory_size,
                    scratch.template at<std::int64_t>(next),
                    GatherPoints<Op, std::decay_t<decltype(bars)>>{op, bars, cloud, sums, range, tasks.points_per_task,
                                                                   groups, tasks.parts, tasks.kept, options.accumulate});
    }
    if (tasks.kept)
      for_wanted(cloud, bars, [&]<class V>(const PointParts<T>& from, const Table<V>& table) {
        launch(exec, label + "_points", from.objects * tasks.pieces,
               AddPoints<T, V>{table, from, tasks.parts, tasks.points_per_task, options.accumulate});
      });
  } else {
    if (!options.accumulate) {
      fill_zero(exec, points_bar);
      fill_zero(exec, weights_bar);
      fill_zero(exec, widths_bar);
    }
    if constexpr (reads_points)
      launch_teams(exec, label, all * tasks.pieces,
                   GatherTeam<Op, std::decay_t<decltype(bars)>>{op, bars, sums, tasks.points_per_task});
    if constexpr (sums_voxels)
      launch_teams(exec, label + "_background", all * voxel_parts,
                   VoxelTeam<T, M>{{images, problem.poses, problem.channels, voxel_sums, {all, 0, all}}});
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
  add(scalar, "_out_weight", per_image<P>(out_weight_of(exposure_bar)), sums, sums_of_array<1, 1>(Op::pose_sums));
  add(scalar, "_background", per_image<P>(background_of(exposure_bar)), voxel_sums, sums_of_array<1, 1>(0));
  scratch.release(exec);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
