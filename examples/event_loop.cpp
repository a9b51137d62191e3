// Several logins at once in one thread that never blocks in an exchange: poll(), TCP, and the steps themselves.
#include <netinet/in.h>
#include <sys/time.h>

#include <chrono>
#include <kerb/botan.hpp>

#include "support/help.hpp"
#include "support/story.hpp"
#include "support/throwaway_kdc.hpp"

namespace {

using policy = kerb::botan::policy;

kerb::environment<policy> env_now(policy& p) {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {p, {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}}};
}

/// One login. It cannot move, because the exchange refers to its buffers.
class login {
 public:
  login(policy& p, const kerb::principal& who, std::string password, unsigned short port)
      : policy_(p),
        who_(who),
        password_(std::move(password)),
        port_(port),
        exchange_({.client = who_, .password = kerb::secret_view::of(password_), .buffer = workspace_}),
        io_(exchange_, incoming_) {}
  login(const login&) = delete;
  login& operator=(const login&) = delete;
  ~login() { hang_up(); }

  void start() { act(io_.start(env_now(policy_))); }
  bool over() const { return over_; }
  bool succeeded() const { return succeeded_; }
  pollfd wanted() const { return {fd_, static_cast<short>(unsent_.empty() ? POLLIN : POLLOUT), 0}; }

  void ready() {
    if (!unsent_.empty()) {
      const ssize_t n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) return act(io_.said(exchange_.abandon({.code = kerb::errc::no_answer})));
      unsent_.erase(unsent_.begin(), unsent_.begin() + n);
    } else {
      const ssize_t n = ::recv(fd_, io_.buffer().data(), io_.buffer().size(), 0);
      if (n < 0 && errno == EAGAIN) return;
      act(io_.got(n > 0 ? static_cast<std::size_t>(n) : 0, env_now(policy_)));
    }
  }

 private:
  using stream = kerb::over_stream<kerb::botan::as_client>;

  void act(const stream::step& step) {
    kerb::match(
        step,                                          //
        [&](const kerb::send& s) { dial(s.octets); },  // connect and send these octets, which begin with their length
        [](const kerb::need_more&) {},                 // ready() is called again when there is more
        [&](const kerb::need_key&) { end({.code = kerb::errc::no_key}); },
        [&](const kerb::need_buffer& n) { grow(n.size); },
        [&](const kerb::ignored& i) { end(i.why); },  // never on a stream, where the exchange fails instead
        [&](const kerb::done&) { end({}); },          //
        [&](const kerb::failed& f) { end(f.why); });
  }

  void dial(kerb::bytes_view request) {
    hang_up();
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port_);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a);  // an error shows at the first write
    unsent_.assign(request.begin(), request.end());
  }
  /// A real program would set a larger buffer and repeat the call. Here the buffer is large enough.
  void grow(std::size_t octets) { end({.code = kerb::errc::no_space, .detail = static_cast<std::uint32_t>(octets)}); }
  void end(const kerb::error& why) {
    hang_up();
    over_ = true;
    if (!why.ok())
      return void(std::printf("%s: %s\n", example::text_of(who_).c_str(),
                              log_line(why, kerb::party::client, kerb::principal_view(who_).realm.text()).c_str()));
    const auto tgt = std::move(exchange_).take();
    succeeded_ = tgt.has_value();
    if (tgt)
      std::printf("%s: a ticket until %s\n", example::text_of(who_).c_str(), example::text_of(tgt->endtime()).c_str());
  }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  policy& policy_;
  kerb::principal who_;
  std::string password_;
  unsigned short port_;
  int fd_ = -1;
  bool over_ = false;
  bool succeeded_ = false;
  std::vector<std::uint8_t> unsent_;
  std::array<std::uint8_t, kerb::botan::as_client::typical_buffer_size> workspace_;
  std::array<std::uint8_t, 16384> incoming_;
  kerb::botan::as_client exchange_;
  stream io_;
};

kerb::principal named(const char* text) {
  if (const auto name = kerb::principal::parse(text)) return *name;
  throw std::runtime_error(std::string(text) + " is no name");
}

}  // namespace

constexpr const char* usage =
    "usage: event_loop\n"
    "\n"
    "Three logins at once, on one thread, with poll(). It starts the KDC of MIT krb5 (Debian packages krb5-kdc and\n"
    "krb5-admin-server) in a directory of its own.\n";

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  if (!example::throwaway_kdc::installed()) {
    std::puts("skipped: needs the packages krb5-kdc and krb5-admin-server");
    return 77;
  }
  const example::throwaway_kdc kdc({.commands = "addprinc +requires_preauth -pw wonderland alice\n"
                                                "addprinc +requires_preauth -pw caucus dodo\n"});
  policy one_thread;  // one policy for all exchanges of a thread
  login alice(one_thread, named("alice@EXAMPLE.ORG"), "wonderland", kdc.port());
  login dodo(one_thread, named("dodo@EXAMPLE.ORG"), "caucus", kdc.port());
  login queen(one_thread, named("queen@EXAMPLE.ORG"), "off with it", kdc.port());
  login* const all[] = {&alice, &dodo, &queen};
  for (login* l : all) l->start();
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);;) {  // for all logins together
    std::vector<pollfd> wanted;
    std::vector<login*> whose;
    for (login* l : all) {
      if (l->over()) continue;
      wanted.push_back(l->wanted());
      whose.push_back(l);
    }
    if (wanted.empty()) break;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0 || ::poll(wanted.data(), wanted.size(), static_cast<int>(left)) <= 0)
      return std::puts("nobody answers"), 1;
    for (std::size_t i = 0; i != wanted.size(); ++i)
      if (wanted[i].revents != 0) whose[i]->ready();
  }
  return alice.succeeded() && dodo.succeeded() && !queen.succeeded() ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "event_loop: %s\n", e.what());
  return 1;
}
