// SPDX-License-Identifier: MIT
/// \file project.hpp
/// Central slices of references, and rotated copies of them.
///
/// With k the signed integer frequencies of a slice of real extents m, κ their place in the lattice of a reference of real
/// extents n (both x first),
///
///     κ_d  = oversampling · (n_d / n_x) · Σ_e (m_x / m_e) R_ed k_e
///     S[k] = exp(−2πi Σ_e k_e t_e / m_e) · Σ_m F[m] Π_d φ(κ_d − m_d)
///
/// where F is the periodic, Hermitian extension of the reference and φ the kernel: the Fourier slice theorem for the density
/// pushed forward by image = R · object + t (R. N. Bracewell, Aust. J. Phys. 9, 198 (1956)). Where |(k_e / m_e)_e| > cutoff
/// or |κ_d| > n_d / 2 for some d, S is 0; both bounds are inclusive, with a relative slack of 1e-6.
#pragma once

#include <bracewell/detail/slicing/project_operations.hpp>
#include <bracewell/detail/slicing/schedule.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Cuts one slice of each reference at each pose.
///
/// - `exec`: the execution space instance. The call is ordered on it, does not wait for it and allocates nothing.
/// - `reference`: N axes, in half-spectrum layout: [D][H][W/2 + 1], or [B][D][H][W/2 + 1]; complex float or double.
/// - `poses`: P poses, for each of B references or for all; see poses.hpp.
/// - `slices`: M ≤ N axes: [P][h][w/2 + 1], or [B][P][h][w/2 + 1]; of the same precision; written. Its size is free; smaller
///   than the reference's it is the Fourier crop.
/// - `options`, `kernel`: options.hpp; kernels.hpp.
///
/// References and slices are contiguous along x; other strides are free. Odd real widths are given by
/// `Spectrum{view, width}`. An output may not share memory with another argument, here and in all operations.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class PosesArg, class SlicesArg, class Kernel = None>
void project(const Exec& exec, const Reference& reference, const PosesArg& poses, const SlicesArg& slices,
             const SliceOptions& options = {}, const Kernel& kernel = {}) {
  using namespace detail;
  using P = SlicingTypes<Exec, Kernel, Reference, PosesArg, SlicesArg>;
  const auto counts = check_arguments<P>("project", options, in(slice_names::reference, reference),
                                         in(slice_names::poses, poses), out(slice_names::slices, slices));
  const Kokkos::Profiling::ScopedRegion region("bracewell::project");
  const auto geometry = make_geometry<P>(counts, reference, slices, poses, options);
  with_kernel("project", options, kernel, [&](const auto& phi) {
    write_slices(exec, "bracewell::project",
                 ProjectOperation{geometry, phi, input_grid<P>(reference), output_stack<P>(slices), options.accumulate});
  });
}

/// The directional derivative of `project` (forward mode): the change of its slices with every argument's tangent,
///
///     Ṡ[k] = exp(−2πi Σ_e k_e t_e / m_e) · (Ḟ~(κ) + Σ_d κ̇_d ∂F~/∂κ_d − 2πi F~(κ) Σ_e k_e ṫ_e / m_e),  κ̇ by Ṙ as κ by R.
///
/// - `reference_dot`: the reference's tangent, in its shape and Hermitian on self-conjugate planes as every rfft is; or
///   none.
/// - `poses_dot`: Poses{rotations_dot, shifts_dot} in the shapes of `poses`, either or all none.
/// - `slices_dot`: written, in the shape of slices.
///
/// Everything else is as for `project`. Not differentiable where κ meets a kink of the kernel (linear: integers): there it
/// is a one-sided derivative. At the edges of the band and of the cutoff, samples that do not count have derivative 0.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class ReferenceDot, class PosesArg, class PosesDot, class SlicesArg,
          class Kernel = None>
