// SPDX-License-Identifier: MIT
// On the host, results are bitwise the same for any number of threads, whichever way work is shared out.
#include "support/operation_types.hpp"
#include "support/raster.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

template <class T>
struct HostProblem {
  using C = Kokkos::complex<T>;
  template <class V>
  using Array = Dense<V, 4, Kokkos::HostSpace>;
  using Shifts = Dense<double, 3, Kokkos::HostSpace>;

  // Inputs, tangents and cotangents, and outputs.
  Array<C> volumes, volumes_dot, slices, slices_dot, volumes_out, slices_out;
  Array<T> weights, weights_dot, densities, densities_out, weights_out;
  Array<double> rotations, rotations_dot, rotations_out;
  Shifts shifts, shifts_dot, shifts_out;

  HostProblem(const SliceProblem& s, Random& random) {
    const auto make = [](auto& to, const std::vector<long>& shape, const auto& from) {
      using V = typename std::decay_t<decltype(to)>::value_type;
      to = std::decay_t<decltype(to)>("array", layout(shape));
      for (std::size_t i = 0; i < from.size(); ++i) to.data()[i] = narrow<V>(from[i]);
    };
    const auto volume = s.volume_shape(), slice = s.slice_shape(), rotation = s.rotation_shape(), shift = s.shift_shape();
    make(volumes, volume, s.volumes);
    make(volumes_dot, volume, random.complex(s.volumes.size()));
    make(densities, volume, random.normals(s.volumes.size()));
    make(slices, slice, s.slices);
    make(slices_dot, slice, random.complex(s.slices.size()));
    make(weights, slice, s.weights);
    make(weights_dot, slice, random.normals(s.weights.size()));
    make(rotations, rotation, s.rotations);
    make(rotations_dot, rotation, random.normals(s.rotations.size()));
    make(shifts, shift, s.shifts);
    make(shifts_dot, shift, random.normals(s.shifts.size()));
    volumes_out = decltype(volumes_out)("out", layout(volume));
    densities_out = decltype(densities_out)("out", layout(volume));
    slices_out = decltype(slices_out)("out", layout(slice));
    weights_out = decltype(weights_out)("out", layout(slice));
    rotations_out = decltype(rotations_out)("out", layout(rotation));
    shifts_out = decltype(shifts_out)("out", layout(shift));
  }

  auto poses() const { return bw::Poses{rotations, shifts}; }
  auto poses_dot() const { return bw::Poses{rotations_dot, shifts_dot}; }
  auto poses_out() const { return bw::Poses{rotations_out, shifts_out}; }

  /// All outputs as they are now; NaN from here on.
  std::vector<std::vector<Complex>> take() const {
    std::vector<std::vector<Complex>> all;
    const auto add = [&](const auto& view) {
      const auto values = download(view);
      all.emplace_back(values.begin(), values.end());
      Kokkos::deep_copy(view, typename std::decay_t<decltype(view)>::value_type(NAN));
    };
    add(volumes_out);
    add(densities_out);
    add(slices_out);
    add(weights_out);
    add(rotations_out);
    add(shifts_out);
    return all;
  }
};

template <class T, class Each>
void for_problems(const Each& each) {
  Random random(3000);
  INFO("seed " << random.seed);
  for (int i = 0; i < 30; ++i) {
    SliceProblem s = random_problem(random, 3, 2, i);
    if (i % 3 != 2) {  // of some size, with some poses or one, or small, with many; two references may share them
      const bool small = i % 3 == 1;
      s.geometry.extents = small ? Extents{6, 8, 7} : Extents{24, 20, 22};
      s.geometry.slice = small ? Extents{8, 7} : Extents{22, 24};
      s.poses = small ? 100 : i % 2 ? 1 : 12;
      s.references = i % 4 < 2 ? 1 : 2;
      s.pose_batch = 1;
      s.rotations.clear();
      for (int p = 0; p < s.poses; ++p) {
        const auto r = random.rotation(2, 3);
        s.rotations.insert(s.rotations.end(), r.begin(), r.end());
      }
      s.shifts = random.normals(s.poses * 2);
      s.volumes.clear();
      for (int b = 0; b < s.references; ++b) {
        const auto v = random.spectrum(s.geometry.extents);
        s.volumes.insert(s.volumes.end(), v.begin(), v.end());
      }
      s.slices = random.complex(s.references * s.poses * s.slice_size());
      s.weights = random.uniforms(s.slices.size(), 0, 2);
    }
    INFO(text(s));
    each(s, HostProblem<T>(s, random), options(s, interpolations[i % interpolations.size()]));
  }
}

