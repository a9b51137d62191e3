// Tickets and authenticators that were opened, without an exchange around them.
#include <kerb/exchange/opened_ticket.hpp>

#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using policy = testing::insecure_policy;
constexpr std::uint8_t key_octets[] = {0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
                                       0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef};

/// A plaintext at the front of a workspace, as open_sealed() leaves it.
template <class T>
constexpr std::span<std::uint8_t> lay(detail::workspace& in, const T& part) {
  const std::span<std::uint8_t> to = in.borrow(asn1::encoded_size(part));
  (void)asn1::encode(part, to);
  in.keep(to.size());
  return to;
}
constexpr bool holds(bytes_view hay, bytes_view needle) {
  for (std::size_t i = 0; i + needle.size() <= hay.size(); ++i)
    if (hay.subview(i, needle.size()) == needle) return true;
  return false;
}
constexpr msg::EncTicketPart ticket_part(etype_t e = e17) {
  msg::EncTicketPart p;
  p.key = {e, key_octets};
  p.crealm = ex_org;
  p.cname = alice().name;
  p.authtime = noon.at;
  p.endtime = plus(noon.at, 60);
  return p;
}

constexpr bool the_key_is_taken_out_of_the_plaintext() {
  policy crypto;
  std::array<std::uint8_t, 512> octets{};
  detail::workspace in(octets);
  const auto t = detail::read_ticket(crypto, lay(in, ticket_part()), other_org, in);
  return t && crypto.expose(t->session_key).unguarded() == bytes_view(key_octets) && t->realm == other_org &&
         same_principal(t->client(), alice()) && !holds(bytes_view(octets), key_octets);
}
KERB_BOTH("read_ticket: the session key is taken, and wiped in the plaintext", "[exchange]",
          the_key_is_taken_out_of_the_plaintext);

constexpr bool a_part_is_read_again_where_the_buffer_went() {
  policy crypto;
  std::array<std::uint8_t, 512> octets{}, bigger{};
  detail::workspace in(octets);
  auto t = detail::read_ticket(crypto, lay(in, ticket_part()), ex_org, in);
  if (!t || !in.move_to(bigger)) return false;
  t->read_again(in);
  octets.fill(0xff);
  const std::uint8_t* const name = (*t->part.cname.name_string.begin()).octets.data();
  bool inside = false;
  for (const std::uint8_t& o : bigger) inside = inside || &o == name;
  return inside && same_principal(t->client(), alice()) && t->part.endtime == plus(noon.at, 60);
}
KERB_BOTH("opened_ticket: its part is read again where the buffer has moved", "[exchange]",
          a_part_is_read_again_where_the_buffer_went);

constexpr bool what_is_no_ticket_is_refused() {
  policy crypto;
  std::array<std::uint8_t, 512> octets{};
  detail::workspace in(octets);
  const auto none = detail::read_ticket(crypto, lay(in, msg::EncApRepPart{}), ex_org, in);
  const auto unknown = detail::read_ticket(crypto, lay(in, ticket_part(etype_t(999))), ex_org, in);
  return !none && none.refusal().code == error_code_t::krb_ap_err_bad_integrity && !unknown &&
         unknown.refusal().code == error_code_t::kdc_err_etype_nosupp &&
         std::string_view(unknown.refusal().why.type) == "EncTicketPart" &&
         std::string_view(unknown.refusal().why.field) == "key" && !holds(bytes_view(octets), key_octets);
}
KERB_BOTH("read_ticket: a plaintext that is no ticket, or has a key of an unknown type, is refused", "[exchange]",
          what_is_no_ticket_is_refused);

/// An authenticator sealed under a key, and what opens it.
struct sealed_authenticator {
  policy crypto;
  key k;
  std::array<std::uint8_t, 256> octets{}, opened{};
  detail::workspace in{opened};
  msg::EncryptedData data;

  constexpr explicit sealed_authenticator(std::optional<etype_t> subkey, bool is_one = true) {
    std::array<std::uint8_t, 32> own{};
    k = kerb_test::must(crypto.import(e18, own));
    msg::Authenticator a;
    a.crealm = ex_org;
    a.cname = alice().name;
    a.ctime = noon.at;
    a.cusec = noon.usec;
    if (subkey) a.subkey = msg::EncryptionKey{*subkey, key_octets};
    errc why = errc::ok;
    der::writer w{std::span(octets)};
    const environment env{crypto, noon};
    if (is_one) write_sealed(w, a, k, key_usage_t::ap_req_authenticator, env, why);
    else write_sealed(w, msg::EncApRepPart{}, k, key_usage_t::ap_req_authenticator, env, why);
    data = kerb_test::must(asn1::decode<msg::EncryptedData>(bytes_view(w.written_since(0))));
  }
  constexpr auto open(key_usage_t usage = key_usage_t::ap_req_authenticator) {
    return detail::open_authenticator(crypto, data, k, usage, in);
  }
};

constexpr bool a_subkey_is_taken_and_wiped() {
  sealed_authenticator s(e17), bare({});
  auto a = s.open(), b = bare.open();
  if (!a || !b || a->time() != noon || a->subkey) return false;
  if (!detail::take_subkey(s.crypto, *a).ok() || !detail::take_subkey(bare.crypto, *b).ok()) return false;
  return a->subkey && s.crypto.expose(*a->subkey).unguarded() == bytes_view(key_octets) && !b->subkey &&
         !holds(bytes_view(s.opened), key_octets);
}
KERB_BOTH("take_subkey: the subkey is taken if there is one, and wiped in the plaintext", "[exchange]",
          a_subkey_is_taken_and_wiped);

constexpr bool an_authenticator_that_does_not_open_is_refused() {
  sealed_authenticator s(e17), no_such_key(etype_t(999)), another({}, false);
  const auto by_usage = s.open(key_usage_t::tgs_req_authenticator), no_authenticator = another.open();
  auto a = no_such_key.open();
  if (by_usage || no_authenticator || !a) return false;
  const detail::verdict v = detail::take_subkey(no_such_key.crypto, *a);
  return by_usage.refusal().code == error_code_t::krb_ap_err_bad_integrity &&
         by_usage.refusal().why.code == errc::integrity &&
         std::string_view(by_usage.refusal().why.field) == "authenticator" &&
         no_authenticator.refusal().code == error_code_t::krb_ap_err_bad_integrity &&
         v.code == error_code_t::kdc_err_etype_nosupp && std::string_view(v.why.field) == "subkey" && !a->subkey;
}
KERB_BOTH("open_authenticator: one that does not open, decode or have a usable subkey is refused", "[exchange]",
          an_authenticator_that_does_not_open_is_refused);
}  // namespace
