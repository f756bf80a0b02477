// SPDX-License-Identifier: MIT
// The kernel by its type: one is compiled.
#include <bracewell/project.hpp>

#include "arguments.hpp"

void call(const Exec& exec, const Array<Complex***>& reference, const Array<float* [2][3]>& rotations,
          const Array<Complex***>& slices) {
  bracewell::project(exec, reference, bracewell::Poses{rotations}, slices, {}, bracewell::Linear{});
}
