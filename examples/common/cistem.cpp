// SPDX-License-Identifier: MIT
// cisTEM's STAR files. phi, theta, psi are RELION's rot, tilt, psi, and shifts are in Å with the opposite sign of RELION's origins, as
// in cisTEM's own export to RELION (ExportRefinementPackageWizard.cpp).
#include "particle_formats.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace examples {

Particles read_cistem(const StarFile& file, const ParticleReading& options) {
  Particles to;
  to.path = file.path();
  to.format = "cisTEM STAR file";
  const StarTable* found = nullptr;
  for (const StarTable& table : file.tables())
    if (!found && (table.column("cisTEMPositionInStack") >= 0 || table.column("cisTEMAnglePsi") >= 0)) found = &table;
  if (!found)
    throw std::runtime_error(to.path +
                             ": has no table of particles, with a column _cisTEMPositionInStack or _cisTEMAnglePsi");
  const StarTable& table = *found;
  const auto image = find_columns(to, Told::image, table, {"cisTEMPositionInStack"});
  const auto angles = find_columns(to, Told::rotation, table, {"cisTEMAnglePhi", "cisTEMAngleTheta", "cisTEMAnglePsi"});
  const auto shift = find_columns(to, Told::shift, table, {"cisTEMXShift", "cisTEMYShift"});
  const auto defocus = find_columns(to, Told::defocus, table, {"cisTEMDefocus1", "cisTEMDefocus2", "cisTEMDefocusAngle"});
  const auto phase_shift = find_columns(to, Told::phase_shift, table, {"cisTEMPhaseShift"});
  const auto pixel = find_columns(to, Told::pixel, table, {"cisTEMPixelSize"});
  const auto voltage = find_columns(to, Told::voltage, table, {"cisTEMMicroscopeVoltagekV"});
  const auto cs = find_columns(to, Told::spherical_aberration, table, {"cisTEMMicroscopeCsMM"});
  const auto amplitude = find_columns(to, Told::amplitude_contrast, table, {"cisTEMAmplitudeContrast"});
  const auto tilt = find_columns(to, Told::beam_tilt, table, {"cisTEMBeamTiltX", "cisTEMBeamTiltY"});
  const auto subset = find_columns(to, Told::subset, table, {"cisTEMAssignedSubset"});
  const auto micrograph = find_columns(to, Told::micrograph, table, {"cisTEMOriginalImageFilename"});
  const auto coordinates =
      find_columns(to, Told::coordinates, table, {"cisTEMOriginalXPosition", "cisTEMOriginalYPosition", "cisTEMPixelSize"});
  for (const Told never : {Told::box, Told::b_factor, Told::scale, Told::magnification, Told::group_noise,
                           Told::object_class, Told::figure_of_merit})
    tell(to, never, {"a column of that"});
  const int stack = table.column("cisTEMStackFilename"), activity = table.column("cisTEMImageActivity");
  if (stack < 0 && options.stack.empty()) tell(to, Told::image, {"cisTEMStackFilename"});

  Names stacks(to.stacks), micrographs(to.micrographs);
  OpticsGroups groups(to.groups);
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  bool unassigned = false, phases = false;
  std::int64_t inactive = 0;
  to.particles.reserve(std::size_t(table.rows));
  file.rows(table, [&](const StarRow& row) {
    if (activity >= 0 && row.integer(activity, -most, most) < 0) {
      ++inactive;
      return;
    }
    const auto positive = [&](int column) {
      const double value = row.number(column);
      if (!(value > 0)) row.fail(column, "a positive number");
      return value;
    };
    Particle p;
    OpticsGroup g;
    g.box = options.box;
    g.pixel = pixel ? positive(pixel.at[0]) : options.pixel;
    if (voltage) g.voltage = positive(voltage.at[0]);
    if (cs) g.spherical_aberration = row.number(cs.at[0]);
    if (amplitude) g.amplitude_contrast = row.number(amplitude.at[0]);
    for (int d = 0; tilt && d < 2; ++d) g.beam_tilt[d] = row.number(tilt.at[d]);
    p.group = groups.number(g);
    if (to.tells(Told::image)) {
      const std::string_view path = stack >= 0 ? row.text(stack) : std::string_view(options.stack);
      if (path.empty()) row.fail(stack, "the name of a stack");
      p.stack = stacks.number(path);
      p.image = row.integer(image.at[0], 1, std::int64_t(1) << 40) - 1;
    }
    for (int i = 0; angles && i < 3; ++i) p.angles[i] = row.number(angles.at[i]);
    for (int d = 0; shift && d < 2; ++d) p.shift[d] = row.number(shift.at[d]);
    for (int d = 0; defocus && d < 2; ++d) p.defocus[d] = row.number(defocus.at[d]);
    if (defocus) p.defocus_angle = row.number(defocus.at[2]);
    if (phase_shift) p.phase_shift = row.number(phase_shift.at[0]);
    phases = phases || p.phase_shift != 0;
    if (subset) p.subset = std::int32_t(row.integer(subset.at[0], 0, most));
    unassigned = unassigned || (subset && p.subset != 1 && p.subset != 2);
    if (micrograph) p.micrograph = micrographs.number(row.text(micrograph.at[0]));
    for (int d = 0; coordinates && d < 2; ++d) p.coordinates[d] = row.number(coordinates.at[d]) / g.pixel;
    to.particles.push_back(p);
  });
  if (unassigned) {
    tell(to, Told::subset, {"a half set of each particle (_cisTEMAssignedSubset of 1 or 2)"});
    for (Particle& p : to.particles) p.subset = 0;
  }
  if (inactive > 0)
    to.remarks.push_back(std::to_string(inactive) + " particles of _cisTEMImageActivity below 0 are left out");
  if (phases)
    to.remarks.push_back("_cisTEMPhaseShift is taken in degrees, as cisTEM reads it; cisTEM itself writes radians there");
  if (to.particles.empty())
    file.fail(table.line, inactive > 0 ? "no particle is active (_cisTEMImageActivity)"
                                       : "data_" + table.block + " has no rows, and no particles");
  return to;
}

