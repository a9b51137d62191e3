// Credential caches: read, refused, written.
#include <kerb/exchange/credential.hpp>
#include <kerb/format/ccache.hpp>
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
constexpr principal_view user{{name_t::principal, user_parts}, "R"_krb};
constexpr principal_view tgs{{name_t::srv_inst, tgs_parts}, "R"_krb};
constexpr auto key_octets_here = "a0a1a2"_hex, ticket = "616263"_hex;
constexpr auto second = "64"_hex;
constexpr auto ip = "0a000001"_hex;

constexpr cached_credential credential() {
  cached_credential c{};
  c.client = user;
  c.server = tgs;
  c.etype = etype_t::aes256_cts_hmac_sha1_96;
  c.key = secret_view(key_octets_here);
  c.authtime = {100};
  c.endtime = {0xfffffff0};
  c.flags = {ticket_flag_t::forwardable, ticket_flag_t::initial};
  c.ticket = ticket;
  return c;
}

constexpr bool writes() {
  const msg::HostAddress addresses[] = {{addr_t::ipv4, ip}, {addr_t{-5}, {}}};
  const msg::AuthorizationDataElement authdata[] = {{ad_t{-100}, second}};
  std::array<std::uint8_t, 700> buffer{}, other{};
  cached_credential full = credential();
  full.starttime = kerberos_time{101};
  full.renew_till = kerberos_time{103};
  full.is_skey = true;
  full.addresses = addresses;
  full.authdata = authdata;
  full.second_ticket = second;
  ccache_writer w(user, kdc_offset{-1, 999999}, buffer);
  w.add(credential());
  w.add_config(user, {"fast_avail"_krb, "krbtgt/R@R"_krb, second});
  w.add_config(user, {"start_realm"_krb, {}, ticket});
  w.add(full);
  const auto file = w.finish();
  const auto c = file ? ccache_view::open(*file) : result<ccache_view>(file.error());
  if (!c || c->version() != 4 || c->size() != 4 || !same_principal(c->client(), user)) return false;
  if (c->offset() != kdc_offset{-1, 999999}) return false;
  auto i = c->begin();
  const cache_entry plain = *i++, config = *i++, global = *i++, last = *i++;
  ccache_writer again(c->client(), c->offset(), other);
  for (const cache_entry& e : *c) again.add(e);
  const auto copy = again.finish();
  return i == c->end() && same_principal(plain.server, tgs) && plain.etype == etype_t::aes256_cts_hmac_sha1_96 &&
         ct_equal(plain.key.unguarded(), key_octets_here) && plain.authtime.seconds == 100 && !plain.starttime &&
         plain.endtime.seconds == 0xfffffff0 && !plain.renew_till && !plain.is_skey &&
         plain.flags.has(ticket_flag_t::initial) && plain.addresses.empty() && plain.authdata.empty() &&
         plain.ticket == bytes_view(ticket) && plain.second_ticket.empty() && !plain.is_config() &&
         config.is_config() && kerb_test::must(config.config()).principal == "krbtgt/R@R"_krb && global.is_config() &&
         !kerb_test::must(global.config()).principal && last.starttime->seconds == 101 &&
         last.renew_till->seconds == 103 && last.is_skey && last.addresses.size() == 2 &&
         (*last.addresses.begin()).addr_type == addr_t::ipv4 && (*++last.addresses.begin()).addr_type == addr_t{-5} &&
         (*last.authdata.begin()).ad_type == ad_t{-100} && last.second_ticket == bytes_view(second) && copy &&
         *copy == *file;
}
KERB_BOTH("ccache: what is written is read the same, and a copy of it has the same octets", "[format]", writes);

constexpr bool settings() {
  std::array<std::uint8_t, 900> buffer{};
  ccache_writer w(user, {}, buffer);
  w.add_config(user, {"a"_krb, {}, ticket});
  w.add_config(user, {"a"_krb, "p"_krb, second});
  w.add_config(user, {"b"_krb, {}, second});
  w.add_config(user, {"b"_krb, {}, ticket});
  cached_credential removed = credential(), foreign = credential();
  const kerberos_string parts[] = {cached_credential::config_name, "gone"_krb};
  removed.server = {{{}, parts}, cached_credential::config_realm};
  removed.authtime = {0xffffffff};
  removed.endtime = {0};
  foreign.server = {{{}, parts}, "R"_krb};  // a service of that name in a true realm
  w.add(removed);
  w.add(foreign);
  const auto file = w.finish();
  const auto c = file ? ccache_view::open(*file) : result<ccache_view>(file.error());
  if (!c || c->offset()) return false;
  int configs = 0, gone = 0;
  for (const cache_entry& e : *c) {
    configs += e.is_config();
    gone += e.is_removed();
  }
  return configs == 5 && gone == 1 && c->config("a") == bytes_view(ticket) &&
         c->config("a", "p") == bytes_view(second) && !c->config("a", "q") && c->config("b") == bytes_view(ticket) &&
         !c->config("c") && !c->config("gone");
}
KERB_BOTH("ccache: settings are found by key and principal, the newest of each", "[format]", settings);

