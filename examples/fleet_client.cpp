// Presents one AP-REQ to each acceptor of a fleet; only the first accepts it. See fleet_client --help.
#include <sys/time.h>

#include <fstream>
#include <kerb/botan.hpp>
#include <map>

#include "support/posix_transport.hpp"

namespace {

using namespace example;
using policy = kerb::botan::policy;

constexpr const char* usage =
    "usage: fleet_client --kdc HOST:PORT --principal NAME@REALM --password-file FILE --service NAME --to HOST:PORT...\n"
    "\n"
    "Gets a ticket for the service, makes one request with it, and presents that to each --to in turn: to "
    "examples/fleet,\n"
    "or to whatever takes an AP-REQ over TCP with its length in front.\n";

struct arguments {
  std::map<std::string, std::string> one{
      {"--kdc", ""}, {"--principal", ""}, {"--password-file", ""}, {"--service", ""}};
  std::vector<std::string> to;
  bool help = false, good = true;
};

arguments read(int argc, char** argv) {
  arguments a;
  for (int i = 1; i != argc && !a.help; ++i) {
    const std::string word = argv[i];
    const auto known = a.one.find(word);
    a.help = word == "--help" || word == "-h";
    if (a.help) break;
    a.good = a.good && (known != a.one.end() || word == "--to") && i + 1 != argc;
    if (!a.good) break;
    if (word == "--to") a.to.emplace_back(argv[++i]);
    else known->second = argv[++i];
  }
  for (const auto& [name, value] : a.one) a.good = a.good && !value.empty();
  a.good = a.good && !a.to.empty();
  return a;
}

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
posix_transport transport(const std::string& address, bool tcp_only) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {address, "88", tcp_only};
  return {address.substr(0, colon), address.substr(colon + 1), tcp_only};
}
int failure(const char* what, const kerb::error& e, const kerb::principal_view& asked = {}) {
  std::fprintf(stderr, "fleet_client: %s: %s\n", what, log_line(e, kerb::party::client, asked.realm.text()).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const arguments a = read(argc, argv);
  if (a.help || !a.good) return std::fputs(usage, a.help ? stdout : stderr), a.help ? 0 : 2;
  const auto me = kerb::principal::parse(a.one.at("--principal"));
  if (!me) return failure("--principal", me.error());
  const std::string realm(me->view().realm.text());
  const auto service = kerb::principal::parse(a.one.at("--service"), realm);
  if (!service) return failure("--service", service.error());
  std::string password;
  std::getline(std::ifstream(a.one.at("--password-file")) >> std::ws, password);

  policy crypto;
  posix_transport kdc = transport(a.one.at("--kdc"), false);
  std::array<std::uint8_t, 16384> buffer1{}, buffer2{}, buffer3{};
  kerb::botan::as_client as({.client = *me, .password = kerb::secret_view::of(password), .buffer = buffer1});
  const auto tgt = kerb::drive(as, crypto, now, kdc);
  if (!tgt) return failure("no ticket-granting ticket", tgt.error(), *me);
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = *service, .buffer = buffer2});
  const auto ticket = kerb::drive(tgs, crypto, now, kdc);
  if (!ticket) return failure("no ticket for the service", ticket.error(), *service);

  kerb::botan::ap_initiator initiator({.credential = *ticket, .buffer = buffer3});
  const auto first = initiator.start(kerb::environment(crypto, now()));
  const auto* const sent = std::get_if<kerb::send>(&first);
  const auto* const failed = std::get_if<kerb::failed>(&first);
  if (failed != nullptr) return failure("no request", failed->why);
  if (sent == nullptr) return failure("no request", {.code = kerb::errc::no_space});
  const kerb::bytes_view octets = sent->octets;
  const std::vector<std::uint8_t> request(octets.begin(), octets.end());
  for (const std::string& address : a.to) {
    posix_transport acceptor = transport(address, true);
    const auto answer = acceptor({.octets = request, .realm = {}, .to = kerb::destination::peer});
    if (!answer) {
      std::printf("%s: %s\n", address.c_str(), log_line(answer.error(), kerb::party::client).c_str());
    } else if (const auto no = kerb::asn1::decode<kerb::msg::KrbError>(answer->octets)) {
      std::printf("%s: refused, %s\n", address.c_str(), std::string(name_of(no->error_code)).c_str());
    } else {
      const auto done = initiator.receive(answer->octets, kerb::environment(crypto, now()));
      std::printf("%s: %s\n", address.c_str(),
                  kerb::is<kerb::done>(done) ? "accepted, and it has proven itself" : "its answer does not open");
    }
  }
  return 0;
}
