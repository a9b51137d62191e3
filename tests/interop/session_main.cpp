// Sessions with MIT's and Heimdal's libraries; where neither is installed the program is skipped.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include <csignal>

#include "session_world.hpp"

int main(int argc, char** argv) {
  const char* const mode = std::getenv("KERB_INTEROP");
  const int without = mode != nullptr && std::string(mode) == "required" ? 1 : 77;
  const auto all = sessions::libraries();
  if (all.size() != 2) {
    std::printf("there is no program with %s's library here (package %s)\n",
                all.empty() || all[0].is_heimdal ? "MIT" : "Heimdal",
                all.empty() || all[0].is_heimdal ? "libkrb5-dev" : "heimdal-multidev");
    if (all.empty() || without == 1) return without;
  }
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
