// The transport of examples/support over Asio, with servers on the loopback interface that drop, delay and refuse.
#include "../../examples/support/asio_transport.hpp"

#include <kerb/asn1/encode.hpp>

#include "support/catch.hpp"

namespace {

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using asio::ip::udp;
using kerb::errc;
using std::chrono::milliseconds;
using clock_type = std::chrono::steady_clock;
using octets = std::vector<std::uint8_t>;

const octets request(300, 0x6a), reply{0x6b, 0x00};
const auto loopback = asio::ip::address_v4::loopback();

awaitable<void> pause(milliseconds time) {
  asio::steady_timer t(co_await asio::this_coro::executor, time);
  co_await t.async_wait(use_awaitable);
}

/// A server for datagrams: it counts them, answers none of the first `lost`, and the others after `delay`.
struct datagram_server {
  datagram_server(asio::io_context& io, octets says, unsigned lost = 0, milliseconds delay = {}, unsigned copies = 1)
      : socket(io, udp::endpoint(loopback, 0)) {
    co_spawn(io, serve(*this, std::move(says), lost, delay, copies), asio::detached);
  }
  static awaitable<void> serve(datagram_server& self, octets says, unsigned lost, milliseconds delay, unsigned copies) {
    octets in(2048);
    udp::endpoint from;
    for (;;) {
      const std::size_t n = co_await self.socket.async_receive_from(asio::buffer(in), from, use_awaitable);
      self.whole = self.whole && n == request.size();
      if (++self.count <= lost) continue;
      if (delay.count() != 0) co_await pause(delay);
      for (unsigned i = 0; i != copies; ++i)
        co_await self.socket.async_send_to(asio::buffer(says), from, use_awaitable);
    }
  }
  std::uint16_t port() const { return socket.local_endpoint().port(); }
  udp::socket socket;
  unsigned count = 0;
  bool whole = true;
};
/// A server for streams: it reads one request on each connection, and answers, or ends the connection.
struct stream_server {
  stream_server(asio::io_context& io, octets says, std::uint16_t port = 0)
      : acceptor(io, tcp::endpoint(loopback, port)) {
    co_spawn(io, serve(*this, std::move(says)), asio::detached);
  }
  static awaitable<void> serve(stream_server& self, octets says) {
    for (;;) {
      tcp::socket s = co_await self.acceptor.async_accept(use_awaitable);
      octets in(4 + request.size());
      co_await asio::async_read(s, asio::buffer(in), use_awaitable);
      const auto f = kerb::read_frame(in, 1000);
      self.whole = self.whole && f && f->missing == 0 && f->message == kerb::bytes_view(request);
      ++self.count;
      if (says.empty()) continue;
      const auto h = kerb::frame_header(static_cast<std::uint32_t>(says.size()));
      octets out(h.begin(), h.end());
      out.insert(out.end(), says.begin(), says.end());
      for (const std::uint8_t o : out) co_await asio::async_write(s, asio::buffer(&o, 1), use_awaitable);
    }
  }
  std::uint16_t port() const { return acceptor.local_endpoint().port(); }
  tcp::acceptor acceptor;
  unsigned count = 0;
  bool whole = true;
};

example::asio_server at(std::uint16_t port) { return {"127.0.0.1", port}; }
example::asio_server over(kerb::reach_t reach, std::uint16_t port) { return {"127.0.0.1", port, reach}; }
/// A port on which nobody listens.
std::uint16_t closed_port(asio::io_context& io) {
  tcp::acceptor a(io, tcp::endpoint(loopback, 0));
  return a.local_endpoint().port();
}
const kerb::failover_limits quick{.datagram_wait = 100, .stream_wait = 1000};

kerb::send to(kerb::destination whom) {
  kerb::send s;
  s.octets = request;
  s.to = whom;
  return s;
}
struct outcome {
  kerb::error why;
  octets answer;
  std::optional<kerb::transport> arrived;
  milliseconds took{};
};
awaitable<void> ask(example::asio_transport& net, kerb::send s, outcome& o) {
  const auto got = co_await net.ask(s);
  o.why = got.error();
  if (!got) co_return;
  o.answer.assign(got->octets.begin(), got->octets.end());
  o.arrived = got->arrived;
}
outcome ask(asio::io_context& io, example::asio_transport& net, const kerb::send& s) {
  outcome o;
  bool over = false;
  std::exception_ptr thrown;
  const auto began = clock_type::now();
  co_spawn(io, ask(net, s, o), [&](std::exception_ptr e) {
    over = true;
    thrown = e;
  });
  while (!over) io.run_one();
  if (thrown) std::rethrow_exception(thrown);
  o.took = std::chrono::duration_cast<milliseconds>(clock_type::now() - began);
  return o;
}
octets krb_error(kerb::error_code_t code) {
  using namespace kerb::literals;
  kerb::msg::KrbError e{};
  e.error_code = code;
  e.realm = "R"_krb;
  std::array<std::uint8_t, 200> buffer{};
  const auto all = kerb::asn1::encode(e, std::span<std::uint8_t>(buffer));
  REQUIRE(all);
  return {all->begin(), all->end()};
}

TEST_CASE("asio_transport: a datagram that is lost is sent again", "[support]") {
  asio::io_context io(1);
  datagram_server kdc(io, reply, 1);
  example::asio_transport net(io.get_executor(), {over(kerb::reach_t::udp, kdc.port())}, {}, milliseconds(5000), quick);
  const outcome o = ask(io, net, to(kerb::destination::kdc));
  CHECK(o.answer == reply);
  CHECK(o.arrived == kerb::transport::datagram);
  CHECK(kdc.count == 2);
  CHECK(kdc.whole);
}

TEST_CASE("asio_transport: an answer that comes while the next server is asked counts", "[support]") {
  asio::io_context io(1);
  datagram_server slow(io, reply, 0, milliseconds(250)), silent(io, reply, 100);
  example::asio_transport net(io.get_executor(),
                              {over(kerb::reach_t::udp, slow.port()), over(kerb::reach_t::udp, silent.port())}, {},
                              milliseconds(5000), quick);
  const outcome o = ask(io, net, to(kerb::destination::kdc));
  CHECK(o.answer == reply);
  CHECK(silent.count == 1);
  CHECK(o.took >= milliseconds(240));
}

TEST_CASE("asio_transport: servers that refuse are passed over at once, and a stream follows datagrams", "[support]") {
  asio::io_context io(1);
  stream_server kdc(io, reply);
  example::asio_transport net(io.get_executor(), {at(closed_port(io)), at(kdc.port())}, {}, milliseconds(5000));
  const outcome o = ask(io, net, to(kerb::destination::kdc));
  CHECK(o.answer == reply);
  CHECK(o.arrived == kerb::transport::stream);
  CHECK(kdc.count == 1);
  CHECK(kdc.whole);
  CHECK(o.took < milliseconds(900));  // one wait for a datagram is a second
}

TEST_CASE("asio_transport: a reply that is too big for a datagram is fetched over a stream",
          "[support][rfc4120-7.2.1]") {
  asio::io_context io(1);
  datagram_server small(io, krb_error(kerb::error_code_t::krb_err_response_too_big));
  stream_server kdc(io, reply, small.port());
  example::asio_transport net(io.get_executor(), {at(kdc.port())}, {}, milliseconds(5000));
  const outcome o = ask(io, net, to(kerb::destination::kdc));
  CHECK(o.answer == reply);
  CHECK(o.arrived == kerb::transport::stream);
  CHECK(small.count == 1);
  CHECK(kdc.count == 1);
}

TEST_CASE("asio_transport: nobody waits longer than the deadline", "[support]") {
  asio::io_context io(1);
  datagram_server silent(io, reply, 100);
  example::asio_transport net(io.get_executor(), {over(kerb::reach_t::udp, silent.port())}, {}, milliseconds(300));
  const outcome o = ask(io, net, to(kerb::destination::kdc));
  CHECK(o.why.code == errc::no_answer);
  CHECK(o.took >= milliseconds(290));
  CHECK(o.took < milliseconds(900));
  CHECK(ask(io, net, to(kerb::destination::kdc)).took < milliseconds(200));  // one deadline for all requests
  CHECK(silent.count == 1);
}

TEST_CASE("asio_transport: after an ignored answer it waits for another one, within the deadline", "[support]") {
  asio::io_context io(1);
  datagram_server kdc(io, reply, 0, {}, 3);
  example::asio_transport net(io.get_executor(), {over(kerb::reach_t::udp, kdc.port())}, {}, milliseconds(400));
  REQUIRE(ask(io, net, to(kerb::destination::kdc)).answer == reply);
  kerb::send wait;
  CHECK(ask(io, net, wait).answer == reply);
  CHECK(ask(io, net, wait).answer == reply);
  const outcome o = ask(io, net, wait);
  CHECK(o.why.code == errc::no_answer);
  CHECK(o.took < milliseconds(900));
  CHECK(kdc.count == 1);
}

TEST_CASE("asio_transport: a request to change a password is sent to one server, once", "[support][rfc3244]") {
  asio::io_context io(1);
  datagram_server silent(io, reply, 100), other(io, reply);
  example::asio_transport net(io.get_executor(), {},
                              {at(closed_port(io)), over(kerb::reach_t::udp, silent.port()), at(other.port())},
                              milliseconds(800), quick);
  const outcome o = ask(io, net, to(kerb::destination::kpasswd));
  CHECK(o.why.code == errc::no_answer);
  CHECK(o.took >= milliseconds(790));
  CHECK(silent.count == 1);
  CHECK(other.count == 0);
  CHECK(net.password_sent());
  kerb::send wait;
  wait.to = kerb::destination::kpasswd;
  CHECK(ask(io, net, wait).why.code == errc::no_answer);
  CHECK(silent.count == 1);
}

TEST_CASE("asio_transport: a password service that ends the connection may have changed the password",
          "[support][rfc3244]") {
  asio::io_context io(1);
  stream_server ends(io, {}), other(io, reply);
  example::asio_transport net(io.get_executor(), {}, {at(ends.port()), at(other.port())}, milliseconds(2000), quick);
  CHECK(ask(io, net, to(kerb::destination::kpasswd)).why.code == errc::no_answer);
  CHECK(ends.count == 1);
  CHECK(other.count == 0);
  CHECK(net.password_sent());
}

TEST_CASE("asio_transport: a password service that nobody reaches is passed over", "[support][rfc3244]") {
  asio::io_context io(1);
  datagram_server service(io, reply);
  example::asio_transport net(io.get_executor(), {}, {at(closed_port(io)), at(service.port())}, milliseconds(2000),
                              quick),
      none(io.get_executor(), {}, {at(closed_port(io))}, milliseconds(2000), quick);
  CHECK(ask(io, net, to(kerb::destination::kpasswd)).answer == reply);
  CHECK(service.count == 1);
  const outcome o = ask(io, none, to(kerb::destination::kpasswd));
  CHECK(o.why.code == errc::no_answer);
  CHECK(o.took < milliseconds(900));
  CHECK(!none.password_sent());
}

}  // namespace
