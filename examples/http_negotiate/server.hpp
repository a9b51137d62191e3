// An HTTP server whose pages only clients with a Kerberos ticket can read: a coroutine for each connection.
#pragma once
#include <sys/time.h>

#include <asio.hpp>
#include <kerb/botan.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../support/story.hpp"

namespace example {

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

/// What all connections share: the keytab, and what they have seen.
struct negotiate_service {
  explicit negotiate_service(std::vector<std::uint8_t> keytab) : file(std::move(keytab)) {
    const auto opened = kerb::keytab_view::open(file);
    if (!opened) throw std::runtime_error(log_line(opened.error(), kerb::party::service).c_str());
    keys.emplace(*opened, crypto);
  }
  std::vector<std::uint8_t> file;
  kerb::botan::policy crypto;
  std::optional<kerb::keytab_keys<kerb::botan::policy>> keys;
  kerb::memory_replay_cache<4096> seen;
};

/// One connection. A negotiation may need several requests, which are then on the same connection.
class negotiate_connection {
 public:
  explicit negotiate_connection(negotiate_service& s)
      : service_(s), buffer_(80000), token_(kerb::gss::max_negotiation_token) {}

  /// The response to a request with this value of Authorization.
  std::string respond(std::string_view authorization, kerb::timestamp now) {
    auto& [file, crypto, keytab, seen] = service_;
    auto& keys = *keytab;
    std::string text;
    if (!acceptor_) acceptor_.emplace(kerb::gss::negotiate_acceptor_params{.krb5 = {.ap = {.buffer = buffer_}}});
    const auto a = kerb::gss::accept_http(*acceptor_, authorization, token_, field_, crypto, keys, seen, now);
    if (a.authenticated()) {
      const auto product = std::move(*acceptor_).take();
      if (product && product->kerberos) text = "hello " + text_of(product->kerberos->initiator()) + "\n";
    }
    // Each request is authenticated by itself; only a negotiation that is not complete goes on with the connection
    if (a.authenticated() || !a.why.ok()) acceptor_.reset();

    if (!a.why.ok()) std::printf("refused: %s\n", log_line(a.why, kerb::party::service).c_str());
    std::printf("%s", text.c_str());
    std::string head = "HTTP/1.1 " + std::to_string(a.status) + (a.status == 200 ? " OK" : " No") + "\r\n";
    if (!a.www_authenticate.empty()) head += "WWW-Authenticate: " + std::string(a.www_authenticate) + "\r\n";
    return head + "Content-Type: text/plain\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  }

 private:
  negotiate_service& service_;
  std::vector<std::uint8_t> buffer_, token_;  // a ticket has at most 64 KiB
  std::array<char, 4096> field_;
  std::optional<kerb::botan::gss::negotiate_acceptor> acceptor_;
};

/// The value of a field in the head of a request or response, or an empty one; names are case-insensitive.
inline std::string field_of(const std::string& head, const std::string& name) {
  const auto lower = [](std::string s) {
    for (char& c : s)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return s;
  };
  const std::size_t at = lower(head).find("\r\n" + lower(name) + ":");
  if (at == std::string::npos) return {};
  std::string v = head.substr(at + name.size() + 3, head.find("\r\n", at + 2) - at - name.size() - 3);
  v.erase(0, v.find_first_not_of(" \t"));
  return v;
}

inline awaitable<void> serve_connection(tcp::socket s, negotiate_service& service) {
  negotiate_connection c(service);
  std::string data;
  try {
    for (;;) {
      const std::size_t n =
          co_await asio::async_read_until(s, asio::dynamic_buffer(data, 1 << 18), "\r\n\r\n", use_awaitable);
      const std::string head = data.substr(0, n);
      data.erase(0, n);
      if (!head.starts_with("GET ")) co_return;  // this server has no other methods, and reads no contents
      const std::string out = c.respond(field_of(head, "Authorization"), now());
      co_await asio::async_write(s, asio::buffer(out), use_awaitable);
    }
  } catch (const std::system_error&) {  // the client has closed the connection, or its head is too long
  }
}
inline awaitable<void> serve(tcp::acceptor port, negotiate_service& service) {
  for (;;) {
    tcp::socket s = co_await port.async_accept(use_awaitable);
    co_spawn(port.get_executor(), serve_connection(std::move(s), service), asio::detached);
  }
}

/// Runs a server until the object goes.
class background_server {
 public:
  explicit background_server(std::vector<std::uint8_t> keytab)
      : service_(std::move(keytab)), port_(io_, {asio::ip::address_v4::loopback(), 0}) {
    number_ = std::to_string(port_.local_endpoint().port());
    co_spawn(io_, serve(std::move(port_), service_), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~background_server() {
    io_.stop();
    thread_.join();
  }
  const std::string& port() const { return number_; }

 private:
  negotiate_service service_;
  asio::io_context io_;
  tcp::acceptor port_;
  std::string number_;
  std::thread thread_;
};

}  // namespace example
