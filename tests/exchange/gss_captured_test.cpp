// Contexts of MIT krb5 (tests/vectors/gss.vec), taken up by the acceptor and the initiator: their tokens, messages and
// pseudo-random functions.
#include <kerb/gss.hpp>

#include "support/must.hpp"
#include "unit/crypto/backends.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::must;

namespace {

/// Everything that MIT used, with a random source that repeats what MIT's acceptor drew.
struct policy : kerb_test::every<botan::primitives> {
  kerb_test::octet_vector script;
  bool fill(std::span<std::uint8_t> out) noexcept {
    for (std::size_t i = 0; i != out.size(); ++i) out[i] = i < script.size() ? script[i] : 0;
    script.erase(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(std::min(out.size(), script.size())));
    return true;
  }
  view_of<etype_t> offered() const noexcept {
    static constexpr etype_t mit[] = {etype_t::aes256_cts_hmac_sha1_96, etype_t::aes128_cts_hmac_sha1_96};
    return mit;  // MIT's order, with the types of RFC 3962 first
  }
};
using kerb_test::octet_vector;
using key = policy::key;
using context = gss::context<policy>;

/// What is under the seals of a context's tokens.
struct opened {
  octet_vector ticket_plain, auth_plain, rep_plain;
  msg::ApReq req;
  msg::EncTicketPart ticket;
  msg::Authenticator auth;
  std::optional<msg::EncApRepPart> rep;
};
std::span<std::uint8_t> unseal(policy& p, const msg::EncryptedData& d, const key& k, key_usage_t u, octet_vector& out) {
  out.resize(d.cipher.size());
  return must(p.unseal(k, u, d.cipher, out));
}
bytes_view message_of(bytes_view token) { return token[0] == 0x60 ? must(read_krb5_token(token)).message : token; }
opened look(policy& p, const kerb_test::gss_context_vector& v) {
  opened o;
  o.req = must(asn1::decode<msg::ApReq>(message_of(v.first)));
  const key service = must(p.import(kerb_test::etype_of(v.etype), v.key));
  o.ticket = must(asn1::decode<msg::EncTicketPart>(
      bytes_view(unseal(p, o.req.ticket->enc_part, service, key_usage_t::ticket, o.ticket_plain))));
  const key session = must(p.import(o.ticket.key.keytype, o.ticket.key.keyvalue));
  o.auth = must(asn1::decode<msg::Authenticator>(
      bytes_view(unseal(p, o.req.authenticator, session, key_usage_t::ap_req_authenticator, o.auth_plain))));
  if (!v.second.empty()) {
    const auto rep = must(asn1::decode<msg::ApRep>(message_of(v.second)));
    o.rep = must(asn1::decode<msg::EncApRepPart>(
        bytes_view(unseal(p, rep.enc_part, session, key_usage_t::ap_rep_enc_part, o.rep_plain))));
  }
  return o;
}
std::uint32_t number(bytes_view v) {
  std::uint32_t n = 0;
  for (const std::uint8_t b : v) n = n << 8 | b;
  return n;
}
constexpr std::string_view channel_text = "tls-server-end-point:0123456789a";

/// Opens all messages of one side with the other side's context.
void take_messages(context& c, policy& p, const kerb_test::gss_context_vector& v, std::string_view direction) {
  int n = 0;
  const auto repeated = c.flags().has(gss_flag_t::replay) ? gss::order::duplicate : gss::order::in_order;
  for (const auto& m : kerb_test::gss_message_vectors) {
    const std::string_view what = m.contents;
    if (m.name != v.name || !what.ends_with(direction)) continue;
    INFO(m.name << ", message " << ++n << ", " << what);
    octet_vector out(3200), token(m.token.begin(), m.token.end());
    if (what.starts_with("mic")) {
      const auto seen = c.verify_mic(m.plain, m.token, p);
      REQUIRE(seen);
      CHECK(*seen == gss::order::in_order);
      CHECK(must(c.verify_mic(m.plain, m.token, p)) == repeated);
      continue;
    }
    const auto got = c.unwrap(m.token, out, p);
    REQUIRE(got);
    CHECK(bytes_view(got->message) == m.plain);
    CHECK(got->seen == gss::order::in_order);
    CHECK((got->by == gss::protection::confidentiality) == what.starts_with("wrapconf"));
    const auto again = c.unwrap_in_place(token, p);
    REQUIRE(again);
    CHECK(bytes_view(again->message) == m.plain);
    CHECK(again->seen == repeated);
  }
  CHECK(n >= 9);
}
void check_prf(const context& c, policy& p, const kerb_test::gss_context_vector& v) {
  constexpr std::string_view in = "prf-in";
  octet_vector out(64);
  CHECK(c.prf(gss::prf_key::full, octets_of(in), out, p) == errc::ok);
  CHECK(bytes_view(out) == v.prf_full);
  CHECK(c.prf(gss::prf_key::partial, octets_of(in), out, p) == errc::ok);
  CHECK(bytes_view(out) == v.prf_partial);
}

TEST_CASE("gss::acceptor: accepts what MIT's initiator sends, and opens its messages", "[gss][captures]") {
  for (const auto& v : kerb_test::gss_context_vectors) {
    INFO(v.name);
    policy p;
    const opened o = look(p, v);
    const environment<policy> env{p, {o.auth.ctime, o.auth.cusec}, {}};
    if (o.rep) {  // the subkey's seed and the number, as MIT's acceptor drew them
      if (o.rep->subkey) p.script.assign(o.rep->subkey->keyvalue.begin(), o.rep->subkey->keyvalue.end());
      for (int shift = 24; shift >= 0; shift -= 8)
        p.script.push_back(static_cast<std::uint8_t>(must(o.rep->seq_number) >> shift));
    }
    octet_vector buffer(8192), cred(4096);
    gss::acceptor_params params;
    params.ap.buffer = buffer;
    params.ap.service = principal_view{o.req.ticket->sname, o.req.ticket->realm};
    const bool has_channel = v.name == "channel";
    if (has_channel) params.ap.bindings = channel_bindings{.application_data = octets_of(channel_text)};
    gss::acceptor<policy> a(params);
    auto s = a.receive(v.first, env);
    REQUIRE(is<need_ticket_key>(s));
    const key service = must(p.import(kerb_test::etype_of(v.etype), v.key));
    s = a.provide(service, env);
    REQUIRE(is<check_replay>(s));
    s = a.replay_checked(true, env);
    REQUIRE(is<authenticated>(s));
    s = a.accept({}, env);
    if (v.name == "dce") {
      REQUIRE(is<gss::continue_with>(s));
      s = a.receive(v.third, env);  // with the number that MIT's acceptor drew, which is ours too
      REQUIRE(is<done>(s));
    } else {
      REQUIRE(is<reply>(s) == o.rep.has_value());
    }
    auto c = must(std::move(a).take());
    CHECK(c.flags().bits == (number(v.flags) & 0x703f));
    CHECK(c.bound() == has_channel);
    CHECK(c.bound() == ((number(v.flags) & 0x800) != 0));
    CHECK(c.initiator().name.name_string.size() == 1);
    CHECK(c.initiator().realm == "KERB.TEST"_krb);
    check_prf(c, p, v);
    if (v.name == "deleg") {
      auto got = must(c.delegated(cred, env));
      REQUIRE(got.size() == 1);
      CHECK(must(got.facts(0)).server.realm == "KERB.TEST"_krb);
      CHECK(must(got.facts(0)).flags.has(ticket_flag_t::forwarded));
      CHECK(got.take(0, p).has_value());
    } else {
      CHECK_FALSE(c.has_delegated());
    }
    take_messages(c, p, v, "i2a");
  }
}
TEST_CASE("gss::initiator: takes what MIT's acceptor answers, and opens its messages", "[gss][captures]") {
  for (const auto& v : kerb_test::gss_context_vectors) {
    INFO(v.name);
    policy p;
    const opened o = look(p, v);
    const environment<policy> env{p, {o.auth.ctime, o.auth.cusec}, {}};
    const auto session = [&] { return must(p.import(o.ticket.key.keytype, o.ticket.key.keyvalue)); };
    ticket_facts facts;
    facts.client = {o.ticket.cname, o.ticket.crealm};
    facts.server = {o.req.ticket->sname, o.req.ticket->realm};
    facts.ticket = o.req.ticket.octets();
    facts.endtime = o.ticket.endtime;
    const basic_credential<key> credential(facts, session());
    octet_vector buffer(8192);
    // The first number and the subkey are drawn in start(); here they are MIT's, so that what depends on them is too
    const auto& subkey = must(o.auth.subkey);
    p.script.assign(subkey.keyvalue.begin(), subkey.keyvalue.end());
    for (int shift = 24; shift >= 0; shift -= 8)
      p.script.push_back(static_cast<std::uint8_t>(must(o.auth.seq_number) >> shift));
    gss::initiator<policy> i({.credential = credential,
                              .buffer = buffer,
                              .flags = gss_flags::of(number(v.flags) & 0x703e),
                              .mech = msg::mech_krb5});
    auto s = i.start(env);
    REQUIRE(is<send>(s));
    if (o.rep) {
      s = i.receive(v.second, env);
      REQUIRE(is<send>(s) == (v.name == "dce"));
      REQUIRE((is<send>(s) || is<done>(s)));
    }
    auto c = must(std::move(i).take());
    check_prf(c, p, v);
    take_messages(c, p, v, "a2i");
    if (!v.acceptor_subkey.empty()) CHECK(c.session_key(p).unguarded() == v.acceptor_subkey);
    else CHECK(c.session_key(p).unguarded() == v.initiator_subkey);
  }
}

}  // namespace
