// SPDX-License-Identifier: MIT
#include <Kokkos_Core.hpp>

#include <catch2/catch_session.hpp>

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard scope;
  return Catch::Session().run(argc, argv);
}
