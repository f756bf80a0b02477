// SPDX-License-Identifier: MIT
// The images of particles, read from their stacks some at a time.
#pragma once

#include "mrc.hpp"
#include "particles.hpp"

#include <list>
#include <string>
#include <vector>

namespace examples {

class ParticleImages {
 public:
  /// The images of particles `which` of `particles`, which must live as long; stacks are looked for below `folder`,
  /// which `folder_option` gives (Particles::stack_path). All are looked at: each image is there, square, or a cube where `axes` is 3, and those of a group of
  /// optics are of one extent, which is the group's where that is told.
  /// \throws std::runtime_error that names the stack, what is there and what was expected.
  ParticleImages(const Particles& particles, const std::vector<std::size_t>& which, const std::string& folder,
                 const std::string& folder_option, int axes = 2);

  /// The extent of a group's images; 0 where there are none.
  int box(int group) const { return boxes_[std::size_t(group)]; }

  /// Images of `count` particles of one group, [count][box][box].
  void read(const std::size_t* which, std::int64_t count, float* to);

  /// The same with the object light on dark, and with a mean of 0 where that is wanted.
  /// \throws std::runtime_error where numbers are not finite
  void read_light(const std::size_t* which, std::int64_t count, float* to, bool drop_mean = false);

 private:
  MrcReader& stack(std::int32_t number);

  const Particles* particles_;
  std::string folder_, folder_option_;
  int axes_;
  std::vector<int> boxes_;
  std::list<std::pair<std::int32_t, MrcReader>> open_;  // the last ones used, the latest in front
};

}  // namespace examples
