// KRB-SAFE and KRB-PRIV: everything that a receiver must refuse, and what it must let pass.
#include <vector>

#include "support/both.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr const char* name_of_kind(kind k) { return k == kind::priv ? "KRB-PRIV" : "KRB-SAFE"; }
constexpr const char* name_of_part(kind k) { return k == kind::priv ? "EncKrbPrivPart" : "KRB-SAFE-BODY"; }
const std::vector<std::uint8_t> secret_data{'v', 'e', 'r', 'y', ' ', 's', 'e', 'c', 'r', 'e', 't'};

// ---- what an authentic message may not say

struct attack {
  const char* name;
  freshness by;
  bool placed;
  void (*spoil)(control&, session_options&);
  errc why;
  const char* field;
};
constexpr auto numbers = freshness::sequence_numbers, times = freshness::timestamps, both = freshness::both;
const std::uint8_t six[16] = {192, 0, 2, 1};
const attack attacks[] = {
    {"the receiver's own direction", numbers, false, [](control& c, session_options&) { c.s_address = from_acceptor; },
     errc::address_mismatch, "s-address"},
    {"a real address where directions are used", numbers, false,
     [](control& c, session_options&) { c.s_address = here_address; }, errc::address_mismatch, "s-address"},
    {"a direction where addresses are used", numbers, true,
     [](control& c, session_options&) { c.s_address = from_initiator; }, errc::address_mismatch, "s-address"},
    {"the receiver's own address", numbers, true, [](control& c, session_options&) { c.s_address = there_address; },
     errc::address_mismatch, "s-address"},
    {"the sender's octets as an address of another type", numbers, true,
     [](control& c, session_options&) {
       c.s_address = {addr_t::netbios, here_octets};
     },
     errc::address_mismatch, "s-address"},
    {"a longer address that begins as the sender's", numbers, true,
     [](control& c, session_options&) {
       c.s_address = {addr_t::ipv6, six};
     },
     errc::address_mismatch, "s-address"},
    {"a part of the sender's address", numbers, true,
     [](control& c, session_options&) {
       c.s_address = {addr_t::ipv4, bytes_view(here_octets).first(3)};
     },
     errc::address_mismatch, "s-address"},
    {"another recipient", numbers, true, [](control& c, session_options&) { c.r_address = here_address; },
     errc::address_mismatch, "r-address"},
    {"a recipient where directions are used", numbers, false,
     [](control& c, session_options&) { c.r_address = there_address; }, errc::address_mismatch, "r-address"},
    {"no recipient where one is demanded", numbers, true,
     [](control& c, session_options& o) {
       c.r_address.reset();
       o.demand_recipient = true;
     },
     errc::address_mismatch, "r-address"},
    {"no recipient where one is demanded, with directions", numbers, false,
     [](control&, session_options& o) { o.demand_recipient = true; }, errc::address_mismatch, "r-address"},

    {"neither time nor number", numbers, false, [](control& c, session_options&) { c.seq_number.reset(); },
     errc::no_freshness, ""},
    {"neither time nor number where times are used", times, false,
     [](control& c, session_options&) {
       c.timestamp.reset();
       c.usec.reset();
     },
     errc::no_freshness, ""},
    {"microseconds alone", times, false, [](control& c, session_options&) { c.timestamp.reset(); }, errc::no_freshness,
     ""},

    {"a number and no time where times are used", times, false,
     [](control& c, session_options&) {
       c.timestamp.reset();
       c.usec.reset();
       c.seq_number = 70000;
     },
     errc::clock_skew, "timestamp"},
    {"no time where both are used", both, true,
     [](control& c, session_options&) {
       c.timestamp.reset();
       c.usec.reset();
     },
     errc::clock_skew, "timestamp"},
    {"a number and microseconds without seconds", both, true, [](control& c, session_options&) { c.timestamp.reset(); },
     errc::clock_skew, "timestamp"},
    {"seconds without microseconds", both, true, [](control& c, session_options&) { c.usec.reset(); }, errc::clock_skew,
     "usec"},
    {"seconds without microseconds where numbers are used", numbers, false,
     [](control& c, session_options&) { c.timestamp = kerberos_time{1767225600}; }, errc::clock_skew, "usec"},
    {"a time of 300 seconds and a microsecond ago", times, false,
     [](control& c, session_options&) {
       c.timestamp->seconds -= 300;
       c.usec->count -= 1;
     },
     errc::clock_skew, "timestamp"},
    {"a time of 300 seconds and a microsecond ahead", both, false,
     [](control& c, session_options&) {
       c.timestamp->seconds += 300;
       c.usec->count += 1;
     },
     errc::clock_skew, "timestamp"},
    {"a time that is not current where numbers are used", numbers, false,
     [](control& c, session_options&) {
       c.timestamp = kerberos_time{1767225299};
       c.usec = microseconds{0};
     },
     errc::clock_skew, "timestamp"},

    {"a time and no number where numbers are used", numbers, false,
     [](control& c, session_options&) {
       c.seq_number.reset();
       c.timestamp = kerberos_time{1767225600};
       c.usec = microseconds{0};
     },
     errc::bad_order, "seq-number"},
    {"no number where both are used", both, false, [](control& c, session_options&) { c.seq_number.reset(); },
     errc::bad_order, "seq-number"},
    {"the number before", numbers, false, [](control& c, session_options&) { c.seq_number = 69999; }, errc::bad_order,
     "seq-number"},
    {"the number after", numbers, true, [](control& c, session_options&) { c.seq_number = 70001; }, errc::bad_order,
     "seq-number"},
    {"the number with another upper half", both, false,
     [](control& c, session_options&) { c.seq_number = 70000 + 0x10000u; }, errc::bad_order, "seq-number"},
    {"the number with its highest bit set", numbers, false,
     [](control& c, session_options&) { c.seq_number = 70000 + 0x80000000u; }, errc::bad_order, "seq-number"},
    {"the other direction's number", numbers, false, [](control& c, session_options&) { c.seq_number = 90000; },
     errc::bad_order, "seq-number"},
};

