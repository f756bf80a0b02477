// SPDX-License-Identifier: MIT
// What images have added up to so far, in a file from which a later run goes on.
#pragma once

#include "file.hpp"
#include "space.hpp"

#include <Kokkos_Core.hpp>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

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
  /// `job` tells which job it is of; it is written every `minutes`, 0: when write is called only.
  Checkpoint(std::string path, std::uint64_t job, double minutes) : path_(std::move(path)), job_(job), minutes_(minutes) {}

  std::size_t done = 0;  // batches

  const std::string& path() const { return path_; }

  /// Takes what is there. Sums are those of Reconstructor::sums, of every half.
  /// \throws std::runtime_error where there is none, or one of another job
  template <class Reconstructor>
  void read(const Reconstructor& reconstructor, int halves) {
    std::ifstream file(path_, std::ios::binary);
    if (!file) throw std::runtime_error(path_ + ": is not there; --resume needs the checkpoint of a run that was stopped");
    Head head{};
    file.read(reinterpret_cast<char*>(&head), sizeof head);
    if (!file || std::memcmp(head.magic, magic, sizeof magic) != 0) throw std::runtime_error(path_ + ": is no checkpoint");
    if (head.job != job_)
      throw std::runtime_error(path_ + ": is of other particles or options; without --resume all begins anew");
    std::uintmax_t bytes = sizeof head;
    each(reconstructor, halves, [&](const auto& sums) { bytes += sums.size() * sizeof(float); });
    if (std::filesystem::file_size(path_) != bytes) throw std::runtime_error(path_ + ": is damaged; its length is wrong");
    each(reconstructor, halves, [&](const auto& sums) {
      const auto host = Kokkos::create_mirror_view(sums);
      file.read(reinterpret_cast<char*>(host.data()), std::streamsize(host.size() * sizeof(float)));
      Kokkos::deep_copy(sums, host);
    });
    if (!file) throw std::runtime_error(path_ + ": cannot be read to its end");
    done = head.done;
  }

  template <class Reconstructor>
  void write(const Reconstructor& reconstructor, int halves) {
    write_whole(path_, [&](const std::string& part) {
      std::ofstream file(part, std::ios::binary);
      Head head{};
      std::memcpy(head.magic, magic, sizeof magic);
      head.job = job_;
      head.done = done;
      file.write(reinterpret_cast<const char*>(&head), sizeof head);
      each(reconstructor, halves, [&](const auto& sums) {
        const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sums);
        file.write(reinterpret_cast<const char*>(host.data()), std::streamsize(host.size() * sizeof(float)));
      });
      file.close();
      if (!file) throw std::runtime_error("not all could be written");
    });
    last_ = Clock::now();
  }

  template <class Reconstructor>
  void write_at_times(const Reconstructor& reconstructor, int halves) {
    if (minutes_ > 0 && std::chrono::duration<double>(Clock::now() - last_).count() > 60 * minutes_)
      write(reconstructor, halves);
  }

  void remove() const {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr char magic[8] = {'B', 'W', 'S', 'U', 'M', 'S', '0', '1'};
  struct Head {
    char magic[8];
    std::uint64_t job, done;
  };

  template <class Reconstructor, class Visit>
  static void each(const Reconstructor& reconstructor, int halves, const Visit& visit) {
    for (int half = 0; half < halves; ++half)
      for (const auto& sums : reconstructor.sums(half)) visit(sums);
  }

  std::string path_;
  std::uint64_t job_;
  double minutes_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace examples
