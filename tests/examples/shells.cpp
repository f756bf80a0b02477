// SPDX-License-Identifier: MIT
#include <common/shells.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace examples;

TEST_CASE("resolution: told where a curve falls below a level, and nowhere else") {
  const double box = 100;
  // Shell 3 has 0.8, shell 4 has 0.4: 0.5 is reached at 3.75.
  const std::vector<double> falling{1, 1, 0.9, 0.8, 0.4, 0.45, 0.6, 0.1};
  CHECK(crossing(falling, 0.5).where == Crossing::within);
  CHECK(std::abs(crossing(falling, 0.5).shell - 3.75) < 1e-12);
  CHECK(resolution(falling, 0.5, box) == "26.67 Å");
  CHECK(resolution(falling, 0.05, box) == "not reached: above it up to the last shell, 14.29 Å");

  // Below from the beginning, whatever the mean and later shells do.
  for (const double mean : {-1.0, 0.0, 1.0}) {
    const std::vector<double> noise{mean, -0.01, 0.7, 0.2};
    CHECK(crossing(noise, 0.5).where == Crossing::at_once);
    CHECK(resolution(noise, 0.143, box) == "none: the curve begins below it, -0.010 at 100.00 Å");
  }
  CHECK(crossing({1, NAN, 1}, 0.5).where == Crossing::at_once);
  CHECK(crossing({0, 0.5, 0.5}, 0.5).where == Crossing::never);  // the level itself is not below
  CHECK(crossing({1, 0.5, 0.4}, 0.5).shell == 1);
}
