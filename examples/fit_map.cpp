// SPDX-License-Identifier: MIT
// A map from its images by conjugate gradients: project and backproject, with FFTs around them, are one linear operator and
// its transpose. Compared with the usual one-shot reconstruction, which divides by the density, of the same images. These are
// free of noise; least squares of noisy ones need a prior, too.
#include "common/centred.hpp"
#include "common/fft.hpp"
#include "common/file.hpp"
#include "common/fourier_sum.hpp"
#include "common/kernels.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/picture.hpp"
#include "common/program.hpp"
#include "common/shells.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <cstdio>
#include <filesystem>

namespace bw = bracewell;
using namespace examples;

namespace {

using Complex = Kokkos::complex<float>;
// Conjugate gradients are the host's.
using Volume = HostArray<float***>;
using Spectra = HostArray<Complex***>;

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  std::string output = "fit_map";
  std::string kernel = "kaiser-bessel-4";
  double voxel = 0, padding = 2;
  int images = 300, bin = 2, iterations = 40;
  unsigned seed = 1;
  bool checked = true;  // by default, and for not much less data: the outcome is known
};

/// Means of blocks of bin³ voxels.
Volume binned(const Volume& map, int bin) {
  const int n = int(map.extent(0)) / bin;
  Volume small("binned map", n, n, n);
  for (int z = 0; z < n * bin; ++z)
    for (int y = 0; y < n * bin; ++y)
      for (int x = 0; x < n * bin; ++x) small(z / bin, y / bin, x / bin) += map(z, y, x) / float(bin * bin * bin);
  return small;
}

double dot(const Volume& a, const Volume& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(a.data()[i]) * b.data()[i];
  return sum;
}

/// Of real images, by their half spectra: every stored column but the self-conjugate ones stands for two.
double dot(const Spectra& a, const Spectra& b) {
  const int n = int(a.extent(1)), columns = n / 2 + 1;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto u = a.data()[i], v = b.data()[i];
    const double term = double(u.real()) * v.real() + double(u.imag()) * v.imag();
    sum += 2 * int(i % columns) % n == 0 ? term : 2 * term;
  }
  return sum;
}

/// y ← y + a x
template <class A>
void add(const A& y, double a, const A& x) {
  for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] += float(a) * x.data()[i];
}

/// What images are of a map, S = project(rfft(pad(map / kernel's transform))), and the transpose of that.
template <class Kernel>
class Imaging {
 public:
  Imaging(const Exec& exec, const PoseSet& poses, int extent, int padded, const Kernel& kernel)
      : exec_(exec),
        views_(view(poses)),
        padded_(padded),
        options_{.oversampling = double(padded) / extent},
        kernel_(kernel),
        small_("map", extent, extent, extent),
        box_("padded map", padded, padded, padded),
        spectrum_("spectrum", padded, padded, padded / 2 + 1) {}

  void apply(const Volume& map, const Spectra& images) {
    const auto slices = device_mirror(images);
    Kokkos::deep_copy(small_, map);
    correct();
    Kokkos::deep_copy(box_, 0);
    copy_centred(box_, small_);
    rfft<3>(exec_, box_, spectrum_);
    bw::origin_to_zero(exec_, bw::Spectrum{spectrum_, padded_});
    bw::project(exec_, bw::Spectrum{spectrum_, padded_}, views_, wide(slices), options_, kernel_);
    exec_.fence();
    Kokkos::deep_copy(images, slices);
  }

  /// With dot as scalar products of images and of maps: backproject sums over frequencies, irfft divides by all of them.
  void transpose(const Spectra& images, const Volume& map) {
    bw::backproject(exec_, wide(on_device(images)), bw::none, views_, bw::Spectrum{spectrum_, padded_}, bw::none, options_,
                    kernel_);
    bw::origin_to_centre(exec_, bw::Spectrum{spectrum_, padded_});
    exec_.fence();
    irfft<3>(exec_, spectrum_, box_);
    copy_centred(small_, box_);
    correct();
    Kokkos::deep_copy(map, 0);
    add(map, std::pow(padded_, 3), on_host(small_));
  }

 private:
  void correct() {
    bw::correct_gridding(exec_, small_, {padded_, padded_, padded_}, bw::Gridding::reference, {}, kernel_);
    exec_.fence();
  }
  bw::Spectrum<Array<Complex***>> wide(const Array<Complex***>& images) const { return {images, small_.extent(0)}; }