auto wide(const auto& view, const Extents& extents) { return bw::Spectrum{view, extents.back()}; }

}  // namespace

#ifdef KOKKOS_ENABLE_OPENMP

namespace {

using Problem = HostProblem<float>;

/// Places in HostProblem::take.
constexpr int volume = 0, density = 1, slice = 2, weight = 3, rotation = 4, shift = 5;

/// Leaves this word all over the stacks of some threads, for whatever a kernel forgets to set there.
[[gnu::noinline]] void leave_on_stack(std::uint32_t word) {
  volatile std::uint32_t words[1 << 18];
  for (auto& w : words) w = word;
}
void leave_on_stacks(const Kokkos::OpenMP& exec, std::uint32_t word) {
  using Policy = Kokkos::RangePolicy<Kokkos::OpenMP, Kokkos::Schedule<Kokkos::Static>>;
  Kokkos::parallel_for("support::leave_on_stacks", Policy(exec, 0, exec.concurrency()),
                       [word](int) { leave_on_stack(word); });
  leave_on_stack(word);
}

/// Signalling NaNs in float and, two of them, in double; and integers beyond all arrays.
constexpr std::uint32_t left_on_stack[] = {0x7FA00001, 0x7FF40001};

/// run writes the same bits to some outputs with any number of threads, and with scratch of its own, new or used.
template <class Run>
void check_threads(const std::vector<int>& written, const Run& run) {
  for_problems<float>([&](const SliceProblem& s, const Problem& h, bw::SliceOptions options) {
    h.take();
    int runs = 0;
    const auto results = [&](const Kokkos::OpenMP& exec) {
      leave_on_stacks(exec, left_on_stack[runs++ % 2]);
      run(exec, s.geometry.extents, s.geometry.slice, h, options);
      exec.fence();
      const auto all = h.take();
      std::vector<std::vector<Complex>> some;
      for (const int i : written) some.push_back(all[i]);
      return some;
    };
    const auto first = results(Kokkos::OpenMP(1));
    CHECK(first == first);  // what is written are numbers
    for (const int threads : {2, 3, 16, 1}) {
      INFO("threads " << threads);
      CHECK(identical(results(Kokkos::OpenMP(threads)), first));
    }
    bw::Workspace workspace;
    options.workspace = &workspace;
    for (const char* scratch : {"new", "used"}) {
      INFO("workspace, " << scratch);
      CHECK(identical(results(Kokkos::OpenMP(2)), first));
    }
  });
}

/// Insertion is divided among threads by zones of the reference, whatever the axes.
template <int N, int M>
void check_zones() {
  using C = Kokkos::complex<float>;
  using Volume = Dense<C, N + 1, Kokkos::HostSpace>;
  using Slices = Dense<C, M + 2, Kokkos::HostSpace>;
  Random random(3100 + 10 * N + M);
  INFO(N << " to " << M << ", seed " << random.seed);
  for (int i = 0; i < 12; ++i) {
    const long poses = i % 2 ? 1 : 5;
    std::vector<long> volume{1}, slices{1, poses};
    Extents n(N), m(M);
    for (int& extent : n) extent = random.integer(6, i % 3 ? 28 : 11);
    for (int& extent : m) extent = random.integer(6, i % 3 ? 28 : 11);
    for (int d = 0; d < N; ++d) volume.push_back(d == N - 1 ? n[d] / 2 + 1 : n[d]);
    for (int e = 0; e < M; ++e) slices.push_back(e == M - 1 ? m[e] / 2 + 1 : m[e]);
    const Slices in("in", layout(slices));
    for (std::size_t j = 0; j < in.size(); ++j) in.data()[j] = C(float(random.normal()), float(random.normal()));
    const Dense<double, 4, Kokkos::HostSpace> rotations("rotations", 1, poses, M, N);
    const Dense<double, 3, Kokkos::HostSpace> shifts("shifts", 1, poses, M);
    for (long p = 0; p < poses; ++p) {
      const auto r = random.rotation(M, N);
      const double scale = random.uniform(0.5, 1.5);
      for (int j = 0; j < M * N; ++j) (&rotations(0, p, 0, 0))[j] = i % 4 ? scale * r[j] : std::round(r[j]);
      for (int e = 0; e < M; ++e) shifts(0, p, e) = random.normal();
    }
    bw::SliceOptions options{.interpolation = interpolations[i % interpolations.size()], .oversampling = 1.2};
    std::vector<Complex> first;
    for (const int threads : {1, 2, 3, 7, 16, 40}) {
      INFO("threads " << threads << ", extents " << n.back() << ", problem " << i);
      const Volume out("out", layout(volume));
      const Kokkos::OpenMP exec(threads);
      bw::backproject(exec, bw::Spectrum{in, m.back()}, bw::none, bw::Poses{rotations, shifts}, bw::Spectrum{out, n.back()},
                      bw::none, options);
      exec.fence();
      const auto values = download(out);
      const std::vector<Complex> result(values.begin(), values.end());
      if (threads == 1) first = result;
      CHECK(identical(result, first));
    }
  }
}

/// All that the rasterizer makes of a problem.
template <int N, int M>
std::vector<std::vector<double>> raster_results(int threads, const RasterProblem& s, const std::vector<double>& cotangent) {
  using Arrays = RasterArrays<N, M, float, Kokkos::HostSpace>;
  const Kokkos::OpenMP exec(threads);
  const Arrays a(s), bars(s);
  const auto images = unset<float, M + 3, Kokkos::HostSpace>(s.image_shape()),
             dots = unset<float, M + 3, Kokkos::HostSpace>(s.image_shape());
  bw::raster(exec, a.cloud(), a.poses(), a.exposure(), images);
  bw::raster_jvp(exec, a.cloud(), a.cloud(), a.poses(), a.poses(), a.exposure(), a.exposure(), dots);
  bw::raster_vjp(exec, a.cloud(), a.poses(), a.exposure(),
                 upload<float, M + 3, Kokkos::HostSpace>(s.image_shape(), cotangent), bars.cloud(), bars.poses(),
                 bars.exposure());
  exec.fence();
  return {download(images),         download(dots),        download(bars.points),     download(bars.weights),
          download(bars.rotations), download(bars.shifts), download(bars.background), download(bars.out_weight)};
}

template <int N, int M>
void check_raster(Random& random, const RasterProblem& s) {
  INFO(text(s));
  const auto cotangent = random.normals(s.objects * s.poses * s.channels * s.voxels());
  const auto want = raster_results<N, M>(1, s, cotangent);
  for (const int threads : {2, 3, 5, 16, 1}) {
    INFO("threads " << threads);
    const auto got = raster_results<N, M>(threads, s, cotangent);
    for (std::size_t i = 0; i < want.size(); ++i) {
      INFO("result " << i);
      CHECK(identical(got[i], want[i]));
    }
  }
}

}  // namespace

