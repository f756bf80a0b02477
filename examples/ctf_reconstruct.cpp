// SPDX-License-Identifier: MIT
// Noisy images of a map with contrast transfer, and the map from them: what a program of one's own needs of Projector and
// Reconstructor.
#include "common/fft_library.hpp"
#include "common/file.hpp"
#include "common/map.hpp"
#include "common/poses.hpp"
#include "common/program.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/projector.hpp>

#include <cstdio>
#include <random>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  std::string output = "ctf_reconstruct";
  double snr = 0.1;
  int images = 2000;
  unsigned seed = 1;
};

/// Per image a defocus of 1 to 2.5 µm, a little astigmatic.
std::vector<bw::Ctf> random_ctfs(std::mt19937& generator, int count) {
  std::uniform_real_distribution<double> uniform;
  std::vector<bw::Ctf> ctfs;
  for (int p = 0; p < count; ++p) {
    const double defocus = 1e4 + 1.5e4 * uniform(generator);
    ctfs.push_back({.defocus_u = defocus + 200, .defocus_v = defocus - 200, .defocus_angle = 180 * uniform(generator)});
  }
  return ctfs;
}

/// Adds noise of the images' own mean square over snr.
void add_noise(const Array<float***>& images, double snr, std::mt19937& generator) {
  const auto seen = on_host(images);
  double power = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) power += double(seen.data()[i]) * seen.data()[i] / double(seen.size());
  std::normal_distribution<float> normal(0, float(std::sqrt(power / snr)));
  for (std::size_t i = 0; i < seen.size(); ++i) seen.data()[i] += normal(generator);
  Kokkos::deep_copy(images, seen);
}

struct Result {
  HostArray<float***> map;
  std::vector<double> fsc;  // of the half maps
};

/// All that there is to it.
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

/// Where a map's FSC against its half falls below a level, in Å.
double resolution(const std::vector<double>& fsc, double level, double box) {
  for (std::size_t s = 1; s < fsc.size(); ++s)
    if (fsc[s] < level) return box / double(s);
  return box / double(fsc.size() - 1);
}

int run(const Settings& settings) {
  const Map input = read_map(settings.map);
  Map truth = padded_to_cube(input, box_for_rotations(input));
  make_folder(settings.output);
  const Result result = reconstruct(truth, settings);

  double cross = 0, power = 0, own = 0;
  for (std::size_t i = 0; i < result.map.size(); ++i) {
    const double a = result.map.data()[i], b = truth.density.data()[i];
    cross += a * b;
    power += b * b;
    own += a * a;
  }
  const double box = truth.voxel * double(truth.density.extent(0));
  std::printf("images       %d, SNR %g, defocus 1 to 2.5 µm\n", settings.images, settings.snr);
  std::printf("half maps    FSC 0.143 at %.2f Å, 0.5 at %.2f Å\n", resolution(result.fsc, 0.143, box),
              resolution(result.fsc, 0.5, box));
  std::printf("map          correlation %.4f with the true one, amplitude %.4f\n", cross / std::sqrt(power * own),
              cross / power);
  truth.density = result.map;
  write_map(settings.output + "/reconstruction.mrc", truth);
  std::printf("written      %s/reconstruction.mrc\n", settings.output.c_str());
  const bool usual = settings.snr >= 0.1 && settings.images >= 1000;
  return !usual || cross / std::sqrt(power * own) > 0.93 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Reconstructs a map from noisy images of it with contrast transfer.", "ctf_reconstruct"};
  app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--images", settings.images, "number of images")->check(CLI::Range(2, 10000000))->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return run_program(app, argc, argv, [&] { return run(settings); });
}
