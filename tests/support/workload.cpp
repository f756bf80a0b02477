// SPDX-License-Identifier: MIT
#include "workload.hpp"

#include <bracewell/bracewell.hpp>

#include <bit>
#include <random>
#include <type_traits>

namespace support {

namespace {

namespace bw = bracewell;

template <class Data>
using Array = Kokkos::View<Data, Kokkos::LayoutRight, Kokkos::HostSpace>;

class Problem {
 public:
  explicit Problem(unsigned seed) : generator_(seed) {}

  int integer(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator_); }

  /// An array of random numbers.
  template <class Data, class... Extents>
  Array<Data> array(Extents... extents) {
    const Array<Data> view(Kokkos::view_alloc("support::work", Kokkos::WithoutInitializing), std::size_t(extents)...);
    for (std::size_t i = 0; i < view.size(); ++i) set(view.data()[i]);
    return view;
  }

  /// FNV-1a over the numbers of Views.
  template <class... Views>
  void add(const Views&... views) {
    const auto each = [&](const auto& view) {
      for (std::size_t i = 0; i < view.size(); ++i) mix(view.data()[i]);
    };
    (each(views), ...);
  }
  std::uint64_t digest() const { return digest_; }

 private:
  template <class T>
  void set(T& value) {
    value = T(std::normal_distribution<double>()(generator_));
  }
  template <class T>
  void set(Kokkos::complex<T>& value) {
    set(value.real());
    set(value.imag());
  }
  void mix(std::uint64_t bits) { digest_ = (digest_ ^ bits) * 0x100000001b3; }
  void mix(float value) { mix(std::uint64_t(std::bit_cast<std::uint32_t>(value))); }
  void mix(double value) { mix(std::bit_cast<std::uint64_t>(value)); }
  template <class T>
  void mix(const Kokkos::complex<T>& value) {
    mix(value.real());
    mix(value.imag());
  }

