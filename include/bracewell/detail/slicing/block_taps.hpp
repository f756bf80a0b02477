// SPDX-License-Identifier: MIT
// What can be known of a few samples before a grid is touched: their weights, and where the rows of their taps are. On the
// host a row's taps, which are contiguous, are read and written as strips of packs; on devices, and in grids smaller than a
// stencil, one by one.
#pragma once

#include <bracewell/detail/core/tap_product.hpp>
#include <bracewell/detail/slicing/block.hpp>
#include <bracewell/detail/slicing/stencil.hpp>
#include <bracewell/detail/slicing/tap_by_tap.hpp>

#include <limits>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Samples side by side on the host, where packs pay; a device thread has one. The nearest cache holds the lines that 16 samples with
/// many taps are inserted into, while those of the next 16 arrive.
template <class Op>
inline constexpr int samples_per_block = [] {
  if constexpr (Op::inserts) return Op::reach > 1 ? 16 : 32;
  return 32;
}();

/// Where the rows of taps of a block of samples, or of their mates, are. A walk numbers rows, the slowest axis first. Few rows have
/// a place each; of more, the taps of each axis above x have one, and these add up. Places are negative in other owners' rows.
template <class Stencil, class T, int N, int Count>
struct alignas(simd::alignment<Count>) TapRows {
  static constexpr int taps = Stencil::taps, axes = N;
  static constexpr int rows = [] {
    int n = 1;
    for (int d = 1; d < N; ++d) n *= taps;
    return n;
  }();
  static constexpr bool few = rows <= 4;
  using Int = simd::Integer<T>;

  Int place[few ? rows : N * taps]
           [Count];  // by rows; or by axes and taps, those of the slowest axis with the first tap along x in them

  static constexpr std::int64_t largest = std::numeric_limits<Int>::max() / N;
  static constexpr Int none_of_axis = Int(largest);  // its negative leaves a place negative, whatever other axes add

  /// Whether rows can be found in this grid: it is no smaller than a stencil, and places fit an Int.
  template <class V>
  KOKKOS_INLINE_FUNCTION static bool fit(const Grid<V, N>& grid) {
    return grid.shortest >= taps && grid.span <= double(largest);
  }

  /// Finds them, or with Mates those of the mates.
  template <bool Mates, class V, class Owner>
  KOKKOS_INLINE_FUNCTION void find(const Stencil& stencil, const Grid<V, N>& grid, const Owner& owner, LaneRange lanes) {
    using I = simd::Pack<Int, simd::width<T>>;
    for (int lane = lanes.template first_of<simd::width<T>>(); lane < lanes.end; lane += simd::width<T>) {
      const I column = simd::load<I>(stencil.first[0] + lane);
      I part[N][taps];
      for (int d = 1; d < N; ++d) {
        const Int extent = Int(grid.extent[d]), stride = Int(grid.stride[d]);
        [[maybe_unused]] const bool owns_all = owner.owns_all(d, grid.extent[d]);
        const I first = simd::load<I>(stencil.first[d] + lane);
        I start = Mates ? I(-first) : first;  // from −extent to extent
        start = simd::select(start < 0, I(start + extent), start);
        if constexpr (Mates) start = simd::select(start >= extent, I(start - extent), start);
        const I from = d == N - 1 ? I(start * stride + column) : I(start * stride);
        for (int j = 0; j < taps; ++j) {
          const auto around = Mates ? start < j : start >= extent - j;  // beyond the last row, or the first
          const Int to = Mates ? -j : j, back = Mates ? extent : -extent;
          const I at = from + to * stride;
          part[d][j] = j == 0 ? from : simd::select(around, I(at + back * stride), at);
          if constexpr (!std::is_same_v<Owner, AllRows>) {
            if (owns_all) continue;
            const I index = start + to;
            const auto mine = owned(owner, d, j == 0 ? start : simd::select(around, I(index + back), index), extent);
            part[d][j] = simd::select(mine, part[d][j], simd::broadcast<I>(-none_of_axis));
          }
        }
        if constexpr (!few)
          for (int j = 0; j < taps; ++j) simd::store(place[d * taps + j] + lane, part[d][j]);
      }
      if constexpr (few) store_rows<N - 1>(lane, 0, N == 1 ? column : I{}, part);
    }
  }

  /// Where a row of a pack of lanes is. Inlined by force, as prefetching asks for.
  template <class I>
  KOKKOS_FORCEINLINE_FUNCTION I where(int number, int lane) const {
    if constexpr (few) return simd::load<I>(place[number] + lane);
    I sum{};
    for (int d = 1; d < N; ++d, number /= taps) sum += simd::load<I>(place[d * taps + number % taps] + lane);
    return sum;
  }

