// KRB-CRED: tickets with their keys, handed to another host; RFC 4120 sections 3.6 and 5.8.
#pragma once
#include "../../msg/cred.hpp"
#include "../sealed.hpp"
#include "rules.hpp"

namespace kerb::inline v0 {

/// What a KRB-CRED says besides its tickets.
struct cred_fields {
  timestamp at;
  std::optional<std::uint32_t> nonce{};
  std::optional<msg::HostAddress> s_address{}, r_address{};
};

/// What is demanded of a KRB-CRED that came.
struct cred_demands {
  bool timestamp = true;                         ///< whole; without the demand what there is must still be current
  std::optional<std::uint32_t> nonce{};          ///< the one that the recipient had chosen
  std::optional<session_addresses> addresses{};  ///< none: they are not looked at (RFC 4120 section 3.6.2 allows it)
  bool demand_recipient = false;
  /// Take one whose part is not sealed, too (etype 0: RFC 6448): only where what it came in was sealed, as an
  /// Authenticator is.
  bool may_be_open = false;
};

/// How a session's KRB-CRED is made.
struct cred_make_options {
  std::optional<std::uint32_t> nonce{};  ///< the one that the recipient has chosen
  bool addresses = false;                ///< say both addresses; not the directional ones (RFC 4120 section 7.1)
  /// Under the ticket's session key, for an Authenticator (RFC 4121 section 4.1.1); and for Heimdal's krb5_rd_cred.
  bool gss_delegation = false;
  /// The nonce is the session's next number, and counts as one: MIT krb5 has it so in sessions by sequence numbers.
  bool numbered = false;
};
/// How a session's KRB-CRED is received.
struct cred_open_options {
  std::optional<std::uint32_t> nonce{};  ///< demand this one
  bool addresses = false;                ///< demand the peer's address, and ours where there is one
  /// It came in an Authenticator (RFC 4121 section 4.1.1): it is under the ticket's session key, and need not say when
  /// it was made, which the Authenticator does; Java's leave out the microseconds. Heimdal's krb5_mk_cred makes its
  /// like.
  bool gss_delegation = false;
  bool may_be_open = false;  ///< see cred_demands; Heimdal's GSS-API and older ones of Java do not seal theirs
  bool numbered = false;     ///< demand the next number as its nonce, and count it: see cred_make_options
};

/// Tickets that a peer has handed over. Move-only; views lie in the room that it was opened in, which is wiped when it
/// dies. What they say of a ticket is what the peer says: it need not be true.
template <crypto_policy C>
class received_credentials {
 public:
  using key = typename C::key;
  using credential = basic_credential<key>;

  /// How many tickets; none once moved from.
  constexpr std::size_t size() const { return room_.size() == 0 ? 0 : tickets_.size(); }
  /// What the peer says of ticket `i`, which is less than size(). Where it does not name the server, the ticket's clear
  /// part does; a flag or time that it does not tell is none, and the start then is the beginning of time.
  constexpr ticket_facts facts(std::size_t i) const KERB_LIFETIMEBOUND {
    const msg::KrbCredInfo info = *nth(infos_, i);
    const auto ticket = nth(tickets_, i);
    const msg::Ticket clear = *ticket;
    ticket_facts f;
    f.client = {*info.pname, *info.prealm};
    f.server = {info.sname ? *info.sname : clear.sname, info.srealm ? *info.srealm : clear.realm};
    f.ticket = ticket.octets();
    if (info.flags) f.flags = *info.flags;
    if (info.authtime) f.authtime = *info.authtime;
    f.starttime = info.starttime ? *info.starttime : f.authtime;
    f.endtime = *info.endtime;
    f.renew_till = info.renew_till;
    f.addresses = info.caddr;
    f.handed_over = true;
    return f;
  }
  /// Ticket `i` with its key, once; its views lie in the same room, so it must not outlive this object. The key's
  /// octets in the room are wiped. errc::unsupported_etype, weak_etype or bad_key_length where the policy has no such
  /// key; api_misuse for the second time, and where there is no such ticket.
  [[nodiscard]] constexpr result<credential> take(std::size_t i, C& policy) {
    if (i >= size() || taken_[i] != 0) return errc::api_misuse;
    const msg::EncryptionKey sent = (*nth(infos_, i)).key;
    result<key> k = policy.import(sent.keytype, sent.keyvalue);
    if (!k) return error{.code = k.error().code, .type = "KrbCredInfo", .field = "key"};
    const std::span<std::uint8_t> kept = room_.kept_for_writing();
    secure_zero(kept.subspan(static_cast<std::size_t>(sent.keyvalue.data() - kept.data()), sent.keyvalue.size()));
    taken_[i] = 1;
    return credential(facts(i), std::move(*k));
  }

