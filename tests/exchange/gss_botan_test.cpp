// Contexts of GSS-API on cryptography: every encryption type, everything that can be wrong with a message, and no
// allocation once a context has been used.
#include <kerb/botan.hpp>
#include <memory>

#include "support/alloc_count.hpp"
#include "support/gss_messages.hpp"
#include "support/negotiate_world.hpp"
#include "support/sasl_world.hpp"
#include "unit/crypto/backends.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

// kerb::botan::gss has the names that callers of kerb::gss write, and its exchanges are those with the policy
static_assert(std::is_same_v<botan::gss::context, gss::context<botan::policy>>);
static_assert(std::is_same_v<botan::gss::protection, gss::protection> && std::is_same_v<botan::gss::order, gss::order>);
static_assert(std::is_same_v<botan::gss::initiator_params<botan::key>, gss::initiator_params<botan::key>>);
static_assert(botan::gss::max_mechanisms == gss::max_mechanisms);

using policy = every<botan::primitives>;
using talking = talk<policy>;
constexpr std::int32_t etypes[] = {17, 18, 19, 20, 25, 26};

/// A context whose messages have this encryption type.
std::unique_ptr<talking> context_of(std::int32_t e, gss_flags f = usual_flags) {
  return std::make_unique<talking>(f, [e](auto& w) {
    w.session_etype = static_cast<etype_t>(e);
    w.answer.negotiate_etype = false;
  });
}

