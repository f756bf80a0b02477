// SPDX-License-Identifier: MIT
#include <bracewell/project.hpp>

#include "support/axes.hpp"
#include "support/operations.hpp"
#include "support/refusals.hpp"
#include "support/slicing.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace bw = bracewell;
using namespace support;

namespace {

/// Rounding of κ moves weights by eps · κ, of which slopes of the kernels make a few; sums have up to 512 terms of both signs.
template <class T>
constexpr double tolerance = 200 * double(std::numeric_limits<T>::epsilon());

std::vector<Complex> expected(const SliceProblem& s, const reference::Kernel& kernel, bool shifted) {
  std::vector<Complex> all;
  for (int b = 0; b < s.references; ++b)
    for (int p = 0; p < s.poses; ++p) {
      const auto slice = reference::project(s.volume(b), s.at(b, p, shifted), kernel);
      all.insert(all.end(), slice.begin(), slice.end());
    }
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("project is the literal sum", "[project]", (Axes<double, 1, 1>), (Axes<double, 2, 1>),
                   (Axes<double, 2, 2>), (Axes<double, 3, 1>), (Axes<double, 3, 2>), (Axes<double, 3, 3>),
                   (Axes<float, 2, 1>), (Axes<float, 2, 2>), (Axes<float, 3, 1>), (Axes<float, 3, 2>), (Axes<float, 3, 3>)) {
  using T = typename TestType::T;
  using C = Kokkos::complex<T>;
  constexpr int N = TestType::N, M = TestType::M;
  Random random(1000 + 10 * N + M);
  INFO("seed " << random.seed);
  const Exec exec;
  for (int i = 0; i < 60; ++i) {
    const SliceProblem s = random_problem(random, N, M, i);
    INFO(text(s));
    const auto volumes = upload<C, N + 1>(s.volume_shape(), s.volumes);
    const auto rotations = upload<double, 4>(s.rotation_shape(), s.rotations);
    const auto shifts = upload<double, 3>(s.shift_shape(), s.shifts);
    const bw::Spectrum references{volumes, s.geometry.extents.back()};
    const auto run = [&](const auto& poses, const bw::SliceOptions& options, const auto& kernel) {
      const auto slices = unset<C, M + 2>(s.slice_shape());
      bw::project(exec, references, poses, bw::Spectrum{slices, s.geometry.slice.back()}, options, kernel);
      return download(slices);
    };
    const auto interpolation = interpolations[i % interpolations.size()];
    INFO("interpolation " << int(interpolation));
    const double padding = s.geometry.oversampling;
    const auto kernel = reference_kernel(interpolation, padding);
    CHECK(relative_error(run(bw::Poses{rotations, shifts}, options(s, interpolation), bw::none), expected(s, kernel, true)) <
          tolerance<T>);
    CHECK(relative_error(run(bw::Poses{rotations}, options(s, interpolation), bw::none), expected(s, kernel, false)) <
          tolerance<T>);
    CHECK(relative_error(run(bw::Poses{rotations}, options(s, interpolation), QuadraticSpline{}),
                         expected(s, quadratic_spline(), false)) < tolerance<T>);
  }
}

TEST_CASE("project with the identity returns the reference", "[project]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  Random random(1100);
  INFO("seed " << random.seed);
  for (const Extents& n : {Extents{6, 8, 4}, Extents{5, 7, 9}, Extents{8, 5, 6}, Extents{1, 2, 3}}) {
    const auto spectrum = random.spectrum(n);
    const std::vector<long> shape = SliceProblem::stored(n, {});
    const auto reference = upload<C, 3>(shape, spectrum);
    const auto rotations = upload<double, 3>({1, 3, 3}, std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1});
    const auto slices = unset<C, 4>(SliceProblem::stored(n, {1}));
    const auto check = [&](const auto& kernel) {
      // κ = k for equal extents: n_d / n_x · m_x / m_d = 1 on the diagonal
      bw::project(exec, bw::Spectrum{reference, n.back()}, bw::Poses{rotations}, bw::Spectrum{slices, n.back()},
                  {.cutoff = 0.5 * std::sqrt(3.0)}, kernel);
      CHECK(identical(download(slices), spectrum));
    };
    check(bw::Linear{});
    check(bw::Cubic{});
  }
}

TEST_CASE("project with quarter turns permutes", "[project]") {
  using C = Kokkos::complex<float>;
  const Exec exec;
  Random random(1200);
  INFO("seed " << random.seed);
  const Extents n{6, 6, 6};
  const auto f = random.spectrum(n);
  const auto reference = upload<C, 3>({6, 6, 4}, f);
  const auto rounded = download(reference);
  const std::vector<double> r{0, -1, 0, 0, 0, 1, -1, 0, 0};  // image x = −y, y = z, z = −x of the object
  const auto slices = unset<C, 4>({1, 6, 6, 4});
  const auto check = [&](const auto& kernel) {
    bw::project(exec, reference, bw::Poses{upload<float, 3>({1, 3, 3}, r)}, slices, {.cutoff = 1}, kernel);
    const auto got = download(slices);
    const auto all = reference::frequencies(n);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& k = all[i];
      const auto at = reference::locate({-k[2], -k[0], k[1]}, n);  // Rᵀ k
      CHECK(got[i] == reference::conjugate_if(at.conjugate, rounded[at.offset]));
    }
  };
  check(bw::Linear{});
  check(bw::Cubic{});
}

