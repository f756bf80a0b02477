// SPDX-License-Identifier: MIT
// A point cloud is fitted to images of one object that was turned and moved between them: points, their weights, and every
// image's rotation and shift descend along the gradients of raster_vjp.
#include "common/file.hpp"
#include "common/gaussian.hpp"
#include "common/memory.hpp"
#include "common/picture.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::vector<std::string> targets{std::string(BRACEWELL_EXAMPLE_DATA) + "/F_ring_128.png"};
  std::string output = "fit_points";
  int views = 6, points = 4000, steps = 400;
  double turn = 25, shift = 0.1;
  unsigned seed = 1;
};

/// A square grey image in a PNG file, 0 to 1, y down.
HostArray<float**> read_picture(const std::string& path) {
  const auto fail = [&](const std::string& what) { throw std::runtime_error(path + ": " + what); };
  if (!std::filesystem::is_regular_file(path)) fail("is not a file");
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
      cairo_image_surface_create_from_png(path.c_str()), cairo_surface_destroy);
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) fail("is no PNG that can be read");
  const int width = cairo_image_surface_get_width(surface.get()), height = cairo_image_surface_get_height(surface.get());
  if (width != height || width < 8) fail("is not a square of 8 pixels or more");
  // Onto black, in a format that is known.
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> flat(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height), cairo_surface_destroy);
  const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo(cairo_create(flat.get()), cairo_destroy);
  cairo_set_source_surface(cairo.get(), surface.get(), 0, 0);
  cairo_paint(cairo.get());
  cairo_surface_flush(flat.get());
  const unsigned char* data = cairo_image_surface_get_data(flat.get());
  const int stride = cairo_image_surface_get_stride(flat.get());
  HostArray<float**> picture("picture", height, width);
  float most = 0;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const unsigned char* pixel = data + y * stride + 4 * x;
      picture(y, x) = float(pixel[0] + pixel[1] + pixel[2]) / 765;
      most = std::max(most, picture(y, x));
    }
  if (most == 0) fail("is all black");
  return picture;
}

/// p = R(angle) q + shift.
struct Pose {
  double angle, shift[2];
};

using Rotations = Array<double* [2][2]>;
using Shifts = Array<double* [2]>;

void set_poses(const std::vector<Pose>& poses, const Rotations& to_rotations, const Shifts& to_shifts) {
  const auto rotations = Kokkos::create_mirror_view(to_rotations);
  const auto shifts = Kokkos::create_mirror_view(to_shifts);
  for (std::size_t p = 0; p < poses.size(); ++p) {
    const double c = std::cos(poses[p].angle), s = std::sin(poses[p].angle);
    const double r[2][2] = {{c, -s}, {s, c}};
    for (int e = 0; e < 2; ++e) {
      for (int d = 0; d < 2; ++d) rotations(p, e, d) = r[e][d];
      shifts(p, e) = poses[p].shift[e];
    }
  }
  Kokkos::deep_copy(to_rotations, rotations);
  Kokkos::deep_copy(to_shifts, shifts);
}

/// Views of a picture as the rasterizer would make them of its pixels, each a point with its grey value for a weight.
HostArray<float***> draw_views(const Exec& exec, const HostArray<float**>& picture, const std::vector<Pose>& poses) {
  const int n = int(picture.extent(0)), fine = 3;  // points a pixel and axis
  const HostArray<double* [2]> points("points", n * n * fine * fine);
  const HostArray<double*> weights("weights", points.extent(0));
  for (int i = 0; i < n * fine; ++i)
    for (int j = 0; j < n * fine; ++j) {
      const int k = i * n * fine + j;
      points(k, 0) = (2 * j + 1.0) / (n * fine) - 1;
      points(k, 1) = (2 * i + 1.0) / (n * fine) - 1;
      weights(k) = picture(i / fine, j / fine) / (fine * fine);
    }
  const Rotations rotations("rotations", poses.size());
  const Shifts shifts("shifts", poses.size());
  set_poses(poses, rotations, shifts);
  const Array<float***> views("views", poses.size(), n, n);
  bw::raster(exec, bw::PointCloud{on_device(points), on_device(weights)}, bw::Poses{rotations, shifts}, bw::none, views, {},
             Gaussian<4>{0.8});
  exec.fence();
  return on_host(views);
}

/// Gradient descent with each number's own step (D. P. Kingma, J. Ba, arXiv:1412.6980).
class Adam {
 public:
  explicit Adam(std::size_t count) : mean_(count, 0.0), square_(count, 0.0) {}

  void step(std::size_t i, int time, double gradient, double rate, double& value) {
    mean_[i] = 0.9 * mean_[i] + 0.1 * gradient;
    square_[i] = 0.99 * square_[i] + 0.01 * gradient * gradient;
    value -= rate * mean_[i] / (1 - std::pow(0.9, time)) / (std::sqrt(square_[i] / (1 - std::pow(0.99, time))) + 1e-12);
  }

