// SPDX-License-Identifier: MIT
// Reading and inserting a few samples at once: on the host by strips of contiguous taps held in packs, on devices and in
// grids smaller than a stencil tap by tap.
#pragma once

#include <bracewell/detail/slicing.hpp>
#include <bracewell/detail/stencil.hpp>
#include <bracewell/detail/tensor.hpp>

#include <limits>
#include <type_traits>

namespace bracewell::detail {

/// Samples side by side on the host, where packs pay; a device thread has one.
inline constexpr int host_count = 16;

/// The planes of the slowest axis that a host thread may write: those at frequencies ±low … ±(high − 1). It alone inserts
/// there, in the order of the samples, so that no sum depends on the number of threads. Friedel mates share a slab.
struct Slab {
  int low, high;

  template <class I>
  KOKKOS_INLINE_FUNCTION bool owns(I index, I extent) const {
    const I f = index < extent - index ? index : extent - index;
    return low <= f && f < high;
  }
};

/// Every plane.
struct Whole {
  template <class I>
  KOKKOS_INLINE_FUNCTION bool owns(I, I) const {
    return true;
  }
};

template <class V>
inline constexpr int components = 1;
template <class T>
inline constexpr int components<Kokkos::complex<T>> = 2;
template <class V>
inline constexpr int components<const V> = components<V>;

/// Values at samples side by side, the parts of complex numbers apart: channel 0 the value, channel 1 + d its derivative in κ_d.
template <class T, int Components, int Channels, int Count>
struct Samples {
  T part[Channels][Components][Count];
};

/// The rows of taps of one sample, or of their mates, found tap by tap.
template <class Stencil, class V, int N, class Owner>
struct SiteWalk {
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
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const {
    return axis < N - 1 || owner.owns(index(axis, j), grid.extent[axis]);
  }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const { return stencil.weight[axis][j][lane]; }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const { return stencil.slope[axis][j][lane]; }
};

/// Sums a row's taps along x.
template <bool Slopes, class Walk>
struct SiteReader {
  using Value = std::remove_const_t<std::remove_pointer_t<decltype(Walk::grid.data)>>;
  static constexpr int slopes = Slopes ? 1 : 0;

  const Walk& walk;

  KOKKOS_INLINE_FUNCTION auto operator()(std::int64_t where) const {
    Jet<Value, slopes> sum{};
    const auto& stencil = walk.stencil;
    const int columns = Walk::taps < walk.grid.columns() ? Walk::taps : walk.grid.columns();
    for (int j = 0; j < columns; ++j) {
      const Value value = walk.grid.data[where + j];
      add_product(sum.value, (walk.mate ? stencil.mate_weight : stencil.weight[0])[j][walk.lane], value);
      if constexpr (Slopes)
        add_product(sum.slope[0], (walk.mate ? stencil.mate_slope : stencil.slope[0])[j][walk.lane], value);
    }
    return sum;
  }
};

/// The rows of taps of a block of samples, or of their mates.
template <class Stencil, class T, int N, int Count>
struct Offsets {
  static constexpr int taps = Stencil::taps;
  using Int = simd::Integer<T>;

  Int row[N > 1 ? N - 1 : 1][taps][Count];  // of axis 1, …; −1: another owner's

  /// Whether they can be had of this grid: it is no smaller than a stencil, and offsets fit an Int.
  template <class V>
  static bool fit(const Grid<V, N>& grid) {
    bool fit = grid.columns() >= taps && grid.stride[N - 1] * grid.extent[N - 1] <= std::numeric_limits<Int>::max();
    for (int d = 1; d < N; ++d) fit = fit && grid.extent[d] >= taps;
    return fit;
  }

