// SPDX-License-Identifier: MIT
// What the command line says, and where and on how many threads operations run.
#pragma once

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

struct Settings {
  std::vector<int> boxes{64, 128, 256};
  std::vector<int> threads;        // of the OpenMP backend; empty: one, and all
  std::int64_t samples = 1 << 23;  // a call, as nearly as whole slices make it
  int poses = 0;                   // a call, instead of `samples`
  bool by_view = false;            // poses of 3 → 2 in the order of the directions that they look along
  std::string inputs, outputs;     // folders, see README.md
};

using Exec = Kokkos::DefaultExecutionSpace;

/// Whether a Space's memory is the host's.
template <class Space>
inline constexpr bool on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Space::memory_space>::accessible;

#ifdef KOKKOS_ENABLE_OPENMP
inline constexpr bool threads_can_be_chosen = std::is_same_v<Exec, Kokkos::OpenMP>;
#else
inline constexpr bool threads_can_be_chosen = false;
#endif

/// Numbers of threads to measure with; 0 where the backend has but one way to run.
inline std::vector<int> thread_counts(const Settings& settings) {
  if (!threads_can_be_chosen) return {0};
  if (!settings.threads.empty()) return settings.threads;
  const int all = Exec().concurrency();
  return all == 1 ? std::vector<int>{1} : std::vector<int>{1, all};
}

template <class Space = Exec>
Space make_exec(int threads) {
  if constexpr (threads_can_be_chosen) {
    return threads == Space().concurrency() ? Space() : Space(threads);
  } else {
    return Space();
  }
}

/// The last part of a benchmark's name.
inline std::string execution_name(int threads) { return threads == 0 ? Exec::name() : "threads:" + std::to_string(threads); }

void register_project(const Settings& settings);
void register_backproject(const Settings& settings);
void register_derivatives(const Settings& settings);
void register_plain_loops(const Settings& settings);
void register_raster(const Settings& settings);
void register_memory();

}  // namespace bench
