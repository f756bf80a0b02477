// SPDX-License-Identifier: MIT
// Cotangents of poses: sums over the samples of a slice, in parts that are added in a fixed order.
//
// With F~ the interpolant at a sample's κ, or what is gathered of a cotangent there, and z what multiplies it in
// dL = Re Σ conj(z) dF~,
//
//     dL/dR_ed = Σ Re(conj(z) ∂F~/∂κ_d) · scales[e][d] k_e
//     dL/dt_e  = Σ Im(conj(z) F~) · 2π k_e / m_e
#pragma once

#include <bracewell/detail/arrays.hpp>
#include <bracewell/detail/sampling.hpp>
#include <bracewell/workspace.hpp>

#include <algorithm>

namespace bracewell::detail {

/// Of an operation without cotangents of poses.
struct NoSums {
  static constexpr bool rotations = false, shifts = false;
};

template <class Sums>
inline constexpr bool summing = !std::is_same_v<Sums, NoSums>;

/// Sums over samples of one slice: rotation[e][d] of Re(conj(z) ∂F~/∂κ_d) k_e, shift[e] of Im(conj(z) F~) k_e.
template <int N, int M, bool Rotations, bool Shifts>
struct PoseSums {
  static constexpr bool rotations = Rotations, shifts = Shifts;
  static constexpr int per_axis = (Rotations ? N : 0) + (Shifts ? 1 : 0), size = M * per_axis;

  double sum[M][per_axis] = {};  // of each axis of the slice, the rotation's row before the shift

  KOKKOS_INLINE_FUNCTION void operator+=(const PoseSums& other) {
    for (int e = 0; e < M; ++e)
      for (int i = 0; i < per_axis; ++i) sum[e][i] += other.sum[e][i];
  }

  /// Adds the samples of a block: F~ with its slopes, and z, both 0 in idle lanes. Of real samples `im` is not read.
  template <class T, int Components, int Channels, int Count>
  KOKKOS_INLINE_FUNCTION void add(const Block<T, N, M, Count>& block, const Samples<T, Components, Channels, Count>& value,
                                  const T (&re)[Count], const T (&im)[Count]) {
    constexpr bool real = Components == 1;
    constexpr int W = Count < simd::width<T> ? Count : simd::width<T>;
    using P = simd::Pack<T, W>;
    P plain[per_axis]{}, along[per_axis]{};
    for (int lane = 0; lane < Count; lane += W) {
      const P kx = simd::count_from<P>(T(block.kx + lane)), a = simd::load<P>(re + lane);
      for (int i = 0; i < per_axis; ++i) {
        const bool slope = Rotations && i < N;
        const int channel = slope ? 1 + i : 0;
        const P x = simd::load<P>(value.part[channel][0] + lane);
        P term = slope ? P(a * x) : P{};
        if constexpr (!real) {
          const P y = simd::load<P>(value.part[channel][1] + lane), b = simd::load<P>(im + lane);
          term = slope ? P(a * x + b * y) : P(a * y - b * x);
        }
        plain[i] += term;
        along[i] += term * kx;
      }
    }
    for (int i = 0; i < per_axis; ++i) {
      const double total = simd::sum(plain[i]);
      sum[0][i] += simd::sum(along[i]);
      for (int e = 1; e < M; ++e) sum[e][i] += total * block.row->frequency[e];
    }
  }
};

/// The sums that cotangents of poses ask for.
template <int N, int M, class RotationsBar, class ShiftsBar>
using SumsOf = std::conditional_t<Given<RotationsBar> || Given<ShiftsBar>,
                                  PoseSums<N, M, Given<RotationsBar>, Given<ShiftsBar>>, NoSums>;

/// Where a launch keeps the sums of the parts of each slice.
template <class Sums>
struct PoseParts {};
template <class Sums>
requires summing<Sums>
struct PoseParts<Sums> {
  double* data;
  std::int64_t parts;

  KOKKOS_INLINE_FUNCTION void store(std::int64_t slice, std::int64_t part, const Sums& sums) const {
    double* to = data + (slice * parts + part) * Sums::size;
    for (int e = 0; e < Sums::size / Sums::per_axis; ++e)
      for (int i = 0; i < Sums::per_axis; ++i) to[e * Sums::per_axis + i] = sums.sum[e][i];
  }
};

/// Adds the parts of a pose's images to its cotangent: of its rotation, or else of its shift.
template <bool Rotation, class Slicing, class V, class Sums, int N, int M>
struct ReducePoses {
  static constexpr int columns = Rotation ? N : 1, first = !Rotation && Sums::rotations ? N : 0;

  Slicing slicing;
  PoseArray<V> out;
  PoseParts<Sums> parts;
  std::int64_t references, poses;
  bool shared, accumulate;  // shared: one pose for all references

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    const std::int64_t b = i / poses, p = i % poses, begin = shared ? 0 : b, end = shared ? references : b + 1;
    for (int e = 0; e < M; ++e)
      for (int c = 0; c < columns; ++c) {
        double sum = 0;
        for (std::int64_t r = begin; r < end; ++r)
          for (std::int64_t part = 0; part < parts.parts; ++part)
            sum += parts.data[(((r * poses + p) * parts.parts + part) * M + e) * Sums::per_axis + first + c];
        sum *= Rotation ? slicing.scales[e][c] : 2 * Kokkos::numbers::pi / slicing.slice_extent[e];
        V& to = out(b, p, e, c);
        to = V(accumulate ? double(to) + sum : sum);
      }
  }
};

}  // namespace bracewell::detail
