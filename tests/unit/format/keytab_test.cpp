// Keytabs: read, refused, written, and as a service's source of keys.
#include <kerb/exchange/service/accept.hpp>
#include <kerb/format/keytab.hpp>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"
#include "support/both.hpp"
#include "unit/format/files.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

// a@R, version 3, etype 17, a key of two octets; the whole is the record's contents
constexpr auto one_entry = "0502 0000001d 0001 0001 52 0001 61 00000001 00000007 03 0011 0002 aabb 00000000 0000"_hex;

constexpr bool reads() {
  const auto k = keytab_view::open(one_entry);
  if (!k || k->size() != 1 || k->version() != 0x502) return false;
  const keytab_entry e = *k->begin();
  const kerberos_string parts[] = {"a"_krb};
  return same_principal(e.principal, {{name_t::principal, parts}, "R"_krb}) &&
         e.principal.name_type == name_t::principal && e.timestamp.seconds == 7 && e.kvno == 3 && e.short_kvno &&
         e.etype == etype_t::aes128_cts_hmac_sha1_96 && e.key.size() == 2 && e.key.unguarded()[1] == 0xbb;
}
KERB_BOTH("keytab: an entry, smaller than its record", "[format]", reads);

constexpr bool versions_of_keys() {
  const auto long_one = "0502 0000001b 0001 0001 52 0001 61 00000001 00000007 03 0011 0002 aabb 00000103"_hex;
  const auto cut = "0502 0000001a 0001 0001 52 0001 61 00000001 00000007 03 0011 0002 aabb 000001"_hex;
  const auto none = "0502 00000017 0001 0001 52 0001 61 00000001 00000007 ff 0011 0002 aabb"_hex;
  const auto l = keytab_view::open(long_one), c = keytab_view::open(cut), n = keytab_view::open(none);
  return l && (*l->begin()).kvno == 0x103 && !(*l->begin()).short_kvno && c && (*c->begin()).kvno == 3 &&
         (*c->begin()).short_kvno && n && (*n->begin()).kvno == 0xff && (*n->begin()).short_kvno;
}
KERB_BOTH("keytab: 32 bits of key version override the eight, where there are four octets and not all zero", "[format]",
          versions_of_keys);

constexpr bool holes() {
  const auto in =
      "0502 fffffffd aabbcc 00000017 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb"
      "ffffffff 00 ffffffff 00 00000017 0001 0001 52 0001 61 00000001 00000007 02 0011 0002 aabb"
      "00000000 ffffffffffffffff"_hex;
  const auto k = keytab_view::open(in);
  if (!k || k->size() != 2) return false;
  auto i = k->begin();
  const bool first = (*i++).kvno == 1, second = (*i++).kvno == 2;
  return first && second && i == k->end();
}
KERB_BOTH("keytab: holes are stepped over, and a length of zero ends the file", "[format]", holes);

constexpr bool version_1() {
  const auto big = "0501 00000013 0002 0001 52 0001 61 00000007 03 0011 0002 aabb"_hex;
  const auto little = "0501 13000000 0200 0100 52 0100 61 07000000 03 1100 0200 aabb"_hex;
  const auto empty = "0501"_hex;
  const auto b = keytab_view::open(big, std::endian::big), l = keytab_view::open(little, std::endian::little);
  const auto wrong = keytab_view::open(big, std::endian::little);
  const auto as_here =
      keytab_view::open(std::endian::native == std::endian::big ? bytes_view(big) : bytes_view(little));
  const auto good = [](const result<keytab_view>& k) {
    if (!k || k->size() != 1 || k->version() != 0x501) return false;
    const keytab_entry e = *k->begin();
    return e.principal.components.size() == 1 && e.principal.realm == "R"_krb && e.kvno == 3 &&
           e.principal.name_type == name_t::unknown && e.timestamp.seconds == 7 && e.key.size() == 2;
  };
  return good(b) && good(l) && good(as_here) && !wrong && kerb_test::must(keytab_view::open(empty)).empty();
}
KERB_BOTH("keytab: version 1 is in its machine's byte order, counts the realm and has no name type", "[format]",
          version_1);

