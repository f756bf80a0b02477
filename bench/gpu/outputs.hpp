// SPDX-License-Identifier: MIT
// What operations write, computed on one execution space in one precision, to be compared with the same on another.
#pragma once

#include "device.hpp"

#include "support/raster.hpp"
#include "support/slicing.hpp"

#include <string>
#include <vector>

namespace kit {

/// One output of an operation. `terms`: how many are added to each of its numbers, about.
struct Output {
  std::string name;
  std::vector<double> values;
  double terms;
};
using Outputs = std::vector<Output>;

enum class Phi { linear, cubic, kaiser_bessel_4 };

/// Of project, backproject, gauss_newton (3 → 2) and their derivatives in both modes. `tangents` has those of the problem's arrays.
template <class Space, class T, int N, int M>
Outputs slicing(const support::SliceProblem& problem, const support::SliceProblem& tangents, Phi phi,
                const bracewell::SliceOptions& options);

/// Of raster and its derivatives in both modes; 3 → 2 also with widths.
template <class Space, class T, int N, int M>
Outputs rasters(const support::RasterProblem& problem, const support::RasterProblem& tangents);

}  // namespace kit

// What is compiled of these: CMakeLists.txt makes a file of each line.
// clang-format off
#define KIT_OPERATIONS(declare, Space, ...)                                                                                \
  declare kit::Outputs kit::slicing<kit::Space, __VA_ARGS__>(const support::SliceProblem&, const support::SliceProblem&,   \
                                                             kit::Phi, const bracewell::SliceOptions&);                    \
  declare kit::Outputs kit::rasters<kit::Space, __VA_ARGS__>(const support::RasterProblem&, const support::RasterProblem&);

KIT_OPERATIONS(extern template, Device, float, 2, 2)
KIT_OPERATIONS(extern template, Device, float, 3, 2)
KIT_OPERATIONS(extern template, Device, float, 3, 3)
KIT_OPERATIONS(extern template, Device, double, 2, 2)
KIT_OPERATIONS(extern template, Device, double, 3, 2)
KIT_OPERATIONS(extern template, Device, double, 3, 3)
KIT_OPERATIONS(extern template, Host, double, 2, 2)
KIT_OPERATIONS(extern template, Host, double, 3, 2)
KIT_OPERATIONS(extern template, Host, double, 3, 3)
// clang-format on
