// Two KDCs under the same load over UDP on the loopback interface: MIT's krb5kdc and examples/kdc. What is measured is
// the processor time that the KDC's process has used, in user mode and in the kernel, for each request.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <kerb/botan.hpp>

#include <cstdio>
#include <ctime>
#include <memory>

#include "examples/support/throwaway_kdc.hpp"

namespace {

using policy = kerb::botan::policy;
using octets_t = std::vector<std::uint8_t>;
using namespace kerb::literals;

constexpr const char *realm_text = "EXAMPLE.ORG", *password = "correct horse battery";
constexpr kerb::kerberos_string realm = "EXAMPLE.ORG"_krb;
constexpr kerb::kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "www.example.org"_krb};
constexpr kerb::principal_view alice{{kerb::name_t::principal, alice_parts}, realm};
constexpr kerb::principal_view web{{kerb::name_t::srv_hst, web_parts}, realm};

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error(why); }

/// A socket to a KDC.
class wire {
 public:
  explicit wire(unsigned short port) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0) give_up("no socket");
  }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;
  ~wire() { ::close(fd_); }

  kerb::bytes_view ask(kerb::bytes_view request) {
    if (::send(fd_, request.data(), request.size(), 0) < 0) give_up("the KDC has gone");
    pollfd p{fd_, POLLIN, 0};
    if (poll(&p, 1, 5000) != 1) give_up("the KDC does not answer");
    const ssize_t n = ::recv(fd_, answer_.data(), answer_.size(), 0);
    return kerb::bytes_view(answer_).first(n < 0 ? 0 : static_cast<std::size_t>(n));
  }

 private:
  int fd_;
  std::array<std::uint8_t, 65536> answer_{};
};

// ---- the KDCs

/// The process that runs `program` below this one; 0 when there is none.
pid_t find_descendant(const std::string& program) {
  const auto stat_of = [](const std::string& pid, std::string& name) -> pid_t {  // its parent
    std::ifstream in("/proc/" + pid + "/stat");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t open = text.find('('), close = text.rfind(')');
    if (close == std::string::npos) return 0;
    name = text.substr(open + 1, close - open - 1);
    return static_cast<pid_t>(std::atoi(text.c_str() + close + 4));
  };
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string pid = entry.path().filename(), name, ignored;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    pid_t parent = stat_of(pid, name);
    if (name != program) continue;
    for (; parent > 1 && parent != getpid();) parent = stat_of(std::to_string(parent), ignored);
    if (parent == getpid()) return static_cast<pid_t>(std::atoi(pid.c_str()));
  }
  return 0;
}

std::string etype_name(int etype) { return std::string(name_of(kerb::etype_t{etype})); }

/// krb5kdc; `tuned`: without a write to the database for each AS request, which is not its default.
example::kdc_setup mit_setup(int etype, bool tuned) {
  const std::string keys = " -e " + etype_name(etype) + ":normal ";
  return {.commands = "cpw -randkey" + keys + "krbtgt/EXAMPLE.ORG\naddprinc +requires_preauth" + keys + "-pw \"" +
                      password + "\" alice\naddprinc -randkey" + keys + "HTTP/www.example.org\n",
          .kdcdefaults = tuned ? "[dbmodules]\n EXAMPLE.ORG = {\n  disable_last_success = true\n"
                                 "  disable_lockout = true\n }\n"
                               : ""};
}

/// examples/kdc, ended with this object.
class own_kdc {
 public:
  own_kdc(const std::string& program, int etype) {
    directory_ = (std::filesystem::temp_directory_path() / "kerb-load-XXXXXX").string();
    if (mkdtemp(directory_.data()) == nullptr) give_up("no directory can be made");
    const std::string e = " etypes=" + std::to_string(etype) + "\n", file = directory_ + "/principals";
    std::ofstream(file) << "principal krbtgt/EXAMPLE.ORG" + e + "principal alice password=\"" + password + "\"" + e +
                               "principal HTTP/www.example.org" + e;
    const std::string log = directory_ + "/log";  // a line for each request, as krb5kdc writes
    pid_ = fork();
    if (pid_ == 0) {
      dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 1);
      execl(program.c_str(), "kdc", "--realm", realm_text, "--principals", file.c_str(), "--port", "0",
            static_cast<char*>(nullptr));
      _exit(127);
    }
    std::string line;
    for (int i = 0; i != 500 && line.find('\n') == std::string::npos; ++i) {
      poll(nullptr, 0, 20);
      std::ifstream in(log);
      line.assign(std::istreambuf_iterator<char>(in), {});
    }
    const std::size_t at = line.find("port ");
    if (at == std::string::npos) {
      end();
      give_up(program + " does not start");
    }
    port_ = static_cast<unsigned short>(std::atoi(line.c_str() + at + 5));
  }
  own_kdc(const own_kdc&) = delete;
  own_kdc& operator=(const own_kdc&) = delete;
  ~own_kdc() { end(); }
  pid_t pid() const { return pid_; }
  unsigned short port() const { return port_; }

 private:
  void end() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  std::string directory_;
  pid_t pid_ = -1;
  unsigned short port_ = 0;
};

// ---- the load

