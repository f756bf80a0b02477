// SPDX-License-Identifier: MIT
/// \file projector.hpp
/// The whole job, from a real map to real images at poses, right by default; back from images to a map: reconstructor.hpp.
///
///     bw::Projector<float, bw::Fftw> projector(exec, {n, n, n}, {n, n});    // plans and memory, once
///     projector.load(exec, map);                                            // a map [n][n][n]
///     projector.project(exec, bw::Poses{rotations, shifts}, images, ctf);   // images [P][n][n]
///
/// With v the map, its origin at voxel ⌊n/2⌋, an image with its origin at pixel ⌊m/2⌋ is
///
///     u = s · irfft(C(k) · exp(−2πi Σ_e k_e t_e / m_e) · V(Rᵀ k)),    V(q) = Σ_x v(x) exp(−2πi q·x),   s = scale / pixel²
///
/// (of 3 → 2; pixel^M in general): a pixel is the integral of the map along a line, in units of voxels; of pixels of a voxel's
/// size, the sum of its voxels. V is interpolated on the spectrum of the map divided by the kernel's transform and padded; by
/// default to 1.25 times its extents with Kaiser–Bessel of 6 taps, which is 6e-5 from the Fourier sum (README).
///
/// The FFTs are of a library of the user's choice, fft.hpp. All calls are ordered on `exec`, allocate nothing after the first of
/// their kind, and do not wait, as far as the FFTs do not.
#pragma once

#include <bracewell/detail/job/stage.hpp>
#include <bracewell/project.hpp>
#include <bracewell/workspace.hpp>

#include <Kokkos_Core.hpp>
#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <array>

namespace bracewell {

struct ProjectorOptions {
  /// Extents of the padded map to those of the map, at least; padded ones are even and good for FFTs (fft_extent), but for 1.
  double padding = 1.25;

  /// The size of a pixel of the images, in voxels of the map.
  double pixel = 1;

  /// Factor of the images.
  double scale = 1;

  /// Highest spatial frequency of the images, in cycles per pixel, inclusive.
  double cutoff = 0.5;

  /// Whether the map is divided by the kernel's transform. Without it, interpolation at lattice points is exact for kernels that
  /// interpolate, and images lose amplitude with the distance from the origin.
  bool corrected = true;

  Origin origin = Origin::centre;

  /// Images that are worked on at once: memory for their spectra is kept.
  long batch = 64;
};

/// Images of maps: T their precision inside, Fft a library of FFTs (fft.hpp), Kernel the interpolation (kernels.hpp), N and M
/// the axes of a map and of an image.
///
/// Memory: one padded spectrum a map, `batch` images' spectra; derivatives in maps add one padded spectrum, kept.
template <class T, class FftLibrary, class Kernel = KaiserBessel<3>, int N = 3, int M = 2,
          class Exec = Kokkos::DefaultExecutionSpace>
class Projector {
  static_assert(Fft<FftLibrary, Exec, T, N> && Fft<FftLibrary, Exec, T, M>,
                "Projector: the FFT library has no plans for these axes, this precision or this execution space (fft.hpp)");
  static_assert(1 <= M && M <= N && N <= 3, "Projector: 1 ≤ M ≤ N ≤ 3");

 public:
  /// For maps and images of these extents, in memory order, [D, H, W] and [h, w]; even or odd, equal or not. `maps` of them are
  /// held at once, as a batch.
  /// \throws std::invalid_argument
  Projector(const Exec& exec, const std::array<long, std::size_t(N)>& map, const std::array<long, std::size_t(M)>& image,
            const ProjectorOptions& options = {}, long maps = 1)
      : Projector(exec, map, image, options, maps,
                  detail::job::default_kernel<Kernel>(detail::job::padding_of(map, padded(map, options)))) {}

  /// With a kernel object of the user's own.
  Projector(const Exec& exec, const std::array<long, std::size_t(N)>& map, const std::array<long, std::size_t(M)>& image,
            const ProjectorOptions& options, long maps, const Kernel& kernel)
      : options_(options),
        kernel_(kernel),
        maps_(maps),
        extents_(map),
        box_{padded(map, options)},
        stage_(exec, detail::job::checked("Projector", "image", image), options.batch, options.origin == Origin::zero),
        plan_(exec, box_.extent, 1),
        spectra_(detail::job::buffer<Kokkos::complex<T>>(exec, "bracewell::maps", checked_count(maps) * box_.stored())) {
    if (options.corrected) correction_ = detail::job::correction(exec, "Projector", extents_, box_.extent, kernel);
    slice_options_.oversampling = double(box_.extent[N - 1]) / (double(image[M - 1]) * options.pixel);
    slice_options_.cutoff = options.cutoff;
    slice_options_.workspace = nullptr;
    scale_ = options.scale / stage_.box().voxels();
    for (int e = 0; e < M; ++e) scale_ /= options.pixel;
  }

  /// Takes a map [D][H][W], or [B][D][H][W] of a batch: float or double, of any strides.
  template <class Map>
  void load(const Exec& exec, const Map& map) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Projector::load");
    check_map("load", "map", map);
    spectrum(exec, map, spectra_);
  }