  template <class V, class Owner>
  void set(const Stencil& stencil, const Grid<V, N>& grid, const Owner& owner, bool mate) {
    using I = simd::Pack<Int, simd::width<T>>;
    for (int lane = 0; lane < Count; lane += simd::width<T>)
      for (int d = 1; d < N; ++d) {
        const I zero{}, extent = zero + Int(grid.extent[d]);
        for (int j = 0; j < taps; ++j) {
          I m = simd::load<I>(stencil.first[d] + lane) + j;  // in −extent … extent
          m = mate ? I(-m) : m;
          m = simd::select(m < 0, I(m + extent), m);
          m = simd::select(m >= extent, I(m - extent), m);
          I offset = m * Int(grid.stride[d]);
          if constexpr (std::is_same_v<Owner, Slab>)
            if (d == N - 1) {
              const I f = simd::select(m < extent - m, m, I(extent - m)), none = zero - 1;
              offset = simd::select(f < owner.low, none, simd::select(f >= owner.high, none, offset));
            }
          simd::store(row[d - 1][j] + lane, offset);
        }
      }
  }
};

/// The rows of one sample of the block.
template <class Stencil, class Offsets>
struct StripWalk {
  static constexpr int taps = Stencil::taps;

  const Stencil& stencil;
  const Offsets& offsets;
  int lane;

  KOKKOS_INLINE_FUNCTION std::int64_t start() const { return stencil.first[0][lane]; }
  KOKKOS_INLINE_FUNCTION std::int64_t step(int axis, int j, std::int64_t where) const {
    return where + offsets.row[axis - 1][j][lane];
  }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const { return offsets.row[axis - 1][j][lane] >= 0; }
  KOKKOS_INLINE_FUNCTION auto weight(int axis, int j) const { return stencil.weight[axis][j][lane]; }
  KOKKOS_INLINE_FUNCTION auto slope(int axis, int j) const { return stencil.slope[axis][j][lane]; }
};

/// Loads a row's taps along x; their weights follow after the walk.
template <class T, int Components, int Taps>
struct StripReader {
  using Value = simd::Strip<T, Components * Taps>;
  static constexpr int slopes = 0;

  const T* data;

  KOKKOS_INLINE_FUNCTION Jet<Value, 0> operator()(std::int64_t where) const {
    return {Value::load(data + Components * where)};
  }
};

/// The interpolant of a grid, with Slopes also its gradient in κ, at some samples.
template <bool Slopes, class Stencil, class V, int N, class T, int Components, int Channels, int Count>
KOKKOS_INLINE_FUNCTION void read_samples(const Grid<V, N>& grid, const Stencil& stencil, Lanes lanes,
                                         Samples<T, Components, Channels, Count>& out) {
  constexpr int taps = Stencil::taps;
  // Mates are conjugates, and so is a folded sample of its taps.
  const auto add = [&](int channel, int lane, bool mate, const T* part) {
    for (int c = 0; c < Components; ++c) {
      const T value = c == 0 ? part[c] : (mate ? -stencil.sign[lane] : stencil.sign[lane]) * part[c];
      out.part[channel][c][lane] = mate ? out.part[channel][c][lane] + value : value;
    }
  };
  if constexpr (Count > 1) {
    using Rows = Offsets<Stencil, T, N, Count>;
    if (Rows::fit(grid)) {
      constexpr int channels = Slopes ? N : 1;  // value, and slopes above x
      const StripReader<T, Components, taps> reader{reinterpret_cast<const T*>(grid.data)};
      const auto walk = [&](const Rows& rows, int lane, T(&strip)[channels][Components * taps]) {
        const StripWalk<Stencil, Rows> taps_of{stencil, rows, lane};
        const auto jet = gather<N - 1, Slopes>(taps_of, taps_of.start(), reader);
        jet.value.store(strip[0]);
        if constexpr (channels > 1)
          for (int d = 1; d < N; ++d) jet.slope[d - 1].store(strip[d]);
      };
      const auto contract = [&](int channel, int lane, bool mate, const auto& weight, const T* strip) {
        T part[Components] = {};
        for (int j = 0; j < taps; ++j)
          for (int c = 0; c < Components; ++c) part[c] += weight[j][lane] * strip[Components * j + c];
        add(channel, lane, mate, part);
      };
      const auto contract_all = [&](int lane, bool mate, const T(&strip)[channels][Components * taps]) {
        const auto& weight = mate ? stencil.mate_weight : stencil.weight[0];
        contract(0, lane, mate, weight, strip[0]);
        if constexpr (Slopes) {
          contract(1, lane, mate, mate ? stencil.mate_slope : stencil.slope[0], strip[0]);
          for (int d = 1; d < N; ++d) contract(1 + d, lane, mate, weight, strip[d]);
        }
      };
      Rows rows;
      T strip[Count][channels][Components * taps];
      bool mirrored = false;
      rows.set(stencil, grid, Whole{}, false);
      for (int lane = lanes.begin; lane < lanes.end; ++lane) {
        walk(rows, lane, strip[lane]);
        mirrored = mirrored || stencil.mirrored[lane];
      }
      for (int lane = lanes.begin; lane < lanes.end; ++lane) contract_all(lane, false, strip[lane]);
      if (!mirrored) return;
      rows.set(stencil, grid, Whole{}, true);
      for (int lane = lanes.begin; lane < lanes.end; ++lane)
        if (stencil.mirrored[lane]) {
          walk(rows, lane, strip[0]);
          contract_all(lane, true, strip[0]);
        }
      return;
    }
  }
  using Walk = SiteWalk<Stencil, V, N, Whole>;
  for (int lane = lanes.begin; lane < lanes.end; ++lane)
    for (bool mate : {false, true}) {
      if (mate && !stencil.mirrored[lane]) break;
      const Walk walk{stencil, grid, {}, lane, mate};
      const auto jet = gather<N - 1, Slopes>(walk, walk.start(), SiteReader<Slopes, Walk>{walk});
      add(0, lane, mate, reinterpret_cast<const T*>(&jet.value));
      if constexpr (Slopes)
        for (int d = 0; d < N; ++d) add(1 + d, lane, mate, reinterpret_cast<const T*>(&jet.slope[d]));
    }
}

/// Adds without or with regard to other threads.
struct PlainAdd {
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(T& sum, T term) {
    sum += term;
  }
};
struct AtomicAdd {
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(T& sum, T term) {
    Kokkos::atomic_add(&sum, term);
  }
};

/// What is inserted at samples: complex numbers into `data`, with the kernel's weights, and real ones into `density`, with
/// their moduli. Either grid may be None.
template <class Data, class Density, class T, int Count>
struct Insertion {
  const Data& data;
  const Density& density;
  T re[Count], im[Count], weight[Count];

