// SPDX-License-Identifier: MIT
// Errors of single precision as devices have them.
#include "support/as_device.hpp"

#include "precision.cpp"
