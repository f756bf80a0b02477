// SPDX-License-Identifier: MIT
// Cotangents of points, poses and exposures on the host: a task has a range of the points.
#pragma once

#include <bracewell/detail/core/ordered_sums.hpp>
#include <bracewell/detail/points/gradient_operation.hpp>
#include <bracewell/detail/points/host_tiles.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Images first … first + count − 1 of every group of `images`.
struct ImageRange {
  std::int64_t images, first, count;

  std::int64_t operator()(std::int64_t group, std::int64_t i) const { return group * images + first + i; }
};

/// Host: sums of points over images, in parts, [part][object][component][point].
template <class T>
struct PointParts {
  T* data;
  std::int64_t objects, components, count;
  bool shared;              // by all objects
  std::int64_t origin = 0;  // first of the points

  /// A row of numbers, to be indexed by points.
  KOKKOS_INLINE_FUNCTION T* at(std::int64_t part, std::int64_t b, std::int64_t component) const {
    return data + ((part * objects + (shared ? 0 : b)) * components + component) * count - origin;
  }

  /// The numbers of one part.
  std::int64_t size() const { return objects * components * count; }
};

/// Those of all that a cloud has.
template <class T>
struct CloudParts {
  PointParts<T> points, weights, widths;
};

/// Calls run(sums, table) for the sums of a cloud that are wanted.
template <class Parts, class Bars, class Run>
void for_wanted(Parts& parts, const Bars& bars, const Run& run) {
  const auto run_wanted = [&]<class V>(auto& sums, const Table<V>& table) {
    if constexpr (!std::is_same_v<V, None>) run(sums, table);
  };
  run_wanted(parts.points, bars.points);
  run_wanted(parts.weights, bars.weights);
  run_wanted(parts.widths, bars.widths);
}

/// How many numbers the wanted ones of one part have.
template <class T, class Bars>
std::int64_t wanted_size(const CloudParts<T>& parts, const Bars& bars) {
  std::int64_t size = 0;
  for_wanted(parts, bars, [&](const PointParts<T>& sums, const auto&) { size += sums.size(); });
  return size;
}

/// Puts the wanted sums of `count` parts one behind the other.
template <class T, class Bars>
void place_wanted(CloudParts<T>& parts, const Bars& bars, std::int64_t count, T* memory) {
  for_wanted(parts, bars, [&](PointParts<T>& sums, const auto&) {
    sums.data = memory;
    memory += count * sums.size();
  });
}

/// Adds the parts of points begin … end − 1 of object b.
template <class T, class V>
void write_points(const Table<V>& out, const PointParts<T>& from, std::int64_t parts, std::int64_t b, std::int64_t begin,
                  std::int64_t end, bool accumulate) {
  for (std::int64_t i = begin; i < end; ++i)
    for (int d = 0; d < from.components; ++d) {
      T sum = 0;
      for (std::int64_t part = 0; part < parts; ++part) sum += from.at(part, b, d)[i];
      V& to = out(b, i, d);
      to = V(accumulate ? to + V(sum) : V(sum));
    }
}

template <class T, class V>
struct AddPoints {
  Table<V> out;
  PointParts<T> from;
  std::int64_t parts, points_per_task;
  bool accumulate;

  void operator()(std::int64_t task) const {
    const std::int64_t stretches = ceil_div(from.count, points_per_task), begin = task % stretches * points_per_task;
    write_points(out, from, parts, task / stretches, begin, std::min(begin + points_per_task, from.count), accumulate);
  }
};

/// Host: a range of the points on some images of a group, which is all images, or those of one object.
template <class Op, class Bars>
struct GatherPoints {
  static constexpr bool zeroed = false;
  using T = typename Op::T;
  using C = typename Op::C;

  Op op;
  Bars bars;             // CloudBars
  CloudParts<T> common;  // where sums are `kept` for other parts or calls; else a worker has its own
  SharedSums sums;       // a share of them is over a range of the points
  ImageRange range;
  std::int64_t points_per_task, groups, parts;  // parts: of a group's images in the range
  bool kept, accumulate;

