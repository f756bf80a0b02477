// SPDX-License-Identifier: MIT
// The types of a problem of the rasterizer, and the plain structures that kernels hold, made of its arguments.
#pragma once

#include <bracewell/detail/arguments/call.hpp>
#include <bracewell/detail/core/tables.hpp>
#include <bracewell/detail/points/problem.hpp>
#include <bracewell/detail/points/projection.hpp>

#include <limits>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// The last extent of a View; 0 where it is not static, or where there is no View.
template <class X>
constexpr int last_static_extent() {
  if constexpr (rank_of<X>() == 0) {
    return 0;
  } else {
    return int(X::static_extent(X::rank() - 1));
  }
}

/// What a kernel for points with widths has, see gaussian.hpp.
template <class K, class T>
concept WidthKernel = K::reach >= 1 && requires(const K& kernel, T f, T (&w)[2 * K::reach]) {
  kernel.template weights<true>(f, f, w, w, w);
};

template <class Exec_, class Kernel_, class Cloud, class PosesArg, class ImagesArg>
struct RasterTypes {
  using Exec = Exec_;
  using T = PrecisionOrDouble<ImagesArg>;
  using Points = points_type<Cloud>;
  using Weights = weights_type<Cloud>;
  static constexpr bool wide = Given<widths_type<Cloud>>;
  static constexpr bool camera = is_a<Camera, PosesArg>;
  static constexpr int posed = Given<PosesArg> ? 1 : 0;
  using Parameters = std::conditional_t<camera, parameters_type<PosesArg>, rotations_type<PosesArg>>;
  static constexpr int batch = (posed ? rank_of<Parameters>() == (camera ? 3 : 4) : rank_of<Points>() == 3) ? 1 : 0;
  static constexpr int channels = Given<Weights> && rank_of<Weights>() == rank_of<Points>() ? 1 : 0;
  static constexpr int M = rank_of<ImagesArg>() - posed - batch - channels;
  static constexpr int K = camera ? last_static_extent<Parameters>() : 0;
  static constexpr int N = last_static_extent<Points>() > 0 || camera ? last_static_extent<Points>()
                                                                      : last_static_extent<Parameters>();
  static constexpr const char *axes_of_images = "the axes of an image", *axes_of_objects = "the axes of a point",
                              *axes_of_parameters = "the parameters of the camera";

  static constexpr bool sentences() {
    static_assert(N > 0 && (!camera || K > 0),
                  "bracewell: the last extent of 'points', of 'rotations' or, with a camera, of both points and parameters "
                  "must be static, as in View<double*[3]>");
    static_assert(M >= 1 && M <= N && (camera || !posed || static_extents_fit<Parameters, N, M>()),
                  "bracewell: ranks must agree: images are [P] or [B][P], [C] where weights have channels, and 1 <= M <= N "
                  "axes, without [P] where 'poses' is none");
    static_assert(wide || Kernel<Kernel_, T>,
                  "bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp");
    static_assert(!wide || WidthKernel<Kernel_, T>,
                  "bracewell: 'kernel' must be Gaussian<reach> where points have widths, see gaussian.hpp");
    static_assert(!wide || !camera,
                  "bracewell: 'widths' must be none with a Camera, which does not say what becomes of them");
    return true;
  }
};

/// The stack of images, to be read or to be written.
template <class P, class V, class X>
ImageStack<V, P::M> make_images(const X& x) {
  constexpr int rank = rank_of<X>();
  ImageStack<V, P::M> images{x.data(), {}, {}, {}};
  if constexpr (P::batch > 0) images.batch_stride[0] = std::int64_t(x.stride(0));
  if constexpr (P::posed > 0) images.batch_stride[1] = std::int64_t(x.stride(P::batch));
  if constexpr (P::channels > 0) images.batch_stride[2] = std::int64_t(x.stride(P::batch + P::posed));
  for (int e = 0; e < P::M; ++e) {
    images.extent[e] = int(x.extent(rank - 1 - e));
    images.stride[e] = e == 0 ? 1 : std::int64_t(x.stride(rank - 1 - e));
  }
  return images;
}

