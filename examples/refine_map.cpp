// SPDX-License-Identifier: MIT
// From particles and a rough map to a better one: poses by search_poses' search, against half maps that are reconstructed from them anew,
// up to frequencies at which the halves agree.
#include "common/file.hpp"
#include "common/half_maps.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/particle_reconstruction.hpp"
#include "common/particle_search.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"

#include <cmath>
#include <cstdio>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string map, output = "refined", symmetry = "C1", folder;
  std::vector<std::string> particles;
  double voxel = 0, initial = 40, diameter = 0;
  int most = 15;
  SearchSettings search;
};

/// How many particles look along each direction: longitude across, cosine of the tilt down.
void write_directions(const std::string& path, const Particles& particles) {
  const int height = 36, width = 72;
  GreyImage image{height, width, std::vector<float>(std::size_t(height) * std::size_t(width)), 0, 0};
  for (const Particle& p : particles.particles) {
    const double turn = p.angles[0] / 360 - std::floor(p.angles[0] / 360),
                 down = (1 - std::cos(p.angles[1] * M_PI / 180)) / 2;
    float& count = image.values[std::size_t(std::min(height - 1, int(down * height))) * std::size_t(width) +
                                std::size_t(std::min(width - 1, int(turn * width)))];
    image.high = std::max(image.high, ++count);
  }
  Canvas canvas(760, 440);
  canvas.text(20, 30,
              "Directions of " + std::to_string(particles.particles.size()) +
                  " particles; white: " + std::to_string(int(image.high)) + " in 5° of longitude",
              14);
  canvas.image(20, 45, 720, 360, image);
  canvas.text(20, 428, "rot 0°", 12, Canvas::Align::left, grey);
  canvas.text(380, 428, "tilt 0° at the top, 180° at the bottom, in equal areas", 12, Canvas::Align::centre, grey);
  canvas.text(740, 428, "360°", 12, Canvas::Align::right, grey);
  canvas.save(path);
}

