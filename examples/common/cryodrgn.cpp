// SPDX-License-Identifier: MIT
// cryoDRGN's poses: R of image = R · object row by row, and translations as fractions of the box with the sign of RELION's origins.
#include "particle_formats.hpp"
#include "rotation.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace examples {

namespace {

/// The columns of ctf.pkl: N, pixel, U, V, angle, kV, Cs, amplitude contrast, phase shift.
constexpr int ctf_columns = 9;

/// Particles from poses that come one after another.
class Poses {
 public:
  Poses(const std::string& path, const std::string& format, bool translations, bool ctf, const ParticleReading& options)
      : options_(options), groups_(to.groups), translations_(translations), ctf_(ctf) {
    to.path = path;
    to.format = format;
    for (std::size_t i = 0; i < std::size_t(Told::count); ++i) tell(to, Told(i), {"a column of that"});
    tell(to, Told::rotation, {});
    if (translations) tell(to, Told::shift, {});
    if (!options.stack.empty()) {
      tell(to, Told::image, {});
      to.stacks = {options.stack};
    } else {
      tell(to, Told::image, {"the name of a stack"});
    }
    if (ctf)
      for (const Told told : {Told::pixel, Told::box, Told::voltage, Told::spherical_aberration, Told::amplitude_contrast,
                              Told::defocus, Told::phase_shift})
        tell(to, told, {});
  }

  /// fail(what) throws what is wrong with the row. Values are finite.
  template <class Fail>
  void add(const Matrix3& r, const double* translation, const double* ctf, const Fail& fail) {
    if (const double off = deviation_from_rotation(r); !(off < 1e-3))
      fail("its 3 × 3 numbers are no rotation" +
           (std::isfinite(off) ? ": R·Rᵀ differs from 1 by " + exact(off) : ", but mirror"));
    Particle p;
    OpticsGroup g;
    g.pixel = options_.pixel;
    g.box = options_.box;
    angles_of(r, p.angles);
    if (ctf_) {
      if (!(ctf[0] >= 1 && ctf[0] <= 1 << 24 && ctf[0] == std::floor(ctf[0]))) fail("a box of " + exact(ctf[0]) + " pixels");
      if (!(ctf[1] > 0)) fail("a pixel size of " + exact(ctf[1]) + " Å");
      if (!(ctf[5] > 0)) fail("a voltage of " + exact(ctf[5]) + " kV");
      g.box = int(ctf[0]);
      g.pixel = ctf[1];
      for (int i = 0; i < 2; ++i) p.defocus[i] = ctf[2 + i];
      p.defocus_angle = ctf[4];
      g.voltage = ctf[5];
      g.spherical_aberration = ctf[6];
      g.amplitude_contrast = ctf[7];
      p.phase_shift = ctf[8];
    }
    p.group = groups_.number(g);
    for (int d = 0; translations_ && d < 2; ++d) {
      if (translation[d] != 0 && g.pixel == 0)
        fail("a translation, and no pixel size is told; give one by " + options_.pixel_option);
      if (translation[d] != 0 && g.box == 0)
        fail("a translation as a fraction of the box, and no box is told; give one by " + options_.box_option);
      p.shift[d] = 0 - translation[d] * g.box * g.pixel;
    }
    if (to.tells(Told::image)) {
      p.stack = 0;
      p.image = std::int64_t(to.particles.size());
    }
    to.particles.push_back(p);
  }

  Particles to;

 private:
  const ParticleReading& options_;
  OpticsGroups groups_;
  bool translations_, ctf_;
};

}  // namespace

Particles read_cryodrgn_csv(const std::string& path, const std::string& text, const ParticleReading& options) {
  std::vector<std::string> names{"R00", "R01", "R02", "R10", "R11", "R12", "R20", "R21", "R22", "t0", "t1"};
  std::vector<int> place;  // of each of these in a row; −1: nowhere
  std::size_t columns = 0;
  std::unique_ptr<Poses> poses;
  text_rows(text, [&](std::int64_t line, const std::vector<std::string_view>& fields) {
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(path + ": line " + std::to_string(line) + ": " + what);
    };
    if (!poses) {
      columns = fields.size();
      const bool head = std::find(fields.begin(), fields.end(), "R00") != fields.end();
      for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = std::find(fields.begin(), fields.end(), names[i]);
        place.push_back(head ? (found == fields.end() ? -1 : int(found - fields.begin())) : i < columns ? int(i) : -1);
        if (place[i] < 0 && i < 9) fail("no column " + names[i]);
      }
      if ((place[9] < 0) != (place[10] < 0)) fail("one of the columns t0 and t1 without the other");
      poses = std::make_unique<Poses>(path, "cryoDRGN csv", place[9] >= 0, false, options);
      if (head) return;
    }
    if (fields.size() != columns)
      fail(std::to_string(fields.size()) + " fields in a row, expected " + std::to_string(columns));
    double values[11] = {};
    for (std::size_t i = 0; i < names.size(); ++i)
      if (place[i] >= 0 && !read_number(fields[std::size_t(place[i])], values[i]))
        fail(names[i] + " is " + in_quotes(fields[std::size_t(place[i])]) + ", expected a finite number");
    Matrix3 r;
    std::copy(values, values + 9, r.begin());
    const double no_ctf[ctf_columns] = {};
    poses->add(r, values + 9, no_ctf, fail);
  });
  if (!poses || poses->to.particles.empty()) throw std::runtime_error(path + ": has no rows, and no particles");
  return std::move(poses->to);
}

