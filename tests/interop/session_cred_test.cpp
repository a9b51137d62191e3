// KRB-CRED with the libraries' krb5_mk_ncred, krb5_fwd_tgt_creds and krb5_rd_cred.
#include "session_world.hpp"

using namespace sessions;

namespace {

/// What the libraries tell of a ticket in a KRB-CRED.
std::string told(const kerb::botan::credential& c, const std::string& server) {
  const kerb::ticket_facts& f = c.facts();
  char flags[9];
  std::snprintf(flags, sizeof flags, "%08x", static_cast<unsigned>(f.flags.bits));
  const auto seconds = [](kerb::kerberos_time t) { return std::to_string(t.seconds); };
  return "cred alice@PEERS.TEST " + server + " " + text(c.session_key()) + " " + flags + " " + seconds(f.authtime) +
         " " + seconds(f.starttime) + " " + seconds(f.endtime) + " " + (f.renew_till ? seconds(*f.renew_till) : "0") +
         " " + hex(f.ticket);
}
/// A KRB-CRED of the peer's, for which it asks the realm when it has to.
octets cred_of(talk& t, const std::string& command) {
  std::vector<std::uint8_t> buffer(16384);
  std::string line = t.peer.ask(command);
  while (line.rfind("kdc ", 0) == 0) {
    const octets request = unhex(line.substr(4));
    const auto answer = the_world->realm.answer(request, now(), buffer);
    REQUIRE(answer);
    line = t.peer.ask("kdc " + hex(*answer));
  }
  INFO(line);
  CHECK(line.rfind("cred ", 0) == 0);
  return line.rfind("cred ", 0) == 0 ? unhex(line.substr(5)) : octets();
}
using received = kerb::result<kerb::received_credentials<policy>>;
using storage = std::array<std::uint8_t, 8192>;

/// Heimdal's library seals a KRB-CRED under the ticket's session key, whatever subkeys there are, and tells the time
/// only in sessions by timestamps. It opens one under the peer's subkey, if any, and else under the session key.
kerb::cred_open_options to_open(const library& with) { return {.gss_delegation = with.is_heimdal}; }
kerb::cred_make_options to_make(const library& with) { return {.gss_delegation = with.is_heimdal}; }

}  // namespace

TEST_CASE("protected_session: the libraries open our KRB-CRED and find two tickets as they were", "[sessions]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool peer_initiates : {true, false}) {
        for (const int subkeys : {0, 1, 2}) {
          CAPTURE(with.name, e, peer_initiates, subkeys);
          talk t({.with = with,
                  .etype = e,
                  .peer_initiates = peer_initiates,
                  .initiator_subkey = subkeys > 0,
                  .acceptor_subkey = subkeys > 1,
                  .flags = "t"});
          place(t, peer_place, our_place);
          ours we(t, at_addresses(with));
          const beginning& b = the_world->of(e);
          const auto tgt = the_world->tgt(b), service = the_world->credential(b);
          const kerb::ref<const kerb::botan::credential> both[] = {tgt, service};
          storage out{};
          const auto m = we.session().make_cred(both, out, the_world->turn(), to_make(with));
          REQUIRE(m);
          const octets sent(m->begin(), m->end());
          CHECK(t.peer.ask("rd_cred " + hex(sent)) == "creds 2");
          CHECK(t.peer.next() == told(tgt, "krbtgt/PEERS.TEST@PEERS.TEST"));
          CHECK(t.peer.next() == told(service, b.service + "@PEERS.TEST"));
          // Heimdal's library has no replay cache for messages
          const std::string again = t.peer.ask("rd_cred " + hex(sent));
          CHECK(again.substr(0, again.find(' ', 7)) == (with.is_heimdal ? "creds 2" : "failed 34"));
          if (with.is_heimdal) CHECK((!t.peer.next().empty() && !t.peer.next().empty()));
        }
      }
    }
  }
}

