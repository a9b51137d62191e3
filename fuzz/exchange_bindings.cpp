// Certificates of any octets, for the channel bindings that are made of them.
#include <kerb/botan.hpp>
#include <kerb/exchange/channel_bindings.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static botan::policy policy;
  const bytes_view certificate(data, size);
  const auto hash = end_point_hash(certificate);
  const auto binding = tls_binding::server_end_point(policy, certificate);
  require(hash.has_value() == binding.has_value(), "is bound to where it has a hash");
  if (!hash) {
    const error e = hash.error();
    require(is_malformed(e.code) || e.code == errc::unsupported_hash, "says why");
    require(e.offset <= size, "points into the certificate");
    require(binding.error().code == e.code && binding.error().offset == e.offset, "says the same");
    return 0;
  }
  require(*hash == hash_id::sha256 || *hash == hash_id::sha384 || *hash == hash_id::sha512, "has no weak hash");
  const std::string_view prefix = "tls-server-end-point:";
  const bytes_view octets = binding->octets();
  require(octets.size() == prefix.size() + hash_octets(*hash), "is as long as name and hash");
  require(octets.first(prefix.size()) == octets_of(prefix), "has its name");
  const auto c = asn1::decode<msg::Certificate>(certificate, der::strict);
  require(c && asn1::encoded_size(*c) == size, "is one certificate");

  std::array<std::uint8_t, gss_checksum::bnd_size> bnd{}, swapped{};
  const channel_bindings b = binding->bindings();
  require(hash_bindings(policy, b, bnd) == errc::ok, "is hashed");
  require(hash_bindings(policy, {.initiator_address = b.application_data}, swapped) == errc::ok && bnd != swapped,
          "is hashed with where it stands");
  return 0;
}
