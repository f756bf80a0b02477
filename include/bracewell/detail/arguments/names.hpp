// SPDX-License-Identifier: MIT
// Every argument of the operations described once: its name, what it is, its axes. The compilers' sentences and the messages
// at run time follow from it, for the argument itself, its tangent (_dot) and its cotangent (_bar).
#pragma once

#include <bracewell/detail/arguments/kinds.hpp>
#include <bracewell/observed.hpp>
#include <bracewell/points.hpp>
#include <bracewell/poses.hpp>

#include <cstdint>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Half spectra and real arrays in their layout; images; numbers in any layout; a number or an array of numbers.
enum class Kind { spectrum, real, image, numbers, scalars };

/// Batch, poses, channels, points, coordinates of images and of objects, parameters of a camera; all axes of a reference's
/// lattice, and of an image. B and C are there where a problem has them.
enum class Axis : std::int8_t { B, P, C, n, M, N, K, lattice, grid };

template <Kind kind, class X>
constexpr bool is_of_kind() {
  if constexpr (kind == Kind::spectrum) {
    return ComplexArray<X>;
  } else if constexpr (kind == Kind::real) {
    return RealArray<X>;
  } else if constexpr (kind == Kind::image) {
    return RealArray<X> && Kokkos::is_view_v<X>;
  } else if constexpr (kind == Kind::numbers) {
    return Numbers<X>;
  } else {
    return std::is_arithmetic_v<X> || Numbers<X>;
  }
}

/// The rank that an argument has in a problem P.
template <class P, class Name>
constexpr int rank_in() {
  int rank = 0;
  for (const Axis axis : Name::axes)
    rank += axis == Axis::B         ? P::batch
            : axis == Axis::P       ? P::posed
            : axis == Axis::C       ? P::channels
            : axis == Axis::lattice ? P::N
            : axis == Axis::grid    ? P::M
                                    : 1;
  return rank;
}

/// Arrays over lattices and images have one precision; that of others is free.
template <class P, Kind kind, class X>
constexpr bool precision_fits() {
  return kind == Kind::numbers || kind == Kind::scalars || std::is_same_v<Precision<X>, typename P::T>;
}

