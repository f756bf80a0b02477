// SPDX-License-Identifier: MIT
#pragma once

#include "space.hpp"

#include <bracewell/eigen.hpp>
#include <bracewell/poses.hpp>

#include <random>
#include <vector>

namespace examples {

struct PoseSet {
  std::vector<Eigen::Matrix3d> rotations;  // uniform on SO(3)
  std::vector<Eigen::Vector2d> shifts;     // normal, in pixels
};

inline PoseSet random_poses(std::mt19937& generator, int count, double shift) {
  std::normal_distribution<double> normal;
  PoseSet poses;
  for (int p = 0; p < count; ++p) {
    const double w = normal(generator), x = normal(generator), y = normal(generator), z = normal(generator);
    poses.rotations.push_back(bracewell::rotation_from_quaternion(Eigen::Quaterniond(w, x, y, z)));
    const double u = normal(generator), v = normal(generator);
    poses.shifts.push_back(shift * Eigen::Vector2d(u, v));
  }
  return poses;
}

/// For slicing; its Views may be those of the vectors, and live as long.
inline auto view(const std::vector<Eigen::Matrix3d>& rotations, const std::vector<Eigen::Vector2d>& shifts) {
  return bracewell::Poses{on_device(bracewell::rotation_view<2>(rotations)), on_device(bracewell::vector_view(shifts))};
}
inline auto view(const PoseSet& poses) { return view(poses.rotations, poses.shifts); }

}  // namespace examples
