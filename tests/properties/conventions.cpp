// SPDX-License-Identifier: MIT
// Images that other packages made of known maps at known poses. The files are not this project's and not shipped with it. gemmi, which
// reads them, divides 0 by 0 where a cell is empty: hence the tags [nonfinite].
#include <bracewell/eigen.hpp>
#include <bracewell/finish.hpp>
#include <bracewell/project.hpp>

#include "common/centred.hpp"
#include "common/fft.hpp"
#include "support/star.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <gemmi/ccp4.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace bw = bracewell;
using Catch::Matchers::WithinRel;
using support::Particles;

namespace {

using Exec = Kokkos::DefaultHostExecutionSpace;
template <class Data>
using Array = Kokkos::View<Data, Kokkos::LayoutRight, Kokkos::HostSpace>;

using Map = Array<double***>;
using Spectra = Array<Kokkos::complex<double>***>;

std::string shared_file(const std::string& name) {
  const std::string path = std::string(BRACEWELL_SHARED_DATA) + "/" + name;
  if (!std::filesystem::exists(path)) SKIP(path << " is absent: BRACEWELL_SHARED_DATA tells where such files are");
  return path;
}

/// Of a map or a stack of images, as stored: [z][y][x].
Map read_mrc(const std::string& path) {
  gemmi::Ccp4<float> file;
  file.read_ccp4_file(path);
  const Map values("values", file.grid.nw, file.grid.nv, file.grid.nu);
  std::copy(file.grid.data.begin(), file.grid.data.end(), values.data());
  return values;
}

struct PoseSet {
  std::vector<Eigen::Matrix3d> rotations;
  std::vector<Eigen::Vector2d> shifts;
};

/// Images move by −rlnOrigin. RELION's images of an odd extent moreover lie one pixel further in x and y.
PoseSet poses_of(const Particles& particles, int extent) {
  PoseSet poses;
  const double odd = extent % 2;
  for (const auto& p : particles.each) {
    poses.rotations.push_back(bw::rotation_from_euler_zyz(p.euler[0], p.euler[1], p.euler[2]));
    poses.shifts.emplace_back(odd - p.origin[0], odd - p.origin[1]);
  }
  return poses;
}

/// The contrast transfer function as RELION has it, at a spatial frequency in 1/Å.
double ctf(const Particles& particles, int i, double x, double y) {
  const auto [u, v, angle] = particles.each[i].defocus;
  const double volts = 1e3 * particles.voltage, wavelength = 12.2643247 / std::sqrt(volts * (1 + 0.978466e-6 * volts)),
               square = x * x + y * y, turn = 2 * (std::atan2(y, x) - angle * M_PI / 180),
               defocus = (u + v) / 2 + (u - v) / 2 * std::cos(turn),
               phase = M_PI / 2 * 1e7 * particles.spherical_aberration * std::pow(wavelength, 3) * square * square -
                       M_PI * wavelength * defocus * square;
  return -std::sin(phase - std::asin(particles.amplitude_contrast));
}

/// A map corrected for linear interpolation of its spectrum, padded to n³ voxels.
Map corrected(const Map& map, long n) {
  const Exec exec;
  const Map result("corrected", map.layout());
  Kokkos::deep_copy(result, map);
  bw::correct_gridding(exec, result, {n, n, n}, bw::Gridding::reference);
  exec.fence();
  return result;
}

/// As RELION does it: by sinc² of the distance from the origin, not of each coordinate.
Map corrected_as_relion(const Map& map, long n) {
  const Map result("corrected", map.layout());
  const long h = long(map.extent(0));
  for (long z = 0; z < h; ++z)
    for (long y = 0; y < h; ++y)
      for (long x = 0; x < h; ++x) {
        const double u = M_PI * std::hypot(z - h / 2, y - h / 2, x - h / 2) / double(n), sinc = u == 0 ? 1 : std::sin(u) / u;
        result(z, y, x) = map(z, y, x) / (sinc * sinc);
      }
  return result;
}

/// Slices of a map, padded twofold, by linear interpolation.
template <class Correct>
Spectra slices(const Map& map, const PoseSet& poses, int m, double cutoff, const Correct& correct) {
  const Exec exec;
  const long n = 2 * long(map.extent(0));
  const Map box("box", n, n, n);
  examples::copy_centred(box, correct(map, n));
  const Spectra reference("reference", n, n, n / 2 + 1), slices("slices", poses.rotations.size(), m, m / 2 + 1);
  examples::rfft<3>(exec, box, reference);
  bw::origin_to_zero(exec, bw::Spectrum{reference, n});
  bw::project(exec, bw::Spectrum{reference, n},
              bw::Poses{bw::rotation_view<2>(poses.rotations), bw::vector_view(poses.shifts)}, bw::Spectrum{slices, m},
              {.oversampling = 2, .cutoff = cutoff});
  bw::origin_to_centre<2>(exec, bw::Spectrum{slices, m});
  exec.fence();
  return slices;
}

Map images(const Spectra& slices, int m) {
  const Map result("images", slices.extent(0), m, m);
  examples::irfft<2>(Exec(), slices, result);
  return result;
}

/// factor(image, x, y) times the spectra of images, by frequency in cycles per pixel.
template <class Factor>
void multiply(const Spectra& spectra, int m, const Factor& factor) {
  for (int i = 0; i < int(spectra.extent(0)); ++i)
    for (int y = 0; y < m; ++y)
      for (int x = 0; x <= m / 2; ++x) spectra(i, y, x) *= factor(i, double(x) / m, double(bw::frequency(y, m)) / m);
}

/// Images without what lies beyond a cutoff, in cycles per pixel.
Map band_limited(const Map& all, double cutoff) {
  const int m = int(all.extent(1));
  const Spectra spectra("spectra", all.extent(0), m, m / 2 + 1);
  examples::rfft<2>(Exec(), all, spectra);
  multiply(spectra, m, [&](int, double x, double y) { return std::hypot(x, y) <= cutoff * (1 + 1e-6) ? 1.0 : 0.0; });
  return images(spectra, m);
}

struct Likeness {
  double correlation, scale, error;  // cc without means; ⟨a, b⟩ / ⟨b, b⟩; |a / scale − b| / |b|
};

Likeness compare(const Map& a, const Map& b, int image) {
  const long size = long(b.extent(1) * b.extent(2));
  const double *x = &a(image, 0, 0), *y = &b(image, 0, 0);
  double sum_x = 0, sum_y = 0, xx = 0, yy = 0, xy = 0;
  for (long i = 0; i < size; ++i) {
    sum_x += x[i];
    sum_y += y[i];
    xx += x[i] * x[i];
    yy += y[i] * y[i];
    xy += x[i] * y[i];
  }
  const double scale = xy / yy, n = double(size);
  double rest = 0;
  for (long i = 0; i < size; ++i) rest += std::pow(x[i] / scale - y[i], 2);
  return {(xy - sum_x * sum_y / n) / std::sqrt((xx - sum_x * sum_x / n) * (yy - sum_y * sum_y / n)), scale,
          std::sqrt(rest / yy)};
}

}  // namespace

