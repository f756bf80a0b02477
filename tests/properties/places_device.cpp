// SPDX-License-Identifier: MIT
// Places of samples in fixed point, as devices have them for single precision, against those in double precision.
#include "support/as_device.hpp"

#include "support/random.hpp"

#include <bracewell/project.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>

using namespace support;

namespace {

template <int N, int M>
using Places = bracewell::detail::Geometry<float, N, M, true, true>;

/// Samples that count in double precision and in fixed point, of one pose.
template <int N, int M>
struct Found {
  int both = 0, one = 0;
  double apart = 0, turned = 0;  // the most that places and phases differ

  Found(const Places<N, M>& geometry, double slack) {
    using namespace bracewell::detail;
    const SlicePlaces<Places<N, M>, false> precise(geometry, 0, 0);
    const SlicePlaces<Places<N, M>, true> fixed(geometry, 0, 0);
    for (std::int64_t y = 0; y < geometry.rows(); ++y)
      for (int x = 0; x < geometry.columns(); ++x) {
        Row<N, M> row, same_row;
        SamplePlace<float, N> place, same_place;
        Kokkos::complex<float> phase, same_phase;
        const bool counts = precise.find(y, x, row, place, phase), same = fixed.find(y, x, same_row, same_place, same_phase);
        if (counts != same) {
          one += !at_an_end(geometry, row, x, slack);
          continue;
        }
        for (int e = 1; e < M; ++e) CHECK((row.index[e] == same_row.index[e] && row.frequency[e] == same_row.frequency[e]));
        if (!counts) continue;
        ++both;
        for (int d = 0; d < N; ++d) {
          const auto at = [&](const SamplePlace<float, N>& p) {
            CHECK((p.fraction[d] >= 0 && p.fraction[d] < 1 && p.whole[0] >= 0 && std::abs(p.side) == 1));
            return p.side * (double(p.whole[d]) + p.fraction[d]);
          };
          apart = std::max(apart, std::abs(at(place) - at(same_place)));
        }
        turned = std::max(turned, double(Kokkos::abs(phase - same_phase)));
      }
  }

  /// Whether a sample is as far from the centre as samples that count may be.
  static bool at_an_end(const Places<N, M>& geometry, const bracewell::detail::Row<N, M>& row, int x, double slack) {
    double square = double(x) * x;
    for (int e = 1; e < M; ++e) square += std::pow(row.frequency[e] * geometry.stretch[e], 2);
    bool near = std::abs(std::sqrt(square) / geometry.most_k - 1) < slack;
    for (int d = 0; d < N; ++d)
      near = near || std::abs(std::abs(row.kappa(d, x)) / (0.5 * (1 + 1e-6) * geometry.extent[d]) - 1) < slack;
    return near;
  }
};

/// A geometry of a random pose whose numbers are of size `scale`.
template <int N, int M>
struct Problem {
  std::vector<double> rotation, shift;
  Places<N, M> geometry{};

  Problem(Random& random, int most, double scale) : rotation(random.normals(M * N)), shift(random.normals(M)) {
    for (double& r : rotation) r *= scale;
    for (double& t : shift) t *= 10;
    for (int& n : geometry.extent) n = random.integer(1, most);
    for (int& m : geometry.slice_extent) m = random.integer(1, most);
    geometry.oversampling = random.uniform(0.5, 2);
    geometry.cutoff = random.integer(0, 1) ? 0.5 : random.uniform(0.1, 0.8);
    geometry.set_scales();
    geometry.rotations = {nullptr, rotation.data(), {0, 0, N, 1}, 0};
    geometry.shifts = {nullptr, shift.data(), {0, 0, 1, 1}, 0};
    geometry.references = geometry.poses = 1;
  }
};

template <int N, int M>
void check(Random& random, int most, double scale) {
  const Problem<N, M> problem(random, most, scale);
  INFO("scale " << scale << " extents up to " << most);
  const Found<N, M> found(problem.geometry, 2e-7);
  CHECK(found.one == 0);
  CHECK(found.both > 0);  // k = 0
  // Of the fraction's rounding to float in both; of columns' to 2^-36, a half of it for each k_e; of double precision's own.
  const double far = scale < 1 ? 1 : scale;
  CHECK(found.apart < 1.3e-7 + M * most * (std::ldexp(1.0, -37) + far * 0x1p-50));
  CHECK(found.turned < 1e-6);
}

}  // namespace

TEST_CASE("places in fixed point are those in double precision", "[project][places]") {
  Random random(8600);
  INFO("seed " << random.seed);
  for (int i = 0; i < 200; ++i) {
    check<3, 2>(random, 40, 1);
    check<3, 3>(random, 12, 1);
    check<2, 1>(random, 3000, 1);
  }
  for (int i = 0; i < 3; ++i) check<3, 2>(random, 1500, 0.7);
  for (const double scale : {1e-300, 1e-30, 1e-3, 30.0, 1e3, 1e5}) {
    check<3, 2>(random, 40, scale);
    check<2, 1>(random, 3000, scale);
  }
}

