// SPDX-License-Identifier: MIT
// Options as values: their checks, and the kernel that they name turned into a type, once.
#pragma once

#include <bracewell/detail/arguments/check.hpp>
#include <bracewell/kernels.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

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
        return run(KaiserBessel<2>{options.oversampling});
      case Interpolation::kaiser_bessel_6:
        return run(KaiserBessel<3>{options.oversampling});
      case Interpolation::kaiser_bessel_8:
        return run(KaiserBessel<4>{options.oversampling});
    }
    refuse(function, "options.interpolation", std::to_string(int(options.interpolation)), "an enumerator of Interpolation");
  }
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
