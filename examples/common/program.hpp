// SPDX-License-Identifier: MIT
#pragma once

#include "command_line.hpp"
#include "space.hpp"

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

/// run_command with Kokkos' own arguments, within Kokkos.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, const Body& body) {
  const KokkosArguments kokkos(app);
  return run_command(app, argc, argv, [&] {
    const Kokkos::ScopeGuard scope(kokkos.settings());
    return body();
  });
}

}  // namespace examples
