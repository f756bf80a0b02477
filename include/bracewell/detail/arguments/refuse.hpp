// SPDX-License-Identifier: MIT
// How a bad argument is refused.
#pragma once

#include <Kokkos_Core.hpp>

#include <stdexcept>
#include <string>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Throws or, where exceptions are switched off (-fno-exceptions), says the same and aborts.
[[noreturn]] inline void refuse(const char* function, const std::string& argument, const std::string& got,
                                const std::string& expected) {
  const std::string sentence = std::string(function) + ": '" + argument + "' is " + got + ", expected " + expected;
#ifdef __cpp_exceptions
  throw std::invalid_argument(sentence);
#else
  Kokkos::abort(sentence.c_str());
#endif
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
