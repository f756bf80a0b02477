// SPDX-License-Identifier: MIT
#include <bracewell/spectrum.hpp>

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;

TEST_CASE("frequencies of indices, and back", "[spectrum]") {
  for (int n = 1; n <= 9; ++n)
    for (int i = 0; i < n; ++i) {
      const int k = bw::frequency(i, n);
      CHECK(k >= -(n / 2));
      CHECK(k <= (n + 1) / 2 - 1);
      CHECK(bw::frequency_index(k, n) == i);
      for (const int periods : {-3, -1, 1, 2}) CHECK(bw::frequency_index(k + periods * n, n) == i);
    }
}

TEST_CASE("a Spectrum takes its width as any integer", "[spectrum]") {
  const Kokkos::View<Kokkos::complex<float>***, Kokkos::LayoutRight, Kokkos::HostSpace> view("view", 4, 4, 3);
  CHECK(bw::Spectrum{view, 5}.width == 5);
  CHECK(bw::Spectrum{view, std::size_t(4)}.width == 4);
  CHECK(bw::Spectrum{view, 5L}.view.data() == view.data());
  CHECK(bw::Spectrum{view, ~0ull}.width < 0);  // and is refused where it is used
}
