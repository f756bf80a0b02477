// SPDX-License-Identifier: MIT
/// \file raster.hpp
/// Images of points, of any number of dimensions, with all derivatives.
///
/// A point q_i appears in an image at p = R q_i + t, in the grid of an image of extents n (all x first) at x, and is spread
/// over the voxels v by a kernel φ (kernels.hpp; linear unless given):
///
///     x_e    = (p_e + 1) n_e / 2 − ½                     voxels fill the box −1 … 1; or, with a voxel size,
///     x_e    = p_e / voxel_size + ⌊n_e / 2⌋              the origin is where the slicer has it
///     out[v] = background + out_weight · Σ_i weight_i Π_e φ(x_ie − v_e)
///
/// Points may have widths, as atoms with B-factors have: then φ is the linear kernel blurred by a Gaussian of each point's own
/// standard deviation (gaussian.hpp), so that an image has the same sum, and with width 0 the same bits.
///
/// What falls beyond the grid drops out, and so do points that are NaN or infinite. One pose drives both halves of the
/// library: with shifts that are voxel_size times the slicer's, the image of points is at low frequencies the slice of their
/// 3-D image.
///
/// On host execution spaces an image is summed in double precision, in an order that does not depend on the number of
/// threads, and rounded once: no mass is lost where many points meet. On devices voxels, of the image or of tiles of it in shared
/// memory, are added to atomically in their own precision, and the order of these additions differs from run to run.
#pragma once

#include <bracewell/detail/points/schedule.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Draws a cloud of points at each pose.
///
/// - `exec`: the execution space instance. The call is ordered on it and does not wait for it.
/// - `cloud`: PointCloud{points, weights, widths}, see points.hpp: points of N ≥ 1 coordinates.
/// - `poses`: Poses{rotations, shifts}, see poses.hpp, with shifts in the points' unit of length; or Camera{projection,
///   parameters}, see points.hpp; or none, for one image of points as they are: p is q, or its first M coordinates.
/// - `exposure`: Exposure{background, out_weight}, see points.hpp, or none.
/// - `images`: M ≤ N axes: [P][h][w], [P][C][h][w] where weights have channels, with a leading [B] where poses have one;
///   float or double, contiguous along x; written. Where poses are none: [h][w], [C][h][w], with a leading [B] where points
///   have one, and so are tangents and cotangents of poses.
/// - `options`, `kernel`: options.hpp; kernels.hpp, or where points have widths gaussian.hpp. A kernel's unit of length is a
///   voxel.
///
/// Host execution spaces need scratch (workspace.hpp): a tile of an image a thread, at most 64 of them where one small image
/// has many points, and for images too large to be one tile some 12 bytes a point of a few images at a time.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Cloud, class PosesArg, class ExposureArg, class ImagesArg, class Kernel = Linear>
void raster(const Exec& exec, const Cloud& cloud, const PosesArg& poses, const ExposureArg& exposure,
            const ImagesArg& images, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  using namespace detail;
  using P = RasterTypes<Exec, Kernel, Cloud, PosesArg, ImagesArg>;
  const auto counts = check_arguments<P>("raster", options, in(point_names::cloud, cloud), in(point_names::poses, poses),
                                         in_or_none(point_names::exposure, exposure), out(point_names::images, images));
  const Kokkos::Profiling::ScopedRegion region("bracewell::raster");
  const auto stack = output_images<P>(images);
  const auto problem = make_problem<P>("raster", counts, cloud, poses, none, exposure, stack, options, kernel);
  const auto op = make_draw<P, false>(problem, stack, exposure, none, none, options);
  draw(exec, "bracewell::raster", op, options.workspace);
}

