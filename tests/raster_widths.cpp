// SPDX-License-Identifier: MIT
// Points that have widths, and their kernel.
#include "support/axes.hpp"
#include "support/operations.hpp"
#include "support/raster_derivatives.hpp"

#include <bracewell/gaussian.hpp>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

namespace bw = bracewell;
using namespace support;
using Catch::Matchers::WithinAbs;

// A build that compiles few types says which.
#ifndef BRACEWELL_WIDE_RASTERS
#define BRACEWELL_WIDE_RASTERS                                                                                 \
  (Axes<double, 1, 1>), (Axes<double, 2, 2>), (Axes<double, 3, 2>), (Axes<double, 3, 3>), (Axes<float, 3, 2>), \
      (Axes<float, 3, 3>)
#endif

namespace {

/// The weights of all taps, and their derivatives.
template <int Reach, class T>
struct Taps {
  T w[2 * Reach], slope[2 * Reach], by_width[2 * Reach];

  Taps(const bw::Gaussian<Reach>& kernel, double f, double s) {
    kernel.template weights<true>(T(f), T(s), w, slope, by_width);
  }
};

/// Widths in voxels of every kind: none, narrow, wider than 4 standard deviations have room for, and beyond all limits.
template <int Reach>
std::vector<double> widths() {
  const double widest = bw::Gaussian<Reach>::widest;
  return {0, 1e-3, 0.02, 0.1, 0.3 * widest, 0.6 * widest, 0.999 * widest, 1.001 * widest, 2 * widest, 3.9 * Reach, 1e6};
}

template <int Reach>
void check_kernel() {
  const bw::Gaussian<Reach> kernel;
  const double most = 4 * (Reach - 1);
  for (const double s : widths<Reach>())
    for (const double f : {0.0, 1e-3, 0.25, 0.5, 0.77, 0.9999}) {
      INFO("reach " << Reach << " width " << s << " fraction " << f);
      const Taps<Reach, double> taps(kernel, f, s);
      const Taps<Reach, float> single(kernel, f, s);
      // D is a difference of numbers of about s and reach, over what is left of g: erf(a / √2) of it.
      const double width = std::min(s, most), mass = width > 0 ? std::erf(std::min(4.0, (Reach - 1) / width) / M_SQRT2) : 1;
      const double size = (Reach + width) / mass, tolerance = 1e-14 * size,
                   rounding = 4 * double(std::numeric_limits<float>::epsilon()) * size;
      double sum = 0, slopes = 0, by_width = 0;
      for (int j = 0; j < 2 * Reach; ++j) {
        const double t = f + Reach - 1 - j;
        CHECK_THAT(taps.w[j], WithinAbs(blob(t, width, Reach), 1e-10));  // Simpson's error
        CHECK_THAT(single.w[j], WithinAbs(taps.w[j], rounding));
        sum += taps.w[j];
        slopes += taps.slope[j];
        by_width += taps.by_width[j];
        // Derivatives of the closed form, away from where it has kinks; beyond `most` the width makes no difference.
        const double h = 1e-5;
        if (f > h && f < 1 - h) {
          const Taps<Reach, double> right(kernel, f + h, s), left(kernel, f - h, s);
          if (s > 0.01 || s == 0) CHECK_THAT(taps.slope[j], WithinAbs((right.w[j] - left.w[j]) / (2 * h), 1e-5));
        }
        if (s > 0.01 && std::abs(s / bw::Gaussian<Reach>::widest - 1) > 0.01) {
          const double step = 1e-4 * s;
          const Taps<Reach, double> wider(kernel, f, s + step), narrower(kernel, f, s - step);
          CHECK_THAT(taps.by_width[j], WithinAbs((wider.w[j] - narrower.w[j]) / (2 * step), 1e-5));
        }
        if (s < 1e4) {
          // f is rounded too, and slopes change by 0.4 / s a voxel.
          const double bend = 2 * double(std::numeric_limits<float>::epsilon()) / std::max(s, 1e-3);
          CHECK_THAT(single.slope[j], WithinAbs(taps.slope[j], 4 * rounding + bend));
          CHECK_THAT(single.by_width[j], WithinAbs(taps.by_width[j], 4 * rounding + bend));
        } else {
          CHECK(taps.by_width[j] == 0);
        }
      }
      CHECK_THAT(sum, WithinAbs(1, tolerance));
      CHECK_THAT(slopes, WithinAbs(0, tolerance));
      CHECK_THAT(by_width, WithinAbs(0, tolerance));
    }
}

constexpr int reach = 4;

template <int N, int M, class T>
void check_random(unsigned seed) {
  Random random(seed);
  for (int i = 0; i < 20; ++i) {
    RasterProblem s = random_raster(random, N, M);
    add_widths(random, s, bw::Gaussian<reach>::widest);
    INFO("seed " << seed << " problem " << i << ": " << text(s));
    const RasterArrays<N, M, T> a(s);
    const auto images = unset<T, M + 3>(s.image_shape());
    bw::raster(Exec(), a.wide_cloud(), a.poses(), a.exposure(), images, {.voxel_size = s.voxel_size}, bw::Gaussian<reach>{});
    // Of places and weights, as without widths; 1e-10 of the quadrature.
    const double tolerance = 1e-9 + 2e3 * double(std::numeric_limits<T>::epsilon());
    CHECK(relative_error(download(images), reference_raster(s, {reach, {}})) < tolerance);
  }
}

/// Without subsets, to spare instantiations. The third derivatives that differences leave grow as widths shrink.
template <class T>
DerivativeTolerance limits() {
  DerivativeTolerance limits;
  limits.subsets = false;
  limits.difference = 1e-6;
  if (sizeof(T) == 4) {
    limits.dot = limits.same = 1e-4;
    limits.difference = 0;
  }
  return limits;
}

/// Widths of a problem keep away from 0, and from where a blob's end is at the kernel's reach on an axis: kinks.
RasterProblem smooth_widths(Random& random, int axes, int image_axes) {
  RasterProblem s = smooth_raster(random, axes, image_axes);
  add_widths(random, s, bw::Gaussian<reach>::widest);
  for (double& width : s.widths)
    while (true) {
      bool smooth = true;
      for (int e = 0; e < image_axes; ++e) {
        const double voxels =
            width * (s.voxel_size > 0 ? 1 / s.voxel_size : 0.5 * s.extents[std::size_t(image_axes - 1 - e)]);
        smooth =
            smooth && voxels > 0.1 && std::abs(voxels / bw::Gaussian<reach>::widest - 1) > 1e-3 && voxels < 4 * reach - 5;
      }
      if (smooth) break;
      width = random.uniform(0.05, 1.5);
    }
  return s;
}

}  // namespace

