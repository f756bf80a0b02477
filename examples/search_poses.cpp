// SPDX-License-Identifier: MIT
// The poses of particles against a map: all of a grid of rotations and shifts by matrix products, then ever finer ones around the best.
#include "common/file.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/particle_images.hpp"
#include "common/particle_job.hpp"
#include "common/pose_search.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/finish.hpp>
#include <bracewell/symmetry.hpp>

#include <cmath>
#include <cstdio>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string map, output = "poses.star", symmetry = "C1", folder;
  std::vector<std::string> particles;
  double voxel = 0, initial = 0, final = 0, range = 3, step = 1, diameter = 0, padding = 1.5;
  int order = 2, levels = 4;
  long candidates = 5, batch = 100;
  bool ctf = false, likelihood = false;
};

/// Half spectra of images, origin at index 0.
class Spectra {
 public:
  Spectra(long n, long batch)
      : n_(n), plan_(Host(), {n, n}, batch), data_("spectra", std::size_t(batch), std::size_t(n), std::size_t(n / 2 + 1)) {}

  void load(const float* images, long count) {
    const long pitch = 2 * (n_ / 2 + 1);
    auto* const real = reinterpret_cast<float*>(data_.data());
    for (long row = 0; row < count * n_; ++row) std::copy_n(images + row * n_, n_, real + row * pitch);
    plan_.forward(Host(), data_.data(), count);
    bw::origin_to_zero<2>(Host(), bw::Spectrum{data_, int(n_)});
    Host().fence();
  }
  auto operator[](long i) const { return Kokkos::subview(data_, i, Kokkos::ALL, Kokkos::ALL); }

 private:
  long n_;
  bw::Fftw::Plan<Host, float, 2> plan_;
  HostArray<Kokkos::complex<float>***> data_;
};

/// RELION's angles of a rotation, in degrees.
void set_angles(Particle& particle, const bw::Matrix3& r) {
  // R = R_z(−psi) R_y(−tilt) R_z(−rot): the last row is (−sin tilt … ) of rot, the last column of psi.
  const double degrees = 180 / M_PI, sine = std::hypot(r[2][0], r[2][1]);
  particle.angles[1] = std::atan2(sine, r[2][2]) * degrees;
  if (sine > 1e-9) {
    particle.angles[0] = std::atan2(r[2][1], r[2][0]) * degrees;
    particle.angles[2] = std::atan2(r[1][2], -r[0][2]) * degrees;
  } else {
    particle.angles[0] = 0;
    particle.angles[2] = std::atan2(r[0][1], r[0][0]) * degrees;
    if (r[2][2] < 0) particle.angles[2] = std::atan2(r[0][1], -r[0][0]) * degrees;
  }
}

/// A search of one level: its band, and how far neighbours are.
struct Level {
  Band band;
  double angle, offset;  // radians, pixels
};

std::vector<Level> levels_of(int n, double pixel, const Settings& settings) {
  std::vector<Level> levels;
  const double side = n * pixel, diameter = settings.diameter > 0 ? settings.diameter : 0.6 * side;
  double angle = M_PI / 3 / (1 << settings.order), offset = settings.step;
  const double finest = std::max(settings.final, 2 * pixel);
  double resolution = settings.initial > 0 ? settings.initial : std::max(finest, angle * diameter / 2);
  for (int l = 0; l <= settings.levels; ++l) {
    levels.push_back({Band(n, side / resolution), angle, offset});
    angle /= 2;
    offset /= 2;
    resolution = std::max(finest, std::min(resolution, angle * diameter));  // no finer than turns of a step tell
  }
  return levels;
}

