// GSS-API: the frame of tokens and the authenticator's checksum.
#include <kerb/msg/ap.hpp>
#include <kerb/msg/gss.hpp>
#include <kerb/msg/u2u.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

// ---- frames

// dotnet/Kerberos.NET, Tests.Kerberos.NET/NegoEx/NegoExTests.cs (U2UStart): Windows asks for a ticket-granting ticket
constexpr auto u2u_start =
    "6057060a2a864886f7120102020304003047a003020105a103020110a21a3018a003020101a111300f1b0d61646d696e6973747261746f72"
    "a31f1b1d636f72702e6964656e74697479696e74657276656e74696f6e2e636f6d"_hex;
// krb5/krb5, src/tests/gssapi/t_invalid.c: a MIC of RFC 4757 in the same frame
constexpr auto rc4_mic = "602306092a864886f71201020201011100ffffffff5de751f6fb6c255b23935a302057dcb5"_hex;

constexpr bool user_to_user() {
  const auto t = read_krb5_token(u2u_start);
  if (!t || !(t->mech == msg::mech_user_to_user) || t->id != gss_token_t::tgt_req) return false;
  const auto r = asn1::decode<msg::KerbTgtRequest>(t->message, der::strict);
  std::array<std::uint8_t, 100> buffer{};
  const auto out = write_krb5_token(*t, buffer);
  return r && r->server_name && r->server_name->name_string.size() == 1 && out && *out == bytes_view(u2u_start) &&
         out->end() == buffer.data() + buffer.size();
}
KERB_BOTH("gss token: a user-to-user request of Windows is read and written", "[msg][rfc4121-4.1]", user_to_user);

constexpr bool by_hand() {
  const auto wanted = "600d 06092a864886f712010202 0100"_hex;
  const auto windows = "600f 06092a864882f712010202 0300 aabb"_hex;
  const auto spnego = "600a 06062b0601050502 a000"_hex;
  const auto t = read_krb5_token(wanted), w = read_krb5_token(windows);
  const auto s = read_gss_token(spnego);
  const auto not_krb5 = read_krb5_token(spnego);
  return t && t->mech == msg::mech_krb5 && t->id == gss_token_t::ap_req && t->message.empty() && w &&
         w->mech == msg::mech_ms_krb5 && w->id == gss_token_t::krb_error && w->message.size() == 2 && s &&
         s->mech == msg::mech_spnego && s->inner.size() == 2 && !not_krb5 &&
         not_krb5.error().code == errc::wrong_constant && not_krb5.error().offset == 4 &&
         std::string_view(not_krb5.error().field) == "thisMech";
}
KERB_BOTH("gss token: Kerberos has three numbers and SPNEGO is none of them", "[msg][rfc4121-4.1]", by_hand);

KERB_BOTH("kind_of_token: SPNEGO, Kerberos and NTLM are told apart by their first octets", "[msg][rfc4178-4.2]", [] {
  constexpr auto init = "6082036606062b0601050502a082035a"_hex;
  constexpr auto resp = "a181b73081b4"_hex;
  constexpr auto krb5 = "6081990609 2a864886f712010202 0200"_hex;
  constexpr auto windows = "600d0609 2a864882f712010202 0100"_hex;
  constexpr auto ntlm = "4e544c4d53535000 01000000"_hex;
  constexpr auto long_form = "6084000000160609 2a864886f712010202 0100"_hex;
  constexpr auto ap_req = "6e82012a30820126"_hex;  // without a frame, which acceptors take
  return kind_of_token(init) == token_kind::spnego && kind_of_token(resp) == token_kind::spnego &&
         kind_of_token(krb5) == token_kind::krb5 && kind_of_token(windows) == token_kind::krb5 &&
         kind_of_token(u2u_start) == token_kind::krb5 && kind_of_token(ntlm) == token_kind::ntlm &&
         kind_of_token(long_form) == token_kind::krb5 && kind_of_token(ap_req) == token_kind::krb5;
});
KERB_BOTH("kind_of_token: no beginning of a token is another kind, and nothing else is one", "[msg][rfc4178-4.2]", [] {
  constexpr auto init = "6082036606062b0601050502"_hex;
  constexpr auto krb5 = "600d0609 2a864886f712010202"_hex;
  constexpr auto ntlm = "4e544c4d53535000"_hex;
  for (const bytes_view whole : {bytes_view(init), bytes_view(krb5), bytes_view(ntlm)})
    for (std::size_t n = 0; n != whole.size(); ++n)
      if (kind_of_token(whole.first(n)) != token_kind::unknown) return false;
  // another mechanism (IAKERB), an AP-REP without a frame, indefinite and too long lengths, another tag in place of the
  // OID
  constexpr auto iakerb = "60090606 2b0601050205 0501"_hex;
  constexpr auto ap_rep = "6f82012a30820126"_hex;
  constexpr auto indefinite = "608006062b0601050502"_hex;
  constexpr auto too_long = "6085000000000806062b0601050502"_hex;
  constexpr auto no_oid = "600804062b0601050502"_hex;
  constexpr auto not_ntlm = "4e544c4d53535001"_hex;
  return kind_of_token(iakerb) == token_kind::unknown && kind_of_token(ap_rep) == token_kind::unknown &&
         kind_of_token(indefinite) == token_kind::unknown && kind_of_token(too_long) == token_kind::unknown &&
         kind_of_token(no_oid) == token_kind::unknown && kind_of_token(not_ntlm) == token_kind::unknown;
});

