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

#include <bracewell/detail/arrays.hpp>
#include <bracewell/detail/checks.hpp>
#include <bracewell/detail/dispatch.hpp>
#include <bracewell/detail/tasks.hpp>

namespace bracewell {

namespace detail {

template <class Slicing, class T, int N, int M, class Kernel>
struct Project {
  using Real = T;
  using Pose = detail::Pose<N, M>;
  static constexpr int axes = N, slice_axes = M;
  static constexpr bool shifted = Slicing::shifted;

  Slicing slicing;
  std::int64_t poses;
  Grid<const Kokkos::complex<T>, N> reference;
  std::int64_t reference_stride;
  Slices<Kokkos::complex<T>, M> slices;
  bool accumulate;
  Kernel kernel;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t b, std::int64_t p, const Row<T, N, M>& row, int begin, int end) const {
    if (accumulate) return;
    Kokkos::complex<T>* out = slices.row(b, p, row);
    for (int kx = begin; kx < end; ++kx) out[kx] = 0;
  }

  template <class Add, int Count>
  KOKKOS_INLINE_FUNCTION void run(const Block<T, N, M, Count>& block, Whole) const {
    Stencil<T, N, Kernel::reach, false, false, Count> stencil;
    locate<false>(stencil, block, kernel, slicing.extent[0]);
    auto grid = reference;
    grid.data += block.b * reference_stride;
    Samples<T, 2, 1, Count> value;
    read_samples<false>(grid, stencil, block.lanes, value);
    auto& [re, im] = value.part[0];
    if constexpr (shifted) block.phases.template multiply<1>(re, im);
    Kokkos::complex<T>* out = slices.row(block.b, block.p, block.row) + block.kx;
    for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) {
      const Kokkos::complex<T> z(re[lane], im[lane]);
      out[lane] = accumulate ? out[lane] + z : z;
    }
  }
};

}  // namespace detail

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
  detail::check_slicing_types<Exec, PosesType, SliceArray, Kernel, Reference>();

  constexpr const char* name = "project";
  constexpr int N = detail::reference_axes<PosesType, Reference>, M = detail::slice_axes<PosesType, SliceArray>;
  const auto reference_shape = detail::shape("reference", reference), slices_shape = detail::shape("slices", slices);
  const auto counts = detail::check_slicing(name, N, reference_shape, detail::shape("rotations", poses.rotations),
                                            detail::shape("shifts", poses.shifts), slices_shape);
  detail::check_options(name, options);
  detail::check_apart(name, slices_shape, reference_shape);

  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    using T = detail::Precision<Reference>;
    const auto slicing = detail::make_slicing(reference, poses, slices, options);
    using Op = detail::Project<std::remove_const_t<decltype(slicing)>, T, N, M, std::decay_t<decltype(phi)>>;
    const Op op{slicing,
                counts.poses,
                detail::make_grid<N, const Kokkos::complex<T>>(reference),
                detail::batch_stride<N>(reference),
                detail::make_slices<M, Kokkos::complex<T>>(slices),
                options.accumulate,
                phi};
    detail::for_rows(exec, name, op, counts.references);
  });
}

}  // namespace bracewell
