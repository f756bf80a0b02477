// SPDX-License-Identifier: MIT
// Host: the order in which slices of a large reference are worked on. Central planes that look along neighbouring directions meet the
// same cache lines, so that a slice finds there what those before it brought.
#pragma once

#include <bracewell/detail/slicing/geometry.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Bytes of a reference from which on the order matters: caches that cores share hold smaller ones, and most of their data and density.
inline constexpr double smallest_read_in_order = 14 << 20, smallest_inserted_in_order = 8 << 20;

/// Where a point of the unit square lies along Hilbert's curve, which leaves each quadrant, and each quadrant of it, only when it has
/// been everywhere in it: from one point to the next x or y changes by 2^-16.
inline std::uint32_t along_hilbert_curve(double x, double y) {
  constexpr std::uint32_t side = 1 << 16;
  const auto whole = [](double z) { return std::uint32_t(std::clamp(z * side, 0.0, side - 1.0)); };
  std::uint32_t i = whole(x), j = whole(y), place = 0;
  for (std::uint32_t half = side / 2; half > 0; half /= 2) {
    const bool right = i & half, upper = j & half;
    place = 4 * place + (upper ? right ? 2 : 1 : right ? 3 : 0);
    if (upper) continue;  // the first quadrant and the last are mirrored at a diagonal
    if (right) {
      i = ~i;
      j = ~j;
    }
    std::swap(i, j);
  }
  return place;
}

/// Where ±n, which is not 0, lies along the curve on the half sphere, of which it fills the cylinder of equal area.
inline std::uint32_t place_of_normal(const double (&n)[3]) {
  const double side = n[2] < 0 ? -1 : 1;
  return along_hilbert_curve(0.5 + std::atan2(side * n[1], side * n[0]) / (2 * Kokkos::numbers::pi),
                             std::abs(n[2]) / std::hypot(n[0], n[1], n[2]));
}

/// The poses of 3 → 2 by their planes' normals, along Hilbert's curve on the half sphere; as they are given where a reference is smaller,
/// or not of 3 → 2. This does not depend on the number of threads, so that sums do not either.
template <class Geometry>
class PoseOrder {
 public:
  PoseOrder(const Geometry& geometry, double smallest) {
    if constexpr (Geometry::N == 3 && Geometry::M == 2 && Geometry::rotated) {
      if (points_of_reference(geometry) * 2 * sizeof(typename Geometry::T) < smallest) return;
      const std::int64_t references = geometry.rotations.stride[0] == 0 ? 1 : geometry.references;
      if (references > 1) stride_ = geometry.poses;
      std::vector<std::pair<std::uint64_t, std::int64_t>> places;
      for (std::int64_t b = 0; b < references; ++b) {
        places.clear();
        for (std::int64_t p = 0; p < geometry.poses; ++p) places.emplace_back(place(geometry, b, p), p);
        std::sort(places.begin(), places.end());
        for (const auto& [_, p] : places) poses_.push_back(p);
      }
    }
  }

  /// The pose of a reference that is the i-th to be worked on.
  std::int64_t pose(std::int64_t b, std::int64_t i) const {
    return poses_.empty() ? i : poses_[std::size_t(b * stride_ + i)];
  }

 private:
  /// Poses that are not finite, or have no plane, come last.
  static std::uint64_t place(const Geometry& geometry, std::int64_t b, std::int64_t p) {
    constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    Pose<3, 2> pose;
    if (!geometry.load(b, p, pose)) return last;
    auto& [u, v] = pose.columns;
    for (auto* column : {u, v}) {  // so that no product is infinite
      const double largest = std::max({std::abs(column[0]), std::abs(column[1]), std::abs(column[2])});
      for (int d = 0; d < 3; ++d) column[d] = largest > 0 ? column[d] / largest : 0;
    }
    double n[3];
    for (int d = 0; d < 3; ++d) n[d] = u[(d + 1) % 3] * v[(d + 2) % 3] - u[(d + 2) % 3] * v[(d + 1) % 3];
    return n[0] == 0 && n[1] == 0 && n[2] == 0 ? last : place_of_normal(n);
  }

  std::vector<std::int64_t> poses_;
  std::int64_t stride_ = 0;  // from one reference to the next
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
