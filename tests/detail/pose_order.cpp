// SPDX-License-Identifier: MIT
#include <bracewell/detail/slicing/pose_order.hpp>

#include "support/arrays.hpp"
#include "support/random.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bw = bracewell;
using namespace support;

namespace {

using HostMemory = Kokkos::HostSpace;
using Rotations = Dense<double, 4, HostMemory>;
using Geometry = bw::detail::Geometry<float, 3, 2, true, false>;

/// z, y, x; a float's reference has 23 MB, so that it is read in order, and inserted.
constexpr long extents[] = {170, 180, 190};
constexpr double smallest = bw::detail::smallest_read_in_order;

Rotations random_rotations(Random& random, long references, long poses) {
  const Rotations rotations("rotations", references, poses, 2, 3);
  for (long i = 0; i < references * poses; ++i) {
    const auto r = random.rotation(2, 3);
    std::copy(r.begin(), r.end(), rotations.data() + 6 * i);
  }
  return rotations;
}

Geometry geometry_of(const Rotations& rotations) {
  Geometry g{};
  for (int d = 0; d < 3; ++d) g.extent[d] = int(extents[2 - d]);
  g.slice_extent[0] = g.slice_extent[1] = 16;
  g.oversampling = 1;
  g.cutoff = 0.5;
  g.set_scales();
  g.rotations = bw::detail::make_pose_table<2>(rotations);
  g.references = long(rotations.extent(0));
  g.poses = long(rotations.extent(1));
  return g;
}

/// The angle between two planes of an array's.
double angle(const Rotations& rotations, long b, long p, long q) {
  double dot = 0;
  for (int d = 0; d < 3; ++d) {
    const auto normal = [&](long of) {
      const int i = (d + 1) % 3, j = (d + 2) % 3;
      return rotations(b, of, 0, i) * rotations(b, of, 1, j) - rotations(b, of, 0, j) * rotations(b, of, 1, i);
    };
    dot += normal(p) * normal(q);
  }
  return std::acos(std::min(1.0, std::abs(dot)));
}

}  // namespace

TEST_CASE("Hilbert's curve visits all squares, and goes from each to a neighbour", "[project]") {
  constexpr int side = 64;
  std::vector<std::pair<std::uint32_t, int>> places;
  for (int i = 0; i < side * side; ++i)
    places.emplace_back(bw::detail::along_hilbert_curve((i % side + 0.5) / side, (i / side + 0.5) / side), i);
  std::sort(places.begin(), places.end());
  for (std::size_t n = 1; n < places.size(); ++n) {
    const int i = places[n - 1].second, j = places[n].second;
    CHECK(places[n - 1].first < places[n].first);
    CHECK(std::abs(i % side - j % side) + std::abs(i / side - j / side) == 1);
  }
  CHECK(bw::detail::along_hilbert_curve(0, 0) < bw::detail::along_hilbert_curve(1, 0));
  CHECK(bw::detail::along_hilbert_curve(1, 0) == std::numeric_limits<std::uint32_t>::max());
}

TEST_CASE("poses are put in the order of their planes, each once", "[project][nonfinite]") {
  Random random(6500);
  INFO("seed " << random.seed);
  constexpr long references = 2, poses = 500;
  const auto rotations = random_rotations(random, references, poses);
  for (int d = 0; d < 3; ++d) rotations(0, 3, 0, d) = std::numeric_limits<double>::quiet_NaN();
  for (int d = 0; d < 3; ++d) rotations(1, 5, 1, d) = rotations(1, 5, 0, d);  // no plane
  const bw::detail::PoseOrder order(geometry_of(rotations), smallest);
  for (long b = 0; b < references; ++b) {
    std::vector<long> all;
    double apart = 0;
    for (long i = 0; i < poses; ++i) all.push_back(order.pose(b, i));
    CHECK(all.back() == (b == 0 ? 3 : 5));
    for (long i = 1; i < poses - 1; ++i) apart += angle(rotations, b, all[i - 1], all[i]);
    CHECK(apart < 0.2 * poses);  // 1 radian each for planes at random; 500 that share out the half sphere are 0.11 apart
    std::sort(all.begin(), all.end());
    for (long i = 0; i < poses; ++i) CHECK(all[i] == i);
  }
  // One reference's poses are those of all.
  const Rotations shared("rotations", 1, poses, 2, 3);
  std::copy_n(&rotations(1, 0, 0, 0), shared.size(), shared.data());
  auto geometry = geometry_of(shared);
  geometry.references = 2;
  const bw::detail::PoseOrder order_of_all(geometry, smallest);
  for (long i = 0; i < poses; ++i) {
    CHECK(order_of_all.pose(0, i) == order.pose(1, i));
    CHECK(order_of_all.pose(1, i) == order.pose(1, i));
  }
  // Small references have the poses as they are given.
  for (int& extent : geometry.extent) extent = 64;
  const bw::detail::PoseOrder small(geometry, smallest);
  for (long i = 0; i < poses; ++i) CHECK(small.pose(1, i) == i);
}

