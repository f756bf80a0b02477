// SPDX-License-Identifier: MIT
// One way to time a call and to say what it cost.
#pragma once

#include "problem.hpp"
#include "settings.hpp"

#include <bracewell/kernels.hpp>

#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace bench {

/// A line of /proc/self/status, in MiB; 0 where there is none.
inline double memory(const std::string& line) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == line + ":" && status >> word) return std::stod(word) / 1024;
  return 0;
}

/// Peak resident memory since the last reset, in MiB; since the program's start where the system knows no reset.
inline double peak_memory() {
  if (const double peak = memory("VmHWM"); peak > 0) return peak;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024;
}
inline void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << 5; }

/// What a call's units of work and its results are called.
struct Units {
  std::string work = "sample", results = "slices";
};

/// Times call() on exec between fences, after one call that is not timed. Counters: time a sample, slices a second, samples
/// and slices of a call; on a host peak resident memory, and how much of it came on top of the inputs and outputs.
template <class Space, class Call>
void measure(benchmark::State& state, const Space& exec, std::int64_t samples, int slices, const Call& call,
             const Units& units = {}) {
  call();
  exec.fence();
  reset_peak_memory();
  const double before = memory("VmRSS");
  for (auto _ : state) {
    call();
    exec.fence();
  }
  using benchmark::Counter;
  const double peak = peak_memory();
  state.counters["per_" + units.work] = Counter(double(samples), Counter::kIsIterationInvariantRate | Counter::kInvert);
  state.counters[units.results + "_per_s"] = Counter(slices, Counter::kIsIterationInvariantRate);
  state.counters[units.work + "s"] = double(samples);
  state.counters[units.results] = slices;
  if (!on_host<Space>) return;
  state.counters["peak_MiB"] = peak;
  state.counters["scratch_MiB"] = std::max(0.0, peak - before);
}

/// Runs `body(state)` as a benchmark in wall-clock time; what it throws becomes its error. Devices have their clocks raised first.
template <class Body>
void add(const std::string& name, const Body& body) {
  auto* benchmark = benchmark::RegisterBenchmark(name.c_str(), [body](benchmark::State& state) {
    try {
      body(state);
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
    }
  });
  benchmark->UseRealTime()->Unit(benchmark::kMillisecond);
  if (!on_host<Exec>) benchmark->MinWarmUpTime(0.3);
}

template <class T>
inline const char* precision_name = sizeof(T) == 4 ? "float" : "double";

/// "project/3to2/float/linear/box:128", and the benchmark's outputs go to a file named so, with other separators.
inline std::string case_name(const std::string& operation, int from, int to, const char* precision,
                             const std::string& kernel, int box) {
  return operation + "/" + std::to_string(from) + "to" + std::to_string(to) + "/" + precision + "/" + kernel +
         "/box:" + std::to_string(box);
}

/// Writes an output to the folder for outputs, if there is one.
template <class View>
void keep(const Settings& settings, std::string name, const std::string& what, const View& view) {
  if (settings.outputs.empty()) return;
  std::replace(name.begin(), name.end(), '/', '_');
  std::replace(name.begin(), name.end(), ':', '_');
  write(settings.outputs + "/" + name + "." + what, view);
}

/// ‖a − b‖ / ‖b‖.
template <class A, class B>
double difference(const A& a, const B& b) {
  const auto mine = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), a);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), b);
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const auto delta = mine.data()[i] - host.data()[i];
    if constexpr (std::is_arithmetic_v<typename B::non_const_value_type>) {
      error += double(delta) * delta;
      scale += double(host.data()[i]) * host.data()[i];
    } else {
      error += double(delta.real()) * delta.real() + double(delta.imag()) * delta.imag();
      scale += double(host.data()[i].real()) * host.data()[i].real() + double(host.data()[i].imag()) * host.data()[i].imag();
    }
  }
  return std::sqrt(error / scale);
}

/// each(kernel name, make), make(padding) the kernel, for those of the reach-2 family and linear.
template <class Each>
void for_kernels(const Each& each) {
  each("linear", [](double) { return bracewell::Linear{}; });
  each("cubic", [](double) { return bracewell::Cubic{}; });
  each("kaiser_bessel_4", [](double padding) { return bracewell::KaiserBessel<2>{padding}; });
}

}  // namespace bench
