// SPDX-License-Identifier: MIT
// Right arguments for wrong programs, which are the cases of the files beside this one: each is compiled by itself, with its
// name defined, and must be refused in the words that stand after the name.
#pragma once

#include <bracewell/bracewell.hpp>

namespace bw = bracewell;

using Exec = Kokkos::DefaultHostExecutionSpace;
using Complex = Kokkos::complex<float>;
using Layout = Kokkos::LayoutRight;

/// A memory space that no execution space can access.
struct Elsewhere {
  using memory_space = Elsewhere;
  using execution_space = Exec;
  using device_type = Kokkos::Device<Exec, Elsewhere>;
  using size_type = std::size_t;
  static constexpr const char* name() { return "Elsewhere"; }
};
template <class Data>
using Far = Kokkos::View<Data, Layout, Elsewhere, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
template <class Data>
using View = Kokkos::View<Data, Layout, Kokkos::HostSpace>;

inline const Exec exec;
inline const View<Complex***> reference, slices;
inline const View<float***> weights, density, map;
inline const View<float* [2][3]> rotations;
inline const View<float* [2]> shifts;
inline const bw::Poses poses{rotations, shifts};

inline const bw::PointCloud cloud{View<float* [3]>(), View<float*>()};
inline const bw::PointCloud wide_cloud{View<float* [3]>(), View<float*>(), View<float*>()};
inline const bw::Gaussian<2> gaussian;
inline const bw::Exposure exposure{View<float*>(), View<float*>()};
inline const View<float***> images;

struct NoValue {
  static constexpr int reach = 1;
};