TEST_CASE("slices are Hermitian, and linear in the reference", "[project]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  Random random(1300);
  INFO("seed " << random.seed);
  const Extents n{7, 8, 6}, m{6, 8};
  const auto f = random.spectrum(n), g = random.spectrum(n);
  auto sum = f;
  for (std::size_t i = 0; i < f.size(); ++i) sum[i] = 2.0 * f[i] - 3.0 * g[i];
  const bw::Poses poses{upload<double, 4>({1, 5, 2, 3}, random.normals(30)),
                        upload<double, 3>({1, 5, 2}, random.normals(10))};
  for (const auto kernel : interpolations) {
    const auto run = [&](const std::vector<Complex>& values) {
      const auto slices = unset<C, 4>({1, 5, 6, 5});
      bw::project(exec, bw::Spectrum{upload<C, 4>({1, 7, 8, 4}, values), 6}, poses, bw::Spectrum{slices, 8},
                  {.interpolation = kernel, .oversampling = 1.25, .cutoff = 0.45});
      return download(slices);
    };
    const auto a = run(f), b = run(g);
    auto combined = a;
    for (std::size_t i = 0; i < a.size(); ++i) combined[i] = 2.0 * a[i] - 3.0 * b[i];
    CHECK(relative_error(run(sum), combined) < tolerance<double>);
    for (int p = 0; p < 5; ++p) {
      const std::vector<Complex> slice(a.begin() + p * 30, a.begin() + (p + 1) * 30);
      auto twice = slice;
      for (std::size_t i = 0; i < slice.size(); ++i)
        if (i % 5 == 0 || i % 5 == 4) twice[i] *= 2.0;
      CHECK(relative_error(reference::symmetrise(slice, m), twice) < tolerance<double>);
    }
  }
}

TEST_CASE("project accumulates, broadcasts poses, and takes no poses", "[project]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  Random random(1400);
  INFO("seed " << random.seed);
  const bw::Linear linear;  // one kernel to compile, not five
  const auto before = random.complex(2 * 3 * 30);
  const auto references = upload<C, 4>({2, 6, 6, 4}, random.complex(2 * 6 * 6 * 4));
  const auto rotations = random.normals(18), shifts = random.normals(6);
  const auto slices = upload<C, 4>({2, 3, 6, 5}, before), fresh = unset<C, 4>({2, 3, 6, 5});
  const bw::Poses shared{upload<double, 4>({1, 3, 2, 3}, rotations), upload<double, 3>({1, 3, 2}, shifts)};
  bw::project(exec, references, shared, slices, {.accumulate = true}, linear);
  bw::project(exec, references, shared, fresh, {}, linear);
  auto want = download(fresh);
  for (std::size_t i = 0; i < want.size(); ++i) want[i] += before[i];
  CHECK(same(download(slices), want, tolerance<double>));

  auto doubled = rotations;
  doubled.insert(doubled.end(), rotations.begin(), rotations.end());
  const auto separate = unset<C, 4>({2, 3, 6, 5});
  bw::project(exec, references, bw::Poses{upload<double, 4>({2, 3, 2, 3}, doubled), shared.shifts}, separate, {}, linear);
  CHECK(same(download(separate), download(fresh), tolerance<double>));

  const Dense<C, 4> nothing("nothing", 2, 0, 6, 5);
  bw::project(exec, references, bw::Poses{Dense<double, 4>("rotations", 1, 0, 2, 3)}, nothing, {}, linear);
}

