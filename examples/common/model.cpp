// SPDX-License-Identifier: MIT
#include "model.hpp"

#include <gemmi/c4322.hpp>
#include <gemmi/gz.hpp>
#include <gemmi/mmread.hpp>

#include <cmath>
#include <filesystem>
#include <stdexcept>

namespace examples {

std::vector<Atom> read_model(const std::string& path) {
  const auto fail = [&](const std::string& what) { throw std::runtime_error(path + ": " + what); };
  if (!std::filesystem::is_regular_file(path)) fail("is not a file");
  gemmi::Structure structure;
  try {
    structure = gemmi::read_structure(gemmi::MaybeGzipped(path));
  } catch (const std::exception& error) {
    std::string what = error.what();
    if (const auto place = what.find(path); place != std::string::npos) what.erase(place, path.size());
    for (char& c : what)
      if (c == '\n') c = ' ';
    fail("is no PDB or mmCIF file that can be read: " + what);
  }
  std::vector<Atom> atoms;
  if (!structure.models.empty())
    for (const auto& chain : structure.models[0].chains)
      for (const auto& residue : chain.residues)
        for (const auto& atom : residue.atoms) {
          if (atom.occ == 0) continue;
          const auto& p = atom.pos;
          const std::string name = atom.name + " of " + residue.str() + ", chain " + chain.name;
          if (!std::isfinite(p.x + p.y + p.z + atom.occ + atom.b_iso))
            fail("atom " + name + " has no finite place, occupancy and B-factor");
          if (atom.b_iso < 0) fail("atom " + name + " has a negative B-factor");
          const int element = atom.element.atomic_number();
          if (element < 1 || element > 98) fail("atom " + name + " is of no known element");
          atoms.push_back({{p.x, p.y, p.z}, atom.occ, atom.b_iso, element});
        }
  if (atoms.empty()) fail("has no atoms");
  return atoms;
}

std::vector<Term> electron_scattering(int element) {
  std::vector<Term> terms;
  const auto& factor = gemmi::C4322<double>::get(static_cast<gemmi::El>(element));
  for (int i = 0; i < 5; ++i) terms.push_back({factor.a(i), factor.b(i)});
  return terms;
}

}  // namespace examples