void write_cistem(const std::string& path, const Particles& particles) {
  const auto tells = [&](Told what) { return particles.tells(what); };
  particles.require(Told::defocus, "cisTEM cannot read a file without");
  for (const OpticsGroup& group : particles.groups)
    if (group.dimensions == 3) throw std::runtime_error("cannot write " + path + ": cisTEM has no subtomograms");
  std::string head = "# cisTEM parameters\n \ndata_\n \nloop_\n";
  int columns = 0;
  const auto column = [&](bool told, std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (told) head += std::string("_cisTEM") + name + " #" + std::to_string(++columns) + "\n";
  };
  column(true, {"PositionInStack"});
  column(tells(Told::rotation), {"AnglePsi", "AngleTheta", "AnglePhi"});
  column(tells(Told::shift), {"XShift", "YShift"});
  column(true, {"Defocus1", "Defocus2", "DefocusAngle"});
  column(tells(Told::phase_shift), {"PhaseShift"});
  column(tells(Told::pixel), {"PixelSize"});
  column(tells(Told::voltage), {"MicroscopeVoltagekV"});
  column(tells(Told::spherical_aberration), {"MicroscopeCsMM"});
  column(tells(Told::amplitude_contrast), {"AmplitudeContrast"});
  column(tells(Told::beam_tilt), {"BeamTiltX", "BeamTiltY"});
  column(tells(Told::image), {"StackFilename"});
  column(tells(Told::micrograph), {"OriginalImageFilename"});
  column(tells(Told::subset), {"AssignedSubset"});
  const bool coordinates = tells(Told::coordinates) && tells(Told::pixel);
  column(coordinates, {"OriginalXPosition", "OriginalYPosition"});
  const auto name = [](const std::vector<std::string>& names, std::int32_t i) {
    const std::string& one = names.at(std::size_t(i));
    if (one.find_first_of(" \t\n\r'") != one.npos)
      throw std::runtime_error("cisTEM reads no names with spaces or quotes: " + in_quotes(one));
    return "'" + one + "'";
  };
  std::int64_t number = 0;
  write_stream(path, [&](std::ostream& out) {
    write_rows(out, particles, head, [&](std::string& rows, const Particle& p, const OpticsGroup& g) {
      const auto field = [&](const std::string& value) { rows += ' ' + value; };
      ++number;
      field(std::to_string(tells(Told::image) ? p.image + 1 : number));
      for (int i = 2; tells(Told::rotation) && i >= 0; --i) field(exact(p.angles[i]));
      for (int d = 0; tells(Told::shift) && d < 2; ++d) field(exact(p.shift[d]));
      for (const double value : {p.defocus[0], p.defocus[1], p.defocus_angle}) field(exact(value));
      if (tells(Told::phase_shift)) field(exact(p.phase_shift));
      if (tells(Told::pixel)) field(exact(g.pixel));
      if (tells(Told::voltage)) field(exact(g.voltage));
      if (tells(Told::spherical_aberration)) field(exact(g.spherical_aberration));
      if (tells(Told::amplitude_contrast)) field(exact(g.amplitude_contrast));
      for (int d = 0; tells(Told::beam_tilt) && d < 2; ++d) field(exact(g.beam_tilt[d]));
      if (tells(Told::image)) field(name(particles.stacks, p.stack));
      if (tells(Told::micrograph)) field(name(particles.micrographs, p.micrograph));
      if (tells(Told::subset)) field(std::to_string(p.subset));
      for (int d = 0; coordinates && d < 2; ++d) field(exact(p.coordinates[d] * g.pixel));
      rows += '\n';
    });
  });
}

}  // namespace examples
