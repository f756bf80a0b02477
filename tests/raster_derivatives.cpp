// SPDX-License-Identifier: MIT
#include "support/raster_derivatives.hpp"
#include "support/axes.hpp"

#include "common/gaussian.hpp"

#include <catch2/catch_template_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

/// Without subsets, to spare instantiations.
template <class T>
DerivativeTolerance limits() {
  DerivativeTolerance limits;
  limits.subsets = false;
  if (sizeof(T) == 4) {  // places are rounded to 1e-7 of some voxels; finite differences only where rounding allows
    limits.dot = limits.same = 1e-4;
    limits.difference = 0;
  }
  return limits;
}

}  // namespace

TEMPLATE_TEST_CASE("derivatives of raster", "[raster][derivatives]", (Axes<double, 1, 1>), (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<double, 4, 2>), (Axes<double, 4, 3>), (Axes<float, 3, 2>), (Axes<float, 3, 3>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(7000 + 10 * N + M);
  INFO("seed " << random.seed);
  for (int i = 0; i < 12; ++i) {
    const RasterProblem s = smooth_raster(random, N, M);
    INFO(text(s));
    check_derivatives(differentiable_raster<T, N, M, false>(s, bw::Linear{}), raster_inputs(s), random, limits<T>());
  }
}

TEST_CASE("derivatives of raster with other kernels", "[raster][derivatives]") {
  Random random(7100);
  INFO("seed " << random.seed);
  for (int i = 0; i < 6; ++i) {
    const RasterProblem s = smooth_raster(random, 3, 2);
    INFO(text(s));
    check_derivatives(differentiable_raster<double, 3, 2, false>(s, bw::Cubic{}), raster_inputs(s), random,
                      limits<double>());
    check_derivatives(differentiable_raster<double, 3, 2, false>(s, QuadraticSpline{}), raster_inputs(s), random,
                      limits<double>());
    check_derivatives(differentiable_raster<double, 3, 2, false>(s, examples::Gaussian<4>{0.7}), raster_inputs(s), random,
                      limits<double>());
  }
}

TEST_CASE("every subset of derivatives of raster", "[raster][derivatives]") {
  Random random(7200);
  INFO("seed " << random.seed);
  for (int i = 0; i < 6; ++i) {
    const RasterProblem s = smooth_raster(random, 2, 2);
    INFO(text(s));
    check_derivatives(differentiable_raster<double, 2, 2, true>(s, bw::Linear{}), raster_inputs(s), random);
  }
}
