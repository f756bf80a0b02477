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
/// self-conjugate planes. With FFTs around them, backproject is so the exact transpose of project on real images:
/// ⟨u, irfft project rfft v⟩ · Πm = ⟨irfft backproject rfft u, v⟩ · Πn. κ, φ and the samples that count: project.hpp.
///
/// With options.deterministic, devices add in fixed point. Each term, of data or of density, is rounded to a multiple of a unit,
/// by half a unit at most, and added as a 64-bit integer. Sums of integers do not depend on their order: the result is bitwise
/// the same in every run, and for any order of the poses. The units, one for data and one for density, are powers of two,
///
///     unit ≤ 2^-60 · max |term| · P · 2 Π_d (2 + ⌊2r / n_d⌋) · min(samples of a slice, max_p Π_e (1 + 2r √N / h_e))
///
/// where r is the kernel's reach and h_e the length of ∂κ/∂k_e orthogonal to ∂κ/∂k_0 … ∂κ/∂k_{e−1}: with P = 1000 rotations,
/// 3 → 2, at most 2^-42 of the largest term for the linear kernel and 2^-41 for the cubic one. Where a term is NaN or infinite,
/// all of that output is NaN. It costs one more pass over the samples, which finds max |term|, and scratch: 8 bytes for each
/// real number of the outputs (workspace.hpp).
#pragma once

#include <bracewell/detail/backproject.hpp>
#include <bracewell/detail/fixed_point.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

namespace bracewell {

/// Inserts the slices of P poses into each reference.
///
/// - `exec`: the execution space instance. The call is ordered on it and does not wait for it.
/// - `slices`: [P][h][w/2 + 1] or [B][P][h][w/2 + 1], complex float or double; none where no data are wanted.
/// - `weights`: real, in the shape of the slices; none for ones. Slices are not multiplied by them.
/// - `poses`: see poses.hpp.
/// - `data`: [D][H][W/2 + 1] or [B][D][H][W/2 + 1], complex; `density`: the same, real. Either may be none.
/// - `options`, `kernel`: options.hpp; kernels.hpp. With `accumulate` the outputs are added to, else overwritten.
///
/// On host execution spaces the result is bitwise the same for any number of threads; on devices it differs from run to run
/// by the order of atomic additions, unless options.deterministic is set, see above. Arrays are contiguous along x. Odd real
/// widths are told by `Spectrum{view, width}`.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class SliceArray, class Weights, class PosesType, class Data, class Density, class Kernel = None>
void backproject(const Exec& exec, const SliceArray& slices, const Weights& weights, const PosesType& poses,
                 const Data& data, const Density& density, const SliceOptions& options = {}, const Kernel& kernel = {}) {
  using detail::Given;
  static_assert(Given<Data> || Given<Density>, "backproject: one of 'data' and 'density' must be given");
  static_assert(Given<SliceArray> || (Given<Weights> && !Given<Data>),
                "backproject: 'slices' must be given, but for a density from given weights alone");
  static_assert(!Given<SliceArray> || detail::ComplexArray<SliceArray>,
                "backproject: 'slices' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(!Given<Weights> || detail::RealArray<Weights>,
                "backproject: 'weights' must be a View of float or double, contiguous along x (LayoutRight), a Spectrum "
                "of one, or none");
  static_assert(!Given<Data> || (detail::ComplexArray<Data> && detail::Writable<Data>),
                "backproject: 'data' must be a writable View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), a Spectrum of one, or none");
  static_assert(!Given<Density> || (detail::RealArray<Density> && detail::Writable<Density>),
                "backproject: 'density' must be a writable View of float or double, contiguous along x (LayoutRight), a "
                "Spectrum of one, or none");
  const auto& grid = detail::first_given(data, density);
  const auto& image = detail::first_given(slices, weights);
  using GridArray = std::decay_t<decltype(grid)>;
  using Image = std::decay_t<decltype(image)>;
  static_assert(detail::check_slicing_types<Exec, PosesType, Image, Kernel, GridArray>());
  static_assert(detail::check_alike<Exec, Image, Weights>());
  static_assert(detail::check_alike<Exec, GridArray, Density>());

  constexpr const char* name = "backproject";
  constexpr int N = detail::reference_axes<PosesType, GridArray>, M = detail::slice_axes<PosesType, Image>;
  using T = detail::Precision<GridArray>;
  const detail::SlicingShapes shapes{
      Given<Data> ? detail::shape("data", data) : detail::shape("density", density),
      detail::shape("rotations", poses.rotations), detail::shape("shifts", poses.shifts),
      Given<SliceArray> ? detail::shape("slices", slices) : detail::shape("weights", weights)};
  const detail::Shape weights_shape = detail::shape("weights", weights), density_shape = detail::shape("density", density);
  const auto counts = detail::check_slicing(name, N, shapes);
  detail::check_same(name, weights_shape, shapes.slices, M);
  detail::check_same(name, density_shape, shapes.reference, N);
  detail::check_options(name, options);
  for (const auto* output : {&shapes.reference, &density_shape})
    for (const auto* input : {&shapes.slices, &weights_shape, &shapes.rotations, &shapes.shifts})
      detail::check_apart(name, *output, *input);
  if (Given<Data>) detail::check_apart(name, density_shape, shapes.reference);

  const Kokkos::Profiling::ScopedRegion region("bracewell::backproject");
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    const auto slicing = detail::make_slicing<T, N, M>(shapes, poses.rotations, poses.shifts, options);
    const auto make = [&](const auto& to_data, const auto& to_density) {
      const auto base =
          detail::make_insertions<T, N, M>(slicing, counts.poses, slices, weights, to_data, to_density, options);
      return detail::Backproject<std::decay_t<decltype(base)>, T, N, M, std::decay_t<decltype(phi)>>{base, phi};
    };
    detail::for_grids(exec, "bracewell::backproject", make, counts.references, data, density, options);
  });
}

