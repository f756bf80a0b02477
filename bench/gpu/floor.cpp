// SPDX-License-Identifier: MIT
// What a card allows: bare CUDA kernels that read 8 taps a sample, or add to 8, with geometry in float, without shifts, one block a
// slice. ps for each stored sample inside the cutoff. With --device it only says which card there is; exit code 77 without one.
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

struct Taps {
  long row[4];  // where the taps of a row begin
  float weight[4], x;
  int step;  // from the first to the second of a row; 0 at the last column
  bool conjugate;
};

__device__ Taps taps_of(const Slices& s, const float (&r)[6], int kx, int ky) {
  Taps taps;
  float at[3];
  for (int d = 0; d < 3; ++d) at[d] = kx * r[d] + ky * r[3 + d];
  taps.conjugate = at[0] < 0;
  if (taps.conjugate)
    for (float& a : at) a = -a;
  int first[3];
  float part[3];
  for (int d = 0; d < 3; ++d) {
    first[d] = int(floorf(at[d]));
    part[d] = at[d] - first[d];
  }
  taps.x = part[0];
  taps.step = first[0] + 1 < s.half;
  for (int i = 0; i < 4; ++i) {
    int y = first[1] + (i & 1), z = first[2] + (i >> 1);
    y += y < 0 ? s.box : 0;
    z += z < 0 ? s.box : 0;
    taps.row[i] = (long(z) * s.box + y) * s.half + first[0];
    taps.weight[i] = (i & 1 ? part[1] : 1 - part[1]) * (i >> 1 ? part[2] : 1 - part[2]);
  }
  return taps;
}

/// each(index of the sample, its taps) for a block's samples within the cutoff.
template <class Each>
__device__ void for_samples(const Slices& s, const Each& each) {
  float r[6];
  for (int i = 0; i < 6; ++i) r[i] = s.rotations[6 * blockIdx.x + i];
  const float most = 0.25f * s.box * s.box * (1 + 1e-6f);
  for (int i = threadIdx.x; i < s.box * s.half; i += blockDim.x) {
    const int row = i / s.half, kx = i - row * s.half, ky = row < s.box - s.box / 2 ? row : row - s.box;
    if (kx * kx + ky * ky <= most) each(long(blockIdx.x) * s.box * s.half + i, taps_of(s, r, kx, ky));
  }
}

__global__ void read8(Slices s, const float2* grid, float2* slices) {
  for_samples(s, [&](long i, const Taps& t) {
    float2 sum{0, 0};
    for (int row = 0; row < 4; ++row) {
      const float2 a = grid[t.row[row]], b = grid[t.row[row] + t.step];
      sum.x += t.weight[row] * (a.x + t.x * (b.x - a.x));
      sum.y += t.weight[row] * (a.y + t.x * (b.y - a.y));
    }
    slices[i] = {sum.x, t.conjugate ? -sum.y : sum.y};
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

template <class Grid>
__global__ void add8(Slices s, const float2* slices, const float* weights, Grid grid) {
  for_samples(s, [&](long i, const Taps& t) {
    const float2 value = slices[i];
    const float w = weights[i], im = t.conjugate ? -value.y : value.y;
    for (int row = 0; row < 4; ++row) {
      const float near = t.weight[row] * (1 - t.x), far = t.weight[row] * t.x;
      grid.add(t.row[row], near * value.x, near * im, near * w);
      grid.add(t.row[row] + t.step, far * value.x, far * im, far * w);
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
  time("read 8 taps", box, samples, [&] { read8<<<count, 256>>>(s, data, slices); });
  time("add three floats", box, samples, [&] { add8<<<count, 256>>>(s, slices, weights, ThreeFloats{data, density}); });
  time("add float2 and float", box, samples, [&] { add8<<<count, 256>>>(s, slices, weights, PairAndFloat{data, density}); });
  time("add float4", box, samples, [&] { add8<<<count, 256>>>(s, slices, weights, Quadruple{both}); });
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
