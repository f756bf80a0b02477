// SPDX-License-Identifier: MIT
// The poses of particles against a map: all of a grid of rotations and shifts, then ever finer ones around the best.
#pragma once

#include "map.hpp"
#include "particle_images.hpp"
#include "particle_job.hpp"
#include "pose_search.hpp"
#include "rotation.hpp"
#include "stopwatch.hpp"

#include <bracewell/finish.hpp>
#include <bracewell/shells.hpp>
#include <bracewell/symmetry.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace examples {

struct SearchSettings {
  int order = 2, levels = 4;      // of HEALPix; how often steps are halved
  double range = 3, step = 1;     // of shifts, in pixels
  double initial = 0, final = 0;  // resolutions in Å; 0: what the grid's step tells apart; Nyquist
  double diameter = 0;            // of the particle, Å; 0: 0.6 of the box
  double padding = 1.5;
  long candidates = 5, batch = 100;
  bool ctf = false;
  Score score = Score::correlation;
  std::vector<bracewell::Matrix3> symmetry;
};

/// The options of the grid and its refinement, which programs have in common.
inline void add_search_options(CLI::App& app, SearchSettings& settings, int highest_order) {
  app.add_option("--healpix_order", settings.order, "of the grid of rotations: 60° / 2^order apart")
      ->check(CLI::Range(0, highest_order))
      ->capture_default_str();
  app.add_option("--oversampling", settings.levels, "how often steps are halved around the best")
      ->check(CLI::Range(0, 8))
      ->capture_default_str();
  app.add_option("--offset_range", settings.range, "radius of shifts, in pixels")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--offset_step", settings.step, "their distance, in pixels")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--ctf", settings.ctf, "images have contrast transfer");
}

/// Half spectra of images, or of volumes, of n pixels along each of M axes; origin at index 0.
template <int M>
class SpectraOf {
 public:
  SpectraOf(long n, long batch)
      : n_(n), plan_(Host(), cube<M>(n), batch), data_(make_spectra<M>(std::size_t(batch), std::size_t(n))) {}

  void load(const float* images, long count) {
    const long pitch = 2 * (n_ / 2 + 1), rows = count * (M == 3 ? n_ * n_ : n_);
    auto* const real = reinterpret_cast<float*>(data_.data());
    for (long row = 0; row < rows; ++row) std::copy_n(images + row * n_, n_, real + row * pitch);
    plan_.forward(Host(), data_.data(), count);
    bracewell::origin_to_zero<M>(Host(), bracewell::Spectrum{data_, int(n_)});
    Host().fence();
  }
  auto operator[](long i) const { return part_of<M>(data_, i); }

 private:
  long n_;
  bracewell::Fftw::Plan<Host, float, M> plan_;
  SpectraArray<M> data_;
};
using ImageSpectra = SpectraOf<2>;

/// One over the power of images, or volumes, in every shell, by groups of optics: they are mostly noise.
template <int M>
std::vector<std::vector<double>> inverse_power(const Particles& particles, ParticleImages& images) {
  constexpr long enough = 1000;
  std::vector<std::vector<double>> weights(particles.groups.size());
  for (std::size_t g = 0; g < particles.groups.size(); ++g) {
    const int n = images.box(int(g));
    if (n == 0) continue;
    std::vector<double> power(std::size_t(n / 2 + 1));
    SpectraOf<M> spectra(n, 1);
    std::vector<float> image(std::size_t(std::pow(n, M)));
    long seen = 0;
    for (std::size_t p = 0; p < particles.particles.size() && seen < enough; ++p) {
      if (particles.particles[p].group != int(g)) continue;
      ++seen;
      images.read(&p, 1, image.data());
      spectra.load(image.data(), 1);
      const auto own = bracewell::power_spectrum(Host(), bracewell::Spectrum{spectra[0], n});
      for (std::size_t s = 0; s < power.size(); ++s) power[s] += own[s];
    }
    for (const double sum : power) weights[g].push_back(sum > 0 ? double(seen) / sum : 0);
  }
  return weights;
}

/// RELION's angles of a rotation.
inline void set_angles(Particle& particle, const bracewell::Matrix3& r) {
  angles_of({r[0][0], r[0][1], r[0][2], r[1][0], r[1][1], r[1][2], r[2][0], r[2][1], r[2][2]}, particle.angles);
}

/// The angle in degrees between the rotations of two particles, or the nearest mates of them under a group.
inline double turn_between(const Particle& a, const Particle& b,
                           const std::vector<bracewell::Matrix3>& group = {bracewell::rotation_zyz(0, 0, 0)}) {
  const auto rotation = [](const Particle& p) { return bracewell::rotation_zyz(p.angles[0], p.angles[1], p.angles[2]); };
  double least = M_PI;
  for (const auto& mate : group)
    least = std::min(least, bracewell::angular_distance(rotation(a), bracewell::product(rotation(b), mate)));
  return least * 180 / M_PI;
}

/// In Å.
inline double move_between(const Particle& a, const Particle& b) {
  return std::hypot(a.shift[0] - b.shift[0], a.shift[1] - b.shift[1], a.shift[2] - b.shift[2]);
}

