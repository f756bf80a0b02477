// SPDX-License-Identifier: MIT
// Points onto images on the host. A thread sums what falls on a tile of an image in double precision, in the order of the
// points, and writes it out once: no sum depends on the number of threads. A small image is one tile. Where there are too few
// such images for many cores, each is summed in parts, by stretches of the points, that are added in their order. For large
// images the points are first sorted by tiles.
#pragma once

#include <bracewell/detail/scatter_op.hpp>
#include <bracewell/detail/tiles.hpp>

#include <utility>

namespace bracewell::detail {

/// Adds points to the sums of a tile, for channels from `channel` on.
template <class Op, int Count>
void add_to_tile(const Op& op, const Product<double, Op::tangent>& gain, std::int64_t b,
                 const typename Op::template SpotsOf<Count>& spots, const Tile<Op::M>& tile, int channel, int channels,
                 double* sums) {
  constexpr int M = Op::M, taps = Op::taps, W = pack_width<typename Op::T, Count>;
  using Taps = typename Op::template TapsOf<double, Count>;
  using Int = typename Taps::Int;
  using I = simd::Pack<Int, W>;
  Taps point;
  point.set(op.scene.kernel, spots.x, op.images.extent);
  Int where[Count];
  for (int lane = 0; lane < Count; lane += W) {
    I offset{};
    for (int e = 0; e < M; ++e)
      offset += (simd::load<I>(point.first[e] + lane) + Int(tile.margin - tile.begin[e])) * Int(tile.stride[e]);
    simd::store(where + lane, offset);
  }
  using Row = simd::Strip<double, taps>;
  for (int c = 0; c < channels; ++c) {
    double* const to = sums + c * tile.size;
    double row[Count][taps], row_dot[Op::tangent ? Count : 1][taps];
    for (int lane = 0; lane < Count; ++lane) {
      if (!point.inside[lane]) continue;
      const auto strength = op.strength(gain, b, spots.index[lane], channel + c);
      for (int j = 0; j < taps; ++j) {
        if constexpr (Op::tangent) {
          const auto product = strength * Dual<double>{point.weight[0][j][lane], spots.x_dot[0][lane] * point.slope[0][j][lane]};
          row[lane][j] = product.value;
          row_dot[lane][j] = product.rate;
        } else {
          row[lane][j] = strength * point.weight[0][j][lane];
        }
      }
    }
    for (int lane = 0; lane < Count; ++lane) {
      if (!point.inside[lane]) continue;
      const Row values = Row::load(row[lane]);
      if constexpr (Op::tangent) {
        const Row dots = Row::load(row_dot[lane]);
        const TapWalk<Taps, std::int64_t, decltype(spots.x_dot)> walk{point, tile.stride, spots.x_dot, lane};
        spread<M - 1>(walk, std::int64_t(where[lane]), one<double, true>(), [&](std::int64_t at, const Dual<double>& product) {
          dots.add_to(to + at, product.value);
          values.add_to(to + at, product.rate);
        });
      } else {
        const TapWalk<Taps, std::int64_t, None> walk{point, tile.stride, none, lane};
        spread<M - 1>(walk, std::int64_t(where[lane]), 1.0, [&](std::int64_t at, double product) { values.add_to(to + at, product); });
      }
    }
  }
}

/// Writes out tiles' sums: base + Σ of `parts`, `step` apart. \param low, high: of the slowest axis, which part of the tile.
template <class Op>
void write_tile(const Op& op, std::int64_t b, std::int64_t p, int c, const Tile<Op::M>& tile, int low, int high,
                const double* sums, int parts, std::int64_t step) {
  using T = typename Op::T;
  const double base = op.base(b, p);
  const auto walk = [&](auto&& self, int e, T* to, const double* from) -> void {
    const int begin = e == Op::M - 1 ? low : 0, end = e == Op::M - 1 ? high : tile.extent[e];
    to += (tile.begin[e] + begin) * op.images.stride[e];
    from += (tile.margin + begin) * tile.stride[e];
    if (e > 0) {
      for (int i = begin; i < end; ++i, to += op.images.stride[e], from += tile.stride[e]) self(self, e - 1, to, from);
    } else if (parts == 1) {
      for (int i = 0; i < end - begin; ++i) to[i] = (op.accumulate ? to[i] : T(0)) + T(base + from[i]);
    } else {
      for (int i = 0; i < end - begin; ++i) {
        double sum = 0;
        for (int part = 0; part < parts; ++part) sum += from[part * step + i];
        to[i] = (op.accumulate ? to[i] : T(0)) + T(base + sum);
      }
    }
  };
  walk(walk, Op::M - 1, op.images.at(b, p, c), sums);
}

/// How images are shared out that are small enough to be one tile each.
template <class Op>
struct Parts {
  Op op;
  int groups, group;    // of channels that are summed together
  std::int64_t parts, stretch;  // stretches of points
  Tile<Op::M> tile;

