// KRB-CRED: tickets that are handed over arrive with their keys, and nothing else does.
#include <kerb/exchange/protect/cred.hpp>
#include <type_traits>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using credential = basic_credential<key>;
using received = received_credentials<policy>;
using buffer_t = std::array<std::uint8_t, 2048>;

static_assert(!std::is_copy_constructible_v<received> && std::is_move_constructible_v<received> &&
              !std::is_default_constructible_v<received>);

constexpr msg::HostAddress two_addresses[] = {here_address, there_address};

/// Two tickets of alice's, for two services.
struct world {
  ap_world w, x;
  credential first, second;
  constexpr world() : first(with_key()), second(other()) {}
  /// With a key that does not stand in the ticket, which under this policy is in clear.
  constexpr credential with_key() {
    const auto as_issued = w.credential();
    const ticket_facts f = as_issued.facts();
    return {f, w.import(key_as_sent(w.session_etype, subkey_octets))};
  }
  constexpr credential other() {
    x.service = ftp;
    x.session_etype = etype_t::aes128_cts_hmac_sha256_128;
    x.now.at.seconds += 1;
    ticket_facts f{.client = alice,
                   .server = ftp,
                   .ticket = x.mint_ticket(),
                   .flags = {ticket_flag_t::forwarded, ticket_flag_t::forwardable},
                   .authtime = {1767222000},
                   .starttime = {1767222001},
                   .endtime = {1767250800},
                   .renew_till = kerberos_time{1767300000},
                   .key_expiration = kerberos_time{1},
                   .addresses = msg::HostAddresses{two_addresses},
                   .client_renamed = false};
    return {f, x.other_key(x.session_etype)};
  }
  constexpr key by() { return w.other_key(etype_t::aes256_cts_hmac_sha384_192); }
  constexpr result<bytes_view> make(std::size_t n, std::span<std::uint8_t> out, const cred_fields& f) {
    const ref<const credential> all[] = {first, second};
    const key k = by();
    return make_krb_cred(view_of<ref<const credential>>(all, n), f, k, out, w.turn());
  }
  constexpr result<bytes_view> make(std::size_t n, std::span<std::uint8_t> out) { return make(n, out, {w.now}); }
  constexpr result<received> open(bytes_view m, std::span<std::uint8_t> buffer, const cred_demands& want = {}) {
    const key k = by();
    return open_krb_cred(m, k, buffer, w.turn(), want);
  }
};

constexpr bool same_facts(const ticket_facts& a, const ticket_facts& b) {
  return same_principal(a.client, b.client) && a.client.name.name_type == b.client.name.name_type &&
         same_principal(a.server, b.server) && a.ticket == b.ticket && a.flags == b.flags && a.authtime == b.authtime &&
         a.starttime == b.starttime && a.endtime == b.endtime && a.renew_till == b.renew_till &&
         a.addresses.has_value() == b.addresses.has_value() &&
         (!a.addresses || a.addresses->size() == b.addresses->size());
}
constexpr bool same_key(const key& a, const key& b) {
  return a.etype() == b.etype() && ct_equal(a.octets().unguarded(), b.octets().unguarded());
}

constexpr bool tickets_arrive() {
  for (std::size_t n = 1; n != 3; ++n) {
    world w;
    buffer_t out{}, buffer{};
    const auto m = w.make(n, out);
    if (!m || !asn1::decode<msg::KrbCred>(*m, der::strict)) return false;
    auto got = w.open(*m, buffer);
    if (!got || got->size() != n) return false;
    for (std::size_t i = n; i != 0; --i) {  // in any order
      const credential& sent = i == 1 ? w.first : w.second;
      if (!same_facts(*got->facts(i - 1), sent.facts())) return false;
      const auto c = got->take(i - 1, w.w.policy);
      if (!c || !same_facts(c->facts(), sent.facts()) || !same_key(c->session_key(), sent.session_key())) return false;
    }
  }
  return true;
}
KERB_BOTH("krb_cred: tickets arrive with their keys and what is said of them", "[exchange][rfc4120-3.6][rfc4120-5.8]",
          tickets_arrive);

