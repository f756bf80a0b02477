// SPDX-License-Identifier: MIT
#include "support/axes.hpp"
#include "support/refusals.hpp"
#include "support/slice_derivatives.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include <cmath>

namespace bw = bracewell;
using namespace support;

namespace {

template <class V>
using Numbers = bw::Spectrum<Dense<V, 4>>;
using C = Kokkos::complex<float>;
using Rotations = Dense<double, 4>;
using Shifts = Dense<double, 3>;

template <class V>
Numbers<V> numbers(long batch, long depth, long height, long width) {
  return {Dense<V, 4>("numbers", batch, depth, height, width / 2 + 1), width};
}

/// Arguments that fit, of two references with three poses each, and tangents or cotangents of all of them.
struct Fitting {
  Numbers<C> slices = numbers<C>(2, 3, 6, 8), slices_other = numbers<C>(2, 3, 6, 8);
  Numbers<float> weights = numbers<float>(2, 3, 6, 8), weights_other = numbers<float>(2, 3, 6, 8);
  Rotations rotations{"rotations", 2, 3, 2, 3}, rotations_other{"rotations_other", 2, 3, 2, 3};
  Shifts shifts{"shifts", 2, 3, 2}, shifts_other{"shifts_other", 2, 3, 2};
  Numbers<C> data = numbers<C>(2, 8, 6, 9);
  Numbers<float> density = numbers<float>(2, 8, 6, 9);
  bw::SliceOptions options = {};
};

Arguments inputs(const SliceProblem& s) { return {flat(s.slices), s.weights, s.rotations, s.shifts}; }

}  // namespace

