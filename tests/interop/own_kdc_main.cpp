// The tests of examples/kdc with stock clients; where those are not installed the program is skipped.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include "own_kdc.hpp"

int main(int argc, char** argv) {
  const int without = own::variable("KERB_INTEROP") == "required" ? 1 : 77;
  if (!own::runs(own::variable("KERB_KDC"))) {
    std::puts("skipped: examples/kdc has not been built");
    return without;
  }
  if (std::system("command -v kinit kvno klist >/dev/null && klist -V 2>/dev/null | grep -q 'Kerberos 5'") != 0) {
    std::puts("skipped: MIT's clients are not here (package krb5-user)");
    return without;
  }
  if (!own::runs(own::variable("KERB_MIT_PEER"))) {
    std::puts("skipped: MIT's library is not here (package libkrb5-dev)");
    return without;
  }
  own::workspace = (std::filesystem::temp_directory_path() / "kerb-own-XXXXXX").string();
  if (mkdtemp(own::workspace.data()) == nullptr) return 1;
  const int status = Catch::Session().run(argc, argv);
  own::kdc.reset();
  std::error_code ignored;
  if (own::variable("KERB_KEEP").empty()) std::filesystem::remove_all(own::workspace, ignored);
  return status;
}
