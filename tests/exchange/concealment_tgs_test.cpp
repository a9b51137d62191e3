// Where the policy conceals its clients: what a TGS request reveals that nobody has authenticated.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {
/// Counts the operations that cost time.
struct counting_policy : testing::insecure_policy {
  unsigned plain = 0, with_prepared = 0;
  constexpr result<std::span<std::uint8_t>> unseal(const kerb::key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    ++plain;
    return testing::insecure_policy::unseal(k, u, in, out);
  }
  constexpr result<std::span<std::uint8_t>> unseal(const prepared_key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    ++with_prepared;
    return testing::insecure_policy::unseal(k, u, in, out);
  }
};
using world = kerb_kdc_test::kdc_side<counting_policy>;
using record = principal_record<counting_policy>;
using a = principal_attribute;
using o = kdc_option_t;
using kerb_kdc_test::e17, kerb_kdc_test::e18, kerb_kdc_test::e20, kerb_kdc_test::noon, kerb_kdc_test::ex_org;

/// What the sender of a request can see of its answer.
struct seen {
  error_code_t code{};
  unsigned plain = 0, with_prepared = 0, draws = 0;
  std::size_t octets = 0;
  friend constexpr bool operator==(const seen&, const seen&) = default;
};
/// A request whose ticket nobody can open, for this server and of this type and version, when the KDC finds this
/// record, or none.
constexpr seen probed(world& w, o option, const record* found, const record* decoy, etype_t e,
                      std::optional<std::uint32_t> kvno) {
  const key nobodys = w.make(e, 0xd7);
  w.body.kdc_options = {option};
  w.body.sname = kerb_kdc_test::bob().name;
  w.tgt_server = kerb_kdc_test::bob();
  w.tgt_key = &nobodys;
  w.tgt_kvno = kvno;
  const bytes_view request = w.tgs_req();
  w.crypto.plain = w.crypto.with_prepared = 0;
  const unsigned before = w.crypto.entropy.draws();
  const auto t = w.env_now();
  kdc<counting_policy> x(w.settings, std::span(w.scratch), {}, decoy);
  kdc_step s = x.receive(request, t);
  if (!is<need_principal>(s)) return {};
  s = found != nullptr ? x.found(*found, t) : x.absent(t);
  const auto* no = std::get_if<refused>(&s);
  if (no == nullptr) return {};
  const auto sent = asn1::decode<msg::KrbError>(no->octets);
  return {sent ? sent->error_code : error_code_t{}, w.crypto.plain, w.crypto.with_prepared,
          w.crypto.entropy.draws() - before, no->octets.size()};
}
/// A user with keys of two types and two versions, of which one is prepared for tickets.
struct user {
  using long_term = long_term_key<counting_policy>;
  key first, second, older;
  counting_policy::prepared_key prepared;
  prepared_for<counting_policy> use;
  std::array<long_term, 3> keys;
  record is;

  constexpr explicit user(world& w)
      : first(w.make(e18, 0x21)),
        second(w.make(e17, 0x22)),
        older(w.make(e18, 0x23)),
        prepared(kerb_test::must(w.crypto.prepare(first, key_usage_t::ticket))),
        use{key_usage_t::ticket, prepared},
        keys{long_term{.kvno = 2, .key = first, .prepared = view_of<prepared_for<counting_policy>>(&use, 1)},
             long_term{.kvno = 2, .key = second}, long_term{.kvno = 1, .key = older}} {
    is.principal = kerb_kdc_test::bob();
    is.keys = view_of<long_term>(keys);
  }
  user(const user&) = delete;
};

