// SPDX-License-Identifier: MIT
// The FFTs that examples and other tests rely on, where examples run: FFTW's on hosts, cuFFT's on CUDA devices.
#include "support/compare.hpp"
#include "support/slicing.hpp"

#include <common/fft.hpp>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace support;

namespace {

/// Σ_x values exp(−2πi Σ_d k_d x_d / n_d) at every stored k, for a batch of arrays.
std::vector<Complex> transformed(const std::vector<double>& values, const Extents& n) {
  const auto all = reference::frequencies(n);
  std::size_t size = 1;
  for (const int extent : n) size *= extent;
  std::vector<Complex> spectra;
  for (std::size_t first = 0; first < values.size(); first += size)
    for (const auto& k : all) {
      Complex sum = 0;
      for (std::size_t i = 0; i < size; ++i) {
        double turns = 0;
        std::size_t rest = i;
        for (std::size_t d = 0; d < n.size(); ++d) {
          const int extent = reference::extent(n, d);
          turns += double(k[d]) * double(rest % extent) / extent;
          rest /= extent;
        }
        sum += values[first + i] * std::polar(1.0, -2 * reference::pi * turns);
      }
      spectra.push_back(sum);
    }
  return spectra;
}

template <class T, int Axes>
void check(Random& random, const Extents& n, int batch) {
  using C = Kokkos::complex<T>;
  INFO("axes " << Axes << " width " << n.back() << " batch " << batch);
  std::vector<long> shape{batch}, stored = SliceProblem::stored(n, {batch});
  shape.insert(shape.end(), n.begin(), n.end());
  std::size_t size = batch;
  for (const int extent : n) size *= extent;
  const double tolerance = 100 * double(std::numeric_limits<T>::epsilon());
  const auto arrays = upload<T, Axes + 1>(shape, random.normals(size)), back = unset<T, Axes + 1>(shape);
  const auto spectra = unset<C, Axes + 1>(stored);
  const auto before = download(arrays);
  examples::rfft<Axes>(Exec(), arrays, spectra);
  const auto got = download(spectra);
  CHECK(relative_error(got, transformed(before, n)) < tolerance);
  examples::irfft<Axes>(Exec(), spectra, back);
  CHECK(relative_error(download(back), before) < tolerance);
  // Inputs are left as they are.
  CHECK(identical(download(arrays), before));
  CHECK(identical(download(spectra), got));
}

}  // namespace

TEMPLATE_TEST_CASE("FFTs of the examples are NumPy's", "[fft]", float, double) {
  Random random(8000);
  INFO("seed " << random.seed);
  for (const int width : {6, 7}) {
    check<TestType, 1>(random, {width}, 3);
    check<TestType, 2>(random, {5, width}, 2);
    check<TestType, 3>(random, {4, 5, width}, 1);
    check<TestType, 3>(random, {3, 4, width}, 2);
  }
  check<TestType, 2>(random, {4, 6}, 0);
}

TEST_CASE("FFTs of the examples refuse what does not fit", "[fft]") {
  const auto arrays = unset<double, 2>({4, 6});
  CHECK_THROWS_AS((examples::rfft<2>(Exec(), arrays, unset<Kokkos::complex<double>, 2>({4, 5}))), std::invalid_argument);
  CHECK_THROWS_AS((examples::irfft<2>(Exec(), unset<Kokkos::complex<double>, 2>({3, 4}), arrays)), std::invalid_argument);
}
