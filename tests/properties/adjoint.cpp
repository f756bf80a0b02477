// SPDX-License-Identifier: MIT
// With FFTs around them, backproject is the transpose of project on real images.
#include "support/operations.hpp"
#include "support/slicing.hpp"

#include <common/fft.hpp>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

template <int N_, int M_>
struct Axes {
  static constexpr int N = N_, M = M_;
};

std::vector<long> real(const Extents& n, long batch) {
  std::vector<long> shape{batch};
  shape.insert(shape.end(), n.begin(), n.end());
  return shape;
}

}  // namespace

TEMPLATE_TEST_CASE("<u, P v> prod m = <B u, v> prod n for real u and v", "[adjoint]", (Axes<2, 1>), (Axes<2, 2>),
                   (Axes<3, 1>), (Axes<3, 2>), (Axes<3, 3>)) {
  using Host = Kokkos::DefaultHostExecutionSpace;
  using C = Kokkos::complex<double>;
  constexpr int N = TestType::N, M = TestType::M;
  const Host exec;
  Random random(6000 + 10 * N + M);
  INFO("seed " << random.seed);
  for (int i = 0; i < 40; ++i) {
    SliceProblem s = random_problem(random, N, M, i);
    s.references = s.pose_batch = 1;
    INFO(text(s));
    const int width = s.geometry.extents.back(), slice_width = s.geometry.slice.back();
    const auto options = support::options(s, interpolations[i % interpolations.size()]);
    Dense<double, 4, Kokkos::HostSpace> rotations("R", layout({1, s.poses, M, N}));
    Dense<double, 3, Kokkos::HostSpace> shifts("t", layout({1, s.poses, M}));
    for (std::size_t j = 0; j < rotations.size(); ++j) rotations.data()[j] = s.rotations[j];
    for (std::size_t j = 0; j < shifts.size(); ++j) shifts.data()[j] = s.shifts[j];
    const bw::Poses poses{rotations, shifts};
    Dense<double, N + 1, Kokkos::HostSpace> v("v", layout(real(s.geometry.extents, 1))), bu("B u", v.layout());
    Dense<double, M + 1, Kokkos::HostSpace> u("u", layout(real(s.geometry.slice, s.poses))), pv("P v", u.layout());
    for (std::size_t j = 0; j < v.size(); ++j) v.data()[j] = random.normal();
    for (std::size_t j = 0; j < u.size(); ++j) u.data()[j] = random.normal();
    Dense<C, N + 1, Kokkos::HostSpace> volume("F v", layout(SliceProblem::stored(s.geometry.extents, {1})));
    Dense<C, M + 2, Kokkos::HostSpace> slices("F u", layout(SliceProblem::stored(s.geometry.slice, {1, s.poses})));

    examples::rfft<N>(exec, v, volume);
    bw::project(exec, bw::Spectrum{volume, width}, poses, bw::Spectrum{slices, slice_width}, options);
    examples::irfft<M>(exec, slices, pv);
    examples::rfft<M>(exec, u, slices);
    bw::backproject(exec, bw::Spectrum{slices, slice_width}, bw::none, poses, bw::Spectrum{volume, width}, bw::none,
                    options);
    examples::irfft<N>(exec, volume, bu);

    double left = 0, right = 0, u2 = 0, pv2 = 0;
    for (std::size_t j = 0; j < u.size(); ++j) {
      left += u.data()[j] * pv.data()[j];
      u2 += u.data()[j] * u.data()[j];
      pv2 += pv.data()[j] * pv.data()[j];
    }
    for (std::size_t j = 0; j < v.size(); ++j) right += bu.data()[j] * v.data()[j];
    const double m = double(u.size()) / s.poses, n = double(v.size());
    // Relative to what a sum of terms of random signs comes to, so that a sum that nearly vanishes does not fail.
    CHECK(std::abs(left * m - right * n) <=
          1e-12 * std::sqrt(u2 * pv2 / double(u.size())) * m * std::sqrt(double(u.size())) + 1e-300);
  }
}
