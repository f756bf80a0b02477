// SPDX-License-Identifier: MIT
#include <bracewell/eigen.hpp>
#include <bracewell/interpolations.hpp>
#include <bracewell/project.hpp>
#include <bracewell/sampler.hpp>
#include <bracewell/so3.hpp>

#include "support/compare.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace bw = bracewell;
using namespace support;
using Catch::Matchers::WithinAbs;

TEST_CASE("rotations from angles are Eigen's and eigen.hpp's", "[so3]") {
  Random random(15000);
  INFO("seed " << random.seed);
  for (int i = 0; i < 20; ++i) {
    const double rot = random.uniform(-180, 180), tilt = random.uniform(0, 180), psi = random.uniform(-180, 180);
    const auto a = bw::rotation_zyz(rot, tilt, psi);
    const auto b = bw::rotation_from_euler_zyz(rot, tilt, psi);
    for (int r = 0; r < 3; ++r)
      for (int c = 0; c < 3; ++c) CHECK_THAT(a[r][c], WithinAbs(b(r, c), 1e-14));
    const double angle = random.uniform(0, M_PI);
    const std::array<double, 3> axis{random.normal(), random.normal(), random.normal()};
    CHECK_THAT(bw::angular_distance(bw::product(bw::rotation_about(axis, angle), a), a), WithinAbs(angle, 1e-7));
  }
  const auto one = bw::rotation_zyz(10, 20, 30);
  CHECK_THAT(bw::angular_distance(one, bw::product(bw::rotation_about({1, 2, 3}, 1e-9), one)), WithinAbs(1e-9, 1e-15));
}

TEST_CASE("random rotations are uniform and repeatable", "[so3]") {
  const auto rotations = bw::random_rotations(4000, 7);
  CHECK(rotations == bw::random_rotations(4000, 7));
  CHECK(rotations != bw::random_rotations(4000, 8));
  // Means of matrix elements are 0, of their squares 1/3; standard deviations of the means 1 / √(3 · 4000) and less.
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double mean = 0, square = 0;
      for (const auto& r : rotations) {
        mean += r[i][j] / 4000;
        square += r[i][j] * r[i][j] / 4000;
      }
      CHECK(std::abs(mean) < 5 * 0.0091);
      CHECK(std::abs(square - 1.0 / 3) < 5 * 0.0048);
    }
  for (const auto& r : rotations) {
    double trace = 0;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) trace += r[i][j] * r[i][j];
    CHECK_THAT(trace, WithinAbs(3, 1e-13));
  }
}

TEST_CASE("HEALPix directions and the grid on SO(3)", "[so3]") {
  for (int order = 0; order < 4; ++order) {
    const auto directions = bw::healpix_directions(order);
    CHECK(directions.size() == std::size_t(12) << 2 * order);
    double sums[3] = {}, squares[6] = {};
    for (const auto& d : directions) {
      const double t = d.tilt * M_PI / 180, p = d.rot * M_PI / 180;
      const double v[3] = {std::sin(t) * std::cos(p), std::sin(t) * std::sin(p), std::cos(t)};
      for (int i = 0; i < 3; ++i) sums[i] += v[i];
      int k = 0;
      for (int i = 0; i < 3; ++i)
        for (int j = i; j < 3; ++j) squares[k++] += v[i] * v[j] / double(directions.size());
    }
    for (const double sum : sums) CHECK_THAT(sum, WithinAbs(0, 1e-10));
    // Equal areas: the second moments of the sphere, but for the size of a pixel.
    const double want[6] = {1.0 / 3, 0, 0, 1.0 / 3, 0, 1.0 / 3};
    for (int k = 0; k < 6; ++k) CHECK_THAT(squares[k], WithinAbs(want[k], 0.07 / (1 << 2 * order)));
  }
  // The first of healpy 1.20's order 2 in nested order, which is one of the ring next to the equator.
  bool found = false;
  for (const auto& d : bw::healpix_directions(2))
    found = found || (std::abs(d.rot - 45) < 1e-9 && std::abs(d.tilt - 80.4059) < 1e-3);
  CHECK(found);

  const auto grid = bw::so3_grid(1);
  CHECK(grid.size() == 576);
  // No rotation is further from the grid than a step and a half of 30°.
  double worst = 0;
  for (const auto& r : bw::random_rotations(200, 9)) {
    double nearest = 4;
    for (const auto& g : grid) nearest = std::min(nearest, bw::angular_distance(r, g));
    worst = std::max(worst, nearest);
  }
  CHECK(worst < 0.75 * 30 * M_PI / 180 * 1.5);
  CHECK_THROWS_AS(bw::healpix_directions(-1), std::invalid_argument);
  CHECK_THROWS_AS(bw::healpix_directions(11), std::invalid_argument);
}

