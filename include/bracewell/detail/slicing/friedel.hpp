// SPDX-License-Identifier: MIT
// The one edge rule: where the taps of a sample lie in memory. Axes are periodic; of the x axis half is stored, and the rest
// read through Friedel symmetry, F[m] = conj F[−m].
//
// So taps fall on up to two sets of rows: on their own, and on those of their mates −m. A window of stored columns covers
// both, each with its own weights along x.
#pragma once

#include <bracewell/options.hpp>
#include <bracewell/spectrum.hpp>

#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Arrays over half-spectrum lattices of N axes, x first, contiguous in x; one of each reference, or that of one of them.
template <class V, int N>
struct Grid {
  V* data;
  int extent[N];  // of the real array
  std::int64_t stride[N];
  std::int64_t batch_stride;  // from one reference to the next

  KOKKOS_INLINE_FUNCTION int columns() const { return extent[0] / 2 + 1; }
};

/// The grid of reference b; None of None.
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

/// The Taps lattice indices of x from `first` on are stored just there, side by side, where first is between these two. With
/// Symmetric, as insertions need it, those of self-conjugate planes are not: they are stored twice.
template <bool Symmetric>
inline constexpr int first_direct = Symmetric ? 1 : 0;
template <int Taps, bool Symmetric>
KOKKOS_INLINE_FUNCTION int last_direct(int width) {
  return (Symmetric ? (width - 1) / 2 : width / 2) + 1 - Taps;
}

/// First of the Taps stored columns that the taps from `first` on and their mates fall on; fewer where the grid has fewer.
template <int Taps>
KOKKOS_INLINE_FUNCTION int stored_window(int first, int width) {
  const int last = width / 2 + 1 - Taps, column = first < last ? first : last;
  return column < 0 ? 0 : column;
}

/// Sorts the weights of taps along x by the window's columns: on the taps' own rows and on their mates'.
template <int Taps, bool Symmetric, class T>
KOKKOS_INLINE_FUNCTION void split_mates(int first, int width, const T (&tap)[Taps], T (&own)[Taps], T (&mate)[Taps]) {
  for (int i = 0; i < Taps; ++i) own[i] = mate[i] = 0;
  const int column = stored_window<Taps>(first, width);
  for (int j = 0; j < Taps; ++j) {
    const int x = frequency_index(first + j, width);
    const bool mirrored = x > width / 2, self_conjugate = 2 * x % width == 0;
    const int place = (mirrored ? width - x : x) - column;
    for (int i = 0; i < Taps; ++i) {  // no index but constants: a device keeps the arrays in registers
      own[i] += i == place && !mirrored ? tap[j] : T(0);
      mate[i] += i == place && (mirrored || (Symmetric && self_conjugate)) ? tap[j] : T(0);
    }
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
