// SPDX-License-Identifier: MIT
// What a card allows: bare CUDA kernels that read 8 or 64 taps a sample, or add to so many, with geometry in float, without shifts, one
// block a slice; by one thread a sample, or by lanes: neighbouring threads that share a sample, each with its own taps along x. ps for
// each stored sample inside the cutoff. With --device it only says which card there is; exit code 77 without one. Near x = 0, cubic
// taps are moved instead of mirrored: what is wanted is the time.
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

namespace {

void check(cudaError_t error) {
  if (error == cudaSuccess) return;
  std::printf("CUDA: %s\n", cudaGetErrorString(error));
  std::exit(1);
}

struct Slices {
  int box, half, count;
  const float* rotations;  // [count][2][3]
};

/// The taps of one sample, 2 Reach along each axis, by rows along x.
template <int Reach>
struct Taps {
  static constexpr int along = 2 * Reach, rows = along * along;
  int row[rows], first;
  float weight[rows], x[along];
  bool conjugate;
};

template <int Reach>
__device__ void weights_of(float f, float (&w)[2 * Reach]) {
  if constexpr (Reach == 1) {
    w[0] = 1 - f;
    w[1] = f;
  } else {
    w[0] = ((-0.5f * f + 1) * f - 0.5f) * f;
    w[1] = (1.5f * f - 2.5f) * f * f + 1;
    w[2] = ((-1.5f * f + 2) * f + 0.5f) * f;
    w[3] = (0.5f * f - 0.5f) * f * f;
  }
}

template <int Reach>
__device__ Taps<Reach> taps_of(const Slices& s, const float (&r)[6], int kx, int ky) {
  constexpr int along = 2 * Reach;
  Taps<Reach> taps;
  float at[3], y[along], z[along];
  for (int d = 0; d < 3; ++d) at[d] = kx * r[d] + ky * r[3 + d];
  taps.conjugate = at[0] < 0;
  if (taps.conjugate)
    for (float& a : at) a = -a;
  int first[3];
  float part[3];
  for (int d = 0; d < 3; ++d) {
    const float below = floorf(at[d]);
    first[d] = int(below) + 1 - Reach;
    part[d] = at[d] - below;
  }
  weights_of<Reach>(part[0], taps.x);
  weights_of<Reach>(part[1], y);
  weights_of<Reach>(part[2], z);
  taps.first = min(max(first[0], 0), s.half - along);
  int plane[along], line[along];
  for (int j = 0; j < along; ++j) {
    const int iy = first[1] + j, iz = first[2] + j;
    line[j] = (iy < 0 ? iy + s.box : iy) * s.half;
    plane[j] = (iz < 0 ? iz + s.box : iz) * s.box * s.half;
  }
#pragma unroll
  for (int i = 0; i < Taps<Reach>::rows; ++i) {
    taps.row[i] = plane[i / along] + line[i % along];
    taps.weight[i] = z[i / along] * y[i % along];
  }
  return taps;
}

/// each(index of the sample, its taps, lane) for a block's samples within the cutoff, of which so many lanes have parts.
template <int Reach, int Lanes, class Each>
__device__ void for_samples(const Slices& s, const Each& each) {
  float r[6];
  for (int i = 0; i < 6; ++i) r[i] = s.rotations[6 * blockIdx.x + i];
  const float most = 0.25f * s.box * s.box * (1 + 1e-6f);
  for (int i = threadIdx.x / Lanes; i < s.box * s.half; i += blockDim.x / Lanes) {
    const int row = i / s.half, kx = i - row * s.half, ky = row < s.box - s.box / 2 ? row : row - s.box;
    if (kx * kx + ky * ky <= most)
      each(long(blockIdx.x) * s.box * s.half + i, taps_of<Reach>(s, r, kx, ky), int(threadIdx.x % Lanes));
  }
}

/// The weight of a lane's i-th tap along x, which is tap lane + i · Lanes.
template <int Lanes, int Reach>
__device__ float own(const Taps<Reach>& taps, int lane, int i) {
  float w = taps.x[i * Lanes];
#pragma unroll
  for (int l = 1; l < Lanes; ++l) w = lane == l ? taps.x[i * Lanes + l] : w;
  return w;
}

template <int Reach, int Lanes>
__global__ void __launch_bounds__(256, 1) read(Slices s, const float2* grid, float2* slices) {
  constexpr int rows = Taps<Reach>::rows, each = 2 * Reach / Lanes;
  for_samples<Reach, Lanes>(s, [&](long i, const Taps<Reach>& t, int lane) {
    float2 values[rows][each], sum{0, 0};
#pragma unroll
    for (int row = 0; row < rows; ++row)
#pragma unroll
      for (int j = 0; j < each; ++j) values[row][j] = grid[t.row[row] + t.first + lane + j * Lanes];
#pragma unroll
    for (int row = 0; row < rows; ++row)
#pragma unroll
      for (int j = 0; j < each; ++j) {
        const float w = t.weight[row] * own<Lanes>(t, lane, j);
        sum.x += w * values[row][j].x;
        sum.y += w * values[row][j].y;
      }
    const unsigned together = ((1u << Lanes) - 1) << (threadIdx.x % 32 / Lanes * Lanes);
#pragma unroll
    for (int l = 1; l < Lanes; l *= 2) {
      sum.x += __shfl_xor_sync(together, sum.x, l);
      sum.y += __shfl_xor_sync(together, sum.y, l);
    }
    if (lane == 0) slices[i] = {sum.x, t.conjugate ? -sum.y : sum.y};
  });
}

// How a number of data and one of density are added at a tap.
struct ThreeFloats {
  float2* data;
  float* density;
  __device__ void add(long i, float re, float im, float w) const {
    atomicAdd(&data[i].x, re);
    atomicAdd(&data[i].y, im);
    atomicAdd(&density[i], w);
  }
};
struct PairAndFloat {
  float2* data;
  float* density;
  __device__ void add(long i, float re, float im, float w) const {
    atomicAdd(&data[i], float2{re, im});
    atomicAdd(&density[i], w);
  }
};
struct Quadruple {
  float4* both;
  __device__ void add(long i, float re, float im, float w) const { atomicAdd(&both[i], float4{re, im, w, 0}); }
};
struct Pair {
  float2* data;
  __device__ void add(long i, float re, float im, float) const { atomicAdd(&data[i], float2{re, im}); }
};

template <int Reach, int Lanes, class Grid>
__global__ void add(Slices s, const float2* slices, const float* weights, Grid grid) {
  for_samples<Reach, Lanes>(s, [&](long i, const Taps<Reach>& t, int lane) {
    const float2 value = slices[i];
    const float weight = weights[i], im = t.conjugate ? -value.y : value.y;
#pragma unroll
    for (int row = 0; row < Taps<Reach>::rows; ++row)
#pragma unroll
      for (int j = 0; j < 2 * Reach / Lanes; ++j) {
        const float w = t.weight[row] * own<Lanes>(t, lane, j);
        grid.add(t.row[row] + t.first + lane + j * Lanes, w * value.x, w * im, w * weight);
      }
  });
}

template <class V>
V* allocate(std::size_t count, const std::vector<float>& values = {}) {
  V* numbers;
  check(cudaMalloc(&numbers, count * sizeof(V)));
  check(cudaMemset(numbers, 0, count * sizeof(V)));
  const std::size_t bytes = std::min(values.size() * sizeof(float), count * sizeof(V));
  for (std::size_t at = 0; bytes > 0 && at < count * sizeof(V); at += bytes)
    check(cudaMemcpy(reinterpret_cast<char*>(numbers) + at, values.data(), std::min(bytes, count * sizeof(V) - at),
                     cudaMemcpyHostToDevice));
  return numbers;
}

template <class Launch>
void time(const char* name, int box, double samples, const Launch& launch) {
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin));
  check(cudaEventCreate(&end));
  std::vector<float> times;
  for (int i = 0; i < 10; ++i) {
    check(cudaEventRecord(begin));
    launch();
    check(cudaGetLastError());
    check(cudaEventRecord(end));
    check(cudaEventSynchronize(end));
    float ms = 0;
    check(cudaEventElapsedTime(&ms, begin, end));
    if (i >= 3) times.push_back(ms);
  }
  std::sort(times.begin(), times.end());
  std::printf("floor\t%s\tbox %d\t%.3f ms\t%.1f ps\n", name, box, times[3], 1e9 * times[3] / samples);
}

