// Channel bindings: their hash (RFC 4121 section 4.1.1.2), and those of TLS out of certificates.
#include <kerb/asn1/encode.hpp>
#include <kerb/core/hex.hpp>
#include <kerb/crypto/botan.hpp>
#include <kerb/exchange/channel_bindings.hpp>
#include <kerb/testing/insecure.hpp>
#include <type_traits>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "vectors.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::no_allocations;

namespace {

/// Keeps what it is asked to hash.
class listening_policy : public testing::insecure_policy {
 public:
  std::array<std::uint8_t, 256> heard{};
  std::size_t octets = 0;
  hash_id asked{};
  errc answer = errc::ok;
  constexpr errc hash(hash_id h, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    asked = h;
    for (bytes_view p : pieces)
      for (std::uint8_t b : p) heard[octets++] = b;
    return answer == errc::ok ? testing::insecure_policy::hash(h, pieces, out) : answer;
  }
};
static_assert(crypto_policy<listening_policy>);

constexpr bytes_view text_of(const listening_policy& p) { return bytes_view(p.heard).first(p.octets); }

constexpr channel_bindings bindings_of(const kerb_test::bindings_vector& v) {
  return {static_cast<gss_addr_t>(v.initiator_addrtype), v.initiator_address,
          static_cast<gss_addr_t>(v.acceptor_addrtype), v.acceptor_address, v.application_data};
}

KERB_BOTH("hash_bindings: every field and every length, in order and little-endian, under MD5",
          "[exchange][rfc4121-4.1.1.2]", [] {
            listening_policy p;
            std::array<std::uint8_t, 16> out{};
            constexpr auto ia = "c0000201"_hex;
            constexpr auto aa = "aabbcc"_hex;
            constexpr auto data = "00ff"_hex;
            const channel_bindings b{gss_addr_t::inet, ia, static_cast<gss_addr_t>(0x01020304), aa, data};
            constexpr auto all =
                "0200000004000000c0000201"
                "0403020103000000aabbcc"
                "0200000000ff"_hex;
            return hash_bindings(p, b, out) == errc::ok && p.asked == hash_id::md5 && text_of(p) == bytes_view(all);
          });

KERB_BOTH("hash_bindings: what is empty has a length of zero, and nothing else", "[exchange][rfc4121-4.1.1.2]", [] {
  listening_policy p;
  std::array<std::uint8_t, 16> out{};
  if (hash_bindings(p, {}, out) != errc::ok || p.octets != 20) return false;
  for (std::uint8_t b : text_of(p))
    if (b != 0) return false;
  return true;
});

KERB_BOTH("hash_bindings: a policy without MD5 gives its own error", "[exchange][rfc4121-4.1.1.2]", [] {
  listening_policy p;
  p.answer = errc::crypto_backend;
  std::array<std::uint8_t, 16> out{};
  return hash_bindings(p, {}, out) == errc::crypto_backend;
});

TEST_CASE("hash_bindings: gives the known hashes", "[exchange][rfc4121-4.1.1.2]") {
  botan::policy p;
  for (const auto& v : kerb_test::bindings_vectors) {
    INFO(v.name);
    std::array<std::uint8_t, 16> out{};
    REQUIRE(hash_bindings(p, bindings_of(v), out) == errc::ok);
    CHECK(bytes_view(out) == v.hash);
  }
}

TEST_CASE("hash_bindings: a field of four gigaoctets is refused before it is read", "[exchange][rfc4121-4.1.1.2]") {
  if constexpr (sizeof(std::size_t) > 4) {
    testing::insecure_policy p;
    std::array<std::uint8_t, 16> out{};
    const bytes_view endless(out.data(), std::size_t{1} << 32);
    CHECK(hash_bindings(p, {.initiator_address = endless}, out) == errc::input_too_large);
    CHECK(hash_bindings(p, {.acceptor_address = endless}, out) == errc::input_too_large);
    CHECK(hash_bindings(p, {.application_data = endless}, out) == errc::input_too_large);
    struct deaf : testing::insecure_policy {  // reads nothing
      constexpr errc hash(hash_id, view_of<bytes_view>, std::span<std::uint8_t>) noexcept { return errc::ok; }
    } d;
    CHECK(hash_bindings(d, {.application_data = {out.data(), 0xffffffffu}}, out) == errc::ok);
    CHECK(hash_bindings(d, {.application_data = endless}, out) == errc::input_too_large);
  }
}

KERB_BOTH("gss_addr_t: has the RFC's words, and none for other numbers", "[exchange][rfc2744-3.11][rfc4757-7.1]", [] {
  constexpr std::string_view words[] = {"UNSPEC",    "LOCAL",   "INET",  "IMPLINK", "PUP",     "CHAOS", "NS",  "NBS",
                                        "ECMA",      "DATAKIT", "CCITT", "SNA",     "DECnet",  "DLI",   "LAT", "HYLINK",
                                        "APPLETALK", "BSC",     "DSS",   "OSI",     "NETBIOS", "X25"};
  for (std::uint32_t n = 0; n != 300; ++n) {
    const std::string_view word = n < std::size(words) ? words[n] : n == 255 ? "NULLADDR" : "";
    const std::string_view name = name_of(gss_addr_t{n});
    if (word.empty() ? !name.empty() : !name.starts_with("GSS_C_AF_") || name.substr(9) != word) return false;
  }
  return true;
});

// ---- certificates

constexpr hash_id hash_called(std::string_view name) {
  return name == "sha256" ? hash_id::sha256 : name == "sha384" ? hash_id::sha384 : hash_id::sha512;
}

KERB_BOTH("end_point_hash: the signature's hash, SHA-256 for weak ones, an error where there is not one",
          "[exchange][rfc5929]", [] {
            for (const auto& v : kerb_test::certificate_vectors) {
              const auto h = end_point_hash(v.certificate);
              if (v.result == "unsupported_hash") {
                if (h || h.error().code != errc::unsupported_hash ||
                    h.error().type != std::string_view("Certificate") ||
                    h.error().field != std::string_view("signatureAlgorithm")) {
                  return false;
                }
              } else if (!h || *h != hash_called(v.result)) {
                return false;
              }
            }
            return true;
          });

TEST_CASE("tls_binding: tls-server-end-point is the certificate's hash", "[exchange][rfc5929][rfc5056-2.1]") {
  botan::policy p;
  const std::string_view prefix = "tls-server-end-point:";
  for (const auto& v : kerb_test::certificate_vectors) {
    INFO(v.name);
    const auto b = tls_binding::server_end_point(p, v.certificate);
    REQUIRE(b.has_value() == !v.hash.empty());
    if (!b) {
      CHECK(b.error().code == errc::unsupported_hash);
      continue;
    }
    REQUIRE(b->octets().size() == prefix.size() + v.hash.size());
    CHECK(b->octets().first(prefix.size()) == octets_of(prefix));
    CHECK(b->octets().subview(prefix.size()) == v.hash);
    const auto same = tls_binding::server_end_point_hash(v.hash);
    REQUIRE(same);
    CHECK(same->octets() == b->octets());
  }
}

TEST_CASE("tls_binding: its bindings hash to the known values", "[exchange][rfc4121-4.1.1.2][rfc9266][rfc5929]") {
  botan::policy p;
  std::array<std::uint8_t, 32> exported{};
  for (std::size_t i = 0; i != exported.size(); ++i) exported[i] = static_cast<std::uint8_t>(i);
  std::array<std::uint8_t, 32> digest{};
  const bytes_view certificate[] = {octets_of("certificate")};
  REQUIRE(p.hash(hash_id::sha256, certificate, digest) == errc::ok);
  int seen = 0;
  for (const auto& v : kerb_test::bindings_vectors) {
    if (!v.name.starts_with("tls-")) continue;
    const auto b =
        v.name == "tls-exporter" ? tls_binding::exporter(exported) : tls_binding::server_end_point_hash(digest);
    REQUIRE(b);
    CHECK(b->bindings().application_data == v.application_data);
    std::array<std::uint8_t, 16> out{};
    REQUIRE(hash_bindings(p, b->bindings(), out) == errc::ok);
    CHECK(bytes_view(out) == v.hash);
    ++seen;
  }
  CHECK(seen == 2);
}

TEST_CASE("tls_binding: tls-unique is the first Finished message of TLS 1.2, as OpenSSL gives it",
          "[exchange][rfc5929-3][rfc5056-2.1]") {
  // Python's get_channel_binding("tls-unique"), and MD5 of five lengths and "tls-unique:" before it, by Python's
  // hashlib
  constexpr auto finished = "a34aa2dbca074ebbe5ef445d"_hex;
  constexpr auto hash = "0191e99fd55f360e79b010cb98679940"_hex;
  const auto b = tls_binding::unique(finished);
  REQUIRE(b);
  CHECK(b->name() == octets_of("tls-unique"));
  CHECK(b->data() == bytes_view(finished));
  botan::policy p;
  std::array<std::uint8_t, 16> out{};
  REQUIRE(hash_bindings(p, b->bindings(), out) == errc::ok);
  CHECK(bytes_view(out) == bytes_view(hash));
}

KERB_BOTH("tls_binding: has no addresses, and views its own octets after a move", "[exchange][rfc9266]", [] {
  const std::array<std::uint8_t, 32> exported{1, 2, 3};
  auto made = tls_binding::exporter(exported);
  if (!made) return false;
  const tls_binding b = std::move(*made);
  const channel_bindings c = b.bindings();
  return c.initiator_addrtype == gss_addr_t::unspec && c.acceptor_addrtype == gss_addr_t::unspec &&
         c.initiator_address.empty() && c.acceptor_address.empty() && c.application_data.data() == b.octets().data() &&
         c.application_data.size() == 45 && c.application_data[12] == ':' && c.application_data[13] == 1;
});
template <class B>
concept gives_bindings = requires(B b) {
  static_cast<B&&>(b).bindings();
};
static_assert(gives_bindings<const tls_binding&>);
static_assert(!gives_bindings<tls_binding>);

KERB_BOTH("tls_binding: octets of another size are a mistake", "[exchange][rfc9266][rfc5929]", [] {
  const std::array<std::uint8_t, 80> octets{};
  for (std::size_t n = 0; n <= octets.size(); ++n) {
    const auto e = tls_binding::exporter(bytes_view(octets).first(n));
    if (e.has_value() != (n == 32) || (!e && e.error().code != errc::api_misuse)) return false;
    const auto h = tls_binding::server_end_point_hash(bytes_view(octets).first(n));
    if (h.has_value() != (n == 28 || n == 32 || n == 48 || n == 64)) return false;
    if (!h && h.error().code != errc::api_misuse) return false;
    // 32 and 48 octets are a Finished message of TLS 1.3, which has no tls-unique
    const auto u = tls_binding::unique(bytes_view(octets).first(n));
    if (u.has_value() != (n == 12) || (!u && u.error().code != errc::api_misuse)) return false;
  }
  return true;
});

/// A library that has no hashes.
class hashless_policy : public testing::insecure_policy {
 public:
  constexpr errc hash(hash_id, view_of<bytes_view>, std::span<std::uint8_t>) noexcept { return errc::crypto_backend; }
};

TEST_CASE("tls_binding: a library without the hash gives its own error", "[exchange][rfc5929]") {
  hashless_policy p;
  testing::insecure_policy has;
  for (const auto& v : kerb_test::certificate_vectors) {
    CHECK(tls_binding::server_end_point(has, v.certificate).has_value() == !v.hash.empty());
    const auto b = tls_binding::server_end_point(p, v.certificate);
    REQUIRE(!b);
    CHECK(b.error().code == (v.hash.empty() ? errc::unsupported_hash : errc::crypto_backend));
  }
}

// ---- hostile certificates

TEST_CASE("end_point_hash: a certificate that is cut or goes on is refused where it is wrong", "[exchange][rfc5929]") {
  for (const auto& v : kerb_test::certificate_vectors) {
    for (std::size_t n = 0; n != v.certificate.size(); ++n) {
      const std::vector<std::uint8_t> cut(v.certificate.begin(),
                                          v.certificate.begin() + static_cast<std::ptrdiff_t>(n));
      const auto h = end_point_hash(cut);
      REQUIRE(!h);
      REQUIRE(h.error().code == errc::truncated);
    }
    std::vector<std::uint8_t> longer(v.certificate.begin(), v.certificate.end());
    longer.push_back(0);
    CHECK(end_point_hash(longer).error().code == errc::trailing_data);
  }
}

TEST_CASE("end_point_hash: whatever bit is wrong, it is an error or a hash of a certificate", "[exchange][rfc5929]") {
  for (const auto& v : kerb_test::certificate_vectors) {
    std::vector<std::uint8_t> bad(v.certificate.begin(), v.certificate.end());
    for (std::size_t at = 0; at != bad.size(); ++at) {
      for (int bit = 0; bit != 8; ++bit) {
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ 1 << bit);
        const auto h = end_point_hash(bad);
        if (h) REQUIRE((*h == hash_id::sha256 || *h == hash_id::sha384 || *h == hash_id::sha512));
        else REQUIRE((is_malformed(h.error().code) || h.error().code == errc::unsupported_hash));
        bad[at] = v.certificate[at];
      }
    }
  }
}

