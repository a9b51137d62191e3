// The captures (tests/vectors/captures): their messages, what is under the seals, and what stands inside of both.
#pragma once
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "unit/msg/kinds.hpp"
#include "unit/msg/values.hpp"

namespace kerb_test {

using octets_t = std::vector<std::uint8_t>;

inline octets_t read_capture(const std::string& name) {
  std::ifstream in(KERB_CAPTURES "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct datagram {
  std::uint16_t from, to;
  octets_t octets;
};
/// The datagrams of a classic, little-endian pcap file of raw IPv4 packets.
inline std::vector<datagram> datagrams_of(const std::string& name) {
  const octets_t file = read_capture(name);
  std::vector<datagram> out;
  const auto number = [&](std::size_t at) {
    std::size_t n = 0;
    for (std::size_t i = 4; i != 0; --i) n = n << 8 | file[at + i - 1];
    return n;
  };
  for (std::size_t at = 24; at + 16 + 28 <= file.size();) {
    const std::size_t size = number(at + 8), ip = at + 16;
    if (ip + size > file.size()) break;
    const auto port = [&](std::size_t p) { return static_cast<std::uint16_t>(file[p] << 8 | file[p + 1]); };
    out.push_back({port(ip + 20), port(ip + 22),
                   octets_t(file.begin() + static_cast<std::ptrdiff_t>(ip + 28),
                            file.begin() + static_cast<std::ptrdiff_t>(ip + size))});
    at = ip + size;
  }
  return out;
}

/// What became of one encoding.
struct found {
  kerb::error why{};
  bool taken = false;
  bool modes_agree = false;  ///< on what strict rules take, and what it contains
  bool in_order = false;     ///< every list has the elements it counts
  kerb::bytes_view written;  ///< the value encoded again, in the caller's buffer
};
/// Told of every view that a decoded value holds, and whether the decoder has no business with what is in it.
struct view_listener {
  virtual void view(kerb::bytes_view octets, bool is_opaque) = 0;

 protected:
  ~view_listener() = default;
};
using examine_t = found (*)(kerb::bytes_view in, kerb::der::rules rules, view_listener& heard,
                            std::span<std::uint8_t> out);

/// Decodes, walks and encodes: the only code that there is for each type, since compilers take long over it.
template <class T>
found examine(kerb::bytes_view in, kerb::der::rules rules, view_listener& heard, std::span<std::uint8_t> out) {
  const bool agree = modes_agree<T>(in);
  const auto v = decode_kind(kind<T>{"list"}, in, rules);
  if (!v) return {.why = v.error(), .taken = false, .modes_agree = agree, .in_order = false, .written = {}};
  found f{.why = {}, .taken = true, .modes_agree = agree, .in_order = true, .written = {}};
  for_each_value(*v, [&]<class V>(const V& part) {
    with_view(part, [&](kerb::bytes_view o, bool is_opaque) { heard.view(o, is_opaque); });
    if constexpr (is_list<V>) {
      std::size_t count = 0;
      for (auto i = part.begin(); i != part.end(); ++i) ++count;
      f.in_order = f.in_order && count == part.size();
    }
  });
  const auto written = kerb::asn1::encode(*v, out);
  if (written) f.written = *written;
  else f.in_order = false;
  return f;
}
template <class T>
std::size_t size_of(kerb::bytes_view in) {
  const auto v = decode_kind(kind<T>{"list"}, in, kerb::der::as_deployed);
  return v ? kerb::asn1::encoded_size(*v) : 0;
}

/// One encoding of the captures.
struct captured_item {
  std::string type, where;
  octets_t octets;
  examine_t examine;
  std::size_t encoded_size;  ///< as it is foretold
};

/// Every encoding of the captures, each different one of a type once. What is inside of one is looked for wherever its
/// number says of what type it is.
class capture_walk {
 public:
  std::vector<captured_item> items;
  int messages = 0, frames = 0, plaintexts = 0;
  std::map<std::string, int> opaque;     ///< padata and authorization data of types without a schema
  std::vector<std::string> not_decoded;  ///< what is not of the type that its place demands
  std::vector<octets_t> frame_octets;

  void all() {
    using namespace kerb::msg;
    for (const char* name : {"mit-kerb", "heimdal-kdc", "mit-other", "mit-kpasswd"}) {
      int number = 0;
      for (const datagram& d : datagrams_of(std::string(name) + ".pcap")) {
        const std::string where = std::string(name) + " " + std::to_string(++number);
        ++messages;
        const kerb::bytes_view in(d.octets);
        if (d.from == 464 || d.to == 464) {
          frame(in, where, d.to == 464);
          continue;
        }
        switch (in.empty() ? 0 : in[0]) {
          case 0x6a: add<AsReq>("AS-REQ", in, where, true); break;
          case 0x6b: add<AsRep>("AS-REP", in, where, false); break;
          case 0x6c: add<TgsReq>("TGS-REQ", in, where, true); break;
          case 0x6d: add<TgsRep>("TGS-REP", in, where, false); break;
          case 0x7e: add<KrbError>("KRB-ERROR", in, where, false); break;
          default: not_decoded.push_back(where + ": no message of Kerberos");
        }
      }
    }
    sealed();
  }

 private:
  void frame(kerb::bytes_view in, const std::string& where, bool is_request) {
    using namespace kerb::msg;
    ++frames;
    frame_octets.emplace_back(in.begin(), in.end());
    const auto f = kerb::read_kpasswd_frame(in);
    if (!f) return not_decoded.push_back(where + ": no kpasswd frame");
    if (is_request) add<ApReq>("AP-REQ", f->ap, where, true);
    else if (!f->ap.empty()) add<ApRep>("AP-REP", f->ap, where, false);
    if (f->message[0] == 0x7e) add<KrbError>("KRB-ERROR", f->message, where, false);
    else add<KrbPriv>("KRB-PRIV", f->message, where, is_request);
  }
  void sealed() {
    using namespace kerb::msg;
    std::ifstream in(KERB_CAPTURES "/plaintexts.txt");
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream words(line);
      int usage = 0, etype = 0, number = 0;
      std::string capture, hex;
      words >> usage >> etype >> capture >> number >> hex;
      octets_t o;
      for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        o.push_back(
            static_cast<std::uint8_t>(kerb::detail::hex_digit(hex[i]) << 4 | kerb::detail::hex_digit(hex[i + 1])));
      }
      ++plaintexts;
      const std::string where = capture + " " + std::to_string(number) + ", usage " + std::to_string(usage);
      switch (usage) {
        case 1:
        case 54:
        case 55: add<PaEncTsEnc>("PA-ENC-TS-ENC", o, where, true); break;
        case 2: add<EncTicketPart>("EncTicketPart", o, where, true); break;
        case 3: add<EncAsRepPart>("EncASRepPart", o, where, false); break;
        case 7:
        case 11: add<Authenticator>("Authenticator", o, where, true); break;
        case 9: add<EncTgsRepPart>("EncTGSRepPart", o, where, false); break;
        case 12: add<EncApRepPart>("EncAPRepPart", o, where, false); break;
        case 13: add<EncKrbPrivPart>("EncKrbPrivPart", o, where, true); break;
        case 44: add<EncryptionKey>("EncryptionKey", o, where, false); break;
        case 51: add<KrbFastReq>("KrbFastReq", o, where, true); break;
        case 52: add<KrbFastResponse>("KrbFastResponse", o, where, false); break;
        case 65: add<SpakeSecondFactor>("SPAKESecondFactor", o, where, true); break;
        case 513: add<SecureCookie>("SecureCookie", o, where, false); break;
        default: not_decoded.push_back(where + ": no type is known");
      }
    }
  }

