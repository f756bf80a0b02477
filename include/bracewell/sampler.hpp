// SPDX-License-Identifier: MIT
/// \file sampler.hpp
/// One sample of a half spectrum at any κ, callable from a kernel of your own: to read the interpolant, its gradient, or to
/// insert. What project and backproject do at each of their samples.
#pragma once

#include <bracewell/detail/slicing/arguments.hpp>
#include <bracewell/detail/slicing/insert.hpp>
#include <bracewell/detail/slicing/read.hpp>
#include <bracewell/kernels.hpp>

#include <bracewell/detail/prologue.hpp>

namespace bracewell {

/// A value and its derivatives in κ, x first.
template <class V, int N>
struct ValueAndGradient {
  V value;
  V gradient[N];
};

/// F~(κ) = Σ_m F[m mod n] Π_d φ(κ_d − m_d) over the half spectrum of one reference, with Friedel symmetry. κ is in index
/// units of the reference, x first. Beyond its band, |κ_d| > n_d / 2 (with a relative slack of 1e-6), and for NaN, values
/// are 0 and nothing is inserted.
///
/// A real array (weights, densities) is sampled with |φ| in place of φ.
///
/// Copies are shallow; the array must outlive them.
template <class V, int N, class Kernel>
class Sampler {
  using Value = std::remove_const_t<V>;
  using T = typename detail::PrecisionOf<Value>::type;
  static constexpr bool absolute = std::is_same_v<Value, T>;
  static_assert(detail::Real<T>, "Sampler: 'array' must be of float, double or Kokkos::complex of either");
  static_assert(detail::Given<Kernel> && detail::Kernel<Kernel, T>,
                "Sampler: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp");

 public:
  using Kappa = Kokkos::Array<T, N>;

  /// \param array A View in stored layout, contiguous along x, or a Spectrum of one: complex or real.
  /// \throws std::invalid_argument for an array that is not in stored layout.
  template <class X>
  explicit Sampler(const X& array, const Kernel& kernel = {})
      : grid_(detail::make_grid<detail::LatticeTypes<N>, V>(array)), kernel_(kernel) {
    const detail::Shape shape = detail::shape("array", array);
    detail::check_stored("Sampler", shape, N);
    detail::check_memory("Sampler", shape, !std::is_const_v<V>);
  }

  /// F~(κ)
  KOKKOS_FUNCTION Value value(const Kappa& kappa) const {
    Value sum(0);
    if (!inside(kappa)) return sum;
    const auto samples = read<false>(kappa);
    put(sum, samples, 0);
    return sum;
  }

  /// F~(κ) and ∂F~/∂κ
  KOKKOS_FUNCTION ValueAndGradient<Value, N> value_and_gradient(const Kappa& kappa) const {
    ValueAndGradient<Value, N> result{};
    if (!inside(kappa)) return result;
    const auto samples = read<true>(kappa);
    put(result.value, samples, 0);
    for (int d = 0; d < N; ++d) put(result.gradient[d], samples, 1 + d);
    return result;
  }

  /// Hermitian insertion: adds value · φ to the neighbours of κ and its conjugate to those of −κ, atomically, so that sums
  /// depend on the order of additions.
  KOKKOS_FUNCTION void insert(const Kappa& kappa, const Value& value) const { add<true>(kappa, value); }

  /// The transpose of `value` over the stored reals: adds dL/dF for dL = Re(conj(cotangent) dF~(κ)), atomically.
  KOKKOS_FUNCTION void add_cotangent(const Kappa& kappa, const Value& cotangent) const { add<false>(kappa, cotangent); }

  KOKKOS_FUNCTION bool inside(const Kappa& kappa) const {
    bool inside = true;
    for (int d = 0; d < N; ++d) inside = inside && detail::in_axis(kappa[d], grid_.extent[d]);
    return inside;
  }

 private:
  static constexpr int parts = absolute ? 1 : 2;

  template <bool Slopes, bool Symmetric>
  using Plan = detail::BlockTaps<T, N, 1, detail::TapsOf<Kernel>, Slopes, Symmetric, 1>;

  /// By reference: a returned plan would be on a device's stack.
  template <class Plan>
  KOKKOS_FUNCTION void find(const Kappa& kappa, Plan& plan) const {
    T at[N];
    const int base[N] = {};
    for (int d = 0; d < N; ++d) at[d] = kappa[d];
    plan.block.lanes = {0, 1};
    if (plan.stencil.template set<absolute>(0, kernel_, base, at, grid_.extent[0]))
      plan.stencil.split_mates(grid_.extent[0], {0, 1});
  }

  template <bool Slopes>
  KOKKOS_FUNCTION auto read(const Kappa& kappa) const {
    detail::Readings<T, parts, Slopes ? 1 + N : 1, 1> samples{};
    Plan<Slopes, false> taps;
    find(kappa, taps);
    detail::read_samples<Slopes>(grid_, 0, taps, samples);
    return samples;
  }

  template <class Readings>
  KOKKOS_FUNCTION static void put(Value& value, const Readings& samples, int channel) {
    if constexpr (absolute) {
      value = samples.component[channel][0][0];
    } else {
      value = Value(samples.component[channel][0][0], samples.component[channel][1][0]);
    }
  }

  template <bool Symmetric>
  KOKKOS_FUNCTION void add(const Kappa& kappa, const Value& value) const {
    static_assert(!std::is_const_v<V>, "Sampler: the array is const, nothing can be inserted");
    if (!inside(kappa)) return;
    Plan<false, Symmetric> taps;
    find(kappa, taps);
    if constexpr (absolute) {
      const None no;
      detail::insert_samples<N>(detail::BlockValues<None, detail::Grid<V, N>, T, 1>{no, grid_, {}, {}, {value}}, taps,
                                taps.stencil, detail::AllRows{}, detail::GlobalAtomicAdd{});
    } else {
      const None no;
      detail::insert_samples<N>(
          detail::BlockValues<detail::Grid<V, N>, None, T, 1>{grid_, no, {value.real()}, {value.imag()}, {}}, taps,
          taps.stencil, detail::AllRows{}, detail::GlobalAtomicAdd{});
    }
  }

  detail::Grid<V, N> grid_;
  Kernel kernel_;
};

template <class X>
Sampler(const X&) -> Sampler<typename detail::View<X>::value_type, int(detail::View<X>::rank), Linear>;
template <class X, class Kernel>
Sampler(const X&, const Kernel&) -> Sampler<typename detail::View<X>::value_type, int(detail::View<X>::rank), Kernel>;

}  // namespace bracewell

#include <bracewell/detail/epilogue.hpp>
