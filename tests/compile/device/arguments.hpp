// SPDX-License-Identifier: MIT
// These programs call every public function for the default execution space: compiled by nvcc, as the preset `cuda` does, they
// are all of the library as device code. Nothing of them is run.
#pragma once

#include <bracewell/kernels.hpp>
#include <bracewell/poses.hpp>

#include <Kokkos_Core.hpp>

namespace device {

namespace bw = bracewell;

template <class T, int Rank>
struct DataOf {
  using type = typename DataOf<T, Rank - 1>::type*;
};
template <class T>
struct DataOf<T, 0> {
  using type = T;
};
template <class Exec, class T, int Rank>
using Array = Kokkos::View<typename DataOf<T, Rank>::type, Kokkos::LayoutRight, Exec>;

/// References of N axes and slices of M, for one reference or, where Batch is 1, for several.
template <class Exec, class T, int N, int M, int Batch = 0>
struct Arguments {
  using Complex = Kokkos::complex<T>;
  using Pose = bw::Poses<Array<Exec, double, 3 + Batch>, Array<Exec, T, 2 + Batch>>;

  Exec exec;
  Array<Exec, Complex, N + Batch> reference, reference_dot;
  Array<Exec, Complex, M + 1 + Batch> slices, slices_dot;
  Array<Exec, T, M + 1 + Batch> weights, weights_dot;
  Array<Exec, T, N + Batch> density, density_dot;
  Pose poses, poses_dot;
};

/// A user's kernel.
struct Hat {
  static constexpr int reach = 1;
  template <class T>
  KOKKOS_FUNCTION T value(T t) const {
    return Kokkos::fmax(T(0), 1 - Kokkos::abs(t));
  }
  template <class T>
  KOKKOS_FUNCTION T slope(T t) const {
    return Kokkos::abs(t) < 1 ? Kokkos::copysign(T(1), -t) : T(0);
  }
};

/// call(arguments, kernel) for all numbers of axes, and for 3 → 2 also with other kernels, in double and in batches.
template <class Call>
void for_arguments(const Call& call) {
  using Device = Kokkos::DefaultExecutionSpace;
  call(Arguments<Device, float, 2, 1>(), bw::Linear{});
  call(Arguments<Device, float, 2, 2>(), bw::Linear{});
  call(Arguments<Device, float, 3, 1>(), bw::Linear{});
  call(Arguments<Device, float, 3, 2>(), bw::Linear{});
  call(Arguments<Device, float, 3, 3>(), bw::Linear{});
  call(Arguments<Device, float, 3, 2>(), bw::Cubic{});
  call(Arguments<Device, float, 3, 2>(), Hat{});
  call(Arguments<Device, float, 3, 2, 1>(), bw::KaiserBessel<2>{2});
  call(Arguments<Device, double, 3, 2>(), bw::Linear{});
  // The host's half, too, must pass the device's compiler.
  call(Arguments<Kokkos::DefaultHostExecutionSpace, float, 3, 2>(), bw::Linear{});
}

}  // namespace device