int run(const Settings& settings) {
  Particles particles = read_particles(settings.particles);
  particles.require(Told::image, "its images are what is searched with");
  particles.require(Told::pixel, "shifts are in Å");
  if (settings.ctf) require_ctf(particles, "--ctf");
  const auto group = bw::symmetry_group(settings.symmetry);
  const Map map = padded_to_cube(read_map(settings.map, settings.voxel, "--angpix"));
  const auto parent = std::filesystem::path(settings.output).parent_path();
  if (!parent.empty() && !std::filesystem::is_directory(parent))
    throw std::runtime_error(settings.output + ": the folder " + parent.string() + " does not exist");
  std::vector<std::size_t> all(particles.particles.size());
  for (std::size_t p = 0; p < all.size(); ++p) all[p] = p;
  ParticleImages images(particles, all, settings.folder, "--img");
  const bool known = particles.tells(Told::rotation) && particles.tells(Told::shift);
  const Particles before = particles;

  const auto grid = asymmetric_unit(bw::so3_grid(settings.order), group);
  const auto shifts = shift_grid(settings.range, settings.step);
  const Score score = settings.likelihood ? Score::likelihood : Score::correlation;
  std::printf("grid         %zu rotations, %.2f° apart, %zu shifts, %s\n", grid.size(), 60.0 / (1 << settings.order),
              shifts.size(), settings.symmetry.c_str());
  SearchWork global, local;
  Stopwatch global_watch, local_watch;
  const Interrupt interrupt;
  Progress progress("searching", long(all.size()));
  long done = 0;
  for (std::size_t g = 0; g < particles.groups.size(); ++g) {
    std::vector<std::size_t> of_group;
    for (const std::size_t p : all)
      if (particles.particles[p].group == int(g)) of_group.push_back(p);
    if (of_group.empty()) continue;
    const int n = images.box(int(g));
    const double pixel = particles.groups[g].pixel;
    const std::vector<Level> levels = levels_of(n, pixel, settings);
    SearchReference reference(map.density, n, pixel / map.voxel, settings.padding);
    const long batch = std::min<long>(settings.batch, long(of_group.size()));
    Spectra spectra(n, batch);
    std::vector<float> buffer(std::size_t(batch) * std::size_t(n) * std::size_t(n));
    for (std::size_t first = 0; first < of_group.size(); first += std::size_t(batch)) {
      Interrupt::check();
      const long count = std::min<long>(batch, long(of_group.size() - first));
      images.read(of_group.data() + first, count, buffer.data());
      const float sign = float(particles.groups[g].sign);
      if (sign != 1)
        for (float& value : buffer) value *= sign;
      spectra.load(buffer.data(), count);
      std::vector<BestCandidates> best;
      for (std::size_t l = 0; l < levels.size(); ++l) {
        const Level& level = levels[l];
        SearchImages rows(level.band, std::size_t(count));
        for (long i = 0; i < count; ++i) {
          const bw::ContrastTransfer contrast(
              ctf_of(particles.particles[of_group[first + std::size_t(i)]], particles.groups[g]), pixel);
          const auto transfer = [&](double kx, double ky) { return settings.ctf ? contrast.value(kx, ky) : 1.0; };
          rows.set(std::size_t(i), spectra[i], transfer, [](double) { return 1.0; });
        }
        Stopwatch& watch = l == 0 ? global_watch : local_watch;
        watch.start();
        const auto kept = std::size_t(std::max<long>(1, settings.candidates >> l));
        if (l == 0) {
          best = search(reference, rows, grid, shifts, score, std::size_t(settings.candidates), global);
        } else {
          best = search_around(reference, rows, best, level.angle, level.offset, score, kept, local);
        }
        watch.stop();
      }
      for (long i = 0; i < count; ++i) {
        Particle& particle = particles.particles[of_group[first + std::size_t(i)]];
        const Candidate& found = best[std::size_t(i)].list().front();
        set_angles(particle, found.rotation);
        particle.shift[0] = found.shift.x * pixel;
        particle.shift[1] = found.shift.y * pixel;
      }
      done += count;
      progress.show(done);
    }
  }
  for (const Told what : {Told::rotation, Told::shift}) particles.told.set(std::size_t(what));
  for (std::size_t s = 0; s < particles.stacks.size(); ++s)
    particles.stacks[s] = before.stack_path(std::int32_t(s), settings.folder, "--img");
  write_star(settings.output, particles);
  std::printf("global       %.0f pairs of rotation and shift an image, %.1f s: %.4f µs each, %.1f GFlop/s\n",
              global.pairs / double(all.size()), global_watch.seconds, 1e6 * global_watch.seconds / global.pairs,
              1e-9 * global.operations / global_watch.seconds);
  std::printf("local        %.1f s\n", local_watch.seconds);
  if (known) {
    std::vector<double> angles, offsets;
    for (const std::size_t p : all) {
      const Particle &a = particles.particles[p], &b = before.particles[p];
      const auto rotation = [](const Particle& q) { return bw::rotation_zyz(q.angles[0], q.angles[1], q.angles[2]); };
      double least = 1e300;
      for (const auto& mate : group)
        least = std::min(least, bw::angular_distance(rotation(a), bw::product(rotation(b), mate)));
      angles.push_back(least * 180 / M_PI);
      offsets.push_back(std::hypot(a.shift[0] - b.shift[0], a.shift[1] - b.shift[1]));
    }
    const auto part = [](std::vector<double> values, double share) {
      const auto at = std::ptrdiff_t(share * double(values.size() - 1));
      std::nth_element(values.begin(), values.begin() + at, values.end());
      return values[std::size_t(at)];
    };
    long within = 0;
    for (const double angle : angles) within += angle <= 60.0 / (1 << settings.order);
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
  app.add_option("--healpix_order", settings.order, "of the grid of rotations: 60° / 2^order apart")
      ->check(CLI::Range(0, 5))
      ->capture_default_str();
  app.add_option("--offset_range", settings.range, "radius of shifts, in pixels")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--offset_step", settings.step, "their distance, in pixels")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--ini_high", settings.initial,
                 "resolution of the grid's search in Å; default: what its step can tell apart")
      ->check(CLI::PositiveNumber);
  app.add_option("--maxres", settings.final, "highest resolution in Å; default: Nyquist")->check(CLI::PositiveNumber);
  app.add_option("--oversampling", settings.levels, "how often steps are halved around the best")
      ->check(CLI::Range(0, 8))
      ->capture_default_str();
  app.add_option("--candidates", settings.candidates, "how many of the best are followed, halved each time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--particle_diameter", settings.diameter, "in Å; default: 0.6 of the box")->check(CLI::PositiveNumber);
  app.add_flag("--ctf", settings.ctf, "images have contrast transfer");
  app.add_flag("--likelihood", settings.likelihood,
               "the map has the images' scale; default: any positive scale of each image");
  app.add_option("--batch", settings.batch, "images at once")->check(CLI::Range(1, 10000))->capture_default_str();
  return run_program(app, argc, argv, [&] { return run(settings); });
}
