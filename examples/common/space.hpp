// SPDX-License-Identifier: MIT
// Where examples compute: on the device that Kokkos was built for, or else on the host, where nothing is copied.
#pragma once

#include <Kokkos_Core.hpp>

namespace examples {

using Exec = Kokkos::DefaultExecutionSpace;
using Host = Kokkos::DefaultHostExecutionSpace;

/// Whether what Exec computes on takes the host's memory.
inline constexpr bool computes_on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, Exec::memory_space>::accessible;

template <class Data>
using Array = Kokkos::View<Data, Kokkos::LayoutRight, Exec::memory_space>;
template <class Data>
using HostArray = Kokkos::View<Data, Kokkos::LayoutRight, Kokkos::HostSpace>;

/// An array as the host sees it: itself, or a copy.
template <class View>
auto on_host(const View& array) {
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), array);
}

/// An array of the host as Exec sees it: itself, or a dense copy.
template <class View>
auto on_device(const View& array) {
  if constexpr (Kokkos::SpaceAccessibility<Exec, typename View::memory_space>::accessible) {
    return array;
  } else {
    Kokkos::LayoutRight layout;
    for (std::size_t i = 0; i < View::rank(); ++i) layout.dimension[i] = array.extent(i);
    const Array<typename View::non_const_data_type> copy(array.label(), layout);
    const auto dense = Kokkos::create_mirror(copy);  // memory spaces exchange only what is dense
    Kokkos::deep_copy(dense, array);
    Kokkos::deep_copy(copy, dense);
    return copy;
  }
}

/// Where Exec puts what is to become an array of the host: that itself, or new memory to copy from.
template <class View>
auto device_mirror(const View& array) {
  return Kokkos::create_mirror_view(Kokkos::WithoutInitializing, typename Exec::memory_space(), array);
}

}  // namespace examples
