// SPDX-License-Identifier: MIT
// bracewell_project and bracewell_reconstruct as commands, beside RELION's programs where those are installed.
#include "common/map.hpp"
#include "common/particles.hpp"

#include <bracewell/so3.hpp>
#include <bracewell/symmetry.hpp>

#include "programs.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <random>
#include <sstream>

namespace bw = bracewell;
using namespace examples;

namespace {

using namespace programs;

const std::string project = BRACEWELL_PROJECT, reconstruct = BRACEWELL_RECONSTRUCT, search = BRACEWELL_SEARCH,
                  refine = BRACEWELL_REFINE;

/// A command on ranks; without MPI one rank alone can be had.
std::string on_ranks(int ranks, const std::string& command) {
  // Open MPI wants to be told that root may, that there may be more ranks than cores, and that they may share these.
  return "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 "
         "OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none timeout 300 " BRACEWELL_MPIEXEC " -n " +
         std::to_string(ranks) + " " + command;
}

void needs_mpi() {
  if (std::string(BRACEWELL_MPIEXEC).empty()) SKIP("the programs are built without MPI, which was not found or not wanted");
}

/// The mean of a map over a group whose rotations turn axes into axes. Planes of index 0, which have no partners, are cleared.
void symmetrise(Map& map, const std::string& name) {
  const int n = int(map.density.extent(0)), c = n / 2;
  const Volume mean("mean", n, n, n);
  const auto group = bw::symmetry_group(name);
  for (int z = 1; z < n; ++z)
    for (int y = 1; y < n; ++y)
      for (int x = 1; x < n; ++x)
        for (const auto& g : group) {
          const double at[3] = {double(x - c), double(y - c), double(z - c)};
          int to[3];
          for (std::size_t i = 0; i < 3; ++i)
            to[i] = c + int(std::lround(g[i][0] * at[0] + g[i][1] * at[1] + g[i][2] * at[2]));
          mean(z, y, x) += map.density(to[2], to[1], to[0]) / float(group.size());
        }
  map.density = mean;
}

struct Optics {
  int box;
  double pixel, voltage;
};

/// Particles at random poses, `count` of each group, one after the other in turn.
Particles random_particles(std::uint64_t seed, long count, const std::vector<Optics>& groups) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<double> normal;
  Particles particles;
  for (const Optics& optics : groups) {
    OpticsGroup group;
    group.name = "group" + std::to_string(particles.groups.size() + 1);
    group.pixel = optics.pixel;
    group.box = optics.box;
    group.voltage = optics.voltage;
    group.spherical_aberration = 2.7;
    group.amplitude_contrast = 0.1;
    particles.groups.push_back(group);
  }
  for (long i = 0; i < count * long(groups.size()); ++i) {
    Particle p;
    p.group = std::int32_t(i % long(groups.size()));
    const double angles[3] = {360 * uniform(generator) - 180, std::acos(1 - 2 * uniform(generator)) * 180 / M_PI,
                              360 * uniform(generator) - 180};
    for (int e = 0; e < 3; ++e) p.angles[e] = angles[e];
    for (int e = 0; e < 2; ++e) p.shift[e] = 9 * normal(generator);
    const double defocus = 10000 + 15000 * uniform(generator);
    p.defocus[0] = defocus + 400;
    p.defocus[1] = defocus - 400;
    p.defocus_angle = 180 * uniform(generator);
    p.subset = std::int32_t(1 + (i / long(groups.size())) % 2);
    particles.particles.push_back(p);
  }
  for (const Told what : {Told::rotation, Told::shift, Told::pixel, Told::box, Told::voltage, Told::spherical_aberration,
                          Told::amplitude_contrast, Told::defocus, Told::subset})
    particles.told.set(std::size_t(what));
  return particles;
}

Spectra spectra_of_images(const Volume& images) {
  const Spectra spectra("spectra", images.extent(0), images.extent(1), images.extent(2) / 2 + 1);
  rfft<2>(Host(), images, spectra);
  return spectra;
}

Agreement compare_images(const Volume& a, const Volume& b, double part) {
  Agreement result;
  REQUIRE(a.size() == b.size());
  const Spectra f = spectra_of_images(a), g = spectra_of_images(b);
  const int n = int(a.extent(1));
  for (std::size_t p = 0; p < f.extent(0); ++p) {
    double cross = 0, first = 0, second = 0;
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x) {
        const double r = std::hypot(bw::frequency(y, n), x);
        if (r == 0 || r > part * n / 2) continue;
        const double m = bw::multiplicity(x, n);
        cross += m * (f(p, y, x).real() * g(p, y, x).real() + f(p, y, x).imag() * g(p, y, x).imag());
        first += m * std::norm(std::complex<double>(f(p, y, x).real(), f(p, y, x).imag()));
        second += m * std::norm(std::complex<double>(g(p, y, x).real(), g(p, y, x).imag()));
      }
    result.correlation = std::min(result.correlation, cross / std::sqrt(first * second));
    const double ratio = std::sqrt(first / second);
    result.least = std::min(result.least, ratio);
    result.most = std::max(result.most, ratio);
  }
  return result;
}