  std::int64_t images() const { return op.scene.objects * op.scene.poses * groups; }
  int channels(int g) const { return std::min(group, op.scene.channels - g * group); }
};

/// Sums a stretch of the points; writes it out where that is all.
template <class Op>
struct SumPart : Parts<Op> {
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
    for (std::int64_t i = begin; i < end; i += host_count) {
      typename Op::template SpotsOf<host_count> spots;
      op.place(lens, b, i, int(std::min<std::int64_t>(end - i, host_count)), spots);
      add_to_tile<Op, host_count>(op, gain, b, spots, this->tile, g * this->group, channels, to);
    }
    if (sums) return;
    for (int c = 0; c < channels; ++c)
      write_tile(op, b, p, g * this->group + c, this->tile, 0, this->tile.extent[Op::M - 1], to + c * this->tile.size, 1, 0);
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

/// A point sorted by tiles.
template <class Op>
struct Entry {
  typename Op::T at[Op::M * (Op::tangent ? 2 : 1)];  // x, and x_dot
  std::int32_t index;
};

/// Sorting by tiles, of some images at a time.
template <class Op>
struct Sorting {
  static constexpr int M = Op::M;

  Op op;
  Tiling<M> tiling;
  std::int64_t first_image;
  std::int64_t parts, stretch;  // stretches of points
  Entry<Op>* entries;           // [image][point]
  std::int32_t* ends;           // [image][part][key]; counts, then where the entries of a part end

  std::int32_t* ends_of(std::int64_t image, std::int64_t part) const { return ends + (image * parts + part) * tiling.keys; }

