// SPDX-License-Identifier: MIT
// How many threads would shorten a call, said without having them: every task of a call is run by itself and timed, and
// threads that take the next one as they become free are simulated. Memory bandwidth, which threads share, is not.
#include "problem.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <queue>

namespace bw = bracewell;
using namespace bench;

namespace {

/// The shortest of a few runs of each task, in seconds.
template <class Task>
std::vector<double> task_times(const Task& task, std::int64_t tasks) {
  std::vector<double> seconds(std::size_t(tasks), 1e9);
  for (int run = 0; run < 5; ++run)
    for (std::int64_t i = 0; i < tasks; ++i) {
      const auto start = std::chrono::steady_clock::now();
      task(i);
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      seconds[std::size_t(i)] = std::min(seconds[std::size_t(i)], taken.count());
    }
  return seconds;
}

double sum(const std::vector<double>& seconds) {
  double total = 0;
  for (const double s : seconds) total += s;
  return total;
}

/// When the last of these threads is done.
double makespan(const std::vector<double>& seconds, int threads) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free;
  for (int i = 0; i < threads; ++i) free.push(0);
  double last = 0;
  for (const double s : seconds) {
    const double end = free.top() + s;
    free.pop();
    free.push(end);
    last = std::max(last, end);
  }
  return last;
}

constexpr int thread_numbers[] = {2, 4, 8, 16, 32};

/// times(threads): of the tasks into which a call is divided for so many threads.
template <class Times>
void print(const char* operation, int box, int poses, const Times& times) {
  const double alone = sum(times(1));
  std::printf("| %s | %d | %d | %.2f ms |", operation, box, poses, 1e3 * alone);
  for (const int threads : thread_numbers) {
    const auto seconds = times(threads);
    std::printf(" %.1f (%zu) |", alone / makespan(seconds, threads), seconds.size());
  }
  std::printf("\n");
}

void simulate(int box, int poses) {
  constexpr int N = 3, M = 2;
  using T = float;
  using Host = Kokkos::DefaultHostExecutionSpace;
  Settings settings;
  settings.poses = poses;
  const Problem<T, N, M> inputs(settings, box, "linear");
  namespace detail = bw::detail;
  const detail::SlicingShapes shapes{detail::shape("reference", inputs.reference),
                                     detail::shape("rotations", inputs.rotations), detail::shape("shifts", inputs.shifts),
                                     detail::shape("slices", inputs.slices)};
  const auto slicing = detail::make_slicing<T, N, M>(shapes, inputs.rotations, inputs.shifts, {});
  const bw::Linear kernel;

  const detail::Project<std::decay_t<decltype(slicing)>, T, N, M, bw::Linear> project{
      {slicing, poses},
      detail::make_grid<N, const Kokkos::complex<T>>(inputs.reference),
      0,
      detail::make_slices<M, Kokkos::complex<T>>(inputs.slices),
      false,
      kernel};
  const std::int64_t parts = detail::parts_of_slice<Host>(slicing, poses);
  const detail::RowTask<std::decay_t<decltype(project)>> rows{project, parts};
  const auto row_times = task_times(rows, poses * parts);
  print("project", box, poses, [&](int) { return row_times; });

  const typename Problem<T, N, M>::Reference data("bench::data", stored_layout(N, box));
  const typename Problem<T, N, M>::Density density("bench::density", stored_layout(N, box));
  const auto base = detail::make_insertions<T, N, M>(slicing, poses, inputs.slices, inputs.weights, data, density, {});
  const detail::Backproject<std::decay_t<decltype(base)>, T, N, M, bw::Linear> backproject{base, kernel};
  print("backproject", box, poses, [&](int threads) {
    const detail::ZoneTask<std::decay_t<decltype(backproject)>> task{backproject,
                                                                     detail::make_zones(backproject, 1, threads)};
    return task_times(task, std::int64_t(task.zones.size()));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard kokkos(argc, argv);
  std::printf("| 3 to 2, float, linear | box | slices | 1 thread |");
  for (const int threads : thread_numbers) std::printf(" %d threads |", threads);
  std::printf("\n|---|---:|---:|---:|");
  for (std::size_t i = 0; i < std::size(thread_numbers); ++i) std::printf("---:|");
  std::printf("\n");
  for (const int box : {128, 256})
    for (const int poses : {1, 64}) simulate(box, poses);
}
