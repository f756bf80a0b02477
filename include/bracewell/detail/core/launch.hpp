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

/// On a host, rows of samples are worked on by packs, and every number of an output is summed by one thread; on a device a
/// thread has one sample and adds atomically.
template <class Exec>
inline constexpr bool on_host = std::is_same_v<typename Exec::memory_space, Kokkos::HostSpace>;

// Tasks that keep all processors busy, whatever their number: sums that are made of a task's share each do not depend on it.
inline constexpr std::int64_t enough_host_tasks = 256, enough_device_tasks = 2048;
inline constexpr std::int64_t enough_worker_tasks =
    64;  // where each needs memory of its own, or is followed by a sum over all

/// a / b rounded up.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Host tasks differ in size, so that threads take them one by one.
template <class Exec, class Task>
void launch(const Exec& exec, const std::string& label, std::int64_t tasks, const Task& task) {
  using Policy =
      std::conditional_t<on_host<Exec>,
                         Kokkos::RangePolicy<Exec, Kokkos::Schedule<Kokkos::Dynamic>, Kokkos::IndexType<std::int64_t>>,
                         Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>>;
  Policy policy(exec, 0, tasks);
  if constexpr (on_host<Exec>) policy.set_chunk_size(1);
  Kokkos::parallel_for(label, policy, task);
}

/// One of the host's threads: takes tasks one by one, with memory of its own, zeros where a task says that it is `zeroed`.
template <class Task>
struct Worker {
  Task task;
  std::int64_t tasks;
  std::int64_t* next;  // task; it was set to 0
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

/// Runs task(i, memory) for i = 0 … tasks − 1. Which worker runs which task is by chance.
template <class Exec, class Task>
void for_workers(const Exec& exec, const std::string& label, std::int64_t tasks, double* memory, std::int64_t size,
                 std::int64_t* next, const Task& task) {
  launch(exec, label, 1, SetZero{next});
  launch(exec, label, exec.concurrency(), Worker<Task>{task, tasks, next, memory, size});
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
