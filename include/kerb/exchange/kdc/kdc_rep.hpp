// A KDC's reply: written from a draft and its other parts.
#pragma once
#include "authdata.hpp"
#include "ticket_keys.hpp"

namespace kerb::inline v0::detail {

/// Writes the encrypted part of a ticket with this session key (or, while counting, with any octets
/// of its size). `carried` is the authorization data that it inherits, or null. `reserved` becomes
/// the octets that the caller fills before the part is sealed.
constexpr void write_ticket_part(der::writer& w, const ticket_draft& d, bytes_view session_key,
                                 const carried_authdata* carried, const issue_options& o,
                                 std::span<std::uint8_t>* reserved = nullptr) {
  auto data = asn1::computed{[&](der::writer& out) {
    der::wrap(out, der::sequence, [&] {
      if (carried != nullptr) carried->write(out);
      for (std::size_t i = o.authorization_data.size(); i != 0; --i) asn1::write(out, o.authorization_data[i - 1]);
      if (o.reserved_octets != 0) {
        auto zeros = asn1::computed{[&](der::writer& inner) {
          der::wrap(inner, der::octet_string, [&] {
            const std::size_t mark = inner.count();
            inner.zeros(o.reserved_octets);
            if (reserved != nullptr) *reserved = inner.written_since(mark);
          });
        }};
        carried_authdata::write_one(out, msg::BasicAuthorizationDataElement<decltype(zeros)>{o.reserved_type, zeros},
                                    true);
      }
    });
  }};
  msg::BasicEncTicketPart<decltype(data)> part;
  part.flags = d.flags;
  part.key = {d.session_etype, session_key};
  part.crealm = d.client.realm;
  part.cname = d.client.name;
  part.transited = d.transited;
  part.authtime = d.authtime;
  part.starttime = d.starttime;
  part.endtime = d.endtime;
  part.renew_till = d.renew_till;
  part.caddr = d.addresses;
  if ((carried != nullptr && !carried->empty()) || !o.authorization_data.empty() || o.reserved_octets != 0) {
    part.authorization_data.emplace(data);
  }
  asn1::write(w, part);
}

/// PA-REQ-ENC-PA-REP for the sealed padata of a reply, RFC 6806 section 11: a checksum of the
/// request as it was received, so that nobody can have changed it in transit.
class request_checksum {
 public:
  /// Signs `request` with sign(type, pieces, out), except while counting. The result is a view of
  /// this object.
  template <class Sign>
  constexpr msg::MethodData make(const cksum_shape& shape, bytes_view request, bool counting, const Sign& sign,
                                 errc& why) KERB_LIFETIMEBOUND {
    const std::span<std::uint8_t> out = std::span(mac_).first(shape.octets);
    const bytes_view pieces[] = {request};
    if (!counting && why == errc::ok) why = sign(shape.type, view_of<bytes_view>(pieces), out);
    if (const auto e = asn1::encode(msg::Checksum{shape.type, bytes_view(out)}, encoded_)) padata_[0].padata_value = *e;
    return view_of<msg::PaData>(padata_);
  }

