// SPDX-License-Identifier: MIT
// Neighbouring samples of a slice that are worked on together: their phases, and how they are read and written.
#pragma once

#include <bracewell/detail/core/simd_groups.hpp>
#include <bracewell/detail/slicing/geometry.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The lanes of a block that have samples to work on.
struct LaneRange {
  int begin, end;

  /// The first lane of the first pack of Width lanes that has some.
  template <int Width>
  KOKKOS_INLINE_FUNCTION int first_of() const {
    return begin & -Width;
  }
};

template <class V>
inline constexpr int components = 1;
template <class T>
inline constexpr int components<Kokkos::complex<T>> = 2;
template <class V>
inline constexpr int components<const V> = components<V>;

/// Values at samples side by side, the parts of complex numbers apart: channel 0 the value, channel 1 + d its derivative in
/// κ_d.
template <class T, int Components, int Channels, int Count>
struct alignas(simd::alignment<Count>) Readings {
  T component[Channels][Components][Count];
};

/// exp(−2πi k · cycles) for k = 0 … Count − 1, real and imaginary parts.
template <int Count>
struct PhaseTable {
  alignas(simd::alignment<Count>) double re[Count], im[Count];

  /// Of twice as many each time, those before them by one, so that errors grow with log k. Returns the phase of k = Count.
  KOKKOS_INLINE_FUNCTION Kokkos::complex<double> set(double cycles) {
    Kokkos::complex<double> next = phase_factor<double>(cycles);
    re[0] = 1;
    im[0] = 0;
    extend<1>(next);
    return next;
  }

 private:
  template <int Known>
  KOKKOS_INLINE_FUNCTION void extend(Kokkos::complex<double>& next) {
    if constexpr (Known < Count) {
      using P = simd::Pack<double, simd::pack_width<double, Known>>;
      const double c = next.real(), s = next.imag();
      for (int k = 0; k < Known; k += simd::lanes<P>) {
        const P x = simd::load<P>(re + k), y = simd::load<P>(im + k);
        simd::store(re + Known + k, P(c * x - s * y));
        simd::store(im + Known + k, P(c * y + s * x));
      }
      next *= next;
      extend<2 * Known>(next);
    }
  }
};

/// The phases exp(−2πi k · cycles) of Count neighbouring samples of a row: a table for the lanes, times a base for the
/// block. The base is reached from k_x = 0 in the same steps always, so that a phase does not depend on where work on its
/// row began.
template <class T, int M, int Count>
class Phases {
 public:
  using Base = Kokkos::complex<double>;

  Phases() = default;

  KOKKOS_INLINE_FUNCTION explicit Phases(const double (&cycles)[M]) {
    for (int e = 0; e < M; ++e) cycles_[e] = cycles[e];
    PhaseTable<Count> phases;
    stride_ = phases.set(cycles[0]);
    for (int lane = 0; lane < Count; ++lane) {
      re_[lane] = T(phases.re[lane]);
      im_[lane] = T(phases.im[lane]);
    }
    far_phase_ = phase_factor<double>(far_);
    if constexpr (M > 1) row_phases_.set(cycles[1]);
  }

  /// The base of the block of a row that begins at k_x.
  template <int N>
  KOKKOS_INLINE_FUNCTION Base start(const Row<N, M>& row, int kx) {
    Base base = 1;
    if constexpr (M > 1) {  // one sine for Count rows
      const int low = row.frequency[1] & (Count - 1);
      double far = (row.frequency[1] - low) * cycles_[1];
      for (int e = 2; e < M; ++e) far += row.frequency[e] * cycles_[e];
      if (far != far_) {
        far_ = far;
        far_phase_ = phase_factor<double>(far);
      }
      base = far_phase_ * Kokkos::complex<double>(row_phases_.re[low], row_phases_.im[low]);
    }
    for (int k = 0; k < kx; k += Count) base *= stride_;
    return base;
  }

