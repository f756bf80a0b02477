// SPDX-License-Identifier: MIT
// Factors of the stored samples of half spectra: contrast transfer, weights, multiplicity.
#pragma once

#include <bracewell/detail/job/lattice.hpp>
#include <bracewell/poses.hpp>

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell::detail::job {

template <class T>
KOKKOS_INLINE_FUNCTION T conjugate(T x) {
  return x;
}
template <class T>
KOKKOS_INLINE_FUNCTION Kokkos::complex<T> conjugate(const Kokkos::complex<T>& z) {
  return Kokkos::conj(z);
}
template <class T>
KOKKOS_INLINE_FUNCTION T norm(T x) {
  return x * x;
}
template <class T>
KOKKOS_INLINE_FUNCTION T norm(const Kokkos::complex<T>& z) {
  return z.real() * z.real() + z.imag() * z.imag();
}

/// The factor of a sample, from what a user gives: none, a View in stored layout (or Spectrum), or a callable of the image and
/// of the frequency in cycles per pixel, x first.
template <class Given, int M>
struct Factor {
  Given callable;
  std::int64_t first;  // image

  KOKKOS_INLINE_FUNCTION auto operator()(std::int64_t image, const std::int64_t (&)[M],
                                         const Kokkos::Array<double, M>& k) const {
    return callable(int(first + image), k);
  }
};

template <int M>
struct Factor<None, M> {
  KOKKOS_INLINE_FUNCTION float operator()(std::int64_t, const std::int64_t (&)[M], const Kokkos::Array<double, M>&) const {
    return 1;
  }
};

template <class V, int M>
struct StoredFactor {
  const V* data;
  std::int64_t stride[M], image_stride;

  KOKKOS_INLINE_FUNCTION V operator()(std::int64_t image, const std::int64_t (&index)[M],
                                      const Kokkos::Array<double, M>&) const {
    const V* at = data + image * image_stride;
    for (int a = 0; a < M; ++a) at += index[a] * stride[a];
    return *at;
  }
};

template <class X>
const auto& view_of(const X& x) {
  if constexpr (Kokkos::is_view_v<X>) {
    return x;
  } else {
    return x.view;
  }
}

template <class X>
inline constexpr bool is_array = Kokkos::is_view_v<X>;
template <class V>
inline constexpr bool is_array<Spectrum<V>> = true;

/// The factor of images first, first + 1, … of a reference.
template <int M, class Given>
auto make_factor(const Given& given, std::int64_t reference, std::int64_t first) {
  if constexpr (is_array<Given>) {
    const auto& view = view_of(given);
    constexpr int rank = int(std::decay_t<decltype(view)>::rank());
    static_assert(rank == M + 1 || rank == M + 2,
                  "bracewell: factors of samples must have the rank of the spectra of images");
    StoredFactor<typename std::decay_t<decltype(view)>::non_const_value_type, M> factor{view.data(), {}, 0};
    for (int a = 0; a < M; ++a) factor.stride[a] = std::int64_t(view.stride(rank - M + a));
    factor.image_stride = std::int64_t(view.stride(rank - M - 1));
    factor.data += first * factor.image_stride;
    if constexpr (rank == M + 2) factor.data += reference * std::int64_t(view.stride(0));
    return factor;
  } else if constexpr (std::is_same_v<Given, None>) {
    return Factor<None, M>{};
  } else {
    return Factor<Given, M>{given, first};
  }
}

/// Where a stored array of factors does not fit the spectra of `images` images.
template <int M, class Given>
void check_factor(const char* function, const char* name, const Given& given, long images, const Box<float, M>& box) {
  if constexpr (is_array<Given>) {
    const auto& view = view_of(given);
    constexpr int rank = int(std::decay_t<decltype(view)>::rank());
    std::array<long, M + 1> want{images};
    for (int a = 0; a < M; ++a) want[1 + a] = a == M - 1 ? box.columns() : box.extent[a];
    for (int a = 0; a <= M; ++a)
      if (long(view.extent(rank - M - 1 + a)) != want[a])
        refuse(function, name,
               "of extent " + std::to_string(view.extent(rank - M - 1 + a)) + " on axis " + std::to_string(a),
               std::to_string(want[a]) + ", as spectra of the images have");
    if constexpr (!Kokkos::is_view_v<Given>)
      if (given.width != box.extent[M - 1])
        refuse(function, name, "of real width " + std::to_string(given.width),
               std::to_string(box.extent[M - 1]) + ", as the images have");
  }
}

/// A row of half spectra: its image, the frequencies of its axes but x.
template <int M>
struct SampleRow {
  std::int64_t image, offset, index[M];
  Kokkos::Array<double, M> k;
};

template <class T, int M>
struct SampleRows {
  Kokkos::complex<T>* data;
  std::int64_t extent[M], columns;  // real extents

  KOKKOS_FUNCTION SampleRow<M> row(std::int64_t image, const std::int64_t (&index)[M]) const {
    SampleRow<M> row{image, image, {}, {}};
    for (int a = 0; a < M - 1; ++a) {
      row.offset = row.offset * extent[a] + index[a];
      row.index[a] = index[a];
      row.k[M - 1 - a] = double(frequency(int(index[a]), int(extent[a]))) / double(extent[a]);
    }
    row.offset *= columns;
    return row;
  }

  KOKKOS_FUNCTION void column(SampleRow<M>& row, std::int64_t x) const {
    row.index[M - 1] = x;
    row.k[0] = double(x) / double(extent[M - 1]);
  }

  KOKKOS_FUNCTION T multiplicity(std::int64_t x) const { return 2 * x % extent[M - 1] == 0 ? T(1) : T(2); }
};

/// C w
template <class Transfer, class Weights, int M>
struct Product {
  Transfer transfer;
  Weights weights;

  KOKKOS_FUNCTION auto operator()(std::int64_t image, const std::int64_t (&index)[M],
                                  const Kokkos::Array<double, M>& k) const {
    return transfer(image, index, k) * weights(image, index, k);
  }
};

/// S ← C S, or for cotangents S ← multiplicity conj(C) S.
template <class T, int M, class Transfer, bool Cotangent>
struct Modulate : SampleRows<T, M> {
  Transfer transfer;

  KOKKOS_FUNCTION void at(std::int64_t x, SampleRow<M> row) const {
    this->column(row, x);
    auto& sample = this->data[row.offset + x];
    const auto c = transfer(row.image, row.index, row.k);
    if constexpr (Cotangent) {
      sample *= this->multiplicity(x) * cast(conjugate(c));
    } else {
      sample *= cast(c);
    }
  }

  template <class V>
  KOKKOS_INLINE_FUNCTION static auto cast(const V& c) {
    if constexpr (std::is_arithmetic_v<V>) {
      return T(c);
    } else {
      return Kokkos::complex<T>(T(c.real()), T(c.imag()));
    }
  }
};

/// S ← conj(C) w S, and |C|² w times a factor beside it.
template <class T, int M, class Transfer, class Weights>
struct Weigh : SampleRows<T, M> {
  Transfer transfer;
  Weights weights;
  T* squares;
  T factor;

  KOKKOS_FUNCTION void at(std::int64_t x, SampleRow<M> row) const {
    this->column(row, x);
    auto& sample = this->data[row.offset + x];
    const auto c = Modulate<T, M, Transfer, false>::cast(transfer(row.image, row.index, row.k));
    const T w = T(weights(row.image, row.index, row.k));
    sample *= w * conjugate(c);
    squares[row.offset + x] = factor * w * norm(c);
  }
};

/// Divides by the multiplicity: for cotangents of half spectra (spectrum.hpp).
template <class T, int M>
struct HalveInner : SampleRows<T, M> {
  KOKKOS_FUNCTION void at(std::int64_t x, const SampleRow<M>& row) const {
    if (this->multiplicity(x) != 1) this->data[row.offset + x] *= T(0.5);
  }
};

template <class T, int M>
SampleRows<T, M> sample_rows(Kokkos::complex<T>* data, const Box<T, M>& box) {
  SampleRows<T, M> rows{data, {}, box.columns()};
  for (int a = 0; a < M; ++a) rows.extent[a] = box.extent[a];
  return rows;
}

/// The extents of a box' half spectrum.
template <class T, int M>
std::array<long, M> stored_extents(const Box<T, M>& box) {
  auto extents = box.extent;
  extents[M - 1] = box.columns();
  return extents;
}

/// The rotations or shifts of poses first … first + count of reference b; none stays none.
template <int Rank, class X>
auto part(const X& x, long b, long first, long count) {
  if constexpr (std::is_same_v<X, None>) {
    return none;
  } else {
    constexpr int rank = int(X::rank());
    static_assert(rank == Rank || rank == Rank + 1,
                  "bracewell: rotations must be [P][M][N] or [B][P][M][N], shifts [P][M] or [B][P][M]");
    const std::pair<std::size_t, std::size_t> range(first, first + count);
    const std::size_t reference = rank == Rank + 1 && x.extent(0) > 1 ? std::size_t(b) : 0;
    if constexpr (rank == Rank && Rank == 3) return Kokkos::subview(x, range, Kokkos::ALL, Kokkos::ALL);
    if constexpr (rank == Rank && Rank == 2) return Kokkos::subview(x, range, Kokkos::ALL);
    if constexpr (rank == Rank + 1 && Rank == 3) return Kokkos::subview(x, reference, range, Kokkos::ALL, Kokkos::ALL);
    if constexpr (rank == Rank + 1 && Rank == 2) return Kokkos::subview(x, reference, range, Kokkos::ALL);
  }
}

template <class P>
auto poses_part(const P& poses, long b, long first, long count) {
  return Poses{part<3>(poses.rotations, b, first, count), part<2>(poses.shifts, b, first, count)};
}

}  // namespace bracewell::detail::job

#include <bracewell/detail/job/epilogue.hpp>
