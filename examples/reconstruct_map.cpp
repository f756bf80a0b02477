// SPDX-License-Identifier: MIT
// From a map to its images and back: slices at random poses, then weighted back-projection, with the numbers that tell how
// good and how fast both were.
#include "common/centred.hpp"
#include "common/fft.hpp"
#include "common/file.hpp"
#include "common/kernels.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/picture.hpp"
#include "common/poses.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/shells.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <variant>

namespace bw = bracewell;
using namespace examples;

namespace {

using Complex = Kokkos::complex<float>;

struct Settings {
  std::string map = std::string(BRACEWELL_EXAMPLE_DATA) + "/beta_galactosidase.mrc.gz";
  std::string output = "reconstruct_map";
  std::string kernel = "kaiser-bessel-4";
  double voxel = 0, padding = 2, shift = 3, snr = 0;
  int poses = 2000;
  unsigned seed = 1;
};

double standard_deviation(const HostArray<float***>& images) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    sum += images.data()[i];
    squares += double(images.data()[i]) * images.data()[i];
  }
  const double mean = sum / double(images.size());
  return std::sqrt(squares / double(images.size()) - mean * mean);
}

/// Stored samples of a slice within half a cycle per pixel.
long samples_in_band(int n) {
  long count = 0;
  for (int y = 0; y < n; ++y)
    for (int x = 0; x <= n / 2; ++x) {
      const double ky = bw::frequency(y, n);
      count += 4 * (ky * ky + double(x) * x) <= double(n) * n;
    }
  return count;
}

GreyImage section(const HostArray<float***>& map, int axis) {
  const int n = int(map.extent(0)), middle = n / 2;
  GreyImage image{n, n, std::vector<float>(std::size_t(n) * n), 0, 1};
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      image.values[std::size_t(i) * n + j] = axis == 0   ? map(middle, i, j)
                                             : axis == 1 ? map(i, middle, j)
                                                         : map(i, j, middle);
  return image;
}

/// Images at a time: some 100 MB.
int batch_of(const Settings& settings, int padded) {
  return std::min(settings.poses, std::max(1, 4'000'000 / (padded * padded)));
}

/// Bytes that a reconstruction takes beside the map, in a box of n voxels.
double memory_of(const Settings& settings, int n, int padded) {
  const double box = std::pow(n, 3), stored = std::pow(padded, 2) * (padded / 2 + 1), images = batch_of(settings, padded),
               fft = 8 * std::pow(padded, 3) + 16 * stored;
  return 4 * 4 * box                                                               // maps
         + 4 * std::pow(padded, 3) + (8 + 8 + 4) * stored                          // padded map, reference, data, density
         + std::max(fft, images * (8 * std::pow(n, 2) + 8 * std::pow(padded, 2)))  // FFTs of volumes, or images and spectra
         + 2 * 88.0 * settings.poses + 1e8;                                        // poses; programs, threads, pictures
}

struct Result {
  HostArray<float***> map;
  std::vector<GreyImage> examples;  // the first images
  Stopwatch project, backproject;
};

