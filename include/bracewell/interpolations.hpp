// SPDX-License-Identifier: MIT
/// \file interpolations.hpp
/// Between the names of kernels and their objects, and from a pose to a place in the reference.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>
#include <bracewell/kernels.hpp>
#include <bracewell/options.hpp>

#include <Kokkos_Core.hpp>

#include <string>
#include <variant>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

using AnyKernel = std::variant<Linear, Cubic, KaiserBessel<2>, KaiserBessel<3>, KaiserBessel<4>>;

/// The kernel object that an Interpolation names, for arrays padded by `padding`; std::visit it to code for each.
/// \throws std::invalid_argument
inline AnyKernel kernel_of(Interpolation interpolation, double padding) {
  switch (interpolation) {
    case Interpolation::linear:
      return Linear{};
    case Interpolation::cubic:
      return Cubic{};
    case Interpolation::kaiser_bessel_4:
      return KaiserBessel<2>{padding};
    case Interpolation::kaiser_bessel_6:
      return KaiserBessel<3>{padding};
    case Interpolation::kaiser_bessel_8:
      return KaiserBessel<4>{padding};
  }
  detail::refuse("kernel_of", "interpolation", std::to_string(int(interpolation)), "an enumerator of Interpolation");
}

/// κ_d = oversampling · (n_d / n_x) · Σ_e (m_x / m_e) R_ed k_e, where project.hpp samples the reference for the frequency k of a
/// slice, all x first: what Sampler takes. n and m are the real extents of reference and slice, x first; rotation(e, d) is R.
template <int N, int M, class T, class Rotation>
KOKKOS_INLINE_FUNCTION Kokkos::Array<T, N> kappa(const Rotation& rotation, const Kokkos::Array<T, M>& k,
                                                 const Kokkos::Array<T, N>& n, const Kokkos::Array<T, M>& m,
                                                 T oversampling = 1) {
  Kokkos::Array<T, N> result{};
  for (int d = 0; d < N; ++d) {
    T sum = 0;
    for (int e = 0; e < M; ++e) sum += m[0] / m[e] * T(rotation(e, d)) * k[e];
    result[d] = oversampling * (n[d] / n[0]) * sum;
  }
  return result;
}

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
