// Kerberos in GSS-API: the framing of a context's tokens and the authenticator's checksum, RFC 4121 section 4.1.
#pragma once
#include "../core/hex.hpp"
#include "../core/result.hpp"
#include "../der/writer.hpp"
#include "basic.hpp"
#include "spnego.hpp"

namespace kerb::inline v0 {

/// Token identifiers (TOK_ID): the first two octets of every token of the mechanism, after the
/// frame if it has one. RFC 4121 sections 4.1 and 4.2, or the document beside the number. Open.
enum class gss_token_t : std::uint16_t {
  ap_req         = 0x0100,
  ap_rep         = 0x0200,
  krb_error      = 0x0300,
  tgt_req        = 0x0400,  ///< draft-swift-win2k-krb-user2user-03 section 4: a KERB-TGT-REQUEST
  tgt_rep        = 0x0401,  ///< the same: a KERB-TGT-REPLY
  mic            = 0x0404,  ///< without a frame
  wrap           = 0x0504,  ///< without a frame
  iakerb_proxy   = 0x0501,  ///< draft-ietf-kitten-iakerb: an IAKERB-HEADER and a message
  mic_v1         = 0x0101,  ///< RFC 1964 section 1.2.1
  delete_context = 0x0102,  ///< RFC 1964 section 1.2.3
  wrap_v1        = 0x0201,  ///< RFC 1964 section 1.2.2
};
/// The RFC's name ("KRB_AP_REQ"); empty for a number without a name.
constexpr std::string_view name_of(gss_token_t n) {
  switch (n) {
    case gss_token_t::ap_req: return "KRB_AP_REQ";
    case gss_token_t::ap_rep: return "KRB_AP_REP";
    case gss_token_t::krb_error: return "KRB_ERROR";
    case gss_token_t::tgt_req: return "KERB-TGT-REQUEST";
    case gss_token_t::tgt_rep: return "KERB-TGT-REPLY";
    case gss_token_t::mic: return "GSS_GetMIC";
    case gss_token_t::wrap: return "GSS_Wrap";
    case gss_token_t::iakerb_proxy: return "IAKERB_PROXY";
    case gss_token_t::mic_v1: return "GSS_GetMIC of RFC 1964";
    case gss_token_t::delete_context: return "GSS_Delete_sec_context";
    case gss_token_t::wrap_v1: return "GSS_Wrap of RFC 1964";
    default: return "";
  }
}

/// A view of an InitialContextToken, RFC 2743 section 3.1: [APPLICATION 0] IMPLICIT SEQUENCE of a
/// mechanism and data that the mechanism defines. It has no schema, because the data need not be
/// ASN.1.
struct gss_token {
  object_identifier mech;
  bytes_view        inner;
};
/// Parses all of `in` as a token; the result contains views into it. Lengths must be DER, and
/// nothing may follow the token. Any mechanism is accepted.
constexpr result<gss_token> read_gss_token(bytes_view in KERB_LIFETIMEBOUND) {
  constexpr const char* type = "InitialContextToken";
  if (in.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = type};
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  der::reader contents = r.open(der::application(0), {type, ""});
  gss_token out{};
  if (!asn1::read(contents, out.mech, {type, "thisMech"})) return s.why;
  if (!r.at_end()) {
    r.fail(errc::trailing_data, {type, ""});
    return s.why;
  }
  out.inner = contents.rest();
  return out;
}
/// Writes the frame around everything written since count() was `mark`.
constexpr void write_gss_header(der::writer& w, std::size_t mark, object_identifier mech) {
  asn1::codec<object_identifier>::write(w, mech);
  w.header_since(der::application(0), mark);
}
/// Writes the token so that it ends where `out` ends, and returns the part of `out` it fills. On
/// errc::no_space, `detail` is a size in octets that is enough.
constexpr result<bytes_view> write_gss_token(const gss_token& t, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  der::writer w(out);
  w.octets(t.inner);
  write_gss_header(w, 0, t.mech);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

/// Whether the mechanism is Kerberos: its own identifier, the one that Windows 2000 truncated, or user-to-user.
constexpr bool is_krb5(object_identifier mech) {
  return mech == msg::mech_krb5 || mech == msg::mech_ms_krb5 || mech == msg::mech_user_to_user;
}

/// What a context's token is, as far as its first octets show.
enum class token_kind : std::uint8_t {
  unknown,
  spnego,  ///< a NegTokenInit in its frame, or a NegTokenResp without one (RFC 4178 section 4.2)
  krb5,    ///< a token of Kerberos itself, RFC 4121 section 4.1 (see is_krb5()), or an AP-REQ without a frame
  ntlm,    ///< a message of NTLM without SPNEGO, which begins with "NTLMSSP" and the octet 0
};
/// Tells the kinds of tokens apart by their first octets, for a service that has to choose who reads
/// a token, or to say why it refuses one. Nothing else of the token is checked, and its lengths need
/// not be DER: read_gss_token() and asn1::decode() do that.
constexpr token_kind kind_of_token(bytes_view token) {
  constexpr auto ntlm = "4e544c4d53535000"_hex;
  if (token.size() >= ntlm.size() && token.first(ntlm.size()) == bytes_view(ntlm)) return token_kind::ntlm;
  if (token.size() < 2) return token_kind::unknown;
  if (token[0] == der::context(1).octet) return token_kind::spnego;
  if (token[0] == der::application(14).octet) return token_kind::krb5;
  if (token[0] != der::application(0).octet) return token_kind::unknown;
  const std::size_t length_octets = token[1] < 0x80 ? 0 : token[1] & 0x7f;
  if (length_octets > 4 || token[1] == 0x80) return token_kind::unknown;
  std::size_t at = 2 + length_octets;
  if (token.size() < at + 2 || token[at] != der::object_identifier.octet) return token_kind::unknown;
  const std::size_t size = token[at + 1];
  at += 2;
  if (token.size() - at < size) return token_kind::unknown;
  const object_identifier mech{token.subview(at, size)};
  return mech == msg::mech_spnego ? token_kind::spnego : is_krb5(mech) ? token_kind::krb5 : token_kind::unknown;
}

/// A view of a token that establishes a context, RFC 4121 section 4.1: its identifier and a message.
struct krb5_token {
  object_identifier mech = msg::mech_krb5;
  gss_token_t       id{};
  bytes_view        message;
};
/// Parses all of `in` as such a token; the result contains views into it. Fails with
/// errc::wrong_constant if the mechanism is not Kerberos. Unknown identifiers are accepted: RFC
/// 4121 section 4.1 specifies KRB_AP_ERR_MSG_TYPE as the answer.
constexpr result<krb5_token> read_krb5_token(bytes_view in KERB_LIFETIMEBOUND) {
  const auto t = read_gss_token(in);
  if (!t) return t.error();
  const auto fault = [&](errc c, const std::uint8_t* at, const char* field) {
    return error{.code   = c,
                 .offset = static_cast<std::uint32_t>(at - in.data()),
                 .type   = "InitialContextToken",
                 .field  = field};
  };
  if (!is_krb5(t->mech)) return fault(errc::wrong_constant, t->mech.octets.data(), "thisMech");
  if (t->inner.size() < 2) return fault(errc::truncated, t->inner.data(), "TOK_ID");
  return krb5_token{t->mech, static_cast<gss_token_t>(t->inner[0] << 8 | t->inner[1]), t->inner.subview(2)};
}
/// Writes the frame and the identifier in front of everything written since count() was `mark`.
/// This makes a token of a message, in place.
constexpr void write_krb5_header(der::writer& w, std::size_t mark, gss_token_t id,
                                 object_identifier mech = msg::mech_krb5) {
  w.octet(static_cast<std::uint8_t>(static_cast<unsigned>(id) & 0xff));
  w.octet(static_cast<std::uint8_t>(static_cast<unsigned>(id) >> 8));
  write_gss_header(w, mark, mech);
}
/// Writes the token so that it ends where `out` ends, and returns the part of `out` it fills. On
/// errc::no_space, `detail` is a size in octets that is enough.
constexpr result<bytes_view> write_krb5_token(const krb5_token& t, std::span<std::uint8_t> out) {
  der::writer w(out);
  w.octets(t.message);
  write_krb5_header(w, 0, t.id, t.mech);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

/// Context flags, RFC 4121 section 4.1.1.1; the last three are from RFC 4757 section 7.1.
enum class gss_flag_t : std::uint32_t {
  deleg          = 1,
  mutual         = 2,
  replay         = 4,
  sequence       = 8,
  conf           = 16,
  integ          = 32,
  dce_style      = 0x1000,
  identify       = 0x2000,
  extended_error = 0x4000,
};
/// The RFC's name ("GSS_C_DELEG_FLAG"); empty for a number without a name.
constexpr std::string_view name_of(gss_flag_t n) {
  switch (n) {
    case gss_flag_t::deleg: return "GSS_C_DELEG_FLAG";
    case gss_flag_t::mutual: return "GSS_C_MUTUAL_FLAG";
    case gss_flag_t::replay: return "GSS_C_REPLAY_FLAG";
    case gss_flag_t::sequence: return "GSS_C_SEQUENCE_FLAG";
    case gss_flag_t::conf: return "GSS_C_CONF_FLAG";
    case gss_flag_t::integ: return "GSS_C_INTEG_FLAG";
    case gss_flag_t::dce_style: return "GSS_C_DCE_STYLE";
    case gss_flag_t::identify: return "GSS_C_IDENTIFY_FLAG";
    case gss_flag_t::extended_error: return "GSS_C_EXTENDED_ERROR_FLAG";
    default: return "";
  }
}
/// The flags of a context: unlike KerberosFlags, values that are combined with OR.
struct gss_flags {
  std::uint32_t bits = 0;

  constexpr gss_flags() = default;
  constexpr gss_flags(std::initializer_list<gss_flag_t> on) {
    for (gss_flag_t f : on) set(f);
  }
  static constexpr gss_flags of(std::uint32_t bits) {
    gss_flags f;
    f.bits = bits;
    return f;
  }
  constexpr void set(gss_flag_t f, bool on = true) {
    bits = on ? bits | static_cast<std::uint32_t>(f) : bits & ~static_cast<std::uint32_t>(f);
  }
  constexpr bool has(gss_flag_t f) const { return (bits & static_cast<std::uint32_t>(f)) != 0; }
  friend constexpr bool operator==(const gss_flags&, const gss_flags&) = default;
};

/// A view of the authenticator's checksum of type 0x8003, RFC 4121 section 4.1.1. It is not a
/// checksum; it contains the initiator's parameters of the context.
struct gss_checksum {
  bytes_view                bnd;  ///< a hash of the channel bindings: 16 octets, all zero if there are none
  gss_flags                 flags;
  std::optional<bytes_view> deleg;  ///< a KRB-CRED; present if and only if GSS_C_DELEG_FLAG is set
  bytes_view                exts;   ///< extensions; ignore unknown ones

  static constexpr std::size_t bnd_size = 16;
  /// Whether the initiator bound the context to a channel, RFC 4121 section 4.1.1.2.
  constexpr bool has_bindings() const {
    for (std::uint8_t b : bnd)
      if (b != 0) return true;
    return false;
  }
};
/// Parses all of `in` as such a checksum; the result contains views into it. Errors, with field and
/// offset: errc::wrong_constant for a Lgth other than 16 or a DlgOpt other than 1, errc::truncated
/// for lengths beyond the end, errc::missing_field for a delegation without a message. Unknown
/// flags are kept, because RFC 4121 section 4.1.1.1 requires receivers to ignore them.
constexpr result<gss_checksum> read_gss_checksum(bytes_view in KERB_LIFETIMEBOUND) {
  const auto number = [&](std::size_t at, std::size_t octets) {
    std::uint32_t n = 0;
    for (std::size_t i = octets; i != 0; --i) n = n << 8 | in[at + i - 1];
    return n;
  };
  const auto fault = [](errc c, std::size_t at, const char* field) {
    return error{.code = c, .offset = static_cast<std::uint32_t>(at), .type = "checksum 0x8003", .field = field};
  };
  if (in.size() < 4) return fault(errc::truncated, 0, "Lgth");
  if (number(0, 4) != gss_checksum::bnd_size) return fault(errc::wrong_constant, 0, "Lgth");
  if (in.size() < 20) return fault(errc::truncated, 4, "Bnd");
  if (in.size() < 24) return fault(errc::truncated, 20, "Flags");
  gss_checksum c{.bnd = in.subview(4, gss_checksum::bnd_size), .flags = gss_flags::of(number(20, 4)), .deleg = {},
                 .exts = in.subview(24)};
  if (!c.flags.has(gss_flag_t::deleg)) return c;
  if (in.size() < 26) return fault(errc::truncated, 24, "DlgOpt");
  if (number(24, 2) != 1) return fault(errc::wrong_constant, 24, "DlgOpt");
  if (in.size() < 28) return fault(errc::truncated, 26, "Dlgth");
  const std::size_t size = number(26, 2);
  if (size == 0) return fault(errc::missing_field, 26, "Deleg");
  if (size > in.size() - 28) return fault(errc::truncated, 26, "Deleg");
  c.deleg = in.subview(28, size);
  c.exts = in.subview(28 + size);
  return c;
}
/// The reason why a checksum cannot be written; ok if it can. errc::input_too_large: the KRB-CRED's
/// length does not fit in 16 bits. errc::api_misuse: `bnd` has neither 16 octets nor none, the
/// delegation flag and the KRB-CRED do not agree, or a flag is unknown, which RFC 4121 section
/// 4.1.1.1 forbids.
constexpr error fault_of(const gss_checksum& c) {
  constexpr std::uint32_t named = 0x703f;
  if ((!c.bnd.empty() && c.bnd.size() != gss_checksum::bnd_size) || (c.flags.bits & ~named) != 0 ||
      c.flags.has(gss_flag_t::deleg) != c.deleg.has_value() || (c.deleg && c.deleg->empty())) {
    return {.code = errc::api_misuse, .type = "checksum 0x8003"};
  }
  if (c.deleg && c.deleg->size() > 0xffff) return {.code = errc::input_too_large, .type = "checksum 0x8003"};
  return {};
}
/// Writes the octets of a checksum for which fault_of() is ok in front of what `w` contains. An
/// empty `bnd` means no bindings.
constexpr void write_gss_checksum(der::writer& w, const gss_checksum& c) {
  const auto number = [&](std::size_t n, std::size_t octets) {
    for (std::size_t i = octets; i != 0; --i) w.octet(static_cast<std::uint8_t>(n >> (8 * (i - 1))));
  };
  w.octets(c.exts);
  if (c.deleg) {
    w.octets(*c.deleg);
    number(c.deleg->size(), 2);
    number(1, 2);
  }
  number(c.flags.bits, 4);
  if (c.bnd.empty()) w.zeros(gss_checksum::bnd_size);
  else w.octets(c.bnd);
  number(gss_checksum::bnd_size, 4);
}
/// Writes the checksum so that it ends where `out` ends, and returns the part of `out` it fills. On
/// errc::no_space, `detail` is a size in octets that is enough; other errors are those of
/// fault_of().
constexpr result<bytes_view> write_gss_checksum(const gss_checksum& c, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  if (const error e = fault_of(c); !e.ok()) return e;
  der::writer w(out);
  write_gss_checksum(w, c);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

}  // namespace kerb::inline v0
