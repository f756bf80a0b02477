// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/gaussian.hpp>
#include <bracewell/raster.hpp>

using namespace device;

namespace {

/// A user's projection of N coordinates to M = N − 1, with a focal length for its parameter.
template <int N>
struct Pinhole {
  template <class T>
  KOKKOS_FUNCTION auto operator()(const Kokkos::Array<T, N>& q, const Kokkos::Array<T, 1>& focus) const {
    Kokkos::Array<T, N - 1> p;
    for (int e = 0; e < N - 1; ++e) p[e] = focus[0] * q[e] / q[N - 1];
    return p;
  }

  template <class T>
  KOKKOS_FUNCTION void derivatives(const Kokkos::Array<T, N>& q, const Kokkos::Array<T, 1>& focus,
                                   Kokkos::Array<Kokkos::Array<T, N>, N - 1>& by_point,
                                   Kokkos::Array<Kokkos::Array<T, 1>, N - 1>& by_parameter) const {
    for (int e = 0; e < N - 1; ++e) {
      for (int d = 0; d < N; ++d) by_point[e][d] = 0;
      by_point[e][e] = focus[0] / q[N - 1];
      by_point[e][N - 1] = -focus[0] * q[e] / (q[N - 1] * q[N - 1]);
      by_parameter[e][0] = q[e] / q[N - 1];
    }
  }
};

template <class Exec, class T, int N, int M, class Poses, class PosesDot, class Kernel>
void draw(const Exec& exec, const Poses& poses, const PosesDot& poses_dot, const Kernel& kernel) {
  using Points = Kokkos::View<T* [N], Kokkos::LayoutRight, Exec>;
  const bw::PointCloud cloud{Points(), Array<Exec, T, 1>()}, cloud_dot = cloud;
  const bw::Exposure exposure{0.5, Array<Exec, T, 1>()};
  const bw::Exposure exposure_dot{Array<Exec, T, 1>(), Array<Exec, T, 1>()};
  const Array<Exec, T, M + 1> images;
  bw::raster(exec, cloud, poses, exposure, images, {}, kernel);
  bw::raster(exec, bw::PointCloud{cloud.points}, poses, bw::none, images, {}, kernel);
  bw::raster_jvp(exec, cloud, cloud_dot, poses, poses_dot, exposure, exposure_dot, images, {}, kernel);
  bw::raster_vjp(exec, cloud, poses, exposure, images, cloud_dot, poses_dot, exposure_dot, {}, kernel);
}

template <class Exec, class T, int N, int M, class Kernel>
void draw(const Kernel& kernel) {
  using Rotations = Kokkos::View<T* [M][N], Kokkos::LayoutRight, Exec>;
  const bw::Poses poses{Rotations(), Array<Exec, T, 2>()};
  draw<Exec, T, N, M>(Exec(), poses, poses, kernel);
}

/// Points with widths, without poses.
template <class Exec, class T, int N, int M>
void draw_wide() {
  const Kokkos::View<T* [N], Kokkos::LayoutRight, Exec> points;
  const bw::PointCloud cloud{points, Array<Exec, T, 1>(), Array<Exec, T, 1>()};
  const bw::Exposure exposure{0.5, Kokkos::View<T, Exec>()};
  const Array<Exec, T, M> image;
  const bw::Gaussian<4> kernel;
  bw::raster(Exec(), cloud, bw::none, exposure, image, {}, kernel);
  bw::raster_jvp(Exec(), cloud, cloud, bw::none, bw::none, exposure, bw::none, image, {}, kernel);
  bw::raster_vjp(Exec(), cloud, bw::none, exposure, image, cloud, bw::none, bw::Exposure{Kokkos::View<T, Exec>()}, {},
                 kernel);
}

}  // namespace

void raster() {
  using Device = Kokkos::DefaultExecutionSpace;
  draw<Device, float, 2, 1>(bw::Linear{});
  draw<Device, float, 2, 2>(bw::Linear{});
  draw<Device, float, 3, 1>(bw::Linear{});
  draw<Device, float, 3, 2>(bw::Linear{});
  draw<Device, float, 3, 3>(bw::Linear{});
  draw<Device, float, 3, 2>(bw::Cubic{});
  draw<Device, double, 3, 2>(Hat{});
  draw_wide<Device, float, 3, 3>();
  draw_wide<Device, double, 3, 2>();
  draw<Kokkos::DefaultHostExecutionSpace, float, 3, 2>(bw::Linear{});

  const Kokkos::View<float* [1], Kokkos::LayoutRight, Device> parameters;
  draw<Device, float, 3, 2>(Device(), bw::Camera{Pinhole<3>{}, parameters}, bw::Camera{bw::none, parameters}, bw::Linear{});
}