// RELION, too, padded twofold and interpolated linearly. Its reference is empty further out than one sample before Nyquist, so
// that its images fade there.

TEST_CASE("RELION's projections of a ribosome", "[conventions][nonfinite]") {
  const int m = GENERATE(64, 65);
  const std::string set = GENERATE("centered", "shifted");
  const std::string stem = "poses/aspire_relion/rln_proj_" + std::to_string(m) + "_" + set;
  CAPTURE(stem);
  const Map map = read_mrc(shared_file("maps/aspire_clean70SRibosome_65.mrc")),
            theirs = read_mrc(shared_file(stem + ".mrcs"));
  PoseSet poses = poses_of(support::read_star(shared_file(stem + ".star")), m);
  REQUIRE(poses.rotations.size() == theirs.extent(0));

  // The 64-pixel images are of the map Fourier-cropped to 64³ voxels of unchanged values: fewer of them add up to a pixel.
  const double scale = std::pow(65.0 / m, 3);
  const Map ours = images(slices(map, poses, m, 0.5, corrected), m);
  for (int i = 0; i < int(theirs.extent(0)); ++i) {
    const Likeness like = compare(ours, theirs, i);
    CHECK(like.correlation >= 0.9999);
    CHECK_THAT(like.scale, WithinRel(scale, 1e-3));
    CHECK(like.error <= 0.005);
  }

  // With RELION's own correction, and where its reference is not empty, nothing is left but rounding in float.
  if (m == 65) {
    const double cutoff = (m / 2 - 1.0) / m;
    const Map exact = images(slices(map, poses, m, cutoff, corrected_as_relion), m), inner = band_limited(theirs, cutoff);
    for (int i = 0; i < int(theirs.extent(0)); ++i) {
      const Likeness like = compare(exact, inner, i);
      CHECK_THAT(like.scale, WithinRel(1.0, 1e-6));
      CHECK(like.error <= 1e-6);
    }
  }

  // The data tell the transpose apart.
  for (auto& r : poses.rotations) r.transposeInPlace();
  const Map wrong = images(slices(map, poses, m, 0.5, corrected), m);
  for (int i = 0; i < int(theirs.extent(0)); ++i) CHECK(compare(wrong, theirs, i).correlation < 0.9);
}

