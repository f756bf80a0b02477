// SPDX-License-Identifier: MIT
// The normal equations of a reconstruction, and their solution.
#pragma once

#include <bracewell/detail/job/stage.hpp>
#include <bracewell/shells.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell::detail::job {

/// out ← a, or a + b where they differ; real to complex.
template <class Out, class In>
struct Gather {
  Out* out;
  const In *a, *b;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    In value = a[i];
    if (b != a) value += b[i];
    out[i] = Out(value);
  }
};

/// out ← scale · Re in
template <class T>
struct RealPart {
  T* out;
  const Kokkos::complex<T>* in;
  double scale, least;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    const double value = scale * double(in[i].real());
    out[i] = T(value > least ? value : least);
  }
};

/// F ← factor F
template <class T>
struct Filter {
  Kokkos::complex<T>* data;
  const T* factor;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const { data[i] *= factor[i]; }
};

/// Op of for_elements over a part of an array: its elements from `first` on, of the slowest axis.
template <class Op, int A>
struct Part {
  Op op;
  std::int64_t first;

  KOKKOS_FUNCTION auto row(std::int64_t batch, const std::int64_t (&index)[A]) const {
    std::int64_t whole[A];
    for (int a = 0; a < A; ++a) whole[a] = index[a] + (a == 0 ? first : 0);
    return op.row(batch, whole);
  }
  template <class Row>
  KOKKOS_FUNCTION void at(std::int64_t x, const Row& row) const {
    op.at(A == 1 ? first + x : x, row);
  }
};

/// The circulant nearest to the convolution with h (T. F. Chan): c(s) = Σ over h's s and s − n of each axis, each by 1 − |s| / n.
template <class T, int A, class Exec>
struct Fold {
  Lattice<T, A> to, from;
  Table<Exec> table;
  double scale;

  struct Row {
    T* to;
    double s[A];
  };

  KOKKOS_FUNCTION Row row(std::int64_t, const std::int64_t (&index)[A]) const {
    Row row{to.data, {}};
    for (int a = 0; a < A - 1; ++a) {
      row.to += index[a] * to.stride[a];
      row.s[a] = double(index[a]);
    }
    return row;
  }

  KOKKOS_FUNCTION void at(std::int64_t x, const Row& row) const {
    double sum = 0;
    for (int mask = 0; mask < 1 << A; ++mask) {
      double factor = scale;
      const T* source = from.data;
      for (int a = 0; a < A; ++a) {
        const std::int64_t n = to.extent[a], i = a == A - 1 ? x : std::int64_t(row.s[a]), s = mask >> a & 1 ? i - n : i;
        const std::int64_t distance = s < 0 ? -s : s;
        if (distance == n) {
          factor = 0;
          break;
        }
        factor *= (1 - double(distance) / double(n)) * table(a, distance);
        source += from.index(a, s) * from.stride[a];
      }
      if (factor != 0) sum += factor * double(*source);
    }
    row.to[x * to.stride[A - 1]] = T(sum);
  }
};

/// C + L of a stored frequency, and whether it is in the band.
template <class T, int A>
struct System {
  Shells<A> shells;
  double band;
  const T* circulant;
  const T* ridge;  // L of every shell
  int last;

  KOKKOS_INLINE_FUNCTION T regularisation(const std::int64_t (&index)[A]) const {
    const int shell = shells.shell(index);
    return ridge[shell < last ? shell : last];
  }
  KOKKOS_INLINE_FUNCTION bool inside(const std::int64_t (&index)[A]) const {
    return within_cutoff(shells.squared(index), band);
  }
};

/// A row of the map's half spectrum.
template <int A>
struct SpectrumRow {
  std::int64_t offset, index[A];
};

/// Op has element(offset, index) → a double, whose sum over rows is wanted.
template <class Op, int A>
struct SumRows {
  Op op;
  std::int64_t extent[A];  // stored
  double* sums;

  KOKKOS_FUNCTION void operator()(std::int64_t row) const {
    std::int64_t index[A], rest = row;
    for (int a = A - 2; a >= 0; --a) {
      index[a] = rest % extent[a];
      rest /= extent[a];
    }
    double sum = 0;
    for (std::int64_t x = 0; x < extent[A - 1]; ++x) {
      index[A - 1] = x;
      sum += op.element(row * extent[A - 1] + x, index);
    }
    sums[row] = sum;
  }
};

