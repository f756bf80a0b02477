// SPDX-License-Identifier: MIT
// Operations against the literal sums at random: ranks, extents of any parity, kernels, precisions, batches, broadcasts, strides,
// options. BRACEWELL_RANDOM_ROUNDS (default 1) multiplies how many problems are tried, BRACEWELL_RANDOM_SEED chooses others.
#include "support/axes.hpp"
#include "support/operations.hpp"
#include "support/raster_derivatives.hpp"
#include "support/slice_derivatives.hpp"

#include <bracewell/workspace.hpp>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>

namespace bw = bracewell;
using namespace support;

// A build that compiles few of the shared operations says which.
#ifndef BRACEWELL_RANDOM_SLICES
#define BRACEWELL_RANDOM_SLICES                                                                                 \
  (Axes<double, 1, 1>), (Axes<double, 2, 1>), (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), \
      (Axes<double, 3, 3>), (Axes<float, 2, 1>), (Axes<float, 2, 2>), (Axes<float, 3, 1>), (Axes<float, 3, 2>), \
      (Axes<float, 3, 3>)
#define BRACEWELL_RANDOM_SLICE_DERIVATIVES                                                                      \
  (Axes<double, 1, 1>), (Axes<double, 2, 1>), (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), \
      (Axes<double, 3, 3>), (Axes<float, 2, 2>), (Axes<float, 3, 2>)
#define BRACEWELL_RANDOM_RASTERS                                                                                  \
  (Axes<double, 1, 1>), (Axes<double, 2, 1>), (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>),   \
      (Axes<double, 3, 3>), (Axes<double, 4, 2>), (Axes<double, 4, 3>), (Axes<float, 3, 2>), (Axes<float, 3, 3>), \
      (Axes<float, 2, 1>)
#endif

namespace {

long from_environment(const char* name, long otherwise) {
  const char* const value = std::getenv(name);
  return value ? std::atol(value) : otherwise;
}

Random seeded(unsigned number) { return Random(unsigned(from_environment("BRACEWELL_RANDOM_SEED", 0)) * 100000 + number); }

int rounds(int count) { return count * int(from_environment("BRACEWELL_RANDOM_ROUNDS", 1)); }

/// Of sums of up to 512 terms of both signs; rounding of κ moves weights by eps · κ times a slope of a few.
template <class T>
constexpr double tolerance = 400 * double(std::numeric_limits<T>::epsilon());

/// Problems of any extents from 1 to 12, some of wide slices, and some in which κ falls on lattice points and edges.
SliceProblem any_problem(Random& random, int axes, int slice_axes, int index) {
  if (index % 2 == 0) return random_problem(random, axes, slice_axes, index / 2);
  SliceProblem s = random_problem(random, axes, slice_axes, 0);
  const int most = axes == 3 ? 8 : 12;
  for (int& n : s.geometry.extents) n = random.integer(1, most);
  for (int& n : s.geometry.slice) n = random.integer(1, most);
  if (index % 8 == 3) {  // rows of whole blocks of samples, in the band
    s.geometry.slice.back() = random.integer(66, 72);
    s.geometry.extents.back() = random.integer(72, 76);
    s.geometry.oversampling = s.geometry.cutoff = 1;
  }
  s.volumes.clear();
  for (int b = 0; b < s.references; ++b) {
    const auto v = random.spectrum(s.geometry.extents);
    s.volumes.insert(s.volumes.end(), v.begin(), v.end());
  }
  s.slices = random.complex(s.references * s.poses * s.slice_size());
  s.weights = random.uniforms(s.slices.size(), 0, 2);
  return s;
}

/// What output i starts with, and what it must then be.
template <class V>
std::vector<V> plus(const std::vector<V>& start, std::vector<V> sum, bool accumulate) {
  if (accumulate)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += start[i];
  return sum;
}

struct Expected {
  std::vector<Complex> slices, data;
  std::vector<double> density;
};

Expected literal_slices(const SliceProblem& s, const reference::Kernel& kernel, bool shifted) {
  Expected all;
  for (int b = 0; b < s.references; ++b)
    for (int p = 0; p < s.poses; ++p) {
      const auto slice = reference::project(s.volume(b), s.at(b, p, shifted), kernel);
      all.slices.insert(all.slices.end(), slice.begin(), slice.end());
    }
  return all;
}

Expected literal_sums(const SliceProblem& s, const reference::Kernel& kernel) {
  Expected all;
  for (int b = 0; b < s.references; ++b) {
    std::vector<Complex> data(s.volume_size());
    std::vector<double> density(s.volume_size());
    for (int p = 0; p < s.poses; ++p) {
      const auto one = reference::backproject(s.slice(s.slices, b, p), s.slice(s.weights, b, p), s.at(b, p, true), kernel);
      for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] += one.data[i];
        density[i] += one.density[i];
      }
    }
    all.data.insert(all.data.end(), data.begin(), data.end());
    all.density.insert(all.density.end(), density.begin(), density.end());
  }
  return all;
}

