// SPDX-License-Identifier: MIT
// Every argument of every function, wrong in every way that the compiler cannot see: refused by name, with nothing written.
// docs/bad_input.md is the table; wrong types are in tests/compile/sentences.
#include <bracewell/finish.hpp>
#include <bracewell/gauss_newton.hpp>
#include <bracewell/gaussian.hpp>
#include <bracewell/sampler.hpp>

#include "support/operations.hpp"
#include "support/refusals.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace bw = bracewell;
using namespace support;
using reference::Complex;

namespace {

using Bytes = Kokkos::View<char*, Exec::memory_space>;

constexpr char untouched = 0x3f;  // as numbers, these bytes are 5e-4 in double and 0.7 in float: their products are finite

/// An argument as plain data, of which any can be spoiled.
struct Slot {
  std::string name;
  bool written;
  std::size_t size, alignment;  // of an element
  std::vector<long> extents;
  std::string free;  // a letter for each axis: f where any small extent will do, - where others say it
  long width = 0;    // of half spectra
  Bytes memory = {};
  void* data = nullptr;

  /// Twice as much as it needs.
  void allocate() {
    std::size_t bytes = 2 * size;
    for (const long n : extents) bytes *= std::size_t(n + 1);
    memory = Bytes(Kokkos::view_alloc(Kokkos::WithoutInitializing, "bad_input::" + name), bytes);
    Kokkos::deep_copy(memory, untouched);
    data = memory.data();
  }

  bool is_untouched() const {
    const auto bytes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), memory);
    return std::all_of(bytes.data(), bytes.data() + bytes.size(), [](char c) { return c == untouched; });
  }
};

using Slots = std::vector<Slot>;

struct Options {
  bw::SliceOptions slice;
  bw::RasterOptions raster;
};

/// A function of its arguments.
struct Call {
  std::string function;
  Slots slots;
  std::function<void(const Slots&, const Options&)> run;

  Slots fresh() const {
    Slots all = slots;
    for (Slot& s : all) s.allocate();
    return all;
  }

