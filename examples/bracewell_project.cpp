// SPDX-License-Identifier: MIT
// Images of a map at the poses of particles, or at random ones, or at one: under the names of relion_project's options.
#include "common/fft.hpp"
#include "common/fft_library.hpp"
#include "common/file.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/particle_images.hpp"
#include "common/particle_job.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/relion_options.hpp"

#include <bracewell/projector.hpp>
#include <bracewell/so3.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string map, output = "proj", mask, folder, kernel = "kaiser-bessel-4", noise;
  std::vector<std::string> particles;
  double voxel = 0, sigma_offset = 0, maximal_resolution = 0, padding = 2, white_noise = 0;
  double rot = 0, tilt = 0, psi = 0, xoff = 0, yoff = 0, zoff = 0;
  long uniform = 0, batch = 64;
  std::optional<std::uint64_t> seed;
  bool ctf = false, ctf2 = false, phase_flip = false, intact_first_peak = false, add_noise = false, subtract = false;
  bool rotate = false;

  bool single() const { return particles.empty() && uniform == 0; }
};

/// Poses that were asked for without a file: one, or random ones, uniform on SO(3).
Particles poses_of(const Settings& settings, double pixel, int box, std::mt19937_64& generator) {
  Particles particles;
  particles.path = "the command line";
  particles.groups.resize(1);
  particles.groups[0].name = "opticsGroup1";
  particles.groups[0].pixel = pixel;
  particles.groups[0].box = box;
  for (const Told what : {Told::rotation, Told::shift, Told::pixel, Told::box}) particles.told.set(std::size_t(what));
  if (settings.single()) {
    Particle particle;
    const double angles[3] = {settings.rot, settings.tilt, settings.psi};
    const double origin[3] = {settings.xoff, settings.yoff, settings.zoff};
    for (int i = 0; i < 3; ++i) {
      particle.angles[i] = angles[i];
      particle.shift[i] = -origin[i] * pixel;
    }
    particles.particles.push_back(particle);
  }
  std::uniform_real_distribution<double> uniform(0, 1);
  for (long p = 0; p < settings.uniform; ++p) {
    Particle particle;
    particle.angles[0] = 360 * uniform(generator);
    particle.angles[1] = std::acos(1 - 2 * uniform(generator)) * 180 / M_PI;
    particle.angles[2] = 360 * uniform(generator);
    particles.particles.push_back(particle);
  }
  return particles;
}

/// What is written of images of one extent and pixel size.
struct Output {
  std::string stack;
  int box = 0;
  double pixel = 0;
  std::vector<std::size_t> particles;
};

std::vector<Output> outputs_of(const Particles& particles, const Map& map, const Settings& settings) {
  std::vector<Output> outputs;
  const int n = int(map.density.extent(0));
  std::vector<std::size_t> of_group(particles.groups.size());
  for (std::size_t g = 0; g < particles.groups.size(); ++g) {
    const OpticsGroup& group = particles.groups[g];
    const int box = group.box > 0 ? group.box : n;
    const double pixel = group.pixel > 0 ? group.pixel : map.voxel;
    std::size_t like = 0;
    while (like < outputs.size() && (outputs[like].box != box || outputs[like].pixel != pixel)) ++like;
    if (like == outputs.size()) outputs.push_back({"", box, pixel, {}});
    of_group[g] = like;
  }
  for (std::size_t p = 0; p < particles.particles.size(); ++p)
    outputs[of_group[std::size_t(particles.particles[p].group)]].particles.push_back(p);
  outputs.erase(std::remove_if(outputs.begin(), outputs.end(), [](const Output& o) { return o.particles.empty(); }),
                outputs.end());
  for (std::size_t o = 0; o < outputs.size(); ++o)
    outputs[o].stack = settings.single()
                           ? settings.output
                           : settings.output + (outputs.size() == 1 ? "" : "_" + std::to_string(o + 1)) + ".mrcs";
  return outputs;
}

/// Gaussian noise: white, of one standard deviation, or of the spectrum of the particle's group.
class Noise {
 public:
  /// Without spectra the noise is white.
  Noise(double white, const NoiseSpectra& spectra, const Particles& particles, int box, std::uint64_t seed)
      : white_(white), spectra_(&spectra), particles_(&particles), box_(box), generator_(seed) {}