constexpr bool each_once() {
  world w;
  buffer_t out{}, buffer{};
  auto got = w.open(kerb_test::must(w.make(2, out)), buffer);
  if (!got || got->take(2, w.w.policy).error().code != errc::api_misuse) return false;
  const auto first = got->take(0, w.w.policy);
  if (!first || got->take(0, w.w.policy).error().code != errc::api_misuse) return false;
  received moved = std::move(*got);
  return moved.take(1, w.w.policy) && moved.take(1, w.w.policy).error().code == errc::api_misuse &&
         same_facts(*moved.facts(0), w.first.facts());
}
constexpr bool an_empty_list_is_none() {
  world w;
  buffer_t out{}, buffer{};
  ticket_facts f = w.first.facts();
  f.addresses = msg::HostAddresses{};
  const credential c(f, w.w.other_key(w.w.session_etype));
  const ref<const credential> one[] = {c};
  const key k = w.by();
  const auto m = make_krb_cred(view_of<ref<const credential>>(one), {w.w.now}, k, out, w.w.turn());
  if (!m) return false;
  const auto got = w.open(*m, buffer);
  if (!got || kerb_test::must(got->facts(0)).addresses) return false;
  f.addresses.reset();
  const credential none(f, w.w.other_key(w.w.session_etype));
  const ref<const credential> other[] = {none};
  buffer_t again{};
  const auto same = make_krb_cred(view_of<ref<const credential>>(other), {w.w.now}, k, again, w.w.turn());
  return same && same->size() == m->size();
}
KERB_BOTH("krb_cred: an empty list of addresses is not written", "[exchange][rfc4120-5.1.3]", an_empty_list_is_none);

KERB_BOTH("received_credentials: each key is taken once", "[exchange][rfc4120-3.6.2]", each_once);

constexpr bool moved_from_has_none() {
  world w;
  buffer_t out{}, buffer{};
  auto got = w.open(kerb_test::must(w.make(2, out)), buffer);
  if (!got) return false;
  received moved = std::move(*got);
  const received& from = *got;  // what is left is a legal object
  return from.size() == 0 && got->take(0, w.w.policy).error().code == errc::api_misuse &&
         from.facts(0).error().code == errc::api_misuse && moved.size() == 2 && moved.take(0, w.w.policy) &&
         moved.facts(1) && moved.facts(2).error().code == errc::api_misuse;
}
KERB_BOTH("received_credentials: one that was moved from has no tickets", "[exchange]", moved_from_has_none);

constexpr bool keys_are_wiped() {
  world w;
  buffer_t out{}, buffer{};
  const auto m = w.make(2, out);
  if (!holds(out, subkey_octets)) return false;  // the twin: under this policy a message shows its keys
  {
    auto got = w.open(*m, buffer);
    if (!holds(buffer, subkey_octets)) return false;
    const auto c = got->take(0, w.w.policy);
    if (holds(buffer, subkey_octets) || !holds(buffer, bytes_view(other_octets).first(16))) return false;
    if (!holds(buffer, alice_parts[0].octets)) return false;
  }
  for (const std::uint8_t o : buffer)
    if (o != 0) return false;
  return true;
}
KERB_BOTH("received_credentials: a key is wiped when it is taken, and the buffer when they die", "[exchange]",
          keys_are_wiped);

constexpr bool product_lies_in_the_buffer() {
  world w;
  buffer_t out{}, buffer{};
  auto got = w.open(kerb_test::must(w.make(2, out)), buffer);
  for (std::uint8_t& o : out) o = 0xaa;
  const auto c = got->take(1, w.w.policy);
  const bytes_view t = c->ticket();
  return same_facts(c->facts(), w.second.facts()) && t.data() >= buffer.data() &&
         t.end() <= buffer.data() + buffer.size();
}
KERB_BOTH("received_credentials: nothing of them lies in the message", "[exchange]", product_lies_in_the_buffer);

// ---- sizes and randomness

constexpr bool exact_sizes() {
  for (std::size_t n = 1; n != 3; ++n) {
    world w;
    buffer_t out{}, buffer{}, zeros{};
    w.w.policy.entropy = {};
    const error e = w.make(n, {}).error();
    if (e.code != errc::no_space || w.make(n, std::span(out).first(e.detail - 1)).error().detail != e.detail)
      return false;
    if (out != zeros || w.w.policy.entropy.draws() != 0) return false;
    const auto m = w.make(n, std::span(out).first(e.detail));
    if (!m || m->size() != e.detail || w.w.policy.entropy.draws() != 1) return false;
    const error f = w.open(*m, {}).error();
    if (f.code != errc::no_space || f.detail != m->size() + 9 * n) return false;
    if (w.open(*m, std::span(buffer).first(f.detail - 1)).error().detail != f.detail || buffer != zeros) return false;
    if (!w.open(*m, std::span(buffer).first(f.detail))) return false;
  }
  return true;
}
KERB_BOTH("krb_cred: one octet short, and the size that will do is named", "[exchange]", exact_sizes);

constexpr bool randomness_fails() {
  world w;
  buffer_t out{}, zeros{};
  w.w.policy.entropy = {};
  w.w.policy.entropy.fail_at = 1;
  return w.make(2, out).error().code == errc::entropy && out == zeros;
}
KERB_BOTH("krb_cred: randomness that fails leaves no key behind", "[exchange]", randomness_fails);

constexpr bool nothing_to_hand_over() {
  world w;
  buffer_t out{};
  return w.make(0, out).error().code == errc::api_misuse &&
         kerb_test::is(w.make(1, out, {{{0}, {-1}}}).error(), errc::clock_out_of_range, "timestamp", "usec");
}
KERB_BOTH("krb_cred: no ticket, or a time that is none, is misuse", "[exchange]", nothing_to_hand_over);