TEST_CASE("places of huge poses keep the samples in the band", "[project][places]") {
  Random random(8700);
  INFO("seed " << random.seed);
  for (const double scale : {1e7, 1e9, 1e12, 1e15, 1e18, 1e19, 1e25, 1e40, 1e100, 1e300, 1e306}) {
    INFO("scale " << scale);
    Problem<3, 2> problem(random, 40, scale);
    const Found<3, 2> found(problem.geometry, 2e-7);
    CHECK(found.one == 0);
    CHECK(found.both > 0);
    CHECK(found.turned < 1e-6);
    // Columns that cancel, wholly or, where double precision has such numbers, but for some voxels: κ is in the band on a diagonal.
    for (int& m : problem.geometry.slice_extent) m = 20;
    for (int& n : problem.geometry.extent) n = 30;
    problem.geometry.cutoff = 0.5;
    problem.geometry.oversampling = 1;
    problem.geometry.set_scales();
    for (const double left : {0.0, 1.3, 5.0}) {  // the last leaves the band
      if (left > 0 && scale > 1e12) continue;
      for (std::size_t d = 0; d < 3; ++d) problem.rotation[3 + d] = left * random.uniform(0.7, 1) - problem.rotation[d];
      const Found<3, 2> diagonal(problem.geometry, 2e-7);
      CHECK(diagonal.one == 0);
      CHECK(diagonal.both >= (left < 2 ? 8 : 3));  // k_x = k_y = 0 … 7
      CHECK(diagonal.apart < 1.3e-7 + 20 * scale * 0x1p-50);
    }
  }
}

TEST_CASE("phases of shifts next to none are near 1", "[project][places]") {
  Random random(8800);
  INFO("seed " << random.seed);
  for (const double shift : {-1e-300, -1e-18, -1e-9, 0.0, 1e-18, 1e-300}) {
    Problem<3, 2> problem(random, 40, 1);
    problem.shift.assign(2, shift);
    const Found<3, 2> found(problem.geometry, 2e-7);
    CHECK(found.both > 0);
    CHECK(found.turned < 1e-7);
  }
}

namespace {

/// What threads that share a sample have of it, added up, against one that has all of it.
template <class Kernel, int Lanes, bool Slopes, bool Symmetric>
void check_shared(Random& random, int extent) {
  using namespace bracewell::detail;
  constexpr int N = 3, channels = Slopes ? 1 + N : 1;
  using Taps = BlockTaps<float, N, 2, TapsOf<Kernel>, Slopes, Symmetric, 1>;
  using Values = Readings<float, 2, channels, 1>;
  INFO("extent " << extent << " lanes " << Lanes << " slopes " << Slopes << " symmetric " << Symmetric);
  Grid<const Kokkos::complex<float>, N> grid{};
  for (int& n : grid.extent) n = extent;
  grid = dense_grid<const Kokkos::complex<float>>(grid, nullptr);
  std::vector<Kokkos::complex<float>> points(std::size_t(grid.batch_stride));
  for (auto& z : points) z = Kokkos::complex<float>(float(random.normals(1)[0]), float(random.normals(1)[0]));
  grid.data = points.data();
  for (int i = 0; i < 50; ++i) {
    SamplePlace<float, N> place{};
    place.side = random.integer(0, 1) ? 1.f : -1.f;
    for (int d = 0; d < N; ++d) {
      const double kappa = random.uniform(d == 0 ? 0 : -0.5 * extent, 0.5 * extent);
      place.set(d, int(std::floor(kappa)), float(kappa - std::floor(kappa)));
    }
    Row<N, 2> row{};
    Taps taps;
    taps.block = {0, 0, &row, 0, {0, 1}, nullptr, {}, &place};
    taps.template find<false>(Kernel{}, AllRows{}, grid);
    Values whole{}, sum{};
    read_samples<Slopes>(grid, 0, taps, whole);
    for (int lane = 0; lane < Lanes; ++lane) {
      Values part{};
      read_samples<Slopes>(grid, 0, taps, part, SharedRows<Lanes>(lane));
      for (int c = 0; c < channels; ++c)
        for (int k = 0; k < 2; ++k) sum.component[c][k][0] += part.component[c][k][0];
    }
    for (int c = 0; c < channels; ++c)  // some 500 terms of numbers up to 5 times weights of 1.2 or slopes of 2
      for (int k = 0; k < 2; ++k) CHECK(std::abs(sum.component[c][k][0] - whole.component[c][k][0]) < 2e-5);
  }
}

template <class Kernel, int Lanes>
void check_shared(Random& random) {
  for (const int extent : {1, 2, 5, 8, 13}) {
    check_shared<Kernel, Lanes, false, false>(random, extent);
    check_shared<Kernel, Lanes, true, false>(random, extent);
    check_shared<Kernel, Lanes, true, true>(random, extent);
  }
}

}  // namespace

TEST_CASE("threads that share a sample have all of it together", "[project][places]") {
  Random random(8850);
  INFO("seed " << random.seed);
  check_shared<bracewell::Linear, 2>(random);
  check_shared<bracewell::Cubic, 2>(random);
  check_shared<bracewell::Cubic, 4>(random);
}

TEST_CASE("poses that are not finite have no samples", "[project][places][nonfinite]") {
  Random random(8900);
  INFO("seed " << random.seed);
  for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY)})
    for (std::size_t i = 0; i < 8; ++i) {
      INFO("value " << bad << " at " << i);
      Problem<3, 2> problem(random, 40, 1);
      (i < 6 ? problem.rotation[i] : problem.shift[i - 6]) = bad;
      const Found<3, 2> found(problem.geometry, 2e-7);
      CHECK((found.both == 0 && found.one == 0));
    }
}
