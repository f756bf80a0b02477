// SPDX-License-Identifier: MIT
#pragma once

#include "space.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace examples {

/// Reads the command line and runs body(), which returns the exit code: 0, or 1 where a check failed. What a user can mend
/// is told in one line on standard error, with exit code 2.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, const Body& body) {
  const auto refuse = [&](const char* what) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what);
    return 2;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return refuse(error.what());
  }
  const Kokkos::ScopeGuard scope(Kokkos::InitializationSettings().set_disable_warnings(true));
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return refuse("too little memory");
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}

}  // namespace examples