TEST_CASE("gss: messages of any size, in place and in another buffer, with each encryption type, on Botan",
          "[gss][rfc4121-4.2.4]") {
  for (const std::int32_t e : etypes) {
    for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
      const auto t = context_of(e, f);
      INFO("etype " << e << ", flags " << f.bits);
      REQUIRE(t->p.ours.etype(t->policy()) == static_cast<etype_t>(e));
      for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 15, 16, 17, 1000, 65536}) {
        const octet_list m = text(n);
        for (const kind_of_message k : kinds_of_token) {
          for (const bool back : {false, true}) {
            const octet_list token = t->make(k, back, bytes_view(m));
            if (k == kind_of_message::sealed && n >= 15)
              CHECK(!holds(bytes_view(token).first(40), bytes_view(m).first(8)));
            const auto o = t->open(k, back, token, bytes_view(m), n % 2 == 0);
            CHECK(o.ok());
            CHECK(o.message == m);
            CHECK(o.seen == gss::order::in_order);
          }
        }
      }
    }
  }
}
TEST_CASE("gss: no changed bit, truncation or addition of a token is accepted, with each encryption type, on Botan",
          "[gss][rfc4121-4.2.4]") {
  for (const std::int32_t e : etypes) {
    const auto t = context_of(e);
    for (const kind_of_message k : kinds_of_token) {
      INFO("etype " << e << ", kind " << static_cast<int>(k));
      CHECK(no_change_is_accepted(*t, k, e % 2 == 0));
    }
  }
}
TEST_CASE("gss: every rotation count is accepted, with each encryption type, on Botan", "[gss][rfc4121-4.2.5]") {
  for (const std::int32_t e : etypes) {
    const auto t = context_of(e);
    for (const kind_of_message k : {kind_of_message::sealed, kind_of_message::signed_only}) {
      INFO("etype " << e << ", kind " << static_cast<int>(k));
      CHECK(every_rotation_opens(*t, k, e % 2 == 1, 17));
    }
  }
}
TEST_CASE("gss: every extra count is accepted, with each encryption type, on Botan", "[gss][rfc4121-4.2.3]") {
  for (const std::int32_t e : etypes) {
    for (const gss_flags f : {usual_flags, dce_flags}) {
      const auto t = context_of(e, f);
      const octet_list m = text(40);
      gss::message_header h{gss_token_t::wrap, 2 + 4, 0, 28,
                            header_of(t->make(kind_of_message::sealed, false, {})).seq};
      for (std::uint16_t ec = 0; ec != 33; ++ec) {
        h.ec = ec;
        ++h.seq;
        auto inner = h;
        inner.rrc = 0;
        const std::size_t rotated = std::size_t{28} + (f.has(gss_flag_t::dce_style) ? ec : 0);
        const auto token = t->forge(key_usage_t::gss_initiator_seal, h, inner, bytes_view(m), ec, rotated);
        const auto o = t->open(kind_of_message::sealed, false, token, {}, ec % 2 == 0);
        INFO("etype " << e << ", EC " << ec);
        CHECK(o.ok());
        CHECK(o.message == m);
      }
    }
  }
}
TEST_CASE("gss: a context that was used once makes and opens messages without an allocation, on Botan", "[gss]") {
  for (const std::int32_t e : etypes) {
    const auto t = context_of(e);
    std::array<std::uint8_t, 400> token{}, out{};
    const octet_list m = text(100);
    const bytes_view message(m);
    const auto round = [&] {
      bool good = true;
      for (const bool back : {false, true}) {
        for (const auto by : {gss::protection::confidentiality, gss::protection::integrity}) {
          const auto made = t->from(back).wrap(message, by, token, t->policy());
          good = good && made && t->to(back).unwrap(*made, out, t->policy());
        }
        const auto mic = t->from(back).get_mic(message, token, t->policy());
        good = good && mic && t->to(back).verify_mic(message, *mic, t->policy());
        good = good && !t->to(back).verify_mic(message.first(99), *mic, t->policy());
      }
      return good;
    };
    CHECK(round());
    bool good = true;
    {
      no_allocations none;
      for (int n = 0; n != 3; ++n) good = good && round();
    }
    INFO("etype " << e);
    CHECK(good);
  }
}
TEST_CASE("gss: contexts are established without an allocation after the first, on Botan", "[gss]") {
  for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
    auto w = std::make_unique<basic_gss_world<policy>>();
    w->flags = f;
    w->session_etype = etype_t::aes256_cts_hmac_sha384_192;
    const auto c = w->credential();
    (void)w->establish(c);
    bool good = true;
    {
      no_allocations none;
      for (int n = 0; n != 3; ++n) {
        auto p = w->establish(c);
        good = good && p.ours.etype(w->policy) == p.theirs.etype(w->policy);
      }
    }
    CHECK(good);
  }
}
TEST_CASE("gss: a refusal or failure leaves no plaintext and no key in a buffer, on Botan", "[gss]") {
  for (const bool refuses : {false, true}) {
    auto w = std::make_unique<basic_gss_world<policy>>();
    w->flags = dce_flags;
    const auto c = w->credential();
    typename basic_gss_world<policy>::initiator i(w->initiator_params(c));
    auto params = w->acceptor_params();
    if (refuses) params.required.set(gss_flag_t::extended_error);
    typename basic_gss_world<policy>::acceptor a(std::move(params));
    const auto first = i.start(w->turn());
    const auto s = w->take(a, std::get<send>(first).octets);
    const bytes_view theirs(w->acceptor_buffer), ours(w->initiator_buffer);
    if (refuses) {
      REQUIRE(kerb::is<refused>(s));
    } else {
      REQUIRE(kerb::is<gss::continue_with>(s));
      CHECK(holds(theirs, alice_parts[1].octets));
      octet_list second(std::get<gss::continue_with>(s).octets.begin(), std::get<gss::continue_with>(s).octets.end());
      second[second.size() - 1] ^= 1;
      REQUIRE(kerb::is<failed>(a.receive(bytes_view(second), w->turn())));
      REQUIRE(kerb::is<failed>(i.receive(bytes_view(second), w->turn())));
    }
    CHECK_FALSE(holds(theirs, alice_parts[1].octets));
    CHECK_FALSE(holds(theirs, bytes_view(session_octets).first(8)));
    CHECK_FALSE(holds(ours, bytes_view(session_octets).first(8)));
  }
}
TEST_CASE("gss: a token that does not verify leaves no plaintext, on Botan", "[gss]") {
  for (const std::int32_t e : etypes) {
    const auto t = context_of(e);
    const octet_list m = text(60);
    octet_list token = t->make(kind_of_message::sealed, false, bytes_view(m)), out(200);
    token[20] ^= 1;
    CHECK_FALSE(t->p.theirs.unwrap(bytes_view(token), out, t->policy()));
    CHECK_FALSE(t->p.theirs.unwrap_in_place(token, t->policy()));
    CHECK_FALSE(holds(bytes_view(out), bytes_view(m).first(8)));
    CHECK_FALSE(holds(bytes_view(token), bytes_view(m).first(8)));
  }
}
TEST_CASE("gss: a context goes on after export and import, with each encryption type, on Botan", "[gss]") {
  for (const std::int32_t e : etypes) {
    const auto t = context_of(e);
    const octet_list m = text(60);
    octet_list octets(1000);
    CHECK(t->open(kind_of_message::sealed, false, t->make(kind_of_message::sealed, false, bytes_view(m)), {}).ok());
    const auto v = must(std::move(t->p.theirs).export_to(octets, t->policy()));
    t->p.theirs = must(gss::import_context(v, t->policy()));
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true})
        CHECK(t->open(k, back, t->make(k, back, bytes_view(m)), bytes_view(m)).seen == gss::order::in_order);
    }
  }
}
constexpr etype_t weak_etypes[] = {etype_t::rc4_hmac, etype_t::des3_cbc_sha1_kd};
TEST_CASE("sasl: security layers protect messages with RC4 and triple DES, up to the size that the peer receives",
          "[gss][rfc4752-3.3]") {
  for (const etype_t e : weak_etypes) {
    for (const sasl_layer l : {sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality}) {
      auto w = std::make_unique<basic_sasl_world<policy>>();
      w->session_etype = e;
      w->client_layers = w->server_layers = {l};
      w->server_size = 300;
      const auto c = w->credential();
      auto both_sides = w->connect(c);
      if (e == etype_t::rc4_hmac && l == sasl_layer::integrity) {  // its numbers are not authentic
        CHECK(both_sides.error().code == errc::no_common_layer);
        continue;
      }
      REQUIRE(both_sides);
      auto& [ours, theirs] = *both_sides;
      CHECK(ours.layer() == l);
      const std::size_t most = l == sasl_layer::none ? 400 : ours.wrap_size_limit();
      octet_list out(1000);
      for (const std::size_t n : {std::size_t{0}, std::size_t{5}, std::size_t{8}, most}) {
        const octet_list m = text(n);
        const auto frame = ours.wrap(bytes_view(m), out, w->policy);
        REQUIRE(frame);
        CHECK(frame->size() == ours.wrap_size(n));
        CHECK((l == sasl_layer::none || frame->size() <= 304));
        octet_list arrived(frame->begin(), frame->end());
        CHECK(bytes_view(must(theirs.unwrap_in_place(arrived, w->policy))) == bytes_view(m));
        std::copy(m.begin(), m.end(), out.begin() + static_cast<std::ptrdiff_t>(theirs.overhead(n).front));
        REQUIRE(theirs.wrap_in_place(std::span(out).first(theirs.wrap_size(n)), n, w->policy) == errc::ok);
        CHECK(bytes_view(must(ours.unwrap_in_place(std::span(out).first(theirs.wrap_size(n)), w->policy))) ==
              bytes_view(m));
      }
      if (l == sasl_layer::none) continue;
      const octet_list more = text(most + 1);
      CHECK(ours.wrap(bytes_view(more), out, w->policy).error().code == errc::api_misuse);
    }
  }
}
TEST_CASE("sasl: with RC4 a server does not take its own offer for the client's choice", "[gss][rfc4757-7.3]") {
  auto w = std::make_unique<basic_sasl_world<policy>>();
  w->session_etype = etype_t::rc4_hmac;
  w->server_layers = {sasl_layer::none};
  w->flags = {gss_flag_t::integ};  // without mutual authentication both sides begin with the same number
  const auto c = w->credential();
  basic_sasl_world<policy>::initiator i(w->initiator_params(c));
  basic_sasl_world<policy>::server se(w->server_params());
  auto first = i.start(w->turn());
  const auto s = w->respond_to(se, std::get<send>(first).octets);
  const bytes_view offer = std::get<gss::challenge>(s).octets;
  octet_list back(offer.begin(), offer.end());
  for (std::size_t at = 25; at != 29; ++at) back[at] ^= 0xff;  // the direction
  const auto t = se.receive(bytes_view(back), w->turn());
  REQUIRE(is<failed>(t));
  CHECK(is(std::get<failed>(t).why, errc::reflected_token, "SASL choice", "SND_SEQ"));
}
TEST_CASE("sasl: with RC4 a server that requires integrity fails instead of offering nothing", "[gss][rfc4752-3.2]") {
  auto w = std::make_unique<basic_sasl_world<policy>>();
  w->session_etype = etype_t::rc4_hmac;
  w->server_layers = {sasl_layer::integrity};
  const auto c = w->credential();
  basic_sasl_world<policy>::client cl(w->client_params(c));
  basic_sasl_world<policy>::server se(w->server_params());
  auto said = cl.start(w->turn());
  (void)w->respond_to(se, std::get<gss::respond>(said).octets);
  const auto s = se.receive({}, w->turn());
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::no_common_layer, "SASL offer", "layers"));
}
TEST_CASE("sasl: with RC4 neither side offers or chooses integrity, whose messages anybody could repeat",
          "[gss][rfc4757-7.3][rfc4752-3.2]") {
  const auto negotiated = [](sasl_layers client, sasl_layers server, gss_flags without = {}) {
    auto w = std::make_unique<basic_sasl_world<policy>>();
    w->session_etype = etype_t::rc4_hmac;
    w->client_layers = client;
    w->server_layers = server;
    w->flags.bits &= ~without.bits;
    const auto c = w->credential();
    const auto p = w->connect(c);
    return p ? std::pair{p->ours.layer(), p->theirs.layer() == p->ours.layer()} : std::pair{sasl_layer{}, false};
  };
  using enum sasl_layer;
  CHECK(negotiated(all_layers, all_layers) == std::pair{confidentiality, true});
  CHECK(negotiated({none, integrity}, all_layers) == std::pair{none, true});
  CHECK(negotiated(all_layers, {none, integrity}) == std::pair{none, true});
  CHECK(negotiated({integrity}, all_layers) == std::pair{sasl_layer{}, false});
  CHECK(negotiated(all_layers, {integrity}) == std::pair{sasl_layer{}, false});

  // The server takes no choice of it; a client gets it from no server; and a program has no session with it
  auto v = std::make_unique<basic_sasl_world<policy>>();
  v->session_etype = etype_t::rc4_hmac;
  const auto d = v->credential();
  auto q = v->server_at_choice(d);
  CHECK(q.offered[0] == 5);
  const auto no = q.ours.receive(v->token(q.theirs, {2, 4096}), v->turn());
  CHECK(is(basic_sasl_world<policy>::reason(no), errc::no_common_layer, "SASL choice", "layer"));
  auto w = std::make_unique<basic_sasl_world<policy>>();
  w->session_etype = etype_t::rc4_hmac;
  const auto c = w->credential();
  auto p = w->client_at_offer(c);
  const auto s = p.ours.receive(w->token(p.theirs, {3, 4096}), w->turn());
  REQUIRE(is<gss::respond>(s));
  CHECK(must(std::move(p.ours).take()).layer() == none);
  using session = basic_sasl_world<policy>::session;
  CHECK(is(session::make(std::move(p.theirs), {integrity, 4096, 4096}, w->policy).error(), errc::unsupported_etype, "",
           "layer"));
}
TEST_CASE("spnego: the MIC of the list of mechanisms is made and verified with RC4 and triple DES",
          "[gss][rfc4178-5]") {
  constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
  for (const etype_t e : weak_etypes) {
    auto w = std::make_unique<basic_negotiate_world<policy>>();
    w->session_etype = e;
    w->offers = toy_first;
    const auto c = w->credential();
    auto o = w->converse(c);
    CHECK(w->agreed(o, msg::mech_krb5, true));
    CHECK(o.initiator->kerberos->etype(w->policy) == e);
    CHECK(must(o.initiator->kerberos->mic_size(w->policy)) <= gss::max_mic_1964_octets);
  }
}

}  // namespace
