// The ticket that a TGS request gets: the draft, and the parts of the reply.
#pragma once
#include "../../msg/anonymity.hpp"
#include "authenticated_tgs_request.hpp"
#include "kdc_rep.hpp"

namespace kerb::inline v0::detail {

/// What a ticket is drafted from.
template <crypto_policy C>
struct tgs_sources {
  ref<const kdc_request> request;
  ref<const authenticated_tgs_request<C>> facts;
  ref<const principal_record<C>> server;  ///< of the ticket
  bool is_referral = false;               ///< `server` is a KDC closer to the requested server
  const typename C::key* user_key;        ///< user-to-user: the session key of the second ticket; otherwise null
};
/// A complete draft, with what is needed to seal it and to view it in another buffer.
template <crypto_policy C>
struct tgs_draft {
  ticket_draft draft;
  kept_range path;                        ///< the path with a realm added; empty: that of the request's ticket
  const long_term_key<C>* key = nullptr;  ///< null for user-to-user
};

/// Sets the parts of a draft that view the request or the buffer.
template <crypto_policy C>
constexpr void set_views(ticket_draft& d, const kdc_request& q, const authenticated_tgs_request<C>& facts,
                         const kept_range& path, const workspace& in) {
  const msg::EncTicketPart& tgt = facts.tgt.part;
  d.client = facts.tgt.client();
  if (q.has(kdc_option_t::request_anonymous)) d.client.name = anonymous_name;
  // Only these options change the addresses; a request for fewer of them is not granted. An anonymous
  // ticket has them too: without them it would be less restricted, and the server sees the
  // client's address anyway.
  d.new_addresses = q.has(kdc_option_t::forwarded) || q.has(kdc_option_t::proxy);
  d.addresses = unless_empty(d.new_addresses ? q.body.addresses : tgt.caddr);
  d.transited = path.size == 0 ? tgt.transited : msg::TransitedEncoding{tr_t::domain_x500_compress, path.of(in)};
}

/// RFC 4120 section 3.3.3.2: adds the realm that a ticket came from to its path, and keeps the new
/// path in `in`; an empty range if nothing is to be added. Leaves `spare` octets free. Returns
/// errc::no_space (detail: octets needed) when there are not enough.
template <class Key>
constexpr checked<kept_range> extend_path(const opened_ticket<Key>& tgt, kerberos_string own, workspace& in,
                                          std::size_t spare) {
  const msg::TransitedEncoding& before = tgt.part.transited;
  if (tgt.realm == own || tgt.realm == tgt.part.crealm) return kept_range{};
  if (tgt.realm.octets.empty() || tgt.part.crealm.octets.empty()) {  // which no path can represent
    return verdict{{.code = errc::bad_transited, .type = "EncTicketPart", .field = "crealm"},
                   error_code_t::kdc_err_path_not_accepted};
  }
  if (!before.contents.empty() && before.tr_type != tr_t::domain_x500_compress) {
    return no(errc::unknown_transited_type, "EncTicketPart", "transited");
  }
  const std::span<std::uint8_t> to = in.borrow(in.free() < spare ? 0 : in.free() - spare);
  const auto added = append_transited(before.contents, tgt.realm, tgt.part.crealm, own, to);
  if (!added) return verdict{added.error(), error_code_t::kdc_err_path_not_accepted};
  return keep_range(in, added->size());
}

/// Drafts the ticket, RFC 4120 section 3.3.3. A path that grows is kept in `in`, which leaves
/// `spare` octets free. Returns errc::no_space (detail: octets needed) when `in` is too small.
template <crypto_policy C>
constexpr checked<tgs_draft<C>> draft_tgs_ticket(const tgs_sources<C>& from, const kdc_policy& policy,
                                                 const environment<C>& env, workspace& in, std::size_t spare) {
  const kdc_request& q = from.request.get();
  const principal_record<C>& s = from.server.get();
  const msg::EncTicketPart& tgt = from.facts->tgt.part;
  if (const verdict v = check_server(s, env.now.at); !v.ok()) return v;
  if (const verdict v = check_tgs_server(s, tgt, from.user_key != nullptr); !v.ok()) return v;
  checked<tgs_draft<C>> out(std::in_place);
  ticket_draft& d = out->draft;
  d.is_referral = from.is_referral;
  d.server = from.is_referral ? s.principal : q.server();  // RFC 6806 section 6: the requested name, also an alias
  const bool by_server = from.facts->servers_key != nullptr;
  if (const verdict v = draft_from(d, tgt, by_server, q.body, policy, s, env.now.at, env.limits.clock_skew); !v.ok())
    return v;
  if (q.has(kdc_option_t::request_anonymous)) d.flags.set(ticket_flag_t::anonymous);
  d.flags.set(ticket_flag_t::enc_pa_rep);  // RFC 6806 section 11: in all tickets
  d.flags.set(ticket_flag_t::ok_as_delegate, s.attributes.has(principal_attribute::ok_as_delegate));
  const auto path = extend_path(from.facts->tgt, policy.realm, in, spare);
  if (!path) return path.refusal();
  out->path = *path;
  set_views(d, q, from.facts.get(), out->path, in);
  if (!q.has(kdc_option_t::disable_transited_check) || !policy.unchecked_paths) {
    if (const error e = check_transited_of(tgt, d.transited, policy.realm, policy.paths); !e.ok()) {
      return verdict{e, error_code_t::kdc_err_path_not_accepted};
    }
    d.flags.set(ticket_flag_t::transited_policy_checked);
  }
  const auto k = choose_keys(d, env.crypto.get(), q.body, s, policy, from.user_key, from.facts->servers_key);
  if (!k) return k.refusal();
  out->key = *k;
  return out;
}

/// The parts of a TGS-REP, which writes itself around a ticket's part.
template <crypto_policy C>
struct tgs_reply_parts : reply_parts<C> {
  std::optional<bytes_view> signed_request{};  // the request, if the client asked for its checksum

