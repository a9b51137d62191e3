// SASL's GS2-KRB5 and GS2-KRB5-PLUS: both sides, and what each refuses of the other.
#include <kerb/gss/gs2.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/gs2_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = gs2_world;
using octet_list = std::vector<std::uint8_t>;
constexpr std::uint8_t bob[] = {'b', ',', 0xc3, 0xb8, '=', 'b'};
constexpr bytes_view bobs(bob);
octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

/// Whether both sides agree that they are bound, or not.
constexpr bool agrees(world& w, bool bound) {
  const auto c = w.credential();
  auto p = w.connect(c);
  return p && p->ours.channel_bound == bound && p->theirs.channel_bound == bound && p->theirs.kerberos.bound() &&
         p->ours.kerberos.flags() == gss_flags{gss_flag_t::mutual, gss_flag_t::sequence} &&
         p->theirs.kerberos.flags() == p->ours.kerberos.flags() &&
         same_principal(p->theirs.kerberos.initiator(), alice);
}
constexpr errc refusal(world& w) {
  const auto c = w.credential();
  const auto p = w.connect(c);
  return p ? errc::ok : p.error().code;
}

// ---- both sides

constexpr bool agreed() {
  world neither, only_server, both, named;
  only_server.channels = both_channels;
  both.channels = named.channels = both_channels;
  both.channel = tls_unique;
  named.channel = end_point;
  both.server_binds = named.server_binds = true;
  both.client_demands = both.server_demands = true;
  neither.identity = both.identity = bobs;
  world only_client;
  only_client.channel = tls_unique;
  return agrees(neither, false) && agrees(only_server, false) && agrees(only_client, false) && agrees(both, true) &&
         agrees(named, true);
}
KERB_BOTH("gs2: both sides are bound to the connection if both can, and know it", "[gss][rfc5801-5]", agreed);

constexpr bool names() {
  world w;
  const auto c = w.credential();
  if (world::client(w.client_params(c)).mechanism() != "GS2-KRB5") return false;
  w.channel = tls_unique;
  if (world::client(w.client_params(c)).mechanism() != "GS2-KRB5") return false;
  w.server_binds = true;
  return world::client(w.client_params(c)).mechanism() == "GS2-KRB5-PLUS";
}
KERB_BOTH("gs2_client: selects GS2-KRB5-PLUS if the server offers it and it can bind", "[gss][rfc5801-5]", names);

constexpr bool downgraded() {
  world w;
  w.channel = tls_unique;
  w.channels = both_channels;
  w.server_binds = false;  // an attacker has taken GS2-KRB5-PLUS out of the list
  if (refusal(w) != errc::bindings_missing) return false;
  w.client_demands = true;  // then nothing is sent
  const auto c = w.credential();
  world::client x(w.client_params(c));
  return failure(x.start(w.turn())) == errc::bindings_missing;
}
KERB_BOTH("gs2: a client that can bind and has not seen GS2-KRB5-PLUS is refused by a server that offers it",
          "[gss][rfc5801-5]", downgraded);

constexpr bool demanded() {
  world unable;
  unable.channels = both_channels;
  unable.server_demands = true;
  world mute;
  mute.client_demands = true;
  const auto c = mute.credential();
  world::client x(mute.client_params(c));
  return refusal(unable) == errc::bindings_missing && failure(x.start(mute.turn())) == errc::missing_parameter;
}
KERB_BOTH("gs2: a side that requires a binding refuses to go on without", "[gss][rfc5801-5]", demanded);

