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

template <crypto_policy C>
class received_credentials;

namespace detail {
inline constexpr std::size_t cred_place = 9;  // octets of space for each ticket
template <crypto_policy C, entropy_source R, class Open>
constexpr result<received_credentials<C>> open_cred(bytes_view message, std::span<std::uint8_t> octets,
                                                    const environment<C, R>& env, const cred_demands& want,
                                                    Open&& open);
}  // namespace detail

/// Tickets that a peer has handed over. Move-only, and of no tickets once moved from; views lie in the buffer that it
/// was opened in, which is wiped when it dies. What they say of a ticket is what the peer says: it need not be true.
template <crypto_policy C>
class received_credentials {
 public:
  using key = typename C::key;
  using credential = basic_credential<key>;

  /// How many tickets; none once moved from.
  constexpr std::size_t size() const { return workspace_.size() == 0 ? 0 : size_; }
  /// What the peer says of ticket `i`. Where it does not name the server, the ticket's clear part does; a flag or time
  /// that it does not tell is none, and the start then is the beginning of time. errc::api_misuse where there is no
  /// such ticket. Costs the same for each ticket, whatever their number.
  constexpr result<ticket_facts> facts(std::size_t i) const KERB_LIFETIMEBOUND {
    if (i >= size()) return errc::api_misuse;
    const msg::KrbCredInfo info = info_at(i);
    const bytes_view ticket = element(place_of(i));
    ticket_facts f;
    f.client = {*info.pname, *info.prealm};
    if (!info.sname || !info.srealm) {
      const auto clear = asn1::decode<msg::Ticket>(ticket);
      if (!clear) return clear.error();  // it has been decoded before
      f.server = {clear->sname, clear->realm};
    }
    if (info.sname) f.server.name = *info.sname;
    if (info.srealm) f.server.realm = *info.srealm;
    f.ticket = ticket;
    if (info.flags) f.flags = *info.flags;
    if (info.authtime) f.authtime = *info.authtime;
    f.starttime = info.starttime ? *info.starttime : f.authtime;
    f.endtime = *info.endtime;
    f.renew_till = info.renew_till;
    f.addresses = info.caddr;
    f.handed_over = true;
    return f;
  }
  /// Ticket `i` with its key, once; its views lie in the same buffer, so it must not outlive this object. The key's
  /// octets in the buffer are wiped. errc::unsupported_etype, weak_etype or bad_key_length where the policy has no such
  /// key; api_misuse for the second time, and where there is no such ticket.
  [[nodiscard]] constexpr result<credential> take(std::size_t i, C& policy) {
    if (i >= size() || is_taken(i)) return errc::api_misuse;
    const auto said = facts(i);
    if (!said) return said.error();
    const msg::EncryptionKey sent = info_at(i).key;
    result<key> k = policy.import(sent.keytype, sent.keyvalue);
    if (!k) return error{.code = k.error().code, .type = "KrbCredInfo", .field = "key"};
    const std::span<std::uint8_t> kept = workspace_.kept_for_writing();
    secure_zero(kept.subspan(static_cast<std::size_t>(sent.keyvalue.data() - kept.data()), sent.keyvalue.size()));
    kept[place_of(i) + 8] = 1;
    return credential(*said, std::move(*k));
  }

 private:
  template <crypto_policy P, entropy_source R, class Open>
  friend constexpr result<received_credentials<P>> detail::open_cred(bytes_view, std::span<std::uint8_t>,
                                                                     const environment<P, R>&, const cred_demands&,
                                                                     Open&&);
  constexpr explicit received_credentials(std::span<std::uint8_t> octets) : workspace_(octets) {}

