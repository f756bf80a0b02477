// SPDX-License-Identifier: MIT
// Sums over the samples of a slice for the loss of an image, its gradient and its Gauss-Newton matrix.
//
// With F~ the interpolant, A = μ w c² and s the scale, the derivatives of the residual c s S have a common phase but for which
//
//     ∂r/∂R_ed = scales[e][d] k_e · c s u_d,   u_d = ∂F~/∂κ_d
//     ∂r/∂t_e  = (2π / m_e) k_e · c s u_N,     u_N = −i F~
//     ∂r/∂s    = c F~
//
// so that the matrix is made of the sums of A Re(conj(u_i) u_j) k_e k_f for e ≤ f and i ≤ j, of A Re(conj(u_d) F~) k_e and of
// A |F~|²; Re(conj(u_N) F~) is 0. Along a row, where all k_e but k_x are the same, three sums make those of all e, f.
#pragma once

#include <bracewell/detail/slicing/arguments.hpp>
#include <bracewell/detail/slicing/pose_gradient.hpp>

#include <algorithm>
#include <string>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The outputs that residuals are summed for, each an array or None.
template <class Loss, class PosesBar, class ScaleBar, class Matrix>
struct ResidualOutputs {
  static constexpr bool rotations = Given<rotations_type<PosesBar>>, matrices = Given<Matrix>;
  static constexpr bool gradient = rotations || Given<shifts_type<PosesBar>> || Given<ScaleBar>;
  static_assert(Given<Loss> || gradient || matrices,
                "bracewell: one of 'loss', 'poses_bar', 'scale_bar' and 'matrix' must be given");

  const Loss& loss;
  const PosesBar& poses_bar;
  const ScaleBar& scale_bar;
  const Matrix& matrix;
};
template <class L, class P, class S, class X>
ResidualOutputs(const L&, const P&, const S&, const X&) -> ResidualOutputs<L, P, S, X>;

/// The place of {i, j} among the unordered pairs of `count` things.
KOKKOS_INLINE_FUNCTION constexpr int pair_place(int i, int j, int count) {
  return i <= j ? i * count - i * (i - 1) / 2 + j - i : pair_place(j, i, count);
}

/// Which sums are wanted, and where they are: those of the gradient, first in the pose and then in the scale, the loss, then
/// the matrix.
template <int N, int M, bool Rotations, bool Gradient, bool Matrix>
struct ResidualSums {
  static constexpr bool slopes = Rotations || Matrix, gradient = Gradient, has_matrix = Matrix;
  using OfPoses = PoseGradient<N, M, slopes, true>;
  static constexpr int pairs = (N + 1) * (N + 2) / 2, axis_pairs = M * (M + 1) / 2;
  static constexpr int scale = OfPoses::size, loss = Gradient ? scale + 1 : 0, matrix = loss + 1;
  static constexpr int mixed = matrix + axis_pairs * pairs, square = mixed + M * N;
  static constexpr int size = Matrix ? square + 1 : matrix;

  /// Adds the samples of a block to the matrix: F~ with its slopes, and A, 0 in idle lanes.
  template <class T, int Count>
  KOKKOS_INLINE_FUNCTION static void add_matrix(const Block<T, N, M, Count>& block,
                                                const Readings<T, 2, 1 + N, Count>& value, const T (&weight)[Count],
                                                double s, Sums<size>& total) {
    constexpr int W = simd::pack_width<T, Count>;
    using P = simd::Pack<T, W>;
    // Of each pair, then of each slope with F~: sums without k_x, with it, and with its square.
    constexpr int along = pairs + N, twice = 2 * along, terms = twice + pairs;
    P packs[terms] = {};
    T sums[terms];
    for (int lane = 0; lane < Count; lane += W) {
      const P kx = simd::count_from<P>(T(block.kx + lane)), A = simd::load<P>(weight + lane);
      const auto part = [&](int channel, int c) { return simd::load<P>(value.component[channel][c] + lane); };
      const auto add = [&](int k, const P& term) {
        packs[k] += term;
        packs[along + k] += term * kx;
        if (k < pairs) packs[twice + k] += term * kx * kx;
      };
      const P x = part(0, 0), y = part(0, 1);
      for_constants<N>([&]<int i>(std::integral_constant<int, i>) {
        const P u = A * part(1 + i, 0), v = A * part(1 + i, 1);
        for_constants<N - i>([&]<int j>(std::integral_constant<int, j>) {
          add(pair_place(i, i + j, N + 1), u * part(1 + i + j, 0) + v * part(1 + i + j, 1));
        });
        add(pair_place(i, N, N + 1), u * y - v * x);
        add(pairs + i, u * x + v * y);
      });
      add(pairs - 1, A * (x * x + y * y));
    }
    simd::sum_each(packs, sums);
    const auto add = [&]<int count>(int to, int from, std::integral_constant<int, count>, double factor) {
      for (int k = 0; k < count; ++k) total.sum[to + k] += factor * sums[from + k];
    };
    constexpr std::integral_constant<int, N> slopes_count;
    constexpr std::integral_constant<int, pairs> all_pairs;
    const auto& k = block.row->frequency;
    add(matrix, twice, all_pairs, s * s);
    add(mixed, along + pairs, slopes_count, s);
    total.sum[square] += sums[pairs - 1];
    for (int f = 1; f < M; ++f) {
      add(matrix + pairs * pair_place(0, f, M), along, all_pairs, s * s * k[f]);
      for (int e = 1; e <= f; ++e) add(matrix + pairs * pair_place(e, f, M), 0, all_pairs, s * s * k[e] * k[f]);
      add(mixed + f * N, pairs, slopes_count, s * k[f]);
    }
  }
};

