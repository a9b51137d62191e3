// All exchanges with every encryption type that there is, on each backend: what pads, what has its checksum in front,
// and keys that are longer than their seeds.
#include <kerb/client.hpp>
#include <kerb/service.hpp>
#include <kerb/testing/realm.hpp>

#include "unit/crypto/backends.hpp"

namespace {
using namespace kerb;
using namespace kerb::literals;

constexpr timestamp noon{{1767268800}, {250000}};

template <class Policy>
void the_whole_way(etype_t e) {
  INFO(name_of(e));
  Policy crypto;
  testing::realm<Policy> realm(crypto, "EX.ORG"_krb, e);
  const secret_view sesame = secret_view::of("sesame");
  REQUIRE((realm.add_user("alice", sesame) && realm.add_service("HTTP/web.ex.org")));
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{}, buffer4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    for (std::size_t n = 64;;) {  // a buffer that is too small is told what will do, and that does
      const auto r = realm.answer(s.octets, noon, std::span(kdc_buffer).first(n));
      if (r) return answer(*r);
      if (r.error().code != errc::no_space || r.error().detail <= n) return r.error();
      n = r.error().detail;
    }
  };
  const auto alice = principal::parse("alice@EX.ORG"), web = principal::parse("HTTP/web.ex.org@EX.ORG");
  const etype_t only[]{e};
  as_client<Policy> as({.client = *alice, .password = sesame, .buffer = buffer1, .etypes = only});
  const auto tgt = drive(as, crypto, noon, ask_kdc);
  REQUIRE(tgt);
  CHECK(tgt->session_key().etype() == e);
  tgs_client<Policy> tgs({.tgt = *tgt, .server = *web, .buffer = buffer2, .etypes = only});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  REQUIRE(ticket);
  CHECK(ticket->session_key().etype() == e);

  key_list<typename Policy::key, 1> keytab;
  REQUIRE(keytab.add(*web, 1, e, realm.key_of("HTTP/web.ex.org")->copy()));
  memory_replay_cache<32> seen;
  ap_acceptor<Policy> acceptor({.service = *web, .mutual = required, .buffer = buffer4});
  std::optional<authenticated_client<typename Policy::key>> who;
  const auto ask_service = [&](const send& s) -> result<answer> {
    auto w = accept(acceptor, s.octets, crypto, keytab, seen, noon);
    if (!w) return w.error();
    who.emplace(std::move(*w));
    return answer(who->reply());
  };
  ap_initiator<Policy> ap({.credential = *ticket, .buffer = buffer3});
  auto session = drive(ap, crypto, noon, ask_service);
  REQUIRE((session && who));
  CHECK(session->protection_key().etype() == e);

  std::array<std::uint8_t, 1024> cred{}, cred_buffer{};
  const environment now{crypto, noon};
  const ref<const basic_credential<typename Policy::key>> some[]{*ticket};
  const auto sent = make_krb_cred(some, {.at = noon}, session->protection_key(), cred, now);
  REQUIRE(sent);
  const auto got = open_krb_cred(*sent, session->protection_key(), cred_buffer, now, {});
  REQUIRE(got);
  CHECK(got->size() == 1);

  protected_session<Policy> here(std::move(*session), {.here = side::initiator});
  protected_session<Policy> there(std::move(*who).keys(), {.here = side::acceptor});
  for (std::size_t n = 0; n != 20; ++n) {
    const std::vector<std::uint8_t> data(n, 0);
    std::array<std::uint8_t, 256> out{}, in{};
    const auto priv = here.make_priv(data, out, now);
    REQUIRE(priv);
    CHECK(kerb_test::must(here.priv_size(n, now)) == priv->size());
    const auto opened = there.open_priv(*priv, in, now);
    REQUIRE(opened);
    CHECK(*opened == bytes_view(data));
    const auto safe = there.make_safe(data, out, now);
    REQUIRE(safe);
    const auto verified = here.open_safe(*safe, now);
    REQUIRE(verified);
    CHECK(*verified == bytes_view(data));
  }
}

KERB_ON_EVERY("every encryption type: AS, TGS, AP with mutual authentication, KRB-PRIV and KRB-SAFE",
              "[exchange][crypto][rfc4120-1.2]") {
  for (const etype_t e : kerb_test::all_etypes) the_whole_way<TestType>(e);
}

}  // namespace
