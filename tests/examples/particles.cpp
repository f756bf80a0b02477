// SPDX-License-Identifier: MIT
#include "particle_files.hpp"

#include "../fuzz/memory_file.hpp"
#include "../fuzz/read_all_particles.hpp"
#include "mrc_bytes.hpp"

#include <common/particle_formats.hpp>
#include <common/particles.hpp>
#include <common/rotation.hpp>
#include <common/star.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

using namespace examples;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
namespace fs = std::filesystem;

namespace {

/// A folder that is there as long as this.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("bracewell_particles_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }

  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Particles particles_of(const std::string& text, const ParticleReading& options = {}) {
  const Folder folder;
  return read_particles({folder.write("file", text)}, options);
}

/// What the reader says of a file, without the file's name.
std::string refusal(const std::string& text, const ParticleReading& options = {}) {
  const Folder folder;
  const std::string path = folder.write("file", text);
  try {
    read_particles({path}, options);
    return "";
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    CHECK(what.rfind(path + ": ", 0) == 0);
    CHECK(what.find('\n') == what.npos);
    return what.substr(std::min(what.size(), path.size() + 2));
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

std::string all_replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

/// That the same is told and said.
void check_same(const Particles& a, const Particles& b, double tolerance = 0) {
  CHECK(a.told == b.told);
  REQUIRE(a.particles.size() == b.particles.size());
  const auto same = [&](double x, double y) { return std::abs(x - y) <= tolerance * std::max(1.0, std::abs(x)); };
  bool good = true;
  for (std::size_t i = 0; i < a.particles.size(); ++i) {
    const Particle &p = a.particles[i], &q = b.particles[i];
    const OpticsGroup &g = a.groups.at(std::size_t(p.group)), &h = b.groups.at(std::size_t(q.group));
    const auto name = [](const std::vector<std::string>& names, int n) {
      return n < 0 ? std::string() : names.at(std::size_t(n));
    };
    good = good && name(a.stacks, p.stack) == name(b.stacks, q.stack) && p.image == q.image &&
           name(a.micrographs, p.micrograph) == name(b.micrographs, q.micrograph);
    const Matrix3 r = matrix_of(p.angles), s = matrix_of(q.angles);
    // Compilers contract a·b + c here and not there: a few roundings of numbers up to 1.
    for (std::size_t j = 0; j < 9; ++j) good = good && std::abs(r[j] - s[j]) <= std::max(tolerance, 1e-15);
    for (int d = 0; d < 3; ++d)
      good = good && same(p.shift[d], q.shift[d]) && (tolerance > 0 || p.angles[d] == q.angles[d]) &&
             same(p.coordinates[d], q.coordinates[d]);
    good = good && same(p.defocus[0], q.defocus[0]) && same(p.defocus[1], q.defocus[1]) &&
           same(p.defocus_angle, q.defocus_angle);
    good = good && same(p.phase_shift, q.phase_shift) && same(p.b_factor, q.b_factor) && same(p.scale, q.scale);
    good = good && p.noise_group == q.noise_group && p.subset == q.subset && p.object_class == q.object_class &&
           same(p.figure_of_merit, q.figure_of_merit);
    good = good && same(g.pixel, h.pixel) && g.box == h.box && g.dimensions == h.dimensions && same(g.voltage, h.voltage) &&
           same(g.spherical_aberration, h.spherical_aberration) && same(g.amplitude_contrast, h.amplitude_contrast) &&
           g.premultiplied == h.premultiplied;
    for (int d = 0; d < 2; ++d) good = good && same(g.beam_tilt[d], h.beam_tilt[d]);
    for (int d = 0; d < 4; ++d) good = good && same(g.magnification[d / 2][d % 2], h.magnification[d / 2][d % 2]);
    CAPTURE(i);
    REQUIRE(good);
  }
}

/// Written in a format and read again.
Particles again(const Particles& particles, ParticleFormat format, const ParticleReading& options = {}) {
  const Folder folder;
  const std::string path = folder / "again";
  write_particles(path, particles, format);
  CHECK_FALSE(fs::exists(path + ".part"));
  return read_particles({path}, options);
}

std::vector<std::vector<std::string>> rows_of(const StarFile& file, const StarTable& table) {
  std::vector<std::vector<std::string>> rows;
  file.rows(table, [&](const StarRow& row) {
    rows.emplace_back();
    for (int c = 0; c < int(table.columns.size()); ++c) rows.back().emplace_back(row.text(c));
  });
  return rows;
}

const std::string shared_poses = std::string(BRACEWELL_SHARED_DATA) + "/poses/";

std::string shared(const std::string& name) {
  if (!fs::exists(shared_poses + name)) SKIP("no " + shared_poses + name);
  return shared_poses + name;
}

}  // namespace

TEST_CASE("STAR: loops and pairs, comments and empty lines, quotes, ends of lines as on Windows") {
  const std::string text =
      "\xef\xbb\xbf# head\n\ndata_one # the first\n\n_key  value # why\n_other 'two  words'\n\n"
      "data_two\n  loop_ \n_a #1\n_b\n# not a row\n 1 2\n\n\t3 4 # last\n#5 6\n \"x y\"  'it''s'\n"
      "_u _v\ndata_c d\n'data_e' f#g\n\n\ndata_\nloop_\n_only\ndata_empty\nloop_\n_c\n_d";
  for (const bool windows : {false, true}) {
    const StarFile file("f", windows ? all_replaced(text, "\n", "\r\n") : text);
    REQUIRE(file.tables().size() == 4);
    const StarTable *one = file.find("one"), *two = file.find("two", "b");
    REQUIRE((one && two));
    CHECK(one->columns == std::vector<std::string>{"key", "other"});
    CHECK(rows_of(file, *one) == std::vector<std::vector<std::string>>{{"value", "two  words"}});
    CHECK(rows_of(file, *two) ==
          std::vector<std::vector<std::string>>{
              {"1", "2"}, {"3", "4"}, {"x y", "it''s"}, {"_u", "_v"}, {"data_c", "d"}, {"data_e", "f#g"}});
    CHECK(two->rows == 6);
    CHECK(two->column("b") == 1);
    CHECK(two->column("c") == -1);
    CHECK(file.find("two", "c") == nullptr);
    CHECK(rows_of(file, *file.find("")).empty());
    CHECK(rows_of(file, *file.find("empty")).empty());
  }
}

TEST_CASE("STAR: what is wrong, and in which line") {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      const StarFile file("f", text);
      for (const StarTable& table : file.tables())
        file.rows(table, [](const StarRow& row) {
          row.number(0);
          row.integer(1, 1, 9);
        });
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  CHECK(refused("data_x\nloop_\n_a\n_b\n1 2\n1.5e3 3.000\n+1 4\n-.5 5\n1e-400 6\n") == "");
  CHECK(refused("data_x\nloop_\n_a\n_b\n1 2\n\n1 2 3\n") ==
        "f: line 7: 3 fields in a row, expected 2, the columns of data_x (line 2)");
  CHECK(refused("data_x\nloop_\n_a\n_b\n1 2\n1\n") ==
        "f: line 6: 1 field in a row, expected 2, the columns of data_x (line 2)");
  CHECK(refused("data_x\nloop_\n_a\n_b\n1 2\n1 'x\n") == "f: line 6: a quote that is opened and not closed");
  CHECK(refused("1 2\n") == "f: line 1: '1' before any data_ block");
  CHECK(refused("data_x\n1 2\n") == "f: line 2: '1', expected a _name, loop_ or data_");
  CHECK(refused("data_x\n_a\n") == "f: line 2: '_a' has no value, and no loop_ is before it");
  CHECK(refused("data_x\n_a 1 2\n") == "f: line 2: '_a' has several values, and no loop_ is before it");
  CHECK(refused("data_x\nloop_\n1 2\n") == "f: line 3: '1', expected the _columns of loop_");
  CHECK(refused("data_x\nloop_\n") == "f: line 2: the file ends after loop_: it is truncated");
  CHECK(refused("data_x\nloop_\n_a\n_b\n_a\n") == "f: line 5: a second column '_a' in one table");
  CHECK(refused("data_x\nloop_\n_a\n_b\n1 2\n_c\n") == "f: line 6: a column '_c' after rows");
  CHECK(refused("data_x\nloop_\n_a\n;\nlong\n;\n") == "f: line 4: a text of several lines (;), which is not read");
  CHECK(refused("data_x\nsave_a\n") == "f: line 2: 'save_a', which is not read");
  for (const char* bad :
       {"nan", "inf", "-inf", "<NA>", "None", "12abc", "1.2.3", "0x10", "1,5", "--1", "+-1", "\"\"", "1e999"})
    CHECK_THAT(refused(std::string("data_x\nloop_\n_a\n_b\n1 2\n") + bad + " 2\n"),
               ContainsSubstring("f: line 6: _a is '") && EndsWith("', expected a finite number"));
  for (const char* bad : {"0", "10", "1.5", "x"})
    CHECK(refused(std::string("data_x\n_a 1\n_b ") + bad + "\n") ==
          std::string("f: line 3: _b is '") + bad + "', expected a whole number from 1 to 9");
  const std::string control = refused(std::string("data_x\nloop_\n_a\n_b\nx\x01y") + std::string(200, 'z') + " 2\n");
  CHECK_THAT(control, ContainsSubstring("_a is 'x?yzzz") && ContainsSubstring("z…'"));
}

TEST_CASE("STAR: fields are quoted where they need it, and doubles keep all digits") {
  for (const std::string text : {"plain", "two words", "it's", "#1", "a\"b", "", "data_x", ";", "_a", "tab\there"}) {
    const StarFile file("f", "data_x\nloop_\n_a\n_b\n" + star_field(text) + " 1\n");
    CHECK(rows_of(file, file.tables().at(0)) == std::vector<std::vector<std::string>>{{text, "1"}});
  }
  CHECK_THROWS_WITH(star_field("a b ' \""), "no STAR file can hold 'a b ' \"'");
  CHECK_THROWS_WITH(star_field("a\nb"), "no STAR file can hold 'a?b'");
  std::mt19937_64 bits(1);
  for (int i = 0; i < 1000; ++i) {
    double value = 0, read = 1;
    const std::uint64_t b = bits();
    std::memcpy(&value, &b, 8);
    if (!std::isfinite(value)) continue;
    REQUIRE(read_number(exact(value), read));
    CHECK(read == value);
  }
}

TEST_CASE("RELION 3.1: optics groups by their numbers, origins in Å") {
  const Particles p = particles_of(files::relion_31);
  REQUIRE(p.particles.size() == 3);
  REQUIRE(p.groups.size() == 2);
  CHECK(p.groups[0].name == "first");
  CHECK(p.groups[0].pixel == 1.25);
  CHECK(p.groups[0].box == 64);
  CHECK(p.groups[0].voltage == 300);
  CHECK(p.groups[1].pixel == 2.5);
  CHECK(p.groups[1].box == 32);
  CHECK(p.groups[1].spherical_aberration == 1.4);
  CHECK(p.groups[1].amplitude_contrast == 0.07);
  CHECK(p.groups[1].dimensions == 2);
  CHECK(p.stacks == std::vector<std::string>{"stacks/a.mrcs", "stacks/b.mrcs"});
  CHECK(p.micrographs == std::vector<std::string>{"m1.mrc", "m2.mrc"});
  const Particle &a = p.particles[0], &b = p.particles[1], &c = p.particles[2];
  CHECK((a.stack == 0 && a.image == 0 && a.group == 0 && a.subset == 1 && a.micrograph == 0));
  CHECK((b.stack == 0 && b.image == 11 && b.group == 1 && b.subset == 2));
  CHECK((c.stack == 1 && c.image == 2 && c.group == 1 && c.micrograph == 1));
  CHECK((a.angles[0] == 10 && a.angles[1] == 20 && a.angles[2] == 30));
  CHECK((a.shift[0] == -1.25 && a.shift[1] == 2.5 && a.shift[2] == 0));  // minus the origin
  CHECK((a.defocus[0] == 12000 && a.defocus[1] == 11000 && a.defocus_angle == 45.5));
  CHECK((a.coordinates[0] == 100 && a.coordinates[1] == 200));
  for (const Told told :
       {Told::image, Told::rotation, Told::shift, Told::pixel, Told::box, Told::voltage, Told::spherical_aberration,
        Told::amplitude_contrast, Told::defocus, Told::subset, Told::micrograph, Told::coordinates})
    CHECK(p.tells(told));
  for (const Told told : {Told::phase_shift, Told::b_factor, Told::scale, Told::beam_tilt, Told::magnification,
                          Told::group_noise, Told::object_class, Told::figure_of_merit})
    CHECK_FALSE(p.tells(told));
  check_same(p, again(p, ParticleFormat::relion));
}

TEST_CASE("RELION: the same by any names of blocks, order of columns, numbers behind them, and ends of lines") {
  const Particles p = particles_of(files::relion_31);
  check_same(p, particles_of(all_replaced(files::relion_31, "\n", "\r\n")));
  const files::Bytes packed = files::gzipped({files::relion_31.begin(), files::relion_31.end()}, 2);
  check_same(p, particles_of({packed.begin(), packed.end()}));
  CHECK_THAT(refusal({packed.begin(), packed.end() - 20}), ContainsSubstring("is truncated: its gzip ends early"));
  check_same(p, particles_of(replaced(files::relion_31, "data_particles", "data_images")));
  check_same(p, particles_of(replaced(files::relion_31, "data_particles", "data_")));
  check_same(p, particles_of(replaced(files::relion_31, "data_particles", "data_mine")));
  check_same(p, particles_of(replaced(replaced(files::relion_31, "_rlnAngleRot #2", "_rlnAngleRot #99"), "_rlnAngleTilt #3",
                                      "_rlnAngleTilt")));
  check_same(p, particles_of(replaced(files::relion_31, "\n000012@", "\n\n# a comment\n   \n000012@")));
  check_same(p, particles_of(replaced(files::relion_31, "000003@stacks/b.mrcs", "\"000003@stacks/b.mrcs\"")));
  check_same(p, particles_of(replaced(files::relion_31, "stacks/b.mrcs", "stacks/b.mrcs:mrcs")));

  // One group as pairs, as RELION itself reads it, which need not be numbered in rows.
  const std::string pairs =
      "data_optics\n_rlnOpticsGroup 1\n_rlnOpticsGroupName a\n_rlnImagePixelSize 2.0\n_rlnVoltage 300\n\n"
      "data_particles\nloop_\n_rlnOriginY\n_rlnImageName\n_rlnOriginX\n3 1@x.mrcs -1\n";
  const Particles q = particles_of(pairs);
  CHECK(q.groups.at(0).voltage == 300);
  CHECK((q.particles.at(0).shift[0] == 2 && q.particles.at(0).shift[1] == -6));  // pixels of 2 Å
  CHECK_FALSE(q.tells(Told::spherical_aberration));
}

TEST_CASE("RELION 3.0: optics are in rows, the pixel size in one of three places") {
  const Particles p = particles_of(files::relion_30);
  REQUIRE(p.particles.size() == 3);
  REQUIRE(p.groups.size() == 2);
  CHECK(p.groups[0].pixel == 1.25);  // 5 µm / 40,000
  CHECK(p.groups[1].pixel == 2.5);
  CHECK(p.groups[1].voltage == 200);
  CHECK((p.particles[0].group == 0 && p.particles[1].group == 0 && p.particles[2].group == 1));
  CHECK((p.particles[0].shift[0] == -2.5 && p.particles[0].shift[1] == 5));
  CHECK(p.particles[2].shift[0] == 2.5);
  check_same(p, again(p, ParticleFormat::relion));

  const auto loop = [](const std::string& columns, const std::string& row) {
    std::string text = "data_\nloop_\n";
    std::istringstream names(columns);
    for (std::string name; names >> name;) text += "_rln" + name + "\n";
    return text + row + "\n";
  };
  CHECK(particles_of(loop("PixelSize OriginX OriginY", "1.5 2 4")).particles[0].shift[1] == -6);
  CHECK(particles_of(loop("ImagePixelSize OriginX OriginY", "1.5 2 4")).particles[0].shift[1] == -6);
  CHECK(particles_of(loop("Magnification DetectorPixelSize PixelSize ImageName", "10000 1.5 1.5 a.mrc")).groups[0].pixel ==
        1.5);
  CHECK(refusal(loop("Magnification DetectorPixelSize PixelSize", "10000 1.5 3")) ==
        "line 6: two pixel sizes, 3 Å and, by rlnMagnification and rlnDetectorPixelSize, 1.5 Å; expected one");
  CHECK(refusal(loop("Magnification DetectorPixelSize", "0 1.5")) ==
        "line 5: _rlnMagnification is '0', expected a positive number");

  // No pixel size: origins in pixels of 0 are nothing, others need it.
  const std::string none = loop("OriginX OriginY", "0 2");
  CHECK(refusal(none) == "line 5: an origin in pixels, and no pixel size is told; give one by --pixel");
  CHECK(particles_of(none, {.pixel = 3}).particles[0].shift[1] == -6);
  CHECK(particles_of(none, {.pixel = 3}).tells(Told::pixel));
  CHECK(particles_of(loop("OriginX OriginY", "0 0")).particles[0].shift[1] == 0);
  CHECK_FALSE(particles_of(loop("OriginX OriginY", "0 0")).tells(Told::pixel));
}

TEST_CASE("RELION: origins in Å win over those in pixels, and a remark says where they differ") {
  const std::string head = "data_\nloop_\n_rlnPixelSize\n_rlnOriginX\n_rlnOriginY\n_rlnOriginXAngst\n_rlnOriginYAngst\n";
  const Particles p = particles_of(head + "2 1.0004 -2 2 -4\n");
  CHECK((p.particles[0].shift[0] == -2 && p.particles[0].shift[1] == 4));
  CHECK(p.remarks.empty());
  const Particles q = particles_of(head + "2 1 -2 2 -4\n2 1 -2 3 -4\n2 0 nan 3 -4\n");
  CHECK((q.particles[1].shift[0] == -3 && q.particles[2].shift[1] == 4));
  CHECK(q.remarks == std::vector<std::string>{
                         "rlnOriginX, Y, Z (in pixels) are not taken; they are others than rlnOriginXAngst, … in 2 rows"});
  CHECK(refusal("data_a\nloop_\n_rlnImageName\n_rlnOriginXAngst\n1@a.mrcs 3\n") ==
        "line 2: data_a has origins along some axes, but no column _rlnOriginYAngst");
  CHECK_THAT(refusal("data_\nloop_\n_rlnPixelSize\n_rlnOriginX\n_rlnOriginY\n1e200 1e200 0\n"),
             ContainsSubstring("particle 1 has a shift"));
}

TEST_CASE("RELION: images by number and path") {
  const auto image = [](const std::string& name) {
    const Particles p = particles_of("data_\nloop_\n_rlnImageName\n_rlnAngleRot\n" + name + " 1\n");
    return std::pair(p.particles.at(0).image, p.stacks.at(0));
  };
  CHECK(image("000012@a/b.mrcs") == std::pair(std::int64_t(11), std::string("a/b.mrcs")));
  CHECK(image("7@a@b.mrcs") == std::pair(std::int64_t(6), std::string("a@b.mrcs")));
  CHECK(image("me@home/b.mrc") == std::pair(std::int64_t(0), std::string("me@home/b.mrc")));
  CHECK(image("01me@home/b.mrc") == std::pair(std::int64_t(0), std::string("01me@home/b.mrc")));
  CHECK(image("b.mrc") == std::pair(std::int64_t(0), std::string("b.mrc")));
  CHECK(image("2@b.mrc:mrcs") == std::pair(std::int64_t(1), std::string("b.mrc")));
  CHECK(image("'3@a b.mrcs'") == std::pair(std::int64_t(2), std::string("a b.mrcs")));
}

TEST_CASE("RELION: subtomograms have a third axis") {
  const std::string text =
      "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n_rlnImageSize\n_rlnImageDimensionality\n1 4 96 3\n"
      "data_particles\nloop_\n_rlnTomoName\n_rlnImageName\n_rlnOpticsGroup\n_rlnCoordinateX\n_rlnCoordinateY\n_"
      "rlnCoordinateZ\n"
      "_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnOriginZAngst\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n"
      "TS_1 sub/000012.mrc 1 10 20 30 1 2 3 10 20 30\n";
  const Particles p = particles_of(text);
  CHECK(p.groups[0].dimensions == 3);
  CHECK(p.stacks.at(0) == "sub/000012.mrc");
  CHECK(p.particles[0].image == 0);
  CHECK((p.particles[0].shift[2] == -3 && p.particles[0].coordinates[2] == 30));
  CHECK(p.micrographs.at(0) == "TS_1");
  check_same(p, again(p, ParticleFormat::relion));
  CHECK(refusal(all_replaced(text, "OriginZAngst", "Other")) ==
        "line 9: data_particles has origins along some axes, but no column _rlnOriginZAngst");

  std::string with_ctf = text;
  with_ctf.insert(with_ctf.find("_rlnTomoName"), "_rlnCtfImage\n");
  with_ctf.insert(with_ctf.find("\n", with_ctf.rfind("_rln")) + 1, "ctf.mrc ");
  const Particles c = particles_of(with_ctf);
  CHECK((c.ctf_volumes == std::vector<std::string>{"ctf.mrc"} && c.particles[0].ctf_volume == 0));
  CHECK(again(c, ParticleFormat::relion).ctf_volumes == c.ctf_volumes);
  CHECK(lost_in(ParticleFormat::dynamo, c).back() == "CTF volumes");

  const Particles d = again(p, ParticleFormat::dynamo);
  CHECK(d.particles[0].shift[2] == -3);
  CHECK(d.particles[0].coordinates[1] == 20);
  CHECK(d.groups[0].pixel == 4);

  // Coordinates are in the tilt series' pixels; in a table of Dynamo they are in those of the subtomograms.
  const Particles binned = particles_of(
      replaced(replaced(text, "_rlnImageDimensionality\n", "_rlnImageDimensionality\n_rlnTomoTiltSeriesPixelSize\n"),
               "96 3\n", "96 3 2\n"));
  CHECK((binned.groups[0].pixel == 4 && binned.groups[0].coordinate_pixel == 2 && binned.particles[0].coordinates[1] == 20));
  CHECK(again(binned, ParticleFormat::dynamo).particles[0].coordinates[1] == 10);
  CHECK(again(binned, ParticleFormat::relion).groups[0].coordinate_pixel == 2);
  const Particles picked = particles_of(all_replaced(text, "rlnImagePixelSize", "rlnTomoTiltSeriesPixelSize"));
  CHECK((picked.groups[0].pixel == 4 && picked.tells(Told::pixel)));
  CHECK(particles_of(all_replaced(text, "rlnCoordinateX", "rlnCenteredCoordinateXAngst")).remarks.size() == 1);
}

TEST_CASE("particles: what is not told is missed by name") {
  const Particles p = particles_of(files::relion_31);
  CHECK_NOTHROW(p.require(Told::defocus, "--ctf needs"));
  const Particles q =
      particles_of(replaced(replaced(files::relion_31, "_rlnDefocusV", "_rlnSomething"), "_rlnVoltage", "_rlnElse"));
  CHECK_THROWS_WITH(
      q.require(Told::defocus, "--ctf needs: without it there is no CTF"),
      EndsWith("file: has no defocus (rlnDefocusV is missing), which --ctf needs: without it there is no CTF"));
  CHECK_THROWS_WITH(q.require(Told::voltage, "--ctf needs"),
                    EndsWith("has no voltage (rlnVoltage is missing), which --ctf needs"));
  CHECK_THROWS_WITH(q.require(Told::beam_tilt, "x"),
                    EndsWith("has no beam tilt (rlnBeamTiltX, rlnBeamTiltY are missing), which x"));
  std::set<std::string> messages;
  for (std::size_t i = 0; i < std::size_t(Told::count); ++i) {
    if (!q.tells(Told(i))) CHECK_FALSE(q.lacks[i].empty());
    try {
      Particles().require(Told(i), "x");
    } catch (const std::runtime_error& error) {
      messages.insert(error.what());
    }
  }
  CHECK(messages.size() == std::size_t(Told::count));
}

TEST_CASE("RELION: each way in which a file is wrong is one line") {
  const std::string& good = files::relion_31;
  const auto spoilt = [&](const std::string& from, const std::string& to) { return refusal(replaced(good, from, to)); };
  CHECK(refusal(good) == "");
  CHECK(spoilt("20.000000   30", "nan 30") == "line 38: _rlnAngleTilt is 'nan', expected a finite number");
  CHECK(spoilt("20.000000   30", "abc 30") == "line 38: _rlnAngleTilt is 'abc', expected a finite number");
  CHECK(spoilt("12000.000000 11000", "12000.000000-11000") ==
        "line 38: 13 fields in a row, expected 14, the columns of data_particles (line 23)");
  CHECK(spoilt("000012@", "000000@") ==
        "line 39: _rlnImageName is '000000@stacks/a.mrcs', expected an image's number from 1 on before the @");
  CHECK_THAT(spoilt("000012@", "99999999999999999999@"), ContainsSubstring("expected an image's number from 1 on"));
  CHECK(spoilt("000012@stacks/a.mrcs", "000012@") == "line 39: _rlnImageName is '000012@', expected the name of an image");
  CHECK(spoilt("45.500000 7 1", "45.500000 5 1") ==
        "line 38: _rlnOpticsGroup is '5', expected an _rlnOpticsGroup of data_optics (line 6)");
  CHECK(spoilt("45.500000 7 1", "45.500000 7 3") == "line 38: _rlnRandomSubset is '3', expected a whole number from 1 to 2");
  CHECK(spoilt(" 3 second", " 7 second") == "line 16: _rlnOpticsGroup is '7', expected each group once");
  CHECK(spoilt("300.000000", "-300") == "line 15: _rlnVoltage is '-300', expected a positive number");
  CHECK(spoilt("1.250000 64", "0 64") == "line 15: _rlnImagePixelSize is '0', expected a positive number");
  CHECK(spoilt("1.250000 64", "1.25 64.5") ==
        "line 15: _rlnImageSize is '64.5', expected a whole number from 1 to 16777216");
  CHECK(spoilt("64 2", "64 4") == "line 15: _rlnImageDimensionality is '4', expected a whole number from 2 to 3");
  CHECK(spoilt("_rlnOpticsGroup #1\n", "_rlnOpticsGrup #1\n") ==
        "line 6: data_optics has no column _rlnOpticsGroup, which tells its groups apart");
  CHECK(spoilt("_rlnOpticsGroup #10", "_rlnOther #10") ==
        "line 23: data_particles has no column _rlnOpticsGroup, and data_optics has 2 groups; which is whose is not told");
  CHECK(spoilt("_rlnAngleTilt #3", "_rlnAngleRot #3") == "line 26: a second column '_rlnAngleRot' in one table");

  // Cut off: within a row, within the names of columns, before the particles.
  CHECK_THAT(refusal(good.substr(0, good.find("  20.000000"))),
             ContainsSubstring("line 38: 2 fields in a row, expected 14"));
  CHECK(refusal(good.substr(0, good.find("000001@"))) == "line 23: data_particles has no rows, and no particles");
  CHECK(refusal(good.substr(0, good.find("_rlnImageName"))) == "line 23: the file ends after loop_: it is truncated");
  CHECK(refusal(good.substr(0, good.find("data_particles"))) ==
        "has no table of particles, but 'data_optics'; data_particles, data_images or data_ was expected");

  CHECK(refusal("data_micrographs\nloop_\n_rlnMicrographName\na.mrc\n") ==
        "has no table of particles, but 'data_micrographs'; data_particles, data_images or data_ was expected");
  // Micrographs of 3.0, an optimisation set of 5.
  for (const char* other : {"data_\nloop_\n_rlnMicrographName\n_rlnDefocusU\na.mrc 10000\n",
                            "data_\n_rlnTomoParticlesFile a.star\n_rlnTomoTomogramsFile b.star\n"})
    CHECK(refusal(other) ==
          "is a RELION STAR file that tells neither images nor orientations, shifts or coordinates, as that of particles "
          "does");
  CHECK(refusal("data_x\nloop_\n_angleRot\n_angleTilt\n1 2\n") ==
        "is a STAR file of neither RELION (columns _rln…) nor cisTEM (_cisTEM…), but of columns '_angleRot, _angleTilt'");
  CHECK(refusal(good, {.pixel = 3}) == "tells a pixel size of 1.25 Å, but --pixel is 3");
  CHECK(refusal(good, {.box = 64, .box_option = "--size"}) == "tells a box of 32 pixels, but --size is 64");
}

TEST_CASE("particles: bytes of other kinds are refused by name") {
  CHECK(refusal("") == "is empty");
  CHECK(refusal("\n\n# nothing\n") == "is empty");
  CHECK_THAT(refusal("C           PSI   THETA     PHI       SHX\n      1 1 2 3 4\n"),
             ContainsSubstring("is no metadata that is known"));
  CHECK_THAT(refusal("1 2 3\n"), ContainsSubstring("is no metadata that is known"));
  CHECK_THAT(refusal("{\"a\": 1}"), ContainsSubstring("is no metadata that is known"));
  CHECK_THAT(refusal(std::string("\x80\x04\x95\x00", 4)), ContainsSubstring("is a Python pickle"));
  CHECK_THAT(refusal("\x95"
                     "CSDAT\x02"),
             ContainsSubstring("CSDAT") && ContainsSubstring("format=1"));
  CHECK_THAT(refusal(std::string("a\0b", 3)), ContainsSubstring("bytes"));
  CHECK_THAT(refusal(std::string(208, '\0') + "MAP " + std::string(1000, '\0')), ContainsSubstring("is an MRC file"));
  const Folder folder;
  CHECK_THROWS_WITH(read_particles({folder / "missing.star"}), EndsWith("missing.star: is not a file that can be read"));
  const std::string star = folder.write("a.star", files::relion_31);
  CHECK_THROWS_WITH(read_particles({star, star}),
                    ContainsSubstring("a second file; only a .cs of cryoSPARC has passthrough files"));
}

TEST_CASE("RELION: written with all digits, names with spaces, stacks that are named as maps") {
  std::mt19937 generator(2);
  std::normal_distribution<double> normal;
  Particles p;
  p.told.set();
  p.stacks = {"a b/x.mrcs", "J1/particles.mrc"};
  p.micrographs = {"it's a micrograph.mrc", "#2"};
  p.groups.resize(2);
  for (std::size_t g = 0; g < 2; ++g) {
    p.groups[g].name = g == 0 ? "one group" : "";
    p.groups[g].premultiplied = g == 1;
    p.groups[g].pixel = std::exp(normal(generator));
    p.groups[g].box = 100 + int(g);
    p.groups[g].voltage = 300 + 0.1 * normal(generator);
    p.groups[g].spherical_aberration = normal(generator);
    p.groups[g].amplitude_contrast = normal(generator);
    for (int i = 0; i < 4; ++i) p.groups[g].magnification[i / 2][i % 2] = normal(generator);
    for (double& tilt : p.groups[g].beam_tilt) tilt = normal(generator);
  }
  for (int i = 0; i < 200; ++i) {
    Particle q;
    q.stack = i % 2;
    q.micrograph = i / 2 % 2;
    q.image = i == 7 ? 12345678 : i;
    q.group = i % 3 % 2;
    for (double& a : q.angles) a = 180 * normal(generator);
    for (int d = 0; d < 2; ++d) q.shift[d] = normal(generator) * 1e-9;
    for (int d = 0; d < 2; ++d) q.coordinates[d] = 1e4 * normal(generator);
    for (double& d : q.defocus) d = 1e4 * normal(generator);
    q.defocus_angle = normal(generator);
    q.phase_shift = normal(generator);
    q.b_factor = normal(generator);
    q.scale = normal(generator);
    q.noise_group = i % 5 + 1;
    q.subset = i % 2 + 1;
    q.object_class = i % 4;
    q.figure_of_merit = normal(generator);
    p.particles.push_back(q);
  }
  const Folder folder;
  write_star(folder / "out.star", p);
  const Particles q = read_particles({folder / "out.star"});
  check_same(p, q);
  CHECK(q.groups[0].name == "one group");
  CHECK_THAT(content(folder / "out.star"),
             ContainsSubstring("000002@J1/particles.mrc:mrcs ") && ContainsSubstring("\"000001@a b/x.mrcs\""));

  p.micrographs[0] = "neither ' nor \"";
  folder.write("old.star", "old");
  CHECK_THROWS_WITH(write_star(folder / "old.star", p),
                    ContainsSubstring("cannot write") && ContainsSubstring("no STAR file can hold"));
  CHECK(content(folder / "old.star") == "old");  // whole or not at all
  CHECK_FALSE(fs::exists(folder / "old.star.part"));
  CHECK_THROWS_WITH(write_star(folder / "none/out.star", q), ContainsSubstring("cannot write"));
}

TEST_CASE("particles: stacks are looked for where packages mean them") {
  const Folder folder;
  const std::string star = folder.write("project/Refine3D/job001/run.star", files::relion_31);
  const Particles p = read_particles({star});
  CHECK_THROWS_WITH(p.stack_path(0, "", "--project"),
                    ContainsSubstring("run.star: the stack 'stacks/a.mrcs' is not a file (neither ") &&
                        EndsWith("; give the folder that its name begins in by --project"));
  const std::string in_project = folder.write("project/stacks/a.mrcs", "x");
  CHECK(fs::equivalent(p.stack_path(0, ""), in_project));  // around that of the metadata
  const std::string beside = folder.write("project/Refine3D/job001/stacks/a.mrcs", "x");
  CHECK(fs::equivalent(p.stack_path(0, ""), beside));
  CHECK(fs::equivalent(p.stack_path(0, folder / "project"), in_project));
  CHECK_THROWS_WITH(p.stack_path(1, folder / "project"), ContainsSubstring("the stack 'stacks/b.mrcs' is not a file"));
  Particles absolute = p;
  absolute.stacks[0] = in_project;
  CHECK(absolute.stack_path(0, folder / "elsewhere") == in_project);
  absolute.stacks[0] = folder / "none.mrcs";
  CHECK_THROWS_WITH(absolute.stack_path(0, ""), ContainsSubstring("none.mrcs' is not a file"));

  CHECK_NOTHROW(p.check_image(1, 12));
  CHECK_THROWS_WITH(p.check_image(1, 11), EndsWith("run.star: particle 2 is image 12 of 'stacks/a.mrcs', which has 11"));
}

TEST_CASE("RELION: noise spectra of a model") {
  const std::string head = "data_model_general\n_rlnNrGroups 2\n\n";
  const auto spectrum = [](const std::string& block, const std::string& rows) {
    return "data_" + block + "\nloop_\n_rlnSpectralIndex #1\n_rlnResolution #2\n_rlnSigma2Noise #3\n" + rows + "\n";
  };
  const std::string groups = "data_model_groups\nloop_\n_rlnGroupNumber\n_rlnGroupName\n1 a\n2 b\n\n";
  const Folder folder;
  const auto read = [&](const std::string& text) { return read_noise_spectra(folder.write("model.star", text)); };
  const std::string first = spectrum("model_group_1", "0 0.0 1e-5\n1 0.01 2.5e-6"),
                    second = spectrum("model_group_2", "0 0.0 3\n1 0.01 0");
  const NoiseSpectra n = read(head + groups + first + second);
  CHECK_FALSE(n.of_optics);
  CHECK(n.names == std::vector<std::string>{"a", "b"});
  CHECK(n.spectra == std::vector<std::vector<double>>{{1e-5, 2.5e-6}, {3, 0}});
  const NoiseSpectra o = read("data_model_optics_groups\nloop_\n_rlnOpticsGroup\n_rlnOpticsGroupName\n1 x\n\n" +
                              spectrum("model_optics_group_1", "0 0.0 7"));
  CHECK(o.of_optics);
  CHECK(o.names == std::vector<std::string>{"x"});
  CHECK(o.spectra == std::vector<std::vector<double>>{{7}});
  CHECK_THROWS_WITH(read(head + groups + first), EndsWith("has 1 noise spectra of 2 groups: it is truncated"));
  CHECK_THROWS_WITH(read(head + groups), ContainsSubstring("has no noise spectra; a model.star of RELION was expected"));
  CHECK_THROWS_WITH(read(head + second), ContainsSubstring("data_model_group_2, expected data_model_group_1"));
  CHECK_THROWS_WITH(read(head + first + spectrum("model_group_2", "0 0.0 3")),
                    ContainsSubstring("has 1 shells, expected 2"));
  CHECK_THROWS_WITH(read(spectrum("model_group_1", "0 0.0 -1")),
                    ContainsSubstring("_rlnSigma2Noise is '-1', expected 0 or a positive number"));
  CHECK_THROWS_WITH(read(spectrum("model_group_1", "1 0.0 1")), ContainsSubstring("_rlnSpectralIndex is '1', expected 0"));
  CHECK_THROWS_WITH(read(all_replaced(first, "Sigma2Noise", "Other")), ContainsSubstring("has no column _rlnSigma2Noise"));
}

TEST_CASE("rotations: RELION's matrix, and back from matrices and rotation vectors") {
  const double some[3] = {10, 20, 30};
  const Matrix3 r = matrix_of(some);
  // relion_star_handler's Euler_angles2matrix(10, 20, 30).
  const double degree = M_PI / 180;
  CHECK(r[8] == Approx(std::cos(20 * degree)).epsilon(1e-15));
  CHECK(r[6] == Approx(std::sin(20 * degree) * std::cos(10 * degree)).epsilon(1e-15));
  CHECK(r[2] == Approx(-std::sin(20 * degree) * std::cos(30 * degree)).epsilon(1e-15));
  std::mt19937 generator(3);
  std::uniform_real_distribution<double> angle(-360, 360);
  double most = 0;
  for (int i = 0; i < 2000; ++i) {
    double angles[3] = {angle(generator), angle(generator), angle(generator)}, back[3];
    if (i % 4 == 0) angles[1] = std::array{0.0, 180.0, 1e-7, 180 - 1e-7}[std::size_t(i / 4 % 4)];
    const Matrix3 m = matrix_of(angles);
    CHECK(deviation_from_rotation(m) < 1e-14);
    angles_of(m, back);
    const Matrix3 again = matrix_of(back), by_vector = matrix_of_vector(vector_of(m));
    for (std::size_t j = 0; j < 9; ++j) most = std::max({most, std::abs(again[j] - m[j]), std::abs(by_vector[j] - m[j])});
  }
  CHECK(most < 2e-14);  // a few dozen roundings of numbers up to 1, and of angles up to 360°
  Matrix3 mirror = r;
  for (std::size_t i = 0; i < 3; ++i) mirror[i] = -mirror[i];
  CHECK(std::isinf(deviation_from_rotation(mirror)));
}

TEST_CASE(
    "cryoSPARC: rotation vectors of the transpose, shifts in pixels, radians, signs; NumPy of any version and byte order") {
  const auto version = GENERATE(1, 2, 3);
  const auto big_endian = GENERATE(false, true);
  CAPTURE(version, big_endian);
  const Particles p = particles_of(files::cryosparc(version, big_endian));
  REQUIRE(p.particles.size() == 3);
  REQUIRE(p.groups.size() == 2);  // by the sign
  CHECK((p.groups[0].sign == 1 && p.groups[1].sign == -1));
  CHECK((p.groups[0].pixel == 2 && p.groups[0].box == 64 && p.groups[0].voltage == 300));
  CHECK(p.stacks == std::vector<std::string>{"J1/a.mrc", "J1/b.mrc"});
  CHECK((p.particles[1].image == 1 && p.particles[2].stack == 1 && p.particles[2].image == 0));
  CHECK((p.particles[0].subset == 2 && p.particles[1].subset == 1));
  CHECK((p.particles[0].shift[0] == -2.5 && p.particles[0].shift[1] == 5));  // of alignments3D/psize_A
  CHECK(p.particles[0].defocus_angle == Approx(90).epsilon(1e-6));
  // Rodrigues: half a turn about x is diag(1, -1, -1); a quarter about z takes x to y, and its transpose, R, y to x.
  const Matrix3 half = matrix_of(p.particles[0].angles), quarter = matrix_of(p.particles[1].angles),
                none = matrix_of(p.particles[2].angles);
  const Matrix3 want_half{1, 0, 0, 0, -1, 0, 0, 0, -1}, want_quarter{0, 1, 0, -1, 0, 0, 0, 0, 1},
      want_none{1, 0, 0, 0, 1, 0, 0, 0, 1};
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(std::abs(half[i] - want_half[i]) < 2e-7);  // floats of π
    CHECK(std::abs(quarter[i] - want_quarter[i]) < 2e-7);
    CHECK(none[i] == want_none[i]);
  }
  check_same(p, again(p, ParticleFormat::cryosparc), 1e-6);  // floats
}

TEST_CASE("cryoSPARC: passthrough files are joined by uid, and the first that has a field gives it") {
  const Folder folder;
  const std::string path = folder.write("particles.cs", files::cryosparc());
  const Particles p = read_particles({path, folder.write("passthrough.cs", files::passthrough())});
  CHECK(p.micrographs == std::vector<std::string>{"m100.mrc", "m101.mrc", "m102.mrc"});
  CHECK((p.particles[0].b_factor == 100 && p.particles[1].b_factor == 101 && p.particles[2].b_factor == 102));
  CHECK(p.groups[0].pixel == 2);
  CHECK_THROWS_WITH(read_particles({path, folder.write("missing.cs", files::passthrough({100, 102}))}),
                    EndsWith("missing.cs: has no row of uid 101, which " + path + " has in row 2"));
  CHECK_THROWS_WITH(read_particles({path, folder.write("twice.cs", files::passthrough({100, 101, 102, 101}))}),
                    EndsWith("twice.cs: row 4: uid 101 is there twice"));
}

TEST_CASE("cryoSPARC: each way in which a file is wrong is one line") {
  const std::string good = files::cryosparc();
  const auto spoilt = [&](const std::string& from, const std::string& to) { return refusal(replaced(good, from, to)); };
  CHECK(refusal(good) == "");
  CHECK_THAT(refusal(good.substr(0, good.size() - 1)),
             ContainsSubstring("is truncated: ") && ContainsSubstring(" bytes of values are told of"));
  CHECK(refusal(good.substr(0, 100)) == "is truncated: it ends within its NumPy header");
  CHECK(spoilt("'uid'", "'vid'") == "has no field 'uid' of whole numbers, so that it is no file of cryoSPARC's");
  CHECK(spoilt("alignments3D/pose', '<f4', (3,)", "alignments3D/pose', '|S6', (2,)") ==
        "alignments3D/pose is 2 of S6, expected 3 numbers");
  CHECK(spoilt("'<u4', (2,))", "'<f4', (2,))").find("row 1: blob/shape is") == 0);
  CHECK(spoilt("(3,), }", "(0,), }") == "has no rows, and no particles");
  CHECK_THAT(spoilt("'blob/path', '|S12'", "'blob/path', '|O12'"),
             ContainsSubstring("holds Python objects ('blob/path'), which are not read"));
  CHECK_THAT(spoilt("'descr'", "'dascr'"), ContainsSubstring("lacks 'descr' or 'shape'"));
  CHECK_THAT(spoilt("(3,), }", "(3, 1<"), ContainsSubstring("its NumPy header has "));
  std::string nan = good;
  const float not_a_number = NAN;
  std::memcpy(nan.data() + nan.size() - 16, &not_a_number, 4);  // the last pose
  CHECK(refusal(nan) == "row 3: alignments3D/pose is nan, expected a finite number");
  const Particles p = particles_of(replaced(good, "ctf/df2_A", "ctf/df_2A"));
  CHECK_THROWS_WITH(p.require(Told::defocus, "--ctf needs"),
                    EndsWith("has no defocus (ctf/df2_A is missing), which --ctf needs"));
  CHECK(refusal(files::npy("'<f8'", "(2,)", std::string(16, '\0'))) ==
        "is of NumPy, but has neither rows of cryoSPARC's (uid, …) nor an array of rotations (N × 3 × 3)");
}

TEST_CASE("cryoSPARC: beam tilt, and remarks on what is not taken") {
  const auto file = [](const std::string& name, int count, const std::vector<double>& values,
                       const std::string& other = "('alignments3D/pose', '<f4', (3,))") {
    std::string row = files::bytes_of(std::uint64_t(1)) + std::string(12, '\0') + files::bytes_of(2.7);
    for (const double value : values) row += files::bytes_of(value);
    return files::npy(
        "[('uid', '<u8'), " + other + ", ('ctf/cs_mm', '<f8'), ('" + name + "', '<f8', (" + std::to_string(count) + ",))]",
        "(1,)", row);
  };
  const double milli = 2.7e7 * std::sin(1e-3);  // C_s sin(1 mrad) in Å
  const Particles p = particles_of(file("ctf/tilt_A", 2, {milli, -2 * milli}));
  CHECK(p.tells(Told::beam_tilt));
  CHECK(p.groups.at(0).beam_tilt[0] == Approx(1).epsilon(1e-12));
  CHECK(p.groups.at(0).beam_tilt[1] == Approx(-2).epsilon(1e-5));
  CHECK(again(p, ParticleFormat::cryosparc).groups.at(0).beam_tilt[0] == Approx(1).epsilon(1e-6));
  CHECK_THAT(refusal(file("ctf/tilt_A", 2, {1e7, 0})), ContainsSubstring("row 1: ctf/tilt_A is 1e+07"));
  CHECK(particles_of(file("ctf/trefoil_A", 2, {0, 0})).remarks.empty());
  CHECK(particles_of(file("ctf/trefoil_A", 2, {0, 1})).remarks == std::vector<std::string>{"ctf/trefoil_A is not taken"});
  CHECK_THAT(particles_of(file("location/center_x_frac", 2, {0, 0})).remarks.at(0),
             ContainsSubstring("location/center_x_frac"));
  CHECK_THAT(particles_of(file("alignments3D_multi/pose", 3, {0, 0, 0}, "('alignments3D/shift', '<f4', (2,)), ('x', '<f4')"))
                 .remarks.at(0),
             ContainsSubstring("poses of several classes"));
  CHECK(refusal(file("alignments3D/shift", 2, {1, 0})) ==
        "row 1: alignments3D/shift is 1 pixels, expected a pixel size; give one by --pixel");
}

TEST_CASE("NumPy: numbers of every width, texts of letters, and what is refused") {
  const auto number = [](const std::string& type, const std::string& bytes) {
    const NumpyArray array("f", files::npy("[('a', '" + type + "')]", "(1,)", bytes));
    return array.number(0, *array.find("a"));
  };
  using files::bytes_of;
  for (const bool big : {false, true}) {
    const std::string e = big ? ">" : "<";
    CHECK(number(e + "f8", bytes_of(-1.5, big)) == -1.5);
    CHECK(number(e + "f4", bytes_of(-1.5f, big)) == -1.5);
    CHECK(number(e + "i8", bytes_of(std::int64_t(-5), big)) == -5);
    CHECK(number(e + "i4", bytes_of(std::int32_t(-5), big)) == -5);
    CHECK(number(e + "i2", bytes_of(std::int16_t(-5), big)) == -5);
    CHECK(number("|i1", bytes_of(std::int8_t(-5))) == -5);
    CHECK(number(e + "u8", bytes_of(std::uint64_t(1) << 40, big)) == 1099511627776);
    CHECK(number(e + "u4", bytes_of(std::uint32_t(4000000000), big)) == 4e9);
    CHECK(number(e + "u2", bytes_of(std::uint16_t(65535), big)) == 65535);
    CHECK(number("|u1", bytes_of(std::uint8_t(255))) == 255);
    CHECK(number("|b1", bytes_of(std::uint8_t(1))) == 1);
    std::string letters;
    for (const std::uint32_t letter : {0x41u, 0xe9u, 0x20acu, 0x1f600u, 0u}) letters += bytes_of(letter, big);
    const NumpyArray text("f", files::npy("[('a', '" + e + "U5')]", "(1,)", letters));
    CHECK(text.text(0, *text.find("a")) == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  }
  const NumpyArray gap("f", files::npy("[('', '|V3'), ('a', '|u1')]", "(2,)", "xxx1xxx2"));
  CHECK(gap.number(1, *gap.find("a")) == '2');
  const auto refused = [](const std::string& type, const std::string& shape, const std::string& values = "") -> std::string {
    try {
      NumpyArray("f", files::npy(type, shape, values));
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  CHECK(refused("'<f2'", "(1,)", "xx") == "f: has values '' of the type '<f2', which are not read");
  CHECK(refused("'<c8'", "(0,)") == "f: has values '' of the type '<c8', which are not read");
  CHECK(refused("[('a', [('b', '<f4')])]", "(0,)") ==
        "f: has rows of other things than numbers and texts, which are not read");
  CHECK(refused("[(('t', 'a'), '<f4')]", "(0,)") ==
        "f: has rows of other things than numbers and texts, which are not read");
  CHECK(refused("'<f8'", "(4611686018427387904, 2)") == "f: its NumPy header tells of more values than any file has");
  CHECK(refused("[('a', '<f8', (4611686018427387904,))]", "(1,)") ==
        "f: its NumPy header tells of more values than any file has");
  CHECK(refused("[('a', '<f8', (4611686018427387904, 4))]", "(1,)") ==
        "f: its NumPy header tells of more values than any file has");
  CHECK(refused("'<f8'", "(-1,)") == "f: its NumPy header tells of more values than any file has");
  CHECK(refused("[('a', '<f8')]", "(1, 1)", "12345678") == "f: has rows along 2 axes; one is needed");
  CHECK(refused("'|S0'", "(1000000000,)") == "f: has rows of nothing");
  CHECK_THAT(refused("((((((((((1,),),),),),),),),),)", "()"), ContainsSubstring("too deep a nest"));
  CHECK_THAT(refused("'<f8", "()"), ContainsSubstring("its NumPy header has "));
  CHECK_THROWS_WITH(NumpyArray("f", std::string("\x93NUMPY\4\0\1\0\0\0{}", 14)),
                    ContainsSubstring("format version 4; 1 to 3 are read"));
}

TEST_CASE("cisTEM: phi, theta, psi are rot, tilt, psi; shifts are in Å; inactive particles are left out") {
  const Particles p = particles_of(files::cistem);
  REQUIRE(p.particles.size() == 2);
  const Particle& a = p.particles[0];
  CHECK((a.angles[0] == 10 && a.angles[1] == 20 && a.angles[2] == 30));
  CHECK((a.shift[0] == 1.25 && a.shift[1] == -2.5));
  CHECK((a.image == 0 && p.particles[1].image == 2));
  CHECK(p.stacks == std::vector<std::string>{"stack_1.mrc"});
  CHECK(p.micrographs == std::vector<std::string>{"image 1.mrc", "image 2.mrc"});
  CHECK((p.groups.at(0).pixel == 1.25 && p.groups.at(0).beam_tilt[1] == -0.2));
  CHECK((a.subset == 1 && p.particles[1].subset == 2));
  CHECK(p.remarks == std::vector<std::string>{"1 particles of _cisTEMImageActivity below 0 are left out"});
  Particles named = p;
  named.micrographs = {"1.mrc", "2.mrc"};
  check_same(named, again(named, ParticleFormat::cistem));
  check_same(p, again(p, ParticleFormat::relion));
  const Folder folder;
  CHECK_THROWS_WITH(write_particles(folder / "x.star", p, ParticleFormat::cistem),
                    ContainsSubstring("cisTEM reads no names with spaces"));
  CHECK_THAT(refusal(replaced(files::cistem, "  20.00   10.00", "nan 10")),
             ContainsSubstring("line 31: _cisTEMAngleTheta is 'nan'"));
  CHECK_THAT(refusal(all_replaced(files::cistem, "0.00     1  100.00", "0.00    -1  100.00")),
             ContainsSubstring("no particle is active"));
  CHECK_FALSE(particles_of(replaced(files::cistem, "'image 2.mrc'        2", "'image 2.mrc'        0")).tells(Told::subset));
  CHECK(particles_of(replaced(files::cistem, "45.50    0.00", "45.50    1.57")).remarks.size() == 2);
}

TEST_CASE("cryoDRGN: poses as csv and npz, translations as fractions of the box") {
  const ParticleReading options{.pixel = 2, .box = 50, .stack = "s.mrcs"};
  const std::string quarter = "0,1,0,-1,0,0,0,0,1";
  for (const std::string& text : {"R00,R01,R02,R10,R11,R12,R20,R21,R22,t0,t1\n" + quarter + ",0.1,-0.2\n",
                                  "# R row by row\r\n" + quarter + ",0.1,-0.2\r\n",
                                  std::string("t1,R00,R01,R02,R10,R11,R12,R20,R21,R22,t0\n-0.2,") + quarter + ",0.1\n"}) {
    const Particles p = particles_of(text.rfind("t1", 0) == 0 ? "#\n" + text : text, options);
    REQUIRE(p.particles.size() == 1);
    CHECK((p.particles[0].shift[0] == -10 && p.particles[0].shift[1] == 20));
    CHECK(matrix_of(p.particles[0].angles)[1] == Approx(1).epsilon(1e-15));
    CHECK((p.stacks.at(0) == "s.mrcs" && p.particles[0].image == 0));
    check_same(p, again(p, ParticleFormat::cryodrgn, options), 1e-14);
  }
  const Particles still = particles_of(quarter + "\n");
  CHECK_FALSE(still.tells(Told::shift));
  CHECK_FALSE(still.tells(Told::image));
  CHECK(refusal(quarter + ",0.1,0\n") == "line 1: a translation, and no pixel size is told; give one by --pixel");
  CHECK(refusal(quarter + ",0.1,0\n", {.pixel = 2}) ==
        "line 1: a translation as a fraction of the box, and no box is told; give one by --box");
  CHECK(refusal(quarter + "\n" + quarter + ",1\n") == "line 2: 10 fields in a row, expected 9");
  CHECK(refusal(quarter + "\n1,0,0,0,1,0,0,0,x\n") == "line 2: R22 is 'x', expected a finite number");
  CHECK(refusal(quarter + "\n1,0,0,0,1,0,0,0,1.1\n") ==
        "line 2: its 3 × 3 numbers are no rotation: R·Rᵀ differs from 1 by 0.2100000000000002");
  CHECK(refusal("1,0,0,0,1,0,0,0,-1\n") == "line 1: its 3 × 3 numbers are no rotation, but mirror");
  CHECK(refusal("R00,R01\n") == "line 1: no column R02");
  CHECK(refusal("R00,R01,R02,R10,R11,R12,R20,R21,R22\n") == "has no rows, and no particles");

  const auto doubles = [](const std::vector<double>& values) {
    std::string out;
    for (const double value : values) out += files::bytes_of(value);
    return out;
  };
  const std::string rotations =
      files::npy("'<f8'", "(2, 3, 3)", doubles({0, 1, 0, -1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1}));
  const std::string by_columns =
      files::npy("'<f8'", "(2, 3, 3)", doubles({0, 1, -1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1}), 1, true);
  const std::string translations = files::npy("'<f8'", "(2, 2)", doubles({0.1, -0.2, 0, 0}));
  const std::string ctf = files::npy(
      "'<f8'", "(2, 9)", doubles({50, 2, 9000, 8000, 30, 300, 2.7, 0.1, 0, 50, 2, 9000, 8000, 30, 300, 2.7, 0.1, 5}));
  for (const bool packed : {false, true})
    for (const std::string& r : {rotations, by_columns}) {
      const std::string npz = files::zip({{"arr_0.npy", r}, {"arr_1.npy", translations}, {"ctf.npy", ctf}}, packed);
      const Particles p = particles_of(npz);
      REQUIRE(p.particles.size() == 2);
      CHECK((p.particles[0].shift[0] == -10 && p.particles[0].shift[1] == 20));
      CHECK(matrix_of(p.particles[0].angles)[3] == Approx(-1).epsilon(1e-15));
      CHECK(matrix_of(p.particles[1].angles)[0] == 1);
      CHECK((p.groups.at(0).box == 50 && p.groups[0].voltage == 300 && p.particles[1].phase_shift == 5 &&
             p.particles[0].defocus[1] == 8000));
      CHECK_THAT(refusal(npz.substr(0, npz.size() - 30)), ContainsSubstring("is truncated: a zip file without a directory"));
      std::string damaged = npz;
      const std::size_t last = npz.find("PK\3\4", 10) - 3;  // of the first member
      damaged[last] = char(damaged[last] ^ 1);
      CHECK_THAT(refusal(damaged), ContainsSubstring("is a damaged zip file"));
    }
  CHECK(particles_of(rotations).particles.size() == 2);  // .npy
  for (const auto& [at, value, words] : {std::tuple(0, 0.5, "a box of 0.5 pixels"),
                                         {1, -2.0, "a pixel size of -2 Å"},
                                         {5, 0.0, "a voltage of 0 kV"},
                                         {3, NAN, "a number that is not finite"}}) {
    std::vector<double> parameters{50, 2, 9000, 8000, 30, 300, 2.7, 0.1, 0, 50, 2, 9000, 8000, 30, 300, 2.7, 0.1, 5};
    parameters[std::size_t(9 + at)] = value;
    CHECK(refusal(files::zip({{"a", rotations}, {"b", files::npy("'<f8'", "(2, 9)", doubles(parameters))}}, true)) ==
          std::string("row 2: ") + words);
  }
  std::string other_method = files::zip({{"a", rotations}}, true);
  other_method[other_method.find("PK\1\2") + 10] = 12;
  CHECK(refusal(other_method) == "packs 'a' by method 12; 0 and 8 are read");
  CHECK(refusal(files::zip({{"a", rotations}, {"b", files::npy("'<f8'", "(1, 2)", doubles({0, 0}))}}, false)) ==
        "has 2 rotations, but 1 translations");
}

TEST_CASE("Dynamo: tdrot is psi - 90, narot rot + 90, shifts in pixels") {
  const Particles p = particles_of(files::dynamo);
  REQUIRE(p.particles.size() == 2);
  const Particle& a = p.particles[0];  // eulerangles 1.0.2: (10, 20, 30) are tdrot, tilt, narot of (-60, 20, 100)
  CHECK((a.angles[0] == 10 && a.angles[1] == 20 && a.angles[2] == 30));
  CHECK((a.shift[0] == 3 && a.shift[1] == -4 && a.shift[2] == 0.5));  // pixels of 2 Å
  CHECK((a.coordinates[0] == 100 && a.coordinates[2] == 300));
  CHECK(a.object_class == 2);
  CHECK((a.tag == 1 && p.particles[1].tag == 2 && a.tilts[0] == -60 && a.tilts[1] == 60));
  CHECK(p.micrographs == std::vector<std::string>{"4", "5"});
  CHECK(p.groups.at(0).dimensions == 3);
  check_same(p, again(p, ParticleFormat::dynamo));
  check_same(p, again(p, ParticleFormat::relion));
  CHECK(lost_in(ParticleFormat::relion, p) == std::vector<std::string>{"tilts of subtomograms"});
  // Of tilts about other axes nothing is taken; without any, all is measured.
  const auto retold = [](const std::string& from, const std::string& to) {
    return again(particles_of(replaced(files::dynamo, from, to)), ParticleFormat::dynamo).particles[0];
  };
  const Particle renamed = retold("1 1 1 1.5 -2.0", "7 1 1 1.5 -2.0"),
                 whole = retold("0.5 0 0 1 -60 60", "0.5 0 0 0 -60 60"), narrow = retold("0 1 -60 60", "0 1 -40.5 62");
  CHECK(renamed.tag == 7);
  CHECK((narrow.tilts[0] == -40.5 && narrow.tilts[1] == 62));
  CHECK((whole.tilts[0] == -90 && whole.tilts[1] == 90));
  CHECK(particles_of(replaced(files::dynamo, "0.5 0 0 1 -60 60", "0.5 0 0 2 -60 60")).particles[0].tilts[1] == 0);
  const std::string short_rows =
      all_replaced(files::dynamo, " 0 0 0 0 0 0 0 1 0 2\n", "\n");  // 26 columns, without the pixel size
  CHECK(refusal(short_rows) == "line 1: a shift in pixels, and no pixel size is told; give one by --pixel");
  CHECK(particles_of(short_rows, {.pixel = 4}).particles[0].shift[0] == 6);
  CHECK(refusal(files::dynamo + "1 2 3\n") == "line 3: 3 fields in a row, expected 36");
  CHECK(refusal(replaced(files::dynamo, "-60 20 100", "-60 NaN 100")) ==
        "line 1: column 8 is 'NaN', expected a finite number");
  CHECK(refusal(replaced(files::dynamo, "4 0 2 0 100", "4 0 -60 0 100")) ==
        "line 1: column 22 is '-60', expected a whole number, 0 or more");  // RELION has no such class
  const Folder folder;
  CHECK_THROWS_WITH(write_particles(folder / "x.tbl", particles_of(files::relion_31), ParticleFormat::dynamo),
                    ContainsSubstring("Dynamo has subtomograms, and these are images"));
}

TEST_CASE("particles: what a format cannot say is told") {
  const Particles p = particles_of(files::cryosparc());
  CHECK(lost_in(ParticleFormat::cryosparc, p).empty());
  CHECK(lost_in(ParticleFormat::relion, p) ==
        std::vector<std::string>{"that the contrast of images is inverted (blob/sign is -1: multiply them by -1)"});
  Particles q = particles_of(files::relion_31);
  CHECK(lost_in(ParticleFormat::cistem, q) == std::vector<std::string>{"box size"});
  q.groups[0].premultiplied = true;
  CHECK(lost_in(ParticleFormat::cryosparc, q) ==
        std::vector<std::string>{"coordinates", "that images have been multiplied by their CTF"});
  CHECK(lost_in(ParticleFormat::relion, q).empty());
  CHECK(lost_in(ParticleFormat::cryodrgn, particles_of("0,1,0,-1,0,0,0,0,1\n")).empty());
  CHECK(lost_in(ParticleFormat::dynamo, particles_of(files::dynamo)).empty());
}

TEST_CASE("particles: files of the packages themselves, and back through their formats") {
  const auto name = GENERATE("cryodrgn_relion31.star", "cryodrgn_relion5.star", "relion30_subtomogram_tilts.star",
                             "relion31_6opticsgroups.star", "simplecryoem_relion_proj_batch.star",
                             "aspire_relion/rln_proj_64_centered.star", "aspire_relion/rln_proj_64_shifted.star",
                             "aspire_relion/rln_proj_65_centered.star", "cryosparc_refined_100.cs");
  CAPTURE(name);
  const Particles p = read_particles({shared(name)});
  check_same(p, again(p, ParticleFormat::relion));
  const Particles cs = again(p, ParticleFormat::cryosparc);
  CHECK(cs.particles.size() == p.particles.size());
  for (std::size_t i = 0; i < p.particles.size(); ++i) {
    const Matrix3 r = matrix_of(p.particles[i].angles), s = matrix_of(cs.particles[i].angles);
    for (std::size_t j = 0; j < 9; ++j) REQUIRE(std::abs(r[j] - s[j]) < 1e-6);  // floats of up to π
    for (int d = 0; d < 2; ++d)
      REQUIRE(cs.particles[i].shift[d] == Approx(p.particles[i].shift[d]).epsilon(1e-6).margin(1e-6));
  }
  if (p.tells(Told::defocus)) {
    const Particles c = again(p, ParticleFormat::cistem);
    for (std::size_t i = 0; i < p.particles.size(); ++i) REQUIRE(c.particles[i].defocus[0] == p.particles[i].defocus[0]);
  }
}

TEST_CASE("particles: values of the packages' files") {
  const Particles six = read_particles({shared("relion31_6opticsgroups.star")});
  REQUIRE(six.groups.size() == 6);
  CHECK((six.groups[0].pixel == 1.25 && six.groups[1].pixel == 1.24 && six.groups[0].box == 196));
  CHECK(six.groups[5].magnification[1][0] == -0.00768);
  CHECK(six.groups[5].beam_tilt[0] == -1.28823);
  const Particles old = read_particles({shared("relion30_subtomogram_tilts.star")});
  CHECK(old.groups.size() == 1);
  CHECK(old.groups[0].pixel == 1.96);
  CHECK((old.particles[1].b_factor == -26 && old.particles[1].scale == 0.9986));
  CHECK(old.particles[1].image == 1);
  const Particles five = read_particles({shared("cryodrgn_relion5.star")});
  CHECK((five.particles.size() == 17 && five.groups.at(0).pixel == 0.89));
  CHECK(five.remarks.size() == 2);
  const Particles pixels = read_particles({shared("aspire_relion/rln_proj_64_shifted.star")});
  CHECK((pixels.particles[0].shift[0] == -6 && pixels.particles[0].shift[1] == -10));
}

TEST_CASE("cryoSPARC: a refinement is what cryoDRGN makes of it") {
  const Particles a = read_particles({shared("cryosparc_refined_100.cs")});
  const OpticsGroup& g = a.groups.at(0);
  CHECK(g.sign == -1);
  const Particles b = read_particles({shared("cryosparc_refined_100_poses.csv")}, {.pixel = g.pixel, .box = g.box});
  REQUIRE(a.particles.size() == 100);
  REQUIRE(b.particles.size() == 100);
  double rotation = 0, shift = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const Matrix3 r = matrix_of(a.particles[i].angles), s = matrix_of(b.particles[i].angles);
    for (std::size_t j = 0; j < 9; ++j) rotation = std::max(rotation, std::abs(r[j] - s[j]));
    for (int d = 0; d < 2; ++d) shift = std::max(shift, std::abs(a.particles[i].shift[d] - b.particles[i].shift[d]));
  }
  CHECK(rotation < 1e-6);  // the csv is of floats
  CHECK(shift < 1e-6 * g.pixel * g.box);
}

TEST_CASE("cryoDRGN: csv files of the package") {
  const Particles p = read_particles({shared("cryodrgn_toy_poses_trans.csv")}, {.pixel = 1, .box = 30});
  REQUIRE(p.particles.size() == 1000);
  CHECK(p.particles[0].shift[0] == Approx(-0.113879419 * 30));
  check_same(p, again(p, ParticleFormat::cryodrgn, {.pixel = 1, .box = 30}), 1e-12);
}

TEST_CASE("particles: any cut, and any byte changed, is refused or read, with memory that goes with the length",
          "[nonfinite]") {
  static MemoryFile memory{"file"};
  const std::string path = memory.path("file");
  const std::string texts[] = {files::relion_31,
                               files::relion_30,
                               files::cistem,
                               files::dynamo,
                               files::cryosparc(),
                               files::passthrough(),
                               "0,1,0,-1,0,0,0,0,1,0.1,0.2\n"};
  std::mt19937 generator(4);
  for (const std::string& text : texts) {
    for (std::size_t length = 0; length < text.size(); length += 1 + length / 40) {
      memory.set(text.data(), length);
      read_all_particles(path, length);
    }
    for (int i = 0; i < 300; ++i) {
      std::string spoilt = text;
      spoilt[generator() % spoilt.size()] = char(generator());
      memory.set(spoilt.data(), spoilt.size());
      read_all_particles(path, spoilt.size());
    }
  }
}
