// SPDX-License-Identifier: MIT
// Particles as the library takes them: poses, contrast transfer, weights by the power of noise.
#pragma once

#include "particles.hpp"
#include "space.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/eigen.hpp>
#include <bracewell/poses.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// R of image = R · object; with the magnification matrix M of the group, whose samples at k are those of the object at Rᵀ M k.
inline Eigen::Matrix3d rotation_of(const Particle& particle, const OpticsGroup& group, bool with_magnification) {
  Eigen::Matrix3d rotation = bracewell::rotation_from_euler_zyz(particle.angles[0], particle.angles[1], particle.angles[2]);
  if (with_magnification) {
    const auto& m = group.magnification;
    const Eigen::Matrix2d matrix{{m[0][0], m[0][1]}, {m[1][0], m[1][1]}};
    rotation.topRows<2>() = (matrix.transpose() * rotation.topRows<2>()).eval();
  }
  return rotation;
}

inline bracewell::Ctf ctf_of(const Particle& particle, const OpticsGroup& group) {
  bracewell::Ctf ctf;
  ctf.defocus_u = particle.defocus[0];
  ctf.defocus_v = particle.defocus[1];
  ctf.defocus_angle = particle.defocus_angle;
  ctf.voltage = group.voltage;
  ctf.spherical_aberration = group.spherical_aberration;
  ctf.amplitude_contrast = group.amplitude_contrast;
  ctf.phase_shift = particle.phase_shift;
  ctf.b_factor = particle.b_factor;
  ctf.scale = particle.scale;
  for (int i = 0; i < 2; ++i) {
    ctf.beam_tilt[i] = group.beam_tilt[i];
    for (int j = 0; j < 2; ++j) ctf.magnification[i][j] = group.magnification[i][j];
  }
  return ctf;
}

/// 0, 1, …, of all particles.
inline std::vector<std::size_t> numbers_of(const Particles& particles) {
  std::vector<std::size_t> all(particles.particles.size());
  std::iota(all.begin(), all.end(), std::size_t(0));
  return all;
}

/// What files must tell before contrast transfer is taken into account.
inline void require_ctf(const Particles& particles, const std::string& option) {
  particles.require(Told::defocus, option + " needs it");
  particles.require(Told::voltage, option + " needs it");
  particles.require(Told::spherical_aberration, option + " needs it");
  particles.require(Told::amplitude_contrast, option + " needs it");
}

/// The half set of a particle: as the file has it, else particles by turns.
inline int half_of(const Particles& particles, std::size_t particle) {
  return particles.tells(Told::subset) ? particles.particles[particle].subset - 1 : int(particle % 2);
}

/// Particles of one group of optics and one half, one behind the other in an order.
struct ParticleGroup {
  std::size_t first;
  long count;
  int group, half;
};

