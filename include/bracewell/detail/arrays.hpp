// SPDX-License-Identifier: MIT
// From arguments to the plain structures that kernels hold.
#pragma once

#include <bracewell/detail/checks.hpp>
#include <bracewell/detail/site.hpp>
#include <bracewell/detail/slicing.hpp>

#include <algorithm>

namespace bracewell::detail {

template <class X>
long width(const X& x) {
  if constexpr (requires { x.width; }) {
    return x.width;
  } else {
    return 2 * (long(x.extent(X::rank() - 1)) - 1);
  }
}

/// The last N axes of an array over a lattice, x first; None of None.
template <int N, class V, class X>
auto make_grid(const X& x) {
  if constexpr (!Given<X>) {
    return none;
  } else {
    const auto& v = view(x);
    Grid<V, N> grid{v.data(), {int(width(x))}, {1}};
    for (int d = 1; d < N; ++d) {
      grid.extent[d] = int(v.extent(v.rank() - 1 - d));
      grid.stride[d] = std::int64_t(v.stride(v.rank() - 1 - d));
    }
    return grid;
  }
}

/// What a View, or a Spectrum's, holds, const or not; None of None.
template <class X>
struct ElementOf {
  using type = None;
};
template <class X>
requires Given<X>
struct ElementOf<X> {
  using type = typename View<X>::value_type;
};
template <class X>
using Element = typename ElementOf<X>::type;

/// From one reference to the next.
template <int N, class X>
std::int64_t batch_stride(const X& x) {
  if constexpr (Given<X>) {
    return int(View<X>::rank()) > N ? std::int64_t(view(x).stride(0)) : 0;
  } else {
    return 0;
  }
}

template <class V, int N>
KOKKOS_INLINE_FUNCTION Grid<V, N> at(Grid<V, N> grid, std::int64_t offset) {
  grid.data += offset;
  return grid;
}
KOKKOS_INLINE_FUNCTION None at(None, std::int64_t) { return {}; }

/// Zeroes an owner's rows on the host.
template <class V, int N, class Owner>
void clear_rows(const Grid<V, N>& grid, const Owner& owner) {
  const auto clear = [&](auto&& self, int axis, V* from) -> void {
    if (axis == 0) {
      std::fill_n(from, grid.columns(), V(0));
      return;
    }
    for (int i = 0; i < grid.extent[axis]; ++i)
      if (owner.owns(axis, i, grid.extent[axis])) self(self, axis - 1, from + i * grid.stride[axis]);
  };
  clear(clear, N - 1, grid.data);
}

/// Zeroes on a device.
template <class Exec, class X>
void fill_zero(const Exec& exec, const X& x) {
  if constexpr (Given<X>) Kokkos::deep_copy(exec, view(x), typename View<X>::value_type(0));
}

/// Slices or weights, [P][…] or [B][P][…]; None of None.
template <int M, class V, class X>
auto make_slices(const X& x) {
  if constexpr (!Given<X>) {
    return none;
  } else {
    const auto& v = view(x);
    constexpr int rank = int(View<X>::rank());
    Slices<V, M> slices{
        v.data(), {rank == M + 2 ? std::int64_t(v.stride(0)) : 0, std::int64_t(v.stride(rank - M - 1))}, {1}};
    for (int e = 1; e < M; ++e) slices.stride[e] = std::int64_t(v.stride(rank - 1 - e));
    return slices;
  }
}

/// Rotations (2 axes within a pose) or shifts (1 axis) of elements V.
template <int Axes, class V, class X>
PoseArray<V> make_pose_array(const X& x) {
  PoseArray<V> array{};
  if constexpr (Given<X>) {
    constexpr int leading = int(X::rank()) - Axes;  // [B][P] or [P]
    array.data = x.data();
    array.stride[0] = leading == 2 && x.extent(0) != 1 ? std::int64_t(x.stride(0)) : 0;
    for (int i = 0; i <= Axes; ++i) array.stride[1 + i] = std::int64_t(x.stride(leading - 1 + i));
  }
  return array;
}

/// The type of an array's numbers; None of None.
template <class X>
struct NumberOf {
  using type = None;
};
template <class X>
requires Given<X>
struct NumberOf<X> {
  using type = typename X::non_const_value_type;
};

template <class X>
using Number = typename NumberOf<X>::type;

/// `poses`, or none for its rotations and shifts.
template <class P>
const auto& rotations_of(const P& poses) {
  if constexpr (requires { poses.rotations; }) {
    return poses.rotations;
  } else {
    return none;
  }
}
template <class P>
const auto& shifts_of(const P& poses) {
  if constexpr (requires { poses.shifts; }) {
    return poses.shifts;
  } else {
    return none;
  }
}

/// How slices of a reference are cut. `T`: the precision of both.
template <class T, int N, int M, class Rotations, class Shifts>
auto make_slicing(const SlicingShapes& shapes, const Rotations& rotations, const Shifts& shifts,
                  const SliceOptions& options) {
  const auto& [reference, rotations_shape, shifts_shape, slices] = shapes;
  Slicing<T, N, M, Number<Rotations>, Number<Shifts>> slicing{};
  for (int d = 0; d < N; ++d) slicing.extent[d] = int(d == 0 ? reference.width : reference.extent[reference.rank - 1 - d]);
  for (int e = 0; e < M; ++e) slicing.slice_extent[e] = int(e == 0 ? slices.width : slices.extent[slices.rank - 1 - e]);
  slicing.oversampling = options.oversampling;
  slicing.cutoff = options.cutoff;
  slicing.set_scales();
  slicing.rotations = make_pose_array<2, const Number<Rotations>>(rotations);
  slicing.shifts = make_pose_array<1, const Number<Shifts>>(shifts);
  return slicing;
}

}  // namespace bracewell::detail