void run(int box, int count) {
  const int half = box / 2 + 1;
  const std::size_t points = std::size_t(box) * box * half, stored = std::size_t(count) * box * half;
  std::mt19937 random(20);
  std::normal_distribution<float> normal;
  std::vector<float> rotations, noise(1 << 20);
  for (float& x : noise) x = normal(random);
  for (int p = 0; p < count; ++p) {
    float a[6], dot = 0;
    for (float& x : a) x = normal(random);
    for (int e = 0; e < 2; ++e) {
      for (int d = 0; d < 3 && e == 1; ++d) dot += a[d] * a[3 + d];
      float norm = 0;
      for (int d = 0; d < 3; ++d) {
        a[3 * e + d] -= e == 1 ? dot * a[d] : 0;
        norm += a[3 * e + d] * a[3 * e + d];
      }
      for (int d = 0; d < 3; ++d) a[3 * e + d] /= std::sqrt(norm);
    }
    rotations.insert(rotations.end(), a, a + 6);
  }
  double samples = 0;
  for (int y = 0; y < box; ++y)
    for (int x = 0; x < half; ++x) samples += x * x + (y < box - box / 2 ? y * y : (y - box) * (y - box)) <= box * box / 4;
  samples *= count;
  const Slices s{box, half, count, allocate<float>(rotations.size(), rotations)};
  auto* const data = allocate<float2>(points, noise);
  auto* const density = allocate<float>(points);
  auto* const both = allocate<float4>(points);
  auto* const slices = allocate<float2>(stored, noise);
  auto* const weights = allocate<float>(stored, noise);
  const auto reads = [&](const char* name, auto kernel) {
    time(name, box, samples, [&] { kernel<<<count, 256>>>(s, data, slices); });
  };
  reads("read 8 taps", read<1, 1>);
  reads("read 8 taps, 2 lanes", read<1, 2>);
  reads("read 64 taps", read<2, 1>);
  reads("read 64 taps, 2 lanes", read<2, 2>);
  reads("read 64 taps, 4 lanes", read<2, 4>);
  const auto adds = [&](const char* name, auto grid, auto kernel) {
    time(name, box, samples, [&] { kernel<<<count, 256>>>(s, slices, weights, grid); });
  };
  const ThreeFloats floats{data, density};
  const PairAndFloat pair_and_float{data, density};
  const Quadruple quadruple{both};
  const Pair pair{data};
  adds("add to 8: three floats", floats, add<1, 1, ThreeFloats>);
  adds("add to 8: float2 and float", pair_and_float, add<1, 1, PairAndFloat>);
  adds("add to 8: float4", quadruple, add<1, 1, Quadruple>);
  adds("add to 8: float4, 2 lanes", quadruple, add<1, 2, Quadruple>);
  adds("add to 8: float2", pair, add<1, 1, Pair>);
  adds("add to 8: float2, 2 lanes", pair, add<1, 2, Pair>);
  adds("add to 64: float4", quadruple, add<2, 1, Quadruple>);
  adds("add to 64: float4, 4 lanes", quadruple, add<2, 4, Quadruple>);
  adds("add to 64: float2", pair, add<2, 1, Pair>);
  adds("add to 64: float2, 4 lanes", pair, add<2, 4, Pair>);
  for (void* memory : {(void*)s.rotations, (void*)data, (void*)density, (void*)both, (void*)slices, (void*)weights})
    check(cudaFree(memory));
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    std::printf("no device: %s\n", error == cudaSuccess ? "none is visible" : cudaGetErrorString(error));
    return 77;
  }
  cudaDeviceProp properties{};
  int driver = 0, runtime = 0;
  check(cudaGetDeviceProperties(&properties, 0));
  check(cudaDriverGetVersion(&driver));
  check(cudaRuntimeGetVersion(&runtime));
  std::printf("device\t%s, sm_%d%d, %d multiprocessors, %.0f GiB, CUDA of the driver %d, of the programs %d\n",
              properties.name, properties.major, properties.minor, properties.multiProcessorCount,
              double(properties.totalGlobalMem) / (1 << 30), driver, runtime);
  if (argc > 1 && std::strcmp(argv[1], "--device") == 0) return 0;
  for (const int box : {128, 256}) run(box, 2048);
  return 0;
}