 private:
  template <crypto_policy P, class K, entropy_source R>
    requires seals_with<P, K>
  friend constexpr result<received_credentials<P>> open_krb_cred(bytes_view, const K&, std::span<std::uint8_t>,
                                                                 const turn<P, R>&, const cred_demands&);
  constexpr explicit received_credentials(std::span<std::uint8_t> octets) : room_(octets) {}

  template <class T>
  static constexpr auto nth(const sequence_of<T>& s, std::size_t i) {
    auto it = s.begin();
    for (; i != 0; --i) ++it;
    return it;
  }

  room room_;  // the message as it came, its part opened where it stands, and an octet for each ticket
  sequence_of<msg::Ticket> tickets_;
  sequence_of<msg::KrbCredInfo> infos_;
  std::span<std::uint8_t> taken_;
};

namespace detail {
/// Whether a KrbCredInfo says enough for a credential. RFC 4120 section 5.8.1 lets it leave out what the recipient
/// knows; of an unknown ticket it knows no more than the server's name, from the clear part.
constexpr error judge_info(const msg::KrbCredInfo& i) {
  const char* missing = !i.prealm ? "prealm" : !i.pname ? "pname" : !i.endtime ? "endtime" : nullptr;
  if (missing == nullptr) return {};
  return {.code = errc::missing_field, .type = "KrbCredInfo", .field = missing};
}
constexpr error judge_cred(const msg::KrbCred& m, const msg::EncKrbCredPart& part, timestamp now, std::int64_t skew,
                           const cred_demands& want) {
  constexpr const char* type = "EncKrbCredPart";
  if (m.tickets.empty()) return {.code = errc::empty_sequence, .type = "KRB-CRED", .field = "tickets"};
  if (part.ticket_info.size() != m.tickets.size()) {
    return {.code = errc::count_mismatch, .type = type, .field = "ticket-info"};
  }
  for (const msg::KrbCredInfo i : part.ticket_info)
    if (const error e = judge_info(i); !e.ok()) return e;
  if (want.addresses) {
    const error e = judge_addresses(part.s_address, part.r_address, *want.addresses, want.demand_recipient, type);
    if (!e.ok()) return e;
  }
  std::optional<microseconds> usec = part.usec;
  if (!want.timestamp && part.timestamp && !usec) usec = microseconds{};
  const error e = judge_time(part.timestamp, usec, want.timestamp, now, skew, type);
  if (!e.ok()) return e;
  if (want.nonce && part.nonce != want.nonce) { return {.code = errc::nonce_mismatch, .type = type, .field = "nonce"}; }
  return {};
}
}  // namespace detail

/// Makes a KRB-CRED of these credentials, sealed under `k`, at the end of `out`. Draws the confounder. errc::no_space
/// says how many octets will do, and nothing was drawn or written; after another failure they are wiped.
template <crypto_policy C, class K, entropy_source R>
  requires seals_with<C, K>
constexpr result<bytes_view> make_krb_cred(view_of<ref<const basic_credential<typename C::key>>> credentials,
                                           const cred_fields& fields, const K& k, std::span<std::uint8_t> out,
                                           const turn<C, R>& t) {
  if (credentials.empty()) return errc::api_misuse;
  if (!fields.at.in_range()) return errc::clock_out_of_range;
  errc why = errc::ok;
  const auto infos = asn1::computed{[&](der::writer& w) {
    der::wrap(w, der::sequence, [&] {
      for (std::size_t i = credentials.size(); i != 0; --i) {
        const basic_credential<typename C::key>& c = credentials[i - 1].get();
        const ticket_facts& f = c.facts();
        asn1::write(
            w, msg::KrbCredInfo{{t.policy->etype_of(c.session_key()), t.policy->expose(c.session_key()).unguarded()},
                                f.client.realm,
                                f.client.name,
                                f.flags,
                                f.authtime,
                                f.starttime,
                                f.endtime,
                                f.renew_till,
                                f.server.realm,
                                f.server.name,
                                f.addresses});
      }
    });
  }};
  const msg::BasicEncKrbCredPart<std::remove_const_t<decltype(infos)>> part{
      infos, fields.nonce, fields.at.at, fields.at.usec, fields.s_address, fields.r_address};
  const auto sealed =
      asn1::computed{[&](der::writer& w) { write_sealed(w, part, k, key_usage_t::krb_cred_enc_part, t, why); }};
  const auto tickets = asn1::computed{[&](der::writer& w) {
    der::wrap(w, der::sequence, [&] {
      for (std::size_t i = credentials.size(); i != 0; --i) w.octets(credentials[i - 1]->ticket());
    });
  }};
  const msg::BasicKrbCred<std::remove_const_t<decltype(sealed)>, std::remove_const_t<decltype(tickets)>> m{tickets,
                                                                                                           sealed};
  const std::size_t n = asn1::encoded_size(m);
  if (why != errc::ok) return why;
  if (out.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n)};
  const auto made = asn1::encode(m, out.last(n));
  if (why != errc::ok) {
    secure_zero(out.last(n));  // keys may stand there
    return why;
  }
  return made;
}

