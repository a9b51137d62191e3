// KRB-CRED: tickets with their keys, sent to another host; RFC 4120 sections 3.6 and 5.8.
#pragma once
#include "../../msg/cred.hpp"
#include "../sealed.hpp"
#include "rules.hpp"

namespace kerb::inline v0 {

/// The fields of a KRB-CRED besides its tickets.
struct cred_fields {
  timestamp at;
  std::optional<std::uint32_t> nonce{};
  std::optional<msg::HostAddress> s_address{}, r_address{};
};

/// The requirements for a received KRB-CRED.
struct cred_demands {
  bool timestamp = true;                 ///< required and complete; if false, one that is present must still be current
  std::optional<std::uint32_t> nonce{};  ///< the one that the recipient chose
  std::optional<session_addresses> addresses{};  ///< none: they are not checked (RFC 4120 section 3.6.2 allows this)
  bool demand_recipient = false;
  /// Also accept one whose part is not sealed (etype 0: RFC 6448). Only if it arrived in something
  /// sealed, such as an Authenticator.
  bool may_be_open = false;
};

/// How to make a session's KRB-CRED.
struct cred_make_options {
  std::optional<std::uint32_t> nonce{};  ///< the one that the recipient chose
  /// Include both addresses. errc::api_misuse if the session uses the directional ones, which
  /// RFC 4120 section 7.1 does not allow here.
  bool addresses = false;
  /// Seal it under the ticket's session key, for an Authenticator (RFC 4121 section 4.1.1), or for
  /// Heimdal's krb5_rd_cred.
  bool gss_delegation = false;
  /// Use the session's next sequence number as the nonce, and count it, as MIT krb5 does in
  /// sessions with sequence numbers.
  bool numbered = false;
};
/// How to open a session's KRB-CRED.
struct cred_open_options {
  std::optional<std::uint32_t> nonce{};  ///< require this one
  /// Require the peer's address, and ours if the message has one. errc::api_misuse if the session uses the
  /// directional ones.
  bool addresses = false;
  /// It arrived in an Authenticator (RFC 4121 section 4.1.1): it is sealed under the ticket's
  /// session key and need not have a time, which the Authenticator has; Java's omit the
  /// microseconds. Also for those of Heimdal's krb5_mk_cred.
  bool gss_delegation = false;
  bool may_be_open = false;  ///< see cred_demands; Heimdal's GSS-API and older versions of Java do not seal theirs
  bool numbered = false;     ///< require the next sequence number as its nonce, and count it: see cred_make_options
};

template <crypto_policy C>
class received_credentials;

namespace detail {
inline constexpr std::size_t cred_place = 9;  // octets of space for each ticket
template <crypto_policy C, class Open>
constexpr result<received_credentials<C>> open_cred(bytes_view message, std::span<std::uint8_t> octets,
                                                    const environment<C>& env, const cred_demands& want, Open&& open);
}  // namespace detail

/// Tickets that a peer has sent. Move-only; empty after a move. Its views point into the buffer
/// that it was opened in, which its destructor wipes. All facts about the tickets are the peer's
/// claims and need not be true.
template <crypto_policy C>
class received_credentials {
 public:
  using key = typename C::key;
  using credential = basic_credential<key>;

