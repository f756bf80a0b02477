// SPDX-License-Identifier: MIT
// Orientations and shifts of images of a known map, from poses that are off by degrees and pixels: Levenberg-Marquardt on the
// normal equations, and L-BFGS on the gradients, that gauss_newton makes of images without writing slices.
#include "common/centred.hpp"
#include "common/fft.hpp"
#include "common/file.hpp"
#include "common/fourier_sum.hpp"
#include "common/histogram.hpp"
#include "common/kernels.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/program.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/ctf.hpp>
#include <bracewell/eigen.hpp>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include <cstdio>
#include <deque>
#include <filesystem>

namespace bw = bracewell;
using namespace examples;

namespace {

using Complex = Kokkos::complex<float>;

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  std::string output = "refine_poses";
  std::string kernel = "kaiser-bessel-4";
  double voxel = 0, padding = 2, snr = 0, angle = 8, shift = 3, cutoff = 0.25, defocus = 0;
  int images = 64;
  unsigned seed = 1;
  bool checked = true;  // a default map and start, for which the outcome is known
};

/// A change of a pose: a rotation vector about the image's axes, then a shift in pixels.
using Change = Eigen::Matrix<double, 5, 1>;
using Normal = Eigen::Matrix<double, 5, 5>;
using Changes = std::vector<Change>;

PoseSet changed(PoseSet poses, const Changes& changes) {
  for (std::size_t p = 0; p < changes.size(); ++p) {
    poses.rotations[p] = bw::turned(poses.rotations[p], changes[p].head<3>(), bw::Turn::left);
    poses.shifts[p] += changes[p].tail<2>();
  }
  return poses;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + long(values.size() / 2), values.end());
  return values[values.size() / 2];
}

constexpr double degrees = 180 / M_PI;

/// Distances from the true poses, in degrees and pixels.
struct Errors {
  std::vector<double> angle, shift;

  Errors(const PoseSet& poses, const PoseSet& truth) {
    for (std::size_t p = 0; p < truth.rotations.size(); ++p) {
      const Eigen::Matrix3d between = poses.rotations[p] * truth.rotations[p].transpose();
      angle.push_back(Eigen::AngleAxisd(between).angle() * degrees);
      shift.push_back((poses.shifts[p] - truth.shifts[p]).norm());
    }
  }
  long within(double degrees, double pixels) const {
    long count = 0;
    for (std::size_t p = 0; p < angle.size(); ++p) count += angle[p] < degrees && shift[p] < pixels;
    return count;
  }
};

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
    options_.workspace = &workspace_;
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

void report(const char* method, double cutoff, int iteration, double residual, const std::vector<double>& moved,
            long active) {
  std::printf("%-20s cutoff %.3f  iteration %2d  residual %.6f  %3ld images moved, by %.1e px at most\n", method, cutoff,
              iteration, residual, active, moved.empty() ? 0 : *std::max_element(moved.begin(), moved.end()));
  std::fflush(stdout);
}

/// How far a change moves what is `radius` pixels from the middle.
double size(const Change& change, double radius) {
  return std::hypot(change.head<3>().norm() * radius, change.tail<2>().norm());
}

/// Relative changes of a loss, summed in single precision, that mean nothing.
constexpr double rounding = 3e-6;

struct Refined {
  PoseSet poses;
  double seconds = 0, residual = 0;
  std::vector<Normal> normals = {};  // at the end, of Levenberg-Marquardt
};

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

/// Multiplies images by CTFs of their own, of defoci within 20 % of a mean in µm, and returns these; ones for 0.
HostArray<float***> apply_ctf(std::mt19937& generator, double defocus, double voxel, const HostArray<Complex***>& spectra) {
  const int count = int(spectra.extent(0)), n = int(spectra.extent(1));
  const HostArray<float***> ctf("ctf", count, n, n / 2 + 1);
  Kokkos::deep_copy(ctf, 1);
  if (defocus == 0) return ctf;
  std::uniform_real_distribution<double> defoci(0.8e4 * defocus, 1.2e4 * defocus);
  for (int p = 0; p < count; ++p) {
    const double own = defoci(generator);
    const bw::ContrastTransfer contrast({.defocus_u = own, .defocus_v = own}, voxel);
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        ctf(p, y, x) = float(contrast.value(double(x) / n, double(bw::frequency(y, n)) / n));
        spectra(p, y, x) *= ctf(p, y, x);
      }
  }
  return ctf;
}

