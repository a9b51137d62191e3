// A peer of the echo services that sends what a test tells it to, and the realm that its tickets come from.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <kerb/botan.hpp>
#include <kerb/testing/realm.hpp>
#include <list>
#include <optional>

#include "own_kdc.hpp"

namespace echo_test {

using kerb::error_code_t;
using policy = kerb::botan::policy;
using octets = std::vector<std::uint8_t>;

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
inline policy& crypto() {
  static policy p;
  return p;
}
inline kerb::environment<policy> turn() { return {crypto(), now()}; }

/// A realm in this program. Its service is echo/localhost@EXAMPLE.ORG, whose key is in a keytab.
class realm {
 public:
  realm() : realm_(crypto(), name, kerb::etype_t::aes256_cts_hmac_sha384_192) {
    REQUIRE(realm_.add_user("alice", kerb::secret_view::of("wonderland")));
    REQUIRE(realm_.add_service("echo/localhost"));
    octets file(512);
    kerb::keytab_writer w(file);
    const kerb::key& k = kerb_test::must(realm_.key_of("echo/localhost"));
    w.add(kerb::keytab_key{
        .principal = service, .timestamp = now().at, .kvno = 1, .etype = k.etype(), .key = k.octets()});
    const auto written = w.finish();
    REQUIRE(written);
    keytab = own::write_file("echo.keytab", {written->begin(), written->end()});
  }
  /// A ticket for the service.
  kerb::botan::credential ticket(std::int64_t lifetime = 36000) {
    static std::list<std::array<std::uint8_t, 8192>> buffers;  // for as long as the program runs
    const auto alice = kerb_test::must(kerb::principal::parse("alice@EXAMPLE.ORG"));
    kerb::botan::as_client as({.client = alice,
                               .server = service,
                               .password = kerb::secret_view::of("wonderland"),
                               .buffer = buffers.emplace_back(),
                               .lifetime = lifetime});
    auto got = kerb::drive(as, crypto(), now, [&](const kerb::send& s) -> kerb::result<kerb::answer> {
      const auto answer = realm_.answer(s.octets, now(), workspace_);
      return answer ? kerb::result<kerb::answer>(*answer) : answer.error();
    });
    REQUIRE(got);
    return std::move(*got);
  }

  const kerb::principal service = kerb_test::must(kerb::principal::parse("echo/localhost@EXAMPLE.ORG"));
  std::string keytab;

