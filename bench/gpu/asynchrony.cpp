// SPDX-License-Identifier: MIT
// How long the host waits in a call while a kernel spins on an instance: the call's own, or another. Calls of which the headers say
// that they do not wait must return long before the kernel ends.
#include "device.hpp"

#include <bracewell/bracewell.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bw = bracewell;
using kit::Array;
using kit::Complex;
using kit::Device;

namespace {

using T = float;

/// Keeps an instance busy for so many ns.
struct Spin {
  std::int64_t ns;

  KOKKOS_FUNCTION static std::int64_t now() {
#if defined(__CUDA_ARCH__)
    std::int64_t time;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(time));
    return time;
#elif defined(__HIP_DEVICE_COMPILE__)
    return wall_clock64() * 10;  // of 100 MHz
#else
    return std::chrono::steady_clock::now().time_since_epoch().count();
#endif
  }

  KOKKOS_FUNCTION void operator()(int) const {
    for (const std::int64_t begin = now(); now() - begin < ns;) {
    }
  }
};

double ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

struct Call {
  std::string name;
  bool waits_not;  // as the headers say of the second call with the same arguments
  std::function<void(const Device&, bw::Workspace*)> run;
};

/// All operations, on arrays of a few images; a problem so small ends long before a spin does.
std::vector<Call> calls() {
  const int box = 32, half = box / 2 + 1, poses = 4, count = 1000;
  const Array<Complex***> reference("reference", box, box, half), bar("bar", box, box, half),
      slices("slices", poses, box, half), more("more", poses, box, half);
  const Array<T***> density("density", box, box, half), weights("weights", poses, box, half),
      weights_bar("w", poses, box, half), images("images", poses, box, box);
  const Array<double***> rotations("rotations", poses, 2, 3), matrix("matrix", poses, 9, 9);
  const Array<double**> shifts("shifts", poses, 2);
  const auto turned = Kokkos::create_mirror_view(rotations);
  for (int p = 0; p < poses; ++p) turned(p, 0, p % 3) = turned(p, 1, (p + 1) % 3) = 1;
  Kokkos::deep_copy(rotations, turned);
  const bw::Poses views{rotations, shifts};
  const bw::Poses views_bar{Array<double***>("rotations_bar", poses, 2, 3), Array<double**>("shifts_bar", poses, 2)};
  const Array<double*> loss("loss", poses);
  const Array<T*[3]> points("points", count), points_bar("points_bar", count);
  const Array<T*> amounts("amounts", count), amounts_bar("amounts_bar", count);
  const bw::PointCloud cloud{points, amounts}, cloud_bar{points_bar, amounts_bar};
  const bw::Linear linear;

  std::vector<Call> all;
  const auto add = [&](const std::string& name, bool waits_not, const auto& run) { all.push_back({name, waits_not, run}); };
  const auto with = [](bw::Workspace* workspace) { return bw::SliceOptions{.workspace = workspace}; };
  add("project", true, [=](const Device& exec, bw::Workspace*) { bw::project(exec, reference, views, slices, {}, linear); });
  add("project, Kaiser-Bessel of reach 3", true, [=](const Device& exec, bw::Workspace*) {
    bw::project(exec, reference, views, slices, {}, bw::KaiserBessel<3>{1.25});
  });
  add("project_jvp", true, [=](const Device& exec, bw::Workspace*) {
    bw::project_jvp(exec, reference, bar, views, views_bar, slices, {}, linear);
  });
  add("project_vjp of the reference", true, [=](const Device& exec, bw::Workspace*) {
    bw::project_vjp(exec, reference, views, slices, bar, bw::none, {}, linear);
  });
  add("project_vjp of all, Workspace", true, [=](const Device& exec, bw::Workspace* workspace) {
    bw::project_vjp(exec, reference, views, slices, bar, views_bar, with(workspace), linear);
  });
  add("project_vjp of all", false, [=](const Device& exec, bw::Workspace*) {
    bw::project_vjp(exec, reference, views, slices, bar, views_bar, {}, linear);
  });
  add("backproject", true,
      [=](const Device& exec, bw::Workspace*) { bw::backproject(exec, slices, weights, views, bar, density, {}, linear); });
  add("backproject, Workspace", true, [=](const Device& exec, bw::Workspace* workspace) {
    bw::backproject(exec, slices, weights, views, bar, density, with(workspace), linear);
  });
  add("backproject, deterministic, Workspace", true, [=](const Device& exec, bw::Workspace* workspace) {
    auto options = with(workspace);
    options.deterministic = true;
    bw::backproject(exec, slices, weights, views, bar, density, options, linear);
  });
  add("backproject_jvp", true, [=](const Device& exec, bw::Workspace*) {
    bw::backproject_jvp(exec, slices, more, weights, weights_bar, views, views_bar, bar, density, {}, linear);
  });
  add("backproject_vjp, Workspace", true, [=](const Device& exec, bw::Workspace* workspace) {
    bw::backproject_vjp(exec, slices, weights, views, reference, density, more, weights_bar, views_bar, with(workspace),
                        linear);
  });
  add("gauss_newton, Workspace", true, [=](const Device& exec, bw::Workspace* workspace) {
    bw::gauss_newton(exec, reference, views, bw::Observed{slices, weights}, loss, views_bar, bw::none, matrix,
                     with(workspace), linear);
  });
  add("raster", true, [=](const Device& exec, bw::Workspace*) { bw::raster(exec, cloud, views, bw::none, images); });
  add("raster_jvp", true, [=](const Device& exec, bw::Workspace*) {
    bw::raster_jvp(exec, cloud, cloud_bar, views, views_bar, bw::none, bw::none, images);
  });
  add("raster_vjp, Workspace", true, [=](const Device& exec, bw::Workspace* workspace) {
    bw::raster_vjp(exec, cloud, views, bw::none, images, cloud_bar, views_bar, bw::none, {.workspace = workspace});
  });
  add("divide_by_density", true, [=](const Device& exec, bw::Workspace*) { bw::divide_by_density(exec, bar, density, 1); });
  add("origin_to_zero", true, [=](const Device& exec, bw::Workspace*) { bw::origin_to_zero(exec, bar); });
  return all;
}

