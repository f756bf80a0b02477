// SPDX-License-Identifier: MIT
// Device: a thread has one sample of a slice; where cotangents of poses are summed, a team has a share of a slice.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

template <class Op, class Add>
KOKKOS_INLINE_FUNCTION void run_sample(const Op& op, std::int64_t slice, std::int64_t sample,
                                       PoseSums<typename Op::Gradient>& sums, const Add& add) {
  const auto& geometry = op.geometry;
  const int columns = geometry.columns(), kx = int(sample % columns);
  const std::int64_t b = slice / geometry.poses, p = slice % geometry.poses;
  Pose<Op::N, Op::M> pose;
  const bool finite = geometry.load(b, p, pose);
  Row<Op::N, Op::M> row;
  geometry.set_row(pose, sample / columns, row);
  if (!finite || !geometry.in_band(row, kx) || !geometry.in_reference(row, kx)) {
    op.skip(b, p, row, kx, kx + 1, sums);
    return;
  }
  using Phases = detail::Phases<typename Op::T, Op::M, 1>;
  Phases phases;
  if constexpr (Op::Geometry::shifted) {
    phases = Phases(pose.cycles);
    phases.start(row, kx);
  }
  typename Op::template Plan<1> plan;
  BlockStart<typename Op::T, Op::N, 1> start;
  start.set(row, kx, kx);
  block_of(plan) = {b, p, &row, kx, {0, 1}, &phases, phases.base(), &start};
  op.plan(AllRows{}, plan);
  op.run(plan, AllRows{}, sums, add);
}

template <class Op>
struct SampleTask {
  Op op;
  std::int64_t samples;  // of a slice

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    PoseSums<typename Op::Gradient> no_sums;
    run_sample(op, i / samples, i % samples, no_sums, GlobalAtomicAdd{});
  }
};

template <class Op>
struct TeamTask {
  using Total = PoseSums<typename Op::Gradient>;

  Op op;
  SharedSums sums;
  std::int64_t samples;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team, std::int64_t i) const {
    const std::int64_t slice = i / sums.shares, share = i % sums.shares;
    const std::int64_t first = share * samples / sums.shares, last = (share + 1) * samples / sums.shares;
    Total total;
    Kokkos::parallel_reduce(
        Kokkos::TeamThreadRange(team, first, last),
        [&](std::int64_t sample, Total& sum) { run_sample(op, slice, sample, sum, GlobalAtomicAdd{}); },
        Kokkos::Sum<Total>(total));
    Kokkos::single(Kokkos::PerTeam(team), [&] { sums.store(slice, share, total); });
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
