// SPDX-License-Identifier: MIT
#include <bracewell/raster.hpp>

#include "support/operations.hpp"
#include "support/raster.hpp"
#include "support/refusals.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

namespace bw = bracewell;
using namespace support;
using Catch::Matchers::WithinAbs;

namespace {

template <int N, int M, class T, class Kernel = bw::Linear>
void check_random(unsigned seed, const Kernel& kernel = {}, const reference::Kernel& plain = reference::linear()) {
  Random random(seed);
  for (int i = 0; i < 40; ++i) {
    const RasterProblem s = random_raster(random, N, M);
    INFO("seed " << seed << " problem " << i << ": " << text(s));
    const RasterArrays<N, M, T> a(s);
    const auto want = reference_raster(s, plain);
    // Places are rounded in T, at 8 voxels from the origin and with slopes of up to n/2 a point.
    const double tolerance = 2e3 * double(std::numeric_limits<T>::epsilon());
    const auto images = unset<T, M + 3>(s.image_shape());
    bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images, {.voxel_size = s.voxel_size}, kernel);
    CHECK(relative_error(download(images), want) < tolerance);
    bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images, {.voxel_size = s.voxel_size, .accumulate = true}, kernel);
    auto twice = want;
    for (double& v : twice) v *= 2;
    CHECK(relative_error(download(images), twice) < tolerance);
  }
}

}  // namespace

TEST_CASE("images of points are the literal sums, for any dimensions, batches and channels", "[raster]") {
  check_random<1, 1, double>(1);
  check_random<2, 1, double>(2);
  check_random<2, 2, double>(3);
  check_random<3, 1, double>(4);
  check_random<3, 2, double>(5);
  check_random<3, 3, double>(6);
  check_random<4, 2, double>(7);
  check_random<4, 3, double>(8);
  check_random<3, 2, float>(9);
  check_random<3, 3, float>(10);
}

TEST_CASE("points are spread by any kernel", "[raster]") {
  check_random<3, 2, double>(11, QuadraticSpline{}, quadratic_spline());
  check_random<3, 3, double>(12, bw::Cubic{}, reference::cubic());
  check_random<1, 1, float>(13, QuadraticSpline{}, quadratic_spline());
}

