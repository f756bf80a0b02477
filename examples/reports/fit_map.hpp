// SPDX-License-Identifier: MIT
// What fit_map takes from its command line, prints, draws and demands of itself.
#pragma once

#include "../common/fft.hpp"
#include "../common/file.hpp"
#include "../common/kernels.hpp"
#include "../common/picture.hpp"
#include "../common/program.hpp"
#include "../common/shells.hpp"

#include <bracewell/shells.hpp>
#include <bracewell/spectrum.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>

namespace examples::fit_map {

namespace bw = bracewell;

// Conjugate gradients are the host's.
using Volume = HostArray<float***>;
using Spectra = HostArray<Kokkos::complex<float>***>;

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  std::string output = "fit_map";
  std::string kernel = "kaiser-bessel-4";
  double voxel = 0, padding = 2;
  int images = 300, bin = 2, iterations = 40;
  unsigned seed = 1;
  bool checked = true;  // by default, and for not much less data: the outcome is known
};

/// Adds the options to a program. \return what is to be called when they have been read
inline std::function<void()> add_options(CLI::App& app, Settings& settings) {
  CLI::Option* map = app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å, instead of the header's")->check(CLI::PositiveNumber);
  CLI::Option* bin = app.add_option("--bin", settings.bin, "voxels to average along an axis")
                         ->check(CLI::Range(1, 16))
                         ->capture_default_str();
  app.add_option("--images", settings.images, "number of images")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--iterations", settings.iterations, "of conjugate gradients")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--kernel", settings.kernel, "interpolation")->check(CLI::IsMember(kernel_names))->capture_default_str();
  CLI::Option* padding =
      app.add_option("--padding", settings.padding, "of the map")->check(CLI::Range(1.0, 4.0))->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return [=, &settings] {
    for (const CLI::Option* option : {map, bin, padding}) settings.checked = settings.checked && option->empty();
    settings.checked = settings.checked && settings.images >= 120 && settings.iterations >= 20;
  };
}

struct Fit {
  Volume map = {};
  std::vector<double> residual = {}, error = {};  // relative, before each iteration and at the end
  double seconds = 0, adjointness = 0;
};

/// |a − b| / |b| over the frequencies that images have: up to half a cycle per voxel.
inline double error_in_band(const Volume& a, const Volume& b) {
  const int n = int(a.extent(0));
  const Spectra f("spectrum", n, n, n / 2 + 1), g("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), a, f);
  rfft<3>(Host(), b, g);
  double difference = 0, power = 0;
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        if (2 * std::hypot(x, bw::frequency(y, n), bw::frequency(z, n)) > n) continue;
        const double multiplicity = 2 * x % n == 0 ? 1 : 2;
        difference += multiplicity * Kokkos::pow(Kokkos::abs(f(z, y, x) - g(z, y, x)), 2);
        power += multiplicity * Kokkos::pow(Kokkos::abs(g(z, y, x)), 2);
      }
  return std::sqrt(difference / power);
}

