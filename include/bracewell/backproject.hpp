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
#pragma once

#include <bracewell/detail/arrays.hpp>
#include <bracewell/detail/checks.hpp>
#include <bracewell/detail/dispatch.hpp>
#include <bracewell/detail/tasks.hpp>

namespace bracewell {

namespace detail {

template <class Slicing, class T, int N, int M, class Images, class Weights, class Data, class Density, class Kernel>
struct Backproject {
  using Real = T;
  using Pose = detail::Pose<N, M>;
  static constexpr int axes = N, slice_axes = M, reach = Kernel::reach;
  static constexpr bool shifted = Slicing::shifted;

  Slicing slicing;
  std::int64_t poses;
  Images slices;    // Slices or None, of complex numbers
  Weights weights;  // of real numbers
  Data data;        // Grid or None, of complex numbers
  Density density;  // of real numbers
  std::int64_t data_stride, density_stride;
  bool accumulate;
  Kernel kernel;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t, std::int64_t, const Row<T, N, M>&, int, int) const {}

  void clear(std::int64_t b, const Slab& slab) const {
    if (accumulate) return;
    if constexpr (Given<Data>) clear_planes(at(data, b * data_stride), slab);
    if constexpr (Given<Density>) clear_planes(at(density, b * density_stride), slab);
  }

  template <class Add, int Count, class Owner>
  KOKKOS_INLINE_FUNCTION void run(const Block<T, N, M, Count>& block, const Owner& owner) const {
    const auto data_b = at(data, block.b * data_stride);
    const auto density_b = at(density, block.b * density_stride);
    Insertion<Data, Density, T, Count> insertion{data_b, density_b, {}, {}, {}};
    for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) {
      const int kx = block.kx + lane;
      const T multiplicity = 2 * kx % slicing.slice_extent[0] == 0 ? T(0.5) : T(1);
      if constexpr (Given<Data>) {
        const Kokkos::complex<T> z = slices.row(block.b, block.p, block.row)[kx];
        insertion.re[lane] = multiplicity * z.real();
        insertion.im[lane] = multiplicity * z.imag();
      }
      if constexpr (Given<Weights>) {
        insertion.weight[lane] = multiplicity * weights.row(block.b, block.p, block.row)[kx];
      } else {
        insertion.weight[lane] = multiplicity;
      }
    }
    if constexpr (shifted && Given<Data>) block.phases.template multiply<-1>(insertion.re, insertion.im);
    Stencil<T, N, Kernel::reach, false, true, Count> stencil;
    locate<false>(stencil, block, kernel, slicing.extent[0]);
    if constexpr (Given<Density>)
      if (slicing.extent[0] < 2 * Kernel::reach) {  // several taps share a column, and Σ |φ| is not |Σ φ|
        auto absolute = stencil;
        locate<true>(absolute, block, kernel, slicing.extent[0]);
        insert_samples<Add>(insertion, stencil, absolute, block.lanes, owner);
        return;
      }
    insert_samples<Add>(insertion, stencil, stencil, block.lanes, owner);
  }
};

}  // namespace detail

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
/// by the order of atomic additions. Arrays are contiguous along x. Odd real widths are told by `Spectrum{view, width}`.
/// \\throws std::invalid_argument naming the argument, before anything is written.
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
  detail::check_slicing_types<Exec, PosesType, Image, Kernel, GridArray>();
  detail::check_alike<Exec, Image, Weights>();
  detail::check_alike<Exec, GridArray, Density>();

  constexpr const char* name = "backproject";
  constexpr int N = detail::reference_axes<PosesType, GridArray>, M = detail::slice_axes<PosesType, Image>;
  const detail::Shape slices_shape = detail::shape("slices", slices), weights_shape = detail::shape("weights", weights),
                      data_shape = detail::shape("data", data), density_shape = detail::shape("density", density),
                      rotations_shape = detail::shape("rotations", poses.rotations),
                      shifts_shape = detail::shape("shifts", poses.shifts);
  const auto counts = detail::check_slicing(name, N, data_shape ? data_shape : density_shape, rotations_shape, shifts_shape,
                                            slices_shape ? slices_shape : weights_shape);
  if (slices_shape && weights_shape) detail::check_same(name, weights_shape, slices_shape, M);
  if (data_shape && density_shape) detail::check_same(name, density_shape, data_shape, N);
  detail::check_options(name, options);
  for (const auto& output : {data_shape, density_shape})
    for (const auto& input : {slices_shape, weights_shape, rotations_shape, shifts_shape})
      detail::check_apart(name, output, input);
  detail::check_apart(name, density_shape, data_shape);

  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    using T = detail::Precision<GridArray>;
    using Complex = Kokkos::complex<T>;
    const auto slicing = detail::make_slicing(grid, poses, image, options);
    const auto slice_rows = detail::make_slices<M, const Complex>(slices);
    const auto weight_rows = detail::make_slices<M, const T>(weights);
    const auto data_grid = detail::make_grid<N, Complex>(data);
    const auto density_grid = detail::make_grid<N, T>(density);
    using Op = detail::Backproject<std::decay_t<decltype(slicing)>, T, N, M, std::decay_t<decltype(slice_rows)>,
                                   std::decay_t<decltype(weight_rows)>, std::decay_t<decltype(data_grid)>,
                                   std::decay_t<decltype(density_grid)>, std::decay_t<decltype(phi)>>;
    const Op op{slicing,
                counts.poses,
                slice_rows,
                weight_rows,
                data_grid,
                density_grid,
                detail::batch_stride<N>(data),
                detail::batch_stride<N>(density),
                options.accumulate,
                phi};
    detail::for_slabs(exec, name, op, counts.references, [&] {
      if (options.accumulate) return;
      detail::fill_zero(exec, data);
      detail::fill_zero(exec, density);
    });
  });
}

}  // namespace bracewell
