// SPDX-License-Identifier: MIT
// An operation on each element of an array: by rows on the host, one element a thread on a device.
#pragma once

#include <bracewell/detail/core/arrays.hpp>
#include <bracewell/detail/core/launch.hpp>

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Op has row(index), with the indices of a row's first element in memory order, and apply(element, x, result of row).
template <class Op, class V, int R, bool Rows>
struct ElementTask {
  Op op;
  StridedArray<V, R> array;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    std::int64_t index[R], offset = 0, x = 0;
    if constexpr (!Rows) {
      x = i % array.extent[R - 1];
      i /= array.extent[R - 1];
    }
    for (int a = R - 2; a >= 0; --a) {
      index[a] = i % array.extent[a];
      i /= array.extent[a];
      offset += index[a] * array.stride[a];
    }
    index[R - 1] = 0;
    const auto state = op.row(index);
    V* const row = array.data + offset;
    const std::int64_t step = array.stride[R - 1];
    if constexpr (Rows) {
      for (; x < array.extent[R - 1]; ++x) op.apply(row[x * step], x, state);
    } else {
      op.apply(row[x * step], x, state);
    }
  }
};

template <class Exec, class X, class Op>
void for_elements(const Exec& exec, const std::string& label, const X& array, const Op& op) {
  constexpr int R = int(X::rank());
  constexpr bool rows = on_host<Exec>;
  using V = typename X::value_type;
  const ElementTask<Op, V, R, rows> task{op, StridedArray<V, R>(array)};
  const std::int64_t columns = std::int64_t(array.extent(R - 1)), elements = std::int64_t(array.size());
  if (elements == 0) return;
  Kokkos::parallel_for(
      label, Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>(exec, 0, rows ? elements / columns : elements),
      task);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
