// SPDX-License-Identifier: MIT
// Slices of a map by its Fourier sum, which interpolates nothing: what an interpolation is judged by, and images that
// do not come from the operator under test.
#pragma once

#include "poses.hpp"
#include "space.hpp"

#include <bracewell/spectrum.hpp>

#include <Eigen/Core>
#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cmath>
#include <complex>

namespace examples {

/// The voxels of a cube that are not 0, in columns, and where they are as seen from voxel ⌊n/2⌋.
struct Voxels {
  int extent;
  Eigen::Matrix3Xd place;
  Eigen::RowVectorXd value;
};

template <class Map>
Voxels voxels_of(const Map& map) {
  const int n = int(map.extent(0)), c = n / 2;
  long count = 0;
  for (std::size_t i = 0; i < map.size(); ++i) count += map.data()[i] != 0;
  Voxels voxels{n, Eigen::Matrix3Xd(3, count), Eigen::RowVectorXd(count)};
  long i = 0;
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x)
        if (map(z, y, x) != 0) {
          voxels.place.col(i) = Eigen::Vector3d(x - c, y - c, z - c);
          voxels.value[i++] = map(z, y, x);
        }
  return voxels;
}

/// S[k] = exp(−2πi k·t / n) Σ_v value exp(−2πi k·(R place) / n) for |k| ≤ cutoff · n and 0 beyond, for slices [P][n][n/2 + 1];
/// one image a thread of the host. The factors of k_x and of k_y meet in matrix products.
template <class Slices>
void fourier_sums(const Voxels& voxels, const PoseSet& poses, double cutoff, const Slices& slices) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const int n = voxels.extent, reach = std::min(int(cutoff * n * (1 + 1e-6)), n / 2);
  const auto image = [&](int p) {
    // Row 2k: Σ cos, row 2k + 1: Σ sin, of k_x; columns the same of k_y ≥ 0.
    Matrix sums = Matrix::Zero(2 * (reach + 1), 2 * (reach + 1));
    const long block = 2048;
    Matrix x(2 * (reach + 1), block), y(2 * (reach + 1), block);
    for (long first = 0; first < voxels.place.cols(); first += block) {
      const long count = std::min(block, voxels.place.cols() - first);
      const auto waves = [&](Matrix& to, int axis, const auto& start) {
        const Eigen::RowVectorXd angle =
            (2 * M_PI / n) * poses.rotations[p].row(axis) * voxels.place.middleCols(first, count);
        const Eigen::RowVectorXd cosine = angle.array().cos(), sine = angle.array().sin();
        to.row(0).head(count) = start;
        to.row(1).head(count).setZero();
        for (int k = 1; k <= reach; ++k) {
          const auto c = to.row(2 * k - 2).head(count).array(), s = to.row(2 * k - 1).head(count).array();
          to.row(2 * k).head(count) = c * cosine.array() - s * sine.array();
          to.row(2 * k + 1).head(count) = s * cosine.array() + c * sine.array();
        }
      };
      waves(x, 0, voxels.value.segment(first, count));
      waves(y, 1, Eigen::RowVectorXd::Ones(count));
      sums.noalias() += x.leftCols(count) * y.leftCols(count).transpose();
    }
    for (int j = 0; j < n; ++j)
      for (int kx = 0; kx <= n / 2; ++kx) {
        const int ky = bracewell::frequency(j, n), b = 2 * std::abs(ky);
        using C = typename Slices::non_const_value_type;
        using T = typename C::value_type;
        slices(p, j, kx) = C(0);
        if (std::hypot(kx, ky) > cutoff * n * (1 + 1e-6)) continue;
        const double sign = ky < 0 ? -1 : 1;
        const std::complex<double> sum(sums(2 * kx, b) - sign * sums(2 * kx + 1, b + 1),
                                       -sums(2 * kx + 1, b) - sign * sums(2 * kx, b + 1)),
            value = sum * std::polar(1.0, -2 * M_PI / n * (kx * poses.shifts[p].x() + ky * poses.shifts[p].y()));
        slices(p, j, kx) = C(T(value.real()), T(value.imag()));
      }
  };
  const Host exec;
  Kokkos::parallel_for(
      "examples::fourier_sums",
      Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Dynamic>>(exec, 0, poses.rotations.size()).set_chunk_size(1),
      image);
  exec.fence();
}

}  // namespace examples
