// SPDX-License-Identifier: MIT
/// \file so3.hpp
/// Rotations without a library of matrices: uniform grids and random ones, distances, and their Views for Poses.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>
#include <bracewell/poses.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

/// A matrix that takes points x, y, z to points.
using Matrix3 = std::array<std::array<double, 3>, 3>;

/// a b
inline Matrix3 product(const Matrix3& a, const Matrix3& b) {
  Matrix3 c{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 3; ++k) c[i][j] += a[i][k] * b[k][j];
  return c;
}

/// The rotation by `angle` radians about an axis of any length but zero.
inline Matrix3 rotation_about(const std::array<double, 3>& axis, double angle) {
  const double length = std::hypot(axis[0], axis[1], axis[2]), c = std::cos(angle), s = std::sin(angle);
  const double x = axis[0] / length, y = axis[1] / length, z = axis[2] / length, d = 1 - c;
  return {{{c + d * x * x, d * x * y - s * z, d * x * z + s * y},
           {d * x * y + s * z, c + d * y * y, d * y * z - s * x},
           {d * x * z - s * y, d * y * z + s * x, c + d * z * z}}};
}

/// RELION's rlnAngleRot, rlnAngleTilt, rlnAnglePsi, in degrees: R_z(−psi) R_y(−tilt) R_z(−rot), as
/// rotation_from_euler_zyz of eigen.hpp.
inline Matrix3 rotation_zyz(double rot, double tilt, double psi) {
  const double radians = 3.14159265358979323846 / 180;
  return product(rotation_about({0, 0, 1}, -psi * radians),
                 product(rotation_about({0, 1, 0}, -tilt * radians), rotation_about({0, 0, 1}, -rot * radians)));
}

/// The angle of the rotation from a to b, in radians, 0 … π; exact for small ones, too.
inline double angular_distance(const Matrix3& a, const Matrix3& b) {
  double square = 0;  // ‖a − b‖² = 8 sin²(angle / 2)
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) square += (a[i][j] - b[i][j]) * (a[i][j] - b[i][j]);
  return 2 * std::asin(std::min(1.0, std::sqrt(square / 8)));
}

/// Rotations, uniform on SO(3) (K. Shoemake, Graphics Gems III, 124 (1992)); the same for a seed everywhere.
inline std::vector<Matrix3> random_rotations(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  const auto uniform = [&] { return double(generator() >> 11) * 0x1p-53; };
  std::vector<Matrix3> rotations;
  for (std::size_t i = 0; i < count; ++i) {
    const double u = uniform(), a = 2 * 3.14159265358979323846 * uniform(), b = 2 * 3.14159265358979323846 * uniform();
    const double x = std::sqrt(1 - u) * std::sin(a), y = std::sqrt(1 - u) * std::cos(a), z = std::sqrt(u) * std::sin(b),
                 w = std::sqrt(u) * std::cos(b);
    rotations.push_back({{{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)},
                          {2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)},
                          {2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}}});
  }
  return rotations;
}

/// A direction in RELION's rot and tilt, in degrees.
struct Direction {
  double rot, tilt;
};

/// The 12 · 4^order directions of HEALPix, centres of pixels of equal area, ring by ring (K. M. Górski et al., ApJ 622, 759
/// (2005)); some 58.6° / 2^order apart.
/// \throws std::invalid_argument for an order below 0 or above 10.
inline std::vector<Direction> healpix_directions(int order) {
  if (order < 0 || order > 10) detail::refuse("healpix_directions", "order", std::to_string(order), "0 to 10");
  const int side = 1 << order;
  std::vector<Direction> directions;
  for (int ring = 1; ring < 4 * side; ++ring) {
    const int cap = std::min({ring, 4 * side - ring, side});  // pixels in a quarter of the ring
    double z = 0, first = 0;
    if (ring < side || ring > 3 * side) {
      z = 1 - double(cap) * cap / (3.0 * side * side);
      if (ring > 3 * side) z = -z;
      first = 0.5;
    } else {
      z = 4.0 / 3 - 2.0 * ring / (3.0 * side);
      first = (ring - side) % 2 == 0 ? 0.5 : 0;
    }
    for (int j = 0; j < 4 * cap; ++j)
      directions.push_back({(j + first) * 90 / cap, std::acos(z) * 180 / 3.14159265358979323846});
  }
  return directions;
}

