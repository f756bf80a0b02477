// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <benchmark/benchmark.h>

#include <sstream>

namespace {

/// Kokkos' lines in one, without headings.
std::string kokkos_configuration() {
  std::stringstream lines;
  Kokkos::print_configuration(lines);
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string::npos || line.back() == ':') continue;
    all += (all.empty() ? "" : "; ") + line.substr(begin);
  }
  return all;
}

#ifdef KOKKOS_ENABLE_CUDA

using Properties = cudaDeviceProp;
constexpr auto core_clock = cudaDevAttrClockRate, memory_clock = cudaDevAttrMemoryClockRate;
Properties properties_of(int device) {
  Properties properties{};
  return cudaGetDeviceProperties(&properties, device) == cudaSuccess ? properties : Properties{};
}
int attribute_of(int device, cudaDeviceAttr name) {
  int value = 0;
  return cudaDeviceGetAttribute(&value, name, device) == cudaSuccess ? value : 0;
}

#elif defined(KOKKOS_ENABLE_HIP)

using Properties = hipDeviceProp_t;
constexpr auto core_clock = hipDeviceAttributeClockRate, memory_clock = hipDeviceAttributeMemoryClockRate;
Properties properties_of(int device) {
  Properties properties{};
  return hipGetDeviceProperties(&properties, device) == hipSuccess ? properties : Properties{};
}
int attribute_of(int device, hipDeviceAttribute_t name) {
  int value = 0;
  return hipDeviceGetAttribute(&value, name, device) == hipSuccess ? value : 0;
}

#endif

#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP)

void describe_device() {
  const int device = Kokkos::device_id();
  const Properties properties = properties_of(device);
  const auto add = [](const char* key, std::size_t value) { benchmark::AddCustomContext(key, std::to_string(value)); };
  benchmark::AddCustomContext("device", properties.name);
  add("device_memory_MiB", properties.totalGlobalMem >> 20);
  add("device_multiprocessors", properties.multiProcessorCount);
  add("device_peak_clock_MHz", attribute_of(device, core_clock) / 1000);  // from kHz; 0 where the driver does not tell
  add("device_peak_memory_clock_MHz", attribute_of(device, memory_clock) / 1000);
}

#else

void describe_device() {}

#endif

}  // namespace

void bench::describe_machine(const Exec& exec) {
  benchmark::AddCustomContext("execution_space", Exec::name());
  benchmark::AddCustomContext("concurrency", std::to_string(exec.concurrency()));
  benchmark::AddCustomContext("kokkos", kokkos_configuration());
  describe_device();
}