inline std::vector<double> correlation(const Volume& a, const Volume& b) {
  const std::size_t n = a.extent(0);
  const Spectra f("spectrum", n, n, n / 2 + 1), g("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), a, f);
  rfft<3>(Host(), b, g);
  return bracewell::fourier_shell_correlation(Host(), bracewell::Spectrum{f, n}, bracewell::Spectrum{g, n});
}

/// Over the shells that images fill: the last reaches beyond them.
inline double mean(const std::vector<double>& fsc) {
  double sum = 0;
  for (std::size_t s = 0; s + 1 < fsc.size(); ++s) sum += fsc[s];
  return sum / double(fsc.size() - 1);
}

inline std::vector<std::pair<double, std::string>> ticks(double step, double last, const char* format) {
  std::vector<std::pair<double, std::string>> all;
  for (double v = 0; v <= last * (1 + 1e-9); v += step) {
    char name[32];
    std::snprintf(name, sizeof name, format, v);
    all.emplace_back(v, name);
  }
  return all;
}

/// From the decade below the least of the curves to 1.
inline Axis decades(const char* label, const std::vector<Curve>& curves) {
  double least = 1;
  for (const Curve& curve : curves)
    for (const double v : curve.y) least = std::min(least, v);
  const double lowest = std::max(std::floor(std::log10(least)), -8.0);
  Axis axis{label, std::pow(10, lowest), 1, {}, true};
  for (double d = lowest; d <= 0; ++d) {
    char name[32];
    std::snprintf(name, sizeof name, "%g", std::pow(10, d));
    axis.ticks.emplace_back(std::pow(10, d), name);
  }
  return axis;
}

inline void save_convergence(const std::string& path, const Fit& fit, double one_shot_error) {
  const int last = int(fit.error.size()) - 1;
  std::vector<Curve> curves{{"residual of the images", {}, fit.residual, blue}, {"error of the map", {}, fit.error, orange}};
  for (Curve& curve : curves)
    for (int i = 0; i <= last; ++i) curve.x.push_back(i);
  save_plot(path, "Conjugate gradients on project and backproject", curves,
            {"iterations", 0, double(last), ticks(std::max(1, last / 8), last, "%g")}, decades("relative L2 norm", curves),
            {{one_shot_error, "one shot"}});
}

inline void save_fsc(const std::string& path, const std::vector<double>& fitted, const std::vector<double>& one_shot,
                     double box) {
  const double nyquist = double(fitted.size() - 1) / box;
  std::vector<Curve> curves{{"conjugate gradients", {}, fitted, orange}, {"one shot", {}, one_shot, blue}};
  for (Curve& curve : curves) {
    curve.y.pop_back();  // images do not fill the last shell
    for (std::size_t s = 0; s < curve.y.size(); ++s) {
      curve.x.push_back(double(s) / box);
      curve.y[s] = std::max(1 - curve.y[s], 1e-8);
    }
  }
  save_plot(path, "Reconstructions against the map", curves,
            {"spatial frequency / Å⁻¹", 0, nyquist, ticks(nyquist / 5, nyquist, "%.3f")},
            decades("1 − Fourier shell correlation", curves));
}

/// Prints what there is to know, draws the pictures. \return the exit code: 1 where the fit is not what it should be
inline int report(const Settings& settings, const Volume& truth, double voxel, const Fit& fitted, const Volume& once) {
  const int n = int(truth.extent(0));
  const auto fsc_fit = correlation(truth, fitted.map), fsc_once = correlation(truth, once);
  const double error = error_in_band(once, truth);
  const std::size_t outer = std::size_t(std::lround(0.9 * n / 2));
  std::printf("\n%-22s %10s %20s %14s\n", "", "mean FSC", "FSC at 0.9 Nyquist", "error of map");
  std::printf("%-22s %10.5f %20.5f %14.5f\n", "one shot", mean(fsc_once), fsc_once[outer], error);
  std::printf("%-22s %10.5f %20.5f %14.5f\n", "conjugate gradients", mean(fsc_fit), fsc_fit[outer], fitted.error.back());
  std::printf("adjoint   A and Aᵀ agree to %.1e; %.0f ms an iteration\n", fitted.adjointness,
              1e3 * fitted.seconds / double(fitted.error.size()));

  save_convergence(settings.output + "/convergence.png", fitted, error);
  save_fsc(settings.output + "/fsc.png", fsc_fit, fsc_once, n * voxel);
  std::vector<GreyImage> sections;
  for (const auto& m : {truth, fitted.map, once})
    sections.push_back({n, n, std::vector<float>(&m(n / 2, 0, 0), &m(n / 2, 0, 0) + n * n), 0, 1});
  set_contrast(sections);
  save_sheet(settings.output + "/sections.png", sections, {"map", "conjugate gradients", "one shot"}, 3, 280,
             "Central sections");
  std::printf("written   convergence.png, fsc.png and sections.png in\n          %s\n",
              std::filesystem::absolute(settings.output).lexically_normal().c_str());

  // Scalar products of single-precision arrays.
  const bool adjoint = fitted.adjointness < 1e-5;
  const bool better = mean(fsc_fit) > mean(fsc_once) && fitted.error.back() < error;
  if (!settings.checked) return adjoint ? 0 : 1;
  std::printf("check     %s: an adjoint pair to 1e-5, a better FSC and a smaller error than in one shot wanted\n",
              adjoint && better ? "passed" : "FAILED");
  return adjoint && better ? 0 : 1;
}

}  // namespace examples::fit_map
