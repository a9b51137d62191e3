// Trace events as JSON.
#include <kerb/trace/json.hpp>

#include "support/acquire_world.hpp"

using namespace kerb_test;
namespace t = kerb::trace;

namespace {
std::string json(const trace_event& e) {
  std::array<char, 2048> out;
  return std::string(must(trace_json(noon, e, out)));
}
const std::string at = R"({"at":"2026-01-01T12:00:00.250000Z","event":)";
}  // namespace

TEST_CASE("trace_json: each event is an object", "[trace]") {
  CHECK(json(t::cache_searched{alice, web()}) == at + R"("cache-search","client":"alice@A.ORG","server":"HTTP/web"})");
  CHECK(json(t::cache_hit{web(a_org), noon.at}) ==
        at + R"("cache-hit","server":"HTTP/web@A.ORG","endtime":"2026-01-01T12:00:00Z"})");
  CHECK(json(t::cache_missed{web(a_org)}) == at + R"("cache-miss","server":"HTTP/web@A.ORG"})");
  CHECK(json(t::login_begun{alice}) == at + R"("login","client":"alice@A.ORG"})");
  CHECK(json(t::ticket_wanted{a_org, web(a_org)}) ==
        at + R"("ticket-wanted","realm":"A.ORG","server":"HTTP/web@A.ORG"})");
  CHECK(json(t::ticket_wanted{a_org, web(a_org), true}) ==
        at + R"("renewal","realm":"A.ORG","server":"HTTP/web@A.ORG"})");
  CHECK(json(t::request_made{a_org, alice, web(a_org), true, 187}) ==
        at + R"("request","message":"AS-REQ","realm":"A.ORG","client":"alice@A.ORG","server":"HTTP/web@A.ORG",)" +
            R"("octets":187,"via":"datagram","fresh":true})");
  CHECK(json(t::refusal_arrived{a_org, error_code_t::kdc_err_preauth_required, 90}) ==
        at + R"("reply","message":"KRB-ERROR","realm":"A.ORG","code":"KDC_ERR_PREAUTH_REQUIRED","octets":90})");
  CHECK(json(t::refusal_arrived{a_org, error_code_t{999}, 90}).find(R"("code":"999")") != std::string::npos);
  CHECK(json(t::reply_arrived{a_org, false, 90}) == at + R"("reply","message":"TGS-REP","realm":"A.ORG","octets":90})");
  CHECK(json(t::answer_ignored{a_org, {.code = errc::integrity}, 90}) ==
        at + R"("ignored","realm":"A.ORG","octets":90,"error":"integrity"})");
  CHECK(json(t::preauth_chosen{padata_t::enc_timestamp}) == at + R"("preauth","padata":"PA-ENC-TIMESTAMP"})");
  CHECK(json(t::key_chosen{e18, 4096}) == at + R"("key","etype":"aes256-cts-hmac-sha1-96","iterations":4096})");
  CHECK(json(t::clock_learnt{-5}) == at + R"("clock","ahead":-5})");
  CHECK(json(t::ticket_issued{alice,
                              web(a_org),
                              e18,
                              etype_t::aes128_cts_hmac_sha1_96,
                              {ticket_flag_t::renewable, ticket_flag_t::initial},
                              noon.at,
                              noon.at,
                              300}) ==
        at + R"("ticket","client":"alice@A.ORG","server":"HTTP/web@A.ORG","session_etype":"aes256-cts-hmac-sha1-96",)" +
            R"("ticket_etype":"aes128-cts-hmac-sha1-96","flags":["renewable","initial"],)" +
            R"("endtime":"2026-01-01T12:00:00Z","octets":300,"renew_till":"2026-01-01T12:00:00Z"})");
  CHECK(json(t::referred{a_org, b_org}) == at + R"("referral","from":"A.ORG","to":"B.A.ORG"})");
  CHECK(json(t::redirect{b_org, true}) == at + R"("wrong-realm","to":"B.A.ORG","followed":true})");
  CHECK(json(t::fallback_used{b_org}) == at + R"("fallback","realm":"B.A.ORG"})");
  CHECK(json(t::exchange_failed{a_org, {.code = errc::name_mismatch, .type = "AS-REP", .field = "cname"}}) ==
        at + R"("failed","realm":"A.ORG","error":"name_mismatch in AS-REP.cname"})");
  std::array<char, 10> small;
  CHECK(trace_json(noon, t::clock_learnt{}, small).error().code == errc::no_space);
}