TEST_CASE("the numbers of DiffPointRasterisation.jl's README", "[raster]") {
  // There the first index of an image goes with the first coordinate: images and targets here are transposed.
  const Exec exec;
  const std::vector<long> image{1, 5, 5};
  const auto transposed = [](const std::vector<double>& a) {
    std::vector<double> t(25);
    for (int i = 0; i < 5; ++i)
      for (int j = 0; j < 5; ++j) t[5 * j + i] = a[5 * i + j];
    return t;
  };
  const auto identity = upload<double, 3>({1, 2, 2}, std::vector<double>{1, 0, 0, 1});
  const auto zero = upload<double, 2>({1, 2}, std::vector<double>{0, 0});
  using Points = Kokkos::View<double* [2], Kokkos::LayoutRight, Exec::memory_space>;
  const bw::Poses poses{identity, zero};

  const auto draw = [&](std::vector<double> point) {
    const Points points = upload<double, 2>({1, 2}, point);
    const auto out = unset<double, 3>(image);
    bw::raster(exec, bw::PointCloud{points}, poses, bw::none, out);
    return transposed(download(out));
  };
  std::vector<double> want(25, 0.0);
  want[5 * 2 + 2] = 1;
  CHECK(relative_error(draw({0, 0}), want) < 1e-14);
  want[5 * 2 + 2] = want[5 * 3 + 2] = 0.5;
  CHECK(relative_error(draw({0.2, 0}), want) < 1e-14);
  want[5 * 2 + 2] = want[5 * 3 + 2] = want[5 * 2 + 1] = want[5 * 3 + 1] = 0.25;
  CHECK(relative_error(draw({0.2, -0.2}), want) < 1e-14);

  const Points points = upload<double, 2>(
      {5, 2}, std::vector<double>{0.8457397177007744, 0.3482756109584688, -0.6028188536164718, -0.612801322279686,
                                  -0.47141692007256464, 0.6098964840013308, -0.74526926786903, 0.6480225109030409,
                                  -0.4044384373422192, -0.13171854413805173});
  const auto target = transposed({0.345889, 0.032283, 0.589178, 0.0625972, 0.310929, 0.404836, 0.573265, 0.350633, 0.0417926,
                                  0.895955, 0.174528, 0.127555, 0.0906833, 0.639844, 0.832502, 0.189836, 0.360597, 0.243664,
                                  0.825484, 0.667319, 0.672631, 0.520593,  0.341701, 0.101026, 0.182172});
  const auto out = unset<double, 3>(image);
  bw::raster(exec, bw::PointCloud{points}, poses, bw::Exposure{}, out);
  auto images_bar = download(out);  // of the loss Σ (target − out)²
  for (int i = 0; i < 25; ++i) images_bar[i] = 2 * (images_bar[i] - target[i]);
  const auto points_bar = unset<double, 2>({5, 2});
  const auto rotations_bar = unset<double, 3>({1, 2, 2});
  const auto shifts_bar = unset<double, 2>({1, 2});
  bw::raster_vjp(exec, bw::PointCloud{points}, poses, bw::Exposure{}, upload<double, 3>(image, images_bar),
                 bw::PointCloud{points_bar}, bw::Poses{rotations_bar, shifts_bar}, bw::none);
  const auto check = [](const std::vector<double>& got, const std::vector<double>& wanted) {
    REQUIRE(got.size() == wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK_THAT(got[i], WithinAbs(wanted[i], 1e-5));  // targets have 6 digits
  };
  check(download(points_bar),
        {-2.7703628931165025, 3.973371400200988, -0.70462225282373, 1.0317734946448016, -1.7117138793471494,
         -3.235178706903591, -2.0683933141077886, -0.6732149105779637, 2.6278388385655904, 1.585621066861592});
  check(download(rotations_bar), {-0.632605, -3.26353, 4.12402, -1.86668});
  check(download(shifts_bar), {-4.62725350082958, 2.6823723442258274});
}

TEST_CASE("large images and many points are the literal sums", "[raster]") {
  Random random(20);
  INFO("seed " << random.seed);
  const auto check = [&](const RasterProblem& s, auto axes, auto image_axes, const auto& kernel,
                         const reference::Kernel& plain) {
    constexpr int N = decltype(axes)::value, M = decltype(image_axes)::value;
    INFO(text(s));
    const RasterArrays<N, M, double> a(s);
    const auto images = unset<double, M + 3>(s.image_shape());
    bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images, {}, kernel);
    CHECK(relative_error(download(images), reference_raster(s, plain)) < 1e-11);
  };
  constexpr std::integral_constant<int, 1> one;
  constexpr std::integral_constant<int, 2> two;
  constexpr std::integral_constant<int, 3> three;
  const QuadraticSpline spline;
  // One small image of many points, images of many tiles, and axes shorter than a tile.
  check(large_raster(random, 3, {30, 41}, 100000, 1), three, two, bw::Linear{}, reference::linear());
  check(large_raster(random, 3, {30, 41}, 100000, 1), three, two, spline, quadratic_spline());
  check(large_raster(random, 3, {257, 300}, 30000, 3), three, two, bw::Linear{}, reference::linear());
  check(large_raster(random, 2, {513, 128}, 20000, 2), two, two, spline, quadratic_spline());
  check(large_raster(random, 3, {40, 65, 70}, 10000, 2), three, three, bw::Cubic{}, reference::cubic());
  check(large_raster(random, 3, {3, 150, 140}, 5000, 1), three, three, bw::Linear{}, reference::linear());
  check(large_raster(random, 2, {100001}, 20000, 2), two, one, spline, quadratic_spline());
  // Few points: most rows are not touched, those that are in few places.
  check(large_raster(random, 3, {40, 65, 600}, 60, 2), three, three, bw::Linear{}, reference::linear());
  check(large_raster(random, 3, {700, 900}, 90, 1), three, two, bw::Cubic{}, reference::cubic());
  check(large_raster(random, 3, {33, 35}, 2000, 70), three, two, bw::Linear{}, reference::linear());
}

