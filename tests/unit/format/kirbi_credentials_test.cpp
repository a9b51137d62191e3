// Ticket files: written from the entries of a cache, and read as such.
#include <kerb/exchange/protect/cred.hpp>
#include <kerb/format/kirbi.hpp>
#include <kerb/format/kirbi_credentials.hpp>
#include <kerb/testing/insecure.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "unit/format/files.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr kerberos_string user_parts[] = {"u"_krb};
constexpr kerberos_string tgs_parts[] = {"krbtgt"_krb, "R"_krb};
constexpr kerberos_string web_parts[] = {"HTTP"_krb, "w"_krb};
constexpr principal_view user{{name_t::principal, user_parts}, "R"_krb};
constexpr principal_view tgs{{name_t::srv_inst, tgs_parts}, "R"_krb};
constexpr principal_view web{{name_t::srv_hst, web_parts}, "R"_krb};
constexpr auto key = "000102030405060708090a0b0c0d0e0f"_hex;
constexpr auto ip = "0a000001"_hex;

/// A ticket for a service, as a KDC sends it.
template <std::size_t N = 120>
struct made_ticket {
  std::array<std::uint8_t, N> buffer{};
  bytes_view octets;
  constexpr explicit made_ticket(const principal_view& server) {
    msg::Ticket t{};
    t.realm = server.realm;
    t.sname = server.name;
    t.enc_part = {etype_t::aes256_cts_hmac_sha1_96, 2u, bytes_view(key)};
    octets = *asn1::encode(t, std::span<std::uint8_t>(buffer));
  }
  made_ticket(const made_ticket&) = delete;
};
constexpr cached_credential credential(const principal_view& server, bytes_view ticket) {
  cached_credential c{};
  c.client = user;
  c.server = server;
  c.etype = etype_t::aes128_cts_hmac_sha1_96;
  c.key = secret_view(key);
  c.authtime = {100};
  c.starttime = kerberos_time{101};
  c.endtime = {0xfffffff0};
  c.flags = {ticket_flag_t::forwardable};
  c.ticket = ticket;
  return c;
}

constexpr bool round_trip() {
  const made_ticket first(tgs), second(web);
  const msg::HostAddress addresses[] = {{addr_t::ipv4, ip}};
  cached_credential all[] = {credential(tgs, first.octets), credential(web, second.octets)};
  all[1].addresses = addresses;
  all[1].renew_till = kerberos_time{200};
  std::array<std::uint8_t, 900> buffer{}, again{};
  const auto file = write_kirbi(all, buffer);
  const auto k = file ? kirbi_view::open(*file) : result<kirbi_view>(file.error());
  if (!k || k->size() != 2 || k->empty()) return false;
  auto i = k->begin();
  const cached_credential a = *i++, b = *i++;
  if (!(i == k->end())) return false;
  const cached_credential copy[] = {a, b};
  const auto same = write_kirbi(copy, again);
  return same_principal(a.client, user) && same_principal(a.server, tgs) && same_principal(b.server, web) &&
         a.etype == etype_t::aes128_cts_hmac_sha1_96 && ct_equal(a.key.unguarded(), key) && a.ticket == first.octets &&
         b.ticket == second.octets && a.authtime.seconds == 100 && a.starttime->seconds == 101 &&
         a.endtime.seconds == 0xfffffff0 && !a.renew_till && b.renew_till->seconds == 200 && a.addresses.empty() &&
         b.addresses.size() == 1 && a.flags.has(ticket_flag_t::forwardable) && same && *same == *file &&
         file->end() == buffer.data() + buffer.size();
}
KERB_BOTH("kirbi credentials: what is written is read the same", "[format][rfc4120-5.8.1]", round_trip);

constexpr bool with_the_exchange() {
  const made_ticket ticket(tgs);
  const cached_credential one[] = {credential(tgs, ticket.octets)};
  std::array<std::uint8_t, 500> buffer{}, opened{};
  const auto file = write_kirbi(one, buffer);
  testing::insecure_policy policy;
  const environment<testing::insecure_policy> env{policy, {{1000}, {0}}, {}};
  if (!file) return false;
  auto got = open_unsealed_krb_cred(*file, opened, env, {.timestamp = false});
  const auto facts = got ? got->facts(0) : result<ticket_facts>(got.error());
  return facts && same_principal(facts->server, tgs) && facts->ticket == ticket.octets;
}
KERB_BOTH("kirbi credentials: a file is a KRB-CRED that is not sealed", "[format][rfc6448]", with_the_exchange);

