// SPDX-License-Identifier: MIT
// The geometry of slicing: from a pose and a sample of the slice to κ in the reference's lattice, and which samples count.
#pragma once

#include <bracewell/detail/core/arrays.hpp>
#include <bracewell/detail/core/device.hpp>
#include <bracewell/detail/core/simd.hpp>
#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Whether |κ_d| ≤ n_d / 2, with a relative slack of 1e-6; false for NaN.
template <class T>
KOKKOS_INLINE_FUNCTION bool in_axis(T kappa, int extent) {
  return Kokkos::abs(kappa) <= T(0.5 * (1 + 1e-6) * extent);
}

/// How far apart the samples of a row are in the reference: near enough for float; too far for it; or so far that there is at most
/// one in the reference's band.
enum class Spacing : int { near, far, beyond_grid };

/// So many numbers that a pack has those of all axes.
template <int N>
inline constexpr int padded = N == 3 ? 4 : N;

/// One pose: κ = Σ_e k_e columns[e], and the phase of sample k is exp(−2πi k · cycles).
template <int N, int M>
struct Pose {
  alignas(8 * padded<N>) double columns[M][padded<N>];
  double cycles[M];
  Spacing spacing;
};

/// One row of a slice: κ_d = k_x · step_d + start_d for k_x = begin … end − 1; its other samples do not count.
template <int N, int M>
struct Row {
  alignas(8 * padded<N>) double start[padded<N>];
  double step[padded<N>];
  double cycles;               // at k_x = 0
  double max_kx_squared;       // of samples within the cutoff
  int index[M], frequency[M];  // of the axes above x
  Spacing spacing;
  int begin, end;

  KOKKOS_INLINE_FUNCTION double kappa(int d, int kx) const { return kx * step[d] + start[d]; }
};

/// Slices [B][P] of M axes each, contiguous along x.
template <class V, int M>
struct SliceStack {
  V* data;
  std::int64_t batch_stride[2];
  std::int64_t stride[M];

  template <int N>
  KOKKOS_INLINE_FUNCTION V* row(std::int64_t b, std::int64_t p, const Row<N, M>& row) const {
    std::int64_t offset = b * batch_stride[0] + p * batch_stride[1];
    for (int e = 1; e < M; ++e) offset += row.index[e] * stride[e];
    return data + offset;
  }
};

/// The slices from a pose on; None of None.
template <class V, int M>
SliceStack<V, M> from_pose(SliceStack<V, M> stack, std::int64_t first) {
  stack.data += first * stack.batch_stride[1];
  return stack;
}
inline None from_pose(None, std::int64_t) { return {}; }

/// The lattices, what relates them, and the poses. k are the integer frequencies of the slice, and
/// κ_d = oversampling · (n_d / n_x) · Σ_e (m_x / m_e) R_ed k_e the place in the reference, both x first. A Geometry of rates
/// of change has the tangents of poses instead, of which rotations or shifts may be left out.
template <class T_, int N_, int M_, bool Rotated, bool Shifted>
struct Geometry {
  using T = T_;
  static constexpr int N = N_, M = M_;
  static constexpr bool rotated = Rotated, shifted = Shifted;

  int extent[N];
  int slice_extent[M];
  double oversampling;
  double cutoff;
  double scales[M][N];        // ∂κ_d / ∂R_ed = scales[e][d] k_e
  double most_k, stretch[M];  // the cutoff as a k_x, with a relative slack of 1e-6, and how many k_x one k_e is worth
  struct {
    T most_square, stretch[M], band[N];  // most_k², stretch, and |κ| of the reference's band with its slack
    T inside[N];                         // (κ_d / k_x)² for which a circle of most_k is surely in the band
  } single;                              // in the precision of devices' slices
  PoseTable<false> rotations, shifts;
  std::int64_t references, poses;  // how many; each reference has a slice at each pose

