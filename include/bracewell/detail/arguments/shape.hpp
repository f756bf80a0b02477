// SPDX-License-Identifier: MIT
// An array's shape and place in memory without its type, and the checks of one shape. Checks are always on, and come before
// anything is written.
#pragma once

#include <bracewell/detail/arguments/kinds.hpp>
#include <bracewell/detail/arguments/refuse.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The real extent of the last axis.
template <class X>
std::int64_t width(const X& x) {
  if constexpr (requires { x.width; }) {
    return x.width;
  } else {
    return 2 * (std::int64_t(x.extent(X::rank() - 1)) - 1);
  }
}

struct Shape {
  const char* name;
  int rank = 0;
  std::int64_t extent[8] = {}, stride[8] = {};
  std::int64_t width = 0;  // real extent of the last axis
  bool width_given = false;
  std::size_t size = 1, alignment = 1;  // of an element, in bytes
  const void* data = nullptr;
};

template <class X>
Shape shape(const char* name, const X& x) {
  Shape s{name};
  if constexpr (Array<X>) {
    const auto& v = view(x);
    s.rank = int(v.rank());
    for (int i = 0; i < s.rank; ++i) {
      s.extent[i] = std::int64_t(v.extent(i));
      s.stride[i] = std::int64_t(v.stride(i));
    }
    s.width = width(x);
    s.width_given = requires { x.width; };
    s.size = sizeof(typename View<X>::value_type);
    s.alignment = alignof(typename View<X>::value_type);
    s.data = v.data();
  }
  return s;
}

inline std::string text(const Shape& s) {
  std::string t = "[";
  for (int i = 0; i < s.rank; ++i) t += (i > 0 ? ", " : "") + std::to_string(s.extent[i]);
  return t + "]";
}

/// Checks the extent of one axis.
inline void check_extent(const char* function, const Shape& s, int axis, std::int64_t expected, const std::string& why) {
  if (s.extent[axis] != expected)
    refuse(function, s.name, "of shape " + text(s),
           "extent " + std::to_string(expected) + " on axis " + std::to_string(axis) + ", " + why);
}

/// There is memory for all elements, they are where their type may be, and no two that are written are one.
inline void check_memory(const char* function, const Shape& s, bool written) {
  double count = 1, span = 1;  // in double: the products of made-up extents pass 2^63
  for (int i = 0; i < s.rank; ++i) {
    const double extent = double(std::size_t(s.extent[i]));
    count *= extent;
    span += std::abs(double(s.stride[i])) * (extent > 1 ? extent - 1 : 0);
  }
  if (count == 0) return;
  if (!(std::max(count, span) * double(s.size) < 0x1p63))
    refuse(function, s.name, "of shape " + text(s), "less than 2^63 bytes");
  if (!s.data) refuse(function, s.name, "of shape " + text(s) + " at a null pointer", "memory that holds its elements");
  if (reinterpret_cast<std::uintptr_t>(s.data) % s.alignment != 0)
    refuse(function, s.name, "at an address that is no multiple of " + std::to_string(s.alignment) + " bytes",
           "memory aligned as its element type is");
  for (int i = 0; i < s.rank; ++i)
    if (written && s.extent[i] > 1 && s.stride[i] == 0)
      refuse(function, s.name, "of stride 0 on axis " + std::to_string(i), "a place of its own for each element");
}

/// Where the elements of an array with any elements lie, as bytes of which others may lie in between.
struct Hull {
  std::intptr_t begin, end;

  explicit Hull(const Shape& s) : begin(reinterpret_cast<std::intptr_t>(s.data)), end(begin + std::intptr_t(s.size)) {
    for (int i = 0; i < s.rank; ++i) {
      const std::intptr_t last = std::intptr_t(s.extent[i] - 1) * std::intptr_t(s.stride[i]) * std::intptr_t(s.size);
      (last < 0 ? begin : end) += last;
    }
  }
};

