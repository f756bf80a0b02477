// SPDX-License-Identifier: MIT
// The poses of particles against a map: all of a grid of rotations and shifts by matrix products, then ever finer ones around the best.
#include "common/file.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/particle_images.hpp"
#include "common/particle_search.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"

#include <bracewell/symmetry.hpp>

#include <cmath>
#include <cstdio>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string map, output = "poses.star", symmetry = "C1", folder;
  std::vector<std::string> particles;
  double voxel = 0;
  bool likelihood = false;
  SearchSettings search;
};

int run(Settings settings) {
  Particles particles = read_particles(settings.particles);
  particles.require(Told::image, "its images are what is searched with");
  particles.require(Told::pixel, "shifts are in Å");
  if (settings.search.ctf) require_ctf(particles, "--ctf");
  const auto group = bw::symmetry_group(settings.symmetry);
  const Map map = padded_to_cube(read_map(settings.map, settings.voxel, "--angpix"));
  require_folder_of(settings.output);
  const std::vector<std::size_t> all = numbers_of(particles);
  ParticleImages images(particles, all, settings.folder, "--img");
  const bool known = particles.tells(Told::rotation) && particles.tells(Told::shift);
  const Particles before = particles;

  settings.search.symmetry = group;
  if (settings.likelihood) settings.search.score = Score::likelihood;
  ParticleSearch search(particles, images, settings.search);
  search.set_map(0, map);
  std::printf("grid         %zu rotations, %.2f° apart, %zu shifts, %s\n", search.rotations(),
              60.0 / (1 << settings.search.order), search.shifts(), settings.symmetry.c_str());
  const Interrupt interrupt;
  Progress progress("searching", long(all.size()));
  std::vector<std::size_t> order = all;
  std::vector<float> buffer;
  for (const ParticleGroup& batch : in_batches(particles, 1, settings.search.batch, order)) {
    const std::size_t* const which = order.data() + batch.first;
    const auto n = std::size_t(images.box(batch.group));
    buffer.resize(std::size_t(batch.count) * n * n);
    images.read_light(which, batch.count, buffer.data());
    const auto best = search.run(batch, which, buffer.data()).best;
    for (std::size_t i = 0; i < best.size(); ++i)
      set_pose(particles.particles[which[i]], best[i], particles.groups[std::size_t(batch.group)].pixel);
    Interrupt::check();
    progress.show(long(batch.first) + batch.count);
  }
  const SearchWork &global = search.global, &local = search.local;
  for (const Told what : {Told::rotation, Told::shift}) particles.told.set(std::size_t(what));
  for (std::size_t s = 0; s < particles.stacks.size(); ++s)
    particles.stacks[s] = before.stack_path(std::int32_t(s), settings.folder, "--img");
  write_star(settings.output, particles);
  std::printf("global       %.0f pairs of rotation and shift an image, %.1f s: %.4f µs each, %.1f GFlop/s\n",
              global.pairs / double(all.size()), global.seconds, 1e6 * global.seconds / global.pairs,
              1e-9 * global.operations / global.seconds);
  std::printf("local        %.1f s\n", local.seconds);
  if (known) {
    std::vector<double> angles, offsets;
    for (const std::size_t p : all) {
      const Particle &a = particles.particles[p], &b = before.particles[p];
      angles.push_back(turn_between(a, b, group));
      offsets.push_back(move_between(a, b));
    }
    const auto part = [](std::vector<double> values, double share) {
      const auto at = std::ptrdiff_t(share * double(values.size() - 1));
      std::nth_element(values.begin(), values.begin() + at, values.end());
      return values[std::size_t(at)];
    };
    long within = 0;
    for (const double angle : angles) within += angle <= 60.0 / (1 << settings.search.order);
    std::printf(
        "from those in the file: median %.3f° and %.3f Å, 90 %% within %.3f° and %.3f Å, %.1f %% within a step of the "
        "grid\n",
        part(angles, 0.5), part(offsets, 0.5), part(angles, 0.9), part(offsets, 0.9),
        100.0 * double(within) / double(all.size()));
  }
  std::printf("written      %s\n", settings.output.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Finds the poses of particles against a map.", "search_poses"};
  app.footer(
      "Examples:\n"
      "  search_poses --i particles.star --ref map.mrc --o poses.star --ctf --healpix_order 2 --ini_high 13\n\n"
      "All rotations of a grid and all shifts within a range are compared with each image up to --ini_high, then the "
      "neighbours of the\n"
      "best, at half the step each time and up to higher frequencies. Poses in the file are not used, but compared with "
      "what is found.");
  app.add_option("--i", settings.particles, "particles, with their stacks")->required();
  app.add_option("--ref", settings.map, "MRC/CCP4 map, may be gzipped")->required();
  app.add_option("--o", settings.output, "STAR file with the poses")->capture_default_str();
  app.add_option("--img", settings.folder, "folder that the paths of stacks begin in");
  app.add_option("--angpix", settings.voxel, "voxel size of the map in Å, instead of the header's")
      ->check(CLI::PositiveNumber);
  app.add_option("--sym", settings.symmetry, "point group of the map: its asymmetric unit is searched")
      ->capture_default_str();
  app.add_option("--ini_high", settings.search.initial,
                 "resolution of the grid's search in Å; default: what its step can tell apart")
      ->check(CLI::PositiveNumber);
  app.add_option("--maxres", settings.search.final, "highest resolution in Å; default: Nyquist")->check(CLI::PositiveNumber);
  app.add_option("--candidates", settings.search.candidates, "how many of the best are followed, halved each time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--particle_diameter", settings.search.diameter, "in Å; default: 0.6 of the box")
      ->check(CLI::PositiveNumber);
  add_search_options(app, settings.search, 5);
  app.add_flag("--likelihood", settings.likelihood,
               "the map has the images' scale; default: any positive scale of each image");
  app.add_option("--batch", settings.search.batch, "images at once")->check(CLI::Range(1, 10000))->capture_default_str();
  return run_program(app, argc, argv, [&] { return run(settings); });
}