  /// Adds to images [count][box][box].
  void add(const std::size_t* which, long count, float* images) {
    const std::size_t n = std::size_t(box_), size = n * n;
    std::normal_distribution<float> normal;
    if (spectra_->spectra.empty()) {
      for (std::size_t i = 0; i < std::size_t(count) * size; ++i) images[i] += float(white_) * normal(generator_);
      return;
    }
    // RELION's σ² is of the real and the imaginary part of transforms that were divided by the number of pixels.
    const HostArray<float**> noise("noise", n, n);
    const HostArray<Kokkos::complex<float>**> spectrum("spectrum", n, n / 2 + 1);
    for (long i = 0; i < count; ++i) {
      const auto& power = spectra_->spectra[std::size_t(noise_row(*spectra_, particles_->particles[which[i]]))];
      for (std::size_t j = 0; j < size; ++j) noise.data()[j] = normal(generator_);
      rfft<2>(Host(), noise, spectrum);
      for (std::size_t y = 0; y < n; ++y)
        for (std::size_t x = 0; x <= n / 2; ++x) {
          const double ky = bw::frequency(int(y), box_);
          const std::size_t shell = std::size_t(std::lround(std::sqrt(ky * ky + double(x * x))));
          spectrum(y, x) *= shell < power.size() ? float(double(n) * std::sqrt(2 * power[shell])) : 0;
        }
      irfft<2>(Host(), spectrum, noise);
      for (std::size_t j = 0; j < size; ++j) images[std::size_t(i) * size + j] += noise.data()[j];
    }
  }

 private:
  double white_;
  const NoiseSpectra* spectra_;
  const Particles* particles_;
  int box_;
  std::mt19937_64 generator_;
};

/// C², as --ctf2 has it.
struct Squared {
  Array<bw::ContrastTransfer*> images;
  KOKKOS_FUNCTION double operator()(int image, const Kokkos::Array<double, 2>& k) const {
    const double c = images(image).value(k[0], k[1]);
    return c * c;
  }
};

bw::CtfUse use_of(const Settings& settings) {
  if (settings.phase_flip) return bw::CtfUse::phase_flipped;
  return settings.intact_first_peak ? bw::CtfUse::intact_first_peak : bw::CtfUse::full;
}

/// Writes a stack of images, or of turned maps, of M axes.
template <int M, class Kernel>
void write_stack(const Map& map, const Particles& particles, const Output& output, ParticleImages* experimental,
                 const NoiseSpectra& spectra, std::uint64_t seed, const Settings& settings) {
  const Exec exec;
  const std::size_t n = map.density.extent(0), box = std::size_t(output.box);
  const long total = long(output.particles.size()), batch = std::min<long>(M == 3 ? 1 : settings.batch, total);
  std::array<long, M> extents;
  extents.fill(output.box);
  double cutoff = std::min(0.5, 0.5 * output.pixel / map.voxel);
  if (settings.maximal_resolution > 0) cutoff = std::min(cutoff, output.pixel / settings.maximal_resolution);

  // The sum of the voxels along a line, as integrals in units of a pixel.
  bw::Projector<float, FftLibrary, Kernel, 3, M> projector(exec, {long(n), long(n), long(n)}, extents,
                                                           {.padding = settings.padding,
                                                            .pixel = output.pixel / map.voxel,
                                                            .scale = M == 2 ? map.voxel / output.pixel : 1.0,
                                                            .cutoff = cutoff,
                                                            .batch = batch});
  projector.load(exec, on_device(map.density));
  const bool ctf = settings.ctf || settings.ctf2;
  ParticleBatch views(particles, batch,
                      {.ctf = ctf, .magnification = ctf && particles.tells(Told::magnification), .use = use_of(settings)});
  Noise noise(settings.white_noise, spectra, particles, output.box, seed);
  const std::size_t size = M == 2 ? box * box : box * box * box;
  const HostArray<float**> images("images", std::size_t(batch), size);
  const auto result = device_mirror(images);
  std::vector<float> other;

  const MrcLayout layout{{output.box, output.box, total * (M == 3 ? output.box : 1)},
                         M == 2       ? MrcContent::images
                         : total == 1 ? MrcContent::volume
                                      : MrcContent::volumes,
                         output.pixel};
  Progress progress("projecting", total);
  write_mrc(output.stack, layout, [&](const MrcAppend& append) {
    for (long first = 0; first < total; first += batch) {
      Interrupt::check();
      const long count = std::min(batch, total - first);
      const std::size_t* const which = output.particles.data() + first;
      views.load(
          exec, which, count, output.pixel, [](const Particle&) { return 1; }, [](const Particle&) { return 0; });
      if constexpr (M == 2) {
        const Array<float***> these(result.data(), std::size_t(count), box, box);
        if (settings.ctf2) {
          projector.project(exec, views.template poses<2>(), these, Squared{views.contrast().images});
        } else if (settings.ctf) {
          projector.project(exec, views.template poses<2>(), these, views.contrast());
        } else {
          projector.project(exec, views.template poses<2>(), these);
        }
      } else {
        projector.project(exec, views.template poses<3>(),
                          Array<float****>(result.data(), std::size_t(count), box, box, box));
      }
      exec.fence();
      Kokkos::deep_copy(images, result);
      if (experimental) {
        other.resize(std::size_t(count) * size);
        experimental->read(which, count, other.data());
        const float sign = float(particles.groups[std::size_t(particles.particles[which[0]].group)].sign);
        for (std::size_t i = 0; i < other.size(); ++i) images.data()[i] = sign * other[i] - images.data()[i];
      }
      if (settings.add_noise) noise.add(which, count, images.data());
      append(images.data(), M == 2 ? count : count * long(box));
      progress.show(first + count);
    }
  });
}