  /// What the refusal said; empty where there was none.
  std::string refusal(const Slots& all, const Options& options = {}) const {
    try {
      run(all, options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    Kokkos::fence();
    return "";
  }

  /// The refusal names the function, one of the arguments, and what was expected; nothing was written.
  std::string check_refused(const Slots& all, const Options& options = {}) const {
    const std::string words = refusal(all, options);
    INFO("it said: " << words);
    CHECK(words.rfind(function + ": '", 0) == 0);
    CHECK(words.find("' is ") != words.npos);
    CHECK(words.find(", expected ") != words.npos);
    for (const Slot& s : all)
      if (s.memory.size() > 0) CHECK(s.is_untouched());
    return words;
  }
};

template <class V, int Rank>
Dense<V, Rank> view(const Slot& s) {
  return Dense<V, Rank>(static_cast<V*>(s.data), layout(s.extents));
}
template <class V, int Rank>
bw::Spectrum<Dense<V, Rank>> spectrum(const Slot& s) {
  return {view<V, Rank>(s), s.width};
}

template <class V>
Slot slot(const std::string& name, bool written, const std::vector<long>& extents, const std::string& free, long width = 0) {
  return {name, written, sizeof(V), alignof(V), extents, free, width};
}

using T = double;
using C = Kokkos::complex<double>;

// References [B][D][H][W/2 + 1] of 3 axes, slices [B][P][h][w/2 + 1] of 2.
constexpr long B = 3, P = 4;
Slot grid(const std::string& name, bool written, bool first) {
  return slot<C>(name, written, {B, 6, 5, 5}, first ? "-ff-" : "----", 9);
}
Slot density(const std::string& name, bool written) { return slot<T>(name, written, {B, 6, 5, 5}, "----", 9); }
Slot stack(const std::string& name, bool written, bool first) {
  return slot<C>(name, written, {B, P, 7, 4}, first ? "--f-" : "----", 6);
}
Slot weights(const std::string& name, bool written) { return slot<T>(name, written, {B, P, 7, 4}, "----", 6); }
Slot rotations(const std::string& suffix = "") {
  return slot<double>("rotations" + suffix, suffix == "_bar", {B, P, 2, 3}, "----");
}
Slot shifts(const std::string& suffix = "") { return slot<double>("shifts" + suffix, suffix == "_bar", {B, P, 2}, "---"); }
Shifted poses(const Slots& s, int i) { return {view<double, 4>(s[i]), view<double, 3>(s[i + 1])}; }
const auto references = [](const Slot& s) { return spectrum<C, 4>(s); };
const auto densities = [](const Slot& s) { return spectrum<T, 4>(s); };

std::vector<Call> slicing_calls() {
  const Exec exec;
  const bw::None none;
  return {
      {"project",
       {grid("reference", false, true), rotations(), shifts(), stack("slices", true, true)},
       [=](const Slots& s, const Options& o) {
         bw::project(exec, references(s[0]), poses(s, 1), references(s[3]), o.slice, none);
       }},
      {"project_jvp",
       {grid("reference", false, false), grid("reference_dot", false, false), rotations(), shifts(), rotations("_dot"),
        shifts("_dot"), stack("slices_dot", true, true)},
       [=](const Slots& s, const Options& o) {
         bw::project_jvp(exec, references(s[0]), references(s[1]), poses(s, 2), poses(s, 4), references(s[6]), o.slice,
                         none);
       }},
      {"project_vjp",
       {grid("reference", false, false), rotations(), shifts(), stack("slices_bar", false, true),
        grid("reference_bar", true, false), rotations("_bar"), shifts("_bar")},
       [=](const Slots& s, const Options& o) {
         bw::project_vjp(exec, references(s[0]), poses(s, 1), references(s[3]), references(s[4]), poses(s, 5), o.slice,
                         none);
       }},
      {"backproject",
       {stack("slices", false, false), weights("weights", false), rotations(), shifts(), grid("data", true, false),
        density("density", true)},
       [=](const Slots& s, const Options& o) {
         bw::backproject(exec, references(s[0]), densities(s[1]), poses(s, 2), references(s[4]), densities(s[5]), o.slice,
                         none);
       }},
      {"backproject_jvp",
       {stack("slices", false, false), stack("slices_dot", false, false), weights("weights", false),
        weights("weights_dot", false), rotations(), shifts(), rotations("_dot"), shifts("_dot"),
        grid("data_dot", true, false), density("density_dot", true)},
       [=](const Slots& s, const Options& o) {
         bw::backproject_jvp(exec, references(s[0]), references(s[1]), densities(s[2]), densities(s[3]), poses(s, 4),
                             poses(s, 6), references(s[8]), densities(s[9]), o.slice, none);
       }},
      {"backproject_vjp",
       {stack("slices", false, false), weights("weights", false), rotations(), shifts(), grid("data_bar", false, false),
        density("density_bar", false), stack("slices_bar", true, false), weights("weights_bar", true), rotations("_bar"),
        shifts("_bar")},
       [=](const Slots& s, const Options& o) {
         bw::backproject_vjp(exec, references(s[0]), densities(s[1]), poses(s, 2), references(s[4]), densities(s[5]),
                             references(s[6]), densities(s[7]), poses(s, 8), o.slice, none);
       }},
      {"gauss_newton",
       {grid("reference", false, true), rotations(), shifts(), stack("images", false, false), weights("weights", false),
        weights("ctf", false), slot<double>("scale", false, {B, P}, "--"), slot<double>("loss", true, {B, P}, "--"),
        rotations("_bar"), shifts("_bar"), slot<double>("scale_bar", true, {B, P}, "--"),
        slot<double>("matrix", true, {B, P, 9, 9}, "----")},
       [=](const Slots& s, const Options& o) {
         bw::gauss_newton(exec, references(s[0]), poses(s, 1),
                          bw::Observed{references(s[3]), densities(s[4]), densities(s[5]), view<double, 2>(s[6])},
                          view<double, 2>(s[7]), poses(s, 8), view<double, 2>(s[10]), view<double, 4>(s[11]), o.slice, none);
       }},
  };
}

/// Points [B][n][3] and weights [B][n][C], poses and exposures [B][P]…, images [B][P][C][h][w].
Slots raster_inputs(const std::string& suffix = "") {
  const bool written = suffix == "_bar";
  return {
      slot<T>("points" + suffix, written, {B, 5, 3}, "--s"),        slot<T>("weights" + suffix, written, {B, 5, 2}, "---"),
      slot<T>("rotations" + suffix, written, {B, P, 2, 3}, "----"), slot<T>("shifts" + suffix, written, {B, P, 2}, "---"),
      slot<T>("background" + suffix, written, {B, P}, "--"),        slot<T>("out_weight" + suffix, written, {B, P}, "--")};
}
Slots with_images(Slots inputs, const std::string& name, bool written, const Slots& others = {}) {
  inputs.push_back(slot<T>(name, written, {B, P, 2, 6, 7}, "---ff"));
  inputs.insert(inputs.end(), others.begin(), others.end());
  return inputs;
}
const auto cloud = [](const Slots& s, int i) {
  return Clouds<T, 3>{decltype(Clouds<T, 3>::points)(static_cast<T*>(s[i].data), layout(s[i].extents)),
                      view<T, 3>(s[i + 1])};
};
Placements<T> placements(const Slots& s, int i) { return {view<T, 4>(s[i]), view<T, 3>(s[i + 1])}; }
Exposures<T> exposures(const Slots& s, int i) { return {view<T, 2>(s[i]), view<T, 2>(s[i + 1])}; }

std::vector<Call> raster_calls() {
  const Exec exec;
  const bw::Linear linear;
  Slots inputs_and_dots = raster_inputs();
  const Slots dots = raster_inputs("_dot");
  inputs_and_dots.insert(inputs_and_dots.end(), dots.begin(), dots.end());
  return {
      {"raster", with_images(raster_inputs(), "images", true),
       [=](const Slots& s, const Options& o) {
         bw::raster(exec, cloud(s, 0), placements(s, 2), exposures(s, 4), view<T, 5>(s[6]), o.raster, linear);
       }},
      {"raster_jvp", with_images(inputs_and_dots, "images_dot", true),
       [=](const Slots& s, const Options& o) {
         bw::raster_jvp(exec, cloud(s, 0), cloud(s, 6), placements(s, 2), placements(s, 8), exposures(s, 4),
                        exposures(s, 10), view<T, 5>(s[12]), o.raster, linear);
       }},
      {"raster_vjp", with_images(raster_inputs(), "images_bar", false, raster_inputs("_bar")),
       [=](const Slots& s, const Options& o) {
         bw::raster_vjp(exec, cloud(s, 0), placements(s, 2), exposures(s, 4), view<T, 5>(s[6]), cloud(s, 7),
                        placements(s, 9), exposures(s, 11), o.raster, linear);
       }},
  };
}

/// Points [B][n][3] of widths [B][n], without weights, poses and exposures: images [B][d][h][w].
std::vector<Call> wide_raster_calls() {
  const Exec exec;
  const bw::Gaussian<2> kernel;
  const auto inputs = [](const std::string& suffix) {
    const bool written = suffix == "_bar";
    return Slots{slot<T>("points" + suffix, written, {B, 5, 3}, "--s"), slot<T>("widths" + suffix, written, {B, 5}, "--")};
  };
  const auto wide_cloud = [](const Slots& s, std::size_t i) {
    return bw::PointCloud{decltype(Clouds<T, 3>::points)(static_cast<T*>(s[i].data), layout(s[i].extents)), bw::none,
                          view<T, 2>(s[i + 1])};
  };
  const auto call = [&](const std::string& suffix, const std::string& images, bool written) {
    Slots all = inputs("");
    all.push_back(slot<T>(images, written, {B, 4, 6, 7}, "-fff"));
    if (suffix != "")
      for (const Slot& s : inputs(suffix)) all.push_back(s);
    return all;
  };
  return {
      {"raster", call("", "images", true),
       [=](const Slots& s, const Options& o) {
         bw::raster(exec, wide_cloud(s, 0), bw::none, bw::none, view<T, 4>(s[2]), o.raster, kernel);
       }},
      {"raster_jvp", call("_dot", "images_dot", true),
       [=](const Slots& s, const Options& o) {
         bw::raster_jvp(exec, wide_cloud(s, 0), wide_cloud(s, 3), bw::none, bw::none, bw::none, bw::none, view<T, 4>(s[2]),
                        o.raster, kernel);
       }},
      {"raster_vjp", call("_bar", "images_bar", false),
       [=](const Slots& s, const Options& o) {
         bw::raster_vjp(exec, wide_cloud(s, 0), bw::none, bw::none, view<T, 4>(s[2]), wide_cloud(s, 3), bw::none, bw::none,
                        o.raster, kernel);
       }},
  };
}

std::vector<Call> finish_calls() {
  const Exec exec;
  const auto one = [](const std::string& name) { return Slots{slot<C>(name, true, {B, 6, 5, 5}, "ffff", 9)}; };
  const Slots two{slot<C>("data", true, {B, 6, 5, 5}, "----", 9), slot<T>("density", false, {B, 6, 5, 5}, "----", 9)};
  return {
      {"origin_to_zero", one("spectrum"),
       [=](const Slots& s, const Options&) { bw::origin_to_zero<3>(exec, references(s[0])); }},
      {"origin_to_centre", one("spectrum"),
       [=](const Slots& s, const Options&) { bw::origin_to_centre<3>(exec, references(s[0])); }},
      {"divide_by_density", two,
       [=](const Slots& s, const Options&) { bw::divide_by_density(exec, references(s[0]), densities(s[1]), 1); }},
      {"divide_wiener", two,
       [=](const Slots& s, const Options&) { bw::divide_wiener(exec, references(s[0]), densities(s[1]), 1); }},
      {"correct_gridding",
       {slot<T>("map", true, {B, 6, 6, 6}, "ffff")},
       [=](const Slots& s, const Options& o) {
         bw::correct_gridding<3>(exec, view<T, 4>(s[0]), {12, 12, 12}, bw::Gridding::reference, o.slice, bw::Linear{});
       }},
  };
}

/// check(call) of all functions of arrays.
template <class Check>
void for_calls(const Check& check) {
  for (const auto& calls : {slicing_calls(), raster_calls(), wide_raster_calls(), finish_calls()})
    for (const Call& call : calls) {
      INFO(call.function);
      check(call);
    }
}

/// check(call, all arguments as they fit, one of them).
template <class Check>
void for_arguments(const Check& check) {
  for_calls([&](const Call& call) {
    for (std::size_t i = 0; i < call.slots.size(); ++i) {
      INFO("argument " << call.slots[i].name);
      check(call, i);
    }
  });
}

}  // namespace

TEST_CASE("the arguments of the tests of bad input fit", "[bad_input]") {
  for_calls([](const Call& call) { CHECK(call.refusal(call.fresh()) == ""); });
}

TEST_CASE("null pointers, and elements where their type may not be, are refused", "[bad_input]") {
  for_arguments([](const Call& call, std::size_t i) {
    Slots all = call.fresh();
    char* const data = static_cast<char*>(all[i].data);
    all[i].data = nullptr;
    CHECK(call.check_refused(all).find("'" + all[i].name + "' is of shape") != std::string::npos);
    all[i].data = data + all[i].alignment / 2;
    CHECK(call.check_refused(all).find("'" + all[i].name + "' is at an address") != std::string::npos);
  });
}

TEST_CASE("extents that do not fit are refused, whatever they are", "[bad_input]") {
  for_arguments([](const Call& call, std::size_t i) {
    Slots all = call.fresh();
    const auto fitting = all[i].extents;
    for (std::size_t axis = 0; axis < fitting.size(); ++axis) {
      INFO("axis " << axis);
      const char kind = all[i].free[axis];
      if (kind == 's') continue;  // static
      // Those beyond 2^31 and 2^32 would fit if anything cut them off at 32 bits, as Kokkos does with those of Views of three
      // and more extents: these cannot even be asked for more. There is no memory behind them.
      const bool columns = all[i].width > 0 && axis + 1 == fitting.size();
      std::vector<long> extents{0, fitting[axis] - 1, fitting[axis] + 1, (1L << 31) + fitting[axis], (1L << 32) - 1};
      const bool has_static = all[i].free.find('s') != std::string::npos;
      if (fitting.size() - std::size_t(has_static) < 3)
        for (const long n : {(1L << 32) + fitting[axis], (1L << 33) + fitting[axis], 1L << 62}) extents.push_back(n);
      for (const long n : extents) {
        const bool batch_of_finish = call.slots[0].free == "ffff" && axis == 0;
        const bool small = n <= fitting[axis] + 1;
        if (kind == 'f' && !columns && small && (n > 0 || call.function == "correct_gridding" || batch_of_finish)) continue;
        if (batch_of_finish && n < (1L << 60)) continue;  // a batch may be of any size
        if (call.function == "correct_gridding" && small) continue;
        INFO("extent " << n);
        all[i].extents = fitting;
        all[i].extents[axis] = n;
        CHECK(call.check_refused(all).find("in the memory of") == std::string::npos);  // it is the extent that is wrong
      }
    }
    all[i].extents = fitting;
    for (const long width : {0L, -1L, all[i].width - 2, all[i].width + 2, (1L << 32) + all[i].width, 1L << 62}) {
      if (call.slots[i].width == 0 || call.function.rfind("divide", 0) == 0) continue;  // element by element
      INFO("width " << width);
      all[i].width = width;
      call.check_refused(all);
      all[i].width = call.slots[i].width;
    }
    // Of as many columns, but not as other arguments have it.
    if (call.slots[i].width > 0 && call.function.rfind("divide", 0) != 0 && all[i].free.find('f') == std::string::npos) {
      all[i].width ^= 1;
      CHECK(call.check_refused(all).find("of real width") != std::string::npos);
    }
  });
}

TEST_CASE("extents whose product passes 2^63 are refused", "[bad_input]") {
  for (const auto& calls : {slicing_calls(), raster_calls()})
    for (const Call& call : calls) {
      INFO(call.function);
      for (const long many : {1L << 31, (1L << 32) - 1}) {
        Slots all = call.fresh();
        for (Slot& s : all)
          for (long& n : s.extents)
            if (n == P || n == B) n = many;  // of all arguments alike, so that only their size is wrong
        for (Slot& s : all)
          if (s.name.rfind("rotations", 0) == 0 || s.name.rfind("points", 0) == 0) s.extents.back() = 3;
        call.check_refused(all);
      }
    }
}

TEST_CASE("more work than any call can do is refused", "[bad_input]") {
  // What is read may have strides of 0, and then any extents without memory of its own.
  using Strided = Kokkos::View<T****, Kokkos::LayoutStride, Exec::memory_space>;
  const Exec exec;
  const bw::Linear linear;
  const Dense<T, 1> one("one", 16);
  const auto shared = [](const std::vector<long>& extents, const std::vector<long>& strides) {
    Kokkos::LayoutStride layout;
    for (std::size_t a = 0; a < extents.size(); ++a) {
      layout.dimension[a] = std::size_t(extents[a]);
      layout.stride[a] = std::size_t(strides[a]);
    }
    return layout;
  };
  const auto gather = [&](long objects, long images, long count, long extent) {
    const Kokkos::View<T** [3], Kokkos::LayoutStride, Exec::memory_space> points(one.data(),
                                                                                 shared({1, count, 3}, {0, 0, 1}));
    const Strided rotations(one.data(), shared({1, images, 2, 3}, {0, 0, 3, 1})),
        images_bar(one.data(), shared({objects, images, extent, 1}, {0, 0, 0, 1}));
    const Dense<T, 4> rotations_bar("rotations_bar", 1, images, 2, 3);
    bw::raster_vjp(exec, bw::PointCloud{points}, bw::Poses{rotations}, bw::none, images_bar, bw::none,
                   bw::Poses{rotations_bar}, bw::none, {}, linear);
  };
  const long million = 1L << 20;
  check_refused([&] { gather(million, 8, 1, 1L << 30); },
                "raster_vjp: 'images_bar' is of shape [1048576, 8, 1073741824, 1], expected no more than 2^52 elements");
  check_refused([&] { gather(1L << 31, 4, million, 1); },
                "raster_vjp: 'points' is of shape [1, 1048576, 3], expected no more than 2^52 points in all images and "
                "channels, of which there are 2147483648 * 4 * 1");
  check_refused([&] { gather(1L << 60, 8, 0, 0); },
                "raster_vjp: 'images_bar' is of shape [1152921504606846976, 8, 0, 1], expected no more than 2^52 elements");
  CHECK_NOTHROW(gather(1000, 4, 100, 10));
  check_refused(
      [&] {
        const Kokkos::View<C****, Kokkos::LayoutStride, Exec::memory_space> slices_bar(
            reinterpret_cast<C*>(one.data()), shared({1L << 31, 1L << 21, 2, 1}, {0, 0, 0, 1}));
        const Strided rotations(one.data(), shared({1, 1L << 21, 2, 3}, {0, 0, 3, 1}));
        const Dense<C, 4> reference("reference", 1, 2, 2, 2);
        const Kokkos::View<C****, Kokkos::LayoutStride, Exec::memory_space> references(
            reference.data(), shared({1L << 31, 2, 2, 2}, {0, 4, 2, 1}));
        bw::project_vjp(exec, bw::Spectrum{references, 2}, bw::Poses{rotations}, bw::Spectrum{slices_bar, 1}, bw::none,
                        bw::Poses{Dense<T, 4>("rotations_bar", 1, 1L << 21, 2, 3)}, {}, linear);
      },
      "project_vjp: 'slices_bar' is of shape [2147483648, 2097152, 2, 1], expected no more than 2^52 elements");
}

TEST_CASE("scratch goes with what there is to do", "[bad_input][raster]") {
  // Bytes that a call without a workspace asks for.
  static std::uint64_t asked = 0;
  const auto scratch = [](long objects, long images, long count, long channels) {
    const Exec exec;
    using Points = Kokkos::View<T** [3], Kokkos::LayoutRight, Exec::memory_space>;
    const Points points("points", objects, count), points_bar("points_bar", objects, count);
    const Dense<T, 3> weights("weights", objects, count, channels), weights_bar("weights_bar", objects, count, channels);
    const Dense<T, 4> rotations("rotations", objects, images, 2, 3);
    const Dense<T, 5> images_bar("images_bar", objects, images, channels, 4, 4);
    asked = 0;
    Kokkos::Tools::Experimental::set_allocate_data_callback(
        [](Kokkos_Profiling_SpaceHandle, const char*, const void*, std::uint64_t bytes) { asked += bytes; });
    bw::raster_vjp(exec, bw::PointCloud{points, weights}, bw::Poses{rotations}, bw::none, images_bar,
                   bw::PointCloud{points_bar, weights_bar}, bw::none, bw::none, {}, bw::Linear{});
    Kokkos::Tools::Experimental::set_allocate_data_callback(nullptr);
    return double(asked);
  };
  const double threads = Exec().concurrency(), numbers = sizeof(T), some = 1e5;
  CHECK(scratch(3, 0, 0, 1 << 24) < some);  // no images and no points
  // A thread works on one object's points and channels, or images are shared out among at most 64 parts.
  CHECK(scratch(1, 1, 10, 10000) < std::max(threads, 64.0) * 10 * 10003 * numbers + some);
  CHECK(scratch(500, 1, 10, 1000) < std::max(threads, 64.0) * 10 * 1003 * numbers + some);
}

TEST_CASE("an output in the memory of any other argument is refused", "[bad_input]") {
  for_calls([](const Call& call) {
    for (std::size_t out = 0; out < call.slots.size(); ++out)
      for (std::size_t other = 0; other < call.slots.size(); ++other) {
        if (!call.slots[out].written || out == other) continue;
        INFO(call.slots[out].name << " and " << call.slots[other].name);
        const auto bytes = [&](std::size_t i) {
          std::size_t size = call.slots[i].size;
          for (const long n : call.slots[i].extents) size *= std::size_t(n);
          return std::ptrdiff_t(size);
        };
        // The same beginning; the first of one is the last of the other; the other way round; apart by nothing.
        const std::ptrdiff_t line = 16;
        for (const std::ptrdiff_t offset : {std::ptrdiff_t(0), bytes(out) - line, line - bytes(other), bytes(out)}) {
          INFO("offset " << offset << " bytes");
          Slots all = call.fresh();
          Slot shared = all[out];
          shared.memory = Bytes(Kokkos::view_alloc(Kokkos::WithoutInitializing, "bad_input::shared"),
                                std::size_t(2 * (bytes(out) + bytes(other)) + line));
          Kokkos::deep_copy(shared.memory, untouched);
          char* const begin = shared.memory.data() + (bytes(other) + line - 1) / line * line;
          all[out].data = begin;
          all[other].data = begin + offset / line * line;
          if (offset == bytes(out)) {
            if (offset % line == 0) CHECK(call.refusal(all) == "");
            continue;
          }
          const std::string words = call.check_refused(all);
          CHECK(shared.is_untouched());
          const auto says = [&](std::size_t a, std::size_t b) {
            return words.find("'" + all[a].name + "' is in the memory of '" + all[b].name +
                              "', expected memory of its own") != words.npos;
          };
          CHECK((says(out, other) || (all[other].written && says(other, out))));
        }
      }
  });
}

TEST_CASE("outputs with gaps are compared with what lies in them", "[bad_input]") {
  using Strided = Kokkos::View<C***, Kokkos::LayoutStride, Exec::memory_space>;
  using Real = Kokkos::View<T***, Kokkos::LayoutStride, Exec::memory_space>;
  const Exec exec;
  const Dense<C, 3> memory("memory", 16, 16, 8);
  T* const numbers = reinterpret_cast<T*>(memory.data());
  const auto every = [](long n, long plane, long row) {
    return Kokkos::LayoutStride(std::size_t(n), std::size_t(plane), 4, std::size_t(row), 3, 1);
  };
  const auto divide = [&](long at, const Kokkos::LayoutStride& data, long density_at, const Kokkos::LayoutStride& density) {
    bw::divide_by_density(exec, Strided(memory.data() + at, data), Real(numbers + density_at, density), 1);
  };
  const std::string words = "divide_by_density: 'data' is in the memory of 'density', expected memory of its own";
  check_refused([&] { divide(0, every(4, 128, 8), 0, every(4, 256, 16)); }, words);
  check_refused([&] { divide(8, every(4, 128, 8), 16, every(4, 256, 16)); }, words);
  check_refused([&] { divide(0, every(4, 128, 16), 32 + 5, every(4, 256, 32)); }, words);  // the other's first is inside
  check_refused([&] { divide(128, every(4, 128, 8), 0, every(4, 256, 16)); }, words);      // a plane further on
  CHECK_NOTHROW(divide(0, every(4, 128, 16), 16, every(4, 256, 32)));                      // every other row
  CHECK_NOTHROW(divide(0, every(4, 128, 8), 6, every(4, 256, 16)));                        // the columns beside
  check_refused([&] { divide(0, every(4, 128, 0), 2048, every(4, 256, 16)); },
                "divide_by_density: 'data' is of stride 0 on axis 1, expected a place of its own for each element");
  CHECK_NOTHROW(divide(0, every(4, 128, 8), 2048, every(4, 0, 0)));  // what is read may be one row for all
  check_refused([&] { bw::origin_to_zero(exec, Strided(memory.data(), every(4, 0, 8))); },
                "origin_to_zero: 'spectrum' is of stride 0 on axis 0");
}

TEST_CASE("options that mean nothing are refused", "[bad_input][nonfinite]") {
  const auto slices = [](const auto& spoil, const std::string& name) {
    for (const Call& call : slicing_calls()) {
      INFO(call.function << " " << name);
      Options options;
      spoil(options.slice);
      CHECK(call.check_refused(call.fresh(), options).find(": 'options." + name + "' is ") != std::string::npos);
    }
  };
  for (const double x : {0.0, -1.0, -1e-300, double(NAN), double(INFINITY)})
    slices([&](bw::SliceOptions& o) { o.oversampling = x; }, "oversampling");
  for (const double x : {-1.0, -1e-300, double(NAN), double(INFINITY)})
    slices([&](bw::SliceOptions& o) { o.padding = x; }, "padding");
  for (const double x : {-1.0, -1e-300, double(NAN), -double(INFINITY)})
    slices([&](bw::SliceOptions& o) { o.cutoff = x; }, "cutoff");
  for (const int x : {-1, 5, 1 << 30})
    slices([&](bw::SliceOptions& o) { o.interpolation = bw::Interpolation(x); }, "interpolation");
  for (const Call& call : raster_calls())
    for (const double x : {-1.0, -1e-300, double(NAN), double(INFINITY)}) {
      INFO(call.function);
      Options options;
      options.raster.voxel_size = x;
      CHECK(call.check_refused(call.fresh(), options).find(": 'options.voxel_size' is ") != std::string::npos);
    }
  const Exec exec;
  const Dense<C, 3> data("data", 4, 4, 3);
  const Dense<T, 3> density("density", 4, 4, 3), map("map", 8, 8, 8);
  for (const double x : {0.0, -1.0, double(NAN)}) {
    check_refused([&] { bw::divide_by_density(exec, data, density, x); }, "divide_by_density: 'floor' is ");
    check_refused([&] { bw::divide_wiener(exec, data, density, x); }, "divide_wiener: 'snr' is ");
  }
  using bw::Gridding;
  const auto correct = [&](long padded, Gridding use, const bw::SliceOptions& options) {
    return [&exec, &map, padded, use, options] { bw::correct_gridding(exec, map, {8, padded, 8}, use, options); };
  };
  check_refused(correct(7, Gridding::reference, {}), "correct_gridding: 'padded' is 7 on axis 1, expected no less");
  check_refused(correct(-1, Gridding::reference, {}), "correct_gridding: 'padded' is -1 on axis 1");
  check_refused(correct(8, Gridding(2), {}), "correct_gridding: 'use' is 2, expected an enumerator of Gridding");
  check_refused(correct(8, Gridding::reference, {.oversampling = NAN}), "correct_gridding: 'options.oversampling' is nan");
  check_refused(correct(8, Gridding::reference, {.interpolation = bw::Interpolation(5)}),
                "correct_gridding: 'options.interpolation' is 5");
}

TEST_CASE("absurd options and extents that are allowed do no harm", "[bad_input][nonfinite]") {
  for (const Call& call : slicing_calls())
    for (const double x : {5e-324, 1e300}) {
      INFO(call.function << " " << x);
      Options options;
      options.slice.oversampling = x;
      CHECK(call.refusal(call.fresh(), options) == "");
      options.slice = {.cutoff = x};
      CHECK(call.refusal(call.fresh(), options) == "");
    }
  for (const Call& call : raster_calls()) {
    INFO(call.function);
    for (const double x : {5e-324, 1e300}) {
      Options options;
      options.raster.voxel_size = x;
      CHECK(call.refusal(call.fresh(), options) == "");
    }
    for (const long empty : {P, 5L, 2L, B}) {  // no poses, points, channels or objects
      Slots all = call.fresh();
      for (Slot& s : all)
        for (std::size_t axis = 0; axis < s.extents.size(); ++axis) {
          const bool coordinates = empty == 2 && !(s.name.rfind("weights", 0) == 0 || (axis == 2 && s.extents.size() == 5));
          const bool last_of_three =
              (s.name.rfind("rotations", 0) == 0 && axis == 3) || (s.name.rfind("points", 0) == 0 && axis == 2);
          if (s.extents[axis] == empty && !coordinates && !last_of_three) s.extents[axis] = 0;
        }
      INFO("extent " << empty << " is 0");
      CHECK(call.refusal(all) == "");
    }
  }
}

TEST_CASE("any number of a pose that is not finite empties its slice", "[bad_input][project][backproject][nonfinite]") {
  for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY)})
    for (std::size_t i = 0; i < 8; ++i) {
      INFO(bad << " at " << i);
      std::vector<double> rotation{0.9, 0.1, 0, -0.1, 0.9, 0.2}, shift{0.3, -0.2};
      (i < 6 ? rotation[i] : shift[i - 6]) = bad;
      const bw::Spectrum volumes{upload<C, 4>({1, 4, 4, 3}, std::vector<Complex>(48, 1)), 4};
      const bw::Poses one{upload<double, 4>({1, 1, 2, 3}, rotation), upload<double, 3>({1, 1, 2}, shift)};
      const bw::Spectrum slices{unset<C, 4>({1, 1, 4, 3}), 4};
      bw::project(Exec(), volumes, one, slices, {}, bw::none);
      CHECK(identical(download(slices.view), std::vector<Complex>(12, 0)));
      Kokkos::deep_copy(slices.view, C(1));
      bw::backproject(Exec(), slices, bw::none, one, volumes, bw::none, {}, bw::none);
      CHECK(identical(download(volumes.view), std::vector<Complex>(48, 0)));
    }
}

