// SPDX-License-Identifier: MIT
/// \file shells.hpp
/// Half spectra in shells of equal spatial frequency: Fourier shell correlation, radial averages; and what else one needs to know
/// of stored samples.
///
/// Shell s holds the frequencies of length s − ½ … s + ½ in units of 1 / n, n the longest extent: of cubes, of |k|. All of the
/// full lattice count, by the multiplicity of stored columns.
#pragma once

#include <bracewell/detail/job/lattice.hpp>
#include <bracewell/detail/job/samples.hpp>
#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

/// How many frequencies of the full lattice a stored column stands for: 1 on the self-conjugate ones, x = 0 and, for an even
/// width, W/2; 2 on all others.
KOKKOS_INLINE_FUNCTION constexpr int multiplicity(long x, long width) { return 2 * x % width == 0 ? 1 : 2; }

/// Frequencies of a lattice of A axes in cycles per voxel, and their shells.
template <int A>
struct Shells {
  std::int64_t extent[A], longest;  // in memory order

  explicit Shells(const std::array<long, A>& extents) : longest(0) {
    for (int a = 0; a < A; ++a) {
      extent[a] = extents[a];
      longest = std::max<std::int64_t>(longest, extents[a]);
    }
  }

  /// Shells 0 … count() − 1 reach to Nyquist of the longest extent.
  int count() const { return int(longest / 2 + 1); }

  /// |k|² in (cycles per voxel)², of indices in memory order.
  KOKKOS_INLINE_FUNCTION double squared(const std::int64_t (&index)[A]) const {
    double sum = 0;
    for (int a = 0; a < A; ++a) {
      const double k = double(a == A - 1 ? index[a] : frequency(int(index[a]), int(extent[a]))) / double(extent[a]);
      sum += k * k;
    }
    return sum;
  }

  KOKKOS_INLINE_FUNCTION int shell(const std::int64_t (&index)[A]) const {
    return int(Kokkos::sqrt(squared(index)) * double(longest) + 0.5);
  }
};

/// Whether a frequency of squared length `squared` counts as within `cutoff`, by the rule of project and backproject.
KOKKOS_INLINE_FUNCTION bool within_cutoff(double squared, double cutoff) {
  const double limit = cutoff * (1 + 1e-6);
  return squared <= limit * limit;
}

/// What a shell sums up of two spectra.
struct ShellSums {
  std::vector<double> count, cross, first, second;  // of 1, Re a conj b, |a|², |b|²
};

namespace detail::job {

/// Sums over shells, one plane (or row, of two axes) a thread: the same for any number of threads.
template <class V, class W, int A, class Exec>
struct SumShells {
  Lattice<const V, A> a;
  Lattice<const W, A> b;
  Shells<A> shells;
  Kokkos::View<double***, Kokkos::LayoutRight, typename Exec::memory_space> sums;  // [plane][shell][4]

  KOKKOS_FUNCTION void operator()(std::int64_t plane) const {
    const std::int64_t columns = a.extent[A - 1], rows = A == 3 ? a.extent[A - 2 > 0 ? A - 2 : 0] : 1;
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t x = 0; x < columns; ++x) {
        std::int64_t index[A];
        index[A - 1] = x;
        if constexpr (A >= 2) index[0] = plane;
        if constexpr (A == 3) index[1] = row;
        const int shell = shells.shell(index);
        if (shell >= int(sums.extent(1))) continue;
        const double m = multiplicity(long(x), long(shells.extent[A - 1]));
        const V u = at(a, index);
        const W v = at(b, index);
        sums(plane, shell, 0) += m;
        sums(plane, shell, 1) += m * product(u, v);
        sums(plane, shell, 2) += m * product(u, u);
        sums(plane, shell, 3) += m * product(v, v);
      }
  }

  template <class X>
  KOKKOS_INLINE_FUNCTION static X at(const Lattice<const X, A>& l, const std::int64_t (&index)[A]) {
    const X* p = l.data;
    for (int d = 0; d < A; ++d) p += index[d] * l.stride[d];
    return *p;
  }
  template <class X, class Y>
  KOKKOS_INLINE_FUNCTION static double product(const X& u, const Y& v) {
    if constexpr (std::is_arithmetic_v<X>) {
      return double(u) * double(v);
    } else {
      return double(u.real()) * double(v.real()) + double(u.imag()) * double(v.imag());
    }
  }
};