TEST_CASE("protected_session: a KRB-CRED of MIT's krb5_mk_ncred has the tickets of its cache", "[sessions]") {
  for (const library& with : libraries()) {
    if (with.is_heimdal) continue;  // it makes one of a ticket that the KDC has forwarded, and of no other
    for (const etype_t e : all_etypes) {
      for (const int subkeys : {0, 1, 2}) {
        CAPTURE(e, subkeys);
        talk t({.with = with, .etype = e, .initiator_subkey = subkeys > 0, .acceptor_subkey = subkeys > 1});
        place(t, peer_place, our_place);
        ours we(t, at_addresses(with));
        const octets came = cred_of(t, "cred");
        const beginning& b = the_world->of(e);
        storage buffer{};
        received got = we.session().open_cred(came, buffer, the_world->turn(), {.addresses = true});
        CHECK(got.error().code == errc::ok);
        REQUIRE(got);
        REQUIRE(got->size() == 2);
        const auto tgt = got->take(0, the_world->crypto), service = got->take(1, the_world->crypto);
        REQUIRE((tgt && service));
        CHECK(told(*tgt, "tgt") == told(the_world->tgt(b), "tgt"));
        CHECK(told(*service, "svc") == told(the_world->credential(b), "svc"));
        CHECK(kerb::same_principal(tgt->server(), the_world->krbtgt));
        CHECK(kerb::same_principal(service->server(), b.server));
      }
    }
  }
}

TEST_CASE("protected_session: what the libraries' krb5_fwd_tgt_creds forwards gets us a ticket", "[sessions]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const int subkeys : {0, 1, 2}) {
        for (const std::string flags : {"q", "t"}) {
          CAPTURE(with.name, e, subkeys, flags);
          talk t({.with = with,
                  .etype = e,
                  .initiator_subkey = subkeys > 0,
                  .acceptor_subkey = subkeys > 1,
                  .flags = flags});
          ours we(t, at_addresses(with));
          const octets came = cred_of(t, "forward");
          storage buffer{};
          received got = we.session().open_cred(came, buffer, the_world->turn(), to_open(with));
          CHECK(got.error().code == errc::ok);
          REQUIRE(got);
          REQUIRE(got->size() == 1);
          const auto tgt = got->take(0, the_world->crypto);
          REQUIRE(tgt);
          CHECK(kerb::same_principal(tgt->client(), the_world->alice));
          CHECK(kerb::same_principal(tgt->server(), the_world->krbtgt));
          CHECK(tgt->facts().flags.has(kerb::ticket_flag_t::forwarded));
          CHECK(tgt->facts().flags.has(kerb::ticket_flag_t::forwardable));

          storage tgs_buffer{};
          std::vector<std::uint8_t> answers(16384);
          const kerb::principal server = kerb_test::must(kerb::principal::parse("svc/used", "PEERS.TEST"));
          kerb::botan::tgs_client tgs({.tgt = *tgt, .server = server, .buffer = tgs_buffer});
          auto step = tgs.start(the_world->turn());
          REQUIRE(kerb::is<kerb::send>(step));
          const auto answer = the_world->realm.answer(std::get<kerb::send>(step).octets, now(), answers);
          REQUIRE(answer);
          step = tgs.receive(*answer, the_world->turn());
          CHECK(kerb::is<kerb::done>(step));
        }
      }
    }
  }
}