/// Opens a KRB-CRED that was sealed under `k`, in `octets`, which is lent until the product is gone and
/// may not overlap with it. errc::no_space
/// says how many octets will do: those of the message, and one for each ticket. After a failure nothing that was opened
/// is left there.
template <crypto_policy C, class K, entropy_source R>
  requires seals_with<C, K>
constexpr result<received_credentials<C>> open_krb_cred(bytes_view message, const K& k, std::span<std::uint8_t> octets,
                                                        const turn<C, R>& t, const cred_demands& want) {
  if (!t.now.in_range()) return errc::clock_out_of_range;
  const auto came = asn1::decode<msg::KrbCred>(message);
  if (!came) return came.error();
  const std::size_t n = message.size() + came->tickets.size();
  if (octets.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n)};

  received_credentials<C> got(octets.first(n));
  const auto copy = asn1::decode<msg::KrbCred>(got.room_.keep_copy(message));
  if (!copy) return copy.error();
  bytes_view plain = copy->enc_part.cipher;
  // RFC 6448: etype 0 says that the part is not sealed
  if (copy->enc_part.etype != etype_t{0} || !want.may_be_open) {
    const error broken{.code = errc::integrity, .type = "KRB-CRED", .field = "enc-part"};
    if (t.policy->etype_of(k) != copy->enc_part.etype) return broken;
    const std::span<std::uint8_t> kept = got.room_.kept_for_writing();
    const std::span<std::uint8_t> io = kept.subspan(static_cast<std::size_t>(plain.data() - kept.data()), plain.size());
    const auto opened = t.policy->unseal(k, key_usage_t::krb_cred_enc_part, plain, io);
    if (!opened) return error{.code = opened.error().code, .type = broken.type, .field = broken.field};
    plain = bytes_view(without_padding(*t.policy, copy->enc_part.etype, *opened));
  }
  const auto part = asn1::decode<msg::EncKrbCredPart>(plain);
  if (!part) return part.error();
  const error e = detail::judge_cred(*copy, *part, t.now, t.limits.clock_skew, want);
  if (!e.ok()) return e;
  got.tickets_ = copy->tickets;
  got.infos_ = part->ticket_info;
  got.taken_ = got.room_.borrow(got.size());
  got.room_.keep(got.size());
  for (std::uint8_t& octet : got.taken_) octet = 0;
  return got;
}

}  // namespace kerb::inline v0
