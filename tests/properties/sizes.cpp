// SPDX-License-Identifier: MIT
// What only large or many arrays lead to: points that are sorted into tiles, images shared out in parts, poses summed in blocks.
#include "support/arrays.hpp"
#include "support/random.hpp"
#include "support/refusals.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/raster.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

namespace bw = bracewell;
using namespace support;

namespace {

const bw::Linear linear;  // one kernel to compile, not five
constexpr double eps = std::numeric_limits<double>::epsilon();

template <class V, class View>
View filled(const View& view, const std::vector<V>& values) {
  store<typename View::memory_space>(view.data(), values);
  return view;
}

/// All arguments of an image of points, or tangents or cotangents of them.
struct Points {
  long poses, count;
  Kokkos::View<double* [3], Kokkos::LayoutRight, Exec::memory_space> points { "points", std::size_t(count) };
  Dense<double, 1> weights{"weights", std::size_t(count)};
  Dense<double, 3> rotations{"rotations", std::size_t(poses), 2, 3};
  Dense<double, 2> shifts{"shifts", std::size_t(poses), 2};
  Dense<double, 1> background{"background", std::size_t(poses)}, out_weight{"out_weight", std::size_t(poses)};

  Points(long poses_, long count_) : poses(poses_), count(count_) {}

  Points& randomise(Random& random, bool rates) {
    const auto numbers = [&](std::size_t n) { return rates ? random.normals(n) : random.uniforms(n, -0.6, 0.6); };
    filled(points, numbers(points.size()));
    filled(weights, numbers(weights.size()));
    std::vector<double> all;
    for (long p = 0; p < poses; ++p)
      for (const double r : rates ? random.normals(6) : random.rotation(2, 3)) all.push_back(r);
    filled(rotations, all);
    filled(shifts, numbers(shifts.size()));
    filled(background, numbers(background.size()));
    filled(out_weight, numbers(out_weight.size()));
    return *this;
  }

  auto cloud() const { return bw::PointCloud{points, weights}; }
  auto views() const { return bw::Poses{rotations, shifts}; }
  auto exposure() const { return bw::Exposure{background, out_weight}; }

  std::vector<double> numbers() const {
    std::vector<double> all;
    const auto append = [&](const auto& view) {
      for (const double v : download(view)) all.push_back(v);
    };
    append(points);
    append(weights);
    append(rotations);
    append(shifts);
    append(background);
    append(out_weight);
    return all;
  }
};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
double norm(const std::vector<double>& a) { return std::sqrt(dot(a, a)); }

}  // namespace

TEST_CASE("derivatives of images of any size and number are transposes of one another", "[raster][derivatives]") {
  Random random(19001);
  INFO("seed " << random.seed);
  const Exec exec;
  struct Case {
    long poses, count, extent;
  };
  // One tile; a tile for each of many images; points sorted into tiles; few points on many images, which are shared out.
  for (const auto& [poses, count, extent] : {Case{2, 500, 20}, {300, 100, 12}, {2, 20000, 260}, {40, 30, 9}}) {
    INFO(poses << " images of " << extent << "², " << count << " points");
    const Points at = Points(poses, count).randomise(random, false), dots = Points(poses, count).randomise(random, true),
                 bars(poses, count);
    const auto images_dot = unset<double, 3>({poses, extent, extent + 1});
    const auto size = images_dot.size();
    const auto images_bar =
        filled(Dense<double, 3>("images_bar", layout({poses, extent, extent + 1})), random.normals(size));
    bw::raster_jvp(exec, at.cloud(), dots.cloud(), at.views(), dots.views(), at.exposure(), dots.exposure(), images_dot, {},
                   linear);
    bw::raster_vjp(exec, at.cloud(), at.views(), at.exposure(), images_bar, bars.cloud(), bars.views(), bars.exposure(), {},
                   linear);
    exec.fence();
    const auto forward = download(images_dot), back = bars.numbers(), rates = dots.numbers();
    // Sums of as many terms as there are voxels or rates, whose roundings are independent.
    const double terms = std::sqrt(double(size) + double(rates.size()));
    CHECK(std::abs(dot(forward, download(images_bar)) - dot(back, rates)) <
          4 * terms * eps * (norm(forward) * norm(download(images_bar)) + norm(back) * norm(rates)));
    CHECK(norm(forward) > 0);
  }
}

