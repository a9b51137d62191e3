// The processor time of what reads a peer's octets, against their number: from 1 KiB to 1 MiB it grows no faster. Each
// shape is one that a peer can choose: many small elements, one large one, or junk.
#include <kerb/exchange/protect/session.hpp>
#include <kerb/exchange/transited.hpp>

#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/ap_world.hpp"
#include "support/catch.hpp"
#include "support/kdc_side.hpp"
#include "support/kdc_world.hpp"

using namespace kerb;
using namespace kerb::literals;
using library = testing::insecure_policy;
namespace c = kerb_test::kdc_world_names;
namespace ap = kerb_test::ap_world_names;
namespace k = kerb_kdc_test;

namespace {

using octets = std::vector<std::uint8_t>;
/// What is measured: one exchange from its beginning, on octets that are there already.
using work = std::function<void()>;
struct shape {
  const char* name;
  work (*of)(std::size_t octets);
};

double seconds_of(const work& w, int times) {
  const auto now = [] {  // of this thread: what else the machine does is not counted
    std::timespec t{};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double begin = now();
  for (int i = 0; i != times; ++i) w();
  return (now() - begin) / times;
}

constexpr std::size_t sizes[] = {1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20};
/// The time at 1 MiB is at most this many times what it is for 64 KiB, per octet: a quadratic part would make it 16
/// times that, and caches and noise make up for twice.
constexpr double most = 5;

/// The least of several times at each size, per octet, relative to that at 64 KiB. More are taken as long as it looks
/// as if it were too much: noise makes times longer, never shorter.
bool is_linear(const shape& s, std::string& plot) {
  std::vector<work> runs;
  for (const std::size_t n : sizes) runs.push_back(s.of(n));
  std::vector<double> least(runs.size(), 1e9);
  for (int attempt = 0; attempt != 8; ++attempt) {
    for (std::size_t i = 0; i != runs.size(); ++i) {
      const int times = static_cast<int>((std::size_t{1} << 16) / sizes[i]);
      least[i] = std::min(least[i], seconds_of(runs[i], times == 0 ? 1 : times));
    }
    if (attempt != 0 && least[5] <= most * 16 * least[3]) break;
  }
  plot = s.name;
  for (std::size_t i = 0; i != runs.size(); ++i) {
    plot += "\n  " + std::to_string(sizes[i]) + " octets: " + std::to_string(1e6 * least[i]) + " us, " +
            std::to_string(1e9 * least[i] / static_cast<double>(sizes[i])) + " ns each";
  }
  return least[5] <= most * 16 * least[3];
}
void all_linear(std::initializer_list<shape> shapes) {
  for (const shape& s : shapes) {
    std::string plot;
    const bool linear = is_linear(s, plot);
    INFO(plot);
    CHECK(linear);
  }
}

TEST_CASE("linear_time: what is quadratic is found out", "[exchange]") {
  std::string plot;
  CHECK(!is_linear({"quadratic",
                    [](std::size_t n) -> work {
                      return [n] {
                        volatile std::size_t sum = 0;
                        for (std::size_t i = 0; i != n / 1024; ++i)
                          for (std::size_t j = 0; j != n / 256; ++j) sum = sum + j;
                      };
                    }},
                   plot));
}

template <class T>
octets encoded(const T& v) {
  octets out(asn1::encoded_size(v));
  const auto e = asn1::encode(v, out);
  REQUIRE(e);
  return out;
}
/// As many copies of an element as have that many octets.
template <class T>
std::vector<T> many(std::size_t n, const T& element) {
  return std::vector<T>(n / asn1::encoded_size(element) + 1, element);
}
constexpr std::uint8_t few[] = {1, 2, 3, 4};
const msg::PaData stranger{padata_t(999), few};
const msg::HostAddress address{addr_t::ipv4, few};
const kerberos_string label = "x"_krb;

octets junk(std::size_t n) {
  octets out(n);
  for (std::size_t i = 0; i != n; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return out;
}
/// SEQUENCEs in SEQUENCEs, as deep as they go.
octets nested(std::size_t n) {
  octets out(n);
  der::writer w(out);
  while (w.count() + 6 < n) w.header_since(der::sequence, 0);
  const auto made = w.written_since(0);
  return {made.begin(), made.end()};
}

// ---- the client's side

/// Starts a client's exchange and gives it what `reply` makes of its request.
template <class Exchange, class Request>
work client_work(std::size_t n, Request (*ask)(c::kdc_world&, const basic_credential<key>&, std::span<std::uint8_t>),
                 octets (*reply)(c::kdc_world&, bytes_view request, std::size_t n)) {
  struct kept {
    c::kdc_world w;
    basic_credential<key> tgt = w.tgt();
    octets buffer, answer;
  };
  const auto q = std::make_shared<kept>();
  q->buffer.resize(4 * n + 16384);
  const auto start = [q, ask](Exchange& x, library& p) { return x.start(environment(p, q->w.now)); };
  {
    library p;  // of its own, so that each run draws the same octets
    Exchange x(ask(q->w, q->tgt, q->buffer));
    const auto s = start(x, p);
    REQUIRE(is<send>(s));
    q->answer = reply(q->w, std::get<send>(s).octets, n);
  }
  return [q, ask, start] {
    library p;
    Exchange x(ask(q->w, q->tgt, q->buffer));
    (void)start(x, p);
    (void)x.receive(q->answer, environment(p, q->w.now), transport::stream);
  };
}
using as = as_client<library>;
using tgs = tgs_client<library>;
work as_work(std::size_t n, octets (*reply)(c::kdc_world&, bytes_view, std::size_t)) {
  return client_work<as, as_params<key>>(
      n, [](c::kdc_world& w, const basic_credential<key>&, std::span<std::uint8_t> r) { return w.ask_as(r); }, reply);
}
work tgs_work(std::size_t n, octets (*reply)(c::kdc_world&, bytes_view, std::size_t)) {
  return client_work<tgs, tgs_params<key>>(
      n,
      [](c::kdc_world&, const basic_credential<key>& tgt, std::span<std::uint8_t> r) {
        return tgs_params<key>{.tgt = tgt, .server = c::web(), .buffer = r};
      },
      reply);
}

octets krb_error(const msg::MethodData& data) {
  msg::KrbError e;
  e.stime = c::noon.at;
  e.susec = c::noon.usec;
  e.error_code = error_code_t::kdc_err_preauth_required;
  e.realm = c::ex_org;
  e.sname = c::krbtgt().name;
  const octets inside = encoded(asn1::computed{[&](der::writer& w) { asn1::write(w, data); }});
  e.e_data = inside;
  return encoded(e);
}
octets error_with_padata(c::kdc_world&, bytes_view, std::size_t n) {
  const auto list = many(n, stranger);
  return krb_error(list);
}
octets error_with_etypes(c::kdc_world&, bytes_view, std::size_t n) {
  const auto entries = many(n, msg::EtypeInfo2Entry{etype_t(-77), "salt"_krb, {}});
  const octets info = encoded(msg::EtypeInfo2(entries));
  const msg::PaData padata[] = {{padata_t::etype_info2, info}, {padata_t::enc_timestamp, {}}};
  return krb_error(view_of<msg::PaData>(padata));
}
octets error_with_hints(c::kdc_world&, bytes_view, std::size_t n) {
  const msg::EtypeInfo2Entry entry[] = {{c::e20, "salt"_krb, {}}};
  const octets info = encoded(msg::EtypeInfo2(view_of(entry)));
  const auto list = many(n, msg::PaData{padata_t::etype_info2, info});
  return krb_error(list);
}
octets error_with_text(c::kdc_world&, bytes_view, std::size_t n) {
  msg::KrbError e;
  e.stime = c::noon.at;
  e.error_code = error_code_t::krb_err_generic;
  e.realm = c::ex_org;
  const std::string text(n, 't');
  const std::vector<kerberos_string> parts(n / 4, label);
  e.sname = msg::PrincipalName{name_t::principal, parts};
  e.e_text = kerberos_string::of(text);
  return encoded(e);
}
/// A reply to the request with `bend`'s changes, which all keys open.
template <msg_t M, class F>
octets kdc_reply(c::kdc_world& w, bytes_view request, F bend) {
  const auto req = asn1::decode<msg::KdcReq<M == msg_t::as_rep ? msg_t::as_req : msg_t::tgs_req>>(request);
  REQUIRE(req);
  library p;
  msg::EncAsRepPart part;
  part.key = {w.session_key.etype(), w.policy.expose(w.session_key).unguarded()};
  part.nonce = req->req_body->nonce;
  part.authtime = w.now.at;
  if (M == msg_t::as_rep) part.flags = {ticket_flag_t::initial};
  part.starttime = w.now.at;
  part.endtime = plus(w.now.at, 36000);
  part.srealm = c::ex_org;
  part.sname = *req->req_body->sname;
  std::optional<msg::MethodData> padata;
  octets out(1u << 22);
  bend(part, padata);
  msg::EncTicketPart in_ticket;
  in_ticket.key = part.key;
  in_ticket.crealm = c::ex_org;
  in_ticket.cname = c::alice().name;
  octets ticket_buffer(1u << 22);
  const auto ticket = testing::mint_ticket({part.sname, part.srealm}, in_ticket, w.service_key, 1u,
                                           environment(p, w.now), ticket_buffer);
  REQUIRE(ticket);
  const bool is_as = M == msg_t::as_rep;
  key subkey;
  const key* seal = &w.client_key;
  auto usage = key_usage_t::as_rep_enc_part;
  if (!is_as) {
    const auto a = w.authenticator(request);
    REQUIRE((a && a->subkey));
    subkey = *w.policy.import(a->subkey->keytype, a->subkey->keyvalue);
    seal = &subkey;
    usage = key_usage_t::tgs_rep_enc_part_subkey;
  }
  const auto made =
      testing::mint_kdc_rep<M>(c::alice(), *ticket, part, *seal, usage, environment(p, w.now), out, padata);
  REQUIRE(made);
  return {made->begin(), made->end()};
}
template <msg_t M>
octets reply_with_padata(c::kdc_world& w, bytes_view request, std::size_t n) {
  const auto list = many(n, stranger);
  return kdc_reply<M>(w, request, [&](msg::EncAsRepPart&, std::optional<msg::MethodData>& d) { d = list; });
}
template <msg_t M>
octets reply_with_last_req(c::kdc_world& w, bytes_view request, std::size_t n) {
  const auto list = many(n, msg::LastReqEntry{lr_t(1), w.now.at});
  return kdc_reply<M>(w, request, [&](msg::EncAsRepPart& p, auto&) { p.last_req = list; });
}
template <msg_t M>
octets reply_with_addresses(c::kdc_world& w, bytes_view request, std::size_t n) {
  const auto list = many(n, address);
  return kdc_reply<M>(w, request, [&](msg::EncAsRepPart& p, auto&) { p.caddr = list; });
}
template <msg_t M>
octets reply_with_sealed_padata(c::kdc_world& w, bytes_view request, std::size_t n) {
  const auto list = many(n, stranger);
  return kdc_reply<M>(w, request, [&](msg::EncAsRepPart& p, auto&) { p.encrypted_pa_data = list; });
}
template <msg_t M>
octets reply_with_long_name(c::kdc_world& w, bytes_view request, std::size_t n) {
  const std::vector<kerberos_string> parts(n / 4, label);
  return kdc_reply<M>(w, request, [&](msg::EncAsRepPart& p, auto&) { p.sname.name_string = parts; });
}
octets only_junk(c::kdc_world&, bytes_view, std::size_t n) { return junk(n); }
octets only_nested(c::kdc_world&, bytes_view, std::size_t n) { return nested(n); }

TEST_CASE("as_client: the time of receive() grows no faster than what came", "[exchange][rfc4120-3.1.5]") {
  constexpr msg_t m = msg_t::as_rep;
  all_linear({
      {"KRB-ERROR, much padata", [](std::size_t n) { return as_work(n, error_with_padata); }},
      {"KRB-ERROR, many etypes", [](std::size_t n) { return as_work(n, error_with_etypes); }},
      {"KRB-ERROR, many ETYPE-INFO2", [](std::size_t n) { return as_work(n, error_with_hints); }},
      {"KRB-ERROR, long name and text", [](std::size_t n) { return as_work(n, error_with_text); }},
      {"AS-REP, much padata", [](std::size_t n) { return as_work(n, reply_with_padata<m>); }},
      {"AS-REP, long last-req", [](std::size_t n) { return as_work(n, reply_with_last_req<m>); }},
      {"AS-REP, many addresses", [](std::size_t n) { return as_work(n, reply_with_addresses<m>); }},
      {"AS-REP, much sealed padata", [](std::size_t n) { return as_work(n, reply_with_sealed_padata<m>); }},
      {"AS-REP, long name", [](std::size_t n) { return as_work(n, reply_with_long_name<m>); }},
      {"junk", [](std::size_t n) { return as_work(n, only_junk); }},
      {"nested", [](std::size_t n) { return as_work(n, only_nested); }},
  });
}
TEST_CASE("tgs_client: the time of receive() grows no faster than what came", "[exchange][rfc4120-3.3.4]") {
  constexpr msg_t m = msg_t::tgs_rep;
  all_linear({
      {"KRB-ERROR, much padata", [](std::size_t n) { return tgs_work(n, error_with_padata); }},
      {"KRB-ERROR, long name and text", [](std::size_t n) { return tgs_work(n, error_with_text); }},
      {"TGS-REP, much padata", [](std::size_t n) { return tgs_work(n, reply_with_padata<m>); }},
      {"TGS-REP, long last-req", [](std::size_t n) { return tgs_work(n, reply_with_last_req<m>); }},
      {"TGS-REP, many addresses", [](std::size_t n) { return tgs_work(n, reply_with_addresses<m>); }},
      {"TGS-REP, much sealed padata", [](std::size_t n) { return tgs_work(n, reply_with_sealed_padata<m>); }},
      {"TGS-REP, long name", [](std::size_t n) { return tgs_work(n, reply_with_long_name<m>); }},
      {"junk", [](std::size_t n) { return tgs_work(n, only_junk); }},
      {"nested", [](std::size_t n) { return tgs_work(n, only_nested); }},
  });
}

// ---- the AP exchange

work initiator_work(std::size_t n, const octets& answer) {
  struct kept {
    ap::ap_world w;
    basic_credential<key> credential = w.credential();
    octets buffer, answer;
  };
  const auto q = std::make_shared<kept>();
  q->buffer.resize(2 * n + 16384);
  q->answer = answer;
  return [q] {
    ap_initiator<library> x({.credential = q->credential, .buffer = q->buffer});
    (void)x.start(q->w.turn());
    (void)x.receive(q->answer, q->w.turn(), transport::stream);
  };
}
TEST_CASE("ap_initiator: the time of receive() grows no faster than what came", "[exchange][rfc4120-3.2.5]") {
  all_linear({
      {"AP-REP, long cipher",
       [](std::size_t n) {
         const octets cipher = junk(n);
         return initiator_work(n, encoded(msg::ApRep{{etype_t::aes256_cts_hmac_sha1_96, {}, cipher}}));
       }},
      {"KRB-ERROR",
       [](std::size_t n) {
         c::kdc_world w;
         return initiator_work(n, error_with_text(w, {}, n));
       }},
      {"junk", [](std::size_t n) { return initiator_work(n, junk(n)); }},
      {"nested", [](std::size_t n) { return initiator_work(n, nested(n)); }},
  });
}

/// Presents an AP-REQ as `vary` makes it to a service; `vary` may keep what its views are of.
struct presented {
  ap::ap_world w;
  octets token, buffer;
  std::vector<octets> kept;
  std::vector<msg::HostAddress> addresses;
  std::vector<msg::AuthorizationDataElement> elements;
  std::vector<kerberos_string> parts;
  std::size_t n = 0;
};
work acceptor_work(std::size_t n, void (*vary)(presented&)) {
  const auto p = std::make_shared<presented>();
  p->n = n;
  p->buffer.resize(4 * n + 262144);
  vary(*p);
  if (p->token.empty()) {
    ap::ap_world& w = p->w;
    octets ticket(2 * n + 65536), req(4 * n + 131072);
    const key service = w.service_key(), session = w.session_key();
    w.ticket.key = ap::key_as_sent(w.session_etype, ap::session_octets);
    const auto t = testing::mint_ticket(w.service, w.ticket, service, w.kvno, w.turn(), ticket);
    REQUIRE(t);
    const auto r = testing::mint_ap_req(*t, w.authenticator, w.options, session, w.usage, w.turn(), req);
    REQUIRE(r);
    p->token.assign(r->begin(), r->end());
  }
  return [p] {
    ap::ap_world& w = p->w;
    ap_acceptor<library> a(w.request_in(p->buffer));
    auto s = a.receive(p->token, w.turn());
    const key k = w.service_key();
    if (is<need_ticket_key>(s)) s = a.provide(k, ap::web.realm, w.turn());
    if (is<check_replay>(s)) s = a.replay_checked(true, w.turn());
    if (const auto* who = a.peer()) who->authorization().for_each([](const authorization_element&) {});
    if (is<authenticated>(s)) s = a.accept({}, w.turn());
  };
}
void long_list_in_ticket(presented& p) {
  // as many elements as are read at all, each as long as it must be
  const octets& data = p.kept.emplace_back(junk(p.n / 200));
  p.elements.assign(200, {ad_t::if_relevant, {}});
  const msg::AuthorizationDataElement inside[] = {{ad_t(7777), data}};
  const octets& wrapped = p.kept.emplace_back(
      encoded(asn1::computed{[&](der::writer& w) { asn1::write(w, msg::AuthorizationData(view_of(inside))); }}));
  for (auto& e : p.elements) e.ad_data = wrapped;
}
TEST_CASE("ap_acceptor: the time of a request grows no faster than it", "[exchange][rfc4120-3.2.3]") {
  all_linear({
      {"many addresses",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.addresses = many(p.n, address);
           p.w.ticket.caddr = p.addresses;
           p.w.request.peer_address = msg::HostAddress{addr_t::ipv6, few};
         });
       }},
      {"long authorization data in the ticket",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.kept.reserve(2);
           long_list_in_ticket(p);
           p.w.ticket.authorization_data = p.elements;
         });
       }},
      {"long authorization data in the authenticator",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.kept.reserve(2);
           long_list_in_ticket(p);
           p.w.authenticator.authorization_data = p.elements;
         });
       }},
      {"much authorization data",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.elements = many(p.n, msg::AuthorizationDataElement{ad_t::mandatory_for_kdc, few});
           p.w.ticket.authorization_data = p.elements;
         });
       }},
      {"deep authorization data",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.kept.resize(9);
           p.kept[0] = junk(p.n);
           for (std::size_t i = 0; i != 8; ++i) {
             const msg::AuthorizationDataElement e[] = {{i == 0 ? ad_t(7777) : ad_t::if_relevant, p.kept[i]}};
             p.kept[i + 1] =
                 encoded(asn1::computed{[&](der::writer& w) { asn1::write(w, msg::AuthorizationData(view_of(e))); }});
           }
           p.elements.assign(1, {ad_t::if_relevant, p.kept[8]});
           p.w.authenticator.authorization_data = p.elements;
         });
       }},
      {"many etypes",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           const std::vector<etype_t> list(p.n / 4, etype_t(-77));
           p.kept.push_back(encoded(asn1::computed{[&](der::writer& w) { asn1::write(w, msg::EtypeList(list)); }}));
           p.elements.assign(1, {ad_t::etype_negotiation, p.kept[0]});
           p.w.authenticator.authorization_data = p.elements;
         });
       }},
      {"long client name",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.parts.assign(p.n / 4, label);
           p.w.ticket.cname.name_string = p.w.authenticator.cname.name_string = p.parts;
         });
       }},
      {"long service name",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           p.parts.assign(p.n / 4, label);
           p.w.service.name.name_string = p.parts;
           p.w.request.service.reset();
         });
       }},
      {"long path",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           octets path(p.n, 'A');
           for (std::size_t i = 1; i < path.size(); i += 2) path[i] = ',';
           p.kept.push_back(path);
           p.w.ticket.crealm = p.w.authenticator.crealm = "FAR.ORG"_krb;
           p.w.ticket.transited.contents = p.kept[0];
           p.w.request.paths = realm_path_policy{};
         });
       }},
      {"long checksum of GSS-API",
       [](std::size_t n) {
         return acceptor_work(n, [](presented& p) {
           const octets more = junk(p.n);
           octets sum(p.n + 24);
           REQUIRE(write_gss_checksum({.bnd = {}, .flags = {gss_flag_t::mutual}, .deleg = {}, .exts = more}, sum));
           p.kept.push_back(sum);
           p.w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, p.kept[0]};
         });
       }},
      {"junk", [](std::size_t n) { return acceptor_work(n, [](presented& p) { p.token = junk(p.n); }); }},
      {"nested", [](std::size_t n) { return acceptor_work(n, [](presented& p) { p.token = nested(p.n); }); }},
  });
}

