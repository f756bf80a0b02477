// SPDX-License-Identifier: MIT
#include "particles.hpp"

#include "bytes.hpp"
#include "file.hpp"
#include "particle_formats.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace examples {

namespace {

const char* name_of(Told what) {
  switch (what) {
    case Told::image:
      return "image names";
    case Told::rotation:
      return "orientations";
    case Told::shift:
      return "shifts";
    case Told::pixel:
      return "pixel size";
    case Told::box:
      return "box size";
    case Told::voltage:
      return "voltage";
    case Told::spherical_aberration:
      return "spherical aberration";
    case Told::amplitude_contrast:
      return "amplitude contrast";
    case Told::defocus:
      return "defocus";
    case Told::phase_shift:
      return "phase shifts";
    case Told::b_factor:
      return "B-factors of the CTF";
    case Told::scale:
      return "scales of the CTF";
    case Told::beam_tilt:
      return "beam tilt";
    case Told::magnification:
      return "magnification matrix";
    case Told::group_noise:
      return "groups of noise";
    case Told::subset:
      return "half sets";
    case Told::object_class:
      return "classes";
    case Told::figure_of_merit:
      return "figures of merit";
    case Told::micrograph:
      return "micrograph names";
    default:
      return "coordinates";
  }
}

}  // namespace

std::int32_t OpticsGroups::number(const OpticsGroup& g) {
  const Key key{g.pixel,
                double(g.box),
                double(g.dimensions),
                g.voltage,
                g.spherical_aberration,
                g.amplitude_contrast,
                g.beam_tilt[0],
                g.beam_tilt[1],
                g.magnification[0][0],
                g.magnification[0][1],
                g.magnification[1][0],
                g.magnification[1][1],
                double(g.premultiplied),
                double(g.sign),
                0};
  const auto [place, added] = numbers_.try_emplace(std::pair(g.name, key), std::int32_t(groups_.size()));
  if (added) groups_.push_back(g);
  return place->second;
}

void tell(Particles& particles, Told what, const std::vector<std::string>& missing) {
  particles.told[std::size_t(what)] = missing.empty();
  std::string& lacks = particles.lacks[std::size_t(what)];
  lacks.clear();
  for (const std::string& name : missing) lacks += (lacks.empty() ? "" : ", ") + name;
  if (!missing.empty()) lacks += missing.size() == 1 ? " is missing" : " are missing";
}

void take_options(Particles& particles, const ParticleReading& options) {
  for (OpticsGroup& group : particles.groups) {
    if (options.pixel > 0 && particles.tells(Told::pixel) && std::abs(group.pixel / options.pixel - 1) > 1e-3)
      throw std::runtime_error(particles.path + ": tells a pixel size of " + exact(group.pixel) + " Å, but " +
                               options.pixel_option + " is " + exact(options.pixel));
    if (options.box > 0 && particles.tells(Told::box) && group.box != options.box)
      throw std::runtime_error(particles.path + ": tells a box of " + std::to_string(group.box) + " pixels, but " +
                               options.box_option + " is " + std::to_string(options.box));
    if (options.pixel > 0 && !particles.tells(Told::pixel)) group.pixel = options.pixel;
    if (options.box > 0 && !particles.tells(Told::box)) group.box = options.box;
  }
  if (options.pixel > 0) tell(particles, Told::pixel, {});
  if (options.box > 0) tell(particles, Told::box, {});
}

void Particles::require(Told what, const std::string& why) const {
  if (tells(what)) return;
  const std::string& missing = lacks[std::size_t(what)];
  throw std::runtime_error(path + ": has no " + name_of(what) + " (" +
                           (missing.empty() ? "a " + format + " does not tell them" : missing) + "), which " + why);
}

std::string Particles::stack_path(std::int32_t stack, const std::string& folder, const std::string& option) const {
  namespace fs = std::filesystem;
  const std::string& name = stacks.at(std::size_t(stack));
  std::vector<fs::path> folders;
  std::error_code error;
  if (fs::path(name).is_absolute()) {
    folders = {""};
  } else if (!folder.empty()) {
    folders = {folder};
  } else {
    const fs::path own = fs::path(path).parent_path();
    folders = {own, ""};
    for (fs::path around = fs::absolute(own, error).lexically_normal(); around.has_relative_path();)
      folders.push_back(around = around.parent_path());
  }
  std::string looked;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const fs::path place = folders[i] / name;
    if (fs::is_regular_file(place, error)) return place.string();
    if (i < 2 && place.string() != looked) looked += (looked.empty() ? "" : " nor ") + place.string();
  }
  throw std::runtime_error(path + ": the stack " + in_quotes(name) + " is not a file (neither " + looked + ")" +
                           (fs::path(name).is_absolute() ? "" : "; give the folder that its name begins in by " + option));
}

void Particles::check_image(std::size_t particle, std::int64_t images) const {
  const Particle& p = particles.at(particle);
  if (p.image < images) return;
  throw std::runtime_error(path + ": particle " + std::to_string(particle + 1) + " is image " + std::to_string(p.image + 1) +
                           " of " + in_quotes(stacks.at(std::size_t(p.stack))) + ", which has " + std::to_string(images));
}

Particles read_particles(const std::vector<std::string>& paths, const ParticleReading& options) {
  const std::string& path = paths.at(0);
  const StarFile file(path, Bytes(path).all());
  Particles particles = read_relion(file, options);
  take_options(particles, options);
  return particles;
}

void write_star(const std::string& path, const Particles& particles) {
  write_whole(path, [&](const std::string& part) {
    std::ofstream out(part, std::ios::binary);
    write_star(out, particles);
    out.close();
    if (!out) throw std::runtime_error("no room, or no right to write");
  });
}

}  // namespace examples
