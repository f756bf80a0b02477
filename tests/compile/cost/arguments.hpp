// SPDX-License-Identifier: MIT
// One call of a user's, of each operation: float, 3-D to 2-D, on the default execution space.
#pragma once

#include <Kokkos_Core.hpp>

using Exec = Kokkos::DefaultExecutionSpace;
template <class Data>
using Array = Kokkos::View<Data, Kokkos::LayoutRight, Exec>;
using Complex = Kokkos::complex<float>;