/// Σ |R|² / (C + L): the residual's norm for the preconditioner. Residuals beyond the band become 0.
template <class T, int A>
struct Residual {
  System<T, A> system;
  Kokkos::complex<T>* residual;

  KOKKOS_FUNCTION double element(std::int64_t i, const std::int64_t (&index)[A]) const {
    if (!system.inside(index)) {
      residual[i] = T(0);
      return 0;
    }
    const double m = multiplicity(long(index[A - 1]), long(system.shells.extent[A - 1]));
    return m * double(norm(residual[i])) / double(system.circulant[i] + system.regularisation(index));
  }
};

/// P ← R / (C + L) + β P
template <class T, int A>
struct Direct {
  System<T, A> system;
  const Kokkos::complex<T>* residual;
  Kokkos::complex<T>* direction;
  double beta;

  KOKKOS_FUNCTION double element(std::int64_t i, const std::int64_t (&index)[A]) const {
    if (!system.inside(index)) {
      direction[i] = T(0);
      return 0;
    }
    const T inverse = 1 / (system.circulant[i] + system.regularisation(index));
    const Kokkos::complex<T> step = inverse * residual[i];
    direction[i] = beta == 0 ? step : step + T(beta) * direction[i];
    return 0;
  }
};

/// Q ← band (Q + L P); Σ Re conj(P) Q.
template <class T, int A>
struct Curvature {
  System<T, A> system;
  const Kokkos::complex<T>* direction;
  Kokkos::complex<T>* image;

  KOKKOS_FUNCTION double element(std::int64_t i, const std::int64_t (&index)[A]) const {
    if (!system.inside(index)) {
      image[i] = T(0);
      return 0;
    }
    image[i] += system.regularisation(index) * direction[i];
    const double m = multiplicity(long(index[A - 1]), long(system.shells.extent[A - 1]));
    return m *
           (double(direction[i].real()) * double(image[i].real()) + double(direction[i].imag()) * double(image[i].imag()));
  }
};

/// X ← X + α P, R ← R − α Q
template <class T>
struct Step {
  Kokkos::complex<T>*map, *residual;
  const Kokkos::complex<T>*direction, *image;
  T alpha;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    map[i] += alpha * direction[i];
    residual[i] -= alpha * image[i];
  }
};

/// mates(p) ← rotations(p) · g
template <class Rotations, class Mates>
struct Compose {
  Rotations rotations;
  Mates mates;
  double mate[3][3];

  KOKKOS_FUNCTION void operator()(std::int64_t p) const {
    for (std::size_t e = 0; e < mates.extent(1); ++e)
      for (int d = 0; d < 3; ++d) {
        double sum = 0;
        for (int i = 0; i < 3; ++i) sum += double(rotations(p, e, i)) * mate[i][d];
        mates(p, e, d) = sum;
      }
  }
};

/// One of two maps [2][D][H][W].
template <int A, class X>
auto half_lattice(const X& maps, int half, bool wrapped) {
  static_assert(int(X::rank()) == A + 1, "Reconstructor: half maps must be a View [2][D][H][W]");
  auto l = lattice<A>(maps, wrapped);
  l.data += half * l.batch_stride;
  return l;
}

/// (AᴴwA + L) v = b of maps of A axes, per frequency of the map: all is divided by its number of voxels, and solved for
/// its half spectrum.
template <class T, class Fft, int A, class Exec, class WeightKernel>
class Normal {
  using Complex = Kokkos::complex<T>;
  template <class V>
  using Numbers = Buffer<V, Exec>;

 public:
  Normal(const Exec& exec, const std::array<long, A>& map_extent, const std::array<long, A>& data_extent, double band)
      : box_{map_extent},
        twice_{doubled(map_extent)},
        weight_box_{padded(twice_.extent, weight_padding)},
        data_box_{data_extent},
        band_(band),
        kernel_(padding_of(twice_.extent, weight_box_.extent)),
        plan_(exec, map_extent, 1),
        twice_plan_(exec, twice_.extent, 1),
        weight_plan_(exec, weight_box_.extent, 1),
        correction_(correction(exec, "Reconstructor", twice_.extent, weight_box_.extent, kernel_)) {}

