// SPDX-License-Identifier: MIT
// project: slices of references, and rotated copies of them.
#include "measure.hpp"

#include <bracewell/project.hpp>

namespace bw = bracewell;
using namespace bench;

namespace {

template <class T, int N, int M, bool Shifted, class MakeKernel>
void add_project(const Settings& settings, int box, const std::string& kernel, const MakeKernel& make_kernel) {
  for (const int threads : thread_counts(settings)) {
    const std::string name = case_name("project", N, M, precision_name<T>, kernel, box) +
                             "/shifts:" + (Shifted ? "1" : "0") + "/" + execution_name(threads);
    add(name, [=](benchmark::State& state) {
      const auto& inputs = problem<T, N, M>(settings, box, kernel);
      const Exec exec = make_exec(threads);
      const auto phi = make_kernel(inputs.padding);
      const typename Problem<T, N, M>::Slices out("bench::slices", stored_layout(M, box, inputs.poses));
      measure(state, exec, inputs.samples, inputs.poses, [&] {
        if constexpr (Shifted) {
          bw::project(exec, inputs.reference, bw::Poses{inputs.rotations, inputs.shifts}, out, {}, phi);
        } else {
          bw::project(exec, inputs.reference, bw::Poses{inputs.rotations}, out, {}, phi);
        }
      });
      keep(settings, name, "slices", out);
    });
  }
}

/// Other dimensions, at one size each.
template <int N, int M>
void add_dimensions(const Settings& settings, int box) {
  add_project<float, N, M, false>(settings, box, "linear", [](double) { return bw::Linear{}; });
  add_project<float, N, M, false>(settings, box, "cubic", [](double) { return bw::Cubic{}; });
}

}  // namespace

void bench::register_project(const Settings& settings) {
  for (const int box : settings.boxes)
    for_kernels([&](const std::string& kernel, const auto& make_kernel) {
      add_project<float, 3, 2, false>(settings, box, kernel, make_kernel);
      add_project<float, 3, 2, true>(settings, box, kernel, make_kernel);
      add_project<double, 3, 2, false>(settings, box, kernel, make_kernel);
      add_project<double, 3, 2, true>(settings, box, kernel, make_kernel);
    });
  if (!settings.inputs.empty()) return;
  add_dimensions<2, 1>(settings, 256);
  add_dimensions<2, 2>(settings, 256);
  add_dimensions<3, 1>(settings, 128);
  add_dimensions<3, 3>(settings, 128);
}
