// SPDX-License-Identifier: MIT
// libFuzzer's view of the operations: shapes, strides, widths, options and numbers are made of bytes. Every array has the memory that
// its View spans, and no more, or a null pointer where that, or its elements, would be many. So a call is refused by
// std::invalid_argument, with nothing written, or stays within its arrays, as AddressSanitizer sees, and asks for no more scratch
// than so little data can need.
#include <bracewell/bracewell.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

namespace bw = bracewell;

namespace {

class Bytes {
 public:
  Bytes(const unsigned char* data, std::size_t size) : next_(data), end_(data + size) {}

  int take() { return next_ < end_ ? *next_++ : 0; }
  bool rarely() { return take() > 230; }

  double number() {
    static constexpr double numbers[] = {0,     1,    -1,     0.5,   -0.5,  0.25,
                                         1.5,   -2,   3,      1e-30, 1e30,  std::numeric_limits<double>::infinity(),
                                         1e300, -1e9, 5e-324, 0.3,   0.999, std::numeric_limits<double>::quiet_NaN()};
    const int byte = take();
    return byte < 128 ? (byte - 64) / 37.0 : numbers[std::size_t(byte - 128) % std::size(numbers)];
  }

  std::size_t extent() {
    static constexpr std::size_t large[] = {std::size_t(1) << 30, (std::size_t(1) << 31) + 2, (std::size_t(1) << 32) - 1,
                                            (std::size_t(1) << 32) + 3, std::size_t(1) << 62};
    const int byte = take();
    return byte < 245 ? std::size_t(byte % 10) : large[std::size_t(byte) % std::size(large)];
  }

 private:
  const unsigned char *next_, *end_;
};

constexpr unsigned char untouched = 0x5a;

/// An array of strides by bytes, mostly dense ones, and mostly of the extents that are asked for.
template <class Data, class V, int Rank>
class Array {
 public:
  Array(Bytes& bytes, std::array<std::size_t, Rank> extents, bool numbers = false) {
    Kokkos::LayoutStride layout;
    if (bytes.rarely()) extents[std::size_t(bytes.take()) % Rank] = bytes.extent();
    if constexpr (Kokkos::View<Data>::rank_dynamic < Rank) extents[Rank - 1] = Kokkos::View<Data>::static_extent(Rank - 1);
    std::size_t stride = 1;
    double span = 1, count = 1;
    for (std::size_t axis = Rank; axis-- > 0;) {
      layout.dimension[axis] = extents[axis];
      layout.stride[axis] = bytes.rarely() ? std::size_t(bytes.take() % 20) : stride;
      stride *= std::max<std::size_t>(extents[axis], 1);
      count *= double(extents[axis]);
      span += extents[axis] > 0 ? double(extents[axis] - 1) * double(layout.stride[axis]) : 0;
    }
    const bool nothing = std::find(extents.begin(), extents.end(), 0) != extents.end();
    if (span < 20000 && count < 1e6) {
      size_ = nothing ? 0 : std::size_t(span);
      memory_.reset(new V[size_]);
      std::fill_n(reinterpret_cast<unsigned char*>(memory_.get()), size_ * sizeof(V), untouched);
      if (numbers)
        for (std::size_t i = 0; i < size_; ++i) memory_[i] = V(bytes.number());
    }
    view = View(memory_.get(), layout);
  }

  using View = Kokkos::View<Data, Kokkos::LayoutStride, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  View view;

  bool is_untouched() const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(memory_.get());
    return std::all_of(bytes, bytes + size_ * sizeof(V), [](unsigned char c) { return c == untouched; });
  }

 private:
  std::unique_ptr<V[]> memory_;
  std::size_t size_ = 0;
};

/// call() is refused, and then none of the outputs was touched, or does its work.
template <class Call, class... Outputs>
void check(const Call& call, const Outputs&... outputs) {
  try {
    call();
  } catch (const std::invalid_argument&) {
    if (!(outputs.is_untouched() && ...)) std::abort();
  }
}

