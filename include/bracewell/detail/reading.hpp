// SPDX-License-Identifier: MIT
// Reading a few samples at once.
#pragma once

#include <bracewell/detail/sampling.hpp>

namespace bracewell::detail {

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

}  // namespace bracewell::detail
