// SPDX-License-Identifier: MIT
// Real arrays around their origin: padded, cropped, moved and scaled in one pass.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>
#include <bracewell/options.hpp>
#include <bracewell/spectrum.hpp>

#include <Kokkos_Core.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell::detail::job {

template <class Exec>
inline constexpr bool on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Exec::memory_space>::accessible;

/// A View of one of these ranks. (A concept stops at what is no View, where && of traits does not.)
template <class X, int... Ranks>
concept Ranked = Kokkos::is_view_v<X> &&((int(X::rank()) == Ranks) || ...);

/// A dense View of a run-time number of axes, over memory that others own.
template <class V, int Rank>
struct Pointers {
  using type = typename Pointers<V*, Rank - 1>::type;
};
template <class V>
struct Pointers<V, 0> {
  using type = V;
};
template <class V, int Rank, class Exec>
using Unmanaged = Kokkos::View<typename Pointers<V, Rank>::type, Kokkos::LayoutRight, typename Exec::memory_space,
                               Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
template <class V, class Exec>
using Buffer = Kokkos::View<V*, typename Exec::memory_space>;

template <class V, class Exec>
Buffer<V, Exec> buffer(const Exec& exec, const std::string& label, std::int64_t size) {
  return Buffer<V, Exec>(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, label), std::size_t(size));
}

using detail::refuse;

/// A batch of arrays of A axes, in memory order. Coordinates s run from −⌊n/2⌋ to ⌈n/2⌉ − 1 on every axis, from voxel ⌊n/2⌋,
/// or, in a wrapped array, from index 0.
template <class V, int A>
struct Lattice {
  V* data;
  std::int64_t extent[A], stride[A], batch_stride;
  bool wrapped;

  KOKKOS_INLINE_FUNCTION std::int64_t coordinate(int axis, std::int64_t index) const {
    const std::int64_t n = extent[axis];
    return !wrapped ? index - n / 2 : index <= (n - 1) / 2 ? index : index - n;
  }

  /// −1 where there is none.
  KOKKOS_INLINE_FUNCTION std::int64_t index(int axis, std::int64_t s) const {
    const std::int64_t n = extent[axis];
    if (s < -(n / 2) || s > (n - 1) / 2) return -1;
    return !wrapped ? s + n / 2 : s < 0 ? s + n : s;
  }
};

template <class V, int A>
Lattice<const V, A> read_only(const Lattice<V, A>& l) {
  Lattice<const V, A> result{l.data, {}, {}, l.batch_stride, l.wrapped};
  for (int a = 0; a < A; ++a) {
    result.extent[a] = l.extent[a];
    result.stride[a] = l.stride[a];
  }
  return result;
}

/// A View's last A axes, after those of a batch; `wrapped` as its owner says.
template <int A, class X>
auto lattice(const X& view, bool wrapped = false) {
  constexpr int rank = int(X::rank());
  static_assert(rank == A || rank == A + 1);
  Lattice<typename X::value_type, A> l{view.data(), {}, {}, rank == A ? 0 : std::int64_t(view.stride(0)), wrapped};
  for (int a = 0; a < A; ++a) {
    l.extent[a] = std::int64_t(view.extent(rank - A + a));
    l.stride[a] = std::int64_t(view.stride(rank - A + a));
  }
  return l;
}

/// Dense real arrays that are transformed in place (fft.hpp), and their half spectra.
template <class T, int A>
struct Box {
  std::array<long, A> extent{};

  long columns() const { return extent[A - 1] / 2 + 1; }
  long rows() const {
    long rows = 1;
    for (int a = 0; a < A - 1; ++a) rows *= extent[a];
    return rows;
  }
  long stored() const { return rows() * columns(); }
  double voxels() const { return double(rows()) * double(extent[A - 1]); }

  /// The real arrays in the memory of spectra, origin at index 0 unless said.
  Lattice<T, A> real(Kokkos::complex<T>* data, bool wrapped = true) const {
    Lattice<T, A> l{reinterpret_cast<T*>(data), {}, {}, 2 * stored(), wrapped};
    std::int64_t stride = 2 * columns();
    for (int a = A - 1; a >= 0; --a) {
      l.extent[a] = extent[a];
      l.stride[a] = a == A - 1 ? 1 : stride;
      if (a < A - 1) stride *= extent[a];
    }
    return l;
  }

  /// Half spectra, or real arrays in stored layout, with a batch in front where Batch says so.
  template <class Exec, bool Batch, class V>
  auto stored_view(V* data, long count = 1) const {
    Kokkos::LayoutRight layout;
    if (Batch) layout.dimension[0] = std::size_t(count);
    for (int a = 0; a < A; ++a) layout.dimension[a + Batch] = std::size_t(a == A - 1 ? columns() : extent[a]);
    return Spectrum{Unmanaged<V, A + Batch, Exec>(data, layout), extent[A - 1]};
  }
};

