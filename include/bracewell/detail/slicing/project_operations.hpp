// SPDX-License-Identifier: MIT
// What project and its derivatives do at a block of samples. What an operation has: schedule.hpp.
#pragma once

#include <bracewell/detail/slicing/insert.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>
#include <bracewell/detail/slicing/read.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// S = phase · F~(κ)
template <class Geometry_, class Kernel>
struct ProjectOperation {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  using Gradient = NoPoseGradient<N, M>;
  static constexpr bool inserts = false, fills_blocks = true, shares_poses = reach <= 2, shares_samples = reach > 1;

  Geometry geometry;
  Kernel kernel;
  Grid<const Kokkos::complex<T>, N> reference;
  SliceStack<Kokkos::complex<T>, M> slices;
  bool accumulate;

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t b, std::int64_t p, const Row<N, M>& row, int begin, int end,
                                   PoseSums<Gradient>&) const {
    if (!accumulate) write_zeros(slices, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, TapsOf<Kernel>, false, false, Count>;

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(AllRows rows, Plan<Count>& plan) const {
    const auto& block = plan.block;
    const auto grid = of_reference(reference, block.b);
    plan.template find<false>(kernel, rows, grid);
    plan.prefetch(grid);
    prefetch_block(slices, block);
  }

  template <int Count, class Rows, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Plan<Count>& plan, const Rows& rows, PoseSums<Gradient>&, const Add&) const {
    const auto& block = plan.block;
    Readings<T, 2, 1, Count> value;
    read_samples<false>(reference, block.b, plan, value, rows);
    rows.join(value);
    auto& [re, im] = value.component[0];
    if constexpr (Geometry::shifted) block.template multiply_phase<1>(re, im);
    if (rows.writes()) write_block(slices, block, geometry.columns(), re, im, accumulate);
  }
};

/// Ṡ = phase · (Ḟ~(κ) + Σ_d κ̇_d ∂F~/∂κ_d − 2πi F~ Σ_e k_e ṫ_e / m_e). Rates: the Geometry of the poses' tangents.
template <class Geometry_, class Kernel, class ReferenceDot, class Rates>
struct ProjectTangent {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  using Gradient = NoPoseGradient<N, M>;
  static constexpr bool inserts = false, fills_blocks = true, rotating = Rates::rotated, shifting = Rates::shifted;

  Geometry geometry;
  Kernel kernel;
  Grid<const Kokkos::complex<T>, N> reference;
  ReferenceDot reference_dot;
  Rates rates;
  SliceStack<Kokkos::complex<T>, M> slices_dot;
  bool accumulate;

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t b, std::int64_t p, const Row<N, M>& row, int begin, int end,
                                   PoseSums<Gradient>&) const {
    if (!accumulate) write_zeros(slices_dot, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, TapsOf<Kernel>, rotating, false, Count>;

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(AllRows rows, Plan<Count>& plan) const {
    const auto& block = plan.block;
    const auto grid = of_reference(reference, block.b);
    plan.template find<false>(kernel, rows, grid, of_reference(reference_dot, block.b));
    plan.prefetch(grid);
    prefetch_block(slices_dot, block);
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Plan<Count>& plan, AllRows, PoseSums<Gradient>&, const Add&) const {
    const auto& block = plan.block;
    Readings<T, 2, 1, Count> sum{};
    auto& [re, im] = sum.component[0];
    if constexpr (Given<ReferenceDot>) read_samples<false>(reference_dot, block.b, plan, sum);
    if constexpr (rotating || shifting) {
      Readings<T, 2, rotating ? 1 + N : 1, Count> value;
      read_samples<rotating>(reference, block.b, plan, value);
      const auto rate = rate_row(rates, block);
      for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) {
        if constexpr (rotating)
          for (int d = 0; d < N; ++d) {
            const T kappa_rate = rate.kappa(d, block.kx + lane);
            re[lane] += kappa_rate * value.component[1 + d][0][lane];
            im[lane] += kappa_rate * value.component[1 + d][1][lane];
          }
        if constexpr (shifting) {
          const T turning = rate.angle(block.kx + lane);
          re[lane] += turning * value.component[0][1][lane];
          im[lane] -= turning * value.component[0][0][lane];
        }
      }
    }
    if constexpr (Geometry::shifted) block.template multiply_phase<1>(re, im);
    write_block(slices_dot, block, geometry.columns(), re, im, accumulate);
  }
};

