// The tests of examples/fleet; where there is no Redis server the program is skipped.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include "fleet.hpp"

int main(int argc, char** argv) {
  const int without = fleet::variable("KERB_INTEROP") == "required" ? 1 : 77;
  if (fleet::variable("KERB_FLEET").empty() || access(fleet::variable("KERB_FLEET").c_str(), X_OK) != 0) {
    std::puts("skipped: examples/fleet has not been built (package libhiredis-dev)");
    return without;
  }
  if (std::system("redis-server --version >/dev/null 2>&1") != 0) {
    std::puts("skipped: there is no redis-server here (package redis-server)");
    return without;
  }
  fleet::workspace = (std::filesystem::temp_directory_path() / "kerb-fleet-XXXXXX").string();
  if (mkdtemp(fleet::workspace.data()) == nullptr) return 1;
  fleet::minter().write_keytab(fleet::path("keytab"));
  const int status = Catch::Session().run(argc, argv);
  std::error_code ignored;
  if (fleet::variable("KERB_KEEP").empty()) std::filesystem::remove_all(fleet::workspace, ignored);
  return status;
}
