// SPDX-License-Identifier: MIT
// backproject: insertion of slices and of weights; on devices also in fixed point.
#include "measure.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/workspace.hpp>

namespace bw = bracewell;
using namespace bench;

namespace {

template <class T, int N, int M, bool Shifted, class MakeKernel>
void add_backproject(const Settings& settings, int box, const std::string& kernel, const MakeKernel& make_kernel,
                     bool deterministic = false) {
  for (const int threads : thread_counts(settings)) {
    const std::string operation = deterministic ? "backproject_deterministic" : "backproject";
    const std::string name = case_name(operation, N, M, precision_name<T>, kernel, box) +
                             "/shifts:" + (Shifted ? "1" : "0") + "/" + execution_name(threads);
    add(name, [=](benchmark::State& state) {
      const auto& inputs = problem<T, N, M>(settings, box, kernel);
      const Exec exec = make_exec(threads);
      const auto phi = make_kernel(inputs.padding);
      const typename Problem<T, N, M>::Reference data("bench::data", stored_layout(N, box));
      const typename Problem<T, N, M>::Density density("bench::density", stored_layout(N, box));
      bw::Workspace workspace;
      const bw::SliceOptions options{.deterministic = deterministic, .workspace = &workspace};
      measure(state, exec, inputs.samples, inputs.poses, [&] {
        if constexpr (Shifted) {
          const bw::Poses poses{inputs.rotations, inputs.shifts};
          bw::backproject(exec, inputs.slices, inputs.weights, poses, data, density, options, phi);
        } else {
          const bw::Poses poses{inputs.rotations};
          bw::backproject(exec, inputs.slices, inputs.weights, poses, data, density, options, phi);
        }
      });
      keep(settings, name, "data", data);
      keep(settings, name, "density", density);
    });
  }
}

/// Other dimensions, at one size each.
template <int N, int M>
void add_dimensions(const Settings& settings, int box) {
  add_backproject<float, N, M, false>(settings, box, "linear", [](double) { return bw::Linear{}; });
  add_backproject<float, N, M, false>(settings, box, "cubic", [](double) { return bw::Cubic{}; });
}

}  // namespace

void bench::register_backproject(const Settings& settings) {
  for (const int box : settings.boxes)
    for_kernels([&](const std::string& kernel, const auto& make_kernel) {
      add_backproject<float, 3, 2, false>(settings, box, kernel, make_kernel);
      add_backproject<float, 3, 2, true>(settings, box, kernel, make_kernel);
      add_backproject<double, 3, 2, false>(settings, box, kernel, make_kernel);
      add_backproject<double, 3, 2, true>(settings, box, kernel, make_kernel);
      if (on_host<Exec>) return;  // the same there
      add_backproject<float, 3, 2, false>(settings, box, kernel, make_kernel, true);
      add_backproject<double, 3, 2, false>(settings, box, kernel, make_kernel, true);
    });
  if (!settings.inputs.empty()) return;
  add_dimensions<2, 1>(settings, 256);
  add_dimensions<2, 2>(settings, 256);
  add_dimensions<3, 1>(settings, 128);
  add_dimensions<3, 3>(settings, 128);
}
