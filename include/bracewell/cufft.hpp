// SPDX-License-Identifier: MIT
/// \file cufft.hpp
/// cuFFT as projector.hpp's FFTs, on the stream of a CUDA instance. Link cufft.
#pragma once

#include <bracewell/fft.hpp>

#include <cufft.h>

#include <Kokkos_Core.hpp>

#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

struct Cufft {
  /// \throws std::bad_alloc, or std::runtime_error with cuFFT's number of the error.
  template <class Exec, class T, int Axes>
  class Plan {
    static_assert(1 <= Axes && Axes <= 3, "Cufft: arrays have one to three axes");
    static_assert(std::is_same_v<Exec, Kokkos::Cuda>, "Cufft: 'Exec' must be Kokkos::Cuda");

   public:
    Plan(const Exec& exec, const std::array<long, Axes>& extents, long batch) {
      constexpr bool single = std::is_same_v<T, float>;
      long long extent[Axes], real[Axes], stored[Axes], reals = 1, complexes = 1;
      for (int a = 0; a < Axes; ++a) {
        const bool last = a == Axes - 1;
        extent[a] = extents[a];
        stored[a] = last ? extents[a] / 2 + 1 : extents[a];
        real[a] = last ? 2 * stored[a] : extents[a];
        reals *= real[a];
        complexes *= stored[a];
      }
      std::size_t scratch = 0;
      check("cufftCreate", cufftCreate(&forward_.handle));
      check("cufftCreate", cufftCreate(&inverse_.handle));
      check("cufftMakePlanMany64", cufftMakePlanMany64(forward_.handle, Axes, extent, real, 1, reals, stored, 1, complexes,
                                                       single ? CUFFT_R2C : CUFFT_D2Z, batch, &scratch));
      check("cufftMakePlanMany64", cufftMakePlanMany64(inverse_.handle, Axes, extent, stored, 1, complexes, real, 1, reals,
                                                       single ? CUFFT_C2R : CUFFT_Z2D, batch, &scratch));
      set_stream(exec);
    }

    void forward(const Exec& exec, Kokkos::complex<T>* data, long) const {
      set_stream(exec);
      if constexpr (std::is_same_v<T, float>) {
        check("cufftExecR2C",
              cufftExecR2C(forward_.handle, reinterpret_cast<float*>(data), reinterpret_cast<cufftComplex*>(data)));
      } else {
        check("cufftExecD2Z",
              cufftExecD2Z(forward_.handle, reinterpret_cast<double*>(data), reinterpret_cast<cufftDoubleComplex*>(data)));
      }
    }

    void inverse(const Exec& exec, Kokkos::complex<T>* data, long) const {
      set_stream(exec);
      if constexpr (std::is_same_v<T, float>) {
        check("cufftExecC2R",
              cufftExecC2R(inverse_.handle, reinterpret_cast<cufftComplex*>(data), reinterpret_cast<float*>(data)));
      } else {
        check("cufftExecZ2D",
              cufftExecZ2D(inverse_.handle, reinterpret_cast<cufftDoubleComplex*>(data), reinterpret_cast<double*>(data)));
      }
    }

   private:
    struct Handle {
      Handle() = default;
      Handle(const Handle&) = delete;
      Handle& operator=(const Handle&) = delete;
      ~Handle() {
        if (handle) cufftDestroy(handle);
      }
      cufftHandle handle = 0;
    };

    static void check(const char* call, cufftResult result) {
      if (result == CUFFT_ALLOC_FAILED) throw std::bad_alloc();
      if (result != CUFFT_SUCCESS)
        throw std::runtime_error(std::string(call) + " failed with error " + std::to_string(result));
    }

    void set_stream(const Exec& exec) const {
      check("cufftSetStream", cufftSetStream(forward_.handle, exec.cuda_stream()));
      check("cufftSetStream", cufftSetStream(inverse_.handle, exec.cuda_stream()));
    }

    Handle forward_, inverse_;
  };
};

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
