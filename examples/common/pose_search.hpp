// SPDX-License-Identifier: MIT
// Images, or subtomograms, against slices of a reference at many rotations and shifts, by matrix products.
//
// With X an image, C its contrast transfer, w weights, S the slice at a rotation and φ = exp(−2πi k·t) the phase of a shift, sums over
// all frequencies k of a band,
//
//   ½ Σ w |X − C φ S|² = ½ Σ w |X|² − Σ w Re(conj(S) conj(φ) C X) + ½ Σ w C² |S|²:
//
// for images and shifts against rotations the second term is a product of real matrices whose rows are pairs Re, Im of w C conj(φ) X
// and of S, and the last one of w C² and |S|². No slice is cut twice.
#pragma once

#include "map.hpp"
#include "space.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/fftw.hpp>
#include <bracewell/projector.hpp>
#include <bracewell/so3.hpp>

#include <Kokkos_Core.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

namespace examples {

/// Rows of numbers one behind the other.
using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Offset {
  double x, y, z = 0;  // pixels; z: of volumes
};

/// The stored samples of half spectra of images of n pixels along each of 2 or 3 axes, up to `radius` samples from k = 0, which tells
/// nothing of poses and is left out.
struct Band {
  struct Sample {
    int x, y, z;         // k, signed; z = 0 of 2 axes
    float multiplicity;  // 1 where the mate is stored, too, else 2
  };
  int n, axes, crop;  // extents of images, and of spectra that hold the band
  double radius;
  std::vector<Sample> samples;

  Band(int n_, double radius_, int axes_ = 2) : n(n_), axes(axes_), crop(0), radius(std::min(radius_, n_ / 2 - 0.5)) {
    const int reach = int(radius), depth = axes == 3 ? reach : 0;
    crop = std::min(n, 2 * reach + 2);
    for (int x = 0; x <= reach; ++x)
      for (int z = -depth; z <= depth; ++z)
        for (int y = -reach; y <= reach; ++y) {
          const int square = x * x + y * y + z * z;
          if (square > 0 && square <= radius * radius) samples.push_back({x, y, z, x == 0 ? 1.0f : 2.0f});
        }
  }
  int size() const { return int(samples.size()); }
};

/// A band's sample of a half spectrum of n voxels along an axis, or of the one at `which` of several.
template <class Spectra, class... Which>
auto sample_of(const Spectra& spectra, const Band::Sample& s, int n, Which... which) {
  const auto row = [n](int k) { return std::size_t(k < 0 ? k + n : k); };
  if constexpr (Spectra::rank() == 3 + sizeof...(Which)) {
    return spectra(which..., row(s.z), row(s.y), std::size_t(s.x));
  } else {
    return spectra(which..., row(s.y), std::size_t(s.x));
  }
}

/// The extents of an image of M axes.
template <int M>
std::array<long, std::size_t(M)> cube(long n) {
  std::array<long, std::size_t(M)> extents;
  extents.fill(n);
  return extents;
}

/// Half spectra of images, or of volumes.
template <int M>
using SpectraArray = HostArray<std::conditional_t<M == 2, Kokkos::complex<float>***, Kokkos::complex<float>****>>;

template <int M>
SpectraArray<M> make_spectra(std::size_t count, std::size_t n) {
  if constexpr (M == 2) {
    return SpectraArray<M>("spectra", count, n, n / 2 + 1);
  } else {
    return SpectraArray<M>("spectra", count, n, n, n / 2 + 1);
  }
}

/// One of them, or a range.
template <int M, class Which>
auto part_of(const SpectraArray<M>& spectra, const Which& which) {
  if constexpr (M == 2) {
    return Kokkos::subview(spectra, which, Kokkos::ALL, Kokkos::ALL);
  } else {
    return Kokkos::subview(spectra, which, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL);
  }
}

/// A map whose slices of M axes are wanted, and images of `n` pixels of `pixel` voxels along an axis.
template <int M>
class ReferenceOf {
 public:
  using Kernel = bracewell::KaiserBessel<2>;

  ReferenceOf(const HostArray<const float***>& map, int n, double pixel, double padding = 1.5)
      : projector_(Host(), {long(map.extent(0)), long(map.extent(1)), long(map.extent(2))}, cube<M>(n),
                   {.padding = padding, .pixel = pixel, .batch = 1}),
        scale_(float(std::pow(pixel, -M))) {
    projector_.load(Host(), map);
  }

