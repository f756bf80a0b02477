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

  template <class V>
  KOKKOS_INLINE_FUNCTION auto operator()(const V* where) const {
    Jet<Value, slopes> sum{};
    BRACEWELL_UNROLL
    for (int i = 0; i < Walk::x_taps; ++i) {
      const Value value = where[walk.column[i]];
      add_product(sum.value, walk.x_weight(i), value);
      if constexpr (Slopes) add_product(sum.slope[0], walk.x_slope(i), value);
    }
    return sum;
  }
};

/// Loads a row's taps along x as a strip; their weights follow after the walk.
template <class Walk, class Strip>
struct StripReader {
  using Value = Strip;
  static constexpr int slopes = 0;

  const Walk& walk;

  KOKKOS_INLINE_FUNCTION Jet<Strip, 0> operator()(const typename Walk::Places& places) const {
    return {Strip::load(walk.row(places, 0))};
  }
};

/// The same for the samples of a GroupWalk, whose strips are the groups of a pack.
template <class Walk, class P>
struct GroupReader {
  using Value = P;
  static constexpr int slopes = 0;

  const Walk& walk;

  KOKKOS_INLINE_FUNCTION Jet<P, 0> operator()(const typename Walk::Places& places) const {
    return {simd::load_groups<P, Walk::samples>([&](int i) { return walk.row(places, i); })};
  }
};

/// The number of values in a strip of taps, if a register holds one or more strips whole; else 0.
template <class T, int Length>
inline constexpr int strips_in_groups = Length <= simd::width<T> && (Length & (Length - 1)) == 0 ? Length : 0;

/// Σ over the taps of a block of samples, strips of several of them in each register, without mates.
template <int Group, bool Slopes, class Stencil, class Rows, class T, int Components, int Channels, int Count>
KOKKOS_INLINE_FUNCTION void read_groups(const T* data, const LaneRange& lanes, const Stencil& stencil, const Rows& rows,
                                        Readings<T, Components, Channels, Count>& out) {
  constexpr int taps = Stencil::taps, N = Rows::axes, strips = Slopes ? N : 1;  // the value's, and slopes' above x
  // Short strips are joined in registers; to join long ones would take as many instructions as it saves.
  constexpr int W = Group * int(sizeof(T)) < 32 ? simd::width<T> : Group;
  static_assert(W <= simd::width<T>, "what is joined here has been found together");
  using P = simd::Pack<T, W>;
  const int begin = lanes.begin, end = lanes.end;
  for (int lane = 0; lane < Count; lane += W) {
    if (lane + W <= begin || lane >= end) {
      for (auto& channel : out.component)
        for (auto& component : channel) simd::store(component + lane, P{});
      continue;
    }
    P strip[strips][Group];
    for_constants<Group>([&](auto place) {
      using Walk = GroupWalk<Stencil, Rows, P, Components, Group, place>;
      const Walk walk{{data, stencil, rows, lane + place}, lane};
      const auto jet = gather<N - 1, Slopes>(walk, walk.start(), GroupReader<Walk, P>{walk});
      strip[0][place] = jet.value;
      if constexpr (strips > 1)
        for (int d = 1; d < N; ++d) strip[d][place] = jet.slope[d - 1];
    });
    for (auto& block : strip) simd::transpose_groups<Group>(block);
    // A folded sample is the conjugate of what its taps give. Slopes of linear interpolation above x are still those at −κ.
    const P side = simd::load<P>(stencil.sign + lane);
    const auto contract = [&](const auto& weight, const P(&values)[Group], bool at_minus_kappa, auto& to) {
      for (int c = 0; c < Components; ++c) {
        P sum = simd::load<P>(weight[0] + lane) * values[c];
        for (int j = 1; j < taps; ++j) sum += simd::load<P>(weight[j] + lane) * values[Components * j + c];
        simd::store(to[c] + lane, (c > 0) != at_minus_kappa ? P(side * sum) : sum);
      }
    };
    contract(stencil.weight[0], strip[0], false, out.component[0]);
    if constexpr (Slopes) {
      contract(stencil.slope[0], strip[0], false, out.component[1]);
      for (int d = 1; d < N; ++d) contract(stencil.weight[0], strip[d], Stencil::lerps, out.component[1 + d]);
    }
  }
}

