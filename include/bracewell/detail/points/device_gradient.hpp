// SPDX-License-Identifier: MIT
// Cotangents of points, poses and exposures on a device: a team has a range of the points, a thread one of them.
#pragma once

#include <bracewell/detail/points/host_gradient.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Device: a team has a range of the points on one image, a thread has a point.
template <class Op, class Bars>
struct GatherTeam {
  using T = typename Op::T;

  Op op;
  Bars cloud;  // CloudBars
  SharedSums sums;
  std::int64_t points_per_task;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team, std::int64_t task) const {
    const std::int64_t image = task / sums.shares, piece = task % sums.shares;
    const std::int64_t begin = piece * points_per_task, rest = op.problem.count - begin;
    const std::int64_t b = image / op.problem.poses, p = image % op.problem.poses;
    const auto projection = op.problem.projection.load(b, p);
    Sums<Op::sums> total;
    const auto each = [&](std::int64_t i, Sums<Op::sums>& sum) { add(projection, b, p, begin + i, sum); };
    const auto range = Kokkos::TeamThreadRange(team, rest < points_per_task ? rest : points_per_task);
    if constexpr (Op::sums > 0) {
      Kokkos::parallel_reduce(range, each, Kokkos::Sum<Sums<Op::sums>>(total));
      Kokkos::single(Kokkos::PerTeam(team), [&] { sums.store(image, piece, total); });
    } else {
      Kokkos::parallel_for(range, [&](std::int64_t i) { each(i, total); });
    }
  }

  KOKKOS_INLINE_FUNCTION void add(const typename Op::ForOneImage& projection, std::int64_t b, std::int64_t p, std::int64_t i,
                                  Sums<Op::sums>& total) const {
    using Want = typename Op::Want;
    typename Op::template PointCotangents<1> bars;
    const auto add_to = [&](const auto& table, int d, auto bar) {
      Kokkos::atomic_add(&table(b, i, d), std::decay_t<decltype(*table.data)>(bar));
    };
    op.template read<1>(
        projection, b, p, i, 1, bars,
        [&](int c, const T(&bar)[1]) {
          if constexpr (Want::weights) add_to(cloud.weights, c, bar[0]);
        },
        [&](const T(&bar)[1]) {
          if constexpr (Want::widths) add_to(cloud.widths, 0, bar[0]);
        });
    typename Op::C q[Op::N], x_bar[Op::M], bar[Op::N] = {}, sum[Op::sums > 0 ? Op::sums : 1] = {};
    for (int d = 0; d < Op::N; ++d) q[d] = bars.q[d][0];
    for (int e = 0; e < Op::M; ++e) x_bar[e] = bars.x_bar[e][0];
    if constexpr (Want::slopes) projection.template vjp<Want::points, Want::parameters, Want::shifts>(q, x_bar, bar, sum);
    if constexpr (Want::out_weight) sum[Op::pose_sums] = bars.out_weight_bar[0];
    if constexpr (Want::points)
      for (int d = 0; d < Op::N; ++d) add_to(cloud.points, d, bar[d]);
    for (int k = 0; k < Op::sums; ++k) total.sum[k] += sum[k];
  }
};

/// Device: a team sums some voxels of an image.
template <class T, int M>
struct VoxelTeam {
  SumVoxels<T, M> voxels;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team, std::int64_t task) const {
    const auto& images = voxels.images;
    const SharedSums& sums = voxels.sums;
    const std::int64_t image = task / sums.shares, part = task % sums.shares;
    const std::int64_t count = images.voxels() * voxels.channels;
    double total = 0;
    Kokkos::parallel_reduce(
        Kokkos::TeamThreadRange(team, part * count / sums.shares, (part + 1) * count / sums.shares),
        [&](std::int64_t i, double& sum) {
          std::int64_t offset = 0;
          for (int e = 0; e < M; ++e) {
            offset += i % images.extent[e] * images.stride[e];
            i /= images.extent[e];
          }
          sum += images.at(image / voxels.poses, image % voxels.poses, int(i))[offset];
        },
        total);
    Kokkos::single(Kokkos::PerTeam(team), [&] { sums.at(image, part)[0] = total; });
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