constexpr bool shapes_of_settings() {
  const kerberos_string all[] = {cached_credential::config_name, "key"_krb, "p@R"_krb, "more"_krb};
  const kerberos_string another[] = {"krb5_ccache_conf_dat"_krb, "key"_krb};
  const auto named = [](view_of<kerberos_string> parts, kerberos_string realm) {
    cached_credential c = credential();
    c.server = {{{}, parts}, realm};
    return c;
  };
  constexpr auto config = cached_credential::config_realm;
  const auto of = [&](std::size_t n) { return named(view_of<kerberos_string>(all, n), config); };
  return !of(0).is_config() && !of(0).config() && of(1).is_config() && !of(1).config() && of(2).config() &&
         of(2).config()->key == "key" && !of(2).config()->principal && of(3).config()->principal == "p@R"_krb &&
         of(4).is_config() && !of(4).config() && !named(another, config).is_config() &&
         !named(another, config).config() && !named(view_of<kerberos_string>(all, 2), "X-CACHECONF"_krb).config();
}
KERB_BOTH("ccache: a setting has its realm, its name, a key, and at most a principal", "[format]", shapes_of_settings);

constexpr bool removed_entries() {
  const auto removed = [](std::int64_t authtime, std::int64_t endtime, kerberos_string realm, bool setting) {
    cached_credential c = credential();
    const kerberos_string parts[] = {cached_credential::config_name, "a"_krb};
    if (setting) c.server = {{{}, parts}, realm};
    c.authtime = {authtime};
    c.endtime = {endtime};
    return c.is_removed();
  };
  constexpr auto config = cached_credential::config_realm;
  // MIT krb5 writes the authtime too, Heimdal the end alone; both rename the realm of a setting, whose end is 0 before
  return removed(0xffffffff, 0, {}, false) && removed(100, 0, {}, false) && !removed(100, 1, {}, false) &&
         !removed(0xffffffff, 1, {}, false) && !removed(0, 0, config, true) && !removed(100, 200, config, true) &&
         removed(0xffffffff, 0, config, true) && removed(0xffffffff, 0, "X-RMED-CONF:"_krb, true) &&
         removed(100, 0, "X-RMED-CONF:"_krb, true);
}
KERB_BOTH("ccache: what MIT krb5 or Heimdal has removed is seen to be, and no setting is", "[format]", removed_entries);

TEST_CASE("ccache: of the files in which Heimdal and MIT krb5 have removed entries the others are left", "[format]") {
  const auto left = [](std::string_view name) {
    std::string out;
    for (const sample_file& f : sample_files()) {
      if (f.name != name) continue;
      const auto c = ccache_view::open(f.octets);
      REQUIRE(c);
      for (const cache_entry& e : *c) out += e.is_removed() ? 'x' : e.is_config() ? 's' : 'c';
    }
    return out;
  };
  CHECK(left("heimdal:7.8-kdestroy-credential") == "cssx");
  CHECK(left("mit:1.20-removed") == "xcx");
}