// ---- what comes

/// Whatever a sender may say, sealed or not.
struct sender {
  world w;
  std::vector<msg::Ticket> tickets;
  std::vector<msg::KrbCredInfo> infos;
  msg::EncKrbCredPart part;
  std::optional<key> by{};  ///< once, instead of the receiver's
  key_usage_t usage = key_usage_t::krb_cred_enc_part;
  bool open = false;
  std::vector<std::uint8_t> out = std::vector<std::uint8_t>(4096), buffer = out;

  explicit sender(std::size_t n_tickets = 1, std::size_t n_infos = 1) {
    for (std::size_t i = 0; i != n_tickets; ++i) {
      tickets.push_back(kerb_test::must(asn1::decode<msg::Ticket>((i == 0 ? w.first : w.second).ticket())));
    }
    for (std::size_t i = 0; i != n_infos; ++i) {
      msg::KrbCredInfo info;
      info.key = {w.w.session_etype, subkey_octets};
      info.prealm = alice.realm;
      info.pname = alice.name;
      info.endtime = kerberos_time{1767250800};
      infos.push_back(info);
    }
    part.timestamp = w.w.now.at;
    part.usec = w.w.now.usec;
  }
  bytes_view mint() {
    part.ticket_info = infos;
    std::vector<std::uint8_t> plain(2048);
    const bytes_view octets = kerb_test::must(asn1::encode(part, plain));
    if (open) return kerb_test::must(asn1::encode(msg::KrbCred{tickets, {etype_t{0}, {}, octets}}, out));
    const key k = by ? std::move(*by) : w.by();
    by.reset();
    errc why = errc::ok;
    const auto t = w.w.turn();
    const auto sealed = asn1::computed{[&](der::writer& to) { write_sealed(to, part, k, usage, t, why); }};
    return kerb_test::must(asn1::encode(
        msg::BasicKrbCred<std::remove_const_t<decltype(sealed)>>{sequence_of<msg::Ticket>(tickets), sealed}, out));
  }
  error opened(const cred_demands& want = {}) {
    const bytes_view m = mint();
    std::fill(buffer.begin(), buffer.end(), std::uint8_t{0});
    const error e = w.open(m, buffer, want).error();
    CHECK(buffer == std::vector<std::uint8_t>(buffer.size()));  // wiped, whatever became of it
    return e;
  }
};

TEST_CASE("krb_cred: as many tickets as are described, and at least one", "[exchange][rfc4120-5.8.1]") {
  for (std::size_t tickets = 0; tickets != 4; ++tickets) {
    for (std::size_t infos = 0; infos != 4; ++infos) {
      INFO(tickets << " tickets, " << infos << " described");
      sender s(tickets, infos);
      const error e = s.opened();
      if (tickets == 0) CHECK(is(e, errc::empty_sequence, "KRB-CRED", "tickets"));
      else if (tickets != infos) CHECK(is(e, errc::count_mismatch, "EncKrbCredPart", "ticket-info"));
      else CHECK(e.ok());
    }
  }
}

TEST_CASE("krb_cred: the client and the end must be told, of every ticket", "[exchange][rfc4120-5.8.1]") {
  for (std::size_t at = 0; at != 2; ++at) {
    sender s(2, 2);
    CHECK(s.opened().ok());
    s.infos[at].pname.reset();
    CHECK(is(s.opened(), errc::missing_field, "KrbCredInfo", "pname"));
    s.infos[at].pname = alice.name;
    s.infos[at].prealm.reset();
    CHECK(is(s.opened(), errc::missing_field, "KrbCredInfo", "prealm"));
    s.infos[at].prealm = alice.realm;
    s.infos[at].endtime.reset();
    CHECK(is(s.opened(), errc::missing_field, "KrbCredInfo", "endtime"));
  }
}

