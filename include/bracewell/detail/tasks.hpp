// SPDX-License-Identifier: MIT
// How the samples of many slices are shared out. An operation works on blocks of neighbouring samples; here they are
// enumerated: on the host by rows where slices are written, by slabs of the grid where that is; on a device one by one.
//
// An operation has `slicing`, `poses` (of each reference) and
//   run<Add>(block, owner)          the work of some samples, adding to a grid only to planes of the owner
//   blank(b, p, row, begin, end)    of samples that do not count
//   clear(b, owner)                 before the first insertion into a reference's planes; insertions only
#pragma once

#include <bracewell/detail/dispatch.hpp>
#include <bracewell/detail/sampling.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace bracewell::detail {

/// Runs the blocks of samples begin … end − 1 of a row.
template <class Op, class T, int N, int M, class Owner>
void run_row(const Op& op, std::int64_t b, std::int64_t p, const Row<T, N, M>& row, int begin, int end,
             Phases<T, host_count>& phases, const Owner& owner) {
  if (begin >= end) return;
  int kx = begin - begin % host_count;
  if constexpr (Op::shifted) phases.start(row.turns, kx);
  for (; kx < end; kx += host_count) {
    const Lanes lanes{std::max(begin - kx, 0), std::min(end - kx, host_count)};
    op.template run<PlainAdd>(Block<T, N, M, host_count>{b, p, row, kx, lanes, phases}, owner);
    if constexpr (Op::shifted) phases.advance();
  }
}

/// Host: some rows of one slice.
template <class Op>
struct RowTask {
  Op op;
  std::int64_t rows_per_task, tasks_per_slice;

  explicit RowTask(const Op& op_) : op(op_) {
    const std::int64_t samples = 4096, rows = op.slicing.rows();
    rows_per_task = std::clamp<std::int64_t>(samples / (op.slicing.slice_extent[0] / 2 + 1), 1, rows);
    tasks_per_slice = (rows + rows_per_task - 1) / rows_per_task;
  }

  void operator()(std::int64_t task) const {
    const std::int64_t slice = task / tasks_per_slice, b = slice / op.poses, p = slice % op.poses;
    const std::int64_t first = task % tasks_per_slice * rows_per_task;
    typename Op::Pose pose;
    const bool finite = op.slicing.load(b, p, pose);
    Phases<typename Op::Real, host_count> phases(pose.turns[0]);
    for (std::int64_t r = first; r < std::min(first + rows_per_task, op.slicing.rows()); ++r) {
      auto row = op.slicing.row(pose, r);
      const int end = row.end;
      if (finite) {
        op.slicing.clip(row);
      } else {
        row.end = row.begin;
      }
      op.blank(b, p, row, 0, row.begin);
      run_row(op, b, p, row, row.begin, row.end, phases, Whole{});
      op.blank(b, p, row, row.end, end);
    }
  }
};

/// Up to two stretches of a row, in ascending order.
struct Stretches {
  int begin[2], end[2];
};

/// The samples whose |κ| on the slowest axis is between low and high, and perhaps some more.
template <class T, int N, int M>
Stretches crossing(const Row<T, N, M>& row, double low, double high) {
  const double step = row.step[N - 1], start = row.start[N - 1];
  const double slack = 0.01;  // far above the rounding of κ
  if (low <= 0 && std::max(row.height(row.begin), row.height(row.end - 1)) <= high)
    return {{row.begin, row.end}, {row.end, row.end}};
  if (std::abs(step) < 1e-9) return {{row.begin, row.end}, {row.end, row.end}};
  const auto sample = [&](double kappa) { return std::clamp<double>((kappa - start) / step, row.begin - 1, row.end); };
  const double side = step > 0 ? 1 : -1, outer = side * (high + slack), inner = side * (low - slack);
  Stretches s{{int(std::ceil(sample(-outer))), int(std::ceil(sample(inner)))},
              {int(std::floor(sample(-inner))) + 1, int(std::floor(sample(outer))) + 1}};
  for (int i = 0; i < 2; ++i) {
    s.begin[i] = std::clamp(s.begin[i], row.begin, row.end);
    s.end[i] = std::clamp(s.end[i], s.begin[i], row.end);
  }
  if (s.begin[1] <= s.end[0]) {  // they meet
    s.end[0] = std::max(s.end[0], s.end[1]);
    s.begin[1] = s.end[1] = row.end;
  }
  return s;
}

/// Host: everything that falls on one slab of one reference.
template <class Op>
struct SlabTask {
  Op op;
  std::vector<int> bounds;  // slab i has the planes at ±bounds[i] … ±(bounds[i + 1] − 1)

  std::int64_t slabs() const { return std::int64_t(bounds.size()) - 1; }

