// SPDX-License-Identifier: MIT
// How devices share slices among threads: references that have the same poses are read together, and a thread has several rows where
// there are many.
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

/// The slices of a problem, shifted or not, and whether they were cut together.
template <class T>
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
      bw::project(Exec(), from, bw::Poses{rotations, shifts}, to, options);
    } else {
      bw::project(Exec(), from, bw::Poses{rotations}, to, options);
    }
  });
  return {download(slices), std::count(events.kernels.begin(), events.kernels.end(), "bracewell::project_of_all") > 0};
}

}  // namespace

TEMPLATE_TEST_CASE("references that share their poses are cut together, as one by one", "[project][references]", double,
                   float) {
  Random random(8500);
  INFO("seed " << random.seed);
  for (int i = 0; i < 6; ++i) {
    SliceProblem s = random_problem(random, 3, 2, i);
    const bool few = i == 5;  // samples, for as many threads
    s.references = std::array{1, 2, 11, 5, 8, 12}[std::size_t(i)];
    s.poses = few ? 3 : int((1 << 19) / (std::size_t(s.references) * s.slice_size())) + 1;
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
        const auto [all, together] = cut<TestType>(s, shifted, accumulate);
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
          const auto [slice, alone] = cut<TestType>(one, shifted, accumulate);
          CHECK(!alone);
          one_by_one.insert(one_by_one.end(), slice.begin(), slice.end());
        }
        // Two kernels, whose products and sums a compiler may fuse in ways of its own.
        CHECK(relative_error(all, one_by_one) < 16 * double(std::numeric_limits<TestType>::epsilon()));
      }
  }
}

TEMPLATE_TEST_CASE("slices of which a thread has several rows are those of which it has one", "[project][references]",
                   double, float) {
  Random random(8550);
  INFO("seed " << random.seed);
  SliceProblem s = random_problem(random, 3, 2, 0);
  s.references = s.pose_batch = 1;
  s.geometry.extents = {10, 11, 12};
  s.geometry.slice = {13, 16};
  s.geometry.oversampling = 1;
  s.geometry.cutoff = 0.5;
  s.volumes = random.spectrum(s.geometry.extents);
  s.poses = 3 * (1 << 20) / int(s.slice_size()) + 1;  // three rows a thread, of 13
  s.rotations = random.normals(std::size_t(s.poses) * 6);
  s.shifts = random.normals(std::size_t(s.poses) * 2);
  s.slices.assign(s.poses * s.slice_size(), 0);
  const auto all = cut<TestType>(s, true, false).first;
  std::vector<Complex> in_parts;
  for (int first = 0; first < s.poses;) {
    SliceProblem part = s;
    part.poses = std::min(s.poses - first, (1 << 20) / int(s.slice_size()));  // one row a thread
    const auto some = [&](const auto& of, std::size_t each) {
      return std::decay_t<decltype(of)>(of.begin() + long(first * each), of.begin() + long((first + part.poses) * each));
    };
    part.rotations = some(s.rotations, 6);
    part.shifts = some(s.shifts, 2);
    part.slices = some(s.slices, s.slice_size());
    const auto slices = cut<TestType>(part, true, false).first;
    in_parts.insert(in_parts.end(), slices.begin(), slices.end());
    first += part.poses;
  }
  CHECK(relative_error(all, in_parts) < 16 * double(std::numeric_limits<TestType>::epsilon()));
}
