// SPDX-License-Identifier: MIT
// More samples than 2^31 in one call, and more points times images than 2^32: what the first, the middle and the last have must be
// what they have in calls of their own, and a sum over all what parts of them make.
#include "device.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace bw = bracewell;
using kit::Array;
using kit::Complex;
using kit::Device;

namespace {

using T = float;
constexpr double eps = std::numeric_limits<T>::epsilon();

struct Settings {
  int slices = 300000, box = 128, points = 1000000, images = 4400, size = 32;
};

int wrong = 0;

/// A number in −1 … 1 for each index.
KOKKOS_INLINE_FUNCTION T noise(std::int64_t i) {
  std::uint64_t x = std::uint64_t(i) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9u;
  return T(std::int64_t(x >> 40)) / T(1 << 23) - 1;
}
struct FillReal {
  T* numbers;
  KOKKOS_FUNCTION void operator()(std::int64_t i) const { numbers[i] = noise(i); }
};
template <class View>
void fill(const View& view) {
  const std::int64_t reals = std::int64_t(view.size() * sizeof(typename View::value_type) / sizeof(T));
  Kokkos::parallel_for("fill", Kokkos::RangePolicy<Device, Kokkos::IndexType<std::int64_t>>(0, reals),
                       FillReal{reinterpret_cast<T*>(view.data())});
}

/// Rows of rotations about one axis after another, by quaternions.
Array<double***> random_rotations(int count) {
  const Array<double***> rotations("rotations", count, 2, 3);
  const auto host = Kokkos::create_mirror_view(rotations);
  std::mt19937 random(20);
  std::normal_distribution<double> normal;
  for (int p = 0; p < count; ++p) {
    double q[4], norm = 0;
    for (double& x : q) norm += std::pow(x = normal(random), 2);
    for (double& x : q) x /= std::sqrt(norm);
    const auto [w, x, y, z] = q;
    const double r[2][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                            {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)}};
    for (int e = 0; e < 2; ++e)
      for (int d = 0; d < 3; ++d) host(p, e, d) = r[e][d];
  }
  Kokkos::deep_copy(rotations, host);
  return rotations;
}

/// ‖a − b‖ / ‖b‖ of two arrays of a device, as arrays of float.
template <class View>
double relative_l2_error(const View& a, const View& b) {
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a);
  const auto y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), b);
  const auto *first = reinterpret_cast<const T*>(x.data()), *second = reinterpret_cast<const T*>(y.data());
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < x.size() * sizeof(typename View::value_type) / sizeof(T); ++i) {
    error += std::pow(double(first[i]) - second[i], 2);
    scale += std::pow(double(second[i]), 2);
  }
  return scale > 0 ? std::sqrt(error / scale) : std::numeric_limits<double>::infinity();  // zeros would compare nothing
}

void check(const std::string& name, double error, double bound) {
  const bool ok = error <= bound;
  wrong += !ok;
  std::printf("%s  %s: %.1e, bound %.1e\n", ok ? "ok   " : "WRONG", name.c_str(), error, bound);
  std::fflush(stdout);
}

/// A few of many: the first, the middle and the last.
template <class Each>
void for_few(int count, const Each& each) {
  for (const int p : {0, count / 2, count - 1}) each(p, std::to_string(p));
}

void check_slices(const Settings& settings) {
  const int P = settings.slices, box = settings.box, half = box / 2 + 1;
  const Device exec;
  const bw::Linear linear;
  std::printf("%d slices of box %d in one call: %.2f 10^9 samples\n", P, box, 1e-9 * P * box * half);
  const Array<Complex***> reference("reference", box, box, half), data("data", box, box, half),
      parts("parts", box, box, half);
  fill(reference);
  const auto rotations = random_rotations(P);
  const Array<Complex***> slices(Kokkos::view_alloc("slices", Kokkos::WithoutInitializing), P, box, half);
  const Array<Complex***> one("one", 1, box, half), same("same", 1, box, half);
  const auto poses = [&](int first, int end) {
    return bw::Poses{Kokkos::subview(rotations, std::pair(first, end), Kokkos::ALL, Kokkos::ALL)};
  };
  const auto some = [&](int first, int end) {
    return Kokkos::subview(slices, std::pair(first, end), Kokkos::ALL, Kokkos::ALL);
  };
  bw::project(exec, reference, poses(0, P), slices, {}, linear);
  exec.fence();
  // The same sums of 8 terms, at places up to half a box away, perhaps shared out otherwise.
  const double read = 2 * (8 + box + std::sqrt(8)) * eps;
  for_few(P, [&](int p, const std::string& number) {
    bw::project(exec, reference, poses(p, p + 1), one, {}, linear);
    Kokkos::deep_copy(exec, same, some(p, p + 1));
    exec.fence();
    check("slice " + number, relative_l2_error(same, one), read);
  });

  bw::backproject(exec, slices, bw::none, poses(0, P), data, bw::none, {}, linear);
  const int part = (P + 6) / 7;
  for (int first = 0; first < P; first += part) {
    const int end = std::min(P, first + part);
    bw::backproject(exec, some(first, end), bw::none, poses(first, end), parts, bw::none, {.accumulate = first > 0}, linear);
  }
  exec.fence();
  const double met = 8.0 * P * box * half / double(data.size());
  check("insertion of all against parts", relative_l2_error(data, parts), 2 * (8 + box + std::sqrt(met)) * eps);
}

void check_images(const Settings& settings) {
  const int P = settings.images, n = settings.points, size = settings.size;
  const Device exec;
  std::printf("%d points in %d images in one call: %.2f 10^9 points\n", n, P, 1e-9 * n * P);
  const Array<T* [3]> points("points", n);
  const Array<T*> amounts("amounts", n);
  fill(points);
  fill(amounts);
  const auto rotations = random_rotations(P);
  const bw::PointCloud cloud{points, amounts};
  const Array<T***> images("images", P, size, size), one("one", 1, size, size), same("same", 1, size, size);
  const auto poses = [&](int first, int end) {
    return bw::Poses{Kokkos::subview(rotations, std::pair(first, end), Kokkos::ALL, Kokkos::ALL)};
  };
  bw::raster(exec, cloud, poses(0, P), bw::none, images);
  exec.fence();
  const double met = 4 + 4.0 * n / (size * size);
  for_few(P, [&](int p, const std::string& number) {
    bw::raster(exec, cloud, poses(p, p + 1), bw::none, one);
    Kokkos::deep_copy(exec, same, Kokkos::subview(images, std::pair(p, p + 1), Kokkos::ALL, Kokkos::ALL));
    exec.fence();
    check("image " + number, relative_l2_error(same, one), 2 * (8 + size + std::sqrt(met)) * eps);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Calls of more work than 32 bits count");
  app.add_option("--slices", settings.slices)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--box", settings.box)->check(CLI::Range(2, 2048))->capture_default_str();
  app.add_option("--points", settings.points)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--images", settings.images)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--size", settings.size, "of an image")->check(CLI::Range(1, 4096))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!kit::device_found()) return kit::skipped;
  const Kokkos::ScopeGuard kokkos;
  try {
    const auto begin = std::chrono::steady_clock::now();
    check_images(settings);
    check_slices(settings);
    std::printf("%d wrong, %.1f s\n", wrong,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  } catch (const std::exception& error) {
    std::printf("ended: %s\n", error.what());
    return kit::failed;
  }
  return wrong == 0 ? kit::passed : kit::failed;
}
