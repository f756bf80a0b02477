// SPDX-License-Identifier: MIT
// Orientations and shifts of images of a known map, from poses that are off by degrees and pixels: Levenberg-Marquardt on the
// normal equations, and L-BFGS on the gradients, that gauss_newton makes of images without writing slices. Command line, the images,
// numbers and the picture are in reports/.
#include "reports/refine_poses.hpp"
#include "common/memory.hpp"
#include "common/reference.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <Eigen/Cholesky>

#include <cmath>
#include <deque>

namespace bw = bracewell;
using namespace examples;
using namespace examples::refine_poses;

namespace {

/// L = ½ Σ |c S − X|² of each image X with its CTF c against its slice S, over all frequencies up to a cutoff.
class Images {
 public:
  template <class Reference>
  Images(const Exec& exec_, const Reference& reference, const HostArray<Complex***>& spectra, const HostArray<float***>& ctf,
         const bw::SliceOptions& options)
      : exec(exec_),
        count(int(spectra.extent(0))),
        reference_(reference),
        spectra_{on_device(spectra), long(spectra.extent(1))},
        ctf_{on_device(ctf), long(spectra.extent(1))},
        losses_("losses", count),
        rotations_bar_("rotations_bar", count, 2, 3),
        shifts_bar_("shifts_bar", count, 2),
        matrices_("matrices", count, 9, 9),
        options_(options) {
    options_.workspace = &workspace_;  // calls are many, and their scratch is the same
  }

  const Exec exec;
  const int count;

  /// At a scale of 0 the images are their residuals.
  void set_cutoff(double cutoff) {
    options_.cutoff = cutoff;
    const PoseSet any{std::vector<Eigen::Matrix3d>(count, Eigen::Matrix3d::Identity()),
                      std::vector<Eigen::Vector2d>(count, Eigen::Vector2d::Zero())};
    power_ = 0;
    for (const double loss : compare(any, 0, bw::none, bw::none)) power_ += 2 * loss;
  }

  std::vector<double> losses(const PoseSet& poses) { return compare(poses, 1, bw::none, bw::none); }

  /// L with its gradient and JᵀJ in changes of the poses.
  std::vector<double> normal_equations(const PoseSet& poses, Changes& gradients, std::vector<Normal>& normals) {
    const auto losses = compare(poses, 1, bw::Poses{rotations_bar_, shifts_bar_}, matrices_);
    const auto matrices = on_host(matrices_);
    gradients = changes_of(poses);
    normals.resize(count);
    for (int p = 0; p < count; ++p) {
      const Jacobian jacobian = jacobian_of(poses, p);
      const auto matrix = bw::as_eigen(Kokkos::subview(matrices, p, Kokkos::ALL, Kokkos::ALL));
      normals[p] = jacobian.transpose() * matrix * jacobian;
    }
    return losses;
  }

  /// L with its gradient in changes of the poses.
  std::vector<double> gradients(const PoseSet& poses, Changes& gradients) {
    const auto losses = compare(poses, 1, bw::Poses{rotations_bar_, shifts_bar_}, bw::none);
    gradients = changes_of(poses);
    return losses;
  }

  /// Residuals of all images relative to them.
  double relative(const std::vector<double>& losses) const {
    double sum = 0;
    for (const double loss : losses) sum += loss;
    return std::sqrt(2 * sum / power_);
  }

 private:
  using Jacobian = Eigen::Matrix<double, 9, 5>;  // of R, t and a scale, which stays what it is, in changes

  static Jacobian jacobian_of(const PoseSet& poses, int p) {
    return bw::pose_jacobian<2>(poses.rotations[p], bw::Turn::left).leftCols<5>();
  }

  template <class PosesBar, class Matrices>
  std::vector<double> compare(const PoseSet& poses, double scale, const PosesBar& poses_bar, const Matrices& matrices) {
    bw::gauss_newton(exec, reference_, view(poses), bw::Observed{spectra_, bw::none, ctf_, scale}, losses_, poses_bar,
                     bw::none, matrices, options_);
    exec.fence();
    const auto losses = on_host(losses_);
    return {losses.data(), losses.data() + count};
  }

  Changes changes_of(const PoseSet& poses) const {
    const auto by_rotation = on_host(rotations_bar_);
    const auto by_shift = on_host(shifts_bar_);
    Changes changes(count);
    for (int p = 0; p < count; ++p) {
      Eigen::Matrix<double, 9, 1> bar;
      for (int e = 0; e < 2; ++e) {
        for (int d = 0; d < 3; ++d) bar[3 * e + d] = by_rotation(p, e, d);
        bar[6 + e] = by_shift(p, e);
      }
      bar[8] = 0;
      changes[p] = jacobian_of(poses, p).transpose() * bar;
    }
    return changes;
  }

  bw::Spectrum<Array<Complex***>> reference_, spectra_;
  bw::Spectrum<Array<float***>> ctf_;
  Array<double*> losses_;
  Array<double***> rotations_bar_;
  Array<double**> shifts_bar_;
  Array<double***> matrices_;
  bw::SliceOptions options_;
  bw::Workspace workspace_;
  double power_ = 0;
};

/// How far a change moves what is `radius` pixels from the middle.
double size(const Change& change, double radius) {
  return std::hypot(change.head<3>().norm() * radius, change.tail<2>().norm());
}

/// Relative changes of a loss, summed in single precision, that mean nothing.
constexpr double rounding = 3e-6;

/// All images at a time, each with its own damping λ of (JᵀJ + λ diag JᵀJ) change = −gradient
/// (D. W. Marquardt, J. SIAM 11, 431 (1963)).
void levenberg_marquardt(Images& images, double cutoff, double radius, double tolerance, Refined& refined) {
  images.set_cutoff(cutoff);
  std::vector<double> lambda(images.count, 1e-3);
  std::vector<bool> done(images.count, false);
  for (int iteration = 1; iteration <= 15; ++iteration) {
    Changes gradients, changes(images.count, Change::Zero());
    auto losses = images.normal_equations(refined.poses, gradients, refined.normals);
    for (int p = 0; p < images.count; ++p) {
      if (done[p]) continue;
      Normal damped = refined.normals[p];
      damped.diagonal() *= 1 + lambda[p];
      changes[p] = -damped.ldlt().solve(gradients[p]);
      done[p] = size(changes[p], radius) < tolerance || -gradients[p].dot(changes[p]) < rounding * losses[p];
    }
    const auto trial = changed(refined.poses, changes);
    const auto then = images.losses(trial);
    std::vector<double> moved;
    for (int p = 0; p < images.count; ++p) {
      if (changes[p].isZero(0)) continue;
      if (then[p] < losses[p]) {
        refined.poses.rotations[p] = trial.rotations[p];
        refined.poses.shifts[p] = trial.shifts[p];
        losses[p] = then[p];
        lambda[p] /= 10;
        moved.push_back(size(changes[p], radius));
      } else {
        lambda[p] *= 10;
        done[p] = done[p] || lambda[p] > 1e6;
      }
    }
    refined.residual = images.relative(losses);
    report("Levenberg-Marquardt", cutoff, iteration, refined.residual, moved, long(moved.size()));
    if (std::all_of(done.begin(), done.end(), [](bool d) { return d; })) break;
  }
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
  Images images(exec, bw::Spectrum{reference, padded}, problem.spectra, problem.ctf, options);
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
  const Refined marquardt = run(levenberg_marquardt), quasi_newton = run(lbfgs);
  return report(settings, problem, marquardt, quasi_newton);
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
