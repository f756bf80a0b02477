// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/project.hpp>

using namespace device;

void project() {
  for_arguments([](const auto& a, const auto& kernel) {
    bw::project(a.exec, a.reference, a.poses, a.slices, {}, kernel);
    bw::project(a.exec, a.reference, bw::Poses{a.poses.rotations}, a.slices, {}, kernel);
    bw::project_jvp(a.exec, a.reference, a.reference_dot, a.poses, a.poses_dot, a.slices_dot, {}, kernel);
    bw::project_vjp(a.exec, a.reference, a.poses, a.slices_dot, a.reference_dot, a.poses_dot, {}, kernel);
  });
}
