// SPDX-License-Identifier: MIT
// Subtomograms to their average: weighted by what their tilt series measured, in two halves, with poses that are known or found.
#include "common/file.hpp"
#include "common/half_maps.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/subtomograms.hpp"

#include <bracewell/symmetry.hpp>

#include <cmath>
#include <cstdio>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::vector<std::string> particles;
  std::vector<double> tilts;
  std::string output = "average", symmetry = "C1", folder, reference;
  double voxel = 0, reference_voxel = 0, initial = 60, diameter = 0, memory = 0;
  int most = 10;
  bool align = false, local = false, one_map = false;
  AverageSettings average;
  SearchSettings search;
};

/// What is asked for together, or not at all.
void check(const Settings& settings) {
  if (settings.local && !settings.align) throw std::runtime_error("--local: needs --align");
  if (!settings.reference.empty() && !settings.align) throw std::runtime_error("--ref: needs --align");
  if (settings.align && settings.one_map) throw std::runtime_error("--align: works in two halves, which --one_map has not");
}

Particles read(const Settings& settings) {
  Particles particles = read_particles(settings.particles, {.pixel = settings.voxel, .pixel_option = "--angpix"});
  name_by_tags(particles, settings.folder, "--img");
  particles.require(Told::pixel, "shifts and resolutions are in; give one by --angpix");
  if (!settings.align || settings.local || settings.reference.empty()) {
    const std::string why =
        settings.align ? "--align begins with; without them give a map by --ref, and no --local" : "an average needs";
    particles.require(Told::rotation, why);
    particles.require(Told::shift, why);
  }
  return particles;
}

/// The maps of an average: both halves, their correlation, and all.
class Results {
 public:
  Results(const Settings& settings, SubtomogramAverage& average, const Subtomograms& volumes)
      : settings_(settings),
        average_(average),
        volumes_(volumes),
        side_(volumes.box() * volumes.voxel()),
        diameter_(settings.diameter > 0 ? settings.diameter : 0.7 * side_) {
    finishing_.iterations = 6;
    finishing_.object = share_of_box(diameter_, side_);
  }

  double side() const { return side_; }  // Å
  double diameter() const { return diameter_; }
  const std::vector<double>& fsc() const { return fsc_; }

  /// Finishes and writes both halves, regularised by the correlation that was there before, and finds theirs.
  void halves(std::array<Map, 2>& maps) {
    HalfMapCorrelation correlation(volumes_.box(), volumes_.voxel(), diameter_);
    finishing_.shell_snr = fsc_.empty() ? std::vector<double>() : bw::signal_to_noise(fsc_, finishing_.object);
    for (double& snr : finishing_.shell_snr) snr /= 2;  // of a half
    for (int half = 0; half < 2; ++half) {
      finishing_.half = half;
      maps[std::size_t(half)] = average_.finish(finishing_);
      correlation.take(half, maps[std::size_t(half)].density);
      write_map(settings_.output + "_half" + std::to_string(half + 1) + ".mrc", maps[std::size_t(half)]);
    }
    fsc_ = correlation.curve();
  }

  void all() {
    finishing_.half = -1;
    finishing_.shell_snr = fsc_.empty() ? std::vector<double>() : bw::signal_to_noise(fsc_, finishing_.object);
    write_map(settings_.output + ".mrc", average_.finish(finishing_));
    std::string written =
        settings_.output + (volumes_.particles().format == "Dynamo table" ? ".mrc, .star, .tbl" : ".mrc, .star");
    if (!fsc_.empty()) {
      write_curve(settings_.output + "_fsc", fsc_, side_);
      std::printf("half maps    FSC 0.143 at %s, 0.5 at %s\n", resolution(fsc_, 0.143, side_).c_str(),
                  resolution(fsc_, 0.5, side_).c_str());
      written += ", _half1.mrc, _half2.mrc, _fsc.star, _fsc.png";
    }
    std::printf("written      %s\n", written.c_str());
  }

 private:
  const Settings& settings_;
  SubtomogramAverage& average_;
  const Subtomograms& volumes_;
  double side_, diameter_;
  bw::FinishOptions finishing_;
  std::vector<double> fsc_;
};

/// Poses, with the names of volumes as `paths`.
void write_poses(const Settings& settings, Particles particles, const std::vector<std::string>& paths) {
  particles.stacks = paths;
  for (std::string& name : particles.ctf_volumes)
    if (settings.search.ctf) name = particles.file_path("CTF volume", name, settings.folder, "--img");
  write_star(settings.output + ".star", particles);
  if (particles.format == "Dynamo table") write_particles(settings.output + ".tbl", particles, ParticleFormat::dynamo);
}

