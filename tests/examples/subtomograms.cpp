// SPDX-License-Identifier: MIT
// Subtomograms against sums of Gaussians, which are turned in closed form, and the 30S subunit; average_subtomograms as a command.
#include "common/subtomograms.hpp"
#include "common/half_maps.hpp"

#include <bracewell/so3.hpp>
#include <bracewell/symmetry.hpp>

#include "programs.hpp"
#include "support/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <complex>
#include <functional>

namespace bw = bracewell;
using namespace examples;
using namespace programs;
using support::Random;

namespace {

using Complex = std::complex<double>;
const std::string average = BRACEWELL_AVERAGE;

/// Whether tilts measured a frequency: by its angle.
bool measured(double least, double most, double x, double z) {
  if (x == 0 && z == 0) return true;
  const double tilt = std::atan2(x < 0 ? z : -z, std::abs(x)) * 180 / M_PI;
  return (tilt >= least - 1e-4 && tilt <= most + 1e-4) || (x == 0 && -tilt >= least - 1e-4 && -tilt <= most + 1e-4);
}

struct Pose {
  bw::Matrix3 rotation;
  double shift[3];  // voxels
};

std::vector<Pose> random_poses(std::size_t count, unsigned seed, double range) {
  Random random(seed);
  std::vector<Pose> poses;
  for (const auto& rotation : bw::random_rotations(count, seed)) {
    Pose pose{rotation, {}};
    for (double& t : pose.shift) t = random.uniform(-range, range);
    poses.push_back(pose);
  }
  return poses;
}

const Pose at_rest{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, {0, 0, 0}};

/// A sum of Gaussians, turned and moved: image = R · object + t.
Volume gaussians(int n, const Pose& pose, double width = 1.6) {
  const double centres[][4] = {{4, 1, -2, 1}, {-3, 4, 1, 0.8}, {0, -5, 3, 1.2}, {2, 2, 5, 0.6}, {-4, -2, -4, 1}};
  const Volume map("map", n, n, n);
  for (const auto& c : centres) {
    double at[3];
    for (std::size_t e = 0; e < 3; ++e)
      at[e] = pose.rotation[e][0] * c[0] + pose.rotation[e][1] * c[1] + pose.rotation[e][2] * c[2] + pose.shift[e];
    for (int z = 0; z < n; ++z)
      for (int y = 0; y < n; ++y)
        for (int x = 0; x < n; ++x) {
          const double r = std::hypot(x - n / 2 - at[0], y - n / 2 - at[1], z - n / 2 - at[2]);
          map(z, y, x) += float(c[3] * std::exp(-r * r / (2 * width * width)));
        }
  }
  return map;
}

/// A map turned and moved, by 6 taps: 6e-5 from Fourier sums.
std::vector<Volume> turned(const Map& map, const std::vector<Pose>& poses) {
  const long n = long(map.density.extent(0));
  bw::Projector<float, bw::Fftw, bw::KaiserBessel<3>, 3, 3, Host> projector(Host(), {n, n, n}, {n, n, n}, {.batch = 1});
  projector.load(Host(), map.density);
  std::vector<Volume> volumes;
  const HostArray<double* [3][3]> rotations("rotations", 1);
  const HostArray<double* [3]> shifts("shifts", 1);
  const HostArray<float****> volume("volume", 1, n, n, n);
  for (const Pose& pose : poses) {
    for (std::size_t e = 0; e < 3; ++e) {
      for (std::size_t d = 0; d < 3; ++d) rotations(0, e, d) = pose.rotation[e][d];
      shifts(0, e) = pose.shift[e];
    }
    projector.project(Host(), bw::Poses{rotations, shifts}, volume);
    Host().fence();
    volumes.emplace_back("volume", n, n, n);
    Kokkos::deep_copy(volumes.back(), Kokkos::subview(volume, 0, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL));
  }
  return volumes;
}

/// Adds noise of a deviation, and takes away what tilts did not measure.
void spoil(const Volume& volume, Random& random, double deviation, double least, double most) {
  const int n = int(volume.extent(0));
  for (std::size_t i = 0; i < volume.size(); ++i) volume.data()[i] += float(deviation * random.normal());
  const Spectra spectrum = spectrum_of_map(volume);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x <= n / 2; ++x)
        if (!measured(least, most, x, bw::frequency(z, n))) spectrum(z, y, x) = 0;
  irfft<3>(Host(), spectrum, volume);
}

double deviation_of(const Volume& volume) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < volume.size(); ++i) {
    sum += volume.data()[i];
    squares += volume.data()[i] * volume.data()[i];
  }
  const double count = double(volume.size());
  return std::sqrt(squares / count - sum * sum / count / count);
}

/// Metadata of volumes particle_00001.mrc, … of poses.
Particles described(const std::vector<Pose>& poses, int n, double voxel) {
  Particles particles;
  OpticsGroup group;
  group.name = "volumes";
  group.pixel = voxel;
  group.box = n;
  group.dimensions = 3;
  group.voltage = 300;  // without these RELION reads no images
  group.spherical_aberration = 2.7;
  group.amplitude_contrast = 0.1;
  particles.groups.push_back(group);
  for (std::size_t i = 0; i < poses.size(); ++i) {
    Particle p;
    p.stack = std::int32_t(i);
    p.tag = std::int64_t(i) + 1;
    char name[32];
    std::snprintf(name, sizeof name, "particle_%05d.mrc", int(i) + 1);
    particles.stacks.emplace_back(name);
    set_angles(p, poses[i].rotation);
    for (int d = 0; d < 3; ++d) p.shift[d] = poses[i].shift[d] * voxel;
    particles.particles.push_back(p);
  }
  for (const Told what : {Told::image, Told::rotation, Told::shift, Told::pixel, Told::box, Told::voltage,
                          Told::spherical_aberration, Told::amplitude_contrast})
    particles.told.set(std::size_t(what));
  return particles;
}

