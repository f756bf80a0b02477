// SPDX-License-Identifier: MIT
// How far a job is, in a file from which a later run goes on.
#pragma once

#include "file.hpp"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace examples {

/// FNV-1a of numbers and texts: whether a checkpoint is of the same job.
class Fingerprint {
 public:
  template <class Value>
  Fingerprint& add(const Value& value) {
    static_assert(std::is_arithmetic_v<Value>, "what has padding has no bytes of its own");
    return bytes(&value, sizeof value);
  }
  Fingerprint& add(const std::string& text) { return add(text.size()).bytes(text.data(), text.size()); }

  std::uint64_t value() const { return value_; }

 private:
  Fingerprint& bytes(const void* data, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) value_ = (value_ ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3;
    return *this;
  }
  std::uint64_t value_ = 0xcbf29ce484222325;
};

class Checkpoint {
 public:
  /// What is kept: memory of the host, always the same blocks for a job.
  struct Block {
    void* data;
    std::size_t bytes;
  };
  using Blocks = std::vector<Block>;

  /// `job` tells which job it is of; it is due every `minutes`, 0: never.
  Checkpoint(std::string path, std::uint64_t job, double minutes) : path_(std::move(path)), job_(job), minutes_(minutes) {}

  const std::string& path() const { return path_; }

  /// Takes what is there.
  /// \throws std::runtime_error where there is none, or one of another job
  void read(const Blocks& blocks) const {
    std::ifstream file(path_, std::ios::binary);
    if (!file) throw std::runtime_error(path_ + ": is not there; --resume needs the checkpoint of a run that was stopped");
    Head head{};
    file.read(reinterpret_cast<char*>(&head), sizeof head);
    if (!file || std::memcmp(head.magic, magic, sizeof magic) != 0) throw std::runtime_error(path_ + ": is no checkpoint");
    if (head.job != job_)
      throw std::runtime_error(path_ + ": is of other particles or options; without --resume all begins anew");
    std::uintmax_t bytes = sizeof head;
    for (const Block& block : blocks) bytes += block.bytes;
    if (std::filesystem::file_size(path_) != bytes) throw std::runtime_error(path_ + ": is damaged; its length is wrong");
    for (const Block& block : blocks) file.read(static_cast<char*>(block.data), std::streamsize(block.bytes));
    if (!file) throw std::runtime_error(path_ + ": cannot be read to its end");
  }

  void write(const Blocks& blocks) {
    write_whole(path_, [&](const std::string& part) {
      std::ofstream file(part, std::ios::binary);
      Head head{};
      std::memcpy(head.magic, magic, sizeof magic);
      head.job = job_;
      file.write(reinterpret_cast<const char*>(&head), sizeof head);
      for (const Block& block : blocks) file.write(static_cast<const char*>(block.data), std::streamsize(block.bytes));
      file.close();
      if (!file) throw std::runtime_error("not all could be written");
    });
    last_ = Clock::now();
  }

  bool due() const { return minutes_ > 0 && std::chrono::duration<double>(Clock::now() - last_).count() > 60 * minutes_; }

  void remove() const {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr char magic[8] = {'B', 'W', 'S', 'U', 'M', 'S', '0', '2'};
  struct Head {
    char magic[8];
    std::uint64_t job;
  };

  std::string path_;
  std::uint64_t job_;
  double minutes_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace examples
