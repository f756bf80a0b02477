// SPDX-License-Identifier: MIT
// Types of arguments: predicates for the sentences of static_assert, and what can be read off a type.
#pragma once

#include <bracewell/options.hpp>
#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <type_traits>

#include <bracewell/detail/prologue.hpp>

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

/// float or double: the precision of a View of real or complex numbers.
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

template <class X>
constexpr int rank_of() {
  if constexpr (Array<X>) {
    return int(View<X>::rank());
  } else {
    return 0;
  }
}

template <class X>
struct PrecisionOrDoubleOf {
  using type = double;
};
template <class X>
requires Array<X>
struct PrecisionOrDoubleOf<X> {
  using type = Precision<X>;
};

/// The precision of an array; double for anything else.
template <class X>
using PrecisionOrDouble = typename PrecisionOrDoubleOf<X>::type;

template <template <class...> class Struct, class X>
inline constexpr bool is_a = false;
template <template <class...> class Struct, class... Members>
inline constexpr bool is_a<Struct, Struct<Members...>> = true;

/// The execution space can access an array.
template <class Exec, class X>
concept Reaches = !Array<X> || bool(Kokkos::SpaceAccessibility<Exec, typename View<X>::memory_space>::accessible);

template <class Exec>
concept ExecutionSpace = Kokkos::is_execution_space_v<Exec>;

/// What kernels.hpp requires of a kernel for values; slopes and transforms are met where they are used.
template <class K, class T>
concept Kernel = !Given<K> || (K::reach >= 1 && requires(const K& k, T t) { T(k.value(t)); });

/// The static extents of rotations, where they have any, are those of matrices [M][N].
template <class Rotations, int N, int M>
constexpr bool static_extents_fit() {
  const auto fits = [](std::size_t extent, int wanted) { return extent == 0 || extent == std::size_t(wanted); };
  if constexpr (rank_of<Rotations>() < 2) {
    return false;
  } else {
    return fits(Rotations::static_extent(Rotations::rank() - 2), M) &&
           fits(Rotations::static_extent(Rotations::rank() - 1), N);
  }
}

/// The type of the elements of a View, or of a Spectrum's View, const or not; None for None.
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

template <class A, class B>
KOKKOS_INLINE_FUNCTION const auto& first_given(const A& a, const B& b) {
  if constexpr (Given<A>) {
    return a;
  } else {
    return b;
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
