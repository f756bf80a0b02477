// SPDX-License-Identifier: MIT
// Points sorted by the tiles of a large image, and the sums over one of them. On the host only.
#pragma once

#include <bracewell/detail/points/host_tile_sums.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// A point in the order of tiles. Its index is kept where it has a weight or a width.
template <class Op>
struct SortedPoint {
  typename Op::C at[Op::M * (Op::tangent ? 2 : 1)];  // x, and x_dot
  [[no_unique_address]] std::conditional_t<Op::indexed, std::int32_t, None> index;
};

/// A counting sort of points by tiles, for some images at a time.
template <class Op>
struct PointSort {
  static constexpr int M = Op::M;

  Op op;
  Tiling<M> tiling;
  std::int64_t first_image;
  std::int64_t parts, points_per_task;  // ranges of points
  SortedPoint<Op>* entries;             // [image][point]
  std::int32_t* ends;                   // [image][part][key]; counts, then where the entries of a part end

  std::int32_t* ends_of(std::int64_t image, std::int64_t part) const { return ends + (image * parts + part) * tiling.keys; }

  /// Calls run(projected, lane, key) for the points of a part that fall on the image.
  template <class Run>
  void for_points(std::int64_t image, std::int64_t part, const Run run) const {
    using C = typename Op::C;
    using Int = simd::Integer<C>;
    constexpr int W = simd::pack_width<C, points_per_block>;
    using I = simd::Pack<Int, W>;
    const std::int64_t b = (first_image + image) / op.problem.poses, p = (first_image + image) % op.problem.poses;
    const std::int64_t begin = part * points_per_task, end = std::min(begin + points_per_task, op.problem.count);
    const auto projection = op.problem.projection.load(b, p);
    for (std::int64_t i = begin; i < end; i += points_per_block) {
      typename Op::template PointsOnImage<points_per_block> projected;
      op.project(projection, b, i, int(std::min<std::int64_t>(end - i, points_per_block)), projected);
      Int key[points_per_block], inside[points_per_block];
      for (int lane = 0; lane < points_per_block; lane += W) {
        I keys{}, valid = I{} + Int(1);
        for (int e = 0; e < M; ++e) {
          auto at = simd::load<simd::Pack<C, W>>(projected.x[e] + lane);
          keys += tiling.key(e, first_tap<Op::taps / 2>(at, op.images.extent[e], valid), Op::taps);
        }
        simd::store(key + lane, keys);
        simd::store(inside + lane, valid);
      }
      for (int lane = 0; lane < points_per_block; ++lane)
        if (inside[lane]) run(projected, lane, key[lane]);
    }
  }
};

template <class Op>
struct CountKeys : PointSort<Op> {
  void operator()(std::int64_t task) const {
    std::int32_t* const counts = this->ends + task * this->tiling.keys;
    std::fill_n(counts, this->tiling.keys, 0);
    this->for_points(task / this->parts, task % this->parts, [counts](const auto&, int, auto key) { ++counts[key]; });
  }
};

/// Turns counts of entries into the places where they begin.
template <class Op>
struct CountsToOffsets : PointSort<Op> {
  void operator()(std::int64_t image) const {
    std::int32_t sum = 0;
    for (std::int64_t key = 0; key < this->tiling.keys; ++key)
      for (std::int64_t part = 0; part < this->parts; ++part) {
        std::int32_t& number = this->ends_of(image, part)[key];
        sum += std::exchange(number, sum);
      }
  }
};

template <class Op>
struct SortPoints : PointSort<Op> {
  void operator()(std::int64_t task) const {
    std::int32_t* const next = this->ends + task * this->tiling.keys;
    const std::int64_t image = task / this->parts;
    SortedPoint<Op>* const sorted = this->entries + image * this->op.problem.count;
    this->for_points(image, task % this->parts, [next, sorted](const auto& projected, int lane, auto key) {
      SortedPoint<Op>& entry = sorted[next[key]++];
      for (int e = 0; e < Op::M; ++e) {
        entry.at[e] = projected.x[e][lane];
        if constexpr (Op::tangent) entry.at[Op::M + e] = projected.x_dot[e][lane];
      }
      if constexpr (Op::indexed) entry.index = projected.index[lane];
    });
  }
};

/// Sums one tile and writes it out. Its memory begins and ends as zeros. Where few points fall on a tile, it is known which
/// segments of rows they touch, and nothing else of the memory is looked at.
template <class Op>
struct SumTile : PointSort<Op> {
  using PointSort<Op>::op;
  static constexpr bool zeroed = true;
  static constexpr int M = Op::M;
  using T = typename Op::T;

  int groups, group;

  /// The size of a worker's memory: sums, then a mark for each row.
  static std::int64_t memory(const Tile<M>& whole, int group) { return whole.size * group + whole.size / whole.row(); }

