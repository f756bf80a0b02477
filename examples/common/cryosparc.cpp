// SPDX-License-Identifier: MIT
// cryoSPARC's .cs files.
#include "numpy.hpp"
#include "particle_formats.hpp"
#include "rotation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <stdexcept>

namespace examples {

namespace {

constexpr double degree = M_PI / 180;

/// A field in whichever of the files has it first.
struct Field {
  const NumpyArray* array = nullptr;
  const NumpyField* field = nullptr;
  const std::vector<std::int64_t>* rows = nullptr;  // of a passthrough file, of each particle; nullptr: as they are

  explicit operator bool() const { return field != nullptr; }
  std::int64_t row(std::int64_t particle) const { return rows ? (*rows)[std::size_t(particle)] : particle; }

  [[noreturn]] void fail(std::int64_t particle, const std::string& is, const std::string& expected) const {
    array->fail("row " + std::to_string(row(particle) + 1) + ": " + field->name + " is " + is + ", expected " + expected);
  }
  double number(std::int64_t particle, std::int64_t i = 0) const {
    const double value = array->number(row(particle), *field, i);
    if (!std::isfinite(value)) fail(particle, value != value ? "nan" : "infinite", "a finite number");
    return value;
  }
  std::int64_t integer(std::int64_t particle, std::int64_t least, std::int64_t most, std::int64_t i = 0) const {
    const double value = number(particle, i);
    if (value != std::floor(value) || !(value >= double(least) && value <= double(most)))
      fail(particle, exact(value), "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::int64_t(value);
  }
  std::string text(std::int64_t particle) const { return array->text(row(particle), *field); }
  bool all_zero(std::int64_t particles) const {
    for (std::int64_t p = 0; p < particles; ++p)
      for (std::int64_t i = 0; i < field->count; ++i)
        if (array->number(row(p), *field, i) != 0) return false;
    return true;
  }
};

/// Particles and passthrough files, joined by uid.
class Dataset {
 public:
  explicit Dataset(std::vector<NumpyArray> arrays) : arrays_(std::move(arrays)), rows_(arrays_.size()) {
    const NumpyField& uid = uid_of(arrays_.front());
    for (std::size_t a = 1; a < arrays_.size(); ++a) {
      const NumpyArray& other = arrays_[a];
      const NumpyField& other_uid = uid_of(other);
      std::unordered_map<std::uint64_t, std::int64_t> places;
      for (std::int64_t row = 0; row < other.shape()[0]; ++row)
        if (!places.try_emplace(other.unsigned_integer(row, other_uid), row).second)
          other.fail("row " + std::to_string(row + 1) + ": uid " + std::to_string(other.unsigned_integer(row, other_uid)) +
                     " is there twice");
      for (std::int64_t p = 0; p < size(); ++p) {
        const std::uint64_t id = arrays_.front().unsigned_integer(p, uid);
        const auto place = places.find(id);
        if (place == places.end())
          other.fail("has no row of uid " + std::to_string(id) + ", which " + arrays_.front().path() + " has in row " +
                     std::to_string(p + 1));
        rows_[a].push_back(place->second);
      }
    }
  }

  std::int64_t size() const { return arrays_.front().shape()[0]; }

  /// `count` numbers of each row; 0: a text.
  Field find(std::string_view name, std::int64_t count) const {
    for (std::size_t a = 0; a < arrays_.size(); ++a)
      if (const NumpyField* field = arrays_[a].find(name)) {
        const bool fits =
            count == 0 ? !field->is_number() && field->count == 1 : field->is_number() && field->count == count;
        if (!fits)
          arrays_[a].fail(std::string(name) + " is " + field->description() + ", expected " +
                          (count == 0 ? "a text" : std::to_string(count) + (count == 1 ? " number" : " numbers")));
        return {&arrays_[a], field, a == 0 ? nullptr : &rows_[a]};
      }
    return {};
  }

  bool has_any(std::string_view prefix) const {
    for (const NumpyArray& array : arrays_)
      for (const NumpyField& field : array.fields())
        if (field.name.rfind(prefix, 0) == 0) return true;
    return false;
  }

 private:
  std::vector<NumpyArray> arrays_;
  std::vector<std::vector<std::int64_t>> rows_;