constexpr bool fails(bytes_view in, errc code, std::size_t offset, std::string_view field) {
  const auto k = keytab_view::open(in, std::endian::big);
  return !k && k.error().code == code && k.error().offset == offset && std::string_view(k.error().type) == "keytab" &&
         k.error().field == field;
}
constexpr bool refuses() {
  const auto magic = "0402"_hex, version = "0503"_hex;
  const auto half = "05"_hex;
  const auto short_length = "0502 000000"_hex;
  const auto beyond = "0502 00000002 00"_hex, hole = "0502 fffffffe 00"_hex, tiny = "0502 00000001 00"_hex;
  const auto least = "0502 80000000"_hex;
  const auto no_realm = "0501 00000002 0000"_hex;
  const auto name = "0502 00000007 0001 0001 52 0001"_hex;
  const auto many = "0502 00000007 ffff 0001 52 0000"_hex;
  const auto key = "0502 00000017 0001 0001 52 0001 61 00000001 00000007 01 0011 0003 aabb"_hex;
  const auto nul = "0502 00000018 0001 0002 5200 0001 61 00000001 00000007 01 0011 0002 aabb"_hex;
  return fails({}, errc::truncated, 0, "version") && fails(half, errc::truncated, 1, "version") &&
         fails(magic, errc::wrong_constant, 0, "version") && fails(version, errc::wrong_constant, 1, "version") &&
         fails(short_length, errc::truncated, 2, "record") && fails(beyond, errc::truncated, 2, "record") &&
         fails(hole, errc::truncated, 2, "hole") && fails(least, errc::truncated, 2, "hole") &&
         fails(no_realm, errc::missing_field, 6, "realm") && fails(tiny, errc::truncated, 6, "components") &&
         fails(name, errc::truncated, 11, "component") && fails(many, errc::truncated, 13, "component") &&
         fails(key, errc::truncated, 25, "key") && fails(nul, errc::bad_realm, 8, "realm");
}
KERB_BOTH("keytab: what ends behind its record or behind the file is refused by field and offset", "[format][security]",
          refuses);

constexpr bool up_to_the_fault() {
  const auto in =
      "0502 00000017 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb fffffffd aabbcc"
      "00000017 0001 0001 52 0001 61 00000001 00000007 02 0011 0002 aabb"
      "00000017 0001 0001 52 0001 61 00000001 00000007 03 0011 0002 aabb"_hex;
  std::size_t before = 0;
  for (std::size_t n = 0; n <= in.size(); ++n) {
    const bytes_view part = bytes_view(in).first(n);
    const auto all = keytab_view::open(part);
    const auto some = keytab_view::open_up_to_fault(part);
    if (all.has_value() != some.fault.ok() || some.view.size() < before || some.view.size() > before + 1) return false;
    if (!all && (all.error().code != some.fault.code || all.error().offset != some.fault.offset)) return false;
    before = some.view.size();
    std::uint32_t version = 0;
    for (const keytab_entry& e : some.view)
      if (e.kvno != ++version || e.key.size() != 2) return false;
    if (version != before) return false;
  }
  const auto cut = keytab_view::open_up_to_fault(bytes_view(in).first(in.size() - 1));
  return before == 3 && cut.view.size() == 2 && cut.fault.code == errc::truncated &&
         std::string_view(cut.fault.field) == "record" && cut.view.version() == 0x502;
}
KERB_BOTH("keytab: of a file whose last record is cut the entries in front of it are given, and the fault", "[format]",
          up_to_the_fault);

constexpr bool writes() {
  std::array<std::uint8_t, 200> buffer{};
  const kerberos_string parts[] = {"HTTP"_krb, "web.ex.org"_krb};
  const auto octets = "000102"_hex;
  keytab_writer w(buffer);
  w.add(keytab_key{.principal = {{name_t::srv_hst, parts}, "EX.ORG"_krb},
                   .timestamp = {0xfffffffe},
                   .kvno = 0x12345,
                   .etype = etype_t{-133},
                   .key = secret_view(octets)});
  const auto file = w.finish();
  const auto k = file ? keytab_view::open(*file) : result<keytab_view>(file.error());
  if (!k || k->size() != 1) return false;
  const keytab_entry e = *k->begin();
  std::array<std::uint8_t, 200> second{};
  keytab_writer copy(second);
  copy.add(e);
  const auto again = copy.finish();
  return e.principal.name_type == name_t::srv_hst && e.principal.components.size() == 2 && e.kvno == 0x12345 &&
         !e.short_kvno && e.etype == etype_t{-133} && e.timestamp.seconds == 0xfffffffe && again && *again == *file;
}
KERB_BOTH("keytab: what is written is read the same, and entries are copied from file to file", "[format]", writes);

