// SPDX-License-Identifier: MIT
// Real FFTs of Views, in double precision, scaled like NumPy's: forward not at all, inverse by the number of voxels. By FFTW on
// hosts, by cuFFT on CUDA devices.
#pragma once

#include <fftw3.h>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

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

template <class T>
Buffer<T> allocate(std::int64_t size) {
  Buffer<T> buffer(static_cast<T*>(fftw_malloc(std::size_t(size) * sizeof(T))));
  if (!buffer) throw std::bad_alloc();
  return buffer;
}

/// What one thread transforms between.
struct Arrays {
  Buffer<double> real;
  Buffer<fftw_complex> stored;
};

/// transform(plan, arrays, i) for each i of a batch. The threads' arrays are there before the first of them begins, so that too
/// little memory is an exception and not a crash. Waits.
template <int Axes, class Exec, class MakePlan, class Transform>
void for_batch(const char* label, const Exec& exec, const Batch<Axes>& batch, const MakePlan& make_plan,
               const Transform& transform) {
  if (batch.count == 0) return;
  std::vector<Arrays> all(std::size_t(std::min<std::int64_t>(batch.count, exec.concurrency())));
  for (Arrays& arrays : all) arrays = {allocate<double>(batch.real), allocate<fftw_complex>(batch.stored)};
  const Plan plan(make_plan(all.front()));
  if (!plan) throw std::runtime_error(std::string(label) + ": FFTW has no plan for these extents");
  std::atomic<std::int64_t> next = 0;
  Kokkos::parallel_for(label,
                       Kokkos::RangePolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>>(exec, 0, all.size()).set_chunk_size(1),
                       [&](std::size_t thread) {
                         for (std::int64_t i = next++; i < batch.count; i = next++) transform(plan.get(), all[thread], i);
                       });
  exec.fence();
}

}  // namespace detail

/// Spectra of the last Axes axes of a dense View; what is in front is a batch, on hosts one array a thread. Waits.
/// \throws std::bad_alloc on hosts where there is no memory for a copy in double precision of an array and of its spectrum a thread
template <int Axes, class Exec, class Real, class Spectrum>
void rfft(const Exec& exec, const Real& array, const Spectrum& spectrum) {
  static_assert(detail::in_host_memory<Real, Spectrum>, "rfft: FFTW needs arrays in host memory");
  const detail::Batch<Axes> batch("rfft", array, spectrum);
  detail::for_batch(
      "examples::rfft", exec, batch,
      [&](const detail::Arrays& a) {
        return fftw_plan_dft_r2c(Axes, batch.extent, a.real.get(), a.stored.get(), FFTW_ESTIMATE);
      },
      [&](fftw_plan plan, const detail::Arrays& a, std::int64_t i) {
        std::copy_n(array.data() + i * batch.real, batch.real, a.real.get());
        fftw_execute_dft_r2c(plan, a.real.get(), a.stored.get());
        using C = typename Spectrum::non_const_value_type;
        using T = typename C::value_type;
        for (std::int64_t j = 0; j < batch.stored; ++j)
          spectrum.data()[i * batch.stored + j] = C(T(a.stored[j][0]), T(a.stored[j][1]));
      });
}

/// The inverse. The spectrum is left as it is. Waits.
/// \throws like rfft
template <int Axes, class Exec, class Spectrum, class Real>
void irfft(const Exec& exec, const Spectrum& spectrum, const Real& array) {
  static_assert(detail::in_host_memory<Real, Spectrum>, "irfft: FFTW needs arrays in host memory");
  const detail::Batch<Axes> batch("irfft", array, spectrum);
  detail::for_batch(
      "examples::irfft", exec, batch,
      [&](const detail::Arrays& a) {
        return fftw_plan_dft_c2r(Axes, batch.extent, a.stored.get(), a.real.get(), FFTW_ESTIMATE);
      },
      [&](fftw_plan plan, const detail::Arrays& a, std::int64_t i) {
        for (std::int64_t j = 0; j < batch.stored; ++j) {
          const auto z = spectrum.data()[i * batch.stored + j];
          a.stored[j][0] = z.real();
          a.stored[j][1] = z.imag();
        }
        fftw_execute_dft_c2r(plan, a.stored.get(), a.real.get());
        for (std::int64_t j = 0; j < batch.real; ++j)
          array.data()[i * batch.real + j] = typename Real::non_const_value_type(a.real[j] / double(batch.real));
      });
}

}  // namespace examples

#ifdef KOKKOS_ENABLE_CUDA
#include "fft_cuda.hpp"
#endif
