// SPDX-License-Identifier: MIT
// From cotangents of images to those of points, weights, poses and exposures. With G the cotangent of an image, and of a
// point
//
//     value   = Σ_v G[v] Π_e φ(x_e − v_e),     slope_e = ∂value/∂x_e,     by_width = ∂value/∂width,
//
// the cotangents are those of x, out_weight · weight · slope (which the projection pulls back to points and poses), of its
// width, out_weight · weight · by_width, of its weight, out_weight · value, of out_weight, Σ_i weight_i · value_i, and of the
// background, Σ_v G[v].
//
// Every point reads the voxels under its taps. Sums over points, for poses and exposures, are made of shares that are added
// in a fixed order. Sums over images, for points and weights, are made by one thread on a host, or, where there are too few
// points for many cores, of shares of the images that are added in a fixed order; on a device they are atomic additions.
#pragma once

#include <bracewell/detail/points/load.hpp>
#include <bracewell/detail/points/problem.hpp>
#include <bracewell/detail/points/voxels.hpp>

#include <algorithm>
#include <cstring>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Which cotangents are wanted: of points, weights, widths, the projection's parameters (rotations or a camera's), shifts,
/// out_weight.
template <bool Points, bool Weights, bool Widths, bool Parameters, bool Shifts, bool OutWeight>
struct Wanted {
  static constexpr bool points = Points, weights = Weights, widths = Widths, parameters = Parameters, shifts = Shifts,
                        out_weight = OutWeight;
  static constexpr bool slopes = Points || Parameters || Shifts;
};

/// Tables of the cotangents of points, of None where they are not wanted.
template <class Points, class Weights, class Widths>
struct CloudBars {
  Points points;
  Weights weights;
  Widths widths;
};
template <class Points, class Weights, class Widths>
CloudBars(Points, Weights, Widths) -> CloudBars<Points, Weights, Widths>;

/// A row of taps along x, of an image with edges.
template <class T, int Taps, int M, class Walk>
struct EdgeReader {
  using Value = simd::Strip<T, Taps>;
  static constexpr int slopes = 0;

  const Walk& walk;
  const T* image;

  KOKKOS_INLINE_FUNCTION Jet<Value, 0> operator()(std::int64_t where) const {
    T row[Taps] = {};
    if (where >= 0)
      for (int j = 0; j < Taps; ++j)
        if (walk.owns(0, j)) row[j] = image[where + walk.index(0, j)];
    return {Value::load(row)};
  }
};

template <class T, int Taps>
struct RowReader {
  using Value = simd::Strip<T, Taps>;
  static constexpr int slopes = 0;

  const T* image;

  KOKKOS_INLINE_FUNCTION Jet<Value, 0> operator()(std::int64_t where) const { return {Value::load(image + where)}; }
};

/// All taps of a pack of points at once, x as axis 1. Taps are numbered, x fastest.
template <class Taps, class P, Slope By>
struct PatchWalk {
  static constexpr int taps = Taps::taps;

  const Taps& point;
  int lane;

  KOKKOS_INLINE_FUNCTION static int step(int axis, int j, int tap) {
    for (int a = 1; a < axis; ++a) j *= taps;
    return tap + j;
  }
  KOKKOS_INLINE_FUNCTION P weight(int axis, int j) const { return simd::load<P>(point.weight[axis - 1][j] + lane); }
  KOKKOS_INLINE_FUNCTION P slope(int axis, int j) const {
    if constexpr (By == Slope::by_width) {
      return simd::load<P>(point.by_width[axis - 1][j] + lane);
    } else {
      return simd::load<P>(point.slope[axis - 1][j] + lane);
    }
  }
};

template <class P>
struct PatchReader {
  using Value = P;
  static constexpr int slopes = 0;

  const P* tap;

  KOKKOS_INLINE_FUNCTION Jet<P, 0> operator()(int t) const { return {tap[t]}; }
};

template <class RasterProblem, class WantedType>
struct GradientOperation {
  using Want = WantedType;
  using T = typename RasterProblem::T;
  using C = typename RasterProblem::C;
  using ForOneImage = typename RasterProblem::Projection::ForOneImage;
  static constexpr int N = RasterProblem::N, M = RasterProblem::M, taps = 2 * RasterProblem::Kernel::reach;
  static constexpr int patch = [] {  // all taps of a point
    int size = 1;
    for (int e = 0; e < M; ++e) size *= taps;
    return size;
  }();
  static constexpr int pose_sums = RasterProblem::Projection::template sum_count<Want::parameters, Want::shifts>;
  static constexpr int sums = pose_sums + (Want::out_weight ? 1 : 0);
  template <int Count>
  using TapsOf = PointTaps<C, T, M, RasterProblem::Kernel::reach, RasterProblem::wide, Want::slopes || Want::widths,
                           Want::widths, Count>;

