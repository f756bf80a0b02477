// SPDX-License-Identifier: MIT
// Reading a few samples at once.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Sums a row's taps along x.
template <bool Slopes, class Walk>
struct TapByTapReader {
  using Value = std::remove_const_t<std::remove_pointer_t<decltype(Walk::grid.data)>>;
  static constexpr int slopes = Slopes ? 1 : 0;

  const Walk& walk;

  KOKKOS_INLINE_FUNCTION auto operator()(std::int64_t where) const {
    Jet<Value, slopes> sum{};
    const auto& stencil = walk.stencil;
    BRACEWELL_UNROLL
    for (int j = 0; j < Walk::taps; ++j) {
      if (j >= walk.grid.columns()) break;
      const Value value = walk.grid.data[where + j];
      add_product(sum.value, walk.mate ? stencil.mate_weight[j][walk.lane] : stencil.weight[0][j][walk.lane], value);
      if constexpr (Slopes)
        add_product(sum.slope[0], walk.mate ? stencil.mate_slope[j][walk.lane] : stencil.slope[0][j][walk.lane], value);
    }
    return sum;
  }
};

/// Loads a row's taps along x; their weights follow after the walk.
template <class Walk, class T, int Components>
struct StripReader {
  using Value = simd::Strip<T, Components * Walk::taps>;
  static constexpr int slopes = 0;

  const Walk& walk;
  const T* data;

  KOKKOS_INLINE_FUNCTION Jet<Value, 0> operator()(int row) const {
    return {Value::load(data + Components * walk.offset(row))};
  }
};

/// Σ_j weight[j] · strip[j] of every lane: the end of a gather, along x.
template <class T, int Components, int Count, int Taps, int Length>
KOKKOS_INLINE_FUNCTION void contract(const T (&weight)[Taps][Count], const T (&strip)[Count][Length],
                                     T (&out)[Components][Count]) {
  for (int lane = 0; lane < Count; ++lane) {
    T part[Components] = {};
    for (int j = 0; j < Taps; ++j)
      for (int c = 0; c < Components; ++c) part[c] += weight[j][lane] * strip[lane][Components * j + c];
    for (int c = 0; c < Components; ++c) out[c][lane] = part[c];
  }
}

/// The interpolant of a grid, with Slopes also its gradient in κ, at the samples of a plan.
template <bool Slopes, class Plan, class V, int N, class T, int Components, int Channels, int Count>
KOKKOS_INLINE_FUNCTION void read_samples(const Grid<V, N>& grid, const Plan& plan,
                                         Readings<T, Components, Channels, Count>& out) {
  using Stencil = typename Plan::Stencil;
  constexpr int taps = Stencil::taps;
  const Stencil& stencil = plan.stencil;
  const LaneRange lanes = plan.block.lanes;
  // A mate is the conjugate of what is stored, and a folded sample that of what its taps give.
  const auto add = [&](int channel, int lane, bool mate, const T* part) {
    for (int c = 0; c < Components; ++c) {
      const T value = c == 0 ? part[c] : (mate ? -stencil.sign[lane] : stencil.sign[lane]) * part[c];
      out.component[channel][c][lane] = mate ? out.component[channel][c][lane] + value : value;
    }
  };
  if constexpr (Count > 1) {
    if (plan.same_rows_as(grid)) {
      constexpr int channels = Slopes ? N : 1, length = Components * taps;  // value, and slopes above x
      using Rows = typename Plan::Rows;
      using Walk = StripWalk<Stencil, Rows>;
      const T* data = reinterpret_cast<const T*>(grid.data);
      T strip[channels][Count][length];
      const auto read = [&](const Rows& rows, int lane, int to) {
        const Walk walk{stencil, rows, lane};
        const auto jet = gather<N - 1, Slopes>(walk, walk.start(), StripReader<Walk, T, Components>{walk, data});
        jet.value.store(strip[0][to]);
        if constexpr (channels > 1)
          for (int d = 1; d < N; ++d) jet.slope[d - 1].store(strip[d][to]);
      };
      if (!plan.block.full())  // what idle lanes hold must be finite
        for (auto& channel : strip)
          for (auto& row : channel)
            for (T& x : row) x = 0;
      for (int lane = lanes.begin; lane < lanes.end; ++lane) read(plan.rows, lane, lane);
      contract(stencil.weight[0], strip[0], out.component[0]);
      if constexpr (Slopes) {
        contract(stencil.slope[0], strip[0], out.component[1]);
        for (int d = 1; d < N; ++d) contract(stencil.weight[0], strip[d], out.component[1 + d]);
      }
      if constexpr (Components > 1)
        for (int channel = 0; channel < (Slopes ? 1 + N : 1); ++channel)
          for (int lane = 0; lane < Count; ++lane) out.component[channel][1][lane] *= stencil.sign[lane];
      if (!plan.mirrored) return;
      Rows mates;
      mates.find(stencil, grid, AllRows{}, true);
      const auto contract_mate = [&](int channel, int lane, const auto& weight, const T* row) {
        T part[Components] = {};
        for (int j = 0; j < taps; ++j)
          for (int c = 0; c < Components; ++c) part[c] += weight[j][lane] * row[Components * j + c];
        add(channel, lane, true, part);
      };
      for (int lane = lanes.begin; lane < lanes.end; ++lane)
        if (stencil.mirrored[lane]) {
          read(mates, lane, 0);
          contract_mate(0, lane, stencil.mate_weight, strip[0][0]);
          if constexpr (Slopes) {
            contract_mate(1, lane, stencil.mate_slope, strip[0][0]);
            for (int d = 1; d < N; ++d) contract_mate(1 + d, lane, stencil.mate_weight, strip[d][0]);
          }
        }
      return;
    }
  }
  if (Count > 1 && !plan.block.full())
    for (auto& channel : out.component)
      for (auto& component : channel)
        for (T& x : component) x = 0;
  using Walk = TapByTapWalk<Stencil, V, N, AllRows>;
  for (int lane = lanes.begin; lane < lanes.end; ++lane)
    for (int mate = 0; mate <= int(stencil.mirrored[lane] != 0); ++mate) {
      const Walk walk{stencil, grid, {}, lane, mate != 0};
      const auto jet = gather<N - 1, Slopes>(walk, walk.start(), TapByTapReader<Slopes, Walk>{walk});
      add(0, lane, mate, reinterpret_cast<const T*>(&jet.value));
      if constexpr (Slopes)
        for (int d = 0; d < N; ++d) add(1 + d, lane, mate, reinterpret_cast<const T*>(&jet.slope[d]));
    }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
