// SPDX-License-Identifier: MIT
// What readers and writers of particles share.
#pragma once

#include "numpy.hpp"
#include "particles.hpp"
#include "star.hpp"

#include <functional>
#include <iosfwd>
#include <map>
#include <string_view>
#include <unordered_map>

namespace examples {

Particles read_relion(const StarFile& file, const ParticleReading& options);
Particles read_cistem(const StarFile& file, const ParticleReading& options);
Particles read_cryosparc(std::vector<NumpyArray> arrays, const ParticleReading& options);
Particles read_cryodrgn_csv(const std::string& path, const std::string& text, const ParticleReading& options);
Particles read_cryodrgn(const std::string& path, const std::vector<NumpyMember>& arrays, const ParticleReading& options);
Particles read_dynamo(const std::string& path, const std::string& text, const ParticleReading& options);

/// write_star without the file.
void write_star(std::ostream& out, const Particles& particles);

void write_cryosparc(const std::string& path, const Particles& particles);
void write_cistem(const std::string& path, const Particles& particles);
void write_cryodrgn(const std::string& path, const Particles& particles);
void write_dynamo(const std::string& path, const Particles& particles);

/// Rows of numbers in a text, for visit(line, fields); fields are between commas or white space. Empty lines, and those that begin with a
/// # or %, are none.
void text_rows(std::string_view text, const std::function<void(std::int64_t, const std::vector<std::string_view>&)>& visit);

/// write(stream) makes a file, whole or not at all.
void write_stream(const std::string& path, const std::function<void(std::ostream&)>& write);

/// put(row) for each particle's row, a part of them at a time.
template <class Put>
void write_rows(std::ostream& out, const Particles& particles, std::string rows, const Put& put) {
  for (const Particle& particle : particles.particles) {
    put(rows, particle, particles.groups[std::size_t(particle.group)]);
    if (rows.size() > 1 << 20) {
      out << rows;
      rows.clear();
    }
  }
  out << rows;
}

/// Numbers of names in the order in which they come.
class Names {
 public:
  explicit Names(std::vector<std::string>& names) : names_(names) {}

  std::int32_t number(std::string_view name) {
    if (last_ >= 0 && names_[std::size_t(last_)] == name) return last_;  // mostly they come in runs
    const auto [place, added] = numbers_.try_emplace(std::string(name), std::int32_t(names_.size()));
    if (added) names_.emplace_back(name);
    return last_ = place->second;
  }

 private:
  std::vector<std::string>& names_;
  std::unordered_map<std::string, std::int32_t> numbers_;
  std::int32_t last_ = -1;
};

/// Groups of what rows say of their optics, in the order in which they come.
class OpticsGroups {
 public:
  explicit OpticsGroups(std::vector<OpticsGroup>& groups) : groups_(groups) {}

  std::int32_t number(const OpticsGroup& group);

 private:
  using Key = std::array<double, 15>;
  std::vector<OpticsGroup>& groups_;
  std::map<std::pair<std::string, Key>, std::int32_t> numbers_;
};

/// Says what is told: all of `columns`, of which `missing` are not there.
void tell(Particles& particles, Told what, const std::vector<std::string>& missing);

/// The columns of a table, where all are there.
template <std::size_t N>
struct Columns {
  int at[N];
  bool all = false;
  explicit operator bool() const { return all; }
};

/// Finds columns and says whether they tell what they are for.
template <std::size_t N>
Columns<N> find_columns(Particles& particles, Told what, const StarTable& table, const char* const (&names)[N]) {
  Columns<N> columns;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < N; ++i)
    if ((columns.at[i] = table.column(names[i])) < 0) missing.push_back(names[i]);
  columns.all = missing.empty();
  tell(particles, what, missing);
  return columns;
}

/// Takes what a user says of the pixel size and the box where the file does not tell them.
/// \throws std::runtime_error where the file tells something else
void take_options(Particles& particles, const ParticleReading& options);

}  // namespace examples
