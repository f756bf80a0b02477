// SPDX-License-Identifier: MIT
// Host: insertion by zones of the reference, one for each thread, which finds the samples that fall on it in closed form:
// rows by the area of the slice that a zone's cross-section cuts out, samples of a row by where the row crosses it.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/detail/slicing/host_rows.hpp>
#include <bracewell/detail/slicing/host_zone_intersection.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Everything that falls on one zone of one reference, of one of the operations that run at the same time.
template <class Op>
struct ZoneTask {
  static constexpr int N = Op::N, M = Op::M;

  std::vector<Op> ops;
  std::vector<OwnedRows<N>> zones;
  std::vector<PoseOrder<typename Op::Geometry>> orders = orders_of(ops);

  std::int64_t tasks() const { return std::int64_t(ops.size() * zones.size()) * ops.front().geometry.references; }

  void operator()(std::int64_t task) const {
    const OwnedRows<N> zone = zones[std::size_t(task) % zones.size()];
    const std::int64_t of_zone = task / std::int64_t(zones.size()), b = of_zone / std::int64_t(ops.size());
    const std::size_t n = std::size_t(of_zone) % ops.size();
    const Op& op = ops[n];
    op.clear(b, zone);
    PoseSums<typename Op::Gradient> no_sums;
    Pipeline<Op, OwnedRows<N>> pipeline(op, zone, no_sums);
    for (std::int64_t i = 0; i < op.geometry.poses; ++i) {
      const std::int64_t p = orders[n].pose(b, i);
      Pose<N, M> pose;
      if (!op.geometry.load(b, p, pose)) continue;
      pipeline.start(b, p, pose);
      ZoneIntersection<typename Op::Geometry, samples_per_block<Op>>(op.geometry, pose, zone, Op::reach).run(pipeline);
      pipeline.finish();
    }
  }

 private:
  static auto orders_of(const std::vector<Op>& ops) {
    std::vector<PoseOrder<typename Op::Geometry>> orders;
    for (const Op& op : ops) orders.emplace_back(op.geometry, smallest_inserted_in_order);
    return orders;
  }
};

/// |κ| of one of the samples that work is estimated from, and how many samples it stands for.
template <int N>
struct WorkSample {
  int at[N];
  double samples;
};

template <class Geometry>
std::vector<WorkSample<Geometry::N>> sample_work(const Geometry& geometry) {
  constexpr int N = Geometry::N;
  std::vector<WorkSample<N>> work_samples;
  const std::int64_t poses = geometry.poses, slices = geometry.references * poses, rows = geometry.rows();
  // One of every so many rows, from another place among them each time: a fixed one would be that of the same few rows of all slices.
  const std::int64_t stride = std::max<std::int64_t>(1, slices * rows / 2048);
  for (std::int64_t n = 0; n * stride < slices * rows; ++n) {
    const std::int64_t i = std::min(n * stride + n * 10007 % stride, slices * rows - 1);
    Pose<N, Geometry::M> pose;
    if (!geometry.load(i / rows / poses, i / rows % poses, pose)) continue;
    Row<N, Geometry::M> row;
    geometry.set_row(pose, i % rows, row);
    geometry.clip(row);
    const int count = std::min(row.end - row.begin, 8);
    for (int j = 0; j < count; ++j) {
      const int kx = row.begin + (2 * j + 1) * (row.end - row.begin) / (2 * count);
      WorkSample<N> s{{}, double(stride) * (row.end - row.begin) / count};
      for (int d = 1; d < N; ++d) s.at[d] = int(std::abs(row.kappa(d, kx)));
      work_samples.push_back(s);
    }
  }
  return work_samples;
}

/// Divides a zone along axes Axis … 1 into `count` of about equal work: samples, and rows to clear, each of which counts as
/// `per_row` samples.
template <int Axis, int N>
void split_zone(const OwnedRows<N>& zone, int count, double per_row, const std::vector<WorkSample<N>>& work_samples,
                std::vector<OwnedRows<N>>& zones) {
  if constexpr (Axis == 0) {
    zones.push_back(zone);
  } else {
    const int planes = zone.high[Axis] - zone.low[Axis];
    const int parts = std::min(planes, int(std::ceil(std::pow(count, 1.0 / Axis) - 1e-6)));
    double clearing = 2 * per_row;  // of a plane ±f
    for (int d = 1; d < Axis; ++d) clearing *= 2 * (zone.high[d] - zone.low[d]);
    std::vector<double> work(std::size_t(planes), clearing);
    double total = clearing * planes, sum = 0;
    for (const auto& s : work_samples) {
      work[std::size_t(std::min(s.at[Axis] - zone.low[Axis], planes - 1))] += s.samples;
      total += s.samples;
    }
    OwnedRows<N> part = zone;
    int done = 0, plane = 0;
    for (int i = 0; i < parts; ++i) {
      const int share = (count - done) / (parts - i);  // zones of this part
      done += share;
      const int most = planes - (parts - 1 - i);  // the others have a plane each at least
      part.low[Axis] = zone.low[Axis] + plane;
      do sum += work[std::size_t(plane++)];
      while (plane < most && (i == parts - 1 || sum * count < total * done));
      part.high[Axis] = zone.low[Axis] + plane;
      std::vector<WorkSample<N>> inside;
      for (const auto& s : work_samples)
        if (s.at[Axis] >= part.low[Axis] && (i == parts - 1 || s.at[Axis] < part.high[Axis])) inside.push_back(s);
      split_zone<Axis - 1>(part, share, 2 * per_row * (part.high[Axis] - part.low[Axis]), inside, zones);
    }
  }
}

/// Zones of about equal work, one a thread.
template <class Geometry>
std::vector<OwnedRows<Geometry::N>> make_zones(const Geometry& geometry, int threads) {
  constexpr int N = Geometry::N;
  OwnedRows<N> whole{};
  for (int d = 1; d < N; ++d) whole.high[d] = geometry.extent[d] / 2 + 1;
  // The time to clear a number, in samples. bracewell_schedule (bench/README.md) shows how well zones are balanced.
  const double samples_per_number = 1.0 / 32;
  std::vector<OwnedRows<N>> zones;
  split_zone<N - 1>(whole, threads, samples_per_number * (geometry.extent[0] / 2 + 1),
                    threads > 1 ? sample_work(geometry) : std::vector<WorkSample<N>>(), zones);
  return zones;
}

/// How many zones so many grids have each: threads share all evenly, and many grids keep them busy by themselves.
inline int zones_of_each(int threads, std::int64_t grids) {
  return grids < 4 * threads ? threads / int(std::gcd(std::int64_t(threads), grids)) : 1;
}

/// Runs operations that insert into grids of their own, at the same time.
template <class Exec, class Op>
void for_zones(const Exec& exec, const std::string& label, const std::vector<Op>& ops) {
  const auto& geometry = ops.front().geometry;
  if (geometry.references == 0) return;  // whatever extents they would have
  const ZoneTask<Op> task{
      ops, make_zones(geometry, zones_of_each(exec.concurrency(), geometry.references * std::int64_t(ops.size())))};
  launch(exec, label, task.tasks(), task);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
