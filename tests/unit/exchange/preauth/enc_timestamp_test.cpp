// PA-ENC-TIMESTAMP: when the client's side is used, and what it writes.
#include <kerb/exchange/preauth/enc_timestamp.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
static_assert(preauth_mechanism<enc_timestamp, policy>);
constexpr std::uint8_t body[] = {0x30, 0x00};

template <class O>
constexpr bool gives(const preauth_outcome<>& o) {
  return std::holds_alternative<O>(o);
}
constexpr bool it_wants_the_key_then_the_body_and_is_then_ready() {
  kdc_world w;
  enc_timestamp m;
  preauth_context<key> ctx;
  ctx.round = 1;
  if (!gives<preauth::wants_key>(m.consider(ctx, w.env_now()))) return false;
  ctx.key = &w.client_key;
  const auto wanted = m.consider(ctx, w.env_now());
  if (!gives<preauth::wants_body>(wanted) || w.policy.entropy.draws() != 0) return false;
  ctx.body = body;
  if (!gives<preauth::ready>(m.consider(ctx, w.env_now())) || w.policy.entropy.draws() != 1) return false;
  std::array<std::uint8_t, 256> octets{}, opened{};
  der::writer out(octets);
  m.write(out);
  if (out.count() != std::get<preauth::wants_body>(wanted).padata) return false;
  const auto pa = asn1::decode<msg::PaData>(bytes_view(out.written_since(0)), der::strict);
  if (!pa || pa->padata_type != padata_t::enc_timestamp) return false;
  const auto sealed = asn1::decode<msg::PaEncTimestamp>(pa->padata_value, der::strict);
  if (!sealed || sealed->etype != e20 || sealed->kvno) return false;
  const auto plain = w.policy.unseal(w.client_key, key_usage_t::as_req_enc_timestamp, sealed->cipher, opened);
  if (!plain) return false;
  const auto ts = asn1::decode<msg::PaEncTsEnc>(bytes_view(*plain));
  return ts && ts->patimestamp == noon.at && ts->pausec == noon.usec;
}
KERB_BOTH("enc_timestamp: it wants the key, then the body, and then seals the time with the key",
          "[exchange][rfc4120-5.2.7.2]", it_wants_the_key_then_the_body_and_is_then_ready);

constexpr bool it_is_used_in_one_round() {
  kdc_world w;
  enc_timestamp m;
  preauth_context<key> ctx;
  ctx.round = 1;
  ctx.key = &w.client_key;
  ctx.body = body;
  if (!gives<preauth::ready>(m.consider(ctx, w.env_now()))) return false;
  if (!gives<preauth::ready>(m.consider(ctx, w.env_now()))) return false;  // the call is repeated in a larger buffer
  ctx.round = 2;
  if (!gives<preauth::skip>(m.consider(ctx, w.env_now()))) return false;
  ctx.new_clock = true;
  return gives<preauth::ready>(m.consider(ctx, w.env_now()));
}
KERB_BOTH("enc_timestamp: it is used in one round, and again with another clock", "[exchange][rfc4120-5.2.7.2]",
          it_is_used_in_one_round);

constexpr bool the_reply_key_is_the_long_term_key() {
  kdc_world w;
  const enc_timestamp m;
  const auto none = m.finish({}, {}, nullptr, w.env_now());
  const auto own = m.finish({}, {}, &w.client_key, w.env_now());
  return !none && none.error().code == errc::no_key && own && &std::get<ref<const key>>(*own).get() == &w.client_key;
}
KERB_BOTH("enc_timestamp: the long-term key opens the reply", "[exchange][rfc4120-3.1.5]",
          the_reply_key_is_the_long_term_key);

constexpr bool without_randomness_it_fails() {
  kdc_world w;
  w.policy.entropy.fail_at = 1;
  enc_timestamp m;
  preauth_context<key> ctx;
  ctx.key = &w.client_key;
  ctx.body = body;
  const auto o = m.consider(ctx, w.env_now());
  const auto* e = std::get_if<error>(&o);
  return e != nullptr && e->code == errc::entropy;
}
KERB_BOTH("enc_timestamp: without randomness it fails", "[exchange]", without_randomness_it_fails);
}  // namespace
