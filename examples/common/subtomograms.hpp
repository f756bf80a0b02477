// SPDX-License-Identifier: MIT
// Subtomograms: what of Fourier space tilt series measured, averages of volumes, and their poses against a reference.
//
// With X a volume, C what it has of the map's samples (1 where they were measured and 0 elsewhere, or a CTF volume), S the reference
// turned, Σ sums over the frequencies of a band, a pose's score is the log-likelihood but for a constant, at the scale of the reference
// that is best for the volume,
//
//   max_a −½ Σ w |X − a C φ S|² + ½ Σ w |X|² = ½ (Σ w Re(conj(C φ S) X))² / Σ w C² |S|²
//
// (F. Förster et al., PNAS 102, 4729 (2005): the constrained correlation): that of pose_search.hpp, w being one over the power of a shell.
#pragma once

#include "fft_library.hpp"
#include "interrupt.hpp"
#include "mrc.hpp"
#include "particle_reconstruction.hpp"
#include "particle_search.hpp"
#include "star.hpp"

#include <bracewell/reconstructor.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// The frequencies that images tilted by `least` … `most` degrees about y measure, the beam along z: those of the planes Rᵀ (k_x, k_y, 0)
/// with R = rotation_zyz(0, tilt, 0). Where k_x ≥ 0, the tilt is atan2(−k_z, k_x). By default all.
class Wedge {
 public:
  Wedge() = default;
  Wedge(double least, double most)
      : least_{std::cos(least * M_PI / 180), std::sin(least * M_PI / 180)},
        most_{std::cos(most * M_PI / 180), std::sin(most * M_PI / 180)} {}

  KOKKOS_FUNCTION bool has(double x, double z) const {
    const double slack = 1e-6 * Kokkos::hypot(x, z), side = x > 0 ? x : -x, up = x > 0 ? -z : z;
    const auto within = [&](double u) {
      return u * least_[0] - side * least_[1] >= -slack && side * most_[1] - u * most_[0] >= -slack;
    };
    return within(up) || (x == 0 && within(-up));
  }

 private:
  double least_[2] = {0, -1}, most_[2] = {0, 1};  // cosine and sine
};

/// What is wrong with a range of tilts; nothing where it is right.
inline std::string fault_of_tilts(double least, double most) {
  if (least >= -90 && least < most && most <= 90) return "";
  return "tilts from " + exact(least) + "° to " + exact(most) + "°, expected a range that rises within -90° to 90°";
}

/// What was measured of each particle: by `tilts` of all, or else as the file tells of each.
/// \throws std::runtime_error
inline std::vector<Wedge> wedges_of(const Particles& particles, const std::vector<double>& tilts,
                                    const std::string& option) {
  if (!tilts.empty()) {
    if (const std::string fault = fault_of_tilts(tilts[0], tilts[1]); !fault.empty())
      throw std::runtime_error(option + ": " + fault);
    return std::vector<Wedge>(particles.particles.size(), Wedge(tilts[0], tilts[1]));
  }
  std::vector<Wedge> wedges;
  for (const Particle& p : particles.particles) {
    const std::string of = particles.path + ": particle " + std::to_string(wedges.size() + 1);
    if (p.tilts[0] == p.tilts[1])
      throw std::runtime_error(of + " has no tilts about y (Dynamo's columns 13 to 15); give those of all by " + option +
                               ", -90 90 where nothing is missing");
    if (const std::string fault = fault_of_tilts(p.tilts[0], p.tilts[1]); !fault.empty())
      throw std::runtime_error(of + ": " + fault);
    wedges.emplace_back(p.tilts[0], p.tilts[1]);
  }
  return wedges;
}