  /// each(number, where) for all rows of a lane.
  template <int Axis = N - 1, class Each>
  KOKKOS_FORCEINLINE_FUNCTION void for_rows(int lane, const Each& each, int number = 0, std::int64_t where = 0) const {
    if constexpr (few) {
      for (int i = 0; i < rows; ++i) each(i, place[i][lane]);
    } else if constexpr (Axis == 0) {
      each(number, where);
    } else {
      for (int j = 0; j < taps; ++j) for_rows<Axis - 1>(lane, each, number * taps + j, where + place[Axis * taps + j][lane]);
    }
  }

 private:
  template <int Axis, class I>
  KOKKOS_INLINE_FUNCTION void store_rows(int lane, int number, const I& where, const I (&part)[N][taps]) {
    if constexpr (Axis == 0) {
      simd::store(place[number] + lane, where);
    } else {
      for (int j = 0; j < taps; ++j) store_rows<Axis - 1>(lane, number * taps + j, I(where + part[Axis][j]), part);
    }
  }

  template <class Owner, class I>
  KOKKOS_INLINE_FUNCTION static auto owned(const Owner& owner, int d, const I& index, Int extent) {
    const I f = simd::select(index < extent - index, index, I(extent - index));
    return (f >= owner.low[d]) & (f < owner.high[d]);
  }
};

/// The rows of samples lane, lane + Apart, … of a block, Samples of them.
template <class Stencil, class TapRows, class T, int Components, int Samples, int Apart>
struct RowWalk {
  static constexpr int taps = Stencil::taps, samples = Samples;
  struct Places {
    const T* at[Samples];
    int number;  // of the row
  };

  const T* data;
  const Stencil& stencil;
  const TapRows& rows;
  int lane;

  KOKKOS_INLINE_FUNCTION Places start() const {
    Places places{};
    for (int i = 0; i < Samples; ++i) places.at[i] = data;
    return places;
  }
  KOKKOS_INLINE_FUNCTION Places step(int axis, int j, Places places) const {
    places.number = places.number * taps + j;
    if constexpr (!TapRows::few)
      for (int i = 0; i < Samples; ++i)
        places.at[i] += Components * std::int64_t(rows.place[axis * taps + j][lane + i * Apart]);
    return places;
  }
  KOKKOS_INLINE_FUNCTION const T* row(const Places& places, int i) const {
    if constexpr (!TapRows::few) return places.at[i];
    return places.at[i] + Components * std::int64_t(rows.place[places.number][lane + i * Apart]);
  }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const { return stencil.weight[axis][j][lane]; }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const { return stencil.slope[axis][j][lane]; }
};

/// The rows of those samples of a pack P whose number in a group of Group is Place, one in each group.
template <class Stencil, class TapRows, class P, int Components, int Group, int Place>
struct GroupWalk : RowWalk<Stencil, TapRows, simd::Lane<P>, Components, simd::lanes<P> / Group, Group> {
  static constexpr bool lerps = Stencil::lerps;

  int first;  // lane of the pack

  KOKKOS_INLINE_FUNCTION P weight(int axis, int j) const { return spread(this->stencil.weight[axis][j]); }
  KOKKOS_INLINE_FUNCTION P slope(int axis, int j) const { return spread(this->stencil.slope[axis][j]); }

 private:
  KOKKOS_INLINE_FUNCTION P spread(const simd::Lane<P>* lanes) const {
    if constexpr (simd::lanes<P> == Group) {
      return simd::broadcast<P>(lanes[first + Place]);
    } else {
      return simd::spread_in_groups<Group, Place>(simd::load<P>(lanes + first));
    }
  }
};

/// The rows of a pack P of samples, whoever owns them.
template <class Stencil, class P>
struct PackWalk {
  static constexpr int taps = Stencil::taps;

  const Stencil& stencil;
  int lane;  // of the first

  KOKKOS_INLINE_FUNCTION int start() const { return 0; }
  KOKKOS_INLINE_FUNCTION int step(int, int j, int row) const { return row * taps + j; }
  KOKKOS_INLINE_FUNCTION bool owns(int, int) const { return true; }
  KOKKOS_INLINE_FUNCTION P weight(int axis, int j) const { return simd::load<P>(stencil.weight[axis][j] + lane); }
  KOKKOS_INLINE_FUNCTION P slope(int axis, int j) const { return simd::load<P>(stencil.slope[axis][j] + lane); }
};

/// A block of samples whose taps have been found and not yet touched.
template <class T, int N, int M, class Taps, bool Slopes, bool Symmetric, int Count>
struct BlockTaps {
  using Stencil = detail::Stencil<T, N, Taps, Slopes, Symmetric, Count>;
  using Rows = std::conditional_t<(Count > 1), TapRows<Stencil, T, N, Count>, None>;

  Block<T, N, M, Count> block;
  Stencil stencil;
  Rows rows;
  bool fits, mirrored;

