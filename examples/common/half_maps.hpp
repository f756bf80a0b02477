// SPDX-License-Identifier: MIT
// The Fourier shell correlation of half maps, as a number, a table and a picture.
#pragma once

#include "file.hpp"
#include "map.hpp"
#include "picture.hpp"
#include "shells.hpp"
#include "space.hpp"
#include "star.hpp"

#include <bracewell/fftw.hpp>
#include <bracewell/shells.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace examples {

/// 1 within a radius in voxels, 0 from 5 voxels beyond on, a half-wave of a cosine between; 1 everywhere for 0.
inline float soft_ball(long n, double radius, long z, long y, long x) {
  if (radius == 0) return 1;
  const double a = double(z - n / 2), b = double(y - n / 2), c = double(x - n / 2);
  const double beyond = std::clamp((std::sqrt(a * a + b * b + c * c) - radius) / 5, 0.0, 1.0);
  return float(0.5 + 0.5 * std::cos(M_PI * beyond));
}

/// Zeros beyond a soft ball of `diameter` Å.
inline void mask(const Map& map, double diameter) {
  const long n = long(map.density.extent(0));
  for (long z = 0; z < n; ++z)
    for (long y = 0; y < n; ++y)
      for (long x = 0; x < n; ++x) map.density(z, y, x) *= soft_ball(n, diameter / 2 / map.voxel, z, y, x);
}

/// Takes half maps one after the other, within a soft ball of `diameter` Å (0: as they are).
class HalfMapCorrelation {
 public:
  HalfMapCorrelation(long n, double voxel, double diameter)
      : n_(n), radius_(diameter / 2 / voxel), plan_(Host(), {n, n, n}, 1) {}

  void take(int half, const HostArray<float***>& map) {
    spectra_[half] = HostArray<Kokkos::complex<float>***>("spectrum", n_, n_, n_ / 2 + 1);
    float* const row = reinterpret_cast<float*>(spectra_[half].data());
    const long pitch = 2 * (n_ / 2 + 1);
    for (long z = 0; z < n_; ++z)
      for (long y = 0; y < n_; ++y)
        for (long x = 0; x < n_; ++x) row[(z * n_ + y) * pitch + x] = map(z, y, x) * soft_ball(n_, radius_, z, y, x);
    plan_.forward(Host(), spectra_[half].data(), 1);
    Host().fence();
  }

  std::vector<double> curve() const {
    return bracewell::fourier_shell_correlation(Host(), bracewell::Spectrum{spectra_[0], int(n_)},
                                                bracewell::Spectrum{spectra_[1], int(n_)});
  }

  /// The first map's amplitude over the second one's, shell by shell.
  std::vector<double> amplitudes() const {
    const auto sums =
        bracewell::shell_sums(Host(), bracewell::Spectrum{spectra_[0], int(n_)}, bracewell::Spectrum{spectra_[1], int(n_)});
    std::vector<double> ratios;
    for (std::size_t s = 0; s < sums.first.size(); ++s) ratios.push_back(std::sqrt(sums.first[s] / sums.second[s]));
    return ratios;
  }

 private:
  long n_;
  double radius_;
  bracewell::Fftw::Plan<Host, float, 3> plan_;
  HostArray<Kokkos::complex<float>***> spectra_[2];
};

/// The volume of a ball over that of a box, both in Å: FinishOptions::object.
inline double share_of_box(double diameter, double side) { return std::min(1.0, M_PI / 6 * std::pow(diameter / side, 3)); }

/// PATH.star, which RELION reads, and PATH.png, of the shells of a box of `side` Å.
inline void write_curve(const std::string& path, const std::vector<double>& fsc, double side) {
  write_whole(path + ".star", [&](const std::string& part) {
    std::ofstream file(part);
    file << "data_fsc\n\nloop_\n_rlnSpectralIndex #1\n_rlnResolution #2\n_rlnAngstromResolution #3\n"
            "_rlnFourierShellCorrelation #4\n";
    for (std::size_t s = 0; s < fsc.size(); ++s)
      file << s << ' ' << exact(double(s) / side) << ' ' << exact(s == 0 ? 999 : side / double(s)) << ' ' << exact(fsc[s])
           << '\n';
    file.close();
    if (!file) throw std::runtime_error("not all could be written");
  });
  Curve curve{"half maps", {}, {}, blue};
  for (std::size_t s = 1; s < fsc.size(); ++s) {
    curve.x.push_back(double(s) / side);
    curve.y.push_back(fsc[s]);
  }
  std::vector<std::pair<double, std::string>> ticks, other;
  const double highest = double(fsc.size() - 1) / side;
  for (int i = 0; i <= 5; ++i) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", highest * i / 5);
    ticks.emplace_back(highest * i / 5, text);
    if (i == 0) continue;
    std::snprintf(text, sizeof text, "%.1f Å", 5 / highest / i);
    other.emplace_back(highest * i / 5, text);
  }
  const auto where = crossing(fsc, 0.143).where;
  const std::string reached = where == Crossing::within  ? ": 0.143 at " + resolution(fsc, 0.143, side)
                              : where == Crossing::never ? ", above 0.143 throughout"
                                                         : ", below 0.143 at once";
  save_plot(path + ".png", "Fourier shell correlation of half maps" + reached, {curve},
            {"spatial frequency, 1/Å", 0, highest, ticks, false, "resolution", other},
            {"FSC", -0.1, 1, {{0, "0"}, {0.25, "0.25"}, {0.5, "0.5"}, {0.75, "0.75"}, {1, "1"}}},
            {{0.143, "0.143"}, {0.5, "0.5"}});
}

/// The FSC of a STAR file, a shell a row: RELION's postprocess.star, or what write_curve wrote.
inline std::vector<double> read_curve(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const StarFile star(path, text);
  for (const char* const name : {"rlnFourierShellCorrelationCorrected", "rlnFourierShellCorrelation", "rlnGoldStandardFsc"})
    for (const StarTable& table : star.tables()) {
      const int column = table.column(name);
      if (column < 0) continue;
      std::vector<double> fsc;
      star.rows(table, [&](const StarRow& row) { fsc.push_back(row.number(column)); });
      if (!fsc.empty()) return fsc;
    }
  throw std::runtime_error(path + ": has no column rlnFourierShellCorrelation");
}

}  // namespace examples
