// Which checksums may stand where.
#include "kerb/crypto/cksum_rules.hpp"

#include "support/both.hpp"

namespace {
using kerb::cksum_place;
using kerb::cksum_t;
using kerb::etype_t;

constexpr cksum_place places[]{cksum_place::tgs_req_body, cksum_place::ap_req_application,
                               cksum_place::krb_safe,     cksum_place::kdc_issued,
                               cksum_place::fast_req,     cksum_place::fast_finished_ticket};

KERB_BOTH("cksum_rules: the key's own keyed type may stand anywhere", "[crypto][rfc4120-3.4.1][rfc4120-5.2.6.2]", [] {
  for (const cksum_place p : places)
    for (std::int32_t e = -200; e != 100; ++e)
      if (const auto own = kerb::keyed_cksum_of(etype_t{e}); own && !kerb::cksum_allowed(p, *own, etype_t{e}))
        return false;
  return true;
});

KERB_BOTH("cksum_rules: an unkeyed type may stand nowhere", "[crypto][rfc4120-3.3.2][rfc4120-5.2.7.1]", [] {
  for (const cksum_place p : places)
    for (std::int32_t e = -200; e != 100; ++e)
      for (const cksum_t t : {cksum_t::none, cksum_t::crc32, cksum_t::rsa_md4, cksum_t::rsa_md5,
                              cksum_t::sha1_unkeyed_10, cksum_t::sha1_unkeyed_14, cksum_t::des_mac})
        if (kerb::cksum_allowed(p, t, etype_t{e})) return false;
  return true;
});

KERB_BOTH("cksum_rules: the type of another key may stand nowhere", "[crypto][rfc4120-3.4.1]", [] {
  for (const cksum_place p : places)
    for (std::int32_t e = -200; e != 100; ++e)
      for (std::int32_t t = -200; t != 100; ++t)
        if (kerb::cksum_allowed(p, cksum_t{t}, etype_t{e}) && kerb::keyed_cksum_of(etype_t{e}) != cksum_t{t})
          return false;
  return true;
});

KERB_BOTH("cksum_rules: the GSS-API's type stands only in an application's AP-REQ", "[crypto][rfc4121-4.1.1]", [] {
  for (const cksum_place p : places)
    for (std::int32_t e = -200; e != 100; ++e)
      if (kerb::cksum_allowed(p, cksum_t::gssapi, etype_t{e}) != (p == cksum_place::ap_req_application)) return false;
  return true;
});

}  // namespace