/// Noisy images of a map at random poses: noisy.star.
void noisy_images(const fs::path& in, const Map& map, std::uint64_t seed, long count, double snr) {
  write_map((in / "map.mrc").string(), map);
  write_star((in / "poses.star").string(), random_particles(seed, count, {{int(map.density.extent(0)), map.voxel, 300}}));
  succeeds(in, project + " --i map.mrc --o clean --ang poses.star --ctf");
  const Volume images = sections(in / "clean.mrcs");
  double power = 0;
  for (std::size_t i = 0; i < images.size(); ++i) power += std::pow(images.data()[i], 2) / double(images.size());
  succeeds(in, project + " --i map.mrc --o noisy --ang poses.star --ctf --seed 4 --add_noise --white_noise " +
                   std::to_string(std::sqrt(power / snr)));
}

void write_particles(const fs::path& path, const Particles& particles) { write_star(path.string(), particles); }

}  // namespace

TEST_CASE("images beside relion_project's", "[particle_programs][relion]") {
  needs_relion();
  const fs::path in = folder("project_relion");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  write_particles(in / "poses.star", random_particles(1, 20, {{n, map.voxel, 300}}));
  for (const std::string use : {"", " --ctf", " --ctf --ctf_phase_flip", " --ctf --ctf_intact_first_peak"}) {
    succeeds(in, "relion_project --i map.mrc --o relion --ang poses.star --angpix " + std::to_string(map.voxel) + use);
    succeeds(in, project + " --i map.mrc --o ours --ang poses.star --kernel linear" + use);
    succeeds(in, project + " --i map.mrc --o exact --ang poses.star" + use);
    const Volume relion = sections(in / "relion.mrcs"), ours = sections(in / "ours.mrcs"),
                 exact = sections(in / "exact.mrcs");
    INFO(use);
    const Agreement linear = compare_images(ours, relion, 0.9);
    CAPTURE(linear.correlation, linear.least, linear.most);
    CHECK(linear.correlation > 0.9999);
    CHECK(linear.least > 0.995);
    CHECK(linear.most < 1.005);
    CHECK(compare_images(exact, relion, 0.9).correlation > 0.998);
  }
}

TEST_CASE("contrast transfer beside relion_project's", "[particle_programs][relion]") {
  needs_relion();
  const fs::path in = folder("ctf_relion");
  Map map = truth();
  const int n = int(map.density.extent(0));
  Kokkos::deep_copy(map.density, 0);
  map.density(n / 2, n / 2, n / 2) = 1000;  // at the origin, images of which are the transform of C
  write_map((in / "map.mrc").string(), map);
  Particles particles = random_particles(2, 12, {{n, map.voxel, 200}, {n, map.voxel, 300}});
  for (Particle& p : particles.particles)
    for (double& s : p.shift) s = 0;
  write_particles(in / "poses.star", particles);
  for (const char* const program : {"relion_project", project.c_str()})
    for (const std::string use : {"", " --ctf"})
      succeeds(in, std::string(program) + " --i map.mrc --ang poses.star --angpix " + std::to_string(map.voxel) + " --o " +
                       (program == project ? "ours" : "relion") + (use.empty() ? "" : "_ctf") + use);
  const auto transfer = [&](const std::string& name) {
    const Spectra with = spectra_of_images(sections(in / (name + "_ctf.mrcs"))),
                  without = spectra_of_images(sections(in / (name + ".mrcs")));
    std::vector<double> c;
    for (std::size_t p = 0; p < with.extent(0); ++p)
      for (int y = 0; y < n; ++y)
        for (int x = 0; x <= n / 2; ++x)
          if (std::hypot(bw::frequency(y, n), x) <= 0.9 * n / 2) {
            const std::complex<double> u(with(p, y, x).real(), with(p, y, x).imag()),
                v(without(p, y, x).real(), without(p, y, x).imag());
            c.push_back((u / v).real());
          }
    return c;
  };
  const auto ours = transfer("ours"), relion = transfer("relion");
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) worst = std::max(worst, std::abs(ours[i] - relion[i]));
  CHECK(worst < 1e-5);
}