/// Largest difference relative to `scale`, which sums of terms that cancel need.
template <class V>
double error(const std::vector<V>& a, const std::vector<V>& b, double scale) {
  double largest = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double e = modulus(a[i] - b[i]);
    if (!(e <= largest)) largest = std::isnan(e) ? INFINITY : e;
  }
  return largest == 0 ? 0 : largest / scale;
}

template <class V>
double largest(const std::vector<V>& values) {
  double most = 1;  // what is accumulated to is of this size
  for (const V& v : values) most = std::max(most, modulus(v));
  return most;
}

/// Values in memory of random strides: axes in any order, x contiguous or not, with gaps, in which NaNs lie.
template <class V, int Rank>
class Strided {
 public:
  Strided(Random& random, const std::vector<long>& extents, bool rows, const Values<V>* values) : extents_(extents) {
    std::vector<std::size_t> order(Rank);
    for (std::size_t i = 0; i < Rank; ++i) order[i] = Rank - 1 - i;  // x first
    for (std::size_t i = rows ? 2 : 1; i < Rank; ++i)
      std::swap(order[i], order[std::size_t(random.integer(rows ? 1 : 0, int(i)))]);
    long stride = rows ? 1 : random.integer(1, 2);
    for (const std::size_t axis : order) {
      strides_[axis] = stride;
      stride = stride * extents[axis] + random.integer(0, 1) * random.integer(1, 3);
    }
    memory_ = unset<V, 1>({stride});
    if (!values) return;
    const auto host = Kokkos::create_mirror_view(memory_);
    Kokkos::deep_copy(host, memory_);
    for (std::size_t i = 0; i < values->size(); ++i) host(offset(i)) = narrow<V>((*values)[i]);
    Kokkos::deep_copy(memory_, host);
  }

  auto view() const {
    Kokkos::LayoutStride layout;
    for (std::size_t i = 0; i < Rank; ++i) {
      layout.dimension[i] = std::size_t(extents_[i]);
      layout.stride[i] = std::size_t(strides_[i]);
    }
    return Kokkos::View<typename Pointers<V, Rank>::type, Kokkos::LayoutStride, Exec::memory_space>(memory_.data(), layout);
  }

  /// Its values. What lies between them must still be NaN.
  Values<V> values() const {
    auto all = download(memory_);
    std::size_t count = 1;
    for (const long n : extents_) count *= std::size_t(n);
    Values<V> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(all[std::size_t(offset(i))]);
    for (std::size_t i = 0; i < count; ++i) all[std::size_t(offset(i))] = NAN;
    for (const auto& gap : all) CHECK(std::isnan(std::abs(gap)));
    return values;
  }

 private:
  long offset(std::size_t i) const {
    long at = 0;
    for (std::size_t axis = Rank; axis-- > 0; i /= std::size_t(extents_[axis]))
      at += long(i % std::size_t(extents_[axis])) * strides_[axis];
    return at;
  }

  std::vector<long> extents_;
  std::array<long, Rank> strides_;
  Dense<V, 1> memory_;
};

/// The same problem of other poses, so many, and their slices.
void set_poses(SliceProblem& s, Random& random, int poses) {
  s.poses = poses;
  s.rotations.clear();
  for (int p = 0; p < s.pose_batch * s.poses; ++p) {
    const auto r = random.rotation(2, 3);
    s.rotations.insert(s.rotations.end(), r.begin(), r.end());
  }
  s.shifts = random.normals(s.rotations.size() / 3);
  s.slices = random.complex(s.references * s.poses * s.slice_size());
  s.weights = random.uniforms(s.slices.size(), 0, 2);
}

