// One of several acceptors of a service that share a replay cache in Redis: see fleet --help and fleet/README.md.
#include <iterator>

#include "fleet/options.hpp"

namespace {

using namespace example;

volatile std::sig_atomic_t stop = 0;

/// Blocks the signals, except while the server waits. Returns the signal mask for that wait.
sigset_t catch_signals() {
  sigset_t ours, before;
  sigemptyset(&ours);
  struct sigaction action {};
  action.sa_handler = [](int) { stop = 1; };
  for (const int s : {SIGTERM, SIGINT}) {
    sigaddset(&ours, s);
    sigaction(s, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);  // hiredis writes to connections that the peer may have closed
  sigprocmask(SIG_BLOCK, &ours, &before);
  sigdelset(&before, SIGTERM);
  sigdelset(&before, SIGINT);
  return before;
}

int vouch(shared_replays& replays) {
  bool asked = false, good = false;
  replays.vouch([&](bool done) { asked = true, good = done; });
  for (const auto until = steady::now() + std::chrono::seconds(5); !asked && steady::now() < until;) {
    (void)replays.tick();
    pollfd p = replays.wanted();
    if (::poll(&p, 1, 50) > 0) replays.go_on();
  }
  return good ? 0 : 1;
}

std::vector<std::uint8_t> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file + " cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) try {
  int status = 0;
  const auto o = read_fleet_options(argc, argv, status);
  if (!o) return status;
  const sigset_t while_waiting = catch_signals();
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  const auto say = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  policy crypto;
  shared_replays replays(o->replays, crypto, say);
  if (o->new_service) return vouch(replays);

  const auto name = kerb::principal::parse(o->service);
  if (!name)
    throw std::runtime_error(std::string("--service: ") + log_line(name.error(), kerb::party::service).c_str());
  std::vector<std::uint8_t> octets = read_file(o->keytab);
  const kerb::wiped_on_exit wipe(octets);
  const auto keytab = kerb::keytab_view::open(octets);
  if (!keytab) throw std::runtime_error(o->keytab + " is no keytab");
  service web{.name = *name,
              .keys = {*keytab, crypto},
              .crypto = crypto,
              .replays = replays,
              .limits = {.clock_skew = o->replays.skew},
              .log = [&](const std::string& line) {
                if (!o->quiet) say(line);
              }};
  server all(o->server, web);
  say("serving " + o->service + " at " + o->server.address + " port " + std::to_string(all.port()));
  all.run(stop, while_waiting);
  say("stopped");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "fleet: %s\n", e.what());
  return 1;
}
