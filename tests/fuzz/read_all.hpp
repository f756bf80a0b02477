// SPDX-License-Identifier: MIT
// What must hold of any file that is given as an MRC file.
#pragma once

#include "must.hpp"

#include <common/mrc.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// Reads a file of `length` bytes in every way in which programs do. Either it is refused, in one line that begins with its name, or
/// it has all values that its header tells of. What is allocated is no more than deflate could have packed into it.
/// \return whether it was read
inline bool read_all(const std::string& path, std::size_t length) {
  using namespace examples;
  const std::size_t most = 1032 * length + (4 << 20);
  largest_allocation = 0;
  try {
    MrcReader file(path);
    must(largest_allocation <= 4 << 20, "memory was taken for what a header claims", path);
    const MrcHeader& h = file.header();
    const std::size_t section = std::size_t(h.extent[0]) * std::size_t(h.extent[1]);
    must(section * std::size_t(h.extent[2]) <= 2 * most, "more values than a file can hold", path);
    must(!file.description().empty(), "no description", path);
    try {
      must(file.voxel("--voxel") > 0, "no voxel size", path);
    } catch (const std::runtime_error&) {
    }
    if (section * std::size_t(h.extent[2]) > 1 << 24) return true;  // many unpacked zeros
    std::vector<float> values(section * std::size_t(h.extent[2])), again(section);
    file.read(0, h.extent[2], values.data());
    for (const std::int64_t s : {h.extent[2] - 1, h.extent[2] / 2, std::int64_t(0)}) {
      file.read(s, 1, again.data());
      for (std::size_t i = 0; i < section; ++i) {
        const float a = again[i], b = values[std::size_t(s) * section + i];
        must(a == b || (a != a && b != b), "a section differs from that in the whole", path);
      }
    }
    try {
      file.read(h.extent[2], 1, again.data());
      must(false, "a section behind the last was read", path);
    } catch (const std::runtime_error&) {
    }
    if (h.content == MrcContent::volume) {
      std::vector<float> volume(values.size());
      file.read_volume(volume.data());
    }
    must(largest_allocation <= 8 * most, "memory does not go with the file's length", path);
    return true;
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    must(what.rfind(path + ": ", 0) == 0 && what.find('\n') == std::string::npos, what.c_str(), path);
    must(largest_allocation <= 8 * most, "memory does not go with the file's length", path);
    return false;
  }
}
