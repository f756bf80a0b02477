// SPDX-License-Identifier: MIT
#include "support/axes.hpp"
#include "support/refusals.hpp"
#include "support/slice_derivatives.hpp"

#include <bracewell/gauss_newton.hpp>

#include <catch2/catch_template_test_macros.hpp>

#include <cmath>

namespace bw = bracewell;
using namespace support;

namespace {

/// Which of weights, CTFs, scales and shifts a problem has.
struct Has {
  bool weights, ctf, scale, shifts;
};

/// A problem with all that its images are compared by.
struct Compared {
  SliceProblem s;
  std::vector<double> weights, ctf, scale;

  Compared(const SliceProblem& problem, Random& random)
      : s(problem),
        weights(random.uniforms(problem.slices.size(), 0, 2)),
        ctf(random.normals(problem.slices.size())),
        scale(random.uniforms(std::size_t(problem.references) * problem.poses, -2, 2)) {}

  int parameters() const {
    const int n = int(s.geometry.extents.size()), m = int(s.geometry.slice.size());
    return m * n + m + 1;
  }
  std::size_t images() const { return std::size_t(s.references) * s.poses; }
};

/// What gauss_newton returns, and what it must: all in double, of each image.
struct Normal {
  std::vector<double> loss, gradient, matrix;

  Normal() = default;
  Normal(std::size_t images, int parameters)
      : loss(images), gradient(images * parameters), matrix(images * parameters * parameters) {}
};

/// Sums over the full lattice of slices that project cuts, and of their derivatives in each parameter by project_jvp.
template <class T, int N, int M, class Kernel>
Normal expected(const Compared& c, const Has& has, const bw::SliceOptions& options, const Kernel& kernel) {
  const SliceProblem& s = c.s;
  const SliceArrays<T, N, M> a{s};
  const int K = c.parameters();
  const auto reference = a.of_reference(a.volumes(flat(s.volumes)));
  const auto rotations = a.rotations(s.rotations);
  const auto shifts = a.shifts(has.shifts ? s.shifts : std::vector<double>(s.shifts.size(), 0.0));
  std::vector<std::vector<Complex>> columns;  // ∂S/∂θ, and S for the scale
  for (int i = 0; i < K; ++i) {
    const auto out = a.slices(std::vector<double>(2 * s.slices.size()));
    std::vector<double> rotations_dot(s.rotations.size()), shifts_dot(s.shifts.size());
    for (std::size_t p = 0; p < rotations_dot.size() / (M * N); ++p) {
      if (i < M * N) rotations_dot[p * M * N + i] = 1;
      if (i >= M * N && i < K - 1) shifts_dot[p * M + i - M * N] = 1;
    }
    if (i < K - 1) {
      bw::project_jvp(Exec(), reference, bw::none, bw::Poses{rotations, shifts},
                      bw::Poses{a.rotations(rotations_dot), a.shifts(shifts_dot)}, a.of_slice(out), options, kernel);
    } else {
      bw::project(Exec(), reference, bw::Poses{rotations, shifts}, a.of_slice(out), options, kernel);
    }
    columns.push_back(download(out));
  }
  const auto frequencies = reference::frequencies(s.geometry.slice);
  const int width = s.geometry.slice.back();
  Normal sums(c.images(), K);
  for (std::size_t i = 0; i < c.images(); ++i)
    for (std::size_t k = 0; k < s.slice_size(); ++k) {
      double square = 0;
      for (int e = 0; e < M; ++e)
        square += std::pow(double(frequencies[k][e]) / reference::extent(s.geometry.slice, std::size_t(e)), 2);
      if (square > std::pow(s.geometry.cutoff * (1 + 1e-6), 2)) continue;
      const std::size_t at = i * s.slice_size() + k;
      const double ctf = has.ctf ? c.ctf[at] : 1, scale = has.scale ? c.scale[i] : 1;
      const double weight = (2 * frequencies[k][0] % width == 0 ? 1 : 2) * (has.weights ? c.weights[at] : 1);
      const auto column = [&](int j) { return ctf * (j < K - 1 ? scale : 1) * columns[j][at]; };
      const Complex r = scale * column(K - 1) - s.slices[at];
      sums.loss[i] += 0.5 * weight * std::norm(r);
      for (int j = 0; j < K; ++j) {
        sums.gradient[i * K + j] += weight * (std::conj(r) * column(j)).real();
        for (int l = 0; l < K; ++l) sums.matrix[(i * K + j) * K + l] += weight * (std::conj(column(j)) * column(l)).real();
      }
    }
  return sums;
}

/// Outputs of one call, which start as `start`.
template <class Out>
struct Outputs {
  Dense<Out, 2> loss, scale_bar;
  Dense<Out, 4> rotations_bar, matrix;
  Dense<Out, 3> shifts_bar;

