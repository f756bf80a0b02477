// SPDX-License-Identifier: MIT
#pragma once

#include "interrupt.hpp"
#include "space.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

namespace examples {

/// Kokkos' own arguments, under its names. Read here, since Kokkos aborts at values that it does not know.
struct KokkosArguments {
  int threads = 0, device = -1;
  std::string device_by, tools, tools_arguments;
  bool warnings_off = false, print = false, tune = false;

  explicit KokkosArguments(CLI::App& app) {
    const auto option = [&](const char* name, auto& value, const char* what) {
      return app.add_option(name, value, what)->group("Kokkos");
    };
    const auto flag = [&](const char* name, bool& value, const char* what) {
      app.add_flag(name, value, what)->group("Kokkos");
    };
    option("--kokkos-num-threads,--j", threads, "of the host")->check(CLI::Range(1, 4096));
    option("--kokkos-device-id", device, "number of the device")->check(CLI::Range(0, 4096));
    option("--kokkos-map-device-id-by", device_by, "how to choose it")->check(CLI::IsMember({"random", "mpi_rank"}));
    option("--kokkos-tools-libs", tools, "library of a tool");
    option("--kokkos-tools-args", tools_arguments, "arguments of the tool");
    flag("--kokkos-disable-warnings", warnings_off, "as it is by default here");
    flag("--kokkos-print-configuration", print, "");
    flag("--kokkos-tune-internals", tune, "");
  }

  Kokkos::InitializationSettings settings() const {
    Kokkos::InitializationSettings settings;
    settings.set_disable_warnings(true);
    if (threads > 0) settings.set_num_threads(threads);
    if (device >= 0) settings.set_device_id(device);
    if (!device_by.empty()) settings.set_map_device_id_by(device_by);
    if (!tools.empty()) settings.set_tools_libs(tools);
    if (!tools_arguments.empty()) settings.set_tools_args(tools_arguments);
    if (print) settings.set_print_configuration(true);
    if (tune) settings.set_tune_internals(true);
    return settings;
  }
};

/// Reads the command line and runs body(), which returns the exit code: 0, or 1 where a check failed. What a user can mend
/// is told in one line on standard error, with exit code 2, and 130 where it was interrupted.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, const Body& body) {
  const auto refuse = [&](std::string what) {
    std::replace(what.begin(), what.end(), '\n', ' ');
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what.c_str());
    return 2;
  };
  const KokkosArguments kokkos(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return refuse(error.what());
  }
  try {
    const Kokkos::ScopeGuard scope(kokkos.settings());
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
