// SPDX-License-Identifier: MIT
// Random slicing problems: B references, P poses each, anything else by chance, edges included.
#pragma once

#include "arrays.hpp"
#include "kernels.hpp"
#include "random.hpp"

#include <bracewell/options.hpp>
#include <bracewell/poses.hpp>
#include <bracewell/spectrum.hpp>

#include <array>
#include <string>

namespace support {

using reference::Complex;
using reference::Extents;

struct SliceProblem {
  int references, poses, pose_batch;  // pose_batch: 1 or references
  reference::Geometry geometry;       // but for the poses
  std::vector<double> rotations, shifts;
  std::vector<Complex> volumes, slices;
  std::vector<double> weights;

  std::size_t volume_size() const { return reference::stored_size(geometry.extents); }
  std::size_t slice_size() const { return reference::stored_size(geometry.slice); }

  reference::Geometry at(int b, int p, bool shifted) const {
    reference::Geometry g = geometry;
    const std::size_t n = g.extents.size(), m = g.slice.size(), pose = std::size_t(pose_batch == 1 ? 0 : b) * poses + p;
    g.rotation.assign(rotations.begin() + pose * m * n, rotations.begin() + (pose + 1) * m * n);
    if (shifted) g.shift.assign(shifts.begin() + pose * m, shifts.begin() + (pose + 1) * m);
    return g;
  }
  std::vector<Complex> volume(int b) const {
    return {volumes.begin() + b * volume_size(), volumes.begin() + (b + 1) * volume_size()};
  }
  template <class V>
  std::vector<V> slice(const std::vector<V>& of, int b, int p) const {
    const std::size_t i = std::size_t(b) * poses + p;
    return {of.begin() + i * slice_size(), of.begin() + (i + 1) * slice_size()};
  }

  /// Shapes in memory order. Batches in front.
  std::vector<long> volume_shape() const { return stored(geometry.extents, {references}); }
  std::vector<long> slice_shape() const { return stored(geometry.slice, {references, poses}); }
  std::vector<long> rotation_shape() const {
    return {pose_batch, poses, long(geometry.slice.size()), long(geometry.extents.size())};
  }
  std::vector<long> shift_shape() const { return {pose_batch, poses, long(geometry.slice.size())}; }

  static std::vector<long> stored(const Extents& n, std::vector<long> shape) {
    for (std::size_t i = 0; i < n.size(); ++i) shape.push_back(i + 1 < n.size() ? n[i] : n[i] / 2 + 1);
    return shape;
  }
};

/// Extents mostly of a few voxels, some smaller than a stencil. Every third problem has poses that map axes on axes, so that κ
/// falls on lattice points and on the edges of the band.
SliceProblem random_problem(Random& random, int axes, int slice_axes, int index);

/// A problem whose κ, but for 0, keep away from integers and half-integers, where kernels have kinks or steps and bands end.
SliceProblem smooth_problem(Random& random, int axes, int slice_axes);

/// Flattened spectra of all references, made Hermitian on self-conjugate planes.
std::vector<double> hermitian(const SliceProblem& s, const std::vector<double>& volumes);

std::string text(const SliceProblem& s);

bracewell::SliceOptions options(const SliceProblem& s, bracewell::Interpolation interpolation, bool accumulate = false);

}  // namespace support