constexpr bool no_principal_can_be_told_from_none() {
  for (const o option : {o::renew, o::validate, o::proxy})
    for (const bool with_decoy : {true, false})
      for (const etype_t e : {e18, e17, e20})
        for (const std::uint32_t kvno : {0u, 1u, 2u, 7u}) {
          world w;
          user bob(w), nobody(w);
          w.settings.conceal_unknown_clients = true;
          const record* const decoy = with_decoy ? &nobody.is : nullptr;
          const std::optional<std::uint32_t> named = kvno == 0 ? std::nullopt : std::optional(kvno);
          const seen none = probed(w, option, nullptr, decoy, e, named);
          if (none.code != error_code_t::krb_ap_err_bad_integrity || none.plain + none.with_prepared != 1) return false;
          if (probed(w, option, &bob.is, decoy, e, named) != none) return false;
          for (const a what : {a::not_a_server, a::user_to_user_only, a::locked}) {
            record r = bob.is;
            r.attributes.set(what);
            if (probed(w, option, &r, decoy, e, named) != none) return false;
          }
        }
  return true;
}
KERB_BOTH("tgs_kdc: where the policy conceals, a ticket that nobody can open gets the same answer whatever it names",
          "[exchange][rfc4120-3.3.2]", no_principal_can_be_told_from_none);

constexpr bool a_type_without_keys_is_refused_alike() {
  world w;
  user bob(w);
  w.settings.conceal_unknown_clients = true;
  const etype_t only[] = {e20};
  w.settings.ticket_etypes = only;
  const seen none = probed(w, o::renew, nullptr, nullptr, e18, {});
  return none.code == error_code_t::krb_ap_err_bad_integrity && probed(w, o::renew, &bob.is, nullptr, e18, {}) == none;
}
KERB_BOTH("tgs_kdc: where the policy conceals, a ticket of a forbidden type gets that answer too",
          "[exchange][rfc4120-3.3.2]", a_type_without_keys_is_refused_alike);

/// A ticket for the web server under this key.
constexpr bytes_view renewal(world& w, const key& under) {
  w.body.kdc_options = {o::renew};
  w.body.sname = kerb_kdc_test::web().name;
  w.tgt_server = kerb_kdc_test::web();
  w.tgt_key = &under;
  w.tgt.flags.set(ticket_flag_t::renewable);
  w.tgt.renew_till = plus(noon.at, 86400);
  return w.tgs_req();
}
constexpr bool a_genuine_ticket_is_renewed_where_the_policy_conceals() {
  world w;
  w.settings.conceal_unknown_clients = true;
  return w.ask(renewal(w, w.service.own)).issued;
}
KERB_BOTH("tgs_kdc: where the policy conceals, a service's ticket is renewed", "[exchange][rfc4120-3.3.3]",
          a_genuine_ticket_is_renewed_where_the_policy_conceals);

constexpr bool the_decoys_key_opens_nothing() {
  world w;
  user nobody(w);
  w.settings.conceal_unknown_clients = true;
  w.tgt_kvno = 2;
  const bytes_view request = renewal(w, nobody.first);
  const auto t = w.env_now();
  kdc<counting_policy> x(w.settings, std::span(w.scratch), {}, &nobody.is);
  kdc_step s = x.receive(request, t);
  s = x.absent(t);
  const auto* no = std::get_if<refused>(&s);
  return no != nullptr && no->why.code == errc::integrity;
}
KERB_BOTH("tgs_kdc: where the policy conceals, a ticket under the decoy's key is refused", "[exchange][rfc4120-3.3.3]",
          the_decoys_key_opens_nothing);

constexpr bool a_users_key_is_not_tried_on_a_ticket() {
  for (const bool right : {true, false})
    for (const a what : {a::not_a_server, a::user_to_user_only}) {
      world w;
      w.service.record.attributes.set(what);
      const key wrong = w.make(e20, 0xd7);
      const bytes_view request = renewal(w, right ? w.service.own : wrong);
      w.crypto.plain = 0;
      const auto r = w.ask(request);
      const error_code_t code = what == a::not_a_server ? error_code_t::kdc_err_s_principal_unknown
                                                        : error_code_t::kdc_err_must_use_user2user;
      if (!r.is(code) || w.crypto.plain != 0) return false;
    }
  return true;
}
KERB_BOTH("tgs_kdc: the key of a principal that gets no such tickets is not tried on one", "[exchange][rfc4120-3.7]",
          a_users_key_is_not_tried_on_a_ticket);
}  // namespace
