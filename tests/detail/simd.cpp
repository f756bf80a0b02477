// SPDX-License-Identifier: MIT
// Packs against numbers one by one, and instructions of one processor against what all have.
#include <bracewell/detail/core/simd_groups.hpp>

#include <catch2/catch_template_test_macros.hpp>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace simd = bracewell::detail::simd;

namespace {

template <class T, int W>
struct Width {
  using Lane = T;
  static constexpr int width = W < simd::width<T> ? W : simd::width<T>;
};

template <class P>
P random_pack(std::mt19937& random, double scale) {
  std::uniform_real_distribution<double> numbers(-scale, scale);
  simd::Lane<P> lanes[simd::lanes<P>];
  for (auto& x : lanes) x = simd::Lane<P>(numbers(random));
  return simd::load<P>(lanes);
}

template <class P>
std::vector<simd::Lane<P>> lanes_of(const P& pack) {
  std::vector<simd::Lane<P>> lanes(simd::lanes<P>);
  simd::store(lanes.data(), pack);
  return lanes;
}

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return sizeof(a) == sizeof(b) && std::memcmp(&a, &b, sizeof(a)) == 0;
}

/// Transposes, spreads and loads groups of Group lanes.
template <class P, int Group>
void check_groups(std::mt19937& random) {
  using T = simd::Lane<P>;
  constexpr int W = simd::lanes<P>;
  if constexpr (Group <= W) {
    P packs[Group];
    for (auto& pack : packs) pack = random_pack<P>(random, 10);
    std::vector<std::vector<T>> before;
    for (const auto& pack : packs) before.push_back(lanes_of(pack));
    const auto spread = lanes_of(simd::spread_in_groups<Group, Group - 1>(packs[0]));
    for (int i = 0; i < W; ++i) CHECK(spread[std::size_t(i)] == before[0][std::size_t(i / Group * Group + Group - 1)]);
    simd::transpose_groups<Group>(packs);
    for (int j = 0; j < Group; ++j)
      for (int i = 0; i < W; ++i)
        CHECK(lanes_of(packs[j])[std::size_t(i)] == before[std::size_t(i % Group)][std::size_t(i / Group * Group + j)]);

    std::vector<T> memory;
    for (int i = 0; i < 2 * W + 1; ++i) memory.push_back(T(i));
    constexpr int groups = W / Group;
    const auto where = [](int group) { return (groups - 1 - group) * Group + group % 2; };
    const auto loaded = lanes_of(simd::load_groups<P, groups>([&](int group) { return memory.data() + where(group); }));
    for (int i = 0; i < W; ++i) CHECK(loaded[std::size_t(i)] == memory[std::size_t(where(i / Group) + i % Group)]);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("packs are numbers side by side, by whatever instructions", "[simd]", (Width<float, 16>),
                   (Width<float, 8>), (Width<float, 4>), (Width<double, 8>), (Width<double, 4>), (Width<double, 2>)) {
  using T = typename TestType::Lane;
  using P = simd::Pack<T, TestType::width>;
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    const P x = random_pack<P>(random, round % 2 == 0 ? 3 : 1e6), y = random_pack<P>(random, 3);
    CHECK(same_bits(simd::round_down(x), simd::plain_round_down(x)));
    for (int i = 0; i < simd::lanes<P>; ++i)
      CHECK(lanes_of(simd::round_down(x))[std::size_t(i)] == std::floor(lanes_of(x)[std::size_t(i)]));
    if constexpr (simd::lanes < P >> 1) {
      const auto joined = simd::plain_join(x, y);
      const auto by_instruction = simd::join(x, y);
      CHECK(same_bits(joined, by_instruction));
      T both[2 * simd::lanes<P>], pairs[2 * simd::lanes<P>];
      std::memcpy(both, &joined, sizeof(both));
      simd::store_pairs(pairs, x, y);
      for (int i = 0; i < simd::lanes<P>; ++i) {
        CHECK((both[i] == lanes_of(x)[std::size_t(i)] && both[simd::lanes<P> + i] == lanes_of(y)[std::size_t(i)]));
        CHECK((pairs[2 * i] == lanes_of(x)[std::size_t(i)] && pairs[2 * i + 1] == lanes_of(y)[std::size_t(i)]));
      }
    }
    check_groups<P, 2>(random);
    check_groups<P, 4>(random);
    check_groups<P, 8>(random);
    check_groups<P, 16>(random);
  }
  using I = simd::Pack<simd::Integer<T>, simd::lanes<P>>;
  CHECK_FALSE(simd::any(I{}));
  for (int i = 0; i < simd::lanes<P>; ++i) {
    simd::Integer<T> mask[simd::lanes<P>] = {};
    mask[i] = -1;
    CHECK(simd::any(simd::load<I>(mask)));
    CHECK(simd::plain_any(simd::load<I>(mask)));
  }
}
