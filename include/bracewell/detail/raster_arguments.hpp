// SPDX-License-Identifier: MIT
// What the shapes of the rasterizer's arguments must be, and how they become a scene.
#pragma once

#include <bracewell/detail/checks.hpp>
#include <bracewell/detail/raster_types.hpp>
#include <bracewell/detail/scene.hpp>

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace bracewell::detail {

template <class X>
Shape level_shape(const char* name, const X& x) {
  if constexpr (Kokkos::is_view_v<X>) {
    return shape(name, x);
  } else {
    return Shape{name};
  }
}

/// Shapes of everything given to an operation.
struct RasterShapes {
  Shape points, weights, first, second, background, out_weight;
};

/// What an argument, its tangent and its cotangent are called in messages.
enum class Role { primal, dot, bar };

template <class Cloud, class PosesType, class ExposureType>
RasterShapes raster_shapes(Role role, const Cloud& cloud, const PosesType& poses, const ExposureType& exposure) {
  const auto name = [&](auto... names) { return std::array{names...}[std::size_t(role)]; };
  return {shape(name("points", "points_dot", "points_bar"), points_of(cloud)),
          shape(name("weights", "weights_dot", "weights_bar"), weights_of(cloud)),
          shape(is_camera<PosesType> ? name("parameters", "parameters_dot", "parameters_bar")
                                     : name("rotations", "rotations_dot", "rotations_bar"),
                first_of(poses)),
          shape(name("shifts", "shifts_dot", "shifts_bar"), second_of(poses)),
          level_shape(name("background", "background_dot", "background_bar"), background_of(exposure)),
          level_shape(name("out_weight", "out_weight_dot", "out_weight_bar"), out_weight_of(exposure))};
}

struct RasterCounts {
  std::int64_t objects, poses, points;
  int channels;
};

/// Everything belongs together.
template <class Types>
RasterCounts check_raster(const char* function, const RasterShapes& shapes, const Shape& images,
                          const RasterOptions& options) {
  constexpr int N = Types::N, M = Types::M, batch = Types::batch, K = Types::K;
  const auto& [points, weights, first, second, background, out_weight] = shapes;
  const int x = images.rank - 1;
  if (images.extent[x] > 1 && images.stride[x] != 1)
    refuse(function, images.name, "of stride " + std::to_string(images.stride[x]) + " on its last axis", "stride 1 there");
  for (int i = images.rank - M; i < images.rank; ++i)
    if (images.extent[i] < 1 || images.extent[i] > (std::int64_t(1) << 30))
      refuse(function, images.name, "of shape " + text(images),
             "extents from 1 to 2^30 on its last " + std::to_string(M) + " axes");
  constexpr bool channels = Types::channels;
  const RasterCounts counts{batch ? images.extent[0] : 1, first.extent[batch], points.extent[batch],
                            channels ? int(images.extent[batch + 1]) : 1};
  const auto check_batch = [&](const Shape& s) {
    if (s && batch && s.extent[0] != 1)
      check_extent(function, s, 0, counts.objects, std::string("or 1, as '") + images.name + "' has");
  };
  for (const Shape* s : {&points, &weights, &first, &second, &background, &out_weight}) check_batch(*s);
  const std::string of_poses = std::string("as '") + first.name + "' has";
  check_extent(function, points, batch + 1, N, "the axes of a point");
  if (counts.points > std::numeric_limits<std::int32_t>::max())
    refuse(function, points.name, "of shape " + text(points), "no more than 2^31 - 1 points");
  if (weights) {
    check_extent(function, weights, batch, counts.points, "as 'points' has");
    if (channels) check_extent(function, weights, batch + 1, counts.channels, std::string("as '") + images.name + "' has");
  }
  if (K > 0) {
    check_extent(function, first, batch + 1, K, "the parameters of the camera");
  } else {
    check_extent(function, first, batch + 1, M, "the axes of an image");
    check_extent(function, first, batch + 2, N, "the axes of a point");
  }
  if (second) {
    check_extent(function, second, batch, counts.poses, of_poses);
    check_extent(function, second, batch + 1, M, "the axes of an image");
  }
  for (const Shape* s : {&background, &out_weight})
    if (*s) check_extent(function, *s, batch, counts.poses, of_poses);
  check_extent(function, images, batch, counts.poses, of_poses);
  if (!(options.voxel_size >= 0) || !std::isfinite(options.voxel_size))
    refuse(function, "options.voxel_size", std::to_string(options.voxel_size), "0 or a positive length");
  return counts;
}

/// A tangent or cotangent, where given, has the shape of what it belongs to.
inline void check_raster_companion(const char* function, int batch, const RasterCounts& counts,
                                   const RasterShapes& companion, const RasterShapes& like) {
  check_same(function, companion.points, like.points);
  check_same(function, companion.weights, like.weights);
  check_same(function, companion.first, like.first);
  check_same(function, companion.second, like.second);
  const auto check_level = [&](const Shape& level, const Shape& of) {
    if (!level) return;
    if (of) return check_same(function, level, of);
    if (batch && level.extent[0] != 1) check_extent(function, level, 0, counts.objects, "or 1, the number of objects");
    check_extent(function, level, batch, counts.poses, "the number of poses");
  };
  check_level(companion.background, like.background);
  check_level(companion.out_weight, like.out_weight);
}

/// Outputs share no memory with inputs or with one another.
inline void check_raster_apart(const char* function, std::initializer_list<const RasterShapes*> inputs, const Shape& images,
                               const RasterShapes* outputs) {
  const auto list = [](const RasterShapes& s) {
    return std::array{&s.points, &s.weights, &s.first, &s.second, &s.background, &s.out_weight};
  };
  for (const RasterShapes* input : inputs)
    for (const Shape* in : list(*input)) {
      if (!outputs) {
        check_apart(function, images, *in);
      } else {
        for (const Shape* out : list(*outputs)) check_apart(function, *out, *in);
      }
    }
  if (outputs)
    for (const Shape* out : list(*outputs)) {
      check_apart(function, *out, images);
      for (const Shape* other : list(*outputs))
        if (other != out) check_apart(function, *out, *other);
    }
}

template <class T, class Types, class PosesType, class PosesDot>
auto make_lens(const PosesType& poses, const PosesDot& poses_dot, const Frame<Types::M>& frame) {
  using First = Number<FirstOf<PosesType>>;
  using FirstDot = Number<FirstOf<PosesDot>>;
  if constexpr (Types::camera) {
    return Projected<T, Types::N, Types::M, Types::K, std::decay_t<decltype(poses.projection)>, First, FirstDot>{
        frame, poses.projection, make_pose_array<1, const First>(first_of(poses)),
        make_pose_array<1, const FirstDot>(first_of(poses_dot))};
  } else {
    using Second = Number<SecondOf<PosesType>>;
    using SecondDot = Number<SecondOf<PosesDot>>;
    return Affine<T, Types::N, Types::M, First, Second, FirstDot, SecondDot>{
        frame, make_pose_array<2, const First>(first_of(poses)), make_pose_array<1, const Second>(second_of(poses)),
        make_pose_array<2, const FirstDot>(first_of(poses_dot)), make_pose_array<1, const SecondDot>(second_of(poses_dot))};
  }
}

template <class T, class Types, class Cloud, class PosesType, class PosesDot, class ExposureType, class K>
auto make_scene(const RasterCounts& counts, const Cloud& cloud, const PosesType& poses, const PosesDot& poses_dot,
                const ExposureType& exposure, const Shape& images, const RasterOptions& options, const K& kernel) {
  using Point = Number<PointsOf<Cloud>>;
  using Weight = Number<WeightsOf<Cloud>>;
  const Frame<Types::M> frame(images.extent + images.rank - Types::M, options.voxel_size);
  const auto lens = make_lens<T, Types>(poses, poses_dot, frame);
  return Scene<T, Types::N, Types::M, Point, Weight, std::decay_t<decltype(lens)>, K>{
      counts.objects,
      counts.poses,
      counts.points,
      counts.channels,
      make_pose_array<1, const Point>(points_of(cloud)),
      make_pose_array < Types::channels ? 1 : 0,
      const Weight > (weights_of(cloud)),
      lens,
      make_level(out_weight_of(exposure), 1),
      kernel};
}

template <class Types, class V, class X>
Images<V, Types::M> make_images(const X& x) {
  constexpr int rank = int(X::rank()), batch = Types::batch;
  Images<V, Types::M> images{x.data(), {}, {}, {}};
  if constexpr (batch == 1) images.batch_stride[0] = std::int64_t(x.stride(0));
  images.batch_stride[1] = std::int64_t(x.stride(batch));
  if constexpr (Types::channels) images.batch_stride[2] = std::int64_t(x.stride(batch + 1));
  for (int e = 0; e < Types::M; ++e) {
    images.extent[e] = int(x.extent(rank - 1 - e));
    images.stride[e] = e == 0 ? 1 : std::int64_t(x.stride(rank - 1 - e));
  }
  return images;
}

}  // namespace bracewell::detail
