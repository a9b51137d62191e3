// Identifier octets.
#include <kerb/der/tag.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool identifier_octets() {
  return der::primitive(0x02).octet == 0x02 && der::context(0).octet == 0xa0 && der::context(12).octet == 0xac &&
         der::context(30).octet == 0xbe && der::application(1).octet == 0x61 && der::application(30).octet == 0x7e &&
         der::constructed(der::tag_class::universal, 0x10).octet == 0x30;
}
KERB_BOTH("tag: class, form and number make one octet", "[der][x690-8.1.2]", identifier_octets);

constexpr bool universal_tags() {
  return der::integer.octet == 0x02 && der::bit_string.octet == 0x03 && der::octet_string.octet == 0x04 &&
         der::generalized_time.octet == 0x18 && der::general_string.octet == 0x1b && der::sequence.octet == 0x30;
}
KERB_BOTH("tag: the six universal types of Kerberos", "[der][rfc4120-5.2]", universal_tags);

constexpr bool equal_tags() {
  return der::context(1) == der::context(1) && der::context(1) != der::application(1) &&
         der::tag{} == der::primitive(0);
}
KERB_BOTH("tag: equal are those with one octet", "[der]", equal_tags);

}  // namespace
