// SPDX-License-Identifier: MIT
// Invalid floating-point operations (0/0, ∞ − ∞, NaN to an integer) stop a test on the spot, on all threads: valid input must
// not cause one. Cases with the tag [nonfinite] are about input that is not finite, and are let be.
#include <Kokkos_Core.hpp>

#include <catch2/catch_session.hpp>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

#include <algorithm>
#include <cfenv>

namespace {

// By default clang takes no care of exceptions: it may compute both sides of a condition. Drivers of devices may cause them.
void trap([[maybe_unused]] bool on) {
#if defined(__GLIBC__) && !defined(__clang__) && !defined(KOKKOS_ENABLE_CUDA) && !defined(KOKKOS_ENABLE_HIP)
  if (on) {
    std::feclearexcept(FE_INVALID);
    feenableexcept(FE_INVALID);
  } else {
    fedisableexcept(FE_INVALID);
  }
#endif
}

class Traps : public Catch::EventListenerBase {
 public:
  using EventListenerBase::EventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    const bool on = std::none_of(info.tags.begin(), info.tags.end(), [](const Catch::Tag& tag) {
      const auto& text = tag.original;
      return text == Catch::StringRef("nonfinite");
    });
    using Space = Kokkos::DefaultHostExecutionSpace;
    using Policy = Kokkos::RangePolicy<Space, Kokkos::Schedule<Kokkos::Static>>;
    // One for each thread; threads that begin later have what their parent has.
    Kokkos::parallel_for("support::trap", Policy(0, Space().concurrency()), [on](int) { trap(on); });
    trap(on);
  }
};

CATCH_REGISTER_LISTENER(Traps)

}  // namespace

int main(int argc, char** argv) {
  const Kokkos::ScopeGuard scope;
  return Catch::Session().run(argc, argv);
}