// The one macro of the library: sentences must be literals.
#define BRACEWELL_NAME(id, primal_, kind_, what, axes_, ...)                                                              \
  struct id##_name {                                                                                                      \
    static constexpr const char *text = #id, *primal = #primal_;                                                          \
    static constexpr Kind kind = Kind::kind_;                                                                             \
    static constexpr Axis axes[] = {__VA_ARGS__};                                                                         \
    template <class P, bool written, class X, class Primal>                                                               \
    static constexpr bool sentences() {                                                                                   \
      static_assert(is_of_kind<kind, X>(), "bracewell: '" #id "' must be " what ", " axes_);                              \
      static_assert(Given<Primal> || kind == Kind::scalars, "bracewell: '" #id "' must be none where '" #primal_ "' is"); \
      if constexpr (is_of_kind<kind, X>() && Array<X>) {                                                                  \
        static_assert(rank_of<X>() == rank_in<P, id##_name>(), "bracewell: ranks must agree: '" #id "' must be " axes_);  \
        static_assert(precision_fits<P, kind, X>(),                                                                       \
                      "bracewell: '" #id "' must have the precision of the others, all float or all double");             \
        static_assert(Reaches<typename P::Exec, X>, "bracewell: '" #id "' is in memory that 'exec' cannot access");       \
      }                                                                                                                   \
      static_assert(!written || Writable<X>, "bracewell: '" #id "' is written: it must be a View, and not of const");     \
      return true;                                                                                                        \
    }                                                                                                                     \
    template <class X>                                                                                                    \
    static constexpr bool required() {                                                                                    \
      static_assert(Given<X>, "bracewell: '" #id "' must be given: " what ", " axes_);                                    \
      return true;                                                                                                        \
    }                                                                                                                     \
  };                                                                                                                      \
  inline constexpr id##_name id{};
#define BRACEWELL_NAMES(id, ...)            \
  BRACEWELL_NAME(id, id, __VA_ARGS__)       \
  BRACEWELL_NAME(id##_dot, id, __VA_ARGS__) \
  BRACEWELL_NAME(id##_bar, id, __VA_ARGS__)

// Structs of arguments: what they must be, and each(name, member, that of the primal) for their members.
#define BRACEWELL_STRUCT(id, is_right, what, ...)                                 \
  struct id##_name {                                                              \
    template <class X>                                                            \
    static constexpr bool sentences() {                                           \
      static_assert(is_right<X>(), "bracewell: '" #id "' must be " what);         \
      return true;                                                                \
    }                                                                             \
    template <class X, class Primal, class Each>                                  \
    static auto for_members(const X& x, const Primal& primal, const Each& each) { \
      __VA_ARGS__                                                                 \
    }                                                                             \
  };                                                                              \
  inline constexpr id##_name id{};
#define BRACEWELL_STRUCTS(id, is_right, is_companion, what, members)                    \
  BRACEWELL_STRUCT(id, is_right, what, members())                                       \
  BRACEWELL_STRUCT(id##_dot, is_companion, what " of tangents, or none", members(_dot)) \
  BRACEWELL_STRUCT(id##_bar, is_companion, what " of cotangents, or none", members(_bar))

// x.id, or none where x has no such member.
#define BRACEWELL_MEMBER(id)            \
  template <class X>                    \
  const auto& id##_of(const X& x) {     \
    if constexpr (requires { x.id; }) { \
      return x.id;                      \
    } else {                            \
      return none;                      \
    }                                   \
  }                                     \
  template <class X>                    \
  using id##_type = std::decay_t<decltype(id##_of(std::declval<const X&>()))>;

BRACEWELL_MEMBER(rotations)
BRACEWELL_MEMBER(shifts)
BRACEWELL_MEMBER(parameters)
BRACEWELL_MEMBER(points)
BRACEWELL_MEMBER(weights)
BRACEWELL_MEMBER(widths)
BRACEWELL_MEMBER(background)
BRACEWELL_MEMBER(out_weight)
BRACEWELL_MEMBER(images)
BRACEWELL_MEMBER(ctf)
BRACEWELL_MEMBER(scale)

template <class X>
constexpr bool poses_given() {
  return is_a<Poses, X> && Given<rotations_type<X>>;
}
template <class X>
constexpr bool is_poses_or_none() {
  return is_a<Poses, X> || !Given<X>;
}
template <class X>
constexpr bool poses_or_camera_given() {
  return poses_given<X>() || (is_a<Camera, X> && Given<parameters_type<X>>);
}
template <class X>
constexpr bool poses_or_camera_or_none_given() {
  return poses_or_camera_given<X>() || !Given<X>;
}
template <class X>
constexpr bool is_poses_or_camera_or_none() {
  return is_a<Poses, X> || is_a<Camera, X> || !Given<X>;
}
template <class X>
constexpr bool cloud_given() {
  return is_a<PointCloud, X> && Given<points_type<X>>;
}
template <class X>
constexpr bool is_cloud_or_none() {
  return is_a<PointCloud, X> || !Given<X>;
}
template <class X>
constexpr bool is_exposure_or_none() {
  return is_a<Exposure, X> || !Given<X>;
}
template <class X>
constexpr bool observed_given() {
  return is_a<Observed, X> && Given<images_type<X>>;
}

namespace slice_names {
using enum Axis;
#define BRACEWELL_SPECTRUM \
  "a View of Kokkos::complex<float> or <double>, contiguous along x (LayoutRight), or a Spectrum of one"
#define BRACEWELL_REAL "a View of float or double, contiguous along x (LayoutRight), or a Spectrum of one"
BRACEWELL_NAMES(reference, spectrum, BRACEWELL_SPECTRUM, "[D][H][W/2 + 1] or [B][D][H][W/2 + 1]", B, lattice)
BRACEWELL_NAMES(slices, spectrum, BRACEWELL_SPECTRUM, "[P][h][w/2 + 1] or [B][P][h][w/2 + 1]", B, P, grid)
BRACEWELL_NAMES(weights, real, BRACEWELL_REAL, "[P][h][w/2 + 1] or [B][P][h][w/2 + 1]", B, P, grid)
BRACEWELL_NAMES(data, spectrum, BRACEWELL_SPECTRUM, "[D][H][W/2 + 1] or [B][D][H][W/2 + 1]", B, lattice)
BRACEWELL_NAMES(density, real, BRACEWELL_REAL, "[D][H][W/2 + 1] or [B][D][H][W/2 + 1]", B, lattice)
BRACEWELL_NAMES(rotations, numbers, "a View of float or double", "[P][M][N] or [B][P][M][N]", B, P, M, N)
BRACEWELL_NAMES(shifts, numbers, "a View of float or double", "[P][M] or [B][P][M], one axis less than 'rotations'", B, P, M)
BRACEWELL_NAME(spectrum, spectrum, spectrum, BRACEWELL_SPECTRUM, "[D][H][W/2 + 1] or any other axes", lattice)
BRACEWELL_NAME(map, map, numbers, "a View of float or double", "[D][H][W] or any other axes", lattice)
#define BRACEWELL_POSES(suffix)                                   \
  each(rotations##suffix, rotations_of(x), rotations_of(primal)); \
  each(shifts##suffix, shifts_of(x), shifts_of(primal));
BRACEWELL_STRUCTS(poses, poses_given, is_poses_or_none, "Poses{rotations, shifts}", BRACEWELL_POSES)
BRACEWELL_NAME(images, images, spectrum, BRACEWELL_SPECTRUM, "[P][h][w/2 + 1] or [B][P][h][w/2 + 1]", B, P, grid)
BRACEWELL_NAME(ctf, ctf, real, BRACEWELL_REAL, "[P][h][w/2 + 1] or [B][P][h][w/2 + 1]", B, P, grid)
BRACEWELL_NAMES(scale, scalars, "a number, or a View of float or double", "one number an image, [P] or [B][P]", B, P)
BRACEWELL_NAME(loss, loss, numbers, "a View of float or double", "one number an image, [P] or [B][P]", B, P)
BRACEWELL_NAME(matrix, matrix, numbers, "a View of float or double", "[P][K][K] or [B][P][K][K]", B, P, K, K)
#define BRACEWELL_OBSERVED()                        \
  each(images, images_of(x), images_of(primal));    \
  each(weights, weights_of(x), weights_of(primal)); \
  each(ctf, ctf_of(x), ctf_of(primal));             \
  each(scale, scale_of(x), scale_of(primal));
BRACEWELL_STRUCT(observed, observed_given, "Observed{images, weights, ctf, scale}", BRACEWELL_OBSERVED())
}  // namespace slice_names

namespace point_names {
using enum Axis;
BRACEWELL_NAMES(points, numbers, "a View of float or double", "[n][N] or, where poses have a leading [B], [B][n][N]", B, n,
                N)
BRACEWELL_NAMES(weights, numbers, "a View of float or double",
                "[n] or, for channels, [n][C], with a leading [B] where points have one", B, n, C)
BRACEWELL_NAMES(widths, numbers, "a View of float or double", "[n] or, where points have a leading [B], [B][n]", B, n)
BRACEWELL_NAMES(rotations, numbers, "a View of float or double", "[P][M][N] or [B][P][M][N]", B, P, M, N)
BRACEWELL_NAMES(shifts, numbers, "a View of float or double", "[P][M] or [B][P][M], one axis less than 'rotations'", B, P, M)
BRACEWELL_NAMES(parameters, numbers, "a View of float or double", "[P][K] or [B][P][K]", B, P, K)
#define BRACEWELL_SCALAR "one number an image, [P] or [B][P], without [P] where 'poses' is none"
BRACEWELL_NAMES(background, scalars, "a number, or a View of float or double", BRACEWELL_SCALAR, B, P)
BRACEWELL_NAMES(out_weight, scalars, "a number, or a View of float or double", BRACEWELL_SCALAR, B, P)
BRACEWELL_NAMES(
    images, image, "a View of float or double, contiguous along x (LayoutRight)",
    "[P][h][w] or [B][P][h][w], without [P] where 'poses' is none, with [C] before [h] where weights have channels", B, P, C,
    grid)
#define BRACEWELL_VIEWS(suffix) \
  BRACEWELL_POSES(suffix)       \
  each(parameters##suffix, parameters_of(x), parameters_of(primal));
#define BRACEWELL_CLOUD(suffix)                             \
  each(points##suffix, points_of(x), points_of(primal));    \
  each(weights##suffix, weights_of(x), weights_of(primal)); \
  each(widths##suffix, widths_of(x), widths_of(primal));
#define BRACEWELL_EXPOSURE(suffix)                                   \
  each(background##suffix, background_of(x), background_of(primal)); \
  each(out_weight##suffix, out_weight_of(x), out_weight_of(primal));
BRACEWELL_STRUCT(poses, poses_or_camera_or_none_given,
                 "Poses{rotations, shifts} or Camera{projection, parameters}, or none for points as they are",
                 BRACEWELL_VIEWS())
BRACEWELL_STRUCT(poses_dot, is_poses_or_camera_or_none,
                 "Poses{rotations, shifts} or Camera{projection, parameters} of tangents, or none", BRACEWELL_VIEWS(_dot))
BRACEWELL_STRUCT(poses_bar, is_poses_or_camera_or_none,
                 "Poses{rotations, shifts} or Camera{projection, parameters} of cotangents, or none", BRACEWELL_VIEWS(_bar))
BRACEWELL_STRUCTS(cloud, cloud_given, is_cloud_or_none, "PointCloud{points, weights, widths}", BRACEWELL_CLOUD)
BRACEWELL_STRUCT(exposure, is_exposure_or_none, "Exposure{background, out_weight} or none", BRACEWELL_EXPOSURE())
BRACEWELL_STRUCT(exposure_dot, is_exposure_or_none, "Exposure{background, out_weight} of tangents, or none",
                 BRACEWELL_EXPOSURE(_dot))
BRACEWELL_STRUCT(exposure_bar, is_exposure_or_none, "Exposure{background, out_weight} of cotangents, or none",
                 BRACEWELL_EXPOSURE(_bar))
}  // namespace point_names

#undef BRACEWELL_NAME
#undef BRACEWELL_NAMES
#undef BRACEWELL_STRUCT
#undef BRACEWELL_STRUCTS
#undef BRACEWELL_MEMBER
#undef BRACEWELL_SPECTRUM
#undef BRACEWELL_REAL
#undef BRACEWELL_SCALAR
#undef BRACEWELL_POSES
#undef BRACEWELL_OBSERVED
#undef BRACEWELL_VIEWS
#undef BRACEWELL_CLOUD
#undef BRACEWELL_EXPOSURE

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
