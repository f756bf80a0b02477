// SPDX-License-Identifier: MIT
/// \file symmetry.hpp
/// Point groups of rotations, in RELION's settings:
///
/// - Cn: n-fold along z. Dn: also twofold along x.
/// - T: threefold along z, a twofold at (0, √(2/3), 1/√3) = (0, 0.8165, 0.5774).
/// - O: fourfolds along x, y, z.
/// - I1 and I2: twofolds along x, y, z. I2, which I is, has fivefolds in the xz plane, one at (0.5257, 0, 0.8507), (1, 0, φ)
///   with φ = (1 + √5)/2; I1 is I2 turned by 90° about z: fivefolds in the yz plane, at (0, 0.5257, 0.8507).
/// - I3 and I4: a fivefold along z and twofolds along y, another fivefold in the xz plane, at (−0.8944, 0, 0.4472) in I3 and at
///   (0.8944, 0, 0.4472) in I4.
///
/// ASPIRE's differ: its T has twofolds along x, y, z. An object v with one has v(g x) = v(x) for every g of it, and images at
/// R and at R g are the same.
#pragma once

#include <bracewell/so3.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <bracewell/detail/job/prologue.hpp>

namespace bracewell {

namespace detail::job {

/// The group that matrices generate, the identity first.
inline std::vector<Matrix3> generated(const std::vector<Matrix3>& generators) {
  std::vector<Matrix3> group{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}};
  for (std::size_t i = 0; i < group.size(); ++i)
    for (const Matrix3& g : generators) {
      const Matrix3 next = product(group[i], g);
      bool known = false;
      for (const Matrix3& other : group) {
        double difference = 0;
        for (std::size_t r = 0; r < 3; ++r)
          for (std::size_t c = 0; c < 3; ++c) difference = std::max(difference, std::abs(next[r][c] - other[r][c]));
        known = known || difference < 1e-6;
      }
      if (!known) group.push_back(next);
    }
  return group;
}

}  // namespace detail::job

/// The rotations of a group by its name, C1, C2 …, D2 …, T, O, I, I1 … I4, in either case; the identity first.
/// \throws std::invalid_argument for other names, and n beyond 1000.
inline std::vector<Matrix3> symmetry_group(const std::string& name) {
  const double pi = 3.14159265358979323846, golden = (1 + std::sqrt(5.0)) / 2;
  const auto refuse = [&]() {
    detail::refuse("symmetry_group", "name", name, "C1, C2 …, D1, D2 …, T, O, I, I1, I2, I3 or I4");
  };
  if (name.empty()) refuse();
  const char kind = name[0] >= 'a' ? char(name[0] - 'a' + 'A') : name[0];
  long n = 0;
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i] < '0' || name[i] > '9' || n > 1000) refuse();
    n = 10 * n + (name[i] - '0');
  }
  const bool numbered = name.size() > 1;
  const auto axis = [&](double x, double y, double z, int fold) { return rotation_about({x, y, z}, 2 * pi / fold); };
  using detail::job::generated;
  if ((kind == 'C' || kind == 'D') && numbered && n >= 1 && n <= 1000) {
    if (kind == 'C') return generated({axis(0, 0, 1, int(n))});
    return generated({axis(0, 0, 1, int(n)), axis(1, 0, 0, 2)});
  }
  if (kind == 'T' && !numbered) return generated({axis(0, 0, 1, 3), axis(0, std::sqrt(2.0), 1, 2)});
  if (kind == 'O' && !numbered) return generated({axis(0, 0, 1, 4), axis(1, 1, 1, 3)});
  if (kind == 'I' && (!numbered || (n >= 1 && n <= 4))) {
    if (n == 1) return generated({axis(0, 0, 1, 2), axis(0, 1, golden, 5)});
    if (n == 3) return generated({axis(0, 0, 1, 5), axis(-2, 0, 1, 5)});
    if (n == 4) return generated({axis(0, 0, 1, 5), axis(2, 0, 1, 5)});
    return generated({axis(0, 0, 1, 2), axis(1, 0, golden, 5)});
  }
  refuse();
  return {};
}

}  // namespace bracewell

#include <bracewell/detail/job/epilogue.hpp>
