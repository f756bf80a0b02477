// SPDX-License-Identifier: MIT
// A projection of the user's in place of R q + t: a perspective camera.
#include "support/raster_derivatives.hpp"

namespace bw = bracewell;
using namespace support;

namespace {

/// A camera that looks along z from distance c[3] of the origin, with focal length c[0] and the image moved by c[1], c[2]:
/// p = c[0] (q_x, q_y) / (q_z + c[3]) + (c[1], c[2]). It does not see what is behind it.
struct Pinhole {
  template <class T>
  using Point = Kokkos::Array<T, 3>;
  template <class T>
  using Parameters = Kokkos::Array<T, 4>;

  template <class T>
  KOKKOS_FUNCTION Kokkos::Array<T, 2> operator()(const Point<T>& q, const Parameters<T>& c) const {
    const T depth = q[2] + c[3];
    if (!(depth > 0)) return {T(NAN), T(NAN)};
    return {c[0] * q[0] / depth + c[1], c[0] * q[1] / depth + c[2]};
  }

  template <class T>
  KOKKOS_FUNCTION void derivatives(const Point<T>& q, const Parameters<T>& c, Kokkos::Array<Point<T>, 2>& by_point,
                                   Kokkos::Array<Parameters<T>, 2>& by_parameter) const {
    const T depth = q[2] + c[3];
    for (int e = 0; e < 2; ++e) {
      const T along = -c[0] * q[e] / (depth * depth);
      by_point[e] = {e == 0 ? c[0] / depth : T(0), e == 1 ? c[0] / depth : T(0), along};
      by_parameter[e] = {q[e] / depth, e == 0 ? T(1) : T(0), e == 1 ? T(1) : T(0), along};
    }
  }
};

template <class T>
using Parameters = Kokkos::View<T** [4], Kokkos::LayoutRight, Exec::memory_space>;

struct CameraProblem {
  RasterProblem scene;  // its poses, of no meaning, are as many as there are cameras
  std::vector<double> parameters;