  /// Goes to the next block.
  KOKKOS_INLINE_FUNCTION void advance(Base& base) const { base *= stride_; }

  KOKKOS_INLINE_FUNCTION static Kokkos::complex<T> rounded(const Base& base) { return {T(base.real()), T(base.imag())}; }

  /// (re, im) *= phase, or its conjugate for Direction = −1, in the block of that base.
  template <int Direction>
  KOKKOS_INLINE_FUNCTION void multiply(const Kokkos::complex<T>& base, T (&re)[Count], T (&im)[Count]) const {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    const T a = base.real(), b = base.imag();
    for (int lane = 0; lane < Count; lane += W) {
      const P x = simd::load<P>(re_ + lane), y = simd::load<P>(im_ + lane);
      const P u = simd::load<P>(re + lane), v = simd::load<P>(im + lane);
      const P c = a * x - b * y, s = T(Direction) * (a * y + b * x);
      simd::store(re + lane, P(u * c - v * s));
      simd::store(im + lane, P(u * s + v * c));
    }
  }

 private:
  alignas(simd::alignment<Count>) T re_[Count], im_[Count];  // the table
  double cycles_[M], far_ = 0;
  Kokkos::complex<double> stride_, far_phase_;
  PhaseTable<Count> row_phases_;
};

/// κ of a block, or of 16 samples of it: κ_d of the i-th is base + fraction + i · step, of which only what is less than 16 samples
/// is rounded to T.
template <class T, int N, int Count>
struct BlockStart {
  static constexpr int samples = 16;

  alignas(simd::alignment<Count>) int base[padded<N>];
  T fraction[padded<N>], step[padded<N>];

  /// Of the samples of a row from k_x on, of which the first that counts is `first`. Samples further apart than a grid is wide are
  /// alone in its band: they are counted from there.
  template <int M>
  KOKKOS_INLINE_FUNCTION void set(const Row<N, M>& row, int kx, int first) {
    constexpr int K = simd::pack_width<double, padded<N>>;
    using D = simd::Pack<double, K>;
    const bool alone = row.spacing == Spacing::beyond_grid, far = row.spacing != Spacing::near;
    const double origin = alone ? first : kx;
    for (int d = 0; d < N; d += K) {
      const D apart = simd::load<D>(row.step + d), at = origin * apart + simd::load<D>(row.start + d);
      const D whole = simd::round_down(far ? simd::select((at > -1e9) & (at < 1e9), at, D{}) : at);
      simd::store(base + d, simd::convert<simd::Pack<int, K>>(whole));
      simd::store(fraction + d, simd::convert<simd::Pack<T, K>>(D(at - whole)));
      simd::store(step + d, simd::convert<simd::Pack<T, K>>(alone ? D{} : apart));
    }
  }
};

/// κ of one sample, folded to κ_x ≥ 0: side · κ_d = whole + fraction, 0 ≤ fraction < 1.
template <class T, int N>
struct SamplePlace {
  T side;
  int whole[N];
  T fraction[N];

  /// From a fraction that rounding may have made 1.
  KOKKOS_INLINE_FUNCTION void set(int d, int below, T rounded) {
    whole[d] = below + int(rounded == 1);
    fraction[d] = rounded == 1 ? 0 : rounded;
  }
};

/// Samples k_x + lane of a row of image p of reference b. On the host k_x is a multiple of Count, so that nothing about a
/// sample depends on which others are worked on.
template <class T, int N, int M, int Count>
struct Block {
  std::int64_t b, p;
  const Row<N, M>* row;
  int kx;
  LaneRange lanes;
  const Phases<T, M, Count>* phases;  // of one sample none
  Kokkos::complex<T> phase;
  const std::conditional_t<Count == 1, SamplePlace<T, N>, BlockStart<T, N, Count>>* start;

  KOKKOS_INLINE_FUNCTION bool full() const { return lanes.begin == 0 && lanes.end == Count; }

