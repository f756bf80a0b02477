// SPDX-License-Identifier: MIT
// All arguments of a call together: their types in sentences, their extents, and that outputs lie apart from everything
// else.
//
// P, the types of a problem, has
//   Exec, T, N, M, K, batch, posed, channels   the execution space, the precision, numbers of axes (0 where there are none)
//   axes_of_images, axes_of_objects, axes_of_parameters     what they are called in messages
//   sentences()                         about types that must fit one another
#pragma once

#include <bracewell/detail/arguments/names.hpp>
#include <bracewell/detail/arguments/shape.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string>
#include <string_view>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// An array of a call, without its type.
struct Argument {
  Shape shape;
  const Axis* axes;
  int count;  // of axes; all of a lattice or of an image count as one
  Kind kind;
  bool written;
  const char* primal;  // the argument that it is a tangent or cotangent of, whose shape it has if the call has that

  bool stored() const { return kind == Kind::spectrum || kind == Kind::real; }

  /// Poses, points and their like may be shared by a whole batch.
  bool shareable() const { return kind == Kind::numbers || kind == Kind::scalars; }

  /// Has the shape of another: of its primal or, of arrays over the same lattice, of the first.
  bool is_like(const Argument& other) const {
    return std::string_view(primal) == other.shape.name ||
           (!shareable() && count == other.count && std::equal(axes, axes + count, other.axes));
  }
};

/// Numbers of axes of a problem, and whether it has a batch, poses and channels.
struct ProblemAxes {
  int batch, posed, channels, M, N;
};

/// Extents of the axes that are counted.
struct Counts {
  std::int64_t references, poses, points, channels;
};

/// Extents of axes, each with the reason that messages give for it.
class KnownExtents {
 public:
  explicit KnownExtents(const char* function) : function_(function) {}

  void set(Axis axis, std::int64_t extent, const std::string& why) { known_[std::size_t(axis)] = {extent, why}; }
  void set(Axis axis, const Shape& s, int i) { set(axis, s.extent[i], as(s)); }

  std::int64_t operator[](Axis axis) const { return known_[std::size_t(axis)].extent; }

  /// The first argument that has an axis says its extent.
  void check(Axis axis, const Shape& s, int i, bool may_be_1) {
    const Known& known = known_[std::size_t(axis)];
    if (may_be_1 && s.extent[i] == 1) return;
    if (known.extent < 0) set(axis, s, i);
    check_extent(function_, s, i, known.extent, (may_be_1 ? "or 1, " : "") + known.why);
  }

  /// Checks that shape and real width are those of another argument.
  void check_same(const Shape& s, const Shape& like, bool stored) const {
    if (s.rank != like.rank || !std::equal(s.extent, s.extent + s.rank, like.extent))
      refuse(function_, s.name, "of shape " + text(s), "shape " + text(like) + ", " + as(like));
    if (stored && s.width != like.width)
      refuse(function_, s.name, "of real width " + std::to_string(s.width), std::to_string(like.width) + ", " + as(like));
  }

 private:
  struct Known {
    std::int64_t extent = -1;
    std::string why;
  };

  static std::string as(const Shape& s) { return std::string("as '") + s.name + "' has"; }

  const char* function_;
  std::array<Known, std::size_t(Axis::lattice)> known_;
};

/// No more work than a call can do: made-up extents without memory of their own (strides of 0) can ask for any. Below, numbers of
/// samples and of points, times those of what is summed for each, are counted in 64 bits. Axes of none count as one here, since parts
/// of such products are computed as well.
inline void check_work(const char* function, const Argument* begin, const Argument* end, const Counts& counts) {
  constexpr double most = 0x1p52;
  const double images = std::max(double(counts.references), 1.0) * std::max(double(counts.poses), 1.0);
  for (const Argument* a = begin; a != end; ++a) {
    double elements = 1;
    for (int i = 0; i < a->shape.rank; ++i) elements *= std::max(double(a->shape.extent[i]), 1.0);
    if (elements > most) refuse(function, a->shape.name, "of shape " + text(a->shape), "no more than 2^52 elements");
    const bool of_points = std::find(a->axes, a->axes + a->count, Axis::n) != a->axes + a->count;
    const double points = std::max(double(counts.points), 1.0) * std::max(double(counts.channels), 1.0);
    if (of_points && images * points > most)
      refuse(function, a->shape.name, "of shape " + text(a->shape),
             "no more than 2^52 points in all images and channels, of which there are " + std::to_string(counts.references) +
                 " * " + std::to_string(counts.poses) + " * " + std::to_string(counts.channels));
  }
}

/// All checks of values. `known` has the numbers of coordinates already.
inline Counts check_values(const char* function, KnownExtents& known, const ProblemAxes& p, const Argument* begin,
                           const Argument* end) {
  const auto present = [&](Axis axis) {
    return axis == Axis::B ? p.batch : axis == Axis::P ? p.posed : axis == Axis::C ? p.channels : 1;
  };
  // The first argument that cannot be shared says how large a batch is, the first that can be shared says how many poses
  // there are.
  for (const Argument* a = end; a-- != begin;)
    for (int i = 0, axis = 0; i < a->count && a->axes[i] < Axis::lattice; axis += present(a->axes[i++]))
      if (present(a->axes[i]) && a->axes[i] == (a->shareable() ? Axis::P : Axis::B)) known.set(a->axes[i], a->shape, axis);
  for (const Argument* a = begin; a != end; ++a) {
    const Shape& s = a->shape;
    const int lattice_axes = a->axes[a->count - 1] == Axis::lattice ? p.N : a->axes[a->count - 1] == Axis::grid ? p.M : 0;
    if (a->stored()) check_stored(function, s, lattice_axes);
    if (a->kind == Kind::image) check_rows(function, s, lattice_axes);
    const Argument* const like = std::find_if(begin, a, [&](const Argument& other) { return a->is_like(other); });
    if (like != a) {
      known.check_same(s, like->shape, a->stored());
      continue;
    }
    for (int i = 0, axis = 0; i < a->count && a->axes[i] < Axis::lattice; axis += present(a->axes[i++]))
      if (present(a->axes[i])) known.check(a->axes[i], s, axis, a->axes[i] == Axis::B && a->shareable());
  }
  for (const Argument* a = begin; a != end; ++a) check_memory(function, a->shape, a->written);
  for (const Argument* out = begin; out != end; ++out)
    for (const Argument* other = begin; other != end; ++other)
      if (out->written && out != other) check_apart(function, out->shape, other->shape);
  const Counts counts{p.batch ? known[Axis::B] : 1, p.posed ? known[Axis::P] : 1, known[Axis::n],
                      p.channels ? known[Axis::C] : 1};
  check_work(function, begin, end, counts);
  return counts;
}

