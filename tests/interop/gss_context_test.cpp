// Contexts of ours with MIT's and Heimdal's GSS-API, in both roles: flags, names, keys, channel bindings, delegation,
// DCE style, and what each side makes of the other's errors.
#include "gss_peers.hpp"

using namespace sessions;

namespace {

/// What both sides of a context must agree on.
void check_agreement(gss_talk& t) {
  CAPTURE(t.told("minor"), t.told("major"));
  CHECK(t.why.code == errc::ok);
  REQUIRE(t.stands());
  CHECK(t.our_key() == t.told("key"));
  CHECK(t.principal(t.context->initiator()) == t.told("initiator"));
  CHECK(t.principal(t.context->acceptor()) == t.told("acceptor"));
  CHECK(t.context->flags() == t.their_flags());
  const std::int64_t left = t.context->endtime().seconds - now().at.seconds,
                     said = std::stoll("0" + t.told("lifetime"));
  CHECK(left >= said - 305);  // MIT's acceptor adds the clock skew that it allows
  CHECK(left <= said + 5);
}
/// What we make of a peer's initiator that asks for these flags, and it of us.
constexpr gss_flags alone(std::initializer_list<gss_flag_t> f) {
  gss_flags all(f);
  all.set(gss_flag_t::conf), all.set(gss_flag_t::integ);  // the libraries always set them
  return all;
}
constexpr gss_flags all_flags[] = {
    alone({}),
    alone({gss_flag_t::mutual}),
    alone({gss_flag_t::replay}),
    alone({gss_flag_t::sequence}),
    alone({gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence}),
    alone({gss_flag_t::mutual, gss_flag_t::identify, gss_flag_t::extended_error}),
    alone({gss_flag_t::mutual, gss_flag_t::dce_style}),
};
/// Refused with GSS_S_BAD_BINDINGS.
bool bad_bindings(const gss_talk& t) { return t.told("major").rfind("4 ", 0) == 0; }

/// The client of the context that a peer begins with the credentials that were delegated to it.
std::string user_of(const std::string& line) {
  INFO(line);
  CHECK(line.rfind("token ", 0) == 0);
  const octets token = unhex(line.substr(line.find(' ') + 1));
  gss_storage buffer{};
  const kerb::principal service = kerb_test::must(kerb::principal::parse("svc/used", "PEERS.TEST"));
  kerb::gss::acceptor_params params;
  params.ap.service = service;
  params.ap.buffer = buffer;
  kerb::gss::acceptor<policy> a(params);
  const auto env = the_world->turn();
  auto s = a.receive(token, env);
  if (kerb::is<kerb::need_ticket_key>(s)) s = a.provide(*the_world->realm.key_of("svc/used"), env);
  if (kerb::is<kerb::check_replay>(s)) s = a.replay_checked(true, env);
  const bool alice = a.peer() != nullptr && kerb::same_principal(a.peer()->client(), the_world->alice);
  return alice ? "alice" : "nobody";
}
/// The same with those that were delegated to us: whose ticket the KDC gives for them.
std::string user_of(const gss_context& c) {
  gss_storage opened{}, buffer{};
  octets answers(16384);
  auto got = c.delegated(opened, the_world->turn());
  CHECK(got.error().code == errc::ok);
  if (!got || got->size() != 1) return "nothing";
  CHECK((*got->facts(0)).flags.has(kerb::ticket_flag_t::forwarded));
  const auto tgt = got->take(0, the_world->crypto);
  REQUIRE(tgt);
  const kerb::principal service = kerb_test::must(kerb::principal::parse("svc/used", "PEERS.TEST"));
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = service, .buffer = buffer});
  auto s = tgs.start(the_world->turn());
  REQUIRE(kerb::is<kerb::send>(s));
  const auto answer = the_world->realm.answer(std::get<kerb::send>(s).octets, now(), answers);
  REQUIRE(answer);
  s = tgs.receive(*answer, the_world->turn());
  const auto ticket = std::move(tgs).take();
  return ticket && kerb::same_principal(ticket->client(), the_world->alice) ? "alice" : "nobody";
}

}  // namespace