TEST_CASE("zones of the reference make no difference, for any axes", "[threads]") {
  check_zones<2, 1>();
  check_zones<2, 2>();
  check_zones<3, 1>();
  check_zones<3, 2>();
  check_zones<3, 3>();
}

TEST_CASE("nor does the order of slices of a large reference depend on it", "[threads]") {
  using C = Kokkos::complex<float>;
  constexpr long n = 176, m = 48, poses = 40;  // 22 MB
  Random random(3200);
  INFO("seed " << random.seed);
  const Dense<C, 3, Kokkos::HostSpace> volume("volume", n, n, n / 2 + 1), data("data", n, n, n / 2 + 1);
  const Dense<float, 3, Kokkos::HostSpace> density("density", n, n, n / 2 + 1);
  const Dense<C, 3, Kokkos::HostSpace> slices("slices", poses, m, m / 2 + 1);
  const Dense<double, 3, Kokkos::HostSpace> rotations("rotations", poses, 2, 3), bar("bar", poses, 2, 3);
  for (std::size_t i = 0; i < volume.size(); ++i) volume.data()[i] = C(float(i % 1009), float(i % 2003));
  for (long p = 0; p < poses; ++p) {
    const auto r = random.rotation(2, 3);
    std::copy(r.begin(), r.end(), &rotations(p, 0, 0));
  }
  const bw::Linear linear;
  std::vector<std::vector<Complex>> first;
  for (const int threads : {1, 2, 3, 16}) {
    INFO("threads " << threads);
    const Kokkos::OpenMP exec(threads);
    bw::project(exec, volume, bw::Poses{rotations}, slices, {.oversampling = 3}, linear);
    bw::project_vjp(exec, volume, bw::Poses{rotations}, slices, bw::none, bw::Poses{bar}, {.oversampling = 3}, linear);
    bw::backproject(exec, slices, bw::none, bw::Poses{rotations}, data, density, {.oversampling = 3}, linear);
    exec.fence();
    std::vector<std::vector<Complex>> all;
    const auto add = [&](const auto& view) {
      const auto values = download(view);
      all.emplace_back(values.begin(), values.end());
    };
    add(slices);
    add(bar);
    add(data);
    add(density);
    if (threads == 1) first = all;
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(identical(all[i], first[i]));
  }
}

