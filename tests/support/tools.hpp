// SPDX-License-Identifier: MIT
// What a call does, as Kokkos Tools see it.
#pragma once

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace support {

struct Events {
  std::vector<std::string> kernels, regions, allocations, fences;
  std::vector<std::uint32_t> instances;  // that kernels ran on

  static inline Events* current = nullptr;
};

/// The events of call().
template <class Call>
Events record(const Call& call) {
  namespace Tools = Kokkos::Tools::Experimental;
  Events events;
  const auto before = Tools::get_callbacks();
  const auto kernel = [](const char* name, std::uint32_t instance, std::uint64_t*) {
    Events::current->kernels.emplace_back(name);
    Events::current->instances.push_back(instance);
  };
  Events::current = &events;
  Tools::set_begin_parallel_for_callback(kernel);
  Tools::set_begin_parallel_reduce_callback(kernel);
  Tools::set_begin_parallel_scan_callback(kernel);
  Tools::set_push_region_callback([](const char* name) { Events::current->regions.emplace_back(name); });
  Tools::set_allocate_data_callback([](Kokkos_Profiling_SpaceHandle, const char* name, const void*, std::uint64_t) {
    Events::current->allocations.emplace_back(name);
  });
  Tools::set_begin_fence_callback([](const char* name, std::uint32_t, std::uint64_t*) {
    // Kokkos itself fences before it calls a tool, a host's instance before its memset, which is no wait for a device, and its
    // Threads backend in every launch, by a name of its own.
    const std::string label = name;
#ifdef KOKKOS_ENABLE_THREADS
    if (label.rfind("Kokkos::ThreadsInternal::fence", 0) == 0) return;
#endif
    if (label.find("Kokkos Profile Tool Fence") == label.npos && label != "HostSpace fence")
      Events::current->fences.push_back(label);
  });
  call();
  Tools::set_callbacks(before);
  Events::current = nullptr;
  return events;
}

}  // namespace support
