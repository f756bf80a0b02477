// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/interpolations.hpp>
#include <bracewell/projector.hpp>
#include <bracewell/symmetry.hpp>

#ifdef KOKKOS_ENABLE_CUDA
#include <bracewell/cufft.hpp>
#endif

using namespace device;

namespace {

/// Transforms nothing: HIP's and hosts' libraries are others' to test.
struct NoFft {
  template <class Exec, class T, int Axes>
  struct Plan {
    Plan(const Exec&, const std::array<long, Axes>&, long) {}
    void forward(const Exec&, Kokkos::complex<T>*, long) const {}
    void inverse(const Exec&, Kokkos::complex<T>*, long) const {}
  };
};

struct Count {
  KOKKOS_FUNCTION void operator()(std::int64_t, const std::int64_t (&)[2], const Kokkos::Array<int, 2>&) const {}
};

template <class Fft, class Exec, class T>
void job() {
  const Exec exec;
  const Array<Exec, T, 3> map("map", 8, 8, 8), images("images", 2, 8, 8);
  const Array<Exec, T, 4> halves("halves", 2, 8, 8, 8);
  const Array<Exec, double, 3> rotations("rotations", 2, 2, 3);
  const Array<Exec, T, 2> shifts("shifts", 2, 2);
  const bw::Poses poses{rotations, shifts};
  const bw::ContrastOfImages contrast{bw::contrast_transfer(exec, std::vector<bw::Ctf>(2), 1)};
  const bw::TiltedContrastOfImages tilted{contrast.images};
  const Array<Exec, T, 3> weights("weights", 2, 8, 5);

  bw::Projector<T, Fft, bw::KaiserBessel<3>, 3, 2, Exec> projector(exec, {8, 8, 8}, {8, 8});
  projector.load(exec, map);
  projector.project(exec, poses, images, tilted);
  projector.project_jvp(exec, map, poses, poses, images, contrast);
  projector.project_vjp(exec, poses, images, map, poses, weights);

  bw::Reconstructor<T, Fft, bw::KaiserBessel<2>, 3, 2, Exec> reconstructor(
      exec, {8, 8, 8}, {8, 8}, {.halves = 2, .symmetry = bw::symmetry_group("C2")});
  reconstructor.add(exec, images, poses, tilted, weights);
  reconstructor.finish(exec, map);
  reconstructor.finish_by_halves(exec, map, halves);
  reconstructor.finish_vjp(exec, map);
  reconstructor.images_vjp(exec, poses, images, tilted, weights);
  reconstructor.density(exec, Array<Exec, T, 3>("density", 8, 8, 5));

  const Array<Exec, Kokkos::complex<T>, 3> spectrum("spectrum", 8, 8, 5);
  bw::fourier_shell_correlation(exec, spectrum, spectrum);
  bw::radial_average(exec, Array<Exec, T, 3>("density", 8, 8, 5));
  bw::for_each_sample(exec, "count", 2, std::array<long, 2>{8, 8}, 0.5, Count());
  bw::crop_or_pad<3>(exec, map, map);
  bw::take_rows(exec, rotations, Array<Exec, int, 1>("indices", 2), rotations);
}

}  // namespace

void job() {
  using Device = Kokkos::DefaultExecutionSpace;
  job<NoFft, Device, float>();
  job<NoFft, Device, double>();
  job<NoFft, Kokkos::DefaultHostExecutionSpace, float>();
#ifdef KOKKOS_ENABLE_CUDA
  job<bw::Cufft, Kokkos::Cuda, float>();
  job<bw::Cufft, Kokkos::Cuda, double>();
#endif
}
