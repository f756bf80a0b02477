// SPDX-License-Identifier: MIT
// The pose of one noisy image of a known map with contrast transfer, from degrees and pixels off: Levenberg-Marquardt, with the
// derivatives of images in real space by Projector::project_jvp.
#include "reports/refine_one.hpp"
#include "common/fft_library.hpp"
#include "common/map.hpp"
#include "common/poses.hpp"

#include <bracewell/ctf.hpp>
#include <bracewell/projector.hpp>

#include <Eigen/Cholesky>

#include <random>

namespace bw = bracewell;
using namespace examples;
using namespace examples::refine_one;

namespace {

using Vector5 = Eigen::Matrix<double, 5, 1>;
using Matrix5 = Eigen::Matrix<double, 5, 5>;

struct Pose {
  Eigen::Matrix3d rotation;
  Eigen::Vector2d shift;

  /// The first three numbers turn about the image's axes, the others shift.
  Pose changed(const Vector5& step) const {
    return {bw::turned(rotation, step.head<3>(), bw::Turn::left), shift + step.tail<2>()};
  }
};

/// Images of five poses at once: one a tangent.
class Images {
 public:
  Images(const Map& map, const bw::Ctf& ctf)
      : n_(long(map.density.extent(0))),
        contrast_{bw::contrast_transfer(exec_, std::vector(5, ctf), map.voxel)},
        // To a third of Nyquist: there the image tells its pose, and beyond it is noise.
        projector_(exec_, {n_, n_, n_}, {n_, n_}, {.cutoff = 0.17}),
        images_("images", 5, n_, n_) {
    projector_.load(exec_, on_device(map.density));
  }

  HostArray<float***> at(const Pose& pose) {
    const PoseSet set{std::vector(5, pose.rotation), std::vector(5, pose.shift)};
    projector_.project(exec_, view(set), images_, contrast_);
    return fetched();
  }

  /// The image's derivatives in each number of a step.
  HostArray<float***> tangents(const Pose& pose) {
    const PoseSet set{std::vector(5, pose.rotation), std::vector(5, pose.shift)};
    PoseSet dots{std::vector<Eigen::Matrix3d>(5, Eigen::Matrix3d::Zero()),
                 std::vector<Eigen::Vector2d>(5, Eigen::Vector2d::Zero())};
    for (int i = 0; i < 3; ++i) dots.rotations[i] = bw::turned_jvp(pose.rotation, Eigen::Vector3d::Unit(i), bw::Turn::left);
    for (int i = 0; i < 2; ++i) dots.shifts[3 + i] = Eigen::Vector2d::Unit(i);
    projector_.project_jvp(exec_, bw::none, view(set), view(dots), images_, contrast_);
    return fetched();
  }

 private:
  HostArray<float***> fetched() const {
    exec_.fence();
    const HostArray<float***> copy("images", images_.layout());
    Kokkos::deep_copy(copy, images_);
    return copy;
  }

  Exec exec_;
  long n_;
  bw::ContrastOfImages<Kokkos::View<bw::ContrastTransfer*, Exec::memory_space>> contrast_;
  bw::Projector<float, FftLibrary> projector_;
  Array<float***> images_;
};

double dot(const float* a, const float* b, long size) {
  double sum = 0;
  for (long i = 0; i < size; ++i) sum += double(a[i]) * b[i];
  return sum;
}

/// ½ |image − data|² and, where wanted, what Levenberg-Marquardt needs of it.
double loss(Images& images, const Pose& pose, const HostArray<float***>& data, Vector5* gradient, Matrix5* normal) {
  const long size = long(data.extent(1) * data.extent(2));
  const auto residual = images.at(pose);
  for (long i = 0; i < size; ++i) residual.data()[i] -= data.data()[i];
  if (gradient) {
    const auto tangents = images.tangents(pose);
    for (int i = 0; i < 5; ++i) {
      (*gradient)[i] = dot(tangents.data() + i * size, residual.data(), size);
      for (int j = 0; j < 5; ++j) (*normal)(i, j) = dot(tangents.data() + i * size, tangents.data() + j * size, size);
    }
  }
  return dot(residual.data(), residual.data(), size) / 2;
}

/// K. Levenberg, Quart. Appl. Math. 2, 164 (1944); D. W. Marquardt, J. SIAM 11, 431 (1963).
Pose refined(Images& images, Pose pose, const HostArray<float***>& data) {
  double damping = 1e-2;
  Vector5 gradient;
  Matrix5 normal;
  double now = loss(images, pose, data, &gradient, &normal);
  for (int i = 0; i < 40 && damping < 1e6; ++i) {
    Matrix5 damped = normal;
    damped.diagonal() *= 1 + damping;
    const Vector5 step = -damped.ldlt().solve(gradient);
    const double next = loss(images, pose.changed(step), data, nullptr, nullptr);
    if (next < now) {
      pose = pose.changed(step);
      damping /= 5;
      if (now - next < 1e-9 * now) break;
      now = loss(images, pose, data, &gradient, &normal);
    } else {
      damping *= 5;
    }
  }
  return pose;
}

int run(const Settings& settings) {
  const Map map = padded_to_cube(read_map(settings.map));
  std::mt19937 generator(settings.seed);
  std::normal_distribution<double> normal;
  const PoseSet random = random_poses(generator, 1, settings.shift);
  const Pose truth{random.rotations[0], random.shifts[0]};
  Images images(map, {.defocus_u = 15200, .defocus_v = 14800, .defocus_angle = 30});
  const auto data = images.at(truth);
  const long size = long(data.extent(1) * data.extent(2));
  const double sigma = std::sqrt(dot(data.data(), data.data(), size) / double(size) / settings.snr);
  for (long i = 0; i < size; ++i) data.data()[i] += float(sigma * normal(generator));

  Vector5 off;
  for (int i = 0; i < 5; ++i) off[i] = normal(generator);
  off.head<3>() *= settings.angle * M_PI / 180 / off.head<3>().norm();
  off.tail<2>() *= settings.shift / off.tail<2>().norm();
  const Pose start = truth.changed(off), end = refined(images, start, data);
  const auto errors = [&](const Pose& pose) {
    return Errors{Eigen::AngleAxisd(pose.rotation * truth.rotation.transpose()).angle() * 180 / M_PI,
                  (pose.shift - truth.shift).norm()};
  };
  return report(settings, errors(start), errors(end));
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Refines the pose of one noisy image with contrast transfer.", "refine_one"};
  add_options(app, settings);
  return run_program(app, argc, argv, [&] { return run(settings); });
}
