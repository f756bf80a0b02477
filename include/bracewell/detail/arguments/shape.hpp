// SPDX-License-Identifier: MIT
// An array's shape and place in memory without its type, and what is refused of it: always on, before anything is written.
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
  std::int64_t width = 0;       // real extent of the last axis
  const char* begin = nullptr;  // of its memory; null where it is not contiguous, and others may live in its gaps
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

/// The same of half spectra, whose real width is known.
inline void check_stored(const char* function, const Shape& s, int axes) {
  check_rows(function, s, axes);
  const std::int64_t columns = s.extent[s.rank - 1];
  if (s.width < 1 || s.width / 2 + 1 != columns)
    refuse(function, s.name, std::to_string(columns) + " stored columns wide for a real width of " + std::to_string(s.width),
           "width/2 + 1 columns of a positive width (give odd and unit widths as bracewell::Spectrum{view, width})");
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
