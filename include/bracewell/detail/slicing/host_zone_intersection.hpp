// SPDX-License-Identifier: MIT
// Host: which samples of a pose fall on a zone of the reference, in closed form.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Up to Most intervals of integers, apart and in ascending order once they are tidy.
template <int Most>
struct Intervals {
  int count = 0;
  int begin[Most] = {}, end[Most] = {};

  void add(int from, int to) {
    if (from >= to) return;
    begin[count] = from;
    end[count++] = to;
  }

  /// Sorts, and joins those that meet.
  void tidy() {
    for (int i = 1; i < count; ++i)
      for (int j = i; j > 0 && begin[j] < begin[j - 1]; --j) {
        std::swap(begin[j], begin[j - 1]);
        std::swap(end[j], end[j - 1]);
      }
    const int all = count;
    count = std::min(count, 1);
    for (int i = 1; i < all; ++i) {
      if (begin[i] <= end[count - 1]) {
        end[count - 1] = std::max(end[count - 1], end[i]);
      } else {
        begin[count] = begin[i];
        end[count++] = end[i];
      }
    }
  }
};

/// Finds the samples of a pose whose taps reach a zone, and perhaps some more: on every axis d above x they have
/// κ_d = low_d … high_d or −high_d … −low_d.
template <class Geometry, int PerBlock>
class ZoneIntersection {
  static constexpr int N = Geometry::N, M = Geometry::M;

 public:
  ZoneIntersection(const Geometry& geometry, const Pose<N, M>& pose, const OwnedRows<N>& zone, int reach)
      : slicing_(geometry), pose_(pose) {
    const double slack = 0.01;  // far above the rounding of κ
    all_inside_ = geometry.has_all_samples(pose);
    for (int d = 1; d < N; ++d) {
      low_[d] = zone.low[d] - reach - slack;
      high_[d] = zone.high[d] - 1 + reach + slack;
      per_kappa_[d] = 1 / pose.columns[0][d];
      whole_ = whole_ && zone.low[d] == 0 && zone.high[d] == geometry.extent[d] / 2 + 1;
    }
  }

  /// Gives a Pipeline (host_rows.hpp) the samples that count, in ascending order and apart by blocks. Rows are set where they stay:
  /// to copy one would wait until all that is stored in it has left the core.
  template <class Pipeline>
  void run(Pipeline& pipeline) const {
    int index[M] = {};
    run_axes<M - 1>(index, pipeline);
  }

 private:
  static constexpr int most = N > 2 ? 4 : 2;

  template <int Axis, class Pipeline>
  void run_axes(int (&index)[M], Pipeline& pipeline) const {
    if constexpr (Axis == 0) {
      run_row(index, pipeline);
    } else {
      const int extent = slicing_.slice_extent[Axis];
      const auto part = Axis == 1 ? rows(index) : all(extent);
      for (int i = 0; i < part.count; ++i)
        for (int f = part.begin[i]; f < part.end[i]; ++f) {
          index[Axis] = f < 0 ? f + extent : f;
          run_axes<Axis - 1>(index, pipeline);
        }
    }
  }

  static Intervals<most> all(int extent) {
    Intervals<most> s{};
    s.add(-(extent / 2), (extent + 1) / 2);
    return s;
  }

  /// Frequencies k_y of rows that may cross: with κ_d = A_d k_x + B_d k_y + C_d of two axes, A_2 κ_1 − A_1 κ_2 is free of
  /// k_x.
  Intervals<most> rows(const int (&index)[M]) const {
    const auto whole = all(slicing_.slice_extent[1]);
    if constexpr (N < 3) {
      return whole;
    } else {
      if (whole_) return whole;
      const auto& a = pose_.columns;
      const double per_row = a[0][2] * a[1][1] - a[0][1] * a[1][2];
      if (std::abs(per_row) < 1e-9) return whole;
      double rest = 0;
      for (int e = 2; e < M; ++e)
        rest += (a[0][2] * a[e][1] - a[0][1] * a[e][2]) * frequency(index[e], slicing_.slice_extent[e]);
      Intervals<most> s;
      const bool apart[2] = {low_[1] > 0, low_[2] > 0};
      for (int i = 0; i <= int(apart[0]); ++i)
        for (int j = 0; j <= int(apart[1]); ++j) {
          const double y = centre(1, i), z = centre(2, j);
          const double middle = (a[0][2] * y - a[0][1] * z - rest) / per_row;
          const double half = (std::abs(a[0][2]) * half_width(1) + std::abs(a[0][1]) * half_width(2)) / std::abs(per_row);
          s.add(first(middle - half, whole.begin[0], whole.end[0]), end_of(middle + half, whole.begin[0], whole.end[0]));
        }
      s.tidy();
      return s;
    }
  }

