// SPDX-License-Identifier: MIT
// What reconstruct_map takes from its command line, prints, draws and demands of itself.
#pragma once

#include "../common/fft.hpp"
#include "../common/file.hpp"
#include "../common/kernels.hpp"
#include "../common/map.hpp"
#include "../common/picture.hpp"
#include "../common/program.hpp"
#include "../common/shells.hpp"
#include "../common/stopwatch.hpp"

#include <bracewell/shells.hpp>
#include <bracewell/spectrum.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>

namespace examples::reconstruct_map {

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/beta_galactosidase.mrc.gz";
  std::string output = "reconstruct_map";
  std::string kernel = "kaiser-bessel-4";
  double voxel = 0, padding = 2, shift = 3, snr = 0;
  int poses = 2000;
  unsigned seed = 1;
};

inline void add_options(CLI::App& app, Settings& settings) {
  app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å, instead of the header's")->check(CLI::PositiveNumber);
  app.add_option("--poses", settings.poses, "number of images")->check(CLI::Range(1, 10000000))->capture_default_str();
  app.add_option("--kernel", settings.kernel, "interpolation")->check(CLI::IsMember(kernel_names))->capture_default_str();
  app.add_option("--padding", settings.padding, "of the map")->check(CLI::Range(1.0, 4.0))->capture_default_str();
  app.add_option("--shift", settings.shift, "standard deviation of shifts, in pixels")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images; 0: no noise")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
}

struct Result {
  HostArray<float***> map = {};
  std::vector<GreyImage> examples = {};  // the first images
  std::vector<double> half_fsc = {};     // of half maps, where there is noise
  double noise = 0;                      // its standard deviation
  Stopwatch project = {}, add = {}, finish = {};
};

/// Keeps the first images to be shown, and adds noise to all if that is wanted, of a share of the first batch's variance.
template <class Images>
void keep_and_spoil(const Images& images, const Settings& settings, std::mt19937& generator, Result& result) {
  const std::size_t shown = 24;
  if (settings.snr == 0 && result.examples.size() >= shown) return;
  const auto seen = on_host(images);
  if (settings.snr > 0) {
    if (result.noise == 0) {
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < seen.size(); ++i) {
        sum += seen.data()[i];
        squares += double(seen.data()[i]) * seen.data()[i];
      }
      const double mean = sum / double(seen.size());
      result.noise = std::sqrt((squares / double(seen.size()) - mean * mean) / settings.snr);
    }
    std::normal_distribution<float> normal(0, float(result.noise));
    for (std::size_t i = 0; i < seen.size(); ++i) seen.data()[i] += normal(generator);
    Kokkos::deep_copy(images, seen);
  }
  const int n = int(seen.extent(1));
  for (std::size_t p = 0; p < seen.extent(0) && result.examples.size() < shown; ++p)
    result.examples.push_back({n, n, std::vector<float>(&seen(p, 0, 0), &seen(p, 0, 0) + n * n), 0, 1});
}

/// Stored samples of a slice within half a cycle per pixel.
inline long samples_in_band(int n) {
  long count = 0;
  for (int y = 0; y < n; ++y)
    for (int x = 0; x <= n / 2; ++x) {
      const double ky = bracewell::frequency(y, n);
      count += 4 * (ky * ky + double(x) * x) <= double(n) * n;
    }
  return count;
}

inline GreyImage section(const HostArray<float***>& map, int axis) {
  const int n = int(map.extent(0)), middle = n / 2;
  GreyImage image{n, n, std::vector<float>(std::size_t(n) * n), 0, 1};
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      image.values[std::size_t(i) * n + j] = axis == 0   ? map(middle, i, j)
                                             : axis == 1 ? map(i, middle, j)
                                                         : map(i, j, middle);
  return image;
}

inline void save_sections(const std::string& path, const HostArray<float***>& truth,
                          const HostArray<float***>& reconstruction) {
  std::vector<GreyImage> sections;
  for (const auto& map : {truth, reconstruction})
    for (int axis = 0; axis < 3; ++axis) sections.push_back(section(map, axis));
  set_contrast(sections);
  const float tenth = (sections[0].high - sections[0].low) / 20;
  for (int axis = 0; axis < 3; ++axis) {
    GreyImage difference = sections[axis];
    for (std::size_t i = 0; i < difference.values.size(); ++i)
      difference.values[i] = sections[3 + axis].values[i] - sections[axis].values[i];
    difference.low = -tenth;
    difference.high = tenth;
    sections.push_back(difference);
  }
  save_sheet(path, sections,
             {"map, z", "map, y", "map, x", "reconstruction, z", "reconstruction, y", "reconstruction, x",
              "10 × difference, z", "10 × difference, y", "10 × difference, x"},
             3, 240, "Central sections");
}