TEST_CASE("a Gaussian's weights are the integral that it stands for, with their derivatives", "[raster][widths]") {
  check_kernel<2>();
  check_kernel<4>();
  check_kernel<8>();
  check_kernel<16>();
}

TEST_CASE("a Gaussian's transform is that of a hat times that of a normal distribution", "[raster][widths]") {
  const bw::Gaussian<8> kernel;
  for (const double s : {0.0, 0.3, 1.0, 1.75}) {
    double variance = 0;
    const int samples = 64;
    for (const double k : {0.0, 0.05, 0.2, 0.5, 0.9}) {
      double transform = 0;
      for (int i = 0; i < samples; ++i) {
        const double f = (i + 0.5) / samples;
        const Taps<8, double> taps(kernel, f, s);
        for (int j = 0; j < 16; ++j) {
          const double t = f + 7 - j;
          transform += taps.w[j] * std::cos(2 * M_PI * k * t) / samples;
          if (k == 0) variance += taps.w[j] * t * t / samples;
        }
      }
      const double sinc = k == 0 ? 1 : std::sin(M_PI * k) / (M_PI * k);
      INFO("width " << s << " frequency " << k);
      CHECK_THAT(transform,
                 WithinAbs(sinc * sinc * std::exp(-2 * std::pow(M_PI * s * k, 2)), 1.3e-4 + 1.0 / (samples * samples)));
    }
    CHECK_THAT(variance, WithinAbs(1.0 / 6 + s * s, 1.1e-3 * s * s + 1.0 / (samples * samples)));
  }
}

