// SPDX-License-Identifier: MIT
// Errors of single precision, and that they do not grow with boxes, coordinates or counts.
#include "support/arrays.hpp"
#include "support/random.hpp"

#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace bw = bracewell;
using namespace support;

namespace {

constexpr double eps = std::numeric_limits<float>::epsilon();

using Places = std::vector<std::array<double, 2>>;

/// Slices at 16 poses of points in a box of n², from a half spectrum of their sums.
template <class T, class Kernel>
std::vector<std::complex<double>> cut(int n, const Places& points, const Kernel& kernel) {
  using C = Kokkos::complex<T>;
  // Sums are separable: one factor for each row and column.
  const auto factors = [&](int axis, int count) {
    std::vector<std::complex<double>> f;
    for (const auto& at : points)
      for (int k = 0; k < count; ++k)
        f.push_back(std::polar(1.0, -2 * M_PI * at[std::size_t(axis)] * (axis == 0 ? k : bw::frequency(k, n)) / n));
    return f;
  };
  const int columns = n / 2 + 1;
  const auto x = factors(0, columns), y = factors(1, n);
  std::vector<std::complex<double>> values(std::size_t(n) * columns);
  for (std::size_t i = 0; i < points.size(); ++i)
    for (int ky = 0; ky < n; ++ky)
      for (int kx = 0; kx < columns; ++kx) values[std::size_t(ky) * columns + kx] += y[i * n + ky] * x[i * columns + kx];
  std::vector<double> rotations;
  for (int p = 0; p < 16; ++p) {
    rotations.push_back(std::cos(0.3 + 0.7 * p));
    rotations.push_back(std::sin(0.3 + 0.7 * p));
  }
  const auto slices = unset<C, 2>({16, columns});
  bw::project(Exec(), upload<C, 2>({n, columns}, values), bw::Poses{upload<double, 3>({16, 1, 2}, rotations)}, slices,
              {.cutoff = 0.45}, kernel);
  return download(slices);
}

/// Root of the mean square of a − b, relative to b.
double rms_error(const std::vector<std::complex<double>>& a, const std::vector<std::complex<double>>& b) {
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::norm(a[i] - b[i]);
    scale += std::norm(b[i]);
  }
  return std::sqrt(error / scale);
}

}  // namespace

TEST_CASE("single precision errs by a few eps at any box", "[project][precision]") {
  Random random(6000);
  INFO("seed " << random.seed);
  for (const int n : {64, 256, 1024, 2048}) {
    Places points;
    while (points.size() < 20) {
      const std::array<double, 2> at{random.uniform(-0.4, 0.4) * n, random.uniform(-0.4, 0.4) * n};
      if (std::hypot(at[0], at[1]) < 0.4 * n) points.push_back(at);
    }
    // Stored numbers and weights of two axes are rounded to eps/2 each, weights are computed by some operations more, and the
    // fraction of κ is rounded, to which weights are as sensitive as φ is steep, |φ'| of about φ. κ itself is not in the sum.
    const auto check = [&](const char* name, const auto& kernel) {
      const double error = rms_error(cut<float>(n, points, kernel), cut<double>(n, points, kernel));
      INFO(name << ", box " << n << ", error " << error);
      CHECK(error < 4 * eps);
      CHECK(error > 0.1 * eps);  // it was single precision
    };
    check("linear", bw::Linear{});
    check("Kaiser-Bessel", bw::KaiserBessel<4>{1.25});
  }
}

TEST_CASE("points fall on their voxels where single precision has none between", "[raster][precision]") {
  const Exec exec;
  const long n = 1L << 25;
  const auto eye = upload<double, 3>({1, 1, 1}, std::vector{1.0});
  const Dense<float, 2> image("image", 1, n);
  for (const long voxel : {(1L << 24) + 1, n - 1, 3L}) {  // (1 << 24) + 1 is no float
    INFO("voxel " << voxel);
    const Kokkos::View<double* [1], Kokkos::LayoutRight, Exec::memory_space> point =
        upload<double, 2>({1, 1}, std::vector{double(voxel - n / 2)});
    bw::raster(exec, bw::PointCloud{point}, bw::Poses{eye}, bw::none, image, {.voxel_size = 1});
    const auto got = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), image);
    CHECK(got(0, voxel) == 1);
    CHECK(std::count(got.data(), got.data() + n, 0.0f) == n - 1);
  }
}

TEST_CASE("points far away that a shift brings back are as exact as near ones", "[raster][precision]") {
  const Exec exec;
  Random random(6100);
  INFO("seed " << random.seed);
  const double far = 123456.789;
  const int count = 200;
  auto near = random.uniforms(2 * count, -0.9, 0.9), moved = near;
  for (double& v : moved) v += far;
  const auto eye = upload<double, 3>({1, 2, 2}, std::vector<double>{1, 0, 0, 1});
  const auto draw = [&](const std::vector<double>& at, double shift) {
    const Kokkos::View<double* [2], Kokkos::LayoutRight, Exec::memory_space> points = upload<double, 2>({count, 2}, at);
    const auto images = unset<float, 3>({1, 32, 32});
    bw::raster(exec, bw::PointCloud{points}, bw::Poses{eye, upload<double, 2>({1, 2}, std::vector{shift, shift})}, bw::none,
               images);
    return download(images);
  };
  // Coordinates are rounded by far · 2⁻⁵³, in voxels 16 times that, three times; the rest is the image's own rounding.
  CHECK(relative_error(draw(moved, -far), draw(near, 0)) < 2 * eps);
}
