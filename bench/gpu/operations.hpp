// SPDX-License-Identifier: MIT
// The calls behind outputs.hpp.
#pragma once

#include "outputs.hpp"

#include "support/differentiable.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/gauss_newton.hpp>
#include <bracewell/gaussian.hpp>
#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>

#include <cmath>
#include <limits>

namespace kit {

namespace bw = bracewell;

template <class Space, class T, int N, int M, class Kernel>
Outputs slicing_by(const support::SliceProblem& s, const support::SliceProblem& t, const Kernel& kernel,
                   const bw::SliceOptions& options) {
  using support::unset, support::upload, support::flat_download;
  using Memory = typename Space::memory_space;
  using C = Kokkos::complex<T>;
  const Space exec;
  const int width = s.geometry.extents.back(), slice_width = s.geometry.slice.back();
  const auto volume = [&](const auto& view) { return bw::Spectrum{view, width}; };
  const auto slice = [&](const auto& view) { return bw::Spectrum{view, slice_width}; };

  const auto volumes = upload<C, N + 1, Memory>(s.volume_shape(), s.volumes),
             volumes_dot = upload<C, N + 1, Memory>(s.volume_shape(), t.volumes);
  std::vector<double> real;
  for (const auto& z : s.volumes) real.push_back(z.real());
  const auto reals = upload<T, N + 1, Memory>(s.volume_shape(), real);
  const auto slices = upload<C, M + 2, Memory>(s.slice_shape(), s.slices),
             slices_dot = upload<C, M + 2, Memory>(s.slice_shape(), t.slices);
  const auto weights = upload<T, M + 2, Memory>(s.slice_shape(), s.weights),
             weights_dot = upload<T, M + 2, Memory>(s.slice_shape(), t.weights);
  const bw::Poses poses{upload<double, 4, Memory>(s.rotation_shape(), s.rotations),
                        upload<double, 3, Memory>(s.shift_shape(), s.shifts)};
  const bw::Poses poses_dot{upload<double, 4, Memory>(s.rotation_shape(), t.rotations),
                            upload<double, 3, Memory>(s.shift_shape(), t.shifts)};
  const bw::Poses poses_bar{unset<double, 4, Memory>(s.rotation_shape()), unset<double, 3, Memory>(s.shift_shape())};
  const auto data = unset<C, N + 1, Memory>(s.volume_shape());
  const auto density = unset<T, N + 1, Memory>(s.volume_shape());
  const auto some_slices = unset<C, M + 2, Memory>(s.slice_shape());
  const auto some_weights = unset<T, M + 2, Memory>(s.slice_shape());

  const double taps = std::pow(2 * Kernel::reach, N), of_slice = taps * double(s.slice_size()),
               met = taps + of_slice * s.poses / double(s.volume_size()), of_pose = of_slice * s.references / s.pose_batch;
  Outputs outputs;
  const auto keep = [&](const std::string& name, const auto& view, double terms) {
    outputs.push_back({name, flat_download(view), terms});
  };
  const auto keep_poses = [&](const std::string& name) {
    keep(name + " rotations_bar", poses_bar.rotations, of_pose);
    keep(name + " shifts_bar", poses_bar.shifts, of_pose);
  };

  bw::project(exec, volume(volumes), poses, slice(some_slices), options, kernel);
  keep("project", some_slices, taps);
  bw::project_jvp(exec, volume(volumes), volume(volumes_dot), poses, poses_dot, slice(some_slices), options, kernel);
  keep("project_jvp", some_slices, taps * (1 + N + M));
  bw::project_vjp(exec, volume(volumes), poses, slice(slices), volume(data), poses_bar, options, kernel);
  outputs.push_back({"project_vjp reference_bar", hermitian(s, flat_download(data)), met});  // which is unique up to that
  keep_poses("project_vjp");

  bw::backproject(exec, slice(slices), slice(weights), poses, volume(data), volume(density), options, kernel);
  keep("backproject data", data, met);
  keep("backproject density", density, met);
  bw::backproject(exec, slice(slices), bw::none, poses, volume(data), bw::none, options, kernel);
  keep("backproject data alone", data, met);
  bw::backproject(exec, bw::none, slice(weights), poses, bw::none, volume(density), options, kernel);
  keep("backproject density alone", density, met);
  bw::backproject_jvp(exec, slice(slices), slice(slices_dot), slice(weights), slice(weights_dot), poses, poses_dot,
                      volume(data), volume(density), options, kernel);
  keep("backproject_jvp data", data, met * (1 + N + M));
  keep("backproject_jvp density", density, met * (1 + N));
  bw::backproject_vjp(exec, slice(slices), slice(weights), poses, volume(volumes), volume(reals), slice(some_slices),
                      slice(some_weights), poses_bar, options, kernel);
  keep("backproject_vjp slices_bar", some_slices, taps);
  keep("backproject_vjp weights_bar", some_weights, taps);
  keep_poses("backproject_vjp");

  if constexpr (N == 3 && M == 2) {
    const auto loss = unset<double, 2, Memory>({s.references, s.poses});
    const auto matrix = unset<double, 4, Memory>({s.references, s.poses, 9, 9});
    bw::gauss_newton(exec, volume(volumes), poses, bw::Observed{slice(slices), slice(weights)}, loss, poses_bar, bw::none,
                     matrix, options, kernel);
    keep("gauss_newton loss", loss, of_slice);
    keep_poses("gauss_newton");
    keep("gauss_newton matrix", matrix, of_slice);
  }
  return outputs;
}

template <class Space, class T, int N, int M>
Outputs slicing(const support::SliceProblem& s, const support::SliceProblem& t, Phi phi, const bw::SliceOptions& options) {
  switch (phi) {
    case Phi::linear:
      return slicing_by<Space, T, N, M>(s, t, bw::Linear{}, options);
    case Phi::cubic:
      return slicing_by<Space, T, N, M>(s, t, bw::Cubic{}, options);
    default:
      return slicing_by<Space, T, N, M>(s, t, bw::KaiserBessel<2>{1.25}, options);
  }
}

template <class Space, class T, int N, int M>
Outputs rasters(const support::RasterProblem& s, const support::RasterProblem& t) {
  using support::unset, support::upload, support::flat_download;
  using Memory = typename Space::memory_space;
  using Arrays = support::RasterArrays<N, M, T, Memory>;
  const Space exec;
  const Arrays a(s), dot(t);
  support::RasterProblem nothing = s;
  for (auto* values : {&nothing.points, &nothing.weights, &nothing.widths, &nothing.rotations, &nothing.shifts,
                       &nothing.background, &nothing.out_weight})
    values->assign(values->size(), std::numeric_limits<double>::quiet_NaN());
  const Arrays bar(nothing);
  const auto images = unset<T, M + 3, Memory>(s.image_shape());
  std::vector<double> wave(images.size());
  for (std::size_t i = 0; i < wave.size(); ++i) wave[i] = float(std::sin(1.0 + double(i)));  // no two neighbours alike
  const auto images_bar = upload<T, M + 3, Memory>(s.image_shape(), wave);

  Outputs outputs;
  const auto keep = [&](const std::string& name, const auto& view, double terms) {
    outputs.push_back({name, flat_download(view), terms});
  };
  const double pixels = double(s.voxels());
  const auto run = [&](const std::string& name, const auto& cloud, const auto& cloud_dot, const auto& cloud_bar,
                       const auto& kernel) {
    const double taps = std::pow(2 * kernel.reach, M), met = taps + s.count * taps / pixels;
    bw::raster(exec, cloud, a.poses(), a.exposure(), images, {}, kernel);
    keep(name, images, met);
    bw::raster_jvp(exec, cloud, cloud_dot, a.poses(), dot.poses(), a.exposure(), dot.exposure(), images, {}, kernel);
    keep(name + "_jvp", images, met * (2 + N + M));
    bw::raster_vjp(exec, cloud, a.poses(), a.exposure(), images_bar, cloud_bar, bar.poses(), bar.exposure(), {}, kernel);
    keep(name + "_vjp points_bar", bar.points, taps * s.poses);
    keep(name + "_vjp weights_bar", bar.weights, taps * s.poses);
    keep(name + "_vjp rotations_bar", bar.rotations, taps * s.count);
    keep(name + "_vjp shifts_bar", bar.shifts, taps * s.count);
    keep(name + "_vjp background_bar", bar.background, pixels);
    keep(name + "_vjp out_weight_bar", bar.out_weight, taps * s.count);
  };
  run("raster", a.cloud(), dot.cloud(), bar.cloud(), bw::Linear{});
  if constexpr (N == 3 && M == 2) {
    run("raster of widths", a.wide_cloud(), dot.wide_cloud(), bar.wide_cloud(), bw::Gaussian<2>{});
    keep("raster of widths_vjp widths_bar", bar.widths, std::pow(4, M) * s.poses);
  }
  return outputs;
}

}  // namespace kit
