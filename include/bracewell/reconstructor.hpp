// SPDX-License-Identifier: MIT
/// \file reconstructor.hpp
/// The whole job, from real images at poses back to a real map: least squares, right by default.
///
///     bw::Reconstructor<float, bw::Fftw> reconstructor(exec, {n, n, n}, {n, n});   // plans and memory, once
///     reconstructor.add(exec, images, bw::Poses{rotations, shifts}, ctf);          // any number of times
///     reconstructor.finish(exec, map);                                             // a map [n][n][n]
///
/// With A the images of a map as projector.hpp has them (interpolated nowhere), w weights of their samples and L the power of noise
/// over that of the map in its shells, the map is the one that minimises
///
///     ½ Σ_k w |A v − X|² + ½ Σ_n L(|n|) |V(n)|²     so that (AᴴwA + L) v = AᴴwX = b,
///
/// sums over all frequencies of the images and of the map. Dividing data by density, as one shot does, takes AᴴwA for a product in
/// Fourier space, which it is not: it is the convolution h ∗ v of the map with the transform h of the samples' weights |C|² w
/// (H. Wajer, K. Pruessmann, Proc. ISMRM 9, 767 (2001); J. A. Fessler et al., IEEE Trans. Signal Process. 53, 3393 (2005)). Adding
/// images therefore adds to two grids: b's, and h's of twice the extent, both gridded with Kaiser–Bessel kernels and padded.
/// Finishing solves the equations by conjugate gradients, preconditioned by the circulant matrix nearest to the convolution (T. F.
/// Chan, SIAM J. Sci. Stat. Comput. 9, 766 (1988)), over maps without frequencies beyond those of the images: a step costs two
/// FFTs of twice the map's extents and two of the map's, however many images there are. Its first step alone, iterations = 0,
/// is a one-shot reconstruction.
#pragma once

#include <bracewell/backproject.hpp>
#include <bracewell/detail/job/normal.hpp>
#include <bracewell/detail/job/stage.hpp>
#include <bracewell/project.hpp>
#include <bracewell/shells.hpp>
#include <bracewell/so3.hpp>

#include <Kokkos_Core.hpp>
#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

struct ReconstructorOptions {
  /// Of the data's grid, as ProjectorOptions has it. The weights' grid, of twice the map's extents, is padded to 1.25.
  double padding = 1.5;

  /// What the images are of the map, as ProjectorOptions has it.
  double pixel = 1;
  double scale = 1;
  double cutoff = 0.5;
  Origin origin = Origin::centre;

  /// 2: images are added to one of two halves, for half maps and their FSC.
  int halves = 1;

  /// Rotations under which the object is the same, identity included (symmetry.hpp): an image at R counts at R g for every g.
  /// Nothing: none.
  std::vector<Matrix3> symmetry = {};

  /// Images that are worked on at once: memory for their spectra is kept.
  long batch = 64;
};

struct FinishOptions {
  /// Steps of conjugate gradients; 0: one shot, which is crude.
  int iterations = 8;

  /// The map's signal-to-noise ratio in every shell, or in each (beginning with shell 0; the last holds for all beyond; shells
  /// are those of shells.hpp). L of a shell is the mean density of its samples over this. The default hardly regularises.
  double snr = 1000;
  std::vector<double> shell_snr = {};

  /// By halves only: the volume of the object over that of the box. Half maps tell the signal-to-noise ratio of the box; the
  /// object's own, which is best for its density, is larger by this (C. V. Sindelar, N. Grigorieff, J. Struct. Biol. 180, 132
  /// (2012)). 1: the box' own, which leaves the least noise around the object.
  double object = 1;

  /// Which half: 0 or 1; −1: all images.
  int half = -1;
};

/// The signal-to-noise ratio of the map of all images in every shell from F, the Fourier shell correlation of its half maps: 2 F / (1 −
/// F) / object (S. H. W. Scheres, J. Mol. Biol. 415, 406 (2012)), F taken to be 0.001 to 0.9999. For FinishOptions::shell_snr.
inline std::vector<double> signal_to_noise(const std::vector<double>& correlation, double object = 1) {
  std::vector<double> snr;
  for (const double f : correlation) {
    const double bounded = std::min(std::max(f, 1e-3), 0.9999);
    snr.push_back(2 * bounded / (1 - bounded) / object);
  }
  return snr;
}

/// What images of one kind are of the map, as ProjectorOptions has it.
struct ImageKind {
  double pixel = 1;
  double scale = 1;
  double cutoff = 0.5;
};

