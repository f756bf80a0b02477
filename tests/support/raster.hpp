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
  int point_batch = 1, weight_batch = 1, width_batch = 1, rotation_batch = 1, shift_batch = 1, exposure_batch = 1;
  double voxel_size = 0;
  std::vector<double> points, weights, widths, rotations, shifts, background, out_weight;  // widths: empty for none

  int image_axes() const { return int(extents.size()); }
  std::size_t voxels() const {
    std::size_t size = 1;
    for (const int n : extents) size *= n;
    return size;
  }

  // Shapes in memory order, batches in front.
  std::vector<long> point_shape() const { return {point_batch, count, axes}; }
  std::vector<long> weight_shape() const { return {weight_batch, count, channels}; }
  std::vector<long> width_shape() const { return {width_batch, count}; }
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
std::vector<double> place(const RasterProblem& s, int b, int p, int i);

/// A hat of width 1 blurred by a normal distribution of standard deviation s that ends at min(4 s, reach − 1) and is
/// normalised: the integral, by quadrature.
double blob(double t, double s, int reach);

/// Images [B][P][C]… . Of a kernel, only its reach matters to points with widths.
std::vector<double> reference_raster(const RasterProblem& s, const reference::Kernel& kernel = reference::linear());

/// Extents of a few voxels, some of one; points mostly inside, some beyond the edges; anything broadcast by chance.
RasterProblem random_raster(Random& random, int axes, int image_axes);

/// A problem whose points keep away from where a linear kernel has kinks.
RasterProblem smooth_raster(Random& random, int axes, int image_axes);

std::string text(const RasterProblem& s);

/// Gives points widths that are mostly of up to `most` voxels along the axis of the smallest voxels; some 0, some wider.
void add_widths(Random& random, RasterProblem& s, double most);

/// A problem of some size, of one object with random rotations and weights of one channel.
RasterProblem large_raster(Random& random, int axes, const Extents& extents, int count, int poses);

/// Its arrays, points with a static last extent.
template <int N, int M, class T, class Space = Exec::memory_space>
struct RasterArrays {
  Kokkos::View<T** [N], Kokkos::LayoutRight, Space> points;
  Dense<T, 3, Space> weights;
  Dense<T, 2, Space> widths;  // zeros where a problem has none
  Dense<T, 4, Space> rotations;
  Dense<T, 3, Space> shifts;
  Dense<T, 2, Space> background, out_weight;

  explicit RasterArrays(const RasterProblem& s)
      : RasterArrays(s, s.points, s.weights, s.rotations, s.shifts, s.background, s.out_weight, s.widths) {}

  /// The same arrays with other values.
  RasterArrays(const RasterProblem& s, const std::vector<double>& p, const std::vector<double>& w,
               const std::vector<double>& r, const std::vector<double>& t, const std::vector<double>& bg,
               const std::vector<double>& ow, const std::vector<double>& width = {})
      : points(upload<T, 3, Space>(s.point_shape(), p)),
        weights(upload<T, 3, Space>(s.weight_shape(), w)),
        widths(upload<T, 2, Space>(s.width_shape(), width.empty() ? std::vector<double>(s.width_batch * s.count) : width)),
        rotations(upload<T, 4, Space>(s.rotation_shape(), r)),
        shifts(upload<T, 3, Space>(s.shift_shape(), t)),
        background(upload<T, 2, Space>(s.exposure_shape(), bg)),
        out_weight(upload<T, 2, Space>(s.exposure_shape(), ow)) {}

  auto cloud() const { return bracewell::PointCloud{points, weights}; }
  auto wide_cloud() const { return bracewell::PointCloud{points, weights, widths}; }
  auto poses() const { return bracewell::Poses{rotations, shifts}; }
  auto exposure() const { return bracewell::Exposure{background, out_weight}; }
};

}  // namespace support
