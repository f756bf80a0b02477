// SPDX-License-Identifier: MIT
// Maps from the images of particles, group by group of optics, for the programs that reconstruct.
#pragma once

#include "fft_library.hpp"
#include "map.hpp"
#include "particle_images.hpp"
#include "particle_job.hpp"

#include <bracewell/projector.hpp>
#include <bracewell/symmetry.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace examples {

struct ReconstructionSettings {
  double voxel = 0;               // of the map in Å; 0: the first group's pixels
  int box = 0;                    // of the map; 0: the first group's field of view
  double maximal_resolution = 0;  // Å; 0: Nyquist
  double padding = 1.5;
  long batch = 64;
  int halves = 2;
  bool ctf = false, fom = false, drop_mean = false;
  bracewell::CtfUse use = bracewell::CtfUse::full;
  std::vector<bracewell::Matrix3> symmetry;
  NoiseSpectra noise;  // nothing: all images alike
};

/// Power of noise to weights, a row per group of noise, or one row of ones.
inline Array<float**> noise_weights(const std::vector<std::vector<double>>& spectra) {
  std::size_t shells = 1;
  for (const auto& spectrum : spectra) shells = std::max(shells, spectrum.size());
  const Array<float**> table("weights", std::max<std::size_t>(spectra.size(), 1), shells);
  const auto host = Kokkos::create_mirror_view(table);
  Kokkos::deep_copy(host, 1.0f);
  double mean = 0;  // of weights, so that their unit is no matter of precision
  long count = 0;
  for (const auto& spectrum : spectra)
    for (const double power : spectrum)
      if (power > 0) {
        mean += 1 / power;
        ++count;
      }
  for (std::size_t row = 0; row < spectra.size(); ++row)
    for (std::size_t s = 0; s < shells; ++s) {
      const double power = spectra[row].empty() ? 0 : spectra[row][std::min(s, spectra[row].size() - 1)];
      host(row, s) = power > 0 ? float(double(count) / (power * mean)) : 0;
    }
  Kokkos::deep_copy(table, host);
  return table;
}

/// Of a Reconstructor of n³ voxels (reconstructor.hpp): its grids, what finishing takes, and a few maps.
struct ReconstructorBytes {
  double sums, finish, maps;
};

inline ReconstructorBytes reconstructor_bytes(double n, double padding, int halves) {
  const auto stored = [](double extent) { return extent * extent * (extent / 2 + 1); };
  const double twice = double(bracewell::fft_extent(2 * n)), weights = stored(double(bracewell::fft_extent(1.25 * twice))),
               data = 2 * stored(double(bracewell::fft_extent(padding * n)));
  return {4 * (data + weights) * halves,
          4 * (std::max(2 * weights + 2 * stored(n), std::max(2 * stored(twice), data) + stored(twice) + 8 * stored(n)) +
               (halves == 2 ? 3 : 1) * stored(n)),
          4 * 5 * n * n * n};
}

/// What images of particles add up to.
class ParticleReconstruction {
 public:
  using Reconstructor = bracewell::Reconstructor<float, FftLibrary>;

  /// Looks at what is there, and takes no memory. `particles` and `images` must live as long; poses may change from call to call.
  /// \throws std::runtime_error
  ParticleReconstruction(const Particles& particles, ParticleImages& images, const std::vector<std::size_t>& which,
                         const ReconstructionSettings& settings)
      : particles_(&particles), images_(&images), settings_(settings), order_(which) {
    if (!settings.noise.spectra.empty())
      for (const std::size_t p : which) check_noise(settings.noise, particles, p);
    batches_ = in_batches(particles, settings.halves, settings.batch, order_);
    for (const ParticleGroup& batch : batches_)
      if (groups_.empty() || groups_.back() != batch.group) groups_.push_back(batch.group);
    // By default voxels are the first group's pixels; the field of view is always its own.
    const int first = groups_.front();
    const double view = pixel(first) * images.box(first);
    box_ = images.box(first);
    voxel_ = pixel(first);
    if (settings.box > 0) box_ = settings.box;
    if (settings.voxel > 0) {
      voxel_ = settings.voxel;
      if (settings.box == 0) box_ = 2 * std::lround(view / settings.voxel / 2);
    } else if (settings.box > 0) {
      voxel_ = view / settings.box;
    }
    reference_ = images.box(first);
    for (const int group : groups_) several_ = several_ || images.box(group) != reference_;
    // The kind with the highest frequencies first, whose the map's are.
    const auto band = [&](int group) { return kind(group).cutoff / pixel(group); };
    std::stable_sort(groups_.begin(), groups_.end(), [&](int a, int b) { return band(a) > band(b); });
  }