TEST_CASE("project takes any strides above x, any layout of poses, and static extents", "[project]") {
  using C = Kokkos::complex<float>;
  using Memory = Exec::memory_space;
  const Exec exec;
  Random random(1500);
  INFO("seed " << random.seed);
  const bw::Linear linear;
  const auto f = random.complex(2 * 6 * 7 * 4);
  const auto rotations = random.normals(2 * 3 * 6), shifts = random.normals(2 * 3 * 2);
  const auto dense = upload<C, 4>({2, 6, 7, 4}, f);
  const auto slices = unset<C, 4>({2, 3, 5, 4});
  const auto dense_rotations = upload<float, 4>({2, 3, 2, 3}, rotations);
  const auto dense_shifts = upload<float, 3>({2, 3, 2}, shifts);
  bw::project(exec, dense, bw::Poses{dense_rotations, dense_shifts}, slices, {}, linear);

  const Kokkos::View<C****, Kokkos::LayoutRight, Memory> padded("padded", 3, 8, 9, 6),
      padded_slices("padded slices", 4, 3, 7, 5);
  using std::pair;
  const auto part = Kokkos::subview(padded, pair(1, 3), pair(0, 6), pair(2, 9), pair(1, 5));
  const auto part_slices = Kokkos::subview(padded_slices, pair(2, 4), Kokkos::ALL, pair(1, 6), pair(1, 5));
  Kokkos::deep_copy(part, dense);
  const Kokkos::View<float** [2][3], Kokkos::LayoutLeft, Memory> left_rotations("rotations", 2, 3);
  const Kokkos::View<float** [2], Kokkos::LayoutLeft, Memory> left_shifts("shifts", 2, 3);
  const auto copy = [](const auto& to, const auto& from) {  // between layouts: on the host
    const auto mirror = Kokkos::create_mirror_view(to);
    const auto source = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), from);
    for (int b = 0; b < 2; ++b)
      for (int p = 0; p < 3; ++p)
        for (int e = 0; e < 2; ++e) {
          if constexpr (std::decay_t<decltype(to)>::rank() == 4) {
            for (int d = 0; d < 3; ++d) mirror(b, p, e, d) = source(b, p, e, d);
          } else {
            mirror(b, p, e) = source(b, p, e);
          }
        }
    Kokkos::deep_copy(to, mirror);
  };
  copy(left_rotations, dense_rotations);
  copy(left_shifts, dense_shifts);
  bw::project(exec, part, bw::Poses{left_rotations, left_shifts}, part_slices, {}, linear);
  const Dense<C, 4> got("got", 2, 3, 5, 4);
  Kokkos::deep_copy(got, part_slices);
  CHECK(same(download(got), download(slices), tolerance<float>));
}

TEST_CASE("project gives empty slices of poses that are not finite", "[project][nonfinite]") {
  using C = Kokkos::complex<float>;
  const Exec exec;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const auto reference = upload<C, 3>({6, 6, 4}, std::vector<Complex>(6 * 6 * 4, 1));
  const std::vector<double> eye{1, 0, 0, 0, 1, 0};
  for (const double bad : {inf, -inf, nan, 1e300}) {
    auto rotations = eye;
    rotations.insert(rotations.end(), eye.begin(), eye.end());
    rotations[4] = bad;
    const auto slices = unset<C, 3>({2, 6, 4});
    bw::project(exec, reference, bw::Poses{upload<double, 3>({2, 2, 3}, rotations)}, slices, {}, bw::Linear{});
    const auto got = download(slices);
    CHECK(got[0] == (bad == 1e300 ? 1.0 : 0.0));  // k = 0 is within any band
    CHECK(got[5] == 0.0);
    CHECK(got[24] == 1.0);
  }
  const auto slices = unset<C, 3>({1, 6, 4});
  bw::project(exec, reference,
              bw::Poses{upload<double, 3>({1, 2, 3}, eye), upload<double, 2>({1, 2}, std::vector{nan, 0.0})}, slices, {},
              bw::Linear{});
  CHECK(identical(download(slices), std::vector<Complex>(24)));
}

