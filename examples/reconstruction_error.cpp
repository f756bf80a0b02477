// SPDX-License-Identifier: MIT
// How far reconstructions are from the map that their images are of: data divided by density, as one shot does, by every kernel
// and padding, and bracewell::Reconstructor's least squares. Images are the map's Fourier sums, which interpolate nothing.
#include "common/centred.hpp"
#include "common/fft.hpp"
#include "common/file.hpp"
#include "common/fourier_sum.hpp"
#include "common/kernels.hpp"
#include "common/map.hpp"
#include "common/program.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/ctf.hpp>
#include <bracewell/eigen.hpp>
#include <bracewell/fftw.hpp>
#include <bracewell/projector.hpp>

#include <malloc.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>

namespace bw = bracewell;
using namespace examples;

namespace {

// The comparison is the host's.
using Volume = HostArray<float***>;
using Spectra = HostArray<Kokkos::complex<float>***>;
using Contrast = Kokkos::View<bw::ContrastTransfer*, Kokkos::HostSpace>;

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz";
  double voxel = 0, snr = 0;
  int bin = 2, images = 300;
  unsigned seed = 1;
  bool ctf = false, slices = false;
  std::string write;                      // a folder for other programs' input
  std::vector<std::string> run, compare;  // commands of other programs, and the maps that they make
};

/// Peak memory since reset(), above what was there then.
class Memory {
 public:
  void reset() {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
    before_ = read("VmRSS:");
  }
  double megabytes() const { return (read("VmHWM:") - before_) / 1024; }

 private:
  static double read(const std::string& key) {
    std::ifstream status("/proc/self/status");
    std::string word;
    double value = 0;
    while (status >> word)
      if (word == key) status >> value;
    return value;
  }
  double before_ = 0;
};

/// Means of bin³ voxels, without the frequencies beyond half a cycle per voxel, which no image has. `frequencies` fall off towards
/// it, as those of maps do, so that nothing rings.
Volume prepared(const Volume& map, int bin) {
  const int n = int(map.extent(0)) / bin;
  const Volume small("map", n, n, n);
  for (int z = 0; z < n * bin; ++z)
    for (int y = 0; y < n * bin; ++y)
      for (int x = 0; x < n * bin; ++x) small(z / bin, y / bin, x / bin) += map(z, y, x) / float(bin * bin * bin);
  const Spectra spectrum("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), small, spectrum);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x)
        if (2 * std::hypot(bw::frequency(z, n), bw::frequency(y, n), x) > n) spectrum(z, y, x) = 0;
  irfft<3>(Host(), spectrum, small);
  return small;
}

/// Where the map is above a twentieth of its maximum, and two voxels around.
HostArray<bool***> mask_of(const Volume& map) {
  const int n = int(map.extent(0));
  float most = 0;
  for (std::size_t i = 0; i < map.size(); ++i) most = std::max(most, map.data()[i]);
  const HostArray<bool***> mask("mask", n, n, n);
  const auto clamp = [n](int i) { return std::min(std::max(i, 0), n - 1); };
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x)
        if (map(z, y, x) > 0.05f * most)
          for (int c = -2; c <= 2; ++c)
            for (int b = -2; b <= 2; ++b)
              for (int a = -2; a <= 2; ++a) mask(clamp(z + c), clamp(y + b), clamp(x + a)) = true;
  return mask;
}

struct Problem {
  Volume truth;
  HostArray<bool***> mask;
  double voxel;
  PoseSet poses;
  /// The volume of the mask over that of the box.
  double object() const {
    long inside = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) inside += mask.data()[i];
    return double(inside) / double(mask.size());
  }

  std::vector<bw::Ctf> ctf;
  Contrast contrast;  // empty without
  Volume images;
};

