// SPDX-License-Identifier: MIT
#pragma once

#include <bracewell/eigen.hpp>

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

}  // namespace examples
