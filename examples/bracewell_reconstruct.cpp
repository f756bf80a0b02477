// SPDX-License-Identifier: MIT
// A map and its half maps from particles, by least squares: under the names of relion_reconstruct's options.
#include "common/checkpoint.hpp"
#include "common/file.hpp"
#include "common/half_maps.hpp"
#include "common/interrupt.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/particle_images.hpp"
#include "common/particle_reconstruction.hpp"
#include "common/particle_sums.hpp"
#include "common/progress.hpp"
#include "common/ranks.hpp"
#include "common/relion_options.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/projector.hpp>
#include <bracewell/symmetry.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::vector<std::string> particles;
  std::string output = "reconstruction.mrc", symmetry = "C1", folder, noise, fsc;
  double pixel = 0, voxel = 0, maximal_resolution = 0, padding = 1.5, mask_diameter = 0, memory = 0, checkpoint = 10;
  int subset = 0, object_class = 0, box = 0, iterations = 5;
  long stop_after = 0, batch = 64;
  bool ctf = false, intact_first_peak = false, phase_flipped = false, flip_phases = false, fom = false, wiener = false;
  bool drop_mean = false, one_map = false, resume = false;

  std::string beside(const std::string& ending) const {
    const std::filesystem::path path(output);
    return (path.parent_path() / path.stem()).string() + ending;
  }
};

std::vector<std::size_t> selected(const Particles& particles, const Settings& settings) {
  const auto all = settings.subset == 0 && settings.object_class == 0;
  if (settings.subset != 0) particles.require(Told::subset, "--subset needs it");
  if (settings.object_class != 0) particles.require(Told::object_class, "--class needs it");
  std::vector<std::size_t> which;
  for (std::size_t p = 0; p < particles.particles.size(); ++p) {
    const Particle& particle = particles.particles[p];
    if ((settings.subset == 0 || particle.subset == settings.subset) &&
        (settings.object_class == 0 || particle.object_class == settings.object_class))
      which.push_back(p);
    if (!settings.one_map && particles.tells(Told::subset) && particle.subset != 1 && particle.subset != 2)
      throw std::runtime_error(particles.path + ": particle " + std::to_string(p + 1) + " is of the half set " +
                               std::to_string(particle.subset) + ", expected 1 or 2; --one_map makes no half maps");
  }
  if (which.empty())
    throw std::runtime_error(particles.path + ": has no particles" + (all ? "" : " of that --subset and --class"));
  return which;
}

bw::CtfUse use_of(const Settings& settings) {
  if (settings.flip_phases) return bw::CtfUse::phases;
  if (settings.phase_flipped) return bw::CtfUse::phase_flipped;
  return settings.intact_first_peak ? bw::CtfUse::intact_first_peak : bw::CtfUse::full;
}

ReconstructionSettings reconstruction_of(const Settings& settings, const NoiseSpectra& noise) {
  ReconstructionSettings of;
  of.voxel = settings.voxel;
  of.box = settings.box;
  of.maximal_resolution = settings.maximal_resolution;
  of.padding = settings.padding;
  of.batch = settings.batch;
  of.halves = settings.one_map ? 1 : 2;
  of.ctf = settings.ctf;
  of.use = use_of(settings);
  of.fom = settings.fom;
  of.drop_mean = settings.drop_mean;
  of.symmetry = bw::symmetry_group(settings.symmetry);
  of.noise = noise;
  return of;
}