constexpr bool refuses_to_write() {
  std::array<std::uint8_t, 40> buffer{};
  const auto octets = "000102"_hex;
  const keytab_key good{
      .principal = {{}, "R"_krb}, .timestamp = {1}, .kvno = 1, .etype = etype_t{17}, .key = secret_view(octets)};
  keytab_key late = good, odd = good, nul = good;
  nul.principal.realm = "R\0"_krb;
  late.timestamp.seconds = -1;
  odd.etype = etype_t{0x8000};
  keytab_writer one(buffer), two(buffer), l(buffer), o(buffer), n(buffer);
  one.add(good);
  const bool fits = one.finish().has_value();
  two.add(good);
  two.add(good);
  const auto no_buffer = two.finish();
  const bool wiped = buffer == std::array<std::uint8_t, 40>{};
  l.add(late);
  o.add(odd);
  n.add(nul);
  return fits && !no_buffer && no_buffer.error().code == errc::no_space && no_buffer.error().detail == 2 + 2 * 29 &&
         wiped && l.finish().error().code == errc::clock_out_of_range && o.finish().error().code == errc::api_misuse &&
         n.finish().error().code == errc::bad_name_text;
}
KERB_BOTH("keytab: what does not fit is not written and leaves no key in the buffer", "[format][security]",
          refuses_to_write);

constexpr bool rest_of_a_record() {
  // Heimdal's flags, what is left of a longer entry with and without a version in 32 bits, and three octets
  const auto in =
      "0502 0000001f 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb 00000101 00000001"
      "00000020 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb 00000000 0000000105"
      "0000001a 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb 010203"_hex;
  const auto k = keytab_view::open(in);
  if (!k || k->size() != 3) return false;
  auto i = k->begin();
  const keytab_entry flags = *i++, zero = *i++, three = *i;
  std::array<std::uint8_t, 200> out{};
  keytab_writer w(out);
  for (const keytab_entry& e : *k) w.add(e);
  const auto again = w.finish();
  return flags.kvno == 0x101 && flags.rest.size() == 4 && !flags.short_kvno && zero.short_kvno && zero.kvno == 1 &&
         zero.rest.size() == 9 && three.short_kvno && three.rest.size() == 3 && again && *again == bytes_view(in);
}
KERB_BOTH("keytab: what else is in a record is written again", "[format]", rest_of_a_record);

constexpr bool first_version() {
  const auto octets = "000102"_hex;
  const kerberos_string parts[] = {"u"_krb};
  const keytab_key e{.principal = {{name_t::principal, parts}, "R"_krb},
                     .timestamp = {7},
                     .kvno = 3,
                     .etype = etype_t{17},
                     .key = secret_view(octets),
                     .short_kvno = true};
  std::array<std::uint8_t, 60> big{}, little{}, none{};
  keytab_writer b(big, {0x501, std::endian::big}), l(little, {0x501, std::endian::little}), n(none, {0x503});
  b.add(e);
  l.add(e);
  n.add(e);
  const auto wanted_big = "0501 00000014 0002 0001 52 0001 75 00000007 03 0011 0003 000102"_hex;
  const auto wanted_little = "0501 14000000 0200 0100 52 0100 75 07000000 03 1100 0300 000102"_hex;
  const auto in_big = b.finish(), in_little = l.finish(), in_none = n.finish();
  return in_big && *in_big == bytes_view(wanted_big) && in_little && *in_little == bytes_view(wanted_little) &&
         !in_none && in_none.error().code == errc::api_misuse && none == std::array<std::uint8_t, 60>{};
}
KERB_BOTH("keytab: version 1 is written in either byte order", "[format]", first_version);

constexpr bool makes_holes() {
  auto file =
      "0502 fffffffd aabbcc 00000017 0001 0001 52 0001 61 00000001 00000007 02 0011 0002 aabb"
      "00000017 0001 0001 52 0001 61 00000001 00000007 03 0011 0002 aabb"_hex;
  const auto k = keytab_view::open(file);
  if (!k || k->size() != 2) return false;
  const bytes_view first = k->begin().record(), second = (++k->begin()).record();
  const std::size_t at = static_cast<std::size_t>(first.data() - file.data());
  if (at != 9 || first.size() != 27 || second.data() != first.end() || second.size() != 27) return false;
  make_keytab_hole(std::span(file).subspan(at, first.size()), k->order());
  for (std::size_t i = at + 4; i != at + first.size(); ++i)
    if (file[i] != 0) return false;
  const auto after = keytab_view::open(file);
  auto old = "0501 14000000 0200 0100 52 0100 75 07000000 03 1100 0300 000102"_hex;
  make_keytab_hole(std::span(old).subspan(2), std::endian::little);
  std::array<std::uint8_t, 3> nothing{1, 2, 3};
  make_keytab_hole(nothing, std::endian::big);
  const auto empty = keytab_view::open(old, std::endian::little);
  return after && after->size() == 1 && (*after->begin()).kvno == 3 && empty && empty->empty() && nothing[0] == 1;
}
KERB_BOTH("keytab: a record becomes a hole, in which nothing of the key is left", "[format][security]", makes_holes);