  double voxels() const { return box_.voxels(); }
  const Box<T, A>& weight_box() const { return weight_box_; }
  const WeightKernel& weight_kernel() const { return kernel_; }

  /// h and its circulant of gridded weights, of one array or the sum of two.
  void prepare(const Exec& exec, const Numbers<T>& first, const Numbers<T>& second) {
    allocate(exec);
    each(exec, weight_box_.stored(), Gather<Complex, T>{large(), first.data(), second.data()});
    weight_plan_.inverse(exec, large(), 1);
    const double scale = 1 / box_.voxels();
    const Fold<T, A, Exec> fold{box_.real(beside()), weight_box_.real(large()), correction_, scale};
    for_elements<A>(exec, "bracewell::circulant", 1, box_.extent, fold);
    plan_.forward(exec, beside(), 1);
    each(exec, box_.stored(), RealPart<T>{circulant_.data(), beside(), 1, 0});
    crop(exec, scale / twice_.voxels());
    twice_plan_.forward(exec, large(), 1);
    each(exec, twice_.stored(), RealPart<T>{filter(), large(), 1, -std::numeric_limits<double>::infinity()});
  }

  /// b of gridded data, of one array or the sum of two.
  template <class Plan>
  void right_side(const Exec& exec, const Plan& plan, const Numbers<Complex>& first, const Numbers<Complex>& second,
                  const Table<Exec>& correction) {
    each(exec, data_box_.stored(), Gather<Complex, Complex>{large(), first.data(), second.data()});
    plan.inverse(exec, large(), 1);
    transfer(exec, "bracewell::data", 1, box_.real(vector(residual)), data_box_.real(large()), correction,
             1 / box_.voxels());
    plan_.forward(exec, vector(residual), 1);
  }

  /// b of a map instead.
  template <class From>
  void right_side(const Exec& exec, const From& from) {
    transfer(exec, "bracewell::map", 1, box_.real(vector(residual)), from, Table<Exec>());
    plan_.forward(exec, vector(residual), 1);
  }

  /// The solution's padded spectrum, to be sampled as the data's grid was inserted into; until the next call.
  template <class Plan>
  Complex* padded_solution(const Exec& exec, const Plan& plan, const Table<Exec>& correction) const {
    Complex* const q = vector(image);
    copy(exec, q, vector(map));
    plan_.inverse(exec, q, 1);
    transfer(exec, "bracewell::map", 1, data_box_.real(large()), box_.real(q), correction, 1 / box_.voxels());
    plan.forward(exec, large(), 1);
    return large();
  }

  /// Preconditioned conjugate gradients (M. R. Hestenes, E. Stiefel, J. Res. NBS 49, 409 (1952)).
  void solve(const Exec& exec, const std::vector<double>& snr, int iterations) {
    regularise(exec, snr);
    Complex *const x = vector(map), *const r = vector(residual), *const p = vector(direction), *const q = vector(image);
    const auto system = this->system();
    double power = sum(exec, Residual<T, A>{system, r});
    sum(exec, Direct<T, A>{system, r, iterations == 0 ? x : p, 0});
    if (iterations == 0) return;
    Kokkos::deep_copy(exec, Kokkos::subview(memory_, range(map)), Complex(0));
    for (int i = 0; i < iterations && power > 0; ++i) {
      convolve(exec, p, q);
      const double curvature = sum(exec, Curvature<T, A>{system, p, q});
      if (!(curvature > 0)) return;
      each(exec, box_.stored(), Step<T>{x, r, p, q, T(power / curvature)});
      const double next = sum(exec, Residual<T, A>{system, r});
      if (!(next > 1e-14 * power)) return;
      sum(exec, Direct<T, A>{system, r, p, next / power});
      power = next;
    }
  }

  /// A map, or two halves, of the right extents.
  template <int Front = 0, class Map>
  void check(const char* function, const char* name, const Map& array) const {
    static_assert(Ranked<Map, A + Front>, "Reconstructor: a map must be a View [D][H][W]");
    static_assert(reaches<Exec, Map>, "Reconstructor: a map is in memory that 'exec' cannot access");
    if constexpr (Front == 1)
      if (array.extent(0) != 2) refuse(function, name, std::to_string(array.extent(0)) + " maps", "2");
    for (int a = 0; a < A; ++a)
      if (long(array.extent(std::size_t(Front + a))) != box_.extent[std::size_t(a)])
        refuse(function, name,
               std::to_string(array.extent(std::size_t(Front + a))) + " voxels long on axis " + std::to_string(a),
               std::to_string(box_.extent[std::size_t(a)]));
  }