  template <class T>
  void add(const char* type, kerb::bytes_view in, const std::string& where, bool is_request) {
    octets_t copy(in.begin(), in.end());
    if (!seen_.insert({type, copy}).second) return;
    const auto v = decode_kind(kind<T>{type}, copy, kerb::der::as_deployed);
    items.push_back({type, where, copy, &examine<T>, size_of<T>(copy)});
    if (!v) return not_decoded.push_back(where + ": " + type);
    for_each_value(*v, [&]<class V>(const V& part) {
      using namespace kerb::msg;
      if constexpr (std::is_same_v<T, SecureCookie>) {
        if constexpr (std::is_same_v<V, PaData>) ++opaque["padata in MIT's cookie"];  // its own state, not what is sent
      } else if constexpr (std::is_same_v<V, PaData>) pa_data(part, where, is_request);
      else if constexpr (std::is_same_v<V, AuthorizationDataElement>) authorization_data(part, where);
      else if constexpr (std::is_same_v<V, KrbFastArmor>)
        add<ApReq>("AP-REQ", part.armor_value, where + ", armor", true);
      else if constexpr (std::is_same_v<V, KrbError>) error_data(part, where);
      else if constexpr (std::is_same_v<V, EncKrbPrivPart>) {
        // RFC 3244 section 2: a request to set a password; a reply has a text, a request to change one the password
        if (!part.user_data.empty() && part.user_data[0] == 0x30) {
          add<ChangePasswdData>("ChangePasswdData", part.user_data, where + ", user-data", true);
        }
      }
    });
  }
  void error_data(const kerb::msg::KrbError& e, const std::string& where) {
    if (!e.e_data || e.e_data->empty()) return;
    if ((*e.e_data)[0] != 0x30) ++opaque["e-data of a kpasswd service"];  // RFC 3244 section 2: a code and a text
    else add<kerb::msg::MethodData>("METHOD-DATA", *e.e_data, where + ", e-data", false);
  }
  void pa_data(const kerb::msg::PaData& p, const std::string& where, bool is_request) {
    using namespace kerb::msg;
    const kerb::bytes_view v = p.padata_value;
    const std::string w = where + ", padata " + std::to_string(static_cast<std::int32_t>(p.padata_type));
    if (v.empty()) return;  // a hint
    switch (static_cast<std::int32_t>(p.padata_type)) {
      case 1: return add<ApReq>("AP-REQ", v, w, true);
      case 2:
      case 138: return add<EncryptedData>("EncryptedData", v, w, is_request);
      case 11: return add<EtypeInfo>("ETYPE-INFO", v, w, is_request);
      case 16: return add<PaPkAsReq>("PA-PK-AS-REQ", v, w, is_request);
      case 17: return add<PaPkAsRep>("PA-PK-AS-REP", v, w, is_request);
      case 19: return add<EtypeInfo2>("ETYPE-INFO2", v, w, is_request);
      case 128: return add<KerbPaPacRequest>("KERB-PA-PAC-REQUEST", v, w, is_request);
      case 129: return add<PaForUser>("PA-FOR-USER", v, w, is_request);
      case 130: return add<PaS4uX509User>("PA-S4U-X509-USER", v, w, is_request);
      case 136:
        return is_request ? add<PaFxFastRequest>("PA-FX-FAST-REQUEST", v, w, true)
                          : add<PaFxFastReply>("PA-FX-FAST-REPLY", v, w, false);
      case 137: return add<KrbError>("KRB-ERROR", v, w, false);
      case 147: return add<EncryptedData>("EncryptedData", v, w, is_request);
      case 149: return add<Checksum>("Checksum", v, w, is_request);
      case 151: return add<PaSpake>("PA-SPAKE", v, w, is_request);
      case 167: return add<PaPacOptions>("PA-PAC-OPTIONS", v, w, is_request);
      default: ++opaque["padata " + std::to_string(static_cast<std::int32_t>(p.padata_type))];
    }
  }
  void authorization_data(const kerb::msg::AuthorizationDataElement& a, const std::string& where) {
    using namespace kerb::msg;
    const std::string w = where + ", ad " + std::to_string(static_cast<std::int32_t>(a.ad_type));
    switch (a.ad_type) {
      case kerb::ad_t::if_relevant: return add<AuthorizationData>("AuthorizationData", a.ad_data, w, true);
      case kerb::ad_t::kdc_issued: return add<AdKdcIssued>("AD-KDCIssued", a.ad_data, w, true);
      case kerb::ad_t::cammac: return add<AdCammac>("AD-CAMMAC", a.ad_data, w, true);
      case kerb::ad_t::authentication_indicator:
        return add<AdAuthenticationIndicator>("AD-AUTHENTICATION-INDICATOR", a.ad_data, w, true);
      case kerb::ad_t::etype_negotiation: return add<EtypeList>("EtypeList", a.ad_data, w, true);
      default: ++opaque["authorization data " + std::to_string(static_cast<std::int32_t>(a.ad_type))];
    }
  }

  std::set<std::pair<std::string, octets_t>> seen_;
};

}  // namespace kerb_test