  void operator()(std::int64_t task, double* memory) const {
    using Want = typename Op::Want;
    constexpr int N = Op::N, M = Op::M, W = simd::pack_width<C, points_per_block>, size = Op::sums > 0 ? Op::sums : 1;
    using P = simd::Pack<C, W>;
    using Wide = simd::Pack<double, W>;
    const std::int64_t piece = task % sums.shares, part = task / sums.shares % parts, group = task / sums.shares / parts;
    const std::int64_t begin = piece * points_per_task, end = std::min(begin + points_per_task, op.problem.count);
    CloudParts<T> cloud = common;
    if (!kept) {
      for_wanted(cloud, bars, [&](PointParts<T>& array, const auto&) { array.origin = begin; });
      place_wanted(cloud, bars, 1, reinterpret_cast<T*>(memory));
    }
    const auto for_objects = [&](const PointParts<T>& array, const auto& run) {
      for (std::int64_t b = groups > 1 ? group : 0; b < (groups > 1 ? group + 1 : array.objects); ++b) run(b);
    };
    if (range.first == 0)
      for_wanted(cloud, bars, [&](const PointParts<T>& array, const auto&) {
        for_objects(array, [&](std::int64_t b) {
          for (std::int64_t d = 0; d < array.components; ++d)
            std::fill(array.at(part, b, d) + begin, array.at(part, b, d) + end, T(0));
        });
      });
    for (std::int64_t number = part * range.count / parts; number < (part + 1) * range.count / parts; ++number) {
      const std::int64_t image = range(group, number);
      const std::int64_t b = image / op.problem.poses, p = image % op.problem.poses;
      const auto projection = op.problem.projection.load(b, p);
      P sum[size] = {};
      Wide total[size] = {};
      int blocks = 0;
      const auto flush = [&] {
        for (int k = 0; k < Op::sums; ++k) {
          Wide wide;
          simd::convert_to(wide, sum[k]);
          total[k] += wide;
          sum[k] = P{};
        }
      };
      for (std::int64_t i = begin; i < end; i += points_per_block) {
        const int count = int(std::min<std::int64_t>(end - i, points_per_block));
        typename Op::template PointCotangents<points_per_block> block;
        op.template read<points_per_block>(
            projection, b, p, i, count, block,
            KOKKOS_LAMBDA(int c, const T(&bar)[points_per_block]) {
              T* const to = cloud.weights.at(part, b, c) + i;
              for (int lane = 0; lane < count; ++lane) to[lane] += bar[lane];
            },
            KOKKOS_LAMBDA(const T(&bar)[points_per_block]) {
              T* const to = cloud.widths.at(part, b, 0) + i;
              for (int lane = 0; lane < count; ++lane) to[lane] += bar[lane];
            });
        C q_bar[N][points_per_block];
        for (int lane = 0; lane < points_per_block; lane += W) {
          P q[N], x_bar[M], bar[N] = {};
          for (int d = 0; d < N; ++d) q[d] = simd::load<P>(block.q[d] + lane);
          for (int e = 0; e < M; ++e) x_bar[e] = simd::load<P>(block.x_bar[e] + lane);
          if constexpr (Want::slopes)
            projection.template vjp<Want::points, Want::parameters, Want::shifts>(q, x_bar, bar, sum);
          if constexpr (Want::out_weight) sum[Op::pose_sums] += simd::load<P>(block.out_weight_bar + lane);
          for (int d = 0; d < N; ++d) simd::store(q_bar[d] + lane, bar[d]);
        }
        if constexpr (Want::points)
          for (int d = 0; d < N; ++d) {
            T* const to = cloud.points.at(part, b, d) + i;
            for (int lane = 0; lane < count; ++lane) to[lane] += T(q_bar[d][lane]);
          }
        if (++blocks % 16 == 0) flush();  // sums of few numbers keep their precision
      }
      flush();
      for (int k = 0; k < Op::sums; ++k) sums.at(image, piece)[k] = simd::sum(total[k]);
    }
    if (kept) return;
    for_wanted(cloud, bars, [&](const PointParts<T>& array, const auto& table) {
      for_objects(array, [&](std::int64_t b) { write_points(table, array, 1, b, begin, end, accumulate); });
    });
  }
};

/// Host: cotangents of backgrounds, some voxels at a time.
template <class T, int M>
struct SumVoxels {
  ImageStack<const T, M> images;
  std::int64_t poses;
  int channels;
  SharedSums sums;
  ImageRange range;

  void operator()(std::int64_t task) const {
    const std::int64_t number = task / sums.shares, part = task % sums.shares;
    const std::int64_t image = range(number / range.count, number % range.count);
    const std::int64_t rows = images.voxels() / images.extent[0];
    double sum = 0;
    for (int c = 0; c < channels; ++c)
      for (std::int64_t row = part * rows / sums.shares; row < (part + 1) * rows / sums.shares; ++row)
        sum += sum_row(image, c, row);
    sums.at(image, part)[0] = sum;
  }

 private:
  double sum_row(std::int64_t image, int c, std::int64_t row) const {
    const T* from = images.at(image / poses, image % poses, c);
    for (int e = 1; e < M; ++e) {
      from += row % images.extent[e] * images.stride[e];
      row /= images.extent[e];
    }
    constexpr int W = simd::width<double>;
    double lane[W] = {};
    int x = 0;
    for (; x + W <= images.extent[0]; x += W)
      for (int i = 0; i < W; ++i) lane[i] += from[x + i];
    double sum = 0;
    for (; x < images.extent[0]; ++x) sum += from[x];
    for (int i = 0; i < W; ++i) sum += lane[i];
    return sum;
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
