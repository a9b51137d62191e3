// Contexts of ours with MIT's and Heimdal's GSS-API, which run in programs of their own: gss_peer.c. No KDC is asked
// for a ticket, except where credentials are delegated: then this program is the KDC.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <kerb/exchange/client/tgs.hpp>
#include <kerb/gss.hpp>
#include <thread>

#include "session_world.hpp"

namespace sessions {

using kerb::gss_flag_t;
using kerb::gss_flags;
using kerb::gss::order;
using kerb::gss::protection;
using gss_context = kerb::gss::context<policy>;
using gss_storage = std::array<std::uint8_t, 16384>;

inline constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                                 gss_flag_t::integ};
inline constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf, gss_flag_t::integ};
inline constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::mutual, gss_flag_t::replay,
                               gss_flag_t::sequence,  gss_flag_t::conf,   gss_flag_t::integ};
inline constexpr std::uint32_t wire_flags = 0x703f;  ///< those that a token has; the libraries have others besides

/// The realm as a KDC at a port of the loopback interface, which the libraries ask when they delegate or use what was
/// delegated. It answers only while this program waits for a peer.
class realm_at_a_port {
 public:
  realm_at_a_port() {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&a), size) == 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size);
    usual_file_ = std::getenv("KRB5_CONFIG");
    const std::string file = the_world->path("with_kdc.conf");
    std::ifstream in(usual_file_);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string nobody = "127.0.0.1:1\n";
    text.replace(text.find(nobody), nobody.size(), "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "\n");
    std::ofstream(file) << text;
    setenv("KRB5_CONFIG", file.c_str(), 1);
    thread_ = std::thread([this] { answer(); });
  }
  realm_at_a_port(const realm_at_a_port&) = delete;
  realm_at_a_port& operator=(const realm_at_a_port&) = delete;
  ~realm_at_a_port() {
    ::sendto(socket_, "", 0, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);  // the end
    thread_.join();
    ::close(socket_);
    setenv("KRB5_CONFIG", usual_file_.c_str(), 1);
  }

 private:
  void answer() const {
    std::vector<std::uint8_t> in(65536), out(65536);
    for (;;) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t n = ::recvfrom(socket_, in.data(), in.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (n <= 0) return;
      const auto answer = the_world->realm.answer(bytes_view(in).first(static_cast<std::size_t>(n)), now(), out);
      if (answer) ::sendto(socket_, answer->data(), answer->size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    }
  }
  int socket_ = -1;
  sockaddr_in address_{};
  std::string usual_file_;
  std::thread thread_;
};

/// A context to be had with a peer.
struct gss_setting {
  library with;
  etype_t etype = etype_t::aes256_cts_hmac_sha1_96;
  bool peer_initiates = false;
  gss_flags flags = usual;
  std::string letters = "";                           ///< what the peer requests, where it initiates: see letters_of()
  std::optional<std::string> ours = {}, theirs = {};  ///< application data of the channel bindings
  bool bindings_aware = false;
  kerb::binding_rule rule = kerb::binding_rule::if_present;
  bool delegate = false;
  std::int64_t ahead = 0;             ///< of our clock
  std::optional<octets> ticket = {};  ///< instead of the one that we have
  bool wrong_key = false;             ///< of our service
  bool framed = true;                 ///< our first token is passed on as it is
  std::string cache = "";             ///< the peer's; "" for the usual one
  kerb::accept_options answer = {};
};
/// The letters with which the peer is told flags.
inline std::string letters_of(gss_flags f) {
  std::string s = "-";
  const std::pair<gss_flag_t, char> all[] = {
      {gss_flag_t::deleg, 'd'},     {gss_flag_t::mutual, 'm'},   {gss_flag_t::replay, 'r'},
      {gss_flag_t::sequence, 's'},  {gss_flag_t::conf, 'c'},     {gss_flag_t::integ, 'i'},
      {gss_flag_t::dce_style, 'D'}, {gss_flag_t::identify, 'I'}, {gss_flag_t::extended_error, 'E'}};
  for (const auto& [flag, letter] : all)
    if (f.has(flag)) s += letter;
  return s;
}