TEST_CASE("exposures are numbers, arrays or none", "[raster]") {
  const Exec exec;
  Random random(21);
  RasterProblem s = large_raster(random, 3, {9, 8}, 40, 3);
  s.background.assign(3, 0.7);
  s.out_weight.assign(3, -1.3);
  const RasterArrays<3, 2, double> a(s);
  const auto draw = [&](const auto& exposure) {
    const auto images = unset<double, 5>(s.image_shape());
    bw::raster(exec, a.cloud(), a.poses(), exposure, images);
    return download(images);
  };
  const double rounding = 1e-14;
  const auto want = draw(a.exposure());
  CHECK(same(draw(bw::Exposure{0.7, -1.3}), want, rounding));
  CHECK(same(draw(bw::Exposure{0.7f * 0 + 0.7, a.out_weight}), want, rounding));
  CHECK(same(draw(bw::Exposure{a.background, -1.3}), want, rounding));
  auto plain = want;
  for (double& v : plain) v = (v - 0.7) / -1.3;
  CHECK(relative_error(draw(bw::none), plain) < rounding);
  CHECK(same(draw(bw::Exposure{}), draw(bw::none), rounding));
  CHECK(same(draw(bw::Exposure{0, 1}), draw(bw::none), rounding));

  // Cotangents are those of one number an image, whatever was given.
  const auto images_bar = upload<double, 5>(s.image_shape(), random.normals(s.poses * s.voxels()));
  const auto pull = [&](const auto& exposure) {
    const auto background_bar = unset<double, 2>({1, 3}), out_weight_bar = unset<double, 2>({1, 3});
    bw::raster_vjp(exec, a.cloud(), a.poses(), exposure, images_bar, bw::none, bw::none,
                   bw::Exposure{background_bar, out_weight_bar});
    auto both = download(background_bar);
    for (const double v : download(out_weight_bar)) both.push_back(v);
    return both;
  };
  const auto bars = pull(a.exposure());
  CHECK(same(pull(bw::Exposure{0.7, -1.3}), bars, rounding));
  CHECK(same(pull(bw::none), bars, rounding));  // they depend on neither
}

TEST_CASE("arguments that are none as a whole", "[raster]") {
  const Exec exec;
  Random random(22);
  const RasterProblem s = large_raster(random, 3, {9, 8}, 40, 3);
  const RasterArrays<3, 2, double> a(s);
  const auto images = upload<double, 5>(s.image_shape(), random.normals(s.poses * s.voxels()));
  const RasterArrays<3, 2, double> bars(s), some(s);
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bars.cloud(), bars.poses(), bars.exposure());
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, some.cloud(), bw::none, bw::none);
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bw::none, some.poses(), bw::none);
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bw::none, bw::none, some.exposure());
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bw::none, bw::none, bw::none);
  const auto close = [](const auto& x, const auto& y) { return relative_error(download(x), download(y)) < 1e-13; };
  CHECK(close(some.points, bars.points));
  CHECK(close(some.weights, bars.weights));
  CHECK(close(some.rotations, bars.rotations));
  CHECK(close(some.shifts, bars.shifts));
  CHECK(close(some.background, bars.background));
  CHECK(close(some.out_weight, bars.out_weight));

  const auto dot = unset<double, 5>(s.image_shape());
  bw::raster_jvp(exec, a.cloud(), bw::none, a.poses(), bw::none, a.exposure(), bw::none, dot);
  CHECK(download(dot) == std::vector<double>(s.poses * s.voxels(), 0.0));
  bw::raster_jvp(exec, a.cloud(), bw::none, a.poses(), bw::none, a.exposure(), bw::Exposure{2.5}, dot);
  CHECK(download(dot) == std::vector<double>(s.poses * s.voxels(), 2.5));
}

