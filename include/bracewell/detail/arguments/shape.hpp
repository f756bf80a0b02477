// SPDX-License-Identifier: MIT
// An array's shape and place in memory without its type, and the checks of one shape. Checks are always on, and come before
// anything is written.
#pragma once

#include <bracewell/detail/arguments/kinds.hpp>
#include <bracewell/detail/arguments/refuse.hpp>

#include <cstdint>
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
  std::size_t alignment = 1;  // of its elements
  const void* data = nullptr;
  const char* begin = nullptr;  // of its memory; null where it is not contiguous: other arrays may lie in its gaps
  const char* end = nullptr;
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
    s.alignment = alignof(typename View<X>::value_type);
    s.data = v.data();
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

/// Checks the extent of one axis.
inline void check_extent(const char* function, const Shape& s, int axis, std::int64_t expected, const std::string& why) {
  if (s.extent[axis] != expected)
    refuse(function, s.name, "of shape " + text(s),
           "extent " + std::to_string(expected) + " on axis " + std::to_string(axis) + ", " + why);
}

/// Rows of the last axes are contiguous, extents are positive and fit an int, and elements are where their type may be.
inline void check_rows(const char* function, const Shape& s, int axes) {
  const int x = s.rank - 1;
  if (reinterpret_cast<std::uintptr_t>(s.data) % s.alignment != 0)
    refuse(function, s.name, "at an address that is no multiple of " + std::to_string(s.alignment) + " bytes",
           "memory aligned as its element type is");
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
