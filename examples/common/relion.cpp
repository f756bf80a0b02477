// SPDX-License-Identifier: MIT
// RELION's STAR files.
#include "bytes.hpp"
#include "particle_formats.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace examples {

namespace {

constexpr std::int64_t most_integer = std::numeric_limits<std::int32_t>::max();

bool is_relion(const StarTable& table) {
  return std::any_of(table.columns.begin(), table.columns.end(), [](const auto& c) { return c.rfind("rln", 0) == 0; });
}

const StarTable& particle_table(const StarFile& file) {
  for (const char* block : {"particles", "images", ""})
    if (const StarTable* table = file.find(block); table && is_relion(*table)) return *table;
  std::string blocks;
  for (const StarTable& table : file.tables()) {
    if (table.column("rlnImageName") >= 0 || table.column("rlnAngleRot") >= 0) return table;
    if (blocks.size() < 100) blocks += (blocks.empty() ? "data_" : ", data_") + table.block;
  }
  throw std::runtime_error(file.path() + ": has no table of particles, but " + in_quotes(blocks) +
                           "; data_particles, data_images or data_ was expected");
}

/// A number of the optics: a column of data_optics or, where that does not have it, of particles.
struct Optical {
  int in_optics = -1, in_rows = -1;
  bool told() const { return in_optics >= 0 || in_rows >= 0; }
};

double positive(const StarRow& row, int column) {
  const double value = row.number(column);
  if (!(value > 0)) row.fail(column, "a positive number");
  return value;
}

/// Where rows of a table say how large pixels are.
class PixelColumns {
 public:
  explicit PixelColumns(const StarTable& table)
      : sizes_{table.column("rlnImagePixelSize"), table.column("rlnPixelSize")},
        magnification_(table.column("rlnMagnification")),
        detector_(table.column("rlnDetectorPixelSize")) {
    if (magnification_ < 0) detector_ = -1;
    if (detector_ < 0) magnification_ = -1;
  }

  bool told() const { return sizes_[0] >= 0 || sizes_[1] >= 0 || magnification_ >= 0; }

  double of(const StarRow& row, const StarFile& file) const {
    double pixel = 0;
    const auto take = [&](double other, const char* name) {
      if (pixel > 0 && std::abs(other / pixel - 1) > 1e-2)
        file.fail(row.line(), std::string("two pixel sizes, ") + exact(pixel) + " Å and, by " + name + ", " + exact(other) +
                                  " Å; expected one");
      if (pixel == 0) pixel = other;
    };
    if (sizes_[0] >= 0) take(positive(row, sizes_[0]), "rlnImagePixelSize");
    if (sizes_[1] >= 0) take(positive(row, sizes_[1]), "rlnPixelSize");
    if (magnification_ >= 0)
      take(1e4 * positive(row, detector_) / positive(row, magnification_), "rlnMagnification and rlnDetectorPixelSize");
    return pixel;
  }

