// SPDX-License-Identifier: MIT
// Operations at random as devices have them, for a few types.
#include "support/as_device.hpp"

#define BRACEWELL_RANDOM_SLICES (Axes<double, 3, 2>), (Axes<float, 3, 2>)
#define BRACEWELL_RANDOM_SLICE_DERIVATIVES (Axes<double, 3, 2>)
#define BRACEWELL_RANDOM_RASTERS (Axes<double, 3, 2>)
#include "random.cpp"

SUPPORT_SLICING(template, double, 3, 2)
SUPPORT_DERIVATIVES(template, double, 3, 2)
SUPPORT_SLICING(template, float, 3, 2)
SUPPORT_RASTER(template, double, 3, 2)
