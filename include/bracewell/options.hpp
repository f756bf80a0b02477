// SPDX-License-Identifier: MIT
/// \file options.hpp
/// Options of the operations, and `none`.
#pragma once

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

class Workspace;

/// An argument that is not given or a result that is not wanted; its code is compiled out.
struct None {};
inline constexpr None none{};

/// The library's kernels, Kaiser–Bessel ones by their width in taps (reach 2, 3, 4); these need `SliceOptions::padding`.
/// Formulas and a kernel of your own: kernels.hpp; which to choose: README.
enum class Interpolation { linear, cubic, kaiser_bessel_4, kaiser_bessel_6, kaiser_bessel_8 };

struct SliceOptions {
  Interpolation interpolation = Interpolation::linear;

  /// Ratio of the two physical boxes along x, reference to slice: 2 for a reference padded to twice its extents, 82/65
  /// when 65 voxels were padded to 82. A smaller slice of an unpadded reference has 1: it is the Fourier-cropped one.
  double oversampling = 1;

  /// What Kaiser–Bessel kernels are designed for: the ratio of the extents that are transformed, zero padding included, to
  /// those of the object. 0: `oversampling`, which is the same where references are padded and slices are not. Where images
  /// are padded like the reference, oversampling is 1 and padding must be given.
  double padding = 0;

  /// Highest spatial frequency that contributes, in cycles per pixel of the slice, inclusive.
  double cutoff = 0.5;

  /// Add to the outputs instead of overwriting them.
  bool accumulate = false;

  /// On devices, insert in fixed point, so that the outputs of backproject and backproject_jvp and project_vjp's
  /// reference_bar are bitwise the same in every run. backproject.hpp says how exact that is and what it costs. On host
  /// execution spaces all outputs always are, and this changes nothing.
  bool deterministic = false;

  /// Scratch that is kept from call to call (workspace.hpp). Without one, calls that need scratch allocate it.
  Workspace* workspace = nullptr;
};

struct RasterOptions {
  /// 0: a grid covers the box −1 … 1 on every axis. Else the edge of a voxel in the points' unit of length, and the origin
  /// is voxel ⌊n/2⌋, where the slicer has it.
  double voxel_size = 0;

  /// Add to the outputs instead of overwriting them.
  bool accumulate = false;

  /// Scratch, as `SliceOptions::workspace`.
  Workspace* workspace = nullptr;
};

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