TEST_CASE("received_credentials: what a peer hands over is marked so", "[exchange][rfc4120-3.6]") {
  sender s;
  auto got = s.w.open(s.mint(), s.buffer);
  REQUIRE(got);
  CHECK(kind_of(kerb_test::must(got->facts(0))) == ticket_kind::handed_over);
  const auto c = got->take(0, s.w.w.policy);
  REQUIRE(c);
  CHECK(kind_of(c->facts()) == ticket_kind::handed_over);
}
TEST_CASE("received_credentials: what is not told of a ticket", "[exchange][rfc4120-5.8.1]") {
  sender s;
  auto got = s.w.open(s.mint(), s.buffer);
  REQUIRE(got);
  ticket_facts f = *got->facts(0);
  CHECK(same_principal(f.client, alice));
  CHECK(same_principal(f.server, web));  // from the ticket's clear part
  CHECK(f.flags == msg::TicketFlags{});
  CHECK(f.authtime == kerberos_time{});
  CHECK(f.starttime == kerberos_time{});
  CHECK((!f.renew_till && !f.addresses && !f.key_expiration));
  s.infos[0].caddr = msg::HostAddresses{};  // the same as none
  std::vector<std::uint8_t> space(4096);
  auto empty = s.w.open(s.mint(), space);
  REQUIRE(empty);
  CHECK(!kerb_test::must(empty->facts(0)).addresses);
  // Told, the sealed part goes before the clear one; a start is the authentication unless told
  s.infos[0].sname = ftp.name;
  s.infos[0].srealm = "OTHER.ORG"_krb;
  s.infos[0].authtime = kerberos_time{77};
  std::vector<std::uint8_t> buffer(4096);
  auto told = s.w.open(s.mint(), buffer);
  REQUIRE(told);
  f = *told->facts(0);
  CHECK(same_principal(f.server, {ftp.name, "OTHER.ORG"_krb}));
  CHECK(f.authtime == kerberos_time{77});
  CHECK(f.starttime == kerberos_time{77});
  // Of a server that is told by half, the clear part has the other half
  s.infos[0].srealm.reset();
  std::vector<std::uint8_t> by_name(4096), by_realm(4096);
  auto named = s.w.open(s.mint(), by_name);
  REQUIRE(named);
  CHECK(same_principal(kerb_test::must(named->facts(0)).server, {ftp.name, web.realm}));
  s.infos[0].sname.reset();
  s.infos[0].srealm = "OTHER.ORG"_krb;
  auto in_realm = s.w.open(s.mint(), by_realm);
  REQUIRE(in_realm);
  CHECK(same_principal(kerb_test::must(in_realm->facts(0)).server, {web.name, "OTHER.ORG"_krb}));
}

TEST_CASE("received_credentials: a key that the policy does not have fails alone, and again", "[exchange]") {
  sender s(2, 2);
  s.infos[0].key = {etype_t::rc4_hmac, bytes_view(session_octets).first(16)};
  auto got = s.w.open(s.mint(), s.buffer);
  REQUIRE(got);
  for (int i = 0; i != 2; ++i) {
    const auto r = got->take(0, s.w.w.policy);
    REQUIRE(!r);
    CHECK(is(r.error(), errc::unsupported_etype, "KrbCredInfo", "key"));
  }
  CHECK(got->take(1, s.w.w.policy));
  sender t;
  t.infos[0].key.keyvalue = bytes_view(session_octets).first(31);
  auto bad = t.w.open(t.mint(), t.buffer);
  REQUIRE(bad);
  CHECK(bad->take(0, t.w.w.policy).error().code == errc::bad_key_length);
}

TEST_CASE("krb_cred: it says when it was made, and that is now", "[exchange][rfc4120-3.6.2]") {
  const auto skewed = [](sender& s, const char* field, bool demanded = true) {
    return is(s.opened({.timestamp = demanded}), errc::clock_skew, "EncKrbCredPart", field);
  };
  sender s;
  s.part.usec.reset();
  CHECK(skewed(s, "usec"));
  CHECK(s.opened({.timestamp = false}).ok());  // Java's
  s.part.timestamp.reset();
  CHECK(skewed(s, "timestamp"));
  CHECK(s.opened({.timestamp = false}).ok());  // the twin
  s.part.usec = microseconds{0};
  CHECK(skewed(s, "timestamp", false));
  s.part.usec.reset();
  for (const std::int64_t ahead : {-301, 301}) {
    s.part.timestamp = kerberos_time{s.w.w.now.at.seconds + ahead};
    CHECK(skewed(s, "timestamp", false));
  }
  s.part.usec = s.w.w.now.usec;
  for (const std::int64_t ahead : {-300, 300}) {
    s.part.timestamp = kerberos_time{s.w.w.now.at.seconds + ahead};
    CHECK(s.opened().ok());
  }
  for (const std::int64_t ahead : {-301, 301}) {
    s.part.timestamp = kerberos_time{s.w.w.now.at.seconds + ahead};
    CHECK(skewed(s, "timestamp"));
    CHECK(skewed(s, "timestamp", false));
  }
  s.w.w.now.usec.count = -1;
  CHECK(s.opened().code == errc::clock_out_of_range);
}

TEST_CASE("krb_cred: microseconds that are told count, also where no time is demanded", "[exchange][rfc4120-3.6.2]") {
  sender s;
  s.part.timestamp = kerberos_time{s.w.w.now.at.seconds + 300};
  s.part.usec = s.w.w.now.usec;
  CHECK(s.opened({.timestamp = false}).ok());
  s.part.usec->count += 1;
  CHECK(s.opened({.timestamp = false}).code == errc::clock_skew);
}

