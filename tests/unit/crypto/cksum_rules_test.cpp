// Which checksums may stand where: every place, every checksum type and every encryption type.
#include "kerb/crypto/cksum_rules.hpp"

#include "support/both.hpp"

namespace {
using kerb::cksum_place;
using kerb::cksum_t;
using kerb::etype_t;

constexpr cksum_place places[]{cksum_place::tgs_req_body,
                               cksum_place::ap_req_application,
                               cksum_place::krb_safe,
                               cksum_place::kdc_issued,
                               cksum_place::fast_req,
                               cksum_place::fast_finished_ticket,
                               cksum_place::req_enc_pa_rep,
                               cksum_place::cammac,
                               cksum_place::pac,
                               cksum_place::pa_for_user,
                               cksum_place::pa_s4u_x509_user,
                               cksum_place::pkinit_pa_checksum,
                               cksum_place::pkinit_as_checksum,
                               cksum_place::iakerb_finished,
                               cksum_place::negoex_verify,
                               cksum_place::sam_challenge};
static_assert(std::size(places) == static_cast<std::size_t>(cksum_place::sam_challenge) + 1);

/// Every checksum type that has a name, the numbers beside them, and others.
constexpr std::int32_t types[]{-200, -139, -138, -137, -132, -131, -130, -129,  -1,    0,    1,  2,
                               3,    4,    5,    6,    7,    8,    9,    10,    11,    12,   13, 14,
                               15,   16,   17,   18,   19,   20,   21,   32770, 32771, 32772};
/// Every encryption type that has a name, Windows' private ones, and others.
constexpr std::int32_t etypes[]{-141, -140, -136, -133, -128, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8, 9,
                                14,   15,   16,   17,   18,   19, 20, 21, 22, 23, 24, 25, 26, 27, 65};

/// The mandatory checksum types, RFC 3961 section 8 and later: encryption type, checksum type.
constexpr std::int32_t mandatory[][2]{{16, 12},   {17, 15},   {18, 16}, {19, 19}, {20, 20},
                                      {23, -138}, {24, -138}, {25, 17}, {26, 18}};
constexpr bool is_own(std::int32_t t, std::int32_t e) {
  for (const auto& [etype, cksum] : mandatory)
    if (etype == e) return cksum == t;
  return false;
}
constexpr bool has_own(std::int32_t e) {
  for (const auto& row : mandatory)
    if (row[0] == e) return true;
  return false;
}
/// What may stand there besides the key's own type.
struct exception {
  cksum_place place;
  std::int32_t type;
  std::int32_t etype;  // any: 0
};
constexpr exception exceptions[]{{cksum_place::ap_req_application, 32771, 0},
                                 {cksum_place::pa_for_user, -138, 0},
                                 {cksum_place::pa_s4u_x509_user, 2, 23}};

constexpr bool expected(cksum_place p, std::int32_t t, std::int32_t e) {
  if (p == cksum_place::pkinit_pa_checksum) return t == 14;  // has no key
  if (t == 32771) return p == cksum_place::ap_req_application;
  if (!has_own(e)) return false;
  for (const exception& x : exceptions)
    if (x.place == p && x.type == t && (x.etype == 0 || x.etype == e)) return true;
  return is_own(t, e);
}

template <class F>
constexpr bool everywhere(F&& f) {
  for (const cksum_place p : places)
    for (const std::int32_t e : etypes)
      for (const std::int32_t t : types)
        if (!f(p, t, e)) return false;
  return true;
}

constexpr bool matrix() {
  return everywhere([](cksum_place p, std::int32_t t, std::int32_t e) {
    return kerb::cksum_allowed(p, cksum_t{t}, etype_t{e}) == expected(p, t, e);
  });
}
KERB_BOTH("cksum_rules: place by place, checksum type by checksum type, encryption type by encryption type",
          "[crypto][rfc4120-3.3.2][rfc4120-3.4.1][rfc4120-5.2.6.2][rfc4120-5.2.7.1][rfc4121-4.1.1][rfc6113-5.4.2]",
          matrix);

constexpr bool unkeyed_stand_nowhere() {
  constexpr cksum_t unkeyed[]{cksum_t::none,        cksum_t::crc32,           cksum_t::rsa_md4,
                              cksum_t::rsa_md5,     cksum_t::sha1_unkeyed_10, cksum_t::sha1_unkeyed_14,
                              cksum_t::rsa_md4_des, cksum_t::rsa_md5_des,     cksum_t::sha1_unkeyed_ms,
                              cksum_t::des_mac,     cksum_t::des_mac_k,       cksum_t::rsa_md4_des_k};
  for (const cksum_place p : places)
    for (const std::int32_t e : etypes)
      for (const cksum_t t : unkeyed) {
        const bool md4 = p == cksum_place::pa_s4u_x509_user && t == cksum_t::rsa_md4 && e == 23;
        const bool sha1 = p == cksum_place::pkinit_pa_checksum && t == cksum_t::sha1_unkeyed_14;
        if (kerb::cksum_allowed(p, t, etype_t{e}) != (md4 || sha1)) return false;
      }
  return true;
}
KERB_BOTH("cksum_rules: what anybody can make stands only where something else protects it",
          "[crypto][rfc4120-3.3.2][rfc4120-5.2.7.1]", unkeyed_stand_nowhere);

constexpr bool other_keys_types_stand_nowhere() {
  return everywhere([](cksum_place p, std::int32_t t, std::int32_t e) {
    if (!kerb::cksum_allowed(p, cksum_t{t}, etype_t{e}) || is_own(t, e)) return true;
    return p == cksum_place::pkinit_pa_checksum || p == cksum_place::pa_for_user || t == 2 || t == 32771;
  });
}
KERB_BOTH("cksum_rules: the type of another key stands nowhere but in PA-FOR-USER", "[crypto][rfc4120-3.4.1]",
          other_keys_types_stand_nowhere);

KERB_BOTH("cksum_rules: the GSS-API's type stands only in an application's AP-REQ", "[crypto][rfc4121-4.1.1]", [] {
  for (const cksum_place p : places)
    for (const std::int32_t e : etypes)
      if (kerb::cksum_allowed(p, cksum_t::gssapi, etype_t{e}) != (p == cksum_place::ap_req_application)) return false;
  return true;
});

constexpr bool placed() {
  return everywhere([](cksum_place p, std::int32_t t, std::int32_t e) {
    const auto made = kerb::place_cksum(p, cksum_t{t}, etype_t{e});
    if (made.has_value() != (t != 32771 && expected(p, t, e))) return false;
    if (!made) return made.error().code == kerb::errc::inappropriate_checksum;
    return made->type() == cksum_t{t} && made->etype() == etype_t{e};
  });
}
KERB_BOTH("placed_cksum: there is one for what is allowed, and for nothing else", "[crypto]", placed);

static_assert(!std::is_default_constructible_v<kerb::placed_cksum>);
static_assert(!std::is_constructible_v<kerb::placed_cksum, cksum_t, etype_t>);
static_assert(!std::is_aggregate_v<kerb::placed_cksum>);

}  // namespace
