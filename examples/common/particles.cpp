// SPDX-License-Identifier: MIT
#include "particles.hpp"

#include "bytes.hpp"
#include "file.hpp"
#include "particle_formats.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace examples {

namespace {

/// For messages.
const char* name_of(Told what) {
  static const char* const names[] = {"image names",
                                      "orientations",
                                      "shifts",
                                      "pixel size",
                                      "box size",
                                      "voltage",
                                      "spherical aberration",
                                      "amplitude contrast",
                                      "defocus",
                                      "phase shifts",
                                      "B-factors of the CTF",
                                      "scales of the CTF",
                                      "beam tilt",
                                      "magnification matrix",
                                      "groups of noise",
                                      "half sets",
                                      "classes",
                                      "figures of merit",
                                      "micrograph names",
                                      "coordinates"};
  static_assert(std::size(names) == std::size_t(Told::count));
  return names[std::size_t(what)];
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
                g.coordinate_pixel};
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

std::string Particles::file_path(const std::string& what, const std::string& name, const std::string& folder,
                                 const std::string& option) const {
  namespace fs = std::filesystem;
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
  throw std::runtime_error(path + ": the " + what + " " + in_quotes(name) + " is not a file (neither " + looked + ")" +
                           (fs::path(name).is_absolute() ? "" : "; give the folder that its name begins in by " + option));
}

void Particles::check_image(std::size_t particle, std::int64_t images) const {
  const Particle& p = particles.at(particle);
  if (p.image < images) return;
  throw std::runtime_error(path + ": particle " + std::to_string(particle + 1) + " is image " + std::to_string(p.image + 1) +
                           " of " + in_quotes(stacks.at(std::size_t(p.stack))) + ", which has " + std::to_string(images));
}

void text_rows(std::string_view text, const std::function<void(std::int64_t, const std::vector<std::string_view>&)>& visit) {
  const auto separates = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == ','; };
  std::vector<std::string_view> fields;
  std::int64_t line = 0;
  for (std::size_t at = text.rfind("\xef\xbb\xbf", 0) == 0 ? 3 : 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    ++line;
    fields.clear();
    while (at < end) {
      while (at < end && separates(text[at])) ++at;
      const std::size_t begin = at;
      while (at < end && !separates(text[at])) ++at;
      if (begin < at) fields.push_back(text.substr(begin, at - begin));
    }
    at = end + 1;
    if (!fields.empty() && fields[0][0] != '#' && fields[0][0] != '%') visit(line, fields);
  }
}

void write_stream(const std::string& path, const std::function<void(std::ostream&)>& write) {
  write_whole(path, [&](const std::string& part) {
    std::ofstream out(part, std::ios::binary);
    write(out);
    out.close();
    if (!out) throw std::runtime_error("no room, or no right to write");
  });
}

void write_star(const std::string& path, const Particles& particles) {
  write_stream(path, [&](std::ostream& out) { write_star(out, particles); });
}

void write_particles(const std::string& path, const Particles& particles, ParticleFormat format) {
  switch (format) {
    case ParticleFormat::relion:
      return write_star(path, particles);
    case ParticleFormat::cryosparc:
      return write_cryosparc(path, particles);
    case ParticleFormat::cistem:
      return write_cistem(path, particles);
    case ParticleFormat::cryodrgn:
      return write_cryodrgn(path, particles);
    case ParticleFormat::dynamo:
      return write_dynamo(path, particles);
  }
}

std::vector<std::string> lost_in(ParticleFormat format, const Particles& particles) {
  using enum Told;
  const auto carries = [&](Told what) {
    switch (format) {
      case ParticleFormat::relion:
        return true;
      case ParticleFormat::cryosparc:
        return what != magnification && what != group_noise && what != figure_of_merit && what != coordinates;
      case ParticleFormat::cistem:
        return what != box && what != b_factor && what != scale && what != magnification && what != group_noise &&
               what != object_class && what != figure_of_merit;
      case ParticleFormat::cryodrgn:
        return what == rotation || what == shift;
      case ParticleFormat::dynamo:
        return what == rotation || what == shift || what == pixel || what == object_class || what == micrograph ||
               what == coordinates;
    }
    return false;
  };
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < std::size_t(Told::count); ++i)
    if (particles.tells(Told(i)) && !carries(Told(i))) lost.emplace_back(name_of(Told(i)));
  const auto any = [&](const auto& is) { return std::any_of(particles.groups.begin(), particles.groups.end(), is); };
  if (format != ParticleFormat::relion && !particles.ctf_volumes.empty()) lost.emplace_back("CTF volumes");
  if (format != ParticleFormat::dynamo &&
      std::any_of(particles.particles.begin(), particles.particles.end(),
                  [](const Particle& p) { return p.tilts[1] > p.tilts[0] && p.tilts[1] - p.tilts[0] < 180; }))
    lost.emplace_back("tilts of subtomograms");
  if (format != ParticleFormat::relion && any([](const OpticsGroup& g) { return g.premultiplied; }))
    lost.emplace_back("that images have been multiplied by their CTF");
  if (format != ParticleFormat::cryosparc && any([](const OpticsGroup& g) { return g.sign < 0; }))
    lost.emplace_back("that the contrast of images is inverted (blob/sign is -1: multiply them by -1)");
  return lost;
}

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what) { throw std::runtime_error(path + ": " + what); }

bool begins(const std::string& text, std::string_view with) { return text.compare(0, with.size(), with) == 0; }