/// Whether a byte belongs to an element of an array whose strides are those of nested axes, as subviews have them.
inline bool holds(const Shape& s, std::intptr_t byte) {
  std::intptr_t rest = byte - Hull(s).begin;
  if (rest < 0) return false;
  bool used[8] = {};
  for (int i = 0; i < s.rank; ++i) {
    int a = -1;  // the axis of the largest stride that is left
    for (int j = 0; j < s.rank; ++j)
      if (!used[j] && (a < 0 || std::abs(s.stride[j]) > std::abs(s.stride[a]))) a = j;
    used[a] = true;
    const std::intptr_t step = std::intptr_t(std::abs(s.stride[a])) * std::intptr_t(s.size);
    if (step > 0) rest -= std::min<std::intptr_t>(rest / step, s.extent[a] - 1) * step;
  }
  return rest < std::intptr_t(s.size);
}

/// Whether two arrays share memory. Of arrays with gaps, in which others may lie, the first and the last elements are tried.
inline bool overlap(const Shape& a, const Shape& b) {
  const auto empty = [](const Shape& s) { return std::find(s.extent, s.extent + s.rank, 0) != s.extent + s.rank; };
  if (empty(a) || empty(b)) return false;
  const Hull in_a(a), in_b(b);
  if (in_a.begin >= in_b.end || in_b.begin >= in_a.end) return false;
  return holds(a, in_b.begin) || holds(a, in_b.end - 1) || holds(b, in_a.begin) || holds(b, in_a.end - 1);
}

/// Checks that an output shares no memory with another argument.
inline void check_apart(const char* function, const Shape& output, const Shape& other) {
  if (overlap(output, other))
    refuse(function, output.name, std::string("in the memory of '") + other.name + "'", "memory of its own");
}

/// Rows of the last axes are contiguous, and extents are positive and fit an int.
inline void check_rows(const char* function, const Shape& s, int axes) {
  const int x = s.rank - 1;
  if (s.extent[x] > 1 && s.stride[x] != 1)
    refuse(function, s.name, "of stride " + std::to_string(s.stride[x]) + " on its last axis", "stride 1 there");
  for (int i = s.rank - axes; i < s.rank; ++i)
    if (s.extent[i] < 1 || s.extent[i] > (std::int64_t(1) << 30))
      refuse(function, s.name, "of shape " + text(s),
             "extents from 1 to 2^30 on its last " + std::to_string(axes) + " axes");
}

/// The same for a half spectrum, whose stored columns must fit its real width. Where a View leaves it open and its other
/// extents are equal, the even width must be a likely one: an odd box, or a full spectrum in place of a half, would be read
/// one column short or twice too wide.
inline void check_stored(const char* function, const Shape& s, int axes) {
  check_rows(function, s, axes);
  const std::int64_t columns = s.extent[s.rank - 1];
  if (s.width < 1 || s.width / 2 + 1 != columns)
    refuse(function, s.name, std::to_string(columns) + " stored columns wide for a real width of " + std::to_string(s.width),
           "width/2 + 1 columns of a positive width (give odd and unit widths as bracewell::Spectrum{view, width})");
  const std::int64_t n = axes > 1 ? s.extent[s.rank - 2] : 0;
  bool equal = !s.width_given && n > 2;
  for (int i = s.rank - axes; i < s.rank - 1; ++i) equal = equal && s.extent[i] == n;
  if (equal && n % 2 == 1 && s.width == n - 1)
    refuse(function, s.name, "of shape " + text(s) + " without its real width, which may be " + std::to_string(n),
           "bracewell::Spectrum{view, " + std::to_string(n) + "}, or with " + std::to_string(n - 1));
  if (equal && columns == n)
    refuse(function, s.name, "of shape " + text(s) + ", as a full spectrum has it",
           "half of it, " + std::to_string(n / 2 + 1) + " columns, or bracewell::Spectrum{view, " + std::to_string(s.width) +
               "}");
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
