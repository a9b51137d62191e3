// The adaptor for directories that answer at once.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using policy = testing::insecure_policy;
using world = kerb_kdc_test::kdc_world;

/// The world's principals as a directory.
struct principals {
  ref<world> w;
  bool down = false;
  std::optional<kerberos_string> elsewhere{};
  constexpr lookup<policy> find(const need_principal& ask) {
    if (down) return not_available{};
    if (const auto* e = w->find(ask.principal)) return e->record;
    if (elsewhere) return in_realm{*elsewhere};
    return not_found{};
  }
};
static_assert(directory<principals, policy>);
static_assert(!directory<world, policy>);

template <class... More>
constexpr std::optional<error_code_t> answered(world& w, principals d, bytes_view request, More... more) {
  kdc<policy> x(w.settings, std::span(w.scratch));
  const auto r = serve(x, request, w.crypto, d, w.now, {}, more...);
  if (!r) return std::nullopt;
  if (asn1::decode<msg::AsRep>(*r) || asn1::decode<msg::TgsRep>(*r)) return error_code_t::kdc_err_none;
  const auto e = asn1::decode<msg::KrbError>(*r);
  return e ? std::optional(e->error_code) : std::nullopt;
}
constexpr bool every_answer_of_a_directory_is_understood() {
  world w;
  if (answered(w, {w}, w.as_req()) != error_code_t::kdc_err_none) return false;
  if (answered(w, {w}, w.tgs_req()) != error_code_t::kdc_err_none) return false;
  if (answered(w, {w, true}, w.tgs_req()) != error_code_t::kdc_err_svc_unavailable) return false;
  world unknown;
  unknown.service.there = false;
  if (answered(unknown, {unknown}, unknown.tgs_req()) != error_code_t::kdc_err_s_principal_unknown) return false;
  unknown.body.kdc_options.set(kdc_option_t::canonicalize);
  return answered(unknown, {unknown, false, other_org}, unknown.tgs_req()) == error_code_t::kdc_err_none;
}
KERB_BOTH("serve: whatever a directory answers leads to a reply or its error", "[exchange]",
          every_answer_of_a_directory_is_understood);

constexpr bool the_caller_has_the_last_word() {
  world w;
  const auto no = [](const kdc<policy>&) -> decision { return error_code_t::kdc_err_policy; };
  const auto shorter = [](const kdc<policy>& x) -> decision {
    return issue_options{.endtime = plus(x.tgs()->draft().starttime, 1)};
  };
  return answered(w, {w}, w.tgs_req(), no) == error_code_t::kdc_err_policy &&
         answered(w, {w}, w.tgs_req(), shorter) == error_code_t::kdc_err_none;
}
KERB_BOTH("serve: the caller's policy has the last word", "[exchange]", the_caller_has_the_last_word);

constexpr bool a_store_lets_an_authenticator_serve_one_request() {
  world w;
  w.settings.check_requests = true;
  principals d{w};
  memory_request_cache<32> seen;
  const auto ask = [&](bytes_view request) {
    kdc<policy> x(w.settings, std::span(w.scratch));
    const auto r = serve(x, request, w.crypto, d, w.now, {}, issue_all, seen);
    const auto e = asn1::decode<msg::KrbError>(r ? *r : bytes_view());
    return e ? e->error_code : error_code_t::kdc_err_none;
  };
  // The same authenticator in another request: its padata are in another order, which no checksum covers
  std::array<std::uint8_t, 4096> first{}, second{};
  const bytes_view made = w.tgs_req();
  detail::copy_octets(made.data(), made.size(), first.data());
  const bytes_view request = bytes_view(first).first(made.size());
  const auto req = asn1::decode<msg::TgsReq>(request);
  std::array<msg::PaData, 2> list{};
  std::size_t at = 2;
  for (const msg::PaData p : *req->padata) list[--at] = p;
  const msg::TgsReq turned{msg::MethodData{view_of<msg::PaData>(list)},
                           captured<msg::KdcReqBody>::as_sent(req->req_body.octets())};
  const bytes_view other = kerb_test::must(asn1::encode(turned, second));
  return ask(request) == error_code_t::kdc_err_none && ask(request) == error_code_t::kdc_err_none &&
         ask(other) == error_code_t::krb_ap_err_repeat;
}
KERB_BOTH("serve: with a store, an authenticator serves one request, as often as that comes",
          "[exchange][rfc4120-3.3.2]", a_store_lets_an_authenticator_serve_one_request);