template <int A, class View>
auto const_lattice(const View& view) {
  const auto l = lattice<A>(view);
  Lattice<const typename View::non_const_value_type, A> c{l.data, {}, {}, l.batch_stride, false};
  for (int a = 0; a < A; ++a) {
    c.extent[a] = l.extent[a];
    c.stride[a] = l.stride[a];
  }
  return c;
}

/// The real extents of a half spectrum.
template <class X>
auto real_extents(const X& x) {
  const auto& view = view_of(x);
  constexpr int rank = int(std::decay_t<decltype(view)>::rank());
  std::array<long, rank> extents;
  for (int a = 0; a < rank; ++a) extents[a] = long(view.extent(a));
  if constexpr (Kokkos::is_view_v<X>) {
    extents[rank - 1] = 2 * (extents[rank - 1] - 1);
  } else {
    extents[rank - 1] = x.width;
  }
  return extents;
}

}  // namespace detail::job

namespace detail::job {

template <int A, class Exec, class V, class W>
ShellSums shell_sums(const Exec& exec, const Lattice<const V, A>& a, const Lattice<const W, A>& b, const Shells<A>& shells) {
  const std::int64_t planes = A == 1 ? 1 : shells.extent[0];
  const Kokkos::View<double***, Kokkos::LayoutRight, typename Exec::memory_space> sums(
      Kokkos::view_alloc(exec, "bracewell::shells"), std::size_t(planes), std::size_t(shells.count()), 4);
  Kokkos::parallel_for("bracewell::shells", Kokkos::RangePolicy<Exec>(exec, 0, planes),
                       SumShells<V, W, A, Exec>{a, b, shells, sums});
  const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), sums);
  Kokkos::deep_copy(exec, host, sums);
  exec.fence("bracewell::shells");
  ShellSums result;
  std::vector<double>* const parts[] = {&result.count, &result.cross, &result.first, &result.second};
  for (int part = 0; part < 4; ++part) {
    parts[part]->assign(std::size_t(shells.count()), 0);
    for (std::int64_t plane = 0; plane < planes; ++plane)
      for (int s = 0; s < shells.count(); ++s) (*parts[part])[std::size_t(s)] += host(plane, s, part);
  }
  return result;
}

}  // namespace detail::job

/// The sums of every shell up to Nyquist of two half spectra, or of two real arrays in stored layout: Views, or Spectra for odd
/// widths, of one to three axes. Waits.
/// \throws std::invalid_argument for unequal extents.
template <class Exec, class A, class B>
ShellSums shell_sums(const Exec& exec, const A& a, const B& b) {
  const auto &first = detail::job::view_of(a), &second = detail::job::view_of(b);
  constexpr int axes = int(std::decay_t<decltype(first)>::rank());
  static_assert(axes == int(std::decay_t<decltype(second)>::rank()) && 1 <= axes && axes <= 3,
                "shell_sums: spectra must have the same one to three axes");
  const auto extents = detail::job::real_extents(a);
  if (extents != detail::job::real_extents(b)) detail::job::refuse("shell_sums", "b", "of other extents", "those of 'a'");
  return detail::job::shell_sums<axes>(exec, detail::job::const_lattice<axes>(first),
                                       detail::job::const_lattice<axes>(second), Shells<axes>(extents));
}

/// Σ Re a conj b / √(Σ|a|² Σ|b|²) of every shell (G. Harauz, M. van Heel, Optik 73, 146 (1986)); 0 where one is empty. Waits.
template <class Exec, class A, class B>
std::vector<double> fourier_shell_correlation(const Exec& exec, const A& a, const B& b) {
  const ShellSums sums = shell_sums(exec, a, b);
  std::vector<double> fsc;
  for (std::size_t s = 0; s < sums.cross.size(); ++s) {
    const double power = std::sqrt(sums.first[s] * sums.second[s]);
    fsc.push_back(power > 0 ? sums.cross[s] / power : 0);
  }
  return fsc;
}

