// SPDX-License-Identifier: MIT
// From an atomic model to its map and its projections: every atom is a sum of Gaussian blobs, drawn by the rasterizer as points
// that have widths, in 3-D as they are and, at random poses, in 2-D.
#include "common/file.hpp"
#include "common/map.hpp"
#include "common/memory.hpp"
#include "common/model.hpp"
#include "common/picture.hpp"
#include "common/poses.hpp"
#include "common/program.hpp"
#include "common/stopwatch.hpp"

#include <bracewell/bracewell.hpp>
#include <bracewell/eigen.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <tuple>

namespace bw = bracewell;
using namespace examples;

namespace {

struct Settings {
  std::string model = std::string(BRACEWELL_EXAMPLE_DATA) + "/1crn.pdb";
  std::string output = "model_to_map";
  std::string weights = "scattering";
  double voxel = 0.5, blur = 0;
  int box = 0, images = 12;
  unsigned seed = 1;
};

/// Blobs that one kernel has room for.
struct Blobs {
  double weight;  // of all
  Array<float* [3]> points;
  Array<float*> weights, widths;
};

/// Width of the Gaussian whose transform is exp(−b s² / 4), and the other way round.
double width_of(double b) { return std::sqrt(b / 8) / M_PI; }
double b_of(double width) { return 8 * std::pow(M_PI * width, 2); }

/// A voxel's own variance along an axis, which the kernel adds to that of a blob.
double voxel_variance(double voxel) { return voxel * voxel / 6; }

// The kernels, narrow to wide, and the number of the first that has room for a width in voxels.
const auto kernels = std::make_tuple(bw::Gaussian<3>(), bw::Gaussian<5>(), bw::Gaussian<9>(), bw::Gaussian<17>());
constexpr double widest = bw::Gaussian<17>::widest;
int kernel_for(double width) {
  return width <= bw::Gaussian<3>::widest   ? 0
         : width <= bw::Gaussian<5>::widest ? 1
         : width <= bw::Gaussian<9>::widest ? 2
                                            : 3;
}

double sum_of(const float* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

/// Atoms relative to a centre as blobs, by kernels. \param blur: B-factor added to all.
std::vector<Blobs> blobs_of(const std::vector<Atom>& atoms, const Eigen::Vector3d& centre, bool scattering, double blur,
                            double voxel) {
  struct Blob {
    Eigen::Vector3d place;
    double weight, width;
  };
  std::array<std::vector<Blob>, std::tuple_size_v<decltype(kernels)>> groups;
  for (const Atom& atom : atoms) {
    const Eigen::Vector3d place = Eigen::Map<const Eigen::Vector3d>(atom.position.data()) - centre;
    // Electrons are blurred by the B-factor alone; a scattering factor has widths of its own.
    const auto terms = scattering ? electron_scattering(atom.element) : std::vector<Term>{{double(atom.element), 0}};
    for (const Term& term : terms) {
      const double variance = std::pow(width_of(term.b + atom.b + blur), 2) - voxel_variance(voxel);
      const double width = std::sqrt(std::max(variance, 0.0));
      groups[std::size_t(kernel_for(width / voxel))].push_back({place, term.a * atom.occupancy, width});
    }
  }
  std::vector<Blobs> all;
  for (const auto& members : groups) {
    const HostArray<float* [3]> points("points", members.size());
    const HostArray<float*> weights("weights", members.size()), widths("widths", members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (int d = 0; d < 3; ++d) points(i, d) = float(members[i].place[d]);
      weights(i) = float(members[i].weight);
      widths(i) = float(members[i].width);
    }
    all.push_back({sum_of(weights.data(), weights.size()), on_device(points), on_device(weights), on_device(widths)});
  }
  return all;
}

/// Draws all blobs.
template <class Poses, class Images>
void draw(const Exec& exec, const std::vector<Blobs>& all, const Poses& poses, const Images& images, double voxel,
          bw::Workspace& workspace) {
  int i = 0;
  const auto add = [&](const auto& kernel) {
    const bw::RasterOptions options{.voxel_size = voxel, .accumulate = i > 0, .workspace = &workspace};
    const Blobs& blobs = all[std::size_t(i++)];
    bw::raster(exec, bw::PointCloud{blobs.points, blobs.weights, blobs.widths}, poses, bw::none, images, options, kernel);
  };
  std::apply([&](const auto&... kernel) { (add(kernel), ...); }, kernels);
}

int convert(const Settings& settings) {
  const Exec exec;
  const auto atoms = read_model(settings.model);

  Eigen::AlignedBox3d extent;
  double least = INFINITY, most = 0;
  for (const Atom& atom : atoms) {
    extent.extend(Eigen::Map<const Eigen::Vector3d>(atom.position.data()));
    const auto terms = settings.weights == "scattering" ? electron_scattering(atom.element) : std::vector<Term>{{1, 0}};
    for (const Term& term : terms) {
      least = std::min(least, term.b + atom.b);
      most = std::max(most, term.b + atom.b);
    }
  }
  const Eigen::Vector3d centre = extent.center();
  double radius = 0;
  for (const Atom& atom : atoms)
    radius = std::max(radius, (Eigen::Map<const Eigen::Vector3d>(atom.position.data()) - centre).norm());

  const double needed = b_of(std::sqrt(voxel_variance(settings.voxel))) - least;
  const double blur = std::max(settings.blur, needed), broadest = width_of(most + blur);
  if (broadest > widest * settings.voxel)
    throw std::runtime_error(settings.model + ": its largest B-factor makes blobs of width " +
                             std::to_string(broadest / settings.voxel) + " voxels, more than " + std::to_string(widest) +
                             "; a larger --voxel is needed");
  const double wanted = 2 * std::ceil((radius + 4 * broadest) / settings.voxel) + 4;
  if (settings.box == 0 && wanted > 640)
    throw std::runtime_error(settings.model + ": needs a box of " + std::to_string(long(wanted)) +
                             " voxels; a larger --voxel, or --box, is needed");
  const int n = settings.box > 0 ? settings.box : int(wanted);
  if (computes_on_host)
    require_memory(4 * std::pow(n, 2) * (n + settings.images) + 1e8, settings.model,
                   "less with a larger --voxel or fewer --images");

  Stopwatch sorting, drawing, projecting;
  sorting.start();
  const auto blobs = blobs_of(atoms, centre, settings.weights == "scattering", blur, settings.voxel);
  sorting.stop();
  double weight = 0;
  long count = 0;
  for (const Blobs& b : blobs) {
    weight += b.weight;
    count += long(b.weights.size());
  }

  // The map: an image of three axes, of atoms as they are.
  bw::Workspace workspace;
  const Array<float***> drawn("map", n, n, n);
  drawing.start();
  draw(exec, blobs, bw::none, drawn, settings.voxel, workspace);
  exec.fence();
  drawing.stop();

  // Projections: the first along z, the others at random.
  std::mt19937 generator(settings.seed);
  auto rotations = random_poses(generator, settings.images, 0).rotations;
  rotations.front().setIdentity();
  const Array<float***> projected("images", settings.images, n, n);
  projecting.start();
  draw(exec, blobs, bw::Poses{on_device(bw::rotation_view<2>(rotations))}, projected, settings.voxel, workspace);
  exec.fence();
  projecting.stop();

  const auto density = on_host(drawn);
  const auto images = on_host(projected);

  // Where voxel ⌊n/2⌋ is the centre, voxel 0 is here.
  Map map{density, settings.voxel, {}, {}};
  for (int d = 0; d < 3; ++d) map.origin[d] = centre[d] - settings.voxel * (n / 2);
  make_folder(settings.output);
  write_map(settings.output + "/map.mrc", map);
  write_images(settings.output + "/projections.mrcs", images, settings.voxel);
  std::vector<GreyImage> pictures;
  std::vector<std::string> captions;
  for (int p = 0; p < std::min(settings.images, 24); ++p) {
    const float* values = &images(p, 0, 0);
    pictures.push_back({n, n, std::vector<float>(values, values + std::size_t(n) * n), 0, 1});
    captions.push_back(p == 0 ? "along z" : "");
  }
  set_contrast(pictures);
  const std::string name = std::filesystem::path(settings.model).filename();
  save_sheet(settings.output + "/projections.png", pictures, captions, std::min(settings.images, 4), 220,
             name + ", projected");

  // Checks: no weight is lost, and the projection along z is the sum of the map along z.
  const double mass = sum_of(density.data(), density.size());
  double image_mass = 0, difference = 0, power = 0;
  for (int p = 0; p < settings.images; ++p)
    image_mass = std::max(image_mass, std::abs(sum_of(&images(p, 0, 0), std::size_t(n) * n) / weight - 1));
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < n; ++x) {
      double along = 0;
      for (int z = 0; z < n; ++z) along += density(z, y, x);
      difference += std::pow(along - images(0, y, x), 2);
      power += std::pow(images(0, y, x), 2);
    }
  std::printf("model          %s, %zu atoms in %.0f × %.0f × %.0f Å\n", name.c_str(), atoms.size(), extent.sizes()[0],
              extent.sizes()[1], extent.sizes()[2]);
  std::printf("blobs          %ld, of widths from %.2f to %.2f Å", count, width_of(least + blur), broadest);
  std::printf(blur > 0 ? ", B-factors raised by %.1f Å²\n" : "\n", blur);
  std::printf("map            %d³ voxels of %g Å, %.3f s on %d threads\n", n, settings.voxel, drawing.seconds,
              exec.concurrency());
  std::printf("projections    %d of %d², %.3f s\n", settings.images, n, projecting.seconds);
  std::printf("sum            %.6g of %.6g %s\n", mass, weight, settings.weights == "scattering" ? "Å" : "electrons");
  std::printf("written        map.mrc, projections.mrcs and projections.png in\n               %s\n",
              std::filesystem::absolute(settings.output).lexically_normal().c_str());
  if (settings.box > 0 && settings.box < wanted) return 0;  // atoms may be cut off
  const double lost = std::abs(mass / weight - 1), apart = std::sqrt(difference / power);
  const bool good = lost < 1e-5 && image_mass < 1e-5 && apart < 1e-5;
  std::printf(
      "check          %s: of the sum %.1e is missing in the map and %.1e in images (1e-5 allowed), and the map summed\n"
      "               along z differs from the image by %.1e (1e-5 allowed)\n",
      good ? "passed" : "FAILED", lost, image_mass, apart);
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Makes a map and projections of an atomic model.", "model_to_map"};
  app.add_option("--model", settings.model, "PDB or mmCIF file, may be gzipped")->capture_default_str();
  app.add_option("--weights", settings.weights, "what an atom weighs")
      ->check(CLI::IsMember({"scattering", "electrons"}))
      ->capture_default_str();
  app.add_option("--voxel", settings.voxel, "voxel size in Å")->check(CLI::Range(0.05, 100.0))->capture_default_str();
  app.add_option("--blur", settings.blur, "added to B-factors, in Å²; more where voxels need it")
      ->check(CLI::Range(0.0, 10000.0))
      ->capture_default_str();
  app.add_option("--box", settings.box, "extent in voxels; 0: as needed")->check(CLI::Range(0, 2048))->capture_default_str();
  app.add_option("--images", settings.images, "number of projections")->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_option("--seed", settings.seed, "of random numbers")->capture_default_str();
  app.add_option("--output", settings.output, "folder for what is written")->capture_default_str();
  return run_program(app, argc, argv, [&] { return convert(settings); });
}
