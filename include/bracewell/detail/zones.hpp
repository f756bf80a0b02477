// SPDX-License-Identifier: MIT
// Host: insertion by zones of the reference, one for each thread, which finds the samples that fall on it in closed form: rows
// by the area of the slice that a zone's cross-section cuts out, samples of a row by where the row crosses it.
#pragma once

#include <bracewell/detail/tasks.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace bracewell::detail {

/// Up to Most stretches of integers, apart and in ascending order.
template <int Most>
struct Stretches {
  int count = 0;
  int begin[Most], end[Most];

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

/// What a pose's samples have to do with a zone: κ_d = low_d … high_d or −high_d … −low_d, for the axes d above x, of all samples
/// whose taps reach the zone, and perhaps of some more.
template <class Slicing, int N, int M>
class Crossing {
 public:
  Crossing(const Slicing& slicing, const Pose<N, M>& pose, const Zone<N>& zone, int reach) : slicing_(slicing), pose_(pose) {
    const double slack = 0.01;  // far above the rounding of κ
    for (int d = 1; d < N; ++d) {
      low_[d] = zone.low[d] - reach - slack;
      high_[d] = zone.high[d] - 1 + reach + slack;
      per_kappa_[d] = 1 / pose.matrix[d][0];
    }
  }

  /// each(row, begin, end) for the samples that count, in ascending order and apart by blocks.
  template <class Each>
  void for_stretches(const Each& each) const {
    int index[M] = {};
    for_axes<M - 1>(index, each);
  }

 private:
  static constexpr int most = N > 2 ? 4 : 2;

  template <int Axis, class Each>
  void for_axes(int (&index)[M], const Each& each) const {
    if constexpr (Axis == 0) {
      run_row(index, each);
    } else {
      const int extent = slicing_.slice_extent[Axis];
      const auto part = Axis == 1 ? rows(index) : all(extent);
      for (int i = 0; i < part.count; ++i)
        for (int f = part.begin[i]; f < part.end[i]; ++f) {
          index[Axis] = f < 0 ? f + extent : f;
          for_axes<Axis - 1>(index, each);
        }
    }
  }

  static Stretches<most> all(int extent) {
    Stretches<most> s;
    s.add(-(extent / 2), (extent + 1) / 2);
    return s;
  }

  /// Frequencies k_y of rows that may cross: with κ_d = A_d k_x + B_d k_y + C_d of two axes, A_2 κ_1 − A_1 κ_2 knows no k_x.
  Stretches<most> rows(const int (&index)[M]) const {
    const auto whole = all(slicing_.slice_extent[1]);
    if constexpr (N < 3) {
      return whole;
    } else {
      const auto& a = pose_.matrix;
      const double per_row = a[2][0] * a[1][1] - a[1][0] * a[2][1];
      if (std::abs(per_row) < 1e-9) return whole;
      double rest = 0;
      for (int e = 2; e < M; ++e)
        rest += (a[2][0] * a[1][e] - a[1][0] * a[2][e]) * frequency(index[e], slicing_.slice_extent[e]);
      Stretches<most> s;
      const bool apart[2] = {low_[1] > 0, low_[2] > 0};
      for (int i = 0; i <= int(apart[0]); ++i)
        for (int j = 0; j <= int(apart[1]); ++j) {
          const double y = centre(1, i), z = centre(2, j);
          const double middle = (a[2][0] * y - a[1][0] * z - rest) / per_row;
          const double half = (std::abs(a[2][0]) * half_width(1) + std::abs(a[1][0]) * half_width(2)) / std::abs(per_row);
          s.add(int(std::ceil(std::clamp<double>(middle - half, whole.begin[0], whole.end[0]))),
                int(std::floor(std::clamp<double>(middle + half, whole.begin[0] - 1, whole.end[0] - 1))) + 1);
        }
      s.tidy();
      return s;
    }
  }

  double half_width(int d) const { return low_[d] > 0 ? 0.5 * (high_[d] - low_[d]) : high_[d]; }
  double centre(int d, int side) const { return low_[d] > 0 ? (side ? -0.5 : 0.5) * (low_[d] + high_[d]) : 0; }

  /// The samples k_x = 0 … end − 1 of a row that are within the zone on one axis.
  template <class Row>
  Stretches<2> along(const Row& row, int d) const {
    Stretches<2> s;
    const double step = row.step[d], start = row.start[d];
    if (std::abs(step) < 1e-9) {
      if (std::abs(start) >= low_[d] && std::abs(start) <= high_[d]) s.add(0, row.end);
      return s;
    }
    const double side = step > 0 ? 1 : -1;
    const auto sample = [&](double kappa) {
      return std::min(std::max((side * kappa - start) * per_kappa_[d], -1.0), double(row.end));
    };
    if (low_[d] <= 0) {
      s.add(first(sample(-high_[d])), last(sample(high_[d]), row.end));
    } else {
      s.add(first(sample(-high_[d])), last(sample(-low_[d]), row.end));
      s.add(first(sample(low_[d])), last(sample(high_[d]), row.end));
    }
    return s;
  }
  static int first(double x) { return std::max(int(std::ceil(x)), 0); }
  static int last(double x, int end) { return std::min(int(std::floor(x)) + 1, end); }

  /// Adds the part of samples begin … end − 1 of a row that is within the zone on axes Axis … 1.
  template <int Axis, class Row>
  void cut(const Row& row, int begin, int end, Stretches<most>& s) const {
    if constexpr (Axis == 0) {
      s.add(begin, end);
    } else {
      const auto part = along(row, Axis);
      for (int i = 0; i < part.count; ++i) cut<Axis - 1>(row, std::max(begin, part.begin[i]), std::min(end, part.end[i]), s);
    }
  }

