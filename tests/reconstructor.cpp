// SPDX-License-Identifier: MIT
#include <bracewell/fftw.hpp>
#include <bracewell/projector.hpp>
#include <bracewell/reconstructor.hpp>
#include <bracewell/symmetry.hpp>

#include "support/compare.hpp"
#include "support/job.hpp"
#include "support/tools.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <Eigen/Dense>

namespace bw = bracewell;
using namespace support;

namespace {

template <int N, int M>
using Reconstructor = bw::Reconstructor<double, bw::Fftw, bw::KaiserBessel<4>, N, M, HostExec>;

struct Transfer {
  KOKKOS_FUNCTION double operator()(int image, const Kokkos::Array<double, 2>& k) const {
    return Kokkos::cos(1 + image + 20 * (k[0] * k[0] + k[1] * k[1]) + 8 * k[0] * k[1]);
  }
};
struct Weight {
  KOKKOS_FUNCTION double operator()(int image, const Kokkos::Array<double, 2>& k) const {
    return 1 + image + 3 * (k[0] * k[0] + k[1] * k[1]);
  }
};

/// |a − b| / |b|
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, power = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    power += b[i] * b[i];
  }
  return std::sqrt(difference / power);
}

/// A map of a few blobs whose frequencies beyond half a cycle are a millionth or less.
template <int N>
std::vector<double> blobs(Random& random, const std::array<long, N>& extents) {
  std::vector<double> map(std::size_t(Job<N, N>::size(extents)));
  const auto voxels = coordinates<N>(extents);
  for (int blob = 0; blob < 4; ++blob) {
    std::array<double, N> centre;
    for (int d = 0; d < N; ++d) centre[d] = random.uniform(-0.12, 0.12) * double(extents[N - 1 - d]);
    const double height = random.uniform(0.5, 1.5);
    for (std::size_t i = 0; i < map.size(); ++i) {
      double square = 0;
      for (int d = 0; d < N; ++d) square += (voxels[i][d] - centre[d]) * (voxels[i][d] - centre[d]);
      map[i] += height * std::exp(-square / (2 * 1.5 * 1.5));
    }
  }
  return map;
}

}  // namespace

