// SPDX-License-Identifier: MIT
// Images of points as devices draw them where that pays: in tiles of shared memory, by several teams where images are few.
#include "support/as_device.hpp"

#include "support/compare.hpp"
#include "support/raster_derivatives.hpp"
#include "support/tools.hpp"

#include <bracewell/gaussian.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace bw = bracewell;
using namespace support;

SUPPORT_RASTER(template, double, 2, 1)
SUPPORT_RASTER(template, double, 3, 3)

namespace {

enum class Drawn { by_points, in_tiles, in_shared_tiles };

/// How a call drew images.
Drawn drawn(const Events& events, const std::string& label) {
  const auto has = [&](const std::string& kernel) {
    return std::count(events.kernels.begin(), events.kernels.end(), label + kernel) > 0;
  };
  CHECK(has("") != has("_tiles"));
  if (has("")) return Drawn::by_points;
  return has("_background") ? Drawn::in_shared_tiles : Drawn::in_tiles;
}

/// Checks images against what they must be, and derivatives against the cotangents', which know no tiles.
template <int N, int M, class T, bool Wide = false, class Kernel = bw::Linear>
void check(Random& random, const RasterProblem& s, Drawn want, const std::vector<double>& expected,
           const Kernel& kernel = {}) {
  INFO(text(s) << " bytes " << sizeof(T));
  const RasterArrays<N, M, T> a(s),
      dots(s, random.normals(s.points.size()), random.normals(s.weights.size()), random.normals(s.rotations.size()),
           random.normals(s.shifts.size()), random.normals(s.background.size()), random.normals(s.out_weight.size()),
           random.normals(s.widths.size()));
  const auto cloud = [](const auto& arrays) {
    if constexpr (Wide) {
      return arrays.wide_cloud();
    } else {
      return arrays.cloud();
    }
  };
  // Of a voxel's sums of some ten terms, and of places of up to 5000 voxels in T.
  const double eps = double(std::numeric_limits<T>::epsilon()),
               tolerance = eps * (400 + *std::max_element(s.extents.begin(), s.extents.end()));
  const auto start = random.normals(expected.size());
  for (const bool accumulate : {false, true}) {
    auto sums = expected;
    if (accumulate)
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += start[i];
    const auto images = accumulate ? upload<T, M + 3>(s.image_shape(), start) : unset<T, M + 3>(s.image_shape());
    const auto events = record([&] {
      bw::raster(Exec(), cloud(a), a.poses(), a.exposure(), images, {.voxel_size = s.voxel_size, .accumulate = accumulate},
                 kernel);
    });
    CHECK(drawn(events, "bracewell::raster") == want);
    CHECK(relative_error(download(images), sums) < tolerance);
  }

  const auto images_dot = unset<T, M + 3>(s.image_shape()),
             images_bar = upload<T, M + 3>(s.image_shape(), random.normals(expected.size()));
  const bw::RasterOptions options{.voxel_size = s.voxel_size};
  const auto events = record([&] {
    bw::raster_jvp(Exec(), cloud(a), cloud(dots), a.poses(), dots.poses(), a.exposure(), dots.exposure(), images_dot,
                   options, kernel);
  });
  CHECK(drawn(events, "bracewell::raster_jvp") == want);
  const RasterArrays<N, M, T> bars(s);
  bw::raster_vjp(Exec(), cloud(a), a.poses(), a.exposure(), images_bar, cloud(bars), bars.poses(), bars.exposure(), options,
                 kernel);
  double along = 0, size = 0;
  const auto add = [&](const auto& x, const auto& y, double sign) {
    const auto left = download(x), right = download(y);
    for (std::size_t i = 0; i < left.size(); ++i) {
      along += sign * left[i] * right[i];
      size += std::abs(left[i] * right[i]);
    }
  };
  add(images_bar, images_dot, 1);
  add(bars.points, dots.points, -1);
  add(bars.weights, dots.weights, -1);
  if (Wide) add(bars.widths, dots.widths, -1);
  add(bars.rotations, dots.rotations, -1);
  add(bars.shifts, dots.shifts, -1);
  add(bars.background, dots.background, -1);
  add(bars.out_weight, dots.out_weight, -1);
  CHECK(std::abs(along) < 100 * eps * size);
}

template <int N, int M, class T>
void check_literally(Random& random, const RasterProblem& s, Drawn want) {
  check<N, M, T>(random, s, want, reference_raster(s));
}

/// The images of one object, one by one, for which there are too few teams.
template <class Kernel>
std::vector<double> by_points(const RasterProblem& s, const Kernel& kernel) {
  std::vector<double> images;
  for (int p = 0; p < s.poses; ++p) {
    RasterProblem one = s;
    one.poses = 1;
    const auto of_pose = [&](std::vector<double>& all) {
      const std::size_t size = all.size() / std::size_t(s.poses);
      all = {all.begin() + long(p * size), all.begin() + long((p + 1) * size)};
    };
    of_pose(one.rotations);
    of_pose(one.shifts);
    of_pose(one.background);
    of_pose(one.out_weight);
    const RasterArrays<3, 2, double> a(one);
    const auto image = unset<double, 5>(one.image_shape());
    const auto events = record([&] { bw::raster(Exec(), a.wide_cloud(), a.poses(), a.exposure(), image, {}, kernel); });
    CHECK(drawn(events, "bracewell::raster") == Drawn::by_points);
    const auto values = download(image);
    images.insert(images.end(), values.begin(), values.end());
  }
  return images;
}

}  // namespace

