// SPDX-License-Identifier: MIT
// Who owns which rows of a grid and which taps along x; and a sample's rows of taps found tap by tap, which devices do, and hosts in grids
// smaller than a stencil.
#pragma once

#include <bracewell/detail/core/device.hpp>
#include <bracewell/detail/slicing/block.hpp>
#include <bracewell/detail/slicing/friedel.hpp>

#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The rows of a grid that a host thread may write: frequencies ±low … ±(high − 1) of each axis above x. It alone inserts
/// there, in the order of the samples, so that no sum depends on the number of threads. Friedel mates share a zone.
template <int N>
struct OwnedRows {
  static constexpr int lanes = 1;

  int low[N], high[N];  // those of x are not used

  KOKKOS_INLINE_FUNCTION bool owns(int axis, int index, int extent) const {
    const int f = index < extent - index ? index : extent - index;
    return low[axis] <= f && f < high[axis];
  }
  KOKKOS_INLINE_FUNCTION bool owns_all(int axis, int extent) const { return low[axis] == 0 && high[axis] > extent / 2; }
};

/// Every row.
struct AllRows {
  static constexpr int lanes = 1;

  KOKKOS_INLINE_FUNCTION bool owns(int, int, int) const { return true; }
  KOKKOS_INLINE_FUNCTION bool owns_all(int, int) const { return true; }
  /// Whether this thread writes what those that share a sample have read; and the sum of what they have.
  KOKKOS_INLINE_FUNCTION static constexpr bool writes() { return true; }
  template <class Readings>
  KOKKOS_INLINE_FUNCTION void join(Readings&) const {}
};

/// Every row, for one of Lanes neighbouring threads of a device that share a sample: it has every Lanes-th tap along x, from number
/// `lane` on. So what neighbours ask for at once lies side by side.
template <int Lanes>
struct SharedRows : AllRows {
  static constexpr int lanes = Lanes;

  int lane;

  KOKKOS_INLINE_FUNCTION explicit SharedRows(int lane_) : lane(lane_) {}

  KOKKOS_INLINE_FUNCTION bool writes() const { return Lanes == 1 || lane == 0; }
  template <class T, int Components, int Channels>
  KOKKOS_INLINE_FUNCTION void join(Readings<T, Components, Channels, 1>& part) const {
    for (auto& channel : part.component)
      for (auto& component : channel) component[0] = sum_of_lanes<Lanes>(component[0]);
  }
};

/// The rows of taps of one sample, or of their mates, found tap by tap. Along x it has those taps that the owner has.
template <class Stencil, class V, int N, class Owner>
struct TapByTapWalk {
  static constexpr int taps = Stencil::taps, x_taps = taps / Owner::lanes;
  static_assert(taps % Owner::lanes == 0);

  const Stencil& stencil;
  const Grid<V, N>& grid;
  Owner owner;
  int lane;
  bool mate;
  unsigned column
      [x_taps];  // from the first tap's on; narrow grids have fewer than taps, and weights 0 for the rest, which repeat the last
  unsigned index[N][taps];  // of axes above x

  KOKKOS_INLINE_FUNCTION TapByTapWalk(const Stencil& stencil_, const Grid<V, N>& grid_, const Owner& owner_, int lane_,
                                      bool mate_)
      : stencil(stencil_), grid(grid_), owner(owner_), lane(lane_), mate(mate_) {
    const int last = grid.columns() - 1;
    BRACEWELL_UNROLL
    for (int i = 0; i < x_taps; ++i) {
      const int j = own(i, [](int tap) { return tap; });
      column[i] = unsigned(j < last ? j : last);
    }
    if (grid.shortest >= taps) {
      set_indices([&](int m, int extent) { return near_row_index(mate, m, extent); });
    } else {
      set_indices([&](int m, int extent) { return row_index(mate, m, extent); });
    }
  }

  KOKKOS_INLINE_FUNCTION V* start() const { return grid.data + unsigned(stencil.first[0][lane]); }
  KOKKOS_INLINE_FUNCTION V* step(int axis, int j, V* where) const {
    return where + std::int64_t(index_at(axis, j)) * grid.stride[axis];
  }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const {
    return owner.owns(axis, int(index_at(axis, j)), grid.extent[axis]);
  }
  /// Of the i-th of x_taps.
  KOKKOS_INLINE_FUNCTION auto x_weight(int i) const {
    return own(i, [&](int j) { return mate ? stencil.mate_weight[j][lane] : stencil.weight[0][j][lane]; });
  }
  KOKKOS_INLINE_FUNCTION auto x_slope(int i) const {
    return own(i, [&](int j) { return mate ? stencil.mate_slope[j][lane] : stencil.slope[0][j][lane]; });
  }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const {
    return tap_at<taps>(j, [&](int i) { return stencil.weight[axis][i][lane]; });
  }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const {
    return tap_at<taps>(j, [&](int i) { return stencil.slope[axis][i][lane]; });
  }

 private:
  template <class RowIndex>
  KOKKOS_INLINE_FUNCTION void set_indices(const RowIndex& row_of) {
    BRACEWELL_UNROLL
    for (int j = 0; j < taps; ++j)
      for (int d = 1; d < N; ++d) index[d][j] = unsigned(row_of(int(stencil.first[d][lane]) + j, grid.extent[d]));
  }

  KOKKOS_INLINE_FUNCTION unsigned index_at(int axis, int j) const {
    return tap_at<taps>(j, [&](int i) { return index[axis][i]; });
  }

  /// at(tap) of the owner's i-th tap along x, picked by comparisons, so that arrays stay in registers.
  template <class At>
  KOKKOS_INLINE_FUNCTION auto own(int i, const At& at) const {
    constexpr int lanes = Owner::lanes;
    auto tap = at(i * lanes);
    if constexpr (lanes > 1) {
      BRACEWELL_UNROLL
      for (int l = 1; l < lanes; ++l) {
        const auto other = at(i * lanes + l);
        tap = owner.lane == l ? other : tap;
      }
    }
    return tap;
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
