// SPDX-License-Identifier: MIT
#include <bracewell/backproject.hpp>

#include "support/axes.hpp"
#include "support/operations.hpp"
#include "support/random.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

/// As in project; in grids smaller than a stencil sums of many taps cancel further.
template <class T>
constexpr double tolerance = 1000 * double(std::numeric_limits<T>::epsilon());

reference::Insertion expected(const SliceProblem& s, const reference::Kernel& kernel, bool shifted, bool weighted) {
  reference::Insertion all;
  for (int b = 0; b < s.references; ++b) {
    reference::Insertion sum{std::vector<Complex>(s.volume_size()), std::vector<double>(s.volume_size())};
    for (int p = 0; p < s.poses; ++p) {
      const auto one = reference::backproject(
          s.slice(s.slices, b, p), weighted ? s.slice(s.weights, b, p) : std::vector<double>{}, s.at(b, p, shifted), kernel);
      for (std::size_t i = 0; i < sum.data.size(); ++i) {
        sum.data[i] += one.data[i];
        sum.density[i] += one.density[i];
      }
    }
    all.data.insert(all.data.end(), sum.data.begin(), sum.data.end());
    all.density.insert(all.density.end(), sum.density.begin(), sum.density.end());
  }
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("backproject is the literal sum", "[backproject]", (Axes<double, 1, 1>), (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<float, 2, 2>), (Axes<float, 3, 2>), (Axes<float, 3, 3>)) {
  using T = typename TestType::T;
  using C = Kokkos::complex<T>;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(2000 + 10 * N + M);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < 60; ++i) {
    const SliceProblem s = random_problem(random, N, M, i);
    INFO(text(s));
    const auto interpolation = interpolations[i % interpolations.size()];
    INFO("interpolation " << int(interpolation));
    const auto rotations = upload<double, 4>(s.rotation_shape(), s.rotations);
    const auto shifts = upload<double, 3>(s.shift_shape(), s.shifts);
    const bw::Spectrum slices{upload<C, M + 2>(s.slice_shape(), s.slices), s.geometry.slice.back()};
    const bw::Spectrum weights{upload<T, M + 2>(s.slice_shape(), s.weights), s.geometry.slice.back()};
    const auto data = unset<C, N + 1>(s.volume_shape());
    const auto density = unset<T, N + 1>(s.volume_shape());
    const int width = s.geometry.extents.back();
    const auto kernel = reference_kernel(interpolation, s.geometry.oversampling);
    const auto check = [&](const reference::Insertion& want, bool with_data, bool with_density) {
      if (with_data) CHECK(relative_error(download(data), want.data) < tolerance<T>);
      if (with_density) CHECK(relative_error(download(density), want.density) < tolerance<T>);
      Kokkos::deep_copy(data, C(NAN));
      Kokkos::deep_copy(density, T(NAN));
    };
    bw::backproject(exec, slices, weights, bw::Poses{rotations, shifts}, bw::Spectrum{data, width},
                    bw::Spectrum{density, width}, options(s, interpolation));
    check(expected(s, kernel, true, true), true, true);
    bw::backproject(exec, slices, bw::none, bw::Poses{rotations}, bw::Spectrum{data, width}, bw::Spectrum{density, width},
                    options(s, interpolation), QuadraticSpline{});
    check(expected(s, quadratic_spline(), false, false), true, true);
    if constexpr (N == 3) {  // every output alone
      bw::backproject(exec, slices, bw::none, bw::Poses{rotations, shifts}, bw::Spectrum{data, width}, bw::none,
                      options(s, interpolation));
      check(expected(s, kernel, true, false), true, false);
      bw::backproject(exec, bw::none, weights, bw::Poses{rotations}, bw::none, bw::Spectrum{density, width},
                      options(s, interpolation));
      check(expected(s, kernel, false, true), false, true);
    }
  }
}