TEST_CASE("keytab: the files of other implementations hold what they say", "[format]") {
  int good = 0, bad = 0;
  for (const sample_file& f : sample_files()) {
    if (f.kind != file_kind::keytab) continue;
    INFO(f.name);
    const exact_copy octets(f.octets);
    const auto k = keytab_view::open(octets.view(), f.order);
    CHECK(k.has_value() == f.is_good);
    (f.is_good ? good : bad) += 1;
    if (!k) continue;
    CHECK(listed(*k) == f.listed);
    std::vector<std::uint8_t> buffer(f.octets.size());
    keytab_writer w(buffer, {k->version(), k->order()});
    for (const keytab_entry& e : *k) w.add(e);
    const auto again = w.finish();
    REQUIRE(again);
    CHECK(*again == octets.view());
    // and as a file of the other version, which version 0x501 has no name types for
    std::vector<std::uint8_t> other(2 * f.octets.size() + 10);
    keytab_writer x(other);
    for (const keytab_entry& e : *k) x.add(e);
    const auto now = x.finish();
    REQUIRE(now);
    CHECK(listed(kerb_test::must(keytab_view::open(*now))) == f.listed);
  }
  CHECK(good == 13);
  CHECK(bad == 3);
}

TEST_CASE("keytab: every file that is cut short or changed is refused, or read within its octets",
          "[format][security]") {
  for (const sample_file& f : sample_files()) {
    if (f.kind != file_kind::keytab) continue;
    INFO(f.name);
    std::size_t faults = 0;
    const auto look = [&](bytes_view in, std::size_t at_most) {
      const exact_copy octets(in);
      std::size_t entries = 0;
      bool good = true;
      {
        const no_allocations none;
        const auto k = keytab_view::open(octets.view(), f.order);
        if (k) {
          for (const keytab_entry& e : *k) {
            good = good && inside(e, octets.view());
            ++entries;
          }
          good = good && entries == k->size() && entries <= at_most;
        } else {
          good = is_malformed(k.error().code) && k.error().offset <= in.size() && k.error().field[0] != 0;
        }
      }
      faults += !good;
    };
    const bytes_view whole(f.octets);
    for (std::size_t n = 0; n != whole.size(); ++n) look(whole.first(n), f.is_good ? f.listed.size() : n);
    std::vector<std::uint8_t> changed = f.octets;
    for (std::size_t at = 0; at != changed.size(); ++at) {
      const unsigned step = changed.size() < 100 ? 1 : 51;
      for (unsigned x = step; x < 256; x += step) {
        changed[at] = static_cast<std::uint8_t>(whole[at] ^ x);
        look(changed, changed.size());
      }
      changed[at] = whole[at];
    }
    CHECK(faults == 0);
  }
}

TEST_CASE("keytab: files of 2^32 octets are refused, and records of 2^31 not written", "[format]") {
  const std::uint8_t head[] = {4, 2};
  if constexpr (sizeof(std::size_t) > 4) {  // never looked at: the size decides, and then the version
    const std::size_t four_gib = std::size_t{1} << 16 << 16;
    CHECK(keytab_view::open({head, four_gib}).error().code == errc::input_too_large);
    CHECK(keytab_view::open({head, four_gib - 1}).error().code == errc::wrong_constant);
  }
  const std::vector<std::uint8_t> text(0xffff, 'a');
  std::array<std::uint8_t, 16> buffer{};
  const auto written = [&](std::size_t components, std::size_t octets_each, std::size_t octets_of_last) {
    std::vector<kerberos_string> parts(components, {bytes_view(text).first(octets_each)});
    parts.back().octets = bytes_view(text).first(octets_of_last);
    keytab_writer w(buffer);
    w.add(keytab_key{.principal = {{{}, view_of<kerberos_string>(parts.data(), parts.size())}, "R"_krb},
                     .timestamp = {},
                     .kvno = 1,
                     .etype = etype_t{17},
                     .key = {}});
    return w.finish().error();
  };
  CHECK(written(0xffff, 0, 0).code == errc::no_space);
  CHECK(written(0x10000, 0, 0).code == errc::input_too_large);
  CHECK(std::string_view(written(0x10000, 0, 0).field) == "components");
  // 22 octets besides, and two of length in front of each component
  static_assert(22 + 0x7fff * (2 + 0xffff) + 2 + 32744 == 0x7fffffff);
  CHECK(written(0x8000, 0xffff, 32744).code == errc::no_space);
  CHECK(written(0x8000, 0xffff, 32745).code == errc::input_too_large);
}

