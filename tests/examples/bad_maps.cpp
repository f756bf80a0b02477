// SPDX-License-Identifier: MIT
// Writes maps that an example must refuse, each with one thing wrong, and a good one: bad_maps FOLDER
#include <gemmi/ccp4.hpp>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <vector>

namespace {

using Bytes = std::vector<char>;

/// Sets word w (from 1) of a header, or of what follows it.
template <class T>
void set(Bytes& file, int w, T value) {
  static_assert(sizeof value == 4);
  std::memcpy(file.data() + 4 * (w - 1), &value, 4);
}

/// A map of 16³ voxels of 2 Å with a ball in it.
Bytes good_map(const std::filesystem::path& path) {
  gemmi::Ccp4<float> map;
  map.grid.set_size(16, 16, 16);
  map.grid.set_unit_cell(32, 32, 32, 90, 90, 90);
  for (int i = 0; i < 4096; ++i) map.grid.data[i] = std::hypot(i % 16 - 8, i / 16 % 16 - 8, i / 256 - 8) < 4 ? 1.0f : 0.0f;
  map.update_ccp4_header(2);
  map.write_ccp4_map(path.string());
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bad_maps FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const Bytes good = good_map(folder / "good.mrc");
  const auto spoil = [&](const char* name, const std::function<void(Bytes&)>& change) {
    Bytes bytes = good;
    change(bytes);
    std::ofstream(folder / name, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
  };
  spoil("truncated.mrc", [](Bytes& b) { b.resize(b.size() - 1000); });
  spoil("header_only.mrc", [](Bytes& b) { b.resize(500); });
  spoil("complex.mrc", [](Bytes& b) { set(b, 4, 4); });
  spoil("empty.mrc", [](Bytes& b) { set(b, 3, 0); });
  spoil("skew.mrc", [](Bytes& b) { set(b, 15, 94.3f); });
  spoil("unequal.mrc", [](Bytes& b) { set(b, 11, 33.0f); });
  spoil("no_cell.mrc", [](Bytes& b) {
    for (int w = 11; w <= 13; ++w) set(b, w, 0.0f);
  });
  spoil("nan.mrc", [](Bytes& b) { set(b, 257 + 100, std::numeric_limits<float>::quiet_NaN()); });
  spoil("zeros.mrc", [](Bytes& b) { std::fill(b.begin() + 1024, b.end(), '\0'); });
  spoil("words.txt", [](Bytes& b) { b.assign(3000, 'x'); });
}
