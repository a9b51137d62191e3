// The mutator: each kind changes what it says, what was sealed is sealed again, and nothing else is written.
#include <kerb/exchange/protect/session.hpp>
#include <kerb/testing/mutate.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"
#include "support/both.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using namespace kerb_test;
using testing::mutate;
using testing::mutation;
using testing::mutation_count;

namespace {

/// A message after a change, in a buffer that the tests look around.
template <std::size_t N = 4096>
struct changed {
  std::array<std::uint8_t, N> octets{};
  testing::mutated how;

  constexpr bytes_view view() const { return bytes_view(octets).first(how.size); }
};
template <class T>
constexpr changed<> change(bytes_view from, std::uint64_t seed, const testing::mutation_options& o = {}) {
  changed c;
  for (std::size_t i = 0; i != from.size(); ++i) c.octets[i] = from[i];
  c.how = mutate<T>(c.octets, from.size(), seed, o);
  return c;
}
template <class T>
constexpr changed<> change(bytes_view from, std::uint64_t seed, mutation only) {
  return change<T>(from, seed, testing::mutation_options{.keys = {}, .only = only});
}

/// Whether the octets are TLVs whose lengths are right, down to the primitives.
constexpr bool is_nested_right(bytes_view in) {
  while (!in.empty()) {
    der::source s{.origin = in.data()};
    der::reader r(in, s);
    if (!r.skip({})) return false;
    const bytes_view one = in.first(in.size() - r.rest().size());
    const std::size_t header = one[1] < 0x80 ? 2 : 2u + (one[1] & 0x7fu);
    if ((one[0] & 0x20) != 0 && !is_nested_right(one.subview(header))) return false;
    in = r.rest();
  }
  return true;
}
constexpr std::size_t different(bytes_view a, bytes_view b) {
  std::size_t n = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) n += a[i] != b[i];
  return n;
}

constexpr msg::EncApRepPart rep_part{{1767225600}, {500000}, {}, 5};
template <class T>
constexpr bytes_view encoded(const T& v, std::span<std::uint8_t> buffer) {
  return must(asn1::encode(v, buffer));
}

constexpr bool same_seed() {
  std::array<std::uint8_t, 256> buffer{};
  const bytes_view name = encoded(alice.name, buffer);
  std::size_t others = 0;
  for (std::uint64_t seed = 0; seed != 20; ++seed) {
    const auto a = change<msg::PrincipalName>(name, seed), b = change<msg::PrincipalName>(name, seed);
    if (a.view() != b.view() || a.how.made != b.how.made || a.how.made == 0) return false;
    others += a.view() != change<msg::PrincipalName>(name, seed + 1000).view();
  }
  return others > 15;
}
KERB_BOTH("mutate: the same seed changes the same octets in the same way, and another seed in another", "[testing]",
          same_seed);

TEST_CASE("mutate: kinds that keep lengths right do so, and make what they are named after", "[testing]") {
  std::array<std::uint8_t, 256> buffer{};
  const bytes_view part = encoded(rep_part, buffer);
  REQUIRE(is_nested_right(part));
  for (std::uint64_t seed = 0; seed != 300; ++seed) {
    CAPTURE(seed);
    const auto run = [&](mutation m) {
      const auto c = change<msg::EncApRepPart>(part, seed, m);
      REQUIRE(c.how.has(m));
      return c;
    };
    const auto dropped = run(mutation::drop), repeated = run(mutation::repeat), resized = run(mutation::resize);
    CHECK((is_nested_right(dropped.view()) && dropped.how.size < part.size()));
    CHECK((is_nested_right(repeated.view()) && repeated.how.size > part.size()));
    CHECK((is_nested_right(resized.view()) && resized.how.size != part.size()));

    const auto turned = run(mutation::reorder);
    CHECK((is_nested_right(turned.view()) && turned.how.size == part.size() && turned.view() != part));
    CHECK_FALSE(asn1::decode<msg::EncApRepPart>(turned.view()));

    const auto tagged = run(mutation::retag), octet = run(mutation::octet);
    CHECK((tagged.how.size == part.size() && different(tagged.view(), part) == 1));
    CHECK((octet.how.size == part.size() && different(octet.view(), part) == 1 && is_nested_right(octet.view())));

    CHECK_FALSE(asn1::decode<msg::EncApRepPart>(run(mutation::lie).view(), der::strict));

    const auto time = run(mutation::time);
    CHECK(is_nested_right(time.view()));
    const auto other_time = asn1::decode<msg::EncApRepPart>(time.view());
    if (other_time) CHECK((other_time->ctime != rep_part.ctime && other_time->seq_number == 5u));
    else CHECK(std::string_view(other_time.error().field) == "ctime");

    const auto number = run(mutation::number);
    CHECK(is_nested_right(number.view()));
    const auto other_number = asn1::decode<msg::EncApRepPart>(number.view());
    if (other_number) {
      CHECK(other_number->ctime == rep_part.ctime);
      CHECK((other_number->cusec != rep_part.cusec) != (other_number->seq_number != rep_part.seq_number));
    }

    const auto cut = run(mutation::truncate);
    CHECK((cut.how.size < part.size() && cut.view() == part.first(cut.how.size)));
  }
}

