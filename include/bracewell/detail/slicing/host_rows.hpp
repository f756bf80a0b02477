// SPDX-License-Identifier: MIT
// Host: the samples of a slice by rows, in blocks that are planned ahead.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>
#include <bracewell/detail/slicing/pose_order.hpp>

#include <algorithm>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Host: the blocks of samples of one pose, in order. Each is planned while those before it wait to be worked on, so that
/// its cache lines are on their way in the meantime.
template <class Op, class Rows>
class Pipeline {
  static constexpr int count = samples_per_block<Op>;
  using Row = detail::Row<Op::N, Op::M>;
  using Phases = detail::Phases<typename Op::T, Op::M, count>;
  using Sums = PoseSums<typename Op::Gradient>;

 public:
  Pipeline(const Op& op, const Rows& rows, Sums& sums) : op_(op), owned_(rows), sums_(sums) {}

  /// Goes to the next pose.
  void start(std::int64_t b, std::int64_t p, const Pose<Op::N, Op::M>& pose) {
    b_ = b;
    p_ = p;
    if constexpr (Op::Geometry::shifted) phases_ = Phases(pose.cycles);
  }

  /// Where the next row is to be put.
  Row& row() { return *row_; }

  /// Samples begin … end − 1 of the row that is there.
  void run_row(int begin, int end) {
    if (begin >= end) return;
    const Row* row = row_;
    row_ = next(row_, rows_);  // planned blocks still point to the rows before it
    int kx = begin & -count;
    typename Phases::Base phase{};  // a copy, which stays in registers
    if constexpr (Op::Geometry::shifted) phase = phases_.start(*row, kx);
    while (kx < end) {
      // What takes long is done for several blocks together, so that none waits for it.
      Start* start = *starts_;
      starts_ = next(starts_, all_starts_);
      const int stop = std::min(end, kx + starts_at_once * Start::samples);
      for (int k = kx; k < stop; k += Start::samples) start[(k - kx) / Start::samples].set(*row, k, std::max(begin, k));
      for (; kx < stop; kx += count, start += count / Start::samples) {
        const LaneRange lanes{std::max(begin - kx, 0), std::min(end - kx, count)};
        Plan* plan = free_;
        free_ = next(free_, plans_);
        block_of(*plan) = {b_, p_, row, kx, lanes, &phases_, Phases::rounded(phase), start};
        if constexpr (Op::Geometry::shifted) phases_.advance(phase);
        op_.plan(owned_, *plan);
        if (free_ == first_) run_first();
      }
    }
  }

  /// Works on all blocks that wait; to be called before the next pose, and at the end.
  void finish() {
    while (first_ != free_) run_first();
  }

 private:
  static constexpr int places = Op::inserts ? 3 : 2;  // lines that are inserted into take longer to arrive
  using Plan = typename Op::template Plan<count>;
  using Start = BlockStart<typename Op::T, Op::N, count>;
  static constexpr int starts_at_once = 8;
  using Starts = Start[starts_at_once];

  template <class X>
  static X* next(X* x, X (&all)[places]) {
    return x + 1 == all + places ? all : x + 1;
  }

  void run_first() {
    op_.run(*first_, owned_, sums_, PlainAdd{});
    first_ = next(first_, plans_);
  }

  const Op& op_;
  Rows owned_;
  Sums& sums_;
  std::int64_t b_, p_;
  Phases phases_;
  Row rows_[places];
  Starts all_starts_[places];
  Plan plans_[places] = {};  // what idle lanes hold is always finite
  Row* row_ = rows_;
  Starts* starts_ = all_starts_;
  Plan *free_ = plans_, *first_ = plans_;  // the place to plan in, and the first block that waits
};

/// Some rows of one slice.
template <class Op>
struct RowTask {
  Op op;
  SharedSums sums;      // of cotangents of poses
  std::int64_t shares;  // of a slice
  PoseOrder<typename Op::Geometry> order{op.geometry, smallest_read_in_order};

  void operator()(std::int64_t task) const {
    const auto& geometry = op.geometry;
    const std::int64_t share = task % shares, b = task / shares / geometry.poses,
                       p = order.pose(b, task / shares % geometry.poses), slice = b * geometry.poses + p;
    const std::int64_t rows = geometry.rows();
    Pose<Op::N, Op::M> pose;
    PoseSums<typename Op::Gradient> total;
    const bool finite = geometry.load(b, p, pose);
    Pipeline<Op, AllRows> pipeline(op, {}, total);
    pipeline.start(b, p, pose);
    const bool all_inside = geometry.has_all_samples(pose);
    const std::int64_t last = (share + 1) * rows / shares;
    for (std::int64_t r = share * rows / shares; r < last; ++r) {
      auto& row = pipeline.row();
      geometry.set_row(pose, r, row);
      const int end = row.end;
      if (finite) {
        geometry.clip(row, all_inside);
      } else {
        row.end = row.begin;
      }
      if (row.begin == row.end) row.begin = row.end = 0;
      constexpr int step = Op::fills_blocks ? samples_per_block<Op> : 1;
      op.skip(b, p, row, 0, row.begin - row.begin % step, total);
      op.skip(b, p, row, (row.end + step - 1) / step * step, end, total);
      pipeline.run_row(row.begin, row.end);
    }
    pipeline.finish();
    if constexpr (total.size > 0) sums.store(slice, share, total);
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