constexpr bool elsewhere() {
  constexpr auto other = "a34aa2dbca074ebbe5ef445e"_hex;
  world another_connection, another_type, none;
  another_connection.channels = another_type.channels = both_channels;
  another_connection.channel = gss::gs2_channel{tls_unique_name, other};
  constexpr auto exporter = "746c732d6578706f72746572"_hex;
  another_type.channel = gss::gs2_channel{exporter, certificate_hash};
  none.channel = tls_unique;
  another_connection.server_binds = another_type.server_binds = none.server_binds = true;
  return refusal(another_connection) == errc::bindings_mismatch && refusal(another_type) == errc::bindings_mismatch &&
         refusal(none) == errc::bindings_mismatch;
}
KERB_BOTH("gs2_server: another connection, another type of binding, and a binding that it does not support are refused",
          "[gss][rfc5801-5]", elsewhere);

constexpr bool not_allowed() {
  world w;
  w.identity = bobs;
  w.allowed = false;
  world longer;
  longer.identity = bobs;
  longer.max_identity = 9;  // two of its six octets are escaped
  world fits = world();
  fits.identity = bobs;
  fits.max_identity = 10;
  return refusal(w) == errc::refused_by_application && refusal(longer) == errc::token_too_long && agrees(fits, false);
}
KERB_BOTH("gs2_server: the program decides about the identity, and its size is bounded as it is sent",
          "[gss][rfc5801-4][rfc5801-7]", not_allowed);

// ---- the octets

/// A client that has sent its response, and a server.
struct begun {
  world w;
  basic_credential<world::key> c;
  world::client x;
  octet_list response;

  template <class Prepare>
  explicit begun(Prepare&& prepare) : c((prepare(w), w.credential())), x(w.client_params(c)) {
    response = copy(world::must_be<gss::respond>(x.start(w.turn())).octets);
  }
  begun() : begun([](world&) {}) {}
  error refused(bytes_view octets) {
    world::server s(w.server_params());
    const auto step = w.respond_to(s, octets);
    return is<gss::challenge>(step) ? error{} : world::reason(step);
  }
};
const auto bound_to_tls = [](world& w) {
  w.channel = tls_unique;
  w.channels = both_channels;
  w.server_binds = true;
  w.identity = bobs;
};

