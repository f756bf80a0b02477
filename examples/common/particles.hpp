// SPDX-License-Identifier: MIT
// Particles as every package has them: where their images are, at which poses, with which contrast transfer.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

namespace examples {

/// What a file tells of each particle, or of the group of its optics. What it does not tell has the value below, which no program takes
/// without a word: Particles::require.
enum class Told {
  image,  // of a stack
  rotation,
  shift,
  pixel,  // of all groups
  box,
  voltage,
  spherical_aberration,
  amplitude_contrast,
  defocus,
  phase_shift,
  b_factor,
  scale,  // of the contrast transfer
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
  double pixel = 0;                 // Å
  int box = 0;                      // pixels along an axis
  int dimensions = 2;               // 3: subtomograms
  double voltage = 0;               // kV
  double spherical_aberration = 0;  // mm
  double amplitude_contrast = 0;
  double beam_tilt[2] = {0, 0};  // mrad
  double magnification[2][2] = {{1, 0}, {0, 1}};
  bool premultiplied = false;  // images have been multiplied by their CTF (rlnCtfDataAreCtfPremultiplied)
  double coordinate_pixel =
      0;         // Å, of Particle::coordinates in tomograms, which may be binned less; 0: `pixel`, or not told
  int sign = 1;  // −1: images show the object dark on light, and are to be multiplied by this (cryoSPARC's blob/sign)
};

struct Particle {
  std::int32_t stack = -1;       // in Particles::stacks; −1: not told
  std::int64_t image = 0;        // in the stack, from 0
  std::int32_t group = 0;        // of optics
  double angles[3] = {0, 0, 0};  // rot, tilt, psi in degrees, RELION's: image = R · object
  double shift[3] = {0, 0, 0};   // Å: where the object's origin lies in the image, x, y, z: minus RELION's origin
  double defocus[2] = {0, 0};    // U, V in Å, positive for underfocus
  double defocus_angle = 0;      // degrees from x towards y
  double phase_shift = 0;        // degrees
  double b_factor = 0;           // Å²
  double scale = 1;
  std::int32_t noise_group = 0;  // rlnGroupNumber
  std::int32_t subset = 0;       // half set, 1 or 2
  std::int32_t object_class = 0;
  double figure_of_merit = 1;
  std::int32_t micrograph = -1;       // in Particles::micrographs; −1: not told
  double coordinates[3] = {0, 0, 0};  // in the micrograph or tomogram, in its pixels
  std::int64_t tag = 0;               // Dynamo's, of the particle's file, from 1; 0: not told
  std::int32_t ctf_volume = -1;       // of a subtomogram, in Particles::ctf_volumes; −1: not told
  double tilts[2] = {0, 0};           // of a subtomogram: least and highest, in degrees about its y axis; equal: not told
};

struct Particles {
  std::string path;                 // the file, for messages
  std::string format;               // "RELION STAR", for messages
  std::vector<std::string> stacks;  // paths as the file has them
  std::vector<std::string> micrographs;
  std::vector<std::string> ctf_volumes;  // RELION's rlnCtfImage
  std::vector<OpticsGroup> groups;
  std::vector<Particle> particles;
  std::bitset<std::size_t(Told::count)> told;
  std::array<std::string, std::size_t(Told::count)> lacks;  // names of the columns that are missing of what is not told
  std::vector<std::string> remarks;                         // what the file has that is not taken, a line each, for the user

  bool tells(Told what) const { return told[std::size_t(what)]; }

  /// \throws std::runtime_error "PATH: has no defocus (rlnDefocusV is missing), which --ctf needs: without it …", where `why` is
  /// "--ctf needs: …".
  void require(Told what, const std::string& why) const;

  /// The path of a stack: as it is, or below `folder` (empty: that of the metadata, then the present one, then those around that of the
  /// metadata), where it exists first.
  /// \throws std::runtime_error where it is nowhere, which says where it was looked for and that `option` gives a folder
  std::string stack_path(std::int32_t stack, const std::string& folder, const std::string& option = "--folder") const {
    return file_path("stack", stacks.at(std::size_t(stack)), folder, option);
  }

  /// The same of any file; `what` it is, for messages.
  std::string file_path(const std::string& what, const std::string& name, const std::string& folder,
                        const std::string& option) const;

  /// \throws std::runtime_error where the stack of a particle, which has `images` images, has not the one of this particle
  void check_image(std::size_t particle, std::int64_t images) const;
};

/// What a user says of particles whose file does not.
struct ParticleReading {
  double pixel = 0;                      // Å; 0: the file must tell where it is needed
  int box = 0;                           // pixels
  std::string stack = {};                // of poses without image names: their images in turn
  std::string pixel_option = "--pixel";  // the command line's names of these, for messages
  std::string box_option = "--box";
};

/// Reads the metadata of a package, whichever it is, gzipped or not. It is told by content:
/// - RELION: STAR 3.0, 3.1, 4 and 5 (particles in data_particles, data_images or data_, optics in data_optics or in each row);
/// - cryoSPARC: .cs, particles and, behind them, passthrough files, joined by uid; what several have is taken from the first;
/// - cisTEM: STAR;
/// - cryoDRGN: poses as csv (rows of R00 … R22[, t0, t1]) or npz (arrays N × 3 × 3 and N × 2; N × 9: its CTF parameters);
/// - Dynamo: .tbl.
///
/// Where a file tells the pixel size or the box, the one in `options` must be the same. Where columns say the same thing twice:
/// - origins in Å win over those in pixels, as in RELION, which leaves those in pixels as they were when it refines those in Å; a remark
///   says where they differ;
/// - optics in data_optics win over those in particles' rows.
///
/// Told is only what all columns are there for. NaN and infinity in a column that is read are refused.
/// \throws std::runtime_error, one line that names the file, the line or row, the column, what it is and what was expected
Particles read_particles(const std::vector<std::string>& paths, const ParticleReading& options = {});

/// Writes a STAR file as RELION 3.1 and later have it, all that is told and nothing else, with all digits of doubles, whole or not at
/// all. RELION takes .mrc for maps: a stack of that name, as cryoSPARC has them, becomes 000001@stack.mrc:mrcs, which RELION reads.
/// \throws std::runtime_error
void write_star(const std::string& path, const Particles& particles);

/// Formats that are written: RELION's STAR 3.1, cryoSPARC's .cs, cisTEM's STAR, cryoDRGN's poses as csv, Dynamo's .tbl.
enum class ParticleFormat { relion, cryosparc, cistem, cryodrgn, dynamo };

/// Writes a file as write_star does. What the format cannot say is left out.
/// \throws std::runtime_error, also where it cannot hold such particles at all
void write_particles(const std::string& path, const Particles& particles, ParticleFormat format);

/// What of these particles a format cannot say, a few words each, for the user.
std::vector<std::string> lost_in(ParticleFormat format, const Particles& particles);

/// σ² of noise per shell from a RELION model.star.
struct NoiseSpectra {
  std::string path;
  bool of_optics = false;          // spectra of optics groups (RELION 4 and 5); false: of rlnGroupNumber (3.0, 3.1)
  std::vector<std::string> names;  // of the groups, as far as they are told
  std::vector<std::vector<double>> spectra;  // [group, from 0][shell]
};

/// \throws std::runtime_error
NoiseSpectra read_noise_spectra(const std::string& path);

}  // namespace examples
