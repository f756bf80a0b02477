// SPDX-License-Identifier: MIT
#include <bracewell/symmetry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <map>

namespace bw = bracewell;
using bw::Matrix3;

namespace {

constexpr Matrix3 identity{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

bool holds(const std::vector<Matrix3>& group, const Matrix3& g) {
  for (const Matrix3& other : group)
    if (bw::angular_distance(g, other) < 1e-12) return true;
  return false;
}

Matrix3 transposed(const Matrix3& a) {
  Matrix3 t{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) t[i][j] = a[j][i];
  return t;
}

/// Whether the group has an n-fold axis there.
bool has_axis(const std::string& name, double x, double y, double z, int fold) {
  return holds(bw::symmetry_group(name), bw::rotation_about({x, y, z}, 2 * M_PI / fold));
}

}  // namespace

TEST_CASE("point groups are groups, of their orders", "[symmetry]") {
  const std::map<std::string, std::size_t> orders{{"C1", 1},  {"C2", 2},  {"c7", 7},  {"C13", 13}, {"D1", 2},
                                                  {"D2", 4},  {"D7", 14}, {"T", 12},  {"O", 24},   {"I", 60},
                                                  {"I1", 60}, {"I2", 60}, {"I3", 60}, {"i4", 60}};
  for (const auto& [name, order] : orders) {
    INFO(name);
    const auto group = bw::symmetry_group(name);
    REQUIRE(group.size() == order);
    CHECK(group[0] == identity);
    for (const Matrix3& a : group) {
      CHECK(bw::angular_distance(bw::product(a, transposed(a)), identity) < 1e-12);
      CHECK(holds(group, transposed(a)));
      int alike = 0;
      for (const Matrix3& b : group) {
        CHECK(holds(group, bw::product(a, b)));
        alike += bw::angular_distance(a, b) < 1e-3;
      }
      CHECK(alike == 1);
    }
  }
}

TEST_CASE("point groups stand as RELION has them", "[symmetry]") {
  const double golden = (1 + std::sqrt(5.0)) / 2;
  CHECK(has_axis("C5", 0, 0, 1, 5));
  CHECK(has_axis("D3", 1, 0, 0, 2));
  CHECK(!has_axis("D3", 0, 1, 0, 2));
  CHECK(has_axis("T", 0, 0, 1, 3));
  CHECK(has_axis("T", 0, std::sqrt(2.0 / 3), std::sqrt(1.0 / 3), 2));
  CHECK(!has_axis("T", 0, 0, 1, 2));  // ASPIRE's
  for (const auto& [x, y, z] : {std::array{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}) {
    CHECK(has_axis("O", x, y, z, 4));
    for (const char* name : {"I", "I1", "I2"}) CHECK(has_axis(name, x, y, z, 2));
  }
  CHECK(has_axis("I1", 0, 1, golden, 5));
  CHECK(!has_axis("I1", 1, 0, golden, 5));
  for (const char* name : {"I", "I2"}) {
    CHECK(has_axis(name, 1, 0, golden, 5));
    CHECK(!has_axis(name, 0, 1, golden, 5));
  }
  for (const char* name : {"I3", "I4"}) {
    CHECK(has_axis(name, 0, 0, 1, 5));
    CHECK(has_axis(name, 0, 1, 0, 2));
  }
  CHECK(has_axis("I3", -2, 0, 1, 5));
  CHECK(!has_axis("I3", 2, 0, 1, 5));
  CHECK(has_axis("I4", 2, 0, 1, 5));
  // Matrices that RELION 3.1.3 prints (relion_refine --print_symmetry_ops).
  const auto near = [](const char* name, const Matrix3& matrix) {
    for (const Matrix3& g : bw::symmetry_group(name))
      if (bw::angular_distance(g, matrix) < 1e-4) return true;
    return false;
  };
  CHECK(near("I3", {{{-0.44721, 0, -0.89443}, {0, -1, 0}, {-0.89443, 0, 0.44721}}}));
  CHECK(near("I3", {{{0.309017, 0.95105654, 0}, {-0.95105654, 0.309017, 0}, {0, 0, 1}}}));
}

TEST_CASE("names of no point group are refused", "[symmetry]") {
  for (const char* name : {"", "C", "C0", "D", "T2", "O1", "I5", "C-1", "C2x", "Q", "C9999"}) {
    INFO(name);
    CHECK_THROWS_AS(bw::symmetry_group(name), std::invalid_argument);
  }
}
