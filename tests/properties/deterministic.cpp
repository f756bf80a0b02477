// SPDX-License-Identifier: MIT
// Insertion as devices have it on request: in fixed point, and with a workspace in a grid of data and density.
#include "support/device_operations.hpp"

#include "support/axes.hpp"
#include "support/slicing.hpp"
#include "support/tangents.hpp"
#include "support/tools.hpp"

#include <bracewell/workspace.hpp>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace bw = bracewell;
using namespace support;

namespace {

/// The arrays of a problem, inputs and tangents.
template <class T, int N, int M>
struct Arrays {
  using C = Kokkos::complex<T>;

  const SliceProblem& s;
  int width, slice_width;
  Dense<double, 4> rotations, rotations_dot;
  Dense<double, 3> shifts, shifts_dot;
  Dense<C, N + 1> volumes;
  Dense<C, M + 2> slices, slices_dot;
  Dense<T, M + 2> weights, weights_dot;

  Arrays(const SliceProblem& problem, const SliceProblem& tangents)
      : s(problem),
        width(s.geometry.extents.back()),
        slice_width(s.geometry.slice.back()),
        rotations(upload<double, 4>(s.rotation_shape(), s.rotations)),
        rotations_dot(upload<double, 4>(s.rotation_shape(), tangents.rotations)),
        shifts(upload<double, 3>(s.shift_shape(), s.shifts)),
        shifts_dot(upload<double, 3>(s.shift_shape(), tangents.shifts)),
        volumes(upload<C, N + 1>(s.volume_shape(), s.volumes)),
        slices(upload<C, M + 2>(s.slice_shape(), s.slices)),
        slices_dot(upload<C, M + 2>(s.slice_shape(), tangents.slices)),
        weights(upload<T, M + 2>(s.slice_shape(), s.weights)),
        weights_dot(upload<T, M + 2>(s.slice_shape(), tangents.weights)) {}

  auto slice(const auto& view) const { return bw::Spectrum{view, slice_width}; }
  auto volume(const auto& view) const { return bw::Spectrum{view, width}; }
  bw::Poses<Dense<double, 4>, Dense<double, 3>> poses() const { return {rotations, shifts}; }
  bw::Poses<Dense<double, 4>, Dense<double, 3>> poses_dot() const { return {rotations_dot, shifts_dot}; }
};

/// What is inserted by backproject, backproject_jvp and project_vjp.
struct Results {
  std::vector<Complex> data, data_dot, reference_bar;
  std::vector<double> density, density_dot, rotations_bar, shifts_bar;