/// A store that has one thing to say.
struct one_verdict {
  request_verdict v;
  constexpr request_verdict insert(const std::array<std::uint8_t, 32>&, const std::array<std::uint8_t, 32>&,
                                   kerberos_time, kerberos_time) noexcept {
    return v;
  }
};
constexpr bool what_a_store_cannot_vouch_for_is_refused() {
  const auto answered_by = [](request_verdict v) {
    world w;
    w.settings.check_requests = true;
    return answered(w, {w}, w.tgs_req(), issue_all, one_verdict{v});
  };
  return answered_by(request_verdict::fresh) == error_code_t::kdc_err_none &&
         answered_by(request_verdict::again) == error_code_t::kdc_err_none &&
         answered_by(request_verdict::other) == error_code_t::krb_ap_err_repeat &&
         answered_by(request_verdict::full) == error_code_t::kdc_err_svc_unavailable &&
         answered_by(request_verdict::unknown) == error_code_t::kdc_err_svc_unavailable;
}
KERB_BOTH("serve: a request that the store cannot remember, or may have forgotten, is refused",
          "[exchange][rfc4120-3.3.2]", what_a_store_cannot_vouch_for_is_refused);

constexpr bool what_it_cannot_do_is_said() {
  world w;
  principals d{w};
  std::array<std::uint8_t, 64> small{};
  kdc<policy> x(w.settings, small);
  const auto r = serve(x, w.as_req(), w.crypto, d, w.now);
  world checked;  // a store of requests is asked by whoever has one
  checked.settings.check_requests = true;
  principals c{checked};
  kdc<policy> y(checked.settings, std::span(checked.scratch));
  const auto s = serve(y, checked.tgs_req(), checked.crypto, c, checked.now);
  constexpr std::uint8_t junk[] = {1, 2, 3};
  kdc<policy> z(w.settings, std::span(w.scratch));
  const auto silent = serve(z, junk, w.crypto, d, w.now);
  return !r && r.error().code == errc::no_space && r.error().detail > 64 && !s && s.error().code == errc::api_misuse &&
         silent && silent->empty();
}
KERB_BOTH("serve: too small a buffer, a store that nobody asks and what deserves no answer are told apart",
          "[exchange]", what_it_cannot_do_is_said);

constexpr bool a_step_of_another_kind_is_named() {
  world w;
  principals d{w};
  const auto signs = [](const kdc<policy>&) -> decision { return issue_options{.reserved_octets = 16}; };
  kdc<policy> x(w.settings, std::span(w.scratch));
  const auto r = serve(x, w.as_req(), w.crypto, d, w.now, {}, signs);
  return !r && r.error().code == errc::step_not_handled;
}
KERB_BOTH("serve: a step that it cannot answer is an error of its own", "[exchange]", a_step_of_another_kind_is_named);

constexpr bool a_reply_is_where_the_decision_wants_it() {
  world w;
  principals d{w};
  std::array<std::uint8_t, 2048> to{};
  std::span<std::uint8_t> at(to);
  const auto into = [&](const kdc<policy>&) -> decision { return issue_options{.reply = at}; };
  const bytes_view request = w.as_req();
  std::array<std::uint8_t, 4096> own{};
  kdc<policy> x(w.settings, std::span(own));
  const auto r = serve(x, request, w.crypto, d, w.now, {}, into);
  if (!r || r->data() + r->size() != to.data() + to.size() || !asn1::decode<msg::AsRep>(*r)) return false;
  const std::size_t needed = r->size() + 4;
  at = at.first(needed - 1);
  kdc<policy> y(w.settings, std::span(own));
  const auto grow = [](std::size_t) -> std::span<std::uint8_t> { throw 0; };  // not for this buffer
  const auto small = serve(y, request, w.crypto, d, w.now, {}, into, no_request_store{}, grow);
  return !small && small.error().code == errc::no_space && small.error().detail == needed &&
         std::string_view(small.error().type) == "reply";
}
KERB_BOTH("serve: a decision can name a buffer for the reply, and the error names it if it is too small", "[exchange]",
          a_reply_is_where_the_decision_wants_it);
}  // namespace