TEMPLATE_TEST_CASE("derivatives of backproject", "[backproject][derivatives]", (Axes<double, 1, 1>), (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<float, 2, 2>), (Axes<float, 3, 2>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(6200 + 10 * N + M);
  INFO("seed " << random.seed);
  for_smooth_problems(random, N, M, 12, [&](const SliceProblem& s, const bw::SliceOptions& options, const auto& kernel) {
    check_derivatives(differentiable_backproject<T, N, M, false>(s, options, kernel), inputs(s), random, limits<T>());
  });
}

TEST_CASE("every subset of derivatives of backproject", "[backproject][derivatives]") {
  Random random(6300);
  INFO("seed " << random.seed);
  for (int i = 0; i < 5; ++i) {
    const SliceProblem s = smooth_problem(random, 2, 1);
    INFO(text(s));
    check_derivatives(differentiable_backproject<double, 2, 1, true>(s, options(s, {}), bw::Linear{}), inputs(s), random);
  }
}

TEST_CASE("derivatives of backproject refuse what does not fit", "[backproject][derivatives]") {
  const Exec exec;
  const auto jvp = refuses<Fitting>(
      "backproject_jvp",
      [&](const Fitting& f) {
        bw::backproject_jvp(exec, f.slices, f.slices_other, f.weights, f.weights_other, bw::Poses{f.rotations, f.shifts},
                            bw::Poses{f.rotations_other, f.shifts_other}, f.data, f.density, f.options);
      },
      [](const Fitting& f, const auto& each) {
        each(f.data.view);
        each(f.density.view);
      });
  const auto vjp = refuses<Fitting>(
      "backproject_vjp",
      [&](const Fitting& f) {
        bw::backproject_vjp(exec, f.slices, f.weights, bw::Poses{f.rotations, f.shifts}, f.data, f.density, f.slices_other,
                            f.weights_other, bw::Poses{f.rotations_other, f.shifts_other}, f.options);
      },
      [](const Fitting& f, const auto& each) {
        each(f.slices_other.view);
        each(f.weights_other.view);
        each(f.rotations_other);
        each(f.shifts_other);
      });
  const auto refused = both_refuse<Fitting>(jvp, vjp);
  const auto named = [&](void (*spoil)(Fitting&), const std::string& jvp_name, const std::string& vjp_name,
                         const std::string& words) {
    refused(spoil, "'" + jvp_name + "' is of shape " + words, "'" + vjp_name + "' is of shape " + words);
  };
  refused.fit();
  refused([](Fitting& f) { f.slices = numbers<C>(2, 4, 6, 8); },
          "'slices' is of shape [2, 4, 6, 5], expected extent 3 on axis 1, as 'rotations' has");
  refused([](Fitting& f) { f.slices.width = -8; },
          "'slices' is 5 stored columns wide for a real width of -8, expected width");
  named([](Fitting& f) { f.slices_other = numbers<C>(2, 3, 7, 8); }, "slices_dot", "slices_bar",
        "[2, 3, 7, 5], expected shape [2, 3, 6, 5], as 'slices' has");
  refused([](Fitting& f) { f.weights = numbers<float>(2, 3, 6, 6); },
          "'weights' is of shape [2, 3, 6, 4], expected shape [2, 3, 6, 5], as 'slices' has");
  refused([](Fitting& f) { f.weights.width = 9; }, "'weights' is of real width 9, expected 8, as 'slices' has");
  named([](Fitting& f) { f.weights_other = numbers<float>(1, 3, 6, 8); }, "weights_dot", "weights_bar",
        "[1, 3, 6, 5], expected shape [2, 3, 6, 5], as 'slices' has");
  refused([](Fitting& f) { f.rotations = Rotations("r", 3, 3, 2, 3); },
          "'rotations' is of shape [3, 3, 2, 3], expected extent 2 on axis 0, or 1, as 'slices' has",
          "'rotations' is of shape [3, 3, 2, 3], expected extent 2 on axis 0, or 1, as 'slices' has");
  named([](Fitting& f) { f.rotations_other = Rotations("r", 2, 3, 3, 3); }, "rotations_dot", "rotations_bar",
        "[2, 3, 3, 3], expected shape [2, 3, 2, 3], as 'rotations' has");
  refused([](Fitting& f) { f.shifts = Shifts("t", 2, 3, 1); },
          "'shifts' is of shape [2, 3, 1], expected extent 2 on axis 2, the axes of a slice");
  named([](Fitting& f) { f.shifts_other = Shifts("t", 1, 3, 2); }, "shifts_dot", "shifts_bar",
        "[1, 3, 2], expected shape [2, 3, 2], as 'shifts' has");
  refused([](Fitting& f) { f.data.width = 7; }, "'data_dot' is 5 stored columns wide for a real width of 7, expected width",
          "'data_bar' is 5 stored columns wide for a real width of 7, expected width");
  named([](Fitting& f) { f.density = numbers<float>(2, 8, 5, 9); }, "density_dot", "density_bar",
        "[2, 8, 5, 5], expected shape [2, 8, 6, 5], as 'data_");
  refused([](Fitting& f) { f.options.oversampling = INFINITY; }, "'options.oversampling' is inf");
  refused([](Fitting& f) { f.options.cutoff = -0.5; }, "'options.cutoff' is -0.5");
  refused([](Fitting& f) { f.options.interpolation = bw::Interpolation(9); }, "'options.interpolation' is 9");
  // An output in the memory of an input.
  vjp.check_shares([](Fitting& f) { f.slices_other = f.slices; },
                   "'slices_bar' is in the memory of 'slices', expected memory of its own");
  vjp.check_shares([](Fitting& f) { f.weights_other = f.weights; }, "'weights_bar' is in the memory of 'weights'");
  vjp.check_shares([](Fitting& f) { f.rotations_other = f.rotations; }, "'rotations_bar' is in the memory of 'rotations'");
  vjp.check_shares([](Fitting& f) { f.shifts_other = f.shifts; }, "'shifts_bar' is in the memory of 'shifts'");
  jvp.check_shares(
      [](Fitting& f) {
        f.slices_other = {Dense<C, 4>(f.data.view.data(), 2, 3, 6, 5), 8};
      },
      "'data_dot' is in the memory of 'slices_dot'");
  jvp.check_shares(
      [](Fitting& f) {
        f.weights = {Dense<float, 4>(f.density.view.data(), 2, 3, 6, 5), 8};
      },
      "'density_dot' is in the memory of 'weights'");
}