template <int M>
void write_stack(const std::string& kernel, const Map& map, const Particles& particles, const Output& output,
                 ParticleImages* experimental, const NoiseSpectra& spectra, std::uint64_t seed, const Settings& settings) {
  const auto write = [&]<class Kernel>(const Kernel&) {
    write_stack<M, Kernel>(map, particles, output, experimental, spectra, seed, settings);
  };
  if (kernel == "linear") return write(bw::Linear());
  if (kernel == "kaiser-bessel-4") return write(bw::KaiserBessel<2>(settings.padding));
  return write(bw::KaiserBessel<3>(settings.padding));
}

void check(const Settings& settings) {
  const auto refuse = [](const std::string& what) { throw std::runtime_error(what); };
  if (!settings.particles.empty() && settings.uniform > 0) refuse("--ang, --nr_uniform: one of them may be given");
  if (settings.particles.empty() && (settings.ctf || settings.ctf2))
    refuse("--ctf, --ctf2: need --ang, which has the defocus");
  if (settings.ctf && settings.ctf2) refuse("--ctf, --ctf2: one of them may be given");
  if (settings.phase_flip && settings.intact_first_peak)
    refuse("--ctf_phase_flip, --ctf_intact_first_peak: one of them may be given");
  if (settings.subtract && settings.particles.empty()) refuse("--subtract_exp: needs --ang");
  if (settings.add_noise == (settings.white_noise == 0 && settings.noise.empty()))
    refuse(settings.add_noise ? "--add_noise: needs --white_noise or --model_noise"
                              : "--white_noise, --model_noise: need --add_noise");
  if (settings.white_noise > 0 && !settings.noise.empty()) refuse("--white_noise, --model_noise: one of them may be given");
  if (settings.rotate && (settings.ctf || settings.ctf2 || settings.add_noise || settings.subtract))
    refuse("--3d_rot: --ctf, --ctf2, --add_noise and --subtract_exp are of images");
  require_folder_of(settings.output);
}

/// The voxel size to read the map with: that of the command line; where its header has none, the first group's pixels. 0: the header's.
double voxel_of(const Settings& settings, const Particles& particles) {
  if (settings.voxel > 0 || !particles.tells(Told::pixel)) return settings.voxel;
  const auto& cell = MrcReader(settings.map).header().cell;
  if (cell[0] > 0 || cell[1] > 0 || cell[2] > 0) return 0;
  std::printf("voxel size   not in %s: taken to be the pixels of %s\n", settings.map.c_str(), particles.path.c_str());
  return particles.groups.front().pixel;
}

