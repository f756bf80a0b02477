// SPDX-License-Identifier: MIT
/// \file backproject.hpp
/// Insertion of slices into references: the transpose of slicing, as reconstruction uses it.
///
/// Every frequency of the full lattice of a slice is inserted once, at κ and, by symmetry, at −κ: each stored sample, with
/// the conjugate phase and half of it on the slice's self-conjugate columns (k_x = 0, and k_x = m_x / 2 for an even width),
///
///     data[n]    += μ(k) exp(+2πi Σ_e k_e t_e / m_e) S[k] · Π_d φ(κ_d − n_d)
///     density[n] += μ(k) w[k] · Π_d |φ(κ_d − n_d)|,       μ = ½ or 1
///
/// to all lattice points n, conjugated where the half spectrum holds −n instead, and to both on the reference's own
/// self-conjugate planes. With FFTs around them, backproject is the exact transpose of project on real images:
/// ⟨u, irfft project rfft v⟩ · Πm = ⟨irfft backproject rfft u, v⟩ · Πn. κ, φ and the samples that count: project.hpp.
///
/// With options.deterministic, devices add 64-bit integers: each term is rounded to a multiple of a unit, and the result is
/// bitwise the same in every run and for any order of the poses. The unit is at most 2^-42 of the largest term for the
/// linear kernel and 2^-41 for the cubic one with 1000 rotations, 3 → 2 (bound: detail/slicing/device_fixed_point.hpp).
/// Where a term is NaN or infinite, all of that output is NaN. It costs one more pass over the samples, and scratch
/// (workspace.hpp).
#pragma once

#include <bracewell/detail/slicing/backproject_derivatives.hpp>
#include <bracewell/detail/slicing/schedule.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Inserts the slices of P poses into each reference.
///
/// - `exec`: the execution space instance. The call is ordered on it and does not wait for it.
/// - `slices`: [P][h][w/2 + 1] or [B][P][h][w/2 + 1], complex float or double; none where only a density of given
///   weights is wanted.
/// - `weights`: real, in the shape of the slices; none for ones. Slices are not multiplied by them.
/// - `poses`: see poses.hpp.
/// - `data`: [D][H][W/2 + 1] or [B][D][H][W/2 + 1], complex; `density`: the same, real. Either may be none.
/// - `options`, `kernel`: options.hpp; kernels.hpp. With `accumulate` the outputs are added to, else overwritten.
///
/// On host execution spaces the result is bitwise the same for any number of threads; on devices it differs from run to run
/// by the order of atomic additions, unless options.deterministic is set, see above. Arrays are contiguous along x. Odd real
/// widths are given by `Spectrum{view, width}`.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class SlicesArg, class Weights, class PosesArg, class Data, class Density, class Kernel = None>
void backproject(const Exec& exec, const SlicesArg& slices, const Weights& weights, const PosesArg& poses, const Data& data,
                 const Density& density, const SliceOptions& options = {}, const Kernel& kernel = {}) {
  using namespace detail;
  using P = BackprojectTypes<Exec, Kernel, SlicesArg, Weights, PosesArg, Data, Density>;
  const auto counts = check_arguments<P>("backproject", options, in_or_none(slice_names::slices, slices),
                                         in_or_none(slice_names::weights, weights), in(slice_names::poses, poses),
                                         out_or_none(slice_names::data, data), out_or_none(slice_names::density, density));
  const Kokkos::Profiling::ScopedRegion region("bracewell::backproject");
  const auto geometry = make_geometry<P>(counts, data, density, slices, weights, poses, options);
  const BackprojectArrays arrays{input_stack<P>(slices), input_stack<P>(weights), output_grid<P>(data),
                                 output_grid<P>(density)};
  with_kernel("backproject", options, kernel, [&](const auto& phi) {
    insert<P>(exec, "bracewell::backproject", data, density, options,
              BackprojectOperation{geometry, phi, arrays, options.accumulate});
  });
}

/// The directional derivative of `backproject` (forward mode): the change of data and density with every argument's tangent.
///
/// - `slices_dot`, `weights_dot`: in the shapes of `slices` and `weights`, or none.
/// - `poses_dot`: Poses{rotations_dot, shifts_dot} in the shapes of `poses`, either or all none.
/// - `data_dot`, `density_dot`: written, in the shapes of data and density; either may be none.
///
/// Everything else is as for `backproject`. At kinks of φ and of |φ| it is a one-sided derivative.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class SlicesArg, class SlicesDot, class Weights, class WeightsDot, class PosesArg, class PosesDot,
          class DataDot, class DensityDot, class Kernel = None>
