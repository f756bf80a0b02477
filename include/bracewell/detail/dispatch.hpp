// SPDX-License-Identifier: MIT
// Run-time choices turned into types, once: the kernel, and the strategy by execution space.
#pragma once

#include <bracewell/detail/checks.hpp>
#include <bracewell/kernels.hpp>
#include <bracewell/options.hpp>

#include <Kokkos_Core.hpp>

#include <string>
#include <type_traits>

namespace bracewell::detail {

/// On the host, rows of a slice are worked on by packs and every plane of a grid has one thread that writes it; elsewhere a
/// thread has one sample and adds atomically.
template <class Exec>
inline constexpr bool on_host = std::is_same_v<typename Exec::memory_space, Kokkos::HostSpace>;

/// run(kernel) with the user's kernel or else with the one that the options name.
template <class Kernel, class Run>
void with_kernel(const char* function, const SliceOptions& options, const Kernel& kernel, const Run& run) {
  if constexpr (!std::is_same_v<Kernel, None>) {
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
