// SPDX-License-Identifier: MIT
// Arrays that are far apart in memory, and many poses. What needs more memory than most machines have is run by
// `bracewell_tests "[.large]"`.
#include "support/arrays.hpp"
#include "support/random.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdlib>

#include <sys/mman.h>

namespace bw = bracewell;
using namespace support;

namespace {

/// Grids as large as this take a path of their own, whose sums of 8 taps, or of some 30 samples, are rounded otherwise.
constexpr double rounding = 10 * double(std::numeric_limits<float>::epsilon());

const bw::Linear linear;  // one kernel to compile, not five
using HostMemory = Kokkos::HostSpace;

/// Address space of which only those pages take memory that are written.
class Sparse {
 public:
  explicit Sparse(std::size_t bytes) : bytes_(bytes) {
    data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data_ != MAP_FAILED) madvise(data_, bytes, MADV_NOHUGEPAGE);
  }
  ~Sparse() {
    if (data_ != MAP_FAILED) munmap(data_, bytes_);
  }
  Sparse(const Sparse&) = delete;

  void* data() const { return data_ == MAP_FAILED ? nullptr : data_; }

 private:
  std::size_t bytes_;
  void* data_;
};

constexpr long depth = 8, height = 4096, columns = 33;
constexpr long gap_z = 4096, gap_y = 1L << 20;  // the middle axis spans 2³² numbers

template <class V>
using Strided = Kokkos::View<V***, Kokkos::LayoutStride, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// [depth][height][columns] spread over some 2³² numbers, and close together.
template <class V>
struct Pair {
  Sparse memory{std::size_t(gap_y) * height * sizeof(V)};
  std::vector<V> numbers = std::vector<V>(std::size_t(depth) * height * columns);
  Strided<V> spread, dense;

  Pair()
      : spread(static_cast<V*>(memory.data()), Kokkos::LayoutStride(depth, gap_z, height, gap_y, columns, 1)),
        dense(numbers.data(), Kokkos::LayoutStride(depth, height * columns, height, columns, columns, 1)) {}

  void copy_to_spread() const {
    for (long z = 0; z < depth; ++z)
      for (long y = 0; y < height; ++y)
        for (long x = 0; x < columns; ++x) spread(z, y, x) = dense(z, y, x);
  }
  /// max |spread − dense| / max |dense|
  double error() const {
    double error = 0, scale = 0;
    for (long z = 0; z < depth; ++z)
      for (long y = 0; y < height; ++y)
        for (long x = 0; x < columns; ++x) {
          const double difference = Kokkos::abs(spread(z, y, x) - dense(z, y, x));
          if (!(difference <= error)) error = difference;
          scale = std::max<double>(scale, Kokkos::abs(dense(z, y, x)));
        }
    return error / scale;
  }
};

}  // namespace

TEST_CASE("strides of any axis pass 2^31 numbers", "[project][backproject]") {
  using C = Kokkos::complex<float>;
  Random random(6200);
  INFO("seed " << random.seed);
  const Kokkos::DefaultHostExecutionSpace exec;
  Pair<C> volume;
  const Pair<float> density;
  if (!volume.memory.data() || !density.memory.data()) SKIP("no address space of 48 GiB");
  for (C& v : volume.numbers) v = C(float(random.normal()), float(random.normal()));
  volume.copy_to_spread();
  std::vector<double> rotations{1, 0, 0, 0, 1, 0};
  for (int p = 0; p < 2; ++p)
    for (const double r : random.rotation(2, 3)) rotations.push_back(r);
  const bw::Poses poses{upload<double, 3, HostMemory>({3, 2, 3}, rotations)};
  const auto near = unset<C, 3, HostMemory>({3, 64, 33}), far = unset<C, 3, HostMemory>({3, 64, 33});
  const auto weights = upload<float, 3, HostMemory>({3, 64, 33}, random.uniforms(3 * 64 * 33, 0, 1));
  bw::project(exec, volume.dense, poses, near, {}, linear);
  bw::project(exec, volume.spread, poses, far, {}, linear);
  exec.fence();
  const auto values = download(near);
  CHECK(relative_error(download(far), values) < rounding);
  CHECK(std::count_if(values.begin(), values.end(), [](const auto& v) { return v != 0.0; }) > 64 * 33);

  bw::backproject(exec, near, weights, poses, volume.dense, density.dense, {}, linear);
  bw::backproject(exec, near, weights, poses, volume.spread, density.spread, {}, linear);
  exec.fence();
  CHECK(volume.error() < rounding);
  CHECK(density.error() < rounding);
  CHECK(std::count_if(density.numbers.begin(), density.numbers.end(), [](float v) { return v != 0; }) > 64 * 33);
}

