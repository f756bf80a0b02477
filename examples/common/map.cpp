// SPDX-License-Identifier: MIT
#include "map.hpp"

#include "file.hpp"

#include <gemmi/ccp4.hpp>
#include <gemmi/gz.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace examples {

namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) { throw std::runtime_error(path + ": " + what); }

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

/// Word w (from 1) of the header of a map in either byte order.
class Header {
 public:
  explicit Header(const char* data) : data_(data) {
    int cell_sized = integer(17);  // MAPC is small in the right order
    swapped_ = cell_sized < 0 || cell_sized > 0xffff;
  }
  int integer(int w) const {
    std::int32_t value;
    std::memcpy(&value, data_ + 4 * (w - 1), 4);
    if (swapped_) value = __builtin_bswap32(value);
    return value;
  }

 private:
  const char* data_;
  bool swapped_ = false;
};

/// What gemmi would take at its word.
void check_header(const std::string& path, const gemmi::CharArray& file) {
  if (file.size() < 1024)
    fail(path, "is no MRC/CCP4 map: " + std::to_string(file.size()) + " bytes are fewer than a header");
  if (std::memcmp(file.data() + 208, "MAP", 3) != 0) fail(path, "is no MRC/CCP4 map: its header lacks the word MAP");
  const Header header(file.data());
  const int mode = header.integer(4);
  int bytes = 0;
  switch (mode) {
    case 0:
      bytes = 1;
      break;
    case 1:
    case 6:
      bytes = 2;
      break;
    case 2:
      bytes = 4;
      break;
    case 3:
    case 4:
      fail(path, "holds complex numbers (mode " + std::to_string(mode) + "); a real map is needed");
    default:
      fail(path, "is of mode " + std::to_string(mode) + "; modes 0, 1, 2 and 6 can be read");
  }
  double size = bytes;
  for (int w = 1; w <= 3; ++w) {
    if (header.integer(w) < 1) fail(path, "has an extent of " + std::to_string(header.integer(w)) + " in its header");
    size *= header.integer(w);
  }
  if (header.integer(24) < 0) fail(path, "has an extended header of negative length");
  const double expected = 1024.0 + header.integer(24) + size;
  if (double(file.size()) < expected)
    fail(path, "is truncated: " + std::to_string(file.size()) + " bytes, but its header tells of " +
                   std::to_string(std::uint64_t(expected)));
}

}  // namespace

Map read_map(const std::string& path, double voxel) {
  if (!std::filesystem::is_regular_file(path)) fail(path, "is not a file that can be read");
  gemmi::Ccp4<float> ccp4;
  try {
    const gemmi::CharArray file = gemmi::read_into_buffer(gemmi::MaybeGzipped(path));
    check_header(path, file);
    ccp4.read_ccp4_from_memory(file.data(), file.size(), path);
    ccp4.setup(0, gemmi::MapSetup::ReorderOnly);
  } catch (const std::bad_alloc&) {
    fail(path, "is too large for this machine's memory");
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    if (what.rfind(path, 0) == 0) throw;
    fail(path, what);
  }
  const auto& cell = ccp4.grid.unit_cell;
  const std::array<int, 3> extent{ccp4.grid.nu, ccp4.grid.nv, ccp4.grid.nw}, sampling = ccp4.header_3i32(8);
  const std::array<double, 3> length{cell.a, cell.b, cell.c};
  std::array<double, 3> voxels{};
  for (int d = 0; d < 3; ++d) voxels[d] = voxel > 0 ? voxel : length[d] / (sampling[d] > 0 ? sampling[d] : extent[d]);
  if (!(voxel > 0)) {
    for (const double angle : {cell.alpha, cell.beta, cell.gamma})
      if (angle != 0 && std::abs(angle - 90) > 0.01)
        fail(path, "has a skew cell (an angle of " + number(angle) + "°); slicing needs a right-angled one");
    if (!(voxels[0] > 0)) fail(path, "tells no voxel size; give one");
    for (const double v : voxels)
      if (std::abs(v - voxels[0]) > 1e-3 * voxels[0])
        fail(path, "has voxels of " + number(voxels[0]) + " × " + number(voxels[1]) + " × " + number(voxels[2]) +
                       " Å; slicing needs cubes");
  }
  bool blank = true;
  for (const float v : ccp4.grid.data) {
    if (!std::isfinite(v)) fail(path, "holds values that are not finite");
    blank = blank && v == 0;
  }
  if (blank) fail(path, "holds nothing but zeros");

  Map map;
  map.density = decltype(map.density)("map", extent[2], extent[1], extent[0]);
  std::copy(ccp4.grid.data.begin(), ccp4.grid.data.end(), map.density.data());
  map.voxel = voxels[0];
  map.start = ccp4.header_3i32(5);
  for (int d = 0; d < 3; ++d) map.origin[d] = ccp4.header_float(50 + d);
  return map;
}

