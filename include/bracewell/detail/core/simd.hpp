// SPDX-License-Identifier: MIT
// The only place that knows about vector registers: the vector extension shared by g++ and clang, at the widest width
// that the compiler's flags allow. Elsewhere a pack is one scalar, and every loop over packs is a plain loop.
#pragma once

#include <Kokkos_Macros.hpp>

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail::simd {

#if defined(BRACEWELL_NO_SIMD) || defined(__CUDACC__) || !(defined(__GNUC__) || defined(__clang__))
inline constexpr int register_bytes = 0;  // nvcc takes no packs, not even on the host where a function is for both
#elif defined(__AVX512F__)
inline constexpr int register_bytes = 64;
#elif defined(__AVX__)
inline constexpr int register_bytes = 32;
#else
inline constexpr int register_bytes = 16;
#endif

/// Lanes of T in one register.
template <class T>
inline constexpr int width = register_bytes > int(sizeof(T)) ? register_bytes / int(sizeof(T)) : 1;

/// Lanes of the packs in which Count values side by side are worked on.
template <class T, int Count>
inline constexpr int pack_width = Count < width<T> ? Count : width<T>;

/// The integer as wide as T; comparisons of packs of T yield packs of it.
template <class T>
using Integer = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

template <class T, int W>
struct PackOf {
#if defined(__GNUC__) || defined(__clang__)
  typedef T type __attribute__((vector_size(W * sizeof(T))));
#endif
};
template <class T>
struct PackOf<T, 1> {
  using type = T;
};

/// The alignment of what is kept for Count lanes: packs that cross cache lines are slow to store, and slower to load back.
/// One lane needs no more than a pointer does.
template <int Count>
inline constexpr int alignment = Count > 1 && register_bytes > 0 ? 64 : 8;

/// W lanes of T, with the arithmetic operators of T; T itself for W = 1.
template <class T, int W = width<T>>
using Pack = typename PackOf<T, W>::type;

template <class P>
struct LaneOf {
  using type = std::remove_cvref_t<decltype(std::declval<P&>()[0])>;
};
template <class P>
requires std::is_arithmetic_v<P>
struct LaneOf<P> {
  using type = P;
};

/// The type of a pack's lanes.
template <class P>
using Lane = typename LaneOf<P>::type;

template <class P>
inline constexpr int lanes = int(sizeof(P) / sizeof(Lane<P>));

/// Into a pack that may be wider than a register. Functions do not return such a pack: how they would depends on the processor.
template <class P>
KOKKOS_INLINE_FUNCTION void load_to(P& pack, const Lane<P>* from) {
  if constexpr (std::is_arithmetic_v<P>) {
    pack = *from;
  } else {
    std::memcpy(&pack, from, sizeof(P));
  }
}

template <class P>
KOKKOS_INLINE_FUNCTION P load(const Lane<P>* from) {
  P pack;
  load_to(pack, from);
  return pack;
}

template <class P>
KOKKOS_INLINE_FUNCTION void store(Lane<P>* to, const P& pack) {
  if constexpr (std::is_arithmetic_v<P>) {
    *to = pack;
  } else {
    std::memcpy(to, &pack, sizeof(P));
  }
}

template <class P>
KOKKOS_INLINE_FUNCTION P broadcast(Lane<P> x) {
  return x - P{};  // which is x for every x, so that nothing is subtracted
}

/// first, first + 1, …, one a lane.
template <class P>
KOKKOS_INLINE_FUNCTION P count_from(Lane<P> first) {
  Lane<P> lane[lanes<P>];
  for (int i = 0; i < lanes<P>; ++i) lane[i] = first + Lane<P>(i);
  return load<P>(lane);
}

/// Into a pack that may be wider than a register.
template <class To, class P>
KOKKOS_INLINE_FUNCTION void convert_to(To& to, const P& pack) {
  if constexpr (std::is_arithmetic_v<P>) {
    to = To(pack);
  } else {
    to = __builtin_convertvector(pack, To);
  }
}

template <class To, class P>
KOKKOS_INLINE_FUNCTION To convert(const P& pack) {
  To to;
  convert_to(to, pack);
  return to;
}

template <class P>
KOKKOS_INLINE_FUNCTION Lane<P> sum(const P& pack) {
  if constexpr (std::is_arithmetic_v<P>) {
    return pack;
  } else {
    Pack<Lane<P>, lanes<P> / 2> half[2];
    std::memcpy(&half, &pack, sizeof(P));
    return sum(half[0] + half[1]);
  }
}

/// Lane i is lane From_i of a and b together, a's lanes first.
template <int... From, class P>
KOKKOS_INLINE_FUNCTION auto shuffle(const P& a, const P& b) {
  using To = Pack<Lane<P>, int(sizeof...(From))>;
#if !defined(__CUDACC__) && (defined(__clang__) || __GNUC__ >= 12)
  return To(__builtin_shufflevector(a, b, From...));
#else
  Lane<P> from[2 * lanes<P>];
  store(from, a);
  store(from + lanes<P>, b);
  const Lane<P> to[] = {from[From]...};
  return load<To>(to);
#endif
}

/// The sums of neighbouring lanes, of a in the lower half and of b in the upper one.
template <class P, int... I>
KOKKOS_INLINE_FUNCTION P sum_neighbours(const P& a, const P& b, std::integer_sequence<int, I...>) {
  return shuffle<2 * I...>(a, b) + shuffle<2 * I + 1 ...>(a, b);
}

/// Lane i has the sum over the lanes of packs[i], of Count packs of at most Places = a power of two.
template <int Count, int Places, class P>
KOKKOS_INLINE_FUNCTION P sums_in_lanes(const P* packs) {
  if constexpr (Places == 1) {
    return *packs;
  } else {
    constexpr int half = Places / 2;
    const P low = sums_in_lanes<(Count < half ? Count : half), half>(packs);
    P high{};
    if constexpr (Count > half) high = sums_in_lanes<Count - half, half>(packs + half);
    return sum_neighbours(low, high, std::make_integer_sequence<int, lanes<P>>());
  }
}

/// out[i] = sum(packs[i]), but for rounding: together they need a third of the shuffles.
template <class P, int Count>
KOKKOS_INLINE_FUNCTION void sum_each(const P (&packs)[Count], Lane<P> (&out)[Count]) {
  if constexpr (std::is_arithmetic_v<P>) {
    for (int i = 0; i < Count; ++i) out[i] = packs[i];
  } else {
    constexpr int W = lanes<P>, rest = Count % W;
    for (int i = 0; i < Count - rest; i += W) store(out + i, sums_in_lanes<W, W>(packs + i));
    if constexpr (rest > 0) {
      Lane<P> last[W];
      store(last, sums_in_lanes<rest, W>(packs + Count - rest));
      for (int i = 0; i < rest; ++i) out[Count - rest + i] = last[i];
    }
  }
}

template <class Mask, class P>
KOKKOS_INLINE_FUNCTION P select(const Mask& mask, const P& yes, const P& no) {
  return mask ? yes : no;
}

template <class P>
KOKKOS_INLINE_FUNCTION P magnitude(const P& x) {
  if constexpr (std::is_arithmetic_v<P>) {
    return x < 0 ? -x : x;
  } else {
    using I = Pack<Integer<Lane<P>>, lanes<P>>;
    return P(I(x) & std::numeric_limits<Lane<I>>::max());  // all bits but the sign
  }
}

/// ⌊x⌋ for lanes within the range of int, through 32-bit integers, which every instruction set converts to.
template <class P>
KOKKOS_INLINE_FUNCTION P plain_round_down(const P& x) {
  const P toward_zero = convert<P>(convert<Pack<std::int32_t, lanes<P>>>(x));
  return select(toward_zero > x, P(toward_zero - 1), toward_zero);
}

/// Whether some lane of a mask is set.
template <class P>
KOKKOS_INLINE_FUNCTION bool plain_any(const P& mask) {
  if constexpr (std::is_arithmetic_v<P>) {
    return mask != 0;
  } else {
    std::uint64_t part[sizeof(P) / 8], all = 0;
    std::memcpy(part, &mask, sizeof(P));
    for (const std::uint64_t x : part) all |= x;
    return all != 0;
  }
}

/// The lanes of a, then those of b.
template <class P>
KOKKOS_INLINE_FUNCTION auto plain_join(const P& a, const P& b) {
  if constexpr (std::is_arithmetic_v<P>)
    return Pack<P, 2>{a, b};
  else
    return [&]<int... I>(std::integer_sequence<int, I...>) { return shuffle<I...>(a, b); }
  (std::make_integer_sequence<int, 2 * lanes<P>>());
}

// The same by instructions that compilers do not find by themselves. Masks of ones spare values that g++ 12 takes for
// uninitialised.
template <class P>
KOKKOS_INLINE_FUNCTION P round_down(const P& x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(P) == 64 && register_bytes > 0) {
    if constexpr (std::is_same_v<Lane<P>, float>) return P(_mm512_maskz_roundscale_ps(0xFFFF, __m512(x), 9));
    if constexpr (std::is_same_v<Lane<P>, double>) return P(_mm512_maskz_roundscale_pd(0xFF, __m512d(x), 9));
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(P) == 32 && register_bytes > 0) {
    if constexpr (std::is_same_v<Lane<P>, float>) return P(_mm256_floor_ps(__m256(x)));
    if constexpr (std::is_same_v<Lane<P>, double>) return P(_mm256_floor_pd(__m256d(x)));
  }
#endif
  return plain_round_down(x);
}