constexpr bool up_to_the_fault() {
  std::array<std::uint8_t, 700> buffer{};
  ccache_writer w(user, {}, buffer);
  w.add(credential());
  w.add(credential());
  w.add(credential());
  const auto file = w.finish();
  if (!file) return false;
  std::size_t before = 0;
  bool good = true;
  for (std::size_t n = 0; n <= file->size(); ++n) {
    const bytes_view in = file->first(n);
    const auto all = ccache_view::open(in);
    const auto some = ccache_view::open_up_to_fault(in);
    good = good && all.has_value() == some.fault.ok() && some.view.size() >= before && some.view.size() <= before + 1;
    if (!all) good = good && all.error().code == some.fault.code && all.error().offset == some.fault.offset;
    before = some.view.size();
    std::size_t count = 0;
    for (const cache_entry& e : some.view) count += same_principal(e.server, tgs) && e.ticket == bytes_view(ticket);
    good = good && count == before;
  }
  const auto cut = ccache_view::open_up_to_fault(file->first(file->size() - 1));
  const auto nothing = ccache_view::open_up_to_fault(file->first(7));
  // within the default principal: its realm is there, its component is not
  const auto half_named = ccache_view::open_up_to_fault(file->first(4 + 4 + 4 + 4 + 1 + 2));
  const auto half_a_header = "0504 000d 0001 0008 00000001 00000002 00"_hex;
  const auto no_header = ccache_view::open_up_to_fault(half_a_header);
  good = good && !half_named.fault.ok() && half_named.view.client().realm.octets.empty() && !no_header.fault.ok() &&
         no_header.view.client().realm.octets.empty();
  return good && before == 3 && cut.view.size() == 2 && cut.fault.code == errc::truncated &&
         std::string_view(cut.fault.field) == "second_ticket" && same_principal(cut.view.client(), user) &&
         nothing.view.empty() && !nothing.fault.ok() && nothing.view.client().realm.octets.empty();
}
KERB_BOTH("ccache: of a file that is cut short the entries in front of the fault are given, and the fault", "[format]",
          up_to_the_fault);

constexpr bool fails(bytes_view in, errc code, std::size_t offset, std::string_view field) {
  const auto c = ccache_view::open(in, std::endian::big);
  return !c && c.error().code == code && c.error().offset == offset && std::string_view(c.error().type) == "ccache" &&
         c.error().field == field;
}
constexpr bool headers() {
  const auto other_tags = "0504 0011 0007 0001 ff 0001 0008 00000001 00000002"_hex;
  const auto none = "0504 0000"_hex;
  const auto beyond = "0504 0005 0001 0008 00"_hex;
  const auto wrong = "0504 0008 0001 0004 00000000"_hex;
  const auto outside = "0504 0001 00 00000001 00000001"_hex;
  const auto half_a_field = "0504 0003 000100"_hex;
  std::array<std::uint8_t, 40> whole{};
  detail::copy_octets(other_tags.data(), other_tags.size(), whole.data());
  const auto name = "00000001 00000001 00000001 52 00000001 75"_hex;
  detail::copy_octets(name.data(), name.size(), whole.data() + other_tags.size());
  const auto c = ccache_view::open(bytes_view(whole).first(other_tags.size() + name.size()));
  return c && c->offset() == kdc_offset{1, 2} && c->empty() && same_principal(c->client(), user) &&
         fails(none, errc::truncated, 4, "default principal") && fails(beyond, errc::truncated, 8, "header field") &&
         fails(wrong, errc::wrong_constant, 6, "time offset") && fails(outside, errc::truncated, 4, "tag") &&
         fails(half_a_field, errc::truncated, 6, "header field");
}
KERB_BOTH("ccache: the header's fields fill it, and unknown ones are passed over", "[format]", headers);

constexpr bool no_offset_of_half_a_field() {
  const auto cut = "0504 000a 0001 0008 00000001 0000"_hex;
  const auto read = ccache_view::open_up_to_fault(cut);
  return read.fault.code == errc::truncated && !read.view.offset() && read.view.empty();
}
KERB_BOTH("ccache: of a header field that is cut no time offset is taken", "[format]", no_offset_of_half_a_field);

constexpr bool refuses() {
  const auto magic = "0404"_hex, zero = "0500"_hex, five = "0505"_hex;
  const auto half = "05"_hex;
  const auto no_realm = "0501 00000000"_hex;
  const auto many = "0503 00000001 ffffffff 00000000"_hex;
  const auto nul_realm = "0503 00000001 00000001 00000002 5200 00000001 75"_hex;
  std::array<std::uint8_t, 300> buffer{};
  ccache_writer w(user, {}, buffer);
  w.add(credential());
  const auto file = w.finish();
  if (!file) return false;
  const bool cut = fails(file->first(file->size() - 1), errc::truncated, file->size() - 4, "second_ticket");
  return cut && fails({}, errc::truncated, 0, "version") && fails(half, errc::truncated, 1, "version") &&
         fails(magic, errc::wrong_constant, 0, "version") && fails(zero, errc::wrong_constant, 1, "version") &&
         fails(five, errc::wrong_constant, 1, "version") &&
         fails(no_realm, errc::missing_field, 2, "default principal") &&
         fails(many, errc::truncated, 14, "default principal") &&
         fails(nul_realm, errc::bad_realm, 10, "default principal");
}
KERB_BOTH("ccache: what ends within an entry or is of another version is refused by field and offset",
          "[format][security]", refuses);