  explicit Outputs(const SliceProblem& s, double start = std::numeric_limits<double>::quiet_NaN()) {
    const long K = s.rotation_shape()[2] * s.rotation_shape()[3] + s.rotation_shape()[2] + 1;
    const auto make = [&](auto& to, const std::vector<long>& shape) {
      to = std::decay_t<decltype(to)>("output", layout(shape));
      Kokkos::deep_copy(to, Out(start));
    };
    make(loss, {s.references, s.poses});
    make(scale_bar, {s.references, s.poses});
    make(rotations_bar, s.rotation_shape());
    make(shifts_bar, s.shift_shape());
    make(matrix, {s.references, s.poses, K, K});
  }

  /// With gradients in the order of parameters. Poses must not be shared.
  Normal get(int parameters) const {
    const auto l = download(loss), r = download(rotations_bar), t = download(shifts_bar), b = download(scale_bar);
    Normal result(l.size(), parameters);
    result.loss = l;
    result.matrix = download(matrix);
    const std::size_t R = r.size() / l.size(), M = t.size() / l.size();
    for (std::size_t i = 0; i < l.size(); ++i) {
      std::copy_n(r.begin() + i * R, R, result.gradient.begin() + i * parameters);
      std::copy_n(t.begin() + i * M, M, result.gradient.begin() + i * parameters + R);
      result.gradient[(i + 1) * parameters - 1] = b[i];
    }
    return result;
  }
};

template <class X>
auto given(std::true_type, const X& x) {
  return x;
}
template <class X>
bw::None given(std::false_type, const X&) {
  return {};
}

/// Calls gauss_newton with what `has` says; `outputs` as outputs(poses_bar's shifts are given).
template <class T, int N, int M, class Outs, class Kernel>
void run(const Compared& c, const Has& has, const Outs& out, const bw::SliceOptions& options, const Kernel& kernel,
         const Exec& exec = {}) {
  const SliceProblem& s = c.s;
  const SliceArrays<T, N, M> a{s};
  const auto images = a.of_slice(a.slices(flat(s.slices)));
  const auto reference = a.of_reference(a.volumes(flat(s.volumes)));
  const auto weights = a.of_slice(a.weights(c.weights)), ctf = a.of_slice(a.weights(c.ctf));
  const auto scale = upload<double, 2>({s.references, s.poses}, c.scale);
  const auto rotations = a.rotations(s.rotations);
  const auto with = [&](const auto& observed) {
    if (has.shifts) {
      bw::gauss_newton(exec, reference, bw::Poses{rotations, a.shifts(s.shifts)}, observed, out.loss,
                       bw::Poses{out.rotations_bar, out.shifts_bar}, out.scale_bar, out.matrix, options, kernel);
    } else {
      Kokkos::deep_copy(out.shifts_bar, 0);
      bw::gauss_newton(exec, reference, bw::Poses{rotations}, observed, out.loss, bw::Poses{out.rotations_bar},
                       out.scale_bar, out.matrix, options, kernel);
    }
  };
  if (has.weights && has.ctf && has.scale) return with(bw::Observed{images, weights, ctf, scale});
  if (has.weights) return with(bw::Observed{images, weights});
  if (has.ctf) return with(bw::Observed{images, bw::none, ctf});
  if (has.scale) return with(bw::Observed{images, bw::none, bw::none, scale});
  with(bw::Observed{images});
}

constexpr Has cases[] = {{true, true, true, true},   {false, false, false, false}, {true, false, false, true},
                         {false, true, false, true}, {false, false, true, false},  {true, true, true, false}};

/// Sums of some thousand terms of both signs, relative to the largest of all images; float by blocks, rounded slices.
template <class T>
constexpr double tolerance = sizeof(T) == 8 ? 1e-11 : 2e-5;

/// Numbers j of every `stride` of a list.
std::vector<double> every(const std::vector<double>& all, std::size_t j, std::size_t stride) {
  std::vector<double> some;
  for (; j < all.size(); j += stride) some.push_back(all[j]);
  return some;
}

void check_same(const Normal& found, const Normal& wanted, int K, double limit) {
  CHECK(relative_error(found.loss, wanted.loss) < limit);
  CHECK(relative_error(found.gradient, wanted.gradient) < limit);
  CHECK(relative_error(found.matrix, wanted.matrix) < limit);
  // Parameters have units of their own: in those, nothing hides behind another's size.
  for (int i = 0; i < K; ++i)
    for (int j = 0; j < K; ++j) {
      const auto entry = every(found.matrix, std::size_t(i) * K + j, std::size_t(K) * K);
      CHECK(identical(entry, every(found.matrix, std::size_t(j) * K + i, std::size_t(K) * K)));
      const auto ii = every(wanted.matrix, std::size_t(i) * (K + 1), std::size_t(K) * K),
                 jj = every(wanted.matrix, std::size_t(j) * (K + 1), std::size_t(K) * K),
                 right = every(wanted.matrix, std::size_t(i) * K + j, std::size_t(K) * K);
      for (std::size_t p = 0; p < entry.size(); ++p)
        CHECK(std::abs(entry[p] - right[p]) <= limit * std::sqrt(ii[p] * jj[p]) + 1e-30);
    }
}

/// A problem whose poses are not shared.
SliceProblem own_poses(Random& random, int N, int M) {
  while (true) {
    const SliceProblem s = smooth_problem(random, N, M);
    if (s.pose_batch == s.references && s.poses > 0 && s.references > 0) return s;
  }
}

}  // namespace