TEST_CASE("gss: with each encryption type both sides agree on key, flags, names and lifetime, and open each message",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool peer_initiates : {false, true}) {
        for (const gss_flags f : {usual, one_way, dce}) {
          CAPTURE(with.name, e, peer_initiates, f.bits);
          gss_talk t({.with = with, .etype = e, .peer_initiates = peer_initiates, .flags = f});
          check_agreement(t);
          // Heimdal's initiator expects 0 as our first number where there is no AP-REP
          if (f != one_way || !with.is_heimdal || !peer_initiates) exchange_messages(t, {20});
        }
      }
    }
  }
}

TEST_CASE("gss: the flags that the initiator requests are those that both sides have", "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const bool peer_initiates : {false, true}) {
      for (const gss_flags f : all_flags) {
        CAPTURE(with.name, peer_initiates, f.bits);
        gss_talk t({.with = with, .peer_initiates = peer_initiates, .flags = f});
        check_agreement(t);
        CHECK(t.context->flags() == f);
        const std::size_t legs = f.has(gss_flag_t::dce_style) ? 3 : f.has(gss_flag_t::mutual) ? 2 : 1;
        CHECK(t.tokens.size() == legs);
      }
    }
  }
}

TEST_CASE("gss: a context without subkey of the acceptor is under the initiator's", "[gss-peers]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    gss_talk t({.with = with, .peer_initiates = true, .answer = {.subkey = false}});
    check_agreement(t);
    exchange_messages(t, {0, 20});
  }
}

TEST_CASE("gss: a context that both sides bind to the same channel stands, and the acceptor knows it bound",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const bool peer_initiates : {false, true}) {
      for (const gss_flags f : {usual, one_way, dce}) {
        CAPTURE(with.name, peer_initiates, f.bits);
        gss_talk t({.with = with,
                    .peer_initiates = peer_initiates,
                    .flags = f,
                    .ours = "tls-exporter:one",
                    .theirs = "tls-exporter:one",
                    .rule = kerb::binding_rule::require});
        check_agreement(t);
        CHECK(t.context->bound());
        if (!peer_initiates && !with.is_heimdal) CHECK(t.told("bound") == "1");
      }
    }
  }
}

TEST_CASE("gss: a context that is bound to another channel is refused by each acceptor", "[gss-peers]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    gss_talk ours({.with = with, .ours = "tls-exporter:one", .theirs = "tls-exporter:two"});
    CHECK(!ours.context);
    CHECK(bad_bindings(ours));
    CHECK(ours.sent == (with.is_heimdal ? std::nullopt : std::optional(kerb::error_code_t::krb_err_generic)));
    gss_talk theirs({.with = with, .peer_initiates = true, .ours = "tls-exporter:one", .theirs = "tls-exporter:two"});
    CHECK(theirs.why.code == errc::bindings_mismatch);
    CHECK(!theirs.context);
    CHECK(!theirs.told("minor").empty());
  }
}

TEST_CASE("gss: bindings of one side only leave a context unbound, unless the acceptor demands them", "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const bool initiator_has : {false, true}) {
      CAPTURE(with.name, initiator_has);
      const std::optional<std::string> here = "tls-exporter:one", none;
      gss_talk ours({.with = with, .ours = initiator_has ? here : none, .theirs = initiator_has ? none : here});
      check_agreement(ours);
      CHECK(ours.context->bound() == initiator_has);  // an initiator does not learn more
      CHECK(ours.told("bound") == "0");
      gss_talk theirs({.with = with,
                       .peer_initiates = true,
                       .ours = initiator_has ? none : here,
                       .theirs = initiator_has ? here : none});
      check_agreement(theirs);
      CHECK(!theirs.context->bound());
    }
    gss_talk strict({.with = with, .peer_initiates = true, .ours = "one", .rule = kerb::binding_rule::require});
    CHECK(strict.why.code == errc::bindings_missing);
  }
}

TEST_CASE("gss: an initiator that supports bindings and has none is refused by MIT's acceptor, if that has some",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    gss_talk t({.with = with, .theirs = "tls-exporter:one", .bindings_aware = true});
    CHECK(t.stands() == with.is_heimdal);
    CHECK(bad_bindings(t) == !with.is_heimdal);
    gss_talk neither({.with = with, .bindings_aware = true});
    check_agreement(neither);
  }
}

