// SPDX-License-Identifier: MIT
// Derivatives of what users compose: real map, rfft, project, irfft, loss. The rules for FFTs are those of spectrum.hpp.
#include "support/slice_derivatives.hpp"

#include <bracewell/eigen.hpp>

#include <common/fft.hpp>

#include <catch2/catch_template_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using C = Kokkos::complex<double>;
template <class V, int Rank>
using Array = Dense<V, Rank, Kokkos::HostSpace>;

template <int N_, int M_>
struct Axes {
  static constexpr int N = N_, M = M_;
};

template <class A>
A filled(const std::vector<long>& shape, const std::vector<double>& values) {
  A a("a", layout(shape));
  std::copy(values.begin(), values.end(), a.data());
  return a;
}

template <class A>
std::vector<double> values(const A& a) {
  return {a.data(), a.data() + a.size()};
}

/// How many of the full spectrum a stored column stands for.
double multiplicity(long x, long width) { return 2 * x % width == 0 ? 1 : 2; }

/// Multiplies each stored column x of a half spectrum by factor(x).
template <class A, class Factor>
void scale_columns(const A& spectrum, const Factor& factor) {
  const std::size_t columns = spectrum.extent(A::rank() - 1);
  for (std::size_t i = 0; i < spectrum.size(); ++i) spectrum.data()[i] *= factor(long(i % columns));
}

/// images = irfft(project(rfft(maps), R, t)), with its derivatives. Arguments: maps, rotations, shifts.
template <int N, int M, class Kernel>
struct Chain {
  SliceProblem s;
  bw::SliceOptions options;
  Kernel kernel;
  Host exec = {};

  using Maps = Array<double, N + 1>;
  using Images = Array<double, M + 2>;
  using Rotations = Array<double, 4>;
  using Shifts = Array<double, 3>;
  using Spectra = Array<C, N + 1>;
  using Slices = Array<C, M + 2>;

  std::vector<long> map_shape() const { return real({s.references}, s.geometry.extents); }
  std::vector<long> image_shape() const { return real({s.references, s.poses}, s.geometry.slice); }
  double voxels() const { return product(s.geometry.extents); }
  double pixels() const { return product(s.geometry.slice); }

  auto poses(const Arguments& in) const {
    return bw::Poses{filled<Rotations>(s.rotation_shape(), in[1]), filled<Shifts>(s.shift_shape(), in[2])};
  }
  auto transformed(const std::vector<double>& maps) const {
    const Spectra spectra("F", layout(s.volume_shape()));
    examples::rfft<N>(exec, filled<Maps>(map_shape(), maps), spectra);
    return bw::Spectrum{spectra, s.geometry.extents.back()};
  }
  std::vector<double> images_of(const Slices& slices) const {
    const Images images("u", layout(image_shape()));
    examples::irfft<M>(exec, slices, images);
    return values(images);
  }
  auto wide(const Slices& slices) const { return bw::Spectrum{slices, s.geometry.slice.back()}; }

  std::vector<double> value(const Arguments& in) const {
    const Slices slices("S", layout(s.slice_shape()));
    bw::project(exec, transformed(in[0]), poses(in), wide(slices), options, kernel);
    exec.fence();
    return images_of(slices);
  }

  /// FFTs are linear: tangents go through them as values do.
  std::vector<double> jvp(const Arguments& in, const Arguments& dot) const {
    const Slices slices("S_dot", layout(s.slice_shape()));
    bw::project_jvp(exec, transformed(in[0]), transformed(dot[0]), poses(in), poses(dot), wide(slices), options, kernel);
    exec.fence();
    return images_of(slices);
  }

  Arguments vjp(const Arguments& in, const std::vector<double>& bar) const {
    // S_bar = w / Πm · rfft(u_bar)
    const Slices slices_bar("S_bar", layout(s.slice_shape()));
    examples::rfft<M>(exec, filled<Images>(image_shape(), bar), slices_bar);
    scale_columns(slices_bar, [&](long x) { return multiplicity(x, s.geometry.slice.back()) / pixels(); });
    return spectral_vjp(in, slices_bar);
  }

  Arguments spectral_vjp(const Arguments& in, const Slices& slices_bar) const {
    const Spectra spectra_bar("F_bar", layout(s.volume_shape()));
    const bw::Poses poses_bar{Rotations("R_bar", layout(s.rotation_shape())), Shifts("t_bar", layout(s.shift_shape()))};
    bw::project_vjp(exec, transformed(in[0]), poses(in), wide(slices_bar),
                    bw::Spectrum{spectra_bar, s.geometry.extents.back()}, poses_bar, options, kernel);
    exec.fence();
    // v_bar = Πn · irfft(F_bar / w)
    const Maps maps_bar("v_bar", layout(map_shape()));
    scale_columns(spectra_bar, [&](long x) { return voxels() / multiplicity(x, s.geometry.extents.back()); });
    examples::irfft<N>(exec, spectra_bar, maps_bar);
    return {values(maps_bar), values(poses_bar.rotations), values(poses_bar.shifts)};
  }

