// gss-client and gss-server of MIT's samples (package krb5-gss-samples) with our contexts; without them nothing is
// tested, with a word.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>

#include "gss_peers.hpp"

using namespace sessions;

namespace {

/// Flags in front of each token, as gss-misc.h has them; four octets of length follow.
enum token_flag : std::uint8_t {
  noop = 1,
  context_token = 2,
  data_token = 4,
  mic_token = 8,
  context_next = 16,
  wrapped = 32,
  encrypted = 64,
  send_mic = 128
};

bool installed(const char* program) {
  if (access((std::string("/usr/bin/") + program).c_str(), X_OK) == 0) return true;
  WARN("skipped: " << program << " is not here (package krb5-gss-samples)");
  return false;
}

/// A socket of the loopback interface, closed in the end.
struct socket_end {
  int fd = -1;
  explicit socket_end(int f) : fd(f) {
    const timeval patience{10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  socket_end(const socket_end&) = delete;
  socket_end& operator=(const socket_end&) = delete;
  ~socket_end() { ::close(fd); }

  bool read(std::span<std::uint8_t> into) const {
    for (std::size_t at = 0; at != into.size();) {
      const ssize_t n = ::recv(fd, into.data() + at, into.size() - at, 0);
      if (n <= 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }
  void send(std::uint8_t flags, bytes_view token) const {
    const std::size_t n = token.size();
    octets all{flags, static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
               static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)};
    all.insert(all.end(), token.begin(), token.end());
    CHECK(::send(fd, all.data(), all.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(all.size()));
  }
  struct received {
    unsigned flags = 0;  ///< 0 at the end
    octets token;
  };
  received receive() const {
    std::array<std::uint8_t, 5> head{};
    if (!read(head)) return {};
    const std::size_t n =
        std::size_t{head[1]} << 24 | std::size_t{head[2]} << 16 | std::size_t{head[3]} << 8 | std::size_t{head[4]};
    REQUIRE(n < 100000);
    received r{head[0], octets(n)};
    REQUIRE(read(r.token));
    return r;
  }
};
/// A socket that listens on a free port.
struct listener : socket_end {
  sockaddr_in address{};
  listener() : socket_end(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd, 1) == 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  }
  std::string port() const { return std::to_string(ntohs(address.sin_port)); }
};
/// A program that runs until it ends by itself; its output goes to a file.
struct program {
  pid_t child = -1;
  std::string output;
  explicit program(std::vector<std::string> arguments, int standard_input = -1)
      : output(the_world->path("samples.out")) {
    std::vector<char*> words;
    for (std::string& a : arguments) words.push_back(a.data());
    words.push_back(nullptr);
    child = fork();
    if (child == 0) {
      const int to = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(to, 1);
      dup2(to, 2);
      if (standard_input >= 0) dup2(standard_input, 0);
      execv(words[0], words.data());
      _exit(127);
    }
  }
  int wait() {
    int status = -1;
    waitpid(child, &status, 0);
    child = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (child < 0) return;
    kill(child, SIGKILL);
    (void)wait();
  }
  std::string said() const {
    std::ifstream in(output);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

constexpr etype_t used = etype_t::aes256_cts_hmac_sha1_96;

}  // namespace

TEST_CASE("gss: MIT's gss-client talks to our acceptor, sealed, signed and in the clear, and verifies our MIC",
          "[gss-peers]") {
  if (!installed("gss-client")) return;
  const beginning& b = the_world->of(used);
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, {"-nw"}, {"-nx"}, {"-nomutual"}, {"-seq"}, {"-noreplay"}}) {
    CAPTURE(options);
    const listener here;
    setenv("KRB5CCNAME", b.cache.c_str(), 1);
    std::vector<std::string> words{"/usr/bin/gss-client", "-port", here.port(), "-krb5"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"127.0.0.1", "svc@e18.peers.test", "a message of the samples"});
    program client(words);
    pollfd ready{here.fd, POLLIN, 0};
    REQUIRE(poll(&ready, 1, 10000) == 1);
    const socket_end s(::accept4(here.fd, nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(s.receive().flags == (noop | context_next));
    const auto first = s.receive();
    CHECK(first.flags == context_token);

    gss_storage buffer{};
    kerb::gss::acceptor_params params;
    params.ap.buffer = buffer;
    kerb::gss::acceptor<policy> a(params);
    const auto env = the_world->turn();
    auto step = a.receive(first.token, env);
    const key k = the_world->import(used, b.service_key);
    if (kerb::is<kerb::need_ticket_key>(step)) step = a.provide(k, kerb::kerberos_string("PEERS.TEST"_krb), env);
    if (kerb::is<kerb::check_replay>(step)) step = a.replay_checked(true, env);
    if (kerb::is<kerb::authenticated>(step)) step = a.accept({}, env);
    if (const auto* r = std::get_if<kerb::reply>(&step)) s.send(context_token, r->octets);
    auto c = std::move(a).take();
    REQUIRE(c);
    CHECK(kerb::same_principal(c->initiator(), the_world->alice));
    for (auto got = s.receive(); got.flags != noop; got = s.receive()) {
      REQUIRE((got.flags & data_token) != 0);
      bytes_view m(got.token);
      if ((got.flags & wrapped) != 0) {
        const auto opened = c->unwrap_in_place(got.token, the_world->crypto);
        REQUIRE(opened);
        CHECK((opened->by == protection::confidentiality) == ((got.flags & encrypted) != 0));
        CHECK(opened->seen == order::in_order);
        m = opened->message;
      }
      CHECK(std::string(m.begin(), m.end()) == "a message of the samples");
      octets out(256);
      const auto token = c->get_mic(m, out, the_world->crypto);
      REQUIRE(token);
      s.send(mic_token, *token);
    }
    CHECK(client.wait() == 0);
    INFO(client.said());
    CHECK(client.said().find("Signature verified.") != std::string::npos);
  }
}

TEST_CASE("gss: MIT's gss-server opens our messages and answers with a MIC that we verify", "[gss-peers]") {
  if (!installed("gss-server")) return;
  const beginning& b = the_world->of(used);
  for (const gss_flags f : {usual, one_way}) {
    for (const bool exported : {false, true}) {
      CAPTURE(f.bits, exported);
      int ends[2];
      REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
      const socket_end s(ends[0]);
      std::vector<std::string> words{"/usr/bin/gss-server", "-inetd",   "-keytab",
                                     the_world->keytab(),   "-logfile", the_world->path("samples.log")};
      if (exported) words.insert(words.begin() + 1, "-export");
      words.push_back("svc@e18.peers.test");
      program server(words, ends[1]);
      ::close(ends[1]);

      gss_storage buffer{};
      const auto credential = the_world->credential(b);
      kerb::gss::initiator<policy> i(
          {.credential = credential, .buffer = buffer, .flags = f, .times = the_world->times});
      auto step = i.start(the_world->turn());
      REQUIRE(kerb::is<kerb::send>(step));
      s.send(noop | context_next, {});
      s.send(context_token, std::get<kerb::send>(step).octets);
      if (f == usual) {
        const auto answer = s.receive();
        INFO(server.said());
        CHECK(answer.flags == context_token);
        step = i.receive(answer.token, the_world->turn());
        CHECK(kerb::is<kerb::done>(step));
      }
      auto c = std::move(i).take();
      REQUIRE(c);
      const octets m = interop::of("a message for the samples");
      for (const protection p : {protection::confidentiality, protection::integrity}) {
        octets out(256);
        const auto token = c->wrap(m, p, out, the_world->crypto);
        REQUIRE(token);
        const int sealed = p == protection::confidentiality ? encrypted : 0;
        s.send(static_cast<std::uint8_t>(data_token | wrapped | send_mic | sealed), *token);
        const auto answer = s.receive();
        CHECK(answer.flags == mic_token);
        const auto seen = c->verify_mic(m, answer.token, the_world->crypto);
        CHECK(seen.error().code == errc::ok);
        if (seen) CHECK(*seen == order::in_order);
      }
      s.send(noop, {});
      CHECK(server.wait() == 0);
      std::ifstream log(the_world->path("samples.log"));
      const std::string said{std::istreambuf_iterator<char>(log), {}};
      CHECK(said.find("\"a message for the samples\"") != std::string::npos);
    }
  }
}
