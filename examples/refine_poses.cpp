// SPDX-License-Identifier: MIT
// Orientations and shifts of images of a known map, from poses that are off by degrees and pixels: Levenberg-Marquardt on the
// normal equations, and L-BFGS on the gradients, that gauss_newton makes of images without writing slices. Command line, the images,
// numbers and the picture are in reports/.
#include "reports/refine_poses.hpp"
#include "common/memory.hpp"
#include "common/pose_newton.hpp"
#include "common/reference.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <cmath>
#include <deque>

namespace bw = bracewell;
using namespace examples;
using namespace examples::refine_poses;

namespace {

using Images = PoseImages<Exec, bw::Spectrum<Array<Complex***>>, bw::Spectrum<Array<Complex***>>, bw::None,
                          bw::Spectrum<Array<float***>>>;

void marquardt(Images& images, double cutoff, double radius, double tolerance, Refined& refined) {
  images.set_cutoff(cutoff);
  levenberg_marquardt(images, radius, tolerance, refined.poses, refined.normals,
                      [&](int iteration, const std::vector<double>& losses, const std::vector<double>& moved) {
                        refined.residual = images.relative(losses);
                        report("Levenberg-Marquardt", cutoff, iteration, refined.residual, moved, long(moved.size()));
                      });
}

/// One image's L-BFGS (J. Nocedal, Math. Comput. 35, 773 (1980)) in five numbers of the size of pixels.
struct Lbfgs {
  Change x = Change::Zero(), gradient = Change::Zero(), direction = Change::Zero();
  double loss = 0, step = 0;
  std::deque<std::pair<Change, Change>> history;  // of x and gradient
  bool done = false;

  Change trial() const { return x + (done ? 0 : step) * direction; }

  void choose_direction(double first_length) {
    direction = -gradient;
    std::vector<double> along;
    for (auto pair = history.rbegin(); pair != history.rend(); ++pair) {
      along.push_back(pair->first.dot(direction) / pair->first.dot(pair->second));
      direction -= along.back() * pair->second;
    }
    if (history.empty()) {
      direction *= first_length / gradient.norm();
    } else {
      direction *= history.back().first.dot(history.back().second) / history.back().second.squaredNorm();
    }
    for (const auto& [s, y] : history) {
      direction += (along.back() - y.dot(direction) / s.dot(y)) * s;
      along.pop_back();
    }
    step = 1;
  }

  /// Takes the trial or shortens the step.
  bool judge(double trial_loss, const Change& trial_gradient, double tolerance) {
    const double slope = gradient.dot(direction);
    if (!(trial_loss <= loss + 1e-4 * step * slope)) {
      const double curvature = trial_loss - loss - step * slope;
      step *= std::clamp(-step * slope / (2 * curvature), 0.1, 0.5);
      done = step * direction.norm() < tolerance || -step * slope < rounding * loss;
      return false;
    }
    const Change s = step * direction, y = trial_gradient - gradient;
    done = s.norm() < tolerance || -step * slope < rounding * loss;
    x += s;
    loss = trial_loss;
    gradient = trial_gradient;
    if (s.dot(y) > 1e-10 * s.norm() * y.norm()) history.emplace_back(s, y);
    if (history.size() > 8) history.pop_front();
    choose_direction(25 * tolerance);
    return true;
  }
};

/// All images at a time. Poses are exp([ω]×) R₀ with R₀ of the beginning, for which gradients need the Jacobian of exp.
void lbfgs(Images& images, double cutoff, double radius, double tolerance, Refined& refined) {
  images.set_cutoff(cutoff);
  const PoseSet start = refined.poses;
  std::vector<Lbfgs> minima(images.count);
  const auto change = [&](Change x) {
    x.head<3>() /= radius;
    return x;
  };
  for (int iteration = 0; iteration <= 60; ++iteration) {
    Changes trials, gradients;
    for (const auto& m : minima) trials.push_back(change(m.trial()));
    const PoseSet poses = changed(start, trials);
    const auto losses = images.gradients(poses, gradients);
    std::vector<double> moved, now;
    for (int p = 0; p < images.count; ++p) {
      Lbfgs& m = minima[p];
      const Eigen::Vector3d by_vector =
          bw::rotation_jacobian(trials[p].head<3>()).transpose() * gradients[p].head<3>() / radius;
      Change gradient;
      gradient << by_vector, gradients[p].tail<2>();
      if (iteration == 0) {
        m.loss = losses[p];
        m.gradient = gradient;
        m.choose_direction(25 * tolerance);
      } else if (!m.done) {
        const double length = m.step * m.direction.norm();
        if (m.judge(losses[p], gradient, tolerance)) moved.push_back(length);
      }
      now.push_back(m.loss);
    }
    refined.residual = images.relative(now);
    if (iteration > 0) report("L-BFGS", cutoff, iteration, refined.residual, moved, long(moved.size()));
    if (std::all_of(minima.begin(), minima.end(), [](const Lbfgs& m) { return m.done; })) break;
  }
  Changes changes;
  for (const auto& m : minima) changes.push_back(change(m.x));
  refined.poses = changed(start, changes);
}

int refine(const Settings& settings) {
  const Exec exec;
  const Map map = padded_to_cube(read_map(settings.map, settings.voxel));
  const int n = int(map.density.extent(0)), padded = int(std::lround(n * settings.padding));
  if (computes_on_host)  // the padded map, its spectrum, copies of both for the FFT; voxels; images, CTFs and noise
    require_memory(24 * std::pow(padded, 3) + 40 * std::pow(n, 3) + 4 * 8 * double(settings.images) * n * (n / 2 + 1) + 1e8,
                   settings.map, "less with a smaller --padding or fewer --images");
  make_folder(settings.output);
  const Problem problem = make_problem(settings, map);
  std::printf("slices    %s, padded to %d; %d threads\n", settings.kernel.c_str(), padded, exec.concurrency());

  // A step of a slice is padded / n steps of the padded reference's lattice, and the kernel is designed for that padding.
  const bw::SliceOptions options{.interpolation = interpolation_of(settings.kernel), .oversampling = double(padded) / n};
  const Array<Complex***> reference = reference_of(exec, map.density, padded, options);

  // From coarse to fine. An image's middle half lies within a quarter of its width.
  const double radius = n / 4.0;
  Images images(exec, bw::Spectrum{reference, padded}, bw::Spectrum{on_device(problem.spectra), n}, bw::none,
                bw::Spectrum{on_device(problem.ctf), n}, 1, options);
  const auto run = [&](const auto& method) {
    Refined refined{problem.start};
    Stopwatch watch;
    watch.start();
    for (const auto& [part, tolerance] : {std::pair(0.2, 0.02), {0.45, 0.005}, {1.0, 1e-4}})  // of the cutoff; in pixels
      method(images, part * settings.cutoff, radius, tolerance, refined);
    watch.stop();
    refined.seconds = watch.seconds;
    return refined;
  };
  const Refined by_marquardt = run(marquardt), quasi_newton = run(lbfgs);
  return report(settings, problem, by_marquardt, quasi_newton);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Refines orientations and shifts of images of a known map.", "refine_poses"};
  const auto complete = add_options(app, settings);
  return run_program(app, argc, argv, [&] {
    complete();
    return refine(settings);
  });
}
