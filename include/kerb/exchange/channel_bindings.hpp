// Channel bindings of GSS-API and their hash (RFC 4121 section 4.1.1.2), and those of TLS (RFC 5929, RFC 9266).
#pragma once
#include "../asn1/decode.hpp"
#include "../crypto/policy.hpp"
#include "../msg/gss.hpp"
#include "../msg/pkix.hpp"

namespace kerb::inline v0 {

/// Address types of GSS-API's channel bindings (GSS_C_AF_...), RFC 2744 section 3.11 and
/// RFC 4757 section 7.1. They differ from Kerberos's address types. Open.
enum class gss_addr_t : std::uint32_t {
  unspec = 0,
  local = 1,
  inet = 2,
  implink = 3,
  pup = 4,
  chaos = 5,
  ns = 6,
  nbs = 7,
  ecma = 8,
  datakit = 9,
  ccitt = 10,
  sna = 11,
  decnet = 12,
  dli = 13,
  lat = 14,
  hylink = 15,
  appletalk = 16,
  bsc = 17,
  dss = 18,
  osi = 19,
  netbios = 20,  // RFC 4757 section 7.1
  x25 = 21,
  nulladdr = 255,
};
/// Returns the RFC's name ("GSS_C_AF_INET"), or an empty string for a number without a name.
constexpr std::string_view name_of(gss_addr_t n) {
  switch (n) {
    case gss_addr_t::unspec: return "GSS_C_AF_UNSPEC";
    case gss_addr_t::local: return "GSS_C_AF_LOCAL";
    case gss_addr_t::inet: return "GSS_C_AF_INET";
    case gss_addr_t::implink: return "GSS_C_AF_IMPLINK";
    case gss_addr_t::pup: return "GSS_C_AF_PUP";
    case gss_addr_t::chaos: return "GSS_C_AF_CHAOS";
    case gss_addr_t::ns: return "GSS_C_AF_NS";
    case gss_addr_t::nbs: return "GSS_C_AF_NBS";
    case gss_addr_t::ecma: return "GSS_C_AF_ECMA";
    case gss_addr_t::datakit: return "GSS_C_AF_DATAKIT";
    case gss_addr_t::ccitt: return "GSS_C_AF_CCITT";
    case gss_addr_t::sna: return "GSS_C_AF_SNA";
    case gss_addr_t::decnet: return "GSS_C_AF_DECnet";
    case gss_addr_t::dli: return "GSS_C_AF_DLI";
    case gss_addr_t::lat: return "GSS_C_AF_LAT";
    case gss_addr_t::hylink: return "GSS_C_AF_HYLINK";
    case gss_addr_t::appletalk: return "GSS_C_AF_APPLETALK";
    case gss_addr_t::bsc: return "GSS_C_AF_BSC";
    case gss_addr_t::dss: return "GSS_C_AF_DSS";
    case gss_addr_t::osi: return "GSS_C_AF_OSI";
    case gss_addr_t::netbios: return "GSS_C_AF_NETBIOS";
    case gss_addr_t::x25: return "GSS_C_AF_X25";
    case gss_addr_t::nulladdr: return "GSS_C_AF_NULLADDR";
    default: return "";
  }
}

/// The channel that a context is bound to, RFC 2744 section 3.11; both sides must use the same
/// values. A view; nothing in it is confidential. Bindings to TLS leave the address types zero and
/// the addresses empty, as all peers do.
struct channel_bindings {
  gss_addr_t initiator_addrtype{};
  bytes_view initiator_address{};
  gss_addr_t acceptor_addrtype{};
  bytes_view acceptor_address{};
  bytes_view application_data{};
};

/// Hashes channel bindings with MD5, as RFC 4121 section 4.1.1.2 prescribes for the field Bnd of an
/// authenticator's checksum. Both sides compare this hash. Returns errc::input_too_large when a
/// field has 2^32 octets or more, or the policy's error. After a failure the contents of `out` are
/// unspecified.
template <crypto_policy C>
[[nodiscard]] constexpr errc hash_bindings(C& policy, const channel_bindings& b,
                                           std::span<std::uint8_t, gss_checksum::bnd_size> out) {
  // RFC 4121 section 4.1.1.2: each integer and each length in four octets, least significant first;
  // also for empty fields
  std::array<std::uint8_t, 20> n{};
  const auto put = [&n](std::size_t at, std::size_t v) {
    for (std::size_t i = 0; i != 4; ++i) n[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
  };
  for (bytes_view v : {b.initiator_address, b.acceptor_address, b.application_data})
    if (v.size() > 0xffffffffu) return errc::input_too_large;
  put(0, static_cast<std::uint32_t>(b.initiator_addrtype));
  put(4, b.initiator_address.size());
  put(8, static_cast<std::uint32_t>(b.acceptor_addrtype));
  put(12, b.acceptor_address.size());
  put(16, b.application_data.size());
  const bytes_view numbers(n);
  const bytes_view pieces[] = {numbers.first(8),   b.initiator_address, numbers.subview(8, 8),
                               b.acceptor_address, numbers.subview(16), b.application_data};
  return policy.hash(hash_id::md5, pieces, out);
}

namespace detail {
/// The hash functions of signatures, by object identifier: alone, and as part of a signature
/// algorithm.
struct hash_name {
  object_identifier algorithm;
  hash_id hash;
};
inline constexpr hash_name plain_hashes[] = {
    {"1.2.840.113549.2.5"_oid, hash_id::md5},        {"1.3.14.3.2.26"_oid, hash_id::sha1},
    {"2.16.840.1.101.3.4.2.1"_oid, hash_id::sha256}, {"2.16.840.1.101.3.4.2.2"_oid, hash_id::sha384},
    {"2.16.840.1.101.3.4.2.3"_oid, hash_id::sha512},
};
inline constexpr hash_name signature_hashes[] = {
    {"1.2.840.113549.1.1.11"_oid, hash_id::sha256},  // RSA
    {"1.2.840.113549.1.1.12"_oid, hash_id::sha384}, {"1.2.840.113549.1.1.13"_oid, hash_id::sha512},
    {"1.2.840.113549.1.1.5"_oid, hash_id::sha1},    {"1.2.840.113549.1.1.4"_oid, hash_id::md5},
    {"1.2.840.10045.4.3.2"_oid, hash_id::sha256},  // ECDSA
    {"1.2.840.10045.4.3.3"_oid, hash_id::sha384},   {"1.2.840.10045.4.3.4"_oid, hash_id::sha512},
    {"1.2.840.10045.4.1"_oid, hash_id::sha1},
};
constexpr result<hash_id> hash_named(object_identifier id, view_of<hash_name> among) {
  for (const hash_name& n : among)
    if (n.algorithm == id) return n.hash;
  return errc::unsupported_hash;
}
/// The hash function of RSASSA-PSS, when message and mask use the same one. RFC 5929 defines no
/// binding for two different ones.
constexpr result<hash_id> pss_hash(const msg::AlgorithmIdentifier& a) {
  if (!a.parameters) return errc::missing_field;
  const auto p = asn1::decode<msg::RsassaPssParams>(a.parameters->der, der::strict);
  if (!p) return p.error();
  result<hash_id> hash = hash_id::sha1, mask = hash_id::sha1;
  if (p->hash_algorithm) hash = hash_named(p->hash_algorithm->algorithm, plain_hashes);
  if (p->mask_gen_algorithm) {
    const msg::AlgorithmIdentifier& mgf = *p->mask_gen_algorithm;
    if (mgf.algorithm != "1.2.840.113549.1.1.8"_oid || !mgf.parameters) return errc::unsupported_hash;
    const auto of = asn1::decode<msg::AlgorithmIdentifier>(mgf.parameters->der, der::strict);
    if (!of) return of.error();
    mask = hash_named(of->algorithm, plain_hashes);
  }
  if (!hash || !mask || *hash != *mask) return errc::unsupported_hash;
  return hash;
}
}  // namespace detail

/// Returns the hash function that tls-server-end-point uses for this certificate (RFC 5929): the
/// one of its signature, with SHA-256 instead of MD5 and SHA-1. Returns errc::unsupported_hash when
/// the signature has no hash function (Ed25519), two different ones, or an unknown one; or the
/// error of decoding the certificate.
constexpr result<hash_id> end_point_hash(bytes_view certificate) {
  const auto c = asn1::decode<msg::Certificate>(certificate, der::strict);
  if (!c) return c.error();
  const msg::AlgorithmIdentifier& a = c->signature_algorithm;
  const result<hash_id> h = a.algorithm == "1.2.840.113549.1.1.10"_oid
                                ? detail::pss_hash(a)
                                : detail::hash_named(a.algorithm, detail::signature_hashes);
  if (!h) {
    return error{.code = h.error().code,
                 .offset = static_cast<std::uint32_t>(a.algorithm.octets.data() - certificate.data()),
                 .type = "Certificate",
                 .field = "signatureAlgorithm"};
  }
  return *h == hash_id::md5 || *h == hash_id::sha1 ? hash_id::sha256 : *h;
}

/// Channel bindings to a TLS connection; owns their octets. Both sides must use the same type of
/// binding. Active Directory and most HTTP servers use tls-server-end-point. tls-unique and tls-exporter
/// identify the connection itself, also if several servers have the same certificate.
class tls_binding {
 public:
  /// tls-exporter, RFC 9266. `exported` is the 32 octets that the connection exports for the label
  /// "EXPORTER-Channel-Binding" with a context of zero octets, which in TLS 1.2 is not the same as no context
  /// (RFC 5705 section 4); any other size is errc::api_misuse. Use it only
  /// with TLS 1.3, or with TLS 1.2 that has an extended master secret and no renegotiation.
  static constexpr result<tls_binding> exporter(bytes_view exported) {
    if (exported.size() != 32) return errc::api_misuse;
    return tls_binding("tls-exporter:", exported);
  }
  /// tls-unique, RFC 5929 section 3, for TLS up to 1.2. `first_finished` is the verify_data of the first
  /// Finished message of the connection's latest handshake: the client's in a full handshake, the
  /// server's in one that resumes a session. Any size but 12 octets is errc::api_misuse. TLS 1.3 does
  /// not define this binding (RFC 9266); its Finished messages have 32 or 48 octets, and so they are
  /// refused.
  ///
  /// Use it only with an extended master secret (RFC 7627): without it a man in the middle can give two
  /// connections the same Finished messages by resuming a session. After a renegotiation the binding is
  /// another one, so both sides must compute it between the same two handshakes.
  static constexpr result<tls_binding> unique(bytes_view first_finished) {
    if (first_finished.size() != 12) return errc::api_misuse;
    return tls_binding("tls-unique:", first_finished);
  }
  /// tls-server-end-point, RFC 5929: a hash of the server's certificate. `certificate` is the DER
  /// that the TLS connection transmitted. Errors are those of end_point_hash() and of the policy.
  template <crypto_policy C>
  static constexpr result<tls_binding> server_end_point(C& policy, bytes_view certificate) {
    const result<hash_id> h = end_point_hash(certificate);
    if (!h) return h.error();
    std::array<std::uint8_t, max_hash_octets> whole{};
    const std::span<std::uint8_t> out = std::span(whole).first(hash_octets(*h));
    const bytes_view pieces[] = {certificate};
    if (const errc why = policy.hash(*h, pieces, out); why != errc::ok) return why;
    return tls_binding("tls-server-end-point:", bytes_view(out));
  }
  /// The same from the hash of the certificate. Returns errc::api_misuse unless the size is that of
  /// a SHA-2 hash.
  static constexpr result<tls_binding> server_end_point_hash(bytes_view hash) {
    const std::size_t n = hash.size();
    if (n != 28 && n != 32 && n != 48 && n != 64) return errc::api_misuse;
    return tls_binding("tls-server-end-point:", hash);
  }

  /// The bindings, as views into this object.
  constexpr channel_bindings bindings() const& KERB_LIFETIMEBOUND { return {.application_data = octets()}; }
  void bindings() const&& = delete;
  /// The binding's name, a colon and its data (RFC 5056 section 2.1), as a view into this object.
  constexpr bytes_view octets() const& KERB_LIFETIMEBOUND { return bytes_view(octets_).first(size_); }
  void octets() const&& = delete;
  /// The binding's name alone, and its data alone, as views into this object.
  constexpr bytes_view name() const& KERB_LIFETIMEBOUND { return octets().first(name_size_); }
  void name() const&& = delete;
  constexpr bytes_view data() const& KERB_LIFETIMEBOUND { return octets().subview(name_size_ + 1); }
  void data() const&& = delete;

 private:
  constexpr tls_binding(std::string_view name_and_colon, bytes_view data) {
    for (char c : name_and_colon) octets_[size_++] = static_cast<std::uint8_t>(c);
    name_size_ = size_ - 1;
    detail::copy_octets(data.data(), data.size(), octets_.data() + size_);
    size_ += data.size();
  }
  std::array<std::uint8_t, 21 + max_hash_octets> octets_{};
  std::size_t size_ = 0, name_size_ = 0;
};

}  // namespace kerb::inline v0
