// SPDX-License-Identifier: MIT
// Cotangents of points, poses and exposures on a device: a team has a stretch of the points, a thread one of them.
#pragma once

#include <bracewell/detail/gather_host.hpp>

namespace bracewell::detail {

/// Device: sums of the threads of a team.
template <int Size>
struct TeamSums {
  double sum[Size > 0 ? Size : 1] = {};

  KOKKOS_INLINE_FUNCTION void operator+=(const TeamSums& other) {
    for (int k = 0; k < Size; ++k) sum[k] += other.sum[k];
  }
};

/// Device: a team has a stretch of the points of one image, a thread a point.
template <class Op, class PointBar, class WeightBar>
struct GatherTeam {
  using T = typename Op::T;

  Op op;
  Table<PointBar> points;
  Table<WeightBar> weights;
  SumParts sums;
  std::int64_t stretch;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const std::int64_t image = team.league_rank() / sums.parts, piece = team.league_rank() % sums.parts;
    const std::int64_t begin = piece * stretch, rest = op.scene.count - begin;
    const std::int64_t b = image / op.scene.poses, p = image % op.scene.poses;
    const auto lens = op.scene.lens.load(b, p);
    TeamSums<Op::sums> total;
    const auto each = [&](std::int64_t i, TeamSums<Op::sums>& sum) { add(lens, b, p, begin + i, sum); };
    const auto range = Kokkos::TeamThreadRange(team, rest < stretch ? rest : stretch);
    if constexpr (Op::sums > 0) {
      Kokkos::parallel_reduce(range, each, Kokkos::Sum<TeamSums<Op::sums>>(total));
      Kokkos::single(Kokkos::PerTeam(team), [&] {
        for (int k = 0; k < Op::sums; ++k) sums.at(image, piece)[k] = total.sum[k];
      });
    } else {
      Kokkos::parallel_for(range, [&](std::int64_t i) { each(i, total); });
    }
  }

  KOKKOS_INLINE_FUNCTION void add(const typename Op::Image& lens, std::int64_t b, std::int64_t p, std::int64_t i,
                                  TeamSums<Op::sums>& total) const {
    using Want = typename Op::Want;
    typename Op::template Share<1> share;
    op.template read<1>(lens, b, p, i, 1, share, [&](int c, const T(&bar)[1]) {
      if constexpr (Want::weights) Kokkos::atomic_add(&weights(b, i, c), WeightBar(bar[0]));
    });
    T q[Op::N], x_bar[Op::M], bar[Op::N] = {}, sum[Op::sums > 0 ? Op::sums : 1] = {};
    for (int d = 0; d < Op::N; ++d) q[d] = share.q[d][0];
    for (int e = 0; e < Op::M; ++e) x_bar[e] = share.x_bar[e][0];
    if constexpr (Want::slopes) lens.template pull<Want::points, Want::first, Want::second>(q, x_bar, bar, sum);
    if constexpr (Want::out_weight) sum[Op::pose_sums] = share.out_weight_bar[0];
    if constexpr (Want::points)
      for (int d = 0; d < Op::N; ++d) Kokkos::atomic_add(&points(b, i, d), PointBar(bar[d]));
    for (int k = 0; k < Op::sums; ++k) total.sum[k] += sum[k];
  }
};

/// Device: a team sums some voxels of an image.
template <class T, int M>
struct VoxelTeam {
  SumVoxels<T, M> voxels;

  template <class Member>
  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const auto& images = voxels.images;
    const SumParts& sums = voxels.sums;
    const std::int64_t image = team.league_rank() / sums.parts, part = team.league_rank() % sums.parts;
    const std::int64_t count = images.voxels() * voxels.channels;
    double total = 0;
    Kokkos::parallel_reduce(
        Kokkos::TeamThreadRange(team, part * count / sums.parts, (part + 1) * count / sums.parts),
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

/// The identity of a team's sum.
template <int Size>
struct Kokkos::reduction_identity<bracewell::detail::TeamSums<Size>> {
  KOKKOS_FUNCTION static bracewell::detail::TeamSums<Size> sum() { return {}; }
};
