// SPDX-License-Identifier: MIT
// Device: where a sample of a slice is, its phase, and whether it counts. Single precision may have κ and phases in fixed point: sums of
// integers are exact, and what is left of them below 1 is rounded once. Integers of 64 bits are a few cheap instructions everywhere, while
// a device may have few units for doubles.
#pragma once

#include <bracewell/detail/slicing/block.hpp>

#include <cmath>
#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The samples of a slice, one by one. Fixed: in fixed point.
template <class Geometry, bool Fixed>
class SlicePlaces {
  using T = typename Geometry::T;
  static constexpr int N = Geometry::N, M = Geometry::M;

 public:
  KOKKOS_INLINE_FUNCTION SlicePlaces(const Geometry& geometry, std::int64_t b, std::int64_t p)
      : geometry_(geometry), finite_(geometry.load(b, p, pose_)) {}

  /// Goes to a row. Returns whether sample k_x counts; then its place and its phase are set, too.
  KOKKOS_INLINE_FUNCTION bool find(std::int64_t row_number, int kx, Row<N, M>& row, SamplePlace<T, N>& place,
                                   Kokkos::complex<T>& phase) const {
    geometry_.set_row(pose_, row_number, row);
    if (!finite_ || !geometry_.in_band(row, kx) || !geometry_.in_reference(row, kx)) return false;
    const double kappa_x = row.kappa(0, kx);
    const bool negative = kappa_x < 0;
    place.side = negative ? T(-1) : T(1);
    for (int d = 0; d < N; ++d) {
      const double kappa = d == 0 ? kappa_x : row.kappa(d, kx), folded = negative ? -kappa : kappa,
                   down = simd::round_down(folded);
      place.set(d, int(down), T(folded - down));
    }
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
    const bool finite = geometry.load(b, p, pose);
    all_inside_ = true;
    for (int d = 0; d < N; ++d) {
      T square = 0;  // the largest (κ_d / k_x)² of samples within a circle
      for (int e = 0; e < M; ++e) {
        most += Kokkos::abs(pose.columns[e][d]) * geometry.slice_extent[e];
        const T of_axis = T(pose.columns[e][d]) / geometry.single.stretch[e];
        square += of_axis * of_axis;
      }
      all_inside_ = all_inside_ && square <= geometry.single.inside[d];
    }
    unit_ = 0;
    if (!finite) return;
    const int wanted = exponent_above(most) - (62 - bits), excess = wanted > 0 ? wanted : 0;
    const auto power_of_two = [](int exponent) { return Kokkos::bit_cast<double>(std::uint64_t(1023 + exponent) << 52); };
    unit_ = T(power_of_two((excess < most_excess ? excess : most_excess) - bits));
    const double units = power_of_two(bits - excess);  // excess < 1000
    for (int e = 0; e < M; ++e) {
      for (int d = 0; d < N; ++d) columns_[e][d] = ::llrint(pose.columns[e][d] * units);
      if constexpr (Geometry::shifted) {
        const double turn = pose.cycles[e] - Kokkos::floor(pose.cycles[e]);  // 1 for the least negative shifts
        cycles_[e] = std::uint64_t(turn * 0x1p63) << 1;  // exact from 2^-11 on, and 0 of 1 without a branch
      }
    }
  }

  KOKKOS_INLINE_FUNCTION bool find(std::int64_t row_number, int kx, Row<N, M>& row, SamplePlace<T, N>& place,
                                   Kokkos::complex<T>& phase) const {
    geometry_.set_row(Pose<N, M>{}, row_number, row);
    const auto frequency = [&](int e) { return e == 0 ? kx : row.frequency[e]; };
    T square = T(kx) * T(kx);  // of k, in k_x
    for (int e = 1; e < M; ++e) {
      const T k = T(frequency(e)) * geometry_.single.stretch[e];
      square += k * k;
    }
    if (!(unit_ > 0 && square <= geometry_.single.most_square)) return false;
    std::int64_t kappa[N];
    for (int d = 0; d < N; ++d) {
      kappa[d] = 0;
      for (int e = 0; e < M; ++e) kappa[d] += frequency(e) * columns_[e][d];
    }
    if (!all_inside_) {
      bool counts = true;
      for (int d = 0; d < N; ++d) counts = counts && Kokkos::abs(T(kappa[d]) * unit_) <= geometry_.single.band[d];
      if (!counts) return false;
    }
    const int excess = int(Kokkos::bit_cast<std::uint32_t>(unit_) >> 23) - (127 - bits);
    const bool negative = kappa[0] < 0;
    place.side = negative ? T(-1) : T(1);
    for (int d = 0; d < N; ++d) {
      const auto at =
          std::int64_t(std::uint64_t(negative ? -kappa[d] : kappa[d]) << excess);  // that of a sample in the band fits
      place.set(d, int(at >> bits), T(std::uint32_t(std::uint64_t(at) << (64 - bits) >> 32)) * T(0x1p-32));
    }
    if constexpr (Geometry::shifted) {
      std::uint64_t cycles = 0;
      for (int e = 0; e < M; ++e) cycles += std::uint64_t(std::int64_t(frequency(e))) * cycles_[e];
      phase = phase_factor_near(T(std::int32_t(cycles >> 32)) * T(0x1p-32));
    }
    return true;
  }

 private:
  static constexpr int bits = 36, most_excess = 63;  // of larger units, only κ = 0 is in the band

  const Geometry& geometry_;
  std::int64_t columns_[M][N];
  std::uint64_t cycles_[M];
  T unit_;           // 0 where the pose is not finite
  bool all_inside_;  // whether κ of all samples within the cutoff is in the band
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
