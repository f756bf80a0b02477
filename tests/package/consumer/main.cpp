// SPDX-License-Identifier: MIT
#include "consumer.hpp"

#include <cstdio>

int wrong_samples_elsewhere();

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard scope(argc, argv);
  const int images = argc;
  const int wrong = wrong_samples(images), elsewhere = wrong_samples_elsewhere();
  std::printf("%d samples are wrong, %d in the other file\n", wrong, elsewhere);
  return wrong == 0 && elsewhere == 0 ? 0 : 1;
}
