// SPDX-License-Identifier: MIT
// Calls that must be refused: arguments that fit, one of which is spoiled, and the sentence that is expected.
#pragma once

#include "arrays.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <stdexcept>
#include <string>

namespace support {

/// call() throws a message with these words.
template <class Call>
void check_refused(const Call& call, const std::string& words) {
  CHECK_THROWS_MATCHES(call(), std::invalid_argument,
                       Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(words)));
}

/// A derivative of an operation, as a function of a struct of all arguments.
template <class Fitting, class Function, class Outputs>
struct Refuses {
  std::string name;
  Function function;  // of Fitting
  Outputs outputs;    // (Fitting, each): calls each(view) for what is written

  /// Arguments of which spoil(fitting) makes a misfit are refused by name in these words, and nothing is written.
  void check(void (*spoil)(Fitting&), const std::string& words) const {
    Fitting f;
    spoil(f);
    outputs(f, [](const auto& view) { Kokkos::deep_copy(view, typename std::decay_t<decltype(view)>::value_type(7)); });
    check_refused([&] { function(f); }, name + ": " + words);
    outputs(f, [](const auto& view) {
      const auto now = download(view);
      CHECK(identical(now, std::decay_t<decltype(now)>(now.size(), 7)));
    });
  }

  /// The same where an output lies in the memory of another array.
  void check_shares(void (*share)(Fitting&), const std::string& words) const {
    Fitting f;
    share(f);
    check_refused([&] { function(f); }, name + ": " + words);
  }
};

/// An operation's two derivatives: of a misfit both speak, each with its own names.
template <class Fitting, class Jvp, class Vjp>
struct BothRefuse {
  Jvp jvp;
  Vjp vjp;

  void fit() const {
    const Fitting fine;
    CHECK_NOTHROW(jvp.function(fine));
    CHECK_NOTHROW(vjp.function(fine));
  }
  void operator()(void (*spoil)(Fitting&), const std::string& in_jvp, const std::string& in_vjp) const {
    jvp.check(spoil, in_jvp);
    vjp.check(spoil, in_vjp);
  }
  void operator()(void (*spoil)(Fitting&), const std::string& words) const { (*this)(spoil, words, words); }
};
template <class Fitting, class Jvp, class Vjp>
BothRefuse<Fitting, Jvp, Vjp> both_refuse(const Jvp& jvp, const Vjp& vjp) {
  return {jvp, vjp};
}

template <class Fitting, class Function, class Outputs>
Refuses<Fitting, Function, Outputs> refuses(const char* name, const Function& function, const Outputs& outputs) {
  return {name, function, outputs};
}

}  // namespace support