  Exec exec_;
  decltype(view(PoseSet())) views_;
  long padded_;
  bw::SliceOptions options_;
  Kernel kernel_;
  Array<float***> small_, box_;
  Array<Complex***> spectrum_;
};

/// All images at once into a padded grid, divided by their density.
template <class Kernel>
Volume one_shot(const Exec& exec, const PoseSet& poses, const Spectra& images, long padded, const Kernel& kernel) {
  const long count = long(images.extent(0)), n = long(images.extent(1));
  const Array<float***> small("images", count, n, n), large("padded images", count, padded, padded);
  const Array<Complex***> centred("spectra", images.layout()), slices("padded spectra", count, padded, padded / 2 + 1);
  Kokkos::deep_copy(centred, images);
  bw::origin_to_centre<2>(exec, bw::Spectrum{centred, n});
  exec.fence();
  irfft<2>(exec, centred, small);
  copy_centred<2>(large, small);
  rfft<2>(exec, large, slices);
  bw::origin_to_zero<2>(exec, bw::Spectrum{slices, padded});

  const Array<Complex***> data("data", padded, padded, padded / 2 + 1);
  const Array<float***> density("density", padded, padded, padded / 2 + 1), box("padded map", padded, padded, padded);
  bw::backproject(exec, bw::Spectrum{slices, padded}, bw::none, view(poses), bw::Spectrum{data, padded},
                  bw::Spectrum{density, padded}, {}, kernel);
  bw::divide_by_density(exec, bw::Spectrum{data, padded}, bw::Spectrum{density, padded}, 0.1);
  bw::origin_to_centre(exec, bw::Spectrum{data, padded});
  exec.fence();
  irfft<3>(exec, data, box);
  const Array<float***> map("one-shot reconstruction", n, n, n);
  copy_centred(map, box);
  bw::correct_gridding(exec, map, {padded, padded, padded}, bw::Gridding::reconstruction, {}, kernel);
  exec.fence();
  return on_host(map);
}

