// An exchange over a byte stream, however the stream is cut.
#include <algorithm>
#include <kerb/exchange/over_stream.hpp>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using initiator = ap_initiator<testing::insecure_policy>;
using stream = over_stream<initiator>;

/// A client on a stream, and the framed AP-REP that is to come.
struct client {
  ap_world w;
  std::array<std::uint8_t, 4096> own{};
  std::array<std::uint8_t, 512> buffer{};
  std::array<std::uint8_t, 512> rep{};
  std::size_t rep_octets = 0;
  basic_credential<key> credential;
  initiator x;
  stream io;

  constexpr explicit client(std::size_t buffer_octets = 512, std::size_t own_octets = 4096)
      : credential(w.credential()),
        x({.credential = credential, .buffer = std::span(own).first(own_octets)}),
        io(x, std::span(buffer).first(buffer_octets)) {}
  constexpr stream::step start() { return io.start(w.turn()); }
  /// The answer with its length in front, and what follows it.
  constexpr bytes_view answer(std::size_t and_more = 0) {
    const key k = w.session_key();
    const msg::EncApRepPart part{w.now.at, w.now.usec, key_as_sent(w.session_etype, subkey_octets), 1};
    std::array<std::uint8_t, 512> to{};
    const bytes_view m = kerb_test::must(testing::mint_ap_rep(part, k, w.turn(), to));
    const auto header = frame_header(static_cast<std::uint32_t>(m.size()));
    kerb::detail::copy_octets(header.data(), 4, rep.data());
    kerb::detail::copy_octets(m.data(), m.size(), rep.data() + 4);
    rep_octets = 4 + m.size();
    for (std::size_t i = 0; i != and_more; ++i) rep[rep_octets + i] = 0x6f;
    return bytes_view(rep).first(rep_octets + and_more);
  }
  /// Octets arrive, at most `at_once` of them.
  constexpr stream::step feed(bytes_view in, std::size_t at_once) {
    stream::step s = need_more{};
    while (!in.empty() && is<need_more>(s)) {
      std::size_t n = in.size() < at_once ? in.size() : at_once;
      if (n > io.buffer().size()) n = io.buffer().size();
      kerb::detail::copy_octets(in.data(), n, io.buffer().data());
      in = in.subview(n);
      s = io.got(n, w.turn());
    }
    return s;
  }
};

constexpr bool octet_by_octet() {
  client c;
  const auto first = c.start();
  if (!is<send>(first)) return false;
  const bytes_view sent = std::get<send>(first).octets;
  const auto f = read_frame(sent, 4096);
  if (!f || f->missing != 0 || f->message.size() + 4 != sent.size() || !c.w.present(f->message).accepted) return false;
  return is<done>(c.feed(c.answer(), 1)) && std::move(c.x).take().has_value();
}
KERB_BOTH("over_stream: an AP exchange octet by octet", "[exchange][rfc4120-7.2.2]", octet_by_octet);

TEST_CASE("over_stream: how the stream is cut changes nothing", "[exchange][rfc4120-7.2.2]") {
  for (std::size_t at_once = 1; at_once != 300; ++at_once) {
    for (const std::size_t glued : {0u, 1u, 40u}) {
      client c;
      REQUIRE(is<send>(c.start()));
      const bytes_view in = c.answer(glued);
      CHECK(is<done>(c.feed(in, at_once)));
      CHECK(std::move(c.x).take());
    }
  }
}

TEST_CASE("over_stream: says how much is missing at the least", "[exchange]") {
  client c;
  (void)c.start();
  const bytes_view in = c.answer();
  for (std::size_t n = 1; n != in.size(); ++n) {
    const auto s = c.feed(in.subview(n - 1, 1), 1);
    REQUIRE(is<need_more>(s));
    CHECK(std::get<need_more>(s).at_least == (n < 4 ? 4 - n : in.size() - n));
  }
}

TEST_CASE("over_stream: a stream that ends early fails, at every octet", "[exchange][rfc4120-7.2.2]") {
  for (std::size_t n = 0; n != 80; ++n) {
    client c;
    (void)c.start();
    const bytes_view in = c.answer();
    if (n != 0) REQUIRE(is<need_more>(c.feed(in.first(n), n)));
    CHECK(failure(c.io.got(0, c.w.turn())) == errc::stream_ended);
    CHECK(failure(c.io.got(0, c.w.turn())) == errc::stream_ended);
    CHECK(failure(c.feed(in, 100)) == errc::stream_ended);
    CHECK(!std::move(c.x).take());
  }
}

TEST_CASE("over_stream: the end of a stream that is not needed any more is no failure", "[exchange]") {
  client c;
  (void)c.start();
  REQUIRE(is<done>(c.feed(c.answer(), 1000)));
  CHECK(is<done>(c.io.got(0, c.w.turn())));
  CHECK(is<done>(c.io.got(0, c.w.turn())));
  CHECK(std::move(c.x).take());

  // Nor where no answer was asked for
  client d;
  initiator x({.credential = d.credential, .buffer = d.buffer, .mutual = if_asked});
  stream io(x, d.buffer);
  REQUIRE(is<send>(io.start(d.w.turn())));
  CHECK(is<done>(io.got(0, d.w.turn())));
  CHECK(std::move(x).take());
}