/// The derivative of `raster` in the direction of tangents:
///
///     out_dot = background_dot + Σ_i (out_weight weight_i)_dot Π_e φ
///                              + Σ_i out_weight weight_i (Σ_d ẋ_id ∂/∂x_d + width_dot_i ∂/∂width_i) Π_e φ
///
/// - `cloud_dot`, `poses_dot`, `exposure_dot`: the same structs of the tangents, whole or members of them none for zeros.
///   Tangents have the shapes of what they belong to.
/// - `images_dot`: in the shape of the images; written.
///
/// At a kink of the kernel it is the derivative to the right.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Cloud, class CloudDot, class PosesArg, class PosesDot, class ExposureArg, class ExposureDot,
          class ImagesArg, class Kernel = Linear>
void raster_jvp(const Exec& exec, const Cloud& cloud, const CloudDot& cloud_dot, const PosesArg& poses,
                const PosesDot& poses_dot, const ExposureArg& exposure, const ExposureDot& exposure_dot,
                const ImagesArg& images_dot, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  using namespace detail;
  using P = RasterTypes<Exec, Kernel, Cloud, PosesArg, ImagesArg>;
  const auto counts = check_arguments<P>(
      "raster_jvp", options, in(point_names::cloud, cloud), tangent(point_names::cloud_dot, cloud_dot, cloud),
      in(point_names::poses, poses), tangent(point_names::poses_dot, poses_dot, poses),
      in_or_none(point_names::exposure, exposure), tangent(point_names::exposure_dot, exposure_dot, exposure),
      out(point_names::images_dot, images_dot));
  const Kokkos::Profiling::ScopedRegion region("bracewell::raster_jvp");
  const auto stack = output_images<P>(images_dot);
  const auto problem = make_problem<P>("raster_jvp", counts, cloud, poses, poses_dot, exposure, stack, options, kernel);
  const auto op = make_draw<P, true>(problem, stack, exposure_dot, exposure_dot, cloud_dot, options);
  draw(exec, "bracewell::raster_jvp", op, options.workspace);
}

/// The transpose of the derivative: with dL = Σ images_bar · d(images), cotangents dL/d of points, weights, widths,
/// rotations, shifts or a camera's parameters, background and out_weight.
///
/// - `images_bar`: in the shape of the images.
/// - `cloud_bar`, `poses_bar`, `exposure_bar`: the same structs of the cotangents, written; whole or members of them none
///   where they are not wanted. They have the shapes of what they belong to; what several images share receives the sum over
///   them. Those of background and out_weight are Views of one number for each image, whatever these are.
///
/// On hosts every cotangent is bitwise the same for any number of threads; on devices those of points, weights and widths
/// differ from run to run by the order of atomic additions. Scratch (workspace.hpp): some hundred bytes for each image and 4096
/// points, for the sums over points; on hosts also the cotangents of points, weights and widths once more, or up to 64 times
/// where there are few points and many images.
/// \throws std::invalid_argument naming the argument, before anything is written.
template <class Exec, class Cloud, class PosesArg, class ExposureArg, class ImagesArg, class CloudBar, class PosesBar,
          class ExposureBar, class Kernel = Linear>
void raster_vjp(const Exec& exec, const Cloud& cloud, const PosesArg& poses, const ExposureArg& exposure,
                const ImagesArg& images_bar, const CloudBar& cloud_bar, const PosesBar& poses_bar,
                const ExposureBar& exposure_bar, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  using namespace detail;
  using P = RasterTypes<Exec, Kernel, Cloud, PosesArg, ImagesArg>;
  const auto counts = check_arguments<P>(
      "raster_vjp", options, in(point_names::cloud, cloud), in(point_names::poses, poses),
      in_or_none(point_names::exposure, exposure), in(point_names::images_bar, images_bar),
      cotangent(point_names::cloud_bar, cloud_bar, cloud), cotangent(point_names::poses_bar, poses_bar, poses),
      cotangent(point_names::exposure_bar, exposure_bar, exposure));
  const Kokkos::Profiling::ScopedRegion region("bracewell::raster_vjp");
  const auto stack = input_images<P>(images_bar);
  const auto problem = make_problem<P>("raster_vjp", counts, cloud, poses, none, exposure, stack, options, kernel);
  gather_cotangents<P>(exec, "bracewell::raster_vjp", problem, stack, cloud_bar, poses_bar, exposure_bar, options);
}

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