/// Writes volumes and their metadata: poses.star, poses.tbl.
void write_volumes(const fs::path& in, const std::vector<Volume>& volumes, Particles& particles) {
  Map map;
  map.voxel = particles.groups[0].pixel;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    map.density = volumes[i];
    write_map((in / particles.stacks[i]).string(), map);
  }
  write_star((in / "poses.star").string(), particles);
  write_particles((in / "poses.tbl").string(), particles, ParticleFormat::dynamo);
}

/// Noisy copies of a map: poses.star, and the map itself.
struct Copies {
  std::vector<Pose> poses;
  Particles particles;
  std::vector<Volume> volumes;
};

Copies copies(const fs::path& in, const Map& map, std::size_t count, double snr, double least, double most, unsigned seed) {
  Copies all;
  all.poses = random_poses(count, seed, 2);
  all.volumes = turned(map, all.poses);
  Random random(seed);
  const double deviation = snr > 0 ? deviation_of(map.density) / std::sqrt(snr) : 0;
  for (const Volume& volume : all.volumes) spoil(volume, random, deviation, least, most);
  all.particles = described(all.poses, int(map.density.extent(0)), map.voxel);
  write_volumes(in, all.volumes, all.particles);
  write_map((in / "truth.mrc").string(), map);
  return all;
}

/// FSC with a map, and amplitudes over its, of shells from 1 on.
struct Curves {
  std::vector<double> fsc{1}, amplitude{1};
  double mean(std::size_t last) const {
    double sum = 0;
    for (std::size_t s = 1; s <= last; ++s) sum += fsc[s] / double(last);
    return sum;
  }
};

Curves curves(const Volume& a, const Volume& b) {
  Curves result;
  const int n = int(a.extent(0));
  const auto sums = bw::shell_sums(Host(), bw::Spectrum{spectrum_of_map(a), n}, bw::Spectrum{spectrum_of_map(b), n});
  for (std::size_t s = 1; s < sums.cross.size(); ++s) {
    result.fsc.push_back(sums.cross[s] / std::sqrt(sums.first[s] * sums.second[s]));
    result.amplitude.push_back(sums.cross[s] / sums.second[s]);
  }
  return result;
}

/// Degrees and Å between poses that are told and true, in rising order.
std::pair<std::vector<double>, std::vector<double>> errors(const Particles& found, const Particles& truth) {
  std::pair<std::vector<double>, std::vector<double>> all;
  for (std::size_t i = 0; i < found.particles.size(); ++i) {
    all.first.push_back(turn_between(found.particles[i], truth.particles[i]));
    all.second.push_back(move_between(found.particles[i], truth.particles[i]));
  }
  for (auto* const values : {&all.first, &all.second}) std::sort(values->begin(), values->end());
  return all;
}

std::string list(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += std::to_string(value) + " ";
  return text;
}

/// The average of particles within tilts of ±60°, with what was measured of each, and as if all had been.
std::pair<Curves, Curves> weighted_and_plain(const fs::path& in, const Map& map, const std::string& options) {
  const std::string command = average + options + " --i poses.star --wedge ";
  succeeds(in, command + "-60 60 --o average");
  succeeds(in, command + "-90 90 --o plain");
  return {curves(sections(in / "average.mrc"), map.density), curves(sections(in / "plain.mrc"), map.density)};
}

}  // namespace

TEST_CASE("a wedge has the planes of its tilts, and no others", "[subtomograms]") {
  Random random(31000);
  INFO("seed " << random.seed);
  for (const auto& [least, most] : {std::pair{-60.0, 60.0}, {-40.0, 62.0}, {-90.0, 90.0}, {-90.0, 10.0}, {20.0, 90.0}}) {
    const Wedge wedge(least, most);
    for (int i = 0; i < 2000; ++i) {
      // A sample of the plane of an image at a tilt.
      const double tilt = random.uniform(-89.9, 89.9), k[2] = {random.uniform(-1, 1), random.uniform(-1, 1)};
      const auto rotation = bw::rotation_zyz(0, tilt, 0);
      double at[3];
      for (std::size_t d = 0; d < 3; ++d) at[d] = rotation[0][d] * k[0] + rotation[1][d] * k[1];
      CAPTURE(least, most, tilt);
      REQUIRE(wedge.has(at[0], at[2]) == (tilt >= least && tilt <= most));
      REQUIRE(wedge.has(-at[0], -at[2]) == wedge.has(at[0], at[2]));
    }
    for (int x = -8; x <= 8; ++x)
      for (int z = -8; z <= 8; ++z) {
        CAPTURE(least, most, x, z);
        CHECK(wedge.has(x, z) == measured(least, most, x, z));
      }
  }
  CHECK(Wedge().has(0, 1));
  CHECK(fault_of_tilts(-60, 60).empty());
  for (const auto& [least, most] : {std::pair{60.0, -60.0}, {10.0, 10.0}, {-91.0, 10.0}, {0.0, 90.5}})
    CHECK(!fault_of_tilts(least, most).empty());
}

