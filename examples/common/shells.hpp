// SPDX-License-Identifier: MIT
// The resolution that a Fourier shell correlation tells; the curve itself is of bracewell/shells.hpp.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace examples {

/// Where a curve first falls below a level. Shell 0, the mean, tells of no detail and is left out.
struct Crossing {
  enum { at_once, within, never } where;  // at_once: shell 1 is below already
  double shell = 0;                       // between integers; of `within` alone
};

inline Crossing crossing(const std::vector<double>& fsc, double level) {
  for (std::size_t s = 1; s < fsc.size(); ++s)
    if (!(fsc[s] >= level)) {
      if (s == 1) return {Crossing::at_once};
      return {Crossing::within, double(s - 1) + (fsc[s - 1] - level) / (fsc[s - 1] - fsc[s])};
    }
  return {Crossing::never};
}

/// The shell where a curve first falls below a level: the last one where it never does, 1 where it is below it at once.
inline double reached_shell(const std::vector<double>& fsc, double level) {
  const Crossing c = crossing(fsc, level);
  return c.where == Crossing::within ? c.shell : c.where == Crossing::never ? double(fsc.size() - 1) : 1;
}

/// The resolution at a level in words, for a box of an extent in Å: nothing is told of what lies outside the curve.
inline std::string resolution(const std::vector<double>& fsc, double level, double box) {
  const Crossing c = crossing(fsc, level);
  char text[128];
  if (c.where == Crossing::within) {
    std::snprintf(text, sizeof text, "%.2f Å", box / c.shell);
  } else if (c.where == Crossing::at_once) {
    std::snprintf(text, sizeof text, "none: the curve begins below it, %.3f at %.2f Å", fsc.size() > 1 ? fsc[1] : 0, box);
  } else {
    std::snprintf(text, sizeof text, "not reached: above it up to the last shell, %.2f Å", box / double(fsc.size() - 1));
  }
  return text;
}

}  // namespace examples