// ---- the KDC's side

/// Asks a KDC; its caller knows every principal that it has.
work kdc_work(std::size_t n, octets (*request)(k::kdc_world&, std::size_t)) {
  struct kept {
    k::kdc_world w;
    octets buffer, token;
  };
  const auto p = std::make_shared<kept>();
  p->buffer.resize(8 * n + 65536);
  p->token = request(p->w, n);
  return [p] {
    const auto t = p->w.env_now();
    kdc<library> x(p->w.settings, p->buffer);
    kdc_step step = x.receive(p->token, t);
    for (int i = 0; i != 20; ++i) {
      if (const auto* a = std::get_if<need_principal>(&step)) {
        const auto* const e = p->w.find(a->principal);
        step = e != nullptr ? x.found(e->record, t) : x.absent(t);
      } else if (is<authorize>(step)) {
        step = x.issue({}, t);
      } else if (is<check_request>(step)) {
        step = x.request_checked(request_verdict::fresh, t);
      } else {
        return;
      }
    }
  };
}
octets as_request_of(k::kdc_world& w, std::optional<msg::MethodData> padata) {
  if (!w.body.cname) w.body.cname = k::alice().name;
  if (!w.body.sname) w.body.sname = k::krbtgt().name;
  msg::AsReq req{{}, captured<msg::KdcReqBody>::of(w.body)};
  req.padata = padata;
  return encoded(req);
}
octets as_padata(k::kdc_world& w, std::size_t n) {
  const auto list = many(n, stranger);
  return as_request_of(w, list);
}
octets as_timestamps(k::kdc_world& w, std::size_t n) {
  const octets cipher = junk(64);
  const octets sealed = encoded(msg::EncryptedData{k::e20, {}, cipher});
  const auto list = many(n, msg::PaData{padata_t::enc_timestamp, sealed});
  return as_request_of(w, list);
}
octets as_etypes(k::kdc_world& w, std::size_t n) {
  std::vector<etype_t> list(n / 4, etype_t(-77));
  w.body.etype = list;
  return as_request_of(w, {});
}
octets as_addresses(k::kdc_world& w, std::size_t n) {
  const auto list = many(n, address);
  w.body.addresses = list;
  return as_request_of(w, {});
}
octets as_names(k::kdc_world& w, std::size_t n) {
  const std::vector<kerberos_string> parts(n / 8, label);
  w.body.sname = w.body.cname = msg::PrincipalName{name_t::principal, parts};
  return as_request_of(w, {});
}
/// A TGS-REQ on a ticket, body and authenticator as they are in the world.
octets tgs_request_of(k::kdc_world& w, std::size_t n, std::optional<msg::AuthorizationData> added = {}) {
  if (!w.body.sname) w.body.sname = k::web().name;
  const auto t = w.env_now();
  octets ticket_buffer(4 * n + 8192), req_buffer(8 * n + 16384), added_buffer(4 * n + 8192);
  w.tgt.key = {w.crypto.etype_of(w.session), w.crypto.expose(w.session).unguarded()};
  const auto ticket = testing::mint_ticket(w.tgt_server, w.tgt, w.tgs.own, 1u, t, ticket_buffer);
  REQUIRE(ticket);
  if (added) {
    errc why = errc::ok;
    auto data = asn1::computed{[&](der::writer& to) { asn1::write(to, *added); }};
    auto sealed = asn1::computed{
        [&](der::writer& to) { write_sealed(to, data, w.session, key_usage_t::tgs_req_ad_session, t, why); }};
    const auto e = asn1::encode(sealed, added_buffer);
    REQUIRE(e);
    w.body.enc_authorization_data = *asn1::decode<msg::EncryptedData>(*e);
  }
  const octets body = encoded(w.body);
  const cksum_shape shape = *w.crypto.cksum_of(w.crypto.etype_of(w.session));
  octets mac(shape.octets);
  const bytes_view pieces[] = {body};
  REQUIRE(w.crypto.sign(shape.type, w.session, key_usage_t::tgs_req_authenticator_cksum, pieces, mac) == errc::ok);
  w.authenticator.cksum = msg::Checksum{shape.type, mac};
  const auto ap = testing::mint_ap_req(*ticket, w.authenticator, {}, w.session, w.usage, t, req_buffer);
  REQUIRE(ap);
  const msg::PaData list[] = {{padata_t::tgs_req, *ap}};
  msg::TgsReq req{{}, captured<msg::KdcReqBody>::as_sent(body)};
  req.padata = view_of<msg::PaData>(list);
  return encoded(req);
}
octets tgs_added(k::kdc_world& w, std::size_t n) {
  const auto list = many(n, msg::AuthorizationDataElement{ad_t(7777), few});
  return tgs_request_of(w, n, list);
}
octets tgs_ticket_data(k::kdc_world& w, std::size_t n) {
  const auto list = many(n, msg::AuthorizationDataElement{ad_t(7777), few});
  w.tgt.authorization_data = list;
  return tgs_request_of(w, n);
}
octets tgs_long_ticket_data(k::kdc_world& w, std::size_t n) {
  const octets data = junk(n);
  const msg::AuthorizationDataElement list[] = {{ad_t(7777), data}};
  w.tgt.authorization_data = view_of(list);
  return tgs_request_of(w, n);
}
octets tgs_ticket_addresses(k::kdc_world& w, std::size_t n) {
  const auto list = many(n, address);
  w.tgt.caddr = list;
  return tgs_request_of(w, n);
}
octets tgs_tickets(k::kdc_world& w, std::size_t n) {
  const msg::Ticket one{k::ex_org, k::krbtgt().name, {k::e18, 1u, few}};
  const auto list = many(n, one);
  w.body.additional_tickets = list;
  return tgs_request_of(w, n);
}
octets tgs_path(k::kdc_world& w, std::size_t n) {
  octets path(n, 'A');
  for (std::size_t i = 1; i < path.size(); i += 2) path[i] = ',';
  w.tgt.crealm = w.authenticator.crealm = k::far_org;
  w.tgt.transited.contents = path;
  return tgs_request_of(w, n);
}
octets tgs_etypes(k::kdc_world& w, std::size_t n) {
  const std::vector<etype_t> list(n / 4, etype_t(-77));
  w.body.etype = list;
  return tgs_request_of(w, n);
}
TEST_CASE("kdc: the time of a request grows no faster than it", "[exchange][rfc4120-3.1.3][rfc4120-3.3.3]") {
  all_linear({
      {"AS-REQ, much padata", [](std::size_t n) { return kdc_work(n, as_padata); }},
      {"AS-REQ, many timestamps", [](std::size_t n) { return kdc_work(n, as_timestamps); }},
      {"AS-REQ, many etypes", [](std::size_t n) { return kdc_work(n, as_etypes); }},
      {"AS-REQ, many addresses", [](std::size_t n) { return kdc_work(n, as_addresses); }},
      {"AS-REQ, long names", [](std::size_t n) { return kdc_work(n, as_names); }},
      {"TGS-REQ, authorization data added", [](std::size_t n) { return kdc_work(n, tgs_added); }},
      {"TGS-REQ, much authorization data", [](std::size_t n) { return kdc_work(n, tgs_ticket_data); }},
      {"TGS-REQ, long authorization data", [](std::size_t n) { return kdc_work(n, tgs_long_ticket_data); }},
      {"TGS-REQ, many addresses", [](std::size_t n) { return kdc_work(n, tgs_ticket_addresses); }},
      {"TGS-REQ, many tickets", [](std::size_t n) { return kdc_work(n, tgs_tickets); }},
      {"TGS-REQ, long path", [](std::size_t n) { return kdc_work(n, tgs_path); }},
      {"TGS-REQ, many etypes", [](std::size_t n) { return kdc_work(n, tgs_etypes); }},
      {"junk", [](std::size_t n) { return kdc_work(n, [](k::kdc_world&, std::size_t m) { return junk(m); }); }},
      {"nested", [](std::size_t n) { return kdc_work(n, [](k::kdc_world&, std::size_t m) { return nested(m); }); }},
  });
}

