// SPDX-License-Identifier: MIT
// Undoes prologue.hpp.

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#include <bracewell/detail/epilogue.hpp>
