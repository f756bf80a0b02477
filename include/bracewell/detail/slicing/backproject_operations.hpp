// SPDX-License-Identifier: MIT
// What backproject and its derivatives do at a block of samples. What an operation has: schedule.hpp.
#pragma once

#include <bracewell/detail/slicing/insert.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>
#include <bracewell/detail/slicing/read.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Multiplies by the multiplicity: ½ on the columns that are their own mates, and 1 elsewhere.
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void weigh_self_conjugate(const Block<T, N, M, Count>& block, int width, T (&x)[Count]) {
  if constexpr (Count == 1) {  // no index but a constant: a device keeps the array in a register
    if (block.kx == 0 || 2 * block.kx == width) x[0] *= T(0.5);
    return;
  }
  const auto weigh_column = [&](int kx) {
    const int lane = kx - block.kx;
    if (lane >= block.lanes.begin && lane < block.lanes.end) x[lane] *= T(0.5);
  };
  weigh_column(0);
  if (width % 2 == 0) weigh_column(width / 2);
}

/// What is inserted of a block: multiplicity · conj(phase) · slices, and multiplicity · weights (None: ones). Idle lanes are
/// left as they are, but for IdleLanesToo, where they may hold anything afterwards.
template <bool IdleLanesToo, class Geometry, class Images, class Weights, class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void load_block(const Geometry& geometry, const Images& slices, const Weights& weights,
                                       const Block<T, N, M, Count>& block, T (&re)[Count], T (&im)[Count],
                                       T (&weight)[Count]) {
  constexpr bool has_slices = !std::is_same_v<Images, None>;
  if constexpr (has_slices) read_block<IdleLanesToo>(slices, block, geometry.columns(), re, im);
  if constexpr (std::is_same_v<Weights, None>) {
    for_lanes<IdleLanesToo>(block, geometry.columns(), [&](int lane) { weight[lane] = 1; });
  } else {
    const T* row = weights.row(block.b, block.p, *block.row) + block.kx;
    for_lanes<IdleLanesToo>(block, geometry.columns(), [&](int lane) { weight[lane] = row[lane]; });
  }
  const int width = geometry.slice_extent[0];
  if constexpr (has_slices) {
    weigh_self_conjugate(block, width, re);
    weigh_self_conjugate(block, width, im);
  }
  weigh_self_conjugate(block, width, weight);
  if constexpr (Geometry::shifted && has_slices) block.template multiply_phase<-1>(re, im);
}

/// The arrays of backproject: stacks of slices and of weights to read, grids of data and of density to add to, or of their
/// cotangents to read; all may be None.
template <class Slices_, class Weights_, class Data_, class Density_>
struct BackprojectArrays {
  using Slices = Slices_;
  using Weights = Weights_;
  using Data = Data_;
  using Density = Density_;

  Slices slices;
  Weights weights;
  Data data;
  Density density;

  template <class OtherData, class OtherDensity>
  auto with_targets(const OtherData& other_data, const OtherDensity& other_density) const {
    return BackprojectArrays<Slices, Weights, OtherData, OtherDensity>{slices, weights, other_data, other_density};
  }

  BackprojectArrays for_poses(std::int64_t first) const {
    return {from_pose(slices, first), from_pose(weights, first), data, density};
  }

  KOKKOS_INLINE_FUNCTION Data data_of(std::int64_t b) const { return of_reference(data, b); }
  KOKKOS_INLINE_FUNCTION Density density_of(std::int64_t b) const { return of_reference(density, b); }

  template <class Rows>
  void clear(std::int64_t b, const Rows& rows) const {
    if constexpr (Given<Data>) clear_rows(data_of(b), rows);
    if constexpr (Given<Density>) clear_rows(density_of(b), rows);
  }
};

template <class S, class W, class D, class R>
BackprojectArrays(const S&, const W&, const D&, const R&) -> BackprojectArrays<S, W, D, R>;

/// Inserts slices and weights.
template <class Geometry_, class Kernel, class Arrays>
struct BackprojectOperation {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  static constexpr bool inserts = true;
  using Gradient = NoPoseGradient<N, M>;

  Geometry geometry;
  Kernel kernel;
  Arrays arrays;
  bool accumulate;

  template <class Data, class Density>
  auto with_targets(const Data& data, const Density& density, Gradient) const {
    const auto others = arrays.with_targets(data, density);
    return BackprojectOperation<Geometry, Kernel, std::decay_t<decltype(others)>>{geometry, kernel, others, accumulate};
  }

