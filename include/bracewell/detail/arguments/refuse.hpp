// SPDX-License-Identifier: MIT
// How a bad argument is refused.
#pragma once

#include <Kokkos_Core.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>

#include <bracewell/detail/prologue.hpp>

namespace bracewell::detail {

/// Throws or, where exceptions are switched off (-fno-exceptions), says the same and aborts.
template <class Error>
[[noreturn]] void fail(const std::string& sentence) {
#ifdef __cpp_exceptions
  if constexpr (std::is_constructible_v<Error, std::string>) {
    throw Error(sentence);
  } else {
    throw Error();
  }
#else
  Kokkos::abort(sentence.c_str());
#endif
}

[[noreturn]] inline void refuse(const char* function, const std::string& argument, const std::string& got,
                                const std::string& expected) {
  fail<std::invalid_argument>(std::string(function) + ": '" + argument + "' is " + got + ", expected " + expected);
}

}  // namespace bracewell::detail

#include <bracewell/detail/epilogue.hpp>
