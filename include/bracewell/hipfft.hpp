// SPDX-License-Identifier: MIT
/// \file hipfft.hpp
/// hipFFT as projector.hpp's FFTs, on the stream of a HIP instance. Link hipfft.
#pragma once

#include <bracewell/detail/job/device_fft.hpp>
#include <bracewell/fft.hpp>

#include <hipfft/hipfft.h>

#include <Kokkos_Core.hpp>

#include <cstddef>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

namespace detail::job {

struct HipfftApi {
  using Exec = Kokkos::HIP;
  using Handle = hipfftHandle;
  using Result = hipfftResult;
  static constexpr const char* name = "hipFFT";
  static constexpr Result success = HIPFFT_SUCCESS, alloc_failed = HIPFFT_ALLOC_FAILED;

  static Result create(Handle& handle) { return hipfftCreate(&handle); }
  static void destroy(Handle handle) { static_cast<void>(hipfftDestroy(handle)); }
  static Result set_stream(Handle handle, const Exec& exec) { return hipfftSetStream(handle, exec.hip_stream()); }
  static Result make(Handle handle, int axes, long long* extent, long long* in, long long in_distance, long long* out,
                     long long out_distance, bool forward, bool single, long long batch) {
    std::size_t scratch = 0;
    const auto type = forward ? (single ? HIPFFT_R2C : HIPFFT_D2Z) : (single ? HIPFFT_C2R : HIPFFT_Z2D);
    return hipfftMakePlanMany64(handle, axes, extent, in, 1, in_distance, out, 1, out_distance, type, batch, &scratch);
  }
  static Result run(Handle handle, float* in, Kokkos::complex<float>* out) {
    return hipfftExecR2C(handle, in, reinterpret_cast<hipfftComplex*>(out));
  }
  static Result run(Handle handle, double* in, Kokkos::complex<double>* out) {
    return hipfftExecD2Z(handle, in, reinterpret_cast<hipfftDoubleComplex*>(out));
  }
  static Result run(Handle handle, Kokkos::complex<float>* in, float* out) {
    return hipfftExecC2R(handle, reinterpret_cast<hipfftComplex*>(in), out);
  }
  static Result run(Handle handle, Kokkos::complex<double>* in, double* out) {
    return hipfftExecZ2D(handle, reinterpret_cast<hipfftDoubleComplex*>(in), out);
  }
};

}  // namespace detail::job

struct Hipfft {
  /// \throws std::bad_alloc, or std::runtime_error with hipFFT's number of the error.
  template <class Exec, class T, int Axes>
  using Plan = detail::job::DeviceFftPlan<detail::job::HipfftApi, Exec, T, Axes>;
};

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