/// Names volumes by Dynamo's tags where nothing else does: particle_00001.mrc, or with other numbers of digits, in `folder`.
/// \throws std::runtime_error
inline void name_by_tags(Particles& particles, const std::string& folder, const std::string& option) {
  if (particles.tells(Told::image)) return;
  const auto name = [](std::int64_t tag, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "particle_%0*lld.mrc", digits, static_cast<long long>(tag));
    return std::string(text);
  };
  for (std::size_t i = 0; i < particles.particles.size(); ++i) {
    Particle& p = particles.particles[i];
    if (p.tag < 1)
      throw std::runtime_error(particles.path + ": particle " + std::to_string(i + 1) +
                               " has neither the name of a volume nor a tag (column 1 of a table of Dynamo)");
    std::string found;
    for (const int digits : {5, 6, 4, 3, 2, 1})
      if (found.empty() && std::filesystem::is_regular_file(std::filesystem::path(folder) / name(p.tag, digits)))
        found = name(p.tag, digits);
    if (found.empty())
      throw std::runtime_error(particles.path + ": the volume of tag " + std::to_string(p.tag) + " is not there: neither " +
                               (std::filesystem::path(folder) / name(p.tag, 5)).string() + " nor " + name(p.tag, 6) +
                               "; give the folder of the data by " + option);
    p.stack = std::int32_t(particles.stacks.size());
    p.image = 0;
    particles.stacks.push_back(found);
  }
  particles.told.set(std::size_t(Told::image));
}

/// The volumes of particles, which are all of one kind.
class Subtomograms {
 public:
  /// Looks at what is there. `particles` must live as long; their poses may change. wedges: of each, or nothing; ctf: the volumes are of
  /// the map's, times what the file's CTF volumes have, and with noise as it is: those are looked for as stacks are.
  /// \throws std::runtime_error
  Subtomograms(const Particles& particles, ParticleImages& images, std::vector<Wedge> wedges, bool ctf,
               const std::string& folder, const std::string& folder_option)
      : particles_(&particles), images_(&images), wedges_(std::move(wedges)) {
    const int first = particles.particles.front().group;
    box_ = images.box(first);
    voxel_ = particles.groups[std::size_t(first)].pixel;
    for (const Particle& p : particles.particles) {
      const OpticsGroup& group = particles.groups[std::size_t(p.group)];
      if (images.box(p.group) != box_ || group.pixel != voxel_)
        throw std::runtime_error(particles.path + ": optics group '" + group.name + "' has volumes of " +
                                 std::to_string(images.box(p.group)) + "³ voxels of " + exact(group.pixel) +
                                 " Å; expected " + std::to_string(box_) + "³ of " + exact(voxel_) + " Å, as the first has");
      if (ctf && group.premultiplied)
        throw std::runtime_error(particles.path +
                                 ": volumes have been multiplied by their contrast transfer, which is not supported");
    }
    if (ctf && particles.ctf_volumes.empty())
      throw std::runtime_error(particles.path + ": has no CTF volumes (rlnCtfImage is missing), which --ctf needs");
    for (std::size_t i = 0; ctf && i < particles.ctf_volumes.size(); ++i) {
      ctf_paths_.push_back(particles.file_path("CTF volume", particles.ctf_volumes[i], folder, folder_option));
      const MrcReader reader(ctf_paths_.back());
      const auto& [nx, ny, nz] = reader.header().extent;
      if ((nx != box_ && nx != box_ / 2 + 1) || ny != box_ || nz != box_)
        reader.fail("is " + reader.description() + "; expected a CTF volume of " + std::to_string(box_) +
                    " voxels along each axis, or of the half of that along x");
    }
  }

  const Particles& particles() const { return *particles_; }
  ParticleImages& images() const { return *images_; }
  int box() const { return box_; }
  double voxel() const { return voxel_; }  // Å