TEST_CASE("backproject with accumulate adds what overwriting would have written", "[backproject]") {
  using C = Kokkos::complex<double>;
  Random random(2100);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < 20; ++i) {
    const SliceProblem s = random_problem(random, 3, 2, i);
    INFO(text(s));
    const int width = s.geometry.extents.back(), slice_width = s.geometry.slice.back();
    const bw::Poses poses{upload<double, 4>(s.rotation_shape(), s.rotations), upload<double, 3>(s.shift_shape(), s.shifts)};
    const bw::Spectrum slices{upload<C, 4>(s.slice_shape(), s.slices), slice_width};
    const bw::Spectrum weights{upload<double, 4>(s.slice_shape(), s.weights), slice_width};
    const auto before = random.complex(s.volumes.size());  // not Hermitian, and to be left so
    const auto density_before = random.normals(s.volumes.size());
    const auto data = upload<C, 4>(s.volume_shape(), before);
    const auto density = upload<double, 4>(s.volume_shape(), density_before);
    bw::backproject(exec, slices, weights, poses, bw::Spectrum{data, width}, bw::Spectrum{density, width},
                    options(s, bw::Interpolation::cubic, true));
    auto want = expected(s, reference::cubic(), true, true);
    for (std::size_t j = 0; j < before.size(); ++j) {
      want.data[j] += before[j];
      want.density[j] += density_before[j];
    }
    CHECK(relative_error(download(data), want.data) < tolerance<double>);
    CHECK(relative_error(download(density), want.density) < tolerance<double>);
  }
}

TEST_CASE("backproject of nothing clears or keeps", "[backproject]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  const bw::Linear linear;  // one kernel to compile, not five
  const auto rotations = upload<double, 3>({0, 2, 3}, std::vector<double>{});
  const auto slices = upload<C, 3>({0, 6, 4}, std::vector<Complex>{});
  const auto data = unset<C, 3>({6, 6, 4});
  const auto density = unset<double, 3>({6, 6, 4});
  bw::backproject(exec, slices, bw::none, bw::Poses{rotations}, data, density, {}, linear);
  CHECK(identical(download(data), std::vector<Complex>(6 * 6 * 4)));
  CHECK(identical(download(density), std::vector<double>(6 * 6 * 4)));
  Kokkos::deep_copy(data, C(1, 2));
  bw::backproject(exec, slices, bw::none, bw::Poses{rotations}, data, density, {.accumulate = true}, linear);
  CHECK(identical(download(data), std::vector<Complex>(6 * 6 * 4, {1, 2})));

  const auto no_references = unset<C, 4>({0, 6, 6, 4});
  bw::backproject(exec, upload<C, 4>({0, 2, 6, 4}, std::vector<Complex>{}), bw::none,
                  bw::Poses{upload<double, 4>({1, 2, 2, 3}, std::vector<double>(12))}, no_references, bw::none, {}, linear);
}

TEST_CASE("backproject inserts nothing of poses that are not finite", "[backproject]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  Random random(2300);
  INFO("seed " << random.seed);
  const auto slices = upload<C, 3>({3, 6, 4}, random.complex(3 * 6 * 4));
  auto rotation = random.rotation(2, 3), rotations = rotation;
  for (int i = 0; i < 2; ++i) rotations.insert(rotations.end(), rotation.begin(), rotation.end());
  rotations[8] = nan;
  const auto data = unset<C, 3>({6, 6, 4}), want = unset<C, 3>({6, 6, 4});
  bw::backproject(
      exec, slices, bw::none,
      bw::Poses{upload<double, 3>({3, 2, 3}, rotations), upload<double, 2>({3, 2}, std::vector<double>{0, 0, 0, 0, 0, inf})},
      data, bw::none, {}, bw::Linear{});
  bw::backproject(exec, Kokkos::subview(slices, std::pair(0, 1), Kokkos::ALL, Kokkos::ALL), bw::none,
                  bw::Poses{upload<double, 3>({1, 2, 3}, rotation), upload<double, 2>({1, 2}, std::vector<double>{0, 0})},
                  want, bw::none, {}, bw::Linear{});
  CHECK(same(download(data), download(want), tolerance<double>));
}

