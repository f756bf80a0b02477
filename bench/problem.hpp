// SPDX-License-Identifier: MIT
// Inputs: random with a fixed seed, or read from a folder that other programs read too; and the count of samples in them.
#pragma once

#include "settings.hpp"

#include <bracewell/detail/slicing/pose_order.hpp>
#include <bracewell/spectrum.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace bench {

template <class V, int Rank>
struct Pointers {
  using type = typename Pointers<V*, Rank - 1>::type;
};
template <class V>
struct Pointers<V, 0> {
  using type = V;
};
template <class V, int Rank, class Space = Exec::memory_space>
using Dense = Kokkos::View<typename Pointers<V, Rank>::type, Kokkos::LayoutRight, Space>;

/// Shape in stored layout of `axes` axes of a cube, after `count` of them if positive.
inline Kokkos::LayoutRight stored_layout(int axes, int box, int count = 0) {
  Kokkos::LayoutRight layout;
  int i = 0;
  if (count > 0) layout.dimension[i++] = count;
  for (int a = 0; a < axes; ++a) layout.dimension[i++] = a == axes - 1 ? box / 2 + 1 : box;
  return layout;
}

/// What the files of an input folder hold; raw numbers in memory order, little-endian.
template <class V>
struct Stored {
  using type = V;
};
template <>
struct Stored<Kokkos::complex<double>> {
  using type = Kokkos::complex<float>;
};

template <class To, class From>
To convert(const From& x) {
  if constexpr (std::is_arithmetic_v<To>) {
    return To(x);
  } else {
    return To(typename To::value_type(x.real()), typename To::value_type(x.imag()));
  }
}

template <class File, class View>
void read(const std::string& path, const View& view) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || std::size_t(file.tellg()) != view.size() * sizeof(File))
    throw std::runtime_error(path + ": expected " + std::to_string(view.size() * sizeof(File)) + " bytes");
  file.seekg(0);
  std::vector<File> values(view.size());
  file.read(reinterpret_cast<char*>(values.data()), std::streamsize(values.size() * sizeof(File)));
  const auto host = Kokkos::create_mirror_view(view);
  for (std::size_t i = 0; i < values.size(); ++i) host.data()[i] = convert<typename View::non_const_value_type>(values[i]);
  Kokkos::deep_copy(view, host);
}

template <class View>
void write(const std::string& path, const View& view) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(host.data()), std::streamsize(host.size() * sizeof(*host.data())));
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

/// Cubes of one box: one reference of N axes, P slices of M.
template <class T, int N, int M>
struct Problem {
  using Complex = Kokkos::complex<T>;
  using Reference = Dense<Complex, N>;
  using Density = Dense<T, N>;
  using Slices = Dense<Complex, M + 1>;
  using Weights = Dense<T, M + 1>;

  int box, poses;
  std::int64_t samples = 0;  // stored, inside the cutoff and the reference
  double padding = 1.25;     // for Kaiser–Bessel kernels
  Reference reference;
  Dense<double, 3> rotations;
  Dense<double, 2> shifts;
  Slices slices;
  Weights weights;

  Problem(const Settings& settings, int box_, const std::string& kernel)
      : box(box_), poses(pose_count(settings, box_)), reference("bench::reference", stored_layout(N, box)) {
    const std::string folder = settings.inputs + "/box" + std::to_string(box) + "/";
    if (!settings.inputs.empty()) {  // as many poses as the file of matrices holds
      std::ifstream file(folder + "rotations.float64", std::ios::binary | std::ios::ate);
      if (!file) throw std::runtime_error(folder + "rotations.float64: cannot be read");
      poses = int(std::size_t(file.tellg()) / (N * M * sizeof(double)));
    }
    rotations = Dense<double, 3>("bench::rotations", poses, M, N);
    shifts = Dense<double, 2>("bench::shifts", poses, M);
    slices = Slices("bench::slices", stored_layout(M, box, poses));
    weights = Weights("bench::weights", stored_layout(M, box, poses));
    if (settings.inputs.empty()) {
      std::mt19937 random(20);
      fill(reference, [&, uniform = std::uniform_real_distribution<T>(-1, 1)]() mutable {
        return Complex(uniform(random), uniform(random));
      });
      make_hermitian();
      fill(slices, [&, uniform = std::uniform_real_distribution<T>(-1, 1)]() mutable {
        return Complex(uniform(random), uniform(random));
      });
      fill(weights, [&, uniform = std::uniform_real_distribution<T>(0, 1)]() mutable { return uniform(random); });
      fill(shifts, [&, uniform = std::uniform_real_distribution<double>(-4, 4)]() mutable { return uniform(random); });
      random_rotations(random, settings.by_view);
    } else {
      read<Kokkos::complex<float>>(folder + "reference_" + kernel + ".complex64", reference);
      read<double>(folder + "rotations.float64", rotations);
      read<double>(folder + "shifts.float64", shifts);
      read<Kokkos::complex<float>>(folder + "slices.complex64", slices);
      read<float>(folder + "weights.float32", weights);
      Kokkos::View<double, Kokkos::HostSpace> number("bench::padding");
      read<double>(folder + "padding.float64", number);
      padding = number();
    }
    count_samples();
  }

  /// As many slices as hold the samples asked for: half a ball's volume each.
  static int pose_count(const Settings& settings, int box) {
    if (settings.poses > 0) return settings.poses;
    const double inside[] = {1, 0.7854, 0.5236}, each = inside[M - 1] / 2 * std::pow(box, M);
    return std::max(1, int(double(settings.samples) / each));
  }

 private:
  template <class View, class Next>
  static void fill(const View& view, Next next) {
    const auto host = Kokkos::create_mirror_view(view);
    for (std::size_t i = 0; i < host.size(); ++i) host.data()[i] = next();
    Kokkos::deep_copy(view, host);
  }

