// SPDX-License-Identifier: MIT
/// \file fftw.hpp
/// FFTW 3 as projector.hpp's FFTs, on host execution spaces. Link fftw3 for double precision, fftw3f for float.
///
/// Planes, and lines along the third axis, are shared out among the threads of the execution space, each transformed by one of
/// them: FFTW's own threads are not needed, and results are bitwise the same for any number of threads.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>
#include <bracewell/fft.hpp>

#include <fftw3.h>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <type_traits>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

namespace detail::job {

/// FFTW's functions of a precision.
template <class T>
struct FftwOf;

template <>
struct FftwOf<double> {
  using Plan = fftw_plan;
  using Complex = fftw_complex;
  static constexpr auto forward = fftw_plan_many_dft_r2c;
  static constexpr auto inverse = fftw_plan_many_dft_c2r;
  static constexpr auto lines = fftw_plan_many_dft;
  static constexpr auto run_forward = fftw_execute_dft_r2c;
  static constexpr auto run_inverse = fftw_execute_dft_c2r;
  static constexpr auto run_lines = fftw_execute_dft;
  static constexpr auto destroy = fftw_destroy_plan;
};

template <>
struct FftwOf<float> {
  using Plan = fftwf_plan;
  using Complex = fftwf_complex;
  static constexpr auto forward = fftwf_plan_many_dft_r2c;
  static constexpr auto inverse = fftwf_plan_many_dft_c2r;
  static constexpr auto lines = fftwf_plan_many_dft;
  static constexpr auto run_forward = fftwf_execute_dft_r2c;
  static constexpr auto run_inverse = fftwf_execute_dft_c2r;
  static constexpr auto run_lines = fftwf_execute_dft;
  static constexpr auto destroy = fftwf_destroy_plan;
};

}  // namespace detail::job

struct Fftw {
  /// \throws std::runtime_error where FFTW makes no plan. Plans may be made by one thread at a time, as FFTW asks for.
  template <class Exec, class T, int Axes>
  class Plan {
    static_assert(1 <= Axes && Axes <= 3, "Fftw: arrays have one to three axes");
    static_assert(Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Exec::memory_space>::accessible,
                  "Fftw: 'Exec' must be a host execution space");
    using Library = detail::job::FftwOf<T>;
    using Complex = Kokkos::complex<T>;

   public:
    Plan(const Exec&, const std::array<long, Axes>& extents, long) {
      constexpr int inner = Axes < 2 ? Axes : 2;
      int extent[3] = {1, 1, 1};
      for (int a = 0; a < Axes; ++a) extent[3 - Axes + a] = int(extents[a]);
      depth_ = extent[0];
      rows_ = extent[1];
      columns_ = extent[2] / 2 + 1;
      // FFTW_ESTIMATE leaves the arrays alone, and FFTW_UNALIGNED lets one plan serve every plane. They are never read here.
      const Kokkos::View<Complex*, Kokkos::HostSpace> array(
          Kokkos::view_alloc(Kokkos::WithoutInitializing, "bracewell::fftw"), depth_ * rows_ * columns_);
      auto* const complex = reinterpret_cast<typename Library::Complex*>(array.data());
      auto* const real = reinterpret_cast<T*>(array.data());
      const unsigned flags = FFTW_ESTIMATE | FFTW_UNALIGNED;
      forward_ = own(Library::forward(inner, extent + 3 - inner, 1, real, nullptr, 1, 0, complex, nullptr, 1, 0, flags));
      inverse_ = own(Library::inverse(inner, extent + 3 - inner, 1, complex, nullptr, 1, 0, real, nullptr, 1, 0, flags));
      if (Axes < 3) return;
      const int stride = int(rows_ * columns_), columns = int(columns_);
      const auto line = [&](int sign) {
        return own(
            Library::lines(1, extent, columns, complex, nullptr, stride, 1, complex, nullptr, stride, 1, sign, flags));
      };
      forward_lines_ = line(FFTW_FORWARD);
      inverse_lines_ = line(FFTW_BACKWARD);
    }

    void forward(const Exec& exec, Complex* data, long count) const {
      each(exec, count * depth_, rows_ * columns_, data, [plan = forward_.get()](Complex* plane) {
        Library::run_forward(plan, reinterpret_cast<T*>(plane), reinterpret_cast<typename Library::Complex*>(plane));
      });
      lines(exec, forward_lines_.get(), data, count);
    }

    void inverse(const Exec& exec, Complex* data, long count) const {
      lines(exec, inverse_lines_.get(), data, count);
      each(exec, count * depth_, rows_ * columns_, data, [plan = inverse_.get()](Complex* plane) {
        Library::run_inverse(plan, reinterpret_cast<typename Library::Complex*>(plane), reinterpret_cast<T*>(plane));
      });
    }

   private:
    using Handle = std::remove_pointer_t<typename Library::Plan>;
    struct Destroy {
      void operator()(Handle* plan) const { Library::destroy(plan); }
    };
    using Owned = std::unique_ptr<Handle, Destroy>;

    static Owned own(Handle* plan) {
      if (!plan) detail::fail<std::runtime_error>("Fftw: FFTW makes no plan for these extents");
      return Owned(plan);
    }

    /// run(data + i · distance) for i < count.
    template <class Run>
    static void each(const Exec& exec, long count, long distance, Complex* data, const Run& run) {
      Kokkos::parallel_for("bracewell::fftw", Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>(exec, 0, count),
                           [=](std::int64_t i) { run(data + i * distance); });
    }

    void lines(const Exec& exec, Handle* plan, Complex* data, long count) const {
      if (Axes < 3) return;
      Kokkos::parallel_for(
          "bracewell::fftw", Kokkos::RangePolicy<Exec, Kokkos::IndexType<std::int64_t>>(exec, 0, count * rows_),
          [=, depth = depth_, rows = rows_, columns = columns_](std::int64_t i) {
            auto* const line =
                reinterpret_cast<typename Library::Complex*>(data + (i / rows * depth * rows + i % rows) * columns);
            Library::run_lines(plan, line, line);
          });
    }

    long depth_, rows_, columns_;
    Owned forward_, inverse_, forward_lines_, inverse_lines_;
  };
};

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