TEST_CASE("maps solve the regularised normal equations, written down as matrices", "[reconstructor]") {
  Random random(13000);
  INFO("seed " << random.seed);
  const HostExec exec;
  for (const auto& [map, image] : {std::pair{std::array{6L, 6L, 6L}, std::array{6L, 6L}}, {{5L, 6L, 7L}, {7L, 5L}}}) {
    auto job = random_job<3, 2>(random, map, image, 9);
    job.pixel = 1.1;
    job.cutoff = 0.42;  // no sample at an even lattice' edge, which two frequencies share
    job.scale = 1.7;
    job.modulation = [](int p, const std::array<double, 2>& k) { return Transfer{}(p, {k[0], k[1]}); };
    const auto images = random.normals(std::size_t(9 * job.size(image)));
    Reconstructor<3, 2> reconstructor(
        exec, map, image, {.padding = 2, .pixel = job.pixel, .scale = job.scale, .cutoff = job.cutoff, .batch = 4});
    reconstructor.add(exec, filled<3>(shape_of({9}, image), images), poses_of(job), Transfer{}, Weight{});
    const Array<double, 3> result("map", layout(shape_of({}, map)));
    const double snr = 2;
    reconstructor.finish(exec, result, {.iterations = 60, .snr = snr});

    // L of shells from the density.
    const Array<double, 3> density("density", map[0], map[1], map[2] / 2 + 1);
    reconstructor.density(exec, density);
    const auto mean = bw::radial_average(exec, bw::Spectrum{density, map[2]});

    // A in rows of frequencies, an image's X by its sum; V's basis of the band.
    const auto voxels = coordinates<3>(map);
    const auto pixels = coordinates<2>(image);
    const long n = long(voxels.size());
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(n, n);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(n);
    for (const auto& s : job.samples()) {
      Eigen::VectorXcd row(n);
      for (long i = 0; i < n; ++i) row[i] = s.factor * std::polar(1.0, -2 * M_PI * job.dot(s.at, voxels[i]));
      std::complex<double> x = 0;
      for (std::size_t j = 0; j < pixels.size(); ++j)
        x += images[s.pose * pixels.size() + j] * std::polar(1.0, -2 * M_PI * job.dot(s.k, pixels[j]));
      const double w = Weight{}(s.pose, {s.k[0], s.k[1]});
      normal += w * (row.conjugate() * row.transpose()).real();
      right += w * (row.conjugate() * x).real();
    }
    const double square =
        std::pow(job.scale / (job.pixel * job.pixel), 2);  // what the library divides by before it regularises
    std::vector<Eigen::VectorXd> band;
    const auto frequencies = full_frequencies<3>(map);
    const double longest = double(*std::max_element(map.begin(), map.end()));
    for (const auto& k : frequencies) {
      const double length = std::sqrt(job.dot(k, k));
      Eigen::VectorXcd wave(n);
      for (long i = 0; i < n; ++i) wave[i] = std::polar(1.0, -2 * M_PI * job.dot(k, voxels[i]));
      if (length > job.cutoff / job.pixel * (1 + 1e-6)) continue;
      const auto shell = std::min(std::size_t(length * longest + 0.5), mean.size() - 1);
      normal += square * mean[shell] / snr * (wave.conjugate() * wave.transpose()).real();
      band.push_back(wave.real());
      band.push_back(wave.imag());
    }
    Eigen::MatrixXd basis(n, long(band.size()));
    for (std::size_t i = 0; i < band.size(); ++i) basis.col(long(i)) = band[i];
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(basis);
    qr.setThreshold(1e-8);
    const Eigen::MatrixXd q = Eigen::MatrixXd(qr.householderQ()).leftCols(qr.rank());
    const Eigen::VectorXd solution = q * (q.transpose() * normal * q).ldlt().solve(q.transpose() * right);
    // Weights are gridded with 6 taps at a padding of 1.25: within 6e-5.
    CHECK(distance(values(result), {solution.data(), solution.data() + n}) < 1e-3);
  }
}

TEST_CASE("exact images give back their map", "[reconstructor]") {
  Random random(13100);
  INFO("seed " << random.seed);
  const HostExec exec;
  struct Case {
    std::array<long, 3> map;
    std::array<long, 2> image;
    double pixel;
    bool modulated;
  };
  for (const Case& c : {Case{{16, 16, 16}, {16, 16}, 1, false}, Case{{15, 15, 15}, {15, 15}, 1, true},
                        Case{{14, 17, 16}, {15, 16}, 1.1, true}}) {
    CAPTURE(c.map, c.image, c.pixel, c.modulated);
    auto job = random_job<3, 2>(random, c.map, c.image, 40);
    job.pixel = c.pixel;
    if (c.modulated) job.modulation = [](int p, const std::array<double, 2>& k) { return Transfer{}(p, {k[0], k[1]}); };
    const auto truth = blobs<3>(random, c.map);
    const auto images = filled<3>(shape_of({40}, c.image), job.images(truth));
    bw::Reconstructor<double, bw::Fftw, bw::KaiserBessel<3>, 3, 2, HostExec> reconstructor(exec, c.map, c.image,
                                                                                           {.pixel = c.pixel});
    if (c.modulated) {
      reconstructor.add(exec, images, poses_of(job), Transfer{});
    } else {
      reconstructor.add(exec, images, poses_of(job));
    }
    const Array<float, 3> map("map", layout(shape_of({}, c.map)));
    reconstructor.finish(exec, map, {.iterations = 20, .snr = 1e5});
    const double iterated = distance(download(map), truth);
    CHECK(iterated < 4e-3);  // the box cuts blobs off at 4 standard deviations: frequencies that no image has
    reconstructor.finish(exec, map, {.iterations = 0, .snr = 1e5});
    CHECK(distance(download(map), truth) > 5 * iterated);
    double mean = 0, sum = 0;
    reconstructor.finish(exec, map);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      sum += truth[i];
      mean += map.data()[i];
    }
    CHECK(std::abs(mean / sum - 1) < 5e-3);
  }
}

