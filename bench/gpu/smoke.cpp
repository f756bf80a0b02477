// SPDX-License-Identifier: MIT
// Every operation on the device against the same on the host in double: a line for each case, exit code 1 where one is wrong.
#include "outputs.hpp"
#include "support/tangents.hpp"

#include <bracewell/workspace.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <limits>

namespace bw = bracewell;
using namespace kit;
using support::Extents, support::Random, support::RasterProblem, support::SliceProblem;

namespace {

bool quick = false;
int cases = 0, wrong = 0;

void round(std::vector<double>& values) {
  for (double& x : values) x = float(x);
}
void round(std::vector<support::Complex>& values) {
  for (auto& z : values) z = {float(z.real()), float(z.imag())};
}

/// Nearer to a kink of a kernel, to its step or to the edge of a band than rounding moves a place in a grid of these boxes. A
/// quarter of random slices of three axes has no such sample at box 16, and none would at 33.
bool near_kink(double at) { return at != 0 && std::abs(2 * at - std::round(2 * at)) < 1e-4; }

/// Two references and poses for both, all numbers those of float, so that every precision has the same.
SliceProblem slice_problem(Random& random, const Extents& extents, const Extents& slice, int poses) {
  SliceProblem s;
  s.references = 2;
  s.pose_batch = 1;
  s.poses = poses;
  s.geometry.extents = extents;
  s.geometry.slice = slice;
  const auto all = reference::frequencies(slice);
  for (int p = 0; p < poses; ++p) {
    reference::Geometry g = s.geometry;
    do {
      g.rotation = random.rotation(int(slice.size()), int(extents.size()));
      round(g.rotation);
    } while (std::any_of(all.begin(), all.end(), [&](const auto& k) {
      const auto at = reference::kappa(g, k);
      return reference::counts(g, k, at) && std::any_of(at.begin(), at.end(), near_kink);
    }));
    s.rotations.insert(s.rotations.end(), g.rotation.begin(), g.rotation.end());
  }
  s.shifts = random.normals(std::size_t(poses) * slice.size());
  for (int b = 0; b < s.references; ++b) {
    const auto volume = random.spectrum(extents);
    s.volumes.insert(s.volumes.end(), volume.begin(), volume.end());
  }
  s.slices = random.complex(s.references * poses * s.slice_size());
  s.weights = random.uniforms(s.slices.size(), 0, 2);
  round(s.shifts);
  round(s.volumes);
  round(s.slices);
  round(s.weights);
  return s;
}

SliceProblem rounded_tangents_of(const SliceProblem& s, Random& random) {
  SliceProblem t = support::tangents_of(s, random);
  // Each reference's is the other.
  std::swap_ranges(t.volumes.begin(), t.volumes.begin() + long(s.volume_size()), t.volumes.begin() + long(s.volume_size()));
  round(t.rotations);
  round(t.shifts);
  round(t.slices);
  round(t.weights);
  return t;
}

/// ‖a − b‖ / ‖b‖; infinite for what is not a number.
double relative_l2_error(const std::vector<double>& a, const std::vector<double>& b) {
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    scale += b[i] * b[i];
  }
  if (a.size() != b.size() || !(error <= std::numeric_limits<double>::max())) return std::numeric_limits<double>::infinity();
  return error == 0 ? 0 : std::sqrt(error / scale);
}

/// Of sums of so many terms of any sign: each is rounded in some eight operations, and where it lies in a grid of this extent in one;
/// rounding of the sums grows as the square root of their number. In fixed point each is rounded to 2^-41 of the largest term,
/// which is some 16 times as large as most. In grids of up to three points sums of a few such terms may cancel to a tenth.
template <class T>
double bound(double terms, int extent, bool deterministic) {
  const double eps = std::numeric_limits<T>::epsilon();
  const double sum = 2 * (8 + extent + std::sqrt(terms)) * eps;
  return (extent > 3 ? sum : 10 * sum) + (deterministic ? 16 * std::sqrt(terms) * std::ldexp(1, -41) : 0);
}

/// Prints the case, with the output that comes nearest to its bound, and all that pass theirs.
template <class T>
void compare(const std::string& name, const Outputs& got, const Outputs& want, int extent, bool deterministic = false) {
  double most = 0;
  std::string worst = "all equal", bad;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double error = relative_l2_error(got[i].values, want[i].values),
                 allowed = bound<T>(want[i].terms, extent, deterministic);
    char text[200];
    std::snprintf(text, sizeof text, "%s %.1e, bound %.1e", want[i].name.c_str(), error, allowed);
    if (error / allowed > most) {
      most = error / allowed;
      worst = text;
    }
    if (!(error <= allowed)) bad += std::string("      ") + text + "\n";
  }
  ++cases;
  wrong += !bad.empty();
  std::printf("%s  %s: %s\n%s", bad.empty() ? "ok   " : "WRONG", name.c_str(), worst.c_str(), bad.c_str());
  std::fflush(stdout);
}

void compare_bits(const std::string& name, const Outputs& first, const Outputs& second) {
  std::string bad;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (first[i].values != second[i].values) bad += "      " + first[i].name + " differs\n";
  ++cases;
  wrong += !bad.empty();
  std::printf("%s  %s: the same bits twice\n%s", bad.empty() ? "ok   " : "WRONG", name.c_str(), bad.c_str());
  std::fflush(stdout);
}

template <class T>
const char* precision = sizeof(T) == 4 ? "float" : "double";

