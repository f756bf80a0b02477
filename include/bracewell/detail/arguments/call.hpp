// SPDX-License-Identifier: MIT
// The kernel that options name, as a type: the one place where a choice at run time becomes one at compile time.
#pragma once

#include <bracewell/detail/arguments/check.hpp>
#include <bracewell/kernels.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// What a kernel named by options is designed for.
inline double padding_of(const SliceOptions& options) {
  return options.padding > 0 ? options.padding : options.oversampling;
}

/// run(kernel) with the user's kernel or else with the one that the options name.
template <class Kernel, class Run>
void with_kernel(const char* function, const SliceOptions& options, const Kernel& kernel, const Run& run) {
  if constexpr (Given<Kernel>) {
    run(kernel);
  } else {
    switch (options.interpolation) {
      case Interpolation::linear:
        return run(Linear{});
      case Interpolation::cubic:
        return run(Cubic{});
      case Interpolation::kaiser_bessel_4:
        return run(KaiserBessel<2>{padding_of(options)});
      case Interpolation::kaiser_bessel_6:
        return run(KaiserBessel<3>{padding_of(options)});
      case Interpolation::kaiser_bessel_8:
        return run(KaiserBessel<4>{padding_of(options)});
    }
    refuse(function, "options.interpolation", std::to_string(int(options.interpolation)), "an enumerator of Interpolation");
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
