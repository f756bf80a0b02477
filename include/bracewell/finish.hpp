// SPDX-License-Identifier: MIT
/// \file finish.hpp
/// Around the slice: where the origin lies, the roll-off of interpolation, and division by the density.
///
/// - From a map to slices: correct_gridding(…, Gridding::reference), pad, FFT, origin_to_zero, project; images follow by
///   origin_to_centre and an inverse FFT.
/// - From images to a map: FFT, origin_to_zero, backproject, divide_by_density or divide_wiener, origin_to_centre, inverse
///   FFT, crop, correct_gridding(…, Gridding::reconstruction).
///
/// FFTs are NumPy's: forward unscaled, inverse divided by the number of voxels. All functions work in place on the last Axes
/// axes of a View (or Spectrum), all of them by default; what is in front is a batch. They are ordered on the execution
/// space instance and do not wait for it.
#pragma once

#include <bracewell/detail/arguments/call.hpp>
#include <bracewell/detail/core/device.hpp>
#include <bracewell/detail/core/elementwise.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

namespace detail {

template <int Axes, class X>
inline constexpr int axes_of = Axes == 0 ? int(View<X>::rank()) : Axes;

template <class Exec, class X, class Op>
void on_elements(const Exec& exec, const char* name, const X& array, const Op& op) {
  const std::string label = std::string("bracewell::") + name;
  const Kokkos::Profiling::ScopedRegion region(label);
  for_elements(exec, label, array, op);
}

/// Multiplies a spectrum by exp(2πi direction Σ_d k_d ⌊n_d/2⌋ / n_d).
template <class T, int Axes, int Rank>
struct MoveOrigin {
  int direction;
  std::int64_t extent[Axes];  // in memory order, x last

  /// k ⌊n/2⌋ / n without whole cycles.
  KOKKOS_INLINE_FUNCTION static double cycles(std::int64_t k, std::int64_t n) { return double(k * (n / 2) % n) / double(n); }

  KOKKOS_INLINE_FUNCTION double row(const std::int64_t (&index)[Rank]) const {
    double sum = 0;
    for (int a = 0; a < Axes - 1; ++a) sum += cycles(index[Rank - Axes + a], extent[a]);
    return sum;
  }

  KOKKOS_INLINE_FUNCTION void apply(Kokkos::complex<T>& z, std::int64_t x, double row_cycles) const {
    double t = row_cycles + cycles(x, extent[Axes - 1]);
    t -= Kokkos::round(t);
    if (t == 0) return;
    if (Kokkos::abs(t) == 0.5) {  // all that even extents need, and exact
      z = -z;
      return;
    }
    z *= phase_factor<T>(-direction * t);
  }
};

template <int Axes, class Exec, class X>
void move_origin(const Exec& exec, const char* name, const X& spectrum, int direction) {
  static_assert(check_array<slice_names::spectrum_name, true, Exec, X>());
  constexpr int rank = int(View<X>::rank()), axes = axes_of<Axes, X>;
  static_assert(axes <= rank, "bracewell: 'spectrum' has fewer axes than asked for");
  const Shape shape = detail::shape("spectrum", spectrum);
  check_stored(name, shape, axes);
  check_memory(name, shape, true);
  MoveOrigin<Precision<X>, axes, rank> op{direction, {}};
  for (int a = 0; a < axes; ++a) op.extent[a] = a == axes - 1 ? shape.width : shape.extent[rank - axes + a];
  on_elements(exec, name, view(spectrum), op);
}

/// Divides a real map by Π_d φ^(x_d / n_d), and for a reconstruction by 1 / ∫|φ| of every axis.
template <class T, int Axes, int Rank, class Kernel>
struct CorrectGridding {
  std::int64_t centre[Axes];  // where x_d = 0
  double padded[Axes];
  double scale;
  Kernel kernel;

  KOKKOS_INLINE_FUNCTION double row(const std::int64_t (&index)[Rank]) const {
    double factor = scale;
    for (int a = 0; a < Axes - 1; ++a) factor *= kernel.transform(double(index[Rank - Axes + a] - centre[a]) / padded[a]);
    return factor;
  }

