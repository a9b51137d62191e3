// Credentials in files, and the entries of files as credentials.
#include <kerb/exchange/ticket_cache.hpp>
#include <kerb/format/ccache_credential.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

constexpr kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "web"_krb};
constexpr principal_view alice{{name_t::principal, alice_parts}, "EX.ORG"_krb},
    web{{name_t::srv_hst, web_parts}, "EX.ORG"_krb};
constexpr std::uint8_t address_octets[] = {10, 1, 2, 3};
constexpr msg::HostAddress addresses[] = {{addr_t::ipv4, address_octets}};
constexpr msg::AuthorizationDataElement authdata[] = {{ad_t{-100}, address_octets}};
constexpr kerberos_time noon{1767268800};

/// A Ticket for `web`, and its octets.
struct minted {
  std::array<std::uint8_t, 128> buffer{};
  bytes_view octets;
  constexpr minted() {
    octets = kerb_test::must(
        testing::mint(msg::Ticket{web.realm, web.name, {etype_t::aes256_cts_hmac_sha1_96, 3, address_octets}}, buffer));
  }
  minted(const minted&) = delete;
};
constexpr key session_key() {
  testing::insecure_policy p;
  std::array<std::uint8_t, 32> o{};
  for (std::uint8_t& b : o) b = 5;
  return kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, o));
}
constexpr ticket_facts facts_of(bytes_view ticket) {
  ticket_facts f;
  f.client = alice;
  f.server = web;
  f.ticket = ticket;
  f.flags = {ticket_flag_t::forwardable, ticket_flag_t::renewable};
  f.authtime = noon;
  f.starttime = plus(noon, 1);
  f.endtime = plus(noon, 2);
  f.renew_till = plus(noon, 3);
  f.addresses = view_of<msg::HostAddress>(addresses);
  return f;
}
/// Whether `c` is the credential with these facts, and with the offset 7.
constexpr bool is_whole(const basic_credential<key>& c, bytes_view ticket) {
  const key k = session_key();
  const ticket_facts &f = c.facts(), wanted = facts_of(ticket);
  return same_principal(f.client, alice) && same_principal(f.server, web) &&
         f.client.name.name_type == name_t::principal && f.server.name.name_type == name_t::srv_hst &&
         f.ticket == ticket && f.flags == wanted.flags && f.authtime == wanted.authtime &&
         f.starttime == wanted.starttime && f.endtime == wanted.endtime && f.renew_till == wanted.renew_till &&
         f.addresses && f.addresses->size() == 1 && (*f.addresses->begin()).address == bytes_view(address_octets) &&
         kind_of(f) == ticket_kind::asked_for && c.kdc_clock_offset() == 7 &&
         c.session_key().octets().unguarded() == k.octets().unguarded();
}
/// A file with the entry, at the front of `out`.
constexpr ccache_view file_with(const cached_credential& e, std::span<std::uint8_t> out) {
  ccache_writer w(alice, kdc_offset{7, 999999}, out);
  w.add(e);
  return kerb_test::must(ccache_view::open(kerb_test::must(w.finish())));
}

constexpr bool a_credential_goes_into_a_file_and_comes_back() {
  testing::insecure_policy p;
  const minted t;
  std::array<std::uint8_t, 512> buffer{};
  const basic_credential<key> c(facts_of(t.octets), session_key());
  const ccache_view file = file_with(to_cached_credential(c, p), buffer);
  auto back = to_credential<256>(*file.begin(), p, file.offset());
  const bool same = to_cached_credential(c, p).starttime == (*file.begin()).starttime;
  buffer = {};  // the file is gone
  if (!back || !is_whole(**back, t.octets) || !same) return false;
  const auto owned = *std::move(back);
  const ccache_view again = file_with(to_cached_credential(owned, p), buffer);
  const auto third = to_credential(*again.begin(), p, again.offset());
  const auto unknown = to_credential(*again.begin(), p);
  return third && is_whole(**third, t.octets) && unknown && (*unknown)->kdc_clock_offset() == 0;
}
KERB_BOTH("ccache_credential: a credential goes into a file and comes back whole, with octets of its own", "[format]",
          a_credential_goes_into_a_file_and_comes_back);

constexpr bool a_view_of_an_entry_needs_no_space() {
  testing::insecure_policy p;
  const minted t;
  const basic_credential<key> c(facts_of(t.octets), session_key());
  const cached_credential e = to_cached_credential(c, p);
  const auto back = to_credential(e, p, kdc_offset{7, 0});
  return back && is_whole(*back, t.octets) && back->ticket().data() == t.octets.data();
}
KERB_BOTH("ccache_credential: the credential of an entry in message form is a view", "[format]",
          a_view_of_an_entry_needs_no_space);