TEST_CASE("slices of a sum of Gaussians are its transform, turned and moved", "[subtomograms]") {
  const int n = 32;
  const Band band(n, 9.6, 3);
  ReferenceOf<3> reference(gaussians(n, at_rest), n, 1);
  const auto poses = random_poses(6, 31001, 3);
  std::vector<bw::Matrix3> rotations;
  for (const Pose& pose : poses) rotations.push_back(pose.rotation);
  RowMatrix slices, squares;
  reference.cut(band, rotations, 0, rotations.size(), slices, squares);
  for (std::size_t p = 0; p < poses.size(); ++p) {
    const Volume volume = gaussians(n, poses[p]);
    SpectraOf<3> spectra(n, 1);
    spectra.load(volume.data(), 1);
    SearchImages rows(band, 1);
    rows.fill(
        0, spectra[0], [](const auto&) { return 1.0; }, [](const auto&) { return 1.0; });
    RowMatrix moved(1, 2 * band.size());
    rows.shifted(0, {poses[p].shift[0], poses[p].shift[1], poses[p].shift[2]}, moved.data());
    double difference = 0, power = 0;
    for (int k = 0; k < band.size(); ++k)
      for (int part = 0; part < 2; ++part) {
        const double m = band.samples[std::size_t(k)].multiplicity, slice = m * slices(Eigen::Index(p), 2 * k + part);
        difference += std::pow(moved(0, 2 * k + part) - slice, 2);
        power += slice * slice;
      }
    CHECK(std::sqrt(difference / power) < 2e-3);  // Kaiser-Bessel, 4 taps, padding 1.5: 1.2e-3
  }
}

TEST_CASE("scores of subtomograms are sums over what was measured", "[subtomograms]") {
  Random random(31002);
  INFO("seed " << random.seed);
  const int n = 16, volumes = 4;
  const Band band(n, 5.4, 3);
  double count = 0;
  for (const auto& s : band.samples) count += s.multiplicity;
  long want = -1;  // but for k = 0
  for (int z = -n; z <= n; ++z)
    for (int y = -n; y <= n; ++y)
      for (int x = -n; x <= n; ++x) want += x * x + y * y + z * z <= 5.4 * 5.4;
  REQUIRE(count == double(want));

  ReferenceOf<3> reference(gaussians(n, at_rest, 1.1), n, 1);
  const auto rotations = bw::random_rotations(29, 5);
  const auto shifts = shift_grid(2, 1, 3);
  REQUIRE(shifts.size() == 33);
  const double tilts[4][2] = {{-60, 60}, {-40, 55}, {-90, 90}, {-10, 70}};
  const auto weight = [](double radius) { return 1 / (1 + 0.3 * radius); };
  SpectraOf<3> spectra(n, volumes);
  std::vector<float> values(std::size_t(volumes * n * n * n));
  for (float& value : values) value = float(random.normal());
  spectra.load(values.data(), volumes);
  SearchImages rows(band, volumes);
  for (int i = 0; i < volumes; ++i) {
    const Wedge wedge(tilts[i][0], tilts[i][1]);
    rows.fill(
        std::size_t(i), spectra[i], [](const auto&) { return 1.0; },
        [&](const Band::Sample& s) { return wedge.has(s.x, s.z) ? weight(std::hypot(s.x, s.y, s.z)) : 0; });
  }
  RowMatrix slices, squares;
  reference.cut(band, rotations, 0, rotations.size(), slices, squares);
  // All of the lattice by the definition: the spectra in double, from the volumes.
  std::vector<Spectra> exact;
  for (int i = 0; i < volumes; ++i) {
    const Volume volume(values.data() + std::size_t(i) * std::size_t(n * n * n), n, n, n);
    exact.push_back(spectrum_of_map(volume));
  }
  const auto literal = [&](int i, std::size_t p, const Offset& shift, double& scale) {
    double cross = 0, power = 0, own = 0;
    for (int k = 0; k < band.size(); ++k) {
      const auto& s = band.samples[std::size_t(k)];
      if (!measured(tilts[i][0], tilts[i][1], s.x, s.z)) continue;
      const Complex slice(slices(Eigen::Index(p), 2 * k), slices(Eigen::Index(p), 2 * k + 1));
      const auto z = exact[std::size_t(i)](s.z < 0 ? s.z + n : s.z, s.y < 0 ? s.y + n : s.y, s.x);
      const Complex volume =
          Complex(z.real(), z.imag()) * ((s.x + s.y + s.z) % 2 == 0 ? 1.0 : -1.0);  // the origin of 16 voxels is at voxel 8
      const double w = s.multiplicity * weight(std::hypot(s.x, s.y, s.z));
      const Complex model = slice * std::polar(1.0, -2 * M_PI * (s.x * shift.x + s.y * shift.y + s.z * shift.z) / n);
      cross += w * (std::conj(model) * volume).real();
      power += w * std::norm(model);
      own += w * std::norm(volume);
    }
    scale = own;  // what the score is at most, and rounding errors are of
    return 0.5 * cross * std::abs(cross) / power;
  };
  SearchWork work;
  const auto best = search(reference, rows, rotations, shifts, Score::correlation, 3, work, 8);
  for (int i = 0; i < volumes; ++i) {
    std::vector<double> all;
    double scale = 0;
    for (std::size_t p = 0; p < rotations.size(); ++p) {
      double most = -1e300;
      for (const Offset& shift : shifts) most = std::max(most, literal(i, p, shift, scale));
      all.push_back(most);
    }
    std::sort(all.begin(), all.end(), std::greater<>());
    const auto& found = best[std::size_t(i)].list();
    REQUIRE(found.size() == 3);
    for (std::size_t c = 0; c < found.size(); ++c) {
      std::size_t p = 0;
      while (bw::angular_distance(rotations[p], found[c].rotation) > 1e-9) ++p;
      CHECK(std::abs(found[c].score - literal(i, p, found[c].shift, scale)) < 1e-5 * scale);
      CHECK(std::abs(found[c].score - all[c]) < 1e-5 * scale);
    }
    // The neighbours of the best: none is better than what is found among them.
    const auto finer = search_around(reference, rows, best, {0.1, 0.5}, Score::correlation, work);
    const Candidate& top = finer[std::size_t(i)].list().front();
    RowMatrix own, own_squares;
    reference.cut(band, {top.rotation}, 0, 1, own, own_squares);
    slices.row(0) = own.row(0);
    CHECK(std::abs(top.score - literal(i, 0, top.shift, scale)) < 1e-5 * scale);
    CHECK(top.score >= found.front().score * (1 - 1e-5f));
    reference.cut(band, rotations, 0, rotations.size(), slices, squares);
  }
}

