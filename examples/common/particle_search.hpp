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
#include <bracewell/symmetry.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
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

/// Half spectra of images, origin at index 0.
class ImageSpectra {
 public:
  ImageSpectra(long n, long batch)
      : n_(n),
        capacity_(batch),
        plan_(Host(), {n, n}, batch),
        data_("spectra", std::size_t(batch), std::size_t(n), std::size_t(n / 2 + 1)) {}

  void load(const float* images, long count) {
    const long pitch = 2 * (n_ / 2 + 1);
    auto* const real = reinterpret_cast<float*>(data_.data());
    for (long row = 0; row < count * n_; ++row) std::copy_n(images + row * n_, n_, real + row * pitch);
    plan_.forward(Host(), data_.data(), count);
    bracewell::origin_to_zero<2>(Host(), bracewell::Spectrum{data_, int(n_)});
    Host().fence();
  }
  long extent() const { return n_; }
  long capacity() const { return capacity_; }
  auto operator[](long i) const { return Kokkos::subview(data_, i, Kokkos::ALL, Kokkos::ALL); }

 private:
  long n_, capacity_;
  bracewell::Fftw::Plan<Host, float, 2> plan_;
  HostArray<Kokkos::complex<float>***> data_;
};

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
  return std::hypot(a.shift[0] - b.shift[0], a.shift[1] - b.shift[1]);
}

/// A search of one level: its band, and how far neighbours are.
struct SearchLevel {
  Band band;
  double angle, offset;  // radians, pixels
};