/// Requests made in advance, each of them another one: MIT's KDC answers one that it has seen from a cache.
class load {
 public:
  load(wire& kdc, int etype, std::size_t n) : etypes_{kerb::etype_t{etype}} {
    const auto key = long_term_key();
    octets_t hints;
    for (std::size_t i = 0; i != n; ++i) {
      kerb::botan::as_client as({.client = alice, .key = key, .buffer = workspace_, .etypes = etypes_});
      const auto turn = [&] { return kerb::environment<policy>{p_, now()}; };
      auto step = as.start(turn());
      if (const auto* s = std::get_if<kerb::send>(&step); s != nullptr && hints.empty())
        hints = copy(kdc.ask(s->octets));
      step = as.receive(kerb::bytes_view(hints), turn());
      const auto* s = std::get_if<kerb::send>(&step);
      if (s == nullptr) give_up("no AS-REQ with a timestamp can be made");
      as_requests.push_back(copy(s->octets));
    }
    kerb::botan::as_client as({.client = alice, .key = key, .buffer = as_buffer_, .etypes = etypes_});
    auto tgt = kerb::drive(as, p_, now, [&](const kerb::send& s) -> kerb::result<kerb::answer> {
      return kerb::answer(kdc.ask(s.octets), kerb::transport::stream);
    });
    if (!tgt) give_up("no TGT");
    for (std::size_t i = 0; i != n; ++i) {
      kerb::botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = workspace_, .etypes = etypes_});
      const auto step = tgs.start(kerb::environment<policy>{p_, now()});
      const auto* s = std::get_if<kerb::send>(&step);
      if (s == nullptr) give_up("no TGS-REQ can be made");
      tgs_requests.push_back(copy(s->octets));
    }
  }
  std::vector<octets_t> as_requests, tgs_requests;

 private:
  static octets_t copy(kerb::bytes_view v) { return {v.begin(), v.end()}; }
  kerb::key long_term_key() {
    constexpr std::string_view salt = "EXAMPLE.ORGalice";
    auto k = p_.string_to_key(etypes_[0], kerb::secret_view::of(std::string_view(password)),
                              {reinterpret_cast<const std::uint8_t*>(salt.data()), salt.size()}, {});
    if (!k) give_up("no key");
    return std::move(*k);
  }
  std::array<kerb::etype_t, 1> etypes_;
  policy p_;
  std::array<std::uint8_t, 8192> workspace_, as_buffer_;
};

double cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec t{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) give_up("no processor time to be read");
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct measured {
  std::string name;
  double cpu_time, real_time;
  std::size_t requests;
};
double seconds_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// Sends what is to be sent, one request after the other's answer.
measured run(const std::string& name, wire& kdc, pid_t pid, const std::vector<octets_t>& requests,
             std::uint8_t answer) {
  for (std::size_t i = 0; i != requests.size() / 10; ++i) (void)kdc.ask(kerb::bytes_view(requests[i]));
  const std::size_t from = requests.size() / 10, n = requests.size() - from;
  const double cpu = cpu_ns(pid), real = seconds_now();
  for (std::size_t i = from; i != requests.size(); ++i) {
    const kerb::bytes_view got = kdc.ask(kerb::bytes_view(requests[i]));
    if (got.empty() || got[0] != answer) give_up(name + ": the KDC refuses a request");
  }
  const double each = static_cast<double>(n);
  return {name, (cpu_ns(pid) - cpu) / each, (seconds_now() - real) * 1e9 / each, n};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) return std::fputs("usage: kdc_load EXAMPLES/KDC OUT.JSON [REQUESTS [ROUNDS]]\n", stderr), 2;
  const std::size_t n = argc > 3 ? static_cast<std::size_t>(std::atol(argv[3])) : 2000;
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 3;
  std::vector<measured> all;
  const bool with_mit = example::throwaway_kdc::installed();
  if (!with_mit) std::fputs("kdc_load: krb5kdc is not installed (package krb5-kdc)\n", stderr);
  for (int round = 0; round != rounds; ++round)
    for (const int etype : {18, 20})
      for (const std::string who : {"kerb", "mit", "mit_default"}) {
        std::unique_ptr<example::throwaway_kdc> mit;
        std::unique_ptr<own_kdc> own;
        if (who == "kerb") own = std::make_unique<own_kdc>(argv[1], etype);
        else if (with_mit) mit = std::make_unique<example::throwaway_kdc>(mit_setup(etype, who == "mit"));
        else continue;
        const pid_t pid = own ? own->pid() : find_descendant("krb5kdc");
        wire kdc(own ? own->port() : mit->port());
        const load l(kdc, etype, n);
        const std::string suffix = "/e" + std::to_string(etype) + "/" + who;
        all.push_back(run("kdc_live/AS-REQ" + suffix, kdc, pid, l.as_requests, 0x6b));
        all.push_back(run("kdc_live/TGS-REQ" + suffix, kdc, pid, l.tgs_requests, 0x6d));
        for (std::size_t i = all.size() - 2; i != all.size(); ++i)
          std::printf("%-40s %9.1f us CPU, %9.1f us in all\n", all[i].name.c_str(), all[i].cpu_time / 1e3,
                      all[i].real_time / 1e3);
        std::fflush(stdout);
      }
  std::ofstream out(argv[2]);
  out << "{\n \"benchmarks\": [";
  for (std::size_t i = 0; i != all.size(); ++i)
    out << (i == 0 ? "\n" : ",\n") << "  {\"name\": \"" << all[i].name
        << "\", \"run_type\": \"iteration\", \"iterations\": " << all[i].requests
        << ", \"real_time\": " << all[i].real_time << ", \"cpu_time\": " << all[i].cpu_time
        << ", \"time_unit\": \"ns\"}";
  out << "\n ]\n}\n";
  return out.good() ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "kdc_load: %s\n", e.what());
  return 1;
}
