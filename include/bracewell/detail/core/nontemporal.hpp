// SPDX-License-Identifier: MIT
// Non-temporal stores: what is larger than the caches is written past them, so that its lines are not read first. Where the
// processor has none, these are plain stores.
#pragma once

#include <bracewell/detail/core/simd.hpp>

#include <cstdint>

#if defined(__SSE2__) && !defined(BRACEWELL_NO_SIMD)
#include <immintrin.h>
#endif

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// From so many bytes on, no cache keeps an output until it is used again.
inline constexpr std::int64_t nontemporal_bytes = std::int64_t(1) << 26;

template <class P>
void store_nontemporal(simd::Lane<P>* to, const P& pack) {
#if defined(__SSE2__) && !defined(BRACEWELL_NO_SIMD)
  if constexpr (sizeof(P) == 16)
    return _mm_stream_si128(reinterpret_cast<__m128i*>(to), reinterpret_cast<const __m128i&>(pack));
#endif
#if defined(__AVX__) && !defined(BRACEWELL_NO_SIMD)
  if constexpr (sizeof(P) == 32)
    return _mm256_stream_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<const __m256i&>(pack));
#endif
#if defined(__AVX512F__) && !defined(BRACEWELL_NO_SIMD)
  if constexpr (sizeof(P) == 64)
    return _mm512_stream_si512(reinterpret_cast<__m512i*>(to), reinterpret_cast<const __m512i&>(pack));
#endif
  simd::store(to, pack);
}

/// to[i] = value(i), where value<P>(i) gives the pack P of those from i on.
template <class T, class Value>
void fill_row_nontemporal(T* to, int count, const Value& value) {
  using P = simd::Pack<T>;
  constexpr int W = simd::lanes<P>;
  int i = 0;
  for (; i < count && reinterpret_cast<std::uintptr_t>(to + i) % sizeof(P) != 0; ++i)
    to[i] = value.template operator()<T>(i);
  for (; i + W <= count; i += W) {
    const P pack = value.template operator()<P>(i);
    store_nontemporal(to + i, pack);
  }
  for (; i < count; ++i) to[i] = value.template operator()<T>(i);
}

/// To be called after the last non-temporal store, before another thread reads.
inline void fence_nontemporal() {
#if defined(__SSE2__) && !defined(BRACEWELL_NO_SIMD)
  _mm_sfence();
#endif
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
