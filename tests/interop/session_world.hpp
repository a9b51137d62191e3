// MIT's and Heimdal's libraries as the other side of a session, and what a session begins with. No KDC is asked for a
// ticket: they are made here, and the libraries find them in a credential cache and their keys in a keytab.
#pragma once
#include <sys/time.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <kerb/botan.hpp>
#ifdef KERB_WEAK_SESSIONS
#include <kerb/crypto/des3.hpp>
#include <kerb/crypto/rc4.hpp>
#endif
#include <kerb/testing/mint.hpp>
#include <kerb/testing/realm.hpp>
#include <memory>

#include "peer.hpp"

namespace sessions {

using namespace kerb::literals;
using interop::hex;
using interop::octets;
using interop::unhex;
using kerb::bytes_view;
using kerb::errc;
using kerb::etype_t;
using key = kerb::botan::key;

#ifdef KERB_WEAK_SESSIONS
// A program of its own, with the encryption types that a policy must name
using policy = kerb::engine<kerb::botan::primitives, kerb::aes_sha2, kerb::aes_sha1, kerb::weak::rc4, kerb::weak::des3>;
inline constexpr etype_t all_etypes[] = {etype_t::rc4_hmac, etype_t::des3_cbc_sha1_kd};
inline const std::string etypes_of_the_libraries =
    "des3-cbc-sha1 arcfour-hmac\n allow_weak_crypto = true\n allow_rc4 = true\n allow_des3 = true\n";
#else
using policy = kerb::botan::policy;
inline constexpr etype_t all_etypes[] = {etype_t::aes128_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha1_96,
                                         etype_t::aes128_cts_hmac_sha256_128, etype_t::aes256_cts_hmac_sha384_192};
inline const std::string etypes_of_the_libraries =
    "aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128 aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96\n";
#endif
using held_credential = kerb::basic_credential<key>;

/// One of the two libraries; where its program has not been built it is passed over.
struct library {
  std::string name;
  std::string program;
  bool is_heimdal = false;
};
inline std::vector<library> libraries() {
  std::vector<library> all;
  for (const auto& [name, variable] : {std::pair{"MIT", "KERB_MIT_SESSION"}, {"Heimdal", "KERB_HEIMDAL_SESSION"}}) {
    const char* const program = std::getenv(variable);
    if (program != nullptr && *program != '\0') all.push_back({name, program, name == std::string("Heimdal")});
  }
  return all;
}

inline kerb::timestamp now(std::int64_t ahead = 0) {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec + ahead}, {static_cast<std::int32_t>(t.tv_usec)}};
}
inline std::string number(etype_t e) { return std::to_string(static_cast<int>(e)); }
/// A key as a peer writes it: a test's keys are no secrets.
inline std::string text(const key& k) { return number(k.etype()) + " " + hex(k.octets().unguarded()); }
inline std::string text(const std::optional<key>& k) { return k ? text(*k) : ""; }

/// What the sessions of one encryption type begin with: alice's tickets for a service and for the KDC.
struct beginning {
  etype_t etype;
  std::string service;  ///< as the libraries are told it
  std::string cache;    ///< with both tickets
  octets ticket, tgt;   ///< as they are sent
  octets service_key, session_key, tgt_session_key;
  kerb::principal server;
  // To bob, who has no key of his own but that of his ticket-granting ticket
  std::string user_cache;
  octets user_ticket, user_key;
};

/// The files, the keys and the realm.
class world {
 public:
  policy crypto;
  kerb::testing::realm<policy> realm{crypto, "PEERS.TEST"_krb, etype_t::aes256_cts_hmac_sha1_96};
  kerb::principal alice = kerb_test::must(kerb::principal::parse("alice", "PEERS.TEST"));
  kerb::principal bob = kerb_test::must(kerb::principal::parse("bob", "PEERS.TEST"));
  kerb::principal krbtgt = kerb_test::must(kerb::principal::parse("krbtgt/PEERS.TEST", "PEERS.TEST"));
  kerb::key_list<key, 8> service_keys;
  kerb::memory_replay_cache<4096> seen;
  kerb::unique_time times;
  kerb::timestamp began = now();

