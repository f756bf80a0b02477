// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/gauss_newton.hpp>

using namespace device;

namespace {

template <class Exec, class T, int N, int M, int Batch, class Kernel>
void run(const Arguments<Exec, T, N, M, Batch>& a, const Kernel& kernel) {
  const bw::Observed observed{a.slices, a.weights, a.weights_dot, Array<Exec, T, 1 + Batch>()};
  const Array<Exec, double, 1 + Batch> loss, scale_bar;
  const Array<Exec, T, 3 + Batch> matrix;
  bw::gauss_newton(a.exec, a.reference, a.poses, observed, loss, a.poses_dot, scale_bar, matrix, {}, kernel);
  bw::gauss_newton(a.exec, a.reference, a.poses, bw::Observed{a.slices}, loss, a.poses_dot, bw::none, bw::none, {}, kernel);
  bw::gauss_newton(a.exec, a.reference, bw::Poses{a.poses.rotations}, bw::Observed{a.slices}, loss, bw::none, bw::none,
                   bw::none, {}, kernel);
}

}  // namespace

void gauss_newton() {
  for_arguments([](const auto& a, const auto& kernel) { run(a, kernel); });
}
