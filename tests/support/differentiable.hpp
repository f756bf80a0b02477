// SPDX-License-Identifier: MIT
// What makes an operation a Differentiable: arrays from flat numbers and back, and calls with any subset of them.
#pragma once

#include "arrays.hpp"
#include "derivatives.hpp"

#include <bracewell/options.hpp>

#include <limits>

namespace support {

inline std::vector<double> flat(const std::vector<double>& v) { return v; }
std::vector<double> flat(const std::vector<std::complex<double>>& v);
std::vector<std::complex<double>> pairs(const std::vector<double>& v);

/// What output i of `size` numbers holds before a call.
std::vector<double> before(const Arguments* start, int i, std::size_t size);

/// The numbers of a View; none of none.
inline std::vector<double> flat_download(const bracewell::None&) { return {}; }
template <class View>
std::vector<double> flat_download(const View& view) {
  return flat(download(view));
}

/// Options for outputs that start with something.
template <class Options>
Options accumulating(Options options, const Arguments* start) {
  options.accumulate = start;
  return options;
}

/// run(X...) with each of `views` or, where its bit of the mask is not set, none.
template <bool Subsets, class Run>
void with_subset(unsigned, const Run& run) {
  run();
}
template <bool Subsets, class Run, class View, class... Views>
void with_subset(unsigned mask, const Run& run, const View& view, const Views&... views) {
  const auto choose = [&](const auto& x) {
    with_subset<Subsets>(
        mask >> 1, [&](const auto&... others) { run(x, others...); }, views...);
  };
  if constexpr (Subsets) {
    if (!(mask & 1)) return choose(bracewell::none);
  }
  choose(view);
}

/// What run(X...) writes to X, which are chosen so.
template <bool Subsets, class Run, class... Views>
Arguments written(unsigned mask, const Run& run, const Views&... views) {
  Arguments result;
  with_subset<Subsets>(
      mask,
      [&](const auto&... some) {
        run(some...);
        result = {flat_download(some)...};
      },
      views...);
  return result;
}

}  // namespace support