/// |a − b| / |b| over the frequencies that images have: up to half a cycle per voxel.
double error_in_band(const Volume& a, const Volume& b) {
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

struct Fit {
  Volume map = {};
  std::vector<double> residual = {}, error = {};  // relative, before each iteration and at the end
  double seconds = 0, adjointness = 0;
};

/// Least squares by conjugate gradients (M. R. Hestenes, E. Stiefel, J. Res. NBS 49, 409 (1952), section 10): ½ |A x − images|²
/// with one A and one Aᵀ an iteration.
template <class Operator>
Fit conjugate_gradients(Operator& a, const Spectra& images, const Volume& truth, int iterations) {
  Fit fit;
  fit.map = Volume("fit", truth.layout());
  const Volume gradient("gradient", truth.layout()), direction("direction", truth.layout());
  const Spectra residual("residual", images.layout()), seen("image of the direction", images.layout());
  Stopwatch watch;
  Kokkos::deep_copy(residual, images);
  watch.start();
  a.transpose(residual, gradient);
  watch.stop();
  Kokkos::deep_copy(direction, gradient);
  double power = dot(gradient, gradient);
  const double all = dot(images, images);
  for (int i = 0;; ++i) {
    fit.residual.push_back(std::sqrt(dot(residual, residual) / all));
    fit.error.push_back(error_in_band(fit.map, truth));
    std::printf("iteration %3d  residual %.6f  error of the map %.6f\n", i, fit.residual.back(), fit.error.back());
    std::fflush(stdout);
    if (i == iterations) break;
    watch.start();
    a.apply(direction, seen);
    const double curvature = dot(seen, seen), step = power / curvature;
    if (i == 0) fit.adjointness = std::abs(dot(seen, images) / power - 1);  // ⟨A Aᵀb, b⟩ = ⟨Aᵀb, Aᵀb⟩
    add(fit.map, step, direction);
    add(residual, -step, seen);
    a.transpose(residual, gradient);
    const double next = dot(gradient, gradient);
    for (std::size_t j = 0; j < direction.size(); ++j)
      direction.data()[j] = gradient.data()[j] + float(next / power) * direction.data()[j];
    power = next;
    watch.stop();
  }
  fit.seconds = watch.seconds;
  return fit;
}

std::vector<double> correlation(const Volume& a, const Volume& b) {
  const std::size_t n = a.extent(0);
  const Spectra f("spectrum", n, n, n / 2 + 1), g("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), a, f);
  rfft<3>(Host(), b, g);
  return fourier_shell_correlation(f, g);
}

/// Over the shells that images fill: the last reaches beyond them.
double mean(const std::vector<double>& fsc) {
  double sum = 0;
  for (std::size_t s = 0; s + 1 < fsc.size(); ++s) sum += fsc[s];
  return sum / double(fsc.size() - 1);
}

std::vector<std::pair<double, std::string>> ticks(double step, double last, const char* format) {
  std::vector<std::pair<double, std::string>> all;
  for (double v = 0; v <= last * (1 + 1e-9); v += step) {
    char name[32];
    std::snprintf(name, sizeof name, format, v);
    all.emplace_back(v, name);
  }
  return all;
}

/// From the decade below the least of the curves to 1.
Axis decades(const char* label, const std::vector<Curve>& curves) {
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

void save_convergence(const std::string& path, const Fit& fit, double one_shot_error) {
  const int last = int(fit.error.size()) - 1;
  std::vector<Curve> curves{{"residual of the images", {}, fit.residual, blue}, {"error of the map", {}, fit.error, orange}};
  for (Curve& curve : curves)
    for (int i = 0; i <= last; ++i) curve.x.push_back(i);
  save_plot(path, "Conjugate gradients on project and backproject", curves,
            {"iterations", 0, double(last), ticks(std::max(1, last / 8), last, "%g")}, decades("relative L2 norm", curves),
            {{one_shot_error, "one shot"}});
}

void save_fsc(const std::string& path, const std::vector<double>& fitted, const std::vector<double>& one_shot, double box) {
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

int fit(const Settings& settings) {
  const Exec exec;
  const Map map = padded_to_cube(read_map(settings.map, settings.voxel));
  if (int(map.density.extent(0)) < 8 * settings.bin)
    throw std::runtime_error("--bin " + std::to_string(settings.bin) + " leaves fewer than 8 voxels of " + settings.map);
  const Volume truth = binned(map.density, settings.bin);
  const int n = int(truth.extent(0)), padded = int(std::lround(n * settings.padding)), count = settings.images;
  const double voxel = map.voxel * settings.bin;
  if (computes_on_host) {  // of one shot: the grid, its density, the padded map, copies for the FFT; images as they are and padded
    const double images = count * (4 + 4 + 4 + 4) * std::pow(n, 2) + count * (4 + 4) * std::pow(padded, 2);
    require_memory(26 * std::pow(padded, 3) + 40 * std::pow(n, 3) + images + 1e8, settings.map,
                   "less with a larger --bin, a smaller --padding or fewer --images");
  }
  make_folder(settings.output);
  std::printf("map       %s, %d³ voxels of %.3f Å\n", std::filesystem::path(settings.map).filename().c_str(), n, voxel);

  std::mt19937 generator(settings.seed);
  const PoseSet poses = random_poses(generator, count, 2);
  const Spectra images("spectra of images", count, n, n / 2 + 1);
  Stopwatch sums;
  sums.start();
  fourier_sums(voxels_of(truth), poses, 0.5, images);
  sums.stop();
  std::printf("images    %d of %d² pixels, by their Fourier sums in %.1f s\n", count, n, sums.seconds);
  std::printf("slices    %s, padded to %d; %d threads\n", settings.kernel.c_str(), padded, exec.concurrency());

  Fit fitted;
  Volume once;
  std::visit(
      [&](const auto& kernel) {
        once = one_shot(exec, poses, images, padded, kernel);
        Imaging imaging(exec, poses, n, padded, kernel);
        fitted = conjugate_gradients(imaging, images, truth, settings.iterations);
      },
      make_kernel(settings.kernel, double(padded) / n));

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

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Recovers a map from its images by conjugate gradients on project and backproject.", "fit_map"};
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
  return run_program(app, argc, argv, [&] {
    for (const CLI::Option* option : {map, bin, padding}) settings.checked = settings.checked && option->empty();
    settings.checked = settings.checked && settings.images >= 120 && settings.iterations >= 20;
    return fit(settings);
  });
}
