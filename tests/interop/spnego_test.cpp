// Negotiations of ours with MIT's and Heimdal's SPNEGO, which run in programs of their own: spnego_peer.c.
#include <kerb/gss/accept.hpp>
#include <kerb/gss/spnego.hpp>
#include <list>

#include "session_world.hpp"

namespace {

using namespace sessions;
using kerb::gss_flag_t;
using kerb::gss_flags;
using kerb::object_identifier;
namespace gss = kerb::gss;
namespace msg = kerb::msg;

constexpr object_identifier ntlm = "1.3.6.1.4.1.311.2.2.10"_oid;
constexpr object_identifier ntlm_first[] = {ntlm, msg::mech_krb5};
constexpr object_identifier windows[] = {msg::mech_ms_krb5, msg::mech_krb5, ntlm};
constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                          gss_flag_t::integ};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf, gss_flag_t::integ};
constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                        gss_flag_t::integ};
constexpr std::uint8_t hello[] = {'h', 'e', 'l', 'l', 'o'};

/// The program for SPNEGO beside the one for sessions.
std::vector<library> negotiators() {
  std::vector<library> all;
  for (const auto& [name, variable] : {std::pair{"MIT", "KERB_MIT_SPNEGO"}, {"Heimdal", "KERB_HEIMDAL_SPNEGO"}}) {
    const char* const program = std::getenv(variable);
    if (program != nullptr && *program != '\0') all.push_back({name, program, name == std::string("Heimdal")});
  }
  return all;
}
/// One line of the peer.
std::pair<std::string, octets> token_line(interop::peer_process& peer) {
  const std::string line = peer.next();
  const std::size_t blank = line.find(' ');
  const std::string word = line.substr(0, blank);
  INFO("the peer: " << line);
  if (word != "token" && word != "none") FAIL("no token");
  return {word, unhex(blank == std::string::npos ? "" : line.substr(blank + 1))};
}
/// Messages both ways over an established context.
void exchange(gss::context<policy>& c, interop::peer_process& peer) {
  std::array<std::uint8_t, 512> out{}, token{};
  const octets wrapped = unhex(peer.hear("wrapped"));
  CHECK(peer.heard("client").rfind("alice@", 0) == 0);
  const auto got = c.unwrap(wrapped, out, the_world->crypto);
  REQUIRE(got);
  CHECK(bytes_view(got->message) == bytes_view(hello));
  CHECK(got->seen == gss::order::in_order);
  const auto t = c.wrap(hello, gss::protection::confidentiality, token, the_world->crypto);
  REQUIRE(t);
  peer.tell("token " + hex(*t));
  CHECK(peer.hear("plain") == hex(hello));
}

struct initiated {
  bool verified = false;
  unsigned tokens = 0;
  object_identifier mech;
};
/// Our initiator with the peer's acceptor.
initiated initiate(const library& with, etype_t e, gss_flags flags, kerb::view_of<object_identifier> mechs) {
  const beginning& b = the_world->of(e);
  const auto credential = the_world->credential(b);
  octets buffer(gss::negotiate_initiator<policy>::typical_buffer_size);
  gss::negotiate_initiator<policy> i(
      {.krb5 = {.credential = credential, .buffer = buffer, .flags = flags}, .mechs = mechs});
  interop::peer_process peer(with.program, {"accept", the_world->keytab()});
  initiated out;
  auto s = i.start(the_world->turn());
  if (kerb::is<gss::other_mechanism>(s)) {  // a token that no acceptor can read
    s = i.mechanism_token({.token = hello, .complete = false, .integrity = true}, the_world->turn());
  }
  for (;;) {
    REQUIRE(kerb::is<kerb::send>(s));
    const bool last = std::get<kerb::send>(s).then == kerb::afterwards::finished;
    peer.tell("token " + hex(std::get<kerb::send>(s).octets));
    ++out.tokens;
    const auto [word, answer] = token_line(peer);
    if (last) break;
    REQUIRE(word == "token");
    ++out.tokens;
    s = i.receive(answer, the_world->turn());
    if (const auto* f = std::get_if<kerb::failed>(&s)) INFO(kerb::name_of(f->why.code) << " " << f->why.field);
    if (kerb::is<kerb::done>(s)) break;
  }
  auto product = std::move(i).take();
  REQUIRE(product);
  REQUIRE(product->kerberos);
  exchange(*product->kerberos, peer);
  out.verified = product->list_verified;
  out.mech = product->mech;
  return out;
}
/// The peer's initiator with our acceptor.
initiated accept(const library& with, etype_t e, const std::string& letters, kerb::view_of<object_identifier> mechs,
                 gss::preference by) {
  const beginning& b = the_world->of(e);
  octets buffer(gss::negotiate_acceptor<policy>::typical_buffer_size);
  gss::negotiate_acceptor_params params;
  params.krb5.ap.service = b.server.view();
  params.krb5.ap.buffer = buffer;
  params.mechs = mechs;
  params.by = by;
  gss::negotiate_acceptor<policy> a(params);
  std::string service = b.service;
  service[service.find('/')] = '@';
  interop::peer_process peer(with.program, {"initiate", b.cache, service, letters});
  initiated out;
  std::list<octets> kept;
  for (bool complete = false; !complete;) {
    const auto [word, token] = token_line(peer);
    REQUIRE(word == "token");
    ++out.tokens;
    const auto r =
        gss::accept(a, kept.emplace_back(token), the_world->crypto, the_world->service_keys, the_world->seen, now());
    INFO(kerb::name_of(r.error().code) << " " << r.error().type << " " << r.error().field);
    REQUIRE(r);
    complete = r->complete;
    if (!r->token.empty()) {
      ++out.tokens;
      peer.tell("token " + hex(r->token));
    }
  }
  auto product = std::move(a).take();
  REQUIRE(product);
  REQUIRE(product->kerberos);
  exchange(*product->kerberos, peer);
  out.verified = product->list_verified;
  out.mech = product->mech;
  return out;
}

