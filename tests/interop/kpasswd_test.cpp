// Changing and setting passwords at MIT's kadmind.
#include "lab.hpp"

using namespace interop;

namespace {

/// A realm of its own, because the other tests need their passwords.
example::throwaway_kdc& realm() {
  static example::throwaway_kdc one({.commands = "addprinc -pw first alice\n"
                                                 "addprinc -pw first bob\n"
                                                 "addprinc -pw first admin\n"
                                                 "addprinc -pw first -pwexpire 2020-01-01 felix\n"
                                                 "addpol -minlength 8 -history 2 strict\n"
                                                 "addprinc -policy strict -pw firstfirst carol\n",
                                     .passwords = true,
                                     .acl = "admin@EXAMPLE.ORG c *\n"});
  return one;
}

/// A login as a client, for its own realm's krbtgt or another server.
held login_to(policy& p, const std::string& client, const std::string& password, const std::string& server = "") {
  held h;
  const kerb::principal who = name(client), to = name(server.empty() ? "krbtgt/EXAMPLE.ORG" : server);
  kerb::as_params<kerb::key> params{.client = who, .buffer = *h.buffer};
  params.password = kerb::secret_view::of(password);
  if (!server.empty()) params.server = to;
  kerb::botan::as_client as(params);
  posix_transport wire("127.0.0.1", std::to_string(realm().port()));
  h.credential = kerb::drive(
      as, p, [] { return now(); }, wire);
  return h;
}

/// A change of a password, and what came of it.
struct outcome {
  kerb::errc why = errc::ok;
  kerb::kpasswd_result_t code{};
  std::string text;
};
struct wish {
  std::string password;
  std::uint16_t version = kerb::kpasswd_frame::change_version;
  std::string target{};
  bool tcp = false;
};
outcome change(policy& p, const held& ticket, const wish& w) {
  std::vector<std::uint8_t> buffer(kerb::botan::kpasswd_client::typical_buffer_size);
  const kerb::principal target = name(w.target.empty() ? "nobody" : w.target);
  kerb::kpasswd_params<kerb::key> params{
      .credential = *ticket, .new_password = kerb::secret_view::of(w.password), .buffer = buffer};
  params.version = w.version;
  if (!w.target.empty()) params.target = target;
  kerb::botan::kpasswd_client x(std::move(params));
  posix_transport wire("127.0.0.1", std::to_string(realm().kpasswd_port()), w.tcp);
  outcome o;
  auto step = x.start({p, now(), {}});
  REQUIRE(kerb::is<kerb::send>(step));
  CHECK(std::string(buffer.begin(), buffer.end()).find(w.password) == std::string::npos);
  const auto answer = wire(std::get<kerb::send>(step));
  REQUIRE(answer);
  step = x.receive(answer->octets, {p, now(), {}}, answer->arrived);
  if (const auto* no = std::get_if<kerb::password_refused>(&step)) {
    o = {no->why.code, no->code, {no->text.octets.begin(), no->text.octets.end()}};
  } else if (const auto* f = std::get_if<kerb::failed>(&step)) {
    o.why = f->why.code;
    if (const auto said = x.peer_result()) o.code = said->code, o.text = {said->text.begin(), said->text.end()};
  } else {
    REQUIRE(kerb::is<kerb::done>(step));
  }
  return o;
}
constexpr std::uint16_t set = kerb::kpasswd_frame::set_version;
const std::string changepw = "kadmin/changepw";
}  // namespace

TEST_CASE("MIT's kadmind changes a password, in both versions, over UDP and TCP", "[kpasswd][rfc3244-2]") {
  policy p;
  std::string old = "first";
  for (const std::uint16_t version : {kerb::kpasswd_frame::change_version, set}) {
    for (const bool tcp : {false, true}) {
      CAPTURE(version, tcp);
      const held ticket = login_to(p, "alice", old, changepw);
      REQUIRE(ticket);
      const std::string next = "new password " + std::to_string(version) + (tcp ? "t" : "u");
      CHECK(change(p, ticket, {next, version, version == set ? "alice" : "", tcp}).why == errc::ok);
      CHECK(login_to(p, "alice", next));
      CHECK(!login_to(p, "alice", old));
      old = next;
    }
  }
  const held ticket = login_to(p, "alice", old, changepw);
  CHECK(change(p, ticket, {"first"}).why == errc::ok);
}
TEST_CASE("MIT's kadmind changes an expired password", "[kpasswd][rfc3244-2]") {
  policy p;
  CHECK(login_to(p, "felix", "first").error().code == errc::kdc_error);
  const held ticket = login_to(p, "felix", "first", changepw);
  REQUIRE(ticket);
  CHECK(change(p, ticket, {"second"}).why == errc::ok);
  CHECK(login_to(p, "felix", "second"));
}
TEST_CASE("MIT's kadmind refuses a password, and says why", "[kpasswd][rfc3244-2]") {
  policy p;
  const held ticket = login_to(p, "carol", "firstfirst", changepw);
  REQUIRE(ticket);
  for (const std::uint16_t version : {kerb::kpasswd_frame::change_version, set}) {
    const outcome o = change(p, ticket, {"short", version, version == set ? "carol" : ""});
    CHECK(o.why == errc::password_refused);
    CHECK(o.code == kerb::kpasswd_result_t::softerror);
    CHECK_THAT(o.text, kerb_test::contains("too short"));
  }
  // RFC 3244 does not require a name, but kadmind does
  CHECK(change(p, ticket, {"long enough", set}).code == kerb::kpasswd_result_t::malformed);
  CHECK(login_to(p, "carol", "firstfirst"));
}
TEST_CASE("MIT's kadmind lets an administrator set a password, and nobody else", "[kpasswd][rfc3244-2]") {
  policy p;
  const held admin = login_to(p, "admin", "first", changepw), alice = login_to(p, "alice", "first", changepw);
  REQUIRE((admin && alice));
  const outcome no = change(p, alice, {"of alice's choice", set, "bob"});
  CHECK(no.why == errc::password_refused);
  CHECK(no.code == kerb::kpasswd_result_t::accessdenied);
  CHECK(login_to(p, "bob", "first"));
  CHECK(change(p, admin, {"of admin's choice", set, "bob"}).why == errc::ok);
  CHECK(login_to(p, "bob", "of admin's choice"));
  CHECK(change(p, admin, {"of nobody", set, "nobody-here"}).why == errc::password_refused);
}
TEST_CASE("MIT's kadmind refuses what it cannot authenticate, with a KRB-ERROR", "[kpasswd][rfc3244-2]") {
  policy p;
  held ticket = login_to(p, "alice", "first", changepw);
  REQUIRE(ticket);
  // A ticket that is changed on the way
  std::vector<std::uint8_t> octets(ticket->ticket().begin(), ticket->ticket().end());
  octets.back() ^= 1;
  kerb::ticket_facts facts = ticket->facts();
  facts.ticket = octets;
  auto session = p.import(p.etype_of(ticket->session_key()), p.expose(ticket->session_key()).unguarded());
  REQUIRE(session);
  held other;
  other.credential = kerb::botan::credential(facts, std::move(*session));
  for (const std::uint16_t version : {kerb::kpasswd_frame::change_version, set}) {
    const outcome o = change(p, other, {"another one", version});
    CHECK(o.why == errc::peer_error);
    CHECK(o.code == kerb::kpasswd_result_t::autherror);
  }
  CHECK(login_to(p, "alice", "first"));
}
