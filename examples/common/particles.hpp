// SPDX-License-Identifier: MIT
// Particles as every package has them: where their images are, at which poses, with which contrast transfer.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

namespace examples {

/// What a file tells of each particle, or of the group of its optics. What it does not tell has the value below, which no program takes
/// without a word: Particles::require.
enum class Told {
  image,               // of a stack
  rotation,
  shift,
  pixel,               // of all groups
  box,
  voltage,
  spherical_aberration,
  amplitude_contrast,
  defocus,
  phase_shift,
  b_factor,
  scale,               // of the contrast transfer
  beam_tilt,
  magnification,
  group_noise,
  subset,
  object_class,
  figure_of_merit,
  micrograph,
  coordinates,
  count
};

/// What particles of one microscope and session share.
struct OpticsGroup {
  std::string name;
  double pixel = 0;                    // Å
  int box = 0;                         // pixels along an axis
  int dimensions = 2;                  // 3: subtomograms
  double voltage = 0;                  // kV
  double spherical_aberration = 0;     // mm
  double amplitude_contrast = 0;
  double beam_tilt[2] = {0, 0};        // mrad
  double magnification[2][2] = {{1, 0}, {0, 1}};
};

struct Particle {
  std::int32_t stack = -1;             // in Particles::stacks; −1: not told
  std::int64_t image = 0;              // in the stack, from 0
  std::int32_t group = 0;              // of optics
  double angles[3] = {0, 0, 0};        // rot, tilt, psi in degrees, RELION's: image = R · object
  double shift[3] = {0, 0, 0};         // Å: where the object's origin lies in the image, x, y, z: minus RELION's origin
  double defocus[2] = {0, 0};          // U, V in Å, positive for underfocus
  double defocus_angle = 0;            // degrees from x towards y
  double phase_shift = 0;              // degrees
  double b_factor = 0;                 // Å²
  double scale = 1;
  std::int32_t noise_group = 0;        // rlnGroupNumber
  std::int32_t subset = 0;             // half set, 1 or 2
  std::int32_t object_class = 0;
  double figure_of_merit = 1;
  std::int32_t micrograph = -1;        // in Particles::micrographs; −1: not told
  double coordinates[3] = {0, 0, 0};   // in the micrograph or tomogram, in its pixels
};

struct Particles {
  std::string path;                    // the file, for messages
  std::vector<std::string> stacks;     // paths as the file has them
  std::vector<std::string> micrographs;
  std::vector<OpticsGroup> groups;
  std::vector<Particle> particles;
  std::bitset<std::size_t(Told::count)> told;

  bool tells(Told what) const { return told[std::size_t(what)]; }

  /// \throws std::runtime_error "PATH: has no defocus (rlnDefocusU, rlnDefocusV), which --ctf needs: without it …", where `why` is
  /// "--ctf needs: …".
  void require(Told what, const std::string& why) const;

  /// The path of a stack: as it is, or below `folder` (empty: that of the metadata, then the present one), where it exists first.
  std::string stack_path(std::int32_t stack, const std::string& folder) const;
};

}  // namespace examples
