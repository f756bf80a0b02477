// SPDX-License-Identifier: MIT
// Every number that the reference implementation and torch-projectors gave for small inputs.
#include "support/golden.hpp"

#include "support/operations.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

bw::Interpolation interpolation(const Golden& golden) {
  const auto kernel = golden.get<std::string>("kernel");
  if (kernel == "linear") return bw::Interpolation::linear;
  if (kernel == "cubic") return bw::Interpolation::cubic;
  if (kernel == "kaiser_bessel_4") return bw::Interpolation::kaiser_bessel_4;
  if (kernel == "kaiser_bessel_6") return bw::Interpolation::kaiser_bessel_6;
  throw std::runtime_error("unknown kernel " + kernel);
}

bw::SliceOptions options(const Golden& golden) {
  return {.interpolation = interpolation(golden),
          .oversampling = golden.get<double>("oversampling"),
          .cutoff = golden.get<double>("cutoff")};
}

std::vector<long> batched(std::vector<long> shape, std::vector<long> batch) {
  shape.insert(shape.begin(), batch.begin(), batch.end());
  return shape;
}

/// One reference of N axes, one slice of M axes, neither in a batch: with a kernel that the caller names.
template <int N, int M>
void check_without_batch(const Golden& g) {
  using C = Kokkos::complex<double>;
  const Exec exec;
  const auto width = g.get<std::vector<int>>("reference_shape").back(),
             slice_width = g.get<std::vector<int>>("slice_shape").back();
  const bw::Poses poses{upload<double, 3>({1, M, N}, g.real("rotation")), upload<double, 2>({1, M}, g.real("shift"))};
  const auto out = unset<C, M + 1>(batched(g.shape("project"), {1}));
  bw::project(exec, bw::Spectrum{upload<C, N>(g.shape("reference"), g.complex("reference")), width}, poses,
              bw::Spectrum{out, slice_width}, options(g), bw::Linear{});
  CHECK(relative_error(download(out), g.complex("project")) < 1e-12);
  const auto slices = upload<C, M + 1>(batched(g.shape("slices"), {1}), g.complex("slices"));
  const auto weights = upload<double, M + 1>(batched(g.shape("weights"), {1}), g.real("weights"));
  const auto data = unset<C, N>(g.shape("reference"));
  const auto density = unset<double, N>(g.shape("reference"));
  bw::backproject(exec, bw::Spectrum{slices, slice_width}, bw::Spectrum{weights, slice_width}, poses,
                  bw::Spectrum{data, width}, bw::Spectrum{density, width}, options(g), bw::Linear{});
  CHECK(relative_error(download(data), g.complex("backproject_data")) < 1e-12);
  CHECK(relative_error(download(density), g.real("backproject_density")) < 1e-12);
}

