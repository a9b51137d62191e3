// LDAP with SASL: a client that asks OpenLDAP's server who it is, and a server that OpenLDAP's ldapwhoami asks.
// It starts its own KDC and its own slapd. Each side tries each security layer.
#include <thread>

#include "sasl/server.hpp"
#include "sasl/slapd.hpp"
#include "support/help.hpp"
#include "support/posix_transport.hpp"

namespace {

using namespace example;
using kerb::gss::sasl_layer;

// ---- a client

/// Binds with this layer.
void bind(ldap::connection& c, const kerb::botan::credential& ticket, sasl_layer layer, policy& crypto) {
  std::vector<std::uint8_t> buffer(kerb::botan::gss::sasl_client::typical_buffer_size);
  kerb::botan::gss::sasl_client client({.gss = {.credential = ticket, .buffer = buffer}, .layers = {layer}});
  auto step = client.start({crypto, now()});
  for (unsigned id = 1;; ++id) {
    if (const auto* f = std::get_if<kerb::failed>(&step)) (void)ldap::must(kerb::result<int>(f->why));
    if (kerb::is<kerb::need_buffer>(step)) throw std::runtime_error("the ticket is too large for this example");
    const auto& out = std::get<kerb::gss::respond>(step);
    c.send(id, ldap::bind_with(ldap::text_of(out.octets)));
    auto answer = ldap::read_response(c.receive(), id, ldap::bind_response);
    if (out.then == kerb::afterwards::finished && answer.code == ldap::success) break;
    if (answer.code != ldap::bind_in_progress) throw std::runtime_error("bind: " + answer.diagnostic);
    const std::string challenge = ldap::take(answer.rest, ldap::server_credentials);
    step = client.receive(kerb::octets_of(challenge), {crypto, now()});
  }
  c.protect(ldap::must(std::move(client).take()));
}
std::string who_am_i(unsigned short port, const kerb::botan::credential& ticket, sasl_layer layer, policy& crypto) {
  ldap::connection c(connected(port), crypto);
  bind(c, ticket, layer, crypto);
  c.send(20, ber(ldap::extended_request, ldap::ber(ldap::request_name, ldap::who_am_i)));
  auto answer = ldap::read_response(c.receive(), 20, ldap::extended_response);
  if (answer.code != ldap::success) throw std::runtime_error("whoami: " + answer.diagnostic);
  return ldap::take(answer.rest, ldap::response_value);
}

/// Sends a question of many frames, which the server does not understand, and returns the code of its answer.
unsigned ask_at_length(std::uint16_t port, const kerb::botan::credential& ticket, policy& crypto) {
  ldap::connection c(connected(port), crypto);
  bind(c, ticket, sasl_layer::confidentiality, crypto);
  const std::string much = ldap::ber(ldap::request_value, std::string(200000, 'x'));
  c.send(20, ber(ldap::extended_request, ldap::ber(ldap::request_name, "1.3.6.1.4.1.1.1") + much));
  return ldap::read_response(c.receive(), 20, ldap::extended_response).code;
}

// ---- both with the peers of OpenLDAP

bool ok = true;

void told(const std::string& who, const std::string& got, const std::string& expected) {
  std::printf("%-60s %s\n", who.c_str(), got.c_str());
  if (got.find(expected) != std::string::npos) return;
  std::printf("  expected: %s\n", expected.c_str());
  ok = false;
}
std::string output_of(const std::string& command) {
  FILE* const out = popen(("timeout 20 " + command + " 2>&1 </dev/null").c_str(), "r");
  if (out == nullptr) throw std::runtime_error("no process can be started");
  std::string all;
  for (int c; (c = std::fgetc(out)) != EOF;) all += c == '\n' ? ' ' : static_cast<char>(c);
  pclose(out);
  return all;
}

void client_with_slapd(const throwaway_kdc& kdc) {
  const throwaway_slapd server(kdc, kdc.path("ldap.keytab"));
  policy crypto;
  kerb::ticket_cache<kerb::botan::key, 4> cache;
  posix_transport ask_kdc("127.0.0.1", std::to_string(kdc.port()));
  const auto me = ldap::must(kerb::principal::parse("alice@EXAMPLE.ORG"));
  const auto service = ldap::must(kerb::principal::parse_service("ldap/localhost"));
  const auto ticket = ldap::must(kerb::acquire(
      {.client = me, .server = service, .password = kerb::secret_view::of("wonderland")}, cache, crypto, now, ask_kdc));
  for (const sasl_layer l : {sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality})
    told("slapd answers our client in layer " + std::to_string(static_cast<int>(l)),
         who_am_i(server.port(), *ticket, l, crypto), "dn:uid=alice,cn=example.org,cn=gssapi,cn=auth");
  told("slapd's code for a question of 200,000 octets", std::to_string(ask_at_length(server.port(), *ticket, crypto)),
       std::to_string(ldap::protocol_error));
}

void server_with_ldapwhoami(const throwaway_kdc& kdc) {
  unsigned short port = 0;
  const int listener = listening(port);
  kerb::memory_replay_cache<64> seen;
  kdc.set_environment();
  setenv("KRB5CCNAME", ("FILE:" + kdc.path("ccache")).c_str(), 1);
  std::ofstream(kdc.path("password")) << "wonderland\n";
  kdc.run({"kinit", "-c", kdc.path("ccache"), "alice"}, kdc.path("password"));
  struct {
    const char *options, *client, *server;
  } const cases[] = {
      {"-O minssf=0,maxssf=0", "u:alice@EXAMPLE.ORG", "u:alice@EXAMPLE.ORG, layer 1"},
      {"-O minssf=1,maxssf=1", "u:alice@EXAMPLE.ORG", "u:alice@EXAMPLE.ORG, layer 2"},
      {"-O minssf=256,maxssf=256", "u:alice@EXAMPLE.ORG", "u:alice@EXAMPLE.ORG, layer 4"},
      {"-X u:alice@EXAMPLE.ORG", "u:alice@EXAMPLE.ORG", "u:alice@EXAMPLE.ORG, layer 4"},
      {"-X u:bob@EXAMPLE.ORG", "Invalid credentials", "refuses"},
  };
  for (const auto& c : cases) {
    std::string log;
    std::thread server([&] { serve(::accept(listener, nullptr, nullptr), seen, log); });
    const std::string said = output_of(std::string("ldapwhoami -N -Q -Y GSSAPI ") + c.options +
                                       " -H ldap://localhost:" + std::to_string(port));
    server.join();
    told(std::string("ldapwhoami ") + c.options + " says", said, c.client);
    told("  and our server", log, c.server);
  }
  close(listener);
}

}  // namespace

constexpr const char* usage =
    "usage: sasl\n"
    "\n"
    "SASL GSSAPI over LDAP: a client for slapd, and a server for ldapwhoami. Both run against programs that it starts\n"
    "(Debian packages krb5-kdc, krb5-admin-server, krb5-user, slapd, ldap-utils, libsasl2-modules-gssapi-mit).\n";

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  const bool has_client = std::system("command -v ldapwhoami kinit >/dev/null") == 0;
  if (!throwaway_kdc::installed() || !throwaway_slapd::installed() || !has_client) {
    std::puts(
        "skipped: needs the packages krb5-kdc, krb5-admin-server, krb5-user, slapd, ldap-utils and "
        "libsasl2-modules-gssapi-mit");
    return 77;
  }
  const throwaway_kdc kdc({.commands = "addprinc -pw wonderland alice\naddprinc -pw \"" +
                                       std::string(directory_password) + "\" ldap/localhost\n"});
  kdc.run({"kadmin.local", "-r", kdc.realm(), "ktadd", "-norandkey", "-k", kdc.path("ldap.keytab"), "ldap/localhost"});
  client_with_slapd(kdc);
  server_with_ldapwhoami(kdc);
  return ok ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "sasl: %s\n", e.what());
  return 1;
}
