// SPDX-License-Identifier: MIT
// The FFTs of fft.hpp by cuFFT, on the stream of a CUDA instance.
#pragma once

#include <cufft.h>

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace examples {

namespace detail {

inline void check_cufft(const char* call, cufftResult result) {
  if (result == CUFFT_ALLOC_FAILED) throw std::bad_alloc();
  if (result != CUFFT_SUCCESS) throw std::runtime_error(std::string(call) + " failed with error " + std::to_string(result));
}

class CufftPlan {
 public:
  CufftPlan() { check_cufft("cufftCreate", cufftCreate(&handle_)); }
  ~CufftPlan() { cufftDestroy(handle_); }
  CufftPlan(const CufftPlan&) = delete;
  CufftPlan& operator=(const CufftPlan&) = delete;

  /// For a batch of dense arrays.
  template <int Axes>
  void make(const Kokkos::Cuda& exec, const Batch<Axes>& batch, cufftType type) {
    long long extent[Axes];
    std::size_t scratch = 0;
    for (int a = 0; a < Axes; ++a) extent[a] = batch.extent[a];
    check_cufft("cufftMakePlanMany64",
                cufftMakePlanMany64(handle_, Axes, extent, nullptr, 1, 0, nullptr, 1, 0, type, batch.count, &scratch));
    check_cufft("cufftSetStream", cufftSetStream(handle_, exec.cuda_stream()));
  }
  cufftHandle handle() const { return handle_; }

 private:
  cufftHandle handle_ = 0;
};

template <class V>
using CudaBuffer = Kokkos::View<V*, Kokkos::CudaSpace>;

template <class V>
CudaBuffer<V> cuda_buffer(const Kokkos::Cuda& exec, std::int64_t size) {
  return CudaBuffer<V>(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "examples::fft"), size);
}

/// to ← from / divisor, in the precision of `to`.
template <class To, class From>
struct Convert {
  To* to;
  const From* from;
  double divisor;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    if constexpr (std::is_arithmetic_v<To>) {
      to[i] = To(from[i] / divisor);
    } else {
      using T = typename To::value_type;
      to[i] = To(T(from[i].real()), T(from[i].imag()));
    }
  }
};

template <class To, class From>
void convert(const Kokkos::Cuda& exec, To* to, const From* from, std::int64_t size, double divisor = 1) {
  Kokkos::parallel_for("examples::fft", Kokkos::RangePolicy<Kokkos::Cuda>(exec, 0, size),
                       Convert<To, From>{to, from, divisor});
}

template <class... Views>
inline constexpr bool in_device_memory =
    (Kokkos::SpaceAccessibility<Kokkos::Cuda, typename Views::memory_space>::accessible && ...);

}  // namespace detail

template <int Axes, class Real, class Spectrum>
void rfft(const Kokkos::Cuda& exec, const Real& array, const Spectrum& spectrum) {
  static_assert(detail::in_device_memory<Real, Spectrum>, "rfft: cuFFT needs arrays in device memory");
  const detail::Batch<Axes> batch("rfft", array, spectrum);
  if (batch.count == 0) return;
  const auto in = detail::cuda_buffer<double>(exec, batch.real * batch.count);
  const auto out = detail::cuda_buffer<Kokkos::complex<double>>(exec, batch.stored * batch.count);
  detail::CufftPlan plan;
  plan.make(exec, batch, CUFFT_D2Z);
  detail::convert(exec, in.data(), array.data(), batch.real * batch.count);
  detail::check_cufft("cufftExecD2Z",
                      cufftExecD2Z(plan.handle(), in.data(), reinterpret_cast<cufftDoubleComplex*>(out.data())));
  detail::convert(exec, spectrum.data(), out.data(), batch.stored * batch.count);
  exec.fence();
}

/// Through a copy of the spectrum, which cuFFT overwrites. Where a self-conjugate column is not Hermitian, FFTW takes its Hermitian
/// part, and cuFFT does not say what it takes.
template <int Axes, class Spectrum, class Real>
void irfft(const Kokkos::Cuda& exec, const Spectrum& spectrum, const Real& array) {
  static_assert(detail::in_device_memory<Real, Spectrum>, "irfft: cuFFT needs arrays in device memory");
  const detail::Batch<Axes> batch("irfft", array, spectrum);
  if (batch.count == 0) return;
  const auto in = detail::cuda_buffer<Kokkos::complex<double>>(exec, batch.stored * batch.count);
  const auto out = detail::cuda_buffer<double>(exec, batch.real * batch.count);
  detail::CufftPlan plan;
  plan.make(exec, batch, CUFFT_Z2D);
  detail::convert(exec, in.data(), spectrum.data(), batch.stored * batch.count);
  detail::check_cufft("cufftExecZ2D",
                      cufftExecZ2D(plan.handle(), reinterpret_cast<cufftDoubleComplex*>(in.data()), out.data()));
  detail::convert(exec, array.data(), out.data(), batch.real * batch.count, double(batch.real));
  exec.fence();
}

}  // namespace examples
