// SPDX-License-Identifier: MIT
// From a map to what slices are cut from.
#pragma once

#include "centred.hpp"
#include "fft.hpp"
#include "space.hpp"

#include <bracewell/finish.hpp>

namespace examples {

/// The spectrum of a cube, corrected for the interpolation's roll-off and padded, its origin at index 0. \param kernel: as the last
/// arguments of correct_gridding, options or options and a kernel.
template <class... Kernel>
Array<Kokkos::complex<float>***> reference_of(const Exec& exec, const HostArray<float***>& density, int padded,
                                              const Kernel&... kernel) {
  namespace bw = bracewell;
  const long n = long(density.extent(0)), size = padded;
  const Array<float***> map("map", n, n, n), box("padded map", padded, padded, padded);
  const Array<Kokkos::complex<float>***> reference("reference", padded, padded, padded / 2 + 1);
  Kokkos::deep_copy(map, density);
  bw::correct_gridding(exec, map, {size, size, size}, bw::Gridding::reference, kernel...);
  exec.fence();
  copy_centred(box, map);
  rfft<3>(exec, box, reference);
  bw::origin_to_zero(exec, bw::Spectrum{reference, padded});
  exec.fence();
  return reference;
}

}  // namespace examples