using T = float;
using C = Kokkos::complex<float>;
const Kokkos::DefaultHostExecutionSpace& exec() {
  static const Kokkos::DefaultHostExecutionSpace instance;
  return instance;
}

/// Arrays of slicing, 2 -> 2.
void slice(Bytes& bytes) {
  bw::SliceOptions options;
  const int choice = bytes.take();
  options.accumulate = choice & 1;
  options.interpolation = bw::Interpolation(choice / 2 % 6);
  if (bytes.rarely()) options.oversampling = bytes.number();
  if (bytes.rarely()) options.padding = bytes.number();
  if (bytes.rarely()) options.cutoff = bytes.number();
  if (options.interpolation >= bw::Interpolation::kaiser_bessel_4 && options.padding == 0) options.padding = 2;
  const std::size_t B = bytes.extent(), P = bytes.extent(), H = bytes.extent(), h = bytes.extent();
  const long W = bytes.take() % 12, w = bytes.take() % 12;
  const std::array<std::size_t, 3> grid{B, H, std::size_t(W / 2 + 1)};
  const std::array<std::size_t, 4> stack{B, P, h, std::size_t(w / 2 + 1)};
  const auto pose_batch = [&] { return bytes.rarely() ? std::size_t(1) : B; };
  const auto width = [&](long usual) { return bytes.rarely() ? long(bytes.take()) - 100 : usual; };
  const Array<C***, C, 3> reference(bytes, grid), reference_other(bytes, grid);
  const Array<T***, T, 3> density(bytes, grid);
  const Array<C****, C, 4> slices(bytes, stack), slices_other(bytes, stack);
  const Array<T****, T, 4> weights(bytes, stack), weights_other(bytes, stack);
  const Array<double****, double, 4> rotations(bytes, {pose_batch(), P, 2, 2}, true);
  const Array<double***, double, 3> shifts(bytes, {pose_batch(), P, 2}, true);
  const Array<double****, double, 4> rotations_other(bytes, {rotations.view.extent(0), P, 2, 2});
  const Array<double***, double, 3> shifts_other(bytes, {shifts.view.extent(0), P, 2});
  const bw::Poses poses{rotations.view, shifts.view}, others{rotations_other.view, shifts_other.view};
  const bw::Spectrum r{reference.view, width(W)}, r_other{reference_other.view, width(W)};
  const bw::Spectrum d{density.view, width(W)};
  const bw::Spectrum s{slices.view, width(w)}, s_other{slices_other.view, width(w)};
  const bw::Spectrum v{weights.view, width(w)}, v_other{weights_other.view, width(w)};
  switch (bytes.take() % 6) {
    case 0:
      return check([&] { bw::project(exec(), r, poses, s, options); }, slices);
    case 1:
      return check([&] { bw::project_jvp(exec(), r, r_other, poses, others, s, options, bw::Cubic{}); }, slices);
    case 2:
      return check([&] { bw::project_vjp(exec(), r, poses, s, r_other, others, options, bw::Cubic{}); }, reference_other,
                   rotations_other, shifts_other);
    case 3:
      return check([&] { bw::backproject(exec(), s, v, poses, r, d, options); }, reference, density);
    case 4:
      return check([&] { bw::backproject_jvp(exec(), s, s_other, v, v_other, poses, others, r, d, options, bw::Cubic{}); },
                   reference, density);
    case 5:
      return check([&] { bw::backproject_vjp(exec(), s, v, poses, r, d, s_other, v_other, others, options, bw::Cubic{}); },
                   slices_other, weights_other, rotations_other, shifts_other);
  }
}