  /// run(spots, lane, key) for the points of a part that fall on the image.
  template <class Run>
  void for_points(std::int64_t image, std::int64_t part, const Run& run) const {
    using T = typename Op::T;
    using Int = simd::Integer<T>;
    constexpr int W = pack_width<T, host_count>;
    using I = simd::Pack<Int, W>;
    const std::int64_t b = (first_image + image) / op.scene.poses, p = (first_image + image) % op.scene.poses;
    const std::int64_t begin = part * stretch, end = std::min(begin + stretch, op.scene.count);
    const auto lens = op.scene.lens.load(b, p);
    for (std::int64_t i = begin; i < end; i += host_count) {
      typename Op::template SpotsOf<host_count> spots;
      op.place(lens, b, i, int(std::min<std::int64_t>(end - i, host_count)), spots);
      Int key[host_count], inside[host_count];
      for (int lane = 0; lane < host_count; lane += W) {
        I keys{}, valid = I{} + Int(1);
        for (int e = 0; e < M; ++e) {
          auto at = simd::load<simd::Pack<T, W>>(spots.x[e] + lane);
          keys += tiling.key(e, first_tap<Op::taps / 2>(at, op.images.extent[e], valid), Op::taps);
        }
        simd::store(key + lane, keys);
        simd::store(inside + lane, valid);
      }
      for (int lane = 0; lane < host_count; ++lane)
        if (inside[lane]) run(spots, lane, key[lane]);
    }
  }
};

template <class Op>
struct CountKeys : Sorting<Op> {
  void operator()(std::int64_t task) const {
    std::int32_t* const counts = this->ends + task * this->tiling.keys;
    std::fill_n(counts, this->tiling.keys, 0);
    this->for_points(task / this->parts, task % this->parts, [&](const auto&, int, auto key) { ++counts[key]; });
  }
};

/// From counts to where entries begin.
template <class Op>
struct SumKeys : Sorting<Op> {
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
struct SortEntries : Sorting<Op> {
  void operator()(std::int64_t task) const {
    std::int32_t* const next = this->ends + task * this->tiling.keys;
    const std::int64_t image = task / this->parts;
    Entry<Op>* const entries = this->entries + image * this->op.scene.count;
    this->for_points(image, task % this->parts, [&](const auto& spots, int lane, auto key) {
      Entry<Op>& entry = entries[next[key]++];
      for (int e = 0; e < Op::M; ++e) {
        entry.at[e] = spots.x[e][lane];
        if constexpr (Op::tangent) entry.at[Op::M + e] = spots.x_dot[e][lane];
      }
      entry.index = spots.index[lane];
    });
  }
};

/// Sums one tile and writes it out.
template <class Op>
struct SumTile : Sorting<Op> {
  int groups, group;

  void operator()(std::int64_t task, double* memory) const {
    constexpr int M = Op::M;
    using T = typename Op::T;
    const auto& op = this->op;
    const std::int64_t image = task / groups / this->tiling.count, slice = this->first_image + image;
    const std::int64_t b = slice / op.scene.poses, p = slice % op.scene.poses;
    const int g = int(task / this->tiling.count % groups), channels = std::min(group, op.scene.channels - g * group);
    const auto at = this->tiling.place(task % this->tiling.count);
    const Tile<M> tile = this->tiling.tile(at, Op::taps);
    const Entry<Op>* const entries = this->entries + image * op.scene.count;
    const std::int32_t* const ends = this->ends_of(image, this->parts - 1);
    const auto gain = op.gain(b, p);
    bool empty = true;
    typename Op::template SpotsOf<host_count> spots;
    int count = 0;
    const auto flush = [&] {
      if (count == 0) return;
      for (int e = 0; e < M; ++e)
        for (int lane = count; lane < host_count; ++lane) spots.x[e][lane] = Kokkos::Experimental::quiet_NaN_v<T>;
      if (empty) std::fill_n(memory, tile.size * channels, 0.0);
      empty = false;
      add_to_tile<Op, host_count>(op, gain, b, spots, tile, g * group, channels, memory);
      count = 0;
    };
    this->tiling.for_keys(at, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first == 0 ? 0 : ends[first - 1]; i < ends[last]; ++i) {
        for (int e = 0; e < M; ++e) {
          spots.x[e][count] = entries[i].at[e];
          if constexpr (Op::tangent) spots.x_dot[e][count] = entries[i].at[M + e];
        }
        spots.index[count] = entries[i].index;
        if (++count == host_count) flush();
      }
    });
    flush();
    for (int c = 0; c < channels; ++c) {
      if (empty) {
        fill_tile(op, b, p, g * group + c, tile);
      } else {
        write_tile(op, b, p, g * group + c, tile, 0, tile.extent[M - 1], memory + c * tile.size, 1, 0);
      }
    }
  }

