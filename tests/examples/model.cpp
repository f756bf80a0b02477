// SPDX-License-Identifier: MIT
#include "mrc_bytes.hpp"

#include <common/model.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

using namespace examples;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<Atom> read(const std::string& name, const files::Bytes& bytes) {
  const auto folder = std::filesystem::temp_directory_path() / ("bracewell_model_" + std::to_string(getpid()));
  files::write(folder / name, bytes);
  struct Remove {
    const std::filesystem::path& folder;
    ~Remove() { std::filesystem::remove_all(folder); }
  } const remove{folder};
  return read_model((folder / name).string());
}

files::Bytes bytes(const std::string& text) { return {text.begin(), text.end()}; }

std::string atom(const char* occupancy) {
  return std::string("ATOM      1  CA  ALA A   1      11.104   6.134  -6.504  ") + occupancy + " 10.00           C\n";
}

}  // namespace

TEST_CASE("models: gzip of several members and any ratio") {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "REMARK   3" + std::string(70, ' ') + "\n";
  for (int i = 0; i < 10; ++i) text += atom("1.00");
  const auto packed = files::gzipped(bytes(text), 3);
  CHECK(packed.size() * 200 < text.size());
  CHECK(read("model.pdb.gz", packed).size() == 10);
  CHECK(read("model.pdb", bytes(text)).size() == 10);
  CHECK_THROWS_WITH(read("model.pdb.gz", {packed.begin(), packed.end() - 20}), ContainsSubstring("its gzip ends early"));
}

TEST_CASE("models: atoms that are not there") {
  CHECK(read("model.pdb", bytes(atom("0.00") + atom("0.50"))).size() == 1);
  CHECK_THROWS_WITH(read("model.pdb", bytes(atom("0.00") + atom("0.00") + atom("0.00"))),
                    ContainsSubstring("has no atoms that are there: all 3 have an occupancy of 0"));
  CHECK_THROWS_WITH(read("model.pdb", bytes("REMARK\n")), ContainsSubstring("has no atoms"));
  CHECK_THROWS_WITH(read("model.txt", bytes(atom("1.00"))), ContainsSubstring("its name ends in none of .pdb"));
}