inline void save_fsc(const std::string& path, const std::vector<double>& fsc, double box) {
  const double nyquist = double(fsc.size() - 1) / box, decade = std::pow(10, std::floor(std::log10(nyquist)));
  Axis x{"spatial frequency / Å⁻¹", 0, nyquist, {}}, y{"Fourier shell correlation", -0.05, 1.02, {}};
  x.other_label = "resolution / Å";
  char name[32];
  const double step = decade * (nyquist / decade > 4 ? 1 : nyquist / decade > 2 ? 0.5 : 0.25);
  for (double v = 0; v <= nyquist * 1.0001; v += step) {
    std::snprintf(name, sizeof name, "%.3g", v);
    x.ticks.emplace_back(v, name);
    std::snprintf(name, sizeof name, "%.3g", 1 / v);
    x.other_ticks.emplace_back(v, v > 0 ? name : "∞");
  }
  for (int i = 0; i <= 5; ++i) {
    std::snprintf(name, sizeof name, "%.1f", 0.2 * i);
    y.ticks.emplace_back(0.2 * i, name);
  }
  Curve curve{"", {}, fsc, blue};
  for (std::size_t s = 0; s < fsc.size(); ++s) curve.x.push_back(double(s) / box);
  save_plot(path, "Reconstruction against the map it came from", {curve}, x, y,
            {{0.5, "0.5: " + resolution(fsc, 0.5, box)}, {0.143, "0.143: " + resolution(fsc, 0.143, box)}});
}

/// Prints what there is to know of a result, writes the map and the pictures. \param truth: the map's cube; input: the map as it was.
/// \return the exit code: 1 where the map is not what it should be
inline int report(const Settings& settings, const Map& input, const Map& truth, const Result& result, int padded,
                  int threads) {
  const auto& map = truth.density;
  const int n = int(map.extent(0));
  const HostArray<Kokkos::complex<float>***> a("spectrum", n, n, n / 2 + 1), b("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), map, a);
  rfft<3>(Host(), result.map, b);
  const auto fsc = bracewell::fourier_shell_correlation(Host(), bracewell::Spectrum{a, n}, bracewell::Spectrum{b, n});
  double cross = 0, power = 0;
  for (std::size_t i = 0; i < map.size(); ++i) {
    cross += double(map.data()[i]) * result.map.data()[i];
    power += double(map.data()[i]) * map.data()[i];
  }

  Map written = truth;
  written.density = result.map;
  const auto file = [&](const char* name) { return settings.output + "/" + name; };
  write_map(file("reconstruction.mrc"), written);
  auto examples = result.examples;
  set_contrast(examples);
  save_sheet(file("projections.png"), examples, {}, 6, 150, "Projections at random poses");
  save_sections(file("sections.png"), map, result.map);
  const double box = n * truth.voxel;
  save_fsc(file("fsc.png"), fsc, box);

  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("map            %s\n", settings.map.c_str());
  std::printf("               %zu × %zu × %zu voxels of %.3f Å, in a box of %d³\n", input.density.extent(2),
              input.density.extent(1), input.density.extent(0), truth.voxel, n);
  std::printf("images         %d of %d² pixels, shifts of %.1f px", settings.poses, n, settings.shift);
  std::printf(settings.snr > 0 ? ", SNR %g\n" : ", no noise\n", settings.snr);
  std::printf("kernel         %s, padded to %d\n", settings.kernel.c_str(), padded);
  std::printf("threads        %d\n", threads);
  std::printf("project        %10.0f slices/s  %7.2f ns/pixel\n", settings.poses / result.project.seconds,
              1e9 * result.project.seconds / (double(settings.poses) * double(samples_in_band(n))));
  std::printf("add            %10.0f images/s  with their FFTs and the grid of weights\n",
              settings.poses / result.add.seconds);
  std::printf("finish         %10.2f s\n", result.finish.seconds);
  std::printf("memory         %.0f MB at most\n", double(usage.ru_maxrss) / 1024);
  if (!result.half_fsc.empty())
    std::printf("half maps      FSC 0.143 %s\n", resolution(result.half_fsc, 0.143, box).c_str());
  std::printf("FSC 0.5        %s\n", resolution(fsc, 0.5, box).c_str());
  std::printf("FSC 0.143      %s\n", resolution(fsc, 0.143, box).c_str());
  std::printf("amplitude      %.4f of the map's\n", cross / power);
  std::printf("written        reconstruction.mrc, projections.png, sections.png and fsc.png in\n               %s\n",
              std::filesystem::absolute(settings.output).lexically_normal().c_str());

  // Noise and few images leave what no program can tell. Shells in which the map has next to nothing show errors of the others:
  // interpolation errs by some 1e-3 of a spectrum's amplitudes nearby.
  if (settings.snr > 0 || settings.poses < 2000) return 0;
  double worst = 1;
  const auto strength = bracewell::power_spectrum(Host(), bracewell::Spectrum{a, n});
  const double strongest = *std::max_element(strength.begin() + 1, strength.end());
  for (std::size_t s = 2; s <= std::size_t(0.8 * n / 2); ++s)
    if (strength[s] > 1e-5 * strongest) worst = std::min(worst, fsc[s]);
  const bool good = worst >= 0.99 && std::abs(cross / power - 1) <= 0.03;
  std::printf(
      "check          %s: FSC from shell 2 to 0.8 Nyquist at least %.4f (0.99 wanted) where the map has power, amplitude "
      "within 3 %% wanted\n",
      good ? "passed" : "FAILED", worst);
  return good ? 0 : 1;
}

}  // namespace examples::reconstruct_map
