// Explains in numbered steps what goes over the wire. It reads the messages as anybody on the network could, so it
// cannot reveal a secret.
#pragma once
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <kerb/kerb.hpp>
#include <string>

namespace example {

/// Different principals have different texts, except that all without a name have the same.
inline std::string text_of(const kerb::principal_view& p) {
  std::string buffer(256, ' ');
  auto t = kerb::to_text(p, buffer);
  if (!t && t.error().code == kerb::errc::no_space) {
    buffer.resize(t.error().detail);
    t = kerb::to_text(p, buffer);
  }
  return t ? std::string(*t) : "(no name)";
}
inline std::string text_of(kerb::etype_t e) {
  const auto name = name_of(e);
  return name.empty() ? "etype " + std::to_string(static_cast<int>(e)) : std::string(name);
}
inline std::string text_of(kerb::kerberos_time t) {
  const auto seconds = static_cast<std::time_t>(t.seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}
inline std::string text_of(kerb::msg::TicketFlags f) {
  std::string all;
  for (unsigned bit = 0; bit != 32; ++bit)
    if (const auto b = static_cast<kerb::ticket_flag_t>(bit); f.has(b)) all += " " + std::string(name_of(b));
  return all.empty() ? " none" : all;
}

class story {
 public:
  /// `in_memory`: nothing goes over a network.
  explicit story(bool in_memory = false) : in_memory_(in_memory) {}
  void chapter(const char* title) { std::printf("\n%s\n", title); }
  [[gnu::format(printf, 2, 3)]] void step(const char* format, ...) {
    std::printf("%3d. ", ++number_);
    va_list a;
    va_start(a, format);
    std::vprintf(format, a);
    va_end(a);
    std::puts("");
  }
  [[gnu::format(printf, 2, 3)]] void more(const char* format, ...) {
    std::fputs("       ", stdout);
    va_list a;
    va_start(a, format);
    std::vprintf(format, a);
    va_end(a);
    std::puts("");
  }

  /// Describes a request to the KDC.
  void request(const kerb::send& s, bool tcp) {
    using namespace kerb::msg;
    const char* const over = in_memory_ ? "" : tcp || s.via == kerb::transport::stream ? " over TCP" : " over UDP";
    if (const auto as = kerb::asn1::decode<AsReq>(s.octets)) {
      step("client -> KDC     AS-REQ, %zu octets%s", s.octets.size(), over);
      more("Says in clear: I am %s; a ticket for %s, please.", named(as->req_body->cname, as->req_body->realm).c_str(),
           named(as->req_body->sname, as->req_body->realm).c_str());
      offers(as->req_body->etype);
      bool proof = false;
      if (as->padata)
        for (const PaData pa : *as->padata) proof |= pa.padata_type == kerb::padata_t::enc_timestamp;
      more(proof ? "Proof: PA-ENC-TIMESTAMP, the time sealed under the key made from the password (key usage 1)."
                 : "No proof of who is asking yet: whether the KDC wants one, it will say.");
    } else if (const auto tgs = kerb::asn1::decode<TgsReq>(s.octets)) {
      step("client -> KDC     TGS-REQ, %zu octets%s", s.octets.size(), over);
      more("Says in clear: a ticket for %s, please.", named(tgs->req_body->sname, tgs->req_body->realm).c_str());
      offers(tgs->req_body->etype);
      more("Proof: the ticket-granting ticket, and an authenticator sealed under its session key (key usage 7),");
      more("with a keyed checksum of the request (usage 6) and a fresh subkey for the answer.");
    }
  }
  /// Describes an answer of the KDC, before anything in it is authenticated.
  void answer(const kerb::answer& a) {
    using namespace kerb::msg;
    const char* const over = in_memory_ ? "" : a.arrived == kerb::transport::stream ? " over TCP" : " over UDP";
    const auto e = kerb::asn1::decode<KrbError>(a.octets);
    if (!e)
      return step("KDC -> client     %s, %zu octets%s", a.octets.empty() ? "nothing" : kind(a.octets[0]),
                  a.octets.size(), over);
    step("KDC -> client     KRB-ERROR %d %s, %zu octets%s", static_cast<int>(e->error_code),
         std::string(name_of(e->error_code)).c_str(), a.octets.size(), over);
    more("No key protects it: it is a hint, and is treated as one.");
    if (!e->e_data) return;
    if (const auto methods = kerb::asn1::decode_as<MethodData>("METHOD-DATA", *e->e_data)) {
      for (const PaData pa : *methods) {
        if (pa.padata_type != kerb::padata_t::etype_info2) continue;
        const auto info = kerb::asn1::decode_as<EtypeInfo2>("ETYPE-INFO2", pa.padata_value);
        if (!info) continue;
        for (const EtypeInfo2Entry entry : *info)
          more("Learnt: there is a key of type %s, made with %s.", text_of(entry.etype).c_str(),
               entry.salt ? ("the salt \"" + std::string(entry.salt->text()) + "\"").c_str() : "the default salt");
      }
    }
  }
  void passed_over(const kerb::error& why) {
    more("That is no answer to us (%s): waiting on.", std::string(name_of(why.code)).c_str());
  }
  /// Describes the ticket of a verified reply.
  template <class Credential>
  void ticket(const Credential& c) {
    more("Learnt: a session key of type %s, and a ticket of %zu octets", text_of(c.session_key().etype()).c_str(),
         c.ticket().size());
    more("for %s, which alone can open it.", text_of(c.server()).c_str());
    more("Good until %s; flags:%s.", text_of(c.endtime()).c_str(), text_of(c.facts().flags).c_str());
    more("Checked: nonce, client, service, realms, times, flags, addresses, and that the encryption was offered.");
  }

 private:
  static std::string named(const std::optional<kerb::msg::PrincipalName>& name, kerb::kerberos_string realm) {
    return name ? text_of({*name, realm}) : "nobody";
  }
  static const char* kind(std::uint8_t first) {
    switch (first & 0x1f) {
      case 11: return "AS-REP";
      case 13: return "TGS-REP";
      default: return "something else";
    }
  }
  void offers(const kerb::sequence_of<kerb::etype_t>& list) {
    std::string all;
    for (const kerb::etype_t e : list) all += " " + text_of(e);
    more("Offers:%s.", all.c_str());
  }
  bool in_memory_;
  int number_ = 0;
};

}  // namespace example