TEST_CASE("points without poses are those of the identity", "[raster]") {
  const Exec exec;
  Random random(27);
  INFO("seed " << random.seed);
  for (const double voxel_size : {0.0, 0.3}) {
    RasterProblem s = large_raster(random, 3, {6, 7, 8}, 60, 1);
    s.rotations = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    s.shifts = {0, 0, 0};
    const RasterArrays<3, 3, double> a(s),
        dots(s, random.normals(180), random.normals(60), random.normals(9), random.normals(3), random.normals(1),
             random.normals(1)),
        want(s), got(s);
    const bw::RasterOptions options{.voxel_size = voxel_size};
    const auto posed = unset<double, 6>(s.image_shape());
    const Kokkos::View<double*[3], Kokkos::LayoutRight, Exec::memory_space> points(a.points.data(), 60),
        points_dot(dots.points.data(), 60), points_bar(got.points.data(), 60);
    const Dense<double, 1> weights(a.weights.data(), 60), weights_dot(dots.weights.data(), 60),
        weights_bar(got.weights.data(), 60);
    const Kokkos::View<double, Exec::memory_space> background(a.background.data()), background_bar(got.background.data());
    const auto map = unset<double, 3>({6, 7, 8});

    bw::raster(exec, a.cloud(), a.poses(), a.exposure(), posed, options);
    bw::raster(exec, bw::PointCloud{points, weights}, bw::none, bw::Exposure{background, s.out_weight[0]}, map, options);
    CHECK(relative_error(download(map), download(posed)) < 1e-13);

    bw::raster_jvp(exec, a.cloud(), dots.cloud(), a.poses(), bw::none, a.exposure(), bw::none, posed, options);
    bw::raster_jvp(exec, bw::PointCloud{points, weights}, bw::PointCloud{points_dot, weights_dot}, bw::none, bw::none,
                   bw::Exposure{background, s.out_weight[0]}, bw::none, map, options);
    CHECK(relative_error(download(map), download(posed)) < 1e-13);

    bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), posed, want.cloud(), want.poses(), want.exposure(), options);
    bw::raster_vjp(exec, bw::PointCloud{points, weights}, bw::none, bw::Exposure{background, s.out_weight[0]}, map,
                   bw::PointCloud{points_bar, weights_bar}, bw::none, bw::Exposure{background_bar}, options);
    CHECK(relative_error(download(got.points), download(want.points)) < 1e-13);
    CHECK(relative_error(download(got.weights), download(want.weights)) < 1e-13);
    CHECK(relative_error(download(got.background), download(want.background)) < 1e-13);
  }

  // Several objects, each with an image of its own, of the first two coordinates; channels; one number for each image.
  RasterProblem s = large_raster(random, 3, {9, 8}, 40, 1);
  s.objects = s.point_batch = s.weight_batch = s.exposure_batch = 3;
  s.channels = 2;
  s.points = random.uniforms(3 * 40 * 3, -0.9, 0.9);
  s.weights = random.normals(3 * 40 * 2);
  s.rotations = {1, 0, 0, 0, 1, 0};
  s.shifts = {0, 0};
  s.background = random.normals(3);
  s.out_weight = random.normals(3);
  const RasterArrays<3, 2, double> a(s), want(s), got(s);
  const auto posed = unset<double, 5>(s.image_shape());
  const auto images = unset<double, 4>({3, 2, 9, 8});
  const auto each = [](const Dense<double, 2>& x) { return Dense<double, 1>(x.data(), 3); };
  const bw::Exposure exposure{each(a.background), each(a.out_weight)};
  bw::raster(exec, a.cloud(), bw::none, exposure, images);
  CHECK(relative_error(download(images), reference_raster(s)) < 1e-13);
  Kokkos::deep_copy(Kokkos::View<double*, Exec::memory_space>(posed.data(), posed.size()),
                    Kokkos::View<double*, Exec::memory_space>(images.data(), images.size()));
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), posed, want.cloud(), bw::none, want.exposure());
  bw::raster_vjp(exec, a.cloud(), bw::none, exposure, images, got.cloud(), bw::none,
                 bw::Exposure{each(got.background), each(got.out_weight)});
  CHECK(relative_error(download(got.points), download(want.points)) < 1e-13);
  CHECK(relative_error(download(got.weights), download(want.weights)) < 1e-13);
  CHECK(relative_error(download(got.background), download(want.background)) < 1e-13);
  CHECK(relative_error(download(got.out_weight), download(want.out_weight)) < 1e-13);
  // One background's cotangent for all of them.
  const Dense<double, 1> sum("background_bar", 1);
  bw::raster_vjp(exec, a.cloud(), bw::none, bw::none, images, bw::none, bw::none, bw::Exposure{sum});
  double total = 0;
  for (const double bar : download(want.background)) total += bar;
  CHECK_THAT(download(sum)[0], WithinAbs(total, 1e-11));
}