 private:
  int sizes_[2], magnification_, detector_;
};

/// The groups of optics of a file.
class Optics {
 public:
  Optics(const StarFile& file, const StarTable& table, const ParticleReading& options, Particles& to)
      : file_(file), table_(table), to_(to), pixels_(table), groups_(to.groups), optics_(file.find("optics")) {
    if (optics_ == &table) optics_ = nullptr;
    if (optics_ && optics_->column("rlnOpticsGroup") < 0)
      file.fail(optics_->line, "data_optics has no column _rlnOpticsGroup, which tells its groups apart");
    // Particles that are picked and not yet cut out have no images, and the tilt series' pixels.
    const int pixel = find("rlnImagePixelSize") >= 0 ? find("rlnImagePixelSize") : find("rlnTomoTiltSeriesPixelSize");
    if (pixel < 0 && !pixels_.told())
      tell(to, Told::pixel,
           {optics_ ? std::vector<std::string>{"rlnImagePixelSize"}
                    : std::vector<std::string>{"rlnImagePixelSize, or rlnMagnification and rlnDetectorPixelSize,"}});
    else
      tell(to, Told::pixel, {});
    if (pixel >= 0) pixels_in_rows_ = false;
    for (const auto& [told, name] : {std::pair(Told::voltage, "rlnVoltage"),
                                     {Told::spherical_aberration, "rlnSphericalAberration"},
                                     {Told::amplitude_contrast, "rlnAmplitudeContrast"},
                                     {Told::box, "rlnImageSize"}})
      tell(to, told,
           find(name) >= 0 || table.column(name) >= 0 ? std::vector<std::string>{} : std::vector<std::string>{name});
    tell_all(Told::beam_tilt, {"rlnBeamTiltX", "rlnBeamTiltY"});
    tell_all(Told::magnification, {"rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11"});
    base_.pixel = options.pixel;
    base_.box = options.box;
    if (optics_) {
      read_table();
      column_ = table.column("rlnOpticsGroup");
      if (column_ < 0 && bases_.size() > 1)
        file.fail(table.line, "data_" + table.block + " has no column _rlnOpticsGroup, and data_optics has " +
                                  std::to_string(bases_.size()) + " groups; which is whose is not told");
    }
    for (const char* name : {"rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnImageSize", "rlnBeamTiltX",
                             "rlnBeamTiltY", "rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11"})
      in_rows_ = in_rows_ || in_rows(name) >= 0;
    in_rows_ = in_rows_ || (pixels_in_rows_ && pixels_.told());
    if (!in_rows_) to.groups = optics_ ? bases_ : std::vector<OpticsGroup>{base_};
  }

  std::int32_t group_of(const StarRow& row) {
    std::int32_t base = 0;
    if (column_ >= 0) {
      const std::int64_t number = row.integer(column_, std::numeric_limits<std::int32_t>::min(), most_integer);
      const auto found = numbers_.find(number);
      if (found == numbers_.end())
        row.fail(column_, "an _rlnOpticsGroup of data_optics (line " + std::to_string(optics_->line) + ")");
      base = found->second;
    }
    if (!in_rows_) return base;
    OpticsGroup group = optics_ ? bases_[std::size_t(base)] : base_;
    fill(row, table_, group, false);
    if (pixels_in_rows_ && pixels_.told()) group.pixel = pixels_.of(row, file_);
    return groups_.number(group);
  }

 private:
  const StarFile& file_;
  const StarTable& table_;
  Particles& to_;
  PixelColumns pixels_;
  OpticsGroups groups_;
  const StarTable* optics_;
  OpticsGroup base_;
  std::vector<OpticsGroup> bases_;  // the rows of data_optics
  std::unordered_map<std::int64_t, std::int32_t> numbers_;
  int column_ = -1;
  bool in_rows_ = false, pixels_in_rows_ = true;

  int find(const char* name) const { return optics_ ? optics_->column(name) : -1; }
  int in_rows(const char* name) const { return find(name) >= 0 ? -1 : table_.column(name); }

  void tell_all(Told told, std::initializer_list<const char*> names) {
    std::vector<std::string> missing;
    for (const char* name : names)
      if (find(name) < 0 && table_.column(name) < 0) missing.push_back(name);
    tell(to_, told, missing);
  }

  /// Takes what a row of data_optics, or one of particles, tells and the other does not.
  void fill(const StarRow& row, const StarTable& table, OpticsGroup& group, bool optics) const {
    const auto column = [&](const char* name) { return optics ? table.column(name) : in_rows(name); };
    const auto take = [&](const char* name, double& to) {
      if (const int c = column(name); c >= 0) to = row.number(c);
    };
    take("rlnVoltage", group.voltage);
    if (const int c = column("rlnVoltage"); c >= 0 && !(group.voltage > 0)) row.fail(c, "a positive number");
    take("rlnSphericalAberration", group.spherical_aberration);
    take("rlnAmplitudeContrast", group.amplitude_contrast);
    take("rlnBeamTiltX", group.beam_tilt[0]);
    take("rlnBeamTiltY", group.beam_tilt[1]);
    take("rlnMagMat00", group.magnification[0][0]);
    take("rlnMagMat01", group.magnification[0][1]);
    take("rlnMagMat10", group.magnification[1][0]);
    take("rlnMagMat11", group.magnification[1][1]);
    if (const int c = column("rlnImageSize"); c >= 0) group.box = int(row.integer(c, 1, 1 << 24));
  }