TEST_CASE("the average of one volume is the volume turned back", "[subtomograms]") {
  const fs::path in = folder("subtomograms_one");
  for (const int n : {32, 33}) {
    const auto poses = random_poses(1, 31003, 2);
    Particles particles = described(poses, n, 2.5);
    write_volumes(in, {gaussians(n, poses[0])}, particles);
    succeeds(in, average + " --i poses.star --wedge -90 90 --one_map --o one");
    const Volume one = sections(in / "one.mrc"), want = gaussians(n, at_rest);
    double difference = 0, power = 0;  // where the turned box reaches, which its corners do not
    for (int z = 0; z < n; ++z)
      for (int y = 0; y < n; ++y)
        for (int x = 0; x < n; ++x)
          if (std::hypot(x - n / 2, y - n / 2, z - n / 2) < 0.33 * n) {
            difference += std::pow(one(z, y, x) - want(z, y, x), 2);
            power += std::pow(want(z, y, x), 2);
          }
    CAPTURE(n, difference, power);
    CHECK(std::sqrt(difference / power) < 5e-3);
    CHECK(!fs::exists(in / "one_half1.mrc"));
    MrcReader reader((in / "one.mrc").string());
    CHECK(reader.voxel("") == 2.5);
  }
}

TEST_CASE("the average of noisy volumes with a wedge is the map", "[subtomograms]") {
  const fs::path in = folder("subtomograms_known");
  const Map map = truth();  // 16 shells of 8.8 Å
  copies(in, map, 150, 0.1, -60, 60, 31004);
  const std::string options = " --particle_diameter 230", common = average + options + " --i ";
  const auto [weighted, plain] = weighted_and_plain(in, map, options);
  INFO("weighted: " << list(weighted.fsc) << "\n" << list(weighted.amplitude));
  INFO("plain: " << list(plain.fsc) << "\n" << list(plain.amplitude));
  for (std::size_t s = 1; s <= 11; ++s) {
    CHECK(weighted.fsc[s] > 0.9);
    CHECK(std::abs(weighted.amplitude[s] - 1) <
          (s <= 8 ? 0.04 : 0.08));     // the Wiener filter takes 1 − FSC from the last ones
    CHECK(plain.amplitude[s] < 0.75);  // a third of all frequencies is missing
  }
  for (const char* const name : {"average_half1.mrc", "average_half2.mrc", "average.star", "average_fsc.star"})
    CHECK(fs::exists(in / name));
  CHECK(fs::file_size(in / "average_fsc.png") > 1000);
  const Particles written = read_particles({(in / "average.star").string()});
  CHECK(errors(written, read_particles({(in / "poses.star").string()})).first.back() < 1e-6);
  CHECK((written.groups[0].dimensions == 3 && written.tells(Told::subset)));

  // Dynamo's table and its tilts are the same, and names go by tags.
  std::string table = contents(in / "poses.tbl");
  succeeds(in, common + "poses.tbl --wedge -60 60 --o table");
  CHECK(compare_maps(sections(in / "table.mrc"), sections(in / "average.mrc"), 1).correlation > 0.999999);
  Particles tilted = read_particles({(in / "poses.tbl").string()});
  for (Particle& p : tilted.particles) {
    p.tilts[0] = -60;
    p.tilts[1] = 60;
  }
  write_particles((in / "tilted.tbl").string(), tilted, ParticleFormat::dynamo);
  fs::create_directories(in / "data");
  for (const auto& entry : fs::directory_iterator(in))
    if (entry.path().filename().string().rfind("particle_", 0) == 0)
      fs::create_symlink(entry.path(), in / "data" / ("particle_0" + entry.path().filename().string().substr(9)));
  succeeds(in, common + "tilted.tbl --img data --o tilts");
  CHECK(contents(in / "tilts.mrc") == contents(in / "table.mrc"));
  CHECK(read_particles({(in / "tilts.tbl").string()}).particles[7].tilts[1] == 60);
  CHECK(read_particles({(in / "tilts.star").string()}).stacks[7] == "data/particle_000008.mrc");
}