  static constexpr bool has_data = !std::is_same_v<Data, None>, has_density = !std::is_same_v<Density, None>;
};

/// The transpose of read_samples, at some samples, into the planes of an owner. With a Symmetric stencil it is
/// the insertion of every sample and of its conjugate at −κ.
template <class Add, class Stencil, class Data, class Density, class T, int Count, class Owner>
KOKKOS_INLINE_FUNCTION void insert_samples(const Insertion<Data, Density, T, Count>& insertion, const Stencil& stencil,
                                           const Stencil& density_stencil, Lanes lanes, const Owner& owner) {
  using Set = Insertion<Data, Density, T, Count>;
  constexpr int taps = Stencil::taps;
  const auto& grid = [&]() -> const auto& {
    if constexpr (Set::has_data) {
      return insertion.data;
    } else {
      return insertion.density;
    }
  }
  ();
  constexpr int N = std::extent_v<std::remove_reference_t<decltype(grid.extent)>>;

  if constexpr (Count > 1) {
    using Rows = Offsets<Stencil, T, N, Count>;
    bool fit = Rows::fit(grid);
    if constexpr (Set::has_data && Set::has_density)
      for (int d = 1; d < N; ++d) fit = fit && insertion.data.stride[d] == insertion.density.stride[d];
    if (fit) {
      Rows rows[2];
      // All strips of the block are written before the first is loaded: a load that follows the stores of its parts waits.
      T data_strip[2][Count][2 * taps], density_strip[2][Count][taps];
      bool mirrored = false;
      for (int lane = lanes.begin; lane < lanes.end; ++lane) mirrored = mirrored || stencil.mirrored[lane];
      for (int mate = 0; mate <= mirrored; ++mate) {
        rows[mate].set(stencil, grid, owner, mate);
        const auto& weight = mate ? stencil.mate_weight : stencil.weight[0];
        for (int lane = lanes.begin; lane < lanes.end; ++lane) {
          const T re = insertion.re[lane], im = (mate ? -stencil.sign[lane] : stencil.sign[lane]) * insertion.im[lane];
          for (int j = 0; j < taps; ++j) {
            const T w = weight[j][lane];
            if constexpr (Set::has_data) {
              data_strip[mate][lane][2 * j] = w * re;
              data_strip[mate][lane][2 * j + 1] = w * im;
            }
            if constexpr (Set::has_density) density_strip[mate][lane][j] = Kokkos::abs(w) * insertion.weight[lane];
          }
        }
      }
      for (int lane = lanes.begin; lane < lanes.end; ++lane)
        for (int mate = 0; mate <= int(stencil.mirrored[lane] != 0); ++mate) {
          const StripWalk<Stencil, Rows> walk{stencil, rows[mate], lane};
          simd::Strip<T, 2 * taps> data;
          simd::Strip<T, taps> density;
          if constexpr (Set::has_data) data = data.load(data_strip[mate][lane]);
          if constexpr (Set::has_density) density = density.load(density_strip[mate][lane]);
          spread<N - 1>(walk, walk.start(), T(1), [&](std::int64_t where, T product) {
            if constexpr (Set::has_data) data.add_to(reinterpret_cast<T*>(insertion.data.data + where), product);
            if constexpr (Set::has_density) density.add_to(insertion.density.data + where, Kokkos::abs(product));
          });
        }
      return;
    }
  }
  const auto insert = [&](const auto& target, const Stencil& taps_of, int lane, bool mate, const auto& add) {
    using V = std::remove_pointer_t<decltype(target.data)>;
    const SiteWalk<Stencil, V, N, Owner> walk{taps_of, target, owner, lane, mate};
    const int columns = taps < target.columns() ? taps : target.columns();
    const auto& weight = mate ? taps_of.mate_weight : taps_of.weight[0];
    spread<N - 1>(walk, walk.start(), T(1), [&](std::int64_t where, T product) {
      for (int j = 0; j < columns; ++j) add(target.data[where + j], product * weight[j][lane]);
    });
  };
  for (int lane = lanes.begin; lane < lanes.end; ++lane)
    for (int mate = 0; mate <= int(stencil.mirrored[lane] != 0); ++mate) {
      if constexpr (Set::has_data)
        insert(insertion.data, stencil, lane, mate, [&](Kokkos::complex<T>& sum, T weight) {
          Add::add(sum.real(), weight * insertion.re[lane]);
          Add::add(sum.imag(), weight * insertion.im[lane] * (mate ? -stencil.sign[lane] : stencil.sign[lane]));
        });
      if constexpr (Set::has_density)
        insert(insertion.density, density_stencil, lane, mate,
               [&](T& sum, T weight) { Add::add(sum, Kokkos::abs(weight) * insertion.weight[lane]); });
    }
}

/// The taps of a block's samples. With Absolute, the kernel is |φ|.
template <bool Absolute, class Stencil, class T, int N, int M, class Kernel, int Count>
KOKKOS_INLINE_FUNCTION void locate(Stencil& stencil, const Block<T, N, M, Count>& block, const Kernel& kernel, int width) {
  constexpr int W = Count < simd::width<T> ? Count : simd::width<T>;
  using P = simd::Pack<T, W>;
  const P first = simd::broadcast<P>(T(block.lanes.begin)), last = simd::broadcast<P>(T(block.lanes.end - 1));
  for (int lane = 0; lane < Count; lane += W) {
    P kx = simd::count_from<P>(T(lane));  // idle lanes repeat the first or the last sample
    kx = simd::select(kx < first, first, simd::select(kx > last, last, kx)) + T(block.kx);
    P kappa[N];
    for (int d = 0; d < N; ++d) kappa[d] = kx * block.row.step[d] + block.row.start[d];
    stencil.template set<Absolute>(lane, kernel, kappa, width);
  }
}

}  // namespace bracewell::detail
