// SPDX-License-Identifier: MIT
// A file that is nowhere on a disk, under several names.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>

class MemoryFile {
 public:
  explicit MemoryFile(std::initializer_list<const char*> names)
      : file_(memfd_create("file", 0)),
        folder_(std::filesystem::temp_directory_path() / ("bracewell_memory_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    for (const char* name : names)
      std::filesystem::create_symlink("/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file_), folder_ / name);
  }
  ~MemoryFile() {
    std::filesystem::remove_all(folder_);
    close(file_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void set(const void* bytes, std::size_t size) {
    if (ftruncate(file_, 0) != 0 || pwrite(file_, bytes, size, 0) != ssize_t(size))
      throw std::runtime_error("no file in memory can be written");
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }

 private:
  int file_;
  std::filesystem::path folder_;
};
