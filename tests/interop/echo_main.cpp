// The tests of examples/echo and examples/echo_epoll; skipped where neither has been built.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include "echo_peer.hpp"

int main(int argc, char** argv) {
  if (!own::runs(own::variable("KERB_ECHO_EPOLL"))) {
    std::puts("skipped: examples/echo_epoll has not been built");
    return own::variable("KERB_INTEROP") == "required" ? 1 : 77;
  }
  if (!own::runs(own::variable("KERB_ECHO"))) {
    std::puts("not tested: examples/echo, which has not been built (package libasio-dev)");
    if (own::variable("KERB_INTEROP") == "required") return 1;
  }
  own::workspace = (std::filesystem::temp_directory_path() / "kerb-echo-XXXXXX").string();
  if (mkdtemp(own::workspace.data()) == nullptr) return 1;
  const int status = Catch::Session().run(argc, argv);
  echo_test::services.clear();
  own::kdc.reset();
  std::error_code ignored;
  if (own::variable("KERB_KEEP").empty()) std::filesystem::remove_all(own::workspace, ignored);
  return status;
}
