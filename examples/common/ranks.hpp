// SPDX-License-Identifier: MIT
// Several processes that do one job, by MPI where it is built with it (EXAMPLES_MPI) and started by mpirun; else this one alone.
//
// Whatever they exchange begins with a word of each whether all is well. So what is thrown on one rank and reaches run_on_ranks is
// thrown on all others where they next exchange something: the first tells it in its one line, and none waits for ever.
#pragma once

#include "program.hpp"
#include "space.hpp"
#include "voice.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef EXAMPLES_MPI
#include <mpi.h>
#endif

namespace examples {

class Ranks {
 public:
  Ranks() {
#ifdef EXAMPLES_MPI
    // Without mpirun there is nothing to initialise: some libraries then start processes of their own.
    for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK", "MPI_LOCALNRANKS"})
      started_ = started_ || std::getenv(name);
    if (!started_) return;
    MPI_Init(nullptr, nullptr);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    speaks = first();
    if (!first() && !std::freopen("/dev/null", "w", stdout)) speaks = false;
#endif
  }
  ~Ranks() {
#ifdef EXAMPLES_MPI
    if (started_) MPI_Finalize();
#endif
  }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool first() const { return rank_ == 0; }

  /// All ranks are here, and all is well.
  /// \throws what fail was called with on any rank
  void meet() const { exchange_words({}, 0); }

  /// Ends the job on all ranks, by Interrupted or std::runtime_error.
  [[noreturn]] void fail(const std::string& what, bool interrupted) const {
    exchange_words(what, interrupted ? 2 : 1);
    throw std::runtime_error(what);
  }

  /// Whether what is thrown is known to all.
  bool failed() const { return failed_; }

  bool any(bool here) const {
#ifdef EXAMPLES_MPI
    if (size_ > 1) {
      meet();
      int all = here;
      MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
      return all != 0;
    }
#endif
    return here;
  }

  /// Numbers of which every one is of one rank, and zero on all others: all ranks have them then, bit for bit.
  void merge(double* numbers, std::size_t count) const {
#ifdef EXAMPLES_MPI
    if (size_ == 1) return;
    meet();
    in_pieces(count, [&](std::size_t first, int some) {
      MPI_Allreduce(MPI_IN_PLACE, numbers + first, some, MPI_UINT64_T, MPI_BOR, MPI_COMM_WORLD);
    });
#else
    static_cast<void>(numbers), static_cast<void>(count);
#endif
  }

  /// All ranks have those of one then.
  void broadcast(void* data, std::size_t bytes, int from) const {
#ifdef EXAMPLES_MPI
    if (size_ == 1) return;
    meet();
    in_pieces(bytes, [&](std::size_t first, int some) {
      MPI_Bcast(static_cast<char*>(data) + first, some, MPI_BYTE, from, MPI_COMM_WORLD);
    });
#else
    static_cast<void>(data), static_cast<void>(bytes), static_cast<void>(from);
#endif
  }

  /// visit(first, some) for pieces of what is too long for one message, or for memory.
  template <class Visit>
  static void in_pieces(std::size_t count, const Visit& visit) {
    constexpr std::size_t most = 1 << 26;
    for (std::size_t first = 0; first < count; first += most) visit(first, int(std::min(most, count - first)));
  }

 private:
  /// kind: 0 where all is well, 1 an error, 2 an interrupt. The lowest rank with either is heard.
  void exchange_words(const std::string& what, int kind) const {
#ifdef EXAMPLES_MPI
    if (size_ > 1 && !failed_) {
      int speaker = kind == 0 ? size_ : rank_;
      MPI_Allreduce(MPI_IN_PLACE, &speaker, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
      if (speaker == size_) return;
      failed_ = true;
      int told[2] = {kind, int(what.size())};
      MPI_Bcast(told, 2, MPI_INT, speaker, MPI_COMM_WORLD);
      std::string text = what;
      text.resize(std::size_t(told[1]));
      MPI_Bcast(text.data(), told[1], MPI_CHAR, speaker, MPI_COMM_WORLD);
      if (speaker != 0) text = "rank " + std::to_string(speaker) + ": " + text;
      if (told[0] == 2) throw Interrupted(text);
      throw std::runtime_error(text);
    }
#endif
    if (kind == 2) throw Interrupted(what);
    if (kind == 1) throw std::runtime_error(what);
  }

  bool started_ = false;
  int rank_ = 0, size_ = 1;
  mutable bool failed_ = false;
};

/// A sum of arrays, added up one after the other in an order that is the same for any number of ranks: and so are its bits. Every rank
/// keeps a part of it.
class OrderedSum {
 public:
  OrderedSum(const Ranks& ranks, std::size_t size)
      : ranks_(&ranks), size_(size), part_("part of a sum", end(ranks.rank()) - begin(ranks.rank())) {}

