// SPDX-License-Identifier: MIT
// What the machine can do, for comparison: bytes read in order, and cache lines read here and there, of memory of one size; and the
// additions that inserting many taps takes, alone.
#include "problem.hpp"
#include "settings.hpp"

#include <bracewell/detail/core/simd_groups.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
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

/// Adds rows of taps of data and of density where samples of random slices lie, in the order of the library's blocks, four samples
/// apart: what is left of an insertion with 4 by 4 rows of 4 taps where weights and places cost nothing.
void add_rows(benchmark::State& state, int box) {
  constexpr int taps = 4, block = 16, apart = 4;
  bench::Settings settings;
  settings.samples = 400000;
  const bench::Problem<float, 3, 2> inputs(settings, box, "cubic");
  const std::int64_t columns = box / 2 + 1;
  std::vector<std::int64_t> rows;  // where those of each sample begin
  const auto rotations = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), inputs.rotations);
  for (int p = 0; p < inputs.poses; ++p)
    for (int ky = taps - box / 2; ky < box / 2 - taps; ++ky)
      for (int first = 0; first + block <= box / 2; first += block)
        for (int i = 0; i < block; ++i) {
          const int kx = first + i % (block / apart) * apart + i / (block / apart);
          if (kx * kx + ky * ky > (box / 2 - taps) * (box / 2 - taps)) continue;
          double at[3];
          for (int d = 0; d < 3; ++d) at[d] = kx * rotations(p, 0, d) + ky * rotations(p, 1, d);
          const double side = at[0] < 0 ? -1 : 1;
          std::int64_t where = 0;
          for (int d = 2; d >= 1; --d) where = where * box + int(std::floor(side * at[d])) - 1 + box / 2;
          rows.push_back(where * columns + std::max(int(side * at[0]) - 1, 0));
        }
  const std::size_t points = std::size_t(columns) * std::size_t(box) * std::size_t(box);
  std::vector<float> data(2 * points), density(points);
  float strip[3 * taps], weight[taps * taps];
  std::mt19937 random(4);
  for (float& x : strip) x = std::uniform_real_distribution<float>(-1, 1)(random);
  for (float& x : weight) x = std::uniform_real_distribution<float>(-1, 1)(random);
  namespace simd = bracewell::detail::simd;
  const auto of_data = simd::Strip<float, 2 * taps>::load(strip);
  const auto of_density = simd::Strip<float, taps>::load(strip + 2 * taps);
  for (auto _ : state) {
    for (const std::int64_t row : rows)
      for (int z = 0; z < taps; ++z)
        for (int y = 0; y < taps; ++y) {
          const float factor = weight[z * taps + y];
          const std::int64_t where = row + (z * box + y) * columns;
          of_data.add_to(data.data() + 2 * where, factor);
          of_density.add_to(density.data() + where, factor);
        }
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  state.counters["per_sample"] = Counter(double(rows.size()), Counter::kIsIterationInvariantRate | Counter::kInvert);
}

}  // namespace

void bench::register_memory() {
  for (const int box : {64, 128, 256})
    benchmark::RegisterBenchmark(("memory/additions/float/taps:4/box:" + std::to_string(box)).c_str(),
                                 [=](auto& state) { add_rows(state, box); });
  for (const int mib : {1, 8, 64, 512}) {
    const std::string size = "/MiB:" + std::to_string(mib);
    benchmark::RegisterBenchmark(("memory/in_order" + size).c_str(), [=](auto& state) { read_in_order(state, mib); });
    benchmark::RegisterBenchmark(("memory/lines" + size).c_str(), [=](auto& state) { read_lines(state, mib); });
  }
}
