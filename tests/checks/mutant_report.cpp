// Linked into the programs that mutant_bench.py builds: says after each test case how long it took and which of the
// changes in the library it reached, if KERB_MUTANT_REPORT names a file.
#include <kerb_mutant.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners, in version 2
#include "../support/catch.hpp"
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
using listener = Catch::EventListenerBase;
#else
using listener = Catch::TestEventListenerBase;
#endif

namespace {
class report : public listener {
 public:
  using listener::listener;
  void testCaseStarting(const Catch::TestCaseInfo&) override {
    std::fill(std::begin(kerb_mutant::met), std::end(kerb_mutant::met), static_cast<unsigned char>(0));
    began_ = std::chrono::steady_clock::now();
  }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const char* const path = std::getenv("KERB_MUTANT_REPORT");
    if (path == nullptr) return;
    std::FILE* const file = std::fopen(path, "a");
    if (file == nullptr) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
#if __has_include(<catch2/catch_test_macros.hpp>)
    std::fprintf(file, "%.6f\t%s\t", took.count(), stats.testInfo->name.c_str());
#else
    std::fprintf(file, "%.6f\t%s\t", took.count(), stats.testInfo.name.c_str());
#endif
    for (std::size_t n = 0; n != std::size(kerb_mutant::met); ++n)
      if (kerb_mutant::met[n] != 0) std::fprintf(file, "%zu ", n);
    std::fprintf(file, "\n");
    std::fclose(file);
  }

 private:
  std::chrono::steady_clock::time_point began_{};
};
}  // namespace
CATCH_REGISTER_LISTENER(report)