  world() {
    directory_ = (std::filesystem::temp_directory_path() / "kerb-sessions-XXXXXX").string();
    if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no temporary directory");
    // Where etypes are negotiated MIT's library offers those that stand here before the session key's. The KDC is not
    // there: what is asked of it goes through this program.
    std::ofstream(path("krb5.conf"))
        << "[libdefaults]\n default_realm = PEERS.TEST\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
           " dns_canonicalize_hostname = false\n rdns = false\n permitted_enctypes = "
        << etypes_of_the_libraries
        << "[domain_realm]\n .peers.test = PEERS.TEST\n[realms]\n PEERS.TEST = {\n  kdc = 127.0.0.1:1\n }\n";
    setenv("KRB5_CONFIG", path("krb5.conf").c_str(), 1);
    setenv("KRB5RCACHENAME", "none:", 1);
    realm.add_user("alice", kerb::secret_view::of("alicepw"));
    realm.add_service("svc/used");
    std::vector<std::uint8_t> file(4096);
    kerb::keytab_writer keytab(file);
    for (const etype_t e : all_etypes) {
      beginning& b = *beginnings_.emplace_back(std::make_unique<beginning>());
      b.etype = e;
      b.service = "svc/e" + number(e) + ".peers.test";
      b.server = kerb_test::must(kerb::principal::parse(b.service, "PEERS.TEST"));
      for (octets* k : {&b.service_key, &b.session_key, &b.tgt_session_key, &b.user_key}) *k = random_key(e);
      keytab.add(kerb::keytab_key{b.server, began.at, 1, e, kerb::secret_view(b.service_key)});
      if (!service_keys.add(b.server, 1, e, import(e, b.service_key))) throw std::runtime_error("too many keys");
      b.ticket = mint(b.server, import(e, b.service_key), e, b.session_key, {});
      b.tgt = mint(krbtgt, import_copy(kerb_test::must(realm.key_of("krbtgt/PEERS.TEST"))), e, b.tgt_session_key,
                   {kerb::ticket_flag_t::initial, kerb::ticket_flag_t::forwardable});
      b.user_ticket = mint(bob, import(e, b.user_key), e, b.session_key, {});
      b.cache = write_cache("cache" + number(e), {entry(b, krbtgt), entry(b, b.server)});
      b.user_cache = write_cache("user" + number(e), {entry(b, bob)});
    }
    write("keytab", kerb_test::must(keytab.finish()));
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  const beginning& of(etype_t e) const {
    for (const auto& b : beginnings_)
      if (b->etype == e) return *b;
    throw std::runtime_error("no such encryption type");
  }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string keytab() const { return "FILE:" + path("keytab"); }
  key import(etype_t e, bytes_view value) { return kerb_test::must(crypto.import(e, value)); }
  key import_copy(const key& k) { return import(k.etype(), k.octets().unguarded()); }
  kerb::environment<policy> turn(std::int64_t ahead = 0) { return {crypto, now(ahead), {}}; }
  kerb::timestamp endtime() const { return {{began.at.seconds + 3600}, {0}}; }

  held_credential credential(const beginning& b) {
    return {facts(b.server, b.ticket, {}), import(b.etype, b.session_key)};
  }
  held_credential user_credential(const beginning& b) {
    return {facts(bob, b.user_ticket, {}), import(b.etype, b.session_key)};
  }
  /// Bob's own.
  held_credential user_tgt(const beginning& b) {
    kerb::ticket_facts f;
    f.client = bob;
    f.server = krbtgt;
    return {f, import(b.etype, b.user_key)};
  }
  held_credential tgt(const beginning& b) {
    return {facts(krbtgt, b.tgt, {kerb::ticket_flag_t::initial, kerb::ticket_flag_t::forwardable}),
            import(b.etype, b.tgt_session_key)};
  }

 private:
  octets random_key(etype_t e) {
    octets seed(crypto.seed_octets(e));
    if (!crypto.fill(seed)) throw std::runtime_error("no random octets");
    const key k = kerb_test::must(crypto.random_to_key(e, seed));
    const bytes_view octets_of_key = k.octets().unguarded();
    return {octets_of_key.begin(), octets_of_key.end()};
  }
  kerb::ticket_facts facts(const kerb::principal& server, const octets& ticket, kerb::msg::TicketFlags flags) const {
    kerb::ticket_facts f;
    f.client = alice;
    f.server = server;
    f.ticket = ticket;
    f.flags = flags;
    f.authtime = f.starttime = began.at;
    f.endtime = endtime().at;
    return f;
  }
  octets mint(const kerb::principal& server, const key& k, etype_t e, const octets& session,
              kerb::msg::TicketFlags flags) {
    std::array<std::uint8_t, 1024> out{};
    const kerb::msg::EncTicketPart part{.flags = flags,
                                        .key = {e, session},
                                        .crealm = alice.view().realm,
                                        .cname = alice.name(),
                                        .transited = {kerb::tr_t::domain_x500_compress, {}},
                                        .authtime = began.at,
                                        .starttime = began.at,
                                        .endtime = endtime().at,
                                        .renew_till = {},
                                        .caddr = {},
                                        .authorization_data = {}};
    const auto t = kerb::testing::mint_ticket(server.view(), part, k, 1, turn(), out);
    if (!t) throw std::runtime_error("no ticket");
    return {t->begin(), t->end()};
  }
  void write(const std::string& name, bytes_view file) const {
    std::ofstream out(path(name), std::ios::binary);
    // Heimdal's library opens no cache that others may read
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  }
  kerb::cached_credential entry(const beginning& b, const kerb::principal& server) const {
    kerb::cached_credential c{};
    c.client = alice;
    c.server = server;
    c.etype = b.etype;
    c.key = kerb::secret_view(server == krbtgt ? b.tgt_session_key : b.session_key);
    c.authtime = began.at;
    c.starttime = began.at;
    c.endtime = endtime().at;
    if (server == krbtgt) c.flags = {kerb::ticket_flag_t::initial, kerb::ticket_flag_t::forwardable};
    c.ticket = server == krbtgt ? b.tgt : server == bob ? b.user_ticket : b.ticket;
    return c;
  }
  std::string write_cache(const std::string& name, const std::vector<kerb::cached_credential>& entries) const {
    std::vector<std::uint8_t> file(8192);
    kerb::ccache_writer w(alice.view(), {}, file);
    for (const kerb::cached_credential& c : entries) w.add(c);
    write(name, kerb_test::must(w.finish()));
    return "FILE:" + path(name);
  }

  std::string directory_;
  std::vector<std::unique_ptr<beginning>> beginnings_;
};
/// main() makes it before the first test and takes it away after the last.
inline std::unique_ptr<world> the_world;

/// An AP exchange to be had with a peer.
struct setting {
  library with;
  etype_t etype = etype_t::aes256_cts_hmac_sha1_96;
  bool peer_initiates = true;
  bool mutual = true;
  bool initiator_subkey = true;
  bool acceptor_subkey = true;
  std::string flags = "q";             ///< of the peer's, besides those that follow from the above
  std::optional<octets> covered = {};  ///< by the authenticator's checksum
  /// Our first sequence number, in a request that asks for no answer and proposes no subkey.
  std::optional<std::uint32_t> number = {};
  bool user_to_user = false;
  std::optional<std::size_t> change = {};  ///< this octet of our AP-REQ, counted from its end; nothing comes of it
};

/// The exchange, and then the session, with a process of the peer's.
class talk {
 public:
  explicit talk(const setting& s) : with(s.with), peer_initiates(s.peer_initiates), peer(s.with.program, arguments(s)) {
    s.peer_initiates ? accept(s) : s.number ? initiate_from(s.etype, *s.number) : initiate(s);
  }
  const kerb::session_keys<key>& keys() const { return who ? who->keys() : *initiated_; }
  kerb::session_keys<key> take_keys() { return who ? std::move(*who).keys() : std::move(*initiated_); }

