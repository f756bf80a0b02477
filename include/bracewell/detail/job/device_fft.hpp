// SPDX-License-Identifier: MIT
// What cuFFT and hipFFT, which have the same functions under other names, are for projector.hpp.
#pragma once

#include <bracewell/detail/arguments/refuse.hpp>

#include <Kokkos_Core.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell::detail::job {

/// Api has the types Exec, Handle and Result, the Results success and alloc_failed, and the library's functions:
/// - create(Handle&), destroy(Handle), set_stream(Handle, exec);
/// - make(Handle, axes, extent, in extents, in distance, out extents, out distance, forward, single, batch): strides are 1;
/// - run(Handle, in, out) for every pair of types.
/// Its name is for messages.
template <class Api, class Exec, class T, int Axes>
class DeviceFftPlan {
  static_assert(1 <= Axes && Axes <= 3, "bracewell: FFTs are of arrays of one to three axes");
  static_assert(std::is_same_v<Exec, typename Api::Exec>, "bracewell: the FFT library is for another execution space");

 public:
  DeviceFftPlan(const Exec& exec, const std::array<long, std::size_t(Axes)>& extents, long batch) {
    long long extent[Axes], real[Axes], stored[Axes], reals = 1, complexes = 1;
    for (int a = 0; a < Axes; ++a) {
      const bool last = a == Axes - 1;
      extent[a] = extents[std::size_t(a)];
      stored[a] = last ? extent[a] / 2 + 1 : extent[a];
      real[a] = last ? 2 * stored[a] : extent[a];
      reals *= real[a];
      complexes *= stored[a];
    }
    constexpr bool single = std::is_same_v<T, float>;
    check("create", Api::create(forward_.handle));
    check("create", Api::create(inverse_.handle));
    check("make", Api::make(forward_.handle, Axes, extent, real, reals, stored, complexes, true, single, batch));
    check("make", Api::make(inverse_.handle, Axes, extent, stored, complexes, real, reals, false, single, batch));
    set_stream(exec);
  }

  void forward(const Exec& exec, Kokkos::complex<T>* data, long) const {
    set_stream(exec);
    check("run", Api::run(forward_.handle, reinterpret_cast<T*>(data), data));
  }

  void inverse(const Exec& exec, Kokkos::complex<T>* data, long) const {
    set_stream(exec);
    check("run", Api::run(inverse_.handle, data, reinterpret_cast<T*>(data)));
  }

 private:
  struct Owned {
    Owned() = default;
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() {
      if (handle) Api::destroy(handle);
    }
    typename Api::Handle handle{};
  };

  static void check(const char* call, typename Api::Result result) {
    if (result == Api::alloc_failed) fail<std::bad_alloc>(std::string(Api::name) + ": " + call + " found too little memory");
    if (result != Api::success)
      fail<std::runtime_error>(std::string(Api::name) + ": " + call + " failed with error " + std::to_string(int(result)));
  }

  void set_stream(const Exec& exec) const {
    check("set_stream", Api::set_stream(forward_.handle, exec));
    check("set_stream", Api::set_stream(inverse_.handle, exec));
  }

  Owned forward_, inverse_;
};

}  // namespace bracewell::detail::job

#include <bracewell/detail/job/epilogue.hpp>