TEST_CASE("slices of large references are those of their poses", "[project][backproject][nonfinite]") {
  Random random(6600);
  INFO("seed " << random.seed);
  using C = Kokkos::complex<float>;
  using Volumes = Dense<C, 4, HostMemory>;
  using Densities = Dense<float, 4, HostMemory>;
  const bw::Linear linear;
  const Kokkos::DefaultHostExecutionSpace exec;
  constexpr long references = 2, poses = 12, m = 40;
  const Volumes volumes("volumes", references, extents[0], extents[1], extents[2] / 2 + 1);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const double noise = double(i * 2654435761u % 1000) / 1000;
    volumes.data()[i] = C(float(noise), float(noise * noise) - 0.5f);
  }
  const auto rotations = random_rotations(random, references, poses);
  std::copy_n(&rotations(1, 2, 0, 0), 6, &rotations(1, 7, 0, 0));  // a pose twice
  rotations(0, 4, 1, 1) = std::numeric_limits<double>::quiet_NaN();
  {
    const bw::detail::PoseOrder order(geometry_of(rotations), smallest);
    bool as_given = true;
    for (long i = 0; i < poses; ++i) as_given = as_given && order.pose(0, i) == i;
    REQUIRE(!as_given);
  }
  const auto slices = unset<C, 4, HostMemory>({references, poses, m, m / 2 + 1});
  const auto weights = upload<float, 4, HostMemory>({references, poses, m, m / 2 + 1},
                                                    random.uniforms(references * poses * m * (m / 2 + 1), 0, 1));
  const Rotations bars("bars", references, poses, 2, 3);
  const Volumes data("data", volumes.layout()), data_alone("data_alone", volumes.layout());
  const Densities density("density", volumes.layout()), density_alone("density_alone", volumes.layout());
  bw::project(exec, volumes, bw::Poses{rotations}, slices, {}, linear);
  bw::project_vjp(exec, volumes, bw::Poses{rotations}, slices, bw::none, bw::Poses{bars}, {}, linear);
  bw::backproject(exec, slices, weights, bw::Poses{rotations}, data, density, {}, linear);
  exec.fence();
  for (long p = 0; p < poses; ++p) {
    const std::pair<long, long> only{p, p + 1};
    const auto all = Kokkos::ALL;
    const auto rotation = Kokkos::subview(rotations, all, only, all, all);
    const auto alone = unset<C, 4, HostMemory>({references, 1, m, m / 2 + 1});
    const Rotations bar("bar", references, 1, 2, 3);
    bw::project(exec, volumes, bw::Poses{rotation}, alone, {}, linear);
    bw::project_vjp(exec, volumes, bw::Poses{rotation}, alone, bw::none, bw::Poses{bar}, {}, linear);
    bw::backproject(exec, alone, Kokkos::subview(weights, all, only, all, all), bw::Poses{rotation}, data_alone,
                    density_alone, {.accumulate = p > 0}, linear);
    exec.fence();
    for (long b = 0; b < references; ++b) {
      INFO("reference " << b << ", pose " << p);
      const auto* batch = &slices(b, p, 0, 0);
      CHECK(std::equal(batch, batch + m * (m / 2 + 1), &alone(b, 0, 0, 0)));
      for (int i = 0; i < 6; ++i) {
        const double want = (&bar(b, 0, 0, 0))[i], got = (&bars(b, p, 0, 0))[i];
        CHECK(std::abs(got - want) <= 1e-10 * double(m * m * m));  // sums of m² / 2 terms of up to some m, in double
      }
    }
  }
  // Of a dozen slices a number is a sum of few terms, up to some hundred at the centre, in another order.
  const double eps = std::numeric_limits<float>::epsilon();
  CHECK(relative_error(download(data), download(data_alone)) < 10 * eps);
  CHECK(relative_error(download(density), download(density_alone)) < 10 * eps);
}
