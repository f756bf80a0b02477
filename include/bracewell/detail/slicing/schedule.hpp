// SPDX-License-Identifier: MIT
// How an operation is run, by what it writes and where:
//
//                            host                        device
//   slices                   host_rows                   device_samples
//   a reference's grids      host_zones                  device_samples, or device_fixed_point
//   cotangents of poses      host_rows + ordered_sums    device_samples by teams + ordered_sums
//
// An operation has
//   Geometry, T, N, M, geometry      of the problem
//   Plan<Count>, plan(rows, plan)    what can be known of a plan's block before its memory is touched
//   run(plan, rows, sums, add)       the work of a block; `add` adds to a grid, and only to its own rows
//   skip(b, p, row, begin, end, sums)      what becomes of samples that do not count
//   fills_blocks                     whether run does the same to those in a block
//   Gradient                         which cotangents of poses it sums
//   reach                            of its kernel
//   inserts                          whether it adds to grids; then also
//   clear(b, rows)                   before the first insertion into rows of a reference's grids, and
//   with_targets(data, density, gradient)  the operation with other grids, and with these cotangents of poses
#pragma once

#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/slicing/arguments.hpp>
#include <bracewell/detail/slicing/device_fixed_point.hpp>
#include <bracewell/detail/slicing/device_samples.hpp>
#include <bracewell/detail/slicing/host_rows.hpp>
#include <bracewell/detail/slicing/host_zones.hpp>
#include <bracewell/detail/slicing/pose_blocks.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// How many tasks share a slice. This does not depend on the number of threads, so that sums over shares do not either.
template <class Exec, class Geometry>
std::int64_t shares_of_slice(const Geometry& geometry) {
  const std::int64_t enough_tasks = on_host<Exec> ? enough_host_tasks : enough_device_tasks, samples_per_task = 512;
  const std::int64_t slices = geometry.references * geometry.poses;
  const std::int64_t wanted =
      std::min(enough_tasks / std::max<std::int64_t>(slices, 1), geometry.rows() * geometry.columns() / samples_per_task);
  return std::clamp<std::int64_t>(wanted, 1, geometry.rows());
}

/// Runs an operation on all samples of all slices. `sums`: where those of its cotangents of poses are kept.
template <class Exec, class Op>
void for_samples(const Exec& exec, const std::string& label, const Op& op, const SharedSums& sums = {}) {
  const auto& geometry = op.geometry;
  const std::int64_t slices = geometry.references * geometry.poses, samples = geometry.rows() * geometry.columns();
  if constexpr (on_host<Exec>) {
    const std::int64_t shares = shares_of_slice<Exec>(geometry);
    launch(exec, label, slices * shares, RowTask<Op>{op, sums, shares});
  } else if constexpr (Op::Gradient::size > 0) {
    launch_teams(exec, label, slices * sums.shares, TeamTask<Op>{op, sums, samples});
  } else {
    constexpr bool may_share = may_share_poses<Op>, in_loop = may_share && Op::reach > 1;  // even over one reference
    std::int64_t together = 1;                                                             // references
    if constexpr (may_share) together = references_together(op);
    const auto run = [&](auto shared, const std::string& name) {
      constexpr int lanes = lanes_of_sample<Exec, Op>;
      const ThreadSamples<Op, decltype(shared)::value, lanes> threads(geometry, together);
      launch(exec, name, threads.groups * geometry.poses * threads.threads_of_slice(),
             SampleTask<Op, decltype(shared)::value, lanes>{op, threads});
    };
    if constexpr (may_share)
      if (together > 1) return run(std::true_type(), label + "_of_all");
    run(std::bool_constant<in_loop>(), label);
  }
}

/// Runs an operation that sums cotangents of poses.
template <class Exec, class Op, class PosesBar>
void sum_poses(const Exec& exec, const std::string& label, const Op& op, const PosesBar& poses_bar,
               const SliceOptions& options) {
  using Gradient = typename Op::Gradient;
  const auto& geometry = op.geometry;
  const std::int64_t shares = shares_of_slice<Exec>(geometry);
  Scratch scratch(options.workspace);
  const std::size_t at = scratch.template add<double>(geometry.references * geometry.poses * shares * Gradient::size);
  scratch.allocate(exec);
  const SharedSums sums{scratch.template at<double>(at), shares, Gradient::size};
  for_samples(exec, label, op, sums);
  add_pose_shares(exec, label + "_poses", geometry, Gradient{}, sums, poses_bar, options.accumulate);
  scratch.release(exec);
}

