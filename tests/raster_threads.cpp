// SPDX-License-Identifier: MIT
// On the host, images and cotangents are bitwise the same for any number of threads, whichever way work is shared out.
#include "support/compare.hpp"
#include "support/raster.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

#ifdef KOKKOS_ENABLE_OPENMP
namespace {

template <class V, int Rank>
using HostArray = Dense<V, Rank, Kokkos::HostSpace>;

template <class V, int Rank>
HostArray<V, Rank> host_array(const std::vector<long>& shape, const std::vector<double>& values) {
  HostArray<V, Rank> array("support::array", layout(shape));
  for (std::size_t i = 0; i < values.size(); ++i) array.data()[i] = V(values[i]);
  return array;
}

template <int N, int M>
std::vector<std::vector<double>> run(int threads, const RasterProblem& s, const std::vector<double>& cotangent) {
  using T = float;
  const Kokkos::OpenMP exec(threads);
  const Kokkos::View<T** [N], Kokkos::LayoutRight, Kokkos::HostSpace> points = host_array<T, 3>(s.point_shape(), s.points);
  const auto weights = host_array<T, 3>(s.weight_shape(), s.weights);
  const auto rotations = host_array<T, 4>(s.rotation_shape(), s.rotations);
  const auto shifts = host_array<T, 3>(s.shift_shape(), s.shifts);
  const auto background = host_array<T, 2>(s.exposure_shape(), s.background);
  const auto out_weight = host_array<T, 2>(s.exposure_shape(), s.out_weight);
  const bw::PointCloud cloud{points, weights};
  const bw::Poses poses{rotations, shifts};
  const bw::Exposure exposure{background, out_weight};
  const auto images = host_array<T, M + 3>(s.image_shape(), {}), dots = host_array<T, M + 3>(s.image_shape(), {});
  bw::raster(exec, cloud, poses, exposure, images);
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, exposure, dots);
  const auto points_bar = host_array<T, 3>(s.point_shape(), {}), weights_bar = host_array<T, 3>(s.weight_shape(), {});
  const auto rotations_bar = host_array<T, 4>(s.rotation_shape(), {});
  const auto shifts_bar = host_array<T, 3>(s.shift_shape(), {});
  const auto background_bar = host_array<T, 2>(s.exposure_shape(), {}),
             out_weight_bar = host_array<T, 2>(s.exposure_shape(), {});
  bw::raster_vjp(exec, cloud, poses, exposure, host_array<T, M + 3>(s.image_shape(), cotangent),
                 bw::PointCloud{points_bar, weights_bar}, bw::Poses{rotations_bar, shifts_bar},
                 bw::Exposure{background_bar, out_weight_bar});
  exec.fence();
  return {download(images),        download(dots),       download(points_bar),     download(weights_bar),
          download(rotations_bar), download(shifts_bar), download(background_bar), download(out_weight_bar)};
}

template <int N, int M>
void check(Random& random, const RasterProblem& s) {
  INFO(text(s));
  const auto cotangent = random.normals(s.objects * s.poses * s.channels * s.voxels());
  const auto want = run<N, M>(1, s, cotangent);
  for (const int threads : {2, 3, 5, 16, 1}) {
    INFO("threads " << threads);
    const auto got = run<N, M>(threads, s, cotangent);
    for (std::size_t i = 0; i < want.size(); ++i) {
      INFO("result " << i);
      CHECK(identical(got[i], want[i]));
    }
  }
}

}  // namespace
#endif

TEST_CASE("raster does not depend on the number of threads", "[raster][threads]") {
#ifdef KOKKOS_ENABLE_OPENMP
  Random random(30);
  INFO("seed " << random.seed);
  check<3, 2>(random, large_raster(random, 3, {20, 24}, 200000, 1));   // points in parts
  check<3, 2>(random, large_raster(random, 3, {20, 24}, 3000, 70));    // images
  check<3, 2>(random, large_raster(random, 3, {300, 280}, 50000, 2));  // tiles
  check<3, 3>(random, large_raster(random, 3, {50, 60, 70}, 20000, 1));
  check<2, 1>(random, large_raster(random, 2, {50000}, 30000, 3));
  for (int i = 0; i < 6; ++i) check<3, 2>(random, random_raster(random, 3, 2));
#else
  SKIP("Kokkos has no OpenMP here");
#endif
}
