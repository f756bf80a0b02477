// SPDX-License-Identifier: MIT
// Every public header but cufft.hpp and hipfft.hpp, to be read without exceptions.
#include <bracewell/bracewell.hpp>
#include <bracewell/ctf.hpp>
#include <bracewell/eigen.hpp>
#include <bracewell/fftw.hpp>
#include <bracewell/gauss_newton.hpp>
#include <bracewell/interpolations.hpp>
#include <bracewell/projector.hpp>
#include <bracewell/reconstructor.hpp>
#include <bracewell/sampler.hpp>
#include <bracewell/shells.hpp>
#include <bracewell/so3.hpp>
#include <bracewell/symmetry.hpp>