 private:
  std::vector<double> mean_, square_;
};

GreyImage grey(const HostArray<float***>& images, int p) {
  const int n = int(images.extent(1));
  return {n, n, std::vector<float>(&images(p, 0, 0), &images(p, 0, 0) + std::size_t(n) * n), 0, 1};
}

int fit(const Settings& settings) {
  const Exec exec;
  std::mt19937 generator(settings.seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(-1, 1);

  // Targets: the pictures given or, of a single one, views at poses that the fit is to find. The first pose is the origin.
  HostArray<float***> targets;
  std::vector<Pose> truth;
  if (settings.targets.size() == 1) {
    truth.push_back({0, {0, 0}});
    while (int(truth.size()) < settings.views)
      truth.push_back({settings.turn * M_PI / 180 * uniform(generator),
                       {settings.shift * uniform(generator), settings.shift * uniform(generator)}});
    targets = draw_views(exec, read_picture(settings.targets[0]), truth);
  } else {
    for (std::size_t p = 0; p < settings.targets.size(); ++p) {
      const auto picture = read_picture(settings.targets[p]);
      if (p == 0) targets = HostArray<float***>("targets", settings.targets.size(), picture.extent(0), picture.extent(1));
      if (picture.extent(0) != targets.extent(1))
        throw std::runtime_error(settings.targets[p] + ": is not of the size of " + settings.targets[0]);
      Kokkos::deep_copy(Kokkos::subview(targets, p, Kokkos::ALL, Kokkos::ALL), picture);
    }
  }
  const int views = int(targets.extent(0)), n = int(targets.extent(1)), count = settings.points;
  if (computes_on_host)  // a point's place, weight, gradients and their means, and scratch; images and their gradients
    require_memory(120.0 * count + 8.0 * views * n * n + 1e8, "--points " + std::to_string(count));
  double mass = 0;
  for (int i = 0; i < n * n; ++i) mass += targets.data()[i];

  // The start: points anywhere, of one weight, and every pose at the origin.
  std::vector<double> place(2 * count), weight(count, mass / count);
  for (double& x : place) x = 0.8 * uniform(generator);
  std::vector<Pose> poses(views, Pose{0, {0, 0}});

  const Array<float*[2]> points("points", count), points_bar("points_bar", count);
  const Array<float*> weights("weights", count), weights_bar("weights_bar", count);
  const Rotations rotations("rotations", views), rotations_bar("rotations_bar", views);
  const Shifts shifts("shifts", views), shifts_bar("shifts_bar", views);
  const Array<float***> images("images", views, n, n), images_bar("images_bar", views, n, n);
  // As the host sees them.
  const auto host_points = Kokkos::create_mirror_view(points);
  const auto host_weights = Kokkos::create_mirror_view(weights);
  const auto host_images = Kokkos::create_mirror_view(images), host_images_bar = Kokkos::create_mirror_view(images_bar);
  const bw::PointCloud cloud{points, weights};
  const bw::Poses views_of{rotations, shifts};
  bw::Workspace workspace;
  const bw::RasterOptions options{.workspace = &workspace};

  /// Σ (target − image)², with blobs of a width in pixels.
  const auto loss_at = [&](const auto& kernel) {
    for (int i = 0; i < count; ++i) {
      host_weights(i) = float(weight[i]);
      for (int d = 0; d < 2; ++d) host_points(i, d) = float(place[2 * i + d]);
    }
    Kokkos::deep_copy(weights, host_weights);
    Kokkos::deep_copy(points, host_points);
    set_poses(poses, rotations, shifts);
    bw::raster(exec, cloud, views_of, bw::none, images, options, kernel);
    exec.fence();
    Kokkos::deep_copy(host_images, images);
    double loss = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const float d = host_images.data()[i] - targets.data()[i];
      host_images_bar.data()[i] = 2 * d;
      loss += double(d) * d;
    }
    Kokkos::deep_copy(images_bar, host_images_bar);
    return loss;
  };

  make_folder(settings.output);
  std::vector<GreyImage> stages;
  std::vector<std::string> captions;
  const int shown = std::min(views, 6);
  const auto show = [&](const HostArray<float***>& what, const std::string& name) {
    for (int p = 0; p < shown; ++p) {
      stages.push_back(grey(what, p));
      captions.push_back(p == 0 ? name : "");
    }
  };

  Adam adam_points(2 * count), adam_weights(count), adam_poses(3 * views);
  Curve curve{"loss", {}, {}, blue};
  Progress progress("fit", settings.steps);
  Stopwatch watch;
  double start = 0, loss = 0;
  const int last = settings.steps;
  const std::vector<int> moments{0, last / 40, last / 8, last / 3, last};
  for (int step = 0; step <= last; ++step) {
    watch.start();
    const Gaussian<4> kernel{0.8};
    loss = loss_at(kernel);
    if (step == 0) start = loss;
    curve.x.push_back(step);
    curve.y.push_back(loss / start);
    if (std::find(moments.begin(), moments.end(), step) != moments.end()) show(host_images, "step " + std::to_string(step));
    if (step == last) break;

    bw::raster_vjp(exec, cloud, views_of, bw::none, images_bar, bw::PointCloud{points_bar, weights_bar},
                   bw::Poses{rotations_bar, shifts_bar}, bw::none, options, kernel);
    exec.fence();
    const auto by_points = on_host(points_bar);
    const auto by_weights = on_host(weights_bar);
    const auto by_rotations = on_host(rotations_bar);
    const auto by_shifts = on_host(shifts_bar);
    const double fade = 0.5 * (1 + std::cos(M_PI * step / last)) + 0.01;
    for (int i = 0; i < count; ++i) {
      for (int d = 0; d < 2; ++d) adam_points.step(2 * i + d, step + 1, by_points(i, d), 0.02 * fade, place[2 * i + d]);
      adam_weights.step(i, step + 1, by_weights(i), 0.05 * fade * mass / count, weight[i]);
      weight[i] = std::max(weight[i], 0.0);
    }
    for (int p = 1; p < views; ++p) {  // the first view holds the object in its place
      const double c = std::cos(poses[p].angle), s = std::sin(poses[p].angle);
      const double turn[2][2] = {{-s, -c}, {c, -s}};  // dR / d angle
      double angle_bar = 0;
      for (int e = 0; e < 2; ++e)
        for (int d = 0; d < 2; ++d) angle_bar += turn[e][d] * by_rotations(p, e, d);
      adam_poses.step(3 * p, step + 1, angle_bar, 0.02 * fade, poses[p].angle);
      for (int e = 0; e < 2; ++e) adam_poses.step(3 * p + 1 + e, step + 1, by_shifts(p, e), 0.01 * fade, poses[p].shift[e]);
    }
    watch.stop();
    progress.show(step + 1);
  }
  show(targets, "target");

  double angle_error = 0, shift_error = 0;
  for (int p = 0; p < int(truth.size()); ++p) {
    angle_error = std::max(angle_error, std::abs(poses[p].angle - truth[p].angle) * 180 / M_PI);
    for (int e = 0; e < 2; ++e) shift_error = std::max(shift_error, std::abs(poses[p].shift[e] - truth[p].shift[e]) * n / 2);
  }
  float brightest = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) brightest = std::max(brightest, targets.data()[i]);
  for (auto& stage : stages) stage.high = brightest;
  save_sheet(settings.output + "/steps.png", stages, captions, shown, 128, "Points, rotations and shifts fitted to images");
  save_plot(settings.output + "/loss.png", "Loss of the fit", {curve},
            {"step",
             0,
             double(std::max(last, 1)),
             {{0, "0"}, {last / 2.0, std::to_string(last / 2)}, {double(last), std::to_string(last)}}},
            {"loss, relative to the start",
             1e-4,
             2,
             {{1e-4, "0.0001"}, {1e-3, "0.001"}, {1e-2, "0.01"}, {1e-1, "0.1"}, {1, "1"}},
             true},
            {{0.01, "1/100"}});

  std::printf("fitted         %d points and %d poses to images of %d², %d steps in %.2f s on %d threads\n", count, views, n,
              last, watch.seconds, exec.concurrency());
  std::printf("loss           %.4g, at the start %.4g: %.0f times less\n", loss, start, start / loss);
  if (!truth.empty()) std::printf("poses          within %.3f° and %.3f pixels of the truth\n", angle_error, shift_error);
  std::printf("written        steps.png and loss.png in\n               %s\n",
              std::filesystem::absolute(settings.output).lexically_normal().c_str());
  if (truth.empty() || settings.points < 3000 || last < 100 || settings.turn > 30 || settings.shift > 0.15) return 0;
  const bool good = loss * 100 <= start;
  std::printf("check          %s: the loss should fall by a factor of 100\n", good ? "passed" : "FAILED");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Fits a point cloud, and every image's rotation and shift, to images by gradient descent.", "fit_points"};
  app.add_option("--targets", settings.targets, "square PNGs; of a single one, turned and moved views are made")
      ->capture_default_str();
  app.add_option("--views", settings.views, "number of views of a single target")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--turn", settings.turn, "their rotations, ± degrees")
      ->check(CLI::Range(0.0, 180.0))
      ->capture_default_str();
  app.add_option("--shift", settings.shift, "their shifts, ± half widths of the image")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--points", settings.points, "number of points")->check(CLI::Range(1, 10000000))->capture_default_str();
  app.add_option("--steps", settings.steps, "of the descent")->check(CLI::Range(1, 1000000))->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return run_program(app, argc, argv, [&] { return fit(settings); });
}
