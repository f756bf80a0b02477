// SPDX-License-Identifier: MIT
// Writes files for fuzzers to begin with, each behind a byte that chooses its name, or the program: seeds FOLDER
#include "../examples/mrc_bytes.hpp"

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seeds FOLDER\n";
    return 2;
  }
  int number = 0;
  const auto save = [&](files::Bytes bytes) {
    bytes.insert(bytes.begin(), char(number % 2));
    files::write(std::filesystem::path(argv[1]) / "map" / ("seed_" + std::to_string(number++)), bytes);
  };
  for (const int mode : {0, 1, 2, 6, 12, 101})
    for (const bool big_endian : {false, true}) {
      files::Mrc file({3, 2, 4}, mode);
      file.big_endian = big_endian;
      save(file.bytes());
      save(file.set(17, 3).set(18, 1).set(19, 2).with_extended(5).bytes());
      save(files::gzipped(file.set(23, 0).set(10, 1).bytes(), 1 + number % 3));
    }
  save(files::Mrc({4, 4, 4}, 0).stamped_by_imod(0).bytes());
  save(files::Mrc({4, 4, 4}, 0).stamped_by_imod(1).bytes());
  save(files::Mrc({4, 4, 4}, 0).stamped_by_imod(16).bytes());
  save(files::Mrc({4, 4, 4}, 0).set(23, 401).set(10, 2).bytes());
  files::Mrc old({4, 4, 4}, 2);
  old.map = std::string(4, '\0');
  save(old.set(17, 0).set(18, 0).set(19, 0).bytes());
  save(files::gzipped(files::Bytes(200000)));

  const std::string pdb =
      "CRYST1   10.000   10.000   10.000  90.00  90.00  90.00 P 1           1\n"
      "ATOM      1  N   THR A   1      17.047  14.099   3.625  1.00 13.79           N\n"
      "ANISOU    1  N   THR A   1      100    100    100      0      0      0       N\n"
      "HETATM    2 FE   HEM A   2      16.967  12.784   4.338  0.50 10.80          FE\n"
      "TER\nMODEL        2\nATOM      3  O   HOH B   3       1.000   2.000   3.000  0.00  1.00           O\nENDMDL\nEND\n";
  const std::string cif =
      "data_X\nloop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n_atom_site.label_atom_id\n"
      "_atom_site.label_comp_id\n_atom_site.label_asym_id\n_atom_site.label_seq_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n"
      "_atom_site.Cartn_z\n_atom_site.occupancy\n_atom_site.B_iso_or_equiv\n_atom_site.auth_asym_id\n_atom_site.auth_seq_"
      "id\n"
      "ATOM 1 N N GLY A 1 1.0 2.0 3.0 1.0 10.0 A 1\nHETATM 2 C \"C'\" ? B . -1.5 2e1 ? 0.5 . B 7\n";
  const std::string json =
      R"({"data_X": {"_atom_site": {"group_PDB": ["ATOM"], "id": [1], "type_symbol": ["N"], "label_atom_id": ["N"],)"
      R"( "label_comp_id": ["GLY"], "label_asym_id": ["A"], "label_seq_id": [1], "Cartn_x": [1.0], "Cartn_y": [2.0],)"
      R"( "Cartn_z": [3.0], "occupancy": [1.0], "B_iso_or_equiv": [10.0], "auth_asym_id": ["A"], "auth_seq_id": [1]}}})";
  const files::Bytes models[] = {files::Bytes(pdb.begin(), pdb.end()), files::Bytes(cif.begin(), cif.end()),
                                 files::Bytes(json.begin(), json.end())};
  for (int name = 0; name < 6; ++name) {
    files::Bytes bytes = models[name % 3];
    if (name == 3 || name == 4) bytes = files::gzipped(bytes);
    bytes.insert(bytes.begin(), char(name));
    files::write(std::filesystem::path(argv[1]) / "model" / ("seed_" + std::to_string(name)), bytes);
  }
  for (int program = 0; program < 16; ++program) {
    const std::string words =
        char(program) + std::string("--map\na.mrc\n--images\n7\n--snr=0.5\n--output\nfolder\n--seed\n3");
    files::write(std::filesystem::path(argv[1]) / "command_lines" / ("seed_" + std::to_string(program)),
                 files::Bytes(words.begin(), words.end()));
  }
}
