// SPDX-License-Identifier: MIT
#include "mrc.hpp"

#include "file.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <vector>

namespace examples {

namespace {

constexpr std::int64_t header_bytes = 1024;
constexpr std::int32_t imod_stamp = 1146047817;  // word 39; word 40 holds flags
constexpr std::int32_t imod_signed_bytes = 1, imod_half_size = 16;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

template <class T>
std::string by(const T& values) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += " × ";
    if constexpr (std::is_floating_point_v<std::decay_t<decltype(value)>>) {
      text += number(value);
    } else {
      text += std::to_string(value);
    }
  }
  return text;
}

/// Words (from 1) of a header in one byte order.
struct Words {
  const char* data;
  bool swapped;

  std::int32_t integer(int w) const {
    std::uint32_t bits;
    std::memcpy(&bits, data + 4 * (w - 1), 4);
    if (swapped) bits = bits >> 24 | (bits >> 8 & 0xff00) | (bits << 8 & 0xff0000) | bits << 24;
    return std::int32_t(bits);
  }
  float real(int w) const { return std::bit_cast<float>(integer(w)); }
  std::array<int, 3> integers(int w) const { return {integer(w), integer(w + 1), integer(w + 2)}; }
  std::array<float, 3> reals(int w) const { return {real(w), real(w + 1), real(w + 2)}; }
};

int bits_of(int mode) {
  switch (mode) {
    case 101:
      return 4;
    case 0:
      return 8;
    case 1:
    case 6:
    case 12:
      return 16;
    case 2:
      return 32;
    default:
      return 0;
  }
}

bool is_complex(int mode) { return mode == 3 || mode == 4; }

enum class Axes { wrong, unset, ordered };

Axes axes_of(const Words& words) {
  auto axes = words.integers(17);
  std::sort(axes.begin(), axes.end());
  if (axes == std::array<int, 3>{1, 2, 3}) return Axes::ordered;
  return axes == std::array<int, 3>{} ? Axes::unset : Axes::wrong;
}

/// How much sense a byte order makes; the greater the better. Of extents that both make sense the true ones are the smaller.
auto sense(const Words& words) {
  double size = 1;
  for (int w = 1; w <= 3; ++w) size *= std::uint32_t(words.integer(w));
  const int mode = words.integer(4);
  return std::tuple(axes_of(words), bits_of(mode) > 0 || is_complex(mode), -size);
}

