// SPDX-License-Identifier: MIT
#include <bracewell/fftw.hpp>
#include <bracewell/projector.hpp>

#include "support/compare.hpp"
#include "support/job.hpp"
#include "support/slice_derivatives.hpp"
#include "support/slicing.hpp"
#include "support/tools.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <memory>

namespace bw = bracewell;
using namespace support;

namespace {

template <class Kernel, int N, int M>
using Projector = bw::Projector<double, bw::Fftw, Kernel, N, M, HostExec>;

/// C of a job as a callable for devices: even in k but for its phase, which is odd.
template <int M>
struct Wavy {
  KOKKOS_FUNCTION Kokkos::complex<double> operator()(int image, const Kokkos::Array<double, M>& k) const {
    double square = 0, odd = 0;
    for (int e = 0; e < M; ++e) {
      square += k[e] * k[e];
      odd += (e + 1) * k[e];
    }
    return Kokkos::cos((image + 1) * square) * Kokkos::polar(1.0, odd * square * 4);
  }
  std::complex<double> operator()(int image, const std::array<double, M>& k) const {
    Kokkos::Array<double, M> same;
    for (int e = 0; e < M; ++e) same[e] = k[e];
    return (*this)(image, same);
  }
};

/// Images of a random map by the projector and by sums, relative to the largest value. The edge of an even lattice, where
/// −½ and ½ are one frequency, is left out by the cutoff.
template <int N, int M>
double image_error(Random& random, Job<N, M> job, double padding, bool modulated, long batch) {
  const HostExec exec;
  job.cutoff = 0.45;
  if (modulated) job.modulation = Wavy<M>{};
  const auto map = random.normals(std::size_t(job.size(job.map)));
  Projector<bw::KaiserBessel<4>, N, M> projector(
      exec, job.map, job.image,
      {.padding = padding, .pixel = job.pixel, .scale = job.scale, .cutoff = job.cutoff, .batch = batch});
  projector.load(exec, filled<N>(shape_of({}, job.map), map));
  const Array<double, M + 1> images("images", layout(shape_of({job.poses()}, job.image)));
  if (modulated) {
    projector.project(exec, poses_of(job), images, Wavy<M>{});
  } else {
    projector.project(exec, poses_of(job), images);
  }
  exec.fence();
  return relative_error(values(images), job.images(map));
}

}  // namespace

TEST_CASE("images are Fourier sums of the map", "[projector]") {
  Random random(12000);
  INFO("seed " << random.seed);
  // Kaiser–Bessel of 8 taps at padding 2 is within 4e-8 of them, relative to all samples; maps of noise have more at their rims.
  const double tolerance = 1e-6;
  for (const bool modulated : {false, true}) {
    INFO("modulated " << modulated);
    CHECK(image_error<3, 2>(random, random_job<3, 2>(random, {8, 8, 8}, {8, 8}, 3), 2, modulated, 2) < tolerance);
    CHECK(image_error<3, 2>(random, random_job<3, 2>(random, {7, 9, 5}, {5, 6}, 3), 2, modulated, 64) < tolerance);
    CHECK(image_error<3, 3>(random, random_job<3, 3>(random, {4, 5, 6}, {5, 4, 4}, 2), 2, modulated, 1) < tolerance);
    CHECK(image_error<2, 1>(random, random_job<2, 1>(random, {9, 8}, {7}, 4), 2, modulated, 64) < tolerance);
    CHECK(image_error<1, 1>(random, random_job<1, 1>(random, {9}, {8}, 2), 2, modulated, 64) < tolerance);
  }
  auto job = random_job<3, 2>(random, {8, 7, 9}, {6, 5}, 2);
  job.pixel = 1.5;
  job.scale = -0.7;
  CHECK(image_error<3, 2>(random, job, 2, true, 64) < tolerance);
}

