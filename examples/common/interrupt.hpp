// SPDX-License-Identifier: MIT
// Ctrl-C as an exception, at a place where nothing is half done.
#pragma once

#include <csignal>
#include <stdexcept>

namespace examples {

/// What Interrupt::check throws; run_program ends with exit code 130.
struct Interrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Takes SIGINT and SIGTERM while it lives.
class Interrupt {
 public:
  Interrupt() {
    asked() = 0;
    for (int i = 0; i < 2; ++i) before_[i] = std::signal(signals[i], [](int) { asked() = 1; });
  }
  ~Interrupt() {
    for (int i = 0; i < 2; ++i) std::signal(signals[i], before_[i]);
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool wanted() { return asked() != 0; }
  static void check() {
    if (wanted()) throw Interrupted("interrupted");
  }

 private:
  using Handler = void (*)(int);
  static constexpr int signals[] = {SIGINT, SIGTERM};
  static volatile std::sig_atomic_t& asked() {
    static volatile std::sig_atomic_t flag = 0;
    return flag;
  }
  Handler before_[2];
};

}  // namespace examples
