// An AP-REQ that was opened, and the checks of it: RFC 4120 section 3.2.3.
#pragma once
#include "../opened_ticket.hpp"
#include "ap_rules.hpp"

namespace kerb::inline v0::detail {

/// An AP-REQ whose ticket and authenticator were opened, and not yet checked. It views the
/// exchange's buffer.
template <class Key>
struct opened_request {
  opened_ticket<Key> ticket;
  opened_authenticator<Key> authenticator;
  msg::ApOptions options;                    ///< not authenticated
  std::optional<kerberos_string> key_realm;  ///< the realm of the key that opened the ticket, if known
};

/// What the checks of a request have found.
struct verified_request {
  std::optional<gss_checksum> gss;
  class authorization authorization;
  bool bound = false;                   ///< to the channel in acceptor_params::bindings
  std::optional<etype_t> subkey_etype;  ///< negotiated by RFC 4537
};

/// Checks a request in the order of RFC 4120 section 3.2.3: names, addresses and times before what
/// the contents say. Whether the authenticator was seen before is checked after all of this, since
/// only authentic requests may fill the replay cache.
template <crypto_policy C>
constexpr checked<verified_request> verify(const opened_request<typename C::key>& q, const acceptor_params& params,
                                           const environment<C>& env) {
  const msg::EncTicketPart& ticket = q.ticket.part;
  const msg::Authenticator& a = q.authenticator.part;
  if (const verdict v = check_client(a, ticket); !v.ok()) return v;
  if (const verdict v = check_client_name(ticket); !v.ok()) return v;
  if (const verdict v = check_anonymity(ticket, params); !v.ok()) return v;
  if (const verdict v = check_address(ticket, params); !v.ok()) return v;
  if (const verdict v = check_path(ticket, q.key_realm, params); !v.ok()) return v;
  if (const verdict v = check_times(ticket, q.authenticator.time(), env.now, env.limits.clock_skew); !v.ok()) return v;
  verified_request found;
  if (const verdict v = verify_authorization(env.crypto.get(), q.ticket.session_key, params.understood,
                                             ticket.authorization_data, a.authorization_data, found.authorization);
      !v.ok()) {
    return v;
  }
  if (a.cksum && a.cksum->cksumtype == cksum_t::gssapi) {
    const auto gss = read_gss_checksum(a.cksum->checksum);
    if (!gss) return verdict{gss.error(), error_code_t::krb_ap_err_inapp_cksum};
    found.gss = *gss;
  }
  if (params.mutual == required && !wants_mutual(found.gss, q.options)) return no_mutual(found.gss.has_value());
  if (const verdict v = check_bindings(env.crypto.get(), found.gss, found.authorization, params, found.bound);
      !v.ok()) {
    return v;
  }
  found.subkey_etype = negotiated_etype(env.crypto.get(), found.authorization);
  return found;
}

}  // namespace kerb::inline v0::detail