TEST_CASE("maps beside relion_reconstruct's", "[particle_programs][relion]") {
  needs_relion();
  const fs::path in = folder("reconstruct_relion");
  const int n = int(truth().density.extent(0));
  write_particles(in / "poses.star", random_particles(3, 300, {{n, truth().voxel, 300}}));
  for (const std::string ctf : {"", " --ctf"})
    for (const std::string symmetry : {"C1", "D2", "O"}) {
      Map map = truth();
      symmetrise(map, symmetry);
      write_map((in / "map.mrc").string(), map);
      succeeds(in, project + " --i map.mrc --o images --ang poses.star --kernel kaiser-bessel-6" + ctf);
      succeeds(in, "relion_reconstruct --i images.star --o relion.mrc --sym " + symmetry + ctf);
      succeeds(in, reconstruct + " --i images.star --o ours.mrc --sym " + symmetry + ctf);
      const Volume ours = sections(in / "ours.mrc"), relion = sections(in / "relion.mrc");
      const Agreement agreement = compare_maps(ours, relion, 0.9, 2);  // RELION loses the mean, and some of shell 1
      CAPTURE(symmetry, ctf, agreement.correlation, agreement.least, agreement.most);
      CHECK(agreement.correlation > 0.99);
      const double tolerance = symmetry == "C1" ? 0.02 : 0.05;  // RELION's amplitudes of single shells are 4 % off there
      CHECK(agreement.least > 1 - tolerance);
      CHECK(agreement.most < 1 + tolerance);
      const Agreement with_truth = compare_maps(ours, map.density, 0.9);
      CHECK(with_truth.correlation >= compare_maps(relion, map.density, 0.9).correlation);
      CHECK(with_truth.least > 0.98);
      CHECK(with_truth.most < 1.02);
    }
}

TEST_CASE("two groups of optics beside relion_reconstruct's", "[particle_programs][relion]") {
  needs_relion();
  const fs::path in = folder("groups_relion");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  write_particles(in / "poses.star", random_particles(4, 250, {{n, map.voxel, 300}, {40, map.voxel * n / 40, 200}}));
  succeeds(in, project + " --i map.mrc --o images --ang poses.star --kernel kaiser-bessel-6 --ctf");
  CHECK(sections(in / "images_1.mrcs").extent(1) == std::size_t(n));
  CHECK(sections(in / "images_2.mrcs").extent(1) == 40);
  succeeds(in, "relion_reconstruct --i images.star --o relion.mrc --ctf");
  succeeds(in, reconstruct + " --i images.star --o ours.mrc --ctf");
  const Agreement agreement = compare_maps(sections(in / "ours.mrc"), sections(in / "relion.mrc"), 0.9, 2);
  CAPTURE(agreement.correlation, agreement.least, agreement.most);
  CHECK(agreement.correlation > 0.99);
  const Agreement with_truth = compare_maps(sections(in / "ours.mrc"), map.density, 0.9);
  CAPTURE(with_truth.correlation, with_truth.least, with_truth.most);
  CHECK(with_truth.correlation > 0.995);
  CHECK(with_truth.least > 0.98);
  CHECK(with_truth.most < 1.02);
}

TEST_CASE("a map comes back from its images, the mean and odd boxes too", "[particle_programs]") {
  const fs::path in = folder("round_trip");
  const Map whole = truth();
  for (const int n : {31, 32}) {
    Map map = whole;
    map.density = Volume("map", n, n, n);
    for (int z = 0; z < n; ++z)
      for (int y = 0; y < n; ++y)
        for (int x = 0; x < n; ++x)
          map.density(z, y, x) = whole.density(z + 16 - n / 2, y + 16 - n / 2, x + 16 - n / 2) + 0.01f;
    write_map((in / "map.mrc").string(), map);
    write_particles(in / "poses.star", random_particles(5, 400, {{n, map.voxel, 300}}));
    succeeds(in, project + " --i map.mrc --o images --ang poses.star --kernel kaiser-bessel-6 --ctf");
    succeeds(in, reconstruct + " --i images.star --o ours.mrc --ctf --iter 12");
    const Volume ours = sections(in / "ours.mrc");
    const Agreement agreement = compare_maps(ours, map.density, 0.9, 0);
    CAPTURE(n, agreement.correlation, agreement.least, agreement.most);
    CHECK(agreement.correlation > 0.998);  // the box cuts the map off: frequencies that no image has
    CHECK(agreement.least > 0.98);
    CHECK(agreement.most < 1.02);
    for (const char* const half : {"ours_half1.mrc", "ours_half2.mrc"})
      CHECK(compare_maps(sections(in / half), map.density, 0.9).correlation > 0.99);
    CHECK(fs::exists(in / "ours_fsc.star"));
    CHECK(fs::file_size(in / "ours_fsc.png") > 1000);

    // Another voxel size keeps densities: means of the box, whose side stays.
    succeeds(in, reconstruct + " --i images.star --o coarse.mrc --ctf --newbox 24 --one_map --drop_mean");
    const Volume coarse = sections(in / "coarse.mrc");
    CHECK(coarse.extent(0) == 24);
    MrcReader reader((in / "coarse.mrc").string());
    CHECK(std::abs(reader.voxel("") - map.voxel * n / 24) < 1e-4);
    double most[2] = {};
    for (std::size_t i = 0; i < coarse.size(); ++i) most[0] = std::max<double>(most[0], coarse.data()[i]);
    for (std::size_t i = 0; i < ours.size(); ++i) most[1] = std::max<double>(most[1], ours.data()[i]);
    CHECK(most[0] > 0.6 * most[1]);
    CHECK(most[0] < 1.2 * most[1]);
  }
}

