// SPDX-License-Identifier: MIT
#include "raster.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace support {

namespace {

/// visit(voxel, its indices x first) for the voxels within reach of a point.
template <class Visit>
void voxels_near(const std::vector<double>& x, int reach, const Extents& extents, const Visit& visit) {
  std::vector<int> v(x.size());
  const auto walk = [&](auto&& self, std::size_t e, std::size_t stride, std::size_t voxel) -> void {
    if (e == x.size()) return visit(voxel, v);
    const int n = reference::extent(extents, e), low = int(std::clamp(std::ceil(x[e]) - reach, 0.0, double(n))),
              high = int(std::clamp(std::floor(x[e]) + reach, -1.0, n - 1.0));
    for (v[e] = low; v[e] <= high; ++v[e]) self(self, e + 1, stride * n, voxel + v[e] * stride);
  };
  walk(walk, 0, 1, 0);
}

}  // namespace

double blob(double t, double s, int reach) {
  if (s == 0) return std::max(0.0, 1 - std::abs(t));
  const double end = std::min(4 * s, reach - 1.0), mass = std::erf(end / s / std::sqrt(2.0));
  // Simpson's rule on each smooth piece of the hat, where the normal distribution has not ended.
  const auto piece = [&](double from, double to) {
    from = std::max(from, -end);
    to = std::min(to, end);
    if (from >= to) return 0.0;
    const int intervals = 2000;
    double sum = 0;
    for (int i = 0; i <= intervals; ++i) {
      const double u = from + (to - from) * i / intervals;
      const double value = (1 - std::abs(t - u)) * std::exp(-0.5 * u * u / (s * s));
      sum += value * (i == 0 || i == intervals ? 1 : i % 2 ? 4 : 2);
    }
    return sum * (to - from) / (3 * intervals) / (s * std::sqrt(2 * Kokkos::numbers::pi) * mass);
  };
  return piece(t - 1, t) + piece(t, t + 1);
}

std::vector<double> place(const RasterProblem& s, int b, int p, int i) {
  std::vector<double> x;
  for (int e = 0; e < s.image_axes(); ++e) {
    double at = s.at(s.shifts, s.shift_shape(), {b, p, e});
    for (int d = 0; d < s.axes; ++d)
      at += s.at(s.rotations, s.rotation_shape(), {b, p, e, d}) * s.at(s.points, s.point_shape(), {b, i, d});
    const int n = reference::extent(s.extents, e);
    x.push_back(s.voxel_size > 0 ? at / s.voxel_size + n / 2 : (at + 1) * n / 2 - 0.5);
  }
  return x;
}

std::vector<double> reference_raster(const RasterProblem& s, const reference::Kernel& kernel) {
  const std::size_t voxels = s.voxels();
  std::vector<double> images(s.objects * s.poses * s.channels * voxels, 0.0);
  for (int b = 0; b < s.objects; ++b)
    for (int p = 0; p < s.poses; ++p) {
      double* const image = images.data() + (std::size_t(b) * s.poses + p) * s.channels * voxels;
      for (int i = 0; i < s.count; ++i) {
        const auto x = place(s, b, p, i);
        bool finite = true;
        for (const double at : x) finite = finite && std::isfinite(at);
        const double width = s.widths.empty() ? 0 : s.at(s.widths, s.width_shape(), {b, i});
        finite = finite && std::isfinite(width) && width >= 0;
        if (!finite) continue;
        std::vector<std::map<double, double>> blobs(x.size());  // by distance, since every one is wanted many times
        const auto value = [&](std::size_t e, double t) {
          if (s.widths.empty()) return kernel.value(t);
          const auto [at, isnew] = blobs[e].try_emplace(t, 0);
          const double voxels = s.voxel_size > 0 ? 1 / s.voxel_size : 0.5 * reference::extent(s.extents, int(e));
          if (isnew) at->second = blob(t, width * voxels, kernel.reach);
          return at->second;
        };
        voxels_near(x, kernel.reach, s.extents, [&](std::size_t voxel, const std::vector<int>& v) {
          double weight = 1;
          for (std::size_t e = 0; e < x.size(); ++e) weight *= value(e, x[e] - v[e]);
          for (int c = 0; c < s.channels; ++c)
            image[c * voxels + voxel] += weight * s.at(s.weights, s.weight_shape(), {b, i, c});
        });
      }
      for (std::size_t v = 0; v < s.channels * voxels; ++v)
        image[v] =
            s.at(s.background, s.exposure_shape(), {b, p}) + s.at(s.out_weight, s.exposure_shape(), {b, p}) * image[v];
    }
  return images;
}

