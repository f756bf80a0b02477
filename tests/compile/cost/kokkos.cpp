// SPDX-License-Identifier: MIT
#include <Kokkos_Core.hpp>
