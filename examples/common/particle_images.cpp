// SPDX-License-Identifier: MIT
#include "particle_images.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace examples {

namespace {

constexpr std::size_t kept_open = 8;

}  // namespace

ParticleImages::ParticleImages(const Particles& particles, const std::vector<std::size_t>& which, const std::string& folder,
                               const std::string& folder_option, int axes)
    : particles_(&particles),
      folder_(folder),
      folder_option_(folder_option),
      axes_(axes),
      boxes_(particles.groups.size(), 0) {
  struct Use {
    std::int64_t last = -1;
    std::size_t particle = 0;  // that has the last image
  };
  std::map<std::pair<std::int32_t, std::int32_t>, Use> uses;  // by stack and group
  for (const std::size_t p : which) {
    const Particle& particle = particles.particles[p];
    const auto of = std::pair(particle.stack, particle.group);
    Use& use = uses[of];
    if (particle.image > use.last) use = {particle.image, p};
  }
  for (const auto& [of, use] : uses) {
    const auto& [number, group] = of;
    MrcReader& reader = stack(number);
    const MrcHeader& header = reader.header();
    const auto& [nx, ny, nz] = header.extent;
    const std::int64_t images = axes_ == 2 ? nz : nz / header.depth;
    particles.check_image(use.particle, images);
    if (nx != ny || (axes_ == 3 && header.depth != nx))
      reader.fail("is " + reader.description() + "; expected " + (axes_ == 2 ? "squares" : "cubes"));
    int& box = boxes_[std::size_t(group)];
    const int told = particles.groups[std::size_t(group)].box;
    const std::string name = "optics group '" + particles.groups[std::size_t(group)].name + "'";
    if (told > 0 && told != nx)
      reader.fail("has images of " + std::to_string(nx) + " pixels along an axis; " + particles.path + " says " +
                  std::to_string(told) + " of " + name);
    if (box > 0 && box != nx)
      reader.fail("has images of " + std::to_string(nx) + " pixels along an axis; others of " + name + " have " +
                  std::to_string(box));
    box = int(nx);
  }
}

MrcReader& ParticleImages::stack(std::int32_t number) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& entry) { return entry.first == number; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
  } else {
    if (number < 0) throw std::runtime_error(particles_->path + ": a particle has no image");
    // Stacks have volumes' headers and names now and then; particles say what they are.
    open_.emplace_front(std::piecewise_construct, std::tuple(number),
                        std::tuple(particles_->stack_path(number, folder_, folder_option_),
                                   axes_ == 2 ? std::optional(MrcContent::images) : std::nullopt));
    if (open_.size() > kept_open) open_.pop_back();
  }
  return open_.front().second;
}

void ParticleImages::read(const std::size_t* which, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count;) {
    const Particle& first = particles_->particles[which[i]];
    std::int64_t run = 1;  // of images one behind the other
    while (i + run < count) {
      const Particle& next = particles_->particles[which[i + run]];
      if (next.stack != first.stack || next.image != first.image + run) break;
      ++run;
    }
    const std::int64_t box = boxes_[std::size_t(first.group)], depth = axes_ == 2 ? 1 : box;
    stack(first.stack).read(first.image * depth, run * depth, to);
    to += run * depth * box * box;
    i += run;
  }
}

void ParticleImages::read_light(const std::size_t* which, std::int64_t count, float* to, bool drop_mean) {
  read(which, count, to);
  for (std::int64_t i = 0; i < count; ++i) {
    const Particle& particle = particles_->particles[which[i]];
    const OpticsGroup& group = particles_->groups[std::size_t(particle.group)];
    const auto size = std::size_t(std::pow(boxes_[std::size_t(particle.group)], axes_));
    double sum = 0;
    for (std::size_t j = 0; j < size; ++j) sum += to[j];
    if (!std::isfinite(sum))
      throw std::runtime_error(particles_->stacks[std::size_t(particle.stack)] + ": image " +
                               std::to_string(particle.image + 1) + " has numbers that are not finite");
    const float sign = float(group.sign), mean = drop_mean ? float(sum / double(size)) : 0;
    if (sign != 1 || mean != 0)
      for (std::size_t j = 0; j < size; ++j) to[j] = sign * (to[j] - mean);
    to += size;
  }
}

}  // namespace examples