TEST_CASE("gs2_client: the response is the header and the token without its frame, bound to the header and the channel",
          "[gss][rfc5801-4][rfc5801-5.1]") {
  begun b(bound_to_tls);
  constexpr auto header = "703d746c732d756e697175652c613d623d3243c3b83d3344622c"_hex;  // p=tls-unique,a=b=2C..=3Db,
  constexpr auto bound = "703d746c732d756e697175652c613d623d3243c3b83d3344622c a34aa2dbca074ebbe5ef445d"_hex;
  REQUIRE(b.response.size() > header.size() + 3);
  const bytes_view token = bytes_view(b.response).subview(header.size());
  CHECK(bytes_view(b.response).first(header.size()) == bytes_view(header));
  CHECK((token[0] == 1 && token[1] == 0 && token[2] == 0x6e));
  // An acceptor that knows nothing of GS2, with the bindings as RFC 5801 section 5.1 has them
  b.w.there = channel_bindings{.application_data = bytes_view(bound)};
  auto p = b.w.acceptor_params();
  p.ap.binding = binding_rule::require;
  world::acceptor a(p);
  CHECK(is<reply>(b.w.take(a, b.w.framed(token.subview(2)))));
}
TEST_CASE("gs2_server: a changed bit in the header is always noticed", "[gss][rfc5801-5.1]") {
  begun b(bound_to_tls);
  CHECK(b.refused(b.response).ok());
  for (std::size_t i = 0; i != 26 * 8; ++i) {
    INFO("bit " << i);
    octet_list bent = b.response;
    bent[i / 8] ^= static_cast<std::uint8_t>(1u << i % 8);
    CHECK_FALSE(b.refused(bent).ok());
  }
}
TEST_CASE("gs2_server: another flag, another identity or none in the header does not match the bindings",
          "[gss][rfc5801-5.1]") {
  begun b([](world& w) { w.identity = bobs; });
  const octet_list token(b.response.begin() + 15, b.response.end());
  for (const std::string_view header : {"n,a=root,", "n,,", "y,a=b=2C\xc3\xb8=3D\x62,"}) {
    octet_list bent(header.begin(), header.end());
    bent.insert(bent.end(), token.begin(), token.end());
    CHECK(b.refused(bent).code == errc::bindings_mismatch);
  }
}
TEST_CASE("gs2_server: a client whose authenticator has no bindings is refused", "[gss][rfc5801-5.1]") {
  begun b;
  const bytes_view framed = b.w.mint_token(gss_flags{gss_flag_t::mutual});
  const auto t = must(read_krb5_token(framed));
  octet_list response{'n', ',', ',', 1, 0};
  response.insert(response.end(), t.message.begin(), t.message.end());
  CHECK(b.refused(response).code == errc::bindings_missing);
}
TEST_CASE("gs2_server: a token with its frame, none, another one, and the flag F are refused", "[gss][rfc5801-4]") {
  begun b;
  octet_list with_f = b.response;
  with_f.insert(with_f.begin(), {'F', ','});
  CHECK(kerb_test::is(b.refused(with_f), errc::wrong_constant, "gs2-header", "gs2-nonstd-flag"));
  const bytes_view message = bytes_view(b.response).subview(5);
  octet_list framed{'n', ',', ','};
  const octet_list whole = copy(b.w.framed(message));
  framed.insert(framed.end(), whole.begin(), whole.end());
  octet_list bare{'n', ',', ','};
  bare.insert(bare.end(), message.begin(), message.end());
  octet_list rep = b.response;
  rep[3] = 2;
  for (const octet_list& bad : {framed, bare, rep, octet_list{'n', ',', ','}, octet_list{'n', ',', ',', 1, 0}}) {
    CHECK(kerb_test::is(b.refused(bad), errc::unexpected_message, "InitialContextToken", "TOK_ID"));
  }
}
TEST_CASE("gs2_server: no beginning of a response is accepted", "[gss][rfc5801-4]") {
  begun b(bound_to_tls);
  for (std::size_t n = 0; n != b.response.size(); ++n) CHECK_FALSE(b.refused(bytes_view(b.response).first(n)).ok());
}
TEST_CASE("gs2_server: a client that does not request mutual authentication is refused", "[gss][rfc5801-8]") {
  begun b;
  b.w.here = channel_bindings{.application_data = bytes_view(b.response).first(3)};
  for (const gss_flags f : {gss_flags{gss_flag_t::integ}, gss_flags{gss_flag_t::mutual, gss_flag_t::dce_style}}) {
    b.w.flags = f;
    auto p = b.w.initiator_params(b.c);
    world::initiator i(p);
    const auto s = i.start(b.w.turn());
    const octet_list token = copy(world::must_be<send>(s).octets);
    const bool dce = f.has(gss_flag_t::dce_style);
    octet_list response{'n', ',', ',', 1, 0};
    const bytes_view message = dce ? bytes_view(token) : must(read_krb5_token(token)).message;
    response.insert(response.end(), message.begin(), message.end());
    CHECK(b.refused(response).code == (dce ? errc::unexpected_message : errc::flags_not_granted));
  }
}
TEST_CASE("gs2_server: the answer to the challenge is empty", "[gss][rfc5801-6]") {
  begun b;
  world::server s(b.w.server_params());
  REQUIRE(is<gss::challenge>(b.w.respond_to(s, b.response)));
  CHECK(b.w.reason(s.receive(bytes_view(bob), b.w.turn())).code == errc::trailing_data);
}
TEST_CASE("gs2_client: a changed challenge is refused, and a KRB-ERROR is shown", "[gss][rfc5801-7]") {
  begun b;
  world::server s(b.w.server_params());
  const auto step = b.w.respond_to(s, b.response);
  octet_list token = copy(world::must_be<gss::challenge>(step).octets);
  token.back() ^= 1;
  CHECK(is<failed>(b.x.receive(token, b.w.turn())));
  begun d([](world& w) { w.request.service = kerb_test::ap_world_names::ftp; });
  world::server other(d.w.server_params());
  const auto refusal = d.w.respond_to(other, d.response);
  REQUIRE(is<refused>(refusal));
  CHECK(world::reason(d.x.receive(std::get<refused>(refusal).octets, d.w.turn())).code == errc::peer_error);
  CHECK(d.x.peer_error());
}

