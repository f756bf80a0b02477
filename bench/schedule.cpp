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
  for (int run = 0; run < 3; ++run)
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
  using Inputs = Problem<T, N, M>;
  using Density = typename Inputs::Density;
  const Inputs inputs(settings, box, "linear");
  namespace detail = bw::detail;
  const bw::Poses at{inputs.rotations, inputs.shifts};
  using P = detail::SlicingTypes<Host, bw::Linear, typename Inputs::Reference, decltype(at), decltype(inputs.slices)>;
  const detail::Counts counts{1, poses, 0, 1};
  const auto geometry = detail::make_geometry<P>(counts, inputs.reference, inputs.slices, at, {});
  const bw::Linear kernel;

  const detail::ProjectOperation project{geometry, kernel, detail::input_grid<P>(inputs.reference),
                                         detail::output_stack<P>(inputs.slices), false};
  const std::int64_t shares = detail::shares_of_slice<Host>(geometry);
  const detail::RowTask<std::remove_const_t<decltype(project)>> rows{project, {}, shares};
  const auto row_times = task_times(rows, poses * shares);
  print("project", box, poses, [&](int) { return row_times; });

  // Blocks of poses that are summed at the same time have grids of their own; adding these up is left out.
  const detail::BackprojectArrays none_yet{detail::input_stack<P>(inputs.slices), detail::input_stack<P>(inputs.weights),
                                           detail::output_grid<P>(inputs.reference), detail::output_grid<P>(Density())};
  const detail::BackprojectOperation backproject{geometry, kernel, none_yet, false};
  detail::PoseBlocks blocks = detail::pose_blocks<Host>(backproject);
  if (!blocks.apart()) blocks.poses = poses;
  std::vector<typename Inputs::Reference> data;
  std::vector<Density> density;
  std::vector<std::remove_const_t<decltype(backproject)>> ops;
  for (std::int64_t first = 0; first < poses; first += blocks.poses) {
    data.emplace_back("bench::data", stored_layout(N, box));
    density.emplace_back("bench::density", stored_layout(N, box));
    ops.push_back(backproject
                      .with_targets(detail::output_grid<P>(data.back()), detail::output_grid<P>(density.back()),
                                    detail::NoPoseGradient<N, M>())
                      .for_poses(first, std::min(blocks.poses, poses - first)));
  }
  print("backproject", box, poses, [&](int threads) {
    const auto zones = detail::make_zones(geometry, detail::zones_of_each(threads, std::int64_t(ops.size())));
    const detail::ZoneTask<std::remove_const_t<decltype(backproject)>> task{ops, zones};
    return task_times(task, task.tasks());
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
  for (const int box : {64, 128, 256})
    for (const int poses : {1, 64, 1024}) simulate(box, poses);
}