inline std::vector<SearchLevel> levels_of(int n, double pixel, const SearchSettings& settings) {
  std::vector<SearchLevel> levels;
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

/// A number a shell of each group, the last for all beyond; nothing: ones.
using ShellTables = std::vector<std::vector<double>>;
inline double of_shell(const std::vector<double>& table, double radius) {
  return table.empty() ? 1 : table[std::min(table.size() - 1, std::size_t(radius + 0.5))];
}

/// Sets the pose of a particle whose images have pixels of `pixel` Å.
inline void set_pose(Particle& particle, const Candidate& candidate, double pixel) {
  set_angles(particle, candidate.rotation);
  particle.shift[0] = candidate.shift.x * pixel;
  particle.shift[1] = candidate.shift.y * pixel;
}

class ParticleSearch {
 public:
  ParticleSearch(const Particles& particles, ParticleImages& images, const SearchSettings& settings)
      : particles_(&particles),
        images_(&images),
        settings_(settings),
        rotations_(asymmetric_unit(bracewell::so3_grid(settings.order), settings.symmetry)),
        shifts_(shift_grid(settings.range, settings.step)) {}

  std::size_t rotations() const { return rotations_.size(); }
  std::size_t shifts() const { return shifts_.size(); }
  SearchWork global, local;

  /// What may change from run to run: the highest resolution, what is a good score, and weights of shells, 1 over the power of noise.
  void set(double final, Score score, const ShellTables& weights = {}) {
    settings_.final = final;
    settings_.score = score;
    weights_ = weights;
  }

  /// The map that images of a half are compared with.
  void set_map(int half, const Map& map) {
    maps_[half] = map;
    std::erase_if(references_, [half](const auto& entry) { return entry.first.first == half; });
  }

  /// The poses of a batch of particles `which`, whose images are light on dark, each image's in falling order: one, or with a `spread` of
  /// log-likelihoods those of the last grid that are no worse than that.
  std::vector<BestCandidates> run(const ParticleGroup& batch, const std::size_t* which, const float* images,
                                  float spread = 0) {
    const int n = images_->box(batch.group);
    const OpticsGroup& group = particles_->groups[std::size_t(batch.group)];
    const std::vector<SearchLevel> levels = levels_of(n, group.pixel, settings_);
    SearchReference& of_map = reference(batch);
    load(images, n, batch.count);
    std::vector<BestCandidates> best;
    for (std::size_t l = 0; l < levels.size(); ++l) {
      const SearchLevel& level = levels[l];
      const SearchImages rows = rows_of(level.band, batch, which);
      SearchWork& work = l == 0 ? global : local;
      Stopwatch watch;
      watch.start();
      if (l == 0) {
        best = search(of_map, rows, rotations_, shifts_, settings_.score, std::size_t(settings_.candidates), work);
      } else {
        Neighbourhood around{level.angle, level.offset};
        around.count = std::size_t(std::max<long>(1, settings_.candidates >> l));
        if (spread > 0 && l + 1 == levels.size()) {
          around.all = true;
          around.count = 64;
          around.spread = spread;
        }
        best = search_around(of_map, rows, best, around, settings_.score, work);
      }
      watch.stop();
      work.seconds += watch.seconds;
    }
    return best;
  }

  /// Power of noise in each shell, of the images of `run` without the map at each one's best pose, summed over images.
  std::vector<double> noise(const ParticleGroup& batch, const std::size_t* which, const std::vector<BestCandidates>& best) {
    const int n = images_->box(batch.group);
    const OpticsGroup& group = particles_->groups[std::size_t(batch.group)];
    const Band band(n, n / 2);
    std::vector<bracewell::Matrix3> rotations;
    for (const BestCandidates& of_image : best) rotations.push_back(of_image.list().front().rotation);
    RowMatrix slices, squares;
    reference(batch).cut(band, rotations, 0, rotations.size(), slices, squares);
    std::vector<double> power(std::size_t(n / 2 + 1)), samples(power.size());
    for (std::size_t i = 0; i < best.size(); ++i) {
      const bracewell::ContrastTransfer contrast(ctf_of(particles_->particles[which[i]], group), group.pixel);
      const Offset shift = best[i].list().front().shift;
      const auto image = (*spectra_)[long(i)];
      const float* const slice = slices.row(Eigen::Index(i)).data();
      for (int k = 0; k < band.size(); ++k) {
        const Band::Sample& s = band.samples[std::size_t(k)];
        const double angle = -2 * M_PI * (s.x * shift.x + s.y * shift.y) / n,
                     c = settings_.ctf ? contrast.value(double(s.x) / n, double(s.y) / n) : 1;
        const Kokkos::complex<double> model = c * Kokkos::complex<double>(slice[2 * k], slice[2 * k + 1]) *
                                              Kokkos::complex<double>(std::cos(angle), std::sin(angle));
        const auto z = image(std::size_t(s.y < 0 ? s.y + n : s.y), std::size_t(s.x));
        const double x = z.real() - model.real(), y = z.imag() - model.imag();
        const auto shell = std::size_t(std::hypot(s.x, s.y) + 0.5);
        power[shell] += double(s.multiplicity) * (x * x + y * y);
        samples[shell] += double(s.multiplicity);
      }
    }
    for (std::size_t s = 1; s < power.size(); ++s)
      power[s] = samples[s] > 0 ? power[s] / samples[s] * double(best.size()) : power[s - 1];
    power[0] = power[1];  // the mean tells of the background
    return power;
  }

 private:
  SearchReference& reference(const ParticleGroup& batch) {
    const int n = images_->box(batch.group);
    const double pixel = particles_->groups[std::size_t(batch.group)].pixel;
    const Map& map = maps_[batch.half];
    auto& entry = references_[{batch.half, {n, pixel}}];
    if (!entry) entry = std::make_unique<SearchReference>(map.density, n, pixel / map.voxel, settings_.padding);
    return *entry;
  }

  void load(const float* images, int n, long count) {
    if (!spectra_ || spectra_->extent() != n || spectra_->capacity() < count)
      spectra_ = std::make_unique<ImageSpectra>(n, count);
    spectra_->load(images, count);
  }

  SearchImages rows_of(const Band& band, const ParticleGroup& batch, const std::size_t* which) const {
    const OpticsGroup& group = particles_->groups[std::size_t(batch.group)];
    SearchImages rows(band, std::size_t(batch.count));
    Kokkos::parallel_for("rows of images", Kokkos::RangePolicy<Host>(0, batch.count), [&](long i) {
      const bracewell::ContrastTransfer contrast(ctf_of(particles_->particles[which[i]], group), group.pixel);
      rows.set(
          std::size_t(i), (*spectra_)[i], [&](double x, double y) { return settings_.ctf ? contrast.value(x, y) : 1.0; },
          [&](double radius) { return weights_.empty() ? 1.0 : of_shell(weights_[std::size_t(batch.group)], radius); });
    });
    Host().fence();
    return rows;
  }

  const Particles* particles_;
  ParticleImages* images_;
  SearchSettings settings_;
  std::vector<bracewell::Matrix3> rotations_;
  std::vector<Offset> shifts_;
  ShellTables weights_;
  Map maps_[2];
  std::map<std::pair<int, std::pair<int, double>>, std::unique_ptr<SearchReference>> references_;
  std::unique_ptr<ImageSpectra> spectra_;
};

}  // namespace examples