TEST_CASE("backproject refuses what does not fit", "[backproject]") {
  using C = Kokkos::complex<float>;
  const Exec exec;
  const Dense<double, 3> rotations("rotations", 3, 2, 3);
  const Dense<C, 3> slices("slices", 3, 8, 5), data("data", 8, 8, 5);
  const Dense<float, 3> weights("weights", 3, 8, 5), density("density", 8, 8, 5);
  const bw::Poses poses{rotations};
  const auto refused = [&](const auto& s, const auto& w, const auto& d, const auto& t, const char* words) {
    Kokkos::deep_copy(data, C(7));
    CHECK_THROWS_MATCHES(bw::backproject(exec, s, w, poses, d, t), std::invalid_argument,
                         Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(words)));
    CHECK(identical(download(data), std::vector<Complex>(data.size(), 7)));  // nothing was written
  };
  refused(Dense<C, 3>("s", 2, 8, 5), weights, data, density,
          "backproject: 'slices' is of shape [2, 8, 5], expected extent 3 on axis 0, as 'rotations' has");
  refused(slices, Dense<float, 3>("w", 3, 8, 4), data, density, "backproject: 'weights' is of shape [3, 8, 4]");
  refused(slices, weights, data, Dense<float, 3>("t", 8, 7, 5), "backproject: 'density' is of shape [8, 7, 5]");
  refused(slices, weights, bw::Spectrum{data, 9}, density, "'density' is of real width 8, expected 9, as 'data' has");
  refused(slices, bw::Spectrum{weights, 10}, data, density, "'weights' is 5 stored columns wide for a real width of 10");
  refused(slices, weights, Kokkos::subview(slices, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL), bw::none,
          "'data' is in the memory of 'slices'");
}

// A float that is added to slice by slice is 1e-4 off here after 10^5 slices, and stops at 2^24.
TEST_CASE("backproject in float does not drift with the number of slices", "[backproject]") {
  const int n = 8, poses = 300000;
  Random random(2500);
  INFO("seed " << random.seed);
  Dense<Kokkos::complex<float>, 2> slices("s", poses, n / 2 + 1);
  Dense<float, 2> weights("w", poses, n / 2 + 1);
  Dense<double, 3> rotations("r", poses, 1, 2);
  for (int p = 0; p < poses; ++p) {
    const double angle = random.uniform(0, 2 * M_PI);
    rotations(p, 0, 0) = std::cos(angle);
    rotations(p, 0, 1) = std::sin(angle);
    for (int x = 0; x <= n / 2; ++x) {
      weights(p, x) = float(random.uniform(0.5, 1.5));
      slices(p, x) = Kokkos::complex<float>(weights(p, x), float(random.uniform(-1, 1)));
    }
  }
  const auto insert = [&]<class T>(T, int batch) {  // in calls of so many slices
    Dense<Kokkos::complex<T>, 2> data("data", n, n / 2 + 1);
    Dense<T, 2> density("density", n, n / 2 + 1);
    for (int p = 0; p < poses; p += batch) {
      const std::pair some(p, std::min(p + batch, poses));
      Dense<Kokkos::complex<T>, 2> slices_t("s", some.second - p, n / 2 + 1);
      Dense<T, 2> weights_t("w", some.second - p, n / 2 + 1);
      for (int i = p; i < some.second; ++i)
        for (int x = 0; x <= n / 2; ++x) {
          slices_t(i - p, x) = Kokkos::complex<T>(slices(i, x).real(), slices(i, x).imag());
          weights_t(i - p, x) = weights(i, x);
        }
      bw::backproject(Exec(), slices_t, weights_t, bw::Poses{Kokkos::subview(rotations, some, Kokkos::ALL, Kokkos::ALL)},
                      data, density, {.accumulate = true}, bw::Linear{});
    }
    return std::pair(data, density);
  };
  const auto [data, density] = insert(0.0, poses);
  for (const int batch : {poses, 1000}) {
    INFO("slices a call " << batch);
    const auto [data_f, density_f] = insert(0.0f, batch);
    const double tolerance = 1e-5;  // of blocks of 4096 random terms some 1.3e-6, root mean square
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        CHECK(std::abs(density_f(y, x) - density(y, x)) <= tolerance * density(y, x));
        CHECK(std::hypot(data_f(y, x).real() - data(y, x).real(), data_f(y, x).imag() - data(y, x).imag()) <=
              tolerance * density(y, x));
      }
  }
}
