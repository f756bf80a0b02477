// SPDX-License-Identifier: MIT
// From particles and a rough map to a better one: poses by search_poses' search, against half maps that are reconstructed from them anew,
// up to frequencies at which the halves agree.
#include "common/checkpoint.hpp"
#include "common/file.hpp"
#include "common/half_maps.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/particle_reconstruction.hpp"
#include "common/particle_search.hpp"
#include "common/particle_sums.hpp"
#include "common/progress.hpp"
#include "common/ranks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string map, output = "refined", symmetry = "C1", folder;
  std::vector<std::string> particles;
  double voxel = 0, initial = 40, memory = 0;
  int most = 15;
  bool hard = false, resume = false;
  SearchSettings search;
};

/// A Gaussian's convolution along each axis, with zeros beyond the box.
void blur(const HostArray<float***>& values, double sigma) {
  const long n = long(values.extent(0)), reach = std::lround(3 * sigma);
  std::vector<float> taps(std::size_t(reach + 1));
  double sum = 0;
  for (long i = -reach; i <= reach; ++i) sum += std::exp(-0.5 * double(i * i) / (sigma * sigma));
  for (long i = 0; i <= reach; ++i) taps[std::size_t(i)] = float(std::exp(-0.5 * double(i * i) / (sigma * sigma)) / sum);
  const long strides[3] = {1, n, n * n};
  for (const long stride : strides)
    Kokkos::parallel_for("blur", Kokkos::RangePolicy<Host>(0, n * n), [&](long row) {
      // The first element of a row along the axis of this stride.
      float* const first = values.data() + (stride == 1 ? row * n : stride == n ? row / n * n * n + row % n : row);
      std::vector<float> line(static_cast<std::size_t>(n));
      for (long i = 0; i < n; ++i) line[std::size_t(i)] = first[i * stride];
      for (long i = 0; i < n; ++i) {
        float total = 0;
        for (long j = std::max(0L, i - reach); j <= std::min(n - 1, i + reach); ++j)
          total += taps[std::size_t(std::abs(j - i))] * line[std::size_t(j)];
        first[i * stride] = total;
      }
    });
  Host().fence();
}

/// Leaves of a map what is likely its object: nothing beyond a soft ball, and within it the share of the power around each voxel that
/// is beyond the noise's, which the power outside the ball tells: Wiener's filter in real space. `resolution` in Å is that of the map.
void flatten(const Map& map, double diameter, double resolution) {
  const long n = long(map.density.extent(0));
  const double radius = diameter / 2 / map.voxel;
  const HostArray<float***> power("power", map.density.layout());
  for (std::size_t i = 0; i < power.size(); ++i) power.data()[i] = map.density.data()[i] * map.density.data()[i];
  blur(power, resolution / 2 / map.voxel);
  double noise = 0, count = 0;
  const auto each = [n](const auto& visit) {
    for (long z = 0; z < n; ++z)
      for (long y = 0; y < n; ++y)
        for (long x = 0; x < n; ++x) visit(z, y, x);
  };
  each([&](long z, long y, long x) {
    const double outside = 1 - double(soft_ball(n, radius, z, y, x));
    noise += outside * double(power(z, y, x));
    count += outside;
  });
  const float level = float(noise / std::max(count, 1.0));
  each([&](long z, long y, long x) {
    const float all = power(z, y, x), share = all > level ? (all - level) / all : 0;
    map.density(z, y, x) *= share * soft_ball(n, radius, z, y, x);
  });
}

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

/// Everything that goes on from iteration to iteration.
class Refinement {
 public:
  Refinement(const Settings& settings, const Ranks& ranks, Particles& particles, ParticleImages& images, const Map& initial)
      : settings_(settings),
        ranks_(&ranks),
        particles_(&particles),
        all_(numbers_of(particles)),
        reconstruction_(particles, images, all_, reconstruction_settings(settings)),
        sums_(ranks, reconstruction_) {
    require_memory(reconstruction_.bytes(true), "a box of " + std::to_string(reconstruction_.box()),
                   "binned images need less", settings.memory);
    reconstruction_.allocate();
    side_ = reconstruction_.voxel() * double(reconstruction_.box());
    settings_.search.diameter = settings.search.diameter > 0 ? settings.search.diameter : 0.7 * side_;
    settings_.search.symmetry = reconstruction_settings(settings).symmetry;
    search_ = std::make_unique<ParticleSearch>(particles, images, settings_.search);
    references_[0] = references_[1] = initial;
    now_.limit = settings.initial;
    noise_.spectra = power_of_images<2>(particles, images);
    noise_.of_optics = true;
    snr_.assign(std::size_t(reconstruction_.box() / 2 + 1), 10);
    fsc_.assign(snr_.size(), 0);

    Fingerprint fingerprint;
    add_particles(fingerprint, particles, all_);
    for (std::size_t i = 0; i < initial.density.size(); ++i) fingerprint.add(initial.density.data()[i]);
    fingerprint.add(settings.symmetry);
    const SearchSettings& of = settings_.search;
    for (const double number : {settings.initial, of.diameter, double(settings.most), double(settings.hard),
                                double(of.order), double(of.levels), of.range, of.step, double(of.ctf), initial.voxel})
      fingerprint.add(number);
    checkpoint_ = std::make_unique<Checkpoint>(settings.output + ".checkpoint", fingerprint.value(), 0);
  }