constexpr bool odd_boolean() {
  std::array<std::uint8_t, 300> buffer{};
  ccache_writer w(user, {}, buffer);
  w.add(credential());
  const auto file = w.finish();
  if (!file) return false;
  const auto c = ccache_view::open(*file);
  // is_skey stands in front of the flags, two empty lists, the ticket and the empty second ticket
  const std::size_t is_skey = file->size() - (1 + 4 + 4 + 4 + 4 + 3 + 4);
  const bool before = (*c->begin()).is_skey;
  buffer[is_skey] = 8;
  const auto eight = ccache_view::open(*file);
  if (!eight || !(*eight->begin()).is_skey) return false;
  std::array<std::uint8_t, 300> copy{};
  ccache_writer same(*eight, copy);
  same.add(*eight->begin());
  const auto again = same.finish();
  return !before && again && *again == *file;
}
KERB_BOTH("ccache: an is_skey of 8 is true, as MIT krb5 writes it", "[format][tolerance]", odd_boolean);

constexpr bool versions() {
  const auto one = "0501 02000000 01000000 52 01000000 75"_hex;
  const auto two = "0502 00000001 00000001 00000001 52 00000001 75"_hex;
  std::array<std::uint8_t, 700> buffer{}, other{};
  ccache_writer first(user, kdc_offset{1, 2}, std::span(buffer).first(16), {1, std::endian::little}),
      next(user, {}, std::span(other).first(20), {2, std::endian::big});
  const auto f = first.finish(), s = next.finish();
  if (!f || !(*f == bytes_view(one)) || !s || !(*s == bytes_view(two))) return false;
  for (std::uint8_t version = 1; version != 5; ++version) {
    for (const std::endian order : {std::endian::big, std::endian::little}) {
      ccache_writer w(user, {}, buffer, {version, order});
      w.add(credential());
      w.add_config(user, {"a"_krb, {}, ticket});
      const auto file = w.finish();
      const auto c = file ? ccache_view::open(*file, order) : result<ccache_view>(file.error());
      if (!c || c->version() != version || c->size() != 2) return false;
      if (c->order() != (version < 3 ? order : std::endian::big)) return false;
      if ((*c->begin()).etype != etype_t::aes256_cts_hmac_sha1_96 || !(*++c->begin()).is_config()) return false;
    }
  }
  ccache_writer none(user, {}, buffer, {0}), five(user, {}, other, {5});
  return none.finish().error().code == errc::api_misuse && five.finish().error().code == errc::api_misuse;
}
KERB_BOTH("ccache: all versions are written, the first two in either byte order", "[format]", versions);

constexpr bool unknown_header_fields() {
  const auto in = "0504 0011 0007 0001 ff 0001 0008 00000001 00000002 00000001 00000001 00000001 52 00000001 75"_hex;
  const auto c = ccache_view::open(in);
  if (!c || c->header().size() != 17) return false;
  std::array<std::uint8_t, 60> out{};
  ccache_writer w(*c, out);
  const auto again = w.finish();
  return again && *again == bytes_view(in);
}
KERB_BOTH("ccache: a copy of a cache has the unknown fields of its header", "[format]", unknown_header_fields);

constexpr bool removes() {
  std::array<std::uint8_t, 700> file{}, entry{};
  ccache_writer w(user, {}, file);
  w.add(credential());
  w.add_config(user, {"a"_krb, {}, ticket});
  w.add(credential());
  const auto octets = w.finish();
  const auto before = octets ? ccache_view::open(*octets) : result<ccache_view>(octets.error());
  if (!before) return false;
  std::size_t place = 0;
  for (auto i = before->begin(); i != before->end(); ++i, ++place) {
    if (place == 2) continue;
    ccache_writer one = ccache_writer::entries_for(*before, entry);
    one.add_removed(*i);
    const auto removed = one.finish();
    const std::size_t at = static_cast<std::size_t>(i.octets().data() - octets->data());
    if (!removed || removed->size() != i.octets().size()) return false;
    detail::copy_octets(removed->data(), removed->size(), file.data() + at);
  }
  const auto after = ccache_view::open(*octets);
  if (!after || after->size() != 3 || after->config("a")) return false;
  auto i = after->begin();
  const cache_entry gone = *i++, setting = *i++, kept = *i;
  return gone.is_removed() && setting.is_removed() && !setting.is_config() && !kept.is_removed() &&
         gone.authtime.seconds == 0xffffffff && setting.server.realm == "X-RMED-CONF:"_krb &&
         same_principal(gone.server, tgs);
}
KERB_BOTH("ccache: an entry is overwritten in place as removed, as MIT krb5 does", "[format]", removes);

