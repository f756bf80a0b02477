// SPDX-License-Identifier: MIT
// MRC/CCP4 files: volumes, stacks of images and stacks of volumes, as microscopes and programs write them.
#pragma once

#include "bytes.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace examples {

/// What the sections of a file are.
enum class MrcContent { volume, images, volumes };

/// The header (A. Cheng et al., J. Struct. Biol. 192, 146 (2015)) in this machine's byte order, checked against the file.
struct MrcHeader {
  std::array<std::int64_t, 3> extent{};  // NX, NY, NZ: of columns, rows and sections
  int mode = 2;
  int bits = 32;                      // of a value
  bool swapped = false;               // the file's byte order is not this machine's
  bool unsigned_bytes = false;        // mode 0 by IMOD's stamp
  std::array<int, 3> start{};         // NXSTART, NYSTART, NZSTART: of columns, rows and sections
  std::array<int, 3> sampling{};      // MX, MY, MZ: intervals of the cell along x, y, z
  std::array<float, 3> cell{};        // in Å
  std::array<float, 3> angle{};       // in degrees
  std::array<int, 3> axis{0, 1, 2};   // of columns, rows and sections; 0, 1, 2: x, y, z
  std::array<float, 4> statistics{};  // DMIN, DMAX, DMEAN, RMS
  std::array<float, 3> origin{};      // ORIGIN, in Å
  int space_group = 0;                // ISPG
  std::int64_t data = 1024;           // where values begin, behind an extended header of any length
  std::int64_t row_bytes = 0;         // of mode 101 rounded up
  MrcContent content = MrcContent::volume;
  std::int64_t depth = 1;  // sections of a volume; 1 of images

  /// The extent of a volume, or of one of the volumes, along x, y or z.
  std::int64_t extent_along(int d) const;
};

/// Reads files of modes 0 (signed, or unsigned by IMOD's stamp), 1, 2, 6, 12 and 101 (and IMOD's half-size form of that in mode 0),
/// of either byte order, gzipped or not, a window of sections at a time.
///
/// Byte order is that in which MAPC, MAPR, MAPS, the mode and the extents make sense; machine stamps are often wrong. The word MAP may
/// be missing (cryoDRGN's files) where the file is exactly as long as its header says; else longer files are read, too. MAPC, MAPR,
/// MAPS of 0, 0, 0 mean 1, 2, 3. Volumes are told from stacks by
/// - ISPG 401 … 630: volumes of MZ sections;
/// - a name that ends in .mrcs, .st or .ali, with or without .gz: images;
/// - ISPG 0: images where NZ = 1 or MZ = 1, unless MX = MY = MZ = 1 or 0 tell nothing, when a cube is a volume; RELION's volumes have MZ = NZ;
/// - else: a volume.
///
/// Members throw std::runtime_error that names the file and says what is there and what was expected. What is allocated does not
/// grow with what a header claims, but for one row of values that are there.
class MrcReader {
 public:
  /// \param known: what the sections are where metadata tell; cryoSPARC's stacks have a volume's name and header.
  explicit MrcReader(const std::string& path, std::optional<MrcContent> known = {});

  const MrcHeader& header() const { return header_; }
  const std::string& path() const { return bytes_.path(); }

  /// \throws where the file holds something else, in a sentence that says what.
  void require(MrcContent content) const;

  /// "a stack of 50 images of 32 × 32".
  std::string description() const;

  /// The size of voxels or, of images, of pixels, in Å. Where the cell is 0 along one axis, as RELION has it along z in stacks, the
  /// others tell.
  /// \throws where none between 0.01 and 10,000 is told, saying that `option` gives one; where they are no cubes or squares; where the
  /// cell is skewed. Angles of 0 are right ones.
  double voxel(const std::string& option) const;

  /// Sections first … first + count − 1 as they are stored, [section][row][column].
  void read(std::int64_t first, std::int64_t count, float* to);

  /// All of a volume in the order [z][y][x], whatever the order of axes.
  void read_volume(float* to);

  /// Throws what is wrong with the file.
  [[noreturn]] void fail(const std::string& what) const { bytes_.fail(what); }

 private:
  Bytes bytes_;
  MrcHeader header_;
};

/// What write_mrc is to write.
struct MrcLayout {
  std::array<std::int64_t, 3> extent{};  // of columns, rows and sections
  MrcContent content = MrcContent::volume;
  double voxel = 1;                // in Å
  std::array<int, 3> start{};      // NXSTART, NYSTART, NZSTART
  std::array<double, 3> origin{};  // in Å
};

/// append(values, count): `count` more sections, [section][row][column].
using MrcAppend = std::function<void(const float*, std::int64_t)>;

/// Writes mode 2 of the current standard with statistics, whole or not at all; write(append) gives the sections. A volume has ISPG 1
/// and MZ = NZ, a stack of images ISPG 0 and MZ 1.
/// \throws std::runtime_error that names the file
void write_mrc(const std::string& path, const MrcLayout& layout, const std::function<void(const MrcAppend&)>& write);

}  // namespace examples
