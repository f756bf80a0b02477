// SPDX-License-Identifier: MIT
// Times the operations; see README.md. Google Benchmark's own options are understood, too.
#include "machine.hpp"
#include "problem.hpp"
#include "settings.hpp"

#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  bench::Settings settings;
  CLI::App app("Times Bracewell's operations and plain loops of the same");
  app.add_option("--boxes", settings.boxes, "Extents of references and slices")->delimiter(',')->check(CLI::Range(8, 2048));
  app.add_option("--threads", settings.threads, "Numbers of threads (default: one, and all)")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--samples", settings.samples, "Samples a call, as nearly as whole slices make it")
      ->check(CLI::PositiveNumber);
  app.add_option("--poses", settings.poses, "Slices a call, instead of --samples")->check(CLI::PositiveNumber);
  app.add_flag("--by-view", settings.by_view, "Poses of 3 -> 2 in the order of the directions that they look along");
  app.add_option("--inputs", settings.inputs, "Folder to read inputs from, instead of random ones")
      ->check(CLI::ExistingDirectory);
  app.add_option("--outputs", settings.outputs, "Folder to write outputs to")->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);

  const Kokkos::ScopeGuard kokkos;
  benchmark::AddCustomContext("compiler", BRACEWELL_BENCH_COMPILER);
  benchmark::AddCustomContext("flags", BRACEWELL_BENCH_FLAGS);
  bench::describe_machine(bench::Exec());
  bench::register_project(settings);
  bench::register_backproject(settings);
  bench::register_derivatives(settings);
  bench::register_plain_loops(settings);
  bench::register_raster(settings);
  if (settings.inputs.empty()) bench::register_memory();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  bench::kept = {};
}