TEST_CASE("a run that was stopped goes on, and ends as if it had not been", "[particle_programs]") {
  const fs::path in = folder("resume");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  write_particles(in / "poses.star", random_particles(6, 100, {{n, map.voxel, 300}}));
  succeeds(in, project + " --i map.mrc --o images --ang poses.star --add_noise --white_noise 5 --seed 3");
  const std::string command = reconstruct + " --i images.star --batch 16 --j 1 --o ";
  succeeds(in, command + "whole.mrc");
  const Run stopped = run(in, command + "parts.mrc --stop_after 40");
  CHECK(stopped.code == 130);
  CHECK_THAT(stopped.error, Catch::Matchers::ContainsSubstring("stopped after 48 of 100 images"));
  CHECK(fs::exists(in / "parts.checkpoint"));
  CHECK(!fs::exists(in / "parts.mrc"));
  refused(in, command + "parts.mrc --resume --pad 2", "of other particles or options");
  const std::string kept = contents(in / "parts.checkpoint");
  std::ofstream(in / "parts.checkpoint", std::ios::binary) << kept.substr(0, kept.size() - 1);
  refused(in, command + "parts.mrc --resume", "damaged");
  std::ofstream(in / "parts.checkpoint", std::ios::binary) << kept;
  CHECK(run(in, command + "parts.mrc --resume --stop_after 16").code == 130);
  succeeds(in, command + "parts.mrc --resume");
  CHECK(!fs::exists(in / "parts.checkpoint"));
  for (const char* const name : {".mrc", "_half1.mrc", "_half2.mrc"})
    CHECK(contents(in / (std::string("whole") + name)) == contents(in / (std::string("parts") + name)));
  refused(in, command + "whole.mrc --resume", "is not there");
}

TEST_CASE("Ctrl-C and a full disk leave nothing half-written", "[particle_programs]") {
  const fs::path in = folder("interrupted");
  const Map map = truth();
  write_map((in / "map.mrc").string(), map);
  const auto nothing_left = [&](const std::string& name) {
    for (const auto& entry : fs::directory_iterator(in))
      if (entry.path().filename().string().rfind(name, 0) == 0) return false;
    return true;
  };
  const std::string endless = project + " --i map.mrc --o images --nr_uniform 1000000";
  // A signal as soon as something is there; a shell's background commands ignore SIGINT, and SIGTERM is the same to the programs.
  const auto signalled = [&](const std::string& command, const std::string& begun) {
    return run(in,
               "sh -c '" + command + " & while ! " + begun + " && kill -0 $!; do sleep 0.02; done; kill -TERM $!; wait $!'");
  };
  const Run interrupted = signalled(endless, "test -s images.mrcs.part");
  INFO(interrupted.error);
  CHECK(interrupted.code == 130);
  CHECK_THAT(interrupted.error, Catch::Matchers::ContainsSubstring("interrupted"));
  CHECK(nothing_left("images"));
  // Files of 1 MB at most, as if the disk were full there.
  const Run full = run(in, "trap '' XFSZ; ulimit -f 1024; " + endless);
  INFO(full.error);
  CHECK(full.code == 2);
  CHECK_THAT(full.error, Catch::Matchers::ContainsSubstring("cannot write images.mrcs"));
  CHECK(nothing_left("images"));

  // What is added up is kept.
  succeeds(in, project + " --i map.mrc --o some --nr_uniform 200");
  std::string star = contents(in / "some.star");
  const auto rows = star.substr(star.find("000001@"));
  for (int i = 0; i < 9; ++i) star.insert(star.size(), star.substr(star.size() - rows.size()));  // thousands of particles
  std::ofstream(in / "many.star") << star;
  const Run stopped = signalled(reconstruct + " --i many.star --o map_of_many.mrc --sym O", "grep -q % stderr");
  INFO(stopped.error);
  CHECK(stopped.code == 130);
  CHECK_THAT(stopped.error, Catch::Matchers::ContainsSubstring("--resume goes on"));
  CHECK(fs::exists(in / "map_of_many.checkpoint"));
  CHECK(!fs::exists(in / "map_of_many.mrc"));
}