/// The directional derivative of `backproject` (forward mode): the change of data and density with every argument's tangent.
///
/// - `slices_dot`, `weights_dot`: in the shapes of `slices` and `weights`, or none.
/// - `poses_dot`: Poses{rotations_dot, shifts_dot} in the shapes of `poses`, either or all none.
/// - `data_dot`, `density_dot`: written, in the shapes of data and density; either may be none.
///
/// All else is as `backproject` has it. At kinks of φ and of |φ| it is a one-sided derivative.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class SliceArray, class SlicesDot, class Weights, class WeightsDot, class PosesType, class PosesDot,
          class DataDot, class DensityDot, class Kernel = None>
void backproject_jvp(const Exec& exec, const SliceArray& slices, const SlicesDot& slices_dot, const Weights& weights,
                     const WeightsDot& weights_dot, const PosesType& poses, const PosesDot& poses_dot,
                     const DataDot& data_dot, const DensityDot& density_dot, const SliceOptions& options = {},
                     const Kernel& kernel = {}) {
  using detail::Given;
  static_assert(Given<DataDot> || Given<DensityDot>, "backproject_jvp: one of 'data_dot' and 'density_dot' must be given");
  static_assert(Given<SliceArray> || (Given<Weights> && !Given<DataDot>),
                "backproject_jvp: 'slices' must be given, but for a density from given weights alone");
  static_assert(!Given<SliceArray> || detail::ComplexArray<SliceArray>,
                "backproject_jvp: 'slices' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(detail::AlikeOrNone<SlicesDot, SliceArray> && detail::AlikeOrNone<WeightsDot, Weights>,
                "backproject_jvp: 'slices_dot' and 'weights_dot' must be arrays of the rank and precision of 'slices' and "
                "'weights', or none");
  const auto& grid = detail::first_given(data_dot, density_dot);
  const auto& image = detail::first_given(slices, weights);
  using GridArray = std::decay_t<decltype(grid)>;
  using Image = std::decay_t<decltype(image)>;
  static_assert(
      (!Given<DataDot> || detail::ComplexArray<DataDot>)&&(!Given<DensityDot> ||
                                                           detail::RealArray<DensityDot>)&&detail::WritableOrNone<DataDot> &&
          detail::WritableOrNone<DensityDot>,
      "backproject_jvp: 'data_dot' must be a writable View of Kokkos::complex<float> or <double>, 'density_dot' of "
      "float or double, both contiguous along x (LayoutRight), Spectra of such, or none");
  static_assert(detail::check_slicing_types<Exec, PosesType, Image, Kernel, GridArray>());
  static_assert(detail::check_pose_companion<Exec, PosesType, PosesDot>());
  static_assert(detail::check_alike<Exec, Image, Weights>());
  static_assert(detail::check_alike<Exec, GridArray, DensityDot>());
  static_assert(detail::Reaches<Exec, SlicesDot, WeightsDot>,
                "backproject_jvp: a tangent is in memory that 'exec' cannot access");

  constexpr const char* name = "backproject_jvp";
  constexpr int N = detail::reference_axes<PosesType, GridArray>, M = detail::slice_axes<PosesType, Image>;
  using T = detail::Precision<GridArray>;
  const auto& rotations_dot = detail::rotations_of(poses_dot);
  const auto& shifts_dot = detail::shifts_of(poses_dot);
  const detail::SlicingShapes shapes{
      Given<DataDot> ? detail::shape("data_dot", data_dot) : detail::shape("density_dot", density_dot),
      detail::shape("rotations", poses.rotations), detail::shape("shifts", poses.shifts),
      Given<SliceArray> ? detail::shape("slices", slices) : detail::shape("weights", weights)};
  const detail::Shape weights_shape = detail::shape("weights", weights),
                      density_shape = detail::shape("density_dot", density_dot),
                      slices_dot_shape = detail::shape("slices_dot", slices_dot),
                      weights_dot_shape = detail::shape("weights_dot", weights_dot);
  const auto counts = detail::check_slicing(name, N, shapes);
  detail::check_same(name, weights_shape, shapes.slices, M);
  detail::check_same(name, slices_dot_shape, shapes.slices, M);
  detail::check_same(name, weights_dot_shape, shapes.slices, M);
  detail::check_same(name, density_shape, shapes.reference, N);
  detail::check_same(name, detail::shape("rotations_dot", rotations_dot), shapes.rotations);
  detail::check_same(name, detail::shape("shifts_dot", shifts_dot), shapes.shifts);
  detail::check_options(name, options);
  for (const auto* output : {&shapes.reference, &density_shape})
    for (const auto* input : {&shapes.slices, &weights_shape, &slices_dot_shape, &weights_dot_shape})
      detail::check_apart(name, *output, *input);
  if (Given<DataDot>) detail::check_apart(name, density_shape, shapes.reference);

  const Kokkos::Profiling::ScopedRegion region("bracewell::backproject_jvp");
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    const auto slicing = detail::make_slicing<T, N, M>(shapes, poses.rotations, poses.shifts, options);
    const auto rates = detail::make_slicing<T, N, M>(shapes, rotations_dot, shifts_dot, options);
    const auto images = detail::make_slices<M, const Kokkos::complex<T>>(slices);
    const auto image_weights = detail::make_slices<M, const T>(weights);
    const auto make = [&](const auto& to_data, const auto& to_density) {
      const auto base =
          detail::make_insertions<T, N, M>(slicing, counts.poses, slices_dot, weights_dot, to_data, to_density, options);
      return detail::BackprojectTangent<std::decay_t<decltype(base)>, T, N, M, std::decay_t<decltype(images)>,
                                        std::decay_t<decltype(image_weights)>, std::decay_t<decltype(rates)>,
                                        std::decay_t<decltype(phi)>>{base, images, image_weights, rates, phi};
    };
    detail::for_grids(exec, "bracewell::backproject_jvp", make, counts.references, data_dot, density_dot, options);
  });
}

