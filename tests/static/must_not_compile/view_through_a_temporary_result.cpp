// expect: use of deleted function .*operator->|overload resolution selected deleted operator '->'|call to deleted
// (member )?function 'operator->' The bindings are views into the tls_binding, which lies in the result: a temporary
// result would take both along.
#include <kerb/exchange/channel_bindings.hpp>

std::size_t f(kerb::bytes_view exported) {
#if defined(KERB_FIXED)
  const auto binding = kerb::tls_binding::exporter(exported);
  if (!binding) return 0;
  const kerb::channel_bindings bindings = binding->bindings();
#else
  const kerb::channel_bindings bindings = kerb::tls_binding::exporter(exported)->bindings();
#endif
  return bindings.application_data.size();
}
