// SPDX-License-Identifier: MIT
#include "arguments.hpp"

[[maybe_unused]] static void raster() {
  bw::raster(exec, cloud, poses, exposure, images);
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, exposure, images);
  bw::raster_vjp(exec, cloud, poses, exposure, images, cloud, poses, exposure);
#ifdef RASTER_IMAGES  // raster: 'images' must be a writable View of float or double, contiguous along x
  bw::raster(exec, cloud, poses, exposure, slices);
#endif
#ifdef RASTER_JVP_IMAGES  // raster_jvp: 'images_dot' must be a writable View of float or double
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, exposure, View<const float***>(images));
#endif
#ifdef RASTER_VJP_IMAGES  // raster_vjp: 'images_bar' must be a View of float or double
  bw::raster_vjp(exec, cloud, poses, exposure, slices, cloud, poses, exposure);
#endif
#ifdef RASTER_EXECUTION_SPACE  // bracewell: the first argument must be a Kokkos execution space instance
  bw::raster(0, cloud, poses, exposure, images);
#endif
#ifdef RASTER_CLOUD  // bracewell: 'cloud' must be PointCloud{points, weights}
  bw::raster(exec, cloud.points, poses, exposure, images);
#endif
#ifdef RASTER_POSES  // bracewell: 'poses' must be Poses{rotations, shifts} or Camera{projection, parameters}
  bw::raster(exec, cloud, rotations, exposure, images);
#endif
#ifdef RASTER_EXPOSURE  // bracewell: 'exposure' must be Exposure{background, out_weight} or none
  bw::raster(exec, cloud, poses, 0.5, images);
#endif
#ifdef RASTER_NUMBERS  // bracewell: 'points', and 'rotations' or 'parameters', must be Views of float or double
  bw::raster(exec, bw::PointCloud{View<int* [3]>()}, poses, exposure, images);
#endif
#ifdef RASTER_ROTATIONS_RANK  // bracewell: rotations must be [P][M][N] or [B][P][M][N]
  bw::raster(exec, cloud, bw::Poses{shifts}, exposure, images);
#endif
#ifdef RASTER_POINTS_RANK  // bracewell: 'points' must be [n][N] or, where poses have a leading [B], [B][n][N]
  bw::raster(exec, bw::PointCloud{View<float** [3]>()}, poses, exposure, images);
#endif
#ifdef RASTER_WEIGHTS  // bracewell: 'weights' must be a View of float or double, [n] or, for channels, [n][C]
  bw::raster(exec, bw::PointCloud{cloud.points, View<float***>()}, poses, exposure, images);
#endif
#ifdef RASTER_SHIFTS  // bracewell: 'shifts' must be a View of float or double with one axis less than 'rotations', or none
  bw::raster(exec, cloud, bw::Poses{rotations, View<float*>()}, exposure, images);
#endif
#ifdef RASTER_STATIC_EXTENT  // bracewell: the last extent of 'points', of 'rotations' or, with a camera, of both points and parameters
  bw::raster(exec, bw::PointCloud{View<float**>()}, bw::Poses{View<float***>()}, exposure, images);
#endif
#ifdef RASTER_RANKS  // bracewell: ranks must agree: images are [P] or [B][P]
  bw::raster(exec, cloud, poses, exposure, View<float**>());
#endif
#ifdef RASTER_LEVELS  // bracewell: 'background' and 'out_weight' must each be a number, a View of one number an image
  bw::raster(exec, cloud, poses, bw::Exposure{View<float**>()}, images);
#endif
#ifdef RASTER_KERNEL  // bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp
  bw::raster(exec, cloud, poses, exposure, images, {}, NoValue{});
#endif
#ifdef RASTER_MEMORY  // bracewell: an array is in memory that 'exec' cannot access
  bw::raster(exec, bw::PointCloud{Far<float* [3]>()}, poses, exposure, images);
#endif
#ifdef RASTER_TANGENT_CLOUD  // bracewell: a cloud's tangents and cotangents are PointCloud{points, weights} or none
  bw::raster_jvp(exec, cloud, cloud.points, poses, poses, exposure, exposure, images);
#endif
#ifdef RASTER_TANGENT_POSES  // bracewell: tangents and cotangents of Poses are Poses{rotations, shifts}
  bw::raster_jvp(exec, cloud, cloud, poses, rotations, exposure, exposure, images);
#endif
#ifdef RASTER_TANGENT_EXPOSURE  // bracewell: an exposure's tangents and cotangents are Exposure{background, out_weight} or none
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, 0.5, images);
#endif
#ifdef RASTER_TANGENT_RANK  // bracewell: tangents and cotangents are Views of float or double of the rank of what they belong to, or none
  bw::raster_jvp(exec, cloud, bw::PointCloud{View<float*>()}, poses, poses, exposure, exposure, images);
#endif
#ifdef RASTER_TANGENT_LEVELS  // bracewell: tangents of 'background' and 'out_weight' must each be a number, a View of one number an image
  bw::raster_jvp(exec, cloud, cloud, poses, poses, exposure, bw::Exposure{View<float**>()}, images);
#endif
#ifdef RASTER_COTANGENT_LEVELS  // bracewell: cotangents of 'background' and 'out_weight' are Views of one number an image
  bw::raster_vjp(exec, cloud, poses, exposure, images, cloud, poses, bw::Exposure{0.5});
#endif
#ifdef RASTER_COTANGENT_CONST  // bracewell: cotangents must be writable
  bw::raster_vjp(exec, cloud, poses, exposure, images, bw::PointCloud{View<const float* [3]>(cloud.points)}, poses,
                 exposure);
#endif
#ifdef RASTER_COTANGENT_MEMORY  // bracewell: an array is in memory that 'exec' cannot access
  bw::raster_vjp(exec, cloud, poses, exposure, images, bw::PointCloud{Far<float* [3]>()}, poses, exposure);
#endif
}
