// SPDX-License-Identifier: MIT
// Calls from several threads of the host at once: the library keeps no state of its own.
#include "support/workload.hpp"

#include <catch2/catch_test_macros.hpp>

#include <thread>
#include <vector>

namespace bw = bracewell;

namespace {

/// Threads, each on an instance and with a workspace of its own, get what one alone gets.
template <class Exec>
void check_concurrent(const Exec& alone, const std::vector<Exec>& instances) {
  constexpr unsigned problems = 24;
  std::vector<std::uint64_t> want;
  for (unsigned i = 0; i < problems; ++i) want.push_back(support::work(alone, i, nullptr));
  std::vector<std::vector<std::uint64_t>> got(instances.size());
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < instances.size(); ++t)
    threads.emplace_back([&, t] {
      bw::Workspace workspace;
      for (unsigned i = 0; i < problems; ++i)
        got[t].push_back(support::work(instances[t], (i + 7 * unsigned(t)) % problems, i % 2 ? &workspace : nullptr));
    });
  for (auto& thread : threads) thread.join();
  for (std::size_t t = 0; t < instances.size(); ++t)
    for (unsigned i = 0; i < problems; ++i) {
      INFO("thread " << t << ", problem " << (i + 7 * t) % problems);
      CHECK(got[t][i] == want[(i + 7 * t) % problems]);
    }
}

}  // namespace

TEST_CASE("calls from several threads at once do not disturb one another", "[threads]") {
#ifdef KOKKOS_ENABLE_SERIAL
  using Kokkos::Experimental::partition_space;
  const auto parts = partition_space(Kokkos::Serial(), 1, 1, 1);  // an array, or a vector in older versions
  check_concurrent(Kokkos::Serial(), std::vector<Kokkos::Serial>(parts.begin(), parts.end()));
#endif
#ifdef KOKKOS_ENABLE_OPENMP
  check_concurrent(Kokkos::OpenMP(1), {Kokkos::OpenMP(2), Kokkos::OpenMP(1), Kokkos::OpenMP(3)});
#endif
}
