// SPDX-License-Identifier: MIT
// Rasterizing problems, and what the rasterizer must return, summed literally over every point and voxel in double.
#pragma once

#include "arrays.hpp"
#include "random.hpp"

#include <bracewell/raster.hpp>

#include <string>

namespace support {

using reference::Extents;

/// B objects of n points in N dimensions, P images each of M axes. Batches are 1 or B.
struct RasterProblem {
  int axes = 0, objects = 1, poses = 1, count = 0, channels = 1;
  Extents extents;  // of an image, in memory order
  int point_batch = 1, weight_batch = 1, rotation_batch = 1, shift_batch = 1, exposure_batch = 1;
  double voxel_size = 0;
  std::vector<double> points, weights, rotations, shifts, background, out_weight;

  int image_axes() const { return int(extents.size()); }
  std::size_t voxels() const {
    std::size_t size = 1;
    for (const int n : extents) size *= n;
    return size;
  }

  // Shapes in memory order, batches in front.
  std::vector<long> point_shape() const { return {point_batch, count, axes}; }
  std::vector<long> weight_shape() const { return {weight_batch, count, channels}; }
  std::vector<long> rotation_shape() const { return {rotation_batch, poses, image_axes(), axes}; }
  std::vector<long> shift_shape() const { return {shift_batch, poses, image_axes()}; }
  std::vector<long> exposure_shape() const { return {exposure_batch, poses}; }
  std::vector<long> image_shape() const {
    std::vector<long> shape{objects, poses, channels};
    shape.insert(shape.end(), extents.begin(), extents.end());
    return shape;
  }

  /// An element of an array with a batch in front.
  static double at(const std::vector<double>& array, const std::vector<long>& shape, std::vector<long> index) {
    std::size_t offset = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) offset = offset * shape[i] + (i == 0 && shape[0] == 1 ? 0 : index[i]);
    return array[offset];
  }
};

/// The place of a point in voxels, x first.
inline std::vector<double> place(const RasterProblem& s, int b, int p, int i) {
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

/// Images [B][P][C]… .
inline std::vector<double> reference_raster(const RasterProblem& s, const reference::Kernel& kernel = reference::linear()) {
  const std::size_t voxels = s.voxels();
  std::vector<double> images(s.objects * s.poses * s.channels * voxels, 0.0);
  for (int b = 0; b < s.objects; ++b)
    for (int p = 0; p < s.poses; ++p) {
      double* const image = images.data() + (std::size_t(b) * s.poses + p) * s.channels * voxels;
      for (int i = 0; i < s.count; ++i) {
        const auto x = place(s, b, p, i);
        bool finite = true;
        for (const double at : x) finite = finite && std::isfinite(at);
        if (!finite) continue;
        voxels_near(x, kernel.reach, s.extents, [&](std::size_t voxel, const std::vector<int>& v) {
          double weight = 1;
          for (std::size_t e = 0; e < x.size(); ++e) weight *= kernel.value(x[e] - v[e]);
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

/// Extents of a few voxels, some of one; points mostly inside, some beyond the edges; anything broadcast by chance.
inline RasterProblem random_raster(Random& random, int axes, int image_axes) {
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

inline std::string text(const RasterProblem& s) {
  std::string t = std::to_string(s.axes) + " axes, B " + std::to_string(s.objects) + " P " + std::to_string(s.poses) +
                  " n " + std::to_string(s.count) + " C " + std::to_string(s.channels) + " voxel " +
                  std::to_string(s.voxel_size) + " batches";
  for (const int batch : {s.point_batch, s.weight_batch, s.rotation_batch, s.shift_batch, s.exposure_batch})
    t += " " + std::to_string(batch);
  t += " extents";
  for (const int n : s.extents) t += " " + std::to_string(n);
  return t;
}

/// A problem of some size, of one object with random rotations and weights of one channel.
inline RasterProblem large_raster(Random& random, int axes, const Extents& extents, int count, int poses) {
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

/// Its arrays, points with a static last extent.
template <int N, int M, class T>
struct RasterArrays {
  Kokkos::View<T** [N], Kokkos::LayoutRight, Exec::memory_space> points;
  Dense<T, 3> weights;
  Dense<T, 4> rotations;
  Dense<T, 3> shifts;
  Dense<T, 2> background, out_weight;

  explicit RasterArrays(const RasterProblem& s)
      : RasterArrays(s, s.points, s.weights, s.rotations, s.shifts, s.background, s.out_weight) {}

  /// The same arrays with other values.
  RasterArrays(const RasterProblem& s, const std::vector<double>& p, const std::vector<double>& w,
               const std::vector<double>& r, const std::vector<double>& t, const std::vector<double>& bg,
               const std::vector<double>& ow)
      : points(upload<T, 3>(s.point_shape(), p)),
        weights(upload<T, 3>(s.weight_shape(), w)),
        rotations(upload<T, 4>(s.rotation_shape(), r)),
        shifts(upload<T, 3>(s.shift_shape(), t)),
        background(upload<T, 2>(s.exposure_shape(), bg)),
        out_weight(upload<T, 2>(s.exposure_shape(), ow)) {}

  auto cloud() const { return bracewell::PointCloud{points, weights}; }
  auto poses() const { return bracewell::Poses{rotations, shifts}; }
  auto exposure() const { return bracewell::Exposure{background, out_weight}; }
};

}  // namespace support
