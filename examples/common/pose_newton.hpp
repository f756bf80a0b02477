// SPDX-License-Identifier: MIT
// Poses of images against a reference by Levenberg-Marquardt on the normal equations that gauss_newton makes of images without writing
// slices.
#pragma once

#include "poses.hpp"
#include "space.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <vector>

namespace examples {

/// A change of a pose: a rotation vector about the image's axes, then a shift in pixels.
using Change = Eigen::Matrix<double, 5, 1>;
using Normal = Eigen::Matrix<double, 5, 5>;
using Changes = std::vector<Change>;

inline PoseSet changed(PoseSet poses, const Changes& changes) {
  for (std::size_t p = 0; p < changes.size(); ++p) {
    poses.rotations[p] = bracewell::turned(poses.rotations[p], changes[p].head<3>(), bracewell::Turn::left);
    poses.shifts[p] += changes[p].tail<2>();
  }
  return poses;
}

/// L = ½ Σ w |c s S − X|² of each image X with its weights w and CTF c against its slice S times a scale s, over all frequencies up to a
/// cutoff. Images are half spectra, [P][h][w/2 + 1].
template <class Space, class Reference, class Spectra, class Weights, class Ctf, class Kernel = bracewell::None>
class PoseImages {
 public:
  PoseImages(const Space& exec_, const Reference& reference, const Spectra& spectra, const Weights& weights, const Ctf& ctf,
             double scale, const bracewell::SliceOptions& options, const Kernel& kernel = {})
      : exec(exec_),
        count(int(spectra.view.extent(0))),
        reference_(reference),
        spectra_(spectra),
        weights_(weights),
        ctf_(ctf),
        scale_(scale),
        kernel_(kernel),
        losses_("losses", count),
        rotations_bar_("rotations_bar", count, 2, 3),
        shifts_bar_("shifts_bar", count, 2),
        matrices_("matrices", count, 9, 9),
        options_(options) {
    options_.workspace = &workspace_;  // calls are many, and their scratch is the same
  }

  const Space exec;
  const int count;

  /// At a scale of 0 the images are their residuals.
  void set_cutoff(double cutoff) {
    options_.cutoff = cutoff;
    const PoseSet any{std::vector<Eigen::Matrix3d>(count, Eigen::Matrix3d::Identity()),
                      std::vector<Eigen::Vector2d>(count, Eigen::Vector2d::Zero())};
    power_ = 0;
    for (const double loss : compare(any, 0, bracewell::none, bracewell::none)) power_ += 2 * loss;
  }

  std::vector<double> losses(const PoseSet& poses) { return compare(poses, scale_, bracewell::none, bracewell::none); }

  /// L with its gradient and JᵀJ in changes of the poses.
  std::vector<double> normal_equations(const PoseSet& poses, Changes& gradients, std::vector<Normal>& normals) {
    const auto losses = compare(poses, scale_, bracewell::Poses{rotations_bar_, shifts_bar_}, matrices_);
    const auto matrices = on_host(matrices_);
    gradients = changes_of(poses);
    normals.resize(count);
    for (int p = 0; p < count; ++p) {
      const Jacobian jacobian = jacobian_of(poses, p);
      const auto matrix = bracewell::as_eigen(Kokkos::subview(matrices, p, Kokkos::ALL, Kokkos::ALL));
      normals[p] = jacobian.transpose() * matrix * jacobian;
    }
    return losses;
  }

  /// L with its gradient in changes of the poses.
  std::vector<double> gradients(const PoseSet& poses, Changes& gradients) {
    const auto losses = compare(poses, scale_, bracewell::Poses{rotations_bar_, shifts_bar_}, bracewell::none);
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
  template <class Data>
  using Of = Kokkos::View<Data, Kokkos::LayoutRight, typename Space::memory_space>;
  using Jacobian = Eigen::Matrix<double, 9, 5>;  // of R, t and a scale, which stays what it is, in changes

  static Jacobian jacobian_of(const PoseSet& poses, int p) {
    return bracewell::pose_jacobian<2>(poses.rotations[p], bracewell::Turn::left).leftCols<5>();
  }

  static auto views(const PoseSet& poses) {
    if constexpr (Kokkos::SpaceAccessibility<Space, Kokkos::HostSpace>::accessible) {
      return bracewell::Poses{bracewell::rotation_view<2>(poses.rotations), bracewell::vector_view(poses.shifts)};
    } else {
      return view(poses);
    }
  }

  template <class PosesBar, class Matrices>
  std::vector<double> compare(const PoseSet& poses, double scale, const PosesBar& poses_bar, const Matrices& matrices) {
    bracewell::gauss_newton(exec, reference_, views(poses), bracewell::Observed{spectra_, weights_, ctf_, scale}, losses_,
                            poses_bar, bracewell::none, matrices, options_, kernel_);
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

  Reference reference_;
  Spectra spectra_;
  Weights weights_;
  Ctf ctf_;
  double scale_;
  Kernel kernel_;
  Of<double*> losses_;
  Of<double***> rotations_bar_;
  Of<double**> shifts_bar_;
  Of<double***> matrices_;
  bracewell::SliceOptions options_;
  bracewell::Workspace workspace_;
  double power_ = 0;
};

/// How far a change moves what is `radius` pixels from the middle.
inline double size(const Change& change, double radius) {
  return std::hypot(change.head<3>().norm() * radius, change.tail<2>().norm());
}

/// Relative changes of a loss, summed in single precision, that mean nothing.
inline constexpr double rounding = 3e-6;

/// All images at a time, each with its own damping λ of (JᵀJ + λ diag JᵀJ) change = −gradient
/// (D. W. Marquardt, J. SIAM 11, 431 (1963)), until steps are below `tolerance` pixels. after(iteration, losses, moved) is called with the
/// sizes of the steps that were taken.
template <class Images, class After>
void levenberg_marquardt(Images& images, double radius, double tolerance, PoseSet& poses, std::vector<Normal>& normals,
                         const After& after) {
  std::vector<double> lambda(images.count, 1e-3);
  std::vector<bool> done(images.count, false);
  for (int iteration = 1; iteration <= 15; ++iteration) {
    Changes gradients, changes(images.count, Change::Zero());
    auto losses = images.normal_equations(poses, gradients, normals);
    for (int p = 0; p < images.count; ++p) {
      if (done[p]) continue;
      Normal damped = normals[p];
      damped.diagonal() *= 1 + lambda[p];
      changes[p] = -damped.ldlt().solve(gradients[p]);
      done[p] = size(changes[p], radius) < tolerance || -gradients[p].dot(changes[p]) < rounding * losses[p];
    }
    const auto trial = changed(poses, changes);
    const auto then = images.losses(trial);
    std::vector<double> moved;
    for (int p = 0; p < images.count; ++p) {
      if (changes[p].isZero(0)) continue;
      if (then[p] < losses[p]) {
        poses.rotations[p] = trial.rotations[p];
        poses.shifts[p] = trial.shifts[p];
        losses[p] = then[p];
        lambda[p] /= 10;
        moved.push_back(size(changes[p], radius));
      } else {
        lambda[p] *= 10;
        done[p] = done[p] || lambda[p] > 1e6;
      }
    }
    after(iteration, losses, moved);
    if (std::all_of(done.begin(), done.end(), [](bool d) { return d; })) break;
  }
}

}  // namespace examples
