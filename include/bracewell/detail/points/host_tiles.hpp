// SPDX-License-Identifier: MIT
// Host: boxes of images that one thread sums in memory of its own, and the keys that points are sorted by.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/detail/core/simd.hpp>

#include <algorithm>
#include <array>
#include <bit>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Points that are worked on together.
inline constexpr int points_per_block = 64;

/// A box of an image and the sums over it, x fastest. A margin of taps − 1 on all sides takes what points in reach add
/// beyond it, so that nothing need be clipped.
template <int M>
struct Tile {
  int begin[M], extent[M];  // in the image
  std::int64_t stride[M];   // in the sums
  std::int64_t size;        // of the sums of a channel
  int margin;

  /// \param begins, extents: of the box. The last tile of an axis may be cut short; strides are those of a whole one.
  Tile(const int* begins, const int* extents, const int* whole, int taps) : size(1), margin(taps - 1) {
    for (int e = 0; e < M; ++e) {
      begin[e] = begins[e];
      extent[e] = extents[e];
      stride[e] = size;
      size *= whole[e] + 2 * margin;
    }
  }

  /// The distance from one row of sums to the next.
  std::int64_t row() const {
    if constexpr (M > 1) {
      return stride[1];
    } else {
      return size;
    }
  }

  /// Voxels of which there are at most 64 times as many in a row, and no fewer than a cache line of floats has.
  int segment() const { return std::max((int(row()) - 2 * margin + 63) / 64, 16); }

  /// The tile that is a whole image.
  Tile(const int* extents, int taps) : Tile(std::array<int, M>{}.data(), extents, extents, taps) {}
};

/// Tiles of an image, extents powers of two but at its far edges, and keys to sort points by. Along an axis, points that
/// fall on tile i alone have key 2i + 1, those that fall on i and i + 1 have 2i + 2, beginning with 0 for those that hang
/// over the near edge: what falls on tile i has keys 2i … 2i + 2.
template <int M>
struct Tiling {
  int log2[M], tiles[M], whole[M], extent[M];
  std::int64_t key_stride[M];
  std::int64_t count, keys;

  /// Tiles of about 2^bits voxels, longer in x, and no shorter than the taps.
  Tiling(const int* extents, int taps, int bits) : count(1), keys(1) {
    const int least = int(std::bit_width(unsigned(taps - 1))),
              x = M == 1 ? bits : std::clamp(bits - (M == 2 ? 5 : 4) * (M - 1), 5, 10);
    for (int e = 0; e < M; ++e) {
      log2[e] = std::max(least, e == 0 ? x : (bits - x + M - 2) / (M > 1 ? M - 1 : 1));
      whole[e] = 1 << log2[e];
      extent[e] = extents[e];
      tiles[e] = ((extents[e] - 1) >> log2[e]) + 1;
      key_stride[e] = keys;
      count *= tiles[e];
      keys *= 2 * tiles[e] + 1;
    }
  }

  Tile<M> whole_tile(int taps) const { return Tile<M>(whole, taps); }

  /// The tile's place in units of tiles.
  std::array<int, M> place(std::int64_t tile) const {
    std::array<int, M> at;
    for (int e = 0; e < M; ++e) {
      at[std::size_t(e)] = int(tile % tiles[e]);
      tile /= tiles[e];
    }
    return at;
  }

  Tile<M> tile(const std::array<int, M>& at, int taps) const {
    int begin[M], size[M];
    for (int e = 0; e < M; ++e) {
      begin[e] = at[std::size_t(e)] << log2[e];
      size[e] = std::min(whole[e], extent[e] - begin[e]);
    }
    return Tile<M>(begin, size, whole, taps);
  }

  /// The part of a key that axis e contributes, for taps from `first` on.
  template <class I>
  I key(int e, const I& first, int taps) const {
    using Int = simd::Lane<I>;
    const I zero{}, one = zero + Int(1), within = first & I(zero + Int(whole[e] - 1));
    const I over = simd::select(within > I(zero + Int(whole[e] - taps)), one, zero);
    return (2 * (first >> log2[e]) + 1 + over) * Int(key_stride[e]);
  }

  /// Calls run(first key, last key) for the intervals of keys whose points fall on a tile, in ascending order.
  template <class Run>
  void for_keys(const std::array<int, M>& at, const Run& run) const {
    const auto walk = [&](auto&& self, int e, std::int64_t base) -> void {
      if (e == 0) return run(base + 2 * at[0], base + 2 * at[0] + 2);
      for (int k = 0; k < 3; ++k) self(self, e - 1, base + (2 * at[std::size_t(e)] + k) * key_stride[e]);
    };
    walk(walk, M - 1, 0);
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