TEMPLATE_TEST_CASE("images of points with widths are the literal sums", "[raster][widths]", BRACEWELL_WIDE_RASTERS) {
  check_random<TestType::N, TestType::M, typename TestType::T>(7500 + 10 * TestType::N + TestType::M);
}

TEST_CASE("large images of points with widths are the literal sums", "[raster][widths]") {
  Random random(7600);
  INFO("seed " << random.seed);
  const auto check = [&](RasterProblem s, auto image_axes) {
    constexpr int M = decltype(image_axes)::value;
    add_widths(random, s, bw::Gaussian<reach>::widest);
    INFO(text(s));
    const RasterArrays<3, M, double> a(s);
    const auto images = unset<double, M + 3>(s.image_shape());
    bw::raster(Exec(), a.wide_cloud(), a.poses(), a.exposure(), images, {}, bw::Gaussian<reach>{});
    CHECK(relative_error(download(images), reference_raster(s, {reach, {}})) < 1e-9);
  };
  check(large_raster(random, 3, {257, 300}, 300, 2), std::integral_constant<int, 2>());
  check(large_raster(random, 3, {40, 65, 70}, 100, 1), std::integral_constant<int, 3>());
  check(large_raster(random, 3, {3, 150, 140}, 100, 1), std::integral_constant<int, 3>());
}

TEST_CASE("points of width 0 are points without widths, bit for bit", "[raster][widths]") {
  Random random(7610);
  INFO("seed " << random.seed);
  for (const Extents& extents : {Extents{30, 41}, Extents{257, 300}}) {
    const RasterProblem s = large_raster(random, 3, extents, 3000, 2);
    INFO(text(s));
    const RasterArrays<3, 2, float> a(s);
    const auto wide = unset<float, 5>(s.image_shape()), plain = unset<float, 5>(s.image_shape());
    bw::raster(Exec(), a.wide_cloud(), a.poses(), a.exposure(), wide, {}, bw::Gaussian<reach>{});
    bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), plain);
    if (bw::detail::on_host<Exec>) {
      CHECK(download(wide) == download(plain));
    } else {  // the order of additions is free
      CHECK(relative_error(download(wide), download(plain)) < 1e-5);
    }
  }
}

TEST_CASE("derivatives of points of width 0 are those without widths, on voxels' centres too", "[raster][widths]") {
  Random random(7612);
  INFO("seed " << random.seed);
  const int n = 64;
  std::vector<double> places;
  for (int i = 0; i < 2 * n; ++i) places.push_back((random.integer(0, 7) + (i % 3 == 0 ? 0.5 : 0.75)) / 4 - 1);
  using Points = Kokkos::View<double* [2], Kokkos::LayoutRight, Exec::memory_space>;
  const Points points = upload<double, 2>({n, 2}, places), dots = upload<double, 2>({n, 2}, random.normals(2 * n)),
               bars = unset<double, 2>({n, 2}), wide_bars = unset<double, 2>({n, 2});
  const Dense<double, 1> zeros("widths", n);
  const auto image = unset<double, 2>({8, 8}), wide_image = unset<double, 2>({8, 8});
  const bw::PointCloud cloud{points, bw::none, zeros};
  const bw::Gaussian<reach> kernel;
  bw::raster_jvp(Exec(), bw::PointCloud{points}, bw::PointCloud{dots}, bw::none, bw::none, bw::none, bw::none, image);
  bw::raster_jvp(Exec(), cloud, bw::PointCloud{dots}, bw::none, bw::none, bw::none, bw::none, wide_image, {}, kernel);
  CHECK(relative_error(download(wide_image), download(image)) < 1e-13);
  bw::raster_vjp(Exec(), bw::PointCloud{points}, bw::none, bw::none, image, bw::PointCloud{bars}, bw::none, bw::none);
  bw::raster_vjp(Exec(), cloud, bw::none, bw::none, image, bw::PointCloud{wide_bars}, bw::none, bw::none, {}, kernel);
  CHECK(relative_error(download(Dense<double, 2>(wide_bars.data(), n, 2)), download(Dense<double, 2>(bars.data(), n, 2))) <
        1e-13);
}

