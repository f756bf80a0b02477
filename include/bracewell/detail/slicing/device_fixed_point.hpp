// SPDX-License-Identifier: MIT
// Device, on request: insertion by integers, whose sums do not depend on the order of additions.
//
// A first pass over the samples finds the largest modulus of a term, and how many terms one number of the grid can receive
// at most. The unit is a power of two for which their product is below 2^62 units. A second pass adds the terms, rounded to
// whole units, and a third one writes the sums. The units, one for data and one for density, stay on the device, so that
// nothing waits. With P poses
//
//     unit ≤ 2^-60 · max |term| · P · 2 Π_d (2 + ⌊2r / n_d⌋) · min(samples of a slice, max_p Π_e (1 + 2r √N / h_e))
//
// where r is the kernel's reach and h_e the length of ∂κ/∂k_e orthogonal to ∂κ/∂k_0 … ∂κ/∂k_{e−1}. Each term is wrong by
// half a unit at most.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/slicing/device_samples.hpp>
#include <bracewell/detail/slicing/insert.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// A real or complex number of a grid, in the units of a FixedPointScale; of four parts, data with their density.
template <int Parts>
struct alignas(Parts * sizeof(std::uint64_t)) FixedPoint {
  std::uint64_t component[Parts];  // a sum modulo 2^64, whatever the sums on the way
};
template <int N>
struct IsGridOfBoth<Grid<FixedPoint<4>, N>> : std::true_type {};

/// For the terms of data and of density: their largest modulus, while it is looked for, and then the number of units in 1.
/// That is NaN where a term is not finite, which makes all of that output NaN.
struct FixedPointScale {
  double data, density;
  double samples;  // of one slice that reach one point of the lattice, at most
};

/// Adds nothing, but finds the largest modulus of what would be added. NaN counts as infinite.
template <class T>
struct LargestTerm {
  static constexpr bool largest_alone = true;

  T &data, &density;

  KOKKOS_INLINE_FUNCTION void add(FixedPoint<2>&, T re, T im) const {
    find(data, re);
    find(data, im);
  }
  KOKKOS_INLINE_FUNCTION void add(FixedPoint<1>&, T term) const { find(density, term); }
  KOKKOS_INLINE_FUNCTION void add(FixedPoint<4>&, T re, T im, T term) const {
    find(data, re);
    find(data, im);
    find(density, term);
  }

 private:
  KOKKOS_INLINE_FUNCTION static void find(T& largest, T term) {
    using namespace Kokkos::Experimental;
    const T size = Kokkos::abs(term);
    if (!(size <= largest)) largest = size <= finite_max_v<T> ? size : infinity_v<T>;
  }
};

/// Adds to fixed-point numbers, atomically. Neighbouring threads have a part of these each, so that all parts of a number are added at
/// once.
template <class T>
struct FixedAdd {
  T data, density;  // units of 1
  int part;

  KOKKOS_INLINE_FUNCTION void add(FixedPoint<2>& sum, T re, T im) const {
    add_units(sum.component[part], (part == 0 ? re : im) * data);
  }
  KOKKOS_INLINE_FUNCTION void add(FixedPoint<1>& sum, T term) const {
    if (part == 0) add_units(sum.component[0], term * density);
  }
  KOKKOS_INLINE_FUNCTION void add(FixedPoint<4>& sum, T re, T im, T term) const {
    add_units(sum.component[part], part == 2 ? term * density : (part == 0 ? re : im) * data);
  }

 private:
  KOKKOS_INLINE_FUNCTION static void add_units(std::uint64_t& sum, float units) {
    add_integer(sum, static_cast<std::uint64_t>(::llrintf(units)));
  }
  KOKKOS_INLINE_FUNCTION static void add_units(std::uint64_t& sum, double units) {
    add_integer(sum, static_cast<std::uint64_t>(::llrint(units)));
  }
};

