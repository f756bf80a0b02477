// SPDX-License-Identifier: MIT
/// \file points.hpp
/// What the rasterizer draws: points, how bright an image is, and cameras in place of R q + t.
///
/// A tangent or a cotangent of each struct below is the same struct, of the tangents' or cotangents' arrays, any of which
/// may be none; so may the struct.
#pragma once

#include <bracewell/options.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// Points with their weights, of one object or of B.
///
/// - `points`: a View of float or double, [n][N], or [B][n][N] where poses come in a batch; x first. Best with a static
///   last extent, as in View<float*[3]>: N must be known from it or from that of the rotations.
/// - `weights`: [n] or [B][n]; or, where an image has C channels, [n][C] or [B][n][C]. `none`: ones.
/// - `widths`: [n] or [B][n], in the points' unit of length, 0 or more: a point of width σ is drawn as a Gaussian blob of this
///   standard deviation, by the kernel Gaussian<reach> (gaussian.hpp), which must be given. A blob has this width in the image,
///   whatever R is; a rotation does not change it. Not with a Camera, which may. `none`: points as they are.
///
/// Each may have B = 1 for all objects. Any layout; their precision need not be the images'. Points of which a coordinate
/// is NaN or infinite, or becomes so in the image, drop out of it, and so do those whose width is negative, NaN or infinite.
template <class Points, class Weights = None, class Widths = None>
struct PointCloud {
  Points points;
  Weights weights = {};
  Widths widths = {};
};

template <class Points>
PointCloud(Points) -> PointCloud<Points>;
template <class Points, class Weights>
PointCloud(Points, Weights) -> PointCloud<Points, Weights>;
template <class Points, class Weights, class Widths>
PointCloud(Points, Weights, Widths) -> PointCloud<Points, Weights, Widths>;

/// What an image's voxels start from, and what all of its points are multiplied by. Each is a number, or a View of one
/// number for each image, [P] or [B][P] (B may be 1; without [P] where poses are none), or `none`: background 0, out_weight 1.
/// Cotangents are Views of one number for each image.
template <class Background = None, class OutWeight = None>
struct Exposure {
  Background background = {};
  OutWeight out_weight = {};
};

Exposure()->Exposure<>;
template <class Background>
Exposure(Background) -> Exposure<Background>;
template <class Background, class OutWeight>
Exposure(Background, OutWeight) -> Exposure<Background, OutWeight>;

/// A projection of your own in place of p = R q + t, given where `Poses` are. Its K parameters for each image are a View,
/// [P][K] or [B][P][K] (B may be 1), with a static last extent. The projection is a copyable object with
///
///     template <class T> KOKKOS_FUNCTION
///     Kokkos::Array<T, M> operator()(const Kokkos::Array<T, N>& q, const Kokkos::Array<T, K>& c) const;      // p(q, c)
///
///     template <class T> KOKKOS_FUNCTION void derivatives(                              // only derivatives need it
///         const Kokkos::Array<T, N>& q, const Kokkos::Array<T, K>& c,
///         Kokkos::Array<Kokkos::Array<T, N>, M>& by_point,                              // ∂p_e/∂q_d at [e][d]
///         Kokkos::Array<Kokkos::Array<T, K>, M>& by_parameter) const;                   // ∂p_e/∂c_k at [e][k]
///
/// for T of the images' precision. A point that it cannot see (behind the camera, say) it drops by a NaN in p. Tangents and
/// cotangents are Camera{none, parameters_dot}.
template <class Projection, class Parameters>
struct Camera {
  Projection projection;
  Parameters parameters;
};

template <class Projection, class Parameters>
Camera(Projection, Parameters) -> Camera<Projection, Parameters>;

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
