// SPDX-License-Identifier: MIT
// Writes files for the fuzzer to begin with, each behind a byte that chooses its name: seeds FOLDER
#include "../examples/mrc_bytes.hpp"

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: seeds FOLDER\n";
    return 2;
  }
  int number = 0;
  const auto save = [&](files::Bytes bytes) {
    bytes.insert(bytes.begin(), char(number % 2));
    files::write(std::filesystem::path(argv[1]) / ("seed_" + std::to_string(number++)), bytes);
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
}
