// SPDX-License-Identifier: MIT
// What headers of the job level have in place of detail/prologue.hpp. They keep extents in a std::array and count its axes by int, as
// all of the library does: clang warns of each index.

#include <bracewell/detail/prologue.hpp>

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wsign-conversion"
#endif
