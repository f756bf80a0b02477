// SPDX-License-Identifier: MIT
// From a map to its images and back: slices at random poses by the library's operators, one by one, and the map from them by least
// squares. Command line, numbers and pictures are in reports/.
#include "reports/reconstruct_map.hpp"
#include "common/fft_library.hpp"
#include "common/memory.hpp"
#include "common/poses.hpp"
#include "common/progress.hpp"
#include "common/reference.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>
#include <bracewell/reconstructor.hpp>

#include <random>
#include <variant>

namespace bw = bracewell;
using namespace examples;
using namespace examples::reconstruct_map;

namespace {

using Complex = Kokkos::complex<float>;

/// Images at a time: some 100 MB.
int batch_of(const Settings& settings, int n) {
  return std::min((settings.poses + 1) / 2, std::max(1, 16'000'000 / (n * n)));
}

/// Images of n² pixels of the cube, and from them the cube again.
template <class Kernel>
Result run(const Exec& exec, const HostArray<float***>& truth, const Settings& settings, int padded, const Kernel& kernel) {
  const int n = int(truth.extent(0)), batch = batch_of(settings, n);
  Result result;
  std::mt19937 generator(settings.seed);
  const PoseSet poses = random_poses(generator, settings.poses, settings.shift);

  // A step of a slice is padded / n steps of the padded reference's lattice.
  const bw::SliceOptions slicing{.oversampling = double(padded) / n};
  const Array<Complex***> reference = reference_of(exec, truth, padded, bw::SliceOptions{}, kernel);
  const Array<Complex***> slices("slices", batch, n, n / 2 + 1);
  const Array<float***> images("images", batch, n, n), map("reconstruction", n, n, n);

  // Least squares, by its defaults. Dividing by the density in one shot is wrong by several percent where images are few or the
  // map is small. Two halves where there is noise, since their FSC tells it from the map.
  bw::Reconstructor<float, FftLibrary> reconstructor(exec, {n, n, n}, {n, n}, {.halves = settings.snr > 0 ? 2 : 1});

  Progress progress("images", settings.poses);
  for (int first = 0; first < settings.poses; first += batch) {
    const int count = std::min(batch, settings.poses - first);
    const auto these = [&](const auto& array) {
      return Kokkos::subview(array, std::pair(0, count), Kokkos::ALL, Kokkos::ALL);
    };
    const auto part = [&](const auto& all) { return std::vector(all.begin() + first, all.begin() + first + count); };
    const auto rotations = part(poses.rotations);
    const auto shifts = part(poses.shifts);
    const bw::Poses views = view(rotations, shifts);
    const bw::Spectrum cut{these(slices), n};

    result.project.start();
    bw::project(exec, bw::Spectrum{reference, padded}, views, cut, slicing, kernel);
    exec.fence();
    result.project.stop();
    bw::origin_to_centre<2>(exec, cut);
    exec.fence();
    irfft<2>(exec, these(slices), these(images));
    keep_and_spoil(these(images), settings, generator, result);

    result.add.start();
    reconstructor.add(exec, these(images), views, bw::none, bw::none, settings.snr > 0 ? first / batch % 2 : 0);
    exec.fence();
    result.add.stop();
    progress.show(first + count);
  }

  result.finish.start();
  if (settings.snr > 0) {
    result.half_fsc = reconstructor.finish_by_halves(exec, map);
  } else {
    reconstructor.finish(exec, map);
  }
  result.finish.stop();
  result.map = on_host(map);
  return result;
}

/// Bytes that a reconstruction takes beside the map, in a box of n voxels.
double memory_of(const Settings& settings, int n, int padded) {
  const double box = std::pow(n, 3), large = std::pow(padded, 3), halves = settings.snr > 0 ? 2 : 1;
  const double reference = (8 + 16) * large;  // padded map and spectrum, copies of both for the FFT
  const double reconstruction = 4 * large + 4 * (12 * halves + 26) * box;  // the spectrum; grids, and what finishing needs
  return 4 * 4 * box + std::max(reference, reconstruction)                 // maps, and the larger of both
         + batch_of(settings, n) * 40 * std::pow(n, 2)                     // images and slices, with copies for the FFT
         + 2 * 88.0 * settings.poses + 1e8;                                // poses; programs, threads, pictures
}

int reconstruct(const Settings& settings) {
  const Exec exec;
  const Map input = read_map(settings.map, settings.voxel);
  const Map map = padded_to_cube(input, box_for_rotations(input));
  const int n = int(map.density.extent(0)), padded = int(std::lround(n * settings.padding));
  if (n < 8) throw std::runtime_error(settings.map + ": is too small, " + std::to_string(n) + " voxels across");
  if (computes_on_host) require_memory(memory_of(settings, n, padded), settings.map, "less with a smaller --padding");
  const AnyKernel kernel = make_kernel(settings.kernel, padded / double(n));
  make_folder(settings.output);
  const Result result = std::visit([&](const auto& k) { return run(exec, map.density, settings, padded, k); }, kernel);
  return report(settings, input, map, result, padded, exec.concurrency());
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Cuts slices of a map at random poses and reconstructs the map from them.", "reconstruct_map"};
  add_options(app, settings);
  return run_program(app, argc, argv, [&] { return reconstruct(settings); });
}