/// Images of n² pixels of the cube, and from them the cube again.
template <class Kernel>
Result run(const Exec& exec, const HostArray<float***>& truth, const Settings& settings, const Kernel& kernel) {
  const int n = int(truth.extent(0)), padded = int(std::lround(n * settings.padding));
  const long size = padded;
  Result result;

  // The reference: corrected for the interpolation's roll-off, padded, transformed, its origin at index 0.
  Array<float***> map("map", n, n, n), padded_map("padded map", padded, padded, padded);
  Kokkos::deep_copy(map, truth);
  bw::correct_gridding(exec, map, {size, size, size}, bw::Gridding::reference, {}, kernel);
  exec.fence();
  copy_centred(padded_map, map);
  Array<Complex***> reference("reference", padded, padded, padded / 2 + 1), data("data", padded, padded, padded / 2 + 1);
  Array<float***> density("density", padded, padded, padded / 2 + 1);
  rfft<3>(exec, padded_map, reference);
  const bw::Spectrum reference_spectrum{reference, padded};
  const bw::Spectrum data_spectrum{data, padded};
  const bw::Spectrum density_spectrum{density, padded};
  bw::origin_to_zero(exec, reference_spectrum);

  std::mt19937 generator(settings.seed);
  const PoseSet poses = random_poses(generator, settings.poses, settings.shift);
  const int batch = batch_of(settings, padded);
  Array<Complex***> slices("slices", batch, n, n / 2 + 1), padded_slices("padded slices", batch, padded, padded / 2 + 1);
  Array<float***> images("images", batch, n, n), padded_images("padded images", batch, padded, padded);
  std::normal_distribution<float> normal;
  float sigma = 0;
  Progress progress("slices", settings.poses);
  for (int first = 0; first < settings.poses; first += batch) {
    const int count = std::min(batch, settings.poses - first);
    const auto these = [&](const auto& array) {
      return Kokkos::subview(array, std::pair(0, count), Kokkos::ALL, Kokkos::ALL);
    };
    const auto part = [&](const auto& all) { return std::vector(all.begin() + first, all.begin() + first + count); };
    const auto rotations = part(poses.rotations);
    const auto shifts = part(poses.shifts);
    const bw::Poses views = view(rotations, shifts);

    result.project.start();
    bw::project(exec, reference_spectrum, views, bw::Spectrum{these(slices), n}, {.oversampling = double(padded) / n},
                kernel);
    exec.fence();
    result.project.stop();
    bw::origin_to_centre<2>(exec, bw::Spectrum{these(slices), n});
    exec.fence();
    irfft<2>(exec, these(slices), these(images));

    if (settings.snr > 0 || result.examples.size() < 24) {
      const auto seen = on_host(these(images));
      if (settings.snr > 0) {
        if (first == 0) sigma = float(standard_deviation(seen) / std::sqrt(settings.snr));
        for (std::size_t i = 0; i < seen.size(); ++i) seen.data()[i] += sigma * normal(generator);
        Kokkos::deep_copy(these(images), seen);
      }
      for (int p = 0; p < count && int(result.examples.size()) < 24; ++p)
        result.examples.push_back({n, n, std::vector<float>(&seen(p, 0, 0), &seen(p, 0, 0) + n * n), 0, 1});
    }

    // The images are padded, too: their spectra are then fine enough for the reference's lattice.
    copy_centred<2>(these(padded_images), these(images));
    rfft<2>(exec, these(padded_images), these(padded_slices));
    bw::origin_to_zero<2>(exec, bw::Spectrum{these(padded_slices), padded});
    exec.fence();
    result.backproject.start();
    bw::backproject(exec, bw::Spectrum{these(padded_slices), padded}, bw::none, views, data_spectrum, density_spectrum,
                    {.accumulate = first > 0}, kernel);
    exec.fence();
    result.backproject.stop();
    progress.show(first + count);
  }

  // Without CTF every weight is 1, and so is the density of one slice; a tenth of that is hardly seen at all.
  if (settings.snr > 0) {
    bw::divide_wiener(exec, data_spectrum, density_spectrum, settings.snr);
  } else {
    bw::divide_by_density(exec, data_spectrum, density_spectrum, 0.1);
  }
  bw::origin_to_centre(exec, data_spectrum);
  exec.fence();
  irfft<3>(exec, data, padded_map);
  const Array<float***> reconstruction("reconstruction", n, n, n);
  copy_centred(reconstruction, padded_map);
  bw::correct_gridding(exec, reconstruction, {size, size, size}, bw::Gridding::reconstruction, {}, kernel);
  exec.fence();
  result.map = on_host(reconstruction);
  return result;
}

void save_sections(const std::string& path, const HostArray<float***>& truth, const HostArray<float***>& reconstruction) {
  std::vector<GreyImage> sections;
  for (const auto& map : {truth, reconstruction})
    for (int axis = 0; axis < 3; ++axis) sections.push_back(section(map, axis));
  set_contrast(sections);
  const float tenth = (sections[0].high - sections[0].low) / 20;
  for (int axis = 0; axis < 3; ++axis) {
    GreyImage difference = sections[axis];
    for (std::size_t i = 0; i < difference.values.size(); ++i)
      difference.values[i] = sections[3 + axis].values[i] - sections[axis].values[i];
    difference.low = -tenth;
    difference.high = tenth;
    sections.push_back(difference);
  }
  save_sheet(path, sections,
             {"map, z", "map, y", "map, x", "reconstruction, z", "reconstruction, y", "reconstruction, x",
              "10 × difference, z", "10 × difference, y", "10 × difference, x"},
             3, 240, "Central sections");
}

void save_fsc(const std::string& path, const std::vector<double>& fsc, double box) {
  const double nyquist = double(fsc.size() - 1) / box, decade = std::pow(10, std::floor(std::log10(nyquist)));
  Axis x{"spatial frequency / Å⁻¹", 0, nyquist, {}}, y{"Fourier shell correlation", -0.05, 1.02, {}};
  x.other_label = "resolution / Å";
  char name[32];
  const double step = decade * (nyquist / decade > 4 ? 1 : nyquist / decade > 2 ? 0.5 : 0.25);
  for (double v = 0; v <= nyquist * 1.0001; v += step) {
    std::snprintf(name, sizeof name, "%.3g", v);
    x.ticks.emplace_back(v, name);
    std::snprintf(name, sizeof name, "%.3g", 1 / v);
    x.other_ticks.emplace_back(v, v > 0 ? name : "∞");
  }
  for (int i = 0; i <= 5; ++i) {
    std::snprintf(name, sizeof name, "%.1f", 0.2 * i);
    y.ticks.emplace_back(0.2 * i, name);
  }
  Curve curve{"", {}, fsc, blue};
  for (std::size_t s = 0; s < fsc.size(); ++s) curve.x.push_back(double(s) / box);
  save_plot(path, "Reconstruction against the map it came from", {curve}, x, y,
            {{0.5, "0.5: " + resolution(fsc, 0.5, box)}, {0.143, "0.143: " + resolution(fsc, 0.143, box)}});
}

