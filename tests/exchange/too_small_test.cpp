// need_buffer leaves a client's exchange as it was: another message than the one that was too large counts.
#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {
using client = as_client<testing::insecure_policy>;
constexpr auto evil = "evil"_krb;

/// KDC_ERR_PREAUTH_REQUIRED with a cookie, as anybody can send it.
constexpr bytes_view forged(kdc_world& w, const kerberos_string salt, std::size_t cookie, std::span<std::uint8_t> out) {
  std::array<std::uint8_t, 2048> octets{}, data{};
  std::array<std::uint8_t, 256> info{};
  const msg::EtypeInfo2Entry entries[] = {{e20, salt, {}}};
  const msg::PaData list[] = {
      {padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of<msg::EtypeInfo2Entry>(entries)), info))},
      {padata_t::enc_timestamp, {}},
      {padata_t::fx_cookie, bytes_view(octets).first(cookie)}};
  msg::KrbError e;
  e.stime = w.now.at;
  e.error_code = error_code_t::kdc_err_preauth_required;
  e.realm = ex_org;
  e.sname = krbtgt().name;
  e.e_data = must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), data));
  return must(asn1::encode(e, out));
}

constexpr bool a_forged_error_that_is_too_large_changes_nothing() {
  for (const unsigned forgeries : {1u, 2u}) {
    kdc_world w;
    std::array<std::uint8_t, 1200> buffer{};
    std::array<std::uint8_t, 4096> error{}, kept{};
    auto wanted = w.ask_as(buffer);
    wanted.lifetime = 3600;
    client x(std::move(wanted));
    const auto first = x.start(w.env_now());
    const bytes_view request = std::get<send>(first).octets;
    detail::copy_octets(request.data(), request.size(), kept.data());
    const bytes_view sent = bytes_view(kept).first(request.size());
    const bytes_view bad = forged(w, evil, 1500, error);
    w.now.at = plus(w.now.at, -100);  // the times of the request that was sent must not move with the clock
    for (unsigned i = 0; i != forgeries; ++i)
      if (!is<need_buffer>(x.receive(bad, w.env_now()))) return false;
    if (!is<done>(x.receive(w.as_rep(sent, honest), w.env_now()))) return false;
  }
  return true;
}
KERB_BOTH("as_client: an error for which the buffer is too small leaves the exchange as it was",
          "[exchange][rfc4120-3.1.5]", a_forged_error_that_is_too_large_changes_nothing);

constexpr bool forged_errors_cost_a_bounded_number_of_keys() {
  kdc_world w;
  w.limits.max_rounds = 3;
  std::array<std::uint8_t, 1200> buffer{};
  std::array<std::uint8_t, 4096> error{};
  client x(w.ask_as(buffer));
  (void)x.start(w.env_now());
  for (std::uint8_t letter = 'a'; letter != 'd'; ++letter) {
    const std::uint8_t salt[] = {letter};
    for (int again = 0; again != 2; ++again)
      if (!is<need_buffer>(x.receive(forged(w, kerberos_string{salt}, 1500, error), w.env_now()))) return false;
  }
  return why(x.receive(forged(w, evil, 1500, error), w.env_now())).code == errc::too_many_rounds;
}
KERB_BOTH("as_client: errors for which the buffer is too small make it compute a bounded number of keys",
          "[exchange][rfc4120-3.1.5][security]", forged_errors_cost_a_bounded_number_of_keys);

constexpr bool hints_that_were_too_large_are_no_hints() {
  kdc_world w;
  std::array<std::uint8_t, 1200> buffer{};
  std::array<std::uint8_t, 4096> error{};
  client x(w.ask_as(buffer));
  (void)x.start(w.env_now());
  if (!is<need_buffer>(x.receive(forged(w, evil, 1500, error), w.env_now()))) return false;
  // The KDC's own error names no salt: the timestamp is under the key with the default salt
  const auto next = x.receive(w.hints({.info = false}), w.env_now());
  const auto* const again = std::get_if<send>(&next);
  if (again == nullptr) return false;
  const auto req = asn1::decode<msg::AsReq>(again->octets);
  for (const msg::PaData pa : *req->padata) {
    if (pa.padata_type != padata_t::enc_timestamp) continue;
    const auto sealed = must(asn1::decode<msg::EncryptedData>(pa.padata_value));
    std::array<std::uint8_t, 256> opened{};
    return w.policy.unseal(w.client_key, key_usage_t::as_req_enc_timestamp, sealed.cipher, opened).has_value();
  }
  return false;
}
KERB_BOTH("as_client: hints in an error for which the buffer is too small are not kept", "[exchange][rfc4120-3.1.5]",
          hints_that_were_too_large_are_no_hints);

constexpr bool the_larger_buffer_goes_on() {
  kdc_world w;
  std::array<std::uint8_t, 1200> buffer{};
  std::array<std::uint8_t, 4096> larger{}, error{};
  client x(w.ask_as(buffer));
  (void)x.start(w.env_now());
  const bytes_view large = forged(w, "EX.ORGalice"_krb, 1500, error);
  const auto small = x.receive(large, w.env_now());
  const auto* const n = std::get_if<need_buffer>(&small);
  if (n == nullptr || n->size > larger.size() || !x.set_buffer(larger)) return false;
  const auto next = x.receive(large, w.env_now());
  const auto* const again = std::get_if<send>(&next);
  return again != nullptr && is<done>(x.receive(w.as_rep(again->octets, honest), w.env_now()));
}
KERB_BOTH("as_client: an error for which the buffer was too small is followed in the larger one",
          "[exchange][rfc4120-3.1.5]", the_larger_buffer_goes_on);
}  // namespace
