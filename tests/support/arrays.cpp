// SPDX-License-Identifier: MIT
#include "arrays.hpp"

namespace support {

namespace {

template <class V, class Space>
using Numbers = Kokkos::View<V*, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

template <class V>
typename Host<V>::type widen(const V& v) {
  if constexpr (std::is_arithmetic_v<V>) {
    return v;
  } else {
    return {double(v.real()), double(v.imag())};
  }
}

}  // namespace

template <class Space, class V>
void store(V* numbers, const Values<V>& values) {
  std::vector<V> narrowed(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) narrowed[i] = narrow<V>(values[i]);
  Kokkos::deep_copy(Numbers<V, Space>(numbers, values.size()),
                    Numbers<const V, Kokkos::HostSpace>(narrowed.data(), values.size()));
}

template <class Space, class V>
Values<V> load(const V* numbers, std::size_t count) {
  std::vector<V> copy(count);
  Kokkos::deep_copy(Numbers<V, Kokkos::HostSpace>(copy.data(), count), Numbers<const V, Space>(numbers, count));
  Values<V> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = widen(copy[i]);
  return values;
}

#define SUPPORT_NUMBERS(Space, V)                      \
  template void store<Space, V>(V*, const Values<V>&); \
  template Values<V> load<Space, V>(const V*, std::size_t);
#define SUPPORT_NUMBERS_IN(Space)                \
  SUPPORT_NUMBERS(Space, float)                  \
  SUPPORT_NUMBERS(Space, double)                 \
  SUPPORT_NUMBERS(Space, Kokkos::complex<float>) \
  SUPPORT_NUMBERS(Space, Kokkos::complex<double>)

SUPPORT_NUMBERS_IN(Kokkos::HostSpace)
#ifdef KOKKOS_ENABLE_CUDA
SUPPORT_NUMBERS_IN(Kokkos::CudaSpace)
#endif

}  // namespace support
