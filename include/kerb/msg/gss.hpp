// Kerberos in GSS-API: the frame of a context's tokens and the authenticator's checksum, RFC 4121 section 4.1.
#pragma once
#include "../core/result.hpp"
#include "../der/writer.hpp"
#include "basic.hpp"
#include "spnego.hpp"

namespace kerb::inline v0 {

/// Token identifiers (TOK_ID): the two octets that every token of the mechanism begins with, behind its frame where it
/// has one. RFC 4121 sections 4.1 and 4.2; others as they are marked. Open.
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
/// The RFC's word ("KRB_AP_REQ"). Empty for a number without a name.
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

/// InitialContextToken, RFC 2743 section 3.1: [APPLICATION 0] IMPLICIT SEQUENCE of a mechanism and what that defines.
/// A view. Not a schema: what is inside need not be ASN.1.
struct gss_token {
  object_identifier mech;
  bytes_view        inner;
};
/// The token that is all of `in`, views into it. Its lengths must be DER's, and nothing may follow it. The mechanism is
/// not judged.
constexpr result<gss_token> read_gss_token(bytes_view in KERB_LIFETIMEBOUND) {
  constexpr const char* type = "InitialContextToken";
  if (in.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = type};
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  der::reader contents = r.open(der::application(0), {type, ""});
  gss_token out{};
  if (!asn1::codec<object_identifier>::read(contents, out.mech, {type, "thisMech"})) return s.why;
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
/// Writes the token so that it ends where `out` ends, and returns the part of `out` it fills. errc::no_space says in
/// `detail` how many octets will do.
constexpr result<bytes_view> write_gss_token(const gss_token& t, std::span<std::uint8_t> out) {
  der::writer w(out);
  w.octets(t.inner);
  write_gss_header(w, 0, t.mech);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

/// Whether it is Kerberos: by its own number, by the one that Windows 2000 cut short, or user-to-user.
constexpr bool is_krb5(object_identifier mech) {
  return mech == msg::mech_krb5 || mech == msg::mech_ms_krb5 || mech == msg::mech_user_to_user;
}

/// A token that establishes a context, RFC 4121 section 4.1: what kind it is, and a message. A view.
struct krb5_token {
  object_identifier mech = msg::mech_krb5;
  gss_token_t       id{};
  bytes_view        message;
};
/// The parts of the token that is all of `in`, views into it. errc::wrong_constant where the mechanism is not Kerberos.
/// An identifier without a name is read: RFC 4121 section 4.1 has it answered by KRB_AP_ERR_MSG_TYPE.
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
/// Writes the frame and the identifier in front of everything written since count() was `mark`: a message that was
/// written where it stands becomes a token.
constexpr void write_krb5_header(der::writer& w, std::size_t mark, gss_token_t id,
                                 object_identifier mech = msg::mech_krb5) {
  w.octet(static_cast<std::uint8_t>(static_cast<unsigned>(id) & 0xff));
  w.octet(static_cast<std::uint8_t>(static_cast<unsigned>(id) >> 8));
  write_gss_header(w, mark, mech);
}
/// Writes the token so that it ends where `out` ends, and returns the part of `out` it fills. errc::no_space says in
/// `detail` how many octets will do.
constexpr result<bytes_view> write_krb5_token(const krb5_token& t, std::span<std::uint8_t> out) {
  der::writer w(out);
  w.octets(t.message);
  write_krb5_header(w, 0, t.id, t.mech);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

/// Context flags by their value, RFC 4121 section 4.1.1.1; the last three of RFC 4757 section 7.1.
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
/// The RFC's word ("GSS_C_DELEG_FLAG"). Empty for a number without a name.
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
/// The flags of a context: unlike KerberosFlags, numbers that are added up.
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

/// The authenticator's checksum of type 0x8003, RFC 4121 section 4.1.1: no checksum of anything, but what the initiator
/// says of the context. A view.
struct gss_checksum {
  bytes_view                bnd;  ///< a hash of the channel bindings: 16 octets, all zero where there are none
  gss_flags                 flags;
  std::optional<bytes_view> deleg;  ///< a KRB-CRED; there if, and only if, GSS_C_DELEG_FLAG is set
  bytes_view                exts;   ///< what a later version adds; whoever does not know it passes over it

  static constexpr std::size_t bnd_size = 16;
  /// Whether the initiator has bound the context to a channel, RFC 4121 section 4.1.1.2.
  constexpr bool has_bindings() const {
    for (std::uint8_t b : bnd)
      if (b != 0) return true;
    return false;
  }
};
/// The parts of the checksum that is all of `in`, views into it. Refused, with field and offset, are another Lgth than
/// 16 or another DlgOpt than 1 (errc::wrong_constant), lengths beyond its end (errc::truncated) and a delegation without
/// a message (errc::missing_field). Flags without a name are kept: RFC 4121 section 4.1.1.1 has receivers ignore them.
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
/// Why a checksum cannot be written; ok where it can. errc::input_too_large says that no 16 bits hold the KRB-CRED's
/// length; errc::api_misuse, that `bnd` is of another size than 16 or none, that flag and KRB-CRED do not agree, or that
/// a flag has no name, which RFC 4121 section 4.1.1.1 forbids.
constexpr error fault_of(const gss_checksum& c) {
  constexpr std::uint32_t named = 0x703f;
  if ((!c.bnd.empty() && c.bnd.size() != gss_checksum::bnd_size) || (c.flags.bits & ~named) != 0 ||
      c.flags.has(gss_flag_t::deleg) != c.deleg.has_value() || (c.deleg && c.deleg->empty())) {
    return {.code = errc::api_misuse, .type = "checksum 0x8003"};
  }
  if (c.deleg && c.deleg->size() > 0xffff) return {.code = errc::input_too_large, .type = "checksum 0x8003"};
  return {};
}
/// Writes the octets of a checksum without fault in front of what `w` holds; without `bnd` there are no bindings.
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
/// Writes the checksum so that it ends where `out` ends, and returns the part of `out` it fills. errc::no_space says in
/// `detail` how many octets will do; other errors are those of fault_of().
constexpr result<bytes_view> write_gss_checksum(const gss_checksum& c, std::span<std::uint8_t> out) {
  if (const error e = fault_of(c); !e.ok()) return e;
  der::writer w(out);
  write_gss_checksum(w, c);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

}  // namespace kerb::inline v0
