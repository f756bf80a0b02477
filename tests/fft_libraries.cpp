// SPDX-License-Identifier: MIT
#include <bracewell/fft.hpp>
#include <bracewell/fftw.hpp>

#include <Kokkos_Core.hpp>

#ifndef KOKKOS_ENABLE_HIP
namespace Kokkos {
/// What hipfft.hpp asks of the execution space, on the host.
struct HIP : DefaultHostExecutionSpace {
  const void* hip_stream() const { return this; }
};
}  // namespace Kokkos
#include <hipfft/hipfft.h>

#include <bracewell/hipfft.hpp>
#endif

#include "support/compare.hpp"
#include "support/job.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

/// A plan's transforms of `count` random arrays against sums.
template <class Library, class T, int A, class Exec = HostExec>
void check_plan(Random& random, const std::array<long, std::size_t(A)>& extents) {
  using C = Kokkos::complex<T>;
  const long columns = extents[A - 1] / 2 + 1, size = Job<A, A>::size(extents), rows = size / extents[A - 1], count = 3;
  const Exec exec;
  const typename Library::template Plan<Exec, T, A> plan(exec, extents, count);
  const Kokkos::View<C*, Kokkos::HostSpace> data("data", count * rows * columns);
  const auto real = [&](long b, long i) -> T& {
    return reinterpret_cast<T*>(data.data() + b * rows * columns)[i / extents[A - 1] * 2 * columns + i % extents[A - 1]];
  };
  const auto values = random.normals(std::size_t(count * size));
  for (long b = 0; b < count; ++b)
    for (long i = 0; i < size; ++i) real(b, i) = T(values[b * size + i]);
  const long some = std::is_same_v<Library, bw::Fftw> ? count - 1 : count;  // FFTW's leaves the last as it is
  plan.forward(exec, data.data(), some);
  exec.fence();

  auto stored = extents;
  stored[A - 1] = columns;
  std::vector<std::complex<double>> got, want;
  for (long b = 0; b < some; ++b)
    for (long i = 0; i < rows * columns; ++i) {
      std::complex<double> sum = 0;
      for (long j = 0; j < size; ++j) {
        double turns = 0;
        for (long a = A - 1, k = i, x = j; a >= 0; --a) {
          turns += double(k % stored[a]) * double(x % extents[a]) / double(extents[a]);
          k /= stored[a];
          x /= extents[a];
        }
        sum += values[b * size + j] * std::polar(1.0, -2 * M_PI * turns);
      }
      want.push_back(sum);
      const auto z = data(b * rows * columns + i);
      got.push_back({double(z.real()), double(z.imag())});
    }
  const double eps = std::numeric_limits<T>::epsilon();
  CHECK(relative_error(got, want) < 20 * eps);

  plan.inverse(exec, data.data(), some);
  exec.fence();
  std::vector<double> back, begin;
  for (long b = 0; b < count; ++b)
    for (long i = 0; i < size; ++i) {
      back.push_back(real(b, i) / (b < some ? double(size) : 1));
      begin.push_back(T(values[b * size + i]));
    }
  CHECK(relative_error(back, begin) < 20 * eps);
}

}  // namespace

TEMPLATE_TEST_CASE("FFTW's plans are the transforms of fft.hpp", "[fft]", float, double) {
  static_assert(bw::Fft<bw::Fftw, HostExec, TestType, 1> && bw::Fft<bw::Fftw, HostExec, TestType, 2> &&
                bw::Fft<bw::Fftw, HostExec, TestType, 3>);
  Random random(11000);
  INFO("seed " << random.seed);
  for (const long n : {1, 2, 5, 8}) check_plan<bw::Fftw, TestType, 1>(random, {n});
  for (const auto& n : {std::array{4L, 6L}, {3L, 5L}, {1L, 4L}, {5L, 1L}}) check_plan<bw::Fftw, TestType, 2>(random, n);
  for (const auto& n : {std::array{4L, 6L, 8L}, {3L, 5L, 7L}, {1L, 4L, 5L}, {5L, 1L, 2L}})
    check_plan<bw::Fftw, TestType, 3>(random, n);
}

#ifndef KOKKOS_ENABLE_HIP
TEMPLATE_TEST_CASE("hipFFT's plans are the transforms of fft.hpp, by a library that stands for it", "[fft]", float, double) {
  using Kokkos::HIP;
  static_assert(bw::Fft<bw::Hipfft, HIP, TestType, 1> && bw::Fft<bw::Hipfft, HIP, TestType, 3>);
  Random random(11050);
  INFO("seed " << random.seed);
  for (const long n : {1, 2, 5, 8}) check_plan<bw::Hipfft, TestType, 1, HIP>(random, {n});
  for (const auto& n : {std::array{4L, 6L}, {3L, 5L}, {5L, 1L}}) check_plan<bw::Hipfft, TestType, 2, HIP>(random, n);
  for (const auto& n : {std::array{4L, 6L, 8L}, {3L, 5L, 7L}}) check_plan<bw::Hipfft, TestType, 3, HIP>(random, n);
  CHECK(mock_hipfft_plans() == 0);
  using Plan = bw::Hipfft::Plan<HIP, TestType, 1>;
  CHECK_THROWS_AS(Plan(HIP(), {7777}, 1), std::bad_alloc);
  CHECK_THROWS_AS(Plan(HIP(), {8888}, 1), std::runtime_error);
  CHECK(mock_hipfft_plans() == 0);
}
#endif

TEST_CASE("extents that FFTs are fast for", "[fft]") {
  CHECK(bw::fft_extent(0) == 2);
  CHECK(bw::fft_extent(2) == 2);
  CHECK(bw::fft_extent(2.01) == 4);
  CHECK(bw::fft_extent(1.25 * 80) == 100);
  CHECK(bw::fft_extent(121) == 126);
  CHECK(bw::fft_extent(257) == 270);
}
