// SPDX-License-Identifier: MIT
// Two maps shell by shell: Fourier shell correlation and the ratio of their amplitudes, as a table and a picture.
#include "common/half_maps.hpp"
#include "common/map.hpp"
#include "common/program.hpp"

#include <cstdio>

using namespace examples;

namespace {

struct Settings {
  std::string first, second, output;
  double diameter = 0;
};

int run(const Settings& settings) {
  const Map a = read_map(settings.first), b = read_map(settings.second, a.voxel);
  for (std::size_t d = 0; d < 3; ++d)
    if (a.density.extent(d) != b.density.extent(0) || a.density.extent(d) != a.density.extent(0))
      throw std::runtime_error(settings.second + ": cubes of the same extent as " + settings.first + " are needed");
  const long n = long(a.density.extent(0));
  const double side = a.voxel * double(n);
  HalfMapCorrelation correlation(n, a.voxel, settings.diameter);
  correlation.take(0, a.density);
  correlation.take(1, b.density);
  const std::vector<double> fsc = correlation.curve(), amplitude = correlation.amplitudes();
  std::printf("%5s %10s %10s %10s\n", "shell", "Å", "FSC", "amplitude");
  double least = 2, low = 1e300, high = 0;
  for (std::size_t s = 0; s < fsc.size(); ++s) {
    std::printf("%5zu %10.2f %10.7f %10.4f\n", s, s == 0 ? 999.0 : side / double(s), fsc[s], amplitude[s]);
    if (s == 0 || double(s) > 0.9 * double(n) / 2) continue;
    least = std::min(least, fsc[s]);
    low = std::min(low, amplitude[s]);
    high = std::max(high, amplitude[s]);
  }
  std::printf("to 0.9 Nyquist: FSC at least %.6f, amplitude %.4f to %.4f\n", least, low, high);
  std::printf("FSC 0.143 at %s, 0.5 at %s\n", resolution(fsc, 0.143, side).c_str(), resolution(fsc, 0.5, side).c_str());
  if (!settings.output.empty()) write_curve(settings.output, fsc, side);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Compares two maps of one box, shell by shell.", "compare_maps"};
  app.add_option("first", settings.first, "map")->required();
  app.add_option("second", settings.second, "map; amplitudes are the first one's over this one's")->required();
  app.add_option("--mask_diameter", settings.diameter, "of a soft ball around the origin, in Å")->check(CLI::PositiveNumber);
  app.add_option("--o", settings.output, "NAME of NAME.star and NAME.png: the FSC");
  return run_program(app, argc, argv, [&] { return run(settings); });
}
