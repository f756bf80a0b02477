// SPDX-License-Identifier: MIT
// A map from its images by conjugate gradients: project and backproject, with FFTs around them, are one linear operator and
// its transpose. Compared with the usual one-shot reconstruction, which divides by the density, of the same images. These are
// free of noise; least squares of noisy ones need a prior, too, which bracewell/reconstructor.hpp has. Command line, numbers and
// pictures are in reports/.
#include "reports/fit_map.hpp"
#include "common/centred.hpp"
#include "common/fourier_sum.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <cmath>
#include <cstdio>
#include <variant>

namespace bw = bracewell;
using namespace examples;
using namespace examples::fit_map;

namespace {

using Complex = Kokkos::complex<float>;

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
        options_{.oversampling = double(padded) / extent},  // a step of a slice is so many of the padded lattice's
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
  // Without CTF every weight is 1, and so is the density of one slice; a tenth of that is hardly seen at all.
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

/// Means of blocks of bin³ voxels.
Volume binned(const Volume& map, int bin) {
  const int n = int(map.extent(0)) / bin;
  Volume small("binned map", n, n, n);
  for (int z = 0; z < n * bin; ++z)
    for (int y = 0; y < n * bin; ++y)
      for (int x = 0; x < n * bin; ++x) small(z / bin, y / bin, x / bin) += map(z, y, x) / float(bin * bin * bin);
  return small;
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
  return report(settings, truth, voxel, fitted, once);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Recovers a map from its images by conjugate gradients on project and backproject.", "fit_map"};
  const auto complete = add_options(app, settings);
  return run_program(app, argc, argv, [&] {
    complete();
    return fit(settings);
  });
}