namespace detail::job {

/// Weights are gridded with the data's kernel where that is positive and as exact as its padding asks for.
template <class Kernel>
struct WeightKernelOf {
  using type = KaiserBessel<3>;
};
template <int Reach>
struct WeightKernelOf<KaiserBessel<Reach>> {
  using type = KaiserBessel<Reach>;
};

}  // namespace detail::job

/// Maps from images: T the precision inside, Fft a library of FFTs (fft.hpp), Kernel that of the data, and of the weights if it is
/// a Kaiser–Bessel one (kernels.hpp). By default maps of 300 exact images are within 0.4 %, of 2,000 within 0.2 % (README);
/// KaiserBessel<3> needs a padding of 1.25 only, and twice the time or more to add images.
///
/// Memory, in numbers of T for a map of n voxels: by default 4 n for the data and 8 n for the weights, each times `halves`, kept;
/// 17 n more while finishing, kept from then on; and what `batch` images need.
template <class T, class FftLibrary, class Kernel = KaiserBessel<2>, int N = 3, int M = 2,
          class Exec = Kokkos::DefaultExecutionSpace>
class Reconstructor {
  static_assert(
      Fft<FftLibrary, Exec, T, N> && Fft<FftLibrary, Exec, T, M>,
      "Reconstructor: the FFT library has no plans for these axes, this precision or this execution space (fft.hpp)");
  static_assert(1 <= M && M <= N && N <= 3, "Reconstructor: 1 ≤ M ≤ N ≤ 3");

 public:
  /// For a map and images of these extents, in memory order, [D, H, W] and [h, w]; even or odd, equal or not.
  /// \throws std::invalid_argument
  Reconstructor(const Exec& exec, const std::array<long, N>& map, const std::array<long, M>& image,
                const ReconstructorOptions& options = {})
      : Reconstructor(exec, map, image, options,
                      detail::job::default_kernel<Kernel>(detail::job::padding_of(map, padded(map, options)))) {}

  /// With a kernel object of the user's own.
  Reconstructor(const Exec& exec, const std::array<long, N>& map, const std::array<long, M>& image,
                const ReconstructorOptions& options, const Kernel& kernel)
      : options_(options),
        kernel_(kernel),
        data_box_{padded(map, options)},
        normal_(exec, map, data_box_.extent, options.cutoff / options.pixel),
        data_plan_(exec, data_box_.extent, 1),
        correction_(detail::job::correction(exec, "Reconstructor", map, data_box_.extent, kernel)) {
    if (options.halves != 1 && options.halves != 2)
      detail::job::refuse("Reconstructor", "options.halves", std::to_string(options.halves), "1 or 2");
    if (!options.symmetry.empty() && N != 3)
      detail::job::refuse("Reconstructor", "options.symmetry", "given", "nothing for maps of other than 3 axes");
    for (int half = 0; half < options.halves; ++half) {
      data_[half] = detail::job::buffer<Kokkos::complex<T>>(exec, "bracewell::data", data_box_.stored());
      weights_[half] = detail::job::buffer<T>(exec, "bracewell::weights", normal_.weight_box().stored());
    }
    if (options.symmetry.size() > 1) mates_ = Mates("bracewell::mates", std::size_t(options.batch), M, N);
    add_kind(exec, image, {options.pixel, options.scale, options.cutoff});
    clear(exec);
  }

  /// Images of other extents, pixel sizes or scales of the same map, for which memory for a batch is kept, too. Returns their
  /// number for `add`: 1 for the first; those of the constructor are 0. The map's frequencies are those of kind 0 up to its cutoff.
  /// \throws std::invalid_argument
  int add_kind(const Exec& exec, const std::array<long, M>& image, const ImageKind& kind) {
    detail::job::check_job("add_kind", KindOptions{kind, options_.padding, options_.batch});
    kinds_.emplace_back(exec, detail::job::checked("add_kind", "image", image), options_,
                        kind.scale / std::pow(kind.pixel, M) / unit());
    Kind& added = kinds_.back();
    const auto options = [&](const auto& box) {
      SliceOptions of_box;
      of_box.oversampling = double(box.extent[N - 1]) / (double(image[M - 1]) * kind.pixel);
      of_box.cutoff = kind.cutoff;
      of_box.accumulate = true;
      return of_box;
    };
    added.data_options = options(data_box_);
    added.weight_options = options(normal_.weight_box());
    return int(kinds_.size()) - 1;
  }