/// The ResidualSums of the outputs that are given.
template <class P, class Outputs>
auto residual_sums(const Outputs&) {
  return ResidualSums<P::N, P::M, Outputs::rotations, Outputs::gradient, Outputs::matrices>{};
}

/// Where the matrix is among the sums of a slice.
template <class Sums, int N, int M, class Geometry>
auto sums_of_matrix(const Geometry& geometry) {
  constexpr int numbers = M * (N + 1), K = numbers + 1;
  struct Parameter {
    int e, i;      // k_e u_i; the scale has no e
    double scale;  // ∂r/∂θ over that
  };
  Parameter parameters[K] = {};
  for (int e = 0; e < M; ++e) {
    for (int d = 0; d < N; ++d) parameters[e * N + d] = {e, d, geometry.scales[e][d]};
    parameters[M * N + e] = {e, N, 2 * Kokkos::numbers::pi / geometry.slice_extent[e]};
  }
  parameters[numbers] = {-1, N + 1, 1};
  const auto place = [](const Parameter& a, const Parameter& b) {
    if (a.e < 0) return Sums::square;
    if (b.e < 0) return Sums::mixed + a.e * N + a.i;
    return Sums::matrix + pair_place(a.e, b.e, M) * Sums::pairs + pair_place(a.i, b.i, N + 1);
  };
  auto sums = sums_of_array<K, K>(0);
  for (int row = 0; row < K; ++row)
    for (int column = 0; column < K; ++column) {
      const Parameter &a = parameters[std::min(row, column)], &b = parameters[std::max(row, column)];
      const bool is_zero = a.i == N && b.e < 0;  // Re(conj(−i F~) F~)
      sums.place[row][column] = is_zero ? 0 : place(a, b);
      sums.scale[row][column] = is_zero ? 0 : a.scale * b.scale;
    }
  return sums;
}

/// Adds the shares of slices to the outputs.
template <class Exec, class Geometry, int N, int M, bool Rotations, bool Gradient, bool Matrix, class Outputs>
void add_pose_shares(const Exec& exec, const std::string& label, const Geometry& geometry,
                     ResidualSums<N, M, Rotations, Gradient, Matrix>, const SharedSums& from, const Outputs& outputs,
                     bool accumulate) {
  using Sums = ResidualSums<N, M, Rotations, Gradient, Matrix>;
  const auto add = [&](auto axes, const char* what, const auto& output, const auto& sums) {
    add_shares<axes.value>(exec, label + what, output, from, sums, geometry.references, geometry.poses, accumulate);
  };
  auto loss = sums_of_array<1, 1>(Sums::loss);
  loss.scale[0][0] = 0.5;
  add(std::integral_constant<int, 0>(), "_loss", outputs.loss, loss);
  if constexpr (Gradient) {
    add_pose_shares(exec, label + "_poses", geometry, typename Sums::OfPoses{}, from, outputs.poses_bar, accumulate);
    add(std::integral_constant<int, 0>(), "_scale", outputs.scale_bar, sums_of_array<1, 1>(Sums::scale));
  }
  if constexpr (Matrix)
    add(std::integral_constant<int, 2>(), "_matrix", outputs.matrix, sums_of_matrix<Sums, N, M>(geometry));
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