TEST_CASE("images in tiles are the literal sums", "[raster][tiles]") {
  Random random(8100);
  INFO("seed " << random.seed);
  check_literally<3, 2, float>(random, large_raster(random, 3, {13, 17}, 120, 64), Drawn::in_tiles);
  check_literally<3, 2, double>(random, large_raster(random, 3, {30, 41}, 5000, 16), Drawn::in_shared_tiles);
  // Several tiles of an image, the last of which is smaller.
  check_literally<3, 2, double>(random, large_raster(random, 3, {91, 100}, 5000, 32), Drawn::in_tiles);
  check_literally<3, 2, float>(random, large_raster(random, 3, {91, 100}, 20000, 16), Drawn::in_shared_tiles);
  check_literally<3, 3, double>(random, large_raster(random, 3, {20, 21, 22}, 3000, 32), Drawn::in_tiles);
  check_literally<2, 1, double>(random, large_raster(random, 2, {9001}, 10000, 32), Drawn::in_tiles);
  // Too few points, teams, and too many tiles.
  check_literally<3, 2, float>(random, large_raster(random, 3, {30, 41}, 500, 64), Drawn::by_points);
  check_literally<3, 2, float>(random, large_raster(random, 3, {30, 41}, 5000, 2), Drawn::by_points);
  check_literally<3, 2, double>(random, large_raster(random, 3, {300, 300}, 50000, 1), Drawn::by_points);
}

TEST_CASE("threads that have several points of an image draw each of them", "[raster][tiles]") {
  Random random(8150);
  INFO("seed " << random.seed);
  // Enough for two points a thread, but for one of them; a third of these images has one each.
  RasterProblem s = large_raster(random, 3, {300, 300}, 40001, 54);
  const auto images_of = [](const RasterProblem& some) {
    const RasterArrays<3, 2, double> a(some);
    const auto images = unset<double, 5>(some.image_shape());
    const auto events = record([&] { bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images); });
    CHECK(drawn(events, "bracewell::raster") == Drawn::by_points);
    return download(images);
  };
  const auto all = images_of(s);
  std::vector<double> parts;
  for (int third = 0; third < 3; ++third) {
    RasterProblem some = s;
    some.poses = s.poses / 3;
    for (auto member :
         {&RasterProblem::rotations, &RasterProblem::shifts, &RasterProblem::background, &RasterProblem::out_weight}) {
      const auto& numbers = s.*member;
      const long size = long(numbers.size() / 3);
      (some.*member).assign(numbers.begin() + third * size, numbers.begin() + (third + 1) * size);
    }
    const auto images = images_of(some);
    parts.insert(parts.end(), images.begin(), images.end());
  }
  CHECK(relative_error(all, parts) < 100 * std::numeric_limits<double>::epsilon());
}

TEST_CASE("images in tiles of any batches and channels are the literal sums", "[raster][tiles]") {
  Random random(8200);
  INFO("seed " << random.seed);
  for (int i = 0; i < 20; ++i) {
    const bool few = i % 4 == 0;
    RasterProblem s = random_raster(random, 3, 2);
    s.poses = few ? 1 : 64;
    s.count = few ? 70000 / (s.objects * s.channels) : 200;
    s.points = random.uniforms(std::size_t(s.point_batch) * s.count * 3, -1, 1);
    s.weights = random.uniforms(std::size_t(s.weight_batch) * s.count * s.channels, -1, 2);
    s.rotations = random.normals(std::size_t(s.rotation_batch) * s.poses * 6);
    s.shifts = random.uniforms(std::size_t(s.shift_batch) * s.poses * 2, -0.2, 0.2);
    s.background = random.normals(std::size_t(s.exposure_batch) * s.poses);
    s.out_weight = random.normals(std::size_t(s.exposure_batch) * s.poses);
    check_literally<3, 2, double>(random, s, few ? Drawn::in_shared_tiles : Drawn::in_tiles);
  }
}

TEST_CASE("images in tiles of points with widths are those that are drawn point by point", "[raster][tiles][widths]") {
  Random random(8300);
  INFO("seed " << random.seed);
  for (const Extents& extents : {Extents{30, 41}, Extents{91, 100}}) {
    RasterProblem s = large_raster(random, 3, extents, 400, 64);
    add_widths(random, s, bw::Gaussian<4>::widest);
    check<3, 2, double, true>(random, s, Drawn::in_tiles, by_points(s, bw::Gaussian<4>{}), bw::Gaussian<4>{});
  }
}

TEST_CASE("points that are not finite drop out of tiles", "[raster][tiles][nonfinite]") {
  Random random(8400);
  INFO("seed " << random.seed);
  for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY), 1e30, -1e30}) {
    INFO("value " << bad);
    RasterProblem s = large_raster(random, 3, {91, 100}, 10000, 32);
    for (int i = 0; i < 10000; i += 7) s.points[std::size_t(3 * i + i % 3)] = bad;
    s.rotations[6] = bad;  // of the second pose
    s.shifts[5] = bad;     // of the third
    const RasterArrays<3, 2, float> a(s);
    const auto images = unset<float, 5>(s.image_shape());
    const auto events = record([&] { bw::raster(Exec(), a.cloud(), a.poses(), a.exposure(), images); });
    CHECK(drawn(events, "bracewell::raster") != Drawn::by_points);
    CHECK(relative_error(download(images), reference_raster(s)) < 1e-4);
  }
}
