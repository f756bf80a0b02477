// SPDX-License-Identifier: MIT
// Device: points onto images. A thread has points of one image, and adds atomically: to the image, or, where that pays
// (schedule.hpp), to a tile of it that its team has in shared memory.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/detail/points/draw_operation.hpp>

#include <algorithm>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Device: what a voxel starts from.
template <class Op>
struct FillBackground {
  Op op;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    using T = typename Op::T;
    std::int64_t offset = 0;
    for (int e = 0; e < Op::M; ++e) {
      offset += i % op.images.extent[e] * op.images.stride[e];
      i /= op.images.extent[e];
    }
    const int c = int(i % op.problem.channels);
    i /= op.problem.channels;
    const std::int64_t b = i / op.problem.poses, p = i % op.problem.poses;
    T& to = op.images.at(b, p, c)[offset];
    to = (op.accumulate ? to : T(0)) + T(op.background(b, p));
  }
};

/// Device: adds a point whose taps are known, times its amplitude, to an image, or some planes of it, of these strides and extents.
template <class Op, class Add, class Taps, class Amplitude>
KOKKOS_INLINE_FUNCTION void add_taps(const Taps& point, const Amplitude& amplitude, const std::int64_t (&stride)[Op::M],
                                     const int (&extent)[Op::M], typename Op::T* to) {
  using T = typename Op::T;
  const EdgeWalk<Taps, Op::tangent ? Slope::rate : Slope::by_x> walk(point, stride, 0, extent);
  spread<Op::M - 1>(walk, std::int64_t(0), one<T, Op::tangent>(), [&](std::int64_t where, const auto& product) {
    for (int j = 0; j < Op::taps; ++j) {
      if (!walk.owns(0, j)) continue;
      T& voxel = to[where + walk.index(0, j)];
      const auto weight = product * walk.weight(0, j);
      if constexpr (Op::tangent) {
        Add::add(voxel, T(amplitude.value) * weight.rate + T(amplitude.rate) * weight.value);
      } else {
        Add::add(voxel, T(amplitude) * weight);
      }
    }
  });
}

/// Device: some points of one image, for one loading of its projection; neighbours have neighbouring points.
template <class Op>
struct DrawPoints {
  Op op;
  std::int64_t threads;  // of an image

  explicit DrawPoints(const Op& op_) : op(op_) {
    constexpr std::int64_t enough_threads = 1 << 20, most_points = 16;
    const std::int64_t wanted = images() * op.problem.count / enough_threads;
    threads = ceil_div(op.problem.count, std::clamp<std::int64_t>(wanted, 1, most_points));
  }

  std::int64_t images() const { return op.problem.objects * op.problem.poses; }

  KOKKOS_FUNCTION void operator()(std::int64_t task) const {
    const std::int64_t image = task / threads, b = image / op.problem.poses, p = image % op.problem.poses;
    const auto projection = op.problem.projection.load(b, p);
    const auto out_weight = op.out_weight(b, p);
    for (std::int64_t i = task - image * threads; i < op.problem.count; i += threads) {
      typename Op::template PointsOnImage<1> projected;
      op.template project<1>(projection, b, i, 1, projected);
      typename Op::template TapsOf<typename Op::T, 1> point;
      op.set_taps(b, projected, point);
      if (!point.inside[0]) continue;
      for (int c = 0; c < op.problem.channels; ++c)
        add_taps<Op, GlobalAtomicAdd>(point, op.amplitude(out_weight, b, projected.index[0], c), op.images.stride,
                                      op.images.extent, op.images.at(b, p, c));
    }
  }
};

/// Device: how images are drawn in tiles, each of some planes of the slowest axis of an image in one channel, by teams that have
/// a range of the points each.
struct ImageTiles {
  int planes, bands;                      // of a tile, the last of an image may have fewer; tiles of an image
  std::int64_t shares, points_per_share;  // ranges of the points
};

/// Device: a team draws a range of the points in a tile, and adds that to the image; or writes it where it has all points.
template <class Op>
struct DrawTile {
  static constexpr int M = Op::M;
  using T = typename Op::T;

  Op op;
  ImageTiles tiles;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team, std::int64_t task) const {
    const std::int64_t begin = task % tiles.shares * tiles.points_per_share;
    task /= tiles.shares;
    const int low = int(task % tiles.bands) * tiles.planes;
    task /= tiles.bands;
    const int c = int(task % op.problem.channels);
    const std::int64_t image = task / op.problem.channels, b = image / op.problem.poses, p = image % op.problem.poses;

    std::int64_t stride[M];
    int extent[M], size = 1;
    for (int e = 0; e < M; ++e) {
      extent[e] = op.images.extent[e];
      if (e == M - 1) extent[e] = extent[e] - low < tiles.planes ? extent[e] - low : tiles.planes;
      stride[e] = size;
      size *= extent[e];
    }
    const Kokkos::View<T*, typename Member::scratch_memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>> tile(
        team.team_scratch(0), size);
    T* const sums = tile.data();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, size), [&](int i) { sums[i] = 0; });
    team.team_barrier();

    const auto projection = op.problem.projection.load(b, p);
    const auto out_weight = op.out_weight(b, p);
    const std::int64_t rest = op.problem.count - begin,
                       count = rest < tiles.points_per_share ? rest : tiles.points_per_share;
    const auto draw = [&](std::int64_t i) {
      typename Op::template PointsOnImage<1> projected;
      op.template project<1>(projection, b, i, 1, projected);
      using C = typename Op::C;
      constexpr int reach = Op::taps / 2;
      const C x = projected.x[M - 1][0] - C(low);
      if (!(x >= C(-reach) && x <= C(extent[M - 1] + reach))) return;  // before weights are computed, which may cost more
      typename Op::template TapsOf<T, 1> point;
      op.set_taps(b, projected, point);
      if (!point.inside[0]) return;
      point.first[M - 1][0] -= low;
      add_taps<Op, SharedAtomicAdd>(point, op.amplitude(out_weight, b, projected.index[0], c), stride, extent, sums);
    };
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, begin, begin + count), draw);
    team.team_barrier();

    T* const to = op.images.at(b, p, c) + low * op.images.stride[M - 1];
    const T background = T(op.background(b, p));
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, size), [&](int i) {
      int place = i;
      std::int64_t offset = 0;
      for (int e = 0; e < M; ++e) {
        offset += place % extent[e] * op.images.stride[e];
        place /= extent[e];
      }
      if (tiles.shares > 1) {
        Kokkos::atomic_add(to + offset, sums[i]);
      } else {
        to[offset] = (op.accumulate ? to[offset] : T(0)) + background + sums[i];
      }
    });
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
