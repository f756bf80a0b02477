// SPDX-License-Identifier: MIT
// What backproject does at a block of samples. What an operation has: schedule.hpp.
#pragma once

#include <bracewell/detail/slicing/insert.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// What is inserted of a block: multiplicity · conj(phase) · slices, and multiplicity · weights (None: ones). Idle lanes are
/// left as they are, but for IdleLanesToo, where they may hold anything afterwards.
template <bool IdleLanesToo, class Geometry, class Images, class Weights, class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void load_block(const Geometry& geometry, const Images& slices, const Weights& weights,
                                       const Block<T, N, M, Count>& block, T (&re)[Count], T (&im)[Count],
                                       T (&weight)[Count]) {
  constexpr bool has_slices = !std::is_same_v<Images, None>;
  if constexpr (has_slices) read_block<IdleLanesToo>(slices, block, geometry.columns(), re, im);
  read_block<IdleLanesToo>(weights, block, geometry.columns(), weight);
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
  static constexpr bool inserts = true, inserts_both = Given<typename Arrays::Data> && Given<typename Arrays::Density>;
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

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t, std::int64_t, const Row<N, M>&, int, int, PoseSums<Gradient>&) const {}

  template <class Rows>
  void clear(std::int64_t b, const Rows& rows) const {
    if (!accumulate) arrays.clear(b, rows);
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, TapsOf<Kernel>, false, true, Count>;

  template <int Count, class Rows>
  KOKKOS_INLINE_FUNCTION void plan(const Rows& rows, Plan<Count>& plan) const {
    const auto& block = plan.block;
    const auto data = arrays.data_of(block.b);
    const auto density = arrays.density_of(block.b);
    plan.template find<false>(kernel, rows, first_given(data, density), first_given(density, data));
    plan.prefetch(data, density);
    prefetch_block(arrays.slices, block);
    prefetch_block(arrays.weights, block);
  }

  template <int Count, class Rows, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Plan<Count>& plan, const Rows& rows, PoseSums<Gradient>&, const Add& add) const {
    const auto& block = plan.block;
    const auto data = arrays.data_of(block.b);
    const auto density = arrays.density_of(block.b);
    BlockValues<typename Arrays::Data, typename Arrays::Density, T, Count> values{data, density};
    load_block<true>(geometry, arrays.slices, arrays.weights, block, values.re, values.im, values.weight);
    // Where several taps share a column, Σ |φ| is not |Σ φ|, but for a kernel that is never negative. A device takes |φ| always,
    // since a choice at run time would put the arrays on its stack.
    constexpr bool has_density = Given<typename Arrays::Density> || IsGridOfBoth<typename Arrays::Data>::value;
    if constexpr (has_density && !Plan<Count>::Stencil::lerps)
      if (Count == 1 || geometry.extent[0] < 2 * reach) {
        typename Plan<Count>::Stencil absolute;
        Plan<Count>::template find_weights<true>(block, kernel, geometry.extent, absolute);
        return insert_samples<N>(values, plan, absolute, rows, add);
      }
    insert_samples<N>(values, plan, plan.stencil, rows, add);
  }
};

template <class G, class K, class A>
BackprojectOperation(const G&, const K&, const A&, bool) -> BackprojectOperation<G, K, A>;

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
