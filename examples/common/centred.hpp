// SPDX-License-Identifier: MIT
#pragma once

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <utility>

namespace examples {

/// Copies the middle of cubes or squares, the last Axes axes of a View, to the middle of others in the same memory, voxel ⌊n/2⌋
/// to voxel ⌊n/2⌋; crops or leaves a rim. Of Axes = 0, all axes.
template <int Axes = 0, class To, class From>
void copy_centred(const To& to, const From& from) {
  constexpr std::size_t rank = To::rank(), batch = Axes == 0 ? 0 : rank - Axes;
  const long m = long(to.extent(rank - 1)), n = long(from.extent(rank - 1)), shift = m / 2 - n / 2;
  const std::pair own(std::max(shift, 0L), std::min(m, n + shift)), other(own.first - shift, own.second - shift);
  const auto middle = [&]<std::size_t... i>(const auto& view, std::pair<long, long> range, std::index_sequence<i...>) {
    return Kokkos::subview(view, (i < batch ? std::pair(0L, long(view.extent(i))) : range)...);
  };
  constexpr std::make_index_sequence<rank> axes;
  Kokkos::deep_copy(middle(to, own, axes), middle(from, other, axes));
}

}  // namespace examples
