// SPDX-License-Identifier: MIT
// Host or device, how tasks are launched there, and how many tasks are enough.
#pragma once

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// On a host, a thread works on packs, and every number of an output is summed by one thread. On a device, a thread has one
/// sample or point, and adds atomically.
template <class Exec>
inline constexpr bool on_host = std::is_same_v<typename Exec::memory_space, Kokkos::HostSpace>;

/// Whether neighbouring threads run in step and can read each other's registers.
template <class Exec>
inline constexpr bool in_warps = false;
#ifdef KOKKOS_ENABLE_CUDA
template <>
inline constexpr bool in_warps<Kokkos::Cuda> = true;
#endif
#ifdef KOKKOS_ENABLE_HIP
template <>
inline constexpr bool in_warps<Kokkos::HIP> = true;
#endif

// Tasks enough to keep all processors busy. Their number does not depend on that of the processors, so that sums over the
// shares of tasks do not either.
inline constexpr std::int64_t enough_host_tasks = 256, enough_device_tasks = 2048;
// The same where each task needs memory of its own, or a sum over all tasks follows.
inline constexpr std::int64_t enough_worker_tasks = 64;

/// a / b rounded up.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// a / b for a ≥ 0, b > 0. A device divides numbers of 64 bits by a hundred instructions, and those of 32 by a quarter of them.
KOKKOS_INLINE_FUNCTION std::int64_t quotient(std::int64_t a, std::int64_t b) {
  return ((a | b) >> 32) == 0 ? std::int64_t(std::uint32_t(a) / std::uint32_t(b)) : a / b;
}

/// Tasks of one launch on a device: Kokkos 4.5 multiplies numbers of them in 32 bits.
inline constexpr std::int64_t most_device_tasks = std::int64_t(1) << 30;

/// run(first, last) for the launches that so many tasks need on a device.
template <class Run>
void for_launches(std::int64_t tasks, const Run& run) {
  for (std::int64_t first = 0; first < tasks; first += most_device_tasks)
    run(first, std::min(tasks, first + most_device_tasks));
}

/// Whether a device's task reads much and adds nothing atomically.
template <class Task>
inline constexpr bool only_reads = [] {
  if constexpr (requires { Task::only_reads; }) return Task::only_reads;
  return false;
}();

/// Threads of a block, where a compiler must be told. Without a bound, AMD's gives a thread 128 registers, for the blocks of 1024 that
/// Kokkos takes for possible, and more numbers would go to memory; NVIDIA's uses fewer registers, and has fewer loads in flight, which is
/// right only where atomic additions are what is waited for.
template <class Exec, bool OnlyReads>
struct MostThreads {
  using type = Kokkos::LaunchBounds<>;
};
#ifdef KOKKOS_ENABLE_CUDA
template <>
struct MostThreads<Kokkos::Cuda, true> {
  using type = Kokkos::LaunchBounds<256, 1>;
};
#endif
#ifdef KOKKOS_ENABLE_HIP
template <bool OnlyReads>
struct MostThreads<Kokkos::HIP, OnlyReads> {
  using type = Kokkos::LaunchBounds<256, 1>;
};
#endif

/// A device's policy whose launches carry their functor along. Others go through one buffer of the device, and the host
/// waits for the kernel that used it before.
template <class Policy>
auto light_weight(const Policy& policy) {
  return Kokkos::Experimental::require(policy, Kokkos::Experimental::WorkItemProperty::HintLightWeight);
}

/// Runs task(i) for i = 0 … tasks − 1. Host tasks differ in size, so that threads take them one by one.
template <class Exec, class Task>
void launch(const Exec& exec, const std::string& label, std::int64_t tasks, const Task& task) {
  using Index = Kokkos::IndexType<std::int64_t>;
  if constexpr (on_host<Exec>) {
    Kokkos::RangePolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>, Index> policy(exec, 0, tasks);
    policy.set_chunk_size(1);
    Kokkos::parallel_for(label, policy, task);
  } else {
    using Policy = Kokkos::RangePolicy<Exec, Index, typename MostThreads<Exec, only_reads<Task>>::type>;
    for_launches(tasks, [&](std::int64_t first, std::int64_t last) {
      Kokkos::parallel_for(label, light_weight(Policy(exec, first, last)), task);
    });
  }
}

/// A task for teams from one on.
template <class Task>
struct TeamTasks {
  Task task;
  std::int64_t first;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team) const {
    task(team, first + team.league_rank());
  }
};

/// Device: runs task(team, i) for i = 0 … tasks − 1. A team has so many bytes of shared memory.
template <class Exec, class Task>
void launch_teams(const Exec& exec, const std::string& label, std::int64_t tasks, const Task& task, std::int64_t bytes = 0) {
  for_launches(tasks, [&](std::int64_t first, std::int64_t last) {
    auto policy = light_weight(
        Kokkos::TeamPolicy<Exec, typename MostThreads<Exec, false>::type>(exec, int(last - first), Kokkos::AUTO));
    policy.set_scratch_size(0, Kokkos::PerTeam(bytes));
    Kokkos::parallel_for(label, policy, TeamTasks<Task>{task, first});
  });
}

/// One of the host's threads. It takes tasks one by one, and has memory of its own, zeroed before the first if Task::zeroed.
template <class Task>
struct Worker {
  Task task;
  std::int64_t tasks;
  std::int64_t* next;  // the next task, for all workers; 0 at first
  double* memory;
  std::int64_t size;  // of a worker's memory

  void operator()(std::int64_t worker) const {
    if constexpr (Task::zeroed) std::fill_n(memory + worker * size, size, 0.0);
    for (std::int64_t i; (i = Kokkos::atomic_fetch_add(next, 1)) < tasks;) task(i, memory + worker * size);
  }
};

struct SetZero {
  std::int64_t* number;

  void operator()(std::int64_t) const { *number = 0; }
};

/// Runs task(i, memory) for i = 0 … tasks − 1. Which worker runs which task is left to chance.
template <class Exec, class Task>
void for_workers(const Exec& exec, const std::string& label, std::int64_t tasks, double* memory, std::int64_t size,
                 std::int64_t* next, const Task& task) {
  launch(exec, label, 1, SetZero{next});
  launch(exec, label, exec.concurrency(), Worker<Task>{task, tasks, next, memory, size});
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