  const library with;
  const bool peer_initiates;
  interop::peer_process peer;
  octets request;                                      ///< the AP-REQ
  std::optional<kerb::authenticated_client<key>> who;  ///< where the peer initiated

 private:
  static std::vector<std::string> arguments(const setting& s) {
    const beginning& b = the_world->of(s.etype);
    std::string flags = s.flags;
    if (s.peer_initiates && s.mutual) flags += "m";
    if (s.peer_initiates ? s.initiator_subkey : s.acceptor_subkey) flags += "s";
    if (s.user_to_user) flags += "v";
    const std::string& cache = s.user_to_user ? b.user_cache : b.cache;
    std::vector<std::string> words{s.peer_initiates ? "initiate" : "accept",
                                   s.peer_initiates ? cache : the_world->keytab(), s.user_to_user ? "bob" : b.service,
                                   flags};
    if (s.covered) words.push_back(hex(*s.covered));
    return words;
  }
  void accept(const setting& s) {
    request = unhex(peer.hear("req"));
    REQUIRE(!request.empty());
    const beginning& b = the_world->of(s.etype);
    const auto users = the_world->user_tgt(b);
    kerb::user_to_user_key<key> users_key(users);
    kerb::ap_acceptor<policy> ap({.service = s.user_to_user ? the_world->bob.view() : b.server.view(),
                                  .buffer = workspace_,
                                  .user_to_user = s.user_to_user});
    const kerb::accept_options o{.subkey = s.acceptor_subkey};
    world& w = *the_world;
    auto accepted = s.user_to_user ? kerb::accept(ap, request, w.crypto, users_key, w.seen, now(), o)
                                   : kerb::accept(ap, request, w.crypto, w.service_keys, w.seen, now(), o);
    CHECK(accepted.error().code == errc::ok);
    REQUIRE(accepted);
    CHECK(kerb::same_principal(accepted->client(), the_world->alice));
    who.emplace(std::move(*accepted));
    CHECK(who->reply().empty() == !s.mutual);
    if (s.mutual) peer.tell("rep " + hex(who->reply()));
    (void)peer.hear("ready");
  }
  void initiate(const setting& s) {
    const beginning& b = the_world->of(s.etype);
    const auto credential = s.user_to_user ? the_world->user_credential(b) : the_world->credential(b);
    std::optional<bytes_view> covered;
    if (s.covered) covered = *s.covered;
    kerb::ap_initiator<policy> ap({.credential = credential,
                                   .buffer = workspace_,
                                   .mutual = s.mutual ? kerb::required : kerb::if_asked,
                                   .subkey = s.initiator_subkey,
                                   .application_data = covered,
                                   .times = the_world->times,
                                   .user_to_user = s.user_to_user});
    if (s.user_to_user) peer.tell("key " + number(s.etype) + " " + hex(b.user_key));
    auto step = ap.start(the_world->turn());
    REQUIRE(kerb::is<kerb::send>(step));
    const bytes_view sent = std::get<kerb::send>(step).octets;
    request.assign(sent.begin(), sent.end());
    if (s.change) request[request.size() - *s.change] ^= 1;
    peer.tell("req " + hex(request));
    if (s.change) return;
    if (s.mutual) {
      const octets rep = unhex(peer.hear("rep"));
      step = ap.receive(rep, the_world->turn());
      REQUIRE(kerb::is<kerb::done>(step));
    }
    (void)peer.hear("ready");
    CHECK(peer.heard("client") == "alice@PEERS.TEST");
    auto taken = std::move(ap).take();
    REQUIRE(taken);
    initiated_.emplace(std::move(*taken));
  }

