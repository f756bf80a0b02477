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

/// How many neighbouring threads share a sample that an operation inserts: each adds to its own of the taps along x, which are
/// neighbours in memory, and the cache takes what falls into the same 32 bytes at once.
template <class Op>
inline constexpr int inserting_lanes = Op::inserts ? (Op::reach % 2 == 0 ? 4 : 2) : 1;

/// The same for all operations. Threads that read together add up what they have, which only those of a warp can.
template <class Exec, class Op>
inline constexpr int lanes_of_sample = [] {
  if constexpr (requires { Op::shares_samples; })
    if (Op::shares_samples && in_warps<Exec>) return 2;
  return inserting_lanes<Op>;
}();

/// Whether loads in flight leave registers for a pose in fixed point, and for several samples of it.
template <class Op, bool Shared, int Lanes>
inline constexpr bool has_registers = Op::reach == 1 || Shared || Lanes > 1 || Op::inserts;

/// Runs samples of one slice, one by one; or of the slices at one pose of some references that share it. Of a sample's taps along x
/// it has those of one of Lanes threads.
template <class Op, bool Shared, int Lanes>
class SliceSamples {
 public:
  using Sums = PoseSums<typename Op::Gradient>;

  /// The slices of pose p of references b … end − 1.
  KOKKOS_INLINE_FUNCTION SliceSamples(const Op& op, std::int64_t b, std::int64_t end, std::int64_t p)
      : op_(op), b_(b), end_(end), p_(p), places_(op.geometry, b, p) {}

  KOKKOS_INLINE_FUNCTION SliceSamples(const Op& op, std::int64_t slice)
      : SliceSamples(op, slice / op.geometry.poses, 0, slice % op.geometry.poses) {}

  template <class Add>
  KOKKOS_INLINE_FUNCTION void run(std::int64_t row_number, int kx, int lane, Sums& sums, const Add& add) const {
    const SharedRows<Lanes> rows(lane);
    Row<Op::N, Op::M> row;
    SamplePlace<typename Op::T, Op::N> place;
    Kokkos::complex<typename Op::T> phase;
    if (!places_.find(row_number, kx, row, place, phase)) {
      if (rows.writes()) for_references([&](std::int64_t b) { op_.skip(b, p_, row, kx, kx + 1, sums); });
      return;
    }
    typename Op::template Plan<1> plan;
    block_of(plan) = {b_, p_, &row, kx, {0, 1}, nullptr, phase, &place};
    op_.plan(rows, plan);
    for_references([&](std::int64_t b) {
      block_of(plan).b = b;
      op_.run(plan, rows, sums, add);
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
  /// larger stack. All passes of an insertion have the same places, or one could miss a sample at the band's end.
  static constexpr bool fixed =
      std::is_same_v<typename Op::T, float> && has_registers<Op, Shared, Lanes> && Sums::size <= 16;
  SlicePlaces<typename Op::Geometry, fixed> places_;
};

/// How samples are shared by threads. Where a thread has few taps of a sample, it has those of a column in every so many rows, for one
/// loading of the pose; where it has many, one: the registers of a pose are worth more as loads in flight. In a loop over references
/// there are registers for both. Neighbours have neighbouring columns, or parts of one sample's taps.
template <class Op, bool Shared, int Lanes>
struct ThreadSamples {
  static constexpr bool several = has_registers<Op, Shared, Lanes>;

  std::int64_t rows, stride;               // of a slice; from one of a thread's rows to its next
  std::int64_t columns, together, groups;  // references that are read together, and groups of them

  explicit ThreadSamples(const typename Op::Geometry& geometry, std::int64_t together_ = 1)
      : rows(geometry.rows()),
        columns(geometry.columns()),
        together(together_),
        groups(ceil_div(geometry.references, together_)) {
    constexpr std::int64_t enough_threads = 1 << 20, most_rows = several ? 16 : 1;
    const std::int64_t most_threads = groups * geometry.poses * rows * columns * Lanes;
    stride = ceil_div(rows, std::clamp<std::int64_t>(most_threads / enough_threads, 1, most_rows));
  }

  KOKKOS_INLINE_FUNCTION std::int64_t threads_of_slice() const { return stride * columns * Lanes; }

  /// The samples of thread i.
  template <class Add>
  KOKKOS_INLINE_FUNCTION void run(const Op& op, std::int64_t i, const Add& add) const {
    const std::int64_t slice_number = quotient(i, threads_of_slice()), of_slice = i - slice_number * threads_of_slice();
    const SliceSamples<Op, Shared, Lanes> slice = samples_of(op, slice_number);
    std::int64_t row = quotient(of_slice / Lanes, columns);
    const int lane = int(of_slice % Lanes), kx = int(of_slice / Lanes - row * columns);
    PoseSums<typename Op::Gradient> no_sums;
    do {
      slice.run(row, kx, lane, no_sums, add);
    } while (several && (row += stride) < rows);
  }

 private:
  KOKKOS_INLINE_FUNCTION SliceSamples<Op, Shared, Lanes> samples_of(const Op& op, std::int64_t slice) const {
    if constexpr (Shared) {
      const std::int64_t b = slice / op.geometry.poses * together, end = b + together, last = op.geometry.references;
      return {op, b, end < last ? end : last, slice % op.geometry.poses};
    } else {
      return {op, slice};
    }
  }
};

template <class Op, bool Shared, int Lanes>
struct SampleTask {
  static constexpr bool only_reads = !Op::inserts;

  Op op;
  ThreadSamples<Op, Shared, Lanes> samples;

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
  // Sums are linear in what is read, so that each of the threads that share a sample adds its part.
  using Total = PoseSums<typename Op::Gradient>;
  static constexpr int lanes = inserting_lanes<Op>;

  Op op;
  SharedSums sums;
  std::int64_t samples;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team, std::int64_t i) const {
    const std::int64_t slice = i / sums.shares, share = i % sums.shares;
    const std::int64_t first = share * samples / sums.shares, last = (share + 1) * samples / sums.shares;
    const SliceSamples<Op, false, lanes> of_slice(op, slice);
    const std::int64_t columns = op.geometry.columns();
    Total total;
    Kokkos::parallel_reduce(
        Kokkos::TeamThreadRange(team, lanes * (last - first)),
        [&](std::int64_t thread, Total& sum) {
          const std::int64_t sample = first + thread / lanes, row = quotient(sample, columns);
          of_slice.run(row, int(sample - row * columns), int(thread % lanes), sum, GlobalAtomicAdd{});
        },
        Kokkos::Sum<Total>(total));
    Kokkos::single(Kokkos::PerTeam(team), [&] { sums.store(slice, share, total); });
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