  /// Behind the message stand nine octets for each ticket: where it is, where its KrbCredInfo is, and whether its key
  /// has been taken.
  constexpr std::size_t place_of(std::size_t i) const { return message_ + detail::cred_place * i; }
  constexpr bool is_taken(std::size_t i) const { return workspace_.kept()[place_of(i) + 8] != 0; }
  /// The element that begins where those four octets say.
  constexpr bytes_view element(std::size_t at) const {
    std::size_t from = 0;
    for (std::size_t n = 0; n != 4; ++n) from = from << 8 | workspace_.kept()[at + n];
    const bytes_view rest = workspace_.kept().subview(from, message_ - from);
    der::source s{.origin = rest.data()};
    der::reader r(rest, s);
    (void)r.skip();
    return rest.first(rest.size() - r.rest().size());
  }
  constexpr msg::KrbCredInfo info_at(std::size_t i) const {
    const auto info = asn1::decode<msg::KrbCredInfo>(element(place_of(i) + 4));
    return info ? *info : msg::KrbCredInfo{};  // it has been decoded before
  }
  /// Keeps where each ticket is; the buffer has octets for that.
  constexpr void keep(const msg::KrbCred& m, const msg::EncKrbCredPart& part) {
    message_ = workspace_.kept().size();
    size_ = m.tickets.size();
    const std::span<std::uint8_t> places = workspace_.borrow(detail::cred_place * size_);
    std::size_t at = 0;
    const auto put = [&](bytes_view element) {
      const auto from = static_cast<std::size_t>(element.data() - workspace_.kept().data());
      for (std::size_t n = 0; n != 4; ++n) places[at++] = static_cast<std::uint8_t>(from >> (8 * (3 - n)) & 0xff);
    };
    auto info = part.ticket_info.begin();
    for (auto t = m.tickets.begin(); t != m.tickets.end(); ++t, ++info) {
      put(t.octets());
      put(info.octets());
      places[at++] = 0;
    }
    workspace_.keep(places.size());
  }

  detail::workspace
      workspace_;  // the message as it came, its part opened where it stands, and the places of the tickets
  std::size_t message_ = 0, size_ = 0;
};

