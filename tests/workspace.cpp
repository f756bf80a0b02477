// SPDX-License-Identifier: MIT
#include <bracewell/backproject.hpp>
#include <bracewell/gauss_newton.hpp>
#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>
#include <bracewell/workspace.hpp>

#include "support/arrays.hpp"
#include "support/limit.hpp"
#include "support/tools.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace bw = bracewell;
using namespace support;

TEST_CASE("a workspace serves smaller calls and grows for larger ones", "[tools]") {
  const Exec exec;
  bw::Workspace workspace;
  const auto allocations = [&](std::size_t count) {
    return record([&] { workspace.numbers(exec, count); }).allocations.size();
  };
  CHECK(allocations(10) == 1);
  CHECK(allocations(10) == 0);
  CHECK(allocations(3) == 0);
  CHECK(allocations(11) == 1);
  CHECK(workspace.numbers(exec, 11).size() >= 11);
}

namespace {

using T = float;
using C = Kokkos::complex<float>;

/// Calls that need more than 32 MB of scratch, with what they write.
struct Hungry {
  std::string name;
  std::vector<Dense<std::uint32_t, 1>> written;
  std::function<void()> run;
};

/// The numbers of a contiguous View as they lie in memory.
template <class View>
Dense<std::uint32_t, 1> words(const View& view) {
  using Words =
      Kokkos::View<std::uint32_t*, Kokkos::LayoutRight, Exec::memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  return Words(reinterpret_cast<std::uint32_t*>(view.data()), view.size() * sizeof(typename View::value_type) / 4);
}

std::vector<Hungry> hungry_calls() {
  const Exec exec;
  const bw::Linear kernel;
  constexpr long poses_of_pixels = 500'000, poses_of_sums = 5000, n = 256;
  const auto rotations = [](const std::string& name, long count, int axes) {
    return Dense<double, 3>(name, count, axes, 3);
  };
  // Images of one pixel, for the sums over images; and a reference of 68 MB, for sums of insertion apart.
  const Dense<C, 3> small("small", 2, 2, 2), small_bar("small_bar", 2, 2, 2), pixels("pixels", poses_of_pixels, 1, 1),
      pixels_bar("pixels_bar", poses_of_pixels, 1, 1), large("large", n, n, n / 2 + 1),
      large_bar("large_bar", n, n, n / 2 + 1), some("some", poses_of_sums, 1, 1);
  const auto spectrum = [](const auto& view, long width) { return bw::Spectrum{view, width}; };
  const auto many = rotations("rotations", poses_of_pixels, 2), many_bar = rotations("rotations_bar", poses_of_pixels, 2),
             few = rotations("rotations", poses_of_sums, 2), few_bar = rotations("rotations_bar", poses_of_sums, 2);
  const Dense<double, 1> loss("loss", poses_of_pixels);
  using Points = Kokkos::View<T* [3], Kokkos::LayoutRight, Exec::memory_space>;
  const Points points("points", 1), points_bar("points_bar", 1), cloud("cloud", 4'000'000);
  const Dense<T, 3> dots("dots", poses_of_pixels, 1, 1), image("image", 1, 700, 700);
  const auto one = rotations("rotation", 1, 2);
  return {
      {"project_vjp, poses",
       {words(small_bar), words(many_bar)},
       [=] {
         bw::project_vjp(exec, spectrum(small, 2), bw::Poses{many}, spectrum(pixels, 1), spectrum(small_bar, 2),
                         bw::Poses{many_bar}, {}, kernel);
       }},
      {"project_vjp, reference and poses",
       {words(large_bar), words(few_bar)},
       [=] {
         bw::project_vjp(exec, spectrum(large, n), bw::Poses{few}, spectrum(some, 1), spectrum(large_bar, n),
                         bw::Poses{few_bar}, {}, kernel);
       }},
      {"gauss_newton",
       {words(loss), words(many_bar)},
       [=] {
         bw::gauss_newton(exec, spectrum(small, 2), bw::Poses{many}, bw::Observed{spectrum(pixels, 1)}, loss,
                          bw::Poses{many_bar}, bw::none, bw::none, {}, kernel);
       }},
      {"backproject",
       {words(large_bar)},
       [=] {
         bw::backproject(exec, spectrum(some, 1), bw::none, bw::Poses{few}, spectrum(large_bar, n), bw::none, {}, kernel);
       }},
      {"backproject_vjp",
       {words(pixels_bar), words(many_bar)},
       [=] {
         bw::backproject_vjp(exec, spectrum(pixels, 1), bw::none, bw::Poses{many}, spectrum(small, 2), bw::none,
                             spectrum(pixels_bar, 1), bw::none, bw::Poses{many_bar}, {}, kernel);
       }},
      {"raster",
       {words(image)},
       [=] { bw::raster(exec, bw::PointCloud{cloud}, bw::Poses{one}, bw::none, image, {}, kernel); }},
      {"raster_vjp",
       {words(points_bar), words(many_bar)},
       [=] {
         bw::raster_vjp(exec, bw::PointCloud{points}, bw::Poses{many}, bw::none, dots, bw::PointCloud{points_bar},
                        bw::Poses{many_bar}, bw::none, {}, kernel);
       }},
  };
}

}  // namespace

TEST_CASE("where scratch cannot be had, Kokkos says so, and nothing is written", "[workspace]") {
  if (!Limit::works || !bw::detail::on_host<Exec>) SKIP("address space is limited here for hosts without sanitizers");
  for (const Hungry& call : hungry_calls()) {
    INFO(call.name);
    for (const auto& view : call.written) Kokkos::deep_copy(view, 7);
    Exec().fence();
    {
      const Limit limit(16e6);
      std::vector<std::unique_ptr<void, decltype(&std::free)>> held;  // what earlier tests have freed
      while (void* piece = std::malloc(8'000'000)) held.emplace_back(piece, &std::free);
      CHECK_THROWS_MATCHES(call.run(), std::runtime_error,
                           Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring("bracewell::workspace")));
    }
    for (const auto& view : call.written)
      CHECK(std::all_of(view.data(), view.data() + view.size(), [](std::uint32_t word) { return word == 7; }));
    CHECK_NOTHROW(call.run());  // it was memory that lacked
    Exec().fence();
  }
}
