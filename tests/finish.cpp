// SPDX-License-Identifier: MIT
#include <bracewell/finish.hpp>

#include "support/compare.hpp"
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
