// SPDX-License-Identifier: MIT
// What Projector and Reconstructor share: the settings of a job, and images on their way to spectra and back.
#pragma once

#include <bracewell/detail/job/samples.hpp>
#include <bracewell/fft.hpp>
#include <bracewell/kernels.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

/// Where maps and images have their origin: at voxel ⌊n/2⌋, or at index 0.
enum class Origin { centre, zero };

namespace detail::job {

/// Checks the options that Projector and Reconstructor have in common.
template <class Options>
void check_job(const char* function, const Options& options) {
  const auto positive = [&](const char* name, double value) {
    if (!(value > 0) || !std::isfinite(value)) refuse(function, name, std::to_string(value), "a positive number");
  };
  if (!(options.padding >= 1) || !std::isfinite(options.padding))
    refuse(function, "options.padding", std::to_string(options.padding), "a finite number, 1 or more");
  positive("options.pixel", options.pixel);
  positive("options.cutoff", options.cutoff);
  if (options.scale == 0 || !std::isfinite(options.scale))
    refuse(function, "options.scale", std::to_string(options.scale), "a number other than 0");
  if (options.batch < 1) refuse(function, "options.batch", std::to_string(options.batch), "a positive number");
}

template <std::size_t A>
std::array<long, A> checked(const char* function, const char* name, const std::array<long, A>& extents) {
  for (const long n : extents)
    if (n < 1 || n > (1L << 20)) refuse(function, name, std::to_string(n) + " long on an axis", "1 to 2^20 voxels");
  return extents;
}

template <std::size_t A>
std::array<long, A> padded(const std::array<long, A>& extents, double padding) {
  std::array<long, A> result;
  for (std::size_t a = 0; a < A; ++a) result[a] = padding == 1 ? extents[a] : fft_extent(padding * double(extents[a]));
  return result;
}

/// The least ratio of padded to own extents.
template <std::size_t A>
double padding_of(const std::array<long, A>& extents, const std::array<long, A>& padded) {
  double least = double(padded[0]) / double(extents[0]);
  for (std::size_t a = 1; a < A; ++a) least = std::min(least, double(padded[a]) / double(extents[a]));
  return least;
}

/// A Kaiser–Bessel kernel is made for a padding, others for none.
template <class Kernel>
Kernel default_kernel(double padding) {
  if constexpr (std::is_constructible_v<Kernel, double>) {
    return Kernel(padding);
  } else {
    return Kernel();
  }
}

template <class Exec, class X>
inline constexpr bool reaches = true;
template <class Exec, class X>
requires Kokkos::is_view_v<X>
inline constexpr bool reaches<Exec, X> = Kokkos::SpaceAccessibility<Exec, typename X::memory_space>::accessible;

/// Rotations or shifts, or companions of them, are as many as others, of the same shape.
template <class X, class Like>
void check_alike(const char* function, const char* name, const X& x, const Like& like) {
  if constexpr (!std::is_same_v<X, None> && !std::is_same_v<Like, None>) {
    static_assert(int(X::rank()) == int(Like::rank()), "bracewell: companions of poses must have their rank");
    for (int i = 0; i < int(X::rank()); ++i)
      if (x.extent(i) != like.extent(i))
        refuse(function, name, "of extent " + std::to_string(x.extent(i)) + " on axis " + std::to_string(i),
               std::to_string(like.extent(i)));
  }
}

template <class PosesType, class Companion>
void check_companion(const char* function, const PosesType& poses, const Companion& companion) {
  if constexpr (!std::is_same_v<Companion, None>) {
    static_assert(!std::is_same_v<decltype(poses.shifts), None> || std::is_same_v<decltype(companion.shifts), None>,
                  "bracewell: a companion of shifts is given, but no shifts");
    check_alike(function, "rotations", companion.rotations, poses.rotations);
    check_alike(function, "shifts", companion.shifts, poses.shifts);
  }
}

/// Images [P][h][w], or [B][P][h][w], of the right extents, and as many as there are poses.
template <class Exec, int M, class Images, class PosesType>
void check_images(const char* function, const char* name, const Images& images, const PosesType& poses,
                  const std::array<long, M>& extents, long references, bool batched) {
  static_assert(Ranked<Images, M + 1, M + 2>,
                "bracewell: images must be a View [P][h][w], or [B][P][h][w] of a batch of references");
  static_assert(reaches<Exec, Images>, "bracewell: images are in memory that 'exec' cannot access");
  static_assert(
      reaches<Exec, std::decay_t<decltype(poses.rotations)>> && reaches<Exec, std::decay_t<decltype(poses.shifts)>>,
      "bracewell: poses are in memory that 'exec' cannot access");
  constexpr int rank = int(Images::rank()), pose_rank = int(std::decay_t<decltype(poses.rotations)>::rank());
  if ((rank == M + 2) != batched)
    refuse(function, name, "of rank " + std::to_string(rank), batched ? "a batch in front" : "no batch in front");
  if (batched && long(images.extent(0)) != references)
    refuse(function, name, "a batch of " + std::to_string(images.extent(0)),
           std::to_string(references) + ", as the maps are");
  for (int a = 0; a < M; ++a)
    if (long(images.extent(rank - M + a)) != extents[a])
      refuse(function, name, std::to_string(images.extent(rank - M + a)) + " pixels long on axis " + std::to_string(a),
             std::to_string(extents[a]));
  const auto count = poses.rotations.extent(pose_rank - 3);
  if (count != images.extent(rank - M - 1))
    refuse(function, name, std::to_string(images.extent(rank - M - 1)) + " images",
           std::to_string(count) + ", as there are rotations");
  if constexpr (!std::is_same_v<std::decay_t<decltype(poses.shifts)>, None>) {
    constexpr int shift_rank = int(std::decay_t<decltype(poses.shifts)>::rank());
    if (poses.shifts.extent(shift_rank - 2) != count)
      refuse(function, "shifts", std::to_string(poses.shifts.extent(shift_rank - 2)) + " poses",
             std::to_string(count) + ", as there are rotations");
    if (shift_rank == 3 && poses.shifts.extent(0) != 1 && long(poses.shifts.extent(0)) != references)
      refuse(function, "shifts", "a batch of " + std::to_string(poses.shifts.extent(0)),
             "1 or " + std::to_string(references));
  }
  if (pose_rank == 4 && poses.rotations.extent(0) != 1 && long(poses.rotations.extent(0)) != references)
    refuse(function, "rotations", "a batch of " + std::to_string(poses.rotations.extent(0)),
           "1 or " + std::to_string(references));
}

/// Batches of images in memory for their spectra.
template <class T, class Fft, int M, class Exec>
class Stage {
 public:
  Stage(const Exec& exec, const std::array<long, M>& extents, long batch, bool wrapped)
      : box_{extents},
        batch_(batch),
        wrapped_(wrapped),
        plan_(exec, extents, batch),
        spectra_(buffer<Kokkos::complex<T>>(exec, "bracewell::images", batch * box_.stored())) {}