/// An attempt at a context with a process of the peer's, and the context if there is one.
class gss_talk {
 public:
  explicit gss_talk(const gss_setting& s)
      : set(s), b(the_world->of(s.etype)), peer(s.with.program, arguments(s)), credential(the_world->credential(b)) {
    if (set.ticket) {
      kerb::ticket_facts f = credential.facts();
      f.ticket = *set.ticket;
      credential = {f, the_world->import(b.etype, b.session_key)};
    }
    set.peer_initiates ? accept() : initiate();
  }
  /// What the peer has told behind this word; "" for nothing.
  std::string told(const std::string& word) const {
    const auto at = facts.find(word);
    return at == facts.end() ? "" : at->second;
  }
  /// Whether both sides have a context.
  bool stands() const { return context && facts.count("over") != 0; }
  gss_flags their_flags() const {
    return gss_flags::of(static_cast<std::uint32_t>(std::stoul("0" + told("flags"))) & wire_flags);
  }
  std::string our_key() const {
    return number(context->etype(the_world->crypto)) + " " + hex(context->session_key(the_world->crypto).unguarded());
  }
  std::string principal(const kerb::principal_view& p) const {
    if (kerb::same_principal(p, b.server)) return b.service + "@PEERS.TEST";
    return kerb::same_principal(p, the_world->alice) ? "alice@PEERS.TEST" : "?";
  }
  /// Up to the peer's next token; nullopt when it has a context or none.
  std::optional<octets> next_token() {
    for (std::string line = peer.next(); !line.empty(); line = peer.next()) {
      const std::size_t blank = line.find(' ');
      const std::string word = line.substr(0, blank), rest = blank == std::string::npos ? "" : line.substr(blank + 1);
      if (word == "token") return unhex(rest);
      facts[word] = rest;
      if (word == "over") break;
    }
    return std::nullopt;
  }
  void tell_token(bytes_view t) { peer.tell("token " + hex(t)); }

  const gss_setting set;
  const beginning& b;
  interop::peer_process peer;
  held_credential credential;
  std::map<std::string, std::string> facts;
  std::vector<octets> tokens;              ///< that establish the context, in order
  kerb::error why{};                       ///< ours
  std::optional<kerb::error_code_t> sent;  ///< the peer's KRB-ERROR
  std::optional<gss_context> context;

 private:
  static std::vector<std::string> arguments(const gss_setting& s) {
    const beginning& b = the_world->of(s.etype);
    const octets data = interop::of(s.theirs.value_or(""));
    const std::string bindings = s.theirs ? "0::0::" + hex(data) : "-";
    if (!s.peer_initiates) return {"accept", the_world->keytab(), bindings};
    gss_flags f = s.flags;
    f.set(gss_flag_t::deleg, s.delegate);
    return {"initiate", s.cache.empty() ? b.cache : s.cache, "-", b.service + "@PEERS.TEST", letters_of(f), bindings};
  }
  std::optional<kerb::channel_bindings> bindings() const {
    if (!set.ours) return std::nullopt;
    return kerb::channel_bindings{
        .application_data = bytes_view(reinterpret_cast<const std::uint8_t*>(set.ours->data()), set.ours->size())};
  }
  void keep(bytes_view t) { tokens.emplace_back(t.begin(), t.end()); }