TEST_CASE("mutate: names, enumerations, flags and copies change that alone", "[testing]") {
  std::array<std::uint8_t, 256> buffer{};
  const bytes_view name = encoded(alice.name, buffer);
  std::size_t decoded = 0;
  for (std::uint64_t seed = 0; seed != 300; ++seed) {
    CAPTURE(seed);
    const auto text = change<msg::PrincipalName>(name, seed, mutation::name);
    REQUIRE(text.how.has(mutation::name));
    const auto n = must(asn1::decode<msg::PrincipalName>(text.view()));
    CHECK((n.name_type == alice.name.name_type && n.name_string.size() == 2 && !same_name(n, alice.name)));

    const auto type = change<msg::PrincipalName>(name, seed, mutation::enumeration);
    REQUIRE(type.how.has(mutation::enumeration));
    const auto t = must(asn1::decode<msg::PrincipalName>(type.view()));
    CHECK((t.name_type != alice.name.name_type && same_name(t, alice.name)));

    const auto copy = change<msg::PrincipalName>(name, seed, mutation::graft);
    if (copy.how.has(mutation::graft)) {
      const auto c = must(asn1::decode<msg::PrincipalName>(copy.view()));
      auto first = c.name_string.begin(), second = c.name_string.begin();
      ++second;
      CHECK((*first == *second && c.name_string.size() == 2));
      ++decoded;
    }
  }
  CHECK(decoded > 100);
}

TEST_CASE("mutate: what is sealed is changed, and opens again under its keys", "[testing]") {
  ap_world w;
  const bytes_view request = w.mint();
  const key service = w.service_key(), session = w.session_key();
  const auto service_octets_sent = key_as_sent(w.service_etype, service_octets);
  const testing::mutation_key keys[] = {{service_octets_sent.keytype, service_octets_sent.keyvalue}};
  const auto original = must(asn1::decode<msg::ApReq>(request));
  std::size_t inside = 0, both = 0, accepted = 0;
  constexpr std::size_t seeds = 600;
  for (std::uint64_t seed = 0; seed != seeds; ++seed) {
    CAPTURE(seed);
    const auto c = change<msg::ApReq>(request, seed, {.keys = keys});
    CHECK(c.how.opened == 2);
    const auto r = asn1::decode<msg::ApReq>(c.view());
    if (!r || c.how.has(mutation::spoil)) continue;
    const bytes_view ticket = r->ticket->enc_part.cipher, auth = r->authenticator.cipher;
    const bool opens = w.policy.opens(service, key_usage_t::ticket, ticket) &&
                       w.policy.opens(session, key_usage_t::ap_req_authenticator, auth);
    both += opens;
    inside += opens && (ticket != original.ticket->enc_part.cipher || auth != original.authenticator.cipher);
    accepted += opens && w.present(c.view()).accepted && c.view() != request;
  }
  CHECK(both > seeds / 2);
  CHECK(inside > seeds / 3);
  CHECK(accepted > 5);  // beyond every check
}

