// SPDX-License-Identifier: MIT
// How the samples of many slices are shared out. An operation works on blocks of neighbouring samples; here they are
// enumerated: on the host by rows where slices are written, by zones of the grid where that is (zones.hpp); on a device one by one.
//
// An operation is a SlicingOperation with
//   Plan<Count>, plan(block, owner, plan)   what can be known of a block before its memory is touched
//   run(plan, owner, sums, add)     the work of a block; `add` adds to a grid, only to planes of the owner
//   blank(b, p, row, begin, end)    of samples that do not count
//   clear(b, owner)                 before the first insertion into a reference's planes; insertions only
//   Sums, parts                     where it sums cotangents of poses (pose_sums.hpp)
#pragma once

#include <bracewell/detail/dispatch.hpp>
#include <bracewell/detail/pose_sums.hpp>
#include <bracewell/detail/sampling.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace bracewell::detail {

/// What all operations have: how slices are cut, and how many of each reference.
template <class Slicing_, class T, int N, int M>
struct SlicingOperation {
  using Slicing = Slicing_;
  using Real = T;
  using Pose = detail::Pose<N, M>;
  using Sums = NoSums;
  static constexpr int axes = N, slice_axes = M;

  Slicing slicing;
  std::int64_t poses;
};

/// Host: the blocks of samples of one pose, in order. Each is planned, so that its cache lines are on their way, while those
/// before it are worked on.
template <class Op, class Owner>
class Pipeline {
  using Block = detail::Block<typename Op::Real, Op::axes, Op::slice_axes, host_count>;
  using Row = detail::Row<typename Op::Real, Op::axes, Op::slice_axes>;
  using Phases = detail::Phases<typename Op::Real, Op::slice_axes, host_count>;

 public:
  Pipeline(const Op& op, const Owner& owner, typename Op::Sums& sums) : op_(op), owner_(owner), sums_(sums) {}

  /// To the next pose.
  void start(std::int64_t b, std::int64_t p, const typename Op::Pose& pose) {
    b_ = b;
    p_ = p;
    if constexpr (Op::Slicing::shifted) phases_ = Phases(pose.turns);
  }

  /// Samples begin … end − 1 of a row.
  void run_row(const Row& row, int begin, int end) {
    if (begin >= end) return;
    int kx = begin - begin % host_count;
    if constexpr (Op::Slicing::shifted) phases_.start(row, kx);
    Row& kept = rows_[row_];  // blocks of the last rows may be due still
    row_ = (row_ + 1) % places;
    kept = row;
    for (; kx < end; kx += host_count) {
      const Lanes lanes{std::max(begin - kx, 0), std::min(end - kx, host_count)};
      op_.plan(Block{b_, p_, &kept, kx, lanes, &phases_, phases_.base()}, owner_, plans_[(first_ + waiting_) % places]);
      if constexpr (Op::Slicing::shifted) phases_.advance();
      if (++waiting_ == places) run_first();
    }
  }

  /// Works on what is planned still. Due before the next pose.
  void finish() {
    while (waiting_ > 0) run_first();
  }

 private:
  static constexpr int places =
      std::is_same_v<Owner, Whole> ? 2 : 3;  // lines to be written come later than those to be read

  void run_first() {
    op_.run(plans_[first_], owner_, sums_, PlainAdd{});
    first_ = (first_ + 1) % places;
    --waiting_;
  }

  const Op& op_;
  Owner owner_;
  typename Op::Sums& sums_;
  std::int64_t b_, p_;
  Phases phases_;
  Row rows_[places];
  typename Op::template Plan<host_count> plans_[places];
  int row_ = 0, first_ = 0, waiting_ = 0;
};

/// How many tasks share a slice, of `slices` in all: whatever the number of threads, so that sums do not depend on it.
template <class Exec, class Slicing>
std::int64_t parts_of_slice(const Slicing& slicing, std::int64_t slices) {
  const std::int64_t enough_tasks = on_host<Exec> ? 256 : 2048, samples_per_task = 512;
  const std::int64_t wanted =
      std::min(enough_tasks / std::max<std::int64_t>(slices, 1), slicing.rows() * slicing.columns() / samples_per_task);
  return std::clamp<std::int64_t>(wanted, 1, slicing.rows());
}

/// Host: some rows of one slice.
template <class Op>
struct RowTask {
  Op op;
  std::int64_t parts;

  void operator()(std::int64_t task) const {
    const std::int64_t slice = task / parts, part = task % parts, b = slice / op.poses, p = slice % op.poses;
    const std::int64_t rows = op.slicing.rows();
    typename Op::Pose pose;
    typename Op::Sums sums;
    const bool finite = op.slicing.load(b, p, pose);
    Pipeline<Op, Whole> pipeline(op, {}, sums);
    pipeline.start(b, p, pose);
    for (std::int64_t r = part * rows / parts; r < (part + 1) * rows / parts; ++r) {
      auto row = op.slicing.row(pose, r);
      const int end = row.end;
      if (finite) {
        op.slicing.clip(row);
      } else {
        row.end = row.begin;
      }
      op.blank(b, p, row, 0, row.begin);
      pipeline.run_row(row, row.begin, row.end);
      op.blank(b, p, row, row.end, end);
    }
    pipeline.finish();
    if constexpr (summing<typename Op::Sums>) op.parts.store(slice, part, sums);
  }
};

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