void project_jvp(const Exec& exec, const Reference& reference, const ReferenceDot& reference_dot, const PosesArg& poses,
                 const PosesDot& poses_dot, const SlicesArg& slices_dot, const SliceOptions& options = {},
                 const Kernel& kernel = {}) {
  using namespace detail;
  using P = SlicingTypes<Exec, Kernel, Reference, PosesArg, SlicesArg>;
  const auto counts =
      check_arguments<P>("project_jvp", options, in(slice_names::reference, reference),
                         tangent(slice_names::reference_dot, reference_dot, reference), in(slice_names::poses, poses),
                         tangent(slice_names::poses_dot, poses_dot, poses), out(slice_names::slices_dot, slices_dot));
  const Kokkos::Profiling::ScopedRegion region("bracewell::project_jvp");
  const auto geometry = make_geometry<P>(counts, reference, slices_dot, poses, options);
  const auto rates = make_geometry<P>(counts, reference, slices_dot, poses_dot, options);
  with_kernel("project_jvp", options, kernel, [&](const auto& phi) {
    write_slices(exec, "bracewell::project_jvp",
                 ProjectTangent{geometry, phi, input_grid<P>(reference), input_grid<P>(reference_dot), rates,
                                output_stack<P>(slices_dot), options.accumulate});
  });
}

/// The transpose of `project_jvp` (reverse mode): from dL = Re Σ conj(slices_bar) dS over the stored samples, with
/// z = exp(+2πi Σ_e k_e t_e / m_e) · slices_bar,
///
///     dL/dF[n] = Σ_k z Π_d φ(κ_d − n_d)                       conjugated where −n is stored instead of n
///     dL/dR_ed = Σ_k Re(conj(z) ∂F~/∂κ_d) · oversampling · (n_d / n_x)(m_x / m_e) k_e
///     dL/dt_e  = Σ_k Im(conj(z) F~(κ)) · 2π k_e / m_e
///
/// This is the convention of PyTorch and JAX for complex cotangents: dL/d Re + i dL/d Im.
///
/// - `slices_bar`: in the shape of slices.
/// - `reference_bar`: in the shape of `reference`, or none. It is unique up to moving g at n to conj g at −n on the
///   reference's self-conjugate planes (stored k_x = 0 and, for an even width, W/2).
/// - `poses_bar`: Poses{rotations_bar, shifts_bar} in the shapes of `poses`, either or all none. A pose shared by references
///   receives the sum over them. Of poses that are not finite it is 0.
///
/// With `accumulate`, all are added to, else overwritten. On host execution spaces the results are bitwise the same for any
/// number of threads. On devices cotangents of poses are summed in a fixed order, and reference_bar in any order, unless
/// options.deterministic is set: it is then added in fixed point, as backproject.hpp says, in passes of its own. Cotangents
/// of poses need scratch, see workspace.hpp.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class PosesArg, class SlicesBar, class ReferenceBar, class PosesBar,
          class Kernel = None>
void project_vjp(const Exec& exec, const Reference& reference, const PosesArg& poses, const SlicesBar& slices_bar,
                 const ReferenceBar& reference_bar, const PosesBar& poses_bar, const SliceOptions& options = {},
                 const Kernel& kernel = {}) {
  using namespace detail;
  using P = SlicingTypes<Exec, Kernel, Reference, PosesArg, SlicesBar>;
  const auto counts = check_arguments<P>("project_vjp", options, in(slice_names::reference, reference),
                                         in(slice_names::poses, poses), in(slice_names::slices_bar, slices_bar),
                                         cotangent(slice_names::reference_bar, reference_bar, reference),
                                         cotangent(slice_names::poses_bar, poses_bar, poses));
  const Kokkos::Profiling::ScopedRegion region("bracewell::project_vjp");
  const auto geometry = make_geometry<P>(counts, reference, slices_bar, poses, options);
  with_kernel("project_vjp", options, kernel, [&](const auto& phi) {
    insert_and_sum_poses<P>(
        exec, "bracewell::project_vjp", reference_bar, poses_bar, options,
        ProjectCotangent{geometry, phi, input_grid<P>(reference), input_stack<P>(slices_bar), output_grid<P>(reference_bar),
                         pose_gradient<P>(poses_bar), options.accumulate});
  });
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