TEST_CASE("cotangents of many large images are those of one after the other", "[raster]") {
  const Exec exec;
  Random random(28);
  INFO("seed " << random.seed);
  const int poses = 20;
  const RasterProblem s = large_raster(random, 3, {300, 280}, 9000, poses);
  const RasterArrays<3, 2, float> a(s), bars(s), one(s);
  const auto images = upload<float, 5>(s.image_shape(), random.normals(poses * s.voxels()));
  const auto part = [](const auto& view, int p) {
    return Kokkos::subview(view, Kokkos::ALL, std::pair(p, p + 1), Kokkos::ALL, Kokkos::ALL, Kokkos::ALL);
  };
  const auto numbers = [](const auto& view, int p) { return Kokkos::subview(view, Kokkos::ALL, std::pair(p, p + 1)); };
  const auto with = [&](const RasterArrays<3, 2, float>& x, int p, const auto& run) {
    const auto pair = std::pair(p, p + 1);
    run(bw::Poses{Kokkos::subview(x.rotations, Kokkos::ALL, pair, Kokkos::ALL, Kokkos::ALL),
                  Kokkos::subview(x.shifts, Kokkos::ALL, pair, Kokkos::ALL)},
        bw::Exposure{numbers(x.background, p), numbers(x.out_weight, p)});
  };
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bars.cloud(), bars.poses(), bars.exposure());
  for (int p = 0; p < poses; ++p)
    with(a, p, [&](const auto& pose, const auto& exposure) {
      with(one, p, [&](const auto& pose_bar, const auto& exposure_bar) {
        bw::raster_vjp(exec, a.cloud(), pose, exposure, part(images, p), bw::none, pose_bar, exposure_bar);
      });
      bw::raster_vjp(exec, a.cloud(), pose, exposure, part(images, p), one.cloud(), bw::none, bw::none,
                     {.accumulate = p > 0});
    });
  // Sums over images of numbers of both signs; those over points are made in double.
  const double tolerance = 20 * poses * double(std::numeric_limits<float>::epsilon());
  CHECK(relative_error(download(bars.points), download(one.points)) < tolerance);
  CHECK(relative_error(download(bars.weights), download(one.weights)) < tolerance);
  CHECK(relative_error(download(bars.rotations), download(one.rotations)) < tolerance);
  CHECK(relative_error(download(bars.shifts), download(one.shifts)) < tolerance);
  CHECK(relative_error(download(bars.background), download(one.background)) < tolerance);
  CHECK(relative_error(download(bars.out_weight), download(one.out_weight)) < tolerance);
  // Without backgrounds, whose sums are made first otherwise.
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bars.cloud(), bw::none, bw::none, {.accumulate = true});
  auto twice = download(one.points);
  for (double& v : twice) v *= 2;
  CHECK(relative_error(download(bars.points), twice) < tolerance);
}

TEST_CASE("nothing to draw", "[raster]") {
  const Exec exec;
  Random random(23);
  for (const auto& [objects, poses, count] :
       {std::array{1, 2, 0}, std::array{1, 0, 5}, std::array{0, 2, 5}, std::array{2, 0, 0}}) {
    INFO("objects " << objects << " poses " << poses << " points " << count);
    RasterProblem s;
    s.axes = 3;
    s.extents = {4, 5};
    s.objects = objects;
    s.point_batch = 1;
    s.weight_batch = objects;
    s.poses = poses;
    s.count = count;
    s.points = random.normals(3 * count);
    s.weights = random.normals(objects * count);
    s.rotations = random.normals(poses * 6);
    s.shifts = random.normals(poses * 2);
    s.background = random.normals(poses);
    s.out_weight = random.normals(poses);
    const RasterArrays<3, 2, float> a(s);
    const auto images = unset<float, 5>(s.image_shape());
    bw::raster(exec, a.cloud(), a.poses(), a.exposure(), images);
    CHECK(relative_error(download(images), reference_raster(s)) < 1e-6);
    const auto dot = unset<float, 5>(s.image_shape());
    bw::raster_jvp(exec, a.cloud(), a.cloud(), a.poses(), a.poses(), a.exposure(), bw::none, dot);
    CHECK(download(dot) == std::vector<double>(images.size(), 0.0));

    const auto nan = [](std::size_t size) { return std::vector<double>(size, NAN); };
    const RasterArrays<3, 2, float> bars(s, nan(s.points.size()), nan(s.weights.size()), nan(s.rotations.size()),
                                         nan(s.shifts.size()), nan(s.background.size()), nan(s.out_weight.size()));
    const auto ones = upload<float, 5>(s.image_shape(), std::vector<double>(images.size(), 1.0));
    bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), ones, bars.cloud(), bars.poses(), bars.exposure());
    CHECK(download(bars.points) == std::vector<double>(s.points.size(), 0.0));
    CHECK(download(bars.weights) == std::vector<double>(s.weights.size(), 0.0));
    CHECK(download(bars.rotations) == std::vector<double>(s.rotations.size(), 0.0));
    CHECK(download(bars.shifts) == std::vector<double>(s.shifts.size(), 0.0));
    CHECK(download(bars.background) == std::vector<double>(poses, 20.0 * objects));
    CHECK(download(bars.out_weight) == std::vector<double>(poses, 0.0));
  }
}

