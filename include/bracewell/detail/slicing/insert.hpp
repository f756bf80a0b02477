// SPDX-License-Identifier: MIT
// Inserting a few samples at once: the transpose of reading them.
#pragma once

#include <bracewell/detail/slicing/block_taps.hpp>

#include <algorithm>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Whether a grid has data with their density.
template <class G>
struct IsGridOfBoth : std::false_type {};
template <class T, int N>
struct IsGridOfBoth<Grid<DataAndDensity<T>, N>> : std::true_type {};

/// What is inserted at samples: complex numbers into `data`, with the kernel's weights, and real ones into `density`, with
/// their moduli. Either grid may be None; a grid of both may stand for data on devices, and on hosts where no weight is negative.
template <class Data, class Density, class T, int Count>
struct alignas(simd::alignment<Count>) BlockValues {
  static constexpr bool has_data = !std::is_same_v<Data, None>, has_density = !std::is_same_v<Density, None>;
  static constexpr bool has_both = IsGridOfBoth<Data>::value;  // in `data`
  static constexpr bool rates = false;

  const Data& data;
  const Density& density;
  T re[Count] = {}, im[Count] = {}, weight[Count] = {};
};

/// The same with the rates of change of values and of κ, for the rate of change of an insertion into one of the grids.
template <class Data, class Density, class T, int N, int Count>
struct BlockValueRates : BlockValues<Data, Density, T, Count> {
  static constexpr bool rates = true;

  T re_rate[Count] = {}, im_rate[Count] = {}, weight_rate[Count] = {};
  T kappa_rate[N][Count] = {};
};

/// The rows of taps that another walk knows, with the rates of change of their weights.
template <class Walk, class T, int N>
struct RateWalk {
  static constexpr int taps = Walk::taps;

  const Walk& walk;
  T kappa_rate[N];

  template <class Where>
  KOKKOS_INLINE_FUNCTION Where step(int axis, int j, Where where) const {
    return walk.step(axis, j, where);
  }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const { return walk.owns(axis, j); }
  KOKKOS_INLINE_FUNCTION Dual<T> weight(int axis, int j) const {
    return {walk.weight(axis, j), walk.slope(axis, j) * kappa_rate[axis]};
  }
};

/// A strip of Length numbers for each lane of a block, one after the other, set by packs of lanes. While they are transposed, pieces of
/// the strips of several lanes share a register.
template <class T, int Length, int Count>
class BlockStrips {
  using Strip = simd::Strip<T, Length>;
  using P = simd::Pack<T>;
  static constexpr int W = simd::width<T>, piece = Strip::piece_width;

 public:
  /// Pack j has the numbers j of the strips of a pack of lanes.
  KOKKOS_INLINE_FUNCTION void set(int lane, const P (&numbers)[Length]) {
    for (int j = 0; j < Length; j += piece) {
      P some[piece];
      for (int i = 0; i < piece; ++i) some[i] = numbers[j + i];
      if constexpr (piece > 1) simd::transpose_groups<piece>(some);
      for (int i = 0; i < piece; ++i) simd::store_groups<piece>(number_ + (lane + i) * Length + j, piece * Length, some[i]);
    }
  }

  KOKKOS_INLINE_FUNCTION Strip load(int lane) const { return Strip::load(number_ + lane * Length); }

 private:
  alignas(simd::alignment<Count>) T number_[Count * Length];
};

/// Weights of data and of density at the same taps, for grids of both.
template <class T>
struct BothWeights {
  T data, density;

  KOKKOS_INLINE_FUNCTION friend BothWeights operator*(const BothWeights& a, const BothWeights& b) {
    return {a.data * b.data, a.density * b.density};
  }
};

/// The rows of taps that a walk knows, with the density's weights of another beside its own.
template <class Walk, class T>
struct BothWalk {
  static constexpr int taps = Walk::taps;

  const Walk& walk;
  const Walk& density_walk;

  template <class Where>
  KOKKOS_INLINE_FUNCTION Where step(int axis, int j, Where where) const {
    return walk.step(axis, j, where);
  }
  KOKKOS_INLINE_FUNCTION bool owns(int axis, int j) const { return walk.owns(axis, j); }
  KOKKOS_INLINE_FUNCTION BothWeights<T> weight(int axis, int j) const {
    return {walk.weight(axis, j), density_walk.weight(axis, j)};
  }
  KOKKOS_INLINE_FUNCTION BothWeights<T> x_weight(int i) const { return {walk.x_weight(i), density_walk.x_weight(i)}; }
};