  /// \throws std::runtime_error
  void read(const std::size_t* which, long count, float* to) const {
    images_->read(which, count, to);
    const std::size_t size = std::size_t(box_) * std::size_t(box_) * std::size_t(box_);
    for (long i = 0; i < count; ++i, to += size) {
      double sum = 0;
      for (std::size_t j = 0; j < size; ++j) sum += to[j];
      const Particle& p = particles_->particles[which[i]];
      if (!std::isfinite(sum))
        throw std::runtime_error(particles_->stacks[std::size_t(p.stack)] + ": volume " + std::to_string(p.image + 1) +
                                 " has numbers that are not finite");
      if (const int sign = particles_->groups[std::size_t(p.group)].sign; sign != 1)
        for (std::size_t j = 0; j < size; ++j) to[j] *= float(sign);
    }
  }

  /// What volumes `which` have of the map's stored samples, [count][n][n][n/2 + 1]: 1 where they were measured and 0 elsewhere, times
  /// the CTF where that is asked for.
  /// \throws std::runtime_error
  void transfer(const std::size_t* which, long count, const HostArray<float****>& to) {
    const int n = box_;
    for (long i = 0; i < count; ++i) {
      const Wedge wedge = wedges_.empty() ? Wedge() : wedges_[which[i]];
      if (!ctf_paths_.empty()) load_ctf(particles_->particles[which[i]].ctf_volume);
      for (int z = 0; z < n; ++z)
        for (int y = 0; y < n; ++y)
          for (int x = 0; x <= n / 2; ++x) {
            const float c = ctf_paths_.empty() ? 1 : ctf(z, y, x);
            to(std::size_t(i), std::size_t(z), std::size_t(y), std::size_t(x)) =
                wedge.has(x, bracewell::frequency(z, n)) ? c : 0;
          }
    }
  }

 private:
  /// RELION has k = 0 in the middle of volumes of whole extents, and at index 0 of half ones.
  float ctf(int z, int y, int x) const {
    const long n = box_;
    if (ctf_width_ != n) return ctf_[std::size_t((z * n + y) * ctf_width_ + x)];
    const auto at = [n](int index) { return (bracewell::frequency(index, int(n)) + n / 2) % n; };
    return ctf_[std::size_t((at(z) * n + at(y)) * n + (x + n / 2) % n)];
  }

  void load_ctf(std::int32_t number) {
    if (number == ctf_loaded_) return;
    MrcReader reader(ctf_paths_[std::size_t(number)]);
    const auto& [nx, ny, nz] = reader.header().extent;
    ctf_width_ = nx;
    ctf_.resize(std::size_t(nx * ny * nz));
    reader.read(0, nz, ctf_.data());
    double sum = 0;
    for (const float c : ctf_) sum += c;
    if (!std::isfinite(sum)) reader.fail("has numbers that are not finite");
    ctf_loaded_ = number;
  }

  const Particles* particles_;
  ParticleImages* images_;
  std::vector<Wedge> wedges_;
  std::vector<std::string> ctf_paths_;
  std::vector<float> ctf_;
  std::int64_t ctf_width_ = 0;
  std::int32_t ctf_loaded_ = -1;
  int box_ = 0;
  double voxel_ = 0;
};

struct AverageSettings {
  double padding = 1.5;
  double maximal_resolution = 0;  // Å; 0: Nyquist
  long batch = 4;
  int halves = 2;
  std::vector<bracewell::Matrix3> symmetry;
};

/// What volumes add up to: the map whose copies, turned and limited to what was measured, are nearest to them (reconstructor.hpp). Of one
/// shot only it would be the data divided by the density of what was measured.
class SubtomogramAverage {
 public:
  using Reconstructor = bracewell::Reconstructor<float, FftLibrary, bracewell::KaiserBessel<2>, 3, 3>;

  /// Takes no memory.
  SubtomogramAverage(Subtomograms& volumes, const AverageSettings& settings) : volumes_(&volumes), settings_(settings) {}

  double bytes() const {
    const double n = volumes_->box(), own = n * n * n;
    const auto [sums, finish, maps] = reconstructor_bytes(n, settings_.padding, settings_.halves);
    return sums + finish + maps + 4 * double(settings_.batch) * 4 * own;
  }