TEST_CASE("by default, images of a smooth map are within 1e-4", "[projector]") {
  Random random(12100);
  INFO("seed " << random.seed);
  const HostExec exec;
  const auto job = random_job<3, 2>(random, {16, 16, 16}, {16, 16}, 3);
  std::vector<double> map;
  for (const auto& x : coordinates<3>(job.map))
    map.push_back(std::exp(-(x[0] * x[0] + 2 * x[1] * x[1] + x[2] * x[2] + x[0] * x[1]) / 9));
  bw::Projector<float, bw::Fftw, bw::KaiserBessel<3>, 3, 2, HostExec> projector(exec, job.map, job.image);
  projector.load(exec, filled<3>({16, 16, 16}, map));
  const Array<float, 3> images("images", 3, 16, 16);
  projector.project(exec, poses_of(job), images);
  exec.fence();
  CHECK(relative_error(download(images), job.images(map)) < 1e-4);
}

TEST_CASE("origins at index 0, uncorrected maps, views of any stride and batches of maps", "[projector]") {
  Random random(12200);
  INFO("seed " << random.seed);
  const HostExec exec;
  const auto job = random_job<3, 2>(random, {6, 5, 7}, {5, 6}, 3);
  const auto map = random.normals(2 * 6 * 5 * 7);
  const auto poses = poses_of(job);
  const auto first = filled<3>({6, 5, 7}, {map.begin(), map.begin() + 210});
  Projector<bw::Cubic, 3, 2> one(exec, job.map, job.image);
  one.load(exec, first);
  const Array<double, 3> images("images", 3, 5, 6);
  one.project(exec, poses, images);
  exec.fence();

  // The same of the map and the images rolled by ⌊n/2⌋.
  Projector<bw::Cubic, 3, 2> rolled(exec, job.map, job.image, {.origin = bw::Origin::zero});
  const Kokkos::View<double***, Kokkos::LayoutLeft, Kokkos::HostSpace> moved("moved", 6, 5, 7),
      moved_images("images", 3, 5, 6);
  for (int z = 0; z < 6; ++z)
    for (int y = 0; y < 5; ++y)
      for (int x = 0; x < 7; ++x) moved((z + 3) % 6, (y + 3) % 5, (x + 4) % 7) = first(z, y, x);
  rolled.load(exec, moved);
  rolled.project(exec, poses, moved_images);
  exec.fence();
  double error = 0;
  for (int p = 0; p < 3; ++p)
    for (int y = 0; y < 5; ++y)
      for (int x = 0; x < 6; ++x)
        error = std::max(error, std::abs(moved_images(p, (y + 3) % 5, (x + 3) % 6) - images(p, y, x)));
  CHECK(error < 1e-13);

  // Two maps at once are the two of them.
  Projector<bw::Cubic, 3, 2> both(exec, job.map, job.image, {.batch = 2}, 2);
  both.load(exec, filled<4>({2, 6, 5, 7}, map));
  const Array<double, 4> all("images", 2, 3, 5, 6), rotations("rotations", 1, 3, 2, 3);
  const Array<double, 3> shifts("shifts", 1, 3, 2), second("images", 3, 5, 6);
  Kokkos::deep_copy(Kokkos::subview(rotations, 0, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL), poses.rotations);
  Kokkos::deep_copy(Kokkos::subview(shifts, 0, Kokkos::ALL, Kokkos::ALL), poses.shifts);
  both.project(exec, bw::Poses{rotations, shifts}, all);
  one.load(exec, filled<3>({6, 5, 7}, {map.begin() + 210, map.end()}));
  one.project(exec, poses, second);
  exec.fence();
  auto want = values(images);
  const auto more = values(second);
  want.insert(want.end(), more.begin(), more.end());
  CHECK(identical(values(all), want));

  // A delta without correction is 1 at every frequency that a kernel meets on the lattice.
  Projector<bw::Linear, 3, 2> plain(exec, {6, 6, 6}, {6, 6}, {.padding = 1, .corrected = false});
  const Array<double, 3> delta("delta", 6, 6, 6), flat("image", 1, 6, 6);
  delta(3, 3, 3) = 1;
  plain.load(exec, delta);
  plain.project(exec, bw::Poses{filled<3>({1, 2, 3}, {1, 0, 0, 0, 1, 0})}, flat);
  exec.fence();
  const auto inside = [&] {  // samples within half a cycle: |k| ≤ 3 of 6² on the full lattice
    int count = 0;
    for (int ky = -3; ky < 3; ++ky)
      for (int kx = -3; kx < 3; ++kx) count += kx * kx + ky * ky <= 9;
    return count;
  }();
  CHECK(std::abs(flat(0, 3, 3) - inside / 36.0) < 1e-14);
}