TEST_CASE("poses by range and by index, kernels by name, κ for the sampler", "[so3]") {
  Random random(15100);
  INFO("seed " << random.seed);
  using Host = Kokkos::DefaultHostExecutionSpace;
  const Host exec;
  using C = Kokkos::complex<double>;
  using Array = Kokkos::View<C***, Kokkos::LayoutRight, Kokkos::HostSpace>;
  const int n = 8, m = 6, count = 5;
  const Array reference("reference", n, n, n / 2 + 1), all("slices", count, m, m / 2 + 1), some("slices", 2, m, m / 2 + 1);
  const auto spectrum = random.spectrum({n, n, n});
  std::copy(spectrum.begin(), spectrum.end(), reference.data());
  const auto rotations = bw::rotations_for(exec, bw::random_rotations(count, 3));
  const Kokkos::View<double* [2], Kokkos::HostSpace> shifts("shifts", count);
  for (int p = 0; p < count; ++p) shifts(p, 0) = random.normal();
  const bw::Poses poses{rotations, shifts};
  const bw::SliceOptions options{.interpolation = bw::Interpolation::kaiser_bessel_4, .oversampling = 1.25};
  bw::project(exec, reference, poses, all, options);
  bw::project(exec, reference, bw::range_of(poses, 2, 2), some, options);
  exec.fence();
  for (int p = 0; p < 2; ++p)
    for (int y = 0; y < m; ++y)
      for (int x = 0; x <= m / 2; ++x) CHECK(some(p, y, x) == all(p + 2, y, x));

  const Kokkos::View<int*, Kokkos::HostSpace> indices("indices", 2);
  indices(0) = 4;
  indices(1) = 1;
  const Kokkos::View<double***, Kokkos::HostSpace> taken("rotations", 2, 2, 3);
  const Kokkos::View<double**, Kokkos::HostSpace> taken_shifts("shifts", 2, 2);
  bw::take_rows(exec, rotations, indices, taken);
  bw::take_rows(exec, shifts, indices, taken_shifts);
  bw::project(exec, reference, bw::Poses{taken, taken_shifts}, some, options);
  exec.fence();
  for (int p = 0; p < 2; ++p)
    for (int y = 0; y < m; ++y)
      for (int x = 0; x <= m / 2; ++x) CHECK(some(p, y, x) == all(indices(p), y, x));

  // What project has at a sample, Sampler has at κ, with the kernel of that name.
  bw::project(exec, reference, bw::Poses{rotations}, all, options);
  exec.fence();
  std::visit(
      [&](const auto& kernel) {
        CHECK(kernel.reach == 2);
        const bw::Sampler sampler(reference, kernel);
        for (int p = 0; p < count; ++p) {
          const auto r = [&](int e, int d) { return rotations(p, e, d); };
          const auto at = bw::kappa<3, 2, double>(r, {1, -2}, {n, n, n}, {m, m}, 1.25);
          CHECK(Kokkos::abs(sampler.value(at) - all(p, m - 2, 1)) < 1e-12);
        }
      },
      bw::kernel_of(options.interpolation, 1.25));
  CHECK(bw::kernel_of(bw::Interpolation::linear, 1).index() == 0);
  CHECK_THROWS_AS(bw::kernel_of(bw::Interpolation(17), 1), std::invalid_argument);
  CHECK_THROWS_WITH(bw::take_rows(exec, rotations, Kokkos::View<int*, Kokkos::HostSpace>("indices", 3), taken),
                    "take_rows: 'to' is 2 poses long, expected 3, as 'indices' is");
}

TEST_CASE("kernels by name are those of the options", "[so3]") {
  using enum bw::Interpolation;
  CHECK(std::holds_alternative<bw::Linear>(bw::kernel_of(linear, 2)));
  CHECK(std::holds_alternative<bw::Cubic>(bw::kernel_of(cubic, 2)));
  const auto same = [](const bw::AnyKernel& any, const auto& kernel) {
    REQUIRE(std::holds_alternative<std::decay_t<decltype(kernel)>>(any));
    for (const double t : {0.0, 0.3, 1.7}) CHECK(std::get<std::decay_t<decltype(kernel)>>(any).value(t) == kernel.value(t));
  };
  same(bw::kernel_of(kaiser_bessel_4, 1.5), bw::KaiserBessel<2>{1.5});
  same(bw::kernel_of(kaiser_bessel_6, 1.5), bw::KaiserBessel<3>{1.5});
  same(bw::kernel_of(kaiser_bessel_8, 1.5), bw::KaiserBessel<4>{1.5});
  CHECK_THROWS_WITH(bw::kernel_of(bw::Interpolation(5), 2),
                    "kernel_of: 'interpolation' is 5, expected an enumerator of Interpolation");
}