template <class P>
KOKKOS_INLINE_FUNCTION bool any(const P& mask) {
#if defined(__AVX512F__)
  if constexpr (sizeof(P) == 64 && register_bytes > 0) return _mm512_test_epi64_mask(__m512i(mask), __m512i(mask)) != 0;
#endif
#if defined(__AVX__)
  if constexpr (sizeof(P) == 32 && register_bytes > 0) return _mm256_testz_si256(__m256i(mask), __m256i(mask)) == 0;
#endif
  return plain_any(mask);
}

template <class P>
KOKKOS_INLINE_FUNCTION auto join(const P& a, const P& b) {
  using To [[maybe_unused]] = Pack<Lane<P>, 2 * lanes<P>>;
#if defined(__AVX512F__)
  if constexpr (sizeof(P) == 32 && register_bytes > 0)
    return To(_mm512_maskz_insertf64x4(0xFF, _mm512_castpd256_pd512(__m256d(a)), __m256d(b), 1));
  else
#endif
#if defined(__AVX__)
      if constexpr (sizeof(P) == 16 && register_bytes > 0)
    return To(_mm256_insertf128_pd(_mm256_castpd128_pd256(__m128d(a)), __m128d(b), 1));
  else
#endif
    return plain_join(a, b);
}

/// Whole numbers within the range of int as integers.
template <class P>
KOKKOS_INLINE_FUNCTION Pack<Integer<Lane<P>>, lanes<P>> to_integers(const P& x) {
  return convert<Pack<Integer<Lane<P>>, lanes<P>>>(convert<Pack<std::int32_t, lanes<P>>>(x));
}

/// ⌊x⌋ for lanes within the range of int.
template <class P>
KOKKOS_INLINE_FUNCTION Pack<Integer<Lane<P>>, lanes<P>> floor(const P& x) {
  return to_integers(round_down(x));
}

/// Prefetches the cache line of an address. It is inlined by force, as its callers must be: compilers drop calls of a
/// function that does nothing else.
KOKKOS_FORCEINLINE_FUNCTION void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__) || defined(__clang__)
  KOKKOS_IF_ON_HOST((__builtin_prefetch(address);))
#endif
}

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
