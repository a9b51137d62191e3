// What a TGS makes of addresses and checksums by themselves; whole requests are in tgs_test.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
constexpr std::uint8_t here_octets[] = {10, 1, 2, 3}, there_octets[] = {10, 1, 2, 4};
constexpr msg::HostAddress here{addr_t::ipv4, here_octets}, there{addr_t::ipv4, there_octets},
    as_netbios{addr_t::netbios, here_octets};

constexpr bool an_address_fits_by_type_and_octets() {
  const msg::HostAddress list[] = {there, as_netbios}, more[] = {there, here};
  const std::optional<msg::HostAddresses> two{view_of<msg::HostAddress>(list)}, all{view_of<msg::HostAddress>(more)},
      empty{msg::HostAddresses{}};
  return !detail::address_fits(two, here) && detail::address_fits(all, here) && detail::address_fits({}, here) &&
         detail::address_fits(empty, here) && detail::address_fits(two, {});
}
KERB_BOTH("address_fits: an address is one of the ticket's, or the ticket has none, or none is known",
          "[exchange][rfc4120-3.2.3]", an_address_fits_by_type_and_octets);

constexpr bool a_netbios_name_is_no_address() {
  const msg::HostAddress name[] = {as_netbios}, with_another[] = {as_netbios, there};
  const std::optional<msg::HostAddresses> alone{view_of<msg::HostAddress>(name)},
      both{view_of<msg::HostAddress>(with_another)};
  return detail::address_fits(alone, here) && !detail::address_fits(both, here) && detail::address_fits(both, there);
}
KERB_BOTH("address_fits: Windows' NetBIOS name alone binds a ticket to no address", "[exchange][rfc4120-3.2.3]",
          a_netbios_name_is_no_address);

constexpr bool a_body_needs_its_own_keyed_checksum() {
  world w;
  constexpr std::uint8_t body[] = {1, 2, 3}, other[] = {1, 2, 4};
  std::array<std::uint8_t, 8> mac{};
  const bytes_view pieces[] = {body};
  const cksum_t right = cksum_t::hmac_sha1_96_aes256;
  if (w.crypto.sign(right, w.session, key_usage_t::tgs_req_authenticator_cksum, pieces, mac) != errc::ok) return false;
  const auto code = [&](std::optional<msg::Checksum> c, bytes_view b) {
    return detail::check_body(w.crypto, c, w.session, b).code;
  };
  if (code(msg::Checksum{right, bytes_view(mac)}, body) != error_code_t::kdc_err_none) return false;
  if (code(msg::Checksum{right, bytes_view(mac)}, other) != error_code_t::krb_ap_err_modified) return false;
  if (code(msg::Checksum{right, bytes_view(mac).first(7)}, body) != error_code_t::krb_ap_err_modified) return false;
  if (code(msg::Checksum{right, {}}, body) != error_code_t::krb_ap_err_modified) return false;
  for (int type = -200; type != 200; ++type) {
    const auto refused =
        name_of(cksum_t(type)).empty() ? error_code_t::kdc_err_sumtype_nosupp : error_code_t::krb_ap_err_inapp_cksum;
    if (cksum_t(type) != right && code(msg::Checksum{cksum_t(type), bytes_view(mac)}, body) != refused) return false;
  }
  return code({}, body) == error_code_t::krb_ap_err_inapp_cksum;
}
KERB_BOTH("check_body: of all checksum types only the session key's own is taken, whole", "[exchange][rfc4120-3.3.2]",
          a_body_needs_its_own_keyed_checksum);
}  // namespace