  /// JᵀJ x
  Arguments gauss_newton(const Arguments& in, const Arguments& x) const { return vjp(in, jvp(in, x)); }

  Arguments inputs(Random& random) const {
    return {random.normals(std::size_t(s.references * voxels())), s.rotations, s.shifts};
  }

 private:
  static std::vector<long> real(std::vector<long> shape, const Extents& n) {
    shape.insert(shape.end(), n.begin(), n.end());
    return shape;
  }
  static double product(const Extents& n) {
    double product = 1;
    for (const int extent : n) product *= extent;
    return product;
  }
};

/// run(chain) with each kernel of the library and one of a user's own.
template <int N, int M, class Run>
void for_chains(Random& random, int rounds, const Run& run) {
  for_smooth_problems(random, N, M, rounds, [&](const SliceProblem& s, const bw::SliceOptions& options, const auto& kernel) {
    run(Chain<N, M, std::decay_t<decltype(kernel)>>{s, options, kernel});
  });
}

/// Whether a cotangent lives at a frequency of a slice.
using Chosen = std::function<bool(const std::vector<int>& k, const reference::Geometry&)>;

using derivatives::dot;
using derivatives::norm;

/// A smooth loss of images that is not quadratic: Σ √(1 + (u − y)²).
struct Loss {
  std::vector<double> y;

