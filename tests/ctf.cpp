// SPDX-License-Identifier: MIT
#include <bracewell/ctf.hpp>
#include <bracewell/fftw.hpp>
#include <bracewell/projector.hpp>
#include <bracewell/so3.hpp>

#include "support/compare.hpp"
#include "support/random.hpp"
#include "support/star.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <gemmi/ccp4.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <filesystem>

namespace bw = bracewell;
using namespace support;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

using Exec = Kokkos::DefaultHostExecutionSpace;

/// The formula as it is written for polar coordinates.
std::complex<double> polar_formula(const bw::Ctf& c, double kx, double ky) {
  const double x = c.magnification[0][0] * kx + c.magnification[0][1] * ky,
               y = c.magnification[1][0] * kx + c.magnification[1][1] * ky;
  const double square = x * x + y * y, turn = 2 * (std::atan2(y, x) - c.defocus_angle * M_PI / 180);
  const double volts = 1e3 * c.voltage, wavelength = 12.2643247 / std::sqrt(volts * (1 + 0.978466e-6 * volts));
  const double cs = 1e7 * c.spherical_aberration;
  const double defocus = (c.defocus_u + c.defocus_v) / 2 + (c.defocus_u - c.defocus_v) / 2 * std::cos(turn);
  const double chi = M_PI * wavelength * defocus * square - M_PI / 2 * cs * std::pow(wavelength, 3) * square * square +
                     c.phase_shift * M_PI / 180 + std::asin(c.amplitude_contrast);
  const double delta = 2 * M_PI * cs * wavelength * wavelength * square * 1e-3 * (x * c.beam_tilt[0] + y * c.beam_tilt[1]);
  return c.scale * std::exp(-c.b_factor * square / 4) * std::sin(chi) * std::polar(1.0, -delta);
}

bw::Ctf random_ctf(Random& random) {
  bw::Ctf c;
  c.defocus_u = random.uniform(5e3, 3e4);
  c.defocus_v = c.defocus_u + random.uniform(-2e3, 2e3);
  c.defocus_angle = random.uniform(-180, 180);
  c.voltage = random.uniform(80, 300);
  c.spherical_aberration = random.uniform(0.1, 3);
  c.amplitude_contrast = random.uniform(0, 0.3);
  c.phase_shift = random.uniform(0, 120);
  c.b_factor = random.uniform(-20, 80);
  c.scale = random.uniform(0.5, 1.5);
  for (int i = 0; i < 2; ++i) {
    c.beam_tilt[i] = random.uniform(-0.5, 0.5);
    for (int j = 0; j < 2; ++j) c.magnification[i][j] += random.uniform(-0.02, 0.02);
  }
  return c;
}

/// A parameter by its place.
double& parameter(bw::Ctf& c, int i) {
  double* const all[bw::ctf_parameters] = {&c.defocus_u,
                                           &c.defocus_v,
                                           &c.defocus_angle,
                                           &c.voltage,
                                           &c.spherical_aberration,
                                           &c.amplitude_contrast,
                                           &c.phase_shift,
                                           &c.b_factor,
                                           &c.scale,
                                           &c.beam_tilt[0],
                                           &c.beam_tilt[1],
                                           &c.magnification[0][0],
                                           &c.magnification[0][1],
                                           &c.magnification[1][0],
                                           &c.magnification[1][1]};
  return *all[i];
}

}  // namespace

TEST_CASE("contrast transfer is the formula's, in values and derivatives", "[ctf]") {
  Random random(14000);
  INFO("seed " << random.seed);
  for (int i = 0; i < 200; ++i) {
    bw::Ctf c = random_ctf(random);
    const double pixel = random.uniform(0.8, 2), kx = random.uniform(0, 0.5), ky = random.uniform(-0.5, 0.5);
    const auto want = polar_formula(c, kx / pixel, ky / pixel);
    const double large = std::abs(c.scale) * std::exp(std::abs(c.b_factor) / 4);
    // χ reaches some hundred radians: 1e-13 of them.
    const bw::ContrastTransfer transfer(c, pixel);
    const auto got = transfer.value_with_beam_tilt(kx, ky);
    CHECK(std::abs(std::complex<double>(got) - want) < 1e-11 * large);
    CHECK(std::abs(std::abs(transfer.value(kx, ky)) - std::abs(want)) < 1e-11 * large);
    const auto derivatives = bw::ctf_derivatives(c, kx / pixel, ky / pixel);
    CHECK(std::abs(std::complex<double>(derivatives.value) - want) < 1e-11 * large);
    for (int p = 0; p < bw::ctf_parameters; ++p) {
      CAPTURE(i, p);
      const double before = parameter(c, p), step = 1e-6 * std::max(1.0, std::abs(before));
      parameter(c, p) = before + step;
      const auto ahead = polar_formula(c, kx / pixel, ky / pixel);
      parameter(c, p) = before - step;
      const auto behind = polar_formula(c, kx / pixel, ky / pixel);
      parameter(c, p) = before;
      const auto difference = (ahead - behind) / (2 * step);
      const auto derivative = std::complex<double>(derivatives.gradient[p]);
      CHECK(std::abs(derivative - difference) < 1e-6 * std::abs(derivative) + 1e-11 * large / step +
                                                    1e-4 * std::pow(step, 2) * large * std::pow(std::abs(derivative), 3));
    }
  }
}