/// What an insertion makes of data and density, or of data alone, that are `start` where it accumulates.
template <class T, int N, int M>
Expected inserted(const Exec& exec, const SliceProblem& s, const bw::SliceOptions& options, bool weighted,
                  const Expected& start) {
  using V = Kokkos::complex<T>;
  const bw::Spectrum slices{upload<V, M + 2>(s.slice_shape(), s.slices), s.geometry.slice.back()};
  const bw::Spectrum weights{upload<T, M + 2>(s.slice_shape(), s.weights), s.geometry.slice.back()};
  const bool keep = options.accumulate;
  const auto data = keep ? upload<V, N + 1>(s.volume_shape(), start.data) : unset<V, N + 1>(s.volume_shape());
  const auto density = keep ? upload<T, N + 1>(s.volume_shape(), start.density) : unset<T, N + 1>(s.volume_shape());
  const bw::Spectrum to{data, s.geometry.extents.back()};
  const bw::Spectrum to_density{density, s.geometry.extents.back()};
  const bw::Poses poses{upload<double, 4>(s.rotation_shape(), s.rotations), upload<double, 3>(s.shift_shape(), s.shifts)};
  if (weighted) {
    bw::backproject(exec, slices, weights, poses, to, to_density, options, bw::none);
  } else {
    bw::backproject(exec, slices, bw::none, poses, to, bw::none, options, bw::none);
  }
  return {{}, download(data), download(density)};
}

Expected random_start(const SliceProblem& s, Random& random) {
  const std::size_t size = std::size_t(s.references) * s.volume_size();
  return {{}, random.complex(size), random.normals(size)};
}

/// One insertion with options at random; with weights also the density.
template <class T, int N, int M>
void check_insertion(const Exec& exec, const SliceProblem& s, Random& random, bool weighted, bool accumulate) {
  const auto interpolation = interpolations[std::size_t(random.integer(0, 4))];
  INFO("interpolation " << int(interpolation) << " accumulate " << accumulate << " weighted " << weighted);
  const Expected start = random_start(s, random);
  const Expected got = inserted<T, N, M>(exec, s, support::options(s, interpolation, accumulate), weighted, start);
  const auto expected = literal_sums(s, reference_kernel(interpolation, s.geometry.oversampling));
  // A sum of n positive terms is off by up to n eps / 2 of it; those of 4096 poses at most are one sum.
  const double terms = double(std::min(s.poses, 4096)) * double(reference::frequencies(s.geometry.slice).size());
  const double limit = std::max(tolerance<T>, terms * double(std::numeric_limits<T>::epsilon()) / 2);
  if (weighted)
    CHECK(error(got.density, plus(start.density, expected.density, accumulate), largest(expected.density)) < limit);
  CHECK(error(got.data, plus(start.data, expected.data, accumulate), largest(expected.data)) < limit);
}

}  // namespace

TEMPLATE_TEST_CASE("slices at random are the literal sums", "[random][project]", BRACEWELL_RANDOM_SLICES) {
  using T = typename TestType::T;
  using V = Kokkos::complex<T>;
  constexpr int N = TestType::N, M = TestType::M;
  Random random = seeded(20000 + 10 * N + M + unsigned(sizeof(T)) * 100);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < rounds(N == 3 ? 24 : 48); ++i) {
    const SliceProblem s = any_problem(random, N, M, i);
    const bool accumulate = random.integer(0, 1), shifted = random.integer(0, 2) > 0;
    const auto interpolation = interpolations[std::size_t(random.integer(0, 4))];
    const bool named = shifted || random.integer(0, 3) > 0;
    const double padding = random.integer(0, 1) ? 0 : random.uniform(1, 3);
    INFO("problem " << i << ": " << text(s) << " interpolation " << int(interpolation) << " padding " << padding
                    << " accumulate " << accumulate << " shifted " << shifted << " named " << named);
    auto options = support::options(s, interpolation, accumulate);
    options.padding = padding;
    const auto kernel =
        named ? reference_kernel(interpolation, padding > 0 ? padding : s.geometry.oversampling) : quadratic_spline();
    const auto start = random.complex(s.slices.size());
    const bw::Spectrum volumes{upload<V, N + 1>(s.volume_shape(), s.volumes), s.geometry.extents.back()};
    const auto slices = accumulate ? upload<V, M + 2>(s.slice_shape(), start) : unset<V, M + 2>(s.slice_shape());
    const bw::Spectrum to{slices, s.geometry.slice.back()};
    const auto rotations = upload<double, 4>(s.rotation_shape(), s.rotations);
    if (shifted) {
      bw::project(exec, volumes, bw::Poses{rotations, upload<double, 3>(s.shift_shape(), s.shifts)}, to, options, bw::none);
    } else if (named) {
      bw::project(exec, volumes, bw::Poses{rotations}, to, options, bw::none);
    } else {
      bw::project(exec, volumes, bw::Poses{rotations}, to, options, QuadraticSpline{});
    }
    const auto expected = literal_slices(s, kernel, shifted).slices;
    CHECK(error(download(slices), plus(start, expected, accumulate), largest(expected)) < tolerance<T>);
  }
}

