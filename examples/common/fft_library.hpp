// SPDX-License-Identifier: MIT
// The FFTs for bracewell/projector.hpp where the examples' Exec works.
#pragma once

#include <Kokkos_Core.hpp>

#ifdef KOKKOS_ENABLE_CUDA
#include <bracewell/cufft.hpp>
namespace examples {
using FftLibrary = bracewell::Cufft;
}
#else
#include <bracewell/fftw.hpp>
namespace examples {
using FftLibrary = bracewell::Fftw;
}
#endif
