// SPDX-License-Identifier: MIT
#include "arguments.hpp"

static const View<float*> loss;
static const bw::Observed observed{slices, weights, weights, loss};

[[maybe_unused]] static void gauss_newton() {
  bw::gauss_newton(exec, reference, poses, observed, loss, poses, loss, map, {}, bw::Linear{});
#ifdef GAUSS_NEWTON_OBSERVED  // bracewell: 'observed' must be Observed{images, weights, ctf, scale}
  bw::gauss_newton(exec, reference, poses, slices, loss, poses, loss, map);
#endif
#ifdef GAUSS_NEWTON_IMAGES  // bracewell: 'images' must be a View of Kokkos::complex<float> or <double>, contiguous along x
  bw::gauss_newton(exec, reference, poses, bw::Observed{map}, loss, poses, loss, map);
#endif
#ifdef GAUSS_NEWTON_CTF  // bracewell: 'ctf' must be a View of float or double, contiguous along x
  bw::gauss_newton(exec, reference, poses, bw::Observed{slices, bw::none, slices}, loss, poses, loss, map);
#endif
#ifdef GAUSS_NEWTON_SCALE  // bracewell: 'scale' must be a number, or a View of float or double
  bw::gauss_newton(exec, reference, poses, bw::Observed{slices, bw::none, bw::none, "1"}, loss, poses, loss, map);
#endif
#ifdef GAUSS_NEWTON_LOSS  // bracewell: 'loss' is written: it must be a View, and not of const
  bw::gauss_newton(exec, reference, poses, observed, View<const float*>(loss), poses, loss, map);
#endif
#ifdef GAUSS_NEWTON_MATRIX  // bracewell: ranks must agree: 'matrix' must be [P][K][K] or [B][P][K][K]
  bw::gauss_newton(exec, reference, poses, observed, loss, poses, loss, shifts);
#endif
#ifdef GAUSS_NEWTON_OUTPUTS  // bracewell: one of 'loss', 'poses_bar', 'scale_bar' and 'matrix' must be given
  bw::gauss_newton(exec, reference, poses, observed, bw::none, bw::none, bw::none, bw::none);
#endif
}
