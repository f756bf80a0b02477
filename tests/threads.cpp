// SPDX-License-Identifier: MIT
// On the host, results are bitwise the same for any number of threads.
#include "support/compare.hpp"
#include "support/slicing.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

template <class T>
struct HostProblem {
  using C = Kokkos::complex<T>;
  template <class V>
  using Array = Dense<V, 4, Kokkos::HostSpace>;

  Array<C> volumes, slices, data, out;
  Array<T> weights, density;
  Array<double> rotations;
  Dense<double, 3, Kokkos::HostSpace> shifts;

  explicit HostProblem(const SliceProblem& s)
      : volumes("volumes", layout(s.volume_shape())),
        slices("slices", layout(s.slice_shape())),
        data("data", layout(s.volume_shape())),
        out("out", layout(s.slice_shape())),
        weights("weights", layout(s.slice_shape())),
        density("density", layout(s.volume_shape())),
        rotations("rotations", layout(s.rotation_shape())),
        shifts("shifts", layout(s.shift_shape())) {
    const auto fill = [](const auto& to, const auto& from) {
      for (std::size_t i = 0; i < from.size(); ++i) to.data()[i] = narrow<std::decay_t<decltype(*to.data())>>(from[i]);
    };
    fill(volumes, s.volumes);
    fill(slices, s.slices);
    fill(weights, s.weights);
    fill(rotations, s.rotations);
    fill(shifts, s.shifts);
  }
};

template <class T, class Each>
void for_problems(const Each& each) {
  Random random(3000);
  INFO("seed " << random.seed);
  for (int i = 0; i < 30; ++i) {
    SliceProblem s = random_problem(random, 3, 2, i);
    if (i % 3 == 0) {  // of some size, with many poses
      s.geometry.extents = {24, 20, 22};
      s.geometry.slice = {22, 24};
      s.poses = 40;
      s.references = s.pose_batch = 1;
      s.rotations.clear();
      for (int p = 0; p < s.poses; ++p) {
        const auto r = random.rotation(2, 3);
        s.rotations.insert(s.rotations.end(), r.begin(), r.end());
      }
      s.shifts = random.normals(s.poses * 2);
      s.volumes = random.spectrum(s.geometry.extents);
      s.slices = random.complex(s.poses * s.slice_size());
      s.weights = random.uniforms(s.slices.size(), 0, 2);
    }
    INFO(text(s));
    each(s, HostProblem<T>(s), interpolations[i % interpolations.size()]);
  }
}

}  // namespace

TEST_CASE("project and backproject do not depend on the number of threads", "[threads]") {
#ifdef KOKKOS_ENABLE_OPENMP
  for_problems<float>([](const SliceProblem& s, const HostProblem<float>& h, bw::Interpolation interpolation) {
    const int width = s.geometry.extents.back(), slice_width = s.geometry.slice.back();
    std::vector<Complex> slices, data;
    std::vector<double> density;
    for (const int threads : {1, 2, 3, 5, 16, 1}) {
      const Kokkos::OpenMP exec(threads);
      const bw::Poses poses{h.rotations, h.shifts};
      bw::project(exec, bw::Spectrum{h.volumes, width}, poses, bw::Spectrum{h.out, slice_width}, options(s, interpolation));
      bw::backproject(exec, bw::Spectrum{h.slices, slice_width}, bw::Spectrum{h.weights, slice_width}, poses,
                      bw::Spectrum{h.data, width}, bw::Spectrum{h.density, width}, options(s, interpolation));
      exec.fence();
      if (slices.empty()) {
        slices = download(h.out);
        data = download(h.data);
        density = download(h.density);
      }
      INFO("threads " << threads);
      CHECK(download(h.out) == slices);
      CHECK(download(h.data) == data);
      CHECK(download(h.density) == density);
    }
  });
#else
  SKIP("Kokkos has no OpenMP here");
#endif
}
