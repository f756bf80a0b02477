// SPDX-License-Identifier: MIT
// What ctf_reconstruct takes from its command line, simulates, prints and demands of itself.
#pragma once

#include "../common/file.hpp"
#include "../common/map.hpp"
#include "../common/program.hpp"
#include "../common/shells.hpp"
#include "../common/space.hpp"

#include <bracewell/ctf.hpp>

#include <cmath>
#include <cstdio>
#include <random>

namespace examples::ctf_reconstruct {

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  std::string output = "ctf_reconstruct";
  double snr = 0.1;
  int images = 2000;
  unsigned seed = 1;
};

inline void add_options(CLI::App& app, Settings& settings) {
  app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--images", settings.images, "number of images")->check(CLI::Range(2, 10000000))->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
}

/// Per image a defocus of 1 to 2.5 µm, a little astigmatic.
inline std::vector<bracewell::Ctf> random_ctfs(std::mt19937& generator, int count) {
  std::uniform_real_distribution<double> uniform;
  std::vector<bracewell::Ctf> ctfs;
  for (int p = 0; p < count; ++p) {
    const double defocus = 1e4 + 1.5e4 * uniform(generator);
    ctfs.push_back({.defocus_u = defocus + 200, .defocus_v = defocus - 200, .defocus_angle = 180 * uniform(generator)});
  }
  return ctfs;
}

/// Adds noise of the images' own mean square over snr.
inline void add_noise(const Array<float***>& images, double snr, std::mt19937& generator) {
  const auto seen = on_host(images);
  double power = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) power += double(seen.data()[i]) * seen.data()[i] / double(seen.size());
  std::normal_distribution<float> normal(0, float(std::sqrt(power / snr)));
  for (std::size_t i = 0; i < seen.size(); ++i) seen.data()[i] += normal(generator);
  Kokkos::deep_copy(images, seen);
}

struct Result {
  HostArray<float***> map = {};
  std::vector<double> fsc = {};  // of the half maps
};

/// Prints and writes; returns the exit code.
inline int report(const Settings& settings, Map truth, const Result& result) {
  double cross = 0, power = 0, own = 0;
  for (std::size_t i = 0; i < result.map.size(); ++i) {
    const double a = result.map.data()[i], b = truth.density.data()[i];
    cross += a * b;
    power += b * b;
    own += a * a;
  }
  const double box = truth.voxel * double(truth.density.extent(0)), correlation = cross / std::sqrt(power * own);
  std::printf("images       %d, SNR %g, defocus 1 to 2.5 µm\n", settings.images, settings.snr);
  std::printf("half maps    FSC 0.143 at %s, 0.5 at %s\n", resolution(result.fsc, 0.143, box).c_str(),
              resolution(result.fsc, 0.5, box).c_str());
  std::printf("map          correlation %.4f with the true one, amplitude %.4f\n", correlation, cross / power);
  truth.density = result.map;
  make_folder(settings.output);
  write_map(settings.output + "/reconstruction.mrc", truth);
  std::printf("written      %s/reconstruction.mrc\n", settings.output.c_str());
  const bool usual = settings.snr >= 0.1 && settings.images >= 1000;
  return !usual || correlation > 0.93 ? 0 : 1;
}

}  // namespace examples::ctf_reconstruct