constexpr bool what_a_file_knows_of_a_ticket_is_kept() {
  testing::insecure_policy p;
  const minted t;
  ticket_facts f = facts_of(t.octets);
  f.user_to_user = true;
  f.addresses = {};
  f.flags.set(ticket_flag_t::invalid);
  const basic_credential<key> c(f, session_key());
  cached_credential e = to_cached_credential(c, p);
  std::array<std::uint8_t, 512> buffer{};
  const auto file_kind = [&] {
    const ccache_view file = file_with(e, buffer);
    const auto back = to_credential(*file.begin(), p);
    return !back || (*back)->facts().addresses || (*back)->facts().starttime != e.starttime.value_or(noon)
               ? ticket_kind::referral
               : kind_of((*back)->facts());
  };
  if (file_kind() != (ticket_kind::user_to_user | ticket_kind::not_valid)) return false;
  e.is_skey = false;
  e.starttime = {};
  e.authdata = authdata;
  return file_kind() == (ticket_kind::restricted | ticket_kind::not_valid);
}
KERB_BOTH("ccache_credential: a file knows a user-to-user, a restricted and a postdated ticket from a plain one",
          "[format]", what_a_file_knows_of_a_ticket_is_kept);

constexpr bool what_is_no_ticket_is_no_credential() {
  testing::insecure_policy p;
  const minted t;
  const basic_credential<key> c(facts_of(t.octets), session_key());
  const cached_credential good = to_cached_credential(c, p);
  const auto why = [&](const cached_credential& e) {
    std::array<std::uint8_t, 512> buffer{};
    const auto of_view = to_credential(e, p);
    const auto of_file = to_credential(*file_with(e, buffer).begin(), p);
    return !of_view && !of_file && of_view.error().code == of_file.error().code ? of_view.error() : error{};
  };
  cached_credential removed = good, setting = good, cut = good, weak = good, short_key = good;
  removed.endtime = {0};
  const kerberos_string parts[] = {cached_credential::config_name, "a"_krb};
  setting.server = {{{}, parts}, cached_credential::config_realm};
  cut.ticket = t.octets.first(t.octets.size() - 1);
  weak.etype = etype_t{1};
  short_key.key = secret_view(good.key.unguarded().first(31));
  const error gone = why(removed), no_ticket = why(setting);
  return why(good).ok() && gone.code == errc::api_misuse && std::string_view(gone.field) == "endtime" &&
         no_ticket.code == errc::api_misuse && std::string_view(no_ticket.field) == "server" &&
         why(cut).code == errc::truncated && why(weak).code == p.import(etype_t{1}, {}).error().code &&
         why(short_key).code == p.import(good.etype, short_key.key.unguarded()).error().code;
}
KERB_BOTH("ccache_credential: a setting, a removed entry, half a ticket and a key of another type are refused",
          "[format]", what_is_no_ticket_is_no_credential);

constexpr bool too_many_parts_are_no_space() {
  testing::insecure_policy p;
  const minted t;
  std::array<kerberos_string, 33> many{};
  std::array<msg::HostAddress, 65> hosts{};
  for (kerberos_string& s : many) s = "x"_krb;
  for (msg::HostAddress& a : hosts) a = addresses[0];
  const basic_credential<key> c(facts_of(t.octets), session_key());
  const auto detail_of = [&](std::size_t of_client, std::size_t n_hosts) {
    std::array<std::uint8_t, 2048> buffer{};
    cached_credential e = to_cached_credential(c, p);
    e.client.name.name_string = view_of<kerberos_string>(many.data(), of_client);
    e.addresses = view_of<msg::HostAddress>(hosts.data(), n_hosts);
    const auto back = to_credential(*file_with(e, buffer).begin(), p);
    return back ? 0 : back.error().code == errc::no_space ? back.error().detail : 1;
  };
  std::array<std::uint8_t, 512> buffer{};
  const ccache_view file = file_with(to_cached_credential(c, p), buffer);
  const auto tight = to_credential<40>(*file.begin(), p);
  return detail_of(30, 64) == 0 && detail_of(31, 64) == 33 && detail_of(30, 65) == 65 &&
         tight.error().code == errc::no_space && tight.error().detail > 40 && tight.error().detail < 256;
}
KERB_BOTH("ccache_credential: more names, addresses or octets than there is space for are no_space, with their number",
          "[format]", too_many_parts_are_no_space);

constexpr bool a_ticket_cache_goes_into_a_file() {
  testing::insecure_policy p;
  const minted t;
  ticket_cache<key, 4, 256> cache;
  if (!cache.store({facts_of(t.octets), session_key()}, noon)) return false;
  ticket_facts other = facts_of(t.octets);
  other.server = alice;
  if (!cache.store({other, session_key()}, noon)) return false;
  std::array<std::uint8_t, 1024> buffer{};
  ccache_writer w(alice, {}, buffer);
  for (const basic_credential<key>& c : cache.credentials(noon)) w.add(to_cached_credential(c, p));
  const auto file = w.finish();
  const auto view = file ? ccache_view::open(*file) : result<ccache_view>(file.error());
  if (!view || view->size() != 2) return false;
  ticket_cache<key, 4, 256> again;
  for (const cache_entry& e : *view) {
    auto c = to_credential<256>(e, p);
    if (!c || !again.store_copy(**c, p, noon)) return false;
  }
  return again.size(noon) == 2 && again.find(alice, alice, noon) != nullptr && again.find(alice, web, noon) != nullptr;
}
KERB_BOTH("ccache_credential: a ticket_cache goes into a file and comes back", "[format]",
          a_ticket_cache_goes_into_a_file);

TEST_CASE("ccache_credential: nothing is allocated", "[format]") {
  kerb_test::no_allocations none;
  CHECK_FALSE(!a_ticket_cache_goes_into_a_file());
}

}  // namespace
