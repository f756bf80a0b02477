// SPDX-License-Identifier: MIT
// What arguments must be, for sentences in static_assert.
#pragma once

#include <bracewell/options.hpp>
#include <bracewell/poses.hpp>
#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <type_traits>

namespace bracewell::detail {

template <class X>
struct ViewOf {
  using type = X;
};
template <class View>
struct ViewOf<Spectrum<View>> {
  using type = View;
};

/// The View that an argument is, or that its Spectrum holds.
template <class X>
using View = typename ViewOf<X>::type;

template <class X>
const View<X>& view(const X& x) {
  if constexpr (Kokkos::is_view_v<X>) {
    return x;
  } else {
    return x.view;
  }
}

template <class T>
concept Real = std::is_same_v<T, float> || std::is_same_v<T, double>;

template <class V>
struct PrecisionOf {
  using type = V;
};
template <class T>
struct PrecisionOf<Kokkos::complex<T>> {
  using type = T;
};

/// float or double, of a View of these or of their complex numbers.
template <class X>
using Precision = typename PrecisionOf<typename View<X>::non_const_value_type>::type;

template <class X>
concept Given = !std::is_same_v<X, None>;

template <class X>
concept Array = Kokkos::is_view_v<View<X>>;

/// Whether the type promises x stride 1, or leaves it to a check of the value.
template <class X>
concept RowsContiguous = Array<X> &&
    (!std::is_same_v<typename View<X>::array_layout, Kokkos::LayoutLeft> || View<X>::rank() == 1);

template <class X>
concept RealArray = RowsContiguous<X> && Real<typename View<X>::non_const_value_type>;

template <class X>
concept ComplexArray = RowsContiguous<X> && !RealArray<X> && Real<Precision<X>>;

template <class X>
concept Writable = Array<X> && !std::is_const_v<typename View<X>::value_type>;

/// A View of real numbers in any layout.
template <class X>
concept Numbers = Kokkos::is_view_v<X> && Real<typename X::non_const_value_type>;

template <class P>
inline constexpr bool is_poses = false;
template <class R, class S>
inline constexpr bool is_poses<Poses<R, S>> = true;

/// Rotations [P][M][N] or [B][P][M][N] and shifts of one rank less.
template <class P>
concept PosesLike = is_poses<P> && Numbers<decltype(P::rotations)> &&
                    (decltype(P::rotations)::rank() == 3 || decltype(P::rotations)::rank() == 4) &&
                    (!Given<decltype(P::shifts)> || Numbers<decltype(P::shifts)>);

template <class P>
inline constexpr bool batched = decltype(P::rotations)::rank() == 4;

/// Axes of a reference, and of a slice, whose poses are P.
template <class P, class Reference>
inline constexpr int reference_axes = int(View<Reference>::rank()) - (batched<P> ? 1 : 0);
template <class P, class Slices>
inline constexpr int slice_axes = int(View<Slices>::rank()) - (batched<P> ? 2 : 1);

template <class Rotations, int N, int M>
constexpr bool static_extents_fit() {
  const auto fits = [](std::size_t extent, int wanted) { return extent == 0 || extent == std::size_t(wanted); };
  return fits(Rotations::static_extent(Rotations::rank() - 2), M) &&
         fits(Rotations::static_extent(Rotations::rank() - 1), N);
}

/// The ranks of all agree: 1 ≤ M ≤ N axes, and matrices of that shape.
template <class P, class Reference, class Slices>
constexpr bool ranks_agree() {
  constexpr int N = reference_axes<P, Reference>, M = slice_axes<P, Slices>;
  return M >= 1 && M <= N && static_extents_fit<decltype(P::rotations), N, M>();
}

template <class P>
constexpr bool shift_rank_fits() {
  using S = decltype(P::shifts);
  if constexpr (Given<S>) {
    return S::rank() + 1 == decltype(P::rotations)::rank();
  } else {
    return true;
  }
}

template <class Exec, class X>
constexpr bool reaches() {
  if constexpr (is_poses<X>) {
    return reaches<Exec, decltype(X::rotations)>() && reaches<Exec, decltype(X::shifts)>();
  } else if constexpr (Given<X>) {
    return Kokkos::SpaceAccessibility<Exec, typename View<X>::memory_space>::accessible;
  } else {
    return true;
  }
}

/// The execution space can access every array.
template <class Exec, class... X>
concept Reaches = (reaches<Exec, X>() && ...);

template <class Exec>
concept ExecutionSpace = Kokkos::is_execution_space_v<Exec>;

/// What kernels.hpp asks of a kernel, as far as values go.
template <class K, class T>
concept Kernel = !Given<K> || (K::reach >= 1 && requires(const K& k, T t) { T(k.value(t)); });

// Sentences that several operations share are in functions that are called in a static_assert: so they are a caller's first
// errors.

/// The sentences about what all slicing operations share. Grids are the arrays over the reference's lattice.
template <class Exec, class P, class Slices, class K, class... Grids>
constexpr bool check_slicing_types() {
  static_assert(ExecutionSpace<Exec>, "bracewell: the first argument must be a Kokkos execution space instance");
  static_assert(PosesLike<P>,
                "bracewell: 'poses' must be Poses{rotations, shifts}: Views of float or double, rotations [P][M][N] or "
                "[B][P][M][N], shifts [P][M], [B][P][M] or none");
  static_assert(shift_rank_fits<P>(), "bracewell: 'shifts' must have one axis less than 'rotations'");
  static_assert((ranks_agree<P, Grids, Slices>() && ...),
                "bracewell: ranks must agree: rotations [P][M][N] with references of N and slices [P] + M axes, or "
                "rotations [B][P][M][N] with references of [B] + N and slices of [B][P] + M axes, 1 <= M <= N");
  static_assert((std::is_same_v<Precision<Grids>, Precision<Slices>> && ...),
                "bracewell: references and slices must have one precision, all float or all double");
  static_assert(Kernel<K, Precision<Slices>>,
                "bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp");
  static_assert(Reaches<Exec, P, Slices, Grids...>, "bracewell: an array is in memory that 'exec' cannot access");
  return true;
}

/// The sentences about an array that goes with another one.
template <class Exec, class Like, class X>
constexpr bool check_alike() {
  if constexpr (Given<X>) {
    static_assert(View<X>::rank() == View<Like>::rank() && std::is_same_v<Precision<X>, Precision<Like>>,
                  "bracewell: 'weights' must have the rank and precision of 'slices', 'density' those of 'data'");
    static_assert(Reaches<Exec, X>, "bracewell: an array is in memory that 'exec' cannot access");
  }
  return true;
}

/// A tangent or cotangent goes with an array, or is none.
template <class X, class Like>
constexpr bool alike_or_none() {
  if constexpr (!Given<X>) {
    return true;
  } else if constexpr (!Given<Like> || !RowsContiguous<X>) {
    return false;
  } else {
    return View<X>::rank() == View<Like>::rank() &&
           std::is_same_v<typename View<X>::non_const_value_type, typename View<Like>::non_const_value_type>;
  }
}
template <class X, class Like>
concept AlikeOrNone = alike_or_none<X, Like>();

template <class X>
concept WritableOrNone = !Given<X> || Writable<X>;

/// The same of rotations or shifts, whose precisions are free.
template <class X, class Like>
constexpr bool pose_alike_or_none() {
  if constexpr (!Given<X>) {
    return true;
  } else if constexpr (!Given<Like> || !Numbers<X>) {
    return false;
  } else {
    return X::rank() == Like::rank();
  }
}

/// The sentences about tangents or, to be written, cotangents of poses.
template <class Exec, class P, class Companion, bool Written = false>
constexpr bool check_pose_companion() {
  if constexpr (Given<Companion>) {
    static_assert(is_poses<Companion>, "bracewell: tangents and cotangents of poses are Poses{rotations, shifts} or none");
    static_assert(
        pose_alike_or_none<decltype(Companion::rotations), decltype(P::rotations)>() &&
            pose_alike_or_none<decltype(Companion::shifts), decltype(P::shifts)>(),
        "bracewell: tangents and cotangents of rotations and shifts are Views of float or double of their rank, or "
        "none where these are none");
    static_assert(
        !Written || (WritableOrNone<decltype(Companion::rotations)> && WritableOrNone<decltype(Companion::shifts)>),
        "bracewell: cotangents of rotations and shifts must be writable");
    static_assert(Reaches<Exec, Companion>, "bracewell: an array is in memory that 'exec' cannot access");
  }
  return true;
}

template <class A, class B>
KOKKOS_INLINE_FUNCTION const auto& first_given(const A& a, const B& b) {
  if constexpr (Given<A>) {
    return a;
  } else {
    return b;
  }
}

}  // namespace bracewell::detail