namespace detail {
/// Whether a KrbCredInfo says enough for a credential. RFC 4120 section 5.8.1 lets it leave out what the recipient
/// knows; of an unknown ticket it knows no more than the server's name, from the clear part.
constexpr error verify_info(const msg::KrbCredInfo& i) {
  const char* missing = !i.prealm ? "prealm" : !i.pname ? "pname" : !i.endtime ? "endtime" : nullptr;
  if (missing == nullptr) return {};
  return {.code = errc::missing_field, .type = "KrbCredInfo", .field = missing};
}
constexpr error verify_cred(const msg::KrbCred& m, const msg::EncKrbCredPart& part, timestamp now, std::int64_t skew,
                            const cred_demands& want) {
  constexpr const char* type = "EncKrbCredPart";
  if (m.tickets.empty()) return {.code = errc::empty_sequence, .type = "KRB-CRED", .field = "tickets"};
  if (part.ticket_info.size() != m.tickets.size()) {
    return {.code = errc::count_mismatch, .type = type, .field = "ticket-info"};
  }
  for (const msg::KrbCredInfo i : part.ticket_info)
    if (const error e = verify_info(i); !e.ok()) return e;
  if (want.addresses) {
    const error e = verify_addresses(part.s_address, part.r_address, *want.addresses, want.demand_recipient, type);
    if (!e.ok()) return e;
  }
  std::optional<microseconds> usec = part.usec;
  if (!want.timestamp && part.timestamp && !usec) usec = microseconds{};
  const error e = verify_time(part.timestamp, usec, want.timestamp, now, skew, type);
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
                                           const environment<C, R>& env) {
  if (credentials.empty()) return errc::api_misuse;
  if (!fields.at.in_range()) return errc::clock_out_of_range;
  errc why = errc::ok;
  const auto infos = asn1::computed{[&](der::writer& w) {
    der::wrap(w, der::sequence, [&] {
      for (std::size_t i = credentials.size(); i != 0; --i) {
        const basic_credential<typename C::key>& c = credentials[i - 1].get();
        const ticket_facts& f = c.facts();
        asn1::write(w, msg::KrbCredInfo{
                           {env.policy->etype_of(c.session_key()), env.policy->expose(c.session_key()).unguarded()},
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
      asn1::computed{[&](der::writer& w) { write_sealed(w, part, k, key_usage_t::krb_cred_enc_part, env, why); }};
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

namespace detail {
/// open(EncryptedData, where it may be opened) gives the plaintext of the part, which lies there.
template <crypto_policy C, entropy_source R, class Open>
constexpr result<received_credentials<C>> open_cred(bytes_view message, std::span<std::uint8_t> octets,
                                                    const environment<C, R>& env, const cred_demands& want,
                                                    Open&& open) {
  if (!env.now.in_range()) return errc::clock_out_of_range;
  const auto came = asn1::decode<msg::KrbCred>(message);
  if (!came) return came.error();
  const std::size_t n = message.size() + cred_place * came->tickets.size();
  if (octets.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n)};

  received_credentials<C> got(octets.first(n));
  const auto copy = asn1::decode<msg::KrbCred>(got.workspace_.keep_copy(message));
  if (!copy) return copy.error();
  const std::span<std::uint8_t> kept = got.workspace_.kept_for_writing();
  const bytes_view cipher = copy->enc_part.cipher;
  const result<bytes_view> plain =
      open(copy->enc_part, kept.subspan(static_cast<std::size_t>(cipher.data() - kept.data()), cipher.size()));
  if (!plain) return plain.error();
  const auto part = asn1::decode<msg::EncKrbCredPart>(*plain);
  if (!part) return part.error();
  const error e = verify_cred(*copy, *part, env.now, env.limits.clock_skew, want);
  if (!e.ok()) return e;
  got.keep(*copy, *part);
  return got;
}
/// RFC 6448: etype 0 says that a KRB-CRED's part is not sealed.
constexpr bool is_unsealed(const msg::EncryptedData& part) { return part.etype == etype_t{0}; }
}  // namespace detail

/// Opens a KRB-CRED that was sealed under `k`, in `octets`, which is lent until the product is gone and may not overlap
/// with it. errc::not_sealed for one whose part is not sealed at all, unless want.may_be_open. errc::no_space says how
/// many octets will do: those of the message, and nine for each ticket. After a failure nothing that was opened is left
/// there.
template <crypto_policy C, class K, entropy_source R>
  requires seals_with<C, K>
constexpr result<received_credentials<C>> open_krb_cred(bytes_view message, const K& k, std::span<std::uint8_t> octets,
                                                        const environment<C, R>& env, const cred_demands& want) {
  const auto open = [&](const msg::EncryptedData& part, std::span<std::uint8_t> io) -> result<bytes_view> {
    error no{.code = errc::not_sealed, .type = "KRB-CRED", .field = "enc-part"};
    if (detail::is_unsealed(part)) return want.may_be_open ? result<bytes_view>(part.cipher) : no;
    no.code = errc::integrity;
    if (env.policy->etype_of(k) != part.etype) return no;
    const auto opened = env.policy->unseal(k, key_usage_t::krb_cred_enc_part, part.cipher, io);
    no.code = opened.error().code;
    if (!opened) return no;
    return bytes_view(without_padding(*env.policy, part.etype, *opened));
  };
  return detail::open_cred(message, octets, env, want, open);
}

/// Opens a KRB-CRED whose part is not sealed, as files have them that hand tickets over (.kirbi), and as an
/// Authenticator may bring one (RFC 4120 section 3.6.1). Nothing vouches for what it says: call it where what it came
/// in was sealed, or belongs to the user. Files say no time, so want.timestamp is false there; want.may_be_open is not
/// looked at. errc::no_key for one that is sealed; otherwise as open_krb_cred().
template <crypto_policy C, entropy_source R>
constexpr result<received_credentials<C>> open_unsealed_krb_cred(bytes_view message, std::span<std::uint8_t> octets,
                                                                 const environment<C, R>& env,
                                                                 const cred_demands& want) {
  const auto open = [](const msg::EncryptedData& part, std::span<std::uint8_t>) -> result<bytes_view> {
    if (detail::is_unsealed(part)) return part.cipher;
    return error{.code = errc::no_key,
                 .detail = static_cast<std::uint32_t>(part.etype),
                 .type = "KRB-CRED",
                 .field = "enc-part"};
  };
  return detail::open_cred(message, octets, env, want, open);
}

}  // namespace kerb::inline v0