  const std::vector<std::size_t>& order() const { return order_; }
  const std::vector<ParticleGroup>& batches() const { return batches_; }
  double voxel() const { return voxel_; }  // Å
  long box() const { return box_; }
  int halves() const { return settings_.halves; }

  /// Of grids, twice while images are added (particle_sums.hpp) or with what finishing takes; and of batches.
  /// repeatedly: images are added again when maps have been finished, whose memory is kept.
  double bytes(bool repeatedly = false) const {
    double largest = 0;
    for (const int group : groups_) largest = std::max(largest, std::pow(images_->box(group), 2));
    const auto [sums, finish, maps] = reconstructor_bytes(double(box_), settings_.padding, settings_.halves);
    return sums + (repeatedly ? sums + finish : std::max(sums, finish)) + maps + 16 * double(settings_.batch) * largest;
  }

  void allocate() {
    const bracewell::ImageKind first = kind(groups_.front());
    reconstructor_ = std::make_unique<Reconstructor>(exec_, std::array<long, 3>{box_, box_, box_}, shape(groups_.front()),
                                                     bracewell::ReconstructorOptions{.padding = settings_.padding,
                                                                                     .pixel = first.pixel,
                                                                                     .scale = first.scale,
                                                                                     .cutoff = first.cutoff,
                                                                                     .halves = settings_.halves,
                                                                                     .symmetry = settings_.symmetry,
                                                                                     .batch = settings_.batch});
    kinds_.assign(particles_->groups.size(), 0);
    for (std::size_t g = 1; g < groups_.size(); ++g) {
      std::size_t like = 0;
      while (like < g && (shape(groups_[like]) != shape(groups_[g]) || pixel(groups_[like]) != pixel(groups_[g]))) ++like;
      kinds_[std::size_t(groups_[g])] = like < g ? kinds_[std::size_t(groups_[like])]
                                                 : reconstructor_->add_kind(exec_, shape(groups_[g]), kind(groups_[g]));
    }
    batch_ = std::make_unique<ParticleBatch>(
        *particles_, settings_.batch,
        ParticleBatch::What{
            .ctf = settings_.ctf, .magnification = particles_->tells(Told::magnification), .use = settings_.use});
    table_ = noise_weights(settings_.noise.spectra);
  }

  Reconstructor& reconstructor() { return *reconstructor_; }

  /// The map of all images, or of a half.
  Map finish(const bracewell::FinishOptions& options) {
    Map map;
    map.voxel = voxel_;
    map.density = HostArray<float***>("map", std::size_t(box_), std::size_t(box_), std::size_t(box_));
    const auto result = device_mirror(map.density);
    reconstructor_->finish(exec_, result, options);
    exec_.fence();
    Kokkos::deep_copy(map.density, result);
    return map;
  }

  /// What images weigh by their noise, from the next one on.
  void set_noise(const NoiseSpectra& noise) {
    settings_.noise = noise;
    table_ = noise_weights(noise.spectra);
  }

  /// The images of a batch, with the object light on dark; they are kept until the next call.
  float* read(const ParticleGroup& b) {
    const std::size_t n = std::size_t(images_->box(b.group));
    buffer_.resize(std::size_t(b.count) * n * n);
    images_->read_light(order_.data() + b.first, b.count, buffer_.data(), settings_.drop_mean);
    return buffer_.data();
  }

