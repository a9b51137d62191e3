// expect: kerb::match: an alternative of the step has no handler
#include <kerb/exchange/step.hpp>

int next(const std::variant<kerb::done, kerb::failed>& step) {
#ifdef KERB_FIXED
  return kerb::match(
      step, [](const kerb::done&) { return 0; }, [](const kerb::failed&) { return 1; });
#else
  kerb::match(step, [](const kerb::done&) { return 0; });
  return 0;
#endif
}