  KOKKOS_INLINE_FUNCTION void apply(T& value, std::int64_t x, double factor) const {
    value = T(double(value) / (factor * kernel.transform(double(x - centre[Axes - 1]) / padded[Axes - 1])));
  }
};

/// A number for all elements, or one an element, or one a shell.
struct SameNumber {
  double number;
  struct Row {};
  template <int Rank>
  KOKKOS_INLINE_FUNCTION Row row(const std::int64_t (&)[Rank]) const {
    return {};
  }
  KOKKOS_INLINE_FUNCTION double at(std::int64_t, Row) const { return number; }
};

template <class S, int Rank>
struct NumberOfElement {
  StridedArray<const S, Rank> numbers;
  KOKKOS_INLINE_FUNCTION const S* row(const std::int64_t (&index)[Rank]) const {
    const S* at = numbers.data;
    for (int a = 0; a < Rank - 1; ++a) at += index[a] * numbers.stride[a];
    return at;
  }
  KOKKOS_INLINE_FUNCTION double at(std::int64_t x, const S* row) const { return double(row[x * numbers.stride[Rank - 1]]); }
};

/// Shell s: |k| of s - ½ … s + ½ in units of `unit` cycles a voxel; the last one holds for all beyond.
template <class S, int Rank>
struct NumberOfShell {
  StridedArray<const S, 1> numbers;
  std::int64_t extent[Rank];  // real
  double unit;

  KOKKOS_INLINE_FUNCTION double row(const std::int64_t (&index)[Rank]) const {
    double square = 0;
    for (int a = 0; a < Rank - 1; ++a) {
      const double k = double(frequency(int(index[a]), int(extent[a]))) / double(extent[a]);
      square += k * k;
    }
    return square;
  }
  KOKKOS_INLINE_FUNCTION double at(std::int64_t x, double square) const {
    const double k = double(x) / double(extent[Rank - 1]), shells = Kokkos::sqrt(square + k * k) / unit + 0.5;
    const std::int64_t last = numbers.extent[0] - 1, s = shells < double(last) ? std::int64_t(shells) : last;
    return double(numbers.data[s * numbers.stride[0]]);
  }
};

/// data /= max(density, floor / unit), or /= density + 1 / (snr · unit); 0 where that is 0. In double: a floor may be less than float has.
template <class T, int Rank, bool Wiener, class Number>
struct DivideByDensity {
  StridedArray<const T, Rank> density;
  Number number;  // floor, or snr
  double unit;

  struct Row {
    const T* density;
    decltype(number.row(std::declval<const std::int64_t (&)[Rank]>())) of_number;
  };
  KOKKOS_INLINE_FUNCTION Row row(const std::int64_t (&index)[Rank]) const {
    const T* at = density.data;
    for (int a = 0; a < Rank - 1; ++a) at += index[a] * density.stride[a];
    return {at, number.row(index)};
  }