/// White noise of standard deviation σ a pixel, added to spectra.
void add_noise(std::mt19937& generator, double sigma, const HostArray<Complex***>& spectra) {
  const std::size_t n = spectra.extent(1);
  const HostArray<float***> noise("noise", spectra.extent(0), n, n);
  const HostArray<Complex***> spectrum("spectrum of noise", spectra.layout());
  std::normal_distribution<float> normal(0, float(sigma));
  for (std::size_t i = 0; i < noise.size(); ++i) noise.data()[i] = normal(generator);
  rfft<2>(Host(), noise, spectrum);
  for (std::size_t i = 0; i < spectra.size(); ++i) spectra.data()[i] += spectrum.data()[i];
}

/// Of the pixels of the images that the spectra are of, their means left out.
double variance(const HostArray<Complex***>& spectra) {
  const int n = int(spectra.extent(1));
  double sum = 0;
  for (std::size_t p = 0; p < spectra.extent(0); ++p)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        const auto z = spectra(p, y, x);
        if (x > 0 || y > 0) sum += (2 * x % n == 0 ? 1 : 2) * (double(z.real()) * z.real() + double(z.imag()) * z.imag());
      }
  return sum / (double(spectra.extent(0)) * std::pow(n, 4));
}

int refine(const Settings& settings) {
  const Exec exec;
  const Map map = padded_to_cube(read_map(settings.map, settings.voxel));
  const int n = int(map.density.extent(0)), padded = int(std::lround(n * settings.padding)), count = settings.images;
  const long size = padded;
  if (computes_on_host)  // the padded map, its spectrum, copies of both for the FFT; voxels; images, CTFs and noise
    require_memory(24 * std::pow(padded, 3) + 40 * std::pow(n, 3) + 4 * 8 * double(count) * n * (n / 2 + 1) + 1e8,
                   settings.map, "less with a smaller --padding or fewer --images");
  make_folder(settings.output);
  const bw::SliceOptions options{.interpolation = interpolation_of(settings.kernel), .oversampling = double(padded) / n};
  std::printf("map       %s, %d³ voxels of %.3f Å\n", std::filesystem::path(settings.map).filename().c_str(), n, map.voxel);

  // The images: Fourier sums of the map, and noise.
  std::mt19937 generator(settings.seed);
  const PoseSet truth = random_poses(generator, count, 2);
  const HostArray<Complex***> spectra("spectra of images", count, n, n / 2 + 1);
  Stopwatch sums;
  sums.start();
  fourier_sums(voxels_of(map.density), truth, settings.cutoff, spectra);
  sums.stop();
  const auto ctf = apply_ctf(generator, settings.defocus, map.voxel, spectra);
  const double sigma = settings.snr > 0 ? std::sqrt(variance(spectra) / settings.snr) : 0;
  if (sigma > 0) add_noise(generator, sigma, spectra);
  std::printf("images    %d of %d² pixels up to %g cycles/pixel, by their Fourier sums in %.1f s, ", count, n,
              settings.cutoff, sums.seconds);
  std::printf(sigma > 0 ? "SNR %g\n" : "no noise\n", settings.snr);

  // The reference: corrected for the interpolation's roll-off, padded, transformed, its origin at index 0.
  const Array<float***> corrected("map", n, n, n), box("padded map", padded, padded, padded);
  Kokkos::deep_copy(corrected, map.density);
  bw::correct_gridding(exec, corrected, {size, size, size}, bw::Gridding::reference, options);
  exec.fence();
  copy_centred(box, corrected);
  const Array<Complex***> reference("reference", padded, padded, padded / 2 + 1);
  rfft<3>(exec, box, reference);
  bw::origin_to_zero(exec, bw::Spectrum{reference, padded});
  exec.fence();
  std::printf("slices    %s, padded to %d; %d threads\n", settings.kernel.c_str(), padded, exec.concurrency());

  std::normal_distribution<double> normal;
  Changes perturbation(count);
  for (auto& change : perturbation)
    for (int i = 0; i < 5; ++i)
      change[i] = normal(generator) * (i < 3 ? settings.angle / degrees / std::sqrt(3) : settings.shift);
  const PoseSet start = changed(truth, perturbation);

  // From coarse to fine. An image's middle half lies within a quarter of its width.
  const double radius = n / 4.0;
  Images images(exec, bw::Spectrum{reference, padded}, spectra, ctf, options);
  const auto run = [&](const auto& method) {
    Refined refined{start};
    Stopwatch watch;
    watch.start();
    for (const auto& [part, tolerance] : {std::pair(0.2, 0.02), {0.45, 0.005}, {1.0, 1e-4}})  // of the cutoff; in pixels
      method(images, part * settings.cutoff, radius, tolerance, refined);
    watch.stop();
    refined.seconds = watch.seconds;
    return refined;
  };
  const Refined marquardt = run(levenberg_marquardt), quasi_newton = run(lbfgs);

  const Errors before(start, truth), after(marquardt.poses, truth), other(quasi_newton.poses, truth);
  std::printf("\n%-20s %13s %13s %26s %10s %9s\n", "", "median angle", "median shift", "within 0.2° and 0.1 px", "residual",
              "seconds");
  const auto row = [&](const char* name, const Errors& errors) {
    std::printf("%-20s %12.4f° %10.4f px %19ld of %-4d", name, median(errors.angle), median(errors.shift),
                errors.within(0.2, 0.1), count);
  };
  row("before", before);
  row("\nLevenberg-Marquardt", after);
  std::printf("%10.6f %9.2f\n", marquardt.residual, marquardt.seconds);
  row("L-BFGS", other);
  std::printf("%10.6f %9.2f\n", quasi_newton.residual, quasi_newton.seconds);
  double expected_angle = 0, expected_shift = 0;
  if (sigma > 0) {
    // Cramér and Rao's bound: the inverse of JᵀJ over the variance of a frequency's noise.
    std::vector<double> angles, shifts;
    for (const Normal& normals : marquardt.normals) {
      const Normal covariance = std::pow(sigma * n, 2) * normals.inverse();
      angles.push_back(degrees * std::sqrt(covariance.topLeftCorner<3, 3>().trace()));
      shifts.push_back(std::sqrt(covariance.bottomRightCorner<2, 2>().trace()));
    }
    expected_angle = median(angles);
    expected_shift = median(shifts);
    std::printf("%-20s %12.4f° %10.4f px\n", "the noise allows rms", expected_angle, expected_shift);
  }
  const std::string file = settings.output + "/errors.png";
  const auto panel = [&](const char* label, auto member) {
    return Histogram{label,
                     1e-4,
                     1e2,
                     {{"before", before.*member, grey}, {"LM", after.*member, blue}, {"L-BFGS", other.*member, orange}}};
  };
  save_histograms(file, "Errors of poses before and after refinement",
                  {panel("angle / °", &Errors::angle), panel("shift / pixels", &Errors::shift)});
  std::printf("written   %s\n", std::filesystem::absolute(file).lexically_normal().c_str());

  // Much more noise moves minima further than slopes tell. Medians of errors are below their rms.
  if (!settings.checked || (sigma > 0 && settings.snr < 0.02)) return 0;
  const double angle_limit = sigma > 0 ? 1.2 * expected_angle : 0.2, shift_limit = sigma > 0 ? 1.2 * expected_shift : 0.1;
  const auto met = [&](const Errors& errors) {
    return median(errors.angle) < angle_limit && median(errors.shift) < shift_limit;
  };
  const bool good = met(after) && met(other);
  std::printf("check     %s: medians below %.3f° and %.3f px wanted\n", good ? "passed" : "FAILED", angle_limit,
              shift_limit);
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Refines orientations and shifts of images of a known map.", "refine_poses"};
  CLI::Option* map = app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å, instead of the header's")->check(CLI::PositiveNumber);
  app.add_option("--images", settings.images, "number of images")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images; 0: no noise")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  CLI::Option* angle = app.add_option("--angle", settings.angle, "rms of the orientations' first errors, in degrees")
                           ->check(CLI::Range(0.0, 180.0))
                           ->capture_default_str();
  CLI::Option* shift = app.add_option("--shift", settings.shift, "standard deviation of the shifts' first errors, in pixels")
                           ->check(CLI::NonNegativeNumber)
                           ->capture_default_str();
  CLI::Option* cutoff = app.add_option("--cutoff", settings.cutoff, "highest frequency, in cycles per pixel")
                            ->check(CLI::Range(0.05, 0.5))
                            ->capture_default_str();
  app.add_option("--defocus", settings.defocus, "of the images' CTFs, within 20 %, in µm; 0: no CTFs")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  app.add_option("--kernel", settings.kernel, "interpolation")->check(CLI::IsMember(kernel_names))->capture_default_str();
  CLI::Option* padding =
      app.add_option("--padding", settings.padding, "of the map")->check(CLI::Range(1.0, 4.0))->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    for (const CLI::Option* option : {map, angle, shift, cutoff, padding})
      settings.checked = settings.checked && option->empty();
    return refine(settings);
  });
}
