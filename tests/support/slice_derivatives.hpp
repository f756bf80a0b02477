// SPDX-License-Identifier: MIT
// Slicing operations for the derivative harness.
#pragma once

#include "derivatives.hpp"
#include "slicing.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

namespace support {

inline std::vector<double> flat(const std::vector<double>& v) { return v; }
inline std::vector<double> flat(const std::vector<Complex>& v) {
  std::vector<double> pairs;
  for (const auto& z : v) {
    pairs.push_back(z.real());
    pairs.push_back(z.imag());
  }
  return pairs;
}
inline std::vector<Complex> pairs(const std::vector<double>& v) {
  std::vector<Complex> z;
  for (std::size_t i = 0; i + 1 < v.size(); i += 2) z.emplace_back(v[i], v[i + 1]);
  return z;
}

/// run(X...) with each of `views` or, where its bit of the mask is not set, none.
template <bool Subsets, class Run, class... Views>
void with_subset(unsigned mask, const Run& run, const Views&... views) {
  const auto choose = [&](auto&& self, int i, const auto& chosen, const auto& first, const auto&... rest) -> void {
    const auto next = [&](const auto& x) {
      const auto longer = std::tuple_cat(chosen, std::make_tuple(x));
      if constexpr (sizeof...(rest) == 0) {
        std::apply(run, longer);
      } else {
        self(self, i + 1, longer, rest...);
      }
    };
    if constexpr (Subsets) {
      if (!(mask >> i & 1)) return next(bracewell::none);
    }
    next(first);
  };
  choose(choose, 0, std::tuple<>(), views...);
}

/// A problem whose κ, but for 0, keep away from integers and half-integers, where kernels have kinks or steps and bands end.
inline SliceProblem smooth_problem(Random& random, int axes, int slice_axes) {
  while (true) {
    SliceProblem s = random_problem(random, axes, slice_axes, 0);
    if (s.geometry.cutoff < 0.4) s.geometry.cutoff = 0.5;
    bool smooth = true;
    for (int p = 0; p < s.pose_batch * s.poses; ++p) {
      const reference::Geometry g = s.at(p / s.poses, p % s.poses, false);
      for (const auto& k : reference::frequencies(g.slice))
        for (const double kappa : reference::kappa(g, k))
          if (kappa != 0 && std::abs(2 * kappa - std::round(2 * kappa)) < 4e-4) smooth = false;
    }
    if (smooth) return s;
  }
}

/// Values of a problem in one precision, as Views; what an output holds before a call.
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