TEMPLATE_TEST_CASE("loss, gradient and matrix are sums over slices and their derivatives", "[gauss_newton]",
                   (Axes<double, 2, 1>), (Axes<double, 2, 2>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<float, 3, 2>)) {
  using T = typename TestType::T;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(8000 + 10 * N + M);
  INFO("seed " << random.seed);
  const auto check = [&](const bw::SliceOptions& base, const auto& kernel) {
    for (const Has& has : cases) {
      Compared c(own_poses(random, N, M), random);
      const bw::SliceOptions with = options(c.s, base.interpolation);
      INFO(text(c.s) << " weights " << has.weights << " ctf " << has.ctf << " scale " << has.scale << " shifts "
                     << has.shifts);
      const Outputs<double> out(c.s);
      run<T, N, M>(c, has, out, with, kernel);
      Normal wanted = expected<T, N, M>(c, has, with, kernel);
      if (!has.shifts)
        for (std::size_t i = 0; i < c.images(); ++i)
          for (int e = 0; e < M; ++e) wanted.gradient[i * c.parameters() + N * M + e] = 0;  // not asked for
      check_same(out.get(c.parameters()), wanted, c.parameters(), tolerance<T>);
    }
  };
  check({}, bw::Linear{});
  check({.interpolation = bw::Interpolation::cubic}, bw::Cubic{});
  check({.interpolation = bw::Interpolation::kaiser_bessel_4}, bw::KaiserBessel<2>{2});
}

