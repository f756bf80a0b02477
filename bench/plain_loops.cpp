// SPDX-License-Identifier: MIT
// The baseline beside the library, on one core, with the difference between their outputs.
#include "plain_loops.hpp"

#include "measure.hpp"

#include <bracewell/backproject.hpp>
#include <bracewell/project.hpp>

#include <cmath>

namespace bw = bracewell;
using namespace bench;

namespace {

template <class T>
std::complex<T>* standard(Kokkos::complex<T>* data) {
  return reinterpret_cast<std::complex<T>*>(data);
}

template <class View>
auto host_copy(const View& view) {
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}

template <class Plain, class T, int N, int M, bool Shifted, class Library>
void add_plain(const Settings& settings, int box, const std::string& kernel, const Library& phi) {
  const std::string tail = std::string("/shifts:") + (Shifted ? "1" : "0");
  const auto run = [=](benchmark::State& state, const auto& body) {
    const auto& inputs = problem<T, N, M>(settings, box, kernel);
    const auto rotations = host_copy(inputs.rotations);
    const auto shifts = host_copy(inputs.shifts);
    const plain::Geometry<T, N, M> geometry{box, inputs.poses, rotations.data(), Shifted ? shifts.data() : nullptr};
    const auto poses = [&] {
      if constexpr (Shifted) {
        return bw::Poses{inputs.rotations, inputs.shifts};
      } else {
        return bw::Poses{inputs.rotations};
      }
    }();
    body(state, inputs, geometry, poses);
  };
  const std::string projecting = case_name("plain_project", N, M, precision_name<T>, kernel, box) + tail;
  add(projecting, [=](benchmark::State& state) {
    run(state, [&](benchmark::State&, const auto& inputs, const auto& geometry, const auto& poses) {
      const auto reference = host_copy(inputs.reference);
      const Dense<Kokkos::complex<T>, M + 1, Kokkos::HostSpace> out("bench::slices", stored_layout(M, box, inputs.poses));
      measure(state, Kokkos::DefaultHostExecutionSpace(), inputs.samples, inputs.poses,
              [&] { plain::project<Plain>(geometry, standard(reference.data()), standard(out.data())); });
      const typename Problem<T, N, M>::Slices library("bench::slices", stored_layout(M, box, inputs.poses));
      bw::project(Exec(), inputs.reference, poses, library, {}, phi);
      state.counters["difference"] = difference(out, library);
      keep(settings, projecting, "slices", out);
    });
  });
  const std::string inserting = case_name("plain_backproject", N, M, precision_name<T>, kernel, box) + tail;
  add(inserting, [=](benchmark::State& state) {
    run(state, [&](benchmark::State&, const auto& inputs, const auto& geometry, const auto& poses) {
      const auto slices = host_copy(inputs.slices);
      const auto weights = host_copy(inputs.weights);
      const Dense<Kokkos::complex<T>, N, Kokkos::HostSpace> data("bench::data", stored_layout(N, box));
      const Dense<T, N, Kokkos::HostSpace> density("bench::density", stored_layout(N, box));
      measure(state, Kokkos::DefaultHostExecutionSpace(), inputs.samples, inputs.poses, [&] {
        plain::backproject<Plain>(geometry, standard(slices.data()), weights.data(), standard(data.data()), density.data());
      });
      const typename Problem<T, N, M>::Reference library("bench::data", stored_layout(N, box));
      const typename Problem<T, N, M>::Density library_density("bench::density", stored_layout(N, box));
      bw::backproject(Exec(), inputs.slices, inputs.weights, poses, library, library_density, {}, phi);
      state.counters["difference"] = std::max(difference(data, library), difference(density, library_density));
      keep(settings, inserting, "data", data);
      keep(settings, inserting, "density", density);
    });
  });
}

template <int N, int M>
void add_dimensions(const Settings& settings, int box) {
  add_plain<plain::Linear, float, N, M, false>(settings, box, "linear", bw::Linear{});
  add_plain<plain::Cubic, float, N, M, false>(settings, box, "cubic", bw::Cubic{});
}

}  // namespace

void bench::register_plain_loops(const Settings& settings) {
  for (const int box : settings.boxes) {
    add_plain<plain::Linear, float, 3, 2, false>(settings, box, "linear", bw::Linear{});
    add_plain<plain::Linear, float, 3, 2, true>(settings, box, "linear", bw::Linear{});
    add_plain<plain::Linear, double, 3, 2, false>(settings, box, "linear", bw::Linear{});
    add_plain<plain::Cubic, float, 3, 2, false>(settings, box, "cubic", bw::Cubic{});
    add_plain<plain::Cubic, double, 3, 2, false>(settings, box, "cubic", bw::Cubic{});
  }
  if (!settings.inputs.empty()) return;
  add_dimensions<2, 1>(settings, 256);
  add_dimensions<2, 2>(settings, 256);
  add_dimensions<3, 1>(settings, 128);
  add_dimensions<3, 3>(settings, 128);
}
