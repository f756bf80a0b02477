// SPDX-License-Identifier: MIT
// Device: where a sample of a slice is, its phase, and whether it counts. Single precision takes κ and phases in fixed point: sums of
// integers are exact, and what is left of them below 1 is rounded once. A device adds integers of 64 bits as fast as it adds floats,
// but may have few units for doubles.
#pragma once

#include <bracewell/detail/slicing/block.hpp>

#include <cmath>
#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The samples of a slice, one by one.
template <class Geometry, bool Fixed = std::is_same_v<typename Geometry::T, float>>
class SlicePlaces {
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M;

 public:
  KOKKOS_INLINE_FUNCTION SlicePlaces(const Geometry& geometry, std::int64_t b, std::int64_t p)
      : geometry_(geometry), finite_(geometry.load(b, p, pose_)) {}

  /// Goes to a row. Returns whether sample k_x counts; then its place and its phase are set, too.
  KOKKOS_INLINE_FUNCTION bool find(std::int64_t row_number, int kx, Row<N, M>& row, BlockStart<T, N, 1>& start,
                                   Kokkos::complex<T>& phase) const {
    geometry_.set_row(pose_, row_number, row);
    if (!finite_ || !geometry_.in_band(row, kx) || !geometry_.in_reference(row, kx)) return false;
    start.set(row, kx, kx);
    if constexpr (Geometry::shifted) phase = phase_factor<T>(row.cycles + kx * pose_.cycles[0]);
    return true;
  }

 private:
  const Geometry& geometry_;
  Pose<N, M> pose_;
  bool finite_;
};

/// The least e with x < 2^e, for x ≥ 0; for denormal x a larger one.
KOKKOS_INLINE_FUNCTION int exponent_above(double x) { return int(Kokkos::bit_cast<std::uint64_t>(x) >> 52) - 1022; }

/// In fixed point: κ in units of 2^−36, or of larger ones where sums of a pose would overflow, and phases in units of 2^−64 of a turn,
/// modulo 1.
template <class Geometry>
class SlicePlaces<Geometry, true> {
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M;

 public:
  KOKKOS_INLINE_FUNCTION SlicePlaces(const Geometry& geometry, std::int64_t b, std::int64_t p) : geometry_(geometry) {
    Pose<N, M> pose;
    double most = 0;  // that |κ_d| can be
    finite_ = geometry.load(b, p, pose);
    for (int e = 0; e < M; ++e)
      for (int d = 0; d < N; ++d) most += Kokkos::abs(pose.columns[e][d]) * geometry.slice_extent[e];
    const int excess = exponent_above(most) - (62 - bits);
    excess_ = excess > 0 ? excess : 0;
    if (!finite_) return;
    const auto power_of_two = [](int exponent) { return Kokkos::bit_cast<double>(std::uint64_t(1023 + exponent) << 52); };
    const double units = power_of_two(bits - excess_);                     // excess_ < 1000
    unit_ = T(power_of_two(excess_ < 100 ? excess_ - bits : 100 - bits));  // of larger ones, only κ = 0 is in the band
    most_square_ = T(geometry.most_k * geometry.most_k);
    for (int e = 0; e < M; ++e) {
      stretch_[e] = T(geometry.stretch[e]);
      for (int d = 0; d < N; ++d) columns_[e][d] = ::llrint(pose.columns[e][d] * units);
      if constexpr (Geometry::shifted) {
        const double turn = pose.cycles[e] - Kokkos::floor(pose.cycles[e]);  // 1 for the least negative shifts
        cycles_[e] = turn < 1 ? std::uint64_t(turn * 0x1p64) : 0;
      }
    }
  }

  KOKKOS_INLINE_FUNCTION bool find(std::int64_t row_number, int kx, Row<N, M>& row, BlockStart<T, N, 1>& start,
                                   Kokkos::complex<T>& phase) const {
    geometry_.set_row(Pose<N, M>{}, row_number, row);
    const auto frequency = [&](int e) { return e == 0 ? kx : row.frequency[e]; };
    T square = T(kx) * T(kx);  // of k, in k_x
    for (int e = 1; e < M; ++e) square += (T(frequency(e)) * stretch_[e]) * (T(frequency(e)) * stretch_[e]);
    bool counts = finite_ && square <= most_square_;  // which has a slack of 1e-6
    for (int d = 0; d < N; ++d) {
      std::int64_t kappa = 0;
      for (int e = 0; e < M; ++e) kappa += frequency(e) * columns_[e][d];
      counts = counts && Kokkos::abs(T(kappa) * unit_) <= T(0.5 * (1 + 1e-6)) * T(geometry_.extent[d]);
      const auto place =
          std::int64_t(std::uint64_t(kappa) << (excess_ < 63 ? excess_ : 63));  // that of a sample in the band fits
      start.base[d] = int(place >> bits);
      start.fraction[d] = T(std::uint32_t(std::uint64_t(place) << (64 - bits) >> 32)) * T(0x1p-32);
      start.step[d] = 0;
    }
    if (!counts) return false;
    if constexpr (Geometry::shifted) {
      std::uint64_t cycles = 0;
      for (int e = 0; e < M; ++e) cycles += std::uint64_t(std::int64_t(frequency(e))) * cycles_[e];
      phase = phase_factor_near(T(std::int32_t(cycles >> 32)) * T(0x1p-32));
    }
    return true;
  }

 private:
  static constexpr int bits = 36;

  const Geometry& geometry_;
  std::int64_t columns_[M][N];
  std::uint64_t cycles_[M];
  T unit_, most_square_, stretch_[M];
  int excess_;  // of a unit's exponent
  bool finite_;
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
