// SPDX-License-Identifier: MIT
/// \file raster.hpp
/// Images of points, of any number of dimensions, with all derivatives.
///
/// A point q_i appears in an image at p = R q_i + t, in the grid of an image of extents n (all x first) at x, and is spread over
/// the voxels v by a kernel φ (kernels.hpp; linear unless given):
///
///     x_e    = (p_e + 1) n_e / 2 − ½                     voxels fill the box −1 … 1; or, with a voxel size,
///     x_e    = p_e / voxel_size + ⌊n_e / 2⌋              the origin is where the slicer has it
///     out[v] = background + out_weight · Σ_i weight_i Π_e φ(x_ie − v_e)
///
/// What falls beyond the grid drops out, and so do points that are NaN or infinite. One pose drives both halves of the library:
/// with shifts that are voxel_size times the slicer's, the image of points is at low frequencies the slice of their 3-D image.
///
/// On host execution spaces an image is summed in double precision, in an order that does not depend on the number of
/// threads, and rounded once: no mass is lost where many points meet. On devices voxels are added to atomically in their own
/// precision, and the order of these additions differs from run to run.
#pragma once

#include <bracewell/detail/raster_arguments.hpp>
#include <bracewell/detail/raster_vjp.hpp>
#include <bracewell/detail/scatter.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

