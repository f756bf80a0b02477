// SPDX-License-Identifier: MIT
// The baseline: project and backproject as plain scalar loops, in host memory, for cubes of even or odd extents no smaller than
// 8 and slices of the same extents, oversampling 1, cutoff ½. Formulas: bracewell/project.hpp, bracewell/backproject.hpp.
#pragma once

#include <bracewell/spectrum.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <vector>

namespace bench::plain {

struct Linear {
  static constexpr int taps = 2;

  template <class T>
  static void weights(T f, T* w) {
    w[0] = 1 - f;
    w[1] = f;
  }
};

struct Cubic {
  static constexpr int taps = 4;

  template <class T>
  static void weights(T f, T* w) {
    const T g = 1 - f;
    w[0] = T(-0.5) * f * g * g;
    w[1] = (T(1.5) * f - T(2.5)) * f * f + 1;
    w[2] = (T(1.5) * g - T(2.5)) * g * g + 1;
    w[3] = T(-0.5) * g * f * f;
  }
};

/// Rows of matrices and slices of one problem.
template <class T, int N, int M>
struct Geometry {
  int box, poses;
  const double* rotations;  // [P][M][N]
  const double* shifts;     // [P][M], or null

  int columns() const { return box / 2 + 1; }
  long rows() const { return M == 1 ? 1 : (M == 2 ? long(box) : long(box) * box); }
};

/// The taps of one sample, folded to κ_x ≥ 0.
template <class T, int N, int Taps>
struct Site {
  int box;
  bool folded;           // the sample was at −κ: what its taps give is its conjugate
  int first[N];          // lattice index of the first tap, x first
  long offset[N][Taps];  // of the stored rows above x; [0] is not used
  T weight[N][Taps];

  template <class Kernel>
  Site(const T (&kappa)[N], int box_, Kernel kernel) : box(box_), folded(kappa[0] < 0) {
    long stride = box / 2 + 1;
    for (int d = 0; d < N; ++d) {
      const T at = folded ? -kappa[d] : kappa[d], base = std::floor(at);
      first[d] = int(base) + 1 - Taps / 2;
      kernel.weights(at - base, weight[d]);
      if (d == 0) continue;
      for (int j = 0; j < Taps; ++j) offset[d][j] = wrap(first[d] + j) * stride;
      stride *= box;
    }
  }

  /// Whether all taps along x are stored themselves, and none as its mate.
  bool inside() const { return first[0] >= 0 && first[0] + Taps - 1 <= box / 2; }

  /// visit(offset of the first tap along x, weight) for all rows of taps of a sample inside.
  template <class Visit>
  void each_row(const Visit& visit) const {
    if constexpr (N == 1) {
      visit(first[0], T(1));
    } else if constexpr (N == 2) {
      for (int y = 0; y < Taps; ++y) visit(first[0] + offset[1][y], weight[1][y]);
    } else {
      for (int z = 0; z < Taps; ++z)
        for (int y = 0; y < Taps; ++y) visit(first[0] + offset[2][z] + offset[1][y], weight[2][z] * weight[1][y]);
    }
  }

  /// visit(offset, weight, whether it is the mate that is stored) for all taps of any sample.
  template <class Visit>
  void each_tap(const Visit& visit) const {
    int taps = 1;
    for (int d = 0; d < N; ++d) taps *= Taps;
    for (int tap = 0; tap < taps; ++tap) {
      T product = 1;
      const int x = wrap(first[0] + tap % Taps);
      const bool mirrored = x > box / 2;
      long where = 0, stride = 1;
      for (int rest = tap, d = 0; d < N; ++d, rest /= Taps) {
        const int m = wrap(first[d] + rest % Taps);
        product *= weight[d][rest % Taps];
        where += (mirrored && m != 0 ? box - m : m) * stride;
        stride *= d == 0 ? box / 2 + 1 : box;
      }
      visit(where, product, mirrored);
    }
  }

