// What the examples share, without a KDC: the transport over POSIX sockets, with peers that do as they like.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "../../examples/sasl/kafka.hpp"
#include "../../examples/support/posix_transport.hpp"
#include "support/catch.hpp"

namespace {

using clock_type = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A socket on the loopback interface and a thread that does something with it, until told to stop.
class peer {
 public:
  template <class Work>
  peer(int kind, Work work) : fd_(::socket(AF_INET, kind | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&a), size) == 0);
    if (kind == SOCK_STREAM) REQUIRE(::listen(fd_, 4) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size) == 0);
    port_ = std::to_string(ntohs(a.sin_port));
    thread_ = std::thread([this, work] { work(*this); });
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() {
    stop_ = true;
    thread_.join();
    ::close(fd_);
  }
  const std::string& port() const { return port_; }
  int fd() const { return fd_; }
  bool stops() const { return stop_; }

 private:
  int fd_;
  std::string port_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

const std::vector<std::uint8_t> request(300, 0x6a);
kerb::send request_to_send(kerb::transport via) {
  kerb::send s;
  s.octets = request;
  s.via = via;
  return s;
}

TEST_CASE("posix_transport: length and message go out in one segment", "[support][rfc4120-7.2.2]") {
  std::atomic<unsigned> segments{0};
  peer p(SOCK_STREAM, [&](const peer& self) {
    const int c = ::accept4(self.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    std::array<std::uint8_t, 304> all{};
    const ssize_t n = ::recv(c, all.data(), all.size(), MSG_WAITALL);
    tcp_info info{};
    socklen_t size = sizeof info;
    const bool known = ::getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    segments = known && n == 304 ? info.tcpi_data_segs_in : 0;
    const std::uint8_t answer[] = {0, 0, 0, 1, 0x7e};
    (void)::send(c, answer, sizeof answer, MSG_NOSIGNAL);
    ::close(c);
  });
  example::posix_transport wire("127.0.0.1", p.port(), true);
  const auto answer = wire(request_to_send(kerb::transport::stream));
  REQUIRE(answer);
  CHECK(answer->octets.size() == 1);
  CHECK(segments == 1);
}

TEST_CASE("posix_transport: an answer that trickles in is waited for no longer than one that does not come",
          "[support]") {
  peer p(SOCK_STREAM, [&](const peer& self) {
    const int c = ::accept4(self.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    const std::uint8_t length[] = {0, 0, 1, 0};
    (void)::send(c, length, sizeof length, MSG_NOSIGNAL);
    for (int i = 0; i != 100 && !self.stops(); ++i) {
      (void)::send(c, "x", 1, MSG_NOSIGNAL);
      std::this_thread::sleep_for(milliseconds(50));
    }
    ::close(c);
  });
  example::posix_transport wire("127.0.0.1", p.port(), true, milliseconds(300));
  const auto began = clock_type::now();
  CHECK(wire(request_to_send(kerb::transport::stream)).error().code == kerb::errc::no_answer);
  CHECK(clock_type::now() - began < milliseconds(2000));
}

TEST_CASE("posix_transport: datagrams that say nothing do not put the end off", "[support]") {
  peer p(SOCK_DGRAM, [&](const peer& self) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    std::array<std::uint8_t, 512> in{};
    (void)::recvfrom(self.fd(), in.data(), in.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    for (int i = 0; i != 100 && !self.stops(); ++i) {
      (void)::sendto(self.fd(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&from), size);
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  example::posix_transport wire("127.0.0.1", p.port(), false, milliseconds(300));
  const auto began = clock_type::now();
  unsigned came = 0;
  for (auto answer = wire(request_to_send(kerb::transport::datagram)); answer && came != 60; answer = wire({})) ++came;
  CHECK(came >= 1);
  CHECK(came < 60);
  CHECK(clock_type::now() - began < milliseconds(2000));
}

/// A datagram service that counts what arrives, and answers each datagram or none.
class counting_peer {
 public:
  explicit counting_peer(bool answers)
      : peer_(SOCK_DGRAM, [this, answers](const peer& self) {
          while (!self.stops()) {
            sockaddr_in from{};
            socklen_t size = sizeof from;
            std::array<std::uint8_t, 512> in{};
            pollfd p{self.fd(), POLLIN, 0};
            if (::poll(&p, 1, 20) <= 0) continue;
            const ssize_t n = ::recvfrom(self.fd(), in.data(), in.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
            if (n > 0) ++count_;
            if (n > 0 && answers) (void)::sendto(self.fd(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&from), size);
          }
        }) {}
  const std::string& port() const { return peer_.port(); }
  unsigned count() const { return count_; }

 private:
  std::atomic<unsigned> count_{0};
  peer peer_;
};

TEST_CASE("posix_transport: a request to change a password is sent once, and waited for to the end", "[support]") {
  counting_peer silent(false), other(false);
  kerb::send s = request_to_send(kerb::transport::datagram);
  example::posix_transport kdc("127.0.0.1", other.port(), false, milliseconds(1500));
  CHECK(kdc(s).error().code == kerb::errc::no_answer);
  CHECK(other.count() == 2);  // a KDC answers each copy
  s.to = kerb::destination::kpasswd;
  example::posix_transport wire("127.0.0.1", silent.port(), false, milliseconds(1500));
  const auto began = clock_type::now();
  CHECK(wire(s).error().code == kerb::errc::no_answer);
  CHECK(clock_type::now() - began >= milliseconds(1450));
  CHECK(wire({}).error().code == kerb::errc::no_answer);  // as after an answer that was ignored
  CHECK(silent.count() == 1);
}

TEST_CASE("posix_transport: after an ignored answer the same wait goes on", "[support]") {
  counting_peer p(true);
  example::posix_transport wire("127.0.0.1", p.port(), false, milliseconds(2500));
  const auto began = clock_type::now();
  unsigned came = 0;
  for (auto answer = wire(request_to_send(kerb::transport::datagram)); answer && came != 60; answer = wire({})) ++came;
  CHECK(came == 2);
  CHECK(p.count() == 2);  // at once and after one second: the third would follow after three
  CHECK(clock_type::now() - began >= milliseconds(2450));
}

// ---- Kafka's frames: its protocol guide, "The Messages: SaslHandshake", "SaslAuthenticate"

using namespace std::string_literals;
namespace kafka = example::kafka;

TEST_CASE("kafka: requests have the octets of Kafka's protocol guide", "[support]") {
  CHECK(kafka::handshake(1, "kerb", "GSSAPI") == "\0\0\0\x16\0\x11\0\1\0\0\0\1\0\4kerb\0\6GSSAPI"s);
  CHECK(kafka::authenticate(2, "kerb", "abc") == "\0\0\0\x15\0\x24\0\0\0\0\0\2\0\4kerb\0\0\0\3abc"s);
  CHECK(kafka::authenticate(3, "", "") == "\0\0\0\x0e\0\x24\0\0\0\0\0\3\0\0\0\0\0\0"s);
}
TEST_CASE("kafka: responses are read whole, or not at all", "[support]") {
  const std::string good = "\0\0\0\2\0\0\xff\xff\0\0\0\3abc"s, bad = "\0\0\0\3\0\x3a\0\2no\0\0\0\0"s;
  const auto a = kafka::read_authenticated(good), b = kafka::read_authenticated(bad);
  REQUIRE((a && b));
  CHECK((a->correlation == 2 && a->error_code == 0 && a->error_message.empty() && a->token == "abc"));
  CHECK((b->correlation == 3 && b->error_code == 58 && b->error_message == "no" && b->token.empty()));
  for (const std::string& whole : {good, bad})
    for (std::size_t n = 0; n != whole.size(); ++n) CHECK_FALSE(kafka::read_authenticated(whole.substr(0, n)));
  CHECK_FALSE(kafka::read_authenticated(good + "x"));
}

}  // namespace
