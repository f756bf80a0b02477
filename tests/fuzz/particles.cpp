// SPDX-License-Identifier: MIT
// libFuzzer's view of the readers of particles' metadata, and of what is written of it.
#include "memory_file.hpp"
#include "read_all_particles.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static MemoryFile file{"particles"};
  static const std::string name = file.path("particles");
  file.set(data, size);
  read_all_particles(name, size);
  return 0;
}
