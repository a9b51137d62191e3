// Trace events as sentences, and what a peer's names and secrets cannot do in them.
#include <kerb/trace/json.hpp>
#include <kerb/trace/svg.hpp>
#include <kerb/trace/text.hpp>

#include "support/traced_walk.hpp"

using namespace kerb_test;

namespace {
std::string line(const trace_event& e) {
  std::array<char, 2048> out;
  return std::string(must(trace_text(noon, e, out)));
}
struct lines {
  std::string text, json;
  std::vector<char> space = std::vector<char>(65536);
  svg_trace drawing{space};
  void operator()(timestamp at, const trace_event& e) {
    std::array<char, 4096> out;
    (text += must(trace_text(at, e, out))) += "\n";
    (json += must(trace_json(at, e, out))) += "\n";
    drawing(at, e);
  }
};
}  // namespace

TEST_CASE("trace_text: an acquisition reads as a story", "[trace]") {
  lines sink;
  walk_referrals(sink);
  CHECK(sink.text.find("12:00:00.250000 looks in the cache for HTTP/web@A.ORG of alice@A.ORG\n"
                       "12:00:00.250000 the cache does not have HTTP/web@A.ORG\n") == 0);
  CHECK(sink.text.find(" logs in as alice@A.ORG\n") != std::string::npos);
  CHECK(sink.text.find(" KRB-ERROR from A.ORG: KDC_ERR_PREAUTH_REQUIRED, ") != std::string::npos);
  CHECK(sink.text.find(" pre-authenticates with PA-ENC-TIMESTAMP\n") != std::string::npos);
  CHECK(sink.text.find(" uses a key of type aes256-cts-hmac-sha1-96, from the password with 4096 iterations\n") !=
        std::string::npos);
  CHECK(sink.text.find(" the KDC of A.ORG leads to the KDC of B.A.ORG\n") != std::string::npos);
  CHECK(sink.text.find(" has a ticket for HTTP/web@C.B.A.ORG: session key aes256-cts-hmac-sha1-96, sealed with "
                       "aes256-cts-hmac-sha1-96, ") != std::string::npos);
}

TEST_CASE("trace_text: each event has a sentence", "[trace]") {
  namespace t = trace;
  CHECK(line(t::cache_hit{web(a_org), noon.at}) ==
        "12:00:00.250000 the cache has HTTP/web@A.ORG, valid until 2026-01-01T12:00:00Z");
  CHECK(line(t::ticket_wanted{a_org, web(a_org), true}) ==
        "12:00:00.250000 asks the KDC of A.ORG to renew HTTP/web@A.ORG");
  CHECK(line(t::request_made{a_org, alice, web(), false, 700, transport::stream, false}) ==
        "12:00:00.250000 again, over a stream: TGS-REQ for HTTP/web to A.ORG, 700 octets, needs a stream");
  CHECK(line(t::answer_ignored{a_org, {.code = errc::truncated, .type = "AS-REP", .field = "pvno"}, 3}) ==
        "12:00:00.250000 ignores 3 octets from A.ORG: truncated in AS-REP.pvno");
  CHECK(line(t::key_chosen{etype_t{99}, 0}) == "12:00:00.250000 uses a key of type 99");
  CHECK(line(t::clock_learnt{-17}) == "12:00:00.250000 continues with the KDC's clock, which is -17 seconds ahead");
  CHECK(line(t::redirect{b_org, true}) ==
        "12:00:00.250000 the KDC names the realm B.A.ORG, where the client tries again");
  CHECK(line(t::redirect{b_org, false}) ==
        "12:00:00.250000 the KDC names the realm B.A.ORG, which the caller does not follow");
  CHECK(line(t::fallback_used{b_org}) == "12:00:00.250000 the KDC does not know the service: tries the realm B.A.ORG");
  CHECK(line(t::exchange_failed{a_org, {.code = errc::kdc_error, .detail = 7}}) ==
        "12:00:00.250000 the exchange with A.ORG has failed: kdc_error, KDC_ERR_S_PRINCIPAL_UNKNOWN");
  CHECK(line(t::login_begun{}) == "12:00:00.250000 logs in as (no name)");
  t::ticket_issued ticket{alice, web(a_org), e18, e18, {}, noon.at, noon.at, 300};
  CHECK(line(ticket).ends_with(", 300 octets, valid until 2026-01-01T12:00:00Z, renewable until 2026-01-01T12:00:00Z"));
}

TEST_CASE("trace_text: a buffer that is too small names the size", "[trace]") {
  const trace_event e = trace::clock_learnt{5};
  const std::string whole = line(e);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    std::vector<char> small(n);
    const auto r = trace_text(noon, e, small);
    REQUIRE(!r);
    CHECK(r.error().code == errc::no_space);
    CHECK(r.error().detail == whole.size());
  }
  std::vector<char> exact(whole.size());
  CHECK(must(trace_text(noon, e, exact)) == whole);
}

TEST_CASE("trace: a name that a peer has chosen is printable and ends no string", "[trace]") {
  static constexpr std::uint8_t evil[] = {'"', '\\', '<', '>', '&', '\'', '\n', 0x1b, '[', '2', 'J', 0x9b, 0xff, 0x7f};
  const trace_event e = trace::redirect{{bytes_view(evil)}, false};
  const std::string text = line(e);
  for (const char c : text) CHECK((c >= 0x20 && c < 0x7f));
  CHECK(text.find("\"\\<>&'\\x0a\\x1b[2J\\x9b\\xff\\x7f") != std::string::npos);
  std::array<char, 2048> out;
  CHECK(must(trace_json(noon, e, out)).find(R"("to":"\"\\<>&'\\x0a\\x1b[2J\\x9b\\xff\\x7f","followed")") !=
        std::string_view::npos);
  std::vector<char> space(16384);
  svg_trace drawing(space);
  drawing(noon, e);
  drawing(noon, trace::reply_arrived{{bytes_view(evil)}, true, 1});
  const std::string svg(must(drawing.finish()));
  const std::string escaped = "&quot;\\&lt;&gt;&amp;&apos;\\x0a\\x1b[2J\\x9b\\xff\\x7f";
  CHECK(svg.find("the realm " + escaped + ", which") != std::string::npos);
  CHECK(svg.find("KDC of " + escaped + "</text>") != std::string::npos);
  CHECK(svg.find("\"\\<") == std::string::npos);
}

TEST_CASE("trace: no rendering has octets of the password or of a key", "[trace]") {
  lines sink;
  std::vector<std::string> secrets = {"sesame"};
  {
    // The same world again, whose keys are known
    world w;
    REQUIRE(w.add(a_org).here.add_user("alice", password));
    const auto octets = w.of(a_org)->here.key_of("alice")->octets().unguarded();
    secrets.emplace_back(reinterpret_cast<const char*>(octets.data()), octets.size());
    std::string hex;
    for (const std::uint8_t o : octets.first(8)) {
      hex += "0123456789abcdef"[o >> 4];
      hex += "0123456789abcdef"[o & 15];
    }
    secrets.push_back(hex);
  }
  walk_referrals(sink);
  const std::string svg(must(sink.drawing.finish()));
  for (const std::string& s : secrets) {
    CHECK(sink.text.find(s) == std::string::npos);
    CHECK(sink.json.find(s) == std::string::npos);
    CHECK(svg.find(s) == std::string::npos);
  }
}