  /// Finds the taps of `block` in a grid, and in others of its shape (or None). With Absolute, the kernel is |φ|.
  template <bool Absolute, class Kernel, class V, class Owner, class... Others>
  KOKKOS_INLINE_FUNCTION void find(const Kernel& kernel, const Owner& owner, const Grid<V, N>& grid,
                                   const Others&... others) {
    mirrored = find_weights<Absolute>(block, kernel, grid.extent, stencil);
    fits = false;
    if constexpr (Count > 1) {
      fits = Rows::fit(grid) && (same_strides(grid, others) && ...);
      if (fits) rows.template find<false>(stencil, grid, owner, block.lanes);
    }
  }

  /// The taps and weights of a block alone. Returns whether some are mirrored.
  template <bool Absolute, class Kernel>
  KOKKOS_INLINE_FUNCTION static bool find_weights(const Block<T, N, M, Count>& block, const Kernel& kernel,
                                                  const int (&extent)[N], Stencil& stencil) {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    if constexpr (Count == 1) {
      const auto& [side, whole, fraction] = *block.start;
      const bool moved = stencil.template set_folded<Absolute>(0, kernel, side, whole, fraction, extent[0]) != 0;
      if (moved) stencil.split_mates(extent[0], {0, 1});
      return moved;
    } else {
      const bool far = block.row->spacing != Spacing::near;  // κ in T may be far enough from its true place to miss the grid
      simd::Pack<typename Stencil::Int, W> moved{};
      using Start = BlockStart<T, N, Count>;
      const LaneRange lanes = block.lanes;
      const P first = simd::broadcast<P>(T(lanes.begin)), last = simd::broadcast<P>(T(lanes.end - 1));
      for (int lane = lanes.template first_of<W>(); lane < lanes.end; lane += W) {
        P i = simd::count_from<P>(T(lane));  // idle lanes repeat the first or the last sample
        i = simd::select(i < first, first, simd::select(i > last, last, i));
        P kappa[N];
        const auto& [base, fraction, step] = block.start[lane / Start::samples];
        i -= T(lane / Start::samples * Start::samples);
        for (int d = 0; d < N; ++d) kappa[d] = i * step[d] + fraction[d];
        if (far)
          for (int d = 0; d < N; ++d) {
            const P low = simd::broadcast<P>(T(-0.5 * extent[d] - base[d])),
                    high = simd::broadcast<P>(T(0.5 * extent[d] - base[d]));
            kappa[d] = simd::select(kappa[d] < low, low, simd::select(kappa[d] > high, high, kappa[d]));
          }
        moved |= stencil.template set<Absolute>(lane, kernel, base, kappa, extent[0]);
      }
      const bool mirrored = simd::any(moved);
      if (mirrored) stencil.split_mates(extent[0], lanes);
      return mirrored;
    }
  }

  /// Prefetches the taps in some grids (or None), where these are larger than what a core has for itself.
  template <class... Grids>
  KOKKOS_FORCEINLINE_FUNCTION void prefetch(const Grids&... grids) const {
    if constexpr (Count > 1 && N > 1) {
      constexpr double at_hand = 20 << 20;  // bytes; smaller grids lose by it: bench/README.md, "What limits"
      if (!fits || (bytes(grids) + ...) < at_hand) return;
      constexpr int W = simd::pack_width<T, Count>;  // lanes whose rows have been found together
      using I = simd::Pack<typename Stencil::Int, W>;
      for (int first = block.lanes.template first_of<W>(); first < block.lanes.end; first += W)
        for (int row = 0; row < Rows::rows; ++row) {
          const I place = rows.template where<I>(row, first);
          typename Stencil::Int where[W];
          simd::store(where, simd::select(place < 0, I{}, place));
          for (int lane = 0; lane < W; ++lane) (prefetch_at(grids, where[lane]), ...);
        }
    }
  }

 private:
  template <class V, class W>
  KOKKOS_INLINE_FUNCTION static bool same_strides(const Grid<V, N>& a, const Grid<W, N>& b) {
    bool same = true;
    for (int d = 1; d < N; ++d) same &= a.stride[d] == b.stride[d];
    return same;
  }
  template <class V>
  KOKKOS_INLINE_FUNCTION static bool same_strides(const Grid<V, N>&, None) {
    return true;
  }

  template <class V>
  KOKKOS_INLINE_FUNCTION static double bytes(const Grid<V, N>& grid) {
    return grid.span * double(sizeof(V));
  }
  KOKKOS_INLINE_FUNCTION static double bytes(None) { return 0; }

  template <class V>
  KOKKOS_FORCEINLINE_FUNCTION static void prefetch_at(const Grid<V, N>& grid, std::int64_t where) {
    simd::prefetch(grid.data + where);
  }
  KOKKOS_FORCEINLINE_FUNCTION static void prefetch_at(None, std::int64_t) {}
};

/// The block of a plan, which may be the block alone.
template <class Plan>
KOKKOS_INLINE_FUNCTION auto& block_of(Plan& plan) {
  if constexpr (requires { plan.stencil; }) {
    return plan.block;
  } else {
    return plan;
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