TEST_CASE("what is missing of few volumes is filled by the others, not by zeros", "[subtomograms]") {
  const fs::path in = folder("subtomograms_few");
  const Map map = truth();
  copies(in, map, 12, 0, -60, 60, 31005);
  const auto [weighted, plain] = weighted_and_plain(in, map, "");
  INFO("weighted: " << list(weighted.fsc) << "\n" << list(weighted.amplitude));
  INFO("plain: " << list(plain.fsc) << "\n" << list(plain.amplitude));
  for (std::size_t s = 1; s <= 12; ++s) {
    CHECK(weighted.fsc[s] > 0.9995);
    CHECK(1 - plain.fsc[s] > 10 * (1 - weighted.fsc[s]));
    CHECK(std::abs(weighted.amplitude[s] - 1) < 0.01);
  }
}

TEST_CASE("poses of subtomograms are found, and the map with them", "[subtomograms]") {
  const fs::path in = folder("subtomograms_align");
  const Map map = truth();
  const Copies all = copies(in, map, 50, 0.1, -60, 60, 31006);
  const std::string command = average + " --j 1 --wedge -60 60 --particle_diameter 230 --i ";
  succeeds(in, command + "poses.star --o known");
  const auto mean = [&](const std::string& name) { return curves(sections(in / name), map.density).mean(12); };
  const double known = mean("known.mrc");

  // Without poses, against a map up to 50 Å.
  Particles none = all.particles;
  for (Particle& p : none.particles)
    for (int d = 0; d < 3; ++d) p.angles[d] = p.shift[d] = 0;
  none.told.reset(std::size_t(Told::rotation));
  none.told.reset(std::size_t(Told::shift));
  write_star((in / "none.star").string(), none);
  succeeds(in, command + "none.star --align --ref truth.mrc --ini_high 50 --healpix_order 1 --iter 3 --o found");
  const auto found = errors(read_particles({(in / "found.star").string()}), all.particles);
  CAPTURE(found.first, found.second, known, mean("found.mrc"));
  CHECK(found.first[25] < 2.5);
  CHECK(found.first[47] < 7.5);  // 95 % within a quarter of the grid's step of 30°
  CHECK(found.second[25] < 0.25 * map.voxel);
  CHECK(mean("found.mrc") > known - 0.05);

  // From rough ones, without a map.
  Particles rough = all.particles;
  Random random(31007);
  for (std::size_t i = 0; i < rough.particles.size(); ++i) {
    const auto off =
        bw::rotation_about({random.normal(), random.normal(), random.normal()}, random.uniform(5, 12) * M_PI / 180);
    set_angles(rough.particles[i], bw::product(off, all.poses[i].rotation));
    for (double& t : rough.particles[i].shift) t += random.uniform(-1, 1) * map.voxel;
  }
  write_star((in / "rough.star").string(), rough);
  const auto before = errors(rough, all.particles);
  succeeds(in, command + "rough.star --align --local --healpix_order 3 --ini_high 50 --iter 3 --o refined");
  const auto after = errors(read_particles({(in / "refined.star").string()}), all.particles);
  succeeds(in, command + "rough.star --o blurred");
  CAPTURE(before.first, after.first, after.second, mean("blurred.mrc"), mean("refined.mrc"));
  CHECK(after.first[25] < 3);
  CHECK(mean("refined.mrc") > known - 0.05);
  CHECK(mean("refined.mrc") > mean("blurred.mrc") + 0.1);
}

TEST_CASE("symmetry fills what tilts left out", "[subtomograms]") {
  const fs::path in = folder("subtomograms_symmetry");
  const int n = 32;
  const auto group = bw::symmetry_group("C3");
  const auto copies_of = [&](const Pose& pose) {
    const Volume sum("sum", n, n, n);
    for (const auto& g : group) {
      const Volume one = gaussians(n, {bw::product(pose.rotation, g), {pose.shift[0], pose.shift[1], pose.shift[2]}});
      for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += one.data()[i];
    }
    return sum;
  };
  const auto poses = random_poses(2, 31008, 1);
  Random random(31008);
  std::vector<Volume> volumes;
  for (const Pose& pose : poses) {
    volumes.push_back(copies_of(pose));
    spoil(volumes.back(), random, 0, -50, 40);
  }
  Particles particles = described(poses, n, 2);
  write_volumes(in, volumes, particles);
  const Volume want = copies_of(at_rest);
  for (const std::string symmetry : {"C3", "C1"})
    succeeds(in, average + " --i poses.star --wedge -50 40 --one_map --o " + symmetry + " --sym " + symmetry);
  const double three = curves(sections(in / "C3.mrc"), want).mean(8), one = curves(sections(in / "C1.mrc"), want).mean(8);
  CAPTURE(three, one);
  CHECK(three > 0.999);
  CHECK(1 - one > 5 * (1 - three));
}

