// SPDX-License-Identifier: MIT
// One pose drives both halves of the library: the slice of a 3-D image of points is the spectrum of their 2-D image.
#include "common/centred.hpp"
#include "common/fft.hpp"
#include "common/gaussian.hpp"
#include "support/raster.hpp"

#include <bracewell/bracewell.hpp>

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
template <class Data>
using Array = Kokkos::View<Data, Kokkos::LayoutRight, Kokkos::HostSpace>;
using C = Kokkos::complex<double>;

/// Differences of two slices relative to the second, both as root mean squares over frequencies up to `limit`, in cycles a pixel.
double difference(const Array<C***>& a, const Array<C***>& b, int n, double limit) {
  double error = 0, scale = 0;
  for (std::size_t p = 0; p < a.extent(0); ++p)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        const double ky = bw::frequency(y, n), k = std::sqrt(ky * ky + double(x) * x) / n;
        if (k > limit) continue;
        const C d = a(p, y, x) - b(p, y, x), w = b(p, y, x);
        error += d.real() * d.real() + d.imag() * d.imag();
        scale += w.real() * w.real() + w.imag() * w.imag();
      }
  return std::sqrt(error / scale);
}

/// Random points in voxels of n³ and n² at random poses; the slices are nearly exact, by the longest kernel and padding.
template <class Kernel>
double halves_differ(Random& random, int n, const Kernel& kernel, double limit) {
  const Host exec;
  const double voxel = 1.7;
  const int count = 300, views = 5, padded = 2 * n;
  Array<double* [3]> points("points", count);
  Array<double*> weights("weights", count);
  for (int i = 0; i < count; ++i) {
    weights(i) = random.uniform(0.5, 2);
    for (int d = 0; d < 3; ++d) points(i, d) = voxel * n * random.uniform(-0.15, 0.15);
  }
  Array<double* [2][3]> rotations("rotations", views);
  Array<double*[2]> shifts("shifts", views), lengths("lengths", views);
  for (int p = 0; p < views; ++p) {
    const auto r = random.rotation(2, 3);
    for (int e = 0; e < 2; ++e) {
      for (int d = 0; d < 3; ++d) rotations(p, e, d) = r[3 * e + d];
      shifts(p, e) = random.uniform(-2, 2);
      lengths(p, e) = voxel * shifts(p, e);
    }
  }
  const bw::PointCloud cloud{points, weights};
  const bw::RasterOptions options{.voxel_size = voxel};

  Array<double****> map("map", 1, n, n, n);
  Array<double* [3][3]> identity("identity", 1);
  for (int d = 0; d < 3; ++d) identity(0, d, d) = 1;
  bw::raster(exec, cloud, bw::Poses{identity}, bw::none, map, options, kernel);
  const auto volume = Kokkos::subview(map, 0, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL);
  const bw::KaiserBessel<4> interpolation{2.0};
  const long size = padded;
  bw::correct_gridding(exec, volume, {size, size, size}, bw::Gridding::reference, {}, interpolation);
  exec.fence();
  Array<double***> large("padded", padded, padded, padded);
  examples::copy_centred(large, volume);
  Array<C***> reference("reference", padded, padded, padded / 2 + 1), slices("slices", views, n, n / 2 + 1),
      spectra("spectra", views, n, n / 2 + 1);
  examples::rfft<3>(exec, large, reference);
  bw::origin_to_zero(exec, bw::Spectrum{reference, padded});
  bw::project(exec, bw::Spectrum{reference, padded}, bw::Poses{rotations, shifts}, bw::Spectrum{slices, n},
              {.oversampling = 2}, interpolation);
  bw::origin_to_centre<2>(exec, bw::Spectrum{slices, n});
  exec.fence();

  Array<double***> images("images", views, n, n);
  bw::raster(exec, cloud, bw::Poses{rotations, lengths}, bw::none, images, options, kernel);
  exec.fence();
  examples::rfft<2>(exec, images, spectra);
  return difference(slices, spectra, n, limit);
}

}  // namespace

TEST_CASE("one pose drives the slicer and the rasterizer", "[raster][project]") {
  Random random(40);
  INFO("seed " << random.seed);
  for (const int n : {32, 33, 48}) {
    INFO("n " << n);
    // The splats of the two images differ: both are tents along the axes, in 3-D and in the image.
    const double low = halves_differ(random, n, bw::Linear{}, 0.1);
    CHECK(low < 0.02);
    CHECK(low > 1e-5);
    // Of isotropic blobs of one width, they are the same, up to what the lattice aliases: exp(−2π²σ²(0.75² − 0.25²)).
    CHECK(halves_differ(random, n, examples::Gaussian<6>{1.0}, 0.25) < 1e-3);
  }
}