  void read_table() {
    const int number = optics_->column("rlnOpticsGroup"), name = optics_->column("rlnOpticsGroupName"),
              pixel = optics_->column("rlnImagePixelSize"), tomogram = optics_->column("rlnTomoTiltSeriesPixelSize"),
              dimensions = optics_->column("rlnImageDimensionality"),
              premultiplied = optics_->column("rlnCtfDataAreCtfPremultiplied");
    file_.rows(*optics_, [&](const StarRow& row) {
      OpticsGroup group = base_;
      fill(row, *optics_, group, true);
      if (name >= 0) group.name = row.text(name);
      if (tomogram >= 0) group.pixel = group.coordinate_pixel = positive(row, tomogram);
      if (pixel >= 0) group.pixel = positive(row, pixel);
      if (dimensions >= 0) group.dimensions = int(row.integer(dimensions, 2, 3));
      if (premultiplied >= 0) group.premultiplied = row.integer(premultiplied, 0, 1) == 1;
      const std::int64_t n = row.integer(number, std::numeric_limits<std::int32_t>::min(), most_integer);
      if (!numbers_.try_emplace(n, std::int32_t(bases_.size())).second) row.fail(number, "each group once");
      bases_.push_back(group);
    });
    if (bases_.empty()) file_.fail(optics_->line, "data_optics has no rows");
    for (const char* column : {"rlnOddZernike", "rlnEvenZernike"})
      if (optics_->column(column) >= 0)
        to_.remarks.push_back(std::string(column) +
                              " (aberrations beyond defocus, spherical aberration and beam tilt) is not taken");
  }
};

/// RELION's origins: those in Å, or those in pixels.
class Origins {
 public:
  Origins(const StarTable& table, const StarFile& file, Particles& to, const ParticleReading& options)
      : file_(file), to_(to), options_(options) {
    std::vector<std::string> missing;
    for (int d = 0; d < 3; ++d) {
      const std::string name = std::string("rlnOrigin") + "XYZ"[d];
      angstrom_[d] = table.column(name + "Angst");
      pixels_[d] = table.column(name);
      if (angstrom_[d] < 0 && pixels_[d] < 0 && (d < 2 || subtomograms())) missing.push_back(name + "Angst");
      if (angstrom_[d] >= 0 || pixels_[d] >= 0) told_ = d + 1;
    }
    if (told_ > 0 && !missing.empty())
      file.fail(table.line, "data_" + table.block + " has origins along some axes, but no column _" + missing.front());
    tell(to, Told::shift, missing);
  }

  void take(const StarRow& row, Particle& particle) {
    const double pixel = to_.groups[std::size_t(particle.group)].pixel;
    bool contradicted = false;
    for (int d = 0; d < told_; ++d) {
      double origin = 0;
      if (angstrom_[d] >= 0) {
        origin = row.number(angstrom_[d]);
        double other = 0;
        contradicted = contradicted || (pixels_[d] >= 0 && pixel > 0 &&
                                        !(read_number(row.text(pixels_[d]), other) &&
                                          std::abs(other * pixel - origin) <= 1e-2 * pixel + 1e-4 * std::abs(origin)));
      } else if (pixels_[d] >= 0) {
        origin = row.number(pixels_[d]) * pixel;
        if (pixel == 0 && row.number(pixels_[d]) != 0)
          file_.fail(row.line(), "an origin in pixels, and no pixel size is told; give one by " + options_.pixel_option);
      }
      particle.shift[d] = 0.0 - origin;
    }
    contradicted_ += contradicted;
  }