  void initiate_from(etype_t e, std::uint32_t number) {
    const beginning& b = the_world->of(e);
    const key k = the_world->import(e, b.session_key);
    const kerb::timestamp at = the_world->times.next(now());
    const kerb::msg::Authenticator a{.crealm = the_world->alice.view().realm,
                                     .cname = the_world->alice.name(),
                                     .cksum = {},
                                     .cusec = at.usec,
                                     .ctime = at.at,
                                     .subkey = {},
                                     .seq_number = number,
                                     .authorization_data = {}};
    const auto minted = kerb::testing::mint_ap_req(b.ticket, a, {}, k, kerb::key_usage_t::ap_req_authenticator,
                                                   the_world->turn(), workspace_);
    REQUIRE(minted);
    peer.tell("req " + hex(*minted));
    (void)peer.hear("ready");
    initiated_.emplace(kerb::session_keys<key>{the_world->import(e, b.session_key), {}, {}, number, {}});
  }

  std::array<std::uint8_t, 8192> workspace_{};
  std::optional<kerb::session_keys<key>> initiated_;
};

enum class kind { safe, priv };
inline std::string word(kind k) { return k == kind::safe ? "safe" : "priv"; }

/// Our side of the session that such an exchange has left.
class ours {
 public:
  explicit ours(talk& t, kerb::session_options o = {.here = kerb::side::initiator})
      : session_((o.here = t.peer_initiates ? kerb::side::acceptor : kerb::side::initiator, t.take_keys()), o) {}

