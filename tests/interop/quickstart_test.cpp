// examples/quickstart against a KDC that it has not started.
#include <fstream>

#include "lab.hpp"

namespace {

using namespace interop;

struct outcome {
  int status = -1;
  std::string said;
};
/// Runs the example with the usual arguments, those of `with` in their place; nothing where it has not been built.
std::optional<outcome> quickstart(const std::string& with, const std::string& password = "alicepw") {
  const char* const program = std::getenv("KERB_QUICKSTART");
  if (program == nullptr || access(program, X_OK) != 0) {
    WARN("examples/quickstart has not been built: nothing is tested");
    return std::nullopt;
  }
  std::ofstream(kdc->path("password")) << password << "\n";
  std::ofstream(kdc->path("service-password")) << "webpw\n";
  const std::string command = std::string(program) + " --kdc " + kdc->address() +
                              " --realm EXAMPLE.ORG --principal alice --service HTTP/web.example.org --password-file " +
                              kdc->path("password") + " " + with + " 2>&1 </dev/null";
  outcome o;
  FILE* const out = popen(command.c_str(), "r");
  REQUIRE(out != nullptr);
  for (int c; (c = std::fgetc(out)) != EOF;) o.said += static_cast<char>(c);
  const int status = pclose(out);
  o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  CHECK(o.said.find(password) == std::string::npos);  // never a secret
  CHECK(o.said.find("webpw") == std::string::npos);
  return o;
}

}  // namespace

TEST_CASE("quickstart: goes to the end where it has the service's password", "[kdc]") {
  for (const char* how : {"", "--tcp "}) {
    const auto o = quickstart(how + ("--service-password-file " + kdc->path("service-password")));
    if (!o) return;
    INFO(o->said);
    CHECK(o->status == 0);
    CHECK_THAT(o->said, kerb_test::contains("the service has proven itself"));
    CHECK_THAT(o->said, kerb_test::contains(*how == '\0' ? "over UDP" : "over TCP"));
  }
}

TEST_CASE("quickstart: stops before the service where it has no password for it", "[kdc]") {
  const auto o = quickstart("");
  if (!o) return;
  INFO(o->said);
  CHECK(o->status == 0);
  CHECK_THAT(o->said, kerb_test::contains("--service-password-file"));
  CHECK(o->said.find("AP-REP") == std::string::npos);
}

TEST_CASE("quickstart: each failure has its sentence", "[kdc]") {
  struct {
    const char *with, *password, *sentence;
    int status;
  } const cases[] = {
      {"", "wrongpw", "password is wrong", 1},
      {"--principal bob --tcp", "wrongpw", "password or key is wrong", 1},
      {"--principal nobody", "x--x", "The KDC does not know the client", 1},
      {"--principal felix", "felixpw", "The password has expired", 1},
      {"--service HTTP/nowhere", "alicepw", "The KDC does not know the service", 1},
      {"--kdc 127.0.0.1:9", "alicepw", "There was no answer", 1},
      {"--principal a@b@c", "alicepw", "Write it as name@REALM", 1},
      {"--password-file /nowhere", "alicepw", "cannot be read", 1},
      {"--service-password-file " /* its own */, "alicepw", "needs a value", 2},
      {"--what", "alicepw", "usage:", 2},
  };
  for (const auto& c : cases) {
    const auto o = quickstart(c.with, c.password);
    if (!o) return;
    INFO(c.with << "\n" << o->said);
    CHECK(o->status == c.status);
    CHECK_THAT(o->said, kerb_test::contains(c.sentence));
  }
}

TEST_CASE("quickstart: a service with another password than the KDC has for it refuses", "[kdc]") {
  const auto o = quickstart("--service-password-file " + kdc->path("password"));
  if (!o) return;
  INFO(o->said);
  CHECK(o->status == 1);
  CHECK_THAT(o->said, kerb_test::contains("the service refuses"));
}