// ---- as a source of keys

using policy = kerb::testing::insecure_policy;
static_assert(ticket_keys<keytab_keys<policy>>);

constexpr keytab_key entry(const principal_view& p, std::uint32_t v, const msg::EncryptionKey& k) {
  return {.principal = p, .timestamp = {}, .kvno = v, .etype = k.keytype, .key = secret_view(k.keyvalue)};
}
constexpr std::size_t service_keytab(const ap_world& w, std::span<std::uint8_t> buffer, std::uint32_t kvno) {
  const msg::EncryptionKey wrong = key_as_sent(w.service_etype, other_octets);
  const msg::EncryptionKey right = key_as_sent(w.service_etype, service_octets);
  keytab_writer out(buffer);
  out.add(entry(ftp, kvno, wrong));
  out.add(entry(web, kvno, {w.service_etype, right.keyvalue.first(3)}));  // of no length: the policy refuses it
  out.add(entry(web, kvno, wrong));
  out.add(entry(web, kvno + 1, wrong));
  out.add(entry(web, kvno, right));
  const auto file = out.finish();
  return file ? file->size() : 0;
}
constexpr errc present(std::uint32_t kvno_in_file) {
  ap_world w;
  std::array<std::uint8_t, 600> file{};
  const auto k = keytab_view::open(bytes_view(file).first(service_keytab(w, file, kvno_in_file)));
  if (!k) return k.error().code;
  keytab_keys<policy> keys(*k, w.policy);
  std::array<std::uint8_t, 4096> buffer{};
  memory_replay_cache<32> seen;
  const bytes_view token = w.mint();
  ap_acceptor<policy> a(w.request_in(buffer));
  const auto who = accept(a, token, w.policy, keys, seen, w.now);
  if (!who) return who.error().code;
  return same_principal(who->client(), alice) ? errc::ok : errc::name_mismatch;
}
KERB_BOTH("keytab: an acceptor finds its key among others, and past one that is of no use", "[format][exchange]",
          [] { return present(3) == errc::ok; });
KERB_BOTH("keytab: a ticket of a version that is not there says so", "[format][exchange][rfc4120-3.2.3]",
          [] { return present(7) == errc::bad_key_version; });

constexpr bool looks_up() {
  policy p;
  const auto k = keytab_view::open(one_entry);
  const kerberos_string a[] = {"a"_krb};
  const principal_view service{{{}, a}, "R"_krb};
  const auto sixteen =
      "0502 00000025 0001 0001 52 0001 61 00000001 00000007 03 0011 0010 000102030405060708090a0b0c0d0e0f"_hex;
  const auto usable = keytab_view::open(sixteen);
  const auto full =
      "0502 00000029 0001 0001 52 0001 61 00000001 00000007 03 0011 0010"
      "000102030405060708090a0b0c0d0e0f 00000003"_hex;
  const auto whole = keytab_view::open(full);
  keytab_keys<policy> unusable(*k, p), keys(*usable, p), exact(*whole, p);
  constexpr auto e17 = etype_t::aes128_cts_hmac_sha1_96, e18 = etype_t::aes256_cts_hmac_sha1_96;
  const auto has = [&](keytab_keys<policy>& from, std::optional<std::uint32_t> kvno, etype_t e, unsigned tried) {
    return from.find(need_ticket_key{service, kvno, e, tried}) != nullptr;
  };
  // Of version 3 only eight bits are known, so it may be 259
  return has(keys, 3, e17, 0) && has(keys, 259, e17, 0) && has(keys, {}, e17, 0) && !has(keys, 4, e17, 0) &&
         !has(keys, 3, e18, 0) && !has(keys, 3, e17, 1) && !has(unusable, 3, e17, 0) && has(exact, 3, e17, 0) &&
         !has(exact, 259, e17, 0) && exact.find(need_ticket_key{web, 3, e17, 0}) == nullptr &&
         keys.why_none(need_ticket_key{service, 4, e17, 0}).why == errc::bad_key_version &&
         keys.why_none(need_ticket_key{service, 3, e18, 0}).why == errc::no_key &&
         keys.why_none(need_ticket_key{web, 3, e17, 0}).why == errc::no_key;
}
KERB_BOTH("keytab: a key is found by name and version and type", "[format][exchange]", looks_up);

