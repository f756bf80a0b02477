// SPDX-License-Identifier: MIT
// Host: the samples of a slice by rows, in blocks that are planned ahead.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>

#include <algorithm>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Host: the blocks of samples of one pose, in order. Each is planned while those before it wait to be worked on, so that
/// its cache lines are on their way in the meantime.
template <class Op, class Rows>
class Pipeline {
  using Block = detail::Block<typename Op::T, Op::N, Op::M, samples_per_block>;
  using Row = detail::Row<Op::N, Op::M>;
  using Phases = detail::Phases<typename Op::T, Op::M, samples_per_block>;
  using Sums = PoseSums<typename Op::Gradient>;

 public:
  Pipeline(const Op& op, const Rows& rows, Sums& sums) : op_(op), owned_(rows), sums_(sums) {}

  /// Goes to the next pose.
  void start(std::int64_t b, std::int64_t p, const Pose<Op::N, Op::M>& pose) {
    b_ = b;
    p_ = p;
    if constexpr (Op::Geometry::shifted) phases_ = Phases(pose.cycles);
  }

  /// Samples begin … end − 1 of a row.
  void run_row(const Row& row, int begin, int end) {
    if (begin >= end) return;
    int kx = begin - begin % samples_per_block;
    if constexpr (Op::Geometry::shifted) phases_.start(row, kx);
    Row& kept = rows_[row_];  // planned blocks still point to the rows before it
    row_ = (row_ + 1) % places;
    kept = row;
    for (; kx < end; kx += samples_per_block) {
      const LaneRange lanes{std::max(begin - kx, 0), std::min(end - kx, samples_per_block)};
      op_.plan(Block{b_, p_, &kept, kx, lanes, &phases_, phases_.base()}, owned_, plans_[(first_ + waiting_) % places]);
      if constexpr (Op::Geometry::shifted) phases_.advance();
      if (++waiting_ == places) run_first();
    }
  }

  /// Works on all blocks that wait; to be called before the next pose, and at the end.
  void finish() {
    while (waiting_ > 0) run_first();
  }

 private:
  // Lines that will be written take longer to arrive than lines that will be read.
  static constexpr int places = std::is_same_v<Rows, AllRows> ? 2 : 3;

  void run_first() {
    op_.run(plans_[first_], owned_, sums_, PlainAdd{});
    first_ = (first_ + 1) % places;
    --waiting_;
  }

  const Op& op_;
  Rows owned_;
  Sums& sums_;
  std::int64_t b_, p_;
  Phases phases_;
  Row rows_[places];
  typename Op::template Plan<samples_per_block> plans_[places];
  int row_ = 0, first_ = 0, waiting_ = 0;
};

/// Some rows of one slice.
template <class Op>
struct RowTask {
  Op op;
  SharedSums sums;      // of cotangents of poses
  std::int64_t shares;  // of a slice

  void operator()(std::int64_t task) const {
    const auto& geometry = op.geometry;
    const std::int64_t slice = task / shares, share = task % shares, b = slice / geometry.poses, p = slice % geometry.poses;
    const std::int64_t rows = geometry.rows();
    Pose<Op::N, Op::M> pose;
    PoseSums<typename Op::Gradient> total;
    const bool finite = geometry.load(b, p, pose);
    Pipeline<Op, AllRows> pipeline(op, {}, total);
    pipeline.start(b, p, pose);
    for (std::int64_t r = share * rows / shares; r < (share + 1) * rows / shares; ++r) {
      auto row = geometry.row(pose, r);
      const int end = row.end;
      if (finite) {
        geometry.clip(row);
      } else {
        row.end = row.begin;
      }
      op.skip(b, p, row, 0, row.begin, total);
      pipeline.run_row(row, row.begin, row.end);
      op.skip(b, p, row, row.end, end, total);
    }
    pipeline.finish();
    if constexpr (total.size > 0) sums.store(slice, share, total);
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
