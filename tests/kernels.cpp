// SPDX-License-Identifier: MIT
#include <bracewell/kernels.hpp>

#include "support/reference.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

namespace bw = bracewell;
using Catch::Matchers::WithinAbs;

namespace {

/// What taps a kernel and its reference have in common, for any kernel with `weights` and `slopes`.
template <class Kernel>
void check(const Kernel& kernel, const reference::Kernel& reference, double step) {
  constexpr int reach = Kernel::reach;
  REQUIRE(reference.reach == reach);
  const double peak = reference.value(0);
  for (int i = 0; i <= 997; ++i) {
    const double f = i / 998.0;
    double w[2 * reach], s[2 * reach];
    float wf[2 * reach], sf[2 * reach];
    kernel.weights(f, w);
    kernel.slopes(f, s);
    kernel.weights(float(f), wf);
    kernel.slopes(float(f), sf);
    for (int j = 0; j < 2 * reach; ++j) {
      const double t = f + reach - 1 - j, h = 1e-5;
      INFO("t " << t);
      CHECK_THAT(w[j], WithinAbs(reference.value(t), 2e-14 * peak));
      CHECK_THAT(kernel.value(t), WithinAbs(reference.value(t), 2e-14 * peak));
      CHECK_THAT(double(wf[j]), WithinAbs(w[j], 3e-7));
      // Its polynomial in t has terms up to 5, rounded twice each.
      CHECK_THAT(double(kernel.value(float(t))), WithinAbs(w[j], 1e-6 + (i == 0 ? step : 0)));
      const bool smooth = std::abs(t - std::round(t)) > 2 * h;  // kinks and steps are at integers
      if (smooth) {
        const double slope = (reference.value(t + h) - reference.value(t - h)) / (2 * h);
        CHECK_THAT(s[j], WithinAbs(slope, 1e-8));
        CHECK_THAT(kernel.slope(t), WithinAbs(slope, 1e-8));
        CHECK_THAT(double(sf[j]), WithinAbs(s[j], 3e-6));
      }
    }
  }
  // By symmetry, and beyond its reach.
  CHECK(kernel.value(-0.3) == kernel.value(0.3));
  CHECK(kernel.slope(-0.3) == -kernel.slope(0.3));
  CHECK(kernel.value(double(reach)) == 0);
  CHECK(kernel.value(-double(reach)) == 0);
  CHECK(kernel.value(reach + 0.5) == 0);
  CHECK(kernel.slope(reach + 0.5) == 0);
  CHECK(kernel.value(NAN) == 0);
}

/// ∫ over the kernel's support, each unit interval by Simpson's rule, of what is smooth between integers.
template <class Integrand>
double integral(int reach, const Integrand& f) {
  const int n = 2000;
  double sum = 0;
  for (int piece = -reach; piece < reach; ++piece)
    for (int i = 0; i <= n; ++i) {
      const double t = piece + std::clamp(double(i) / n, 1e-13, 1 - 1e-13);  // one-sided at steps
      sum += (i == 0 || i == n ? 1 : i % 2 ? 4 : 2) * f(t) / (3.0 * n);
    }
  return sum;
}

template <class Kernel>
void check_integrals(const Kernel& kernel) {
  for (const double u : {0.0, 0.1, 0.25, 0.4, 0.5, 0.93, 1.7})
    CHECK_THAT(
        kernel.transform(u),
        WithinAbs(integral(Kernel::reach, [&](double t) { return kernel.value(t) * std::cos(2 * reference::pi * u * t); }),
                  1e-10));
  CHECK_THAT(kernel.transform(0), WithinAbs(1, 1e-14));
  CHECK_THAT(kernel.absolute_integral(),
             WithinAbs(integral(Kernel::reach, [&](double t) { return std::abs(kernel.value(t)); }), 1e-7));
}

}  // namespace

TEST_CASE("linear and cubic weights", "[kernels][nonfinite]") {
  check(bw::Linear{}, reference::linear(), 0);
  check(bw::Cubic{}, reference::cubic(), 0);
  check_integrals(bw::Linear{});
  check_integrals(bw::Cubic{});
}

TEST_CASE("Kaiser-Bessel weights are those of the Bessel function", "[kernels][nonfinite]") {
  for (const double padding : {1.25, 1.5, 2.0, 3.0, 4.0}) {
    INFO("padding " << padding);
    const bw::KaiserBessel<2> two{padding};
    const bw::KaiserBessel<3> three{padding};
    const bw::KaiserBessel<4> four{padding};
    check(two, reference::kaiser_bessel(2, padding), 0.1);
    check(three, reference::kaiser_bessel(3, padding), 0.1);
    check(four, reference::kaiser_bessel(4, padding), 0.1);
    check_integrals(two);
    check_integrals(three);
    check_integrals(four);
  }
}

TEST_CASE("Kaiser-Bessel refuses a padding without a shape", "[kernels][nonfinite]") {
  for (const double padding : {0.0, -1.0, 0.5, 0.55, double(NAN), double(INFINITY)}) {
    INFO("padding " << padding);
    CHECK_THROWS_AS(bw::KaiserBessel<2>{padding}, std::invalid_argument);
  }
}