TEST_CASE("protected_session: what an authentic message may not say is refused, and nothing has changed",
          "[exchange][rfc4120-3.4.2][rfc4120-3.5.2]") {
  for (const attack& a : attacks) {
    for (const kind k : kinds_of_message) {
      INFO(a.name << ", " << name_of_kind(k));
      protect_world w;
      w.options.by = a.by;
      w.with_store = a.by == freshness::timestamps;
      if (a.placed) w.at_places();
      const control good = w.honest();
      control bad = good;
      a.spoil(bad, w.options);
      auto receiver = w.acceptor();
      const key by = w.w.session_key();
      std::array<std::uint8_t, 512> out{}, in{}, untouched{};
      const bytes_view m = w.mint(k, bad, secret_data, by, out);
      const auto r = w.open(receiver, k, m, in);
      REQUIRE(!r);
      CHECK(is(r.error(), a.why, name_of_part(k), a.field));
      CHECK(in == untouched);  // wiped, or never written
      // The twin, to the same session
      control honest = good;
      if (w.options.demand_recipient) honest.r_address = a.placed ? there_address : from_acceptor;
      const auto taken = w.open(receiver, k, w.mint(k, honest, secret_data, by, out), in);
      REQUIRE(taken);
      CHECK(*taken == bytes_view(secret_data));
    }
  }
}

struct twin {
  const char* name;
  freshness by;
  bool placed;
  void (*vary)(control&);
};
const std::uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
const twin twins[] = {
    {"no recipient", numbers, true, [](control& c) { c.r_address.reset(); }},
    {"our direction as the recipient, which MIT krb5 says", numbers, false,
     [](control& c) { c.r_address = from_acceptor; }},
    {"the sender's address as an IPv6 socket reports it", numbers, true,
     [](control& c) {
       c.s_address = {addr_t::ipv6, mapped};
     }},
    {"a current time beside the number", numbers, false,
     [](control& c) {
       c.timestamp = kerberos_time{1767225600};
       c.usec = microseconds{999999};
     }},
    {"a time of 300 seconds ago", times, false, [](control& c) { c.timestamp->seconds -= 300; }},
    {"a time of 300 seconds ahead", both, true, [](control& c) { c.timestamp->seconds += 300; }},
    {"any number beside the time", times, true, [](control& c) { c.seq_number = 12345; }},
};
TEST_CASE("protected_session: what a message may say is taken", "[exchange][rfc4120-3.4.2][rfc4120-3.5.2]") {
  for (const twin& v : twins) {
    for (const kind k : kinds_of_message) {
      INFO(v.name << ", " << name_of_kind(k));
      protect_world w;
      w.options.by = v.by;
      w.with_store = v.by == freshness::timestamps;
      if (v.placed) w.at_places();
      control c = w.honest();
      v.vary(c);
      auto receiver = w.acceptor();
      const key by = w.w.session_key();
      std::array<std::uint8_t, 512> out{}, in{};
      const auto r = w.open(receiver, k, w.mint(k, c, secret_data, by, out), in);
      REQUIRE(r);
      CHECK(*r == bytes_view(secret_data));
    }
  }
}