TEST_CASE("mutate: a name that is in a ticket and its authenticator is changed in one of them or in both",
          "[testing]") {
  ap_world w;
  const bytes_view request = w.mint();
  const auto sent = key_as_sent(w.service_etype, service_octets);
  const testing::mutation_key keys[] = {{sent.keytype, sent.keyvalue}};
  std::size_t one = 0, both = 0;
  for (std::uint64_t seed = 0; seed != 200; ++seed) {
    const auto c = change<msg::ApReq>(request, seed, {.keys = keys, .only = mutation::name});
    const auto r = asn1::decode<msg::ApReq>(c.view());
    if (!r) continue;  // an octet that a realm must not have
    const auto plain = [](bytes_view cipher) { return cipher.subview(8, cipher.size() - 16); };
    const auto ticket = asn1::decode<msg::EncTicketPart>(plain(r->ticket->enc_part.cipher));
    const auto auth = asn1::decode<msg::Authenticator>(plain(r->authenticator.cipher));
    if (!ticket || !auth) continue;
    const principal_view a{ticket->cname, ticket->crealm}, b{auth->cname, auth->crealm};
    one += same_principal(a, alice) != same_principal(b, alice);
    both += same_principal(a, b) && !same_principal(a, alice);
  }
  CHECK(one > 20);
  CHECK(both > 20);
}

TEST_CASE("mutate: without the key nothing under a seal is changed but octets, and nothing opens", "[testing]") {
  ap_world w;
  const bytes_view request = w.mint();
  const auto original = must(asn1::decode<msg::ApReq>(request));
  for (std::uint64_t seed = 0; seed != 300; ++seed) {
    const auto c = change<msg::ApReq>(request, seed);
    CHECK(c.how.opened == 0);
    const auto r = asn1::decode<msg::ApReq>(c.view());
    if (!r || r->ticket->enc_part.cipher == original.ticket->enc_part.cipher) continue;
    CHECK_FALSE(w.policy.opens(w.service_key(), key_usage_t::ticket, r->ticket->enc_part.cipher));
  }
}

TEST_CASE("mutate: payload replaces what is sealed, and spoil breaks one seal", "[testing]") {
  ap_world w;
  const bytes_view request = w.mint();
  const auto sent = key_as_sent(w.service_etype, service_octets);
  const testing::mutation_key keys[] = {{sent.keytype, sent.keyvalue}};
  const auto original = must(asn1::decode<msg::ApReq>(request));
  for (std::uint64_t seed = 0; seed != 200; ++seed) {
    CAPTURE(seed);
    const auto payload = change<msg::ApReq>(request, seed, {.keys = keys, .only = mutation::payload});
    REQUIRE(payload.how.has(mutation::payload));
    const auto p = must(asn1::decode<msg::ApReq>(payload.view()));
    CHECK((p.ticket->enc_part.cipher != original.ticket->enc_part.cipher) !=
          (p.authenticator.cipher != original.authenticator.cipher));
    CHECK(w.policy.opens(w.service_key(), key_usage_t::ticket, p.ticket->enc_part.cipher));
    CHECK(w.policy.opens(w.session_key(), key_usage_t::ap_req_authenticator, p.authenticator.cipher));

    const auto broken = change<msg::ApReq>(request, seed, {.keys = keys, .only = mutation::spoil});
    REQUIRE(broken.how.has(mutation::spoil));
    CHECK(different(broken.view(), request) == 1);
    const auto b = must(asn1::decode<msg::ApReq>(broken.view()));
    CHECK(w.policy.opens(w.service_key(), key_usage_t::ticket, b.ticket->enc_part.cipher) !=
          w.policy.opens(w.session_key(), key_usage_t::ap_req_authenticator, b.authenticator.cipher));

    const auto flags = change<msg::ApReq>(request, seed, {.keys = keys, .only = mutation::flag});
    REQUIRE(flags.how.has(mutation::flag));
    const auto f = asn1::decode<msg::ApReq>(flags.view());
    if (f) CHECK(w.policy.opens(w.service_key(), key_usage_t::ticket, f->ticket->enc_part.cipher));
  }
}

