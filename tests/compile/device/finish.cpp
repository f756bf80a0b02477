// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/finish.hpp>

using namespace device;

namespace {

template <class Exec, class T, int N, int M, int Batch>
void finish(const Arguments<Exec, T, N, M, Batch>& a) {
  bw::origin_to_zero<N>(a.exec, a.reference);
  bw::origin_to_centre<M>(a.exec, a.slices);
  bw::correct_gridding<N>(a.exec, a.density, {}, bw::Gridding::reconstruction);
  bw::divide_by_density(a.exec, a.reference, a.density, 1);
  bw::divide_wiener(a.exec, a.reference, a.density, 1);
}

}  // namespace

void finish() {
  using Device = Kokkos::DefaultExecutionSpace;
  finish(Arguments<Device, float, 3, 2>());
  finish(Arguments<Device, double, 2, 1, 1>());
  finish(Arguments<Kokkos::DefaultHostExecutionSpace, float, 3, 2>());
}