/// Adds all images, from those of the checkpoint on.
void add_images(const Ranks& ranks, ParticleReconstruction& reconstruction, ParticleSums& sums, Checkpoint& checkpoint,
                const Settings& settings) {
  const long total = long(reconstruction.order().size()), begin = sums.images_done();
  Progress progress("adding images", total, begin);
  const auto add = [&](const ParticleChunk& chunk) {
    for (std::size_t b = chunk.first; b < chunk.last; ++b) reconstruction.add(reconstruction.batches()[b]);
  };
  const auto after = [&] {
    const long done = sums.images_done();
    progress.show(done);
    const bool stop =
        ranks.any(Interrupt::wanted() || (settings.stop_after > 0 && done - begin >= settings.stop_after)) && done < total;
    if (stop || ranks.any(ranks.first() && checkpoint.due())) sums.write(checkpoint);
    if (stop)
      throw Interrupted("stopped after " + std::to_string(done) + " of " + std::to_string(total) +
                        " images; --resume goes on from " + checkpoint.path());
  };
  sums.run(add, after);
  sums.finish();
}

ParticleReading reading_of(const Settings& settings) {
  ParticleReading reading;
  reading.pixel = settings.pixel;
  reading.pixel_option = "--pixel";
  return reading;
}

int run(const Settings& settings, const Ranks& ranks) {
  if (settings.intact_first_peak + settings.phase_flipped + settings.flip_phases > 1)
    throw std::runtime_error("--ctf_intact_first_peak, --ctf_phase_flipped, --only_flip_phases: one of them may be given");
  if (!settings.ctf && (settings.intact_first_peak || settings.phase_flipped || settings.flip_phases))
    throw std::runtime_error("--ctf_intact_first_peak, --ctf_phase_flipped, --only_flip_phases: need --ctf");
  bw::symmetry_group(settings.symmetry);  // refuses others
  require_folder_of(settings.output);

  const Particles particles = read_particles(settings.particles, reading_of(settings));
  const std::vector<std::size_t> which = selected(particles, settings);
  particles.require(Told::image, "a reconstruction is made of images");
  particles.require(Told::rotation, "a reconstruction needs it");
  particles.require(Told::shift, "a reconstruction needs it");
  particles.require(Told::pixel, "a reconstruction needs it");
  if (settings.ctf) require_ctf(particles, "--ctf");
  if (settings.fom) particles.require(Told::figure_of_merit, "--fom_weighting needs it");
  for (const std::size_t p : which)
    if (settings.ctf && particles.groups[std::size_t(particles.particles[p].group)].premultiplied)
      throw std::runtime_error(particles.path +
                               ": images have been multiplied by their contrast transfer, which is not supported");
  NoiseSpectra noise;
  if (!settings.noise.empty()) {
    noise = read_noise_spectra(settings.noise);
    if (!noise.of_optics) particles.require(Told::group_noise, "--model_noise needs it");
  }
  ParticleImages images(particles, which, settings.folder, "--img");
  ParticleReconstruction reconstruction(particles, images, which, reconstruction_of(settings, noise));
  const double bytes = reconstruction.bytes(), side = reconstruction.voxel() * double(reconstruction.box());
  const long n = reconstruction.box();
  require_memory(bytes, "a box of " + std::to_string(n), "--one_map, a smaller --pad or --newbox need less",
                 settings.memory);
  for (const std::string& remark : particles.remarks) std::printf("note         %s\n", remark.c_str());
  std::printf("particles    %zu of %s\n", which.size(), settings.particles.front().c_str());
  std::printf("map          %ld³ voxels of %.4g Å, %s, %.2f GB\n", n, reconstruction.voxel(), settings.symmetry.c_str(),
              bytes / 1e9);
  std::fflush(stdout);
  Stopwatch watch;
  watch.start();
  reconstruction.allocate();

  Fingerprint fingerprint;
  add_particles(fingerprint, particles, reconstruction.order());
  fingerprint.add(settings.symmetry).add(settings.noise);
  for (const double number : {reconstruction.voxel(), double(n), settings.padding, settings.maximal_resolution,
                              double(settings.batch), double(settings.ctf), double(int(use_of(settings))),
                              double(settings.fom), double(settings.drop_mean), double(settings.one_map)})
    fingerprint.add(number);
  Checkpoint checkpoint(settings.beside(".checkpoint"), fingerprint.value(), settings.checkpoint);
  ParticleSums sums(ranks, reconstruction);
  if (settings.resume) sums.read(checkpoint);

  {
    const Interrupt interrupt;
    add_images(ranks, reconstruction, sums, checkpoint, settings);
  }
  watch.stop();
  const double adding = watch.seconds;
  if (!ranks.first()) return 0;
  watch.start();

  bw::FinishOptions options{.iterations = settings.iterations};
  if (settings.mask_diameter > 0) options.object = share_of_box(settings.mask_diameter, side);
  if (!settings.one_map) {
    HalfMapCorrelation correlation(n, reconstruction.voxel(), settings.mask_diameter);
    for (int half = 0; half < 2; ++half) {
      options.half = half;
      const Map map = reconstruction.finish(options);
      write_map(settings.beside("_half" + std::to_string(half + 1) + ".mrc"), map);
      correlation.take(half, map.density);
    }
    options.half = -1;
    const std::vector<double> fsc = correlation.curve();
    write_curve(settings.beside("_fsc"), fsc, side);
    std::printf("half maps    FSC 0.143 at %s, 0.5 at %s\n", resolution(fsc, 0.143, side).c_str(),
                resolution(fsc, 0.5, side).c_str());
    if (settings.wiener) options.shell_snr = bw::signal_to_noise(fsc, options.object);
  }
  if (!settings.fsc.empty()) options.shell_snr = bw::signal_to_noise(read_curve(settings.fsc), options.object);
  write_map(settings.output, reconstruction.finish(options));
  watch.stop();
  checkpoint.remove();
  std::printf("written      %s%s\n", settings.output.c_str(), settings.one_map ? "" : ", _half1, _half2, _fsc");
  std::printf("seconds      %.1f to add images, %.1f to finish\n", adding, watch.seconds - adding);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Reconstructs a map and its half maps from particles.", "bracewell_reconstruct"};
  app.footer(
      "Examples:\n"
      "  bracewell_reconstruct --i run_data.star --o map.mrc --ctf\n"
      "  bracewell_reconstruct --i run_data.star --o map.mrc --ctf --sym D2 --wiener --mask_diameter 200\n"
      "  bracewell_reconstruct --i particles.cs --i passthrough.cs --o map.mrc --ctf --maxres 8 --newbox 128\n\n"
      "Stacks may be of any size: images are read some at a time. Ctrl-C leaves a checkpoint, from which --resume goes on.\n"
      "By mpirun on several ranks, the map is the same, bit for bit.\n"
      "Curvature of the Ewald sphere is not corrected: --ewald is refused.");
  app.add_option("--i", settings.particles,
                 "particles: RELION's or cisTEM's STAR, cryoSPARC's .cs (with its passthrough), cryoDRGN's")
      ->required();
  app.add_option("--o", settings.output,
                 "map; half maps are NAME_half1.mrc and NAME_half2.mrc, their FSC NAME_fsc.star and .png")
      ->capture_default_str();
  app.add_option("--sym", settings.symmetry, "point group: C1 …, D1 …, T, O, I, I1 … I4, RELION's settings")
      ->capture_default_str();
  app.add_option("--img", settings.folder, "folder that the paths of stacks begin in");
  app.add_option("--subset", settings.subset, "particles of one half only: 1 or 2")->check(CLI::Range(1, 2));
  app.add_option("--class", settings.object_class, "particles of one class only")->check(CLI::PositiveNumber);
  app.add_option("--angpix", settings.voxel, "voxel size of the map in Å; default: the first group's pixels")
      ->check(CLI::PositiveNumber);
  app.add_option("--pixel", settings.pixel, "pixel size of the images in Å, where the particles do not tell")
      ->check(CLI::PositiveNumber);
  app.add_option("--newbox", settings.box, "voxels of the map along an axis; default: the first group's field of view")
      ->check(CLI::Range(2, 4096));
  app.add_option("--maxres", settings.maximal_resolution, "highest resolution in Å; default: Nyquist")
      ->check(CLI::PositiveNumber);
  app.add_option("--pad", settings.padding, "padding of the data's grid; error falls with it, and memory grows as its cube")
      ->check(CLI::Range(1.25, 4.0))
      ->capture_default_str();
  app.add_option("--iter", settings.iterations, "steps of conjugate gradients; 0: data over density")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_flag("--ctf", settings.ctf, "images have contrast transfer");
  app.add_flag("--ctf_intact_first_peak", settings.intact_first_peak, "but not before its first peak");
  app.add_flag("--ctf_phase_flipped", settings.phase_flipped, "images' phases were flipped");
  app.add_flag("--only_flip_phases", settings.flip_phases, "flip phases, leave amplitudes alone");
  app.add_flag("--fom_weighting", settings.fom, "weigh particles by their figure of merit");
  app.add_option("--model_noise", settings.noise, "RELION's model.star: weigh by the noise of each group, shell by shell")
      ->check(CLI::ExistingFile);
  app.add_flag("--wiener", settings.wiener, "regularise by the FSC of the half maps")
      ->excludes(app.add_option("--fsc", settings.fsc, "regularise by this FSC, of a STAR file")->check(CLI::ExistingFile));
  app.add_option("--mask_diameter", settings.mask_diameter,
                 "of the particle in Å: a soft ball for the FSC, and its share of the box for --wiener")
      ->check(CLI::PositiveNumber);
  app.add_flag("--drop_mean", settings.drop_mean,
               "set the mean of images to 0; relion_reconstruct does, and loses that of the map");
  app.add_flag("--one_map", settings.one_map, "no half maps: half the memory");
  app.add_option("--memory", settings.memory, "GB that may be used; more is refused before any work")
      ->check(CLI::PositiveNumber);
  app.add_option("--checkpoint", settings.checkpoint, "minutes between checkpoints; 0: none but on Ctrl-C")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--resume", settings.resume, "go on from the checkpoint of a run with the same options");
  app.add_option("--stop_after", settings.stop_after, "stop after that many images, with a checkpoint")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", settings.batch, "images at once")->check(CLI::Range(1, 100000))->capture_default_str();
  refuse_options(app, {{"--ewald", "slices are flat"},
                       {"--reverse_curvature", "slices are flat"},
                       {"--width_mask_edge", "it belongs to --ewald"},
                       {"--sectors", "it belongs to --ewald"},
                       {"--skip_mask", "it belongs to --ewald"},
                       {"--skip_weighting", "it belongs to --ewald"},
                       {"--nr_helical_asu", "there is no helical symmetry"},
                       {"--helical_rise", "there is no helical symmetry"},
                       {"--helical_twist", "there is no helical symmetry"},
                       {"--subtract", "subtract by bracewell_project --subtract_exp first"},
                       {"--NN", "interpolation is by a Kaiser–Bessel kernel"},
                       {"--blob_r", "the kernel is chosen for its padding"},
                       {"--blob_m", "the kernel is chosen for its padding"},
                       {"--blob_a", "the kernel is chosen for its padding"},
                       {"--skip_gridding", "--iter 0 is data over density"},
                       {"--refdim", "maps have three axes"},
                       {"--3d_rot", "images have two axes; subtomograms are not read yet"},
                       {"--angular_error", "change the angles of the STAR file"},
                       {"--shift_error", "change the origins of the STAR file"},
                       {"--reconstruct_ctf", "maps of images alone are made"},
                       {"--ctf2", "maps of images alone are made"},
                       {"--reconstruct_noise", "maps of images alone are made"},
                       {"--read_weights", "weights are those of --model_noise and --fom_weighting"},
                       {"--external_reconstruct", "sums are kept in checkpoints of a form of their own"},
                       {"--write_debug_output", "there is none"},
                       {"--debug", "there is none"},
                       {"--debug_ori_size", "there is none"},
                       {"--debug_size", "there is none"}});
  return run_on_ranks(app, argc, argv, [&](const Ranks& ranks) { return run(settings, ranks); });
}
