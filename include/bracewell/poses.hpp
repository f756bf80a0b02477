// SPDX-License-Identifier: MIT
/// \file poses.hpp
/// Poses, which take an object to its images: image = R · object + t.
#pragma once

#include <bracewell/options.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Poses of P images of each of B references.
///
/// - `rotations`: a View of float or double, [P][M][N], or [B][P][M][N] where references come in a batch. R takes a point
///   of the object (N coordinates in x, y, z order) to the image (M coordinates in x, y order): the rows of R are the
///   image's axes in the object's frame. Any real matrix will do. The slicer samples a reference along Rᵀ k, which is
///   the Fourier transform of the density pushed forward by R.
/// - `shifts`: [P][M] or [B][P][M], t in pixels of the slice: the image moves by +t. `none`: no shifts.
///
/// Either may have B = 1 for all references. Any layout; their precision need not be the data's. A pose with a NaN or an
/// infinity in it gives an empty slice, and nothing of its slice is inserted.
template <class Rotations, class Shifts = None>
struct Poses {
  Rotations rotations;
  Shifts shifts = {};
};

template <class Rotations>
Poses(Rotations) -> Poses<Rotations>;
template <class Rotations, class Shifts>
Poses(Rotations, Shifts) -> Poses<Rotations, Shifts>;

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
