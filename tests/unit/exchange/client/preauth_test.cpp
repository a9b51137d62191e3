// Pre-authentication pieces: the salt, the hints and their bounds.
#include <kerb/exchange/client/preauth.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
static_assert(preauth_mechanism<enc_timestamp, testing::insecure_policy, testing::insecure_policy>);

constexpr bool the_salt_is_realm_and_components() {
  std::array<std::uint8_t, 64> room{};
  const std::size_t n = default_salt_size(web());
  const bytes_view salt = write_default_salt(web(), std::span(room).first(n));
  return salt == "EX.ORGHTTPweb.ex.org"_krb.octets;
}
constexpr bool our_preference_decides() {
  testing::insecure_policy p;
  const msg::EtypeInfo2Entry entries[] = {{e17, {}, {}}, {e20, "twenty"_krb, {}}, {e18, {}, {}}};
  std::array<std::uint8_t, 128> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  const etype_t ours[] = {e19, e20, e17};
  const auto h = detail::hint_from(p, msg::MethodData(view_of(list)), ours, {});
  return h && *h && (*h)->etype == e20 && *(*h)->salt == "twenty"_krb.octets && (*h)->iterations.count == 32768;
}
constexpr bool no_hints_are_no_error() {
  testing::insecure_policy p;
  const etype_t ours[] = {e20};
  const auto h = detail::hint_from(p, {}, ours, {});
  return h && !*h;
}
}  // namespace

KERB_BOTH("default_salt: the realm and every component, with nothing between", "[exchange][rfc4120-4]",
          the_salt_is_realm_and_components);
KERB_BOTH("hint_from: our own preference decides, not the order of unauthenticated hints",
          "[exchange][rfc4120-5.2.7.5]", our_preference_decides);
KERB_BOTH("hint_from: a KDC may send no hints", "[exchange][rfc4120-5.2.7.5]", no_hints_are_no_error);

TEST_CASE("enc_timestamp: it is tried once", "[exchange][rfc4120-5.2.7.2]") {
  enc_timestamp m;
  REQUIRE(m.consider({}) == preauth_wants::key);
  m.written();
  REQUIRE(m.consider({}) == preauth_wants::skip);
}
