// SPDX-License-Identifier: MIT
// Images against slices of a reference at many rotations and shifts, by matrix products.
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
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace examples {

/// Rows of numbers one behind the other.
using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Offset {
  double x, y;  // pixels
};

/// The stored samples of n² images' half spectra up to `radius` samples from k = 0, which tells nothing of poses and is left out.
struct Band {
  struct Sample {
    int x, y;            // k, signed
    float multiplicity;  // 1 where the mate is stored, too, else 2
  };
  int n, crop;  // extents of images, and of spectra that hold the band
  double radius;
  std::vector<Sample> samples;

  Band(int n_, double radius_) : n(n_), crop(0), radius(std::min(radius_, n_ / 2 - 0.5)) {
    crop = std::min(n, 2 * int(radius) + 2);
    for (int x = 0; x <= int(radius); ++x)
      for (int y = -int(radius); y <= int(radius); ++y)
        if ((x != 0 || y != 0) && std::hypot(x, y) <= radius) samples.push_back({x, y, x == 0 ? 1.0f : 2.0f});
  }
  int size() const { return int(samples.size()); }
};

/// A map whose slices are wanted, and images of `n` pixels of `pixel` voxels along an axis.
class SearchReference {
 public:
  using Kernel = bracewell::KaiserBessel<2>;

  SearchReference(const HostArray<const float***>& map, int n, double pixel, double padding = 1.5)
      : projector_(Host(), {long(map.extent(0)), long(map.extent(1)), long(map.extent(2))}, {n, n},
                   {.padding = padding, .pixel = pixel, .batch = 1}),
        scale_(float(1 / (pixel * pixel))) {
    projector_.load(Host(), map);
  }

  /// Rows of slices, pairs Re, Im of the band's samples, and of their squares times the multiplicity; their origin is the images'.
  void cut(const Band& band, const std::vector<bracewell::Matrix3>& rotations, std::size_t first, std::size_t count,
           RowMatrix& slices, RowMatrix& squares) {
    const auto crop = std::size_t(band.crop);
    if (spectra_.extent(0) < count || spectra_.extent(1) != crop) {
      spectra_ = HostArray<Kokkos::complex<float>***>("slices", count, crop, crop / 2 + 1);
      views_ = HostArray<double* [2][3]>("rotations", count);
    }
    for (std::size_t p = 0; p < count; ++p)
      for (std::size_t e = 0; e < 2; ++e)
        for (std::size_t d = 0; d < 3; ++d) views_(p, e, d) = rotations[first + p][e][d];
    const std::pair<std::size_t, std::size_t> part(0, count);
    auto options = projector_.slice_options();
    options.cutoff = band.radius / double(band.crop);
    bracewell::project(Host(), projector_.reference(),
                       bracewell::Poses{Kokkos::subview(views_, part, Kokkos::ALL, Kokkos::ALL)},
                       Kokkos::subview(spectra_, part, Kokkos::ALL, Kokkos::ALL), options, projector_.kernel());
    Host().fence();
    slices.resize(Eigen::Index(count), 2 * band.size());
    squares.resize(Eigen::Index(count), band.size());
    Kokkos::parallel_for("rows of slices", Kokkos::RangePolicy<Host>(0, count), [&](std::size_t p) {
      float *const slice = slices.row(Eigen::Index(p)).data(), *const square = squares.row(Eigen::Index(p)).data();
      for (int k = 0; k < band.size(); ++k) {
        const Band::Sample& s = band.samples[std::size_t(k)];
        const auto z = scale_ * spectra_(p, std::size_t(s.y < 0 ? s.y + band.crop : s.y), std::size_t(s.x));
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
  bracewell::Projector<float, bracewell::Fftw, Kernel, 3, 2, Host> projector_;
  float scale_;
  HostArray<Kokkos::complex<float>***> spectra_;
  HostArray<double* [2][3]> views_;
};

/// Images as rows, with their contrast transfer and weights.
class SearchImages {
 public:
  SearchImages(const Band& band, std::size_t count)
      : band_(&band), data(Eigen::Index(count), 2 * band.size()), weights(Eigen::Index(count), band.size()) {}

  /// Image i from its half spectrum [n][n/2 + 1], origin at index 0; C(k) of frequencies in cycles per pixel, w(|k|) of samples.
  template <class Spectrum, class Transfer, class Weight>
  void set(std::size_t i, const Spectrum& spectrum, const Transfer& transfer, const Weight& weight) {
    float *const row = data.row(Eigen::Index(i)).data(), *const w = weights.row(Eigen::Index(i)).data();
    for (int k = 0; k < band_->size(); ++k) {
      const Band::Sample& s = band_->samples[std::size_t(k)];
      const auto z = spectrum(std::size_t(s.y < 0 ? s.y + band_->n : s.y), std::size_t(s.x));
      const float c = float(transfer(double(s.x) / band_->n, double(s.y) / band_->n)),
                  own = float(weight(std::hypot(s.x, s.y))), factor = s.multiplicity * own * c;
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
    int x = -1, y = 0;
    for (int k = 0; k < band_->size(); ++k) {
      const Band::Sample& s = band_->samples[std::size_t(k)];
      if (s.x == x && s.y == y + 1) {
        phase *= turn;
      } else {
        const double angle = 2 * M_PI * (shift.x * s.x + shift.y * s.y) / band_->n;
        phase = Kokkos::complex<double>(std::cos(angle), std::sin(angle));
      }
      x = s.x;
      y = s.y;
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
  Offset shift{0, 0};
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
      return std::hypot(other.shift.x - candidate.shift.x, other.shift.y - candidate.shift.y) < offset &&
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
inline std::vector<BestCandidates> search(SearchReference& reference, const SearchImages& images,
                                          const std::vector<bracewell::Matrix3>& rotations,
                                          const std::vector<Offset>& shifts, Score score, std::size_t count,
                                          SearchWork& work, std::size_t block = 256) {
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

/// How neighbours of candidates are looked at.
struct Neighbourhood {
  double angle, offset;   // steps, in radians and pixels
  std::size_t count = 1;  // of those that are kept
  bool all =
      false;  // several of one neighbourhood; or the best of each, so that other peaks are not lost to those around the highest
  float spread = std::numeric_limits<float>::infinity();  // what is worse than the best by more is not kept
};

/// log Σ exp of the scores of nine shifts, and their mean.
template <class Shift>
Candidate over_shifts(const float (&scores)[9], const bracewell::Matrix3& rotation, const Shift& shift) {
  const float highest = *std::max_element(scores, scores + 9);
  double sum = 0;
  Offset mean{0, 0};
  for (int s = 0; s < 9; ++s) {
    const double weight = std::exp(double(scores[s] - highest));
    const Offset at = shift(s);
    sum += weight;
    mean.x += weight * at.x;
    mean.y += weight * at.y;
  }
  return {highest + float(std::log(sum)), rotation, {mean.x / sum, mean.y / sum}};
}

/// Of each candidate's neighbours the best: turns by −1, 0, 1 steps about the three axes of the image, and shifts by as many.
inline std::vector<BestCandidates> search_around(SearchReference& reference, const SearchImages& images,
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
          RowMatrix rows(9, images.data.cols()), cross;
          Eigen::VectorXf power;
          for (std::size_t c = 0; c < before[i].list().size(); ++c) {
            const Candidate& candidate = before[i].list()[c];
            const Eigen::Index place = places[i - first] + Eigen::Index(c) * own;
            const auto moved = [&](int s) {
              return Offset{candidate.shift.x + (s % 3 - 1) * around.offset,
                            candidate.shift.y + (s / 3 - 1) * around.offset};
            };
            for (int s = 0; s < 9; ++s) images.shifted(i, moved(s), rows.row(s).data());
            cross.noalias() = slices.middleRows(place, own) * rows.transpose();
            power.noalias() = squares.middleRows(place, own) * images.weights.row(Eigen::Index(i)).transpose();
            Candidate highest;
            for (Eigen::Index p = 0; p < own; ++p) {
              const bracewell::Matrix3& rotation = rotations[std::size_t(place + p)];
              int s_best = 0;
              float scores[9];
              for (int s = 0; s < 9; ++s) {
                scores[s] = score_of(score, cross(p, s), power[p]);
                if (scores[s] > scores[s_best]) s_best = s;
              }
              if (around.all) {
                best[i].add_apart(over_shifts(scores, rotation, moved), 0.5 * around.angle, 0.5 * around.offset);
              } else if (!(scores[s_best] <= highest.score)) {
                highest = {scores[s_best], rotation, moved(s_best)};
              }
            }
            if (!around.all) best[i].add_apart(highest, 1.5 * around.angle, 1.5 * around.offset);
          }
          best[i].drop(around.spread);
        });
    Host().fence();
    work.pairs += double(rotations.size()) * 9;
    work.operations += 2.0 * double(rotations.size()) * (9.0 * double(images.data.cols()) + double(squares.cols()));
    first = last;
  }
  return best;
}

/// A disc of shifts.
inline std::vector<Offset> shift_grid(double range, double step) {
  std::vector<Offset> shifts;
  const int most = int(range / step + 1e-9);
  for (int y = -most; y <= most; ++y)
    for (int x = -most; x <= most; ++x)
      if (std::hypot(x, y) * step <= range * (1 + 1e-9)) shifts.push_back({x * step, y * step});
  return shifts;
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