  void initiate() {
    const auto env = the_world->turn(set.ahead);
    kerb::gss::initiator_params<key> params{.credential = credential,
                                            .buffer = storage_,
                                            .flags = set.flags,
                                            .bindings = bindings(),
                                            .bindings_aware = set.bindings_aware,
                                            .times = {}};
    if (set.ahead == 0) params.times = the_world->times;
    if (set.delegate) {
      forwarded_.emplace(forwarded());
      params.delegated = *forwarded_;
      params.delegate = kerb::gss::delegation::always;
    }
    kerb::gss::initiator<policy> i(std::move(params));
    auto s = i.start(env);
    REQUIRE(kerb::is<kerb::send>(s));
    keep(std::get<kerb::send>(s).octets);
    bytes_view first = tokens[0];
    if (!set.framed) first = kerb_test::must(kerb::read_krb5_token(first)).message;
    tell_token(first);
    while (const std::optional<octets> t = next_token()) {
      if (t->empty()) continue;
      keep(*t);
      s = i.receive(tokens.back(), env);
      if (i.peer_error()) sent = i.peer_error()->error_code;
      if (const auto* f = std::get_if<kerb::failed>(&s)) {
        why = f->why;
        peer.tell("none");  // Heimdal's acceptor waits for another request
        continue;
      }
      if (const auto* more = std::get_if<kerb::send>(&s)) {
        keep(more->octets);
        tell_token(more->octets);
      }
    }
    auto taken = std::move(i).take();
    if (taken) context.emplace(std::move(*taken));
  }
  void accept() {
    const auto env = the_world->turn(set.ahead);
    kerb::gss::acceptor_params params;
    params.ap.service = b.server.view();
    params.ap.buffer = storage_;
    params.ap.bindings = bindings();
    params.ap.binding = set.rule;
    kerb::gss::acceptor<policy> a(params);
    const key k = the_world->import(b.etype, set.wrong_key ? b.session_key : b.service_key);
    const auto first = next_token();
    REQUIRE(first);
    keep(*first);
    auto s = a.receive(tokens[0], env);
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.provide(k, env);
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.no_key(errc::no_key, env);
    if (kerb::is<kerb::check_replay>(s)) s = a.replay_checked(true, env);
    if (kerb::is<kerb::authenticated>(s)) s = a.accept(set.answer, env);
    if (const auto* f = std::get_if<kerb::failed>(&s)) why = f->why;
    if (const auto* r = std::get_if<kerb::refused>(&s)) why = r->why, tell(r->octets);
    if (const auto* r = std::get_if<kerb::reply>(&s)) tell(r->octets);
    if (const auto* c = std::get_if<kerb::gss::continue_with>(&s)) {
      tell(c->octets);
      const auto last = next_token();
      if (last) {
        keep(*last);
        s = a.receive(tokens.back(), env);
        if (const auto* f = std::get_if<kerb::failed>(&s)) why = f->why;
      }
    }
    if (const auto more = next_token()) keep(*more);
    auto taken = std::move(a).take();
    if (taken) context.emplace(std::move(*taken));
  }
  void tell(bytes_view t) {
    keep(t);
    tell_token(t);
  }
  /// Alice's ticket-granting ticket, forwarded.
  held_credential forwarded() {
    const auto tgt = the_world->tgt(b);
    std::vector<std::uint8_t> answers(16384);
    kerb::tgs_client<policy> tgs({.tgt = tgt,
                                  .server = the_world->krbtgt,
                                  .buffer = forwarded_storage_,
                                  .options = {kerb::kdc_option_t::forwarded, kerb::kdc_option_t::forwardable}});
    auto s = tgs.start(the_world->turn());
    REQUIRE(kerb::is<kerb::send>(s));
    const auto answer = the_world->realm.answer(std::get<kerb::send>(s).octets, now(), answers);
    REQUIRE(answer);
    s = tgs.receive(*answer, the_world->turn());
    return kerb_test::must(std::move(tgs).take());
  }

  gss_storage storage_{}, forwarded_storage_{};
  std::optional<held_credential> forwarded_;
};

// ---- messages