namespace {

template <int N, int M>
void check_exact(Random& random, const std::array<long, N>& map, const std::array<long, M>& image, long poses,
                 const std::vector<double>& truth) {
  CAPTURE(map, image, poses);
  const HostExec exec;
  const auto job = random_job<N, M>(random, map, image, int(poses));
  Reconstructor<N, M> reconstructor(exec, map, image, {});
  reconstructor.add(exec, filled<M + 1>(shape_of({poses}, image), job.images(truth)), poses_of(job));
  const Array<double, N> result("map", layout(shape_of({}, map)));
  reconstructor.finish(exec, result, {.iterations = 20, .snr = 1e5});
  CHECK(distance(values(result), truth) < 4e-3);
}

}  // namespace

TEST_CASE("exact images of lines and planes give back their map, too", "[reconstructor]") {
  Random random(13150);
  INFO("seed " << random.seed);
  check_exact<1, 1>(random, {91}, {91}, 3, random.normals(91));  // all its frequencies are there
  check_exact<2, 1>(random, {21, 24}, {24}, 80, blobs<2>(random, {21, 24}));
}

TEST_CASE("images in parts, symmetry mates, halves and weights as arrays", "[reconstructor]") {
  Random random(13200);
  INFO("seed " << random.seed);
  const HostExec exec;
  const auto job = random_job<3, 2>(random, {9, 8, 10}, {8, 9}, 8);
  const auto poses = poses_of(job);
  const auto images = filled<3>({8, 8, 9}, random.normals(8 * 72));
  const std::array<long, 3> extents{9, 8, 10};
  const auto part = [&](auto& reconstructor, int first, int count, int half, const auto&... rest) {
    const std::pair<int, int> range(first, first + count);
    reconstructor.add(exec, Kokkos::subview(images, range, Kokkos::ALL, Kokkos::ALL),
                      bw::Poses{Kokkos::subview(poses.rotations, range, Kokkos::ALL, Kokkos::ALL),
                                Kokkos::subview(poses.shifts, range, Kokkos::ALL)},
                      rest..., half);
  };
  const auto finished = [&](auto& reconstructor, const bw::FinishOptions& options = {}) {
    const Array<double, 3> map("map", 9, 8, 10);
    reconstructor.finish(exec, map, options);
    return values(map);
  };
  Reconstructor<3, 2> whole(exec, extents, {8, 9}), parts(exec, extents, {8, 9}, {.batch = 3}),
      halves(exec, extents, {8, 9}, {.halves = 2}), first(exec, extents, {8, 9});
  part(whole, 0, 8, 0, bw::none, bw::none);
  part(parts, 0, 5, 0, bw::none, bw::none);
  part(parts, 5, 3, 0, bw::none, bw::none);
  part(halves, 0, 5, 0, bw::none, bw::none);
  part(halves, 5, 3, 1, bw::none, bw::none);
  part(first, 0, 5, 0, bw::none, bw::none);
  const auto want = finished(whole);
  CHECK(distance(finished(parts), want) < 1e-11);
  CHECK(distance(finished(halves), want) < 1e-11);
  CHECK(distance(finished(halves, {.half = 0}), finished(first)) < 1e-11);
  CHECK(identical(finished(whole), want));  // finishing changes nothing
  whole.clear(exec);
  part(whole, 0, 5, 0, bw::none, bw::none);
  CHECK(distance(finished(whole), finished(first)) < 1e-11);

  // Stored arrays as modulation and weights are what callables give.
  const Array<double, 3> modulation("C", 8, 8, 5), weights("w", 8, 8, 5);
  for (int p = 0; p < 8; ++p)
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 5; ++x) {
        const Kokkos::Array<double, 2> k{x / 9.0, bw::frequency(y, 8) / 8.0};
        modulation(p, y, x) = Transfer{}(p, k);
        weights(p, y, x) = Weight{}(p, k);
      }
  first.clear(exec);
  part(first, 0, 8, 0, bw::Spectrum{modulation, 9}, weights);
  parts.clear(exec);
  part(parts, 0, 8, 0, Transfer{}, Weight{});
  CHECK(distance(finished(parts), finished(first)) < 1e-11);

  // Mates are the same as images listed at their poses.
  for (const std::string name : {"C3", "D2"}) {
    const auto group = bw::symmetry_group(name);
    Reconstructor<3, 2> symmetric(exec, {9, 9, 9}, {8, 9}, {.symmetry = group, .batch = 5}), listed(exec, {9, 9, 9}, {8, 9});
    symmetric.add(exec, images, poses, Transfer{});
    for (const auto& g : group) {
      const Array<double, 3> rotations("rotations", 8, 2, 3);
      for (int p = 0; p < 8; ++p)
        for (int e = 0; e < 2; ++e)
          for (int d = 0; d < 3; ++d)
            for (int i = 0; i < 3; ++i) rotations(p, e, d) += poses.rotations(p, e, i) * g[i][d];
      listed.add(exec, images, bw::Poses{rotations, poses.shifts}, Transfer{});
    }
    const Array<double, 3> a("map", 9, 9, 9), b("map", 9, 9, 9);
    symmetric.finish(exec, a);
    listed.finish(exec, b);
    CHECK(distance(values(a), values(b)) < 1e-11);
  }
}