void backproject_jvp(const Exec& exec, const SlicesArg& slices, const SlicesDot& slices_dot, const Weights& weights,
                     const WeightsDot& weights_dot, const PosesArg& poses, const PosesDot& poses_dot,
                     const DataDot& data_dot, const DensityDot& density_dot, const SliceOptions& options = {},
                     const Kernel& kernel = {}) {
  using namespace detail;
  using P = BackprojectTypes<Exec, Kernel, SlicesArg, Weights, PosesArg, DataDot, DensityDot>;
  const auto counts =
      check_arguments<P>("backproject_jvp", options, in_or_none(slice_names::slices, slices),
                         tangent(slice_names::slices_dot, slices_dot, slices), in_or_none(slice_names::weights, weights),
                         tangent(slice_names::weights_dot, weights_dot, weights), in(slice_names::poses, poses),
                         tangent(slice_names::poses_dot, poses_dot, poses), out_or_none(slice_names::data_dot, data_dot),
                         out_or_none(slice_names::density_dot, density_dot));
  const Kokkos::Profiling::ScopedRegion region("bracewell::backproject_jvp");
  const auto geometry = make_geometry<P>(counts, data_dot, density_dot, slices, weights, poses, options);
  const auto rates = make_geometry<P>(counts, data_dot, density_dot, slices, weights, poses_dot, options);
  const BackprojectArrays arrays{input_stack<P>(slices_dot), input_stack<P>(weights_dot), output_grid<P>(data_dot),
                                 output_grid<P>(density_dot)};
  with_kernel("backproject_jvp", options, kernel, [&](const auto& phi) {
    insert<P>(exec, "bracewell::backproject_jvp", data_dot, density_dot, options,
              BackprojectTangent{geometry, phi, arrays, input_stack<P>(slices), input_stack<P>(weights), rates,
                                 options.accumulate});
  });
}

/// The transpose of `backproject_jvp` (reverse mode). From dL = Re Σ conj(data_bar) d(data) + Σ density_bar d(density) over
/// the stored numbers, with C the interpolant of data_bar, symmetrised as insertion symmetrises (g(n) + conj g(−n) on the
/// self-conjugate planes), Q that of density_bar with |φ|, and z = exp(+2πi Σ_e k_e t_e / m_e) · μ S:
///
///     dL/dS[k] = μ exp(−2πi Σ_e k_e t_e / m_e) C(κ),   dL/dw[k] = μ Q(κ)
///     dL/dR_ed = Σ_k (Re(conj(z) ∂C/∂κ_d) + μ w ∂Q/∂κ_d) · oversampling · (n_d / n_x)(m_x / m_e) k_e
///     dL/dt_e  = Σ_k Im(conj(z) C(κ)) · 2π k_e / m_e
///
/// - `data_bar`, `density_bar`: in the shapes of data and density; either may be none.
/// - `slices_bar`, `weights_bar`: in the shapes of `slices` and `weights`, or none.
/// - `poses_bar`: Poses{rotations_bar, shifts_bar} in the shapes of `poses`, either or all none. A pose shared by references
///   receives the sum over them.
///
/// With `accumulate`, all are added to, else overwritten. The numbers of `slices` and `weights` are read only where
/// poses_bar is wanted. Cotangents of poses need scratch, see workspace.hpp.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class SlicesArg, class Weights, class PosesArg, class DataBar, class DensityBar, class SlicesBar,
          class WeightsBar, class PosesBar, class Kernel = None>
void backproject_vjp(const Exec& exec, const SlicesArg& slices, const Weights& weights, const PosesArg& poses,
                     const DataBar& data_bar, const DensityBar& density_bar, const SlicesBar& slices_bar,
                     const WeightsBar& weights_bar, const PosesBar& poses_bar, const SliceOptions& options = {},
                     const Kernel& kernel = {}) {
  using namespace detail;
  using P = BackprojectTypes<Exec, Kernel, SlicesArg, Weights, PosesArg, DataBar, DensityBar>;
  const auto counts = check_arguments<P>(
      "backproject_vjp", options, in_or_none(slice_names::slices, slices), in_or_none(slice_names::weights, weights),
      in(slice_names::poses, poses), in_or_none(slice_names::data_bar, data_bar),
      in_or_none(slice_names::density_bar, density_bar), cotangent(slice_names::slices_bar, slices_bar, slices),
      cotangent(slice_names::weights_bar, weights_bar, weights), cotangent(slice_names::poses_bar, poses_bar, poses));
  const Kokkos::Profiling::ScopedRegion region("bracewell::backproject_vjp");
  const auto geometry = make_geometry<P>(counts, data_bar, density_bar, slices, weights, poses, options);
  const BackprojectArrays arrays{input_stack<P>(slices), input_stack<P>(weights), input_grid<P>(data_bar),
                                 input_grid<P>(density_bar)};
  with_kernel("backproject_vjp", options, kernel, [&](const auto& phi) {
    write_slices(exec, "bracewell::backproject_vjp",
                 BackprojectCotangent{geometry, phi, arrays, output_stack<P>(slices_bar), output_stack<P>(weights_bar),
                                      pose_gradient<P>(poses_bar), options.accumulate},
                 options, poses_bar);
  });
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
