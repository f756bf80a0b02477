// SPDX-License-Identifier: MIT
// The times that peer.py measures of torch-projectors, of the same work: B references, each with P slices at poses of its own, with
// shifts, float, 3 → 2. A line for each: operation, kernel, box, B, P, ms of a call, ps for each stored sample inside the cutoff.
#include "device.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>
#include <bracewell/workspace.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace bw = bracewell;
using kit::Array;
using kit::Complex;
using kit::Device;

namespace {

using T = float;

struct Work {
  std::string kernel;
  int box, B, P;
};

/// \throws CLI::ValidationError for what is not KERNEL/BOX/B/P
Work work_of(const std::string& text) {
  Work work{text.substr(0, text.find('/')), 0, 0, 0};
  char rest = 0;
  const int read = std::sscanf(text.c_str() + std::min(text.size(), work.kernel.size()), "/%d/%d/%d%c", &work.box, &work.B,
                               &work.P, &rest);
  if (read != 3 || (work.kernel != "linear" && work.kernel != "cubic") || work.box < 8 || work.B < 1 || work.P < 1)
    throw CLI::ValidationError("works", "got '" + text + "', expected linear/BOX/B/P or cubic/BOX/B/P, BOX from 8 on");
  return work;
}

/// Numbers of a generator, over and over.
template <class View>
void fill(const View& view, std::mt19937& random) {
  std::normal_distribution<T> normal;
  const auto host = Kokkos::create_mirror_view(view);
  auto* const numbers = reinterpret_cast<T*>(host.data());
  const std::size_t count = host.size() * sizeof(typename View::value_type) / sizeof(T),
                    fresh = std::min<std::size_t>(count, 1 << 20);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i < fresh ? normal(random) : numbers[i - fresh];
  Kokkos::deep_copy(view, host);
}

/// Calls between fences, as many as take the wanted time, five times: the median of a call's ms.
template <class Call>
double median_ms(const Device& exec, double seconds, const Call& call) {
  const auto time = [&](int count) {
    exec.fence();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) call();
    exec.fence();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() / count;
  };
  time(1);
  const int count = std::clamp(int(1e3 * seconds / std::max(time(2), 1e-3)), 1, 1000);
  std::vector<double> times(5);
  for (double& ms : times) ms = time(count);
  std::sort(times.begin(), times.end());
  return times[2];
}

double samples_of_slice(int box) {
  double count = 0;
  for (int y = 0; y < box; ++y)
    for (int x = 0; x <= box / 2; ++x) {
      const int k = bw::frequency(y, box);
      count += 4 * (x * x + k * k) <= box * box;
    }
  return count;
}

template <class Kernel>
void run(const Work& work, double seconds, const Kernel& kernel) {
  const int box = work.box, B = work.B, P = work.P;
  const int half = box / 2 + 1;
  const Device exec;
  std::mt19937 random(20);
  const Array<Complex****> reference("reference", B, box, box, half), bar("bar", B, box, box, half);
  const Array<T****> density("density", B, box, box, half);
  const Array<Complex****> slices("slices", B, P, box, half);
  const Array<T****> weights("weights", B, P, box, half);
  const bw::Poses poses{Array<T****>("rotations", B, P, 2, 3), Array<T***>("shifts", B, P, 2)};
  const bw::Poses poses_bar{Array<T****>("rotations_bar", B, P, 2, 3), Array<T***>("shifts_bar", B, P, 2)};
  fill(reference, random);
  fill(slices, random);
  fill(weights, random);
  fill(poses.shifts, random);
  const auto rotations = Kokkos::create_mirror_view(poses.rotations);
  std::normal_distribution<double> normal;
  for (int b = 0; b < B; ++b)
    for (int p = 0; p < P; ++p) {
      double a[2][3], dot = 0;
      for (auto& row : a) {
        double norm = 0;
        for (double& x : row) x = normal(random);
        for (int d = 0; d < 3 && &row == &a[1]; ++d) dot += a[0][d] * row[d];
        for (int d = 0; d < 3; ++d) {
          row[d] -= &row == &a[1] ? dot * a[0][d] : 0;
          norm += row[d] * row[d];
        }
        for (double& x : row) x /= std::sqrt(norm);
      }
      for (int e = 0; e < 2; ++e)
        for (int d = 0; d < 3; ++d) rotations(b, p, e, d) = T(a[e][d]);
    }
  Kokkos::deep_copy(poses.rotations, rotations);

  bw::Workspace workspace;
  const bw::SliceOptions options{.workspace = &workspace};
  const double samples = samples_of_slice(box) * B * P;
  const auto print = [&](const char* operation, const auto& call) {
    const double ms = median_ms(exec, seconds, call);
    std::printf("bracewell\t%s\t%s\t%d\t%d\t%d\t%.4f\t%.1f\n", operation, work.kernel.c_str(), box, B, P, ms,
                1e9 * ms / samples);
    std::fflush(stdout);
  };
  // Insertion and gradients are of the slices above, so project has others to write.
  const Array<Complex****> cut("cut", B, P, box, half);
  print("project", [&] { bw::project(exec, reference, poses, cut, options, kernel); });
  print("backproject", [&] { bw::backproject(exec, slices, weights, poses, bar, density, options, kernel); });
  print("project_and_vjp", [&] {
    bw::project(exec, reference, poses, cut, options, kernel);
    bw::project_vjp(exec, reference, poses, slices, bar, poses_bar, options, kernel);
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> texts;
  std::vector<Work> works;
  double seconds = 0.05;
  CLI::App app("Times of B references with P slices each");
  app.add_option("works", texts, "KERNEL/BOX/B/P of each, as linear/128/8/2048")->required();
  app.add_option("--seconds", seconds, "of calls in each of five times")->check(CLI::PositiveNumber)->capture_default_str();
  try {
    app.parse(argc, argv);
    for (const std::string& text : texts) works.push_back(work_of(text));
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!kit::device_found()) return kit::skipped;
  const Kokkos::ScopeGuard kokkos;
  for (const Work& work : works) {
    if (work.kernel == "linear") {
      run(work, seconds, bw::Linear{});
    } else {
      run(work, seconds, bw::Cubic{});
    }
  }
}
