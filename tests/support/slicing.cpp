// SPDX-License-Identifier: MIT
#include "slicing.hpp"

#include "differentiable.hpp"

namespace support {

SliceProblem random_problem(Random& random, int axes, int slice_axes, int index) {
  SliceProblem s;
  s.references = random.integer(1, 2);
  s.poses = random.integer(1, 3);
  s.pose_batch = random.integer(0, 1) ? s.references : 1;
  const auto extents = [&](int count, int low, int high) {
    Extents n(count);
    for (int& x : n) x = random.integer(low, high);
    return n;
  };
  const bool tiny = index % 5 == 4, exact = index % 3 == 2;
  s.geometry.extents = tiny ? extents(axes, 1, 4) : extents(axes, 4, 10);
  s.geometry.slice = extents(slice_axes, tiny ? 1 : 3, 9);
  s.geometry.oversampling = exact ? 1 : std::array{1.0, 1.25, 2.0}[random.integer(0, 2)];
  s.geometry.cutoff = std::array{0.2, 0.5, 0.8, std::numeric_limits<double>::infinity()}[random.integer(0, 3)];
  const int count = s.pose_batch * s.poses;
  for (int i = 0; i < count; ++i) {
    std::vector<double> r(slice_axes * axes, 0.0);
    if (exact) {  // a signed permutation, times 1 or 2
      const int offset = random.integer(0, axes - 1), factor = random.integer(1, 2);
      for (int e = 0; e < slice_axes; ++e) r[e * axes + (e + offset) % axes] = factor * (random.integer(0, 1) ? 1 : -1);
      if (random.integer(0, 1)) s.geometry.extents.assign(axes, s.geometry.extents[0]);
    } else {
      r = random.integer(0, 1) ? random.rotation(slice_axes, axes) : random.normals(slice_axes * axes);
    }
    s.rotations.insert(s.rotations.end(), r.begin(), r.end());
  }
  s.shifts = random.normals(std::size_t(count) * slice_axes);
  for (int b = 0; b < s.references; ++b) {
    const auto v = random.spectrum(s.geometry.extents);
    s.volumes.insert(s.volumes.end(), v.begin(), v.end());
  }
  s.slices = random.complex(s.references * s.poses * s.slice_size());
  s.weights = random.uniforms(s.slices.size(), 0, 2);
  return s;
}

SliceProblem smooth_problem(Random& random, int axes, int slice_axes) {
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

std::vector<double> hermitian(const SliceProblem& s, const std::vector<double>& volumes) {
  const auto all = pairs(volumes);
  const auto size = long(s.volume_size());
  std::vector<double> result;
  for (auto first = all.begin(); first != all.end(); first += size) {
    const auto one = flat(reference::symmetrise(std::vector<Complex>(first, first + size), s.geometry.extents));
    result.insert(result.end(), one.begin(), one.end());
  }
  return result;
}

std::string text(const SliceProblem& s) {
  std::string t = "B " + std::to_string(s.references) + " P " + std::to_string(s.poses) + " extents";
  for (const int n : s.geometry.extents) t += " " + std::to_string(n);
  t += " slice";
  for (const int n : s.geometry.slice) t += " " + std::to_string(n);
  return t + " oversampling " + std::to_string(s.geometry.oversampling) + " cutoff " + std::to_string(s.geometry.cutoff);
}

bracewell::SliceOptions options(const SliceProblem& s, bracewell::Interpolation interpolation, bool accumulate) {
  return {.interpolation = interpolation,
          .oversampling = s.geometry.oversampling,
          .cutoff = s.geometry.cutoff,
          .accumulate = accumulate};
}

}  // namespace support