  void allocate() {
    const long n = volumes_->box();
    double cutoff = 0.5;
    if (settings_.maximal_resolution > 0) cutoff = std::min(cutoff, volumes_->voxel() / settings_.maximal_resolution);
    reconstructor_ = std::make_unique<Reconstructor>(exec_, cube<3>(n), cube<3>(n),
                                                     bracewell::ReconstructorOptions{.padding = settings_.padding,
                                                                                     .cutoff = cutoff,
                                                                                     .halves = settings_.halves,
                                                                                     .symmetry = settings_.symmetry,
                                                                                     .batch = settings_.batch});
    batch_ = std::make_unique<ParticleBatch>(volumes_->particles(), settings_.batch, ParticleBatch::What{});
    transfer_ = HostArray<float****>("transfer", std::size_t(settings_.batch), std::size_t(n), std::size_t(n),
                                     std::size_t(n / 2 + 1));
  }

  void clear() { reconstructor_->clear(exec_); }

  /// Adds volumes `which` at the poses that particles have now; tick(done) after every batch.
  template <class Tick>
  void add(const std::vector<std::size_t>& which, int half, const Tick& tick) {
    const auto n = std::size_t(volumes_->box());
    buffer_.resize(std::size_t(settings_.batch) * n * n * n);
    for (std::size_t first = 0; first < which.size(); first += std::size_t(settings_.batch)) {
      const long count = std::min<long>(settings_.batch, long(which.size() - first));
      volumes_->read(which.data() + first, count, buffer_.data());
      const auto volumes = on_device(HostArray<float****>(buffer_.data(), std::size_t(count), n, n, n));
      batch_->load(
          exec_, which.data() + first, count, volumes_->voxel(), [](const Particle&) { return 1.0f; },
          [](const Particle&) { return 0; });
      volumes_->transfer(which.data() + first, count, transfer_);
      const auto transfer = on_device(HostArray<float****>(transfer_.data(), std::size_t(count), n, n, n / 2 + 1));
      reconstructor_->add(exec_, volumes, batch_->poses<3>(), bracewell::Spectrum{transfer, volumes_->box()},
                          bracewell::none, half);
      exec_.fence();
      tick(long(first) + count);
    }
  }

  Map finish(const bracewell::FinishOptions& options) {
    const auto n = std::size_t(volumes_->box());
    Map map;
    map.voxel = volumes_->voxel();
    map.density = HostArray<float***>("map", n, n, n);
    const auto result = device_mirror(map.density);
    reconstructor_->finish(exec_, result, options);
    exec_.fence();
    Kokkos::deep_copy(map.density, result);
    return map;
  }

 private:
  Exec exec_;
  Subtomograms* volumes_;
  AverageSettings settings_;
  std::unique_ptr<Reconstructor> reconstructor_;
  std::unique_ptr<ParticleBatch> batch_;
  HostArray<float****> transfer_;
  std::vector<float> buffer_;
};

/// The search of pose_search.hpp for volumes.
class SubtomogramSearch {
 public:
  /// local: only around the poses that particles have.
  SubtomogramSearch(Subtomograms& volumes, const SearchSettings& settings, bool local)
      : volumes_(&volumes),
        settings_(settings),
        local_(local),
        rotations_(asymmetric_unit(bracewell::so3_grid(settings.order), settings.symmetry)),
        shifts_(shift_grid(settings.range, settings.step, 3)) {}

  std::size_t rotations() const { return rotations_.size(); }
  std::size_t shifts() const { return shifts_.size(); }

  /// The highest resolution of the searches to come, in Å.
  void set_final(double resolution) { settings_.final = resolution; }