constexpr std::array<std::uint8_t, 32> many_octets{};
constexpr etype_t e17 = etype_t::aes128_cts_hmac_sha1_96, e18 = etype_t::aes256_cts_hmac_sha1_96;
/// A key of `web`, with a timestamp, and with eight bits of its version or with all.
constexpr keytab_key key_of_web(std::uint32_t kvno, etype_t etype, std::int64_t written = 0, bool short_kvno = false) {
  const bytes_view all(many_octets);
  return {.principal = web,
          .timestamp = {written},
          .kvno = kvno,
          .etype = etype,
          .key = secret_view(all.first(etype == e17 ? 16 : 32)),
          .short_kvno = short_kvno};
}
/// The encryption type of the best key of `client`, with 100 for an error in `field`.
constexpr int best_of(std::initializer_list<keytab_key> keys, const principal_view& client = web,
                      std::string_view field = {}) {
  policy p;
  std::array<std::uint8_t, 1024> file{};
  keytab_writer out(file);
  for (const keytab_key& k : keys) out.add(k);
  const auto written = out.finish();
  const auto k = best_key(must(keytab_view::open(must(written))), client, p);
  if (!k) return k.error().code == errc::no_key && field == k.error().field ? 100 : 0;
  return static_cast<int>(k->etype());
}
constexpr bool the_newest_version_is_best() {
  static_assert(e18 == etype_t{18});
  keytab_key broken = key_of_web(9, e18), weak = key_of_web(9, etype_t{1}), of_ftp = key_of_web(9, e18);
  broken.key = secret_view(bytes_view(many_octets).first(31));
  of_ftp.principal = ftp;
  return best_of({key_of_web(2, e17), key_of_web(2, e18)}) == 18 &&
         best_of({key_of_web(2, e18), key_of_web(2, e17)}) == 18 &&
         best_of({key_of_web(3, e17), key_of_web(2, e18)}) == 17 &&
         best_of({key_of_web(2, e18), key_of_web(3, e17)}) == 17 &&
         best_of({of_ftp, key_of_web(2, e17), broken, weak}) == 17 && best_of({}, web, "principal") == 100 &&
         best_of({of_ftp}, web, "principal") == 100 && best_of({broken, weak, of_ftp}, web, "enctype") == 100 &&
         best_of({of_ftp}, ftp) == 18;
}
KERB_BOTH("keytab: the best key has the newest version that is usable, and then the policy's first type", "[format]",
          the_newest_version_is_best);

constexpr bool versions_begin_again() {
  const auto old = key_of_web(255, e17, 100, true), later = key_of_web(1, e18, 200, true);
  const auto earlier = key_of_web(1, e18, 50, true), whole = key_of_web(256, e18, 50);
  return best_of({old, later}) == 18 && best_of({later, old}) == 18 && best_of({old, earlier}) == 17 &&
         best_of({earlier, old}) == 17 && best_of({old, key_of_web(1, e18, 200)}) == 17 &&
         best_of({key_of_web(255, e17, 100), later}) == 17 && best_of({old, whole}) == 18 &&
         best_of({key_of_web(100, e17, 100, true), later}) == 17;
}
KERB_BOTH("keytab: of versions with eight bits, one that was written later is newer after 255", "[format]",
          versions_begin_again);

constexpr bool the_last_of_equal_keys() {
  policy p;
  std::array<std::uint8_t, 1024> file{};
  keytab_writer out(file);
  keytab_key last = key_of_web(2, e18);
  std::array<std::uint8_t, 32> other{};
  other[0] = 1;
  last.key = secret_view(other);
  out.add(key_of_web(2, e18));
  out.add(last);
  const auto written = out.finish();
  const auto k = best_key(must(keytab_view::open(must(written))), web, p);
  return k && k->octets().unguarded()[0] == 1;
}
KERB_BOTH("keytab: of keys with the same version and type, the last one is best", "[format]", the_last_of_equal_keys);

/// Counts the keys that it imports.
struct counting_policy {
  using key = kerb::key;
  policy p{};
  unsigned imports = 0;
  constexpr result<key> import(etype_t e, bytes_view octets) noexcept {
    ++imports;
    return p.import(e, octets);
  }
};
constexpr bool imports_no_others_keys() {
  counting_policy p;
  std::array<std::uint8_t, 1024> file{};
  keytab_writer out(file);
  const msg::EncryptionKey k = key_as_sent(etype_t::aes256_cts_hmac_sha1_96, service_octets);
  for (int i = 0; i != 5; ++i) out.add(entry(ftp, 3, k));
  const auto opened = keytab_view::open(kerb_test::must(out.finish()));
  keytab_keys<counting_policy> keys(*opened, p);
  const bool none = keys.find(need_ticket_key{web, 3, k.keytype, 0}) == nullptr && p.imports == 0;
  return none && keys.find(need_ticket_key{ftp, 3, k.keytype, 0}) != nullptr && p.imports != 0;
}
KERB_BOTH("keytab: whoever asks for one service has no other's keys imported", "[format][exchange]",
          imports_no_others_keys);