/// How many samples of a slice fall, at most, on a box of that diameter in the reference's lattice. With the slice's axes
/// made orthogonal one after the other, a frequency is confined to an interval once those of later axes are given. Infinite
/// where axes are dependent.
template <int N, int M>
KOKKOS_INLINE_FUNCTION double samples_in_box(const Pose<N, M>& pose, double diameter) {
  double count = 1, axis[M][N], square[M] = {};
  for (int e = 0; e < M; ++e) {
    for (int d = 0; d < N; ++d) axis[e][d] = pose.columns[e][d];
    for (int i = 0; i < e; ++i) {
      double product = 0;
      for (int d = 0; d < N; ++d) product += axis[i][d] * axis[e][d];
      if (square[i] > 0)
        for (int d = 0; d < N; ++d) axis[e][d] -= product / square[i] * axis[i][d];
    }
    for (int d = 0; d < N; ++d) square[e] += axis[e][d] * axis[e][d];
    count *= diameter / Kokkos::sqrt(square[e]) + 1;
  }
  return count;
}

/// Finds the units.
template <class Op>
struct FindScale {
  using value_type = FixedPointScale;
  using T = typename Op::T;

  Op op;
  ThreadSamples<Op, false, 1> samples;
  std::int64_t all;  // threads
  double repeats;    // how often a sample may add to one point, times the number of poses

  KOKKOS_FUNCTION void operator()(std::int64_t first, FixedPointScale& found) const {
    for (std::int64_t i = first; i < all; i += most_device_tasks) join(found, of_thread(i));
  }
  KOKKOS_FUNCTION FixedPointScale of_thread(std::int64_t i) const {
    T data = 0, density = 0;
    samples.run(op, i, LargestTerm<T>{data, density});
    FixedPointScale here{double(data), double(density), 0};
    const std::int64_t slice = i / samples.threads_of_slice(), poses = op.geometry.poses;
    Pose<Op::N, Op::M> pose;
    if (i % samples.threads_of_slice() == 0 && op.geometry.load(slice / poses, slice % poses, pose))
      here.samples = Kokkos::fmin(double(samples.rows * samples.columns),
                                  samples_in_box(pose, 2 * Op::reach * Kokkos::sqrt(double(Op::N))));
    return here;
  }
  KOKKOS_FUNCTION void init(FixedPointScale& found) const { found = {0, 0, 0}; }
  KOKKOS_FUNCTION void join(FixedPointScale& found, const FixedPointScale& other) const {
    found.data = Kokkos::fmax(found.data, other.data);
    found.density = Kokkos::fmax(found.density, other.density);
    found.samples = Kokkos::fmax(found.samples, other.samples);
  }
  KOKKOS_FUNCTION void final(FixedPointScale& found) const {
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

/// A thread's samples of one slice, of which it has some taps along x and a part of the numbers there. A point of data with density is
/// what the cache takes at once.
template <class Op, int Parts>
struct FixedSampleTask {
  using T = typename Op::T;
  using Samples = ThreadSamples<Op, false, Parts == 4 ? 1 : inserting_lanes<Op>>;

  Op op;
  Samples samples;
  const FixedPointScale* units;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    const int part = int(i % Parts);
    if (part < 3) samples.run(op, i / Parts, FixedAdd<T>{T(units->data), T(units->density), part});  // the fourth is empty
  }
};

/// Writes one number of a grid, or adds to it, from the parts of a sum from `first` on.
template <class S, class V, int N>
struct WriteFixedPoint {
  static constexpr int parts = components<V>;
  using T = typename PrecisionOf<V>::type;

  Grid<S, N> sums;
  int first;
  Grid<V, N> grid;
  const double* units;
  bool accumulate;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    std::int64_t rest = i / grid.columns(), offset = i % grid.columns();
    for (int d = 1; d < N; ++d) {
      offset += rest % grid.extent[d] * grid.stride[d];
      rest /= grid.extent[d];
    }
    T* to = reinterpret_cast<T*>(grid.data + offset + rest * grid.batch_stride);
    for (int part = 0; part < parts; ++part) {
      const T sum = T(double(static_cast<std::int64_t>(sums.data[i].component[first + part])) * (1 / *units));
      to[part] = accumulate ? to[part] + sum : sum;
    }
  }
};

template <class S, class V, int N>
WriteFixedPoint(const Grid<S, N>&, int, const Grid<V, N>&, const double*, bool) -> WriteFixedPoint<S, V, N>;

