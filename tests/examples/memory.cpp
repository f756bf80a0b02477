// SPDX-License-Identifier: MIT
#include <common/fft.hpp>
#include <common/memory.hpp>
#include <common/space.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <new>

#include "../support/limit.hpp"

using namespace examples;
using Catch::Matchers::ContainsSubstring;
using support::Limit;

TEST_CASE("memory: told before it is taken") {
  CHECK(memory_to_be_had() > 1e6);
  CHECK_NOTHROW(require_memory(1000, "work"));
  CHECK_THROWS_WITH(require_memory(1e18, "map.mrc", "less with a smaller --padding"),
                    ContainsSubstring("map.mrc: needs 1000000000.0 GB of memory, and ") &&
                        ContainsSubstring(" can be had (less with a smaller --padding)"));
  const Limit limit(3e8);
  const double free = memory_to_be_had();
  CHECK(free > 2.9e8);
  CHECK(free < 3.1e8);
  CHECK_NOTHROW(require_memory(2.8e8, "work"));
  CHECK_THROWS_WITH(require_memory(3.2e8, "work"), ContainsSubstring("work: needs 320 MB of memory, and 30"));
}

TEST_CASE("memory: too little for an FFT is an exception") {
  const int n = 256;
  const HostArray<float***> map("map", n, n, n);
  const HostArray<Kokkos::complex<float>***> spectrum("spectrum", n, n, n / 2 + 1);
  const Limit limit(1e8);  // it needs 134 MB twice
  CHECK_THROWS_AS(rfft<3>(Host(), map, spectrum), std::bad_alloc);
  CHECK_THROWS_AS(irfft<3>(Host(), spectrum, map), std::bad_alloc);
}