TEST_CASE("poses that scatter samples wider than grids are right where they meet the band",
          "[bad_input][project][backproject]") {
  using F = Kokkos::complex<float>;
  // κ_x = scale (k_x − k_y): only the diagonal is in the band, at κ = 0, exactly in double. In float it would be anywhere.
  for (const double scale : {9.0, 71429.0, 0x1p25 + 1, 0x1p30 + 1, 0x1p40 + 1, 0x1p49 + 1}) {
    INFO("scale " << scale);
    std::vector<Complex> spectrum(48, Complex(0, 1));
    spectrum[0] = 3;
    const bw::Spectrum volumes{upload<F, 4>({1, 4, 4, 3}, spectrum), 4};
    const bw::Poses poses{upload<double, 4>({1, 1, 2, 3}, std::vector<double>{scale, 0, 0, -scale, 0, 0})};
    const bw::Spectrum slices{unset<F, 4>({1, 1, 16, 9}), 16};
    bw::project(Exec(), volumes, poses, slices, {.cutoff = 1}, bw::none);
    const auto got = download(slices.view);
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 9; ++x) {
        const int k = bw::frequency(y, 16);
        INFO(k << ", " << x);
        CHECK(got[std::size_t(9 * y + x)] == (k == x ? Complex(3, 0) : Complex(0, 0)));
      }
    const bw::Poses shifted{poses.rotations, upload<double, 3>({1, 1, 2}, std::vector<double>{0, 0})};
    bw::backproject(Exec(), slices, bw::none, shifted, volumes, bw::none, {.cutoff = 1}, bw::none);
    auto sums = download(volumes.view);
    CHECK(sums[0] == Complex(3 * 15, 0));  // k_x = 1 … 7 and their mates, and k_x = 0
    sums[0] = 0;
    CHECK(identical(sums, std::vector<Complex>(48, 0)));
  }
}

TEST_CASE("a sampler refuses what it cannot read", "[bad_input]") {
  using Grid = Dense<C, 2, Kokkos::HostSpace>;
  const Grid grid("grid", 6, 4);
  check_refused([&] { bw::Sampler{Grid(static_cast<C*>(nullptr), 6, 4)}; }, "Sampler: 'array' is of shape [6, 4] at a null");
  check_refused([&] { bw::Sampler{bw::Spectrum{grid, 8}}; }, "Sampler: 'array' is 4 stored columns wide");
  check_refused([&] { bw::Sampler{bw::Spectrum{grid, -6}}; }, "Sampler: 'array' is 4 stored columns wide");
  check_refused([&] { bw::Sampler{Grid("grid", 0, 4)}; }, "Sampler: 'array' is of shape [0, 4]");
  check_refused([&] { bw::Sampler{Grid(grid.data(), (1L << 32) + 6, 4)}; }, "Sampler: 'array' is of shape [4294967302, 4]");
}