TEST_CASE("CTF volumes are taken out, and poses found with them", "[subtomograms]") {
  const fs::path in = folder("subtomograms_ctf");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  Copies all = copies(in, map, 20, 0, -90, 90, 31009);

  // Volumes with contrast transfer, times wedges: a CTF volume for each, of whole extents or of half.
  Random random(31013);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all.volumes.size(); ++i) {
    const double defocus = random.uniform(60, 90);
    const auto ctf = [&](double x, double y, double z) {
      return measured(-60, 45, x, z) ? std::cos(0.3 + defocus * (x * x + y * y + z * z) / n / n) : 0;
    };
    const Volume volume = turned(map, {all.poses[i]}).front();
    const Spectra spectrum = spectrum_of_map(volume);
    Map of_ctf;
    of_ctf.voxel = map.voxel;
    of_ctf.density = Volume("ctf", n, n, i < 10 ? n : n / 2 + 1);
    for (int z = 0; z < n; ++z)
      for (int y = 0; y < n; ++y) {
        for (int x = 0; x <= n / 2; ++x) {
          const double c = ctf(x, bw::frequency(y, n), bw::frequency(z, n));
          spectrum(z, y, x) *= c;
          if (i >= 10) of_ctf.density(z, y, x) = float(c);
        }
        for (int x = 0; i < 10 && x < n; ++x) of_ctf.density(z, y, x) = float(ctf(x - n / 2, y - n / 2, z - n / 2));
      }
    irfft<3>(Host(), spectrum, volume);
    all.volumes[i] = volume;
    names.push_back("ctf_" + std::to_string(i) + ".mrc");
    write_map((in / names.back()).string(), of_ctf);
  }
  all.particles.ctf_volumes = names;
  for (std::size_t i = 0; i < names.size(); ++i) all.particles.particles[i].ctf_volume = std::int32_t(i);
  write_volumes(in, all.volumes, all.particles);
  succeeds(in, average + " --i poses.star --ctf --o ours");
  const Volume ours = sections(in / "ours.mrc");
  const Agreement with_truth = compare_maps(ours, map.density, 0.8);
  CAPTURE(with_truth.correlation, with_truth.least, with_truth.most);
  CHECK(with_truth.correlation > 0.999);
  CHECK(with_truth.least > 0.98);
  CHECK(with_truth.most < 1.02);
  if (has_relion()) {
    succeeds(in, "relion_reconstruct --i poses.star --3d_rot --ctf --o relion.mrc");
    const Agreement corrected = compare_maps(ours, sections(in / "relion.mrc"), 0.8, 2);
    CAPTURE(corrected.correlation, corrected.least, corrected.most);
    CHECK(corrected.correlation > 0.99);
    CHECK(corrected.least > 0.94);  // 4 % off in a shell of RELION's: with_truth
    CHECK(corrected.most < 1.06);
  }
  CHECK(read_particles({(in / "ours.star").string()}).ctf_volumes == names);

  // Poses are found with them, too.
  Particles none = all.particles;
  for (const Told what : {Told::rotation, Told::shift}) none.told.reset(std::size_t(what));
  write_star((in / "none.star").string(), none);
  succeeds(in, average + " --j 1 --i none.star --ctf --align --ref truth.mrc --ini_high 50 --iter 2 --healpix_order 1 " +
                   "--particle_diameter 230 --o found");
  const auto found = errors(read_particles({(in / "found.star").string()}), all.particles);
  INFO(list(found.first));
  CHECK(found.first[10] < 1.5);
  all.particles.groups[0].premultiplied = true;
  write_star((in / "multiplied.star").string(), all.particles);
  refused(in, average + " --i multiplied.star --ctf --o out", "multiplied by their contrast transfer");
  fs::remove(in / "ctf_4.mrc");
  refused(in, average + " --i poses.star --ctf --o out", "the CTF volume 'ctf_4.mrc' is not a file");
  fs::copy(in / "truth.mrc", in / "ctf_4.mrc");
  fs::resize_file(in / "ctf_4.mrc", 5000);
  refused(in, average + " --i poses.star --ctf --o out", "truncated");
}

