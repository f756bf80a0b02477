// SPDX-License-Identifier: MIT
// What gauss_newton does at a block of samples. What an operation has: schedule.hpp.
#pragma once

#include <bracewell/detail/slicing/read.hpp>
#include <bracewell/detail/slicing/residual_sums.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Stacks of images, weights and CTFs, of which the last two may be None, and scales.
template <class Images, class Weights, class Ctf>
struct ResidualInputs {
  Images images;
  Weights weights;
  Ctf ctf;
  PoseTable<false> scale;
};

template <class P, class ObservedArg>
auto residual_inputs(const ObservedArg& observed) {
  const auto images = input_stack<P>(observed.images);
  const auto weights = input_stack<P>(observed.weights);
  const auto ctf = input_stack<P>(observed.ctf);
  return ResidualInputs<std::decay_t<decltype(images)>, std::decay_t<decltype(weights)>, std::decay_t<decltype(ctf)>>{
      images, weights, ctf, make_pose_table<0>(observed.scale, 1)};
}

/// Sums what residual_sums.hpp says. Images are turned back by the conjugate phase, so that slices need none.
template <class Geometry_, class Kernel, class Inputs, class Sums>
struct ResidualOperation {
  using Geometry = Geometry_;
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M, reach = Kernel::reach;
  using Gradient = Sums;
  static constexpr bool inserts = false, fills_blocks = false;

  Geometry geometry;
  Kernel kernel;
  Grid<const Kokkos::complex<T>, N> reference;
  Inputs inputs;
  Sums wanted;

  /// Where S is 0 within the cutoff, the image is the residual.
  KOKKOS_INLINE_FUNCTION void skip(std::int64_t b, std::int64_t p, const Row<N, M>& row, int begin, int end,
                                   PoseSums<Gradient>& total) const {
    for (int kx = begin; kx < end && Geometry::in_band(row, kx); ++kx) {
      const Block<T, N, M, 1> sample{b, p, &row, kx, {0, 1}, nullptr, {}, nullptr};
      T re[1], im[1], weight[1];
      read_block<false>(inputs.images, sample, geometry.columns(), re, im);
      load_weights(sample, weight);
      total.sum[Sums::loss] += weight[0] * (re[0] * re[0] + im[0] * im[0]);
    }
  }

  template <int Count>
  using Plan = BlockTaps<T, N, M, TapsOf<Kernel>, Sums::slopes, false, Count>;

  template <int Count>
  KOKKOS_INLINE_FUNCTION void plan(AllRows rows, Plan<Count>& plan) const {
    const auto& block = plan.block;
    const auto grid = of_reference(reference, block.b);
    plan.template find<false>(kernel, rows, grid);
    plan.prefetch(grid);
    prefetch_block(inputs.images, block);
    prefetch_block(inputs.weights, block);
    prefetch_block(inputs.ctf, block);
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Plan<Count>& plan, AllRows, PoseSums<Gradient>& total, const Add&) const {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    const auto& block = plan.block;
    Readings<T, 2, Sums::slopes ? 1 + N : 1, Count> value{};
    read_samples<Sums::slopes>(reference, block.b, plan, value);
    alignas(simd::alignment<Count>) T re[Count] = {}, im[Count] = {}, weight[Count] = {}, ctf[Count] = {};
    read_block<false>(inputs.images, block, geometry.columns(), re, im);
    if constexpr (Geometry::shifted) block.template multiply_phase<-1>(re, im);
    load_weights(block, weight);
    if constexpr (Given<decltype(inputs.ctf)>) read_block<false>(inputs.ctf, block, geometry.columns(), ctf);
    const T scale = T(inputs.scale(block.b, block.p));
    P losses{}, by_scale{};
    for (int lane = 0; lane < Count; lane += W) {
      const P x = simd::load<P>(value.component[0][0] + lane), y = simd::load<P>(value.component[0][1] + lane);
      P A = simd::load<P>(weight + lane), c = simd::broadcast<P>(1);
      if constexpr (Given<decltype(inputs.ctf)>) c = simd::load<P>(ctf + lane);
      const P u = scale * c * x - simd::load<P>(re + lane), v = scale * c * y - simd::load<P>(im + lane);
      losses += A * (u * u + v * v);
      if constexpr (Sums::gradient) {
        const P zu = A * c * u, zv = A * c * v;  // of dL = Re Σ conj(z) d(s F~)
        by_scale += zu * x + zv * y;
        simd::store(re + lane, P(scale * zu));
        simd::store(im + lane, P(scale * zv));
      }
      if constexpr (Sums::has_matrix) simd::store(weight + lane, P(A * c * c));
    }
    total.sum[Sums::loss] += simd::sum(losses);
    if constexpr (Sums::gradient) {
      total.sum[Sums::scale] += simd::sum(by_scale);
      Sums::OfPoses::add(block, value, re, im, total);
    }
    if constexpr (Sums::has_matrix) Sums::add_matrix(block, value, weight, scale, total);
  }

 private:
  /// μ w of a block, μ = 1 or 2.
  template <int Count>
  KOKKOS_INLINE_FUNCTION void load_weights(const Block<T, N, M, Count>& block, T (&weight)[Count]) const {
    read_block<false>(inputs.weights, block, geometry.columns(), weight);
    weigh_self_conjugate(block, geometry.slice_extent[0], weight);
    for (int lane = 0; lane < Count; ++lane) weight[lane] *= 2;
  }
};

template <class G, class K, class R, class I, class S>
ResidualOperation(const G&, const K&, const R&, const I&, const S&) -> ResidualOperation<G, K, I, S>;

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