  /// F[n] = conj F[−n] on the planes n_x = 0 and n_x = box / 2.
  void make_hermitian() {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), reference);
    const long columns = box / 2 + 1, rows = long(host.size()) / columns;
    for (long row = 0; row < rows; ++row) {
      long mate = 0;
      for (long rest = row, stride = 1, a = 1; a < N; ++a, rest /= box, stride *= box)
        mate += (box - rest % box) % box * stride;
      for (const long column : {0L, long(box) / 2}) {
        auto &here = host.data()[row * columns + column], &there = host.data()[mate * columns + column];
        if (box % 2 == 1 && column != 0) continue;
        if (row == mate) here = Complex(here.real(), 0);
        if (row < mate) there = Kokkos::conj(here);
      }
    }
    Kokkos::deep_copy(reference, host);
  }

  /// Uniform on SO(N), rounded to float so that other programs can have the same.
  void random_rotations(std::mt19937& random, [[maybe_unused]] bool by_view) {
    const auto host = Kokkos::create_mirror_view(rotations);
    std::normal_distribution<double> normal;
    for (int p = 0; p < poses; ++p) {
      double axis[N][N];  // Gram–Schmidt on normal vectors; the last one completes the determinant of 1
      for (int i = 0; i < N; ++i) {
        double length = 0;
        for (double& x : axis[i]) x = normal(random);
        for (int j = 0; j < i; ++j) {
          double dot = 0;
          for (int d = 0; d < N; ++d) dot += axis[i][d] * axis[j][d];
          for (int d = 0; d < N; ++d) axis[i][d] -= dot * axis[j][d];
        }
        for (const double x : axis[i]) length += x * x;
        for (double& x : axis[i]) x /= std::sqrt(length);
      }
      if constexpr (M == N) {
        if (determinant(axis) < 0)
          for (double& x : axis[N - 1]) x = -x;
      }
      for (int e = 0; e < M; ++e)
        for (int d = 0; d < N; ++d) host(p, e, d) = float(axis[e][d]);
    }
    if constexpr (N == 3 && M == 2)
      if (by_view) sort_by_view(host);
    Kokkos::deep_copy(rotations, host);
  }

  /// Poses that look along neighbouring directions come one after the other.
  template <class Host>
  void sort_by_view(const Host& host) const {
    std::vector<std::pair<std::uint32_t, std::array<double, 6>>> entries(static_cast<std::size_t>(poses));
    for (int p = 0; p < poses; ++p) {
      auto& [place, m] = entries[std::size_t(p)];
      std::copy_n(&host(p, 0, 0), 6, m.begin());
      place = bracewell::detail::place_of_normal(
          {m[1] * m[5] - m[2] * m[4], m[2] * m[3] - m[0] * m[5], m[0] * m[4] - m[1] * m[3]});
    }
    std::sort(entries.begin(), entries.end());
    for (int p = 0; p < poses; ++p) std::copy_n(entries[std::size_t(p)].second.begin(), 6, &host(p, 0, 0));
  }

  static double determinant(const double (&a)[N][N]) {
    if constexpr (N == 2) {
      return a[0][0] * a[1][1] - a[0][1] * a[1][0];
    } else {
      double sum = 0;
      for (int d = 0; d < 3; ++d)
        sum += a[0][d] * (a[1][(d + 1) % 3] * a[2][(d + 2) % 3] - a[1][(d + 2) % 3] * a[2][(d + 1) % 3]);
      return sum;
    }
  }

  void count_samples() {
    const auto matrix = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rotations);
    constexpr double slack = 1 + 1e-6;
    const long columns = box / 2 + 1;
    long stored = columns;
    for (int e = 1; e < M; ++e) stored *= box;
    std::vector<std::array<int, M>> inside;  // frequencies within the cutoff
    for (long i = 0; i < stored; ++i) {
      std::array<int, M> k{int(i % columns)};
      double square = double(k[0]) * k[0];
      for (long rest = i / columns, e = 1; e < M; ++e, rest /= box) {
        k[e] = bracewell::frequency(int(rest % box), box);
        square += double(k[e]) * k[e];
      }
      if (std::sqrt(square) <= 0.5 * box * slack) inside.push_back(k);
    }
    for (int p = 0; p < poses; ++p)
      for (const auto& k : inside) {
        bool counts = true;
        for (int d = 0; d < N; ++d) {
          double kappa = 0;
          for (int e = 0; e < M; ++e) kappa += matrix(p, e, d) * k[e];
          counts = counts && std::abs(kappa) <= 0.5 * box * slack;
        }
        samples += counts;
      }
  }
};

/// The inputs last asked for: Google Benchmark calls a benchmark several times, and its neighbours have the same inputs.
struct Kept {
  std::string key;
  std::shared_ptr<void> inputs;
};
inline Kept kept;

/// Inputs(arguments...), made anew where the last ones had another key.
template <class Inputs, class... Arguments>
const Inputs& keep_inputs(const std::string& key, const Arguments&... arguments) {
  if (kept.key != key) {
    kept = {};
    kept = {key, std::make_shared<Inputs>(arguments...)};
  }
  return *static_cast<const Inputs*>(kept.inputs.get());
}

template <class T, int N, int M>
const Problem<T, N, M>& problem(const Settings& settings, int box, const std::string& kernel) {
  using Wanted = Problem<T, N, M>;
  const std::string key = std::string(typeid(Wanted).name()) + std::to_string(box) + (settings.inputs.empty() ? "" : kernel);
  return keep_inputs<Wanted>(key, settings, box, kernel);
}

}  // namespace bench
