// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

/// The largest piece of memory that was asked for by operator new since this was 0; kept by allocations.cpp.
extern std::size_t largest_allocation;

inline void must(bool condition, const char* what, const std::string& path) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s\n", path.c_str(), what);
  std::abort();
}
