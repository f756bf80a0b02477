// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/backproject.hpp>

using namespace device;

void backproject() {
  for_arguments([](const auto& a, const auto& kernel) {
    const bw::Poses unshifted{a.poses.rotations};
    bw::backproject(a.exec, a.slices, a.weights, a.poses, a.reference, a.density, {}, kernel);
    bw::backproject(a.exec, a.slices, bw::none, unshifted, a.reference, bw::none, {}, kernel);
    bw::backproject(a.exec, bw::none, a.weights, a.poses, bw::none, a.density, {}, kernel);
    bw::backproject_jvp(a.exec, a.slices, a.slices_dot, a.weights, a.weights_dot, a.poses, a.poses_dot, a.reference_dot,
                        a.density_dot, {}, kernel);
    bw::backproject_vjp(a.exec, a.slices, a.weights, a.poses, a.reference_dot, a.density_dot, a.slices_dot, a.weights_dot,
                        a.poses_dot, {}, kernel);
    bw::backproject_vjp(a.exec, a.slices, a.weights, a.poses, a.reference_dot, a.density_dot, a.slices_dot, a.weights_dot,
                        bw::none, {}, kernel);
  });
}
