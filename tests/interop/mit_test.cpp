// Our AP exchange against MIT's library, which runs in a program of its own: mit_peer.c.
#include "lab.hpp"
#include "peer.hpp"

namespace {

using namespace interop;
using kerb::bytes_view;

/// A key as the peer writes it: a test's keys are no secrets.
std::string text(const kerb::key& k) { return number(k.etype()) + " " + hex(k.octets().unguarded()); }
std::string text(const std::optional<kerb::key>& k) { return k ? text(*k) : ""; }
std::string text(std::optional<std::uint32_t> n) { return n ? std::to_string(*n) : ""; }

/// A run of mit_peer.
struct peer : peer_process {
  explicit peer(std::vector<std::string> arguments)
      : peer_process(std::getenv("KERB_MIT_PEER"), std::move(arguments)) {}
};

std::string keytab() { return "FILE:" + kdc->path("services.keytab"); }
std::string service_of(etype_t e) { return "svc/e" + number(e); }

kerb::environment<policy> env_now(policy& p) { return {p, now()}; }

/// The keys of a service as MIT's library finds them in the keytab that MIT's kadmin wrote.
kerb::key_list<kerb::key, 8> keys_of(policy& p, const kerb::principal& service, const std::string& text) {
  kerb::key_list<kerb::key, 8> keys;
  peer mit({"keys", keytab(), text});
  const std::string line = mit.hear("key");  // one encryption type, one version
  unsigned etype = 0, kvno = 0;
  char value[128] = "";
  REQUIRE(std::sscanf(line.c_str(), "%u %u %127s", &etype, &kvno, value) == 3);
  const octets key = unhex(value);
  auto k = p.import(static_cast<etype_t>(etype), key);
  REQUIRE(k);
  REQUIRE(keys.add(service, kvno, static_cast<etype_t>(etype), std::move(*k)));
  return keys;
}

}  // namespace

TEST_CASE("ap_initiator: MIT's krb5_rd_req accepts our AP-REQ, and we its AP-REP", "[mit]") {
  policy p;
  for (const etype_t e : all_etypes) {
    const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw", .etypes = {e}});
    REQUIRE(tgt);
    const held ticket = get_ticket(p, *tgt, service_of(e));
    REQUIRE(ticket);
    for (const bool our_subkey : {true, false}) {
      for (const bool their_subkey : {true, false}) {
        CAPTURE(e, our_subkey, their_subkey);
        storage buffer;
        const octets covered = of("what the application says");
        kerb::botan::ap_initiator ap(
            {.credential = *ticket, .buffer = buffer, .subkey = our_subkey, .application_data = covered});
        auto step = ap.start(env_now(p));
        REQUIRE(kerb::is<kerb::send>(step));
        std::vector<std::string> arguments{"accept", keytab(), service_of(e)};
        if (their_subkey) arguments.push_back("s");
        peer mit(arguments);
        mit.tell(hex(std::get<kerb::send>(step).octets));
        mit.tell(hex(covered));
        const octets rep = unhex(mit.hear("rep"));
        step = ap.receive(rep, env_now(p));
        REQUIRE(kerb::is<kerb::done>(step));
        (void)mit.hear("over");
        CHECK(mit.hear("client") == "alice@EXAMPLE.ORG");
        CHECK(mit.hear("mutual") == "1");
        CHECK(mit.hear("checksum") == "good");
        const auto session = std::move(ap).take();
        REQUIRE(session);
        CHECK(session->session_key.etype() == e);
        CHECK(mit.hear("session") == text(session->session_key));
        CHECK(mit.hear("initiator_subkey") == text(session->initiator_subkey));
        CHECK(session->initiator_subkey.has_value() == our_subkey);
        // Without a subkey of its own, MIT's library sends the initiator's back
        const std::string theirs = mit.hear("acceptor_subkey");
        CHECK(theirs.empty() == !their_subkey);
        CHECK(text(session->acceptor_subkey) == (their_subkey ? theirs : text(session->initiator_subkey)));
        CHECK(mit.hear("initiator_seq") == text(session->initiator_seq));
        CHECK(mit.hear("acceptor_seq") == text(session->acceptor_seq));
      }
    }
  }
}

TEST_CASE("ap_initiator: without mutual authentication MIT's library accepts and does not answer", "[mit]") {
  policy p;
  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  const held ticket = get_ticket(p, *tgt, "HTTP/web.example.org");
  REQUIRE(ticket);
  storage buffer;
  kerb::botan::ap_initiator ap({.credential = *ticket, .buffer = buffer, .mutual = kerb::if_asked});
  const auto step = ap.start(env_now(p));
  REQUIRE(kerb::is<kerb::send>(step));
  CHECK(std::get<kerb::send>(step).then == kerb::afterwards::finished);
  peer mit({"accept", keytab(), "HTTP/web.example.org"});
  mit.tell(hex(std::get<kerb::send>(step).octets));
  mit.tell("");
  CHECK(mit.hear("client") == "alice@EXAMPLE.ORG");
  CHECK(mit.hear("mutual") == "0");
  CHECK(mit.hear("checksum") == "none");
  CHECK(mit.hear("rep").empty());
  CHECK(std::move(ap).take());
}