 private:
  static void fill_tile(const Op& op, std::int64_t b, std::int64_t p, int c, const Tile<Op::M>& tile) {
    const T base = T(op.base(b, p));
    const auto walk = [&](auto&& self, int e, T* to) -> void {
      to += tile.begin[e] * op.images.stride[e];
      for (int i = 0; i < tile.extent[e]; ++i)
        if (e > 0) {
          self(self, e - 1, to + i * op.images.stride[e]);
        } else {
          to[i] = (op.accumulate ? to[i] : T(0)) + base;
        }
    };
    walk(walk, Op::M - 1, op.images.at(b, p, c));
  }
  using T = typename Op::T;
};

/// Tasks that keep many cores busy.
inline constexpr std::int64_t many = 64;

/// Strategy and sizes depend on the sizes of the problem alone.
template <class Exec, class Op>
void scatter_on_host(const Exec& exec, const std::string& label, const Op& op, Workspace* workspace) {
  constexpr int M = Op::M, taps = Op::taps;
  constexpr std::int64_t small = 40000;  // sums that a core's own cache keeps
  const std::int64_t images = op.scene.objects * op.scene.poses, n = op.scene.count;
  if (images == 0 || op.scene.channels == 0) return;
  Scratch scratch(workspace);
  const std::size_t next = scratch.add<std::int64_t>(1);
  const auto divide = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  const int group = std::min(op.scene.channels, 4), groups = int(divide(op.scene.channels, group));

  const Tile<M> whole(op.images.extent, taps);
  if (whole.size * group <= small) {
    const std::int64_t wanted = divide(many, images * groups), useful = n / std::max<std::int64_t>(8192, 4 * whole.size);
    const std::int64_t stretch = divide(divide(n, std::clamp<std::int64_t>(useful, 1, wanted)), host_count) * host_count;
    const std::int64_t parts = n == 0 ? 1 : divide(n, stretch), size = whole.size * group, tasks = images * groups * parts;
    const std::size_t memory = scratch.add<double>(size * (parts > 1 ? tasks : exec.concurrency()));
    scratch.allocate(exec);
    const Parts<Op> shared{op, groups, group, parts, stretch, whole};
    for_workers(exec, label, tasks, scratch.at<double>(memory), parts > 1 ? 0 : size, scratch.at<std::int64_t>(next),
                SumPart<Op>{shared, parts > 1 ? scratch.at<double>(memory) : nullptr});
    if (parts == 1) return;
    const int planes = int(divide(whole.extent[M - 1], 16)), pieces = int(divide(whole.extent[M - 1], planes));
    launch(exec, label + "_parts", images * groups * pieces, AddParts<Op>{shared, scratch.at<double>(memory), planes, pieces});
    return;
  }

  const int bits = std::clamp(int(std::bit_width(std::uint64_t(op.images.voxels()))) - 6, 10, 13);
  const Tiling<M> tiling(op.images.extent, taps, bits);
  const std::int64_t size = tiling.whole_size(taps) * group, wave = std::clamp<std::int64_t>((1 << 22) / (n + 1), 1, images);
  const std::int64_t useful = std::min(n / 8192, 4 * n / tiling.keys);
  const std::int64_t stretch = divide(divide(n, std::clamp<std::int64_t>(useful, 1, many)), host_count) * host_count;
  const std::int64_t parts = n == 0 ? 1 : divide(n, stretch);
  const std::size_t entries = scratch.add<Entry<Op>>(wave * n), ends = scratch.add<std::int32_t>(wave * parts * tiling.keys),
                    memory = scratch.add<double>(size * exec.concurrency());
  scratch.allocate(exec);
  for (std::int64_t first = 0; first < images; first += wave) {
    const std::int64_t count = std::min(wave, images - first);
    const Sorting<Op> sorting{op, tiling, first, parts, stretch, scratch.at<Entry<Op>>(entries), scratch.at<std::int32_t>(ends)};
    launch(exec, label + "_count", count * parts, CountKeys<Op>{sorting});
    launch(exec, label + "_sum", count, SumKeys<Op>{sorting});
    launch(exec, label + "_sort", count * parts, SortEntries<Op>{sorting});
    for_workers(exec, label, count * groups * tiling.count, scratch.at<double>(memory), size, scratch.at<std::int64_t>(next),
                SumTile<Op>{sorting, groups, group});
  }
}

}  // namespace bracewell::detail