// ---- a session, and what it hands over

struct two_sides {
  ap::ap_world w;
  session_keys<key> keys() { return {w.session_key(), {}, {}, 7u, 9u}; }
  protected_session<library> initiator() { return {keys(), {.here = side::initiator}}; }
  protected_session<library> acceptor() { return {keys(), {.here = side::acceptor}}; }
};
TEST_CASE("protected_session: the time to open a message grows no faster than it",
          "[exchange][rfc4120-3.4][rfc4120-3.5]") {
  static constexpr auto session = [](std::size_t n, bool sealed) -> work {
    struct kept : two_sides {
      octets out, data, opened;
      bytes_view message;
    };
    const auto p = std::make_shared<kept>();
    p->data = junk(n);
    p->out.resize(n + 1024);
    p->opened.resize(n + 1024);
    auto i = p->initiator();
    const auto m = sealed ? i.make_priv(p->data, p->out, p->w.turn()) : i.make_safe(p->data, p->out, p->w.turn());
    REQUIRE(m);
    p->message = *m;
    return [p, sealed] {
      auto a = p->acceptor();
      if (sealed) (void)a.open_priv(p->message, p->opened, p->w.turn());
      else (void)a.open_safe(p->message, p->w.turn());
    };
  };
  all_linear({{"KRB-PRIV", [](std::size_t n) { return session(n, true); }},
              {"KRB-SAFE", [](std::size_t n) { return session(n, false); }}});
}
TEST_CASE("received_credentials: the time to open and to take all grows no faster than the message",
          "[exchange][rfc4120-3.6.2]") {
  static constexpr auto handed_over = [](std::size_t n, bool backwards) -> work {
    struct kept : two_sides {
      octets out, buffer;
      bytes_view message;
    };
    const auto p = std::make_shared<kept>();
    const auto c = p->w.credential();
    const std::vector<ref<const basic_credential<key>>> all(n / 512 + 1, c);
    p->out.resize(4 * n + 8192);
    p->buffer.resize(4 * n + 8192);
    auto i = p->initiator();
    const auto m = i.make_cred(all, p->out, p->w.turn());
    REQUIRE(m);
    p->message = *m;
    return [p, backwards] {
      auto a = p->acceptor();
      auto got = a.open_cred(p->message, p->buffer, p->w.turn());
      if (!got) return;
      for (std::size_t at = 0; at != got->size(); ++at) {
        const std::size_t which = backwards ? got->size() - 1 - at : at;
        (void)got->facts(which);
        (void)got->take(which, p->w.policy);
      }
    };
  };
  all_linear({{"KRB-CRED", [](std::size_t n) { return handed_over(n, false); }},
              {"KRB-CRED, from the last to the first", [](std::size_t n) { return handed_over(n, true); }}});
}