namespace bracewell {

/// Draws a cloud of points at each pose.
///
/// - `exec`: the execution space instance. The call is ordered on it and does not wait for it.
/// - `cloud`: PointCloud{points, weights}, see points.hpp: points of N ≥ 1 coordinates.
/// - `poses`: Poses{rotations, shifts}, see poses.hpp, with shifts in the points' unit of length; or Camera{projection,
///   parameters}, see points.hpp.
/// - `exposure`: Exposure{background, out_weight}, see points.hpp, or none.
/// - `images`: M ≤ N axes: [P][h][w], [P][C][h][w] where weights have channels, with a leading [B] where poses have one; float or
///   double, contiguous along x; written.
/// - `options`, `kernel`: options.hpp; kernels.hpp. A kernel's unit of length is a voxel.
///
/// Host execution spaces need scratch (workspace.hpp): a tile of an image a thread, at most 64 of them where one small image
/// has many points, and for images too large to be one tile some 12 bytes a point of a few images at a time.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Cloud, class PosesType, class ExposureType, class ImageArray, class Kernel = Linear>
void raster(const Exec& exec, const Cloud& cloud, const PosesType& poses, const ExposureType& exposure,
            const ImageArray& images, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  static_assert(detail::RealArray<ImageArray> && detail::Writable<ImageArray>,
                "raster: 'images' must be a writable View of float or double, contiguous along x (LayoutRight)");
  static_assert(detail::check_raster_types<Exec, Cloud, PosesType, ExposureType, ImageArray, Kernel>());
  static_assert(detail::check_raster_reach<Exec, Cloud, PosesType, ExposureType, ImageArray>());

  using Types = detail::RasterTypes<Cloud, PosesType, ImageArray>;
  using T = detail::Precision<ImageArray>;
  constexpr const char* name = "raster";
  const auto shapes = detail::raster_shapes(detail::Role::primal, cloud, poses, exposure);
  const auto images_shape = detail::shape("images", images);
  const auto counts = detail::check_raster<Types>(name, shapes, images_shape, options);
  detail::check_raster_apart(name, {&shapes}, images_shape, nullptr);

  const Kokkos::Profiling::ScopedRegion region("bracewell::raster");
  const auto scene = detail::make_scene<T, Types>(counts, cloud, poses, none, exposure, images_shape, options, kernel);
  using Op = detail::Scatter<std::remove_const_t<decltype(scene)>, false, None, None>;
  const Op op{scene,
              detail::make_images<Types, T>(images),
              detail::make_level(detail::background_of(exposure), 0),
              detail::make_level(none, 0),
              {},
              {},
              options.accumulate};
  detail::scatter(exec, "bracewell::raster", op, options.workspace);
}

/// The derivative of `raster` in the direction of tangents:
///
///     out_dot = background_dot + Σ_i (out_weight weight_i)_dot Π_e φ + out_weight weight_i Σ_d ẋ_id ∂/∂x_d Π_e φ
///
/// - `cloud_dot`, `poses_dot`, `exposure_dot`: the same structs of the tangents, whole or members of them none for zeros.
///   Tangents have the shapes of what they belong to.
/// - `images_dot`: in the shape of the images; written.
///
/// At a kink of the kernel it is the derivative to the right.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Cloud, class CloudDot, class PosesType, class PosesDot, class ExposureType, class ExposureDot,
          class ImageArray, class Kernel = Linear>
void raster_jvp(const Exec& exec, const Cloud& cloud, const CloudDot& cloud_dot, const PosesType& poses,
                const PosesDot& poses_dot, const ExposureType& exposure, const ExposureDot& exposure_dot,
                const ImageArray& images_dot, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  static_assert(detail::RealArray<ImageArray> && detail::Writable<ImageArray>,
                "raster_jvp: 'images_dot' must be a writable View of float or double, contiguous along x (LayoutRight)");
  static_assert(detail::check_raster_types<Exec, Cloud, PosesType, ExposureType, ImageArray, Kernel>());
  static_assert(detail::check_raster_companions<false, Cloud, PosesType, ImageArray, CloudDot, PosesDot, ExposureDot>());
  static_assert(detail::check_raster_reach<Exec, Cloud, PosesType, ExposureType, ImageArray>());
  static_assert(detail::check_raster_reach<Exec, CloudDot, PosesDot, ExposureDot, ImageArray>());

  using Types = detail::RasterTypes<Cloud, PosesType, ImageArray>;
  using T = detail::Precision<ImageArray>;
  constexpr const char* name = "raster_jvp";
  const auto shapes = detail::raster_shapes(detail::Role::primal, cloud, poses, exposure);
  const auto dot_shapes = detail::raster_shapes(detail::Role::dot, cloud_dot, poses_dot, exposure_dot);
  const auto images_shape = detail::shape("images_dot", images_dot);
  const auto counts = detail::check_raster<Types>(name, shapes, images_shape, options);
  detail::check_raster_companion(name, Types::batch, counts, dot_shapes, shapes);
  detail::check_raster_apart(name, {&shapes, &dot_shapes}, images_shape, nullptr);

  const Kokkos::Profiling::ScopedRegion region("bracewell::raster_jvp");
  const auto scene = detail::make_scene<T, Types>(counts, cloud, poses, poses_dot, exposure, images_shape, options, kernel);
  using PointDot = detail::Number<detail::PointsOf<CloudDot>>;
  using WeightDot = detail::Number<detail::WeightsOf<CloudDot>>;
  using Op = detail::Scatter<std::remove_const_t<decltype(scene)>, true, PointDot, WeightDot>;
  const Op op{scene,
              detail::make_images<Types, T>(images_dot),
              detail::make_level(detail::background_of(exposure_dot), 0),
              detail::make_level(detail::out_weight_of(exposure_dot), 0),
              detail::make_pose_array<1, const PointDot>(detail::points_of(cloud_dot)),
              detail::make_pose_array < Types::channels ? 1 : 0,
              const WeightDot > (detail::weights_of(cloud_dot)),
              options.accumulate};
  detail::scatter(exec, "bracewell::raster_jvp", op, options.workspace);
}

/// The transpose of the derivative: with dL = Σ images_bar · d(images), cotangents dL/d of points, weights, rotations, shifts
/// or a camera's parameters, background and out_weight.
///
/// - `images_bar`: in the shape of the images.
/// - `cloud_bar`, `poses_bar`, `exposure_bar`: the same structs of the cotangents, written; whole or members of them none where
///   they are not wanted. They have the shapes of what they belong to; what several images share receives the sum over
///   them. Those of background and out_weight are Views of one number an image, whatever these were given as.
///
/// On hosts every cotangent is bitwise the same for any number of threads; on devices those of points and weights differ from
/// run to run by the order of atomic additions. Scratch (workspace.hpp): for the sums over points some hundred bytes an image
/// and 4096 points; on hosts moreover the cotangents of points and weights again, where there are few points and many images
/// up to 64 times.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Cloud, class PosesType, class ExposureType, class ImageArray, class CloudBar, class PosesBar,
          class ExposureBar, class Kernel = Linear>
void raster_vjp(const Exec& exec, const Cloud& cloud, const PosesType& poses, const ExposureType& exposure,
                const ImageArray& images_bar, const CloudBar& cloud_bar, const PosesBar& poses_bar,
                const ExposureBar& exposure_bar, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  static_assert(detail::RealArray<ImageArray>,
                "raster_vjp: 'images_bar' must be a View of float or double, contiguous along x (LayoutRight)");
  static_assert(detail::check_raster_types<Exec, Cloud, PosesType, ExposureType, ImageArray, Kernel>());
  static_assert(detail::check_raster_companions<true, Cloud, PosesType, ImageArray, CloudBar, PosesBar, ExposureBar>());
  static_assert(detail::check_raster_reach<Exec, Cloud, PosesType, ExposureType, ImageArray>());
  static_assert(detail::check_raster_reach<Exec, CloudBar, PosesBar, ExposureBar, ImageArray>());

  using Types = detail::RasterTypes<Cloud, PosesType, ImageArray>;
  using T = detail::Precision<ImageArray>;
  constexpr const char* name = "raster_vjp";
  const auto shapes = detail::raster_shapes(detail::Role::primal, cloud, poses, exposure);
  const auto bar_shapes = detail::raster_shapes(detail::Role::bar, cloud_bar, poses_bar, exposure_bar);
  const auto images_shape = detail::shape("images_bar", images_bar);
  const auto counts = detail::check_raster<Types>(name, shapes, images_shape, options);
  detail::check_raster_companion(name, Types::batch, counts, bar_shapes, shapes);
  detail::check_raster_apart(name, {&shapes}, images_shape, &bar_shapes);

  const Kokkos::Profiling::ScopedRegion region("bracewell::raster_vjp");
  const auto scene = detail::make_scene<T, Types>(counts, cloud, poses, none, exposure, images_shape, options, kernel);
  detail::gather_cotangents<Types>(exec, "bracewell::raster_vjp", scene, detail::make_images<Types, const T>(images_bar),
                                   cloud_bar, poses_bar, exposure_bar, options);
}

}  // namespace bracewell
