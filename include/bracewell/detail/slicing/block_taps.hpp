// SPDX-License-Identifier: MIT
// What can be known of a few samples before a grid is touched: their weights, and where the rows of their taps are. On the
// host a row's taps, which are contiguous, are read and written as strips of packs; on devices, and in grids smaller than a
// stencil, one by one.
#pragma once

#include <bracewell/detail/core/tap_product.hpp>
#include <bracewell/detail/slicing/block.hpp>
#include <bracewell/detail/slicing/stencil.hpp>

#include <limits>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Samples side by side on the host, where packs pay; a device thread has one.
inline constexpr int samples_per_block = 16;

/// The rows of a grid that a host thread may write: frequencies ±low … ±(high − 1) of each axis above x. It alone inserts
/// there, in the order of the samples, so that no sum depends on the number of threads. Friedel mates share a zone.
template <int N>
struct OwnedRows {
  int low[N], high[N];  // those of x are not used

  KOKKOS_INLINE_FUNCTION bool owns(int axis, int index, int extent) const {
    const int f = index < extent - index ? index : extent - index;
    return low[axis] <= f && f < high[axis];
  }
};

/// Every row.
struct AllRows {
  KOKKOS_INLINE_FUNCTION bool owns(int, int, int) const { return true; }
};

/// The rows of taps of one sample, or of their mates, found tap by tap.
template <class Stencil, class V, int N, class Owner>
struct TapByTapWalk {
  static constexpr int taps = Stencil::taps;

  const Stencil& stencil;
  const Grid<V, N>& grid;
  Owner owner;
  int lane;
  bool mate;

  KOKKOS_INLINE_FUNCTION int index(int axis, int j) const {
    return row_index(mate, int(stencil.first[axis][lane]) + j, grid.extent[axis]);
  }
  KOKKOS_INLINE_FUNCTION std::int64_t start() const { return stencil.first[0][lane]; }
  KOKKOS_INLINE_FUNCTION std::int64_t step(int axis, int j, std::int64_t where) const {
    return where + index(axis, j) * grid.stride[axis];
  }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const { return owner.owns(axis, index(axis, j), grid.extent[axis]); }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const { return stencil.weight[axis][j][lane]; }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const { return stencil.slope[axis][j][lane]; }
};

/// The rows of taps of a block of samples, or of their mates. A walk numbers them, the slowest axis first.
template <class Stencil, class T, int N, int Count>
struct alignas(simd::alignment<Count>) TapRows {
  static constexpr int taps = Stencil::taps;
  static constexpr int rows = [] {
    int n = 1;
    for (int d = 1; d < N; ++d) n *= taps;
    return n;
  }();
  using Int = simd::Integer<T>;

  Int row[rows][Count];  // where a row's first tap is; negative for another owner's row

  static constexpr std::int64_t largest = std::numeric_limits<Int>::max() / N;
  static constexpr Int none_of_axis = Int(largest);  // its negative leaves an offset negative, whatever other axes add

  /// Whether rows can be found in this grid: it is no smaller than a stencil, and offsets fit an Int.
  template <class V>
  KOKKOS_INLINE_FUNCTION static bool fit(const Grid<V, N>& grid) {
    bool fit = grid.columns() >= taps && grid.columns() <= largest;
    for (int d = 1; d < N; ++d) fit = fit && grid.extent[d] >= taps && grid.stride[d] * grid.extent[d] <= largest;
    return fit;
  }

  template <class V, class Owner>
  KOKKOS_INLINE_FUNCTION void find(const Stencil& stencil, const Grid<V, N>& grid, const Owner& owner, bool mate) {
    using I = simd::Pack<Int, simd::width<T>>;
    for (int lane = 0; lane < Count; lane += simd::width<T>) {
      I part[N][taps];
      for (int d = 1; d < N; ++d) {
        const I zero{}, extent = zero + Int(grid.extent[d]);
        for (int j = 0; j < taps; ++j) {
          I m = simd::load<I>(stencil.first[d] + lane) + j;  // in −extent … extent
          m = mate ? I(-m) : m;
          m = simd::select(m < 0, I(m + extent), m);
          m = simd::select(m >= extent, I(m - extent), m);
          part[d][j] = m * Int(grid.stride[d]);
          if constexpr (!std::is_same_v<Owner, AllRows>) {
            const I f = simd::select(m < extent - m, m, I(extent - m)), none = zero - none_of_axis;
            part[d][j] = simd::select(f < owner.low[d], none, simd::select(f >= owner.high[d], none, part[d][j]));
          }
        }
      }
      set_rows<N - 1>(lane, 0, simd::load<I>(stencil.first[0] + lane), part);
    }
  }

 private:
  template <int Axis, class I>
  KOKKOS_INLINE_FUNCTION void set_rows(int lane, int number, const I& offset, const I (&part)[N][taps]) {
    if constexpr (Axis == 0) {
      simd::store(row[number] + lane, offset);
    } else {
      for (int j = 0; j < taps; ++j) set_rows<Axis - 1>(lane, number * taps + j, I(offset + part[Axis][j]), part);
    }
  }
};

/// The rows of one sample of the block.
template <class Stencil, class TapRows>
struct StripWalk {
  static constexpr int taps = Stencil::taps;

  const Stencil& stencil;
  const TapRows& offsets;
  int lane;

