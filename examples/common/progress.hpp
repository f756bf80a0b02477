// SPDX-License-Identifier: MIT
#pragma once

#include "voice.hpp"

#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <string>

namespace examples {

/// A bar on a terminal, a line for every tenth elsewhere, with the time that is left; on standard error.
class Progress {
 public:
  Progress(std::string what, long total, long done = 0)
      : what_(std::move(what)), total_(total > 0 ? total : 1), first_(done), terminal_(isatty(2)) {
    if (terminal_) show(done);
  }

  void show(long done) {
    if (!speaks) return;
    const int tenths = int(10 * done / total_), percent = int(100 * done / total_);
    if (terminal_) {
      const int width = 40, filled = int(width * done / total_);
      std::fprintf(stderr, "\r%-14s [%s%s] %3d %%%-18s", what_.c_str(), std::string(std::size_t(filled), '=').c_str(),
                   std::string(std::size_t(width - filled), ' ').c_str(), percent, left(done).c_str());
      if (done >= total_) std::fputc('\n', stderr);
    } else if (tenths > shown_) {
      std::fprintf(stderr, "%-14s %3d %%%s\n", what_.c_str(), percent, left(done).c_str());
    }
    shown_ = tenths;
  }

 private:
  /// ", 12 s left", after two seconds.
  std::string left(long done) const {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    if (done <= first_ || done >= total_ || seconds < 2) return "";
    const double rest = seconds * double(total_ - done) / double(done - first_);
    char text[32];
    if (rest < 120) {
      std::snprintf(text, sizeof text, ", %.0f s left", rest);
    } else {
      std::snprintf(text, sizeof text, ", %.0f min left", rest / 60);
    }
    return text;
  }

  std::string what_;
  long total_, first_;
  bool terminal_;
  int shown_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace examples
