// Padata that a client adds to its requests, and the checksum of the request in the reply.
#include <kerb/exchange/client/as.hpp>
#include <kerb/exchange/client/tgs.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
static_assert(padata_extension<enc_pa_rep, policy> && padata_extension<pac_request, policy>);
using extensions = padata_extensions<enc_pa_rep, pac_request>;
using client = as_client<policy, mechanisms<enc_timestamp>, extensions>;

constexpr bytes_view sent(const auto& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}
constexpr std::optional<bytes_view> padata_of(const std::optional<msg::MethodData>& list, padata_t type) {
  for (const msg::PaData pa : list.value_or(msg::MethodData{}))
    if (pa.padata_type == type) return pa.padata_value;
  return std::nullopt;
}
/// Has the extensions' padata, in order, after those of the mechanism.
constexpr bool is_extended(bytes_view request, bool include) {
  const auto req = asn1::decode<msg::AsReq>(request, der::strict);
  if (!req) return false;
  const auto empty = padata_of(req->padata, padata_t::req_enc_pa_rep),
             pac = padata_of(req->padata, padata_t::pac_request);
  if (!empty || !empty->empty() || !pac) return false;
  const auto wish = asn1::decode<msg::KerbPaPacRequest>(*pac);
  return wish && wish->include_pac == include;
}

/// What a KDC puts beside the ticket.
enum class echo {
  none,
  right,
  without_flag,
  of_another_request,
  under_another_key,
  of_another_type,
  no_checksum,
  broken
};
constexpr client::step answered(kdc_world& w, std::span<std::uint8_t> buffer, echo how, bool required) {
  client x(w.ask_as(buffer), {}, {{.required = required}, {.include = false}});
  auto s = x.start(w.env_now());
  if (!is_extended(sent(s), false)) return failed{};
  s = x.receive(w.hints(), w.env_now());
  if (!is_extended(sent(s), false)) return failed{};
  std::array<std::uint8_t, 32> mac{};
  std::array<std::uint8_t, 64> encoded{};
  std::array<std::uint8_t, 512> other{};
  const bytes_view request = sent(s);
  detail::copy_octets(request.data(), request.size(), other.data());
  other[request.size() - 1] ^= 1;
  const auto shape = must(w.policy.cksum_of(e20));
  const auto out = std::span(mac).first(shape.octets);
  const bytes_view pieces[] = {how == echo::of_another_request ? bytes_view(other).first(request.size()) : request};
  const key& k = how == echo::under_another_key ? w.tgs_key : w.client_key;
  (void)w.policy.sign(shape.type, k, key_usage_t::as_req, pieces, out);
  const cksum_t type = how == echo::of_another_type ? cksum_t::hmac_sha1_96_aes256 : shape.type;
  const bytes_view value = must(asn1::encode(msg::Checksum{type, bytes_view(out)}, encoded));
  const msg::PaData list[] = {{padata_t(999), {}},
                              {padata_t::req_enc_pa_rep, how == echo::broken ? value.first(value.size() - 1) : value}};
  return x.receive(w.as_rep(request,
                            [&](reply_spec& r) {
                              if (how == echo::none) return;
                              if (how != echo::without_flag) r.part.flags.set(ticket_flag_t::enc_pa_rep);
                              r.part.encrypted_pa_data = view_of<msg::PaData>(list, how == echo::no_checksum ? 1 : 2);
                            }),
                   w.env_now(), transport::stream);
}
constexpr errc outcome(echo how, bool required = false) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const auto s = answered(w, buffer, how, required);
  return is<done>(s) ? errc::ok : why(s).code;
}
constexpr bool the_checksum_is_verified() {
  return outcome(echo::right) == errc::ok && outcome(echo::right, true) == errc::ok &&
         outcome(echo::of_another_request) == errc::integrity && outcome(echo::broken) == errc::truncated;
}
}  // namespace
KERB_BOTH("enc_pa_rep: the checksum of the request is verified", "[exchange][rfc6806-11]", the_checksum_is_verified);