TEST_CASE("project and backproject do not depend on the number of threads", "[threads]") {
  check_threads({volume, density, slice}, [](const Kokkos::OpenMP& exec, const Extents& n, const Extents& m,
                                             const Problem& h, const bw::SliceOptions& options) {
    bw::project(exec, wide(h.volumes, n), h.poses(), wide(h.slices_out, m), options);
    bw::backproject(exec, wide(h.slices, m), wide(h.weights, m), h.poses(), wide(h.volumes_out, n), wide(h.densities_out, n),
                    options);
  });
}

TEST_CASE("derivatives of project do not depend on the number of threads", "[threads][derivatives]") {
  check_threads({slice}, [](const Kokkos::OpenMP& exec, const Extents& n, const Extents& m, const Problem& h,
                            const bw::SliceOptions& options) {
    bw::project_jvp(exec, wide(h.volumes, n), wide(h.volumes_dot, n), h.poses(), h.poses_dot(), wide(h.slices_out, m),
                    options);
  });
  check_threads({volume, rotation, shift}, [](const Kokkos::OpenMP& exec, const Extents& n, const Extents& m,
                                              const Problem& h, const bw::SliceOptions& options) {
    bw::project_vjp(exec, wide(h.volumes, n), h.poses(), wide(h.slices, m), wide(h.volumes_out, n), h.poses_out(), options);
  });
}

TEST_CASE("derivatives of backproject do not depend on the number of threads", "[threads][derivatives]") {
  check_threads({volume, density}, [](const Kokkos::OpenMP& exec, const Extents& n, const Extents& m, const Problem& h,
                                      const bw::SliceOptions& options) {
    bw::backproject_jvp(exec, wide(h.slices, m), wide(h.slices_dot, m), wide(h.weights, m), wide(h.weights_dot, m),
                        h.poses(), h.poses_dot(), wide(h.volumes_out, n), wide(h.densities_out, n), options);
  });
  check_threads({slice, weight, rotation, shift}, [](const Kokkos::OpenMP& exec, const Extents& n, const Extents& m,
                                                     const Problem& h, const bw::SliceOptions& options) {
    bw::backproject_vjp(exec, wide(h.slices, m), wide(h.weights, m), h.poses(), wide(h.volumes, n), wide(h.densities, n),
                        wide(h.slices_out, m), wide(h.weights_out, m), h.poses_out(), options);
  });
}

TEST_CASE("raster does not depend on the number of threads", "[raster][threads]") {
  Random random(30);
  INFO("seed " << random.seed);
  check_raster<3, 2>(random, large_raster(random, 3, {20, 24}, 200000, 1));   // points in parts
  check_raster<3, 2>(random, large_raster(random, 3, {20, 24}, 3000, 70));    // images
  check_raster<3, 2>(random, large_raster(random, 3, {300, 280}, 50000, 2));  // tiles
  check_raster<3, 2>(random, large_raster(random, 3, {300, 280}, 6000, 20));  // cotangents of some images at a time
  check_raster<3, 3>(random, large_raster(random, 3, {50, 60, 70}, 20000, 1));
  check_raster<2, 1>(random, large_raster(random, 2, {50000}, 30000, 3));
  for (int i = 0; i < 6; ++i) check_raster<3, 2>(random, random_raster(random, 3, 2));
}

#else

TEST_CASE("results do not depend on the number of threads", "[threads]") { SKIP("Kokkos has no OpenMP here"); }

#endif
