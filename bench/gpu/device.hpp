// SPDX-License-Identifier: MIT
// Where the kit's programs run: on the device; or, where Kokkos has none, on threads that do what devices do, so that the programs
// themselves are tested anywhere. Included before any operation, in every file of a program.
#pragma once

#include <Kokkos_Core.hpp>

#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP)
#define BRACEWELL_KIT_DEVICE
#else
#include "support/as_device.hpp"
#endif

#include <cstdio>

namespace kit {

using Device = Kokkos::DefaultExecutionSpace;

#ifdef BRACEWELL_KIT_DEVICE
using Host = Kokkos::DefaultHostExecutionSpace;
inline constexpr bool has_device = true;
#else
using Host = Kokkos::Serial;
inline constexpr bool has_device = false;
#endif

/// Most programs work in single precision, on arrays of the device.
using Complex = Kokkos::complex<float>;
template <class V>
using Array = Kokkos::View<V, Kokkos::LayoutRight, Device::memory_space>;

/// What a program returns: run.sh tells these apart.
enum Exit : int { passed = 0, failed = 1, skipped = 77 };

/// Whether there is a device to run on; says so where there is none. To be asked before Kokkos is initialised, which would abort.
inline bool device_found() {
#ifdef KOKKOS_ENABLE_CUDA
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    std::printf("no device: %s\n", error == cudaSuccess ? "none is visible" : cudaGetErrorString(error));
    return false;
  }
#endif
  return true;
}

}  // namespace kit
