// A client of PostgreSQL that authenticates with Kerberos and encrypts with GSS-API, without libpq.
//
//   postgres                                           starts a KDC and a server, and asks a question
//   postgres KDC-HOST KDC-PORT PRINCIPAL HOST PORT DATABASE QUERY   with the password in the environment: PASSWORD
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/time.h>

#include "postgres/gssenc.hpp"
#include "postgres/server.hpp"
#include "support/help.hpp"
#include "support/posix_transport.hpp"
#include "support/story.hpp"

namespace {

using kerb::botan::policy;

struct question {
  std::string kdc_host, kdc_port, principal, password, host, port, database, query;
};

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
template <class T>
T must(kerb::result<T>&& r) {
  if (!r) throw std::runtime_error(log_line(r.error(), kerb::party::client).c_str());
  return std::move(*r);
}
int connected(const std::string& host, const std::string& port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) throw std::runtime_error("unknown host: " + host);
  const int s = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  const bool ok = s >= 0 && connect(s, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!ok) throw std::runtime_error("no connection to " + host);
  return s;
}

/// The context with the server. Each token has its length in front, which framed() includes.
kerb::botan::gss::context greet(example::wire& server, const kerb::botan::credential& ticket, policy& crypto) {
  const std::uint8_t gssenc_request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30};
  server.write(gssenc_request);
  std::array<std::uint8_t, 1> answer{};
  server.read(answer);
  if (answer[0] != 'G') throw std::runtime_error("the server does not encrypt with GSS-API");

  std::array<std::uint8_t, kerb::botan::gss::initiator::typical_buffer_size> buffer;
  kerb::botan::gss::initiator initiator(
      {.credential = ticket, .buffer = buffer, .required = {kerb::gss_flag_t::mutual, kerb::gss_flag_t::conf}});
  auto step = initiator.start({crypto, now()});
  std::vector<std::uint8_t> token;
  for (;;) {
    if (const auto* no = std::get_if<kerb::failed>(&step)) must(kerb::result<int>(no->why));
    if (kerb::is<kerb::need_buffer>(step)) throw std::runtime_error("the ticket is too large for this example");
    if (const auto* s = std::get_if<kerb::send>(&step)) {
      server.write(initiator.framed());
      if (s->then == kerb::afterwards::wait) {
        step = initiator.receive(kerb::bytes_view(server.read_packet(token)), {crypto, now()});
        continue;
      }
    }
    return must(std::move(initiator).take());
  }
}

/// Sends the query, and returns the first column of each row.
std::vector<std::string> rows_of(example::encrypted& server, const question& q, const std::string& user) {
  using namespace std::string_literals;
  server.write_message(0, "\0\3\0\0user\0"s + user + "\0database\0"s + q.database + "\0\0"s);
  std::vector<std::string> rows;
  bool asked = false;
  for (std::string m;;) {
    const char type = server.read_message(m);
    const auto number = [&](std::size_t at) {
      return at + 4 <= m.size() ? example::wire::number(kerb::octets_of(m).subview(at, 4)) : std::size_t(-1);
    };
    if (type == 'E') throw std::runtime_error("the server says: " + m);
    if (type == 'R' && number(0) != 0) throw std::runtime_error("the server wants another authentication");
    if (type == 'D') {  // the number of columns in two octets, then each with its length
      const std::size_t n = number(2);
      if (n == std::size_t(-1) || n == 0xffffffff) rows.push_back("(null)");
      else rows.push_back(m.substr(6, n));
    }
    if (type != 'Z') continue;
    if (asked) return rows;
    server.write_message('Q', q.query + "\0"s);
    asked = true;
  }
}

int ask(const question& q) {
  policy crypto;
  kerb::ticket_cache<kerb::botan::key, 4> cache;
  example::posix_transport ask_kdc(q.kdc_host, q.kdc_port);
  const auto me = must(kerb::principal::parse(q.principal));
  const auto service = must(kerb::principal::parse_service("postgres/" + q.host));
  const auto ticket = must(kerb::acquire(
      {.client = me, .server = service, .password = kerb::secret_view::of(q.password)}, cache, crypto, now, ask_kdc));

  example::wire wire(connected(q.host, q.port));
  example::encrypted server(wire, crypto, greet(wire, *ticket, crypto));
  std::printf("authenticated %s, encrypted with %s\n", example::text_of(server.context().acceptor()).c_str(),
              std::string(name_of(server.context().etype(crypto))).c_str());
  for (const std::string& row : rows_of(server, q, q.principal.substr(0, q.principal.find('@'))))
    std::printf("%s\n", row.c_str());
  server.write_message('X', "");
  return 0;
}

}  // namespace

constexpr const char* usage =
    "usage: postgres\n"
    "       postgres KDC-HOST KDC-PORT CLIENT HOST PORT DATABASE QUERY\n"
    "\n"
    "A client of PostgreSQL with GSSAPI authentication and encryption; the environment variable PASSWORD has the\n"
    "client's password. Without arguments it starts the KDC of MIT krb5 and a server (Debian packages krb5-kdc,\n"
    "krb5-admin-server and postgresql).\n";

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  if (argc == 8) {
    const char* const password = getenv("PASSWORD");
    return ask({argv[1], argv[2], argv[3], password == nullptr ? "" : password, argv[4], argv[5], argv[6], argv[7]});
  }
  if (!example::throwaway_kdc::installed() || !example::throwaway_postgres::installed()) {
    std::puts("skipped: needs the packages krb5-kdc, krb5-admin-server and postgresql");
    return 77;
  }
  example::throwaway_kdc kdc({.commands = "addprinc -pw wonderland alice\naddprinc -randkey postgres/localhost\n"});
  const std::string keytab = kdc.path("postgres.keytab");
  kdc.run({"kadmin.local", "-r", kdc.realm(), "ktadd", "-k", keytab, "postgres/localhost"});
  const example::throwaway_postgres server(kdc, keytab, "alice");
  return ask({"127.0.0.1", std::to_string(kdc.port()), "alice@EXAMPLE.ORG", "wonderland", "localhost",
              std::to_string(server.port()), "postgres",
              "select current_user || ' encrypted ' || encrypted from pg_stat_gssapi where pid = pg_backend_pid() "
              "union all select repeat('x', 100000)"});
} catch (const std::exception& e) {
  std::fprintf(stderr, "postgres: %s\n", e.what());
  return 1;
}
