// SPDX-License-Identifier: MIT
// Random operations on the host for a given time: results repeat bit for bit, on any number of threads, with scratch that is
// new, used or the call's own, also while another thread does the same; and memory stays flat.
#include "support/workload.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include <unistd.h>

namespace bw = bracewell;

namespace {

using Exec = Kokkos::DefaultHostExecutionSpace;
using Clock = std::chrono::steady_clock;

constexpr int problems = 60;

/// An instance with some number of threads, where the backend has such.
template <class Instance>
Instance instance([[maybe_unused]] int threads) {
  if constexpr (std::is_constructible_v<Instance, int>) {
    return Instance(threads);
  } else {
    return Instance();
  }
}

/// Resident memory of this process in MiB.
double resident() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * double(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// --name number; what is not given stays.
bool parse(int argc, char** argv, const char* name, double& number) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (std::strcmp(argv[i], name) == 0) {
      const char* end = argv[i + 1] + std::strlen(argv[i + 1]);
      const auto [stop, error] = std::from_chars(argv[i + 1], end, number);
      return error == std::errc() && stop == end && number >= 0;
    }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard kokkos;
  double seconds = 1800, rounds = 1e18, seed = 1;
  bool right = argc % 2 == 1;
  for (int i = 1; i < argc; i += 2)
    right = right &&
            (!std::strcmp(argv[i], "--seconds") || !std::strcmp(argv[i], "--rounds") || !std::strcmp(argv[i], "--seed"));
  if (!right || !parse(argc, argv, "--seconds", seconds) || !parse(argc, argv, "--rounds", rounds) ||
      !parse(argc, argv, "--seed", seed))
    return std::fprintf(stderr, "soak: expected --seconds, --rounds or --seed, each with a number from 0\n"), 2;

  std::vector<std::uint64_t> want;
  for (int i = 0; i < problems; ++i) want.push_back(support::work(instance<Exec>(1), unsigned(i), nullptr));

  std::mt19937 random{unsigned(seed)};
  const auto draw = [&](int count) { return int(random() % unsigned(count)); };
  bw::Workspace kept;
  const auto begin = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  double early = resident(), late = 0, shown = 0;
  long wrong = 0, round = 0;
  const auto check = [&](int i, std::uint64_t got, const char* how) {
    if (got == want[std::size_t(i)]) return;
    ++wrong;
    std::printf("soak: round %ld: problem %d differs, %s\n", round, i, how);
  };
  for (; double(round) < rounds && elapsed() < seconds; ++round) {
    const int i = draw(problems), threads = 1 + draw(4);
    bw::Workspace fresh;
    bw::Workspace* const scratch[] = {nullptr, &fresh, &kept};
#ifdef KOKKOS_ENABLE_SERIAL
    if (draw(4) == 0) {  // two at once, each on an instance of its own
      const int j = draw(problems);
      std::uint64_t other = 0;
      std::thread thread([&] { other = support::work(Kokkos::Serial(), unsigned(j), nullptr); });
      const auto own = support::work(Kokkos::Serial(), unsigned(i), &fresh);
      thread.join();
      check(i, own, "beside another");
      check(j, other, "beside another");
      continue;
    }
#endif
    check(i, support::work(instance<Exec>(threads), unsigned(i), scratch[draw(3)]), "alone");
    const double now = resident();
    double& most = elapsed() < seconds / 2 ? early : late;
    most = std::max(most, now);
    if (elapsed() > shown) {
      std::printf("soak: %.0f s, %ld rounds, %.1f MiB\n", elapsed(), round, now);
      std::fflush(stdout);
      shown += seconds / 20;
    }
  }
  std::printf(
      "soak: seed %.0f: %ld rounds in %.0f s, %ld wrong; memory at most %.1f MiB in the first half, %.1f MiB in the "
      "second\n",
      seed, round, elapsed(), wrong, early, late);
  const double slack = 8;  // MiB: pieces that the allocator keeps, of a pool for each thread that there ever was
  return wrong == 0 && late <= early + slack ? 0 : 1;
}