constexpr bool finds_under_each_name() {
  policy p;
  std::array<std::uint8_t, 1024> file{};
  keytab_writer out(file);
  const msg::EncryptionKey k = key_as_sent(etype_t::aes256_cts_hmac_sha1_96, service_octets);
  out.add(entry(web, 3, k));
  out.add(entry(ftp, 3, k));  // the same key: an alias
  const auto opened = keytab_view::open(*out.finish());
  keytab_keys<policy> keys(*opened, p);
  for (const principal_view& name : {web, ftp}) {
    const key* const found = keys.find(need_ticket_key{name, 3, k.keytype, 0});
    if (found == nullptr || !(found->octets().unguarded() == k.keyvalue)) return false;
    if (keys.find(need_ticket_key{name, 3, k.keytype, 1}) != nullptr) return false;
  }
  return keys.find(need_ticket_key{alice, 3, k.keytype, 0}) == nullptr;
}
KERB_BOTH("keytab: a key that stands there under two names is found by each", "[format][exchange][rfc6806-6]",
          finds_under_each_name);

constexpr bool follows_the_search() {
  testing::insecure_policy p;
  std::array<std::uint8_t, 1024> file{};
  keytab_writer out(file);
  const auto octets = [](std::uint8_t first) {
    std::array<std::uint8_t, 32> o{};
    o[0] = first;
    return o;
  };
  const auto nine = octets(9), zero = octets(1), three = octets(3);
  out.add(entry(web, 9, {etype_t::aes256_cts_hmac_sha1_96, nine}));
  out.add(entry(web, 9, {etype_t::aes256_cts_hmac_sha1_96, bytes_view(nine).first(7)}));  // of no use
  out.add(entry(web, 0, {etype_t::aes256_cts_hmac_sha1_96, zero}));
  out.add(entry(web, 3, {etype_t::aes256_cts_hmac_sha1_96, three}));
  const auto k = keytab_view::open(kerb_test::must(out.finish()));
  keytab_keys<policy> strict(*k, p), wide(*k, p, key_search::named_zero_newest);
  const auto first = [](keytab_keys<policy>& from, std::optional<std::uint32_t> v, unsigned n, bool u2u = false) {
    const key* found = from.find(need_ticket_key{web, v, etype_t::aes256_cts_hmac_sha1_96, n, u2u});
    return found == nullptr ? -1 : found->octets().unguarded()[0];
  };
  const no_ticket_key had = strict.why_none(need_ticket_key{web, 4, etype_t::aes256_cts_hmac_sha1_96, 0});
  return first(wide, 3, 0) == 3 && first(wide, 3, 1) == 1 && first(wide, 3, 2) == 9 && first(wide, 3, 3) == -1 &&
         first(wide, 4, 0) == 1 && first(strict, 4, 0) == -1 && first(strict, 3, 0) == 3 && first(strict, 3, 1) == -1 &&
         first(strict, {}, 2) == 3 && first(strict, 3, 0, true) == -1 && had.why == errc::bad_key_version &&
         had.total == 4 && had.had.size() == 4 && had.had[3] == key_label{3, etype_t::aes256_cts_hmac_sha1_96};
}
KERB_BOTH("keytab: keys are tried in the order that the service chose", "[format][exchange][rfc4120-3.2.3]",
          follows_the_search);