// ---- seals and checksums

TEST_CASE("protected_session: another key, usage or encryption type does not open a KRB-PRIV",
          "[exchange][rfc4120-3.5.2][rfc4120-5.7.1]") {
  protect_world w;
  w.initiator_subkey = w.acceptor_subkey = true;  // so that the acceptor's is the session's
  auto receiver = w.acceptor();
  std::array<std::uint8_t, 512> out{}, in{};
  const key good = w.subkey(false), first = w.subkey(true), ticket = w.w.session_key();
  const key other_type = w.w.import(key_as_sent(etype_t::aes256_cts_hmac_sha384_192, other_octets));
  const auto refused = [&](bytes_view m) {
    const auto r = w.open(receiver, kind::priv, m, in);
    return !r && is(r.error(), errc::integrity, "KRB-PRIV", "enc-part") && receiver.next_expected() == 70000u;
  };
  const control c = w.honest();
  for (const key* k : {&first, &ticket, &other_type}) CHECK(refused(w.mint(kind::priv, c, secret_data, *k, out)));
  for (std::int32_t usage = 0; usage != 30; ++usage) {
    if (usage == 13) continue;
    CHECK(refused(w.mint_priv(c, secret_data, good, static_cast<key_usage_t>(usage), out)));
  }
  CHECK(w.open(receiver, kind::priv, w.mint(kind::priv, c, secret_data, good, out), in));
}

TEST_CASE("protected_session: the right seal under another encryption type's number is refused",
          "[exchange][rfc4120-5.2.9]") {
  protect_world w;
  auto receiver = w.acceptor();
  std::array<std::uint8_t, 512> out{}, again{}, in{};
  const key k = w.w.session_key();
  auto m = kerb_test::must(asn1::decode<msg::KrbPriv>(w.mint(kind::priv, w.honest(), secret_data, k, out)));
  for (std::int32_t e = -140; e != 140; ++e) {
    if (e == static_cast<std::int32_t>(k.etype())) continue;
    m.enc_part.etype = static_cast<etype_t>(e);
    const auto r = w.open(receiver, kind::priv, kerb_test::must(asn1::encode(m, again)), in);
    REQUIRE(!r);
    CHECK(is(r.error(), errc::integrity, "KRB-PRIV", "enc-part"));
  }
  m.enc_part.etype = k.etype();
  CHECK(w.open(receiver, kind::priv, kerb_test::must(asn1::encode(m, again)), in));
}

TEST_CASE("protected_session: another key or usage does not verify a KRB-SAFE",
          "[exchange][rfc4120-3.4.2][rfc4120-5.6.1]") {
  protect_world w;
  w.initiator_subkey = true;
  auto receiver = w.acceptor();
  std::array<std::uint8_t, 512> out{}, in{};
  const key good = w.subkey(true), ticket = w.w.session_key(), other = w.subkey(false);
  const auto refused = [&](bytes_view m) {
    const auto r = w.open(receiver, kind::safe, m, in);
    return !r && is(r.error(), errc::integrity, "KRB-SAFE", "cksum") && receiver.next_expected() == 70000u;
  };
  const control c = w.honest();
  for (const key* k : {&ticket, &other}) CHECK(refused(w.mint(kind::safe, c, secret_data, *k, out)));
  for (std::int32_t usage = 0; usage != 30; ++usage) {
    if (usage == 15) continue;
    CHECK(refused(w.mint_safe(c, secret_data, good, static_cast<key_usage_t>(usage), out)));
  }
  CHECK(w.open(receiver, kind::safe, w.mint(kind::safe, c, secret_data, good, out), in));
}

TEST_CASE("protected_session: a KRB-SAFE's checksum is of the key's own mandatory type, and no other",
          "[exchange][rfc4120-3.4.2]") {
  for (const etype_t e : {etype_t::aes128_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha1_96,
                          etype_t::aes128_cts_hmac_sha256_128, etype_t::aes256_cts_hmac_sha384_192}) {
    protect_world w;
    w.w.session_etype = e;
    auto receiver = w.acceptor();
    const key k = w.w.session_key();
    const cksum_t own = kerb_test::must(keyed_cksum_of(e));
    std::array<std::uint8_t, 512> out{}, in{};
    // The right octets under every number: unkeyed types, other keys' types, the GSS-API's
    std::vector<std::int32_t> types{32771, -138, 2147483647};
    for (std::int32_t t = -200; t != 300; ++t) types.push_back(t);
    for (const std::int32_t t : types) {
      if (static_cast<cksum_t>(t) == own) continue;
      const auto m = w.mint_safe(w.honest(), secret_data, k, key_usage_t::krb_safe_cksum, out, cksum_t(t));
      const auto r = w.open(receiver, kind::safe, m, in);
      REQUIRE(!r);
      CHECK(is(r.error(), errc::inappropriate_checksum, "KRB-SAFE", "cksum"));
    }
    CHECK(w.open(receiver, kind::safe, w.mint(kind::safe, w.honest(), secret_data, k, out), in));
  }
}

