// Memory that a forked process finds filled with zeros.
#include "kerb/crypto/fork_wiped.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "support/catch.hpp"

namespace {

TEST_CASE("fork_wiped_page: octets up to a page, or none where the system does not wipe them", "[crypto]") {
  kerb::fork_wiped_page page;
  const std::size_t all = page.octets(5000).size();
  CHECK((all == 4096 || all == 0));
  CHECK(page.octets(258).size() == (all == 0 ? 0 : 258));
  CHECK(page.octets(0).empty());
}

TEST_CASE("fork_wiped_page: a child finds zeros, and the parent what it wrote", "[crypto]") {
  kerb::fork_wiped_page page;
  const std::span<std::uint8_t> octets = page.octets(4096);
  if (octets.empty()) {
    WARN("this system does not wipe memory for a child");
    return;
  }
  std::fill(octets.begin(), octets.end(), std::uint8_t{0x5a});
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(std::count(octets.begin(), octets.end(), 0) == 4096 ? 0 : 1);
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(std::count(octets.begin(), octets.end(), 0x5a) == 4096);
}

}  // namespace
