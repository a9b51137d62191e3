// Minted messages: they decode, they open, and they are just as long as they must be.
#include <kerb/testing/mint.hpp>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr bool a_ticket() {
  ap_world w;
  const auto t = asn1::decode<msg::Ticket>(w.mint_ticket());
  if (!t || !same_principal({t->sname, t->realm}, web) || t->enc_part.kvno != 3u) return false;
  std::array<std::uint8_t, 512> octets{};
  detail::workspace r{std::span(octets)};
  const key k = w.service_key();
  const auto plain = open_sealed(w.policy, t->enc_part, k, key_usage_t::ticket, r);
  if (!plain) return false;
  const auto part = asn1::decode<msg::EncTicketPart>(bytes_view(*plain));
  return part && same_principal({part->cname, part->crealm}, alice) && part->key.keytype == w.session_etype;
}
KERB_BOTH("mint_ticket: a ticket that its service's key opens", "[testing][rfc4120-5.3]", a_ticket);

constexpr bool an_ap_req() {
  ap_world w;
  const auto r = asn1::decode<msg::ApReq>(w.mint());
  return r && r->ap_options.has(ap_option_t::mutual_required) && w.present(w.mint()).accepted;
}
KERB_BOTH("mint_ap_req: an AP-REQ that is accepted", "[testing][rfc4120-5.5.1]", an_ap_req);

constexpr bool an_as_rep() {
  ap_world w;
  std::array<std::uint8_t, 1024> out{}, opened{};
  const key k = w.session_key();
  const msg::EncApRepPart any{w.now.at, w.now.usec, {}, 5};
  const auto m =
      testing::mint_kdc_rep<msg_t::as_rep>(alice, w.mint_ticket(), any, k, key_usage_t::as_rep_enc_part, w.turn(), out);
  if (!m) return false;
  const auto rep = asn1::decode<msg::AsRep>(*m);
  if (!rep || !same_principal({rep->cname, rep->crealm}, alice) || rep->padata) return false;
  detail::workspace r{std::span(opened)};
  return open_sealed(w.policy, rep->enc_part, k, key_usage_t::as_rep_enc_part, r).has_value();
}
KERB_BOTH("mint_kdc_rep: a reply around a ticket", "[testing][rfc4120-5.4.2]", an_as_rep);

TEST_CASE("mint: too small a buffer, a failing random source and an unknown key are told", "[testing]") {
  ap_world w;
  const key k = w.session_key(), none;
  const msg::EncApRepPart part{w.now.at, w.now.usec, {}, 5};
  std::array<std::uint8_t, 1024> out{};
  const auto good = testing::mint_ap_rep(part, k, w.turn(), out);
  REQUIRE(good);
  const auto less = testing::mint_ap_rep(part, k, w.turn(), std::span(out).first(good->size() - 1));
  REQUIRE(!less);
  CHECK(less.error().code == errc::no_space);
  CHECK(less.error().detail == good->size());
  CHECK(testing::mint_ap_rep(part, none, w.turn(), out).error().code == errc::unsupported_etype);
  w.policy.entropy = {};
  w.policy.entropy.fail_at = 1;
  CHECK(testing::mint_ap_rep(part, k, w.turn(), out).error().code == errc::entropy);
  const auto plain = testing::mint(part, out);
  REQUIRE(plain);
  CHECK(plain->size() == asn1::encoded_size(part));
}

}  // namespace
