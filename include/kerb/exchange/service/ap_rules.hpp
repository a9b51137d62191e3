// The checks that a service makes on a ticket and its authenticator, RFC 4120 section 3.2.3.
#pragma once
#include "../../core/secret.hpp"
#include "../../msg/ap.hpp"
#include "../../msg/gss.hpp"
#include "../../msg/ms_octets.hpp"
#include "../addresses.hpp"
#include "acceptor_params.hpp"
#include "authorization.hpp"

namespace kerb::inline v0::detail {

/// RFC 4120 section 3.2.3: the ticket names the client. The authenticator's name must match, but is
/// not trusted.
constexpr verdict check_client(const msg::Authenticator& auth, const msg::EncTicketPart& ticket) {
  if (!(auth.crealm == ticket.crealm)) { return no(errc::name_mismatch, "Authenticator", "crealm"); }
  if (!same_name(auth.cname, ticket.cname)) { return no(errc::name_mismatch, "Authenticator", "cname"); }
  return {};
}

/// A client that does not reveal its name (RFC 6112) is accepted only if the program says so.
constexpr verdict check_anonymity(const msg::EncTicketPart& ticket, const acceptor_params& r) {
  if (r.anonymous || !ticket.flags.has(ticket_flag_t::anonymous)) return {};
  return no(errc::anonymous_client, "EncTicketPart", "flags");
}

/// RFC 4120 section 3.2.3: a ticket with addresses must come from one of them.
constexpr verdict check_address(const msg::EncTicketPart& ticket, const acceptor_params& r) {
  const address_verdict v = verify_address(ticket.caddr, r.peer_address ? *r.peer_address : msg::HostAddress{});
  if (v == address_verdict::unrestricted ? !r.demand_addresses : v == address_verdict::listed && r.peer_address) {
    return {};
  }
  return no(errc::address_mismatch, "EncTicketPart", "caddr");
}

/// The realm of all the service's names; none if it has no names, or names of several realms.
constexpr std::optional<kerberos_string> own_realm(const acceptor_params& r) {
  std::optional<kerberos_string> own;
  if (r.service) own = r.service->realm;
  for (const principal_view& s : r.services) {
    if (own && !(*own == s.realm)) return std::nullopt;
    own = s.realm;
  }
  return own;
}

/// RFC 4120 section 2.7: if no KDC has checked the path, the server must check it or refuse the
/// client. `own` is the realm of the key that opened the ticket, if known: the client can choose
/// the realm in the ticket's unencrypted part. A client of that realm has no path, unless the
/// ticket lists realms that vouched for it (section 3.3.3.2: neither end is listed). A client that
/// hides its realm may have any path (RFC 6112 section 4.3).
constexpr verdict check_path(const msg::EncTicketPart& ticket, const std::optional<kerberos_string>& own,
                             const acceptor_params& r) {
  if (own && ticket.crealm == *own && ticket.transited.contents.empty()) return {};
  if (ticket.flags.has(ticket_flag_t::transited_policy_checked) && !r.distrust_kdc_paths) return {};
  if (r.paths || hides_realm(ticket)) {
    const realm_path_policy policy = r.paths.value_or(realm_path_policy{});
    const error e = check_transited_of(ticket, ticket.transited, own.value_or(kerberos_string{}), policy);
    return e.ok() ? verdict{} : no(e);
  }
  if (r.trust_unchecked_path) return {};
  return no(errc::path_not_checked, "EncTicketPart", "transited");
}

/// RFC 4120 section 3.2.3: authenticator and ticket must be current.
constexpr verdict check_times(const msg::EncTicketPart& ticket, timestamp at, timestamp now, std::int64_t skew) {
  if (!within_skew(at, now, skew)) { return no(errc::clock_skew, "Authenticator", "ctime"); }
  if (ticket.flags.has(ticket_flag_t::invalid)) { return no(errc::ticket_not_yet_valid, "EncTicketPart", "flags"); }
  if (ticket.starttime.value_or(ticket.authtime) > plus(now.at, skew)) {
    return no(errc::ticket_not_yet_valid, "EncTicketPart", "starttime");
  }
  if (now.at > plus(ticket.endtime, skew)) { return no(errc::ticket_expired, "EncTicketPart", "endtime"); }
  return {};
}

/// Whether the context is established in DCE style: three legs, of which the last two have no frame
/// (RFC 4757 section 7.1, MS-KILE section 3.4.5.1).
constexpr bool is_dce_style(const std::optional<gss_checksum>& gss) {
  return gss && gss->flags.has(gss_flag_t::dce_style);
}

/// Whether the client requests mutual authentication. The option in the AP-REQ is not
/// authenticated, and anyone can change it. The flag in the authenticator of a GSS-API context is
/// sealed, and is used instead.
constexpr bool wants_mutual(const std::optional<gss_checksum>& gss, msg::ApOptions options) {
  if (is_dce_style(gss)) return true;  // its second leg is the AP-REP
  return gss ? gss->flags.has(gss_flag_t::mutual) : options.has(ap_option_t::mutual_required);
}
/// The client does not request mutual authentication. The verdict names the field that shows this.
constexpr verdict no_mutual(bool in_checksum) {
  return in_checksum ? no(errc::mutual_required, "checksum 0x8003", "Flags")
                     : no(errc::mutual_required, "AP-REQ", "ap-options");
}

/// Whether the client states that it supports channel bindings (MS-KILE section 3.2.5.8).
constexpr bool knows_bindings(const authorization& data) {
  bool knows = false;
  data.for_each([&](const authorization_element& e) {
    if (e.type != ad_t::ad_auth_data_ap_options || e.from_ticket) return;
    const auto flags = read_ms_flags(e.data);
    knows = knows || (flags && has(*flags, kerb_ap_option_t::cbt));
  });
  return knows;
}

/// RFC 4121 section 4.1.1.2: the client's channel bindings must be those of the channel that its
/// request came through. `gss` is the checksum 0x8003, if present. Sets `bound` to whether it has
/// bindings that match.
template <crypto_policy C>
constexpr verdict check_bindings(C& policy, const std::optional<gss_checksum>& gss, const authorization& data,
                                 const acceptor_params& r, bool& bound) {
  bound = false;
  if (r.binding == binding_rule::ignore || (!r.bindings && r.binding == binding_rule::if_present)) return {};
  const bool present = gss && gss->has_bindings();
  if (!present) {
    if (r.binding == binding_rule::if_present && !knows_bindings(data)) return {};
    return no(errc::bindings_missing, "checksum 0x8003", "Bnd");
  }
  std::array<std::uint8_t, gss_checksum::bnd_size> own{};
  if (const errc e = hash_bindings(policy, *r.bindings, own); e != errc::ok) { return no(e, "checksum 0x8003", "Bnd"); }
  if (!ct_equal(bytes_view(own), gss->bnd)) { return no(errc::bindings_mismatch, "checksum 0x8003", "Bnd"); }
  bound = true;
  return {};
}

/// RFC 4537: the encryption type that this policy prefers for the acceptor's subkey among those that
/// the client offers; nullopt if it offers none of the policy's types.
template <crypto_policy C>
constexpr std::optional<etype_t> negotiated_etype(C& policy, const authorization& data) {
  std::optional<etype_t> best;
  data.for_each([&](const authorization_element& e) {
    if (e.type != ad_t::etype_negotiation || e.from_ticket) return true;
    const auto list = e.as<msg::EtypeList>();
    if (!list) return true;
    for (const etype_t own : policy.offered()) {
      for (const etype_t theirs : *list)
        if (own == theirs && !best) best = own;
    }
    return false;
  });
  return best;
}

}  // namespace kerb::inline v0::detail
