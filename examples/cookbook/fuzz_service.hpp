// A fuzz target for a service: octets from anybody, under a policy whose encryption hides nothing from the fuzzer.
#pragma once
#include <cstdlib>
#include <kerb/service.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

namespace cookbook {
using namespace kerb::literals;

/// Write your service as a template of the policy, so that the fuzzer and the tests run the same code.
template <kerb::crypto_policy Policy>
class greeter {
 public:
  explicit greeter(const typename Policy::key& k) {
    if (name_) (void)keys_.add(*name_, 1, kerb::etype_t::aes256_cts_hmac_sha1_96, k.copy());
  }
  /// Returns whether a client has authenticated, and who.
  kerb::result<kerb::principal> greet(kerb::bytes_view token, Policy& crypto, kerb::timestamp now) {
    kerb::ap_acceptor<Policy> acceptor({.service = *name_, .buffer = buffer_});
    const auto who = kerb::accept(acceptor, token, crypto, keys_, seen_, now);
    return who ? kerb::principal::of(who->client()) : who.error();
  }

 private:
  kerb::result<kerb::principal> name_ = kerb::principal::parse("HTTP/web@EXAMPLE.ORG");
  kerb::key_list<typename Policy::key, 1> keys_;
  kerb::memory_replay_cache<32> seen_;
  std::array<std::uint8_t, 8192> buffer_;
};

/// clang++ -fsanitize=fuzzer,address,undefined. Begin with a corpus of true tokens: they are the same in each run,
/// because the policy's randomness and the time are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using policy = kerb::testing::insecure_policy;
  policy crypto;
  kerb::testing::realm<policy> realm(crypto, "EXAMPLE.ORG"_krb, kerb::etype_t::aes256_cts_hmac_sha1_96);
  realm.add_service("HTTP/web", kerb::secret_view::of("looking-glass"));
  greeter<policy> service(*realm.key_of("HTTP/web"));
  const auto who = service.greet({data, size}, crypto, {{1767268800}, {0}});
  if (who && !(*who == *kerb::principal::parse("alice@EXAMPLE.ORG"))) std::abort();  // only she has a ticket
  return 0;
}

}  // namespace cookbook