bool named_as_stack(std::string path) {
  std::transform(path.begin(), path.end(), path.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  std::filesystem::path name(path);
  if (name.extension() == ".gz") name = name.stem();
  const auto extension = name.extension();
  return extension == ".mrcs" || extension == ".st" || extension == ".ali";
}

MrcContent content_of(const MrcHeader& header, const std::string& path) {
  if (header.space_group >= 401 && header.space_group <= 630) return MrcContent::volumes;
  if (named_as_stack(path)) return MrcContent::images;
  if (header.space_group != 0) return MrcContent::volume;
  const auto& [nx, ny, nz] = header.extent;
  const bool told = *std::max_element(header.sampling.begin(), header.sampling.end()) > 1;
  const bool images = nz == 1 || (told ? header.sampling[2] == 1 : nx != nz || ny != nz);
  return images ? MrcContent::images : MrcContent::volume;
}

/// The bytes of a file that its header tells of; negative: more than can be counted.
std::int64_t told_length(const MrcHeader& header) {
  std::int64_t size = header.row_bytes;
  for (int i = 1; i < 3; ++i)
    if (__builtin_mul_overflow(size, header.extent[i], &size)) return -1;
  return __builtin_add_overflow(size, header.data, &size) ? -1 : size;
}

MrcHeader read_header(Bytes& bytes, std::optional<MrcContent> known) {
  char data[header_bytes];
  if (const auto length = bytes.count(header_bytes); length < header_bytes)
    bytes.fail("is no MRC/CCP4 map: " + std::to_string(length) + " bytes are fewer than a header");
  bytes.read(0, data, header_bytes);
  const bool swap = sense({data, true}) > sense({data, false});
  const Words words{data, swap};
  const bool stamped = std::memcmp(data + 208, "MAP", 3) == 0;

  MrcHeader header;
  header.swapped = swap;
  header.mode = words.integer(4);
  header.bits = bits_of(header.mode);
  const auto extent = words.integers(1);
  const Axes axes = axes_of(words);
  const bool sensible = axes != Axes::wrong && header.bits > 0 && *std::min_element(extent.begin(), extent.end()) > 0;
  if (!stamped && !sensible) bytes.fail("is no MRC/CCP4 map: its header lacks the word MAP");
  if (is_complex(header.mode))
    bytes.fail("holds complex numbers (mode " + std::to_string(header.mode) + "); real ones are needed");
  if (header.bits == 0)
    bytes.fail("is of mode " + std::to_string(header.mode) + "; modes 0, 1, 2, 6, 12 and 101 can be read");
  for (int i = 0; i < 3; ++i) {
    if (extent[i] < 1) bytes.fail("has an extent of " + std::to_string(extent[i]) + " in its header");
    header.extent[i] = extent[i];
  }
  if (axes == Axes::wrong) {
    const auto a = words.integers(17);
    bytes.fail("has axes " + std::to_string(a[0]) + ", " + std::to_string(a[1]) + ", " + std::to_string(a[2]) +
               " (MAPC, MAPR, MAPS) in its header; 1, 2 and 3 in some order are needed");
  }
  if (axes == Axes::ordered)
    for (int i = 0; i < 3; ++i) header.axis[i] = words.integer(17 + i) - 1;

  header.start = words.integers(5);
  header.sampling = words.integers(8);
  header.cell = words.reals(11);
  header.angle = words.reals(14);
  header.statistics = {words.real(20), words.real(21), words.real(22), words.real(55)};
  header.space_group = words.integer(23);
  if (stamped) header.origin = words.reals(50);  // elsewhere in older files
  if (words.integer(39) == imod_stamp && header.mode == 0) {
    header.unsigned_bytes = (words.integer(40) & imod_signed_bytes) == 0;
    if (words.integer(40) & imod_half_size) {  // pairs of numbers of 4 bits as one column
      if (!header.unsigned_bytes) bytes.fail("holds numbers of 4 bits in signed bytes, which mean nothing");
      header.bits = 4;
      if (header.sampling[0] == extent[0] && extent[0] <= std::numeric_limits<int>::max() / 2) {
        header.sampling[0] *= 2;
        header.cell[0] *= 2;
      }
      header.extent[0] *= 2;
    }
  }
  const int extended = words.integer(24);
  if (extended < 0) bytes.fail("has an extended header of " + std::to_string(extended) + " bytes in its header");
  header.data += extended;
  header.row_bytes = (header.extent[0] * header.bits + 7) / 8;

  const std::int64_t told = told_length(header);
  const std::string claim = "its header tells of " + by(header.extent) + " values in mode " + std::to_string(header.mode) +
                            (told < 0 ? ", more than any file has" : ", " + std::to_string(told) + " bytes with headers");
  if (told < 0 || told > bytes.at_most())
    bytes.fail("is truncated: it can have no more than " + std::to_string(bytes.at_most()) + " bytes, but " + claim);
  const std::int64_t length = bytes.count(told + 1);
  if (length < told) bytes.fail("is truncated: it has " + std::to_string(length) + " bytes, but " + claim);
  if (!stamped && length > told)
    bytes.fail("is no MRC/CCP4 map: its header lacks the word MAP, and it has more bytes; " + claim);

  header.content = known.value_or(content_of(header, bytes.path()));
  if (header.content == MrcContent::volume) header.depth = header.extent[2];
  if (header.content == MrcContent::volumes) {
    header.depth = header.sampling[2];
    if (header.depth < 1 || header.extent[2] % header.depth != 0)
      bytes.fail("is a stack of volumes (ISPG " + std::to_string(header.space_group) + ") of " +
                 std::to_string(header.depth) + " sections (MZ), but " + std::to_string(header.extent[2]) +
                 " sections (NZ) are not a multiple of that");
  }
  return header;
}

/// The value of a half-precision number (IEEE 754, binary16).
float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
  if (exponent == 0) return std::copysign(float(fraction) * 0x1p-24f, sign ? -1.0f : 1.0f);
  return std::bit_cast<float>(sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13);
}

template <class T, class Convert>
void decode(const char* from, std::int64_t count, float* to, const Convert& convert) {
  for (std::int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + i * std::int64_t(sizeof value), sizeof value);
    to[i] = convert(value);
  }
}

void decode_row(const MrcHeader& header, const char* from, float* to) {
  const std::int64_t count = header.extent[0];
  const auto widen = [](auto value) { return float(value); };
  if (header.bits == 4) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = float(static_cast<unsigned char>(from[i / 2]) >> i % 2 * 4 & 15);
  } else if (header.mode == 0) {
    header.unsigned_bytes ? decode<std::uint8_t>(from, count, to, widen) : decode<std::int8_t>(from, count, to, widen);
  } else if (header.mode == 1) {
    decode<std::int16_t>(from, count, to, widen);
  } else if (header.mode == 6) {
    decode<std::uint16_t>(from, count, to, widen);
  } else if (header.mode == 12) {
    decode<std::uint16_t>(from, count, to, from_half);
  } else {
    decode<float>(from, count, to, widen);
  }
}

}  // namespace

