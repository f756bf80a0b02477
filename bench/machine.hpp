// SPDX-License-Identifier: MIT
// What results were measured on.
#pragma once

#include "settings.hpp"

namespace bench {

/// Adds to the context of all results: Kokkos' configuration, and the device's name, memory and peak clocks where there is one.
void describe_machine(const Exec& exec);

}  // namespace bench
