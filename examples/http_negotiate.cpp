// HTTP's Negotiate (RFC 4559): a small server that knows its clients by their tickets, and a client.
//
//   http_negotiate                       a KDC, the server and the client, in one program
//   http_negotiate --with COMMAND...     the same, but COMMAND is the client; URL in it is replaced
//   http_negotiate --serve KEYTAB PORT   the server alone
//   http_negotiate --get URL KDC-HOST KDC-PORT PRINCIPAL    the client alone; the password is in $PASSWORD
#include <fstream>
#include <iterator>

#include "http_negotiate/server.hpp"
#include "support/help.hpp"
#include "support/posix_transport.hpp"
#include "support/throwaway_kdc.hpp"

namespace {

template <class T>
T must(kerb::result<T>&& r) {
  if (!r) throw std::runtime_error(log_line(r.error(), kerb::party::client).c_str());
  return std::move(*r);
}
std::vector<std::uint8_t> contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot be read: " + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct request {
  std::string host, port, path, kdc_host, kdc_port, principal, password;
};

/// Gets a page as `principal`. It is believed only if the server has authenticated too. The page itself is not
/// protected: for that use TLS, and bind the context to the connection (`bindings` of kerb::gss::initiator_params).
std::string get(const request& q) {
  kerb::botan::policy crypto;
  std::array<std::uint8_t, 8192> buffer2;
  kerb::ticket_cache<kerb::botan::key, 4> cache;
  example::posix_transport ask_kdc(q.kdc_host, q.kdc_port);
  const auto me = must(kerb::principal::parse(q.principal));
  const auto service = must(kerb::principal::parse_service("HTTP/" + q.host));
  const auto ticket =
      must(kerb::acquire({.client = me, .server = service, .password = kerb::secret_view::of(q.password)}, cache,
                         crypto, example::now, ask_kdc));

  asio::io_context io;
  example::tcp::socket s(io);
  asio::connect(s, example::tcp::resolver(io).resolve(q.host, q.port));
  kerb::botan::gss::negotiate_initiator negotiation(
      {.krb5 = {.credential = ticket, .buffer = buffer2, .required = {kerb::gss_flag_t::mutual}}});
  std::vector<std::uint8_t> token(kerb::max_http_token);
  std::vector<char> field(kerb::negotiate_size(kerb::max_http_token));
  std::string data;
  auto step = negotiation.start({crypto, example::now()});
  for (;;) {
    if (const auto* no = std::get_if<kerb::failed>(&step)) must(kerb::result<int>(no->why));
    const auto* next = std::get_if<kerb::send>(&step);
    if (next == nullptr) throw std::runtime_error("the ticket is too large for this example");
    const auto value = must(kerb::write_negotiate(next->octets, field));
    asio::write(s, asio::buffer("GET " + q.path + " HTTP/1.1\r\nHost: " + q.host +
                                "\r\nAuthorization: " + std::string(value) + "\r\n\r\n"));
    const std::size_t n = asio::read_until(s, asio::dynamic_buffer(data, 1 << 18), "\r\n\r\n");
    const std::string head = data.substr(0, n);
    const std::size_t size = std::stoul("0" + example::field_of(head, "Content-Length"));
    if (size > 1 << 20) throw std::runtime_error("the page is too large for this example");
    data.erase(0, n);
    if (data.size() < size) asio::read(s, asio::dynamic_buffer(data), asio::transfer_exactly(size - data.size()));
    const unsigned status = head.size() < 12 ? 0 : static_cast<unsigned>(std::stoul("0" + head.substr(9, 3)));
    step = kerb::gss::receive_www_authenticate(negotiation, status, example::field_of(head, "WWW-Authenticate"), token,
                                               {crypto, example::now()});
    if (kerb::is<kerb::done>(step)) return status == 200 ? data.substr(0, size) : head;
    data.erase(0, size);
  }
}

int demonstration(std::vector<std::string> client) {
  if (!example::throwaway_kdc::installed()) {
    std::puts("skipped: needs the packages krb5-kdc and krb5-admin-server");
    return 77;
  }
  example::throwaway_kdc kdc({.commands = "addprinc -pw wonderland alice\naddprinc -randkey HTTP/localhost\n"});
  kdc.run({"kadmin.local", "-r", kdc.realm(), "ktadd", "-k", kdc.path("http.keytab"), "HTTP/localhost"});
  if (!client.empty()) {  // it gets its tickets from a cache
    setenv("KRB5CCNAME", kdc.path("cache").c_str(), 1);
    std::ofstream(kdc.path("password")) << "wonderland\n";
    kdc.run({"kinit", "alice"}, kdc.path("password"));
  }
  const example::background_server server(contents(kdc.path("http.keytab")));
  std::string page;
  if (client.empty()) {
    page = get(
        {"localhost", server.port(), "/", "127.0.0.1", std::to_string(kdc.port()), "alice@EXAMPLE.ORG", "wonderland"});
  } else {
    for (std::string& a : client)
      if (a == "URL") a = "http://localhost:" + server.port() + "/";
    std::filesystem::remove(kdc.path("setup.out"));
    kdc.run(client);
    page = kdc.tail("setup.out");
  }
  std::printf("the page: %s\n", page.c_str());
  return page.find("hello alice@EXAMPLE.ORG") == std::string::npos;
}

}  // namespace

constexpr const char* usage =
    "usage: http_negotiate [--with COMMAND [ARGUMENT...]]\n"
    "       http_negotiate --serve KEYTAB PORT\n"
    "       http_negotiate --get URL KDC-HOST KDC-PORT CLIENT\n"
    "\n"
    "HTTP with Negotiate: a server and a client. Without arguments it starts the KDC of MIT krb5 (Debian packages\n"
    "krb5-kdc and krb5-admin-server), the server, and the client.\n"
    "\n"
    "  --with   runs a command instead of the client; its argument URL becomes the server's\n"
    "  --serve  runs the server with the keys of a keytab\n"
    "  --get    gets a page as CLIENT; the environment variable PASSWORD has its password\n";

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  const std::vector<std::string> args(argv + 1, argv + argc);
  const std::string first = args.empty() ? "" : args[0];
  if (first == "--serve" && argc == 4) {
    example::negotiate_service service(contents(args[1]));
    asio::io_context io;
    const auto number = static_cast<unsigned short>(std::stoul(args[2]));
    co_spawn(io, example::serve({io, {example::tcp::v6(), number}}, service), asio::detached);
    io.run();
    return 0;
  }
  if (first == "--get" && argc == 6) {
    const std::string url = args[1].substr(args[1].find("//") + 2);
    const std::string host = url.substr(0, url.find_first_of(":/"));
    const std::size_t colon = url.find(':'), slash = url.find('/');
    const char* const password = getenv("PASSWORD");
    std::printf("%s\n", get({host, colon == std::string::npos ? "80" : url.substr(colon + 1, slash - colon - 1),
                             slash == std::string::npos ? "/" : url.substr(slash), args[2], args[3], args[4],
                             password == nullptr ? "" : password})
                            .c_str());
    return 0;
  }
  return demonstration(first == "--with" ? std::vector<std::string>(args.begin() + 1, args.end())
                                         : std::vector<std::string>());
} catch (const std::exception& e) {
  std::fprintf(stderr, "http_negotiate: %s\n", e.what());
  return 1;
}