/// One reference of N axes, one slice of M axes, in batches of one.
template <int N, int M>
void check_slice_case(const Golden& g) {
  using C = Kokkos::complex<double>;
  const Exec exec;
  const double tolerance = g.name.find("kaiser") != std::string::npos ? 1e-9 : 1e-12;
  const auto width = g.get<std::vector<int>>("reference_shape").back(),
             slice_width = g.get<std::vector<int>>("slice_shape").back();
  const auto reference_shape = batched(g.shape("reference"), {1}), slice_shape = batched(g.shape("slices"), {1, 1});
  const auto reference = upload<C, N + 1>(reference_shape, g.complex("reference"));
  const auto rotations = upload<double, 4>({1, 1, M, N}, g.real("rotation"));
  const auto shifts = upload<double, 3>({1, 1, M}, g.real("shift"));
  const auto slices = upload<C, M + 2>(slice_shape, g.complex("slices"));
  const auto weights = upload<double, M + 2>(slice_shape, g.real("weights"));
  const bw::Poses poses{rotations, shifts};

  const auto out = unset<C, M + 2>(slice_shape);
  bw::project(exec, bw::Spectrum{reference, width}, poses, bw::Spectrum{out, slice_width}, options(g));
  CHECK(relative_error(download(out), g.complex("project")) < tolerance);

  const auto data = unset<C, N + 1>(reference_shape);
  const auto density = unset<double, N + 1>(reference_shape);
  bw::backproject(exec, bw::Spectrum{slices, slice_width}, bw::Spectrum{weights, slice_width}, poses,
                  bw::Spectrum{data, width}, bw::Spectrum{density, width}, options(g));
  CHECK(relative_error(download(data), g.complex("backproject_data")) < tolerance);
  CHECK(relative_error(download(density), g.real("backproject_density")) < tolerance);

  const double derivative_tolerance = std::max(tolerance, 1e-11);
  const auto check = [&](const auto& got, const auto& want) { CHECK(relative_error(got, want) < derivative_tolerance); };
  const auto reference_dot = upload<C, N + 1>(reference_shape, g.complex("d_reference"));
  const auto slices_dot = upload<C, M + 2>(slice_shape, g.complex("d_slices"));
  const auto weights_dot = upload<double, M + 2>(slice_shape, g.real("d_weights"));
  const bw::Poses poses_dot{upload<double, 4>({1, 1, M, N}, g.real("d_rotation")),
                            upload<double, 3>({1, 1, M}, g.real("d_shift"))};
  bw::project_jvp(exec, bw::Spectrum{reference, width}, bw::Spectrum{reference_dot, width}, poses, poses_dot,
                  bw::Spectrum{out, slice_width}, options(g));
  check(download(out), g.complex("project_jvp"));
  bw::backproject_jvp(exec, bw::Spectrum{slices, slice_width}, bw::Spectrum{slices_dot, slice_width},
                      bw::Spectrum{weights, slice_width}, bw::Spectrum{weights_dot, slice_width}, poses, poses_dot,
                      bw::Spectrum{data, width}, bw::Spectrum{density, width}, options(g));
  check(download(data), g.complex("backproject_jvp_data"));
  check(download(density), g.real("backproject_jvp_density"));

  const auto slices_bar = upload<C, M + 2>(slice_shape, g.complex("project_cotangent"));
  const bw::Poses poses_bar{unset<double, 4>({1, 1, M, N}), unset<double, 3>({1, 1, M})};
  bw::project_vjp(exec, bw::Spectrum{reference, width}, poses, bw::Spectrum{slices_bar, slice_width},
                  bw::Spectrum{data, width}, poses_bar, options(g));
  const auto extents = g.get<std::vector<int>>("reference_shape");
  check(reference::symmetrise(download(data), extents), g.complex("project_vjp_reference_symmetrised"));
  check(download(poses_bar.rotations), g.real("project_vjp_rotation"));
  check(download(poses_bar.shifts), g.real("project_vjp_shift"));

  const auto data_bar = upload<C, N + 1>(reference_shape, g.complex("backproject_cotangent_data"));
  const auto density_bar = upload<double, N + 1>(reference_shape, g.real("backproject_cotangent_density"));
  const auto weights_bar = unset<double, M + 2>(slice_shape);
  bw::backproject_vjp(exec, bw::Spectrum{slices, slice_width}, bw::Spectrum{weights, slice_width}, poses,
                      bw::Spectrum{data_bar, width}, bw::Spectrum{density_bar, width}, bw::Spectrum{out, slice_width},
                      bw::Spectrum{weights_bar, slice_width}, poses_bar, options(g));
  check(download(out), g.complex("backproject_vjp_slices"));
  check(download(weights_bar), g.real("backproject_vjp_weights"));
  check(download(poses_bar.rotations), g.real("backproject_vjp_rotation"));
  check(download(poses_bar.shifts), g.real("backproject_vjp_shift"));
  if (options(g).interpolation == bw::Interpolation::linear) check_without_batch<N, M>(g);
}

/// Batches of references of N axes, slices of two.
template <class T, int N, class Kernel>
void check_torch_case(const Golden& g, const Kernel& kernel) {
  using C = Kokkos::complex<T>;
  const Exec exec;
  const double tolerance = sizeof(T) == 8 ? 1e-6 : 3e-6;  // theirs are float
  const auto rotations = upload<T, 4>(g.shape("rotation"), g.real("rotation"));
  const auto shifts = upload<T, 3>(g.shape("shift"), g.real("shift"));
  const bw::Poses poses{rotations, shifts};
  if (g.get<std::string>("op") == "project") {
    const auto references = upload<C, N + 1>(g.shape("reference"), g.complex("reference"));
    const auto slices = unset<C, 4>(g.shape("slices"));
    bw::project(exec, references, poses, slices, options(g), kernel);
    CHECK(relative_error(download(slices), g.complex("slices")) < tolerance);
  } else {
    const auto slices = upload<C, 4>(g.shape("slices"), g.complex("slices"));
    const auto weights = upload<T, 4>(g.shape("weights"), g.real("weights"));
    const auto data = unset<C, N + 1>(g.shape("data"));
    const auto density = unset<T, N + 1>(g.shape("density"));
    bw::backproject(exec, slices, weights, poses, data, density, options(g), kernel);
    auto got_data = download(data), want_data = g.complex("data");
    auto got_density = download(density), want_density = g.real("density");
    const std::size_t references = g.shape("data")[0], each = got_data.size() / references;
    for (std::size_t b = 0; b < references; ++b)  // they count the self-conjugate sample of DC differently
      got_data[b * each] = want_data[b * each] = got_density[b * each] = want_density[b * each] = 0;
    CHECK(relative_error(got_data, want_data) < tolerance);
    CHECK(relative_error(got_density, want_density) < tolerance);
  }
}