/// Runs an operation that writes slices, and sums cotangents of poses if it has any.
template <class Exec, class Op, class PosesBar = None>
void write_slices(const Exec& exec, const std::string& label, const Op& op, const SliceOptions& options = {},
                  const PosesBar& poses_bar = {}) {
  if constexpr (Op::Gradient::size > 0) {
    sum_poses(exec, label, op, poses_bar, options);
  } else {
    for_samples(exec, label, op);
  }
}

/// Runs an operation that inserts into `data` and `density`, of which one may be none.
template <class P, class Exec, class Data, class Density, class Op>
void insert(const Exec& exec, const std::string& label, const Data& data, const Density& density,
            const SliceOptions& options, const Op& op) {
  if constexpr (!on_host<Exec>)
    if (options.deterministic)  // sums of integers need no care
      return insert_fixed_point(exec, label, op, output_grid<P>(data), output_grid<P>(density), options);
  const auto insert_all = [&](const auto& ops) {
    if constexpr (on_host<Exec>) {
      for_zones(exec, label, ops);
    } else {
      for (const auto& some : ops) for_samples(exec, label, some);
    }
  };
  if constexpr (may_sum_both<Exec, Op>)
    if (sums_both<Exec>(op, options.workspace))
      return insert_by_blocks<P, DataAndDensity<float>, None>(exec, label, data, density, options, op, insert_all);
  if (pose_blocks<Exec>(op).apart())
    return insert_by_blocks<P, Element<Data>, Element<Density>>(exec, label, data, density, options, op, insert_all);
  if (!on_host<Exec> && !options.accumulate) {  // on a host each thread clears what it owns
    fill_zero(exec, data);
    fill_zero(exec, density);
  }
  insert_all(std::vector<Op>{op});
}

/// The most scratch that insertion into a reference's cotangent needs: sums apart, or numbers of fixed point of 8 bytes for each.
template <class Exec, class Op>
std::int64_t insertion_bytes(const Op& op) {
  const std::int64_t wider =
      on_host<Exec> ? pose_blocks<Exec>(op).at_once : std::int64_t(sizeof(double) / sizeof(typename Op::T));
  return op.geometry.references * dense_bytes(op.reference_bar) * wider + std::int64_t(sizeof(FixedPointScale)) + 128;
}

/// Runs an operation that inserts into a grid, or sums cotangents of poses, or both. On a device both are one pass, unless
/// it is to be deterministic; on a host each has an order of work of its own.
template <class P, class Exec, class Bar, class PosesBar, class Op>
void insert_and_sum_poses(const Exec& exec, const std::string& label, const Bar& bar, const PosesBar& poses_bar,
                          const SliceOptions& options, const Op& op) {
  using Gradient = typename Op::Gradient;
  constexpr bool sums = Gradient::size > 0;
  if constexpr (sums && Op::inserts && !on_host<Exec>)
    if (!options.deterministic && !pose_blocks<Exec>(op).apart()) {
      if (!options.accumulate) fill_zero(exec, bar);
      return sum_poses(exec, label, op, poses_bar, options);
    }
  if constexpr (!Op::inserts) {
    sum_poses(exec, label, op.with_targets(none, none, Gradient{}), poses_bar, options);
  } else {
    // Scratch for both passes, of which the second needs more, is taken before the first: where it cannot be had, nothing is written.
    Scratch both(options.workspace);
    SliceOptions with = options;
    if constexpr (sums) {
      if (!on_host<Exec> || pose_blocks<Exec>(op).apart()) {
        both.template add<char>(insertion_bytes<Exec>(op));
        both.allocate(exec);
      }
      with.workspace = both.workspace();
      sum_poses(exec, label, op.with_targets(none, none, Gradient{}), poses_bar, with);
    }
    constexpr NoPoseGradient<Op::N, Op::M> no_gradient{};
    insert<P>(exec, label, bar, none, with, op.with_targets(op.reference_bar, none, no_gradient));
    if constexpr (sums) both.release(exec);
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