template <class P, class X>
auto input_images(const X& x) {
  return make_images<P, const Element<X>>(x);
}
template <class P, class X>
auto output_images(const X& x) {
  return make_images<P, Element<X>>(x);
}

/// A number, or numbers of each image as [B][P], where poses are none too.
template <class P, class X>
auto per_image(const X& x) {
  if constexpr (P::posed > 0 || !Array<X>) {
    return x;
  } else {
    using Numbers = Kokkos::View<Element<X>**, Kokkos::LayoutStride, typename X::device_type>;
    std::size_t objects = 1, step = 0;
    if constexpr (P::batch > 0) {
      objects = x.extent(0);
      step = x.stride(0);
    }
    return Numbers(x.data(), Kokkos::LayoutStride(objects, step, 1, 1));
  }
}

/// R q + t, q where poses are none, or a camera, with the tangents of its parameters unless these are none.
template <class P, class C, class PosesArg, class PosesDot>
auto make_projection(const PosesArg& poses, const PosesDot& poses_dot, const VoxelFrame<P::M>& frame) {
  constexpr bool moves = Given<parameters_type<PosesDot>> || Given<rotations_type<PosesDot>> || Given<shifts_type<PosesDot>>;
  const auto tangent = [](auto axes, const auto& x) {
    if constexpr (moves) {
      return make_pose_table<decltype(axes)::value>(x);
    } else {
      return none;
    }
  };
  constexpr std::integral_constant<int, 1> vector;
  constexpr std::integral_constant<int, 2> matrix;
  if constexpr (P::camera) {
    return CameraProjection<C, P::N, P::M, P::K, std::decay_t<decltype(poses.projection)>, moves>{
        frame, poses.projection, make_pose_table<1>(poses.parameters), tangent(vector, parameters_of(poses_dot))};
  } else if constexpr (P::posed == 0) {
    return AffineProjection<C, P::N, P::M, false, Identity>{frame, {}, make_pose_table<1>(none), none, none};
  } else {
    return AffineProjection<C, P::N, P::M, moves, PoseTable<false>>{
        frame, make_pose_table<2>(poses.rotations), make_pose_table<1>(poses.shifts),
        tangent(matrix, rotations_of(poses_dot)), tangent(vector, shifts_of(poses_dot))};
  }
}

template <class P, class Cloud, class PosesArg, class PosesDot, class ExposureArg, class Images, class K>
auto make_problem(const char* function, const Counts& counts, const Cloud& cloud, const PosesArg& poses,
                  const PosesDot& poses_dot, const ExposureArg& exposure, const Images& images, const RasterOptions& options,
                  const K& kernel) {
  if (counts.points > std::numeric_limits<std::int32_t>::max())
    refuse(function, "points", std::to_string(counts.points) + " points", "no more than 2^31 - 1");
  if (counts.channels > std::numeric_limits<int>::max())
    refuse(function, "weights", "of " + std::to_string(counts.channels) + " channels", "no more than 2^31 - 1");
  auto points = input_table<1>(cloud.points);
  auto weights = input_table<P::channels>(cloud.weights);
  auto widths = input_table<0>(widths_of(cloud));
  using C = CoordinateType<typename P::T, decltype(points)>;
  auto projection = make_projection<P, C>(poses, poses_dot, VoxelFrame<P::M>(images.extent, options.voxel_size));
  return RasterProblem<typename P::T, P::N, P::M, decltype(points), decltype(weights), decltype(widths),
                       decltype(projection), K>{counts.references,
                                                counts.poses,
                                                counts.points,
                                                int(counts.channels),
                                                points,
                                                weights,
                                                widths,
                                                projection,
                                                make_pose_table<0>(per_image<P>(out_weight_of(exposure)), 1),
                                                kernel};
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