TEST_CASE("the sine of contrast transfer is a sine", "[ctf]") {
  Random random(10900);
  INFO("seed " << random.seed);
  double worst = 0;
  for (const double range : {1.0, 10.0, 2000.0, 1e6})
    for (int i = 0; i < 20000; ++i) {
      const double x = random.uniform(-range, range);
      worst = std::max(worst, double(std::abs(bw::detail::job::sine(x) - std::sin(static_cast<long double>(x)))));
    }
  for (int i = -20; i <= 20; ++i)  // where it turns over
    for (const double x : {i * M_PI / 2, std::nextafter(i * M_PI / 2, -100.0), std::nextafter(i * M_PI / 2, 100.0)})
      worst = std::max(worst, double(std::abs(bw::detail::job::sine(x) - std::sin(static_cast<long double>(x)))));
  CHECK(worst < 5e-16);
}

TEST_CASE("conventions of contrast transfer", "[ctf]") {
  bw::Ctf c{.defocus_u = 12000, .defocus_v = 10000, .amplitude_contrast = 0.1};
  CHECK_THAT(bw::electron_wavelength(300), WithinAbs(0.019687, 1e-6));  // Å, textbooks
  CHECK_THAT(bw::electron_wavelength(200), WithinAbs(0.025079, 1e-6));
  CHECK_THAT(bw::ContrastTransfer(c, 1).value(0, 0), WithinAbs(0.1, 1e-15));  // +Q
  c.scale = -1;
  CHECK_THAT(bw::ContrastTransfer(c, 1).value(0, 0), WithinAbs(-0.1, 1e-15));  // ASPIRE, cryoDRGN, cryoJAX
  c.scale = 1;

  // U along x at angle 0, along y at 90°; a positive angle turns from x towards y.
  const bw::Ctf only_u{.defocus_u = 12000, .defocus_v = 12000}, only_v{.defocus_u = 10000, .defocus_v = 10000};
  CHECK_THAT(bw::ContrastTransfer(c, 1).value(0.1, 0), WithinAbs(bw::ContrastTransfer(only_u, 1).value(0.1, 0), 1e-13));
  CHECK_THAT(bw::ContrastTransfer(c, 1).value(0, 0.1), WithinAbs(bw::ContrastTransfer(only_v, 1).value(0, 0.1), 1e-13));
  c.defocus_angle = 30;
  const double x = 0.1 * std::cos(M_PI / 6), y = 0.1 * std::sin(M_PI / 6);
  CHECK_THAT(bw::ContrastTransfer(c, 1).value(x, y), WithinAbs(bw::ContrastTransfer(only_u, 1).value(0.1, 0), 1e-12));

  // A phase plate of 90° without amplitude contrast: C(0) = 1.
  CHECK_THAT(bw::ContrastTransfer({.amplitude_contrast = 0, .phase_shift = 90}, 1).value(0, 0), WithinAbs(1, 1e-15));
  // exp(−B k² / 4)
  const bw::Ctf with_b{.defocus_u = 12000, .defocus_v = 12000, .b_factor = 100};
  CHECK_THAT(bw::ContrastTransfer(with_b, 1).value(0.1, 0) / bw::ContrastTransfer(only_u, 1).value(0.1, 0),
             WithinRel(std::exp(-0.25), 1e-13));

  // What is left of C: its size, its sign, or 1 within the first peak. Of underfocus, and of overfocus, where χ is negative.
  for (const double side : {1.0, -1.0}) {
    bw::Ctf ctf = only_u;
    ctf.defocus_u *= side;
    int ones = 0;
    for (double k = 0; k < 0.4; k += 0.003) {
      const double full = bw::ContrastTransfer(ctf, 1).value(k, 0);
      CHECK(bw::ContrastTransfer(ctf, 1, bw::CtfUse::phase_flipped).value(k, 0) == std::abs(full));
      CHECK(bw::ContrastTransfer(ctf, 1, bw::CtfUse::phases).value(k, 0) == (full < 0 ? -1 : 1));
      const double intact = bw::ContrastTransfer(ctf, 1, bw::CtfUse::intact_first_peak).value(k, 0);
      ones += intact == 1;
      CHECK((intact == 1 || intact == full));
    }
    CHECK(ones > 3);  // to the first extremum, at k = √(½ / (λ · defocus)) = 0.046 / Å
    CHECK(ones < 20);
  }
  CHECK_THROWS_AS(bw::contrast_transfer(Exec(), {c}, 0), std::invalid_argument);
  CHECK_THROWS_AS(bw::contrast_transfer(Exec(), {{.voltage = 0}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(bw::contrast_transfer(Exec(), {{.amplitude_contrast = 2}}, 1), std::invalid_argument);
}

TEST_CASE("the projector with contrast transfer makes RELION's images of a point", "[ctf][conventions][nonfinite]") {
  const std::string folder = std::string(BRACEWELL_SHARED_DATA) + "/poses/",
                    stem = folder + "simplecryoem_relion_proj_batch_pfac3";
  if (!std::filesystem::exists(stem + ".mrcs")) SKIP(stem << " is absent: BRACEWELL_SHARED_DATA tells where such files are");
  using Array = Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace>;
  const auto read = [](const std::string& path) {
    gemmi::Ccp4<float> file;
    file.read_ccp4_file(path);
    const Array values("values", file.grid.nw, file.grid.nv, file.grid.nu);
    std::copy(file.grid.data.begin(), file.grid.data.end(), values.data());
    return values;
  };
  const Array point = read(folder + "simplecryoem_pointmass.mrc"), theirs = read(stem + ".mrcs");
  const auto particles = read_star(stem + ".star");
  const int m = 64, count = int(particles.each.size());
  REQUIRE(count == int(theirs.extent(0)));
  const Exec exec;
  std::vector<bw::Matrix3> rotations;
  std::vector<bw::Ctf> ctfs;
  const Kokkos::View<double* [2], Kokkos::HostSpace> shifts("shifts", count);
  for (int i = 0; i < count; ++i) {
    const auto& p = particles.each[i];
    rotations.push_back(bw::rotation_zyz(p.euler[0], p.euler[1], p.euler[2]));
    for (int e = 0; e < 2; ++e) shifts(i, e) = -p.origin[e];
    ctfs.push_back({.defocus_u = p.defocus[0],
                    .defocus_v = p.defocus[1],
                    .defocus_angle = p.defocus[2],
                    .voltage = particles.voltage,
                    .spherical_aberration = particles.spherical_aberration,
                    .amplitude_contrast = particles.amplitude_contrast});
  }
  const auto contrast = bw::contrast_transfer(exec, ctfs, particles.pixel);
  // RELION leaves the last sample before Nyquist to fade: it is left out of both.
  const double cutoff = (m / 2 - 1.0) / m;
  bw::Projector<double, bw::Fftw, bw::Linear, 3, 2, Exec> projector(exec, {m, m, m}, {m, m},
                                                                    {.padding = 3, .cutoff = cutoff});
  const Array ours("images", count, m, m), inner("images", count, m, m);
  projector.load(exec, point);
  projector.project(exec, bw::Poses{bw::rotations_for(exec, rotations), shifts}, ours, bw::ContrastOfImages{contrast});
  // Their images within the cutoff: those of a plane, as the "map" of two axes at the identity.
  const Kokkos::View<double***, Kokkos::HostSpace> same("R", 1, 2, 2);
  same(0, 0, 0) = same(0, 1, 1) = 1;
  bw::Projector<double, bw::Fftw, bw::Linear, 2, 2, Exec> filter(exec, {m, m}, {m, m},
                                                                 {.padding = 1, .cutoff = cutoff, .corrected = false});
  for (int i = 0; i < count; ++i) {
    const std::pair one(i, i + 1);
    filter.load(exec, Kokkos::subview(theirs, i, Kokkos::ALL, Kokkos::ALL));
    filter.project(exec, bw::Poses{same}, Kokkos::subview(inner, one, Kokkos::ALL, Kokkos::ALL));
  }
  exec.fence();
  double difference = 0, power = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    difference += std::pow(ours.data()[i] - inner.data()[i], 2);
    power += std::pow(inner.data()[i], 2);
  }
  CHECK(std::sqrt(difference / power) < 1e-5);  // files hold floats
}

TEST_CASE("contrast transfer of images is that of each, and parameters without meaning are refused by image", "[ctf]") {
  const Exec exec;
  std::vector<bw::Ctf> images{{.defocus_u = 9000, .defocus_v = 8000},
                              {.defocus_u = 20000, .defocus_v = 21000, .defocus_angle = 40}};
  const bw::ContrastOfImages contrast{bw::contrast_transfer(exec, images, 1.5)};
  for (int i = 0; i < 2; ++i)
    for (const auto& k : {Kokkos::Array<double, 2>{0, 0}, {0.1, -0.2}, {0.4, 0.3}})
      CHECK(contrast(i, k) == bw::ContrastTransfer(images[std::size_t(i)], 1.5).value(k[0], k[1]));
  CHECK_THROWS_WITH(bw::contrast_transfer(exec, images, 0),
                    "contrast_transfer: 'pixel' is 0.000000, expected a positive length in Å");
  images[1].voltage = 0;
  CHECK_THROWS_WITH(bw::contrast_transfer(exec, images, 1),
                    "contrast_transfer: 'voltage' is 0.000000 of image 1, expected a positive number of kV");
  images[1].voltage = 300;
  images[0].amplitude_contrast = 1.5;
  CHECK_THROWS_WITH(bw::contrast_transfer(exec, images, 1),
                    "contrast_transfer: 'amplitude_contrast' is 1.500000 of image 0, expected -1 to 1");
}
