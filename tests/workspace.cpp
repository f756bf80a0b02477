// SPDX-License-Identifier: MIT
#include <bracewell/workspace.hpp>

#include "support/arrays.hpp"
#include "support/tools.hpp"

#include <catch2/catch_test_macros.hpp>

namespace bw = bracewell;
using namespace support;

TEST_CASE("a workspace serves smaller calls and grows for larger ones", "[tools]") {
  const Exec exec;
  bw::Workspace workspace;
  const auto allocations = [&](std::size_t count) {
    return record([&] { workspace.numbers(exec, count); }).allocations.size();
  };
  CHECK(allocations(10) == 1);
  CHECK(allocations(10) == 0);
  CHECK(allocations(3) == 0);
  CHECK(allocations(11) == 1);
  CHECK(workspace.numbers(exec, 11).size() >= 11);
}
