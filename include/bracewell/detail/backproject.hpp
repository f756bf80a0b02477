// SPDX-License-Identifier: MIT
// What backproject and its derivatives do at a block of samples.
#pragma once

#include <bracewell/detail/inserting.hpp>
#include <bracewell/detail/pose_sums.hpp>
#include <bracewell/detail/reading.hpp>
#include <bracewell/detail/zones.hpp>

namespace bracewell::detail {

/// Times the multiplicity: a half where a sample's column is its own mate.
template <class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void halve(const Block<T, N, M, Count>& block, int width, T (&x)[Count]) {
  const auto at = [&](int kx) {
    const int lane = kx - block.kx;
    if (lane >= block.lanes.begin && lane < block.lanes.end) x[lane] *= T(0.5);
  };
  at(0);
  if (width % 2 == 0) at(width / 2);
}

/// What is inserted of a block: multiplicity · conj(phase) · slices, and multiplicity · weights (None: ones). Idle lanes are
/// left as they are, unless the caller does not mind.
template <bool Idle, class Slicing, class Images, class Weights, class T, int N, int M, int Count>
KOKKOS_INLINE_FUNCTION void load_block(const Slicing& slicing, const Images& slices, const Weights& weights,
                                       const Block<T, N, M, Count>& block, T (&re)[Count], T (&im)[Count],
                                       T (&weight)[Count]) {
  constexpr bool has_slices = !std::is_same_v<Images, None>;
  if constexpr (has_slices) {
    const Kokkos::complex<T>* row = slices.row(block.b, block.p, *block.row) + block.kx;
    for_lanes<Idle>(block, slicing.columns(), [&](int lane) {
      re[lane] = row[lane].real();
      im[lane] = row[lane].imag();
    });
  }
  if constexpr (std::is_same_v<Weights, None>) {
    for_lanes<Idle>(block, slicing.columns(), [&](int lane) { weight[lane] = 1; });
  } else {
    const T* row = weights.row(block.b, block.p, *block.row) + block.kx;
    for_lanes<Idle>(block, slicing.columns(), [&](int lane) { weight[lane] = row[lane]; });
  }
  const int width = slicing.slice_extent[0];
  if constexpr (has_slices) {
    halve(block, width, re);
    halve(block, width, im);
  }
  halve(block, width, weight);
  if constexpr (Slicing::shifted && has_slices) block.template turn<-1>(re, im);
}

/// The arrays of backproject: images to read, grids to add to; its cotangents read the latter.
template <class Slicing, class T, int N, int M, class Images_, class Weights_, class Data_, class Density_>
struct Insertions : SlicingOperation<Slicing, T, N, M> {
  using Images = Images_;    // Slices or None, of complex numbers
  using Weights = Weights_;  // of real numbers
  using Data = Data_;        // Grid or None, of complex numbers
  using Density = Density_;  // of real numbers

  Images slices;
  Weights weights;
  Data data;
  Density density;
  std::int64_t data_stride, density_stride;
  bool accumulate;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t, std::int64_t, const Row<T, N, M>&, int, int) const {}

  void clear(std::int64_t b, const Zone<N>& zone) const {
    if (accumulate) return;
    if constexpr (Given<Data>) clear_rows(at(data, b * data_stride), zone);
    if constexpr (Given<Density>) clear_rows(at(density, b * density_stride), zone);
  }
};

template <class T, int N, int M, class Slicing, class S, class W, class D, class R>
auto make_insertions(const Slicing& slicing, std::int64_t poses, const S& slices, const W& weights, const D& data,
                     const R& density, const SliceOptions& options) {
  const auto images = make_slices<M, const Kokkos::complex<T>>(slices);
  const auto image_weights = make_slices<M, const T>(weights);
  const auto data_grid = make_grid<N, Element<D>>(data);
  const auto density_grid = make_grid<N, Element<R>>(density);
  return Insertions<Slicing, T, N, M, std::decay_t<decltype(images)>, std::decay_t<decltype(image_weights)>,
                    std::decay_t<decltype(data_grid)>, std::decay_t<decltype(density_grid)>>{
      {slicing, poses},  images, image_weights, data_grid, density_grid, batch_stride<N>(data), batch_stride<N>(density),
      options.accumulate};
}

template <class Base, class T, int N, int M, class Kernel>
struct Backproject : Base {
  using Data = typename Base::Data;
  using Density = typename Base::Density;
  static constexpr int reach = Kernel::reach;

  Kernel kernel;

