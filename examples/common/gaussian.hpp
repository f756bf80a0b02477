// SPDX-License-Identifier: MIT
#pragma once

#include <Kokkos_Core.hpp>

namespace examples {

/// A normal distribution, cut off at Reach voxels, as a kernel for bracewell::raster: points become blobs.
template <int Reach>
struct Gaussian {
  static constexpr int reach = Reach;

  double width;  // standard deviation in voxels

  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    const T s = T(width);
    return Kokkos::abs(t) < Reach ? T(0.3989422804014327) / s * Kokkos::exp(T(-0.5) * (t / s) * (t / s)) : T(0);
  }
  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    return -t / T(width * width) * value(t);
  }
};

}  // namespace examples
