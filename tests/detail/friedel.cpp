// SPDX-License-Identifier: MIT
#include <bracewell/detail/slicing/friedel.hpp>

#include "support/reference.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;

TEST_CASE("windows hold every tap of x and its mates once", "[spectrum]") {
  constexpr int taps = 4;
  const auto check = [](auto symmetric, int first, int width) {
    constexpr bool Symmetric = decltype(symmetric)::value;
    const double tap[taps] = {1, 10, 100, 1000};
    double own[taps], mate[taps];
    bw::detail::split_mates<taps, Symmetric>(first, width, tap, own, mate);
    const int column = bw::detail::stored_window<taps>(first, width);
    REQUIRE(column >= 0);
    std::vector<double> want_own(width / 2 + 1 + taps), want_mate(width / 2 + 1 + taps);
    for (int j = 0; j < taps; ++j) {
      const auto at = reference::locate({first + j}, {width});
      (at.conjugate ? want_mate : want_own)[at.offset] += tap[j];
      if (Symmetric && 2 * int(at.offset) % width == 0) want_mate[at.offset] += tap[j];
    }
    bool mirrored = false;
    for (int i = 0; i < int(want_own.size()); ++i) {
      const bool inside = column <= i && i < column + taps;
      CHECK(want_own[i] == (inside ? own[i - column] : 0));
      CHECK(want_mate[i] == (inside ? mate[i - column] : 0));
      mirrored = mirrored || want_mate[i] != 0;
    }
    if (first >= bw::detail::first_direct<Symmetric> && first <= bw::detail::last_direct<taps, Symmetric>(width)) {
      CHECK(!mirrored);
      CHECK(column == first);
      for (int j = 0; j < taps; ++j) CHECK(own[j] == tap[j]);
    }
  };
  for (int width = 1; width <= 13; ++width)
    for (int first = 1 - taps / 2; first <= width / 2 + 1 - taps / 2; ++first) {
      INFO("width " << width << " first " << first);
      check(std::false_type{}, first, width);
      check(std::true_type{}, first, width);
    }
}