/// Fixed-point sums in place of a grid; None for None.
template <class G>
auto fixed_point_grid(const G& like, double* sums) {
  if constexpr (Given<G>) {
    return dense_grid<FixedPoint<components<std::remove_pointer_t<decltype(like.data)>>>>(like, sums);
  } else {
    return none;
  }
}

template <class Exec, class Sums, class G>
void write_fixed_point(const Exec& exec, const std::string& label, const Sums& sums, int first, const G& grid,
                       const double* units, std::int64_t references, bool accumulate) {
  if constexpr (Given<G>)
    launch(exec, label, references * sums.batch_stride, WriteFixedPoint{sums, first, grid, units, accumulate});
}

/// Whether data and density are summed in one grid.
template <class Op>
inline constexpr bool fixed_both = [] {
  if constexpr (requires { Op::inserts_both; }) return Op::inserts_both;
  return false;
}();

/// Runs an operation that inserts into grids `data` and `density` (or None), with fixed-point numbers in their place.
template <class Exec, class Op, class Data, class Density>
void insert_fixed_point(const Exec& exec, const std::string& label, const Op& original, const Data& data,
                        const Density& density, const SliceOptions& options) {
  static_assert(sizeof(FixedPoint<1>) == sizeof(double) && sizeof(FixedPointScale) % sizeof(double) == 0);
  const auto& geometry = original.geometry;
  constexpr bool both = fixed_both<Op>;
  constexpr int parts = both ? 4 : Given<Data> ? 2 : 1;
  const auto data_sums = [&](double* sums) {
    if constexpr (both) {
      return dense_grid<FixedPoint<4>>(data, sums);
    } else {
      return fixed_point_grid(data, sums);
    }
  };
  const auto density_sums = [&](double* sums) {
    if constexpr (both) {
      return none;
    } else {
      return fixed_point_grid(density, sums);
    }
  };
  const auto integers = [&](const auto& grid) {
    return geometry.references * dense_bytes(grid) / std::int64_t(sizeof(double));
  };
  const std::int64_t data_count = integers(data_sums(nullptr)), count = data_count + integers(density_sums(nullptr));
  Scratch scratch(options.workspace);
  const std::size_t scale_at = scratch.add<FixedPointScale>(1), sums_at = scratch.add<double>(count);
  scratch.allocate(exec);
  double* const sums = scratch.at<double>(sums_at);
  using Memory = typename Exec::memory_space;
  const Kokkos::View<FixedPointScale, Memory, Kokkos::MemoryTraits<Kokkos::Unmanaged>> scale(
      scratch.at<FixedPointScale>(scale_at));
  Kokkos::deep_copy(exec, Kokkos::View<double*, Memory, Kokkos::MemoryTraits<Kokkos::Unmanaged>>(sums, std::size_t(count)),
                    0.0);

  const auto fixed_data = data_sums(sums);
  const auto fixed_density = density_sums(sums + data_count);
  const auto op = original.with_targets(fixed_data, fixed_density, typename Op::Gradient{});
  using FixedOp = std::remove_const_t<decltype(op)>;
  const std::int64_t slices = geometry.references * geometry.poses;
  const ThreadSamples<FixedOp, false, 1> samples(geometry);
  const std::int64_t all = slices * samples.threads_of_slice();
  double repeats = 2.0 * geometry.poses;  // κ and −κ, and its periodic images
  for (const int extent : geometry.extent) repeats *= 2 + 2 * Op::reach / extent;
  const Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>> policy(exec, 0, std::min(all, most_device_tasks));
  Kokkos::parallel_reduce(label + "_units", light_weight(policy), FindScale<FixedOp>{op, samples, all, repeats}, scale);
  using Task = FixedSampleTask<FixedOp, parts>;
  const typename Task::Samples adding(geometry);
  launch(exec, label, slices * adding.threads_of_slice() * parts, Task{op, adding, scale.data()});
  write_fixed_point(exec, label + "_data", fixed_data, 0, data, &scale.data()->data, geometry.references,
                    options.accumulate);
  const auto write_density = [&](const auto& from, int first) {
    write_fixed_point(exec, label + "_density", from, first, density, &scale.data()->density, geometry.references,
                      options.accumulate);
  };
  if constexpr (both) {
    write_density(fixed_data, 2);
  } else {
    write_density(fixed_density, 0);
  }
  scratch.release(exec);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