TEST_CASE("points and poses that are not finite drop out", "[raster][nonfinite]") {
  const Exec exec;
  Random random(24);
  for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY), 1e30, -1e30}) {
    INFO("value " << bad);
    RasterProblem s = large_raster(random, 3, {7, 6}, 100, 3);
    for (int i = 0; i < 100; i += 7) s.points[3 * i + i % 3] = bad;
    s.rotations[6] = bad;  // of the second pose
    s.shifts[5] = bad;     // of the third
    const RasterArrays<3, 2, float> a(s);
    const auto images = unset<float, 5>(s.image_shape());
    bw::raster(exec, a.cloud(), a.poses(), a.exposure(), images);
    CHECK(relative_error(download(images), reference_raster(s)) < 1e-4);

    const RasterArrays<3, 2, float> dots(s, random.normals(300), random.normals(100), random.normals(18), random.normals(6),
                                         random.normals(3), random.normals(3));
    bw::raster_jvp(exec, a.cloud(), dots.cloud(), a.poses(), dots.poses(), a.exposure(), dots.exposure(), images);
    for (const double v : download(images)) CHECK(std::isfinite(v));

    const auto bar = upload<float, 5>(s.image_shape(), random.normals(3 * s.voxels()));
    const RasterArrays<3, 2, float> bars(s);
    bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), bar, bars.cloud(), bars.poses(), bars.exposure());
    const auto points_bar = download(bars.points), weights_bar = download(bars.weights), shifts_bar = download(bars.shifts);
    for (int i = 0; i < 100; ++i) {
      if (i % 7 == 0) CHECK(weights_bar[i] == 0);
      for (int d = 0; d < 3; ++d) {
        CHECK(std::isfinite(points_bar[3 * i + d]));
        if (i % 7 == 0) CHECK(points_bar[3 * i + d] == 0);
      }
    }
    for (const double v : download(bars.rotations)) CHECK(std::isfinite(v));
    for (int i = 0; i < 6; ++i) CHECK((i / 2 == 0 ? std::isfinite(shifts_bar[i]) : i / 2 == 2 ? shifts_bar[i] == 0 : true));
  }
}

TEST_CASE("millions of points on one voxel lose no mass", "[raster]") {
  const Exec exec;
  const int n = 3000000;
  const auto points = Kokkos::View<float* [2], Exec::memory_space>("points", n);
  Kokkos::deep_copy(points, 0.1f);
  const auto weights = Kokkos::View<float*, Exec::memory_space>("weights", n);
  Kokkos::deep_copy(weights, 0.1f);
  const auto identity = upload<float, 3>({1, 2, 2}, std::vector<double>{1, 0, 0, 1});
  for (const int size : {16, 501}) {  // one tile, and many
    INFO("size " << size);
    const auto images = unset<float, 3>({1, size, size});
    bw::raster(exec, bw::PointCloud{points, weights}, bw::Poses{identity}, bw::none, images);
    double mass = 0;
    int voxels = 0;
    for (const double v : download(images)) {
      mass += v;
      voxels += v != 0;
    }
    CHECK(voxels <= 4);
    const double want = double(n) * 0.1f, eps = std::numeric_limits<float>::epsilon();
    // Weights of an axis add up to 1 within eps/2, and sums are rounded once. A device rounds every addition.
    const double bound = bw::detail::on_host<Exec> ? 2 * eps : n * eps;
    CHECK(std::abs(mass / want - 1) <= bound);
  }
}