TEMPLATE_TEST_CASE("insertions at random are the literal sums", "[random][backproject]", BRACEWELL_RANDOM_SLICES) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random = seeded(30000 + 10 * N + M + unsigned(sizeof(T)) * 100);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < rounds(N == 3 ? 24 : 48); ++i) {
    const SliceProblem s = any_problem(random, N, M, i);
    INFO("problem " << i << ": " << text(s));
    const bool weighted = random.integer(0, 2) > 0, accumulate = random.integer(0, 1);
    check_insertion<T, N, M>(exec, s, random, weighted, accumulate);
  }
}

TEST_CASE("bounds of the band and of the cutoff are inclusive, with a slack of 1e-6", "[random][project]") {
  using V = Kokkos::complex<double>;
  const Exec exec;
  const bw::Spectrum volumes{upload<V, 4>({1, 6, 6, 4}, std::vector<Complex>(144, 1.0)), 6};
  const auto sample = [&](double scale, double cutoff) {  // at k_x = 3, whose κ_x is 3 scale, and |k_x / 6| = 1/2
    const bw::Poses poses{upload<double, 4>({1, 1, 2, 3}, std::vector<double>{scale, 0, 0, 0, 1, 0})};
    const bw::Spectrum slices{unset<V, 4>({1, 1, 6, 4}), 6};
    bw::project(exec, volumes, poses, slices, {.cutoff = cutoff}, bw::none);
    return std::abs(download(slices.view)[3]);
  };
  CHECK(std::abs(sample(1, 0.5) - 1) < 1e-5);
  CHECK(std::abs(sample(1 + 5e-7, 1) - 1) < 1e-5);
  CHECK(std::abs(sample(1, 0.5 * (1 - 5e-7)) - 1) < 1e-5);
  CHECK(sample(1 + 2e-6, 1) == 0);
  CHECK(sample(1, 0.5 * (1 - 2e-6)) == 0);
}

TEST_CASE("insertions of thousands of poses are the literal sums", "[random][backproject]") {
  Random random = seeded(35000);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < rounds(4); ++i) {
    SliceProblem s = any_problem(random, 3, 2, 0);
    s.references = s.pose_batch = 1;
    s.geometry.extents = {random.integer(2, 4), random.integer(2, 4), random.integer(2, 5)};
    s.geometry.slice = {random.integer(2, 3), random.integer(2, 4)};
    s.geometry.cutoff = 1;
    set_poses(s, random, random.integer(4097, 5000));
    INFO("problem " << i << ": " << text(s));
    check_insertion<float, 3, 2>(exec, s, random, true, i % 2 == 1);
  }
}

// With a workspace, data and density of float may be summed in a grid of both.
TEST_CASE("insertions with a workspace are those without, on hosts bit for bit", "[random][backproject]") {
  Random random = seeded(37000);
  INFO("seed " << random.seed);
  const Exec exec;
  bw::Workspace workspace;
  for (int i = 0; i < rounds(24); ++i) {
    SliceProblem s = any_problem(random, 3, 2, i);
    const bool narrow = i % 6 == 4;  // taps of both signs share a column, and |φ| is summed for the density
    if (narrow) s.geometry.extents.back() = random.integer(1, 2);
    const double points = double(s.volume_size()), samples = double(s.slice_size());
    if (i % 3 > 0) set_poses(s, random, int(std::min(2 * points / samples, 100.0)) + 1);  // enough for such a grid
    const auto interpolation = interpolations[std::size_t(narrow ? 1 : i % 2 ? 0 : random.integer(0, 4))];
    const Expected start = random_start(s, random);
    for (const bool accumulate : {false, true}) {
      INFO("problem " << i << ": " << text(s) << " interpolation " << int(interpolation) << " accumulate " << accumulate);
      auto options = support::options(s, interpolation, accumulate);
      const Expected want = inserted<float, 3, 2>(exec, s, options, true, start);
      options.workspace = &workspace;
      const Expected got = inserted<float, 3, 2>(exec, s, options, true, start);
      if (bw::detail::on_host<Exec>) {
        CHECK((got.data == want.data && got.density == want.density));
      } else {
        CHECK(error(got.data, want.data, largest(want.data)) < tolerance<float>);
        CHECK(error(got.density, want.density, largest(want.density)) < tolerance<float>);
      }
    }
  }
  CHECK(workspace.numbers(exec, 0).size() > 0);  // one was made
}

