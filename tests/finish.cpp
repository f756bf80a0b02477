// SPDX-License-Identifier: MIT
#include <bracewell/finish.hpp>

#include "support/compare.hpp"
#include "support/refusals.hpp"
#include "support/slicing.hpp"

#include <common/fft.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

using C = Kokkos::complex<double>;

template <class Data>
using HostArray = Kokkos::View<Data, Kokkos::LayoutRight, Kokkos::HostSpace>;

}  // namespace

TEST_CASE("the origin moves from the central voxel to index 0, and back", "[finish]") {
  const Exec exec;
  const Kokkos::DefaultHostExecutionSpace host;
  Random random(5000);
  INFO("seed " << random.seed);
  for (const Extents& n : {Extents{6, 8, 4}, Extents{5, 7, 9}, Extents{4, 5, 6}, Extents{3, 1, 2}}) {
    HostArray<double****> map("map", 2, n[0], n[1], n[2]), moved("moved", 2, n[0], n[1], n[2]);
    for (std::size_t i = 0; i < map.size(); ++i) map.data()[i] = random.normal();
    HostArray<C****> spectrum("spectrum", 2, n[0], n[1], n[2] / 2 + 1);
    examples::rfft<3>(host, map, spectrum);
    const auto before = download(spectrum);
    const auto device = Kokkos::create_mirror_view_and_copy(Exec::memory_space(), spectrum);
    bw::origin_to_zero<3>(exec, bw::Spectrum{device, n[2]});
    Kokkos::deep_copy(spectrum, device);
    examples::irfft<3>(host, spectrum, moved);
    double error = 0;
    for (int b = 0; b < 2; ++b)
      for (int z = 0; z < n[0]; ++z)
        for (int y = 0; y < n[1]; ++y)
          for (int x = 0; x < n[2]; ++x)
            error = std::max(error, std::abs(moved(b, z, y, x) -
                                             map(b, (z + n[0] / 2) % n[0], (y + n[1] / 2) % n[1], (x + n[2] / 2) % n[2])));
    CHECK(error < 1e-13);
    bw::origin_to_centre<3>(exec, bw::Spectrum{device, n[2]});
    CHECK(relative_error(download(device), before) < 1e-14);
  }
}

TEST_CASE("gridding correction divides by the transform, and for reconstructions by its share of |φ|", "[finish]") {
  const Exec exec;
  Random random(5100);
  INFO("seed " << random.seed);
  const std::vector<long> shape{2, 5, 6, 7};
  const std::array<long, 3> padded{10, 12, 14};
  const auto values = random.normals(2 * 5 * 6 * 7);
  const auto check = [&](const auto& kernel, const bw::SliceOptions& options, const auto& given, bw::Gridding use) {
    const auto map = upload<double, 4>(shape, values);
    bw::correct_gridding<3>(exec, map, padded, use, options, given);
    auto want = values;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const long x = long(i) % 7 - 3, y = long(i) / 7 % 6 - 3, z = long(i) / 42 % 5 - 2;
      double factor = kernel.transform(x / 14.0) * kernel.transform(y / 12.0) * kernel.transform(z / 10.0);
      if constexpr (requires { kernel.absolute_integral(); })
        if (use == bw::Gridding::reconstruction) factor /= std::pow(kernel.absolute_integral(), 3);
      want[i] /= factor;
    }
    CHECK(relative_error(download(map), want) < 1e-14);
  };
  for (const auto use : {bw::Gridding::reference, bw::Gridding::reconstruction}) {
    check(bw::Linear{}, {}, bw::none, use);
    check(bw::Cubic{}, {.interpolation = bw::Interpolation::cubic}, bw::none, use);
    check(bw::KaiserBessel<3>{2}, {.interpolation = bw::Interpolation::kaiser_bessel_6, .oversampling = 2}, bw::none, use);
    check(QuadraticSpline{}, {}, QuadraticSpline{}, use);
  }
  const auto map = upload<double, 4>(shape, values);
  CHECK_THROWS_AS(bw::correct_gridding<3>(exec, map, {10, 5, 14}, bw::Gridding::reference), std::invalid_argument);
}

