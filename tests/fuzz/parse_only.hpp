// SPDX-License-Identifier: MIT
// Included before a program of the examples: its main becomes a function that reads the command line and does nothing else.
#pragma once

#include <common/program.hpp>

namespace examples {

template <class Body>
int parse_only(CLI::App& app, int argc, char** argv, const Body&) {
  const KokkosArguments kokkos(app);
  if (const auto code = read_command_line(app, argc, argv)) return *code;
  kokkos.settings();
  return 0;
}

/// Of programs without Kokkos.
template <class Body>
int parse_without_kokkos(CLI::App& app, int argc, char** argv, const Body&) {
  return read_command_line(app, argc, argv).value_or(0);
}

}  // namespace examples

#define run_program parse_only
#define run_command parse_without_kokkos
#define main BRACEWELL_FUZZ_MAIN
