// SPDX-License-Identifier: MIT
#include "map.hpp"

#include "memory.hpp"
#include "mrc.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace examples {

Map read_map(const std::string& path, double voxel, const std::string& option) {
  MrcReader file(path);
  file.require(MrcContent::volume);
  const MrcHeader& header = file.header();
  Map map;
  map.voxel = voxel > 0 ? voxel : file.voxel(option);
  std::array<std::int64_t, 3> extent{};
  double size = 4;
  for (int d = 0; d < 3; ++d) {
    extent[d] = header.extent_along(d);
    size *= double(extent[d]);
    map.start[header.axis[d]] = header.start[d];
    map.origin[d] = header.origin[d];
  }
  require_memory(size, path);
  map.density =
      decltype(map.density)(Kokkos::view_alloc(Kokkos::WithoutInitializing, "map"), extent[2], extent[1], extent[0]);
  file.read_volume(map.density.data());
  bool blank = true;
  for (std::size_t i = 0; i < map.density.size(); ++i) {
    const float v = map.density.data()[i];
    if (!std::isfinite(v)) file.fail("holds values that are not finite");
    blank = blank && v == 0;
  }
  if (blank) file.fail("holds nothing but zeros");
  return map;
}

void write_map(const std::string& path, const Map& map) {
  const auto& v = map.density;
  write_mrc(path,
            {.extent = {std::int64_t(v.extent(2)), std::int64_t(v.extent(1)), std::int64_t(v.extent(0))},
             .voxel = map.voxel,
             .start = map.start,
             .origin = map.origin},
            [&](const MrcAppend& append) { append(v.data(), std::int64_t(v.extent(0))); });
}

void write_images(const std::string& path,
                  const Kokkos::View<const float***, Kokkos::LayoutRight, Kokkos::HostSpace>& images, double pixel) {
  write_mrc(path,
            {.extent = {std::int64_t(images.extent(2)), std::int64_t(images.extent(1)), std::int64_t(images.extent(0))},
             .content = MrcContent::images,
             .voxel = pixel},
            [&](const MrcAppend& append) { append(images.data(), std::int64_t(images.extent(0))); });
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
  require_memory(4 * std::pow(double(n), 3), "a cube of " + std::to_string(n) + "³ voxels for a map that is no cube");
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
