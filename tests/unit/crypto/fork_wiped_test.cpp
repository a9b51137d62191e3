// Memory that a forked process finds filled with zeros.
#include "kerb/crypto/fork_wiped.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "support/catch.hpp"

namespace {

TEST_CASE("fork_wiped_page: octets up to a page, or none where the system does not wipe them", "[crypto]") {
  kerb::fork_wiped_page page;
  const std::size_t all = page.octets(5000).size();
  CHECK((all == 4096 || all == 0));
  CHECK(page.octets(258).size() == (all == 0 ? 0 : 258));
  CHECK(page.octets(0).empty());
}

#if defined(MADV_WIPEONFORK)
TEST_CASE("fork_wiped_page: has octets where the system wipes memory, and gives the page back", "[crypto]") {
  void* const own = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(own != MAP_FAILED);
  const bool wipes = madvise(own, 4096, MADV_WIPEONFORK) == 0;
  REQUIRE(munmap(own, 4096) == 0);
  std::optional<kerb::fork_wiped_page> page(std::in_place);
  const std::span<std::uint8_t> octets = page->octets(4096);
  REQUIRE(octets.empty() != wipes);
  if (!wipes) return;
  CHECK(msync(octets.data(), 4096, MS_ASYNC) == 0);
  page.reset();
  CHECK(msync(octets.data(), 4096, MS_ASYNC) != 0);  // it is not mapped any more
}
#endif

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