/// Puts particles in order of groups and halves, and up to `batch` of one together.
inline std::vector<ParticleGroup> in_batches(const Particles& particles, int halves, long batch,
                                             std::vector<std::size_t>& order) {
  const auto key = [&](std::size_t p) {
    return std::pair(particles.particles[p].group, halves == 1 ? 0 : half_of(particles, p));
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<ParticleGroup> batches;
  for (std::size_t i = 0; i < order.size();) {
    const auto [group, half] = key(order[i]);
    long count = 1;
    while (count < batch && i + std::size_t(count) < order.size() &&
           key(order[i + std::size_t(count)]) == std::pair(group, half))
      ++count;
    batches.push_back({i, count, group, half});
    i += std::size_t(count);
  }
  return batches;
}

/// The spectrum of a particle's noise: rlnGroupNumber counts from 1.
inline int noise_row(const NoiseSpectra& noise, const Particle& particle) {
  return noise.of_optics ? particle.group : particle.noise_group - 1;
}

inline void check_noise(const NoiseSpectra& noise, const Particles& particles, std::size_t p) {
  const int row = noise_row(noise, particles.particles[p]);
  if (row < 0 || row >= int(noise.spectra.size()))
    throw std::runtime_error(noise.path + ": has no group " + std::to_string(row + 1) + ", which particle " +
                             std::to_string(p + 1) + " of " + particles.path + " is of");
}

/// Poses, contrast transfer and factors of particles of one group, some at a time, in memory that is kept.
class ParticleBatch {
 public:
  struct What {
    bool ctf = false, magnification = false;
    bracewell::CtfUse use = bracewell::CtfUse::full;
  };

  ParticleBatch(const Particles& particles, long capacity, const What& what)
      : particles_(&particles),
        what_(what),
        rotations_("rotations", std::size_t(capacity), 3, 3),
        shifts_("shifts", std::size_t(capacity), 3),
        contrast_("contrast transfer", std::size_t(capacity)),
        factors_("factors", std::size_t(capacity)),
        rows_("groups of noise", std::size_t(capacity)),
        host_rotations_(Kokkos::create_mirror_view(rotations_)),
        host_shifts_(Kokkos::create_mirror_view(shifts_)),
        host_contrast_(Kokkos::create_mirror_view(contrast_)),
        host_factors_(Kokkos::create_mirror_view(factors_)),
        host_rows_(Kokkos::create_mirror_view(rows_)) {}

  /// Takes particles `which`, whose images have pixels of `pixel` Å; factor(particle) and row(particle) are those of weights().
  template <class Factor, class Row>
  void load(const Exec& exec, const std::size_t* which, long count, double pixel, const Factor& factor, const Row& row) {
    load_each(
        exec, [&](std::size_t i) -> const Particle& { return particles_->particles[which[i]]; }, count, pixel, factor, row);
  }

  /// The same of particles each(0), …, of the same groups of optics.
  template <class Each, class Factor, class Row>
  void load_each(const Exec& exec, const Each& each, long count, double pixel, const Factor& factor, const Row& row) {
    count_ = std::size_t(count);
    for (std::size_t i = 0; i < count_; ++i) {
      const Particle& particle = each(i);
      const OpticsGroup& group = particles_->groups[std::size_t(particle.group)];
      const Eigen::Matrix3d rotation = rotation_of(particle, group, what_.magnification);
      for (int e = 0; e < 3; ++e) {
        for (int d = 0; d < 3; ++d) host_rotations_(i, e, d) = rotation(e, d);
        host_shifts_(i, e) = particle.shift[e] / pixel;
      }
      if (what_.ctf) host_contrast_(i) = bracewell::ContrastTransfer(ctf_of(particle, group), pixel, what_.use);
      host_factors_(i) = factor(particle);
      host_rows_(i) = row(particle);
    }
    Kokkos::deep_copy(exec, rotations_, host_rotations_);
    Kokkos::deep_copy(exec, shifts_, host_shifts_);
    Kokkos::deep_copy(exec, contrast_, host_contrast_);
    Kokkos::deep_copy(exec, factors_, host_factors_);
    Kokkos::deep_copy(exec, rows_, host_rows_);
    exec.fence();
  }

  /// Of images of M axes.
  template <int M>
  auto poses() const {
    const std::pair<std::size_t, std::size_t> range(0, count_), axes(0, std::size_t(M));
    return bracewell::Poses{Kokkos::subview(rotations_, range, axes, Kokkos::ALL), Kokkos::subview(shifts_, range, axes)};
  }
  auto contrast() const { return bracewell::ContrastOfImages{contrast_}; }
  auto tilted_contrast() const { return bracewell::TiltedContrastOfImages{contrast_}; }

  /// w(|k|) = factor · table(row, shell), table(row, 0) where there is one shell only; shells are 1 / box cycles a pixel wide.
  struct Weights {
    Array<const float**> table;
    Array<const float*> factors;
    Array<const int*> rows;
    double box;

    template <std::size_t M>
    KOKKOS_FUNCTION float operator()(int image, const Kokkos::Array<double, M>& k) const {
      double square = 0;
      for (std::size_t e = 0; e < M; ++e) square += k[e] * k[e];
      const int last = int(table.extent(1)) - 1, shell = int(Kokkos::sqrt(square) * box + 0.5);
      return factors(image) * table(rows(image), shell < last ? shell : last);
    }
  };
  Weights weights(const Array<float**>& table, double box) const { return {table, factors_, rows_, box}; }

 private:
  const Particles* particles_;
  What what_;
  std::size_t count_ = 0;
  Array<double***> rotations_;
  Array<double**> shifts_;
  Array<bracewell::ContrastTransfer*> contrast_;
  Array<float*> factors_;
  Array<int*> rows_;
  Array<double***>::host_mirror_type host_rotations_;
  Array<double**>::host_mirror_type host_shifts_;
  Array<bracewell::ContrastTransfer*>::host_mirror_type host_contrast_;
  Array<float*>::host_mirror_type host_factors_;
  Array<int*>::host_mirror_type host_rows_;
};

}  // namespace examples
