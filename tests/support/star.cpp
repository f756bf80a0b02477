// SPDX-License-Identifier: MIT
#include "star.hpp"

#include <gemmi/cif.hpp>
#include <gemmi/numb.hpp>

#include <stdexcept>

namespace support {

Particles read_star(const std::string& path) {
  gemmi::cif::Document star = gemmi::cif::read_file(path);
  const auto number = [](const std::string& text) { return gemmi::cif::as_number(text); };
  const auto table = [&](const char* name, const std::vector<std::string>& tags) {
    gemmi::cif::Block* block = star.find_block(name);
    if (!block) throw std::runtime_error(path + ": has no table " + name);
    gemmi::cif::Table found = block->find("_rln", tags);
    if (found.length() == 0) throw std::runtime_error(path + ": its table " + name + " lacks a column or is empty");
    return found;
  };
  Particles particles{};
  auto optics = table("optics", {"ImagePixelSize", "Voltage", "SphericalAberration", "?AmplitudeContrast"});
  if (optics.length() != 1) throw std::runtime_error(path + ": has several optics groups");
  const auto group = optics.one();
  particles.pixel = number(group[0]);
  particles.voltage = number(group[1]);
  particles.spherical_aberration = number(group[2]);
  particles.amplitude_contrast = group.has2(3) ? number(group[3]) : 0;
  auto rows = table("particles", {"AngleRot", "AngleTilt", "AnglePsi", "?OriginX", "?OriginY", "?OriginXAngst",
                                  "?OriginYAngst", "?DefocusU", "?DefocusV", "?DefocusAngle"});
  for (const auto row : rows) {
    const auto origin = [&](int axis) {
      return row.has2(3 + axis) ? number(row[3 + axis]) : number(row[5 + axis]) / particles.pixel;
    };
    Particle particle{{number(row[0]), number(row[1]), number(row[2])}, {origin(0), origin(1)}, {}};
    particles.has_defocus = row.has2(7);
    if (particles.has_defocus) particle.defocus = {number(row[7]), number(row[8]), number(row[9])};
    particles.each.push_back(particle);
  }
  return particles;
}

}  // namespace support