TEST_CASE("images of several kinds make one map, and sums move from one reconstructor to another", "[reconstructor]") {
  Random random(13250);
  INFO("seed " << random.seed);
  const HostExec exec;
  const std::array<long, 3> extents{14, 15, 16};
  const auto truth = blobs<3>(random, extents);
  auto fine = random_job<3, 2>(random, extents, {16, 15}, 40), coarse = random_job<3, 2>(random, extents, {13, 12}, 40);
  coarse.pixel = 1.25;
  coarse.scale = -3;
  const auto images = [&](const auto& job) { return filled<3>(shape_of({40}, job.image), job.images(truth)); };
  using R = bw::Reconstructor<double, bw::Fftw, bw::KaiserBessel<3>, 3, 2, HostExec>;
  R both(exec, extents, fine.image, {.halves = 2});
  const int kind = both.add_kind(exec, coarse.image, {.pixel = coarse.pixel, .scale = coarse.scale});
  REQUIRE(kind == 1);
  both.add(exec, images(fine), poses_of(fine), bw::none, bw::none, 0);
  both.add(exec, images(coarse), poses_of(coarse), bw::none, bw::none, 1, kind);
  const auto finished = [&](R& reconstructor, const bw::FinishOptions& options) {
    const Array<double, 3> map("map", 14, 15, 16);
    reconstructor.finish(exec, map, options);
    return values(map);
  };
  CHECK(distance(finished(both, {.iterations = 20, .snr = 1e5}), truth) < 4e-3);
  CHECK(distance(finished(both, {.iterations = 20, .snr = 1e5, .half = 0}), truth) < 1e-2);  // of the fine ones
  CHECK(distance(finished(both, {.iterations = 20, .snr = 1e5, .half = 1}), truth) < 5e-2);  // of the coarse ones

  // The coarse kind by itself has the same equations but for their unit.
  R alone(exec, extents, coarse.image, {.pixel = coarse.pixel, .scale = coarse.scale});
  alone.add(exec, images(coarse), poses_of(coarse));
  const Array<double, 3> map("map", 14, 15, 16);
  const Array<double, 4> half_maps("half maps", 2, 14, 15, 16);
  alone.finish(exec, map);
  CHECK(distance(values(map), truth) < 5e-2);

  // Half maps are in the unit of the map, whatever the kind.
  R halves(exec, extents, coarse.image, {.pixel = coarse.pixel, .scale = coarse.scale, .halves = 2});
  halves.add(exec, images(coarse), poses_of(coarse), bw::none, bw::none, 0);
  halves.add(exec, images(coarse), poses_of(coarse), bw::none, bw::none, 1);
  halves.finish_by_halves(exec, map, half_maps);
  for (int half = 0; half < 2; ++half) {
    const auto values_of_half = values(half_maps);
    const auto begin = values_of_half.begin() + half * long(truth.size());
    CHECK(distance({begin, begin + long(truth.size())}, truth) < 5e-2);
  }

  R other(exec, extents, fine.image, {.halves = 2});
  for (int half = 0; half < 2; ++half)
    for (int i = 0; i < 2; ++i) Kokkos::deep_copy(exec, other.sums(half)[i], both.sums(half)[i]);
  CHECK(identical(finished(other, {}), finished(both, {})));
}

