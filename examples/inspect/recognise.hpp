// Recognises messages, and the frames around them.
#pragma once
#include "per_message.hpp"

namespace inspect {

struct kind {
  const char* name;
  void (*show)(bytes_view, const place&);
  std::uint8_t tag;  ///< 0: recognised by trial; 1: only by name; otherwise the first octet
};

/// Every type that can be requested by name. Those with an APPLICATION tag are recognised by it.
inline const std::vector<kind>& kinds() {
  using namespace kerb::msg;
#define KIND(T, NAME, TAG)                                                   \
  kind {                                                                     \
    NAME, [](bytes_view in, const place& at) { show<T>(NAME, in, at); }, TAG \
  }
  static const std::vector<kind> all = {
      KIND(Ticket, "Ticket", 0x61),
      KIND(Authenticator, "Authenticator", 0x62),
      KIND(EncTicketPart, "EncTicketPart", 0x63),
      KIND(AsReq, "AS-REQ", 0x6a),
      KIND(AsRep, "AS-REP", 0x6b),
      KIND(TgsReq, "TGS-REQ", 0x6c),
      KIND(TgsRep, "TGS-REP", 0x6d),
      KIND(ApReq, "AP-REQ", 0x6e),
      KIND(ApRep, "AP-REP", 0x6f),
      KIND(KrbSafe, "KRB-SAFE", 0x74),
      KIND(KrbPriv, "KRB-PRIV", 0x75),
      KIND(KrbCred, "KRB-CRED", 0x76),
      KIND(EncAsRepPart, "EncASRepPart", 0x79),
      KIND(EncTgsRepPart, "EncTGSRepPart", 0x7a),
      KIND(EncApRepPart, "EncAPRepPart", 0x7b),
      KIND(EncKrbPrivPart, "EncKrbPrivPart", 0x7c),
      KIND(EncKrbCredPart, "EncKrbCredPart", 0x7d),
      KIND(KrbError, "KRB-ERROR", 0x7e),
      // the following are recognised if they decode; the strictest are first
      KIND(KdcProxyMessage, "KDC-PROXY-MESSAGE", 0),
      KIND(KdcReqBody, "KDC-REQ-BODY", 0),
      KIND(EncryptedData, "EncryptedData", 0),
      KIND(KerbTgtRequest, "KERB-TGT-REQUEST", 0),
      KIND(KerbTgtReply, "KERB-TGT-REPLY", 0),
      KIND(KrbFastReq, "KrbFastReq", 0),
      KIND(KrbFastResponse, "KrbFastResponse", 0),
      KIND(PaEncTsEnc, "PA-ENC-TS-ENC", 0),
      KIND(PrincipalName, "PrincipalName", 0),
      KIND(ChangePasswdData, "ChangePasswdData", 0),
      KIND(PaData, "PA-DATA", 0),
      KIND(MethodData, "METHOD-DATA", 0),
      KIND(AuthorizationData, "AuthorizationData", 0),
      KIND(EtypeInfo2, "ETYPE-INFO2", 0),
      KIND(TypedData, "TYPED-DATA", 0),
      // the following only if requested by name: too many other encodings look like them
      KIND(EncryptionKey, "EncryptionKey", 1),
      KIND(Checksum, "Checksum", 1),
      KIND(PaSpake, "PA-SPAKE", 1),
      KIND(PaPkAsReq, "PA-PK-AS-REQ", 1),
      KIND(PaPkAsRep, "PA-PK-AS-REP", 1),
      KIND(AuthPack, "AuthPack", 1),
      KIND(PaOtpRequest, "PA-OTP-REQUEST", 1),
      KIND(PaOtpChallenge, "PA-OTP-CHALLENGE", 1),
      KIND(AdCammac, "AD-CAMMAC", 1),
      KIND(PaForUser, "PA-FOR-USER", 1),
      KIND(PaS4uX509User, "PA-S4U-X509-USER", 1),
      KIND(NegotiationToken, "NegotiationToken", 1),
      KIND(EtypeInfo, "ETYPE-INFO", 1),  // TYPED-DATA looks the same
      KIND(IakerbHeader, "IAKERB-HEADER", 1),
      KIND(IakerbFinished, "IAKERB-FINISHED", 1),
      KIND(PaOtpEncRequest, "PA-OTP-ENC-REQUEST", 1),
      KIND(PaFxFastRequest, "PA-FX-FAST-REQUEST", 1),
      KIND(PaFxFastReply, "PA-FX-FAST-REPLY", 1),
      KIND(KrbFastArmoredReq, "KrbFastArmoredReq", 1),
      KIND(KrbFastArmoredRep, "KrbFastArmoredRep", 1),
  };
#undef KIND
  return all;
}

/// Shows a message with an APPLICATION tag, even if it ends too early or too late.
inline bool show_message(bytes_view in, const place& at) {
  for (const kind& k : kinds()) {
    if (k.tag < 0x60 || in.empty() || k.tag != in[0]) continue;
    k.show(in, at);
    return true;
  }
  return false;
}

/// SPNEGO's messages. If a Windows acceptor sends the first message, its [3] is different (MS-SPNG section 2.2.1).
inline void show_negotiation(bytes_view in, const place& at) {
  using namespace kerb::msg;
  const auto token = kerb::asn1::decode<NegotiationToken>(in);
  if (const auto* init = token ? std::get_if<NegTokenInit>(&token->value) : nullptr)
    at.keys.add_message("mechTypes", init->mech_types.octets());  // mechListMIC covers them
  if (!token && kerb::asn1::decode<NegotiationToken2>(in)) return show<NegotiationToken2>("NegotiationToken", in, at);
  show<NegotiationToken>("NegotiationToken", in, at);
}

/// The token of RFC 2743 section 3.1 with a mechanism's token inside, a later token of SPNEGO, or a bare message.
inline void show_gss(bytes_view in, const place& at) {
  using namespace kerb;
  if (at.doc.name.empty() && !in.empty() && (in[0] == 0x60 || in[0] >= 0xa0)) at.doc.name = "GSS token";
  if (!in.empty() && (in[0] == 0xa0 || in[0] == 0xa1)) return show_negotiation(in, at);
  if (in.empty() || in[0] != 0x60) {
    if (show_message(in, at) || show_per_message(in, at)) return;
    return (void)at.bytes("token", in, 0, in.size());
  }
  const auto frame = read_gss_token(in);
  if (!frame) return at.fail(frame.error().code, frame.error().offset, frame.error().type, frame.error().field);
  const object_identifier mech = frame->mech;
  const bytes_view inner = frame->inner;
  const std::size_t start = in.size() - inner.size(), header = start - mech.octets.size() - 2;
  at.line("", "InitialContextToken", content::fields, 0, in.size() - header).header = u32(header);
  item& mechanism = at.below(0).bytes("thisMech", in, header, mech.octets.size() + 2, content::oid);
  mechanism.type = "OBJECT IDENTIFIER";
  mechanism.header = 2;
  mechanism.size -= 2;
  mechanism.contents = copied(mech.octets);
  const place below = at.below(start);
  if (mech == msg::mech_spnego) return show_negotiation(inner, below);
  constexpr auto iakerb = "1.3.6.1.5.2.5"_oid;
  if (!is_krb5(mech) && !(mech == iakerb)) { return (void)below.bytes("innerContextToken", inner, 0, inner.size()); }
  if (inner.size() < 2) return below.fail(errc::truncated, inner.size(), "InitialContextToken", "TOK_ID");
  const auto id = static_cast<gss_token_t>(inner[0] << 8 | inner[1]);
  const bytes_view token = inner.subview(2);
  const place behind = below.below(2, 0);
  if (show_per_message(inner, below)) return;
  below.number("TOK_ID", inner, 0, 2).name = name_of(id);
  switch (id) {
    case gss_token_t::ap_req: return show<msg::ApReq>("AP-REQ", token, behind);
    case gss_token_t::ap_rep: return show<msg::ApRep>("AP-REP", token, behind);
    case gss_token_t::krb_error: return show<msg::KrbError>("KRB-ERROR", token, behind);
    case gss_token_t::tgt_req: return show<msg::KerbTgtRequest>("KERB-TGT-REQUEST", token, behind);
    case gss_token_t::tgt_rep: return show<msg::KerbTgtReply>("KERB-TGT-REPLY", token, behind);
    case gss_token_t::iakerb_proxy: {
      der::source apart{.origin = token.data()};
      der::reader all(token, apart);
      all.skip({"IAKERB-HEADER", ""});
      if (!apart.why.ok()) return behind.fail(apart.why.code, apart.why.offset, apart.why.type, "");
      const std::size_t size = token.size() - all.rest().size();
      show<msg::IakerbHeader>("IAKERB-HEADER", token.first(size), behind);
      if (size != token.size() && !show_message(all.rest(), behind.below(size, 0)))
        behind.bytes("message", token, size, token.size() - size);
      return;
    }
    default: return (void)behind.bytes("token", token, 0, token.size());
  }
}

/// RFC 3244 section 2. Returns whether `in` looks like it.
inline bool show_kpasswd(bytes_view in, const place& at, bool reply) {
  if (in.size() < 6) return false;
  const std::size_t size = in[0] * 256u + in[1], version = in[2] * 256u + in[3];
  if (size != in.size() || (version != 1 && version != 0xff80)) return false;
  at.doc.name = reply ? "kpasswd reply" : "kpasswd request";
  at.number("message length", in, 0, 2);
  at.number("protocol version", in, 2, 2).name = version == 1 ? reply ? "reply" : "change password" : "set password";
  at.number(reply ? "AP-REP length" : "AP-REQ length", in, 4, 2);
  const auto frame = kerb::read_kpasswd_frame(in);
  if (!frame) {
    at.fail(frame.error().code, frame.error().offset, "kpasswd", frame.error().field);
    return true;
  }
  place parts = at.below(6, 0);
  parts.kpasswd = static_cast<std::uint16_t>(version);
  parts.reply = reply;
  if (!frame->ap.empty() && !show_message(frame->ap, parts)) parts.bytes("AP", frame->ap, 0, frame->ap.size());
  const place last = parts.below(frame->ap.size(), 0);
  if (!show_message(frame->message, last)) last.bytes("message", frame->message, 0, frame->message.size());
  return true;
}
inline bool is_kpasswd_reply(bytes_view in) {
  // an AP-REP, or a KRB-ERROR without one
  return in.size() > 6 && (in[6] == 0x6f || in[6] == 0x7e);
}

/// Shows a complete message in a datagram or a file. Returns false if its kind is unknown.
inline bool show_any(bytes_view in, const place& at) {
  if (show_message(in, at) || show_kpasswd(in, at, is_kpasswd_reply(in)) || show_per_message(in, at)) return true;
  if (in.empty()) return false;
  if (in[0] == 0x60 || in[0] == 0xa0 || in[0] == 0xa1) return show_gss(in, at), true;
  if (in[0] != 0x30) return false;
  for (const kind& k : kinds()) {
    if (k.tag != 0) continue;
    document trial;
    k.show(in, {trial, at.keys});
    at.doc.guarded = at.doc.guarded || (trial.guarded && !at.secrets);  // it may be part of a message with keys
    if (!trial.fault.ok()) continue;
    k.show(in, at);
    return true;
  }
  return false;
}

}  // namespace inspect
