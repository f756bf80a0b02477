// SPDX-License-Identifier: MIT
// From arguments to the plain structures that kernels hold.
#pragma once

#include <bracewell/detail/concepts.hpp>
#include <bracewell/detail/sampling.hpp>

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

/// Zeroes on the host what lies on a slab's planes.
template <class V, int N>
void clear_planes(const Grid<V, N>& grid, const Slab& slab) {
  const auto clear = [&](auto&& self, int axis, V* from) -> void {
    if (axis == 0) {
      std::fill_n(from, grid.columns(), V(0));
      return;
    }
    for (int i = 0; i < grid.extent[axis]; ++i)
      if (axis < N - 1 || slab.owns(i, grid.extent[axis])) self(self, axis - 1, from + i * grid.stride[axis]);
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

/// Rotations (2 axes within a pose) or shifts (1 axis).
template <int Axes, class X>
auto make_pose_array(const X& x) {
  if constexpr (Given<X>) {
    constexpr int rank = int(X::rank()), leading = rank - Axes;  // [B][P] or [P]
    PoseArray<const typename X::non_const_value_type> array{x.data(), {}};
    array.stride[0] = leading == 2 && x.extent(0) != 1 ? std::int64_t(x.stride(0)) : 0;
    for (int i = 0; i <= Axes; ++i) array.stride[1 + i] = std::int64_t(x.stride(leading - 1 + i));
    return array;
  } else {
    return PoseArray<const None>{};
  }
}

template <class X>
struct NumberOf {
  using type = None;
};
template <class X>
requires Given<X>
struct NumberOf<X> {
  using type = typename X::non_const_value_type;
};

template <class T, class Reference, class P, class SliceArray>
using SlicingOf = Slicing<T, reference_axes<P, Reference>, slice_axes<P, SliceArray>,
                          typename NumberOf<decltype(P::rotations)>::type, typename NumberOf<decltype(P::shifts)>::type>;

/// How slices of a reference are cut.
template <class Reference, class P, class SliceArray>
auto make_slicing(const Reference& reference, const P& poses, const SliceArray& slices, const SliceOptions& options) {
  constexpr int N = reference_axes<P, Reference>, M = slice_axes<P, SliceArray>;
  SlicingOf<Precision<Reference>, Reference, P, SliceArray> slicing{};
  const auto& r = view(reference);
  const auto& s = view(slices);
  for (int d = 0; d < N; ++d) slicing.extent[d] = d == 0 ? int(width(reference)) : int(r.extent(r.rank() - 1 - d));
  for (int e = 0; e < M; ++e) slicing.slice_extent[e] = e == 0 ? int(width(slices)) : int(s.extent(s.rank() - 1 - e));
  slicing.oversampling = options.oversampling;
  slicing.cutoff = options.cutoff;
  slicing.rotations = make_pose_array<2>(poses.rotations);
  slicing.shifts = make_pose_array<1>(poses.shifts);
  return slicing;
}

}  // namespace bracewell::detail