TEMPLATE_TEST_CASE("derivatives of slicing at random", "[random][project][backproject][derivatives]",
                   BRACEWELL_RANDOM_SLICE_DERIVATIVES) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random = seeded(40000 + 10 * N + M + unsigned(sizeof(T)) * 100);
  INFO("seed " << random.seed);
  DerivativeTolerance tolerances = limits<T>();
  if (tolerances.difference > 0) tolerances.difference = 1e-6;  // rounding of values that are far larger than their change
  for_smooth_problems(random, N, M, rounds(6),
                      [&](const SliceProblem& s, const bw::SliceOptions& options, const auto& kernel) {
                        check_derivatives(differentiable_project<T, N, M, false>(s, options, kernel),
                                          {flat(s.volumes), s.rotations, s.shifts}, random, tolerances);
                        check_derivatives(differentiable_backproject<T, N, M, false>(s, options, kernel),
                                          {flat(s.slices), s.weights, s.rotations, s.shifts}, random, tolerances);
                      });
}

TEMPLATE_TEST_CASE("images of points at random are the literal sums", "[random][raster]", BRACEWELL_RANDOM_RASTERS) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random = seeded(50000 + 10 * N + M + unsigned(sizeof(T)) * 100);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < rounds(100); ++i) {
    const RasterProblem s = random_raster(random, N, M);
    const bool accumulate = random.integer(0, 1);
    INFO("problem " << i << ": " << text(s) << " accumulate " << accumulate);
    const RasterArrays<N, M, T> a(s);
    const auto expected = reference_raster(s);
    const auto start = random.normals(expected.size());
    const auto images = accumulate ? upload<T, M + 3>(s.image_shape(), start) : unset<T, M + 3>(s.image_shape());
    bw::raster(exec, a.cloud(), a.poses(), a.exposure(), images, {.voxel_size = s.voxel_size, .accumulate = accumulate},
               bw::Linear{});
    CHECK(error(download(images), plus(start, expected, accumulate), largest(expected)) < tolerance<T>);
  }
}

TEMPLATE_TEST_CASE("derivatives of images of points at random", "[random][raster][derivatives]", BRACEWELL_RANDOM_RASTERS) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random = seeded(60000 + 10 * N + M + unsigned(sizeof(T)) * 100);
  INFO("seed " << random.seed);
  DerivativeTolerance limits{.difference = 1e-6, .subsets = false};
  if (sizeof(T) == 4) limits = {.dot = 1e-4, .same = 1e-4, .difference = 0, .subsets = false};
  for (int i = 0; i < rounds(6); ++i) {
    const RasterProblem s = smooth_raster(random, N, M);
    INFO("problem " << i << ": " << text(s));
    check_derivatives(differentiable_raster<T, N, M, false>(s, bw::Linear{}), raster_inputs(s), random, limits);
  }
}

TEST_CASE("arrays of any strides give the literal sums", "[random][project][backproject]") {
  using V = Kokkos::complex<double>;
  Random random = seeded(70000);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < rounds(60); ++i) {
    const SliceProblem s = any_problem(random, 3, 2, i);
    INFO("problem " << i << ": " << text(s));
    const auto options = support::options(s, {});
    const Strided<V, 4> volumes(random, s.volume_shape(), true, &s.volumes);
    const Strided<V, 4> slices(random, s.slice_shape(), true, nullptr), inserted(random, s.slice_shape(), true, &s.slices);
    const Strided<double, 4> weights(random, s.slice_shape(), true, &s.weights),
        density(random, s.volume_shape(), true, nullptr);
    const Strided<V, 4> data(random, s.volume_shape(), true, nullptr);
    const Strided<double, 4> rotations(random, s.rotation_shape(), false, &s.rotations);
    const Strided<double, 3> shifts(random, s.shift_shape(), false, &s.shifts);
    const bw::Poses poses{rotations.view(), shifts.view()};
    const auto of_reference = [&](const auto& x) { return bw::Spectrum{x.view(), s.geometry.extents.back()}; };
    const auto of_slice = [&](const auto& x) { return bw::Spectrum{x.view(), s.geometry.slice.back()}; };
    bw::project(exec, of_reference(volumes), poses, of_slice(slices), options, bw::Linear{});
    bw::backproject(exec, of_slice(inserted), of_slice(weights), poses, of_reference(data), of_reference(density), options,
                    bw::Linear{});
    const auto cut = literal_slices(s, reference::linear(), true);
    const auto sums = literal_sums(s, reference::linear());
    CHECK(error(slices.values(), cut.slices, largest(cut.slices)) < tolerance<double>);
    CHECK(error(data.values(), sums.data, largest(sums.data)) < tolerance<double>);
    CHECK(error(density.values(), sums.density, largest(sums.density)) < tolerance<double>);
  }
}
