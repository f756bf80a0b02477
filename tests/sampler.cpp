// SPDX-License-Identifier: MIT
#include <bracewell/sampler.hpp>

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

#include "support/compare.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

template <class V, int N, class Kernel>
struct ReadAll {
  bw::Sampler<V, N, Kernel> sampler;
  Dense<double, 2> kappa;
  Dense<std::remove_const_t<V>, 2> out;  // value, gradient

  KOKKOS_FUNCTION void operator()(int i) const {
    typename bw::Sampler<V, N, Kernel>::Kappa at;
    for (int d = 0; d < N; ++d) at[d] = kappa(i, d);
    const auto both = sampler.value_and_gradient(at);
    out(i, 0) = sampler.value(at);
    for (int d = 0; d < N; ++d) out(i, 1 + d) = both.gradient[d];
    out(i, 1 + N) = both.value;
  }
};

template <class V, int N, class Kernel>
struct InsertAll {
  bw::Sampler<V, N, Kernel> sampler;
  Dense<double, 2> kappa;
  Dense<V, 1> values;
  bool cotangent;

  KOKKOS_FUNCTION void operator()(int i) const {
    typename bw::Sampler<V, N, Kernel>::Kappa at;
    for (int d = 0; d < N; ++d) at[d] = kappa(i, d);
    if (cotangent) {
      sampler.add_cotangent(at, values(i));
    } else {
      sampler.insert(at, values(i));
    }
  }
};

/// Points of a band, its edge, lattice points and points outside, [points][N].
std::vector<double> points(Random& random, const Extents& n, int count) {
  std::vector<double> kappa;
  for (int i = 0; i < count; ++i)
    for (std::size_t d = 0; d < n.size(); ++d) {
      const double half = reference::extent(n, d) / 2.0, x = random.uniform(-half, half);
      const int kind = random.integer(0, 9);
      kappa.push_back(kind == 0                 ? half
                      : kind == 1               ? -half
                      : kind == 2               ? std::round(x)
                      : kind == 3 && i % 8 == 0 ? half + 0.3
                                                : x);
    }
  return kappa;
}

template <class V>
constexpr bool real = std::is_arithmetic_v<V>;

}  // namespace