  /// The solution, as a real map.
  template <class To>
  void store(const Exec& exec, const To& to, double scale) const {
    Complex* const q = vector(image);
    copy(exec, q, vector(map));
    plan_.inverse(exec, q, 1);
    transfer(exec, "bracewell::map", 1, to, box_.real(q), Table<Exec>(), scale / box_.voxels());
  }

  /// The solution is put aside, to be compared with another.
  void keep(const Exec& exec) {
    if (kept_.size() == 0) kept_ = buffer<Complex>(exec, "bracewell::finish", box_.stored());
    copy(exec, kept_.data(), vector(map));
  }
  std::vector<double> correlation_with_kept(const Exec& exec) const {
    return fourier_shell_correlation(exec, box_.template stored_view<Exec, false>(kept_.data()),
                                     box_.template stored_view<Exec, false>(vector(map)));
  }

  template <class Density>
  void store_density(const Exec& exec, const Density& density) const {
    const auto& to = view_of(density);
    auto extents = stored_extents(box_);
    auto target = lattice<A>(to);
    for (int a = 0; a < A; ++a)
      if (target.extent[a] != extents[a])
        refuse("density", "density", std::to_string(target.extent[a]) + " on axis " + std::to_string(a),
               std::to_string(extents[a]));
    if (circulant_.size() == 0) refuse("density", "density", "asked for before finish", "a call of finish first");
    Lattice<T, A> from{circulant_.data(), {}, {}, 0, false};
    std::int64_t stride = 1;
    for (int a = A - 1; a >= 0; --a) {
      from.extent[a] = extents[a];
      from.stride[a] = stride;
      stride *= extents[a];
    }
    transfer(exec, "bracewell::density", 1, target, from, Table<Exec>());
  }

 private:
  static constexpr double weight_padding = 1.25;

  /// Spectra of the map's size that a step needs.
  enum Vector { map, residual, direction, image, vectors };

  /// Twice the extents at least: a convolution that does not wrap around.
  static std::array<long, A> doubled(std::array<long, A> extents) {
    for (long& n : extents) n = fft_extent(2.0 * double(n));
    return extents;
  }

  /// One array for all steps. First h as it comes from its grid, and memory beside it of the map's size; then an array of twice the
  /// map's extents (or the data's), the filter and the vectors.
  void allocate(const Exec& exec) {
    if (memory_.size() > 0) return;
    const auto whole_lines = [](long size) { return (size + 15) / 16 * 16; };
    beside_ = whole_lines(weight_box_.stored());
    filter_ = whole_lines(std::max({twice_.stored(), data_box_.stored(), box_.stored()}));
    vectors_ = filter_ + whole_lines((twice_.stored() + 1) / 2);
    pitch_ = whole_lines(box_.stored());
    memory_ = buffer<Complex>(exec, "bracewell::finish", std::max(beside_ + pitch_, vectors_ + vectors * pitch_));
    circulant_ = buffer<T>(exec, "bracewell::finish", box_.stored());
    sums_ = buffer<double>(exec, "bracewell::finish", box_.rows());
    host_sums_ = Kokkos::create_mirror_view(Kokkos::HostSpace(), sums_);
  }

  Complex* large() const { return memory_.data(); }
  Complex* beside() const { return memory_.data() + beside_; }
  T* filter() const { return reinterpret_cast<T*>(memory_.data() + filter_); }
  Complex* vector(Vector which) const { return memory_.data() + vectors_ + which * pitch_; }
  std::pair<std::size_t, std::size_t> range(Vector which) const {
    const long first = vectors_ + which * pitch_;
    return {std::size_t(first), std::size_t(first + box_.stored())};
  }

