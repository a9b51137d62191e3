// Messages that a client ignores leave it as it was: a thousand of them, in the smallest buffer that is enough.
#include <vector>

#include "support/catch.hpp"
#include "support/kdc_world.hpp"
#include "support/kpasswd_world.hpp"

using namespace kerb;
using namespace kerb::literals;
namespace kdc_side = kerb_test::kdc_world_names;
namespace ap_side = kerb_test::ap_world_names;
using kerb_test::must;

namespace {

using policy = testing::insecure_policy;
using octet_list = std::vector<std::uint8_t>;
constexpr int many = 1000;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }
template <class Step>
octet_list sent(const Step& s) {
  REQUIRE(is<send>(s));
  return copy(std::get<send>(s).octets);
}

/// The smallest buffer with which `run(buffer)` ends in `done`; it returns the last step.
template <class Run>
octet_list smallest_buffer(Run run) {
  std::size_t size = 0;
  for (;;) {
    octet_list buffer(size);
    const auto s = run(buffer);
    if (const auto* n = std::get_if<need_buffer>(&s)) {
      REQUIRE(n->size > size);
      size = n->size;
      continue;
    }
    REQUIRE(is<done>(s));
    return octet_list(size);
  }
}
/// Whether a thousand copies of a message are ignored for this reason, and the client's own octets are then as before.
template <class Exchange, class Env>
bool ignores(Exchange& x, const octet_list& message, const Env& env, errc reason) {
  for (int i = 0; i != many; ++i) {
    const auto s = x.receive(message, env, transport::datagram);
    const auto* const no = std::get_if<ignored>(&s);
    if (no == nullptr || no->why.code != reason) return false;
  }
  return true;
}
constexpr auto other_nonce = [](kdc_side::reply_spec& s) { s.part.nonce = 54321; };

}  // namespace

TEST_CASE("as_client: a thousand recorded replies use up nothing of its buffer",
          "[exchange][rfc4120-3.1.5][security]") {
  for (const bool with_cookie : {false, true}) {
    kdc_side::kdc_world w;
    const auto cookie = "636f6f6b6965"_hex;
    const kdc_side::hints_spec asks{.cookie = with_cookie ? std::optional<bytes_view>(cookie) : std::nullopt};
    const auto run = [&](std::span<std::uint8_t> buffer, bool attacked) {
      as_client<policy> x(w.ask_as(buffer));
      auto s = x.start(w.env_now());
      if (is<need_buffer>(s)) return s;
      const octet_list first = sent(s);
      if (attacked) CHECK(ignores(x, copy(w.as_rep(first, other_nonce)), w.env_now(), errc::nonce_mismatch));
      const octet_list error = copy(w.hints(asks));
      s = x.receive(error, w.env_now());
      if (is<need_buffer>(s)) return s;
      const octet_list second = sent(s);
      if (attacked) CHECK(ignores(x, copy(w.as_rep(second, other_nonce)), w.env_now(), errc::nonce_mismatch));
      const octet_list reply = copy(w.as_rep(second, kdc_side::honest));
      return x.receive(reply, w.env_now());
    };
    octet_list buffer = smallest_buffer([&](std::span<std::uint8_t> b) { return run(b, false); });
    CHECK(is<done>(run(buffer, true)));
  }
}

TEST_CASE("as_client: after ignored replies the request with the KDC's clock has its cookie in the same buffer",
          "[exchange][rfc4120-3.1.5][rfc6113-5.2]") {
  kdc_side::kdc_world w;
  const auto cookie = "636f6f6b6965"_hex;
  const timestamp ahead{plus(kdc_side::noon.at, 3600), {0}};
  const auto run = [&](std::span<std::uint8_t> buffer, bool attacked) {
    as_params<key> p = w.ask_as(buffer);
    p.follow_kdc_clock = true;
    as_client<policy> x(std::move(p));
    auto s = x.start(w.env_now());
    if (is<need_buffer>(s)) return s;
    const octet_list error = copy(w.hints({.cookie = bytes_view(cookie)}));
    s = x.receive(error, w.env_now());
    if (is<need_buffer>(s)) return s;
    const octet_list second = sent(s);
    if (attacked) CHECK(ignores(x, copy(w.as_rep(second, other_nonce)), w.env_now(), errc::nonce_mismatch));
    const octet_list skew = copy(w.error(error_code_t::krb_ap_err_skew, {}, ahead));
    s = x.receive(skew, w.env_now());
    if (is<need_buffer>(s)) return s;
    const octet_list third = sent(s);
    CHECK(kdc_side::holds(third, cookie));
    w.now = ahead;
    const octet_list reply = copy(w.as_rep(third, kdc_side::honest));
    w.now = kdc_side::noon;
    return x.receive(reply, w.env_now());
  };
  octet_list buffer = smallest_buffer([&](std::span<std::uint8_t> b) { return run(b, false); });
  CHECK(is<done>(run(buffer, true)));
}

