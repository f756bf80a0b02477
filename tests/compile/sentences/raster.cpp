// SPDX-License-Identifier: MIT
#include "arguments.hpp"

[[maybe_unused]] static void raster() {
  bw::raster(exec, cloud, poses, exposure, images);
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, exposure, images);
  bw::raster_vjp(exec, cloud, poses, exposure, images, cloud, poses, exposure);
  bw::raster(exec, wide_cloud, bw::none, bw::none, map, {}, gaussian);
  bw::raster_jvp(exec, wide_cloud, wide_cloud, bw::none, bw::none, bw::none, bw::none, map, {}, gaussian);
  bw::raster_vjp(exec, wide_cloud, bw::none, bw::none, map, wide_cloud, bw::none, bw::none, {}, gaussian);
#ifdef RASTER_IMAGES  // bracewell: 'images' must be a View of float or double, contiguous along x (LayoutRight), [P][h][w] or
  bw::raster(exec, cloud, poses, exposure, slices);
#endif
#ifdef RASTER_JVP_IMAGES  // bracewell: 'images_dot' is written: it must be a View, and not of const
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, exposure, View<const float***>(images));
#endif
#ifdef RASTER_VJP_IMAGES  // bracewell: 'images_bar' must be a View of float or double, contiguous along x (LayoutRight)
  bw::raster_vjp(exec, cloud, poses, exposure, slices, cloud, poses, exposure);
#endif
#ifdef RASTER_EXECUTION_SPACE  // bracewell: the first argument must be a Kokkos execution space instance
  bw::raster(0, cloud, poses, exposure, images);
#endif
#ifdef RASTER_CLOUD  // bracewell: 'cloud' must be PointCloud{points, weights, widths}
  bw::raster(exec, cloud.points, poses, exposure, images);
#endif
#ifdef RASTER_POSES  // bracewell: 'poses' must be Poses{rotations, shifts} or Camera{projection, parameters}, or none
  bw::raster(exec, cloud, rotations, exposure, images);
#endif
#ifdef RASTER_EXPOSURE  // bracewell: 'exposure' must be Exposure{background, out_weight} or none
  bw::raster(exec, cloud, poses, 0.5, images);
#endif
#ifdef RASTER_NUMBERS  // bracewell: 'points' must be a View of float or double, [n][N] or, where poses have a leading [B]
  bw::raster(exec, bw::PointCloud{View<int* [3]>()}, poses, exposure, images);
#endif
#ifdef RASTER_ROTATIONS_RANK  // bracewell: ranks must agree: 'rotations' must be [P][M][N] or [B][P][M][N]
  bw::raster(exec, cloud, bw::Poses{shifts}, exposure, images);
#endif
#ifdef RASTER_POINTS_RANK  // bracewell: ranks must agree: 'points' must be [n][N] or, where poses have a leading [B], [B][n][N]
  bw::raster(exec, bw::PointCloud{View<float** [3]>()}, poses, exposure, images);
#endif
#ifdef RASTER_WEIGHTS  // bracewell: ranks must agree: 'weights' must be [n] or, for channels, [n][C], with a leading [B] where
  bw::raster(exec, bw::PointCloud{cloud.points, View<float***>()}, poses, exposure, images);
#endif
#ifdef RASTER_SHIFTS  // bracewell: ranks must agree: 'shifts' must be [P][M] or [B][P][M], one axis less than 'rotations'
  bw::raster(exec, cloud, bw::Poses{rotations, View<float*>()}, exposure, images);
#endif
#ifdef RASTER_STATIC_EXTENT  // bracewell: the last extent of 'points', of 'rotations' or, with a camera, of both points and parameters
  bw::raster(exec, bw::PointCloud{View<float**>()}, bw::Poses{View<float***>()}, exposure, images);
#endif
#ifdef RASTER_RANKS  // bracewell: ranks must agree: images are [P] or [B][P]
  bw::raster(exec, cloud, poses, exposure, View<float**>());
#endif
#ifdef RASTER_LEVELS  // bracewell: ranks must agree: 'background' must be one number an image, [P] or [B][P]
  bw::raster(exec, cloud, poses, bw::Exposure{View<float**>()}, images);