TEST_CASE("division by the density", "[finish]") {
  const Exec exec;
  Random random(5200);
  INFO("seed " << random.seed);
  const auto data = random.complex(60);
  auto density = random.uniforms(60, 0, 2);
  density[7] = 0;
  const auto divisor = upload<double, 3>({3, 5, 4}, density);
  const auto floored = upload<C, 3>({3, 5, 4}, data), wiener = upload<C, 3>({3, 5, 4}, data);
  bw::divide_by_density(exec, floored, divisor, 0.5);
  bw::divide_wiener(exec, wiener, divisor, 4);
  auto a = data, b = data;
  for (int i = 0; i < 60; ++i) {
    a[i] /= std::max(density[i], 0.5);
    b[i] /= density[i] + 0.25;
  }
  CHECK(relative_error(download(floored), a) < 1e-15);
  CHECK(relative_error(download(wiener), b) < 1e-15);
  CHECK_THROWS_AS(bw::divide_by_density(exec, floored, divisor, 0), std::invalid_argument);
  CHECK_THROWS_AS(bw::divide_wiener(exec, wiener, divisor, -1), std::invalid_argument);
  CHECK_THROWS_AS(bw::divide_by_density(exec, floored, upload<double, 3>({3, 4, 4}, std::vector(48, 1.0)), 1),
                  std::invalid_argument);
}

TEST_CASE("division by the density in units without padding, by elements and by shells", "[finish]") {
  const Exec exec;
  Random random(5250);
  INFO("seed " << random.seed);
  const double padding = 1.5;
  const auto data = random.complex(4 * 9 * 6);
  const auto density = random.uniforms(4 * 9 * 6, 0, 2), ratios = random.uniforms(4 * 9 * 6, 1, 5);
  const std::vector<double> of_shells{3, 0.5, 7, 2};
  const auto divisor = upload<double, 3>({4, 9, 6}, density);
  const auto quotient = [&](const auto& divide) {
    const auto a = upload<C, 3>({4, 9, 6}, data);
    divide(bw::Spectrum{a, 11}, bw::Spectrum{divisor, 11});
    return download(a);
  };
  const auto wanted = [&](const auto& divisor_of) {
    auto want = data;
    for (int z = 0; z < 4; ++z)
      for (int y = 0; y < 9; ++y)
        for (int x = 0; x < 6; ++x) {
          const std::size_t i = std::size_t((z * 9 + y) * 6 + x);
          const double k = std::hypot(bw::frequency(z, 4) / 4.0, bw::frequency(y, 9) / 9.0, x / 11.0);
          want[i] /= divisor_of(i, k);
        }
    return want;
  };
  const double unit = padding * padding * padding;
  CHECK(relative_error(quotient([&](const auto& a, const auto& d) { bw::divide_by_density(exec, a, d, 0.5, padding); }),
                       wanted([&](std::size_t i, double) { return std::max(density[i], 0.5 / unit); })) < 1e-15);
  CHECK(relative_error(quotient([&](const auto& a, const auto& d) { bw::divide_wiener(exec, a, d, 4, padding); }),
                       wanted([&](std::size_t i, double) { return density[i] + 0.25 / unit; })) < 1e-15);
  const auto elements = upload<double, 3>({4, 9, 6}, ratios);
  CHECK(relative_error(quotient([&](const auto& a, const auto& d) { bw::divide_wiener(exec, a, d, elements, padding); }),
                       wanted([&](std::size_t i, double) { return density[i] + 1 / (ratios[i] * unit); })) < 1e-15);
  const auto shells = upload<float, 1>({4}, of_shells);
  CHECK(relative_error(quotient([&](const auto& a, const auto& d) { bw::divide_wiener(exec, a, d, shells, padding); }),
                       wanted([&](std::size_t i, double k) {
                         const auto s = std::min<std::size_t>(3, std::size_t(k * 11 / padding + 0.5));
                         return density[i] + 1 / (of_shells[s] * unit);
                       })) < 1e-15);
  const auto refused = upload<C, 3>({4, 9, 6}, data);
  const bw::Spectrum spectrum{refused, 11};
  const bw::Spectrum seen{divisor, 11};
  check_refused([&] { bw::divide_wiener(exec, spectrum, seen, 1, 0.5); }, "divide_wiener: 'padding' is 0.5");
  check_refused([&] { bw::divide_by_density(exec, spectrum, seen, 1, INFINITY); }, "divide_by_density: 'padding' is inf");
  check_refused([&] { bw::divide_wiener(exec, spectrum, seen, upload<float, 1>({0}, std::vector<double>())); },
                "divide_wiener: 'snr' is of extent 0");
  check_refused(
      [&] {
        bw::divide_wiener(exec, spectrum, seen, upload<double, 3>({4, 9, 5}, std::vector(180, 1.0)));
      },
      "divide_wiener: 'snr'");
}