  std::mt19937 generator_;
  std::uint64_t digest_ = 0xcbf29ce484222325;
};

template <class T, class Exec>
void slice(const Exec& exec, Problem& problem, bw::Workspace* workspace) {
  using C = Kokkos::complex<T>;
  const bw::Cubic kernel;  // one to compile, not five
  const long n[3] = {problem.integer(3, 40), problem.integer(3, 40), problem.integer(3, 40)},
             m[2] = {problem.integer(3, 40), problem.integer(3, 40)}, b = problem.integer(1, 2), p = problem.integer(1, 20);
  const auto volume = [&] { return bw::Spectrum{problem.array<C****>(b, n[0], n[1], n[2] / 2 + 1), n[2]}; };
  const auto density = [&] { return bw::Spectrum{problem.array<T****>(b, n[0], n[1], n[2] / 2 + 1), n[2]}; };
  const auto image = [&] { return bw::Spectrum{problem.array<C****>(b, p, m[0], m[1] / 2 + 1), m[1]}; };
  const auto weight = [&] { return bw::Spectrum{problem.array<T****>(b, p, m[0], m[1] / 2 + 1), m[1]}; };
  const auto some_poses = [&] { return bw::Poses{problem.array<double** [2][3]>(1, p), problem.array<double** [2]>(1, p)}; };
  const auto reference = volume(), reference_dot = volume(), data = volume();
  const auto cut = image(), slices = image(), slices_dot = image();
  const auto seen = density(), weights = weight(), weights_dot = weight();
  const auto poses = some_poses(), poses_dot = some_poses();
  const bw::SliceOptions options{.oversampling = problem.integer(0, 1) ? 1.25 : 1,
                                 .cutoff = problem.integer(0, 1) ? 0.5 : 1,
                                 .accumulate = problem.integer(0, 1) == 1,
                                 .workspace = workspace};
  const auto results = [&](const auto&... all) {
    exec.fence();
    problem.add(all...);
  };
  bw::project(exec, reference, poses, cut, options, kernel);
  results(cut.view);
  bw::project_jvp(exec, reference, reference_dot, poses, poses_dot, cut, options, kernel);
  results(cut.view);
  bw::project_vjp(exec, reference, poses, slices, data, poses_dot, options, kernel);
  results(data.view, poses_dot.rotations, poses_dot.shifts);
  bw::backproject(exec, slices, weights, poses, data, seen, options, kernel);
  results(data.view, seen.view);
  bw::backproject_jvp(exec, slices, slices_dot, weights, weights_dot, poses, poses_dot, data, seen, options, kernel);
  results(data.view, seen.view);
  bw::backproject_vjp(exec, slices, weights, poses, reference, seen, cut, weights_dot, poses_dot, options, kernel);
  results(cut.view, weights_dot.view, poses_dot.rotations, poses_dot.shifts);

  bw::origin_to_zero<3>(exec, data);
  bw::divide_by_density(exec, data, seen, 0.1);
  bw::origin_to_centre<3>(exec, data);
  bw::divide_wiener(exec, data, seen, std::numeric_limits<double>::infinity());
  const auto map = problem.array<T****>(b, n[0], n[1], n[2]);
  bw::correct_gridding<3>(exec, map, {n[0], 2 * n[1], n[2] + 1}, bw::Gridding::reconstruction, {}, kernel);
  results(data.view, map);

  const bw::Sampler sampler(bw::Spectrum{Kokkos::subview(reference.view, 0, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL), n[2]},
                            kernel);
  const auto places = problem.array<T* [3]>(50);
  const auto values = problem.array<C*>(50);
  Kokkos::parallel_for("support::work", Kokkos::RangePolicy<Exec>(exec, 0, 50), [=](int i) {
    const auto at = sampler.value_and_gradient({places(i, 0), places(i, 1), places(i, 2)});
    values(i) = at.value + at.gradient[0] + at.gradient[1] + at.gradient[2];
  });
  results(values);
}

template <class T, int N, int M, class Exec>
void draw(const Exec& exec, Problem& problem, bw::Workspace* workspace) {
  const long h = problem.integer(1, 70), w = problem.integer(1, problem.integer(0, 3) ? 70 : 2000),
             p = problem.integer(1, 9), count = problem.integer(0, problem.integer(0, 5) ? 2000 : 40000);
  const auto cloud = [&] { return bw::PointCloud{problem.array<T* [N]>(count), problem.array<T*>(count)}; };
  const auto some_poses = [&] { return bw::Poses{problem.array<T* [M][N]>(p), problem.array<T* [M]>(p)}; };
  const auto some_exposure = [&] { return bw::Exposure{problem.array<T*>(p), problem.array<T*>(p)}; };
  const auto images = [&] {
    if constexpr (M == 1) {
      return problem.array<T**>(p, w);
    } else {
      return problem.array<T***>(p, h, w);
    }
  }();
  const auto points = cloud(), points_dot = cloud();
  const auto poses = some_poses(), poses_dot = some_poses();
  const auto exposure = some_exposure(), exposure_dot = some_exposure();
  const bw::RasterOptions options{.voxel_size = problem.integer(0, 1) ? 0.1 : 0, .workspace = workspace};
  const auto results = [&](const auto&... all) {
    exec.fence();
    problem.add(all...);
  };
  bw::raster(exec, points, poses, exposure, images, options);
  results(images);
  bw::raster_jvp(exec, points, points_dot, poses, poses_dot, exposure, exposure_dot, images, options);
  results(images);
  bw::raster_vjp(exec, points, poses, exposure, images, points_dot, poses_dot, exposure_dot, options);
  results(points_dot.points, points_dot.weights, poses_dot.rotations, poses_dot.shifts, exposure_dot.background,
          exposure_dot.out_weight);
}

}  // namespace

template <class Exec>
std::uint64_t work(const Exec& exec, unsigned seed, bw::Workspace* workspace) {
  Problem problem(seed);
  switch (problem.integer(0, 3)) {
    case 0:
      slice<double>(exec, problem, workspace);
      break;
    case 1:
      slice<float>(exec, problem, workspace);
      break;
    case 2:
      draw<double, 2, 1>(exec, problem, workspace);
      break;
    default:
      draw<float, 3, 2>(exec, problem, workspace);
  }
  return problem.digest();
}

template std::uint64_t work(const Kokkos::DefaultHostExecutionSpace&, unsigned, bw::Workspace*);
#if defined(KOKKOS_ENABLE_SERIAL) && (defined(KOKKOS_ENABLE_OPENMP) || defined(KOKKOS_ENABLE_THREADS))
template std::uint64_t work(const Kokkos::Serial&, unsigned, bw::Workspace*);
#endif

}  // namespace support