  std::int64_t contradicted() const { return contradicted_; }

 private:
  const StarFile& file_;
  const Particles& to_;
  const ParticleReading& options_;
  int angstrom_[3], pixels_[3], told_ = 0;
  std::int64_t contradicted_ = 0;

  bool subtomograms() const {
    return std::any_of(to_.groups.begin(), to_.groups.end(), [](const auto& g) { return g.dimensions == 3; });
  }
};

/// Takes RELION's "000012@folder/stack.mrcs", or "folder/image.mrc".
void take_image(const StarRow& row, int column, Names& stacks, Particle& particle) {
  const std::string_view name = row.text(column);
  std::string_view path = name;
  std::int64_t image = 1;
  if (const auto at = name.find('@'); at != name.npos) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + at, number);
    if (end == name.data() + at && at > 0) {  // else the @ is one of the path
      if (error != std::errc() || number < 1) row.fail(column, "an image's number from 1 on before the @");
      image = number;
      path = name.substr(at + 1);
    }
  }
  for (const std::string_view format : {":mrcs", ":mrc"})  // RELION's way to say what a file is
    if (path.size() > format.size() && path.substr(path.size() - format.size()) == format) path.remove_suffix(format.size());
  if (path.empty()) row.fail(column, "the name of an image");
  particle.stack = stacks.number(path);
  particle.image = image - 1;
}

}  // namespace

