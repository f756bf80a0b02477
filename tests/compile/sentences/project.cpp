// SPDX-License-Identifier: MIT
#include "arguments.hpp"

[[maybe_unused]] static void project() {
  bw::project(exec, reference, poses, slices, {}, bw::Linear{});
  bw::project_jvp(exec, reference, reference, poses, poses, slices, {}, bw::Linear{});
  bw::project_vjp(exec, reference, poses, slices, reference, poses, {}, bw::Linear{});
#ifdef PROJECT_REFERENCE  // bracewell: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::project(exec, map, poses, slices);
#endif
#ifdef PROJECT_REFERENCE_LEFT  // bracewell: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::project(exec, Kokkos::View<Complex***, Kokkos::LayoutLeft, Kokkos::HostSpace>(), poses, slices);
#endif
#ifdef PROJECT_SLICES  // bracewell: 'slices' is written: it must be a View, and not of const
  bw::project(exec, reference, poses, View<const Complex***>(slices));
#endif
#ifdef EXECUTION_SPACE  // bracewell: the first argument must be a Kokkos execution space instance
  bw::project(0, reference, poses, slices);
#endif
#ifdef POSES  // bracewell: 'poses' must be Poses{rotations, shifts}
  bw::project(exec, reference, rotations, slices);
#endif
#ifdef POSES_INTEGERS  // bracewell: 'rotations' must be a View of float or double, [P][M][N] or [B][P][M][N]
  bw::project(exec, reference, bw::Poses{View<int* [2][3]>()}, slices);
#endif
#ifdef SHIFTS_RANK  // bracewell: ranks must agree: 'shifts' must be [P][M] or [B][P][M], one axis less than 'rotations'
  bw::project(exec, reference, bw::Poses{rotations, View<float***>()}, slices);
#endif
#ifdef RANKS  // bracewell: ranks must agree
  bw::project(exec, reference, poses, View<Complex**>());
#endif
#ifdef RANKS_STATIC_EXTENTS  // bracewell: ranks must agree: rotations [P][M][N]
  bw::project(exec, reference, bw::Poses{View<float* [3][3]>()}, slices);
#endif
#ifdef PRECISION  // bracewell: 'slices' must have the precision of the others, all float or all double
  bw::project(exec, View<Kokkos::complex<double>***>(), poses, slices);
#endif
#ifdef KERNEL  // bracewell: 'kernel' must have a static constexpr int reach >= 1 and value(t)
  bw::project(exec, reference, poses, slices, {}, NoValue{});
#endif
#ifdef MEMORY  // bracewell: 'reference' is in memory that 'exec' cannot access
  bw::project(exec, Far<Complex***>(), poses, slices);
#endif
#ifdef MEMORY_OF_POSES  // bracewell: 'rotations' is in memory that 'exec' cannot access
  bw::project(exec, reference, bw::Poses{Far<float* [2][3]>()}, slices);
#endif
#ifdef PROJECT_JVP_REFERENCE  // bracewell: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::project_jvp(exec, map, bw::none, poses, bw::none, slices);
#endif
#ifdef PROJECT_JVP_SLICES  // bracewell: 'slices_dot' is written: it must be a View, and not of const
  bw::project_jvp(exec, reference, bw::none, poses, bw::none, View<const Complex***>(slices));
#endif
#ifdef PROJECT_JVP_TANGENT  // bracewell: 'reference_dot' must be a View of Kokkos::complex<float> or <double>, contiguous along
  bw::project_jvp(exec, reference, map, poses, bw::none, slices);
#endif
#ifdef PROJECT_JVP_MEMORY  // bracewell: 'reference_dot' is in memory that 'exec' cannot access
  bw::project_jvp(exec, reference, Far<Complex***>(), poses, bw::none, slices);
#endif
#ifdef POSES_TANGENT  // bracewell: 'poses_dot' must be Poses{rotations, shifts} of tangents, or none
  bw::project_jvp(exec, reference, reference, poses, rotations, slices);
#endif
#ifdef POSES_TANGENT_RANK  // bracewell: ranks must agree: 'rotations_dot' must be [P][M][N] or [B][P][M][N]
  bw::project_jvp(exec, reference, reference, poses, bw::Poses{shifts}, slices);
#endif
#ifdef POSES_TANGENT_OF_NONE  // bracewell: 'shifts_dot' must be none where 'shifts' is
  bw::project_jvp(exec, reference, reference, bw::Poses{rotations}, poses, slices);
#endif
#ifdef POSES_TANGENT_MEMORY  // bracewell: 'rotations_dot' is in memory that 'exec' cannot access
  bw::project_jvp(exec, reference, bw::none, poses, bw::Poses{Far<float* [2][3]>()}, slices);
#endif
#ifdef PROJECT_VJP_REFERENCE  // bracewell: 'reference' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::project_vjp(exec, map, poses, slices, reference, bw::none);
#endif
#ifdef PROJECT_VJP_SLICES  // bracewell: 'slices_bar' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::project_vjp(exec, reference, poses, map, reference, bw::none);
#endif
#ifdef PROJECT_VJP_COTANGENT  // bracewell: 'reference_bar' is written: it must be a View, and not of const
  bw::project_vjp(exec, reference, poses, slices, View<const Complex***>(reference), bw::none);
#endif
#ifdef PROJECT_VJP_MEMORY  // bracewell: 'reference_bar' is in memory that 'exec' cannot access
  bw::project_vjp(exec, reference, poses, slices, Far<Complex***>(), bw::none);
#endif
#ifdef POSES_COTANGENT_CONST  // bracewell: 'rotations_bar' is written: it must be a View, and not of const
  bw::project_vjp(exec, reference, poses, slices, bw::none, bw::Poses{View<const float* [2][3]>(rotations)});
#endif
#ifdef KAISER_BESSEL_REACH  // KaiserBessel<r>: r must be 2, 3 or 4
  bw::KaiserBessel<5>{2};
#endif
#ifdef SAMPLER_INTEGERS  // Sampler: 'array' must be of float, double or Kokkos::complex of either
  bw::Sampler{View<int***>()};
#endif
#ifdef SAMPLER_KERNEL  // Sampler: 'kernel' must have a static constexpr int reach >= 1 and value(t), see kernels.hpp
  bw::Sampler(reference, NoValue{});
#endif
#ifdef SAMPLER_CONST  // Sampler: the array is const, nothing can be inserted
  bw::Sampler(View<const Complex***>(reference)).insert({}, {});
#endif
}
