// SPDX-License-Identifier: MIT
// Atomic models in PDB and mmCIF files.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace examples {

struct Atom {
  std::array<double, 3> position;  // in Å
  double occupancy;
  double b;     // B-factor, in Å²
  int element;  // atomic number
};

/// The atoms of the first model of a PDB or mmCIF file, gzipped or not, whose occupancy is not 0.
/// \throws std::runtime_error that names the file and what is wrong: it cannot be read, has no atoms, or some of them are of
/// unknown element or nowhere.
std::vector<Atom> read_model(const std::string& path);

/// A term a · exp(−b s² / 4) of a scattering factor, s = 1/d.
struct Term {
  double a, b;
};

/// The electron scattering factor of an element as five such terms (L.-M. Peng et al., Acta Cryst. A52, 257 (1996)).
std::vector<Term> electron_scattering(int element);

}  // namespace examples