constexpr bool least() {
  const made_ticket ticket(web);
  // only what a credential cannot do without
  const msg::KrbCredInfo infos[] = {{.key = {etype_t{17}, bytes_view(key)},
                                     .prealm = "R"_krb,
                                     .pname = user.name,
                                     .flags = {},
                                     .authtime = {},
                                     .starttime = {},
                                     .endtime = kerberos_time{7},
                                     .renew_till = {},
                                     .srealm = {},
                                     .sname = {},
                                     .caddr = {}}};
  const auto file = [&](view_of<msg::KrbCredInfo> with, etype_t etype, std::span<std::uint8_t> plain,
                        std::span<std::uint8_t> out) {
    const auto part =
        *asn1::encode(msg::EncKrbCredPart{asn1::sequence_of<msg::KrbCredInfo>(with), {}, {}, {}, {}, {}}, plain);
    const auto tickets = asn1::captured<msg::Ticket>::as_sent(ticket.octets);
    const view_of<asn1::captured<msg::Ticket>> list(&tickets, 1);
    return *asn1::encode(
        msg::BasicKrbCred<msg::EncryptedData, asn1::sequence_of<asn1::captured<msg::Ticket>>>{
            asn1::sequence_of<asn1::captured<msg::Ticket>>(list), {etype, {}, part}},
        out);
  };
  std::array<std::uint8_t, 400> plain{}, out{};
  const auto k = kirbi_view::open(file(infos, etype_t{0}, plain, out));
  if (!k || k->size() != 1) return false;
  const cached_credential c = *k->begin();
  if (!same_principal(c.server, web) || c.endtime.seconds != 7 || c.authtime.seconds != 0 || c.starttime ||
      c.flags.bits != 0)
    return false;
  const auto fails = [&](view_of<msg::KrbCredInfo> with, etype_t etype, errc code, std::string_view field) {
    std::array<std::uint8_t, 400> p{}, o{};
    const auto no = kirbi_view::open(file(with, etype, p, o));
    return !no && no.error().code == code && std::string_view(no.error().field) == field;
  };
  msg::KrbCredInfo no_end[] = {infos[0]}, no_name[] = {infos[0]}, no_realm[] = {infos[0]};
  no_end[0].endtime.reset();
  no_name[0].pname.reset();
  no_realm[0].prealm.reset();
  const msg::KrbCredInfo two[] = {infos[0], infos[0]};
  return fails(infos, etype_t{18}, errc::no_key, "enc-part") &&
         fails(no_end, etype_t{0}, errc::missing_field, "endtime") &&
         fails(no_name, etype_t{0}, errc::missing_field, "pname") &&
         fails(no_realm, etype_t{0}, errc::missing_field, "prealm") &&
         fails(two, etype_t{0}, errc::count_mismatch, "ticket-info") && !kirbi_view::open({});
}
KERB_BOTH("kirbi credentials: the server may be in the ticket alone, the client and the end must be there",
          "[format][security]", least);

constexpr bool refuses_to_write() {
  const made_ticket ticket(tgs);
  const cached_credential one[] = {credential(tgs, ticket.octets)};
  std::array<std::uint8_t, 500> buffer{};
  const auto small = write_kirbi(one, std::span(buffer).first(20));
  if (small || small.error().code != errc::no_space) return false;
  const auto fits = write_kirbi(one, std::span(buffer).first(small.error().detail));
  cached_credential nul[] = {one[0]}, late[] = {one[0]};
  nul[0].client.realm = "R\0"_krb;
  late[0].endtime = {latest_time.seconds + 1};
  std::array<std::uint8_t, 500> wiped{};
  const auto bad_time = write_kirbi(late, wiped);
  return fits && write_kirbi(nul, buffer).error().code == errc::bad_name_text &&
         write_kirbi(view_of<cached_credential>(), buffer).error().code == errc::api_misuse &&
         bad_time.error().code == errc::clock_out_of_range && wiped == std::array<std::uint8_t, 500>{};
}
KERB_BOTH("kirbi credentials: what does not fit is not written", "[format]", refuses_to_write);

constexpr bool from_a_cache() {
  const made_ticket ticket(tgs);
  const msg::HostAddress addresses[] = {{addr_t::ipv4, ip}};
  cached_credential c = credential(tgs, ticket.octets);
  c.addresses = addresses;
  std::array<std::uint8_t, 700> cache{}, file{};
  ccache_writer w(user, {}, cache);
  w.add(c);
  const auto octets = w.finish();
  const auto view = octets ? ccache_view::open(*octets) : result<ccache_view>(octets.error());
  if (!view) return false;
  std::array<kerberos_string, 3> names{};
  std::array<msg::HostAddress, 1> list{};
  const auto fails = [&](const cache_entry_lists& lists, std::size_t n, std::string_view field) {
    const auto no = in_message_form(*view->begin(), lists);
    return !no && no.error().code == errc::no_space && no.error().detail == n &&
           std::string_view(no.error().field) == field;
  };
  const auto entry = in_message_form(*view->begin(), {.names = names, .addresses = list});
  if (!entry) return false;
  const auto made = write_kirbi(view_of<cached_credential>(&*entry, 1), file);
  const auto k = made ? kirbi_view::open(*made) : result<kirbi_view>(made.error());
  return k && same_principal((*k->begin()).server, tgs) && (*k->begin()).addresses.size() == 1 &&
         fails({.names = std::span(names).first(2), .addresses = list}, 3, "names") &&
         fails({.names = names}, 1, "addresses");
}
KERB_BOTH("kirbi credentials: an entry of a cache becomes a ticket file", "[format]", from_a_cache);

}  // namespace