/// The cotangents of the reference (a Grid, or None) and of poses.
template <class Geometry_, class Kernel, class ReferenceBar, class Gradient_>
struct ProjectCotangent {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  using Gradient = Gradient_;
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  static constexpr bool inserts = Given<ReferenceBar>, fills_blocks = true, sums = Gradient::size > 0;

  Geometry geometry;
  Kernel kernel;
  Grid<const Kokkos::complex<T>, N> reference;
  SliceStack<const Kokkos::complex<T>, M> slices_bar;
  ReferenceBar reference_bar;
  Gradient gradient;
  bool accumulate;

  /// The operation with another grid, or none, and with other cotangents of poses.
  template <class Grid, class OtherGradient>
  auto with_targets(const Grid& grid, None, const OtherGradient& other) const {
    return ProjectCotangent<Geometry, Kernel, Grid, OtherGradient>{geometry, kernel, reference, slices_bar,
                                                                   grid,     other,  accumulate};
  }

  ProjectCotangent for_poses(std::int64_t first, std::int64_t count) const {
    ProjectCotangent op = *this;
    op.geometry = geometry.for_poses(first, count);
    op.slices_bar = from_pose(slices_bar, first);
    return op;
  }

  KOKKOS_INLINE_FUNCTION void skip(std::int64_t, std::int64_t, const Row<N, M>&, int, int, PoseSums<Gradient>&) const {}

  template <class Rows>
  void clear(std::int64_t b, const Rows& rows) const {
    if (!accumulate) clear_rows(of_reference(reference_bar, b), rows);
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, TapsOf<Kernel>, Gradient::rotations, false, Count>;

  template <int Count, class Rows>
  KOKKOS_INLINE_FUNCTION void plan(const Rows& rows, Plan<Count>& plan) const {
    const auto& block = plan.block;
    const auto read = of_reference(reference, block.b);
    const auto written = of_reference(reference_bar, block.b);
    plan.template find<false>(kernel, rows, first_given(written, read));
    plan.prefetch(first_given(written, read));
    prefetch_block(slices_bar, block);
  }

  template <int Count, class Rows, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Plan<Count>& plan, const Rows& rows, PoseSums<Gradient>& total,
                                  const Add& add) const {
    const auto& block = plan.block;
    const auto target = of_reference(reference_bar, block.b);
    const None no;
    BlockValues<std::decay_t<decltype(target)>, None, T, Count> bar{target, no};  // conj(phase) · slices_bar
    read_block<!sums>(slices_bar, block, geometry.columns(), bar.re, bar.im);
    if constexpr (Geometry::shifted) block.template multiply_phase<-1>(bar.re, bar.im);
    if constexpr (sums) {
      Readings<T, 2, Gradient::rotations ? 1 + N : 1, Count> value{};
      read_samples<Gradient::rotations>(reference, block.b, plan, value, rows);
      Gradient::add(block, value, bar.re, bar.im, total);
    }
    if constexpr (inserts) insert_samples<N>(bar, plan, plan.stencil, rows, add);
  }
};

template <class G, class K, class... X>
ProjectOperation(const G&, const K&, const X&...) -> ProjectOperation<G, K>;
template <class G, class K, class R, class D, class Rates, class S>
ProjectTangent(const G&, const K&, const R&, const D&, const Rates&, const S&, bool) -> ProjectTangent<G, K, D, Rates>;
template <class G, class K, class R, class S, class Bar, class P>
ProjectCotangent(const G&, const K&, const R&, const S&, const Bar&, const P&, bool) -> ProjectCotangent<G, K, Bar, P>;

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
