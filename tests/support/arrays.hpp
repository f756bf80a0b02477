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

template <class V, class H>
V narrow(const H& h) {
  if constexpr (std::is_arithmetic_v<V>) {
    return V(h);
  } else {
    return V(typename V::value_type(h.real()), typename V::value_type(h.imag()));
  }
}
template <class V>
typename Host<V>::type widen(const V& v) {
  if constexpr (std::is_arithmetic_v<V>) {
    return v;
  } else {
    return {double(v.real()), double(v.imag())};
  }
}

/// A dense View with these values, rounded to V; extents in memory order.
template <class V, int Rank, class H>
Dense<V, Rank> upload(const std::vector<long>& extents, const std::vector<H>& values) {
  Dense<V, Rank> view("support::array", layout(extents));
  const auto mirror = Kokkos::create_mirror_view(view);
  for (std::size_t i = 0; i < values.size(); ++i) mirror.data()[i] = narrow<V>(values[i]);
  Kokkos::deep_copy(view, mirror);
  return view;
}

/// One filled with NaN, which no operation may leave where it writes.
template <class V, int Rank>
Dense<V, Rank> unset(const std::vector<long>& extents) {
  Dense<V, Rank> view("support::array", layout(extents));
  Kokkos::deep_copy(view, V(Kokkos::Experimental::quiet_NaN_v<double>));
  return view;
}

/// The values of a dense View, in double.
template <class View>
auto download(const View& view) {
  const auto mirror = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
  std::vector<typename Host<typename View::non_const_value_type>::type> values(view.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = widen(mirror.data()[i]);
  return values;
}

/// Whether two results of Exec are the same: bit for bit on hosts; up to rounding on devices, which add in any order.
template <class V>
bool same(const std::vector<V>& a, const std::vector<V>& b, double rounding) {
  return bracewell::detail::on_host<Exec> ? identical(a, b) : relative_error(a, b) <= rounding;
}

}  // namespace support
