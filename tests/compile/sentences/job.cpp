// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include <bracewell/projector.hpp>

namespace {

struct NoFft {
  template <class, class, int>
  struct Plan {
    template <class Exec, class Extents>
    Plan(const Exec&, const Extents&, long) {}
    template <class Exec, class C>
    void forward(const Exec&, C*, long) const {}
    template <class Exec, class C>
    void inverse(const Exec&, C*, long) const {}
  };
};

using Projector = bw::Projector<float, NoFft, bw::Linear>;
using Reconstructor = bw::Reconstructor<float, NoFft>;

[[maybe_unused]] void job(Projector& projector, Reconstructor& reconstructor) {
  projector.load(exec, map);
  projector.project(exec, poses, images);
  reconstructor.add(exec, images, poses);
#ifdef JOB_FFT  // Projector: the FFT library has no plans for these axes, this precision or this execution space
  bw::Projector<float, int>(exec, {8, 8, 8}, {8, 8});
#endif
#ifdef JOB_RECONSTRUCTOR_FFT  // Reconstructor: the FFT library has no plans for these axes, this precision or this execution
  bw::Reconstructor<float, int>(exec, {8, 8, 8}, {8, 8});
#endif
#ifdef JOB_MAP  // Projector: maps must be a View
  projector.load(exec, 0);
#endif
#ifdef JOB_MAP_MEMORY  // Projector: a map is in memory that 'exec' cannot access
  projector.load(exec, Far<float***>());
#endif
#ifdef JOB_IMAGES  // bracewell: images must be a View
  projector.project(exec, poses, View<float**>());
#endif
#ifdef JOB_IMAGES_MEMORY  // bracewell: images are in memory that 'exec' cannot access
  projector.project(exec, poses, Far<float***>());
#endif
#ifdef JOB_VJP  // project_vjp: one of 'map_bar' and 'poses_bar' must be given
  projector.project_vjp(exec, poses, images, bw::none, bw::none);
#endif
#ifdef JOB_ADD  // Reconstructor: images must be a View
  reconstructor.add(exec, View<float****>(), poses);
#endif
}

}  // namespace
