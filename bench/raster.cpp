// SPDX-License-Identifier: MIT
// Points onto images and gradients back, beside plain scalar loops of the same on one core.
#include "measure.hpp"

#include <bracewell/gaussian.hpp>
#include <bracewell/raster.hpp>
#include <bracewell/workspace.hpp>

#include <algorithm>
#include <cmath>

namespace bw = bracewell;
using namespace bench;

namespace {

using T = float;

/// 3-D points in the ball that fits the box, at poses uniform on SO(3), images of M axes.
template <int M>
struct Scene {
  template <class V>
  using PerImage = Kokkos::View<V, Kokkos::LayoutRight, Exec::memory_space>;

  int points_count, images_count, size;
  PerImage<T* [3]> points;
  PerImage<T*> weights, widths;  // widths: 0.2 to 0.7 voxels
  PerImage<T* [M][3]> rotations;
  PerImage<T* [M]> shifts;
  PerImage<T*> background, out_weight;
  Dense<T, M + 1> images;

  Scene(int points_, int images_, int size_)
      : points_count(points_),
        images_count(images_),
        size(size_),
        points("bench::points", points_),
        weights("bench::weights", points_),
        widths("bench::widths", points_),
        rotations("bench::rotations", images_),
        shifts("bench::shifts", images_),
        background("bench::background", images_),
        out_weight("bench::out_weight", images_) {
    Kokkos::LayoutRight layout;
    layout.dimension[0] = std::size_t(images_);
    for (int e = 1; e <= M; ++e) layout.dimension[e] = std::size_t(size_);
    images = Dense<T, M + 1>(Kokkos::view_alloc("bench::images", Kokkos::WithoutInitializing), layout);
    std::mt19937 random(20);
    std::uniform_real_distribution<T> uniform(-1, 1);
    std::normal_distribution<double> normal;
    const auto fill = [&](const auto& view, const auto& next) {
      const auto host = Kokkos::create_mirror_view(view);
      for (std::size_t i = 0; i < host.extent(0); ++i) next(host, i);
      Kokkos::deep_copy(view, host);
    };
    fill(points, [&](const auto& to, std::size_t i) {
      do
        for (int d = 0; d < 3; ++d) to(i, d) = uniform(random);
      while (to(i, 0) * to(i, 0) + to(i, 1) * to(i, 1) + to(i, 2) * to(i, 2) > 1);
    });
    fill(weights, [&](const auto& to, std::size_t i) { to(i) = uniform(random); });
    fill(rotations, [&](const auto& to, std::size_t p) {
      double q[4], norm = 0;
      for (double& x : q) norm += std::pow(x = normal(random), 2);
      for (double& x : q) x /= std::sqrt(norm);
      const auto [w, x, y, z] = q;
      const double r[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                              {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                              {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
      for (int e = 0; e < M; ++e)
        for (int d = 0; d < 3; ++d) to(p, e, d) = T(r[e][d]);
    });
    fill(shifts, [&](const auto& to, std::size_t p) {
      for (int e = 0; e < M; ++e) to(p, e) = T(0.05) * uniform(random);
    });
    fill(background, [&](const auto& to, std::size_t p) { to(p) = uniform(random); });
    fill(out_weight, [&](const auto& to, std::size_t p) { to(p) = 1 + T(0.1) * uniform(random); });
    fill(widths, [&](const auto& to, std::size_t i) { to(i) = (T(0.9) + T(0.5) * uniform(random)) / T(size_); });
    // As cotangents: every pixel differs from its neighbours.
    const auto host = Kokkos::create_mirror_view(images);
    const std::size_t pixels = host.size() / host.extent(0);
    for (std::size_t i = 0; i < host.size(); ++i) host.data()[i] = T(int(i % pixels * 40503 % 65536) - 32768) / 32768;
    Kokkos::deep_copy(images, host);
  }

  auto poses() const { return bw::Poses{rotations, shifts}; }
  std::int64_t work() const { return std::int64_t(points_count) * images_count; }
};

const Units units{"point", "images"};

/// The pose of one image, and where it has points: R q + t in the unit box.
template <int M>
struct Pose {
  T rotation[M][3], shift[M];
  int size;

  Pose(const Scene<M>& scene, int p) : size(scene.size) {
    for (int e = 0; e < M; ++e) {
      shift[e] = scene.shifts(p, e);
      for (int d = 0; d < 3; ++d) rotation[e][d] = scene.rotations(p, e, d);
    }
  }
  void place(const T* q, T (&x)[M]) const {
    for (int e = 0; e < M; ++e) {
      const T at = rotation[e][0] * q[0] + rotation[e][1] * q[1] + rotation[e][2] * q[2] + shift[e];
      x[e] = (at + 1) * T(size) / 2 - T(0.5);
    }
  }
};

/// each(tap, offset, weight) for the voxels of an image around x; bit e of a tap tells which of two it is along axis e.
template <int M, class Each>
void for_voxels(const T (&x)[M], int size, const Each& each) {
  int first[M];
  T weight[M][2];
  bool inside = true;
  for (int e = 0; e < M; ++e) {
    const T base = std::floor(x[e]);
    if (!(base >= -1 && base < T(size))) return;
    first[e] = int(base);
    weight[e][1] = x[e] - base;
    weight[e][0] = 1 - weight[e][1];
    inside = inside && first[e] >= 0 && first[e] < size - 1;
  }
  for (int tap = 0; tap < 1 << M; ++tap) {
    long offset = 0;
    T product = 1;
    bool counts = true;
    for (int e = M - 1; e >= 0; --e) {
      const int v = first[e] + (tap >> e & 1);
      counts = counts && v >= 0 && v < size;
      offset = offset * size + v;
      product *= weight[e][tap >> e & 1];
    }
    if (inside || counts) each(tap, offset, product);
  }
}

template <int M>
long voxels(int size) {
  long count = 1;
  for (int e = 0; e < M; ++e) count *= size;
  return count;
}

template <int M>
void plain_raster(const Scene<M>& scene, const Dense<T, M + 1, Kokkos::HostSpace>& images) {
  std::fill_n(images.data(), images.size(), T(0));
  for (int p = 0; p < scene.images_count; ++p) {
    T* const image = images.data() + p * voxels<M>(scene.size);
    const Pose<M> pose(scene, p);
    const T* const points = scene.points.data();
    for (int i = 0; i < scene.points_count; ++i) {
      T x[M];
      pose.place(points + 3 * i, x);
      for_voxels(x, scene.size, [&](int, long offset, T weight) { image[offset] += weight; });
    }
  }
}

/// Cotangents of points, weights, rotations, shifts, background and out_weight.
template <int M>
struct Cotangents {
  typename Scene<M>::template PerImage<T* [3]> points;
  typename Scene<M>::template PerImage<T*> weights, widths;
  typename Scene<M>::template PerImage<T* [M][3]> rotations;
  typename Scene<M>::template PerImage<T* [M]> shifts;
  typename Scene<M>::template PerImage<T*> background, out_weight;

  explicit Cotangents(const Scene<M>& scene)
      : points("bench::points_bar", scene.points_count),
        weights("bench::weights_bar", scene.points_count),
        widths("bench::widths_bar", scene.points_count),
        rotations("bench::rotations_bar", scene.images_count),
        shifts("bench::shifts_bar", scene.images_count),
        background("bench::background_bar", scene.images_count),
        out_weight("bench::out_weight_bar", scene.images_count) {}
};

template <int M>
void plain_raster_vjp(const Scene<M>& scene, const Cotangents<M>& bar) {
  std::fill_n(bar.points.data(), bar.points.size(), T(0));
  std::fill_n(bar.weights.data(), bar.weights.size(), T(0));
  for (int p = 0; p < scene.images_count; ++p) {
    const T* const image = scene.images.data() + p * voxels<M>(scene.size);
    double rotation[M][3] = {}, shift[M] = {}, out_weight = 0, background = 0;
    for (long v = 0; v < voxels<M>(scene.size); ++v) background += image[v];
    const Pose<M> pose(scene, p);
    const T gain = scene.out_weight(p);
    for (int i = 0; i < scene.points_count; ++i) {
      const T* const q = scene.points.data() + 3 * i;
      T* const q_bar = bar.points.data() + 3 * i;
      T x[M], value = 0, slope[M] = {};
      pose.place(q, x);
      for_voxels(x, scene.size, [&](int tap, long offset, T weight) {
        value += weight * image[offset];
        for (int e = 0; e < M; ++e) {
          T others = 1;
          for (int o = 0; o < M; ++o) {
            const T f = x[o] - std::floor(x[o]);
            if (o != e) others *= tap >> o & 1 ? f : 1 - f;
          }
          slope[e] += (tap >> e & 1 ? others : -others) * image[offset];
        }
      });
      const T weight = scene.weights(i);
      bar.weights(i) += gain * value;
      out_weight += weight * value;
      for (int e = 0; e < M; ++e) {
        const T p_bar = gain * weight * slope[e] * T(scene.size) / 2;
        shift[e] += p_bar;
        for (int d = 0; d < 3; ++d) {
          q_bar[d] += pose.rotation[e][d] * p_bar;
          rotation[e][d] += p_bar * q[d];
        }
      }
    }
    for (int e = 0; e < M; ++e) {
      bar.shifts(p, e) = T(shift[e]);
      for (int d = 0; d < 3; ++d) bar.rotations(p, e, d) = T(rotation[e][d]);
    }
    bar.out_weight(p) = T(out_weight);
    bar.background(p) = T(background);
  }
}

/// Adds benchmarks of the library's operations and, where plain loops can read a device's memory or there is none, of these.
template <int M>
void add_raster(const Settings& settings, int points, int images, int size, bool gradients = true) {
  const auto with_scene = [=](auto body) {
    return [=](benchmark::State& state) {
      const std::string key = "raster" + std::to_string(M) + " " + std::to_string(points) + " " + std::to_string(images) +
                              " " + std::to_string(size);
      body(state, keep_inputs<Scene<M>>(key, points, images, size));
    };
  };
  const auto name = [=](const std::string& operation) {
    return operation + "/3to" + std::to_string(M) + "/float/linear/points:" + std::to_string(points) +
           "/images:" + std::to_string(images) + "/size:" + std::to_string(size);
  };
  const auto draw = [](const Exec& exec, const Scene<M>& scene, const auto& to, bw::Workspace& workspace) {
    bw::raster(exec, bw::PointCloud{scene.points}, scene.poses(), bw::none, to, {.workspace = &workspace});
  };
  const auto pull = [](const Exec& exec, const Scene<M>& scene, const Cotangents<M>& bar, bw::Workspace& workspace) {
    bw::raster_vjp(exec, bw::PointCloud{scene.points, scene.weights}, scene.poses(),
                   bw::Exposure{scene.background, scene.out_weight}, scene.images, bw::PointCloud{bar.points, bar.weights},
                   bw::Poses{bar.rotations, bar.shifts}, bw::Exposure{bar.background, bar.out_weight},
                   {.workspace = &workspace});
  };
  for (const int threads : thread_counts(settings)) {
    add(name("raster") + "/" + execution_name(threads), with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Exec exec = make_exec(threads);
          const Dense<T, M + 1> out("bench::out", scene.images.layout());
          bw::Workspace workspace;
          measure(
              state, exec, scene.work(), images, [&] { draw(exec, scene, out, workspace); }, units);
        }));
    if (!gradients) continue;
    const bw::Gaussian<4> gaussian;
    add(name("raster_widths") + "/" + execution_name(threads),
        with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Exec exec = make_exec(threads);
          const Dense<T, M + 1> out("bench::out", scene.images.layout());
          const bw::PointCloud cloud{scene.points, scene.weights, scene.widths};
          bw::Workspace workspace;
          measure(
              state, exec, scene.work(), images,
              [&] { bw::raster(exec, cloud, scene.poses(), bw::none, out, {.workspace = &workspace}, gaussian); }, units);
        }));
    add(name("raster_widths_vjp_all") + "/" + execution_name(threads),
        with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Exec exec = make_exec(threads);
          const Cotangents<M> bar(scene);
          const bw::PointCloud cloud{scene.points, scene.weights, scene.widths};
          bw::Workspace workspace;
          measure(
              state, exec, scene.work(), images,
              [&] {
                bw::raster_vjp(exec, cloud, scene.poses(), bw::Exposure{scene.background, scene.out_weight}, scene.images,
                               bw::PointCloud{bar.points, bar.weights, bar.widths}, bw::Poses{bar.rotations, bar.shifts},
                               bw::Exposure{bar.background, bar.out_weight}, {.workspace = &workspace}, gaussian);
              },
              units);
        }));
    add(name("raster_jvp_all") + "/" + execution_name(threads),
        with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Exec exec = make_exec(threads);
          const Dense<T, M + 1> out("bench::out", scene.images.layout());
          const bw::PointCloud cloud{scene.points, scene.weights};
          const bw::Exposure exposure{scene.background, scene.out_weight};
          bw::Workspace workspace;
          measure(
              state, exec, scene.work(), images,
              [&] {
                bw::raster_jvp(exec, cloud, cloud, scene.poses(), scene.poses(), exposure, exposure, out,
                               {.workspace = &workspace});
              },
              units);
        }));
    add(name("raster_vjp_all") + "/" + execution_name(threads),
        with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Exec exec = make_exec(threads);
          const Cotangents<M> bar(scene);
          bw::Workspace workspace;
          measure(
              state, exec, scene.work(), images, [&] { pull(exec, scene, bar, workspace); }, units);
        }));
  }
  if constexpr (on_host<Exec>) {
    const Kokkos::DefaultHostExecutionSpace host;
    add(name("plain_raster"), with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Dense<T, M + 1, Kokkos::HostSpace> out("bench::out", scene.images.layout());
          measure(
              state, host, scene.work(), images, [&] { plain_raster(scene, out); }, units);
          const Dense<T, M + 1> library("bench::out", scene.images.layout());
          bw::Workspace workspace;
          draw(Exec(), scene, library, workspace);
          Kokkos::fence();
          state.counters["difference"] = difference(out, library);
        }));
    if (!gradients) return;
    add(name("plain_raster_vjp_all"), with_scene([=](benchmark::State& state, const Scene<M>& scene) {
          const Cotangents<M> bar(scene), library(scene);
          measure(
              state, host, scene.work(), images, [&] { plain_raster_vjp(scene, bar); }, units);
          bw::Workspace workspace;
          pull(Exec(), scene, library, workspace);
          Kokkos::fence();
          state.counters["difference"] =
              std::max({difference(bar.points, library.points), difference(bar.weights, library.weights),
                        difference(bar.rotations, library.rotations), difference(bar.shifts, library.shifts),
                        difference(bar.background, library.background), difference(bar.out_weight, library.out_weight)});
        }));
  }
}

/// What a volume costs that is only written, once.
void add_fill(const Settings& settings, int size) {
  for (const int threads : thread_counts(settings))
    add("fill/float/size:" + std::to_string(size) + "/" + execution_name(threads), [=](benchmark::State& state) {
      const Exec exec = make_exec(threads);
      kept = {};
      const Dense<T, 3> volume("bench::volume", size, size, size);
      measure(state, exec, std::int64_t(volume.size()), 1, [&] { Kokkos::deep_copy(exec, volume, T(0)); },
              {"voxel", "volumes"});
    });
}

}  // namespace

void bench::register_raster(const Settings& settings) {
  if (!settings.inputs.empty()) return;
  add_raster<2>(settings, 100000, 64, 128);
  add_raster<2>(settings, 100000, 64, 1024);
  add_raster<2>(settings, 1000000, 1, 128);
  add_raster<3>(settings, 100000, 1, 128);
  add_raster<3>(settings, 100000, 1, 1024);
  add_fill(settings, 1024);
}
