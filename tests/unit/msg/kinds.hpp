// Every type of include/kerb/msg that is decoded whole, under the name of its ASN.1 module.
#pragma once
#include <kerb/msg/ap.hpp>
#include <kerb/msg/error.hpp>
#include <kerb/msg/kdc.hpp>
#include <kerb/msg/preauth.hpp>
#include <string_view>
#include <tuple>

namespace kerb_test {

template <class T>
struct kind {
  using type = T;
  const char* name;
};

/// For tests that hold of every type; a new type is added here, and at the end: fuzz corpora count from the front.
inline constexpr auto kinds = [] {
  using namespace kerb::msg;
  return std::tuple{
      kind<AsReq>{"AS-REQ"},
      kind<TgsReq>{"TGS-REQ"},
      kind<AsRep>{"AS-REP"},
      kind<TgsRep>{"TGS-REP"},
      kind<ApReq>{"AP-REQ"},
      kind<ApRep>{"AP-REP"},
      kind<KrbError>{"KRB-ERROR"},
      kind<Ticket>{"Ticket"},
      kind<EncTicketPart>{"EncTicketPart"},
      kind<EncAsRepPart>{"EncASRepPart"},
      kind<EncTgsRepPart>{"EncTGSRepPart"},
      kind<Authenticator>{"Authenticator"},
      kind<EncApRepPart>{"EncAPRepPart"},
      kind<KdcReqBody>{"KDC-REQ-BODY"},
      kind<PaEncTsEnc>{"PA-ENC-TS-ENC"},
      kind<MethodData>{"METHOD-DATA"},
      kind<EtypeInfo>{"ETYPE-INFO"},
      kind<EtypeInfo2>{"ETYPE-INFO2"},
      kind<AuthorizationData>{"AuthorizationData"},
      kind<EncryptedData>{"EncryptedData"},
      kind<EncryptionKey>{"EncryptionKey"},
      kind<Checksum>{"Checksum"},
      kind<PrincipalName>{"PrincipalName"},
      kind<HostAddresses>{"HostAddresses"},
      kind<LastReq>{"LastReq"},
      kind<TransitedEncoding>{"TransitedEncoding"},
  };
}();
inline constexpr std::size_t kind_count = std::tuple_size_v<decltype(kinds)>;

/// f(kind<T>) for each of them.
template <class F>
constexpr void for_each_kind(F&& f) {
  std::apply([&](const auto&... k) { (f(k), ...); }, kinds);
}
/// f(kind<T>) for the type of that name; whether there is one.
template <class F>
constexpr bool with_kind(std::string_view name, F&& f) {
  return std::apply([&](const auto&... k) { return ((name == k.name && (f(k), true)) || ...); }, kinds);
}

/// Messages by decode, bare lists by decode_as.
template <class T>
constexpr kerb::result<T> decode_kind(kind<T> k, kerb::bytes_view in, kerb::der::rules allowed) {
  if constexpr (kerb::asn1::message<T>) {
    return kerb::asn1::decode<T>(in, allowed);
  } else {
    return kerb::asn1::decode_as<T>(k.name, in, allowed);
  }
}

}  // namespace kerb_test