TEST_CASE("ap_initiator: MIT's library refuses a changed AP-REQ, and we read its KRB-ERROR", "[mit]") {
  policy p;
  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  const held ticket = get_ticket(p, *tgt, "HTTP/web.example.org");
  REQUIRE(ticket);
  const bool in_ticket = GENERATE(true, false);
  storage buffer;
  kerb::botan::ap_initiator ap({.credential = *ticket, .buffer = buffer});
  auto step = ap.start(env_now(p));
  REQUIRE(kerb::is<kerb::send>(step));
  const bytes_view sent = std::get<kerb::send>(step).octets;
  octets changed(sent.begin(), sent.end());
  const auto req = kerb::asn1::decode<kerb::msg::ApReq>(changed);
  REQUIRE(req);
  const bytes_view where = in_ticket ? req->ticket->enc_part.cipher : req->authenticator.cipher;
  changed[static_cast<std::size_t>(where.data() - changed.data()) + where.size() / 2] ^= 1;
  peer mit({"accept", keytab(), "HTTP/web.example.org"});
  mit.tell(hex(changed));
  mit.tell("");
  const octets error = unhex(mit.hear("krb_error"));
  REQUIRE(!error.empty());
  CHECK(mit.hear("client").empty());
  step = ap.receive(error, env_now(p));
  REQUIRE(kerb::is<kerb::failed>(step));
  CHECK(std::get<kerb::failed>(step).why.code == errc::peer_error);
  CHECK(std::to_string(std::get<kerb::failed>(step).why.detail) == mit.hear("refused").substr(0, 2));
  CHECK(std::get<kerb::failed>(step).why.detail ==
        static_cast<std::uint32_t>(kerb::error_code_t::krb_ap_err_bad_integrity));
  REQUIRE(ap.peer_error());
  CHECK(is({ap.peer_error()->sname, ap.peer_error()->realm}, "HTTP/web.example.org"));
}

TEST_CASE("ap_initiator: an AP-REP of MIT's library to another request is ignored", "[mit]") {
  policy p;
  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  const held ticket = get_ticket(p, *tgt, "HTTP/web.example.org");
  REQUIRE(ticket);
  storage buffer, buffer2;
  kerb::unique_time times;
  kerb::botan::ap_initiator first({.credential = *ticket, .buffer = buffer, .times = times});
  kerb::botan::ap_initiator second({.credential = *ticket, .buffer = buffer2, .times = times});
  const auto to_first = first.start(env_now(p)), to_second = second.start(env_now(p));
  REQUIRE(kerb::is<kerb::send>(to_first));
  REQUIRE(kerb::is<kerb::send>(to_second));
  peer mit({"accept", keytab(), "HTTP/web.example.org"});
  mit.tell(hex(std::get<kerb::send>(to_first).octets));
  mit.tell("");
  const octets rep = unhex(mit.hear("rep"));
  const auto step = second.receive(rep, env_now(p));
  REQUIRE(kerb::is<kerb::ignored>(step));
  CHECK(std::get<kerb::ignored>(step).why.code == errc::time_mismatch);
}