  /// (re, im) *= phase, or its conjugate for Direction = −1.
  template <int Direction>
  KOKKOS_INLINE_FUNCTION void multiply_phase(T (&re)[Count], T (&im)[Count]) const {
    if constexpr (Count == 1) {
      const T c = phase.real(), s = T(Direction) * phase.imag(), u = re[0], v = im[0];
      re[0] = u * c - v * s;
      im[0] = u * s + v * c;
    } else {
      phases->template multiply<Direction>(phase, re, im);
    }
  }
};

/// Runs each(lane) for the samples of a block. With IdleLanesToo it runs for all lanes where all lie in the row, which has
/// so many columns: a loop of known length becomes a few shuffles.
template <bool IdleLanesToo, class T, int N, int M, int Count, class Each>
KOKKOS_INLINE_FUNCTION void for_lanes(const Block<T, N, M, Count>& block, int columns, const Each& each) {
  if (IdleLanesToo ? block.kx + Count <= columns : block.full()) {
    for (int lane = 0; lane < Count; ++lane) each(lane);
  } else {
    for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) each(lane);
  }
}

/// Reads a block of samples of slices. IdleLanesToo as for_lanes has it.
template <bool IdleLanesToo, class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void read_block(const SliceStack<const Kokkos::complex<T>, M>& slices,
                                       const Block<T, N, M, Count>& block, int columns, T (&re)[Count], T (&im)[Count]) {
  const Kokkos::complex<T>* row = slices.row(block.b, block.p, *block.row) + block.kx;
  for_lanes<IdleLanesToo>(block, columns, [&](int lane) {
    re[lane] = row[lane].real();
    im[lane] = row[lane].imag();
  });
}

/// Reads a block of real samples; None: ones.
template <bool IdleLanesToo, class Reals, class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void read_block(const Reals& reals, const Block<T, N, M, Count>& block, int columns, T (&x)[Count]) {
  if constexpr (std::is_same_v<Reals, None>) {
    for_lanes<IdleLanesToo>(block, columns, [&](int lane) { x[lane] = 1; });
  } else {
    const T* row = reals.row(block.b, block.p, *block.row) + block.kx;
    for_lanes<IdleLanesToo>(block, columns, [&](int lane) { x[lane] = row[lane]; });
  }
}

/// Multiplies by the multiplicity: ½ on the columns that are their own mates, and 1 elsewhere.
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void weigh_self_conjugate(const Block<T, N, M, Count>& block, int width, T (&x)[Count]) {
  if constexpr (Count == 1) {  // no index but a constant: a device keeps the array in a register
    if (block.kx == 0 || 2 * block.kx == width) x[0] *= T(0.5);
    return;
  }
  const auto weigh_column = [&](int kx) {
    const int lane = kx - block.kx;
    if (lane >= block.lanes.begin && lane < block.lanes.end) x[lane] *= T(0.5);
  };
  weigh_column(0);
  if (width % 2 == 0) weigh_column(width / 2);
}

/// Zeroes what idle lanes hold.
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void clear_idle_lanes(const Block<T, N, M, Count>& block, T (&x)[Count]) {
  constexpr int W = simd::pack_width<T, Count>;
  using P = simd::Pack<T, W>;
  if constexpr (Count > 1)
    for (int lane = 0; lane < Count; lane += W) {
      const P i = simd::count_from<P>(T(lane)), some = simd::load<P>(x + lane);
      simd::store(x + lane, simd::select((i >= T(block.lanes.begin)) & (i < T(block.lanes.end)), some, P{}));
    }
}

/// Writes value(lane) to a row of slices at the samples of a block, or adds it. Without adding, it is also written to the other
/// samples of the block that the row has, which has so many columns.
template <class V, class T, int N, int M, int Count, class Value>
KOKKOS_INLINE_FUNCTION void write_lanes(V* out, const Block<T, N, M, Count>& block, int columns, bool accumulate,
                                        const Value& value) {
  if (accumulate) {
    for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) out[lane] += value(lane);
  } else {
    for (int lane = 0; lane < Count && block.kx + lane < columns; ++lane) out[lane] = value(lane);
  }
}

