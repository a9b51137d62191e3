// Sessions with MIT's and Heimdal's libraries; where neither is installed the program is skipped.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include <csignal>

#include "session_world.hpp"

int main(int argc, char** argv) {
  const char* const mode = std::getenv("KERB_INTEROP");
  bool mit = false, heimdal = false;
  for (const sessions::library& one : sessions::libraries()) (one.is_heimdal ? heimdal : mit) = true;
  if (!mit) std::puts("MIT's library is not here (package libkrb5-dev): nothing is tested with it");
  if (!heimdal) std::puts("Heimdal's library is not here (package heimdal-multidev): nothing is tested with it");
  if (!mit && mode != nullptr && std::string(mode) == "required") return 1;
  if (!mit && !heimdal) return 77;
  std::signal(SIGPIPE, SIG_IGN);  // a peer that has ended shows when it is read
  try {
    sessions::the_world = std::make_unique<sessions::world>();
  } catch (const std::exception& e) {
    std::printf("the tests cannot begin: %s\n", e.what());
    return 1;
  }
  const int status = Catch::Session().run(argc, argv);
  sessions::the_world.reset();
  return status;
}