TEST_CASE("krb_cred: a nonce that is demanded must be there", "[exchange][rfc4120-3.6.2]") {
  sender s;
  const auto mismatch = [&](std::uint32_t wanted) {
    return is(s.opened({.nonce = wanted}), errc::nonce_mismatch, "EncKrbCredPart", "nonce");
  };
  CHECK(mismatch(0));
  s.part.nonce = 7;
  CHECK(mismatch(0));
  CHECK(mismatch(8));
  CHECK(s.opened({.nonce = 7u}).ok());
  CHECK(s.opened().ok());
}

TEST_CASE("krb_cred: addresses are looked at where that is demanded", "[exchange][rfc4120-3.6.2]") {
  sender s;
  const session_addresses ends{there_address, here_address};
  const auto mismatch = [&](const char* field, bool recipient = false) {
    return is(s.opened({.addresses = ends, .demand_recipient = recipient}), errc::address_mismatch, "EncKrbCredPart",
              field);
  };
  CHECK(s.opened({.demand_recipient = true}).ok());
  CHECK(mismatch("s-address"));
  s.part.s_address = there_address;
  CHECK(s.opened().ok());
  CHECK(mismatch("s-address"));
  s.part.s_address = here_address;
  CHECK(s.opened({.addresses = ends}).ok());
  CHECK(mismatch("r-address", true));
  s.part.r_address = here_address;
  CHECK(mismatch("r-address"));
  s.part.r_address = there_address;
  CHECK(s.opened({.addresses = ends, .demand_recipient = true}).ok());
}
TEST_CASE("krb_cred: the right addresses excuse neither an old time nor another nonce", "[exchange][rfc4120-3.6.2]") {
  sender s;
  const session_addresses ends{there_address, here_address};
  s.part.s_address = here_address;
  s.part.r_address = there_address;
  s.part.nonce = 7;
  CHECK(s.opened({.nonce = 7u, .addresses = ends}).ok());
  CHECK(s.opened({.nonce = 8u, .addresses = ends}).code == errc::nonce_mismatch);
  s.part.timestamp = kerberos_time{s.w.w.now.at.seconds - 301};
  CHECK(s.opened({.nonce = 7u, .addresses = ends}).code == errc::clock_skew);
}

TEST_CASE("krb_cred: another key, usage or encryption type does not open it", "[exchange][rfc4120-3.6.2]") {
  const auto refused = [](sender& s) { return is(s.opened(), errc::integrity, "KRB-CRED", "enc-part"); };
  sender s;
  s.by = s.w.w.session_key();
  CHECK(refused(s));
  s.by = s.w.w.other_key(etype_t::aes256_cts_hmac_sha1_96);  // the same octets
  CHECK(refused(s));
  for (std::int32_t usage = 0; usage != 30; ++usage) {
    s.usage = static_cast<key_usage_t>(usage);
    CHECK(refused(s) == (usage != 14));
  }
}

TEST_CASE("krb_cred: the right seal under another encryption type's number is refused", "[exchange][rfc4120-5.2.9]") {
  sender s;
  auto m = kerb_test::must(asn1::decode<msg::KrbCred>(s.mint()));
  const etype_t own = m.enc_part.etype;
  std::vector<std::uint8_t> again(4096);
  for (std::int32_t e = -140; e != 140; ++e) {
    m.enc_part.etype = static_cast<etype_t>(e);
    const auto r = s.w.open(kerb_test::must(asn1::encode(m, again)), s.buffer);
    CHECK(r.has_value() == (m.enc_part.etype == own));
    if (!r) CHECK(is(r.error(), e == 0 ? errc::not_sealed : errc::integrity, "KRB-CRED", "enc-part"));
  }
}

TEST_CASE("krb_cred: one that is not sealed is refused unless the caller lets it in", "[exchange][rfc6448]") {
  sender s;
  s.open = true;
  CHECK(is(s.opened(), errc::not_sealed, "KRB-CRED", "enc-part"));
  CHECK(s.opened({.may_be_open = true}).ok());
  auto got = s.w.open(s.mint(), s.buffer, {.may_be_open = true});
  REQUIRE(got);
  const auto c = got->take(0, s.w.w.policy);
  REQUIRE(c);
  CHECK(ct_equal(c->session_key().octets().unguarded(), subkey_octets));
  CHECK(!holds(s.buffer, subkey_octets));
  // Everything else is looked at all the same, and a sealed one has to open
  s.part.timestamp = kerberos_time{0};
  CHECK(s.opened({.may_be_open = true}).code == errc::clock_skew);
  sender t;
  t.by = t.w.w.session_key();
  CHECK(t.opened({.may_be_open = true}).code == errc::integrity);
}

