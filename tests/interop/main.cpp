// Starts the KDC before the tests and stops it after them; where there is none the program is skipped.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include "lab.hpp"

int main(int argc, char** argv) {
  const char* const mode = std::getenv("KERB_INTEROP");
  const int without = mode != nullptr && std::string(mode) == "required" ? 1 : 77;
  if (!example::throwaway_kdc::installed()) {
    std::puts("skipped: there is no MIT KDC here (packages krb5-kdc and krb5-admin-server)");
    return without;
  }
  for (const char* const program : {"KERB_MIT_PEER", "KERB_GSS_PEER"}) {
    const char* const peer = std::getenv(program);
    if (peer != nullptr && *peer == '\0') {
      std::puts("skipped: MIT's libraries are not here (package libkrb5-dev)");
      return without;
    }
  }
  try {
    interop::kdc = std::make_unique<example::throwaway_kdc>(interop::setup());
  } catch (const std::exception& e) {
    std::printf("the KDC cannot be started: %s\n", e.what());
    return 1;
  }
  interop::kdc->set_environment();
  const int status = Catch::Session().run(argc, argv);
  interop::kdc.reset();
  return status;
}
