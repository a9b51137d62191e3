// LDAP with SASL as examples/sasl does it: what arrives around the end of a bind, and which answers are taken.
#include "../examples/sasl/server.hpp"
#include "support/catch.hpp"
#include "support/sasl_world.hpp"

using namespace kerb_test;
namespace ldap = example::ldap;

namespace {

using world = basic_sasl_world<kerb::botan::policy>;

/// Both ends of a connection that has just been authenticated, with sockets in place of the network.
struct bound {
  explicit bound(sasl_layer l) : world_(std::make_unique<world>()) {
    world_->client_layers = {l};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
    const auto c = world_->credential();
    auto p = must(world_->connect(c));
    ours.emplace(std::move(p.ours));
    theirs.emplace(std::move(p.theirs));
  }
  kerb::botan::policy& crypto() { return world_->policy; }
  void arrives(int at, const std::string& octets) const {
    REQUIRE(::send(at, octets.data(), octets.size(), 0) == static_cast<ssize_t>(octets.size()));
  }
  /// A message in a frame of this session.
  std::string sealed(ldap::session& by, const std::string& message) {
    std::vector<std::uint8_t> frame(by.wrap_size(message.size()));
    return ldap::text_of(must(by.wrap(kerb::octets_of(message), frame, crypto())));
  }

  int fd[2] = {-1, -1};
  std::optional<ldap::session> ours, theirs;

 private:
  std::unique_ptr<world> world_;
};

std::string message(unsigned id, const std::string& operation) {
  return ber(ldap::sequence, ldap::ber(ldap::integer, id) + operation);
}
const std::string bind_succeeds = message(4, ldap::result(ldap::bind_response, ldap::success));
std::string you_are(const std::string& who) {
  return message(20, ldap::result(ldap::extended_response, ldap::success, ber(ldap::response_value, who)));
}
std::string answer_of(ldap::connection& c) {
  auto answer = ldap::read_response(c.receive(), 20, ldap::extended_response);
  return ldap::take(answer.rest, ldap::response_value);
}

TEST_CASE("ldap: a response in clear behind the end of a bind is not believed in the layer",
          "[examples][rfc4422-3.7]") {
  for (const sasl_layer l : {sasl_layer::integrity, sasl_layer::confidentiality}) {
    bound b(l);
    ldap::connection client(b.fd[0], b.crypto()), network(b.fd[1], b.crypto());
    b.arrives(b.fd[1], bind_succeeds + you_are("u:anybody"));
    CHECK(ldap::read_response(client.receive(), 4, ldap::bind_response).code == ldap::success);
    client.protect(std::move(*b.ours));
    CHECK_THROWS(client.receive());
  }
}
TEST_CASE("ldap: a request in clear behind the end of a bind is not obeyed in the layer", "[examples][rfc4422-3.7]") {
  bound b(sasl_layer::integrity);
  ldap::connection server(b.fd[0], b.crypto()), network(b.fd[1], b.crypto());
  b.arrives(b.fd[1], message(4, ldap::bind_with("the last token")) + message(5, ber(ldap::unbind_request, "")));
  CHECK(example::sasl_of(server.receive()) == "the last token");
  server.protect(std::move(*b.theirs));
  CHECK_THROWS(server.receive());
}
TEST_CASE("ldap: what arrives behind the end of a bind in the layer is opened", "[examples][rfc4422-3.7]") {
  for (const sasl_layer l : {sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality}) {
    bound b(l);
    ldap::connection client(b.fd[0], b.crypto()), network(b.fd[1], b.crypto());
    // Two frames and a half, and then the other half
    const std::string first = b.sealed(*b.theirs, you_are("u:alice")), second = b.sealed(*b.theirs, you_are("u:bob"));
    const std::string third = b.sealed(*b.theirs, you_are("u:carol"));
    b.arrives(b.fd[1], bind_succeeds + first + second + third.substr(0, 9));
    CHECK(ldap::read_response(client.receive(), 4, ldap::bind_response).code == ldap::success);
    client.protect(std::move(*b.ours));
    CHECK(answer_of(client) == "u:alice");
    CHECK(answer_of(client) == "u:bob");
    b.arrives(b.fd[1], third.substr(9));
    CHECK(answer_of(client) == "u:carol");
  }
}
TEST_CASE("ldap: the response to another request is not taken", "[examples][rfc4511-4.1.1.1]") {
  const ldap::message m{7,
                        {ldap::extended_response, "\x0a\x01" + std::string(1, '\0') + "\x04" + std::string(3, '\0')}};
  for (const unsigned id : {0u, 6u, 8u}) CHECK_THROWS(ldap::read_response(m, id, ldap::extended_response));
  CHECK_THROWS(ldap::read_response(m, 7, ldap::bind_response));
}
TEST_CASE("ldap: a client acts as itself without an identity or with its own name", "[examples][rfc4752-3.2]") {
  const auto is_itself = [](const kerb::principal& client, const std::string& identity) {
    return example::is_itself({client, kerb::octets_of(identity)});
  };
  const auto she = must(kerb::principal::parse("alice@EXAMPLE.ORG"));
  CHECK(is_itself(she, ""));
  CHECK(is_itself(she, "u:alice@EXAMPLE.ORG"));
  CHECK(!is_itself(she, "alice@EXAMPLE.ORG"));
  CHECK(!is_itself(she, "u:bob@EXAMPLE.ORG"));
  CHECK(!is_itself(she, "u:alice@EXAMPLE.COM"));
  CHECK(!is_itself(she, "u:"));
}
TEST_CASE("story: the text of a principal is its own, however long its name is", "[examples]") {
  const auto text_of = [](const std::string& component) {
    const kerb::kerberos_string one[] = {kerb::kerberos_string::of(component)};
    return example::text_of(kerb::principal_view{{kerb::name_t::principal, one}, alice.realm});
  };
  for (const std::size_t n : {1u, 240u, 241u, 300u, 2048u, 5000u}) {
    const std::string a(n, 'a');
    CHECK((text_of(a) == a + "@" + ldap::text_of(alice.realm.octets)));  // of 5000 letters, a failure shows none
  }
}

}  // namespace