/// A grid on SO(3): every direction of HEALPix with 6 · 2^order turns in the plane, 60° / 2^order apart; 72 · 8^order rotations.
inline std::vector<Matrix3> so3_grid(int order) {
  std::vector<Matrix3> rotations;
  const int turns = 6 << std::max(order, 0);
  for (const Direction& direction : healpix_directions(order))
    for (int i = 0; i < turns; ++i) rotations.push_back(rotation_zyz(direction.rot, direction.tilt, 360.0 * i / turns));
  return rotations;
}

/// The first M rows of rotations as [P][M][3] in memory of `exec`, for Poses. Waits.
template <int M = 2, class Exec>
auto rotations_for(const Exec& exec, const std::vector<Matrix3>& rotations) {
  const Kokkos::View<double* [M][3], typename Exec::memory_space> view(
      Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "bracewell::rotations"), rotations.size());
  const auto host = Kokkos::create_mirror_view(view);
  for (std::size_t p = 0; p < rotations.size(); ++p)
    for (int e = 0; e < M; ++e)
      for (int d = 0; d < 3; ++d) host(p, e, d) = rotations[p][e][d];
  Kokkos::deep_copy(exec, view, host);
  exec.fence("bracewell::rotations");
  return view;
}

/// Poses first … first + count − 1, [P][…], of others: Views of the same memory.
template <class Rotations, class Shifts>
auto range_of(const Poses<Rotations, Shifts>& poses, std::size_t first, std::size_t count) {
  static_assert(Rotations::rank() == 3, "range_of: rotations must be [P][M][N]");
  const std::pair<std::size_t, std::size_t> range(first, first + count);
  const auto rotations = Kokkos::subview(poses.rotations, range, Kokkos::ALL, Kokkos::ALL);
  if constexpr (std::is_same_v<Shifts, None>) {
    return Poses{rotations};
  } else {
    return Poses{rotations, Kokkos::subview(poses.shifts, range, Kokkos::ALL)};
  }
}

namespace detail::job {

template <class From, class To, class Indices>
struct TakeRows {
  From from;
  To to;
  Indices indices;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    for (std::size_t e = 0; e < from.extent(1); ++e) {
      if constexpr (From::rank() == 3) {
        for (std::size_t d = 0; d < from.extent(2); ++d) to(i, e, d) = from(indices(i), e, d);
      } else {
        to(i, e) = from(indices(i), e);
      }
    }
  }
};

}  // namespace detail::job

/// to(i) ← rotations, or shifts, (indices(i)): some hundred bytes a pose move, no image does. Indices are the caller's to check.
template <class Exec, class From, class Indices, class To>
void take_rows(const Exec& exec, const From& from, const Indices& indices, const To& to) {
  static_assert(From::rank() == To::rank() && (From::rank() == 2 || From::rank() == 3) && Indices::rank() == 1,
                "take_rows: 'from' and 'to' must be rotations [P][M][N] or shifts [P][M], 'indices' [P]");
  if (to.extent(0) != indices.extent(0))
    detail::refuse("take_rows", "to", std::to_string(to.extent(0)) + " poses long",
                   std::to_string(indices.extent(0)) + ", as 'indices' is");
  Kokkos::parallel_for("bracewell::poses", Kokkos::RangePolicy<Exec>(exec, 0, indices.extent(0)),
                       detail::job::TakeRows<From, To, Indices>{from, to, indices});
}

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
