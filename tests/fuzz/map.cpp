// SPDX-License-Identifier: MIT
// libFuzzer's view of the reader of MRC files, gzipped or not: the first byte chooses the name, the rest is the file.
#include "memory_file.hpp"
#include "read_all.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  static MemoryFile file{"map.mrc", "map.mrcs"};
  static const std::string names[] = {file.path("map.mrc"), file.path("map.mrcs")};
  file.set(data + 1, size - 1);
  read_all(names[data[0] % 2], size - 1);
  return 0;
}