Particles read_cryodrgn(const std::string& path, const std::vector<NumpyMember>& arrays, const ParticleReading& options) {
  const NumpyArray *rotations = nullptr, *translations = nullptr, *ctf = nullptr;
  const auto take = [&](const NumpyArray*& to, const NumpyMember& member, const char* what) {
    if (to) throw std::runtime_error(path + ": two arrays of " + what + ", the second " + in_quotes(member.name));
    to = &member.array;
  };
  for (const NumpyMember& member : arrays) {
    const auto& shape = member.array.shape();
    if (!member.array.fields()[0].name.empty() || !member.array.fields()[0].is_number()) continue;
    if (shape.size() == 3 && shape[1] == 3 && shape[2] == 3) take(rotations, member, "rotations (N × 3 × 3)");
    if (shape.size() == 2 && shape[1] == 2) take(translations, member, "translations (N × 2)");
    if (shape.size() == 2 && shape[1] == ctf_columns) take(ctf, member, "CTF parameters (N × 9)");
  }
  if (!rotations)
    throw std::runtime_error(
        path + ": is of NumPy, but has neither rows of cryoSPARC's (uid, …) nor an array of rotations (N × 3 × 3)");
  const std::int64_t count = rotations->shape()[0];
  for (const NumpyArray* other : {translations, ctf})
    if (other && other->shape()[0] != count)
      throw std::runtime_error(path + ": has " + std::to_string(count) + " rotations, but " +
                               std::to_string(other->shape()[0]) +
                               (other == ctf ? " rows of CTF parameters" : " translations"));
  Poses poses(path, "cryoDRGN npz", translations != nullptr, ctf != nullptr, options);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(path + ": row " + std::to_string(i + 1) + ": " + what);
    };
    const auto read = [&](const NumpyArray* array, std::int64_t columns, double* to) {
      for (std::int64_t c = 0; array && c < columns; ++c) {
        // In Fortran's order the first axis is the fastest, and of 3 × 3 numbers the rows are.
        const std::int64_t at = !array->fortran()                    ? i * columns + c
                                : columns == 9 && array == rotations ? i + count * (c / 3 + 3 * (c % 3))
                                                                     : i + count * c;
        to[c] = array->number(at, array->fields()[0]);
        if (!std::isfinite(to[c])) fail("a number that is not finite");
      }
    };
    Matrix3 r;
    double t[2] = {}, parameters[ctf_columns] = {};
    read(rotations, 9, r.data());
    read(translations, 2, t);
    read(ctf, ctf_columns, parameters);
    poses.add(r, t, parameters, fail);
  }
  if (count == 0) throw std::runtime_error(path + ": has no rows, and no particles");
  return std::move(poses.to);
}

void write_cryodrgn(const std::string& path, const Particles& particles) {
  particles.require(Told::rotation, "poses are made of");
  const bool shifts = particles.tells(Told::shift);
  if (shifts) {
    particles.require(Told::pixel, "translations of cryoDRGN need, which are fractions of the box");
    particles.require(Told::box, "translations of cryoDRGN need, which are fractions of it");
  }
  for (const OpticsGroup& group : particles.groups)
    if (group.dimensions == 3) throw std::runtime_error("cannot write " + path + ": cryoDRGN has no subtomograms");
  write_stream(path, [&](std::ostream& out) {
    const std::string head = "R00,R01,R02,R10,R11,R12,R20,R21,R22";
    write_rows(out, particles, head + (shifts ? ",t0,t1\n" : "\n"),
               [&](std::string& rows, const Particle& p, const OpticsGroup& g) {
                 for (const double value : matrix_of(p.angles)) rows += exact(value) + ',';
                 for (int d = 0; shifts && d < 2; ++d) rows += exact(0 - p.shift[d] / (g.pixel * g.box)) + ',';
                 rows.back() = '\n';
               });
  });
}

}  // namespace examples
