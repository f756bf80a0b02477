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
constexpr int pair_place(int i, int j, int count) {
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
    const auto& frequency = block.row->frequency;
    const auto part = [&](int channel, int c, int lane) { return simd::load<P>(value.component[channel][c] + lane); };
    BRACEWELL_UNROLL
    for (int i = 0; i <= N; ++i) {
      const int a = i < N ? 1 + i : 0;
      BRACEWELL_UNROLL
      for (int j = i; j <= N + 1; ++j) {
        const bool with_scale = j == N + 1, turned = i < N && j == N;
        if (with_scale && i == N) continue;
        P plain{}, along{}, twice{};
        const int b = j < N ? 1 + j : 0;
        for (int lane = 0; lane < Count; lane += W) {
          const P kx = simd::count_from<P>(T(block.kx + lane)), A = simd::load<P>(weight + lane);
          const P x = part(a, 0, lane), y = part(a, 1, lane), u = part(b, 0, lane), v = part(b, 1, lane);
          const P term = A * (turned ? P(x * v - y * u) : P(x * u + y * v)), next = term * kx;
          plain += term;
          along += next;
          twice += next * kx;
        }
        const double none = simd::sum(plain), once = simd::sum(along);
        if (with_scale) {
          for (int e = 0; e < M; ++e) total.sum[mixed + e * N + i] += s * (e == 0 ? once : none * frequency[e]);
          continue;
        }
        double* sums = total.sum + matrix + pair_place(i, j, N + 1);
        sums[0] += s * s * simd::sum(twice);
        for (int f = 1; f < M; ++f) sums[pairs * pair_place(0, f, M)] += s * s * once * frequency[f];
        for (int e = 1; e < M; ++e)
          for (int f = e; f < M; ++f) sums[pairs * pair_place(e, f, M)] += s * s * none * frequency[e] * frequency[f];
        if (i == N) total.sum[square] += none;
      }
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
      if (!is_zero) sums.place[row][column] = place(a, b);
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