constexpr bool around_a_message() {
  // A message is written where it stands, and becomes a token
  std::array<std::uint8_t, 300> buffer{}, second{}, third{};
  std::array<std::uint8_t, 150> cipher{};
  der::writer w(buffer);
  w.octets(cipher);
  write_krb5_header(w, 0, gss_token_t::ap_rep);
  const bytes_view whole(w.written_since(0));
  const auto t = read_krb5_token(whole);
  const auto again = t ? write_krb5_token(*t, second) : result<bytes_view>(t.error());
  const auto short_of = write_krb5_token(*t, std::span(third).first(whole.size() - 1));
  // 150 + 2 + 11 octets need a length of two
  return w.ok() && whole.size() == 150 + 2 + 11 + 3 && t && t->id == gss_token_t::ap_rep &&
         t->message == bytes_view(cipher) && again && *again == whole && !short_of &&
         short_of.error().code == errc::no_space && short_of.error().detail == whole.size();
}
KERB_BOTH("gss token: a frame is written around what stands in the buffer", "[msg][rfc2743-3.1]", around_a_message);

constexpr bool fails(bytes_view in, errc code, std::size_t offset, std::string_view field) {
  const auto t = read_krb5_token(in);
  return !t && t.error().code == code && t.error().offset == offset &&
         std::string_view(t.error().type) == "InitialContextToken" && t.error().field == field;
}
constexpr bool faults() {
  const auto sequence = "300d 06092a864886f712010202 0100"_hex;
  const auto longer = "600e 06092a864886f712010202 0100"_hex, shorter = "600c 06092a864886f712010202 0100"_hex;
  const auto padded = "60810d 06092a864886f712010202 0100"_hex, endless = "6080 06092a864886f712010202 0100 00"_hex;
  const auto no_oid = "6002 0100"_hex;
  const auto empty_oid = "6004 0600 0100"_hex;
  const auto cut_oid = "6005 0601 86 0100"_hex;
  const auto beyond = "6005 0608 86 0100"_hex;
  const auto half_id = "600c 06092a864886f712010202 01"_hex;
  const auto no_id = "600b 06092a864886f712010202"_hex;
  return fails({}, errc::truncated, 0, "") && fails(sequence, errc::unexpected_tag, 0, "") &&
         fails(longer, errc::truncated, 0, "") && fails(shorter, errc::trailing_data, 14, "") &&
         fails(padded, errc::non_minimal_length, 0, "") && fails(endless, errc::non_minimal_length, 0, "") &&
         fails(no_oid, errc::unexpected_tag, 2, "thisMech") && fails(empty_oid, errc::bad_oid, 2, "thisMech") &&
         fails(cut_oid, errc::bad_oid, 2, "thisMech") && fails(beyond, errc::truncated, 2, "thisMech") &&
         fails(half_id, errc::truncated, 13, "TOK_ID") && fails(no_id, errc::truncated, 13, "TOK_ID");
}
KERB_BOTH("gss token: lengths that are not DER's or do not agree are refused", "[msg][rfc2743-3.1][security]", faults);

