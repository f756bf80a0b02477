// SPDX-License-Identifier: MIT
#include "arguments.hpp"

[[maybe_unused]] static void backproject() {
  bw::backproject(exec, slices, weights, poses, reference, density, {}, bw::Linear{});
  bw::backproject_jvp(exec, slices, slices, weights, weights, poses, poses, reference, density, {}, bw::Linear{});
  bw::backproject_vjp(exec, slices, weights, poses, reference, density, slices, weights, poses, {}, bw::Linear{});
#ifdef BACKPROJECT_NOTHING  // backproject: one of 'data' and 'density' must be given
  bw::backproject(exec, slices, weights, poses, bw::none, bw::none);
#endif
#ifdef BACKPROJECT_NO_SLICES  // backproject: 'slices' must be given, but for a density from given weights alone
  bw::backproject(exec, bw::none, weights, poses, reference, density);
#endif
#ifdef BACKPROJECT_SLICES  // backproject: 'slices' must be a View of Kokkos::complex<float> or <double>
  bw::backproject(exec, weights, bw::none, poses, reference, density);
#endif
#ifdef BACKPROJECT_WEIGHTS  // backproject: 'weights' must be a View of float or double
  bw::backproject(exec, slices, slices, poses, reference, density);
#endif
#ifdef BACKPROJECT_DATA  // backproject: 'data' must be a writable View of Kokkos::complex<float> or <double>
  bw::backproject(exec, slices, weights, poses, View<const Complex***>(reference), density);
#endif
#ifdef BACKPROJECT_DENSITY  // backproject: 'density' must be a writable View of float or double
  bw::backproject(exec, slices, weights, poses, reference, reference);
#endif
#ifdef BACKPROJECT_WEIGHTS_RANK  // bracewell: 'weights' must have the rank and precision of 'slices'
  bw::backproject(exec, slices, View<float**>(), poses, reference, density);
#endif
#ifdef BACKPROJECT_WEIGHTS_MEMORY  // bracewell: an array is in memory that 'exec' cannot access
  bw::backproject(exec, slices, Far<float***>(), poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_NOTHING  // backproject_jvp: one of 'data_dot' and 'density_dot' must be given
  bw::backproject_jvp(exec, slices, slices, weights, weights, poses, poses, bw::none, bw::none);
#endif
#ifdef BACKPROJECT_JVP_NO_SLICES  // backproject_jvp: 'slices' must be given, but for a density from given weights alone
  bw::backproject_jvp(exec, bw::none, bw::none, weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_SLICES  // backproject_jvp: 'slices' must be a View of Kokkos::complex<float> or <double>
  bw::backproject_jvp(exec, weights, bw::none, weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_TANGENT  // backproject_jvp: 'slices_dot' and 'weights_dot' must be arrays of the rank and precision of 'slices'
  bw::backproject_jvp(exec, slices, weights, weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_JVP_DATA  // backproject_jvp: 'data_dot' must be a writable View of Kokkos::complex<float> or <double>
  bw::backproject_jvp(exec, slices, slices, weights, weights, poses, poses, density, density);
#endif
#ifdef BACKPROJECT_JVP_MEMORY  // backproject_jvp: a tangent is in memory that 'exec' cannot access
  bw::backproject_jvp(exec, slices, Far<Complex***>(), weights, weights, poses, poses, reference, density);
#endif
#ifdef BACKPROJECT_VJP_NOTHING  // backproject_vjp: one of 'data_bar' and 'density_bar' must be given
  bw::backproject_vjp(exec, slices, weights, poses, bw::none, bw::none, slices, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_NO_SLICES  // backproject_vjp: 'slices' must be given, but for a density from given weights alone
  bw::backproject_vjp(exec, bw::none, weights, poses, reference, density, bw::none, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_SLICES  // backproject_vjp: 'slices' must be a View of Kokkos::complex<float> or <double>
  bw::backproject_vjp(exec, weights, weights, poses, reference, density, bw::none, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_DATA  // backproject_vjp: 'data_bar' must be a View of Kokkos::complex<float> or <double>
  bw::backproject_vjp(exec, slices, weights, poses, density, density, slices, weights, poses);
#endif
#ifdef BACKPROJECT_VJP_COTANGENT  // backproject_vjp: 'slices_bar' and 'weights_bar' must be writable arrays of the rank and precision of 'slices'
  bw::backproject_vjp(exec, slices, weights, poses, reference, density, View<const Complex***>(slices), weights, poses);
#endif
#ifdef BACKPROJECT_VJP_MEMORY  // backproject_vjp: a cotangent is in memory that 'exec' cannot access
  bw::backproject_vjp(exec, slices, weights, poses, reference, density, Far<Complex***>(), weights, poses);
#endif
}