Problem make_problem(const Settings& settings) {
  Problem problem;
  const Map map = padded_to_cube(read_map(settings.map, settings.voxel));
  problem.truth = prepared(map.density, settings.bin);
  problem.voxel = map.voxel * settings.bin;
  problem.mask = mask_of(problem.truth);
  const int n = int(problem.truth.extent(0)), count = settings.images;
  std::mt19937 generator(settings.seed);
  problem.poses = random_poses(generator, count, 2);
  const Spectra spectra("spectra of images", count, n, n / 2 + 1);
  problem.images = Volume("images", count, n, n);
  if (settings.slices) {
    bw::Projector<double, bw::Fftw, bw::KaiserBessel<4>, 3, 2, Host> projector(Host(), {n, n, n}, {n, n}, {.padding = 2});
    projector.load(Host(), problem.truth);
    projector.project(Host(), view(problem.poses), problem.images);
    Host().fence();
    rfft<2>(Host(), problem.images, spectra);
  } else {
    fourier_sums(voxels_of(problem.truth), problem.poses, 0.5, spectra);
    bw::origin_to_centre<2>(Host(), bw::Spectrum{spectra, n});
    Host().fence();
  }
  if (settings.ctf) {
    std::uniform_real_distribution<double> uniform;
    for (int p = 0; p < count; ++p) {
      const double defocus = 8000 + 17000 * uniform(generator);
      problem.ctf.push_back(
          {.defocus_u = defocus + 300, .defocus_v = defocus - 300, .defocus_angle = 180 * uniform(generator)});
    }
    problem.contrast = bw::contrast_transfer(Host(), problem.ctf, problem.voxel);
    for (int p = 0; p < count; ++p)
      for (int y = 0; y < n; ++y)
        for (int x = 0; x <= n / 2; ++x)
          spectra(p, y, x) *= float(problem.contrast(p).value(double(x) / n, double(bw::frequency(y, n)) / n));
  }
  irfft<2>(Host(), spectra, problem.images);
  if (settings.snr > 0) {
    double power = 0;
    for (std::size_t i = 0; i < problem.images.size(); ++i) power += std::pow(problem.images.data()[i], 2);
    std::normal_distribution<double> normal(0, std::sqrt(power / double(problem.images.size()) / settings.snr));
    for (std::size_t i = 0; i < problem.images.size(); ++i) problem.images.data()[i] += float(normal(generator));
  }
  return problem;
}

void print_header() {
  std::printf("%-34s %9s %9s %8s %17s %9s %8s %7s\n", "method", "in mask", "in all", "mean", "amplitude", "FSC", "s", "MB");
}

/// One line: errors of a map, its mean against the true one, the least and largest amplitude of shells 1 … 0.9 Nyquist, and the
/// FSC there, within the ball.
/// Returns whether least squares of exact images should be that good: 2 % in the mask, amplitudes within 1 %.
bool print_line(const std::string& name, const Problem& problem, const Volume& map, double seconds, double megabytes) {
  const int n = int(map.extent(0)), last = int(0.9 * n / 2);
  double inside[2] = {}, all[2] = {}, mean[2] = {};
  for (std::size_t i = 0; i < map.size(); ++i) {
    const double a = map.data()[i], b = problem.truth.data()[i];
    const double terms[2] = {(a - b) * (a - b), b * b};
    for (int t = 0; t < 2; ++t) {
      all[t] += terms[t];
      if (problem.mask.data()[i]) inside[t] += terms[t];
      mean[t] += t == 0 ? a : b;
    }
  }
  const Spectra f("spectrum", n, n, n / 2 + 1), g("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), map, f);
  rfft<3>(Host(), problem.truth, g);
  const auto sums = bw::shell_sums(Host(), bw::Spectrum{f, n}, bw::Spectrum{g, n});
  double least = 1e300, most = 0;
  for (int s = 1; s <= last; ++s) {
    const double amplitude = std::sqrt(sums.first[s] / sums.second[s]);
    least = std::min(least, amplitude);
    most = std::max(most, amplitude);
  }
  // The FSC within the ball, whose corners some programs clear.
  const Volume ball("ball", n, n, n), true_ball("ball", n, n, n);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) {
        const double rest = std::clamp((n / 2.0 - std::hypot(z - n / 2, y - n / 2, x - n / 2)) / 3, 0.0, 1.0);
        ball(z, y, x) = map(z, y, x) * float(rest);
        true_ball(z, y, x) = problem.truth(z, y, x) * float(rest);
      }
  rfft<3>(Host(), ball, f);
  rfft<3>(Host(), true_ball, g);
  const double correlation = bw::fourier_shell_correlation(Host(), bw::Spectrum{f, n}, bw::Spectrum{g, n})[last];
  char amplitude[40];
  std::snprintf(amplitude, sizeof amplitude, "%.4f–%.4f", least, most);
  std::printf("%-34s %9.4f %9.4f %8.4f %19s %9.5f %8.2f %7.0f\n", name.c_str(), std::sqrt(inside[0] / inside[1]),
              std::sqrt(all[0] / all[1]), mean[0] / mean[1], amplitude, correlation, seconds, megabytes);
  std::fflush(stdout);
  return std::sqrt(inside[0] / inside[1]) <= 0.02 && least >= 0.99 && most <= 1.01;
}

