// SPDX-License-Identifier: MIT
// What calls look like from outside: names of kernels, regions and allocations, where kernels run, and no waiting.
#include "support/arrays.hpp"
#include "support/tools.hpp"

#include <bracewell/bracewell.hpp>

#include <catch2/catch_test_macros.hpp>

#include <functional>

namespace bw = bracewell;
using namespace support;

namespace {

constexpr bool on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, Exec::memory_space>::accessible;

struct Call {
  std::string name;
  bool scratch;  // whether it needs some
  std::function<void(const Exec&, const bw::SliceOptions&)> run;
};

std::vector<Call> calls() {
  using C = Kokkos::complex<double>;
  const Dense<C, 3> reference("reference", 12, 12, 7), other("other", 12, 12, 7), slices("slices", 4, 12, 7),
      more("more", 4, 12, 7);
  const Dense<double, 3> density("density", 12, 12, 7), weights("weights", 4, 12, 7), weights_dot("weights_dot", 4, 12, 7),
      map("map", 10, 10, 10);
  Kokkos::deep_copy(reference, C(1, 2));
  Kokkos::deep_copy(slices, C(3, 4));
  Kokkos::deep_copy(density, 1);
  Kokkos::deep_copy(weights, 1);
  Kokkos::deep_copy(map, 1);
  const Dense<double, 3> rotations("rotations", 4, 2, 3);
  const Dense<double, 2> shifts("shifts", 4, 2);
  const Dense<double, 1> loss("loss", 4);
  const Dense<double, 3> matrices("matrices", 4, 9, 9);
  const auto turned = Kokkos::create_mirror_view(rotations);
  for (int p = 0; p < 4; ++p) turned(p, 0, p % 3) = turned(p, 1, (p + 1) % 3) = 1;
  Kokkos::deep_copy(rotations, turned);
  const bw::Cubic kernel;  // one to compile, not five
  const bw::Poses poses{rotations, shifts}, companion{Dense<double, 3>("r", 4, 2, 3), Dense<double, 2>("t", 4, 2)};
  const Kokkos::View<double*[3], Kokkos::LayoutRight, Exec::memory_space> points("points", 100),
      points_dot("points_dot", 100);
  const Dense<double, 2> offsets("offsets", 4, 2), offsets_dot("offsets_dot", 4, 2);
  const Dense<double, 1> amounts("amounts", 100), amounts_dot("amounts_dot", 100), levels("levels", 4), gains("gains", 4),
      levels_dot("levels_dot", 4), gains_dot("gains_dot", 4);
  const Dense<double, 3> images("images", 4, 9, 10);
  const bw::PointCloud cloud{points, amounts}, cloud_dot{points_dot, amounts_dot};
  const bw::Poses places{rotations, offsets}, places_dot{companion.rotations, offsets_dot};
  const bw::Exposure exposure{levels, gains}, exposure_dot{levels_dot, gains_dot};
  return {
      {"raster", on_host,
       [=](const Exec& exec, const auto& options) {
         bw::raster(exec, cloud, places, exposure, images, {.workspace = options.workspace});
       }},
      {"raster_jvp", on_host,
       [=](const Exec& exec, const auto& options) {
         bw::raster_jvp(exec, cloud, cloud_dot, places, places_dot, exposure, exposure_dot, images,
                        {.workspace = options.workspace});
       }},
      {"raster_vjp", true,
       [=](const Exec& exec, const auto& options) {
         bw::raster_vjp(exec, cloud, places, exposure, images, cloud_dot, places_dot, exposure_dot,
                        {.workspace = options.workspace});
       }},
      {"project", false,
       [=](const Exec& exec, const auto& options) { bw::project(exec, reference, poses, slices, options, kernel); }},
      {"project_jvp", false,
       [=](const Exec& exec, const auto& options) {
         bw::project_jvp(exec, reference, other, poses, companion, slices, options, kernel);
       }},
      {"project_vjp", true,
       [=](const Exec& exec, const auto& options) {
         bw::project_vjp(exec, reference, poses, slices, other, companion, options, kernel);
       }},
      {"project_vjp", false,
       [=](const Exec& exec, const auto& options) {
         bw::project_vjp(exec, reference, poses, slices, other, bw::none, options, kernel);
       }},
      {"gauss_newton", true,
       [=](const Exec& exec, const auto& options) {
         bw::gauss_newton(exec, reference, poses, bw::Observed{slices, weights}, loss, companion, bw::none, matrices,
                          options, kernel);
       }},
      {"backproject", false,
       [=](const Exec& exec, const auto& options) {
         bw::backproject(exec, slices, weights, poses, other, density, options, kernel);
       }},
      {"backproject_jvp", false,
       [=](const Exec& exec, const auto& options) {
         bw::backproject_jvp(exec, slices, more, weights, weights_dot, poses, companion, other, density, options, kernel);
       }},
      {"backproject_vjp", true,
       [=](const Exec& exec, const auto& options) {
         bw::backproject_vjp(exec, slices, weights, poses, reference, density, more, weights_dot, companion, options,
                             kernel);
       }},
      {"backproject_vjp", false,
       [=](const Exec& exec, const auto& options) {
         bw::backproject_vjp(exec, slices, weights, poses, reference, density, more, weights_dot, bw::none, options, kernel);
       }},
      {"origin_to_zero", false, [=](const Exec& exec, const auto&) { bw::origin_to_zero(exec, reference); }},
      {"origin_to_centre", false, [=](const Exec& exec, const auto&) { bw::origin_to_centre<2>(exec, slices); }},
      {"divide_by_density", false,
       [=](const Exec& exec, const auto&) { bw::divide_by_density(exec, reference, density, 1); }},
      {"divide_wiener", false, [=](const Exec& exec, const auto&) { bw::divide_wiener(exec, reference, density, 1); }},
      {"correct_gridding", false,
       [=](const Exec& exec, const auto& options) {
         bw::correct_gridding(exec, map, {12, 12, 12}, bw::Gridding::reference, options);
       }},
  };
}

bool named(const std::string& label) { return label.rfind("bracewell::", 0) == 0; }

}  // namespace