  bool operator==(const Results&) const = default;
};

template <class T, int N, int M>
Results results(const SliceProblem& s, const SliceProblem& tangents, const bw::SliceOptions& options) {
  using C = Kokkos::complex<T>;
  const Exec exec;
  const Arrays<T, N, M> a(s, tangents);
  const auto data = unset<C, N + 1>(s.volume_shape());
  const auto density = unset<T, N + 1>(s.volume_shape());
  const auto rotations_bar = unset<double, 4>(s.rotation_shape());
  const auto shifts_bar = unset<double, 3>(s.shift_shape());
  Results r;
  bw::backproject(exec, a.slice(a.slices), a.slice(a.weights), a.poses(), a.volume(data), a.volume(density), options);
  r.data = download(data);
  r.density = download(density);
  bw::backproject_jvp(exec, a.slice(a.slices), a.slice(a.slices_dot), a.slice(a.weights), a.slice(a.weights_dot), a.poses(),
                      a.poses_dot(), a.volume(data), a.volume(density), options);
  r.data_dot = download(data);
  r.density_dot = download(density);
  bw::project_vjp(exec, a.volume(a.volumes), a.poses(), a.slice(a.slices), a.volume(data),
                  bw::Poses{rotations_bar, shifts_bar}, options);
  r.reference_bar = download(data);
  r.rotations_bar = download(rotations_bar);
  r.shifts_bar = download(shifts_bar);
  return r;
}

double most_apart(const std::vector<double>& a, const std::vector<double>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return a.size() == b.size() && !std::isnan(most) ? most : std::numeric_limits<double>::infinity();
}

/// What cotangents of poses may differ by if sums over the taps of a sample are done in another order: in grids smaller than a kernel
/// these cancel to far less than their terms. Of each sample, eps of the largest value, by what κ or a phase changes with the pose.
double rounding_of_poses(const SliceProblem& s, double eps) {
  const auto& extents = s.geometry.extents;
  const auto& slice = s.geometry.slice;
  double value = 0, sum = 0;
  for (const Complex& z : s.volumes) value = std::max(value, std::abs(z));
  for (const Complex& z : s.slices) sum += std::abs(z);
  const double widest = *std::max_element(extents.begin(), extents.end()),
               kappa = 0.5 * s.geometry.oversampling * widest / extents.back() * slice.back();
  return eps * value * sum * std::max(kappa, 3.15);
}

bw::SliceOptions deterministic(bw::SliceOptions options) {
  options.deterministic = true;
  return options;
}

/// The images and poses of each reference in the reverse order.
SliceProblem reversed(SliceProblem s) {
  const auto reverse = [&](auto& values, int batch) {
    const long each = long(values.size()) / batch, size = each / s.poses;
    for (int b = 0; b < batch; ++b)
      for (int p = 0; p < s.poses / 2; ++p)
        std::swap_ranges(values.begin() + b * each + p * size, values.begin() + b * each + (p + 1) * size,
                         values.begin() + b * each + (s.poses - 1 - p) * size);
  };
  reverse(s.rotations, s.pose_batch);
  reverse(s.shifts, s.pose_batch);
  reverse(s.slices, s.references);
  reverse(s.weights, s.references);
  return s;
}

/// More images than random_problem has, so that many meet: of three axes they are large.
SliceProblem large_problem(Random& random, int axes, int slice_axes) {
  SliceProblem s = random_problem(random, axes, slice_axes, 0);
  s.geometry.extents.assign(axes, 12);
  s.geometry.slice.assign(slice_axes, 12);
  s.poses = slice_axes == 3 ? 4 : 24;
  s.references = 2;
  s.pose_batch = 1;
  s.geometry.cutoff = 0.5;
  s.rotations.clear();
  for (int p = 0; p < s.poses; ++p) {
    const auto r = random.rotation(slice_axes, axes);
    s.rotations.insert(s.rotations.end(), r.begin(), r.end());
  }
  s.shifts = random.normals(s.poses * slice_axes);
  s.volumes = random.spectrum(s.geometry.extents);
  s.volumes.insert(s.volumes.end(), s.volumes.begin(), s.volumes.end());
  s.slices = random.complex(s.references * s.poses * s.slice_size());
  s.weights = random.uniforms(s.slices.size(), 0, 2);
  return s;
}

bool all_nan(const auto& values) {
  return std::all_of(values.begin(), values.end(), [](const auto& v) { return std::isnan(modulus(v)); });
}

}  // namespace