/// Runs leaf(where, product of the weights above x) for every row of a walk, for the sample of a lane or a pack P of samples
/// from it on. Where values have rates, the product is a Dual.
template <int N, class P, class Values, class Walk, class Leaf>
KOKKOS_INLINE_FUNCTION void spread_rows(const Values& set, const Walk& walk, int lane, const Leaf& leaf) {
  if constexpr (Values::rates) {
    RateWalk<Walk, P, N> rate_walk{walk, {}};
    for (int d = 0; d < N; ++d) rate_walk.kappa_rate[d] = simd::load<P>(set.kappa_rate[d] + lane);
    spread<N - 1>(rate_walk, walk.start(), Dual<P>{simd::broadcast<P>(1), P{}}, leaf);
  } else {
    spread<N - 1>(walk, walk.start(), simd::broadcast<P>(1), leaf);
  }
}

/// The largest of the moduli of a walk's products of weights. Rounded products grow with their factors, so that it is one of them.
template <int N, class Walk>
KOKKOS_INLINE_FUNCTION auto largest_weight(const Walk& walk) {
  const auto largest = [](int count, const auto& at) {
    auto most = Kokkos::abs(at(0));
    BRACEWELL_UNROLL
    for (int j = 1; j < count; ++j) {
      const auto size = Kokkos::abs(at(j));
      most = size > most || size != size ? size : most;  // NaN stays
    }
    return most;
  };
  decltype(walk.x_weight(0)) product = 1;
  for (int d = N - 1; d > 0; --d) product *= largest(walk.taps, [&](int j) { return walk.weight(d, j); });
  return product * largest(walk.x_taps, [&](int i) { return walk.x_weight(i); });
}

/// Whether an adder wants the largest of a sample's terms alone.
template <class Adder>
inline constexpr bool adds_largest = [] {
  if constexpr (requires { Adder::largest_alone; }) return Adder::largest_alone;
  return false;
}();