TEST_CASE("tgs_client: a thousand recorded replies use up nothing of its buffer, whichever key they are under",
          "[exchange][rfc4120-3.3.4][security]") {
  for (const bool under_subkey : {true, false}) {
    kdc_side::kdc_world w;
    const auto tgt = w.tgt();
    const auto bent = [&](bool recorded) {
      return [&, recorded](kdc_side::reply_spec& s) {
        if (recorded) s.part.nonce = 54321;
        if (under_subkey) return;
        s.seal_with = &w.session_key;
        s.usage = key_usage_t::tgs_rep_enc_part_session;
      };
    };
    const auto run = [&](std::span<std::uint8_t> buffer, bool attacked) {
      tgs_client<policy> x({.tgt = tgt, .server = kdc_side::web(), .buffer = buffer});
      const auto s = x.start(w.env_now());
      if (is<need_buffer>(s)) return s;
      const octet_list request = sent(s);
      if (attacked) CHECK(ignores(x, copy(w.tgs_rep(request, bent(true))), w.env_now(), errc::nonce_mismatch));
      const octet_list reply = copy(w.tgs_rep(request, bent(false)));
      return x.receive(reply, w.env_now());
    };
    octet_list buffer = smallest_buffer([&](std::span<std::uint8_t> b) { return run(b, false); });
    CHECK(is<done>(run(buffer, true)));
  }
}

TEST_CASE("ap_initiator: a thousand recorded AP-REPs use up nothing of its buffer",
          "[exchange][rfc4120-3.2.5][security]") {
  ap_side::ap_world w;
  const auto credential = w.credential();
  const auto run = [&](std::span<std::uint8_t> buffer, bool attacked) {
    ap_initiator<policy> x({.credential = credential, .buffer = buffer});
    const auto s = x.start(w.turn());
    if (is<need_buffer>(s)) return s;
    std::array<std::uint8_t, 512> out{};
    const auto reply = [&](std::int64_t later) {
      const msg::EncApRepPart part{plus(x.sent_at().at, later), x.sent_at().usec, {}, 77};
      return copy(must(testing::mint_ap_rep(part, w.session_key(), w.turn(), out)));
    };
    if (attacked) CHECK(ignores(x, reply(-5), w.turn(), errc::time_mismatch));
    const octet_list good = reply(0);
    return x.receive(good, w.turn());
  };
  // The AP-REQ needs more space than the reply, so this buffer has some left
  octet_list buffer = smallest_buffer([&](std::span<std::uint8_t> b) { return run(b, false); });
  CHECK(is<done>(run(buffer, true)));
}

TEST_CASE("kpasswd_client: a thousand replies with a recorded AP-REP use up nothing of its buffer, and are wiped",
          "[exchange][rfc3244-2][security]") {
  kerb_test::kpasswd_world w;
  const auto credential = w.w.credential();
  constexpr auto success = "0000"_hex;
  constexpr auto text = "0000 73656372657421"_hex;
  const auto run = [&](std::span<std::uint8_t> buffer, bool attacked) {
    kpasswd_client<policy> x({.credential = credential, .new_password = kerb_test::new_secret, .buffer = buffer});
    const auto s = x.start(w.turn());
    if (is<need_buffer>(s)) return s;
    const octet_list request = sent(s);
    const auto seen = w.open(request);
    kerb_test::reply_parts recorded = w.parts(seen);
    recorded.ap.ctime = plus(recorded.ap.ctime, -5);
    if (attacked) {
      CHECK(ignores(x, copy(w.reply(text, recorded, seen.subkey)), w.turn(), errc::time_mismatch));
      CHECK_FALSE(ap_side::holds(buffer, bytes_view(text).subview(2)));
    }
    const octet_list good = copy(w.reply(success, w.parts(seen), seen.subkey));
    return x.receive(good, w.turn());
  };
  octet_list buffer = smallest_buffer([&](std::span<std::uint8_t> b) { return run(b, false); });
  buffer.resize(buffer.size() + 7);  // of the longer text
  CHECK(is<done>(run(buffer, true)));
}
