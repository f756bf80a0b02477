// SPDX-License-Identifier: MIT
// The same functions in a second file of the program.
#include <bracewell/bracewell.hpp>

#include "consumer.hpp"

int wrong_samples_elsewhere() { return wrong_samples(); }