TEST_CASE("project refuses what does not fit", "[project][nonfinite]") {
  using C = Kokkos::complex<float>;
  const Exec exec;
  const Dense<C, 3> reference("reference", 8, 8, 5), slices("slices", 3, 8, 5);
  const Dense<double, 3> rotations("rotations", 3, 2, 3);
  const Dense<double, 2> shifts("shifts", 3, 2);
  const auto refused = [&](const auto& r, const auto& poses, const auto& s, const bw::SliceOptions& options,
                           const char* words) {
    Kokkos::deep_copy(slices, C(7));
    CHECK_THROWS_MATCHES(bw::project(exec, r, poses, s, options), std::invalid_argument,
                         Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(words)));
    CHECK(identical(download(slices), std::vector<Complex>(slices.size(), 7)));  // nothing was written
  };
  const bw::Poses poses{rotations, shifts};
  refused(reference, bw::Poses{rotations, Dense<double, 2>("t", 2, 2)}, slices, {},
          "project: 'shifts' is of shape [2, 2], expected extent 3 on axis 0, as 'rotations' has");
  refused(reference, bw::Poses{Dense<double, 3>("r", 3, 2, 2)}, slices, {},
          "project: 'rotations' is of shape [3, 2, 2], expected extent 3 on axis 2, the axes of a reference");
  refused(reference, poses, Dense<C, 3>("s", 4, 8, 5), {},
          "project: 'slices' is of shape [4, 8, 5], expected extent 3 on axis 0");
  refused(bw::Spectrum{reference, 7}, poses, slices, {},
          "project: 'reference' is 5 stored columns wide for a real width of 7, expected");
  refused(reference, poses, bw::Spectrum{slices, -8}, {}, "'slices' is 5 stored columns wide for a real width of -8");
  refused(Dense<C, 3>("r", 8, 8, 1), poses, slices, {}, "'reference' is 1 stored columns wide for a real width of 0");
  refused(Dense<C, 3>("r", 0, 8, 5), poses, slices, {}, "'reference' is of shape [0, 8, 5], expected extents from 1");
  refused(reference, poses, slices, {.oversampling = 0}, "project: 'options.oversampling' is 0.0");
  refused(reference, poses, slices, {.oversampling = NAN}, "project: 'options.oversampling' is nan");
  refused(reference, poses, slices, {.padding = -2}, "project: 'options.padding' is -2.0");
  refused(reference, poses, slices, {.padding = INFINITY}, "project: 'options.padding' is inf");
  refused(reference, poses, slices, {.cutoff = -0.1}, "project: 'options.cutoff' is -0.1");
  refused(reference, poses, slices, {.interpolation = bw::Interpolation(17)}, "project: 'options.interpolation' is 17");
  refused(reference, poses, slices, {.interpolation = bw::Interpolation::kaiser_bessel_4, .oversampling = 0.55},
          "KaiserBessel: 'padding' is 0.55");
  refused(reference, poses, slices, {.interpolation = bw::Interpolation::kaiser_bessel_4, .padding = 0.55},
          "KaiserBessel: 'padding' is 0.55");
  refused(slices, bw::Poses{rotations}, slices, {}, "project: 'slices' is in the memory of 'reference'");
  const Dense<C, 4> references("references", 2, 8, 8, 5), batch("slices", 2, 3, 8, 5);
  refused(references, bw::Poses{Dense<double, 4>("r", 3, 3, 2, 3)}, batch, {},
          "'rotations' is of shape [3, 3, 2, 3], expected extent 2 on axis 0, or 1, as 'reference' has");
  const auto strided = Kokkos::subview(Dense<C, 4>("wide", 8, 8, 5, 2), Kokkos::ALL, Kokkos::ALL, Kokkos::ALL, 0);
  refused(strided, poses, slices, {}, "'reference' is of stride 2 on its last axis, expected stride 1 there");
}

