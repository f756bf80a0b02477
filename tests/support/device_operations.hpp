// SPDX-License-Identifier: MIT
// Insertion as devices have it, compiled as operations.hpp is.
#pragma once

#include "as_device.hpp"

#include "operation_types.hpp"

// clang-format off
#define SUPPORT_INSERTION(declare, ...)                                                              \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::Backproject bracewell::backproject;        \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::BackprojectJvp bracewell::backproject_jvp; \
  declare support::Slicing<__VA_ARGS__, bracewell::None>::ProjectVjp bracewell::project_vjp;

SUPPORT_INSERTION(extern template, double, 2, 1)
SUPPORT_INSERTION(extern template, double, 2, 2)
SUPPORT_INSERTION(extern template, double, 3, 2)
SUPPORT_INSERTION(extern template, float, 3, 2)
SUPPORT_INSERTION(extern template, float, 3, 3)
// clang-format on