constexpr bool appends() {
  std::array<std::uint8_t, 700> file{}, whole{};
  ccache_writer w(user, {}, file, {2, std::endian::little}), both(user, {}, whole, {2, std::endian::little});
  w.add(credential());
  both.add(credential());
  both.add(credential());
  const auto octets = w.finish(), wanted = both.finish();
  const auto c = octets ? ccache_view::open(*octets, std::endian::little) : result<ccache_view>(octets.error());
  if (!c || !wanted) return false;
  ccache_writer one = ccache_writer::entries_for(*c, std::span(file).subspan(octets->size()));
  one.add(credential());
  const auto more = one.finish();
  return more && bytes_view(file).first(octets->size() + more->size()) == *wanted;
}
KERB_BOTH("ccache: entries are written alone, to append them to a file", "[format]", appends);

constexpr bool refuses_to_write() {
  std::array<std::uint8_t, 60> buffer{};
  ccache_writer small(user, {}, buffer);
  small.add(credential());
  const auto no_buffer = small.finish();
  const bool wiped = buffer == std::array<std::uint8_t, 60>{};
  cached_credential late = credential(), nul = credential();
  nul.server.realm = "R\0"_krb;
  late.renew_till = kerberos_time{0x100000000};
  std::array<std::uint8_t, 300> large{}, enough{}, unnamed{};
  ccache_writer l(user, {}, large), good(user, {}, enough), n(user, {}, unnamed);
  l.add(late);
  n.add(nul);
  good.add(credential());
  return !no_buffer && no_buffer.error().code == errc::no_space && wiped &&
         kerb_test::must(good.finish()).size() == no_buffer.error().detail &&
         l.finish().error().code == errc::clock_out_of_range && large == std::array<std::uint8_t, 300>{} &&
         n.finish().error().code == errc::bad_name_text && unnamed == std::array<std::uint8_t, 300>{};
}
KERB_BOTH("ccache: what does not fit is not written, and no key is left in the buffer", "[format][security]",
          refuses_to_write);

constexpr bool becomes_a_credential() {
  std::array<std::uint8_t, 300> buffer{};
  ccache_writer w(user, {}, buffer);
  w.add(credential());
  const auto file = w.finish();
  const auto c = file ? ccache_view::open(*file) : result<ccache_view>(file.error());
  if (!c) return false;
  const cache_entry e = *c->begin();
  std::array<kerberos_string, 4> client{}, server{};
  const auto who = e.client.in(client), what = e.server.in(server);
  if (!who || !what) return false;
  ticket_facts facts{};
  facts.client = *who;
  facts.server = *what;
  facts.ticket = e.ticket;
  facts.flags = e.flags;
  facts.authtime = e.authtime;
  facts.starttime = e.starttime.value_or(e.authtime);
  facts.endtime = e.endtime;
  facts.renew_till = e.renew_till;
  const basic_credential<int> made(facts, 1);
  return same_principal(made.client(), user) && same_principal(made.server(), tgs) && made.endtime() == e.endtime &&
         made.ticket() == bytes_view(ticket);
}
KERB_BOTH("ccache: an entry has what a client's credential is made of", "[format][exchange]", becomes_a_credential);

namespace {
/// A list that says to have so many elements; no element is ever read.
template <class T>
struct claimed_list {
  std::size_t claimed = 0;
  constexpr std::size_t size() const { return claimed; }
  constexpr const T* begin() const { return nullptr; }
  constexpr const T* end() const { return nullptr; }
};
}  // namespace
TEST_CASE("ccache: a list of 2^32 elements is refused", "[format]") {
  if constexpr (sizeof(std::size_t) > 4) {
    using list = claimed_list<msg::HostAddress>;
    for (const std::size_t n : {std::size_t{0xffffffffu}, std::size_t{0xffffffffu} + 1}) {
      std::array<std::uint8_t, 300> buffer{};
      ccache_writer w(user, {}, buffer);
      basic_cached_credential<principal_view, list, claimed_list<msg::AuthorizationDataElement>> c{};
      c.client = c.server = user;
      c.addresses.claimed = n;
      w.add(c);
      const auto file = w.finish();
      CHECK(file.has_value() == (n == 0xffffffffu));
      if (!file) CHECK(file.error().code == errc::input_too_large);
    }
  }
}
TEST_CASE("ccache: octets may be longer than those of a keytab", "[format]") {
  const std::vector<std::uint8_t> long_ticket(0x10000, 7);
  std::vector<std::uint8_t> buffer(0x11000);
  ccache_writer w(user, {}, buffer);
  auto c = credential();
  c.ticket = long_ticket;
  w.add(c);
  const auto file = w.finish();
  REQUIRE(file);
  CHECK((*kerb_test::must(ccache_view::open(*file)).begin()).ticket == bytes_view(long_ticket));
}

