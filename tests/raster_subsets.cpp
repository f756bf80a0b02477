// SPDX-License-Identifier: MIT
#include "support/raster_derivatives.hpp"

namespace bw = bracewell;
using namespace support;

TEST_CASE("every subset of derivatives of raster", "[raster][derivatives]") {
  Random random(7200);
  INFO("seed " << random.seed);
  for (int i = 0; i < 6; ++i) {
    const RasterProblem s = smooth_raster(random, 2, 2);
    INFO(text(s));
    check_derivatives(differentiable_raster<double, 2, 2, true>(s, bw::Linear{}), raster_inputs(s), random);
  }
}
