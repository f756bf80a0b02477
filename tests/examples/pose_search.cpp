// SPDX-License-Identifier: MIT
#include "common/pose_search.hpp"

#include <bracewell/symmetry.hpp>

#include "support/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <complex>
#include <functional>

namespace bw = bracewell;
using namespace examples;
using support::Random;

namespace {

using Complex = std::complex<double>;

/// The half spectrum of an image of random numbers.
HostArray<Kokkos::complex<float>**> random_spectrum(Random& random, int n) {
  const HostArray<Kokkos::complex<float>**> spectrum("image", std::size_t(n), std::size_t(n / 2 + 1));
  for (int y = 0; y < n; ++y)
    for (int x = 0; x <= n / 2; ++x) spectrum(y, x) = Kokkos::complex<float>(float(random.normal()), float(random.normal()));
  for (int y = 1; y < n; ++y) spectrum(n - y, 0) = Kokkos::conj(spectrum(y, 0));  // as an image's is
  return spectrum;
}

double transfer(int image, double x, double y) { return std::cos(1 + image + 40 * (x * x + y * y) + 9 * x * y); }
double weight(double radius) { return 1 / (1 + 0.3 * radius); }

HostArray<float***> random_map(Random& random, int n) {
  const HostArray<float***> map("map", n, n, n);
  for (int z = 0; z < n; ++z)
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) {
        const double r = std::hypot(x - n / 2, y - n / 2, z - n / 2);
        map(z, y, x) = float(random.normal() * std::exp(-r * r / (0.04 * n * n)));
      }
  return map;
}

}  // namespace

TEST_CASE("scores of a search are sums over frequencies", "[pose_search]") {
  Random random(21000);
  INFO("seed " << random.seed);
  const int n = 20, images = 5;
  for (const double pixel : {1.0, 1.2}) {
    const Band band(n, 7.3);
    SearchReference reference(random_map(random, 24), n, pixel);
    const auto rotations = bw::random_rotations(37, 5);
    const auto shifts = shift_grid(2, 1);
    REQUIRE(shifts.size() == 13);
    SearchImages rows(band, images);
    std::vector<HostArray<Kokkos::complex<float>**>> spectra;
    for (int i = 0; i < images; ++i) {
      spectra.push_back(random_spectrum(random, n));
      rows.set(
          std::size_t(i), spectra.back(), [&](double x, double y) { return transfer(i, x, y); }, weight);
    }
    // The slices themselves are project's, which other tests hold; here they are read back in single precision.
    RowMatrix slices, squares;
    reference.cut(band, rotations, 0, rotations.size(), slices, squares);
    const auto literal = [&](Score score, int i, std::size_t p, const Offset& shift, double& scale) {
      double cross = 0, power = 0, own = 0;
      for (int k = 0; k < band.size(); ++k) {
        const auto& s = band.samples[std::size_t(k)];
        const Complex slice(slices(Eigen::Index(p), 2 * k), slices(Eigen::Index(p), 2 * k + 1));
        const auto z = spectra[std::size_t(i)](s.y < 0 ? s.y + n : s.y, s.x);
        const double c = transfer(i, double(s.x) / n, double(s.y) / n), w = s.multiplicity * weight(std::hypot(s.x, s.y));
        const Complex model = c * slice * std::polar(1.0, -2 * M_PI * (s.x * shift.x + s.y * shift.y) / n);
        cross += w * (std::conj(model) * Complex(z.real(), z.imag())).real();
        power += w * std::norm(model);
        own += w * std::norm(Complex(z.real(), z.imag()));
      }
      scale = std::sqrt(own * power) + power;
      return score == Score::likelihood ? cross - 0.5 * power : 0.5 * cross * std::abs(cross) / power;
    };
    for (const Score score : {Score::likelihood, Score::correlation}) {
      SearchWork work;
      const auto best = search(reference, rows, rotations, shifts, score, 4, work, 16);
      CHECK(work.pairs == double(images) * 37 * 13);
      for (int i = 0; i < images; ++i) {
        std::vector<double> all;
        double scale = 0, largest = 0;
        for (std::size_t p = 0; p < rotations.size(); ++p) {
          double most = -1e300;
          for (const Offset& shift : shifts) most = std::max(most, literal(score, i, p, shift, scale));
          largest = std::max(largest, scale);
          all.push_back(most);
        }
        const auto& list = best[std::size_t(i)].list();
        REQUIRE(list.size() == 4);
        for (const Candidate& candidate : list) {
          std::size_t p = 0;
          while (bw::angular_distance(rotations[p], candidate.rotation) > 1e-9) ++p;
          CHECK(std::abs(candidate.score - literal(score, i, p, candidate.shift, scale)) < 1e-5 * scale);
          CHECK(std::abs(candidate.score - all[p]) < 1e-5 * scale);
        }
        std::sort(all.begin(), all.end(), std::greater<>());
        for (std::size_t c = 0; c < list.size(); ++c) CHECK(std::abs(list[c].score - all[c]) < 1e-5 * largest);
      }
    }
  }
}

TEST_CASE("bands have each frequency of a disc once, but for its mate", "[pose_search]") {
  for (const auto& [n, radius] : {std::pair{20, 7.3}, {21, 9.0}, {16, 30.0}}) {
    const Band band(n, radius);
    double count = 0;
    for (const auto& s : band.samples) count += s.multiplicity;
    long want = -1;  // but for k = 0
    for (int y = -n; y <= n; ++y)
      for (int x = -n; x <= n; ++x) want += std::hypot(x, y) <= band.radius;
    CHECK(count == double(want));
    CHECK(2 * int(band.radius) < band.crop);
    CHECK(band.crop <= n);
  }
}

TEST_CASE("the asymmetric unit has a mate of every rotation", "[pose_search]") {
  const auto grid = bw::so3_grid(1);
  for (const char* const name : {"C1", "C4", "D3", "O"}) {
    const auto group = bw::symmetry_group(name);
    const auto unit = asymmetric_unit(grid, group);
    CAPTURE(name);
    CHECK(double(unit.size()) >= double(grid.size()) / double(group.size()));
    for (const auto& rotation : bw::random_rotations(200, 3)) {
      const auto nearest = [&](const auto& rotations, const auto& mates) {
        double least = 1e300;
        for (const auto& other : rotations)
          for (const auto& g : mates) least = std::min(least, bw::angular_distance(rotation, bw::product(other, g)));
        return least;
      };
      CHECK(nearest(unit, group) <= nearest(grid, std::vector{group[0]}) + 0.35);  // a grid is not symmetric itself
    }
  }
}
