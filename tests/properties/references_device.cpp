// SPDX-License-Identifier: MIT
// Slices of references that share their poses, which devices cut together.
#include "support/as_device.hpp"

#include "support/compare.hpp"
#include "support/operations.hpp"
#include "support/slicing.hpp"
#include "support/tools.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace bw = bracewell;
using namespace support;

namespace {

template <class T_, class Kernel_>
struct Of {
  using T = T_;
  using Kernel = Kernel_;
};
template <class Kernel>
Kernel kernel() {
  if constexpr (std::is_same_v<Kernel, bw::KaiserBessel<2>>) {
    return Kernel(2);
  } else {
    return Kernel();
  }
}

/// The slices of a problem, shifted or not, and whether they were cut together.
template <class T, class Kernel = bw::Linear>
std::pair<std::vector<Complex>, bool> cut(const SliceProblem& s, bool shifted, bool accumulate) {
  using C = Kokkos::complex<T>;
  const auto volumes = upload<C, 4>(s.volume_shape(), s.volumes);
  const auto slices = upload<C, 4>(s.slice_shape(), s.slices);
  const auto rotations = upload<double, 4>(s.rotation_shape(), s.rotations);
  const auto shifts = upload<double, 3>({long(s.shifts.size()) / (2 * s.poses), s.poses, 2}, s.shifts);
  const auto options = support::options(s, {}, accumulate);
  const auto events = record([&] {
    const bw::Spectrum from{volumes, s.geometry.extents.back()}, to{slices, s.geometry.slice.back()};
    if (shifted) {
      bw::project(Exec(), from, bw::Poses{rotations, shifts}, to, options, kernel<Kernel>());
    } else {
      bw::project(Exec(), from, bw::Poses{rotations}, to, options, kernel<Kernel>());
    }
  });
  return {download(slices), std::count(events.kernels.begin(), events.kernels.end(), "bracewell::project_of_all") > 0};
}

}  // namespace

TEMPLATE_TEST_CASE("references that share their poses are cut together, as one by one", "[project][references]",
                   (Of<double, bw::Linear>), (Of<float, bw::Linear>), (Of<float, bw::Cubic>), (Of<double, bw::Cubic>),
                   (Of<float, bw::KaiserBessel<2>>)) {
  using T = typename TestType::T;
  using Kernel = typename TestType::Kernel;
  constexpr bool linear = std::is_same_v<Kernel, bw::Linear>;
  Random random(8500);
  INFO("seed " << random.seed);
  const std::array all_references{1, 2, 9, 5, 8, 12, 3, 4, 6, 7};
  for (int i = 0; i < (linear ? 10 : 6); ++i) {
    SliceProblem s = random_problem(random, 3, 2, i);
    const bool few = i == 5;  // samples, for as many threads
    s.references = all_references[std::size_t(i)];
    const int samples = linear ? 1 << 19 : 1 << 18;  // for as many threads as groups of eight, or of four, take
    s.poses = few ? 3 : int(std::size_t(samples) / (std::size_t(s.references) * s.slice_size())) + 1;
    s.volumes.clear();
    for (int b = 0; b < s.references; ++b) {
      const auto v = random.spectrum(s.geometry.extents);
      s.volumes.insert(s.volumes.end(), v.begin(), v.end());
    }
    const bool shared_shifts = i != 3;
    s.pose_batch = 1;
    s.rotations = random.normals(std::size_t(s.poses) * 6);
    s.shifts = random.normals(std::size_t(shared_shifts ? 1 : s.references) * s.poses * 2);
    s.slices = random.complex(s.references * s.poses * s.slice_size());
    for (const bool shifted : {true, false})
      for (const bool accumulate : {false, true}) {
        INFO("problem " << i << ", " << s.references << " references, " << s.poses << " poses, shifted " << shifted
                        << " accumulate " << accumulate);
        const auto [all, together] = cut<T, Kernel>(s, shifted, accumulate);
        CHECK(together == (s.references > 1 && !few && (shared_shifts || !shifted)));
        std::vector<Complex> one_by_one;
        for (int b = 0; b < s.references; ++b) {
          SliceProblem one = s;
          one.references = 1;
          one.volumes = s.volume(b);
          const auto part = [&](const auto& of, std::size_t parts) {
            const std::size_t size = of.size() / parts, first = parts == 1 ? 0 : b * size;
            return std::decay_t<decltype(of)>(of.begin() + long(first), of.begin() + long(first + size));
          };
          one.slices = part(s.slices, s.references);
          one.shifts = part(s.shifts, shared_shifts ? 1 : s.references);
          const auto [slice, alone] = cut<T, Kernel>(one, shifted, accumulate);
          CHECK(!alone);
          one_by_one.insert(one_by_one.end(), slice.begin(), slice.end());
        }
        // Two kernels, whose products and sums a compiler may fuse in ways of its own.
        CHECK(relative_error(all, one_by_one) < 16 * double(std::numeric_limits<T>::epsilon()));
      }
  }
}

TEMPLATE_TEST_CASE("a thread that has several rows of a slice cuts each as a thread of its own does",
                   "[project][references]", (Of<float, bw::Linear>), (Of<float, bw::Cubic>), (Of<double, bw::Cubic>)) {
  using T = typename TestType::T;
  using Kernel = typename TestType::Kernel;
  Random random(8550);
  INFO("seed " << random.seed);
  SliceProblem s = random_problem(random, 3, 2, 1);
  s.geometry.extents = {9, 8, 7};
  s.geometry.slice = {7, 6};
  s.references = s.pose_batch = 1;
  s.volumes = random.spectrum(s.geometry.extents);
  const int parts = 4;
  s.poses = parts * int((1 << 20) / s.slice_size());  // so that there are rows for each of 2^20 threads
  s.rotations = random.normals(std::size_t(s.poses) * 6);
  s.shifts = random.normals(std::size_t(s.poses) * 2);
  s.slices.assign(s.poses * s.slice_size(), 0);
  const std::vector<Complex> all = cut<T, Kernel>(s, true, false).first;
  std::vector<Complex> one_by_one;
  for (int part = 0; part < parts; ++part) {
    SliceProblem some = s;
    some.poses = s.poses / parts;
    const auto of_part = [&](const auto& of) {
      const long size = long(of.size() / parts);
      return std::decay_t<decltype(of)>(of.begin() + part * size, of.begin() + (part + 1) * size);
    };
    some.rotations = of_part(s.rotations);
    some.shifts = of_part(s.shifts);
    some.slices = of_part(s.slices);
    const auto slices = cut<T, Kernel>(some, true, false).first;
    one_by_one.insert(one_by_one.end(), slices.begin(), slices.end());
  }
  CHECK(all == one_by_one);
}
