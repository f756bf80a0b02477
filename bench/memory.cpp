// SPDX-License-Identifier: MIT
// What the machine can do, for comparison: bytes read in order, and cache lines read here and there, of memory of one size.
#include "settings.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

namespace {

constexpr std::size_t words_of_line = 8;

std::vector<std::uint64_t> words_of(int mib) { return std::vector<std::uint64_t>((std::size_t(mib) << 20) / 8, 1); }

void read_in_order(benchmark::State& state, int mib) {
  const auto words = words_of(mib);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const std::uint64_t word : words) sum += word;
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t(words.size()) * 8);
}

/// Independent of each other, as the taps of neighbouring samples are.
void read_lines(benchmark::State& state, int mib) {
  const auto words = words_of(mib);
  std::vector<std::uint32_t> lines(1 << 20);
  std::mt19937 random(3);
  for (auto& line : lines) line = std::uint32_t(random() % (words.size() / words_of_line));
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const std::uint32_t line : lines) sum += words[line * words_of_line];
    benchmark::DoNotOptimize(sum);
  }
  using benchmark::Counter;
  state.counters["per_line"] = Counter(double(lines.size()), Counter::kIsIterationInvariantRate | Counter::kInvert);
}

}  // namespace

void bench::register_memory() {
  for (const int mib : {1, 8, 64, 512}) {
    const std::string size = "/MiB:" + std::to_string(mib);
    benchmark::RegisterBenchmark(("memory/in_order" + size).c_str(), [=](auto& state) { read_in_order(state, mib); });
    benchmark::RegisterBenchmark(("memory/lines" + size).c_str(), [=](auto& state) { read_lines(state, mib); });
  }
}