TEST_CASE("noise, seeds, subtraction, single images and turned maps", "[particle_programs]") {
  const fs::path in = folder("project");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  write_particles(in / "poses.star", random_particles(7, 30, {{n, map.voxel, 300}}));
  const std::string command = project + " --i map.mrc --ang poses.star --ctf --o ";
  succeeds(in, command + "clean");
  for (const std::string name : {"a --seed 1", "b --seed 1", "c", "d"})
    succeeds(in, command + name + " --add_noise --white_noise 4");
  CHECK(contents(in / "a.mrcs") == contents(in / "b.mrcs"));
  CHECK(contents(in / "c.mrcs") != contents(in / "d.mrcs"));
  const Volume clean = sections(in / "clean.mrcs"), noisy = sections(in / "a.mrcs");
  double squares = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) squares += std::pow(noisy.data()[i] - clean.data()[i], 2);
  const double deviation = std::sqrt(squares / double(clean.size()));
  CHECK(std::abs(deviation - 4) < 5 * 4 / std::sqrt(2.0 * double(clean.size())));

  // Images minus the map's are nothing.
  succeeds(in, project + " --i map.mrc --ang clean.star --ctf --subtract_exp --o nothing");
  const Volume nothing = sections(in / "nothing.mrcs");
  float largest = 0, most = 0;
  for (std::size_t i = 0; i < nothing.size(); ++i) {
    largest = std::max(largest, std::abs(nothing.data()[i]));
    most = std::max(most, std::abs(clean.data()[i]));
  }
  CHECK(largest <= 1e-5f * most);  // once through a file

  // One image is the stack's, by angles and origins in pixels.
  const Particles particles = read_particles({(in / "clean.star").string()});
  const Particle& p = particles.particles[3];
  std::ostringstream one;
  one.precision(17);
  one << project << " --i map.mrc --o one.mrc --rot " << p.angles[0] << " --tilt " << p.angles[1] << " --psi " << p.angles[2]
      << " --xoff " << -p.shift[0] / map.voxel << " --yoff " << -p.shift[1] / map.voxel;
  succeeds(in, one.str());
  succeeds(in, project + " --i map.mrc --ang poses.star --o plain");
  const Volume single = sections(in / "one.mrc"), plain = sections(in / "plain.mrcs");
  CHECK(single.extent(0) == 1);
  float difference = 0;
  for (std::size_t i = 0; i < single.size(); ++i)
    difference = std::max(difference, std::abs(single.data()[i] - plain.data()[3 * single.size() + i]));
  CHECK(difference <= 1e-5f * most);

  // A turn of 90° about z: an image of the turned map at the identity is one of the map at that pose.
  succeeds(in, project + " --i map.mrc --o turned.mrc --3d_rot --rot 90");
  succeeds(in, project + " --i turned.mrc --o view_a.mrc");
  succeeds(in, project + " --i map.mrc --o view_b.mrc --rot 90");
  CHECK(compare_images(sections(in / "view_a.mrc"), sections(in / "view_b.mrc"), 0.9).correlation > 0.9999);

  // Random poses, as many as wanted, named in the metadata.
  succeeds(in, project + " --i map.mrc --o random --nr_uniform 7 --sigma_offset 2 --seed 5");
  const Particles random = read_particles({(in / "random.star").string()});
  CHECK(random.particles.size() == 7);
  CHECK(random.particles[2].shift[0] != 0);
  CHECK(random.stacks == std::vector<std::string>{"random.mrcs"});
  CHECK(sections(in / "random.mrcs").extent(0) == 7);
  succeeds(in, project + " --i map.mrc --o again --ang random.star");  // shifts that are written were applied
  CHECK(compare_images(sections(in / "again.mrcs"), sections(in / "random.mrcs"), 1).correlation > 0.999999);
}

TEST_CASE("poses are found", "[particle_programs]") {
  const fs::path in = folder("search");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  Particles particles = random_particles(9, 60, {{n, map.voxel, 300}});
  write_particles(in / "poses.star", particles);
  const auto errors = [&](const std::string& found) {
    const Particles now = read_particles({(in / found).string()});
    std::pair<std::vector<double>, std::vector<double>> all;
    for (std::size_t p = 0; p < now.particles.size(); ++p) {
      const auto rotation = [](const Particle& q) { return bw::rotation_zyz(q.angles[0], q.angles[1], q.angles[2]); };
      const Particle &a = now.particles[p], &b = particles.particles[p];
      all.first.push_back(bw::angular_distance(rotation(a), rotation(b)) * 180 / M_PI);
      all.second.push_back(std::hypot(a.shift[0] - b.shift[0], a.shift[1] - b.shift[1]) / map.voxel);
    }
    for (auto* const values : {&all.first, &all.second}) std::sort(values->begin(), values->end());
    return all;
  };
  const std::string from_file = " --ctf --ref map.mrc --healpix_order 2 --offset_range 4 --i ";
  succeeds(in, project + " --i map.mrc --o clean --ang poses.star --ctf");
  succeeds(in, search + from_file + "clean.star --o found.star");
  const auto [angles, shifts] = errors("found.star");
  CHECK(angles[30] < 1.2);  // degrees: the last step is 0.9
  CHECK(shifts[30] < 0.1);
  CHECK(angles[57] < 15);  // at least 95 % within a step of the grid
  succeeds(in, search + from_file + "clean.star --o likely.star --likelihood");
  CHECK(errors("likely.star").first[30] < 1.2);

  // The power of the signal is some tenth of the noise's.
  const Volume images = sections(in / "clean.mrcs");
  double power = 0;
  for (std::size_t i = 0; i < images.size(); ++i) power += std::pow(images.data()[i], 2) / double(images.size());
  succeeds(in, project + " --i map.mrc --o noisy --ang poses.star --ctf --seed 4 --add_noise --white_noise " +
                   std::to_string(std::sqrt(10 * power)));
  succeeds(in, search + from_file + "noisy.star --o noisy_found.star --likelihood");
  const auto noisy = errors("noisy_found.star");
  CAPTURE(noisy.first, noisy.second);
  CHECK(noisy.first[30] < 6);
  refused(in, search + " --i clean.star --ref none.mrc --o out.star", "none.mrc");
  refused(in, search + " --i poses.star --ref map.mrc --o out.star", "image");
}