/// Data over density: images are padded, too, and inserted into the padded grid; Wiener's 1/snr is that of finish.hpp.
template <class Kernel>
Volume one_shot(const Problem& problem, long padded, const Kernel& kernel, double snr) {
  const Host exec;
  const long count = long(problem.images.extent(0)), n = long(problem.images.extent(1)), batch = 100;
  const Spectra data("data", padded, padded, padded / 2 + 1);
  const Volume density("density", padded, padded, padded / 2 + 1), box("padded map", padded, padded, padded);
  for (long first = 0; first < count; first += batch) {
    const long now = std::min(batch, count - first);
    const std::pair range(first, first + now);
    const Volume large("padded images", now, padded, padded), weights("weights", now, padded, padded / 2 + 1);
    const Spectra slices("spectra", now, padded, padded / 2 + 1);
    copy_centred<2>(large, Kokkos::subview(problem.images, range, Kokkos::ALL, Kokkos::ALL));
    rfft<2>(exec, large, slices);
    bw::origin_to_zero<2>(exec, bw::Spectrum{slices, padded});
    exec.fence();
    for (long p = 0; p < now; ++p)
      for (long y = 0; y < padded; ++y)
        for (long x = 0; x <= padded / 2; ++x) {
          const double c = problem.ctf.empty() ? 1
                                               : problem.contrast(first + p).value(
                                                     double(x) / double(padded),
                                                     double(bw::frequency(int(y), int(padded))) / double(padded));
          slices(p, y, x) *= float(c);
          weights(p, y, x) = float(c * c);
        }
    const std::vector rotations(problem.poses.rotations.begin() + first, problem.poses.rotations.begin() + first + now);
    const std::vector shifts(problem.poses.shifts.begin() + first, problem.poses.shifts.begin() + first + now);
    bw::backproject(exec, bw::Spectrum{slices, padded}, bw::Spectrum{weights, padded}, view(rotations, shifts),
                    bw::Spectrum{data, padded}, bw::Spectrum{density, padded}, {.accumulate = first > 0}, kernel);
    exec.fence();
  }
  bw::divide_wiener(exec, bw::Spectrum{data, padded}, bw::Spectrum{density, padded}, snr);
  bw::origin_to_centre(exec, bw::Spectrum{data, padded});
  exec.fence();
  irfft<3>(exec, data, box);
  const Volume map("map", n, n, n);
  copy_centred(map, box);
  bw::correct_gridding(exec, map, {padded, padded, padded}, bw::Gridding::reconstruction, {}, kernel);
  exec.fence();
  return map;
}

