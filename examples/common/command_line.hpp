// SPDX-License-Identifier: MIT
// A program's command line and its exit code.
#pragma once

#include "interrupt.hpp"
#include "voice.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <string>

namespace examples {

/// Tells what is wrong, in one line on standard error. \return the exit code for it
inline int refuse(const CLI::App& app, std::string what) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  // Validators without an upper limit name the largest number there is, in 300 digits.
  if (const auto limit = what.find(" to 17976931348623157"); limit != std::string::npos)
    what.replace(limit, what.find_first_not_of("0123456789.", limit + 4) - limit, " and up");
  if (speaks) std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what.c_str());
  return 2;
}

/// Reads the command line. \return nothing where it is right, else the exit code, after what is wrong, or help, was printed
inline std::optional<int> read_command_line(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return refuse(app, error.what());
  }
  for (const CLI::Option* option : app.get_options())  // no range leaves NaN out
    if (option->get_type_name().rfind("FLOAT", 0) == 0)
      for (const std::string& word : option->results())
        if (!std::isfinite(std::strtod(word.c_str(), nullptr)))
          return refuse(app, option->get_name() + ": " + word + " is no finite number");
  return {};
}

/// Reads the command line and runs body(), which returns the exit code: 0, or 1 where a check failed. What a user can mend
/// is told in one line on standard error, with exit code 2; what was interrupted ends with 130.
template <class Body>
int run_command(CLI::App& app, int argc, char** argv, const Body& body) {
  if (const auto code = read_command_line(app, argc, argv)) return *code;
  try {
    return body();
  } catch (const Interrupted& error) {
    refuse(app, error.what());
    return 130;
  } catch (const std::bad_alloc&) {
    return refuse(app, "too little memory");
  } catch (const std::exception& error) {
    return refuse(app, error.what());
  }
}

}  // namespace examples
