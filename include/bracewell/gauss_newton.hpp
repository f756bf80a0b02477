// SPDX-License-Identifier: MIT
/// \file gauss_newton.hpp
/// How far slices are from images, with what Gauss and Newton's method and its kin (Levenberg-Marquardt, Fisher scoring,
/// quasi-Newton methods) need to move poses: from one pass over the samples, which writes no slices.
///
/// With S the slices of `project` (project.hpp), and w, c, s, X as observed.hpp has them, an image's loss is
///
///     L = ½ Σ_k μ(k) w(k) |r(k)|²,   r = c s S − X
///
/// over the stored samples within the cutoff, |(k_e / m_e)_e| ≤ cutoff. μ, the multiplicity, is 1 on the columns that are
/// their own mates (k_x = 0, and k_x = m_x / 2 for an even width) and 2 elsewhere: L is the sum over the full lattice, and μ is
/// twice that of backproject. Where κ is outside the reference, and at poses that are not finite, S is 0 and X counts, so that
/// no pose gains by leaving the reference.
///
/// The K = M N + M + 1 parameters θ of an image are, in this order, R row by row, t, and s. With ∂S/∂θ as `project_jvp` has
/// them,
///
///     gradient  ∂L/∂θ_i = Σ μ w Re(conj(r) ∂r/∂θ_i)
///     matrix    H_ij    = Σ μ w Re(conj(∂r/∂θ_i) ∂r/∂θ_j)      Gauss and Newton's JᵀWJ; all of it, symmetric
///
/// For parameters q of which θ is a function, the gradient is (∂θ/∂q)ᵀ ∂L/∂θ and the matrix (∂θ/∂q)ᵀ H ∂θ/∂q;
/// eigen.hpp has `pose_jacobian` for rotation vectors.
#pragma once

#include <bracewell/detail/slicing/residual_operation.hpp>
#include <bracewell/detail/slicing/schedule.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// The loss of each image at its pose, the loss' gradient, and the Gauss-Newton matrix; each of the outputs may be none.
///
/// - `exec`: the execution space instance. The call is ordered on it and does not wait for it.
/// - `reference`, `poses`: as for `project`.
/// - `observed`: Observed{images, weights, ctf, scale}, see observed.hpp.
/// - `loss`: a View of float or double, [P] or [B][P].
/// - `poses_bar`: Poses{rotations_bar, shifts_bar} in the shapes of `poses`, either or all none: the gradient in R and t.
/// - `scale_bar`: the gradient in s, [P] or [B][P], in the shape of `scale` where that is a View.
/// - `matrix`: [P][K][K] or [B][P][K][K]. Without shifts its rows of t are those at t = 0.
/// - `options`, `kernel`: options.hpp; kernels.hpp. With `accumulate` the outputs are added to, else overwritten.
///
/// Outputs may have any layout and either precision; sums are in double over blocks of samples. Where images have a leading
/// [B], an output of B = 1 receives the sum over the references. On host execution spaces the results are bitwise the same for
/// any number of threads; on devices they are summed in a fixed order. The sums need scratch, see workspace.hpp.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Reference, class PosesArg, class ObservedArg, class Loss, class PosesBar, class ScaleBar,
          class Matrix, class Kernel = None>
void gauss_newton(const Exec& exec, const Reference& reference, const PosesArg& poses, const ObservedArg& observed,
                  const Loss& loss, const PosesBar& poses_bar, const ScaleBar& scale_bar, const Matrix& matrix,
                  const SliceOptions& options = {}, const Kernel& kernel = {}) {
  using namespace detail;
  using P = ResidualTypes<Exec, Kernel, Reference, PosesArg, images_type<ObservedArg>>;
  const auto counts = check_arguments<P>(
      "gauss_newton", options, in(slice_names::reference, reference), in(slice_names::poses, poses),
      in(slice_names::observed, observed), out_or_none(slice_names::loss, loss),
      cotangent(slice_names::poses_bar, poses_bar, poses), cotangent(slice_names::scale_bar, scale_bar, scale_of(observed)),
      out_or_none(slice_names::matrix, matrix));
  const Kokkos::Profiling::ScopedRegion region("bracewell::gauss_newton");
  const auto geometry = make_geometry<P>(counts, reference, images_of(observed), poses, options);
  const ResidualOutputs outputs{loss, poses_bar, scale_bar, matrix};
  with_kernel("gauss_newton", options, kernel, [&](const auto& phi) {
    sum_poses(
        exec, "bracewell::gauss_newton",
        ResidualOperation{geometry, phi, input_grid<P>(reference), residual_inputs<P>(observed), residual_sums<P>(outputs)},
        outputs, options);
  });
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
