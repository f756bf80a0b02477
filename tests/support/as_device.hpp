// SPDX-License-Identifier: MIT
// Included before any operation, in every file of a program: hosts then work as devices do, by one sample a thread and atomic
// additions. So code for devices is tested where there is none.
#pragma once

#include <bracewell/detail/core/launch.hpp>

template <>
inline constexpr bool bracewell::detail::on_host<Kokkos::DefaultHostExecutionSpace> = false;
