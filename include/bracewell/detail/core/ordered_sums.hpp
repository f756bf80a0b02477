// SPDX-License-Identifier: MIT
// Cotangents of what a whole image has in common, such as its pose. A task sums its share of an image in double, and shares
// are added in a fixed order, so that no sum depends on which thread had which share.
#pragma once

#include <bracewell/detail/core/launch.hpp>
#include <bracewell/detail/core/tables.hpp>

#include <array>
#include <cstdint>
#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The sums of a task, or of a thread of a team.
template <int Size>
struct Sums {
  static constexpr int size = Size;

  double sum[Size > 0 ? Size : 1] = {};

  KOKKOS_INLINE_FUNCTION void operator+=(const Sums& other) {
    for (int k = 0; k < Size; ++k) sum[k] += other.sum[k];
  }
};

/// Where the sums of all shares of images are kept: [image][share][sum].
struct SharedSums {
  double* data;
  std::int64_t shares;  // of an image
  int size;             // of a share's sums

  KOKKOS_INLINE_FUNCTION double* at(std::int64_t image, std::int64_t share) const {
    return data + (image * shares + share) * size;
  }
  template <int Size>
  KOKKOS_INLINE_FUNCTION void store(std::int64_t image, std::int64_t share, const Sums<Size>& sums) const {
    for (int k = 0; k < Size; ++k) at(image, share)[k] = sums.sum[k];
  }
};

/// Where the sums of one array's elements are among those of an image, and what they are multiplied by.
template <int Rows, int Columns>
struct SumsOfArray {
  int place[Rows][Columns];
  double scale[Rows][Columns];
};

/// Sums whose rows begin at `first` and from there every `row_stride`, with scale 1.
template <int Rows, int Columns>
SumsOfArray<Rows, Columns> sums_of_array(int first, int row_stride = Columns) {
  SumsOfArray<Rows, Columns> sums;
  for (int row = 0; row < Rows; ++row)
    for (int column = 0; column < Columns; ++column) {
      sums.place[row][column] = first + row * row_stride + column;
      sums.scale[row][column] = 1;
    }
  return sums;
}

/// Adds an element's shares, of one image or, where all objects share the element, of all of theirs.
template <int Rows, int Columns>
struct AddShares {
  static constexpr bool only_reads = true;

  PoseTable<true> out;
  SharedSums from;
  SumsOfArray<Rows, Columns> sums;
  std::int64_t objects, poses;
  bool shared, accumulate;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    const int row = int(i / Columns % Rows), column = int(i % Columns);
    i /= Rows * Columns;
    const std::int64_t b = i / poses, p = i % poses, begin = shared ? 0 : b, end = shared ? objects : b + 1;
    const int k = sums.place[row][column];
    double sum = 0;
    for (std::int64_t object = begin; object < end; ++object)
      for (std::int64_t share = 0; share < from.shares; ++share) sum += from.at(object * poses + p, share)[k];
    out.set(b, p, row, column, sum * sums.scale[row][column], accumulate);
  }
};

/// Adds the shares to the array that they belong to, [P] or [B][P] with `Axes` axes more; does nothing for none.
template <int Axes, class Exec, class Bar, int Rows, int Columns>
void add_shares(const Exec& exec, const std::string& label, const Bar& bar, const SharedSums& from,
                const SumsOfArray<Rows, Columns>& sums, std::int64_t objects, std::int64_t poses, bool accumulate) {
  if constexpr (Given<Bar>) {
    const std::int64_t batch = int(Bar::rank()) == Axes + 2 ? std::int64_t(bar.extent(0)) : 1;
    launch(exec, label, batch * poses * Rows * Columns,
           AddShares<Rows, Columns>{make_pose_table<Axes, true>(bar), from, sums, objects, poses, batch != objects,
                                    accumulate});
  }
}

}  // namespace bracewell::detail

/// The identity of a team's sum.
template <int Size>
struct Kokkos::reduction_identity<bracewell::detail::Sums<Size>> {
  KOKKOS_FUNCTION static bracewell::detail::Sums<Size> sum() { return {}; }
};

#include <bracewell/detail/epilogue.hpp>
