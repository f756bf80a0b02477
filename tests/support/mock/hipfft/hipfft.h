// SPDX-License-Identifier: MIT
// The functions of hipFFT that bracewell/hipfft.hpp calls, by FFTW on the host: what the adapter asks for is then seen where there is
// no such GPU. Declarations are those of hipFFT 1.0.
#pragma once

#include <fftw3.h>

#include <cstddef>

enum hipfftResult { HIPFFT_SUCCESS = 0, HIPFFT_INVALID_PLAN = 1, HIPFFT_ALLOC_FAILED = 2, HIPFFT_INVALID_SIZE = 8 };
enum hipfftType { HIPFFT_R2C = 0x2a, HIPFFT_C2R = 0x2c, HIPFFT_D2Z = 0x6a, HIPFFT_Z2D = 0x6c };
struct hipfftComplex {
  float x, y;
};
struct hipfftDoubleComplex {
  double x, y;
};
using hipStream_t = const void*;

struct MockHipfftPlan {
  hipfftType type = HIPFFT_R2C;
  int rank = 0, extent[3] = {}, in[3] = {}, out[3] = {}, in_distance = 0, out_distance = 0, batch = 0;
  hipStream_t stream = nullptr;
};
using hipfftHandle = MockHipfftPlan*;

inline int& mock_hipfft_plans() {
  static int count = 0;
  return count;
}

inline hipfftResult hipfftCreate(hipfftHandle* plan) {
  *plan = new MockHipfftPlan;
  ++mock_hipfft_plans();
  return HIPFFT_SUCCESS;
}
inline hipfftResult hipfftDestroy(hipfftHandle plan) {
  delete plan;
  --mock_hipfft_plans();
  return HIPFFT_SUCCESS;
}
inline hipfftResult hipfftSetStream(hipfftHandle plan, hipStream_t stream) {
  plan->stream = stream;
  return HIPFFT_SUCCESS;
}
inline hipfftResult hipfftMakePlanMany64(hipfftHandle plan, int rank, long long* n, long long* inembed, long long istride,
                                         long long idist, long long* onembed, long long ostride, long long odist,
                                         hipfftType type, long long batch, std::size_t* size) {
  if (istride != 1 || ostride != 1) return HIPFFT_INVALID_SIZE;
  if (n[0] == 7777) return HIPFFT_ALLOC_FAILED;  // for tests of errors
  if (n[0] == 8888) return HIPFFT_INVALID_SIZE;
  plan->type = type;
  plan->rank = rank;
  for (int a = 0; a < rank; ++a) {
    plan->extent[a] = int(n[a]);
    plan->in[a] = int(inembed[a]);
    plan->out[a] = int(onembed[a]);
  }
  plan->in_distance = int(idist);
  plan->out_distance = int(odist);
  plan->batch = int(batch);
  *size = 0;
  return HIPFFT_SUCCESS;
}

/// Made for the data each time, which FFTW_ESTIMATE leaves alone.
template <class Plan, class Run>
hipfftResult mock_hipfft_run(const Plan& plan, const Run& run) {
  if (!plan) return HIPFFT_INVALID_PLAN;
  run(plan);
  return HIPFFT_SUCCESS;
}

inline hipfftResult hipfftExecR2C(hipfftHandle p, float* in, hipfftComplex* out) {
  if (p->type != HIPFFT_R2C) return HIPFFT_INVALID_PLAN;
  return mock_hipfft_run(
      fftwf_plan_many_dft_r2c(p->rank, p->extent, p->batch, in, p->in, 1, p->in_distance,
                              reinterpret_cast<fftwf_complex*>(out), p->out, 1, p->out_distance, FFTW_ESTIMATE),
      [](fftwf_plan plan) {
        fftwf_execute(plan);
        fftwf_destroy_plan(plan);
      });
}
inline hipfftResult hipfftExecC2R(hipfftHandle p, hipfftComplex* in, float* out) {
  if (p->type != HIPFFT_C2R) return HIPFFT_INVALID_PLAN;
  return mock_hipfft_run(fftwf_plan_many_dft_c2r(p->rank, p->extent, p->batch, reinterpret_cast<fftwf_complex*>(in), p->in,
                                                 1, p->in_distance, out, p->out, 1, p->out_distance, FFTW_ESTIMATE),
                         [](fftwf_plan plan) {
                           fftwf_execute(plan);
                           fftwf_destroy_plan(plan);
                         });
}
inline hipfftResult hipfftExecD2Z(hipfftHandle p, double* in, hipfftDoubleComplex* out) {
  if (p->type != HIPFFT_D2Z) return HIPFFT_INVALID_PLAN;
  return mock_hipfft_run(
      fftw_plan_many_dft_r2c(p->rank, p->extent, p->batch, in, p->in, 1, p->in_distance,
                             reinterpret_cast<fftw_complex*>(out), p->out, 1, p->out_distance, FFTW_ESTIMATE),
      [](fftw_plan plan) {
        fftw_execute(plan);
        fftw_destroy_plan(plan);
      });
}
inline hipfftResult hipfftExecZ2D(hipfftHandle p, hipfftDoubleComplex* in, double* out) {
  if (p->type != HIPFFT_Z2D) return HIPFFT_INVALID_PLAN;
  return mock_hipfft_run(fftw_plan_many_dft_c2r(p->rank, p->extent, p->batch, reinterpret_cast<fftw_complex*>(in), p->in, 1,
                                                p->in_distance, out, p->out, 1, p->out_distance, FFTW_ESTIMATE),
                         [](fftw_plan plan) {
                           fftw_execute(plan);
                           fftw_destroy_plan(plan);
                         });
}
