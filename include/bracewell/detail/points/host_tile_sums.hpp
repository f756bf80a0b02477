// SPDX-License-Identifier: MIT
// What points add to a tile of an image, in double precision, and how a tile is written out. On the host only.
#pragma once

#include <bracewell/detail/core/nontemporal.hpp>
#include <bracewell/detail/points/draw_operation.hpp>
#include <bracewell/detail/points/host_tiles.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Adds points to the sums of a tile, for channels from `channel` on.
template <class Op, int Count>
KOKKOS_INLINE_FUNCTION void add_to_tile(const Op& op, const Product<double, Op::tangent>& out_weight, std::int64_t b,
                                        const typename Op::template PointsOnImage<Count>& projected, const Tile<Op::M>& tile,
                                        int channel, int channels, double* sums) {
  constexpr int M = Op::M, taps = Op::taps, W = simd::pack_width<typename Op::C, Count>;
  using Taps = typename Op::template TapsOf<double, Count>;
  using Int = typename Taps::Int;
  using I = simd::Pack<Int, W>;
  Taps point;
  op.set_taps(b, projected, point);
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
      const auto amplitude = op.amplitude(out_weight, b, projected.index[lane], channel + c);
      for (int j = 0; j < taps; ++j) {
        if constexpr (Op::tangent) {
          const auto product = amplitude * Dual<double>{point.weight[0][j][lane], point.slope[0][j][lane]};
          row[lane][j] = product.value;
          row_dot[lane][j] = product.rate;
        } else {
          row[lane][j] = amplitude * point.weight[0][j][lane];
        }
      }
    }  // idle lanes too: a loop without branches becomes vector instructions
    for (int lane = 0; lane < Count; ++lane) {
      if (!point.inside[lane]) continue;
      const Row values = Row::load(row[lane]);
      if constexpr (Op::tangent) {
        const Row dots = Row::load(row_dot[lane]);
        const TapWalk<Taps, Slope::rate> walk{point, tile.stride, lane};
        spread<M - 1>(walk, std::int64_t(where[lane]), one<double, true>(),
                      [&](std::int64_t at, const Dual<double>& product) {
                        dots.add_to(to + at, product.value);
                        values.add_to(to + at, product.rate);
                      });
      } else {
        const TapWalk<Taps> walk{point, tile.stride, lane};
        spread<M - 1>(walk, std::int64_t(where[lane]), 1.0,
                      [&](std::int64_t at, double product) { values.add_to(to + at, product); });
      }
    }
  }
}

/// Where few points fall on a tile: which segments of the rows of its sums are not 0, a bit for each. Null: all may be.
using Touched = const std::uint64_t*;

/// Calls run(begin, end, whether touched) for runs of a row's voxels.
template <class Run>
void for_runs(std::uint64_t touched, int segment, int count, const Run& run) {
  for (int x = 0; x < count;) {
    const int first = x / segment;
    const std::uint64_t rest = touched >> first;
    const int segments = rest & 1 ? std::countr_one(rest) : std::countr_zero(rest);
    const int next = first + segments < 64 ? std::min((first + segments) * segment, count) : count;
    run(x, next, bool(rest & 1));
    x = next;
  }
}

/// Writes out planes low … high − 1 of the slowest axis of a tile: the background and the sum of `parts` arrays of sums,
/// `step` apart. `sums` may be null for zeros.
template <class Op>
void write_tile(const Op& op, std::int64_t b, std::int64_t p, int c, const Tile<Op::M>& tile, int low, int high,
                const double* sums, int parts = 1, std::int64_t step = 0, Touched touched = nullptr) {
  using T = typename Op::T;
  const double background = op.background(b, p);
  if (!sums && op.accumulate && background == 0) return;
  const bool nontemporal = op.nontemporal() && parts == 1;
  const auto write_zeros = [&](T* to, int count) {
    const T value = T(background);
    if (nontemporal) return fill_row_nontemporal(to, count, [value]<class P>(int) { return simd::broadcast<P>(value); });
    for (int i = 0; i < count; ++i) to[i] = (op.accumulate ? to[i] : T(0)) + value;
  };
  const auto write_sums = [&](T* to, const double* from, int count) {
    if (nontemporal) {
      fill_row_nontemporal(to, count, [&]<class P>(int i) {
        simd::Pack<double, simd::lanes<P>> wide;
        simd::load_to(wide, from + i);
        wide += background;
        return simd::convert<P>(wide);
      });
    } else if (parts == 1) {
      for (int i = 0; i < count; ++i) to[i] = (op.accumulate ? to[i] : T(0)) + T(background + from[i]);
    } else {
      for (int i = 0; i < count; ++i) {
        double sum = 0;
        for (int part = 0; part < parts; ++part) sum += from[part * step + i];
        to[i] = (op.accumulate ? to[i] : T(0)) + T(background + sum);
      }
    }
  };
  const auto write_row = [&](T* to, std::int64_t from, int count) {
    if (!sums) return write_zeros(to, count);
    if (!touched) return write_sums(to, sums + from, count);
    for_runs(touched[from / tile.row()], tile.segment(), count, [&](int begin, int end, bool some) {
      if (some) {
        write_sums(to + begin, sums + from + begin, end - begin);
      } else {
        write_zeros(to + begin, end - begin);
      }
    });
  };
  const auto walk = [&](auto&& self, int e, T* to, std::int64_t from) -> void {
    const int begin = e == Op::M - 1 ? low : 0, end = e == Op::M - 1 ? high : tile.extent[e];
    to += (tile.begin[e] + begin) * op.images.stride[e];
    from += (tile.margin + begin) * tile.stride[e];
    if (e == 0) return write_row(to, from, end - begin);
    for (int i = begin; i < end; ++i, to += op.images.stride[e], from += tile.stride[e]) self(self, e - 1, to, from);
  };
  walk(walk, Op::M - 1, op.images.at(b, p, c), 0);
  if (nontemporal) fence_nontemporal();
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