TEST_CASE("the gradient is that of the loss, and what project_vjp makes of residuals", "[gauss_newton]") {
  constexpr int N = 3, M = 2, K = 9;
  Random random(8100);
  INFO("seed " << random.seed);
  for (int round = 0; round < 4; ++round) {
    const bool plain = round % 2 == 0;
    const Has has{!plain, !plain, !plain, true};
    Compared c(own_poses(random, N, M), random);
    INFO(text(c.s));
    const bw::Cubic kernel;
    const auto with = options(c.s, {});
    const auto all = [&](const Compared& at) {
      const Outputs<double> out(at.s);
      run<double, N, M>(at, has, out, with, kernel);
      return out.get(K);
    };
    const Normal here = all(c);
    for (int i = has.scale ? 0 : 1; i < K; ++i) {
      const double step = 1e-6;
      const auto moved = [&](double by) {
        Compared there = c;
        for (std::size_t p = 0; p < c.images(); ++p) {
          if (i < M * N) there.s.rotations[p * M * N + i] += by / 10;  // κ move by less than they are from kinks
          if (i >= M * N && i < K - 1) there.s.shifts[p * M + i - M * N] += by;
          if (i == K - 1) there.scale[p] += by;
        }
        return all(there).loss;
      };
      if (i == K - 1 && !has.scale) continue;
      const auto more = moved(step), less = moved(-step);
      std::vector<double> slopes(more.size());
      for (std::size_t p = 0; p < slopes.size(); ++p) slopes[p] = (more[p] - less[p]) / (2 * step) * (i < M * N ? 10 : 1);
      INFO("parameter " << i);
      // Rounding of losses of 1e3 over the step, and the step's third power.
      CHECK(relative_error(every(here.gradient, std::size_t(i), K), slopes) < 1e-5);
    }
    if (!plain) continue;
    const SliceArrays<double, N, M> a{c.s};
    const auto reference = a.of_reference(a.volumes(flat(c.s.volumes)));
    const bw::Poses poses{a.rotations(c.s.rotations), a.shifts(c.s.shifts)};
    const auto slices = a.slices(std::vector<double>(2 * c.s.slices.size()));
    bw::project(Exec(), reference, poses, a.of_slice(slices), with, kernel);
    auto bar = download(slices);
    const int columns = c.s.geometry.slice.back() / 2 + 1;
    for (std::size_t k = 0; k < bar.size(); ++k)
      bar[k] = (bar[k] - c.s.slices[k]) * (2 * (long(k) % columns) % c.s.geometry.slice.back() == 0 ? 1.0 : 2.0);
    const Outputs<double> wanted(c.s, 0);
    bw::project_vjp(Exec(), reference, poses, a.of_slice(a.slices(flat(bar))), bw::none,
                    bw::Poses{wanted.rotations_bar, wanted.shifts_bar}, with, kernel);
    const Normal normal = wanted.get(K);
    for (int i = 0; i < K - 1; ++i)
      CHECK(relative_error(every(here.gradient, std::size_t(i), K), every(normal.gradient, std::size_t(i), K)) < 1e-11);
  }
}

TEST_CASE("each subset of outputs has what all have, and accumulate adds it", "[gauss_newton]") {
  constexpr int N = 2, M = 1, K = 4;
  Random random(8200);
  INFO("seed " << random.seed);
  const Compared c(own_poses(random, N, M), random);
  INFO(text(c.s));
  const SliceArrays<float, N, M> a{c.s};
  const auto images = a.of_slice(a.slices(flat(c.s.slices)));
  const auto reference = a.of_reference(a.volumes(flat(c.s.volumes)));
  const bw::Observed observed{images, a.of_slice(a.weights(c.weights)), a.of_slice(a.weights(c.ctf)), 1.5};
  const bw::Poses poses{a.rotations(c.s.rotations), a.shifts(c.s.shifts)};
  const auto call = [&](const Outputs<float>& out, unsigned mask, bool accumulate) {
    bw::SliceOptions with = options(c.s, {}, accumulate);
    with_subset<true>(
        mask,
        [&](const auto&... some) {
          const auto one = [&](const auto& loss, const auto& rotations, const auto& shifts, const auto& scale,
                               const auto& matrix) {
            bw::gauss_newton(Exec(), reference, poses, observed, loss, bw::Poses{rotations, shifts}, scale, matrix, with,
                             bw::Linear{});
          };
          if constexpr ((std::is_same_v<std::decay_t<decltype(some)>, bw::None> && ...)) {
            return;
          } else {
            one(some...);
          }
        },
        out.loss, out.rotations_bar, out.shifts_bar, out.scale_bar, out.matrix);
  };
  const Outputs<float> all(c.s);
  call(all, 31, false);
  const Normal wanted = all.get(K);
  check_same(
      wanted,
      [&] {
        Compared scaled = c;
        scaled.scale.assign(c.images(), 1.5);
        return expected<float, N, M>(scaled, {true, true, true, true}, options(c.s, {}), bw::Linear{});
      }(),
      K, tolerance<float>);
  for (unsigned mask = 1; mask < 32; ++mask) {
    INFO("outputs " << mask);
    const Outputs<float> some(c.s, 2), added(c.s, 2);
    call(some, mask, false);
    call(added, mask, true);
    const auto check = [&](int bit, const auto& view, const auto& sum, const auto& right) {
      const auto full = download(right), now = download(view), then = download(sum);
      const bool asked = mask >> bit & 1;
      CHECK(same(now, asked ? full : std::vector<double>(full.size(), 2), 1e-6));
      auto more = full;
      for (double& x : more) x = asked ? float(x + 2) : 2;
      CHECK(relative_error(then, more) < 1e-6);
    };
    check(0, some.loss, added.loss, all.loss);
    check(1, some.rotations_bar, added.rotations_bar, all.rotations_bar);
    check(2, some.shifts_bar, added.shifts_bar, all.shifts_bar);
    check(3, some.scale_bar, added.scale_bar, all.scale_bar);
    check(4, some.matrix, added.matrix, all.matrix);
  }
}

