// A KDC, and many first tokens of one client for HTTP's Negotiate: negotiate_tokens ETYPE SETS SIZE COMMAND...
//
// Makes SETS files of SIZE tokens in base64, one a line, all with the same ticket and each with another authenticator.
// Then it runs COMMAND in the KDC's environment, in whose directory ($KERB_BENCH_DIRECTORY) they are: tokens.0, ... and
// http.keytab.
#include <sys/time.h>

#include <cstdio>
#include <kerb/botan.hpp>

#include "examples/support/posix_transport.hpp"
#include "examples/support/throwaway_kdc.hpp"

namespace {

using namespace kerb::literals;

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
template <class T>
T must(kerb::result<T>&& r) {
  if (!r) throw std::runtime_error(std::string(name_of(r.error().code)));
  return std::move(*r);
}

void write_tokens(const kerb::botan::credential& ticket, kerb::botan::policy& crypto, const std::string& file,
                  unsigned long n) {
  std::ofstream out(file);
  std::vector<std::uint8_t> buffer(80000);
  std::vector<char> field(kerb::negotiate_size(buffer.size()));
  for (; n != 0; --n) {
    kerb::botan::gss::negotiate_initiator i(
        {.krb5 = {.credential = ticket, .buffer = buffer, .required = {kerb::gss_flag_t::mutual}}});
    const auto step = i.start({crypto, now()});
    const auto* token = std::get_if<kerb::send>(&step);
    if (token == nullptr) throw std::runtime_error("no token");
    out << must(kerb::write_negotiate(token->octets, field)) << '\n';
  }
  if (!out.flush()) throw std::runtime_error("cannot be written: " + file);
}

int run(int etype, unsigned long sets, unsigned long size, char** command) {
  if (!example::throwaway_kdc::installed()) return std::puts("skipped: no krb5kdc (krb5-kdc, krb5-admin-server)"), 77;
  const std::string keys = std::string(name_of(kerb::etype_t{etype})) + ":normal";
  example::throwaway_kdc kdc(
      {.commands = "addprinc -pw wonderland alice\naddprinc -randkey -e " + keys + " HTTP/localhost\n"});
  kdc.run({"kadmin.local", "-r", kdc.realm(), "ktadd", "-norandkey", "-k", kdc.path("http.keytab"), "HTTP/localhost"});
  kerb::botan::policy crypto;
  std::array<std::uint8_t, 8192> buffer1, buffer2;
  example::posix_transport ask_kdc("127.0.0.1", std::to_string(kdc.port()));
  const auto me = must(kerb::principal::parse("alice@EXAMPLE.ORG"));
  const auto service = must(kerb::principal::parse("HTTP/localhost@EXAMPLE.ORG"));
  kerb::botan::as_client as({.client = me, .password = kerb::secret_view::of("wonderland"), .buffer = buffer1});
  const auto tgt = must(kerb::drive(as, crypto, now, ask_kdc));
  kerb::botan::tgs_client tgs({.tgt = tgt, .server = service, .buffer = buffer2});
  const auto ticket = must(kerb::drive(tgs, crypto, now, ask_kdc));
  for (unsigned long n = 0; n != sets; ++n) write_tokens(ticket, crypto, kdc.path("tokens." + std::to_string(n)), size);

  kdc.set_environment();
  setenv("KERB_BENCH_DIRECTORY", kdc.path("").c_str(), 1);
  const pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5) return std::fprintf(stderr, "negotiate_tokens ETYPE SETS SIZE COMMAND...\n"), 2;
  return run(std::atoi(argv[1]), std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10), argv + 4);
} catch (const std::exception& e) {
  std::fprintf(stderr, "negotiate_tokens: %s\n", e.what());
  return 1;
}