/// A search of one level: its band, and how far neighbours are.
struct SearchLevel {
  Band band;
  double angle, offset;  // radians, pixels
};

inline std::vector<SearchLevel> levels_of(int n, double pixel, const SearchSettings& settings, int axes = 2) {
  std::vector<SearchLevel> levels;
  const double side = n * pixel, diameter = settings.diameter > 0 ? settings.diameter : 0.6 * side;
  double angle = M_PI / 3 / (1 << settings.order), offset = settings.step;
  const double finest = std::max(settings.final, 2 * pixel);
  double resolution = settings.initial > 0 ? settings.initial : std::max(finest, angle * diameter / 2);
  for (int l = 0; l <= settings.levels; ++l) {
    levels.push_back({Band(n, side / resolution, axes), angle, offset});
    angle /= 2;
    offset /= 2;
    resolution = std::max(finest, std::min(resolution, angle * diameter));  // no finer than turns of a step tell
  }
  return levels;
}

class ParticleSearch {
 public:
  ParticleSearch(ParticleImages& images, const SearchSettings& settings)
      : images_(&images),
        settings_(settings),
        rotations_(asymmetric_unit(bracewell::so3_grid(settings.order), settings.symmetry)),
        shifts_(shift_grid(settings.range, settings.step)) {}

  std::size_t rotations() const { return rotations_.size(); }
  std::size_t shifts() const { return shifts_.size(); }
  SearchWork global, local;

  /// What may change from run to run: the highest resolution, and what is a good score.
  void set(double final, Score score) {
    settings_.final = final;
    settings_.score = score;
  }

  /// Sets the rotations and shifts of particles `which`. weights: of a group's images, a number a shell; nothing: ones.
  /// progress(done) after every batch.
  template <class Progress>
  void run(const Map& map, const std::vector<std::size_t>& which, Particles& particles, const Progress& progress,
           const std::vector<std::vector<double>>& weights = {}) {
    long done = 0;
    for (std::size_t g = 0; g < particles.groups.size(); ++g) {
      std::vector<std::size_t> of_group;
      for (const std::size_t p : which)
        if (particles.particles[p].group == int(g)) of_group.push_back(p);
      if (of_group.empty()) continue;
      const int n = images_->box(int(g));
      const OpticsGroup& group = particles.groups[g];
      const std::vector<SearchLevel> levels = levels_of(n, group.pixel, settings_);
      SearchReference reference(map.density, n, group.pixel / map.voxel, settings_.padding);
      const long batch = std::min<long>(settings_.batch, long(of_group.size()));
      ImageSpectra spectra(n, batch);
      std::vector<float> buffer(std::size_t(batch) * std::size_t(n) * std::size_t(n));
      const auto weight = [&](double radius) {
        if (weights.empty()) return 1.0;
        const auto& of = weights[g];
        return of[std::min(of.size() - 1, std::size_t(radius + 0.5))];
      };
      for (std::size_t first = 0; first < of_group.size(); first += std::size_t(batch)) {
        const long count = std::min<long>(batch, long(of_group.size() - first));
        images_->read(of_group.data() + first, count, buffer.data());
        if (group.sign != 1)
          for (float& value : buffer) value *= float(group.sign);
        spectra.load(buffer.data(), count);
        std::vector<BestCandidates> best;
        for (std::size_t l = 0; l < levels.size(); ++l) {
          const SearchLevel& level = levels[l];
          SearchImages rows(level.band, std::size_t(count));
          for (long i = 0; i < count; ++i) {
            const bracewell::ContrastTransfer contrast(ctf_of(particles.particles[of_group[first + std::size_t(i)]], group),
                                                       group.pixel);
            rows.set(
                std::size_t(i), spectra[i],
                [&](double kx, double ky) { return settings_.ctf ? contrast.value(kx, ky) : 1.0; }, weight);
          }
          SearchWork& work = l == 0 ? global : local;
          Stopwatch watch;
          watch.start();
          if (l == 0) {
            best = search(reference, rows, rotations_, shifts_, settings_.score, std::size_t(settings_.candidates), work);
          } else {
            const auto kept = std::size_t(std::max<long>(1, settings_.candidates >> l));
            best = search_around(reference, rows, best, level.angle, level.offset, settings_.score, kept, work);
          }
          watch.stop();
          work.seconds += watch.seconds;
        }
        for (long i = 0; i < count; ++i) {
          Particle& particle = particles.particles[of_group[first + std::size_t(i)]];
          const Candidate& found = best[std::size_t(i)].list().front();
          set_angles(particle, found.rotation);
          particle.shift[0] = found.shift.x * group.pixel;
          particle.shift[1] = found.shift.y * group.pixel;
        }
        done += count;
        progress(done);
      }
    }
    for (const Told what : {Told::rotation, Told::shift}) particles.told.set(std::size_t(what));
  }

 private:
  ParticleImages* images_;
  SearchSettings settings_;
  std::vector<bracewell::Matrix3> rotations_;
  std::vector<Offset> shifts_;
};

}  // namespace examples