  RasterProblem problem;
  ImageStack<const T, M> images;

  /// Some points on one image: their coordinates, the cotangents of x, and each one's share of the cotangent of out_weight.
  /// All are 0 for points that drop out.
  template <int Count>
  struct PointCotangents {
    C q[N][Count];
    C x_bar[M][Count];
    C out_weight_bar[Count];
  };

  /// Points i … i + count − 1 of object b on image p. add_weight(c, cotangents of weights), and of widths those of channel c
  /// to add_width.
  template <int Count, class AddWeight, class AddWidth>
  KOKKOS_INLINE_FUNCTION void read(const ForOneImage& projection, std::int64_t b, std::int64_t p, std::int64_t i, int count,
                                   PointCotangents<Count>& bars, const AddWeight& add_weight,
                                   const AddWidth& add_width) const {
    constexpr int W = simd::pack_width<C, Count>;
    using P = simd::Pack<C, W>;
    using Point = TapsOf<Count>;
    C x[M][Count];
    load_points(problem.points, b, i, count, bars.q);
    for (int lane = 0; lane < Count; lane += W) {
      P at[N], to[M];
      for (int d = 0; d < N; ++d) at[d] = simd::load<P>(bars.q[d] + lane);
      projection.value(at, to);
      for (int e = 0; e < M; ++e) simd::store(x[e] + lane, to[e]);
    }
    drop_idle_lanes(count, x);
    Point point;
    const auto index = [&](int lane) { return i + (lane < count ? lane : 0); };
    point.set(problem.kernel, x, problem.template load_widths<Count>(b, index), images.extent);
    for (int d = 0; d < N; ++d)
      for (int lane = 0; lane < Count; ++lane) bars.q[d][lane] = point.inside[lane] ? bars.q[d][lane] : C(0);
    for (int lane = 0; lane < Count; ++lane) bars.out_weight_bar[lane] = 0;
    for (int e = 0; e < M; ++e)
      for (int lane = 0; lane < Count; ++lane) bars.x_bar[e][lane] = 0;

    typename Point::Int where[Count], whole[Count];  // whole: whether all taps fall on voxels
    starts(point, where, whole);
    const T out_weight = T(problem.out_weight(b, p));
    for (int c = 0; c < problem.channels; ++c) {
      T value[Count], slope[Want::slopes ? M : 1][Count], weight[1][Count];
      const T* const image = images.at(b, p, c);
      sample<Slope::by_x, Want::slopes>(point, image, where, whole, value, slope);
      load_weights(problem.weights, b, i, count, c, weight);
      for (int lane = 0; lane < Count; ++lane) weight[0][lane] = point.inside[lane] ? weight[0][lane] : T(0);
      if constexpr (Want::slopes)
        for (int e = 0; e < M; ++e)
          for (int lane = 0; lane < Count; ++lane) bars.x_bar[e][lane] += out_weight * weight[0][lane] * slope[e][lane];
      if constexpr (Want::out_weight)
        for (int lane = 0; lane < Count; ++lane) bars.out_weight_bar[lane] += weight[0][lane] * value[lane];
      if constexpr (Want::weights) {
        for (int lane = 0; lane < Count; ++lane) value[lane] *= out_weight;
        add_weight(c, value);
      }
      if constexpr (Want::widths) {
        T by_width[M][Count];
        sample<Slope::by_width, true>(point, image, where, whole, value, by_width);
        for (int lane = 0; lane < Count; ++lane) {
          value[lane] = 0;
          for (int e = 0; e < M; ++e) value[lane] += out_weight * weight[0][lane] * by_width[e][lane];
        }
        add_width(value);
      }
    }
  }

 private:
  template <class Point, class Int, int Count>
  KOKKOS_INLINE_FUNCTION void starts(const Point& point, Int (&where)[Count], Int (&whole)[Count]) const {
    if constexpr (Count > 1) {
      using I = simd::Pack<Int, simd::pack_width<C, Count>>;
      std::int64_t last = 0;  // offset of the farthest tap
      for (int e = 0; e < M; ++e) last += (images.extent[e] - 1) * images.stride[e];
      const bool fit = last <= Kokkos::Experimental::finite_max_v<Int>;
      for (int lane = 0; lane < Count; lane += simd::lanes<I>) {
        I at{}, all = I{} + Int(fit);
        const I zero{};
        for (int e = 0; e < M; ++e) {
          const I first = simd::load<I>(point.first[e] + lane);
          at += first * Int(images.stride[e]);
          all = simd::select(first >= zero, simd::select(first <= I(zero + Int(images.extent[e] - taps)), all, zero), zero);
        }
        simd::store(where + lane, at);
        simd::store(whole + lane, all);
      }
    } else {
      whole[0] = 0;  // a thread of a device looks at every tap
    }
  }