TEST_CASE("the FSC of half maps regularises noisy maps about as well as the truth does", "[reconstructor]") {
  Random random(13300);
  INFO("seed " << random.seed);
  const HostExec exec;
  const int n = 24, count = 200;
  const auto job = random_job<3, 2>(random, {n, n, n}, {n, n}, count);
  const auto truth = blobs<3>(random, {n, n, n});
  const auto images = Array<double, 3>("images", count, n, n);
  const auto poses = poses_of(job);
  bw::Projector<double, bw::Fftw, bw::KaiserBessel<4>, 3, 2, HostExec> projector(exec, {n, n, n}, {n, n});
  projector.load(exec, filled<3>({n, n, n}, truth));
  projector.project(exec, poses, images);
  const auto pixels = values(images);
  double power = 0;
  for (const double u : pixels) power += u * u / double(pixels.size());
  const double sigma = std::sqrt(power / 0.1);
  for (std::size_t i = 0; i < pixels.size(); ++i) images.data()[i] += sigma * random.normal();
  bw::Reconstructor<double, bw::Fftw, bw::KaiserBessel<3>, 3, 2, HostExec> reconstructor(exec, {n, n, n}, {n, n},
                                                                                         {.halves = 2});
  for (int half = 0; half < 2; ++half) {
    const std::pair<int, int> range(half * count / 2, (half + 1) * count / 2);
    reconstructor.add(exec, Kokkos::subview(images, range, Kokkos::ALL, Kokkos::ALL),
                      bw::Poses{Kokkos::subview(poses.rotations, range, Kokkos::ALL, Kokkos::ALL),
                                Kokkos::subview(poses.shifts, range, Kokkos::ALL)},
                      bw::none, bw::none, half);
  }
  const Array<double, 3> map("map", n, n, n);
  const Array<double, 4> half_maps("half maps", 2, n, n, n);
  const auto fsc = reconstructor.finish_by_halves(exec, map, half_maps);
  const double by_halves = distance(values(map), truth);
  CHECK(fsc.size() == n / 2 + 1);
  CHECK(fsc[1] > 0.9);
  CHECK(fsc[n / 2] < 0.3);
  double best = 1e300;  // of one ratio for all shells
  for (const double snr : {0.1, 1.0, 10.0, 100.0, 1000.0}) {
    reconstructor.finish(exec, map, {.snr = snr});
    best = std::min(best, distance(values(map), truth));
  }
  // The best there is, of the truth's spectrum: the noise's power of a sample over the map's.
  const Array<Kokkos::complex<double>, 3> spectrum("V", n, n, n / 2 + 1);
  const bw::Fftw::Plan<HostExec, double, 3> plan(exec, {n, n, n}, 1);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) reinterpret_cast<double*>(&spectrum(z, y, 0))[x] = truth[(z * n + y) * n + x];
  plan.forward(exec, spectrum.data(), 1);
  const Array<double, 3> density("density", n, n, n / 2 + 1);
  reconstructor.density(exec, density);
  const auto signal = bw::power_spectrum(exec, spectrum), samples = bw::radial_average(exec, density);
  bw::FinishOptions ideal;
  for (std::size_t s = 0; s < signal.size(); ++s)
    ideal.shell_snr.push_back(samples[s] * signal[s] / (sigma * sigma * n * n));
  reconstructor.finish(exec, map, ideal);
  const double by_truth = distance(values(map), truth);
  CAPTURE(by_halves, by_truth, best);
  CHECK(by_halves < 1.1 * by_truth);
  CHECK(by_halves < best);
}