std::int64_t MrcHeader::extent_along(int d) const {
  const auto place = std::find(axis.begin(), axis.end(), d) - axis.begin();
  return place == 2 ? depth : extent[place];
}

MrcReader::MrcReader(const std::string& path, std::optional<MrcContent> known)
    : bytes_(path), header_(read_header(bytes_, known)) {}

std::string MrcReader::description() const {
  const auto& [nx, ny, nz] = header_.extent;
  switch (header_.content) {
    case MrcContent::images:
      return nz == 1 ? "a single image of " + by(std::array{nx, ny})
                     : "a stack of " + std::to_string(nz) + " images of " + by(std::array{nx, ny});
    case MrcContent::volumes:
      return "a stack of " + std::to_string(nz / header_.depth) + " volumes of " + by(std::array{nx, ny, header_.depth});
    default:
      return "a volume of " + by(header_.extent);
  }
}

void MrcReader::require(MrcContent content) const {
  if (header_.content != content)
    fail("is " + description() + " by its name and header (ISPG " + std::to_string(header_.space_group) + ", MZ " +
         std::to_string(header_.sampling[2]) + ", NZ " + std::to_string(header_.extent[2]) + "); a " +
         (content == MrcContent::volume   ? "volume (ISPG 1, or MZ = NZ)"
          : content == MrcContent::images ? "stack of images (ISPG 0, MZ 1, or a name in .mrcs)"
                                          : "stack of volumes (ISPG 401)") +
         " is needed");
  if (content == MrcContent::images && header_.axis != std::array{0, 1, 2})
    fail("is a stack of images whose axes are not x, y, z in its header");
}

double MrcReader::voxel(const std::string& option) const {
  const int axes = header_.content == MrcContent::images ? 2 : 3;
  for (int d = 3 - axes; d < 3; ++d) {  // α and β are none of an image's
    const double angle = header_.angle[axes == 2 ? 2 : d];
    if (angle != 0 && !(std::abs(angle - 90) <= 0.01))
      fail("has a skew cell (an angle of " + number(angle) + "°); a right-angled one is needed");
  }
  std::vector<double> told(axes);
  double first = 0;  // that is told
  for (int d = 0; d < axes; ++d) {
    told[d] = double(header_.cell[d]) / double(header_.sampling[d] > 0 ? header_.sampling[d] : header_.extent_along(d));
    if (told[d] != 0 && !(told[d] >= 0.01 && told[d] <= 10000))
      fail("tells of a voxel size of " + number(told[d]) + " Å, which cannot be; give one by " + option);
    if (first == 0) first = told[d];
  }
  for (const double v : told)
    if (v != 0 && std::abs(v - first) > 1e-3 * first)
      fail("has voxels of " + by(told) + " Å; cubes are needed, or their size by " + option);
  if (first == 0) fail("tells no voxel size; give one by " + option);
  return first;
}

void MrcReader::read(std::int64_t first, std::int64_t count, float* to) {
  const auto& [nx, ny, nz] = header_.extent;
  if (first < 0 || count < 0 || first > nz || count > nz - first)
    fail("has " + std::to_string(nz) + " sections; " + std::to_string(count) + " from number " + std::to_string(first) +
         " on were asked for");
  const std::int64_t bytes = header_.row_bytes, rows = count * ny,
                     some = std::clamp<std::int64_t>((1 << 18) / bytes, 1, std::max<std::int64_t>(rows, 1));
  std::vector<char> buffer(std::size_t(some * bytes));
  const std::int64_t width = header_.bits / 8;
  for (std::int64_t row = 0; row < rows; row += some) {
    const std::int64_t these = std::min(some, rows - row);
    bytes_.read(header_.data + (first * ny + row) * bytes, buffer.data(), these * bytes);
    if (header_.swapped && width > 1)
      for (std::int64_t i = 0; i < these * bytes; i += width) std::reverse(buffer.data() + i, buffer.data() + i + width);
    for (std::int64_t i = 0; i < these; ++i) decode_row(header_, buffer.data() + i * bytes, to + (row + i) * nx);
  }
}