RasterProblem random_raster(Random& random, int axes, int image_axes) {
  RasterProblem s;
  s.axes = axes;
  s.objects = random.integer(1, 2);
  s.poses = random.integer(1, 3);
  s.count = random.integer(1, 9);
  s.channels = random.integer(1, 3);
  for (int e = 0; e < image_axes; ++e)
    s.extents.push_back(random.integer(0, 4) == 0 ? random.integer(1, 2) : random.integer(3, 7));
  for (int* batch : {&s.point_batch, &s.weight_batch, &s.rotation_batch, &s.shift_batch, &s.exposure_batch})
    *batch = random.integer(0, 1) ? s.objects : 1;
  s.voxel_size = random.integer(0, 1) ? 0 : random.uniform(0.2, 0.5);
  s.points = random.uniforms(std::size_t(s.point_batch) * s.count * axes, -1, 1);
  s.weights = random.uniforms(std::size_t(s.weight_batch) * s.count * s.channels, -1, 2);
  for (int i = 0; i < s.rotation_batch * s.poses; ++i) {
    const auto r = random.integer(0, 1) ? random.rotation(image_axes, axes) : random.normals(std::size_t(image_axes) * axes);
    s.rotations.insert(s.rotations.end(), r.begin(), r.end());
  }
  s.shifts = random.uniforms(std::size_t(s.shift_batch) * s.poses * image_axes, -0.2, 0.2);
  s.background = random.normals(std::size_t(s.exposure_batch) * s.poses);
  s.out_weight = random.normals(std::size_t(s.exposure_batch) * s.poses);
  return s;
}

RasterProblem smooth_raster(Random& random, int axes, int image_axes) {
  while (true) {
    RasterProblem s = random_raster(random, axes, image_axes);
    bool smooth = true;
    for (int b = 0; b < s.objects; ++b)
      for (int p = 0; p < s.poses; ++p)
        for (int i = 0; i < s.count; ++i)
          for (const double x : place(s, b, p, i)) smooth = smooth && std::abs(2 * x - std::round(2 * x)) > 1e-3;
    if (smooth) return s;
  }
}

std::string text(const RasterProblem& s) {
  std::string t = std::to_string(s.axes) + " axes, B " + std::to_string(s.objects) + " P " + std::to_string(s.poses) +
                  " n " + std::to_string(s.count) + " C " + std::to_string(s.channels) + " voxel " +
                  std::to_string(s.voxel_size) + " batches";
  for (const int batch : {s.point_batch, s.weight_batch, s.rotation_batch, s.shift_batch, s.exposure_batch})
    t += " " + std::to_string(batch);
  t += " extents";
  for (const int n : s.extents) t += " " + std::to_string(n);
  return t;
}

void add_widths(Random& random, RasterProblem& s, double most) {
  double voxels = 0;  // of the unit of length
  for (std::size_t e = 0; e < s.extents.size(); ++e)
    voxels = std::max(voxels, s.voxel_size > 0 ? 1 / s.voxel_size : 0.5 * s.extents[e]);
  s.width_batch = random.integer(0, 1) ? s.objects : 1;
  s.widths.clear();
  for (int i = 0; i < s.width_batch * s.count; ++i) {
    const int kind = random.integer(0, 5);
    s.widths.push_back(kind == 0 ? 0 : random.uniform(0.05, kind == 1 ? 3 * most : most) / voxels);
  }
}

RasterProblem large_raster(Random& random, int axes, const Extents& extents, int count, int poses) {
  RasterProblem s;
  s.axes = axes;
  s.extents = extents;
  s.count = count;
  s.poses = poses;
  s.points = random.uniforms(std::size_t(count) * axes, -0.8, 0.8);
  s.weights = random.uniforms(count, 0, 2);
  for (int p = 0; p < poses; ++p) {
    const auto r = random.rotation(s.image_axes(), axes);
    s.rotations.insert(s.rotations.end(), r.begin(), r.end());
  }
  s.shifts = random.uniforms(std::size_t(poses) * s.image_axes(), -0.1, 0.1);
  s.background = random.normals(poses);
  s.out_weight = random.uniforms(poses, 0.5, 2);
  return s;
}

}  // namespace support