TEST_CASE("kernels, regions and allocations are labelled", "[tools]") {
  const Exec exec;
  for (const Call& call : calls()) {
    INFO(call.name);
    const Events events = record([&] { call.run(exec, {.interpolation = bw::Interpolation::cubic}); });
    CHECK(std::vector{"bracewell::" + call.name} == events.regions);
    CHECK(!events.kernels.empty());
    for (const auto& label : events.kernels) {
      INFO(label);
      CHECK((named(label) || (!on_host && label.rfind("Kokkos::ViewFill", 0) == 0)));
    }
    CHECK(events.allocations.empty() == !call.scratch);
    for (const auto& label : events.allocations) {
      INFO(label);
      CHECK(named(label));
    }
  }
}

TEST_CASE("kernels run on the instance that is given", "[tools]") {
  const auto instances = Kokkos::Experimental::partition_space(Exec(), 1, 1);
  for (const Call& call : calls())
    for (const Exec& exec : instances) {
      INFO(call.name);
      const Events events = record([&] { call.run(exec, {}); });
      for (const auto instance : events.instances) CHECK(instance == Kokkos::Tools::Experimental::device_id(exec));
      exec.fence();
    }
}

TEST_CASE("calls do not wait, and with a workspace allocate nothing the second time", "[tools]") {
  const Exec exec;
  for (const Call& call : calls()) {
    INFO(call.name);
    if (!call.scratch) CHECK(record([&] { call.run(exec, {}); }).fences == std::vector<std::string>{});
    bw::Workspace workspace;
    const bw::SliceOptions options{.interpolation = bw::Interpolation::cubic, .workspace = &workspace};
    const Events first = record([&] { call.run(exec, options); }), second = record([&] { call.run(exec, options); });
    CHECK(first.allocations.size() == std::size_t(call.scratch));
    CHECK(second.allocations.empty());
    CHECK(first.fences == std::vector<std::string>{});
    CHECK(second.fences == std::vector<std::string>{});
    exec.fence();
  }
}
