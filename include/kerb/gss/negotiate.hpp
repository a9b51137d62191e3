// What both sides of SPNEGO have in common: steps of other mechanisms, the product, tokens. RFC 4178, MS-SPNG.
#pragma once
#include "context.hpp"

namespace kerb::inline v0::gss {

/// Pass `token` to your own implementation of this mechanism, and answer with mechanism_token().
/// The token is empty when an initiator's first token is wanted. It is valid as long as the octets
/// that were passed to receive().
struct other_mechanism {
  object_identifier oid;
  bytes_view token;
};
/// Make a MIC token over `list` with the established context of your mechanism, and answer with
/// mic_made() (RFC 4178 section 5). `list` is valid until the next call.
struct make_mic {
  object_identifier oid;
  bytes_view list;
};
/// Verify a MIC token of the peer over `list` with the established context of your mechanism, and
/// answer with mic_checked(). `list` is valid until the next call, `mic` as long as the octets that
/// were passed to receive().
struct check_mic {
  object_identifier oid;
  bytes_view list;
  bytes_view mic;
};

/// What a mechanism of the program has made of a token.
struct mechanism_answer {
  bytes_view token;        ///< its next token for the peer; empty: none
  bool complete = false;   ///< its context is established on this side
  bool integrity = false;  ///< its contexts can make MIC tokens: whether the list of mechanisms can be protected
};

/// What was negotiated.
template <crypto_policy C>
struct negotiated {
  object_identifier mech;              ///< as it was offered
  std::optional<context<C>> kerberos;  ///< none: the program's own mechanism was selected, which has the context
  bool list_verified = false;          ///< whether the peer's mechListMIC was verified
};

/// The mechanisms of one side, in order of preference, at most max_mechanisms: Kerberos, under one or
/// both of its identifiers, and the program's own, for which the steps other_mechanism, make_mic and
/// check_mic ask.
using mech_list = view_of<object_identifier>;
/// The mechanisms of a negotiation that uses only Kerberos.
inline constexpr object_identifier only_krb5[] = {msg::mech_krb5};
/// A limit for tokens, in octets. Windows limits tokens to 65535 octets, and SPNEGO adds some.
inline constexpr std::size_t max_negotiation_token = 65536 + 4096;
/// A limit for the number of mechanisms. Windows offers up to six.
inline constexpr std::size_t max_mechanisms = 32;

/// Parses a token with which an acceptor speaks first (MS-SPNG section 2.2.1), in its frame. The
/// NegTokenInit of RFC 4178 section 4.2.1, which has no hints, is accepted too. Nothing in it is
/// protected; its hintName is not a name to authenticate.
constexpr result<msg::NegTokenInit2> read_negotiation_hints(bytes_view token KERB_LIFETIMEBOUND) {
  const auto framed = read_gss_token(token);
  if (!framed) return framed.error();
  if (framed->mech != msg::mech_spnego) {
    return error{.code = errc::wrong_constant, .type = "InitialContextToken", .field = "thisMech"};
  }
  const auto t = asn1::decode<msg::NegotiationToken2>(framed->inner);
  if (!t) {
    const auto plain = asn1::decode<msg::NegotiationToken>(framed->inner);
    const auto* const init = plain ? std::get_if<msg::NegTokenInit>(&plain->value) : nullptr;
    if (init == nullptr) return t.error();
    return msg::NegTokenInit2{init->mech_types, init->req_flags, init->mech_token, {}, init->mech_list_mic, {}};
  }
  if (const auto* init = std::get_if<msg::NegTokenInit2>(&t->value)) return *init;
  return error{.code = errc::unexpected_message, .type = "NegotiationToken"};
}

namespace detail {

/// Whether a side can negotiate with this list. RFC 4178 section 3.1 leaves SPNEGO itself out of it.
constexpr error fault_of(mech_list mechs) {
  bool fit = !mechs.empty() && mechs.size() <= max_mechanisms;
  for (const object_identifier& m : mechs) fit = fit && m != msg::mech_spnego;
  return fit ? error{} : error{.code = errc::api_misuse, .field = "mechs"};
}
/// Whether the mechanism is the Kerberos of RFC 4121. Windows identifies it by either identifier
/// (MS-SPNG section 3.1.5.2, RFC 4178 appendix C), and Samba answers with the truncated one. The
/// user-to-user mechanism is another one.
constexpr bool is_kerberos(object_identifier m) { return m == msg::mech_krb5 || m == msg::mech_ms_krb5; }
constexpr bool same_mechanism(object_identifier a, object_identifier b) {
  return a == b || (is_kerberos(a) && is_kerberos(b));
}

/// An upper bound for the octets around the tokens in a NegTokenResp: two headers of the choice and
/// the sequence (4 each), negState (5), supportedMech (4 and the mechanism), and the headers of
/// responseToken (10) and mechListMIC (8).
constexpr std::size_t resp_overhead(object_identifier mech) { return 35 + mech.octets.size(); }
/// The same for a NegTokenInit: the frame (5 and 8), two headers of the choice and the sequence (10),
/// mechTypes (5), and the headers of mechToken (10).
constexpr std::size_t init_overhead(std::size_t list_octets) { return 38 + list_octets; }
/// The octets of the longest MIC token of Kerberos.
inline constexpr std::size_t mic_bound = max_mic_1964_octets > message_header_octets + max_cksum_octets
                                             ? max_mic_1964_octets
                                             : message_header_octets + max_cksum_octets;
/// The octets that a workspace reserves in front of a message.
inline constexpr std::size_t reserved_octets = 4;

/// Writes the MechTypeList of the mechanisms whose bit in `left_out` is not set.
constexpr void write_mech_list(der::writer& w, view_of<object_identifier> mechs, std::uint32_t left_out) {
  const std::size_t mark = w.count();
  for (std::size_t i = mechs.size(); i != 0; --i)
    if ((left_out >> (i - 1) & 1) == 0) asn1::write(w, mechs.begin()[i - 1]);
  w.header_since(der::sequence, mark);
}

/// A token to write: its fields, of which the mechanism's token may already be in its place in the
/// buffer (see place()).
struct token_fields {
  std::optional<neg_state_t> state{};       ///< of a NegTokenResp
  std::optional<object_identifier> mech{};  ///< supportedMech of a NegTokenResp
  std::optional<bytes_view> list{};         ///< of a NegTokenInit: its MechTypeList
  bytes_view token{};                       ///< the mechanism's token; empty: none
  bool in_place = false;
  std::optional<bytes_view> mic{};
};
/// Writes `[n] OCTET STRING` around what was written since `mark`.
constexpr void wrap_octet_string(der::writer& w, std::size_t mark, std::uint8_t n) {
  w.header_since(der::octet_string, mark);
  w.header_since(der::context(n), mark);
}
constexpr void write_mic(der::writer& w, const token_fields& f) {
  if (!f.mic) return;
  const std::size_t mark = w.count();
  w.octets(*f.mic);
  wrap_octet_string(w, mark, 3);
}
/// Moves a mechanism's token, which is in `buffer`, to the place that it has in the token around it.
constexpr void place(std::span<std::uint8_t> buffer, const token_fields& f) {
  der::writer after = der::writer::counting();
  write_mic(after, f);
  const std::size_t n = f.token.size();
  const std::span<std::uint8_t> to = buffer.last(n + after.count()).first(n);
  const std::uint8_t* const from = f.token.data();
  if (to.data() <= from) {
    for (std::size_t i = 0; i != n; ++i) to[i] = from[i];
  } else {
    for (std::size_t i = n; i != 0; --i) to[i - 1] = from[i - 1];
  }
}
/// Writes a NegotiationToken at the end of a buffer: a NegTokenInit in its frame (RFC 4178 section
/// 4.2) if there is a list, and a NegTokenResp otherwise, which has none.
constexpr void write_negotiation_token(der::writer& w, const token_fields& f) {
  write_mic(w, f);
  if (!f.token.empty()) {
    const std::size_t mark = w.count();
    if (f.in_place) w.count_more(f.token.size());
    else w.octets(f.token);
    wrap_octet_string(w, mark, 2);
  }
  if (f.list) {
    const std::size_t mark = w.count();
    w.octets(*f.list);
    w.header_since(der::context(0), mark);
  }
  if (f.mech) {
    const std::size_t mark = w.count();
    asn1::write(w, *f.mech);
    w.header_since(der::context(1), mark);
  }
  if (f.state) {
    const std::size_t mark = w.count();
    asn1::write(w, *f.state);
    w.header_since(der::context(0), mark);
  }
  w.header_since(der::sequence, 0);
  w.header_since(der::context(f.list ? 0 : 1), 0);
  if (f.list) write_gss_header(w, 0, msg::mech_spnego);
}

/// A NegTokenResp of the peer. A mechListMIC that repeats the responseToken is left out: Windows
/// 2000 and some appliances send that, and no MIC (pyspnego reports it). Where a MIC is required,
/// it is then missing.
constexpr result<msg::NegTokenResp> read_resp(bytes_view token) {
  const auto t = asn1::decode<msg::NegotiationToken>(token);
  if (!t) return t.error();
  const auto* const r = std::get_if<msg::NegTokenResp>(&t->value);
  if (r == nullptr) return error{.code = errc::unexpected_message, .type = "NegotiationToken"};
  msg::NegTokenResp out = *r;
  if (out.neg_state && name_of(*out.neg_state).empty()) {
    return error{.code = errc::wrong_constant, .type = "NegTokenResp", .field = "negState"};
  }
  if (out.mech_list_mic && out.mech_list_mic == out.response_token) out.mech_list_mic = std::optional<bytes_view>{};
  return out;
}
constexpr error resp_fault(errc c, const char* field) { return {.code = c, .type = "NegTokenResp", .field = field}; }

}  // namespace detail
}  // namespace kerb::inline v0::gss
