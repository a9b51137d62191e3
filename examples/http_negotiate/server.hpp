// An HTTP server whose pages only clients with a Kerberos ticket can read: a coroutine for each connection.
#pragma once
#include <sys/time.h>

#include <asio.hpp>
#include <chrono>
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
  /// Each request has an authenticator of its own, which is remembered for at most ten minutes. Half of this number of
  /// requests always fits in that time; when there is no place for one, it is refused. Too large for the stack.
  using replays = kerb::memory_replay_cache<65536>;
  std::unique_ptr<replays> seen = std::make_unique<replays>();

  static constexpr std::size_t most_connections = 200;
  static constexpr std::chrono::seconds patience{30};  ///< for a whole request to arrive and its response to leave
  std::size_t connections = 0;
};

/// One connection. A negotiation may need several requests, which are then on the same connection.
class negotiate_connection {
 public:
  explicit negotiate_connection(negotiate_service& s)
      : service_(s), buffer_(80000), token_(kerb::gss::max_negotiation_token) {}

  /// The response to a request with this value of Authorization.
  std::string respond(std::string_view authorization, kerb::timestamp now) {
    const bool waited = acceptor_.has_value();
    std::string text;
    auto a = negotiate(authorization, text, now);
    // What the negotiation did not wait for may be the first token of a client that begins anew
    if (waited && !a.why.ok()) a = negotiate(authorization, text, now);

    if (!a.why.ok()) std::printf("refused: %s\n", log_line(a.why, kerb::party::service).c_str());
    std::printf("%s", text.c_str());
    std::string head = "HTTP/1.1 " + std::to_string(a.status) + (a.status == 200 ? " OK" : " No") + "\r\n";
    if (!a.www_authenticate.empty()) head += "WWW-Authenticate: " + std::string(a.www_authenticate) + "\r\n";
    return head + "Content-Type: text/plain\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  }

 private:
  kerb::gss::http_answer negotiate(std::string_view authorization, std::string& text, kerb::timestamp now) {
    auto& crypto = service_.crypto;
    auto& keys = *service_.keys;
    auto& seen = *service_.seen;
    if (authorization.empty()) acceptor_.reset();
    if (!acceptor_) acceptor_.emplace(kerb::gss::negotiate_acceptor_params{.krb5 = {.ap = {.buffer = buffer_}}});
    const auto a = kerb::gss::accept_http(*acceptor_, authorization, token_, field_, crypto, keys, seen, now);
    if (a.authenticated()) {
      const auto product = std::move(*acceptor_).take();
      if (product && product->kerberos) text = "hello " + text_of(product->kerberos->initiator()) + "\n";
    }
    if (const auto asked = acceptor_->key_lookup(); asked && std::string_view(a.why.type) == "Ticket")
      std::printf("%s\n", key_line(*asked).c_str());
    // Each request is authenticated by itself; only a negotiation that is not complete goes on with the connection
    if (a.authenticated() || !a.why.ok()) acceptor_.reset();
    return a;
  }

  negotiate_service& service_;
  std::vector<std::uint8_t> buffer_, token_;  // a ticket has at most 64 KiB
  std::array<char, 4096> field_;
  std::optional<kerb::botan::gss::negotiate_acceptor> acceptor_;
};

/// Where a field begins in the head of a request or response, after `from`; names are case-insensitive.
inline std::size_t find_field(const std::string& head, const std::string& name, std::size_t from = 0) {
  const auto lower = [](std::string s) {
    for (char& c : s)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return s;
  };
  return lower(head).find("\r\n" + lower(name) + ":", from);
}
/// The value of the first field of this name, or an empty one.
inline std::string field_of(const std::string& head, const std::string& name) {
  const std::size_t at = find_field(head, name);
  if (at == std::string::npos) return {};
  std::string v = head.substr(at + name.size() + 3, head.find("\r\n", at + 2) - at - name.size() - 3);
  v.erase(0, v.find_first_not_of(" \t"));
  return v;
}

inline const std::string bad_request = "HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Whether this server answers such a request: a GET without contents, which it would otherwise take for the next
/// request, and with at most one field Authorization, of which it would otherwise see only the first.
inline bool is_served(const std::string& head) {
  const std::size_t first = find_field(head, "Authorization");
  const std::string length = field_of(head, "Content-Length");
  return head.starts_with("GET ") && find_field(head, "Transfer-Encoding") == std::string::npos &&
         (length.empty() || length == "0") &&
         (first == std::string::npos || find_field(head, "Authorization", first + 1) == std::string::npos);
}

/// Counts a connection as long as it lives.
struct one_more {
  explicit one_more(std::size_t& n) : number(n) { ++number; }
  one_more(const one_more&) = delete;
  one_more& operator=(const one_more&) = delete;
  ~one_more() { --number; }
  std::size_t& number;
};
inline awaitable<void> serve_connection(std::shared_ptr<tcp::socket> socket, negotiate_service& service) {
  tcp::socket& s = *socket;
  negotiate_connection c(service);
  std::string data;
  asio::steady_timer limit(s.get_executor());
  const one_more counted(service.connections);
  try {
    for (;;) {
      limit.expires_after(service.patience);
      limit.async_wait([waiting = std::weak_ptr(socket)](std::error_code cancelled) {
        if (const auto slow = waiting.lock(); slow && !cancelled) slow->close();
      });
      const std::size_t n =
          co_await asio::async_read_until(s, asio::dynamic_buffer(data, 1 << 18), "\r\n\r\n", use_awaitable);
      const std::string head = data.substr(0, n);
      data.erase(0, n);
      const bool is_good = is_served(head);
      const std::string out = is_good ? c.respond(field_of(head, "Authorization"), now()) : bad_request;
      co_await asio::async_write(s, asio::buffer(out), use_awaitable);
      if (!is_good) break;
    }
  } catch (const std::system_error&) {  // the client has closed the connection, is too slow, or its head is too long
  }
}
inline awaitable<void> serve(tcp::acceptor port, negotiate_service& service) {
  for (;;) {
    auto s = std::make_shared<tcp::socket>(co_await port.async_accept(use_awaitable));
    if (service.connections >= service.most_connections) continue;  // closes it
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
