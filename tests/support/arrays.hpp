// SPDX-License-Identifier: MIT
// Arrays of the tests: dense Views where the default execution space works, made from vectors and read back into them.
#pragma once

#include "compare.hpp"

#include <bracewell/detail/core/launch.hpp>

#include <Kokkos_Core.hpp>

#include <complex>
#include <type_traits>
#include <vector>

namespace support {

using Exec = Kokkos::DefaultExecutionSpace;

template <class V, int Rank>
struct Pointers {
  using type = typename Pointers<V*, Rank - 1>::type;
};
template <class V>
struct Pointers<V, 0> {
  using type = V;
};

template <class V, int Rank, class Space = Exec::memory_space>
using Dense = Kokkos::View<typename Pointers<V, Rank>::type, Kokkos::LayoutRight, Space>;

inline Kokkos::LayoutRight layout(const std::vector<long>& extents) {
  Kokkos::LayoutRight layout;
  for (std::size_t i = 0; i < extents.size(); ++i) layout.dimension[i] = std::size_t(extents[i]);
  return layout;
}

template <class V>
struct Host {
  using type = V;
};
template <class T>
struct Host<Kokkos::complex<T>> {
  using type = std::complex<double>;
};
template <>
struct Host<float> {
  using type = double;
};

/// Values in double of numbers of V.
template <class V>
using Values = std::vector<typename Host<V>::type>;

template <class V, class H>
V narrow(const H& h) {
  if constexpr (std::is_arithmetic_v<V>) {
    return V(h);
  } else {
    return V(typename V::value_type(h.real()), typename V::value_type(h.imag()));
  }
}

/// What of Kokkos' copies the arrays below need, of V float, double or complex of either, compiled once (arrays.cpp): contiguous
/// numbers in a memory space, to and from the host.
template <class Space, class V>
void store(V* numbers, const Values<V>& values);
template <class Space, class V>
Values<V> load(const V* numbers, std::size_t count);

/// A dense View with these values, rounded to V; extents in memory order.
template <class V, int Rank, class Space = Exec::memory_space>
Dense<V, Rank, Space> upload(const std::vector<long>& extents, const Values<V>& values) {
  Dense<V, Rank, Space> view("support::array", layout(extents));
  store<Space>(view.data(), values);
  return view;
}

/// One filled with NaN, which no operation may leave where it writes.
template <class V, int Rank, class Space = Exec::memory_space>
Dense<V, Rank, Space> unset(const std::vector<long>& extents) {
  Dense<V, Rank, Space> view("support::array", layout(extents));
  store<Space>(view.data(), Values<V>(view.size(), std::numeric_limits<double>::quiet_NaN()));
  return view;
}

/// The values of a dense View, in double.
template <class View>
auto download(const View& view) {
  using V = typename View::non_const_value_type;
  return load<typename View::memory_space, V>(view.data(), view.size());
}

/// Whether two results of Exec are the same: bit for bit on hosts; up to rounding on devices, which add in any order.
template <class V>
bool same(const std::vector<V>& a, const std::vector<V>& b, double rounding) {
  return bracewell::detail::on_host<Exec> ? identical(a, b) : relative_error(a, b) <= rounding;
}

}  // namespace support