/// Whether the default number of steps was enough.
template <class Kernel>
bool least_squares(const Problem& problem, const std::string& kernel_name, double padding, double snr) {
  const Host exec;
  const long count = long(problem.images.extent(0)), n = long(problem.images.extent(1));
  Memory memory;
  memory.reset();
  Stopwatch adding;
  adding.start();
  bw::Reconstructor<float, bw::Fftw, Kernel, 3, 2, Host> reconstructor(exec, {n, n, n}, {n, n},
                                                                       {.padding = padding, .halves = snr > 0 ? 2 : 1});
  const bw::Poses poses = view(problem.poses);
  for (int half = 0; half < (snr > 0 ? 2 : 1); ++half) {
    const std::pair range = snr > 0 ? std::pair(half * count / 2, (half + 1) * count / 2) : std::pair(0L, count);
    const auto images = Kokkos::subview(problem.images, range, Kokkos::ALL, Kokkos::ALL);
    const auto views = bw::range_of(poses, std::size_t(range.first), std::size_t(range.second - range.first));
    if (problem.ctf.empty()) {
      reconstructor.add(exec, images, views, bw::none, bw::none, half);
    } else {
      reconstructor.add(exec, images, views, bw::ContrastOfImages{Kokkos::subview(problem.contrast, range)}, bw::none, half);
    }
  }
  exec.fence();
  adding.stop();
  const Volume map("map", n, n, n);
  bool good = false;
  for (const int iterations : {0, 3, 5, 8, 15}) {
    Stopwatch watch = adding;
    watch.start();
    if (snr > 0) {
      reconstructor.finish_by_halves(exec, map, bw::none, {.iterations = iterations, .object = problem.object()});
    } else {
      reconstructor.finish(exec, map, {.iterations = iterations});
    }
    watch.stop();
    char name[60];
    std::snprintf(name, sizeof name, "%s ×%g, %d steps%s", kernel_name.c_str(), padding, iterations, snr > 0 ? ", FSC" : "");
    const bool enough = print_line(name, problem, map, watch.seconds, memory.megabytes());
    if (iterations == bw::FinishOptions().iterations) good = enough;
  }
  return good;
}

/// What other programs read: images, particles, and the map.
void write_files(const std::string& folder, const Problem& problem) {
  make_folder(folder);
  Map map;
  map.voxel = problem.voxel;
  map.density = problem.truth;
  write_map(folder + "/truth.mrc", map);
  map.density = problem.images;
  write_map(folder + "/images.mrcs", map);
  write_whole(folder + "/particles.star", [&](const std::string& part) {
    std::ofstream file(part);
    const int n = int(problem.truth.extent(0));
    file << "data_optics\n\nloop_\n_rlnOpticsGroup\n_rlnOpticsGroupName\n_rlnVoltage\n_rlnSphericalAberration\n_"
            "rlnAmplitudeContrast\n"
            "_rlnImagePixelSize\n_rlnImageSize\n_rlnImageDimensionality\n1 one 300 2.7 0.1 "
         << problem.voxel << " " << n
         << " 2\n\ndata_particles\n\nloop_\n_rlnImageName\n_rlnOpticsGroup\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n"
            "_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnDefocusU\n_rlnDefocusV\n_rlnDefocusAngle\n_rlnRandomSubset\n";
    file << std::setprecision(12);
    for (std::size_t p = 0; p < problem.poses.rotations.size(); ++p) {
      // R = R_z(−psi) R_y(−tilt) R_z(−rot)
      const Eigen::Vector3d angles = problem.poses.rotations[p].transpose().eulerAngles(2, 1, 2) * 180 / M_PI;
      const bw::Ctf ctf = problem.ctf.empty() ? bw::Ctf{} : problem.ctf[p];
      file << p + 1 << "@" << folder << "/images.mrcs 1 " << angles[0] << " " << angles[1] << " " << angles[2] << " "
           << -problem.poses.shifts[p].x() * problem.voxel << " " << -problem.poses.shifts[p].y() * problem.voxel << " "
           << ctf.defocus_u << " " << ctf.defocus_v << " " << ctf.defocus_angle << " "
           << (2 * p < problem.poses.rotations.size() ? 1 : 2) << "\n";
    }
  });
}

