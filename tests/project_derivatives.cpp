// SPDX-License-Identifier: MIT
#include "support/axes.hpp"
#include "support/refusals.hpp"
#include "support/slice_derivatives.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include <cmath>

namespace bw = bracewell;
using namespace support;

namespace {

using C = Kokkos::complex<float>;
using Volumes = bw::Spectrum<Dense<C, 4>>;
using Rotations = Dense<double, 4>;
using Shifts = Dense<double, 3>;

Volumes volumes(long batch, long depth, long height, long width) {
  return {Dense<C, 4>("volumes", batch, depth, height, width / 2 + 1), width};
}

/// Arguments that fit, of two references with three poses each, and tangents or cotangents of all of them.
struct Fitting {
  Volumes reference = volumes(2, 8, 6, 9), reference_other = volumes(2, 8, 6, 9);
  Rotations rotations{"rotations", 2, 3, 2, 3}, rotations_other{"rotations_other", 2, 3, 2, 3};
  Shifts shifts{"shifts", 2, 3, 2}, shifts_other{"shifts_other", 2, 3, 2};
  Volumes slices = volumes(2, 3, 6, 8);
  bw::SliceOptions options = {};
};

Arguments inputs(const SliceProblem& s) { return {flat(s.volumes), s.rotations, s.shifts}; }

}  // namespace

TEMPLATE_TEST_CASE("derivatives of project", "[project][derivatives]", (Axes<double, 1, 1>), (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<float, 2, 2>), (Axes<float, 3, 2>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(6000 + 10 * N + M);
  INFO("seed " << random.seed);
  for_smooth_problems(random, N, M, 12, [&](const SliceProblem& s, const bw::SliceOptions& options, const auto& kernel) {
    check_derivatives(differentiable_project<T, N, M, false>(s, options, kernel), inputs(s), random, limits<T>());
  });
}

TEST_CASE("every subset of derivatives of project", "[project][derivatives]") {
  Random random(6100);
  INFO("seed " << random.seed);
  for (int i = 0; i < 5; ++i) {
    const SliceProblem s = smooth_problem(random, 2, 1);
    INFO(text(s));
    check_derivatives(differentiable_project<double, 2, 1, true>(s, options(s, {}), bw::Linear{}), inputs(s), random);
  }
}

TEST_CASE("derivatives of project refuse what does not fit", "[project][derivatives][nonfinite]") {
  const Exec exec;
  const auto jvp = refuses<Fitting>(
      "project_jvp",
      [&](const Fitting& f) {
        bw::project_jvp(exec, f.reference, f.reference_other, bw::Poses{f.rotations, f.shifts},
                        bw::Poses{f.rotations_other, f.shifts_other}, f.slices, f.options);
      },
      [](const Fitting& f, const auto& each) { each(f.slices.view); });
  const auto vjp = refuses<Fitting>(
      "project_vjp",
      [&](const Fitting& f) {
        bw::project_vjp(exec, f.reference, bw::Poses{f.rotations, f.shifts}, f.slices, f.reference_other,
                        bw::Poses{f.rotations_other, f.shifts_other}, f.options);
      },
      [](const Fitting& f, const auto& each) {
        each(f.reference_other.view);
        each(f.rotations_other);
        each(f.shifts_other);
      });
  const auto refused = both_refuse<Fitting>(jvp, vjp);
  refused.fit();
  refused([](Fitting& f) { f.reference.width = 7; },
          "'reference' is 5 stored columns wide for a real width of 7, expected width");
  refused([](Fitting& f) { f.reference = volumes(2, 8, 0, 9); },
          "'reference' is of shape [2, 8, 0, 5], expected extents from 1 to 2^30 on its last 3 axes");
  refused([](Fitting& f) { f.reference_other = volumes(2, 8, 5, 9); },
          "'reference_dot' is of shape [2, 8, 5, 5], expected shape [2, 8, 6, 5], as 'reference' has",
          "'reference_bar' is of shape [2, 8, 5, 5], expected shape [2, 8, 6, 5], as 'reference' has");
  refused([](Fitting& f) { f.reference_other.width = 8; },
          "'reference_dot' is of real width 8, expected 9, as 'reference' has",
          "'reference_bar' is of real width 8, expected 9, as 'reference' has");
  refused([](Fitting& f) { f.rotations = Rotations("r", 2, 3, 2, 2); },
          "'rotations' is of shape [2, 3, 2, 2], expected extent 3 on axis 3, the axes of a reference");
  refused([](Fitting& f) { f.rotations = Rotations("r", 3, 3, 2, 3); },
          "'rotations' is of shape [3, 3, 2, 3], expected extent 2 on axis 0, or 1, as 'reference' has");
  refused([](Fitting& f) { f.rotations_other = Rotations("r", 1, 3, 2, 3); },
          "'rotations_dot' is of shape [1, 3, 2, 3], expected shape [2, 3, 2, 3], as 'rotations' has",
          "'rotations_bar' is of shape [1, 3, 2, 3], expected shape [2, 3, 2, 3], as 'rotations' has");
  refused([](Fitting& f) { f.shifts = Shifts("t", 2, 4, 2); },
          "'shifts' is of shape [2, 4, 2], expected extent 3 on axis 1, as 'rotations' has");
  refused([](Fitting& f) { f.shifts_other = Shifts("t", 2, 3, 3); },
          "'shifts_dot' is of shape [2, 3, 3], expected shape [2, 3, 2], as 'shifts' has",
          "'shifts_bar' is of shape [2, 3, 3], expected shape [2, 3, 2], as 'shifts' has");
  refused([](Fitting& f) { f.slices = volumes(2, 2, 6, 8); },
          "'slices_dot' is of shape [2, 2, 6, 5], expected extent 3 on axis 1, as 'rotations' has",
          "'slices_bar' is of shape [2, 2, 6, 5], expected extent 3 on axis 1, as 'rotations' has");
  refused([](Fitting& f) { f.slices = volumes(1, 3, 6, 8); },
          "'slices_dot' is of shape [1, 3, 6, 5], expected extent 2 on axis 0, as 'reference' has",
          "'slices_bar' is of shape [1, 3, 6, 5], expected extent 2 on axis 0, as 'reference' has");
  refused([](Fitting& f) { f.options.oversampling = -1; }, "'options.oversampling' is -1.0");
  refused([](Fitting& f) { f.options.cutoff = NAN; }, "'options.cutoff' is nan");
  refused([](Fitting& f) { f.options.interpolation = bw::Interpolation(9); }, "'options.interpolation' is 9");
  // An output in the memory of an input.
  vjp.check_shares([](Fitting& f) { f.reference_other = f.reference; },
                   "'reference_bar' is in the memory of 'reference', expected memory of its own");
  vjp.check_shares([](Fitting& f) { f.rotations_other = f.rotations; }, "'rotations_bar' is in the memory of 'rotations'");
  vjp.check_shares([](Fitting& f) { f.shifts_other = f.shifts; }, "'shifts_bar' is in the memory of 'shifts'");
  jvp.check_shares(
      [](Fitting& f) {
        f.slices = {Dense<C, 4>(f.reference.view.data(), 2, 3, 6, 5), 8};
      },
      "'slices_dot' is in the memory of 'reference'");
  jvp.check_shares(
      [](Fitting& f) {
        f.slices = {Dense<C, 4>(f.reference_other.view.data(), 2, 3, 6, 5), 8};
      },
      "'slices_dot' is in the memory of 'reference_dot'");
}