void MrcReader::read_volume(float* to) {
  require(MrcContent::volume);
  const auto& [nx, ny, nz] = header_.extent;
  if (header_.axis == std::array{0, 1, 2}) return read(0, nz, to);
  const std::int64_t along[3] = {1, header_.extent_along(0), header_.extent_along(0) * header_.extent_along(1)};
  std::vector<float> section(std::size_t(nx * ny));
  for (std::int64_t s = 0; s < nz; ++s) {
    read(s, 1, section.data());
    for (std::int64_t r = 0; r < ny; ++r)
      for (std::int64_t c = 0; c < nx; ++c)
        to[c * along[header_.axis[0]] + r * along[header_.axis[1]] + s * along[header_.axis[2]]] =
            section[std::size_t(r * nx + c)];
  }
}

namespace {

/// Least, greatest, mean and standard deviation of values that come in parts (T. F. Chan, G. H. Golub, R. J. LeVeque,
/// Am. Stat. 37, 242 (1983)).
class Statistics {
 public:
  void add(const float* values, std::int64_t count) {
    if (count == 0) return;
    double sum = 0, squares = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      sum += values[i];
      low_ = std::min(low_, values[i]);
      high_ = std::max(high_, values[i]);
    }
    const double mean = sum / double(count);
    for (std::int64_t i = 0; i < count; ++i) squares += (values[i] - mean) * (values[i] - mean);
    const double all = count_ + double(count), apart = mean - mean_;
    squares_ += squares + apart * apart * count_ * double(count) / all;
    mean_ += apart * double(count) / all;
    count_ = all;
  }
  float low() const { return count_ > 0 ? low_ : 0; }
  float high() const { return count_ > 0 ? high_ : 0; }
  float mean() const { return float(mean_); }
  float deviation() const { return count_ > 0 ? float(std::sqrt(squares_ / count_)) : 0; }

 private:
  float low_ = std::numeric_limits<float>::infinity(), high_ = -std::numeric_limits<float>::infinity();
  double count_ = 0, mean_ = 0, squares_ = 0;
};

}  // namespace

void write_mrc(const std::string& path, const MrcLayout& layout, const std::function<void(const MrcAppend&)>& write) {
  char header[header_bytes] = {};
  const auto set = [&](int w, auto value) {
    static_assert(sizeof value == 4);
    std::memcpy(header + 4 * (w - 1), &value, 4);
  };
  const bool volume = layout.content == MrcContent::volume;
  write_whole(path, [&](const std::string& part) {
    std::ofstream file(part, std::ios::binary);
    const auto check = [&] {
      if (!file) throw std::runtime_error("not all could be written");
    };
    for (int i = 0; i < 3; ++i) {
      if (layout.extent[i] < 1 || layout.extent[i] > std::numeric_limits<std::int32_t>::max())
        throw std::runtime_error("an extent of " + std::to_string(layout.extent[i]) + " fits no header");
      const std::int32_t sampling = !volume && i == 2 ? 1 : std::int32_t(layout.extent[i]);
      set(1 + i, std::int32_t(layout.extent[i]));
      set(5 + i, layout.start[i]);
      set(8 + i, sampling);
      set(11 + i, float(layout.voxel * sampling));
      set(14 + i, 90.0f);
      set(17 + i, std::int32_t(1 + i));
      set(50 + i, float(layout.origin[i]));
    }
    set(4, std::int32_t(2));
    set(23, std::int32_t(volume ? 1 : 0));
    set(28, std::int32_t(20141));
    std::memcpy(header + 208, "MAP ", 4);
    std::memcpy(header + 212, std::endian::native == std::endian::little ? "\x44\x44" : "\x11\x11", 2);
    set(56, std::int32_t(1));
    std::memset(header + 224, ' ', 80);
    const char label[] = "Written by Bracewell's examples";
    std::memcpy(header + 224, label, sizeof label - 1);
    file.write(header, header_bytes);
    check();
    Statistics statistics;
    std::int64_t sections = 0;
    const std::int64_t size = layout.extent[0] * layout.extent[1];
    write([&](const float* values, std::int64_t count) {
      file.write(reinterpret_cast<const char*>(values), std::streamsize(4 * size * count));
      check();
      for (std::int64_t i = 0; i < count; ++i) statistics.add(values + i * size, size);
      sections += count;
    });
    if (sections != layout.extent[2])
      throw std::logic_error(std::to_string(sections) + " sections were given for " + std::to_string(layout.extent[2]));
    set(20, statistics.low());
    set(21, statistics.high());
    set(22, statistics.mean());
    set(55, statistics.deviation());
    file.seekp(0);
    file.write(header, header_bytes);
    file.close();
    check();
  });
}

}  // namespace examples