TEST_CASE("over_stream: what arrives after the product is ready is dropped, whatever it is", "[exchange]") {
  client c;
  (void)c.start();
  REQUIRE(is<done>(c.feed(c.answer(), 1000)));
  CHECK(is<done>(c.feed(c.answer(), 1000)));
  const std::array<std::uint8_t, 512> octets{0xff, 0xff};
  CHECK(is<done>(c.feed(octets, 512)));
  CHECK(is<done>(c.feed(octets, 512)));
  CHECK(failure(c.io.got(513, c.w.turn())) == errc::api_misuse);  // but not more than there is space for
  client d;
  (void)d.start();
  REQUIRE(is<done>(d.feed(d.answer(), 1000)));
  CHECK(is<done>(d.feed(d.answer(), 1)));
  CHECK(is<done>(d.io.got(0, d.w.turn())));
  CHECK(std::move(d.x).take());
}
TEST_CASE("over_stream: a refusal of a message that no answer follows is the peer's error",
          "[exchange][rfc4120-3.2.3]") {
  msg::KrbError e;
  e.error_code = error_code_t::krb_ap_err_repeat;
  std::array<std::uint8_t, 256> encoded{};
  const bytes_view m = kerb_test::must(asn1::encode(e, encoded));
  std::vector<std::uint8_t> framed{0, 0, 0, static_cast<std::uint8_t>(m.size())};
  framed.insert(framed.end(), m.begin(), m.end());
  const std::uint8_t too_long[] = {0xff, 0xff, 0xff, 0xff}, other[] = {0, 0, 0, 2, 'h', 'i'};
  for (const std::size_t at_once : {1u, 1000u}) {
    const auto after = [&](bytes_view octets, bool takes) {
      client c;
      initiator x({.credential = c.credential, .buffer = c.own, .mutual = if_asked});
      stream io(x, c.buffer);
      REQUIRE(is<send>(io.start(c.w.turn())));
      stream::step s = need_more{};
      for (std::size_t i = 0; i < octets.size() && is<need_more>(s); i += at_once) {
        const std::size_t n = std::min(at_once, octets.size() - i);
        std::copy_n(octets.data() + i, n, io.buffer().data());
        s = io.got(n, c.w.turn());
      }
      CHECK(std::move(x).take().has_value() == takes);
      return s;
    };
    const auto s = after(framed, false);
    REQUIRE(is<failed>(s));
    CHECK(std::get<failed>(s).why.code == errc::peer_error);
    CHECK(std::get<failed>(s).why.detail == 34);
    CHECK(is<done>(after(too_long, true)));  // the application's own octets
    CHECK(is<done>(after(other, true)));
    CHECK(is<need_more>(after(bytes_view(framed).first(framed.size() - 1), true)));
  }
}

TEST_CASE("over_stream: a message longer than the buffer is refused by its length", "[exchange][rfc4120-7.2.2]") {
  client probe;
  const std::size_t n = probe.answer().size();
  for (const std::size_t size : {n - 1, n}) {
    client c(size);
    (void)c.start();
    const auto s = c.feed(c.answer(), 4);
    CHECK(is<done>(s) == (size == n));
    if (size == n) continue;
    CHECK(failure(s) == errc::frame_too_long);
    CHECK(!std::move(c.x).take());
  }
  for (const int first : {0x7f, 0x80, 0xff}) {
    client c;
    (void)c.start();
    const std::uint8_t header[] = {static_cast<std::uint8_t>(first), 0xff, 0xff, 0xff};
    CHECK(failure(c.feed(header, 4)) == errc::frame_too_long);
  }
  client none(3);  // not even a length fits
  (void)none.start();
  const std::uint8_t three[] = {0, 0, 0};
  CHECK(is<need_more>(none.feed(three, 3)));
  CHECK(none.io.buffer().empty());
  CHECK(failure(none.io.got(1, none.w.turn())) == errc::api_misuse);
}

TEST_CASE("over_stream: more octets than the buffer has are misuse", "[exchange]") {
  client c;
  (void)c.start();
  const bytes_view in = c.answer();
  REQUIRE(is<need_more>(c.feed(in.first(5), 5)));
  CHECK(c.io.buffer().size() == 507);
  CHECK(failure(c.io.got(508, c.w.turn())) == errc::api_misuse);
  CHECK(failure(c.io.got(1, c.w.turn())) == errc::api_misuse);
  client d;
  (void)d.start();
  CHECK(failure(d.io.got(static_cast<std::size_t>(-1), d.w.turn())) == errc::api_misuse);
}

TEST_CASE("over_stream: what would be passed over on a datagram fails a stream", "[exchange]") {
  client c;
  (void)c.start();
  const bytes_view in = c.answer();
  c.rep[in.size() - 1] ^= 1;
  CHECK(failure(c.feed(in, 7)) == errc::integrity);
  client d;
  (void)d.start();
  const std::uint8_t empty[] = {0, 0, 0, 0};
  CHECK(failure(d.feed(empty, 4)) == errc::truncated);
}

TEST_CASE("over_stream: need_buffer is answered by more space and the same call", "[exchange]") {
  client probe(512, 0);
  const auto first = probe.start();
  REQUIRE(is<need_buffer>(first));
  const std::size_t n = std::get<need_buffer>(first).size;
  for (const std::size_t at_once : {1u, 3u, 50u, 1000u}) {
    client c(512, n);
    REQUIRE(is<send>(c.start()));
    const bytes_view in = c.answer();
    auto s = c.feed(in, at_once);
    REQUIRE(is<need_buffer>(s));
    const std::size_t last = in.size() % at_once == 0 ? at_once : in.size() % at_once;
    CHECK(is<need_buffer>(c.io.got(last, c.w.turn())));  // still
    std::vector<std::uint8_t> bigger(std::get<need_buffer>(s).size);
    c.x.set_buffer(bigger);
    CHECK(is<done>(c.io.got(last, c.w.turn())));
    CHECK(std::move(c.x).take());
  }
}

}  // namespace
