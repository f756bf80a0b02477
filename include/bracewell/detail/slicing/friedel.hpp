// SPDX-License-Identifier: MIT
// The one edge rule: where the taps of a sample lie in memory. Axes are periodic; of the x axis half is stored, and the rest
// read through Friedel symmetry, F[m] = conj F[−m].
//
// So taps fall on up to two sets of rows: on their own, and on those of their mates −m. A window of stored columns covers
// both, each with its own weights along x.
#pragma once

#include <bracewell/detail/core/simd.hpp>
#include <bracewell/options.hpp>
#include <bracewell/spectrum.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Arrays over half-spectrum lattices of N axes, x first and contiguous: those of all references, or that of one.
template <class V, int N>
struct Grid {
  V* data;
  int extent[N];  // of the real array
  std::int64_t stride[N];
  std::int64_t batch_stride;  // from one reference to the next
  // What a block of samples asks: the shortest axis as it is stored, and an upper bound of offsets from each axis above x.
  int shortest = 0;
  double span = 0;

  KOKKOS_INLINE_FUNCTION int columns() const { return extent[0] / 2 + 1; }

  /// Sets what follows from extents and strides.
  void set_bounds() {
    shortest = columns();
    span = shortest;
    for (int d = 1; d < N; ++d) {
      shortest = std::min(shortest, extent[d]);
      span = std::max(span, double(stride[d]) * extent[d]);  // the products of made-up extents pass 2^63
    }
  }
};

/// Elements of another type for all points, without gaps; None for None.
template <class W, class V, int N>
Grid<W, N> dense_grid(const Grid<V, N>& like, void* data) {
  Grid<W, N> grid{static_cast<W*>(data), {}, {1}, like.columns()};
  for (int d = 0; d < N; ++d) grid.extent[d] = like.extent[d];
  for (int d = 1; d < N; ++d) {
    grid.stride[d] = grid.batch_stride;
    grid.batch_stride *= grid.extent[d];
  }
  grid.set_bounds();
  return grid;
}
template <class W>
None dense_grid(None, void*) {
  return {};
}

/// Of one reference.
template <class V, int N>
std::int64_t dense_bytes(const Grid<V, N>& grid) {
  return dense_grid<V>(grid, nullptr).batch_stride * std::int64_t(sizeof(V));
}
inline std::int64_t dense_bytes(None) { return 0; }

/// The grid of reference b; None for None.
template <class V, int N>
KOKKOS_INLINE_FUNCTION Grid<V, N> of_reference(Grid<V, N> grid, std::int64_t b) {
  grid.data += b * grid.batch_stride;
  return grid;
}
KOKKOS_INLINE_FUNCTION None of_reference(None, std::int64_t) { return {}; }

/// The stored plane or row of lattice index m, or of its mate −m, on an axis above x.
KOKKOS_INLINE_FUNCTION int row_index(bool mate, int m, int extent) {
  const int index = frequency_index(m, extent);
  return mate && index != 0 ? extent - index : index;
}

/// The same for |m| ≤ extent, without a branch.
KOKKOS_INLINE_FUNCTION int near_row_index(bool mate, int m, int extent) {
  const int of_either = mate ? -m : m, index = of_either < 0 ? of_either + extent : of_either;
  return index < extent ? index : index - extent;
}

/// Where `first` is between these two, the taps first … first + Taps − 1 along x are stored columns, and need no mates. With
/// Symmetric, as for insertion, taps on a self-conjugate plane (k_x = 0 or, for an even width, W/2) do need theirs, since
/// such a plane holds both mates.
template <bool Symmetric>
inline constexpr int first_direct = Symmetric ? 1 : 0;
template <int Taps, bool Symmetric>
KOKKOS_INLINE_FUNCTION int last_direct(int width) {
  return (Symmetric ? (width - 1) / 2 : width / 2) + 1 - Taps;
}

/// The first of the Taps stored columns that the taps from `first` on and their mates fall on; a narrow grid has fewer
/// columns. For integers or packs of them, as are the next two.
template <int Taps, class I>
KOKKOS_INLINE_FUNCTION I stored_window(const I& first, int width) {
  const simd::Lane<I> last = width / 2 + 1 - Taps;
  const I column = simd::select(first < last, first, simd::broadcast<I>(last));
  return simd::select(column < 0, I{}, column);
}

/// Whether columns in packs follow from those of samples in the grid without a division.
template <int Taps>
KOKKOS_INLINE_FUNCTION bool packs_have_columns(int width) {
  return width > 2 * Taps;
}

/// Splits the weights of taps along x into those on the taps' own rows and those on their mates', by columns of the window. Without
/// mates, they are as they were.
template <int Taps, bool Symmetric, class I, class T>
KOKKOS_INLINE_FUNCTION void split_mates(const I& first, int width, const T (&tap)[Taps], T (&own)[Taps], T (&mate)[Taps]) {
  for (int i = 0; i < Taps; ++i) own[i] = mate[i] = T{};
  const I column = stored_window<Taps>(first, width);
  for (int j = 0; j < Taps; ++j) {
    I x = first + simd::Lane<I>(j);
    if constexpr (std::is_arithmetic_v<I>) {
      x = frequency_index(int(x), width);
    } else {
      x = simd::select(x < 0, I(x + width), x);
    }
    const auto mirrored = x > width / 2;
    const T direct = simd::select(mirrored, T{}, tap[j]);
    auto folds = mirrored;
    if constexpr (Symmetric) folds = mirrored | (x == 0) | (2 * x == width);
    const T folded = simd::select(folds, tap[j], T{});
    const I place = simd::select(mirrored, I(width - x), x) - column;
    for (int i = 0; i < Taps; ++i) {  // constant indices, so that a device keeps the arrays in registers
      own[i] += simd::select(place == i, direct, T{});
      mate[i] += simd::select(place == i, folded, T{});
    }
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
