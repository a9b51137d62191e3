// How to fuzz a message type of your own: the mutator changes its fields, because it reads the same asn1() as the
// decoder.
#include <kerb/testing/mutate.hpp>

#include <cstdlib>

#include "support/help.hpp"

namespace {

struct Reservation {
  kerb::msg::PrincipalName guest;
  kerb::kerberos_time from, until;
  std::optional<std::int32_t> beds;

  static consteval auto asn1() {
    using namespace kerb::asn1;
    return sequence("Reservation", tag<0>("guest", &Reservation::guest), tag<1>("from", &Reservation::from),
                    tag<2>("until", &Reservation::until), tag<3>("beds", &Reservation::beds));
  }
};

/// The code under test. It must never compute with a number that it has not checked.
std::optional<std::int64_t> nights_of(kerb::bytes_view octets) {
  const auto r = kerb::asn1::decode<Reservation>(octets);
  if (!r || r->until < r->from || r->beds.value_or(1) < 1 || r->beds.value_or(1) > 100) return std::nullopt;
  return (r->until.seconds - r->from.seconds) / 86400 * r->beds.value_or(1);
}
unsigned accepted = 0;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto nights = nights_of({data, size});
  if (nights && *nights < 0) std::abort();
  accepted += nights.has_value();
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed) {
  return kerb::testing::mutate<Reservation>({data, max}, size, seed).size;
}

// For libFuzzer: clang++ -std=c++20 -g -fsanitize=fuzzer,address -DEXAMPLE_LIBFUZZER -Iinclude fuzz_own_message.cpp
#ifndef EXAMPLE_LIBFUZZER
constexpr const char* usage =
    "usage: fuzz_own_message\n"
    "\n"
    "Fuzzes a message type that this program defines, with 20000 seeds and without a fuzzer.\n";

int main(int argc, char** argv) {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  std::array<std::uint8_t, 512> octets{};
  std::size_t size = 0;
  for (unsigned seed = 0; seed != 20000; ++seed) {
    if (seed % 8 == 0) size = 0;  // from an empty message again
    size = LLVMFuzzerCustomMutator(octets.data(), size, octets.size(), seed);
    LLVMFuzzerTestOneInput(octets.data(), size);
  }
  std::printf("20000 messages, of which %u made a reservation\n", accepted);
  return accepted > 1000 ? 0 : 1;
}
#endif