TEST_CASE("cotangents of points are the sums over images, one by one", "[raster][derivatives]") {
  Random random(19002);
  INFO("seed " << random.seed);
  const Exec exec;
  const long poses = 40, count = 30, extent = 9;
  const Points at = Points(poses, count).randomise(random, false), all(poses, count), sum(1, count);
  const auto bar =
      filled(Dense<double, 3>("images_bar", poses, extent, extent), random.normals(std::size_t(poses * extent * extent)));
  bw::raster_vjp(exec, at.cloud(), at.views(), at.exposure(), bar, all.cloud(), bw::none, bw::none, {}, linear);
  for (long p = 0; p < poses; ++p) {
    const std::pair one(p, p + 1);
    const auto only = [&](const auto& view) { return Kokkos::subview(view, one); };
    bw::raster_vjp(exec, at.cloud(),
                   bw::Poses{Kokkos::subview(at.rotations, one, Kokkos::ALL, Kokkos::ALL),
                             Kokkos::subview(at.shifts, one, Kokkos::ALL)},
                   bw::Exposure{only(at.background), only(at.out_weight)},
                   Kokkos::subview(bar, one, Kokkos::ALL, Kokkos::ALL), sum.cloud(), bw::none, bw::none,
                   {.accumulate = p > 0}, linear);
  }
  exec.fence();
  CHECK(relative_error(download(all.points), download(sum.points)) < 100 * eps);
  CHECK(relative_error(download(all.weights), download(sum.weights)) < 100 * eps);
}

TEST_CASE("rates of insertion of thousands of poses are summed in blocks", "[backproject][derivatives]") {
  Random random(19003);
  INFO("seed " << random.seed);
  const Exec exec;
  const long poses = 9000, n = 6, columns = n / 2 + 1;
  const auto rates = [&]<class T>(T, const Random& start) {
    Random same(start.seed);
    using C = Kokkos::complex<T>;
    std::vector<double> rotations;
    for (long p = 0; p < poses; ++p)
      for (const double r : same.rotation(2, 3)) rotations.push_back(r);
    const auto stack = [&] { return upload<C, 3>({poses, n, columns}, same.complex(std::size_t(poses * n * columns))); };
    const auto real = [&] {
      return upload<T, 3>({poses, n, columns}, same.uniforms(std::size_t(poses * n * columns), 0.5, 1.5));
    };
    const auto views = [&](const std::vector<double>& r) {
      return bw::Poses{upload<double, 3>({poses, 2, 3}, r),
                       upload<double, 2>({poses, 2}, same.normals(std::size_t(2 * poses)))};
    };
    const auto slices = stack(), slices_dot = stack();
    const auto weights = real(), weights_dot = real();
    const auto at = views(rotations), dots = views(same.normals(rotations.size()));
    const auto data_dot = unset<C, 3>({n, n, columns});
    const auto density_dot = unset<T, 3>({n, n, columns});
    bw::backproject_jvp(exec, slices, slices_dot, weights, weights_dot, at, dots, data_dot, density_dot, {}, linear);
    exec.fence();
    return std::pair(download(data_dot), download(density_dot));
  };
  const auto single = rates(float(), random), precise = rates(double(), random);
  // k terms of either sign and of size σ sum up to σ √k, of which ½ eps σ √(½ k²) is rounded off on the way: eps √(k / 8) of the sum, k some
  // ten thousand near the origin. Inputs are rounded to float, too.
  const double tolerance = 2 * std::sqrt(1e4 / 8) * double(std::numeric_limits<float>::epsilon());
  CHECK(relative_error(single.first, precise.first) < tolerance);
  CHECK(relative_error(single.second, precise.second) < tolerance);
}

TEST_CASE("more points or channels than an int counts are refused", "[raster]") {
  using Strided = Kokkos::View<double* [3], Kokkos::LayoutStride, Exec::memory_space>;
  const Exec exec;
  const Dense<double, 1> one("one", 8);
  const Dense<double, 3> rotations("rotations", 1, 2, 3), image("image", 1, 4, 4);
  const Strided points(one.data(), Kokkos::LayoutStride(std::size_t(1) << 31, 0, 3, 1));
  check_refused([&] { bw::raster(exec, bw::PointCloud{points}, bw::Poses{rotations}, bw::none, image, {}, linear); },
                "raster: 'points' is 2147483648 points, expected no more than 2^31 - 1");
  const Kokkos::View<double* [3], Kokkos::LayoutRight, Exec::memory_space> few("points", 2);
  const Kokkos::View<double**, Kokkos::LayoutStride, Exec::memory_space> weights(
      one.data(), Kokkos::LayoutStride(2, 0, std::size_t(1) << 31, 0));
  const Dense<double, 4> none_of_them("images", 0, std::size_t(1) << 31, 4, 4);
  check_refused(
      [&] {
        bw::raster(exec, bw::PointCloud{few, weights}, bw::Poses{Dense<double, 3>("rotations", 0, 2, 3)}, bw::none,
                   none_of_them, {}, linear);
      },
      "raster: 'weights' is of 2147483648 channels, expected no more than 2^31 - 1");
}
