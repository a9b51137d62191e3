// The keys of a ticket that is issued: the session key's encryption type, and the key that seals it.
#pragma once
#include "../checked.hpp"
#include "../sealed.hpp"
#include "rules.hpp"

namespace kerb::inline v0::detail {

/// Whether a policy allows this encryption type; an empty list stands for all that `crypto` offers.
template <crypto_policy C>
constexpr bool allowed(view_of<etype_t> by_policy, const C& crypto, etype_t e) {
  return listed(by_policy.empty() ? crypto.offered() : by_policy, e);
}

/// The request's first encryption type that is allowed for the session key.
template <crypto_policy C>
constexpr std::optional<etype_t> session_etype(const C& crypto, const msg::KdcReqBody& body,
                                               const principal_record<C>& server, const kdc_policy& policy) {
  for (const etype_t e : body.etype) {
    if (!crypto.shape(e) || !allowed(policy.session_etypes, crypto, e)) continue;
    bool declared = listed(server.session_etypes, e);
    if (server.session_etypes.empty()) {
      for (const long_term_key<C>& k : server.keys) declared |= crypto.etype_of(k.key.get()) == e;
    }
    if (declared) return e;
  }
  return std::nullopt;
}
/// The key that seals a server's tickets: the server's preferred one, independent of the request.
template <crypto_policy C>
constexpr const long_term_key<C>* ticket_key(const C& crypto, const principal_record<C>& server,
                                             const kdc_policy& policy) {
  for (const long_term_key<C>& k : server.keys) {
    const etype_t e = crypto.etype_of(k.key.get());
    if (crypto.shape(e) && allowed(policy.ticket_etypes, crypto, e)) return &k;
  }
  return nullptr;
}

/// Completes a draft with the session key's encryption type and the key that seals the ticket:
/// `user_key`, the session key of a second ticket, if there is one; otherwise a key of the server,
/// which is returned. That is `servers_key` if it is not null. Such a key has opened the server's own
/// ticket, in which its holder can have put anything: another version would make tickets under a new
/// key for somebody who has only an old one.
template <crypto_policy C>
constexpr checked<const long_term_key<C>*> choose_keys(ticket_draft& d, const C& crypto, const msg::KdcReqBody& body,
                                                       const principal_record<C>& server, const kdc_policy& policy,
                                                       const typename C::key* user_key,
                                                       const long_term_key<C>* servers_key = nullptr) {
  const auto e = session_etype(crypto, body, server, policy);
  if (!e) return no(errc::no_common_etype, "KDC-REQ-BODY", "etype");
  d.session_etype = *e;
  if (user_key != nullptr) {
    d.ticket_etype = crypto.etype_of(*user_key);
    return nullptr;
  }
  const long_term_key<C>* const k = servers_key != nullptr ? servers_key : ticket_key(crypto, server, policy);
  if (k == nullptr) return no(errc::server_has_no_key, "KDC-REQ-BODY", "sname");
  d.ticket_etype = crypto.etype_of(k->key.get());
  d.kvno = k->kvno;
  return k;
}

/// A key that seals a part of a reply, in its fastest form, with what is written beside the part.
template <crypto_policy C>
struct sealing_key {
  key_usage_t usage;
  ref<const typename C::key> key;
  const typename C::prepared_key* prepared = nullptr;  ///< null: the key itself is used
  std::optional<uint32> kvno{};
};
template <crypto_policy C>
constexpr sealing_key<C> sealing_with(const long_term_key<C>& k, key_usage_t usage) {
  return {usage, k.key, prepared_key_for(k, usage), k.kvno};
}
/// Writes `plain` sealed under this key: see write_sealed().
template <crypto_policy C, class T, crypto_policy Drawn>
constexpr void write_sealed_with(der::writer& w, const T& plain, const sealing_key<C>& k, const environment<Drawn>& env,
                                 errc& why) {
  if (k.prepared != nullptr) write_sealed(w, plain, *k.prepared, k.usage, env, why, k.kvno);
  else write_sealed(w, plain, k.key.get(), k.usage, env, why, k.kvno);
}

}  // namespace kerb::inline v0::detail