TEST_CASE("enc_pa_rep: a checksum of another request, key or type fails, and so does a missing one",
          "[exchange][rfc6806-11]") {
  CHECK(outcome(echo::of_another_request) == errc::integrity);
  CHECK(outcome(echo::under_another_key) == errc::integrity);
  CHECK(outcome(echo::of_another_type) == errc::integrity);
  CHECK(outcome(echo::no_checksum) == errc::missing_field);
}
TEST_CASE("enc_pa_rep: a KDC that does not know it is accepted unless it is required", "[exchange][rfc6806-11]") {
  for (const echo how : {echo::none, echo::without_flag}) {
    CHECK(outcome(how) == errc::ok);
    CHECK(outcome(how, true) == errc::missing_field);
  }
}
TEST_CASE("padata_extension: the first request has it too, and the buffer that is asked for holds it",
          "[exchange][rfc4120-5.2.7]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(std::span(buffer).first(0)));
  const auto s = x.start(w.env_now());
  REQUIRE(is<need_buffer>(s));
  const std::size_t n = std::get<need_buffer>(s).size;
  REQUIRE(x.set_buffer(std::span(buffer).first(n - 1)));
  REQUIRE(is<need_buffer>(x.start(w.env_now())));
  REQUIRE(x.set_buffer(std::span(buffer).first(n)));
  REQUIRE(is_extended(sent(x.start(w.env_now())), true));
}

namespace {
/// Writes what it sees, and may fail.
struct witness {
  errc write_fails = errc::ok, reply_fails = errc::ok;
  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>& facts, const environment<C>&) const {
    std::array<std::uint8_t, 4> seen{};
    seen[0] = facts.initial;
    seen[1] = facts.session_key != nullptr;
    seen[2] = facts.subkey != nullptr;
    seen[3] = static_cast<std::uint8_t>(facts.body.size());
    asn1::write(w, msg::PaData{padata_t(5000), seen});
    return write_fails;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>& reply, const environment<C>& env) const {
    if (env.crypto->etype_of(reply.key.get()) != e20 || reply.request.empty()) return {.code = errc::api_misuse};
    return {.code = reply_fails};
  }
};
using tgs = tgs_client<policy, padata_extensions<enc_pa_rep, witness>>;
tgs::step asked(kdc_world& w, const basic_credential<key>& tgt, std::span<std::uint8_t> buffer, witness x,
                bool with_subkey) {
  tgs t({.tgt = tgt, .server = web(), .buffer = buffer, .subkey = with_subkey}, {{.required = true}, x});
  auto s = t.start(w.env_now());
  if (!is<send>(s)) return s;
  const auto req = must(asn1::decode<msg::TgsReq>(sent(s), der::strict));
  REQUIRE(req.padata->size() == 2);
  REQUIRE((*req.padata->begin()).padata_type == padata_t::tgs_req);
  const bytes_view seen = padata_of(req.padata, padata_t(5000)).value();
  REQUIRE(seen[0] == 0);
  REQUIRE(seen[1] == 1);
  REQUIRE(seen[2] == with_subkey);
  REQUIRE(seen[3] == static_cast<std::uint8_t>(req.req_body.octets().size()));
  // w.tgs_rep() looks for one element; the reply is that to the same request without the other one
  msg::TgsReq alone = req;
  const msg::PaData first[] = {*req.padata->begin()};
  alone.padata = msg::MethodData(view_of(first));
  std::array<std::uint8_t, 2048> octets{};
  return t.receive(w.tgs_rep(must(asn1::encode(alone, octets)), honest), w.env_now(), transport::stream);
}
}  // namespace
TEST_CASE("padata_extension: in a TGS-REQ it follows the ticket, and sees the keys, the body and the reply",
          "[exchange][rfc4120-3.3.1]") {
  for (const bool with_subkey : {true, false}) {
    kdc_world w;
    std::array<std::uint8_t, 4096> buffer{};
    const auto tgt = w.tgt();
    CHECK(is<done>(asked(w, tgt, buffer, {}, with_subkey)));
    CHECK(why(asked(w, tgt, buffer, {.reply_fails = errc::integrity}, with_subkey)).code == errc::integrity);
    CHECK(why(asked(w, tgt, buffer, {.write_fails = errc::crypto_backend}, with_subkey)).code == errc::crypto_backend);
  }
}
TEST_CASE("padata_extension: one that fails ends an AS exchange", "[exchange]") {
  const auto ended = [](witness x) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    as_client<policy, mechanisms<enc_timestamp>, padata_extensions<witness>> c(w.ask_as(buffer), {}, {x});
    const auto s = c.start(w.env_now());
    return is<send>(s) ? why(c.receive(w.as_rep(sent(s), honest), w.env_now())).code : why(s).code;
  };
  CHECK(ended({}) == errc::ok);
  CHECK(ended({.write_fails = errc::crypto_backend}) == errc::crypto_backend);
  CHECK(ended({.reply_fails = errc::integrity}) == errc::integrity);
}
