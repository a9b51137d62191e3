// Two cryptographic libraries in one program: clients on one of them, KDC and service on the other.
#include <kerb/botan.hpp>
#include <kerb/testing/realm.hpp>
#if defined(KERB_TEST_OPENSSL)
#include <kerb/openssl.hpp>

#include "support/catch.hpp"

namespace {
using namespace kerb;
using namespace kerb::literals;

// Each namespace has a name for every exchange
#define KERB_HAS_NAMES(library)                                                                       \
  static_assert(std::same_as<library::as_client, as_client<library::policy>> &&                       \
                std::same_as<library::tgs_client, tgs_client<library::policy>> &&                     \
                std::same_as<library::credential_client, credential_client<library::policy>> &&       \
                std::same_as<library::login_verifier, login_verifier<library::policy>> &&             \
                std::same_as<library::login_verifier::product, library::verified_login> &&            \
                std::same_as<login_verifier<library::policy, library::owned_credential<>>::product,   \
                             library::owned_verified_login<>> &&                                      \
                std::same_as<library::ap_initiator, ap_initiator<library::policy>> &&                 \
                std::same_as<library::ap_acceptor, ap_acceptor<library::policy>> &&                   \
                std::same_as<library::protected_session, protected_session<library::policy>> &&       \
                std::same_as<library::received_credentials, received_credentials<library::policy>> && \
                std::same_as<library::kpasswd_client, kpasswd_client<library::policy>> &&             \
                std::same_as<library::kpasswd_service, kpasswd_service<library::policy>> &&           \
                std::same_as<library::as_kdc, as_kdc<library::policy>> &&                             \
                std::same_as<library::tgs_kdc, tgs_kdc<library::policy>> &&                           \
                std::same_as<library::kdc, kdc<library::policy>>)
KERB_HAS_NAMES(botan);
KERB_HAS_NAMES(openssl);

constexpr timestamp noon{{1767268800}, {250000}};

/// From a password to a session, with messages of both directions under its key.
template <class Client, class Server>
void from_password_to_session(etype_t etype) {
  INFO(name_of(etype));
  Client c;
  Server s;
  const secret_view sesame = secret_view::of("sesame");
  testing::realm<Server> realm(s, "EX.ORG"_krb, etype);
  REQUIRE(realm.add_user("alice", sesame));
  REQUIRE(realm.add_service("HTTP/web.ex.org"));
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{}, buffer4{};
  const auto ask_kdc = [&](const send& x) -> result<answer> {
    const auto r = realm.answer(x.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), web = principal::parse("HTTP/web.ex.org@EX.ORG");
  as_client<Client> as({.client = *alice, .password = sesame, .buffer = buffer1});
  const auto tgt = drive(as, c, noon, ask_kdc);
  REQUIRE(tgt);
  tgs_client<Client> tgs({.tgt = *tgt, .server = *web, .buffer = buffer2});
  const auto ticket = drive(tgs, c, noon, ask_kdc);
  REQUIRE(ticket);

  key_list<typename Server::key, 1> keytab;
  REQUIRE(keytab.add(*web, 1, etype, realm.key_of("HTTP/web.ex.org")->copy()));
  memory_replay_cache<32> seen;
  ap_acceptor<Server> acceptor({.service = *web, .mutual = required, .buffer = buffer4});
  std::optional<authenticated_client<typename Server::key>> who;
  const auto ask_service = [&](const send& x) -> result<answer> {
    auto w = accept(acceptor, x.octets, s, keytab, seen, noon);
    if (!w) return w.error();
    who.emplace(std::move(*w));
    return answer(who->reply());
  };
  ap_initiator<Client> ap({.credential = *ticket, .buffer = buffer3});
  const auto session = drive(ap, c, noon, ask_service);
  REQUIRE(session);
  REQUIRE(who);
  CHECK(same_principal(who->client(), *alice));

  const auto &mine = session->protection_key(), &theirs = who->keys().protection_key();
  CHECK(ct_equal(c.expose(mine).unguarded(), s.expose(theirs).unguarded()));
  std::array<std::uint8_t, 200> io{}, out{};
  const auto usage = key_usage_t::krb_priv_enc_part;
  REQUIRE(c.seal(mine, usage, io) == errc::ok);
  CHECK(s.unseal(theirs, usage, io, out));
  io.fill(1);
  REQUIRE(s.seal(theirs, usage, io) == errc::ok);
  CHECK(c.unseal(mine, usage, io, out));
}

TEST_CASE("two libraries: a client on OpenSSL with KDC and service on Botan", "[exchange][rfc4120-1.2]") {
  const openssl::policy p{};
  for (const etype_t e : p.offered()) from_password_to_session<openssl::policy, botan::policy>(e);
}
TEST_CASE("two libraries: a client on Botan with KDC and service on OpenSSL", "[exchange][rfc4120-1.2]") {
  const openssl::policy p{};
  for (const etype_t e : p.offered()) from_password_to_session<botan::policy, openssl::policy>(e);
}

static_assert(std::same_as<openssl::ap_initiator, ap_initiator<openssl::policy>> &&
              std::same_as<openssl::credential, basic_credential<openssl::policy::key>>);

}  // namespace
#endif
