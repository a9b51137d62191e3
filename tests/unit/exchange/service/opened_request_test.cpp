// The checks of a request that was opened, without an acceptor around them.
#include <kerb/service.hpp>

#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using policy = testing::insecure_policy;

/// A request in which everything is in order.
struct scene {
  policy crypto;
  exchange_limits limits{};
  acceptor_params params;
  detail::opened_request<key> request;

  constexpr scene() {
    const std::array<std::uint8_t, 32> octets{};
    request.ticket.session_key = kerb_test::must(crypto.import(e18, octets));
    msg::EncTicketPart& t = request.ticket.part;
    t.crealm = ex_org;
    t.cname = alice().name;
    t.authtime = noon.at;
    t.endtime = plus(noon.at, 600);
    msg::Authenticator& a = request.authenticator.part;
    a.crealm = ex_org;
    a.cname = alice().name;
    a.ctime = noon.at;
    a.cusec = noon.usec;
    request.key_realm = ex_org;
  }
  constexpr auto verify() { return detail::verify(request, params, environment<policy>{crypto, noon, limits}); }
  constexpr bool refuses(errc why, std::string_view type, std::string_view field) {
    const auto v = verify();
    return !v && v.refusal().why.code == why && type == v.refusal().why.type && field == v.refusal().why.field;
  }
};

constexpr bool a_good_request_is_verified() {
  scene s;
  const auto v = s.verify();
  return v && !v->gss && !v->bound && !v->subkey_etype && v->authorization.empty();
}
KERB_BOTH("verify: a request in which everything is in order", "[exchange][rfc4120-3.2.3]", a_good_request_is_verified);

constexpr bool checks_come_in_their_order() {
  scene s;
  constexpr std::uint8_t address[] = {10, 0, 0, 1}, nothing[] = {0};
  const msg::HostAddress addresses[] = {{addr_t::ipv4, address}};
  const msg::AuthorizationDataElement critical[] = {{ad_t(999), nothing}};
  msg::EncTicketPart& t = s.request.ticket.part;
  msg::Authenticator& a = s.request.authenticator.part;
  // Everything is wrong, and is mended step by step
  a.cname = bob().name;
  t.caddr = view_of<msg::HostAddress>(addresses);
  s.request.key_realm = other_org;
  a.ctime = plus(noon.at, -301);
  t.endtime = plus(noon.at, -301);
  t.authorization_data = view_of<msg::AuthorizationDataElement>(critical);
  a.cksum = msg::Checksum{cksum_t::gssapi, nothing};
  s.params.mutual = required;
  s.params.binding = binding_rule::require;
  s.params.bindings = channel_bindings{};
  if (!s.refuses(errc::name_mismatch, "Authenticator", "cname")) return false;
  a.cname = alice().name;
  if (!s.refuses(errc::address_mismatch, "EncTicketPart", "caddr")) return false;
  t.caddr = std::optional<msg::HostAddresses>{};
  if (!s.refuses(errc::path_not_checked, "EncTicketPart", "transited")) return false;
  s.request.key_realm = ex_org;
  if (!s.refuses(errc::clock_skew, "Authenticator", "ctime")) return false;
  a.ctime = noon.at;
  if (!s.refuses(errc::ticket_expired, "EncTicketPart", "endtime")) return false;
  t.endtime = plus(noon.at, 600);
  if (!s.refuses(errc::critical_authdata, "EncTicketPart", "authorization-data")) return false;
  t.authorization_data = std::optional<msg::AuthorizationData>{};
  const auto malformed = s.verify();
  if (malformed || malformed.refusal().code != error_code_t::krb_ap_err_inapp_cksum) return false;
  a.cksum = std::optional<msg::Checksum>{};
  if (!s.refuses(errc::mutual_required, "AP-REQ", "ap-options")) return false;
  s.request.options.set(ap_option_t::mutual_required);
  if (!s.refuses(errc::bindings_missing, "checksum 0x8003", "Bnd")) return false;
  s.params.binding = binding_rule::ignore;
  const auto verified = s.verify();
  return verified.refusal().ok();
}
KERB_BOTH("verify: names, addresses, path and times are checked before what the contents say",
          "[exchange][rfc4120-3.2.3]", checks_come_in_their_order);
}  // namespace