TEST_CASE("averages beside relion_reconstruct's, with wedges as its CTF volumes", "[subtomograms][relion]") {
  needs_relion();
  const fs::path in = folder("subtomograms_relion");
  const Map map = truth();
  const int n = int(map.density.extent(0));
  Copies all = copies(in, map, 20, 0, -60, 45, 31009);
  write_star((in / "poses.star").string(), all.particles);
  Map wedge;
  wedge.voxel = map.voxel;
  wedge.density = Volume("wedge", n, n, n);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) wedge.density(z, y, x) = measured(-60, 45, x - n / 2, z - n / 2) ? 1 : 0;
  write_map((in / "wedge.mrc").string(), wedge);
  std::string star = contents(in / "poses.star");
  const std::size_t last = star.find('\n', star.find("_rlnOpticsGroup", star.find("data_particles")));
  star.insert(last, "\n_rlnCtfImage");
  for (std::size_t at = star.find("particle_", last); at != star.npos; at = star.find("particle_", at + 1))
    star.insert(star.find('\n', at), " wedge.mrc");
  std::ofstream(in / "with_ctf.star") << star;
  succeeds(in, "relion_reconstruct --i with_ctf.star --3d_rot --ctf --o relion.mrc");
  succeeds(in, average + " --i poses.star --wedge -60 45 --o ours");
  const Volume ours = sections(in / "ours.mrc"), relion = sections(in / "relion.mrc");
  const Agreement agreement = compare_maps(ours, relion, 0.8, 2);
  CAPTURE(agreement.correlation, agreement.least, agreement.most);
  CHECK(agreement.correlation > 0.998);
  CHECK(agreement.least > 0.98);
  CHECK(agreement.most < 1.02);
  CHECK(compare_maps(ours, map.density, 0.8).correlation > compare_maps(relion, map.density, 0.8).correlation);

  // A volume that RELION turned, turned back.
  Map blobs = map;
  blobs.density = gaussians(n, at_rest);
  write_map((in / "blobs.mrc").string(), blobs);
  succeeds(in, "relion_project --i blobs.mrc --o turned.mrc --rot 40 --tilt 70 --psi -25 --3d_rot --angpix 8.8");
  Particles one = all.particles;
  one.particles.resize(1);
  one.stacks = {"turned.mrc"};
  const double angles[3] = {40, 70, -25};
  for (int d = 0; d < 3; ++d) {
    one.particles[0].angles[d] = angles[d];
    one.particles[0].shift[d] = 0;
  }
  write_star((in / "turned.star").string(), one);
  succeeds(in, average + " --i turned.star --wedge -90 90 --one_map --o back");
  Map inner[2] = {read_map((in / "back.mrc").string()), blobs};
  for (const Map& m : inner) mask(m, 0.6 * n * map.voxel);  // a turned box does not reach the corners
  const Curves back = curves(inner[0].density, inner[1].density);
  INFO(list(back.fsc) << "\n" << list(back.amplitude));
  for (std::size_t s = 1; s <= 8; ++s) CHECK(back.fsc[s] > 0.995);
}

TEST_CASE("what is wrong with subtomograms is told in one line", "[subtomograms][nonfinite]") {
  const fs::path in = folder("subtomograms_refused");
  const int n = 16;
  const auto poses = random_poses(3, 31010, 1);
  std::vector<Volume> volumes;
  for (const Pose& pose : poses) volumes.push_back(gaussians(n, pose));
  Particles particles = described(poses, n, 4);
  write_volumes(in, volumes, particles);
  const std::string star = contents(in / "poses.star"), table = contents(in / "poses.tbl");
  const auto changed = [&](const std::string& text, const std::string& name, const std::string& from,
                           const std::string& to) {
    std::string other = text;
    const auto at = other.find(from);
    REQUIRE(at != std::string::npos);
    other.replace(at, from.size(), to);
    std::ofstream(in / name, std::ios::binary) << other;
    return average + " --o out --wedge -60 60 --i " + name;
  };
  const auto volume = [&](const std::string& name, int z, int y, int x) {
    Map map;
    map.voxel = 4;
    map.density = Volume("volume", z, y, x);
    Kokkos::deep_copy(map.density, 1);
    write_map((in / name).string(), map);
    return changed(star, "of_" + name + ".star", "particle_00002.mrc", name);
  };
  refused(in, volume("small.mrc", 14, 14, 14), "14 pixels along an axis");
  refused(in, volume("plate.mrc", 8, 16, 16), "expected cubes");
  refused(in, changed(star, "missing.star", "particle_00003.mrc", "absent.mrc"), "absent.mrc");
  refused(in, changed(table, "tag.tbl", "\n3 ", "\n99 "), "the volume of tag 99 is not there");
  std::ofstream(in / "cut.mrc", std::ios::binary) << contents(in / "particle_00001.mrc").substr(0, 9000);
  refused(in, changed(star, "cut.star", "particle_00001.mrc", "cut.mrc"), "truncated");
  Map bad;
  bad.density = gaussians(n, at_rest);
  bad.density(3, 2, 1) = std::nanf("");
  write_map((in / "bad.mrc").string(), bad);
  refused(in, changed(star, "bad.star", "particle_00001.mrc", "bad.mrc"), "not finite");
  refused(in, average + " --o out --wedge -60 60 --align --ini_high 16 --local --i bad.star", "not finite");
  const std::size_t row = star.find("particle_00002.mrc ") + 19;
  refused(in, changed(star, "nan.star", star.substr(row, star.find(' ', row) - row), "nan"), "expected a finite number");
  std::ofstream(in / "none.star") << star.substr(0, star.find("particle_00001"));
  refused(in, average + " --o out --wedge -60 60 --i none.star", "no particles");
  write_images((in / "images.mrcs").string(), volumes[0], 4);
  refused(in, changed(star, "images.star", "particle_00001.mrc", "000001@images.mrcs"), "expected cubes");
  Particles two = particles;
  two.groups.push_back(two.groups[0]);
  two.groups[1].pixel = 5;
  two.groups[1].name = "others";
  two.particles[2].group = 1;
  write_star((in / "groups.star").string(), two);
  refused(in, average + " --o out --wedge -60 60 --i groups.star", "'others' has volumes of 16³ voxels of 5 Å");
  particles.particles[1].tilts[0] = 50;
  particles.particles[1].tilts[1] = 50.5;
  write_particles((in / "tilts.tbl").string(), particles, ParticleFormat::dynamo);
  std::string tilts = contents(in / "tilts.tbl");
  tilts.replace(tilts.find("50.5"), 4, "-9.5");
  std::ofstream(in / "tilts.tbl") << tilts;
  refused(in, average + " --o out --i tilts.tbl", "particle 2: tilts from 50° to -9.5°");

  const std::string good = average + " --i poses.star --wedge -60 60 --o ";
  refused(in, average + " --i poses.star --o out", "particle 1 has no tilts");
  refused(in, average + " --i poses.star --o out --wedge 60 -60", "tilts from 60° to -60°");
  refused(in, average + " --i poses.star --o out --wedge -60 nan", "nan is no finite number");
  refused(in, average + " --i poses.star --o out --wedge -95 60", "within -90° to 90°");
  refused(in, good + "no/out", "folder");
  refused(in, good + "out --sym Q", "'name' is Q");
  refused(in, good + "out --memory 0.0001", "--memory");
  refused(in, good + "out --local", "--align");
  refused(in, good + "out --ref poses.star", "--align");
  refused(in, good + "out --align --ini_high 16 --ref absent.mrc", "absent.mrc");
  refused(in, good + "out --align --one_map", "--one_map");
  refused(in, good + "out --align", "--ini_high: 60 Å leaves nothing of a box of 64 Å");
  refused(in, good + "out --ctf", "rlnCtfImage is missing");
  particles.told.reset(std::size_t(Told::rotation));
  write_star((in / "no_poses.star").string(), particles);
  refused(in, average + " --o out --wedge -60 60 --i no_poses.star", "no orientations");
  refused(in, average + " --o out --wedge -60 60 --align --i no_poses.star", "give a map by --ref");
  particles = described({poses[0]}, n, 4);
  write_star((in / "one.star").string(), particles);
  refused(in, average + " --o out --wedge -60 60 --i one.star", "--one_map makes no halves");

  // Ctrl-C, as soon as there is work.
  const Run interrupted = run(in, "sh -c '" + good +
                                      "out --j 1 --align --ini_high 16 --ref particle_00001.mrc --healpix_order 4 & while ! "
                                      "test -s stdout && kill -0 $!; do "
                                      "sleep 0.02; done; sleep 0.2; kill -TERM $!; wait $!'");
  INFO(interrupted.error);
  CHECK(interrupted.code == 130);
  for (const auto& entry : fs::directory_iterator(in)) CHECK(entry.path().filename().string().rfind("out", 0) != 0);
}

