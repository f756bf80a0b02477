// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>
#include <cstdio>
#include <string>

namespace examples {

/// A bar on a terminal, a line for every tenth elsewhere; on standard error.
class Progress {
 public:
  Progress(std::string what, long total) : what_(std::move(what)), total_(total > 0 ? total : 1), terminal_(isatty(2)) {
    show(0);
  }

  void show(long done) {
    const int tenths = int(10 * done / total_), percent = int(100 * done / total_);
    if (terminal_) {
      const int width = 40, filled = int(width * done / total_);
      std::fprintf(stderr, "\r%-14s [%s%s] %3d %%", what_.c_str(), std::string(filled, '=').c_str(),
                   std::string(width - filled, ' ').c_str(), percent);
      if (done >= total_) std::fputc('\n', stderr);
    } else if (tenths > shown_) {
      std::fprintf(stderr, "%-14s %3d %%\n", what_.c_str(), percent);
    }
    shown_ = tenths;
  }

 private:
  std::string what_;
  long total_;
  bool terminal_;
  int shown_ = -1;
};

}  // namespace examples
