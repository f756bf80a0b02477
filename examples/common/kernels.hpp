// SPDX-License-Identifier: MIT
// Kernels by their names on the command line.
#pragma once

#include <bracewell/kernels.hpp>
#include <bracewell/options.hpp>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace examples {

inline const std::vector<std::string> kernel_names{"linear", "cubic", "kaiser-bessel-4", "kaiser-bessel-6",
                                                   "kaiser-bessel-8"};

/// The option for one of them.
inline bracewell::Interpolation interpolation_of(const std::string& name) {
  using enum bracewell::Interpolation;
  const bracewell::Interpolation all[] = {linear, cubic, kaiser_bessel_4, kaiser_bessel_6, kaiser_bessel_8};
  return all[std::find(kernel_names.begin(), kernel_names.end(), name) - kernel_names.begin()];
}

using AnyKernel = std::variant<bracewell::Linear, bracewell::Cubic, bracewell::KaiserBessel<2>, bracewell::KaiserBessel<3>,
                               bracewell::KaiserBessel<4>>;

/// One of kernel_names, for arrays padded by a factor.
inline AnyKernel make_kernel(const std::string& name, double padding) {
  if (name == "linear") return bracewell::Linear{};
  if (name == "cubic") return bracewell::Cubic{};
  if (name == "kaiser-bessel-4") return bracewell::KaiserBessel<2>{padding};
  if (name == "kaiser-bessel-6") return bracewell::KaiserBessel<3>{padding};
  return bracewell::KaiserBessel<4>{padding};
}

}  // namespace examples
