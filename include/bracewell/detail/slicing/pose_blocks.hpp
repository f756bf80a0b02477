// SPDX-License-Identifier: MIT
// Insertion in blocks of poses whose sums are apart. Every slice meets the centre of the transform: a float that is added to
// pose by pose would drift, and at 2^24 times a term stop. So the terms of some thousand poses are summed apart, and their sums
// added. On hosts blocks are also summed at the same time, which shares out poses where zones of a small grid would share out
// pieces of a few samples.
#pragma once

#include <bracewell/detail/core/elementwise.hpp>
#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/slicing/arguments.hpp>

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Of random terms, so many in float have a relative error of some 2^-23 · √4096 / 6 = 1.3e-6; and clearing and adding a volume is
/// below 1 % of inserting them.
inline constexpr std::int64_t poses_per_sum = 4096;

/// Terms for each lattice point from which on a volume of sums costs less than some 3 %.
inline constexpr std::int64_t terms_per_sum = 8;

/// Blocks that a host sums at the same time, in grids of their own of data and density: two with enough samples for each lattice point,
/// twice as many for so many samples more. Clearing and adding a grid costs more where it is larger than a core's cache, and grids beyond
/// 56 MiB (box 192) are better shared by zones.
inline constexpr std::int64_t most_at_once = 32;
inline constexpr double near_at_once = 8 << 20, largest_at_once = 56 << 20, all_at_once = 128 << 20;  // bytes
inline constexpr double samples_for_two = 7, samples_for_large_two = 14, samples_for_each = 12;

/// Samples for each lattice point from which on a host's grid of both costs less than it brings, and the bytes up to which it does:
/// larger ones take cache from the outputs.
inline constexpr double samples_for_both = 0.75, largest_for_both = 8 << 20;

/// Samples of all slices of a reference.
template <class Geometry>
double samples_of_slices(const Geometry& geometry) {
  return double(geometry.rows()) * double(geometry.columns()) * double(geometry.poses);
}

/// How poses are shared out: so many in a block, and so many blocks at the same time, in grids of their own. Where no poses are in a
/// block, all are added to the outputs.
struct PoseBlocks {
  std::int64_t poses = 0, at_once = 1;

  bool apart() const { return poses > 0; }
};

/// This does not depend on the number of threads, so that sums do not either.
template <class Exec, class Op>
PoseBlocks pose_blocks(const Op& op) {
  const auto& geometry = op.geometry;
  const std::int64_t poses = geometry.poses;
  const double points = points_of_reference(geometry), samples = samples_of_slices(geometry);
  if (geometry.references == 0 || poses == 0 || points == 0) return {};
  constexpr bool drifts = std::is_same_v<typename Op::T, float>;
  PoseBlocks blocks;
  if (drifts && (poses > poses_per_sum || (op.accumulate && samples >= double(terms_per_sum) * points)))
    blocks.poses = std::min(poses, poses_per_sum);
  if constexpr (on_host<Exec>) {
    const double bytes = points * double(geometry.references) * 4 * sizeof(typename Op::T);  // of data and density
    if (bytes <= largest_at_once && samples >= (bytes > near_at_once ? samples_for_large_two : samples_for_two) * points) {
      const double most =
          std::min({double(most_at_once), all_at_once / bytes, std::max(2.0, samples / (samples_for_each * points))});
      blocks.at_once = std::int64_t(std::bit_floor(std::uint64_t(most)));  // so that threads share them evenly
      const std::int64_t sums = drifts ? ceil_div(poses, poses_per_sum) : 1;
      blocks.poses = ceil_div(poses, ceil_div(sums, blocks.at_once) * blocks.at_once);
      blocks.at_once = std::min(blocks.at_once, ceil_div(poses, blocks.poses));
    }
  }
  return blocks;
}

/// Operations whose data and density may be summed in a grid of both. On devices a tap is then one addition of 16 bytes instead of one
/// of 8 and one of 4; on hosts the two taps of a row are one of 32. More taps there would cross cache lines too often.
template <class Exec, class Op>
inline constexpr bool may_sum_both = [] {
  if constexpr (requires { Op::inserts_both; })
    return std::is_same_v<typename Op::T, float> && Op::inserts_both &&
           (!on_host<Exec> || Op::template Plan<1>::Stencil::lerps);
  return false;
}();

/// Whether they are: where there are additions enough for a grid that is cleared, read and added. Without a Workspace, to
/// allocate it, and to wait when it is freed, would cost more than it brings, unless there are sums apart anyway. On hosts numbers
/// are those of two grids to the last bit, which sums that begin with what is there would not be.
template <class Exec, class Op>
bool sums_both(const Op& op, const Workspace* workspace) {
  const double samples = samples_of_slices(op.geometry), points = points_of_reference(op.geometry);
  if (on_host<Exec>)
    return pose_blocks<Exec>(op).apart() ||
           (workspace && !op.accumulate && samples >= samples_for_both * points && points > 0 &&
            points * double(sizeof(DataAndDensity<float>)) <= largest_for_both);
  double taps = 1;
  for (int d = 0; d < Op::N; ++d) taps *= 2 * Op::reach;
  return workspace && samples * taps >= 2 * points;
}

/// A grid of sums of type S without gaps; None for None.
template <class S, class G>
auto grid_of_sums(const G& like, void* data) {
  if constexpr (std::is_same_v<S, None>) {
    return None();
  } else {
    return dense_grid<S>(like, data);
  }
}