/// read_samples where it is not read_groups alone.
template <bool Slopes, int Group, class Plan, class Owner, class V, int N, class T, int Components, int Channels, int Count>
KOKKOS_INLINE_FUNCTION void read_others(const Grid<V, N>& grid, const Plan& plan, const Owner& owner,
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
    if (plan.fits) {
      constexpr int channels = Slopes ? N : 1;  // value, and slopes above x
      using Strip = T[channels][Components * taps];
      using LongStrip = simd::Strip<T, Components * taps>;
      Strip strip;
      using Rows = typename Plan::Rows;
      const auto read = [&](const Rows& rows, int lane) {
        using Walk = RowWalk<Stencil, Rows, T, Components, 1, 1>;
        const Walk walk{reinterpret_cast<const T*>(grid.data), stencil, rows, lane};
        const auto jet = gather<N - 1, Slopes>(walk, walk.start(), StripReader<Walk, LongStrip>{walk});
        jet.value.store(strip[0]);
        if constexpr (channels > 1)
          for (int d = 1; d < N; ++d) jet.slope[d - 1].store(strip[d]);
      };
      const auto contract = [&](int lane, bool mate, const auto& weight, const auto& slope) {
        const auto along_x = [&](int channel, const auto& factor, const T* row) {
          T part[Components] = {};
          for (int j = 0; j < taps; ++j)
            for (int c = 0; c < Components; ++c) part[c] += factor[j][lane] * row[Components * j + c];
          add(channel, lane, mate, part);
        };
        along_x(0, weight, strip[0]);
        if constexpr (Slopes) {
          along_x(1, slope, strip[0]);
          for (int d = 1; d < N; ++d) along_x(1 + d, weight, strip[d]);
        }
      };
      if constexpr (Group == 0) {
        if (!plan.block.full()) out = {};  // what idle lanes hold must be finite
        for (int lane = lanes.begin; lane < lanes.end; ++lane) {
          read(plan.rows, lane);
          contract(lane, false, stencil.weight[0], stencil.slope[0]);
        }
      }
      if (!plan.mirrored) return;
      Rows mates;
      mates.template find<true>(stencil, grid, AllRows{}, lanes);
      for (int lane = lanes.begin; lane < lanes.end; ++lane)
        if (stencil.mirrored[lane]) {
          read(mates, lane);
          contract(lane, true, stencil.mate_weight, stencil.mate_slope);
        }
      return;
    }
  }
  if (Count > 1 && !plan.block.full()) out = {};
  using Walk = TapByTapWalk<Stencil, V, N, Owner>;
  for (int lane = lanes.begin; lane < lanes.end; ++lane) {
    BRACEWELL_UNROLL
    for (int mate = 0; mate < 2; ++mate) {
      if (mate == 1 && !stencil.mirrored[lane]) break;
      const Walk walk{stencil, grid, owner, lane, mate != 0};
      const auto jet = gather<N - 1, Slopes>(walk, walk.start(), TapByTapReader<Slopes, Walk>{walk});
      add(0, lane, mate, reinterpret_cast<const T*>(&jet.value));
      if constexpr (Slopes)
        for (int d = 0; d < N; ++d) add(1 + d, lane, mate, reinterpret_cast<const T*>(&jet.slope[d]));
    }
  }
}

/// The interpolant of reference b of a grid, with Slopes also its gradient in κ, at the samples of a plan; or what an owner of some of
/// a row's taps has of it.
template <bool Slopes, class Plan, class V, int N, class T, int Components, int Channels, int Count, class Owner = AllRows>
KOKKOS_FORCEINLINE_FUNCTION void read_samples(const Grid<V, N>& grid, std::int64_t b, const Plan& plan,
                                              Readings<T, Components, Channels, Count>& out, const Owner& owner = {}) {
  constexpr int group = Count > 1 ? strips_in_groups<T, Components * Plan::Stencil::taps> : 0;
  if constexpr (group > 0)
    if (plan.fits) {
      const T* data = reinterpret_cast<const T*>(of_reference(grid, b).data);
      read_groups<group, Slopes>(data, plan.block.lanes, plan.stencil, plan.rows, out);
      if (!plan.mirrored) return;
    }
  read_others<Slopes, group>(of_reference(grid, b), plan, owner, out);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