TEST_CASE("RELION's projections of a point, with CTF and shifts of fractions of a pixel", "[conventions][nonfinite]") {
  const int m = 64;
  const double cutoff = (m / 2 - 1.0) / m;
  const std::string stem = "poses/simplecryoem_relion_proj_batch_pfac2";
  const Map theirs = band_limited(read_mrc(shared_file(stem + ".mrcs")), cutoff);
  const Particles particles = support::read_star(shared_file(stem + ".star"));
  REQUIRE(particles.each.size() == theirs.extent(0));
  REQUIRE(particles.has_defocus);
  // The point lies on an axis, where both corrections are one.
  const Map point = read_mrc(shared_file("poses/simplecryoem_pointmass.mrc"));
  const Spectra spectra = slices(point, poses_of(particles, m), m, cutoff, corrected);
  multiply(spectra, m,
           [&](int i, double x, double y) { return ctf(particles, i, x / particles.pixel, y / particles.pixel); });
  const Map ours = images(spectra, m);
  for (int i = 0; i < int(theirs.extent(0)); ++i) {
    const Likeness like = compare(ours, theirs, i);
    CHECK_THAT(like.scale, WithinRel(1.0, 1e-5));
    CHECK(like.error <= 1e-5);
  }
}

TEST_CASE("cryoDRGN's toy images at its matrices", "[conventions][nonfinite]") {
  const int m = 30, count = 1000;
  // gemmi refuses the stack, whose header lacks the word MAP: 1024 bytes, then floats.
  std::ifstream stack(shared_file("poses/cryodrgn_toy_projections.mrcs"), std::ios::binary);
  std::vector<float> pixels(std::size_t(count) * m * m);
  stack.seekg(1024);
  REQUIRE(stack.read(reinterpret_cast<char*>(pixels.data()), std::streamsize(4 * pixels.size())));
  const Map theirs("theirs", count, m, m);
  std::copy(pixels.begin(), pixels.end(), theirs.data());

  std::ifstream table(shared_file("poses/cryodrgn_toy_poses.csv"));
  PoseSet poses;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    Eigen::Matrix3d rotation;
    for (int i = 0; i < 9; ++i) numbers >> rotation(i / 3, i % 3);
    poses.rotations.push_back(rotation);
    poses.shifts.emplace_back(0, 0);
  }
  REQUIRE(poses.rotations.size() == count);
  const Map map = read_mrc(shared_file("poses/cryodrgn_toymodel_small_nocenter.mrc"));
  const Map ours = images(slices(map, poses, m, 0.5, corrected), m);
  double mean = 0;
  for (int i = 0; i < count; ++i) {
    const Likeness like = compare(ours, theirs, i);
    CHECK(like.correlation >= 0.98);
    CHECK_THAT(like.scale, WithinRel(1.0, 0.1));
    mean += like.correlation / count;
  }
  CHECK(mean >= 0.994);  // exact slices: 0.9943
}
