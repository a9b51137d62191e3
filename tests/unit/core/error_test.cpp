// Error codes: whose fault they are, and their names.
#include <kerb/core/error.hpp>
#include <set>
#include <string>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

namespace {

static_assert(std::is_trivially_copyable_v<error>);
static_assert(std::is_aggregate_v<error>);
static_assert(sizeof(errc) == 2);

constexpr bool no_error_by_default() {
  const error e;
  return e.ok() && e.code == errc::ok && e.offset == 0 && e.detail == 0 && std::string_view(e.type).empty() &&
         std::string_view(e.field).empty() && !error{.code = errc::integrity}.ok();
}
KERB_BOTH("error: a default one is no error", "[core]", no_error_by_default);

constexpr bool the_peer_is_to_blame() {
  return is_peer_fault(errc::truncated) && is_peer_fault(errc::stream_ended) &&
         is_peer_fault(errc::unexpected_message) && is_peer_fault(errc::refused_by_application) &&
         is_peer_fault(errc::kdc_error) && is_peer_fault(errc::peer_error) && is_peer_fault(errc::integrity);
}
KERB_BOTH("is_peer_fault: malformed octets, protocol faults, refusals and broken seals are the peer's", "[core]",
          the_peer_is_to_blame);

constexpr bool we_are_to_blame() {
  return !is_peer_fault(errc::ok) && !is_peer_fault(errc::unsupported_etype) && !is_peer_fault(errc::weak_etype) &&
         !is_peer_fault(errc::entropy) && !is_peer_fault(errc::crypto_backend) && !is_peer_fault(errc::no_space) &&
         !is_peer_fault(errc::api_misuse) && !is_peer_fault(errc::clock_out_of_range);
}
KERB_BOTH("is_peer_fault: buffer, randomness, policy and misuse are not the peer's", "[core]", we_are_to_blame);

constexpr bool blocks_stay_where_they_are() {
  const auto n = [](errc c) { return static_cast<int>(c); };
  return n(errc::ok) == 0 && n(errc::truncated) == 100 && n(errc::stream_ended) < 200 &&
         n(errc::unexpected_message) == 200 && n(errc::refused_by_application) < 300 && n(errc::kdc_error) == 300 &&
         n(errc::integrity) == 400 && n(errc::no_space) == 500 && n(errc::api_misuse) == 600;
}
KERB_BOTH("errc: the hundreds say whose fault it is", "[core]", blocks_stay_where_they_are);

constexpr bool names_are_the_enumerators() {
  return name_of(errc::ok) == "ok" && name_of(errc::non_minimal_length) == "non_minimal_length" &&
         name_of(errc::no_space) == "no_space" && name_of(static_cast<errc>(99)).empty() &&
         name_of(static_cast<errc>(65535)).empty();
}
KERB_BOTH("name_of: an errc's name is its enumerator", "[core]", names_are_the_enumerators);

TEST_CASE("name_of: no code lies in a gap, and no two have one name", "[core]") {
  std::set<std::string> names;
  for (unsigned block = 0; block != 7; ++block) {
    bool ended = false;
    for (unsigned n = 100 * block; n != 100 * block + 100; ++n) {
      const std::string name(name_of(static_cast<errc>(n)));
      if (name.empty()) {
        ended = true;
        continue;
      }
      CHECK(!ended);  // a code behind a gap would be one whose name was forgotten
      CHECK(names.insert(name).second);
    }
  }
  CHECK(names.size() > 40);
}

}  // namespace
