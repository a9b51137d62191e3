// Local names: any rules, and any principal that a KDC could vouch for.
#include <algorithm>
#include <kerb/format/auth_to_local.hpp>
#include <vector>

#include "require.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_fuzz::require;

// The first octet chooses the dialect and which names are allowed. Then come the rules, up to an octet 0, and the
// principal: its realm and its components, separated by octets 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 2000) return 0;
  const bool simple = (data[0] & 4) == 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t end = text.find('\0');
  std::vector<kerberos_string> parts;
  for (std::size_t at = end; at < text.size() && parts.size() != 8;) {
    const std::size_t from = at + 1;
    at = std::min(text.find('\0', from), text.size());
    parts.push_back(kerberos_string::of(text.substr(from, at - from)));
  }
  const auth_to_local_params params{.rules = text.substr(0, end),
                                    .dialect = static_cast<rule_dialect>((data[0] & 3) % 3),
                                    .default_realm = "EX.ORG"_krb,
                                    .realms = {},
                                    .names = simple ? local_names::simple : local_names::any};
  const auto rules = auth_to_local::open(params);
  if (!rules) {
    require(rules.error().code == errc::bad_rule_text && rules.error().offset <= params.rules.size(),
            "points into the rules");
    return 0;
  }
  if (parts.empty()) return 0;
  const principal_view p{{name_t::principal, view_of<kerberos_string>(parts.data() + 1, parts.size() - 1)}, parts[0]};
  std::array<char, 256> out{}, again{};
  const auto name = rules->map(p, out);
  if (!name) {
    require(name.error().code == errc::no_local_name && name.error().field[0] != '\0', "says why");
    return 0;
  }
  require(!name->empty(), "is not empty");
  for (const char c : *name) {
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "has no control character");
    require(!simple || (c != '/' && c != '@'), "is a simple name");
  }
  for (const kerberos_string& part : parts)
    for (const std::uint8_t b : part.octets) require(b != '/' && b != '@', "comes from a plain principal");
  const auto exact = rules->map(p, std::span(again).first(name->size()));
  require(exact && *exact == *name, "is the same in a buffer of its size");
  const kerberos_string realm[] = {parts[0]};
  auth_to_local_params listed = params, others = params;
  listed.realms = view_of<kerberos_string>(realm);
  others.realms = view_of<kerberos_string>();
  require((*auth_to_local::open(listed)).map(p, again).has_value(), "is there for a realm that is listed");
  require(!(*auth_to_local::open(others)).map(p, again), "is not there for a realm that is not listed");
  return 0;
}