  KOKKOS_INLINE_FUNCTION void apply(Kokkos::complex<T>& z, std::int64_t x, const Row& at) const {
    const double d = at.density[x * density.stride[Rank - 1]], n = number.at(x, at.of_number);
    const double divisor = Wiener ? d + 1 / (n * unit) : d > n / unit ? d : n / unit;
    z = divisor == 0 ? Kokkos::complex<T>(0) : Kokkos::complex<T>(T(z.real() / divisor), T(z.imag() / divisor));
  }
};

/// A kernel that options name fits the padding, and leaves enough of the map's edge to divide by.
template <class Kernel>
void check_padding(const char* name, int axis, long extent, long padded, const SliceOptions& options, const Kernel& kernel) {
  const double padding = double(padded) / double(extent), designed = padding_of(options);
  const std::string on_axis = " on axis " + std::to_string(axis);
  if constexpr (requires { Kernel(designed); })
    if (std::abs(padding - designed) > 0.02 * designed + 2.0 / double(extent))
      refuse(name, "options.padding", std::to_string(designed) + " (oversampling, unless given)",
             std::to_string(padding) + ", the ratio of 'padded' to the map's extent" + on_axis);
  const double edge = kernel.transform(0.5 / padding) / kernel.transform(0);
  if (extent > 1 && !(edge >= 0.01))
    refuse(name, "padded",
           std::to_string(padded) + on_axis + ", where the kernel's transform falls to " + std::to_string(edge) +
               " at the edge of the map",
           "more padding, for 0.01 or more");
}

template <bool Wiener, class Exec, class Data, class Density, class Number>
void divide(const Exec& exec, const char* name, const Data& data, const Density& density, const Number& number,
            double padding) {
  static_assert(check_array<slice_names::data_name, true, Exec, Data>());
  static_assert(check_array<slice_names::density_name, false, Exec, Density, Data>());
  using T = Precision<Data>;
  constexpr int rank = int(View<Data>::rank());
  if (!(padding >= 1) || !std::isfinite(padding))
    refuse(name, "padding", std::to_string(padding), "a finite number, 1 or more");
  const Shape shape = detail::shape("density", density);
  for (int i = 0; i < rank; ++i) check_extent(name, shape, i, std::int64_t(view(data).extent(i)), "as 'data' has");
  const Shape divided = detail::shape("data", data);
  check_memory(name, divided, true);
  check_memory(name, shape, false);
  check_apart(name, divided, shape);
  double unit = 1;
  for (int a = 0; a < rank; ++a) unit *= padding;
  const auto run = [&](const auto& of) {
    on_elements(
        exec, name, view(data),
        DivideByDensity<T, rank, Wiener, std::decay_t<decltype(of)>>{StridedArray<const T, rank>(view(density)), of, unit});
  };
  if constexpr (std::is_arithmetic_v<Number>) {
    if (!(number > 0)) refuse(name, Wiener ? "snr" : "floor", std::to_string(number), "a positive number");
    run(SameNumber{double(number)});
  } else {
    static_assert(Kokkos::is_view_v<Number> && (int(Number::rank()) == rank || int(Number::rank()) == 1),
                  "bracewell: 'snr' must be a number, a View of one a shell, or one in the shape of 'density'");
    static_assert(Kokkos::SpaceAccessibility<Exec, typename Number::memory_space>::accessible,
                  "bracewell: 'snr' is in memory that 'exec' cannot access");
    using S = typename Number::non_const_value_type;
    static_assert(Real<S>, "bracewell: 'snr' must hold float or double");
    const Shape given = detail::shape("snr", number);
    check_memory(name, given, false);
    check_apart(name, divided, given);
    if constexpr (int(Number::rank()) == rank) {
      for (int i = 0; i < rank; ++i) check_extent(name, given, i, std::int64_t(view(data).extent(i)), "as 'data' has");
      run(NumberOfElement<S, rank>{StridedArray<const S, rank>(number)});
    } else {
      if (number.extent(0) == 0) refuse(name, "snr", "of extent 0", "a number for every shell");
      NumberOfShell<S, rank> shells{StridedArray<const S, 1>(number), {}, 0};
      std::int64_t longest = 1;
      for (int a = 0; a < rank; ++a) {
        shells.extent[a] = a == rank - 1 ? divided.width : divided.extent[a];
        longest = std::max(longest, shells.extent[a]);
      }
      shells.unit = padding / double(longest);
      run(shells);
    }
  }
}

}  // namespace detail

/// Spectra of maps and images whose origin is voxel ⌊n/2⌋ become those of ones whose origin is index 0, as slicing needs
/// them: times exp(+2πi Σ_d k_d ⌊n_d/2⌋ / n_d), n the extents of the array that was transformed, padding included.
template <int Axes = 0, class Exec, class X>
void origin_to_zero(const Exec& exec, const X& spectrum) {
  detail::move_origin<Axes>(exec, "origin_to_zero", spectrum, +1);
}

/// The inverse: times exp(−2πi Σ_d k_d ⌊n_d/2⌋ / n_d).
template <int Axes = 0, class Exec, class X>
void origin_to_centre(const Exec& exec, const X& spectrum) {
  detail::move_origin<Axes>(exec, "origin_to_centre", spectrum, -1);
}

/// What a map is corrected for: to be sliced, or to have been reconstructed with the kernel's density.
enum class Gridding { reference, reconstruction };

