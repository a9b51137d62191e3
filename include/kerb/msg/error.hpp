// KRB-ERROR, RFC 4120 section 5.9.
#pragma once
#include "../numbers/error_code.hpp"
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// KRB-ERROR, RFC 4120 section 5.9.1. Nothing in it is authenticated.
struct KrbError {
  std::optional<kerberos_time>   ctime;
  std::optional<microseconds>    cusec;
  kerberos_time                  stime;
  microseconds                   susec;
  error_code_t                   error_code{};
  std::optional<kerberos_realm>  crealm;
  std::optional<PrincipalName>   cname;
  kerberos_realm                 realm;  ///< the service's
  PrincipalName                  sname;
  std::optional<kerberos_string> e_text;
  std::optional<bytes_view>      e_data;

  static consteval auto asn1() {
    using T = KrbError;
    using namespace kerb::asn1;
    return application<30>(sequence("KRB-ERROR",
      tag<0> ("pvno",       5),
      tag<1> ("msg-type",   30),
      tag<2> ("ctime",      &T::ctime),
      tag<3> ("cusec",      &T::cusec),
      tag<4> ("stime",      &T::stime),
      tag<5> ("susec",      &T::susec),
      tag<6> ("error-code", &T::error_code),
      tag<7> ("crealm",     &T::crealm),
      tag<8> ("cname",      &T::cname),
      tag<9> ("realm",      &T::realm),
      tag<10>("sname",      &T::sname),
      tag<11>("e-text",     &T::e_text),
      tag<12>("e-data",     &T::e_data)));
  }
};

/// One element of TYPED-DATA, RFC 4120 section 5.9.1.
struct TypedDataElement {
  padata_t                  data_type{};
  std::optional<bytes_view> data_value;

  static consteval auto asn1() {
    using T = TypedDataElement;
    using namespace kerb::asn1;
    return sequence("TYPED-DATA",
      tag<0>("data-type",  &T::data_type),
      tag<1>("data-value", &T::data_value));
  }
};
/// TYPED-DATA, RFC 4120 section 5.9.1: the e-data of some errors, among them PKINIT's.
using TypedData = sequence_of<TypedDataElement, asn1::not_empty>;

}  // namespace kerb::inline v0::msg
