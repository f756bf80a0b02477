// SPDX-License-Identifier: MIT
// Arrays as pointers and strides, which is all that kernels hold of them.
#pragma once

#include <bracewell/options.hpp>

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// An array [B][n] of any layout, with up to two axes more. A batch of one has stride 0.
template <class V>
struct Table {
  V* data;
  std::int64_t stride[4];

  KOKKOS_INLINE_FUNCTION std::int64_t offset(std::int64_t b, std::int64_t i, int e, int d) const {
    return b * stride[0] + i * stride[1] + e * stride[2] + d * stride[3];
  }
  KOKKOS_INLINE_FUNCTION V& operator()(std::int64_t b, std::int64_t i, int e = 0, int d = 0) const {
    return data[offset(b, i, e, d)];
  }
};

/// An element of a table; `otherwise` for a table of None.
template <class T, class V>
KOKKOS_INLINE_FUNCTION T element(const Table<V>& table, T otherwise, std::int64_t b, std::int64_t i, int e = 0, int d = 0) {
  if constexpr (std::is_same_v<std::remove_const_t<V>, None>) {
    return otherwise;
  } else {
    return T(table(b, i, e, d));
  }
}

/// A table of float or of double, which is known at run time: poses are few numbers for much work, so that their precision
/// need not be a template parameter. Where both pointers are null, every element is `number`.
template <bool Written>
struct PoseTable {
  template <class T>
  using Pointer = std::conditional_t<Written, T, const T>*;

  Pointer<float> single;
  Pointer<double> precise;
  std::int64_t stride[4];
  double number;

  KOKKOS_INLINE_FUNCTION double operator()(std::int64_t b, std::int64_t i, int e = 0, int d = 0) const {
    const std::int64_t at = b * stride[0] + i * stride[1] + e * stride[2] + d * stride[3];
    return single ? double(single[at]) : precise ? precise[at] : number;
  }
  /// A whole element i, whose loads do not wait for one another.
  template <int E, int D>
  KOKKOS_INLINE_FUNCTION void read(std::int64_t b, std::int64_t i, double (&element)[E][D]) const {
    const std::int64_t at = b * stride[0] + i * stride[1];
    const auto each = [&](const auto& number_at) {
      for (int e = 0; e < E; ++e)
        for (int d = 0; d < D; ++d) element[e][d] = number_at(at + e * stride[2] + d * stride[3]);
    };
    if (single) {
      each([&](std::int64_t where) { return double(single[where]); });
    } else if (precise) {
      each([&](std::int64_t where) { return precise[where]; });
    } else {
      each([&](std::int64_t) { return number; });
    }
  }
  /// Of the elements i from `first` on.
  PoseTable from(std::int64_t first) const {
    PoseTable table = *this;
    if (single) table.single += first * stride[1];
    if (precise) table.precise += first * stride[1];
    return table;
  }
  KOKKOS_INLINE_FUNCTION void set(std::int64_t b, std::int64_t i, int e, int d, double value, bool accumulate) const {
    if (accumulate) value += (*this)(b, i, e, d);
    const std::int64_t at = b * stride[0] + i * stride[1] + e * stride[2] + d * stride[3];
    if (single) {
      single[at] = float(value);
    } else {
      precise[at] = value;
    }
  }
};

/// An array of rank R, the axes in memory order.
template <class V, int R>
struct StridedArray {
  V* data;
  std::int64_t extent[R], stride[R];

  explicit StridedArray(const auto& view) : data(view.data()) {
    for (int i = 0; i < R; ++i) {
      extent[i] = std::int64_t(view.extent(i));
      stride[i] = std::int64_t(view.stride(i));
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