  BackprojectOperation for_poses(std::int64_t first, std::int64_t count) const {
    BackprojectOperation op = *this;
    op.geometry = geometry.for_poses(first, count);
    op.arrays = arrays.for_poses(first);
    return op;
  }

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t, std::int64_t, const Row<N, M>&, int, int) const {}

  template <class Rows>
  void clear(std::int64_t b, const Rows& rows) const {
    if (!accumulate) arrays.clear(b, rows);
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, reach, false, true, Count>;

  template <int Count, class Rows>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, const Rows& rows, Plan<Count>& plan) const {
    const auto data = arrays.data_of(block.b);
    const auto density = arrays.density_of(block.b);
    plan.template find<false>(block, kernel, first_given(data, density), rows);
    plan.prefetch(data, density);
    prefetch_block(arrays.slices, block);
    prefetch_block(arrays.weights, block);
  }

  template <int Count, class Rows, class Add>
  KOKKOS_INLINE_FUNCTION void run(const BlockTaps<T, N, M, reach, false, true, Count>& plan, const Rows& rows,
                                  PoseSums<Gradient>&, const Add& add) const {
    const auto& block = plan.block;
    const auto data = arrays.data_of(block.b);
    const auto density = arrays.density_of(block.b);
    BlockValues<typename Arrays::Data, typename Arrays::Density, T, Count> values{data, density};
    load_block<true>(geometry, arrays.slices, arrays.weights, block, values.re, values.im, values.weight);
    // Where several taps share a column, Σ |φ| is not |Σ φ|. A device takes |φ| always, since a choice at run time would put
    // the arrays on its stack.
    if constexpr (Given<typename Arrays::Density>)
      if (Count == 1 || geometry.extent[0] < 2 * reach) {
        typename Plan<Count>::Stencil absolute;
        Plan<Count>::template find_weights<true>(block, kernel, geometry.extent, absolute);
        return insert_samples<N>(values, plan, absolute, rows, add);
      }
    insert_samples<N>(values, plan, plan.stencil, rows, add);
  }
};

/// Inserts the tangents of slices and weights with the kernel's weights, and slices and weights with the rates of change of
/// these. `arrays` has the tangents of slices and weights; Rates is the Geometry of the tangents of poses.
template <class Geometry_, class Kernel, class Arrays, class Slices, class Weights, class Rates>
struct BackprojectTangent {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  static constexpr bool inserts = true;
  using Gradient = NoPoseGradient<N, M>;

  Geometry geometry;
  Kernel kernel;
  Arrays arrays;
  Slices slices;
  Weights weights;
  Rates rates;
  bool accumulate;

  template <class Data, class Density>
  auto with_targets(const Data& data, const Density& density, Gradient) const {
    const auto others = arrays.with_targets(data, density);
    return BackprojectTangent<Geometry, Kernel, std::decay_t<decltype(others)>, Slices, Weights, Rates>{
        geometry, kernel, others, slices, weights, rates, accumulate};
  }

  BackprojectTangent for_poses(std::int64_t first, std::int64_t count) const {
    BackprojectTangent op = *this;
    op.geometry = geometry.for_poses(first, count);
    op.arrays = arrays.for_poses(first);
    op.slices = from_pose(slices, first);
    op.weights = from_pose(weights, first);
    op.rates = rates.for_poses(first, count);
    return op;
  }

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t, std::int64_t, const Row<N, M>&, int, int) const {}

  template <class Rows>
  void clear(std::int64_t b, const Rows& rows) const {
    if (!accumulate) arrays.clear(b, rows);
  }

  template <int Count>
  using Plan = Block<T, N, M, Count>;  // data and density have taps of their own, with weights φ and |φ|

  template <int Count, class Rows>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, const Rows&, Plan<Count>& plan) const {
    plan = block;
  }

  template <int Count, class Rows, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Block<T, N, M, Count>& block, const Rows& rows, PoseSums<Gradient>&,
                                  const Add& add) const {
    using Data = typename Arrays::Data;
    using Density = typename Arrays::Density;
    const None no;
    if constexpr (Given<Data>) {
      const auto grid = arrays.data_of(block.b);
      insert<false>(BlockValueRates<Data, None, T, N, Count>{{grid, no}}, block, rows, add);
    }
    if constexpr (Given<Density>) {
      const auto grid = arrays.density_of(block.b);
      insert<true>(BlockValueRates<None, Density, T, N, Count>{{no, grid}}, block, rows, add);
    }
  }

 private:
  template <bool Absolute, class Values, int Count, class Rows, class Add>
  KOKKOS_INLINE_FUNCTION void insert(Values values, const Block<T, N, M, Count>& block, const Rows& rows,
                                     const Add& add) const {
    T unused[Count];
    if constexpr (Absolute) {
      load_block<true>(geometry, None{}, weights, block, values.re, values.im, values.weight);
      if constexpr (Given<typename Arrays::Weights>)
        load_block<true>(geometry, None{}, arrays.weights, block, values.re, values.im, values.weight_rate);
    } else {
      load_block<true>(geometry, slices, None{}, block, values.re, values.im, unused);
      if constexpr (Given<typename Arrays::Slices>)
        load_block<true>(geometry, arrays.slices, None{}, block, values.re_rate, values.im_rate, unused);
    }
    if constexpr (Rates::rotated || Rates::shifted) {
      const auto rate = rate_row(rates, block);
      for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) {
        for (int d = 0; d < N; ++d) values.kappa_rate[d][lane] = rate.kappa(d, block.kx + lane);
        if constexpr (Rates::shifted && !Absolute) {
          const T turning = rate.angle(block.kx + lane);
          values.re_rate[lane] -= turning * values.im[lane];
          values.im_rate[lane] += turning * values.re[lane];
        }
      }
    }
    BlockTaps<T, N, M, reach, true, true, Count> plan;
    plan.template find<Absolute>(block, kernel, first_given(values.data, values.density), rows);
    insert_samples<N>(values, plan, plan.stencil, rows, add);
  }
};

