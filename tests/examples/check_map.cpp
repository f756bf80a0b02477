// SPDX-License-Identifier: MIT
// Compares a reconstruction with the map it came from, voxel by voxel where their headers place them, and checks its header:
// check_map RECONSTRUCTION MAP CORRELATION [VOXEL [WORST]], WORST the largest error allowed anywhere, of the map's largest value.
#include <gemmi/fileutil.hpp>
#include <gemmi/gz.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <string>

namespace {

/// The file as it lies on the disk, of little-endian floats.
struct File {
  gemmi::CharArray bytes;
  std::array<int, 3> extent, start, axis;  // of columns, rows and sections; axis 0, 1, 2: x, y, z

  explicit File(const std::string& path) : bytes(gemmi::read_into_buffer(gemmi::MaybeGzipped(path))) {
    for (int i = 0; i < 3; ++i) {
      extent[i] = word<std::int32_t>(1 + i);
      start[i] = word<std::int32_t>(5 + i);
      axis[i] = word<std::int32_t>(17 + i) - 1;
    }
  }
  template <class T>
  T word(long w) const {
    T value;
    std::memcpy(&value, bytes.data() + 4 * (w - 1), sizeof value);
    return value;
  }
  double value(long i) const { return word<float>(257 + word<std::int32_t>(24) / 4 + i); }
};

bool good = true;

void check(bool condition, const std::string& what) {
  if (!condition) std::cerr << "wrong: " << what << '\n';
  good = good && condition;
}

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: check_map RECONSTRUCTION MAP CORRELATION [VOXEL [WORST]]\n";
    return 2;
  }
  const File map(argv[2]), result(argv[1]);
  const int n = result.extent[0];
  const long size = long(n) * n * n;

  double voxel[3], sum = 0, squares = 0, low = result.value(0), high = low;
  for (int d = 0; d < 3; ++d)
    voxel[d] = argc > 4 ? std::stod(argv[4]) : map.word<float>(11 + d) / map.word<std::int32_t>(8 + d);
  for (long i = 0; i < size; ++i) {
    const double v = result.value(i);
    sum += v;
    squares += v * v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double mean = sum / double(size), rms = std::sqrt(squares / double(size) - mean * mean),
               rounding = 1e-5 * (high - low);
  for (int i = 0; i < 3; ++i) {
    check(result.extent[i] == n && n >= map.extent[i], "extents");
    check(result.axis[i] == i, "axis order");
    check(result.word<std::int32_t>(8 + i) == n, "sampling");
    check(near(result.word<float>(11 + i), n * voxel[i], 1e-5 * n * voxel[i]), "cell");
    check(result.word<float>(14 + i) == 90, "angles");
  }
  check(result.word<std::int32_t>(4) == 2, "mode");
  check(near(result.word<float>(20), low, rounding), "smallest value");
  check(near(result.word<float>(21), high, rounding), "largest value");
  check(near(result.word<float>(22), mean, rounding), "mean");
  check(near(result.word<float>(55), rms, rounding), "deviation");
  check(result.word<std::int32_t>(23) == 1, "space group");
  check(result.word<std::int32_t>(24) == 0, "extended header");
  check(std::memcmp(result.bytes.data() + 208, "MAP D", 5) == 0, "stamps");  // little-endian
  check(long(result.bytes.size()) == 1024 + 4 * size, "length");
  if (!good) return 1;

  double cross = 0, power = 0, other = 0, worst = 0, largest = 0;
  for (int s = 0; s < map.extent[2]; ++s)
    for (int r = 0; r < map.extent[1]; ++r)
      for (int c = 0; c < map.extent[0]; ++c) {
        std::array<int, 3> place;  // x, y, z in the reconstruction
        place[map.axis[0]] = map.start[0] + c;
        place[map.axis[1]] = map.start[1] + r;
        place[map.axis[2]] = map.start[2] + s;
        for (int d = 0; d < 3; ++d) place[d] -= result.start[d];
        if (*std::min_element(place.begin(), place.end()) < 0 || *std::max_element(place.begin(), place.end()) >= n) {
          check(false, "place of a voxel");
          return 1;
        }
        const double a = map.value((long(s) * map.extent[1] + r) * map.extent[0] + c),
                     b = result.value((long(place[2]) * n + place[1]) * n + place[0]);
        cross += a * b;
        power += a * a;
        other += b * b;
        worst = std::max(worst, std::abs(a - b));
        largest = std::max(largest, std::abs(a));
      }
  // An ORIGIN in the header moves with the padding.
  for (int d = 0; d < 3; ++d) {
    const int column = int(std::find(map.axis.begin(), map.axis.end(), d) - map.axis.begin());
    const bool told = map.word<float>(50) != 0 || map.word<float>(51) != 0 || map.word<float>(52) != 0;
    const double moved = told ? map.word<float>(50 + d) + voxel[d] * (result.start[d] - map.start[column]) : 0;
    check(near(result.word<float>(50 + d), moved, 1e-3 * voxel[d]), "origin");
  }
  const double correlation = cross / std::sqrt(power * other);
  std::cout << "correlation " << correlation << ", amplitude " << cross / power << ", largest error " << worst / largest
            << '\n';
  check(correlation >= std::stod(argv[3]), "correlation");
  check(near(cross / power, 1, 0.03), "amplitude");
  check(argc <= 5 || worst <= std::stod(argv[5]) * largest, "error");
  return good ? 0 : 1;
}