// What docs/subtomograms.md has: subtomograms_tests '[.figures]'.
TEST_CASE("figures of averages and of poses that are found", "[.figures]") {
  const fs::path in = folder("subtomograms_figures");
  const Map whole = read_map(std::string(BRACEWELL_EXAMPLE_DATA) + "/30S_128.mrc.gz");
  const int n = 42;  // means of 3³ voxels, the outermost ones left out
  Map map;
  map.voxel = 3 * whole.voxel;
  map.density = Volume("map", n, n, n);
  for (int z = 0; z < 3 * n; ++z)
    for (int y = 0; y < 3 * n; ++y)
      for (int x = 0; x < 3 * n; ++x) map.density(z / 3, y / 3, x / 3) += whole.density(z + 1, y + 1, x + 1) / 27;
  const Copies all = copies(in, map, 200, 0.05, -60, 60, 31011);
  Particles none = all.particles, rough = all.particles;
  Random random(31012);
  for (std::size_t i = 0; i < all.poses.size(); ++i) {
    for (int d = 0; d < 3; ++d) none.particles[i].angles[d] = none.particles[i].shift[d] = 0;
    const auto off =
        bw::rotation_about({random.normal(), random.normal(), random.normal()}, random.uniform(5, 12) * M_PI / 180);
    set_angles(rough.particles[i], bw::product(off, all.poses[i].rotation));
    for (double& t : rough.particles[i].shift) t += random.uniform(-1, 1) * map.voxel;
  }
  write_star((in / "none.star").string(), none);
  write_star((in / "rough.star").string(), rough);
  const std::string command = average + " --particle_diameter 230 ", wedge = "--wedge -60 60 ";
  const std::pair<std::string, std::string> jobs[] = {
      {"known", wedge + "--i poses.star"},
      {"plain", "--wedge -90 90 --i poses.star"},
      {"rough", wedge + "--i rough.star"},
      {"local", wedge + "--i rough.star --align --local --healpix_order 3 --ini_high 50"},
      {"searched", wedge + "--i none.star --align --ref truth.mrc --ini_high 50 --healpix_order 1"},
      {"finely", wedge + "--i none.star --align --ref truth.mrc --ini_high 50 --healpix_order 2"}};
  for (const auto& [name, options] : jobs) {
    Stopwatch watch;
    watch.start();
    succeeds(in, command + options + " --o " + name);
    watch.stop();
    const Curves own = curves(sections(in / (name + ".mrc")), map.density);
    const auto off = errors(read_particles({(in / (name + ".star")).string()}), all.particles);
    std::printf(
        "%-9s %6.1f s  FSC 0.9 at %.1f, 0.5 at %.1f of %d shells, mean %.4f, amplitude of shells 1-8 %.3f-%.3f; "
        "off by %.2f° and %.2f Å, 90 %% within %.2f° and %.2f Å\n",
        name.c_str(), watch.seconds, reached_shell(own.fsc, 0.9), reached_shell(own.fsc, 0.5), n / 2, own.mean(n / 2),
        *std::min_element(own.amplitude.begin() + 1, own.amplitude.begin() + 9),
        *std::max_element(own.amplitude.begin() + 1, own.amplitude.begin() + 9), off.first[100], off.second[100],
        off.first[180], off.second[180]);
    std::fflush(stdout);
  }
}