#endif
#ifdef RASTER_KERNEL  // bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp
  bw::raster(exec, cloud, poses, exposure, images, {}, NoValue{});
#endif
#ifdef RASTER_WIDTHS  // bracewell: ranks must agree: 'widths' must be [n] or, where points have a leading [B], [B][n]
  bw::raster(exec, bw::PointCloud{cloud.points, cloud.weights, View<float**>()}, poses, exposure, images, {}, gaussian);
#endif
#ifdef RASTER_WIDTHS_KERNEL  // bracewell: 'kernel' must be Gaussian<reach> where points have widths, see gaussian.hpp
  bw::raster(exec, wide_cloud, poses, exposure, images);
#endif
#ifdef RASTER_GAUSSIAN  // bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp
  bw::raster(exec, cloud, poses, exposure, images, {}, gaussian);
#endif
#ifdef RASTER_WIDTHS_CAMERA  // bracewell: 'widths' must be none with a Camera
  bw::raster(exec, wide_cloud, bw::Camera{0, View<float* [2]>()}, exposure, images, {}, gaussian);
#endif
#ifdef RASTER_WIDTHS_NONE  // bracewell: 'widths_dot' must be none where 'widths' is
  bw::raster_jvp(exec, cloud, wide_cloud, poses, poses, exposure, exposure, images);
#endif
#ifdef RASTER_POSES_NONE  // bracewell: 'rotations_bar' must be none where 'rotations' is
  bw::raster_vjp(exec, cloud, bw::none, bw::none, map, cloud, poses, bw::none);
#endif
#ifdef RASTER_RANKS_NONE  // bracewell: ranks must agree: images are [P] or [B][P]
  bw::raster(exec, cloud, bw::none, bw::none, View<float****>());
#endif
#ifdef RASTER_MEMORY  // bracewell: 'points' is in memory that 'exec' cannot access
  bw::raster(exec, bw::PointCloud{Far<float* [3]>()}, poses, exposure, images);
#endif
#ifdef RASTER_TANGENT_CLOUD  // bracewell: 'cloud_dot' must be PointCloud{points, weights, widths} of tangents, or none
  bw::raster_jvp(exec, cloud, cloud.points, poses, poses, exposure, exposure, images);
#endif
#ifdef RASTER_TANGENT_POSES  // bracewell: 'poses_dot' must be Poses{rotations, shifts} or Camera{projection, parameters} of
  bw::raster_jvp(exec, cloud, cloud, poses, rotations, exposure, exposure, images);
#endif
#ifdef RASTER_TANGENT_EXPOSURE  // bracewell: 'exposure_dot' must be Exposure{background, out_weight} of tangents, or none
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, 0.5, images);
#endif
#ifdef RASTER_TANGENT_RANK  // bracewell: ranks must agree: 'points_dot' must be [n][N] or, where poses have a leading [B]
  bw::raster_jvp(exec, cloud, bw::PointCloud{View<float*>()}, poses, poses, exposure, exposure, images);
#endif
#ifdef RASTER_TANGENT_LEVELS  // bracewell: ranks must agree: 'background_dot' must be one number an image, [P] or [B][P]
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, bw::Exposure{View<float**>()}, images);
#endif
#ifdef RASTER_COTANGENT_LEVELS  // bracewell: 'background_bar' is written: it must be a View, and not of const
  bw::raster_vjp(exec, cloud, poses, exposure, images, cloud, poses, bw::Exposure{0.5});
#endif
#ifdef RASTER_COTANGENT_CONST  // bracewell: 'points_bar' is written: it must be a View, and not of const
  bw::raster_vjp(exec, cloud, poses, exposure, images, bw::PointCloud{View<const float* [3]>(cloud.points)}, poses,
                 exposure);
#endif
#ifdef RASTER_COTANGENT_MEMORY  // bracewell: 'points_bar' is in memory that 'exec' cannot access
  bw::raster_vjp(exec, cloud, poses, exposure, images, bw::PointCloud{Far<float* [3]>()}, poses, exposure);
#endif
}
