// SPDX-License-Identifier: MIT
// RELION's angles, matrices and rotation vectors of particles.
#pragma once

#include <array>
#include <cmath>

namespace examples {

/// Row by row.
using Matrix3 = std::array<double, 9>;

/// R of image = R · object for rot, tilt, psi in degrees: R = R_z(psi) · R_y(tilt) · R_z(rot), where R_z(a) has the first row
/// (cos a, sin a, 0) and R_y(a) the first row (cos a, 0, −sin a). RELION's Euler_angles2matrix.
inline Matrix3 matrix_of(const double (&angles)[3]) {
  double c[3], s[3];
  for (int i = 0; i < 3; ++i) {
    const double a = std::remainder(angles[i], 360.0) * (M_PI / 180);
    c[i] = std::cos(a);
    s[i] = std::sin(a);
  }
  const auto& [cr, ct, cp] = c;
  const auto& [sr, st, sp] = s;
  return {cp * ct * cr - sp * sr,
          cp * ct * sr + sp * cr,
          -cp * st,
          -sp * ct * cr - cp * sr,
          -sp * ct * sr + cp * cr,
          sp * st,
          st * cr,
          st * sr,
          ct};
}

/// Angles of a rotation: tilt from 0 to 180; where that is one of them, rot is 0.
inline void angles_of(const Matrix3& r, double (&angles)[3]) {
  const double sine = std::hypot(r[6], r[7]), rot = sine > 1e-12 ? std::atan2(r[7], r[6]) : 0, c = std::cos(rot),
               s = std::sin(rot);
  // R · R_z(rot)ᵀ = R_z(psi) · R_y(tilt) has the second column (sin psi, cos psi, 0), whatever the tilt.
  const double psi = std::atan2(c * r[1] - s * r[0], c * r[4] - s * r[3]);
  angles[0] = rot * (180 / M_PI);
  angles[1] = std::atan2(sine, r[8]) * (180 / M_PI);
  angles[2] = psi * (180 / M_PI);
}

/// How far r · rᵀ is from 1, or infinity where r mirrors.
inline double deviation_from_rotation(const Matrix3& r) {
  double most = 0;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double sum = i == j ? -1 : 0;
      for (int k = 0; k < 3; ++k) sum += r[std::size_t(3 * i + k)] * r[std::size_t(3 * j + k)];
      most = std::fmax(most, std::abs(sum));
    }
  const double determinant =
      r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) + r[2] * (r[3] * r[7] - r[4] * r[6]);
  return determinant > 0 ? most : INFINITY;
}

inline Matrix3 transposed(const Matrix3& r) { return {r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]}; }

/// The rotation by |v| about v (Rodrigues' formula).
inline Matrix3 matrix_of_vector(const std::array<double, 3>& v) {
  const double angle = std::hypot(v[0], v[1], v[2]), c = std::cos(angle),
               s = angle > 0 ? std::sin(angle) / angle : 1,                // sin a / a
      q = angle > 0 ? 2 * std::pow(std::sin(angle / 2) / angle, 2) : 0.5;  // (1 − cos a) / a²
  Matrix3 r;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) r[3 * i + j] = (i == j ? c : 0) + q * v[i] * v[j];
  r[1] -= s * v[2];
  r[2] += s * v[1];
  r[3] += s * v[2];
  r[5] -= s * v[0];
  r[6] -= s * v[1];
  r[7] += s * v[0];
  return r;
}

/// The vector of length ≤ π of a rotation, by way of its quaternion, whose largest part is found first (S. W. Shepperd,
/// J. Guid. Control 1, 223 (1978)).
inline std::array<double, 3> vector_of(const Matrix3& r) {
  const double trace = r[0] + r[4] + r[8];
  const double squares[4] = {1 + trace, 1 + 2 * r[0] - trace, 1 + 2 * r[4] - trace, 1 + 2 * r[8] - trace};  // 4 q²
  int largest = 0;
  for (int i = 1; i < 4; ++i)
    if (squares[i] > squares[largest]) largest = i;
  const double q = std::sqrt(squares[largest]) / 2, f = 1 / (4 * q);
  const double x = r[7] - r[5], y = r[2] - r[6], z = r[3] - r[1], xy = r[1] + r[3], xz = r[2] + r[6], yz = r[5] + r[7];
  double w[4];
  if (largest == 0) {
    w[0] = q, w[1] = f * x, w[2] = f * y, w[3] = f * z;
  } else if (largest == 1) {
    w[0] = f * x, w[1] = q, w[2] = f * xy, w[3] = f * xz;
  } else if (largest == 2) {
    w[0] = f * y, w[1] = f * xy, w[2] = q, w[3] = f * yz;
  } else {
    w[0] = f * z, w[1] = f * xz, w[2] = f * yz, w[3] = q;
  }
  const double sine = std::hypot(w[1], w[2], w[3]), sign = w[0] < 0 ? -1 : 1,
               scale = sine > 0 ? 2 * sign * std::atan2(sine, std::abs(w[0])) / sine : 0;
  return {scale * w[1], scale * w[2], scale * w[3]};
}

}  // namespace examples