TEST_CASE("strides, layouts and precisions of arguments are free", "[raster]") {
  const Exec exec;
  Random random(25);
  const RasterProblem s = large_raster(random, 3, {9, 11}, 200, 3);
  const RasterArrays<3, 2, double> a(s);
  const auto images = unset<double, 5>(s.image_shape());
  bw::raster(exec, a.cloud(), a.poses(), a.exposure(), images);
  const auto want = download(images);

  Kokkos::View<double** [3], Kokkos::LayoutLeft, Exec::memory_space> points("points", 1, 200);
  Kokkos::deep_copy(points, a.points);
  Kokkos::View<double****, Kokkos::LayoutLeft, Exec::memory_space> rotations("rotations", 1, 3, 2, 3);
  Kokkos::deep_copy(rotations, a.rotations);
  const Dense<double, 5> wide("images", 1, 3, 1, 12, 20);
  Kokkos::deep_copy(wide, -7);
  const auto part = Kokkos::subview(wide, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL, std::pair(2, 11), std::pair(4, 15));
  bw::raster(exec, bw::PointCloud{points, a.weights}, bw::Poses{rotations, a.shifts}, a.exposure(), part);
  const auto all = download(wide);
  for (int p = 0; p < 3; ++p)
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 20; ++x) {
        const bool inside = y >= 2 && y < 11 && x >= 4 && x < 15;
        CHECK_THAT(all[(p * 12 + y) * 20 + x], WithinAbs(inside ? want[(p * 9 + y - 2) * 11 + x - 4] : -7, 1e-12));
      }

  // Cotangents of such images, into such arrays.
  const RasterArrays<3, 2, double> bars(s);
  Kokkos::deep_copy(images, 1.5);
  Kokkos::deep_copy(part, 1.5);
  Kokkos::View<double** [3], Kokkos::LayoutLeft, Exec::memory_space> points_bar("points", 1, 200);
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), images, bars.cloud(), bars.poses(), bw::none);
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), part, bw::PointCloud{points_bar}, bw::none, bw::none);
  const Kokkos::View<double** [3], Kokkos::LayoutRight, Exec::memory_space> dense("points", 1, 200);
  Kokkos::deep_copy(dense, points_bar);
  CHECK(relative_error(download(dense), download(bars.points)) < 1e-13);

  // float points on double images.
  const RasterArrays<3, 2, float> f(s);
  bw::raster(exec, f.cloud(), f.poses(), f.exposure(), images);
  CHECK(relative_error(download(images), want) < 1e-5);
}

TEST_CASE("a workspace is reused", "[raster]") {
  const Exec exec;
  Random random(26);
  bw::Workspace workspace;
  for (const Extents& extents : {Extents{200, 230}, Extents{20, 20}, Extents{40, 300}}) {
    const RasterProblem s = large_raster(random, 3, extents, 3000, 2);
    const RasterArrays<3, 2, double> a(s);
    const auto plain = unset<double, 5>(s.image_shape()), reused = unset<double, 5>(s.image_shape());
    bw::raster(exec, a.cloud(), a.poses(), a.exposure(), plain);
    bw::raster(exec, a.cloud(), a.poses(), a.exposure(), reused, {.workspace = &workspace});
    CHECK(relative_error(download(reused), download(plain)) < 1e-13);
    const RasterArrays<3, 2, double> bars(s), again(s);
    bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), plain, bars.cloud(), bars.poses(), bars.exposure());
    bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(), plain, again.cloud(), again.poses(), again.exposure(),
                   {.workspace = &workspace});
    CHECK(relative_error(download(again.points), download(bars.points)) < 1e-13);
    CHECK(relative_error(download(again.rotations), download(bars.rotations)) < 1e-13);
  }
}