  /// Of some of the poses.
  Geometry for_poses(std::int64_t first, std::int64_t count) const {
    Geometry geometry = *this;
    geometry.rotations = rotations.from(first);
    geometry.shifts = shifts.from(first);
    geometry.poses = count;
    return geometry;
  }

  /// Sets what follows from the numbers above.
  void set_scales() {
    most_k = cutoff * (1 + 1e-6) * slice_extent[0];
    for (int e = 0; e < M; ++e) {
      stretch[e] = double(slice_extent[0]) / slice_extent[e];
      for (int d = 0; d < N; ++d) scales[e][d] = oversampling * extent[d] / extent[0] * slice_extent[0] / slice_extent[e];
      single.stretch[e] = T(stretch[e]);
    }
    single.most_square = T(most_k * most_k);
    for (int d = 0; d < N; ++d) {
      const double band = 0.5 * (1 + 1e-6) * extent[d];
      single.band[d] = T(band);
      single.inside[d] = T(band / most_k * (band / most_k) * (1 - 1e-5));  // most_k may be infinite
    }
  }

  /// False for a pose that is not finite.
  KOKKOS_INLINE_FUNCTION bool load(std::int64_t b, std::int64_t p, Pose<N, M>& pose) const {
    double rotation[M][N] = {}, shift[M][1] = {}, sum = 0;
    if constexpr (rotated) rotations.read(b, p, rotation);
    if constexpr (shifted) shifts.read(b, p, shift);
    for (int e = 0; e < M; ++e) {
      for (int d = 0; d < padded<N>; ++d) pose.columns[e][d] = 0;
      for (int d = 0; d < N; ++d) {
        if constexpr (rotated) pose.columns[e][d] = scales[e][d] * rotation[e][d];
        sum += Kokkos::abs(pose.columns[e][d]);
      }
      pose.cycles[e] = 0;
      if constexpr (shifted) pose.cycles[e] = shift[e][0] / slice_extent[e];
      sum += Kokkos::abs(pose.cycles[e]);
    }
    pose.spacing = Spacing::near;
    for (int d = 0; d < N; ++d) {
      const double apart = Kokkos::abs(pose.columns[0][d]);
      if (apart > 1.00001 * extent[d]) {
        pose.spacing = Spacing::beyond_grid;
      } else if (apart > 0x1p18 && pose.spacing == Spacing::near) {
        pose.spacing = Spacing::far;
      }
    }
    return Kokkos::isfinite(sum);
  }

  /// Stored samples of a row.
  KOKKOS_INLINE_FUNCTION int columns() const { return slice_extent[0] / 2 + 1; }

  /// Rows of a slice, numbered as they are stored.
  KOKKOS_INLINE_FUNCTION std::int64_t rows() const {
    std::int64_t count = 1;
    for (int e = 1; e < M; ++e) count *= slice_extent[e];
    return count;
  }

  KOKKOS_INLINE_FUNCTION void set_row(const Pose<N, M>& pose, std::int64_t number, Row<N, M>& row) const {
    int index[M] = {};
    for (int e = 1; e < M - 1; ++e) {
      index[e] = int(number % slice_extent[e]);
      number /= slice_extent[e];
    }
    if constexpr (M > 1) index[M - 1] = int(number);
    set_row(pose, index, row);
  }

  /// The row at these indices of the axes above x.
  KOKKOS_INLINE_FUNCTION void set_row(const Pose<N, M>& pose, const int (&index)[M], Row<N, M>& row) const {
    constexpr int K = simd::pack_width<double, padded<N>>;
    using D = simd::Pack<double, K>;  // each pack is stored by one instruction, so that it can be loaded by one soon after
    row.spacing = pose.spacing;
    row.cycles = 0;
    row.max_kx_squared = most_k * most_k;
    row.index[0] = row.frequency[0] = 0;
    for (int e = 1; e < M; ++e) {
      row.index[e] = index[e];
      row.frequency[e] = frequency(index[e], slice_extent[e]);
      row.cycles += row.frequency[e] * pose.cycles[e];
      const double y = row.frequency[e] * stretch[e];
      row.max_kx_squared -= y * y;
    }
    for (int d = 0; d < N; d += K) {
      D start{};
      for (int e = 1; e < M; ++e) start += double(row.frequency[e]) * simd::load<D>(pose.columns[e] + d);
      simd::store(row.start + d, start);
      simd::store(row.step + d, simd::load<D>(pose.columns[0] + d));
    }
    row.begin = 0;
    row.end = columns();
  }