/// The host's ms in each of four calls behind a spin on `busy`, two on `busy` and two on `other`; and in all until both have ended.
struct Waits {
  double here[2], there[2], all;
};
Waits waits(const Call& call, const Device& busy, const Device& other, double spin_ms) {
  bw::Workspace mine, others;
  for (int i = 0; i < 2; ++i) {  // what is allocated or loaded once
    call.run(busy, &mine);
    call.run(other, &others);
  }
  Kokkos::fence();
  Waits waits{};
  const auto begin = std::chrono::steady_clock::now();
  Kokkos::parallel_for("spin", Kokkos::RangePolicy<Device>(busy, 0, 1), Spin{std::int64_t(spin_ms * 1e6)});
  const auto time = [&](const Device& exec, bw::Workspace* workspace) {
    const auto before = std::chrono::steady_clock::now();
    call.run(exec, workspace);
    return ms_since(before);
  };
  for (double& ms : waits.here) ms = time(busy, &mine);
  for (double& ms : waits.there) ms = time(other, &others);
  busy.fence();
  other.fence();
  waits.all = ms_since(begin);
  return waits;
}

}  // namespace

int main(int argc, char** argv) {
  double spin_ms = 50;
  CLI::App app("How long calls wait behind a kernel that spins");
  app.add_option("--spin", spin_ms, "ms that it spins")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!kit::device_found()) return kit::skipped;
  if (!kit::has_device) {
    std::printf("no device: the host works in each call itself\n");
    return kit::skipped;
  }
  const Kokkos::ScopeGuard kokkos;
  const auto instances = Kokkos::Experimental::partition_space(Device(), 1, 1);
  std::printf(
      "ms that the host waits, behind %.0f ms on an instance: first and second call there, on another; all ended after\n",
      spin_ms);
  int wrong = 0;
  for (const Call& call : calls()) {
    const Waits w = waits(call, instances[0], instances[1], spin_ms);
    bool waited = false;
    for (const double ms : {w.here[0], w.here[1], w.there[0], w.there[1]}) waited = waited || ms > spin_ms / 5;
    const bool spun = w.all > 0.9 * spin_ms;  // or nothing was measured
    const bool bad = !spun || (waited && call.waits_not);
    wrong += bad;
    std::printf("%s  %-40s %8.3f %8.3f  %8.3f %8.3f  %8.1f%s%s\n", bad ? "WRONG" : "ok   ", call.name.c_str(), w.here[0],
                w.here[1], w.there[0], w.there[1], w.all, waited ? "  waits" : "",
                !spun                       ? "  did not spin"
                : waited && !call.waits_not ? ", which it may"
                                            : "");
    std::fflush(stdout);
  }
  std::printf("%d wrong\n", wrong);
  return wrong == 0 ? kit::passed : kit::failed;
}
