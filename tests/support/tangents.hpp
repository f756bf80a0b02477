// SPDX-License-Identifier: MIT
// Tangents of a slicing problem's arguments.
#pragma once

#include "random.hpp"
#include "slicing.hpp"

namespace support {

/// Other numbers for all that has tangents, but for the volumes.
inline SliceProblem tangents_of(const SliceProblem& s, Random& random) {
  SliceProblem t = s;
  t.rotations = random.normals(s.rotations.size());
  t.shifts = random.normals(s.shifts.size());
  t.slices = random.complex(s.slices.size());
  t.weights = random.normals(s.weights.size());
  return t;
}

}  // namespace support
