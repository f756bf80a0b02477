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

#include <bracewell/detail/fixed_point.hpp>
#include <bracewell/detail/project.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

namespace bracewell {

/// Cuts one slice of each reference at each pose.
///
/// - `exec`: the execution space instance. The call is ordered on it, does not wait for it and allocates nothing.
/// - `reference`: N ≤ 3 axes or more, half-spectrum layout: [D][H][W/2 + 1], or [B][D][H][W/2 + 1]; complex float or double.
/// - `poses`: P poses, for each of B references or for all; see poses.hpp.
/// - `slices`: M ≤ N axes: [P][h][w/2 + 1], or [B][P][h][w/2 + 1]; of the same precision; written. Its size is free; smaller
///   than the reference's it is the Fourier crop.
/// - `options`, `kernel`: options.hpp; kernels.hpp.
///
/// References and slices are contiguous along x; other strides are free. Odd real widths are told by
/// `Spectrum{view, width}`.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class PosesType, class SliceArray, class Kernel = None>
void project(const Exec& exec, const Reference& reference, const PosesType& poses, const SliceArray& slices,
             const SliceOptions& options = {}, const Kernel& kernel = {}) {
  static_assert(detail::ComplexArray<Reference>,
                "project: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(detail::ComplexArray<SliceArray> && detail::Writable<SliceArray>,
                "project: 'slices' must be a writable View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(detail::check_slicing_types<Exec, PosesType, SliceArray, Kernel, Reference>());

  constexpr const char* name = "project";
  constexpr int N = detail::reference_axes<PosesType, Reference>, M = detail::slice_axes<PosesType, SliceArray>;
  using T = detail::Precision<Reference>;
  const detail::SlicingShapes shapes{detail::shape("reference", reference), detail::shape("rotations", poses.rotations),
                                     detail::shape("shifts", poses.shifts), detail::shape("slices", slices)};
  const auto counts = detail::check_slicing(name, N, shapes);
  detail::check_options(name, options);
  detail::check_apart(name, shapes.slices, shapes.reference);

  const Kokkos::Profiling::ScopedRegion region("bracewell::project");
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    const auto slicing = detail::make_slicing<T, N, M>(shapes, poses.rotations, poses.shifts, options);
    const detail::Project<std::decay_t<decltype(slicing)>, T, N, M, std::decay_t<decltype(phi)>> op{
        {slicing, counts.poses},
        detail::make_grid<N, const Kokkos::complex<T>>(reference),
        detail::batch_stride<N>(reference),
        detail::make_slices<M, Kokkos::complex<T>>(slices),
        options.accumulate,
        phi};
    detail::for_rows(exec, "bracewell::project", op, counts.references);
  });
}

/// The directional derivative of `project` (forward mode): the change of its slices with every argument's tangent,
///
///     Ṡ[k] = exp(−2πi Σ_e k_e t_e / m_e) · (Ḟ~(κ) + Σ_d κ̇_d ∂F~/∂κ_d − 2πi F~(κ) Σ_e k_e ṫ_e / m_e),  κ̇ by Ṙ as κ by R.
///
/// - `reference_dot`: the reference's tangent, in its shape and Hermitian on self-conjugate planes as every rfft is; or none.
/// - `poses_dot`: Poses{rotations_dot, shifts_dot} in the shapes of `poses`, either or all none.
/// - `slices_dot`: written, in the shape of slices.
///
/// All else is as `project` has it. Not differentiable where κ meets a kink of the kernel (linear: integers): there it is a
/// one-sided derivative. At the edges of the band and of the cutoff, samples that do not count have derivative 0.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class ReferenceDot, class PosesType, class PosesDot, class SliceArray,
          class Kernel = None>
