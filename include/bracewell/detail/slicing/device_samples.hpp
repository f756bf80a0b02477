// SPDX-License-Identifier: MIT
// Device: a thread has some samples of a slice, so that it loads their pose once; where cotangents of poses are summed, a team has
// a share of a slice.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>
#include <bracewell/detail/slicing/device_places.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>

#include <algorithm>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Runs samples of one slice, one by one; or of the slices at one pose of some references that share it.
template <class Op, bool Shared = false>
class SliceSamples {
 public:
  using Sums = PoseSums<typename Op::Gradient>;

  /// The slices of pose p of references b … end − 1.
  KOKKOS_INLINE_FUNCTION SliceSamples(const Op& op, std::int64_t b, std::int64_t end, std::int64_t p)
      : op_(op), b_(b), end_(end), p_(p), places_(op.geometry, b, p) {}

  KOKKOS_INLINE_FUNCTION SliceSamples(const Op& op, std::int64_t slice)
      : SliceSamples(op, slice / op.geometry.poses, 0, slice % op.geometry.poses) {}

  template <class Add>
  KOKKOS_INLINE_FUNCTION void run(std::int64_t row_number, int kx, Sums& sums, const Add& add) const {
    Row<Op::N, Op::M> row;
    BlockStart<typename Op::T, Op::N, 1> start;
    Kokkos::complex<typename Op::T> phase;
    if (!places_.find(row_number, kx, row, start, phase)) {
      for_references([&](std::int64_t b) { op_.skip(b, p_, row, kx, kx + 1, sums); });
      return;
    }
    Phases<typename Op::T, Op::M, 1> no_table;
    typename Op::template Plan<1> plan;
    block_of(plan) = {b_, p_, &row, kx, {0, 1}, &no_table, phase, &start};
    op_.plan(AllRows{}, plan);
    for_references([&](std::int64_t b) {
      block_of(plan).b = b;
      op_.run(plan, AllRows{}, sums, add);
    });
  }

 private:
  template <class Each>
  KOKKOS_INLINE_FUNCTION void for_references(const Each& each) const {
    if constexpr (Shared) {
      for (std::int64_t b = b_; b < end_; ++b) each(b);
    } else {
      each(b_);
    }
  }

  const Op& op_;
  std::int64_t b_, end_, p_;
  /// With many taps the compiler would have fewer loads in flight for it, but in a loop over references; with a matrix of sums, a
  /// larger stack.
  static constexpr bool fixed = std::is_same_v<typename Op::T, float> && (Op::reach == 1 || Shared) && Sums::size <= 16;
  SlicePlaces<typename Op::Geometry, fixed> places_;
};

/// How samples are shared by threads. Where a sample has few taps, a thread has those of a column in every so many rows, for one
/// loading of the pose; where it has many, one: the registers of a pose are worth more as loads in flight. In a loop over references
/// there are registers for both. Neighbours have neighbouring columns.
template <class Op, bool Shared = false>
struct ThreadSamples {
  static constexpr bool several = Op::reach == 1 || Shared;

  std::int64_t rows, stride;               // of a slice; from one of a thread's rows to its next
  std::int64_t columns, together, groups;  // references that are read together, and groups of them

  explicit ThreadSamples(const typename Op::Geometry& geometry, std::int64_t together_ = 1)
      : rows(geometry.rows()),
        columns(geometry.columns()),
        together(together_),
        groups(ceil_div(geometry.references, together_)) {
    constexpr std::int64_t enough_threads = 1 << 20, most_rows = several ? 16 : 1;
    const std::int64_t samples = groups * geometry.poses * rows * columns;
    stride = ceil_div(rows, std::clamp<std::int64_t>(samples / enough_threads, 1, most_rows));
  }

  KOKKOS_INLINE_FUNCTION std::int64_t threads_of_slice() const { return stride * columns; }

  /// The samples of thread i.
  template <class Add>
  KOKKOS_INLINE_FUNCTION void run(const Op& op, std::int64_t i, const Add& add) const {
    const SliceSamples<Op, Shared> slice = samples_of(op, i / threads_of_slice());
    const std::int64_t of_slice = i % threads_of_slice();
    const int kx = int(of_slice % columns);
    std::int64_t row = of_slice / columns;
    typename SliceSamples<Op>::Sums no_sums;
    do {
      slice.run(row, kx, no_sums, add);
    } while (several && (row += stride) < rows);
  }

 private:
  KOKKOS_INLINE_FUNCTION SliceSamples<Op, Shared> samples_of(const Op& op, std::int64_t slice) const {
    if constexpr (Shared) {
      const std::int64_t b = slice / op.geometry.poses * together, end = b + together, last = op.geometry.references;
      return {op, b, end < last ? end : last, slice % op.geometry.poses};
    } else {
      return {op, slice};
    }
  }
};

template <class Op, bool Shared = false>
struct SampleTask {
  static constexpr bool only_reads = !Op::inserts;

  Op op;
  ThreadSamples<Op, Shared> samples;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const { samples.run(op, i, GlobalAtomicAdd{}); }
};

/// Operations for which it pays to have all references' taps at once where these share their poses.
template <class Op>
inline constexpr bool may_share_poses = [] {
  if constexpr (requires { Op::shares_poses; }) return Op::shares_poses;
  return false;
}();

/// How many references are read together: as many as a device's cache for all processors has room for, if that leaves threads enough.
template <class Op>
std::int64_t references_together(const Op& op) {
  const auto& geometry = op.geometry;
  if (geometry.rotations.stride[0] != 0 || geometry.shifts.stride[0] != 0) return 1;
  constexpr std::int64_t cache = 40 << 20, enough_threads = 1 << 16, most = 8;
  const std::int64_t samples = geometry.references * geometry.poses * geometry.rows() * geometry.columns(),
                     fit = cache / std::max<std::int64_t>(dense_bytes(op.reference), 1),
                     wanted = std::min({fit, samples / enough_threads, geometry.references});
  return std::clamp<std::int64_t>(wanted, 1, most);
}

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
    const SliceSamples<Op> of_slice(op, slice);
    const std::int64_t columns = op.geometry.columns();
    Total total;
    Kokkos::parallel_reduce(
        Kokkos::TeamThreadRange(team, first, last),
        [&](std::int64_t sample, Total& sum) {
          of_slice.run(sample / columns, int(sample % columns), sum, GlobalAtomicAdd{});
        },
        Kokkos::Sum<Total>(total));
    Kokkos::single(Kokkos::PerTeam(team), [&] { sums.store(slice, share, total); });
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