/// One cloud at one pose, neither in a batch; the options' convention is the unit box.
template <int N, int M>
void check_raster_case(const Golden& g) {
  const Exec exec;
  const double tolerance = 1e-12;
  const auto image_shape = batched(g.shape("raster"), {1});
  const Kokkos::View<double* [N], Kokkos::LayoutRight, Exec::memory_space> points =
      upload<double, 2>(g.shape("points"), g.real("points"));
  const auto weights = upload<double, 1>(g.shape("point_weight"), g.real("point_weight"));
  const auto rotations = upload<double, 3>({1, M, N}, g.real("rotation"));
  const auto shifts = upload<double, 2>({1, M}, g.real("translation"));
  const bw::PointCloud cloud{points, weights};
  const bw::Poses poses{rotations, shifts};
  const bw::Exposure exposure{g.get<double>("background"), g.get<double>("out_weight")};

  const auto images = unset<double, M + 1>(image_shape);
  bw::raster(exec, cloud, poses, exposure, images);
  CHECK(relative_error(download(images), g.real("raster")) < tolerance);

  const auto points_dot = upload<double, 2>(g.shape("points"), g.real("d_points"));
  const auto weights_dot = upload<double, 1>(g.shape("point_weight"), g.real("d_point_weight"));
  const auto rotations_dot = upload<double, 3>({1, M, N}, g.real("d_rotation"));
  const auto shifts_dot = upload<double, 2>({1, M}, g.real("d_translation"));
  const auto images_dot = unset<double, M + 1>(image_shape);
  bw::raster_jvp(exec, cloud, bw::PointCloud{points_dot, weights_dot}, poses, bw::Poses{rotations_dot, shifts_dot}, exposure,
                 bw::Exposure{g.get<double>("d_background"), g.get<double>("d_out_weight")}, images_dot);
  CHECK(relative_error(download(images_dot), g.real("jvp")) < tolerance);

  const auto images_bar = upload<double, M + 1>(image_shape, g.real("cotangent"));
  const auto points_bar = unset<double, 2>(g.shape("points"));
  const auto weights_bar = unset<double, 1>(g.shape("point_weight"));
  const auto rotations_bar = unset<double, 3>({1, M, N});
  const auto shifts_bar = unset<double, 2>({1, M});
  const auto background_bar = unset<double, 1>({1});
  const auto out_weight_bar = unset<double, 1>({1});
  bw::raster_vjp(exec, cloud, poses, exposure, images_bar, bw::PointCloud{points_bar, weights_bar},
                 bw::Poses{rotations_bar, shifts_bar}, bw::Exposure{background_bar, out_weight_bar});
  CHECK(relative_error(download(points_bar), g.real("vjp_points")) < tolerance);
  CHECK(relative_error(download(weights_bar), g.real("vjp_point_weight")) < tolerance);
  CHECK(relative_error(download(rotations_bar), g.real("vjp_rotation")) < tolerance);
  CHECK(relative_error(download(shifts_bar), g.real("vjp_translation")) < tolerance);
  CHECK(relative_error(download(background_bar), {g.get<double>("vjp_background")}) < tolerance);
  CHECK(relative_error(download(out_weight_bar), {g.get<double>("vjp_out_weight")}) < tolerance);
}

}  // namespace

TEST_CASE("slices as the reference implementation cuts and inserts them", "[golden]") {
  const auto cases = Golden::all("reference_slice_");
  REQUIRE(cases.size() == 24);
  for (const auto& g : cases) {
    INFO(g.name);
    const auto axes = g.get<std::vector<int>>("reference_shape").size(),
               slice_axes = g.get<std::vector<int>>("slice_shape").size();
    if (axes == 2 && slice_axes == 1) check_slice_case<2, 1>(g);
    if (axes == 2 && slice_axes == 2) check_slice_case<2, 2>(g);
    if (axes == 3 && slice_axes == 1) check_slice_case<3, 1>(g);
    if (axes == 3 && slice_axes == 2) check_slice_case<3, 2>(g);
    if (axes == 3 && slice_axes == 3) check_slice_case<3, 3>(g);
  }
}

TEST_CASE("slices as torch-projectors cuts and inserts them", "[golden]") {
  const auto cases = Golden::all("torch_projectors_");
  REQUIRE(cases.size() == 10);
  for (const auto& g : cases) {
    INFO(g.name);
    const auto check = [&](const auto& kernel) {
      if (g.get<std::vector<int>>("reference_shape").size() == 2) {
        check_torch_case<float, 2>(g, kernel);
        check_torch_case<double, 2>(g, kernel);
      } else {
        check_torch_case<float, 3>(g, kernel);
        check_torch_case<double, 3>(g, kernel);
      }
    };
    if (interpolation(g) == bw::Interpolation::linear) {
      check(bw::Linear{});
    } else {
      REQUIRE(interpolation(g) == bw::Interpolation::cubic);  // they have no other
      check(bw::Cubic{});
    }
  }
}

TEST_CASE("images of points as the reference implementation makes and differentiates them", "[raster][golden]") {
  const auto cases = Golden::all("reference_raster_");
  REQUIRE(cases.size() == 5);
  for (const auto& g : cases) {
    INFO(g.name);
    const auto axes = g.shape("points")[1], image_axes = long(g.shape("raster").size());
    if (axes == 2 && image_axes == 2) check_raster_case<2, 2>(g);
    if (axes == 3 && image_axes == 1) check_raster_case<3, 1>(g);
    if (axes == 3 && image_axes == 2) check_raster_case<3, 2>(g);
    if (axes == 3 && image_axes == 3) check_raster_case<3, 3>(g);
    if (axes == 4 && image_axes == 3) check_raster_case<4, 3>(g);
  }
}
