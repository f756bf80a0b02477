// SPDX-License-Identifier: MIT
// Any central slice of a point at the origin is 1 within the band.
#include <bracewell/bracewell.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard scope(argc, argv);
  const Kokkos::DefaultHostExecutionSpace exec;
  constexpr int n = 8;
  const Kokkos::View<Kokkos::complex<float>***, Kokkos::LayoutRight, Kokkos::HostSpace> reference("reference", n, n,
                                                                                                  n / 2 + 1);
  const Kokkos::View<Kokkos::complex<float>***, Kokkos::LayoutRight, Kokkos::HostSpace> slices("slices", 1, n, n / 2 + 1);
  const Kokkos::View<double* [2][3], Kokkos::HostSpace> rotations("rotations", 1);
  rotations(0, 0, 0) = rotations(0, 1, 2) = 0.6;
  rotations(0, 0, 2) = -0.8;
  rotations(0, 1, 0) = 0.8;
  Kokkos::deep_copy(reference, 1.0f);
  bracewell::project(exec, reference, bracewell::Poses{rotations}, slices, {}, bracewell::Linear{});
  exec.fence();
  int wrong = 0;
  for (int y = 0; y < n; ++y)
    for (int x = 0; x <= n / 2; ++x) {
      const int k = bracewell::frequency(y, n);
      const float expected = 4 * (k * k + x * x) <= n * n ? 1 : 0;
      wrong += !(Kokkos::abs(slices(0, y, x) - expected) <= 1e-6f);
    }
  std::printf("%d of %d samples are wrong\n", wrong, n * (n / 2 + 1));
  return wrong == 0 ? 0 : 1;
}