TEST_CASE("project refuses Views that leave open what they are", "[project]") {
  using C = Kokkos::complex<float>;
  const Exec exec;
  const bw::Linear linear;
  const Dense<double, 3> rotations("rotations", 3, 2, 3);
  const bw::Poses poses{rotations};
  const auto call = [&](const auto& reference, const auto& slices) {
    return [&exec, &poses, &linear, reference, slices] { bw::project(exec, reference, poses, slices, {}, linear); };
  };
  const Dense<C, 3> odd("odd", 33, 33, 17), odd_slices("odd_slices", 3, 33, 17), even("even", 32, 32, 17),
      even_slices("even_slices", 3, 32, 17);
  check_refused(call(odd, even_slices),
                "project: 'reference' is of shape [33, 33, 17] without its real width, which may be 33, "
                "expected bracewell::Spectrum{view, 33}, or with 32");
  check_refused(call(even, odd_slices), "project: 'slices' is of shape [3, 33, 17] without its real width, which may be 33");
  CHECK_NOTHROW(call(bw::Spectrum{odd, 33}, bw::Spectrum{odd_slices, 33})());
  CHECK_NOTHROW(call(bw::Spectrum{odd, 32}, bw::Spectrum{odd_slices, 32})());
  CHECK_NOTHROW(call(even, even_slices)());
  CHECK_NOTHROW(call(Dense<C, 3>("any", 33, 32, 17), even_slices)());  // not a cube: nothing says that 33 is its width

  const Dense<C, 3> full("full", 32, 32, 32), full_slices("full_slices", 3, 32, 32);
  check_refused(call(full, even_slices),
                "project: 'reference' is of shape [32, 32, 32], as a full spectrum has it, expected half "
                "of it, 17 columns, or bracewell::Spectrum{view, 62}");
  check_refused(call(even, full_slices), "project: 'slices' is of shape [3, 32, 32], as a full spectrum has it");
  CHECK_NOTHROW(call(bw::Spectrum{full, 62}, bw::Spectrum{even_slices, 32})());
}

TEST_CASE("project refuses arrays at odd addresses", "[project]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  const bw::Linear linear;
  const Dense<double, 3> rotations("rotations", 1, 2, 3);
  const Dense<C, 3> reference("reference", 16, 16, 9), slices("slices", 1, 16, 9);
  const Dense<double, 1> memory("memory", 2 * 16 * 16 * 9 + 2);
  for (const int offset : {0, 1, 2}) {  // in doubles; complex<double> is aligned to two
    const Dense<C, 3> somewhere(reinterpret_cast<C*>(memory.data() + offset), 16, 16, 9),
        cut(reinterpret_cast<C*>(memory.data() + offset), 1, 16, 9);
    const auto read = [&] { bw::project(exec, somewhere, bw::Poses{rotations}, slices, {}, linear); };
    const auto write = [&] { bw::project(exec, reference, bw::Poses{rotations}, cut, {}, linear); };
    if (reinterpret_cast<std::uintptr_t>(somewhere.data()) % alignof(C) == 0) {
      CHECK_NOTHROW(read());
      CHECK_NOTHROW(write());
    } else {
      check_refused(read, "project: 'reference' is at an address that is no multiple of 16 bytes");
      check_refused(write, "project: 'slices' is at an address that is no multiple of 16 bytes");
    }
  }
}

TEST_CASE("a padding is what a Kaiser-Bessel kernel is designed for", "[project]") {
  using C = Kokkos::complex<double>;
  const Exec exec;
  Random random(1600);
  INFO("seed " << random.seed);
  const auto reference = upload<C, 3>({12, 12, 7}, random.spectrum({12, 12, 12}));
  const bw::Poses poses{upload<double, 3>({1, 2, 3}, random.rotation(2, 3))};
  const auto cut = [&](const bw::SliceOptions& options, const auto& kernel) {
    const auto slices = unset<C, 3>({1, 12, 7});
    bw::project(exec, reference, poses, slices, options, kernel);
    return download(slices);
  };
  constexpr auto named = bw::Interpolation::kaiser_bessel_4;
  const auto two = cut({}, bw::KaiserBessel<2>{2}), other = cut({}, bw::KaiserBessel<2>{1.25});
  CHECK(identical(cut({.interpolation = named, .padding = 2}, bw::none), two));
  CHECK(identical(cut({.interpolation = named, .padding = 1.25}, bw::none), other));
  CHECK(!identical(two, other));
  CHECK(identical(cut({.interpolation = named, .oversampling = 1.25}, bw::none),
                  cut({.oversampling = 1.25}, bw::KaiserBessel<2>{1.25})));
}