TEST_CASE("outputs of all references together are sums over them", "[gauss_newton]") {
  constexpr int N = 3, M = 2, K = 9;
  Random random(8300);
  INFO("seed " << random.seed);
  const auto shared = [&] {
    while (true) {
      const SliceProblem s = smooth_problem(random, N, M);
      if (s.references > 1 && s.pose_batch == 1 && s.poses > 0) return s;
    }
  }();
  const Compared c(shared, random);
  INFO(text(c.s));
  const Outputs<double> sums(c.s), each(c.s);  // rotations_bar and shifts_bar are of shared poses here
  run<double, N, M>(c, cases[0], sums, options(c.s, {}), bw::Linear{});
  SliceProblem own = c.s;  // the same, each reference with its own copy of the poses
  own.pose_batch = own.references;
  for (int b = 1; b < own.references; ++b) {
    own.rotations.insert(own.rotations.end(), c.s.rotations.begin(), c.s.rotations.end());
    own.shifts.insert(own.shifts.end(), c.s.shifts.begin(), c.s.shifts.end());
  }
  Compared copies = c;
  copies.s = own;
  const Outputs<double> apart(own);
  run<double, N, M>(copies, cases[0], apart, options(own, {}), bw::Linear{});
  const auto summed = [&](const auto& view) {
    const auto all = download(view);
    std::vector<double> sum(all.size() / std::size_t(own.references));
    for (std::size_t i = 0; i < all.size(); ++i) sum[i % sum.size()] += all[i];
    return sum;
  };
  CHECK(same(download(sums.loss), download(apart.loss), 1e-12));
  CHECK(same(download(sums.matrix), download(apart.matrix), 1e-12));
  CHECK(relative_error(download(sums.rotations_bar), summed(apart.rotations_bar)) < 1e-12);
  CHECK(relative_error(download(sums.shifts_bar), summed(apart.shifts_bar)) < 1e-12);
  const SliceArrays<double, N, M> a{c.s};
  const Dense<double, 2> loss("loss", 1, c.s.poses);
  const Dense<double, 4> matrix("matrix", 1, c.s.poses, K, K);
  bw::gauss_newton(Exec(), a.of_reference(a.volumes(flat(c.s.volumes))),
                   bw::Poses{a.rotations(c.s.rotations), a.shifts(c.s.shifts)},
                   bw::Observed{a.of_slice(a.slices(flat(c.s.slices))), a.of_slice(a.weights(c.weights)),
                                a.of_slice(a.weights(c.ctf)), upload<double, 2>({c.s.references, c.s.poses}, c.scale)},
                   loss, bw::none, bw::none, matrix, options(c.s, {}), bw::Linear{});
  CHECK(relative_error(download(loss), summed(apart.loss)) < 1e-12);
  CHECK(relative_error(download(matrix), summed(apart.matrix)) < 1e-12);
}