TEST_CASE("mutate: a checksum of a KRB-SAFE is made again", "[testing]") {
  ap_world w;
  const auto sent = key_as_sent(etype_t::aes256_cts_hmac_sha1_96, session_octets);
  const key k = w.import(sent);
  const testing::mutation_key keys[] = {{sent.keytype, sent.keyvalue}};
  std::array<std::uint8_t, 8> mac{};
  std::array<std::uint8_t, 512> buffer{};
  const std::uint8_t text[] = {1, 2, 3, 4}, address[] = {127, 0, 0, 1};
  const msg::KrbSafeBody body{text, kerberos_time{1767225600}, microseconds{7}, 9, {addr_t::ipv4, address}, {}};
  const auto with = [&](bytes_view sum) {
    return msg::KrbSafe{captured<msg::KrbSafeBody>::of(body), {cksum_t::hmac_sha1_96_aes256, sum}};
  };
  const auto sign = [&](bytes_view whole, std::span<std::uint8_t> out) {
    const auto covered = must(asn1::with_replaced<&msg::KrbSafe::cksum>(whole, {}));
    const auto pieces = covered.pieces();
    return w.policy.sign(cksum_t::hmac_sha1_96_aes256, k, key_usage_t::krb_safe_cksum, pieces, out);
  };
  REQUIRE(sign(encoded(with(mac), buffer), mac) == errc::ok);
  std::array<std::uint8_t, 512> whole{};
  const bytes_view safe = encoded(with(mac), whole);
  for (const mutation m : {mutation::time, mutation::number, mutation::drop, mutation::resize}) {
    std::size_t verified = 0, decoded = 0;
    for (std::uint64_t seed = 0; seed != 200; ++seed) {
      const auto c = change<msg::KrbSafe>(safe, seed, {.keys = keys, .only = m});
      CHECK(c.how.opened == 1);
      const auto r = asn1::decode<msg::KrbSafe>(c.view());
      if (!r || r->safe_body.octets() == must(asn1::decode<msg::KrbSafe>(safe)).safe_body.octets()) continue;
      ++decoded;
      std::array<std::uint8_t, 8> own{};
      verified += sign(c.view(), own) == errc::ok && r->cksum.checksum == bytes_view(own);
    }
    CAPTURE(name_of(m));
    CHECK(decoded > 10);
    CHECK(verified == decoded);
  }
}

TEST_CASE("mutate: nothing is written outside the buffer, whatever its size", "[testing]") {
  ap_world w;
  const bytes_view request = w.mint();
  const auto sent = key_as_sent(w.service_etype, service_octets);
  const testing::mutation_key keys[] = {{sent.keytype, sent.keyvalue}};
  std::vector<std::uint8_t> octets(request.size() + 600);
  for (const std::size_t more : {0u, 1u, 2u, 3u, 20u, 200u}) {
    const std::size_t size = request.size() + more;
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
      for (std::size_t i = 0; i != octets.size(); ++i) octets[i] = i < request.size() ? request[i] : 0xcc;
      testing::mutated m;
      {
        const no_allocations none;
        m = mutate<msg::ApReq>(std::span(octets).first(size), request.size(), seed, {.keys = keys});
      }
      REQUIRE(m.size <= size);
      for (std::size_t i = size; i != octets.size(); ++i) REQUIRE(octets[i] == 0xcc);
    }
  }
  CHECK(mutate<msg::ApReq>({}, 0, 1).size == 0);
  CHECK(mutate<msg::ApReq>(std::span(octets).first(3), 100, 1).size <= 3);  // a size beyond the buffer
}

