// SPDX-License-Identifier: MIT
// Points with widths as devices have them, for a few types.
#include "support/as_device.hpp"

#define BRACEWELL_WIDE_RASTERS (Axes<double, 2, 2>), (Axes<float, 3, 3>)
#include "../raster_widths.cpp"

SUPPORT_RASTER(template, float, 3, 2)