  /// The numbers that images have added up to, of a half: what is saved, or sent and summed, where images are added in several
  /// runs or on several machines. Of the data, complex ones as pairs, and of the weights.
  std::array<Kokkos::View<T*, typename Exec::memory_space>, 2> sums(int half = 0) const {
    check_half("sums", half);
    const auto& data = data_[half];
    return {Kokkos::View<T*, typename Exec::memory_space>(reinterpret_cast<T*>(data.data()), 2 * data.size()),
            weights_[half]};
  }

  /// Forgets all images.
  void clear(const Exec& exec) {
    for (int half = 0; half < options_.halves; ++half) {
      Kokkos::deep_copy(exec, data_[half], Kokkos::complex<T>(0));
      Kokkos::deep_copy(exec, weights_[half], T(0));
    }
  }

  /// Adds images [P][h][w], real, of any strides, at their poses.
  ///
  /// - `modulation`: C of the images, as Projector::project has it.
  /// - `weights`: w of their samples, 1 over the power of noise, in any unit: none for ones; real numbers in one of the forms
  ///   that modulation has.
  /// - `half`: 0 or 1 of options.halves.
  /// - `kind`: 0, or what add_kind gave.
  /// \throws std::invalid_argument
  template <class Images, class PosesType, class Modulation = None, class Weights = None>
  void add(const Exec& exec, const Images& images, const PosesType& poses, const Modulation& modulation = {},
           const Weights& weights = {}, int half = 0, int kind = 0) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Reconstructor::add");
    const Kind& of = checked_kind("add", kind);
    check_images("add", "images", of, images, poses, modulation, weights);
    check_half("add", half);
    of.stage.batches(images, [&](long, long first, long count) {
      of.stage.forward(exec, images, 0, first, count, of.relative);
      weigh(exec, of, modulation, weights, first, count);
      const auto at = detail::job::poses_part(poses, 0, first, count);
      if (options_.symmetry.size() < 2) return insert(exec, of, at, count, half);
      if constexpr (N == 3)
        for (const Matrix3& mate : options_.symmetry)
          insert(exec, of, Poses{rotated(exec, at.rotations, mate, count), at.shifts}, count, half);
    });
  }

  /// map ← the map of all images, or of a half; [D][H][W], float or double, of any strides. Waits.
  /// \throws std::invalid_argument
  template <class Map>
  void finish(const Exec& exec, const Map& map, const FinishOptions& options = {}) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Reconstructor::finish");
    normal_.check("finish", "map", map);
    solve(exec, options);
    normal_.store(exec, detail::job::lattice<N>(map, options_.origin == Origin::zero), amplitude());
  }

  /// The same with the signal-to-noise ratio of every shell taken from the Fourier shell correlation F of the half maps
  /// (signal_to_noise). Needs halves = 2. half_maps: where the half maps
  /// go that the FSC was of, [2][D][H][W], or none. Returns F.
  template <class Map, class HalfMaps = None>
  std::vector<double> finish_by_halves(const Exec& exec, const Map& map, const HalfMaps& half_maps = {},
                                       FinishOptions options = {}) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Reconstructor::finish_by_halves");
    if (options_.halves != 2) detail::job::refuse("finish_by_halves", "options.halves", "1", "2");
    normal_.check("finish_by_halves", "map", map);
    if constexpr (!std::is_same_v<HalfMaps, None>) normal_.template check<1>("finish_by_halves", "half_maps", half_maps);
    if (!(options.object > 0 && options.object <= 1))
      detail::job::refuse("finish_by_halves", "options.object", std::to_string(options.object), "above 0 and up to 1");
    const std::vector<double> correlation = half_correlation(exec, half_maps, options);
    options.half = -1;
    options.shell_snr = signal_to_noise(correlation, options.object);
    finish(exec, map, options);
    return correlation;
  }

  /// The transpose of `finish` as a linear map of all images (or of a half), with the weights that were added: from map_bar =
  /// dL/d map what images_vjp needs. Exact as far as the iterations converge, since (AᴴwA + L)⁻¹ is its own transpose. Its jvp is
  /// the map of the tangents of images. Waits.
  template <class MapBar>
  void finish_vjp(const Exec& exec, const MapBar& map_bar, const FinishOptions& options = {}) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Reconstructor::finish_vjp");
    normal_.check("finish_vjp", "map_bar", map_bar);
    solve(exec, options,
          [&](int, int) { normal_.right_side(exec, detail::job::lattice<N>(map_bar, options_.origin == Origin::zero)); });
  }

  /// images_bar ← dL/d images after finish_vjp, for images that were added with these poses, modulation, weights and kind. To be
  /// called before anything else is finished.
  template <class PosesType, class Images, class Modulation = None, class Weights = None>
  void images_vjp(const Exec& exec, const PosesType& poses, const Images& images_bar, const Modulation& modulation = {},
                  const Weights& weights = {}, int kind = 0) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Reconstructor::images_vjp");
    const Kind& of = checked_kind("images_vjp", kind);
    check_images("images_vjp", "images_bar", of, images_bar, poses, modulation, weights);
    const auto reference =
        data_box_.template stored_view<Exec, false>(normal_.padded_solution(exec, data_plan_, correction_));
    auto options = of.data_options;
    of.stage.batches(images_bar, [&](long, long first, long count) {
      const auto at = detail::job::poses_part(poses, 0, first, count);
      const auto gather = [&](const auto& views, bool accumulate) {
        options.accumulate = accumulate;
        project(exec, reference, views, of.stage.spectra(count), options, kernel_);
      };
      if (options_.symmetry.size() < 2) {
        gather(at, false);
      } else if constexpr (N == 3) {
        for (std::size_t g = 0; g < options_.symmetry.size(); ++g)
          gather(Poses{rotated(exec, at.rotations, options_.symmetry[g], count), at.shifts}, g > 0);
      }
      const auto transfer = detail::job::make_factor<M>(modulation, 0, first);
      const auto weight = detail::job::make_factor<M>(weights, 0, first);
      using Factor = detail::job::Product<std::decay_t<decltype(transfer)>, std::decay_t<decltype(weight)>, M>;
      detail::job::for_elements<M>(exec, "bracewell::modulate", count, detail::job::stored_extents(of.stage.box()),
                                   detail::job::Modulate<T, M, Factor, false>{
                                       detail::job::sample_rows(of.stage.data(), of.stage.box()), {transfer, weight}});
      of.stage.inverse(exec, images_bar, 0, first, count, amplitude() * of.relative / normal_.voxels(), false);
    });
  }

  /// density ← the number of samples, times |C|² w, a frequency of the map's half spectrum [D][H][W/2 + 1]: the circulant
  /// preconditioner, as `finish` had it. Real.
  template <class Density>
  void density(const Exec& exec, const Density& density) const {
    normal_.store_density(exec, density);
  }

 private:
  using Mates = Kokkos::View<double***, Kokkos::LayoutRight, typename Exec::memory_space>;

  static std::array<long, N> padded(const std::array<long, N>& map, const ReconstructorOptions& options) {
    detail::job::check_job("Reconstructor", options);
    return detail::job::padded(detail::job::checked("Reconstructor", "map", map), options.padding);
  }

  struct KindOptions : ImageKind {
    double padding;
    long batch;
  };

  struct Kind {
    detail::job::Stage<T, FftLibrary, M, Exec> stage;
    detail::job::Buffer<T, Exec> squares;
    SliceOptions data_options, weight_options;
    double relative;  // the images' factor over that of kind 0

    Kind(const Exec& exec, const std::array<long, M>& image, const ReconstructorOptions& options, double factor)
        : stage(exec, image, options.batch, options.origin == Origin::zero),
          squares(detail::job::buffer<T>(exec, "bracewell::images", options.batch * stage.box().stored())),
          relative(factor) {}
  };

  /// The factor of images of kind 0, which the equations leave out, and that of their solution.
  double unit() const { return options_.scale / std::pow(options_.pixel, M); }
  double amplitude() const { return 1 / unit(); }

  const Kind& checked_kind(const char* function, int kind) const {
    if (kind < 0 || kind >= int(kinds_.size()))
      detail::job::refuse(function, "kind", std::to_string(kind),
                          "less than the number of kinds, " + std::to_string(kinds_.size()));
    return kinds_[std::size_t(kind)];
  }
  void check_half(const char* function, int half) const {
    if (half < 0 || half >= options_.halves)
      detail::job::refuse(function, "half", std::to_string(half),
                          "less than options.halves, " + std::to_string(options_.halves));
  }

  template <class Images, class PosesType, class Modulation, class Weights>
  void check_images(const char* function, const char* name, const Kind& kind, const Images& images, const PosesType& poses,
                    const Modulation& modulation, const Weights& weights) const {
    static_assert(detail::job::Ranked<Images, M + 1>, "Reconstructor: images must be a View [P][h][w]");
    const detail::job::Box<float, M> box{kind.stage.box().extent};
    detail::job::check_images<Exec, M>(function, name, images, poses, box.extent, 1, false);
    detail::job::check_factor<M>(function, "modulation", modulation, long(images.extent(0)), box);
    detail::job::check_factor<M>(function, "weights", weights, long(images.extent(0)), box);
  }

  template <class Modulation, class Weights>
  void weigh(const Exec& exec, const Kind& kind, const Modulation& modulation, const Weights& weights, long first,
             long count) {
    const auto transfer = detail::job::make_factor<M>(modulation, 0, first);
    const auto weight = detail::job::make_factor<M>(weights, 0, first);
    detail::job::for_elements<M>(exec, "bracewell::weigh", count, detail::job::stored_extents(kind.stage.box()),
                                 detail::job::Weigh<T, M, std::decay_t<decltype(transfer)>, std::decay_t<decltype(weight)>>{
                                     detail::job::sample_rows(kind.stage.data(), kind.stage.box()), transfer, weight,
                                     kind.squares.data(), T(kind.relative * kind.relative)});
  }

  template <class P>
  void insert(const Exec& exec, const Kind& kind, const P& poses, long count, int half) {
    backproject(exec, kind.stage.spectra(count), none, poses,
                data_box_.template stored_view<Exec, false>(data_[half].data()), none, kind.data_options, kernel_);
    backproject(exec, none, kind.stage.box().template stored_view<Exec, true>(kind.squares.data(), count),
                Poses{poses.rotations}, none, normal_.weight_box().template stored_view<Exec, false>(weights_[half].data()),
                kind.weight_options, normal_.weight_kernel());
  }

  /// R g of each rotation.
  template <class Rotations>
  auto rotated(const Exec& exec, const Rotations& rotations, const Matrix3& mate, long count) {
    const auto mates = Kokkos::subview(mates_, std::pair<std::size_t, std::size_t>(0, count), Kokkos::ALL, Kokkos::ALL);
    detail::job::Compose<Rotations, std::decay_t<decltype(mates)>> op{rotations, mates, {}};
    for (int i = 0; i < 9; ++i) op.mate[i / 3][i % 3] = mate[i / 3][i % 3];
    Kokkos::parallel_for("bracewell::mates", Kokkos::RangePolicy<Exec>(exec, 0, count), op);
    return mates;
  }

  void solve(const Exec& exec, const FinishOptions& options) {
    solve(exec, options,
          [&](int first, int last) { normal_.right_side(exec, data_plan_, data_[first], data_[last], correction_); });
  }

  template <class RightSide>
  void solve(const Exec& exec, const FinishOptions& options, const RightSide& right_side) {
    if (options.iterations < 0)
      detail::job::refuse("finish", "options.iterations", std::to_string(options.iterations), "0 or more");
    std::vector<double> snr = options.shell_snr;
    if (snr.empty()) snr.push_back(options.snr);
    for (const double s : snr)
      if (!(s > 0) || !std::isfinite(s))
        detail::job::refuse("finish", "options.snr", std::to_string(s), "finite positive numbers");
    if (options.half < -1 || options.half >= options_.halves)
      detail::job::refuse("finish", "options.half", std::to_string(options.half), "-1 or one of options.halves");
    const int first = options.half < 0 ? 0 : options.half, last = options.half < 0 ? options_.halves - 1 : options.half;
    normal_.prepare(exec, weights_[first], weights_[last]);
    right_side(first, last);
    normal_.solve(exec, snr, options.iterations);
  }

  template <class HalfMaps>
  std::vector<double> half_correlation(const Exec& exec, const HalfMaps& half_maps, FinishOptions options) {
    for (int half = 0; half < 2; ++half) {
      options.half = half;
      solve(exec, options);
      if constexpr (!std::is_same_v<HalfMaps, None>)
        normal_.store(exec, detail::job::half_lattice<N>(half_maps, half, options_.origin == Origin::zero), amplitude());
      if (half == 0) normal_.keep(exec);
    }
    return normal_.correlation_with_kept(exec);
  }

  ReconstructorOptions options_;
  Kernel kernel_;
  detail::job::Box<T, N> data_box_;
  std::deque<Kind> kinds_;  // plans need not be movable
  detail::job::Normal<T, FftLibrary, N, Exec, typename detail::job::WeightKernelOf<Kernel>::type> normal_;
  typename FftLibrary::template Plan<Exec, T, N> data_plan_;
  detail::job::Table<Exec> correction_;
  detail::job::Buffer<Kokkos::complex<T>, Exec> data_[2];
  detail::job::Buffer<T, Exec> weights_[2];
  Mates mates_;
};

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