namespace {

/// Images as an operation of map, rotations and shifts for the harness.
template <int N, int M, class Modulation>
Differentiable projection(const Job<N, M>& job, long maps, long pose_batch, const Modulation& modulation) {
  using P = Projector<QuadraticSpline, N, M>;
  const auto projector =
      std::make_shared<P>(HostExec(), job.map, job.image,
                          bw::ProjectorOptions{.padding = 1.3, .pixel = job.pixel, .scale = job.scale, .batch = 2}, maps);
  const long count = job.poses() / pose_batch;
  const auto map_shape = shape_of({maps}, job.map), image_shape = shape_of({maps, count}, job.image);
  const std::vector<long> rotation_shape{pose_batch, count, M, N}, shift_shape{pose_batch, count, M};
  const auto poses = [=](const Arguments& in) {
    return bw::Poses{filled<4>(rotation_shape, in[1]), filled<3>(shift_shape, in[2])};
  };
  Differentiable op;
  op.inputs = {"map", "rotations", "shifts"};
  op.value = [=](const Arguments& in) {
    const Array<double, M + 2> images("images", layout(image_shape));
    projector->load(HostExec(), filled<N + 1>(map_shape, in[0]));
    projector->project(HostExec(), poses(in), images, modulation);
    return Arguments{values(images)};
  };
  op.jvp = [=](const Arguments& in, const Arguments& dots, unsigned given, const Arguments* start) {
    const Array<double, M + 2> images("images", layout(image_shape));
    projector->load(HostExec(), filled<N + 1>(map_shape, in[0]));
    const auto map = filled<N + 1>(map_shape, dots[0]);
    const auto rotations = filled<4>(rotation_shape, dots[1]);
    const auto shifts = filled<3>(shift_shape, dots[2]);
    with_subset<true>(
        given,
        [&](const auto& m, const auto& r, const auto& t) {
          projector->project_jvp(HostExec(), m, poses(in), bw::Poses{r, t}, images, modulation);
        },
        map, rotations, shifts);
    Arguments out{values(images)};
    if (start) out = derivatives::axpy(*start, 1, out);  // it overwrites
    return out;
  };
  op.vjp = [=](const Arguments& in, const Arguments& bars, unsigned wanted, const Arguments* start) {
    projector->load(HostExec(), filled<N + 1>(map_shape, in[0]));
    const auto begin = [&](int i, auto&& array) {
      if (start) {
        std::copy((*start)[i].begin(), (*start)[i].end(), array.data());
      } else {
        Kokkos::deep_copy(array, std::nan(""));
      }
      return array;
    };
    const auto map = begin(0, Array<double, N + 1>("map", layout(map_shape)));
    const auto rotations = begin(1, Array<double, 4>("rotations", layout(rotation_shape)));
    const auto shifts = begin(2, Array<double, 3>("shifts", layout(shift_shape)));
    const auto images = filled<M + 2>(image_shape, bars[0]);
    with_subset<true>(
        wanted,
        [&](const auto& m, const auto& r, const auto& t) {
          if constexpr (std::is_same_v<std::decay_t<decltype(r)>, bw::None> &&
                        std::is_same_v<std::decay_t<decltype(t)>, bw::None>) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(m)>, bw::None>)
              projector->project_vjp(HostExec(), poses(in), images, m, bw::none, modulation, start != nullptr);
          } else {
            projector->project_vjp(HostExec(), poses(in), images, m, bw::Poses{r, t}, modulation, start != nullptr);
          }
        },
        map, rotations, shifts);
    return Arguments{values(map), values(rotations), values(shifts)};
  };
  return op;
}