TEST_CASE("bad arguments are refused before anything is written", "[raster][nonfinite]") {
  const Exec exec;
  using Points = Kokkos::View<double* [3], Kokkos::LayoutRight, Exec::memory_space>;
  const Points points("points", 5), other("points", 4);
  const Dense<double, 1> weights("weights", 5), four("weights", 4);
  const Dense<double, 3> rotations("rotations", 2, 2, 3), three("rotations", 3, 2, 3), wrong("rotations", 2, 3, 3);
  const Dense<double, 2> shifts("shifts", 2, 2), shifts3("shifts", 3, 2), shifts_wide("shifts", 2, 3);
  const auto images = upload<double, 3>({2, 4, 4}, std::vector<double>(32, 5.0));
  const Dense<double, 3> images3("images", 3, 4, 4), flat("images", 2, 0, 4);
  const bw::PointCloud cloud{points, weights};
  const bw::Poses poses{rotations, shifts};
  const auto draw = [&](const auto& c, const auto& p, const auto& e, const auto& to, bw::RasterOptions options = {}) {
    return [&, options] { bw::raster(exec, c, p, e, to, options); };
  };
  const bw::PointCloud few{points, four};
  check_refused(draw(few, poses, bw::none, images), "raster: 'weights' is of shape [4], expected extent 5 on axis 0");
  const bw::Poses more{three, shifts};
  check_refused(draw(cloud, more, bw::none, images), "raster: 'shifts' is of shape [2, 2], expected extent 3");
  const bw::Poses tall{wrong, shifts};
  check_refused(draw(cloud, tall, bw::none, images),
                "raster: 'rotations' is of shape [2, 3, 3], expected extent 2 on axis 1");
  const bw::Poses wide{rotations, shifts_wide};
  check_refused(draw(cloud, wide, bw::none, images), "raster: 'shifts' is of shape [2, 3], expected extent 2 on axis 1");
  check_refused(draw(cloud, poses, bw::none, images3),
                "raster: 'images' is of shape [3, 4, 4], expected extent 2 on axis 0");
  check_refused(draw(cloud, poses, bw::none, flat), "raster: 'images' is of shape [2, 0, 4], expected extents from 1");
  const bw::Exposure levels{four};
  check_refused(draw(cloud, poses, levels, images), "raster: 'background' is of shape [4], expected extent 2 on axis 0");
  check_refused(draw(cloud, poses, bw::none, images, {.voxel_size = -1}), "raster: 'options.voxel_size' is -1");
  check_refused(draw(cloud, poses, bw::none, images, {.voxel_size = NAN}), "raster: 'options.voxel_size' is");
  const bw::Exposure inside{Dense<double, 1>(images.data(), 2)};
  check_refused(draw(cloud, poses, inside, images), "raster: 'images' is in the memory of 'background'");
  const auto left = Kokkos::subview(Dense<double, 4>("images", 2, 4, 4, 2), Kokkos::ALL, Kokkos::ALL, Kokkos::ALL, 0);
  check_refused(draw(cloud, poses, bw::none, left), "raster: 'images' is of stride 2 on its last axis");

  check_refused([&] { bw::raster_jvp(exec, cloud, bw::PointCloud{other}, poses, bw::none, bw::none, bw::none, images); },
                "raster_jvp: 'points_dot' is of shape [4, 3], expected shape [5, 3]");
  check_refused(
      [&] {
        bw::raster_jvp(exec, cloud, bw::none, poses, bw::Poses{bw::none, shifts3}, bw::none, bw::none, images);
      },
      "raster_jvp: 'shifts_dot' is of shape [3, 2]");
  check_refused([&] { bw::raster_jvp(exec, cloud, bw::none, poses, bw::none, bw::none, bw::Exposure{four}, images); },
                "raster_jvp: 'background_dot' is of shape [4], expected extent 2");
  check_refused([&] { bw::raster_vjp(exec, cloud, poses, bw::none, images, bw::PointCloud{other}, bw::none, bw::none); },
                "raster_vjp: 'points_bar' is of shape [4, 3]");
  check_refused([&] { bw::raster_vjp(exec, cloud, poses, bw::none, images, bw::PointCloud{points}, bw::none, bw::none); },
                "raster_vjp: 'points_bar' is in the memory of 'points'");
  check_refused(
      [&] {
        bw::raster_vjp(exec, cloud, poses, bw::none, images, bw::none, bw::none, bw::Exposure{bw::none, four});
      },
      "raster_vjp: 'out_weight_bar' is of shape [4]");
  const Dense<double, 1> both("bars", 2);
  check_refused(
      [&] {
        bw::raster_vjp(exec, cloud, poses, bw::none, images, bw::none, bw::none, bw::Exposure{both, both});
      },
      "raster_vjp: 'background_bar' is in the memory of 'out_weight_bar'");
  CHECK(download(images) == std::vector<double>(32, 5.0));
}