/// The average at the poses that particles have.
void add_all(SubtomogramAverage& average, const std::array<std::vector<std::size_t>, 2>& halves, const std::string& what) {
  average.clear();
  long done = 0;
  Progress progress(what, long(halves[0].size() + halves[1].size()));
  for (int half = 0; half < 2; ++half) {
    average.add(halves[std::size_t(half)], half, [&](long more) {
      Interrupt::check();
      progress.show(done + more);
    });
    done += long(halves[std::size_t(half)].size());
  }
}

void align(const Settings& settings, Particles& particles, const Subtomograms& volumes, SubtomogramAverage& average,
           SubtomogramSearch& search, const std::array<std::vector<std::size_t>, 2>& halves, Results& results,
           const std::vector<std::string>& paths) {
  std::array<Map, 2> references;
  if (settings.reference.empty()) {
    add_all(average, halves, "begin");
    results.halves(references);
    for (const Map& map : references) mask(map, results.diameter());
  } else {
    const Map initial = padded_to_cube(read_map(settings.reference, settings.reference_voxel, "--ref_angpix"));
    references = {initial, initial};
  }
  std::vector<double> weights =
      power_of_images<3>(particles, volumes.images()).at(std::size_t(particles.particles.front().group));
  for (double& weight : weights) weight = weight > 0 ? 1 / weight : 0;
  double limit = settings.initial, best_shell = 0;
  std::printf("%9s %10s %10s %10s %9s\n", "iteration", "resolution", "turned", "moved", "seconds");
  int since = 0;
  for (int iteration = 1; iteration <= settings.most && since < 2; ++iteration) {
    Stopwatch watch;
    watch.start();
    const std::vector<Particle> before = particles.particles;
    Progress progress("iteration " + std::to_string(iteration), long(particles.particles.size()));
    long done = 0;
    search.set_final(limit);
    for (std::size_t half = 0; half < 2; ++half) {
      search.run(
          references[half], halves[half], particles,
          [&](long more) {
            Interrupt::check();
            progress.show(done + more);
          },
          weights);
      done += long(halves[half].size());
    }
    add_all(average, halves, "average " + std::to_string(iteration));
    results.halves(references);
    for (const Map& map : references) mask(map, results.diameter());
    const double shell = reached_shell(results.fsc(), 0.143);
    since = shell > best_shell + 0.5 ? 0 : since + 1;
    best_shell = std::max(best_shell, shell);
    limit = std::max({2 * volumes.voxel(), settings.average.maximal_resolution,
                      results.side() / (shell + 2)});  // a little beyond what is there
    double turned = 0, moved = 0;
    for (std::size_t p = 0; p < before.size(); ++p) {
      turned += turn_between(particles.particles[p], before[p], settings.search.symmetry) / double(before.size());
      moved += move_between(particles.particles[p], before[p]) / double(before.size());
    }
    write_poses(settings, particles, paths);
    watch.stop();
    std::printf("%9d %8.2f Å %9.2f° %8.2f Å %9.1f\n", iteration, results.side() / shell, turned, moved, watch.seconds);
    std::fflush(stdout);
  }
}

