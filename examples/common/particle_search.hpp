// SPDX-License-Identifier: MIT
// The poses of particles against a map: all of a grid of rotations and shifts, then ever finer ones around the best.
#pragma once

#include "map.hpp"
#include "particle_images.hpp"
#include "particle_job.hpp"
#include "pose_newton.hpp"
#include "pose_search.hpp"
#include "rotation.hpp"
#include "stopwatch.hpp"

#include <bracewell/finish.hpp>
#include <bracewell/shells.hpp>
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

/// Half spectra of images, or of volumes, of n pixels along each of M axes; origin at index 0.
template <int M>
class SpectraOf {
 public:
  SpectraOf(long n, long batch)
      : n_(n),
        capacity_(batch),
        plan_(Host(), cube<M>(n), batch),
        data_(make_spectra<M>(std::size_t(batch), std::size_t(n))) {}

  void load(const float* images, long count) {
    const long pitch = 2 * (n_ / 2 + 1), rows = count * (M == 3 ? n_ * n_ : n_);
    auto* const real = reinterpret_cast<float*>(data_.data());
    for (long row = 0; row < rows; ++row) std::copy_n(images + row * n_, n_, real + row * pitch);
    plan_.forward(Host(), data_.data(), count);
    bracewell::origin_to_zero<M>(Host(), bracewell::Spectrum{data_, int(n_)});
    Host().fence();
  }
  long extent() const { return n_; }
  long capacity() const { return capacity_; }
  auto first(long count) const { return part_of<M>(data_, std::pair(0L, count)); }
  auto operator[](long i) const { return part_of<M>(data_, i); }

 private:
  long n_, capacity_;
  bracewell::Fftw::Plan<Host, float, M> plan_;
  SpectraArray<M> data_;
};
using ImageSpectra = SpectraOf<2>;

/// A number a shell of each group, the last for all beyond; nothing: ones.
using ShellTables = std::vector<std::vector<double>>;

