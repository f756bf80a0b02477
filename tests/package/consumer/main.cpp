// SPDX-License-Identifier: MIT
#include "consumer.hpp"

#include <cstdio>

#ifdef CONSUMER_TWO_FILES
int wrong_samples_elsewhere();
#else
int wrong_samples_elsewhere() { return 0; }
#endif

/// Of one point at voxel (2, 3) and of one that is not in the image, drawn into 8 × 8.
int wrong_voxels() {
  const Kokkos::DefaultHostExecutionSpace exec;
  const Kokkos::View<float* [3], Kokkos::LayoutRight, Kokkos::HostSpace> points("points", 2);
  const Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace> image("image", 1, 8, 8);
  const Kokkos::View<double* [2][3], Kokkos::HostSpace> rotations("rotations", 1);
  rotations(0, 0, 0) = rotations(0, 1, 1) = 1;
  points(0, 0) = -2;
  points(0, 1) = -1;
  points(1, 0) = 100;
  bracewell::raster(exec, bracewell::PointCloud{points}, bracewell::Poses{rotations}, bracewell::none, image,
                    {.voxel_size = 1});
  exec.fence();
  int wrong = 0;
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) wrong += !(Kokkos::abs(image(0, y, x) - (x == 2 && y == 3 ? 1.0f : 0.0f)) <= 1e-6f);
  return wrong;
}

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard scope(argc, argv);
  const int images = argc;
  const int wrong = wrong_samples(images), elsewhere = wrong_samples_elsewhere();
  const int voxels = wrong_voxels();
  std::printf("%d samples are wrong, %d in the other file, and %d voxels\n", wrong, elsewhere, voxels);
  return wrong == 0 && elsewhere == 0 && voxels == 0 ? 0 : 1;
}