void project_jvp(const Exec& exec, const Reference& reference, const ReferenceDot& reference_dot, const PosesType& poses,
                 const PosesDot& poses_dot, const SliceArray& slices_dot, const SliceOptions& options = {},
                 const Kernel& kernel = {}) {
  static_assert(detail::ComplexArray<Reference>,
                "project_jvp: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(
      detail::ComplexArray<SliceArray> && detail::Writable<SliceArray>,
      "project_jvp: 'slices_dot' must be a writable View of Kokkos::complex<float> or <double>, contiguous along x "
      "(LayoutRight), or a Spectrum of one");
  static_assert(detail::AlikeOrNone<ReferenceDot, Reference>,
                "project_jvp: 'reference_dot' must be an array of the rank and precision of 'reference', or none");
  static_assert(detail::check_slicing_types<Exec, PosesType, SliceArray, Kernel, Reference>());
  static_assert(detail::check_pose_companion<Exec, PosesType, PosesDot>());
  static_assert(detail::Reaches<Exec, ReferenceDot>, "project_jvp: 'reference_dot' is in memory that 'exec' cannot access");

  constexpr const char* name = "project_jvp";
  constexpr int N = detail::reference_axes<PosesType, Reference>, M = detail::slice_axes<PosesType, SliceArray>;
  using T = detail::Precision<Reference>;
  const auto& rotations_dot = detail::rotations_of(poses_dot);
  const auto& shifts_dot = detail::shifts_of(poses_dot);
  const detail::SlicingShapes shapes{detail::shape("reference", reference), detail::shape("rotations", poses.rotations),
                                     detail::shape("shifts", poses.shifts), detail::shape("slices_dot", slices_dot)};
  const detail::Shape reference_dot_shape = detail::shape("reference_dot", reference_dot);
  const auto counts = detail::check_slicing(name, N, shapes);
  detail::check_same(name, reference_dot_shape, shapes.reference, N);
  detail::check_same(name, detail::shape("rotations_dot", rotations_dot), shapes.rotations);
  detail::check_same(name, detail::shape("shifts_dot", shifts_dot), shapes.shifts);
  detail::check_options(name, options);
  detail::check_apart(name, shapes.slices, shapes.reference);
  detail::check_apart(name, shapes.slices, reference_dot_shape);

  const Kokkos::Profiling::ScopedRegion region("bracewell::project_jvp");
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    const auto slicing = detail::make_slicing<T, N, M>(shapes, poses.rotations, poses.shifts, options);
    const auto rates = detail::make_slicing<T, N, M>(shapes, rotations_dot, shifts_dot, options);
    const auto tangent = detail::make_grid<N, const Kokkos::complex<T>>(reference_dot);
    const detail::ProjectTangent<std::decay_t<decltype(slicing)>, T, N, M, std::decay_t<decltype(tangent)>,
                                 std::decay_t<decltype(rates)>, std::decay_t<decltype(phi)>>
        op{{slicing, counts.poses},
           detail::make_grid<N, const Kokkos::complex<T>>(reference),
           tangent,
           detail::batch_stride<N>(reference),
           detail::batch_stride<N>(reference_dot),
           rates,
           detail::make_slices<M, Kokkos::complex<T>>(slices_dot),
           options.accumulate,
           phi};
    detail::for_rows(exec, "bracewell::project_jvp", op, counts.references);
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
/// - `reference_bar`: in the shape of `reference`, or none. It is unique up to moving g at n to conj g at −n on the reference's
///   self-conjugate planes (stored k_x = 0 and, for an even width, W/2).
/// - `poses_bar`: Poses{rotations_bar, shifts_bar} in the shapes of `poses`, either or all none. A pose shared by references
///   receives the sum over them. Of poses that are not finite it is 0.
///
/// With `accumulate`, all are added to, else overwritten. On host execution spaces the results are bitwise the same for any
/// number of threads. On devices cotangents of poses are summed in a fixed order, and reference_bar in any, unless
/// options.deterministic is set: then as backproject.hpp says, in passes of its own. Cotangents of poses need scratch, see
/// workspace.hpp.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class PosesType, class SlicesBar, class ReferenceBar, class PosesBar,
          class Kernel = None>
void project_vjp(const Exec& exec, const Reference& reference, const PosesType& poses, const SlicesBar& slices_bar,
                 const ReferenceBar& reference_bar, const PosesBar& poses_bar, const SliceOptions& options = {},
                 const Kernel& kernel = {}) {
  static_assert(detail::ComplexArray<Reference>,
                "project_vjp: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(detail::ComplexArray<SlicesBar>,
                "project_vjp: 'slices_bar' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(detail::AlikeOrNone<ReferenceBar, Reference> && detail::WritableOrNone<ReferenceBar>,
                "project_vjp: 'reference_bar' must be a writable array of the rank and precision of 'reference', or none");
  static_assert(detail::check_slicing_types<Exec, PosesType, SlicesBar, Kernel, Reference>());
  static_assert(detail::check_pose_companion<Exec, PosesType, PosesBar, true>());
  static_assert(detail::Reaches<Exec, ReferenceBar>, "project_vjp: 'reference_bar' is in memory that 'exec' cannot access");

  constexpr const char* name = "project_vjp";
  constexpr int N = detail::reference_axes<PosesType, Reference>, M = detail::slice_axes<PosesType, SlicesBar>;
  using T = detail::Precision<Reference>;
  const auto& rotations_bar = detail::rotations_of(poses_bar);
  const auto& shifts_bar = detail::shifts_of(poses_bar);
  const detail::SlicingShapes shapes{detail::shape("reference", reference), detail::shape("rotations", poses.rotations),
                                     detail::shape("shifts", poses.shifts), detail::shape("slices_bar", slices_bar)};
  const detail::Shape bars[] = {detail::shape("reference_bar", reference_bar), detail::shape("rotations_bar", rotations_bar),
                                detail::shape("shifts_bar", shifts_bar)};
  const auto counts = detail::check_slicing(name, N, shapes);
  detail::check_same(name, bars[0], shapes.reference, N);
  detail::check_same(name, bars[1], shapes.rotations);
  detail::check_same(name, bars[2], shapes.shifts);
  detail::check_options(name, options);
  for (const auto& bar : bars)
    for (const auto* input : {&shapes.reference, &shapes.rotations, &shapes.shifts, &shapes.slices})
      detail::check_apart(name, bar, *input);

  const Kokkos::Profiling::ScopedRegion region("bracewell::project_vjp");
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    constexpr bool wants_reference = detail::Given<ReferenceBar>;
    using Sums = detail::SumsOf<N, M, std::decay_t<decltype(rotations_bar)>, std::decay_t<decltype(shifts_bar)>>;
    const auto slicing = detail::make_slicing<T, N, M>(shapes, poses.rotations, poses.shifts, options);
    const auto make = [&](const auto& to, auto sums) {
      const auto grid = detail::make_grid<N, detail::Element<std::decay_t<decltype(to)>>>(to);
      return detail::ProjectCotangent<std::decay_t<decltype(slicing)>, T, N, M, std::decay_t<decltype(grid)>, decltype(sums),
                                      std::decay_t<decltype(phi)>>{
          {slicing, counts.poses},
          detail::make_grid<N, const Kokkos::complex<T>>(reference),
          detail::batch_stride<N>(reference),
          detail::batch_stride<N>(to),
          detail::make_slices<M, const Kokkos::complex<T>>(slices_bar),
          grid,
          options.accumulate,
          phi,
          {}};
    };
    if constexpr (detail::summing<Sums>) {
      const auto sum_poses = [&](const auto& op) {
        detail::for_poses(exec, "bracewell::project_vjp", op, counts.references, rotations_bar, shifts_bar, options);
      };
      if constexpr (wants_reference && !detail::on_host<Exec>)
        if (!options.deterministic) {  // one pass; a host has other orders of work for each
          if (!options.accumulate) detail::fill_zero(exec, reference_bar);
          return sum_poses(make(reference_bar, Sums{}));
        }
      sum_poses(make(none, Sums{}));
    }
    if constexpr (wants_reference)
      detail::for_grids(
          exec, "bracewell::project_vjp", [&](const auto& to, None) { return make(to, detail::NoSums{}); },
          counts.references, reference_bar, none, options);
  });
}

}  // namespace bracewell
