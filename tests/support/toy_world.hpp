// A KDC that knows the mechanism of toy_preauth.hpp, and a client that logs in with it.
#pragma once
#include "as_login.hpp"
#include "toy_preauth.hpp"

namespace kerb_test {

inline constexpr std::uint8_t challenge[] = {'w', 'h', 'a', 't', '?'}, cookie[] = {9, 8, 7}, pin[] = {'1', '2', '3'},
                              kdc_nonce[] = {1, 2, 3, 4, 5, 6, 7, 8};

/// A KDC that knows the toy.
struct toy_world : kdc_world {
  std::array<std::uint8_t, 1024> data{};
  std::optional<kerberos_string> salt{};  // in the hints
  bool hints_each_time = true;            // otherwise only in the first round

  constexpr bytes_view offer(padata_t type = toy_hello, bytes_view value = {},
                             error_code_t code = error_code_t::kdc_err_preauth_required, bool with_cookie = false) {
    const msg::EtypeInfo2Entry entries[] = {{e20, salt, {}}};
    std::array<std::uint8_t, 400> info{};
    fixed<msg::PaData, 4> list;
    const bool hints = hints_each_time || type == toy_hello;
    if ((hints &&
         !list.push_back({padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))})) ||
        !list.push_back({type, value}) || (with_cookie && !list.push_back({padata_t::fx_cookie, cookie})))
      return {};
    return error(code, must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), data)));
  }
  constexpr bytes_view second(bytes_view question = challenge) {
    return offer(toy_challenge, question, error_code_t::kdc_err_more_preauth_data_required, true);
  }
  /// The reply under the replaced key.
  template <class F>
  constexpr bytes_view replaced(bytes_view request, F bend) {
    const auto nonce = padata_of(request, toy_hello);
    if (!nonce) return {};
    const key k = must(toy_reply_key(policy, client_key, *nonce, kdc_nonce));
    const msg::PaData list[] = {{toy_proof, kdc_nonce}};
    return as_rep(request, [&](reply_spec& s) {
      s.padata = msg::MethodData(view_of(list));
      s.seal_with = &k;
      bend(s);
    });
  }
  static constexpr std::optional<bytes_view> padata_of(bytes_view request, padata_t type) {
    const auto req = asn1::decode<msg::AsReq>(request, der::strict);
    if (!req || !req->padata) return std::nullopt;
    for (const msg::PaData pa : *req->padata)
      if (pa.padata_type == type) return pa.padata_value;
    return std::nullopt;
  }
  /// Whether a request proves that the client knows the key and the PIN.
  constexpr bool proves(bytes_view request) {
    const auto req = asn1::decode<msg::AsReq>(request, der::strict);
    const auto nonce = padata_of(request, toy_hello), proof = padata_of(request, toy_proof);
    if (!req || !nonce || !proof) return false;
    std::array<std::uint8_t, 32> mac{};
    const auto out = std::span(mac).first(proof->size() - 1);
    return toy_mac(policy, e20, client_key, req->req_body.octets(), *nonce, challenge, pin, out) == errc::ok &&
           (*proof)[0] == 20 && ct_equal(bytes_view(out), proof->subview(1));
  }
};

using toy_client = as_client<testing::insecure_policy, mechanisms<toy, enc_timestamp>>;
/// A client with the toy, which comes before the encrypted timestamp.
struct toy_login : login_of<toy_client, toy_world> {
  using login_of::login_of;

  /// The client receives the KDC's offer of the toy.
  constexpr step offer() { return receive(w.offer()); }
  /// The client receives the KDC's challenge.
  constexpr step second(std::optional<transport> via = {}) { return receive(w.second(), via); }
  /// The client receives a reply under the replaced key to its last request.
  template <class F>
  constexpr step replaced(F bend) {
    return receive(w.replaced(sent, bend));
  }
};

}  // namespace kerb_test
