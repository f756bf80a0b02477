// SPDX-License-Identifier: MIT
#include "../fuzz/memory_file.hpp"
#include "../fuzz/read_all.hpp"
#include "mrc_bytes.hpp"

#include <common/map.hpp>
#include <common/mrc.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <cmath>
#include <numeric>
#include <optional>

using namespace examples;
using Catch::Matchers::ContainsSubstring;
using files::Mrc;

namespace {

/// A file that is there as long as this.
class Temporary {
 public:
  Temporary(const std::string& name, const files::Bytes& bytes) : path_(folder() / name) { files::write(path_, bytes); }
  ~Temporary() { std::filesystem::remove_all(folder()); }
  operator std::string() const { return path_.string(); }

  static std::filesystem::path folder() {
    return std::filesystem::temp_directory_path() / ("bracewell_mrc_" + std::to_string(getpid()));
  }

 private:
  std::filesystem::path path_;
};

std::vector<float> floats(const std::vector<int>& values) { return {values.begin(), values.end()}; }

std::vector<float> sections(MrcReader& file, std::int64_t first, std::int64_t count) {
  std::vector<float> values(std::size_t(file.header().extent[0] * file.header().extent[1] * count), -77.0f);
  file.read(first, count, values.data());
  return values;
}

std::vector<float> volume(MrcReader& file) {
  const auto& e = file.header().extent;
  std::vector<float> values(std::size_t(e[0] * e[1] * e[2]), -77.0f);
  file.read_volume(values.data());
  return values;
}

/// What the reader says of a file that it refuses; nothing of one that it reads.
std::string refusal(const std::string& name, const files::Bytes& bytes) {
  const Temporary file(name, bytes);
  try {
    MrcReader reader(file);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("MRC: values of every mode and byte order, behind any extended header, gzipped or not") {
  for (const int mode : {0, 1, 2, 6, 12, 101})
    for (const bool big_endian : {false, true})
      for (const int extended : {0, 2, 122, 1024, 6'000'001})
        for (const int members : {0, 1, 3}) {
          if (extended > 2000 && mode != 1) continue;
          CAPTURE(mode, big_endian, extended, members);
          Mrc made({5, 4, 3}, mode);
          made.big_endian = big_endian;
          made.with_extended(extended);
          const Temporary path(members > 0 ? "map.mrc.gz" : "map.mrc",
                               members > 0 ? files::gzipped(made.bytes(), members) : made.bytes());
          MrcReader file(path);
          const MrcHeader& header = file.header();
          CHECK(header.extent == std::array<std::int64_t, 3>{5, 4, 3});
          CHECK(header.mode == mode);
          CHECK(header.swapped == big_endian);  // this test is one for little-endian machines
          CHECK(header.content == MrcContent::volume);
          CHECK(file.voxel("--voxel") == 2);
          const auto want = floats(made.values);
          CHECK(volume(file) == want);
          CHECK(sections(file, 2, 1) == std::vector<float>(want.begin() + 40, want.end()));
          CHECK(sections(file, 1, 1) == std::vector<float>(want.begin() + 20, want.begin() + 40));  // back again
          CHECK(sections(file, 3, 0).empty());
          CHECK_THROWS_WITH(file.read(2, 2, nullptr),
                            ContainsSubstring("has 3 sections; 2 from number 2 on were asked for"));
        }
}

TEST_CASE("MRC: bytes are unsigned by IMOD's stamp alone, and may hold two values each") {
  for (const bool big_endian : {false, true})
    for (const int flags : {0, 1, 4, 5}) {
      CAPTURE(big_endian, flags);
      Mrc made({5, 4, 3}, 0);
      made.big_endian = big_endian;
      made.stamped_by_imod(flags);
      const Temporary path("map.mrc", made.bytes());
      MrcReader file(path);
      CHECK(file.header().unsigned_bytes == (flags % 2 == 0));
      CHECK(volume(file) == floats(made.values));
    }
  Mrc other({5, 4, 3}, 0);
  other.set(39, 1146047816).set(40, 0);  // another stamp
  const Temporary path("map.mrc", other.bytes());
  MrcReader file(path);
  CHECK(volume(file) == floats(other.values));

  Mrc half({6, 4, 3}, 101);  // SerialEM's: columns count bytes
  half.set(4, 0).set(39, 1146047817).set(40, 16).set(1, 3).set(8, 3).set(11, 6.0f);
  const Temporary half_path("half.mrc", half.bytes());
  MrcReader half_file(half_path);
  CHECK(half_file.header().extent == std::array<std::int64_t, 3>{6, 4, 3});
  CHECK(half_file.voxel("--voxel") == 2);
  CHECK(volume(half_file) == floats(half.values));
}

TEST_CASE("MRC: half floats are those of IEEE 754, all of them", "[nonfinite]") {
  Mrc made({256, 256, 1}, 1);
  for (int i = 0; i < 65536; ++i) made.values[std::size_t(i)] = i;
  made.mode = 6;
  made.set(4, 12);
  const Temporary path("half.mrc", made.bytes());
  MrcReader file(path);
  const auto values = sections(file, 0, 1);
  int wrong = 0;
  for (int i = 0; i < 65536; ++i) {
    const int exponent = i >> 10 & 31, fraction = i & 1023;
    const double size = exponent == 31  ? fraction == 0 ? INFINITY : NAN
                        : exponent == 0 ? std::ldexp(fraction, -24)
                                        : std::ldexp(1024 + fraction, exponent - 25);
    const float want = float(i < 32768 ? size : -size), got = values[std::size_t(i)];
    wrong += std::isnan(want) ? !std::isnan(got) : got != want || std::signbit(got) != (i >= 32768);
  }
  CHECK(wrong == 0);
}

TEST_CASE("MRC: axes come in the order x, y, z, starts too") {
  std::array<int, 3> axes{1, 2, 3};
  do {
    CAPTURE(axes);
    Mrc made({5, 4, 3}, 1);
    std::array<int, 3> extent{};  // along x, y, z
    for (int i = 0; i < 3; ++i) {
      made.set(17 + i, axes[std::size_t(i)]).set(5 + i, 10 * (i + 1));
      extent[std::size_t(axes[std::size_t(i)] - 1)] = made.extent[std::size_t(i)];
    }
    for (int d = 0; d < 3; ++d) made.set(8 + d, extent[std::size_t(d)]).set(11 + d, 1.5f * float(extent[std::size_t(d)]));
    for (int s = 0; s < 3; ++s)
      for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 5; ++c) {
          std::array<int, 3> at{};
          at[std::size_t(axes[0] - 1)] = c;
          at[std::size_t(axes[1] - 1)] = r;
          at[std::size_t(axes[2] - 1)] = s;
          made.values[std::size_t((s * 4 + r) * 5 + c)] = at[0] + 10 * at[1] + 100 * at[2];
        }
    const Temporary path("map.ccp4", made.bytes());
    const Map map = read_map(path);
    CHECK(map.voxel == 1.5);
    REQUIRE(std::array{int(map.density.extent(2)), int(map.density.extent(1)), int(map.density.extent(0))} == extent);
    int wrong = 0;
    for (int z = 0; z < extent[2]; ++z)
      for (int y = 0; y < extent[1]; ++y)
        for (int x = 0; x < extent[0]; ++x) wrong += map.density(z, y, x) != float(x + 10 * y + 100 * z);
    CHECK(wrong == 0);
    for (std::size_t i = 0; i < 3; ++i) CHECK(map.start[std::size_t(axes[i] - 1)] == 10 * int(i + 1));
  } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST_CASE("MRC: what older and other programs leave out") {
  Mrc made({5, 4, 3}, 2);
  for (int w = 14; w <= 19; ++w) made.set(w, 0);  // angles and axes
  for (const bool big_endian : {false, true}) {
    made.big_endian = big_endian;
    made.mode = 0;  // without axes, and with a mode that is the same in either order
    made.set(4, 0);
    const Temporary path("map.mrc", made.bytes());
    MrcReader file(path);
    CHECK(file.header().extent == std::array<std::int64_t, 3>{5, 4, 3});
    CHECK(file.header().axis == std::array{0, 1, 2});
    CHECK(file.voxel("--voxel") == 2);
  }
  made.map = std::string(4, '\0');  // without the word MAP, axes and the length must be right
  CHECK_THAT(refusal("map.mrc", Mrc(made).set(17, 3).set(18, 2).set(19, 3).bytes()),
             ContainsSubstring("lacks the word MAP"));
  files::Bytes bytes = made.bytes();
  CHECK(refusal("map.mrc", bytes) == "");
  bytes.push_back(0);
  CHECK_THAT(refusal("map.mrc", bytes), ContainsSubstring("lacks the word MAP, and it has more bytes"));
  // With it, what is behind the values does not matter.
  bytes = Mrc({5, 4, 3}, 2).bytes();
  bytes.resize(bytes.size() + 5000);
  CHECK(refusal("map.mrc", bytes) == "");
}

TEST_CASE("MRC: volumes are told from stacks") {
  const auto volume = MrcContent::volume, images = MrcContent::images, volumes = MrcContent::volumes;
  struct Case {
    const char *name, *what;
    std::array<int, 3> extent, sampling;
    int space_group;
    MrcContent content;
  };
  const Case cases[] = {
      {"map.mrc", "of the standard", {8, 8, 8}, {8, 8, 8}, 1, volume},
      {"map.map", "a crystal", {8, 6, 5}, {40, 12, 72}, 4, volume},
      {"map.mrc", "of the standard, whatever MZ says", {8, 8, 20}, {8, 8, 1}, 1, volume},
      {"map.mrc", "RELION's volume", {8, 8, 8}, {8, 8, 8}, 0, volume},
      {"map.mrc", "RELION's volume, not cubic", {8, 8, 20}, {8, 8, 20}, 0, volume},
      {"map.mrc", "a part of a volume", {8, 8, 5}, {16, 16, 16}, 0, volume},
      {"map.mrc", "nothing told, a cube", {8, 8, 8}, {1, 1, 1}, 0, volume},
      {"map.mrc", "nothing told, a cube", {8, 8, 8}, {0, 0, 0}, 0, volume},
      {"map.mrc", "nothing told, no cube", {8, 8, 20}, {1, 1, 1}, 0, images},
      {"map.mrc", "of the standard", {8, 8, 20}, {8, 8, 1}, 0, images},
      {"map.mrc", "of the standard, as many as rows", {8, 8, 8}, {8, 8, 1}, 0, images},
      {"map.mrc", "a single image", {8, 8, 1}, {8, 8, 1}, 0, images},
      {"map.mrcs", "cryoDRGN's", {8, 8, 5}, {8, 8, 5}, 0, images},
      {"map.MRCS", "by its name", {8, 8, 8}, {8, 8, 8}, 1, images},
      {"map.st", "IMOD's", {8, 8, 8}, {8, 8, 8}, 0, images},
      {"map.mrcs.gz", "packed", {8, 8, 8}, {8, 8, 8}, 0, images},
      {"map.mrc", "volumes", {8, 8, 6}, {8, 8, 3}, 401, volumes},
      {"map.mrcs", "volumes, for all its name", {8, 8, 6}, {8, 8, 3}, 401, volumes},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name, c.what, c.sampling);
    Mrc made(c.extent, 1);
    for (int d = 0; d < 3; ++d) made.set(8 + d, c.sampling[std::size_t(d)]);
    made.set(23, c.space_group);
    const Temporary path(c.name, made.bytes());
    const MrcReader file(path);
    CHECK(file.header().content == c.content);
    CHECK(file.header().depth == (c.content == volume ? c.extent[2] : c.content == images ? 1 : c.sampling[2]));
    for (const auto content : {volume, images, volumes})
      if (content == c.content) {
        CHECK_NOTHROW(file.require(content));
      } else {
        CHECK_THROWS_WITH(file.require(content),
                          ContainsSubstring(file.path() + ": is a ") && ContainsSubstring("is needed"));
      }
  }
  // Where metadata know better, as of cryoSPARC's stacks:
  const Temporary particles("particles.mrc", Mrc({8, 6, 5}, 1).set(23, 0).set(13, 30.0f).bytes());
  CHECK(MrcReader(particles).header().content == volume);
  MrcReader known(particles, images);
  CHECK(known.description() == "a stack of 5 images of 8 × 6");
  CHECK(known.header().depth == 1);
  CHECK(known.voxel("--angpix") == 2);  // of x and y
  CHECK_THROWS_WITH(known.require(volume), ContainsSubstring("is a stack of 5 images"));

  const Temporary stack("stack.mrc", Mrc({32, 32, 50}, 2).set(23, 0).set(10, 1).bytes());
  CHECK_THROWS_WITH(read_map(stack),
                    ContainsSubstring("is a stack of 50 images of 32 × 32") &&
                        ContainsSubstring("(ISPG 0, MZ 1, NZ 50); a volume (ISPG 1, or MZ = NZ) is needed"));
  const Temporary pair("pair.mrc", Mrc({16, 8, 32}, 2).set(23, 401).set(10, 16).bytes());
  CHECK_THROWS_WITH(read_map(pair), ContainsSubstring("is a stack of 2 volumes of 16 × 8 × 16"));
}

TEST_CASE("MRC: voxel sizes", "[nonfinite]") {
  const auto voxel = [](const std::function<void(Mrc&)>& change, const char* name = "map.mrc") -> std::string {
    Mrc made({8, 8, 8}, 0);
    change(made);
    const Temporary path(name, made.bytes());
    try {
      return std::to_string(MrcReader(path).voxel("--angpix"));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  const auto cell = [](float x, float y, float z) { return [=](Mrc& m) { m.set(11, x).set(12, y).set(13, z); }; };
  CHECK(voxel([](Mrc&) {}) == "2.000000");
  CHECK(voxel(cell(16, 16, 0)) == "2.000000");  // RELION's stacks
  CHECK(voxel([&](Mrc& m) {
          cell(64, 32, 16)(m);
          m.set(8, 32).set(9, 16);
        }) == "2.000000");
  CHECK(voxel([&](Mrc& m) { m.set(8, 0).set(9, -1).set(10, 0); }) == "2.000000");
  CHECK(voxel([](Mrc& m) { m.set(14, 0.0f).set(15, 0.0f).set(16, 0.0f); }) == "2.000000");
  CHECK_THAT(voxel(cell(0, 0, 0)), ContainsSubstring("tells no voxel size; give one by --angpix"));
  for (const float absurd : {1e-38f, -16.0f, 1e30f, INFINITY, NAN})
    CHECK_THAT(voxel(cell(absurd, absurd, absurd)), ContainsSubstring("which cannot be; give one by --angpix"));
  CHECK_THAT(voxel(cell(16, 17, 16)), ContainsSubstring("has voxels of 2 × 2.125 × 2 Å"));
  CHECK(voxel(cell(16, 16, 17), "stack.mrcs") == "2.000000");  // a stack has no z
  CHECK_THAT(voxel([](Mrc& m) { m.set(15, 94.3f); }), ContainsSubstring("skew cell (an angle of 94.3°)"));
  CHECK(voxel([](Mrc& m) { m.set(15, 94.3f); }, "stack.mrcs") == "2.000000");
  CHECK_THAT(voxel([](Mrc& m) { m.set(16, 120.0f); }, "stack.mrcs"), ContainsSubstring("skew cell"));
}

TEST_CASE("MRC: what is no MRC file, or a part of one, is refused by what is there and what was expected") {
  const files::Bytes good = files::ball().bytes();
  const auto spoilt = [](int word, auto value) { return refusal("map.mrc", files::ball().set(word, value).bytes()); };
  CHECK_THAT(refusal("map.mrc", {}), ContainsSubstring("is no MRC/CCP4 map: 0 bytes are fewer than a header"));
  CHECK_THAT(refusal("map.mrc", files::Bytes(3000, 'x')),
             ContainsSubstring("is no MRC/CCP4 map: its header lacks the word MAP"));
  CHECK_THAT(refusal("map.mrc", files::Bytes(3000, '\0')), ContainsSubstring("is no MRC/CCP4 map"));
  CHECK_THAT(refusal("map.mrc", {good.begin(), good.end() - 1}),
             ContainsSubstring(
                 "is truncated: it can have no more than 17407 bytes, but its header tells of 16 × 16 × 16 values in mode "
                 "2, 17408 bytes with headers"));
  CHECK_THAT(spoilt(4, 3), ContainsSubstring("holds complex numbers (mode 3)"));
  CHECK_THAT(spoilt(4, 16), ContainsSubstring("is of mode 16; modes 0, 1, 2, 6, 12 and 101 can be read"));
  CHECK_THAT(spoilt(2, -16), ContainsSubstring("has an extent of -16"));
  CHECK_THAT(spoilt(17, 3), ContainsSubstring("has axes 3, 2, 3 (MAPC, MAPR, MAPS)"));
  CHECK_THAT(spoilt(24, -4), ContainsSubstring("has an extended header of -4 bytes"));
  CHECK_THAT(spoilt(24, 4), ContainsSubstring("is truncated"));
  CHECK_THAT(refusal("map.mrc", files::ball().set(1, 2000000000).set(2, 2000000000).set(3, 2000000000).bytes()),
             ContainsSubstring("is truncated") && ContainsSubstring("more than any file has"));
  for (const int extent : {1 << 22, 1 << 30, 2147483647})  // whose products are 0 and other small numbers modulo 2⁶⁴
    for (const int mode : {0, 1, 2, 101})
      CHECK_THAT(refusal("map.mrc", files::ball().set(1, extent).set(2, extent).set(3, extent).set(4, mode).bytes()),
                 ContainsSubstring("more than any file has"));
  CHECK_THAT(refusal("map.mrc", Mrc({8, 8, 9}, 1).set(23, 401).set(10, 4).bytes()),
             ContainsSubstring("of 4 sections (MZ), but 9 sections (NZ) are not a multiple"));
  CHECK_THAT(refusal("map.mrc", Mrc({8, 8, 9}, 1).set(23, 401).set(10, 0).bytes()), ContainsSubstring("of 0 sections (MZ)"));
  CHECK_THROWS_WITH(MrcReader("/"), ContainsSubstring("is not a file that can be read"));
  CHECK_THROWS_WITH(MrcReader("missing.mrc"), ContainsSubstring("missing.mrc: is not a file that can be read"));

  const files::Bytes packed = files::gzipped(good, 2);
  CHECK_THAT(refusal("map.mrc.gz", {packed.begin(), packed.end() - 20}),
             ContainsSubstring("is truncated: its gzip ends early"));
  files::Bytes damaged = packed;
  damaged[damaged.size() - 6] = char(damaged[damaged.size() - 6] ^ 1);  // of the check sum
  CHECK_THAT(refusal("map.mrc.gz", damaged), ContainsSubstring("is a damaged gzip"));
  CHECK_THAT(refusal("map.mrc.gz", files::gzipped(files::ball().set(3, 17).bytes())),
             ContainsSubstring("is truncated: it has 17408 bytes"));
  CHECK_THAT(refusal("map.mrc.gz", files::gzipped(files::ball().set(1, 20000).set(2, 2000).bytes())),
             ContainsSubstring("is truncated: it can have no more than"));
}

TEST_CASE("MRC: gzip of any ratio") {
  Mrc made({128, 128, 128}, 0);
  std::fill(made.values.begin(), made.values.end(), 0);
  made.values[1000000] = 100;
  const auto packed = files::gzipped(made.bytes(), 2);
  CHECK(packed.size() * 900 < made.bytes().size());
  const Temporary path("map.map.gz", packed);
  MrcReader file(path);
  CHECK(volume(file) == floats(made.values));
}

TEST_CASE("MRC: windows of a stack that no memory holds") {
  const std::int64_t count = 2000000;  // 2 TB, of which a disk holds a few kB
  Mrc made({512, 512, 1}, 2);
  made.set(3, int(count)).set(10, 1).set(23, 0);
  const Temporary path("stack.mrcs", made.bytes());
  const std::uintmax_t image = 4 * 512 * 512;
  std::error_code error;
  std::filesystem::resize_file(std::string(path), 1024 + image * std::uintmax_t(count), error);
  if (error) SKIP("this folder has no place for sparse files of 2 TB");
  {
    std::fstream file(std::string(path), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(std::streamoff(1024 + image * std::uintmax_t(count - 1)));
    file.write(made.bytes().data() + 1024, std::streamsize(image));
  }
  MrcReader file(path);
  CHECK(file.description() == "a stack of 2000000 images of 512 × 512");
  const auto want = floats(made.values);
  CHECK(sections(file, count - 1, 1) == want);
  CHECK(sections(file, 0, 1) == want);
  CHECK(sections(file, count / 2, 1) == std::vector<float>(want.size()));
}

TEST_CASE("MRC: any byte may be wrong, and any part missing, without harm") {
  std::vector<files::Bytes> all;
  for (const int mode : {0, 2, 101}) {
    Mrc made({3, 2, 4}, mode);
    all.push_back(made.bytes());
    made.big_endian = true;
    all.push_back(made.with_extended(3).set(17, 3).set(18, 1).set(19, 2).bytes());
  }
  long read = 0, refused = 0;
  MemoryFile file{"map.mrc", "map.mrcs"};
  const auto check = [&](const files::Bytes& bytes) {
    file.set(bytes.data(), bytes.size());
    for (const char* name : {"map.mrc", "map.mrcs"}) (read_all(file.path(name), bytes.size()) ? read : refused)++;
  };
  for (const files::Bytes& good : all) {
    for (std::size_t i = 0; i < 232; ++i)
      for (const int change : {0x01, 0x7f, 0x80, 0xff}) {
        files::Bytes bytes = good;
        bytes[i] = char(bytes[i] ^ change);
        check(bytes);
      }
    for (std::size_t length = 0; length <= good.size(); length += 1 + 7 * (length < 1000))
      check({good.begin(), good.begin() + long(length)});
  }
  const files::Bytes packed = files::gzipped(all[0], 2);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    files::Bytes bytes = packed;
    bytes[i] = char(bytes[i] ^ 0x10);
    check(bytes);
    check({packed.begin(), packed.begin() + long(i)});
  }
  CHECK(read > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("MRC: what is written is what is read, by the standard") {
  const Temporary old("out.mrc", {'o', 'l', 'd'});
  std::vector<float> values(5 * 4 * 3);
  std::iota(values.begin(), values.end(), -7.5f);
  for (const auto content : {MrcContent::volume, MrcContent::images}) {
    write_mrc(old, {.extent = {5, 4, 3}, .content = content, .voxel = 1.5, .start = {1, -2, 3}, .origin = {4, 5, 6}},
              [&](const MrcAppend& append) {
                append(values.data(), 1);
                append(values.data() + 20, 2);
              });
    const bool is_volume = content == MrcContent::volume;
    MrcReader file(old);
    const MrcHeader& h = file.header();
    CHECK(h.content == content);
    CHECK(sections(file, 0, 3) == values);
    CHECK(file.voxel("") == 1.5);
    CHECK(h.start == std::array{1, -2, 3});
    CHECK(h.origin == std::array{4.0f, 5.0f, 6.0f});
    CHECK(h.sampling == std::array{5, 4, is_volume ? 3 : 1});
    CHECK(h.cell[2] == (is_volume ? 4.5f : 1.5f));
    CHECK(h.statistics[0] == -7.5f);
    CHECK(h.statistics[1] == 51.5f);
    CHECK(h.statistics[2] == 22.0f);
    CHECK(std::abs(h.statistics[3] - std::sqrt(59.0 * 61 / 12)) < 1e-5);  // of 60 numbers in steps of 1
    CHECK(h.space_group == (is_volume ? 1 : 0));
    files::Bytes bytes(1024);
    std::ifstream(std::string(old), std::ios::binary).read(bytes.data(), 1024);
    CHECK(std::string(bytes.data() + 208, 6) == "MAP \x44\x44");
    CHECK(std::memcmp(bytes.data() + 108, "\xad\x4e\0\0", 4) == 0);  // NVERSION 20141
    CHECK(std::memcmp(bytes.data() + 220, "\1\0\0\0", 4) == 0);      // one label
    CHECK(std::filesystem::file_size(std::string(old)) == 1024 + 4 * 60);
  }
  // One section too few: what was there stays, and nothing else is left.
  CHECK_THROWS_WITH(write_mrc(old, {.extent = {5, 4, 3}}, [&](const MrcAppend& append) { append(values.data(), 2); }),
                    ContainsSubstring("cannot write " + std::string(old)));
  CHECK(std::filesystem::file_size(std::string(old)) == 1024 + 4 * 60);
  CHECK(std::distance(std::filesystem::directory_iterator(Temporary::folder()), {}) == 1);
}

TEST_CASE("MRC: files of other packages") {
  struct Case {
    const char* name;
    std::array<std::int64_t, 3> extent;  // of columns, rows, sections
    MrcContent content;
    double voxel;  // 0: none is told; negative: no cubes
    std::array<int, 3> axis = {0, 1, 2};
    bool stated = true;  // statistics
  };
  const auto volume = MrcContent::volume, images = MrcContent::images;
  const Case cases[] = {
      {"maps/ngl_betaGal_100.mrc", {100, 100, 100}, volume, 3.54},
      {"maps/aspire_clean70SRibosome_65.mrc", {65, 65, 65}, volume, 0},
      {"maps/gemmi_sim_30S_128.mrc.gz", {128, 128, 128}, volume, 2.2},
      {"maps/ngl_JMJD2DA-x336_event2.ccp4.gz", {137, 152, 147}, volume, 0.5, {2, 1, 0}},
      {"maps/mrcfile_EMD-3001_73x43x25.map", {73, 43, 25}, volume, -1, {2, 0, 1}},
      {"maps/cryodrgn_spike_32.mrc", {16, 16, 128}, volume, 8, {0, 1, 2}, false},
      {"maps/mrcfile_EMD-3197_20.map", {20, 20, 20}, volume, 11.4},
      {"poses/aspire_relion/rln_proj_64_centered.mrcs", {64, 64, 4}, images, 1, {0, 1, 2}, false},
      {"poses/aspire_relion/rln_proj_64_shifted.mrcs", {64, 64, 4}, images, 1, {0, 1, 2}, false},
      {"poses/aspire_relion/rln_proj_65_centered.mrcs", {65, 65, 4}, images, 1, {0, 1, 2}, false},
      {"poses/aspire_relion/rln_proj_65_shifted.mrcs", {65, 65, 4}, images, 1, {0, 1, 2}, false},
      {"poses/simplecryoem_pointmass.mrc", {64, 64, 64}, volume, 0},
      {"poses/simplecryoem_relion_proj_batch.mrcs", {64, 64, 24}, images, 3.54, {0, 1, 2}, false},
      {"poses/simplecryoem_relion_proj_batch_pfac2.mrcs", {64, 64, 24}, images, 3.54, {0, 1, 2}, false},
      {"poses/simplecryoem_relion_proj_batch_pfac3.mrcs", {64, 64, 24}, images, 3.54, {0, 1, 2}, false},
      {"poses/cryodrgn_relion31.mrcs", {256, 256, 5}, images, 1, {0, 1, 2}, false},
      {"poses/cryodrgn_toy_projections.mrcs", {30, 30, 1000}, images, 1},
      {"poses/cryodrgn_toymodel_small_nocenter.mrc", {30, 30, 30}, volume, 1, {0, 1, 2}, false},
  };
  const std::string folder = std::string(BRACEWELL_SHARED_DATA) + "/";
  if (!std::filesystem::exists(folder + cases[0].name)) SKIP("there is no " << folder);
  for (const Case& c : cases) {
    CAPTURE(c.name);
    MrcReader file(folder + c.name);
    const MrcHeader& h = file.header();
    CHECK(h.extent == c.extent);
    CHECK(h.content == c.content);
    CHECK(h.axis == c.axis);
    if (c.voxel > 0) {
      CHECK(std::abs(file.voxel("") - c.voxel) < 1e-5 * c.voxel);
    } else {
      CHECK_THROWS_WITH(file.voxel(""),
                        ContainsSubstring(c.voxel == 0 ? "tells no voxel size" : "skew cell (an angle of 94.326°)"));
    }
    const auto values = sections(file, 0, h.extent[2]);
    double sum = 0, squares = 0;
    for (const float v : values) sum += v;
    const double mean = sum / double(values.size());
    for (const float v : values) squares += (v - mean) * (v - mean);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double deviation = std::sqrt(squares / double(values.size())), rounding = 2e-5 * (*high - *low);
    CHECK(deviation > 0);
    if (!c.stated) continue;
    CHECK(std::abs(*low - h.statistics[0]) <= rounding);
    CHECK(std::abs(*high - h.statistics[1]) <= rounding);
    CHECK(std::abs(mean - h.statistics[2]) <= rounding);
    CHECK(std::abs(deviation - h.statistics[3]) <= rounding);
  }
}
