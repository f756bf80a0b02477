// SPDX-License-Identifier: MIT
// Remembers the largest piece of memory that was asked for: by an operator new of its own, or from the address sanitizer, which has one.
#include <algorithm>
#include <cstdlib>
#include <new>

std::size_t largest_allocation = 0;

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define BRACEWELL_ADDRESS_SANITIZER
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define BRACEWELL_ADDRESS_SANITIZER
#endif

#ifdef BRACEWELL_ADDRESS_SANITIZER
#include <sanitizer/allocator_interface.h>

namespace {
[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t size) { largest_allocation = std::max(largest_allocation, size); },
    [](const volatile void*) {});
}  // namespace
#else
void* operator new(std::size_t size) {
  largest_allocation = std::max(largest_allocation, size);
  if (void* memory = std::malloc(std::max<std::size_t>(size, 1))) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