  void operator()(std::int64_t task) const {
    const std::int64_t b = task / slabs();
    const Slab slab{bounds[task % slabs()], bounds[task % slabs() + 1]};
    op.clear(b, slab);
    for (std::int64_t p = 0; p < op.poses; ++p) {
      typename Op::Pose pose;
      if (!op.slicing.load(b, p, pose)) continue;
      Phases<typename Op::Real, host_count> phases(pose.turns[0]);
      for (std::int64_t r = 0; r < op.slicing.rows(); ++r) {
        auto row = op.slicing.row(pose, r);
        op.slicing.clip(row);
        if (row.begin == row.end) continue;
        const Stretches s = crossing(row, slab.low - Op::reach, slab.high - 1 + Op::reach);
        for (int i = 0; i < 2; ++i) run_row(op, b, p, row, s.begin[i], s.end[i], phases, slab);
      }
    }
  }
};

/// Boundaries of slabs with about equal numbers of samples, judged by some of the rows.
template <class Op>
std::vector<int> balanced_slabs(const Op& op, std::int64_t references, int slabs) {
  constexpr int axis = Op::axes - 1;
  const int planes = op.slicing.extent[axis] / 2 + 1;
  if (axis == 0 || slabs <= 1) return {0, planes};
  std::vector<double> samples(planes, 0.0);
  const std::int64_t slices = references * op.poses, rows = op.slicing.rows();
  const std::int64_t stride = std::max<std::int64_t>(1, slices * rows / 2048);
  for (std::int64_t i = 0; i < slices * rows; i += stride) {
    typename Op::Pose pose;
    if (!op.slicing.load(i / rows / op.poses, i / rows % op.poses, pose)) continue;
    auto row = op.slicing.row(pose, i % rows);
    op.slicing.clip(row);
    const int count = std::min(row.end - row.begin, 8);
    for (int j = 0; j < count; ++j) {
      const int kx = row.begin + (2 * j + 1) * (row.end - row.begin) / (2 * count);
      samples[std::min(int(row.height(kx)), planes - 1)] += double(row.end - row.begin) / count;
    }
  }
  double total = 0, sum = 0;
  for (const double s : samples) total += s;
  std::vector<int> bounds{0};
  for (int f = 0; f < planes - 1; ++f) {
    sum += samples[f];
    if (sum * slabs >= total * double(bounds.size()) && int(bounds.size()) < slabs) bounds.push_back(f + 1);
  }
  bounds.push_back(planes);
  return bounds;
}

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

/// Device: one sample.
template <class Op>
struct SampleTask {
  Op op;

  std::int64_t size(std::int64_t references) const {
    return references * op.poses * op.slicing.rows() * (op.slicing.slice_extent[0] / 2 + 1);
  }

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    const int columns = op.slicing.slice_extent[0] / 2 + 1, kx = int(i % columns);
    const std::int64_t rows = op.slicing.rows(), r = i / columns % rows, slice = i / columns / rows;
    const std::int64_t b = slice / op.poses, p = slice % op.poses;
    typename Op::Pose pose;
    const bool finite = op.slicing.load(b, p, pose);
    const auto row = op.slicing.row(pose, r);
    if (!finite || !op.slicing.in_band(row, kx) || !op.slicing.in_reference(row, kx)) {
      op.blank(b, p, row, kx, kx + 1);
      return;
    }
    Phases<typename Op::Real, 1> phases(pose.turns[0]);
    if constexpr (Op::shifted) phases.start(row.turns, kx);
    op.template run<AtomicAdd>(Block<typename Op::Real, Op::axes, Op::slice_axes, 1>{b, p, row, kx, {0, 1}, phases},
                               Whole{});
  }
};

/// Runs an operation that writes slices.
template <class Exec, class Op>
void for_rows(const Exec& exec, const char* name, const Op& op, std::int64_t references) {
  const std::string region = std::string("bracewell::") + name;
  const Kokkos::Profiling::ScopedRegion scope(region);
  if constexpr (on_host<Exec>) {
    const RowTask<Op> task(op);
    launch(exec, region, references * op.poses * task.tasks_per_slice, task);
  } else {
    const SampleTask<Op> task{op};
    launch(exec, region, task.size(references), task);
  }
}

/// Runs an operation that inserts into grids. `clear` empties them, where wanted, on a device.
template <class Exec, class Op, class Clear>
void for_slabs(const Exec& exec, const char* name, const Op& op, std::int64_t references, const Clear& clear) {
  const std::string region = std::string("bracewell::") + name;
  const Kokkos::Profiling::ScopedRegion scope(region);
  if constexpr (on_host<Exec>) {
    const SlabTask<Op> task{op, balanced_slabs(op, references, exec.concurrency())};
    launch(exec, region, references * task.slabs(), task);
  } else {
    clear();
    const SampleTask<Op> task{op};
    launch(exec, region, task.size(references), task);
  }
}

}  // namespace bracewell::detail