/// Divides a real map by the kernel's transform Π_d φ^(x_d / n_d), which removes the roll-off that interpolation in Fourier
/// space multiplies it with; a reconstruction is moreover multiplied by ∫|φ| for every axis, since its density was gathered
/// with |φ|. x_d is measured from voxel ⌊h_d/2⌋ of the map's own extents h; n are the extents of the padded array that was
/// or will be transformed (J. I. Jackson et al., IEEE TMI 10, 473 (1991)).
///
/// - `map`: real, of any strides.
/// - `padded`: n in memory order, [D, H, W].
/// - `options`, `kernel`: what slices are cut or inserted with; of the options, `interpolation` and, for Kaiser–Bessel,
///   `padding` (or else `oversampling`) matter. A kernel of your own must have KOKKOS_FUNCTION transform(u).
/// \throws std::invalid_argument for extents that are smaller than the map's; where a Kaiser–Bessel kernel that the options name is
/// designed for another padding than that of `padded`; and where one leaves less than 0.01 of the map's edge to divide by,
/// as without any padding.
template <int Axes = 0, class Exec, class X, class Kernel = None>
void correct_gridding(const Exec& exec, const X& map, const std::array<long, detail::axes_of<Axes, X>>& padded, Gridding use,
                      const SliceOptions& options = {}, const Kernel& kernel = {}) {
  static_assert(detail::check_array<detail::slice_names::map_name, true, Exec, X>());
  constexpr const char* name = "correct_gridding";
  constexpr int rank = int(X::rank()), axes = detail::axes_of<Axes, X>;
  static_assert(axes <= rank, "bracewell: 'map' has fewer axes than asked for");
  detail::check_options(name, options);
  detail::check_memory(name, detail::shape("map", map), true);
  if (use != Gridding::reference && use != Gridding::reconstruction)
    detail::refuse(name, "use", std::to_string(int(use)), "an enumerator of Gridding");
  for (int a = 0; a < axes; ++a)
    if (padded[std::size_t(a)] < long(map.extent(rank - axes + a)))
      detail::refuse(name, "padded", std::to_string(padded[std::size_t(a)]) + " on axis " + std::to_string(a),
                     "no less than the map's " + std::to_string(map.extent(rank - axes + a)));
  detail::with_kernel(name, options, kernel, [&](const auto& phi) {
    detail::CorrectGridding<typename X::value_type, axes, rank, std::decay_t<decltype(phi)>> op{{}, {}, 1, phi};
    for (int a = 0; a < axes; ++a) {
      const long extent = long(map.extent(rank - axes + a));
      if constexpr (!detail::Given<Kernel>) detail::check_padding(name, a, extent, padded[std::size_t(a)], options, phi);
      op.centre[a] = extent / 2;
      op.padded[std::size_t(a)] = double(padded[std::size_t(a)]);
      if constexpr (requires { phi.absolute_integral(); })
        if (use == Gridding::reconstruction) op.scale /= phi.absolute_integral();
    }
    detail::on_elements(exec, name, map, op);
  });
}

/// data /= max(density, floor), element by element. A floor well below the densities of interest keeps what was hardly
/// seen from being amplified.
///
/// Density is in units of the weights: P slices with weights 1, of m^M samples each, leave P m^M / Π n on average at the points of a
/// grid of extents n. `floor` is in the same unit on a grid without padding; `padding` is that of the grid, over which samples spread,
/// so that one floor means the same for every padding.
template <class Exec, class Data, class Density>
void divide_by_density(const Exec& exec, const Data& data, const Density& density, double floor, double padding = 1) {
  detail::divide<false>(exec, "divide_by_density", data, density, floor, padding);
}

/// data /= density + 1 / (snr · padding^N): the Wiener filter. snr is the power of the signal over that of the noise in a sample
/// of weight 1, of a frequency of the map as it is without padding; infinite without noise. `padding` is that of the grid, over which
/// samples spread. Where the divisor is 0, nothing was seen, and the result is 0.
///
/// - `snr`: a number for all frequencies; or a View [shells] of one a shell, |k| of s − ½ … s + ½ in units of padding / n, n the longest
///   extent of the grid, of which the last holds for all beyond; or a View in the shape of `density`. Numbers of Views are the caller's
///   to keep positive.
/// \throws std::invalid_argument
template <class Exec, class Data, class Density, class Snr>
void divide_wiener(const Exec& exec, const Data& data, const Density& density, const Snr& snr, double padding = 1) {
  detail::divide<true>(exec, "divide_wiener", data, density, snr, padding);
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
