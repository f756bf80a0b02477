// SPDX-License-Identifier: MIT
// Real FFTs of Views, in double precision, scaled like NumPy's: forward not at all, inverse by the number of voxels. By FFTW on
// hosts, by cuFFT on CUDA devices.
#pragma once

#include <fftw3.h>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace examples {

namespace detail {

struct FreeFftw {
  void operator()(void* p) const { fftw_free(p); }
};
template <class T>
using Buffer = std::unique_ptr<T[], FreeFftw>;

struct DestroyPlan {
  void operator()(fftw_plan p) const { fftw_destroy_plan(p); }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, DestroyPlan>;

/// Extents of the last Axes axes of a real array, numbers of their values, and of arrays in front.
template <int Axes>
struct Batch {
  int extent[Axes];
  std::int64_t real = 1, stored = 1, count = 1;

  template <class Real, class Spectrum>
  Batch(const char* name, const Real& array, const Spectrum& spectrum) {
    constexpr int rank = int(Real::rank());
    for (int i = 0; i < rank; ++i) {
      const int n = int(array.extent(i));
      if (i < rank - Axes) {
        count *= n;
      } else {
        extent[i - (rank - Axes)] = n;
        real *= n;
        stored *= i == rank - 1 ? n / 2 + 1 : n;
      }
    }
    if (std::int64_t(spectrum.size()) != stored * count || !array.span_is_contiguous() || !spectrum.span_is_contiguous())
      throw std::invalid_argument(std::string(name) + ": shapes do not match, or arrays are not dense");
  }
};

template <class... Views>
inline constexpr bool in_host_memory =
    (Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Views::memory_space>::accessible && ...);

}  // namespace detail

/// Spectra of the last Axes axes of a dense View; what is in front is a batch, on hosts one array a thread. Waits.
template <int Axes, class Exec, class Real, class Spectrum>
void rfft(const Exec& exec, const Real& array, const Spectrum& spectrum) {
  static_assert(detail::in_host_memory<Real, Spectrum>, "rfft: FFTW needs arrays in host memory");
  const detail::Batch<Axes> batch("rfft", array, spectrum);
  if (batch.count == 0) return;
  const detail::Buffer<double> in(fftw_alloc_real(batch.real));
  const detail::Buffer<fftw_complex> out(fftw_alloc_complex(batch.stored));
  const detail::Plan plan(fftw_plan_dft_r2c(Axes, batch.extent, in.get(), out.get(), FFTW_ESTIMATE));
  Kokkos::parallel_for("examples::rfft", Kokkos::RangePolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>>(exec, 0, batch.count),
                       [&](std::int64_t i) {
                         const detail::Buffer<double> from(fftw_alloc_real(batch.real));
                         const detail::Buffer<fftw_complex> to(fftw_alloc_complex(batch.stored));
                         std::copy_n(array.data() + i * batch.real, batch.real, from.get());
                         fftw_execute_dft_r2c(plan.get(), from.get(), to.get());
                         using C = typename Spectrum::non_const_value_type;
                         using T = typename C::value_type;
                         for (std::int64_t j = 0; j < batch.stored; ++j)
                           spectrum.data()[i * batch.stored + j] = C(T(to[j][0]), T(to[j][1]));
                       });
  exec.fence();
}

/// The inverse. The spectrum is left as it is. Waits.
template <int Axes, class Exec, class Spectrum, class Real>
void irfft(const Exec& exec, const Spectrum& spectrum, const Real& array) {
  static_assert(detail::in_host_memory<Real, Spectrum>, "irfft: FFTW needs arrays in host memory");
  const detail::Batch<Axes> batch("irfft", array, spectrum);
  if (batch.count == 0) return;
  const detail::Buffer<fftw_complex> in(fftw_alloc_complex(batch.stored));
  const detail::Buffer<double> out(fftw_alloc_real(batch.real));
  const detail::Plan plan(fftw_plan_dft_c2r(Axes, batch.extent, in.get(), out.get(), FFTW_ESTIMATE));
  Kokkos::parallel_for("examples::irfft", Kokkos::RangePolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>>(exec, 0, batch.count),
                       [&](std::int64_t i) {
                         const detail::Buffer<fftw_complex> from(fftw_alloc_complex(batch.stored));
                         const detail::Buffer<double> to(fftw_alloc_real(batch.real));
                         for (std::int64_t j = 0; j < batch.stored; ++j) {
                           const auto z = spectrum.data()[i * batch.stored + j];
                           from[j][0] = z.real();
                           from[j][1] = z.imag();
                         }
                         fftw_execute_dft_c2r(plan.get(), from.get(), to.get());
                         for (std::int64_t j = 0; j < batch.real; ++j)
                           array.data()[i * batch.real + j] =
                               typename Real::non_const_value_type(to[j] / double(batch.real));
                       });
  exec.fence();
}

}  // namespace examples

#ifdef KOKKOS_ENABLE_CUDA
#include "fft_cuda.hpp"
#endif
