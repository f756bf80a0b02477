// SPDX-License-Identifier: MIT
// libFuzzer's view of the reader of atomic models: the first byte chooses the name, and so the format, the rest is the file.
#include "memory_file.hpp"
#include "must.hpp"

#include <common/model.hpp>

#include <cmath>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  static MemoryFile file{"model.pdb", "model.cif", "model.json", "model.ent.gz", "model.cif.gz", "model.xyz"};
  static const std::string names[] = {file.path("model.pdb"),    file.path("model.cif"),    file.path("model.json"),
                                      file.path("model.ent.gz"), file.path("model.cif.gz"), file.path("model.xyz")};
  file.set(data + 1, size - 1);
  const std::string& path = names[data[0] % 6];
  // What deflate could have packed into it, as atoms, which are some ten times as long as their lines.
  const std::size_t most = 16 * (1032 * size + (1 << 20));
  largest_allocation = 0;
  try {
    const auto atoms = examples::read_model(path);
    must(!atoms.empty(), "no atoms", path);
    for (const auto& atom : atoms) {
      const auto& p = atom.position;
      must(std::isfinite(p[0]) && std::isfinite(p[1]) && std::isfinite(p[2]), "an atom is nowhere", path);
      must(std::isfinite(atom.occupancy) && atom.occupancy != 0 && atom.b >= 0 && std::isfinite(atom.b), "an atom is not",
           path);
      must(examples::electron_scattering(atom.element).size() == 5, "an atom is of no element", path);
    }
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    must(what.rfind(path + ": ", 0) == 0 && what.find('\n') == std::string::npos, what.c_str(), path);
  }
  must(largest_allocation <= most, "memory does not go with the file's length", path);
  return 0;
}