  static const NumpyField& uid_of(const NumpyArray& array) {
    const NumpyField* uid = array.find("uid");
    if (!uid || !uid->is_number() || uid->kind == 'f' || uid->count != 1)
      array.fail("has no field 'uid' of whole numbers, so that it is no file of cryoSPARC's");
    return *uid;
  }
};

}  // namespace

Particles read_cryosparc(std::vector<NumpyArray> arrays, const ParticleReading& options) {
  Particles to;
  to.path = arrays.front().path();
  to.format = "cryoSPARC .cs";
  const Dataset data(std::move(arrays));
  const auto find = [&](Told what, std::string_view name, std::int64_t count) {
    const Field field = data.find(name, count);
    tell(to, what, field ? std::vector<std::string>{} : std::vector<std::string>{std::string(name)});
    return field;
  };
  const auto find_all = [&](Told what, std::initializer_list<std::pair<const char*, int>> names) {
    std::vector<Field> fields;
    std::vector<std::string> missing;
    for (const auto& [name, count] : names) {
      fields.push_back(data.find(name, count));
      if (!fields.back()) missing.push_back(name);
    }
    tell(to, what, missing);
    if (!missing.empty()) fields.clear();
    return fields;
  };
  const auto image = find_all(Told::image, {{"blob/path", 0}, {"blob/idx", 1}});
  const Field pixel = find(Told::pixel, "blob/psize_A", 1), shape = find(Told::box, "blob/shape", 2),
              voltage = find(Told::voltage, "ctf/accel_kv", 1), cs = find(Told::spherical_aberration, "ctf/cs_mm", 1),
              amplitude = find(Told::amplitude_contrast, "ctf/amp_contrast", 1), sign = data.find("blob/sign", 1),
              exposure = data.find("ctf/exp_group_id", 1), phase_shift = find(Told::phase_shift, "ctf/phase_shift_rad", 1),
              b_factor = find(Told::b_factor, "ctf/bfactor", 1), scale = find(Told::scale, "ctf/scale", 1),
              pose = find(Told::rotation, "alignments3D/pose", 3), shift = find(Told::shift, "alignments3D/shift", 2),
              shift_pixel = data.find("alignments3D/psize_A", 1),
              object_class = find(Told::object_class, "alignments3D/class", 1),
              micrograph = find(Told::micrograph, "location/micrograph_path", 0);
  Field split = find(Told::subset, "alignments3D/split", 1);
  const auto defocus = find_all(Told::defocus, {{"ctf/df1_A", 1}, {"ctf/df2_A", 1}, {"ctf/df_angle_rad", 1}});
  const auto tilt = find_all(Told::beam_tilt, {{"ctf/tilt_A", 2}, {"ctf/cs_mm", 1}});
  tell(to, Told::magnification, {"a magnification matrix"});
  tell(to, Told::group_noise, {"a group of noise"});
  tell(to, Told::figure_of_merit, {"a figure of merit"});
  tell(to, Told::coordinates, {"coordinates that are read"});
  for (const auto& [name, count] :
       {std::pair("ctf/shift_A", 2), {"ctf/trefoil_A", 2}, {"ctf/tetra_A", 4}, {"ctf/anisomag", 4}})
    if (const Field field = data.find(name, count); field && !field.all_zero(data.size()))
      to.remarks.push_back(std::string(name) + " is not taken");
  if (data.has_any("location/center_"))
    to.remarks.push_back(
        "location/center_x_frac, center_y_frac are not taken: which way up micrographs are differs between packages");
  for (const char* poses : {"alignments3D_multi/", "alignments_class3D", "alignments_class_", "alignments2D/"})
    if (!pose && data.has_any(poses))
      to.remarks.push_back(std::string(poses) +
                           "…: poses of several classes are not taken, but those of one refinement (alignments3D/pose)");
  const std::int64_t size = data.size();
  if (split) {  // all in one: the refinement had no half sets
    bool one = true;
    for (std::int64_t p = 1; one && p < size; ++p) one = split.number(p) == split.number(0);
    if (one) {
      tell(to, Told::subset, {"a second half set (alignments3D/split is the same in all rows)"});
      split = {};
    }
  }

  Names stacks(to.stacks), micrographs(to.micrographs);
  OpticsGroups groups(to.groups);
  const auto name = [](std::string path) { return path.rfind('>', 0) == 0 ? path.substr(1) : path; };  // of exported jobs
  to.particles.reserve(std::size_t(size));
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  for (std::int64_t i = 0; i < size; ++i) {
    Particle p;
    OpticsGroup g;
    const auto positive = [&](const Field& field) {
      const double value = field.number(i);
      if (!(value > 0)) field.fail(i, exact(value), "a positive number");
      return value;
    };
    g.pixel = pixel ? positive(pixel) : options.pixel;
    g.box = options.box;
    if (shape) {
      g.box = int(shape.integer(i, 1, 1 << 24));
      if (shape.integer(i, 1, 1 << 24, 1) != g.box) shape.fail(i, "not square", "images of as many rows as columns");
    }
    if (voltage) g.voltage = positive(voltage);
    if (cs) g.spherical_aberration = cs.number(i);
    if (amplitude) g.amplitude_contrast = amplitude.number(i);
    if (exposure) g.name = "exposure_group_" + std::to_string(exposure.integer(i, 0, most));
    if (sign) {
      const double value = sign.number(i);
      if (value != 1 && value != -1) sign.fail(i, exact(value), "1 or -1");
      g.sign = int(value);
    }
    for (int d = 0; !tilt.empty() && d < 2; ++d) {  // C_s sin(angle), in Å
      const double sine = tilt[0].number(i, d) / (1e7 * positive(tilt[1]));
      if (!(std::abs(sine) < 0.1))
        tilt[0].fail(i, exact(tilt[0].number(i, d)), "less than a tenth of the spherical aberration");
      g.beam_tilt[d] = 1e3 * std::asin(sine);
    }
    p.group = groups.number(g);
    if (!image.empty()) {
      const std::string path = name(image[0].text(i));
      if (path.empty()) image[0].fail(i, "empty", "the name of a stack");
      p.stack = stacks.number(path);
      p.image = image[1].integer(i, 0, std::int64_t(1) << 40);
    }
    if (pose) angles_of(transposed(matrix_of_vector({pose.number(i, 0), pose.number(i, 1), pose.number(i, 2)})), p.angles);
    if (shift) {
      const double unit = shift_pixel ? positive(shift_pixel) : g.pixel;
      for (int d = 0; d < 2; ++d) {
        const double in_pixels = shift.number(i, d);
        if (in_pixels != 0 && unit == 0)
          shift.fail(i, exact(in_pixels) + " pixels", "a pixel size; give one by " + options.pixel_option);
        p.shift[d] = 0 - in_pixels * unit;
      }
    }
    if (!defocus.empty()) {
      for (int d = 0; d < 2; ++d) p.defocus[d] = defocus[std::size_t(d)].number(i);
      p.defocus_angle = defocus[2].number(i) / degree;
    }
    if (phase_shift) p.phase_shift = phase_shift.number(i) / degree;
    if (b_factor) p.b_factor = b_factor.number(i);
    if (scale) p.scale = scale.number(i);
    if (split) p.subset = std::int32_t(split.integer(i, 0, 1)) + 1;
    if (object_class) p.object_class = std::int32_t(object_class.integer(i, 0, most - 1)) + 1;
    if (micrograph) p.micrograph = micrographs.number(name(micrograph.text(i)));
    to.particles.push_back(p);
  }
  if (to.particles.empty()) throw std::runtime_error(to.path + ": has no rows, and no particles");
  return to;
}

void write_cryosparc(const std::string& path, const Particles& particles) {
  for (const OpticsGroup& group : particles.groups)
    if (group.dimensions == 3) throw std::runtime_error("cannot write " + path + ": cryoSPARC has no subtomograms");
  std::vector<std::string> description;
  std::vector<std::function<void(std::string&, const Particle&, const OpticsGroup&)>> writers;  // of fields
  const auto append = [](std::string& row, const auto& value) {
    row.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const auto add = [&](const std::string& name, const std::string& type, int count, auto write) {
    description.push_back("('" + name + "', '" + type + "'" + (count > 1 ? ", (" + std::to_string(count) + ",)" : "") + ")");
    writers.push_back(write);
  };
  const auto reals = [&](const std::string& name, int count, auto value) {  // value(particle, group, i)
    add(name, "<f4", count, [append, count, value](std::string& row, const Particle& p, const OpticsGroup& g) {
      for (int i = 0; i < count; ++i) append(row, float(value(p, g, i)));
    });
  };
  const auto wholes = [&](const std::string& name, int count, auto value) {
    add(name, "<u4", count, [append, count, value](std::string& row, const Particle& p, const OpticsGroup& g) {
      for (int i = 0; i < count; ++i) append(row, std::uint32_t(value(p, g, i)));
    });
  };
  const auto names = [&](const std::string& name, const std::vector<std::string>& all, auto number) {
    std::size_t longest = 1;
    for (const std::string& one : all) longest = std::max(longest, one.size());
    add(name, "|S" + std::to_string(longest), 1,
        [longest, &all, number](std::string& row, const Particle& p, const OpticsGroup&) {
          std::string one = all.at(std::size_t(number(p)));
          one.resize(longest);
          row += one;
        });
  };
  const auto tells = [&](Told what) { return particles.tells(what); };
  using P = const Particle&;
  using G = const OpticsGroup&;
  std::uint64_t uid = 0;
  add("uid", "<u8", 1, [append, &uid](std::string& row, P, G) { append(row, ++uid); });
  if (tells(Told::image)) {
    names("blob/path", particles.stacks, [](P p) { return p.stack; });
    wholes("blob/idx", 1, [](P p, G, int) { return p.image; });
    reals("blob/sign", 1, [](P, G g, int) { return g.sign; });
  }
  if (tells(Told::box)) wholes("blob/shape", 2, [](P, G g, int) { return g.box; });
  if (tells(Told::pixel)) reals("blob/psize_A", 1, [](P, G g, int) { return g.pixel; });
  wholes("ctf/exp_group_id", 1, [](P p, G, int) { return p.group + 1; });
  if (tells(Told::voltage)) reals("ctf/accel_kv", 1, [](P, G g, int) { return g.voltage; });
  if (tells(Told::spherical_aberration)) reals("ctf/cs_mm", 1, [](P, G g, int) { return g.spherical_aberration; });
  if (tells(Told::amplitude_contrast)) reals("ctf/amp_contrast", 1, [](P, G g, int) { return g.amplitude_contrast; });
  if (tells(Told::defocus)) {
    reals("ctf/df1_A", 1, [](P p, G, int) { return p.defocus[0]; });
    reals("ctf/df2_A", 1, [](P p, G, int) { return p.defocus[1]; });
    reals("ctf/df_angle_rad", 1, [](P p, G, int) { return p.defocus_angle * degree; });
  }
  if (tells(Told::phase_shift)) reals("ctf/phase_shift_rad", 1, [](P p, G, int) { return p.phase_shift * degree; });
  if (tells(Told::b_factor)) reals("ctf/bfactor", 1, [](P p, G, int) { return p.b_factor; });
  if (tells(Told::scale)) reals("ctf/scale", 1, [](P p, G, int) { return p.scale; });
  if (tells(Told::beam_tilt) && tells(Told::spherical_aberration))
    reals("ctf/tilt_A", 2, [](P, G g, int i) { return 1e7 * g.spherical_aberration * std::sin(1e-3 * g.beam_tilt[i]); });
  if (tells(Told::subset)) wholes("alignments3D/split", 1, [](P p, G, int) { return p.subset - 1; });
  if (tells(Told::shift)) {
    particles.require(Told::pixel, "shifts in a .cs file need, since they are in pixels");
    reals("alignments3D/shift", 2, [](P p, G g, int i) { return 0 - p.shift[i] / g.pixel; });
  }
  if (tells(Told::rotation))
    reals("alignments3D/pose", 3, [](P p, G, int i) { return vector_of(transposed(matrix_of(p.angles)))[std::size_t(i)]; });
  if (tells(Told::pixel)) reals("alignments3D/psize_A", 1, [](P, G g, int) { return g.pixel; });
  if (tells(Told::object_class))
    wholes("alignments3D/class", 1, [](P p, G, int) { return std::max(p.object_class - 1, 0); });
  if (tells(Told::micrograph)) names("location/micrograph_path", particles.micrographs, [](P p) { return p.micrograph; });

  std::string dtype;
  for (const std::string& one : description) dtype += (dtype.empty() ? "[" : ", ") + one;
  write_stream(path, [&](std::ostream& out) {
    write_rows(out, particles, npy_header(dtype + "]", particles.particles.size()),
               [&](std::string& rows, const Particle& p, const OpticsGroup& g) {
                 for (const auto& write : writers) write(rows, p, g);
               });
  });
}

}  // namespace examples
