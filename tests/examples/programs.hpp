// SPDX-License-Identifier: MIT
// Programs run as commands in folders of their own, and what their maps are compared by.
#pragma once

#include "common/fft.hpp"
#include "common/map.hpp"
#include "common/mrc.hpp"
#include "common/space.hpp"

#include <bracewell/shells.hpp>
#include <bracewell/spectrum.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <Kokkos_Core.hpp>

#include <sys/wait.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace programs {

namespace bw = bracewell;
namespace fs = std::filesystem;
using namespace examples;

using Volume = HostArray<float***>;
using Spectra = HostArray<Kokkos::complex<double>***>;

/// A folder of a test, empty at its beginning.
inline fs::path folder(const std::string& name) {
  const fs::path path = fs::path(BRACEWELL_TEST_OUTPUT) / name;
  fs::remove_all(path);
  fs::create_directories(path);
  return path;
}

inline std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Run {
  int code;
  std::string output, error;
};

inline Run run(const fs::path& in, const std::string& command) {
  const std::string line = "cd '" + in.string() + "' && " + command + " >stdout 2>stderr";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(in / "stdout"), contents(in / "stderr")};
}

inline void succeeds(const fs::path& in, const std::string& command) {
  const Run r = run(in, command);
  INFO(command << "\n" << r.output << r.error);
  REQUIRE(r.code == 0);
}

/// The program ends with 2, says why in one line that has the words, and leaves no files but what was there.
inline void refused(const fs::path& in, const std::string& command, const std::string& words) {
  const auto listing = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(in))
      if (entry.path().filename() != "stdout" && entry.path().filename() != "stderr") names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  };
  const auto before = listing();
  const Run r = run(in, command);
  INFO(command << "\n" << r.output << r.error);
  CHECK(r.code == 2);
  CHECK_THAT(r.error, Catch::Matchers::ContainsSubstring(words));
  CHECK(std::count(r.error.begin(), r.error.end(), '\n') == 1);
  CHECK(listing() == before);
}

inline bool has_relion() {
  static const bool there = std::system("command -v relion_project relion_reconstruct >/dev/null 2>&1") == 0;
  return there;
}

inline void needs_relion() {
  if (!has_relion()) SKIP("relion_project and relion_reconstruct are not installed");
}

/// The 30S subunit at 8.8 Å: means of 4³ voxels, without frequencies near Nyquist.
inline Map truth() {
  const Map map = read_map(std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz");
  const int n = int(map.density.extent(0)) / 4;
  Map small;
  small.voxel = map.voxel * 4;
  small.density = Volume("map", n, n, n);
  for (int z = 0; z < 4 * n; ++z)
    for (int y = 0; y < 4 * n; ++y)
      for (int x = 0; x < 4 * n; ++x) small.density(z / 4, y / 4, x / 4) += map.density(z, y, x) / 64;
  return small;
}

/// Images, or a volume, as they are in a file.
inline Volume sections(const fs::path& path) {
  MrcReader reader(path.string());
  const auto& [nx, ny, nz] = reader.header().extent;
  const Volume all("sections", nz, ny, nx);
  reader.read(0, nz, all.data());
  return all;
}

inline Spectra spectrum_of_map(const Volume& map) {
  const Spectra spectrum("spectrum", map.extent(0), map.extent(1), map.extent(2) / 2 + 1);
  rfft<3>(Host(), map, spectrum);
  return spectrum;
}

/// The least correlation of images' spectra from shell 1 to `part` of Nyquist, and the extremes of the ratio of their amplitudes.
struct Agreement {
  double correlation = 2, least = 1e300, most = 0;
};

inline Agreement compare_maps(const Volume& a, const Volume& b, double part, int from = 1) {
  Agreement result;
  const int n = int(a.extent(0));
  REQUIRE(a.size() == b.size());
  const auto sums = bw::shell_sums(Host(), bw::Spectrum{spectrum_of_map(a), n}, bw::Spectrum{spectrum_of_map(b), n});
  for (int s = from; s <= int(part * n / 2); ++s) {
    const auto i = std::size_t(s);
    result.correlation = std::min(result.correlation, sums.cross[i] / std::sqrt(sums.first[i] * sums.second[i]));
    const double ratio = std::sqrt(sums.first[i] / sums.second[i]);
    result.least = std::min(result.least, ratio);
    result.most = std::max(result.most, ratio);
  }
  return result;
}

}  // namespace programs