/// A message of so many octets.
inline octets message(std::size_t n) {
  octets m(n);
  for (std::size_t i = 0; i != n; ++i) m[i] = static_cast<std::uint8_t>(7 * i + i / 256);
  return m;
}
/// What is told of an opened message: "data CONF ORDER as sent", or its octets where they are others.
inline std::string told_of(std::string line, const octets& sent) {
  const std::string message = hex(sent);
  const std::size_t n = line.size() - message.size();
  if (line.rfind("data ", 0) == 0 && line.size() > message.size() && line[n - 1] == ' ' && line.substr(n) == message)
    line.replace(n, message.size(), "as sent");
  return line.size() < 200 ? line : line.substr(0, 200) + "...";
}
inline std::string as_sent(protection p, const std::string& order = "complete") {
  return std::string(p == protection::confidentiality ? "data 1 " : "data 0 ") + order + " as sent";
}
/// How the peer opens a token of ours.
inline std::string opened_by(gss_talk& t, const octets& token, const octets& sent) {
  return told_of(t.peer.ask("unwrap " + hex(token)), sent);
}
inline std::string verified_by(gss_talk& t, const octets& m, const octets& mic) {
  return t.peer.ask("verify " + hex(mic) + " " + hex(m));
}
/// A token of the peer's, from its answer "token CONF HEX".
inline octets token_of(gss_talk& t, const std::string& command) {
  const std::string line = t.peer.ask(command);
  INFO(line.substr(0, 200));
  CHECK(line.rfind("token ", 0) == 0);
  return line.size() < 8 ? octets() : unhex(line.substr(8));
}
inline std::string conf(protection p) { return p == protection::confidentiality ? "1" : "0"; }
inline octets wrapped_by(gss_talk& t, protection p, const octets& m) {
  return token_of(t, "wrap " + conf(p) + " " + hex(m));
}
inline octets mic_by(gss_talk& t, const octets& m) { return token_of(t, "mic " + hex(m)); }
inline octets wrap(gss_talk& t, protection p, const octets& m) {
  octets out(m.size() + 256);
  const auto token = t.context->wrap(m, p, out, the_world->crypto);
  CHECK(token.error().code == errc::ok);
  return token ? octets(token->begin(), token->end()) : octets();
}
inline octets mic(gss_talk& t, const octets& m) {
  octets out(256);
  const auto token = t.context->get_mic(m, out, the_world->crypto);
  CHECK(token.error().code == errc::ok);
  return token ? octets(token->begin(), token->end()) : octets();
}
/// The libraries' word for an order.
inline std::string text(order o) {
  switch (o) {
    case order::duplicate: return "duplicate";
    case order::old: return "old";
    case order::out_of_order: return "unseq";
    case order::gap: return "gap";
    default: return "complete";
  }
}
/// How we open a token of the peer's, in the peer's words.
inline std::string open(gss_talk& t, octets token, const octets& sent) {
  const auto m = t.context->unwrap_in_place(token, the_world->crypto);
  if (!m) return std::string(kerb::name_of(m.error().code));
  return told_of("data " + conf(m->by) + " " + text(m->seen) + " " + hex(bytes_view(m->message)), sent);
}
inline std::string verify(gss_talk& t, const octets& m, const octets& token) {
  const auto seen = t.context->verify_mic(m, token, the_world->crypto);
  return seen ? "verified " + text(*seen) : std::string(kerb::name_of(seen.error().code));
}

/// Sends messages of these sizes in both directions, of each kind.
inline void exchange_messages(gss_talk& t, std::initializer_list<std::size_t> sizes) {
  for (const std::size_t n : sizes) {
    const octets m = message(n);
    for (const protection p : {protection::confidentiality, protection::integrity}) {
      CAPTURE(n, conf(p));
      const octets ours = wrap(t, p, m);
      CHECK(opened_by(t, ours, m) == as_sent(p));
      CHECK(open(t, wrapped_by(t, p, m), m) == as_sent(p));
    }
    CAPTURE(n);
    CHECK(verified_by(t, m, mic(t, m)) == "verified complete");
    CHECK(verify(t, m, mic_by(t, m)) == "verified complete");
  }
}

}  // namespace sessions