/// The mean of |a|² in every shell. Waits.
template <class Exec, class A>
std::vector<double> power_spectrum(const Exec& exec, const A& a) {
  const ShellSums sums = shell_sums(exec, a, a);
  std::vector<double> power;
  for (std::size_t s = 0; s < sums.first.size(); ++s) power.push_back(sums.first[s] / std::max(sums.count[s], 1.0));
  return power;
}

/// The mean of a real array in stored layout over every shell. Waits.
template <class Exec, class A>
std::vector<double> radial_average(const Exec& exec, const A& a) {
  const auto& view = detail::job::view_of(a);
  constexpr int axes = int(std::decay_t<decltype(view)>::rank());
  using V = typename std::decay_t<decltype(view)>::non_const_value_type;
  const auto one = detail::job::buffer<V>(exec, "bracewell::shells", 1);
  Kokkos::deep_copy(exec, one, V(1));
  auto ones = detail::job::const_lattice<axes>(view);
  ones.data = one.data();
  for (auto& stride : ones.stride) stride = 0;
  const ShellSums sums = detail::job::shell_sums<axes>(exec, detail::job::const_lattice<axes>(view), ones,
                                                       Shells<axes>(detail::job::real_extents(a)));
  std::vector<double> mean;
  for (std::size_t s = 0; s < sums.cross.size(); ++s) mean.push_back(sums.cross[s] / std::max(sums.count[s], 1.0));
  return mean;
}

namespace detail::job {

template <class Op, int A>
struct ForSamples {
  Op op;
  Shells<A> shells;
  double cutoff;

  struct Row {
    std::int64_t image, index[A];
  };

  KOKKOS_FUNCTION Row row(std::int64_t image, const std::int64_t (&index)[A]) const {
    Row row{image, {}};
    for (int a = 0; a < A; ++a) row.index[a] = index[a];
    return row;
  }
  KOKKOS_FUNCTION void at(std::int64_t x, Row row) const {
    row.index[A - 1] = x;
    if (!within_cutoff(shells.squared(row.index), cutoff)) return;
    Kokkos::Array<int, A> k;  // x first
    for (int a = 0; a < A; ++a) k[A - 1 - a] = a == A - 1 ? int(x) : frequency(int(row.index[a]), int(shells.extent[a]));
    op(row.image, row.index, k);
  }
};

}  // namespace detail::job

/// op(image, index, k) for every stored sample of `count` half spectra of real extents `extents` (memory order) within the cutoff:
/// index its place, std::int64_t[A] in memory order; k its integer frequencies, Kokkos::Array<int, A>, x first. On the device.
template <class Exec, std::size_t A, class Op>
void for_each_sample(const Exec& exec, const std::string& label, std::int64_t count, const std::array<long, A>& extents,
                     double cutoff, const Op& op) {
  auto stored = extents;
  stored[A - 1] = extents[A - 1] / 2 + 1;
  detail::job::for_elements<int(A)>(exec, label.c_str(), count, stored,
                                    detail::job::ForSamples<Op, int(A)>{op, Shells<int(A)>(extents), cutoff});
}

/// to ← from, voxel ⌊n/2⌋ on voxel ⌊n/2⌋: cropped where `to` is smaller, 0 around where it is larger. Real arrays of Axes axes and
/// any strides, or batches of them.
template <int Axes, class Exec, class To, class From>
void crop_or_pad(const Exec& exec, const To& to, const From& from) {
  static_assert(To::rank() == From::rank() && (To::rank() == Axes || To::rank() == Axes + 1),
                "crop_or_pad: arrays must have Axes axes, or a batch in front");
  const long count = To::rank() == Axes ? 1 : long(to.extent(0));
  if (To::rank() != Axes && long(from.extent(0)) != count)
    detail::job::refuse("crop_or_pad", "from", "a batch of " + std::to_string(from.extent(0)), std::to_string(count));
  detail::job::transfer(exec, "bracewell::crop_or_pad", count, detail::job::lattice<Axes>(to),
                        detail::job::lattice<Axes>(from), detail::job::Table<Exec>());
}

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
