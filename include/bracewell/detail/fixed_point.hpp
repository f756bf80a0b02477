// SPDX-License-Identifier: MIT
// Operations that insert into grids; on devices on request by integers, whose sums do not depend on the order of additions.
//
// A first pass over the samples finds the largest modulus of a term, and how many terms one number of the grid can receive at
// most. In units of a power of two their product is below 2^62. A second pass adds the terms, rounded to whole units, and a
// third one writes the sums. The units stay on the device, so that nothing waits.
#pragma once

#include <bracewell/detail/zones.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace bracewell::detail {

/// A real or complex number of a grid, in units that are told elsewhere.
template <int Parts>
struct Fixed {
  unsigned long long part[Parts];  // a sum modulo 2^64, whatever the sums on the way
};

/// Of the terms of data and of density: the largest modulus while it is looked for, then how many units 1 has; NaN where a
/// term is not finite, and so will be all of the output.
struct Units {
  double data, density;
  double samples;  // of one slice that reach one point of the lattice, at most
};

/// Adds nothing, but finds the largest modulus of what would be added. NaN counts as infinite.
template <class T>
struct LargestTerm {
  T &data, &density;

  KOKKOS_INLINE_FUNCTION void add(Fixed<2>&, T re, T im) const {
    find(data, re);
    find(data, im);
  }
  KOKKOS_INLINE_FUNCTION void add(Fixed<1>&, T term) const { find(density, term); }

 private:
  KOKKOS_INLINE_FUNCTION static void find(T& largest, T term) {
    using namespace Kokkos::Experimental;
    const T size = Kokkos::abs(term);
    if (!(size <= largest)) largest = size <= finite_max_v<T> ? size : infinity_v<T>;
  }
};

/// Adds to fixed-point numbers, with regard to other threads.
template <class T>
struct FixedAdd {
  T data, density;  // units of 1

  KOKKOS_INLINE_FUNCTION void add(Fixed<2>& sum, T re, T im) const {
    add_units(sum.part[0], re * data);
    add_units(sum.part[1], im * data);
  }
  KOKKOS_INLINE_FUNCTION void add(Fixed<1>& sum, T term) const { add_units(sum.part[0], term * density); }

 private:
  KOKKOS_INLINE_FUNCTION static void add_units(unsigned long long& sum, float units) { add_integer(sum, ::llrintf(units)); }
  KOKKOS_INLINE_FUNCTION static void add_units(unsigned long long& sum, double units) { add_integer(sum, ::llrint(units)); }
  KOKKOS_INLINE_FUNCTION static void add_integer(unsigned long long& sum, long long integer) {
    Kokkos::atomic_add(&sum, static_cast<unsigned long long>(integer));
  }
};

/// Some e with x < 2^e, the least but for denormal numbers, of x ≥ 0.
KOKKOS_INLINE_FUNCTION int exponent_above(double x) { return int(Kokkos::bit_cast<std::uint64_t>(x) >> 52) - 1022; }

/// How many samples of a slice fall, at most, on a box of that diameter in the reference's lattice: with its axes made
/// orthogonal one after the other, a frequency has a stretch when those of later axes are given. NaN where axes are dependent.
template <int N, int M>
KOKKOS_INLINE_FUNCTION double samples_in_box(const Pose<N, M>& pose, double diameter) {
  double count = 1, axis[M][N], square[M] = {};
  for (int e = 0; e < M; ++e) {
    for (int d = 0; d < N; ++d) axis[e][d] = pose.matrix[d][e];
    for (int i = 0; i < e; ++i) {
      double product = 0;
      for (int d = 0; d < N; ++d) product += axis[i][d] * axis[e][d];
      for (int d = 0; d < N; ++d) axis[e][d] -= product / square[i] * axis[i][d];
    }
    for (int d = 0; d < N; ++d) square[e] += axis[e][d] * axis[e][d];
    count *= diameter / Kokkos::sqrt(square[e]) + 1;
  }
  return count;
}

/// Finds the units.
template <class Op>
struct FindUnits {
  using value_type = Units;
  using T = typename Op::Real;

  Op op;
  std::int64_t samples;  // of a slice
  double repeats;        // how often each that reaches a point may add to it, and so in all slices

  KOKKOS_FUNCTION void operator()(std::int64_t i, Units& found) const {
    T data = 0, density = 0;
    NoSums no_sums;
    run_sample(op, i / samples, i % samples, no_sums, LargestTerm<T>{data, density});
    Units here{double(data), double(density), 0};
    typename Op::Pose pose;
    if (i % samples == 0 && op.slicing.load(i / samples / op.poses, i / samples % op.poses, pose))
      here.samples = Kokkos::fmin(double(samples), samples_in_box(pose, 2 * Op::reach * Kokkos::sqrt(double(Op::axes))));
    join(found, here);
  }
  KOKKOS_FUNCTION void init(Units& found) const { found = {0, 0, 0}; }
  KOKKOS_FUNCTION void join(Units& found, const Units& other) const {
    found.data = Kokkos::fmax(found.data, other.data);
    found.density = Kokkos::fmax(found.density, other.density);
    found.samples = Kokkos::fmax(found.samples, other.samples);
  }
  KOKKOS_FUNCTION void final(Units& found) const {
    const double terms = found.samples * repeats;
    found.data = units_of_one(found.data, terms);
    found.density = units_of_one(found.density, terms);
  }

 private:
  /// The largest power of two that T has, with an inverse, and for which surely terms · largest · units < 2^62.
  KOKKOS_FUNCTION static double units_of_one(double largest, double terms) {
    if (largest == Kokkos::Experimental::infinity_v<double>) return Kokkos::Experimental::quiet_NaN_v<double>;
    const int most = std::numeric_limits<T>::max_exponent - 2,
              exponent = 62 - exponent_above(largest) - exponent_above(terms);
    return Kokkos::bit_cast<double>(std::uint64_t(1023 + (exponent < most ? exponent : most)) << 52);
  }
};