 private:
  std::array<std::uint8_t, max_cksum_octets> mac_{};
  std::array<std::uint8_t, 32 + max_cksum_octets> encoded_{};
  msg::PaData padata_[1] = {{padata_t::req_enc_pa_rep, {}}};
};
/// An upper bound for the octets of that padata.
inline constexpr std::size_t request_checksum_bound = 64 + max_cksum_octets;

/// Everything that a reply is written from, besides the ticket's part and the session key.
template <crypto_policy C, class Padata = msg::MethodData>
struct reply_parts {
  ref<const ticket_draft> draft;
  sealing_key<C> ticket_key;
  sealing_key<C> reply_key;
  uint32 nonce;
  std::optional<Padata> padata{};
  std::optional<msg::MethodData> sealed_padata{};
  std::optional<kerberos_time> key_expiration{};
  view_of<msg::LastReqEntry> last_req{};
};

/// Writes an AS-REP or TGS-REP that contains `ticket_part` (an EncTicketPart, or an object that
/// writes one). On failure it sets `why`, as write_sealed() does.
template <msg_t M, class Part, crypto_policy C, class Padata, class TicketPart, crypto_policy Drawn>
constexpr void write_kdc_rep(der::writer& w, const reply_parts<C, Padata>& p, const TicketPart& ticket_part,
                             bytes_view session_key, const environment<Drawn>& env, errc& why) {
  const msg::LastReqEntry nothing[] = {{}};  // RFC 4120 section 5.4.2: lr-type 0 has no information
  const ticket_draft& d = p.draft.get();
  Part part;
  part.key = {d.session_etype, session_key};
  part.last_req = p.last_req.empty() ? view_of<msg::LastReqEntry>(nothing) : p.last_req;
  part.nonce = p.nonce;
  part.key_expiration = p.key_expiration;
  part.flags = d.flags;
  part.authtime = d.authtime;
  part.starttime = d.starttime;
  part.endtime = d.endtime;
  part.renew_till = d.renew_till;
  part.srealm = d.server.realm;
  part.sname = d.server.name;
  // RFC 4120 section 5.4.2: not if they are the addresses of the ticket-granting ticket
  if (d.new_addresses) part.caddr = d.addresses;
  part.encrypted_pa_data = p.sealed_padata;
  auto ticket_seal =
      asn1::computed{[&](der::writer& out) { write_sealed_with(out, ticket_part, p.ticket_key, env, why); }};
  auto reply_seal = asn1::computed{[&](der::writer& out) { write_sealed_with(out, part, p.reply_key, env, why); }};
  using tkt = msg::BasicTicket<decltype(ticket_seal)>;
  asn1::write(w,
              msg::KdcRep<M, tkt, decltype(reply_seal), Padata>{
                  p.padata, d.client.realm, d.client.name, {d.server.realm, d.server.name, ticket_seal}, reply_seal});
}
/// An upper bound for a reply without its padata, without counting all of it. The names occur
/// twice.
constexpr std::size_t reply_bound(const ticket_draft& d, const carried_authdata* carried, const issue_options& o) {
  constexpr std::size_t rest = 1536;  // keys, seals, flags, times and all headers: less than 1000
  std::size_t n = d.client.realm.octets.size() + d.server.realm.octets.size() + asn1::encoded_size(d.client.name) +
                  asn1::encoded_size(d.server.name) + (d.addresses ? asn1::encoded_size(*d.addresses) : 0);
  n = rest + 2 * n + d.transited.contents.size() + o.reserved_octets + (carried != nullptr ? carried->size_bound() : 0);
  for (const msg::AuthorizationDataElement& e : o.authorization_data) n += 64 + e.ad_data.size();
  return n;
}

/// Applies the restrictions of the caller's policy to a draft. It cannot remove these flags: INVALID,
/// since only the TGS makes a ticket valid (RFC 4120 section 2.2); FORWARDED and PROXY (sections 2.5
/// and 2.6) and ANONYMOUS (RFC 6112 section 4.2), which every ticket obtained with this one has too;
/// POSTDATED, by which a service can refuse the ticket (RFC 4120 section 2.4); and ENC-PA-REP
/// (RFC 6806 section 11).
constexpr void restrict_draft(ticket_draft& d, const issue_options& o) {
  using f = ticket_flag_t;
  constexpr msg::TicketFlags kept{f::invalid, f::anonymous, f::forwarded, f::proxy, f::postdated, f::enc_pa_rep};
  d.endtime = least(d.endtime, o.endtime);
  if (d.renew_till) d.renew_till = least(*d.renew_till, o.renew_till);
  d.flags = msg::TicketFlags::of(d.flags.bits & ~(o.without.bits & ~kept.bits));
  if (!d.flags.has(ticket_flag_t::renewable)) d.renew_till = std::optional<kerberos_time>{};
}

}  // namespace kerb::inline v0::detail
