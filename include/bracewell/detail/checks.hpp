// SPDX-License-Identifier: MIT
// Checks of values, always on, before anything is written.
#pragma once

#include <bracewell/detail/concepts.hpp>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace bracewell::detail {

[[noreturn]] inline void refuse(const char* function, const std::string& argument, const std::string& got,
                                const std::string& expected) {
  throw std::invalid_argument(std::string(function) + ": '" + argument + "' is " + got + ", expected " + expected);
}

/// An array's name, shape and place, free of types.
struct Shape {
  const char* name;
  int rank = 0;
  std::int64_t extent[8] = {}, stride[8] = {};
  std::int64_t width = 0;       // real extent of the last axis
  const char* begin = nullptr;  // of its memory; null where it is not contiguous, and others may live in its gaps
  const char* end = nullptr;

  explicit operator bool() const { return rank > 0; }
};

template <class X>
Shape shape(const char* name, const X& x) {
  Shape s{name};
  if constexpr (Given<X>) {
    const auto& v = view(x);
    s.rank = int(v.rank());
    for (int i = 0; i < s.rank; ++i) {
      s.extent[i] = std::int64_t(v.extent(i));
      s.stride[i] = std::int64_t(v.stride(i));
    }
    if constexpr (requires { x.width; }) {
      s.width = x.width;
    } else {
      s.width = 2 * (s.extent[s.rank - 1] - 1);
    }
    if (v.span_is_contiguous()) {
      s.begin = reinterpret_cast<const char*>(v.data());
      s.end = s.begin + v.span() * sizeof(*v.data());
    }
  }
  return s;
}

inline std::string text(const Shape& s) {
  std::string t = "[";
  for (int i = 0; i < s.rank; ++i) t += (i > 0 ? ", " : "") + std::to_string(s.extent[i]);
  return t + "]";
}

/// One axis has the extent that others ask for.
inline void check_extent(const char* function, const Shape& s, int axis, std::int64_t expected, const std::string& why) {
  if (s.extent[axis] != expected)
    refuse(function, s.name, "of shape " + text(s),
           "extent " + std::to_string(expected) + " on axis " + std::to_string(axis) + ", " + why);
}

/// A grid or slice in stored layout: rows are contiguous, extents positive and fit an int, the real width is told.
inline void check_stored(const char* function, const Shape& s, int axes) {
  const int x = s.rank - 1;
  if (s.extent[x] > 1 && s.stride[x] != 1)
    refuse(function, s.name, "of stride " + std::to_string(s.stride[x]) + " on its last axis", "stride 1 there");
  for (int i = s.rank - axes; i < s.rank; ++i)
    if (s.extent[i] < 1 || s.extent[i] > (std::int64_t(1) << 30))
      refuse(function, s.name, "of shape " + text(s),
             "extents from 1 to 2^30 on its last " + std::to_string(axes) + " axes");
  if (s.width < 1 || s.width / 2 + 1 != s.extent[x])
    refuse(function, s.name,
           std::to_string(s.extent[x]) + " stored columns wide for a real width of " + std::to_string(s.width),
           "width/2 + 1 columns of a positive width (give odd and unit widths as bracewell::Spectrum{view, width})");
}

/// An array, where given, has the shape of another that was checked.
inline void check_same(const char* function, const Shape& s, const Shape& like) {
  if (!s) return;
  bool same = s.rank == like.rank;
  for (int i = 0; same && i < s.rank; ++i) same = s.extent[i] == like.extent[i];
  if (!same) refuse(function, s.name, "of shape " + text(s), "shape " + text(like) + ", as '" + like.name + "' has");
}

/// The same of arrays in stored layout.
inline void check_same(const char* function, const Shape& s, const Shape& like, int axes) {
  if (!s) return;
  check_stored(function, s, axes);
  check_same(function, s, like);
  if (s.width != like.width)
    refuse(function, s.name, "of real width " + std::to_string(s.width),
           std::to_string(like.width) + ", as '" + like.name + "' has");
}

/// A contiguous output shares no memory with another argument.
inline void check_apart(const char* function, const Shape& output, const Shape& other) {
  if (output && other && output.begin < other.end && other.begin < output.end)
    refuse(function, output.name, std::string("in the memory of '") + other.name + "'", "memory of its own");
}

/// Numbers of references and of poses.
struct Counts {
  std::int64_t references, poses;
};

struct SlicingShapes {
  Shape reference, rotations, shifts, slices;
};

/// References, poses and slices belong together. `axes` are those of a reference.
inline Counts check_slicing(const char* function, int axes, const SlicingShapes& shapes) {
  const auto& [reference, rotations, shifts, slices] = shapes;
  const bool batched = rotations.rank == 4;
  const int b = batched ? 1 : 0, slice_axes = slices.rank - 1 - b;
  check_stored(function, reference, axes);
  check_stored(function, slices, slice_axes);
  const Counts counts{batched ? reference.extent[0] : 1, rotations.extent[b]};
  const std::string of = std::string(", as '") + reference.name + "' has";
  check_extent(function, rotations, b + 1, slice_axes, "the axes of a slice");
  check_extent(function, rotations, b + 2, axes, "the axes of a reference");
  if (batched && rotations.extent[0] != 1) check_extent(function, rotations, 0, counts.references, "or 1" + of);
  if (shifts) {
    check_extent(function, shifts, b + 1, slice_axes, "the axes of a slice");
    check_extent(function, shifts, b, counts.poses, "as 'rotations' has");
    if (batched && shifts.extent[0] != 1) check_extent(function, shifts, 0, counts.references, "or 1" + of);
  }
  if (batched) check_extent(function, slices, 0, counts.references, of.substr(2));
  check_extent(function, slices, b, counts.poses, "as 'rotations' has");
  return counts;
}

inline void check_options(const char* function, const SliceOptions& options) {
  if (!(options.oversampling > 0) || !std::isfinite(options.oversampling))
    refuse(function, "options.oversampling", std::to_string(options.oversampling), "a positive number");
  if (!(options.cutoff >= 0))
    refuse(function, "options.cutoff", std::to_string(options.cutoff), "cycles per pixel, 0 or more");
}

}  // namespace bracewell::detail