TEST_CASE("protected_session: a KRB-CRED with any octet of its seal changed is refused, by us and by the libraries",
          "[sessions]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    talk t({.with = with, .flags = "t"});
    ours we(t, at_addresses(with));
    const octets came = cred_of(t, "forward");
    const auto decoded = kerb::asn1::decode<kerb::msg::KrbCred>(came);
    REQUIRE(decoded);
    const std::size_t at = static_cast<std::size_t>(decoded->enc_part.cipher.data() - came.data());
    for (std::size_t i = at; i != came.size(); ++i) {
      octets changed = came;
      changed[i] ^= 0x40;
      storage buffer{};
      REQUIRE(we.session().open_cred(changed, buffer, the_world->turn(), to_open(with)).error().code ==
              errc::integrity);
    }
    const auto service = the_world->credential(the_world->of(etype_t::aes256_cts_hmac_sha1_96));
    storage out{};
    const auto m = we.session().make_cred(service, out, the_world->turn(), to_make(with));
    REQUIRE(m);
    const octets sent(m->begin(), m->end());
    const auto ours = kerb::asn1::decode<kerb::msg::KrbCred>(sent);
    const std::size_t from = static_cast<std::size_t>(ours->enc_part.cipher.data() - sent.data());
    for (std::size_t i = from; i != sent.size(); ++i) {
      octets changed = sent;
      changed[i] ^= 0x40;
      REQUIRE(code(t.peer.ask("rd_cred " + hex(changed))) == 31);
    }
    CHECK(t.peer.ask("rd_cred " + hex(sent)) == "creds 1");
  }
}

TEST_CASE("protected_session: a KRB-CRED of ten minutes ago or ahead is refused, by us and by the libraries",
          "[sessions]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    talk t({.with = with, .flags = "t"});
    ours we(t, at_addresses(with));
    const octets came = cred_of(t, "forward");
    storage buffer{};
    for (const std::int64_t ahead : {-600, 600})
      CHECK(we.session().open_cred(came, buffer, the_world->turn(ahead), to_open(with)).error().code ==
            errc::clock_skew);
    const auto service = the_world->credential(the_world->of(etype_t::aes256_cts_hmac_sha1_96));
    storage out{};
    const auto m = we.session().make_cred(service, out, the_world->turn(600), to_make(with));
    REQUIRE(m);
    CHECK(code(t.peer.ask("rd_cred " + hex(*m))) == 37);
  }
}

TEST_CASE("protected_session: a KRB-CRED from another address is refused where addresses are demanded", "[sessions]") {
  for (const library& with : libraries()) {
    if (with.is_heimdal) continue;  // it names no sender without a port, and we compare no ports
    talk t({.with = with});
    place(t, "2/c0000209", our_place);
    ours we(t, at_addresses(with));
    const octets came = cred_of(t, "cred");
    storage buffer{};
    CHECK(we.session().open_cred(came, buffer, the_world->turn(), {.addresses = true}).error().code ==
          errc::address_mismatch);
    CHECK(we.session().open_cred(came, buffer, the_world->turn()));
  }
}

// With sequence numbers MIT's library puts its next one where the nonce is, counts it, and demands the same of a
// KRB-CRED that comes. Heimdal's does not.
TEST_CASE("protected_session: MIT's library counts a KRB-CRED among the messages, and so do we where we are told",
          "[sessions]") {
  for (const library& with : libraries()) {
    if (with.is_heimdal) continue;
    for (const bool told : {true, false}) {
      CAPTURE(told);
      talk t({.with = with});
      place(t, peer_place, our_place);
      ours we(t, at_addresses(with));
      const auto service = the_world->credential(the_world->of(etype_t::aes256_cts_hmac_sha1_96));
      storage out{}, buffer{};
      for (int i = 0; i != (told ? 3 : 1); ++i) {
        const octets came = cred_of(t, "cred");
        CHECK(we.session().open_cred(came, buffer, the_world->turn(), {.numbered = told}));
        if (told) {
          const auto again = we.session().open_cred(came, buffer, the_world->turn(), {.numbered = true});
          CHECK(again.error().code == errc::nonce_mismatch);
        }
        const auto m =
            we.session().make_cred(service, out, the_world->turn(), kerb::cred_make_options{.numbered = told});
        REQUIRE(m);
        const std::string answer = t.peer.ask("rd_cred " + hex(*m));
        CHECK(answer.substr(0, 9) == (told ? "creds 1" : "failed 42"));
        if (told) (void)t.peer.next();
        CHECK(we.open(kind::priv, made_by(t, kind::priv, {1})) == (told ? errc::ok : errc::bad_order));
        CHECK(opened_by(t, kind::priv, we.make(kind::priv, {1})) == "data 01");
      }
    }
  }
}