/// Writes a block of samples of slices, or adds them. Idle lanes' are made 0.
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void write_block(const SliceStack<Kokkos::complex<T>, M>& slices, const Block<T, N, M, Count>& block,
                                        int columns, T (&re)[Count], T (&im)[Count], bool accumulate) {
  Kokkos::complex<T>* out = slices.row(block.b, block.p, *block.row) + block.kx;
  clear_idle_lanes(block, re);
  clear_idle_lanes(block, im);
  if (Count > 1 && !accumulate && block.kx + Count <= columns) {
    using P = simd::Pack<T, simd::pack_width<T, Count>>;
    T* parts = reinterpret_cast<T*>(out);
    for (int lane = 0; lane < Count; lane += simd::lanes<P>)
      simd::store_pairs(parts + 2 * lane, simd::load<P>(re + lane), simd::load<P>(im + lane));
  } else {
    write_lanes(out, block, columns, accumulate, [&](int lane) { return Kokkos::complex<T>(re[lane], im[lane]); });
  }
}
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void write_block(const SliceStack<T, M>& reals, const Block<T, N, M, Count>& block, int columns,
                                        T (&x)[Count], bool accumulate) {
  clear_idle_lanes(block, x);
  write_lanes(reals.row(block.b, block.p, *block.row) + block.kx, block, columns, accumulate,
              [&](int lane) { return x[lane]; });
}

/// Prefetches what follows a block of samples of slices in memory, on the host; of a short block, whose turn comes later, itself.
template <class V, class T, int N, int M, int Count>
KOKKOS_FORCEINLINE_FUNCTION void prefetch_block(const SliceStack<V, M>& slices, const Block<T, N, M, Count>& block) {
  if constexpr (Count > 1) {
    constexpr int per_line = 64 / int(sizeof(V)), ahead = Count < 32 ? 0 : Count;
    const V* from = slices.row(block.b, block.p, *block.row) + block.kx + ahead;  // beyond the last row, nothing comes of it
    for (int lane = 0; lane < Count; lane += per_line) simd::prefetch(from + lane);
  }
}
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void prefetch_block(None, const Block<T, N, M, Count>&) {}

/// Zeroes samples that do not count.
template <class V, int N, int M>
KOKKOS_INLINE_FUNCTION void write_zeros(const SliceStack<V, M>& slices, std::int64_t b, std::int64_t p, const Row<N, M>& row,
                                        int begin, int end) {
  if (begin >= end) return;
  V* out = slices.row(b, p, row);
  for (int kx = begin; kx < end; ++kx) out[kx] = 0;
}

/// Rates of change along a row: of κ, and of the phase's angle, in radians.
template <class T, int N, int M>
struct RateRow {
  Row<N, M> row;
  double cycles_per_step;

  KOKKOS_INLINE_FUNCTION T kappa(int d, int kx) const { return T(row.kappa(d, kx)); }
  KOKKOS_INLINE_FUNCTION T angle(int kx) const { return T(2 * Kokkos::numbers::pi * (row.cycles + kx * cycles_per_step)); }
};

/// `rates`: the Geometry of the tangents of poses.
template <class T, int N, int M, int Count, bool Rotated, bool Shifted>
KOKKOS_INLINE_FUNCTION RateRow<T, N, M> rate_row(const Geometry<T, N, M, Rotated, Shifted>& rates,
                                                 const Block<T, N, M, Count>& block) {
  Pose<N, M> pose;
  rates.load(block.b, block.p, pose);
  RateRow<T, N, M> rate;
  rates.set_row(pose, rates.row_number(*block.row), rate.row);
  rate.cycles_per_step = pose.cycles[0];
  return rate;
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