constexpr bool every_change() {
  // Cut short it is no token; changed it is none, or another one that is written the same
  std::array<std::uint8_t, 100> buffer{};
  for (std::size_t n = 0; n != u2u_start.size(); ++n)
    if (read_gss_token(bytes_view(u2u_start).first(n))) return false;
  auto changed = rc4_mic;
  for (std::size_t at = 0; at != 16; ++at) {
    for (unsigned x = 1; x != 256; ++x) {
      changed[at] = static_cast<std::uint8_t>(rc4_mic[at] ^ x);
      const auto t = read_gss_token(changed);
      if (!t) {
        if (t.error().offset > changed.size() || !is_malformed(t.error().code)) return false;
        continue;
      }
      const auto out = write_gss_token(*t, buffer);
      if (!out || !(*out == bytes_view(changed))) return false;
    }
    changed[at] = rc4_mic[at];
  }
  return true;
}
KERB_BOTH("gss token: cut short or changed it is refused or another token", "[msg][rfc2743-3.1][security]",
          every_change);

constexpr bool words() {
  return name_of(gss_token_t::ap_req) == "KRB_AP_REQ" && name_of(gss_token_t{0x0500}).empty() &&
         static_cast<unsigned>(gss_token_t::mic) == 0x0404 && static_cast<unsigned>(gss_token_t::wrap) == 0x0504 &&
         name_of(gss_flag_t::deleg) == "GSS_C_DELEG_FLAG" && name_of(gss_flag_t::integ) == "GSS_C_INTEG_FLAG" &&
         name_of(gss_flag_t{64}).empty();
}
KERB_BOTH("gss: identifiers and flags have the standards' words", "[msg][rfc4121-4.1]", words);

// ---- the checksum

// Devolutions/picky-rs, picky-krb/src/data_types.rs: an authenticator for Windows
constexpr auto authenticator =
    "6282010e3082010aa003020105a10d1b0b4558414d504c452e434f4da20f300da003020101a10630041b027033a3253023a0050203008003"
    "a11a041810000000000000000000000000000000000000003e000000a403020108a511180f32303232303430353038313934365aa62b3029"
    "a003020112a122042089b4e59094129e6f6e000d3f15744dbac609a6988d53d3588e5f22a93f5b4761a706020468f4dfaea86f306d306ba0"
    "03020101a16404623060300ea0040202008fa106040400400000304ea00402020090a14604445400450052004d005300520056002f007000"
    "33002e0071006b006100740069006f006e002e0063006f006d00400051004b004100540049004f004e002e0043004f004d00"_hex;

constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                          gss_flag_t::integ};

constexpr bool in_an_authenticator() {
  const auto a = asn1::decode<msg::Authenticator>(authenticator, der::strict);
  if (!a || !a->cksum || a->cksum->cksumtype != cksum_t::gssapi) return false;
  const auto c = read_gss_checksum(a->cksum->checksum);
  std::array<std::uint8_t, 30> buffer{}, other{};
  const auto out = c ? write_gss_checksum(*c, buffer) : result<bytes_view>(c.error());
  const auto same =
      write_gss_checksum({.bnd = {}, .flags = usual, .deleg = {}, .exts = {}}, std::span(other).first(24));
  return c && c->flags == usual && !c->flags.has(gss_flag_t::deleg) && !c->has_bindings() && !c->deleg &&
         c->exts.empty() && out && *out == a->cksum->checksum && same && *same == *out;
}
KERB_BOTH("gss checksum: flags and no bindings", "[msg][rfc4121-4.1.1]", in_an_authenticator);

constexpr bool delegates() {
  const auto in = "10000000 0102030405060708090a0b0c0d0e0f10 03000000 0100 0300 aabbcc ddee"_hex;
  const auto exts = "10000000 00000000000000000000000000000000 02004000 00"_hex;
  const auto c = read_gss_checksum(in), e = read_gss_checksum(exts);
  std::array<std::uint8_t, 40> buffer{}, other{};
  const auto out = c ? write_gss_checksum(*c, buffer) : result<bytes_view>(c.error());
  const auto short_of = write_gss_checksum(*c, std::span(other).first(in.size() - 1));
  return c && c->has_bindings() && c->bnd[15] == 0x10 && c->flags.has(gss_flag_t::deleg) && c->deleg &&
         c->deleg->size() == 3 && (*c->deleg)[2] == 0xcc && c->exts.size() == 2 && out && *out == bytes_view(in) && e &&
         e->flags.bits == 0x400002 && !e->deleg && e->exts.size() == 1 && !short_of &&
         short_of.error().code == errc::no_space && short_of.error().detail == in.size();
}
KERB_BOTH("gss checksum: bindings and a delegated credential and extensions", "[msg][rfc4121-4.1.1]", delegates);

