// SPDX-License-Identifier: MIT
// What the types of the rasterizer's arguments must be, in sentences, and what they tell: axes of points and images.
#pragma once

#include <bracewell/detail/arrays.hpp>
#include <bracewell/kernels.hpp>
#include <bracewell/points.hpp>
#include <bracewell/poses.hpp>

#include <type_traits>
#include <utility>

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

// Members of arguments that may be none as a whole, or be refused for another type.
template <class X>
const auto& points_of(const X& x) {
  if constexpr (requires { x.points; }) {
    return x.points;
  } else {
    return none;
  }
}
template <class X>
const auto& weights_of(const X& x) {
  if constexpr (requires { x.weights; }) {
    return x.weights;
  } else {
    return none;
  }
}
template <class X>
const auto& background_of(const X& x) {
  if constexpr (requires { x.background; }) {
    return x.background;
  } else {
    return none;
  }
}
template <class X>
const auto& out_weight_of(const X& x) {
  if constexpr (requires { x.out_weight; }) {
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
constexpr bool check_raster_types() {
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
      static_assert(
          numbers_or_none<WeightsOf<Cloud>, int(Points::rank()) - 1>() ||
              numbers_or_none<WeightsOf<Cloud>, int(Points::rank())>(),
          "bracewell: 'weights' must be a View of float or double, [n] or, for channels, [n][C], with a leading [B] "
          "where points have one, or none");
      static_assert(Types::camera || numbers_or_none<SecondOf<PosesType>, int(First::rank()) - 1>(),
                    "bracewell: 'shifts' must be a View of float or double with one axis less than 'rotations', or none");
      static_assert(
          Types::N > 0 && (!Types::camera || Types::K > 0),
          "bracewell: the last extent of 'points', of 'rotations' or, with a camera, of both points and parameters "
          "must be static, as in View<double*[3]>");
      static_assert(
          Types::M >= 1 && Types::M <= Types::N && Types::matrices_fit,
          "bracewell: ranks must agree: images are [P] or [B][P], [C] where weights have channels, and 1 <= M <= N "
          "axes");
      static_assert(
          LevelLike<BackgroundOf<ExposureType>, Types::batch + 1> && LevelLike<OutWeightOf<ExposureType>, Types::batch + 1>,
          "bracewell: 'background' and 'out_weight' must each be a number, a View of one number an image, [P] or "
          "[B][P], or none");
    }
  }
  static_assert(Kernel<K, Precision<ImageArray>>,
                "bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp");
  return true;
}

/// A tangent or cotangent has the rank of what it belongs to, or is none.
template <class X, class Like>
constexpr bool rank_of_or_none() {
  if constexpr (Given<X> && Given<Like>) {
    return numbers_or_none<X, int(Like::rank())>();
  } else {
    return !Given<X>;
  }
}

template <class... X>
constexpr bool all_writable() {
  return (WritableOrNone<X> && ...);
}

/// The sentences about tangents or, to be written, cotangents of what `check_raster_types` was about.
template <bool Written, class Cloud, class PosesType, class ImageArray, class CloudBar, class PosesBar, class ExposureBar>
constexpr bool check_raster_companions() {
  static_assert(!Given<CloudBar> || is_cloud<CloudBar>,
                "bracewell: a cloud's tangents and cotangents are PointCloud{points, weights} or none");
  static_assert(!Given<PosesBar> || (is_camera<PosesBar> ? is_camera<PosesType> : is_poses<PosesBar> && is_poses<PosesType>),
                "bracewell: tangents and cotangents of Poses are Poses{rotations, shifts}, of a Camera Camera{none, "
                "parameters}, or none");
  static_assert(!Given<ExposureBar> || is_exposure<ExposureBar>,
                "bracewell: an exposure's tangents and cotangents are Exposure{background, out_weight} or none");
  static_assert(
      rank_of_or_none<PointsOf<CloudBar>, PointsOf<Cloud>>() && rank_of_or_none<WeightsOf<CloudBar>, WeightsOf<Cloud>>() &&
          rank_of_or_none<FirstOf<PosesBar>, FirstOf<PosesType>>() &&
          rank_of_or_none<SecondOf<PosesBar>, SecondOf<PosesType>>(),
      "bracewell: tangents and cotangents are Views of float or double of the rank of what they belong to, or none");
  constexpr int rank = RasterTypes<Cloud, PosesType, ImageArray>::batch + 1;
  if constexpr (Written) {
    static_assert(
        numbers_or_none<BackgroundOf<ExposureBar>, rank>() && numbers_or_none<OutWeightOf<ExposureBar>, rank>(),
        "bracewell: cotangents of 'background' and 'out_weight' are Views of one number an image, [P] or [B][P], or "
        "none");
    static_assert(all_writable<PointsOf<CloudBar>, WeightsOf<CloudBar>, FirstOf<PosesBar>, SecondOf<PosesBar>,
                               BackgroundOf<ExposureBar>, OutWeightOf<ExposureBar>>(),
                  "bracewell: cotangents must be writable");
  } else {
    static_assert(
        LevelLike<BackgroundOf<ExposureBar>, rank> && LevelLike<OutWeightOf<ExposureBar>, rank>,
        "bracewell: tangents of 'background' and 'out_weight' must each be a number, a View of one number an image, "
        "[P] or [B][P], or none");
  }
  return true;
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
template <class Exec, class Cloud, class PosesType, class ExposureType, class ImageArray>
constexpr bool check_raster_reach() {
  static_assert(levels_reached<Exec, ImageArray, PointsOf<Cloud>, WeightsOf<Cloud>, FirstOf<PosesType>, SecondOf<PosesType>,
                               BackgroundOf<ExposureType>, OutWeightOf<ExposureType>>(),
                "bracewell: an array is in memory that 'exec' cannot access");
  return true;
}

}  // namespace bracewell::detail