TEMPLATE_TEST_CASE("deterministic insertion agrees with the plain one", "[deterministic]", (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<float, 3, 2>), (Axes<double, 3, 2>), (Axes<float, 3, 3>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(4000 + 10 * N + M);
  INFO("seed " << random.seed);
  // Some hundred terms, each rounded by half a unit at most, of at most 2^-60 of the largest of 2^20 terms that there might be.
  const double tolerance = 1000 * double(std::numeric_limits<T>::epsilon()) + std::ldexp(1000, -40);
  for (int i = 0; i < 40; ++i) {
    const SliceProblem s = random_problem(random, N, M, i), tangents = tangents_of(s, random);
    const auto interpolation = interpolations[i % interpolations.size()];
    INFO(text(s) << " interpolation " << int(interpolation));
    const auto options = support::options(s, interpolation);
    const Results got = results<T, N, M>(s, tangents, deterministic(options)), want = results<T, N, M>(s, tangents, options);
    CHECK(relative_error(got.data, want.data) < tolerance);
    CHECK(relative_error(got.density, want.density) < tolerance);
    CHECK(relative_error(got.data_dot, want.data_dot) < tolerance);
    CHECK(relative_error(got.density_dot, want.density_dot) < tolerance);
    CHECK(relative_error(got.reference_bar, want.reference_bar) < tolerance);
    const double rounding = rounding_of_poses(s, std::numeric_limits<T>::epsilon());
    CHECK((relative_error(got.rotations_bar, want.rotations_bar) < tolerance ||
           most_apart(got.rotations_bar, want.rotations_bar) < rounding));
    CHECK((relative_error(got.shifts_bar, want.shifts_bar) < tolerance ||
           most_apart(got.shifts_bar, want.shifts_bar) < rounding));
  }
}

TEMPLATE_TEST_CASE("data and density are the same in a grid of both", "[backproject]", (Axes<float, 3, 2>),
                   (Axes<float, 3, 3>)) {
  constexpr int N = TestType::N, M = TestType::M;
  Random random(4050 + 10 * N + M);
  INFO("seed " << random.seed);
  const double tolerance = 1000 * double(std::numeric_limits<float>::epsilon());  // some hundred terms in another order
  bw::Workspace workspace;
  for (int i = 0; i < 40; ++i) {
    // From narrow grids to some with more points than there are additions, which stay apart.
    const SliceProblem s = i % 4 == 0 ? large_problem(random, N, M) : random_problem(random, N, M, i);
    const auto interpolation = interpolations[i % interpolations.size()];
    INFO(text(s) << " interpolation " << int(interpolation));
    for (const bool accumulate : {false, true}) {
      bw::SliceOptions apart = support::options(s, interpolation), both = apart;
      both.workspace = &workspace;
      const auto inserted = [&](const bw::SliceOptions& options) {
        const Arrays<float, N, M> a(s, s);
        const auto data = upload<Kokkos::complex<float>, N + 1>(s.volume_shape(), s.volumes);
        const auto density = upload<float, N + 1>(s.volume_shape(), std::vector<double>(s.volumes.size(), 3));
        auto with = options;
        with.accumulate = accumulate;
        bw::backproject(Exec(), a.slice(a.slices), a.slice(a.weights), a.poses(), a.volume(data), a.volume(density), with);
        return std::pair(download(data), download(density));
      };
      const auto got = inserted(both), want = inserted(apart);
      CHECK(relative_error(got.first, want.first) < tolerance);
      CHECK(relative_error(got.second, want.second) < tolerance);
      if constexpr (bw::detail::on_host<Exec>) CHECK((got.first == want.first && got.second == want.second));
    }
  }
  const auto bytes = std::size_t(12 * 12 * 7 * 2 * 16);
  CHECK(workspace.numbers(Exec(), 0).size() * sizeof(double) >= bytes);  // large_problem's, so that it was used
}

TEMPLATE_TEST_CASE("deterministic insertion does not depend on the order of images", "[deterministic]", (Axes<double, 2, 1>),
                   (Axes<float, 3, 2>), (Axes<float, 3, 3>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(4100 + 10 * N + M);
  INFO("seed " << random.seed);
  for (const auto interpolation : interpolations) {
    const SliceProblem s = large_problem(random, N, M), tangents = tangents_of(s, random);
    INFO(text(s) << " interpolation " << int(interpolation));
    const auto options = deterministic(support::options(s, interpolation));
    const Results first = results<T, N, M>(s, tangents, options);
    CHECK(first == first);  // what is written are numbers
    CHECK(results<T, N, M>(s, tangents, options) == first);
    const Results other = results<T, N, M>(reversed(s), reversed(tangents), options);
    CHECK(identical(other.data, first.data));
    CHECK(identical(other.density, first.density));
    CHECK(identical(other.data_dot, first.data_dot));
    CHECK(identical(other.density_dot, first.density_dot));
    CHECK(identical(other.reference_bar, first.reference_bar));
  }
}

TEST_CASE("deterministic insertion has units for numbers of any size", "[deterministic]") {
  Random random(4200);
  INFO("seed " << random.seed);
  const SliceProblem s = large_problem(random, 3, 2), tangents = tangents_of(s, random);
  const auto options = deterministic(support::options(s, bw::Interpolation::cubic));
  const Results want = results<float, 3, 2>(s, tangents, options);
  for (const int exponent : {-60, 115}) {
    INFO("exponent " << exponent);
    SliceProblem scaled = s;
    for (auto& z : scaled.slices) z *= std::ldexp(1, exponent);
    Results got = results<float, 3, 2>(scaled, tangents, options);
    CHECK(identical(got.density, want.density));
    for (auto& z : got.data) z *= std::ldexp(1, -exponent);
    CHECK(identical(got.data, want.data));
  }
}

TEST_CASE("deterministic insertion has room for sums where many samples meet", "[deterministic]") {
  Random random(4250);
  INFO("seed " << random.seed);
  for (const double scale : {0.0, 1e-3, 0.1, 1.0}) {
    INFO("scale " << scale);
    SliceProblem s = large_problem(random, 3, 2);
    for (double& r : s.rotations) r *= scale;
    for (double& t : s.shifts) t = 0;
    std::fill(s.slices.begin(), s.slices.end(), Complex(1, -1));
    std::fill(s.weights.begin(), s.weights.end(), 1);
    const auto options = support::options(s, bw::Interpolation::linear);
    const auto got = results<float, 3, 2>(s, s, deterministic(options)), want = results<float, 3, 2>(s, s, options);
    CHECK(relative_error(got.data, want.data) < 1e-4);
    CHECK(relative_error(got.density, want.density) < 1e-4);
    CHECK(relative_error(got.reference_bar, want.reference_bar) < 1e-4);
  }
}

TEST_CASE("deterministic insertion of what is not finite makes all of an output NaN", "[deterministic][nonfinite]") {
  Random random(4300);
  INFO("seed " << random.seed);
  const SliceProblem s = large_problem(random, 3, 2), tangents = tangents_of(s, random);
  const auto options = deterministic(support::options(s, bw::Interpolation::linear));
  const Results want = results<float, 3, 2>(s, tangents, options);
  for (const double bad : {double(NAN), double(INFINITY)}) {
    SliceProblem wrong = s;
    wrong.slices[wrong.slice_size() + 1] = bad;
    const Results no_data = results<float, 3, 2>(wrong, tangents, options);
    CHECK(all_nan(no_data.data));
    CHECK(identical(no_data.density, want.density));
    wrong = s;
    wrong.weights[1] = bad;
    const Results no_density = results<float, 3, 2>(wrong, tangents, options);
    CHECK(identical(no_density.data, want.data));
    CHECK(all_nan(no_density.density));
  }
}

TEST_CASE("deterministic insertion has the same bits of data and of density together and apart", "[deterministic]") {
  Random random(4330);
  INFO("seed " << random.seed);
  const SliceProblem s = large_problem(random, 3, 2), tangents = tangents_of(s, random);
  const Arrays<float, 3, 2> a(s, tangents);
  const Exec exec;
  using C = Kokkos::complex<float>;
  for (const auto interpolation : interpolations) {
    const auto options = deterministic(support::options(s, interpolation));
    const auto data = unset<C, 4>(s.volume_shape()), data_alone = unset<C, 4>(s.volume_shape());
    const auto density = unset<float, 4>(s.volume_shape()), density_alone = unset<float, 4>(s.volume_shape());
    bw::backproject(exec, a.slices, a.weights, a.poses(), data, density, options);
    bw::backproject(exec, a.slices, bw::none, a.poses(), data_alone, bw::none, options);
    bw::backproject(exec, bw::none, a.weights, a.poses(), bw::none, density_alone, options);
    CHECK(identical(download(data), download(data_alone)));
    CHECK(identical(download(density), download(density_alone)));
  }
}

TEST_CASE("deterministic insertion knows the size of samples at the band's end", "[deterministic]") {
  Random random(4350);
  INFO("seed " << random.seed);
  SliceProblem s = large_problem(random, 3, 2);
  s.poses = 1;
  s.references = 1;
  s.rotations.assign(6, 0);
  s.rotations[0] = 6.000006006 / 5;  // κ_x of k_x = 5 is in the band in float, and beyond it in double
  s.rotations[4] = 1;
  s.shifts.assign(2, 0);
  s.volumes.resize(s.volume_size());
  s.slices.assign(s.slice_size(), 0);
  s.weights.assign(s.slice_size(), 0);
  s.slices[0] = 1;
  s.slices[5] = 1e30;
  for (const auto interpolation : interpolations) {
    const auto options = support::options(s, interpolation);
    const auto got = results<float, 3, 2>(s, s, deterministic(options)), want = results<float, 3, 2>(s, s, options);
    CHECK(relative_error(got.data, want.data) < 1e-6);
    CHECK(relative_error(got.reference_bar, want.reference_bar) < 1e-6);
  }
}

TEST_CASE("deterministic insertion adds to, and writes nothing between rows", "[deterministic]") {
  using C = Kokkos::complex<float>;
  Random random(4400);
  INFO("seed " << random.seed);
  const Exec exec;
  const SliceProblem s = large_problem(random, 3, 2);
  const Arrays<float, 3, 2> a(s, s);
  const bw::Cubic cubic;  // one kernel to compile, not five
  auto options = deterministic(support::options(s, {}));
  const auto data = unset<C, 4>(s.volume_shape());
  const auto density = unset<float, 4>(s.volume_shape());
  bw::backproject(exec, a.slice(a.slices), a.slice(a.weights), a.poses(), data, density, options, cubic);
  const auto sum = download(data);
  const auto density_sum = download(density);

  options.accumulate = true;
  const auto before = download(upload<C, 4>(s.volume_shape(), random.complex(data.size())));
  const auto wide = upload<C, 4>({3, 12, 15, 9}, std::vector<Complex>(3 * 12 * 15 * 9, 7));
  const auto target = Kokkos::subview(wide, std::pair(1, 3), Kokkos::ALL, std::pair(2, 14), std::pair(1, 8));
  const auto dense = upload<C, 4>(s.volume_shape(), before);
  Kokkos::deep_copy(target, dense);
  Kokkos::deep_copy(density, 1);
  bw::backproject(exec, a.slice(a.slices), a.slice(a.weights), a.poses(), target, density, options, cubic);
  auto untouched = wide.size();
  for (const auto& z : download(wide)) untouched -= z != Complex(7);
  CHECK(untouched == wide.size() - data.size());
  Kokkos::deep_copy(dense, target);
  const auto got = download(dense);
  bool same = true;
  for (std::size_t i = 0; i < got.size(); ++i)
    same = same && float(got[i].real()) == float(before[i].real()) + float(sum[i].real()) &&
           float(got[i].imag()) == float(before[i].imag()) + float(sum[i].imag());
  CHECK(same);
  const auto density_got = download(density);
  for (std::size_t i = 0; i < density_got.size(); ++i) same = same && float(density_got[i]) == 1 + float(density_sum[i]);
  CHECK(same);
}

TEST_CASE("deterministic insertion of nothing clears or keeps", "[deterministic]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  const bw::Linear linear;
  const bw::Poses poses{upload<double, 3>({0, 2, 3}, std::vector<double>{})};
  const auto slices = upload<C, 3>({0, 6, 4}, std::vector<Complex>{});
  const auto data = unset<C, 3>({6, 6, 4});
  bw::backproject(exec, slices, bw::none, poses, data, bw::none, {.deterministic = true}, linear);
  CHECK(identical(download(data), std::vector<Complex>(6 * 6 * 4)));
  Kokkos::deep_copy(data, C(1, 2));
  bw::backproject(exec, slices, bw::none, poses, data, bw::none, {.accumulate = true, .deterministic = true}, linear);
  CHECK(identical(download(data), std::vector<Complex>(6 * 6 * 4, {1, 2})));
  bw::backproject(exec, upload<C, 4>({0, 2, 6, 4}, std::vector<Complex>{}), bw::none,
                  bw::Poses{upload<double, 4>({1, 2, 2, 3}, std::vector<double>(12))}, unset<C, 4>({0, 6, 6, 4}), bw::none,
                  {.deterministic = true}, linear);
}

TEST_CASE("deterministic insertion does not wait, and takes its scratch from a workspace", "[deterministic][tools]") {
  Random random(4500);
  const Exec exec;
  const SliceProblem s = large_problem(random, 3, 2);
  const Arrays<double, 3, 2> a(s, s);
  const auto data = unset<Kokkos::complex<double>, 4>(s.volume_shape());
  const auto density = unset<double, 4>(s.volume_shape());
  const Dense<double, 4> rotations_bar("rotations_bar", layout(s.rotation_shape()));
  bw::Workspace workspace;
  const bw::SliceOptions options{.deterministic = true, .workspace = &workspace};
  const auto call = [&] {
    bw::backproject(exec, a.slices, a.weights, a.poses(), data, density, options, bw::Linear{});
    bw::project_vjp(exec, a.volumes, a.poses(), a.slices, data, bw::Poses{rotations_bar}, options, bw::Linear{});
  };
  const Events first = record(call), second = record(call);
  std::vector<std::string> allocations = first.allocations;
  std::erase_if(allocations, [](const std::string& label) { return label.rfind("Kokkos::", 0) == 0; });  // of its own, once
  CHECK(allocations == std::vector<std::string>{"bracewell::workspace"});
  CHECK(second.allocations.empty());
  CHECK(first.fences == std::vector<std::string>{});
  CHECK(second.fences == std::vector<std::string>{});
  for (const auto& label : second.kernels) {
    INFO(label);
    CHECK((label.rfind("bracewell::", 0) == 0 || label.rfind("Kokkos::ViewFill", 0) == 0));
  }
  exec.fence();
}
