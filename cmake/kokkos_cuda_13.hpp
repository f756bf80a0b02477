// SPDX-License-Identifier: MIT
// Overloads with the parameters that three calls of the CUDA runtime had before CUDA 13, for Kokkos 4.5.1.
#pragma once

#include <cuda_runtime_api.h>
#if CUDART_VERSION >= 13000
inline cudaMemLocation bracewell_location(int device) {
  cudaMemLocation location{};
  location.type = device == cudaCpuDeviceId ? cudaMemLocationTypeHost : cudaMemLocationTypeDevice;
  location.id = device == cudaCpuDeviceId ? 0 : device;
  return location;
}
inline cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                            size_t count) {
  return cudaGraphAddDependencies(graph, from, to, nullptr, count);
}
inline cudaError_t cudaMemAdvise(const void* data, size_t count, cudaMemoryAdvise advice, int device) {
  return cudaMemAdvise(data, count, advice, bracewell_location(device));
}
inline cudaError_t cudaMemPrefetchAsync(const void* data, size_t count, int device, cudaStream_t stream) {
  return cudaMemPrefetchAsync(data, count, bracewell_location(device), 0, stream);
}
#endif