  bool finished() const { return now_.last != 0; }

  /// From the last iteration of an earlier run on.
  void resume() {
    poses_.resize(5 * all_.size());
    for (Map& map : references_) map = empty_map();
    sums_.read(*checkpoint_, blocks());
    take_poses();
    std::printf("resumed after iteration %.0f, at %.2f Å\n", now_.iteration, side_ / now_.shell);
  }

  void iterate() {
    Stopwatch watch;
    watch.start();
    now_.iteration += 1;
    now_.last = now_.since >= 1 || now_.iteration >= settings_.most;
    const std::vector<Particle> before = particles_->particles;
    search_and_add();
    sums_.finish();
    finish_halves();
    double turned = 0, moved = 0;
    for (const std::size_t p : all_) {
      const Particle &a = particles_->particles[p], &b = before[p];
      turned += turn_between(a, b, settings_.search.symmetry) / double(all_.size());
      moved += move_between(a, b) / double(all_.size());
    }
    const double shell = resolved(fsc_).first;
    now_.since = shell > now_.best + 0.5 ? 0 : now_.since + 1;
    now_.best = std::max(now_.best, shell);
    now_.shell = shell;
    now_.limit = std::max(2 * reconstruction_.voxel(), side_ / (shell + 2));  // a little beyond what is there
    if (ranks_->first()) {
      for (int half = 0; half < 2; ++half)
        write_map(settings_.output + "_half" + std::to_string(half + 1) + ".mrc", halves_[half]);
      write_star(settings_.output + ".star", *particles_);
    }
    sums_.write(*checkpoint_, blocks());
    watch.stop();
    std::printf("%9.0f %8.2f Å %9.2f° %8.2f Å %9.1f\n", now_.iteration, side_ / shell, turned, moved, watch.seconds);
    std::fflush(stdout);
  }

  /// Of one rank.
  void write() {
    bw::FinishOptions finishing = finish_options();
    finishing.shell_snr = bw::signal_to_noise(fsc_, finishing.object);
    write_map(settings_.output + ".mrc", reconstruction_.finish(finishing));
    write_curve(settings_.output + "_fsc", fsc_, side_);
    write_directions(settings_.output + "_directions.png", *particles_);
    checkpoint_->remove();
    std::printf("half maps    FSC 0.143 at %s, 0.5 at %s\n", resolution(fsc_, 0.143, side_).c_str(),
                resolution(fsc_, 0.5, side_).c_str());
    std::printf("written      %s.mrc, .star, _half1.mrc, _half2.mrc, _fsc.star, _fsc.png, _directions.png\n",
                settings_.output.c_str());
  }

 private:
  static ReconstructionSettings reconstruction_settings(const Settings& settings) {
    ReconstructionSettings of;
    of.ctf = settings.search.ctf;
    of.fom = true;  // weights of poses
    of.symmetry = bw::symmetry_group(settings.symmetry);
    return of;
  }

  bw::FinishOptions finish_options() const {
    bw::FinishOptions options{.iterations = 4};
    options.object = share_of_box(settings_.search.diameter, side_);
    return options;
  }

  /// What a checkpoint keeps beside the sums. Sizes are the job's.
  Checkpoint::Blocks blocks() {
    Checkpoint::Blocks all{{&now_, sizeof now_}};
    const auto add = [&](std::vector<double>& numbers) { all.push_back({numbers.data(), numbers.size() * sizeof(double)}); };
    for (auto* const numbers : {&snr_, &fsc_, &poses_}) add(*numbers);
    for (auto& spectrum : noise_.spectra) add(spectrum);
    for (const Map& map : references_) all.push_back({map.density.data(), map.density.size() * sizeof(float)});
    return all;
  }