void write_map(const std::string& path, const Map& map) {
  const auto& density = map.density;
  gemmi::Ccp4<float> ccp4;
  ccp4.grid.set_size_without_checking(int(density.extent(2)), int(density.extent(1)), int(density.extent(0)));
  ccp4.grid.axis_order = gemmi::AxisOrder::XYZ;
  ccp4.grid.set_unit_cell(map.voxel * density.extent(2), map.voxel * density.extent(1), map.voxel * density.extent(0), 90,
                          90, 90);
  std::copy(density.data(), density.data() + density.size(), ccp4.grid.data.begin());
  ccp4.update_ccp4_header(2);
  ccp4.set_header_3i32(5, map.start[0], map.start[1], map.start[2]);
  for (int d = 0; d < 3; ++d) ccp4.set_header_float(50 + d, float(map.origin[d]));
  write_whole(path, [&](const std::string& part) {
    ccp4.write_ccp4_map(part);
    if (std::filesystem::file_size(part) != 4 * (ccp4.ccp4_header.size() + ccp4.grid.data.size()))
      throw std::runtime_error("not all could be written");
  });
}

int box_for_rotations(const Map& map) {
  const auto& v = map.density;
  const std::array<long, 3> extent{long(v.extent(0)), long(v.extent(1)), long(v.extent(2))};
  std::vector<double> power;  // of shells about the centre
  double outside = 0;
  for (long z = 0; z < extent[0]; ++z)
    for (long y = 0; y < extent[1]; ++y)
      for (long x = 0; x < extent[2]; ++x) {
        const double radius = std::hypot(z - extent[0] / 2, y - extent[1] / 2, x - extent[2] / 2),
                     p = double(v(z, y, x)) * v(z, y, x);
        const std::size_t shell = std::size_t(std::ceil(radius));
        if (shell >= power.size()) power.resize(shell + 1);
        power[shell] += p;
        outside += p;
      }
  const double enough = 2e-3 * outside;
  int radius = 0;
  while ((outside -= power[radius]) > enough) ++radius;
  const int longest = int(*std::max_element(extent.begin(), extent.end())), diameter = 2 * radius + 1;
  return diameter <= longest ? longest : (diameter + 7) / 8 * 8;
}

Map padded_to_cube(const Map& map, int extent) {
  const auto& from = map.density;
  const std::size_t n = std::max({from.extent(0), from.extent(1), from.extent(2), std::size_t(extent)});
  if (from.extent(0) == n && from.extent(1) == n && from.extent(2) == n) return map;
  Map cube = map;
  const bool placed = map.origin != std::array<double, 3>{};  // all 0: not told
  cube.density = decltype(cube.density)("cube", n, n, n);
  std::array<std::size_t, 3> before{};  // z, y, x
  for (int i = 0; i < 3; ++i) {
    before[i] = n / 2 - from.extent(i) / 2;
    cube.start[2 - i] -= int(before[i]);
    if (placed) cube.origin[2 - i] -= map.voxel * double(before[i]);
  }
  for (std::size_t z = 0; z < from.extent(0); ++z)
    for (std::size_t y = 0; y < from.extent(1); ++y)
      for (std::size_t x = 0; x < from.extent(2); ++x)
        cube.density(z + before[0], y + before[1], x + before[2]) = from(z, y, x);
  return cube;
}

}  // namespace examples
