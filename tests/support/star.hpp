// SPDX-License-Identifier: MIT
// RELION's STAR files of particles.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace support {

struct Particle {
  std::array<double, 3> euler;    // rlnAngleRot, Tilt, Psi in degrees
  std::array<double, 2> origin;   // rlnOriginX, Y in pixels
  std::array<double, 3> defocus;  // rlnDefocusU, V in Å, rlnDefocusAngle in degrees
};

struct Particles {
  std::vector<Particle> each;
  double pixel, voltage, spherical_aberration, amplitude_contrast;  // Å, kV, mm
  bool has_defocus;
};

/// Of one optics group. \throws std::runtime_error
Particles read_star(const std::string& path);

}  // namespace support
