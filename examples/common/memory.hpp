// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace examples {

/// Bytes of memory that this process can still have, as far as the system tells: the least of what the limits of its address space
/// (ulimit -v) and data (ulimit -d) and of its control group leave, and of the machine's memory and swap that are free or can be freed.
/// Infinity where nothing is told.
double memory_to_be_had();

/// Before work that needs memory. `most`: GB that --memory allows; 0: what can be had.
/// \throws std::runtime_error "WHAT: needs 4.0 GB of memory, and 1.9 GB can be had" (or "and --memory allows 1.0 GB") and, in
/// brackets, `remedy`
void require_memory(double bytes, const std::string& what, const std::string& remedy = "", double most = 0);

}  // namespace examples
