// SPDX-License-Identifier: MIT
// Every operation of the library on arrays of random extents, and the bits of all that they write as one number: for programs
// that look at what calls leave behind and not at what they return.
#pragma once

#include <bracewell/workspace.hpp>

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace support {

/// Makes the problem of a seed, calls all operations on it, and returns a digest of their results. Some of the operations are
/// given the workspace, which may be null. Compiled for Kokkos::Serial and the default host execution space (workload.cpp).
template <class Exec>
std::uint64_t work(const Exec& exec, unsigned seed, bracewell::Workspace* workspace);

}  // namespace support