  KOKKOS_INLINE_FUNCTION int start() const { return 0; }
  KOKKOS_INLINE_FUNCTION int step(int, int j, int row) const { return row * taps + j; }
  KOKKOS_INLINE_FUNCTION std::int64_t offset(int row) const { return offsets.row[row][lane]; }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const { return stencil.weight[axis][j][lane]; }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const { return stencil.slope[axis][j][lane]; }
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

/// A block whose taps have been found and not yet touched.
template <class T, int N, int M, int Reach, bool Slopes, bool Symmetric, int Count>
struct BlockTaps {
  using Stencil = detail::Stencil<T, N, Reach, Slopes, Symmetric, Count>;
  using Rows = std::conditional_t<(Count > 1), TapRows<Stencil, T, N, Count>, None>;

  Block<T, N, M, Count> block;
  Stencil stencil;
  Rows rows;
  std::int64_t stride[N];
  bool fits, mirrored;

  /// Finds the taps of a block in a grid, or another of its shape. With Absolute, the kernel is |φ|.
  template <bool Absolute, class Kernel, class V, class Owner>
  KOKKOS_INLINE_FUNCTION void find(const Block<T, N, M, Count>& block_, const Kernel& kernel, const Grid<V, N>& grid,
                                   const Owner& owner) {
    block = block_;
    mirrored = find_weights<Absolute>(block, kernel, grid.extent, stencil);
    fits = false;
    if constexpr (Count > 1) {
      fits = Rows::fit(grid);
      if (!fits) return;
      for (int d = 0; d < N; ++d) stride[d] = grid.stride[d];
      rows.find(stencil, grid, owner, false);
    }
  }

  /// The taps and weights of a block alone. Returns whether some are mirrored.
  template <bool Absolute, class Kernel>
  KOKKOS_INLINE_FUNCTION static bool find_weights(const Block<T, N, M, Count>& block, const Kernel& kernel,
                                                  const int (&extent)[N], Stencil& stencil) {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    // κ = base + fraction + lane · step, of which only what is less than a block is rounded to T.
    int base[N];
    T fraction[N], step[N];
    // κ in T is to be near enough to its true place for taps to lie in the grid. Samples further apart than a grid is wide are
    // alone in its band: lanes are counted from them. Others so far apart that T may miss the grid are kept in it.
    const bool alone = block.row->spacing == Spacing::beyond_grid, far = block.row->spacing != Spacing::near;
    const int origin = block.kx + (alone ? block.lanes.begin : 0);
    for (int d = 0; d < N; ++d) {
      const double at = block.row->kappa(d, origin), whole = Kokkos::abs(at) < 1e9 ? Kokkos::floor(at) : 0;
      base[d] = int(whole);
      fraction[d] = T(at - whole);
      step[d] = alone ? T(0) : T(block.row->step[d]);
    }
    bool mirrored = false;
    const P first = simd::broadcast<P>(T(block.lanes.begin)), last = simd::broadcast<P>(T(block.lanes.end - 1));
    for (int lane = 0; lane < Count; lane += W) {
      P i = simd::count_from<P>(T(lane));  // idle lanes repeat the first or the last sample
      i = simd::select(i < first, first, simd::select(i > last, last, i));
      P kappa[N];
      for (int d = 0; d < N; ++d) kappa[d] = i * step[d] + fraction[d];
      if (far)
        for (int d = 0; d < N; ++d) {
          const P low = simd::broadcast<P>(T(-0.5 * extent[d] - base[d])),
                  high = simd::broadcast<P>(T(0.5 * extent[d] - base[d]));
          kappa[d] = simd::select(kappa[d] < low, low, simd::select(kappa[d] > high, high, kappa[d]));
        }
      mirrored |= stencil.template set<Absolute>(lane, kernel, base, kappa, extent[0]);
    }
    return mirrored;
  }

  /// Whether the rows that were found are those of this grid.
  template <class V>
  KOKKOS_INLINE_FUNCTION bool same_rows_as(const Grid<V, N>& grid) const {
    bool same = fits;
    for (int d = 1; d < N; ++d) same = same && stride[d] == grid.stride[d];
    return same;
  }
  KOKKOS_INLINE_FUNCTION bool same_rows_as(None) const { return fits; }

  /// Prefetches the taps in some grids (or None), where these are larger than what a core has for itself.
  template <class... Grids>
  KOKKOS_FORCEINLINE_FUNCTION void prefetch(const Grids&... grids) const {
    if constexpr (Count > 1 && N > 1) {
      constexpr std::int64_t at_hand = 4 << 20;  // bytes; smaller ones lose by it: bench/README.md, "What limits"
      if (!(same_rows_as(grids) && ...) || (bytes(grids) + ...) < at_hand) return;
      for (const auto& row : rows.row)
        for (int lane = 0; lane < Count; ++lane) (prefetch_at(grids, row[lane] < 0 ? 0 : row[lane]), ...);
    }
  }

 private:
  template <class V>
  KOKKOS_INLINE_FUNCTION static std::int64_t bytes(const Grid<V, N>& grid) {
    return grid.stride[N - 1] * grid.extent[N - 1] * std::int64_t(sizeof(V));
  }
  KOKKOS_INLINE_FUNCTION static std::int64_t bytes(None) { return 0; }

  template <class V>
  KOKKOS_FORCEINLINE_FUNCTION static void prefetch_at(const Grid<V, N>& grid, std::int64_t where) {
    simd::prefetch(grid.data + where);
  }
  KOKKOS_FORCEINLINE_FUNCTION static void prefetch_at(None, std::int64_t) {}
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
