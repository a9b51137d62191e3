// Changing and setting passwords at MIT's kadmind.
#include "lab.hpp"
#include "password_client.hpp"

using kerb::errc;
using passwords::outcome;
using passwords::policy;
using passwords::set;
using passwords::ticket;

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

passwords::realm mit() {
  return {"EXAMPLE.ORG", std::to_string(realm().port()), std::to_string(realm().kpasswd_port())};
}
}  // namespace

TEST_CASE("MIT's kadmind changes a password, in both versions, over UDP and TCP", "[kpasswd][rfc3244-2]") {
  policy p;
  std::string old = "first";
  for (const std::uint16_t version : {kerb::kpasswd_frame::change_version, set}) {
    for (const bool tcp : {false, true}) {
      CAPTURE(version, tcp);
      const ticket t = mit().login(p, "alice", old);
      REQUIRE(t);
      const std::string next = "new password " + std::to_string(version) + (tcp ? "t" : "u");
      CHECK(mit().change(p, *t.credential, {next, version, version == set ? "alice" : "", tcp}).why == errc::ok);
      CHECK(mit().logs_in(p, "alice", next));
      CHECK(!mit().logs_in(p, "alice", old));
      old = next;
    }
  }
  const ticket t = mit().login(p, "alice", old);
  CHECK(mit().change(p, *t.credential, {"first"}).why == errc::ok);
}
TEST_CASE("MIT's kadmind changes an expired password", "[kpasswd][rfc3244-2]") {
  policy p;
  CHECK(!mit().logs_in(p, "felix", "first"));
  const ticket t = mit().login(p, "felix", "first");
  REQUIRE(t);
  CHECK(mit().change(p, *t.credential, {"second"}).why == errc::ok);
  CHECK(mit().logs_in(p, "felix", "second"));
}
TEST_CASE("MIT's kadmind refuses a password, and says why", "[kpasswd][rfc3244-2]") {
  policy p;
  const ticket t = mit().login(p, "carol", "firstfirst");
  REQUIRE(t);
  for (const std::uint16_t version : {kerb::kpasswd_frame::change_version, set}) {
    const outcome o = mit().change(p, *t.credential, {"short", version, version == set ? "carol" : ""});
    CHECK(o.why == errc::password_refused);
    CHECK(o.code == kerb::kpasswd_result_t::softerror);
    CHECK_THAT(o.text, kerb_test::contains("too short"));
  }
  // RFC 3244 does not require a name, but kadmind does
  CHECK(mit().change(p, *t.credential, {"long enough", set}).code == kerb::kpasswd_result_t::malformed);
  CHECK(mit().logs_in(p, "carol", "firstfirst"));
}
TEST_CASE("MIT's kadmind lets an administrator set a password, and nobody else", "[kpasswd][rfc3244-2]") {
  policy p;
  const ticket admin = mit().login(p, "admin", "first"), alice = mit().login(p, "alice", "first");
  REQUIRE((admin && alice));
  const outcome no = mit().change(p, *alice.credential, {"of alice's choice", set, "bob"});
  CHECK(no.why == errc::password_refused);
  CHECK(no.code == kerb::kpasswd_result_t::accessdenied);
  CHECK(mit().logs_in(p, "bob", "first"));
  CHECK(mit().change(p, *admin.credential, {"of admin's choice", set, "bob"}).why == errc::ok);
  CHECK(mit().logs_in(p, "bob", "of admin's choice"));
  CHECK(mit().change(p, *admin.credential, {"of nobody", set, "nobody-here"}).why == errc::password_refused);
}
TEST_CASE("MIT's kadmind refuses what it cannot authenticate, with a KRB-ERROR", "[kpasswd][rfc3244-2]") {
  policy p;
  const ticket t = mit().login(p, "alice", "first");
  REQUIRE(t);
  // A ticket that is changed on the way
  std::vector<std::uint8_t> octets(t.credential->ticket().begin(), t.credential->ticket().end());
  octets.back() ^= 1;
  kerb::ticket_facts facts = t.credential->facts();
  facts.ticket = octets;
  auto session = p.import(p.etype_of(t.credential->session_key()), p.expose(t.credential->session_key()).unguarded());
  REQUIRE(session);
  const kerb::botan::credential other(facts, std::move(*session));
  for (const std::uint16_t version : {kerb::kpasswd_frame::change_version, set}) {
    const outcome o = mit().change(p, other, {"another one", version});
    CHECK(o.why == errc::peer_error);
    CHECK(o.code == kerb::kpasswd_result_t::autherror);
  }
  CHECK(mit().logs_in(p, "alice", "first"));
}