int run(const Settings& settings) {
  check(settings);
  const std::uint64_t seed = settings.seed ? *settings.seed : std::random_device()();
  std::mt19937_64 generator(seed);
  Particles particles;
  if (!settings.particles.empty()) {
    ParticleReading reading;
    reading.pixel_option = "--angpix";
    particles = read_particles(settings.particles, reading);
    particles.require(Told::rotation, "--ang is for it");
    particles.require(Told::shift, "--ang is for it");
    if (settings.ctf || settings.ctf2) require_ctf(particles, settings.ctf ? "--ctf" : "--ctf2");
  }
  Map map = read_map(settings.map, voxel_of(settings, particles), "--angpix");
  if (!settings.mask.empty()) {
    const Map mask = read_map(settings.mask, map.voxel, "--angpix");
    for (std::size_t d = 0; d < 3; ++d)
      if (mask.density.extent(d) != map.density.extent(d))
        throw std::runtime_error(settings.mask + ": has other extents than " + settings.map);
    for (std::size_t i = 0; i < mask.density.size(); ++i) map.density.data()[i] *= mask.density.data()[i];
  }
  map = padded_to_cube(map);
  const int n = int(map.density.extent(0));
  if (settings.particles.empty()) particles = poses_of(settings, map.voxel, n, generator);
  std::normal_distribution<double> offset(0, settings.sigma_offset);
  if (settings.sigma_offset > 0)
    for (Particle& particle : particles.particles) {
      const double pixel = particles.groups[std::size_t(particle.group)].pixel;
      for (int e = 0; e < (settings.rotate ? 3 : 2); ++e)
        particle.shift[e] += offset(generator) * (pixel > 0 ? pixel : map.voxel);
    }
  std::vector<Output> outputs = outputs_of(particles, map, settings);
  std::optional<ParticleImages> experimental;
  if (settings.subtract) {
    particles.require(Told::image, "--subtract_exp needs it");
    experimental.emplace(particles, numbers_of(particles), settings.folder, "--img");
    for (const Output& output : outputs)
      for (const std::size_t p : output.particles)
        if (experimental->box(particles.particles[p].group) != output.box)
          throw std::runtime_error("--subtract_exp: images of " +
                                   std::to_string(experimental->box(particles.particles[p].group)) +
                                   " pixels along an axis, where the map has " + std::to_string(output.box));
  }
  NoiseSpectra spectra;
  if (!settings.noise.empty()) {
    spectra = read_noise_spectra(settings.noise);
    if (!spectra.of_optics) particles.require(Told::group_noise, "--model_noise needs it");
    for (const std::size_t p : numbers_of(particles)) check_noise(spectra, particles, p);
  }
  const double padded = std::pow(settings.padding * n, 3) / 2 * 8;
  require_memory(padded + 4.0 * n * n * n, "the padded map", "a smaller --pad needs less");

  std::printf("map          %s, %d³ voxels of %.4g Å\n", settings.map.c_str(), n, map.voxel);
  if (settings.uniform > 0 || settings.add_noise || settings.sigma_offset > 0)
    std::printf("seed         %llu\n", static_cast<unsigned long long>(seed));
  const Interrupt interrupt;
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const Output& output = outputs[o];
    ParticleImages* const images = experimental ? &*experimental : nullptr;
    if (settings.rotate) {
      write_stack<3>(settings.kernel, map, particles, output, images, spectra, seed + 1 + o, settings);
    } else {
      write_stack<2>(settings.kernel, map, particles, output, images, spectra, seed + 1 + o, settings);
    }
    std::printf("written      %s, %zu of %d pixels of %.4g Å along an axis\n", output.stack.c_str(), output.particles.size(),
                output.box, output.pixel);
  }
  if (settings.single()) return 0;

  // The metadata name the new images.
  particles.stacks.clear();
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    particles.stacks.push_back(outputs[o].stack);
    for (std::size_t i = 0; i < outputs[o].particles.size(); ++i) {
      Particle& particle = particles.particles[outputs[o].particles[i]];
      particle.stack = std::int32_t(o);
      particle.image = std::int64_t(i);
      OpticsGroup& group = particles.groups[std::size_t(particle.group)];
      group.pixel = outputs[o].pixel;
      group.box = outputs[o].box;
      group.dimensions = settings.rotate ? 3 : 2;
      group.sign = 1;
    }
  }
  for (const Told what : {Told::image, Told::pixel, Told::box}) particles.told.set(std::size_t(what));
  write_star(settings.output + ".star", particles);
  std::printf("written      %s.star\n", settings.output.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Images of a map at the poses of particles.", "bracewell_project"};
  app.footer(
      "Examples:\n"
      "  bracewell_project --i map.mrc --o proj --ang run_data.star --ctf     proj.mrcs and proj.star\n"
      "  bracewell_project --i map.mrc --o proj --nr_uniform 1000 --add_noise --white_noise 2 --seed 1\n"
      "  bracewell_project --i map.mrc --o view.mrc --rot 10 --tilt 20 --psi 30   one image\n"
      "  bracewell_project --i map.mrc --o turned.mrc --3d_rot --tilt 90          the map, turned\n\n"
      "Images have the box and pixel size of their group of optics, where --ang tells them, else the map's.");
  app.add_option("--i", settings.map, "MRC/CCP4 map, may be gzipped")->required();
  app.add_option("--o", settings.output, "NAME of NAME.mrcs and NAME.star; of one image, the file")->capture_default_str();
  app.add_option("--ang", settings.particles,
                 "particles: poses, and contrast transfer: STAR of RELION or cisTEM, cryoSPARC's .cs, cryoDRGN's");
  app.add_option("--img", settings.folder, "folder that the paths of stacks begin in, for --subtract_exp");
  app.add_option("--nr_uniform", settings.uniform, "so many random poses instead, uniform over all rotations")
      ->check(CLI::PositiveNumber);
  app.add_option("--sigma_offset", settings.sigma_offset, "standard deviation of shifts that are added, in pixels")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--angpix", settings.voxel, "voxel size of the map in Å, instead of the header's")
      ->check(CLI::PositiveNumber);
  app.add_option("--mask", settings.mask, "map to multiply by first");
  app.add_flag("--ctf", settings.ctf, "apply contrast transfer");
  app.add_flag("--ctf_phase_flip", settings.phase_flip, "of phases that were flipped: its absolute value");
  app.add_flag("--ctf_intact_first_peak", settings.intact_first_peak, "1 before its first peak");
  app.add_flag("--ctf2", settings.ctf2, "apply contrast transfer twice");
  app.add_option("--pad", settings.padding, "padding of the map; 1 for linear only")
      ->check(CLI::Range(1.0, 4.0))
      ->capture_default_str();
  app.add_option("--kernel", settings.kernel, "interpolation; linear is RELION's")
      ->check(CLI::IsMember({"linear", "kaiser-bessel-4", "kaiser-bessel-6"}))
      ->capture_default_str();
  app.add_option("--maxres", settings.maximal_resolution, "highest resolution in Å; default: Nyquist")
      ->check(CLI::PositiveNumber);
  app.add_flag("--add_noise", settings.add_noise, "add Gaussian noise");
  app.add_option("--white_noise", settings.white_noise, "its standard deviation")->check(CLI::PositiveNumber);
  app.add_option("--model_noise", settings.noise, "RELION's model.star: its spectra, by groups")->check(CLI::ExistingFile);
  app.add_option("--seed", settings.seed, "of random numbers; default: another one each time");
  app.add_flag("--subtract_exp", settings.subtract, "the images of --ang minus those of the map");
  app.add_flag("--3d_rot", settings.rotate, "turn the map instead");
  app.add_option("--rot", settings.rot, "of one image: first angle in degrees");
  app.add_option("--tilt", settings.tilt, "second angle");
  app.add_option("--psi", settings.psi, "third angle");
  app.add_option("--xoff", settings.xoff, "origin in pixels, as rlnOriginX: the image moves by minus that");
  app.add_option("--yoff", settings.yoff, "along rows");
  app.add_option("--zoff", settings.zoff, "of a turned map");
  app.add_option("--batch", settings.batch, "images at once")->check(CLI::Range(1, 100000))->capture_default_str();
  refuse_options(app, {{"--NN", "--kernel chooses the interpolation"},
                       {"--ignore_particle_name", "images are told by rlnImageName"},
                       {"--simulate", "project at the poses that are wanted, and --subtract_exp first"},
                       {"--adjust_simulation_SNR", "it belongs to --simulate"},
                       {"--ang_simulate", "it belongs to --simulate"}});
  return run_program(app, argc, argv, [&] { return run(settings); });
}