TEST_CASE("poses that are not finite leave the image as the residual, and what is beyond the cutoff is not read",
          "[gauss_newton][nonfinite]") {
  constexpr int N = 3, M = 2, K = 9;
  Random random(8400);
  INFO("seed " << random.seed);
  Compared c(own_poses(random, N, M), random);
  SliceProblem& s = c.s;
  s.geometry.cutoff = 0.3;
  const auto frequencies = reference::frequencies(s.geometry.slice);
  const auto beyond = [&](std::size_t k) {
    return std::hypot(double(frequencies[k][0]) / s.geometry.slice[1], double(frequencies[k][1]) / s.geometry.slice[0]) >
           0.3 * (1 + 1e-6);
  };
  const auto spoil = [&](auto& values, auto with) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (beyond(i % s.slice_size())) values[i] = with;
  };
  const Normal clean = expected<double, N, M>(c, cases[0], options(s, {}), bw::Linear{});
  spoil(s.slices, Complex(NAN, NAN));
  spoil(c.weights, NAN);
  spoil(c.ctf, NAN);
  const Outputs<double> out(s);
  run<double, N, M>(c, cases[0], out, options(s, {}), bw::Linear{});
  check_same(out.get(K), clean, K, 1e-11);
  s.rotations[1] = NAN;
  run<double, N, M>(c, cases[0], out, options(s, {}), bw::Linear{});
  const Normal found = out.get(K);
  double loss = 0;
  for (std::size_t k = 0; k < s.slice_size(); ++k)
    if (!beyond(k))
      loss += (2 * frequencies[k][0] % s.geometry.slice.back() == 0 ? 0.5 : 1) * c.weights[k] * std::norm(s.slices[k]);
  CHECK(std::abs(found.loss[0] - loss) <= 1e-12 * loss);
  CHECK(identical(std::vector(found.gradient.begin(), found.gradient.begin() + K), std::vector<double>(K, 0)));
  CHECK(identical(std::vector(found.matrix.begin(), found.matrix.begin() + K * K), std::vector<double>(K * K, 0)));
  for (std::size_t i = 1; i < c.images(); ++i) CHECK(std::abs(found.loss[i] - clean.loss[i]) <= 1e-11 * clean.loss[i]);
}

#ifdef KOKKOS_ENABLE_OPENMP

TEST_CASE("loss, gradient and matrix do not depend on the number of threads", "[gauss_newton][threads]") {
  constexpr int N = 3, M = 2;
  if constexpr (std::is_same_v<Exec, Kokkos::OpenMP>) {
    Random random(8500);
    INFO("seed " << random.seed);
    for (const int poses : {1, 7}) {
      SliceProblem s = own_poses(random, N, M);  // shared by several tasks
      s.geometry.extents = {40, 38, 41};
      s.geometry.slice = {44, 43};
      s.geometry.oversampling = 1;
      s.geometry.cutoff = 0.5;
      s.references = s.pose_batch = 1;
      s.poses = poses;
      s.rotations.clear();
      for (int p = 0; p < poses; ++p) {
        const auto r = random.rotation(M, N);
        s.rotations.insert(s.rotations.end(), r.begin(), r.end());
      }
      s.shifts = random.normals(std::size_t(poses) * M);
      s.volumes = random.spectrum(s.geometry.extents);
      s.slices = random.complex(std::size_t(poses) * s.slice_size());
      s.weights = random.uniforms(s.slices.size(), 0, 2);
      const Compared c(s, random);
      const auto with = [&](int threads) {
        const Outputs<double> out(s);
        run<float, N, M>(c, cases[0], out, options(s, {}), bw::Linear{}, Kokkos::OpenMP(threads));
        return out.get(9);
      };
      const Normal one = with(1);
      for (const int threads : {2, 3, 5}) {
        const Normal several = with(threads);
        CHECK(identical(one.loss, several.loss));
        CHECK(identical(one.gradient, several.gradient));
        CHECK(identical(one.matrix, several.matrix));
      }
    }
  }
}

#endif