TEST_CASE("krb_cred: one that is not sealed is opened without a key, by a call that says so",
          "[exchange][rfc4120-3.6.1][rfc6448]") {
  sender s(2, 2);
  s.open = true;
  s.part.timestamp.reset();  // as files have it
  s.part.usec.reset();
  const auto t = s.w.w.turn();
  const bytes_view m = s.mint();
  CHECK(open_unsealed_krb_cred(m, s.buffer, t, {}).error().code == errc::clock_skew);
  CHECK(s.buffer == std::vector<std::uint8_t>(s.buffer.size()));
  auto got = open_unsealed_krb_cred(m, s.buffer, t, {.timestamp = false});
  REQUIRE(got);
  CHECK(got->size() == 2);
  const auto c = got->take(1, s.w.w.policy);
  REQUIRE(c);
  CHECK(ct_equal(c->session_key().octets().unguarded(), subkey_octets));
  CHECK(same_principal(c->client(), alice));
  CHECK(c->ticket() == s.w.second.ticket());

  sender sealed;
  const bytes_view closed = sealed.mint();
  const error e = open_unsealed_krb_cred(closed, sealed.buffer, t, {}).error();
  CHECK(is(e, errc::no_key, "KRB-CRED", "enc-part"));
  CHECK(e.detail == 20);
  CHECK(sealed.buffer == std::vector<std::uint8_t>(sealed.buffer.size()));
  CHECK(open_unsealed_krb_cred(m, {}, t, {}).error().detail == m.size() + 18);
}

TEST_CASE("krb_cred: what does not decode is refused, within and without", "[exchange][rfc4120-5.8.1]") {
  sender s(2, 2);
  const bytes_view m = s.mint();
  for (std::size_t n = 0; n != m.size(); ++n) {
    const auto r = s.w.open(m.first(n), s.buffer);
    REQUIRE(!r);
    CHECK(is_malformed(r.error().code));
  }
  // A part that is cut short, under a good seal
  std::vector<std::uint8_t> plain(2048), out(4096);
  s.part.ticket_info = s.infos;
  const bytes_view part = kerb_test::must(asn1::encode(s.part, plain));
  const key k = s.w.by();
  for (std::size_t n = 0; n != part.size(); ++n) {
    errc why = errc::ok;
    const auto t = s.w.w.turn();
    const auto sealed = asn1::computed{[&](der::writer& to) {
      write_sealed(to, captured<msg::EncKrbCredPart>::as_sent(part.first(n)), k, key_usage_t::krb_cred_enc_part, t,
                   why);
    }};
    const auto cut = asn1::encode(
        msg::BasicKrbCred<std::remove_const_t<decltype(sealed)>>{sequence_of<msg::Ticket>(s.tickets), sealed}, out);
    std::fill(s.buffer.begin(), s.buffer.end(), std::uint8_t{0});
    const auto r = s.w.open(*cut, s.buffer);
    REQUIRE(!r);
    CHECK(is_malformed(r.error().code));
    CHECK(s.buffer == std::vector<std::uint8_t>(s.buffer.size()));
  }
}

// ---- in a session

TEST_CASE("protected_session: its KRB-CRED is under the key of the direction, or the ticket's for the GSS-API",
          "[exchange][rfc4120-3.6.1][rfc4121-4.1.1]") {
  protect_world w;
  w.initiator_subkey = w.acceptor_subkey = true;
  w.options.keys = key_choice::own_subkey;
  world tickets;
  const auto t = w.w.turn();
  buffer_t out{}, buffer{};
  auto i = w.initiator(), a = w.acceptor();
  const key ticket = w.w.session_key(), own = w.subkey(true);
  for (const bool gss : {false, true}) {
    const auto m = i.make_cred(tickets.first, out, t, {.nonce = 5u, .gss_delegation = gss});
    REQUIRE(m);
    CHECK(open_krb_cred(*m, ticket, buffer, t, {}).has_value() == gss);
    CHECK(open_krb_cred(*m, own, buffer, t, {}).has_value() != gss);
    CHECK(a.open_cred(*m, buffer, t, {.gss_delegation = !gss}).error().code == errc::integrity);
    CHECK(a.open_cred(*m, buffer, t, {.nonce = 6u, .gss_delegation = gss}).error().code == errc::nonce_mismatch);
    auto got = a.open_cred(*m, buffer, t, {.nonce = 5u, .gss_delegation = gss});
    REQUIRE(got);
    CHECK(same_facts(*got->facts(0), tickets.first.facts()));
    // Neither end has counted it
    CHECK(i.next_sent() == 70000u);
    CHECK(a.next_expected() == 70000u);
  }
  const ref<const credential> both_of_them[] = {tickets.first, tickets.second};
  const auto m = a.make_cred(both_of_them, out, t);
  REQUIRE(m);
  const auto got = i.open_cred(*m, buffer, t);
  REQUIRE(got);
  CHECK(got->size() == 2);
}

