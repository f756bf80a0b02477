// SPDX-License-Identifier: MIT
/// \file cufft.hpp
/// cuFFT as projector.hpp's FFTs, on the stream of a Cuda instance. Link cufft.
#pragma once

#include <bracewell/detail/job/device_fft.hpp>
#include <bracewell/fft.hpp>

#include <cufft.h>

#include <Kokkos_Core.hpp>

#include <cstddef>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

namespace detail::job {

struct CufftApi {
  using Exec = Kokkos::Cuda;
  using Handle = cufftHandle;
  using Result = cufftResult;
  static constexpr const char* name = "cuFFT";
  static constexpr Result success = CUFFT_SUCCESS, alloc_failed = CUFFT_ALLOC_FAILED;

  static Result create(Handle& handle) { return cufftCreate(&handle); }
  static void destroy(Handle handle) { static_cast<void>(cufftDestroy(handle)); }
  static Result set_stream(Handle handle, const Exec& exec) { return cufftSetStream(handle, exec.cuda_stream()); }
  static Result make(Handle handle, int axes, long long* extent, long long* in, long long in_distance, long long* out,
                     long long out_distance, bool forward, bool single, long long batch) {
    std::size_t scratch = 0;
    const auto type = forward ? (single ? CUFFT_R2C : CUFFT_D2Z) : (single ? CUFFT_C2R : CUFFT_Z2D);
    return cufftMakePlanMany64(handle, axes, extent, in, 1, in_distance, out, 1, out_distance, type, batch, &scratch);
  }
  static Result run(Handle handle, float* in, Kokkos::complex<float>* out) {
    return cufftExecR2C(handle, in, reinterpret_cast<cufftComplex*>(out));
  }
  static Result run(Handle handle, double* in, Kokkos::complex<double>* out) {
    return cufftExecD2Z(handle, in, reinterpret_cast<cufftDoubleComplex*>(out));
  }
  static Result run(Handle handle, Kokkos::complex<float>* in, float* out) {
    return cufftExecC2R(handle, reinterpret_cast<cufftComplex*>(in), out);
  }
  static Result run(Handle handle, Kokkos::complex<double>* in, double* out) {
    return cufftExecZ2D(handle, reinterpret_cast<cufftDoubleComplex*>(in), out);
  }
};

}  // namespace detail::job

struct Cufft {
  /// \throws std::bad_alloc, or std::runtime_error with cuFFT's number of the error.
  template <class Exec, class T, int Axes>
  using Plan = detail::job::DeviceFftPlan<detail::job::CufftApi, Exec, T, Axes>;
};

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
