// SPDX-License-Identifier: MIT
// Less memory, for a while.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

// Sanitizers need more address space than any limit leaves.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BRACEWELL_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BRACEWELL_SANITIZED
#endif
#endif

namespace support {

/// No more address space than `bytes` from now on, while this is there.
class Limit {
 public:
#ifdef BRACEWELL_SANITIZED
  static constexpr bool works = false;
#else
  static constexpr bool works = true;
#endif

  explicit Limit(double bytes) {
    getrlimit(RLIMIT_AS, &before_);
    long pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit = before_;
    limit.rlim_cur = rlim_t(double(pages) * double(sysconf(_SC_PAGESIZE)) + bytes);
    setrlimit(RLIMIT_AS, &limit);
  }
  ~Limit() { setrlimit(RLIMIT_AS, &before_); }
  Limit(const Limit&) = delete;

 private:
  rlimit before_;
};

}  // namespace support