TEST_CASE("spnego: MIT's and Heimdal's acceptors take our negotiations", "[spnego]") {
  for (const library& with : negotiators()) {
    for (const etype_t e : all_etypes) {
      if (with.is_heimdal && static_cast<int>(e) > 18) continue;  // Heimdal 7.8 has no contexts of these
      INFO(with.name << ", " << number(e));
      for (const gss_flags flags : {usual, one_way}) {
        const auto r = initiate(with, e, flags, gss::only_krb5);
        CHECK(r.tokens == 2);
        CHECK_FALSE(r.verified);
      }
    }
  }
}
TEST_CASE("spnego: MIT's and Heimdal's acceptors know the identifier of Windows", "[spnego]") {
  for (const library& with : negotiators()) {
    INFO(with.name);
    CHECK(initiate(with, etype_t::aes256_cts_hmac_sha1_96, usual, windows).mech == msg::mech_ms_krb5);
  }
}
TEST_CASE("spnego: another mechanism than the first is selected with MICs both ways", "[spnego]") {
  for (const library& with : negotiators()) {
    for (const gss_flags flags : {usual, one_way}) {
      INFO(with.name << ", flags " << flags.bits);
      const auto r = initiate(with, etype_t::aes256_cts_hmac_sha1_96, flags, ntlm_first);
      CHECK(r.verified);
    }
  }
}
TEST_CASE("spnego: in DCE style the third token is the last of Kerberos", "[spnego]") {
  for (const library& with : negotiators()) {
    INFO(with.name);
    CHECK(initiate(with, etype_t::aes256_cts_hmac_sha1_96, dce, gss::only_krb5).tokens == 4);
  }
}
TEST_CASE("spnego: our acceptor takes negotiations of MIT and Heimdal", "[spnego]") {
  for (const library& with : negotiators()) {
    for (const etype_t e : all_etypes) {
      if (with.is_heimdal && static_cast<int>(e) > 18) continue;
      for (const std::string letters : {"m", "-", "D"}) {
        INFO(with.name << ", " << number(e) << ", " << letters);
        const auto r = accept(with, e, letters, gss::only_krb5, gss::preference::initiators);
        CHECK(r.tokens == (letters == "D" ? 4 : 2));
      }
    }
  }
}
TEST_CASE("spnego: MIT and Heimdal make the MIC that our acceptor requires", "[spnego]") {
  for (const library& with : negotiators()) {
    for (const std::string letters : {"m", "-", "D"}) {
      INFO(with.name << ", " << letters);
      const auto r = accept(with, etype_t::aes256_cts_hmac_sha1_96, letters, ntlm_first, gss::preference::own);
      CHECK(r.verified);
    }
  }
}

}  // namespace
