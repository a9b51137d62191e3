// The authenticated contents of a TGS request: its ticket, subkey and authorization data.
#pragma once
#include "../opened_ticket.hpp"
#include "authdata.hpp"
#include "tgs_padata.hpp"
#include "tgs_rules.hpp"

namespace kerb::inline v0::detail {

/// What a TGS request has proven, RFC 4120 sections 3.2.3 and 3.3.2: the facts that a ticket is
/// drafted from. Filled by authenticate().
template <crypto_policy C>
struct authenticated_tgs_request {
  using key = typename C::key;

  opened_ticket<key> tgt;   ///< the ticket that authenticates the request
  bool is_own_tgt = false;  ///< only this KDC can have made that ticket and named its client
  std::optional<key> subkey;
  std::optional<timestamp> sent_at;         ///< the authenticator's time, once that was opened
  kept_range added;                         ///< the plaintext of the authorization data that the client adds, if any
  std::optional<carried_authdata> carried;  ///< what is copied of both; views the buffer
  /// The key that opened the ticket, if it is one under the requested server's own key (RENEW, VALIDATE,
  /// PROXY): that key seals the new ticket too. Null for a ticket-granting ticket for this KDC.
  const long_term_key<C>* servers_key = nullptr;

  /// RFC 4120 section 3.3.3: the subkey, if there is one.
  constexpr const key& reply_key() const& KERB_LIFETIMEBOUND { return subkey ? *subkey : tgt.session_key; }
  void reply_key() const&& = delete;
  constexpr key_usage_t reply_usage() const {
    return subkey ? key_usage_t::tgs_rep_enc_part_subkey : key_usage_t::tgs_rep_enc_part_session;
  }
};

/// Whether the long-term keys of a record can have sealed the ticket that authenticates a request. They
/// must not even be tried otherwise: with RENEW anybody could find a user's password by sealing tickets.
template <crypto_policy C>
constexpr verdict check_header_server(const principal_record<C>& r) {
  if (r.attributes.has(principal_attribute::not_a_server)) return no(errc::not_a_server, "Ticket", "sname");
  if (r.attributes.has(principal_attribute::user_to_user_only))
    return no(errc::must_use_user_to_user, "Ticket", "sname");
  return {};
}

/// The first key of a record that a ticket can have been sealed under; null when there is none.
template <crypto_policy C>
constexpr const long_term_key<C>* key_of_ticket(const msg::EncryptedData& sealed, const principal_record<C>& r,
                                                const C& crypto) {
  for (const long_term_key<C>& k : r.keys) {
    const bool of_kvno = !sealed.kvno || *sealed.kvno == 0 || *sealed.kvno == k.kvno;
    if (of_kvno && crypto.etype_of(k.key.get()) == sealed.etype) return &k;
  }
  return nullptr;
}

/// The plaintext of a ticket, and the key that opened it.
template <crypto_policy C>
struct unsealed_ticket {
  std::span<std::uint8_t> plain;
  const long_term_key<C>* key = nullptr;  ///< of the record
};
/// Opens the encrypted part of a ticket: tries the keys of a record that it can have been sealed
/// under, one after the other.
template <crypto_policy C>
constexpr checked<unsealed_ticket<C>> unseal_ticket(const msg::EncryptedData& sealed, const principal_record<C>& r,
                                                    const kdc_policy& policy, const environment<C>& env,
                                                    workspace& in) {
  bool of_its_type = false, of_another_kvno = false;
  unsigned tried = 0;
  for (const long_term_key<C>& k : r.keys) {
    if (env.crypto->etype_of(k.key.get()) != sealed.etype ||
        !allowed(policy.ticket_etypes, env.crypto.get(), sealed.etype)) {
      continue;
    }
    if (sealed.kvno && *sealed.kvno != 0 && *sealed.kvno != k.kvno) {
      of_another_kvno = true;
      continue;
    }
    of_its_type = true;
    if (tried++ == env.limits.max_keys) break;
    const auto opened = with_key_for(key_usage_t::ticket, k, [&](const auto& form) {
      return open_sealed(env.crypto.get(), sealed, form, key_usage_t::ticket, in);
    });
    if (opened) return unsealed_ticket<C>{*opened, &k};
  }
  if (of_its_type) return no(errc::integrity, "Ticket", "enc-part");
  if (of_another_kvno) return no(errc::bad_key_version, "Ticket", "enc-part");
  return no(errc::no_key, "Ticket", "enc-part");
}
/// Opens any ticket in a request with the keys of its server, and keeps its plaintext in `in`. `by` gets
/// the key that opened it, if it is not null.
template <crypto_policy C>
constexpr checked<opened_ticket<typename C::key>> open_ticket(const msg::Ticket& t, const principal_record<C>& r,
                                                              const kdc_policy& policy, const environment<C>& env,
                                                              workspace& in, const long_term_key<C>** by = nullptr) {
  const auto unsealed = unseal_ticket(t.enc_part, r, policy, env, in);
  if (!unsealed) return unsealed.refusal();
  if (by != nullptr) *by = unsealed->key;
  return read_ticket(env.crypto.get(), unsealed->plain, t.realm, in);
}

/// Checks padata inside PA-FX-FAST (RFC 6113 section 5.4.2). A client that states that it used
/// FAST must not have lost it.
template <crypto_policy C>
constexpr verdict check_padata(const kdc_request& q, const opened_ticket<typename C::key>& tgt,
                               const opened_authenticator<typename C::key>& a, const environment<C>& env,
                               workspace& in) {
  bool armored = false;
  for (const msg::PaData pa : q.padata) {
    if (pa.padata_type != padata_t::fx_fast) continue;
    // each one costs a key derivation and a decryption
    if (armored) return not_supported(errc::fast_not_supported, "PA-FX-FAST");
    armored = true;
    if (const verdict v = check_fast(env.crypto.get(), pa, a.subkey, tgt.session_key, in); !v.ok()) return v;
  }
  if (!armored && (holds(tgt.part.authorization_data, ad_t::fx_fast_used) ||
                   holds(a.part.authorization_data, ad_t::fx_fast_used))) {
    return no(errc::fast_removed, "TGS-REQ", "padata");
  }
  return {};
}

/// Checks a request against its ticket and authenticator, RFC 4120 sections 3.2.3 and 3.3.2.
template <crypto_policy C>
constexpr verdict verify_tgs_request(const kdc_request& q, const msg::Ticket& sealed,
                                     const opened_ticket<typename C::key>& tgt,
                                     const opened_authenticator<typename C::key>& a, const kdc_policy& policy,
                                     const kdc_peer& peer, const environment<C>& env, workspace& in) {
  if (!same_principal({a.part.cname, a.part.crealm}, tgt.client())) {
    return no(errc::name_mismatch, "Authenticator", "cname");
  }
  if (const verdict v = check_body(env.crypto.get(), a.part.cksum, tgt.session_key, q.body_octets); !v.ok()) return v;
  if (!within_skew(a.time(), env.now, env.limits.clock_skew)) { return no(errc::clock_skew, "Authenticator", "ctime"); }
  if (const verdict v = check_header_times(tgt.part, q.body.kdc_options, env.now.at, env.limits.clock_skew); !v.ok()) {
    return v;
  }
  if (policy.check_addresses && !address_fits(tgt.part.caddr, peer.address)) {
    return no(errc::address_mismatch, "EncTicketPart", "caddr");
  }
  // Another realm's KDC vouches for its own clients and those behind it, never for clients of
  // this realm. It has the keys of both ticket-granting services that it shares with this KDC
  if (tgs_realm(sealed.sname) && !is_own_tgt(sealed, policy.realm) && tgt.part.crealm == policy.realm) {
    return no(errc::own_client_from_elsewhere, "EncTicketPart", "crealm");
  }
  if (const verdict v = check_client_name(tgt.part); !v.ok()) return v;
  // A reason of its own: the checks below take such data for what they look for
  if (nested_too_deep(tgt.part.authorization_data) || nested_too_deep(a.part.authorization_data)) {
    return no(errc::authdata_not_carried, "EncTicketPart", "authorization-data");
  }
  // RFC 6113 section 5.4.1.1: such a ticket or authenticator may only be used as armor
  if (holds(tgt.part.authorization_data, ad_t::fx_fast_armor) ||
      holds(a.part.authorization_data, ad_t::fx_fast_armor)) {
    return no(errc::armor_ticket, "Authenticator", "authorization-data");
  }
  // RFC 4120 section 5.2.6.4: this KDC understands none of the elements in there
  if (holds(tgt.part.authorization_data, ad_t::mandatory_for_kdc) ||
      holds(a.part.authorization_data, ad_t::mandatory_for_kdc)) {
    return no(errc::mandatory_for_kdc, "EncTicketPart", "authorization-data");
  }
  // RFC 4120 section 5.2.6: a server fails the authentication if it does not know an element
  if (a.part.authorization_data && !kdc_knows(*a.part.authorization_data)) {
    return no(errc::critical_authdata, error_code_t::kdc_err_policy, "Authenticator", "authorization-data");
  }
  if (const verdict v = check_padata(q, tgt, a, env, in); !v.ok()) return v;
  return check_options(tgt.part, q.body, policy);
}

/// Opens the authorization data that the client adds, if it adds any, and keeps them in `in`.
template <crypto_policy C>
constexpr checked<kept_range> open_added(const kdc_request& q, const authenticated_tgs_request<C>& facts,
                                         const environment<C>& env, workspace& in) {
  if (!q.body.enc_authorization_data) return kept_range{};
  const key_usage_t usage = facts.subkey ? key_usage_t::tgs_req_ad_subkey : key_usage_t::tgs_req_ad_session;
  const auto plain = open_sealed(env.crypto.get(), *q.body.enc_authorization_data, facts.reply_key(), usage, in);
  if (!plain) { return no(errc::integrity, "KDC-REQ-BODY", "enc-authorization-data"); }
  const auto data = asn1::decode_as<msg::AuthorizationData>("AuthorizationData", bytes_view(*plain));
  if (!data) return verdict{data.error(), error_code_t::krb_ap_err_bad_integrity};
  if (nested_too_deep(*data)) return no(errc::authdata_not_carried, "KDC-REQ-BODY", "enc-authorization-data");
  if (holds(*data, ad_t::mandatory_for_kdc)) {
    return no(errc::mandatory_for_kdc, "KDC-REQ-BODY", "enc-authorization-data");
  }
  return range_of(*plain, in);
}

/// RFC 4120 section 3.3.3: gathers what is copied of the ticket's authorization data and of those
/// that the client adds. Returns false when the request must be refused.
template <crypto_policy C>
constexpr bool gather_authdata(authenticated_tgs_request<C>& facts, const kdc_request& q, const kdc_policy& policy,
                               const workspace& in) {
  if (facts.carried) facts.carried->clear();
  const auto add = [&](const msg::AuthorizationData& data, authdata_origin from) {
    if (!facts.carried) facts.carried.emplace(q.has(kdc_option_t::request_anonymous));
    return facts.carried->add(data, from, policy.max_authdata_elements);
  };
  const opened_ticket<typename C::key>& tgt = facts.tgt;
  const auto issuer = facts.is_own_tgt ? authdata_origin::ticket : authdata_origin::foreign_ticket;
  if (tgt.part.authorization_data && !add(*tgt.part.authorization_data, issuer)) return false;
  const auto data = asn1::decode_as<msg::AuthorizationData>("AuthorizationData", facts.added.of(in));
  return !data || add(*data, authdata_origin::client);  // none: the client adds nothing
}

/// Makes the views in the facts again, after the buffer has moved.
template <crypto_policy C>
constexpr void read_again(authenticated_tgs_request<C>& facts, const kdc_request& q, const kdc_policy& policy,
                          const workspace& in) {
  facts.tgt.read_again(in);
  (void)gather_authdata(facts, q, policy, in);  // it was gathered before
}

/// Opens and checks a TGS request with the keys of the server of its ticket, and fills `facts`, which
/// is large. It keeps the plaintext of the ticket, and of the authorization data that the client
/// adds, in `in`.
template <crypto_policy C>
constexpr verdict authenticate(authenticated_tgs_request<C>& facts, const kdc_request& q, const msg::ApReq& ap,
                               const principal_record<C>& server, const kdc_policy& policy, const kdc_peer& peer,
                               const environment<C>& env, workspace& in) {
  const long_term_key<C>* opened_by = nullptr;
  auto tgt = open_ticket(ap.ticket.value(), server, policy, env, in, &opened_by);
  if (!tgt) return tgt.refusal();
  facts.tgt = std::move(*tgt);
  facts.servers_key = is_tgs_of(ap.ticket->sname, policy.realm) ? nullptr : opened_by;
  // With a client of another realm it was obtained with a ticket of another KDC, which has named the client
  facts.is_own_tgt = is_own_tgt(ap.ticket.value(), policy.realm) && facts.tgt.part.crealm == policy.realm;
  const std::size_t before = in.kept().size();
  auto a = open_authenticator(env.crypto.get(), ap.authenticator, facts.tgt.session_key,
                              key_usage_t::tgs_req_authenticator, in);
  if (a) facts.sent_at = a->time();
  verdict v = a ? take_subkey(env.crypto.get(), *a) : a.refusal();
  if (v.ok()) v = verify_tgs_request(q, ap.ticket.value(), facts.tgt, *a, policy, peer, env, in);
  in.keep_first(before);  // nothing views the authenticator any more
  if (!v.ok()) return v;
  if (a->subkey) facts.subkey.emplace(std::move(*a->subkey));
  const auto added = open_added(q, facts, env, in);
  if (!added) return added.refusal();
  facts.added = *added;
  if (!gather_authdata(facts, q, policy, in)) {
    return no(errc::authdata_not_carried, "EncTicketPart", "authorization-data");
  }
  return {};
}

/// Checks the second ticket of a user-to-user request (RFC 4120 section 3.3.3): `requested` is the
/// server that the request names, `server` its record.
template <crypto_policy C>
constexpr verdict check_second_ticket(const opened_ticket<typename C::key>& second, const principal_view& requested,
                                      const principal_record<C>& server, const kdc_policy& policy,
                                      const environment<C>& env) {
  if (!allowed(policy.ticket_etypes, env.crypto.get(), env.crypto->etype_of(second.session_key))) {
    return no(errc::etype_not_allowed, "KDC-REQ-BODY", "additional-tickets");
  }
  if (const verdict v = check_header_times(second.part, {}, env.now.at, env.limits.clock_skew); !v.ok()) return v;
  // RFC 6806 section 8: if an alias identifies the owner as a client, it also identifies the
  // owner here
  const principal_view owner = second.client();
  if (!same_principal(owner, requested) && !same_principal(owner, server.principal)) {
    return no(errc::second_ticket_mismatch, "KDC-REQ-BODY", "additional-tickets");
  }
  return {};
}

}  // namespace kerb::inline v0::detail