TEST_CASE("mutate: where a part is cut in the middle of another, the later changes stay inside the buffer",
          "[testing]") {
  constexpr auto input =
      "302902010530000424"
      "3022300fa103020102a2080406010203040506"
      "300fa103020113a2080406010203040506"_hex;
  std::vector<std::uint8_t> buffer(256 + 64, 0xee);
  for (std::uint64_t seed = 0; seed != 3000; ++seed) {
    std::copy(input.begin(), input.end(), buffer.begin());
    const auto c = mutate<msg::Checksum>(std::span(buffer).first(256), input.size(), seed);
    REQUIRE(c.size <= 256);
    for (std::size_t i = 256; i != buffer.size(); ++i) REQUIRE(buffer[i] == 0xee);
  }
}

TEST_CASE("mutate: an empty input becomes a message, and octets that are none are changed without a schema",
          "[testing]") {
  std::array<std::uint8_t, 512> buffer{};
  const auto m = mutate<msg::ApReq>(buffer, 0, 3, {.keys = {}, .only = mutation::enumeration});
  CHECK(m.size > 40);
  CHECK(buffer[0] == 0x6e);
  const std::uint8_t strange[] = {0x30, 0x08, 0x02, 0x01, 0x05, 0x04, 0x03, 0x30, 0x01, 0x00};
  std::size_t others = 0;
  for (std::uint64_t seed = 0; seed != 100; ++seed) {
    const auto c = change<msg::ApReq>(strange, seed);
    others += c.view() != bytes_view(strange);
  }
  CHECK(others > 80);
  const std::uint8_t none[] = {0x1f, 0xff};
  CHECK(change<msg::ApReq>(none, 1).how.has(mutation::truncate));
}

TEST_CASE("mutate: of several types it finds the one that the octets are", "[testing]") {
  ap_world w;
  const bytes_view request = w.mint();
  const auto sent = key_as_sent(w.service_etype, service_octets);
  const testing::mutation_key keys[] = {{sent.keytype, sent.keyvalue}};
  for (std::uint64_t seed = 0; seed != 20; ++seed) {
    changed<> one = change<msg::ApReq>(request, seed, {.keys = keys});
    changed<> c;
    for (std::size_t i = 0; i != request.size(); ++i) c.octets[i] = request[i];
    c.how = mutate<msg::ApRep, msg::ApReq, msg::KrbError>(c.octets, request.size(), seed, {.keys = keys});
    CHECK(c.view() == one.view());
  }
}

/// A thousand seeds on one of MIT krb5's encodings, and each change on the result of the last as well.
template <class T>
void a_thousand(bytes_view in) {
  std::size_t decoded = 0, refused = 0, unchanged = 0;
  changed<> last;
  for (std::uint64_t seed = 0; seed != 1000; ++seed) {
    const auto c = change<T>(in, seed);
    const auto v = asn1::decode<T>(c.view());
    decoded += v.has_value();
    refused += !v && v.error().code != errc::ok && v.error().code != errc::api_misuse;
    unchanged += c.view() == in;
    if (seed % 50 == 0) last = c;
    last.how = mutate<T>(last.octets, last.how.size, seed);
    REQUIRE(last.how.size <= last.octets.size());
  }
  CAPTURE(asn1::detail::spelling<T>(), decoded, refused, unchanged);
  CHECK(decoded + refused == 1000);
  CHECK(decoded > 100);
  CHECK(refused > 100);
  CHECK(unchanged < 50);
}

TEST_CASE("mutate: of a thousand changes of each message many decode, and the others are refused", "[testing]") {
  a_thousand<msg::AsReq>(reference("AS-REQ: as_req"));
  a_thousand<msg::TgsReq>(reference("TGS-REQ: tgs_req"));
  a_thousand<msg::AsRep>(reference("AS-REP: as_rep(optionals NULL)"));
  a_thousand<msg::ApReq>(reference("AP-REQ: ap_req"));
  a_thousand<msg::ApRep>(reference("AP-REP: ap_rep"));
  a_thousand<msg::KrbError>(reference("KRB-ERROR: error(optionals NULL)"));
  a_thousand<msg::EncTicketPart>(reference("EncTicketPart: enc_tkt_part(optionals NULL)"));
  a_thousand<msg::Authenticator>(reference("Authenticator: authenticator"));
  a_thousand<msg::KdcReqBody>(reference("KDC-REQ-BODY: kdc_req_body"));
}

}  // namespace
