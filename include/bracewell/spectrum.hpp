// SPDX-License-Identifier: MIT
/// \file spectrum.hpp
/// Half spectra of real arrays, as every real FFT (rfft) stores them.
///
/// A real array of shape [D, H, W], x fastest, has the periodic DFT F[k]. Stored are k_x = 0 … ⌊W/2⌋ and all of the other
/// axes, [D, H, W/2 + 1] with F[0] at index [0, 0, 0]; the rest is Friedel symmetry, F[−k] = conj F[k].
///
/// Derivatives through FFTs. The cotangent of a half spectrum counts every stored number once, dL = Re Σ conj(F_bar) dF over
/// the stored k, whether it stands for one frequency or, with its mate, for two. So with w = 1 on the self-conjugate columns
/// (k_x = 0 and, for even W, W/2), w = 2 on all others, n = D H W, rfft unscaled and irfft divided by n,
///
///     F = rfft(v):   v_bar = n · irfft(F_bar / w)       (FFTW: c2r of F_bar / w)
///     v = irfft(F):  F_bar = w / n · rfft(v_bar)        (FFTW: r2c of v_bar, times w / n)
///
/// and tangents go through FFTs as values do. On its self-conjugate columns F_bar need not be Hermitian: FFTW and NumPy use
/// (g(k) + conj g(−k)) / 2 there, which is what the rule needs. For an FFT that leaves this open, put it there yourself.
#pragma once

#include <Kokkos_Core.hpp>

#include <concepts>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// A View in stored layout together with the real width W, which W/2 + 1 stored columns leave open. A plain View stands
/// for the even width, 2 (columns − 1).
template <class View>
struct Spectrum {
  View view;
  long width;

  template <std::integral Width>
  Spectrum(const View& view_, Width width_) : view(view_), width(static_cast<long>(width_)) {}
};

template <class View, std::integral Width>
Spectrum(View, Width) -> Spectrum<View>;

/// The signed frequency at a stored index of an axis of the given real extent: ⌈n/2⌉ − 1 … −⌊n/2⌋ on the full axes. On the
/// half axis the index is the frequency itself.
KOKKOS_INLINE_FUNCTION constexpr int frequency(int index, int extent) {
  return index <= (extent - 1) / 2 ? index : index - extent;
}

/// The index of any integer frequency on a periodic axis.
KOKKOS_INLINE_FUNCTION constexpr int frequency_index(int frequency, int extent) {
  int index = frequency < 0 ? frequency + extent : frequency;
  if (unsigned(index) >= unsigned(extent)) {  // further out than one period: extents smaller than a kernel's reach
    index %= extent;
    if (index < 0) index += extent;
  }
  return index;
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
