// SPDX-License-Identifier: MIT
// What refine_poses takes from its command line, makes its images of, prints, draws and demands of itself.
#pragma once

#include "../common/fft.hpp"
#include "../common/file.hpp"
#include "../common/fourier_sum.hpp"
#include "../common/histogram.hpp"
#include "../common/kernels.hpp"
#include "../common/map.hpp"
#include "../common/pose_newton.hpp"
#include "../common/program.hpp"
#include "../common/stopwatch.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/eigen.hpp>

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>

namespace examples::refine_poses {

namespace bw = bracewell;

using Complex = Kokkos::complex<float>;

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  std::string output = "refine_poses";
  std::string kernel = "kaiser-bessel-4";
  double voxel = 0, padding = 2, snr = 0, angle = 8, shift = 3, cutoff = 0.25, defocus = 0;
  int images = 64;
  unsigned seed = 1;
  bool checked = true;  // a default map and start, for which the outcome is known
};

/// Adds the options to a program. \return what is to be called when they have been read
inline std::function<void()> add_options(CLI::App& app, Settings& settings) {
  CLI::Option* map = app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å, instead of the header's")->check(CLI::PositiveNumber);
  app.add_option("--images", settings.images, "number of images")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images; 0: no noise")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  CLI::Option* angle = app.add_option("--angle", settings.angle, "rms of the orientations' first errors, in degrees")
                           ->check(CLI::Range(0.0, 180.0))
                           ->capture_default_str();
  CLI::Option* shift = app.add_option("--shift", settings.shift, "standard deviation of the shifts' first errors, in pixels")
                           ->check(CLI::NonNegativeNumber)
                           ->capture_default_str();
  CLI::Option* cutoff = app.add_option("--cutoff", settings.cutoff, "highest frequency, in cycles per pixel")
                            ->check(CLI::Range(0.05, 0.5))
                            ->capture_default_str();
  app.add_option("--defocus", settings.defocus, "of the images' CTFs, within 20 %, in µm; 0: no CTFs")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  app.add_option("--kernel", settings.kernel, "interpolation")->check(CLI::IsMember(kernel_names))->capture_default_str();
  CLI::Option* padding =
      app.add_option("--padding", settings.padding, "of the map")->check(CLI::Range(1.0, 4.0))->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return [=, &settings] {
    for (const CLI::Option* option : {map, angle, shift, cutoff, padding})
      settings.checked = settings.checked && option->empty();
  };
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + long(values.size() / 2), values.end());
  return values[values.size() / 2];
}

inline constexpr double degrees = 180 / M_PI;

/// Distances from the true poses, in degrees and pixels.
struct Errors {
  std::vector<double> angle, shift;

  Errors(const PoseSet& poses, const PoseSet& truth) {
    for (std::size_t p = 0; p < truth.rotations.size(); ++p) {
      const Eigen::Matrix3d between = poses.rotations[p] * truth.rotations[p].transpose();
      angle.push_back(Eigen::AngleAxisd(between).angle() * degrees);
      shift.push_back((poses.shifts[p] - truth.shifts[p]).norm());
    }
  }
  long within(double degrees, double pixels) const {
    long count = 0;
    for (std::size_t p = 0; p < angle.size(); ++p) count += angle[p] < degrees && shift[p] < pixels;
    return count;
  }
};

inline void report(const char* method, double cutoff, int iteration, double residual, const std::vector<double>& moved,
                   long active) {
  std::printf("%-20s cutoff %.3f  iteration %2d  residual %.6f  %3ld images moved, by %.1e px at most\n", method, cutoff,
              iteration, residual, active, moved.empty() ? 0 : *std::max_element(moved.begin(), moved.end()));
  std::fflush(stdout);
}

struct Refined {
  PoseSet poses;
  double seconds = 0, residual = 0;
  std::vector<Normal> normals = {};  // at the end, of Levenberg-Marquardt
};

/// Multiplies images by CTFs of their own, of defoci within 20 % of a mean in µm, and returns these; ones for 0.
inline HostArray<float***> apply_ctf(std::mt19937& generator, double defocus, double voxel,
                                     const HostArray<Complex***>& spectra) {
  const int count = int(spectra.extent(0)), n = int(spectra.extent(1));
  const HostArray<float***> ctf("ctf", count, n, n / 2 + 1);
  Kokkos::deep_copy(ctf, 1);
  if (defocus == 0) return ctf;
  std::uniform_real_distribution<double> defoci(0.8e4 * defocus, 1.2e4 * defocus);
  for (int p = 0; p < count; ++p) {
    const double own = defoci(generator);
    const bw::ContrastTransfer contrast({.defocus_u = own, .defocus_v = own}, voxel);
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        ctf(p, y, x) = float(contrast.value(double(x) / n, double(bw::frequency(y, n)) / n));
        spectra(p, y, x) *= ctf(p, y, x);
      }
  }
  return ctf;
}

/// White noise of standard deviation σ a pixel, added to spectra.
inline void add_noise(std::mt19937& generator, double sigma, const HostArray<Complex***>& spectra) {
  const std::size_t n = spectra.extent(1);
  const HostArray<float***> noise("noise", spectra.extent(0), n, n);
  const HostArray<Complex***> spectrum("spectrum of noise", spectra.layout());
  std::normal_distribution<float> normal(0, float(sigma));
  for (std::size_t i = 0; i < noise.size(); ++i) noise.data()[i] = normal(generator);
  rfft<2>(Host(), noise, spectrum);
  for (std::size_t i = 0; i < spectra.size(); ++i) spectra.data()[i] += spectrum.data()[i];
}

