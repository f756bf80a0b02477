// SPDX-License-Identifier: MIT
// Density maps in MRC/CCP4 files.
#pragma once

#include <Kokkos_Core.hpp>

#include <array>
#include <string>

namespace examples {

/// A map on a cubic lattice, [z][y][x].
struct Map {
  Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace> density;
  double voxel = 1;                // in Å
  std::array<int, 3> start{};      // NXSTART, NYSTART, NZSTART, of x, y, z
  std::array<double, 3> origin{};  // ORIGIN, in Å; all 0: not told
};

/// Reads a volume that MrcReader can read and puts its axes in the order x, y, z. A positive `voxel` replaces the header's voxel
/// size; `option` is the command line's name of that.
/// \throws std::runtime_error that names the file and what is wrong: it cannot be read, is no volume, tells of no voxels that are
/// cubes, needs more memory than there is, or holds values that are not finite or nothing but zeros.
Map read_map(const std::string& path, double voxel = 0, const std::string& option = "--voxel");

/// Writes mode 2 with statistics, whole or not at all.
/// \throws std::runtime_error
void write_map(const std::string& path, const Map& map);

/// Writes images [image][y][x] as a stack of mode 2, whole or not at all.
/// \throws std::runtime_error
void write_images(const std::string& path,
                  const Kokkos::View<const float***, Kokkos::LayoutRight, Kokkos::HostSpace>& images, double pixel);

/// The extent of a cube in which projections of the map do not wrap around: the map's longest one, or a larger one where more
/// than 0.2 % of the sum of squares lies outside the sphere in that.
int box_for_rotations(const Map& map);

/// The map in the middle of a cube of its longest extent or a larger one, voxel ⌊n/2⌋ on voxel ⌊n/2⌋; itself if it is one.
/// \throws std::runtime_error where there is no memory for it
Map padded_to_cube(const Map& map, int extent = 0);

}  // namespace examples