  /// images first, first + 1, … of reference b, and their spectra with the origin at index 0.
  template <class Images>
  void forward(const Exec& exec, const Images& images, long b, long first, long count, double scale = 1) const {
    transfer(exec, "bracewell::images", count, box_.real(spectra_.data()), images_at(images, b, first), Table<Exec>(),
             scale);
    plan_.forward(exec, spectra_.data(), count);
  }
  template <class Images>
  void inverse(const Exec& exec, const Images& images, long b, long first, long count, double scale, bool accumulate) const {
    plan_.inverse(exec, spectra_.data(), count);
    transfer(exec, "bracewell::images", count, images_at(images, b, first), box_.real(spectra_.data()), Table<Exec>(), scale,
             accumulate);
  }

  template <bool Cotangent, class Given>
  void modulate(const Exec& exec, const Given& given, long b, long first, long count) const {
    if constexpr (std::is_same_v<Given, None> && !Cotangent) return;
    const auto factor = make_factor<M>(given, b, first);
    const Modulate<T, M, std::decay_t<decltype(factor)>, Cotangent> op{sample_rows(spectra_.data(), box_), factor};
    for_elements<M>(exec, "bracewell::modulate", count, stored_extents(box_), op);
  }

  /// [count][h][w/2 + 1]
  auto spectra(long count) const { return box_.template stored_view<Exec, true>(spectra_.data(), count); }
  Kokkos::complex<T>* data() const { return spectra_.data(); }
  const Box<T, M>& box() const { return box_; }

  /// run(reference, first image, number of images) for all images.
  template <class Images, class Run>
  void batches(const Images& images, const Run& run) const {
    constexpr int rank = int(Images::rank());
    const long references = rank == M + 2 ? long(images.extent(0)) : 1, count = long(images.extent(rank - M - 1));
    for (long b = 0; b < references; ++b)
      for (long first = 0; first < count; first += batch_) run(b, first, std::min(batch_, count - first));
  }

 private:
  template <class Images>
  auto images_at(const Images& images, long b, long first) const {
    constexpr int rank = int(Images::rank());
    Lattice<typename Images::value_type, M> l{images.data(), {}, {}, std::int64_t(images.stride(rank - M - 1)), wrapped_};
    for (int a = 0; a < M; ++a) {
      l.extent[a] = std::int64_t(images.extent(rank - M + a));
      l.stride[a] = std::int64_t(images.stride(rank - M + a));
    }
    l.data += first * l.batch_stride;
    if constexpr (rank == M + 2) l.data += b * std::int64_t(images.stride(0));
    return l;
  }

  Box<T, M> box_;
  long batch_;
  bool wrapped_;
  typename Fft::template Plan<Exec, T, M> plan_;
  Buffer<Kokkos::complex<T>, Exec> spectra_;
};

}  // namespace detail::job

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
