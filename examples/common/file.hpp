// SPDX-License-Identifier: MIT
// Files appear whole or not at all.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace examples {

/// write(name) makes a file beside `path`, which then takes its place.
/// \throws std::runtime_error that names `path`; nothing is left behind then.
template <class Write>
void write_whole(const std::string& path, const Write& write) {
  const std::string part = path + ".part";
  std::error_code ignored;
  try {
    write(part);
    std::filesystem::rename(part, path);
  } catch (const std::exception& error) {
    std::filesystem::remove(part, ignored);
    throw std::runtime_error("cannot write " + path + ": " + error.what());
  }
}

}  // namespace examples