 private:
  int wrap(int m) const {
    m = m < 0 ? m + box : m;
    return m >= box ? m - box : m;
  }
};

/// each(stored index in the array of slices, k_x, κ, phase) for every sample that counts.
template <class T, int N, int M, class Each>
void for_samples(const Geometry<T, N, M>& g, const Each& each) {
  using Complex = std::complex<T>;
  constexpr T slack = T(1 + 1e-6);
  const T limit = T(0.5) * T(g.box) * slack;
  std::vector<Complex> phases(M * g.box, Complex(1));
  for (int p = 0; p < g.poses; ++p) {
    const double* r = g.rotations + long(p) * M * N;
    if (g.shifts)
      for (int e = 0; e < M; ++e)
        for (int i = 0; i < g.box; ++i) {
          const int k = e == 0 ? i : bracewell::frequency(i, g.box);
          phases[e * g.box + i] = Complex(std::polar(1.0, -2 * 3.14159265358979323846 * k * g.shifts[p * M + e] / g.box));
        }
    for (long row = 0; row < g.rows(); ++row) {
      T start[N] = {}, above = 0;
      Complex row_phase = 1;
      for (long rest = row, e = 1; e < M; ++e, rest /= g.box) {
        const int k = bracewell::frequency(int(rest % g.box), g.box);
        above += T(k) * T(k);
        for (int d = 0; d < N; ++d) start[d] += T(r[e * N + d]) * T(k);
        row_phase *= phases[e * g.box + rest % g.box];
      }
      for (int k = 0; k < g.columns(); ++k) {
        if (!(T(k) * T(k) + above <= limit * limit)) break;
        T kappa[N];
        bool counts = true;
        for (int d = 0; d < N; ++d) {
          kappa[d] = start[d] + T(r[d]) * T(k);
          counts = counts && std::abs(kappa[d]) <= limit;
        }
        if (counts) each((p * g.rows() + row) * g.columns() + k, k, kappa, g.shifts ? row_phase * phases[k] : Complex(1));
      }
    }
  }
}

template <class Kernel, class T, int N, int M>
void project(const Geometry<T, N, M>& g, const std::complex<T>* reference, std::complex<T>* slices) {
  using Complex = std::complex<T>;
  constexpr int taps = Kernel::taps;
  std::fill_n(slices, g.poses * g.rows() * g.columns(), Complex(0));
  for_samples(g, [&](long index, int, const T(&kappa)[N], Complex phase) {
    const Site<T, N, taps> site(kappa, g.box, Kernel{});
    T re = 0, im = 0;
    if (site.inside()) {
      site.each_row([&](long row, T weight) {
        T row_re = 0, row_im = 0;
        for (int x = 0; x < taps; ++x) {
          row_re += site.weight[0][x] * reference[row + x].real();
          row_im += site.weight[0][x] * reference[row + x].imag();
        }
        re += weight * row_re;
        im += weight * row_im;
      });
    } else {
      site.each_tap([&](long where, T weight, bool mirrored) {
        re += weight * reference[where].real();
        im += weight * (mirrored ? -reference[where].imag() : reference[where].imag());
      });
    }
    const Complex value(re, site.folded ? -im : im);
    slices[index] = g.shifts ? phase * value : value;
  });
}

/// V(n) ← g(n) + conj g(−n) on the planes n_x = 0 and, for even extents, n_x = box / 2.
template <int N, class V>
void symmetrise(V* grid, int box) {
  const long columns = box / 2 + 1;
  long rows = 1;
  for (int d = 1; d < N; ++d) rows *= box;
  for (long row = 0; row < rows; ++row) {
    long mate = 0;
    for (long rest = row, stride = 1, d = 1; d < N; ++d, rest /= box, stride *= box)
      mate += (box - rest % box) % box * stride;
    if (row > mate) continue;
    for (const long column : {0L, columns - 1}) {
      if (column > 0 && box % 2 == 1) continue;
      V &here = grid[row * columns + column], &there = grid[mate * columns + column];
      if constexpr (std::is_arithmetic_v<V>) {
        here = there = here + there;
      } else {
        here = here + std::conj(there);
        there = std::conj(here);
      }
    }
  }
}

template <class Kernel, class T, int N, int M>
void backproject(const Geometry<T, N, M>& g, const std::complex<T>* slices, const T* weights, std::complex<T>* data,
                 T* density) {
  using Complex = std::complex<T>;
  constexpr int taps = Kernel::taps;
  long size = g.columns();
  for (int d = 1; d < N; ++d) size *= g.box;
  std::fill_n(data, size, Complex(0));
  std::fill_n(density, size, T(0));
  for_samples(g, [&](long index, int k, const T(&kappa)[N], Complex phase) {
    const Site<T, N, taps> site(kappa, g.box, Kernel{});
    const T multiplicity = 2 * k % g.box == 0 ? T(0.5) : T(1);
    const Complex value = multiplicity * (g.shifts ? std::conj(phase) * slices[index] : slices[index]);
    const T re = value.real(), im = site.folded ? -value.imag() : value.imag(), w = multiplicity * weights[index];
    if (site.inside()) {
      site.each_row([&](long row, T weight) {
        for (int x = 0; x < taps; ++x) {
          const T product = weight * site.weight[0][x];
          data[row + x] += Complex(product * re, product * im);
          density[row + x] += std::abs(product) * w;
        }
      });
    } else {
      site.each_tap([&](long where, T weight, bool mirrored) {
        data[where] += Complex(weight * re, weight * (mirrored ? -im : im));
        density[where] += std::abs(weight) * w;
      });
    }
  });
  symmetrise<N>(data, g.box);
  symmetrise<N>(density, g.box);
}

}  // namespace bench::plain