int run(const Settings& settings) {
  const Problem problem = make_problem(settings);
  const int n = int(problem.truth.extent(0));
  std::printf("%s, %d³ voxels of %.3f Å; %d images%s", settings.map.c_str(), n, problem.voxel, settings.images,
              settings.ctf ? " with CTF" : "");
  std::printf(settings.snr > 0 ? ", SNR %g\n\n" : ", no noise\n\n", settings.snr);
  if (!settings.write.empty()) write_files(settings.write, problem);
  print_header();
  const double paddings[] = {1.25, 1.5, 2};
  std::vector<double> ratios{1000};
  if (settings.snr > 0) ratios = {0.1, 1, 3, 10};
  for (const char* name : {"linear", "cubic", "kaiser-bessel-4", "kaiser-bessel-8"})
    for (const double padding : paddings) {
      const long padded = std::lround(n * padding / 2) * 2;
      std::visit(
          [&](const auto& kernel) {
            for (const double snr : ratios) {
              Memory memory;
              memory.reset();
              Stopwatch watch;
              watch.start();
              const Volume map = one_shot(problem, padded, kernel, snr);
              watch.stop();
              char text[60];
              std::snprintf(text, sizeof text, settings.snr > 0 ? "%s ×%g, one shot, snr %g" : "%s ×%g, one shot", name,
                            padding, snr);
              print_line(text, problem, map, watch.seconds, memory.megabytes());
            }
          },
          make_kernel(name, double(padded) / n));
    }
  const bool good = least_squares<bw::KaiserBessel<2>>(problem, "kaiser-bessel-4", 1.5, settings.snr) &&
                    least_squares<bw::KaiserBessel<3>>(problem, "kaiser-bessel-6", 1.25, settings.snr);
  for (std::size_t i = 0; i < settings.compare.size(); ++i) {
    Stopwatch watch;
    rusage usage{};
    if (i < settings.run.size()) {
      watch.start();
      if (std::system(settings.run[i].c_str()) != 0) throw std::runtime_error("'" + settings.run[i] + "' failed");
      watch.stop();
      getrusage(RUSAGE_CHILDREN, &usage);
    }
    const std::string& path = settings.compare[i];
    const Volume map = read_map(path, problem.voxel).density;
    if (map.extent(0) != std::size_t(n)) throw std::runtime_error(path + ": is not of " + std::to_string(n) + "³ voxels");
    print_line(std::filesystem::path(path).filename(), problem, map, watch.seconds, double(usage.ru_maxrss) / 1024);
    double difference = 0;  // means aside
    for (std::size_t v = 0; v < map.size(); ++v)
      difference += (problem.truth.data()[v] - map.data()[v]) / double(map.size());
    const Volume levelled("map", n, n, n);
    for (std::size_t v = 0; v < map.size(); ++v) levelled.data()[v] = map.data()[v] + float(difference);
    print_line("  with the true mean", problem, levelled, 0, 0);
  }
  if (settings.snr > 0 || settings.images < 300) return 0;  // too few leave gaps, which no method fills
  std::printf("\ncheck     %s: at most 0.02 in the mask and amplitudes of 0.99 to 1.01 by least squares in 8 steps wanted\n",
              good ? "passed" : "FAILED");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 16);  // what is freed goes back, so that memory can be told
  Settings settings;
  CLI::App app{"Compares reconstructions with the map that their images are of.", "reconstruction_error"};
  app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å, instead of the header's")->check(CLI::PositiveNumber);
  app.add_option("--bin", settings.bin, "voxels to average along an axis")->check(CLI::Range(1, 16))->capture_default_str();
  app.add_option("--images", settings.images, "number of images")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images; 0: no noise")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--ctf", settings.ctf, "images have contrast transfer");
  app.add_flag("--slices", settings.slices,
               "images by 8 taps at padding 2 in double, 4e-8 from their Fourier sums, for many images");
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--write", settings.write, "folder for images.mrcs, particles.star and truth.mrc");
  app.add_option("--run", settings.run, "commands that reconstruct from these files, timed");
  app.add_option("--compare", settings.compare, "maps of the same images by other programs, by those commands first");
  return run_program(app, argc, argv, [&] { return run(settings); });
}