// ---- parameters, buffers, allocation

constexpr bool mistakes() {
  constexpr std::uint8_t no_text[] = {'a', 0xff};
  const auto starting = [](auto&& prepare) {
    world w;
    w.channel = tls_unique;
    w.server_binds = true;
    prepare(w);
    const auto c = w.credential();
    world::client x(w.client_params(c));
    return failure(x.start(w.turn()));
  };
  return starting([](world&) {}) == errc::ok && starting([&](world& w) { w.identity = no_text; }) == errc::api_misuse &&
         starting([](world& w) { w.channel->data = {}; }) == errc::api_misuse &&
         starting([](world& w) { w.channel->type = {}; }) == errc::api_misuse &&
         starting([&](world& w) { w.channel->type = no_text; }) == errc::api_misuse;
}
KERB_BOTH("gs2_client: an identity that is no text, and a channel without a name or data, are mistakes", "[gss]",
          mistakes);

TEST_CASE("gs2: the buffer that each side asks for is enough, and one octet less is not", "[gss]") {
  begun b(bound_to_tls);
  for (const bool is_client : {true, false}) {
    octet_list buffer;
    std::size_t asked = 0;
    const auto run = [&](std::size_t n) {
      buffer.assign(n, 0);
      std::size_t more = 0;
      if (is_client) {
        auto p = b.w.client_params(b.c);
        p.gss.buffer = buffer;
        world::client x(p);
        const auto s = x.start(b.w.turn());
        if (const auto* need = std::get_if<need_buffer>(&s)) more = need->size;
        else CHECK(is<gss::respond>(s));
      } else {
        auto p = b.w.server_params();
        p.gss.ap.buffer = buffer;
        world::server x(p);
        const auto s = x.receive(b.response, b.w.turn());
        if (const auto* need = std::get_if<need_buffer>(&s)) more = need->size;
        else CHECK(is<need_ticket_key>(s));
      }
      return more;
    };
    asked = run(0);
    REQUIRE(asked != 0);
    for (std::size_t n = 0; n != 100; ++n) CHECK(run(n) >= asked);
    if (const std::size_t more = run(asked); more != 0) asked = more;  // with space for the bindings it knows better
    CHECK(run(asked) == 0);
    CHECK(run(asked - 1) == asked);
  }
}
TEST_CASE("gs2: the client's buffer may be replaced before the challenge", "[gss]") {
  begun b(bound_to_tls);
  world::server s(b.w.server_params());
  const auto step = b.w.respond_to(s, b.response);
  octet_list bigger(8192);
  REQUIRE(b.x.set_buffer(bigger));
  const auto last = b.x.receive(world::must_be<gss::challenge>(step).octets, b.w.turn());
  CHECK(world::must_be<gss::respond>(last).then == afterwards::finished);
  CHECK(must(std::move(b.x).take()).channel_bound);
}
TEST_CASE("gs2: a whole exchange allocates nothing", "[gss]") {
  world w;
  bound_to_tls(w);
  const auto c = w.credential();
  bool good = false;
  {
    no_allocations guard;
    good = w.connect(c).has_value();
  }
  CHECK(good);
}
TEST_CASE("gs2_channel_of: a binding of TLS without its name", "[gss][rfc5801-5.1]") {
  const auto b = must(tls_binding::unique(finished_octets));
  const auto c = gss::gs2_channel_of(b);
  CHECK(c.type == tls_unique.type);
  CHECK(c.data == tls_unique.data);
}

}  // namespace