template <int N, int M>
void check_projection(Random& random, Job<N, M> job, long maps, long pose_batch) {
  const auto op = projection(job, maps, pose_batch, Wavy<M>{});
  const Arguments inputs{random.normals(std::size_t(maps * job.size(job.map))), job.rotations, job.shifts};
  check_derivatives(op, inputs, random, {.dot = 1e-12, .same = 1e-11, .difference = 1e-6});
}

}  // namespace

TEST_CASE("derivatives of images in map, rotations and shifts", "[projector][derivatives]") {
  Random random(12300);
  INFO("seed " << random.seed);
  check_projection<3, 2>(random, random_job<3, 2>(random, {6, 5, 7}, {5, 6}, 3), 1, 1);
  check_projection<3, 2>(random, random_job<3, 2>(random, {5, 6, 4}, {6, 5}, 4), 2, 2);
  check_projection<2, 1>(random, random_job<2, 1>(random, {6, 7}, {8}, 2), 2, 1);
  check_projection<3, 3>(random, random_job<3, 3>(random, {4, 5, 6}, {5, 4, 6}, 2), 1, 1);
}

TEST_CASE("calls of the projector allocate nothing after the first", "[projector][tools]") {
  Random random(12400);
  INFO("seed " << random.seed);
  const HostExec exec;
  const auto job = random_job<3, 2>(random, {6, 5, 7}, {5, 6}, 5);
  const auto poses = poses_of(job);
  const bw::Poses companion{Array<double, 3>("r", 5, 2, 3), Array<double, 2>("t", 5, 2)};
  const auto map = filled<3>({6, 5, 7}, random.normals(210));
  const Array<double, 3> other("map", 6, 5, 7), images("images", 5, 5, 6);
  Projector<bw::Cubic, 3, 2> projector(exec, job.map, job.image, {.batch = 2});
  const auto all = [&] {
    projector.load(exec, map);
    projector.project(exec, poses, images, Wavy<2>{});
    projector.project_jvp(exec, map, poses, companion, images);
    projector.project_vjp(exec, poses, images, other, companion);
  };
  all();
  const Events events = record(all);
  CHECK(events.allocations == std::vector<std::string>{});
  CHECK(!events.kernels.empty());
  for (const auto& label : events.kernels) {
    INFO(label);
    CHECK((label.rfind("bracewell::", 0) == 0 || label.rfind("Kokkos::ViewFill", 0) == 0));
  }
}

TEST_CASE("the job level works on the instance that it is given, in regions with names",
          "[projector][reconstructor][tools]") {
  Random random(12500);
  INFO("seed " << random.seed);
  const auto job = random_job<3, 2>(random, {6, 5, 7}, {5, 6}, 3);
  const auto poses = poses_of(job);
  const auto map = filled<3>({6, 5, 7}, random.normals(210));
  const Array<double, 3> images("images", 3, 5, 6), again("map", 6, 5, 7);
  for (const HostExec& exec : Kokkos::Experimental::partition_space(HostExec(), 1, 1)) {
    const Events events = record([&] {
      Projector<bw::KaiserBessel<3>, 3, 2> projector(exec, job.map, job.image);
      projector.load(exec, map);
      projector.project(exec, poses, images);
      bw::Reconstructor<double, bw::Fftw, bw::KaiserBessel<2>, 3, 2, HostExec> reconstructor(exec, job.map, job.image);
      reconstructor.add(exec, images, poses);
      reconstructor.finish(exec, again);
    });
    for (const auto instance : events.instances) CHECK(instance == Kokkos::Tools::Experimental::device_id(exec));
    for (const auto& names : {events.kernels, events.allocations, events.regions})
      for (const auto& name : names) {
        INFO(name);
        // Kokkos' own fills name what is filled.
        CHECK((name.find("bracewell::") != name.npos || name.rfind("Kokkos::ViewFill", 0) == 0));
      }
    const auto has = [&](const char* name) {
      return std::find(events.regions.begin(), events.regions.end(), name) != events.regions.end();
    };
    CHECK(has("bracewell::Projector::project"));
    CHECK(has("bracewell::Reconstructor::add"));
    CHECK(has("bracewell::Reconstructor::finish"));
    exec.fence();
  }
}

