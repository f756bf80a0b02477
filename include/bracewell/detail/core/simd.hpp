// SPDX-License-Identifier: MIT
// The only place that knows about vector registers: the vector extension shared by g++ and clang, at the widest width
// that the compiler's flags allow. Elsewhere a pack is one scalar, and every loop over packs is a plain loop.
#pragma once

#include <Kokkos_Macros.hpp>

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

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
  return P{} + x;
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

/// The sums of neighbouring lanes, of a in the lower half and of b in the upper one.
template <class P, int... I>
KOKKOS_INLINE_FUNCTION P sum_neighbours(const P& a, const P& b, std::integer_sequence<int, I...>) {
#if !defined(__CUDACC__) && (defined(__clang__) || __GNUC__ >= 12)
  return __builtin_shufflevector(a, b, 2 * I...) + __builtin_shufflevector(a, b, 2 * I + 1 ...);
#else
  Lane<P> from[2 * lanes<P>];
  store(from, a);
  store(from + lanes<P>, b);
  const Lane<P> to[] = {from[2 * I] + from[2 * I + 1]...};
  return load<P>(to);
#endif
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

/// ⌊x⌋ for lanes within the range of int: through 32-bit integers, which every instruction set converts to.
template <class P>
KOKKOS_INLINE_FUNCTION Pack<Integer<Lane<P>>, lanes<P>> floor(const P& x) {
  using Wide = Pack<Integer<Lane<P>>, lanes<P>>;
  const Wide toward_zero = convert<Wide>(convert<Pack<std::int32_t, lanes<P>>>(x));
  return select(convert<P>(toward_zero) > x, Wide(toward_zero - 1), toward_zero);
}

/// Whether some lane of a mask is set.
template <class P>
KOKKOS_INLINE_FUNCTION bool any(const P& mask) {
  if constexpr (std::is_arithmetic_v<P>) {
    return mask != 0;
  } else {
    std::uint64_t part[sizeof(P) / 8], all = 0;
    std::memcpy(part, &mask, sizeof(P));
    for (const std::uint64_t x : part) all |= x;
    return all != 0;
  }
}

/// Prefetches the cache line of an address. It is inlined by force, as its callers must be: compilers drop calls of a
/// function that does nothing else.
KOKKOS_FORCEINLINE_FUNCTION void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__) || defined(__clang__)
  KOKKOS_IF_ON_HOST((__builtin_prefetch(address);))
#endif
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