  /// A message that we make.
  octets make(kind k, const octets& data, std::int64_t ahead = 0) {
    const auto turn = the_world->turn(ahead);
    const auto m =
        k == kind::safe ? session_.make_safe(data, out_, turn, seen_) : session_.make_priv(data, out_, turn, seen_);
    CHECK(m.error().code == errc::ok);
    return m ? octets(m->begin(), m->end()) : octets();
  }
  /// What we say of a message: ok, and `opened` are its data, or why not.
  errc open(kind k, const octets& message, std::int64_t ahead = 0) {
    const auto turn = the_world->turn(ahead);
    const auto data =
        k == kind::safe ? session_.open_safe(message, turn, seen_) : session_.open_priv(message, out_, turn, seen_);
    opened.clear();
    if (data) opened.assign(data->begin(), data->end());
    return data.error().code;
  }
  octets opened;
  kerb::protected_session<policy>& session() { return session_; }

 private:
  kerb::protected_session<policy> session_;
  kerb::memory_replay_cache<512> seen_;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(65536);
};

/// What a peer says of a message of ours: "data HEX", or "failed CODE TEXT".
inline std::string opened_by(talk& t, kind k, const octets& message) {
  return t.peer.ask("rd_" + word(k) + " " + hex(message));
}
/// The number of an error of the protocol, RFC 4120 section 7.5.9, or of the library; 0 when it was none.
inline int code(const std::string& answer) { return answer.rfind("failed ", 0) == 0 ? std::stoi(answer.substr(7)) : 0; }
/// A message that a peer makes.
inline octets made_by(talk& t, kind k, const octets& data) {
  const std::string line = t.peer.ask(word(k) + " " + hex(data));
  INFO(line);
  CHECK(line.rfind(word(k) + " ", 0) == 0);
  return unhex(line.substr(line.find(' ') + 1));
}
inline constexpr std::uint8_t peer_octets[] = {192, 0, 2, 1}, our_octets[] = {192, 0, 2, 2};
inline constexpr kerb::msg::HostAddress peer_address{kerb::addr_t::ipv4, bytes_view(peer_octets)};
inline constexpr kerb::msg::HostAddress our_address{kerb::addr_t::ipv4, bytes_view(our_octets)};
/// The same as a peer is told them, and those that say which way a message goes (RFC 4120 section 7.1).
inline const std::string peer_place = "2/c0000201", our_place = "2/c0000202", initiators_place = "3/00000000",
                         acceptors_place = "3/00000001", no_place = "-";
/// Tells a peer where it is and where we are.
inline void place(talk& t, const std::string& its, const std::string& ours) {
  CHECK(t.peer.ask("addresses " + its + " " + ours) == "set");
}

/// Heimdal's library sends under its own subkey where it proposed one, and expects the same of the other side.
inline kerb::key_choice keys_of(const library& with) {
  return with.is_heimdal ? kerb::key_choice::own_subkey : kerb::key_choice::last_negotiated;
}
inline kerb::session_options at_addresses(const library& with, kerb::freshness f = kerb::freshness::sequence_numbers) {
  return {.here = kerb::side::initiator, .by = f, .local = our_address, .peer = peer_address, .keys = keys_of(with)};
}
/// How a peer is told what protects a session from replays.
inline std::string flags_of(kerb::freshness f) {
  return f == kerb::freshness::sequence_numbers ? "q" : f == kerb::freshness::timestamps ? "t" : "qt";
}

}  // namespace sessions

namespace Catch {
template <>
struct StringMaker<kerb::errc> {
  static std::string convert(kerb::errc c) { return std::string(kerb::name_of(c)); }
};
template <>
struct StringMaker<kerb::etype_t> {
  static std::string convert(kerb::etype_t e) { return std::string(name_of(e)); }
};
}  // namespace Catch
