// SPDX-License-Identifier: MIT
// What project and its derivatives do at a block of samples.
#pragma once

#include <bracewell/detail/inserting.hpp>
#include <bracewell/detail/pose_sums.hpp>
#include <bracewell/detail/reading.hpp>
#include <bracewell/detail/zones.hpp>

namespace bracewell::detail {

template <class Slicing, class T, int N, int M, class Kernel>
struct Project : SlicingOperation<Slicing, T, N, M> {
  Grid<const Kokkos::complex<T>, N> reference;
  std::int64_t reference_stride;
  Slices<Kokkos::complex<T>, M> slices;
  bool accumulate;
  Kernel kernel;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t b, std::int64_t p, const Row<T, N, M>& row, int begin, int end) const {
    if (!accumulate) write_blank(slices, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = detail::Plan<T, N, M, Kernel::reach, false, false, Count>;

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, Whole owner, Plan<Count>& plan) const {
    const auto grid = at(reference, block.b * reference_stride);
    plan.template set<false>(block, kernel, grid, owner);
    plan.prefetch(grid);
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(const detail::Plan<T, N, M, Kernel::reach, false, false, Count>& plan, Whole, NoSums&,
                                  const Add&) const {
    const auto& block = plan.block;
    Samples<T, 2, 1, Count> value;
    read_samples<false>(at(reference, block.b * reference_stride), plan, value);
    auto& [re, im] = value.part[0];
    if constexpr (Slicing::shifted) block.template turn<1>(re, im);
    write_block(slices, block, re, im, accumulate);
  }
};

/// Ṡ = phase · (Ḟ~(κ) + Σ_d κ̇_d ∂F~/∂κ_d − 2πi F~ Σ_e k_e ṫ_e / m_e). Rates: a Slicing of the poses' tangents.
template <class Slicing, class T, int N, int M, class ReferenceDot, class Rates, class Kernel>
struct ProjectTangent : SlicingOperation<Slicing, T, N, M> {
  static constexpr bool rotating = Rates::rotated, shifting = Rates::shifted;

  Grid<const Kokkos::complex<T>, N> reference;
  ReferenceDot reference_dot;
  std::int64_t reference_stride, reference_dot_stride;
  Rates rates;
  Slices<Kokkos::complex<T>, M> slices_dot;
  bool accumulate;
  Kernel kernel;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t b, std::int64_t p, const Row<T, N, M>& row, int begin, int end) const {
    if (!accumulate) write_blank(slices_dot, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = detail::Plan<T, N, M, Kernel::reach, rotating, false, Count>;

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, Whole owner, Plan<Count>& plan) const {
    const auto grid = at(reference, block.b * reference_stride);
    plan.template set<false>(block, kernel, grid, owner);
    plan.prefetch(grid);
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(const detail::Plan<T, N, M, Kernel::reach, rotating, false, Count>& plan, Whole, NoSums&,
                                  const Add&) const {
    const auto& block = plan.block;
    Samples<T, 2, 1, Count> sum{};
    auto& [re, im] = sum.part[0];
    if constexpr (Given<ReferenceDot>) read_samples<false>(at(reference_dot, block.b * reference_dot_stride), plan, sum);
    if constexpr (rotating || shifting) {
      Samples<T, 2, rotating ? 1 + N : 1, Count> value;
      read_samples<rotating>(at(reference, block.b * reference_stride), plan, value);
      const auto rate = rate_row(rates, block);
      for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) {
        if constexpr (rotating)
          for (int d = 0; d < N; ++d) {
            const T kappa_rate = rate.kappa(d, block.kx + lane);
            re[lane] += kappa_rate * value.part[1 + d][0][lane];
            im[lane] += kappa_rate * value.part[1 + d][1][lane];
          }
        if constexpr (shifting) {
          const T turning = rate.angle(block.kx + lane);
          re[lane] += turning * value.part[0][1][lane];
          im[lane] -= turning * value.part[0][0][lane];
        }
      }
    }
    if constexpr (Slicing::shifted) block.template turn<1>(re, im);
    write_block(slices_dot, block, re, im, accumulate);
  }
};

/// The cotangents of the reference (a Grid, or None) and of poses (PoseSums, or NoSums).
template <class Slicing, class T, int N, int M, class ReferenceBar, class Sums_, class Kernel>
struct ProjectCotangent : SlicingOperation<Slicing, T, N, M> {
  static constexpr int reach = Kernel::reach;
  using Sums = Sums_;

  Grid<const Kokkos::complex<T>, N> reference;
  std::int64_t reference_stride, reference_bar_stride;
  Slices<const Kokkos::complex<T>, M> slices_bar;
  ReferenceBar reference_bar;
  bool accumulate;
  Kernel kernel;
  PoseParts<Sums> parts;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t, std::int64_t, const Row<T, N, M>&, int, int) const {}

  void clear(std::int64_t b, const Zone<N>& zone) const {
    if constexpr (Given<ReferenceBar>)
      if (!accumulate) clear_rows(at(reference_bar, b * reference_bar_stride), zone);
  }

  template <int Count>
  using Plan = detail::Plan<T, N, M, Kernel::reach, Sums::rotations, false, Count>;

  template <int Count, class Owner>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, const Owner& owner, Plan<Count>& plan) const {
    const auto read = at(reference, block.b * reference_stride);
    const auto written = at(reference_bar, block.b * reference_bar_stride);
    plan.template set<false>(block, kernel, first_given(written, read), owner);
    plan.prefetch(first_given(written, read));
    prefetch_block(slices_bar, block);
  }

  template <int Count, class Owner, class Add>
  KOKKOS_INLINE_FUNCTION void run(const detail::Plan<T, N, M, Kernel::reach, Sums::rotations, false, Count>& plan,
                                  const Owner& owner, Sums& sums, const Add& add) const {
    const auto& block = plan.block;
    const auto target = at(reference_bar, block.b * reference_bar_stride);
    const None no;
    Insertion<std::decay_t<decltype(target)>, None, T, Count> bar{target, no};  // conj(phase) · slices_bar
    const Kokkos::complex<T>* row = slices_bar.row(block.b, block.p, *block.row) + block.kx;
    for_lanes<!summing<Sums>>(block, this->slicing.columns(), [&](int lane) {
      bar.re[lane] = row[lane].real();
      bar.im[lane] = row[lane].imag();
    });
    if constexpr (Slicing::shifted) block.template turn<-1>(bar.re, bar.im);
    if constexpr (summing<Sums>) {
      Samples<T, 2, Sums::rotations ? 1 + N : 1, Count> value{};
      read_samples<Sums::rotations>(at(reference, block.b * reference_stride), plan, value);
      sums.add(block, value, bar.re, bar.im);
    }
    if constexpr (Given<ReferenceBar>) insert_samples<N>(bar, plan, plan.stencil, owner, add);
  }
};

}  // namespace bracewell::detail
