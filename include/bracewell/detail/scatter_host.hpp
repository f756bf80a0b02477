// SPDX-License-Identifier: MIT
// Points onto images on the host. A thread sums what falls on a tile of an image in double precision, in the order of the
// points, and writes it out once: no sum depends on the number of threads. A small image is one tile. Where there are too few
// such images for many cores, each is summed in parts, by stretches of the points, that are added in their order. For large
// images the points are first sorted by tiles.
#pragma once

#include <bracewell/detail/scatter_sorted.hpp>

namespace bracewell::detail {

/// How images are shared out that are small enough to be one tile each.
template <class Op>
struct Parts {
  Op op;
  int groups, group;            // of channels that are summed together
  std::int64_t parts, stretch;  // stretches of points
  Tile<Op::M> tile;

  std::int64_t images() const { return op.scene.objects * op.scene.poses * groups; }
  int channels(int g) const { return std::min(group, op.scene.channels - g * group); }
};

/// Sums a stretch of the points; writes it out where that is all.
template <class Op>
struct SumPart : Parts<Op> {
  static constexpr bool zeroed = false;

  double* sums;  // of all parts; null where they are written out at once

  void operator()(std::int64_t task, double* memory) const {
    const auto& op = this->op;
    const std::int64_t image = task / this->parts, part = task % this->parts, slice = image / this->groups;
    const std::int64_t b = slice / op.scene.poses, p = slice % op.scene.poses;
    const int g = int(image % this->groups), channels = this->channels(g);
    const std::int64_t size = this->tile.size * this->group, begin = part * this->stretch;
    const std::int64_t end = std::min(begin + this->stretch, op.scene.count);
    double* const to = sums ? sums + task * size : memory;
    std::fill_n(to, this->tile.size * channels, 0.0);
    const auto lens = op.scene.lens.load(b, p);
    const auto gain = op.gain(b, p);
    for (std::int64_t i = begin; i < end; i += spot_count) {
      typename Op::template SpotsOf<spot_count> spots;
      op.place(lens, b, i, int(std::min<std::int64_t>(end - i, spot_count)), spots);
      add_to_tile<Op, spot_count>(op, gain, b, spots, this->tile, g * this->group, channels, to);
    }
    if (sums) return;
    for (int c = 0; c < channels; ++c)
      write_tile(op, b, p, g * this->group + c, this->tile, 0, this->tile.extent[Op::M - 1], to + c * this->tile.size);
  }
};

/// Adds the parts of some planes of an image, and writes them out.
template <class Op>
struct AddParts : Parts<Op> {
  const double* sums;
  int planes, pieces;

  void operator()(std::int64_t task) const {
    const auto& op = this->op;
    const std::int64_t image = task / pieces, slice = image / this->groups;
    const int low = int(task % pieces) * planes, high = std::min(low + planes, this->tile.extent[Op::M - 1]);
    const int g = int(image % this->groups);
    const std::int64_t size = this->tile.size * this->group;
    for (int c = 0; c < this->channels(g); ++c)
      write_tile(op, slice / op.scene.poses, slice % op.scene.poses, g * this->group + c, this->tile, low, high,
                 sums + image * this->parts * size + c * this->tile.size, int(this->parts), size);
  }
};

/// Strategy and sizes depend on the sizes of the problem alone.
template <class Exec, class Op>
void scatter_on_host(const Exec& exec, const std::string& label, const Op& op, Workspace* workspace) {
  constexpr int M = Op::M, taps = Op::taps;
  const std::int64_t images = op.scene.objects * op.scene.poses, n = op.scene.count;
  if (images == 0 || op.scene.channels == 0) return;
  Scratch scratch(workspace);
  const std::size_t next = scratch.add<std::int64_t>(1);
  const int group = std::min(op.scene.channels, 4), groups = int(divide(op.scene.channels, group));

  const Tile<M> whole(op.images.extent, taps);
  // Sums that a core's own cache keeps, or nearly so where there are images for many cores: sorting costs more than misses.
  if (whole.size * group <= (images * groups < many ? 40000 : 300000)) {
    const std::int64_t wanted = divide(many, images * groups), useful = n / std::max<std::int64_t>(8192, 2 * whole.size);
    const std::int64_t stretch = divide(divide(n, std::clamp<std::int64_t>(useful, 1, wanted)), spot_count) * spot_count;
    const std::int64_t parts = n == 0 ? 1 : divide(n, stretch), size = whole.size * group, tasks = images * groups * parts;
    const std::size_t memory = scratch.add<double>(size * (parts > 1 ? tasks : exec.concurrency()));
    scratch.allocate(exec);
    const Parts<Op> shared{op, groups, group, parts, stretch, whole};
    for_workers(exec, label, tasks, scratch.at<double>(memory), parts > 1 ? 0 : size, scratch.at<std::int64_t>(next),
                SumPart<Op>{shared, parts > 1 ? scratch.at<double>(memory) : nullptr});
    if (parts == 1) return;
    const int planes = int(divide(whole.extent[M - 1], 16)), pieces = int(divide(whole.extent[M - 1], planes));
    launch(exec, label + "_parts", images * groups * pieces,
           AddParts<Op>{shared, scratch.at<double>(memory), planes, pieces});
    return;
  }

  const std::int64_t voxels = op.images.voxels() * std::min(images, many) / many;
  const int bits =
      std::clamp(int(std::bit_width(std::uint64_t(voxels))) - 1, 10, 16) - (int(std::bit_width(unsigned(group))) - 1);
  const Tiling<M> tiling(op.images.extent, taps, bits);
  const std::int64_t size = SumTile<Op>::memory(tiling.whole_tile(taps), group),
                     wave = std::clamp<std::int64_t>(divide(many * 4096, n + 1), 1, images);
  const std::int64_t useful = std::min(n / 8192, 4 * n / tiling.keys);
  const std::int64_t stretch = divide(divide(n, std::clamp<std::int64_t>(useful, 1, many)), spot_count) * spot_count;
  const std::int64_t parts = n == 0 ? 1 : divide(n, stretch);
  const std::size_t entries = scratch.add<Entry<Op>>(wave * n), ends = scratch.add<std::int32_t>(wave * parts * tiling.keys),
                    memory = scratch.add<double>(size * exec.concurrency());
  scratch.allocate(exec);
  for (std::int64_t first = 0; first < images; first += wave) {
    const std::int64_t count = std::min(wave, images - first);
    const Sorting<Op> sorting{
        op, tiling, first, parts, stretch, scratch.at<Entry<Op>>(entries), scratch.at<std::int32_t>(ends)};
    launch(exec, label + "_count", count * parts, CountKeys<Op>{sorting});
    launch(exec, label + "_sum", count, SumKeys<Op>{sorting});
    launch(exec, label + "_sort", count * parts, SortEntries<Op>{sorting});
    for_workers(exec, label, count * groups * tiling.count, scratch.at<double>(memory), size, scratch.at<std::int64_t>(next),
                SumTile<Op>{sorting, groups, group});
  }
}

}  // namespace bracewell::detail
