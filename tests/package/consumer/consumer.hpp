// SPDX-License-Identifier: MIT
// Any central slice of a point at the origin is 1 within the band; shifts of 0 change nothing.
#pragma once

#include <bracewell/bracewell.hpp>

/// How many samples of such a slice are wrong, and of its insertion, where each has but one place. More images than the one
/// pose are refused.
inline int wrong_samples(int images = 1) {
  const Kokkos::DefaultHostExecutionSpace exec;
  constexpr int n = 16;
  using Complex = Kokkos::complex<float>;
  const Kokkos::View<Complex***, Kokkos::LayoutRight, Kokkos::HostSpace> reference("reference", n, n, n / 2 + 1);
  const Kokkos::View<Complex***, Kokkos::LayoutRight, Kokkos::HostSpace> slices("slices", images, n, n / 2 + 1);
  const Kokkos::View<Complex***, Kokkos::LayoutRight, Kokkos::HostSpace> data("data", n, n, n / 2 + 1);
  const Kokkos::View<double* [2][3], Kokkos::HostSpace> rotations("rotations", 1);
  const Kokkos::View<double* [2], Kokkos::HostSpace> shifts("shifts", 1);
  rotations(0, 0, 0) = rotations(0, 1, 1) = 1;
  Kokkos::deep_copy(reference, 1.0f);
  bracewell::project(exec, reference, bracewell::Poses{rotations, shifts}, slices, {}, bracewell::Linear{});
  bracewell::backproject(exec, slices, bracewell::none, bracewell::Poses{rotations, shifts}, data, bracewell::none, {},
                         bracewell::Linear{});
  exec.fence();
  int wrong = 0;
  for (int y = 0; y < n; ++y)
    for (int x = 0; x <= n / 2; ++x) {
      const int k = bracewell::frequency(y, n);
      const float expected = 4 * (k * k + x * x) <= n * n ? 1 : 0;
      wrong += !(Kokkos::abs(slices(0, y, x) - expected) <= 1e-6f);
      wrong += !(Kokkos::abs(data(0, y, x) - expected) <= 1e-6f);
    }
  return wrong;
}