/// One sample of one slice.
template <class Op>
struct FixedSampleTask {
  using T = typename Op::Real;

  Op op;
  std::int64_t samples;
  const Units* units;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    NoSums no_sums;
    run_sample(op, i / samples, i % samples, no_sums, FixedAdd<T>{T(units->data), T(units->density)});
  }
};

/// Writes one number of a grid, or adds to it.
template <class T, class V, int N, int Parts>
struct WriteFixed {
  const Fixed<Parts>* sums;  // dense
  const double* units;
  Grid<V, N> grid;
  std::int64_t batch_stride;
  bool accumulate;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    std::int64_t rest = i / grid.columns(), where = i % grid.columns();
    for (int d = 1; d < N; ++d) {
      where += rest % grid.extent[d] * grid.stride[d];
      rest /= grid.extent[d];
    }
    T* to = reinterpret_cast<T*>(grid.data + where + rest * batch_stride);
    for (int part = 0; part < Parts; ++part) {
      const T sum = T(double(static_cast<long long>(sums[i].part[part])) * (1 / *units));
      to[part] = accumulate ? to[part] + sum : sum;
    }
  }
};

template <class V, int Rank>
struct PointersTo {
  using type = typename PointersTo<V*, Rank - 1>::type;
};
template <class V>
struct PointersTo<V, 0> {
  using type = V;
};

/// How many 64-bit numbers are in an array of real or complex ones.
template <class X>
std::size_t fixed_size(const X& x) {
  if constexpr (Given<X>) {
    return view(x).size() * components<Element<X>>;
  } else {
    return 0;
  }
}

/// An array of Fixed numbers in the shape of another, in scratch memory; None of None.
template <class Exec, class X>
auto fixed_like(const X& x, double* scratch) {
  if constexpr (!Given<X>) {
    return none;
  } else {
    constexpr int rank = int(View<X>::rank());
    using Number = Fixed<components<Element<X>>>;
    using Array = Kokkos::View<typename PointersTo<Number, rank>::type, Kokkos::LayoutRight, typename Exec::memory_space,
                               Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
    Kokkos::LayoutRight layout;
    for (int i = 0; i < rank; ++i) layout.dimension[i] = view(x).extent(i);
    return Spectrum{Array(reinterpret_cast<Number*>(scratch), layout), width(x)};
  }
}

/// Writes the sums to the array that they are for.
template <int N, class Exec, class From, class X>
void write_fixed(const Exec& exec, const std::string& label, const From& from, const X& x, const double* units,
                 bool accumulate) {
  if constexpr (Given<X>) {
    using V = Element<X>;
    const WriteFixed<Precision<X>, V, N, components<V>> task{from.view.data(), units, make_grid<N, V>(x), batch_stride<N>(x),
                                                             accumulate};
    launch(exec, label, std::int64_t(from.view.size()), task);
  }
}

/// Device: runs the operation make(data, density), with fixed-point numbers in place of these arrays.
template <class Exec, class Make, class Data, class Density>
void for_fixed_grids(const Exec& exec, const std::string& label, const Make& make, std::int64_t references, const Data& data,
                     const Density& density, const SliceOptions& options) {
  static_assert(sizeof(Fixed<1>) == sizeof(double) && sizeof(Units) % sizeof(double) == 0);
  constexpr std::size_t head = sizeof(Units) / sizeof(double);
  const std::size_t count = head + fixed_size(data) + fixed_size(density);
  Workspace once;
  const auto scratch = (options.workspace ? *options.workspace : once).numbers(exec, count);
  Kokkos::deep_copy(exec, Kokkos::subview(scratch, std::pair<std::size_t, std::size_t>(head, count)), 0.0);
  const auto fixed_data = fixed_like<Exec>(data, scratch.data() + head);
  const auto fixed_density = fixed_like<Exec>(density, scratch.data() + head + fixed_size(data));
  const Kokkos::View<Units, typename Exec::memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>> units(
      reinterpret_cast<Units*>(scratch.data()));

  const auto op = make(fixed_data, fixed_density);
  using Op = std::remove_const_t<decltype(op)>;
  const std::int64_t samples = op.slicing.rows() * op.slicing.columns(), all = references * op.poses * samples;
  double repeats = 2.0 * op.poses;  // κ and −κ, and its periodic images
  for (const int extent : op.slicing.extent) repeats *= 2 + 2 * Op::reach / extent;
  Kokkos::parallel_reduce(label + "_units", Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>(exec, 0, all),
                          FindUnits<Op>{op, samples, repeats}, units);
  launch(exec, label, all, FixedSampleTask<Op>{op, samples, units.data()});
  write_fixed<Op::axes>(exec, label + "_data", fixed_data, data, &units.data()->data, options.accumulate);
  write_fixed<Op::axes>(exec, label + "_density", fixed_density, density, &units.data()->density, options.accumulate);
}

/// Runs the operation make(data, density), which inserts into these arrays.
template <class Exec, class Make, class Data, class Density>
void for_grids(const Exec& exec, const std::string& label, const Make& make, std::int64_t references, const Data& data,
               const Density& density, const SliceOptions& options) {
  if constexpr (on_host<Exec>) {
    for_zones(exec, label, make(data, density), references);
  } else {
    if (options.deterministic) return for_fixed_grids(exec, label, make, references, data, density, options);
    if (!options.accumulate) {
      fill_zero(exec, data);
      fill_zero(exec, density);
    }
    for_rows(exec, label, make(data, density), references);
  }
}

}  // namespace bracewell::detail