TEST_CASE("protected_session: a KRB-CRED in an Authenticator need not say when it was made",
          "[exchange][rfc4121-4.1.1]") {
  protect_world w;
  sender s;
  s.part.timestamp.reset();
  s.part.usec.reset();
  const auto t = w.w.turn();
  auto a = w.acceptor();
  s.by = w.w.session_key();
  const bytes_view m = s.mint();
  CHECK(a.open_cred(m, s.buffer, t).error().code == errc::clock_skew);
  CHECK(a.open_cred(m, s.buffer, t, {.gss_delegation = true}));
  s.open = true;
  const bytes_view unsealed = s.mint();
  CHECK(a.open_cred(unsealed, s.buffer, t, {.gss_delegation = true}).error().code == errc::not_sealed);
  CHECK(a.open_cred(unsealed, s.buffer, t, {.gss_delegation = true, .may_be_open = true}));
}

TEST_CASE("protected_session: a KRB-CRED says real addresses, where they are asked for", "[exchange][rfc4120-7.1]") {
  world tickets;
  buffer_t out{}, buffer{};
  {
    protect_world w;
    auto i = w.initiator();
    const auto t = w.w.turn();
    CHECK(i.make_cred(tickets.first, out, t, {.addresses = true}).error().code == errc::api_misuse);
    CHECK(i.open_cred(out, buffer, t, {.addresses = true}).error().code == errc::api_misuse);
  }
  protect_world w;
  w.at_places();
  w.options.demand_recipient = true;
  auto i = w.initiator(), a = w.acceptor();
  const auto t = w.w.turn();
  std::array<std::uint8_t, 2048> plainly{};
  const auto said = i.make_cred(tickets.first, out, t, {.addresses = true}),
             unsaid = i.make_cred(tickets.first, plainly, t);
  CHECK(a.open_cred(*said, buffer, t, {.addresses = true}));
  CHECK(a.open_cred(*unsaid, buffer, t, {.addresses = true}).error().code == errc::address_mismatch);
  CHECK(a.open_cred(*unsaid, buffer, t));
  CHECK(i.open_cred(*said, buffer, t, {.addresses = true}).error().code == errc::address_mismatch);
}

TEST_CASE("protected_session: two KRB-CRED of one microsecond say different times, and failures take none",
          "[exchange]") {
  world tickets;
  protect_world w;
  auto i = w.initiator();
  const auto t = w.w.turn();
  buffer_t out{}, buffer{};
  std::vector<microseconds> said;
  const key k = w.w.session_key();
  for (int n = 0; n != 2; ++n) {
    CHECK(i.make_cred(tickets.first, {}, t).error().code == errc::no_space);
    const auto m = asn1::decode<msg::KrbCred>(*i.make_cred(tickets.first, out, t));
    std::array<std::uint8_t, 2048> plain{};
    const auto p = w.w.policy.unseal(k, key_usage_t::krb_cred_enc_part, m->enc_part.cipher, plain);
    REQUIRE(p);
    said.push_back(*kerb_test::must(asn1::decode<msg::EncKrbCredPart>(bytes_view(*p))).usec);
  }
  CHECK(said[1].count == said[0].count + 1);
  // Moved from, or with one address of two
  auto j = std::move(i);
  CHECK(i.make_cred(tickets.first, out, t).error().code == errc::api_misuse);
  CHECK(i.open_cred(out, buffer, t).error().code == errc::api_misuse);
  CHECK(j.make_cred(tickets.first, out, t));
}

TEST_CASE("protected_session: its own numbered KRB-CRED does not come back as the peer's",
          "[exchange][rfc4120-3.6.2]") {
  world tickets;
  protect_world w;
  w.acceptor_seq = w.initiator_seq;  // both count from one number, as with an acceptor that names none
  auto i = w.initiator(), a = w.acceptor();
  const auto t = w.w.turn();
  buffer_t out{}, back{}, buffer{};
  const cred_make_options make{.numbered = true};
  const cred_open_options open{.numbered = true};
  const auto m = i.make_cred(tickets.first, out, t, make);
  REQUIRE(m);
  CHECK(is(i.open_cred(*m, buffer, t, open).error(), errc::bad_order, "EncKrbCredPart", "nonce"));
  CHECK(i.next_expected() == 70000u);
  CHECK(a.open_cred(*m, buffer, t, open));
  // So is one of the peer's that has the same number; one that has a KRB-PRIV's of ours is the peer's
  const auto theirs = a.make_cred(tickets.second, back, t, make);
  REQUIRE(theirs);
  CHECK(i.open_cred(*theirs, buffer, t, open).error().code == errc::bad_order);
  auto other = w.initiator();
  REQUIRE(w.make(other, kind::priv, some_data, out));
  CHECK(other.open_cred(*theirs, buffer, t, open));
}