inline void check_options(const char* function, const SliceOptions& options) {
  if (!(options.oversampling > 0) || !std::isfinite(options.oversampling))
    refuse(function, "options.oversampling", std::to_string(options.oversampling), "a positive number");
  if (!(options.padding >= 0) || !std::isfinite(options.padding))
    refuse(function, "options.padding", std::to_string(options.padding), "a positive number, or 0 for oversampling");
  if (!(options.cutoff >= 0))
    refuse(function, "options.cutoff", std::to_string(options.cutoff), "cycles per pixel, 0 or more");
}

inline void check_options(const char* function, const RasterOptions& options) {
  if (!(options.voxel_size >= 0) || !std::isfinite(options.voxel_size))
    refuse(function, "options.voxel_size", std::to_string(options.voxel_size), "0 or a positive length");
}

/// The types of a call on one array, or on several like it.
template <class Exec_, class First>
struct ArrayTypes {
  using Exec = Exec_;
  using T = PrecisionOrDouble<First>;
  static constexpr int N = rank_of<First>(), M = 0, batch = 0, posed = 1, channels = 0;
};

/// The sentences about an array of such a call.
template <class Name, bool written, class Exec, class X, class First = X>
constexpr bool check_array() {
  static_assert(ExecutionSpace<Exec>, "bracewell: the first argument must be a Kokkos execution space instance");
  static_assert(Name::template required<X>());
  static_assert(Name::template sentences<ArrayTypes<Exec, First>, written, X, X>());
  return true;
}

/// An argument with its name. `primal`: itself, or what it is a tangent or cotangent of.
template <class Name_, bool Written, bool Optional, class X, class Primal>
struct Described {
  using Name = Name_;
  static constexpr bool written = Written, optional = Optional;

  const X& x;
  const Primal& primal;
};

// Read or written; must be given or may be none. A tangent or cotangent has the shape of its primal, and is none where that
// is.
template <class Name, class X>
Described<Name, false, false, X, X> in(Name, const X& x) {
  return {x, x};
}
template <class Name, class X>
Described<Name, true, false, X, X> out(Name, const X& x) {
  return {x, x};
}
template <class Name, class X>
Described<Name, false, true, X, X> in_or_none(Name, const X& x) {
  return {x, x};
}
template <class Name, class X>
Described<Name, true, true, X, X> out_or_none(Name, const X& x) {
  return {x, x};
}
template <class Name, class X, class Primal>
Described<Name, false, true, X, Primal> tangent(Name, const X& x, const Primal& primal) {
  return {x, primal};
}
template <class Name, class X, class Primal>
Described<Name, true, true, X, Primal> cotangent(Name, const X& x, const Primal& primal) {
  return {x, primal};
}

/// Instantiates the sentences of an argument, and lists its arrays. It returns `auto`, as its callers do, because compilers
/// then meet the sentences before any other error.
template <class P, class Name, bool written, bool optional, class X, class Primal>
auto list_arrays(const X& x, [[maybe_unused]] const Primal& primal, Argument*& end) {
  if constexpr (!requires { Name::kind; }) {
    static_assert(Name::template sentences<X>());
    Name::for_members(x, primal, [&](auto member, const auto& value, const auto& of) {
      list_arrays<P, decltype(member), written, true>(value, of, end);
    });
  } else {
    if constexpr (!optional) static_assert(Name::template required<X>());
    if constexpr (Given<X>) static_assert(Name::template sentences<P, written, X, Primal>());
    if constexpr (Given<X> && Array<X>)
      *end++ = {shape(Name::text, x), Name::axes, int(std::size(Name::axes)), Name::kind, written, Name::primal};
  }
}

/// Checks all arguments of a call: first their types, then their values.
/// \throws std::invalid_argument naming the function, the argument, what it is and what was expected.
template <class P, class Options, class... D>
auto check_arguments(const char* function, const Options& options, const D&... described) {
  static_assert(ExecutionSpace<typename P::Exec>, "bracewell: the first argument must be a Kokkos execution space instance");
  std::array<Argument, 20> list;
  Argument* end = list.data();
  (list_arrays<P, typename D::Name, D::written, D::optional>(described.x, described.primal, end), ...);
  static_assert(P::sentences());
  KnownExtents known(function);
  known.set(Axis::M, P::M, P::axes_of_images);
  known.set(Axis::N, P::N, P::axes_of_objects);
  known.set(Axis::K, P::K, P::axes_of_parameters);
  const auto counts = check_values(function, known, {P::batch, P::posed, P::channels, P::M, P::N}, list.data(), end);
  check_options(function, options);
  return counts;
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