TEST_CASE("bad arguments of the projector are refused by name", "[projector]") {
  using Catch::Matchers::ContainsSubstring;
  using Catch::Matchers::MessageMatches;
  const HostExec exec;
  using P = Projector<bw::KaiserBessel<3>, 3, 2>;
  const auto refused = [](const auto& call, const std::string& words) {
    CHECK_THROWS_MATCHES(call(), std::invalid_argument, MessageMatches(ContainsSubstring(words)));
  };
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {.padding = 0.9}); }, "options.padding");
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {.padding = 1}); }, "options.padding");  // the kernel has no room
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {.pixel = 0}); }, "options.pixel");
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {.scale = 0}); }, "options.scale");
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {.cutoff = -1}); }, "options.cutoff");
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {.batch = 0}); }, "options.batch");
  refused([&] { P(exec, {8, 0, 8}, {8, 8}); }, "'map'");
  refused([&] { P(exec, {8, 8, 8}, {8, 0}); }, "'image'");
  refused([&] { P(exec, {8, 8, 8}, {8, 8}, {}, 0); }, "'maps'");
  P projector(exec, {8, 8, 8}, {8, 8});
  refused([&] { projector.load(exec, Array<float, 3>("map", 8, 7, 8)); }, "'map'");
  refused([&] { projector.load(exec, Array<float, 4>("map", 2, 8, 8, 8)); }, "'map'");
  const bw::Poses poses{Array<double, 3>("rotations", 2, 2, 3)};
  refused([&] { projector.project(exec, poses, Array<float, 3>("images", 2, 8, 9)); }, "'images'");
  refused([&] { projector.project(exec, poses, Array<float, 3>("images", 3, 8, 8)); }, "'images'");
  refused([&] { projector.project(exec, poses, Array<float, 3>("images", 2, 8, 8), Array<float, 3>("C", 2, 8, 8)); },
          "'modulation'");
  refused(
      [&] {
        projector.project(exec, poses, Array<float, 3>("images", 2, 8, 8), bw::Spectrum{Array<float, 3>("C", 2, 8, 5), 9});
      },
      "'modulation'");
  const Array<float, 3> images("images", 2, 8, 8);
  refused(
      [&] {
        projector.project(exec, bw::Poses{poses.rotations, Array<double, 2>("shifts", 1, 2)}, images);
      },
      "'shifts'");
  refused(
      [&] {
        projector.project_vjp(exec, poses, images, bw::none, bw::Poses{Array<double, 3>("rotations", 1, 2, 3), bw::none});
      },
      "'rotations'");

  P two(exec, {8, 8, 8}, {8, 8}, {}, 2);
  const Array<float, 4> of_two("images", 2, 2, 8, 8);
  refused([&] { two.project(exec, poses, images); }, "'images' is of rank 3, expected a batch in front");
  refused([&] { two.project(exec, poses, Array<float, 4>("images", 3, 2, 8, 8)); },
          "'images' is a batch of 3, expected 2, as the maps are");
  refused([&] { two.project(exec, bw::Poses{Array<double, 4>("rotations", 3, 2, 2, 3)}, of_two); },
          "'rotations' is a batch of 3, expected 1 or 2");
  refused(
      [&] {
        two.project(exec, bw::Poses{Array<double, 4>("rotations", 2, 2, 2, 3), Array<double, 3>("shifts", 3, 2, 2)}, of_two);
      },
      "'shifts' is a batch of 3, expected 1 or 2");
}