/// The transpose of `backproject_jvp` (reverse mode). From dL = Re Σ conj(data_bar) d(data) + Σ density_bar d(density) over the
/// stored numbers, with C the interpolant of data_bar, symmetrised as insertion symmetrises (g(n) + conj g(−n) on the
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
/// With `accumulate`, all are added to, else overwritten. Where only poses_bar is wanted, slices and weights are read; else
/// only where it is wanted too. Cotangents of poses need scratch, see workspace.hpp.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class SliceArray, class Weights, class PosesType, class DataBar, class DensityBar, class SlicesBar,
          class WeightsBar, class PosesBar, class Kernel = None>
void backproject_vjp(const Exec& exec, const SliceArray& slices, const Weights& weights, const PosesType& poses,
                     const DataBar& data_bar, const DensityBar& density_bar, const SlicesBar& slices_bar,
                     const WeightsBar& weights_bar, const PosesBar& poses_bar, const SliceOptions& options = {},
                     const Kernel& kernel = {}) {
  using detail::Given;
  static_assert(Given<DataBar> || Given<DensityBar>, "backproject_vjp: one of 'data_bar' and 'density_bar' must be given");
  static_assert(Given<SliceArray> || (Given<Weights> && !Given<DataBar>),
                "backproject_vjp: 'slices' must be given, but for a density from given weights alone");
  static_assert(!Given<SliceArray> || detail::ComplexArray<SliceArray>,
                "backproject_vjp: 'slices' must be a View of Kokkos::complex<float> or <double>, contiguous along x "
                "(LayoutRight), or a Spectrum of one");
  static_assert(
      (!Given<DataBar> || detail::ComplexArray<DataBar>)&&(!Given<DensityBar> || detail::RealArray<DensityBar>),
      "backproject_vjp: 'data_bar' must be a View of Kokkos::complex<float> or <double>, 'density_bar' of float or "
      "double, both contiguous along x (LayoutRight), Spectra of such, or none");
  static_assert(
      detail::AlikeOrNone<SlicesBar, SliceArray> && detail::AlikeOrNone<WeightsBar, Weights> &&
          detail::WritableOrNone<SlicesBar> && detail::WritableOrNone<WeightsBar>,
      "backproject_vjp: 'slices_bar' and 'weights_bar' must be writable arrays of the rank and precision of 'slices' "
      "and 'weights', or none");
  const auto& grid = detail::first_given(data_bar, density_bar);
  const auto& image = detail::first_given(slices, weights);
  using GridArray = std::decay_t<decltype(grid)>;
  using Image = std::decay_t<decltype(image)>;
  static_assert(detail::check_slicing_types<Exec, PosesType, Image, Kernel, GridArray>());
  static_assert(detail::check_pose_companion<Exec, PosesType, PosesBar, true>());
  static_assert(detail::check_alike<Exec, Image, Weights>());
  static_assert(detail::check_alike<Exec, GridArray, DensityBar>());
  static_assert(detail::Reaches<Exec, SlicesBar, WeightsBar>,
                "backproject_vjp: a cotangent is in memory that 'exec' cannot access");

  constexpr const char* name = "backproject_vjp";
  constexpr int N = detail::reference_axes<PosesType, GridArray>, M = detail::slice_axes<PosesType, Image>;
  using T = detail::Precision<GridArray>;
  using Complex = Kokkos::complex<T>;
  const auto& rotations_bar = detail::rotations_of(poses_bar);
  const auto& shifts_bar = detail::shifts_of(poses_bar);
  const detail::SlicingShapes shapes{
      Given<DataBar> ? detail::shape("data_bar", data_bar) : detail::shape("density_bar", density_bar),
      detail::shape("rotations", poses.rotations), detail::shape("shifts", poses.shifts),
      Given<SliceArray> ? detail::shape("slices", slices) : detail::shape("weights", weights)};
  const detail::Shape weights_shape = detail::shape("weights", weights),
                      density_shape = detail::shape("density_bar", density_bar);
  const detail::Shape bars[] = {detail::shape("slices_bar", slices_bar), detail::shape("weights_bar", weights_bar),
                                detail::shape("rotations_bar", rotations_bar), detail::shape("shifts_bar", shifts_bar)};
  const auto counts = detail::check_slicing(name, N, shapes);
  detail::check_same(name, weights_shape, shapes.slices, M);
  detail::check_same(name, density_shape, shapes.reference, N);
  detail::check_same(name, bars[0], shapes.slices, M);
  detail::check_same(name, bars[1], shapes.slices, M);
  detail::check_same(name, bars[2], shapes.rotations);
  detail::check_same(name, bars[3], shapes.shifts);
  detail::check_options(name, options);
  for (const auto& bar : bars)
    for (const auto* input :
         {&shapes.reference, &density_shape, &shapes.slices, &weights_shape, &shapes.rotations, &shapes.shifts})
      detail::check_apart(name, bar, *input);

  const Kokkos::Profiling::ScopedRegion region("bracewell::backproject_vjp");
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    const auto slicing = detail::make_slicing<T, N, M>(shapes, poses.rotations, poses.shifts, options);
    const auto arrays =
        detail::make_insertions<T, N, M>(slicing, counts.poses, slices, weights, data_bar, density_bar, options);
    const auto out = detail::make_slices<M, Complex>(slices_bar);
    const auto weights_out = detail::make_slices<M, T>(weights_bar);
    using Sums = detail::SumsOf<N, M, std::decay_t<decltype(rotations_bar)>, std::decay_t<decltype(shifts_bar)>>;
    const detail::BackprojectCotangent<std::decay_t<decltype(arrays)>, T, N, M, std::decay_t<decltype(out)>,
                                       std::decay_t<decltype(weights_out)>, Sums, std::decay_t<decltype(phi)>>
        op{arrays, out, weights_out, phi, {}};
    if constexpr (detail::summing<Sums>) {
      detail::for_poses(exec, "bracewell::backproject_vjp", op, counts.references, rotations_bar, shifts_bar, options);
    } else {
      detail::for_rows(exec, "bracewell::backproject_vjp", op, counts.references);
    }
  });
}

}  // namespace bracewell