  /// Values and slopes at points; 0 outside.
  template <Slope By, bool WithSlopes, int Count, class Slopes, class Int>
  KOKKOS_INLINE_FUNCTION void sample(const TapsOf<Count>& point, const T* image, const Int (&where)[Count],
                                     const Int (&whole)[Count], T (&value)[Count], Slopes& slope) const {
    if constexpr (Count > 1 && patch <= 8) {
      sample_patches<By, WithSlopes>(point, image, where, whole, value, slope);
    } else {
      T row[WithSlopes ? M : 1][Count][taps];  // of taps along x: values and, along the other axes, slopes
      for (int lane = 0; lane < Count; ++lane) read_rows<By, WithSlopes>(point, image, lane, where[lane], whole[lane], row);
      for (int lane = 0; lane < Count; ++lane) {
        value[lane] = 0;
        for (int j = 0; j < taps; ++j) value[lane] += point.weight[0][j][lane] * row[0][lane][j];
      }
      if constexpr (WithSlopes)
        for (int e = 0; e < M; ++e)
          for (int lane = 0; lane < Count; ++lane) {
            const TapWalk<TapsOf<Count>, By> walk{point, images.stride, lane};
            T sum = 0;
            for (int j = 0; j < taps; ++j)
              sum += e == 0 ? walk.slope(0, j) * row[0][lane][j] : walk.weight(0, j) * row[e][lane][j];
            slope[e][lane] = sum;
          }
    }
  }

  /// Where there are few taps: all of them are copied first, and then summed for a pack of points at a time.
  template <Slope By, bool WithSlopes, int Count, class Slopes, class Int>
  KOKKOS_INLINE_FUNCTION void sample_patches(const TapsOf<Count>& point, const T* image, const Int (&where)[Count],
                                             const Int (&whole)[Count], T (&value)[Count], Slopes& slope) const {
    using P = simd::Pack<T, simd::pack_width<T, Count>>;
    T voxel[Count][patch];
    std::int64_t offset[patch / taps];  // of rows
    for (int r = 0; r < patch / taps; ++r) {
      offset[r] = 0;
      for (int e = 1, rest = r; e < M; ++e, rest /= taps) offset[r] += rest % taps * images.stride[e];
    }
    for (int lane = 0; lane < Count; ++lane) {
      if (whole[lane]) {
        for (int r = 0; r < patch / taps; ++r)
          std::memcpy(voxel[lane] + r * taps, image + where[lane] + offset[r], sizeof(T) * taps);
      } else {
        for (int t = 0; t < patch; ++t) voxel[lane][t] = point.inside[lane] ? voxel_or_zero(point, image, lane, t) : T(0);
      }
    }
    for (int lane = 0; lane < Count; lane += simd::lanes<P>) {
      P tap[patch];
      Deinterleave<patch, P>::run(voxel[lane], tap);
      const PatchWalk<TapsOf<Count>, P, By> walk{point, lane};
      const auto jet = gather<M, WithSlopes>(walk, 0, PatchReader<P>{tap});
      simd::store(value + lane, jet.value);
      if constexpr (WithSlopes)
        for (int e = 0; e < M; ++e) simd::store(slope[e] + lane, jet.slope[e]);
    }
  }

  /// Tap t of a point, of which some are beyond the edges.
  template <int Count>
  KOKKOS_INLINE_FUNCTION T voxel_or_zero(const TapsOf<Count>& point, const T* image, int lane, int t) const {
    for (int e = 0; e < M; ++e, t /= taps) {
      const int v = int(point.first[e][lane]) + t % taps;
      if (unsigned(v) >= unsigned(images.extent[e])) return 0;
      image += v * images.stride[e];
    }
    return *image;
  }

  template <Slope By, bool WithSlopes, int Count, class Rows, class Int>
  KOKKOS_INLINE_FUNCTION void read_rows(const TapsOf<Count>& point, const T* image, int lane, Int where, Int whole,
                                        Rows& row) const {
    const auto store = [&](const auto& jet) {
      jet.value.store(row[0][lane]);
      if constexpr (WithSlopes && M > 1)
        for (int e = 1; e < M; ++e) jet.slope[e - 1].store(row[e][lane]);
    };
    if constexpr (Count > 1)
      if (whole) {
        const TapWalk<TapsOf<Count>, By> walk{point, images.stride, lane};
        store(gather<M - 1, WithSlopes>(walk, std::int64_t(where), RowReader<T, taps>{image}));
        return;
      }
    if (point.inside[lane]) {
      using Walk = EdgeWalk<TapsOf<Count>, By>;
      const Walk walk(point, images.stride, lane, images.extent);
      store(gather<M - 1, WithSlopes>(walk, std::int64_t(0), EdgeReader<T, taps, M, Walk>{walk, image}));
    } else {
      for (auto& axis : row)
        for (int j = 0; j < taps; ++j) axis[lane][j] = 0;
    }
  }
};

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