  /// Adds the arrays of ranks `from`, in this order; `own` is this rank's where it is one of them.
  void add(const float* own, const std::vector<int>& from) {
#ifdef EXAMPLES_MPI
    if (ranks_->size() > 1) return add_messages(own, from);
#endif
    for (std::size_t i = 0; i < from.size(); ++i) add(own, 0, size_);
  }

  void set(const float* all) { std::copy(all + begin(ranks_->rank()), all + end(ranks_->rank()), part_.data()); }

  void get(float* all) const {
    std::copy_n(part_.data(), part_.size(), all + begin(ranks_->rank()));
    for (int owner = 0; owner < ranks_->size(); ++owner)
      ranks_->broadcast(all + begin(owner), (end(owner) - begin(owner)) * sizeof(float), owner);
  }

 private:
  std::size_t begin(int rank) const { return size_ / std::size_t(ranks_->size()) * std::size_t(rank); }
  std::size_t end(int rank) const { return rank + 1 == ranks_->size() ? size_ : begin(rank + 1); }

  /// part[first …] += numbers
  void add(const float* numbers, std::size_t first, std::size_t count) {
    float* const to = part_.data() + first;
    Kokkos::parallel_for("add", Kokkos::RangePolicy<Host>(0, count), [=](std::size_t i) { to[i] += numbers[i]; });
    Host().fence();
  }

#ifdef EXAMPLES_MPI
  void add_messages(const float* own, const std::vector<int>& from) {
    const int here = ranks_->rank();
    ranks_->meet();
    std::vector<MPI_Request> sent;
    if (std::find(from.begin(), from.end(), here) != from.end())
      for (int step = 1; step < ranks_->size(); ++step) {
        const int owner = (here + step) % ranks_->size();
        Ranks::in_pieces(end(owner) - begin(owner), [&](std::size_t first, int some) {
          sent.emplace_back();
          MPI_Isend(own + begin(owner) + first, some, MPI_FLOAT, owner, 0, MPI_COMM_WORLD, &sent.back());
        });
      }
    for (const int rank : from)
      Ranks::in_pieces(part_.size(), [&](std::size_t first, int some) {
        if (rank == here) return add(own + begin(here) + first, first, std::size_t(some));
        received_.resize(std::max(received_.size(), std::size_t(some)));
        MPI_Recv(received_.data(), some, MPI_FLOAT, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        add(received_.data(), first, std::size_t(some));
      });
    MPI_Waitall(int(sent.size()), sent.data(), MPI_STATUSES_IGNORE);
  }

  std::vector<float> received_;
#endif

  const Ranks* ranks_;
  std::size_t size_;
  HostArray<float*> part_;
};

/// run_program on all ranks: body(ranks) returns the exit code.
template <class Body>
int run_on_ranks(CLI::App& app, int argc, char** argv, const Body& body) {
  const Ranks ranks;
  return run_program(app, argc, argv, [&] {
    try {
      const int code = body(ranks);
      ranks.meet();
      return code;
    } catch (const Interrupted& error) {
      if (ranks.failed()) throw;
      ranks.fail(error.what(), true);
    } catch (const std::bad_alloc&) {
      ranks.fail("too little memory", false);
    } catch (const std::exception& error) {
      if (ranks.failed()) throw;
      ranks.fail(error.what(), false);
    }
  });
}

}  // namespace examples