  /// Rows of slices, pairs Re, Im of the band's samples, and of their squares times the multiplicity; their origin is the images'.
  void cut(const Band& band, const std::vector<bracewell::Matrix3>& rotations, std::size_t first, std::size_t count,
           RowMatrix& slices, RowMatrix& squares) {
    const auto crop = std::size_t(band.crop);
    if (spectra_.extent(0) < count || spectra_.extent(1) != crop) {
      spectra_ = make_spectra<M>(count, crop);
      views_ = HostArray<double* [M][3]>("rotations", count);
    }
    for (std::size_t p = 0; p < count; ++p)
      for (std::size_t e = 0; e < std::size_t(M); ++e)
        for (std::size_t d = 0; d < 3; ++d) views_(p, e, d) = rotations[first + p][e][d];
    const std::pair<std::size_t, std::size_t> part(0, count);
    auto options = projector_.slice_options();
    options.cutoff = band.radius / double(band.crop);
    bracewell::project(Host(), projector_.reference(),
                       bracewell::Poses{Kokkos::subview(views_, part, Kokkos::ALL, Kokkos::ALL)}, part_of<M>(spectra_, part),
                       options, projector_.kernel());
    Host().fence();
    slices.resize(Eigen::Index(count), 2 * band.size());
    squares.resize(Eigen::Index(count), band.size());
    Kokkos::parallel_for("rows of slices", Kokkos::RangePolicy<Host>(0, count), [&](std::size_t p) {
      float *const slice = slices.row(Eigen::Index(p)).data(), *const square = squares.row(Eigen::Index(p)).data();
      for (int k = 0; k < band.size(); ++k) {
        const Band::Sample& s = band.samples[std::size_t(k)];
        const auto z = scale_ * sample_of(spectra_, s, band.crop, p);
        slice[2 * k] = z.real();
        slice[2 * k + 1] = z.imag();
        square[k] = s.multiplicity * (z.real() * z.real() + z.imag() * z.imag());
      }
    });
    Host().fence();
  }

  const auto& projector() const { return projector_; }
  /// Of slices, beside the map's images.
  double scale() const { return double(scale_); }

 private:
  bracewell::Projector<float, bracewell::Fftw, Kernel, 3, M, Host> projector_;
  float scale_;
  SpectraArray<M> spectra_;
  HostArray<double* [M][3]> views_;
};
using SearchReference = ReferenceOf<2>;

/// Images as rows, with their contrast transfer and weights.
class SearchImages {
 public:
  SearchImages(const Band& band, std::size_t count)
      : band_(&band), data(Eigen::Index(count), 2 * band.size()), weights(Eigen::Index(count), band.size()) {}

  /// Image i from its half spectrum [n][n/2 + 1], origin at index 0; C(k) of frequencies in cycles per pixel, w(|k|) of samples.
  template <class Spectrum, class Transfer, class Weight>
  void set(std::size_t i, const Spectrum& spectrum, const Transfer& transfer, const Weight& weight) {
    fill(
        i, spectrum, [&](const Band::Sample& s) { return transfer(double(s.x) / band_->n, double(s.y) / band_->n); },
        [&](const Band::Sample& s) { return weight(std::hypot(s.x, s.y)); });
  }

  /// The same, of any axes, with C and w of samples.
  template <class Spectrum, class Transfer, class Weight>
  void fill(std::size_t i, const Spectrum& spectrum, const Transfer& transfer, const Weight& weight) {
    float *const row = data.row(Eigen::Index(i)).data(), *const w = weights.row(Eigen::Index(i)).data();
    for (int k = 0; k < band_->size(); ++k) {
      const Band::Sample& s = band_->samples[std::size_t(k)];
      const auto z = sample_of(spectrum, s, band_->n);
      const float c = float(transfer(s)), own = float(weight(s)), factor = s.multiplicity * own * c;
      row[2 * k] = factor * z.real();
      row[2 * k + 1] = factor * z.imag();
      w[k] = own * c * c;
    }
  }

  const Band& band() const { return *band_; }