/// Reads the grids of `arrays`, which are the cotangents of data and density, by the symmetric stencil of insertion, for the
/// cotangents of slices and weights (stacks, or None) and of poses.
template <class Geometry_, class Kernel, class Arrays, class SlicesBar, class WeightsBar, class Gradient_>
struct BackprojectCotangent {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  using Gradient = Gradient_;
  static constexpr int N = Geometry::N, M = Geometry::M;
  static constexpr bool inserts = false, sums = Gradient::size > 0;

  Geometry geometry;
  Kernel kernel;
  Arrays arrays;
  SlicesBar slices_bar;
  WeightsBar weights_bar;
  Gradient gradient;
  bool accumulate;

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t b, std::int64_t p, const Row<N, M>& row, int begin, int end) const {
    if (accumulate) return;
    if constexpr (Given<SlicesBar>) write_zeros(slices_bar, b, p, row, begin, end);
    if constexpr (Given<WeightsBar>) write_zeros(weights_bar, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = Block<T, N, M, Count>;  // data and density have taps of their own, with weights φ and |φ|

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, AllRows, Plan<Count>& plan) const {
    plan = block;
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Block<T, N, M, Count>& block, AllRows, PoseSums<Gradient>& total, const Add&) const {
    using DataBar = typename Arrays::Data;
    using DensityBar = typename Arrays::Density;
    [[maybe_unused]] const int width = geometry.slice_extent[0];
    T re[Count] = {}, im[Count] = {}, weight[Count] = {};
    if constexpr (sums) load_block<false>(geometry, arrays.slices, arrays.weights, block, re, im, weight);
    if constexpr (Given<DataBar> && (Given<SlicesBar> || sums)) {
      auto bar = gather<2, false>(arrays.data_of(block.b), block);
      if constexpr (sums) Gradient::add(block, bar, re, im, total);
      if constexpr (Given<SlicesBar>) {
        auto& [bar_re, bar_im] = bar.component[0];
        if constexpr (Geometry::shifted) block.template multiply_phase<1>(bar_re, bar_im);
        weigh_self_conjugate(block, width, bar_re);
        weigh_self_conjugate(block, width, bar_im);
        write_block(slices_bar, block, bar_re, bar_im, accumulate);
      }
    } else {
      if constexpr (Given<SlicesBar>) skip_block(block, slices_bar);
    }
    if constexpr (Given<DensityBar> && (Given<WeightsBar> || sums)) {
      auto bar = gather<1, true>(arrays.density_of(block.b), block);
      if constexpr (sums) Gradient::add(block, bar, weight, weight, total);
      if constexpr (Given<WeightsBar>) {
        weigh_self_conjugate(block, width, bar.component[0][0]);
        T* out = weights_bar.row(block.b, block.p, *block.row) + block.kx;
        for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane)
          out[lane] = accumulate ? out[lane] + bar.component[0][0][lane] : bar.component[0][0][lane];
      }
    } else {
      if constexpr (Given<WeightsBar>) skip_block(block, weights_bar);
    }
  }

 private:
  template <int Components, bool Absolute, class Bar, int Count>
  KOKKOS_INLINE_FUNCTION auto gather(const Bar& grid, const Block<T, N, M, Count>& block) const {
    constexpr bool slopes = Gradient::rotations;
    BlockTaps<T, N, M, Kernel::reach, slopes, true, Count> plan;
    plan.template find<Absolute>(block, kernel, grid, AllRows{});
    Readings<T, Components, slopes ? 1 + N : 1, Count> readings{};
    read_samples<slopes>(grid, plan, readings);
    return readings;
  }

  template <int Count, class Bar>
  KOKKOS_INLINE_FUNCTION void skip_block(const Block<T, N, M, Count>& block, const Bar& bar) const {
    const int begin = block.kx + block.lanes.begin, end = block.kx + block.lanes.end;
    if (!accumulate) write_zeros(bar, block.b, block.p, *block.row, begin, end);
  }
};

template <class G, class K, class A>
BackprojectOperation(const G&, const K&, const A&, bool) -> BackprojectOperation<G, K, A>;
template <class G, class K, class A, class S, class W, class Rates>
BackprojectTangent(const G&, const K&, const A&, const S&, const W&, const Rates&, bool)
    -> BackprojectTangent<G, K, A, S, W, Rates>;
template <class G, class K, class A, class S, class W, class P>
BackprojectCotangent(const G&, const K&, const A&, const S&, const W&, const P&, bool)
    -> BackprojectCotangent<G, K, A, S, W, P>;

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
