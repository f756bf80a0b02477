// SPDX-License-Identifier: MIT
#include <bracewell/raster.hpp>

#include "arguments.hpp"

void call(const Exec& exec, const Array<float* [3]>& points, const Array<float* [2][3]>& rotations,
          const Array<float***>& images) {
  bracewell::raster(exec, bracewell::PointCloud{points}, bracewell::Poses{rotations}, bracewell::none, images);
}
