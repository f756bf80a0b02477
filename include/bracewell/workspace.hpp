// SPDX-License-Identifier: MIT
/// \file workspace.hpp
/// Scratch memory that is reused from call to call.
#pragma once

#include <bracewell/options.hpp>

#include <Kokkos_Core.hpp>

#include <any>
#include <cstddef>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Scratch that calls take from `options.workspace`, grown when one needs more. Calls that may overlap, on different
/// instances of an execution space, need one each. It must be gone before Kokkos::finalize.
///
/// In the slicer these need scratch: cotangents of poses and the sums of gauss_newton, some hundred bytes for each slice, and
/// deterministic insertion on devices, 8 bytes for each real number of its outputs, or, in backproject of data with their
/// density, 32 for each point. With a Workspace, backproject of float data with their density takes 16 bytes of it for each
/// point, where it then needs half the additions: on devices, and on hosts with the linear kernel where the outputs are
/// overwritten. Insertion of many slices, of which blocks are summed apart, takes a grid as large as its outputs for them in
/// float, and on hosts, for references of box 192 or less, two to 32 of up to 128 MiB together. What the rasterizer needs is
/// said at its operations.
/// Without a Workspace a call allocates scratch, and waits when it frees it, since Kokkos waits before it frees memory.
class Workspace {
 public:
  /// `count` numbers with undefined values, in memory of the execution space.
  template <class Exec>
  auto numbers(const Exec& exec, std::size_t count) {
    using Scratch = Kokkos::View<double*, typename Exec::memory_space>;
    auto* scratch = std::any_cast<Scratch>(&memory_);
    if (!scratch || scratch->size() < count) {
      memory_ = Scratch(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "bracewell::workspace"), count);
      scratch = std::any_cast<Scratch>(&memory_);
    }
    return *scratch;
  }

 private:
  std::any memory_;
};

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
