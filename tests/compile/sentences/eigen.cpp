// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/eigen.hpp>

[[maybe_unused]] static void eigen() {
  bw::as_eigen(shifts);
#ifdef EIGEN_TEMPORARY  // as_view: the object is a temporary, a View of it would dangle
  bw::as_view(Eigen::Vector3d());
#endif
#ifdef EIGEN_RANK  // as_eigen: 'view' must be a View of rank 1 or 2
  bw::as_eigen(map);
#endif
#ifdef EIGEN_MEMORY  // as_eigen: 'view' must be in host memory
  bw::as_eigen(Far<float**>());
#endif
#ifdef EIGEN_VECTOR_SIZE  // bracewell: rotation vectors must have 3 elements
  bw::rotation_jacobian(Eigen::Vector2d());
#endif
#ifdef EIGEN_ROTATION_SIZE  // bracewell: rotations must have 3 columns, and 3 rows
  bw::turned_jvp(Eigen::Matrix2d(), Eigen::Vector3d(), bw::Turn::left);
#endif
#ifdef EIGEN_ROTATIONS  // rotation_view: matrices must have fixed sizes and at least M rows
  const std::vector<Eigen::MatrixXd> matrices;
  bw::rotation_view<2>(matrices);
#endif
#ifdef EIGEN_ROTATIONS_TEMPORARY  // rotation_view: the matrices are a temporary, a View of them would dangle
  bw::rotation_view<2>(std::vector<Eigen::Matrix3d>());
#endif
#ifdef EIGEN_VECTORS  // vector_view: vectors must have fixed sizes
  const std::vector<Eigen::VectorXd> vectors;
  bw::vector_view(vectors);
#endif
#ifdef EIGEN_VECTORS_TEMPORARY  // vector_view: the vectors are a temporary, a View of them would dangle
  bw::vector_view(std::vector<Eigen::Vector2d>());
#endif
}