 private:
  static constexpr kerb::kerberos_string name = kerb::operator""_krb<"EXAMPLE.ORG">();
  kerb::testing::realm<policy> realm_;
  std::array<std::uint8_t, 16384> workspace_;
};
inline realm& the_realm() {
  static realm r;
  return r;
}
inline const kerb::botan::credential& the_ticket() {
  static const kerb::botan::credential c = the_realm().ticket();
  return c;
}

/// The services that have been built.
inline std::vector<std::string> kinds() {
  if (own::runs(own::variable("KERB_ECHO"))) return {"asio", "epoll"};
  return {"epoll"};
}
inline std::map<std::string, std::unique_ptr<own::kdc_process>> services;
/// A run of a service; the same one for the same arguments.
inline own::kdc_process& service(const std::string& kind, const std::string& idle = "20",
                                 const std::string& keytab = the_realm().keytab) {
  std::unique_ptr<own::kdc_process>& s = services[kind + idle + keytab];
  std::vector<std::string> options = {"--keytab", keytab, "--idle", idle};
  if (kind == "asio") options.insert(options.begin(), "service");
  if (!s)
    s = std::make_unique<own::kdc_process>(options, own::variable(kind == "asio" ? "KERB_ECHO" : "KERB_ECHO_EPOLL"));
  return *s;
}

inline octets part_of(kerb::bytes_view o) { return {o.begin(), o.end()}; }
inline octets framed(kerb::bytes_view message) {
  const auto length = kerb::frame_header(static_cast<std::uint32_t>(message.size()));
  octets all(length.begin(), length.end());
  all.insert(all.end(), message.begin(), message.end());
  return all;
}

/// One connection to a service.
class peer {
 public:
  /// `window`: octets that the kernel keeps for us to read.
  explicit peer(const own::kdc_process& to, int window = 0) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(std::stoi(to.port())));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (window != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() { ::close(fd_); }

  void send(const octets& all) {
    REQUIRE(::send(fd_, all.data(), all.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(all.size()));
  }
  /// Whether the service has closed the connection, whatever there is to be read.
  bool gone() {
    pollfd p{fd_, POLLRDHUP, 0};
    return ::poll(&p, 1, 0) > 0;
  }
  void shut_down() { ::shutdown(fd_, SHUT_WR); }
  bool readable(int milliseconds) {
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, milliseconds) > 0;
  }
  /// The next message; nothing when the service has hung up.
  std::optional<octets> receive() {
    const octets length = read(4);
    if (length.size() != 4) return std::nullopt;
    return read(std::size_t{length[2]} << 8 | length[3]);
  }

  /// The first message of an AP exchange, framed.
  octets request(const kerb::botan::credential& c = the_ticket()) {
    static kerb::unique_time times;
    initiator_.emplace(kerb::initiator_params<kerb::key>{.credential = c, .buffer = workspace_, .times = times});
    const auto step = initiator_->start(turn());
    const auto* const s = std::get_if<kerb::send>(&step);
    REQUIRE(s != nullptr);
    return framed(s->octets);
  }
  void authenticate(const kerb::botan::credential& c = the_ticket()) {
    const octets ap_req = request(c);
    send(ap_req);
    finish();
  }
  /// Goes on when the request has been sent.
  void finish() {
    const auto answer = receive();
    REQUIRE(answer);
    REQUIRE(kerb::is<kerb::done>(initiator_->receive(*answer, turn(), kerb::transport::stream)));
    auto keys = std::move(*initiator_).take();
    REQUIRE(keys);
    session_.emplace(std::move(*keys), kerb::session_options{.here = kerb::side::initiator});
  }
  /// The next KRB-PRIV, framed.
  octets sealed(const std::string& text) {
    octets out(16384);
    const auto made = session_->make_priv(kerb::octets_of(text), out, turn());
    REQUIRE(made);
    return framed(*made);
  }
  /// Reads nothing, and says things until no more of it goes into the buffers of both kernels.
  void talk_until_blocked() {
    pollfd p{fd_, POLLOUT, 0};
    octets rest;
    while (::poll(&p, 1, 100) > 0) {
      if (rest.empty()) rest = sealed(std::string(16000, 'x'));
      const ssize_t n = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      rest.erase(rest.begin(), rest.begin() + n);
    }
  }
  /// The text of what comes next, which must be right.
  std::string heard() {
    const auto message = receive();
    REQUIRE(message);
    octets out(message->size());
    const auto text = session_->open_priv(*message, out, turn());
    REQUIRE(text);
    return {text->begin(), text->end()};
  }
  std::string echo(const std::string& text) {
    const octets message = sealed(text);
    send(message);
    return heard();
  }
  /// The code of the KRB-ERROR with which the service says good-bye; krb_err_response_too_big stands for anything else.
  error_code_t refused() {
    const auto message = receive();
    const auto e = kerb::asn1::decode<kerb::msg::KrbError>(message ? kerb::bytes_view(*message) : kerb::bytes_view());
    const bool ends = !receive();
    const bool named = e && kerb::same_principal({e->sname, e->realm}, the_realm().service);
    return named && ends ? e->error_code : error_code_t::krb_err_response_too_big;
  }
  /// Whether the service has hung up, with nothing to say.
  bool dropped() { return !receive(); }

 private:
  octets read(std::size_t n) {
    octets all(n);
    std::size_t have = 0;
    while (have != n) {
      REQUIRE(readable(5000));
      const ssize_t got = ::recv(fd_, all.data() + have, n - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    all.resize(have);
    return all;
  }

  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::array<std::uint8_t, 8192> workspace_;
  std::optional<kerb::botan::ap_initiator> initiator_;
  std::optional<kerb::botan::protected_session> session_;
};

/// Takes a service's place for one connection: whatever comes, this is the answer, if there is one.
class impostor {
 public:
  explicit impostor(std::optional<octets> answer) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&a), size);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size);
    ::listen(fd_, 1);
    port_ = std::to_string(ntohs(a.sin_port));
    thread_ = std::thread([this, o = std::move(answer)] {
      const int to = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      octets in(65536);
      if (::recv(to, in.data(), in.size(), 0) > 0 && o) {
        (void)::send(to, o->data(), o->size(), MSG_NOSIGNAL);
        ::shutdown(to, SHUT_WR);
      }
      while (::recv(to, in.data(), in.size(), 0) > 0) {}
      ::close(to);
    });
  }
  impostor(const impostor&) = delete;
  impostor& operator=(const impostor&) = delete;
  ~impostor() {
    ::shutdown(fd_, SHUT_RDWR);  // nobody may have come
    thread_.join();
    ::close(fd_);
  }
  const std::string& port() const { return port_; }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string port_;
  std::thread thread_;
};

}  // namespace echo_test

namespace Catch {
template <>
struct StringMaker<kerb::error_code_t> {
  static std::string convert(kerb::error_code_t c) { return std::string(name_of(c)); }
};
}  // namespace Catch