namespace {

using C = Kokkos::complex<float>;
using Volumes = bw::Spectrum<Dense<C, 4>>;
using Reals = bw::Spectrum<Dense<float, 4>>;

/// Arguments that fit, of two references with three poses each.
struct Fitting {
  Volumes reference{Dense<C, 4>("reference", 2, 8, 6, 5), 9}, images{Dense<C, 4>("images", 2, 3, 6, 5), 8};
  Reals weights{Dense<float, 4>("weights", 2, 3, 6, 5), 8}, ctf{Dense<float, 4>("ctf", 2, 3, 6, 5), 8};
  Dense<double, 4> rotations{"rotations", 2, 3, 2, 3}, rotations_bar{"rotations_bar", 2, 3, 2, 3},
      matrix{"matrix", 2, 3, 9, 9};
  Dense<double, 3> shifts{"shifts", 2, 3, 2}, shifts_bar{"shifts_bar", 2, 3, 2};
  Dense<double, 2> scale{"scale", 2, 3}, loss{"loss", 2, 3}, scale_bar{"scale_bar", 2, 3};
  bw::SliceOptions options = {};
};

}  // namespace

TEST_CASE("gauss_newton refuses what does not fit", "[gauss_newton]") {
  const auto refused = refuses<Fitting>(
      "gauss_newton",
      [](const Fitting& f) {
        bw::gauss_newton(Exec(), f.reference, bw::Poses{f.rotations, f.shifts},
                         bw::Observed{f.images, f.weights, f.ctf, f.scale}, f.loss, bw::Poses{f.rotations_bar, f.shifts_bar},
                         f.scale_bar, f.matrix, f.options, bw::Linear{});
      },
      [](const Fitting& f, const auto& each) {
        each(f.loss);
        each(f.rotations_bar);
        each(f.shifts_bar);
        each(f.scale_bar);
        each(f.matrix);
      });
  CHECK_NOTHROW(refused.function(Fitting()));
  refused.check([](Fitting& f) { f.reference.width = 7; }, "'reference' is 5 stored columns wide for a real width of 7");
  refused.check([](Fitting& f) { f.images.width = 7; }, "'images' is 5 stored columns wide for a real width of 7");
  refused.check([](Fitting& f) { f.images.view = Dense<C, 4>("x", 2, 4, 6, 5); },
                "'images' is of shape [2, 4, 6, 5], expected extent 3 on axis 1, as 'rotations' has");
  refused.check([](Fitting& f) { f.weights.view = Dense<float, 4>("w", 2, 3, 5, 5); },
                "'weights' is of shape [2, 3, 5, 5], expected shape [2, 3, 6, 5], as 'images' has");
  refused.check([](Fitting& f) { f.ctf.width = 9; }, "'ctf' is of real width 9, expected 8, as 'images' has");
  refused.check([](Fitting& f) { f.scale = Dense<double, 2>("s", 2, 2); },
                "'scale' is of shape [2, 2], expected extent 3 on axis 1, as 'rotations' has");
  refused.check([](Fitting& f) { f.loss = Dense<double, 2>("l", 3, 3); },
                "'loss' is of shape [3, 3], expected extent 2 on axis 0, or 1, as 'reference' has");
  refused.check([](Fitting& f) { f.rotations_bar = Dense<double, 4>("r", 1, 3, 2, 3); },
                "'rotations_bar' is of shape [1, 3, 2, 3], expected shape [2, 3, 2, 3], as 'rotations' has");
  refused.check([](Fitting& f) { f.shifts_bar = Dense<double, 3>("t", 2, 3, 3); },
                "'shifts_bar' is of shape [2, 3, 3], expected shape [2, 3, 2], as 'shifts' has");
  refused.check([](Fitting& f) { f.scale_bar = Dense<double, 2>("s", 1, 3); },
                "'scale_bar' is of shape [1, 3], expected shape [2, 3], as 'scale' has");
  refused.check([](Fitting& f) { f.matrix = Dense<double, 4>("m", 2, 3, 8, 9); },
                "'matrix' is of shape [2, 3, 8, 9], expected extent 9 on axis 2, the numbers of R and t, and the scale");
  refused.check([](Fitting& f) { f.options.cutoff = -1; }, "'options.cutoff' is -1.0");
  refused.check_shares([](Fitting& f) { f.loss = f.scale_bar; }, "'loss' is in the memory of 'scale_bar'");
  refused.check_shares([](Fitting& f) { f.scale = f.scale_bar; }, "'scale_bar' is in the memory of 'scale'");
  refused.check_shares([](Fitting& f) { f.rotations_bar = f.rotations; }, "'rotations_bar' is in the memory of 'rotations'");
}
