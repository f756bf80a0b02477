// SPDX-License-Identifier: MIT
// Writes maps that an example must refuse, each with one thing wrong, and good ones: bad_maps FOLDER
#include "mrc_bytes.hpp"

#include <cmath>
#include <iostream>

using files::Mrc;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bad_maps FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const auto save = [&](const char* name, const files::Bytes& bytes) { files::write(folder / name, bytes); };
  const auto spoilt = [](int word, auto value) { return files::ball().set(word, value).bytes(); };
  const files::Bytes good = files::ball().bytes();
  save("good.mrc", good);
  save("truncated.mrc", files::Bytes(good.begin(), good.end() - 1000));
  save("header_only.mrc", files::Bytes(good.begin(), good.begin() + 500));
  save("complex.mrc", spoilt(4, 4));
  save("colours.mrc", spoilt(4, 16));
  save("empty.mrc", spoilt(3, 0));
  save("axes.mrc", spoilt(17, 3));
  save("skew.mrc", spoilt(15, 94.3f));
  save("unequal.mrc", spoilt(11, 33.0f));
  save("absurd_cell.mrc", files::ball().set(11, 1e-38f).set(12, 1e-38f).set(13, 1e-38f).bytes());
  save("no_cell.mrc", files::ball().set(11, 0.0f).set(12, 0.0f).set(13, 0.0f).bytes());
  save("words.txt", files::Bytes(3000, 'x'));
  save("huge.mrc", files::ball().set(1, 2000000000).set(2, 2000000000).set(3, 2000000000).bytes());
  save("huge.mrc.gz", files::gzipped(files::ball().set(1, 2000).set(2, 2000).bytes()));
  save("cut.mrc.gz", [&] {
    const auto packed = files::gzipped(good, 2);
    return files::Bytes(packed.begin(), packed.end() - 20);
  }());
  save("zeros.mrc", [] {
    Mrc map = files::ball();
    std::fill(map.values.begin(), map.values.end(), 0);
    return map.bytes();
  }());
  save("nan.mrc", [&] {
    files::Bytes bytes = good;
    std::memcpy(bytes.data() + 1024 + 400, "\x00\x00\xc0\x7f", 4);
    return bytes;
  }());
  save("stack.mrc", Mrc({32, 32, 50}, 2).set(23, 0).set(10, 1).bytes());
  save("named.mrcs", good);
  save("volumes.mrc", Mrc({16, 16, 32}, 1).set(23, 401).set(10, 16).bytes());
  save("uneven_volumes.mrc", Mrc({16, 16, 33}, 1).set(23, 401).set(10, 16).bytes());

  // Odd about the origin: its images of pure noise correlate with it negatively or not at all.
  Mrc odd({16, 16, 16}, 1);
  for (int i = 0; i < 4096; ++i) {
    const int x = i % 16 - 8, y = i / 16 % 16 - 8, z = i / 256 - 8;
    odd.values[std::size_t(i)] = x * x + y * y + z * z < 49 ? 7 * x - 5 * y + 3 * z + x * y * z : 0;
  }
  save("odd.mrc", odd.bytes());

  // Good ones whose reconstructions are known to go wrong easily: most of a soft sphere is at frequencies below those that lattices
  // resolve well, and so is that of blobs.
  const auto smooth = [](const auto& value) {
    Mrc map({32, 32, 32}, 2);
    for (int i = 0; i < 32768; ++i)
      map.values[std::size_t(i)] = int(std::lround(1e4 * value(i % 32 - 16, i / 32 % 32 - 16, i / 1024 - 16)));
    return map.bytes();
  };
  save("sphere.mrc",
       smooth([](int x, int y, int z) { return 1 / (1 + std::exp((std::sqrt(double(x * x + y * y + z * z)) - 8) / 0.8)); }));
  save("gaussians.mrc", smooth([](int x, int y, int z) {
         const auto blob = [&](double height, double width, double a, double b, double c) {
           return height * std::exp(-((x - a) * (x - a) + (y - b) * (y - b) + (z - c) * (z - c)) / (2 * width * width));
         };
         return blob(1, 3, 0, 0, 0) + blob(0.7, 2.5, 5, -3, 2) + blob(0.5, 2, -4, 4, -4);
       }));

  // A plate, whose cube has 27 billion voxels.
  save("plate.mrc", Mrc({3000, 30, 1}, 0).bytes());

  // 16 million voxels in a few kB, most of them 0.
  Mrc large({256, 256, 256}, 0);
  std::fill(large.values.begin(), large.values.end(), 0);
  large.values[(128 * 256 + 128) * 256 + 130] = 100;
  large.values[(120 * 256 + 128) * 256 + 128] = 50;
  save("large.mrc.gz", files::gzipped(large.bytes(), 2));
}
