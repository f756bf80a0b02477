// SPDX-License-Identifier: MIT
// Files appear whole or not at all.
#pragma once

#include "interrupt.hpp"

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
    std::error_code error;
    std::filesystem::rename(part, path, error);
    if (error) throw std::runtime_error(error.message());
  } catch (const Interrupted&) {
    std::filesystem::remove(part, ignored);
    throw;
  } catch (const std::exception& error) {
    std::filesystem::remove(part, ignored);
    throw std::runtime_error("cannot write " + path + ": " + error.what());
  }
}

/// \throws std::runtime_error where the folder that a file is to be written to does not exist.
inline void require_folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty() && !std::filesystem::is_directory(parent))
    throw std::runtime_error(path + ": the folder " + parent.string() + " does not exist");
}

/// \throws std::runtime_error that names `path` where there cannot be a folder.
inline void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw std::runtime_error("cannot make the folder " + path + ": " + error.message());
}

}  // namespace examples