/// Adds dense sums S, in several parts one after the other, to an array of V, or overwrites it with them; sums of both also to a density,
/// or None. index: of a row's first element, in memory order.
template <class V, class S, int Rank, class Density>
struct AddSums {
  const S* sums;
  std::int64_t parts, step;  // from one part to the next
  Density density;
  std::int64_t extent[Rank];
  bool accumulate;

  struct Row {
    const S* sums;
    std::int64_t density;  // where it begins
  };

  KOKKOS_INLINE_FUNCTION Row row(const std::int64_t (&index)[Rank]) const {
    std::int64_t offset = 0, of_density = 0;
    for (int a = 0; a < Rank; ++a) {
      offset = offset * extent[a] + index[a];
      if constexpr (Given<Density>) of_density += index[a] * density.stride[a];
    }
    return {sums + offset, of_density};
  }
  KOKKOS_INLINE_FUNCTION void apply(V& to, std::int64_t x, const Row& from) const {
    add(to, from.sums + x);
    if constexpr (Given<Density>) add(density.data[from.density + x * density.stride[Rank - 1]], from.sums + x);
  }

 private:
  template <class W>
  KOKKOS_INLINE_FUNCTION void add(W& to, const S* first) const {
    W sum = W(*first);
    for (std::int64_t i = 1; i < parts; ++i) sum += W(first[i * step]);
    to = accumulate ? to + sum : sum;
  }
};

/// \param density: of sums of both; None otherwise.
template <class Exec, class X, class Density, class G>
void add_sums(const Exec& exec, const std::string& label, const X& array, const Density& density, const G& sums,
              std::int64_t parts, std::int64_t bytes, bool accumulate) {
  if constexpr (Given<X>) {
    const auto& v = view(array);
    using V = typename View<X>::value_type;
    constexpr int rank = int(View<X>::rank());
    const auto strided = [](const auto& x) {
      if constexpr (Given<Density>) {
        return StridedArray<Element<Density>, rank>(view(x));
      } else {
        return none;
      }
    };
    const auto to_density = strided(density);
    using S = std::remove_pointer_t<decltype(sums.data)>;
    AddSums<V, S, rank, std::decay_t<decltype(to_density)>> op{sums.data,  parts, bytes / std::int64_t(sizeof(S)),
                                                               to_density, {},    accumulate};
    for (int a = 0; a < rank; ++a) op.extent[a] = std::int64_t(v.extent(a));
    for_elements(exec, label, v, op);
  }
}

/// Runs insert(operations) on operations for blocks of poses, with grids of their own (of the elements Sum, SumOfDensity; a grid of both
/// where the latter is None), and adds these to `data` and `density`, in the order of the poses.
template <class P, class Sum, class SumOfDensity, class Exec, class Data, class Density, class Op, class Insert>
void insert_by_blocks(const Exec& exec, const std::string& label, const Data& data, const Density& density,
                      const SliceOptions& options, const Op& op, const Insert& insert) {
  const auto& geometry = op.geometry;
  PoseBlocks blocks = pose_blocks<Exec>(op);
  if (!blocks.apart()) blocks.poses = std::max<std::int64_t>(geometry.poses, 1);
  Scratch scratch(options.workspace);
  const auto like = first_given(output_grid<P>(data), output_grid<P>(density));
  const std::int64_t bytes[] = {geometry.references * dense_bytes(grid_of_sums<Sum>(like, nullptr)),
                                geometry.references * dense_bytes(grid_of_sums<SumOfDensity>(like, nullptr))};
  const std::size_t at[] = {scratch.add<char>(blocks.at_once * bytes[0]), scratch.add<char>(blocks.at_once * bytes[1])};
  scratch.allocate(exec);
  const auto sums = [&](std::int64_t i) { return grid_of_sums<Sum>(like, scratch.at<char>(at[0]) + i * bytes[0]); };
  const auto density_sums = [&](std::int64_t i) {
    return grid_of_sums<SumOfDensity>(like, scratch.at<char>(at[1]) + i * bytes[1]);
  };
  const auto apart = [&](std::int64_t i, std::int64_t first) {
    auto some = op.with_targets(sums(i), density_sums(i), typename Op::Gradient{});
    some.accumulate = false;
    return some.for_poses(first, std::min(blocks.poses, geometry.poses - first));
  };
  bool accumulate = options.accumulate;
  for (std::int64_t first = 0; first < geometry.poses; accumulate = true) {
    if constexpr (!on_host<Exec>) {
      const Kokkos::View<char*, typename Exec::memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>> all(
          scratch.at<char>(at[0]), at[1] * sizeof(double) + std::size_t(bytes[1]) - at[0] * sizeof(double));
      Kokkos::deep_copy(exec, all, char(0));
    }
    std::vector<decltype(apart(0, first))> some;
    for (; first < geometry.poses && std::int64_t(some.size()) < blocks.at_once; first += blocks.poses)
      some.push_back(apart(std::int64_t(some.size()), first));
    insert(some);
    const std::int64_t parts = std::int64_t(some.size());
    if constexpr (Given<SumOfDensity>) {
      add_sums(exec, label + "_data", data, none, sums(0), parts, bytes[0], accumulate);
      add_sums(exec, label + "_density", density, none, density_sums(0), parts, bytes[1], accumulate);
    } else {
      add_sums(exec, label + "_data", data, density, sums(0), parts, bytes[0], accumulate);
    }
  }
  scratch.release(exec);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
