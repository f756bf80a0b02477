// SPDX-License-Identifier: MIT
// Slicing operations for the derivative harness.
#pragma once

#include "differentiable.hpp"
#include "operations.hpp"
#include "slicing.hpp"

namespace support {

/// Values of a problem in one precision, as Views.
template <class T, int N, int M>
struct SliceArrays {
  using C = Kokkos::complex<T>;
  const SliceProblem& s;

  auto volumes(const std::vector<double>& v) const { return upload<C, N + 1>(s.volume_shape(), pairs(v)); }
  auto densities(const std::vector<double>& v) const { return upload<T, N + 1>(s.volume_shape(), v); }
  auto slices(const std::vector<double>& v) const { return upload<C, M + 2>(s.slice_shape(), pairs(v)); }
  auto weights(const std::vector<double>& v) const { return upload<T, M + 2>(s.slice_shape(), v); }
  auto rotations(const std::vector<double>& v) const { return upload<double, 4>(s.rotation_shape(), v); }
  auto shifts(const std::vector<double>& v) const { return upload<double, 3>(s.shift_shape(), v); }

  auto of_reference(const auto& view) const { return wide(view, s.geometry.extents.back()); }
  auto of_slice(const auto& view) const { return wide(view, s.geometry.slice.back()); }

 private:
  static auto wide(const auto& view, int width) {
    if constexpr (std::is_same_v<std::decay_t<decltype(view)>, bracewell::None>) {
      return bracewell::none;
    } else {
      return bracewell::Spectrum{view, width};
    }
  }
};

/// For all arguments together.
template <class T>
DerivativeTolerance limits() {
  // Sums of some thousand terms of both signs; finite differences only where their rounding, eps / step, allows.
  if (sizeof(T) == 8) return {.subsets = false};
  return {.dot = 1e-5, .same = 1e-5, .difference = 0, .subsets = false};
}

/// check(problem, options, kernel) for smooth problems, in turns with each kernel of the library, by options, and one of a user's.
template <class Check>
void for_smooth_problems(Random& random, int axes, int slice_axes, int rounds, const Check& check) {
  for (int i = 0; i < rounds; ++i) {
    const SliceProblem s = smooth_problem(random, axes, slice_axes);
    INFO(text(s) << " interpolation " << i % 6);
    if (i % 6 == 5) {
      check(s, options(s, {}), QuadraticSpline{});
    } else {
      check(s, options(s, interpolations[i % 6]), bracewell::none);
    }
  }
}

/// project, of references, rotations and shifts.
template <class T, int N, int M, bool Subsets, class Kernel>
Differentiable differentiable_project(const SliceProblem& s, bracewell::SliceOptions options, const Kernel& kernel) {
  namespace bw = bracewell;
  const SliceArrays<T, N, M> a{s};
  const auto poses = [a](const Arguments& in) { return bw::Poses{a.rotations(in[1]), a.shifts(in[2])}; };
  const auto output = [a, &s](const Arguments* start) { return a.slices(before(start, 0, 2 * s.slices.size())); };
  Differentiable op;
  op.inputs = {"reference", "rotations", "shifts"};
  op.value = [=](const Arguments& in) -> Arguments {
    const auto out = output(nullptr);
    bw::project(Exec(), a.of_reference(a.volumes(in[0])), poses(in), a.of_slice(out), options, kernel);
    return {flat_download(out)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    const auto out = output(start);
    with_subset<Subsets>(
        given,
        [&](const auto& volumes, const auto& rotations, const auto& shifts) {
          bw::project_jvp(Exec(), a.of_reference(a.volumes(in[0])), a.of_reference(volumes), poses(in),
                          bw::Poses{rotations, shifts}, a.of_slice(out), accumulating(options, start), kernel);
        },
        a.volumes(dot[0]), a.rotations(dot[1]), a.shifts(dot[2]));
    return {flat_download(out)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) {
    return written<Subsets>(
        wanted,
        [&](const auto& volumes, const auto& rotations, const auto& shifts) {
          bw::project_vjp(Exec(), a.of_reference(a.volumes(in[0])), poses(in), a.of_slice(a.slices(bar[0])),
                          a.of_reference(volumes), bw::Poses{rotations, shifts}, accumulating(options, start), kernel);
        },
        a.volumes(before(start, 0, in[0].size())), a.rotations(before(start, 1, in[1].size())),
        a.shifts(before(start, 2, in[2].size())));
  };
  op.admit = [&s](int i, std::vector<double>& dot) {
    if (i == 0) dot = hermitian(s, dot);
  };
  return op;
}

/// backproject, of slices, weights, rotations and shifts, to data and density.
template <class T, int N, int M, bool Subsets, class Kernel>
Differentiable differentiable_backproject(const SliceProblem& s, bracewell::SliceOptions options, const Kernel& kernel) {
  namespace bw = bracewell;
  const SliceArrays<T, N, M> a{s};
  const auto poses = [a](const Arguments& in) { return bw::Poses{a.rotations(in[2]), a.shifts(in[3])}; };
  const auto output = [a, &s](const Arguments* start) { return a.volumes(before(start, 0, 2 * s.volumes.size())); };
  const auto output_density = [a, &s](const Arguments* start) { return a.densities(before(start, 1, s.volumes.size())); };
  Differentiable op;
  op.inputs = {"slices", "weights", "rotations", "shifts"};
  op.value = [=](const Arguments& in) -> Arguments {
    const auto data = output(nullptr);
    const auto density = output_density(nullptr);
    bw::backproject(Exec(), a.of_slice(a.slices(in[0])), a.of_slice(a.weights(in[1])), poses(in), a.of_reference(data),
                    a.of_reference(density), options, kernel);
    return {flat_download(data), flat_download(density)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    const auto data = output(start);
    const auto density = output_density(start);
    with_subset<Subsets>(
        given,
        [&](const auto& slices, const auto& weights, const auto& rotations, const auto& shifts) {
          bw::backproject_jvp(Exec(), a.of_slice(a.slices(in[0])), a.of_slice(slices), a.of_slice(a.weights(in[1])),
                              a.of_slice(weights), poses(in), bw::Poses{rotations, shifts}, a.of_reference(data),
                              a.of_reference(density), accumulating(options, start), kernel);
        },
        a.slices(dot[0]), a.weights(dot[1]), a.rotations(dot[2]), a.shifts(dot[3]));
    return {flat_download(data), flat_download(density)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) {
    return written<Subsets>(
        wanted,
        [&](const auto& slices, const auto& weights, const auto& rotations, const auto& shifts) {
          bw::backproject_vjp(Exec(), a.of_slice(a.slices(in[0])), a.of_slice(a.weights(in[1])), poses(in),
                              a.of_reference(a.volumes(bar[0])), a.of_reference(a.densities(bar[1])), a.of_slice(slices),
                              a.of_slice(weights), bw::Poses{rotations, shifts}, accumulating(options, start), kernel);
        },
        a.slices(before(start, 0, in[0].size())), a.weights(before(start, 1, in[1].size())),
        a.rotations(before(start, 2, in[2].size())), a.shifts(before(start, 3, in[3].size())));
  };
  return op;
}

}  // namespace support
