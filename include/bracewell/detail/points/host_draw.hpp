// SPDX-License-Identifier: MIT
// Points onto images on the host. A thread sums what falls on a tile of an image in double precision, in the order of the
// points, and writes it out once: no sum depends on the number of threads. A small image is one tile. Where there are too
// few such images for many cores, each is summed in parts, by ranges of the points, that are added in their order. For large
// images the points are first sorted by tiles.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/points/host_sort.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// How images are shared out that are small enough to be one tile each.
template <class Op>
struct Parts {
  Op op;
  int groups, group;                    // of channels that are summed together
  std::int64_t parts, points_per_task;  // ranges of points
  Tile<Op::M> tile;

  std::int64_t images() const { return op.problem.objects * op.problem.poses * groups; }
  int channels(int g) const { return std::min(group, op.problem.channels - g * group); }
};

/// Sums a range of the points, and writes the image if that is all of them.
template <class Op>
struct SumPart : Parts<Op> {
  using Parts<Op>::op;
  static constexpr bool zeroed = false;

  double* sums;  // of all parts; null where there is but one, which is written at once

  void operator()(std::int64_t task, double* memory) const {
    const std::int64_t image = task / this->parts, part = task % this->parts, slice = image / this->groups;
    const std::int64_t b = slice / op.problem.poses, p = slice % op.problem.poses;
    const int g = int(image % this->groups), channels = this->channels(g);
    const std::int64_t size = this->tile.size * this->group, begin = part * this->points_per_task;
    const std::int64_t end = std::min(begin + this->points_per_task, op.problem.count);
    double* const to = sums ? sums + task * size : memory;
    std::fill_n(to, this->tile.size * channels, 0.0);
    const auto projection = op.problem.projection.load(b, p);
    const auto out_weight = op.out_weight(b, p);
    for (std::int64_t i = begin; i < end; i += points_per_block) {
      typename Op::template PointsOnImage<points_per_block> projected;
      op.project(projection, b, i, int(std::min<std::int64_t>(end - i, points_per_block)), projected);
      add_to_tile<Op, points_per_block>(op, out_weight, b, projected, this->tile, g * this->group, channels, to);
    }
    if (sums) return;
    for (int c = 0; c < channels; ++c)
      write_tile(op, b, p, g * this->group + c, this->tile, 0, this->tile.extent[Op::M - 1], to + c * this->tile.size);
  }
};

/// Adds the parts of some planes of an image, and writes them out.
template <class Op>
struct AddParts : Parts<Op> {
  using Parts<Op>::op;
  const double* sums;
  int planes, pieces;

  void operator()(std::int64_t task) const {
    const std::int64_t image = task / pieces, slice = image / this->groups;
    const int low = int(task % pieces) * planes, high = std::min(low + planes, this->tile.extent[Op::M - 1]);
    const int g = int(image % this->groups);
    const std::int64_t size = this->tile.size * this->group;
    for (int c = 0; c < this->channels(g); ++c)
      write_tile(op, slice / op.problem.poses, slice % op.problem.poses, g * this->group + c, this->tile, low, high,
                 sums + image * this->parts * size + c * this->tile.size, int(this->parts), size);
  }
};

/// The strategy depends on the sizes of the problem, not on the number of threads.
template <class Exec, class Op>
void draw_on_host(const Exec& exec, const std::string& label, const Op& op, Workspace* workspace) {
  constexpr int M = Op::M, taps = Op::taps;
  const std::int64_t images = op.problem.objects * op.problem.poses, n = op.problem.count;
  if (images == 0 || op.problem.channels == 0) return;
  Scratch scratch(workspace);
  const std::size_t next = scratch.add<std::int64_t>(1);
  const int group = std::min(op.problem.channels, 4), groups = int(ceil_div(op.problem.channels, group));

  const Tile<M> whole(op.images.extent, taps);
  // An image whose sums fit a core's own cache is one tile; a larger one too where there are images for many cores, since
  // sorting costs more than cache misses.
  if (whole.size * group <= (images * groups < enough_worker_tasks ? 40000 : 300000)) {
    const std::int64_t wanted = ceil_div(enough_worker_tasks, images * groups),
                       useful = n / std::max<std::int64_t>(8192, 2 * whole.size);
    const std::int64_t points_per_task =
        ceil_div(ceil_div(n, std::clamp<std::int64_t>(useful, 1, wanted)), points_per_block) * points_per_block;
    const std::int64_t parts = n == 0 ? 1 : ceil_div(n, points_per_task), size = whole.size * group,
                       tasks = images * groups * parts;
    const std::size_t memory = scratch.add<double>(size * (parts > 1 ? tasks : exec.concurrency()));
    scratch.allocate(exec);
    const Parts<Op> shared{op, groups, group, parts, points_per_task, whole};
    for_workers(exec, label, tasks, scratch.at<double>(memory), parts > 1 ? 0 : size, scratch.at<std::int64_t>(next),
                SumPart<Op>{shared, parts > 1 ? scratch.at<double>(memory) : nullptr});
    if (parts == 1) return;
    const int planes = int(ceil_div(whole.extent[M - 1], 16)), pieces = int(ceil_div(whole.extent[M - 1], planes));
    launch(exec, label + "_parts", images * groups * pieces,
           AddParts<Op>{shared, scratch.at<double>(memory), planes, pieces});
    return;
  }

  const std::int64_t voxels = op.images.voxels() * std::min(images, enough_worker_tasks) / enough_worker_tasks;
  const int bits =
      std::clamp(int(std::bit_width(std::uint64_t(voxels))) - 1, 10, 16) - (int(std::bit_width(unsigned(group))) - 1);
  const Tiling<M> tiling(op.images.extent, taps, bits);
  const std::int64_t size = SumTile<Op>::memory(tiling.whole_tile(taps), group),
                     wave = std::clamp<std::int64_t>(ceil_div(enough_worker_tasks * 4096, n + 1), 1, images);
  const std::int64_t useful = std::min(n / 8192, 4 * n / tiling.keys);
  const std::int64_t points_per_task =
      ceil_div(ceil_div(n, std::clamp<std::int64_t>(useful, 1, enough_worker_tasks)), points_per_block) * points_per_block;
  const std::int64_t parts = n == 0 ? 1 : ceil_div(n, points_per_task);
  const std::size_t entries = scratch.add<SortedPoint<Op>>(wave * n),
                    ends = scratch.add<std::int32_t>(wave * parts * tiling.keys),
                    memory = scratch.add<double>(size * exec.concurrency());
  scratch.allocate(exec);
  for (std::int64_t first = 0; first < images; first += wave) {
    const std::int64_t count = std::min(wave, images - first);
    const PointSort<Op> sort{
        op, tiling, first, parts, points_per_task, scratch.at<SortedPoint<Op>>(entries), scratch.at<std::int32_t>(ends)};
    launch(exec, label + "_count", count * parts, CountKeys<Op>{sort});
    launch(exec, label + "_sum", count, CountsToOffsets<Op>{sort});
    launch(exec, label + "_sort", count * parts, SortPoints<Op>{sort});
    for_workers(exec, label, count * groups * tiling.count, scratch.at<double>(memory), size, scratch.at<std::int64_t>(next),
                SumTile<Op>{sort, groups, group});
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
