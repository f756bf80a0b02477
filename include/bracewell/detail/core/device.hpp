// SPDX-License-Identifier: MIT
// What is written otherwise for the compiler of a device: instructions that Kokkos has no name for. Everything else is one
// source for all backends.
#pragma once

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

#include <bracewell/detail/prologue.hpp>

/// To be put before loops over taps. Once these are unrolled, their arrays have constant indices and stay in a device's
/// registers. Nested loops take BRACEWELL_UNROLL_BY with Unrolled, and their arrays are read by tap_at.
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
#define BRACEWELL_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define BRACEWELL_UNROLL BRACEWELL_PRAGMA(unroll)
#define BRACEWELL_UNROLL_BY(...) BRACEWELL_PRAGMA(unroll __VA_ARGS__)
#else
#define BRACEWELL_UNROLL
#define BRACEWELL_UNROLL_BY(...)
#endif

namespace bracewell::detail {

/// each(0), …, each(Count − 1), of constants: packs and registers with such indices never go to memory.
template <int Count, class Each>
KOKKOS_INLINE_FUNCTION void for_constants(const Each& each) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (each(std::integral_constant<int, I>()), ...); }
  (std::make_integer_sequence<int, Count>());
}

/// The copies that BRACEWELL_UNROLL_BY makes of the loop over an axis in nested loops over Taps of values V. A device loads all that
/// is unrolled before it adds the first: with more than 128 registers of loads, or half of that beside sums for Slopes, other numbers
/// would be pushed into memory.
template <int Taps, int Axis, class V, bool Slopes>
struct Unrolled {
  static constexpr int copies = [] {
    int registers = int(sizeof(V) / sizeof(float)) * (Slopes ? 2 : 1);
    for (int a = 0; a <= Axis; ++a) registers *= Taps;
    return registers <= 128 ? Taps : 1;
  }();
};

/// at(j) for j = 0 … Taps − 1 that may not be constant on a device, where at() has constants only.
template <int Taps, class At>
KOKKOS_INLINE_FUNCTION auto tap_at(int j, const At& at) {
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
  auto tap = at(0);
  BRACEWELL_UNROLL
  for (int i = 1; i < Taps; ++i) tap = i == j ? at(i) : tap;
  return tap;
#else
  return at(j);
#endif
}

/// The sum of what Lanes neighbouring threads of a device have, of which the first has a number that Lanes divides. Each has it.
template <int Lanes, class T>
KOKKOS_INLINE_FUNCTION T sum_of_lanes(T part) {
#if defined(__CUDA_ARCH__)
  unsigned thread;
  asm("mov.u32 %0, %%laneid;" : "=r"(thread));
  const unsigned group = ((1u << Lanes) - 1) << (thread & -unsigned(Lanes));
  for (int i = 1; i < Lanes; i *= 2) part += __shfl_xor_sync(group, part, i);
#elif defined(__HIP_DEVICE_COMPILE__)
  for (int i = 1; i < Lanes; i *= 2) part += __shfl_xor(part, i);
#endif
  return part;
}

/// exp(−2πi cycles) for |cycles| ≤ ½. A device has functions of multiples of π for it, without a slow path for large arguments.
template <class T>
KOKKOS_INLINE_FUNCTION Kokkos::complex<T> phase_factor_near(T cycles) {
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
  T sine, cosine;
  if constexpr (std::is_same_v<T, float>) {
    sincospif(-2 * cycles, &sine, &cosine);
  } else {
    sincospi(-2 * cycles, &sine, &cosine);
  }
  return {cosine, sine};
#else
  const double angle = -2 * Kokkos::numbers::pi * double(cycles);
  return {T(Kokkos::cos(angle)), T(Kokkos::sin(angle))};
#endif
}

/// exp(−2πi cycles)
template <class T>
KOKKOS_INLINE_FUNCTION Kokkos::complex<T> phase_factor(double cycles) {
  const double rest = cycles - Kokkos::round(cycles);
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
  return phase_factor_near(T(rest));
#else
  const Kokkos::complex<double> phase = phase_factor_near(rest);
  return {T(phase.real()), T(phase.imag())};
#endif
}

/// A point of data with its density, so that one instruction adds to both where there are such of 16 bytes.
template <class T>
struct alignas(4 * sizeof(T)) DataAndDensity {
  T re, im, density, unused;

  KOKKOS_INLINE_FUNCTION explicit operator Kokkos::complex<T>() const { return {re, im}; }
  KOKKOS_INLINE_FUNCTION explicit operator T() const { return density; }
};

/// Adds to a number of a grid that no other thread adds to.
struct PlainAdd {
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(T& sum, T term) {
    sum += term;
  }
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(DataAndDensity<T>& sum, T re, T im, T density) {
    add(sum.re, re);
    add(sum.im, im);
    add(sum.density, density);
  }
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(Kokkos::complex<T>& sum, T re, T im) {
    add(sum.real(), re);
    add(sum.imag(), im);
  }
};

/// Adds to a number of a grid that other threads may add to.
struct AtomicAdd {
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(T& sum, T term) {
    Kokkos::atomic_add(&sum, term);
  }
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(DataAndDensity<T>& sum, T re, T im, T density) {
    add(sum.re, re);
    add(sum.im, im);
    add(sum.density, density);
  }
  template <class T>
  KOKKOS_INLINE_FUNCTION static void add(Kokkos::complex<T>& sum, T re, T im) {
    add(sum.real(), re);
    add(sum.imag(), im);
  }
};

/// The same in a device's global memory, where Hopper adds the components of a complex number, and data and density, at once.
struct GlobalAtomicAdd : AtomicAdd {
  using AtomicAdd::add;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  KOKKOS_INLINE_FUNCTION static void add(Kokkos::complex<float>& sum, float re, float im) {
    atomicAdd(reinterpret_cast<float2*>(&sum), make_float2(re, im));
  }
  KOKKOS_INLINE_FUNCTION static void add(DataAndDensity<float>& sum, float re, float im, float density) {
    atomicAdd(reinterpret_cast<float4*>(&sum), make_float4(re, im, density, 0));
  }
#endif
};

/// The same in a team's shared memory: of any other address, NVIDIA's compiler asks at every addition which kind of memory it is in.
struct SharedAtomicAdd : AtomicAdd {
  using AtomicAdd::add;
#if defined(__CUDA_ARCH__)
  KOKKOS_INLINE_FUNCTION static void add(float& sum, float term) {
    asm volatile("red.shared.add.f32 [%0], %1;" ::"r"(unsigned(__cvta_generic_to_shared(&sum))), "f"(term) : "memory");
  }
  KOKKOS_INLINE_FUNCTION static void add(double& sum, double term) {
    asm volatile("red.shared.add.f64 [%0], %1;" ::"r"(unsigned(__cvta_generic_to_shared(&sum))), "d"(term) : "memory");
  }
#endif
};

/// Adds to an integer that other threads may add to. For AMD's devices, Kokkos knows another name of the same type only, and would loop.
KOKKOS_INLINE_FUNCTION void add_integer(std::uint64_t& sum, std::uint64_t term) {
#if defined(__HIP_DEVICE_COMPILE__)
  atomicAdd(reinterpret_cast<unsigned long long*>(&sum), static_cast<unsigned long long>(term));
#else
  Kokkos::atomic_add(&sum, term);
#endif
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