TEMPLATE_TEST_CASE("a sampler reads and inserts the literal sums", "[sampler]", bw::Linear, bw::Cubic, bw::KaiserBessel<2>,
                   bw::KaiserBessel<3>, bw::KaiserBessel<4>, QuadraticSpline) {
  using C = Kokkos::complex<double>;
  constexpr int N = 3, count = 400;
  const double padding = 1.5, tolerance = 1e-12;
  const TestType kernel = [&] {
    if constexpr (std::is_constructible_v<TestType, double>) {
      return TestType{padding};
    } else {
      return TestType{};
    }
  }();
  const reference::Kernel plain{TestType::reach, [&](double t) { return kernel.value(t); }};  // checked in kernels.cpp
  const reference::Kernel modulus{TestType::reach, [&](double t) { return std::abs(kernel.value(t)); }};
  const Exec exec;
  Random random(4000);
  INFO("seed " << random.seed);
  for (const Extents& n : {Extents{6, 8, 10}, Extents{7, 5, 9}, Extents{2, 3, 1}, Extents{9, 4, 2}}) {
    const auto kappa = points(random, n, count);
    const auto f = random.spectrum(n);
    std::vector<double> density(f.size());
    for (std::size_t i = 0; i < f.size(); ++i) density[i] = std::norm(f[i]);
    const auto grid = upload<C, 3>(SliceProblem::stored(n, {}), f);
    const auto real_grid = upload<double, 3>(SliceProblem::stored(n, {}), density);
    const auto device_kappa = upload<double, 2>({count, N}, kappa);
    const auto inside = [&](const std::vector<double>& at) {
      for (int d = 0; d < N; ++d)
        if (!(std::abs(at[d]) <= reference::extent(n, d) / 2.0 * (1 + 1e-6))) return false;
      return true;
    };

    const auto read = [&](const auto& array, const auto& values, const reference::Kernel& phi) {
      using V = typename std::decay_t<decltype(array)>::value_type;
      const bw::Sampler sampler{bw::Spectrum{array, n.back()}, kernel};
      const auto out = unset<V, 2>({count, 2 + N});
      Kokkos::parallel_for("test", Kokkos::RangePolicy<Exec>(exec, 0, count),
                           ReadAll<V, N, TestType>{sampler, device_kappa, out});
      const auto got = download(out);
      auto want = got;
      for (int i = 0; i < count; ++i) {
        const auto value = [&](std::vector<double> at) {
          typename Host<V>::type sum = 0;
          reference::taps(phi, at, n, [&](reference::Stored s, double w) {
            if constexpr (real<V>) {
              sum += w * values[s.offset];
            } else {
              sum += w * reference::conjugate_if(s.conjugate, values[s.offset]);
            }
          });
          return sum;
        };
        const std::vector<double> at(kappa.begin() + i * N, kappa.begin() + (i + 1) * N);
        const bool in = inside(at);
        want[i * (2 + N)] = want[i * (2 + N) + 1 + N] = in ? value(at) : 0;
        for (int d = 0; d < N; ++d) {
          const double h = 1e-5;
          auto up = at, down = at;
          up[d] += h;
          down[d] -= h;
          auto& slope = want[i * (2 + N) + 1 + d];
          // differences need a kernel that is smooth there; the derivative itself is checked to 1e-9 elsewhere
          const bool smooth =
              std::abs(at[d] - std::round(at[d])) > 2 * h && std::abs(2 * at[d] - std::round(2 * at[d])) > 4 * h;
          if (!in) {
            slope = 0;
          } else if (smooth) {
            const auto difference = (value(up) - value(down)) / (2 * h);
            if (support::modulus(got[i * (2 + N) + 1 + d] - difference) < 1e-7 * (1 + support::modulus(difference)))
              slope = got[i * (2 + N) + 1 + d];
            else
              slope = difference;
          }
        }
      }
      CHECK(relative_error(got, want) < tolerance);
    };
    read(grid, f, plain);
    read(real_grid, density, modulus);

    const auto insert = [&](auto zero, const auto& values, const reference::Kernel& phi, bool cotangent) {
      using V = decltype(zero);
      const auto array = upload<V, 3>(SliceProblem::stored(n, {}), std::vector<typename Host<V>::type>(f.size()));
      const bw::Sampler sampler{bw::Spectrum{array, n.back()}, kernel};
      Kokkos::parallel_for("test", Kokkos::RangePolicy<Exec>(exec, 0, count),
                           InsertAll<V, N, TestType>{sampler, device_kappa, upload<V, 1>({count}, values), cotangent});
      std::vector<typename Host<V>::type> want(f.size());
      for (int i = 0; i < count; ++i) {
        const std::vector<double> at(kappa.begin() + i * N, kappa.begin() + (i + 1) * N);
        if (!inside(at)) continue;
        reference::taps(phi, at, n, [&](reference::Stored s, double w) {
          if constexpr (real<V>) {
            want[s.offset] += w * values[i];
          } else {
            want[s.offset] += w * reference::conjugate_if(s.conjugate, values[i]);
          }
        });
      }
      // the cotangent of a reference is unique only after symmetrisation
      const auto got = cotangent ? reference::symmetrise(download(array), n) : download(array);
      CHECK(relative_error(got, reference::symmetrise(want, n)) < tolerance);
    };
    insert(C(0), random.complex(count), plain, false);
    insert(C(0), random.complex(count), plain, true);
    insert(double(0), random.uniforms(count, 0, 1), modulus, false);
  }
}

TEST_CASE("a sampler gives nothing at NaN, and refuses what is not stored so", "[sampler][nonfinite]") {
  using C = Kokkos::complex<float>;
  const Kokkos::View<C**, Kokkos::LayoutRight, Kokkos::HostSpace> grid("grid", 6, 4);
  Kokkos::deep_copy(grid, C(1));
  const bw::Sampler sampler{grid};
  CHECK(sampler.value({NAN, 0}) == C(0));
  CHECK(sampler.value({0, INFINITY}) == C(0));
  CHECK(sampler.value({1, 2}) == C(1));
  CHECK_FALSE(sampler.inside({3.1f, 0}));
  CHECK_THROWS_AS((bw::Sampler{bw::Spectrum{grid, 9}}), std::invalid_argument);
}