TEST_CASE("a map is refined from noisy particles", "[particle_programs]") {
  const fs::path in = folder("refine");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  const auto shells = [&](const std::string& name) {
    double sum = 0;
    const auto sums = bw::shell_sums(Host(), bw::Spectrum{spectrum_of_map(sections(in / name)), n},
                                     bw::Spectrum{spectrum_of_map(map.density), n});
    for (std::size_t s = 1; s < sums.cross.size(); ++s) sum += sums.cross[s] / std::sqrt(sums.first[s] * sums.second[s]);
    return sum / double(sums.cross.size() - 1);
  };
  const std::string command = refine +
                              " --i noisy.star --ref map.mrc --ctf --ini_high 60 --particle_diameter 230 --iter 3 "
                              "--healpix_order 1 --o ";
  // More noise: best poses alone are no better than all likely ones.
  noisy_images(in, map, 12, 300, 0.1);
  succeeds(in, command + "likely");
  succeeds(in, command + "hard --hard");
  const double likely = shells("likely.mrc"), hard = shells("hard.mrc");
  CAPTURE(likely, hard);
  CHECK(likely > hard - 0.02);
  CHECK(hard > 0.3);

  noisy_images(in, map, 12, 250, 0.25);
  succeeds(in, command + "refined");
  succeeds(in, reconstruct + " --i noisy.star --o known.mrc --ctf --wiener --mask_diameter 230");
  const double refined = shells("refined.mrc"), known = shells("known.mrc");
  CAPTURE(refined, known);
  CHECK(refined > known - 0.1);  // the mean FSC with the true map, where true poses give `known`
  CHECK(known > 0.6);
  Particles one_half = read_particles({(in / "noisy.star").string()});
  for (Particle& p : one_half.particles) p.subset = 2;
  write_particles(in / "one_half.star", one_half);
  refused(in, refine + " --i one_half.star --ref map.mrc --ctf --o out", "no particles of the half set 1");
  for (const char* const name : {"refined_half1.mrc", "refined_half2.mrc", "refined.star", "refined_fsc.star",
                                 "refined_fsc.png", "refined_directions.png"})
    CHECK(fs::exists(in / name));
}

TEST_CASE("maps are the same for any number of ranks", "[particle_programs][mpi][nonfinite]") {
  needs_mpi();
  const fs::path in = folder("ranks");
  noisy_images(in, truth(), 13, 200, 1);
  const std::string command = reconstruct + " --i noisy.star --ctf --batch 8 --j 1 --wiener --o ";
  const auto same = [&](const std::string& name) {
    for (const char* const end : {".mrc", "_half1.mrc", "_half2.mrc", "_fsc.star"}) {
      INFO(name << end);
      CHECK(contents(in / ("one" + std::string(end))) == contents(in / (name + end)));
    }
  };
  succeeds(in, command + "one.mrc");
  for (const int ranks : {1, 2, 3, 4}) {
    succeeds(in, on_ranks(ranks, command + "several.mrc"));
    same("several");
  }
  // A run that was stopped goes on with other ranks.
  CHECK(run(in, on_ranks(3, command + "parts.mrc --stop_after 60")).code == 130);
  CHECK(!fs::exists(in / "parts.mrc"));
  succeeds(in, on_ranks(2, command + "parts.mrc --resume"));
  same("parts");

  // What one of them finds wrong ends all, in one line of theirs.
  const auto ends = [&](const std::string& words, const std::string& options) {
    const Run r = run(in, on_ranks(3, command + "wrong.mrc " + options));
    INFO(options << r.output << r.error);
    CHECK(r.code == 2);
    CHECK_THAT(r.error, Catch::Matchers::ContainsSubstring("bracewell_reconstruct: " + words));
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = r.error.find("bracewell_reconstruct: ", at)) != std::string::npos; ++at) ++lines;
    CHECK(lines == 1);
    CHECK(!fs::exists(in / "wrong.mrc"));
  };
  ends("symmetry_group", "--sym Q");
  ends("The following argument", "--none");
  Volume images = sections(in / "noisy.mrcs");
  images(20, 3, 2) = INFINITY;  // of the second chunk of 8 of the first half
  write_images((in / "noisy.mrcs").string(), images, truth().voxel);
  ends("rank 1: ", "");
}

