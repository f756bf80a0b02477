// SPDX-License-Identifier: MIT
#include <bracewell/detail/slicing/friedel.hpp>

#include "support/reference.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>

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

TEST_CASE("packs of windows are those of each sample", "[spectrum]") {
  namespace simd = bw::detail::simd;
  constexpr int taps = 4, W = simd::width<double>;
  using I = simd::Pack<std::int64_t, W>;
  using P = simd::Pack<double, W>;
  const auto check = [](auto symmetric, int first, int width) {
    constexpr bool Symmetric = decltype(symmetric)::value;
    std::int64_t from[W], column[W];
    double tap[taps][W], own[taps][W], mate[taps][W];
    P taps_of[taps], own_of[taps], mate_of[taps];
    for (int lane = 0; lane < W; ++lane) from[lane] = std::min(first + lane, width / 2 + 1 - taps / 2);
    for (int j = 0; j < taps; ++j) {
      for (int lane = 0; lane < W; ++lane) tap[j][lane] = 1 + lane + 10 * j;
      taps_of[j] = simd::load<P>(tap[j]);
    }
    bw::detail::split_mates<taps, Symmetric>(simd::load<I>(from), width, taps_of, own_of, mate_of);
    simd::store(column, bw::detail::stored_window<taps>(simd::load<I>(from), width));
    for (int j = 0; j < taps; ++j) {
      simd::store(own[j], own_of[j]);
      simd::store(mate[j], mate_of[j]);
    }
    for (int lane = 0; lane < W; ++lane) {
      double of_lane[taps], own_of_lane[taps], mate_of_lane[taps];
      for (int j = 0; j < taps; ++j) of_lane[j] = tap[j][lane];
      bw::detail::split_mates<taps, Symmetric>(int(from[lane]), width, of_lane, own_of_lane, mate_of_lane);
      CHECK(column[lane] == bw::detail::stored_window<taps>(int(from[lane]), width));
      for (int j = 0; j < taps; ++j) {
        CHECK(own[j][lane] == own_of_lane[j]);
        CHECK(mate[j][lane] == mate_of_lane[j]);
      }
    }
  };
  for (int width = 1; width <= 20; ++width) {
    if (!bw::detail::packs_have_columns<taps>(width)) continue;
    for (int first = 1 - taps / 2; first <= width / 2 + 1 - taps / 2; ++first) {
      INFO("width " << width << " first " << first);
      check(std::false_type{}, first, width);
      check(std::true_type{}, first, width);
    }
  }
}