/// Of the pixels of the images that the spectra are of, their means left out.
inline double variance(const HostArray<Complex***>& spectra) {
  const int n = int(spectra.extent(1));
  double sum = 0;
  for (std::size_t p = 0; p < spectra.extent(0); ++p)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        const auto z = spectra(p, y, x);
        if (x > 0 || y > 0) sum += (2 * x % n == 0 ? 1 : 2) * (double(z.real()) * z.real() + double(z.imag()) * z.imag());
      }
  return sum / (double(spectra.extent(0)) * std::pow(n, 4));
}

/// What is to be refined: images of a map and the poses that they are of, and poses to begin with.
struct Problem {
  PoseSet truth, start;
  HostArray<Complex***> spectra;
  HostArray<float***> ctf;
  double sigma;  // of the noise, a pixel
};

inline Problem make_problem(const Settings& settings, const Map& map) {
  const int n = int(map.density.extent(0)), count = settings.images;
  std::printf("map       %s, %d³ voxels of %.3f Å\n", std::filesystem::path(settings.map).filename().c_str(), n, map.voxel);
  // The images: Fourier sums of the map, and noise.
  std::mt19937 generator(settings.seed);
  const PoseSet truth = random_poses(generator, count, 2);
  const HostArray<Complex***> spectra("spectra of images", count, n, n / 2 + 1);
  Stopwatch sums;
  sums.start();
  fourier_sums(voxels_of(map.density), truth, settings.cutoff, spectra);
  sums.stop();
  const auto ctf = apply_ctf(generator, settings.defocus, map.voxel, spectra);
  const double sigma = settings.snr > 0 ? std::sqrt(variance(spectra) / settings.snr) : 0;
  if (sigma > 0) add_noise(generator, sigma, spectra);
  std::printf("images    %d of %d² pixels up to %g cycles/pixel, by their Fourier sums in %.1f s, ", count, n,
              settings.cutoff, sums.seconds);
  std::printf(sigma > 0 ? "SNR %g\n" : "no noise\n", settings.snr);

  std::normal_distribution<double> normal;
  Changes perturbation(count);
  for (auto& change : perturbation)
    for (int i = 0; i < 5; ++i)
      change[i] = normal(generator) * (i < 3 ? settings.angle / degrees / std::sqrt(3) : settings.shift);
  return {truth, changed(truth, perturbation), spectra, ctf, sigma};
}

/// Prints what there is to know, draws the picture. \return the exit code: 1 where poses are not what they should be
inline int report(const Settings& settings, const Problem& problem, const Refined& marquardt, const Refined& quasi_newton) {
  const double sigma = problem.sigma;
  const int n = int(problem.spectra.extent(1)), count = settings.images;
  const Errors before(problem.start, problem.truth), after(marquardt.poses, problem.truth),
      other(quasi_newton.poses, problem.truth);
  std::printf("\n%-20s %13s %13s %26s %10s %9s\n", "", "median angle", "median shift", "within 0.2° and 0.1 px", "residual",
              "seconds");
  const auto row = [&](const char* name, const Errors& errors) {
    std::printf("%-20s %12.4f° %10.4f px %19ld of %-4d", name, median(errors.angle), median(errors.shift),
                errors.within(0.2, 0.1), count);
  };
  row("before", before);
  row("\nLevenberg-Marquardt", after);
  std::printf("%10.6f %9.2f\n", marquardt.residual, marquardt.seconds);
  row("L-BFGS", other);
  std::printf("%10.6f %9.2f\n", quasi_newton.residual, quasi_newton.seconds);
  double expected_angle = 0, expected_shift = 0;
  if (sigma > 0) {
    // Cramér and Rao's bound: the inverse of JᵀJ over the variance of a frequency's noise.
    std::vector<double> angles, shifts;
    for (const Normal& normals : marquardt.normals) {
      const Normal covariance = std::pow(sigma * n, 2) * normals.inverse();
      angles.push_back(degrees * std::sqrt(covariance.topLeftCorner<3, 3>().trace()));
      shifts.push_back(std::sqrt(covariance.bottomRightCorner<2, 2>().trace()));
    }
    expected_angle = median(angles);
    expected_shift = median(shifts);
    std::printf("%-20s %12.4f° %10.4f px\n", "the noise allows rms", expected_angle, expected_shift);
  }
  const std::string file = settings.output + "/errors.png";
  const auto panel = [&](const char* label, auto member) {
    return Histogram{label,
                     1e-4,
                     1e2,
                     {{"before", before.*member, grey}, {"LM", after.*member, blue}, {"L-BFGS", other.*member, orange}}};
  };
  save_histograms(file, "Errors of poses before and after refinement",
                  {panel("angle / °", &Errors::angle), panel("shift / pixels", &Errors::shift)});
  std::printf("written   %s\n", std::filesystem::absolute(file).lexically_normal().c_str());

  // Much more noise moves minima further than slopes tell. Medians of errors are below their rms.
  if (!settings.checked || (sigma > 0 && settings.snr < 0.02)) return 0;
  const double angle_limit = sigma > 0 ? 1.2 * expected_angle : 0.2, shift_limit = sigma > 0 ? 1.2 * expected_shift : 0.1;
  const auto met = [&](const Errors& errors) {
    return median(errors.angle) < angle_limit && median(errors.shift) < shift_limit;
  };
  const bool good = met(after) && met(other);
  std::printf("check     %s: medians below %.3f° and %.3f px wanted\n", good ? "passed" : "FAILED", angle_limit,
              shift_limit);
  return good ? 0 : 1;
}

}  // namespace examples::refine_poses