int run(const Settings& settings) {
  Particles particles = read_particles(settings.particles);
  particles.require(Told::image, "a map is refined from images");
  particles.require(Told::pixel, "shifts are in Å");
  if (settings.search.ctf) require_ctf(particles, "--ctf");
  const std::vector<std::size_t> all = numbers_of(particles);
  ParticleImages images(particles, all, settings.folder, "--img");
  const auto group = bw::symmetry_group(settings.symmetry);
  const Map initial = padded_to_cube(read_map(settings.map, settings.voxel, "--angpix"));
  require_folder_of(settings.output);
  for (const std::size_t p : all) particles.particles[p].subset = half_of(particles, p) + 1;
  particles.told.set(std::size_t(Told::subset));

  ReconstructionSettings of_maps;
  of_maps.ctf = settings.search.ctf;
  of_maps.symmetry = group;
  ParticleReconstruction reconstruction(particles, images, all, of_maps);
  require_memory(reconstruction.bytes(), "a box of " + std::to_string(reconstruction.box()));
  reconstruction.allocate();
  auto& reconstructor = reconstruction.reconstructor();
  const long n = reconstruction.box();
  const double side = reconstruction.voxel() * double(n), diameter = settings.diameter > 0 ? settings.diameter : 0.7 * side;

  const auto weights = inverse_power<2>(particles, images);
  std::vector<std::size_t> halves[2];
  for (const std::size_t p : all) halves[half_of(particles, p)].push_back(p);
  Map references[2] = {initial, initial};
  double resolution_limit = settings.initial, best_shell = 0;
  bw::FinishOptions finishing{.iterations = 4, .snr = 10};
  finishing.object = share_of_box(diameter, side);
  std::vector<double> fsc;
  SearchSettings searching = settings.search;
  searching.diameter = diameter;
  searching.symmetry = group;
  ParticleSearch search(images, searching);
  const Interrupt interrupt;
  std::printf("%9s %10s %10s %10s %9s\n", "iteration", "resolution", "turned", "moved", "seconds");
  int since = 0;
  for (int iteration = 1; iteration <= settings.most && since < 2; ++iteration) {
    Stopwatch watch;
    watch.start();
    const std::vector<Particle> before = particles.particles;
    Progress progress("iteration " + std::to_string(iteration), long(2 * all.size()));
    long done = 0;
    const auto tick = [&](long more) {
      Interrupt::check();
      progress.show(done + more);
    };
    // The first map may have any scale.
    search.set(resolution_limit, iteration == 1 ? Score::correlation : Score::likelihood);
    for (int half = 0; half < 2; ++half) {
      search.run(references[half], halves[half], particles, tick, weights);
      done += long(halves[half].size());
    }
    reconstructor.clear(Exec());
    for (const ParticleGroup& batch : reconstruction.batches()) {
      reconstruction.add(batch);
      tick(long(batch.first) + batch.count);
    }
    HalfMapCorrelation correlation(n, reconstruction.voxel(), diameter);
    for (int half = 0; half < 2; ++half) {
      finishing.half = half;
      const Map map = reconstruction.finish(finishing);
      correlation.take(half, map.density);
      write_map(settings.output + "_half" + std::to_string(half + 1) + ".mrc", map);
      mask(map, diameter);
      references[half] = map;
    }
    fsc = correlation.curve();
    finishing.shell_snr = bw::signal_to_noise(fsc, finishing.object);
    for (double& snr : finishing.shell_snr) snr /= 2;  // of a half
    const double shell = reached_shell(fsc, 0.143);
    since = shell > best_shell + 0.5 ? 0 : since + 1;
    best_shell = std::max(best_shell, shell);
    resolution_limit = std::max(2 * reconstruction.voxel(), side / (shell + 2));  // a little beyond what is there
    double turned = 0, moved = 0;
    for (const std::size_t p : all) {
      const Particle &a = particles.particles[p], &b = before[p];
      turned += turn_between(a, b) / double(all.size());
      moved += move_between(a, b) / double(all.size());
    }
    write_star(settings.output + ".star", particles);
    watch.stop();
    std::printf("%9d %8.2f Å %9.2f° %8.2f Å %9.1f\n", iteration, side / shell, turned, moved, watch.seconds);
    std::fflush(stdout);
  }

  finishing.half = -1;
  finishing.shell_snr = bw::signal_to_noise(fsc, finishing.object);
  write_map(settings.output + ".mrc", reconstruction.finish(finishing));
  write_curve(settings.output + "_fsc", fsc, side);
  write_directions(settings.output + "_directions.png", particles);
  std::printf("half maps    FSC 0.143 at %s, 0.5 at %s\n", resolution(fsc, 0.143, side).c_str(),
              resolution(fsc, 0.5, side).c_str());
  std::printf("written      %s.mrc, .star, _half1.mrc, _half2.mrc, _fsc.star, _fsc.png, _directions.png\n",
              settings.output.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Refines a map, and the poses of its particles, in two halves.", "refine_map"};
  app.footer(
      "Example:\n"
      "  refine_map --i particles.star --ref initial.mrc --o refined --ctf --ini_high 40 --particle_diameter 250\n\n"
      "Both halves begin with the same map up to --ini_high, and never see each other again. Each iteration searches all "
      "poses anew,\n"
      "up to a little beyond where the FSC of the halves falls to 0.143; it ends when that improves no more. Poses are the "
      "best ones\n"
      "of a grid and its refinement, no averages over several.");
  app.add_option("--i", settings.particles, "particles, with their stacks")->required();
  app.add_option("--ref", settings.map, "MRC/CCP4 map to begin with, may be gzipped")->required();
  app.add_option("--o", settings.output, "NAME of NAME.mrc, NAME.star …")->capture_default_str();
  app.add_option("--img", settings.folder, "folder that the paths of stacks begin in");
  app.add_option("--angpix", settings.voxel, "voxel size of the map in Å, instead of the header's")
      ->check(CLI::PositiveNumber);
  app.add_option("--ini_high", settings.initial, "resolution of the map to begin with, in Å")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--sym", settings.symmetry, "point group")->capture_default_str();
  app.add_option("--particle_diameter", settings.diameter, "in Å; default: 0.7 of the box")->check(CLI::PositiveNumber);
  app.add_option("--iter", settings.most, "iterations at most")->check(CLI::Range(1, 1000))->capture_default_str();
  add_search_options(app, settings.search, 4);
  return run_program(app, argc, argv, [&] { return run(settings); });
}