TEST_CASE("protected_session: a KRB-SAFE's checksum of another length is refused", "[exchange][rfc4120-3.4.2]") {
  protect_world w;
  auto receiver = w.acceptor();
  const key k = w.w.session_key();
  std::array<std::uint8_t, 512> out{}, again{}, in{};
  auto m = kerb_test::must(asn1::decode<msg::KrbSafe>(w.mint(kind::safe, w.honest(), secret_data, k, out)));
  const bytes_view mac = m.cksum.checksum;
  std::vector<std::uint8_t> longer(mac.begin(), mac.end());
  longer.push_back(0);
  for (std::size_t n = 0; n != longer.size() + 1; ++n) {
    m.cksum.checksum = bytes_view(longer).first(n);
    const auto octets = kerb_test::must(asn1::encode(m, again));
    if (n == mac.size()) continue;
    const auto r = w.open(receiver, kind::safe, octets, in);
    REQUIRE(!r);
    CHECK(is(r.error(), errc::integrity, "KRB-SAFE", "cksum"));
  }
  m.cksum.checksum = mac;
  CHECK(w.open(receiver, kind::safe, kerb_test::must(asn1::encode(m, again)), in));
}

TEST_CASE("protected_session: one kind of message is not the other, nor of another version",
          "[exchange][rfc4120-3.4.2][rfc4120-3.5.2]") {
  protect_world w;
  auto receiver = w.acceptor();
  const key by = w.w.session_key();
  for (const kind k : kinds_of_message) {
    std::array<std::uint8_t, 512> out{}, in{};
    const bytes_view m = w.mint(k, w.honest(), secret_data, by, out);
    const auto r = w.open(receiver, k == kind::priv ? kind::safe : kind::priv, m, in);
    REQUIRE(!r);
    CHECK(r.error().code == errc::unexpected_tag);
    CHECK(to_krb_error(r.error()) == error_code_t::krb_ap_err_msg_type);
    // pvno and msg-type are the first integers
    std::vector<std::uint8_t> changed(m.begin(), m.end());
    const std::size_t pvno = changed[1] < 0x80 ? 8 : changed[1] == 0x81 ? 10 : 12;
    for (const bool version : {true, false}) {
      changed.assign(m.begin(), m.end());
      std::uint8_t& o = changed[version ? pvno : pvno + 5];
      REQUIRE(o == (version ? 5 : k == kind::priv ? 21 : 20));
      o = 4;
      const auto no = w.open(receiver, k, changed, in);
      REQUIRE(!no);
      CHECK(is(no.error(), errc::wrong_constant, name_of_kind(k), version ? "pvno" : "msg-type"));
      CHECK(to_krb_error(no.error()) ==
            (version ? error_code_t::krb_ap_err_badversion : error_code_t::krb_ap_err_msg_type));
    }
  }
}

TEST_CASE("protected_session: a plaintext that is no EncKrbPrivPart is refused, and wiped",
          "[exchange][rfc4120-5.7.1]") {
  protect_world w;
  auto receiver = w.acceptor();
  const key by = w.w.session_key();
  std::array<std::uint8_t, 512> out{}, in{}, untouched{}, plain{};
  const bytes_view part = kerb_test::must(asn1::encode(part_of<msg::EncKrbPrivPart>(w.honest(), secret_data), plain));
  for (std::size_t n = 0; n != part.size() + 1; ++n) {
    errc why = errc::ok;
    const auto t = w.w.turn();
    const auto sealed = asn1::computed{[&](der::writer& to) {
      write_sealed(to, captured<msg::EncKrbPrivPart>::as_sent(part.first(n)), by, key_usage_t::krb_priv_enc_part, t,
                   why);
    }};
    const auto m = asn1::encode(msg::BasicKrbPriv<std::remove_const_t<decltype(sealed)>>{sealed}, out);
    const auto r = w.open(receiver, kind::priv, *m, in);
    CHECK(r.has_value() == (n == part.size()));
    if (!r) CHECK((is_malformed(r.error().code) && in == untouched));
  }
}

}  // namespace