  void operator()(std::int64_t task, double* sums) const {
    const std::int64_t image = task / groups / this->tiling.count, slice = this->first_image + image;
    const std::int64_t b = slice / op.problem.poses, p = slice % op.problem.poses;
    const int g = int(task / this->tiling.count % groups), channels = std::min(group, op.problem.channels - g * group);
    const auto at = this->tiling.place(task % this->tiling.count);
    const Tile<M> tile = this->tiling.tile(at, Op::taps);

    std::int64_t count = 0, point_rows = 1;
    for_stretches(image, at, [&](const SortedPoint<Op>*, std::int64_t number) { count += number; });
    for (int e = 1; e < M; ++e) point_rows *= Op::taps;
    const std::int64_t rows = tile.size / tile.row();
    const bool sparse = 2 * count * point_rows < rows;
    std::uint64_t* const touched = reinterpret_cast<std::uint64_t*>(sums + tile.size * group);
    if (sparse)
      for_stretches(image, at, [&](const SortedPoint<Op>* entry, std::int64_t number) {
        for (std::int64_t i = 0; i < number; ++i) touch(entry[i], tile, touched);
      });
    add(image, at, tile, b, op.out_weight(b, p), g * group, channels, sums);
    for (int c = 0; c < channels; ++c) {
      double* const sum = sums + c * tile.size;
      write_tile(op, b, p, g * group + c, tile, 0, tile.extent[M - 1], count > 0 ? sum : nullptr, 1, 0,
                 sparse ? touched : nullptr);
      for (std::int64_t row = 0; sparse && row < rows; ++row)
        if (touched[row]) clear(sum + row * tile.row(), touched[row], tile);
    }
    if (sparse) {
      std::fill_n(touched, rows, std::uint64_t(0));
    } else {
      std::fill_n(sums, tile.size * channels, 0.0);
    }
  }

 private:
  /// Calls run(entries, count) for each range of entries that fall on a tile.
  template <class Run>
  void for_stretches(std::int64_t image, const std::array<int, M>& at, const Run& run) const {
    const SortedPoint<Op>* const sorted = this->entries + image * this->op.problem.count;
    const std::int32_t* const last_ends = this->ends_of(image, this->parts - 1);
    this->tiling.for_keys(at, [&](std::int64_t first, std::int64_t last) {
      const std::int64_t begin = first == 0 ? 0 : last_ends[first - 1];
      if (last_ends[last] > begin) run(sorted + begin, last_ends[last] - begin);
    });
  }

  /// Margins belong to the first and the last segment.
  static void touch(const SortedPoint<Op>& entry, const Tile<M>& tile, std::uint64_t* touched) {
    const auto first_in_tile = [&](int e) { return int(std::floor(entry.at[e])) + 1 - Op::taps / 2 - tile.begin[e]; };
    const int x = first_in_tile(0), last = (int(tile.row()) - 2 * tile.margin - 1) / tile.segment();
    const auto segment = [&](int at) { return std::clamp(at / tile.segment(), 0, last); };
    const std::uint64_t segments = (std::uint64_t(2) << segment(x + Op::taps - 1)) - (std::uint64_t(1) << segment(x));
    const auto walk = [&](auto&& self, int e, std::int64_t where) -> void {
      if (e == 0) {
        touched[where / tile.row()] |= segments;
        return;
      }
      const int first = first_in_tile(e) + tile.margin;
      for (int j = 0; j < Op::taps; ++j) self(self, e - 1, where + (first + j) * tile.stride[e]);
    };
    walk(walk, M - 1, 0);
  }

  static void clear(double* row, std::uint64_t touched, const Tile<M>& tile) {
    const int size = int(tile.row()), voxels = size - 2 * tile.margin;
    for_runs(touched, tile.segment(), voxels, [&](int begin, int end, bool some) {
      if (some)
        std::fill(row + (begin == 0 ? 0 : tile.margin + begin), row + (end == voxels ? size : tile.margin + end), 0.0);
    });
  }

  void add(std::int64_t image, const std::array<int, M>& at, const Tile<M>& tile, std::int64_t b,
           const Product<double, Op::tangent>& out_weight, int channel, int channels, double* sums) const {
    typename Op::template PointsOnImage<points_per_block> projected;
    int count = 0;
    const auto flush = [&] {
      if (count == 0) return;
      drop_idle_lanes(count, projected.x);
      if constexpr (Op::tangent)
        for (auto& axis : projected.x_dot) std::fill(axis + count, axis + points_per_block, 0);
      if constexpr (Op::indexed)
        for (int lane = count; lane < points_per_block; ++lane) projected.index[lane] = projected.index[0];
      add_to_tile<Op, points_per_block>(this->op, out_weight, b, projected, tile, channel, channels, sums);
      count = 0;
    };
    for_stretches(image, at, [&](const SortedPoint<Op>* entry, std::int64_t number) {
      for (std::int64_t i = 0; i < number; ++i) {
        for (int e = 0; e < M; ++e) {
          projected.x[e][count] = entry[i].at[e];
          if constexpr (Op::tangent) projected.x_dot[e][count] = entry[i].at[M + e];
        }
        if constexpr (Op::indexed) projected.index[count] = entry[i].index;
        if (++count == points_per_block) flush();
      }
    });
    flush();
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
