// Pre-authentication pieces: the salt, the hints and their bounds.
#include <kerb/exchange/client/preauth.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
static_assert(preauth_mechanism<enc_timestamp, testing::insecure_policy>);

constexpr bool the_salt_is_realm_and_components() {
  std::array<std::uint8_t, 64> buffer{};
  const std::size_t n = default_salt_size(web());
  const bytes_view salt = write_default_salt(web(), std::span(buffer).first(n));
  return salt == "EX.ORGHTTPweb.ex.org"_krb.octets;
}
constexpr bool our_preference_decides() {
  testing::insecure_policy p;
  const msg::EtypeInfo2Entry entries[] = {{e17, {}, {}}, {e20, "twenty"_krb, {}}, {e18, {}, {}}};
  std::array<std::uint8_t, 128> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  const etype_t ours[] = {e19, e20, e17};
  const auto h = detail::hint_from(p, msg::MethodData(view_of(list)), ours, {});
  return h && *h && (*h)->etype == e20 && *(*h)->salt == "twenty"_krb.octets && (*h)->iterations.count == 32768;
}
constexpr bool no_hints_are_no_error() {
  testing::insecure_policy p;
  const etype_t ours[] = {e20};
  const auto h = detail::hint_from(p, {}, ours, {});
  return h && !*h;
}
}  // namespace

KERB_BOTH("default_salt: the realm and every component, with nothing between", "[exchange][rfc4120-4]",
          the_salt_is_realm_and_components);
KERB_BOTH("hint_from: our own preference decides, not the order of unauthenticated hints",
          "[exchange][rfc4120-5.2.7.5]", our_preference_decides);
KERB_BOTH("hint_from: a KDC may send no hints", "[exchange][rfc4120-5.2.7.5]", no_hints_are_no_error);

namespace {
constexpr std::uint8_t probe_octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
using policy = testing::insecure_policy;

/// A mechanism that returns `First` in the first round, and then skip.
template <int N, class First>
class probe {
 public:
  static constexpr padata_t types[] = {padata_t(1000), padata_t(1100 + N)};
  using step = no_steps;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>&) {
    if (ctx.round > 1) return preauth::skip{};
    return First{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{padata_t(2000 + N), {}}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key* k, const environment<C>&) const {
    if (N == 1 || k == nullptr) return errc::no_key;
    return reply_key<typename C::key>(ref(*k));
  }
};
template <class O, class Outcome>
constexpr bool gives(const Outcome& o) {
  return std::holds_alternative<O>(o);
}
constexpr bool the_first_mechanism_that_can_is_the_one() {
  policy p;
  const environment<policy> env{p, noon, {}};
  detail::mechanism_set<mechanisms<probe<0, preauth::skip>, probe<1, preauth::ready>, probe<2, preauth::wants_key>>>
      set;
  const std::uint8_t value[] = {1}, other[] = {2};
  const msg::PaData list[] = {{padata_t(999), other}, {padata_t(1000), value}}, none[] = {{padata_t(999), {}}},
                    second_type[] = {{padata_t(1102), value}};
  std::size_t who = 77;
  preauth_context<key> ctx;
  ctx.round = 1;
  const auto consider_all = [&] {
    std::size_t asked = 0;
    return set.consider_all(ctx, env, asked, who);
  };
  ctx.offered = msg::MethodData(view_of(none));
  if (!gives<preauth::skip>(consider_all()) || who != 77) return false;
  ctx.offered = msg::MethodData(view_of(second_type));
  if (!gives<preauth::wants_key>(consider_all()) || who != 2) return false;
  ctx.offered = msg::MethodData(view_of(list));
  if (!gives<preauth::ready>(consider_all()) || who != 1 || set.chosen()) return false;
  if (!(ctx.value == bytes_view(value))) return false;
  set.choose(who);
  std::array<std::uint8_t, 64> octets{};
  der::writer w(octets);
  set.write(w);
  const auto pa = asn1::decode<msg::PaData>(bytes_view(w.written_since(0)));
  if (!pa || pa->padata_type != padata_t(2001) || set.padata_size() != w.count()) return false;
  ctx.round = 2;
  return gives<preauth::skip>(consider_all()) && gives<preauth::skip>(set.consider(ctx, env));
}
constexpr bool the_mechanism_that_was_sent_gives_the_reply_key() {
  policy p;
  const environment<policy> env{p, noon, {}};
  detail::mechanism_set<mechanisms<probe<0, preauth::skip>, probe<1, preauth::ready>>> set;
  const auto k = p.import(e17, probe_octets);
  const preauth_context<key> ctx{};
  const auto is_own = [&] {
    const auto found = set.finish({}, ctx, &*k, env);
    return found && &std::get<ref<const key>>(*found).get() == &*k;
  };
  if (set.finish({}, ctx, static_cast<const key*>(nullptr), env).error().code != errc::no_key) return false;
  set.choose(1);
  if (!is_own() || set.was_sent()) return false;  // chosen, and not in a request yet
  set.sent();
  if (is_own() || !set.was_sent()) return false;
  set.choose(0);
  if (is_own()) return false;
  set.choose_sent();
  if (!set.chosen()) return false;
  set.choose(0);
  set.sent();
  return is_own();
}
}  // namespace
KERB_BOTH("mechanism_set: the first mechanism that can be used, in the order of the KDC, is used alone",
          "[exchange][rfc4120-5.2.7]", the_first_mechanism_that_can_is_the_one);
KERB_BOTH("mechanism_set: the reply key is that of the mechanism whose padata were sent", "[exchange][rfc4120-3.1.5]",
          the_mechanism_that_was_sent_gives_the_reply_key);
namespace {
struct need_more_of {
  int what;
};
/// Two mechanisms that take the same answer.
template <int N>
class asker {
 public:
  static constexpr padata_t types[] = {padata_t(1000 + N)};
  using step = std::variant<need_more_of>;
  template <crypto_policy C>
  constexpr preauth_outcome<step> consider(const preauth_context<typename C::key>&, const environment<C>&) {
    return need_more_of{N};
  }
  template <crypto_policy C>
  constexpr preauth_outcome<step> answer(int, const preauth_context<typename C::key>&, const environment<C>&) {
    return need_more_of{10 + N};
  }
  constexpr void write(der::writer&) const {}
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key*, const environment<C>&) const {
    return errc::no_key;
  }
};
constexpr bool an_answer_is_for_the_mechanism_that_asked() {
  policy p;
  const environment<policy> env{p, noon, {}};
  detail::mechanism_set<mechanisms<asker<0>, asker<1>>> set;
  const preauth_context<key> ctx{};
  for (int who = 0; who != 2; ++who) {
    set.choose(static_cast<std::size_t>(who));
    const auto o = set.answer(7, ctx, env);
    const auto* const more = std::get_if<need_more_of>(&o);
    if (more == nullptr || more->what != 10 + who) return false;
  }
  return true;
}
}  // namespace
KERB_BOTH("mechanism_set: an answer is for the mechanism that has asked, though another takes the same", "[exchange]",
          an_answer_is_for_the_mechanism_that_asked);
