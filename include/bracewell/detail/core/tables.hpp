// SPDX-License-Identifier: MIT
// Makes tables, which kernels hold, of arrays in any layout.
#pragma once

#include <bracewell/detail/arguments/kinds.hpp>
#include <bracewell/detail/core/arrays.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The table of an array [B][n] or [n] with `Axes` axes more, of elements V; an empty table for what is no array.
template <int Axes, class V, class X>
Table<V> make_table(const X& x) {
  Table<V> table{};
  if constexpr (Array<X>) {
    constexpr int leading = int(X::rank()) - Axes;
    table.data = x.data();
    table.stride[0] = leading == 2 && x.extent(0) != 1 ? std::int64_t(x.stride(0)) : 0;
    for (int i = 0; i <= Axes; ++i) table.stride[1 + i] = std::int64_t(x.stride(leading - 1 + i));
  }
  return table;
}

/// A table to be read, or to be written; a table of None for none.
template <int Axes, class X>
auto input_table(const X& x) {
  return make_table<Axes, const Element<X>>(x);
}
template <int Axes, class X>
auto output_table(const X& x) {
  return make_table<Axes, Element<X>>(x);
}

/// The table of an array of either precision; a number stands for itself, and none for `otherwise`.
template <int Axes, bool Written = false, class X>
PoseTable<Written> make_pose_table(const X& x, double otherwise = 0) {
  PoseTable<Written> table{nullptr, nullptr, {}, otherwise};
  if constexpr (Array<X>) {
    const auto typed = make_table<Axes, Element<X>>(x);
    for (int i = 0; i < 4; ++i) table.stride[i] = typed.stride[i];
    if constexpr (std::is_same_v<Precision<X>, float>) {
      table.single = typed.data;
    } else {
      table.precise = typed.data;
    }
  } else if constexpr (Given<X>) {
    table.number = double(x);
  }
  return table;
}

/// Zeroes an array on a device; does nothing for none.
template <class Exec, class X>
void fill_zero(const Exec& exec, const X& x) {
  if constexpr (Given<X>) Kokkos::deep_copy(exec, view(x), typename View<X>::value_type(0));
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