int reconstruct(const Settings& settings) {
  const Exec exec;
  const Map input = read_map(settings.map, settings.voxel);
  Map map = padded_to_cube(input, box_for_rotations(input));
  const auto truth = map.density;
  const int n = int(truth.extent(0));
  if (n < 8) throw std::runtime_error(settings.map + ": is too small, " + std::to_string(n) + " voxels across");
  const int padded = int(std::lround(n * settings.padding));
  if (computes_on_host) require_memory(memory_of(settings, n, padded), settings.map, "less with a smaller --padding");
  const AnyKernel kernel = make_kernel(settings.kernel, padded / double(n));
  make_folder(settings.output);

  Result result = std::visit([&](const auto& k) { return run(exec, truth, settings, k); }, kernel);

  HostArray<Complex***> a("spectrum", n, n, n / 2 + 1), b("spectrum", n, n, n / 2 + 1);
  rfft<3>(Host(), truth, a);
  rfft<3>(Host(), result.map, b);
  const auto fsc = fourier_shell_correlation(a, b);
  double cross = 0, power = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    cross += double(truth.data()[i]) * result.map.data()[i];
    power += double(truth.data()[i]) * truth.data()[i];
  }

  map.density = result.map;
  const auto file = [&](const char* name) { return settings.output + "/" + name; };
  write_map(file("reconstruction.mrc"), map);
  set_contrast(result.examples);
  save_sheet(file("projections.png"), result.examples, {}, 6, 150, "Projections at random poses");
  save_sections(file("sections.png"), truth, result.map);
  const double box = n * map.voxel;
  save_fsc(file("fsc.png"), fsc, box);

  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto speed = [&](const Stopwatch& watch, int extent) {
    std::printf("%10.0f slices/s  %7.2f ns/pixel\n", settings.poses / watch.seconds,
                1e9 * watch.seconds / (double(settings.poses) * double(samples_in_band(extent))));
  };
  std::printf("map            %s\n", settings.map.c_str());
  std::printf("               %zu × %zu × %zu voxels of %.3f Å, in a box of %d³\n", input.density.extent(2),
              input.density.extent(1), input.density.extent(0), map.voxel, n);
  std::printf("images         %d of %d² pixels, shifts of %.1f px", settings.poses, n, settings.shift);
  std::printf(settings.snr > 0 ? ", SNR %g\n" : ", no noise\n", settings.snr);
  std::printf("kernel         %s, padded to %d\n", settings.kernel.c_str(), padded);
  std::printf("threads        %d\n", exec.concurrency());
  std::printf("project        %d² ", n);
  speed(result.project, n);
  std::printf("backproject    %d² ", padded);
  speed(result.backproject, padded);
  std::printf("memory         %.0f MB at most\n", double(usage.ru_maxrss) / 1024);
  std::printf("FSC 0.5        %s\n", resolution(fsc, 0.5, box).c_str());
  std::printf("FSC 0.143      %s\n", resolution(fsc, 0.143, box).c_str());
  std::printf("amplitude      %.4f of the map's\n", cross / power);
  std::printf("written        reconstruction.mrc, projections.png, sections.png and fsc.png in\n               %s\n",
              std::filesystem::absolute(settings.output).lexically_normal().c_str());

  if (settings.snr > 0 || settings.poses < 2000 || settings.padding < 2) return 0;
  double worst = 1;
  for (int s = 2; s <= int(0.8 * n / 2); ++s) worst = std::min(worst, fsc[s]);
  const bool good = worst >= 0.99 && std::abs(cross / power - 1) <= 0.03;
  std::printf(
      "check          %s: FSC from shell 2 to 0.8 Nyquist at least %.4f (0.99 wanted), amplitude within 3 %% wanted\n",
      good ? "passed" : "FAILED", worst);
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Cuts slices of a map at random poses and reconstructs the map from them.", "reconstruct_map"};
  app.add_option("--map", settings.map, "MRC/CCP4 map, may be gzipped")->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å, instead of the header's")->check(CLI::PositiveNumber);
  app.add_option("--poses", settings.poses, "number of images")->check(CLI::Range(1, 10000000))->capture_default_str();
  app.add_option("--kernel", settings.kernel, "interpolation")->check(CLI::IsMember(kernel_names))->capture_default_str();
  app.add_option("--padding", settings.padding, "of maps and images")->check(CLI::Range(1.0, 4.0))->capture_default_str();
  app.add_option("--shift", settings.shift, "standard deviation of shifts, in pixels")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--snr", settings.snr, "signal-to-noise ratio of images; 0: no noise")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return run_program(app, argc, argv, [&] { return reconstruct(settings); });
}
