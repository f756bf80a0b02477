// SPDX-License-Identifier: MIT
/// \file bracewell.hpp
/// All of Bracewell but eigen.hpp, the one header that needs Eigen.
#pragma once

#define BRACEWELL_VERSION_MAJOR 0
#define BRACEWELL_VERSION_MINOR 1
#define BRACEWELL_VERSION_PATCH 0

#include <bracewell/backproject.hpp>
#include <bracewell/finish.hpp>
#include <bracewell/gauss_newton.hpp>
#include <bracewell/gaussian.hpp>
#include <bracewell/project.hpp>
#include <bracewell/raster.hpp>
#include <bracewell/sampler.hpp>