  /// images ← the images of the map at the poses, [P][h][w] or, of a batch of maps, [B][P][h][w]; real, of any strides.
  ///
  /// `modulation` is C, the contrast transfer: none; a View (or Spectrum) of real or complex numbers in the stored layout of the
  /// images' half spectra, [P][h][w/2 + 1]; or a callable C(int image, Kokkos::Array<double, M> k), on the device, of k in cycles
  /// per pixel, x first (ctf.hpp). C(−k) = conj C(k) is taken for granted.
  /// \throws std::invalid_argument
  template <class PosesType, class Images, class Modulation = None>
  void project(const Exec& exec, const PosesType& poses, const Images& images, const Modulation& modulation = {}) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Projector::project");
    check("project", "images", poses, images, modulation);
    stage_.batches(images, [&](long b, long first, long count) {
      bracewell::project(exec, reference(spectra_, b), detail::job::poses_part(poses, b, first, count),
                         stage_.spectra(count), slice_options_, kernel_);
      stage_.template modulate<false>(exec, modulation, b, first, count);
      stage_.inverse(exec, images, b, first, count, scale_, false);
    });
  }

  /// images_dot ← the change of the images with that of the map, `map_dot` in its shape or none, and of the poses, Poses{
  /// rotations_dot, shifts_dot}, either or all none.
  template <class MapDot, class PosesType, class PosesDot, class Images, class Modulation = None>
  void project_jvp(const Exec& exec, const MapDot& map_dot, const PosesType& poses, const PosesDot& poses_dot,
                   const Images& images_dot, const Modulation& modulation = {}) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Projector::project_jvp");
    check("project_jvp", "images_dot", poses, images_dot, modulation);
    detail::job::check_companion("project_jvp", poses, poses_dot);
    constexpr bool of_map = !std::is_same_v<MapDot, None>;
    if constexpr (of_map) {
      check_map("project_jvp", "map_dot", map_dot);
      spectrum(exec, map_dot, others(exec));
    }
    stage_.batches(images_dot, [&](long b, long first, long count) {
      const auto at = detail::job::poses_part(poses, b, first, count);
      const auto run = [&](const auto& reference_dot, const auto& dot) {
        bracewell::project_jvp(exec, reference(spectra_, b), reference_dot, at, dot, stage_.spectra(count), slice_options_,
                               kernel_);
      };
      const auto with_poses = [&](const auto& reference_dot) {
        if constexpr (std::is_same_v<PosesDot, None>) {
          run(reference_dot, none);
        } else {
          run(reference_dot, detail::job::poses_part(poses_dot, b, first, count));
        }
      };
      if constexpr (of_map) {
        with_poses(reference(others_, b));
      } else {
        with_poses(none);
      }
      stage_.template modulate<false>(exec, modulation, b, first, count);
      stage_.inverse(exec, images_dot, b, first, count, scale_, false);
    });
  }

  /// From images_bar = dL/d images: map_bar ← dL/d map, in the map's shape or none, and poses_bar ← Poses{rotations_bar,
  /// shifts_bar}, either or all none. With `accumulate` they are added to. In the map it is the transpose of project: the
  /// back-projection of images.
  template <class PosesType, class Images, class MapBar, class PosesBar, class Modulation = None>
  void project_vjp(const Exec& exec, const PosesType& poses, const Images& images_bar, const MapBar& map_bar,
                   const PosesBar& poses_bar, const Modulation& modulation = {}, bool accumulate = false) {
    const Kokkos::Profiling::ScopedRegion region("bracewell::Projector::project_vjp");
    check("project_vjp", "images_bar", poses, images_bar, modulation);
    detail::job::check_companion("project_vjp", poses, poses_bar);
    constexpr bool of_map = !std::is_same_v<MapBar, None>, of_poses = !std::is_same_v<PosesBar, None>;
    static_assert(of_map || of_poses, "project_vjp: one of 'map_bar' and 'poses_bar' must be given");
    if constexpr (of_map) {
      check_map("project_vjp", "map_bar", map_bar);
      Kokkos::deep_copy(exec, others(exec), Kokkos::complex<T>(0));
    }
    if constexpr (of_poses)
      if (!accumulate) {
        clear(exec, poses_bar.rotations);
        clear(exec, poses_bar.shifts);
      }
    auto options = slice_options_;
    options.accumulate = true;
    options.workspace = &workspace_;
    stage_.batches(images_bar, [&](long b, long first, long count) {
      stage_.forward(exec, images_bar, b, first, count, scale_);
      stage_.template modulate<true>(exec, modulation, b, first, count);
      const auto at = detail::job::poses_part(poses, b, first, count);
      const auto run = [&](const auto& reference_bar, const auto& bar) {
        bracewell::project_vjp(exec, reference(spectra_, b), at, stage_.spectra(count), reference_bar, bar, options,
                               kernel_);
      };
      if constexpr (of_map && of_poses) {
        run(reference(others_, b), detail::job::poses_part(poses_bar, b, first, count));
      } else if constexpr (of_map) {
        run(reference(others_, b), none);
      } else {
        run(none, detail::job::poses_part(poses_bar, b, first, count));
      }
    });
    if constexpr (of_map) {
      // F = rfft(v): v_bar = n irfft(F_bar / multiplicity), and `inverse` is n irfft.
      for (long b = 0; b < maps_; ++b) {
        Kokkos::complex<T>* const bar = others_.data() + b * box_.stored();
        detail::job::for_elements<N>(exec, "bracewell::maps", 1, detail::job::stored_extents(box_),
                                     detail::job::HalveInner<T, N>{detail::job::sample_rows(bar, box_)});
        plan_.inverse(exec, bar, 1);
      }
      detail::job::transfer(exec, "bracewell::maps", maps_, lattice(map_bar), box_.real(others_.data()), correction_, 1,
                            accumulate);
    }
  }

  /// The padded spectrum of map b, origin at index 0, as project.hpp and sampler.hpp take it; and what it is sampled with.
  auto reference(long b = 0) const { return reference(spectra_, b); }
  const SliceOptions& slice_options() const { return slice_options_; }
  const Kernel& kernel() const { return kernel_; }

 private:
  using Spectra = detail::job::Buffer<Kokkos::complex<T>, Exec>;

  static std::array<long, std::size_t(N)> padded(const std::array<long, std::size_t(N)>& map,
                                                 const ProjectorOptions& options) {
    detail::job::check_job("Projector", options);
    return detail::job::padded(detail::job::checked("Projector", "map", map), options.padding);
  }
  static long checked_count(long maps) {
    if (maps < 1) detail::job::refuse("Projector", "maps", std::to_string(maps), "a positive number");
    return maps;
  }

  auto reference(const Spectra& spectra, long b) const {
    return box_.template stored_view<Exec, false>(spectra.data() + b * box_.stored());
  }

  Spectra& others(const Exec& exec) {
    if (others_.size() == 0)
      others_ = detail::job::buffer<Kokkos::complex<T>>(exec, "bracewell::maps", maps_ * box_.stored());
    return others_;
  }

  template <class Map>
  auto lattice(const Map& map) const {
    return detail::job::lattice<N>(map, options_.origin == Origin::zero);
  }

  template <class Map>
  void spectrum(const Exec& exec, const Map& map, const Spectra& spectra) const {
    detail::job::transfer(exec, "bracewell::maps", maps_, box_.real(spectra.data()), lattice(map), correction_);
    for (long b = 0; b < maps_; ++b) plan_.forward(exec, spectra.data() + b * box_.stored(), 1);
  }

  template <class Map>
  void check_map(const char* function, const char* name, const Map& map) const {
    static_assert(detail::job::Ranked<Map, N, N + 1>,
                  "Projector: maps must be a View [D][H][W], or [B][D][H][W] of a batch");
    static_assert(detail::job::reaches<Exec, Map>, "Projector: a map is in memory that 'exec' cannot access");
    constexpr int rank = int(Map::rank());
    if (rank == N + 1 ? long(map.extent(0)) != maps_ : maps_ != 1)
      detail::job::refuse(function, name, rank == N ? "one map" : std::to_string(map.extent(0)) + " maps",
                          "a batch of " + std::to_string(maps_));
    for (int a = 0; a < N; ++a)
      if (long(map.extent(std::size_t(rank - N + a))) != extents_[std::size_t(a)])
        detail::job::refuse(
            function, name,
            std::to_string(map.extent(std::size_t(rank - N + a))) + " voxels long on axis " + std::to_string(a),
            std::to_string(extents_[std::size_t(a)]));
  }

  template <class PosesType, class Images, class Modulation>
  void check(const char* function, const char* name, const PosesType& poses, const Images& images,
             const Modulation& modulation) const {
    constexpr int rank = int(Images::rank());
    detail::job::check_images<Exec, M>(function, name, images, poses, stage_.box().extent, maps_,
                                       rank == M + 2 || maps_ > 1);
    detail::job::check_factor<M>(function, "modulation", modulation, long(images.extent(rank - M - 1)),
                                 detail::job::Box<float, M>{stage_.box().extent});
  }

  template <class X>
  static void clear(const Exec& exec, const X& x) {
    if constexpr (!std::is_same_v<X, None>) Kokkos::deep_copy(exec, x, 0);
  }

  ProjectorOptions options_;
  Kernel kernel_;
  long maps_;
  std::array<long, std::size_t(N)> extents_;
  detail::job::Box<T, N> box_;
  detail::job::Stage<T, FftLibrary, M, Exec> stage_;
  typename FftLibrary::template Plan<Exec, T, N> plan_;
  Spectra spectra_, others_;
  detail::job::Table<Exec> correction_;
  SliceOptions slice_options_;
  Workspace workspace_;
  double scale_;
};

}  // namespace bracewell

#include <bracewell/reconstructor.hpp>

#include <bracewell/detail/job/prologue.hpp>

#include <bracewell/detail/job/epilogue.hpp>