  /// h without its padding, as an array of twice the map's extents where it lies, a few planes at a time through the memory beside:
  /// none begins later than the one it comes from.
  void crop(const Exec& exec, double scale) const {
    const auto to = twice_.real(large());
    T* const planes = reinterpret_cast<T*>(beside());
    const std::int64_t plane = to.stride[0], most = std::max<std::int64_t>(1, 2 * pitch_ / plane);
    const Lattice<const T, A> h = read_only(weight_box_.real(large()));
    for (std::int64_t first = 0; first < to.extent[0]; first += most) {
      const std::int64_t count = std::min(most, to.extent[0] - first);
      auto part = to;
      part.data = planes - first * plane;
      auto extents = twice_.extent;
      extents[0] = long(count);
      using Whole = Transfer<T, T, A, Exec>;
      for_elements<A>(exec, "bracewell::convolution", 1, extents,
                      Part<Whole, A>{Whole{part, h, correction_, scale, false}, first});
      const T* const from = planes;
      each(exec, long(count * plane), Gather<T, T>{to.data + first * plane, from, from});
    }
  }

  System<T, A> system() const {
    return {Shells<A>(box_.extent), band_, circulant_.data(), ridge_.data(), int(ridge_.size()) - 1};
  }

  /// q ← F h F⁻¹ p, F the transform of a map.
  void convolve(const Exec& exec, const Complex* p, Complex* q) const {
    copy(exec, q, p);
    plan_.inverse(exec, q, 1);
    transfer(exec, "bracewell::convolution", 1, twice_.real(large()), box_.real(q), Table<Exec>(), 1 / box_.voxels());
    twice_plan_.forward(exec, large(), 1);
    each(exec, twice_.stored(), Filter<T>{large(), filter()});
    twice_plan_.inverse(exec, large(), 1);
    transfer(exec, "bracewell::convolution", 1, box_.real(q), twice_.real(large()), Table<Exec>());
    plan_.forward(exec, q, 1);
  }

  template <class Op>
  void each(const Exec& exec, long count, const Op& op) const {
    Kokkos::parallel_for("bracewell::finish", Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>(exec, 0, count),
                         op);
  }
  void copy(const Exec& exec, Complex* to, const Complex* from) const {
    each(exec, box_.stored(), Gather<Complex, Complex>{to, from, from});
  }

  /// In a fixed order: the same for any number of threads.
  template <class Op>
  double sum(const Exec& exec, const Op& op) const {
    SumRows<Op, A> rows{op, {}, sums_.data()};
    const auto extents = stored_extents(box_);
    for (int a = 0; a < A; ++a) rows.extent[a] = extents[a];
    each(exec, box_.rows(), rows);
    Kokkos::deep_copy(exec, host_sums_, sums_);
    exec.fence("bracewell::finish");
    double total = 0;
    for (std::size_t i = 0; i < host_sums_.size(); ++i) total += host_sums_(i);
    return total;
  }

  /// L of every shell: its mean density over its signal-to-noise ratio; where there is no density, what keeps C + L positive.
  void regularise(const Exec& exec, const std::vector<double>& snr) {
    const std::vector<double> mean = radial_average(exec, box_.template stored_view<Exec, false>(circulant_.data()));
    double most = 0;
    for (const double d : mean) most = std::max(most, d);
    if (ridge_.size() != mean.size()) {
      ridge_ = buffer<T>(exec, "bracewell::finish", long(mean.size()));
      host_ridge_ = Kokkos::create_mirror_view(Kokkos::HostSpace(), ridge_);
    }
    for (std::size_t s = 0; s < mean.size(); ++s)
      host_ridge_(s) = T(most > 0 ? std::max(mean[s] / snr[std::min(s, snr.size() - 1)], 1e-9 * most) : 1);
    Kokkos::deep_copy(exec, ridge_, host_ridge_);
  }

  Box<T, A> box_, twice_, weight_box_, data_box_;
  double band_;
  WeightKernel kernel_;
  typename Fft::template Plan<Exec, T, A> plan_, twice_plan_, weight_plan_;
  Table<Exec> correction_;
  long beside_ = 0, filter_ = 0, vectors_ = 0, pitch_ = 0;  // where what begins in memory_, and a vector's size
  Numbers<Complex> memory_, kept_;
  Numbers<T> circulant_, ridge_;
  typename Numbers<T>::host_mirror_type host_ridge_;
  Numbers<double> sums_;
  typename Numbers<double>::host_mirror_type host_sums_;
};

}  // namespace bracewell::detail::job

#include <bracewell/detail/job/epilogue.hpp>