TEST_CASE("protected_session: a KRB-CRED can take a number, as MIT's do", "[exchange][rfc4120-3.6.1]") {
  world tickets;
  protect_world w;
  auto i = w.initiator(), a = w.acceptor();
  const auto t = w.w.turn();
  buffer_t out{}, buffer{};
  const auto m = i.make_cred(tickets.first, out, t, {.numbered = true});
  REQUIRE(m);
  CHECK(i.next_sent() == 70001u);
  {
    const auto got = a.open_cred(*m, buffer, t, {.numbered = true});
    REQUIRE(got);
    CHECK(a.next_expected() == 70001u);
  }
  CHECK(a.open_cred(*m, buffer, t, {.numbered = true}).error().code == errc::nonce_mismatch);  // again
  CHECK(a.next_expected() == 70001u);
  const auto plain = i.make_cred(tickets.first, out, t);
  CHECK(i.next_sent() == 70001u);
  CHECK(a.open_cred(*plain, buffer, t, {.numbered = true}).error().code == errc::nonce_mismatch);
  CHECK(i.make_cred(tickets.first, {}, t, {.numbered = true}).error().code == errc::no_space);
  CHECK(i.next_sent() == 70001u);
  // With a nonce of its own, or where nothing is numbered, it says two things
  CHECK(i.make_cred(tickets.first, out, t, {.nonce = 5u, .numbered = true}).error().code == errc::api_misuse);
  CHECK(a.open_cred(*plain, buffer, t, {.nonce = 5u, .numbered = true}).error().code == errc::api_misuse);
  w.options.by = freshness::timestamps;
  auto timed = w.initiator();
  CHECK(timed.make_cred(tickets.first, out, t, {.numbered = true}).error().code == errc::api_misuse);
  CHECK(timed.open_cred(*plain, buffer, t, {.numbered = true}).error().code == errc::api_misuse);
}
TEST_CASE("protected_session: a KRB-CRED takes no number where the AP exchange named none", "[exchange]") {
  world tickets;
  protect_world w;
  w.initiator_seq = w.acceptor_seq = std::optional<std::uint32_t>{};
  auto i = w.initiator(), a = w.acceptor();
  const auto t = w.w.turn();
  buffer_t out{}, room{};
  CHECK(i.make_cred(tickets.first, out, t, {.numbered = true}).error().code == errc::api_misuse);
  const auto plain = i.make_cred(tickets.first, out, t);
  REQUIRE(plain);
  CHECK(a.open_cred(*plain, room, t, {.numbered = true}).error().code == errc::api_misuse);
  CHECK(a.open_cred(*plain, room, t));
}
TEST_CASE("protected_session: one that is not numbered opens, whatever numbers its own have used", "[exchange]") {
  world tickets;
  protect_world w;
  w.acceptor_seq = w.initiator_seq;
  auto i = w.initiator(), a = w.acceptor();
  const auto t = w.w.turn();
  buffer_t out{}, back{}, room{};
  REQUIRE(i.make_cred(tickets.first, out, t, {.numbered = true}));
  const auto theirs = a.make_cred(tickets.second, back, t);
  REQUIRE(theirs);
  CHECK(i.open_cred(*theirs, room, t));
}
TEST_CASE("protected_session: one address without the other makes and opens no KRB-CRED", "[exchange]") {
  world tickets;
  protect_world whole, w;
  buffer_t out{}, room{}, other{};
  auto honest = whole.initiator();
  const auto t = w.w.turn();
  const auto m = honest.make_cred(tickets.first, other, t);
  REQUIRE(m);
  for (const bool local : {false, true}) {
    w.options.local = local ? std::optional(here_address) : std::optional<msg::HostAddress>{};
    w.options.peer = local ? std::optional<msg::HostAddress>{} : std::optional(here_address);
    auto i = w.initiator();
    CHECK(i.make_cred(tickets.first, out, t).error().code == errc::api_misuse);
    CHECK(i.open_cred(*m, room, t).error().code == errc::api_misuse);
  }
}

TEST_CASE("protected_session: a KRB-CRED has no directional addresses", "[exchange][rfc4120-7.1]") {
  constexpr std::uint8_t loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const std::optional<msg::HostAddress> v6_loopback = msg::HostAddress{addr_t::ipv6, loopback}, absent{};
  for (const auto& address : {absent, v6_loopback, std::optional(from_initiator)}) {
    world tickets;
    protect_world w;
    w.options.local = w.options.peer = address;
    buffer_t out{}, room{};
    auto i = w.initiator();
    const auto t = w.w.turn();
    CHECK(i.make_cred(tickets.first, out, t, {.addresses = true}).error().code == errc::api_misuse);
    const auto m = i.make_cred(tickets.first, out, t);
    REQUIRE(m);
    auto a = w.acceptor();
    CHECK(a.open_cred(*m, room, t, {.addresses = true}).error().code == errc::api_misuse);
    CHECK(a.open_cred(*m, room, t));
  }
}

TEST_CASE("krb_cred: allocates nothing", "[exchange]") {
  world w;
  buffer_t out{}, buffer{};
  bool good = false;
  {
    no_allocations guard;
    auto got = w.open(kerb_test::must(w.make(2, out)), buffer);
    good = got && got->take(1, w.w.policy).has_value();
  }
  CHECK(good);
}

}  // namespace
