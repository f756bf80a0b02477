// SPDX-License-Identifier: MIT
// A precision and numbers of axes as the type that a template test case is made for.
#pragma once

namespace support {

/// References or points of N axes, slices or images of M.
template <class T_, int N_, int M_>
struct Axes {
  using T = T_;
  static constexpr int N = N_, M = M_;
};

}  // namespace support