/// Whether a line is a block of a STAR file.
bool has_blocks(const std::string& text) {
  for (std::size_t at = text.find("data_"); at != text.npos; at = text.find("data_", at + 1)) {
    std::size_t before = at;
    while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t')) --before;
    if (before == 0 || text[before - 1] == '\n' || text[before - 1] == '\xbf') return true;
    if (at > 1 << 20) break;
  }
  return false;
}

Particles read_star(const std::string& path, std::string text, const ParticleReading& options) {
  const StarFile file(path, std::move(text));
  std::string some;
  for (const StarTable& table : file.tables())
    for (const std::string& column : table.columns) {
      if (column.rfind("rln", 0) == 0) return read_relion(file, options);
      if (column.rfind("cisTEM", 0) == 0) return read_cistem(file, options);
      if (some.size() < 40) some += (some.empty() ? "_" : ", _") + column;
    }
  refuse(path, "is a STAR file of neither RELION (columns _rln…) nor cisTEM (_cisTEM…)" +
                   (some.empty() ? ": it has no columns" : ", but of columns " + in_quotes(some)));
}

Particles read_text(const std::string& path, std::string text, const ParticleReading& options) {
  if (has_blocks(text)) return read_star(path, std::move(text), options);
  std::vector<std::string> first;  // fields of the first row
  bool numbers = true;
  struct Enough {};
  try {
    text_rows(text, [&](std::int64_t, const std::vector<std::string_view>& fields) {
      for (const std::string_view field : fields) {
        double value = 0;
        numbers = numbers && (read_number(field, value) || field == "nan" || field == "NaN");
        first.emplace_back(field);
      }
      throw Enough();
    });
  } catch (const Enough&) {
  }
  if (first.empty()) refuse(path, "is empty");
  if (std::find(first.begin(), first.end(), "R00") != first.end() || (numbers && (first.size() == 9 || first.size() == 11)))
    return read_cryodrgn_csv(path, text, options);
  if (numbers && first.size() >= 26) return read_dynamo(path, text, options);
  refuse(path,
         "is no metadata that is known: neither a STAR file (data_…) of RELION or cisTEM, a .cs of cryoSPARC, poses of "
         "cryoDRGN as csv "
         "(R00, …, R22[, t0, t1]) or npz, nor a .tbl of Dynamo (26 numbers a row, or more)");
}

/// What holds of any format. Products of numbers that are finite may not be.
void check(const Particles& particles) {
  bool some = false;
  for (const Told told : {Told::image, Told::rotation, Told::shift, Told::coordinates}) some = some || particles.tells(told);
  if (!some)
    refuse(particles.path, "is a " + particles.format +
                               " that tells neither images nor orientations, shifts or coordinates, as that of " +
                               "particles does");
  const auto fail = [&](std::size_t i) {
    refuse(particles.path,
           "particle " + std::to_string(i + 1) + " has a shift, a place or a pixel size that is too large for a number");
  };
  for (std::size_t i = 0; i < particles.particles.size(); ++i) {
    const Particle& p = particles.particles[i];
    double sum = particles.groups[std::size_t(p.group)].pixel;
    for (int d = 0; d < 3; ++d) sum += std::abs(p.shift[d]) + std::abs(p.coordinates[d]);
    if (!(sum < 1e300)) fail(i);
  }
}

}  // namespace

Particles read_particles(const std::vector<std::string>& paths, const ParticleReading& options) {
  if (paths.empty()) throw std::runtime_error("no file of particles is given");
  const std::string& path = paths.front();
  std::string bytes = Bytes(path).all();
  Particles particles;
  if (begins(bytes, "\x93NUMPY")) {
    std::vector<NumpyArray> arrays;
    arrays.emplace_back(path, std::move(bytes));
    if (arrays[0].fields()[0].name.empty()) {
      std::vector<NumpyMember> members;
      members.push_back({path, std::move(arrays[0])});
      particles = read_cryodrgn(path, members, options);
    } else {
      for (std::size_t i = 1; i < paths.size(); ++i) arrays.emplace_back(paths[i], Bytes(paths[i]).all());
      particles = read_cryosparc(std::move(arrays), options);
      take_options(particles, options);
      check(particles);
      return particles;
    }
  } else if (begins(bytes, "PK\3\4")) {
    particles = read_cryodrgn(path, read_npz(path, bytes), options);
  } else if (bytes.size() > 6 && bytes.compare(1, 5, "CSDAT") == 0) {
    refuse(path,
           "is of cryoSPARC's format CSDAT, which is not read; cryosparc-tools makes a NumPy file of it: "
           "Dataset.load(\"in.cs\").save(\"out.cs\", format=1)");
  } else if (bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) {
    refuse(path,
           "is a Python pickle, which is not read; numpy.savez(\"poses.npz\", *pickle.load(open(\"poses.pkl\", \"rb\"))) "
           "makes an npz of "
           "cryoDRGN's poses");
  } else if (bytes.size() >= 1024 && bytes.compare(208, 3, "MAP") == 0) {
    refuse(path, "is an MRC file of images or a map; the metadata of particles was expected");
  } else if (bytes.substr(0, 4096).find('\0') != bytes.npos) {
    refuse(path, "is no metadata that is known, but bytes");
  } else {
    particles = read_text(path, std::move(bytes), options);
  }
  if (paths.size() > 1)
    refuse(paths[1],
           "a second file; only a .cs of cryoSPARC has passthrough files, and " + path + " is a " + particles.format);
  take_options(particles, options);
  check(particles);
  return particles;
}

}  // namespace examples
