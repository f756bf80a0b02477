// SPDX-License-Identifier: MIT
// MRC files with whatever is wanted in their headers: for tests of what reads them, which share no code with this.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace files {

using Bytes = std::vector<char>;

inline void write(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  if (!file.write(bytes.data(), std::streamsize(bytes.size()))) throw std::runtime_error("cannot write " + path.string());
}

/// In several members of about the same length.
inline Bytes gzipped(const Bytes& bytes, int members = 1) {
  Bytes all;
  for (int m = 0; m < members; ++m) {
    const std::size_t first = bytes.size() * std::size_t(m) / std::size_t(members),
                      last = bytes.size() * std::size_t(m + 1) / std::size_t(members);
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::runtime_error("deflateInit2");
    Bytes packed(deflateBound(&stream, uLong(last - first)));
    std::vector<unsigned char> part(bytes.begin() + long(first), bytes.begin() + long(last));
    stream.next_in = part.data();
    stream.avail_in = uInt(part.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = uInt(packed.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
    all.insert(all.end(), packed.begin(), packed.begin() + long(stream.total_out));
    deflateEnd(&stream);
  }
  return all;
}

/// An MRC file of integer values, little-endian and correct as it is made.
struct Mrc {
  std::array<int, 3> extent;  // of columns, rows and sections
  int mode = 2;
  bool big_endian = false, half_size = false;  // the latter: two values of 4 bits in a byte of mode 0, as in mode 101
  Bytes extended = {};
  std::vector<int> values = {};
  std::array<std::uint32_t, 256> words = {};
  std::string map = "MAP ";

  Mrc(std::array<int, 3> extent_, int mode_) : extent(extent_), mode(mode_) {
    for (int i = 0; i < 3; ++i) {
      set(1 + i, extent[i]);
      set(8 + i, extent[i]);
      set(11 + i, 2.0f * float(extent[i]));  // 2 Å a voxel
      set(14 + i, 90.0f);
      set(17 + i, 1 + i);
    }
    set(4, mode);
    set(23, 1);
    set(28, 20141);
    // Half floats have the whole numbers up to 2048.
    const bool positive = mode == 6 || mode == 101;
    const int count = mode == 101 ? 16 : mode == 0 ? 256 : mode == 12 ? 4096 : 65536, low = positive ? 0 : -count / 2;
    values.resize(std::size_t(extent[0]) * std::size_t(extent[1]) * std::size_t(extent[2]));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = low + int(i * 7919 % std::size_t(count));
  }

  /// Word w, from 1.
  template <class T>
  Mrc& set(int w, T value) {
    static_assert(sizeof value == 4);
    std::memcpy(&words[std::size_t(w - 1)], &value, 4);
    return *this;
  }
  int integer(int w) const { return int(words[std::size_t(w - 1)]); }

  /// IMOD's stamp and flags: without flag 1 bytes are unsigned.
  Mrc& stamped_by_imod(int flags) {
    set(39, 1146047817);
    set(40, flags);
    if (mode == 0 && !(flags & 1))
      for (int& v : values) v += 128;
    return *this;
  }

  Mrc& with_extended(int bytes) {
    extended.assign(std::size_t(bytes), char(0xa5));
    return set(24, bytes);
  }

  Bytes bytes() const {
    Bytes file(1024);
    for (int i = 0; i < 256; ++i) put(file.data() + 4 * i, words[std::size_t(i)], 4);
    std::memcpy(file.data() + 208, map.data(), map.size());
    const char stamp = big_endian ? 0x11 : 0x44;
    file[212] = file[213] = stamp;
    file.insert(file.end(), extended.begin(), extended.end());
    const auto columns = std::size_t(extent[0]);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int v = values[i];
      char four[4];
      if (mode == 101 || half_size) {
        if (i % columns % 2 == 0) {
          file.push_back(char(v & 15));
        } else {
          file.back() = char(file.back() | v << 4);
        }
        continue;
      }
      const float real = float(v);
      std::uint32_t bits = std::uint32_t(v);
      if (mode == 2) std::memcpy(&bits, &real, 4);
      if (mode == 12) bits = half(v);
      const int width = mode == 0 ? 1 : mode == 2 ? 4 : 2;
      put(four, bits, width);
      file.insert(file.end(), four, four + width);
    }
    return file;
  }

 private:
  void put(char* to, std::uint32_t value, int width) const {
    for (int b = 0; b < width; ++b) to[b] = char(value >> 8 * (big_endian ? width - 1 - b : b));
  }
  /// A whole number of magnitude 2048 or less as a half float.
  static std::uint32_t half(int v) {
    if (v == 0) return 0;
    const int size = std::abs(v);
    int exponent = 0;
    while (size >> exponent > 1) ++exponent;
    return (v < 0 ? 0x8000u : 0u) | std::uint32_t(exponent + 15) << 10 | ((std::uint32_t(size) << 10 >> exponent) & 0x3ff);
  }
};

/// A volume of 16³ voxels of 2 Å with a ball in it.
inline Mrc ball() {
  Mrc file({16, 16, 16}, 2);
  for (int i = 0; i < 4096; ++i) {
    const int x = i % 16 - 8, y = i / 16 % 16 - 8, z = i / 256 - 8;
    file.values[std::size_t(i)] = x * x + y * y + z * z < 16 ? 1 : 0;
  }
  return file;
}

}  // namespace files
