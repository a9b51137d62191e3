// Every encryption type over any octets: nothing opens that was not sealed, and what was sealed opens.
// The first octet chooses the encryption type, the second the usage; then the octets.
#include <kerb/crypto/botan.hpp>
#include <kerb/crypto/des3.hpp>
#include <kerb/crypto/rc4.hpp>
#include <kerb/crypto/rfc6803.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {
using every = engine<botan::primitives, aes_sha2, aes_sha1, camellia, weak::rc4, weak::des3>;

etype_t chosen(std::uint8_t octet) {
  if (octet < 0x80) return etype_t{17 + octet % 4};
  constexpr etype_t others[]{etype_t::camellia128_cts_cmac, etype_t::camellia256_cts_cmac, etype_t::rc4_hmac,
                             etype_t::des3_cbc_sha1_kd};
  return others[octet % 4];
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static every policy;
  if (size < 2 || size > 600) return 0;
  const etype_t etype = chosen(data[0]);
  const key_usage_t usage{data[1]};
  const bytes_view rest(data + 2, size - 2);
  const std::array<std::uint8_t, 32> octets{1, 2, 3, 4, 5, 6, 7, 8};
  const auto k = policy.import(etype, bytes_view(octets).first(policy.key_octets(etype)));
  require(k.has_value(), "imports a key of the right size");

  // as a sealed message: an accident of 96 bits and more
  std::array<std::uint8_t, 1024> out{}, copy{};
  for (std::uint8_t& o : out) o = 0xa5;
  const auto opened = policy.unseal(*k, usage, rest, std::span(out).first(rest.size()));
  require(!opened, "opens nothing that was not sealed");
  for (std::size_t i = 0; i != rest.size(); ++i) require(out[i] == 0, "is wiped after a failure", "what was opened");
  for (std::size_t i = rest.size(); i != out.size(); ++i) require(out[i] == 0xa5, "writes nothing outside");

  // as a plaintext: there and back, and refused with any bit changed
  const auto shape = policy.shape(etype);
  const std::size_t whole = shape->around(rest.size());
  const std::span<std::uint8_t> io = std::span(copy).first(whole);
  for (std::size_t i = 0; i != rest.size(); ++i) io[shape->front + i] = rest[i];
  require(policy.seal(*k, usage, io) == errc::ok, "seals");
  const auto back = policy.unseal(*k, usage, bytes_view(io), out);
  require(back && back->size() == rest.size() + shape->padding(rest.size()), "opens what was sealed");
  require(bytes_view(*back).first(rest.size()) == rest, "opens what was sealed");
  const std::size_t at = (rest.empty() ? 0 : rest[0]) % whole;
  io[at] = static_cast<std::uint8_t>(io[at] ^ (1u << (data[1] % 8)));
  require(!policy.unseal(*k, usage, bytes_view(io), out), "opens nothing that was changed");
  return 0;
}
