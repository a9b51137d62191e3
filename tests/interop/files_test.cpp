// Files and daemons of MIT krb5 and Heimdal: what kerb writes they read, and the other way round.
#include <krb5.h>
#include <profile.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <kerb/format/kcm.hpp>
#include <kerb/format/keytab.hpp>
#include <kerb/format/krb5_conf.hpp>
#include <kerb/format/principal.hpp>
#include <kerb/format/rcache.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/must.hpp"

// Of libkrb5, for its own replay caches
extern "C" {
struct krb5_rc_st;
krb5_error_code k5_rc_resolve(krb5_context, const char*, krb5_rc_st**);
krb5_error_code k5_rc_store(krb5_context, krb5_rc_st*, const krb5_enc_data*);
void k5_rc_close(krb5_context, krb5_rc_st*);
}

namespace {

using kerb_test::must;
using octets = std::vector<std::uint8_t>;

/// A directory that is gone after the test.
struct directory {
  directory() {
    char name[] = "/tmp/kerb_files_XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  directory(const directory&) = delete;
  ~directory() {
    std::error_code e;
    std::filesystem::remove_all(path, e);
  }
  std::string write(const std::string& name, kerb::bytes_view content) const {
    std::ofstream out(path + "/" + name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    return path + "/" + name;
  }
  std::string path;
};
octets read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string output_of(const std::string& command) {
  std::string out;
  FILE* p = popen(("LC_ALL=C TZ=UTC " + command + " 2>&1").c_str(), "r");
  REQUIRE(p != nullptr);
  for (int c; (c = std::fgetc(p)) != EOF;) out += static_cast<char>(c);
  pclose(p);
  return out;
}
bool there(const std::string& program) {
  static const int path = setenv("PATH", (std::string(std::getenv("PATH")) + ":/usr/sbin:/sbin").c_str(), 1);
  REQUIRE(path == 0);
  if (std::system(("command -v " + program + " >/dev/null").c_str()) == 0) return true;
  const char* interop = std::getenv("KERB_INTEROP");
  if (interop != nullptr && std::string_view(interop) == "required") FAIL("no " << program);
  WARN("no " << program << ": left out");
  return false;
}

// ---- what all files have in them

const kerb::principal alice = must(kerb::principal::parse("alice@EX.ORG"));
const kerb::principal krbtgt = must(kerb::principal::parse("krbtgt/EX.ORG@EX.ORG"));
const kerb::principal web = must(kerb::principal::parse("HTTP/web.ex.org@EX.ORG"));
const std::array<std::uint8_t, 32> key_of_32{1, 2, 3};
const std::array<std::uint8_t, 16> key_of_16{0xab, 0xcd};

/// A Ticket that klist can decode.
octets ticket_for(const kerb::principal& server) {
  kerb::msg::Ticket t{};
  t.realm = server.view().realm;
  t.sname = server.view().name;
  t.enc_part = {kerb::etype_t::aes256_cts_hmac_sha1_96, 2u, kerb::bytes_view(key_of_32)};
  octets out(kerb::asn1::encoded_size(t));
  must(kerb::asn1::encode(t, std::span(out)));
  return out;
}
const octets tgt = ticket_for(krbtgt), web_ticket = ticket_for(web);

kerb::cached_credential credential(const kerb::principal& server, std::int64_t until = 4000000000) {
  kerb::cached_credential c{};
  c.client = alice;
  c.server = server;
  c.etype = kerb::etype_t::aes256_cts_hmac_sha1_96;
  c.key = kerb::secret_view(key_of_32);
  c.authtime = {1700000000};
  c.starttime = kerb::kerberos_time{1700000000};
  c.endtime = {until};
  c.flags = {kerb::ticket_flag_t::forwardable, kerb::ticket_flag_t::initial};
  c.ticket = server == krbtgt ? tgt : web_ticket;
  return c;
}

TEST_CASE("klist lists the caches that are written, in each version, and kvno takes tickets from them", "[files]") {
  if (!there("klist") || !there("kvno")) return;
  const directory d;
  for (std::uint8_t version = 1; version != 5; ++version) {
    INFO(int{version});
    octets buffer(4096);
    kerb::ccache_writer w(alice.view(), kerb::kdc_offset{5, 0}, buffer, {version, std::endian::native});
    w.add_config(alice, {kerb::kerberos_string::of("fast_avail"), {}, kerb::octets_of("yes")});
    w.add(credential(krbtgt));
    w.add(credential(web));
    w.add_removed(credential(web));
    const std::string cache = "FILE:" + d.write("cc", must(w.finish()));
    // the ticket is there, so no KDC is asked
    CHECK(output_of("kvno -c " + cache + " HTTP/web.ex.org@EX.ORG") == "HTTP/web.ex.org@EX.ORG: kvno = 2\n");
    const std::string list = output_of("klist -e -f -C " + cache);
    INFO(list);
    CHECK(list.find("Default principal: alice@EX.ORG") != std::string::npos);
    CHECK(list.find("krbtgt/EX.ORG@EX.ORG") != std::string::npos);
    CHECK(list.find("HTTP/web.ex.org@EX.ORG") == list.rfind("HTTP/web.ex.org@EX.ORG"));  // not the removed one
    CHECK(list.find("Flags: FI") != std::string::npos);
    CHECK(list.find("Etype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96") != std::string::npos);
    CHECK(list.find("config: fast_avail = yes") != std::string::npos);
  }
}

TEST_CASE("klist lists the keytabs that are written, in both versions, and no hole", "[files]") {
  if (!there("klist")) return;
  const directory d;
  for (const std::uint16_t version : {std::uint16_t{0x501}, std::uint16_t{0x502}}) {
    octets buffer(4096);
    kerb::keytab_writer w(buffer, {version, std::endian::native});
    for (const std::uint32_t kvno : {3u, 300u}) {
      kerb::keytab_key k{.principal = web,
                         .timestamp = {1700000000},
                         .kvno = kvno,
                         .etype = kerb::etype_t{18},
                         .key = kerb::secret_view(key_of_32)};
      w.add(k);
      k.etype = kerb::etype_t{17};
      k.key = kerb::secret_view(key_of_16);
      w.add(k);
    }
    octets file(must(w.finish()).begin(), must(w.finish()).end());
    const std::string list = output_of("klist -k -e -K -t FILE:" + d.write("keytab", file));
    INFO(list);
    CHECK(list.find("HTTP/web.ex.org@EX.ORG (aes256-cts-hmac-sha1-96)  (0x0102030000") != std::string::npos);
    CHECK(list.find("HTTP/web.ex.org@EX.ORG (aes128-cts-hmac-sha1-96)  (0xabcd0000") != std::string::npos);
    CHECK(list.find(" 300 ") != std::string::npos);
    const auto keytab = must(kerb::keytab_view::open(file));
    const kerb::bytes_view record = (++keytab.begin()).record();
    const std::size_t at = static_cast<std::size_t>(record.data() - file.data());
    kerb::make_keytab_hole(std::span(file).subspan(at, record.size()), keytab.order());
    const std::string after = output_of("klist -k FILE:" + d.write("keytab", file));
    CHECK(std::count(list.begin(), list.end(), '\n') == std::count(after.begin(), after.end(), '\n') + 1);
  }
}

// ---- krb5.conf

TEST_CASE("MIT's profile library finds the values that are found, and refuses the texts that are refused", "[files]") {
  const directory d;
  std::mt19937 bits(2);
  const auto random = [&] { return static_cast<unsigned>(bits()); };
  static const char* const lines[] = {
      "[a]",     "[b]",   "[b] ",  "a = 1",     "b = 2 x ",  "b = \"q \\\"r\\\\ \\n\" z",
      "a = {",   "b = {", "}",     "# c",       "",          " ; c",
      "a =",     "{",     "  a=4", "\tb\t=\t{", "a = { x }", "a = \"open",
      "a b = c", "= x",   "[a",    "junk",      "a==5",      "} rest",
      "b = {x",  "b = { "};
  static const char* const good[] = {"a = 1", "b = {", "a = {", "}", "[b]", "[a]", "b = 8"};
  std::size_t agreed = 0, refused = 0;
  for (int n = 0; n != 500; ++n) {
    std::string text = "[a]\n";
    for (unsigned i = random() % 14; i != 0; --i) {
      text += random() % 4 != 0 ? good[random() % std::size(good)] : lines[random() % std::size(lines)];
      text += '\n';
    }
    INFO(text);
    profile_t profile = nullptr;
    const std::string file = d.write("krb5.conf", kerb::octets_of(text));
    const bool theirs = profile_init_path(file.c_str(), &profile) == 0;
    kerb::krb5_conf<> conf;
    REQUIRE(conf.add(text).has_value() == theirs);
    if (!theirs) {
      ++refused;
      continue;
    }
    for (unsigned size = 2; size != 5; ++size) {
      for (unsigned way = 0; way != 1u << size; ++way) {
        const char* names[6] = {};
        kerb::conf_path path;
        for (unsigned i = 0; i != size; ++i) path.append(names[i] = (way >> i & 1) != 0 ? "b" : "a");
        std::string mit, ours;
        char** values = nullptr;
        if (profile_get_values(profile, names, &values) == 0) {
          for (char** v = values; *v != nullptr; ++v) mit.append(*v).append("|");
          profile_free_list(values);
        }
        char buffer[64];
        for (const kerb::conf_value& v : conf.view().values(path)) ours.append(must(v.text(buffer))).append("|");
        REQUIRE(mit == ours);
      }
    }
    profile_release(profile);
    ++agreed;
  }
  CHECK(agreed > 100);
  CHECK(refused > 100);
}

TEST_CASE("MIT's krb5_string_to_deltat reads the durations that are read", "[files]") {
  std::mt19937 bits(3);
  const auto random = [&] { return static_cast<unsigned>(bits()); };
  static const char* const parts[] = {"1", "30", "300", "9", "d", "h",  "m",
                                      "s", ":",  "-",   " ", "x", "00", "2147483647"};
  for (int n = 0; n != 100000; ++n) {
    std::string text;
    for (unsigned i = random() % 8; i != 0; --i) text += parts[random() % std::size(parts)];
    krb5_deltat theirs = 0;
    const bool reads = krb5_string_to_deltat(std::string(text).data(), &theirs) == 0;
    const auto ours = kerb::conf_duration(text);
    INFO(text);
    REQUIRE(reads == ours.has_value());
    if (reads) REQUIRE(*ours == theirs);
  }
}

// ---- replay caches

TEST_CASE("MIT's library and kerb share a replay cache file", "[files]") {
  const directory d;
  const std::string path = d.path + "/rcache";
  octets seed(16, 5);
  d.write("rcache", seed);
  krb5_context context = nullptr;
  REQUIRE(krb5_init_context(&context) == 0);
  krb5_rc_st* theirs = nullptr;
  REQUIRE(k5_rc_resolve(context, ("file2:" + path).c_str(), &theirs) == 0);
  std::mt19937 random(4);
  std::vector<octets> seen;
  for (int n = 0; n != 300; ++n) {
    const bool again = !seen.empty() && random() % 4 == 0;
    octets cipher(40);
    for (std::uint8_t& o : cipher) o = static_cast<std::uint8_t>(random());
    if (again) cipher = seen[random() % seen.size()];
    else seen.push_back(cipher);
    bool replayed = false;
    if (random() % 2 == 0) {
      krb5_enc_data e{};
      e.enctype = 18;
      e.ciphertext.data = reinterpret_cast<char*>(cipher.data());
      e.ciphertext.length = static_cast<unsigned>(cipher.size());
      const krb5_error_code code = k5_rc_store(context, theirs, &e);
      REQUIRE((code == 0 || code == KRB5KRB_AP_ERR_REPEAT));
      replayed = code != 0;
    } else {
      octets file = read_file(path);
      const auto tag = *kerb::rcache_tag::of(kerb::etype_t{18}, cipher);
      kerb::rcache_file ours(std::span<const std::uint8_t, 16>(file.data(), 16), tag, {std::time(nullptr)}, 300);
      kerb::rcache_step s = ours.start();
      while (s.what == kerb::rcache_step::kind::read) {
        const std::size_t at = static_cast<std::size_t>(s.offset);
        s = ours.found(at < file.size()
                           ? kerb::bytes_view(file).subview(at, std::min<std::size_t>(32, file.size() - at))
                           : kerb::bytes_view());
      }
      replayed = s.what == kerb::rcache_step::kind::replayed;
      if (!replayed) {
        const std::size_t at = static_cast<std::size_t>(s.offset);
        file.resize(std::max(file.size(), at + 16));
        std::copy(s.record.begin(), s.record.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
        d.write("rcache", file);
      }
    }
    REQUIRE(replayed == again);
  }
  k5_rc_close(context, theirs);
  krb5_free_context(context);
}

// ---- KCM

/// Sends a request and returns the reply, without its header; empty when there is none.
octets ask(int fd, kerb::bytes_view request) {
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return {};
  octets in;
  for (;;) {
    const auto f = kerb::read_kcm_frame(in, kerb::kcm_reply_header);
    if (!f) return {};
    if (f->missing == 0) return {f->message.begin(), f->message.end()};
    octets more(f->missing);
    const ssize_t n = ::recv(fd, more.data(), more.size(), 0);
    if (n <= 0) return {};
    in.insert(in.end(), more.begin(), more.begin() + n);
  }
}
int connected(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  path.copy(a.sun_path, sizeof a.sun_path - 1);
  for (int i = 0; i != 100; ++i) {
    if (::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) return fd;
    ::usleep(20000);
  }
  ::close(fd);
  return -1;
}

#define NEEDS(condition) \
  if (!(condition)) return #condition

/// What a client does with a daemon that has no caches. Returns what failed; empty: nothing.
std::string use_kcm(int fd) {
  octets buffer(4096);
  const auto send = [&](kerb::kcm_op op, auto&& fields) {
    kerb::kcm_writer w(op, buffer);
    fields(w);
    const auto request = w.finish();
    return request ? ask(fd, *request) : octets();
  };
  octets in = send(kerb::kcm_op::get_default_cache, [](kerb::kcm_writer&) {});
  auto r = kerb::kcm_reader::reply(in);
  NEEDS(r);
  const std::string name(r->name().text());
  NEEDS(r->finish().ok() && !name.empty());
  in = send(kerb::kcm_op::get_principal, [&](kerb::kcm_writer& w) { w.name(name); });
  r = kerb::kcm_reader::reply(in);
  NEEDS(!r && r.error().code == kerb::errc::kcm_error && r.error().detail == 2529639107u);

  const auto done = [&] {
    auto reply = kerb::kcm_reader::reply(in);
    return reply && reply->finish().ok();
  };
  in = send(kerb::kcm_op::initialize, [&](kerb::kcm_writer& w) { w.name(name), w.principal(alice.view()); });
  NEEDS(done());
  for (const auto& c : {credential(krbtgt), credential(web)}) {
    in = send(kerb::kcm_op::store, [&](kerb::kcm_writer& w) { w.name(name), w.credential(c); });
    NEEDS(done());
  }
  in = send(kerb::kcm_op::get_principal, [&](kerb::kcm_writer& w) { w.name(name); });
  r = kerb::kcm_reader::reply(in);
  NEEDS(r && same_principal(r->principal(), alice) && r->finish().ok());
  in = send(kerb::kcm_op::get_cred_uuid_list, [&](kerb::kcm_writer& w) { w.name(name); });
  r = kerb::kcm_reader::reply(in);
  NEEDS(r);
  std::vector<kerb::kcm_uuid> uuids;
  while (!r->at_end()) uuids.push_back(r->uuid());
  NEEDS(r->finish().ok() && uuids.size() == 2);
  std::string servers;
  for (const kerb::kcm_uuid& u : uuids) {
    in = send(kerb::kcm_op::get_cred_by_uuid, [&](kerb::kcm_writer& w) { w.name(name), w.uuid(u); });
    r = kerb::kcm_reader::reply(in);
    NEEDS(r);
    const kerb::cache_entry e = r->credential();
    NEEDS(r->finish().ok() && e.key.size() == 32 && e.endtime.seconds == 4000000000 && same_principal(e.client, alice));
    servers += same_principal(e.server, krbtgt)                                            ? "k"
               : same_principal(e.server, web) && e.ticket == kerb::bytes_view(web_ticket) ? "w"
                                                                                           : "?";
  }
  NEEDS(servers == "kw" || servers == "wk");
  in = send(kerb::kcm_op::retrieve, [&](kerb::kcm_writer& w) {
    w.name(name), w.flags(kerb::kcm_match::cached_only), w.tag({.client = alice, .server = web});
  });
  r = kerb::kcm_reader::reply(in);
  NEEDS(r && same_principal(r->credential().server, web));
  const std::string list = output_of("klist -f KCM:" + name);
  NEEDS(list.find("HTTP/web.ex.org@EX.ORG") != std::string::npos && list.find("Flags: FI") != std::string::npos);
  in = send(kerb::kcm_op::remove_cred,
            [&](kerb::kcm_writer& w) { w.name(name), w.flags(kerb::kcm_match{}), w.tag({.server = web}); });
  NEEDS(done());
  NEEDS(output_of("klist KCM:" + name).find("HTTP/web") == std::string::npos);
  in = send(kerb::kcm_op::destroy, [&](kerb::kcm_writer& w) { w.name(name); });
  NEEDS(done());
  NEEDS(output_of("klist KCM:" + name).find("not found") != std::string::npos);
  return {};
}

TEST_CASE("Heimdal's kcm keeps what is stored in it, and MIT's klist sees it", "[files]") {
  if (!there("kcm") || !there("klist")) return;
  // kcm listens in /var/run only: in a process with a /run of its own
  const std::string result = "/tmp/kerb_kcm_" + std::to_string(getpid());
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::string failed = "no mount namespace";
    int code = 2;
    if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("none", "/run", "tmpfs", 0, nullptr) == 0) {
      const pid_t daemon = fork();
      if (daemon == 0) {
        execlp("kcm", "kcm", "-c", "/dev/null", static_cast<char*>(nullptr));
        _exit(1);
      }
      const int fd = connected("/run/.heim_org.h5l.kcm-socket");
      failed = fd < 0 ? "no connection" : use_kcm(fd);
      code = failed.empty() ? 0 : 1;
      kill(daemon, SIGTERM);
      waitpid(daemon, nullptr, 0);
    }
    std::ofstream(result) << failed;
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const octets said = read_file(result);
  std::filesystem::remove(result);
  INFO(std::string(said.begin(), said.end()));
  if (WEXITSTATUS(status) == 2) {
    WARN("no mount namespace: left out");  // not root
    return;
  }
  CHECK(status == 0);
}

/// A daemon with one cache, for one client at a time.
class daemon_of_one {
 public:
  explicit daemon_of_one(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    path.copy(a.sun_path, sizeof a.sun_path - 1);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    REQUIRE(::listen(fd_, 4) == 0);
    thread_ = std::thread([this] {
      for (int c; (c = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(c)) serve(c);
    });
  }
  daemon_of_one(const daemon_of_one&) = delete;
  ~daemon_of_one() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::string asked;  ///< the numbers of the requests

 private:
  void serve(int c) {
    octets in, out(4096);
    for (;;) {
      const auto f = kerb::read_kcm_frame(in, kerb::kcm_request_header);
      if (!f) return;
      if (f->missing != 0) {
        octets more(f->missing);
        const ssize_t n = ::recv(c, more.data(), more.size(), 0);
        if (n <= 0) return;
        in.insert(in.end(), more.begin(), more.begin() + n);
        continue;
      }
      const auto reply = answer(f->message, out);
      in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(f->octets));
      if (!reply || ::send(c, reply->data(), reply->size(), MSG_NOSIGNAL) < 0) return;
    }
  }
  kerb::result<kerb::bytes_view> answer(kerb::bytes_view message, octets& out) {
    auto r = kerb::kcm_reader::request(message);
    if (!r) return r.error();
    asked += std::to_string(static_cast<int>(r->op())) + " ";
    kerb::kcm_writer w = kerb::kcm_writer::reply(0, out);
    switch (r->op()) {
      case kerb::kcm_op::get_default_cache: w.name("one"); break;
      case kerb::kcm_op::get_principal:
        if (destroyed_ || !(r->name() == "one")) return kerb::kcm_writer::reply(-1765328189, out).finish();
        w.principal(alice.view());
        break;
      case kerb::kcm_op::get_cred_list:
        if (!(r->name() == "one")) return kerb::errc::api_misuse;
        w.number(2);
        w.listed_credential(credential(krbtgt));
        w.listed_credential(credential(web));
        break;
      case kerb::kcm_op::get_kdc_offset: w.number(0); break;
      case kerb::kcm_op::destroy: destroyed_ = r->name() == "one"; break;
      default: return kerb::kcm_writer::reply(-1765328137, out).finish();  // KRB5_CC_NOSUPP
    }
    if (r->op() != kerb::kcm_op::get_kdc_offset && !r->finish().ok()) return r->finish();
    return w.finish();
  }
  int fd_;
  bool destroyed_ = false;
  std::thread thread_;
};

TEST_CASE("MIT's klist and kdestroy use a daemon that speaks KCM by kerb", "[files]") {
  if (!there("klist") || !there("kdestroy")) return;
  const directory d;
  const std::string socket = d.path + "/kcm";
  const std::string text = "[libdefaults]\nkcm_socket = " + socket + "\n";
  const std::string conf = d.write("krb5.conf", kerb::octets_of(text));
  const std::string environment = "KRB5_CONFIG=" + conf + " KRB5CCNAME=KCM: ";
  daemon_of_one daemon(socket);
  const std::string list = output_of(environment + "klist -e -f");
  INFO(list << daemon.asked);
  CHECK(list.find("Ticket cache: KCM:one\nDefault principal: alice@EX.ORG\n") != std::string::npos);
  CHECK(list.find("HTTP/web.ex.org@EX.ORG") != std::string::npos);
  CHECK(list.find("Etype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96") != std::string::npos);
  output_of(environment + "kdestroy");
  CHECK(daemon.asked.find(" 5 ") != std::string::npos);
  CHECK(output_of(environment + "klist").find("not found") != std::string::npos);
}

}  // namespace
