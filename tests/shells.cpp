// SPDX-License-Identifier: MIT
#include <bracewell/shells.hpp>

#include "support/compare.hpp"
#include "support/job.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

template <int A>
void check_shells(Random& random, const std::array<long, A>& extents) {
  const HostExec exec;
  const Extents n(extents.begin(), extents.end());
  const auto a = random.spectrum(n), b = random.spectrum(n);
  auto stored = shape_of({}, extents);
  stored.back() = extents.back() / 2 + 1;
  using C = Kokkos::complex<double>;
  const auto u = upload<C, A>(stored, a), v = upload<C, A>(stored, b);
  const auto sums = bw::shell_sums(exec, bw::Spectrum{u, extents.back()}, bw::Spectrum{v, extents.back()});

  // Over the full lattice: stored frequencies and their mates.
  const double longest = double(*std::max_element(extents.begin(), extents.end()));
  const std::size_t shells = std::size_t(longest) / 2 + 1;
  std::vector<double> count(shells), cross(shells), first(shells), second(shells);
  const auto frequencies = reference::frequencies(n);
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    double square = 0;
    for (int d = 0; d < A; ++d) square += std::pow(frequencies[i][d] / double(extents[A - 1 - d]), 2);
    const std::size_t shell = std::size_t(std::lround(std::sqrt(square) * longest));
    if (shell >= shells) continue;
    const long x = frequencies[i][0];
    const double m = x == 0 || 2 * std::abs(x) == extents.back() ? 1 : 2;  // with its mate, if that is another
    count[shell] += m;
    cross[shell] += m * (a[i] * std::conj(b[i])).real();
    first[shell] += m * std::norm(a[i]);
    second[shell] += m * std::norm(b[i]);
  }
  CHECK(relative_error(sums.count, count) < 1e-14);
  CHECK(relative_error(sums.cross, cross) < 1e-13);
  CHECK(relative_error(sums.first, first) < 1e-13);
  CHECK(relative_error(sums.second, second) < 1e-13);
  const auto fsc = bw::fourier_shell_correlation(exec, bw::Spectrum{u, extents.back()}, bw::Spectrum{v, extents.back()});
  const auto power = bw::power_spectrum(exec, bw::Spectrum{u, extents.back()});
  for (std::size_t s = 0; s < shells; ++s) {
    CHECK(std::abs(fsc[s] - cross[s] / std::sqrt(first[s] * second[s])) < 1e-13);
    CHECK(std::abs(power[s] - first[s] / count[s]) < 1e-12 * power[s]);
  }
  const auto real = upload<float, A>(stored, random.uniforms(a.size(), 2, 2));
  for (const double mean : bw::radial_average(exec, bw::Spectrum{real, extents.back()})) CHECK(mean == 2);
}

struct Count {
  Kokkos::View<int***, Kokkos::HostSpace> seen;
  KOKKOS_FUNCTION void operator()(std::int64_t image, const std::int64_t (&index)[2], const Kokkos::Array<int, 2>& k) const {
    seen(image, index[0], index[1]) += 1 + 100 * k[0] + 10000 * k[1];
  }
};

}  // namespace

TEST_CASE("sums over shells", "[shells]") {
  Random random(16000);
  INFO("seed " << random.seed);
  check_shells<3>(random, {8, 8, 8});
  check_shells<3>(random, {7, 6, 9});
  check_shells<2>(random, {9, 8});
  check_shells<1>(random, {11});
  const Dense<float, 3, Kokkos::HostSpace> a("a", 4, 4, 3), b("b", 4, 5, 3);
  CHECK_THROWS_AS(bw::shell_sums(HostExec(), a, b), std::invalid_argument);
}

TEST_CASE("stored samples within the cutoff, once each", "[shells]") {
  const HostExec exec;
  const Count count{Kokkos::View<int***, Kokkos::HostSpace>("seen", 2, 6, 4)};
  bw::for_each_sample(exec, "bracewell::count", 2, std::array{6L, 7L}, 0.5, count);
  exec.fence();
  for (int i = 0; i < 2; ++i)
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 4; ++x) {
        const int ky = y < 3 ? y : y - 6;
        const bool inside = std::hypot(x / 7.0, ky / 6.0) <= 0.5 * (1 + 1e-6);
        CHECK(count.seen(i, y, x) == (inside ? 1 + 100 * x + 10000 * ky : 0));
      }
}

TEST_CASE("arrays are cropped and padded about voxel ⌊n/2⌋", "[shells]") {
  const HostExec exec;
  for (const long n : {4, 5})
    for (const long m : {3, 4, 7, 8}) {
      const Kokkos::View<int**, Kokkos::LayoutLeft, Kokkos::HostSpace> from("from", 2, n);
      const Kokkos::View<int**, Kokkos::HostSpace> to("to", 2, m);
      for (int b = 0; b < 2; ++b)
        for (long i = 0; i < n; ++i) from(b, i) = int(10 * b + i - n / 2 + 5);
      Kokkos::deep_copy(to, -1);
      bw::crop_or_pad<1>(exec, to, from);
      for (int b = 0; b < 2; ++b)
        for (long i = 0; i < m; ++i) {
          const long s = i - m / 2;
          CHECK(to(b, i) == (s >= -(n / 2) && s < n - n / 2 ? 10 * b + s + 5 : 0));
        }
    }
  const Kokkos::View<int**, Kokkos::HostSpace> two("to", 2, 4), three("from", 3, 4);
  CHECK_THROWS_WITH(bw::crop_or_pad<1>(exec, two, three), "crop_or_pad: 'from' is a batch of 3, expected 2");
}