TEST_CASE("a refinement of which a rank was killed ends as if none had been", "[particle_programs][mpi]") {
  const fs::path in = folder("killed");
  noisy_images(in, truth(), 14, 160, 0.5);
  const std::string command =
      refine +
      " --i noisy.star --ref map.mrc --ctf --ini_high 60 --particle_diameter 230 --iter 4 --healpix_order 1 --j 1 --o ";
  const auto same = [&](const std::string& name) {
    for (const char* const end : {".mrc", ".star", "_half1.mrc", "_half2.mrc", "_fsc.star"}) {
      INFO(name << end);
      CHECK(contents(in / ("whole" + std::string(end))) == contents(in / (name + end)));
    }
  };
  succeeds(in, command + "whole");
  CHECK(!fs::exists(in / "whole.checkpoint"));
  // As soon as there is a checkpoint, one process, or the last of its children, is killed.
  const auto killed = [&](const std::string& line, bool child) {
    const Run r =
        run(in, "sh -c '" + line + " & while ! test -s parts.checkpoint && kill -0 $!; do sleep 0.02; done; kill -KILL $(" +
                    (child ? "pgrep -P $(pgrep -P $!) | tail -n 1" : "echo $!") + "); wait $!'");
    INFO(line << r.output << r.error);
    CHECK(r.code != 0);
    CHECK(fs::exists(in / "parts.checkpoint"));
    CHECK(!fs::exists(in / "parts.mrc"));
  };
  killed(command + "parts", false);
  refused(in, command + "parts --resume --hard", "of other particles or options");
  succeeds(in, command + "parts --resume");
  same("parts");
  if (std::string(BRACEWELL_MPIEXEC).empty()) return;
  for (const int ranks : {1, 2, 4}) {
    fs::remove(in / "parts.mrc");
    killed(on_ranks(ranks, command + "parts"), true);
    succeeds(in, on_ranks(ranks, command + "parts --resume"));
    same("parts");
  }
  fs::remove(in / "parts.mrc");
  killed(on_ranks(2, command + "parts"), true);
  succeeds(in, on_ranks(3, command + "parts --resume"));  // what is there is no matter of ranks
  same("parts");
}

TEST_CASE("what is wrong with particles is told in one line", "[particle_programs][nonfinite]") {
  const fs::path in = folder("refused");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  write_particles(in / "poses.star", random_particles(8, 10, {{n, map.voxel, 300}}));
  succeeds(in, project + " --i map.mrc --o images --ang poses.star --ctf");
  const std::string star = contents(in / "images.star");
  const auto changed = [&](const std::string& name, const std::string& from, const std::string& to) {
    std::string text = star;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    std::ofstream(in / name, std::ios::binary) << text;
    return reconstruct + " --ctf --o out.mrc --i " + name;
  };
  refused(in, changed("missing.star", "000003@images.mrcs", "000003@absent.mrcs"), "absent.mrcs");
  refused(in, changed("beyond.star", "000010@images.mrcs", "000011@images.mrcs"), "11");
  refused(in, changed("box.star", "_rlnAngleRot", "_rlnAngleRotten"), "rlnAngleRot");
  refused(in, changed("defocus.star", "_rlnDefocusU", "_rlnDefocusUnknown"), "rlnDefocusU");
  std::ofstream(in / "cut.mrcs", std::ios::binary) << contents(in / "images.mrcs").substr(0, 20000);
  refused(in, changed("cut.star", "000001@images.mrcs", "000001@cut.mrcs"), "truncated");
  std::ofstream(in / "words.star") << "no particles\n";
  refused(in, reconstruct + " --o out.mrc --i words.star", "words.star");
  refused(in, reconstruct + " --o out.mrc --i none.star", "none.star");
  refused(in, reconstruct + " --o no/out.mrc --i images.star", "folder");
  refused(in, reconstruct + " --o out.mrc --i images.star --sym Q", "'name' is Q");
  refused(in, reconstruct + " --o out.mrc --i images.star --ewald", "slices are flat");
  refused(in, reconstruct + " --o out.mrc --i images.star --subset 3", "--subset");
  refused(in, reconstruct + " --o out.mrc --i images.star --class 2", "rlnClassNumber");
  refused(in, reconstruct + " --o out.mrc --i images.star --only_flip_phases", "--ctf");
  refused(in, reconstruct + " --o out.mrc --i images.star --memory 0.001", "--memory");
  refused(in, refine + " --o out --i images.star --ref map.mrc --memory 0.001", "--memory");
  refused(in, project + " --i map.mrc --ang poses.star --o out --NN", "--kernel");
  refused(in, project + " --i map.mrc --o out --ctf", "--ang");
  refused(in, project + " --i map.mrc --ang poses.star --o out --add_noise", "--white_noise");
  refused(in, project + " --i none.mrc --ang poses.star --o out", "none.mrc");
  refused(in, project + " --i map.mrc --ang poses.star --o no/out", "folder");
  write_particles(in / "small.star", [&] {
    Particles particles = read_particles({(in / "images.star").string()});
    particles.groups[0].box = n - 2;
    return particles;
  }());
  refused(in, reconstruct + " --o out.mrc --i small.star", "pixels along an axis");
  Volume images = sections(in / "images.mrcs");
  images(4, 3, 2) = std::nanf("");
  write_images((in / "nan.mrcs").string(), images, map.voxel);
  std::string text = star;
  for (std::size_t at; (at = text.find("@images.mrcs")) != std::string::npos;) text.replace(at, 12, "@nan.mrcs");
  std::ofstream(in / "nan.star") << text;
  refused(in, reconstruct + " --o out.mrc --i nan.star", "not finite");
}