  std::vector<long> parameter_shape() const { return {scene.rotation_batch, scene.poses, 4}; }
};

/// The literal sums: every camera's points, projected, as a cloud of its own in the plane.
std::vector<double> reference_camera(const CameraProblem& s, const std::vector<double>& points,
                                     const std::vector<double>& parameters) {
  std::vector<double> images;
  for (int b = 0; b < s.scene.objects; ++b)
    for (int p = 0; p < s.scene.poses; ++p) {
      RasterProblem flat = s.scene;
      flat.axes = 2;
      flat.objects = flat.poses = flat.point_batch = flat.weight_batch = flat.rotation_batch = flat.shift_batch =
          flat.exposure_batch = 1;
      flat.rotations = {1, 0, 0, 1};
      flat.shifts = {0, 0};
      flat.points.clear();
      flat.weights.clear();
      const auto c = [&](int k) { return RasterProblem::at(parameters, s.parameter_shape(), {b, p, k}); };
      for (int i = 0; i < s.scene.count; ++i) {
        const auto q = [&](int d) { return RasterProblem::at(points, s.scene.point_shape(), {b, i, d}); };
        const double depth = q(2) + c(3);
        for (int e = 0; e < 2; ++e) flat.points.push_back(depth > 0 ? c(0) * q(e) / depth + c(1 + e) : double(NAN));
        for (int channel = 0; channel < s.scene.channels; ++channel)
          flat.weights.push_back(RasterProblem::at(s.scene.weights, s.scene.weight_shape(), {b, i, channel}));
      }
      flat.background = {RasterProblem::at(s.scene.background, s.scene.exposure_shape(), {b, p})};
      flat.out_weight = {RasterProblem::at(s.scene.out_weight, s.scene.exposure_shape(), {b, p})};
      const auto image = reference_raster(flat, quadratic_spline());
      images.insert(images.end(), image.begin(), image.end());
    }
  return images;
}

CameraProblem random_camera(Random& random) {
  CameraProblem s{random_raster(random, 3, 2), {}};
  for (int i = 0; i < s.scene.rotation_batch * s.scene.poses; ++i)
    for (const double c :
         {random.uniform(1, 2), random.uniform(-0.2, 0.2), random.uniform(-0.2, 0.2), random.uniform(0.9, 2)})
      s.parameters.push_back(c);
  if (random.integer(0, 1)) s.scene.points[2] = -3;  // behind all cameras
  return s;
}

/// raster, of points, weights and a camera's parameters.
template <class T>
Differentiable differentiable_camera(const CameraProblem& s) {
  using Arrays = RasterArrays<3, 2, T>;
  const RasterProblem& scene = s.scene;
  const auto arrays = [scene](const Arguments& in) {
    return Arrays(scene, in[0], in[1], scene.rotations, scene.shifts, scene.background, scene.out_weight);
  };
  const auto parameters = [s](const std::vector<double>& v) { return Parameters<T>(upload<T, 3>(s.parameter_shape(), v)); };
  const bw::RasterOptions options{.voxel_size = scene.voxel_size};
  Differentiable op;
  op.inputs = {"points", "weights", "parameters"};
  op.value = [=](const Arguments& in) -> Arguments {
    const Arrays a = arrays(in);
    const auto images = images_before<T, 2>(scene, nullptr);
    bw::raster(Exec(), a.cloud(), bw::Camera{Pinhole{}, parameters(in[2])}, a.exposure(), images, options,
               QuadraticSpline{});
    return {download(images)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dot, unsigned given, const Arguments* start) -> Arguments {
    const Arrays a = arrays(in), d = arrays(dot);
    const auto images = images_before<T, 2>(scene, start);
    with_subset<true>(
        given,
        [&](const auto& points, const auto& weights, const auto& c) {
          bw::raster_jvp(Exec(), a.cloud(), bw::PointCloud{points, weights}, bw::Camera{Pinhole{}, parameters(in[2])},
                         bw::Camera{bw::none, c}, a.exposure(), bw::none, images, accumulating(options, start),
                         QuadraticSpline{});
        },
        d.points, d.weights, parameters(dot[2]));
    return {download(images)};
  };
  op.vjp = [=](const Arguments& in, const Arguments& bar, unsigned wanted, const Arguments* start) {
    const Arguments begin = cotangents_before(in, start);
    const Arrays a = arrays(in), bars = arrays(begin);
    const auto images = upload<T, 5>(scene.image_shape(), bar[0]);
    return written<true>(
        wanted,
        [&](const auto& points, const auto& weights, const auto& c) {
          bw::raster_vjp(Exec(), a.cloud(), bw::Camera{Pinhole{}, parameters(in[2])}, a.exposure(), images,
                         bw::PointCloud{points, weights}, bw::Camera{bw::none, c}, bw::none, accumulating(options, start),
                         QuadraticSpline{});
        },
        bars.points, bars.weights, parameters(begin[2]));
  };
  return op;
}

}  // namespace

TEST_CASE("a perspective camera draws the projected points", "[raster][camera][nonfinite]") {
  Random random(7300);
  INFO("seed " << random.seed);
  for (int i = 0; i < 30; ++i) {
    const CameraProblem s = random_camera(random);
    INFO(text(s.scene));
    const Arguments in{s.scene.points, s.scene.weights, s.parameters};
    const auto want = reference_camera(s, s.scene.points, s.parameters);
    CHECK(relative_error(differentiable_camera<double>(s).value(in)[0], want) < 1e-12);
    CHECK(relative_error(differentiable_camera<float>(s).value(in)[0], want) < 1e-4);
  }
}

TEST_CASE("derivatives of a perspective camera", "[raster][camera][nonfinite][derivatives]") {
  Random random(7400);
  INFO("seed " << random.seed);
  for (int i = 0; i < 12; ++i) {
    const CameraProblem s = random_camera(random);
    INFO(text(s.scene));
    check_derivatives(differentiable_camera<double>(s), {s.scene.points, s.scene.weights, s.parameters}, random);
  }
}