constexpr auto nothing_signed = "3000"_hex;
/// What end_point_hash says of a certificate that is signed so; the offset is counted from the algorithm.
constexpr result<hash_id> hash_of_signed(object_identifier algorithm, std::optional<bytes_view> parameters) {
  std::array<std::uint8_t, 256> buffer{};
  msg::Certificate c{{nothing_signed}, {algorithm, {}}, {}};
  if (parameters) c.signature_algorithm.parameters = asn1::any_value{*parameters};
  const auto out = asn1::encode(c, buffer);
  return out ? end_point_hash(*out) : out.error();
}
constexpr bool unsupported(const result<hash_id>& h) {
  // behind the headers of the certificate, the certified, the algorithm and its number
  return !h && h.error().code == errc::unsupported_hash && h.error().offset == 8;
}

KERB_BOTH("end_point_hash: knows the numbers of RSA and ECDSA", "[exchange][rfc5929]", [] {
  const auto is = [](object_identifier algorithm, hash_id h) {
    const auto r = hash_of_signed(algorithm, std::nullopt);
    return r && *r == h;
  };
  return is("1.2.840.113549.1.1.4"_oid, hash_id::sha256) && is("1.2.840.113549.1.1.5"_oid, hash_id::sha256) &&
         is("1.2.840.113549.1.1.11"_oid, hash_id::sha256) && is("1.2.840.113549.1.1.12"_oid, hash_id::sha384) &&
         is("1.2.840.113549.1.1.13"_oid, hash_id::sha512) && is("1.2.840.10045.4.1"_oid, hash_id::sha256) &&
         is("1.2.840.10045.4.3.2"_oid, hash_id::sha256) && is("1.2.840.10045.4.3.3"_oid, hash_id::sha384) &&
         is("1.2.840.10045.4.3.4"_oid, hash_id::sha512) &&
         unsupported(hash_of_signed("1.2.840.113549.1.1.2"_oid, std::nullopt)) &&   // MD2
         unsupported(hash_of_signed("1.2.840.113549.1.1.14"_oid, std::nullopt)) &&  // SHA-224
         unsupported(hash_of_signed("1.2.840.113549.1.1"_oid, std::nullopt)) &&
         unsupported(hash_of_signed("1.3.101.112"_oid, std::nullopt));
});

