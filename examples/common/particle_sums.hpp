// SPDX-License-Identifier: MIT
// What images of particles add up to, chunk by chunk, on any number of ranks with the same bits.
//
// A chunk is some batches of one group and one half, however many ranks there are. In each round every rank adds up one chunk from zero;
// the chunks' sums are then added to those of before in the order of chunks.
#pragma once

#include "checkpoint.hpp"
#include "particle_reconstruction.hpp"
#include "ranks.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace examples {

struct ParticleChunk {
  std::size_t number, first, last;  // batches first … last − 1
  long images;                      // before it and in it
  int half;
};

class ParticleSums {
 public:
  ParticleSums(const Ranks& ranks, ParticleReconstruction& reconstruction)
      : ranks_(&ranks), reconstruction_(&reconstruction), halves_(reconstruction.halves()) {
    // Chunks cost passes over all sums, which 8 box images cost several times; few images are spread nevertheless.
    const auto& batches = reconstruction.batches();
    const long total = long(reconstruction.order().size()), most = std::min(8 * reconstruction.box(), (total + 15) / 16);
    for (std::size_t first = 0; first < batches.size();) {
      std::size_t last = first;
      long images = 0;
      do images += batches[last++].count;
      while (last < batches.size() && images + batches[last].count <= most && batches[last].half == batches[first].half &&
             batches[last].group == batches[first].group);
      chunks_.push_back({chunks_.size(), first, last, long(batches[first].first) + images, batches[first].half});
      first = last;
    }
  }

  const std::vector<ParticleChunk>& chunks() const { return chunks_; }

  /// Chunks that are in the sums. Their number, whatever the ranks, is what a checkpoint tells.
  std::uint64_t done = 0;
  long images_done() const { return done == 0 ? 0 : chunks_[done - 1].images; }

  /// Forgets all.
  void clear() {
    done = 0;
    parts_.clear();
    zero();
  }

  /// Adds what is missing: add(chunk) adds its images to the reconstruction; after() is called after each round.
  template <class Add, class After>
  void run(const Add& add, const After& after) {
    start();
    const auto ranks = std::size_t(ranks_->size());
    while (done < chunks_.size()) {
      const std::size_t now = std::min(ranks, chunks_.size() - done), own = done + std::size_t(ranks_->rank());
      if (own < done + now) add(chunks_[own]);
      for (int half = 0; half < halves_; ++half) {
        std::vector<int> from;
        for (std::size_t r = 0; r < now; ++r)
          if (chunks_[done + r].half == half) from.push_back(int(r));
        if (from.empty()) continue;
        const bool mine = std::find(from.begin(), from.end(), ranks_->rank()) != from.end();
        const auto sums = reconstruction_->reconstructor().sums(half);
        for (std::size_t s = 0; s < 2; ++s) {
          const auto host = Kokkos::create_mirror_view(sums[s]);
          if (mine) Kokkos::deep_copy(host, sums[s]);
          parts_[2 * std::size_t(half) + s].add(host.data(), from);
          if (mine) Kokkos::deep_copy(sums[s], 0.0f);
        }
      }
      done += now;
      after();
    }
  }

  /// Puts what was added up into the reconstruction, on all ranks, and forgets it.
  void finish() {
    if (parts_.empty()) return;
    fill();
    parts_.clear();
  }

  /// All that a later run needs: written by one rank.
  void write(Checkpoint& checkpoint, Checkpoint::Blocks blocks = {}) {
    const bool running = !parts_.empty();
    if (running) fill();
    if (ranks_->first()) {
      const auto hosts = host_sums(true);
      blocks.push_back({&done, sizeof done});
      add_blocks(hosts, blocks);
      checkpoint.write(blocks);
    }
    ranks_->meet();
    if (running) zero();
  }

  /// \throws std::runtime_error
  void read(Checkpoint& checkpoint, Checkpoint::Blocks blocks = {}) {
    const auto hosts = host_sums(false);
    blocks.push_back({&done, sizeof done});
    add_blocks(hosts, blocks);
    if (ranks_->first()) checkpoint.read(blocks);
    for (const auto& block : blocks) ranks_->broadcast(block.data, block.bytes, 0);
    if (done > chunks_.size()) throw std::runtime_error(checkpoint.path() + ": is damaged");
    visit([&](const auto& sums, std::size_t s) { Kokkos::deep_copy(sums, hosts[s]); });
    parts_.clear();
    if (done < chunks_.size()) start();
  }

 private:
  using Sums = Kokkos::View<float*, Exec::memory_space>;

  template <class Visit>
  void visit(const Visit& visit) const {
    for (int half = 0; half < halves_; ++half) {
      const auto sums = reconstruction_->reconstructor().sums(half);
      for (std::size_t s = 0; s < 2; ++s) visit(sums[s], 2 * std::size_t(half) + s);
    }
  }
  void zero() const {
    visit([](const auto& sums, std::size_t) { Kokkos::deep_copy(sums, 0.0f); });
  }
  std::vector<Sums::host_mirror_type> host_sums(bool filled) const {
    std::vector<Sums::host_mirror_type> hosts;
    visit([&](const auto& sums, std::size_t) {
      hosts.push_back(Kokkos::create_mirror_view(sums));
      if (filled) Kokkos::deep_copy(hosts.back(), sums);
    });
    return hosts;
  }
  static void add_blocks(const std::vector<Sums::host_mirror_type>& hosts, Checkpoint::Blocks& blocks) {
    for (const auto& host : hosts) blocks.push_back({host.data(), host.size() * sizeof(float)});
  }

  /// Takes what is in the reconstruction, which is zero after that.
  void start() {
    if (!parts_.empty()) return;
    visit([&](const auto& sums, std::size_t) {
      parts_.emplace_back(*ranks_, sums.size());
      if (done > 0) parts_.back().set(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sums).data());
    });
    zero();
  }
  void fill() const {
    visit([&](const auto& sums, std::size_t s) {
      const auto host = Kokkos::create_mirror_view(sums);
      parts_[s].get(host.data());
      Kokkos::deep_copy(sums, host);
    });
  }

  const Ranks* ranks_;
  ParticleReconstruction* reconstruction_;
  int halves_;
  std::vector<ParticleChunk> chunks_;
  std::vector<OrderedSum> parts_;
};

/// What particles and their optics are, where images are wanted: a part of what tells a job from another.
inline void add_particles(Fingerprint& fingerprint, const Particles& particles, const std::vector<std::size_t>& order) {
  for (const std::size_t number : order) {
    const Particle& p = particles.particles[number];
    fingerprint.add(p.stack).add(p.image).add(p.group).add(p.noise_group).add(p.subset).add(p.figure_of_merit);
    for (const double value : {p.angles[0], p.angles[1], p.angles[2], p.shift[0], p.shift[1], p.defocus[0], p.defocus[1],
                               p.defocus_angle, p.phase_shift, p.b_factor, p.scale})
      fingerprint.add(value);
  }
  for (const auto& stack : particles.stacks) fingerprint.add(stack);
  for (const auto& group : particles.groups)
    fingerprint.add(group.pixel).add(group.voltage).add(group.spherical_aberration).add(group.amplitude_contrast);
}

}  // namespace examples
