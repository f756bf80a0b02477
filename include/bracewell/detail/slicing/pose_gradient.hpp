// SPDX-License-Identifier: MIT
// Cotangents of poses: sums over the samples of a slice.
//
// With F~ the interpolant at a sample's κ, or what is gathered of a cotangent there, and z what multiplies it in
// dL = Re Σ conj(z) dF~,
//
//     dL/dR_ed = Σ Re(conj(z) ∂F~/∂κ_d) · scales[e][d] k_e
//     dL/dt_e  = Σ Im(conj(z) F~) · 2π k_e / m_e
#pragma once

#include <bracewell/detail/arguments/names.hpp>
#include <bracewell/detail/core/ordered_sums.hpp>
#include <bracewell/detail/slicing/block.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Which cotangents of poses are wanted, and the sums over a slice that they are made of, the first of a task's: for each axis e
/// of the slice those of Re(conj(z) ∂F~/∂κ_d) k_e for all d, then that of Im(conj(z) F~) k_e.
template <int N, int M, bool Rotations, bool Shifts>
struct PoseGradient {
  static constexpr bool rotations = Rotations, shifts = Shifts;
  static constexpr int per_axis = (Rotations ? N : 0) + (Shifts ? 1 : 0), size = M * per_axis;

  /// Adds the samples of a block: F~ with its slopes, and z, both 0 in idle lanes. Of real samples `im` is not read.
  template <class T, int Components, int Channels, int Count, int Size>
  KOKKOS_INLINE_FUNCTION static void add(const Block<T, N, M, Count>& block,
                                         const Readings<T, Components, Channels, Count>& value, const T (&re)[Count],
                                         const T (&im)[Count], Sums<Size>& total) {
    constexpr bool real = Components == 1;
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    P packs[2 * per_axis]{};  // without k_x, then with it
    T sums[2 * per_axis];
    for (int lane = 0; lane < Count; lane += W) {
      const P kx = simd::count_from<P>(T(block.kx + lane)), a = simd::load<P>(re + lane);
      for (int i = 0; i < per_axis; ++i) {
        const bool slope = rotations && i < N;
        const int channel = slope ? 1 + i : 0;
        const P x = simd::load<P>(value.component[channel][0] + lane);
        P term = slope ? P(a * x) : P{};
        if constexpr (!real) {
          const P y = simd::load<P>(value.component[channel][1] + lane), b = simd::load<P>(im + lane);
          term = slope ? P(a * x + b * y) : P(a * y - b * x);
        }
        packs[i] += term;
        packs[per_axis + i] += term * kx;
      }
    }
    simd::sum_each(packs, sums);
    for (int i = 0; i < per_axis; ++i) total.sum[i] += sums[per_axis + i];
    for (int e = 1; e < M; ++e)
      for (int i = 0; i < per_axis; ++i) total.sum[e * per_axis + i] += double(sums[i]) * block.row->frequency[e];
  }
};

template <int N, int M>
using NoPoseGradient = PoseGradient<N, M, false, false>;

template <class Gradient>
using PoseSums = Sums<Gradient::size>;

/// The PoseGradient of the cotangents that are given.
template <class P, class PosesBar>
auto pose_gradient(const PosesBar&) {
  return PoseGradient<P::N, P::M, Given<rotations_type<PosesBar>>, Given<shifts_type<PosesBar>>>{};
}

/// Adds the shares of slices to the cotangents of poses.
template <class Exec, class Geometry, class Gradient, class PosesBar>
void add_pose_shares(const Exec& exec, const std::string& label, const Geometry& geometry, Gradient, const SharedSums& from,
                     const PosesBar& poses_bar, bool accumulate) {
  constexpr int N = Geometry::N, M = Geometry::M, per_axis = Gradient::per_axis;
  auto rotations = sums_of_array<M, N>(0, per_axis);
  auto shifts = sums_of_array<M, 1>(Gradient::rotations ? N : 0, per_axis);
  for (int e = 0; e < M; ++e) {
    for (int d = 0; d < N; ++d) rotations.scale[e][d] = geometry.scales[e][d];
    shifts.scale[e][0] = 2 * Kokkos::numbers::pi / geometry.slice_extent[e];
  }
  add_shares<2>(exec, label, rotations_of(poses_bar), from, rotations, geometry.references, geometry.poses, accumulate);
  add_shares<1>(exec, label, shifts_of(poses_bar), from, shifts, geometry.references, geometry.poses, accumulate);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