  double half_width(int d) const { return low_[d] > 0 ? 0.5 * (high_[d] - low_[d]) : high_[d]; }
  double centre(int d, int side) const { return low_[d] > 0 ? (side ? -0.5 : 0.5) * (low_[d] + high_[d]) : 0; }

  /// The samples k_x = 0 … end − 1 of a row that are within the zone on one axis.
  template <class Row>
  Intervals<2> along(const Row& row, int d) const {
    Intervals<2> s;
    const double step = row.step[d], start = row.start[d];
    if (std::abs(step) < 1e-9) {
      if (std::abs(start) >= low_[d] && std::abs(start) <= high_[d]) s.add(0, row.end);
      return s;
    }
    const double side = step > 0 ? 1 : -1;
    const auto sample = [&](double kappa) { return (side * kappa - start) * per_kappa_[d]; };
    const auto add = [&](double low, double high) {
      s.add(first(sample(low), 0, row.end), end_of(sample(high), 0, row.end));
    };
    if (low_[d] <= 0) {
      add(-high_[d], high_[d]);
    } else {
      add(-high_[d], -low_[d]);
      add(low_[d], high_[d]);
    }
    return s;
  }

  /// The integers of begin … end − 1 that are at least and at most x: all of them where huge numbers of a pose left no x but
  /// a NaN.
  static int first(double x, int begin, int end) { return x > begin ? x < end ? int(std::ceil(x)) : end : begin; }
  static int end_of(double x, int begin, int end) { return x < end - 1 ? x >= begin ? int(std::floor(x)) + 1 : begin : end; }

  /// Adds the part of samples begin … end − 1 of a row that is within the zone on axes Axis … 1.
  template <int Axis, class Row>
  void cut(const Row& row, int begin, int end, Intervals<most>& s) const {
    if constexpr (Axis == 0) {
      s.add(begin, end);
    } else {
      const auto part = along(row, Axis);
      for (int i = 0; i < part.count; ++i) cut<Axis - 1>(row, std::max(begin, part.begin[i]), std::min(end, part.end[i]), s);
    }
  }

  template <class Pipeline>
  void run_row(const int (&index)[M], Pipeline& pipeline) const {
    Row<N, M>* row = &pipeline.row();
    slicing_.set_row(pose_, index, *row);
    if (whole_) {
      slicing_.clip(*row, all_inside_);
      return pipeline.run_row(row->begin, row->end);
    }
    Intervals<most> s{};
    cut<N - 1>(*row, 0, row->end, s);
    if (s.count == 0) return;
    row->begin = s.begin[0];
    row->end = s.end[s.count - 1];
    slicing_.clip(*row, all_inside_);
    const int first = row->begin, end = row->end;
    for (int i = 0; i < s.count; ++i) {
      const int begin = s.begin[i];  // no zone splits a block: insertion takes its samples in an order of its own
      while (i + 1 < s.count && s.begin[i + 1] / PerBlock == (s.end[i] - 1) / PerBlock) ++i;
      if (row != &pipeline.row()) pipeline.row() = *row;
      row = &pipeline.row();
      pipeline.run_row(std::max(begin, first), std::min(s.end[i], end));
    }
  }

  const Geometry& slicing_;
  const Pose<N, M>& pose_;
  double low_[N], high_[N], per_kappa_[N];
  bool whole_ = true, all_inside_;
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