  template <int Count>
  using Plan = detail::Plan<T, N, M, reach, false, true, Count>;

  template <int Count, class Owner>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, const Owner& owner, Plan<Count>& plan) const {
    const auto data_b = at(this->data, block.b * this->data_stride);
    const auto density_b = at(this->density, block.b * this->density_stride);
    plan.template set<false>(block, kernel, first_given(data_b, density_b), owner);
    plan.prefetch(data_b, density_b);
    prefetch_block(this->slices, block);
    prefetch_block(this->weights, block);
  }

  template <int Count, class Owner, class Add>
  KOKKOS_INLINE_FUNCTION void run(const detail::Plan<T, N, M, reach, false, true, Count>& plan, const Owner& owner, NoSums&,
                                  const Add& add) const {
    const auto& block = plan.block;
    const auto data_b = at(this->data, block.b * this->data_stride);
    const auto density_b = at(this->density, block.b * this->density_stride);
    Insertion<Data, Density, T, Count> insertion{data_b, density_b};
    load_block<true>(this->slicing, this->slices, this->weights, block, insertion.re, insertion.im, insertion.weight);
    // Where several taps share a column, Σ |φ| is not |Σ φ|. On a device it is |φ| always: no choice leaves arrays in registers.
    if constexpr (Given<Density>)
      if (Count == 1 || this->slicing.extent[0] < 2 * reach) {
        typename Plan<Count>::Stencil absolute;
        Plan<Count>::template set_stencil<true>(block, kernel, this->slicing.extent[0], absolute);
        return insert_samples<N>(insertion, plan, absolute, owner, add);
      }
    insert_samples<N>(insertion, plan, plan.stencil, owner, add);
  }
};

/// Inserts the rates of what is inserted, and what is inserted with the rates of its weights. The base reads the tangents of
/// slices and weights. Rates: a Slicing of the poses' tangents.
template <class Base, class T, int N, int M, class Images, class Weights, class Rates, class Kernel>
struct BackprojectTangent : Base {
  static constexpr int reach = Kernel::reach;

  Images primal_slices;
  Weights primal_weights;
  Rates rates;
  Kernel kernel;

  template <int Count>
  using Plan = Block<T, N, M, Count>;  // its kernels φ and |φ| make two

  template <int Count, class Owner>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, const Owner&, Plan<Count>& plan) const {
    plan = block;
  }

  template <int Count, class Owner, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Block<T, N, M, Count>& block, const Owner& owner, NoSums&, const Add& add) const {
    using DataGrid = typename Base::Data;
    using DensityGrid = typename Base::Density;
    const None no;
    if constexpr (Given<DataGrid>) {
      const auto grid = at(this->data, block.b * this->data_stride);
      insert<false>(InsertionRate<DataGrid, None, T, N, Count>{{grid, no}}, block, owner, add);
    }
    if constexpr (Given<DensityGrid>) {
      const auto grid = at(this->density, block.b * this->density_stride);
      insert<true>(InsertionRate<None, DensityGrid, T, N, Count>{{no, grid}}, block, owner, add);
    }
  }

 private:
  template <bool Absolute, class Set, int Count, class Owner, class Add>
  KOKKOS_INLINE_FUNCTION void insert(Set set, const Block<T, N, M, Count>& block, const Owner& owner, const Add& add) const {
    T unused[Count];
    if constexpr (Absolute) {
      load_block<true>(this->slicing, None{}, primal_weights, block, set.re, set.im, set.weight);
      if constexpr (Given<typename Base::Weights>)
        load_block<true>(this->slicing, None{}, this->weights, block, set.re, set.im, set.weight_rate);
    } else {
      load_block<true>(this->slicing, primal_slices, None{}, block, set.re, set.im, unused);
      if constexpr (Given<typename Base::Images>)
        load_block<true>(this->slicing, this->slices, None{}, block, set.re_rate, set.im_rate, unused);
    }
    if constexpr (Rates::rotated || Rates::shifted) {
      const auto rate = rate_row(rates, block);
      for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane) {
        for (int d = 0; d < N; ++d) set.kappa_rate[d][lane] = rate.kappa(d, block.kx + lane);
        if constexpr (Rates::shifted && !Absolute) {
          const T turning = rate.angle(block.kx + lane);
          set.re_rate[lane] -= turning * set.im[lane];
          set.im_rate[lane] += turning * set.re[lane];
        }
      }
    }
    detail::Plan<T, N, M, reach, true, true, Count> plan;
    plan.template set<Absolute>(block, kernel, first_given(set.data, set.density), owner);
    insert_samples<N>(set, plan, plan.stencil, owner, add);
  }
};

