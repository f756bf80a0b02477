// SPDX-License-Identifier: MIT
// What the rasterizer's arguments must be, and how they become a scene.
#pragma once

#include <bracewell/detail/checks.hpp>
#include <bracewell/detail/scene.hpp>
#include <bracewell/kernels.hpp>
#include <bracewell/points.hpp>
#include <bracewell/poses.hpp>

#include <cmath>
#include <limits>

namespace bracewell::detail {

template <class X>
inline constexpr bool is_cloud = false;
template <class P, class W>
inline constexpr bool is_cloud<PointCloud<P, W>> = true;
template <class X>
inline constexpr bool is_exposure = false;
template <class B, class W>
inline constexpr bool is_exposure<Exposure<B, W>> = true;
template <class X>
inline constexpr bool is_camera = false;
template <class F, class C>
inline constexpr bool is_camera<Camera<F, C>> = true;

// Members of arguments that may be none as a whole.
template <class X>
const auto& points_of(const X& x) {
  if constexpr (Given<X>) {
    return x.points;
  } else {
    return none;
  }
}
template <class X>
const auto& weights_of(const X& x) {
  if constexpr (Given<X>) {
    return x.weights;
  } else {
    return none;
  }
}
template <class X>
const auto& background_of(const X& x) {
  if constexpr (Given<X>) {
    return x.background;
  } else {
    return none;
  }
}
template <class X>
const auto& out_weight_of(const X& x) {
  if constexpr (Given<X>) {
    return x.out_weight;
  } else {
    return none;
  }
}

/// The first array of poses: rotations, or a camera's parameters.
template <class X>
const auto& first_of(const X& x) {
  if constexpr (is_camera<X>) {
    return x.parameters;
  } else {
    return rotations_of(x);
  }
}
/// And the second: shifts.
template <class X>
const auto& second_of(const X& x) {
  if constexpr (is_camera<X>) {
    return none;
  } else {
    return shifts_of(x);
  }
}

template <class Of>
using Member = std::decay_t<Of>;
template <class X>
using PointsOf = Member<decltype(points_of(std::declval<const X&>()))>;
template <class X>
using WeightsOf = Member<decltype(weights_of(std::declval<const X&>()))>;
template <class X>
using BackgroundOf = Member<decltype(background_of(std::declval<const X&>()))>;
template <class X>
using OutWeightOf = Member<decltype(out_weight_of(std::declval<const X&>()))>;
template <class X>
using FirstOf = Member<decltype(first_of(std::declval<const X&>()))>;
template <class X>
using SecondOf = Member<decltype(second_of(std::declval<const X&>()))>;

/// A View of real numbers of a rank, or none.
template <class X, int Rank>
constexpr bool numbers_or_none() {
  if constexpr (Given<X>) {
    if constexpr (Numbers<X>) {
      return X::rank() == Rank;
    } else {
      return false;
    }
  } else {
    return true;
  }
}

template <class X, int Rank>
concept LevelLike = !Given<X> || std::is_arithmetic_v<X> || numbers_or_none<X, Rank>();

template <class X>
constexpr int last_static_extent() {
  return int(X::static_extent(X::rank() - 1));
}

/// Ranks and dimensions of a problem. 0 axes where they are not known.
template <class Cloud, class PosesType, class ImageArray>
struct RasterTypes {
  using First = FirstOf<PosesType>;
  using Points = PointsOf<Cloud>;
  using Weights = WeightsOf<Cloud>;
  static constexpr bool camera = is_camera<PosesType>;
  static constexpr int batch = int(First::rank()) - (camera ? 2 : 3);  // axes of it: 0 or 1
  static constexpr bool channels = [] {
    if constexpr (Given<Weights>) {
      return Weights::rank() == Points::rank();
    } else {
      return false;
    }
  }();
  static constexpr int M = int(ImageArray::rank()) - 1 - batch - (channels ? 1 : 0);
  static constexpr int N = [] {
    constexpr int known = last_static_extent<Points>();
    if constexpr (known == 0 && !camera) {
      return last_static_extent<First>();
    } else {
      return known;
    }
  }();
  static constexpr int K = camera ? last_static_extent<First>() : 0;
  static constexpr bool matrices_fit = [] {
    if constexpr (camera) {
      return true;
    } else {
      return static_extents_fit<First, N, M>();
    }
  }();
};

/// The sentences about what all operations of the rasterizer share.
template <class Exec, class Cloud, class PosesType, class ExposureType, class ImageArray, class K>
constexpr void check_raster_types() {
  static_assert(ExecutionSpace<Exec>, "bracewell: the first argument must be a Kokkos execution space instance");
  static_assert(is_cloud<Cloud>, "bracewell: 'cloud' must be PointCloud{points, weights}");
  static_assert(is_poses<PosesType> || is_camera<PosesType>,
                "bracewell: 'poses' must be Poses{rotations, shifts} or Camera{projection, parameters}");
  static_assert(!Given<ExposureType> || is_exposure<ExposureType>,
                "bracewell: 'exposure' must be Exposure{background, out_weight} or none");
  if constexpr (is_cloud<Cloud> && (is_poses<PosesType> || is_camera<PosesType>)) {
    using Points = PointsOf<Cloud>;
    using First = FirstOf<PosesType>;
    static_assert(Numbers<Points> && Numbers<First>,
                  "bracewell: 'points', and 'rotations' or 'parameters', must be Views of float or double");
    if constexpr (Numbers<Points> && Numbers<First>) {
      using Types = RasterTypes<Cloud, PosesType, ImageArray>;
      static_assert(Types::batch == 0 || Types::batch == 1,
                    "bracewell: rotations must be [P][M][N] or [B][P][M][N], a camera's parameters [P][K] or [B][P][K]");
      static_assert(Points::rank() == Types::batch + 2,
                    "bracewell: 'points' must be [n][N] or, where poses have a leading [B], [B][n][N]");
      static_assert(numbers_or_none<WeightsOf<Cloud>, int(Points::rank()) - 1>() ||
                        numbers_or_none<WeightsOf<Cloud>, int(Points::rank())>(),
                    "bracewell: 'weights' must be a View of float or double, [n] or, for channels, [n][C], with a leading [B] "
                    "where points have one, or none");
      static_assert(Types::camera || numbers_or_none<SecondOf<PosesType>, int(First::rank()) - 1>(),
                    "bracewell: 'shifts' must be a View of float or double with one axis less than 'rotations', or none");
      static_assert(Types::N > 0 && (!Types::camera || Types::K > 0),
                    "bracewell: the last extent of 'points', of 'rotations' or, with a camera, of both points and parameters "
                    "must be static, as in View<double*[3]>");
      static_assert(Types::M >= 1 && Types::M <= Types::N && Types::matrices_fit,
                    "bracewell: ranks must agree: images are [P] or [B][P], [C] where weights have channels, and 1 <= M <= N "
                    "axes");
      static_assert(LevelLike<BackgroundOf<ExposureType>, Types::batch + 1> &&
                        LevelLike<OutWeightOf<ExposureType>, Types::batch + 1>,
                    "bracewell: 'background' and 'out_weight' must each be a number, a View of one number an image, [P] or "
                    "[B][P], or none");
    }
  }
  static_assert(Kernel<K, Precision<ImageArray>>,
                "bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp");
}

template <class Exec, class... Views>
constexpr bool levels_reached() {
  const auto reached = []<class X>(X*) {
    if constexpr (Kokkos::is_view_v<X>) {
      return reaches<Exec, X>();
    } else {
      return true;
    }
  };
  return (reached(static_cast<std::add_pointer_t<Views>>(nullptr)) && ...);
}

/// Every array of a cloud, of poses and of an exposure, each possibly none, is where `Exec` works.
template <class Exec, class Cloud, class PosesType, class ExposureType>
constexpr void check_raster_reach() {
  static_assert(levels_reached<Exec, PointsOf<Cloud>, WeightsOf<Cloud>, FirstOf<PosesType>, SecondOf<PosesType>,
                               BackgroundOf<ExposureType>, OutWeightOf<ExposureType>>(),
                "bracewell: an array is in memory that 'exec' cannot access");
}

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

template <class Cloud, class PosesType, class ExposureType>
RasterShapes raster_shapes(const Cloud& cloud, const PosesType& poses, const ExposureType& exposure) {
  return {shape("points", points_of(cloud)),
          shape("weights", weights_of(cloud)),
          shape(is_camera<PosesType> ? "parameters" : "rotations", first_of(poses)),
          shape("shifts", second_of(poses)),
          level_shape("background", background_of(exposure)),
          level_shape("out_weight", out_weight_of(exposure))};
}

struct RasterCounts {
  std::int64_t objects, poses, points;
  int channels;
};

/// Everything belongs together. `axes`: N and M; `batch`: the number of leading axes [B].
inline RasterCounts check_raster(const char* function, int N, int M, int batch, int K, const RasterShapes& shapes,
                                 const Shape& images, const RasterOptions& options) {
  const auto& [points, weights, first, second, background, out_weight] = shapes;
  const int x = images.rank - 1;
  if (images.extent[x] > 1 && images.stride[x] != 1)
    refuse(function, images.name, "of stride " + std::to_string(images.stride[x]) + " on its last axis", "stride 1 there");
  for (int i = images.rank - M; i < images.rank; ++i)
    if (images.extent[i] < 1 || images.extent[i] > (std::int64_t(1) << 30))
      refuse(function, images.name, "of shape " + text(images),
             "extents from 1 to 2^30 on its last " + std::to_string(M) + " axes");
  const bool channels = images.rank > batch + 1 + M;
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
inline void check_raster_companion(const char* function, const RasterShapes& companion, const RasterShapes& like) {
  check_same(function, companion.points, like.points);
  check_same(function, companion.weights, like.weights);
  check_same(function, companion.first, like.first);
  check_same(function, companion.second, like.second);
}

/// Voxels of an image, x first, from its shape.
template <int M>
Frame<M> make_frame(const Shape& images, const RasterOptions& options) {
  return Frame<M>(images.extent + images.rank - M, options.voxel_size);
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
        make_pose_array<2, const FirstDot>(first_of(poses_dot)),
        make_pose_array<1, const SecondDot>(second_of(poses_dot))};
  }
}

template <class T, class Types, class Cloud, class PosesType, class PosesDot, class ExposureType, class K>
auto make_scene(const RasterCounts& counts, const Cloud& cloud, const PosesType& poses, const PosesDot& poses_dot,
                const ExposureType& exposure, const Frame<Types::M>& frame, const K& kernel) {
  using Point = Number<PointsOf<Cloud>>;
  using Weight = Number<WeightsOf<Cloud>>;
  const auto lens = make_lens<T, Types>(poses, poses_dot, frame);
  return Scene<T, Types::N, Types::M, Point, Weight, std::decay_t<decltype(lens)>, K>{
      counts.objects,
      counts.poses,
      counts.points,
      counts.channels,
      make_pose_array<1, const Point>(points_of(cloud)),
      make_pose_array<Types::channels ? 1 : 0, const Weight>(weights_of(cloud)),
      lens,
      make_level(out_weight_of(exposure), 1),
      kernel};
}

}  // namespace bracewell::detail
