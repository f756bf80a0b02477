// SPDX-License-Identifier: MIT
// Groups of neighbouring lanes of a pack: how they are loaded, stored, spread and transposed; and strips, which are short runs of numbers.
#pragma once

#include <bracewell/detail/core/simd.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail::simd {

/// Lane `Place` of each group of Group neighbouring lanes, for all of its group.
template <int Group, int Place, class P>
KOKKOS_INLINE_FUNCTION P spread_in_groups(const P& pack) {
  return [&]<int... I>(std::integer_sequence<int, I...>) { return shuffle<I / Group * Group + Place...>(pack, pack); }
  (std::make_integer_sequence<int, lanes<P>>());
}

/// Groups of lanes, as many as Groups, each from where where(group) points.
template <class P, int Groups, int First = 0, class Where>
KOKKOS_INLINE_FUNCTION P load_groups(const Where& where) {
  using Pairs = Pack<double, int(sizeof(P) / 8)>;
  if constexpr (Groups == 1) {
    P group;
    std::memcpy(&group, where(First), sizeof(P));
    return group;
  } else if constexpr (sizeof(P) == 8 * Groups && !std::is_same_v<P, Pairs>) {
    const auto pairs = load_groups<Pairs, Groups>(where);  // no instruction set has packs of 8 bytes
    P pack;
    std::memcpy(&pack, &pairs, sizeof(P));
    return pack;
  } else {
    using Half = Pack<Lane<P>, lanes<P> / 2>;
    return join(load_groups<Half, Groups / 2, First>(where), load_groups<Half, Groups / 2, First + Groups / 2>(where));
  }
}

/// Stores each group of Group neighbouring lanes, `apart` numbers from one to the next.
template <int Group, class P>
KOKKOS_INLINE_FUNCTION void store_groups(Lane<P>* to, int apart, const P& pack) {
  if constexpr (lanes<P> == Group) {
    store(to, pack);
  } else {
    constexpr int half = lanes<P> / 2;
    [&]<int... I>(std::integer_sequence<int, I...>) {
      store_groups<Group>(to, apart, shuffle<I...>(pack, pack));
      store_groups<Group>(to + half / Group * apart, apart, shuffle<half + I...>(pack, pack));
    }
    (std::make_integer_sequence<int, half>());
  }
}

/// Interleaves a half of each group of Group lanes of a with that of b.
template <int Group, bool Upper, class P>
KOKKOS_INLINE_FUNCTION P zip_in_groups(const P& a, const P& b) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return shuffle<I / Group * Group + I % Group / 2 + (Upper ? Group / 2 : 0) + I % 2 * lanes<P>...>(a, b);
  }
  (std::make_integer_sequence<int, lanes<P>>());
}

/// Stores before it come before those after it: unaligned ones that do not follow each other in memory are slow.
KOKKOS_INLINE_FUNCTION void keep_order() {
#if defined(__GNUC__) || defined(__clang__)
  KOKKOS_IF_ON_HOST((asm volatile("" : : : "memory");))
#endif
}

/// Stores a and b with their lanes in turns.
template <class P>
KOKKOS_INLINE_FUNCTION void store_pairs(Lane<P>* to, const P& a, const P& b) {
  if constexpr (std::is_arithmetic_v<P>) {
    to[0] = a;
    to[1] = b;
  } else {
    constexpr int W = lanes<P>;
    store(to, zip_in_groups<W, false>(a, b));
    keep_order();
    store(to + W, zip_in_groups<W, true>(a, b));
    keep_order();
  }
}

/// Halves of each group of Group lanes: that of a, then that of b.
template <int Group, bool Upper, class P>
KOKKOS_INLINE_FUNCTION P join_in_groups(const P& a, const P& b) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return shuffle<I / Group * Group + I % (Group / 2) + (Upper ? Group / 2 : 0) + I % Group / (Group / 2) * lanes<P>...>(a,
                                                                                                                          b);
  }
  (std::make_integer_sequence<int, lanes<P>>());
}

/// Transposes blocks of Size lanes of a group, by exchanging halves of them, once blocks of half that size are.
template <int Size, class P, int Group>
KOKKOS_INLINE_FUNCTION void transpose_blocks(P (&x)[Group]) {
  if constexpr (Size <= Group) {
    for (int i = 0; i < Group; ++i)
      if ((i & (Size / 2)) == 0) {
        const P a = x[i], b = x[i + Size / 2];
        x[i] = join_in_groups<Size, false>(a, b);
        x[i + Size / 2] = join_in_groups<Size, true>(a, b);
      }
    transpose_blocks<2 * Size>(x);
  }
}

/// Lane j of a group of Group lanes in pack i changes places with lane i of it in pack j. Registers consist of parts of 16
/// bytes, within which lanes are exchanged first.
template <int Group, class P>
KOKKOS_INLINE_FUNCTION void transpose_groups(P (&x)[Group]) {
  constexpr int in_part = 16 / int(sizeof(Lane<P>)), part = Group < in_part ? Group : in_part;
  for (int first = 0; first < Group; first += part)
    for (int round = 1; round < part; round *= 2) {
      P from[part];
      for (int i = 0; i < part; ++i) from[i] = x[first + i];
      for (int i = 0; i < part / 2; ++i) {
        x[first + 2 * i] = zip_in_groups<part, false>(from[i], from[part / 2 + i]);
        x[first + 2 * i + 1] = zip_in_groups<part, true>(from[i], from[part / 2 + i]);
      }
    }
  transpose_blocks<2 * part>(x);
}

/// A short run of contiguous values held in packs.
template <class T, int Length>
struct Strip {
  static constexpr int piece_width = [] {
    int w = 1;
    while (2 * w <= width<T> && Length % (2 * w) == 0) w *= 2;
    return w;
  }();
  using Piece = Pack<T, piece_width>;

  Piece piece[Length / piece_width];

  KOKKOS_INLINE_FUNCTION static Strip load(const T* from) {
    Strip strip;
    for (int i = 0; i < Length / piece_width; ++i) strip.piece[i] = simd::load<Piece>(from + i * piece_width);
    return strip;
  }

  KOKKOS_INLINE_FUNCTION void store(T* to) const {
    for (int i = 0; i < Length / piece_width; ++i) simd::store(to + i * piece_width, piece[i]);
  }

  /// to[…] += factor · *this
  KOKKOS_INLINE_FUNCTION void add_to(T* to, T factor) const {
    Strip sum = load(to);
    sum.add(factor, *this);
    sum.store(to);
  }

  /// *this += factor · other
  KOKKOS_INLINE_FUNCTION void add(T factor, const Strip& other) {
    for (int i = 0; i < Length / piece_width; ++i) piece[i] += factor * other.piece[i];
  }
};

}  // namespace bracewell::detail::simd

#include <bracewell/detail/epilogue.hpp>
