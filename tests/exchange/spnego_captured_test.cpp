// SPNEGO of MIT krb5, curl and Apache (tests/vectors/spnego.vec), taken up by the acceptor and the initiator.
#include <kerb/gss/spnego.hpp>

#include "support/must.hpp"
#include "unit/crypto/backends.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::must;
using kerb_test::octet_vector;

namespace {

struct policy : kerb_test::every<botan::primitives> {
  bool fill(std::span<std::uint8_t> out) noexcept {
    for (std::size_t i = 0; i != out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
    return true;
  }
};
using key = policy::key;

/// What is in and under the first token.
struct opened {
  octet_vector ticket_plain, auth_plain;
  msg::NegTokenInit init;
  msg::ApReq req;
  msg::EncTicketPart ticket;
  msg::Authenticator auth;
};
std::span<std::uint8_t> unseal(policy& p, const msg::EncryptedData& d, const key& k, key_usage_t u, octet_vector& out) {
  out.resize(d.cipher.size());
  return must(p.unseal(k, u, d.cipher, out));
}
opened look(policy& p, const kerb_test::spnego_vector& v) {
  opened o;
  const auto framed = must(read_gss_token(v.first));
  o.init = std::get<msg::NegTokenInit>(must(asn1::decode<msg::NegotiationToken>(framed.inner)).value);
  o.req = must(asn1::decode<msg::ApReq>(must(read_krb5_token(*o.init.mech_token)).message));
  const key service = must(p.import(kerb_test::etype_of(v.etype), v.key));
  o.ticket = must(asn1::decode<msg::EncTicketPart>(
      bytes_view(unseal(p, o.req.ticket->enc_part, service, key_usage_t::ticket, o.ticket_plain))));
  const key session = must(p.import(o.ticket.key.keytype, o.ticket.key.keyvalue));
  o.auth = must(asn1::decode<msg::Authenticator>(
      bytes_view(unseal(p, o.req.authenticator, session, key_usage_t::ap_req_authenticator, o.auth_plain))));
  return o;
}

TEST_CASE("negotiate_acceptor: accepts what MIT's initiator and curl send, and answers like MIT's acceptor",
          "[gss][captures]") {
  for (const auto& v : kerb_test::spnego_vectors) {
    INFO(v.name);
    policy p;
    const opened o = look(p, v);
    const environment<policy> env{p, {o.auth.ctime, o.auth.cusec}, {}};
    octet_vector buffer(gss::negotiate_acceptor<policy>::typical_buffer_size);
    gss::negotiate_acceptor_params params;
    params.krb5.ap.buffer = buffer;
    gss::negotiate_acceptor<policy> a(params);
    const key service = must(p.import(kerb_test::etype_of(v.etype), v.key));
    auto s = a.receive(v.first, env);
    REQUIRE(is<need_ticket_key>(s));
    s = a.provide(service, o.req.ticket->realm, env);
    REQUIRE(is<check_replay>(s));
    s = a.replay_checked(true, env);
    REQUIRE(is<authenticated>(s));
    s = a.accept({}, env);
    REQUIRE(is<reply>(s));
    const auto ours = must(asn1::decode<msg::NegotiationToken>(std::get<reply>(s).octets));
    const auto theirs = must(asn1::decode<msg::NegotiationToken>(v.second));
    const auto &x = std::get<msg::NegTokenResp>(ours.value), &y = std::get<msg::NegTokenResp>(theirs.value);
    CHECK(x.neg_state == y.neg_state);
    CHECK(x.supported_mech == y.supported_mech);
    CHECK(x.mech_list_mic.has_value() == y.mech_list_mic.has_value());
    const auto product = must(std::move(a).take());
    CHECK(product.mech == msg::mech_krb5);
    CHECK(product.kerberos->initiator().name.name_string.begin().operator*().text() == "alice");
  }
}
TEST_CASE("negotiate_initiator: accepts what MIT's acceptor and Apache answer, and opens MIT's messages",
          "[gss][captures]") {
  for (const auto& v : kerb_test::spnego_vectors) {
    INFO(v.name);
    policy p;
    const opened o = look(p, v);
    const environment<policy> env{p, {o.auth.ctime, o.auth.cusec}, {}};
    const ticket_facts facts{.client = {o.auth.cname, o.auth.crealm},
                             .server = {o.req.ticket->sname, o.req.ticket->realm},
                             .ticket = o.req.ticket.octets(),
                             .flags = o.ticket.flags,
                             .authtime = o.ticket.authtime,
                             .starttime = o.ticket.starttime.value_or(o.ticket.authtime),
                             .endtime = o.ticket.endtime,
                             .renew_till = {},
                             .key_expiration = {},
                             .addresses = {},
                             .client_renamed = false};
    const basic_credential<key> credential(facts, must(p.import(o.ticket.key.keytype, o.ticket.key.keyvalue)));
    octet_vector buffer(gss::negotiate_initiator<policy>::typical_buffer_size);
    gss::negotiate_initiator<policy> i({.krb5 = {.credential = credential, .buffer = buffer}});
    auto s = i.start(env);
    REQUIRE(is<send>(s));
    s = i.receive(v.second, env);
    REQUIRE(is<done>(s));
    auto product = must(std::move(i).take());
    if (v.name != std::string_view("mit")) continue;
    int n = 0;
    for (const auto& m : kerb_test::spnego_message_vectors) {
      INFO(m.contents);
      ++n;
      octet_vector out(128);
      if (std::string_view(m.contents) == "mic") {
        CHECK(product.kerberos->verify_mic(m.plain, m.token, p));
        continue;
      }
      const auto got = product.kerberos->unwrap(m.token, out, p);
      REQUIRE(got);
      CHECK(bytes_view(got->message) == m.plain);
    }
    CHECK(n == 6);
  }
}

}  // namespace
