// SPDX-License-Identifier: MIT
#include "memory.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <stdexcept>

namespace examples {

namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

/// The number behind `key` in a file of lines of keys and numbers; the first number of all where the key is empty. NaN: none.
double number_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  double value = std::numeric_limits<double>::quiet_NaN();
  if (key.empty()) return file >> value ? value : std::numeric_limits<double>::quiet_NaN();
  while (file >> word)
    if (word == key) return file >> value ? value : std::numeric_limits<double>::quiet_NaN();
  return value;
}

/// What is left of a limit; no limit where one of both is not known.
double left(double limit, double taken) {
  const double rest = limit - taken;
  return std::isnan(rest) ? unlimited : std::max(rest, 0.0);
}

double left(decltype(RLIMIT_AS) resource, double taken) {
  rlimit limit;
  return getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ? unlimited
                                                                             : left(double(limit.rlim_cur), taken);
}

std::string in_bytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 1e9 ? "%.0f MB" : "%.1f GB", bytes / (bytes < 1e9 ? 1e6 : 1e9));
  return text;
}

}  // namespace

double memory_to_be_had() {
  const double free = 1024 * (number_in("/proc/meminfo", "MemAvailable:") + number_in("/proc/meminfo", "SwapFree:"));
  // What a control group has cached counts as taken there, and can be freed.
  const double group =
      left(number_in("/sys/fs/cgroup/memory.max", "") + number_in("/sys/fs/cgroup/memory.stat", "inactive_file"),
           number_in("/sys/fs/cgroup/memory.current", ""));
  return std::min({left(free, 0), group, left(RLIMIT_AS, 1024 * number_in("/proc/self/status", "VmSize:")),
                   left(RLIMIT_DATA, 1024 * number_in("/proc/self/status", "VmData:"))});
}

void require_memory(double bytes, const std::string& what, const std::string& remedy, double most) {
  const double free = memory_to_be_had(), allowed = most * 1e9;
  std::string has;
  if (bytes > free) has = in_bytes(free) + " can be had";
  if (most > 0 && bytes > allowed) has = "--memory allows " + in_bytes(allowed);
  if (!has.empty())
    throw std::runtime_error(what + ": needs " + in_bytes(bytes) + " of memory, and " + has +
                             (remedy.empty() ? "" : " (" + remedy + ")"));
}

}  // namespace examples