  template <class TicketPart, crypto_policy Drawn>
  constexpr void write_reply(der::writer& w, const TicketPart& part, bytes_view session_key,
                             const environment<Drawn>& env, errc& why) const {
    request_checksum echo;
    reply_parts<C> parts = *this;
    if (signed_request) {
      const auto& k = this->reply_key.key.get();
      const auto sign = [&](cksum_t type, view_of<bytes_view> pieces, std::span<std::uint8_t> out) {
        return env.crypto->sign(type, k, key_usage_t::as_req, pieces, out);
      };
      const auto shape = env.crypto->cksum_of(env.crypto->etype_of(k));  // issue() has checked this
      parts.sealed_padata = echo.make(*shape, *signed_request, w.is_counting(), sign, why);
    }
    write_kdc_rep<msg_t::tgs_rep, msg::EncTgsRepPart>(w, parts, part, session_key, env, why);
  }
  constexpr etype_t reply_etype(const C& crypto) const { return crypto.etype_of(this->reply_key.key.get()); }
  constexpr std::size_t padata_bound() const { return signed_request ? request_checksum_bound : 0; }
};
/// RFC 4120 section 3.3.3: the reply is sealed under the subkey if there is one.
template <crypto_policy C>
constexpr tgs_reply_parts<C> reply_to(const kdc_request& q, const authenticated_tgs_request<C>& facts,
                                      const ticket_draft& d, const sealing_key<C>& ticket_key) {
  tgs_reply_parts<C> parts{{d, ticket_key, {facts.reply_usage(), facts.reply_key()}, q.body.nonce}};
  for (const msg::PaData pa : q.padata)
    if (pa.padata_type == padata_t::req_enc_pa_rep) parts.signed_request = q.whole;
  return parts;
}

}  // namespace kerb::inline v0::detail