/// Gathers the base's grids, the cotangents of data and density, symmetrised as insertion symmetrises, for the cotangents of
/// slices, weights (Slices, or None) and poses (PoseSums, or NoSums).
template <class Base, class T, int N, int M, class ImagesBar, class WeightsBar, class Sums_, class Kernel>
struct BackprojectCotangent : Base {
  using Sums = Sums_;
  using DataBar = typename Base::Data;
  using DensityBar = typename Base::Density;
  using Slicing = typename Base::Slicing;

  ImagesBar slices_bar;
  WeightsBar weights_bar;
  Kernel kernel;
  PoseParts<Sums> parts;

  KOKKOS_INLINE_FUNCTION void blank(std::int64_t b, std::int64_t p, const Row<T, N, M>& row, int begin, int end) const {
    if (this->accumulate) return;
    if constexpr (Given<ImagesBar>) write_blank(slices_bar, b, p, row, begin, end);
    if constexpr (Given<WeightsBar>) write_blank(weights_bar, b, p, row, begin, end);
  }

  template <int Count>
  using Plan = Block<T, N, M, Count>;  // its kernels φ and |φ| make two

  template <int Count, class Owner>
  KOKKOS_INLINE_FUNCTION void plan(const Block<T, N, M, Count>& block, const Owner&, Plan<Count>& plan) const {
    plan = block;
  }

  template <int Count, class Add>
  KOKKOS_INLINE_FUNCTION void run(const Block<T, N, M, Count>& block, Whole, Sums& sums, const Add&) const {
    [[maybe_unused]] const int width = this->slicing.slice_extent[0];
    T re[Count] = {}, im[Count] = {}, weight[Count] = {};
    if constexpr (summing<Sums>) load_block<false>(this->slicing, this->slices, this->weights, block, re, im, weight);
    if constexpr (Given<DataBar> && (Given<ImagesBar> || summing<Sums>)) {
      auto bar = gather<2, false>(this->data, this->data_stride, block);
      if constexpr (summing<Sums>) sums.add(block, bar, re, im);
      if constexpr (Given<ImagesBar>) {
        auto& [bar_re, bar_im] = bar.part[0];
        if constexpr (Slicing::shifted) block.template turn<1>(bar_re, bar_im);
        halve(block, width, bar_re);
        halve(block, width, bar_im);
        write_block(slices_bar, block, bar_re, bar_im, this->accumulate);
      }
    } else {
      if constexpr (Given<ImagesBar>) blank(block, slices_bar);
    }
    if constexpr (Given<DensityBar> && (Given<WeightsBar> || summing<Sums>)) {
      auto bar = gather<1, true>(this->density, this->density_stride, block);
      if constexpr (summing<Sums>) sums.add(block, bar, weight, weight);
      if constexpr (Given<WeightsBar>) {
        halve(block, width, bar.part[0][0]);
        T* out = weights_bar.row(block.b, block.p, *block.row) + block.kx;
        for (int lane = block.lanes.begin; lane < block.lanes.end; ++lane)
          out[lane] = this->accumulate ? out[lane] + bar.part[0][0][lane] : bar.part[0][0][lane];
      }
    } else {
      if constexpr (Given<WeightsBar>) blank(block, weights_bar);
    }
  }

 private:
  template <int Components, bool Absolute, class Bar, int Count>
  KOKKOS_INLINE_FUNCTION auto gather(const Bar& grid, std::int64_t stride, const Block<T, N, M, Count>& block) const {
    constexpr bool slopes = Sums::rotations;
    const auto grid_b = at(grid, block.b * stride);
    detail::Plan<T, N, M, Kernel::reach, slopes, true, Count> plan;
    plan.template set<Absolute>(block, kernel, grid_b, Whole{});
    Samples<T, Components, slopes ? 1 + N : 1, Count> samples{};
    read_samples<slopes>(grid_b, plan, samples);
    return samples;
  }

  template <int Count, class Bar>
  KOKKOS_INLINE_FUNCTION void blank(const Block<T, N, M, Count>& block, const Bar& bar) const {
    const int begin = block.kx + block.lanes.begin, end = block.kx + block.lanes.end;
    if (!this->accumulate) write_blank(bar, block.b, block.p, *block.row, begin, end);
  }
};

}  // namespace bracewell::detail
