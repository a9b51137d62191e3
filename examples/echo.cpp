// An echo service and its client over Asio, with KRB-PRIV: see echo --help and echo/README.md.
#include <kerb/format/host_port.hpp>

#include "echo/client.hpp"
#include "echo/demonstration.hpp"
#include "echo/options.hpp"
#include "echo/service.hpp"

namespace {

using asio::ip::tcp;

int run_service(const echo::options& o) {
  const auto own = std::make_unique<echo::service>(echo::read_file(o.keytab), o.service);
  asio::io_context thread(1);
  tcp::acceptor port(thread, {asio::ip::make_address(o.address), o.port});
  std::printf("serving %s at %s port %u\n", example::text_of(own->name).c_str(), o.address.c_str(),
              port.local_endpoint().port());
  co_spawn(thread, echo::serve(std::move(port), *own, {.idle = o.idle}), asio::detached);
  asio::signal_set ends(thread, SIGINT, SIGTERM);
  ends.async_wait([&](std::error_code, int) { thread.stop(); });
  thread.run();
  return 0;
}

/// Reads HOST:PORT; an IPv6 address is in brackets.
echo::places find(asio::io_context& thread, const std::string& where) {
  const std::size_t colon = where.rfind(':');
  if (colon == std::string::npos) throw echo::bad_option("\"" + where + "\" is no HOST:PORT");
  std::string host = where.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  echo::places all;
  for (const auto& found : tcp::resolver(thread).resolve(host, where.substr(colon + 1))) all.push_back(found);
  return all;
}

example::asio_server kdc_at(const std::string& where) {
  const auto server = kerb::parse_server(where, kerb::default_port(kerb::server_t::kdc));
  if (!server) throw echo::bad_option("\"" + where + "\" is no HOST:PORT");
  return {std::string(server->host), server->port};
}

int run_client(const echo::options& o) {
  echo::policy crypto;
  asio::io_context thread(1);
  echo::client c(crypto,
                 {.me = echo::name_of(o.principal),
                  .service = echo::name_of(o.service),
                  .password = echo::first_line(o.password_file),
                  .kdcs = {kdc_at(o.kdc)}},
                 find(thread, o.connect), o.idle);
  std::exception_ptr failed;
  const auto note = [&](std::exception_ptr e) { failed = failed ? failed : e; };
  co_spawn(thread, c.log_in(), note);
  thread.run();
  thread.restart();
  for (unsigned i = 0; i != o.connections && !failed; ++i) co_spawn(thread, c.talk(o.text, o.messages), note);
  thread.run();
  if (failed) std::rethrow_exception(failed);
  std::printf("\"%s\" came back from %s: connections %u, messages over each %u\n", o.text.c_str(), o.service.c_str(),
              o.connections, o.messages);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  const std::string role = argc == 1 ? "" : argv[1];
  if (role.empty()) return echo::demonstrate();
  if (role == "--help" || role == "-h") return std::fputs(echo::usage, stdout), 0;
  const echo::options o = echo::read_options(std::span(argv + 2, argv + argc));
  if (role == "service") return run_service(o);
  if (role == "client") return run_client(o);
  throw echo::bad_option("\"" + role + "\": service or client; --help tells more");
} catch (const echo::bad_option& e) {
  std::fprintf(stderr, "echo: %s\n", e.what());
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "echo: %s\n", e.what());
  return 1;
}
