// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

namespace examples {

/// Copies the middle of one host cube or square to the middle of another, voxel ⌊n/2⌋ to voxel ⌊n/2⌋; crops or leaves a rim.
template <class To, class From>
void copy_centred(const To& to, const From& from) {
  const long m = long(to.extent(To::rank() - 1)), n = long(from.extent(From::rank() - 1)), shift = m / 2 - n / 2;
  const auto each = [&](auto&& self, auto... index) {
    if constexpr (sizeof...(index) == To::rank()) {
      to(index...) = from((index - shift)...);
    } else {
      for (long i = std::max(shift, 0L); i < std::min(m, n + shift); ++i) self(self, index..., i);
    }
  };
  each(each);
}

}  // namespace examples
