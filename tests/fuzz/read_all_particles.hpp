// SPDX-License-Identifier: MIT
// What must hold of any file that is given as the metadata of particles.
#pragma once

#include "memory_file.hpp"
#include "read_all.hpp"

#include <common/particle_formats.hpp>
#include <common/particles.hpp>

#include <cmath>
#include <sstream>

/// Reads a file of `length` bytes. Either it is refused, in one line that begins with its name, or each particle has numbers that are
/// finite and names that are there, and what is written of it as STAR is read as the same. What is allocated goes with the length.
/// \return whether it was read
inline bool read_all_particles(const std::string& path, std::size_t length) {
  using namespace examples;
  const std::size_t most = 1032 * length + (4 << 20);  // deflate's most
  largest_allocation = 0;
  Particles read;
  try {
    read = read_particles({path}, {.pixel = 0, .box = 0, .stack = length % 2 == 0 ? "stack.mrcs" : ""});
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    must(what.rfind(path + ": ", 0) == 0 && what.find('\n') == std::string::npos, what.c_str(), path);
    must(largest_allocation <= 200 * most, "memory does not go with the file's length", path);
    return false;
  }
  must(largest_allocation <= 200 * most, "memory does not go with the file's length", path);
  must(!read.particles.empty() && !read.groups.empty(), "no particles", path);
  for (const Particle& p : read.particles) {
    const OpticsGroup& g = read.groups.at(std::size_t(p.group));
    const double numbers[] = {
        p.angles[0],          p.angles[1],      p.angles[2],      p.shift[0],       p.shift[1], p.shift[2],
        p.defocus[0],         p.defocus[1],     p.defocus_angle,  p.phase_shift,    p.b_factor, p.scale,
        p.figure_of_merit,    p.coordinates[0], p.coordinates[1], p.coordinates[2], g.voltage,  g.spherical_aberration,
        g.amplitude_contrast, g.beam_tilt[0],   g.beam_tilt[1]};
    for (const double number : numbers) must(std::isfinite(number), "a number that is not finite", path);
    must(!read.tells(Told::image) || (p.image >= 0 && std::size_t(p.stack) < read.stacks.size()), "an image of no stack",
         path);
    must(!read.tells(Told::micrograph) || std::size_t(p.micrograph) < read.micrographs.size(), "no micrograph", path);
    must(!read.tells(Told::pixel) || (g.pixel > 0 && std::isfinite(g.pixel)), "no pixel size", path);
    must(!read.tells(Told::box) || g.box > 0, "no box", path);
  }

  std::ostringstream text;
  try {
    write_star(text, read);
  } catch (const std::runtime_error&) {  // names that no STAR file can hold
    return true;
  }
  static MemoryFile file{"again.star"};
  const std::string written = text.str();
  file.set(written.data(), written.size());
  const Particles again = read_particles({file.path("again.star")});
  must(again.particles.size() == read.particles.size(), "other particles are written", path);
  for (std::size_t i = 0; i < read.particles.size(); ++i) {
    const Particle &p = read.particles[i], &q = again.particles[i];
    for (int d = 0; d < 3; ++d) {
      must(!read.tells(Told::rotation) || p.angles[d] == q.angles[d], "other angles are written", path);
      must(!read.tells(Told::shift) || read.groups[std::size_t(p.group)].dimensions <= d || p.shift[d] == q.shift[d],
           "other shifts are written", path);
    }
    must(!read.tells(Told::defocus) || p.defocus[0] == q.defocus[0], "another defocus is written", path);
    must(p.image == q.image || !read.tells(Told::image), "another image is written", path);
  }
  return true;
}
