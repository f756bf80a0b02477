// SPDX-License-Identifier: MIT
// Random slicing problems: B references, P poses each, anything else by chance, edges included.
#pragma once

#include "arrays.hpp"
#include "random.hpp"

#include <bracewell/options.hpp>
#include <bracewell/poses.hpp>
#include <bracewell/spectrum.hpp>

#include <array>
#include <string>

namespace support {

using reference::Complex;
using reference::Extents;

/// A user's own kernel, of a reach that none of the library's has: the quadratic B-spline, centred and of reach 2.
struct QuadraticSpline {
  static constexpr int reach = 2;

  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    t = Kokkos::abs(t);
    return t < T(0.5) ? T(0.75) - t * t : t < T(1.5) ? T(0.5) * (T(1.5) - t) * (T(1.5) - t) : T(0);
  }
  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    const T a = Kokkos::abs(t), s = a < T(0.5) ? -2 * a : a < T(1.5) ? a - T(1.5) : T(0);
    return t < 0 ? -s : s;
  }
  KOKKOS_FUNCTION double transform(double u) const {
    const double x = Kokkos::numbers::pi * u, s = x == 0 ? 1 : Kokkos::sin(x) / x;
    return s * s * s;
  }
};

inline reference::Kernel reference_kernel(bracewell::Interpolation interpolation, double padding) {
  using bracewell::Interpolation;
  switch (interpolation) {
    case Interpolation::linear:
      return reference::linear();
    case Interpolation::cubic:
      return reference::cubic();
    case Interpolation::kaiser_bessel_4:
      return reference::kaiser_bessel(2, padding);
    case Interpolation::kaiser_bessel_6:
      return reference::kaiser_bessel(3, padding);
    default:
      return reference::kaiser_bessel(4, padding);
  }
}

inline reference::Kernel quadratic_spline() {
  return {QuadraticSpline::reach, [](double t) { return QuadraticSpline{}.value(t); }};
}

inline constexpr std::array interpolations{
    bracewell::Interpolation::linear, bracewell::Interpolation::cubic, bracewell::Interpolation::kaiser_bessel_4,
    bracewell::Interpolation::kaiser_bessel_6, bracewell::Interpolation::kaiser_bessel_8};

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
inline SliceProblem random_problem(Random& random, int axes, int slice_axes, int index) {
  SliceProblem s;
  s.references = random.integer(1, 2);
  s.poses = random.integer(1, 3);
  s.pose_batch = random.integer(0, 1) ? s.references : 1;
  const auto extents = [&](int count, int low, int high) {
    Extents n(count);
    for (int& x : n) x = random.integer(low, high);
    return n;
  };
  const bool tiny = index % 5 == 4, exact = index % 3 == 2;
  s.geometry.extents = tiny ? extents(axes, 1, 4) : extents(axes, 4, 10);
  s.geometry.slice = extents(slice_axes, tiny ? 1 : 3, 9);
  s.geometry.oversampling = exact ? 1 : std::array{1.0, 1.25, 2.0}[random.integer(0, 2)];
  s.geometry.cutoff = std::array{0.2, 0.5, 0.8, std::numeric_limits<double>::infinity()}[random.integer(0, 3)];
  const int count = s.pose_batch * s.poses;
  for (int i = 0; i < count; ++i) {
    std::vector<double> r(slice_axes * axes, 0.0);
    if (exact) {  // a signed permutation, times 1 or 2
      const int offset = random.integer(0, axes - 1), factor = random.integer(1, 2);
      for (int e = 0; e < slice_axes; ++e) r[e * axes + (e + offset) % axes] = factor * (random.integer(0, 1) ? 1 : -1);
      if (random.integer(0, 1)) s.geometry.extents.assign(axes, s.geometry.extents[0]);
    } else {
      r = random.integer(0, 1) ? random.rotation(slice_axes, axes) : random.normals(slice_axes * axes);
    }
    s.rotations.insert(s.rotations.end(), r.begin(), r.end());
  }
  s.shifts = random.normals(std::size_t(count) * slice_axes);
  for (int b = 0; b < s.references; ++b) {
    const auto v = random.spectrum(s.geometry.extents);
    s.volumes.insert(s.volumes.end(), v.begin(), v.end());
  }
  s.slices = random.complex(s.references * s.poses * s.slice_size());
  s.weights = random.uniforms(s.slices.size(), 0, 2);
  return s;
}

inline std::string text(const SliceProblem& s) {
  std::string t = "B " + std::to_string(s.references) + " P " + std::to_string(s.poses) + " extents";
  for (const int n : s.geometry.extents) t += " " + std::to_string(n);
  t += " slice";
  for (const int n : s.geometry.slice) t += " " + std::to_string(n);
  return t + " oversampling " + std::to_string(s.geometry.oversampling) + " cutoff " + std::to_string(s.geometry.cutoff);
}

inline bracewell::SliceOptions options(const SliceProblem& s, bracewell::Interpolation interpolation,
                                       bool accumulate = false) {
  return {.interpolation = interpolation,
          .oversampling = s.geometry.oversampling,
          .cutoff = s.geometry.cutoff,
          .accumulate = accumulate};
}

}  // namespace support