  /// `to` ← row i times conj(φ) of a shift.
  void shifted(std::size_t i, const Offset& shift, float* to) const {
    const float* const row = data.row(Eigen::Index(i)).data();
    // exp(+2πi k·t) by steps along y: double, so that they stay exact.
    const double step = 2 * M_PI * shift.y / band_->n;
    const Kokkos::complex<double> turn(std::cos(step), std::sin(step));
    Kokkos::complex<double> phase = 1;
    int x = -1, y = 0, z = 0;
    for (int k = 0; k < band_->size(); ++k) {
      const Band::Sample& s = band_->samples[std::size_t(k)];
      if (s.x == x && s.z == z && s.y == y + 1) {
        phase *= turn;
      } else {
        const double angle = 2 * M_PI * (shift.x * s.x + shift.y * s.y + shift.z * s.z) / band_->n;
        phase = Kokkos::complex<double>(std::cos(angle), std::sin(angle));
      }
      x = s.x;
      y = s.y;
      z = s.z;
      const float re = row[2 * k], im = row[2 * k + 1], c = float(phase.real()), d = float(phase.imag());
      to[2 * k] = re * c - im * d;
      to[2 * k + 1] = re * d + im * c;
    }
  }

 private:
  const Band* band_;

 public:
  RowMatrix data, weights;  // of multiplicity · w C X, and w C²
};

/// How well an image fits: its log-likelihood but for a constant, cross − ½ power; or with the scale of the slice that is best for it,
/// cross² / (2 power), negative for a negative one.
enum class Score { likelihood, correlation };

inline float score_of(Score score, float cross, float power) {
  if (score == Score::likelihood) return cross - 0.5f * power;
  return power > 0 ? 0.5f * cross * std::abs(cross) / power : 0;
}

struct Candidate {
  float score = -std::numeric_limits<float>::infinity();
  bracewell::Matrix3 rotation{};
  Offset shift{0, 0, 0};
};

/// The best of an image, in falling order.
class BestCandidates {
 public:
  explicit BestCandidates(std::size_t count) : count_(count) {}

