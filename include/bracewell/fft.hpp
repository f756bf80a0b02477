// SPDX-License-Identifier: MIT
/// \file fft.hpp
/// What projector.hpp asks of a library of FFTs. fftw.hpp, cufft.hpp and hipfft.hpp are three; one of your own is a type
///
///     struct MyFft {
///       template <class Exec, class T, int Axes>
///       struct Plan {
///         Plan(const Exec& exec, const std::array<long, Axes>& extents, long batch);
///         void forward(const Exec& exec, Kokkos::complex<T>* data, long count) const;
///         void inverse(const Exec& exec, Kokkos::complex<T>* data, long count) const;
///       };
///     };
///
/// A plan is for `batch` dense real arrays of the extents [D, H, W], in memory order, that are transformed in place: a row holds
/// 2 (W/2 + 1) real numbers, of which the first W are the array's, or W/2 + 1 complex ones of the half spectrum, so that arrays
/// are D H (W/2 + 1) complex numbers apart (FFTW's and cuFFT's layout for real transforms in place). There is memory for all of
/// the batch; the first `count` ≤ batch are transformed, and the others may be overwritten.
///
///     forward   F[k] = Σ_x v[x] exp(−2πi Σ_d k_d x_d / n_d)
///     inverse   v[x] = Σ_k F[k] exp(+2πi Σ_d k_d x_d / n_d)     of all k: n = D H W times the inverse of forward
///
/// Of the self-conjugate columns (k_x = 0 and, for even W, W/2) inverse takes the Hermitian part, as a complex transform along the
/// other axes, followed by a real one along x that ignores the imaginary parts there, does. Both are ordered on `exec`; they may
/// wait. Plans are made once and kept: what they need of memory they allocate when they are made.
#pragma once

#include <Kokkos_Core.hpp>

#include <array>
#include <concepts>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

/// Whether Library provides transforms of Axes axes in precision T on Exec.
template <class Library, class Exec, class T, int Axes>
concept Fft = requires(const typename Library::template Plan<Exec, T, Axes>& plan, const Exec& exec,
                       Kokkos::complex<T>* data, long count) {
  plan.forward(exec, data, count);
  plan.inverse(exec, data, count);
}
&&std::constructible_from<typename Library::template Plan<Exec, T, Axes>, const Exec&, const std::array<long, Axes>&, long>;

/// The least even number ≥ `least` that has no prime factor above 7: an extent that FFTs are fast for.
inline long fft_extent(double least) {
  for (long n = 2;; n += 2) {
    if (double(n) < least * (1 - 1e-12)) continue;
    long rest = n;
    for (const long prime : {2, 3, 5, 7})
      while (rest % prime == 0) rest /= prime;
    if (rest == 1) return n;
  }
}

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
