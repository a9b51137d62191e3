// A KDC, the echo service and clients of all sorts on the loopback interface, all on one thread.
#pragma once
#include <kerb/testing/realm.hpp>

#include "client.hpp"
#include "service.hpp"

namespace echo {

namespace detail {
using realm = kerb::testing::realm<policy>;
inline constexpr kerb::kerberos_string realm_name = kerb::operator""_krb<"EXAMPLE.ORG">();
inline kerb::principal named(const char* text) {
  const auto name = kerb::principal::parse(text, "EXAMPLE.ORG");
  if (!name) throw std::runtime_error(log_line(name.error(), kerb::party::service).c_str());
  return *name;
}

inline awaitable<void> answer_request(tcp::socket& s, realm& r) {
  frame_buffer in, out;
  const kerb::bytes_view request = co_await read_message(s, in);
  const auto answer = r.answer(request, now(), message_part(out));
  if (answer) co_await asio::async_write(s, to_write(framed(*answer, out)), use_awaitable);
}
/// A KDC over TCP that serves one request after the other; examples/kdc is a better one.
inline awaitable<void> answer_requests(tcp::acceptor port, realm& r) {
  for (;;) {
    tcp::socket s = co_await port.async_accept(use_awaitable);
    const deadline until = steady::now() + std::chrono::seconds(1);
    try {
      co_await in_time(until, answer_request(s, r));
    } catch (const std::system_error&) {}  // do not wait for a client that has hung up or sends nothing
  }
}
inline awaitable<void> visit(client& c, const char* name) {
  co_await c.log_in();
  std::printf("  %s has a ticket\n", name);
  co_await c.talk(std::string("I am ") + name, 3);
  std::printf("  %s has heard every word come back\n", name);
}
inline awaitable<void> stray(tcp::endpoint service) {
  tcp::socket s(co_await asio::this_coro::executor);
  co_await s.async_connect(service, use_awaitable);
  const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  co_await asio::async_write(s, asio::buffer(request), use_awaitable);
  frame_buffer in;
  const auto e = kerb::asn1::decode<kerb::msg::KrbError>(co_await read_message(s, in));
  std::printf("  a web browser has come here by mistake, and is told %s\n",
              e ? std::string(name_of(e->error_code)).c_str() : "nonsense");
}
inline std::vector<std::uint8_t> keytab_of(const kerb::principal& name, const kerb::key& k) {
  std::vector<std::uint8_t> file(512);
  kerb::keytab_writer w(file);
  w.add(kerb::keytab_key{.principal = name, .timestamp = now().at, .kvno = 1, .etype = k.etype(), .key = k.octets()});
  const auto octets = w.finish();
  if (!octets)
    throw std::runtime_error(std::string("no keytab: ") + log_line(octets.error(), kerb::party::service).c_str());
  return {octets->begin(), octets->end()};
}
}  // namespace detail

/// Runs the demonstration and returns the exit status.
inline int demonstrate() {
  policy crypto;
  detail::realm realm(crypto, detail::realm_name, kerb::etype_t::aes256_cts_hmac_sha384_192);
  realm.add_user("alice", kerb::secret_view::of("wonderland"));
  realm.add_user("dodo", kerb::secret_view::of("caucus"));
  realm.add_user("queen", kerb::secret_view::of("off with it"));
  realm.add_service("echo/localhost");
  if (!realm.ready()) throw std::runtime_error("no realm can be made");
  const kerb::principal name = detail::named("echo/localhost");
  const kerb::key* const service_key = realm.key_of("echo/localhost");
  if (service_key == nullptr) throw std::runtime_error("the service has no key");
  const auto own = std::make_unique<service>(detail::keytab_of(name, *service_key), "");

  asio::io_context thread(1);
  tcp::acceptor kdc(thread, {asio::ip::address_v4::loopback(), 0}), port(thread, {asio::ip::address_v4::loopback(), 0});
  const tcp::endpoint kdc_is_at = kdc.local_endpoint(), service_is_at = port.local_endpoint();
  std::printf("One thread runs a KDC at %s, the service echo/localhost at %s, and its clients:\n",
              text_of(kdc_is_at).c_str(), text_of(service_is_at).c_str());
  co_spawn(thread, detail::answer_requests(std::move(kdc), realm), asio::detached);
  co_spawn(thread, serve(std::move(port), *own, {}), asio::detached);

  const auto make = [&](const char* who, const char* password) {
    return std::make_unique<client>(crypto,
                                    account{detail::named(who), name, password, {{"127.0.0.1", kdc_is_at.port()}}},
                                    places{service_is_at}, std::chrono::seconds(10));
  };
  const auto alice = make("alice", "wonderland"), dodo = make("dodo", "caucus"), queen = make("queen", "guilty");
  unsigned left = 4, failed = 0;
  const auto end = [&](std::exception_ptr e) {
    --left;
    try {
      if (e) std::rethrow_exception(e);
    } catch (const std::exception& why) {
      ++failed;
      std::printf("  somebody has given up: %s\n", why.what());
    }
  };
  co_spawn(thread, detail::visit(*alice, "alice"), end);
  co_spawn(thread, detail::visit(*dodo, "the dodo"), end);
  co_spawn(thread, detail::visit(*queen, "the queen"), end);
  co_spawn(thread, detail::stray(service_is_at), end);
  while (left != 0) thread.run_one();
  while (thread.poll() != 0) {}  // the service's last lines
  std::puts("The queen's password was wrong; the others' sessions took no notice of it, nor of the browser.");
  return failed == 1 ? 0 : 1;
}

}  // namespace echo
