// SPDX-License-Identifier: MIT
// What the derivatives of backproject do at a block of samples. What an operation has: schedule.hpp.
#pragma once

#include <bracewell/detail/slicing/backproject_operations.hpp>
#include <bracewell/detail/slicing/read.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

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

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t, std::int64_t, const Row<N, M>&, int, int, PoseSums<Gradient>&) const {}

  template <class Rows>
  void clear(std::int64_t b, const Rows& rows) const {
    if (!accumulate) arrays.clear(b, rows);
  }

  template <int Count>
  using Plan = Block<T, N, M, Count>;  // data and density have taps of their own, with weights φ and |φ|

  template <int Count, class Rows>
  KOKKOS_INLINE_FUNCTION void plan(const Rows&, Plan<Count>&) const {}

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
    BlockTaps<T, N, M, TapsOf<Kernel>, true, true, Count> plan;
    plan.block = block;
    plan.template find<Absolute>(kernel, rows, first_given(values.data, values.density));
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
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  static constexpr bool inserts = false, fills_blocks = true, sums = Gradient::size > 0;

  Geometry geometry;
  Kernel kernel;
  Arrays arrays;
  SlicesBar slices_bar;
  WeightsBar weights_bar;
  Gradient gradient;
  bool accumulate;

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t b, std::int64_t p, const Row<N, M>& row, int begin, int end,
                                   PoseSums<Gradient>&) const {
    if (accumulate) return;
    if constexpr (Given<SlicesBar>) write_zeros(slices_bar, b, p, row, begin, end);
    if constexpr (Given<WeightsBar>) write_zeros(weights_bar, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, TapsOf<Kernel>, Gradient::rotations, true, Count>;

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(AllRows rows, Plan<Count>& plan) const {
    const auto data = arrays.data_of(plan.block.b);
    const auto density = arrays.density_of(plan.block.b);
    plan.template find<!Given<DataBar>>(kernel, rows, first_given(data, density), first_given(density, data));
    plan.prefetch(data, density);
    prefetch_block(arrays.slices, plan.block);
    prefetch_block(arrays.weights, plan.block);
    prefetch_block(slices_bar, plan.block);
    prefetch_block(weights_bar, plan.block);
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(Plan<Count>& plan, AllRows, PoseSums<Gradient>& total, const Add&) const {
    const auto& block = plan.block;
    [[maybe_unused]] const int width = geometry.slice_extent[0];
    T re[Count] = {}, im[Count] = {}, weight[Count] = {};
    if constexpr (sums) load_block<false>(geometry, arrays.slices, arrays.weights, block, re, im, weight);
    if constexpr (Given<DataBar> && (Given<SlicesBar> || sums)) {
      auto bar = read<2>(arrays.data, plan);
      if constexpr (sums) Gradient::add(block, bar, re, im, total);
      if constexpr (Given<SlicesBar>) {
        auto& [bar_re, bar_im] = bar.component[0];
        if constexpr (Geometry::shifted) block.template multiply_phase<1>(bar_re, bar_im);
        weigh_self_conjugate(block, width, bar_re);
        weigh_self_conjugate(block, width, bar_im);
        write_block(slices_bar, block, geometry.columns(), bar_re, bar_im, accumulate);
      }
    } else {
      if constexpr (Given<SlicesBar>) skip_block(block, slices_bar);
    }
    if constexpr (Given<DensityBar> && (Given<WeightsBar> || sums)) {
      // Its kernel is |φ|. Where several taps share a column, Σ |φ| is not |Σ φ|; a device has its arrays in registers so.
      if constexpr (Given<DataBar>) {
        if (Count > 1 && plan.fits) {
          plan.stencil.make_absolute();
        } else {
          plan.template find<true>(kernel, AllRows{}, arrays.density_of(block.b));
        }
      }
      auto bar = read<1>(arrays.density, plan);
      if constexpr (sums) Gradient::add(block, bar, weight, weight, total);
      if constexpr (Given<WeightsBar>) {
        weigh_self_conjugate(block, width, bar.component[0][0]);
        write_block(weights_bar, block, geometry.columns(), bar.component[0][0], accumulate);
      }
    } else {
      if constexpr (Given<WeightsBar>) skip_block(block, weights_bar);
    }
  }

 private:
  using DataBar = typename Arrays::Data;
  using DensityBar = typename Arrays::Density;

  template <int Components, class Bar, int Count>
  KOKKOS_INLINE_FUNCTION auto read(const Bar& grid, const Plan<Count>& plan) const {
    Readings<T, Components, Gradient::rotations ? 1 + N : 1, Count> readings{};
    read_samples<Gradient::rotations>(grid, plan.block.b, plan, readings);
    return readings;
  }

  template <int Count, class Bar>
  KOKKOS_INLINE_FUNCTION void skip_block(const Block<T, N, M, Count>& block, const Bar& bar) const {
    const int end = block.kx + Count < geometry.columns() ? block.kx + Count : geometry.columns();
    if (!accumulate) write_zeros(bar, block.b, block.p, *block.row, block.kx, end);
  }
};

template <class G, class K, class A, class S, class W, class Rates>
BackprojectTangent(const G&, const K&, const A&, const S&, const W&, const Rates&, bool)
    -> BackprojectTangent<G, K, A, S, W, Rates>;
template <class G, class K, class A, class S, class W, class P>
BackprojectCotangent(const G&, const K&, const A&, const S&, const W&, const P&, bool)
    -> BackprojectCotangent<G, K, A, S, W, P>;

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
