// SPDX-License-Identifier: MIT
// Noisy images of a map with contrast transfer, and the map from them: what a program of one's own needs of Projector and
// Reconstructor. Command line, noise and numbers are in reports/.
#include "reports/ctf_reconstruct.hpp"
#include "common/fft_library.hpp"
#include "common/poses.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/projector.hpp>

namespace bw = bracewell;
using namespace examples;
using namespace examples::ctf_reconstruct;

namespace {

Result reconstruct(const Map& truth, const Settings& settings) {
  const Exec exec;
  const long n = long(truth.density.extent(0)), batch = 100;
  std::mt19937 generator(settings.seed);

  // Plans and memory are made here, once. Two halves, since their FSC tells the noise from the map.
  bw::Projector<float, FftLibrary> projector(exec, {n, n, n}, {n, n});
  bw::Reconstructor<float, FftLibrary> reconstructor(exec, {n, n, n}, {n, n}, {.halves = 2});
  projector.load(exec, on_device(truth.density));

  const Array<float***> images("images", batch, n, n), map("map", n, n, n);
  for (int first = 0; first < settings.images; first += int(batch)) {
    const int count = std::min(int(batch), settings.images - first);
    const auto these = Kokkos::subview(images, std::pair(0, count), Kokkos::ALL, Kokkos::ALL);
    const PoseSet poses = random_poses(generator, count, 3);
    const bw::Poses views = view(poses);
    const bw::ContrastOfImages contrast{bw::contrast_transfer(exec, random_ctfs(generator, count), truth.voxel)};

    projector.project(exec, views, these, contrast);
    exec.fence();
    add_noise(images, settings.snr, generator);

    // Particles by turns into either half.
    for (int half = 0; half < 2; ++half) {
      const int begin = half * (count / 2), end = half == 0 ? count / 2 : count;
      const std::pair part(begin, end);
      reconstructor.add(exec, Kokkos::subview(these, part, Kokkos::ALL, Kokkos::ALL),
                        bw::range_of(views, std::size_t(begin), std::size_t(end - begin)),
                        bw::ContrastOfImages{Kokkos::subview(contrast.images, part)}, bw::none, half);
    }
    exec.fence();
  }
  Result result;
  result.fsc = reconstructor.finish_by_halves(exec, map);
  result.map = on_host(map);
  return result;
}

int run(const Settings& settings) {
  const Map input = read_map(settings.map);
  const Map truth = padded_to_cube(input, box_for_rotations(input));
  return report(settings, truth, reconstruct(truth, settings));
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Reconstructs a map from noisy images of it with contrast transfer.", "ctf_reconstruct"};
  add_options(app, settings);
  return run_program(app, argc, argv, [&] { return run(settings); });
}