TEST_CASE("images of other packages' particles are made again", "[particle_programs]") {
  const fs::path data = fs::path(BRACEWELL_SHARED_DATA) / "poses";
  if (!fs::exists(data)) SKIP("the shared data are not there");
  const fs::path in = folder("shared");
  for (const std::string pad : {"1", "2", "3"}) {
    const std::string name = "simplecryoem_relion_proj_batch" + (pad == "1" ? "" : "_pfac" + pad);
    const fs::path given = data / (name + ".mrcs");
    succeeds(in, project + " --i '" + (data / "simplecryoem_pointmass.mrc").string() + "' --ang '" +
                     (data / (name + ".star")).string() + "' --ctf --kernel linear --o ours --pad " + pad);
    const Agreement agreement = compare_images(sections(in / "ours.mrcs"), sections(given), 0.9);
    CAPTURE(pad, agreement.correlation);
    CHECK(agreement.correlation > 0.9999);
  }
  // RELION's images of odd boxes lie a pixel further along both axes.
  const fs::path map = fs::path(BRACEWELL_SHARED_DATA) / "maps" / "aspire_clean70SRibosome_65.mrc";
  for (const std::string name : {"rln_proj_65_centered", "rln_proj_65_shifted"}) {
    const fs::path given = data / "aspire_relion" / name;
    Particles particles = read_particles({given.string() + ".star"});
    for (Particle& p : particles.particles)
      for (int e = 0; e < 2; ++e) p.shift[e] += 1;  // of 1 Å
    write_particles(in / "moved.star", particles);
    succeeds(in, project + " --i '" + map.string() + "' --angpix 1 --ang moved.star --kernel linear --o ours");
    const Agreement agreement = compare_images(sections(in / "ours.mrcs"), sections(given.string() + ".mrcs"), 0.9);
    CAPTURE(name, agreement.correlation);
    CHECK(agreement.correlation > 0.999);  // Fourier sums reach 0.9997 of these
  }
}

TEST_CASE("magnification is taken out as relion_reconstruct does", "[particle_programs][relion]") {
  needs_relion();
  const fs::path in = folder("magnification_relion");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  Particles particles = random_particles(10, 300, {{n, map.voxel, 300}});
  auto& magnification = particles.groups[0].magnification;
  magnification[0][0] = 1.06;
  magnification[0][1] = 0.04;
  magnification[1][0] = -0.02;
  magnification[1][1] = 0.96;
  particles.told.set(std::size_t(Told::magnification));
  write_particles(in / "poses.star", particles);
  succeeds(in, project + " --i map.mrc --o images --ang poses.star --ctf --kernel kaiser-bessel-6");
  for (const std::string program : {"relion_reconstruct", reconstruct.c_str()}) {
    succeeds(in, program + " --i images.star --o map_again.mrc --ctf");
    const Agreement agreement = compare_maps(sections(in / "map_again.mrc"), map.density, 0.8, 2);
    CAPTURE(program, agreement.correlation, agreement.least, agreement.most);
    CHECK(agreement.correlation > 0.99);
  }
}

TEST_CASE("beam tilt is taken out as relion_reconstruct does", "[particle_programs][relion]") {
  needs_relion();
  const fs::path in = folder("tilt_relion");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  write_map((in / "map.mrc").string(), map);
  Particles particles = random_particles(11, 300, {{n, map.voxel, 300}});
  write_particles(in / "poses.star", particles);
  succeeds(in, project + " --i map.mrc --o images --ang poses.star --ctf --kernel kaiser-bessel-6");
  // A tilt that the images do not have: both programs turn phases by it.
  particles = read_particles({(in / "images.star").string()});
  particles.groups[0].beam_tilt[0] = 220;
  particles.groups[0].beam_tilt[1] = -90;
  particles.told.set(std::size_t(Told::beam_tilt));
  write_particles(in / "tilted.star", particles);
  succeeds(in, "relion_reconstruct --i tilted.star --o relion.mrc --ctf");
  succeeds(in, reconstruct + " --i tilted.star --o ours.mrc --ctf");
  const Agreement agreement = compare_maps(sections(in / "ours.mrc"), sections(in / "relion.mrc"), 0.8, 2);
  const Agreement with_truth = compare_maps(sections(in / "ours.mrc"), map.density, 0.8, 2);
  CAPTURE(agreement.correlation, with_truth.correlation);
  CHECK(agreement.correlation > 0.98);  // the other sign: 0.79
  CHECK(with_truth.correlation < 0.97);
}
