// SPDX-License-Identifier: MIT
#include "support/slice_derivatives.hpp"

#include <catch2/catch_template_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

template <class T_, int N_, int M_>
struct Axes {
  using T = T_;
  static constexpr int N = N_, M = M_;
};

template <class T>
DerivativeTolerance tolerance() {
  // Sums of some thousand terms of both signs; finite differences only where their rounding, eps / step, allows.
  if (sizeof(T) == 8) return {};
  return {.dot = 1e-5, .same = 1e-5, .difference = 0};
}

Arguments inputs(const SliceProblem& s) { return {flat(s.volumes), s.rotations, s.shifts}; }

}  // namespace

TEMPLATE_TEST_CASE("derivatives of project", "[project][derivatives]", (Axes<double, 1, 1>), (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<float, 2, 2>), (Axes<float, 3, 2>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(6000 + 10 * N + M);
  INFO("seed " << random.seed);
  auto limits = tolerance<T>();
  limits.subsets = false;
  for (int i = 0; i < 12; ++i) {
    const SliceProblem s = smooth_problem(random, N, M);
    INFO(text(s));
    if (i % 6 == 5) {
      check_derivatives(differentiable_project<T, N, M, false>(s, options(s, {}), QuadraticSpline{}), inputs(s), random,
                        limits);
    } else {
      INFO("interpolation " << i % 6);
      check_derivatives(differentiable_project<T, N, M, false>(s, options(s, interpolations[i % 6]), bw::none), inputs(s),
                        random, limits);
    }
  }
}

TEST_CASE("every subset of derivatives of project", "[project][derivatives]") {
  Random random(6100);
  INFO("seed " << random.seed);
  for (int i = 0; i < 5; ++i) {
    const SliceProblem s = smooth_problem(random, 3, 2);
    INFO(text(s));
    check_derivatives(differentiable_project<double, 3, 2, true>(s, options(s, {}), bw::Cubic{}), inputs(s), random);
  }
}
