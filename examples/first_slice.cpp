// SPDX-License-Identifier: MIT
// The smallest program: one slice of a point's spectrum, and how it changes with the pose.
#include <bracewell/bracewell.hpp>

#include <cmath>
#include <cstdio>

namespace bw = bracewell;
using Complex = Kokkos::complex<double>;

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard kokkos(argc, argv);
  if (argc > 1) return std::fprintf(stderr, "first_slice: takes no arguments but Kokkos', got %s\n", argv[1]), 2;
  const Kokkos::DefaultHostExecutionSpace exec;
  const int n = 16;

  // The half spectrum [z][y][x] of a point at x = 3 voxels.
  const Kokkos::View<Complex***, Kokkos::LayoutRight, Kokkos::HostSpace> reference("reference", n, n, n / 2 + 1);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) reference(z, y, x) = Kokkos::polar(1.0, -2 * M_PI * 3 * x / n);

  // One pose, image = R · object + t: a quarter turn about z takes the point to y = 3; the shift takes it on to y = 5.
  const Kokkos::View<double*[2][3], Kokkos::HostSpace> rotations("rotations", 1), rotations_bar("rotations_bar", 1);
  const Kokkos::View<double*[2], Kokkos::HostSpace> shifts("shifts", 1), shifts_bar("shifts_bar", 1);
  rotations(0, 0, 1) = -1;
  rotations(0, 1, 0) = 1;
  shifts(0, 1) = 2;

  const Kokkos::View<Complex***, Kokkos::LayoutRight, Kokkos::HostSpace> slices("slices", 1, n, n / 2 + 1);
  bw::project(exec, reference, bw::Poses{rotations, shifts}, slices, {.interpolation = bw::Interpolation::cubic});
  exec.fence();
  const double y = -std::atan2(slices(0, 1, 0).imag(), slices(0, 1, 0).real()) * n / (2 * M_PI);
  std::printf("S[k = (0, 1)] = %.4f %+.4fi: a point at y = %.4f\n", slices(0, 1, 0).real(), slices(0, 1, 0).imag(), y);

  // The gradient of L = ½ Σ |S − S₀|² in the pose, for an image S₀ of a point at y = 4.
  for (int ky = 0; ky < n; ++ky)
    for (int kx = 0; kx <= n / 2; ++kx)
      if (slices(0, ky, kx) != Complex(0)) slices(0, ky, kx) -= Kokkos::polar(1.0, -2 * M_PI * 4 * bw::frequency(ky, n) / n);
  bw::project_vjp(exec, reference, bw::Poses{rotations, shifts}, slices, bw::none, bw::Poses{rotations_bar, shifts_bar},
                  {.interpolation = bw::Interpolation::cubic});
  exec.fence();
  std::printf("dL/dt_y = %.4f\n", shifts_bar(0, 1));
  return std::abs(y - 5) < 1e-12 && std::abs(shifts_bar(0, 0)) < 1e-9 && shifts_bar(0, 1) > 0 ? 0 : 1;
}