template <int N, int M>
void check_slicing() {
  struct Size {
    Extents extents, slice;
    int poses;
  };
  const auto cube = [](int box, int poses) { return Size{Extents(N, box), Extents(M, box), poses}; };
  std::vector<Size> sizes{cube(3, 3), cube(16, 5)};
  if (!quick) {
    sizes.push_back(cube(1, 3));
    sizes.push_back(cube(2, 3));
    sizes.push_back(M == 3 ? cube(11, 2) : cube(33, 5));
    if (M < 3) sizes.push_back(cube(16, 300));
    // Rows of other extents, some of which leave the reference.
    sizes.push_back({N == 2 ? Extents{11, 8} : Extents{9, 11, 8}, M == 2 ? Extents{14, 9} : Extents{5, 14, 9}, 4});
  }
  const char* const names[] = {"linear", "cubic", "KB4"};
  for (const Size& size : sizes) {
    Random random(unsigned(7000 + 100 * N + 10 * M + size.extents[0]));
    const SliceProblem s = slice_problem(random, size.extents, size.slice, size.poses), t = rounded_tangents_of(s, random);
    const int extent = std::max(*std::max_element(size.extents.begin(), size.extents.end()),
                                *std::max_element(size.slice.begin(), size.slice.end()));
    for (const Phi phi : {Phi::linear, Phi::cubic, Phi::kaiser_bessel_4}) {
      const Outputs want = slicing<Host, double, N, M>(s, t, phi, {});
      const auto check = [&]<class T>(T) {
        const std::string name =
            std::to_string(N) + "to" + std::to_string(M) + " " + precision<T> + " " + names[int(phi)] + " " + text(s);
        compare<T>(name, slicing<Device, T, N, M>(s, t, phi, {}), want, extent);
        bw::Workspace workspace;
        compare<T>(name + " workspace", slicing<Device, T, N, M>(s, t, phi, {.workspace = &workspace}), want, extent);
        const bw::SliceOptions options{.deterministic = true, .workspace = &workspace};
        const Outputs first = slicing<Device, T, N, M>(s, t, phi, options);
        compare<T>(name + " deterministic", first, want, extent, true);
        compare_bits(name + " deterministic", first, slicing<Device, T, N, M>(s, t, phi, options));
      };
      check(float());
      check(double());
    }
  }
}

RasterProblem raster_problem(Random& random, int axes, const Extents& extents, int count, int poses) {
  RasterProblem s = support::large_raster(random, axes, extents, count, poses);
  s.widths = random.uniforms(count, 0.2, 0.7);
  for (double& width : s.widths) width *= 2.0 / *std::max_element(extents.begin(), extents.end());  // in voxels
  for (auto* values : {&s.points, &s.weights, &s.widths, &s.rotations, &s.shifts, &s.background, &s.out_weight})
    round(*values);
  for (int i = 0; i < count; ++i)
    for (bool moved = true; moved;) {
      moved = false;
      for (int p = 0; p < poses; ++p) {
        const auto at = support::place(s, 0, p, i);
        moved = moved || std::any_of(at.begin(), at.end(), near_kink);
      }
      if (moved)
        for (int d = 0; d < axes; ++d) s.points[i * axes + d] = float(random.uniform(-0.8, 0.8));
    }
  return s;
}

template <class T, int N, int M>
void check_rasters() {
  struct Size {
    int box, count, poses;
  };
  std::vector<Size> sizes{{3, 5, 2}, {16, 100, 4}};
  if (!quick) {
    sizes.push_back({1, 3, 2});
    sizes.push_back({2, 4, 2});
    sizes.push_back({33, 5000, 3});
  }
  for (const Size& size : sizes) {
    Random random(unsigned(8000 + 100 * N + 10 * M + size.box));
    const RasterProblem s = raster_problem(random, N, Extents(M, size.box), size.count, size.poses);
    RasterProblem t = s;
    for (auto* values : {&t.points, &t.weights, &t.widths, &t.rotations, &t.shifts, &t.background, &t.out_weight}) {
      *values = random.normals(values->size());
      round(*values);
    }
    const std::string name = std::to_string(N) + "to" + std::to_string(M) + " " + precision<T> + " raster, " +
                             std::to_string(size.count) + " points, " + std::to_string(size.poses) + " images of box " +
                             std::to_string(size.box);
    compare<T>(name, rasters<Device, T, N, M>(s, t), rasters<Host, double, N, M>(s, t), size.box);
  }
}

template <int N, int M>
void check() {
  check_slicing<N, M>();
  check_rasters<float, N, M>();
  check_rasters<double, N, M>();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Every operation on the device against the host");
  std::string axes;
  app.add_option("--axes", axes, "of references and of slices, of points and of images; all of these without it")
      ->check(CLI::IsMember({"3to2", "2to2", "3to3"}));
  app.add_flag("--quick", quick, "fewer sizes, as for a checker of memory");
  CLI11_PARSE(app, argc, argv);
  if (!device_found()) return skipped;
  const Kokkos::ScopeGuard kokkos;
  std::printf("%s against %s\n", Device::name(), Host::name());
  if (axes.empty() || axes == "3to2") check<3, 2>();
  if (axes.empty() || axes == "2to2") check<2, 2>();
  if (axes.empty() || axes == "3to3") check<3, 3>();
  std::printf("%d cases, %d wrong\n", cases, wrong);
  return wrong == 0 ? passed : failed;
}