  /// The shell, and the resolution in Å, at which a curve falls to 0.143.
  std::pair<double, double> resolved(const std::vector<double>& fsc) const {
    const Crossing where = crossing(fsc, 0.143);
    const double shell = where.where == Crossing::within  ? where.shell
                         : where.where == Crossing::never ? double(fsc.size() - 1)
                                                          : 1;
    return {shell, side_ / shell};
  }

  Map empty_map() const {
    Map map;
    map.voxel = reconstruction_.voxel();
    const auto n = std::size_t(reconstruction_.box());
    map.density = HostArray<float***>("map", n, n, n);
    return map;
  }

  /// Finds the poses of all images and adds them there, each rank's own chunks.
  void search_and_add() {
    ShellTables weights = noise_.spectra;
    for (auto& spectrum : weights)
      for (double& power : spectrum) power = power > 0 ? 1 / power : 0;
    const bool scaled = now_.iteration > 1;  // the first map may have any scale
    search_->set(now_.limit, scaled ? Score::likelihood : Score::correlation, weights);
    for (int half = 0; half < 2; ++half) search_->set_map(half, references_[half]);
    reconstruction_.set_noise(noise_);
    sums_.clear();
    poses_.assign(5 * all_.size(), 0);
    std::size_t shells = 0;
    for (const auto& spectrum : noise_.spectra) shells = std::max(shells, spectrum.size());
    std::vector<double> of_chunks(sums_.chunks().size() * shells);
    Progress progress("iteration " + std::to_string(int(now_.iteration)), long(all_.size()));
    const auto add = [&](const ParticleChunk& chunk) {
      for (std::size_t b = chunk.first; b < chunk.last; ++b) {
        Interrupt::check();
        const ParticleGroup& batch = reconstruction_.batches()[b];
        const std::size_t* const which = reconstruction_.order().data() + batch.first;
        SearchEnd last;
        last.polish = scaled && now_.last != 0;
        if (scaled && !settings_.hard) last.spread = spread;
        const auto found = search_->run(batch, which, reconstruction_.read(batch), last);
        if (scaled) {
          const auto power = search_->noise(batch, which, found.best);
          for (std::size_t s = 0; s < power.size(); ++s) of_chunks[chunk.number * shells + s] += power[s];
        }
        add_posed(batch, which, found);
      }
    };
    sums_.run(add, [&] { progress.show(sums_.images_done()); });
    ranks_->merge(poses_.data(), poses_.size());
    ranks_->merge(of_chunks.data(), of_chunks.size());
    take_poses();
    if (scaled) take_noise(of_chunks, shells);
  }

  /// Log-likelihoods below the best, beyond which poses count no more.
  static constexpr float spread = 5;

  /// An image counts at each of its poses as likely as that is.
  void add_posed(const ParticleGroup& batch, const std::size_t* which, const ParticleSearch::Found& found) {
    const double pixel = particles_->groups[std::size_t(batch.group)].pixel;
    std::vector<ParticleReconstruction::Posed> posed;
    for (std::size_t i = 0; i < found.best.size(); ++i) {
      Particle particle = particles_->particles[which[i]];
      set_pose(particle, found.best[i], pixel);
      std::copy_n(particle.angles, 3, poses_.data() + 5 * which[i]);
      std::copy_n(particle.shift, 2, poses_.data() + 5 * which[i] + 3);
      const auto& list = found.likely[i].list();
      double sum = 0;
      for (const Candidate& candidate : list) sum += std::exp(double(candidate.score - list[0].score));
      for (const Candidate& candidate : list) {
        set_pose(particle, candidate, pixel);
        particle.figure_of_merit = std::exp(double(candidate.score - list[0].score)) / sum;
        posed.push_back({long(i), particle});
      }
    }
    reconstruction_.add(batch, posed);
  }

  void take_poses() {
    for (const std::size_t p : all_) {
      const double* const pose = poses_.data() + 5 * p;
      std::copy_n(pose, 3, particles_->particles[p].angles);
      std::copy_n(pose + 3, 2, particles_->particles[p].shift);
    }
    for (const Told what : {Told::rotation, Told::shift}) particles_->told.set(std::size_t(what));
  }

  /// From sums of chunks, in their order.
  void take_noise(const std::vector<double>& of_chunks, std::size_t shells) {
    std::vector<double> images(noise_.spectra.size());
    for (auto& spectrum : noise_.spectra) std::fill(spectrum.begin(), spectrum.end(), 0.0);
    for (const ParticleChunk& chunk : sums_.chunks()) {
      const auto group = std::size_t(reconstruction_.batches()[chunk.first].group);
      for (std::size_t b = chunk.first; b < chunk.last; ++b) images[group] += double(reconstruction_.batches()[b].count);
      for (std::size_t s = 0; s < noise_.spectra[group].size(); ++s)
        noise_.spectra[group][s] += of_chunks[chunk.number * shells + s];
    }
    for (std::size_t g = 0; g < images.size(); ++g)
      for (double& power : noise_.spectra[g]) power /= images[g];
  }

