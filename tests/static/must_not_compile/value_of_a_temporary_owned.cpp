// expect: use of deleted function .*value|call to deleted member function 'value'
// The views of an owned message lie inside it: a temporary one would take them along.
#include <kerb/asn1/owned.hpp>
#include <kerb/msg/basic.hpp>

kerb::owned<kerb::msg::Checksum, 64> made();

std::size_t f() {
#if defined(KERB_FIXED)
  const auto owner = made();
  const auto& value = owner.value();
#else
  const auto& value = made().value();
#endif
  return value.checksum.size();
}
