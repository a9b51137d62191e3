// GS2-KRB5 with Cyrus' SASL, whose sample programs run as the other side. They do not bind to a connection.
#include <unistd.h>

#include <kerb/format/base64.hpp>
#include <kerb/gss/gs2.hpp>

#include "session_world.hpp"

namespace {

using namespace sessions;
namespace gss = kerb::gss;

const std::string client_program = "/usr/bin/sasl-sample-client", server_program = "/usr/sbin/sasl-sample-server";
bool has_samples() {
  const bool has = std::filesystem::exists(client_program) && std::filesystem::exists(server_program) &&
                   std::filesystem::exists("/usr/bin/stdbuf");
  if (!has) std::puts("Cyrus' sample programs are not here (package sasl2-bin): nothing is tested with them");
  const char* const mode = std::getenv("KERB_INTEROP");
  CHECK((has || mode == nullptr || std::string(mode) != "required"));
  return has;
}

/// A sample program. Its messages are lines in base64, with the letter of the side that sends them.
class sample {
 public:
  sample(char letter, const std::string& program, std::vector<std::string> arguments)
      : letter_(letter), peer_("/usr/bin/stdbuf", with(program, std::move(arguments))) {}
  void tell(bytes_view octets) {
    std::vector<char> text(kerb::base64_size(octets.size()));
    const auto written = kerb_test::must(kerb::encode_base64(octets, text));
    peer_.tell(std::string(letter_ == 'C' ? "S: " : "C: ") + std::string(written));
  }
  /// The next message; nullopt if the program has ended. `said` has the lines before it.
  std::optional<octets> next() {
    for (std::string line = peer_.next(); !line.empty(); line = peer_.next()) {
      const std::size_t at = line.find(std::string(1, letter_) + ": ");
      said += line + "\n";
      if (at == std::string::npos) continue;
      octets out(line.size());
      const auto n = kerb::decode_base64(std::string_view(line).substr(at + 3), out);
      REQUIRE(n);
      return octets(n->begin(), n->end());
    }
    return std::nullopt;
  }
  std::string said;

 private:
  static std::vector<std::string> with(const std::string& program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-o0", program});
    return arguments;
  }
  char letter_;
  interop::peer_process peer_;
};

}  // namespace

TEST_CASE("gs2: a client of Cyrus authenticates to our server, with an identity that needs escapes", "[gs2]") {
  if (!has_samples()) return;
  for (const std::string identity : {"", "bob", "b,o=b"}) {
    const beginning& b = the_world->of(etype_t::aes256_cts_hmac_sha1_96);
    setenv("KRB5CCNAME", b.cache.c_str(), 1);
    std::vector<std::string> arguments{"-m", "GS2-KRB5", "-s", "svc", "-n", "e18.peers.test", "-a", "alice"};
    if (!identity.empty()) arguments.insert(arguments.end(), {"-u", identity});
    sample client('C', client_program, arguments);
    const octets name = interop::of("GS2-KRB5");
    client.tell(name);
    auto first = client.next();
    INFO(client.said);
    REQUIRE(first);
    REQUIRE(first->size() > name.size() + 1);
    REQUIRE(std::equal(name.begin(), name.end(), first->begin()));
    const bytes_view response = bytes_view(*first).subview(name.size() + 1);
    octets buffer(gss::gs2_server<policy>::typical_buffer_size);
    const kerb::principal_view service = b.server;
    gss::gs2_server_params p;
    p.gss.ap.service = service;
    p.gss.ap.buffer = buffer;
    gss::gs2_server<policy> server(p);
    std::string asked = "?";
    const auto may = [&](const gss::authorize_as& as) {
      asked.assign(as.identity.begin(), as.identity.end());
      return kerb::same_principal(as.client, the_world->alice);
    };
    const auto step = [&](bytes_view r) {
      return gss::accept(server, r, the_world->crypto, the_world->service_keys, the_world->seen, now(), may);
    };
    const auto challenge = step(response);
    INFO(name_of(challenge.error().code));
    REQUIRE(challenge);
    REQUIRE_FALSE(challenge->complete);
    client.tell(challenge->token);
    const auto last = client.next();
    INFO(client.said);
    REQUIRE(last);
    const auto end = step(*last);
    REQUIRE(end);
    CHECK(end->complete);
    CHECK(asked == identity);
    CHECK_FALSE(kerb_test::must(std::move(server).take()).channel_bound);
  }
}

TEST_CASE("gs2: our client authenticates to a server of Cyrus", "[gs2]") {
  if (!has_samples()) return;
  // The server acts as svc of this host
  char host[256]{};
  REQUIRE(gethostname(host, sizeof host - 1) == 0);
  const kerb::principal service = kerb_test::must(kerb::principal::parse("svc/" + std::string(host), "PEERS.TEST"));
  const beginning& b = the_world->of(etype_t::aes256_cts_hmac_sha1_96);
  octets file(1024), ticket(2048);
  kerb::keytab_writer keytab(file);
  keytab.add(kerb::keytab_key{service, the_world->began.at, 1, b.etype, kerb::secret_view(b.service_key)});
  const auto made = kerb_test::must(keytab.finish());
  std::ofstream(the_world->path("gs2.keytab"))
      .write(reinterpret_cast<const char*>(made.data()), static_cast<std::streamsize>(made.size()));
  setenv("KRB5_KTNAME", ("FILE:" + the_world->path("gs2.keytab")).c_str(), 1);
  const kerb::msg::EncTicketPart part{.flags = {},
                                      .key = {b.etype, b.session_key},
                                      .crealm = the_world->alice.view().realm,
                                      .cname = the_world->alice.name(),
                                      .transited = {kerb::tr_t::domain_x500_compress, {}},
                                      .authtime = the_world->began.at,
                                      .starttime = the_world->began.at,
                                      .endtime = the_world->endtime().at,
                                      .renew_till = {},
                                      .caddr = {},
                                      .authorization_data = {}};
  const key k = the_world->import(b.etype, b.service_key);
  const held_credential usual = the_world->credential(b);
  kerb::ticket_facts facts = usual.facts();
  facts.ticket = kerb_test::must(kerb::testing::mint_ticket(service.view(), part, k, 1, the_world->turn(), ticket));
  facts.server = service;
  const held_credential credential(facts, the_world->import(b.etype, b.session_key));
  sample server('S', server_program, {"-m", "GS2-KRB5", "-s", "svc"});
  const auto mechanisms = server.next();
  INFO(server.said);
  REQUIRE(mechanisms);
  octets buffer(gss::gs2_client<policy>::typical_buffer_size);
  gss::gs2_client_params<key> p{.gss = {.credential = credential, .buffer = buffer}};
  gss::gs2_client<policy> client(p);
  const auto first = client.start(the_world->turn());
  REQUIRE(kerb::is<gss::respond>(first));
  octets said = interop::of(std::string(client.mechanism()));
  said.push_back(0);
  const bytes_view response = std::get<gss::respond>(first).octets;
  said.insert(said.end(), response.begin(), response.end());
  server.tell(said);
  const auto challenge = server.next();
  INFO(server.said);
  REQUIRE(challenge);
  const auto last = client.receive(*challenge, the_world->turn());
  REQUIRE(kerb::is<gss::respond>(last));
  // The server has sent its token only after it had accepted the context. It accepts no other identity than the
  // client's
  CHECK(std::get<gss::respond>(last).octets.empty());
  CHECK(std::move(client).take());
}