  float least() const { return best_.size() < count_ ? -std::numeric_limits<float>::infinity() : best_.back().score; }
  void add(const Candidate& candidate) {
    if (!(candidate.score > least())) return;
    const auto place = std::upper_bound(best_.begin(), best_.end(), candidate,
                                        [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    best_.insert(place, candidate);
    if (best_.size() > count_) best_.pop_back();
  }
  /// Of those that are nearer to each other than `angle` and `offset`, the best alone.
  void add_apart(const Candidate& candidate, double angle, double offset) {
    const auto near = [&](const Candidate& other) {
      return std::hypot(other.shift.x - candidate.shift.x, other.shift.y - candidate.shift.y,
                        other.shift.z - candidate.shift.z) < offset &&
             bracewell::angular_distance(other.rotation, candidate.rotation) < angle;
    };
    if (!(candidate.score > least())) return;
    const auto other = std::find_if(best_.begin(), best_.end(), near);
    if (other != best_.end() && !(candidate.score > other->score)) return;
    best_.erase(std::remove_if(best_.begin(), best_.end(), near), best_.end());
    add(candidate);
  }
  /// Leaves out what is worse than the best by more than `spread`.
  void drop(float spread) {
    while (best_.size() > 1 && best_.back().score < best_.front().score - spread) best_.pop_back();
  }
  const std::vector<Candidate>& list() const { return best_; }

 private:
  std::size_t count_;
  std::vector<Candidate> best_;
};

/// What a search did.
struct SearchWork {
  double pairs = 0;       // images · rotations · shifts
  double operations = 0;  // of the products
  double seconds = 0;
};

/// The `count` best rotations of every image, each at its best shift. Products are of so many images at a time, each by one thread, that
/// numbers are the same for any number of these.
template <int M>
std::vector<BestCandidates> search(ReferenceOf<M>& reference, const SearchImages& images,
                                   const std::vector<bracewell::Matrix3>& rotations, const std::vector<Offset>& shifts,
                                   Score score, std::size_t count, SearchWork& work, std::size_t block = 256) {
  const auto image_count = std::size_t(images.data.rows()), shift_count = shifts.size();
  RowMatrix rows(Eigen::Index(image_count * shift_count), images.data.cols()), slices, squares;
  Kokkos::parallel_for("shifted images", Kokkos::RangePolicy<Host>(0, image_count * shift_count), [&](std::size_t r) {
    images.shifted(r / shift_count, shifts[r % shift_count], rows.row(Eigen::Index(r)).data());
  });
  Host().fence();
  std::vector<BestCandidates> best(image_count, BestCandidates(count));
  const std::size_t tile = std::max<std::size_t>(1, 256 / shift_count), tiles = (image_count + tile - 1) / tile;
  for (std::size_t first = 0; first < rotations.size(); first += block) {
    const std::size_t some = std::min(block, rotations.size() - first);
    reference.cut(images.band(), rotations, first, some, slices, squares);
    Kokkos::parallel_for(
        "products", Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Dynamic>>(0, tiles), [&](std::size_t t) {
          const std::size_t begin = t * tile, own = std::min(tile, image_count - begin);
          RowMatrix cross, power;
          cross.noalias() =
              slices * rows.middleRows(Eigen::Index(begin * shift_count), Eigen::Index(own * shift_count)).transpose();
          power.noalias() = squares * images.weights.middleRows(Eigen::Index(begin), Eigen::Index(own)).transpose();
          for (std::size_t p = 0; p < some; ++p)
            for (std::size_t i = 0; i < own; ++i) {
              const float* const of_shifts = cross.row(Eigen::Index(p)).data() + i * shift_count;
              // The power is that of all shifts.
              const float* const largest = std::max_element(of_shifts, of_shifts + shift_count);
              const float value = score_of(score, *largest, power(Eigen::Index(p), Eigen::Index(i)));
              if (value > best[begin + i].least())
                best[begin + i].add({value, rotations[first + p], shifts[std::size_t(largest - of_shifts)]});
            }
        });
    Host().fence();
    work.pairs += double(image_count) * double(some) * double(shift_count);
    work.operations += 2.0 * double(some) *
                       (double(rows.rows()) * double(rows.cols()) + double(image_count) * double(images.weights.cols()));
  }
  return best;
}

/// A disc, or of 3 axes a ball, of shifts.
inline std::vector<Offset> shift_grid(double range, double step, int axes = 2) {
  std::vector<Offset> shifts;
  const int most = int(range / step + 1e-9), depth = axes == 3 ? most : 0;
  for (int z = -depth; z <= depth; ++z)
    for (int y = -most; y <= most; ++y)
      for (int x = -most; x <= most; ++x)
        if (std::hypot(x, y, z) * step <= range * (1 + 1e-9)) shifts.push_back({x * step, y * step, z * step});
  return shifts;
}

/// A shift and its neighbours, by −1, 0, 1 steps along each axis.
inline std::vector<Offset> shifts_around(const Offset& shift, double step, int axes) {
  std::vector<Offset> shifts;
  const int depth = axes == 3 ? 1 : 0;
  for (int z = -depth; z <= depth; ++z)
    for (int y = -1; y <= 1; ++y)
      for (int x = -1; x <= 1; ++x) shifts.push_back({shift.x + x * step, shift.y + y * step, shift.z + z * step});
  return shifts;
}

/// How neighbours of candidates are looked at.
struct Neighbourhood {
  double angle, offset;   // steps, in radians and pixels
  std::size_t count = 1;  // of those that are kept
  bool all =
      false;  // several of one neighbourhood; or the best of each, so that other peaks are not lost to those around the highest
  float spread = std::numeric_limits<float>::infinity();  // what is worse than the best by more is not kept
};

/// log Σ exp of the scores of shifts, and their mean.
template <int Moves>
Candidate over_shifts(const float (&scores)[Moves], const bracewell::Matrix3& rotation, const std::vector<Offset>& shifts) {
  const float highest = *std::max_element(scores, scores + Moves);
  double sum = 0;
  Offset mean{0, 0};
  for (int s = 0; s < Moves; ++s) {
    const double weight = std::exp(double(scores[s] - highest));
    const Offset& at = shifts[std::size_t(s)];
    sum += weight;
    mean.x += weight * at.x;
    mean.y += weight * at.y;
    mean.z += weight * at.z;
  }
  return {highest + float(std::log(sum)), rotation, {mean.x / sum, mean.y / sum, mean.z / sum}};
}

/// Of each candidate's neighbours the best: turns by −1, 0, 1 steps about the three axes of the image, and shifts by as many.
template <int M>
std::vector<BestCandidates> search_around(ReferenceOf<M>& reference, const SearchImages& images,
                                          const std::vector<BestCandidates>& before, const Neighbourhood& around,
                                          Score score, SearchWork& work) {
  std::vector<bracewell::Matrix3> turns;
  for (int a = -1; a <= 1; ++a)
    for (int b = -1; b <= 1; ++b)
      for (int c = -1; c <= 1; ++c)
        turns.push_back(a == 0 && b == 0 && c == 0 ? bracewell::rotation_zyz(0, 0, 0)
                                                   : bracewell::rotation_about({double(a), double(b), double(c)},
                                                                               around.angle * std::hypot(a, b, c)));
  const auto own = Eigen::Index(turns.size());
  const auto image_count = std::size_t(images.data.rows());
  std::vector<BestCandidates> best(image_count, BestCandidates(around.count));
  constexpr int moves = M == 3 ? 27 : 9;
  RowMatrix slices, squares;
  std::vector<bracewell::Matrix3> rotations;
  std::vector<Eigen::Index> places;
  for (std::size_t first = 0; first < image_count;) {
    // Images whose slices are cut at once.
    rotations.clear();
    places.clear();
    std::size_t last = first;
    do {
      places.push_back(Eigen::Index(rotations.size()));
      for (const Candidate& candidate : before[last].list())
        for (const auto& turn : turns) rotations.push_back(bracewell::product(turn, candidate.rotation));
      ++last;
    } while (last < image_count && rotations.size() < 256);
    reference.cut(images.band(), rotations, 0, rotations.size(), slices, squares);
    Kokkos::parallel_for(
        "neighbours", Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Dynamic>>(first, last), [&](std::size_t i) {
          RowMatrix rows(moves, images.data.cols()), cross;
          Eigen::VectorXf power;
          for (std::size_t c = 0; c < before[i].list().size(); ++c) {
            const Candidate& candidate = before[i].list()[c];
            const Eigen::Index place = places[i - first] + Eigen::Index(c) * own;
            const auto shifts = shifts_around(candidate.shift, around.offset, M);
            for (int s = 0; s < moves; ++s) images.shifted(i, shifts[std::size_t(s)], rows.row(s).data());
            cross.noalias() = slices.middleRows(place, own) * rows.transpose();
            power.noalias() = squares.middleRows(place, own) * images.weights.row(Eigen::Index(i)).transpose();
            Candidate highest;
            for (Eigen::Index p = 0; p < own; ++p) {
              const bracewell::Matrix3& rotation = rotations[std::size_t(place + p)];
              int s_best = 0;
              float scores[moves];
              for (int s = 0; s < moves; ++s) {
                scores[s] = score_of(score, cross(p, s), power[p]);
                if (scores[s] > scores[s_best]) s_best = s;
              }
              if (around.all) {
                best[i].add_apart(over_shifts(scores, rotation, shifts), 0.5 * around.angle, 0.5 * around.offset);
              } else if (!(scores[s_best] <= highest.score)) {
                highest = {scores[s_best], rotation, shifts[std::size_t(s_best)]};
              }
            }
            if (!around.all) best[i].add_apart(highest, 1.5 * around.angle, 1.5 * around.offset);
          }
          best[i].drop(around.spread);
        });
    Host().fence();
    work.pairs += double(rotations.size()) * moves;
    work.operations +=
        2.0 * double(rotations.size()) * (double(moves) * double(images.data.cols()) + double(squares.cols()));
    first = last;
  }
  return best;
}

/// The rotations of a grid of which no mate under a group is nearer to the identity: one of every |group|.
inline std::vector<bracewell::Matrix3> asymmetric_unit(const std::vector<bracewell::Matrix3>& grid,
                                                       const std::vector<bracewell::Matrix3>& group) {
  const bracewell::Matrix3 identity = bracewell::rotation_zyz(0, 0, 0);
  std::vector<bracewell::Matrix3> unit;
  for (const auto& rotation : grid) {
    bool nearest = true;
    const double own = bracewell::angular_distance(rotation, identity);
    for (std::size_t g = 1; g < group.size() && nearest; ++g)
      nearest = bracewell::angular_distance(bracewell::product(rotation, group[g]), identity) >= own - 1e-9;
    if (nearest) unit.push_back(rotation);
  }
  return unit;
}

}  // namespace examples