KERB_BOTH("end_point_hash: RSASSA-PSS has one hash function or none that counts", "[exchange][rfc5929]", [] {
  constexpr object_identifier pss = "1.2.840.113549.1.1.10"_oid;
  const auto is = [&](bytes_view parameters, hash_id h) {
    const auto r = hash_of_signed(pss, parameters);
    return r && *r == h;
  };
  const auto says = [&](std::optional<bytes_view> parameters, errc code) {
    const auto r = hash_of_signed(pss, parameters);
    return !r && r.error().code == code && r.error().offset == 8 &&
           r.error().field == std::string_view("signatureAlgorithm");
  };
  constexpr auto none = "3000"_hex;  // SHA-1 and MGF1 with SHA-1
  constexpr auto both =
      "302da00d300b0609608648016503040201a11c301a06092a864886f70d010108300d06096086480165030402010500"_hex;
  constexpr auto hash_alone = "300fa00d300b0609608648016503040201"_hex;  // SHA-256, and SHA-1 for the mask
  constexpr auto mask_alone = "301ca11a301806092a864886f70d010108300b0609608648016503040201"_hex;
  constexpr auto sha224 =
      "302ba00d300b0609608648016503040204a11a301806092a864886f70d010108300b0609608648016503040204"_hex;
  constexpr auto other_mask = "3027a00d300b0609608648016503040201a116301406052a03040506300b0609608648016503040201"_hex;
  constexpr auto mask_of_nothing = "300fa10d300b06092a864886f70d010108"_hex;
  constexpr auto mask_of_null = "3011a10f300d06092a864886f70d0101080500"_hex;
  constexpr auto field_4 = "3005a403020101"_hex;
  constexpr auto null = "0500"_hex;
  return is(none, hash_id::sha256) && is(both, hash_id::sha256) && says(hash_alone, errc::unsupported_hash) &&
         says(mask_alone, errc::unsupported_hash) && says(sha224, errc::unsupported_hash) &&
         says(other_mask, errc::unsupported_hash) && says(mask_of_nothing, errc::unsupported_hash) &&
         says(mask_of_null, errc::unexpected_tag) && says(field_4, errc::trailing_data) &&
         says(null, errc::unexpected_tag) && says(std::nullopt, errc::missing_field);
});

TEST_CASE("channel bindings: allocate nothing", "[exchange]") {
  testing::insecure_policy p;
  bool good = false;
  {
    no_allocations guard;
    std::array<std::uint8_t, 16> out{};
    const auto b = tls_binding::server_end_point(p, kerb_test::certificate_vectors[1].certificate);
    good = b && hash_bindings(p, b->bindings(), out) == errc::ok;
  }
  CHECK(good);
}

}  // namespace