TEST_CASE("images lie far apart", "[raster]") {
  Random random(6300);
  INFO("seed " << random.seed);
  const Kokkos::DefaultHostExecutionSpace exec;
  const Pair<float> images;
  if (!images.memory.data()) SKIP("no address space of 16 GiB");
  const int count = 5000;
  const Kokkos::View<double* [3], Kokkos::LayoutRight, HostMemory> points =
      upload<double, 2, HostMemory>({count, 3}, random.uniforms(3 * count, -0.7, 0.7));
  std::vector<double> rotations;
  for (int p = 0; p < depth; ++p)
    for (const double r : random.rotation(2, 3)) rotations.push_back(r);
  const bw::Poses poses{upload<double, 3, HostMemory>({depth, 2, 3}, rotations)};
  const bw::PointCloud cloud{points};
  bw::raster(exec, cloud, poses, bw::none, images.dense);
  bw::raster(exec, cloud, poses, bw::none, images.spread);
  exec.fence();
  CHECK(images.error() == 0);
  CHECK(std::count_if(images.numbers.begin(), images.numbers.end(), [](float v) { return v != 0; }) > count);

  const auto pull = [&](const auto& images_bar) {
    const Kokkos::View<double* [3], Kokkos::LayoutRight, HostMemory> points_bar("points_bar", count);
    const auto rotations_bar = unset<double, 3, HostMemory>({depth, 2, 3});
    bw::raster_vjp(exec, cloud, poses, bw::none, images_bar, bw::PointCloud{points_bar}, bw::Poses{rotations_bar}, bw::none);
    exec.fence();
    auto all = download(points_bar);
    for (const double v : download(rotations_bar)) all.push_back(v);
    return all;
  };
  const auto near = pull(images.dense);
  CHECK(identical(pull(images.spread), near));
  CHECK(std::count_if(near.begin(), near.end(), [](double v) { return v != 0; }) > count);
}

TEST_CASE("a million poses at once are as many in blocks", "[project][backproject]") {
  using C = Kokkos::complex<double>;
  Random random(6400);
  INFO("seed " << random.seed);
  const Exec exec;
  const long count = 1000000, block = 99991;
  const auto reference = upload<C, 2>({16, 9}, random.complex(16 * 9));
  std::vector<double> rows(std::size_t(count) * 2);
  for (long p = 0; p < count; ++p) {
    rows[2 * p] = std::cos(0.001 * double(p));
    rows[2 * p + 1] = std::sin(0.001 * double(p));
  }
  const auto rotations = upload<double, 3>({count, 1, 2}, rows);
  const Dense<C, 2> whole("whole", count, 5), blocks("blocks", count, 5);
  const Dense<C, 2> data("data", 16, 9), sums("sums", 16, 9);
  bw::project(exec, reference, bw::Poses{rotations}, whole, {}, linear);
  bw::backproject(exec, whole, bw::none, bw::Poses{rotations}, data, bw::none, {}, linear);
  for (long p = 0; p < count; p += block) {
    const auto some = std::pair(p, std::min(p + block, count));
    const bw::Poses poses{Kokkos::subview(rotations, some, Kokkos::ALL, Kokkos::ALL)};
    const auto slices = Kokkos::subview(blocks, some, Kokkos::ALL);
    bw::project(exec, reference, poses, slices, {}, linear);
    bw::backproject(exec, slices, bw::none, poses, sums, bw::none, {.accumulate = true}, linear);
  }
  exec.fence();
  const auto want = download(whole);
  CHECK(identical(download(blocks), want));
  // A number of the reference is the sum of some 10⁶ terms.
  CHECK(relative_error(download(sums), download(data)) < 1e6 * std::numeric_limits<double>::epsilon());
  CHECK(std::count_if(want.end() - 5, want.end(), [](const auto& v) { return v != 0.0; }) > 0);
}

TEST_CASE("a reference of 20 GiB", "[.large]") {
  using C = Kokkos::complex<float>;
  const Kokkos::DefaultHostExecutionSpace exec;
  // 2.7 · 10⁹ numbers; from 1626 on they are more than 2³¹, 16 GiB.
  const char* const extent = std::getenv("BRACEWELL_LARGE_EXTENT");
  const int n = extent ? std::atoi(extent) : 1752, half = n / 2 + 1;
  const Dense<C, 3, HostMemory> reference(Kokkos::view_alloc("reference", Kokkos::WithoutInitializing), n, n, half);
  // Hermitian, and every number in place is known: small integers are exact.
  const auto value = [=](int z, int y, int x) { return C(float(z * z + y * y + x * x), float(z * 2 + y * 3 + x * 5)); };
  Kokkos::parallel_for("fill", Kokkos::MDRangePolicy<Kokkos::DefaultHostExecutionSpace, Kokkos::Rank<2>>({0, 0}, {n, n}),
                       [=](int z, int y) {
                         for (int x = 0; x < half; ++x)
                           reference(z, y, x) = value(bw::frequency(z, n), bw::frequency(y, n), x);
                       });
  // Image x, y are the object's x, y and y, z: identity and a turn of axes.
  const bw::Poses poses{upload<double, 3, HostMemory>({2, 2, 3}, std::vector<double>{1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1})};
  const auto slices = unset<C, 3, HostMemory>({2, n, half});
  bw::project(exec, reference, poses, slices, {.cutoff = 0.49}, linear);
  exec.fence();
  const auto got = download(slices);
  long wrong = 0, seen = 0;
  for (int p = 0; p < 2; ++p)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < half; ++x) {
        const int k = bw::frequency(y, n);
        if (std::hypot(x, k) > 0.489 * n) continue;
        const C want = p == 0 ? value(0, k, x) : value(k, x, 0);
        const auto is = got[(std::size_t(p) * n + y) * half + x];
        wrong += is.real() != want.real() || is.imag() != want.imag();
        ++seen;
      }
  CHECK(wrong == 0);
  CHECK(seen > 1000000);
}
