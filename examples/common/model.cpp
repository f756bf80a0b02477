// SPDX-License-Identifier: MIT
#include "model.hpp"

#include "bytes.hpp"

#include <gemmi/c4322.hpp>
#include <gemmi/mmread.hpp>

#include <cmath>
#include <stdexcept>

namespace examples {

namespace {

gemmi::Structure parse(std::string& text, const std::string& name) {
  switch (gemmi::coor_format_from_ext(name)) {
    case gemmi::CoorFormat::Pdb:
      return gemmi::read_pdb_from_memory(text.data(), text.size(), name);
    case gemmi::CoorFormat::Mmcif:
      return gemmi::make_structure(gemmi::cif::read_memory(text.data(), text.size(), name.c_str()));
    case gemmi::CoorFormat::Mmjson:
      return gemmi::make_structure(gemmi::cif::read_mmjson_insitu(text.data(), text.size(), name));
    default:
      throw std::runtime_error("its name ends in none of .pdb, .ent, .cif, .mmcif and .json");
  }
}

}  // namespace

std::vector<Atom> read_model(const std::string& path) {
  Bytes bytes(path);
  const auto fail = [&](const std::string& what) { bytes.fail(what); };
  std::string text = bytes.all();
  gemmi::Structure structure;
  try {
    structure = parse(text, gemmi::iends_with(path, ".gz") ? path.substr(0, path.size() - 3) : path);
  } catch (const std::exception& error) {
    std::string what = error.what();
    if (const auto place = what.find(path); place != std::string::npos) what.erase(place, path.size());
    for (char& c : what)
      if (c == '\n') c = ' ';
    fail("is no PDB or mmCIF file that can be read: " + what);
  }
  std::vector<Atom> atoms;
  long absent = 0;
  if (!structure.models.empty())
    for (const auto& chain : structure.models[0].chains)
      for (const auto& residue : chain.residues)
        for (const auto& atom : residue.atoms) {
          if (atom.occ == 0) {
            ++absent;
            continue;
          }
          const auto& p = atom.pos;
          const std::string name = atom.name + " of " + residue.str() + ", chain " + chain.name;
          if (!std::isfinite(p.x + p.y + p.z + atom.occ + atom.b_iso))
            fail("atom " + name + " has no finite place, occupancy and B-factor");
          if (atom.b_iso < 0) fail("atom " + name + " has a negative B-factor");
          const int element = atom.element.atomic_number();
          if (element < 1 || element > 98) fail("atom " + name + " is of no known element");
          atoms.push_back({{p.x, p.y, p.z}, atom.occ, atom.b_iso, element});
        }
  if (atoms.empty() && absent > 0)
    fail("has no atoms that are there: all " + std::to_string(absent) + " have an occupancy of 0");
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
