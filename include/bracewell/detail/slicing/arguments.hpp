// SPDX-License-Identifier: MIT
// The types of a slicing problem, and the plain structures that kernels hold, made of its arguments.
#pragma once

#include <bracewell/detail/arguments/call.hpp>
#include <bracewell/detail/core/tables.hpp>
#include <bracewell/detail/slicing/friedel.hpp>
#include <bracewell/detail/slicing/geometry.hpp>

#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The types of a problem with an array over the reference's lattice, poses, and a stack of slices.
template <class Exec_, class Kernel_, class Lattice, class PosesArg, class Stack>
struct SlicingTypes {
  using Exec = Exec_;
  using T = PrecisionOrDouble<Lattice>;
  static constexpr int batch = rank_of<rotations_type<PosesArg>>() == 4 ? 1 : 0, posed = 1, channels = 0;
  static constexpr int N = rank_of<Lattice>() - batch, M = rank_of<Stack>() - batch - 1, K = 0;
  static constexpr const char *axes_of_images = "the axes of a slice", *axes_of_objects = "the axes of a reference",
                              *axes_of_parameters = "the numbers of R and t, and the scale";

  static constexpr bool sentences() {
    static_assert(M >= 1 && M <= N && static_extents_fit<rotations_type<PosesArg>, N, M>(),
                  "bracewell: ranks must agree: rotations [P][M][N] with references of N and slices [P] + M axes, or "
                  "rotations [B][P][M][N] with references of [B] + N and slices of [B][P] + M axes, 1 <= M <= N");
    static_assert(Kernel<Kernel_, T>,
                  "bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp");
    return true;
  }
};

/// The types of residuals: K parameters of an image are the numbers of its pose, and its scale.
template <class Exec, class Kernel, class Lattice, class PosesArg, class Images>
struct ResidualTypes : SlicingTypes<Exec, Kernel, Lattice, PosesArg, Images> {
  using Base = SlicingTypes<Exec, Kernel, Lattice, PosesArg, Images>;
  static constexpr int K = Base::M * Base::N + Base::M + 1;
};

template <class A, class B>
using FirstGiven = std::conditional_t<Given<A>, A, B>;

/// The types of back-projection, which has at least one grid, and something to insert.
template <class Exec, class Kernel, class SlicesArg, class Weights, class PosesArg, class Data, class Density>
struct BackprojectTypes : SlicingTypes<Exec, Kernel, FirstGiven<Data, Density>, PosesArg, FirstGiven<SlicesArg, Weights>> {
  static_assert(Given<Data> || Given<Density>,
                "bracewell: one of 'data' and 'density', or of their tangents or cotangents, must be given");
  static_assert(Given<SlicesArg> || (Given<Weights> && !Given<Data>),
                "bracewell: 'slices' must be given, but for a density from given weights alone");
};

/// The types of one grid by itself.
template <int N_>
struct LatticeTypes {
  static constexpr int N = N_, batch = 0;
};

template <class P, class V, class X>
auto make_grid(const X& x) {
  if constexpr (!Given<X>) {
    return none;
  } else {
    constexpr int N = P::N;
    const auto& v = view(x);
    Grid<V, N> grid{v.data(), {int(width(x))}, {1}, P::batch ? std::int64_t(v.stride(0)) : 0};
    for (int d = 1; d < N; ++d) {
      grid.extent[d] = int(v.extent(v.rank() - 1 - std::size_t(d)));
      grid.stride[d] = std::int64_t(v.stride(v.rank() - 1 - std::size_t(d)));
    }
    grid.set_bounds();
    return grid;
  }
}

/// The grids of an array over a lattice, to be read or to be written; None for none.
template <class P, class X>
auto input_grid(const X& x) {
  return make_grid<P, const Element<X>>(x);
}
template <class P, class X>
auto output_grid(const X& x) {
  return make_grid<P, Element<X>>(x);
}

template <class P, class V, class X>
auto make_stack(const X& x) {
  if constexpr (!Given<X>) {
    return none;
  } else {
    const auto& v = view(x);
    constexpr int M = P::M, rank = rank_of<X>();
    SliceStack<V, M> stack{v.data(), {P::batch ? std::int64_t(v.stride(0)) : 0, std::int64_t(v.stride(P::batch))}, {1}};
    for (int e = 1; e < M; ++e) stack.stride[e] = std::int64_t(v.stride(rank - 1 - e));
    return stack;
  }
}

/// The stack of slices or weights, to be read or to be written; None for none.
template <class P, class X>
auto input_stack(const X& x) {
  return make_stack<P, const Element<X>>(x);
}
template <class P, class X>
auto output_stack(const X& x) {
  return make_stack<P, Element<X>>(x);
}

/// The geometry of slices at poses, or, from tangents of poses, its rates of change.
template <class P, class Lattice, class Stack, class PosesArg>
auto make_geometry(const Counts& counts, const Lattice& lattice, const Stack& stack, const PosesArg& poses,
                   const SliceOptions& options) {
  Geometry<typename P::T, P::N, P::M, Given<rotations_type<PosesArg>>, Given<shifts_type<PosesArg>>> geometry{};
  const auto extent = [](const auto& x, int d) {
    return int(d == 0 ? width(x) : std::int64_t(view(x).extent(view(x).rank() - 1 - std::size_t(d))));
  };
  for (int d = 0; d < P::N; ++d) geometry.extent[d] = extent(lattice, d);
  for (int e = 0; e < P::M; ++e) geometry.slice_extent[e] = extent(stack, e);
  geometry.oversampling = options.oversampling;
  geometry.cutoff = options.cutoff;
  geometry.set_scales();
  geometry.rotations = make_pose_table<2>(rotations_of(poses));
  geometry.shifts = make_pose_table<1>(shifts_of(poses));
  geometry.references = counts.references;
  geometry.poses = counts.poses;
  return geometry;
}

/// Of back-projection, by whichever grid and stack are given.
template <class P, class Data, class Density, class SlicesArg, class Weights, class PosesArg>
auto make_geometry(const Counts& counts, const Data& data, const Density& density, const SlicesArg& slices,
                   const Weights& weights, const PosesArg& poses, const SliceOptions& options) {
  return make_geometry<P>(counts, first_given(data, density), first_given(slices, weights), poses, options);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