TEST_CASE("ccache: a file of 2^32 octets is refused", "[format]") {
  const std::uint8_t head[] = {4, 4};
  if constexpr (sizeof(std::size_t) > 4) {  // never looked at: the size decides, and then the version
    const std::size_t four_gib = std::size_t{1} << 16 << 16;
    CHECK(ccache_view::open({head, four_gib}).error().code == errc::input_too_large);
    CHECK(ccache_view::open({head, four_gib - 1}).error().code == errc::wrong_constant);
  }
}

TEST_CASE("ccache: the files of other implementations hold what they say", "[format]") {
  int good = 0;
  for (const sample_file& f : sample_files()) {
    if (f.kind != file_kind::ccache) continue;
    INFO(f.name);
    const exact_copy octets(f.octets);
    const auto c = ccache_view::open(octets.view(), f.order);
    REQUIRE(c);
    ++good;
    CHECK(listed(*c) == f.listed);
    std::vector<std::uint8_t> exact(f.octets.size()), buffer(2 * f.octets.size());
    ccache_writer like(*c, exact), w(c->client(), c->offset(), buffer);
    for (const cache_entry& e : *c) like.add(e);
    for (const cache_entry& e : *c) w.add(e);
    const auto rewritten = like.finish();
    REQUIRE(rewritten);
    CHECK(*rewritten == octets.view());
    const auto again = w.finish();
    REQUIRE(again);
    const auto back = ccache_view::open(*again);
    REQUIRE(back);
    auto same = listed(*back);
    CHECK(same[0].substr(1) == f.listed[0].substr(1));
    same[0] = f.listed[0];
    CHECK(same == f.listed);
    // in the other byte order it is nothing
    if (c->version() < 3) {
      CHECK(!ccache_view::open(octets.view(), f.order == std::endian::big ? std::endian::little : std::endian::big));
    } else {  // whose order does not depend on the machine
      CHECK(ccache_view::open(octets.view(), std::endian::little));
      CHECK(ccache_view::open(octets.view(), std::endian::big));
    }
  }
  CHECK(good == 14);
}

TEST_CASE("ccache: every file that is cut short or changed is refused, or read within its octets",
          "[format][security]") {
  for (const sample_file& f : sample_files()) {
    if (f.kind != file_kind::ccache) continue;
    INFO(f.name);
    std::size_t faults = 0, prefixes = 0;
    const auto look = [&](bytes_view in) {
      const exact_copy octets(in);
      std::size_t entries = 0;
      bool good = true;
      {
        const no_allocations none;
        const auto c = ccache_view::open(octets.view(), f.order);
        if (c) {
          good = inside(c->client(), octets.view());
          for (const cache_entry& e : *c) {
            good = good && inside(e, octets.view());
            ++entries;
          }
          good = good && entries == c->size();
          ++prefixes;
        } else {
          good = is_malformed(c.error().code) && c.error().offset <= in.size() && c.error().field[0] != 0;
        }
      }
      faults += !good;
    };
    const bytes_view whole(f.octets);
    for (std::size_t n = 0; n != whole.size(); ++n) look(whole.first(n));
    CHECK(prefixes == f.listed.size() - 1);  // cut behind the name or behind an entry it is a shorter cache
    std::vector<std::uint8_t> changed = f.octets;
    for (std::size_t at = 0; at != changed.size(); ++at) {
      const unsigned step = changed.size() < 400 ? 1 : 51;
      for (unsigned x = step; x < 256; x += step) {
        changed[at] = static_cast<std::uint8_t>(whole[at] ^ x);
        look(changed);
      }
      changed[at] = whole[at];
    }
    CHECK(faults == 0);
  }
}

}  // namespace
