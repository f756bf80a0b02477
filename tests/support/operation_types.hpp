// SPDX-License-Identifier: MIT
// The arrays that most tests have, dense and in batches, slices at poses in double; and the operations' types for them.
#pragma once

#include "arrays.hpp"
#include "kernels.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>

namespace support {

// References and densities [B]…, slices and their weights [B][P]…, poses [B][P]….
template <class T, int N>
using References = bracewell::Spectrum<Dense<Kokkos::complex<T>, N + 1>>;
template <class T, int N>
using Densities = bracewell::Spectrum<Dense<T, N + 1>>;
template <class T, int M>
using Slices = bracewell::Spectrum<Dense<Kokkos::complex<T>, M + 2>>;
template <class T, int M>
using Weights = bracewell::Spectrum<Dense<T, M + 2>>;
using Shifted = bracewell::Poses<Dense<double, 4>, Dense<double, 3>>;
using Unshifted = bracewell::Poses<Dense<double, 4>>;

// Points [B][n][N] and weights [B][n][C], poses and exposures [B][P]…, images [B][P][C]….
template <class T, int N>
using Clouds = bracewell::PointCloud<Kokkos::View<T** [N], Kokkos::LayoutRight, Exec::memory_space>, Dense<T, 3>>;
template <class T>
using Placements = bracewell::Poses<Dense<T, 4>, Dense<T, 3>>;
template <class T>
using Exposures = bracewell::Exposure<Dense<T, 2>, Dense<T, 2>>;
template <class T, int M>
using Images = Dense<T, M + 3>;

/// The operations' types for these.
template <class T, int N, int M, class Kernel>
struct Slicing {
  using R = const References<T, N>&;
  using D = const Densities<T, N>&;
  using S = const Slices<T, M>&;
  using W = const Weights<T, M>&;
  using P = const Shifted&;
  using O = const bracewell::SliceOptions&;
  using K = const Kernel&;
  using No = const bracewell::None&;
  using Project = void(const Exec&, R, P, S, O, K);
  using ProjectUnshifted = void(const Exec&, R, const Unshifted&, S, O, K);
  using ProjectJvp = void(const Exec&, R, R, P, P, S, O, K);
  using ProjectVjp = void(const Exec&, R, P, S, R, P, O, K);
  using Backproject = void(const Exec&, S, W, P, R, D, O, K);
  using BackprojectData = void(const Exec&, S, No, P, R, No, O, K);
  using BackprojectJvp = void(const Exec&, S, S, W, W, P, P, R, D, O, K);
  using BackprojectVjp = void(const Exec&, S, W, P, R, D, S, W, P, O, K);
};
template <class T, int N, int M, class Kernel>
struct Rastering {
  using C = const Clouds<T, N>&;
  using P = const Placements<T>&;
  using E = const Exposures<T>&;
  using I = const Images<T, M>&;
  using O = const bracewell::RasterOptions&;
  using K = const Kernel&;
  using Raster = void(const Exec&, C, P, E, I, O, K);
  using RasterJvp = void(const Exec&, C, C, P, P, E, E, I, O, K);
  using RasterVjp = void(const Exec&, C, P, E, I, C, P, E, O, K);
};

}  // namespace support