/// The transpose of read_samples, into the rows of an owner. With a Symmetric stencil every sample is inserted at κ, and its
/// conjugate at −κ. `density_stencil` has the weights |φ|, which are not the moduli of the others where several taps share a
/// column. `adder` adds what is inserted tap by tap (core/device.hpp, device_fixed_point.hpp).
template <int N, class Values, class Plan, class Owner, class Adder>
KOKKOS_INLINE_FUNCTION void insert_samples(const Values& insertion, const Plan& plan,
                                           const typename Plan::Stencil& density_stencil, const Owner& owner,
                                           const Adder& adder) {
  using Stencil = typename Plan::Stencil;
  const Stencil& stencil = plan.stencil;
  const LaneRange lanes = plan.block.lanes;
  using T = std::remove_cvref_t<decltype(insertion.re[0])>;
  static_assert(!(Values::rates && Values::has_data && Values::has_density), "rates go into one grid");
  constexpr int taps = Stencil::taps, Count = Stencil::count;
  // A mate receives the conjugate, and so do the taps of a folded sample.
  const auto side = [&](int lane, bool mate) { return mate ? -stencil.sign[lane] : stencil.sign[lane]; };

  if constexpr (Count > 1) {
    if (plan.fits) {
      constexpr int parts = Values::rates ? 2 : 1, W = simd::width<T>;
      static_assert(!Values::has_both || Stencil::lerps, "the same weights for data and for density");
      constexpr int per_tap = Values::has_both ? 4 : 2;  // numbers of data, or of both
      using DataStrip = simd::Strip<T, per_tap * taps>;
      using DensityStrip = simd::Strip<T, taps>;
      using P = simd::Pack<T>;
      using I = simd::Pack<typename Stencil::Int>;
      // All strips of the block are written before the first is loaded: store-to-load forwarding would stall.
      // Those of the block's samples, and those of a pack's mates.
      BlockStrips<T, per_tap * taps, Count> own_data[parts];
      BlockStrips<T, taps, Count> own_density[parts];
      BlockStrips<T, per_tap * taps, W> mate_data[parts];
      BlockStrips<T, taps, W> mate_density[parts];
      // Sets the strips of a pack of samples, or of their mates, at a place.
      const auto fill = [&](int lane, bool mate, auto& data_strips, auto& density_strips, int place) {
        const auto of_taps = [&](const auto& own, const auto& mates, auto& to) {
          for (int j = 0; j < taps; ++j)
            to[j] = mate ? simd::select(simd::load<I>(stencil.mirrored + lane) != 0, simd::load<P>(mates[j] + lane), P{})
                         : simd::load<P>(own[j] + lane);
        };
        const auto some = [&](const T(&of_lanes)[Count]) { return simd::load<P>(of_lanes + lane); };
        P w[taps];
        [[maybe_unused]] P w_rate[taps];
        of_taps(stencil.weight[0], stencil.mate_weight, w);
        if constexpr (Values::rates) {
          of_taps(stencil.slope[0], stencil.mate_slope, w_rate);
          for (int j = 0; j < taps; ++j) w_rate[j] *= some(insertion.kappa_rate[0]);
        }
        if constexpr (Values::has_data) {
          const P sides = mate ? P(-some(stencil.sign)) : some(stencil.sign), re = some(insertion.re),
                  im = sides * some(insertion.im);
          P strip[per_tap * taps];
          for (int j = 0; j < taps; ++j) {
            strip[per_tap * j] = w[j] * re;
            strip[per_tap * j + 1] = w[j] * im;
            if constexpr (Values::has_both) {
              strip[per_tap * j + 2] = w[j] * some(insertion.weight);
              strip[per_tap * j + 3] = P{};
            }
          }
          data_strips[0].set(place, strip);
          if constexpr (Values::rates) {
            for (int j = 0; j < taps; ++j) {
              strip[2 * j] = w[j] * some(insertion.re_rate) + w_rate[j] * re;
              strip[2 * j + 1] = w[j] * sides * some(insertion.im_rate) + w_rate[j] * im;
            }
            data_strips[1].set(place, strip);
          }
        }
        if constexpr (Values::has_density) {
          const P weight = some(insertion.weight);
          P strip[taps];
          for (int j = 0; j < taps; ++j) strip[j] = simd::magnitude(w[j]) * weight;
          density_strips[0].set(place, strip);
          if constexpr (Values::rates) {
            for (int j = 0; j < taps; ++j) strip[j] = w[j] * some(insertion.weight_rate) + w_rate[j] * weight;
            density_strips[1].set(place, strip);
          }
        }
      };
      // The products of the weights above x, one for each row of taps, are written before as well: [0] for data and [1],
      // their moduli, for the density; or products and their rates.
      using Rows = typename Plan::Rows;
      constexpr int of_density = Stencil::lerps ? 0 : 1;  // no weight of linear interpolation is negative
      T factor[2][Rows::rows][Count];
      for (int lane = lanes.template first_of<W>(); lane < lanes.end; lane += W)
        spread_rows<N, P>(insertion, PackWalk<Stencil, P>{stencil, lane}, lane, [&](int row, const auto& product) {
          if constexpr (Values::rates) {
            simd::store(factor[0][row] + lane, product.value);
            simd::store(factor[1][row] + lane, product.rate);
          } else {
            if constexpr (Values::has_data || Stencil::lerps) simd::store(factor[0][row] + lane, product);
            if constexpr (Values::has_density && !Stencil::lerps)
              simd::store(factor[1][row] + lane, simd::magnitude(product));
          }
        });
      T* to_data = nullptr;
      T* to_density = nullptr;
      if constexpr (Values::has_data) to_data = reinterpret_cast<T*>(insertion.data.data);
      if constexpr (Values::has_density) to_density = insertion.density.data;
      const auto& grid = first_given(insertion.data, insertion.density);
      bool owns_all = true;
      for (int d = 1; d < N; ++d) owns_all = owns_all && owner.owns_all(d, grid.extent[d]);
      const auto add = [&]([[maybe_unused]] auto all, int lane, const Rows& rows, const auto& data_strips,
                           const auto& density_strips, int place) {
        [[maybe_unused]] DataStrip data[parts];
        [[maybe_unused]] DensityStrip density[parts];
        for (int i = 0; i < parts; ++i) {
          if constexpr (Values::has_data) data[i] = data_strips[i].load(place);
          if constexpr (Values::has_density) density[i] = density_strips[i].load(place);
        }
        rows.for_rows(lane, [&](int row, std::int64_t where) {
          if constexpr (!decltype(all)::value)
            if (where < 0) return;  // another owner's
          if constexpr (Values::rates) {
            const T product = factor[0][row][lane], rate = factor[1][row][lane];
            if constexpr (Values::has_data) {
              data[1].add_to(to_data + 2 * where, product);
              data[0].add_to(to_data + 2 * where, rate);
            } else {
              density[1].add_to(to_density + where, product);
              density[0].add_to(to_density + where, rate);
            }
          } else {
            if constexpr (Values::has_data) data[0].add_to(to_data + per_tap * where, factor[0][row][lane]);
            if constexpr (Values::has_density) density[0].add_to(to_density + where, factor[of_density][row][lane]);
          }
        });
      };
      for (int lane = lanes.template first_of<W>(); lane < lanes.end; lane += W)
        fill(lane, false, own_data, own_density, lane);
      const bool mirrored = plan.mirrored;
      const auto add_own = [&](auto all) {
        constexpr int stride = 4;  // neighbours share taps, and a load would wait for the stores just before it
        for (int i = 0; i < stride; ++i)
          for (int lane = lanes.begin + ((i - lanes.begin) & (stride - 1)); lane < lanes.end; lane += stride)
            if (!mirrored || !stencil.mirrored[lane]) add(all, lane, plan.rows, own_data, own_density, lane);
      };
      if (owns_all) {
        add_own(std::true_type());
      } else {
        add_own(std::false_type());
      }
      if (!mirrored) return;
      // A sample and its mate follow each other, so that what is its own mate stays real.
      Rows mates;
      mates.template find<true>(stencil, grid, owner, lanes);
      for (int first = lanes.template first_of<W>(); first < lanes.end; first += W)
        if (simd::any(simd::load<I>(stencil.mirrored + first))) {
          fill(first, true, mate_data, mate_density, 0);
          for (int lane = first; lane < first + W; ++lane)
            if (lane >= lanes.begin && lane < lanes.end && stencil.mirrored[lane]) {
              add(std::false_type(), lane, plan.rows, own_data, own_density, lane);
              add(std::false_type(), lane, mates, mate_data, mate_density, lane - first);
            }
        }
      return;
    }
  }
  const auto insert = [&](const auto& target, const Stencil& taps_of, int lane, bool mate, const auto& add) {
    using V = std::remove_pointer_t<decltype(target.data)>;
    const TapByTapWalk<Stencil, V, N, Owner> walk{taps_of, target, owner, lane, mate};
    if constexpr (adds_largest<Adder> && !Values::rates) return add(*walk.start(), largest_weight<N>(walk));
    spread_rows<N, T>(insertion, walk, lane, [&](V* where, auto product) {
      BRACEWELL_UNROLL
      for (int i = 0; i < walk.x_taps; ++i) {
        auto& sum = where[walk.column[i]];
        if constexpr (Values::rates) {
          add(sum, product * Dual<T>{walk.x_weight(i), walk.x_slope(i) * insertion.kappa_rate[0][lane]});
        } else {
          add(sum, product * walk.x_weight(i));
        }
      }
    });
  };
  for (int lane = lanes.begin; lane < lanes.end; ++lane) {
    BRACEWELL_UNROLL
    for (int mate = 0; mate < 2; ++mate) {
      if (mate == 1 && !stencil.mirrored[lane]) break;
      if constexpr (Values::has_both) {
        using Both = std::remove_pointer_t<decltype(insertion.data.data)>;
        using Walk = TapByTapWalk<Stencil, Both, N, Owner>;
        const Walk walk(stencil, insertion.data, owner, lane, mate != 0),
            density_walk(density_stencil, insertion.data, owner, lane, mate != 0);
        const BothWalk<Walk, T> both{walk, density_walk};
        const T re = insertion.re[lane], im = insertion.im[lane] * side(lane, mate), density = insertion.weight[lane];
        if constexpr (adds_largest<Adder>) {
          const T of_data = largest_weight<N>(walk), of_density = largest_weight<N>(density_walk);
          adder.add(*walk.start(), of_data * re, of_data * im, of_density * density);
          continue;
        }
        spread<N - 1>(both, walk.start(), BothWeights<T>{1, 1}, [&](Both* where, const BothWeights<T>& product) {
          BRACEWELL_UNROLL
          for (int i = 0; i < walk.x_taps; ++i) {
            const BothWeights<T> weight = product * both.x_weight(i);
            adder.add(where[walk.column[i]], weight.data * re, weight.data * im, Kokkos::abs(weight.density) * density);
          }
        });
      } else if constexpr (Values::has_data)
        insert(insertion.data, stencil, lane, mate, [&](auto& sum, auto weight) {
          if constexpr (Values::rates) {
            adder.add(sum, weight.value * insertion.re_rate[lane] + weight.rate * insertion.re[lane],
                      (weight.value * insertion.im_rate[lane] + weight.rate * insertion.im[lane]) * side(lane, mate));
          } else {
            adder.add(sum, weight * insertion.re[lane], weight * insertion.im[lane] * side(lane, mate));
          }
        });
      if constexpr (Values::has_density)
        insert(insertion.density, density_stencil, lane, mate, [&](auto& sum, auto weight) {
          if constexpr (Values::rates) {
            adder.add(sum, weight.value * insertion.weight_rate[lane] + weight.rate * insertion.weight[lane]);
          } else {
            adder.add(sum, Kokkos::abs(weight) * insertion.weight[lane]);
          }
        });
    }
  }
}

/// Zeroes an owner's rows on the host.
template <class V, int N, class Owner>
void clear_rows(const Grid<V, N>& grid, const Owner& owner) {
  const auto clear = [&](auto&& self, int axis, V* from) -> void {
    if (axis == 0) {
      std::fill_n(from, grid.columns(), V());
      return;
    }
    for (int i = 0; i < grid.extent[axis]; ++i)
      if (owner.owns(axis, i, grid.extent[axis])) self(self, axis - 1, from + i * grid.stride[axis]);
  };
  clear(clear, N - 1, grid.data);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
