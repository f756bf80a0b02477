// SPDX-License-Identifier: MIT
// Dynamo's tables of subtomograms, whose columns go by their numbers: tdrot = psi − 90°, narot = rot + 90°.
#include "particle_formats.hpp"

#include <charconv>
#include <cmath>
#include <ostream>
#include <stdexcept>

namespace examples {

namespace {

// Columns from 1, as in Dynamo's documentation (dynamo_table_help).
enum Column {
  tag = 1,
  aligned = 2,
  averaged = 3,
  dx = 4,
  tdrot = 7,
  tilt = 8,
  narot = 9,
  sampling = 13,  // 0: all of Fourier space; 1: tilts about y, the beam along z
  least_tilt = 14,
  highest_tilt = 15,
  tomogram = 20,
  reference_class = 22,
  x = 24,
  pixel = 36
};

constexpr int least_columns = 26;

}  // namespace

Particles read_dynamo(const std::string& path, const std::string& text, const ParticleReading& options) {
  Particles to;
  to.path = path;
  to.format = "Dynamo table";
  for (std::size_t i = 0; i < std::size_t(Told::count); ++i) tell(to, Told(i), {"a column of that"});
  for (const Told told : {Told::rotation, Told::shift, Told::object_class, Told::micrograph, Told::coordinates})
    tell(to, told, {});
  Names tomograms(to.micrographs);
  OpticsGroups groups(to.groups);
  std::size_t columns = 0;
  bool pixels = true;
  text_rows(text, [&](std::int64_t line, const std::vector<std::string_view>& fields) {
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(path + ": line " + std::to_string(line) + ": " + what);
    };
    if (columns == 0) columns = fields.size();
    if (fields.size() != columns)
      fail(std::to_string(fields.size()) + " fields in a row, expected " + std::to_string(columns));
    const auto number = [&](int column) {
      double value = 0;
      if (!read_number(fields[std::size_t(column - 1)], value))
        fail("column " + std::to_string(column) + " is " + in_quotes(fields[std::size_t(column - 1)]) +
             ", expected a finite number");
      return value;
    };
    const auto whole = [&](int column) {
      const double value = number(column);
      if (value != std::floor(value) || !(value >= 0 && value < 2e9))
        fail("column " + std::to_string(column) + " is " + in_quotes(fields[std::size_t(column - 1)]) +
             ", expected a whole number, 0 or more");
      return std::int32_t(value);
    };
    OpticsGroup g;
    g.dimensions = 3;
    g.box = options.box;
    g.pixel = columns >= pixel ? number(pixel) : 0;
    if (g.pixel < 0) fail("column 36 is " + exact(g.pixel) + ", expected a pixel size in Å");
    pixels = pixels && g.pixel > 0;
    if (g.pixel == 0) g.pixel = options.pixel;
    Particle p;
    p.group = groups.number(g);
    p.angles[0] = number(narot) - 90;
    p.angles[1] = number(tilt);
    p.angles[2] = number(tdrot) + 90;
    for (int d = 0; d < 3; ++d) {
      const double in_pixels = number(dx + d);
      if (in_pixels != 0 && g.pixel == 0)
        fail("a shift in pixels, and no pixel size is told; give one by " + options.pixel_option);
      p.shift[d] = in_pixels * g.pixel;
      p.coordinates[d] = number(x + d);
    }
    if (const double number_of_file = number(tag); number_of_file >= 1 && number_of_file == std::floor(number_of_file))
      p.tag = std::int64_t(std::min(number_of_file, 1e15));
    if (const double type = number(sampling); type == 0 || type == 1)
      for (int i = 0; i < 2; ++i) p.tilts[i] = type == 1 ? number(least_tilt + i) : 180 * i - 90;
    p.object_class = whole(reference_class);
    p.micrograph = tomograms.number(std::to_string(whole(tomogram)));
    to.particles.push_back(p);
  });
  if (to.particles.empty()) throw std::runtime_error(path + ": has no rows, and no particles");
  if (columns < least_columns)
    throw std::runtime_error(path + ": has " + std::to_string(columns) +
                             " columns, expected 26 or more, as a table of Dynamo has");
  if (pixels) tell(to, Told::pixel, {});
  return to;
}

void write_dynamo(const std::string& path, const Particles& particles) {
  particles.require(Told::rotation, "a table of Dynamo is made of");
  for (const OpticsGroup& group : particles.groups)
    if (group.dimensions != 3)
      throw std::runtime_error("cannot write " + path +
                               ": Dynamo has subtomograms, and these are images (rlnImageDimensionality 2)");
  const bool shifts = particles.tells(Told::shift), pixels = particles.tells(Told::pixel);
  if (shifts) particles.require(Told::pixel, "shifts in a table of Dynamo need, since they are in pixels");
  std::int64_t number = 0;
  write_stream(path, [&](std::ostream& out) {
    write_rows(out, particles, "", [&](std::string& rows, const Particle& p, const OpticsGroup& g) {
      double row[pixel] = {};
      const auto at = [&](int column) -> double& { return row[column - 1]; };
      ++number;
      at(tag) = double(p.tag > 0 ? p.tag : number);
      if (p.tilts[1] > p.tilts[0] && p.tilts[1] - p.tilts[0] < 180) {
        at(sampling) = 1;
        for (int i = 0; i < 2; ++i) at(least_tilt + i) = p.tilts[i];
      }
      at(aligned) = at(averaged) = 1;
      at(narot) = p.angles[0] + 90;
      at(tilt) = p.angles[1];
      at(tdrot) = p.angles[2] - 90;
      const double binning = g.coordinate_pixel > 0 && g.pixel > 0 ? g.pixel / g.coordinate_pixel : 1;
      for (int d = 0; d < 3; ++d) {  // places and shifts are in the same pixels
        if (shifts) at(dx + d) = p.shift[d] / g.pixel;
        at(x + d) = p.coordinates[d] / binning;
      }
      if (particles.tells(Told::micrograph)) {
        double told = 0;  // the tomogram's number where its name is one
        at(tomogram) = read_number(particles.micrographs.at(std::size_t(p.micrograph)), told) ? told : p.micrograph + 1;
      }
      at(reference_class) = p.object_class;
      if (pixels) at(pixel) = g.pixel;
      for (const double value : row) rows += exact(value) + ' ';
      rows.back() = '\n';
    });
  });
}

}  // namespace examples
