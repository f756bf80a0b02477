// SPDX-License-Identifier: MIT
// The kernel by its type: one is compiled.
#include <bracewell/backproject.hpp>

#include "arguments.hpp"

void call(const Exec& exec, const Array<Complex***>& slices, const Array<float* [2][3]>& rotations,
          const Array<Complex***>& data) {
  bracewell::backproject(exec, slices, bracewell::none, bracewell::Poses{rotations}, data, bracewell::none, {},
                         bracewell::Linear{});
}