  void finish_halves() {
    bw::FinishOptions finishing = finish_options();
    finishing.shell_snr = snr_;
    HalfMapCorrelation correlation(reconstruction_.box(), reconstruction_.voxel(), settings_.search.diameter);
    for (int half = 0; half < 2; ++half) {
      finishing.half = half;
      const bool here = ranks_->rank() == half % ranks_->size();
      halves_[half] = here ? reconstruction_.finish(finishing) : empty_map();
    }
    for (int half = 0; half < 2; ++half) {
      const auto& density = halves_[half].density;
      ranks_->broadcast(density.data(), density.size() * sizeof(float), half % ranks_->size());
      correlation.take(half, density);
      references_[half] = halves_[half];
      references_[half].density = HostArray<float***>("reference", density.layout());
      Kokkos::deep_copy(references_[half].density, density);
    }
    fsc_ = correlation.curve();
    for (const Map& map : references_) flatten(map, settings_.search.diameter, resolved(fsc_).second);
    snr_ = bw::signal_to_noise(fsc_, finishing.object);
    for (double& snr : snr_) snr /= 2;  // of a half
  }

  /// All that is counted, without padding between.
  struct Numbers {
    double iteration = 0, limit = 0, shell = 0, best = 0, since = 0, last = 0;
  };

  Settings settings_;
  const Ranks* ranks_;
  Particles* particles_;
  std::vector<std::size_t> all_;
  ParticleReconstruction reconstruction_;
  ParticleSums sums_;
  std::unique_ptr<ParticleSearch> search_;
  std::unique_ptr<Checkpoint> checkpoint_;
  double side_ = 0;  // of the box, Å
  Map references_[2], halves_[2];
  Numbers now_;
  NoiseSpectra noise_;
  std::vector<double> snr_, fsc_, poses_;
};

int run(const Settings& settings, const Ranks& ranks) {
  Particles particles = read_particles(settings.particles);
  particles.require(Told::image, "a map is refined from images");
  particles.require(Told::pixel, "shifts are in Å");
  if (settings.search.ctf) require_ctf(particles, "--ctf");
  const std::vector<std::size_t> all = numbers_of(particles);
  ParticleImages images(particles, all, settings.folder, "--img");
  bw::symmetry_group(settings.symmetry);  // refuses others
  const Map initial = padded_to_cube(read_map(settings.map, settings.voxel, "--angpix"));
  require_folder_of(settings.output);
  for (const std::size_t p : all) particles.particles[p].subset = half_of(particles, p) + 1;
  particles.told.set(std::size_t(Told::subset));
  for (int half = 1; half <= 2; ++half)
    if (std::none_of(all.begin(), all.end(), [&](std::size_t p) { return particles.particles[p].subset == half; }))
      throw std::runtime_error(particles.path + ": has no particles of the half set " + std::to_string(half) +
                               ", expected some of 1 and of 2");

  Refinement refinement(settings, ranks, particles, images, initial);
  if (settings.resume) refinement.resume();
  std::printf("%9s %10s %10s %10s %9s\n", "iteration", "resolution", "turned", "moved", "seconds");
  std::fflush(stdout);
  const Interrupt interrupt;
  while (!refinement.finished()) refinement.iterate();
  if (ranks.first()) refinement.write();
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
      "up to a little beyond where the FSC of the halves falls to 0.143. When that improves no more, a last iteration "
      "leaves "
      "the grid\nby Levenberg-Marquardt. Images count at the rotations around the best one as likely as these are, or with "
      "--hard at "
      "that alone.\n"
      "A checkpoint is written after each iteration: --resume goes on from there. By mpirun on several ranks, all is the "
      "same, bit for bit.");
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
  app.add_option("--particle_diameter", settings.search.diameter, "in Å; default: 0.7 of the box")
      ->check(CLI::PositiveNumber);
  app.add_option("--iter", settings.most, "iterations at most")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--memory", settings.memory,
                 "GB that maps and their sums may take on a rank; more is refused before any work")
      ->check(CLI::PositiveNumber);
  app.add_flag("--hard", settings.hard, "images count at their best poses alone");
  app.add_flag("--resume", settings.resume, "go on from the checkpoint of a run with the same options");
  add_search_options(app, settings.search, 4);
  return run_on_ranks(app, argc, argv, [&](const Ranks& ranks) { return run(settings, ranks); });
}
