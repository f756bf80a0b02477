// SPDX-License-Identifier: MIT
// What refine_one takes from its command line, prints and demands of itself.
#pragma once

#include "../common/program.hpp"

#include <cstdio>

namespace examples::refine_one {

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  double snr = 1, angle = 4, shift = 2;
  unsigned seed = 1;
};

inline void add_options(CLI::App& app, Settings& settings) {
  app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of the image")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--angle", settings.angle, "degrees off at the start")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--shift", settings.shift, "pixels off at the start")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
}

/// Of a pose, in degrees and pixels.
struct Errors {
  double angle, shift;
};

/// Prints; returns the exit code.
inline int report(const Settings& settings, const Errors& start, const Errors& end) {
  std::printf("start   %.4f° and %.4f pixels off\n", start.angle, start.shift);
  std::printf("end     %.4f° and %.4f pixels off\n", end.angle, end.shift);
  const bool usual = settings.snr >= 1 && settings.angle <= 4 && settings.shift <= 2;
  return !usual || (end.angle < 0.5 && end.shift < 0.1) ? 0 : 1;
}

}  // namespace examples::refine_one
