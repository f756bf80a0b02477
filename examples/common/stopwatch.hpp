// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace examples {

/// Wall time of what runs between start and stop, summed. Fence first.
class Stopwatch {
 public:
  void start() { begin_ = Clock::now(); }
  void stop() { seconds += std::chrono::duration<double>(Clock::now() - begin_).count(); }
  double seconds = 0;

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
};

}  // namespace examples