/// Device: one sample of one slice.
template <class Op, class Add>
KOKKOS_INLINE_FUNCTION void run_sample(const Op& op, std::int64_t slice, std::int64_t sample, typename Op::Sums& sums,
                                       const Add& add) {
  const int columns = op.slicing.columns(), kx = int(sample % columns);
  const std::int64_t b = slice / op.poses, p = slice % op.poses;
  typename Op::Pose pose;
  const bool finite = op.slicing.load(b, p, pose);
  const auto row = op.slicing.row(pose, sample / columns);
  if (!finite || !op.slicing.in_band(row, kx) || !op.slicing.in_reference(row, kx)) {
    op.blank(b, p, row, kx, kx + 1);
    return;
  }
  using Phases = detail::Phases<typename Op::Real, Op::slice_axes, 1>;
  Phases phases;
  if constexpr (Op::Slicing::shifted) {
    phases = Phases(pose.turns);
    phases.start(row, kx);
  }
  typename Op::template Plan<1> plan;
  op.plan(Block<typename Op::Real, Op::axes, Op::slice_axes, 1>{b, p, &row, kx, {0, 1}, &phases, phases.base()}, Whole{},
          plan);
  op.run(plan, Whole{}, sums, add);
}

template <class Op>
struct SampleTask {
  Op op;
  std::int64_t samples;  // of a slice

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    NoSums no_sums;
    run_sample(op, i / samples, i % samples, no_sums, GlobalAtomicAdd{});
  }
};

/// Device: a team sums over a part of one slice.
template <class Op>
struct TeamTask {
  using Sums = typename Op::Sums;

  Op op;
  std::int64_t samples;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const std::int64_t slice = team.league_rank() / op.parts.parts, part = team.league_rank() % op.parts.parts;
    const std::int64_t first = part * samples / op.parts.parts, last = (part + 1) * samples / op.parts.parts;
    Sums total;
    Kokkos::parallel_reduce(
        Kokkos::TeamThreadRange(team, first, last),
        [&](std::int64_t i, Sums& sums) { run_sample(op, slice, i, sums, GlobalAtomicAdd{}); }, Kokkos::Sum<Sums>(total));
    Kokkos::single(Kokkos::PerTeam(team), [&] { op.parts.store(slice, part, total); });
  }
};

/// Runs an operation that writes slices or sums over them.
template <class Exec, class Op>
void for_rows(const Exec& exec, const std::string& label, const Op& op, std::int64_t references) {
  const std::int64_t slices = references * op.poses, samples = op.slicing.rows() * op.slicing.columns();
  constexpr bool sums = summing<typename Op::Sums>;
  if constexpr (on_host<Exec>) {
    const RowTask<Op> task{op, parts_of_slice<Exec>(op.slicing, slices)};
    launch(exec, label, slices * task.parts, task);
  } else if constexpr (sums) {
    if (slices == 0) return;
    Kokkos::parallel_for(label, Kokkos::TeamPolicy<Exec>(exec, int(slices * op.parts.parts), Kokkos::AUTO),
                         TeamTask<Op>{op, samples});
  } else {
    launch(exec, label, slices * samples, SampleTask<Op>{op, samples});
  }
}

/// Runs an operation that sums cotangents of poses, and adds up its parts.
template <class Exec, class Op, class RotationsBar, class ShiftsBar>
void for_poses(const Exec& exec, const std::string& label, Op op, std::int64_t references, const RotationsBar& rotations_bar,
               const ShiftsBar& shifts_bar, const SliceOptions& options) {
  using Sums = typename Op::Sums;
  const std::int64_t slices = references * op.poses;
  op.parts.parts = parts_of_slice<Exec>(op.slicing, slices);
  Workspace once;
  const auto scratch = (options.workspace ? *options.workspace : once).numbers(exec, slices * op.parts.parts * Sums::size);
  op.parts.data = scratch.data();
  for_rows(exec, label, op, references);
  const auto reduce = [&](auto rotation, const auto& bar) {
    if constexpr (Given<std::decay_t<decltype(bar)>>) {
      using V = typename std::decay_t<decltype(bar)>::value_type;
      constexpr bool is_rotation = decltype(rotation)::value;
      const bool batched = bar.rank() == (is_rotation ? 4 : 3);
      const std::int64_t batch = batched ? std::int64_t(bar.extent(0)) : 1;
      const ReducePoses<is_rotation, typename Op::Slicing, V, Sums, Op::axes, Op::slice_axes> task{
          op.slicing,          make_pose_array < is_rotation ? 2 : 1,
          V > (bar),           op.parts,
          references,          op.poses,
          batch != references, options.accumulate};
      launch(exec, label + "_poses", batch * op.poses, task);
    }
  };
  reduce(std::true_type{}, rotations_bar);
  reduce(std::false_type{}, shifts_bar);
}

}  // namespace bracewell::detail

/// The identity of a team's sum.
template <int N, int M, bool Rotations, bool Shifts>
struct Kokkos::reduction_identity<bracewell::detail::PoseSums<N, M, Rotations, Shifts>> {
  KOKKOS_FUNCTION static bracewell::detail::PoseSums<N, M, Rotations, Shifts> sum() { return {}; }
};
