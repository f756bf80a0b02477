// SPDX-License-Identifier: MIT
// The only place, with simd_groups.hpp, that knows about vector registers: the vector extension shared by g++ and clang, at the widest width
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

}  // namespace bracewell::detail::simd

#include <bracewell/detail/epilogue.hpp>