  static std::vector<double> before(const Arguments* start, int i, std::size_t size) {
    return start ? (*start)[i] : std::vector<double>(size, std::numeric_limits<double>::quiet_NaN());
  }
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

inline std::vector<double> flat_download(const auto& view) {
  if constexpr (std::is_same_v<std::decay_t<decltype(view)>, bracewell::None>) {
    return {};
  } else {
    return flat(download(view));
  }
}

/// project, of references, rotations and shifts.
template <class T, int N, int M, bool Subsets, class Kernel>
Differentiable differentiable_project(const SliceProblem& s, bracewell::SliceOptions options, const Kernel& kernel) {
  namespace bw = bracewell;
  using Arrays = SliceArrays<T, N, M>;
  const Arrays a{s};
  const auto poses = [a](const Arguments& in) { return bw::Poses{a.rotations(in[1]), a.shifts(in[2])}; };
  Differentiable op;
  op.inputs = {"reference", "rotations", "shifts"};
  op.value = [=](const Arguments& in) -> Arguments {
    const auto out = a.slices(Arrays::before(nullptr, 0, 2 * s.slices.size()));
    bw::project(Exec(), a.of_reference(a.volumes(in[0])), poses(in), a.of_slice(out), options, kernel);
    return {flat_download(out)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    auto o = options;
    o.accumulate = start;
    const auto out = a.slices(Arrays::before(start, 0, 2 * s.slices.size()));
    with_subset<Subsets>(
        given,
        [&](const auto& volumes, const auto& rotations, const auto& shifts) {
          bw::project_jvp(Exec(), a.of_reference(a.volumes(in[0])), a.of_reference(volumes), poses(in),
                          bw::Poses{rotations, shifts}, a.of_slice(out), o, kernel);
        },
        a.volumes(dot[0]), a.rotations(dot[1]), a.shifts(dot[2]));
    return {flat_download(out)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) -> Arguments {
    auto o = options;
    o.accumulate = start;
    Arguments result;
    with_subset<Subsets>(
        wanted,
        [&](const auto& volumes, const auto& rotations, const auto& shifts) {
          bw::project_vjp(Exec(), a.of_reference(a.volumes(in[0])), poses(in), a.of_slice(a.slices(bar[0])),
                          a.of_reference(volumes), bw::Poses{rotations, shifts}, o, kernel);
          result = {flat_download(volumes), flat_download(rotations), flat_download(shifts)};
        },
        a.volumes(Arrays::before(start, 0, in[0].size())), a.rotations(Arrays::before(start, 1, in[1].size())),
        a.shifts(Arrays::before(start, 2, in[2].size())));
    return result;
  };
  op.admit = [&s](int i, std::vector<double>& dot) {
    if (i != 0) return;
    std::vector<double> hermitian;
    const auto all = pairs(dot);
    for (int b = 0; b < s.references; ++b) {
      const auto size = s.volume_size();
      const auto v = flat(reference::symmetrise(std::vector<Complex>(all.begin() + b * size, all.begin() + (b + 1) * size),
                                                s.geometry.extents));
      hermitian.insert(hermitian.end(), v.begin(), v.end());
    }
    dot = hermitian;
  };
  return op;
}

/// backproject, of slices, weights, rotations and shifts, to data and density.
template <class T, int N, int M, bool Subsets, class Kernel>
Differentiable differentiable_backproject(const SliceProblem& s, bracewell::SliceOptions options, const Kernel& kernel) {
  namespace bw = bracewell;
  using Arrays = SliceArrays<T, N, M>;
  const Arrays a{s};
  const auto poses = [a](const Arguments& in) { return bw::Poses{a.rotations(in[2]), a.shifts(in[3])}; };
  Differentiable op;
  op.inputs = {"slices", "weights", "rotations", "shifts"};
  op.value = [=](const Arguments& in) -> Arguments {
    const auto data = a.volumes(Arrays::before(nullptr, 0, 2 * s.volumes.size()));
    const auto density = a.densities(Arrays::before(nullptr, 1, s.volumes.size()));
    bw::backproject(Exec(), a.of_slice(a.slices(in[0])), a.of_slice(a.weights(in[1])), poses(in), a.of_reference(data),
                    a.of_reference(density), options, kernel);
    return {flat_download(data), flat_download(density)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    auto o = options;
    o.accumulate = start;
    const auto data = a.volumes(Arrays::before(start, 0, 2 * s.volumes.size()));
    const auto density = a.densities(Arrays::before(start, 1, s.volumes.size()));
    with_subset<Subsets>(
        given,
        [&](const auto& slices, const auto& weights, const auto& rotations, const auto& shifts) {
          bw::backproject_jvp(Exec(), a.of_slice(a.slices(in[0])), a.of_slice(slices), a.of_slice(a.weights(in[1])),
                              a.of_slice(weights), poses(in), bw::Poses{rotations, shifts}, a.of_reference(data),
                              a.of_reference(density), o, kernel);
        },
        a.slices(dot[0]), a.weights(dot[1]), a.rotations(dot[2]), a.shifts(dot[3]));
    return {flat_download(data), flat_download(density)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) -> Arguments {
    auto o = options;
    o.accumulate = start;
    Arguments result;
    with_subset<Subsets>(
        wanted,
        [&](const auto& slices, const auto& weights, const auto& rotations, const auto& shifts) {
          bw::backproject_vjp(Exec(), a.of_slice(a.slices(in[0])), a.of_slice(a.weights(in[1])), poses(in),
                              a.of_reference(a.volumes(bar[0])), a.of_reference(a.densities(bar[1])), a.of_slice(slices),
                              a.of_slice(weights), bw::Poses{rotations, shifts}, o, kernel);
          result = {flat_download(slices), flat_download(weights), flat_download(rotations), flat_download(shifts)};
        },
        a.slices(Arrays::before(start, 0, in[0].size())), a.weights(Arrays::before(start, 1, in[1].size())),
        a.rotations(Arrays::before(start, 2, in[2].size())), a.shifts(Arrays::before(start, 3, in[3].size())));
    return result;
  };
  return op;
}

}  // namespace support