Particles read_relion(const StarFile& file, const ParticleReading& options) {
  Particles to;
  to.path = file.path();
  to.format = "RELION STAR file";
  const StarTable& table = particle_table(file);
  Optics optics(file, table, options, to);

  if (table.column("rlnTomoSubtomogramRot") >= 0)
    to.remarks.emplace_back(
        "rlnTomoSubtomogramRot, Tilt, Psi, by which subtomograms were turned when they were cut out, are not taken");
  if (table.column("rlnCenteredCoordinateXAngst") >= 0)
    to.remarks.emplace_back("rlnCenteredCoordinateXAngst, Y, Z are not taken, which need the extent of each tomogram");
  if (table.column("rlnTomoVisibleFrames") >= 0 && table.column("rlnTomoSubtomogramRot") < 0 &&
      table.column("rlnImageName") >= 0)
    to.remarks.push_back("rlnTomoVisibleFrames: images may be stacks of tilts, which are not read");
  const auto image = find_columns(to, Told::image, table, {"rlnImageName"});
  const auto angles = find_columns(to, Told::rotation, table, {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"});
  const auto defocus = find_columns(to, Told::defocus, table, {"rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"});
  const auto phase_shift = find_columns(to, Told::phase_shift, table, {"rlnPhaseShift"});
  const auto b_factor = find_columns(to, Told::b_factor, table, {"rlnCtfBfactor"});
  const auto scale = find_columns(to, Told::scale, table, {"rlnCtfScalefactor"});
  const auto noise = find_columns(to, Told::group_noise, table, {"rlnGroupNumber"});
  const auto subset = find_columns(to, Told::subset, table, {"rlnRandomSubset"});
  const auto object_class = find_columns(to, Told::object_class, table, {"rlnClassNumber"});
  const auto merit = find_columns(to, Told::figure_of_merit, table, {"rlnParticleFigureOfMerit"});
  const char* const of =
      table.column("rlnMicrographName") < 0 && table.column("rlnTomoName") >= 0 ? "rlnTomoName" : "rlnMicrographName";
  const auto micrograph = find_columns(to, Told::micrograph, table, {of});
  const auto coordinates = find_columns(to, Told::coordinates, table, {"rlnCoordinateX", "rlnCoordinateY"});
  const int z = coordinates ? table.column("rlnCoordinateZ") : -1;

  const int ctf_volume = table.column("rlnCtfImage");

  Names stacks(to.stacks), micrographs(to.micrographs), ctf_volumes(to.ctf_volumes);
  to.particles.reserve(std::size_t(table.rows));
  std::optional<Origins> origins;  // which look at the groups
  file.rows(table, [&](const StarRow& row) {
    Particle p;
    p.group = optics.group_of(row);
    if (!origins) origins.emplace(table, file, to, options);
    origins->take(row, p);
    if (image) take_image(row, image.at[0], stacks, p);
    if (angles)
      for (int i = 0; i < 3; ++i) p.angles[i] = row.number(angles.at[i]);
    if (defocus) {
      for (int i = 0; i < 2; ++i) p.defocus[i] = row.number(defocus.at[i]);
      p.defocus_angle = row.number(defocus.at[2]);
    }
    if (phase_shift) p.phase_shift = row.number(phase_shift.at[0]);
    if (b_factor) p.b_factor = row.number(b_factor.at[0]);
    if (scale) p.scale = row.number(scale.at[0]);
    if (noise) p.noise_group = std::int32_t(row.integer(noise.at[0], 0, most_integer));
    if (subset) p.subset = std::int32_t(row.integer(subset.at[0], 1, 2));
    if (object_class) p.object_class = std::int32_t(row.integer(object_class.at[0], 0, most_integer));
    if (merit) p.figure_of_merit = row.number(merit.at[0]);
    if (micrograph) p.micrograph = micrographs.number(row.text(micrograph.at[0]));
    for (int i = 0; coordinates && i < 2; ++i) p.coordinates[i] = row.number(coordinates.at[i]);
    if (z >= 0) p.coordinates[2] = row.number(z);
    if (ctf_volume >= 0) p.ctf_volume = ctf_volumes.number(row.text(ctf_volume));
    to.particles.push_back(p);
  });
  if (to.particles.empty()) file.fail(table.line, "data_" + table.block + " has no rows, and no particles");
  if (origins->contradicted() > 0)
    to.remarks.push_back("rlnOriginX, Y, Z (in pixels) are not taken; they are others than rlnOriginXAngst, … in " +
                         std::to_string(origins->contradicted()) + " rows");
  return to;
}

void write_star(std::ostream& out, const Particles& particles) {
  const auto tells = [&](Told what) { return particles.tells(what); };
  const auto any = [&](const auto& is) { return std::any_of(particles.groups.begin(), particles.groups.end(), is); };
  const bool volumes = any([](const OpticsGroup& g) { return g.dimensions == 3; });
  std::string text;
  int columns = 0;
  const auto begin = [&](const char* block) {
    text += std::string("\n# version 30001\n\ndata_") + block + "\n\nloop_\n";
    columns = 0;
  };
  const auto column = [&](const char* name) { text += std::string("_") + name + " #" + std::to_string(++columns) + "\n"; };
  const auto field = [&](const std::string& value) { text += value + ' '; };
  const auto end_row = [&] { text.back() = '\n'; };

  begin("optics");
  column("rlnOpticsGroup");
  column("rlnOpticsGroupName");
  if (tells(Told::pixel)) column("rlnImagePixelSize");
  const bool tomograms = any([](const OpticsGroup& g) { return g.coordinate_pixel > 0; });
  if (tomograms) column("rlnTomoTiltSeriesPixelSize");
  if (tells(Told::box)) column("rlnImageSize");
  column("rlnImageDimensionality");
  if (tells(Told::voltage)) column("rlnVoltage");
  if (tells(Told::spherical_aberration)) column("rlnSphericalAberration");
  if (tells(Told::amplitude_contrast)) column("rlnAmplitudeContrast");
  const bool premultiplied = any([](const OpticsGroup& g) { return g.premultiplied; });
  if (premultiplied) column("rlnCtfDataAreCtfPremultiplied");
  if (tells(Told::beam_tilt))
    for (const char* name : {"rlnBeamTiltX", "rlnBeamTiltY"}) column(name);
  if (tells(Told::magnification))
    for (const char* name : {"rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11"}) column(name);
  for (std::size_t g = 0; g < particles.groups.size(); ++g) {
    const OpticsGroup& group = particles.groups[g];
    const std::string number = std::to_string(g + 1);
    field(number);
    field(star_field(group.name.empty() ? "opticsGroup" + number : group.name));
    if (tells(Told::pixel)) field(exact(group.pixel));
    if (tomograms) field(exact(group.coordinate_pixel > 0 ? group.coordinate_pixel : group.pixel));
    if (tells(Told::box)) field(std::to_string(group.box));
    field(std::to_string(group.dimensions));
    if (tells(Told::voltage)) field(exact(group.voltage));
    if (tells(Told::spherical_aberration)) field(exact(group.spherical_aberration));
    if (tells(Told::amplitude_contrast)) field(exact(group.amplitude_contrast));
    if (premultiplied) field(group.premultiplied ? "1" : "0");
    for (int i = 0; tells(Told::beam_tilt) && i < 2; ++i) field(exact(group.beam_tilt[i]));
    for (int i = 0; tells(Told::magnification) && i < 4; ++i) field(exact(group.magnification[i / 2][i % 2]));
    end_row();
  }

  begin("particles");
  if (tells(Told::image)) column("rlnImageName");
  if (tells(Told::micrograph)) column("rlnMicrographName");
  if (tells(Told::coordinates)) {
    for (const char* name : {"rlnCoordinateX", "rlnCoordinateY"}) column(name);
    if (volumes) column("rlnCoordinateZ");
  }
  if (tells(Told::rotation))
    for (const char* name : {"rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"}) column(name);
  if (tells(Told::shift)) {
    for (const char* name : {"rlnOriginXAngst", "rlnOriginYAngst"}) column(name);
    if (volumes) column("rlnOriginZAngst");
  }
  if (tells(Told::defocus))
    for (const char* name : {"rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"}) column(name);
  if (tells(Told::phase_shift)) column("rlnPhaseShift");
  if (tells(Told::b_factor)) column("rlnCtfBfactor");
  if (tells(Told::scale)) column("rlnCtfScalefactor");
  column("rlnOpticsGroup");
  if (tells(Told::group_noise)) column("rlnGroupNumber");
  if (tells(Told::subset)) column("rlnRandomSubset");
  if (tells(Told::object_class)) column("rlnClassNumber");
  if (tells(Told::figure_of_merit)) column("rlnParticleFigureOfMerit");
  if (!particles.ctf_volumes.empty()) column("rlnCtfImage");
  const int axes = volumes ? 3 : 2;
  const auto named = [](const std::vector<std::string>& names, std::int32_t i) -> const std::string& {
    return names.at(std::size_t(i));
  };
  std::string head;
  head.swap(text);
  write_rows(out, particles, head, [&](std::string& rows, const Particle& p, const OpticsGroup&) {
    text.swap(rows);
    if (tells(Told::image)) {
      const std::string& stack = named(particles.stacks, p.stack);
      if (volumes && p.image == 0) {
        field(star_field(stack));
      } else {
        char number[32];
        std::snprintf(number, sizeof number, "%06lld@", static_cast<long long>(p.image) + 1);
        const bool named_as_map = stack.size() > 4 && stack.compare(stack.size() - 4, 4, ".mrc") == 0 &&
                                  particles.groups[std::size_t(p.group)].dimensions == 2;
        field(star_field(number + stack + (named_as_map ? ":mrcs" : "")));
      }
    }
    if (tells(Told::micrograph)) field(star_field(named(particles.micrographs, p.micrograph)));
    for (int i = 0; tells(Told::coordinates) && i < axes; ++i) field(exact(p.coordinates[i]));
    for (int i = 0; tells(Told::rotation) && i < 3; ++i) field(exact(p.angles[i]));
    for (int i = 0; tells(Told::shift) && i < axes; ++i) field(exact(0.0 - p.shift[i]));
    for (int i = 0; tells(Told::defocus) && i < 2; ++i) field(exact(p.defocus[i]));
    if (tells(Told::defocus)) field(exact(p.defocus_angle));
    if (tells(Told::phase_shift)) field(exact(p.phase_shift));
    if (tells(Told::b_factor)) field(exact(p.b_factor));
    if (tells(Told::scale)) field(exact(p.scale));
    field(std::to_string(p.group + 1));
    if (tells(Told::group_noise)) field(std::to_string(p.noise_group));
    if (tells(Told::subset)) field(std::to_string(p.subset));
    if (tells(Told::object_class)) field(std::to_string(p.object_class));
    if (tells(Told::figure_of_merit)) field(exact(p.figure_of_merit));
    if (!particles.ctf_volumes.empty()) field(star_field(named(particles.ctf_volumes, p.ctf_volume)));
    end_row();
    text.swap(rows);
  });
  out << '\n';
}

NoiseSpectra read_noise_spectra(const std::string& path) {
  const StarFile file(path, Bytes(path).all());
  NoiseSpectra to;
  to.path = path;
  to.of_optics = file.find("model_optics_group_1") != nullptr;
  const std::string block = to.of_optics ? "model_optics_group" : "model_group";
  const auto number_of = [&](const std::string& name) -> std::int64_t {
    std::int64_t number = 0;
    if (name.rfind(block + "_", 0) != 0) return 0;
    const char *from = name.data() + block.size() + 1, *to = name.data() + name.size();
    const auto [end, error] = std::from_chars(from, to, number);
    return end == to && error == std::errc() ? number : 0;
  };
  const auto table_of = [&](const std::string& name) { return file.find(name + "s"); };
  if (const StarTable* names = table_of(block);
      names && names->column(to.of_optics ? "rlnOpticsGroupName" : "rlnGroupName") >= 0)
    file.rows(*names, [&](const StarRow& row) {
      to.names.emplace_back(row.text(names->column(to.of_optics ? "rlnOpticsGroupName" : "rlnGroupName")));
    });
  for (const StarTable& table : file.tables()) {
    const std::int64_t number = number_of(table.block);
    if (number == 0) continue;
    if (number != std::int64_t(to.spectra.size()) + 1)
      file.fail(table.line,
                "data_" + table.block + ", expected data_" + block + "_" + std::to_string(to.spectra.size() + 1));
    const int column = table.column("rlnSigma2Noise"), index = table.column("rlnSpectralIndex");
    if (column < 0) file.fail(table.line, "data_" + table.block + " has no column _rlnSigma2Noise, the noise of each shell");
    to.spectra.emplace_back();
    file.rows(table, [&](const StarRow& row) {
      const double value = row.number(column);
      if (!(value >= 0)) row.fail(column, "0 or a positive number");
      const std::int64_t shell = std::int64_t(to.spectra.back().size());
      if (index >= 0 && row.integer(index, 0, most_integer) != shell)
        row.fail(index, std::to_string(shell) + ", one shell after another");
      to.spectra.back().push_back(value);
    });
    if (to.spectra.back().empty()) file.fail(table.line, "data_" + table.block + " has no rows");
    if (to.spectra.back().size() != to.spectra.front().size())
      file.fail(table.line, "data_" + table.block + " has " + std::to_string(to.spectra.back().size()) +
                                " shells, expected " + std::to_string(to.spectra.front().size()) +
                                ", as the first group has");
  }
  if (to.spectra.empty())
    throw std::runtime_error(path +
                             ": has no noise spectra; a model.star of RELION was expected, which has them in "
                             "data_model_group_1 or data_model_optics_group_1");
  if (!to.names.empty() && to.names.size() != to.spectra.size())
    throw std::runtime_error(path + ": has " + std::to_string(to.spectra.size()) + " noise spectra of " +
                             std::to_string(to.names.size()) + " groups: it is truncated");
  return to;
}

}  // namespace examples