  /// The most that is taken at once, up to a resolution.
  double bytes(double final) const {
    SearchSettings settings = settings_;
    settings.final = final;
    const auto volume = [](double n) { return n * n * (n + 2); };
    const double n = volumes_->box(), batch = double(settings_.batch);
    double most = 0;
    bool first = true;
    for (const SearchLevel& level : levels_of(volumes_->box(), volumes_->voxel(), settings, 3)) {
      const bool grid = first && !local_;
      const double rotations = grid ? double(std::min(block, rotations_.size())) : 27 * double(settings_.candidates),
                   shifts = grid ? batch * double(shifts_.size()) : 27, band = level.band.size();
      most = std::max(most,
                      rotations * (volume(level.band.crop) + 3 * band + 2 * shifts) + shifts * 2 * band + batch * 3 * band);
      first = false;
    }
    return 4 * (most + 2.5 * batch * volume(n) + volume(settings_.padding * n));
  }

  /// Sets the rotations and shifts of particles `which`, whose volumes are those of `volumes`; weights: a number a shell.
  template <class Tick>
  void run(const Map& map, const std::vector<std::size_t>& which, Particles& particles, const Tick& tick,
           const std::vector<double>& weights) {
    const int n = volumes_->box();
    const double voxel = volumes_->voxel();
    const std::vector<SearchLevel> levels = levels_of(n, voxel, settings_, 3);
    ReferenceOf<3> reference(map.density, n, voxel / map.voxel, settings_.padding);
    const long batch = std::min<long>(settings_.batch, long(which.size()));
    SpectraOf<3> spectra(n, batch);
    std::vector<float> buffer(std::size_t(batch) * std::size_t(n) * std::size_t(n) * std::size_t(n));
    const HostArray<float****> transfer("transfer", std::size_t(batch), std::size_t(n), std::size_t(n),
                                        std::size_t(n / 2 + 1));
    const auto weight = [&](const Band::Sample& s) { return of_shell(weights, std::hypot(s.x, s.y, s.z)); };
    for (std::size_t first = 0; first < which.size(); first += std::size_t(batch)) {
      const long count = std::min<long>(batch, long(which.size() - first));
      volumes_->read(which.data() + first, count, buffer.data());
      spectra.load(buffer.data(), count);
      volumes_->transfer(which.data() + first, count, transfer);
      std::vector<BestCandidates> best;
      for (long i = 0; local_ && i < count; ++i) {
        const Particle& p = particles.particles[which[first + std::size_t(i)]];
        best.emplace_back(1).add({0,
                                  bracewell::rotation_zyz(p.angles[0], p.angles[1], p.angles[2]),
                                  {p.shift[0] / voxel, p.shift[1] / voxel, p.shift[2] / voxel}});
      }
      for (std::size_t l = 0; l < levels.size(); ++l) {
        const SearchLevel& level = levels[l];
        SearchImages rows(level.band, std::size_t(count));
        for (std::size_t i = 0; i < std::size_t(count); ++i)
          rows.fill(
              i, spectra[long(i)], [&](const Band::Sample& s) { return sample_of(transfer, s, n, i); }, weight);
        const auto kept = std::size_t(std::max<long>(1, settings_.candidates >> l));
        Stopwatch watch;
        watch.start();
        const bool grid = l == 0 && !local_;
        if (grid) {
          best = search(reference, rows, rotations_, shifts_, Score::correlation, kept, work, block);
        } else {
          best = search_around(reference, rows, best, {level.angle, level.offset, kept}, Score::correlation, work);
        }
        watch.stop();
        work.seconds += watch.seconds;
        Interrupt::check();
      }
      for (long i = 0; i < count; ++i)
        set_pose(particles.particles[which[first + std::size_t(i)]], best[std::size_t(i)].list().front(), voxel);
      tick(long(first) + count);
    }
    for (const Told what : {Told::rotation, Told::shift}) particles.told.set(std::size_t(what));
  }

  SearchWork work;

 private:
  static constexpr std::size_t block = 256;

  Subtomograms* volumes_;
  SearchSettings settings_;
  bool local_;
  std::vector<bracewell::Matrix3> rotations_;
  std::vector<Offset> shifts_;
};

}  // namespace examples