  /// L(u) − L(v) for close u and v, pixel by pixel: what the two have in common cancels before it is rounded.
  double difference(const std::vector<double>& u, const std::vector<double>& v) const {
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double a = u[i] - y[i], b = v[i] - y[i];
      sum += (u[i] - v[i]) * (a + b) / (std::hypot(1, a) + std::hypot(1, b));
    }
    return sum;
  }
  std::vector<double> bar(const std::vector<double>& u) const {
    std::vector<double> bar(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) bar[i] = (u[i] - y[i]) / std::hypot(1, u[i] - y[i]);
    return bar;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("the gradient of real map, rfft, project, irfft, loss", "[chain][derivatives]", (Axes<1, 1>),
                   (Axes<2, 1>), (Axes<2, 2>), (Axes<3, 1>), (Axes<3, 2>), (Axes<3, 3>)) {
  constexpr int N = TestType::N, M = TestType::M;
  Random random(7000 + 10 * N + M);
  INFO("seed " << random.seed);
  for_chains<N, M>(random, 6, [&](const auto& chain) {
    const Arguments at = chain.inputs(random);
    const auto u = chain.value(at);
    const Loss loss{random.normals(u.size())};
    const Arguments gradient = chain.vjp(at, loss.bar(u));
    const double h = 3e-6;
    for (int argument = 0; argument < 3; ++argument) {
      INFO("argument " << argument);
      // Every number of the gradient, but of large maps only some.
      const std::size_t size = at[argument].size(), step = 1 + size / 40;
      std::vector<double> some, differences;
      for (std::size_t i = 0; i < size; i += step) {
        Arguments ahead = at, behind = at;
        ahead[argument][i] += h;
        behind[argument][i] -= h;
        some.push_back(gradient[argument][i]);
        differences.push_back(loss.difference(chain.value(ahead), chain.value(behind)) /
                              (ahead[argument][i] - behind[argument][i]));
      }
      CHECK(relative_error(some, differences) < 1e-7);
    }
  });
}

TEMPLATE_TEST_CASE("jvp and vjp of the chain are transposes", "[chain][derivatives]", (Axes<1, 1>), (Axes<2, 1>),
                   (Axes<2, 2>), (Axes<3, 1>), (Axes<3, 2>), (Axes<3, 3>)) {
  constexpr int N = TestType::N, M = TestType::M;
  Random random(7100 + 10 * N + M);
  INFO("seed " << random.seed);
  for_chains<N, M>(random, 18, [&](const auto& chain) {
    const Arguments at = chain.inputs(random), x = derivatives::random_like(random, at);
    const auto forward = chain.jvp(at, x), bar = random.normals(forward.size());
    const Arguments back = chain.vjp(at, bar);
    CHECK(std::abs(dot({bar}, {forward}) - dot(back, x)) <= 1e-12 * (norm({bar}) * norm({forward}) + norm(back) * norm(x)));
  });
}

TEMPLATE_TEST_CASE("Gauss-Newton products by jvp, then vjp", "[chain][derivatives]", (Axes<2, 2>), (Axes<3, 2>)) {
  constexpr int N = TestType::N, M = TestType::M;
  Random random(7200 + 10 * N + M);
  INFO("seed " << random.seed);
  for_chains<N, M>(random, 6, [&](const auto& chain) {
    const Arguments at = chain.inputs(random), x = derivatives::random_like(random, at),
                    y = derivatives::random_like(random, at);
    const Arguments hx = chain.gauss_newton(at, x), hy = chain.gauss_newton(at, y);
    CHECK(std::abs(dot(y, hx) - dot(x, hy)) <= 1e-12 * norm(y) * norm(hx));
    // xᵀJᵀJx is a square.
    const std::vector<double> jx = chain.jvp(at, x);
    CHECK(std::abs(dot(x, hx) - dot({jx}, {jx})) <= 1e-12 * dot({jx}, {jx}));
  });
}

TEST_CASE("the gradient of the chain in rotation vectors", "[chain][derivatives]") {
  Random random(7300);
  INFO("seed " << random.seed);
  for (int i = 0; i < 6; ++i) {
    SliceProblem s = smooth_problem(random, 3, 2);
    std::vector<Eigen::Matrix3d> rotations;
    s.rotations.clear();
    for (int p = 0; p < s.pose_batch * s.poses; ++p) {
      const auto q = random.normals(4);
      rotations.push_back(bw::rotation_from_quaternion(Eigen::Quaterniond(q[0], q[1], q[2], q[3])));
    }
    const auto rows = [](const std::vector<Eigen::Matrix3d>& all) {
      std::vector<double> numbers;
      for (const auto& r : all)
        for (int e = 0; e < 2; ++e)
          for (int d = 0; d < 3; ++d) numbers.push_back(r(e, d));
      return numbers;
    };
    s.rotations = rows(rotations);
    INFO(text(s));
    const Chain<3, 2, bw::Cubic> chain{s, options(s, {}), {}};
    Arguments at = chain.inputs(random);
    const auto u = chain.value(at);
    const Loss loss{random.normals(u.size())};
    const Arguments gradient = chain.vjp(at, loss.bar(u));
    const double h = 3e-6;
    for (const auto turn : {bw::Turn::left, bw::Turn::right}) {
      std::vector<double> bars, differences;
      for (std::size_t p = 0; p < rotations.size(); ++p) {
        using Rows = Eigen::Matrix<double, 2, 3, Eigen::RowMajor>;
        const Eigen::Vector3d bar = bw::turned_vjp(rotations[p], Eigen::Map<const Rows>(gradient[1].data() + 6 * p), turn);
        for (int d = 0; d < 3; ++d) {
          const auto turned = [&](double by) {
            auto all = rotations;
            all[p] = bw::turned(rotations[p], by * Eigen::Vector3d::Unit(d), turn);
            Arguments moved = at;
            moved[1] = rows(all);
            return chain.value(moved);
          };
          bars.push_back(bar[d]);
          differences.push_back(loss.difference(turned(h), turned(-h)) / (2 * h));
        }
      }
      CHECK(relative_error(bars, differences) < 1e-7);
    }
  }
}

TEMPLATE_TEST_CASE("the gradient in the map is a back-projection", "[chain][derivatives]", (Axes<2, 1>), (Axes<3, 2>),
                   (Axes<3, 3>)) {
  constexpr int N = TestType::N, M = TestType::M;
  Random random(7400 + 10 * N + M);
  INFO("seed " << random.seed);
  for (int i = 0; i < 20; ++i) {
    SliceProblem s = random_problem(random, N, M, i);
    INFO(text(s));
    const Chain<N, M, bw::None> chain{s, options(s, interpolations[i % 5]), {}};
    const Arguments at = chain.inputs(random);
    const auto bar = random.normals(chain.value(at).size());
    const Array<C, M + 2> slices("rfft u_bar", layout(s.slice_shape()));
    examples::rfft<M>(chain.exec, filled<Array<double, M + 2>>(chain.image_shape(), bar), slices);
    const Array<C, N + 1> data("data", layout(s.volume_shape()));
    bw::backproject(chain.exec, chain.wide(slices), bw::none, chain.poses(at), bw::Spectrum{data, s.geometry.extents.back()},
                    bw::none, chain.options);
    chain.exec.fence();
    scale_columns(data, [&](long) { return chain.voxels() / chain.pixels(); });
    const Array<double, N + 1> map("map", layout(chain.map_shape()));
    examples::irfft<N>(chain.exec, data, map);
    CHECK(relative_error(values(map), chain.vjp(at, bar)[0]) < 1e-12);
  }
}

TEMPLATE_TEST_CASE("transposes are exact at the band's edge and on self-conjugate columns", "[chain][derivatives]",
                   (Axes<2, 1>), (Axes<2, 2>), (Axes<3, 2>), (Axes<3, 3>)) {
  constexpr int N = TestType::N, M = TestType::M;
  using Edge = Chain<N, M, bw::None>;
  Random random(7500 + 10 * N + M);
  INFO("seed " << random.seed);
  int edges = 0;
  for (int i = 0; i < 60; ++i) {
    SliceProblem s = random_problem(random, N, M, i);
    s.geometry.cutoff = std::numeric_limits<double>::infinity();
    INFO(text(s));
    const Edge chain{s, options(s, interpolations[i % 5]), {}};
    const Arguments at = chain.inputs(random);
    Arguments x = derivatives::random_like(random, at);
    std::fill(x[1].begin(), x[1].end(), 0.0);
    std::fill(x[2].begin(), x[2].end(), 0.0);
    const typename Edge::Slices forward("S_dot", layout(s.slice_shape()));
    bw::project_jvp(chain.exec, chain.transformed(at[0]), chain.transformed(x[0]), chain.poses(at), bw::none,
                    chain.wide(forward), chain.options);
    chain.exec.fence();

    // Cotangents that live nowhere else.
    const auto all = reference::frequencies(s.geometry.slice);
    const int width = s.geometry.slice.back();
    const auto check = [&](const char* where, const Chosen& chosen) {
      INFO(where);
      const typename Edge::Slices bar("S_bar", layout(s.slice_shape()));
      double left = 0, size = 0;
      int count = 0;
      for (std::size_t j = 0; j < bar.size(); ++j) {
        const int image = int(j / all.size()), b = image / s.poses, p = image % s.poses;
        if (!chosen(all[j % all.size()], s.at(b, p, true))) continue;
        bar.data()[j] = C(random.normal(), random.normal());
        const double term = (Kokkos::conj(bar.data()[j]) * forward.data()[j]).real();
        left += term;
        size += std::abs(term);
        ++count;
      }
      const double right = dot({chain.spectral_vjp(at, bar)[0]}, {x[0]});
      CHECK(std::abs(left - right) <= 1e-12 * (size + std::abs(right)) + 1e-300);
      return count;
    };
    check("k_x = 0", [&](const auto& k, const auto&) { return k[0] == 0; });
    check("k_x = 0, k_y > 0", [&](const auto& k, const auto&) { return k[0] == 0 && (k.size() < 2 || k[1] > 0); });
    check("k_x = 0, k_y < 0", [&](const auto& k, const auto&) { return k[0] == 0 && k.size() > 1 && k[1] < 0; });
    check("k_x = m_x / 2", [&](const auto& k, const auto&) { return 2 * k[0] == width; });
    edges += check("the last voxel of the band", [&](const auto& k, const reference::Geometry& g) {
      const auto kappa = reference::kappa(g, k);
      for (int d = 0; d < N; ++d)
        if (std::abs(kappa[d]) > reference::extent(g.extents, d) / 2.0 - 1) return reference::counts(g, k, kappa);
      return false;
    });
  }
  CHECK(edges > 100);
}

TEST_CASE("both halves of the line k_x = 0 have the same gradient in the map", "[chain][derivatives]") {
  Random random(7600);
  INFO("seed " << random.seed);
  for (int i = 0; i < 20; ++i) {
    SliceProblem s = random_problem(random, 3, 2, 0);
    s.geometry.slice = {7, 6};
    s.geometry.cutoff = 0.5;
    INFO(text(s));
    const Chain<3, 2, bw::None> chain{s, options(s, interpolations[i % 5]), {}};
    const Arguments at = chain.inputs(random);
    for (int ky = 1; ky <= 3; ++ky) {
      const C z(random.normal(), random.normal());
      const Array<C, 4> ahead("ahead", layout(s.slice_shape())), behind("behind", layout(s.slice_shape()));
      ahead(0, 0, ky, 0) = z;
      behind(0, 0, 7 - ky, 0) = Kokkos::conj(z);  // of S(0, −k_y) = conj S(0, k_y)
      const Arguments a = chain.spectral_vjp(at, ahead), b = chain.spectral_vjp(at, behind);
      for (int argument = 0; argument < 3; ++argument) CHECK(relative_error(a[argument], b[argument]) < 1e-12);
    }
  }
}