int run(Settings settings) {
  check(settings);
  settings.average.symmetry = settings.search.symmetry = bw::symmetry_group(settings.symmetry);
  require_folder_of(settings.output);
  Particles particles = read(settings);
  const std::vector<std::size_t> all = numbers_of(particles);
  ParticleImages images(particles, all, settings.folder, "--img", 3);
  std::vector<Wedge> wedges;  // CTF volumes have wedges of their own
  if (!settings.search.ctf || !settings.tilts.empty()) wedges = wedges_of(particles, settings.tilts, "--wedge");
  Subtomograms volumes(particles, images, wedges, settings.search.ctf, settings.folder, "--img");

  std::array<std::vector<std::size_t>, 2> halves;
  for (const std::size_t p : all) halves[settings.one_map ? 0 : std::size_t(half_of(particles, p))].push_back(p);
  const bool two = !halves[0].empty() && !halves[1].empty();
  if (!two && !settings.one_map)
    throw std::runtime_error(particles.path + ": one half has no particles; --one_map makes no halves");
  settings.average.halves = two ? 2 : 1;
  SubtomogramAverage average(volumes, settings.average);
  Results results(settings, average, volumes);
  if (settings.align && settings.initial > results.side() / 2)
    throw std::runtime_error("--ini_high: " + exact(settings.initial) + " Å leaves nothing of a box of " +
                             exact(results.side()) + " Å to search with");
  settings.search.diameter = results.diameter();
  SubtomogramSearch search(volumes, settings.search, settings.local);
  double bytes = average.bytes();
  if (settings.align) bytes += search.bytes(std::max(2 * volumes.voxel(), settings.average.maximal_resolution));
  require_memory(bytes, "a box of " + std::to_string(volumes.box()), "a smaller --batch or --pad needs less",
                 settings.memory);
  for (const std::string& remark : particles.remarks) std::printf("note         %s\n", remark.c_str());
  std::printf("volumes      %zu of %s, %d³ voxels of %.4g Å, %s, %.2f GB\n", all.size(), particles.path.c_str(),
              volumes.box(), volumes.voxel(), settings.symmetry.c_str(), bytes / 1e9);
  if (settings.align)
    std::printf("grid         %zu rotations, %.2f° apart, %zu shifts%s\n", search.rotations(),
                60.0 / (1 << settings.search.order), search.shifts(), settings.local ? ": not used, --local" : "");
  std::fflush(stdout);

  std::vector<std::string> paths;
  for (std::size_t s = 0; s < particles.stacks.size(); ++s)
    paths.push_back(particles.stack_path(std::int32_t(s), settings.folder, "--img"));
  for (OpticsGroup& group : particles.groups) {
    group.dimensions = 3;
    group.box = volumes.box();
  }
  particles.told.set(std::size_t(Told::box));
  for (std::size_t half = 0; two && half < 2; ++half)
    for (const std::size_t p : halves[half]) particles.particles[p].subset = std::int32_t(half + 1);
  if (two) particles.told.set(std::size_t(Told::subset));
  average.allocate();
  const Interrupt interrupt;
  if (settings.align) {
    align(settings, particles, volumes, average, search, halves, results, paths);
    std::printf("search       %.3g pairs of pose and shift, %.1f GFlop/s\n", search.work.pairs,
                1e-9 * search.work.operations / search.work.seconds);
  } else {
    add_all(average, halves, "average");
    if (two) {
      std::array<Map, 2> maps;
      results.halves(maps);
    }
    write_poses(settings, particles, paths);
  }
  results.all();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Averages subtomograms, and finds their poses.", "average_subtomograms"};
  app.footer(
      "Examples:\n"
      "  average_subtomograms --i particles.star --wedge -60 60 --o average --particle_diameter 250\n"
      "  average_subtomograms --i crop.tbl --img data --angpix 10.7 --o average\n"
      "  average_subtomograms --i particles.star --wedge -60 60 --align --ref map.mrc --ini_high 60 --o aligned\n\n"
      "--i is a STAR file of subtomograms, or a table of Dynamo, whose volumes are particle_00001.mrc, … in --img. The "
      "average is the map\n"
      "whose turned copies are nearest to the volumes where these were measured. --align searches all poses of a grid "
      "against --ref, or, without\n"
      "it, against the averages at the poses in the file, up to --ini_high; then anew against the averages, up to where "
      "the FSC of the halves\n"
      "falls to 0.143, until that improves no more. With --local it searches around the poses in the file. Halves never "
      "see each other.");
  app.add_option("--i", settings.particles, "subtomograms: STAR, or Dynamo's .tbl")->required();
  app.add_option("--o", settings.output, "NAME of NAME.mrc, NAME.star …")->capture_default_str();
  app.add_option("--img", settings.folder, "folder that the names of volumes begin in");
  app.add_option("--angpix", settings.voxel, "voxel size of the volumes in Å, where the file does not tell it")
      ->check(CLI::PositiveNumber);
  app.add_option("--wedge", settings.tilts,
                 "least and highest tilt in degrees about the y axis of every volume, instead of the file's; "
                 "-90 90: nothing is missing")
      ->expected(2);
  app.add_option("--sym", settings.symmetry, "point group")->capture_default_str();
  app.add_option("--particle_diameter", settings.diameter, "in Å; default: 0.7 of the box")->check(CLI::PositiveNumber);
  app.add_option("--maxres", settings.average.maximal_resolution, "highest resolution of the average in Å; default: Nyquist")
      ->check(CLI::PositiveNumber);
  app.add_option("--pad", settings.average.padding, "of grids that volumes are added to")
      ->check(CLI::Range(1.25, 4.0))
      ->capture_default_str();
  app.add_flag("--one_map", settings.one_map, "no half maps, and half of the memory");
  app.add_flag("--align", settings.align, "find the poses");
  app.add_option("--ref", settings.reference, "MRC/CCP4 map to begin with, may be gzipped");
  app.add_option("--ref_angpix", settings.reference_voxel, "voxel size of --ref in Å, instead of the header's")
      ->check(CLI::PositiveNumber);
  app.add_flag("--local", settings.local, "search around the poses in the file only, as far as twice the grid's step");
  app.add_option("--ini_high", settings.initial, "resolution of the first search, in Å")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--iter", settings.most, "searches at most")->check(CLI::Range(1, 1000))->capture_default_str();
  add_search_options(app, settings.search, 4);
  app.get_option("--ctf")->description("volumes have been multiplied by the CTF volumes of the file (rlnCtfImage)");
  app.add_option("--candidates", settings.search.candidates, "how many of the best are followed, halved each time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  settings.search.batch = 32;
  app.add_option("--batch", settings.search.batch, "volumes that are searched at once")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--memory", settings.memory, "refuse what needs more than this, in GB")->check(CLI::PositiveNumber);
  return run_program(app, argc, argv, [&] { return run(settings); });
}