  /// Adds the images of a batch at the poses that the particles have now.
  void add(const ParticleGroup& b) {
    const std::size_t n = std::size_t(images_->box(b.group));
    read(b);
    add(b, buffer_.data(), n, b.count,
        [&](std::size_t i) -> const Particle& { return particles_->particles[order_[b.first + i]]; });
  }

  /// An image of a batch and a particle like its own, with a pose and, as its figure of merit, with a weight that it may have.
  struct Posed {
    long image;
    Particle particle;
  };

  /// Adds images of a batch, as `read` gave them, at any number of poses.
  void add(const ParticleGroup& b, const std::vector<Posed>& posed) {
    const std::size_t n = std::size_t(images_->box(b.group)), batch = std::size_t(settings_.batch);
    copies_.resize(batch * n * n);
    for (std::size_t first = 0; first < posed.size(); first += batch) {
      const std::size_t count = std::min(batch, posed.size() - first);
      for (std::size_t i = 0; i < count; ++i)
        std::copy_n(buffer_.data() + std::size_t(posed[first + i].image) * n * n, n * n, copies_.data() + i * n * n);
      add(b, copies_.data(), n, long(count), [&](std::size_t i) -> const Particle& { return posed[first + i].particle; });
    }
  }

 private:
  double pixel(int group) const { return particles_->groups[std::size_t(group)].pixel; }
  std::array<long, 2> shape(int group) const { return {images_->box(group), images_->box(group)}; }

  /// Images are integrals in units of their own pixels.
  bracewell::ImageKind kind(int group) const {
    double cutoff = std::min(0.5, 0.5 * pixel(group) / voxel_);
    if (settings_.maximal_resolution > 0) cutoff = std::min(cutoff, pixel(group) / settings_.maximal_resolution);
    return {.pixel = pixel(group) / voxel_, .scale = voxel_ / pixel(group), .cutoff = cutoff};
  }

  template <class Each>
  void add(const ParticleGroup& b, float* from, std::size_t n, long count, const Each& each) {
    const auto images = on_device(HostArray<float***>(from, std::size_t(count), n, n));
    const bool noisy = !settings_.noise.spectra.empty(), weighted = several_ || settings_.fom || noisy;
    const double equal = std::pow(double(reference_) / double(n), 2);  // noise of one power a pixel
    batch_->load_each(
        exec_, each, count, pixel(b.group),
        [&](const Particle& particle) {
          return float((settings_.fom ? particle.figure_of_merit : 1) * (noisy ? equal * equal : equal));
        },
        [&](const Particle& particle) { return noisy ? noise_row(settings_.noise, particle) : 0; });
    const auto add = [&](const auto& modulation) {
      const int kind = kinds_[std::size_t(b.group)];
      if (weighted) {
        reconstructor_->add(exec_, images, batch_->poses<2>(), modulation, batch_->weights(table_, double(n)), b.half, kind);
      } else {
        reconstructor_->add(exec_, images, batch_->poses<2>(), modulation, bracewell::none, b.half, kind);
      }
    };
    if (settings_.ctf && particles_->tells(Told::beam_tilt)) {
      add(batch_->tilted_contrast());
    } else if (settings_.ctf) {
      add(batch_->contrast());
    } else {
      add(bracewell::none);
    }
    exec_.fence();
  }

  Exec exec_;
  const Particles* particles_;
  ParticleImages* images_;
  ReconstructionSettings settings_;
  std::vector<std::size_t> order_;
  std::vector<ParticleGroup> batches_;
  std::vector<int> groups_, kinds_;
  double voxel_ = 0;
  long box_ = 0;
  int reference_ = 0;
  bool several_ = false;
  std::unique_ptr<Reconstructor> reconstructor_;
  std::unique_ptr<ParticleBatch> batch_;
  Array<float**> table_;
  std::vector<float> buffer_, copies_;
};

}  // namespace examples
