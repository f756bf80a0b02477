// SPDX-License-Identifier: MIT
// Insertion in blocks of poses whose sums are apart. Every slice meets the centre of the transform: a float that is added to
// pose by pose would drift, and at 2^24 times a term stop. So the terms of some thousand poses are summed apart, and their sums
// added.
#pragma once

#include <bracewell/detail/core/elementwise.hpp>
#include <bracewell/detail/core/scratch.hpp>
#include <bracewell/detail/slicing/arguments.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Of random terms, so many in float have a relative error of some 2^-23 · √4096 / 6 = 1.3e-6; and clearing and adding a volume is
/// below 1 % of inserting them.
inline constexpr std::int64_t poses_per_sum = 4096;

/// Terms for each lattice point from which on a volume of sums costs less than some 3 %.
inline constexpr std::int64_t terms_per_sum = 8;

/// Whether the terms of a call are summed apart: where it has many poses, or many terms to add to what is there.
template <class Op>
bool sums_apart(const Op& op) {
  if constexpr (!std::is_same_v<typename Op::T, float>) {
    return false;
  } else {
    const auto& geometry = op.geometry;
    double points = geometry.extent[0] / 2 + 1, terms = double(geometry.rows()) * double(geometry.columns());
    for (int d = 1; d < Op::N; ++d) points *= geometry.extent[d];
    if (geometry.references == 0) return false;
    return geometry.poses > poses_per_sum ||
           (op.accumulate && terms * double(geometry.poses) >= double(terms_per_sum) * points);
  }
}

/// Adds dense sums to an array, or overwrites it with them. index: of a row's first element, in memory order.
template <class V, int Rank>
struct AddSums {
  const V* sums;
  std::int64_t extent[Rank];
  bool accumulate;

  KOKKOS_INLINE_FUNCTION const V* row(const std::int64_t (&index)[Rank]) const {
    std::int64_t offset = 0;
    for (int a = 0; a < Rank; ++a) offset = offset * extent[a] + index[a];
    return sums + offset;
  }
  KOKKOS_INLINE_FUNCTION void apply(V& to, std::int64_t x, const V* from) const { to = accumulate ? to + from[x] : from[x]; }
};

template <class Exec, class X, class G>
void add_sums(const Exec& exec, const std::string& label, const X& array, const G& sums, bool accumulate) {
  if constexpr (Given<X>) {
    const auto& v = view(array);
    using V = typename View<X>::value_type;
    AddSums<V, int(View<X>::rank())> op{sums.data, {}, accumulate};
    for (int a = 0; a < int(View<X>::rank()); ++a) op.extent[a] = std::int64_t(v.extent(a));
    for_elements(exec, label, v, op);
  }
}

/// Runs insert(op) on an operation for blocks of poses, with grids of its own, and adds these to `data` and `density`.
template <class P, class Exec, class Data, class Density, class Op, class Insert>
void insert_by_blocks(const Exec& exec, const std::string& label, const Data& data, const Density& density,
                      const SliceOptions& options, const Op& op, const Insert& insert) {
  const auto& geometry = op.geometry;
  Scratch scratch(options.workspace);
  const auto data_grid = output_grid<P>(data);
  const auto density_grid = output_grid<P>(density);
  const std::int64_t bytes[] = {geometry.references * dense_bytes(data_grid),
                                geometry.references * dense_bytes(density_grid)};
  const std::size_t at[] = {scratch.add<char>(bytes[0]), scratch.add<char>(bytes[1])};
  scratch.allocate(exec);
  const auto data_sums = dense_grid<Element<Data>>(data_grid, scratch.at<char>(at[0]));
  const auto density_sums = dense_grid<Element<Density>>(density_grid, scratch.at<char>(at[1]));
  auto apart = op.with_targets(data_sums, density_sums, typename Op::Gradient{});
  apart.accumulate = false;
  for (std::int64_t first = 0; first < geometry.poses; first += poses_per_sum) {
    if constexpr (!on_host<Exec>) {
      const Kokkos::View<char*, typename Exec::memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>> all(
          scratch.at<char>(at[0]), at[1] * sizeof(double) + std::size_t(bytes[1]) - at[0] * sizeof(double));
      Kokkos::deep_copy(exec, all, char(0));
    }
    insert(apart.for_poses(first, std::min(poses_per_sum, geometry.poses - first)));
    const bool accumulate = options.accumulate || first > 0;
    add_sums(exec, label + "_data", data, data_sums, accumulate);
    add_sums(exec, label + "_density", density, density_sums, accumulate);
  }
  scratch.release(exec);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
