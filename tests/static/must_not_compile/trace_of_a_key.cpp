// expect: no matching function for call to|no matching constructor|cannot convert|could not convert|no viable
#include <kerb/exchange/trace.hpp>
#include <kerb/testing/insecure.hpp>

kerb::trace_event tell(const kerb::key& k) {
#ifdef KERB_FIXED
  return kerb::trace::key_chosen{k.etype(), 0};
#else
  return kerb::trace::login_begun{{{}, {k.octets()}}};
#endif
}
