// How to fuzz a service of your own behind Kerberos: the mutator changes tickets and authenticators under their seals,
// and seals them again, so that changed names reach the code behind the authentication.
#include <kerb/service.hpp>
#include <kerb/testing/mint.hpp>
#include <kerb/testing/mutate.hpp>

#include <cstdlib>
#include <string>

#include "support/help.hpp"

namespace {
using namespace kerb::literals;
using policy = kerb::testing::insecure_policy;

constexpr kerb::timestamp noon{{1767268800}, {0}};
constexpr kerb::kerberos_string web_parts[] = {"HTTP"_krb, "web"_krb}, alice_parts[] = {"alice"_krb};
constexpr kerb::principal_view web{{kerb::name_t::srv_hst, web_parts}, "EX.ORG"_krb};
constexpr kerb::principal_view alice{{kerb::name_t::principal, alice_parts}, "EX.ORG"_krb};
constexpr std::uint8_t service_octets[16] = {1, 2, 3}, session_octets[16] = {4, 5, 6};
constexpr auto etype = kerb::etype_t::aes128_cts_hmac_sha1_96;
constexpr kerb::testing::mutation_key keys[] = {{etype, service_octets}};

/// The code under test: the home directory of a client. It must stay under /home.
std::string home_of(const kerb::principal_view& client) {
  if (!(client.realm == std::string_view("EX.ORG")) || client.name.name_string.size() != 1) return {};
  const std::string name((*client.name.name_string.begin()).text());
  const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  return plain && !name.empty() ? "/home/" + name : std::string();
}
unsigned authenticated = 0, strangers = 0;

/// A request with true seals, to begin with.
std::size_t request(std::span<std::uint8_t> out) {
  policy p;
  const kerb::environment env(p, noon);
  const auto service = p.import(etype, service_octets), session = p.import(etype, session_octets);
  std::array<std::uint8_t, 1024> ticket_octets;
  kerb::msg::EncTicketPart part{};
  part.key = {etype, session_octets}, part.crealm = alice.realm, part.cname = alice.name;
  part.authtime = noon.at, part.endtime = {noon.at.seconds + 36000};
  part.transited = {kerb::tr_t::domain_x500_compress, {}};
  const auto ticket = kerb::testing::mint_ticket(web, part, *service, 1, env, ticket_octets);
  kerb::msg::Authenticator auth{};
  auth.crealm = alice.realm, auth.cname = alice.name, auth.ctime = noon.at, auth.cusec = noon.usec;
  const auto made =
      kerb::testing::mint_ap_req(*ticket, auth, {}, *session, kerb::key_usage_t::ap_req_authenticator, env, out);
  std::copy(made->begin(), made->end(), out.begin());
  return made->size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  policy p;
  kerb::key_list<kerb::key, 1> own;
  (void)own.add(web, 1, etype, *p.import(etype, service_octets));
  kerb::memory_replay_cache<32> seen;
  std::array<std::uint8_t, 8192> buffer;
  kerb::ap_acceptor<policy> acceptor({.service = web, .buffer = buffer});
  const auto who = kerb::accept(acceptor, {data, size}, p, own, seen, noon);
  if (!who) return 0;
  const std::string home = home_of(who->client());
  if (!home.empty() && (home.find("/home/") != 0 || home.find('/', 6) != std::string::npos)) std::abort();
  ++authenticated;
  strangers += home != "/home/alice";
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed) {
  if (size == 0) size = request({data, max});
  return kerb::testing::mutate<kerb::msg::ApReq>({data, max}, size, seed, {.keys = keys}).size;
}

// For libFuzzer: clang++ -std=c++20 -g -fsanitize=fuzzer,address -DEXAMPLE_LIBFUZZER -Iinclude fuzz_own_service.cpp
#ifndef EXAMPLE_LIBFUZZER
int main(int argc, char** argv) {
  constexpr const char* help =
      "usage: fuzz_own_service\n"
      "\n"
      "Fuzzes a service with requests that are changed under their seals, with 20000 seeds and without a fuzzer.\n";
  if (example::asked_for_help(argc, argv, help)) return 0;
  std::array<std::uint8_t, 2048> octets{};
  std::size_t size = 0;
  for (unsigned seed = 0; seed != 20000; ++seed) {
    if (seed % 4 == 0) size = 0;  // from the true request again
    size = LLVMFuzzerCustomMutator(octets.data(), size, octets.size(), seed);
    LLVMFuzzerTestOneInput(octets.data(), size);
  }
  std::printf("20000 requests; %u were accepted, %u of them from another than alice\n", authenticated, strangers);
  return authenticated > 300 && strangers > 0 ? 0 : 1;
}
#endif
