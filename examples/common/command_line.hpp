// SPDX-License-Identifier: MIT
// A program's command line and its exit code.
#pragma once

#include "interrupt.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

namespace examples {

/// Reads the command line and runs body(), which returns the exit code: 0, or 1 where a check failed. What a user can mend
/// is told in one line on standard error, with exit code 2; what was interrupted ends with 130.
template <class Body>
int run_command(CLI::App& app, int argc, char** argv, const Body& body) {
  const auto refuse = [&](std::string what) {
    std::replace(what.begin(), what.end(), '\n', ' ');
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what.c_str());
    return 2;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return refuse(error.what());
  }
  try {
    return body();
  } catch (const Interrupted& error) {
    refuse(error.what());
    return 130;
  } catch (const std::bad_alloc&) {
    return refuse("too little memory");
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}

}  // namespace examples
