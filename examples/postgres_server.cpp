// A server that psql can talk to, as far as authentication and encryption with GSS-API go: it answers each query with
// the name of the client.
//
//   postgres_server                starts a KDC, and has psql ask
//   postgres_server KEYTAB PORT    serves one client after the other
#include <sys/time.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "postgres/gssenc.hpp"
#include "support/help.hpp"
#include "support/story.hpp"
#include "support/throwaway_kdc.hpp"

namespace {

using namespace std::string_literals;

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
std::vector<std::uint8_t> contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot be read: " + file);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string octets(std::size_t n) {
  const auto v = example::big_endian(n);
  return {v.begin(), v.end()};
}

class server {
 public:
  explicit server(std::vector<std::uint8_t> keytab) : file_(std::move(keytab)) {
    const auto opened = kerb::keytab_view::open(file_);
    if (!opened) throw std::runtime_error(log_line(opened.error(), kerb::party::service).c_str());
    keytab_ = *opened;
  }
  /// Serves a client until it closes the connection.
  void serve(int fd) {
    example::wire wire(fd);
    std::array<std::uint8_t, 8> request{};
    wire.read(request);
    if (!(kerb::bytes_view(request) == kerb::bytes_view(gssenc_request))) {
      throw std::runtime_error("the client does not ask for encryption with GSS-API");
    }
    wire.write(kerb::octets_of("G"));
    example::encrypted client(wire, crypto_, greet(wire));
    const std::string name = example::text_of(client.context().initiator());
    std::printf("a client: %s\n", name.c_str());

    std::array<std::uint8_t, 4> size{};
    client.read(size);
    const std::size_t n = example::wire::number(size);
    if (n < 8 || n > 10000) throw std::runtime_error("the startup message has no valid length");
    std::vector<std::uint8_t> startup(n - 4);
    client.read(startup);  // a real server looks up the user in it, and whether this client may be that user
    client.write_message('R', octets(0));  // the context has authenticated the client
    client.write_message('S', "client_encoding\0UTF8\0"s);
    client.write_message('Z', "I");
    for (std::string m;;) {
      const char type = client.read_message(m);
      if (type == 'X') return;
      if (type != 'Q') throw std::runtime_error("only simple queries are answered");
      client.write_message(
          'T', "\0\1client\0"s + octets(0) + "\0\0"s + octets(25) + "\xff\xff"s + octets(0xffffffff) + "\0\0"s);
      client.write_message('D', "\0\1"s + octets(name.size()) + name);
      client.write_message('C', "SELECT 1\0"s);
      client.write_message('Z', "I");
    }
  }

 private:
  static constexpr std::uint8_t gssenc_request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30};

  /// Establishes the context: each token has its length in front.
  kerb::botan::gss::context greet(example::wire& wire) {
    kerb::botan::gss::acceptor acceptor(
        {.ap = {.buffer = buffer_}, .required = {kerb::gss_flag_t::mutual, kerb::gss_flag_t::conf}});
    kerb::keytab_keys<kerb::botan::policy> keys(keytab_, crypto_);
    std::vector<std::uint8_t> token;
    const auto answer =
        kerb::gss::accept(acceptor, kerb::bytes_view(wire.read_packet(token)), crypto_, keys, seen_, now());
    wire.write(acceptor.framed());  // the AP-REP, a KRB-ERROR, or nothing
    if (!answer) throw std::runtime_error(log_line(answer.error(), kerb::party::service).c_str());
    auto context = std::move(acceptor).take();
    if (!context) throw std::runtime_error("the client needs another token");
    return std::move(*context);
  }

  std::vector<std::uint8_t> file_;
  kerb::keytab_view keytab_;
  kerb::botan::policy crypto_;
  kerb::memory_replay_cache<1024> seen_;
  std::array<std::uint8_t, kerb::botan::gss::acceptor::typical_buffer_size> buffer_;  // the context's names are in it
};

void serve_each(server& s, int port, int most) {
  for (int i = 0; i != most; ++i) try {
      s.serve(accept(port, nullptr, nullptr));
    } catch (const std::exception& e) { std::printf("the connection ended: %s\n", e.what()); }
}

}  // namespace

constexpr const char* usage =
    "usage: postgres_server\n"
    "       postgres_server KEYTAB PORT\n"
    "\n"
    "A server of PostgreSQL's protocol that authenticates and encrypts with GSSAPI, for psql. Without arguments it\n"
    "starts the KDC of MIT krb5 and psql (Debian packages krb5-kdc, krb5-admin-server, krb5-user and\n"
    "postgresql-client).\n";

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  if (argc == 3) {
    auto port = static_cast<unsigned short>(std::stoul(argv[2]));
    server s(contents(argv[1]));
    serve_each(s, example::listening(port), -1);
  }
  if (!example::throwaway_kdc::installed() || access("/usr/bin/psql", X_OK) != 0) {
    std::puts("skipped: needs the packages krb5-kdc, krb5-admin-server, krb5-user and postgresql-client");
    return 77;
  }
  example::throwaway_kdc kdc({.commands = "addprinc -pw wonderland alice\naddprinc -randkey postgres/localhost\n"});
  kdc.run({"kadmin.local", "-r", kdc.realm(), "ktadd", "-k", kdc.path("keytab"), "postgres/localhost"});
  setenv("KRB5CCNAME", kdc.path("cache").c_str(), 1);
  std::ofstream(kdc.path("password")) << "wonderland\n";
  kdc.run({"kinit", "alice"}, kdc.path("password"));
  unsigned short port = 0;
  const int socket = example::listening(port);
  server s(contents(kdc.path("keytab")));
  std::thread serving([&] { serve_each(s, socket, 1); });
  std::filesystem::remove(kdc.path("setup.out"));
  kdc.run({"psql", "-h", "localhost", "-p", std::to_string(port), "-U", "alice", "-d", "gssencmode=require dbname=any",
           "-At", "-c", "select"});
  serving.join();
  std::printf("psql prints: %s", kdc.tail("setup.out").c_str());
  return kdc.tail("setup.out").find("alice@EXAMPLE.ORG") == std::string::npos;
} catch (const std::exception& e) {
  std::fprintf(stderr, "postgres_server: %s\n", e.what());
  return 1;
}