TEST_CASE("gss: delegated credentials arrive in both directions and get tickets", "[gss-peers]") {
  const realm_at_a_port kdc;
  for (const library& with : libraries()) {
    for (const etype_t e : {etype_t::aes128_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha384_192}) {
      for (const gss_flags f : {usual, one_way}) {
        CAPTURE(with.name, e, f.bits);
        gss_talk ours({.with = with, .etype = e, .flags = f, .delegate = true});
        check_agreement(ours);
        CHECK(ours.context->flags().has(gss_flag_t::deleg));
        CHECK(ours.told("deleg") == "alice@PEERS.TEST");
        CHECK(user_of(ours.peer.ask("use svc/used@PEERS.TEST")) == "alice");
        gss_talk theirs({.with = with, .etype = e, .peer_initiates = true, .flags = f, .delegate = true});
        check_agreement(theirs);
        CHECK(theirs.context->flags().has(gss_flag_t::deleg));
        REQUIRE(theirs.context->has_delegated());
        CHECK(user_of(*theirs.context) == "alice");
      }
    }
  }
}

TEST_CASE("gss: in DCE style three tokens without a frame establish a context, with messages behind them",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const bool peer_initiates : {false, true}) {
      CAPTURE(with.name, peer_initiates);
      gss_talk t({.with = with, .peer_initiates = peer_initiates, .flags = dce});
      check_agreement(t);
      REQUIRE(t.tokens.size() == 3);
      CHECK(t.tokens[0][0] == kerb::der::application(14).octet);
      CHECK(t.tokens[1][0] == kerb::der::application(15).octet);
      CHECK(t.tokens[2][0] == kerb::der::application(15).octet);
      exchange_messages(t, {0, 1, 16, 17, 1000});
    }
  }
}

TEST_CASE("gss: Heimdal accepts a bare AP-REQ outside of DCE style and answers with a frame, MIT refuses it",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    gss_talk t({.with = with, .framed = false});
    CHECK(t.stands() == with.is_heimdal);
    if (with.is_heimdal) check_agreement(t);
    else CHECK(t.told("major").rfind("9 ", 0) == 0);  // GSS_S_DEFECTIVE_TOKEN
  }
}

TEST_CASE(
    "gss: a KRB-ERROR of the libraries' acceptors tells us why they refuse; Heimdal sends one for a wrong clock only",
    "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const gss_flags f : {usual, dce}) {
      CAPTURE(with.name, f.bits);
      gss_talk late({.with = with, .flags = f, .ahead = 1800});
      CHECK(late.why.code == errc::peer_error);
      CHECK(late.sent == kerb::error_code_t::krb_ap_err_skew);
      octets changed = the_world->of(etype_t::aes256_cts_hmac_sha1_96).ticket;
      changed.back() ^= 1;
      gss_talk other({.with = with, .flags = f, .ticket = changed});
      CHECK(!other.context);
      CHECK(!other.told("major").empty());
      if (with.is_heimdal) CHECK(!other.sent);
      else CHECK(other.sent == kerb::error_code_t::krb_ap_err_bad_integrity);
    }
  }
}

TEST_CASE("gss: our KRB-ERROR tells the libraries' initiators why we refuse; MIT's do not read it in DCE style",
          "[gss-peers]") {
  for (const library& with : libraries()) {
    for (const gss_flags f : {usual, dce}) {
      CAPTURE(with.name, f.bits);
      const bool reads = with.is_heimdal || f == usual;
      gss_talk other({.with = with, .peer_initiates = true, .flags = f, .wrong_key = true});
      CHECK(other.why.code == errc::integrity);
      CHECK(!other.context);
      CHECK(other.told("minor").find(reads ? "Decrypt integrity check failed" : "Invalid message type") !=
            std::string::npos);
    }
  }
}

TEST_CASE("gss: when our clock differs MIT's initiator says so, and Heimdal's asks again by our clock", "[gss-peers]") {
  const std::string cache = the_world->path("skewed");  // there Heimdal keeps the difference
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    std::filesystem::copy_file(the_world->path("cache18"), cache);
    const gss_setting late{.with = with, .peer_initiates = true, .ahead = 1800, .cache = "FILE:" + cache};
    gss_talk first(late);
    CHECK(first.why.code == errc::clock_skew);
    CHECK(!first.context);
    CHECK((first.told("minor").find("Clock skew too great") != std::string::npos) == !with.is_heimdal);
    CHECK(first.tokens.size() == (with.is_heimdal ? 3 : 2));
    gss_talk second(late);
    if (with.is_heimdal) check_agreement(second);
    std::filesystem::remove(cache);
  }
}