// A machine of Active Directory: one key under host/, and tickets for its other names
struct aliases {
  policy p{};
  std::array<std::uint8_t, 1024> file{};
  keytab_view keytab{};
  static constexpr kerberos_string host[] = {"host"_krb, "web.ex.org"_krb}, cifs[] = {"cifs"_krb, "web.ex.org"_krb},
                                   elsewhere[] = {"host"_krb, "ftp.ex.org"_krb}, user[] = {"web"_krb};
  constexpr aliases() {
    keytab_writer out(file);
    const auto add = [&](view_of<kerberos_string> name, kerberos_string realm, std::uint32_t kvno, std::uint8_t first) {
      std::array<std::uint8_t, 32> octets{};
      octets[0] = first;
      out.add(entry({{name_t::srv_hst, name}, realm}, kvno, {etype_t::aes256_cts_hmac_sha1_96, octets}));
    };
    add(host, "OTHER.ORG"_krb, 3, 1);
    add(elsewhere, "EX.ORG"_krb, 3, 2);
    add(user, "EX.ORG"_krb, 3, 3);
    add(host, "EX.ORG"_krb, 3, 4);
    add(host, "EX.ORG"_krb, 4, 5);
    keytab = *keytab_view::open(bytes_view(file).first((*out.finish()).size()));
  }
  /// The first octet of the key that is tried after `tried` others.
  constexpr int key_for(key_names names, std::optional<std::uint32_t> kvno, unsigned tried,
                        view_of<kerberos_string> service = cifs, key_search search = key_search::named_version) {
    keytab_keys<policy> keys(keytab, p, search, names);
    const auto* found = keys.find(
        need_ticket_key{{{name_t::srv_inst, service}, "EX.ORG"_krb}, kvno, etype_t::aes256_cts_hmac_sha1_96, tried});
    return found == nullptr ? -1 : found->octets().unguarded()[0];
  }
};
KERB_BOTH("keytab: by default no key of another name is tried", "[format][exchange][rfc4120-3.2.3]", [] {
  aliases a;
  return a.key_for(key_names::exact, 3, 0) == -1 && a.key_for(key_names::exact, {}, 0) == -1 &&
         a.key_for(key_names::exact, 3, 0, aliases::host) == 4;
});
KERB_BOTH("keytab: keys of the same host are tried, if the service wants it", "[format][exchange]", [] {
  aliases a;
  constexpr auto how = key_names::same_host;
  return a.key_for(how, 3, 0) == 4 && a.key_for(how, 3, 1) == -1 && a.key_for(how, 4, 0) == 5 &&
         a.key_for(how, 5, 0) == -1 && a.key_for(how, {}, 0) == 4 && a.key_for(how, {}, 1) == 5 &&
         a.key_for(how, 0, 1) == 5 && a.key_for(how, 3, 0, aliases::user) == 3 &&
         a.key_for(how, 3, 1, aliases::user) == -1 &&
         a.key_for(how, 9, 0, aliases::cifs, key_search::any_version) == 5 &&
         a.key_for(how, 9, 1, aliases::cifs, key_search::any_version) == 4;
});
KERB_BOTH("keytab: all keys of the realm are tried, if the service wants it, and none of another realm",
          "[format][exchange]", [] {
            aliases a;
            constexpr auto how = key_names::any_of_realm;
            return a.key_for(how, 3, 0) == 2 && a.key_for(how, 3, 1) == 3 && a.key_for(how, 3, 2) == 4 &&
                   a.key_for(how, 3, 3) == -1 && a.key_for(how, {}, 3) == 5 && a.key_for(how, {}, 4) == -1 &&
                   a.key_for(how, 3, 0, aliases::host) == 4 && a.key_for(how, 3, 1, aliases::host) == 2;
          });
KERB_BOTH("keytab: why there is no key names those of other names that were tried", "[format][exchange]", [] {
  aliases a;
  const need_ticket_key ask{{{name_t::srv_inst, aliases::cifs}, "EX.ORG"_krb}, 7, etype_t::aes256_cts_hmac_sha1_96, 0};
  const no_ticket_key exact = keytab_keys<policy>(a.keytab, a.p).why_none(ask);
  const no_ticket_key host =
      keytab_keys<policy>(a.keytab, a.p, key_search::named_version, key_names::same_host).why_none(ask);
  const no_ticket_key realm =
      keytab_keys<policy>(a.keytab, a.p, key_search::named_version, key_names::any_of_realm).why_none(ask);
  return exact.why == errc::no_key && exact.total == 0 && exact.others == host.total + host.others &&
         host.why == errc::bad_key_version && host.total == 2 &&
         host.had[1] == key_label{4, etype_t::aes256_cts_hmac_sha1_96} && realm.total == 4;
});
KERB_BOTH("keytab: of many keys only those are imported that are tried", "[format][exchange][security]", [] {
  counting_policy p;
  std::array<std::uint8_t, 4096> file{};
  keytab_writer out(file);
  const msg::EncryptionKey k = key_as_sent(etype_t::aes256_cts_hmac_sha1_96, service_octets);
  for (int i = 0; i != 40; ++i) out.add(entry(ftp, 3, k));
  const auto opened = keytab_view::open(kerb_test::must(out.finish()));
  keytab_keys<counting_policy> keys(*opened, p, key_search::any_version, key_names::any_of_realm);
  unsigned before = 0;
  for (unsigned tried = 0; tried != 8; ++tried) {
    if (keys.find(need_ticket_key{web, 3, k.keytype, tried}) == nullptr) return false;
    if (p.imports - before > tried + 2) return false;
    before = p.imports;
  }
  return true;
});

}  // namespace
