// examples/echo as a client, with tickets from examples/kdc and from MIT's KDC.
#include "echo_peer.hpp"

using namespace echo_test;

namespace {

/// What a client has to say about where its tickets come from; empty where it or the KDC has not been built.
std::string account() {
  if (!own::runs(own::variable("KERB_ECHO")) || !own::runs(own::variable("KERB_KDC"))) return "";
  static std::string arguments;
  if (!arguments.empty()) return arguments;
  const std::string principals = own::write_file("principals",
                                                 "principal alice password=wonderland\n"
                                                 "principal echo/localhost password=looking-glass service\n");
  own::kdc = std::make_unique<own::kdc_process>(
      std::vector<std::string>{"--realm", "EXAMPLE.ORG", "--principals", principals});
  const own::outcome exported = own::run(own::variable("KERB_KDC") + " --realm EXAMPLE.ORG --principals " + principals +
                                             " --export-keytab " + own::path("kdc.keytab") + " echo/localhost",
                                         {});
  REQUIRE(exported.status == 0);
  return arguments = " --kdc 127.0.0.1:" + own::kdc->port();
}
own::outcome client(const std::string& port, const std::string& more = "", const std::string& password = "wonderland",
                    const std::string& from = account()) {
  return own::run(own::variable("KERB_ECHO") + " client" + from + " --principal alice@EXAMPLE.ORG --password-file " +
                      own::write_file("password", password + "\n") +
                      " --service echo/localhost@EXAMPLE.ORG --connect 127.0.0.1:" + port + " " + more,
                  {});
}
/// Whether a service's log says this, or will in a moment: it is written when a connection has ended.
bool says(const own::kdc_process& s, const std::string& what) {
  for (int i = 0; i != 200; ++i) {
    if (s.log().find(what) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}
void check_refused(const own::outcome& o, const std::string& why) {
  INFO(o.said);
  CHECK(o.status == 1);
  CHECK_THAT(o.said, own::contains(why));
}

}  // namespace

TEST_CASE("echo client: two hundred connections at once, with either service", "[echo]") {
  if (account().empty()) return;
  for (const std::string& kind : kinds()) {
    CAPTURE(kind);
    own::kdc_process& s = service(kind, "20", own::path("kdc.keytab"));
    for (const char* many : {"", "--connections 200 --messages 5 --text 'all at once'"}) {
      const own::outcome o = client(s.port(), many);
      INFO(o.said);
      CHECK(o.status == 0);
      CHECK_THAT(o.said, own::contains("came back from echo/localhost"));
    }
    CHECK(says(s, "alice@EXAMPLE.ORG, messages: 5"));
  }
}

TEST_CASE("echo client: MIT's KDC does as well", "[echo]") {
  if (account().empty() || !example::throwaway_kdc::installed()) return;
  const example::throwaway_kdc mit({.commands = "addprinc +requires_preauth -pw wonderland alice\n"
                                                "addprinc -randkey echo/localhost\n"
                                                "ktadd -k mit.keytab echo/localhost\n"});
  for (const std::string& kind : kinds()) {
    const own::outcome o = client(service(kind, "20", mit.path("mit.keytab")).port(), "", "wonderland",
                                  " --kdc 127.0.0.1:" + std::to_string(mit.port()));
    INFO(o.said);
    CHECK(o.status == 0);
  }
}

TEST_CASE("echo client: says what went wrong", "[echo]") {
  if (account().empty()) return;
  for (const std::string& kind : kinds()) {
    CAPTURE(kind);
    own::kdc_process& right = service(kind, "20", own::path("kdc.keytab"));
    check_refused(client(right.port(), "", "guilty"), "KDC_ERR_PREAUTH_FAILED");
    check_refused(client(right.port(), "--text " + std::string(16400, 'x')), "the text: no_space");
    // Its name, and another key: the realm of these tests has one, and examples/kdc's another
    own::kdc_process& wrong = service(kind);
    check_refused(client(wrong.port()), "the service: peer_error in KRB-ERROR.error-code, KRB_AP_ERR_BAD_INTEGRITY");
    CHECK(says(wrong, "nobody, messages: 0; refused: integrity in Ticket.enc-part"));
    // Another name
    const std::string other = "--service echo/elsewhere@EXAMPLE.ORG";
    check_refused(client(right.port(), other), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
  }
  check_refused(client("9"), "Connection refused");
}

TEST_CASE("echo client: takes no nonsense from a service", "[echo]") {
  if (account().empty()) return;
  const octets some(100, 0xa5), junk = framed(some), none(4), far_too_long(8, 0x7f);
  for (const octets& answer : {junk, none, far_too_long, octets{}}) {
    CAPTURE(answer.size());
    impostor there(answer);
    const own::outcome o = client(there.port());
    INFO(o.said);
    CHECK(o.status == 1);
    CHECK_THAT(o.said, own::contains("the service: "));
  }
}

TEST_CASE("echo client: does not wait for ever", "[echo]") {
  if (account().empty()) return;
  impostor there(std::nullopt);
  check_refused(client(there.port(), "--idle 1"), "timed out");
}

TEST_CASE("echo: its demonstration goes to the end", "[echo]") {
  if (!own::runs(own::variable("KERB_ECHO"))) return;
  const own::outcome o = own::run(own::variable("KERB_ECHO"), {});
  INFO(o.said);
  CHECK(o.status == 0);
  CHECK_THAT(o.said, own::contains("alice has heard every word come back"));
  CHECK_THAT(o.said, own::contains("KDC_ERR_PREAUTH_FAILED"));
  CHECK_THAT(o.said, own::contains("KRB_ERR_FIELD_TOOLONG"));
}

TEST_CASE("echo: wrong arguments are said", "[echo]") {
  const std::string epoll = own::variable("KERB_ECHO_EPOLL"), asio = own::variable("KERB_ECHO");
  for (const std::string& program : {epoll, asio + " service"}) {
    if (program != epoll && !own::runs(asio)) continue;
    for (const auto& [arguments, sentence] : std::map<std::string, std::string>{
             {"--what", "is no option"},
             {"--keytab", "needs a value"},
             {"--keytab /nowhere", "cannot be read"},
             {"--keytab /etc/passwd", "the keytab: "},
             {"--port many", "is no number"},
             {"--keytab " + the_realm().keytab + " --service a@b@c", "the service's name: "},
             {"--keytab " + the_realm().keytab + " --address 192.0.2.1", "annot "}}) {
      const own::outcome o = own::run(program + " " + arguments, {});
      INFO(program << " " << arguments << "\n" << o.said);
      CHECK(o.status != 0);
      CHECK_THAT(o.said, own::contains(sentence));
    }
  }
}
