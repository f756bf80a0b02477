// SPDX-License-Identifier: MIT
/// \file raster.hpp
/// Images of points.
#pragma once

#include <bracewell/detail/raster_arguments.hpp>
#include <bracewell/detail/scatter.hpp>

#include <Kokkos_Profiling_ScopedRegion.hpp>

namespace bracewell {

template <class Exec, class Cloud, class PosesType, class ExposureType, class ImageArray, class Kernel = Linear>
void raster(const Exec& exec, const Cloud& cloud, const PosesType& poses, const ExposureType& exposure,
            const ImageArray& images, const RasterOptions& options = {}, const Kernel& kernel = {}) {
  static_assert(detail::RealArray<ImageArray> && detail::Writable<ImageArray>,
                "raster: 'images' must be a writable View of float or double, contiguous along x (LayoutRight)");
  detail::check_raster_types<Exec, Cloud, PosesType, ExposureType, ImageArray, Kernel>();
  detail::check_raster_reach<Exec, Cloud, PosesType, ExposureType>();
  static_assert(detail::Reaches<Exec, ImageArray>, "raster: 'images' are in memory that 'exec' cannot access");

  using Types = detail::RasterTypes<Cloud, PosesType, ImageArray>;
  using T = detail::Precision<ImageArray>;
  constexpr const char* name = "raster";
  const auto shapes = detail::raster_shapes(cloud, poses, exposure);
  const auto images_shape = detail::shape("images", images);
  const auto counts =
      detail::check_raster(name, Types::N, Types::M, Types::batch, Types::K, shapes, images_shape, options);

  const Kokkos::Profiling::ScopedRegion region("bracewell::raster");
  const auto scene = detail::make_scene<T, Types>(counts, cloud, poses, none, exposure,
                                                  detail::make_frame<Types::M>(images_shape, options), kernel);
  using Op = detail::Scatter<std::remove_const_t<decltype(scene)>, false, None, None>;
  const Op op{scene, detail::make_images<Types::M, Types::batch == 1, Types::channels, T>(images),
              detail::make_level(detail::background_of(exposure), 0), detail::make_level(none, 0), {}, {},
              options.accumulate};
  detail::scatter(exec, "bracewell::raster", op, options.workspace);
}

}  // namespace bracewell