/// Op has row(batch, index), with the indices of a row's first element, and at(x, what row gave). On hosts a thread has a row.
template <class Op, int A, bool Rows>
struct ForElements {
  Op op;
  std::int64_t extent[A];

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    std::int64_t index[A], x = 0;
    if constexpr (!Rows) {
      x = i % extent[A - 1];
      i /= extent[A - 1];
    }
    for (int a = A - 2; a >= 0; --a) {
      index[a] = i % extent[a];
      i /= extent[a];
    }
    index[A - 1] = 0;
    const auto state = op.row(i, index);
    if constexpr (Rows) {
      for (; x < extent[A - 1]; ++x) op.at(x, state);
    } else {
      op.at(x, state);
    }
  }
};

template <int A, class Exec, class Op>
void for_elements(const Exec& exec, const char* label, std::int64_t count, const std::array<long, A>& extents,
                  const Op& op) {
  ForElements<Op, A, on_host<Exec>> body{op, {}};
  std::int64_t work = count;
  for (int a = 0; a < A; ++a) {
    body.extent[a] = extents[a];
    if (a < A - 1 || !on_host<Exec>) work *= extents[a];
  }
  if (work > 0) Kokkos::parallel_for(label, Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>(exec, 0, work), body);
}

/// Factors of the axes, table(axis, |s|); without one they are 1.
template <class Exec>
using Table = Kokkos::View<double**, Kokkos::LayoutRight, typename Exec::memory_space>;

/// to(s) = scale · Π_d table(d, |s_d|) · from(s), and 0 where `from` has no s; or added to what is there.
template <class To, class From, int A, class Exec>
struct Transfer {
  Lattice<To, A> to;
  Lattice<const From, A> from;
  Table<Exec> table;
  double scale;
  bool accumulate;

  struct Row {
    To* to;
    const From* from;  // null where there is none
    double factor;
  };

  KOKKOS_FUNCTION Row row(std::int64_t batch, const std::int64_t (&index)[A]) const {
    Row row{to.data + batch * to.batch_stride, from.data + batch * from.batch_stride, scale};
    for (int a = 0; a < A - 1; ++a) {
      const std::int64_t s = to.coordinate(a, index[a]), other = from.index(a, s);
      row.to += index[a] * to.stride[a];
      if (other < 0) {
        row.from = nullptr;
      } else if (row.from) {
        row.from += other * from.stride[a];
        if (table.data()) row.factor *= table(a, s < 0 ? -s : s);
      }
    }
    return row;
  }

  KOKKOS_FUNCTION void at(std::int64_t x, const Row& row) const {
    To& target = row.to[x * to.stride[A - 1]];
    const std::int64_t s = to.coordinate(A - 1, x), other = row.from ? from.index(A - 1, s) : -1;
    To value(0);
    if (other >= 0) {
      const double factor = table.data() ? row.factor * table(A - 1, s < 0 ? -s : s) : row.factor;
      value = To(factor * double(row.from[other * from.stride[A - 1]]));
    }
    if (accumulate) {
      target += value;
    } else {
      target = value;
    }
  }
};

template <class Exec, class To, class From, int A>
void transfer(const Exec& exec, const char* label, std::int64_t count, const Lattice<To, A>& to,
              const Lattice<From, A>& from, const Table<Exec>& table, double scale = 1, bool accumulate = false) {
  using V = std::remove_const_t<From>;
  std::array<long, A> extents;
  for (int a = 0; a < A; ++a) extents[a] = long(to.extent[a]);
  for_elements<A>(exec, label, count, extents, Transfer<To, V, A, Exec>{to, read_only(from), table, scale, accumulate});
}

/// 1 / φ^(s / n_d) of a kernel for arrays of extents n, for |s| up to half of `size`; n in memory order.
/// \throws std::invalid_argument where the kernel leaves too little of the last of them: the padding is too small for it.
template <std::size_t A, class Exec, class Kernel>
Table<Exec> correction(const Exec& exec, const char* function, const std::array<long, A>& size,
                       const std::array<long, A>& padded, const Kernel& kernel) {
  long longest = 0;
  for (const long n : size) longest = n > longest ? n : longest;
  const Table<Exec> table(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "bracewell::correction"), A,
                          std::size_t(longest / 2 + 1));
  const auto host = Kokkos::create_mirror_view(table);
  for (int a = 0; a < int(A); ++a)
    for (long s = 0; s <= longest / 2; ++s) {
      const double u = double(s) / double(padded[a]), transform = s <= size[a] / 2 ? kernel.transform(u) : 1;
      if (!(transform > 0.01 * kernel.transform(0)))
        refuse(function, "options.padding", std::to_string(padded[a]) + " for " + std::to_string(size[a]) + " voxels",
               "more: the kernel's transform falls to " + std::to_string(transform) + " at their rim");
      host(a, s) = 1 / transform;
    }
  Kokkos::deep_copy(exec, table, host);
  exec.fence("bracewell::correction");
  return table;
}

}  // namespace bracewell::detail::job

#include <bracewell/detail/job/epilogue.hpp>