// ---- transited fields

TEST_CASE("transited: the time to read, check and append grows no faster than the field",
          "[exchange][rfc4120-3.3.3.2]") {
  static constexpr auto path = [](std::size_t n, std::string_view pattern, std::string_view first) -> work {
    struct kept {
      std::string field, deep = "Z";
      octets out;
    };
    const auto p = std::make_shared<kept>();
    for (int i = 1; i != 500; ++i) p->deep += ".A";
    p->field = first;
    while (p->field.size() < n) p->field += pattern;
    p->out.resize(2 * n + 4096);
    return [p] {
      const bytes_view field = kerberos_string::of(p->field).octets;
      const kerberos_string client = kerberos_string::of(p->deep), server = "A"_krb;
      (void)check_transited({tr_t::domain_x500_compress, field}, client, server, {});
      (void)for_each_transited(field, client, server, [](kerberos_string) { return true; });
      (void)append_transited(field, "NEW"_krb, client, server, p->out);
    };
  };
  all_linear({{"one realm again and again", [](std::size_t n) { return path(n, ",A", "A"); }},
              {"one realm joined to the last", [](std::size_t n) { return path(n, ",B.", "A"); }},
              {"null subfields", [](std::size_t n) { return path(n, ",", ","); }},
              {"null subfields between realms", [](std::size_t n) { return path(n, ",,A.A", "A"); }},
              {"blanks", [](std::size_t n) { return path(n, " ", "A, "); }},
              {"what is quoted", [](std::size_t n) { return path(n, "\\,", "A"); }}});
}

}  // namespace