TEST_CASE("signal-to-noise ratios of the box and of the object follow from the FSC of half maps", "[reconstructor]") {
  // 2 F / (1 − F), over the object's share of the box, with F between 0.001 and 0.9999.
  const std::vector<double> correlation{0.5, 0.2, -1, 1}, of_box{2, 0.5, 0.002 / 0.999, 1.9998 / 0.0001};
  for (const double object : {1.0, 0.25}) {
    const auto ratios = bw::signal_to_noise(correlation, object);
    for (std::size_t s = 0; s < 4; ++s) CHECK(std::abs(ratios[s] * object / of_box[s] - 1) < 1e-9);
  }
  Random random(13350);
  INFO("seed " << random.seed);
  const HostExec exec;
  const std::array<long, 3> extents{6, 6, 6};
  const std::array<long, 2> image{6, 6};
  const auto job = random_job<3, 2>(random, extents, image, 20);
  Reconstructor<3, 2> reconstructor(exec, extents, image, {.halves = 2});
  for (const int half : {0, 1})
    reconstructor.add(exec, filled<3>(shape_of({20}, image), random.normals(std::size_t(20 * 36))), poses_of(job), bw::none,
                      bw::none, half);
  const Array<double, 3> by_halves("map", 6, 6, 6), by_ratios("map", 6, 6, 6);
  const auto found = reconstructor.finish_by_halves(exec, by_halves, bw::none, {.object = 0.3});
  reconstructor.finish(exec, by_ratios, {.shell_snr = bw::signal_to_noise(found, 0.3)});
  CHECK(identical(values(by_halves), values(by_ratios)));
}

TEST_CASE("the cotangent of images is the transpose of their map", "[reconstructor][derivatives]") {
  Random random(13600);
  INFO("seed " << random.seed);
  const HostExec exec;
  for (const std::string group : {"C1", "C2"}) {
    INFO(group);
    const auto job = random_job<3, 2>(random, {8, 8, 8}, {7, 8}, 30);
    const auto poses = poses_of(job);
    const auto images = filled<3>({30, 7, 8}, random.normals(30 * 56)),
               images_dot = filled<3>({30, 7, 8}, random.normals(30 * 56));
    Reconstructor<3, 2> reconstructor(exec, job.map, job.image,
                                      {.scale = 1.3, .symmetry = bw::symmetry_group(group), .batch = 8});
    const bw::FinishOptions options{.iterations = 100, .snr = 10};
    const auto map_bar = filled<3>({8, 8, 8}, random.normals(512));
    const Array<double, 3> map("map", 8, 8, 8), images_bar("images_bar", 30, 7, 8);
    reconstructor.add(exec, images_dot, poses, Transfer{}, Weight{});
    reconstructor.finish(exec, map, options);
    reconstructor.finish_vjp(exec, map_bar, options);
    reconstructor.images_vjp(exec, poses, images_bar, Transfer{}, Weight{});
    exec.fence();
    const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
      double sum = 0;
      for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
      return sum;
    };
    const double left = dot(values(map_bar), values(map)), right = dot(values(images_bar), values(images_dot));
    const double norms = std::sqrt(dot(values(map), values(map)) * dot(values(map_bar), values(map_bar)));
    CHECK(std::abs(left - right) < 1e-10 * norms);
    CHECK(std::abs(left) > 1e-4 * norms);
  }
}

TEST_CASE("adding images allocates nothing, finishing only the first time", "[reconstructor][tools]") {
  Random random(13400);
  INFO("seed " << random.seed);
  const HostExec exec;
  const auto job = random_job<3, 2>(random, {6, 5, 7}, {5, 6}, 5);
  const auto poses = poses_of(job);
  const auto images = filled<3>({5, 5, 6}, random.normals(150));
  Reconstructor<3, 2> reconstructor(exec, job.map, job.image, {.symmetry = bw::symmetry_group("C2"), .batch = 2});
  const Events events = record([&] { reconstructor.add(exec, images, poses, Transfer{}, Weight{}); });
  CHECK(events.allocations == std::vector<std::string>{});
  CHECK(!events.kernels.empty());
  for (const auto& label : events.kernels) CHECK(label.rfind("bracewell::", 0) == 0);
}

