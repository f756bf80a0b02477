// SPDX-License-Identifier: MIT
#include "arguments.hpp"

[[maybe_unused]] static void backproject() {
  bw::backproject(exec, slices, weights, poses, reference, density, {}, bw::Linear{});
  bw::backproject_jvp(exec, slices, slices, weights, weights, poses, poses, reference, density, {}, bw::Linear{});
  bw::backproject_vjp(exec, slices, weights, poses, reference, density, slices, weights, poses, {}, bw::Linear{});
#ifdef BACKPROJECT_NOTHING  // bracewell: one of 'data' and 'density', or of their tangents or cotangents, must be given
  bw::backproject(exec, slices, weights, poses, bw::none, bw::none);
#endif
#ifdef BACKPROJECT_NO_SLICES  // bracewell: 'slices' must be given, but for a density from given weights alone
  bw::backproject(exec, bw::none, weights, poses, reference, density);
#endif
#ifdef BACKPROJECT_SLICES  // bracewell: 'slices' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::backproject(exec, weights, bw::none, poses, reference, density);
#endif
#ifdef BACKPROJECT_WEIGHTS  // bracewell: 'weights' must be a View of float or double, contiguous along x (LayoutRight), or a
  bw::backproject(exec, slices, slices, poses, reference, density);
#endif
#ifdef BACKPROJECT_DATA  // bracewell: 'data' is written: it must be a View, and not of const
  bw::backproject(exec, slices, weights, poses, View<const Complex***>(reference), density);
#endif
#ifdef BACKPROJECT_DENSITY  // bracewell: 'density' must be a View of float or double, contiguous along x (LayoutRight), or a
  bw::backproject(exec, slices, weights, poses, reference, reference);
#endif
#ifdef BACKPROJECT_WEIGHTS_RANK  // bracewell: ranks must agree: 'weights' must be [P][h][w/2 + 1] or [B][P][h][w/2 + 1]
  bw::backproject(exec, slices, View<float**>(), poses, reference, density);
#endif
#ifdef BACKPROJECT_WEIGHTS_MEMORY  // bracewell: 'weights' is in memory that 'exec' cannot access
  bw::backproject(exec, slices, Far<float***>(), poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_NOTHING  // bracewell: one of 'data' and 'density', or of their tangents or cotangents, must be given
  bw::backproject_jvp(exec, slices, slices, weights, weights, poses, poses, bw::none, bw::none);
#endif
#ifdef BACKPROJECT_JVP_NO_SLICES  // bracewell: 'slices' must be given, but for a density from given weights alone
  bw::backproject_jvp(exec, bw::none, bw::none, weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_SLICES  // bracewell: 'slices' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::backproject_jvp(exec, weights, bw::none, weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_TANGENT  // bracewell: 'slices_dot' must be a View of Kokkos::complex<float> or <double>, contiguous along
  bw::backproject_jvp(exec, slices, weights, weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_DATA  // bracewell: 'data_dot' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::backproject_jvp(exec, slices, slices, weights, weights, poses, poses, density, density);
#endif
#ifdef BACKPROJECT_JVP_MEMORY  // bracewell: 'slices_dot' is in memory that 'exec' cannot access
  bw::backproject_jvp(exec, slices, Far<Complex***>(), weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_VJP_NOTHING  // bracewell: one of 'data' and 'density', or of their tangents or cotangents, must be given
  bw::backproject_vjp(exec, slices, weights, poses, bw::none, bw::none, slices, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_NO_SLICES  // bracewell: 'slices' must be given, but for a density from given weights alone
  bw::backproject_vjp(exec, bw::none, weights, poses, reference, density, bw::none, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_SLICES  // bracewell: 'slices' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::backproject_vjp(exec, weights, weights, poses, reference, density, bw::none, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_DATA  // bracewell: 'data_bar' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::backproject_vjp(exec, slices, weights, poses, density, density, slices, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_COTANGENT  // bracewell: 'slices_bar' is written: it must be a View, and not of const
  bw::backproject_vjp(exec, slices, weights, poses, reference, density, View<const Complex***>(slices), weights, poses);
#endif
#ifdef BACKPROJECT_VJP_MEMORY  // bracewell: 'slices_bar' is in memory that 'exec' cannot access
  bw::backproject_vjp(exec, slices, weights, poses, reference, density, Far<Complex***>(), weights, poses);
#endif
}