TEST_CASE("division by the density is finite whatever float has", "[finish]") {
  const Exec exec;
  const std::vector<std::complex<double>> data{{0, 0}, {0, 0}, {3, -4}, {3, -4}, {1e-40, 0}, {1e30, -1e30}};
  const std::vector<double> density{0, 2, 2, 0.5, 1e-40, 4};
  const auto divisor = upload<float, 1>({6}, density);
  const auto stored = download(divisor);  // 1e-40 is a subnormal float
  using F = Kokkos::complex<float>;
  const auto values = upload<F, 1>({6}, data);
  const auto seen = download(values);
  const auto check = [&](const auto& divide, double floor, bool wiener) {
    const auto quotient = upload<F, 1>({6}, data);
    divide(bw::Spectrum{quotient, 10}, bw::Spectrum{divisor, 10});
    const auto got = download(quotient);
    for (std::size_t i = 0; i < 6; ++i) {
      INFO("element " << i << ", floor " << floor);
      const double by = wiener ? stored[i] + floor : std::max(stored[i], floor);
      const auto want = by == 0 ? std::complex<double>() : seen[i] / by;
      CHECK(std::abs(got[i] - want) <= std::numeric_limits<float>::epsilon() * std::abs(want));
    }
  };
  for (const double floor : {1e-50, 1e-300, 1.0})
    check([&](const auto& a, const auto& d) { bw::divide_by_density(exec, a, d, floor); }, floor, false);
  for (const double snr : {1e50, double(INFINITY), 1e300, 4.0})
    check([&](const auto& a, const auto& d) { bw::divide_wiener(exec, a, d, snr); }, 1 / snr, true);
}

TEST_CASE("gridding correction refuses kernels that do not fit the padding", "[finish]") {
  const Exec exec;
  const auto map = upload<double, 3>({8, 8, 8}, std::vector<double>(512, 3));
  constexpr auto named = bw::Interpolation::kaiser_bessel_4;
  const auto correct = [&](std::array<long, 3> padded, const bw::SliceOptions& options) {
    return [&exec, &map, padded, options] { bw::correct_gridding(exec, map, padded, bw::Gridding::reference, options); };
  };
  check_refused(correct({16, 16, 16}, {.interpolation = named}),
                "correct_gridding: 'options.padding' is 1.000000 (oversampling, unless given), expected 2.000000");
  check_refused(correct({16, 24, 16}, {.interpolation = named, .oversampling = 2}),
                "the ratio of 'padded' to the map's extent on axis 1");
  check_refused(correct({8, 8, 8}, {.interpolation = named}),
                "correct_gridding: 'padded' is 8 on axis 0, where the kernel's");
  check_refused(correct({16, 16, 7}, {}), "correct_gridding: 'padded' is 7 on axis 2, expected no less than the map's 8");
  CHECK(download(map) == std::vector<double>(512, 3));  // nothing was written
  CHECK_NOTHROW(correct({16, 16, 16}, {.interpolation = named, .oversampling = 2})());
  CHECK_NOTHROW(correct({16, 16, 16}, {.interpolation = named, .padding = 2})());
  CHECK_NOTHROW(correct({8, 8, 8}, {})());  // linear needs no padding
}
