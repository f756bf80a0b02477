// SPDX-License-Identifier: MIT
// Operations that tests share, compiled once (tests/CMakeLists.txt) and not in each test that calls them. Calls with arguments of other
// types than operation_types.hpp has are compiled where they are made.
#pragma once

#include "operation_types.hpp"

// What is compiled of slicing, with all kernels of the library and one of a user's own; of its derivatives; of rasters. `declare`
// is `extern template` here, and `template` where they are compiled.
// clang-format off
#define SUPPORT_SLICING(declare, ...)                                                                         \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::Project bracewell::project;                         \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::ProjectUnshifted bracewell::project;                \
  declare support::Slicing<__VA_ARGS__, support::QuadraticSpline>::ProjectUnshifted bracewell::project;       \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::Backproject bracewell::backproject;                 \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::BackprojectData bracewell::backproject;
#define SUPPORT_DERIVATIVES(declare, ...)                                                                     \
  SUPPORT_DERIVATIVES_BY(declare, __VA_ARGS__, bracewell::None)                                               \
  SUPPORT_DERIVATIVES_BY(declare, __VA_ARGS__, support::QuadraticSpline)                                      \
  declare support::Slicing<__VA_ARGS__, support::QuadraticSpline>::Project bracewell::project;                \
  declare support::Slicing<__VA_ARGS__, support::QuadraticSpline>::Backproject bracewell::backproject;
#define SUPPORT_DERIVATIVES_BY(declare, ...)                                                                  \
  declare support::Slicing<__VA_ARGS__>::ProjectJvp bracewell::project_jvp;                                   \
  declare support::Slicing<__VA_ARGS__>::ProjectVjp bracewell::project_vjp;                                   \
  declare support::Slicing<__VA_ARGS__>::BackprojectJvp bracewell::backproject_jvp;                           \
  declare support::Slicing<__VA_ARGS__>::BackprojectVjp bracewell::backproject_vjp;
#define SUPPORT_RASTER(declare, ...)                                                                          \
  declare support::Rastering<__VA_ARGS__, bracewell::Linear>::Raster bracewell::raster;                       \
  declare support::Rastering<__VA_ARGS__, bracewell::Linear>::RasterJvp bracewell::raster_jvp;                \
  declare support::Rastering<__VA_ARGS__, bracewell::Linear>::RasterVjp bracewell::raster_vjp;

// tests/CMakeLists.txt makes a file of each line: what it declares is compiled there.
SUPPORT_SLICING(extern template, double, 1, 1) SUPPORT_DERIVATIVES(extern template, double, 1, 1)
SUPPORT_SLICING(extern template, double, 2, 1) SUPPORT_DERIVATIVES(extern template, double, 2, 1)
SUPPORT_SLICING(extern template, double, 2, 2) SUPPORT_DERIVATIVES(extern template, double, 2, 2)
SUPPORT_SLICING(extern template, double, 3, 1) SUPPORT_DERIVATIVES(extern template, double, 3, 1)
SUPPORT_SLICING(extern template, double, 3, 2) SUPPORT_DERIVATIVES(extern template, double, 3, 2)
SUPPORT_SLICING(extern template, double, 3, 3) SUPPORT_DERIVATIVES(extern template, double, 3, 3)
SUPPORT_SLICING(extern template, float, 2, 2) SUPPORT_DERIVATIVES(extern template, float, 2, 2)
SUPPORT_SLICING(extern template, float, 3, 2) SUPPORT_DERIVATIVES(extern template, float, 3, 2)
SUPPORT_SLICING(extern template, float, 2, 1) SUPPORT_SLICING(extern template, float, 3, 1)
SUPPORT_SLICING(extern template, float, 3, 3)
SUPPORT_RASTER(extern template, double, 1, 1) SUPPORT_RASTER(extern template, double, 2, 1)
SUPPORT_RASTER(extern template, double, 2, 2) SUPPORT_RASTER(extern template, double, 3, 1)
SUPPORT_RASTER(extern template, double, 3, 2) SUPPORT_RASTER(extern template, double, 3, 3)
SUPPORT_RASTER(extern template, double, 4, 2) SUPPORT_RASTER(extern template, double, 4, 3)
SUPPORT_RASTER(extern template, float, 3, 2) SUPPORT_RASTER(extern template, float, 3, 3) SUPPORT_RASTER(extern template, float, 2, 1)
    // clang-format on
