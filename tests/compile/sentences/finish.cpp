// SPDX-License-Identifier: MIT
#include "arguments.hpp"

[[maybe_unused]] static void finish() {
  bw::origin_to_zero(exec, reference);
  bw::divide_wiener(exec, reference, density, 1);
  bw::correct_gridding(exec, map, {8, 8, 8}, bw::Gridding::reference);
#ifdef ORIGIN_EXECUTION_SPACE  // bracewell: the first argument must be a Kokkos execution space instance
  bw::origin_to_zero(0, reference);
#endif
#ifdef ORIGIN_SPECTRUM  // bracewell: 'spectrum' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::origin_to_zero(exec, map);
#endif
#ifdef ORIGIN_MEMORY  // bracewell: 'spectrum' is in memory that 'exec' cannot access
  bw::origin_to_centre(exec, Far<Complex***>());
#endif
#ifdef ORIGIN_AXES  // bracewell: 'spectrum' has fewer axes than asked for
  bw::origin_to_zero<4>(exec, reference);
#endif
#ifdef ORIGIN_CONST  // bracewell: 'spectrum' is written: it must be a View, and not of const
  bw::origin_to_zero(exec, View<const Complex***>(reference));
#endif
#ifdef DIVIDE_EXECUTION_SPACE  // bracewell: the first argument must be a Kokkos execution space instance
  bw::divide_wiener(0, reference, density, 1);
#endif
#ifdef DIVIDE_DATA  // bracewell: 'data' must be a View of Kokkos::complex<float> or <double>, contiguous along x (LayoutRight)
  bw::divide_by_density(exec, map, density, 1);
#endif
#ifdef DIVIDE_DENSITY  // bracewell: 'density' must have the precision of the others, all float or all double
  bw::divide_by_density(exec, reference, View<double***>(), 1);
#endif
#ifdef DIVIDE_MEMORY  // bracewell: 'density' is in memory that 'exec' cannot access
  bw::divide_by_density(exec, reference, Far<float***>(), 1);
#endif
#ifdef DIVIDE_CONST  // bracewell: 'data' is written: it must be a View, and not of const
  bw::divide_wiener(exec, View<const Complex***>(reference), density, 1);
#endif
#ifdef DIVIDE_RANK  // bracewell: ranks must agree: 'density' must be
  bw::divide_wiener(exec, reference, View<float**>(), 1);
#endif
#ifdef CORRECT_EXECUTION_SPACE  // bracewell: the first argument must be a Kokkos execution space instance
  bw::correct_gridding(0, map, {8, 8, 8}, bw::Gridding::reference);
#endif
#ifdef CORRECT_MAP  // bracewell: 'map' must be a View of float or double, [D][H][W] or any other axes
  bw::correct_gridding(exec, reference, {8, 8, 8}, bw::Gridding::reference);
#endif
#ifdef CORRECT_CONST  // bracewell: 'map' is written: it must be a View, and not of const
  bw::correct_gridding(exec, View<const float***>(map), {8, 8, 8}, bw::Gridding::reference);
#endif
#ifdef CORRECT_AXES  // bracewell: 'map' has fewer axes than asked for
  bw::correct_gridding<4>(exec, map, {8, 8, 8, 8}, bw::Gridding::reference);
#endif
#ifdef CORRECT_MEMORY  // bracewell: 'map' is in memory that 'exec' cannot access
  bw::correct_gridding(exec, Far<float***>(), {8, 8, 8}, bw::Gridding::reference);
#endif
}