/// The power of images, or volumes, in every shell, by groups of optics: they are mostly noise.
template <int M>
ShellTables power_of_images(const Particles& particles, ParticleImages& images) {
  constexpr long enough = 1000;
  ShellTables powers(particles.groups.size());
  for (std::size_t g = 0; g < particles.groups.size(); ++g) {
    const int n = images.box(int(g));
    if (n == 0) continue;
    powers[g].resize(std::size_t(n / 2 + 1));
    SpectraOf<M> spectra(n, 1);
    std::vector<float> image(std::size_t(std::pow(n, M)));
    long seen = 0;
    for (std::size_t p = 0; p < particles.particles.size() && seen < enough; ++p) {
      if (particles.particles[p].group != int(g)) continue;
      ++seen;
      images.read(&p, 1, image.data());
      spectra.load(image.data(), 1);
      const auto own = bracewell::power_spectrum(Host(), bracewell::Spectrum{spectra[0], n});
      for (std::size_t s = 0; s < own.size(); ++s) powers[g][s] += own[s];
    }
    for (double& power : powers[g]) power /= double(seen);
  }
  return powers;
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

inline double of_shell(const std::vector<double>& table, double radius) {
  return table.empty() ? 1 : table[std::min(table.size() - 1, std::size_t(radius + 0.5))];
}

/// Sets the pose of a particle whose images have pixels of `pixel` Å.
inline void set_pose(Particle& particle, const Candidate& candidate, double pixel) {
  set_angles(particle, candidate.rotation);
  particle.shift[0] = candidate.shift.x * pixel;
  particle.shift[1] = candidate.shift.y * pixel;
  particle.shift[2] = candidate.shift.z * pixel;
}

/// What to do with the best of the last grid.
struct SearchEnd {
  float spread = 0;     // rotations around it are likely whose log-likelihoods are worse by no more; 0: none but the best
  bool polish = false;  // leave the grid by Levenberg-Marquardt before, for likelihoods
};

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

  /// Of a batch of images: each one's best pose, and those that may be likely, in falling order.
  struct Found {
    std::vector<Candidate> best;
    std::vector<BestCandidates> likely;
  };

  /// The poses of a batch of particles `which`, whose images are light on dark.
  Found run(const ParticleGroup& batch, const std::size_t* which, const float* images, const SearchEnd& last = {}) {
    const int n = images_->box(batch.group);
    const OpticsGroup& group = particles_->groups[std::size_t(batch.group)];
    const std::vector<SearchLevel> levels = levels_of(n, group.pixel, settings_);
    SearchReference& of_map = reference(batch);
    load(images, n, batch.count);
    Found found;
    const auto timed = [&](SearchWork& work, const auto& search) {
      Stopwatch watch;
      watch.start();
      search(work);
      watch.stop();
      work.seconds += watch.seconds;
    };
    for (std::size_t l = 0; l < levels.size(); ++l) {
      const SearchLevel& level = levels[l];
      const SearchImages rows = rows_of(level.band, batch, which);
      timed(l == 0 ? global : local, [&](SearchWork& work) {
        if (l == 0) {
          found.likely = search(of_map, rows, rotations_, shifts_, settings_.score, std::size_t(settings_.candidates), work);
          return;
        }
        Neighbourhood around{level.angle, level.offset};
        around.count = std::size_t(std::max<long>(1, settings_.candidates >> l));
        found.likely = search_around(of_map, rows, found.likely, around, settings_.score, work);
      });
    }
    found.best.clear();
    for (const BestCandidates& of_image : found.likely) found.best.push_back(of_image.list().front());
    const SearchLevel& finest = levels.back();
    if (last.polish) timed(local, [&](SearchWork&) { polish(of_map, batch, which, finest.band, found.best); });
    for (std::size_t i = 0; i < found.best.size(); ++i) {
      found.likely[i] = BestCandidates(1);
      found.likely[i].add(found.best[i]);
    }
    if (last.spread > 0) {
      const SearchImages rows = rows_of(finest.band, batch, which);
      Neighbourhood around{finest.angle, finest.offset, 27, true, last.spread};
      timed(local, [&](SearchWork& work) {
        found.likely = search_around(of_map, rows, found.likely, around, settings_.score, work);
      });
    }
    return found;
  }

  /// Power of noise in each shell, of the images of `run` without the map at each one's best pose, summed over images.
  std::vector<double> noise(const ParticleGroup& batch, const std::size_t* which, const std::vector<Candidate>& best) {
    const int n = images_->box(batch.group);
    const OpticsGroup& group = particles_->groups[std::size_t(batch.group)];
    const Band band(n, n / 2);
    std::vector<bracewell::Matrix3> rotations;
    for (const Candidate& of_image : best) rotations.push_back(of_image.rotation);
    RowMatrix slices, squares;
    reference(batch).cut(band, rotations, 0, rotations.size(), slices, squares);
    std::vector<double> power(std::size_t(n / 2 + 1)), samples(power.size());
    for (std::size_t i = 0; i < best.size(); ++i) {
      const bracewell::ContrastTransfer contrast(ctf_of(particles_->particles[which[i]], group), group.pixel);
      const Offset shift = best[i].shift;
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

  /// Minimises ½ Σ w |X − C φ S|² from where the candidates are.
  void polish(SearchReference& of_map, const ParticleGroup& batch, const std::size_t* which, const Band& band,
              std::vector<Candidate>& best) {
    const int n = images_->box(batch.group);
    const OpticsGroup& group = particles_->groups[std::size_t(batch.group)];
    const HostArray<float***> weights("weights", best.size(), std::size_t(n), std::size_t(n / 2 + 1)),
        transfer("contrast transfer", weights.layout());
    PoseSet poses;
    for (std::size_t i = 0; i < best.size(); ++i) {
      Eigen::Matrix3d rotation;
      for (int e = 0; e < 3; ++e)
        for (int d = 0; d < 3; ++d) rotation(e, d) = best[i].rotation[std::size_t(e)][std::size_t(d)];
      poses.rotations.push_back(rotation);
      poses.shifts.push_back({best[i].shift.x, best[i].shift.y});
    }
    Kokkos::parallel_for("rows of images", Kokkos::RangePolicy<Host>(0, batch.count), [&](long i) {
      const bracewell::ContrastTransfer contrast(ctf_of(particles_->particles[which[i]], group), group.pixel);
      for (int y = 0; y < n; ++y)
        for (int x = 0; x <= n / 2; ++x) {
          const int ky = bracewell::frequency(y, n);
          weights(i, y, x) = ky == 0 && x == 0 ? 0 : float(weight(batch.group, std::hypot(ky, x)));
          transfer(i, y, x) = settings_.ctf ? float(contrast.value(double(x) / n, double(ky) / n)) : 1;
        }
    });
    Host().fence();
    const auto& projector = of_map.projector();
    PoseImages images(Host(), projector.reference(), bracewell::Spectrum{spectra_->first(batch.count), n},
                      bracewell::Spectrum{weights, n}, bracewell::Spectrum{transfer, n}, of_map.scale(),
                      projector.slice_options(), projector.kernel());
    images.set_cutoff(band.radius / n);
    std::vector<Normal> normals;
    levenberg_marquardt(images, n / 4.0, 0.005, poses, normals, [](int, const auto&, const auto&) {});
    for (std::size_t i = 0; i < best.size(); ++i) {
      for (int e = 0; e < 3; ++e)
        for (int d = 0; d < 3; ++d) best[i].rotation[std::size_t(e)][std::size_t(d)] = poses.rotations[i](e, d);
      best[i].shift = {poses.shifts[i].x(), poses.shifts[i].y()};
    }
  }

  double weight(int group, double radius) const {
    return weights_.empty() ? 1.0 : of_shell(weights_[std::size_t(group)], radius);
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
          [&](double radius) { return weight(batch.group, radius); });
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