  KOKKOS_INLINE_FUNCTION std::int64_t row_number(const Row<N, M>& row) const {
    std::int64_t number = 0;
    for (int e = M - 1; e > 0; --e) number = number * slice_extent[e] + row.index[e];
    return number;
  }

  /// Whether sample k_x of a row is within the cutoff, with a relative slack of 1e-6.
  KOKKOS_INLINE_FUNCTION static bool in_band(const Row<N, M>& row, int kx) { return double(kx) * kx <= row.max_kx_squared; }

  /// Whether its κ is within the reference's band.
  KOKKOS_INLINE_FUNCTION bool in_reference(const Row<N, M>& row, int kx) const {
    bool inside = true;
    for (int d = 0; d < N; ++d) inside = inside && in_axis(row.kappa(d, kx), extent[d]);
    return inside;
  }

  /// Whether the reference has all samples within the cutoff: the sphere that these lie in is mapped to an ellipsoid.
  bool has_all_samples(const Pose<N, M>& pose) const {
    bool inside = true;
    for (int d = 0; d < N; ++d) {
      double square = 0;
      for (int e = 0; e < M; ++e) square += pose.columns[e][d] * pose.columns[e][d] / (stretch[e] * stretch[e]);
      inside = inside && std::sqrt(square) * (1 + 1e-9) <= (0.5 + 5e-7) * extent[d] / most_k;  // which may be infinite
    }
    return inside;
  }

  /// Narrows begin … end to the samples that count: both conditions are convex in k_x. all_inside: what has_all_samples says.
  void clip(Row<N, M>& row, bool all_inside = false) const {
    if (row.max_kx_squared < 0) {
      row.end = 0;
    } else {
      const int last = int(std::min(std::sqrt(row.max_kx_squared), double(row.end - 1)));
      row.end = last + int(in_band(row, last));  // the root may have been rounded up to it
    }
    row.begin = std::min(row.begin, row.end);
    if (all_inside || row.begin == row.end) return;
    const auto inside = [&](int kx) { return in_reference(row, kx); };
    if (inside(row.begin) && inside(row.end - 1)) return;
    double low = -1, high = row.end;
    for (int d = 0; d < N; ++d) {
      const double a = row.step[d];
      if (std::abs(a) < 1e-9) continue;  // κ_d hardly varies, or not at all, and 0/0 would be NaN: `narrow` does it all
      const double half = 0.5 * extent[d] / std::abs(a), centre = -row.start[d] / a;
      low = centre - half > low ? centre - half : low;
      high = centre + half < high ? centre + half : high;
    }
    narrow(row, low, high, inside);
  }

 private:
  /// From begin … end to its part inside a convex condition, whose real interval is about [low, high].
  template <class Inside>
  static void narrow(Row<N, M>& row, double low, double high, const Inside& inside) {
    int begin = low > row.begin ? low < row.end ? int(std::ceil(low)) : row.end : row.begin;
    int end = high < row.end - 1 ? high > begin ? int(std::floor(high)) + 1 : begin : row.end;
    while (begin > row.begin && inside(begin - 1)) --begin;
    while (end < row.end && inside(end)) ++end;
    while (begin < end && !inside(begin)) ++begin;
    while (begin < end && !inside(end - 1)) --end;
    row.begin = begin;
    row.end = end;
  }
};

/// Points of a reference.
template <class Geometry>
double points_of_reference(const Geometry& geometry) {
  double points = geometry.extent[0] / 2 + 1;
  for (int d = 1; d < Geometry::N; ++d) points *= geometry.extent[d];
  return points;
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