TEST_CASE("reconstructions are the same for any number of threads", "[reconstructor]") {
  Random random(13500);
  INFO("seed " << random.seed);
  const auto job = random_job<3, 2>(random, {12, 11, 13}, {12, 11}, 6);
  const auto images = filled<3>({6, 12, 11}, random.normals(6 * 132));
  const auto run = [&](const auto& exec) {
    bw::Reconstructor<float, bw::Fftw, bw::KaiserBessel<3>, 3, 2, std::decay_t<decltype(exec)>> reconstructor(exec, job.map,
                                                                                                              job.image);
    reconstructor.add(exec, images, poses_of(job), Transfer{});
    const Array<float, 3> map("map", 12, 11, 13);
    reconstructor.finish(exec, map);
    exec.fence();
    return download(map);
  };
  CHECK(identical(run(HostExec()), run(Kokkos::Serial())));
}

TEST_CASE("bad arguments of the reconstructor are refused by name", "[reconstructor]") {
  using Catch::Matchers::ContainsSubstring;
  using Catch::Matchers::MessageMatches;
  const HostExec exec;
  using R = Reconstructor<3, 2>;
  const auto refused = [](const auto& call, const std::string& words) {
    CHECK_THROWS_MATCHES(call(), std::invalid_argument, MessageMatches(ContainsSubstring(words)));
  };
  refused([&] { R(exec, {8, 8, 8}, {8, 8}, {.padding = 1}); }, "options.padding");
  refused([&] { R(exec, {8, 8, 8}, {8, 8}, {.halves = 3}); }, "options.halves");
  refused([&] { R(exec, {8, 8, 8}, {8, 8}, {.pixel = -1}); }, "options.pixel");
  R reconstructor(exec, {8, 8, 8}, {8, 8});
  const bw::Poses poses{Array<double, 3>("rotations", 2, 2, 3)};
  const Array<float, 3> images("images", 2, 8, 8), map("map", 8, 8, 8);
  refused([&] { reconstructor.add(exec, Array<float, 3>("images", 2, 8, 7), poses); }, "'images'");
  refused([&] { reconstructor.add(exec, Array<float, 3>("images", 1, 8, 8), poses); }, "'images'");
  refused([&] { reconstructor.add(exec, images, poses, bw::none, bw::none, 1); }, "'half'");
  refused([&] { reconstructor.add(exec, images, poses, bw::none, Array<float, 3>("w", 2, 8, 4)); }, "'weights'");
  refused([&] { reconstructor.add(exec, images, poses, bw::none, bw::none, 0, 1); }, "'kind'");
  refused([&] { reconstructor.add_kind(exec, {0, 8}, {}); }, "'image'");
  refused([&] { reconstructor.add_kind(exec, {8, 8}, {.pixel = 0}); }, "options.pixel");
  refused([&] { reconstructor.sums(1); }, "'half'");
  refused([&] { reconstructor.density(exec, Array<float, 3>("density", 8, 8, 5)); }, "'density'");
  refused([&] { reconstructor.density(exec, Array<float, 3>("density", 8, 8, 4)); }, "'density' is 4 on axis 2, expected 5");
  refused([&] { reconstructor.finish(exec, map, {.iterations = -1}); }, "options.iterations");
  refused([&] { reconstructor.finish(exec, map, {.snr = 0}); }, "options.snr");
  refused([&] { reconstructor.finish(exec, map, {.shell_snr = {1, -1}}); }, "options.snr");
  refused([&] { reconstructor.finish(exec, map, {.half = 1}); }, "options.half");
  refused([&] { reconstructor.finish(exec, Array<float, 3>("map", 8, 8, 7)); }, "'map'");
  refused([&] { reconstructor.finish_by_halves(exec, map); }, "options.halves");
  R halves(exec, {8, 8, 8}, {8, 8}, {.halves = 2});
  refused([&] { halves.finish_by_halves(exec, map, bw::none, {.object = 0}); }, "options.object");
}
