// kerb: logs in, gets, shows, renews and destroys tickets, changes passwords and makes keytabs, with this library
// alone.
#include "kerb/run.hpp"

int main(int argc, char** argv) {
  int status = 0;
  const auto o = example::read_options(argc, argv, status);
  if (!o) return status;
  try {
    return example::run(*o).go();
  } catch (const std::exception& e) {
    if (o->json) std::printf("{\"error\": %s}\n", example::quoted(e.what()).c_str());
    std::fprintf(stderr, "kerb: %s\n", example::printable(e.what()).c_str());
    return 1;
  }
}