  template <class Each>
  void run_row(const int (&index)[M], const Each& each) const {
    auto row = slicing_.row(pose_, index);
    Stretches<most> s;
    cut<N - 1>(row, 0, row.end, s);
    if (s.count == 0) return;
    row.begin = s.begin[0];
    row.end = s.end[s.count - 1];
    slicing_.clip(row);
    for (int i = 0; i < s.count; ++i) {
      const int begin = s.begin[i];  // a block is one block in every zone: the order of its samples is not the ascending one
      while (i + 1 < s.count && s.begin[i + 1] / host_count == (s.end[i] - 1) / host_count) ++i;
      each(row, std::max(begin, row.begin), std::min(s.end[i], row.end));
    }
  }

  const Slicing& slicing_;
  const Pose<N, M>& pose_;
  double low_[N], high_[N], per_kappa_[N];
};

/// Everything that falls on one zone of one reference.
template <class Op>
struct ZoneTask {
  static constexpr int N = Op::axes, M = Op::slice_axes;

  Op op;
  std::vector<Zone<N>> zones;

  void operator()(std::int64_t task) const {
    const std::int64_t b = task / std::int64_t(zones.size());
    const Zone<N> zone = zones[task % std::int64_t(zones.size())];
    op.clear(b, zone);
    typename Op::Sums no_sums;
    Pipeline<Op, Zone<N>> pipeline(op, zone, no_sums);
    for (std::int64_t p = 0; p < op.poses; ++p) {
      typename Op::Pose pose;
      if (!op.slicing.load(b, p, pose)) continue;
      pipeline.start(b, p, pose);
      Crossing<typename Op::Slicing, N, M>(op.slicing, pose, zone, Op::reach)
          .for_stretches([&](const auto& row, int begin, int end) { pipeline.run_row(row, begin, end); });
      pipeline.finish();
    }
  }
};

/// |κ| of some of the samples, and how many each stands for.
template <int N>
struct Sounding {
  int at[N];
  double samples;
};

template <class Op>
std::vector<Sounding<Op::axes>> sound(const Op& op, std::int64_t references) {
  std::vector<Sounding<Op::axes>> soundings;
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
      Sounding<Op::axes> s{{}, double(stride) * (row.end - row.begin) / count};
      for (int d = 1; d < Op::axes; ++d) s.at[d] = int(std::abs(row.kappa(d, kx)));
      soundings.push_back(s);
    }
  }
  return soundings;
}

/// Divides a zone along axes Axis … 1 into so many of about equal work: samples, and rows to be cleared, each worth some samples.
template <int Axis, int N>
void divide(const Zone<N>& zone, int count, double per_row, const std::vector<Sounding<N>>& soundings,
            std::vector<Zone<N>>& zones) {
  if constexpr (Axis == 0) {
    zones.push_back(zone);
  } else {
    const int planes = zone.high[Axis] - zone.low[Axis];
    const int parts = std::min(planes, int(std::ceil(std::pow(count, 1.0 / Axis) - 1e-6)));
    double clearing = 2 * per_row;  // of a plane ±f
    for (int d = 1; d < Axis; ++d) clearing *= 2 * (zone.high[d] - zone.low[d]);
    std::vector<double> work(std::size_t(planes), clearing);
    double total = clearing * planes, sum = 0;
    for (const auto& s : soundings) {
      work[std::size_t(std::min(s.at[Axis] - zone.low[Axis], planes - 1))] += s.samples;
      total += s.samples;
    }
    Zone<N> part = zone;
    int done = 0, plane = 0;
    for (int i = 0; i < parts; ++i) {
      const int share = (count - done) / (parts - i);  // zones of this part
      done += share;
      const int most = planes - (parts - 1 - i);  // the others have a plane each at least
      part.low[Axis] = zone.low[Axis] + plane;
      do sum += work[std::size_t(plane++)];
      while (plane < most && (i == parts - 1 || sum * count < total * done));
      part.high[Axis] = zone.low[Axis] + plane;
      std::vector<Sounding<N>> inside;
      for (const auto& s : soundings)
        if (s.at[Axis] >= part.low[Axis] && (i == parts - 1 || s.at[Axis] < part.high[Axis])) inside.push_back(s);
      divide<Axis - 1>(part, share, 2 * per_row * (part.high[Axis] - part.low[Axis]), inside, zones);
    }
  }
}

/// Zones of about equal work, one a thread.
template <class Op>
std::vector<Zone<Op::axes>> make_zones(const Op& op, std::int64_t references, int threads) {
  constexpr int N = Op::axes;
  Zone<N> whole{};
  for (int d = 1; d < N; ++d) whole.high[d] = op.slicing.extent[d] / 2 + 1;
  const double samples_per_site = 1.0 / 32;  // in time; as measured
  std::vector<Zone<N>> zones;
  divide<N - 1>(whole, threads, samples_per_site * (op.slicing.extent[0] / 2 + 1),
                threads > 1 ? sound(op, references) : std::vector<Sounding<N>>(), zones);
  return zones;
}

/// Runs an operation that inserts into grids.
template <class Exec, class Op>
void for_zones(const Exec& exec, const std::string& label, const Op& op, std::int64_t references) {
  const int threads = exec.concurrency();  // many references keep them busy by themselves
  const ZoneTask<Op> task{op, make_zones(op, references, references < 4 * threads ? threads : 1)};
  launch(exec, label, references * std::int64_t(task.zones.size()), task);
}

}  // namespace bracewell::detail