constexpr bool refuses(bytes_view in, errc code, std::size_t offset, std::string_view field) {
  const auto c = read_gss_checksum(in);
  return !c && c.error().code == code && c.error().offset == offset &&
         std::string_view(c.error().type) == "checksum 0x8003" && c.error().field == field;
}
constexpr bool checksum_faults() {
  const auto in = "10000000 0102030405060708090a0b0c0d0e0f10 03000000 0100 0300 aabbcc"_hex;
  const bytes_view whole(in);
  // every length that is too short, by the field that it cuts
  for (std::size_t n = 0; n != in.size(); ++n) {
    const std::size_t at = n < 4 ? 0 : n < 20 ? 4 : n < 24 ? 20 : n < 26 ? 24 : 26;
    const std::string_view field = n < 4    ? "Lgth"
                                   : n < 20 ? "Bnd"
                                   : n < 24 ? "Flags"
                                   : n < 26 ? "DlgOpt"
                                   : n < 28 ? "Dlgth"
                                            : "Deleg";
    if (!refuses(whole.first(n), errc::truncated, at, field)) return false;
  }
  auto lgth = in, big_endian = in, option = in, none = in;
  lgth[0] = 0x11;
  big_endian[0] = 0;
  big_endian[3] = 0x10;
  option[24] = 2;
  none[26] = 0;
  return read_gss_checksum(in) && refuses(lgth, errc::wrong_constant, 0, "Lgth") &&
         refuses(big_endian, errc::wrong_constant, 0, "Lgth") && refuses(option, errc::wrong_constant, 24, "DlgOpt") &&
         refuses(none, errc::missing_field, 26, "Deleg");
}
KERB_BOTH("gss checksum: a length that is wrong or too short is named", "[msg][rfc4121-4.1.1][security]",
          checksum_faults);

constexpr bool not_written() {
  std::array<std::uint8_t, 80> buffer{};
  const auto octets = "0102030405"_hex;
  const bytes_view cred(octets);
  const auto misuse = [&](const gss_checksum& c) { return write_gss_checksum(c, buffer).error().code; };
  const gss_flags deleg{gss_flag_t::deleg};
  return misuse({.bnd = cred, .flags = {}, .deleg = {}, .exts = {}}) == errc::api_misuse &&
         misuse({.bnd = {}, .flags = deleg, .deleg = {}, .exts = {}}) == errc::api_misuse &&
         misuse({.bnd = {}, .flags = deleg, .deleg = bytes_view(), .exts = {}}) == errc::api_misuse &&
         misuse({.bnd = {}, .flags = {}, .deleg = cred, .exts = {}}) == errc::api_misuse &&
         misuse({.bnd = {}, .flags = gss_flags::of(64), .deleg = {}, .exts = {}}) == errc::api_misuse &&
         misuse({.bnd = {}, .flags = deleg, .deleg = bytes_view(cred.data(), 0x10000), .exts = {}}) ==
             errc::input_too_large &&
         misuse({.bnd = {}, .flags = deleg, .deleg = cred, .exts = {}}) == errc::ok;
}
KERB_BOTH("gss checksum: what contradicts itself is not written", "[msg][rfc4121-4.1.1]", not_written);

constexpr bool in_front_of_others() {
  constexpr std::uint8_t cred[] = {0x76, 0x00};
  const gss_checksum c{.bnd = {}, .flags = {gss_flag_t::deleg}, .deleg = bytes_view(cred), .exts = {}};
  std::array<std::uint8_t, 31> buffer{};
  std::array<std::uint8_t, 30> alone{};
  der::writer w(buffer), counting = der::writer::counting();
  w.octet(0xee);
  write_gss_checksum(w, c);
  write_gss_checksum(counting, c);
  const auto same = write_gss_checksum(c, alone);
  return fault_of(c).ok() && w.ok() && same && counting.count() == same->size() && buffer[30] == 0xee &&
         bytes_view(buffer).first(30) == *same;
}
KERB_BOTH("gss checksum: is written in front of what is there, and counted", "[msg][rfc4121-4.1.1]",
          in_front_of_others);

}  // namespace