/// Arrays of points, 3 -> 2.
void draw(Bytes& bytes) {
  bw::RasterOptions options;
  options.accumulate = bytes.take() & 1;
  if (bytes.rarely()) options.voxel_size = bytes.number();
  const std::size_t B = bytes.extent(), P = bytes.extent(), n = bytes.extent(), channels = bytes.extent(),
                    h = bytes.extent(), w = bytes.extent();
  const auto batch = [&] { return bytes.rarely() ? std::size_t(1) : B; };
  using Points = Array<T** [3], T, 3>;
  const Points points(bytes, {batch(), n, 3}, true), points_other(bytes, {points.view.extent(0), n, 3});
  const Array<T***, T, 3> weights(bytes, {batch(), n, channels}, true),
      weights_other(bytes, {weights.view.extent(0), n, channels});
  const Array<double****, double, 4> rotations(bytes, {batch(), P, 2, 3}, true),
      rotations_other(bytes, {rotations.view.extent(0), P, 2, 3});
  const Array<double***, double, 3> shifts(bytes, {batch(), P, 2}, true), shifts_other(bytes, {shifts.view.extent(0), P, 2});
  const Array<T**, T, 2> background(bytes, {batch(), P}, true), out_weight(bytes, {batch(), P}, true),
      background_other(bytes, {background.view.extent(0), P}), out_weight_other(bytes, {out_weight.view.extent(0), P});
  const Array<T*****, T, 5> images(bytes, {B, P, channels, h, w});
  const bw::PointCloud cloud{points.view, weights.view}, cloud_other{points_other.view, weights_other.view};
  const bw::Poses poses{rotations.view, shifts.view}, poses_other{rotations_other.view, shifts_other.view};
  const bw::Exposure exposure{background.view, out_weight.view},
      exposure_other{background_other.view, out_weight_other.view};
  switch (bytes.take() % 3) {
    case 0:
      return check([&] { bw::raster(exec(), cloud, poses, exposure, images.view, options); }, images);
    case 1:
      return check(
          [&] {
            bw::raster_jvp(exec(), cloud, cloud_other, poses, poses_other, exposure, exposure_other, images.view, options);
          },
          images);
    case 2:
      return check(
          [&] {
            bw::raster_vjp(exec(), cloud, poses, exposure, images.view, cloud_other, poses_other, exposure_other, options);
          },
          points_other, weights_other, rotations_other, shifts_other, background_other, out_weight_other);
  }
}

/// Around slices.
void finish(Bytes& bytes) {
  const int choice = bytes.take();
  const std::size_t D = bytes.extent(), H = bytes.extent();
  const long W = bytes.take() % 12, width = bytes.rarely() ? long(bytes.take()) - 100 : W;
  const std::array<std::size_t, 3> grid{D, H, std::size_t(W / 2 + 1)};
  const Array<C***, C, 3> data(bytes, grid);
  const Array<T***, T, 3> density(bytes, grid), map(bytes, {D, H, std::size_t(W)});
  const double number = bytes.number();
  const bw::SliceOptions options{.interpolation = bw::Interpolation(bytes.take() % 6), .padding = bytes.number()};
  const std::array<long, 3> padded{bytes.take() - 10L, bytes.take() - 10L, bytes.take() - 10L};
  const bw::Spectrum s{data.view, width};
  switch (choice % 6) {
    case 0:
      return check([&] { bw::origin_to_zero(exec(), s); }, data);
    case 1:
      return check([&] { bw::origin_to_centre<2>(exec(), s); }, data);
    case 2:
      return check([&] { bw::divide_by_density(exec(), s, density.view, number); }, data);
    case 3:
      return check([&] { bw::divide_wiener(exec(), s, density.view, number); }, data);
    case 4:
      return check([&] { bw::correct_gridding(exec(), map.view, padded, bw::Gridding(bytes.take() % 3), options); }, map);
    case 5:
      return check([&] {
        const bw::Sampler<C, 3, bw::Cubic> sampler(s);
        const Kokkos::Array<T, 3> kappa{T(bytes.number()), T(bytes.number()), T(bytes.number())};
        sampler.value_and_gradient(kappa);
        sampler.insert(kappa, C(1, 2));
        sampler.add_cotangent(kappa, C(1, 2));
      });
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  Kokkos::initialize();
  std::atexit([] { Kokkos::finalize(); });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Bytes bytes(data, size);
  switch (bytes.take() % 3) {
    case 0:
      slice(bytes);
      break;
    case 1:
      draw(bytes);
      break;
    default:
      finish(bytes);
  }
  return 0;
}
