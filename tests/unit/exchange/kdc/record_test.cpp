// What a KDC is told of a principal.
#include <kerb/exchange/kdc/record.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
using record = principal_record<testing::insecure_policy>;
static_assert(std::is_trivially_copyable_v<record>, "a record is views of what the caller's database holds");
static_assert(!std::is_constructible_v<ref<const key>, key>, "a key that dies at once is no long-term key");

constexpr bool every_attribute_has_a_bit_of_its_own() {
  flags<principal_attribute> all;
  for (unsigned i = 0; i <= static_cast<unsigned>(principal_attribute::ok_as_delegate); ++i) {
    if (all.has(principal_attribute(i))) return false;
    all.set(principal_attribute(i));
  }
  return true;
}
KERB_BOTH("principal_record: every attribute has a bit of its own", "[exchange]", every_attribute_has_a_bit_of_its_own);
}  // namespace
