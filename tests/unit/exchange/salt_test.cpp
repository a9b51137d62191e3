// The default salt.
#include <kerb/exchange/salt.hpp>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {
constexpr kerberos_string parts[] = {"host"_krb, ""_krb, "a.ex.org"_krb};
constexpr bool realm_and_components_with_nothing_between() {
  const principal_view p{{name_t::principal, parts}, "EX.ORG"_krb};
  std::array<std::uint8_t, 18> out{};
  return default_salt_size(p) == 18 && kerberos_string{write_default_salt(p, out)} == "EX.ORGhosta.ex.org"_krb &&
         default_salt_size({}) == 0 && write_default_salt({}, {}).empty();
}
KERB_BOTH("default salt: the realm and then every component, with nothing between them", "[exchange][rfc4120-4]",
          realm_and_components_with_nothing_between);
}  // namespace