TEST_CASE("ap_acceptor: we accept an AP-REQ of krb5_mk_req_extended, and krb5_rd_rep our AP-REP", "[mit]") {
  policy p;
  kerb::memory_replay_cache<256> seen;
  const octets covered = of("what the application says");
  for (const etype_t e : all_etypes) {
    const kerb::principal service = name(service_of(e));
    const auto keys = keys_of(p, service, service_of(e));
    for (const std::string flags : {"m", "ms", "mse"}) {
      for (const bool with_data : {true, false}) {
        for (const bool our_subkey : {true, false}) {
          CAPTURE(e, flags, with_data, our_subkey);
          std::vector<std::string> arguments{"initiate", "alice", "alicepw", service_of(e), flags};
          if (with_data) arguments.push_back(hex(covered));
          peer mit(arguments);
          const octets req = unhex(mit.hear("req"));
          REQUIRE(!req.empty());
          storage buffer;
          kerb::botan::ap_acceptor ap({.service = service, .mutual = kerb::required, .buffer = buffer});
          const auto who = kerb::accept(ap, req, p, keys, seen, now(), {.subkey = our_subkey});
          CHECK(who.error().code == errc::ok);
          REQUIRE(who);
          CHECK(is(who->client(), "alice"));
          CHECK(is(who->service(), service_of(e)));
          CHECK(who->verify_checksum(p, covered) == (with_data ? errc::ok : errc::inappropriate_checksum));
          if (with_data) CHECK(who->verify_checksum(p, req) == errc::integrity);
          mit.tell("rep " + hex(who->reply()));
          (void)mit.hear("over");
          CHECK(mit.hear("session") == text(who->keys().session_key));
          CHECK(mit.hear("initiator_subkey") == text(who->keys().initiator_subkey));
          CHECK(who->keys().initiator_subkey.has_value() == (flags != "m"));
          CHECK(mit.hear("acceptor_subkey") == text(who->keys().acceptor_subkey));
          CHECK(mit.hear("initiator_seq") == text(who->keys().initiator_seq));
          CHECK(mit.hear("acceptor_seq") == text(who->keys().acceptor_seq));

          storage buffer2;
          kerb::botan::ap_acceptor again({.service = service, .buffer = buffer2});
          CHECK(kerb::accept(again, req, p, keys, seen, now()).error().code == errc::replayed);
        }
      }
    }
  }
}

TEST_CASE("ap_acceptor: an AP-REQ without mutual authentication is accepted where that is allowed", "[mit]") {
  policy p;
  const kerb::principal service = name("svc/e18");
  const auto keys = keys_of(p, service, "svc/e18");
  kerb::memory_replay_cache<32> seen;
  peer mit({"initiate", "alice", "alicepw", "svc/e18", "s"});
  const octets req = unhex(mit.hear("req"));
  storage buffer, buffer2;
  kerb::botan::ap_acceptor strict({.service = service, .mutual = kerb::required, .buffer = buffer});
  CHECK(kerb::accept(strict, req, p, keys, seen, now()).error().code == errc::mutual_required);
  kerb::botan::ap_acceptor lenient({.service = service, .buffer = buffer2});
  const auto who = kerb::accept(lenient, req, p, keys, seen, now());
  REQUIRE(who);
  CHECK(who->reply().empty());
  CHECK(mit.hear("initiator_subkey") == text(who->keys().initiator_subkey));
}

TEST_CASE("ap_acceptor: a changed AP-REQ of MIT's library is refused, and its krb5_rd_error reads why", "[mit]") {
  policy p;
  const kerb::principal service = name("svc/e20"), other = name("svc/e19");
  const auto keys = keys_of(p, service, "svc/e20");
  kerb::memory_replay_cache<32> seen;
  peer mit({"initiate", "alice", "alicepw", "svc/e20", "ms"});
  octets req = unhex(mit.hear("req"));
  const auto decoded = kerb::asn1::decode<kerb::msg::ApReq>(req);
  REQUIRE(decoded);
  const auto place = [&](bytes_view v) { return static_cast<std::size_t>(v.data() - req.data()) + v.size() / 2; };
  storage buffer;
  std::string said;
  SECTION("in its ticket") {
    req[place(decoded->ticket->enc_part.cipher)] ^= 1;
    kerb::botan::ap_acceptor ap({.service = service, .mutual = kerb::required, .buffer = buffer});
    CHECK(kerb::accept(ap, req, p, keys, seen, now()).error().code == errc::integrity);
    mit.tell("error " + hex(ap.refusal()));
    said = "31 svc/e20@EXAMPLE.ORG";
  }
  SECTION("in its authenticator") {
    req[place(decoded->authenticator.cipher)] ^= 1;
    kerb::botan::ap_acceptor ap({.service = service, .mutual = kerb::required, .buffer = buffer});
    CHECK(kerb::accept(ap, req, p, keys, seen, now()).error().code == errc::integrity);
    mit.tell("error " + hex(ap.refusal()));
    said = "31 svc/e20@EXAMPLE.ORG";
  }
  SECTION("by a clock ten minutes off") {
    kerb::botan::ap_acceptor ap({.service = service, .mutual = kerb::required, .buffer = buffer});
    CHECK(kerb::accept(ap, req, p, keys, seen, now(600)).error().code == errc::clock_skew);
    mit.tell("error " + hex(ap.refusal()));
    said = "37 svc/e20@EXAMPLE.ORG";
  }
  SECTION("for another service") {
    kerb::botan::ap_acceptor ap({.service = other, .mutual = kerb::required, .buffer = buffer});
    CHECK(kerb::accept(ap, req, p, keys, seen, now()).error().code == errc::wrong_service);
    mit.tell("error " + hex(ap.refusal()));
    said = "35 svc/e19@EXAMPLE.ORG";
  }
  CHECK(mit.hear("error") == said);
}
