// SPDX-License-Identifier: MIT
// Friedel symmetry where half spectra store both mates: on their self-conjugate columns.
#include "support/arrays.hpp"
#include "support/random.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;
using reference::Complex;

namespace {

/// max |F[k] − conj F[−k]| / max |F| over the self-conjugate columns of spectra [count]… of real extents n, y and what is above.
template <class At>
double asymmetry(const std::vector<long>& above, long width, double scale, const At& at) {
  double error = 0;
  for (const long kx : {0L, width / 2}) {
    if (kx != 0 && width % 2) continue;
    for (long z = 0; z < above[0]; ++z)
      for (long y = 0; y < above[1]; ++y)
        error = std::max(error,
                         std::abs(at(z, y, kx) - std::conj(at((above[0] - z) % above[0], (above[1] - y) % above[1], kx))));
  }
  return error / scale;
}

}  // namespace

TEST_CASE("mates on self-conjugate columns are conjugate", "[project][backproject]") {
  using C = Kokkos::complex<double>;
  Random random(6500);
  INFO("seed " << random.seed);
  const Exec exec;
  const bw::Cubic kernel;  // one kernel to compile, not five
  const double eps = std::numeric_limits<double>::epsilon();
  for (const long n : {12L, 11L}) {
    INFO("extent " << n);
    const long half = n / 2 + 1, count = 5;
    const auto reference = upload<C, 3>({n, n, half}, random.spectrum({int(n), int(n), int(n)}));
    std::vector<double> rotations;
    for (int p = 0; p < count; ++p)
      for (const double r : random.rotation(2, 3)) rotations.push_back(r);
    const bw::Poses poses{upload<double, 3>({count, 2, 3}, rotations),
                          upload<double, 2>({count, 2}, random.normals(2 * count))};
    const auto slices = unset<C, 3>({count, n, half});
    const bw::SliceOptions options{.cutoff = 0.45};  // without the rows at −n/2, whose mates at n/2 are not stored
    bw::project(exec, bw::Spectrum{reference, n}, poses, bw::Spectrum{slices, n}, options, kernel);
    const auto cut = download(slices);
    double largest = 0;
    for (const auto& v : cut) largest = std::max(largest, std::abs(v));
    for (long p = 0; p < count; ++p)
      CHECK(asymmetry({1, n}, n, largest, [&](long, long y, long x) { return cut[std::size_t((p * n + y) * half + x)]; }) <=
            64 * eps);  // a sum of 64 taps

    const auto data = unset<C, 3>({n, n, half});
    const auto density = unset<double, 3>({n, n, half});
    bw::backproject(exec, bw::Spectrum{slices, n}, bw::none, poses, bw::Spectrum{data, n}, bw::Spectrum{density, n}, options,
                    kernel);
    const auto sums = download(data);
    const auto seen = download(density);
    largest = 0;
    double most = 0;
    for (const auto& v : sums) largest = std::max(largest, std::abs(v));
    for (const double v : seen) most = std::max(most, v);
    const auto place = [&](long z, long y, long x) { return std::size_t((z * n + y) * half + x); };
    const double data_error = asymmetry({n, n}, n, largest, [&](long z, long y, long x) { return sums[place(z, y, x)]; });
    const double density_error =
        asymmetry({n, n}, n, most, [&](long z, long y, long x) { return Complex(seen[place(z, y, x)]); });
    INFO("data " << data_error << ", density " << density_error);
    // A number is the sum of some hundreds of terms, of each mate in an order of its own.
    CHECK(data_error <= 500 * eps);
    CHECK(density_error <= 500 * eps);
    CHECK(sums[0].imag() == 0);  // its own mate
  }
}