  /// The number of tickets; 0 after a move.
  constexpr std::size_t size() const { return workspace_.size() == 0 ? 0 : size_; }
  /// The peer's claims about ticket `i`. If the peer does not name the server, it is taken from the
  /// ticket's unencrypted part. A flag or time that the peer does not state has its default value;
  /// starttime defaults to authtime. Returns errc::api_misuse if there is no such ticket. The cost
  /// does not depend on the number of tickets.
  constexpr result<ticket_facts> facts(std::size_t i) const& KERB_LIFETIMEBOUND {
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
    f.addresses = detail::unless_empty(info.caddr);
    f.handed_over = true;
    return f;
  }
  void facts(std::size_t) const&& = delete;
  /// Returns ticket `i` with its key, once. Its views point into the same buffer, so it must not
  /// outlive this object. The key's octets in the buffer are wiped. Returns
  /// errc::unsupported_etype, weak_etype or bad_key_length if the policy has no such key;
  /// errc::api_misuse the second time, and if there is no such ticket.
  [[nodiscard]] constexpr result<credential> take(std::size_t i, C& policy) & KERB_LIFETIMEBOUND {
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
  template <crypto_policy P, class Open>
  friend constexpr result<received_credentials<P>> detail::open_cred(bytes_view, std::span<std::uint8_t>,
                                                                     const environment<P>&, const cred_demands&,
                                                                     Open&&);
  constexpr explicit received_credentials(std::span<std::uint8_t> octets) : workspace_(octets) {}

  /// Nine octets for each ticket follow the message: where the ticket is (four), where its
  /// KrbCredInfo is (four), and whether its key has been taken.
  constexpr std::size_t place_of(std::size_t i) const { return message_ + detail::cred_place * i; }
  constexpr bool is_taken(std::size_t i) const { return workspace_.kept()[place_of(i) + 8] != 0; }
  /// The element whose position the four octets at `at` contain.
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
  /// Stores where each ticket is; the buffer has space for that.
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
      workspace_;  // the message as received, with its part opened in place; then the positions of the tickets
  std::size_t message_ = 0, size_ = 0;
};

namespace detail {
/// Whether a KrbCredInfo has enough for a credential. RFC 4120 section 5.8.1 allows it to omit what
/// the recipient knows. Of an unknown ticket the recipient knows only the server's name, from the
/// unencrypted part.
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

/// Makes a KRB-CRED of these credentials, sealed under `k`, at the end of `out`. Draws the
/// confounder. Returns errc::no_space (detail: octets needed) when `out` is too small; nothing was
/// drawn or written then. After any other failure the octets written are wiped.
template <crypto_policy C, class K>
  requires seals_with<C, K>
constexpr result<bytes_view> make_krb_cred(view_of<ref<const basic_credential<typename C::key>>> credentials,
                                           const cred_fields& fields, const K& k,
                                           std::span<std::uint8_t> out KERB_LIFETIMEBOUND, const environment<C>& env) {
  if (credentials.empty()) return errc::api_misuse;
  if (!fields.at.in_range()) return detail::clock_fault(fields.at);
  errc why = errc::ok;
  const auto infos = asn1::computed{[&](der::writer& w) {
    der::wrap(w, der::sequence, [&] {
      for (std::size_t i = credentials.size(); i != 0; --i) {
        const basic_credential<typename C::key>& c = credentials[i - 1].get();
        const ticket_facts& f = c.facts();
        asn1::write(w, msg::KrbCredInfo{
                           {env.crypto->etype_of(c.session_key()), env.crypto->expose(c.session_key()).unguarded()},
                           f.client.realm,
                           f.client.name,
                           f.flags,
                           f.authtime,
                           f.starttime,
                           f.endtime,
                           f.renew_till,
                           f.server.realm,
                           f.server.name,
                           detail::unless_empty(f.addresses)});
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
    secure_zero(out.last(n));  // they may contain keys
    return why;
  }
  return made;
}

namespace detail {
/// open(EncryptedData, where to open it) returns the plaintext of the part, which is in that place.
template <crypto_policy C, class Open>
constexpr result<received_credentials<C>> open_cred(bytes_view message, std::span<std::uint8_t> octets,
                                                    const environment<C>& env, const cred_demands& want, Open&& open) {
  if (!env.now.in_range()) return detail::clock_fault(env.now);
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
/// RFC 6448: etype 0 means that a KRB-CRED's part is not sealed.
constexpr bool is_unsealed(const msg::EncryptedData& part) { return part.etype == etype_t{0}; }
}  // namespace detail

/// Opens a KRB-CRED that was sealed under `k`, in `octets`, which must outlive the product and not
/// overlap `message`. Returns errc::not_sealed if the part is not sealed, unless want.may_be_open.
/// Returns errc::no_space (detail: octets needed) when `octets` is too small: it needs the size of
/// the message and nine octets for each ticket. After a failure no opened data is left there.
template <crypto_policy C, class K>
  requires seals_with<C, K>
constexpr result<received_credentials<C>> open_krb_cred(bytes_view message, const K& k, std::span<std::uint8_t> octets,
                                                        const environment<C>& env, const cred_demands& want) {
  const auto open = [&](const msg::EncryptedData& part, std::span<std::uint8_t> io) -> result<bytes_view> {
    error no{.code = errc::not_sealed, .type = "KRB-CRED", .field = "enc-part"};
    if (detail::is_unsealed(part)) return want.may_be_open ? result<bytes_view>(part.cipher) : no;
    no.code = errc::integrity;
    if (env.crypto->etype_of(k) != part.etype) return no;
    const auto opened = env.crypto->unseal(k, key_usage_t::krb_cred_enc_part, part.cipher, io);
    no.code = opened.error().code;
    if (!opened) return no;
    return bytes_view(without_padding(*env.crypto, part.etype, *opened));
  };
  return detail::open_cred(message, octets, env, want, open);
}

/// Opens a KRB-CRED whose part is not sealed, as in files that transfer tickets (.kirbi), and
/// sometimes in an Authenticator (RFC 4120 section 3.6.1). Nothing authenticates its contents: call
/// it only if the KRB-CRED arrived inside an encrypted message, or is the user's own file. Files
/// have no time, so use want.timestamp = false for them; want.may_be_open is ignored. Returns
/// errc::no_key if the part is sealed; otherwise as open_krb_cred().
template <crypto_policy C>
constexpr result<received_credentials<C>> open_unsealed_krb_cred(bytes_view message, std::span<std::uint8_t> octets,
                                                                 const environment<C>& env, const cred_demands& want) {
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