TEST_CASE("derivatives by widths alone are those with all others", "[raster][widths]") {
  Random random(7615);
  INFO("seed " << random.seed);
  RasterProblem s = large_raster(random, 3, {12, 11}, 90, 3);
  add_widths(random, s, 1);
  const RasterArrays<3, 2, double> a(s), dots(s), bars(s), some(s);
  const auto images = upload<double, 5>(s.image_shape(), random.normals(3 * s.voxels())),
             dot = unset<double, 5>(s.image_shape());
  const bw::Gaussian<reach> kernel;
  bw::raster_vjp(Exec(), a.wide_cloud(), a.poses(), a.exposure(), images, bars.wide_cloud(), bars.poses(), bars.exposure(),
                 {}, kernel);
  bw::raster_vjp(Exec(), a.wide_cloud(), a.poses(), a.exposure(), images, bw::PointCloud{bw::none, bw::none, some.widths},
                 bw::none, bw::none, {}, kernel);
  CHECK(relative_error(download(some.widths), download(bars.widths)) < 1e-13);
  bw::raster_vjp(Exec(), a.wide_cloud(), a.poses(), a.exposure(), images, bw::PointCloud{bw::none, some.weights}, bw::none,
                 bw::none, {}, kernel);
  CHECK(relative_error(download(some.weights), download(bars.weights)) < 1e-13);

  bw::raster_jvp(Exec(), a.wide_cloud(), bw::PointCloud{bw::none, bw::none, dots.widths}, a.poses(), bw::none, a.exposure(),
                 bw::none, dot, {}, kernel);
  double along = 0, back = 0;
  const auto by_dot = download(dot), by_bar = download(bars.widths), bar = download(images), width = download(dots.widths);
  for (std::size_t i = 0; i < bar.size(); ++i) along += bar[i] * by_dot[i];
  for (std::size_t i = 0; i < width.size(); ++i) back += by_bar[i] * width[i];
  CHECK_THAT(along, WithinAbs(back, 1e-12 * s.count * 3));
}

TEST_CASE("points whose width is not a width drop out", "[raster][widths][nonfinite]") {
  Random random(7620);
  INFO("seed " << random.seed);
  for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY), -1e-3, -1e30}) {
    INFO("width " << bad);
    RasterProblem s = large_raster(random, 3, {7, 6}, 60, 2);
    add_widths(random, s, 1);
    for (int i = 0; i < 60; i += 7) s.widths[std::size_t(i)] = bad;
    const RasterArrays<3, 2, double> a(s), bars(s);
    const auto images = unset<double, 5>(s.image_shape());
    bw::raster(Exec(), a.wide_cloud(), a.poses(), a.exposure(), images, {}, bw::Gaussian<reach>{});
    CHECK(relative_error(download(images), reference_raster(s, {reach, {}})) < 1e-9);
    const auto bar = upload<double, 5>(s.image_shape(), random.normals(2 * s.voxels()));
    bw::raster_vjp(Exec(), a.wide_cloud(), a.poses(), a.exposure(), bar, bars.wide_cloud(), bars.poses(), bars.exposure(),
                   {}, bw::Gaussian<reach>{});
    const auto widths_bar = download(bars.widths), weights_bar = download(bars.weights), points_bar = download(bars.points);
    for (std::size_t i = 0; i < 60; ++i) {
      CHECK(std::isfinite(widths_bar[i]));
      if (i % 7 == 0) CHECK((widths_bar[i] == 0 && weights_bar[i] == 0 && points_bar[3 * i] == 0));
    }
  }
}

TEMPLATE_TEST_CASE("derivatives of raster with widths", "[raster][widths][derivatives]", BRACEWELL_WIDE_RASTERS) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(7700 + 10 * N + M);
  INFO("seed " << random.seed);
  for (int i = 0; i < 8; ++i) {
    const RasterProblem s = smooth_widths(random, N, M);
    INFO(text(s));
    check_derivatives(differentiable_raster<T, N, M, false, true>(s, bw::Gaussian<reach>{}), raster_inputs(s), random,
                      limits<T>());
  }
}
