// The two sets of rules; what each tolerance lets pass is tested beside the type it is about.
#include <kerb/der/rules.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool strict_tolerates_nothing() {
  const auto& [negative_uint32, short_flags, four_octet_integers, octet_string_realm] = der::strict;
  return !negative_uint32 && !short_flags && !four_octet_integers && !octet_string_realm && der::strict == der::rules{};
}
KERB_BOTH("rules: strict tolerates nothing, and is what no rule named means", "[der][tolerance]",
          strict_tolerates_nothing);

constexpr bool as_deployed_names_each() {
  // every member by name: a new tolerance does not compile here until it is thought of
  const auto& [negative_uint32, short_flags, four_octet_integers, octet_string_realm] = der::as_deployed;
  return negative_uint32 && short_flags && four_octet_integers && octet_string_realm &&
         !(der::as_deployed == der::strict);
}
KERB_BOTH("rules: as_deployed has every tolerance", "[der][tolerance]", as_deployed_names_each);

}  // namespace
