// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/sampler.hpp>

using namespace device;

namespace {

/// A user's own kernel around a Sampler.
template <class Sampler, class Values>
struct Sample {
  Sampler sampler;
  Values values;

  KOKKOS_FUNCTION void operator()(int i) const {
    typename Sampler::Kappa kappa{};
    kappa[0] = i;
    const auto [value, gradient] = sampler.value_and_gradient(kappa);
    values.data()[i] = value * sampler.value(kappa) + gradient[0];
    sampler.insert(kappa, value);
    sampler.add_cotangent(kappa, value);
  }
};

template <class Exec, class View, class Kernel>
void sample(const Exec& exec, const View& view, const Kernel& kernel) {
  const bw::Sampler sampler(view, kernel);
  Kokkos::parallel_for("sample", Kokkos::RangePolicy<Exec>(exec, 0, 1), Sample<decltype(sampler), View>{sampler, view});
}

}  // namespace

void sampler() {
  const Arguments<Kokkos::DefaultExecutionSpace, float, 3, 2> a;
  sample(a.exec, a.reference, bw::Linear{});
  sample(a.exec, a.reference, bw::Cubic{});
  sample(a.exec, a.reference, bw::KaiserBessel<2>{2});
  sample(a.exec, a.reference, Hat{});
  sample(a.exec, a.density, bw::Linear{});
  sample(a.exec, Arguments<Kokkos::DefaultExecutionSpace, double, 2, 1>().reference, bw::Linear{});
}
